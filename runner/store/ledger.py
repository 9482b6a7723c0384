"""What the engine asks of the store: slots with their layers, journal rows, outages and runs.

Plain functions on a connection; the caller decides the transaction. Batches are sets of objects of one target and
kind, so every statement runs once per batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from runner.layers import Held
from runner.model import Claim, Json, Layer, Merge, Ref, Slot, Value, value_from_json, value_to_json
from runner.store import tables as t


def dumps(data: Json) -> str:
    """Return canonical JSON text."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def pack(value: Value) -> str:
    """Return a slot's value as canonical JSON text."""
    return dumps(value_to_json(value))


def unpack(text: str) -> Value:
    """Return the value that `pack` wrote."""
    return value_from_json(json.loads(text))


# --- slots and layers -----------------------------------------------------------------------------------------------

_SLOTS = select(t.slots).where(
    t.slots.c.target == bindparam("target"),
    t.slots.c.kind == bindparam("kind"),
    t.slots.c.key.in_(bindparam("keys", expanding=True)),
)
_LAYERS = select(t.layers).where(
    t.layers.c.target == bindparam("target"),
    t.layers.c.kind == bindparam("kind"),
    t.layers.c.key.in_(bindparam("keys", expanding=True)),
)


def read_layer(row: Any) -> Layer:
    """Return the layer of a stored row."""
    return Layer(row.owner, row.run, row.priority, row.n, row.step, Claim.from_json(json.loads(row.claim)), row.seen_at)


def held(conn: Connection, target: str, kind: str, keys: Sequence[str]) -> dict[Slot, Held]:
    """Return every stored slot of the objects, with its layers."""
    values = {"target": target, "kind": kind, "keys": list(keys)}
    stacks: dict[tuple[str, str], list[Layer]] = {}
    for row in conn.execute(_LAYERS, values):
        stacks.setdefault((row.key, row.path), []).append(read_layer(row))
    found = {}
    for row in conn.execute(_SLOTS, values):
        slot = Slot(target, kind, row.key, row.path)
        stack = tuple(sorted(stacks.get((row.key, row.path), ()), key=lambda each: each.order))
        found[slot] = Held(slot, Merge(row.merge), unpack(row.base), unpack(row.last), stack, row.rev, row.name)
    return found


def save(conn: Connection, before: Mapping[Slot, Held], after: Iterable[Held], *, adopt: bool = False) -> None:
    """Write slots and layers as they are in `after`; `before` is what the store holds. A slot that no outage holds
    any more is forgotten. With `adopt` the layers of new slots are in the store already (human steps)."""
    new, moved, gone = [], [], []
    layers_in: list[dict[str, Any]] = []
    layers_out: list[dict[str, Any]] = []
    for one in after:
        at = {"target": one.slot.target, "kind": one.slot.kind, "key": one.slot.key, "path": one.slot.path}
        was = before.get(one.slot)
        old = () if was is None else was.layers
        if not one.held:
            if was is not None:
                gone.append({f"b_{name}": value for name, value in at.items()})
            continue
        if old != one.layers:
            layers_out += [_key(at, each) for each in old if each not in one.layers]
            layers_in += [_row(at, each) for each in one.layers if each not in old and not adopt]
        if was is None:
            texts = {"merge": one.merge.value, "base": pack(one.base), "last": pack(one.last)}
            new.append({**at, **texts, "rev": 1, "name": one.name})
        else:
            moved.append({**{f"b_{name}": value for name, value in at.items()}, "b_last": pack(one.last)})
    _many(conn, _DELETE_LAYER, layers_out)
    _many(conn, insert(t.slots), new)
    _many(conn, insert(t.layers), layers_in)
    _many(conn, _MOVE_SLOT, moved)
    _many(conn, _FORGET_LAYERS, gone)
    _many(conn, _FORGET_SLOT, gone)


def _many(conn: Connection, statement: Any, values: list[dict[str, Any]]) -> None:
    if values:
        conn.execute(statement, values)


def _key(at: Mapping[str, str], layer: Layer) -> dict[str, Any]:
    return {**{f"b_{k}": v for k, v in at.items()}, "b_owner": layer.owner, "b_run": layer.run, "b_n": layer.n}


def layer_row(slot: Slot, layer: Layer) -> dict[str, Any]:
    """Return the row that stores a layer of a slot."""
    return _row({"target": slot.target, "kind": slot.kind, "key": slot.key, "path": slot.path}, layer)


def _row(at: Mapping[str, str], layer: Layer) -> dict[str, Any]:
    place = {"owner": layer.owner, "run": layer.run, "n": layer.n, "priority": layer.priority, "step": layer.step}
    return {**at, **place, "claim": dumps(layer.claim.to_json()), "seen_at": layer.seen_at}


