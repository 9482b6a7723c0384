"""Plan, apply and revert of playbooks with 10, 1,000 and 10,000 steps: what one step costs must not grow with them.

Every step switches one rule of an embedded helpdesk off, found by its name. Each size runs in a process of its own.
Processor time is compared, since a step waits for the disk six times (two transactions, two synced appends, its state
before and after) whatever the size.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.support import Row, Runner, Table, apart, folder, peak_mb

SIZES = (10, 1_000, 10_000)
PARTS = ("plan", "apply", "revert")
BUDGET = 1.5


def measured(steps: int, place: Path) -> dict[str, Any]:
    """Play a playbook of so many steps and return part -> [processor seconds, wall seconds], and the peak in MB."""
    from providers.simulator.seed import fill

    fill(place / "helpdesk.sqlite", tickets=10)
    connection = sqlite3.connect(place / "helpdesk.sqlite")
    rules = [
        (1000 + n, f"Rule {n}", "trigger", 1, n + 10, "{}", "2026-11-23T06:00:00Z") for n in range(steps)
    ]  # fmt: skip
    connection.executemany("INSERT INTO rules VALUES (?,?,?,?,?,?,?)", rules)
    connection.commit()
    connection.close()
    runner = Runner(place)
    runner.warm()
    rows = [
        {"id": f"rule-{n}", "uses": "rule", "with": {"rule": f"Rule {n}", "active": False}} for n in range(steps)
    ]  # fmt: skip
    playbook = runner.playbook(rows)
    found: dict[str, Any] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        cpu, wall = process_time(), perf_counter()
        result = work()
        found[name] = [process_time() - cpu, perf_counter() - wall]
        return result

    planned = timed("plan", lambda: runner.plan(playbook))
    applied = timed("apply", lambda: runner.apply(planned))
    reverted = timed("revert", runner.revert)
    assert sum(run.written for run in applied.runs) == sum(run.written for run in reverted.runs) == steps
    runner.close()
    return {**found, "peak": peak_mb()}


def main() -> list[Table]:
    """Measure and return the table."""
    results = {steps: apart("benchmarks.bench_steps", str(steps)) for steps in SIZES}
    rows = []
    for part in PARTS:
        for steps in SIZES:
            cpu, wall = results[steps][part]
            each = 1000 * cpu / steps
            less = 1000 * results[SIZES[1]][part][0] / SIZES[1]
            last = steps == SIZES[-1]
            rows.append(
                Row(
                    f"{part} {steps:,} steps",
                    f"{each:.1f} ms a step ({wall:.1f} s in all)",
                    f"{less:.1f} ms a step of {SIZES[1]:,}" if last else "",
                    each / less if last else None,
                    BUDGET if last else None,
                )
            )
    few, many = results[SIZES[1]]["peak"], results[SIZES[-1]]["peak"]
    rows.append(
        Row(f"peak memory, {SIZES[-1]:,} steps", f"{many:.0f} MB", f"{few:.0f} MB with {SIZES[1]:,}", many / few)
    )
    about = "What one step costs in a playbook of many (processor time) against a playbook of a thousand."
    return [Table("Many steps", about, rows)]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with folder() as here:
            print(json.dumps(measured(int(sys.argv[1]), here)))
    else:
        print(*main(), sep="\n")
