"""Movidesk: the pace of its two limits, names that are known before they are written, and what a refusal costs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from traceback import format_exception
from typing import Any

import httpx
import pytest

from providers.movidesk.account import account_of
from providers.movidesk.limits import Limits, Record
from providers.movidesk.provider import Movidesk, open_target
from providers.movidesk.simulator.account import Account
from providers.movidesk.ticket_kind import body_of, filter_of, matches
from providers.movidesk.tickets import NOT_TRIED, OLD
from providers.wire.faults import Fault
from runner.errors import InvalidInput
from runner.model import ABSENT, Change, Outcome, Slot, Verdict
from runner.report import Fate
from runner.spi import Context, Query, RateLimited, Rejected, Target, Unauthorized, Unavailable
from runner.testing.io import ScriptedIo
from tests.support.movidesk import AT_NIGHT, BY_DAY, PAUSE, WORKED_ON, MovideskLab, target
from tests.support.wire import Wire

NIGHT = "19:00-07:00"
PUBLIC = {"status": "Em atendimento", "type": "public"}


class Shop:
    """A simulated account, and a provider on it."""

    def __init__(self, tickets: int = 40, now: datetime = AT_NIGHT, **options: Any) -> None:
        self.io = ScriptedIo(now)
        self.account = Account(clock=lambda: self.io.now().timestamp(), tickets=tickets)
        self.io = ScriptedIo(now, {"env:MOVIDESK_TOKEN": self.account.token}, Wire(self.account))
        self.target = target(**options)
        self.desk: Movidesk = open_target(self.target, self.io)

    def listed(self, **select: Any) -> list[str]:
        return [slot.key for slot, _ in self.desk.read(Query("tickets", where=select, paths=("name",)))]

    def plan(self, **with_: Any) -> list[str]:
        """List what a step selects, as a plan does."""
        context = Context("cup@1", "pause", self.target, BY_DAY, None, (BY_DAY, BY_DAY), "America/Sao_Paulo")
        query = self.desk.capabilities()["tickets"].query({"select": PUBLIC, **with_}, context)
        rows = self.desk.read(Query("tickets", where=query.where, paths=query.paths))
        return list(dict.fromkeys(slot.key for slot, _ in rows))

    def write(self, keys: Sequence[Any], after: Any = PAUSE) -> list[Outcome]:
        changes = [Change(Slot("desk", "tickets", str(key), "status"), WORKED_ON, after) for key in keys]
        return [each for each in self.desk.write(changes) if isinstance(each, Outcome)]

    def sent(self, method: str = "PATCH") -> list[int]:
        return [each.status for each in self.account.requests if each.method == method]


# --- the pace -------------------------------------------------------------------------------------------------------


def paced(now: datetime, count: int, *, reserve: float = 0.0, longest: float = 70.0) -> list[float]:
    """Return the seconds at which so many requests go out."""
    io, record = ScriptedIo(now), Record()
    limits = Limits(io, 10, reserve, account_of(target()).free)
    times = []
    for _ in range(count):
        limits.take(record, longest=longest)
        times.append((io.now() - now).total_seconds())
    return times


@pytest.mark.parametrize(("reserve", "most"), [(0.0, 10), (0.3, 7), (0.9, 1)])
def test_no_minute_of_the_day_has_more_requests_than_ours(reserve: float, most: int) -> None:
    """By day never more than our share within any minute, and hardly fewer, one after another."""
    times = paced(BY_DAY, 100, reserve=reserve)
    assert all(sum(at <= other < at + 60 for other in times) <= most for at in times)
    assert times[-1] <= 1.05 * 60 * 100 / most
    assert {round(after - before, 2) for before, after in pairwise(times)} == {round(61.2 / most, 2)}


@pytest.mark.parametrize(
    ("clock", "waits"),
    [("19:00", False), ("23:59", False), ("06:59", False), ("07:00", True), ("12:00", True), ("18:30", True)],
)
def test_at_night_nothing_waits(clock: str, waits: bool) -> None:
    """Requests are counted in the hours of the account's zone."""
    hour, minute = map(int, clock.split(":"))
    local = datetime.fromisoformat("2026-12-11T00:00:00-03:00") + timedelta(hours=hour, minutes=minute)
    assert (paced(local.astimezone(BY_DAY.tzinfo), 40)[-1] > 0) is waits


