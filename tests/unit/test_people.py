"""Steps that people carry out: tasks, acknowledgements, the value before, and the opposite step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from providers.people import by_hand
from runner import kinds
from runner.commands import guide, look
from runner.commands import people as acks
from runner.errors import Refused, Usage
from runner.executor import outage_of
from runner.model import UNKNOWN, Value
from runner.people import Ack, acknowledge, evidence_hash
from runner.playbook import Playbook
from runner.spi import KindSpec, Reversal
from runner.store import ledger
from runner.store import tasks as stored
from runner.views import plan as plans
from runner.views import steps as steps_view
from tests.support.fuse import fused
from tests.support.lab import START, Lab

SSO = {"id": "sso", "uses": "access", "with": {"setting": "Single sign-on", "value": "required"}}


class Office:
    """A lab where the steps are people's."""

    def __init__(self, folder: Path, specs: Mapping[str, KindSpec] | None = None) -> None:
        self.lab = Lab(folder, specs=specs)
        fused(self.lab)  # a store that does not wait for the disk

    def book(self, name: str, *steps: dict[str, Any], **spec: Any) -> Playbook:
        return self.lab.playbook(name, list(steps), **spec)

    def row(self, name: str) -> Any:
        with self.lab.session.store.reading() as conn:
            return next(row for row in ledger.outage_rows(conn) if row.playbook == name)

    def ack(self, name: str, step: str = "sso", item: str = "", before: Value | None = None, **more: Any) -> str:
        row = self.row(name)
        run = next(run for run in outage_of(row, self.lab.config).runs if run.id == step)
        said = Ack("maria", before, **more)
        folder, now = self.lab.config.store.journal, self.lab.deps.now_ms()
        sentence, _ = acknowledge(self.lab.session.store, folder, row.id, run, item, said, now_ms=now)
        self.lab.tick()
        return sentence

    def tasks(self, name: str) -> list[tuple[str, str, str, Value]]:
        outage = self.row(name).id
        with self.lab.session.store.reading() as conn:
            rows = stored.tasks(conn, outage)
        return [(task.item, task.direction, task.state, ledger.unpack(task.value)) for task in rows]

    def waiting(self, name: str) -> list[tuple[str, str, str, Value]]:
        return [task for task in self.tasks(name) if task[2] in stored.WAITING]

    def state(self, name: str, step: str = "sso") -> str:
        outage = self.row(name).id
        with self.lab.session.store.reading() as conn:
            return str(ledger.run_states(conn, outage)[step].state)

    def held(self) -> int:
        with self.lab.session.store.reading() as conn:
            return len(list(ledger.all_held(conn)))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_opening_asks_and_an_answer_holds_the_value_before(office: Office) -> None:
    """The first acknowledgement captures what stood there; the step is active from then on."""
    report = office.lab.apply(office.book("match", SSO))

    assert report.waiting == 1
    assert office.waiting("match") == [("1", "open", "waiting", "required")]
    assert office.ack("match", before="optional") == "nothing is left to do for this step"
    assert office.state("match") == "active"
    assert office.held() == 1


def test_the_end_asks_for_the_opposite(office: Office) -> None:
    """The value before is what somebody has to set at the end."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")

    office.lab.revert("match")

    assert office.state("match") == "closing"
    assert office.waiting("match") == [("1", "close", "waiting", "optional")]
    office.ack("match")
    assert office.row("match").state == "closed"
    assert office.held() == 0


def test_reverting_twice_asks_once(office: Office) -> None:
    """A second revert finds the opposite asked for already."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")

    office.lab.revert("match")
    office.lab.tick()

    assert len(office.waiting("match")) == 1


