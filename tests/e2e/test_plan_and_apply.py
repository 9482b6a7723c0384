"""plan, apply, tick, extend, resume, revert, status, show: the way of one outage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.errors import Exit
from tests.support.desk import HOURS, LOBBY, PAUSE, PHONE, Desk

NOW = ("--now", "--for", "2h")


# --- plan -----------------------------------------------------------------------------------------------------------


def test_a_plan_changes_nothing_anywhere(desk: Desk) -> None:
    """Planning leaves the helpdesk as it is, and makes neither store nor journal."""
    before = desk.dump()
    ran = desk.ok("plan", "match.yaml")
    assert "channel Phone" in ran.out
    assert "runner apply match.yaml" in ran.out
    assert desk.dump() == before
    assert sorted(path.name for path in desk.folder.iterdir()) == [".runner", "match.yaml", "runner.yaml"]
    assert not [path for path in (desk.folder / ".runner").iterdir() if not path.name.startswith("helpdesk.sqlite")]


def test_plan_as_markdown_and_json(desk: Desk) -> None:
    """The plan comes as markdown for a pull request and as versioned JSON."""
    assert desk.ok("plan", "match.yaml", "--format", "markdown").out.startswith("#")
    data = desk.ok("plan", "match.yaml", "--format", "json").json
    assert data["version"] == 1
    assert [plan["outage"] for plan in data["plans"]] == ["match@2026-12-11T11:30"]


def test_a_plan_for_each_window(desk: Desk) -> None:
    """A playbook with two windows has two plans, one after the other."""
    text = (
        Path("match.yaml").read_text().replace("14:30}]", "14:30}, {start: 2026-12-18 11:30, end: 2026-12-18 14:30}]")
    )
    Path("match.yaml").write_text(text)
    out = desk.ok("plan", "match.yaml").out
    assert out.index("match@2026-12-11T11:30") < out.index("match@2026-12-18T11:30")
    assert len(desk.ok("plan", "match.yaml", "--format", "json").json["plans"]) == 2


def test_plan_exit_code_tells_whether_anything_would_change(desk: Desk) -> None:
    """`plan --exit-code` is 4 while something would change, and 0 when all is as wanted."""
    assert desk.run("plan", "match.yaml").code == 0
    assert desk.run("plan", "match.yaml", "--exit-code").code == Exit.DIFFERENCES
    desk.playbook(PHONE.replace("enabled: false", "enabled: true"))
    assert desk.run("plan", "match.yaml", "--exit-code").code == 0


def test_plan_at_another_time(desk: Desk) -> None:
    """`plan --at` shows what will be due then, in the playbook's zone."""
    assert "LATER" in desk.ok("plan", "match.yaml").out
    then = desk.ok("plan", "match.yaml", "--at", "2026-12-11 12:00").out
    assert "LATER" not in then
    assert "Fri 11 Dec 12:00 -03" in then


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at", "noon"], "is no time"),
        (["--for", "2h"], "belong to --now"),
        (["--now"], "--now needs an end"),
        (["--now", "--for", "soon"], "is no duration"),
        (["--now", "--for", "0m"], "is no time at all"),
        (["--now", "--for", "1h", "--until", "2026-12-11 14:00"], "--now needs an end, one"),
        (["--now", "--until", "2026-12-11 09:00"], "over already"),
        (["--override", "everything"], "limits"),
    ],
)
def test_words_that_do_not_fit(desk: Desk, words: list[str], said: str) -> None:
    """Options that contradict each other, and times that are none, are usage errors that say what to write."""
    ran = desk.run("plan", "match.yaml", *words)
    assert ran.code == Exit.USAGE
    assert said in ran.text


def test_a_folder_stands_for_its_only_playbook(desk: Desk) -> None:
    """A folder with one playbook may be named in its place; with several, they are listed."""
    (desk.folder / "books").mkdir()
    Path("match.yaml").rename("books/match.yaml")
    desk.ok("plan", "books")
    (desk.folder / "books/other.yaml").write_text("x")
    ran = desk.run("plan", "books")
    assert ran.code == Exit.USAGE
    assert "books/match.yaml, books/other.yaml" in ran.err