def test_dusk_ends_the_wait() -> None:
    """Nobody waits for a turn when nothing is counted any more before it comes."""
    dusk = datetime.fromisoformat("2026-12-11T18:59:50-03:00").astimezone(BY_DAY.tzinfo)
    assert paced(dusk, 50)[-1] == 10


def test_a_long_wait_is_the_runners() -> None:
    """Two failures in a row hold the third request back for a minute: it would lock the account for everybody. A
    refusal with Retry-After does so for as long as it says; a request that goes well forgets the failures."""
    io, record = ScriptedIo(AT_NIGHT), Record()
    limits = Limits(io, 10, 0.0, account_of(target()).free)
    for well, wait in [(False, 0), (True, 0), (False, 0), (False, 60)]:
        limits.ended(record, well=well)
        if wait:
            with pytest.raises(RateLimited) as told:
                limits.take(record, longest=40)
            assert (told.value.retry_after, io.slept) == (wait, [])
        else:
            limits.take(record, longest=40)
    limits.told_to_wait(record, 25)
    limits.take(record, longest=40)
    assert io.slept == [25]


def test_a_plan_and_its_apply_share_the_limit() -> None:
    """What was sent with a token counts for all that use it in this process."""
    shop = Shop(now=BY_DAY)
    for desk in (shop.desk, open_target(shop.target, shop.io), open_target(shop.target, shop.io)):
        for _ in range(2):
            list(desk.read(Query("tickets", ids=("1001",), paths=("status",))))
    assert sum(shop.io.slept) > 20
    assert shop.account.limits.throttled == 0


# --- configuration --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tokn": "x"}, "tokn"),
        ({"day_limit": 0}, "day_limit"),
        ({"day_limit": True}, "day_limit"),
        ({"night": "19-7"}, "night"),
        ({"night": "19:00-19:00"}, "night"),
        ({"zone": "Brazil"}, "zone"),
        ({"zone": 3}, "zone"),
        ({"agent": 12}, "agent"),
        ({"statuses": ["Parado"]}, "statuses"),
        ({"statuses": {"cup": {"status": "Parado"}}}, "statuses.cup"),
        ({"statuses": {"cup": {"status": "", "justification": None}}}, "statuses.cup"),
        ({"statuses": {"cup": {"status": "Parado", "justification": 1}}}, "statuses.cup"),
        ({"url": "https://api.example.com"}, "url"),
        ({"url": "http://api.movidesk.com"}, "url"),
    ],
)
def test_a_wrong_option_is_named(options: Mapping[str, Any], field: str) -> None:
    """Nothing is guessed: each mistake names its option."""
    with pytest.raises(Rejected) as refused:
        account_of(Target("desk", "movidesk", options))
    assert refused.value.field.removeprefix("options.") == field


def test_a_pause_without_its_justification_is_a_mistake_of_the_configuration() -> None:
    """`pause` of the target is one value of two names."""
    with pytest.raises(Rejected, match=r"must be \{status: a name"):
        account_of(Target("desk", "movidesk", words={"pause": {"status": "Parado", "why": "Evento"}}))


# --- selections -----------------------------------------------------------------------------------------------------


def test_what_somebody_types_is_quoted() -> None:
    """A name with quotes finds its tickets, and one that tries to be a filter finds none."""
    shop = Shop()
    assert len(shop.listed(group="Caixa d'Água")) == 2
    with pytest.raises(InvalidInput, match="no ticket of the last 90 days had the team"):
        shop.listed(group="x' or id gt 0 or ownerTeam eq 'y")
    assert set(shop.sent("GET")) == {200}


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ({"status": "Novo"}, "status eq 'Novo'"),
        ({"status": [PAUSE, "Novo"], "type": "public"}, "type eq 2 and (status eq 'Parado' or status eq 'Novo')"),
        (
            {"group": ["A", "B'C"], "priority": "Alta"},
            "(ownerTeam eq 'A' or ownerTeam eq 'B''C') and urgency eq 'Alta'",
        ),
    ],
)
def test_a_selection_is_a_filter(where: Mapping[str, Any], condition: str) -> None:
    """All conditions must hold, of a list any; a justification is looked at afterwards."""
    assert filter_of(where) == condition


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"status": "parado"}, True),
        ({"status": PAUSE}, True),
        ({"status": [{"status": "Parado", "justification": None}, "Novo"]}, False),
        ({"group": "SUPORTE"}, True),
        ({"group": ["x", "Suporte"], "type": "public"}, True),
        ({"priority": "Alta"}, False),
    ],
)
def test_what_is_selected_is_compared_again(where: Mapping[str, Any], found: bool) -> None:
    """By name in any case; a status with its justification only with it."""
    values = {"status": PAUSE, "group": "Suporte", "type": "public", "priority": ABSENT}
    assert matches(where, values) is found


