"""The store against a bare sqlite3 loop, and a whole apply against the store.

One change is one ticket's status. The runner's side is the real path of a batch (`Batches.carry_out`: fence, fold,
before-images, layers, intent, journal file, send, outcomes) on a target that answers at once. The bare side knows what
is going to happen: it makes the very same rows and hash-chained lines from a number and decides nothing. Durability is
the same: WAL, ``synchronous=FULL``, two transactions and two synced appends for each batch of 100. Both end with equal
tables and an equal journal file, byte for byte; the benchmark checks it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.support import NOW, Row, Runner, Table, folder, paired, seconds
from runner.batches import Batches
from runner.deps import Deps
from runner.kinds import tickets
from runner.model import Accepted, Change, Claim, Op, Outcome, Slot, Value, Verdict
from runner.spi import Found, KindSpec, Query, Target, Want
from runner.store import lease
from runner.store.journal import JournalFile, rfc3339
from runner.store.store import Store
from runner.work import Desk, Job, Work

CHANGES = 10_000
BATCH = 100
OUTAGE = "bench@2026-12-11T11:30"
LEASE = 90.0
DONE = Outcome(Verdict.DONE, proven=True)
TABLES = ("slots", "layers", "journal")
MS = int(NOW.timestamp() * 1000)
LAYER = {"owner": OUTAGE, "run": "pause", "priority": 0, "n": 2, "step": 0, "seen_at": ""}
FENCE = "UPDATE leases SET expires_ms = ? WHERE name = ? AND token = 1"
MOVE = "UPDATE slots SET last = ?, rev = rev + 1 WHERE target = ? AND kind = ? AND key = ? AND path = ?"


def dumps(data: Any) -> str:
    """Return canonical JSON text."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(slots=True)
