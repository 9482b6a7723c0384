"""Plans saved in files: carried out exactly, or refused with what moved."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from runner.errors import Exit
from tests.support.desk import HOURS, PAUSE, PHONE, Desk

NOW = ("--now", "--for", "2h")


@pytest.fixture
def saved(desk: Desk) -> Desk:
    """Return a desk where match.yaml was planned for now and saved as match.plan."""
    ran = desk.ok("plan", "match.yaml", *NOW, "-o", "match.plan")
    assert "runner apply match.plan" in ran.out
    return desk


def test_a_saved_plan_is_carried_out(saved: Desk) -> None:
    """`apply FILE` does what was planned; the file is for its owner's eyes only."""
    before = saved.dump()
    assert stat.S_IMODE(Path("match.plan").stat().st_mode) == 0o600
    ran = saved.ok("apply", "match.plan", "--yes", "--reason", "planned")
    assert "match@2026-12-11T10:00" in ran.out
    assert saved.dump() != before
    saved.revert()
    assert saved.dump() == before


@pytest.mark.parametrize("command", ["plan", "validate", "rehearse"])
def test_a_saved_plan_is_no_playbook(saved: Desk, command: str) -> None:
    """Where a playbook is wanted, a saved plan is named as what it is, with the command that takes it."""
    ran = saved.run(command, "match.plan")
    assert ran.code == Exit.INVALID
    told = ran.out + ran.err
    assert "LD010" in told
    assert "this is a saved plan, not a playbook" in told
    assert "`runner apply match.plan` carries it out" in told
    assert "YAML" not in told


def test_tickets_that_moved_drop_out_and_new_ones_wait(saved: Desk) -> None:
    """Only tickets of the saved selection are paused: a solved one drops out, one that arrived since is left alone."""
    lines = [json.loads(line) for line in Path("match.plan").read_text().splitlines()[1:-1]]
    keys = [line["key"] for line in lines if line["run"] == "pause"]
    saved.ok("sandbox", "edit", "ticket", keys[0], "status=solved")
    arrived = saved.ok("sandbox", "arrive", "status=open", "group=Level 1").out.split()[1]
    ran = saved.ok("apply", "match.plan", "--yes", "--reason", "planned")
    assert "no longer matches the selection" in ran.out
    assert "solved" in saved.ok("sandbox", "show", keys[0]).out
    assert "pending" not in saved.ok("sandbox", "show", arrived).out.splitlines()[0]
    assert "pending" in saved.ok("sandbox", "show", keys[1]).out


def test_a_selection_that_found_nothing_stays_empty(desk: Desk) -> None:
    """A plan that selected no ticket selects none later either."""
    desk.playbook(PAUSE.replace("status: open, group: Level 1", "status: open, tags: [nobody-has-this]"))
    desk.ok("plan", "match.yaml", *NOW, "-o", "match.plan")
    desk.ok("sandbox", "edit", "ticket", "1", "status=open", "tag=nobody-has-this")
    ran = desk.ok("apply", "match.plan", "--yes", "--reason", "planned")
    assert "0 changes" in ran.out or "nothing" in ran.out
    assert "pending" not in desk.ok("sandbox", "show", "1").out.splitlines()[0]


@pytest.mark.parametrize("edit", ["word", "line", "cut", "more"])
def test_a_file_that_was_edited_is_refused(saved: Desk, edit: str) -> None:
    """A plan file that was changed, shortened or added to by hand is no plan any more."""
    path = Path("match.plan")
    lines = path.read_text().splitlines(keepends=True)
    edited = {
        "word": "".join(lines).replace("Phone", "Fone"),
        "line": "".join(lines[:2] + lines[3:]),
        "cut": "".join(lines[:-1]),
        "more": "".join([*lines, lines[1]]),
    }
    path.write_text(edited[edit])
    before = saved.dump()
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "PF001" in ran.err
    assert saved.dump() == before


def test_a_value_that_moved_is_named(saved: Desk) -> None:
    """When somebody edited what the plan read, apply refuses and says which value was and is."""
    saved.ok("sandbox", "edit", "schedule", "Support BR", "fri", "07:00-18:00")
    before = saved.dump()
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "Support BR" in ran.text
    assert "07:00-18:00" in ran.text
    assert "runner plan PLAYBOOK -o FILE" in ran.text
    assert saved.dump() == before


