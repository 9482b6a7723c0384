"""What doctor and plans say about a Zendesk account, on the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from providers.wire.faults import Fault
from providers.zendesk.simulator.access import CLIENT_ID, CLIENT_SECRET, Client
from providers.zendesk.simulator.account import Account
from providers.zendesk.simulator.people import ADMIN, AGENTS
from runner.commands.doctor import _targets
from runner.errors import Unauthorized
from tests.support.zendesk import START, ZendeskLab

PAUSE: dict[str, Any] = {
    "id": "pause",
    "uses": "tickets",
    "with": {"select": {"status": "open"}, "status": "pause", "at_most": 500},
}


def found(lab: ZendeskLab) -> list[tuple[str, str]]:
    """Return what the account's checkup finds."""
    return [(each.state, each.message) for each in lab.session.readers.examine("desk")]


def test_an_account_in_order(tmp_path: Path) -> None:
    """An administrator's client with read and write, on a plan with schedules: nothing to mend."""
    assert {state for state, _ in found(ZendeskLab(tmp_path))} == {"ok"}


def test_doctor_with_a_wrong_credential_does_not_say_that_it_answers(tmp_path: Path) -> None:
    """The first thing read needs the credential: without a token nothing is ok before the problem."""
    lab = ZendeskLab(tmp_path, tickets=5)
    lab.account.access.add_client(Client(CLIENT_ID, "another", ADMIN))
    said = list(_targets(lab.session))
    assert [each.state for each in said] == ["problem"]
    assert "OAuth client" in said[0].words


def test_doctor_on_an_account_without_a_feature(tmp_path: Path) -> None:
    """A plan without schedules is no problem: something else is read."""
    lab = ZendeskLab(tmp_path, Account(clock=START.timestamp, tickets=5, plan="team"))
    first = next(_targets(lab.session))
    assert first.state == "ok"
    assert "answers" in first.words


def test_doctor_shows_it(tmp_path: Path) -> None:
    """`runner doctor` lists what the provider finds under the target's name."""
    lab = ZendeskLab(tmp_path)
    lab.account.desk.features["on_hold_status"] = False
    said = list(_targets(lab.session))
    assert ("target desk", "problem") in {(each.part, each.state) for each in said}
    assert any("on-hold" in each.words for each in said)


def test_an_agent_is_not_enough(tmp_path: Path) -> None:
    """A client that acts as an agent is told apart: schedules need an administrator."""
    lab = ZendeskLab(tmp_path)
    lab.account.access.add_client(Client(CLIENT_ID, CLIENT_SECRET, AGENTS[0]))
    assert any(state == "problem" and "not admin" in message for state, message in found(lab))


def test_a_narrower_token_is_noticed(tmp_path: Path) -> None:
    """A token with less than was asked for would fail in the middle of an outage: it is told before, by name."""
    lab = ZendeskLab(tmp_path)
    lab.account.access.add_client(Client(CLIENT_ID, CLIENT_SECRET, ADMIN, ("read",)))
    with pytest.raises(Unauthorized) as caught:
        found(lab)
    assert "scope" in caught.value.message


def test_the_plan_names_the_triggers_that_would_mail(tmp_path: Path) -> None:
    """Triggers fire on bulk updates: the plan of a ticket step names those that could mail, and no others."""
    lab = ZendeskLab(tmp_path)
    step = {**PAUSE, "with": {**PAUSE["with"], "status": "pending"}}
    plan = lab.plan(lab.playbook("power", [step])).plans[0]
    words = " ".join(plan.warnings)
    assert plan.refusals == ()
    assert "Notify requester of new request" not in words
    lab.apply(lab.playbook("power", [step]))
    fired = {mail.by.title for mail in lab.account.outbox}
    assert fired
    assert [title for title in fired if title not in words] == []


def test_a_plan_goes_without_advice_that_cannot_be_had(tmp_path: Path) -> None:
    """The rules cannot be listed right now: the plan says so and stands."""
    lab = ZendeskLab(tmp_path)
    lab.account.faults.add(Fault("500", method="GET", rule="/api/v2/automations", times=0))
    plan = lab.plan(lab.playbook("power", [PAUSE])).plans[0]
    assert (plan.refusals, plan.runs[0].changes > 0) == ((), True)
    assert any("no advice could be had" in words for words in plan.warnings)
