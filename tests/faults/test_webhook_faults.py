"""Whatever goes wrong on the wire, at whatever request: no step ever posts two messages, and an outage ends exact, or the
difference is reported.

The story is one apply and one revert of a notice with its follow-up, or of one that is taken down again. It is played
once to count its requests, then once for each request and each kind of fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from providers.webhook.provider import open_target
from providers.webhook.simulator.sink import FAULTS, Sink
from providers.wire.faults import Fault
from runner.errors import ProviderError, RunnerError
from runner.report import Fate, Report
from tests.support.crash import memory_folder
from tests.support.lab import START
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
CLASSES = {  # what can become of a request
    "not sent": "reset",
    "committed, and the reply lost": "timeout_committed",
    "refused": "409",
    "throttled": "429",
    "stale": "stale",
    "200 with an error text": "error_text",
}
OF_WRITES = ("timeout_committed", "stale", "error_text")  # a read has nothing to commit and makes nothing stale
FATES = (Fate.REJECTED, Fate.UNKNOWN, Fate.CONFLICT, Fate.DROPPED)
PATIENCE = 8  # commands until an outage has to be where it should be


class Story:
    """One target on which a notice is posted and taken back."""

    def __init__(self, folder: Path, name: str) -> None:
        options, steps = STORIES[name]
        self.sends = steps is SENT
        self.lab = WireLab(folder, now=START)
        self.sink = Sink(clock=lambda: self.lab.clock)
        self.sink.chatter("support", 2)
        self.before = self.sink.dump()
        self.lab.connect(Vendor(target(**options), open_target, self.sink, secrets=SECRETS))
        self.book = self.lab.playbook("power", [dict(step) for step in steps])
        self.reports: list[Report] = []

    def play(self) -> None:
        """Apply, and revert, each with as many resumes as it takes."""
        self._until_done(lambda: [self.lab.apply(self.book)])
        self.lab.later(minutes=10)
        self._until_done(lambda: [self.lab.revert("power")])

    def _until_done(self, command: Callable[[], list[Report]]) -> None:
        for _ in range(PATIENCE):
            try:
                found = command()
            except (RunnerError, ProviderError):  # nothing was registered yet, or it waits for somebody
                self._again()
                continue
            except Exception as fault:
                raise AssertionError(f"no error of ours: {fault!r}") from fault
            self.reports += found
            if not any(report.pending for report in found):
                return
            self._again()
            command = self.lab.resume
        raise AssertionError(f"not done after {PATIENCE} commands: {self.reports[-1]}")

    def _again(self) -> None:
        """Time goes by, and somebody gives out a new credential where one was revoked."""
        self.lab.later(seconds=100)
        self.sink.state.revoked.clear()

    def told(self) -> set[str]:
        """Return what was reported."""
        return {note.fate.value for report in self.reports for run in report.runs for note in run.notes} & set(FATES)

    def posts(self) -> list[int]:
        """Return how often each text was posted."""
        return sorted(Counter(each.text for each in self.sink.state.sent).values())

    def wrong(self) -> str:
        """Return what must never be, "" when all is well."""
        if max(self.posts(), default=0) > 1:
            return f"posted twice: {[each.text for each in self.sink.state.sent]}"
        exact = self.posts() == [1, 1] if self.sends else self.sink.dump() == self.before or self._over()
        return "" if exact or self.told() else f"{self.sink.dump()}, and nobody says so"

    def _over(self) -> bool:
        """Whether the one message that is left says that it is over."""
        left = [each for each in self.sink.state.messages if each.by_us]
        return len(left) == 1 and "We are back." in left[0].text


def played(name: str, *faults: Fault) -> Story:
    """Play a story on channels of its own."""
    with memory_folder() as folder:
        story = Story(folder, name)
        story.sink.faults.add(*faults)
        story.play()
        story.lab.session.close()
    return story


def found(name: str, whats: Sequence[str]) -> Iterator[str]:
    """Yield what goes wrong when each request of a story in turn meets each of these faults."""
    requests = played(name).sink.requests
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
