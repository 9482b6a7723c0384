"""Movidesk's two limits. By day ten requests a minute [DOC], by night as many as one likes; and three failures in a row
lock the account's API for everybody, for a minute [DOC]. So nothing is tried to see whether it works.

Requests are spread evenly over the minute. What this process knows of a token is shared by everything that uses it: a
plan's requests count against those of the apply that follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from runner.spi import Free, Io, RateLimited

MINUTE: Final = 61.2  # seconds: on their way requests may bunch up by a second or so
FAILURES: Final = 2  # in a row; one more would lock the account
LOCK: Final = 60.0  # seconds [DOC]


@dataclass(slots=True)
class Record:
    """What is known of one token. Times are UTC epoch seconds."""

    sent: float = 0.0  # when the last request went
    until: float = 0.0
    failures: int = 0
    failed_at: float = 0.0
    barred: float = 0.0  # until then the token is not used: it was refused


_RECORDS: Final[dict[str, Record]] = {}


def record_of(token: str) -> Record:
    """Return what this process knows of a token. The token itself is not kept."""
    return _RECORDS.setdefault(sha256(token.encode()).hexdigest(), Record())


@dataclass(slots=True)
class Limits:
    """The pace of one account. `per_minute` counts outside the hours of `free`; `reserve` is the share of it that is
    left to others."""

    io: Io
    per_minute: float
    reserve: float
    free: Free

    @property
    def ours(self) -> float:
        """Return the requests a minute that we may use by day."""
        return self.per_minute * (1 - self.reserve)

    def take(self, record: Record, *, longest: float) -> None:
        """Wait for the turn of one request. Raises `RateLimited` when that is more than `longest` seconds away."""
        now = self.io.now()
        at = now.timestamp()
        locked = max(record.until - at, 0.0)
        if record.failures >= FAILURES:
            locked = max(locked, record.failed_at + LOCK - at)
        wait = max(locked, 0.0 if self.is_free(now) else min(self._turn(record, at), self._until_free(now)))
        if wait > longest and locked > longest:
            raise RateLimited("too many requests failed: nothing is sent for a while", retry_after=wait)
        if wait > longest:
            raise RateLimited("the requests of this minute are used up", retry_after=wait)
        if wait:
            self.io.sleep(wait)
        record.sent = at + wait

    def told_to_wait(self, record: Record, seconds: float) -> None:
        """Take in a refusal: nothing is sent for so many seconds."""
        record.until = self.io.now().timestamp() + seconds
        record.failures = 0

    def bar(self, record: Record) -> None:
        """Take in that the token was refused: for a minute it is not tried again, not even to look."""
        record.barred = self.io.now().timestamp() + LOCK

    def is_barred(self, record: Record) -> bool:
        """Whether the token was refused in the last minute."""
        return self.io.now().timestamp() < record.barred

    def ended(self, record: Record, *, well: bool) -> None:
        """Take in how a request was answered: failures count in a row; a lost reply is none."""
        record.failures = 0 if well else record.failures + 1
        record.failed_at = self.io.now().timestamp()

    def is_free(self, now: datetime) -> bool:
        """Whether requests of this instant are not counted."""
        clock = now.astimezone(ZoneInfo(self.free.zone)).time()
        if self.free.begins < self.free.ends:
            return self.free.begins <= clock < self.free.ends
        return clock >= self.free.begins or clock < self.free.ends

    def _turn(self, record: Record, at: float) -> float:
        """Return the seconds until the next request may go; a clock that is set back forgets the last one."""
        wait = record.sent + MINUTE / self.ours - at
        return wait if 0 < wait <= MINUTE / self.ours + 1 else 0.0

    def _until_free(self, now: datetime) -> float:
        local = now.astimezone(ZoneInfo(self.free.zone))
        begins = local.replace(hour=self.free.begins.hour, minute=self.free.begins.minute, second=0, microsecond=0)
        if begins < local:
            begins += timedelta(days=1)
        return (begins.astimezone(UTC) - now).total_seconds()
