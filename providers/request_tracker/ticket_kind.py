"""The kinds `tickets` and `snooze` on Request Tracker, and a ticket as slots: pure.

Statuses are those of the lifecycle of a ticket's queue. A snooze is the field `Starts`: RT wakes nothing, the runner
does. RT has no tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from providers.request_tracker.account import Account
from runner import kinds
from runner.kinds.shape import ONE_OR_MORE, describe
from runner.model import ABSENT, Claim, Json, Merge, Op, Value
from runner.spi import Context, Found, KindSpec, Query, Want

OPEN: Final = "open"  # true for a ticket that somebody may still work on
NEEDED: Final = "status needed/"  # followed by a status: asks whether the lifecycles of the tickets' queues have it
QUERY: Final = "query/"  # followed by TicketSQL: true for a ticket that it finds
NOT_SET: Final = "1970-01-01T00:00:00Z"
BATCH: Final = 100  # tickets of one bulk update
FIELDS: Final = {"fields": "Subject,Status,Starts,Queue,Owner", "fields[Queue]": "Name", "fields[Owner]": "Name"}
FLAGS: Final = {
    "reopens_at_due": False,
    "reassigns_to_snoozer": False,
    "ends_on_customer_reply": False,
    "survives_manual_reopen": True,
}
_WHAT: Final = {
    "queue": "A queue by name, or any of a list. Default: the queues of the target, or all.",
    "status": "A status, or any of a list. Default: every status that is not done.",
    "owner": "The owner's user name, or any of a list; `Nobody` for tickets without.",
}


def tickets(account: Account) -> KindSpec:
    """Return the kind tickets."""
    common = kinds.tickets()

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        wants = [*common.claims(with_, context, found)]
        if "note" in with_:
            content: Json = {"note": kinds.every_text(with_["note"], context)}
            wants.append(Want("note", Claim(Op.SEND, kinds.digest(content)), payload=content))
        return wants

    return kinds.override(
        common,
        {
            "schema": _tickets_schema(common.schema),
            "query": _chosen(common, account),
            "claims": claims,
            "merges": {"status": Merge.ATOMIC, "note": Merge.EFFECT},
            **_bulk(account),
            "notes": (
                "RT has no tags: tickets cannot be marked.",
                "RT answers 200 to what it refuses; the runner reads back and says so.",
                "Scrips of a queue may mail requestors when a status changes: look at them first.",
            ),
        },
    )


def snooze(account: Account) -> KindSpec:
    """Return the kind snooze. Slots: key = ticket id, path ``snooze``, ``{"due": ...}`` or ABSENT, and ``status`` where
    a step names one."""
    common = kinds.snooze()
    chosen = _chosen(common, account)

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        asked = chosen(with_, context)
        more = ("status",) if "status" in with_ else ()
        return Query("snooze", where=asked.where, paths=tuple(dict.fromkeys((*asked.paths, *more))))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        wants = [*common.claims({name: with_[name] for name in ("select", "until")}, context, found)]
        if "status" in with_:
            wants.append(Want("status", Claim(Op.PUT, kinds.word(context, with_["status"]))))
        return wants

    kept = {name: each for name, each in common.schema["properties"].items() if name != "by"}
    return kinds.override(
        common,
        {
            "schema": {**common.schema, "properties": {**kept, "select": _select(kept["select"])}},
            "query": query,
            "claims": claims,
            "merges": {"snooze": Merge.ATOMIC, "status": Merge.ATOMIC},
            **_bulk(account),
            "flags": FLAGS,
            "notes": (
                "RT wakes nothing by itself: `runner tick` does, when the snooze is due or the step ends.",
                "The field `Starts` shows until when a ticket sleeps.",
            ),
        },
    )


def _bulk(account: Account) -> kinds.Overrides:
    return {
        "page": account.page,
        "max_batch": BATCH,
        "deadline": 60.0,
        "matches": matches,
        "values": {"status": account.every_status, "select/status": account.every_status},
    }


def _select(common: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = {name: describe(ONE_OR_MORE, name.capitalize(), words) for name, words in _WHAT.items()}
    words = "A condition in TicketSQL, besides the others: `Priority > 50 AND Created > '-1 week'`."
    fields["query"] = describe({"type": "string", "minLength": 1}, "Query", words)
    return {**common, "properties": fields}


def _tickets_schema(common: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: each for name, each in common["properties"].items() if name not in ("tag", "give_back")}
    status = describe(
        {"type": "string", "minLength": 1}, "Status", "`pause` (the target's own pause status) or a status."
    )
    once = "An internal comment on every ticket when the step begins, all languages in one; it cannot be taken back."
    more = {"select": _select(kept["select"]), "status": status, **kinds.texts("note", "Note", once)}
    forms = [{"required": [name]} for name in ("status", "note", "note_file")]
    one = [{"not": {"required": ["note", "note_file"]}}]
    return {**common, "properties": {**kept, **more}, "anyOf": forms, "allOf": one}


def _chosen(common: KindSpec, account: Account) -> Any:
    """Return the query of a kind: without a status, tickets that are not done are meant; without a queue, those of the
    target's queues."""

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        asked = common.query(with_, context)
        where = dict(asked.where or {})
        where |= {} if "status" in where else {OPEN: True}
        where |= {"queue": list(account.queues)} if account.queues and "queue" not in where else {}
        found = f"{QUERY}{where['query']}" if "query" in where else ""
        needed = f"{NEEDED}{kinds.word(context, with_['status'])}" if "status" in with_ else ""
        plain = (path for path in (*asked.paths, *where) if path != "query")
        paths = dict.fromkeys(path for path in (*plain, found, needed) if path)
        return Query(asked.kind, where=where, paths=tuple(paths))

    return query


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


def several(value: Any) -> list[str]:
    """Return one name, or any of several, as a list."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


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
