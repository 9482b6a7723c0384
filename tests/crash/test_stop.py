"""Ctrl-C and SIGTERM: the first one finishes the request in flight and ends in order, the second one ends at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from runner.deps import Stop
from runner.errors import Exit, Interrupted, RunnerError
from runner.store import ledger
from runner.testing.world import Fault, What
from tests.support import process
from tests.support.crash import Point, differences, memory_folder, points
from tests.support.lab import Lab, all_kinds
from tests.support.process import DeskLab, SharedClock


@pytest.fixture(scope="module")
def desk() -> Iterator[Path]:
    """A folder with a helpdesk and an empty store."""
    with memory_folder() as folder:
        yield process.fresh(folder / "new")


def applying(lab: DeskLab, number: int, signals: list[int]) -> int:
    """Apply with the real signal handlers, and send `signals` to this very process at the point `number`."""
    stop: Stop = lab.deps.stop
    stop.install()
    count = [0]

    def at(point: Point) -> None:
        count[0] += 1
        if count[0] == number:
            for each in signals:
                os.kill(os.getpid(), each)

    try:
        with points(at):
            lab.apply(process.quake(lab))
    except RunnerError as fault:
        return int(fault.exit_code)
    except KeyboardInterrupt:
        return 130
    return int(Exit.DONE)


def child_of(folder: Path, number: int, signals: list[int]) -> int:
    """Return the exit code of a child that applies and gets `signals` at the point `number`."""

    def work() -> int:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        return applying(DeskLab(folder, SharedClock()), number, signals)

    return os.waitstatus_to_exitcode(process.stopped_or_ended(process.started(work)))


def first_write(desk: Path) -> int:
    """Return the number of the point before the first write."""
    found: list[str] = []
    with memory_folder() as scratch:
        lab = DeskLab(process.copied(desk, scratch / "desk"), SharedClock())
        with points(lambda point: found.append(point.name)):
            lab.apply(process.quake(lab))
        lab.close()
    return found.index("before a write") + 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_finishes_the_request_in_flight(desk: Path, number: int) -> None:
    """A real SIGTERM or Ctrl-C right before a request: the request is sent and recorded, the lease is free at once,
    the exit code is 6, and `resume` goes on without waiting."""
    with memory_folder() as scratch:
        folder = process.copied(desk, scratch / "desk")
        assert child_of(folder, first_write(desk), [number]) == Exit.RESUME
        assert process.api_writes(folder) > 0
        store = folder / "store" / "store.sqlite"
        states = {state for (state,) in process.rows(store, "SELECT DISTINCT state FROM journal")}
        assert states == {"done"}
        lab = DeskLab(folder, SharedClock())
        assert [report.exit_code for report in lab.resume()] == [Exit.DONE]
        lab.give_back("quake")
        lab.close()


def test_the_second_signal_ends_at_once_and_resume_still_works(desk: Path) -> None:
    """Two signals right before a request: the process ends there and then, nothing is sent, and a new process goes on
    at once and ends as if nothing had happened."""
    with memory_folder() as scratch:
        folder = process.copied(desk, scratch / "desk")
        original = process.helpdesk_dump(folder)
        assert child_of(folder, first_write(desk), [signal.SIGTERM, signal.SIGTERM]) == 130
        assert process.api_writes(folder) == 0
        lab = DeskLab(folder, SharedClock())
        assert [report.exit_code for report in lab.resume()] == [Exit.DONE]
        assert process.helpdesk_dump(folder) != original
        lab.give_back("quake")
        lab.close()
        assert process.helpdesk_dump(folder) == original


def stopped_lab(folder: Path) -> Lab:
    """Return a lab with hours, a text and three tickets."""
    lab = Lab(folder)
    week = {"hours__fri": ["09:00-18:00"]}
    lab.world.put("business_hours", "s1", name="Support", zone="America/Sao_Paulo", **week)
    lab.world.put("message", "m1", name="Offline", text__en="We are away.")
    for number in range(3):
        lab.world.put("tickets", f"t{number}", name=f"T{number}", status="open", group="L1")
    return lab


STEPS = [
    {"id": "hours", "uses": "business_hours", "with": {"schedule": "Support", "closed": "window"}},
    {"id": "offline", "uses": "message", "with": {"message": "Offline", "append": "Back soon."}},
    {"id": "pause", "uses": "tickets", "with": {"select": {"status": "open"}, "status": "pause"}},
    {"id": "tell", "uses": "notice", "with": {"place": "agents", "subject": "Match"}},
]


@pytest.mark.parametrize("verb", ["apply", "revert"])
def test_a_stop_at_a_point_is_in_order(verb: str) -> None:
    """Asked to stop at any seventh point of an apply or a revert, the process leaves no intent without outcome and no
    lease, and a new one goes on at once to the same end."""
    _stopped_at_every(7, verb)


@pytest.mark.soak
@pytest.mark.parametrize("verb", ["apply", "revert"])
def test_a_stop_at_any_point_is_in_order(verb: str) -> None:
    """The same at every single point."""
    _stopped_at_every(1, verb)


def _stopped_at_every(step: int, verb: str) -> None:
    number, more = 1, True
    while more:
        with memory_folder() as folder:
            more = _stopped_at(folder, verb, number)
        number += step
    assert number > 40, "points are missing"


def _stopped_at(folder: Path, verb: str, number: int) -> bool:
    """Ask for a stop at one point; returns whether there was such a point."""
    lab = stopped_lab(folder)
    original = lab.world.dump()
    playbook = lab.playbook("match", STEPS)
    if verb == "revert":
        lab.apply(playbook)
        lab.later(minutes=1)
    count = [0]

    def at(point: Point) -> None:
        count[0] += 1
        if count[0] == number:
            lab.deps.stop.asked = True

    with points(at), suppress(Interrupted):
        lab.apply(playbook) if verb == "apply" else lab.revert("match")
    where = f"asked to stop at point {number} of {verb}"
    with lab.session.store.reading() as conn:
        assert ledger.unfinished(conn) == [], where
    lab = lab.restart()
    lab.resume()
    if not lab.world.log:
        lab.apply(playbook)
    assert len(lab.world.outbox) == 1, where
    if verb == "apply":
        lab.revert("match")
    assert differences(original, lab.world.dump()) == [], where
    lab.session.close()
    return count[0] >= number


def test_a_stop_while_reads_are_stale_does_not_take_the_write_for_lost(tmp_path: Path) -> None:
    """The target answered OK, and its reads still show the old value when Ctrl-C comes: the write is not taken for
    refused and forgotten; the next process looks again, and the revert gives the value back."""
    kinds = all_kinds()
    kinds["message"] = replace(kinds["message"], settle=20.0)
    lab = Lab(tmp_path, specs=kinds)
    lab.world.put("message", "m1", name="Offline", text__en="We are away.")
    original = lab.world.dump()
    playbook = lab.playbook("match", STEPS[1:2])
    lab.world.fail(Fault(What.STALE, kind="message", reads=10))
    lab.world.watch = lambda on, kind: setattr(lab.deps.stop, "asked", bool(lab.world.log))
    with pytest.raises(Interrupted) as caught:
        lab.apply(playbook)
    assert caught.value.exit_code == Exit.RESUME
    assert "runner resume" in caught.value.hint
    assert lab.world.dump() != original
    lab.world.watch = None
    lab = lab.restart()
    lab.resume()
    lab.later(minutes=1)
    report = lab.revert("match")
    assert report.exit_code == Exit.DONE
    assert lab.world.dump() == original
