"""Digisac: configuration, errors and paging, holidays, tickets, messages, and what only people can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from providers.digisac.account import account_of
from providers.digisac.client import Client, explain, said_of
from providers.digisac.holidays import body_of, holiday, value_of
from providers.digisac.provider import open_target
from providers.digisac.simulator.account import TOKEN
from providers.digisac.ticket_kind import matches, tickets, where_of
from providers.http import Answer, NoReply, NotSent
from providers.wire.faults import Fault
from runner.errors import Exit
from runner.report import Fate
from runner.spi import (
    Context,
    Forbidden,
    Found,
    InvalidInput,
    KindSpec,
    Means,
    NotFound,
    ProviderError,
    Query,
    RateLimited,
    Rejected,
    Target,
    Unauthorized,
    Unavailable,
)
from runner.testing.io import ScriptedIo
from tests.support.digisac import SECRETS, URL, DigisacLab, target
from tests.support.lab import START

END = START + timedelta(hours=3)
NOW = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
CONTEXT = Context("power@1", "step", target(), START, END, (START, END), "America/Sao_Paulo")


# --- configuration --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": None}, "options.url is missing"),
        ({"url": "http://example.digisac.co"}, "must be an https:// address"),
        ({"url": "https://example.com"}, "no address of this vendor"),
        (
            {"schedule_zone": None},
            "options.schedule_zone is missing: the time zone of the account (Mais opções > Empresa",
        ),
        ({"schedule_zone": "Brasilia"}, "'Brasilia' is no time zone"),
        ({"per_minute": 5}, "must be a number from 10 to 6000"),
        ({"spacing": True}, "must be a number from 1 to 60"),
        ({"zone": "UTC"}, "options.zone is no option of digisac; there are per_minute, schedule_zone, spacing, url"),
    ],
)
def test_a_wrong_option_is_refused_offline(options: dict[str, Any], said: str) -> None:
    """Each option that is missing or wrong is named, with what to write; nothing is asked of the account."""
    given = {**target().options, **options}
    with pytest.raises(Rejected) as caught:
        open_target(Target("desk", "digisac", {k: v for k, v in given.items() if v is not None}), ScriptedIo())
    assert said in caught.value.message


def test_an_address_may_be_that_of_the_api_or_of_this_machine() -> None:
    """The address is taken with `/api/v1` or without, and a simulator on loopback needs no HTTPS."""
    for url in (URL, f"{URL}/", f"{URL}/api/v1"):
        assert account_of(target(url=url)).url == URL
    assert account_of(target(url="http://127.0.0.1:8080")).url == "http://127.0.0.1:8080"


# --- requests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, Rejected, "desk: create a schedule: too near"),
        (409, Rejected, "too near"),
        (401, Unauthorized, "make another one"),
        (403, Forbidden, "habilitar agendamento"),
        (404, NotFound, "it does not exist"),
        (429, RateLimited, "asks to wait"),
        (500, NoReply, "answers 500"),
        (503, NotSent, "not available"),
    ],
)
def test_what_a_status_means(status: int, kind: type[ProviderError], words: str) -> None:
    """Each status is one kind of error, in a sentence that names the target and what was asked."""
    answer = Answer(status, {"retry-after": "7"}, {"message": "too near", "field": "scheduledAt"})
    fault = explain(answer, "desk", "create a schedule", NOW, schedule=True)
    assert type(fault) is kind
    assert words in fault.message
    if isinstance(fault, RateLimited):
        assert fault.retry_after == 7
    if isinstance(fault, Rejected):
        assert fault.field == "scheduledAt"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"message": "a"}, "a"),
        ({"error": {"message": "b"}}, "b"),
        ({"errors": [{"message": "c\n d"}]}, "c d"),
        ({"error": "e"}, "e"),
        (["f"], "f"),
        ({"code": 7}, ""),
        (None, "text"),
    ],
)
def test_words_of_a_refusal_are_found_in_the_usual_places(data: Any, said: str) -> None:
    """No document shapes errors: the likely places are looked at, and nothing else is repeated."""
    assert said_of(Answer(400, {}, data, "" if data is not None else "text")) == said
    assert said_of(Answer(400, {}, None, "<html>no</html>")) == ""


class Scripted:
    """A transport that answers what it is told, one answer a request; the last one again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def client(self, **options: Any) -> Client:
        io = ScriptedIo(NOW, SECRETS, httpx.MockTransport(self.answer))
        configured = target(**options)
        return Client(account_of(configured), configured, io)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)


