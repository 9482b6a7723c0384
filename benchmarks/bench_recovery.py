"""Recovery from a kill: from the moment that the lease is free to the first write of the process that goes on.

A process that pauses tickets is killed by SIGKILL in the middle. When its lease has run out, another process is started
that resumes, and the time of its first write is compared with the start of a process that resumes in a store where
nothing is left to do. Clocks are monotonic ones of the machine, the same for all processes.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from typing import Any
from unittest.mock import patch

from benchmarks.support import NOW, ROOT, Quiet, Row, Runner, Table, folder

TICKETS = 5_000
LEASE = 90.0
STEP = {"id": "pause", "uses": "tickets", "with": {"select": {"status": ["open"]}, "status": "pause"}}


def helpdesk(place: Path) -> None:
    """Make a helpdesk of open tickets."""
    from providers.simulator.seed import fill

    fill(place / "helpdesk.sqlite", tickets=TICKETS)
    connection = sqlite3.connect(place / "helpdesk.sqlite")
    connection.execute("UPDATE tickets SET status = 'open'")
    connection.execute("DELETE FROM snoozes")
    connection.commit()
    connection.close()


def paused(place: Path) -> int:
    """Return how many tickets are paused."""
    connection = sqlite3.connect(place / "helpdesk.sqlite", timeout=30)
    found = connection.execute("SELECT count(*) FROM tickets WHERE status = 'pending'").fetchone()[0]
    connection.close()
    return int(found)


def pause(place: Path) -> None:
    """Apply, in a process that will be killed."""
    runner = Runner(place, lease=LEASE)
    runner.apply(runner.plan(runner.playbook([STEP])))


def resume(place: Path) -> float:
    """Resume when the lease has run out; return when the first write began, or when it was clear that none is due."""
    from runner.commands import operate
    from runner.registry import Live

    runner, first = Runner(place, wall=lambda: NOW.timestamp() + LEASE + 1, lease=LEASE), list[float]()
    write = Live.write

    def noted(live: Live, name: str, batch: Any) -> Iterator[Any]:
        first.append(monotonic())
        return write(live, name, batch)

    patch.object(Live, "write", noted).start()
    operate.resume(runner.session, Quiet())
    runner.close()
    return first[0] if first else monotonic()


def process(word: str, place: Path) -> subprocess.Popen[str]:
    """Start this module in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bench_recovery", word, str(place)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def resumed(place: Path) -> float:
    """Start a process that resumes and return the seconds until its first write."""
    start = monotonic()
    with process("resume", place) as child:
        out, _ = child.communicate()
    assert child.returncode == 0
    return float(json.loads(out.splitlines()[-1])) - start


def killed(place: Path) -> None:
    """Let a process pause some of the tickets and kill it."""
    with process("pause", place) as child:
        while paused(place) < TICKETS // 10:
            assert child.poll() is None, "it ended before it could be killed"
            sleep(0.005)
        child.kill()
    assert 0 < paused(place) < TICKETS, "it was not killed in the middle"


def main(rounds: int = 5) -> list[Table]:
    """Measure and return the table."""
    starts, recoveries = [], []
    with folder() as base:
        for number in range(rounds):
            place = base / str(number)
            place.mkdir()
            helpdesk(place)
            killed(place)
            recoveries.append(resumed(place))
            assert paused(place) == TICKETS
            starts.append(resumed(place))
    low, ours = median(starts), median(recoveries)
    row = Row("first resumed write", f"{ours:.2f} s", f"{low:.2f} s for a process start", ours / low, 3.0)
    about = "A SIGKILL in the middle of an apply: from the free lease to the first write of the process that goes on."
    return [Table("Recovery", about, [row])]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        done = {"pause": pause, "resume": resume}[sys.argv[1]](Path(sys.argv[2]))
        print(json.dumps(done))
    else:
        print(*main(), sep="\n")
