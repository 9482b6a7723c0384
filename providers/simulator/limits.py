"""How many requests the helpdesk takes in a minute."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from threading import Lock
from typing import Final

WINDOW: Final = 60.0  # seconds


class Limit:
    """A sliding window of one minute; `per_minute` None lets everything pass."""

    def __init__(self, per_minute: float | None) -> None:
        self.per_minute = per_minute
        self._passed: deque[datetime] = deque()
        self._lock = Lock()

    def wait(self, now: datetime) -> float:
        """Let a request pass and return 0.0, or return the seconds after which it may be asked again."""
        if self.per_minute is None:
            return 0.0
        with self._lock:
            while self._passed and (now - self._passed[0]).total_seconds() >= WINDOW:
                self._passed.popleft()
            if len(self._passed) >= self.per_minute:
                return WINDOW - (now - self._passed[0]).total_seconds()
            self._passed.append(now)
            return 0.0