def test_pages_are_read_to_the_last_one() -> None:
    """A list is asked page by page, both ways of the vendor's, until its last page."""
    both = [{"data": [{"id": 1}], "lastPage": 2}, {"data": [{"id": 2}], "lastPage": 2}]
    wire = Scripted(*both, *both)
    client = wire.client()
    assert [row["id"] for row in client.pages("/holiday", "list")] == [1, 2]
    assert [row["id"] for row in client.pages("/schedule", "list", query={"where": {}})] == [1, 2]
    assert [str(each.url.query, "ascii") for each in wire.asked[:2]] == ["page=1&perPage=100", "page=2&perPage=100"]
    assert wire.asked[3].url.params["query"] == '{"where":{},"page":2,"perPage":100}'
    assert wire.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "answer", [[], {"data": None}, {"data": [1], "lastPage": 1}, {"data": [{"name": "x"}], "lastPage": 1}, {"data": []}]
)
def test_a_list_of_another_shape_is_no_list(answer: Any) -> None:
    """What is no list of objects with ids, or does not say how many pages it has, is never taken for an empty one."""
    with pytest.raises(Unavailable, match=r"desk: list: the (answer is no list|list does not say)"):
        list(Scripted(answer).client().pages("/holiday", "list"))


def test_reads_are_tried_again_and_writes_are_not() -> None:
    """A busy account is asked again as long as the runner waits; a write goes out once, and a token is needed."""
    wire = Scripted(httpx.Response(503), httpx.Response(500), {"id": 1})
    assert wire.client().get("/me", "look") == {"id": 1}
    wire = Scripted(httpx.Response(500))
    with pytest.raises(NoReply):
        wire.client().write("POST", "/messages", "send", {})
    assert len(wire.asked) == 1
    with pytest.raises(NoReply, match="no JSON"):
        Scripted(httpx.Response(200, text="<html>")).client().get("/me", "look")
    bare = Target("desk", "digisac", target().options)
    with pytest.raises(Unauthorized, match="Tokens de acesso pessoal"):
        Client(account_of(bare), bare, ScriptedIo()).get("/me", "look")


def test_the_pace_is_kept() -> None:
    """Beyond its share the client waits a little; a write whose time is over is not sent any more."""
    wire = Scripted({"id": 1})
    client = wire.client(per_minute=10)
    begun = client.io.now()
    for _ in range(22):
        client.get("/me", "look")
    assert (client.io.now() - begun).total_seconds() > 5
    client.begin()
    client.io.sleep(11)
    asked = len(wire.asked)
    with pytest.raises(RateLimited):
        client.write("POST", "/messages", "send", {})
    assert len(wire.asked) == asked


# --- holidays -------------------------------------------------------------------------------------------------------

DAY = {"name": "Power cut", "message": {"es": "Sin luz.", "pt-BR": "Sem energia."}}


