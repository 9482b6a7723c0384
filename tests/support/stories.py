"""One outage played on a simulated vendor with a fault at a given request: what became of it, and whether it was told.

A story is one apply and one revert, each with as many resumes as it takes. Vendors differ in how an account is made and
in what must hold at the end; the playing is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from providers.wire.faults import Fault
from runner.errors import ProviderError, RunnerError
from runner.playbook import Playbook
from runner.report import Fate, Report
from tests.support.crash import memory_folder
from tests.support.wire import WireLab

CLASSES = {  # the five things that can become of a request
    "not sent": "reset",
    "committed, and the reply lost": "timeout_committed",
    "refused": "409",
    "throttled": "429",
    "stale": "stale",
}
OF_WRITES = ("timeout_committed", "stale")  # a read has nothing to commit and makes nothing stale
PATIENCE = 12  # commands until an outage has to be where it should be
TOLD = (Fate.REJECTED, Fate.UNKNOWN, Fate.CONFLICT, Fate.DROPPED)


@dataclass
class Story:
    """An outage on one account. `account` has `faults`, `requests` and `dump`; `again` is done before each resume."""

    lab: WireLab
    account: Any
    book: Playbook
    again: Callable[[], None] = lambda: None
    reports: list[Report] = field(default_factory=list)

    def play(self) -> None:
        """Apply, and revert."""
        self._until_done(lambda: [self.lab.apply(self.book)])
        self.lab.later(minutes=10)
        self._until_done(lambda: [self.lab.revert(self.book.name)])

    def _until_done(self, command: Callable[[], list[Report]]) -> None:
        for _ in range(PATIENCE):
            try:
                found = command()
            except (RunnerError, ProviderError):  # nothing was registered yet, or it waits for somebody
                self._wait()
                continue
            except Exception as fault:
                raise AssertionError(f"no error of ours: {fault!r}") from fault
            self.reports += found
            if not any(report.pending for report in found):
                return
            self._wait()
            command = self.lab.resume
        self.give_up()

    def give_up(self) -> None:
        """Raise AssertionError, because the outage is not where it should be."""
        raise AssertionError(f"not done after {PATIENCE} commands: {self.reports[-1:]}")

    def _wait(self) -> None:
        self.lab.later(seconds=100)
        self.again()

    def told(self) -> set[str]:
        """Return the slots about which something was reported."""
        notes = (note for report in self.reports for run in report.runs for note in run.notes)
        return {str(note.slot) for note in notes if note.fate in TOLD}


S = TypeVar("S", bound=Story)
Maker = Callable[[Path], Story]


def played(make: Callable[[Path], S], *faults: Fault) -> S:
    """Play the story that `make` makes in a folder, on an account of its own."""
    with memory_folder() as folder:
        story = make(folder)
        story.account.faults.add(*faults)
        story.play()
        story.lab.session.close()
    return story


def wrong(make: Maker, what: str, sent: Callable[[Story], list[Any]]) -> Iterator[str]:
    """Play the story once for each of its requests that the fault `what` can meet; yield a sentence for each that does
    not end as it began while nobody says so, and for each that sent something twice (`sent` lists what went out)."""
    plain = played(make)
    before = plain.account.dump()
    for each in plain.account.requests:
        if each.method == "GET" and what in OF_WRITES:
            continue
        place = f"{what} at request {each.index} ({each.method} {each.path})"
        try:
            story = played(make, Fault(what, at=each.index))
        except AssertionError as failed:
            yield f"{place}: {failed}"
            continue
        if story.account.dump() != before and not story.told():
            yield f"{place}: it differs, and nobody says so"
        out = [repr(one) for one in sent(story)]
        if len(out) != len(set(out)):
            yield f"{place}: sent twice: {out}"
        if len(out) != len(sent(plain)) and not story.told():
            yield f"{place}: {len(out)} sent in place of {len(sent(plain))}, and nobody says so"