def test_nobody_could_tell_what_stood_there(office: Office) -> None:
    """An unknown value before is asked to be restored as such."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before=UNKNOWN)

    office.lab.revert("match")

    assert office.waiting("match") == [("1", "close", "waiting", UNKNOWN)]


# --- refusals -------------------------------------------------------------------------------------------------------


def test_the_value_before_is_needed_once(office: Office) -> None:
    """Without it an acknowledgement is refused, with the two ways to give it."""
    office.lab.apply(office.book("match", SSO))

    with pytest.raises(Usage, match="what stood there before is missing for sso item 1") as refused:
        office.ack("match")

    assert refused.value.hint == "--before VALUE, or --before-unknown"
    assert office.held() == 0


def test_what_is_acknowledged_is_not_acknowledged_again(office: Office) -> None:
    """A second acknowledgement is refused; a correction is recorded and changes nothing, and whoever puts the value
    back reads it beside that."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")

    with pytest.raises(Refused, match="sso is acknowledged already"):
        office.ack("match", before="off")
    said = office.ack("match", before="off", correct_before=True)

    assert "the first value before stays" in said
    office.lab.revert("match")
    assert office.waiting("match") == [("1", "close", "waiting", "optional")]
    (due,) = guide.due(office.lab.session)
    assert [(task.value, task.corrected) for task in due.tasks] == [("optional", "off")]
    assert "corrected later to: off" in steps_view.markdown([due])


def test_an_item_that_is_not_there(office: Office) -> None:
    """A wrong item is a usage error that says how to see the right ones."""
    office.lab.apply(office.book("match", SSO))

    with pytest.raises(Usage, match="has no human step sso 7") as refused:
        office.ack("match", item="7", before="optional")

    assert refused.value.hint.startswith("`runner steps match@")


def test_a_step_that_has_not_begun_says_when_it_does(office: Office) -> None:
    """Who is too early hears when the step begins and what has to be done first, not that there is no such step."""
    late = {**SSO, "id": "later", "from": "start + 1h", "needs": ["sso"]}
    office.lab.apply(office.book("match", SSO, late))
    row, lab = office.row("match"), office.lab

    with pytest.raises(Usage) as refused:
        acks.acknowledge(lab.session, row, "later", "", Ack("maria"), before=None, progress=lab.progress)

    words = "later waits for nobody yet: it begins Fri 11 Dec 12:30 -03 and once sso is done"
    assert refused.value.message == words


def test_what_the_runner_does_waits_for_nobody(office: Office) -> None:
    """Who acknowledges an automatic step hears that it is not for people."""
    gone = {"id": "gone", "uses": "tickets", "with": {"select": {"status": "open"}, "status": "pause", "at_most": 9}}
    office.lab.apply(office.book("match", SSO, gone))

    with pytest.raises(Usage, match="gone is carried out by the runner, not by people"):
        acks.acknowledge(
            office.lab.session, office.row("match"), "gone", "", Ack("maria"), before=None, progress=office.lab.progress
        )


def test_one_of_several_items_has_to_be_named(office: Office) -> None:
    """Where several items wait, one has to be meant."""
    items = [{"do": "Call"}, {"do": "Lock", "value": "locked", "menu": "Door"}]
    office.lab.apply(office.book("match", {"id": "list", "uses": "checklist", "with": {"items": items}}))

    with pytest.raises(Usage, match="list has several items that wait: 1, 2"):
        office.ack("match", "list", before=UNKNOWN)

    assert office.ack("match", "list", "2", before=UNKNOWN) == "more items of this step wait"
    assert office.state("match", "list") == "waiting"
    assert office.ack("match", "list", "1", before=UNKNOWN) == "nothing is left to do for this step"
    assert office.state("match", "list") == "active"


# --- questions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(office: Office) -> Office:
    """An office where a step that nobody acknowledged was reverted."""
    office.lab.apply(office.book("match", SSO))
    office.lab.revert("match")
    return office


def test_a_step_that_nobody_acknowledged_becomes_a_question(asked: Office) -> None:
    """There is no opposite step for what may never have been done."""
    assert asked.waiting("match") == [("1", "close", "question", "required")]


def test_no_means_nothing_to_take_back(asked: Office) -> None:
    """A step that was not done ends without a value before."""
    asked.ack("match", done=False)

    assert asked.row("match").state == "closed"
    assert asked.held() == 0


def test_what_was_not_done_is_neither_done_nor_put_back(asked: Office) -> None:
    """However the answer was typed, the history says that it was not done, and no list that it was put back."""
    asked.ack("match", done=False, before=UNKNOWN)

    session, outage = asked.lab.session, asked.row("match").id
    assert [one.what for one in look.show(session, outage).said] == ["not done"]
    assert [task.direction for task in guide.whole(session, outage).tasks] == []


