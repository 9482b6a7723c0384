"""Rehearsals: they pass where everything comes back, fail where anything does not, and touch nothing that is live."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner import kinds, rehearsal
from runner.commands import rehearse
from runner.errors import Exit
from runner.model import ABSENT, Change, Outcome, Slot, Value, Verdict
from runner.rehearsal import Rehearsed
from runner.spi import KindSpec, Unavailable
from runner.testing.world import SlotWorld
from tests.support.desk import Desk
from tests.support.lab import Quiet, all_kinds

HOURS = "    - {id: hours, uses: business_hours, target: helpdesk, with: {schedule: Support, closed: window}}\n"
CHAT = "    - {id: chat, uses: channel, target: helpdesk, with: {channel: Chat, enabled: false}}\n"
OFFLINE = "    - {id: offline, uses: message, target: helpdesk, with: {message: Offline, append: Back at 14:30.}}\n"
DAY = "    - {id: day, uses: holiday, target: helpdesk, with: {schedule: Support, name: Match}}\n"
TELL = "    - {id: tell, uses: notice, target: helpdesk, with: {place: agents, subject: Match, body: Soon back}}\n"
LOCK = "    - {id: lock, uses: access, target: helpdesk, with: {setting: Sign-in, value: nobody}}\n"
PAUSE = """\
    - id: pause
      uses: tickets
      target: helpdesk
      with: {select: {status: [new, open]}, status: pause, tag: true, at_most: 5000}
"""
EVERYTHING = (HOURS, CHAT, OFFLINE, DAY, TELL, LOCK, PAUSE)


def helpdesk(**changed: KindSpec) -> SlotWorld:
    world = SlotWorld({**all_kinds(), **changed}, target="helpdesk")
    week = {f"hours__{day}": ["09:00-18:00"] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
    world.put("business_hours", "s1", name="Support", zone="America/Sao_Paulo", **week)
    world.put("holiday", "s1", name="Support", zone="America/Sao_Paulo")
    world.put("channel", "c1", name="Chat", enabled=True)
    world.put("message", "m1", name="Offline", text__en="We are away.", text__es="No estamos.")
    for number in range(5):
        world.put("tickets", f"t{number}", name=f"T{number}", status="open")
    return world


class Place:
    """A desk on a helpdesk in memory."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.use(helpdesk())
        self.desk.configure()
        self.desk.playbook(*EVERYTHING)

    def use(self, world: SlotWorld) -> None:
        self.world = world
        self.desk.open_with = {"simulator": lambda target, io: world}

    def rehearse(self) -> list[Rehearsed]:
        """Rehearse match.yaml; the live helpdesk gets nothing of it."""
        from runner.commands.session import open_session

        before = self.world.dump()
        session = open_session(self.desk.deps(), None, open_with=self.desk.open_with)
        try:
            found = rehearse.rehearse(session, Path("match.yaml"), Quiet())
        finally:
            session.close()
        assert self.world.requests["write"] == 0
        assert self.world.dump() == before
        return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


# --- passing --------------------------------------------------------------------------------------------------------


def test_a_good_playbook_passes(place: Place) -> None:
    """Every kind, people included, is opened, killed, resumed, edited and given back on the copy; nothing is left."""
    (one,) = place.rehearse()
    assert one.passed
    assert (one.leftovers, one.problems, one.announced, one.sampled) == ((), (), (), ())
    assert one.crashed
    assert one.resumed
    assert one.edited
    assert one.edit_kept
    assert one.objects >= 10
    assert one.fields >= one.objects
    assert one.requests > 10


def test_a_process_dies_after_the_first_write_however_late_it_comes(place: Place) -> None:
    """Where people begin hours before the runner writes anything, its first write is what it is killed after."""
    ask = "{items: [{do: Look}]}"
    place.desk.playbook(f"    - {{id: ask, uses: checklist, target: helpdesk, from: start - 4h, with: {ask}}}\n", HOURS)
    (one,) = place.rehearse()
    assert (one.passed, one.crashed, one.resumed) == (True, True, True)