@pytest.mark.parametrize(
    ("more", "begins", "ends"),
    [
        ({"closed": "window"}, "2026-12-11T14:30:00Z", "2026-12-11T17:30:00Z"),  # a partial outage, to the minute
        ({}, "2026-12-11T03:00:00Z", "2026-12-12T02:59:00Z"),  # the whole local day
        ({"from": "2026-12-25"}, "2026-12-25T03:00:00Z", "2026-12-26T02:59:00Z"),
        ({"from": "2026-12-24", "to": "2026-12-25"}, "2026-12-24T03:00:00Z", "2026-12-26T02:59:00Z"),
    ],
)
def test_a_holiday_is_the_window_or_whole_days(more: dict[str, str], begins: str, ends: str) -> None:
    """`closed: window` is the outage itself; without it whole days of the account's clock, as in the vendor's
    example."""
    spec = holiday(account_of(target()))
    with_ = {**DAY, **more}
    jsonschema.Draft202012Validator(spec.schema).validate(with_)
    (want,) = spec.claims(with_, CONTEXT, Found("", "", {}))
    value = {"name": "Power cut", "from": begins, "to": ends, "message": "Sem energia.\n\nSin luz."}
    assert (want.path, want.claim.value) == ("holiday", value)
    body = body_of(value, CONTEXT.marker())
    assert (body["from"], body["name"]) == (begins.replace("Z", ".000Z"), f"Power cut [{CONTEXT.marker()}]")
    assert value_of({**body, "id": 1}) == value


@pytest.mark.parametrize(
    ("more", "said"),
    [({"from": "2026-12-25", "to": "2026-12-24"}, "is before the first day"), ({"to": "2026-13-01"}, "is not a date")],
)
def test_a_holiday_that_cannot_be_is_refused(more: dict[str, str], said: str) -> None:
    """Days backwards or out of the calendar are refused in a sentence."""
    with pytest.raises(InvalidInput, match=said):
        holiday(account_of(target())).claims({**DAY, **more}, CONTEXT, Found("", "", {}))


def test_who_writes_on_a_holiday_hears_its_message(tmp_path: Path) -> None:
    """While the outage lasts customers get the message, before and afterwards they do not; the plan says from when to
    when, by which clock."""
    lab = DigisacLab(tmp_path)
    book = lab.book({"id": "day", "uses": "holiday", "with": {**DAY, "closed": "window"}})
    assert lab.plan(book).plans[0].runs[0].notes == (
        "from 2026-12-11 11:30 to 2026-12-11 14:30 by the clock of America/Sao_Paulo",
    )
    lab.account.customer_writes("Ana Almeida", "Hello?")
    lab.apply(book)
    lab.account.customer_writes("Ana Almeida", "Anybody?")
    assert lab.account.said_to("Ana Almeida") == ["Sem energia.\n\nSin luz."]
    lab.later(hours=4)
    (report,) = lab.tick()
    assert (report.exit_code, lab.account.desk.holidays) == (Exit.DONE, {})
    lab.account.customer_writes("Ana Almeida", "Now?")
    assert len(lab.account.said_to("Ana Almeida")) == 1


# --- tickets --------------------------------------------------------------------------------------------------------

OPEN = {"status": "open", "department": "d1", "attendant": "u1"}
ROW = {"status": OPEN, "group": {"id": "d1", "name": "Suporte"}, "contacts": {"id": "c1", "name": "Ana"}}


@pytest.mark.parametrize(
    ("where", "good"),
    [
        ({"status": "open"}, True),
        ({"status": "closed"}, False),
        ({"group": "suporte"}, True),
        ({"group": ["x", "d1"]}, True),
        ({"group": "Vendas"}, False),
        ({"contacts": "Ana", "group": "Suporte"}, True),
        ({"channel": "WhatsApp"}, False),
    ],
)
def test_a_ticket_is_selected_by_names_or_ids(where: Mapping[str, Any], good: bool) -> None:
    """Departments, connections and contacts count by name, in any case, or by id."""
    assert matches(where, ROW) is good


def test_a_ticket_lies_with_a_department_and_perhaps_somebody() -> None:
    """Where a ticket lies is its value: without an attendant it waits in the queue."""
    assert where_of({"departmentId": "d1", "userId": "u1"}) == OPEN
    assert where_of({"departmentId": "d1", "userId": None}) == {"status": "open", "department": "d1"}


