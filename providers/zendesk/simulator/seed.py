"""Tickets that exist without being stored: each is a pure function of its id until somebody changes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from providers.zendesk.simulator.people import AGENTS, CUSTOMERS

STATUSES: Final = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES: Final = ("low", "normal", "high", "urgent")
TYPES: Final = ("question", "incident", "problem", "task")
CHANNELS: Final = ("email", "web", "api", "chat", "voice")
HOUR: Final = 3600
_MASK: Final = (1 << 64) - 1
_SPREAD: Final = (
    ("new",) * 10 + ("open",) * 38 + ("pending",) * 18 + ("hold",) * 4 + ("solved",) * 20 + ("closed",) * 10
)
_TOPICS: Final = (
    "The bill shows the wrong month",
    "Parcel has not arrived",
    "Cannot sign in on the phone",
    "Refund for order",
    "Question about the plan",
    "Connection drops in the evening",
    "Change of address",
    "The app closes by itself",
)
_TAGS: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("billing",),
    ("shipping",),
    ("app", "vip"),
    ("billing", "refund"),
    ("connection",),
    (),
    ("vip",),
)
_PRIORITY: Final = (None, None, "low", "normal", "normal", "normal", "high", "urgent")


@dataclass(slots=True)
class Ticket:
    """One ticket, a value: a change makes another one (not frozen because a search makes 100,000 of them).

    Instants are epoch seconds. `since` is when the status was set, `assigned` when the assignee was; `public` is
    whether the first comment is public, which is what comments without a word about it follow [LIVE]. `seq` counts
    changes.
    """

    id: int
    status: str
    custom_status_id: int
    priority: str | None
    type: str | None
    group_id: int | None
    assignee_id: int | None
    requester_id: int
    tags: tuple[str, ...]
    channel: str
    created: int
    updated: int
    since: int
    assigned: int
    requester_updated: int
    assignee_updated: int
    subject: str
    public: bool = True
    schedule_id: int | None = None
    external_id: str | None = None
    fields: Mapping[int, object] = field(default_factory=dict)
    satisfaction: str = "unoffered"
    description: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Seed:
    """How an account's tickets come about: how many, from which number, since when, in which groups.

    `start` is the epoch second at which the account begins; every seeded ticket is older than 400 hours, and was solved
    or set pending at a time for which no standard automation strikes before a day has passed.
    """

    count: int
    number: int
    start: int
    groups: tuple[int, ...]
    status_ids: Mapping[str, int]
    hold: bool = True

    def ticket(self, id_: int) -> Ticket:
        """Return the ticket with this id as it is when the account begins."""
        h = (id_ * 0x9E3779B97F4A7C15 + self.number * 0xD1B54A32D192ED03) & _MASK
        h = ((h ^ (h >> 29)) * 0xBF58476D1CE4E5B9) & _MASK
        h ^= h >> 32
        status = _SPREAD[h % 100]
        if status == "hold" and not self.hold:
            status = "open"
        created = self.start - 400 * HOUR - (self.count - id_ + 1) * 60
        since, assignee = created, None
        if status != "new":
            assignee = AGENTS[(h >> 8) % 6].id if (h >> 12) % 8 else None
            hours = (h >> 16) % 24 if status == "solved" else 30 + (h >> 16) % 270
            since = self.start - hours * HOUR - 1800
        return Ticket(
            id=id_,
            status=status,
            custom_status_id=self.status_ids[status],
            priority=_PRIORITY[(h >> 20) % 8],
            type=TYPES[(h >> 24) % 4] if (h >> 26) % 2 else None,
            group_id=self.groups[(h >> 28) % len(self.groups)] if self.groups else None,
            assignee_id=assignee,
            requester_id=CUSTOMERS.start + (h >> 32) % 5000,
            tags=_TAGS[(h >> 36) % 8],
            channel=CHANNELS[(h >> 40) % 5],
            created=created,
            updated=since,
            since=since,
            assigned=since,
            requester_updated=created,
            assignee_updated=since,
            subject=f"{_TOPICS[(h >> 44) % 8]} #{id_}",
        )