def test_nothing_is_written_anywhere_but_the_result(place: Place) -> None:
    """The store of the runner holds the result of the rehearsal and nothing else; no journal appears."""
    place.rehearse()
    with closing(sqlite3.connect(place.desk.folder / ".runner" / "store.sqlite")) as conn:
        tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
    assert {name for name, count in rows.items() if count} == {"meta", "rehearsals"}
    assert not Path("journal").exists()


def test_rehearsed_twice_is_the_same(place: Place) -> None:
    """Two rehearsals of one playbook on one state find the same."""
    place.desk.playbook(HOURS, DAY, PAUSE)
    assert place.rehearse() == place.rehearse()


def test_a_long_selection_is_sampled(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long list of tickets the first are played, and the result says so."""
    monkeypatch.setattr(rehearsal, "SAMPLE", 3)
    (one,) = place.rehearse()
    assert one.passed
    assert one.sampled == ("pause: the first 3 of its tickets",)


def test_a_window_that_is_over_can_still_be_rehearsed(place: Place) -> None:
    """A playbook whose windows lie in the past is played with its first one."""
    place.desk.playbook(HOURS)
    place.desk.clock.to("20:00")
    assert [one.outage for one in place.rehearse()] == ["match@2026-12-11T11:30"]


def test_every_window_that_is_left_is_rehearsed(place: Place) -> None:
    """Each window to come is played by itself."""
    file = place.desk.playbook(HOURS)
    more = "[{start: 2026-12-10 11:30, end: 2026-12-10 14:30}, {start: 2026-12-11 11:30, end: 2026-12-11 14:30}, "
    more += "{start: 2026-12-14 11:30, end: 2026-12-14 14:30}]"
    file.write_text(file.read_text().replace("[{start: 2026-12-11 11:30, end: 2026-12-11 14:30}]", more))
    found = place.rehearse()
    assert [one.outage[-16:] for one in found] == ["2026-12-11T11:30", "2026-12-14T11:30"]
    assert all(one.passed for one in found)


def test_what_is_announced_to_come_back_differently_is_no_failure(place: Place) -> None:
    """A ticket whose status the target never gives back passes with the stand-in that the step names, and is listed."""
    place.use(helpdesk(tickets=kinds.tickets(gives_back=frozenset({"open", "pending"}))))
    place.world.put("tickets", "t9", name="T9", status="new")
    place.desk.playbook(PAUSE.replace("at_most", "give_back: {new: open}, at_most"))
    (one,) = place.rehearse()
    assert one.passed
    assert [(note.slot.key, note.wanted, note.live) for note in one.announced] == [("t9", "new", "open")]


def test_what_stays_on_purpose_is_no_leftover(place: Place) -> None:
    """A step with `restore: keep` leaves its change, and the rehearsal passes."""
    place.desk.playbook(HOURS, CHAT.replace("with:", "restore: keep, with:"))
    (one,) = place.rehearse()
    assert one.passed


# --- failing --------------------------------------------------------------------------------------------------------


class Forgetful(SlotWorld):
    """Writing the second text of a message takes the first one away."""

    def _set(self, slot: Slot, value: Value) -> None:
        super()._set(slot, value)
        if slot.path == "text/es":
            super()._set(replace(slot, path="text/en"), ABSENT)


class Refusing(SlotWorld):
    """A channel that was switched off cannot be switched on again."""

    def _write_one(self, change: Change) -> Outcome:
        if change.slot.kind == "channel" and change.after is True:
            return Outcome(Verdict.REJECTED, "the plan of this account ended")
        return super()._write_one(change)


class Deaf(SlotWorld):
    """Switching a channel on again is answered as done and changes nothing."""

    def _set(self, slot: Slot, value: Value) -> None:
        if not (slot.kind == "channel" and value is True):
            super()._set(slot, value)


class Silent(SlotWorld):
    """Nothing is answered any more once a channel was switched off."""

    def read(self, query: Any) -> Iterator[Any]:
        if query.kind == "channel" and self.get(self.slot("channel", "c1", "enabled")) is False:
            raise Unavailable("helpdesk does not answer")
        yield from super().read(query)


class EatsEdits(SlotWorld):
    """What a person changes is gone at once."""

    def edit(self, slot: Slot, value: Value) -> None:
        """Lose it."""


class Overwriting(SlotWorld):
    """Giving hours back puts the original over whatever somebody opened meanwhile."""

    def _set(self, slot: Slot, value: Value) -> None:
        super()._set(slot, ["09:00-18:00"] if value == ["00:00-00:30", "09:00-18:00"] else value)


FAILING = {
    Forgetful: ("text/en", ""),
    Refusing: ("channel/c1/enabled", "the plan of this account ended"),
    Deaf: ("channel/c1/enabled", ""),
    Silent: ("channel/c1/enabled", "does not answer"),
}


@pytest.mark.parametrize("sort", FAILING, ids=lambda sort: sort.__name__)
def test_a_helpdesk_that_does_not_give_back_fails(
    place: Place, monkeypatch: pytest.MonkeyPatch, sort: type[SlotWorld]
) -> None:
    """Whatever is lost, refused, ignored or unanswered on the way back is a leftover with its field, and fails."""
    monkeypatch.setattr(rehearse, "SlotWorld", sort)
    field, problem = FAILING[sort]
    place.desk.playbook(OFFLINE, CHAT)
    (one,) = place.rehearse()
    assert not one.passed
    assert field in " ".join(str(note.slot) for note in one.leftovers)
    assert problem in " ".join(one.problems)


def test_a_failure_is_4_with_its_fields_on_the_command_line(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """`runner rehearse` ends with 4 and names what is left over with both values, for people and as JSON."""
    monkeypatch.setattr(rehearse, "SlotWorld", Refusing)
    place.desk.playbook(CHAT)
    ran = place.desk.run("rehearse", "match.yaml")
    assert ran.code == Exit.DIFFERENCES
    assert "NOT everything comes back" in ran.out
    assert "helpdesk/channel/c1/enabled was yes, is no" in ran.text
    ran = place.desk.run("rehearse", "match.yaml", "--format", "json")
    assert ran.code == Exit.DIFFERENCES
    assert ran.json["passed"] is False
    assert [note["slot"] for note in ran.json["outages"][0]["leftovers"]] == ["helpdesk/channel/c1/enabled"]


def test_a_success_is_0_on_the_command_line(place: Place) -> None:
    """`runner rehearse` says that everything comes back, and that nothing live was changed."""
    ran = place.desk.ok("rehearse", "match.yaml")
    assert "Everything comes back. Nothing was changed" in ran.out
    assert "as if the process had died: resumed" in ran.text
    assert place.desk.ok("rehearse", "match.yaml", "--format", "json").json["passed"] is True


@pytest.mark.parametrize("sort", [EatsEdits, Overwriting], ids=lambda sort: sort.__name__)
def test_a_lost_edit_of_a_person_fails(place: Place, monkeypatch: pytest.MonkeyPatch, sort: type[SlotWorld]) -> None:
    """A playbook during which a person's edit is lost does not pass, although all else came back."""
    monkeypatch.setattr(rehearse, "SlotWorld", sort)
    place.desk.playbook(HOURS)
    (one,) = place.rehearse()
    assert one.edited
    assert not one.edit_kept
    assert not one.passed
    ran = place.desk.run("rehearse", "match.yaml")
    assert ran.code == Exit.DIFFERENCES
    assert "LOST" in ran.out


def test_a_result_that_could_not_be_resumed_is_no_success() -> None:
    """A rehearsal whose process could not go on after the crash has not passed, whatever else came back."""
    good = Rehearsed("o", 1, 1, 1, True, True, "", True, (), (), ())
    assert good.passed
    assert not replace(good, resumed=False).passed
    assert not replace(good, edit_kept=False).passed
    assert replace(good, crashed=False, resumed=False).passed, "nothing was written, so nothing could be killed"


@pytest.mark.parametrize("steps", [(CHAT.replace("Chat", "Chta"),), (CHAT.replace("helpdesk,", "helpdex,"),)])
def test_a_playbook_that_cannot_be_played_is_said(place: Place, steps: tuple[str, ...]) -> None:
    """A name that fits nothing, a target that is not there: exit 3 with the nearest name, and nothing is noted."""
    place.desk.playbook(*steps)
    ran = place.desk.run("rehearse", "match.yaml")
    assert ran.code == Exit.INVALID
    assert "Chat" in ran.text or "helpdesk" in ran.text


# --- the guard ------------------------------------------------------------------------------------------------------

GUARD = "guards: {require: [rehearsal]}\n"
NOW = ("--now", "--for", "2h")


def refused(place: Place) -> bool:
    """Whether an apply is refused for want of a rehearsal; nothing is written then."""
    ran = place.desk.apply(*NOW)
    if ran.code == 0:
        return False
    assert ran.code == Exit.REFUSED, ran
    assert "runner rehearse" in ran.text
    assert place.world.log == []
    return True


@pytest.fixture
def guarded(place: Place) -> Place:
    place.desk.configure(GUARD)
    place.desk.playbook(HOURS, CHAT)
    return place


def test_an_apply_goes_through_only_after_a_rehearsal(guarded: Place) -> None:
    """Where a rehearsal is required, apply is 7 before it and goes through after it passed."""
    assert refused(guarded)
    assert guarded.desk.run("plan", "match.yaml").code in (0, Exit.REFUSED)
    guarded.desk.ok("rehearse", "match.yaml")
    assert not refused(guarded)
    assert guarded.desk.revert().code == 0


def test_a_failed_rehearsal_does_not_count(guarded: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a rehearsal that failed the apply is refused all the same, also when an earlier one had passed."""
    guarded.desk.ok("rehearse", "match.yaml")
    with monkeypatch.context() as patch:
        patch.setattr(rehearse, "SlotWorld", Refusing)
        assert guarded.desk.run("rehearse", "match.yaml").code == Exit.DIFFERENCES
    assert refused(guarded)
    guarded.desk.ok("rehearse", "match.yaml")
    assert not refused(guarded)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("match.yaml", "enabled: false", "enabled: true"),
        ("match.yaml", "closed: window", "hours: {fri: []}"),
        ("runner.yaml", "pause: pending", "pause: hold"),
        ("runner.yaml", "zone: America/Sao_Paulo", "zone: America/Bahia"),
        ("runner.yaml", "options: {file: .runner/helpdesk.sqlite}", "options: {file: .runner/other.sqlite}"),
        ("runner.yaml", "pause: pending", "pause: pending\n    credentials: {token: env:TOKEN}"),
    ],
)
def test_a_rehearsal_is_bound_to_its_playbook_and_its_target(guarded: Place, file: str, old: str, new: str) -> None:
    """Another playbook or another configuration of its targets has to be rehearsed again."""
    guarded.desk.ok("rehearse", "match.yaml")
    path = Path(file)
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert refused(guarded)


def test_a_rehearsal_holds_for_what_does_not_matter_to_it(guarded: Place) -> None:
    """A target that the playbook does not use may change without another rehearsal."""
    guarded.desk.ok("rehearse", "match.yaml")
    path = Path("runner.yaml")
    other = "targets:\n  other: {provider: simulator, options: {file: x.sqlite}}\n"
    path.write_text(path.read_text().replace("targets:\n", other))
    assert not refused(guarded)


def test_a_window_to_come_is_not_registered_without_a_rehearsal(guarded: Place) -> None:
    """An apply ahead of its time is refused too: when a tick opens the window nobody is asked any more."""
    ran = guarded.desk.apply()
    assert ran.code == Exit.REFUSED
    assert "runner rehearse" in ran.text
    guarded.desk.clock.to("11:30")
    guarded.desk.ok("tick")
    assert guarded.world.log == []
    guarded.desk.ok("rehearse", "match.yaml")
    assert guarded.desk.apply().code == 0
    assert guarded.world.log


def test_the_guard_can_be_set_aside_with_a_reason(guarded: Place) -> None:
    """At 3 a.m. an apply without rehearsal is possible, by name."""
    ran = guarded.desk.apply(*NOW)
    assert "--override" in ran.text
    assert guarded.desk.apply(*NOW, "--override", "rehearsal").code == 0