def test_yes_asks_for_the_value_before_and_then_for_the_opposite(asked: Office) -> None:
    """A step that was done after all is taken back like any other."""
    asked.ack("match", before="optional")

    assert asked.waiting("match") == [("1", "close", "waiting", "optional")]
    asked.ack("match")
    assert asked.row("match").state == "closed"


# --- who does it ----------------------------------------------------------------------------------------------------


def test_a_plan_says_who_does_what_by_hand(office: Office) -> None:
    """Where one does a whole step the name stands once; items that name their own have it each, in the language."""
    items = [{"do": "Call", "menu": {"en": "Phone", "es": "Teléfono"}}, {"do": "Lock", "who": "Rui", "menu": "Door"}]
    both = {"id": "list", "uses": "checklist", "who": "shift lead", "with": {"items": items}}
    plan = office.lab.plan(office.book("match", {**SSO, "who": "Ana"}, both)).plans[0]

    sso, listed = plan.runs
    assert (sso.who, [item.note for item in sso.items]) == ("Ana", [""])
    assert (listed.who, [item.note for item in listed.items]) == ("", ["shift lead: Phone", "Rui: Door"])
    assert "  by hand, Ana\n" in plans.human(plan, width=80, colour=False)
    assert "  by hand, Ana\n" in plans.markdown(plan)
    assert plans.from_json(json.loads(json.dumps(plans.to_json(plan)))).runs[0].who == "Ana"


# --- the guide ------------------------------------------------------------------------------------------------------


def listed(*items: str, **more: Any) -> dict[str, Any]:
    """Return a step of things to do, each with a value where it is written ``do=value``."""
    rows = [dict(zip(("do", "value"), item.split("="), strict=False)) for item in items]
    return {"uses": "checklist", "with": {"items": rows}, **more}


def test_the_way_back_is_the_exact_reverse_of_the_way_in(office: Office) -> None:
    """Steps are listed as they are done: `needs` before file order, items as they stand (the tenth after the ninth);
    and at the end in the exact reverse, each with the value that was recorded."""
    many = listed(*(f"m{n}=x" for n in range(1, 12)), id="many")
    book = office.book("match", listed("a=x", id="a", needs="z"), many, listed("z=x", id="z"))
    office.lab.apply(book)
    foreseen = guide.whole(office.lab.session, "match")
    titles = ["m" + str(n) for n in range(1, 12)] + ["z", "a"]
    assert [task.title for task in foreseen.tasks] == [*titles, *reversed(titles)]
    assert [task.undoes for task in foreseen.tasks[13:]] == list(range(13, 0, -1))

    done = []
    for _ in titles:
        task = guide.waiting(office.lab.session)[0]
        office.ack("match", task.run, task.item, before=f"was {task.title}")
        done.append(task.title)
    office.lab.revert("match")
    back = []
    while waiting := guide.waiting(office.lab.session):
        office.ack("match", waiting[0].run, waiting[0].item)
        back.append((waiting[0].title, waiting[0].value))

    assert done == titles
    assert back == [(title, f"was {title}") for title in reversed(titles)]
    assert office.row("match").state == "closed"


def test_an_outage_that_is_taken_back_early_is_undone_in_reverse(office: Office) -> None:
    """What has not ended ends when the outage is taken back, wherever its own end was; what had ended stays first."""
    until = {"over": {"until": "start + 5m"}, "hour": {"until": "end - 1h"}, "end": {}, "later": {"until": "end + 1h"}}
    office.lab.apply(office.book("match", *(listed("x=y", id=name, **more) for name, more in until.items())))
    for name in until:
        office.ack("match", name, before="z")
    foreseen = [(task.run, task.direction) for task in guide.whole(office.lab.session, "match").tasks]
    assert foreseen == [
        *[(name, "open") for name in until],
        *[(name, "close") for name in ("over", "hour", "end", "later")],
    ]
    office.lab.later(minutes=6).tick()
    office.lab.later(minutes=4).revert("match")
    office.lab.later(minutes=1).tick()

    back = [("over", "14:35"), ("later", "14:40"), ("end", "14:40"), ("hour", "14:40")]
    assert [(task.run, f"{task.due:%H:%M}") for task in guide.waiting(office.lab.session)] == back
    whole = [(task.run, task.direction) for task in guide.whole(office.lab.session, "match").tasks]
    assert whole == [*[(name, "open") for name in until], *[(name, "close") for name, _ in back]]


