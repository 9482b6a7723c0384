"""`runner explain CODE`: what a diagnostic means and how to mend it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from difflib import get_close_matches

from runner.catalogue import CODES
from runner.errors import Severity, Usage
from runner.model import Json


@dataclass(frozen=True, slots=True)
class Explanation:
    """One entry of the catalogue, with its code."""

    code: str
    severity: Severity
    title: str
    meaning: str
    fix: str

    @property
    def text(self) -> str:
        """The entry as paragraphs: heading, meaning, what to do."""
        return f"{self.code} ({self.severity}): {self.title}\n\n{self.meaning}\n\nWhat to do: {self.fix}"

    def to_json(self) -> Json:
        """Return the entry as a JSON object."""
        return {**asdict(self), "severity": self.severity.value}


def explain(code: str) -> Explanation:
    """Return what is known about a code, in capitals or not. Raises `Usage` with the nearest codes."""
    wanted = code.strip().upper()
    if wanted in CODES:
        entry = CODES[wanted]
        return Explanation(wanted, entry.severity, entry.title, entry.meaning, entry.fix)
    near = get_close_matches(wanted, CODES, n=3) or [known for known in CODES if known[:2] == wanted[:2]][:3]
    hint = (
        f"did you mean {', '.join(near)}?" if near else "codes look like WN002; they stand after `error` or `warning`"
    )
    raise Usage(f"there is no code {code!r}", hint=hint)


def codes() -> tuple[Explanation, ...]:
    """Return every entry of the catalogue, sorted by code."""
    return tuple(explain(code) for code in sorted(CODES))