def test_only_closed_can_be_written(tmp_path: Path) -> None:
    """Another status is refused with what there is, in the claim and in the schema."""
    spec = tickets(account_of(target()))
    with pytest.raises(InvalidInput, match="cannot be set to 'pending': they are open or closed"):
        spec.claims({"select": {"status": "open"}, "status": "pending"}, CONTEXT, Found("c1", "Ana", {}))
    for wrong in ({"select": {"tags": "vip"}, "status": "closed"}, {"select": {"group": "x"}}):
        assert list(jsonschema.Draft202012Validator(spec.schema).iter_errors(wrong))
    lab = DigisacLab(tmp_path)
    step = {"id": "close", "uses": "tickets", "with": {"select": {"group": "Suport"}, "status": "closed", "at_most": 9}}
    with pytest.raises(InvalidInput, match="has no group 'Suport'"):
        lab.plan(lab.book(step))


def test_tickets_are_closed_and_come_back_as_new_ones(tmp_path: Path) -> None:
    """Whose ticket was closed gets a new one in the same department, with the same attendant, which the plan says; who
    wrote meanwhile is left where the bot put them, and told of."""
    lab = DigisacLab(tmp_path)
    step = {"id": "close", "uses": "tickets", "with": {"select": {"group": "Suporte"}, "status": "pause", "at_most": 9}}
    plan = lab.plan(lab.book(step)).plans[0]
    assert "close: a ticket that this closes comes back as a new one, with another protocol number" in plan.warnings
    before = {row["contactId"]: row["protocol"] for row in lab.account.desk.tickets.values() if row["isOpen"]}
    assert lab.apply(lab.book(step)).exit_code is Exit.DONE
    closed = before.keys() - {row["contactId"] for row in lab.account.desk.tickets.values() if row["isOpen"]}
    assert len(closed) == plan.changes == 5
    writer = lab.account.desk.contacts[min(closed)]["name"]
    lab.account.customer_writes(writer, "Hello?")
    report = lab.revert("outage")
    assert [note.name for note in report.notes if note.fate is Fate.KEPT] == [writer]
    now = {row["contactId"]: row for row in lab.account.desk.tickets.values() if row["isOpen"]}
    assert now.keys() == before.keys()
    back = [now[key] for key in closed - {min(closed)}]
    assert {(row["departmentId"], row["userId"]) for row in back} == {("department-support", "user-rita")}
    assert all(row["protocol"] not in before.values() for row in back)


def test_tickets_sleep_until_they_are_due(tmp_path: Path) -> None:
    """Snoozed tickets are closed; when they are due, which ends the step, they are open where they were; one whose
    customer wrote meanwhile is left alone; a revert before wakes them at once."""
    lab = DigisacLab(tmp_path)
    until = {"select": {"group": "Suporte"}, "until": "start + 1h", "at_most": 9}
    book = lab.book({"id": "nap", "uses": "snooze", "with": until})
    (run,) = lab.plan(book).plans[0].runs
    assert "a customer's reply ends it" in run.notes[0]
    before = opened(lab)
    lab.apply(book)
    asleep = before.keys() - opened(lab).keys()
    assert len(asleep) == 5
    lab.account.customer_writes(lab.account.desk.contacts[min(asleep)]["name"], "Hello?")
    lab.later(hours=1)
    (report,) = lab.tick()
    assert [note.fate for note in report.notes] == [Fate.KEPT]
    now = opened(lab)
    assert {key: now[key] for key in asleep - {min(asleep)}} == {key: before[key] for key in asleep - {min(asleep)}}
    assert now[min(asleep)] != before[min(asleep)], "the bot's"
    again = lab.playbook("early", [{"id": "nap", "uses": "snooze", "with": until}])
    lab.at(lab.outage(again).start).apply(again)
    lab.revert("early")
    assert opened(lab) == now


