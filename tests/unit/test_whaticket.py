"""Whaticket: messages that go out once, transfers that come back, snoozes by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.http import Answer
from providers.whaticket.client import Client
from providers.whaticket.mapping import number_of
from providers.whaticket.provider import open_target
from providers.wire.faults import Fault
from runner.commands import guide, operate
from runner.errors import InvalidInput, ProviderError, Rejected
from runner.report import Fate
from runner.spi import Target
from runner.steps import Steps
from runner.testing.io import ScriptedIo
from runner.views.plan import human
from tests.support.lab import BY
from tests.support.whaticket import SECRETS, WhaticketLab, target
from tests.support.wire import Wire

TELL = {
    "id": "tell",
    "uses": "notice",
    "with": {"to": ["+5215500000001", "+5215500000002"], "body": {"es": "Sin luz."}},
}
GIVE = {"id": "give", "uses": "tickets", "with": {"select": {"agent": "ana@example.com"}, "transfer_to": "Bruno Lima"}}


@pytest.fixture
def lab(tmp_path: Path) -> WhaticketLab:
    return WhaticketLab(tmp_path)


def with_(step: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**step, "with": {**step["with"], **more}}


def fates(report: Any) -> list[Fate]:
    return [note.fate for run in report.runs for note in run.notes]


def test_tickets_are_transferred_and_given_back(lab: WhaticketLab) -> None:
    """Open tickets of one agent go to another one and come back; closed and pending ones are left alone."""
    before, ana, bruno = lab.account.dump(), *list(lab.account.users)[:2]
    mine = [key for key, each in lab.account.book.tickets.items() if (each.status, each.user) == ("open", ana)]
    report = lab.apply(lab.chat(GIVE))
    assert (report.exit_code, report.runs[0].confirmed) == (0, len(mine))
    assert {lab.account.book.tickets[key].user for key in mine} == {bruno}
    lab.revert("night")
    assert lab.account.dump() == before


def test_a_persons_transfer_stays(lab: WhaticketLab) -> None:
    """A ticket that somebody gave to a third agent meanwhile is theirs after the restore."""
    lab.apply(lab.chat(GIVE))
    ticket, carla = lab.account.book.log[0][0], list(lab.account.users)[2]
    lab.account.person_transfers(ticket, carla)
    lab.revert("night")
    assert lab.account.book.tickets[ticket].user == carla


def test_a_message_goes_to_each_number_once(lab: WhaticketLab) -> None:
    """Numbers that are written twice or differently get one message, which is not sent again, nor taken back."""
    step = with_(TELL, to=["+52 1 55 0000 0001", "5215500000001", "+5215500000002"])
    plan = human(lab.plan(lab.chat(step)).plans[0], width=120, colour=False)
    assert "is sent once" in plan
    assert "5500000001" not in plan, "a plan names no customer"
    lab.apply(lab.chat(step))
    assert [each["number"] for each in lab.account.sent] == ["5215500000001", "5215500000002"]
    lab.apply(lab.chat(step))
    lab.revert("night")
    assert len(lab.account.sent) == 2
    journal = "".join(path.read_text() for path in lab.config.store.journal.glob("*"))
    assert "5500000001" not in journal.partition('"frozen"')[0]


def test_one_that_is_refused_does_not_hold_up_the_others(lab: WhaticketLab) -> None:
    """A message that Whaticket refuses is reported with its words; the others are sent; resume tries that one again."""
    lab.account.faults.add(Fault("409", rule="/api/v1/messages"))
    report = lab.apply(lab.chat(TELL))
    assert fates(report) == [Fate.REJECTED]
    assert [each["number"] for each in lab.account.sent] == ["5215500000002"]
    lab.resume()
    assert [each["number"] for each in lab.account.sent] == ["5215500000002", "5215500000001"], "it is asked again"


def test_a_lost_reply_is_not_sent_again_unless_somebody_says_so(lab: WhaticketLab) -> None:
    """Nobody knows whether it arrived: it is listed, resume leaves it alone, and `--resend` sends that one again."""
    lab.account.faults.add(Fault("reset_committed", rule="/api/v1/messages"))
    assert fates(lab.apply(lab.chat(TELL))) == [Fate.UNKNOWN]
    lab.resume()
    assert len(lab.account.sent) == 2
    lab.resume(resend=True)
    assert [each["number"] for each in lab.account.sent] == ["5215500000001", "5215500000002", "5215500000001"]


def test_an_account_that_fails_in_the_middle_leaves_the_rest_to_resume(lab: WhaticketLab) -> None:
    """An error of the vendor makes that one message unknown; those after it were not tried, and resume sends them."""
    numbers = [f"+521550000000{n}" for n in range(1, 7)]
    lab.account.faults.add(Fault("500", rule="/api/v1/messages"))
    report = lab.apply(lab.chat(with_(TELL, to=numbers)))
    assert (fates(report), lab.account.sent) == ([Fate.UNKNOWN], [])
    assert report.pending
    lab.resume()
    assert [each["number"] for each in lab.account.sent] == [number[1:] for number in numbers[1:]]


def test_what_a_refusal_says_names_no_customer(lab: WhaticketLab) -> None:
    """A number in Whaticket's own words does not get into reports and journals."""
    words = Client(target(), ScriptedIo())._fault(Answer(400, {}, {"error": "5215500000001 has no WhatsApp"}), "send")
    assert "<number> has no WhatsApp" in str(words)