def test_all_steps_know_what_is_done_and_what_comes(office: Office) -> None:
    """Before the outage opens all steps are there with room for what is not known; then with what was recorded; what
    nobody did, or what stays, is not asked back."""
    keep = listed("Keep=x", id="keep", restore="keep")
    late = {"uses": "checklist", "who": "Rui", "with": {"items": [{"do": "Tell"}]}, "until": "end + 1h"}
    both = listed("Call", "Sign=closed", id="list", who="Ana", restore=[late])
    book = office.book(
        "match", keep, both, {"id": "auto", "uses": "channel", "with": {"channel": "W", "enabled": True}}
    )
    office.lab.world.put("channel", "wa", name="W", enabled=True)
    office.lab.at(START - timedelta(hours=2)).apply(book)

    def rows() -> list[tuple[str, str, str, str, str, bool]]:
        every = guide.whole(office.lab.session, "match").tasks
        return [(f"{t.due:%H:%M}", t.direction, t.title, t.who, t.value, t.blank) for t in every]

    known = [("14:30", "open", "Keep", "", "x", True), ("14:30", "open", "Call", "Ana", "", False)]
    after = [("17:30", "open", "Tell", "Rui", "", False), ("18:30", "close", "Tell", "Rui", "", False)]
    back = [("17:30", "close", "Sign", "Ana", "", True), ("17:30", "close", "Call", "Ana", "", False), *after]
    assert rows() == [*known, ("14:30", "open", "Sign", "Ana", "closed", True), *back]
    assert not guide.waiting(office.lab.session)

    office.lab.at(START + timedelta(minutes=20)).tick()
    office.ack("match", "list", "2", before="open", evidence="https://example.com/p", evidence_hash="no hash of it")
    every = guide.whole(office.lab.session, "match").tasks
    assert [task.state for task in every] == ["waiting", "waiting", "done", *["planned"] * 4]
    assert [task.overdue for task in every] == [True, True, *[False] * 5]
    assert (every[2].before, every[2].done_by, every[2].evidence) == (
        *("open", "maria", "https://example.com/p (sha-256 no hash of it)"),
    )
    assert (every[3].value, every[3].blank, every[3].undoes) == ("open", False, 3)
    office.lab.revert("match")
    asked = [(task.title, task.question) for task in guide.whole(office.lab.session, "match").tasks]
    assert asked == [("Sign", False), ("Sign", False), ("Call", True), ("Keep", True), ("Tell", False), ("Tell", False)]


def test_what_ends_by_itself_is_on_the_list_once(tmp_path: Path) -> None:
    """A notice that was given its end when it was put up needs nobody then."""
    board = replace(kinds.person(kinds.notice()), reversal=Reversal.FOLLOW_UP)
    office = Office(tmp_path, {"notice": board})
    office.lab.apply(office.book("match", {"id": "board", "uses": "notice", "with": {"subject": "Closed"}}))

    assert [task.direction for task in guide.whole(office.lab.session, "match").tasks] == ["open"]


def test_the_guide_is_in_the_language_of_its_reader(tmp_path: Path) -> None:
    """Titles, menus and our own words about a value are the reader's; a text for customers stays as it is typed, and
    what is stored does not change."""
    specs = {spec.kind: by_hand(spec) for spec in kinds.common().values()}
    office = Office(tmp_path, specs)
    hours = {"id": "hours", "uses": "business_hours", "with": {"schedule": "BR", "closed": "window"}}
    name = {"schedule": "BR", "name": {"en": "Match", "es": "Partido"}}
    notice = {"do": {"en": "Call", "es": "Llame"}, "menu": {"en": "Phone", "es": "Teléfono"}}
    book = office.book(
        *("match", hours, {"id": "off", "uses": "access", "with": {"setting": "SSO", "value": False}}),
        *(
            {"id": "day", "uses": "holiday", "with": name},
            {"id": "call", "uses": "checklist", "with": {"items": [notice]}},
        ),
    )
    office.lab.apply(book)

    def said(language: str) -> list[tuple[str, str]]:
        return [(task.title, task.value) for task in guide.waiting(office.lab.session, language=language)]

    dates = "desde 2026-12-11, hasta 2026-12-11"
    assert said("es-MX") == [
        *[("Horario de atención: BR", "vie cerrar 11:30-14:30"), ("Ajustar SSO", "desactivado")],
        *[("Festivo: BR", f"nombre Match, {dates}"), ("Llame", "")],
    ]
    assert said("")[:2] == [("Business hours: BR", "fri close 11:30-14:30"), ("Set SSO", "off")]
    assert said("fr")[:2] == said("")[:2]
    menus = [task.menu for task in guide.waiting(office.lab.session, language="uk")]
    assert menus[0] == "Налаштування > Робочий час > розклад"
    assert "fri close 11:30-14:30" in [value for _, _, _, value in office.waiting("match")]
    foreseen = guide.whole(office.lab.session, "match", "pt-BR").tasks[0]
    assert (foreseen.title, foreseen.value) == ("Horário de atendimento: BR", "sex fechar 11:30-14:30")


