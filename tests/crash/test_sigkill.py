"""A real process, killed with SIGKILL at every point of an apply and of a revert on the embedded helpdesk.

The points are counted first. Every one of them is then a forked process that kills itself there; what it leaves is
compared with what the counting run had on disk at that point, and a new process goes on from everything that differs.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import process
from tests.support.crash import Point, memory_folder, points
from tests.support.lab import START
from tests.support.process import DeskLab, SharedClock

LATER = 200.0  # seconds: the lease of the dead process is over


@dataclass
class Script:
    """One command on a prepared folder: its points and what is on disk at each, the helpdesk before and after."""

    folder: Path
    run: Callable[[DeskLab], object]
    original: str
    start: float
    names: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    after: str = ""


def apply(lab: DeskLab) -> object:
    return lab.apply(process.quake(lab))


def revert(lab: DeskLab) -> object:
    return lab.revert("quake")


def counted(script: Script, scratch: Path) -> Script:
    """Count the points of a script on a copy of its folder."""
    folder = process.copied(script.folder, scratch)
    lab = DeskLab(folder, SharedClock(script.start))

    def at(point: Point) -> None:
        if point.torn is not None:
            return
        script.names.append(str(point))
        script.left.append(process.left_behind(folder))

    with points(at):
        script.run(lab)
    lab.close()
    script.after = process.helpdesk_dump(folder)
    return script


@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, Script]]:
    """An apply on a fresh helpdesk, and the revert of it."""
    with memory_folder() as folder:
        process.fresh(folder / "new")
        original = process.helpdesk_dump(folder / "new")
        opening = counted(Script(folder / "new", apply, original, START.timestamp()), folder / "opened")
        closing = Script(folder / "opened", revert, original, START.timestamp() + 600)
        yield {"apply": opening, "revert": counted(closing, folder / "closed")}


def killed_at(script: Script, folder: Path, number: int) -> None:
    """Let a child run the script on `folder` and kill itself at the point `number` (from 1)."""

    def work() -> int:
        left = [number]

        def at(point: Point) -> None:
            left[0] -= point.torn is None
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        with points(at):
            script.run(DeskLab(folder, SharedClock(script.start)))
        return 0

    status = process.stopped_or_ended(process.started(work))
    assert os.WIFSIGNALED(status), f"the child ended with {status} before point {number}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def go_on(script: Script, folder: Path) -> None:
    """Resume, do the command again where nothing was recorded of it, and give everything back."""
    lab = DeskLab(folder, SharedClock(script.start + LATER))
    lab.resume()
    rows = lab.open_rows()
    if script.run is apply and not rows:
        assert process.helpdesk_dump(folder) == script.original, "something was written before it was recorded"
        lab.apply(process.quake(lab))
    elif script.run is revert and rows:
        lab.revert("quake")
    assert process.helpdesk_dump(folder) == script.after
    count = process.api_writes(folder)
    lab.resume()
    assert process.api_writes(folder) == count, "a second resume wrote something"
    told = process.rows(folder / "store/store.sqlite", "SELECT count(*) FROM journal WHERE state = 'unknown'")[0][0]
    assert process.sent(folder) + told >= 1, "the effect was neither sent nor listed as unknown"
    lab.give_back("quake")
    assert process.helpdesk_dump(folder) == script.original
    assert process.sent(folder) <= 1, "the effect went out twice"
    lab.close()


@pytest.mark.parametrize("name", ["apply", "revert"])
def test_a_process_killed_at_any_point_leaves_what_can_be_finished(scripts: dict[str, Script], name: str) -> None:
    """Killed at every single point, the process leaves exactly what was on disk there, and from all that it can leave
    a new process finishes the command, does nothing the second time, and gives everything back."""
    script = scripts[name]
    assert script.after != script.original if name == "apply" else script.after == script.original
    wrong, known = [], set[str]()
    for number, (at, left) in enumerate(zip(script.names, script.left, strict=True), 1):
        with memory_folder() as scratch:
            folder = process.copied(script.folder, scratch / "dead")
            try:
                killed_at(script, folder, number)
                assert process.left_behind(folder) == left, "it left something else than was on disk at this point"
                if left not in known:
                    go_on(script, folder)
            except Exception as fault:  # each point is a case of its own
                wrong.append(f"killed at {name}: {at} (point {number})\n    then: {type(fault).__name__}: {fault}")
            known.add(left)
    assert len(script.names) > 60, "points are missing"
    assert not wrong, f"{len(wrong)} of {len(script.names)} points went wrong:\n" + "\n".join(wrong)


def test_a_process_killed_again_and_again_gets_there(scripts: dict[str, Script]) -> None:
    """One apply whose every process is killed a few points further on ends like the undisturbed one."""
    script = scripts["apply"]
    with memory_folder() as scratch:
        folder = process.copied(script.folder, scratch / "dead")
        clock = SharedClock(script.start)

        def work(number: int) -> int:
            left = [number]

            def at(point: Point) -> None:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            with points(at):
                lab = DeskLab(folder, clock)
                lab.resume() if lab.open_rows() else script.run(lab)
            return 0

        deaths = 0
        for number in range(25, 200, 5):
            clock.set(clock.get() + LATER)
            status = process.stopped_or_ended(process.started(lambda number=number: work(number)))
            if not os.WIFSIGNALED(status):
                break
            deaths += 1
        assert deaths > 3
        assert process.helpdesk_dump(folder) == script.after
        lab = DeskLab(folder, clock)
        lab.give_back("quake")
        lab.close()
        assert process.helpdesk_dump(folder) == script.original
        assert process.sent(folder) <= 1
