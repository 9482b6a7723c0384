"""Slots with their layers, as the store holds them. Plain functions on a connection; the caller decides the
transaction. Every statement runs once for a whole batch of objects of one target and kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, and_, bindparam, delete, func, insert, literal_column, select, update

from runner.layers import Held
from runner.model import Layer, Merge, Ref, Slot
from runner.store import tables as t
from runner.store.packing import pack, pack_claim, unpack, unpack_claim
from runner.store.prepared import ByKeys, Prepared

_PLACE: Final = ("target", "kind", "key", "path")
_MERGES: Final = {merge.value: merge for merge in Merge}


def _at(table: Any) -> Any:
    return and_(*(table.c[name] == bindparam(f"b_{name}") for name in _PLACE))


def _among(keys: list[BindParameter[str]]) -> Any:
    s, n = t.slots.c, t.layers.c
    layers = (n.owner, n.run, n.priority, n.n, n.step, n.claim, n.seen_at)
    joined = t.slots.outerjoin(t.layers, and_(*(s[name] == n[name] for name in _PLACE)))
    found = select(s.key, s.path, s.name, s.merge, s.base, s.last, s.rev, *layers).select_from(joined)
    return found.where(s.target == bindparam("b_target"), s.kind == bindparam("b_kind"), s.key.in_(keys))


def _revs(keys: list[BindParameter[str]]) -> Any:
    s = t.slots.c
    found = select(s.key, s.path, s.rev)
    return found.where(s.target == bindparam("b_target"), s.kind == bindparam("b_kind"), s.key.in_(keys))


_AT: Final = tuple(f"b_{name}" for name in _PLACE)
_HELD: Final = ByKeys(_among, ("b_target", "b_kind"))
_REVS: Final = ByKeys(_revs, ("b_target", "b_kind"))
_NEW_SLOTS: Final = Prepared(insert(t.slots), (*_PLACE, "name", "merge", "base", "last", "rev"))
_NEW_LAYERS: Final = Prepared(
    insert(t.layers), (*_PLACE, "owner", "run", "n", "priority", "step", "claim", "seen_at")
)  # fmt: skip
_MOVE_SLOT: Final = Prepared(
    update(t.slots).where(_at(t.slots)).values(last=bindparam("b_last"), rev=t.slots.c.rev + literal_column("1")),
    ("b_last", *_AT),
)
_FORGET_SLOT: Final = Prepared(delete(t.slots).where(_at(t.slots)), _AT)
_FORGET_LAYERS: Final = Prepared(delete(t.layers).where(_at(t.layers)), _AT)
_DELETE_LAYER: Final = Prepared(
    delete(t.layers).where(
        _at(t.layers),
        t.layers.c.owner == bindparam("b_owner"),
        t.layers.c.run == bindparam("b_run"),
        t.layers.c.n == bindparam("b_n"),
    ),
    (*_AT, "b_owner", "b_run", "b_n"),
)


def read_layer(row: Any) -> Layer:
    """Return the layer of a stored row."""
    return Layer(row.owner, row.run, row.priority, row.n, row.step, unpack_claim(row.claim), row.seen_at)


def held(conn: Connection, target: str, kind: str, keys: Sequence[str]) -> dict[Slot, Held]:
    """Return every stored slot of the objects, with its layers."""
    slots: dict[tuple[str, str], tuple[Any, ...]] = {}
    stacks: dict[tuple[str, str], list[Layer]] = {}
    for result in _HELD.each(conn, (target, kind), keys):
        for key, path, name, merge, base, last, rev, owner, run, priority, n, step, claim, seen_at in result.all():
            place = (key, path)
            if place not in slots:
                slots[place] = (name, merge, base, last, rev)
                stacks[place] = []
            if owner is not None:
                stacks[place].append(Layer(owner, run, priority, n, step, unpack_claim(claim), seen_at))
    found = {}
    for (key, path), (name, merge, base, last, rev) in slots.items():
        stack = stacks[key, path]
        if len(stack) > 1:
            stack.sort(key=lambda each: each.order)
        slot = Slot(target, kind, key, path)
        found[slot] = Held(slot, _MERGES[merge], unpack(base), unpack(last), tuple(stack), rev, name)
    return found


def revs(conn: Connection, target: str, kind: str, keys: Sequence[str]) -> dict[tuple[str, str], int]:
    """Return the revision of every stored slot of the objects, by (key, path): equal ones, equal slots."""
    return {(key, path): rev for result in _REVS.each(conn, (target, kind), keys) for key, path, rev in result.all()}


def save(conn: Connection, before: Mapping[Slot, Held], after: Iterable[Held], *, adopt: bool = False) -> None:
    """Write slots and layers as they are in `after`; `before` is what the store holds. A slot that no outage holds
    any more is forgotten. With `adopt` the layers of new slots are in the store already (human steps)."""
    new: list[tuple[Any, ...]] = []
    moved: list[tuple[Any, ...]] = []
    gone: list[tuple[Any, ...]] = []
    layers_in: list[tuple[Any, ...]] = []
    layers_out: list[tuple[Any, ...]] = []
    for one in after:
        slot = one.slot
        at = (slot.target, slot.kind, slot.key, slot.path)
        was = before.get(slot)
        if not one.held:
            if was is not None:
                gone.append(at)
            continue
        old = () if was is None else was.layers
        if old != one.layers:
            layers_out += [(*at, each.owner, each.run, each.n) for each in old if each not in one.layers]
            layers_in += [_row(at, each) for each in one.layers if each not in old and not adopt]
        if was is None:
            new.append((*at, one.name, one.merge.value, pack(one.base), pack(one.last), 1))
        else:
            moved.append((pack(one.last), *at))
    _DELETE_LAYER.many(conn, layers_out)
    _NEW_SLOTS.many(conn, new)
    _NEW_LAYERS.many(conn, layers_in)
    _MOVE_SLOT.many(conn, moved)
    _FORGET_LAYERS.many(conn, gone)
    _FORGET_SLOT.many(conn, gone)


def add_layer(conn: Connection, slot: Slot, layer: Layer) -> None:
    """Store one layer of a slot."""
    _NEW_LAYERS.many(conn, [_row((slot.target, slot.kind, slot.key, slot.path), layer)])


def _row(at: tuple[str, str, str, str], layer: Layer) -> tuple[Any, ...]:
    place = (layer.owner, layer.run, layer.n, layer.priority, layer.step)
    return (*at, *place, pack_claim(layer.claim), layer.seen_at)


def keys_of_run(
    conn: Connection, outage: str, run: str, *, target: str, kind: str, after: str, limit: int
) -> list[str]:
    """Return up to `limit` keys of objects that a run holds, in order, from behind `after`: pages without a cursor."""
    layers = t.layers.c
    statement = (
        select(layers.key)
        .where(layers.owner == outage, layers.run == run, layers.target == target, layers.kind == kind)
        .where(layers.key > after)
        .group_by(layers.key)
        .order_by(layers.key)
        .limit(limit)
    )
    return [row.key for row in conn.execute(statement)]


def keys_of_kind(conn: Connection, target: str, kind: str, *, after: str, limit: int) -> list[str]:
    """Return up to `limit` keys of held objects of a kind, in order, from behind `after`."""
    slots = t.slots.c
    statement = select(slots.key).where(slots.target == target, slots.kind == kind, slots.key > after)
    return [row.key for row in conn.execute(statement.distinct().order_by(slots.key).limit(limit))]


def count_held(conn: Connection, outage: str) -> dict[str, int]:
    """Return how many objects each run of an outage holds now."""
    layers = t.layers.c
    objects = select(layers.run, layers.target, layers.kind, layers.key).where(layers.owner == outage)
    inner = objects.distinct().subquery()
    return {row.run: row.n for row in conn.execute(select(inner.c.run, func.count().label("n")).group_by(inner.c.run))}


def count_of_run(conn: Connection, outage: str, run: str) -> int:
    """Return how many objects one run of an outage holds now."""
    layers = t.layers.c
    objects = select(layers.target, layers.kind, layers.key).where(layers.owner == outage, layers.run == run)
    return int(conn.execute(select(func.count()).select_from(objects.distinct().subquery())).scalar_one())


def all_held(conn: Connection, outage: str | None = None) -> Iterator[Held]:
    """Yield every stored slot (of one outage, when named), for `why`, `drift` and exports."""
    layers = t.layers
    statement = select(layers.c.target, layers.c.kind, layers.c.key).distinct()
    if outage is not None:
        statement = statement.where(layers.c.owner == outage)
    refs = [Ref(*row) for row in conn.execute(statement.order_by("target", "kind", "key"))]
    for (target, kind), group in groupby(refs, key=lambda ref: (ref.target, ref.kind)):
        keys = [ref.key for ref in group]
        for start in range(0, len(keys), 500):
            yield from held(conn, target, kind, keys[start : start + 500]).values()