def test_a_target_that_is_gone_leaves_the_steps_as_they_were_stored(office: Office) -> None:
    """What cannot be put into the reader's words any more is still listed."""
    office.lab.apply(office.book("match", SSO))
    session = replace(office.lab.session, config=replace(office.lab.config, targets={}))

    assert [task.title for task in guide.waiting(session, language="es")] == ["Set Single sign-on"]


# --- several outages ------------------------------------------------------------------------------------------------


def both(office: Office) -> None:
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")
    office.lab.apply(office.book("drill", SSO))


def test_a_second_outage_that_wants_the_same_asks_nobody(office: Office) -> None:
    """What somebody has done already is done for the second outage too."""
    both(office)

    assert office.waiting("drill") == []
    assert office.state("drill") == "active"


def test_the_opposite_is_asked_for_by_the_last_of_them(office: Office) -> None:
    """While another outage holds the setting nobody takes it back; the last one does."""
    both(office)

    office.lab.revert("match")
    assert (office.waiting("match"), office.row("match").state) == ([], "closed")
    office.lab.revert("drill")

    assert office.waiting("drill") == [("1", "close", "waiting", "optional")]


def test_another_value_on_top_is_asked_for_and_goes_back_to_the_first(office: Office) -> None:
    """A second outage with another value is a step of its own, and its opposite is the first outage's value."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")
    off = {**SSO, "with": {"setting": "Single sign-on", "value": "off"}}
    office.lab.apply(office.book("drill", off))

    assert office.waiting("drill") == [("1", "open", "waiting", "off")]
    office.ack("drill")
    office.lab.revert("drill")
    assert office.waiting("drill") == [("1", "close", "waiting", "required")]


def test_an_opposite_that_waits_follows_what_other_outages_want(office: Office) -> None:
    """An outage that ends meanwhile changes what the waiting opposite has to set."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")
    office.lab.apply(office.book("drill", {**SSO, "with": {"setting": "Single sign-on", "value": "off"}}))
    office.ack("drill")
    office.lab.revert("drill")

    office.lab.revert("match")

    assert office.waiting("drill") == [("1", "close", "waiting", "optional")]
    assert office.waiting("match") == []


def test_a_second_outage_that_nobody_answered_lets_go_silently(office: Office) -> None:
    """A claim on a setting that another outage holds goes without a question."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")
    office.lab.apply(office.book("drill", {**SSO, "with": {"setting": "Single sign-on", "value": "off"}}))

    office.lab.revert("drill")

    assert (office.waiting("drill"), office.row("drill").state) == ([], "closed")
    assert office.held() == 1


def sso(value: str) -> dict[str, Any]:
    return {**SSO, "with": {"setting": "Single sign-on", "value": value}}


def test_who_puts_back_the_value_of_a_later_outage_leaves_the_restore_to_that_one(office: Office) -> None:
    """A setting that somebody moved on to what the next outage wants is asked back by that one, whoever did it."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")
    office.lab.revert("match")
    office.lab.apply(office.book("drill", sso("off")))
    assert office.waiting("match") == [("1", "close", "waiting", "off")]
    office.ack("match")

    office.lab.revert("drill")

    assert office.waiting("drill") == [("1", "close", "waiting", "optional")]
    office.ack("drill")
    assert (office.row("drill").state, office.held()) == ("closed", 0)


