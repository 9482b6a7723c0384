"""The two limits of an account [DOC]: ten requests a minute by day, none counted by night; three failures in a row lock
it for a minute. How a minute is counted, and what a 429 over the limit says, is not documented: guesses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from providers.wire.core import Call, Handler, Refusal, Reply

A_MINUTE: Final = 10
DAY: Final = (time(7, 1), time(19, 0))  # first minute that counts, first that does not
ZONE: Final = "America/Sao_Paulo"
FAILURES: Final = 3
LOCK: Final = 60.0  # seconds


class Limits:
    """What an account has counted. `clock` returns UTC epoch seconds; `on` False lets everything through."""

    def __init__(self, clock: Callable[[], float], *, on: bool = True) -> None:
        self.clock = clock
        self.on = on
        self.locks = 0
        self.throttled = 0
        self._recent: deque[float] = deque()
        self._failures = 0
        self._locked_until = 0.0

    def __deepcopy__(self, memo: Mapping[int, object]) -> Limits:
        """Return itself: a stale answer counts like any other."""
        del memo
        return self

    def spend(self) -> None:
        """Count a request. Raises `Refusal`."""
        now = self.clock()
        if now < self._locked_until:
            wait = {"retry-after": f"{self._locked_until - now:.0f}"}
            raise Refusal(429, "Too many failed requests", wait)
        while self._recent and now - self._recent[0] >= 60:
            self._recent.popleft()
        if not self.on or not self._counts(now):
            return
        if len(self._recent) >= A_MINUTE:
            self.throttled += 1
            wait = {"retry-after": f"{60 - (now - self._recent[0]):.0f}"}
            raise Refusal(429, "Too many requests", wait)
        self._recent.append(now)

    def ended(self, *, well: bool) -> None:
        """Take in how a request ended; the third failure in a row locks the account."""
        self._failures = 0 if well else self._failures + 1
        if self._failures >= FAILURES:
            self._failures, self._locked_until = 0, self.clock() + LOCK
            self.locks += 1

    def _counts(self, now: float) -> bool:
        local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(ZONE)).time()
        return DAY[0] <= local < DAY[1]


@dataclass(frozen=True, slots=True)
class Counted:
    """A handler whose refusals count as failures."""

    handler: Handler
    limits: Limits

    def __call__(self, call: Call) -> Reply:
        """Answer, or raise `Refusal`."""
        try:
            reply = self.handler(call)
        except Refusal as refusal:
            self.limits.ended(well=refusal.status == 501)
            raise
        self.limits.ended(well=True)
        return reply
