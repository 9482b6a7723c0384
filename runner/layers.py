"""Overlays: outages and people's edits as layers on a base. Pure: values in, values out.

A slot is a base, a stack of layers, and `last`: the value that we believe is live. `wanted` folds the layers over the
base in the order (priority, n, step). Opening an outage adds a layer, closing it removes one; both are answered by
the same fold, so closing in any order is right. When live differs from `last`, somebody edited by hand: `see` puts
that difference on top as a layer of its own, so that it survives every later fold. `recover` tells, after a crash or
a lost reply, whether a write landed.

Three-way merge per member follows the reasoning of field ownership (structured-merge-diff): a set is compared member
by member, an atomic value as a whole, a text as a body plus the lines that outages appended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from runner import minutes
from runner.model import ABSENT, KEPT, PERSON, UNKNOWN, Claim, Json, Layer, Merge, Op, Slot, Value

_NO_OUTAGES: Final = frozenset({PERSON, KEPT})


@dataclass(frozen=True, slots=True)
class Held:
    """One slot that outages hold. `rev` grows with every stored change (0: not stored yet)."""

    slot: Slot
    merge: Merge
    base: Value
    last: Value
    layers: tuple[Layer, ...] = ()
    rev: int = 0
    name: str = ""

    @property
    def held(self) -> bool:
        """Whether any outage still claims the slot; if not, it is forgotten."""
        return not _NO_OUTAGES.issuperset([layer.owner for layer in self.layers])

    def with_layers(self, layers: tuple[Layer, ...]) -> Held:
        """Return the slot with other layers."""
        return Held(self.slot, self.merge, self.base, self.last, layers, self.rev, self.name)

    def with_last(self, last: Value) -> Held:
        """Return the slot with another value that is believed to be live."""
        return Held(self.slot, self.merge, self.base, last, self.layers, self.rev, self.name)


# --- values ---------------------------------------------------------------------------------------------------------


def members(merge: Merge, value: Value) -> frozenset[object]:
    """Return the members of a SET or MINUTES value; ABSENT has none."""
    if value is ABSENT or value is UNKNOWN or value is None:
        return frozenset()
    return frozenset(minutes.parse(value)) if merge is Merge.MINUTES else frozenset(value)


def _value(merge: Merge, found: Iterable[object]) -> Json:
    if merge is Merge.MINUTES:
        return minutes.format([m for m in found if isinstance(m, int)])
    return sorted(str(member) for member in found)


def _texts(merge: Merge, found: frozenset[object]) -> tuple[str, ...]:
    return tuple(_value(merge, found))


def same(merge: Merge, a: Value, b: Value) -> bool:
    """Whether two values mean the same; an absent set is not the same as an empty one."""
    if a is b:
        return True
    if merge in (Merge.SET, Merge.MINUTES) and not _odd(a) and not _odd(b):
        return a == b or members(merge, a) == members(merge, b)
    return type(a) is type(b) and a == b if isinstance(a, bool) or isinstance(b, bool) else a == b


def _odd(value: Value) -> bool:
    return value is ABSENT or value is UNKNOWN


# --- the fold -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _State:
    value: Value
    ours: tuple[str, ...] = ()  # TEXT: lines of outages that stand in the value


def _apply(merge: Merge, claim: Claim, below: _State) -> _State:
    """What stands above a claim, given what stands below it."""
    match claim.op:
        case Op.MEMBERS:
            was = members(merge, below.value)
            now = (was | members(merge, list(claim.add))) - members(merge, list(claim.remove))
            return below if now == was and not _odd(below.value) else _State(_value(merge, now))
        case Op.APPEND:
            line = str(claim.value)
            return _State(_join(below.value, line), (*below.ours, line))
        case Op.EDIT:
            return _edited(claim, below)
        case _:
            return _State(claim.value)


def _join(text: Value, line: str) -> str:
    body = "" if _odd(text) or text is None else str(text).rstrip("\n")
    return f"{body}\n{line}" if body else line


def _edited(claim: Claim, below: _State) -> _State:
    """A person's text, less the lines whose outage is over, plus lines that came in below it since."""
    if _odd(claim.value):
        return _State(claim.value)
    text = str(claim.value)
    ours = [line for line in claim.add if line in below.ours]
    for line in claim.add:
        if line not in below.ours:
            text = _cut(text, line)
    for line in below.ours:
        if line not in claim.add and line not in claim.remove:
            text, ours = _join(text, line), [*ours, line]
    return _State(text, tuple(ours))


