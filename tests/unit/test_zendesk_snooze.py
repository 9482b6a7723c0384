"""Snoozes on Zendesk: what a ticket goes through from the moment when it is snoozed until it is awake again.

S1 to S8 are the rules of the snooze that Whaticket has; Zendesk has none, so the runner keeps them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from providers.wire.faults import Fault
from providers.zendesk.simulator.seed import Ticket
from providers.zendesk.simulator.shapes import comments_shown, history
from providers.zendesk.snooze_kind import Snooze, snooze_of
from runner.commands import operate
from runner.errors import InvalidInput
from runner.report import Fate, Report
from runner.views import providers
from runner.views.plan import human, markdown
from tests.support.lab import BY
from tests.support.zendesk import START, ZendeskLab

ANA, OLENA, DIEGO = 9_000_002, 9_000_003, 9_000_004
DUE = datetime(2026, 12, 11, 16, 30, tzinfo=UTC)


class Desk(ZendeskLab):
    """An account on which the open tickets of Level 1 sleep for two hours; the outage goes on for three."""

    def sleep(self, **more: Any) -> Report:
        with_ = {"select": {"status": "open", "group": "Level 1"}, "until": "start + 2h", "by": "Ana Souza", **more}
        step = {"id": "nap", "uses": "snooze", "with": {name: each for name, each in with_.items() if each is not None}}
        return self.apply(self.playbook("quiet", [step]))

    def chosen(self) -> list[int]:
        groups = {row["name"]: key for key, row in self.account.content.groups.records.items()}
        return self.account.matching(lambda ticket: (ticket.status, ticket.group_id) == ("open", groups["Level 1"]))

    def said(self, id_: int) -> list[tuple[str, bool]]:
        """Return text and publicity of what was said on a ticket after its description."""
        rows = comments_shown(history(self.account.store, self.account.ticket(id_)))
        return [(row["body"], row["public"]) for row in rows[1:]]

    def wake(self) -> list[Report]:
        """Come to the due time, and tick."""
        self.clock = DUE.timestamp()
        return self.tick()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, tickets=400)


@pytest.fixture
def one(desk: Desk) -> int:
    """A ticket that sleeps, which was Olena's."""
    chosen = desk.chosen()[0]
    desk.account.person_edits(chosen, assignee_id=OLENA)
    desk.clock += 60
    assert desk.sleep().exit_code == 0
    return chosen


def state(ticket: Ticket) -> tuple[str, int | None, bool]:
    """Return status, assignee, and whether the ticket has a snooze."""
    return ticket.status, ticket.assignee_id, snooze_of(ticket.tags) is not None


def test_s1_a_snoozed_ticket_sleeps_with_the_agent_who_snoozed_it(desk: Desk, one: int) -> None:
    """It has the pause status, is Ana's, and its tag says until when, and what it was before."""
    ticket = desk.account.ticket(one)
    assert (ticket.status, ticket.assignee_id) == ("hold", ANA)
    assert snooze_of(ticket.tags) == Snooze(DUE, str(ANA), "hold", "open", str(OLENA))
    assert {mail.to for mail in desk.account.outbox} == {"ana.souza@example.com"}, "who is told what is hers now"


def test_the_plan_says_what_becomes_of_a_sleeping_ticket(desk: Desk) -> None:
    """Targets differ in what a snooze does by itself: the plan and `runner providers` say it of this one."""
    step = {"id": "nap", "uses": "snooze", "with": {"select": {"status": "open"}, "until": "end"}}
    plan = desk.plan(desk.playbook("quiet", [step])).plans[0]
    told = human(plan, width=200, colour=False)
    words = "reopens when it is due; goes to who snoozed it; a customer's reply does not end the snooze"
    assert words in told
    assert words in markdown(plan)
    assert words in providers.human({"desk": desk.session.readers.capabilities("desk")}, width=200, colour=False)


def test_s2_at_its_due_time_it_is_reopened_for_who_snoozed_it(desk: Desk, one: int) -> None:
    """The tick at the due time reopens it, leaves it with Ana, and logs that on the ticket."""
    (report,) = desk.wake()
    assert state(desk.account.ticket(one)) == ("open", ANA, False)
    assert desk.said(one) == [("The snooze is over: reopened, for who snoozed it.", False)]
    assert report.state == "closed"
    assert desk.account.matching(lambda ticket: snooze_of(ticket.tags) is not None) == []


def test_s3_what_somebody_has_reopened_is_left_alone(desk: Desk, one: int) -> None:
    """At the due time neither status nor assignee of an open ticket is touched, and its log says why."""
    desk.account.person_edits(one, status="open", assignee_id=DIEGO)
    desk.wake()
    assert state(desk.account.ticket(one)) == ("open", DIEGO, False)
    assert desk.said(one) == [("The snooze is over. The ticket was not reopened, because it was open.", False)]


def test_s4_reopening_by_hand_leaves_the_snooze(desk: Desk, one: int) -> None:
    """A ticket reopened and put to sleep again by hand before its due time is reopened then."""
    desk.account.person_edits(one, status="open")
    assert state(desk.account.ticket(one)) == ("open", ANA, True)
    desk.clock += 60
    desk.account.person_edits(one, status="hold")
    desk.wake()
    assert state(desk.account.ticket(one)) == ("open", ANA, False)


