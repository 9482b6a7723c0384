"""Which objects a step touches: names resolved to ids, selections that see through our own layers. Never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from itertools import groupby, islice
from typing import TypeVar

from runner.errors import InvalidInput
from runner.layers import Held, see, wanted
from runner.model import ABSENT, Slot, Value
from runner.spi import Found, KindSpec, Query

T = TypeVar("T")
_LATEST = 2**62  # above every layer: an edit that is only looked at, not stored
Read = Callable[[Query], Iterator[tuple[Slot, Value]]]
Names = dict[tuple[str, str], dict[str, list[str]]]  # (target, kind) -> name -> ids
HeldOf = Callable[[Sequence[str]], Mapping[Slot, Held]]


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of up to `size` items, reading no further ahead than one list."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page


def objects(rows: Iterable[tuple[Slot, Value]]) -> Iterator[Found]:
    """Group a provider's answer into objects; all slots of one object come in a row."""
    for key, group in groupby(rows, key=lambda row: row[0].key):
        values = {slot.path: value for slot, value in group}
        name = values.get("name", ABSENT)
        yield Found(key, name if isinstance(name, str) else key, values)


def resolve(query: Query, read: Read, target: str, lists: Names | None = None) -> Query:
    """Return the query with names turned into ids.

    `lists` keeps what was listed, so that many steps of one plan ask for the names of a kind once; a name that is not
    in a list of before is looked for in a new one. Raises `InvalidInput` when a name fits nothing (with the nearest
    names) or more than one object (with their ids).
    """
    if not query.names:
        return query
    lists = {} if lists is None else lists
    known = lists.get((target, query.kind), {})
    if not known.keys() >= set(query.names):
        known = lists[target, query.kind] = _listed(query.kind, read)
    ids = []
    for name in query.names:
        keys = known.get(name, [])
        if not keys:
            near = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
            raise InvalidInput(
                f"{target} has no {query.kind} named {name!r}",
                hint=f"it has: {', '.join(map(repr, near))}" if near else f"{target} has none at all",
                code="PL001",
            )
        if len(keys) > 1:
            raise InvalidInput(
                f"{target} has {len(keys)} {query.kind} objects named {name!r}",
                hint=f"say which: {{id: {keys[0]}}} (ids: {', '.join(keys)})",
                code="PL002",
            )
        ids.append(keys[0])
    return replace(query, names=(), ids=tuple(ids))


def _listed(kind: str, read: Read) -> dict[str, list[str]]:
    known: dict[str, list[str]] = {}
    for found in objects(read(Query(kind, paths=("name",)))):
        known.setdefault(found.name, []).append(found.key)
    return known


def without_outages(held: Held) -> Value:
    """Return the value that the slot would have if no outage held it: base and people's edits only."""
    return wanted(replace(held, layers=tuple(layer for layer in held.layers if not layer.of_outage)))


def select(query: Query, spec: KindSpec, read: Read, held_of: HeldOf, held_keys: Iterable[str]) -> Iterator[Found]:
    """Yield the objects of a resolved query, page by page.

    A selection by `where` sees every object as it would be without our layers: objects that the vendor finds only
    because we changed them are left out, and objects that we hold and that would match are added (so that overlapping
    outages both hold them). `held_keys` lists the keys of the kind that the store holds on this target, in order.
    """
    if query.where is None or spec.matches is None:
        yield from objects(read(query))
        return
    for page in batched(objects(read(query)), spec.page):
        held = by_key(held_of([found.key for found in page]))
        for found in page:
            if found.key not in held or spec.matches(query.where, through(found.values, held[found.key])):
                yield found
    for keys in batched(held_keys, spec.page):
        held = by_key(held_of(keys))
        live = objects(read(replace(query, where=None, ids=tuple(keys))))
        for found in live:
            if spec.matches(query.where, found.values):
                continue  # the vendor has found it already
            if found.key in held and spec.matches(query.where, through(found.values, held[found.key])):
                yield found


def by_key(held: Mapping[Slot, Held]) -> dict[str, dict[str, Held]]:
    """Return held slots as key -> path -> slot."""
    table: dict[str, dict[str, Held]] = {}
    for slot, one in held.items():
        table.setdefault(slot.key, {})[slot.path] = one
    return table


def through(values: Mapping[str, Value], held: Mapping[str, Held]) -> dict[str, Value]:
    """Return an object's values as they would be if no outage held it; what people wrote meanwhile counts."""
    seen = {path: see(one, values.get(path, one.last), n=_LATEST, at="") for path, one in held.items()}
    return {**values, **{path: without_outages(one) for path, one in seen.items()}}
