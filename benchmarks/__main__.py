"""Run every benchmark, print the results, and write them into README.md beside this file: `make bench`.

Names as arguments run a few of them: ``python -m benchmarks store start``; the results of the others stay.
"""

from __future__ import annotations

import platform
import re
import sqlite3
import sys
from collections.abc import Callable, Sequence
from os import cpu_count
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks import (
    bench_mail,
    bench_movidesk,
    bench_recovery,
    bench_servers,
    bench_start,
    bench_steps,
    bench_store,
    bench_tickets,
    bench_validate,
    bench_zendesk,
)
from benchmarks.support import Row, Table

README: Final = Path(__file__).with_name("README.md")


def validated() -> list[Table]:
    """Return the results of validation as a table."""
    rows = [
        Row(
            f"validate {row['steps']:,.0f} steps",
            f"{1000 * row['validate']:,.0f} ms",
            f"{1000 * row['floor']:,.0f} ms",
            row["ratio"],
            2.5 if row["steps"] == 1_000 else None,
        )
        for row in bench_validate.main()
    ]
    about = "Nine-line steps, against libyaml's compose and the same schemas through jsonschema."
    return [Table("Validate", about, rows)]


BENCHMARKS: Final[dict[str, Callable[[], list[Table]]]] = {
    "start": bench_start.main,
    "validate": validated,
    "store": bench_store.main,
    "recovery": bench_recovery.main,
    "steps": bench_steps.main,
    "tickets": bench_tickets.main,
    "zendesk": bench_zendesk.main,
    "movidesk": bench_movidesk.main,
    "mail": bench_mail.main,
    "servers": bench_servers.main,
}


def markdown(tables: Sequence[Table]) -> str:
    """Return tables as Markdown."""
    lines = []
    for table in tables:
        lines += [f"### {table.title}", "", table.about, ""]
        lines += ["| | measured | against | ratio | budget | |", "| --- | --- | --- | --- | --- | --- |"]
        for row in table.rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            budget = "" if row.budget is None else f"{row.budget:g}"
            verdict = "" if row.budget is None else "met" if row.met else "**missed**"
            lines.append(f"| {row.name} | {row.measured} | {row.yardstick} | {ratio} | {budget} | {verdict} |")
        lines.append("")
    return "\n".join(lines)


def machine() -> str:
    """Return what the results were measured on, in a line."""
    return (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()} on "
        f"{platform.machine()}, {cpu_count()} processors"
    )


def written(text: str, name: str, body: str) -> str:
    """Return the page with what stands between the markers of `name` replaced."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    found = re.compile(f"{re.escape(start)}\n.*?{re.escape(end)}", re.DOTALL)
    if not found.search(text):
        raise SystemExit(f"{README} has no markers {start} ... {end}")
    return found.sub(lambda _: f"{start}\n{body}\n{end}", text)


def main(names: Sequence[str]) -> int:
    """Run the benchmarks named (all when none is) and return 1 when a budget is missed."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        raise SystemExit(f"there is no benchmark {unknown[0]!r}; known: {', '.join(BENCHMARKS)}")
    missed = []
    for name in names or BENCHMARKS:
        start = perf_counter()
        tables = BENCHMARKS[name]()
        if not tables:
            print(f"{name} cannot run on this machine: its results stay")
            continue
        body = markdown(tables)
        print(f"\n{body}{name} took {perf_counter() - start:.0f} s", flush=True)
        text = written(README.read_text(encoding="utf-8"), name, f"{body}\n{machine()}.\n")
        README.write_text(text, encoding="utf-8")
        missed += [row.name for table in tables for row in table.rows if not row.met]
    if missed:
        print(f"missed: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
