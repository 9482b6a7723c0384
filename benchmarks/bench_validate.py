"""Validation against its floor: libyaml's compose, and the same schemas through jsonschema.

The floor reads the same bytes with PyYAML's C loader, turns nothing into values that are checked further, compiles no
template and knows no place: it is what the two libraries cost on their own. Both are measured in turns in one process,
each as the best of several rounds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from runner.commands.validate import validate
from runner.config import Config, Guards, StoreConfig
from runner.kinds import common
from runner.schema import published
from runner.spi import Target

HEAD = """\
apiVersion: runner/v1
kind: Playbook
metadata: {name: bench, title: Benchmark}
spec:
  outage: partial
  timezone: America/Sao_Paulo
  windows: [{start: 2026-12-11 11:30, end: 2026-12-11 14:30}]
  steps:
"""
STEP = """\
    - id: pause-%d
      uses: tickets
      target: desk
      from: start + 15m
      until: end
      with:
        select: {status: [open], group: "Level %d"}
        status: pause
        at_most: 2000
"""
SIZES = (10, 1_000, 10_000)


def playbook(steps: int) -> str:
    """Return a playbook of `steps` steps of nine lines each."""
    return HEAD + "".join(STEP % (number, number) for number in range(steps))


def floor(path: Path, whole: Draft202012Validator, part: Draft202012Validator) -> None:
    """Do what cannot be spared: compose, plain values, the playbook's schema, the kind's schema for each `with`."""
    raw = path.read_bytes()
    yaml.compose(raw, Loader=yaml.CSafeLoader)
    data = DATA[path]
    assert not list(whole.iter_errors(data))
    for step in data["spec"]["steps"]:
        assert not list(part.iter_errors(step["with"]))


DATA: dict[Path, Any] = {}


def best(rounds: int, *timed: Callable[[], object]) -> list[float]:
    """Return the shortest time of each of `timed`, in seconds, taken in turns."""
    times = [[0.0] * rounds for _ in timed]
    for number in range(rounds):
        for row, each in zip(times, timed, strict=True):
            start = perf_counter()
            each()
            row[number] = perf_counter() - start
    return [min(row) for row in times]


def main() -> list[dict[str, float]]:
    """Print a table and return its rows: steps, floor and validate in seconds, ratio."""
    kinds = common()
    whole = Draft202012Validator(published("playbook.v1"))
    part = Draft202012Validator(kinds["tickets"].schema)
    rows = []
    print(f"{'steps':>8}  {'floor':>9}  {'validate':>9}  {'ratio':>6}")
    with TemporaryDirectory() as folder:
        desk = Target("desk", "simulator", words={"pause": "pending"})
        place = Path(folder)
        config = Config(place / "runner.yaml", {"desk": desk}, StoreConfig(place / "s", place / "j"), Guards())
        for steps in SIZES:
            path = place / f"{steps}.yaml"
            path.write_text(playbook(steps), encoding="utf-8")
            result = validate([path], config, {"desk": kinds})
            assert not result.errors, result.diagnostics[:3]
            DATA[path] = json.loads(json.dumps(result.loaded[0].source.data))
            del result
            low, ours = best(
                3 if steps > 1000 else 7,
                lambda path=path: floor(path, whole, part),
                lambda path=path: validate([path], config, {"desk": kinds}),
            )
            rows.append({"steps": steps, "floor": low, "validate": ours, "ratio": ours / low})
            print(f"{steps:>8,}  {low:>8.3f}s  {ours:>8.3f}s  {ours / low:>6.2f}")
    return rows


if __name__ == "__main__":
    main()
