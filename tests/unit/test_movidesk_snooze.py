"""Snoozes on Movidesk: what a ticket goes through from the moment when it is snoozed until it is awake again.

S1 to S8 are the rules of the snooze that Whaticket has; Movidesk offers none by API, so the runner keeps them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from providers.movidesk.provider import open_target
from providers.movidesk.simulator.desk import Ticket
from providers.movidesk.snooze_kind import Snooze, snooze_of
from providers.wire.faults import Fault
from runner.errors import InvalidInput
from runner.model import ABSENT, Change, Slot
from runner.report import Report
from runner.spi import Context
from runner.testing.io import ScriptedIo
from tests.support.movidesk import AT_NIGHT, PAUSE, WORKED_ON, MovideskLab, target

DUE = datetime.fromisoformat("2026-12-12T00:00:00-03:00")
ONE = 1002  # of the team with two tickets


class Desk(MovideskLab):
    """An account on which two tickets sleep for two hours at night; the outage goes on for six more."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, now=AT_NIGHT, tickets=40, **options)

    def sleep(self, name: str = "quiet", **more: Any) -> Report:
        with_ = {"select": {"group": "Caixa d'Água"}, "until": "start + 2h", **more}
        windows = [{"start": "2026-12-11 22:00", "end": "2026-12-12 06:00"}]
        return self.apply(self.playbook(name, [{"id": "nap", "uses": "snooze", "with": with_}], windows=windows))

    @property
    def one(self) -> Ticket:
        return self.account.ticket(ONE)

    def said(self) -> list[str]:
        """Return what the history of the ticket says, without tokens."""
        return [str(action["description"]).partition(" [")[0] for action in self.one.actions]

    def state(self) -> tuple[str, bool]:
        """Return the ticket's status, and whether it has a snooze."""
        return self.one.status, snooze_of(self.one.actions) is not None

    def wake(self) -> list[Report]:
        """Come to the due time, and tick."""
        self.clock = DUE.timestamp()
        return self.tick()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    assert desk.sleep().exit_code == 0
    return desk


def test_s1_a_snoozed_ticket_is_paused_and_its_history_says_until_when(desk: Desk) -> None:
    """In the language of the agents, with a token that any process can read."""
    assert desk.state() == ("Parado", True)
    assert desk.said() == ["Adiado até 2026-12-12 00:00 (America/Sao_Paulo)."]
    assert snooze_of(desk.one.actions) == Snooze(DUE, PAUSE, WORKED_ON)


def test_the_plan_says_what_becomes_of_a_sleeping_ticket(tmp_path: Path) -> None:
    """What Movidesk does by itself, what each ticket keeps, and whom triggers may mail."""
    lab = Desk(tmp_path)
    step = {"id": "nap", "uses": "snooze", "with": {"select": {"group": "Caixa d'Água"}, "until": "end"}}
    plan = lab.plan(lab.playbook("quiet", [step], windows=[{"start": "2026-12-11 22:00", "end": "2026-12-12 06:00"}]))
    (run,) = plan.plans[0].runs
    assert any("stays with whoever has it" in note for note in run.notes)
    assert "may mail up to 2 customers" in plan.plans[0].warnings[0]


def test_s2_at_its_due_time_it_is_reopened(desk: Desk) -> None:
    """It has the status of before, and its history says so."""
    desk.wake()
    assert desk.state() == ("Em atendimento", False)
    assert desk.said()[1:] == ["O adiamento terminou."]


def test_s3_what_somebody_has_reopened_is_left_alone(desk: Desk) -> None:
    """At its due time it stays as it is, with a line that says why."""
    desk.account.person_edits(ONE, "Resolvido")
    desk.wake()
    assert desk.state() == ("Resolvido", False)
    assert desk.said()[1:] == [
        "O adiamento terminou. O ticket não foi reaberto, porque não estava mais em pausa.",
    ]


def test_s4_s5_reopening_leaves_the_snooze(desk: Desk) -> None:
    """An agent, or a customer's reply with an automation of the account, reopens it: the snooze goes on; paused again,
    it is reopened at its due time."""
    desk.account.person_edits(ONE, "Em atendimento")
    desk.later(minutes=30).tick()
    assert desk.state() == ("Em atendimento", True)
    desk.account.person_edits(ONE, "Parado", "Evento")
    desk.wake()
    assert desk.state() == ("Em atendimento", False)


def test_s6_an_agent_cancels_by_saying_so(desk: Desk) -> None:
    """An internal action that says that it is over ends it: nothing happens at its due time."""
    desk.one.actions.append({"id": 9, "type": 1, "description": "Cancelado [or-snooze over]"})
    desk.account.person_edits(ONE, "Em atendimento")
    desk.wake()
    assert desk.state() == ("Em atendimento", False)
    assert len(desk.one.actions) == 2


def test_s6_a_revert_before_the_due_time_gives_back_what_was_there(desk: Desk) -> None:
    """Exactly the status that it had."""
    desk.revert("quiet")
    assert desk.state() == ("Em atendimento", False)
    assert desk.account.limits.throttled == 0


