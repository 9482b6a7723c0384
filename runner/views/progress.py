"""Progress of long work: bars with the time left on a terminal, now and then a line elsewhere.

Every class here is a `runner.executor.Progress`, called from any thread, and a context manager around a whole drive.
Where the text goes and what time it is are handed in. What is counted are objects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from runner.views.text import clean, duration

if TYPE_CHECKING:
    from rich.progress import TaskID

EVERY = 3.0  # seconds between two lines of one run, at least
SILENCE = 60.0  # seconds after which a line is due even without much progress
PART = 0.1  # of the whole


class Silent:
    """Progress that nobody wants to see."""

    def started(self, run: str, total: int | None) -> None:
        """Do nothing."""

    def advanced(self, run: str, objects: int) -> None:
        """Do nothing."""

    def finished(self, run: str) -> None:
        """Do nothing."""

    def waiting(self, sentence: str) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


@dataclass(slots=True)
class _Count:
    total: int | None
    begun: float
    said_at: float
    done: int = 0
    said: int = 0


class Lines(Silent):
    """Progress as plain lines: one for each further tenth, at most one every few seconds, and one at the end of a run
    that was long enough to have had any.

    `write` takes one line without its end; `clock` returns seconds that only grow.
    """

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._lock = Lock()
        self._counts: dict[str, _Count] = {}

    def started(self, run: str, total: int | None) -> None:
        """Begin to count."""
        now = self._clock()
        with self._lock:
            self._counts[run] = _Count(total, now, now)

    def advanced(self, run: str, objects: int) -> None:
        """Count, and write a line when one is due."""
        now = self._clock()
        with self._lock:
            count = self._counts.setdefault(run, _Count(None, now, now))
            count.done += objects
            if self._due(count, now):
                self._say(run, count, now)

    def finished(self, run: str) -> None:
        """Write the last line of a run of which there were others."""
        now = self._clock()
        with self._lock:
            count = self._counts.pop(run, None)
            if count is not None and count.said:
                took = duration(now - count.begun)
                self._write(f"{clean(run)}: {count.done:,} objects, ended after {took}")

    def waiting(self, sentence: str) -> None:
        """Write what is waited for."""
        self._write(clean(sentence))

    @staticmethod
    def _due(count: _Count, now: float) -> bool:
        waited = now - count.said_at
        share = PART * count.total if count.total else 0
        return waited >= SILENCE or (waited >= EVERY and count.done - count.said >= share)

    def _say(self, run: str, count: _Count, now: float) -> None:
        count.said, count.said_at = count.done, now
        if not count.total:
            self._write(f"{clean(run)}: {count.done:,} objects")
            return
        left = (now - count.begun) / count.done * max(count.total - count.done, 0) if count.done else 0.0
        eta = f", about {duration(left)} left" if left else ""
        share = min(100 * count.done // count.total, 100)
        self._write(f"{clean(run)}: {count.done:,} of {count.total:,} objects ({share} %){eta}")


class Bars(Silent):
    """Progress bars on a terminal, with the time left. `stream` is the terminal."""

    def __init__(self, stream: IO[str], *, width: int, colour: bool, clock: Callable[[], float]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(
            file=stream,
            width=width,
            force_terminal=True,
            color_system="standard" if colour else None,
            no_color=not colour,
            legacy_windows=False,
            _environ={},
        )
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            get_time=clock,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def started(self, run: str, total: int | None) -> None:
        """Add a bar."""
        with self._lock:
            self._tasks[run] = self._bars.add_task(clean(run, 36), total=total)

    def advanced(self, run: str, objects: int) -> None:
        """Move the bar of the run."""
        if (task := self._tasks.get(run)) is not None:
            self._bars.advance(task, objects)

    def finished(self, run: str) -> None:
        """Take the bar away."""
        with self._lock:
            task = self._tasks.pop(run, None)
        if task is not None:
            self._bars.remove_task(task)

    def waiting(self, sentence: str) -> None:
        """Write what is waited for above the bars."""
        self._bars.console.print(clean(sentence), markup=False, highlight=False)
