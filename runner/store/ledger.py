"""What the engine asks of the store: journal rows, outages and runs, and, from `stacks`, slots with their layers.

Plain functions on a connection; the caller decides the transaction. Batches are sets of objects of one target and
kind, so every statement runs once per batch.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, insert, or_, select, text, update

from runner.model import Json, Ref, Value, value_from_json
from runner.store import tables as t
from runner.store.packing import dumps, pack, pack_changes, unpack
from runner.store.prepared import ByKeys, Prepared
from runner.store.stacks import (
    all_held,
    count_held,
    count_of_run,
    held,
    keys_of_kind,
    keys_of_run,
    revs,
    save,
)

__all__ = [
    "Entry",
    "add_runs",
    "all_held",
    "count_entries",
    "count_held",
    "count_of_run",
    "desired",
    "drop_run",
    "dumps",
    "events",
    "forget_unknown",
    "held",
    "in_state",
    "keys_of_kind",
    "keys_of_run",
    "kinds_of_run",
    "names",
    "next_n",
    "next_seq",
    "outage_row",
    "outage_rows",
    "pack",
    "place_of",
    "record",
    "refs_named",
    "reserve",
    "revs",
    "run_states",
    "save",
    "set_outage",
    "set_ref",
    "set_run",
    "set_states",
    "touched",
    "unfinished",
    "unfinished_on",
    "unpack",
    "write_entries",
]


def refs_named(conn: Connection, name: str) -> list[Ref]:
    """Return the held objects whose name or key is `name`."""
    slots = t.slots.c
    statement = select(slots.target, slots.kind, slots.key).where((slots.name == name) | (slots.key == name)).distinct()
    return [Ref(*row) for row in conn.execute(statement.order_by("target", "kind", "key"))]


def names(conn: Connection, limit: int = 2000) -> list[str]:
    """Return the names of up to `limit` held objects."""
    return [row.name for row in conn.execute(select(t.slots.c.name).distinct().limit(limit)) if row.name]


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


def reserve(conn: Connection, place: Entry, at_ms: int) -> int:
    """Return a number of the journal that nothing else ever gets: a row with the number above it keeps it. `place` says
    what the number is for."""
    seq = next_seq(conn)
    write_entries(conn, [replace(place, seq=seq + 1, reason=f"keeps {seq} for an acknowledgement")], at_ms)
    return seq


def next_n(conn: Connection, count: int = 1) -> int:
    """Take `count` numbers from the store's counter and return the first."""
    conn.execute(update(t.meta).values(counter=t.meta.c.counter + count))
    return int(conn.execute(select(t.meta.c.counter)).scalar_one()) - count + 1


_ROW: Final = (
    *("seq", "outage", "run", "direction", "target", "kind", "key", "changes", "state", "token", "reason", "at_ms"),
)
_NEW_ENTRIES: Final = Prepared(insert(t.journal), _ROW)
_IS_OPEN: Final = text("journal.state IN ('intent', 'void', 'unknown')")  # the words of the index `journal_open`


def _retried(keys: list[BindParameter[str]]) -> Any:
    journal = t.journal.c
    over = or_(journal.state == text("'void'"), journal.state == text("'rejected'"))
    mine = (journal.outage == bindparam("b_outage"), journal.run == bindparam("b_run"), over)
    return update(t.journal).where(*mine, journal.key.in_(keys)).values(state=text("'retried'"))


def _open_on(keys: list[BindParameter[str]]) -> Any:
    journal = t.journal.c
    place = (journal.target == bindparam("b_target"), journal.kind == bindparam("b_kind"), journal.key.in_(keys))
    return select(t.journal).where(_IS_OPEN, journal.state == text("'intent'"), *place)


_RETRIED: Final = ByKeys(_retried, ("b_outage", "b_run"))
_OPEN_ON: Final = ByKeys(_open_on, ("b_target", "b_kind"))


def write_entries(conn: Connection, entries: Sequence[Entry], at_ms: int) -> None:
    """Append journal rows, and mark earlier unfinished rows of the same objects and run as tried again."""
    if not entries:
        return
    first = entries[0]
    for _ in _RETRIED.each(conn, (first.outage, first.run), [entry.ref.key for entry in entries]):
        pass
    _NEW_ENTRIES.many(conn, [_entry_row(entry, at_ms) for entry in entries])


def _entry_row(entry: Entry, at_ms: int) -> tuple[Any, ...]:
    ref, changes = entry.ref, pack_changes(entry.changes)
    place = (entry.seq, entry.outage, entry.run, entry.direction, ref.target, ref.kind, ref.key)
    return (*place, changes, entry.state, entry.token, entry.reason, at_ms)


def _entry(row: Any) -> Entry:
    changes = {
        path: (value_from_json(pair[0]), value_from_json(pair[1])) for path, pair in json.loads(row.changes).items()
    }
    ref = Ref(row.target, row.kind, row.key)
    return Entry(row.seq, row.outage, row.run, row.direction, ref, changes, row.state, row.token, row.reason)


def unfinished(conn: Connection, *, outage: str | None = None) -> list[Entry]:
    """Return journal rows, of one outage when it is named, with an intent but no outcome."""
    rows = conn.execute(select(t.journal).where(_IS_OPEN, t.journal.c.state == "intent"))
    entries = (_entry(row) for row in rows if outage is None or row.outage == outage)
    return sorted(entries, key=lambda entry: entry.seq)


def unfinished_on(conn: Connection, target: str, kind: str, keys: Sequence[str]) -> list[Entry]:
    """Return the journal rows of any outage on these objects with an intent but no outcome."""
    return [_entry(row) for result in _OPEN_ON.each(conn, (target, kind), keys) for row in result]