def test_a_value_that_came_to_be_as_wanted(saved: Desk) -> None:
    """A field that needs no change any more, or needs one now, is named too."""
    saved.ok("sandbox", "edit", "channel", "Phone", "enabled=false")
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "is as wanted now" in ran.text
    saved.ok("plan", "match.yaml", *NOW, "-o", "match.plan")
    saved.ok("sandbox", "edit", "channel", "Phone", "enabled=true")
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "was as wanted" in ran.text


def test_a_playbook_that_changed(saved: Desk) -> None:
    """A playbook edited since is refused by name; one that is not here any more does not matter."""
    saved.playbook(PHONE, HOURS)
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "match.yaml was changed" in ran.text
    Path("match.yaml").unlink()
    saved.ok("apply", "match.plan", "--yes", "--reason", "x")


def test_a_target_that_was_configured_anew(saved: Desk) -> None:
    """A changed configuration of a target is refused by the target's name."""
    text = Path("runner.yaml").read_text().replace("pause: pending", "pause: hold")
    Path("runner.yaml").write_text(text)
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "the configuration of helpdesk changed" in ran.text


def test_a_plan_of_another_store(saved: Desk) -> None:
    """A plan made against another store is refused: that store knows other outages."""
    Path(".runner/store.sqlite").unlink()
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "another store" in ran.text


def test_a_plan_that_comes_too_late(saved: Desk) -> None:
    """A plan whose window is over is refused."""
    saved.clock.to("13:00")
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "PF004" in ran.err


def test_a_plan_of_a_window(desk: Desk) -> None:
    """A plan of a window in the future registers it; a later tick selects anew what was a forecast."""
    desk.ok("plan", "match.yaml", "-o", "match.plan")
    assert len(Path("match.plan").read_text().splitlines()) == 2
    assert desk.run("apply", "match.plan", "--yes", "--reason", "x").code == 0
    again = desk.ok("apply", "match.plan", "--yes", "--reason", "x")
    assert "registered" in again.out
    desk.clock.to("15:00")
    ran = desk.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED


def test_a_window_that_is_reverted_meanwhile(desk: Desk) -> None:
    """Of a plan with two windows of which one was given back since, nothing is carried out."""
    text = (
        Path("match.yaml").read_text().replace("14:30}]", "14:30}, {start: 2026-12-18 11:30, end: 2026-12-18 14:30}]")
    )
    Path("match.yaml").write_text(text)
    desk.ok("plan", "match.yaml", "-o", "match.plan")
    desk.apply()
    desk.revert("match@2026-12-11T11:30")
    ran = desk.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "match@2026-12-11T11:30 is over" in ran.text


def test_an_end_that_moved(desk: Desk) -> None:
    """A plan of an outage that was extended since is refused."""
    desk.apply()
    desk.playbook(PHONE, HOURS, PAUSE.replace("at_most: 500", "at_most: 400"))
    desk.ok("plan", "match.yaml", "-o", "match.plan")
    desk.run("extend", "match", "--until", "2026-12-11 16:00")
    ran = desk.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.REFUSED
    assert "ends at another time now" in ran.text


@pytest.mark.parametrize("words", [["--now", "--for", "1h"], ["--until", "2026-12-11 15:00"]])
def test_a_saved_plan_has_its_own_times(saved: Desk, words: list[str]) -> None:
    """--now, --for and --until do not belong to a saved plan."""
    assert saved.run("apply", "match.plan", *words, "--yes", "--reason", "x").code == Exit.USAGE


def test_a_plan_for_another_time_is_not_saved(desk: Desk) -> None:
    """`plan --at` is for looking; it cannot be saved and carried out."""
    assert desk.run("plan", "match.yaml", "--at", "2026-12-11 12:00", "-o", "match.plan").code == Exit.USAGE
    assert not Path("match.plan").exists()


def test_a_plan_of_another_version(saved: Desk) -> None:
    """A file of another version, whole as it is, is refused with both versions."""
    from hashlib import sha256

    lines = Path("match.plan").read_text().splitlines(keepends=True)
    head = {**json.loads(lines[0]), "version": 7}
    text = json.dumps({"kind": "plan", **head}) + "\n" + "".join(lines[1:-1])
    end = {"end": True, "lines": len(lines) - 2, "sha256": sha256(text.encode()).hexdigest()}
    Path("match.plan").write_text(text + json.dumps(end) + "\n")
    ran = saved.run("apply", "match.plan", "--yes", "--reason", "x")
    assert ran.code == Exit.INVALID
    assert "version 7" in ran.text
