"""steps, ack, and the questions at a terminal."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from runner.errors import Exit
from tests.support.desk import LOBBY, PHONE, Desk

NOW = ("--now", "--for", "2h")
LOGIN = "    - {id: login, uses: access, target: helpdesk, with: {setting: Self sign-up, value: false, menu: Access}}\n"
TWO = """\
    - id: two
      uses: checklist
      target: helpdesk
      with: {items: [{do: First}, {do: Second}]}
"""
OPENED = "match@2026-12-11T10:00"


@pytest.fixture
def lobby(desk: Desk) -> Desk:
    """Return a desk with an open outage whose sign a person has to turn."""
    desk.playbook(PHONE, LOBBY)
    assert desk.apply(*NOW).code == Exit.PEOPLE
    return desk


def test_steps_say_what_where_and_how_to_answer(lobby: Desk) -> None:
    """`steps` shows the text, the menu path, the value and the command, in three formats."""
    human = lobby.ok("steps").out
    assert "Turn the sign" in human
    assert "Lobby > screen" in human
    assert f"runner ack {OPENED} lobby --before VALUE" in human
    assert "- [ ] **Turn the sign**" in lobby.ok("steps", "match", "--format", "markdown").out
    (step,) = lobby.ok("steps", "--format", "json").json["steps"]
    assert step["value"] == "closed"
    assert not step["overdue"]
    lobby.clock.wait(1000)
    assert lobby.ok("steps", "--format", "json").json["steps"][0]["overdue"]
    assert lobby.run("steps", "nothing").code == Exit.USAGE


def test_all_steps_on_one_page_before_anything_is_applied(desk: Desk) -> None:
    """A playbook's file gives all steps by hand of each window that is to come, in the language asked for; with an
    outage that is registered they are those of the store. The page needs nothing from elsewhere."""
    desk.playbook(PHONE, LOBBY.replace("uses", "who: <Ana>\n      uses"))
    page = desk.ok("steps", "match.yaml", "--format", "html", "--language", "es-MX").out
    assert '<html lang="es">' in page
    assert page.count("&lt;Ana&gt;") == 2
    assert "el valor anterior del paso 1" in page
    assert not re.search(r"<script|<img|<link|https?:|url\(|@import| on\w+=", page)
    found = desk.ok("steps", "match.yaml", "--format", "json").json
    assert [(step["direction"], step["state"]) for step in found["steps"]] == [
        ("open", "planned"),
        ("close", "planned"),
    ]
    desk.clock.to("16:00")
    assert desk.ok("steps", "match.yaml", "--format", "json").json == found, "all windows are over: each is shown"
    desk.clock.to("10:00")
    assert desk.apply().code == 0
    assert desk.ok("steps").out.startswith("No step waits")
    desk.clock.to("11:30")
    ticked = desk.run("tick")
    assert ticked.code == Exit.PEOPLE
    assert "1 step waits for a person (<Ana>). What to do, and where:" in ticked.text
    desk.ok("ack", "match", "lobby", "--before", "welcome")
    text = desk.ok("steps", "match", "--all", "--format", "markdown").out
    assert "- [x] 1\\. **Turn the sign**" in text
    assert "welcome" in text.partition("Put back")[2]


def test_a_human_step_and_its_opposite(lobby: Desk) -> None:
    """What stood there before is recorded, asked back at the revert, and the outage closes with the answer."""
    assert lobby.run("ack", "match", "lobby").code == Exit.USAGE
    ran = lobby.ok("ack", "match", "lobby", "--before", "welcome", "--evidence", "photo")
    assert "nothing is left to do for this step" in ran.out
    assert lobby.ok("steps").out.startswith("No step waits")
    assert lobby.revert().code == Exit.PEOPLE
    (step,) = lobby.ok("steps", "--format", "json").json["steps"]
    assert (step["direction"], step["value"]) == ("close", "welcome")
    assert "Put back" in lobby.ok("steps").out
    assert lobby.run("status", "--exit-code").code == Exit.PEOPLE
    assert "OVERDUE" in lobby.ok("status").out
    assert "runner resume" not in lobby.ok("status").out
    assert lobby.ok("ack", OPENED, "lobby").code == 0
    assert lobby.ok("status", "--exit-code").out.startswith("No outage")


def test_evidence_of_a_file_is_its_hash(lobby: Desk) -> None:
    """`--evidence @FILE` keeps the file's name and hash, not its content; a missing file is a usage error."""
    assert lobby.run("ack", "match", "lobby", "--before", "x", "--evidence", "@nothing.png").code == Exit.USAGE
    Path("photo.png").write_bytes(b"pixels of people")
    lobby.ok("ack", "match", "lobby", "--before", "x", "--evidence", "@photo.png")
    journal = next(Path("journal").iterdir()).read_text()
    digest = sha256(b"pixels of people").hexdigest()
    assert digest in journal
    assert "pixels" not in journal
    assert f"file: photo.png, sha-256 {digest}" in lobby.ok("show", "match").text
    assert f"evidence: photo.png (sha-256 {digest})" in lobby.ok("steps", "match", "--all").text