def _at(table: Any) -> Any:
    return and_(*(table.c[name] == bindparam(f"b_{name}") for name in ("target", "kind", "key", "path")))


_MOVE_SLOT = update(t.slots).where(_at(t.slots)).values(last=bindparam("b_last"), rev=t.slots.c.rev + 1)
_FORGET_SLOT = delete(t.slots).where(_at(t.slots))
_FORGET_LAYERS = delete(t.layers).where(_at(t.layers))
_DELETE_LAYER = delete(t.layers).where(
    _at(t.layers),
    t.layers.c.owner == bindparam("b_owner"),
    t.layers.c.run == bindparam("b_run"),
    t.layers.c.n == bindparam("b_n"),
)


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


def count_held(conn: Connection, outage: str) -> dict[str, int]:
    """Return how many objects each run of an outage holds now."""
    objects = select(t.layers.c.run, t.layers.c.target, t.layers.c.kind, t.layers.c.key).where(
        t.layers.c.owner == outage
    )
    inner = objects.distinct().subquery()
    return {row.run: row.n for row in conn.execute(select(inner.c.run, func.count().label("n")).group_by(inner.c.run))}


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


# --- the journal ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of one batch in the journal. `changes` maps path -> (before, after)."""

    seq: int
    outage: str
    run: str
    direction: str
    ref: Ref
    changes: Mapping[str, tuple[Value, Value]]
    state: str
    token: int = 0
    reason: str = ""


def next_seq(conn: Connection) -> int:
    """Return the first free number of the journal; only meaningful inside a write transaction."""
    return int(conn.execute(select(func.coalesce(func.max(t.journal.c.seq), 0))).scalar_one()) + 1


def next_n(conn: Connection, count: int = 1) -> int:
    """Take `count` numbers from the store's counter and return the first."""
    conn.execute(update(t.meta).values(counter=t.meta.c.counter + count))
    return int(conn.execute(select(t.meta.c.counter)).scalar_one()) - count + 1


def write_entries(conn: Connection, entries: Sequence[Entry], at_ms: int) -> None:
    """Append journal rows, and mark earlier unfinished rows of the same objects and run as tried again."""
    if not entries:
        return
    first = entries[0]
    retried = (
        update(t.journal)
        .where(t.journal.c.outage == first.outage, t.journal.c.run == first.run, t.journal.c.state == "void")
        .where(t.journal.c.key.in_([entry.ref.key for entry in entries]))
    )
    conn.execute(retried.values(state="retried"))
    conn.execute(insert(t.journal), [_entry_row(entry, at_ms) for entry in entries])


def _entry_row(entry: Entry, at_ms: int) -> dict[str, Any]:
    changes = {path: [value_to_json(b), value_to_json(a)] for path, (b, a) in entry.changes.items()}
    return {
        "seq": entry.seq,
        "outage": entry.outage,
        "run": entry.run,
        "direction": entry.direction,
        "target": entry.ref.target,
        "kind": entry.ref.kind,
        "key": entry.ref.key,
        "changes": dumps(changes),
        "state": entry.state,
        "token": entry.token,
        "reason": entry.reason,
        "at_ms": at_ms,
    }


def _entry(row: Any) -> Entry:
    changes = {
        path: (value_from_json(pair[0]), value_from_json(pair[1])) for path, pair in json.loads(row.changes).items()
    }
    ref = Ref(row.target, row.kind, row.key)
    return Entry(row.seq, row.outage, row.run, row.direction, ref, changes, row.state, row.token, row.reason)


def unfinished(conn: Connection, *, outage: str | None = None, refs: Sequence[Ref] = ()) -> list[Entry]:
    """Return journal rows with an intent but no outcome: of one outage, or of any outage on these objects."""
    journal = t.journal
    statement = select(journal).where(journal.c.state == "intent").order_by(journal.c.seq)
    if outage is not None:
        statement = statement.where(journal.c.outage == outage)
    if refs:
        statement = statement.where(journal.c.target == refs[0].target, journal.c.kind == refs[0].kind)
        statement = statement.where(journal.c.key.in_([ref.key for ref in refs]))
    return [_entry(row) for row in conn.execute(statement)]


def in_state(conn: Connection, outage: str, states: Sequence[str], run: str | None = None) -> list[Entry]:
    """Return the journal rows of an outage (of one run) in these states."""
    statement = select(t.journal).where(t.journal.c.outage == outage, t.journal.c.state.in_(states))
    if run is not None:
        statement = statement.where(t.journal.c.run == run)
    return [_entry(row) for row in conn.execute(statement.order_by(t.journal.c.seq))]


_SET_STATE = (
    update(t.journal)
    .where(t.journal.c.seq == bindparam("b_seq"))
    .values(state=bindparam("b_state"), reason=bindparam("b_reason"))
)


