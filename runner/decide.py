"""Deciding, for one slot: what would be written, and what the store will hold. Pure; planner and executor share it.

Opening adds a claim, closing takes it away, keeping leaves its value in place on purpose. The first decision about a
slot captures its base. A difference between live and last is taken in as a person's layer before anything is decided.
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.layers import (
    Held,
    claimed,
    conflicts,
    forced,
    given_back,
    kept,
    released,
    same,
    see,
    wanted,
)
from runner.model import ABSENT, PERSON, Layer, Merge, Slot, Value


@dataclass(frozen=True, slots=True)
class Seen:
    """What a decision stands on: the slot, its stored state (None: not held yet), and its live value.

    `n` is a fresh number of the store's counter for a person's layer, `at` the time of the reading (RFC 3339).
    """

    slot: Slot
    merge: Merge
    name: str
    was: Held | None
    live: Value
    n: int
    at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one slot.

    `intent` is what the store holds once the write is announced, `settled` once it is confirmed. `write` is False when
    live already is what is wanted. `hidden` holds, where a person's edit wins, the one value that we would have
    written; `instead` is the value that cannot be given back.
    """

    seen: Seen
    intent: Held
    settled: Held
    after: Value
    write: bool
    hidden: tuple[Value, ...] = ()
    instead: Value = ABSENT

    @property
    def slot(self) -> Slot:
        """The slot."""
        return self.seen.slot

    @property
    def before(self) -> Value:
        """What is live now."""
        return self.seen.live


def opening(seen: Seen, layer: Layer, *, force: bool = False) -> Decision:
    """Decide what happens when a step claims a slot. `force` drops people's edits that stand in the way."""
    if seen.merge is Merge.EFFECT:
        return _sending(seen, layer)
    held = _current(seen, layer)
    after = claimed(held, layer)
    if force and conflicts(after):
        after = forced(after)
    value = wanted(after)
    write = not same(seen.merge, seen.live, value)
    hidden = [without for hidden_layer, without in conflicts(after) if hidden_layer.owner == layer.owner]
    return Decision(
        seen,
        intent=after,
        settled=after.with_last(value if write else seen.live),
        after=value,
        write=write,
        hidden=tuple(hidden[:1]),
    )


def _sending(seen: Seen, layer: Layer) -> Decision:
    """An effect goes out once for a step: a claim that is already held is not sent again."""
    was = seen.was
    sent = was is not None and any((each.owner, each.run) == (layer.owner, layer.run) for each in was.layers)
    held = was if was is not None else Held(seen.slot, seen.merge, ABSENT, ABSENT, name=seen.name)
    after = held if sent else claimed(held, layer)
    return Decision(seen, after, after.with_last(layer.claim.value), layer.claim.value, write=not sent)


def closing(seen: Seen, owner: str, run: str, *, force: bool = False) -> Decision:
    """Decide what happens when a step lets go of a slot: the fold without it, people's edits and later outages kept."""
    if seen.merge is Merge.EFFECT:
        gone = released(_current(seen), owner, run)
        return Decision(seen, gone, gone, ABSENT, write=False)
    held = _current(seen)
    ours = [layer for layer in held.layers if (layer.owner, layer.run) == (owner, run)]
    after = released(held, owner, run)
    if force:
        after = forced(after)
    plain = wanted(after)
    value = given_back(plain, ours)
    if value is not plain and same(seen.merge, seen.live, plain):
        value = plain
    write = bool(ours) and not same(seen.merge, seen.live, value)
    settled = after.with_last(value if write else seen.live)
    return Decision(
        seen,
        intent=held if write else settled,
        settled=settled,
        after=value,
        write=write,
        hidden=_hides(after) if ours else (),
        instead=plain if value is not plain else ABSENT,
    )


def _hides(after: Held) -> tuple[Value, ...]:
    """The value that the restore would give without people's edits, where they make a difference."""
    if not any(layer.owner == PERSON for layer in after.layers):
        return ()
    without = wanted(forced(after))
    return () if same(after.merge, without, wanted(after)) else (without,)


def keeping(seen: Seen, owner: str, run: str) -> Decision:
    """Decide what happens when a step ends with ``restore: keep``: nothing is written, the value stays."""
    held = kept(_current(seen), owner, run)
    return Decision(seen, held, held, seen.live, write=False)


def _current(seen: Seen, layer: Layer | None = None) -> Held:
    """The slot as held now, with people's edits taken in; captured from live when nobody holds it yet.

    An edit that is first seen when an outage comes on top of the stack (`layer`) was made before it, and lies below
    it: every outage leaves the number before its own free for that. An edit between two steps of one outage came after
    the first of them and lies above both.
    """
    if seen.was is None:
        return Held(seen.slot, seen.merge, seen.live, seen.live, name=seen.name)
    if seen.merge is Merge.EFFECT:
        return seen.was
    on_top = layer is not None and all(
        each.order < layer.order and each.n < layer.n - 1 for each in seen.was.layers
    )  # fmt: skip
    n = layer.n - 1 if layer is not None and on_top else seen.n
    return see(seen.was, seen.live, n=n, at=seen.at)