def _cut(text: str, line: str) -> str:
    for found, rest in ((f"\n{line}", ""), (f"{line}\n", ""), (line, "")):
        if found in text:
            return text.replace(found, rest, 1)
    return text


def _fold(held: Held, layers: Iterable[Layer]) -> _State:
    state = _State(held.base)
    for layer in sorted(layers, key=lambda each: each.order):
        state = _apply(held.merge, layer.claim, state)
    if state.value is not held.base and same(held.merge, state.value, held.base):
        return replace(state, value=held.base)  # the vendor's own representation
    return state


def wanted(held: Held) -> Value:
    """Return what the slot should hold: the layers folded over the base (the base itself where they come to it)."""
    if len(held.layers) == 1 and held.layers[0].claim.op is Op.PUT:  # nearly every slot: spare it the fold
        value = held.layers[0].claim.value
        return held.base if same(held.merge, value, held.base) else value
    return _fold(held, held.layers).value


def stack(held: Held) -> list[tuple[Layer | None, Value]]:
    """Return the stack bottom up with the value that the slot has up to there; the base comes first, as None."""
    state = _State(held.base)
    rows: list[tuple[Layer | None, Value]] = [(None, held.base)]
    for layer in sorted(held.layers, key=lambda each: each.order):
        state = _apply(held.merge, layer.claim, state)
        rows.append((layer, state.value))
    return rows


# --- people's edits -------------------------------------------------------------------------------------------------


def see(held: Held, live: Value, *, n: int, at: str) -> Held:
    """Take in what is live now. A difference from `last` becomes a person's layer on top; `last` moves to `live`.

    A person's layer that is already on top is replaced by the difference from what lies below it, so that people who
    undo their own edit leave nothing behind. `n` is the next number of the store's counter, `at` the time (RFC 3339).
    """
    if same(held.merge, live, held.last):
        return held
    layers = sorted(held.layers, key=lambda each: each.order)
    if layers and layers[-1].owner == PERSON:
        layers.pop()
    below = _fold(held, layers)
    if same(held.merge, below.value, live):
        return replace(held, layers=tuple(layers), last=live)
    priority = max((layer.priority for layer in layers), default=0)
    mine = Layer(PERSON, "", priority, n, 0, _difference(held.merge, below, live), at)
    return replace(held, layers=(*layers, mine), last=live)


def unsent(held: Held, before: Value, after: Value, live: Value, *, n: int, at: str) -> Held:
    """Take in what is live although the write `before -> after` that opens a layer did not arrive.

    What differs from `before` is a person's edit. It is put on top of what the write would have made, because that is
    sent again: hours that somebody opened next to ours are no answer to a closure that was never seen.
    """
    if same(held.merge, live, before):
        return replace(held, last=live)
    made = live
    if held.merge in (Merge.SET, Merge.MINUTES) and not any(map(_odd, (before, after, live))):
        was, will, now = (members(held.merge, value) for value in (before, after, live))
        made = _value(held.merge, (will | (now - was)) - (was - now))
    elif held.merge is Merge.TEXT and not any(map(_odd, (before, after, live))):
        body = str(before).rstrip("\n")
        if str(after).startswith(f"{body}\n"):
            made = _join(live, str(after).removeprefix(f"{body}\n"))
    return replace(see(replace(held, last=after), made, n=n, at=at), last=live)


def _difference(merge: Merge, below: _State, live: Value) -> Claim:
    if merge in (Merge.SET, Merge.MINUTES) and not _odd(live) and not _odd(below.value):
        was, now = members(merge, below.value), members(merge, live)
        return Claim(Op.MEMBERS, add=_texts(merge, now - was), remove=_texts(merge, was - now))
    if merge is Merge.TEXT and not _odd(live):
        stand = tuple(line for line in below.ours if line in str(live))
        gone = tuple(line for line in below.ours if line not in str(live))
        return Claim(Op.EDIT, live, add=stand, remove=gone)
    return Claim(Op.PUT, live)