def in_state(conn: Connection, outage: str, states: Sequence[str], run: str | None = None) -> list[Entry]:
    """Return the journal rows of an outage (of one run) in these states."""
    statement = select(t.journal).where(t.journal.c.outage == outage, t.journal.c.state.in_(states))
    if run is not None:
        statement = statement.where(t.journal.c.run == run)
    return [_entry(row) for row in conn.execute(statement.order_by(t.journal.c.seq))]


def refused(conn: Connection, outage: str) -> dict[str, list[str]]:
    """Return run -> keys of objects whose change the target refused at the opening, and was not asked for again."""
    j = t.journal.c
    statement = select(j.run, j.key).where(j.outage == outage, j.state == "rejected", j.direction == "open")
    found: dict[str, list[str]] = {}
    for row in conn.execute(statement.order_by(j.run, j.seq)):
        found.setdefault(row.run, []).append(row.key)
    return found


def sent(conn: Connection, outage: str, run: str, paths: Collection[str]) -> dict[str, set[str]]:
    """Return key -> those of these paths whose effect a run has sent, or may have. What it let go of for good is among
    them: the journal forgets nothing."""
    j = t.journal.c
    mine = (j.outage == outage, j.run == run, j.direction == "open", j.state.in_(("done", "unknown")))
    at = or_(*(j.changes.like(f'%"{path}":%') for path in paths))
    found: dict[str, set[str]] = {}
    for row in conn.execute(select(j.key, j.changes).where(*mine, at)):
        found.setdefault(row.key, set()).update(path for path in json.loads(row.changes) if path in paths)
    return found


_SET_STATE: Final = Prepared(
    update(t.journal)
    .where(t.journal.c.seq.between(bindparam("b_first"), bindparam("b_last")))
    .values(state=bindparam("b_state"), reason=bindparam("b_reason")),
    ("b_state", "b_reason", "b_first", "b_last"),
)


def set_states(conn: Connection, states: Iterable[tuple[int, str, str]]) -> None:
    """Record outcomes: (seq, state, reason)."""
    spans: list[tuple[str, str, int, int]] = []
    for seq, state, reason in states:
        if spans and spans[-1][0] == state and spans[-1][1] == reason and spans[-1][3] == seq - 1:
            spans[-1] = (state, reason, spans[-1][2], seq)
        else:
            spans.append((state, reason, seq, seq))
    _SET_STATE.many(conn, spans)


def set_ref(conn: Connection, seqs: Sequence[int], ref: str) -> None:
    """Record the vendor's job of some intents, before it is polled."""
    conn.execute(update(t.journal).where(t.journal.c.seq.in_(list(seqs))).values(ref=ref))


def jobs(conn: Connection, seqs: Sequence[int]) -> set[str]:
    """Return the vendor's jobs of some intents; "" stands for those of which no job was recorded."""
    return set(conn.execute(select(t.journal.c.ref).where(t.journal.c.seq.in_(list(seqs))).distinct()).scalars())


def any_entry(conn: Connection, seqs: Sequence[int]) -> bool:
    """Whether the journal has a row with one of these numbers."""
    return conn.execute(select(t.journal.c.seq).where(t.journal.c.seq.in_(seqs)).limit(1)).first() is not None


def touched(conn: Connection, outage: str) -> bool:
    """Whether the outage ever recorded an intent."""
    return conn.execute(select(t.journal.c.seq).where(t.journal.c.outage == outage).limit(1)).first() is not None


# --- outages and runs -----------------------------------------------------------------------------------------------


def outage_row(conn: Connection, outage: str) -> Any | None:
    """Return the row of one outage, or None."""
    return conn.execute(select(t.outages).where(t.outages.c.id == outage)).first()


def desired(conn: Connection, outage: str) -> str:
    """Return where an outage is to be driven: apply or revert, "" when the store does not have it."""
    return conn.execute(select(t.outages.c.desired).where(t.outages.c.id == outage)).scalar_one_or_none() or ""


def place_of(conn: Connection, outage: str) -> tuple[str, int]:
    """Return the state of an outage and its number in the stack, ("", 0) when the store does not have it."""
    row = conn.execute(select(t.outages.c.state, t.outages.c.n).where(t.outages.c.id == outage)).first()
    return ("", 0) if row is None else (row.state, row.n)


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


def events(conn: Connection, outage: str) -> list[Any]:
    """Return the history of an outage, oldest first."""
    return list(conn.execute(select(t.events).where(t.events.c.outage == outage).order_by(t.events.c.id)))


def count_entries(conn: Connection, outage: str) -> dict[str, int]:
    """Return how many objects of an outage's journal are in each state."""
    state = t.journal.c.state
    statement = select(state, func.count().label("n")).where(t.journal.c.outage == outage).group_by(state)
    return {row.state: row.n for row in conn.execute(statement.order_by(state))}


def open_anew(conn: Connection, outage: str, runs: Collection[str] | None = None) -> None:
    """Let the next drive carry out the open steps of an outage (or only some of them) once more."""
    mine = (t.runs.c.outage == outage, t.runs.c.state.in_(("active", "waiting")))
    only = () if runs is None else (t.runs.c.run.in_(list(runs)),)
    conn.execute(update(t.runs).where(*mine, *only).values(digest=""))


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
    if rows:
        conn.execute(insert(t.runs), rows)
    for run, lead in (leads or {}).items():
        set_run(conn, outage, run, lead_ms=lead)


def drop_run(conn: Connection, outage: str, run: str) -> None:
    """Forget a run that holds nothing and that its playbook no longer has."""
    conn.execute(delete(t.runs).where(t.runs.c.outage == outage, t.runs.c.run == run))


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