def test_what_was_never_done_changes_nothing_that_another_outage_holds(office: Office) -> None:
    """The answer no to a question leaves the value that another outage set, and that outage asks it back."""
    office.lab.apply(office.book("match", sso("optional")))
    office.lab.revert("match")
    office.lab.apply(office.book("drill", SSO))
    office.ack("drill", before="optional")

    office.ack("match", done=False)
    office.lab.revert("drill")

    assert office.row("match").state == "closed"
    assert office.waiting("drill") == [("1", "close", "waiting", "optional")]
    file = next(office.lab.config.store.journal.glob("match*.jsonl"))
    written = [json.loads(line).get("slots", {}).get("value") for line in file.read_text().splitlines()]
    assert [(each["before"], each["after"]) for each in written if each] == [("required", "required")]


# --- what stays -----------------------------------------------------------------------------------------------------


def test_what_is_kept_on_purpose_asks_for_no_opposite(office: Office) -> None:
    """`restore: keep` leaves what somebody did in place."""
    office.lab.apply(office.book("match", {**SSO, "restore": "keep"}))
    office.ack("match", before="optional")

    office.lab.revert("match")

    assert (office.waiting("match"), office.row("match").state) == ([], "closed")
    assert office.held() == 0


@pytest.mark.parametrize(("hours", "asked"), [(3, []), (1, ["close"])], ids=["at its end", "before its end"])
def test_what_ends_by_itself_is_taken_down_only_before_its_end(tmp_path: Path, hours: int, asked: list[str]) -> None:
    """A notice that somebody gave its end when it was put up needs no second visit then; ended early, it does. What
    follows the outage comes in both cases."""
    office = Office(tmp_path, {"notice": replace(kinds.person(kinds.notice()), reversal=Reversal.FOLLOW_UP)})
    back = {"uses": "notice", "target": "desk", "with": {"subject": "We are back"}, "until": "end + 1d"}
    step = {"id": "board", "uses": "notice", "with": {"subject": "Closed"}, "restore": [back]}
    office.lab.apply(office.book("cup", step))
    office.ack("cup", "board", before=UNKNOWN)
    office.lab.later(hours=hours)
    office.lab.revert("cup") if asked else office.lab.tick()
    assert [task[1] for task in office.waiting("cup") if "We are back" not in str(task[3])] == asked
    assert len(office.waiting("cup")) == len(asked) + (not asked)
    assert office.held() == (1 if asked else 0)


def test_a_human_follow_up_without_an_end_is_done_when_it_is_acknowledged(office: Office) -> None:
    """A follow-up that stays holds nothing once somebody did it."""
    office.lab.world.put("channel", "wa", name="WhatsApp", enabled=True)
    off = {
        "id": "stop",
        "uses": "channel",
        "with": {"channel": "WhatsApp", "enabled": False},
        "restore": [{"uses": "access", "with": {"setting": "Single sign-on", "value": "optional"}}],
    }
    office.lab.apply(office.book("match", off))
    office.lab.revert("match")

    assert office.waiting("match") == [("1", "open", "waiting", "optional")]
    office.ack("match", "stop/restore/1", before="required")
    assert office.row("match").state == "closed"
    assert office.held() == 0


# --- amending -------------------------------------------------------------------------------------------------------


def channels(*names: str) -> dict[str, Any]:
    """Return a step that turns channels off."""
    return {"id": "sso", "uses": "channel", "with": {"channel": list(names), "enabled": False}}


def test_amending_to_another_setting_and_back_asks_for_no_opposite(office: Office) -> None:
    """A setting that is wanted again before anybody took it back is simply still there."""
    other = {**SSO, "with": {"setting": "Guest access", "value": "blocked"}}
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional")
    office.lab.apply(office.book("match", other))
    assert ("was-single-sign-on", "close", "waiting", "optional") in office.waiting("match")

    office.lab.apply(office.book("match", SSO))

    waiting = office.waiting("match")
    assert ("was-single-sign-on", "close", "waiting", "optional") not in waiting
    assert ("was-guest-access", "close", "question", "blocked") in waiting