def test_a_playbook_that_is_not_there_or_wrong(desk: Desk) -> None:
    """A file that does not exist, and one with mistakes, end with 3 and a place."""
    assert desk.run("plan", "nothing.yaml").code == Exit.INVALID
    desk.playbook(PHONE.replace("channel: Phone", "chanel: Phone"))
    ran = desk.run("plan", "match.yaml")
    assert ran.code == Exit.INVALID
    assert "match.yaml:9:" in ran.err


def test_a_name_that_the_helpdesk_does_not_have(desk: Desk) -> None:
    """A channel that does not exist is said with the nearest ones."""
    desk.playbook(PHONE.replace("Phone", "Fone"))
    ran = desk.run("plan", "match.yaml")
    assert ran.code == Exit.INVALID
    assert "'Phone'" in ran.err


# --- guards and questions -------------------------------------------------------------------------------------------


def test_a_guard_refuses_before_any_write(desk: Desk) -> None:
    """A plan over the limit shows its refusal; apply ends with 7 and changes nothing; `--override` goes on."""
    desk.configure("guards: {limits: {tickets: {objects: 3}}}\n")
    before = desk.dump()
    planned = desk.ok("plan", "match.yaml", *NOW)
    assert "REFUSED" in planned.out
    ran = desk.apply(*NOW)
    assert ran.code == Exit.REFUSED
    assert "at most 3 are allowed" in ran.text
    assert desk.dump() == before
    assert desk.apply(*NOW, "--override", "limits").code == 0
    assert desk.dump() != before


@pytest.mark.parametrize("words", [("apply", "match.yaml", *NOW), ("revert",)])
def test_nobody_is_asked_outside_a_terminal(desk: Desk, words: tuple[str, ...]) -> None:
    """Without a terminal --yes and --reason are needed; the refusal is the exact line to type."""
    if words == ("revert",):
        desk.apply(*NOW)
    before = desk.dump()
    ran = desk.run(*words)
    assert ran.code == Exit.REFUSED
    line = f"runner {' '.join(words)} --yes --reason WHY"
    assert line in ran.text
    assert desk.run(*words, "--yes").code == Exit.REFUSED
    assert desk.run(*words, "--reason", "why").code == Exit.REFUSED
    assert desk.run(*words, "--yes", "--reason", " ").code == Exit.REFUSED
    assert desk.dump() == before
    assert desk.run(*line.split()[1:]).code == 0


def test_a_terminal_is_asked_once(desk: Desk) -> None:
    """On a terminal the plan is shown and asked about once; no means that nothing changes."""
    before = desk.dump()
    no = desk.run("apply", "match.yaml", *NOW, typed="n\n")
    assert no.code == Exit.REFUSED
    assert "Carry this out?" in no.out
    assert desk.dump() == before
    assert desk.run("apply", "match.yaml", *NOW, typed="").code == Exit.REFUSED
    assert desk.run("apply", "match.yaml", *NOW, typed="y\n").code == 0
    assert desk.dump() != before
    assert desk.run("revert", typed="n\n").code == Exit.REFUSED
    assert desk.run("revert", typed="y\n").code == 0
    assert desk.dump() == before


# --- the way of one outage ------------------------------------------------------------------------------------------


def test_an_outage_by_its_window(desk: Desk) -> None:
    """apply registers, tick opens when it is due, a second tick does nothing, tick closes at the end."""
    before = desk.dump()
    ran = desk.apply()
    assert ran.code == 0
    assert "nobody will open this when it begins, nor restore it at Fri 11 Dec 14:30 -03" in ran.text
    assert "runner tick" in ran.out
    assert desk.dump() == before
    assert desk.ok("tick").out == "nothing is due\n"
    desk.clock.to("11:30")
    assert "written" in desk.ok("tick").out
    during = desk.dump()
    assert during != before
    assert desk.ok("tick").out == "nothing is due\n"
    assert desk.dump() == during
    desk.clock.to("14:30")
    desk.ok("tick")
    assert desk.dump() == before
    assert "No outage is registered or open" in desk.ok("status").out
    assert "there is nothing to do" in desk.ok("resume").out
    assert desk.ok("status", "--all", "--format", "json").json["outages"][0]["state"] == "closed"


