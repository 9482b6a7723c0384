"""The suite for senders passes for one that is whole, and fails for one that breaks a promise."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import pytest

from runner import kinds
from runner.model import ABSENT, Change, Claim, Merge, Op, Outcome, Slot, Value, Verdict
from runner.spi import Context, Found, KindSpec, NotSent, Query, Reversal, Target, Unavailable, Want
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.sending import SenderSuite
from runner.testing.suite import Promises

TARGET = Target("post", "post")
CANARY = "s3cret-of-the-post"
PAGE = 5


def query(with_: Mapping[str, Any], context: Context) -> Query:
    return Query("notice", where={"first": with_["first"]}, paths=("name", "sent"))


def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
    return [Want("sent", Claim(Op.SEND, "digest"), payload="hello")]


SPEC = replace(
    kinds.notice(),
    schema=kinds.fields({"first": {"type": "integer"}}),
    query=query,
    claims=claims,
    merges={"sent": Merge.EFFECT},
    reversal=Reversal.NONE,
    page=PAGE,
)


@dataclass
class Post:
    """A sender to numbers: `box` counts what arrived, `fault` strikes the next batch."""

    box: Counter[str] = field(default_factory=Counter)
    fault: str = ""
    refused: int = -1
    pages: int = 0

    def capabilities(self) -> Mapping[str, KindSpec]:
        return {"notice": SPEC}

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        keys = query.ids or [str(number) for number in range(query.where["first"])] if query.where or query.ids else ()
        for number, key in enumerate(islice(keys, query.limit)):
            self.pages += number % PAGE == 0
            for path in query.paths:
                yield Slot("post", "notice", key, path), f"number {key}" if path == "name" else ABSENT

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        fault, self.fault, refused, self.refused = self.fault, "", self.refused, -1
        if fault == "down":
            raise NotSent("the post is closed; try again tomorrow")
        for place, change in enumerate(batch):
            if place == refused:
                yield Outcome(Verdict.REJECTED, "moved away")
            elif fault == "lost" and place == 1:
                yield self.lost(change)
            elif fault == "half" and place == 1:
                raise self.broken()
            else:
                yield self.sent(change)

    def sent(self, change: Change) -> Outcome:
        self.box[change.slot.key] += 1
        return Outcome(Verdict.DONE)

    def lost(self, change: Change) -> Outcome:
        self.box[change.slot.key] += 1
        return Outcome(Verdict.UNKNOWN, "no reply")

    def broken(self) -> Exception:
        return NotSent("the post closed; the rest was not sent")


class SaysDoneAndSendsNothing(Post):
    def sent(self, change: Change) -> Outcome:
        return Outcome(Verdict.DONE)


class SendsEverythingTwice(Post):
    def sent(self, change: Change) -> Outcome:
        self.box[change.slot.key] += 1
        return super().sent(change)


class CallsALostReplyNotSent(Post):
    def lost(self, change: Change) -> Outcome:
        return replace(super().lost(change), verdict=Verdict.MOVED)


class CallsItDone(Post):
    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        done = list(super().write(batch)) if self.fault != "half" else []
        yield from done or [Outcome(Verdict.DONE)] * len(batch)


class StopsAtARefusal(Post):
    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        for outcome in super().write(batch):
            yield outcome
            if outcome.verdict is Verdict.REJECTED:
                return


class DoesNotSayThatNothingWasSent(Post):
    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        try:
            yield from super().write(batch)
        except NotSent as fault:
            raise Unavailable(fault.message) from fault


class TakesItBack(Post):
    def capabilities(self) -> Mapping[str, KindSpec]:
        return {"notice": replace(SPEC, reversal=Reversal.WRITE)}


class ShowsItsCredential(Post):
    def broken(self) -> Exception:
        return NotSent(f"login {CANARY} ended")


CAUGHT: Sequence[tuple[type[Post], str]] = (
    (TakesItBack, "nothing_can_be_taken_back"),
    (SaysDoneAndSendsNothing, "an_effect_arrives_once"),
    (SendsEverythingTwice, "an_effect_arrives_once"),
    (StopsAtARefusal, "one_refused_object_leaves_the_others"),
    (CallsALostReplyNotSent, "a_lost_reply_is_unknown"),
    (CallsItDone, "half_a_batch_is_told_apart"),
    (DoesNotSayThatNothingWasSent, "a_target_that_is_down_sent_nothing"),
    (ShowsItsCredential, "no_output_holds_the_credential"),
)


def harness_of(post: Post) -> Harness:
    def arm(fault: str) -> Callable[[], None]:
        return lambda: setattr(post, "fault", fault)

    return Harness(
        target=TARGET,
        open=lambda: post,
        offline=Post,
        samples=[Sample("notice", {"first": 4})],
        edit=lambda slot, value: None,
        dump=lambda: json.dumps(post.box),
        faults=Faults(arm("lost"), arm("half"), lambda place: setattr(post, "refused", place), arm("down")),
        many=Query("notice", where={"first": 4 * PAGE}, paths=("name", "sent")),
        requests=lambda: post.pages,
        canary=CANARY,
        arrived=lambda change: post.box[change.slot.key],
    )


class TestPost(SenderSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return harness_of(Post())


@pytest.mark.parametrize(("broken", "name"), CAUGHT)
def test_a_broken_promise_is_caught(broken: type[Post], name: str, request: pytest.FixtureRequest) -> None:
    """The test of the promise, which passes on the whole sender, fails on the broken one."""
    needs = ("caplog", "capsys") if name == "no_output_holds_the_credential" else ()
    test: Callable[..., None] = getattr(SenderSuite(), f"test_{name}")
    with pytest.raises((AssertionError, Unavailable, ValueError)):
        test(harness_of(broken()), **{fixture: request.getfixturevalue(fixture) for fixture in needs})


def test_every_test_for_senders_is_proven() -> None:
    """Each test that senders have besides those of all providers has a broken sender here that it catches."""
    tests = {name.removeprefix("test_") for name in set(dir(SenderSuite)) - set(dir(Promises))}
    assert {name for name in tests if not name.startswith("_")} == {name for _, name in CAUGHT}