def test_s5_a_customer_who_writes_is_with_the_agent_at_once(desk: Desk, one: int) -> None:
    """The reply reopens the ticket, which is Ana's already; the snooze stays until its due time."""
    desk.account.customer_writes(one, "Any news?")
    assert state(desk.account.ticket(one)) == ("open", ANA, True)
    desk.wake()
    assert state(desk.account.ticket(one)) == ("open", ANA, False)
    assert "was not reopened" in desk.said(one)[-1][0]


def test_s6_who_takes_the_tag_off_cancels_the_snooze(desk: Desk, one: int) -> None:
    """Nothing happens to the ticket at the due time: what a person did stays."""
    (tag,) = (each for each in desk.account.ticket(one).tags if each.startswith("or-snooze"))
    desk.account.person_edits(one, status="open", remove_tags=[tag])
    desk.wake()
    assert state(desk.account.ticket(one)) == ("open", ANA, False)
    assert desk.said(one) == []


def test_s6_a_revert_before_the_due_time_gives_back_what_was_there(desk: Desk, one: int) -> None:
    """Status and assignee of every ticket are as before, and nothing is said."""
    desk.clock += 600
    desk.revert("quiet")
    assert state(desk.account.ticket(one)) == ("open", OLENA, False)
    assert desk.said(one) == []


def test_a_revert_gives_back_every_byte(desk: Desk) -> None:
    """An account whose snoozes are cancelled is the account of before."""
    before = desk.account.dump()
    desk.sleep()
    assert desk.account.dump() != before
    desk.clock += 600
    desk.revert("quiet")
    assert desk.account.dump() == before


def test_s7_snoozed_again_it_has_the_new_due_time(desk: Desk, one: int) -> None:
    """The amended playbook moves the due time, and what comes back is still what was there before the first."""
    desk.clock += 60
    desk.sleep(until="start + 2h30m", by="Diego Torres")
    later = DUE + timedelta(minutes=30)
    assert snooze_of(desk.account.ticket(one).tags) == Snooze(later, str(DIEGO), "hold", "open", str(OLENA))
    desk.wake()
    assert state(desk.account.ticket(one)) == ("hold", DIEGO, True)
    desk.clock = later.timestamp()
    desk.tick()
    assert state(desk.account.ticket(one)) == ("open", DIEGO, False)


@pytest.mark.parametrize("deleted", [False, True])
def test_s8_without_the_agent_it_is_reopened_for_nobody(desk: Desk, one: int, deleted: bool) -> None:
    """An agent who has left, or was deleted, gets nothing: the ticket is open, unassigned, and says so."""
    desk.account.people.gone.add(ANA)
    if deleted:
        del desk.account.people.staff[ANA]
    desk.wake()
    assert state(desk.account.ticket(one)) == ("open", None, False)
    assert desk.said(one)[-1][0].endswith("Who snoozed it is not here any more.")


def test_without_an_agent_the_ticket_keeps_its_own(desk: Desk) -> None:
    """A snooze without `by` wakes the ticket where it was."""
    chosen = desk.chosen()[0]
    whose = desk.account.ticket(chosen).assignee_id
    desk.sleep(by=None, status="pending")
    assert state(desk.account.ticket(chosen)) == ("pending", whose, True)
    desk.wake()
    assert state(desk.account.ticket(chosen)) == ("open", whose, False)


def test_the_end_of_the_outage_ends_the_snooze(desk: Desk) -> None:
    """A snooze that would outlast its step is taken back with it: nothing sleeps on without anybody who wakes it."""
    before = desk.account.dump()
    desk.sleep(until="end + 1d")
    desk.clock = (START + timedelta(hours=4)).timestamp()
    desk.tick()
    assert desk.account.dump() == before


def test_a_custom_status_comes_back(desk: Desk) -> None:
    """What a ticket had besides its category is in the tag, and is given back."""
    chosen = desk.account.matching(lambda ticket: ticket.status == "pending")[0]
    desk.account.person_edits(chosen, custom_status_id=22_006)
    desk.clock += 60
    before = desk.account.dump()
    desk.sleep(select={"status": "pending"})
    assert state(desk.account.ticket(chosen)) == ("hold", ANA, True)
    desk.clock += 600
    desk.revert("quiet")
    assert desk.account.dump() == before


def test_a_ticket_that_moves_meanwhile_is_decided_again(desk: Desk) -> None:
    """A customer's message between plan and write is seen: what comes back is what the ticket held at the write."""
    chosen = desk.chosen()[0]
    with_ = {"select": {"status": "open", "group": "Level 1"}, "until": "start + 2h"}
    plan = desk.plan(desk.playbook("quiet", [{"id": "nap", "uses": "snooze", "with": with_}]))
    desk.clock += 60
    desk.account.person_edits(chosen, assignee_id=DIEGO)
    operate.apply(desk.session, plan, BY, desk.progress)
    held = snooze_of(desk.account.ticket(chosen).tags)
    assert held is not None
    assert held.whose == str(DIEGO)


