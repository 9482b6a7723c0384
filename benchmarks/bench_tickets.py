"""100,000 tickets selected, paused and given back: requests, time, memory, and what the store takes of it.

Each size runs in a process of its own. Requests are counted by the embedded helpdesk; the fewest possible are one for
each page and one for each batch, a direction. The store's share is the time inside its transactions, with the
decisions that are made there, and in the journal file: it is an upper bound.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from benchmarks.support import Clock, Row, Runner, Table, apart, folder, peak_mb

SIZES = (10_000, 100_000)
PAGE = BATCH = 100
PARTS = ("plan", "apply", "revert")


@contextmanager
def store_timed(clock: Clock) -> Iterator[None]:
    """Count the time that is spent in the store's transactions and in the journal file."""
    from runner.store.journal import JournalFile
    from runner.store.store import Store

    transaction, reading, append = Store.transaction, Store.reading, JournalFile.append

    @contextmanager
    def timed_transaction(store: Store) -> Iterator[Any]:
        with clock.timed("store"), transaction(store) as conn:
            yield conn

    @contextmanager
    def timed_reading(store: Store) -> Iterator[Any]:
        with clock.timed("store"), reading(store) as conn:
            yield conn

    def timed_append(file: JournalFile, lines: Any) -> None:
        with clock.timed("journal"):
            append(file, lines)

    with (
        patch.object(Store, "transaction", timed_transaction),
        patch.object(Store, "reading", timed_reading),
        patch.object(JournalFile, "append", timed_append),
    ):
        yield


def measured(tickets: int, place: Path) -> dict[str, Any]:
    """Pause so many open tickets and give them back; return part -> figures, the requests, and the peak in MB."""
    from providers.simulator.provider import Simulator, open_target
    from providers.simulator.seed import fill

    fill(place / "helpdesk.sqlite", tickets=tickets)
    connection = sqlite3.connect(place / "helpdesk.sqlite")
    connection.execute("UPDATE tickets SET status = 'open'")
    connection.execute("DELETE FROM snoozes")
    connection.commit()
    connection.close()
    opened: list[Simulator] = []

    def open_counted(target: Any, io: Any) -> Simulator:
        opened.append(open_target(target, io))
        return opened[-1]

    runner = Runner(place, open_with={"simulator": open_counted})
    runner.warm()
    step = {"id": "pause", "uses": "tickets", "with": {"select": {"status": ["open"]}, "status": "pause", "tag": True}}
    playbook = runner.playbook([step])
    found: dict[str, Any] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        clock, before = Clock(), requests()
        cpu, wall = process_time(), perf_counter()
        with store_timed(clock):
            result = work()
        wall = perf_counter() - wall
        asked = requests() - before
        found[name] = {"cpu": process_time() - cpu, "wall": wall, "requests": asked, "store": sum(clock.spent.values())}
        return result

    def requests() -> int:
        return sum(sum(each.requests.values()) for each in opened)

    planned = timed("plan", lambda: runner.plan(playbook))
    applied = timed("apply", lambda: runner.apply(planned))
    reverted = timed("revert", runner.revert)
    assert applied.runs[0].written == reverted.runs[0].written == 2 * tickets
    runner.close()
    return {**found, "peak": peak_mb()}


def main() -> list[Table]:
    """Measure and return the table."""
    few, many = (apart("benchmarks.bench_tickets", str(tickets)) for tickets in SIZES)
    fewest = ceil(SIZES[1] / PAGE) + ceil(SIZES[1] / BATCH)
    there, back = many["plan"]["requests"] + many["apply"]["requests"], many["revert"]["requests"]
    rows = [
        Row("requests to select and pause", f"{there:,}", f"{fewest:,} at the least", there / fewest, 1.0),
        Row("requests to give back", f"{back:,}", f"{fewest:,} at the least", back / fewest, 1.0),
        Row(
            f"peak memory, {SIZES[1]:,} tickets",
            f"{many['peak']:.0f} MB",
            f"{few['peak']:.0f} MB with {SIZES[0]:,}",
            many["peak"] / few["peak"],
            1.3,
        ),
    ]
    for part in PARTS:
        each, less = (1e6 * one[part]["cpu"] / size for one, size in ((many, SIZES[1]), (few, SIZES[0])))
        share, wall = many[part]["store"] / many[part]["wall"], many[part]["wall"]
        what = f"{each:.0f} us a ticket ({wall:.1f} s in all, the store at most {100 * share:.0f} %)"
        rows.append(Row(f"{part} {SIZES[1]:,} tickets", what, f"{less:.0f} us with {SIZES[0]:,}", each / less, 1.5))
    about = f"{SIZES[1]:,} open tickets paused, tagged and given back on the embedded helpdesk; 100 a page and a batch."
    return [Table("Many tickets", about, rows)]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with folder() as here:
            print(json.dumps(measured(int(sys.argv[1]), here)))
    else:
        print(*main(), sep="\n")
