"""The kinds `tickets` and `snooze` on Redmine, and a ticket as slots: pure.

Statuses are names, as Redmine shows them. It has no tags: marks are words in a custom field. A snooze is the date in
another one: Redmine wakes nothing, the runner does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from providers import paused
from providers.paused import several
from providers.redmine.account import Account
from runner import kinds
from runner.model import ABSENT, Value
from runner.spi import Context, KindSpec, Query, Target

TAG: Final = "tags/"
OPEN: Final = "open"  # true for a ticket that is not closed
BATCH: Final = 100  # tickets that are read at once, before and after; they are changed one by one
_WHAT: Final = {
    "status": "A status by name, or any of a list. Default: every status that is not closed.",
    "project": "A project by identifier or name, or any of a list, without subprojects. Default: the target's.",
    "tracker": "A tracker by name, or any of a list.",
    "category": "A category of the project by name, or any of a list.",
    "priority": "A priority by name, or any of a list.",
}
_SAVED: Final = "A public query that somebody has saved; needs no other condition."


def tickets() -> KindSpec:
    """Return the kind tickets."""
    notes = (
        "Redmine has no tags: marks are words in a text field of yours (`mark_field`).",
        "Redmine has no bulk call: tickets are changed one by one.",
        "A status that the workflow does not allow is ignored by Redmine; the runner reads back and says so.",
        "Whoever watches a ticket may get a mail for every change: that is Redmine's own setting.",
    )
    return paused.tickets(_WHAT, _SAVED, "A note", _chosen, {**_one_by_one(), "notes": notes}, marked=True)


def snooze() -> KindSpec:
    """Return the kind snooze: its slot holds a date."""
    notes = (
        "Redmine wakes nothing by itself: `runner tick` does, when the snooze is due or the step ends.",
        "The field holds a date, in the target's zone; the time of the day is the runner's.",
    )
    return paused.snooze(_WHAT, _SAVED, _chosen, {**_one_by_one(), "notes": notes}, held=_day)


def _one_by_one() -> kinds.Overrides:
    return {"max_batch": 1, "max_in_flight": BATCH, "matches": matches}


def _day(snoozed: Value, context: Context) -> Value:
    return day_of(str(snoozed["due"]), context.target) if isinstance(snoozed, Mapping) else ABSENT


def day_of(instant: str, target: Target) -> str:
    """Return the date of an instant (RFC 3339) in the target's zone."""
    return f"{datetime.fromisoformat(instant).astimezone(ZoneInfo(target.zone)):%Y-%m-%d}"


def _chosen(asked: Query, with_: Mapping[str, Any], context: Context) -> Query:
    """Return the query of a step: without a status, tickets that are not closed are meant, as in Redmine's own lists;
    without a project, those of the target's."""
    del with_
    where = dict(asked.where or {})
    if "query" not in where:
        where |= {} if "status" in where else {OPEN: True}
        home = context.target.options.get("project")
        where |= {"project": home} if home and "project" not in where else {}
    return Query(asked.kind, where=where, paths=tuple(dict.fromkeys((*asked.paths, *where))))


# --- a ticket as slots ----------------------------------------------------------------------------------------------


def values_of(row: Mapping[str, Any], identifier: str, account: Account, query: str = "") -> dict[str, Value]:
    """Return the slots of a ticket. `identifier` is its project's, `query` the saved query that found it."""
    return {
        "name": row.get("subject") or f"#{row['id']}",
        "status": row["status"]["name"],
        OPEN: not row["status"].get("is_closed", False),
        "project": {"identifier": identifier, "name": row["project"]["name"]},
        "tracker": row["tracker"]["name"],
        "category": (row.get("category") or {}).get("name", ABSENT),
        "priority": (row.get("priority") or {}).get("name", ABSENT),
        "snooze": field_of(row, account.snooze_field) or ABSENT,
        **{f"{TAG}{mark}": True for mark in field_of(row, account.mark_field).split()},
        **({"query": query} if query else {}),
    }


def field_of(row: Mapping[str, Any], name: str) -> str:
    """Return what a custom field of a ticket holds, "" where it has none."""
    found = (each.get("value") for each in row.get("custom_fields") or () if each.get("name") == name)
    return str(next(found, None) or "")


def remarked(text: str, mark: str, *, there: bool) -> str:
    """Return the text of the field for marks with a mark, or without it; whatever else people wrote stays as it is."""
    if there:
        return text if mark in text.split() else f"{text} {mark}" if text else mark
    found = re.search(rf"(^|\s){re.escape(mark)}(?=\s|$)", text)
    if found is None:
        return text
    first = found.start() == 0 and not found[1]  # then the blank behind it is ours
    return text[: found.start()] + text[found.end() + first :]


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
