"""Guards hold when a step comes due with nobody looking at a plan."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from runner import kinds
from runner.config import Freeze, Guards, Limit
from tests.support.lab import START, Lab, all_kinds

STEP: dict[str, Any] = {
    "id": "pause",
    "uses": "tickets",
    "with": {"select": {"status": "open"}, "status": "pause", "at_most": 99},
}


def opened_by_a_tick(folder: Path, guards: Guards, *, follow_up: bool = False) -> Lab:
    lab = Lab(folder, now=START - timedelta(days=1), guards=guards)
    for number in range(5):
        lab.world.put("tickets", str(number), name=f"#{number}", status="open")
    restore = [{"uses": "notice", "target": "desk", "with": {"place": "board", "subject": "back"}, "until": "end + 1d"}]
    lab.apply(lab.playbook("match", [{**STEP, "restore": restore} if follow_up else STEP]))
    lab.at(START + timedelta(minutes=1)).tick()
    return lab


def paused(lab: Lab) -> int:
    return sum(lab.get("tickets", str(number), "status") == "pending" for number in range(5))


def test_a_limit_holds_at_a_tick(tmp_path: Path) -> None:
    """A step that finds more objects than the guard allows when it opens touches none of them, and says why."""
    lab = opened_by_a_tick(tmp_path, Guards(limits={"tickets": Limit(objects=3)}))

    message = lab.tick()[0].runs[0].message

    assert paused(lab) == 0
    assert "limits: more than 3 tickets objects" in message


def test_a_protected_object_holds_at_a_tick(tmp_path: Path) -> None:
    """A protected object that comes into a selection later keeps the step from touching anything."""
    lab = opened_by_a_tick(tmp_path, Guards(protected=("desk/tickets/4",)))

    assert paused(lab) == 0


def test_a_freeze_holds_at_a_tick_and_ends(tmp_path: Path) -> None:
    """Nothing opens during a freeze; the first tick after it opens what is still due."""
    freeze = Freeze(START - timedelta(hours=1), START + timedelta(hours=1), "release night")
    lab = opened_by_a_tick(tmp_path, Guards(freezes=(freeze,)))
    assert paused(lab) == 0

    lab.at(START + timedelta(hours=1, minutes=1)).tick()

    assert paused(lab) == 5


def test_a_status_that_never_comes_back_is_left_alone_at_a_tick(tmp_path: Path) -> None:
    """A ticket whose status never comes back is not paused by a tick unless the step says what comes in its place."""
    specs = {**all_kinds(), "tickets": kinds.tickets(gives_back=frozenset({"open", "pending"}))}
    lab = Lab(tmp_path, now=START - timedelta(days=1), specs=specs)
    step = {**STEP, "with": {**STEP["with"], "select": {"status": ["open", "new"]}}}
    lab.world.put("tickets", "1", name="#1", status="open")
    lab.apply(lab.playbook("match", [step]))
    lab.world.put("tickets", "2", name="#2", status="new")

    report = lab.at(START + timedelta(minutes=1)).tick()[0]

    assert [lab.get("tickets", key, "status") for key in ("1", "2")] == ["pending", "new"]
    assert "never gives 'new' back" in report.notes[0].reason


def test_a_freeze_does_not_hold_back_a_restore_or_its_follow_up(tmp_path: Path) -> None:
    """What ends during a freeze is given back, and what is to be said then is said."""
    freeze = Freeze(START + timedelta(hours=2), START + timedelta(hours=9), "release night")
    lab = opened_by_a_tick(tmp_path, Guards(freezes=(freeze,)), follow_up=True)
    assert paused(lab) == 5

    lab.at(START + timedelta(hours=3, minutes=1)).tick()

    assert paused(lab) == 0
    assert '"subject":"back"' in lab.world.dump()
