"""Tickets on Zendesk: found, changed in jobs, each result taken by itself, and given back; what must never be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from providers.wire.faults import Fault
from providers.zendesk import ticket_kind
from providers.zendesk import tickets as zendesk_tickets
from providers.zendesk.provider import Zendesk, open_target
from providers.zendesk.simulator.account import Account
from providers.zendesk.ticket_kind import JOB_TIME
from runner.errors import InvalidInput, Refused
from runner.model import ABSENT, Accepted, Change, Outcome, Slot, Value, Verdict
from runner.report import Fate
from runner.spi import ProviderError, Query, RateLimited
from runner.testing.io import ScriptedIo
from tests.support.zendesk import SECRETS, START, Wire, ZendeskLab, target

NOON = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
MANY = "/api/v2/tickets/update_many"
JOBS = "/api/v2/job_statuses/show_many"
POWER = {"status": "pending", "custom_status_id": 22_006}
SENDABLE = {
    *("id", "status", "custom_status_id", "additional_tags", "remove_tags"),
    *("safe_update", "updated_stamp"),
}


class Desk:
    """A provider on an account, and shortcuts to write and read."""

    def __init__(self, *, options: Mapping[str, Any] | None = None, **account: Any) -> None:
        self.io = ScriptedIo(NOON, SECRETS)
        self.account = Account(clock=lambda: self.io.now().timestamp(), **{"tickets": 60, **account})
        self.io = ScriptedIo(NOON, SECRETS, Wire(self.account))
        self.provider: Zendesk = open_target(target(**(options or {})), self.io)

    def some(self, status: str, count: int) -> list[str]:
        found = self.account.matching(lambda ticket: ticket.status == status)[:count]
        assert len(found) == count
        return [str(each) for each in found]

    def read(self, keys: Sequence[str], *paths: str) -> dict[tuple[str, str], Value]:
        rows = self.provider.read(Query("tickets", ids=tuple(keys), paths=paths or ("status",)))
        return {(slot.key, slot.path): value for slot, value in rows}

    def write(self, changes: Sequence[Change]) -> tuple[list[Outcome], list[str]]:
        said = list(self.provider.write(changes))
        return [each for each in said if isinstance(each, Outcome)], [
            each.ref for each in said if isinstance(each, Accepted)
        ]

    def pause(self, keys: Sequence[str], status: Value = "hold") -> list[Outcome]:
        live = self.read(keys)
        return self.write([change(key, "status", live[key, "status"], status) for key in keys])[0]

    def status(self, key: str) -> str:
        return self.account.ticket(int(key)).status

    def sent(self) -> list[Any]:
        return [each.body for each in self.account.requests if (each.method, each.rule) == ("PUT", MANY)]


def change(key: str, path: str, before: Value, after: Value, payload: Any = None) -> Change:
    return Change(Slot("desk", "tickets", key, path), before, after, payload)


def updates(account: Account) -> Iterator[dict[str, Any]]:
    """Yield what every ticket update of an account held, in either of its two shapes."""
    for each in account.requests:
        if (each.method, each.rule) == ("PUT", MANY):
            body = each.body
            yield from [body["ticket"]] if "ticket" in body else body["tickets"]


# --- jobs -----------------------------------------------------------------------------------------------------------


def test_a_batch_is_five_jobs_that_are_looked_at_together() -> None:
    """500 tickets are five requests of a hundred, all under way before anybody looks, then looked at in one request."""
    desk = Desk(tickets=1400, pace=4.0)
    keys = desk.some("open", 500)
    outcomes, refs = desk.write([change(key, "status", "open", "hold") for key in keys])
    assert [each.verdict for each in outcomes] == [Verdict.DONE] * 500
    assert all(each.proven for each in outcomes)
    asked = [(each.method, each.rule) for each in desk.account.requests if each.rule in (MANY, JOBS)]
    looks = asked.count(("GET", JOBS))
    assert asked == [("PUT", MANY)] * 5 + [("GET", JOBS)] * looks
    assert looks <= 5
    first = next(each for each in desk.account.requests if each.rule == JOBS)
    assert len(first.query["ids"].split(",")) == 5
    assert [len(ref.split(",")) for ref in refs[:5]] == [1, 2, 3, 4, 5]
    assert {desk.status(key) for key in keys} == {"hold"}


def test_never_more_than_five_jobs_are_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tickets a step has, five jobs at a time leave the account's 30 places to everybody else."""
    lab = ZendeskLab(tmp_path)
    lab.account = account = Account(clock=lambda: lab.clock, tickets=1900, pace=3.0)
    busy, queue = [], account.jobs.queue

    def counted(*given: Any) -> Any:
        busy.append(sum(job.steps < 2 for job in account.jobs.known.values()))
        return queue(*given)

    monkeypatch.setattr(account.jobs, "queue", counted)
    report = lab.apply(pausing(lab, {"status": "open"}))
    written = report.runs[0].written
    assert written > 600
    assert len(busy) == -(-written // 100)
    assert max(busy) == 4


def test_a_uniform_change_is_sent_once_for_all() -> None:
    """Tickets that get the same are named in the address; with a stamp each has its own line, and is safe."""
    desk = Desk()
    keys = desk.some("open", 4)
    desk.write([change(key, "tags/x", ABSENT, True) for key in keys[:2]])
    live = desk.read(keys[2:], "status", "updated_at")
    desk.write([change(key, "status", "open", "hold") for key in keys[2:]])
    same, own = desk.sent()
    assert same == {"ticket": {"additional_tags": ["x"]}}
    assert desk.account.requests[-1].rule == JOBS
    assert [row["updated_stamp"] for row in own["tickets"]] == [live[key, "updated_at"] for key in keys[2:]]
    assert all(row["safe_update"] is True for row in own["tickets"])


def test_each_ticket_has_its_own_result() -> None:
    """A job that is `completed` may have failed for some: those are refused with their reason, the others done."""
    desk = Desk()
    keys = desk.some("open", 6)
    desk.account.faults.add(Fault("job_half", method="PUT"))
    outcomes = desk.pause(keys)
    assert [each.verdict for each in outcomes] == [Verdict.DONE, Verdict.REJECTED] * 3
    assert outcomes[1].reason == "the update broke off"
    assert [desk.status(key) for key in keys] == ["hold", "open"] * 3


def test_two_fields_of_a_ticket_are_one_line() -> None:
    """Status and tag of one ticket go out together and have one result."""
    desk = Desk()
    (key,) = desk.some("open", 1)
    outcomes, _ = desk.write([change(key, "status", "open", "hold"), change(key, "tags/x", ABSENT, True)])
    assert [each.verdict for each in outcomes] == [Verdict.DONE] * 2
    assert desk.sent() == [{"ticket": {"status": "hold", "custom_status_id": 22_004, "additional_tags": ["x"]}}]


def test_a_closed_ticket_is_refused_and_told() -> None:
    """Every write to a closed ticket is refused by Zendesk: the ticket says so, its neighbours are done."""
    desk = Desk()
    keys = [*desk.some("open", 1), *desk.some("closed", 1), *desk.some("pending", 1)]
    done, refused, last = desk.pause(keys)
    assert (done.verdict, refused.verdict, last.verdict) == (Verdict.DONE, Verdict.REJECTED, Verdict.DONE)
    assert "closed prevents ticket update" in refused.reason


def test_a_ticket_that_does_not_exist_is_told() -> None:
    """An unknown id reads as absent and is refused by itself."""
    desk = Desk()
    (key,) = desk.some("open", 1)
    lost, done = desk.write([change("999999", "status", "open", "hold"), change(key, "status", "open", "hold")])[0]
    assert (lost.verdict, done.verdict) == (Verdict.REJECTED, Verdict.DONE)
    assert desk.read(["999999", "x"], "name", "status") == {
        (each, path): ABSENT for each in ("999999", "x") for path in ("name", "status")
    }


def test_an_agents_change_in_between_is_moved() -> None:
    """A ticket that an agent changed since it was read is not overwritten: the stamp travels with the change."""
    desk = Desk()
    keys = desk.some("open", 3)
    desk.read(keys)
    desk.io.sleep(2)
    desk.account.person_edits(int(keys[1]), priority="urgent")
    outcomes, _ = desk.write([change(key, "status", "open", "hold") for key in keys])
    assert [each.verdict for each in outcomes] == [Verdict.DONE, Verdict.MOVED, Verdict.DONE]
    assert desk.status(keys[1]) == "open"


def test_a_stamp_may_come_from_the_selection() -> None:
    """Where nobody read a ticket again, the stamp of the search result protects it."""
    desk = Desk()
    rows = list(desk.provider.read(Query("tickets", where={"status": "open"}, paths=("status", "updated_at"))))
    stamps = {slot.key: value for slot, value in rows if slot.path == "updated_at"}
    first, second = list(stamps)[:2]
    desk.io.sleep(2)
    desk.account.person_edits(int(first), priority="urgent")
    changes = [change(key, "status", "open", "hold", stamps[key]) for key in (first, second)]
    assert [each.verdict for each in desk.write(changes)[0]] == [Verdict.MOVED, Verdict.DONE]


def test_what_was_read_again_and_is_other_is_not_sent() -> None:
    """Changes that were decided on older values than the last ones read are moved without a request."""
    desk = Desk()
    (key,) = desk.some("open", 1)
    desk.account.person_edits(int(key), status="solved")
    desk.read([key])
    assert [each.verdict for each in desk.write([change(key, "status", "open", "hold")])[0]] == [Verdict.MOVED]
    assert desk.sent() == []


@pytest.mark.parametrize("seconds", [0.0, 5.0])
def test_a_job_that_gets_lost_is_unknown_soon(seconds: float) -> None:
    """A job that is nowhere to be found any more is not waited for to the end of its time: it is looked up."""
    desk = Desk()
    keys = desk.some("open", 3)
    live = desk.read(keys)
    desk.account.faults.add(Fault("job_lost", method="PUT", seconds=seconds))
    outcomes, _ = desk.write([change(key, "status", live[key, "status"], "hold") for key in keys])
    assert {each.verdict for each in outcomes} <= {Verdict.UNKNOWN, Verdict.DONE}
    assert (desk.io.now() - NOON).total_seconds() < 30
    assert {desk.status(key) for key in keys} == {"hold"}


def test_a_lookup_that_misses_a_job_finds_it_in_the_list() -> None:
    """Under load a job cannot be found by its id while the list still has it: its results count."""
    desk = Desk(pace=1.0)
    keys = desk.some("open", 2)
    desk.account.faults.add(Fault("job_lost", method="PUT", seconds=60))
    assert [each.verdict for each in desk.write([change(key, "status", "open", "hold") for key in keys])[0]] == [
        Verdict.DONE,
        Verdict.DONE,
    ]


def test_a_job_that_never_ends_is_unknown_in_the_end() -> None:
    """A job stays at `working`: after its time its tickets are unknown, and the runner has heard of it all along."""
    desk = Desk()
    keys = desk.some("open", 2)
    desk.account.faults.add(Fault("job_stuck", method="PUT"))
    outcomes, refs = desk.write([change(key, "status", "open", "hold") for key in keys])
    assert [each.verdict for each in outcomes] == [Verdict.UNKNOWN] * 2
    assert JOB_TIME <= (desk.io.now() - NOON).total_seconds() < JOB_TIME + 60
    assert len(refs) > 100
    assert {value for _, value in desk.provider.read(Query("tickets", ids=(refs[0],), paths=("job",)))} == {"running"}


@pytest.mark.parametrize("what", ["429", "503", "reset", "401", "garbage", "redirect"])
def test_a_job_that_cannot_be_looked_at_was_sent(what: Any) -> None:
    """Whatever stops the looking, the tickets are unknown: never as if nothing had been written."""
    desk = Desk()
    keys = desk.some("open", 2)
    desk.account.faults.add(Fault(what, rule=JOBS, times=0, seconds=93))
    outcomes, refs = desk.write([change(key, "status", "open", "hold") for key in keys])
    assert [each.verdict for each in outcomes] == [Verdict.UNKNOWN] * 2
    assert len(refs) == 1


@pytest.mark.parametrize("what", ["timeout", "timeout_committed", "reset", "half", "409", "garbage"])
def test_a_lost_answer_is_unknown_and_the_rest_goes_on(what: Any) -> None:
    """When the answer to one job's request is lost, its hundred tickets are unknown and the others are done."""
    desk = Desk(tickets=900)
    keys = desk.some("open", 300)
    desk.account.faults.add(Fault(what, method="PUT", skip=1))
    verdicts = [each.verdict for each in desk.write([change(key, "status", "open", "hold") for key in keys])[0]]
    assert verdicts == [Verdict.DONE] * 100 + [Verdict.UNKNOWN] * 100 + [Verdict.DONE] * 100


@pytest.mark.parametrize("what", ["429", "503", "500"])
def test_a_refusal_in_the_middle_keeps_what_was_sent(what: Any) -> None:
    """When the third job is refused, the outcomes of the first two come before the error."""
    desk = Desk(tickets=1400)
    keys = desk.some("open", 500)
    desk.account.faults.add(Fault(what, method="PUT", skip=2, times=0))
    said: list[Outcome] = []
    with pytest.raises(ProviderError) as caught:
        said += (each for each in _outcomes(desk, keys, said))
    assert [each.verdict for each in said] == [Verdict.DONE] * 200
    assert isinstance(caught.value, RateLimited) is (what == "429")
    assert len(desk.sent()) == 3


def _outcomes(desk: Desk, keys: Sequence[str], said: list[Outcome]) -> Iterator[Outcome]:
    for each in desk.provider.write([change(key, "status", "open", "hold") for key in keys]):
        if isinstance(each, Outcome):
            said.append(each)
    return iter(())


# --- what is never sent ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["new", "closed", {"status": "closed", "custom_status_id": 22_005}])
def test_new_and_closed_are_never_written(status: Value) -> None:
    """Neither goes over the wire, whoever asks; what else the ticket gets is written."""
    desk = Desk()
    first, second = desk.some("open", 2)
    outcomes, _ = desk.write(
        [
            change(first, "status", "open", status),
            change(first, "tags/x", ABSENT, True),
            change(second, "status", "open", "hold"),
        ]
    )
    assert [each.verdict for each in outcomes] == [Verdict.REJECTED, Verdict.DONE, Verdict.DONE]
    assert "never set to new or closed" in outcomes[0].reason
    assert (desk.status(first), desk.account.ticket(int(first)).tags[-1]) == ("open", "x")
    assert {row.get("status") for row in updates(desk.account)} == {None, "hold"}
    assert desk.write([change(second, "status", "hold", status)])[0][0].verdict is Verdict.REJECTED


def test_nothing_but_status_and_tags_is_ever_sent(tmp_path: Path) -> None:
    """Over a whole outage no update holds a comment or any other field, so no customer is written to by us."""
    lab = ZendeskLab(tmp_path, tickets=120)
    before = lab.account.dump()
    lab.apply(pausing(lab, {"status": ["open", "pending"]}, tag=True))
    lab.later(hours=1)
    lab.revert("power")
    rows = list(updates(lab.account))
    assert rows
    assert {name for row in rows for name in row} <= SENDABLE
    assert {row.get("status") for row in rows} <= {None, "open", "pending", "hold", "solved"}
    assert lab.account.dump() == before


# --- through the whole runner -----------------------------------------------------------------------------------------


def pausing(lab: ZendeskLab, select: Mapping[str, Any], **more: Any) -> Any:
    with_ = {"select": dict(select), "status": "pause", **more}
    return lab.playbook("power", [{"id": "pause", "uses": "tickets", "with": with_}])


def meddling(
    lab: ZendeskLab, monkeypatch: pytest.MonkeyPatch, act: Callable[[int], object], key: Callable[[Any], int]
) -> list[int]:
    """Let somebody act on one ticket of the first job, after it was read and before the job is queued."""
    met: list[int] = []
    queue = lab.account.jobs.queue

    def queued(kind: str, items: Any, author: Any) -> Any:
        if not met:
            met.append(key(items))
            act(met[0])
        return queue(kind, items, author)

    monkeypatch.setattr(lab.account.jobs, "queue", queued)
    return met


def held(lab: ZendeskLab) -> set[int]:
    return set(lab.account.matching(lambda ticket: ticket.status == "hold"))


def test_a_ticket_taken_by_an_agent_is_decided_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody solves a ticket between our reading and our writing: it is theirs, and told; the others are paused."""
    lab = ZendeskLab(tmp_path, tickets=200)
    opened = set(lab.account.matching(lambda ticket: ticket.status == "open"))
    was = held(lab)
    met = meddling(
        lab, monkeypatch, lambda id_: lab.account.person_edits(id_, status="solved"), lambda items: items[3][0]
    )
    lab.clock += 5
    report = lab.apply(pausing(lab, {"status": "open"}))
    assert held(lab) == was | opened - set(met)
    assert lab.account.ticket(met[0]).status == "solved"
    assert [(note.fate, note.slot.key) for note in report.notes] == [(Fate.DROPPED, str(met[0]))]


def test_a_ticket_touched_by_an_agent_is_paused_in_the_second_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that leaves the ticket in the selection costs it one more pass, and nothing of it is lost."""
    lab = ZendeskLab(tmp_path, tickets=200)
    before = lab.account.dump()
    met = meddling(
        lab, monkeypatch, lambda id_: lab.account.person_edits(id_, subject="Mine"), lambda items: items[0][0]
    )
    lab.clock += 5
    report = lab.apply(pausing(lab, {"status": "open"}))
    assert lab.account.ticket(met[0]).status == "hold"
    assert report.notes == ()
    lab.later(hours=1)
    assert lab.revert("power").notes == ()
    ticket = lab.account.ticket(met[0])
    assert (ticket.status, ticket.subject) == ("open", "Mine")
    lab.account.person_edits(met[0], subject=lab.account.store.seed.ticket(met[0]).subject)
    assert lab.account.dump() == before


def test_tickets_that_were_new_come_back_open(tmp_path: Path) -> None:
    """`give_back: {new: open}` takes new tickets in; without it the step is refused, because `new` never comes back."""
    lab = ZendeskLab(tmp_path, tickets=200)
    new = lab.account.matching(lambda ticket: ticket.status == "new")
    with pytest.raises(Refused, match=r"never gives back: add `give_back: \{new: open\}`"):
        lab.apply(pausing(lab, {"status": ["new"]}))
    assert {lab.account.ticket(each).status for each in new} == {"new"}
    lab.apply(pausing(lab, {"status": ["new"]}, give_back={"new": "open"}))
    assert {lab.account.ticket(each).status for each in new} == {"hold"}
    lab.revert("power")
    assert {lab.account.ticket(each).status for each in new} == {"open"}


def test_the_tag_of_the_outage_comes_and_goes(tmp_path: Path) -> None:
    """`tag: true` puts our marker on every ticket and takes it away again; other tags stay."""
    lab = ZendeskLab(tmp_path, tickets=100)
    before = lab.account.dump()
    opened = lab.account.matching(lambda ticket: ticket.status == "open")
    tags = {each: set(lab.account.ticket(each).tags) for each in opened}
    lab.apply(pausing(lab, {"status": "open"}, tag=True))
    added = {tag for each in opened for tag in set(lab.account.ticket(each).tags) - tags[each]}
    assert len(added) == 1
    assert added.pop().startswith("or-")
    assert all(tags[each] < set(lab.account.ticket(each).tags) for each in opened)
    lab.revert("power")
    assert lab.account.dump() == before


def test_a_tag_is_written_as_zendesk_keeps_it(tmp_path: Path) -> None:
    """Zendesk keeps tags in lower case: `Outage` is written, read and taken back as `outage`."""
    lab = ZendeskLab(tmp_path, tickets=100)
    before = lab.account.dump()
    book = pausing(lab, {"status": "open", "tags": "VIP"}, tag="Outage")
    report = lab.apply(book)
    assert report.runs[0].written > 0
    lab.revert("power")
    assert report.notes == ()
    assert lab.account.dump() == before


def test_arrivals_are_taken_in(tmp_path: Path) -> None:
    """With `arrivals: include` a ticket that comes to match later is paused at the next tick, and given back."""
    lab = ZendeskLab(tmp_path, tickets=100)
    lab.apply(pausing(lab, {"status": "open", "priority": "urgent"}, arrivals="include"))
    arrived = int(lab.account.matching(lambda ticket: ticket.status == "pending")[0])
    lab.account.person_edits(arrived, status="open", priority="urgent")
    lab.later(minutes=5).tick()
    assert lab.account.ticket(arrived).status == "hold"
    lab.revert("power")
    assert lab.account.ticket(arrived).status == "open"


def test_search_is_not_trusted_for_what_was_written(tmp_path: Path) -> None:
    """The index is minutes behind: what the search still shows is not written again, and the proof is read by id."""
    lab = ZendeskLab(tmp_path)
    lab.account = account = Account(clock=lambda: lab.clock, tickets=200, lag=300.0)
    before, opened = account.dump(), set(account.matching(lambda ticket: ticket.status == "open"))
    gone = min(opened)
    account.person_edits(gone, status="solved")  # the index has not heard of it
    lab.clock += 5
    report = lab.apply(pausing(lab, {"status": "open"}))
    assert account.ticket(gone).status == "solved"
    assert opened - {gone} <= held(lab)
    assert [(note.fate, note.slot.key) for note in report.notes] == [(Fate.DROPPED, str(gone))]
    first_write = next(each.index for each in account.requests if each.method == "PUT")
    assert not [each for each in account.requests[first_write:] if "search" in each.rule]
    lab.revert("power")
    account.person_edits(gone, status="open")
    assert account.dump() == before
    assert not [each for each in account.requests[first_write:] if "search" in each.rule]


def test_a_job_that_fails_for_half_is_told_and_ends_exact(tmp_path: Path) -> None:
    """Tickets that Zendesk refused are named and not paused; restoring gives back exactly the others."""
    lab = ZendeskLab(tmp_path, tickets=100)
    before = lab.account.dump()
    lab.account.faults.add(Fault("job_half", method="PUT"))
    report = lab.apply(pausing(lab, {"status": "open"}))
    refused = [note for note in report.notes if note.fate is Fate.REJECTED]
    assert refused
    assert all(lab.account.ticket(int(note.slot.key)).status == "open" for note in refused)
    lab.revert("power")
    assert lab.account.dump() == before


@pytest.mark.parametrize("rule", [JOBS, MANY])
def test_a_throttled_job_ends_exact(tmp_path: Path, rule: str) -> None:
    """A 429 for a minute and a half, at the bulk update or while its job is looked at, loses no before-image."""
    lab = ZendeskLab(tmp_path, tickets=100)
    before = lab.account.dump()
    lab.account.faults.add(Fault("429", rule=rule, seconds=93))
    report = lab.apply(pausing(lab, {"status": "open"}, tag=True))
    if report.pending:
        lab.later(minutes=2).resume()
    assert not lab.account.matching(lambda ticket: ticket.status == "open")
    lab.later(minutes=2).revert("power")
    assert lab.account.dump() == before


def test_a_stuck_job_is_waited_for_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that says `working` for hours is not taken for done or lost: `resume` looks when its record is over."""
    monkeypatch.setattr(ticket_kind, "JOB_TIME", 60.0)
    monkeypatch.setattr(zendesk_tickets, "JOB_TIME", 60.0)
    lab = ZendeskLab(tmp_path, tickets=60)
    before = lab.account.dump()
    lab.account.faults.add(Fault("job_stuck", method="PUT", executed=True))
    book = pausing(lab, {"status": "open"})
    report = lab.apply(book)
    assert report.pending
    assert "not over after 60 s" in report.runs[0].message
    lab.clock = START.timestamp() + 90_000  # its record lives a day, and the window is over by then
    (resumed,) = lab.resume()
    assert (resumed.state, resumed.notes) == ("closed", ())
    assert lab.account.dump() == before


def test_a_stuck_job_holds_up_tickets_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody knows what becomes of a job, a revert gives back everything else; the tickets follow later."""
    monkeypatch.setattr(ticket_kind, "JOB_TIME", 60.0)
    monkeypatch.setattr(zendesk_tickets, "JOB_TIME", 60.0)
    lab = ZendeskLab(tmp_path, tickets=60)
    before = lab.account.dump()
    lab.account.faults.add(Fault("job_stuck", method="PUT", rule=MANY, executed=True))
    pause = {"select": {"status": "open"}, "status": "pause", "at_most": 5000}
    steps = [
        {"id": "phones", "uses": "voice", "with": {"enabled": False}},
        {"id": "pause", "uses": "tickets", "with": pause},
    ]
    assert lab.apply(lab.playbook("power", steps)).pending
    assert json.loads(lab.account.dump())["content"]["talk"]["settings"]["voice"] is False
    assert lab.later(minutes=10).revert("power").state == "closing"
    assert json.loads(lab.account.dump())["content"]["talk"]["settings"]["voice"] is True
    lab.clock = START.timestamp() + 90_000
    (resumed,) = lab.resume()
    assert resumed.state == "closed"
    assert lab.account.dump() == before


# --- statuses and groups ----------------------------------------------------------------------------------------------


STATUSES = {"no power": POWER, "quiet": "pending"}


def test_a_custom_status_comes_back_exactly(tmp_path: Path) -> None:
    """A ticket in a status of the account's own is paused and gets that very status back, not the default."""
    lab = ZendeskLab(tmp_path, tickets=100)
    chosen = lab.account.matching(lambda ticket: ticket.status == "pending")[:3]
    for each in chosen:
        lab.account.person_edits(each, custom_status_id=22_006)
    before = lab.account.dump()
    lab.apply(pausing(lab, {"status": "pending"}))
    assert {lab.account.ticket(each).status for each in chosen} == {"hold"}
    lab.revert("power")
    assert {lab.account.ticket(each).custom_status_id for each in chosen} == {22_006}
    assert lab.account.dump() == before


def test_a_name_of_runner_yaml_is_a_status(tmp_path: Path) -> None:
    """A name under `options.statuses` can be set, selected, given back, and be what `pause` means."""
    lab = ZendeskLab(tmp_path, tickets=100, statuses=STATUSES)
    before = lab.account.dump()
    lab.apply(lab.playbook("power", [ticket_step({"status": "open"}, status="no power")]))
    waiting = lab.account.matching(lambda ticket: ticket.custom_status_id == 22_006)
    assert waiting
    again = lab.playbook("more", [ticket_step({"status": ["no power"]}, status="hold")])
    assert lab.plan(again).plans[0].runs[0].objects == 0, "tickets that an outage holds there are not selected"
    lab.revert("power")
    assert lab.account.dump() == before
    for each in waiting[:4]:
        lab.account.person_edits(each, custom_status_id=22_006)
    plan = lab.plan(again).plans[0]
    assert plan.runs[0].objects == 4


def test_the_categorys_default_is_a_status_of_its_own(tmp_path: Path) -> None:
    """`pending` means the default status of pending: a ticket in another status of the same category is set to it."""
    lab = ZendeskLab(tmp_path, tickets=100)
    chosen = lab.account.matching(lambda ticket: ticket.status == "pending")[0]
    lab.account.person_edits(chosen, custom_status_id=22_006, priority="urgent")
    before = lab.account.dump()
    lab.apply(lab.playbook("power", [ticket_step({"status": "pending"}, status="pending")]))
    assert lab.account.ticket(chosen).custom_status_id == 22_003
    lab.revert("power")
    assert lab.account.dump() == before


def ticket_step(select: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "pause", "uses": "tickets", "with": {"select": dict(select), **more}}


def test_all_tags_of_a_list_must_be_there(tmp_path: Path) -> None:
    """A search finds tickets with any of the tags; only those with all of them are taken."""
    lab = ZendeskLab(tmp_path, tickets=200)
    wanted = lab.account.matching(lambda ticket: {"app", "vip"} <= set(ticket.tags) and ticket.status == "open")
    more = lab.account.matching(lambda ticket: "vip" in ticket.tags and ticket.status == "open")
    assert len(wanted) < len(more)
    lab.apply(pausing(lab, {"status": "open", "tags": ["vip", "app"]}))
    assert held(lab) >= set(wanted)
    assert not held(lab) & (set(more) - set(wanted))


@pytest.mark.parametrize("group", ["Level 1", "level 1", "21002", ["Level 1"]])
def test_a_group_is_a_name_or_an_id(tmp_path: Path, group: Any) -> None:
    """Groups are found by name in any case, and by id."""
    lab = ZendeskLab(tmp_path, tickets=100)
    before = lab.account.dump()
    lab.apply(pausing(lab, {"status": "open", "group": group}))
    mine = lab.account.matching(lambda ticket: ticket.group_id == 21_002)
    assert not [each for each in mine if lab.account.ticket(each).status == "open"]
    assert lab.account.matching(lambda ticket: ticket.status == "open")
    lab.revert("power")
    assert lab.account.dump() == before


@pytest.mark.parametrize(
    ("select", "found"),
    [
        ({"channel": "email"}, lambda ticket: ticket.channel == "email"),
        ({"channel": "mail"}, lambda ticket: ticket.channel == "email"),
        ({"priority": "none"}, lambda ticket: ticket.priority is None),
        ({"priority": ["high", "urgent"]}, lambda ticket: ticket.priority in ("high", "urgent")),
        (
            {"group": ["Sales", "21005"], "status": "open"},
            lambda t: t.group_id in (21_004, 21_005) and t.status == "open",
        ),
        ({"status": ["open", "pending"], "tags": "vip"}, lambda t: t.status in ("open", "pending") and "vip" in t.tags),
    ],
)
def test_a_selection_finds_exactly_what_it_says(select: Mapping[str, Any], found: Callable[[Any], bool]) -> None:
    """What the search export answers, filtered, is what the account holds."""
    desk = Desk(tickets=300)
    rows = desk.provider.read(Query("tickets", where=select, paths=("status",)))
    assert sorted(int(slot.key) for slot, _ in rows) == desk.account.matching(found)


# --- bad input, named: nothing is written ---------------------------------------------------------------------------


def refused(lab: ZendeskLab, step: dict[str, Any]) -> InvalidInput:
    """Plan and apply a step; both are refused in the same words, and nothing is written."""
    before, book = lab.account.dump(), lab.playbook("power", [step])
    with pytest.raises(InvalidInput) as planned:
        lab.plan(book)
    with pytest.raises(InvalidInput) as applied:
        lab.apply(book)
    assert applied.value.message == planned.value.message
    assert planned.value.message.startswith("step pause: ")
    assert lab.account.dump() == before
    assert {each.method for each in lab.account.requests if not each.rule.startswith("/oauth")} <= {"GET"}
    return planned.value


def test_a_group_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """A selection by an unknown group is a mistake, not an empty list; the nearest names are offered."""
    fault = refused(
        ZendeskLab(tmp_path, tickets=20), ticket_step({"status": "open", "group": "Levle 1"}, status="pause")
    )
    assert "desk has no group named 'Levle 1'" in fault.message
    assert "'Level 1'" in fault.hint
    fault = refused(ZendeskLab(tmp_path / "2", tickets=20), ticket_step({"group": "99"}, status="pause"))
    assert "desk has no group named '99'" in fault.message


def test_two_groups_of_one_name_are_told_apart_by_id(tmp_path: Path) -> None:
    """An ambiguous group is refused with the ids to choose from, and the id is accepted."""
    lab = ZendeskLab(tmp_path, tickets=20)
    lab.account.content.groups.records[21_003]["name"] = "Level 1"
    fault = refused(lab, ticket_step({"status": "open", "group": "Level 1"}, status="pause"))
    assert "has 2 groups named 'Level 1'" in fault.message
    assert "21002, 21003" in fault.hint
    assert lab.plan(lab.playbook("power", [ticket_step({"status": "open", "group": "21003"}, status="pause")]))


def test_on_hold_that_is_not_activated_is_named(tmp_path: Path) -> None:
    """`pause: hold` on an account without on-hold is refused before anything is written, with where to activate it."""
    lab = ZendeskLab(tmp_path)
    lab.account = Account(clock=lambda: lab.clock, tickets=20, features={"on_hold_status": False})
    for select in ({"status": "open"}, {"tags": "nobody-has-this"}):
        fault = refused(lab, ticket_step(select, status="pause"))
        assert "on-hold is not activated" in fault.message
        assert "Admin Center" in fault.hint
    assert lab.plan(lab.playbook("power", [ticket_step({"status": "open"}, status="pending")]))
    fault = refused(lab, ticket_step({"status": "new"}, status="pending", give_back={"new": "hold"}))
    assert "on-hold is not activated" in fault.message


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"status": "pending", "custom_status_id": 99}, "desk has no active ticket status with the id 99"),
        ({"status": "open", "custom_status_id": 22_006}, "22006 (Waiting for power) is one of pending, not open"),
        ({"custom_status_id": 22_006}, "is one of pending, not "),
        ({"status": "closed"}, "status 'closed' cannot be written"),
        ("new", "status 'new' cannot be written"),
    ],
)
def test_a_status_that_does_not_exist_is_named(tmp_path: Path, status: Any, said: str) -> None:
    """A custom status that is not there, or belongs elsewhere, and one that cannot be set: refused, with those there
    are."""
    fault = refused(ZendeskLab(tmp_path, tickets=60), ticket_step({"status": "open"}, status=status))
    assert said in fault.message
    assert fault.hint


def test_a_status_of_runner_yaml_is_checked_too(tmp_path: Path) -> None:
    """A name under `options.statuses` whose id the account does not know is refused like the id itself."""
    lab = ZendeskLab(tmp_path, tickets=20, statuses={"dark": {"status": "open", "custom_status_id": 31}})
    assert (
        "no active ticket status with the id 31" in refused(lab, ticket_step({"status": "open"}, status="dark")).message
    )