def test_the_history_says_who_did_what_and_who_typed_it(desk: Desk) -> None:
    """A link, a text and a correction are told apart; `--as` names who did it, and who typed stands below."""
    desk.playbook(TWO.replace("First", "First, value: x"), LOBBY)
    desk.apply(*NOW)
    link = "https://example.com/change/4711?view=1"
    desk.run("ack", "match", "two", "1", "--before", "y", "--evidence", link, "--as", "Rui")
    desk.run("ack", "match", "two", "1", "--before", "z", "--correct-before")
    desk.run("ack", "match", "two", "2", "--evidence", "see https://example.com/a, b")
    desk.revert()
    assert desk.run("ack", "match", "lobby", "--not-done").code == Exit.PEOPLE
    desk.run("ack", "match", "two", "2")
    desk.run("ack", "match", "two", "1")
    rows = desk.ok("show", OPENED, "--format", "json").json
    assert [(row["what"], row["run"], row["item"], row["actor"]) for row in rows["by_hand"]] == [
        *[("done", "two", "1", "Rui"), ("corrected", "two", "1", "ana@desk"), ("done", "two", "2", "ana@desk")],
        ("not done", "lobby", "1", "ana@desk"),
        *[("put back", "two", "2", "ana@desk"), ("put back", "two", "1", "ana@desk")],
    ]
    kinds = [(row["evidence_kind"], row["evidence"]) for row in rows["by_hand"]]
    assert kinds[:3] == [("link", link), ("", ""), ("text", "see https://example.com/a, b")]
    assert [(each["detail"], each["reason"]) for each in rows["history"] if each["actor"] == "Rui"] == [
        ("two 1", "typed by ana@desk")
    ]
    text = desk.ok("show", OPENED).text
    assert "done by Rui: two, First value before: y link: https://example.com/change/4711?view=1" in text
    assert "not done by ana@desk: lobby, Turn the sign" in text


def test_acknowledged_once(lobby: Desk) -> None:
    """A second acknowledgement is refused; a correction is appended and the first value stays the one restored."""
    lobby.ok("ack", "match", "lobby", "--before", "welcome")
    assert lobby.run("ack", "match", "lobby", "--before", "other").code == Exit.REFUSED
    assert (
        "the first value before stays" in lobby.ok("ack", "match", "lobby", "--before", "other", "--correct-before").out
    )
    lobby.revert()
    assert lobby.ok("steps", "--format", "json").json["steps"][0]["value"] == "welcome"