def test_nobody_is_told_to_tick_when_something_ticks(desk: Desk) -> None:
    """The loud line about the restore is not printed while ticks come."""
    desk.ok("tick")
    assert "nobody will restore" not in desk.apply(*NOW).text
    desk.clock.wait(4000)
    assert "nobody will restore this at Fri 11 Dec 13:06 -03" in desk.apply(*NOW).text


def test_status_is_overdue_until_it_is_given_back(desk: Desk) -> None:
    """`status --exit-code` is 6 while a restore is overdue, and says the command that mends it."""
    desk.apply(*NOW)
    assert desk.run("status", "--exit-code").code == 0
    desk.clock.to("12:30")
    ran = desk.run("status", "--exit-code")
    assert ran.code == Exit.RESUME
    assert "OVERDUE" in ran.out
    assert "runner revert match@2026-12-11T10:00" in ran.out
    assert desk.run("status").code == 0
    desk.ok("tick")
    assert desk.run("status", "--exit-code").code == 0


def test_extend(desk: Desk) -> None:
    """An extended outage is closed at its new end, and hours follow; a past end is refused."""
    desk.playbook(HOURS)
    before = desk.dump()
    desk.apply(*NOW)
    assert desk.run("extend", "--until", "2026-12-11 09:00").code == Exit.USAGE
    assert desk.run("extend", "--until", "soon").code == Exit.USAGE
    ran = desk.run("extend", "match", "--until", "2026-12-11 15:00", "--reason", "extra time")
    assert ran.code == 0
    assert "08:00-10:00 15:00-18:00" in desk.ok("why", "Support BR", "fri").out
    desk.clock.to("12:30")
    desk.ok("tick")
    assert desk.dump() != before
    desk.clock.to("15:00")
    desk.ok("tick")
    assert desk.dump() == before


def test_revert_needs_no_name_for_the_only_open_outage(desk: Desk) -> None:
    """`revert` alone takes the one open outage; with two it lists them and ends with 2; with none, too."""
    assert desk.revert().code == Exit.USAGE
    desk.playbook(HOURS, name="other")
    desk.apply(*NOW)
    desk.run("apply", "other.yaml", *NOW, "--yes", "--reason", "x")
    ran = desk.revert()
    assert ran.code == Exit.USAGE
    assert "match@2026-12-11T10:00" in ran.err
    assert "other@2026-12-11T10:00" in ran.err
    assert desk.revert("other").code == 0
    assert desk.revert("mtach").code == Exit.USAGE
    assert desk.revert().code == 0
    again = desk.revert("match@2026-12-11T10:00")
    assert again.code == 0
    assert "Nothing to give back" in again.out


def test_revert_of_one_target_only(desk: Desk) -> None:
    """`--only` takes a target of runner.yaml; another one is refused with the nearest."""
    desk.apply(*NOW)
    assert desk.revert("--only", "helpdsk").code == Exit.INVALID
    assert desk.revert("--only", "helpdesk").code == 0


def test_opened_twice_in_one_minute(desk: Desk) -> None:
    """Opened, given back and opened again at once: a second outage with an id of its own."""
    before = desk.dump()
    desk.apply(*NOW)
    desk.revert()
    assert desk.apply(*NOW).code == 0
    desk.revert()
    assert desk.dump() == before
    ids = [each["outage"] for each in desk.ok("status", "--all", "--format", "json").json["outages"]]
    assert sorted(ids) == ["match@2026-12-11T09:59", "match@2026-12-11T10:00"]


def test_a_window_that_is_over(desk: Desk) -> None:
    """A playbook whose windows are over is refused, with how to open it all the same."""
    desk.clock.to("15:00")
    ran = desk.apply()
    assert ran.code == Exit.REFUSED
    assert "--now --for 3h" in ran.err


def test_a_window_that_vanished_from_the_file(desk: Desk) -> None:
    """An outage whose window was taken out of the file stays, and status says so."""
    desk.clock.to("12:00")
    desk.apply()
    text = Path("match.yaml").read_text().replace("2026-12-11", "2026-12-18")
    Path("match.yaml").write_text(text)
    assert "its window is not in the file any more" in desk.ok("status").text
    assert "its window is not in the file any more" in desk.ok("plan", "match.yaml").text
    desk.revert("match@2026-12-11T11:30")