def test_pages_go_on_until_an_empty_one() -> None:
    """By number, a hundred at a time, with `$select` always; a page that is not full is not the end."""
    shop = Shop(tickets=450)
    assert len(shop.listed(status="Em atendimento", type="public")) == 180
    filters = [each.query["$filter"].rpartition(" and ")[2] for each in shop.account.requests]
    assert filters == ["id gt 0", "id gt 1125", "id gt 1225"] or len(filters) == 3
    assert all(each.query["$select"] and each.query["$top"] == "100" for each in shop.account.requests)


def test_a_list_that_does_not_go_on_is_no_list() -> None:
    """An account that answers the same page again is not asked for ever."""
    shop = Shop(tickets=20)
    show = shop.account.desk.live

    def same(call: Any) -> Any:
        return show(
            type(call)(
                **{**{name: getattr(call, name) for name in call.__slots__}, "query": {**call.query, "$filter": ""}}
            )
        )

    shop.account.wsgi.routes[0] = type(shop.account.wsgi.routes[0])("GET", "/public/v1/tickets", same)
    with pytest.raises(Unavailable, match="does not go on"):
        shop.listed(status="Em atendimento")


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "told", "hint"),
    [
        ("Parrado", "had the status 'Parrado'", "did you mean 'Parado'?"),
        ("parado", "had the status 'parado'", "did you mean 'Parado'?"),
        ("Parado", "with a justification only", "add it: 'Aguardando retorno do cliente', 'Evento'"),
        ({"status": "Parado", "justification": "Eventos"}, "justification 'Eventos'", "did you mean 'Evento'?"),
        ({"status": "Novo", "justification": "Evento"}, "justification 'Evento'", "write `justification: null`"),
    ],
)
def test_a_status_that_the_account_does_not_have_is_refused_by_reading(status: Any, told: str, hint: str) -> None:
    """The plan says which names are meant, without one request that fails."""
    shop = Shop()
    with pytest.raises(InvalidInput, match=told) as refused:
        shop.plan(status=status)
    assert refused.value.hint.startswith(hint)
    assert set(shop.sent("GET")) == {200}


def test_a_status_of_public_tickets_is_not_given_to_internal_ones() -> None:
    """Each type has statuses of its own: the plan says how to leave the others out."""
    shop = Shop()
    assert len(shop.plan(status="pause")) == 16
    with pytest.raises(InvalidInput, match="no internal ticket") as refused:
        shop.plan(select={"status": "Em atendimento"}, status="pause")
    assert refused.value.hint == "public tickets have it: add `type: public` to `select`"


@pytest.mark.parametrize(
    ("select", "told", "hint"),
    [
        ({"group": "Suport N1"}, "team 'Suport N1'", "did you mean 'Suporte N1'"),
        ({"status": "Em atendimiento"}, "status 'Em atendimiento'", "did you mean 'Em atendimento'?"),
        ({"priority": "Alto"}, "urgency 'Alto'", "did you mean 'Alta'?"),
    ],
)
def test_a_selection_that_finds_nothing_may_be_misspelt(select: Any, told: str, hint: str) -> None:
    """A name that no ticket of the last 90 days had is a mistake; one that none has now is not."""
    shop = Shop()
    with pytest.raises(InvalidInput, match=told) as refused:
        shop.listed(**select)
    assert refused.value.hint.startswith(hint)
    assert shop.listed(status=PAUSE) == []