def test_a_value_that_nobody_knows(lobby: Desk) -> None:
    """`--before-unknown` is taken, and said at the revert; together with a value it contradicts itself."""
    assert lobby.run("ack", "match", "lobby", "--before", "x", "--before-unknown").code == Exit.USAGE
    lobby.ok("ack", "match", "lobby", "--before-unknown")
    lobby.revert()
    assert "nobody could say" in lobby.ok("steps", "--format", "json").json["steps"][0]["value"]


def test_never_acknowledged_is_one_question(lobby: Desk) -> None:
    """A step that nobody acknowledged becomes a question; `--not-done` closes it with nothing to take back."""
    assert lobby.run("ack", "match", "lobby", "--not-done").code == Exit.USAGE
    lobby.revert()
    (step,) = lobby.ok("steps", "--format", "json").json["steps"]
    assert step["question"]
    lobby.ok("ack", "match", "lobby", "--not-done")
    assert lobby.ok("status", "--all", "--format", "json").json["outages"][0]["state"] == "closed"


def test_done_after_all(lobby: Desk) -> None:
    """The question answered with what stood before asks for the opposite step."""
    lobby.revert()
    ran = lobby.run("ack", "match", "lobby", "--before", "welcome")
    assert ran.code == Exit.PEOPLE
    assert lobby.ok("steps", "--format", "json").json["steps"][0]["value"] == "welcome"
    lobby.ok("ack", "match", "lobby")


def test_a_setting_keeps_its_type(desk: Desk) -> None:
    """A switch is typed as on or off, and comes back as the switch it was."""
    desk.playbook(LOGIN)
    desk.apply(*NOW)
    assert desk.ok("steps", "--format", "json").json["steps"][0]["value"] == "off"
    desk.ok("ack", "match", "login", "--before", "on")
    assert desk.ok("why", "self-sign-up", "--format", "json").json["fields"][0]["layers"][0]["value"] is True
    desk.revert()
    assert desk.ok("steps", "--format", "json").json["steps"][0]["value"] == "on"


def test_a_setting_that_is_a_list(desk: Desk) -> None:
    """A list is typed as JSON; what is no JSON is taken as the words themselves."""
    desk.playbook(LOGIN.replace("value: false", "value: [10.0.0.0/8]"))
    desk.apply(*NOW)
    desk.ok("ack", "match", "login", "--before", '["0.0.0.0/0"]')
    desk.revert()
    assert desk.ok("steps", "--format", "json").json["steps"][0]["value"] == "0.0.0.0/0"
    desk.ok("ack", OPENED, "login")
    desk.apply(*NOW)
    desk.ok("ack", "match", "login", "--before", "everywhere")
    desk.revert()
    assert desk.ok("steps", "--format", "json").json["steps"][0]["value"] == "everywhere"


def test_several_items_are_named(desk: Desk) -> None:
    """With several items the item is needed, and the commands of `steps` name it. What is only to be done, without a
    value, has no value before."""
    desk.playbook(TWO)
    desk.apply(*NOW)
    assert [step["item"] for step in desk.ok("steps", "--format", "json").json["steps"]] == ["1", "2"]
    assert f"runner ack {OPENED} two 2\n" in desk.ok("steps").out
    assert desk.run("ack", "match", "two", "--before-unknown").code == Exit.USAGE
    ran = desk.run("ack", "match", "two", "1", "--before-unknown")
    assert ran.code == Exit.PEOPLE
    assert "more items of this step wait" in ran.out
    desk.ok("ack", "match", "two", "2")


def test_a_tick_tells_of_what_is_late(desk: Desk) -> None:
    """`tick` sends what runner.yaml asks for, and says what it could not send; `doctor` knows before."""
    desk.configure("notifications:\n  - {target: helpdesk, after: 5m, with: {place: agents}}\n")
    desk.playbook(LOBBY)
    desk.apply(*NOW)
    desk.clock.wait(300)
    assert "could not tell" not in desk.run("tick").text
    assert "told helpdesk/" in desk.ok("show", "match").text
    desk.configure("notifications:\n  - {target: helpdesk, after: 5m}\n")
    assert "a notice on helpdesk would stay there" in desk.run("doctor").text
    assert "helpdesk could not tell of 1 overdue step: a notice on helpdesk would stay there" in desk.run("tick").text