def test_an_outage_opened_by_hand_has_no_window_to_vanish(desk: Desk) -> None:
    """What `--now` opened was never in the file, so nothing is missing there."""
    desk.apply(*NOW)
    assert "any more" not in desk.ok("status").text
    assert "any more" not in desk.ok("plan", "match.yaml").text


def test_show_tells_who_did_what_and_why(desk: Desk) -> None:
    """`show` has the steps, the journal in figures and the history with actor and reason."""
    desk.run("--as", "Ana", "apply", "match.yaml", *NOW, "--yes", "--reason", "Brazil plays")
    out = desk.ok("show", "match").out
    assert "apply by Ana" in out
    assert "Brazil plays" in out
    assert "written and confirmed" in out
    data = desk.ok("show", "match", "--format", "json").json
    assert data["history"][0]["reason"] == "Brazil plays"
    assert data["journal"]["done"] > 3
    assert desk.run("show", "nothing").code == Exit.USAGE


def test_the_actor_of_a_ci_job(desk: Desk) -> None:
    """In CI the actor is the person who started the job; at a desk it is the user and the machine."""
    desk.apply(*NOW)
    desk.environment["GITHUB_ACTOR"] = "octo"
    desk.revert()
    events = desk.ok("show", "match@2026-12-11T10:00", "--format", "json").json["history"]
    assert [event["actor"] for event in events] == ["ana@desk", "octo"]


def test_json_reports(desk: Desk) -> None:
    """apply, tick, resume, extend and revert print one JSON document with their reports."""
    assert desk.apply(*NOW, "--format", "json").json["reports"][0]["state"] == "open"
    assert desk.ok("tick", "--format", "json").json["reports"][0]["exit_code"] == 0
    assert desk.ok("resume", "--format", "json").json["version"] == 1
    until = ("--until", "2026-12-11 15:00")
    assert desk.ok("extend", *until, "--format", "json").json["reports"][0]["outage"] == "match@2026-12-11T10:00"
    assert desk.revert("--format", "json").json["reports"][0]["state"] == "closed"


def test_status_on_a_terminal_is_a_table(desk: Desk) -> None:
    """With somebody at the terminal status is a table, elsewhere one line for each outage."""
    desk.apply(*NOW)
    table, plain = desk.ok("status", typed="").out, desk.ok("status").out
    assert "HELD BY" in table
    assert len(plain.splitlines()) == 1
    assert desk.ok("status", "match", "--format", "json").json["outages"][0]["state"] == "open"


# --- faults ---------------------------------------------------------------------------------------------------------


def test_a_target_that_fails_is_gone_on_with(desk: Desk) -> None:
    """A failing target ends apply with 6 and the command that goes on; resume finishes, a second one does nothing."""
    desk.ok("sandbox", "faults", "add", "unavailable", "--op", "write", "--kind", "channel", "--times", "0")
    ran = desk.apply(*NOW)
    assert ran.code == Exit.RESUME
    assert "runner resume match@2026-12-11T10:00" in ran.text
    assert "FAILED" in desk.ok("status").out
    desk.ok("sandbox", "faults", "clear")
    assert desk.ok("resume", "match").code == 0
    during = desk.dump()
    assert desk.ok("resume").code == 0
    assert desk.dump() == during


def test_a_target_that_cannot_be_read(desk: Desk) -> None:
    """A plan on a helpdesk that does not answer ends with 1 and a sentence."""
    desk.ok("sandbox", "faults", "add", "unavailable", "--op", "read", "--times", "0")
    ran = desk.run("plan", "match.yaml")
    assert ran.code == Exit.FAULT
    assert ran.err.startswith("error PR001: ")
    assert "Traceback" not in ran.err


def test_a_refused_item_is_for_people(desk: Desk) -> None:
    """What the target refuses is listed with its reason; the exit code is 5."""
    desk.ok(
        "sandbox", "faults", "add", "reject", "--op", "write", "--kind", "tickets", "item=1", "reason=closed by law"
    )
    ran = desk.apply(*NOW)
    assert ran.code == Exit.PEOPLE
    assert "closed by law" in ran.out


