"""What a target refused at the opening is not forgotten; and journals that no store knows are told of."""

from __future__ import annotations

from pathlib import Path

from runner.commands import look
from runner.commands.operate import unknown_journals
from runner.errors import Exit
from runner.testing.world import Fault, What
from tests.support.lab import Lab

STEP = {"id": "pause", "uses": "tickets", "with": {"select": {"status": "open"}, "status": "pause", "at_most": 10}}


def filled(folder: Path) -> Lab:
    lab = Lab(folder)
    for number in range(5):
        lab.world.put("tickets", str(number), name=f"#{number}", status="open")
    return lab


def statuses(lab: Lab) -> list[object]:
    return [lab.get("tickets", str(number), "status") for number in range(5)]


def test_resume_asks_again_for_what_was_refused(tmp_path: Path) -> None:
    """A refused ticket makes the step wait and shows in the status; resume writes it once the target takes it."""
    lab = filled(tmp_path)
    lab.world.fail(Fault(What.REJECT, item=2))

    report = lab.apply(lab.playbook("a", [STEP]))

    assert report.exit_code is Exit.PEOPLE
    assert [run.state for run in report.runs] == ["waiting"]
    assert statuses(lab) == ["pending", "pending", "open", "pending", "pending"]
    assert "refused 1 change" in look.status(lab.session)[0].warnings[0]

    again = lab.resume()[0]

    assert again.exit_code is Exit.DONE
    assert statuses(lab) == ["pending"] * 5
    assert look.status(lab.session)[0].warnings == ()
    assert lab.revert().state == "closed"
    assert statuses(lab) == ["open"] * 5


def test_a_tick_does_not_ask_again_by_itself(tmp_path: Path) -> None:
    """Only a person who says `resume` makes the runner ask a target a second time."""
    lab = filled(tmp_path)
    lab.world.fail(Fault(What.REJECT, item=2))
    lab.apply(lab.playbook("a", [STEP]))

    lab.tick()

    assert statuses(lab)[2] == "open"


def test_a_lost_store_is_told_from_the_journals(tmp_path: Path) -> None:
    """When the store is gone, the journals of outages that still owe a restore are named with the command to type."""
    lab = filled(tmp_path)
    lab.apply(lab.playbook("a", [STEP]))
    assert unknown_journals(lab.session) == ""
    lab.session.close()
    for path in lab.config.store.path.parent.glob("store.sqlite*"):
        path.unlink()
    new = Lab(tmp_path, lab.world, now=lab.deps.now())

    sentence = unknown_journals(new.session)

    assert "1 journal" in sentence
    assert "runner import" in sentence


def test_journals_of_ended_outages_are_not_told_of(tmp_path: Path) -> None:
    """An outage that gave everything back says so in its journal."""
    lab = filled(tmp_path)
    lab.apply(lab.playbook("a", [STEP]))
    lab.revert()
    lab.session.close()
    for path in lab.config.store.path.parent.glob("store.sqlite*"):
        path.unlink()

    assert unknown_journals(Lab(tmp_path, lab.world, now=lab.deps.now()).session) == ""
