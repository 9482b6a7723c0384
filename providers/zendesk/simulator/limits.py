"""Rate limits: one bucket a minute for Support, for the Help Center and for Chat, and narrower ones for some endpoints.

Sizes per plan, the headers, 100 ticket updates, 100 search exports, 10 incremental exports, 100 notifications and 200
Chat requests a minute: [DOC], seen in [LIVE] headers. That a window starts with its first request and the names in
``zendesk-ratelimit-<name>`` other than the one of the incremental exports are guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from providers.zendesk.simulator.core import Desk, Refusal

WINDOW: Final = 60.0  # seconds
PER_PLAN: Final[Mapping[str, int]] = {
    "team": 200,
    "growth": 400,
    "professional": 400,
    "enterprise": 700,
    "plus": 2500,
}
CHAT: Final = 200
# family -> (name in the header, requests a minute, with the high-volume plan, in a sandbox)
ENDPOINTS: Final[Mapping[str, tuple[str, int, int, int]]] = {
    "ticket_update": ("tickets-update", 100, 300, 20),
    "search_export": ("search-export", 100, 100, 100),
    "incremental": ("incremental-exports", 10, 30, 10),
    "notify": ("apps-notify", 100, 100, 100),
}


@dataclass(slots=True)
class Bucket:
    """Requests of one window. `started` is the instant of the first one."""

    total: int
    used: int = 0
    started: float = float("-inf")

    def take(self, now: float) -> bool:
        """Count a request; False when the window is full (a refused request does not count)."""
        if now >= self.started + WINDOW or now < self.started:
            self.started, self.used = now, 0
        if self.used >= self.total:
            return False
        self.used += 1
        return True

    def resets(self, now: float) -> int:
        """Return the seconds until the window is over, at least 1."""
        return max(1, ceil(self.started + WINDOW - now))


def account_of(family: str) -> str:
    """Return the account-wide bucket of a family: support, help_center or chat."""
    return family if family in ("help_center", "chat") else "support"


class Limits:
    """All buckets of an account. `on` False lets everything pass, without headers."""

    def __init__(self, desk: Desk, clock: Callable[[], float], *, on: bool = True) -> None:
        self.on = on
        self._desk = desk
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        self._edits: dict[tuple[int, int], list[float]] = {}

    def size(self, family: str) -> int:
        """Return how many requests a minute a family takes."""
        if family in ENDPOINTS:
            _, usual, high, sandbox = ENDPOINTS[family]
            return sandbox if self._desk.sandbox else high if self._desk.plan == "plus" else usual
        return CHAT if family == "chat" else PER_PLAN[self._desk.plan]

    def take(self, family: str) -> dict[str, str]:
        """Count a request and return the headers of its answer. Raises the 429 of a full window."""
        if not self.on:
            return {}
        now = self._clock()
        names = [account_of(family)] + ([family] if family in ENDPOINTS else [])
        full = [name for name in names if not self._bucket(name).take(now)]
        headers = self._headers(names, now)
        if full:
            wait = max(self._bucket(name).resets(now) for name in full)
            raise too_many(str(wait), headers)
        return headers

    def _bucket(self, name: str) -> Bucket:
        if name not in self._buckets:
            self._buckets[name] = Bucket(self.size(name))
        return self._buckets[name]

    def _headers(self, names: list[str], now: float) -> dict[str, str]:
        wide = self._bucket(names[0])
        found = {
            "X-Rate-Limit": str(wide.total),
            "X-Rate-Limit-Remaining": str(wide.total - wide.used),
            "ratelimit-limit": str(wide.total),
            "ratelimit-remaining": str(wide.total - wide.used),
            "ratelimit-reset": str(wide.resets(now)),
        }
        for name in names[1:]:
            narrow = self._bucket(name)
            text = f"total={narrow.total}; remaining={narrow.total - narrow.used}; resets={narrow.resets(now)}"
            found[f"zendesk-ratelimit-{ENDPOINTS[name][0]}"] = text
        return found

    def edits(self, user: int, ticket: int) -> bool:
        """Count an update of one ticket by one user; False past 30 in ten minutes [DOC]."""
        if not self.on:
            return True
        now = self._clock()
        recent = [at for at in self._edits.get((user, ticket), ()) if now - at < 600]
        self._edits[user, ticket] = recent
        if len(recent) >= 30:
            return False
        recent.append(now)
        return True


def too_many(wait: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """Return the 429 with its Retry-After, seconds or an HTTP date."""
    body = {"error": "TooManyRequests", "description": "The limit of requests is reached, try again later"}
    return Refusal(429, body, {**(headers or {}), "Retry-After": wait})
