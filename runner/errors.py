"""Everything that can go wrong, as data.

Mistakes in files are `Diagnostic` values, collected and reported all at once. Exceptions are for faults:

    RunnerError                 a fault with an exit code and a next step; the edge prints it, never a traceback
      InvalidInput              playbook, configuration or plan file cannot be used (exit 3); carries diagnostics
      Refused                   refused before any write: guard, freeze, stale plan, missing --yes (exit 7)
      Held                      somebody else holds the outage (exit 75)
      Fenced                    our lease was taken over or ran out; nothing more is sent (exit 75)
      Interrupted               stopped on request at a batch border; `resume` goes on (exit 6)
      StoreError                the store cannot be used: locked, read-only, full, newer (exit 1)
    ProviderError               a provider could not read or write
      Unauthorized, Forbidden, NotFound, Rejected(field, reason), RateLimited(retry_after), Unavailable
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Exit(IntEnum):
    """The exit codes of `runner`."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    INVALID = 3
    DIFFERENCES = 4
    PEOPLE = 5
    RESUME = 6
    REFUSED = 7
    HELD = 75


class Severity(StrEnum):
    """How bad a diagnostic is; only errors make a file invalid."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file: `line` and `column` count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: a code of the catalogue, a place, a sentence, and how to mend it."""

    code: str
    message: str
    mark: Mark
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.mark}: {self.severity} {self.code} {self.message}{hint}"


class RunnerError(Exception):
    """A fault that ends the command. `hint` is the next step for the reader."""

    exit_code = Exit.FAULT

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class InvalidInput(RunnerError):
    """Files that cannot be used; `diagnostics` says what and where, all at once."""

    exit_code = Exit.INVALID

    def __init__(self, message: str, *, diagnostics: Sequence[Diagnostic] = (), hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.diagnostics = tuple(diagnostics)


class Usage(RunnerError):
    """The command's words do not fit together (exit 2)."""

    exit_code = Exit.USAGE


class Refused(RunnerError):
    """Refused before any write."""

    exit_code = Exit.REFUSED


class Held(RunnerError):
    """Somebody else holds the outage."""

    exit_code = Exit.HELD


class Fenced(RunnerError):
    """Our lease ran out or was taken over: stop at once, send nothing more."""

    exit_code = Exit.HELD


class Interrupted(RunnerError):
    """Stopped on request; what was in flight is recorded."""

    exit_code = Exit.RESUME


class StoreError(RunnerError):
    """The store cannot be used."""


class ProviderError(Exception):
    """A target could not be read or written. Raised by `write`, it promises that no further change was sent.

    A reply that was lost is not an exception: it is `Outcome(Verdict.UNKNOWN)`.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthorized(ProviderError):
    """The credential is missing, wrong or expired."""


class Forbidden(ProviderError):
    """The credential may not do this, or the account does not have the feature."""


class NotFound(ProviderError):
    """The object does not exist (any more)."""


class Rejected(ProviderError):
    """The vendor refuses the request."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RateLimited(ProviderError):
    """Asked to wait; `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ProviderError):
    """The target does not answer, or not with anything that can be used."""


class NotSent(Unavailable):
    """The request never reached the target: nothing was carried out, not even an effect."""