def test_an_agent_who_is_renamed_meanwhile_gives_the_tickets_back(lab: WhaticketLab) -> None:
    """Who has a ticket is known by the id: another name is nobody's edit."""
    before = lab.account.dump()
    plan = lab.plan(lab.chat(GIVE)).plans[0]
    assert plan.runs[0].notes == ("they go to Bruno Lima",)
    lab.apply(lab.chat(GIVE))
    bruno = list(lab.account.users)[1]
    lab.account.users[bruno] = "Bruno Lima Filho"
    lab.connect(*lab.vendors.values())  # a new process
    assert lab.revert("night").exit_code == 0
    assert lab.account.dump() == before


class Refusing(Wire):
    """A network where a message finds nobody to talk to, as often as said."""

    left = 1

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse the connection of a message, or let a request pass."""
        if request.method == "POST" and self.left:
            Refusing.left -= 1
            raise httpx.ConnectError("refused", request=request)
        return super().handle_request(request)


def test_what_never_left_is_sent_by_the_next_resume(lab: WhaticketLab) -> None:
    """A connection that is refused has sent nothing for sure: the message is not unknown, and resume sends it once."""
    lab.vendors["chat"] = replace(lab.vendors["chat"], wire=Refusing)
    Refusing.left = 1
    report = lab.apply(lab.chat(TELL))
    assert (fates(report), lab.account.sent) == ([], [])
    assert report.pending
    assert lab.resume()[0].exit_code == 0
    assert len(lab.account.sent) == 2


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (with_(TELL, to=["12"]), "no telephone number at place 1"),
        (with_(TELL, connection="Reserva"), "is DISCONNECTED, and sends nothing"),
        (with_(TELL, connection="Segunda"), "has 0 connections 'Segunda'"),
        (with_(GIVE, transfer_to="Brno Lima"), "has no agent 'Brno Lima'"),
    ],
)
def test_what_cannot_be_is_refused_in_the_plan(lab: WhaticketLab, step: dict[str, Any], sentence: str) -> None:
    """Nothing is sent or transferred when a name means nothing; the refusal says what there is."""
    with pytest.raises(InvalidInput, match=sentence) as caught:
        lab.plan(lab.chat(step))
    assert caught.value.hint
    assert not lab.account.sent


@pytest.mark.parametrize(
    ("text", "number"),
    [("+52 1 55 1234-5678", "5215512345678"), ("(55) 11 98765 4321", ""), ("12345", ""), ("+5511987654321x", "")],
)
def test_numbers(text: str, number: str) -> None:
    """A number is digits with the country's code, however it is written; anything else is none."""
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("options", "word"),
    [({"color": "red"}, "color"), ({"per_minute": 0}, "per_minute"), ({"url": "http://api.whaticket.com"}, "https")],
)
def test_options_are_checked_offline(options: dict[str, Any], word: str) -> None:
    """A wrong option is named before anything is asked of the network."""
    with pytest.raises(Rejected, match=word):
        open_target(Target("chat", "whaticket", options), ScriptedIo())