def test_what_somebody_did_while_a_long_batch_is_written_stays(tmp_path: Path) -> None:
    """At the pace of an account a batch takes minutes: a ticket that a customer opened and an agent took meanwhile is
    seen when its turn comes, left where it is, and told of; the others come back."""
    lab = DigisacLab(tmp_path)
    before = opened(lab)
    step = {"id": "close", "uses": "tickets", "with": {"select": {"group": "Suporte"}, "status": "closed"}}
    lab.apply(lab.book(step))
    closed = before.keys() - opened(lab).keys()
    desk, last = lab.account.desk, max(closed)

    def slowly() -> None:
        lab.clock += 2
        if len(closed & opened(lab).keys()) == 2 and desk.open_ticket(last) is None:
            lab.account.tickets.open(last, "department-sales", "user-paulo")

    lab.account.wsgi._before = slowly
    report = lab.revert("outage")
    assert [(note.fate, note.name) for note in report.notes] == [(Fate.KEPT, desk.contacts[last]["name"])]
    assert opened(lab) == {**before, last: ("department-sales", "user-paulo")}


@pytest.mark.parametrize(
    ("uses", "how"),
    [
        ("tickets", {"status": "closed"}),
        ("tickets", {"transfer": {"department": "Vendas"}}),
        ("snooze", {"until": "start + 1h"}),
    ],
)
def test_a_ticket_that_no_department_has_is_left_alone(tmp_path: Path, uses: str, how: dict[str, Any]) -> None:
    """It could be given back to nobody: it is not selected, the plan says how many there are, the others go on, and
    everything is as before at the end."""
    lab = DigisacLab(tmp_path)
    row = lab.account.desk.open_ticket("contact-0003")
    assert row is not None
    row |= {"departmentId": None, "userId": None}
    before = opened(lab)
    names = ["Carla Almeida", "Fábio Almeida"]
    book = lab.book({"id": "it", "uses": uses, "with": {"select": {"contacts": names}, **how}})
    plan = lab.plan(book).plans[0]
    assert plan.changes == 1
    assert [each for each in plan.warnings if "left alone" in each] == [
        "it: 1 ticket that no department has is left alone, since nothing could give it back: pass it on to a "
        "department by hand first"
    ]
    assert lab.apply(book).exit_code is Exit.DONE
    now = opened(lab)
    assert now["contact-0003"] == (None, None)
    assert now.get("contact-0006") != before["contact-0006"]
    assert lab.revert("outage").exit_code is Exit.DONE
    assert opened(lab) == before


def opened(lab: DigisacLab) -> dict[str, tuple[str, str]]:
    """Return contact -> department and attendant of the open tickets."""
    rows = (row for row in lab.account.desk.tickets.values() if row["isOpen"])
    return {row["contactId"]: (row["departmentId"], row["userId"]) for row in rows}


def test_tickets_are_passed_on_and_back(tmp_path: Path) -> None:
    """A transfer moves open tickets to a department or a person, and the restore moves them back: the same tickets."""
    lab = DigisacLab(tmp_path)
    before = lab.account.dump()
    step = {
        "id": "move",
        "uses": "tickets",
        "with": {
            "select": {"group": "Suporte", "channel": "WhatsApp"},
            "transfer": {"department": "Vendas", "attendant": "Paulo Reis"},
            "comment": "Power cut in Support",
            "at_most": 9,
        },
    }
    lab.apply(lab.book(step))
    moved = [row for row in lab.account.desk.tickets.values() if row["departmentId"] == "department-sales"]
    assert {row["userId"] for row in moved} == {"user-paulo"}
    assert len(moved) == 4
    assert "Power cut in Support" in str([each.body for each in lab.account.requests])
    lab.revert("outage")
    assert lab.account.dump() == before


# --- messages -------------------------------------------------------------------------------------------------------


def test_a_message_outside_the_window_is_refused_and_the_others_go_out(tmp_path: Path) -> None:
    """Over an official connection a day after the last word: the plan warns, one is refused in a sentence, the rest
    arrives once, and opens no ticket."""
    lab = DigisacLab(tmp_path)
    whom = ["Ana Almeida", "Elisa Almeida", "Heitor Almeida", "João Almeida"]  # the second wrote an hour ago
    step = {"id": "tell", "uses": "notice", "with": {"contacts": whom, "subject": "Power cut", "body": "Back at two."}}
    (warning,) = [each for each in lab.plan(lab.book(step)).plans[0].warnings if "official" in each]
    assert "2 of 4 write over an official WhatsApp connection" in warning
    report = lab.apply(lab.book(step))
    assert {name: len(lab.account.said_to(name)) for name in whom} == dict(zip(whom, (1, 1, 1, 0), strict=True))
    (note,) = report.notes
    assert (note.fate, note.name) == (Fate.REJECTED, "João Almeida")
    assert "outside the 24-hour window" in note.reason
    assert lab.account.said_to("Ana Almeida") == ["Power cut\n\nBack at two."]
    assert lab.account.desk.open_ticket("contact-0001") is None
    lab.resume()
    lab.revert("outage")
    assert len(lab.account.said_to("Ana Almeida")) == 1