def test_statuses_of_runner_yaml_have_names_of_their_own() -> None:
    """A playbook may write `cup` for a status with its justification, in what it sets and in what it selects."""
    shop = Shop(statuses={"cup": PAUSE})
    assert len(shop.plan(status="cup")) == 16
    for number in (1001, 1002):
        shop.account.person_edits(number, "Parado", "Evento")
    spec = shop.desk.capabilities()["tickets"]
    context = Context("cup@1", "back", shop.target, BY_DAY, None, (BY_DAY, BY_DAY), "America/Sao_Paulo")
    query = spec.query({"select": {"status": ["cup", "pause"]}, "status": "Em atendimento"}, context)
    assert [slot.key for slot, _ in shop.desk.read(Query("tickets", where=query.where, paths=("name",)))] == [
        "1001",
        "1002",
    ]
    with pytest.raises(InvalidInput, match="names 13 values"):
        spec.query({"select": {"group": list("abcdefghijklm")}, "status": "pause"}, context)


def test_status_and_justification_always_go_together() -> None:
    """Also where there is no justification; notes and answers are signed by the agent that runner.yaml names."""
    slot = Slot("desk", "tickets", "1", "status")
    note = Change(Slot("desk", "tickets", "1", "note"), ABSENT, "digest", {"type": 1, "description": "Hi"})
    assert body_of([Change(slot, WORKED_ON, PAUSE)], "") == {"status": "Parado", "justification": "Evento"}
    assert body_of([Change(slot, PAUSE, WORKED_ON)], "") == {"status": "Em atendimento", "justification": ""}
    assert body_of([note], "agent-1") == {"actions": [{"type": 1, "description": "Hi", "createdBy": {"id": "agent-1"}}]}


# --- writing --------------------------------------------------------------------------------------------------------


def verdicts(outcomes: Sequence[Outcome]) -> str:
    return "".join({Verdict.DONE: "d", Verdict.REJECTED: "r", Verdict.UNKNOWN: "?"}[each.verdict] for each in outcomes)


def test_a_change_that_is_refused_twice_is_not_tried_on_the_rest_of_a_batch() -> None:
    """Two tickets refuse a status that none has taken: two requests fail, each with one between that succeeds, and the
    account is not locked. The next batch tries one; once a ticket takes it, single refusals stop nobody."""
    shop = Shop()
    keys = [int(key) for key in shop.listed(**PUBLIC)]
    shop.account.desk.refused |= {*keys[:2], keys[12]}
    outcomes = shop.write(keys[:12])
    assert (verdicts(outcomes), shop.sent()) == ("r" * 12, [400, 400])
    assert (
        outcomes[0].reason
        == "desk: change ticket 1001: Movidesk refuses it (O campo personalizado Causa é obrigatório)"
    )
    assert outcomes[2:] == [NOT_TRIED] * 10
    assert verdicts(shop.write(keys[12:14])) == "rr"
    assert verdicts(shop.write(keys[13:16])) == "ddd"
    shop.account.desk.refused |= set(keys[:4])
    assert verdicts(shop.write(keys[:6])) == "rrrrdd"
    assert shop.account.limits.locks == 0


def test_a_name_that_is_wrong_after_all_costs_two_failures() -> None:
    """A status that was deleted since the plan: nobody's API is locked."""
    shop = Shop()
    gone = {"status": "Copa", "justification": None}
    assert verdicts(shop.write(shop.listed(**PUBLIC)[:12], gone)) == "r" * 12
    assert (shop.sent(), shop.account.limits.locks) == ([400, 400], 0)


def test_a_ticket_that_nobody_touched_for_90_days_is_read_only() -> None:
    """It is read where it is, and not written: known before, or found out by a look after the refusal."""
    shop = Shop()
    shop.account.grow_old(1001, 91)
    ((_, status),) = shop.desk.read(Query("tickets", ids=("1001",), paths=("status",)))
    assert status == WORKED_ON
    assert (shop.write([1001]), shop.sent()) == ([OLD], [])
    shop.account.grow_old(1002, 91)
    assert (shop.write([1002, 1003]), shop.sent()) == ([OLD, Outcome(Verdict.DONE)], [404, 200])
    del shop.account.desk.tickets[1005]
    assert shop.write([1005])[0].reason == "the ticket is not there any more"
    assert [name for _, name in shop.desk.read(Query("tickets", ids=("1005", "x"), paths=("name",)))] == [
        ABSENT,
        ABSENT,
    ]


