"""Human steps in the store: tasks, acknowledgements, and the layers of slots that only people can write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from runner.errors import InvalidInput
from runner.layers import Held
from runner.model import Layer, Slot, value_to_json
from runner.store import tables as t
from runner.store.packing import dumps
from runner.store.stacks import add_layer, held, read_layer

WAITING = ("waiting", "question")


def count_waiting(conn: Connection, outage: str) -> int:
    """Return how many human steps of an outage wait for a person."""
    tasks = t.tasks.c
    statement = select(func.count()).where(tasks.outage == outage, tasks.state.in_(("waiting", "question")))
    return int(conn.execute(statement).scalar_one())


def tasks(conn: Connection, outage: str, run: str = "") -> list[Any]:
    """Return the task rows of an outage (of one run), in order."""
    statement = select(t.tasks).where(t.tasks.c.outage == outage)
    if run:
        statement = statement.where(t.tasks.c.run == run)
    return list(conn.execute(statement.order_by(t.tasks.c.due_ms, t.tasks.c.run, t.tasks.c.item)))


def _openings(conn: Connection, outage: str, run: str) -> list[Any]:
    return [task for task in tasks(conn, outage, run) if task.direction == "open" and task.state != "dropped"]


def taken_out(conn: Connection, outage: str, run: str, titles: Collection[str]) -> list[str]:
    """Return what a step asks for now and is not among the `titles` of what it will ask for."""
    return [task.title for task in _openings(conn, outage, run) if task.title not in titles]


def refuse_moved(conn: Connection, outage: str, run: str, titles: Mapping[str, str]) -> None:
    """Raise `InvalidInput` when an item that is done stands at another place of its list now: what came to its old
    place would count as done. `titles` maps each key that the step wants to what it says."""
    for task in _openings(conn, outage, run):
        if task.state == "done" and titles.get(task.key) != task.title and task.title in titles.values():
            raise InvalidInput(
                f"step {run}: {task.title!r} is done, and stands at another place of the list now",
                hint="items of a running list are known by their place: leave what is done where it is, and add new "
                "ones at the end",
            )


def waiting_at(conn: Connection, slot: Slot) -> list[Any]:
    """Return the tasks of all outages that wait for somebody to set one slot."""
    c = t.tasks.c
    at = (c.target == slot.target, c.kind == slot.kind, c.key == slot.key, c.path == slot.path)
    return list(conn.execute(select(t.tasks).where(*at, c.state == "waiting")))


def put_task(conn: Connection, row: dict[str, Any]) -> None:
    """Make a task; one that exists keeps its state while it asks for the same, and is made anew when it does not.

    An opposite that is done belongs to an earlier turn of the step, and one that was dropped asks nobody: both are
    made anew.
    """
    key = [t.tasks.c[name] == row[name] for name in ("outage", "run", "item", "direction")]
    old = conn.execute(select(t.tasks).where(*key)).first()
    if old is None:
        conn.execute(insert(t.tasks), row)
    elif _over(old) or any(old._mapping[name] != row[name] for name in ("key", "path", "title", "value")):
        conn.execute(update(t.tasks).where(*key).values(row))


def _over(task: Any) -> bool:
    return (task.state, task.direction) in {("dropped", "open"), ("dropped", "close"), ("done", "close")}


def set_task(conn: Connection, outage: str, run: str, item: str, direction: str, **values: Any) -> None:
    """Update columns of one task."""
    where = (t.tasks.c.outage == outage, t.tasks.c.run == run, t.tasks.c.item == item)
    conn.execute(update(t.tasks).where(*where, t.tasks.c.direction == direction).values(**values))


def add_ack(conn: Connection, task: Any, ack: Any, at_ms: int) -> None:
    """Append an acknowledgement."""
    row = {"outage": task.outage, "run": task.run, "item": task.item, "direction": task.direction}
    said = {"before": dumps(value_to_json(ack.before)), "evidence": ack.evidence, "evidence_hash": ack.evidence_hash}
    conn.execute(insert(t.acks), {**row, **said, "actor": ack.actor, "at_ms": at_ms})


def acks(conn: Connection, outage: str) -> list[Any]:
    """Return the acknowledgements of an outage, oldest first; corrections of the value before among them."""
    return list(conn.execute(select(t.acks).where(t.acks.c.outage == outage).order_by(t.acks.c.id)))


def put_layer(conn: Connection, slot: Slot, layer: Layer) -> None:
    """Store a human claim; the slot itself is stored when somebody says what stood there before."""
    drop_layer(conn, slot, layer.owner, layer.run)
    add_layer(conn, slot, layer)


def drop_layer(conn: Connection, slot: Slot, owner: str, run: str) -> None:
    """Remove one claim."""
    c = t.layers.c
    at = (c.target == slot.target, c.kind == slot.kind, c.key == slot.key, c.path == slot.path)
    conn.execute(delete(t.layers).where(*at, c.owner == owner, c.run == run))


def layers_at(conn: Connection, slot: Slot) -> Iterator[Layer]:
    """Yield the layers of one slot."""
    c = t.layers.c
    at = (c.target == slot.target, c.kind == slot.kind, c.key == slot.key, c.path == slot.path)
    yield from (read_layer(row) for row in conn.execute(select(t.layers).where(*at)))


def layers_of_run(conn: Connection, outage: str, run: str) -> list[tuple[Slot, Layer]]:
    """Return every claim of one run."""
    c = t.layers.c
    rows = conn.execute(select(t.layers).where(c.owner == outage, c.run == run).order_by(c.key, c.path))
    return [(Slot(row.target, row.kind, row.key, row.path), read_layer(row)) for row in rows]


def held_of_run(conn: Connection, outage: str, run: str) -> list[tuple[Slot, Held]]:
    """Return every stored slot that one run holds."""
    found = []
    for slot, _ in layers_of_run(conn, outage, run):
        one = held(conn, slot.target, slot.kind, [slot.key]).get(slot)
        if one is not None:
            found.append((slot, one))
    return found
