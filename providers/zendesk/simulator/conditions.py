"""Conditions and actions of triggers and automations: which exist, what they take, and whether a ticket meets them.

Names and operators: [O25] samples and [LIVE] definitions for status and the business-hours fields, the rest [MEM]. A
field, operator or action that is not in these tables is refused, as it might be refused by the vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from providers.zendesk.simulator.core import Json, User
from providers.zendesk.simulator.hours import Hours
from providers.zendesk.simulator.people import ROBOT
from providers.zendesk.simulator.seed import HOUR, PRIORITIES, STATUSES, TYPES, Ticket
from providers.zendesk.simulator.store import Said

_SAME: Final = ("is", "is_not")
_CHANGES: Final = ("changed", "not_changed", "value", "value_previous", "not_value", "not_value_previous")
_ORDER: Final = ("less_than", "greater_than")
_ELAPSED: Final = ("is", "less_than", "greater_than")
_WORDS: Final = ("includes", "not_includes", "is", "is_not")
TIMES: Final[Mapping[str, str]] = {  # condition of an automation -> instant it counts from
    "NEW": "since",
    "OPEN": "since",
    "PENDING": "since",
    "HOLD": "since",
    "SOLVED": "since",
    "CLOSED": "since",
    "assigned_at": "assigned",
    "updated_at": "updated",
    "requester_updated_at": "requester_updated",
    "assignee_updated_at": "assignee_updated",
}
SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "status": (*_SAME, *_ORDER),
    "custom_status_id": ("includes", "not_includes"),
    "type": _SAME,
    "priority": (*_SAME, *_ORDER),
    "group_id": _SAME,
    "assignee_id": _SAME,
    "requester_id": _SAME,
    "current_tags": ("includes", "not_includes"),
    "via_id": _SAME,
    "in_business_hours": ("is",),
    "on_holiday": ("is",),
    "schedule_id": _SAME,
    "within_schedule": ("is",),
    "satisfaction_score": _SAME,
}
CHANGING: Final = ("status", "priority", "type", "group_id", "assignee_id", "requester_id")
TRIGGER_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (*operators, *(_CHANGES if name in CHANGING else ())) for name, operators in SHARED.items()},
    "update_type": ("is",),
    "comment_is_public": ("is",),
    "role": _SAME,
    "subject_includes_word": _WORDS,
    "comment_includes_word": _WORDS,
}
AUTOMATION_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {**SHARED, **dict.fromkeys(TIMES, _ELAPSED)}
ACTIONS: Final = (
    "status",
    "custom_status_id",
    "priority",
    "type",
    "group_id",
    "assignee_id",
    "set_tags",
    "current_tags",
    "remove_tags",
    "set_schedule",
    "satisfaction_score",
    "notification_user",
    "notification_group",
    "notification_target",
    "notification_webhook",
    "notification_sms_user",
    "cc",
    "follower",
)
SEVERAL: Final = ("schedule_id", "within_schedule")  # show up with several schedules only [LIVE]
ENUMS: Final[Mapping[str, tuple[str, ...]]] = {"status": STATUSES[1:], "priority": PRIORITIES, "type": TYPES}
_TURNED: Final[Mapping[str, str]] = {"not_value": "value", "not_value_previous": "value_previous"}


@dataclass(frozen=True, slots=True)
class Event:
    """One update as rules see it: `before` None for a new ticket, `at` the instant in epoch seconds."""

    before: Ticket | None
    after: Ticket
    comment: Said | None
    author: User
    at: float


def fields_of(kind: str, schedules: int) -> dict[str, tuple[str, ...]]:
    """Return the condition fields that a kind of rule (trigger, automation) knows on an account, with operators."""
    table = TRIGGER_FIELDS if kind == "trigger" else AUTOMATION_FIELDS
    return {name: operators for name, operators in table.items() if schedules > 1 or name not in SEVERAL}


def met(event: Event, conditions: Mapping[str, Sequence[Json]], hours: Hours) -> bool:
    """Whether an update meets all of ``all`` and, if there are any, one of ``any``."""
    for condition in conditions["all"]:
        if not _meets(event, condition, hours):
            return False
    either = conditions["any"]
    return not either or any(_meets(event, condition, hours) for condition in either)


def _meets(event: Event, condition: Mapping[str, Json], hours: Hours) -> bool:
    field, operator, value = condition["field"], condition["operator"], condition.get("value")
    found = _PLAIN.get(field)
    if found is not None:
        return (found(event) == _meant(field, str(value))) is (str(operator) != "is_not")
    if field in CHANGING:
        return _compared(event, field, operator, value)
    if field in TIMES:
        return _elapsed(event, field, operator, value)
    if field in ("current_tags", "custom_status_id"):
        wanted = value if isinstance(value, list) else str(value).split()
        there = event.after.tags if field == "current_tags" else (str(event.after.custom_status_id),)
        return any(str(one) in there for one in wanted) is (str(operator) == "includes")
    if field in ("in_business_hours", "on_holiday"):
        asked = hours.is_open if field == "in_business_hours" else hours.on_holiday
        return asked(event.after.schedule_id, event.at) == (str(value).lower() == "true")
    if field == "within_schedule":
        return hours.is_open(int(str(value)), event.at)
    said = event.comment.body if event.comment else ""
    text = (event.after.subject if field == "subject_includes_word" else said).lower()
    hit = any(word.lower() in text for word in str(value).split())
    return hit is (str(operator) in ("includes", "is"))


_VIA: Final[Mapping[str, str]] = {"email": "4", "web": "0", "api": "5", "chat": "29", "voice": "34"}


def _visible(event: Event) -> str:
    return "not_relevant" if event.comment is None else str(event.comment.public).lower()


_PLAIN: Final[Mapping[str, Callable[[Event], str]]] = {  # fields that a condition only compares with `is` or `is_not`
    "update_type": lambda event: "Create" if event.before is None else "Change",
    "comment_is_public": _visible,
    "role": lambda event: "end_user" if event.author.role == "end-user" else "agent",
    "schedule_id": lambda event: str(event.after.schedule_id or ""),
    "satisfaction_score": lambda event: event.after.satisfaction,
    "via_id": lambda event: _VIA.get(event.after.channel, "0"),
}


def _meant(field: str, value: str) -> str:
    if field == "comment_is_public" and value == "requester_can_see_comment":
        return "true"
    return value.lower() if field == "comment_is_public" else value


def _of(ticket: Ticket, field: str) -> str:
    found = _READ[field](ticket)
    return "" if found is None else str(found)


_READ: Final[Mapping[str, Callable[[Ticket], object]]] = {name: attrgetter(name) for name in CHANGING}


def _compared(event: Event, field: str, operator: str, value: Json) -> bool:
    now = _of(event.after, field)
    was = _of(event.before, field) if event.before is not None else ""
    wanted = _named(event, "" if value is None else str(value))
    if operator in ("changed", "not_changed"):
        return (now != was) == (operator == "changed")
    if operator in _TURNED:
        return not _compared(event, field, _TURNED[operator], value)
    if operator == "value":
        return now != was and now == wanted
    if operator == "value_previous":
        return now != was and was == wanted
    if operator in _ORDER:
        ranks = STATUSES if field == "status" else PRIORITIES
        if now not in ranks or wanted not in ranks:
            return False
        less, more = ranks.index(now), ranks.index(wanted)
        return less < more if operator == "less_than" else less > more
    return (now == wanted) == (operator == "is")


def _named(event: Event, value: str) -> str:
    """Return the id behind a word such as ``current_user``."""
    words = {"current_user": event.author.id, "requester_id": event.after.requester_id}
    if value == "assignee_id":
        return str(event.after.assignee_id or "")
    return str(words[value]) if value in words else value


def _elapsed(event: Event, field: str, operator: str, value: Json) -> bool:
    """Whether so many whole hours went by. A status field counts only while the ticket has that status."""
    ticket = event.after
    if field.isupper() and ticket.status != field.lower():
        return False
    if field == "assigned_at" and ticket.assignee_id is None:
        return False
    starts = {
        "since": ticket.since,
        "assigned": ticket.assigned,
        "updated": ticket.updated,
        "requester_updated": ticket.requester_updated,
        "assignee_updated": ticket.assignee_updated,
    }
    hours, wanted = int((event.at - starts[TIMES[field]]) // HOUR), int(str(value))
    return hours == wanted if operator == "is" else hours < wanted if operator == "less_than" else hours > wanted


ROBOT_USER: Final = User(ROBOT, "Automation", "admin")