def test_a_token_that_is_refused_is_left_alone() -> None:
    """One request tells; the next ones are not sent, so that nothing is locked. Renewed, it serves again."""
    shop = Shop()
    shop.account.wsgi.revoked = True
    for _ in range(4):
        with pytest.raises(Unauthorized, match="take it anew from Configurações > Conta > Parâmetros"):
            shop.write([1001])
    assert (len(shop.account.requests), shop.account.limits.locks) == (1, 0)
    shop.account.wsgi.revoked = False
    shop.io.sleep(60)
    assert verdicts(shop.write([1001])) == "d"


@pytest.mark.parametrize(
    ("what", "said"), [("500", "Movidesk answers 500"), ("garbage", "the answer is no JSON"), ("redirect", "redirects")]
)
def test_a_read_is_tried_once_more_and_never_a_third_time(what: str, said: str) -> None:
    """Another failure would lock the account."""
    shop = Shop()
    shop.account.faults.add(Fault(what, times=0))
    with pytest.raises((Unavailable, RateLimited), match=said):
        shop.listed(status="Novo")
    assert len(shop.account.requests) == 2
    shop.account.faults.clear()
    shop.io.sleep(60)
    assert shop.listed(status="Novo")


def test_an_answer_that_repeats_the_address_is_shown_without_the_token() -> None:
    """Some servers say which address they refuse: the token in it is taken out."""

    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text=f"Bad request: {request.url}")

    io = ScriptedIo(AT_NIGHT, {"env:MOVIDESK_TOKEN": "s3cret-of-a-test"}, httpx.MockTransport(echo))
    with pytest.raises(
        Rejected, match=r"Bad request: https://api.movidesk.com/public/v1/tickets\?token=\*\*\*"
    ) as told:
        list(open_target(target(), io).read(Query("tickets", ids=("1",), paths=("name",))))
    assert "s3cret" not in "".join(format_exception(told.value))


def test_the_lease_is_renewed_between_two_tickets() -> None:
    """A dozen tickets take longer by day than a lease lasts: the runner has the word before each next one."""
    shop = Shop(now=BY_DAY)
    changes = [Change(Slot("desk", "tickets", str(key), "status"), WORKED_ON, PAUSE) for key in (1001, 1002, 1003)]
    said = [type(each).__name__ for each in shop.desk.write(changes)]
    assert said == ["Accepted", "Accepted", "Outcome", "Outcome", "Outcome"]


def test_without_a_token_nothing_is_sent() -> None:
    """The sentence says where Movidesk shows it."""
    io = ScriptedIo()
    with pytest.raises(Unauthorized, match=r"no credential `token`.*Movidesk shows it in Configurações"):
        list(open_target(Target("desk", "movidesk"), io).read(Query("tickets", ids=("1",), paths=("name",))))


# --- the whole runner -----------------------------------------------------------------------------------------------


def paused(lab: MovideskLab, **with_: Any) -> Any:
    windows = [{"start": "2026-12-11 11:30", "end": "2026-12-12 14:30"}]
    step = {"id": "pause", "uses": "tickets", "with": {"select": PUBLIC, "status": "pause", **with_}}
    return lab.playbook("cup", [step], windows=windows)


def test_a_plan_says_how_long_it_takes_by_day_and_whom_it_may_mail(tmp_path: Path) -> None:
    """By day a request every six seconds; at night no waiting; the customers of the tickets, counted once."""
    lab = MovideskLab(tmp_path, tickets=100)
    plan = lab.plan(paused(lab)).plans[0]
    (run,) = plan.runs
    assert (run.requests, run.seconds, run.changes) == (49, 294, 40)
    assert run.notes[0].startswith("5 min by day, no waiting between 19:00 and 07:00 (America/Sao_Paulo)")
    assert plan.warnings == (
        "pause: triggers (gatilhos) run on every change of status and may mail up to 40 customers: look at them first, "
        "or switch off by hand those that mail (`uses: rule`)",
    )
    night = lab.at(AT_NIGHT).plan(paused(lab)).plans[0].runs[0]
    assert (night.requests, night.seconds) == (49, 0)