def satisfied(merge: Merge, claim: Claim, value: Value) -> bool:
    """Whether `value` gives `claim` what it asks for."""
    match claim.op:
        case Op.MEMBERS:
            found = members(merge, value)
            return members(merge, list(claim.add)) <= found and not members(merge, list(claim.remove)) & found
        case Op.APPEND:
            return not _odd(value) and str(claim.value) in str(value)
        case _:
            return same(merge, claim.value, value)


def conflicts(held: Held) -> list[tuple[Layer, Value]]:
    """Return the outages' layers that a person's layer hides, each with the value that the slot would have without
    people's edits above it."""
    found: list[tuple[Layer, Value]] = []
    if PERSON not in [layer.owner for layer in held.layers]:
        return found
    value = wanted(held)
    for layer in held.layers:
        if not layer.of_outage or satisfied(held.merge, layer.claim, value):
            continue
        rest = [other for other in held.layers if other.owner != PERSON or other.order < layer.order]
        without = _fold(held, rest).value
        if satisfied(held.merge, layer.claim, without):
            found.append((layer, without))
    return found


# --- opening, closing, settling a conflict --------------------------------------------------------------------------


def claimed(held: Held, layer: Layer) -> Held:
    """Return the slot with an outage's layer added, or replaced in its place when the step already holds one."""
    mine = [each for each in held.layers if (each.owner, each.run) == (layer.owner, layer.run)]
    if mine:
        layer = replace(layer, priority=mine[0].priority, n=mine[0].n)
    rest = tuple(each for each in held.layers if (each.owner, each.run) != (layer.owner, layer.run))
    return held.with_layers(tuple(sorted((*rest, layer), key=lambda each: each.order)) if rest else (layer,))


def released(held: Held, owner: str, run: str) -> Held:
    """Return the slot without the layer of one step of one outage."""
    return held.with_layers(tuple([each for each in held.layers if each.owner != owner or each.run != run]))


def kept(held: Held, owner: str, run: str) -> Held:
    """Return the slot with the step's layer left in place on purpose: it holds no longer, but its value stays."""
    return replace(
        held,
        layers=tuple(
            replace(each, owner=KEPT) if (each.owner, each.run) == (owner, run) else each for each in held.layers
        ),
    )


def forced(held: Held) -> Held:
    """Return the slot without people's layers (``--force``)."""
    return replace(held, layers=tuple(each for each in held.layers if each.owner != PERSON))


def rebased(held: Held) -> Held:
    """Return the slot with people's layers moved below all outages: their values come back when the outages end."""
    lowest = min((layer.order for layer in held.layers), default=(0, 0, 0))
    people = [each for each in held.layers if each.owner == PERSON]
    rest = [each for each in held.layers if each.owner != PERSON]
    moved = [
        replace(each, priority=lowest[0] - 1, n=each.n, step=each.step)
        for each in sorted(people, key=lambda each: each.order)
    ]
    return replace(held, layers=tuple(sorted((*moved, *rest), key=lambda each: each.order)))


def given_back(value: Value, removed: Sequence[Layer]) -> Value:
    """Return what is written for `value` on restore: a stand-in where the vendor never gives that value back."""
    for layer in removed:
        if isinstance(value, str) and value in layer.claim.give_back:
            return layer.claim.give_back[value]
    return value


# --- recovery -------------------------------------------------------------------------------------------------------


def recover(merge: Merge, before: Value, after: Value, live: Value) -> bool:
    """Tell from `live` whether the write `before -> after` landed.

    Member by member for sets: of the members that the write changes, all as before means not landed; one as after
    means landed (those still as before are then a person's edit). Whatever else differs is a person's edit too, which
    `see` takes in against `after` (landed) or `before` (not landed).
    """
    if same(merge, live, after):
        return True
    if same(merge, live, before):
        return False
    if merge in (Merge.SET, Merge.MINUTES) and not any(map(_odd, (before, after, live))):
        was, will, now = (members(merge, value) for value in (before, after, live))
        changed = was ^ will
        return bool(changed) and changed & now != changed & was
    if merge is Merge.TEXT and not any(map(_odd, (before, after, live))):
        new = [line for line in str(after).splitlines() if line not in str(before).splitlines()]
        return any(line in str(live).splitlines() for line in new)
    return True
