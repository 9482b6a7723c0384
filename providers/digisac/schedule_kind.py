"""The kind `scheduled_contact` on Digisac, and a schedule as a slot: pure.

A schedule is one contact, once [DOC]; our marker stands at the end of its comment, which only agents see. What it holds
is compared in our own words, with its time as the account's clock shows it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from providers.digisac.account import Account
from providers.digisac.shared import MANY, marked, unmarked
from runner import kinds
from runner.kinds.contacts import wall
from runner.model import Change, Json, Value
from runner.spi import KindSpec

FLAGS: Final[Mapping[str, tuple[bool, bool]]] = {  # action -> openTicket, notificateUser
    "open_ticket": (True, False),
    "open_ticket_and_notify": (True, True),
    "notify_agent": (False, True),
}
WHY: Final = (
    "Digisac's page says six minutes and shows four in its example: six fits both; `spacing` under the target's "
    "options changes it"
)
FAILED: Final = re.compile("err|fail|falh", re.IGNORECASE)  # in the status of a schedule; its words are a guess
DONE: Final = re.compile("done|complet|conclu|sent|execut|success", re.IGNORECASE)
_AT: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?) (\S+)")


def scheduled_contact(account: Account) -> KindSpec:
    """Return the kind."""
    return kinds.scheduled_contact(
        account.spacing,
        WHY,
        rate=account.per_minute,
        max_batch=1,
        max_in_flight=MANY,
        precondition=True,
        notes=(
            "One schedule a contact, so many minutes apart over the whole account; files are added by hand.",
            "The contact's ticket must be closed when the time comes: otherwise nothing is sent, and the end of the "
            "step reports it.",
            "Schedules whose time has come by then are not taken back.",
        ),
    )


# --- a schedule as a slot -------------------------------------------------------------------------------------------


def instant_of(row: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
    """Return when a schedule is due, None where its time cannot be read. Without a zone it is the account's clock."""
    try:
        moment = datetime.fromisoformat(str(row.get("scheduledAt", "")))
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def value_of(row: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Json]:
    """Return what a schedule holds, empty fields left out."""
    flags = bool(row.get("openTicket")), bool(row.get("notificateUser"))
    at = instant_of(row, zone)
    value = {
        "at": wall(at, zone) if at is not None else str(row.get("scheduledAt", "")),
        "action": next((name for name, each in FLAGS.items() if each == flags), "none"),
        "contact": str(row.get("contactId") or ""),
        "department": str(row.get("departmentId") or ""),
        "attendant": str(row.get("userId") or ""),
        "comment": unmarked(str(row.get("notes") or ""))[0],
        "message": str(row.get("message") or ""),
    }
    return {name: part for name, part in value.items() if part}


def body_of(value: Mapping[str, Any], marker: str, row: Mapping[str, Any] | None = None) -> dict[str, Json]:
    """Return a schedule as the vendor takes it [DOC]: its time is the clock's, without a zone.

    `row` is the schedule that this changes, None for a new one: files that people attached to it stay. That they are
    sent as they are read is a guess; where none can be read, the field is left out.
    """
    opens, tells = FLAGS[value["action"]]
    files = {"files": []} if row is None else {name: row[name] for name in ("files",) if row.get(name) is not None}
    clock = str(value["at"]).rpartition(" ")[0]
    return {
        "contactId": value["contact"],
        "departmentId": value["department"],
        "userId": value["attendant"],
        "scheduledAt": clock if clock.count(":") == 2 else f"{clock}:00",
        "openTicket": opens,
        "notificateUser": tells,
        "notes": marked(value.get("comment", ""), marker),
        "message": value.get("message", ""),
        **files,
    }


def due_of(value: Value) -> datetime | None:
    """Return when a value of the slot is due, None where it cannot be told."""
    found = _AT.fullmatch(str(value.get("at", ""))) if isinstance(value, Mapping) else None
    return datetime.fromisoformat(found[1]).replace(tzinfo=ZoneInfo(found[2])).astimezone(UTC) if found else None


def failure_of(row: Mapping[str, Any]) -> str:
    """Return why a schedule whose time has come did not come about, "" when it did.

    Digisac keeps it and marks it [DOC]; the words of the mark are a guess, so that any other than one of success is
    shown as it stands."""
    status = str(row.get("status") or "")
    if FAILED.search(status):
        return f"not sent, Digisac says {status!r}: the contact's ticket was open when the time came, most likely"
    if status and not DONE.search(status):
        return f"its time has come, and Digisac still says {status!r}: look whether it was sent"
    return ""


# --- the order of writes --------------------------------------------------------------------------------------------


def in_order(batch: Sequence[Change]) -> list[Change]:
    """Return the changes so that none is refused for standing too near to one that goes away: what goes first, then
    what moves to a later time, the last one first, then what moves to an earlier time, then what is new."""

    def rank(change: Change) -> tuple[int, float]:
        was, will = due_of(change.before), due_of(change.after)
        if will is None:
            return 0, 0.0
        if was is None:
            return 3, 0.0
        return (1, -will.timestamp()) if will > was else (2, will.timestamp())

    return sorted(batch, key=rank)