def test_a_run_goes_on_from_the_day_into_the_night(tmp_path: Path) -> None:
    """It keeps to the limit until dusk, and is done then; the mails of the trigger went out once."""
    dusk = datetime.fromisoformat("2026-12-11T18:58:00-03:00")
    lab = MovideskLab(tmp_path, tickets=100, now=dusk)
    before = lab.account.dump()
    report = lab.apply(paused(lab))
    assert report.runs[0].confirmed == 40
    assert 115 <= lab.clock - dusk.timestamp() <= 125
    assert (lab.account.limits.throttled, len(lab.account.outbox)) == (0, 40)
    lab.revert("cup")
    assert (lab.account.dump(), lab.clock - dusk.timestamp() <= 125) == (before, True)


def test_a_locked_account_is_waited_for(tmp_path: Path) -> None:
    """Somebody else's failures lock the account in the middle: what was refused goes out when the minute is over."""
    lab = MovideskLab(tmp_path, tickets=30, now=AT_NIGHT)
    book = paused(lab)
    lab.plan(book)
    for _ in range(3):
        lab.account.limits.ended(well=False)
    report = lab.apply(book) if lab.later(seconds=61) else None
    assert report is not None
    lab.account.faults.add(Fault("429", method="PATCH", skip=2, seconds=30))
    start = lab.clock
    assert lab.revert("cup").runs[0].confirmed == report.runs[0].confirmed == 12
    assert lab.clock - start >= 30


def test_a_closed_ticket_is_reported_and_the_others_come_back(tmp_path: Path) -> None:
    """Whatever one ticket refuses on the way back, the rest is given back and the refusal is in the report."""
    lab = MovideskLab(tmp_path, tickets=30, now=AT_NIGHT)
    lab.apply(paused(lab))
    lab.account.desk.refused |= {1001, 1002, 1003}
    notes = lab.revert("cup").runs[0].notes
    assert [(note.fate, note.slot.key) for note in notes] == [(Fate.REJECTED, f"100{n}") for n in (1, 2, 3)]
    assert lab.account.matching(lambda ticket: ticket.justification == "Evento") == [1001, 1002, 1003]
    assert [each.runs[0].confirmed for each in lab.resume()] == [3]


def test_the_token_is_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It travels in the address, and stands in no log at any level, error, report, journal, store or file."""
    caplog.set_level(logging.DEBUG)
    lab = MovideskLab(tmp_path, tickets=30, now=AT_NIGHT)
    lab.account.faults.add(Fault("500", skip=1), Fault("reset_committed", method="PATCH", skip=3))
    lab.account.faults.add(Fault("garbage", method="PATCH", skip=5), Fault("409", method="PATCH", skip=9))
    reports = [lab.apply(paused(lab, note="Corte de luz")), *lab.resume(), lab.revert("cup"), *lab.resume()]
    lab.account.wsgi.revoked = True
    lab.later(hours=1)
    with pytest.raises(Unauthorized) as told:
        list(lab.session.readers.read("desk", Query("tickets", ids=("1001",), paths=("name",))))
    assert len(lab.account.faults.struck) == 4
    texts = [
        caplog.text,
        repr(reports),
        repr(vars(told.value)),
        *format_exception(told.value),
        repr(lab.session.io.secret("env:MOVIDESK_TOKEN")),
    ]
    texts += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert "httpx" in caplog.text
    assert [text for text in texts if lab.account.token in text] == []


def test_doctor_says_what_is_missing() -> None:
    """The token, the limit with its guess, and statuses that no ticket has had."""
    good = Shop(statuses={"cup": PAUSE})
    assert [found.state for found in good.desk.examine()] == ["ok", "note"]
    bad = Shop(statuses={"cup": {"status": "Copa", "justification": None}})
    (problem,) = [found for found in bad.desk.examine() if found.state == "problem"]
    assert problem.message.startswith("cup: desk: no public ticket of the last 90 days had the status 'Copa'")


def test_only_tickets_have_an_api() -> None:
    """Anything else by API is refused with a sentence; the runner asks people for it."""
    with pytest.raises(Rejected, match="no API for holiday: a person has to do it"):
        list(Shop().desk.write([Change(Slot("desk", "holiday", "x", "value"), ABSENT, "y")]))
