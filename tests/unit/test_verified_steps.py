"""Steps that a person does and the runner checks: security settings of a simulated Zendesk account."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.commands import operate, people
from runner.errors import Exit, InvalidInput, Refused
from runner.people import Ack
from runner.report import Report
from tests.support.zendesk import ZendeskLab

TIMEOUT = {"id": "timeout", "uses": "access", "with": {"setting": "session timeout", "value": "30m"}}
FIELD = "agent_session_timeout"


def said(lab: ZendeskLab, step: str = "timeout", *, done: bool = True) -> Report | None:
    """Say that the step is done."""
    row = operate.the_outage(lab.session, "")
    ack = Ack("ana", evidence="screenshot", done=done)
    return people.acknowledge(lab.session, row, step, "", ack, before=None, progress=lab.progress).report


def test_the_value_before_is_read_and_given_back_as_the_opposite_step(tmp_path: Path) -> None:
    """Nobody is asked what stood there: the runner reads it, shows it in the plan, and asks for it back."""
    lab = ZendeskLab(tmp_path)
    plan = lab.plan(lab.playbook("hard", [TIMEOUT])).plans[0]
    ((before, after),) = [(item.before, item.after) for item in plan.runs[0].items]
    assert (before, after) == (480, 30)
    assert lab.apply(lab.playbook("hard", [TIMEOUT])).exit_code is Exit.PEOPLE
    lab.account.content.security.person_sets(FIELD, 30)
    assert said(lab) is not None
    assert lab.revert("hard").exit_code is Exit.PEOPLE
    with pytest.raises(Refused) as caught:
        said(lab)
    assert caught.value.code == "AK002"
    lab.account.content.security.person_sets(FIELD, before)
    said(lab)
    assert operate.the_outage(lab.session, "hard@2026-12-11T11:30").state == "closed"


def test_what_is_not_done_is_not_acknowledged(tmp_path: Path) -> None:
    """Somebody says that it is done, and the account says that it is not: nothing is recorded, and the step waits."""
    lab = ZendeskLab(tmp_path)
    lab.apply(lab.playbook("hard", [TIMEOUT]))
    with pytest.raises(Refused) as caught:
        said(lab)
    assert "30" in caught.value.message
    waiting = people.waiting(lab.session, operate.the_outage(lab.session, "").id)
    assert [task.run for task in waiting] == ["timeout"]


def test_what_was_done_without_a_word_is_given_back(tmp_path: Path) -> None:
    """A person changed the setting and told nobody: the revert sees it, and asks for the value before."""
    lab = ZendeskLab(tmp_path)
    lab.apply(lab.playbook("hard", [TIMEOUT]))
    lab.account.content.security.person_sets(FIELD, 30)
    assert lab.revert("hard").exit_code is Exit.PEOPLE
    waiting = people.waiting(lab.session, operate.the_outage(lab.session, "").id)
    assert [(task.direction, task.question) for task in waiting] == [("close", False)]


def test_what_was_never_done_needs_no_opposite(tmp_path: Path) -> None:
    """A step that the account shows undone is over with the revert: nobody is asked anything."""
    lab = ZendeskLab(tmp_path)
    lab.apply(lab.playbook("hard", [TIMEOUT]))
    assert lab.revert("hard").exit_code is Exit.DONE


def test_what_holds_already_asks_nobody(tmp_path: Path) -> None:
    """A setting that is as wanted before the outage is no step at all, and stays after it."""
    lab = ZendeskLab(tmp_path)
    lab.account.content.security.person_sets(FIELD, 30)
    assert lab.apply(lab.playbook("hard", [TIMEOUT])).exit_code is Exit.DONE
    assert lab.revert("hard").exit_code is Exit.DONE


def test_a_restriction_that_would_lock_the_runner_out_is_refused(tmp_path: Path) -> None:
    """The plan says so before anybody sets it; with the runner's address in the list it goes on."""
    lab = ZendeskLab(tmp_path, own_address="203.0.113.9")
    step = {"id": "ip", "uses": "access", "with": {"setting": "IP restrictions", "value": ["192.0.2.0/24"]}}
    with pytest.raises(InvalidInput) as caught:
        lab.plan(lab.playbook("hard", [step]))
    assert "lock the runner out" in caught.value.message
    step["with"] = {"setting": "IP restrictions", "value": ["192.0.2.0/24", "203.0.113.9"]}
    assert lab.plan(lab.playbook("hard", [step])).plans[0].refusals == ()
