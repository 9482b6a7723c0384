"""What all parts of the simulated account share: its rows, its clock, who calls, and how it refuses.

Digisac publishes examples of calls, and neither shapes of answers nor errors: what is not in an example or in an
article is a guess, and said to be one where it stands. Where nothing is known the account is strict: an unknown
parameter or field is refused, so that a misspelt one cannot go unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from providers.wire.core import Call, Json, Refusal

Row: TypeAlias = dict[str, Any]
OFFICIAL = "whatsapp-business"  # the type of a connection over the official API, a guess
WINDOW = timedelta(hours=24)  # within which an official connection takes free text [?]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the owner of a token, and what that person's role allows."""

    id: str
    admin: bool
    permissions: frozenset[str]


@dataclass(slots=True)
class Desk:
    """Everything that the account holds, by id. `clock` returns UTC epoch seconds; `zone` is the account's own;
    `spacing` is the least time between two schedules."""

    clock: Callable[[], float]
    zone: ZoneInfo
    spacing: timedelta = timedelta(minutes=6)
    last: int = 0
    departments: dict[str, Row] = field(default_factory=dict)
    users: dict[str, Row] = field(default_factory=dict)
    roles: dict[str, Row] = field(default_factory=dict)
    services: dict[str, Row] = field(default_factory=dict)
    contacts: dict[str, Row] = field(default_factory=dict)
    tickets: dict[str, Row] = field(default_factory=dict)
    schedules: dict[str, Row] = field(default_factory=dict)
    holidays: dict[str, Row] = field(default_factory=dict)
    messages: dict[str, Row] = field(default_factory=dict)
    notifications: dict[str, Row] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return the account's instant, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def stamp(self) -> str:
        """Return the account's instant as it writes one: ``2026-12-11T14:30:00.000Z``."""
        return iso(self.now())

    def new_id(self, what: str) -> str:
        """Return an id that nobody has. Real ones are UUIDs [3]; these can be told apart by eye."""
        self.last += 1
        return f"{what}-{self.last:04}"

    def add(self, rows: dict[str, Row], what: str, **values: Json) -> Row:
        """Keep a new row and return it."""
        row: Row = {"id": self.new_id(what), **values, "createdAt": self.stamp(), "updatedAt": self.stamp()}
        rows[row["id"]] = row
        return row

    def open_ticket(self, contact: str) -> Row | None:
        """Return the open ticket of a contact, None without one: a contact has one at most."""
        mine = (row for row in self.tickets.values() if row["contactId"] == contact and row["isOpen"])
        return next(mine, None)

    def notify(self, user: str, text: str) -> None:
        """Tell somebody who attends, in the centre of notifications."""
        self.add(self.notifications, "notification", userId=user, text=text, read=False)

    def within_window(self, contact: Row) -> bool:
        """Whether free text reaches a contact: always, but over an official connection only for a day after the
        contact wrote last [?]."""
        if self.services[contact["serviceId"]]["type"] != OFFICIAL:
            return True
        wrote = contact["lastMessageAt"]
        return wrote is not None and self.now() - datetime.fromisoformat(wrote) <= WINDOW


def iso(moment: datetime) -> str:
    """Return an instant as the account writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def refused(text: str, name: str = "", status: int = 400) -> Refusal:
    """Return a refusal; its envelope is a guess."""
    return Refusal(status, {"message": text, **({"field": name} if name else {})})


def missing(what: str) -> Refusal:
    """Return the 404 of an id that does not exist."""
    return refused(f"{what} not found", status=404)


def need(rows: Mapping[str, Row], key: Any, what: str, *, status: int = 404) -> Row:
    """Return a row; raises a refusal for an unknown id."""
    if not isinstance(key, str) or key not in rows:
        raise missing(what) if status == 404 else refused(f"{what} does not exist", f"{what}Id", status)
    return rows[key]


def fields(call: Call, known: Mapping[str, type | tuple[type, ...]], required: tuple[str, ...] = ()) -> Row:
    """Return the body of a call. Raises a refusal for what is unknown, missing, or of another type."""
    body = {} if call.body is None else call.body
    if not isinstance(body, dict):
        raise refused("the body must be an object")
    for name, value in body.items():
        if name not in known:
            raise refused(f"unknown field {name}", name)
        if value is not None and not isinstance(value, known[name]):
            raise refused(f"{name} is of the wrong type", name)
    for name in required:
        if body.get(name) in (None, ""):
            raise refused(f"{name} is required", name)
    return body
