"""Whatever goes wrong on the wire, at whatever request: an outage on Zendesk ends exact, or the difference is reported.

The story is one apply and one revert of a small playbook. It is played once to count its requests, then once for each
request and each kind of fault; `make soak` plays the whole disruptive event with every fault there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from providers.wire.faults import Fault
from providers.zendesk.simulator.access import CHAT_TOKEN
from providers.zendesk.simulator.account import Account
from providers.zendesk.simulator.faults import FAULTS
from providers.zendesk.simulator.guide import SECTIONS
from runner.executor import context_of
from tests.support.crash import memory_folder
from tests.support.stories import CLASSES, OF_WRITES, Story
from tests.support.zendesk import START, ZendeskLab

SMALL = [
    {"id": "day", "uses": "holiday", "with": {"schedule": "Support", "name": "Power cut"}},
    {"id": "mail", "uses": "rule", "with": {"trigger": "Notify requester of new request", "append": "We are slow."}},
    {
        "id": "pause",
        "uses": "tickets",
        "with": {"select": {"status": "open", "group": "Level 1"}, "status": "pause", "tag": True, "at_most": 500},
    },
]
WHOLE = [
    {"id": "hours", "uses": "business_hours", "with": {"schedule": "Suporte Brasil", "closed": "window"}},
    *SMALL,
    {"id": "quiet", "uses": "rule", "with": {"trigger": "Notify requester of comment update", "active": False}},
    {"id": "wait", "uses": "rule", "with": {"make": "reminder", "after": 4, "subject": "Still here", "body": "Soon."}},
    {"id": "say", "uses": "message", "with": {"message": "Outage notice", "text": {"en": "Power cut", "es": "Corte"}}},
    {"id": "phones", "uses": "voice", "with": {"enabled": False}},
    {
        "id": "article",
        "uses": "notice",
        "with": {
            "section": SECTIONS[0][0],
            "subject": {"en-us": "Power cut", "es": "Corte de luz"},
            "body": {"en-us": "We are slow.", "es": "Vamos lento."},
            "label": "banner",
        },
    },
    {"id": "nap", "uses": "snooze", "with": {"select": {"status": "pending"}, "until": "end + 9d", "by": "Ana Souza"}},
]
TICKETS = 60


class Event(Story):
    """A playbook on a Zendesk account. `now` is what the account holds when it was played; `stuck`: a job is not over
    after all these commands, which is said, and waited for."""

    lab: ZendeskLab
    now = ""
    stuck = False

    def give_up(self) -> None:
        """Bear with a vendor's job that never ends."""
        stuck = self.lab.account.faults.struck and self.lab.account.faults.struck[0][1].what == "job_stuck"
        if not stuck or "is not over" not in " ".join(self.reports[-1].warnings):
            super().give_up()
        self.stuck = True

    def forgotten(self) -> str:
        """Come to the day after, when Zendesk has forgotten its job; return what is not in order then, or ""."""
        self.lab.later(hours=25)
        last = self.lab.resume()[-1]
        outage = self.lab.outage(self.book)
        pause = next(run for run in outage.runs if run.id == "pause")
        marker = context_of(outage, pause, self.lab.session.desk, "en").marker()
        tags = [tag for ticket in self.lab.account.store.every() for tag in ticket.tags]
        ours = [tag for tag in tags if tag == marker or tag.startswith("or-snooze")]
        return "" if last.state == "closed" and not last.pending and not ours else f"{last}, tags {ours}"


@pytest.fixture(scope="module")
def before() -> str:
    """What every account holds at the start."""
    return Account(clock=START.timestamp, tickets=TICKETS).dump()


def begun(folder: Path, steps: Sequence[Any]) -> Event:
    """Return the story on an account of its own, where somebody gives Chat a new token if the old one is revoked."""
    lab = ZendeskLab(folder, tickets=TICKETS)
    tokens = lab.account.access.tokens
    chat = tokens[CHAT_TOKEN]
    return Event(lab, lab.account, lab.playbook("power", list(steps)), lambda: tokens.setdefault(CHAT_TOKEN, chat))


def played(steps: Sequence[Any], *faults: Fault) -> Event:
    """Play the story, and a day more where a job was stuck."""
    with memory_folder() as folder:
        story = begun(folder, steps)
        story.lab.account.faults.add(*faults)
        story.play()
        story.now = story.lab.account.dump()
        if story.stuck and (wrong := story.forgotten()):
            raise AssertionError(f"a day after: {wrong}")
        story.lab.session.close()
    return story


def wrong(before: str, steps: Sequence[Any], what: Any, index: int) -> Iterator[str]:
    """Yield a sentence when the story does not end as it began, and nobody said so."""
    try:
        story = played(steps, Fault(what, at=index))
    except AssertionError as failed:
        yield f"{what} at request {index}: {failed}"
        return
    account = story.lab.account
    was, now = json.loads(before), json.loads(story.now)
    parts = [name for name in was if was[name] != now[name]]
    if parts and not story.told() and not (story.stuck and parts == ["tickets"]):
        yield f"{what} at request {index} ({account.requests[index]}): {', '.join(parts)} differ, and nobody says so"


def test_the_story_itself_ends_where_it_began(before: str) -> None:
    """Without a fault every byte comes back, and nothing has to be said."""
    for steps in (SMALL, WHOLE):
        story = played(steps)
        assert story.lab.account.dump() == before
        assert story.told() == set()
        assert len(story.lab.account.requests) > 20


@pytest.mark.parametrize("name", CLASSES)
def test_a_fault_at_any_request_ends_exact_or_is_reported(before: str, name: str) -> None:
    """Each request of apply and revert in turn meets the fault; resume, or the next command, ends exact or says what
    differs."""
    what = CLASSES[name]
    requests = played(SMALL).lab.account.requests
    struck = [each.index for each in requests if each.method != "GET" or what not in OF_WRITES]
    assert len(struck) >= 8
    assert [each for index in struck for each in wrong(before, SMALL, what, index)] == []


@pytest.mark.soak
@pytest.mark.parametrize("what", FAULTS)
def test_every_fault_at_every_request_of_the_whole_event(before: str, what: str) -> None:
    """The same for every fault that the simulator knows, on a playbook with every kind that has an API."""
    count = len(played(WHOLE).lab.account.requests)
    found = [each for index in range(count) for each in wrong(before, WHOLE, what, index)]
    assert found == []