@pytest.mark.parametrize(
    ("what", "sentence"),
    [("401", "Integraciones > Tokens"), ("403", "tickets:view"), ("503", "try again later"), ("garbage", "no JSON")],
)
def test_an_account_that_says_no_says_what_to_do(lab: WhaticketLab, what: str, sentence: str) -> None:
    """Every refusal ends in the next step."""
    if what == "403":
        lab.account.permissions.clear()
    else:
        lab.account.faults.add(Fault(what, rule="/api/v1/tickets", times=0))
    lab.account.permissions.add("users:view")
    with pytest.raises(ProviderError, match=sentence):
        lab.plan(lab.chat(GIVE))


def test_people_snooze_and_are_told_how_to_end_it_early(lab: WhaticketLab) -> None:
    """A snooze is a step by hand: when until, where to click, and where to cancel it."""
    step = {
        "id": "nap",
        "uses": "snooze",
        "with": {"select": {"status": "open"}, "until": "tomorrow", "by": "Ana Souza"},
    }
    lab.apply(lab.chat(step))
    (task,) = guide.waiting(lab.session)
    assert task.value == "due 2026-12-12 06:00 (America/Mexico_City), by Ana Souza"
    assert "Cancelar posponer" in task.menu
    spec = open_target(target(), ScriptedIo(secrets=SECRETS)).capabilities()["snooze"]
    assert (spec.by_hand, spec.flags["reopens_at_due"]) == (True, True)


def test_doctor_says_who_and_what_can_send(lab: WhaticketLab) -> None:
    """The account tells whose token it is, and which connections are up."""
    found = [each.message for each in lab.session.readers.examine("chat")]
    assert found == ["the token works, for Ana Souza", "connected: Principal"]
    for row in lab.account.connections.values():
        row[1] = "DISCONNECTED"
    assert [each.state for each in lab.session.readers.examine("chat")] == ["ok", "problem"]


@pytest.mark.parametrize(("cell", "step", "many"), [("`notice`", TELL, 2), ("`tickets`", GIVE, 8)])
def test_what_a_step_costs(lab: WhaticketLab, cell: str, step: dict[str, Any], many: int) -> None:
    """The requests that the guide's table names are those that opening and giving back take, once it is planned."""
    page = Path(__file__).parents[2] / "docs" / "providers" / "whaticket.md"
    row = re.search(rf"^\| {cell} \| ([^|]+) \| ([^|]+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert row is not None
    plan = lab.plan(lab.chat(step))
    marks = [len(lab.account.requests)]
    operate.apply(lab.session, plan, BY, lab.progress)
    marks.append(len(lab.account.requests))
    lab.later(minutes=1).revert("night")
    marks.append(len(lab.account.requests))
    costs = [eval(re.sub(r"(\d)N", r"\1*N", each), {"N": many}) for each in row.groups()]
    assert [after - before for before, after in pairwise(marks)] == costs


class Died(BaseException):
    """The process dies."""


def test_a_process_that_dies_before_it_is_done_leaves_nothing_to_send_again(
    lab: WhaticketLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows an outage is let go of once it is sent; a process that dies then, before it could say that it was
    done, is followed by one that sends nobody anything again."""
    lab.apply(lab.chat({**TELL, "restore": [{"uses": "notice", "with": {**TELL["with"], "body": "Back."}}]}))
    whole = Steps._let_go_of

    def dying(*given: Any, mode: str = "close") -> None:
        whole(*given, mode=mode)
        if mode == "keep":
            raise Died

    lab.later(hours=3)
    with monkeypatch.context() as patch:
        patch.setattr(Steps, "_let_go_of", dying)
        with pytest.raises(Died):
            lab.tick()
    lab.later(minutes=5)
    assert [report.state for report in lab.tick()] == ["closed"]
    assert [each["body"] for each in lab.account.sent] == ["Sin luz.", "Sin luz.", "Back.", "Back."]


def test_who_is_added_to_an_open_step_is_told_too(lab: WhaticketLab) -> None:
    """A step that names one more number by now sends to that one alone, as its plan says."""
    lab.apply(lab.chat(TELL))
    more = lab.chat(with_(TELL, to=[*TELL["with"]["to"], "+5215500000003"]))
    assert lab.plan(more).plans[0].changes == 1
    lab.apply(more)
    lab.apply(more)
    assert [each["number"] for each in lab.account.sent] == ["5215500000001", "5215500000002", "5215500000003"]
