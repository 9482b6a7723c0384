"""Rows of the helpdesk to slots and back. Pure: values in, values out.

An object is a flat map ``path -> value``; each function below returns that map, and `asked` picks what a query wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.simulator.helpdesk import WEEKDAYS, Calendar, Holiday, Message, Refusal, Rule
from providers.simulator.tickets import ANY, Parts, Ticket, Update
from providers.simulator.tickets import Verdict as Judged
from runner.model import ABSENT, UNKNOWN, Change, Json, Outcome, Ref, Slot, Value, Verdict

_PROVEN: Final = Outcome(Verdict.DONE, proven=True)
KINDS: Final = (
    "business_hours",
    "channel_hours",
    "holiday",
    "channel",
    "message",
    "rule",
    "tickets",
    "snooze",
    "notice",
)


def calendar(row: Calendar) -> dict[str, Value]:
    """Return the slots of a schedule or channel as business_hours and channel_hours see it."""
    return {"name": row.name, "zone": row.zone, **{f"hours/{day}": row.hours[day] for day in WEEKDAYS}}


def holidays(row: Calendar, found: Mapping[str, Holiday]) -> dict[str, Value]:
    """Return the slots of a schedule as the kind holiday sees it."""
    days = {
        f"holidays/{ref}": {"name": day.name, "start_date": day.start_date, "end_date": day.end_date}
        for ref, day in found.items()
    }
    return {"name": row.name, "zone": row.zone, **days}


def channel(row: Calendar) -> dict[str, Value]:
    """Return the slots of a channel as the kind channel sees it."""
    return {"name": row.name, "enabled": row.enabled}


def message(row: Message) -> dict[str, Value]:
    """Return the slots of an automatic message."""
    return {"name": row.name, **{f"text/{locale}": text for locale, text in row.texts.items()}}


def rule(row: Rule) -> dict[str, Value]:
    """Return the slots of a trigger or an automation."""
    return {"name": row.name, "active": row.active}


def notice(ref: str, content: Mapping[str, Any]) -> dict[str, Value]:
    """Return the slots of a notice; its name is its subject."""
    subject = content.get("subject") or ref
    if isinstance(subject, Mapping):
        subject = subject.get("en") or next(iter(subject.values()), ref)
    return {"name": subject, "notice": dict(content)}


def ticket(row: Ticket) -> dict[str, Value]:
    """Return the slots of a ticket, for the kinds tickets and snooze."""
    values: dict[str, Value] = {
        "name": f"#{row.id} {row.subject}",
        "status": row.status,
        "group": row.group,
        "channel": row.channel,
        "priority": row.priority,
        "assignee": row.assignee,
        "updated": row.updated_at,
    }
    if row.snooze is not None:
        values["snooze"] = row.snooze
    for tag in sorted(row.tags):
        values[f"tags/{tag}"] = True
    return values


def parts(paths: Sequence[str]) -> Parts:
    """Return what a page of tickets must bring along to answer these paths."""
    return Parts(
        tags=not paths or any(path.startswith("tags/") for path in paths), snooze=not paths or "snooze" in paths
    )


def asked(ref: Ref, paths: Sequence[str], values: Mapping[str, Value]) -> Iterator[tuple[Slot, Value]]:
    """Yield the slots of one object that a query asks for: exact paths (ABSENT where there is nothing), all below a
    ``prefix/*``, or everything when no path is named. An object that does not exist has no values."""
    for path in paths or (*values, *(() if "name" in values else ("name",))):
        if not path.endswith("/*"):
            yield Slot(ref.target, ref.kind, ref.key, path), values.get(path, ABSENT)
            continue
        for name in [name for name in values if name.startswith(path[:-1])]:
            yield Slot(ref.target, ref.kind, ref.key, name), values[name]


def garbled(path: str, value: Value) -> Value:
    """Return what a broken helpdesk answers: a value of another type than the one that belongs there."""
    if path == "name" or value is ABSENT:
        return value
    if isinstance(value, bool):
        return "maybe"
    if isinstance(value, str):
        return 42
    return "???"


def ticket_key(name: str) -> str:
    """Return the key in a ticket's display name: ``#17 No reply since Monday`` is ticket 17."""
    return name.partition(" ")[0].removeprefix("#")


# --- writing --------------------------------------------------------------------------------------------------------


def by_object(batch: Sequence[Change]) -> dict[Ref, list[Change]]:
    """Return object -> its changes, both in the order of the batch."""
    found: dict[Ref, list[Change]] = {}
    for change in batch:
        found.setdefault(change.slot.ref, []).append(change)
    return found


def first_half(batch: Sequence[Change]) -> list[Change]:
    """Return the changes of the first half of the objects of a batch, at least of one."""
    objects = list(by_object(batch))
    first = set(objects[: max(1, len(objects) // 2)])
    return [change for change in batch if change.slot.ref in first]


def is_number(key: str) -> bool:
    """Whether a key can be one of the helpdesk's own numbers."""
    return key.isascii() and key.isdigit() and len(key) <= 18


def number(key: str) -> int:
    """Return a key as the helpdesk's own number; raises Refusal when it cannot be one."""
    if not is_number(key):
        raise Refusal("id", f"there is no object {key!r}; the helpdesk counts its objects from 1")
    return int(key)


def below(change: Change, prefix: str) -> str:
    """Return the part of a change's path below ``prefix/``; raises Refusal for another path."""
    found, _, rest = change.slot.path.partition("/")
    if found != prefix or not rest:
        raise Refusal(change.slot.path, f"{change.slot.path} cannot be written; the field is {prefix}/...")
    return rest


def field(change: Change, path: str) -> Json:
    """Return the wanted value of a change at exactly `path`, None for ABSENT; raises Refusal for another path."""
    if change.slot.path != path:
        raise Refusal(change.slot.path, f"{change.slot.path} cannot be written; the field is {path}")
    return plain(change.after)


def plain(value: Value) -> Json:
    """Return a value as the helpdesk says it: None where there is nothing."""
    if value is UNKNOWN:
        raise Refusal("", "nobody knows what to write here")
    return None if value is ABSENT else value


def update(key: str, changes: Sequence[Change]) -> Update:
    """Return the changes of one ticket as one request, each with the value that it expects to find."""
    fields = {}
    for change in changes:
        if change.slot.path != "status":
            below(change, "tags")
        expected = ANY if change.before is UNKNOWN else plain(change.before)
        fields[change.slot.path] = (expected, plain(change.after))
    return Update(number(key), fields)


def outcome(judged: Judged, path: str) -> Outcome:
    """Return the helpdesk's verdict on one field of a ticket as the runner's outcome."""
    if isinstance(judged, Refusal):
        return refused(judged)
    if judged == "moved":
        return Outcome(Verdict.MOVED, "the ticket was changed meanwhile", path, proven=True)
    return _PROVEN


def refused(refusal: Refusal) -> Outcome:
    """Return a refusal as an outcome."""
    return Outcome(Verdict.REJECTED, refusal.reason, refusal.field)