def test_s7_snoozed_again_it_has_the_new_due_time(desk: Desk) -> None:
    """A second outage on top: the later word counts, and the status of before is still the first one's."""
    desk.later(minutes=5)
    desk.sleep("more", until="start + 4h")
    held = snooze_of(desk.one.actions)
    assert held is not None
    assert (held.due.hour, held.was) == (5, WORKED_ON)
    desk.revert("more")
    held = snooze_of(desk.one.actions)
    assert held is not None
    assert held.due == DUE


def test_what_an_agent_took_up_stays_when_its_snooze_is_only_moved(desk: Desk) -> None:
    """An extended outage, or a second one, gives the snooze another due time: a line in the history says so, and the
    ticket keeps the status that the agent gave it. Paused again by hand, it wakes to that status."""
    desk.account.person_edits(ONE, "Resolvido")
    desk.later(minutes=5)
    desk.sleep("more", until="start + 4h")
    assert desk.state() == ("Resolvido", True)
    assert desk.said()[1:] == ["Adiado até 2026-12-12 02:00 (America/Sao_Paulo)."]
    desk.account.person_edits(ONE, "Parado", "Evento")
    desk.revert("quiet")
    desk.revert("more")
    assert desk.state() == ("Resolvido", False)


def test_another_status_puts_what_an_agent_took_up_to_sleep_and_gives_back_the_agents(tmp_path: Path) -> None:
    """A second outage that names another status means the ticket as it is now: that status comes back."""
    desk = Desk(tmp_path, statuses={"part": {"status": "Aguardando peça", "justification": None}})
    desk.sleep()
    desk.account.person_edits(ONE, "Novo")
    desk.sleep("more", until="start + 4h", status="part")
    assert desk.state() == ("Aguardando peça", True)
    desk.revert("quiet")
    desk.revert("more")
    assert desk.state() == ("Novo", False)


def test_a_snooze_that_is_sent_again_says_nothing_twice(tmp_path: Path) -> None:
    """Its reply was lost: what a read shows as done is not written again."""
    desk = Desk(tmp_path)
    desk.account.faults.add(Fault("timeout_committed", method="PATCH"))
    desk.sleep()
    desk.resume()
    assert len(desk.said()) == 1


def test_a_snooze_that_is_there_is_not_written_again(desk: Desk) -> None:
    """Whoever sends it twice, because nobody knows whether it landed, leaves one line in the history; the same goes for
    its end."""
    value = {"due": "2026-12-12T03:00:00Z", "status": PAUSE}
    for after, lines in ((value, 1), (value, 1), (ABSENT, 2), (ABSENT, 2)):
        list(desk.session.live.write("desk", [Change(Slot("desk", "snooze", str(ONE), "snooze"), ABSENT, after)]))
        assert len(desk.said()) == lines


def test_a_status_of_its_own_and_an_agent_who_signs(tmp_path: Path) -> None:
    """A step may name another status; actions are signed by the agent of runner.yaml."""
    desk = Desk(tmp_path, agent="agent-1", statuses={"part": {"status": "Aguardando peça", "justification": None}})
    assert desk.sleep(status="part").exit_code == 0
    assert desk.one.status == "Aguardando peça"
    bodies = [each.body for each in desk.account.requests if each.method == "PATCH"]
    assert {body["actions"][0]["createdBy"]["id"] for body in bodies} == {"agent-1"}


def test_without_a_status_nobody_knows_how_tickets_sleep() -> None:
    """The sentence says where to write it."""
    bare = replace(target(), words={})
    spec = open_target(bare, ScriptedIo()).capabilities()["snooze"]
    context = Context("q@1", "nap", bare, AT_NIGHT, None, (AT_NIGHT, DUE), "America/Sao_Paulo")
    with pytest.raises(InvalidInput, match="nobody knows in which status") as refused:
        spec.query({"select": {"status": "Novo"}, "until": "end"}, context)
    assert "pause: {status: ..., justification: ...}" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "[or-snooze bm9uc2Vuc2U=]",
        "[or-snooze WyJ4Il0=]",
        "[or-snooze %%%]",
        "[or-snooze WyJub3cgYW5kIHRoZW4iLCAieCIsIG51bGwsICJ5IiwgbnVsbF0=]",
        "[or-snooze MTIz]",  # 123, which is no list
        "[or-snooze WzEsIngiLG51bGwsInkiLG51bGxd]",  # a number where the time should be
        "[or-snooze WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjAwIiwieCIsbnVsbCwieSIsbnVsbF0=]",  # before all time in UTC
    ],
)
def test_an_action_that_only_looks_like_ours_is_none(text: str) -> None:
    """What somebody wrote by hand does no harm; neither does a customer who copies a token into a public answer."""
    assert snooze_of([{"id": 1, "type": 1, "description": text}]) is None
    public = Snooze(DUE, PAUSE, WORKED_ON).token
    assert snooze_of([{"id": 1, "type": 2, "description": public}]) is None
    assert snooze_of([{"id": 1, "type": 1, "description": f"<p>{public}</p>"}]) == Snooze(DUE, PAUSE, WORKED_ON)