def test_the_same_playbook_again_asks_nothing_again(office: Office) -> None:
    """Applying again neither asks twice nor forgets an answer."""
    book = office.book("match", SSO)
    office.lab.apply(book)
    office.lab.apply(book)
    office.ack("match", before="optional")
    office.lab.apply(book)

    assert office.tasks("match") == [("1", "open", "done", "required")]


def test_amending_back_and_forth_asks_at_every_turn(office: Office) -> None:
    """A setting that was put back once is asked for again, and put back again, whenever the step lets go of it."""
    books = [office.book("match", {**SSO, "with": {"setting": name, "value": "x"}}) for name in ("SSO", "Guest")]
    asked = []
    for book in (*books, *books):
        office.lab.apply(book)
        waiting = office.waiting("match")
        asked.append([(item, direction) for item, direction, _, _ in waiting])
        for item, direction, _, _ in waiting:
            office.ack("match", item=item, before="y" if direction == "open" else None)

    turn = ("1", "open")
    assert asked == [[turn], [turn, ("was-sso", "close")], [turn, ("was-guest", "close")], [turn, ("was-sso", "close")]]
    assert office.held() == 1


def test_an_opposite_that_was_dropped_is_asked_for_again(office: Office) -> None:
    """A setting that was wanted again before anybody put it back is to be put back once it is wanted no more."""
    books = [office.book("match", {**SSO, "with": {"setting": name, "value": name}}) for name in ("SSO", "Guest")]
    office.lab.apply(books[0])
    office.ack("match", before="y")
    for book in (books[1], *books):
        office.lab.apply(book)

    assert ("was-sso", "close", "waiting", "y") in office.waiting("match")


@pytest.mark.parametrize(
    ("names", "asked"),
    [(["Phone", "Chat"], ["Phone"]), (["Mail"], ["Chat", "Mail"]), (["Chat", "Phone"], ["Phone"]), (["Chat"], [])],
    ids=["in front", "instead", "behind", "the same"],
)
def test_amending_asks_for_what_is_new(tmp_path: Path, names: list[str], asked: list[str]) -> None:
    """What an amended step newly names is asked for wherever it stands, what is done already is not."""
    office = Office(tmp_path, {"channel": kinds.person(kinds.channel())})
    office.lab.apply(office.book("match", channels("Chat")))
    office.ack("match", before="on")
    office.lab.apply(office.book("match", channels(*names)))

    assert [task.title.rpartition(": ")[2] for task in guide.waiting(office.lab.session)] == asked


def test_a_shorter_step_asks_once_for_what_is_left(tmp_path: Path) -> None:
    """What moves up on the list is asked for in its new place alone, and there alone is its opposite."""
    office = Office(tmp_path, {"channel": kinds.person(kinds.channel())})
    office.lab.apply(office.book("match", channels("Chat", "Phone", "Mail")))
    office.ack("match", item="3", before="on")
    office.lab.apply(office.book("match", channels("Phone", "Mail")))

    assert [task[:3] for task in office.waiting("match")] == [
        ("1", "open", "waiting"),
        ("was-chat", "close", "question"),
    ]
    office.ack("match", item="1", before="on")
    office.ack("match", item="was-chat", done=False)
    office.lab.revert("match")
    assert office.waiting("match") == [(n, "close", "waiting", "on") for n in ("1", "2")]


# --- evidence -------------------------------------------------------------------------------------------------------


def test_who_said_what_is_in_the_journal_file(office: Office) -> None:
    """The journal alone knows who acknowledged, with which evidence, and the value before."""
    office.lab.apply(office.book("match", SSO))
    office.ack("match", before="optional", evidence="ticket 17", evidence_hash=evidence_hash(b"picture"))

    file = next(office.lab.config.store.journal.glob("match*.jsonl"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    said = next(line for line in lines if line["t"] == "ack")
    known = next(line for line in lines if line.get("seq") == said["seq"] and line["t"] != "ack")

    assert (said["actor"], said["evidence"], said["evidence_hash"]) == ("maria", "ticket 17", evidence_hash(b"picture"))
    assert known["slots"]["value"]["before"] == "optional"
    assert known["slots"]["value"]["after"] == "required"


def test_the_hash_of_evidence_is_sha_256() -> None:
    """Evidence is kept as its hash alone."""
    assert evidence_hash(b"").startswith("e3b0c44298fc1c14")
