"""What one slot came to, and what a reader must be told. Pure: shared by the first run and by recovery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runner.layers import Held, conflicts, recover, released, same, see, unsent, wanted
from runner.model import Claim, Merge, Op, Outcome, Slot, Value, Verdict
from runner.report import Fate, Note
from runner.store.ledger import Entry


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known when a batch is concluded: the stored slots, the outcomes said, the values read back, and the
    number and time for a person's layer."""

    now: Mapping[Slot, Held]
    said: Mapping[Slot, Outcome]
    live: Mapping[Slot, Value]
    n: int
    at: str


@dataclass(frozen=True, slots=True)
class End:
    """The state of one slot of a journal entry, what the store holds from now on, and a note where one is due."""

    state: str
    held: Held | None = None
    reason: str = ""
    note: Note | None = None


def ending(entry: Entry, path: str, sight: Sight) -> End:
    """Return what one slot of one object came to."""
    slot = slot_of(entry, path)
    before, after = entry.changes[path]
    held, outcome = sight.now.get(slot), sight.said.get(slot)
    if held is None:
        return End("done")
    if held.merge is Merge.EFFECT:
        return _effect(entry, held, after, outcome)
    if outcome is not None and outcome.verdict is Verdict.MOVED:
        return End("void", forgotten(entry, held, before), outcome.reason)
    proven = same(held.merge, before, after) or is_proven(outcome)
    seen = after if proven else sight.live.get(slot, before)
    refused = outcome is not None and outcome.verdict is Verdict.REJECTED
    # a step that is amended also lets go of what it no longer wants: then the layers do not come to what was written
    opens = entry.direction == "open" and same(held.merge, wanted(held), after)
    if not refused and recover(held.merge, before, after, seen):
        landed = held.with_last(after)
        if not opens:
            landed = released(landed, entry.outage, entry.run)
        ended = see(landed, seen, n=sight.n, at=sight.at)
        note = _failed(held, before, after, outcome) or _otherwise(entry, ended, after, seen, outcome)
        return End("done", ended, note=note)
    if opens:
        still = unsent(held, before, after, seen, n=sight.n, at=sight.at)
    else:
        still = see(held, seen, n=sight.n, at=sight.at)
    if outcome is None or outcome.verdict is Verdict.UNKNOWN:
        return End("void", still, "the write did not arrive")
    reason = outcome.reason if refused else "the target answered OK and changed nothing"
    if opens:
        still = _without(entry, held, still, before)
    return End("rejected", still, reason, Note(Fate.REJECTED, slot, held.name, wanted=after, live=seen, reason=reason))


def _failed(held: Held, before: Value, after: Value, outcome: Outcome | None) -> Note | None:
    """Return what a restore found out: that something which had been accepted was never carried out."""
    if outcome is None or not (outcome.proven and outcome.reason):
        return None
    return Note(Fate.FAILED, held.slot, held.name, wanted=after, live=before, reason=outcome.reason)


def _otherwise(entry: Entry, ended: Held, after: Value, seen: Value, outcome: Outcome | None) -> Note | None:
    """Return what the first look shows in place of what the target says to have done: a person's edit of that moment or
    a value that the target keeps in another form. Nobody can tell which, so it stays, and somebody has to look."""
    if outcome is None or outcome.verdict is not Verdict.DONE or same(ended.merge, after, seen):
        return None
    why = "the target shows it right after our write: a person was as quick, or the target keeps our value otherwise"
    if entry.direction == "close":
        return Note(Fate.KEPT, ended.slot, ended.name, after, seen, why)
    hides = any((layer.owner, layer.run) == (entry.outage, entry.run) for layer, _ in conflicts(ended))
    return Note(Fate.CONFLICT, ended.slot, ended.name, after, seen, why) if hides else None


def _without(entry: Entry, held: Held, still: Held, before: Value) -> Held:
    """Return a slot without a claim that was refused. Where a step is amended, what it wrote before is still there: it
    goes on holding that, so that a restore gives it back."""
    if same(held.merge, wanted(released(held, entry.outage, entry.run)), before):
        return released(still, entry.outage, entry.run)
    mine = (entry.outage, entry.run)
    layers = (
        replace(each, claim=Claim(Op.PUT, before)) if (each.owner, each.run) == mine else each for each in still.layers
    )
    return still.with_layers(tuple(layers))


def forgotten(entry: Entry, held: Held, before: Value) -> Held | None:
    """Return a slot without the claim of an entry that was never sent, where nothing but that claim is known of it: its
    before-image is taken anew when the write is tried again. None where the slot stays as it is."""
    alone = [(layer.owner, layer.run) for layer in held.layers] == [(entry.outage, entry.run)]
    if entry.direction == "open" and alone and same(held.merge, held.base, before):
        return released(held, entry.outage, entry.run)
    return None


def _effect(entry: Entry, held: Held, after: Value, outcome: Outcome | None) -> End:
    """An effect is never looked up and never sent again by itself: without a reply it stays unknown."""
    gone = released(held, entry.outage, entry.run)
    match outcome.verdict if outcome is not None else Verdict.UNKNOWN:
        case Verdict.DONE:
            return End("done", held.with_last(after))
        case Verdict.MOVED:
            return End("void", gone, outcome.reason if outcome else "")
        case Verdict.REJECTED:
            reason = outcome.reason if outcome else ""
            return End("rejected", gone, reason, Note(Fate.REJECTED, held.slot, held.name, after, reason=reason))
    reason = "sent or not, nobody knows: the reply was lost; not sent again without --resend"
    return End("unknown", held, reason, Note(Fate.UNKNOWN, held.slot, held.name, after, reason=reason))


def worst(ends: Sequence[End]) -> tuple[str, str]:
    """Return the state of a whole object, and its reason."""
    for state in ("unknown", "rejected", "void"):
        for end in ends:
            if end.state == state:
                return state, end.reason
    return "done", ""


def slot_of(entry: Entry, path: str) -> Slot:
    """Return the slot of one path of an entry."""
    return Slot(entry.ref.target, entry.ref.kind, entry.ref.key, path)


def is_proven(outcome: Outcome | None) -> bool:
    """Whether an outcome needs no read-back: the vendor named the item as done, or as not touched."""
    if outcome is None:
        return False
    return outcome.verdict is Verdict.MOVED or (outcome.verdict is Verdict.DONE and outcome.proven)


def unsure(entries: Sequence[Entry], said: Mapping[Slot, Outcome], merge: Mapping[str, Merge]) -> set[str]:
    """Return the keys of objects with a slot whose outcome nothing proves. `merge` is by path."""
    if len(said) == sum(len(entry.changes) for entry in entries) and all(map(is_proven, said.values())):
        return set()
    return {
        entry.ref.key
        for entry in entries
        for path, (before, after) in entry.changes.items()
        if merge[path] is not Merge.EFFECT
        and not same(merge[path], before, after)
        and not is_proven(said.get(slot_of(entry, path)))
    }


def stale(entries: Sequence[Entry], live: Mapping[Slot, Value], merge: Mapping[str, Merge]) -> set[str]:
    """Return the keys of objects where a value that should have changed still reads as before."""
    return {
        entry.ref.key
        for entry in entries
        for path, (before, after) in entry.changes.items()
        if slot_of(entry, path) in live
        and not same(merge[path], before, after)
        and same(merge[path], live[slot_of(entry, path)], before)
    }
