"""The conformance suite fails for a provider that breaks a promise: one broken target for each test of the suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from test_world_conforms import filled, harness_of, offered

from runner.model import ABSENT, Accepted, Change, Outcome, Slot, Value, Verdict
from runner.spi import KindSpec, Query, Unavailable
from runner.testing import SlotWorld
from runner.testing.suite import Harness, ProviderSuite

Read = Iterator[tuple[Slot, Value]]
Write = Iterator[Outcome | Accepted]


@dataclass
class Broken:
    """A target that does as the in-memory one, but for what a subclass breaks."""

    world: SlotWorld

    def capabilities(self) -> Mapping[str, KindSpec]:
        return self.world.capabilities()

    def read(self, query: Query) -> Read:
        return self.world.read(query)

    def write(self, batch: Sequence[Change]) -> Write:
        return self.world.write(batch)


class WritesWhenRead(Broken):
    def read(self, query: Query) -> Read:
        self.world.edit(self.world.slot("rule", "1", "read"), self.world.requests.total())
        return self.world.read(query)


class ForgetsWhatIsAbsent(Broken):
    def read(self, query: Query) -> Read:
        return (row for row in self.world.read(query) if row[1] is not ABSENT)


class MixesObjects(Broken):
    def read(self, query: Query) -> Read:
        return iter(sorted(self.world.read(query), key=lambda row: row[0].path))


class HasNoNames(Broken):
    def read(self, query: Query) -> Read:
        return ((slot, "" if query.paths == ("name",) else value) for slot, value in self.world.read(query))


class HidesMissingIds(Broken):
    def read(self, query: Query) -> Read:
        return (row for row in self.world.read(query) if row[1] is not ABSENT or row[0].key != "999999999")


class IgnoresTheLimit(Broken):
    def read(self, query: Query) -> Read:
        return self.world.read(replace(query, limit=None))


class ReadsEagerly(Broken):
    def read(self, query: Query) -> Read:
        return iter(list(self.world.read(query)))


class SaysDoneAndDoesNothing(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        return iter([Outcome(Verdict.DONE)] * len(batch))


class LeavesATrace(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        self.world.put("rule", "1", touched=True)
        return self.world.write(batch)


class AddsEveryTime(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        self.world.put("rule", "1", touched=len(self.world.log) + self.world.requests.total())
        return self.world.write(batch)


class SwallowsAnOutcome(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        return iter(list(self.world.write(batch))[1:])


class AnswersInAnotherOrder(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        return iter(list(self.world.write(batch))[::-1])


class HidesABrokenBatch(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        with suppress(Unavailable):
            list(self.world.write(batch))
        return iter([Outcome(Verdict.DONE)] * len(batch))


class RaisesForALostReply(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        for outcome in self.world.write(batch):
            if isinstance(outcome, Outcome) and outcome.verdict is Verdict.UNKNOWN:
                raise Unavailable("the reply was lost")
            yield outcome


class CallsItselfDone(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        try:
            yield from self.world.write(batch)
        except Unavailable:
            yield from [Outcome(Verdict.REJECTED, "down")] * len(batch)


@dataclass
class RemembersReads(Broken):
    seen: dict[str, list[tuple[Slot, Value]]] = field(default_factory=dict)

    def read(self, query: Query) -> Read:
        return iter(self.seen.setdefault(repr(query), list(self.world.read(query))))


class ShowsItsCredential(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        try:
            yield from self.world.write(batch)
        except Unavailable as error:
            raise Unavailable("no answer") from ValueError(f"token s3cret-of-the-world: {error}")


class SendsTheEffectLater(Broken):
    def read(self, query: Query) -> Read:
        return ((slot, "digest" if slot.path == "sent" else value) for slot, value in self.world.read(query))


class InventsAnOutcome(Broken):
    def write(self, batch: Sequence[Change]) -> Write:
        yield from self.world.write(batch)
        if not batch:
            yield Outcome(Verdict.DONE)


CAUGHT: Sequence[tuple[type[Broken], str]] = (
    (WritesWhenRead, "planning_writes_nothing"),
    (ForgetsWhatIsAbsent, "a_read_answers_what_was_asked"),
    (MixesObjects, "a_read_answers_what_was_asked"),
    (HasNoNames, "objects_have_names"),
    (HidesMissingIds, "an_id_that_does_not_exist_is_absent"),
    (IgnoresTheLimit, "a_limit_is_kept"),
    (ReadsEagerly, "reading_is_lazy"),
    (SaysDoneAndDoesNothing, "what_is_written_is_read"),
    (SwallowsAnOutcome, "what_is_written_is_read"),
    (LeavesATrace, "the_inverse_gives_back_every_byte"),
    (AddsEveryTime, "writing_twice_is_writing_once"),
    (SendsTheEffectLater, "effects_are_sent"),
    (InventsAnOutcome, "an_empty_batch_is_nothing"),
    (AnswersInAnotherOrder, "one_refused_object_leaves_the_others"),
    (HidesABrokenBatch, "half_a_batch_is_told_apart"),
    (RaisesForALostReply, "a_lost_reply_is_unknown"),
    (CallsItselfDone, "an_account_that_is_down_raises"),
    (RemembersReads, "a_persons_edit_is_seen"),
    (ShowsItsCredential, "no_output_holds_the_credential"),
)


def run(name: str, harness: Harness, request: pytest.FixtureRequest) -> None:
    test: Callable[..., None] = getattr(ProviderSuite(), f"test_{name}")
    extra: dict[str, Any] = {}
    if name == "no_output_holds_the_credential":
        extra = {fixture: request.getfixturevalue(fixture) for fixture in ("caplog", "capsys")}
    test(harness, **extra)


@pytest.mark.parametrize(("broken", "name"), CAUGHT)
def test_a_broken_promise_is_caught(broken: type[Broken], name: str, request: pytest.FixtureRequest) -> None:
    """The test of the promise passes on the whole target and fails on the broken one."""
    run(name, harness_of(filled()), request)
    world = filled()
    harness = replace(harness_of(world), open=lambda: broken(world))
    with pytest.raises((AssertionError, Unavailable, pytest.fail.Exception)):
        run(name, harness, request)


def test_capabilities_that_ask_for_an_account_are_caught(request: pytest.FixtureRequest) -> None:
    """A provider that offers other kinds when it is offline fails."""
    few = {name: spec for name, spec in offered().items() if name != "rule"}
    harness = replace(harness_of(filled()), offline=lambda: SlotWorld(few))
    with pytest.raises(AssertionError):
        run("capabilities_need_no_account", harness, request)


def test_a_kind_without_a_sample_is_caught(request: pytest.FixtureRequest) -> None:
    """A kind that no sample tries fails the suite, so that nothing is left out silently."""
    harness = harness_of(filled())
    fewer = [sample for sample in harness.samples if sample.kind != "rule"]
    with pytest.raises(AssertionError):
        run("every_kind_has_a_sample", replace(harness, samples=fewer), request)


def test_every_test_of_the_suite_is_proven() -> None:
    """Each test of the suite has a broken target here that it catches."""
    tests = {name.removeprefix("test_") for name in dir(ProviderSuite) if name.startswith("test_")}
    assert tests == {name for _, name in CAUGHT} | {"capabilities_need_no_account", "every_kind_has_a_sample"}


def test_a_subclass_needs_a_harness() -> None:
    """Without a harness the suite says where to read on."""
    with pytest.raises(NotImplementedError, match=r"docs/providers\.md"):
        ProviderSuite.harness.__wrapped__(ProviderSuite())