@pytest.mark.parametrize(
    ("with_", "sentence"),
    [
        ({"by": "Ana Sousa"}, "no agent named 'Ana Sousa'"),
        ({"by": "12"}, "no agent with the id 12"),
        ({"select": {"status": "new"}}, "is new, and could not be woken"),
        ({"status": "new"}, "would be new, and could not be woken"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(desk: Desk, with_: dict[str, Any], sentence: str) -> None:
    """An agent who does not exist, and tickets that could not come back, are named; no ticket is touched."""
    before = desk.account.dump()
    with pytest.raises(InvalidInput, match=sentence):
        desk.sleep(**with_)
    assert desk.account.dump() == before


def test_a_snooze_that_follows_ends_when_it_is_due(desk: Desk) -> None:
    """A follow-up without `until` would stay; a snooze wakes all the same, because something has to wake it."""
    nap = {"select": {"status": "open", "group": "Level 1"}, "until": "end + 1h", "by": "Ana Souza"}
    phones = {"id": "phones", "uses": "voice", "with": {"enabled": False}}
    phones["restore"] = [{"uses": "snooze", "with": nap}]
    desk.apply(desk.playbook("quiet", [phones]))
    desk.clock = (START + timedelta(hours=3, minutes=5)).timestamp()
    desk.tick()
    asleep = desk.account.matching(lambda ticket: snooze_of(ticket.tags) is not None)
    assert asleep
    desk.clock += 3600
    desk.tick()
    assert {state(desk.account.ticket(each)) for each in asleep} == {("open", ANA, False)}


@pytest.mark.parametrize("tag", ["or-snooze_20261399t990000z_1_hold_open_0", "or-snooze", "or-snooze_x_1_hold_open_0"])
def test_a_tag_that_only_looks_like_ours_is_none(tag: str) -> None:
    """A damaged tag is no snooze, and nothing is guessed from it."""
    assert snooze_of([tag]) is None


# --- saying something on many tickets -------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "public"), [("answer", True), ("note", False)])
def test_a_comment_goes_out_once_to_every_ticket(desk: Desk, what: str, public: bool) -> None:
    """An answer is public, a note is not; neither is said again by a second apply, nor taken back by the revert, which
    gives the status back."""
    chosen = desk.chosen()
    step = {"select": {"status": "open", "group": "Level 1"}, "status": "pause", what: "We are without power."}
    book = desk.playbook("tell", [{"id": "say", "uses": "tickets", "with": step}])
    assert desk.apply(book).exit_code == 0
    desk.clock += 60
    desk.apply(book)
    desk.clock += 60
    desk.revert("tell")
    assert {tuple(desk.said(each)) for each in chosen} == {(("We are without power.", public),)}
    assert {desk.account.ticket(each).status for each in chosen} == {"open"}


def test_an_answer_has_the_texts_of_all_languages(desk: Desk) -> None:
    """Which language a requester reads is not known: each gets all of them, the target's first."""
    chosen = desk.chosen()
    texts = {"uk": "Немає струму.", "es": "Sin luz.", "en": "No power."}
    step = {"select": {"status": "open", "group": "Level 1"}, "answer": texts}
    desk.apply(desk.playbook("tell", [{"id": "say", "uses": "tickets", "with": step}]))
    assert len(chosen) > 5
    assert {desk.said(each)[0][0] for each in chosen} == {"No power.\n\nSin luz.\n\nНемає струму."}


def test_an_answer_that_some_tickets_refuse_goes_out_once(desk: Desk) -> None:
    """Where half of a job fails, those tickets are told of or answered later; nobody is answered twice."""
    chosen = desk.chosen()
    step = {"select": {"status": "open", "group": "Level 1"}, "status": "pause", "answer": "We are without power."}
    desk.account.faults.add(Fault("job_half", method="PUT", rule="/api/v2/tickets/update_many"))
    report = desk.apply(desk.playbook("tell", [{"id": "say", "uses": "tickets", "with": step}]))
    assert desk.account.faults.struck
    told = {note.slot.key for note in report.notes}
    said = {each: len(desk.said(each)) for each in chosen}
    assert set(said.values()) <= {0, 1}
    assert 1 in said.values()
    assert {str(each) for each, count in said.items() if count == 0} <= told


def test_an_answer_whose_reply_is_lost_is_not_sent_again(desk: Desk) -> None:
    """Nobody knows whether it arrived: a person is told, and `resume` does not repeat it by itself."""
    chosen = desk.chosen()
    step = {"select": {"status": "open", "group": "Level 1"}, "answer": "We are without power."}
    desk.account.faults.add(Fault("timeout_committed", rule="/api/v2/tickets/update_many"))
    report = desk.apply(desk.playbook("tell", [{"id": "say", "uses": "tickets", "with": step}]))
    assert {note.fate for note in report.notes} == {Fate.UNKNOWN}
    desk.clock += 60
    desk.resume()
    desk.revert("tell")
    desk.account.customer_writes(chosen[-1])  # the account's clock goes on: its job is done
    assert {len(desk.said(each)) for each in chosen[:-1]} == {1}
