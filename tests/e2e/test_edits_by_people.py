"""drift, why, rebase, --force: people's edits while an outage holds fields."""

from __future__ import annotations

from contextlib import suppress

import pytest

from providers.simulator import editing
from providers.simulator.database import Database
from providers.simulator.helpdesk import Refusal
from runner.errors import Exit
from tests.support.desk import HOURS, LOBBY, PAUSE, PHONE, Desk

NOW = ("--now", "--for", "2h")
FRIDAY = ("sandbox", "edit", "schedule", "Support BR", "fri")


@pytest.fixture
def held(desk: Desk) -> Desk:
    """Return a desk with an outage that holds a channel, Friday's hours and a sign."""
    desk.playbook(PHONE, HOURS, LOBBY)
    desk.apply(*NOW)
    desk.ok("ack", "match", "lobby", "--before", "welcome")
    return desk


def test_drift_names_every_edit(held: Desk) -> None:
    """drift is 0 while all is as the runner left it, and 4 with both values once somebody edited a held field."""
    assert "No difference" in held.ok("drift").out
    held.ok("sandbox", "edit", "channel", "Phone", "enabled=true")
    ran = held.run("drift")
    assert ran.code == Exit.DIFFERENCES
    assert "no -> yes" in ran.out
    (found,) = held.run("drift", "match", "--format", "json").json["differences"]
    assert (found["name"], found["expected"], found["live"]) == ("Phone", False, True)
    assert held.run("drift", "nothing").code == Exit.USAGE


def test_many_edits_are_counted(desk: Desk) -> None:
    """Of a long list of edits the first are named, the others counted."""
    desk.playbook(PAUSE.replace("status: open, group: Level 1", "status: [open, solved]"))
    desk.apply(*NOW)
    database = Database(desk.folder / ".runner" / "helpdesk.sqlite")
    for ticket in range(1, 121):
        with suppress(Refusal):  # closed tickets take no update
            editing.set_ticket(database, ticket, {"status": "hold"}, tags={})
    database.close()
    ran = desk.run("drift")
    assert ran.code == Exit.DIFFERENCES
    assert ran.out.count(" tickets ") == 40
    assert "(`--format json` lists all)" in ran.out
    assert len(desk.run("drift", "--format", "json").json["differences"]) > 40


@pytest.mark.parametrize(
    "words",
    [
        ("Support BR", "fri"),
        ("Support BR", "hours/fri"),
        ("helpdesk/business_hours/101/hours/fri",),
        ("helpdesk/business_hours/101", "fri"),
        ("101",),
    ],
)
def test_why_by_name_id_or_address(held: Desk, words: tuple[str, ...]) -> None:
    """A field is found by the object's name or id, or by its address, whole or with the field beside it."""
    (found,) = held.ok("why", *words, "--format", "json").json["fields"]
    assert found["path"] == "hours/fri"
    assert [layer["owner"] for layer in found["layers"]] == ["base", "match@2026-12-11T10:00"]
    assert found["layers"][1]["until"] == "2026-12-11T15:00:00Z"


def test_why_shows_an_edit_before_and_after_it_was_seen(held: Desk) -> None:
    """An edit is told as a difference first, and as a layer of its own once the runner has looked."""
    held.ok(*FRIDAY, "06:00-10:00", "12:00-18:00")
    assert "DIFFERS" in held.ok("why", "Support BR").out
    held.ok("rebase", "match")
    held.ok(*FRIDAY, "05:00-10:00", "12:00-18:00")
    held.ok("rebase", "match")
    (found,) = held.ok("why", "Support BR", "--format", "json").json["fields"]
    assert "a person" in [layer["owner"] for layer in found["layers"]]
    assert not found["differs"]


def test_why_of_a_human_step(held: Desk) -> None:
    """The stack of a field that people set is shown with what was acknowledged."""
    (found,) = held.ok("why", "Turn the sign", "--format", "json").json["fields"]
    assert (found["last"], found["layers"][0]["value"]) == ("closed", "welcome")


def test_why_of_a_field_that_nobody_holds(held: Desk) -> None:
    """At an address that no outage holds, what is live is shown, one field or all of the object."""
    out = held.ok("why", "helpdesk/channel/202/enabled").out
    assert "No outage holds this field" in out
    assert len(held.ok("why", "helpdesk/business_hours/102", "--format", "json").json["fields"]) > 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Suport BR",), "Support BR"),
        (("Support BR", "sun"), "held are: fri"),
        (("helpdesk/nonsense/1/x",), "target/kind/id/path"),
        (("helpdesk/checklist/1/x",), "target/kind/id/path"),
    ],
)
def test_why_with_a_wrong_name(held: Desk, words: tuple[str, ...], said: str) -> None:
    """A name that nothing has is answered with the nearest, a field that is not held with those that are."""
    ran = held.run("why", *words)
    assert ran.code == Exit.USAGE
    assert said in ran.text


def test_an_edit_outlives_the_outage(held: Desk) -> None:
    """An edit during the outage is kept at the revert, and reported."""
    held.ok(*FRIDAY, "06:00-10:00", "12:00-18:00")
    ran = held.revert()
    assert "edited by hand" in ran.text.lower() or "edited by a person" in ran.text.lower()
    assert "06:00-18:00" in held.ok("sandbox", "show").out


