"""The conformance suite: what every provider promises, as tests that a provider's author subclasses.

    class TestMyProvider(ProviderSuite):
        @pytest.fixture
        def harness(self) -> Harness:
            ...

Each test leaves the account as it found it, so that the suite can run against a real one as well. A provider that only
sends, and so has nothing to give back, subclasses `runner.testing.sending.SenderSuite`. Needs pytest.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from traceback import format_exception

import jsonschema
import pytest

from runner.model import ABSENT, Change, Merge, Outcome, Slot, Verdict
from runner.spi import Means, Provider, ProviderError, Query
from runner.testing.harness import (
    Faults,
    Harness,
    Sample,
    differing,
    give_back,
    largest,
    live,
    plan,
    plans,
    write,
)

__all__ = ["Faults", "Harness", "ProviderSuite", "Sample"]


class Promises:
    """What every provider promises, whatever it offers."""

    @pytest.fixture
    def harness(self) -> Harness:
        """Return the account to test on."""
        raise NotImplementedError("a subclass of the suite needs a `harness` fixture; see docs/providers.md")

    # --- offline ----------------------------------------------------------------------------------------------------

    def test_capabilities_need_no_account(self, harness: Harness) -> None:
        """What the target offers is known offline, without credentials, and every schema is a schema."""
        offered = harness.offline().capabilities()
        assert offered
        for kind, spec in offered.items():
            assert spec.kind == kind
            jsonschema.Draft202012Validator.check_schema(spec.schema)
        assert offered.keys() == harness.open().capabilities().keys()

    def test_every_kind_has_a_sample(self, harness: Harness) -> None:
        """Each kind that the provider carries out itself is tried here."""
        offered = harness.open().capabilities()
        assert {kind for kind, spec in offered.items() if spec.means is Means.API} == kinds_of(harness)

    # --- reading ----------------------------------------------------------------------------------------------------

    def test_planning_writes_nothing(self, harness: Harness) -> None:
        """Reading and planning every sample leaves the account byte for byte as it was."""
        before = harness.dump()
        provider = harness.open()
        for sample in harness.samples:
            plan(harness, provider, sample)
            assert all(slot.kind == sample.kind for slot, _ in provider.read(Query(sample.kind, paths=("name",))))
        assert harness.dump() == before

    def test_objects_have_names(self, harness: Harness) -> None:
        """Reading all objects of a kind by `name` gives each one that exists a name, and each key once."""
        provider = harness.open()
        for kind in sorted(kinds_of(harness)):
            rows = list(provider.read(Query(kind, paths=("name",))))
            assert all(slot.path == "name" and isinstance(name, str) and name for slot, name in rows)
            assert len({slot.key for slot, _ in rows}) == len(rows)

    def test_a_limit_is_kept(self, harness: Harness) -> None:
        """A query with a limit yields that many objects."""
        rows = harness.open().read(replace(harness.many, limit=3))
        assert len({slot.key for slot, _ in rows}) == 3

    def test_reading_is_lazy(self, harness: Harness) -> None:
        """The first object costs one page; the rest is fetched when it is asked for."""
        provider = harness.open()
        start = harness.requests()
        rows = provider.read(harness.many)
        next(rows)
        first = harness.requests() - start
        keys = {slot.key for slot, _ in rows}
        whole = harness.requests() - start
        page = provider.capabilities()[harness.many.kind].page
        assert len(keys) > 2 * page, "`many` must select more than two pages"
        assert first <= 2, f"{first} requests before the first object was shown"
        assert whole > first, "all pages were read before the first object was shown"

    def test_an_empty_batch_is_nothing(self, harness: Harness) -> None:
        """Writing no change yields no outcome and changes nothing."""
        before = harness.dump()
        assert write(harness.open(), []) == []
        assert harness.dump() == before


class ProviderSuite(Promises):
    """Subclass it, give it a `harness` fixture, and pytest runs the suite on the provider."""

    def test_a_read_answers_what_was_asked(self, harness: Harness) -> None:
        """Every exact path of every object asked for is answered once, with all slots of one object in a row."""
        provider = harness.open()
        for step in plans(harness, provider):
            ids = tuple(dict.fromkeys(change.slot.key for change in step.changes))
            paths = ("name", *dict.fromkeys(change.slot.path for change in step.changes))
            slots = [slot for slot, _ in provider.read(Query(step.kind, ids=ids, paths=paths))]
            assert {(slot.target, slot.kind) for slot in slots} == {(harness.target.name, step.kind)}
            assert Counter((slot.key, slot.path) for slot in slots) == Counter(
                (id_, path) for id_ in ids for path in paths
            )
            runs = [key for key, _ in groupby(slots, key=lambda slot: slot.key)]
            assert len(runs) == len(ids), f"the slots of one {step.kind} object are not in a row"

    def test_an_id_that_does_not_exist_is_absent(self, harness: Harness) -> None:
        """An unknown id is answered with ABSENT in every path asked for, and is no error."""
        provider = harness.open()
        for step in plans(harness, provider):
            paths = ("name", *dict.fromkeys(change.slot.path for change in step.changes))
            rows = list(provider.read(Query(step.kind, ids=(harness.missing,), paths=paths)))
            expected = [(Slot(harness.target.name, step.kind, harness.missing, path), ABSENT) for path in paths]
            assert sorted(rows, key=lambda row: row[0]) == sorted(expected, key=lambda row: row[0])

    # --- writing ----------------------------------------------------------------------------------------------------

    def test_what_is_written_is_read(self, harness: Harness) -> None:
        """After a write that answers `done`, reading gives the values written."""
        provider = harness.open()
        for step in plans(harness, provider):
            assert [outcome.verdict for outcome in write(provider, step.changes)] == [Verdict.DONE] * len(step.changes)
            assert differing(step, live(harness, harness.open(), step), side="after") == []
            give_back(harness, provider, step)

    def test_the_inverse_gives_back_every_byte(self, harness: Harness) -> None:
        """Writing the inverse of every change, last first, leaves the account byte for byte as it was."""
        before = harness.dump()
        provider = harness.open()
        steps = plans(harness, provider)
        for step in steps:
            write(provider, step.changes)
        assert harness.dump() != before
        for step in reversed(steps):
            inverse = [change.inverse() for change in reversed(step.changes)]
            assert [outcome.verdict for outcome in write(provider, inverse)] == [Verdict.DONE] * len(inverse)
        assert harness.dump() == before

    def test_writing_twice_is_writing_once(self, harness: Harness) -> None:
        """A write sent again, because nobody knows whether it landed, changes nothing more; a vendor that checks what
        was there before may say that it moved."""
        provider = harness.open()
        for step in plans(harness, provider):
            write(provider, step.changes)
            once = harness.dump()
            again = [replace(change, before=change.after) for change in step.changes]
            fine = {Verdict.DONE, Verdict.MOVED} if step.spec.precondition else {Verdict.DONE}
            assert {outcome.verdict for outcome in write(provider, again)} <= fine
            assert harness.dump() == once
            give_back(harness, provider, step)

    def test_effects_are_sent(self, harness: Harness) -> None:
        """An effect is answered like any other change and is never read back."""
        provider = harness.open()
        for sample in harness.samples:
            step = plan(harness, provider, sample)
            effects = [change for change in step.changes if step.spec.merge(change.slot.path) is Merge.EFFECT]
            if effects:
                assert [outcome.verdict for outcome in write(provider, effects)] == [Verdict.DONE] * len(effects)
                found = live(harness, provider, replace(step, changes=tuple(effects)))
                assert set(found.values()) <= {ABSENT}

    # --- faults -----------------------------------------------------------------------------------------------------

    def test_one_refused_object_leaves_the_others(self, harness: Harness) -> None:
        """Outcomes come one per change and in order: the refused object says why, all others are written."""
        provider = harness.open()
        step = largest(harness, provider)
        refused = step.changes[-1].slot.key
        place = next(index for index, change in enumerate(step.changes) if change.slot.key == refused)
        harness.faults.refuse(place)
        outcomes = write(provider, step.changes)
        assert len(outcomes) == len(step.changes)
        found = live(harness, provider, step)
        for change, outcome in zip(step.changes, outcomes, strict=True):
            hit = change.slot == step.changes[place].slot
            if hit or outcome.verdict is Verdict.REJECTED:
                assert (outcome.verdict, change.slot.key) == (Verdict.REJECTED, refused)
                assert outcome.reason, "a refusal needs a reason"
                assert found[change.slot] == change.before
            else:
                assert outcome.verdict is Verdict.DONE
                assert found[change.slot] == change.after
        give_back(harness, provider, step)

    def test_half_a_batch_is_told_apart(self, harness: Harness) -> None:
        """When a batch breaks in the middle, every `done` is written and nothing else is half-written."""
        provider = harness.open()
        step = largest(harness, provider)
        harness.faults.half_batch()
        done: list[Outcome] = []
        try:
            done += (each for each in provider.write(step.changes) if isinstance(each, Outcome))
            broke = len(done) < len(step.changes)
        except ProviderError:
            broke = True
        unsure = any(outcome.verdict is not Verdict.DONE for outcome in done)
        assert broke or unsure, "a batch that broke must raise, or answer `unknown` or `rejected` for the rest"
        found = live(harness, provider, step)
        for change, outcome in zip(step.changes, done, strict=False):
            if outcome.verdict is Verdict.DONE:
                assert found[change.slot] == change.after
        assert all(found[change.slot] in (change.before, change.after) for change in step.changes)
        rest = [change for change in step.changes if found[change.slot] != change.after]
        assert [outcome.verdict for outcome in write(provider, rest)] == [Verdict.DONE] * len(rest)
        give_back(harness, provider, step)

    def test_a_lost_reply_is_unknown(self, harness: Harness) -> None:
        """A reply that never arrives is `unknown` for every change, never an exception, and reading tells the truth."""
        provider = harness.open()
        step = largest(harness, provider)
        harness.faults.lost_reply()
        assert {outcome.verdict for outcome in write(provider, step.changes)} == {Verdict.UNKNOWN}
        assert differing(step, live(harness, provider, step), side="after") == []
        give_back(harness, provider, step)

    def test_an_account_that_is_down_raises(self, harness: Harness) -> None:
        """An account that does not answer is a ProviderError in a sentence, and nothing was written."""
        provider = harness.open()
        before = harness.dump()
        step = largest(harness, provider)
        harness.faults.unavailable()
        with pytest.raises(ProviderError) as caught:
            write(provider, step.changes)
        assert " " in caught.value.message
        assert harness.dump() == before

    def test_a_persons_edit_is_seen(self, harness: Harness) -> None:
        """What a person sets between plan and apply is read, and where the vendor can check it, not overwritten."""
        provider = harness.open()
        steps = [step for step in plans(harness, provider) if step.edited is not None]
        assert steps, "at least one sample needs `edited`"
        for step in steps:
            first = replace(step, changes=step.changes[:1])
            change = first.changes[0]
            assert step.edited != change.before, f"`edited` of {step.kind} must differ from what is there"
            assert live(harness, provider, first)[change.slot] == change.before
            harness.edit(change.slot, step.edited)
            assert live(harness, provider, first, settled=False)[change.slot] == step.edited
            if step.spec.precondition and step.edited != change.after:
                assert [outcome.verdict for outcome in write(provider, [change])] == [Verdict.MOVED]
                assert live(harness, provider, first)[change.slot] == step.edited
            harness.edit(change.slot, change.before)

    # --- secrets ----------------------------------------------------------------------------------------------------

    def test_no_output_holds_the_credential(
        self, harness: Harness, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Neither values, outcomes, errors with their causes, reprs, logs nor prints hold the credential's text."""
        caplog.set_level(logging.DEBUG)
        provider = harness.open()
        step = largest(harness, provider)
        said: list[object] = [provider, provider.capabilities(), step]
        for arm in (harness.faults.lost_reply, harness.faults.half_batch, lambda: harness.faults.refuse(0)):
            arm()
            said += overheard(provider, step.changes)
            give_back(harness, provider, step)
        harness.faults.unavailable()
        said += overheard(provider, step.changes)
        printed = capsys.readouterr()
        said += [caplog.text, printed.out, printed.err]
        assert [text for text in map(repr, said) if harness.canary in text] == []


def kinds_of(harness: Harness) -> set[str]:
    """Return the kinds that the samples try."""
    return {sample.kind for sample in harness.samples}


def overheard(provider: Provider, changes: Sequence[Change]) -> list[object]:
    """Write a batch and return everything that it said, errors with their whole chain of causes included."""
    said: list[object] = []
    try:
        said += list(provider.write(changes))
    except ProviderError as error:
        said += [str(error), repr(error), vars(error), "".join(format_exception(error))]
    return said