class AtOnce:
    """A target that does what it is told, for nothing."""

    kind: KindSpec
    requests: dict[str, int]

    def target(self, name: str) -> Target:
        return Target(name, "none")

    def spec(self, name: str, kind: str) -> KindSpec:
        return self.kind

    def read(self, name: str, query: Query) -> Iterator[tuple[Slot, Value]]:
        return iter(())

    def write(self, name: str, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        return iter([DONE] * len(batch))


def jobs() -> list[list[Job]]:
    """Return the changes in batches: open tickets that are to be pending, freshly read."""
    found = [Found(str(key), f"#{key} Order did not arrive", {"status": "open"}) for key in range(1, CHANGES + 1)]
    every = [Job(one, (Want("status", Claim(Op.PUT, "pending")),), fresh=True) for one in found]
    return [every[start : start + BATCH] for start in range(0, CHANGES, BATCH)]


def ours(place: Path) -> float:
    """Write all changes through the runner's batches and return the seconds."""
    spec = tickets(precondition=True)
    outside = Deps({}, "bench@here/1", wall=NOW.timestamp)
    work, batches_of_jobs = Work(OUTAGE, "pause", "desk", spec, "open", (0, 2, 0)), jobs()
    with Store(place / "store.sqlite") as store:
        held = lease.acquire(store, OUTAGE, owner=outside.owner, ttl=LEASE, clock=outside)
        file = JournalFile(place / "journal", OUTAGE)
        batches = Batches(Desk(store, AtOnce(spec, {}), outside), held, file, "apply")

        def all_of_them() -> None:
            for each in batches_of_jobs:
                tally = batches.carry_out(work, each)
                assert tally.written == tally.confirmed == BATCH
                assert tally.fault is None

        spent = seconds(all_of_them)
        file.close()
    return spent


@dataclass(frozen=True, slots=True)
class Written:
    """What `ours` left: rows by table, and the journal file."""

    rows: Mapping[str, list[tuple[Any, ...]]]
    lines: bytes


def written(place: Path) -> Written:
    """Read back what `ours` wrote."""
    connection = sqlite3.connect(place / "store.sqlite")
    rows = {
        name: connection.execute(f"SELECT * FROM {name} ORDER BY CAST(key AS INTEGER)").fetchall() for name in TABLES
    }
    connection.close()
    return Written(rows, next((place / "journal").iterdir()).read_bytes())


class Bare:
    """Makes the rows and lines of one batch as plainly as can be: tuples, `json.dumps`, one hash a line."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.chain = "0" * 64

    def line(self, data: Mapping[str, Any]) -> str:
        """Return one line of the journal file, chained to the line before it."""
        body = dumps(data)
        self.chain = sha256((self.chain + body).encode()).hexdigest()
        return f'{body[:-1]},"h":"{self.chain}"}}\n'

    def announced(self, numbers: range) -> tuple[list[Any], list[Any], list[Any], bytes]:
        """Return the new rows of slots, layers and journal, and the lines that say the same."""
        slots, layers, journal, lines = [], [], [], []
        for number in numbers:
            key, name = str(number), f"#{number} Order did not arrive"
            at, claim = ("desk", "tickets", key, "status"), {"op": "put", "value": "pending"}
            slots.append((*at, name, "atomic", dumps("open"), dumps("open"), 1))
            layers.append((*at, OUTAGE, "pause", 2, 0, 0, dumps(claim), ""))
            changes, layer = dumps({"status": ["open", "pending"]}), {**LAYER, "claim": claim}
            journal.append((number, OUTAGE, "pause", "open", *at[:3], changes, "intent", 1, "", "", MS))
            field = {"merge": "atomic", "base": "open", "before": "open", "after": "pending", "layers": [layer]}
            place = {"target": "desk", "kind": "tickets", "key": key, "name": name, "slots": {"status": field}}
            lines.append(
                self.line({"t": "intent", "seq": number, "at": self.at, "run": "pause", "dir": "open", **place})
            )
        return slots, layers, journal, "".join(lines).encode()

    def concluded(self, numbers: range) -> tuple[list[Any], list[Any], bytes]:
        """Return the new values of slots, the states of the journal, and the line that says the same."""
        moved = [(dumps("pending"), "desk", "tickets", str(number), "status") for number in numbers]
        states = [("done", "", number) for number in numbers]
        return moved, states, self.line({"t": "outcomes", "at": self.at, "done": list(numbers)}).encode()


def bare(place: Path) -> float:
    """Write the same rows and lines in a bare loop and return the seconds."""
    Store(place / "store.sqlite").close()
    connection = sqlite3.connect(place / "store.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("INSERT INTO leases VALUES (?,?,1,?,'')", (OUTAGE, "bench@here/1", 0))
    make, run, many = Bare(rfc3339(MS)), connection.execute, connection.executemany

    def loop() -> None:
        with (place / "bench.jsonl").open("ab", buffering=0) as file:
            for start in range(1, CHANGES + 1, BATCH):
                numbers = range(start, start + BATCH)
                slots, layers, journal, lines = make.announced(numbers)
                run("BEGIN IMMEDIATE")
                run(FENCE, (start, OUTAGE))
                many("INSERT INTO slots VALUES (?,?,?,?,?,?,?,?,?)", slots)
                many("INSERT INTO layers VALUES (?,?,?,?,?,?,?,?,?,?,?)", layers)
                many("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", journal)
                run("COMMIT")
                file.write(lines)
                os.fdatasync(file.fileno())
                moved, states, line = make.concluded(numbers)
                run("BEGIN IMMEDIATE")
                run(FENCE, (start, OUTAGE))
                many(MOVE, moved)
                many("UPDATE journal SET state = ?, reason = ? WHERE seq = ?", states)
                run("COMMIT")
                file.write(line)
                os.fdatasync(file.fileno())

    spent = seconds(loop)
    connection.close()
    return spent


def checked_bare(place: Path, want: Written) -> float:
    """Run the bare loop and make sure that it wrote what the runner wrote."""
    spent = bare(place)
    connection = sqlite3.connect(place / "store.sqlite")
    for name in TABLES:
        found = connection.execute(f"SELECT * FROM {name} ORDER BY CAST(key AS INTEGER)").fetchall()
        assert found == want.rows[name], f"{name} differs"
    connection.close()
    assert (place / "bench.jsonl").read_bytes() == want.lines
    return spent


def applied(place: Path) -> float:
    """Apply one step that pauses all tickets of an embedded helpdesk and return the seconds."""
    from providers.simulator.seed import fill

    fill(place / "helpdesk.sqlite", tickets=CHANGES)
    connection = sqlite3.connect(place / "helpdesk.sqlite")
    connection.execute("UPDATE tickets SET status = 'open'")
    connection.execute("DELETE FROM snoozes")
    connection.commit()
    connection.close()
    runner = Runner(place)
    step = {"id": "pause", "uses": "tickets", "with": {"select": {"status": ["open"]}, "status": "pause"}}
    planned = runner.plan(runner.playbook([step]))
    reports: list[Any] = []
    spent = seconds(lambda: reports.append(runner.apply(planned)))
    assert reports[0].runs[0].written == CHANGES
    runner.close()
    return spent


def main(rounds: int = 5) -> list[Table]:
    """Measure and return the two tables."""
    with folder() as base:
        numbers = iter(range(1000))

        def fresh() -> Path:
            place = base / str(next(numbers))
            place.mkdir()
            return place

        first = fresh()
        ours(first)
        want = written(first)
        low, mine, whole = paired(
            rounds,
            lambda: checked_bare(fresh(), want),
            lambda: ours(fresh()),
            lambda: applied(fresh()),
        )
    each = partial(_speed, CHANGES)
    store = Row(f"{CHANGES:,} changes in batches of {BATCH}", each(mine), f"{each(low)} bare", mine / low, 2.0)
    apply = Row(f"apply {CHANGES:,} changes", f"{whole:.2f} s", f"{low:.2f} s bare store", whole / low, 8.0)
    again = Row(f"apply {CHANGES:,} changes", f"{whole:.2f} s", f"{mine:.2f} s runner's store", whole / mine)
    return [
        Table("Store", "The runner's batches against a bare sqlite3 loop with equal rows and durability.", [store]),
        Table("Apply", "A whole apply on the embedded helpdesk against the time of the store alone.", [apply, again]),
    ]


def _speed(changes: int, spent: float) -> str:
    return f"{changes / spent:,.0f}/s"


if __name__ == "__main__":
    for table in main():
        for row in table.rows:
            print(row)
