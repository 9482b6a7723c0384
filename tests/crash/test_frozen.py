"""A process that is frozen, overtaken and woken: a laptop that was shut in the middle of an apply.

The child stops itself at a point; the parent lets its lease run out, reverts, and wakes it. Parent and child look at
one clock. A freeze inside the request itself, after the check and before the bytes are out, is not played: there the
deadline of the provider's exchange ends the request, which the lease outlives.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.errors import Exit, RunnerError, StoreError
from runner.store import lease
from runner.store.store import Store
from tests.support import process
from tests.support.crash import Point, memory_folder, points
from tests.support.process import DeskLab, SharedClock

LATER = 200.0


@pytest.fixture(scope="module")
def desk() -> Iterator[Path]:
    """A folder with a helpdesk and an empty store."""
    with memory_folder() as folder:
        yield process.fresh(folder / "new")


def frozen(folder: Path, clock: SharedClock, here: Callable[[int, Point], bool]) -> int:
    """Let a child apply and freeze at the first point that `here` says (its number from 1, and the point). Its exit
    code will be that of the command line."""

    def work() -> int:
        count = [0]

        def at(point: Point) -> None:
            count[0] += 1
            if here(count[0], point):
                os.kill(os.getpid(), signal.SIGSTOP)

        lab = DeskLab(folder, clock, owner="laptop")
        try:
            with points(at):
                lab.apply(process.quake(lab))
        except RunnerError as fault:
            return int(fault.exit_code)
        return int(Exit.DONE)

    child = process.started(work)
    status = process.stopped_or_ended(child)
    assert os.WIFSTOPPED(status), f"the child ended with {status} and never froze"
    return child


def overtaken(folder: Path, clock: SharedClock) -> bool:
    """Revert what the frozen process began, once its lease is over. Returns whether there was anything."""
    clock.set(clock.get() + LATER)
    lab = DeskLab(folder, clock, owner="successor")
    there = bool(lab.open_rows())
    lab.give_back("quake")
    lab.close()
    return there


def history_of(desk: Path, scratch: Path, here: Callable[[int, Point], bool]) -> tuple[bool, int, int, bool]:
    """Freeze, overtake, wake. Returns whether there was anything to revert, how many writes came after the revert, the
    exit code of the woken process, and whether the helpdesk is as it was."""
    folder, clock = process.copied(desk, scratch / "desk"), SharedClock()
    original = process.helpdesk_dump(folder)
    child = frozen(folder, clock, here)
    try:
        there = overtaken(folder, clock)
        assert process.helpdesk_dump(folder) == original, "the revert did not give everything back"
        before = process.api_writes(folder)
        code = process.woken(child)
    finally:
        process.ended(child)
    return there, process.api_writes(folder) - before, code, process.helpdesk_dump(folder) == original


def all_points(desk: Path) -> list[Point]:
    """Return the points of an apply."""
    found: list[Point] = []
    with memory_folder() as scratch:
        lab = DeskLab(process.copied(desk, scratch / "desk"), SharedClock())
        with points(found.append):
            lab.apply(process.quake(lab))
        lab.close()
    return found


def frozen_at(desk: Path, names: tuple[str, ...]) -> None:
    """Freeze at every point of these names, overtake, wake, and fail with every point where something went wrong."""
    wrong, played = [], 0
    for number, point in enumerate(all_points(desk), 1):
        if point.name not in names:
            continue
        with memory_folder() as scratch:
            there, writes, code, exact = history_of(desk, scratch, lambda count, _, number=number: count == number)
        if not there:
            continue  # nothing was recorded yet: the woken process is the first to do anything
        played += 1
        if writes or not exact or code not in (Exit.HELD, Exit.RESUME, Exit.DONE):
            wrong.append(f"frozen {point} (point {number}): {writes} writes, exit {code}, exact: {exact}")
    assert played > 10, "points are missing"
    assert not wrong, f"{len(wrong)} of {played} points went wrong:\n" + "\n".join(wrong)


def test_a_process_frozen_between_two_effects_and_woken_after_a_revert_writes_nothing(desk: Path) -> None:
    """Frozen right after an intent is durable, after a request without reply, before it reads or after it listed
    a selection, the woken process sees that it was overtaken: 0 writes, nothing wrong."""
    frozen_at(
        desk,
        ("after a journal line", "after a write, before its reply", "before a read", "after a selection is listed"),
    )


@pytest.mark.soak
def test_a_process_frozen_anywhere_and_woken_after_a_revert_writes_nothing(desk: Path) -> None:
    """The same at every other point."""
    frozen_at(
        desk,
        (
            "before a transaction",
            "after its commit",
            "before a journal line",
            "after a read",
            "after a selection is listed",
        ),
    )


def between_intent_and_write() -> Callable[[int, Point], bool]:
    """The second journal line of an apply is its first intent (the first one is the head); a write follows."""
    seen = [0]

    def here(count: int, point: Point) -> bool:
        seen[0] += point.name == "after a journal line"
        return seen[0] == 2 and point.name == "after a journal line"

    return here


def test_without_the_check_before_sending_the_same_history_goes_wrong(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen between the durable intent and the write, a process without the pre-send check writes after its successor
    has reverted; with the check it writes nothing."""
    with memory_folder() as scratch:
        _, writes, code, exact = history_of(desk, scratch, between_intent_and_write())
        assert (writes, code, exact) == (0, Exit.HELD, True)
    monkeypatch.setattr(lease, "ready_to_send", lambda *_: True)
    with memory_folder() as scratch:
        _, writes, _, exact = history_of(desk, scratch, between_intent_and_write())
        assert writes > 0
        assert not exact


def test_a_clock_that_stands_still_during_suspend_would_not_do(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check must look at a clock that counts suspend: with one that does not, the same history goes wrong."""
    asked: list[Any] = []
    real = lease.ready_to_send

    def asleep(held: lease.Lease, clock: Any, deadline: float) -> bool:
        class Stopped:
            def boot(self) -> float:
                return held.fenced_at + 0.1

        asked.append(held)
        return real(held, Stopped(), deadline)  # type: ignore[arg-type]

    monkeypatch.setattr(lease, "ready_to_send", asleep)
    with memory_folder() as scratch:
        _, writes, _, exact = history_of(desk, scratch, between_intent_and_write())
    assert writes > 0
    assert not exact


def test_a_process_frozen_inside_a_transaction_holds_up_nobody_for_ever(desk: Path) -> None:
    """A process frozen while it holds the store's lock makes others end with one clear line, and nothing is lost once
    it is awake or gone."""
    with memory_folder() as scratch:
        folder, clock = process.copied(desk, scratch / "desk"), SharedClock()
        original = process.helpdesk_dump(folder)
        child = frozen(folder, clock, lambda count, point: point.name == "before its commit" and count > 40)
        clock.set(clock.get() + LATER)
        try:
            with pytest.raises(StoreError, match="locked by another process") as caught:
                Store(folder / "store" / "store.sqlite", busy=0.05)
            assert "try again" in caught.value.hint
        finally:
            process.ended(child)
        overtaken(folder, clock)
        assert process.helpdesk_dump(folder) == original