def set_states(conn: Connection, states: Iterable[tuple[int, str, str]]) -> None:
    """Record outcomes: (seq, state, reason)."""
    _many(conn, _SET_STATE, [{"b_seq": seq, "b_state": state, "b_reason": reason} for seq, state, reason in states])


def set_ref(conn: Connection, seqs: Sequence[int], ref: str) -> None:
    """Record the vendor's job of some intents, before it is polled."""
    conn.execute(update(t.journal).where(t.journal.c.seq.in_(list(seqs))).values(ref=ref))


def touched(conn: Connection, outage: str) -> bool:
    """Whether the outage ever recorded an intent."""
    return conn.execute(select(t.journal.c.seq).where(t.journal.c.outage == outage).limit(1)).first() is not None


# --- outages and runs -----------------------------------------------------------------------------------------------


def outage_row(conn: Connection, outage: str) -> Any | None:
    """Return the row of one outage, or None."""
    return conn.execute(select(t.outages).where(t.outages.c.id == outage)).first()


def outage_rows(conn: Connection, *, unfinished_only: bool = False) -> list[Any]:
    """Return all outages by start; only those that still owe something, when asked."""
    statement = select(t.outages).order_by(t.outages.c.start_ms, t.outages.c.id)
    if unfinished_only:
        statement = statement.where(t.outages.c.state.in_(("registered", "open", "closing")))
    return list(conn.execute(statement))


def set_outage(conn: Connection, outage: str, **values: Any) -> None:
    """Update columns of one outage."""
    conn.execute(update(t.outages).where(t.outages.c.id == outage).values(**values))


def run_states(conn: Connection, outage: str) -> dict[str, Any]:
    """Return the rows of an outage's runs by run id, in order."""
    return {
        row.run: row for row in conn.execute(select(t.runs).where(t.runs.c.outage == outage).order_by(t.runs.c.ord))
    }


def set_run(conn: Connection, outage: str, run: str, **values: Any) -> None:
    """Update columns of one run."""
    conn.execute(update(t.runs).where(t.runs.c.outage == outage, t.runs.c.run == run).values(**values))


def record(
    conn: Connection, *, at_ms: int, outage: str, verb: str, actor: str, reason: str, detail: Json = None
) -> None:
    """Append a line to the history: who did what to which outage, and why."""
    row = {"at_ms": at_ms, "outage": outage, "verb": verb, "actor": actor, "reason": reason, "detail": dumps(detail)}
    conn.execute(insert(t.events), row)


def add_runs(
    conn: Connection, outage: str, runs: Sequence[tuple[str, int]], leads: Mapping[str, int] | None = None
) -> None:
    """Make rows for runs (id, order) that the outage does not have yet. `leads` says by how many milliseconds a run
    starts early."""
    known = run_states(conn, outage)
    rows = [
        {"outage": outage, "run": run, "ord": order, "state": "pending", "digest": ""}
        for run, order in runs
        if run not in known
    ]
    _many(conn, insert(t.runs), rows)
    for run, lead in (leads or {}).items():
        set_run(conn, outage, run, lead_ms=lead)


def drop_run(conn: Connection, outage: str, run: str) -> None:
    """Forget a run that holds nothing and that its playbook no longer has."""
    conn.execute(delete(t.runs).where(t.runs.c.outage == outage, t.runs.c.run == run))


def keys_of_kind(conn: Connection, target: str, kind: str, *, after: str, limit: int) -> list[str]:
    """Return up to `limit` keys of held objects of a kind, in order, from behind `after`."""
    slots = t.slots.c
    statement = select(slots.key).where(slots.target == target, slots.kind == kind, slots.key > after)
    return [row.key for row in conn.execute(statement.distinct().order_by(slots.key).limit(limit))]


def forget_unknown(conn: Connection, outage: str, run: str) -> None:
    """Let go of effects whose outcome is unknown, so that the run sends them again."""
    entries = in_state(conn, outage, ["unknown"], run)
    for entry in entries:
        now = held(conn, entry.ref.target, entry.ref.kind, [entry.ref.key])
        gone = [replace(one, layers=tuple(x for x in one.layers if x.run != run)) for one in now.values()]
        save(conn, now, gone)
    set_states(conn, [(entry.seq, "retried", "sent again on request") for entry in entries])


def kinds_of_run(conn: Connection, outage: str, run: str) -> list[tuple[str, str]]:
    """Return the (target, kind) pairs that a run holds anything of."""
    layers = t.layers.c
    statement = select(layers.target, layers.kind).where(layers.owner == outage, layers.run == run).distinct()
    return [(row.target, row.kind) for row in conn.execute(statement)]
