"""Whatever goes wrong on the wire, at whatever request: no step ever posts two messages, and an outage ends exact, or
the difference is reported.

The story is one apply and one revert of a notice with its follow-up, or of one that is taken down again. It is played
once to count its requests, then once for each request and each kind of fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from providers.webhook.provider import open_target
from providers.webhook.simulator.sink import FAULTS, Sink
from providers.wire.faults import Fault
from tests.support import stories
from tests.support.lab import START
from tests.support.stories import Story
from tests.support.webhook import SECRETS, target
from tests.support.wire import Vendor, WireLab

SAID = {"subject": "Power cut", "body": "We are back at two."}
BACK = {"subject": "Power cut", "body": "We are back."}
SENT = [{"id": "announce", "uses": "notice", "with": SAID, "restore": [{"uses": "notice", "with": BACK}]}]
SHOWN = [{"id": "announce", "uses": "notice", "with": SAID}]
EDITED = [{"id": "announce", "uses": "notice", "with": {**SAID, "after": "We are back."}}]
STORIES: Mapping[str, tuple[Mapping[str, Any], Sequence[Any]]] = {
    "slack": ({"service": "slack"}, SENT),
    "teams": ({"service": "teams"}, SENT),
    "google_chat": ({"service": "google_chat"}, SENT),
    "json": ({"service": "json"}, SENT),
    "slack_app": ({"service": "slack_app"}, SHOWN),
    "receiver": ({"service": "json", "resource": True}, SHOWN),
    "slack_app, edited": ({"service": "slack_app"}, EDITED),
    "receiver, edited": ({"service": "json", "resource": True}, EDITED),
}
CLASSES = {**stories.CLASSES, "200 with an error text": "error_text"}
OF_WRITES = (*stories.OF_WRITES, "error_text")


@dataclass
class Posts(Story):
    """A story of one notice. `sends`: it cannot be taken back; `before` is what the channels hold at first."""

    sends: bool = False
    before: str = ""

    def posts(self) -> list[int]:
        """Return how often each text was posted."""
        return sorted(Counter(each.text for each in self.account.state.sent).values())

    def wrong(self) -> str:
        """Return what must never be, "" when all is well."""
        if max(self.posts(), default=0) > 1:
            return f"posted twice: {[each.text for each in self.account.state.sent]}"
        exact = self.posts() == [1, 1] if self.sends else self.account.dump() == self.before or self._over()
        return "" if exact or self.told() else f"{self.account.dump()}, and nobody says so"

    def _over(self) -> bool:
        """Whether the one message that is left says that it is over."""
        left = [each for each in self.account.state.messages if each.by_us]
        return len(left) == 1 and "We are back." in left[0].text


def played(name: str, *faults: Fault) -> Posts:
    """Play a story on channels of its own; somebody gives out a new credential where one was revoked."""
    options, steps = STORIES[name]

    def begun(folder: Path) -> Posts:
        lab = WireLab(folder, now=START)
        sink = Sink(clock=lambda: lab.clock)
        sink.chatter("support", 2)
        lab.connect(Vendor(target(**options), open_target, sink, secrets=SECRETS))
        book = lab.playbook("power", [dict(step) for step in steps])
        return Posts(lab, sink, book, sink.state.revoked.clear, sends=steps is SENT, before=sink.dump())

    return stories.played(begun, *faults)


def found(name: str, whats: Sequence[str]) -> Iterator[str]:
    """Yield what goes wrong when each request of a story in turn meets each of these faults."""
    requests = played(name).account.requests
    for what in whats:
        for each in requests:
            if each.method == "GET" and what in OF_WRITES:
                continue
            try:
                words = played(name, Fault(what, at=each.index)).wrong()
            except AssertionError as failed:
                words = str(failed)
            if words:
                yield f"{what} at request {each.index} ({each.method} {each.rule}): {words}"


@pytest.mark.parametrize("name", ["slack", "slack_app", "receiver"])
def test_a_fault_at_any_request_posts_nothing_twice(name: str) -> None:
    """Each request of apply and revert in turn meets each class of fault: no message comes twice, and the end is exact
    or reported. Without a fault it is exact, and nothing has to be said."""
    story = played(name)
    assert (story.wrong(), story.told()) == ("", set())
    assert list(found(name, list(CLASSES.values()))) == []


@pytest.mark.soak
@pytest.mark.parametrize("name", STORIES)
def test_every_fault_at_every_request(name: str) -> None:
    """The same for every fault that the simulator knows."""
    assert list(found(name, list(FAULTS))) == []