@pytest.mark.parametrize("step", ["looby", "phone"])
def test_a_step_that_nobody_does(lobby: Desk, step: str) -> None:
    """A step that does not exist, or that no person carries out, is refused with those that there are."""
    ran = lobby.run("ack", "match", step, "--before", "x")
    assert ran.code == Exit.USAGE
    assert "its human steps: lobby" in ran.text


def test_ack_goes_on_with_what_waited_for_it(desk: Desk) -> None:
    """A step that needs the human step is carried out as soon as that is acknowledged."""
    desk.playbook(LOBBY, PHONE.replace("uses: channel", "uses: channel, needs: [lobby]"))
    before = desk.dump()
    assert desk.apply(*NOW).code == Exit.PEOPLE
    assert desk.dump() == before
    ran = desk.ok("ack", "match", "lobby", "--before", "x", "--format", "json").json
    assert [run["run"] for run in ran["report"]["runs"]] == ["phone"]
    assert desk.dump() != before


def test_a_terminal_is_walked_through_the_steps(desk: Desk) -> None:
    """After an apply at a terminal each waiting step is asked about; `later` leaves it waiting and makes 5."""
    desk.playbook(PHONE, LOBBY)
    later = desk.run("apply", "match.yaml", *NOW, typed="y\nlater\n")
    assert later.code == Exit.PEOPLE
    assert "Is it done?" in later.out
    done = desk.run("apply", "match.yaml", typed="y\n")
    assert done.code == 0
    asked = desk.run("ack", "match@2026-12-11T10:00", "lobby", typed="welcome\n")
    assert asked.code == 0
    assert "What stood there before?" in asked.out
    back = desk.run("revert", OPENED, typed="y\nyes\n\n")
    assert back.code == 0
    assert "set it:  welcome" in back.out


def test_a_terminal_answers_questions(desk: Desk) -> None:
    """At a revert the question is asked in place: no ends it, yes asks what stood there and then for the opposite."""
    desk.playbook(LOBBY)
    desk.apply(*NOW)
    assert desk.run("revert", typed="y\nno\n\n").code == 0
    desk.clock.wait(60)
    desk.apply(*NOW)
    ran = desk.run("revert", typed="y\nyes\n\n\nyes\n@nothing.png\n")
    assert ran.code == Exit.PEOPLE
    assert "nobody could say" in ran.out
    assert "cannot be read" in ran.err
    done = desk.run("revert", typed="y\nyes\nphoto\n")
    assert done.code == 0


def test_ack_when_somebody_else_takes_over(lobby: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The acknowledgement counts although somebody else goes on with the outage."""
    from runner import executor
    from runner.store.lease import HeldBy

    def taken(*_: object) -> None:
        raise HeldBy("bruno@laptop/7", 9)

    monkeypatch.setattr(executor, "drive", taken)
    ran = lobby.ok("ack", "match", "lobby", "--before", "x")
    assert "somebody else is at work" in ran.out
    assert (
        lobby.ok("ack", "match", "lobby", "--before", "y", "--correct-before", "--format", "json").json["report"]
        is None
    )
    assert lobby.ok("steps").out.startswith("No step")


def test_ack_while_somebody_else_drives(lobby: Desk) -> None:
    """An acknowledgement waits for the lease of a drive, says so, and gives up with 75."""
    from tests.support.leases import take

    take(lobby.folder, OPENED, until=lobby.clock.now.timestamp() + 80)
    ran = lobby.run("ack", "match", "lobby", "--before", "x")
    assert ran.code == Exit.HELD
    assert "waiting for it" in ran.err
    lobby.clock.wait(60)
    lobby.ok("ack", "match", "lobby", "--before", "x")