def test_a_message_whose_reply_is_lost_is_not_sent_again(tmp_path: Path) -> None:
    """It stays unknown until somebody says so; the next recipient gets theirs."""
    lab = DigisacLab(tmp_path)
    step = {
        "id": "tell",
        "uses": "notice",
        "with": {"contacts": ["Ana Almeida", "Bruno Almeida"], "body": "Back at two."},
    }
    lab.account.faults.add(Fault("timeout_committed", method="POST"))
    report = lab.apply(lab.book(step))
    assert [(note.fate, note.name) for note in report.notes] == [(Fate.UNKNOWN, "Ana Almeida")]
    lab.resume()
    assert [len(lab.account.said_to(f"{name} Almeida")) for name in ("Ana", "Bruno")] == [1, 1]
    lab.resume(resend=True)
    assert len(lab.account.said_to("Ana Almeida")) == 2


# --- reading and offering -------------------------------------------------------------------------------------------


def test_kinds_that_the_account_does_not_have(tmp_path: Path) -> None:
    """A kind without an API cannot be read, nor can filters that mean nothing."""
    lab = DigisacLab(tmp_path)
    provider = open_target(target(), lab.session.io)
    for query in (
        Query("rule"),
        Query("holiday", where={"a": 1}),
        Query("scheduled_contact", where={}),
        Query("notice", where={}),
    ):
        with pytest.raises(Rejected):
            list(provider.read(query))
    assert dict(lab.session.readers.read("desk", Query("tickets", ids=("nobody",), paths=("status",)))) != {}
    assert list(provider.write([])) == []


def test_every_kind_says_how_it_is_done() -> None:
    """Five kinds by API, the others by people, each path in four languages; translations say that they may differ."""
    offered = open_target(target(), ScriptedIo()).capabilities()
    by_api = {name for name, spec in offered.items() if spec.means is Means.API}
    assert by_api == {"scheduled_contact", "holiday", "tickets", "snooze", "notice"}
    assert offered.keys() - by_api == {
        *("business_hours", "channel_hours", "message", "channel", "rule", "access", "checklist"),
    }


@pytest.mark.parametrize(
    ("kind", "with_", "menu"),
    [
        (
            "business_hours",
            {"schedule": "Vendas", "hours": {"fri": []}},
            "Robôs > Fluxograma > o robô Vendas > Horário",
        ),
        ("message", {"message": "out of hours: Vendas", "text": "Fechado"}, "Mensagem fora do horário de atendimento"),
        ("channel", {"channel": "WhatsApp", "enabled": False}, "Conexões > a conexão WhatsApp > Desligar ou iniciar"),
        ("access", {"setting": "IP restriction", "value": "on"}, "(SAC) > Restrição de IPs"),
        ("access", {"setting": "role Suporte", "value": "x"}, "Painel de navegação > Cargos > Suporte > Editar"),
    ],
)
def test_people_are_led_to_the_place(kind: str, with_: dict[str, Any], menu: str) -> None:
    """What lives in a bot or in the company's settings is named in a playbook, and found in the reader's language."""
    spec: KindSpec = open_target(target(), ScriptedIo()).capabilities()[kind]
    jsonschema.Draft202012Validator(spec.schema).validate(with_)
    there = replace(CONTEXT, language="pt-BR")
    (key,) = spec.query(with_, there).ids
    (want,) = spec.claims(with_, there, Found(key, key, {}))
    assert menu in want.menu
