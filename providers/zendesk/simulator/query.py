"""The query language of search, as far as the runner and people use it for tickets.

``status<solved``, ``group:"Level 1"``, ``tags:vip``, ``-tags:x``, ``priority>=high``, ``via:mail``, ``assignee:none``,
``custom_status_id:1``, ``created>2026-12-01``, ``updated>4hours``, plain words in the subject. The same property
several times means one of them. [DOC]: the operators and keywords; an unknown property is refused with 422 so that no
query silently finds too much (a guess: the vendor takes it as a word).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from providers.zendesk.simulator.core import Refusal
from providers.zendesk.simulator.seed import PRIORITIES, STATUSES, Ticket

Test = Callable[[Ticket], bool]
_TERM: Final = re.compile(r'(-?)([a-z_]+)(:|<=|>=|<|>)("[^"]*"|\S+)|(-?)("[^"]*"|\S+)')
_AGO: Final = re.compile(r"(\d+)(minute|hour|day|week|month|year)s?")
_SPANS: Final[Mapping[str, int]] = {
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
_VIA: Final[Mapping[str, str]] = {"mail": "email", "email": "email", "phone": "voice"}
_DATES: Final = ("created", "updated", "solved")


@dataclass(frozen=True, slots=True)
class Names:
    """What names in a query stand for: lower-case name -> id."""

    groups: Mapping[str, int]
    people: Mapping[str, int]
    me: int


def compiled(query: str, names: Names, now: float, *, export: bool) -> Test:
    """Return the test of a query on a ticket. Raises 422 for what cannot be understood; `export` refuses ``type:``."""
    chosen: dict[tuple[str, str], list[Test]] = {}
    excluded: list[Test] = []
    for match in _TERM.finditer(query):
        minus, field, operator, value, bare_minus, word = match.groups()
        text = (value or word).strip('"')
        if field is None:
            test = _word(text)
        elif field == "type":
            if export:
                raise refused("type: does not belong into the query of an export, use filter[type]")
            if text != "ticket":
                raise refused("only tickets are simulated")
            continue
        else:
            test = _term(field, operator, text, names, now)
        if minus or bare_minus:
            excluded.append(test)
        else:
            # comparisons of one property narrow it down, equal signs widen it
            key = (field or text, operator if operator not in (None, ":") else "")
            chosen.setdefault(key, []).append(test)
    groups = list(chosen.values())
    return lambda t: all(any(one(t) for one in group) for group in groups) and not any(one(t) for one in excluded)


def refused(text: str) -> Refusal:
    """Return the 422 of a query."""
    return Refusal(422, {"error": "invalid", "description": text})


def _word(word: str) -> Test:
    wanted = word.lower()
    return lambda t: wanted in t.subject.lower()


def _term(field: str, operator: str, value: str, names: Names, now: float) -> Test:
    if field in _DATES:
        return _dated(field, operator, value, now)
    if field in ("status", "priority"):
        return _ranked(field, operator, value)
    if operator != ":":
        raise refused(f"{field} cannot be compared")
    low = value.lower()
    if field == "tags":
        return lambda t: (low in t.tags) if low != "none" else not t.tags
    if field == "via":
        channel = _VIA.get(low, low)
        return lambda t: t.channel == channel
    if field == "ticket_type":
        return lambda t: (t.type or "none") == low
    if field == "subject":
        return _word(value)
    if field == "custom_status_id":
        return lambda t: str(t.custom_status_id) == value
    return _identified(field, low, names)


def _identified(field: str, low: str, names: Names) -> Test:
    known = names.groups if field in ("group", "group_id") else names.people
    id_ = None if low == "none" else names.me if low == "me" else int(low) if low.isdecimal() else known.get(low, -1)
    if field in ("group", "group_id"):
        return lambda t: t.group_id == id_
    if field in ("assignee", "assignee_id"):
        return lambda t: t.assignee_id == id_
    if field in ("requester", "requester_id"):
        return lambda t: t.requester_id == id_
    raise refused(f"{field} is not simulated in searches")


def _ranked(field: str, operator: str, value: str) -> Test:
    ranks = STATUSES if field == "status" else PRIORITIES
    low = "none" if value.lower() in ("none", "-") else value.lower()
    if low == "none" and operator == ":" and field == "priority":
        return lambda t: t.priority is None
    if low not in ranks:
        raise refused(f"{value} is no {field}")
    place = ranks.index(low)
    fits = {i for i in range(len(ranks)) if _holds(i, operator, place)}
    words = {ranks[i] for i in fits}
    return (lambda t: t.status in words) if field == "status" else (lambda t: t.priority in words)


def _holds(left: float, operator: str, right: float) -> bool:
    if operator == ":":
        return left == right
    if operator in ("<", "<="):
        return left < right or (operator == "<=" and left == right)
    return left > right or (operator == ">=" and left == right)


def _dated(field: str, operator: str, value: str, now: float) -> Test:
    start, end = _span(value, now)

    def fits(ticket: Ticket) -> bool:
        if field == "solved" and ticket.status not in ("solved", "closed"):
            return False
        at = {"created": ticket.created, "updated": ticket.updated, "solved": ticket.since}[field]
        if operator == ":":
            return start <= at < end
        return _holds(at, operator, start if operator in ("<", ">=") else end - 1)

    return fits


def _span(value: str, now: float) -> tuple[float, float]:
    """Return first second and the one after the last of what a date, an instant or ``4hours`` (ago) stands for."""
    ago = _AGO.fullmatch(value)
    if ago:
        at = now - int(ago[1]) * _SPANS[ago[2]]
        return at, at + 1
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise refused(f"{value} is no date") from error
    start = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    length = timedelta(days=1) if len(value) == 10 else timedelta(seconds=1)
    return start.timestamp(), (start + length).timestamp()
