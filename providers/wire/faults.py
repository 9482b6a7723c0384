"""Scripted faults: what the network, the vendor's machines and its queue do to a client now and then.

A test adds `Fault`s to ``account.faults``; each strikes the request with a given index in ``account.requests``, or the
next requests that match a method and a rule. A fault that meets a request which it cannot hurt (a stale read on a GET)
lets it pass and counts as struck.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

FAULTS: Final[Mapping[str, str]] = {
    "timeout": "no answer, nothing done",
    "timeout_committed": "no answer, but the request was carried out",
    "reset": "connection reset, nothing done",
    "reset_committed": "connection reset, but the request was carried out",
    "half": "the request is carried out and the answer breaks off in the middle",
    "429": "too many requests, Retry-After in seconds",
    "429_date": "too many requests, Retry-After as an HTTP date",
    "503": "unavailable, without Retry-After",
    "503_retry": "unavailable, with Retry-After in seconds",
    "409": "a conflict: nothing done, worth another try",
    "401": "the token is revoked in mid-run",
    "500": "an internal error, nothing done",
    "stale": "after this write all GETs answer the state before it for some seconds",
    "garbage": "200 with a page instead of JSON, nothing done",
    "redirect": "302 to another host, nothing done",
}
Break: TypeAlias = Literal["timeout", "reset"]


class WireFault(Exception):
    """The connection breaks instead of an answer. `kind` says how."""

    def __init__(self, kind: Break) -> None:
        super().__init__(kind)
        self.kind: Break = kind


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault.

    `at` is an index into ``account.requests`` (the first request ever is 0); without it `method` and `rule` (a rule as
    registered, or a pattern for the path such as ``/api/v2/tickets/*``) choose the requests, after `skip` that match.
    `times` 0 means until cleared. `seconds`: how long stale reads (or a lost job's entry in a list) last, or what
    Retry-After asks for. `executed`: a request or job that is lost was carried out all the same.
    """

    what: str
    at: int | None = None
    method: str | None = None
    rule: str | None = None
    skip: int = 0
    times: int = 1
    seconds: float = 5.0
    executed: bool = False

    def matches(self, index: int, method: str, rule: str, path: str) -> bool:
        """Whether the request is one that this fault is meant for."""
        if self.at is not None:
            return index == self.at
        if self.method not in (None, method):
            return False
        return self.rule is None or self.rule == rule or fnmatchcase(path, self.rule)


class Faults:
    """The faults that wait and those that struck, as (index of the request, fault). `known` are the kinds that the
    simulator has."""

    def __init__(self, known: Collection[str] = FAULTS) -> None:
        self._known = known
        self._waiting: list[list[int]] = []
        self._scripts: list[Fault] = []
        self.struck: list[tuple[int, Fault]] = []

    def add(self, *faults: Fault) -> None:
        """Script faults. Raises `ValueError` for a kind that does not exist."""
        for fault in faults:
            if fault.what not in self._known:
                raise ValueError(f"no fault is called {fault.what!r}")
            self._scripts.append(fault)
            self._waiting.append([fault.skip, fault.times])

    def clear(self) -> None:
        """Forget all faults that wait."""
        self._scripts.clear()
        self._waiting.clear()

    def take(self, index: int, method: str, rule: str, path: str) -> Fault | None:
        """Return the fault that strikes this request and count it."""
        for place, fault in enumerate(self._scripts):
            left = self._waiting[place]
            if left[1] < 0 or not fault.matches(index, method, rule, path):
                continue
            if left[0] > 0:
                left[0] -= 1
                continue
            if fault.times:
                left[1] = left[1] - 1 or -1
            self.struck.append((index, fault))
            return fault
        return None
