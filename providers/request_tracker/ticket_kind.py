"""The kinds `tickets` and `snooze` on Request Tracker, and a ticket as slots: pure.

Statuses are those of the lifecycle of a ticket's queue. A snooze is the field `Starts`: RT wakes nothing, the runner
does. RT has no tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from providers import paused
from providers.paused import several
from providers.request_tracker.account import Account
from runner import kinds
from runner.model import ABSENT, Json, Value
from runner.spi import Context, KindSpec, Query

OPEN: Final = "open"  # true for a ticket that somebody may still work on
NEEDED: Final = "status needed/"  # followed by a status: asks whether the lifecycles of the tickets' queues have it
QUERY: Final = "query/"  # followed by TicketSQL: true for a ticket that it finds
NOT_SET: Final = "1970-01-01T00:00:00Z"
BATCH: Final = 100  # tickets of one bulk update
FIELDS: Final = {"fields": "Subject,Status,Starts,Queue,Owner", "fields[Queue]": "Name", "fields[Owner]": "Name"}
_WHAT: Final = {
    "queue": "A queue by name, or any of a list. Default: the queues of the target, or all.",
    "status": "A status, or any of a list. Default: every status that is not done.",
    "owner": "The owner's user name, or any of a list; `Nobody` for tickets without.",
}
_SAVED: Final = "A condition in TicketSQL, besides the others: `Priority > 50 AND Created > '-1 week'`."


def tickets(account: Account) -> KindSpec:
    """Return the kind tickets."""
    notes = (
        "RT has no tags: tickets cannot be marked.",
        "RT answers 200 to what it refuses; the runner reads back and says so.",
        "Scrips of a queue may mail requestors when a status changes: look at them first.",
    )
    own: kinds.Overrides = {**_bulk(account), "notes": notes}
    return paused.tickets(_WHAT, _SAVED, "An internal comment", partial(_chosen, account), own)


def snooze(account: Account) -> KindSpec:
    """Return the kind snooze: its slot holds ``{"due": ...}``."""
    notes = (
        "RT wakes nothing by itself: `runner tick` does, when the snooze is due or the step ends.",
        "The field `Starts` shows until when a ticket sleeps.",
    )
    return paused.snooze(_WHAT, _SAVED, partial(_chosen, account), {**_bulk(account), "notes": notes})


def _bulk(account: Account) -> kinds.Overrides:
    return {
        "page": account.page,
        "max_batch": BATCH,
        "deadline": 60.0,
        "matches": matches,
        "values": {"status": account.every_status, "select/status": account.every_status},
    }


def _chosen(account: Account, asked: Query, with_: Mapping[str, Any], context: Context) -> Query:
    """Return the query of a step: without a status, tickets that are not done are meant; without a queue, those of the
    target's queues."""
    where = dict(asked.where or {})
    where |= {} if "status" in where else {OPEN: True}
    where |= {"queue": list(account.queues)} if account.queues and "queue" not in where else {}
    found = f"{QUERY}{where['query']}" if "query" in where else ""
    needed = f"{NEEDED}{kinds.word(context, with_['status'])}" if "status" in with_ else ""
    plain = (path for path in (*asked.paths, *where) if path != "query")
    return Query(asked.kind, where=where, paths=tuple(dict.fromkeys(path for path in (*plain, found, needed) if path)))


# --- a ticket as slots ----------------------------------------------------------------------------------------------


def values_of(row: Mapping[str, Any], account: Account) -> dict[str, Value]:
    """Return the slots of a ticket as a list shows it."""
    starts = row.get("Starts") or NOT_SET
    return {
        "name": row.get("Subject") or f"#{row['id']}",
        "status": row["Status"],
        OPEN: row["Status"] not in account.done,
        "queue": row["Queue"]["Name"],
        "owner": row["Owner"]["Name"],
        "snooze": ABSENT if starts == NOT_SET else {"due": starts},
    }


def fields_of(path: str, value: Value) -> dict[str, Json]:
    """Return the field of an update that sets a slot. Of all forms of an instant, this one is kept by every database:
    others are stored as 1970, or hours off, while RT says that it changed them (seen)."""
    if path == "status":
        return {"Status": str(value)}
    if not isinstance(value, Mapping):
        return {"Starts": ""}
    return {"Starts": f"{datetime.fromisoformat(str(value['due'])).astimezone(UTC):%Y-%m-%d %H:%M:%S}"}


def matches(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a ticket is selected. Names are compared without regard to case. What TicketSQL finds only RT knows: it
    is asked anew whenever tickets are read."""
    for name, wanted in where.items():
        if name == OPEN:
            fits = values.get(OPEN) is True
        elif name == "query":
            fits = values.get(QUERY + wanted) is True
        else:
            fits = str(values.get(name, "")).casefold() in {each.casefold() for each in several(wanted)}
        if not fits:
            return False
    return True


def condition_of(where: Mapping[str, Any]) -> str:
    """Return a selection in TicketSQL."""
    parts = ["Status = '__Active__'"] if OPEN in where else []  # initial or active [DOC]
    for name, field in (("queue", "Queue"), ("status", "Status"), ("owner", "Owner")):
        if name in where:
            parts.append("(" + " OR ".join(f"{field} = {quoted(each)}" for each in several(where[name])) + ")")
    if "query" in where:
        parts.append(f"({where['query']})")
    return " AND ".join(parts)


def among(keys: Sequence[str]) -> str:
    """Return the condition for these numbers; RT 5.0.3 knows no IN (seen)."""
    return " OR ".join(f"id = {key}" for key in keys)


def quoted(text: str) -> str:
    """Return a text as TicketSQL takes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