def test_rebase_lets_the_outage_win_for_now(held: Desk) -> None:
    """After a rebase the outage's value stands; the edit comes back when the outage ends."""
    held.ok("sandbox", "edit", "channel", "Phone", "enabled=true")
    ran = held.ok("rebase", "Phone", "--reason", "line is dead")
    assert "1 edit comes back" in ran.out
    assert "OFF" in held.ok("sandbox", "show").out
    assert held.ok("rebase", "match").out.startswith("No edit lies above")
    assert "rebase" in held.ok("show", "match").out
    held.revert()
    assert held.ok("drift").code == 0


def test_rebase_of_an_edit_that_changes_the_value(desk: Desk) -> None:
    """An edit that lies below the outage is what the outage gives back."""
    desk.playbook(HOURS)
    desk.apply(*NOW)
    desk.ok(*FRIDAY, "07:00-10:00", "11:00-17:00")
    data = desk.ok("rebase", "helpdesk/business_hours/101/hours/fri", "--format", "json").json
    assert data["slots"] == ["helpdesk/business_hours/101/hours/fri"]
    desk.revert()
    out = desk.ok("sandbox", "show").out
    assert "fri 07:00-17:00" in out


def test_rebase_while_a_write_is_not_confirmed(desk: Desk) -> None:
    """A field whose write nobody confirmed yet cannot be rebased; resume settles it first."""
    desk.playbook(PHONE)
    desk.ok("sandbox", "faults", "add", "lost_reply", "--op", "write", "--kind", "channel", "--times", "1")
    desk.ok(
        "sandbox", "faults", "add", "unavailable", "--op", "read", "--kind", "channel", "--skip", "4", "--times", "1"
    )
    assert desk.apply(*NOW).code == Exit.RESUME
    ran = desk.run("rebase", "Phone")
    assert ran.code == Exit.REFUSED
    assert "runner resume" in ran.text
    desk.ok("resume")
    desk.ok("rebase", "Phone")


@pytest.mark.parametrize("words", [("nothing",), ("helpdesk/channel/1/enabled",)])
def test_rebase_of_nothing(held: Desk, words: tuple[str, ...]) -> None:
    """What nobody holds cannot be rebased; the answer says what can."""
    ran = held.run("rebase", *words)
    assert ran.code == Exit.USAGE
    assert "runner status" in ran.err


def test_force_gives_back_the_state_before(held: Desk) -> None:
    """`revert --force` drops edits: what stood before the outage stands again."""
    held.ok(*FRIDAY, "06:00-10:00")
    held.run("revert", "--force", "--yes", "--reason", "wrong edit")
    assert "06:00" not in held.ok("sandbox", "show").out


def test_force_lets_the_outage_win_over_edits(desk: Desk) -> None:
    """`resume --force` writes what the outage wants over an edit; the revert then gives back the state before."""
    desk.playbook(PHONE)
    before = desk.dump()
    desk.apply(*NOW)
    desk.ok("sandbox", "edit", "channel", "Phone", "enabled=true")
    assert desk.run("resume", "--force").code == Exit.REFUSED
    assert desk.run("resume", "--force", typed="n\n").code == Exit.REFUSED
    assert desk.run("drift").code == Exit.DIFFERENCES
    desk.ok("resume", "match", "--force", "--yes", "--reason", "the line is dead")
    assert "OFF" in desk.ok("sandbox", "show").out
    assert "force by ana@desk" in desk.ok("show", "match").text
    desk.revert()
    assert desk.dump() == before


def test_apply_with_force_does_the_same(desk: Desk) -> None:
    """Applying the playbook of an open window with --force drops edits in its open steps."""
    desk.playbook(PHONE)
    desk.clock.to("12:00")
    desk.apply()
    desk.ok("sandbox", "edit", "channel", "Phone", "enabled=true")
    planned = desk.run("apply", "match.yaml", "--force", typed="n\n")
    assert "channel Phone" in planned.out
    assert desk.apply("--force").code == 0
    assert "OFF" in desk.ok("sandbox", "show").out


def test_a_forced_revert_shows_what_it_writes(desk: Desk) -> None:
    """The plan of `revert --force` shows the state before the outage, not the edit that would be kept."""
    desk.playbook(HOURS)
    desk.apply(*NOW)
    desk.ok(*FRIDAY, "06:00-10:00", "12:00-18:00")
    plain = desk.run("revert", typed="n\n").out
    forced = desk.run("revert", "--force", typed="n\n").out
    assert "06:00-18:00" in plain
    assert "06:00-18:00" not in forced
    assert "08:00-18:00" in forced


def test_a_snooze_that_is_due_is_nobodys_edit(desk: Desk) -> None:
    """The helpdesk wakes its tickets by itself at the very time when the step ends: that is how it was meant."""
    with_ = "{select: {status: open}, until: start + 1h, at_most: 900}"
    desk.playbook(f"    - {{id: nap, uses: snooze, target: helpdesk, with: {with_}}}\n")
    desk.clock.to("11:31")
    assert desk.apply().code == 0
    desk.clock.to("12:31")
    ran = desk.ok("tick")
    assert "kept" not in ran.text.lower()
    assert "by hand" not in ran.text
    assert "is closed" in ran.text
    assert desk.ok("status", "--format", "json").json["outages"] == []
