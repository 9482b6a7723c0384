"""What the benchmarks share: a runner on an embedded helpdesk, paired rounds, peak memory, processes of their own."""

from __future__ import annotations

import gc
import json
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 12, 11, 14, 31, tzinfo=UTC)  # a minute after the start of every window here
WINDOW = {"start": "2026-12-11 11:30", "end": "2026-12-11 14:30"}
TRACE = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the results. `ratio` is measured over yardstick, `budget` the most it may be (None: none)."""

    name: str
    measured: str
    yardstick: str
    ratio: float | None = None
    budget: float | None = None

    @property
    def met(self) -> bool:
        """Whether the budget is kept."""
        return self.budget is None or self.ratio is None or self.ratio <= self.budget


@dataclass(frozen=True, slots=True)
class Table:
    """The results of one benchmark: a title, a sentence about what stands against what, and its rows."""

    title: str
    about: str
    rows: Sequence[Row] = ()


@dataclass(slots=True)
class Clock:
    """Seconds spent under a name."""

    spent: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Count the time of a block."""
        start = perf_counter()
        try:
            yield
        finally:
            self.spent[name] += perf_counter() - start
            self.calls[name] += 1


def paired(rounds: int, *timed: Callable[[], float]) -> list[float]:
    """Run every one of `timed` once a round, in turns, and return the median of each one's seconds."""
    times: list[list[float]] = [[] for _ in timed]
    for _ in range(rounds):
        for row, each in zip(times, timed, strict=True):
            gc.collect()
            row.append(each())
    return [median(row) for row in times]


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def peak_mb() -> float:
    """Return the most memory that this process ever held, in MB."""
    if TRACE.exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", TRACE.read_text(encoding="ascii"))
        return int(found[1]) / 1024 if found else 0.0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def apart(module: str, *words: str) -> Any:
    """Run ``python -m module words`` and return the JSON that it prints: memory and caches of its own."""
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder on the disk of the checkout (a folder in memory would make every sync free)."""
    place = ROOT / ".cache"
    place.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=place, prefix="bench-") as name:
        yield Path(name)


class Quiet:
    """Progress that nobody watches."""

    def started(self, run: str, total: int | None) -> None: ...

    def advanced(self, run: str, objects: int) -> None: ...

    def finished(self, run: str) -> None: ...

    def waiting(self, sentence: str) -> None: ...


class Runner:
    """The whole runner on one embedded helpdesk in `place`, at a fixed time of day."""

    def __init__(
        self,
        place: Path,
        *,
        wall: Callable[[], float] | None = None,
        lease: float = 90.0,
        open_with: Mapping[str, Any] | None = None,
    ) -> None:
        """`open_with` opens providers by name in place of the installed ones."""
        from runner.commands.session import Session
        from runner.config import Config, Guards, StoreConfig
        from runner.deps import Deps
        from runner.spi import Target

        self.place = place
        desk = Target(
            "desk",
            "simulator",
            options={"file": "helpdesk.sqlite"},
            zone="America/Sao_Paulo",
            words={"pause": "pending"},
            folder=str(place),
        )
        store = StoreConfig(place / "store" / "store.sqlite", place / "journal", lease)
        self.config = Config(place / "runner.yaml", {"desk": desk}, store, Guards())
        self.deps = Deps({}, "bench@here/1", wall=wall or NOW.timestamp)
        self.session = Session(self.deps, self.config, open_with=open_with)

    def playbook(self, steps: Sequence[Mapping[str, Any]]) -> Any:
        """Return a playbook of these steps; `target: desk` is filled in."""
        from runner.load import thaw_playbook

        spec = {"outage": "partial", "timezone": "America/Sao_Paulo", "windows": [WINDOW]}
        rows = [{"target": "desk", **step} for step in steps]
        document = {
            "apiVersion": "runner/v1",
            "kind": "Playbook",
            "metadata": {"name": "bench", "title": "Benchmark", "owner": "ops@example.com"},
            "spec": {**spec, "steps": rows},
        }
        return thaw_playbook(document, {}, file="bench.yaml")

    def plan(self, playbook: Any) -> Any:
        """Plan the one window of a playbook, with its selections listed."""
        from runner.commands import planning

        now = self.deps.now()
        found = planning.chosen_outages(self.session, playbook, now, None)
        plans = tuple(planning.plan_outage(self.session, each, now, spools=self.place / "spools") for each in found)
        return planning.Planned(plans, playbook, tuple(found))

    def apply(self, planned: Any) -> Any:
        """Carry a plan out and return its report."""
        from runner.commands import operate

        by = operate.By("bench", "a benchmark")
        return operate.apply(self.session, planned, by, Quiet(), spools=self.place / "spools")[0]

    def revert(self) -> Any:
        """Give everything back and return the report."""
        from runner.commands import operate

        row = operate.the_outage(self.session, "")
        return operate.revert(self.session, row, operate.By("bench", "a benchmark"), Quiet())

    def warm(self) -> None:
        """Import what a drive imports and open the store, so that neither counts."""
        from runner.commands import operate

        assert operate
        self.session.capabilities()
        assert self.session.store

    def close(self) -> None:
        """Close the store."""
        self.session.close()
