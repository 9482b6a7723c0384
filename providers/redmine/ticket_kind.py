"""The kinds `tickets` and `snooze` on Redmine, and a ticket as slots: pure.

Statuses are names, as Redmine shows them. It has no tags, so a step cannot mark tickets. A snooze is the date in a
custom field: Redmine wakes nothing, the runner does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from runner import kinds
from runner.kinds.shape import ONE_OR_MORE, describe
from runner.model import ABSENT, Claim, Json, Merge, Op, Value
from runner.spi import Context, Found, KindSpec, Query, Target, Want

OPEN: Final = "open"  # true for a ticket that is not closed
FIELDS: Final = ("status", "project", "tracker", "category", "priority", "query")
BATCH: Final = 100  # tickets that are read at once, before and after; they are changed one by one
FLAGS: Final = {
    "reopens_at_due": False,
    "reassigns_to_snoozer": False,
    "ends_on_customer_reply": False,
    "survives_manual_reopen": True,
}
_WHAT: Final = {
    "status": "A status by name, or any of a list. Default: every status that is not closed.",
    "project": "A project by identifier or name, or any of a list, without subprojects. Default: the target's.",
    "tracker": "A tracker by name, or any of a list.",
    "category": "A category of the project by name, or any of a list.",
    "priority": "A priority by name, or any of a list.",
    "query": "A public query that somebody has saved; needs no other condition.",
}


def tickets() -> KindSpec:
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
            "query": _chosen(common),
            "claims": claims,
            "merges": {"status": Merge.ATOMIC, "note": Merge.EFFECT},
            **_one_by_one(),
            "notes": (
                "Redmine has no tags and no bulk call: tickets are changed one by one, and cannot be marked.",
                "A status that the workflow does not allow is ignored by Redmine; the runner reads back and says so.",
                "Whoever watches a ticket may get a mail for every change: that is Redmine's own setting.",
            ),
        },
    )


def snooze() -> KindSpec:
    """Return the kind snooze. Slots: key = ticket id, path ``snooze``, a date or ABSENT, and ``status`` where a step
    names one."""
    common = kinds.snooze()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        asked = _chosen(common)(with_, context)
        more = ("status",) if "status" in with_ else ()
        return Query("snooze", where=asked.where, paths=tuple(dict.fromkeys((*asked.paths, *more))))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        (want,) = common.claims({name: with_[name] for name in ("select", "until")}, context, found)
        value = want.claim.value
        due = day_of(str(value["due"]), context.target) if isinstance(value, Mapping) else ABSENT
        wants = [Want("snooze", Claim(Op.PUT, due))]
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
            **_one_by_one(),
            "flags": FLAGS,
            "notes": (
                "Redmine wakes nothing by itself: `runner tick` does, when the snooze is due or the step ends.",
                "The field holds a date, in the target's zone; the time of the day is the runner's.",
            ),
        },
    )


def _one_by_one() -> kinds.Overrides:
    return {"max_batch": 1, "max_in_flight": BATCH, "matches": matches}


def day_of(instant: str, target: Target) -> str:
    """Return the date of an instant (RFC 3339) in the target's zone."""
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(target.zone)):%Y-%m-%d}"


def _select(common: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = {name: describe(ONE_OR_MORE, name.capitalize(), _WHAT[name]) for name in FIELDS}
    fields["query"] = describe({"type": "string", "minLength": 1}, "Query", _WHAT["query"])
    return {**common, "properties": fields}


def _tickets_schema(common: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: each for name, each in common["properties"].items() if name not in ("tag", "give_back")}
    status = describe(
        {"type": "string", "minLength": 1}, "Status", "`pause` (the target's own pause status) or a status by name."
    )
    once = "A note on every ticket when the step begins, all languages in one; it cannot be taken back."
    more = {"select": _select(kept["select"]), "status": status, **kinds.texts("note", "Note", once)}
    forms = [{"required": [name]} for name in ("status", "note", "note_file")]
    one = [{"not": {"required": ["note", "note_file"]}}]
    return {**common, "properties": {**kept, **more}, "anyOf": forms, "allOf": one}


def _chosen(common: KindSpec) -> Any:
    """Return the query of a kind: without a status, tickets that are not closed are meant, as in Redmine's own lists;
    without a project, those of the target's."""

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        asked = common.query(with_, context)
        where = dict(asked.where or {})
        if "query" not in where:
            where |= {} if "status" in where else {OPEN: True}
            home = context.target.options.get("project")
            where |= {"project": home} if home and "project" not in where else {}
        paths = dict.fromkeys((*asked.paths, *where))
        return Query(asked.kind, where=where, paths=tuple(paths))

    return query


# --- a ticket as slots ----------------------------------------------------------------------------------------------


def values_of(row: Mapping[str, Any], identifier: str, snooze_field: str, query: str = "") -> dict[str, Value]:
    """Return the slots of a ticket. `identifier` is its project's, `query` the saved query that found it."""
    dates = [each.get("value") for each in row.get("custom_fields") or () if each.get("name") == snooze_field]
    return {
        "name": row.get("subject") or f"#{row['id']}",
        "status": row["status"]["name"],
        OPEN: not row["status"].get("is_closed", False),
        "project": {"identifier": identifier, "name": row["project"]["name"]},
        "tracker": row["tracker"]["name"],
        "category": (row.get("category") or {}).get("name", ABSENT),
        "priority": (row.get("priority") or {}).get("name", ABSENT),
        "snooze": next((date for date in dates if date), ABSENT),
        **({"query": query} if query else {}),
    }


def matches(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a ticket is selected. Names are compared without regard to case. Which tickets a saved query means, only
    Redmine knows: a ticket that it did not find is not selected."""
    return all(_fits(wanted, values.get(name, ABSENT)) for name, wanted in where.items())


def _fits(wanted: Any, value: Value) -> bool:
    if isinstance(wanted, bool) or value is ABSENT:
        return bool(wanted == value)
    names = [*value.values()] if isinstance(value, Mapping) else [value]
    choices = {str(each).casefold() for each in several(wanted)}
    return any(str(name).casefold() in choices for name in names)


def several(value: Any) -> list[str]:
    """Return one name, or any of several, as a list."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
