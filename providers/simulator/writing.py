"""One request of changes, carried out on the helpdesk: which rule each slot goes through, and what it answers.

Called inside a write transaction. Every function takes the changes per object and returns slot -> outcome; a refusal
of one object never touches another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from providers.simulator import helpdesk, mapping, tickets
from providers.simulator.database import Database
from providers.simulator.helpdesk import By, Owner, Refusal
from runner.model import Change, Outcome, Ref, Slot, Verdict

Objects: TypeAlias = Mapping[Ref, Sequence[Change]]
Writer: TypeAlias = Callable[[Database, Objects, By], dict[Slot, Outcome]]
WriteOne: TypeAlias = Callable[[Database, Change, By], None]

_DONE: Final = Outcome(Verdict.DONE)


def write(db: Database, batch: Sequence[Change], by: By) -> list[Outcome]:
    """Write a batch; return one outcome per change, in order."""
    outcomes: dict[Slot, Outcome] = {}
    kinds: dict[str, dict[Ref, list[Change]]] = {}
    for ref, changes in mapping.by_object(batch).items():
        kinds.setdefault(ref.kind, {})[ref] = changes
    for kind, objects in kinds.items():
        writer = _WRITERS.get(kind, _unknown)
        outcomes |= writer(db, objects, by)
    return [outcomes[change.slot] for change in batch]


def _unknown(db: Database, objects: Objects, by: By) -> dict[Slot, Outcome]:
    del db, by
    return {
        change.slot: Outcome(Verdict.REJECTED, f"the helpdesk has no {ref.kind}")
        for ref, changes in objects.items()
        for change in changes
    }


def _hours(owner: Owner) -> Writer:
    """All days of one object are one request: refused together."""

    def writer(db: Database, objects: Objects, by: By) -> dict[Slot, Outcome]:
        outcomes: dict[Slot, Outcome] = {}
        for ref, changes in objects.items():
            outcome = _DONE
            try:
                days = {mapping.below(change, "hours"): mapping.plain(change.after) for change in changes}
                helpdesk.set_hours(db, owner, mapping.number(ref.key), days, by)
            except Refusal as refusal:
                outcome = mapping.refused(refusal)
            outcomes |= {change.slot: outcome for change in changes}
        return outcomes

    return writer


def _tickets(db: Database, objects: Objects, by: By) -> dict[Slot, Outcome]:
    """A ticket is one update: all its fields are written, or none."""
    outcomes: dict[Slot, Outcome] = {}
    updates: list[tickets.Update] = []
    sent: list[Sequence[Change]] = []
    for ref, changes in objects.items():
        try:
            updates.append(mapping.update(ref.key, changes))
            sent.append(changes)
        except Refusal as refusal:
            outcomes |= {change.slot: mapping.refused(refusal) for change in changes}
    for changes, verdicts in zip(sent, tickets.update(db, updates, by), strict=True):
        for change in changes:
            outcomes[change.slot] = mapping.outcome(verdicts[change.slot.path], change.slot.path)
    return outcomes


def _each(write_one: WriteOne) -> Writer:
    """Every slot is a request of its own."""

    def writer(db: Database, objects: Objects, by: By) -> dict[Slot, Outcome]:
        outcomes: dict[Slot, Outcome] = {}
        for changes in objects.values():
            for change in changes:
                try:
                    write_one(db, change, by)
                    outcomes[change.slot] = _DONE
                except Refusal as refusal:
                    outcomes[change.slot] = mapping.refused(refusal)
        return outcomes

    return writer


def _holiday(db: Database, change: Change, by: By) -> None:
    schedule, ref = mapping.number(change.slot.key), mapping.below(change, "holidays")
    content = mapping.plain(change.after)
    if content is None:
        helpdesk.drop_holiday(db, schedule, ref, by)
    else:
        helpdesk.put_holiday(db, schedule, ref, content, by)


def _channel(db: Database, change: Change, by: By) -> None:
    helpdesk.set_channel(db, mapping.number(change.slot.key), mapping.field(change, "enabled"), by)


def _message(db: Database, change: Change, by: By) -> None:
    locale, text = mapping.below(change, "text"), mapping.plain(change.after)
    helpdesk.set_text(db, mapping.number(change.slot.key), locale, text, by)


def _rule(db: Database, change: Change, by: By) -> None:
    helpdesk.set_rule(db, mapping.number(change.slot.key), mapping.field(change, "active"), by)


def _snooze(db: Database, change: Change, by: By) -> None:
    tickets.set_snooze(db, mapping.number(change.slot.key), mapping.field(change, "snooze"), by)


def _notice(db: Database, change: Change, by: By) -> None:
    if change.slot.path == "sent":
        digest = mapping.plain(change.after)
        if digest is None:
            raise Refusal("sent", "a message that was sent cannot be taken back")
        helpdesk.broadcast(db, change.slot.key, str(digest), change.payload, by)
        return
    content = mapping.field(change, "notice")
    if content is None:
        helpdesk.drop_notice(db, change.slot.key, by)
    else:
        helpdesk.put_notice(db, change.slot.key, content, by)


_WRITERS: Final[Mapping[str, Writer]] = {
    "business_hours": _hours("schedule"),
    "channel_hours": _hours("channel"),
    "holiday": _each(_holiday),
    "channel": _each(_channel),
    "message": _each(_message),
    "rule": _each(_rule),
    "tickets": _tickets,
    "snooze": _each(_snooze),
    "notice": _each(_notice),
}