def test_steps_for_people_make_five(desk: Desk) -> None:
    """A step that waits for a person makes the exit code 5, with the command that shows it."""
    desk.playbook(PHONE, LOBBY)
    ran = desk.apply(*NOW)
    assert ran.code == Exit.PEOPLE
    assert "runner steps match@2026-12-11T10:00" in ran.text


def test_values_that_turn_out_wrong_name_their_step(desk: Desk) -> None:
    """What only shows when templates are filled in is told with the step that it stands in."""
    hours = HOURS.replace("closed: window", 'hours: {fri: ["{{ outage.name }}"]}')
    desk.playbook(hours)
    ran = desk.run("plan", "match.yaml")
    assert ran.code == Exit.INVALID
    assert "step hours: hours of fri: 'match' is not a range of hours such as 09:00-12:30" in ran.err


def test_a_large_selection_does_not_scroll_away(desk: Desk) -> None:
    """Many tickets are a count with samples in the plan."""
    desk.playbook(PAUSE.replace(", group: Level 1", ""))
    out = desk.ok("plan", "match.yaml").out
    assert "for example" in out
    assert len(out.splitlines()) < 25


def test_rehearse(desk: Desk) -> None:
    """A rehearsal touches nothing, ends with 0 when nothing is left over, and satisfies the guard that requires it."""
    desk.configure("guards: {require: [rehearsal]}\n")
    before = desk.dump()
    assert desk.apply(*NOW).code == Exit.REFUSED
    assert desk.ok("rehearse", "match.yaml").out
    assert json.loads(desk.ok("rehearse", "match.yaml", "--format", "json").out)
    assert desk.dump() == before
    assert desk.apply(*NOW).code == 0


def test_opening_a_playbook_that_is_open_already_says_so(desk: Desk) -> None:
    """`--now` twice opens two outages; the second plan names the first, and how to make it longer instead."""
    desk.playbook(PHONE)
    assert "open already" not in desk.apply(*NOW).text
    desk.clock.wait(300)
    second = desk.ok("plan", "match.yaml", *NOW)
    assert "is open already" in " ".join(second.text.split())
    assert "runner extend match@" in " ".join(second.text.split())


@pytest.mark.parametrize(
    ("typed", "end"), [("14:45", "14:45"), ("+1h", "15:30"), ("+30m", "15:00"), ("2026-12-11 16:00", "16:00")]
)
def test_extend_takes_what_a_tired_person_types(desk: Desk, typed: str, end: str) -> None:
    """A time of the day is the next one, `+1h` is an hour after the end that was due: nobody has to write a date."""
    desk.playbook(PHONE)
    desk.clock.to("12:00")
    desk.apply()
    desk.ok("extend", "--until", typed)
    assert f"restore due Fri 11 Dec {end}" in desk.ok("status").out


def test_a_time_of_the_day_that_is_over_means_tomorrow_where_that_is_near(desk: Desk) -> None:
    """At noon, 01:00 is the next night; 09:00, most of a day after the end, has to be written with its day."""
    desk.playbook(PHONE)
    desk.clock.to("12:00")
    desk.apply()
    ran = desk.run("extend", "--until", "09:00")
    assert ran.code == Exit.USAGE
    assert "--until '2026-12-12 09:00'" in " ".join(ran.text.split())
    assert "restore due Fri 11 Dec 14:30" in desk.ok("status").out
    desk.ok("extend", "--until", "01:00")
    assert "Sat 12 Dec 01:00" in desk.ok("status").out


def test_a_plan_shows_what_customers_will_read(desk: Desk) -> None:
    """Who approves a text reads all of it, in every language, on the terminal and in the pull request."""
    body = {"en": "Our phones are down until noon. " * 3 + "Write to us.", "es": "Sin línea.\nEscríbenos por correo."}
    desk.playbook(
        f"    - {{id: tell, uses: notice, target: helpdesk, with: {{subject: Phones, body: {json.dumps(body)}}}}}\n"
    )
    for form in ("human", "markdown"):
        text = " ".join(desk.ok("plan", "match.yaml", "--format", form).out.split())
        for part in (body["en"], *body["es"].splitlines()):
            assert " ".join(part.split()) in text, form
