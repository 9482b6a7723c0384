"""The account that the conformance suite tests a provider on, and the small steps of its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema

from runner.layers import Held, claimed, same, wanted
from runner.model import ABSENT, Accepted, Change, Layer, Merge, Outcome, Slot, Value, Verdict
from runner.selecting import objects, resolve
from runner.spi import Context, Found, KindSpec, Provider, Query, Target


def no_wait(seconds: float) -> None:
    """Wait for nothing: what was written can be read at once."""
    del seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """One step of one kind on the account: its `with`, and what a person sets meanwhile in the first field it changes.

    The step must change something on the account as it stands. `edited` is a value as the provider reads it, None
    where nobody edits meanwhile.
    """

    kind: str
    with_: Mapping[str, Any]
    edited: Value = None


@dataclass(frozen=True, slots=True)
class Faults:
    """How to make the next write go wrong, each for one request.

    lost_reply   written, and the reply never arrives
    half_batch   part of the batch is written, then the connection breaks
    refuse       the object of the change with this number (from 0) is refused, the others are written
    unavailable  the account does not answer, nothing is written
    """

    lost_reply: Callable[[], None]
    half_batch: Callable[[], None]
    refuse: Callable[[int], None]
    unavailable: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Harness:
    """One account to test a provider on.

    target    the configuration that `open` uses
    open      opens the provider, each time afresh, on the same account
    offline   opens it where no credential can be resolved and nothing answers
    samples   at least one for every kind that is not carried out by people; one must touch two objects or more
    edit      does what a person does on the vendor's pages
    dump      everything that the account holds, as canonical text, without logs, stamps and counters
    faults    how to make the next write go wrong
    many      a query for more objects than two pages
    requests  how many requests the account has answered so far
    canary    the text of the credential that `open` uses; no output may hold it
    missing   an id that does not exist
    start     when the samples' steps are active, for three hours
    wait      waits for so many seconds until a written value can be read
    arrived   how often the effect of a change has arrived; for a provider that only sends
    """

    target: Target
    open: Callable[[], Provider]
    offline: Callable[[], Provider]
    samples: Sequence[Sample]
    edit: Callable[[Slot, Value], None]
    dump: Callable[[], str]
    faults: Faults
    many: Query
    requests: Callable[[], int]
    canary: str
    missing: str = "999999999"
    start: datetime = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
    wait: Callable[[float], None] = no_wait
    arrived: Callable[[Change], int] | None = None

    def context(self) -> Context:
        """Return the context of the samples' steps."""
        end = self.start + timedelta(hours=3)
        return Context("sample@1", "sample", self.target, self.start, end, (self.start, end), self.target.zone)


@dataclass(frozen=True, slots=True)
class Step:
    """One sample, planned: the changes that it makes, all of one kind."""

    kind: str
    spec: KindSpec
    changes: tuple[Change, ...]
    edited: Value


def plan(harness: Harness, provider: Provider, sample: Sample) -> Step:
    """Return what a sample would change now; reads only."""
    spec = provider.capabilities()[sample.kind]
    jsonschema.Draft202012Validator(spec.schema).validate(sample.with_)
    context = harness.context()
    query = resolve(spec.query(sample.with_, context), provider.read, harness.target.name)
    changes: list[Change] = []
    for found in objects(provider.read(query)):
        changes += _changes(spec, harness.target.name, sample.with_, context, found)
    assert changes, f"a sample of {sample.kind} changes nothing on this account"
    return Step(sample.kind, spec, tuple(changes), sample.edited)


def _changes(spec: KindSpec, target: str, with_: Mapping[str, Any], context: Context, found: Found) -> Iterator[Change]:
    for want in spec.claims(with_, context, found):
        slot = Slot(target, spec.kind, found.key, want.path)
        merge, live = spec.merge(want.path), found.values.get(want.path, ABSENT)
        if merge is Merge.EFFECT:
            yield Change(slot, ABSENT, want.claim.value, want.payload)
            continue
        after = wanted(claimed(Held(slot, merge, live, live), Layer("sample", "sample", 0, 1, 0, want.claim)))
        if not same(merge, live, after):
            yield Change(slot, live, after, want.payload)


def plans(harness: Harness, provider: Provider) -> list[Step]:
    """Return all samples, planned on the account as it stands, without what cannot be taken back."""
    steps = []
    for sample in harness.samples:
        step = plan(harness, provider, sample)
        kept = tuple(change for change in step.changes if step.spec.merge(change.slot.path) is not Merge.EFFECT)
        if kept:
            steps.append(replace(step, changes=kept))
    return steps


def largest(harness: Harness, provider: Provider) -> Step:
    """Return the sample that touches most objects."""
    step = max(plans(harness, provider), key=lambda each: len({change.slot.key for change in each.changes}))
    assert len({change.slot.key for change in step.changes}) >= 2, "one sample must touch two objects or more"
    return step


def write(provider: Provider, changes: Sequence[Change]) -> list[Outcome]:
    """Write one batch and return its outcomes; a job that was accepted comes before all of them."""
    outcomes: list[Outcome] = []
    for answer in provider.write(changes):
        if isinstance(answer, Accepted):
            assert not outcomes, "an accepted job must be announced before its first outcome"
            assert answer.ref, "an accepted job needs a reference to poll it by"
        else:
            assert isinstance(answer, Outcome), f"write yielded {answer!r}"
            outcomes.append(answer)
    return outcomes


def live(harness: Harness, provider: Provider, step: Step, *, settled: bool = True) -> dict[Slot, Value]:
    """Return what the slots of a step hold now; `settled`: once every job is over and every read shows it."""
    if settled and step.spec.job_time:
        for _ in range(100):
            if all(state == "done" for _, state in provider.read(Query(step.kind, paths=("job",)))):
                break
            harness.wait(step.spec.job_time / 100)
    if settled:
        harness.wait(step.spec.settle)
    ids = tuple(dict.fromkeys(change.slot.key for change in step.changes))
    paths = tuple(dict.fromkeys(change.slot.path for change in step.changes))
    return dict(provider.read(Query(step.kind, ids=ids, paths=paths)))


def differing(step: Step, found: Mapping[Slot, Value], *, side: str) -> list[str]:
    """Return the slots that do not hold the `before` or `after` (side) of the step, in words."""
    return [
        f"{change.slot}: {found.get(change.slot)!r}, expected {value!r}"
        for change in step.changes
        for value in [change.after if side == "after" else change.before]
        if not same(step.spec.merge(change.slot.path), found.get(change.slot, ABSENT), value)
    ]


def give_back(harness: Harness, provider: Provider, step: Step) -> None:
    """Set every slot of a step to what it held before, whatever it holds now."""
    found = live(harness, provider, step)
    back = [Change(change.slot, found[change.slot], change.before) for change in step.changes]
    outcomes = write(provider, [change for change in back if change.before != change.after])
    assert all(outcome.verdict is Verdict.DONE for outcome in outcomes), outcomes
