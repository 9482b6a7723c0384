"""The conformance suite for providers that only send: what goes out arrives once, and nobody doubts it without reason.

    class TestMySender(SenderSuite):
        @pytest.fixture
        def harness(self) -> Harness:
            ...

The harness is that of `ProviderSuite` with `arrived`; its `edit` is never called. Needs pytest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from runner.model import ABSENT, Change, Merge, Outcome, Verdict
from runner.spi import (
    Forbidden,
    NotFound,
    NotSent,
    Provider,
    ProviderError,
    RateLimited,
    Rejected,
    Reversal,
    Unauthorized,
)
from runner.testing.harness import Harness, Step, live, plan, write
from runner.testing.suite import Promises, overheard

__all__ = ["SenderSuite"]

NOT_SENT = (RateLimited, Unauthorized, Forbidden, Rejected, NotFound, NotSent)  # nothing more left after such an error


class SenderSuite(Promises):
    """The suite for a provider of which every kind is an effect. Its harness needs `arrived`; nobody edits anything."""

    def test_nothing_can_be_taken_back(self, harness: Harness) -> None:
        """Every kind says that it is an effect and that writing does not take it back."""
        for spec in harness.open().capabilities().values():
            assert set(spec.merges.values()) == {Merge.EFFECT}
            assert spec.reversal is not Reversal.WRITE

    def test_an_effect_arrives_once(self, harness: Harness) -> None:
        """What is answered with `done` has arrived, once, and is never read back."""
        provider = harness.open()
        step = most_sent(harness, provider)
        assert [outcome.verdict for outcome in write(provider, step.changes)] == [Verdict.DONE] * len(step.changes)
        assert [arrivals(harness, change) for change in step.changes] == [1] * len(step.changes)
        assert set(live(harness, provider, step).values()) <= {ABSENT}

    def test_one_refused_object_leaves_the_others(self, harness: Harness) -> None:
        """Outcomes come one per change and in order: the refused one says why, all others arrive."""
        provider = harness.open()
        step = most_sent(harness, provider)
        harness.faults.refuse(1)
        outcomes = write(provider, step.changes)
        assert len(outcomes) == len(step.changes)
        for place, (change, outcome) in enumerate(zip(step.changes, outcomes, strict=True)):
            assert outcome.verdict is (Verdict.REJECTED if place == 1 else Verdict.DONE)
            assert arrivals(harness, change) == (0 if place == 1 else 1)
        assert outcomes[1].reason, "a refusal needs a reason"

    def test_a_lost_reply_is_unknown(self, harness: Harness) -> None:
        """What arrived although its reply was lost is `unknown`; what is said not to be sent can be sent again, and
        then everything has arrived once."""
        assert Verdict.UNKNOWN in self._sent_in_two_goes(harness, harness.faults.lost_reply)

    def test_half_a_batch_is_told_apart(self, harness: Harness) -> None:
        """When a batch breaks in the middle, what is known to be sent, what is not, and what is unknown are right."""
        found = self._sent_in_two_goes(harness, harness.faults.half_batch)
        assert set(found) != {Verdict.DONE}, "a batch that broke must raise, or answer `unknown` or `rejected`"

    def test_a_target_that_is_down_sent_nothing(self, harness: Harness) -> None:
        """A target that does not answer is an error in a sentence that says that nothing was sent."""
        provider = harness.open()
        before = harness.dump()
        step = most_sent(harness, provider)
        harness.faults.unavailable()
        with pytest.raises(NOT_SENT) as caught:
            write(provider, step.changes)
        assert " " in caught.value.message
        assert harness.dump() == before

    def test_no_output_holds_the_credential(
        self, harness: Harness, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Neither outcomes, errors with their causes, reprs, logs nor prints hold the credential's text."""
        caplog.set_level(logging.DEBUG)
        provider = harness.open()
        step = most_sent(harness, provider)
        said: list[object] = [provider, provider.capabilities(), step]
        faults = harness.faults
        for arm in (faults.lost_reply, faults.half_batch, lambda: faults.refuse(0), faults.unavailable):
            arm()
            said += overheard(provider, step.changes)
        printed = capsys.readouterr()
        said += [caplog.text, printed.out, printed.err]
        assert [text for text in map(repr, said) if harness.canary in text] == []

    def _sent_in_two_goes(self, harness: Harness, fault: Callable[[], None]) -> list[Verdict]:
        """Send a batch that goes wrong, and again what was not sent; return the verdicts of the first go."""
        provider = harness.open()
        step = most_sent(harness, provider)
        fault()
        first = _as_judged(provider, step.changes)
        for change, verdict in zip(step.changes, first, strict=True):
            allowed = {Verdict.DONE: {1}, Verdict.UNKNOWN: {0, 1}}.get(verdict, {0})
            assert arrivals(harness, change) in allowed, f"{change.slot} is {verdict}"
        pairs = list(zip(step.changes, first, strict=True))
        rest = [change for change, verdict in pairs if verdict is Verdict.MOVED]
        assert _as_judged(provider, rest) == [Verdict.DONE] * len(rest)
        for change, verdict in pairs:
            expected = {0, 1} if verdict is Verdict.UNKNOWN else {0} if verdict is Verdict.REJECTED else {1}
            assert arrivals(harness, change) in expected, f"{change.slot} was {verdict}"
        return first


def most_sent(harness: Harness, provider: Provider) -> Step:
    """Return the sample with most effects, cut to one batch."""
    steps = [plan(harness, provider, sample) for sample in harness.samples]
    step = max(steps, key=lambda each: len(each.changes))
    assert len(step.changes) >= 3, "one sample must have three effects or more"
    return replace(step, changes=step.changes[: step.spec.batch])


def arrivals(harness: Harness, change: Change) -> int:
    """Return how often the effect of a change has arrived."""
    assert harness.arrived is not None, "the harness of a sender needs `arrived`"
    return harness.arrived(change)


def _as_judged(provider: Provider, changes: Sequence[Change]) -> list[Verdict]:
    """Send, and return a verdict per change as the runner understands the answers: after an error that says so, nothing
    more was sent."""
    found: list[Verdict] = []
    rest = Verdict.UNKNOWN
    try:
        for answer in provider.write(changes) if changes else ():
            if isinstance(answer, Outcome):
                found.append(answer.verdict)
    except NOT_SENT:
        rest = Verdict.MOVED
    except ProviderError:
        rest = Verdict.UNKNOWN
    return found + [rest] * (len(changes) - len(found))
