"""Deciding for one slot what is written and what the store will hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.decide import Decision, Seen, closing, keeping, opening
from runner.layers import Held
from runner.model import ABSENT, KEPT, PERSON, Claim, Layer, Merge, Op, Slot, Value

SLOT = Slot("desk", "thing", "1", "field")
AT = "2026-12-11T12:00:00Z"


def mine(value: Value, *, owner: str = "a", n: int = 10, priority: int = 0, **more: Any) -> Layer:
    return Layer(owner, "run", priority, n, 0, Claim(Op.PUT, value, **more))


def seen(was: Held | None, live: Value, merge: Merge = Merge.ATOMIC) -> Seen:
    return Seen(SLOT, merge, "Thing", was, live, 90, AT)


def held(base: Value, last: Value, *layers: Layer, merge: Merge = Merge.ATOMIC) -> Held:
    return Held(SLOT, merge, base, last, tuple(layers), rev=3, name="Thing")


# --- opening --------------------------------------------------------------------------------------------------------


def test_the_first_claim_captures_the_base() -> None:
    """What is live when nobody holds the slot is the base, before anything is written."""
    decision = opening(seen(None, 1), mine(2))

    assert decision.write
    assert (decision.slot, decision.before, decision.after) == (SLOT, 1, 2)
    assert decision.intent == Held(SLOT, Merge.ATOMIC, 1, 1, (mine(2),), name="Thing")
    assert decision.settled == replace(decision.intent, last=2)


def test_the_base_is_captured_although_nothing_is_written() -> None:
    """A slot that is as wanted already is held all the same."""
    decision = opening(seen(None, 2), mine(2))

    assert not decision.write
    assert decision.settled.base == 2
    assert decision.settled.held


def test_a_second_outage_keeps_the_base_of_the_first() -> None:
    """Another outage's value is never taken for the base."""
    decision = opening(seen(held(1, 2, mine(2)), 2), mine(3, owner="b", n=20))

    assert decision.intent.base == 1
    assert decision.after == 3


def test_an_edit_that_a_newcomer_finds_lies_below_it() -> None:
    """An edit first seen when an outage comes on top was made before it: the outage covers it."""
    decision = opening(seen(held(1, 2, mine(2)), 9), mine(3, owner="b", n=20))

    assert [each.owner for each in decision.intent.layers] == ["a", PERSON, "b"]
    assert (decision.after, decision.write, decision.hidden) == (3, True, ())


def test_an_edit_on_a_layer_that_stays_above_the_newcomer_hides_it() -> None:
    """An edit on top of a higher priority hides an outage that comes in below."""
    decision = opening(seen(held(1, 2, mine(2, priority=5)), 9), mine(3, owner="b", n=20))

    assert [each.owner for each in decision.intent.layers] == ["b", "a", PERSON]
    assert (decision.after, decision.write) == (9, False)


def test_a_hidden_claim_shows_what_it_would_have_written() -> None:
    """A person's edit wins over an amended claim, and the decision says what it hides."""
    decision = opening(seen(held(1, 2, mine(2)), 9), mine(3))

    assert (decision.after, decision.write, decision.hidden) == (9, False, (3,))
    assert decision.settled.last == 9


def test_force_drops_the_edit_in_the_way() -> None:
    """With force the claim is written and no person's layer is left."""
    decision = opening(seen(held(1, 2, mine(2)), 9), mine(3), force=True)

    assert (decision.after, decision.write, decision.hidden) == (3, True, ())
    assert decision.settled.layers == (mine(3),)


def test_force_leaves_an_edit_that_is_not_in_the_way() -> None:
    """Force drops nothing where the claim has what it asks for."""
    cut = Layer("a", "run", 0, 10, 0, Claim(Op.MEMBERS, remove=("11:00-14:00",)))
    was = held(["09:00-18:00"], ["09:00-11:00", "14:00-18:00"], cut, merge=Merge.MINUTES)

    decision = opening(seen(was, ["08:00-11:00", "14:00-18:00"], Merge.MINUTES), cut, force=True)

    assert not decision.write
    assert [each.owner for each in decision.settled.layers] == ["a", PERSON]


# --- effects --------------------------------------------------------------------------------------------------------


def effect(was: Held | None) -> Decision:
    layer = Layer("a", "run", 0, 10, 0, Claim(Op.SEND, "digest"))
    return opening(seen(was, ABSENT, Merge.EFFECT), layer)


def test_an_effect_is_sent_once() -> None:
    """What a step has sent is held, and not sent again."""
    first = effect(None)
    second = effect(first.settled)

    assert first.write
    assert first.settled.last == "digest"
    assert not second.write
    assert second.settled == first.settled


def test_an_effect_is_let_go_of_without_a_write() -> None:
    """There is nothing to take back when a step that sent something ends."""
    sent = effect(None).settled

    decision = closing(seen(sent, ABSENT, Merge.EFFECT), "a", "run")

    assert (decision.write, decision.after) == (False, ABSENT)
    assert not decision.settled.held


# --- closing --------------------------------------------------------------------------------------------------------


def test_closing_writes_the_base_and_holds_on_until_it_is_confirmed() -> None:
    """The claim stays in the store until the restore is confirmed."""
    decision = closing(seen(held(1, 2, mine(2)), 2), "a", "run")

    assert (decision.after, decision.write, decision.hidden) == (1, True, ())
    assert decision.intent.layers == (mine(2),)
    assert decision.settled.layers == ()
    assert decision.settled.last == 1


def test_closing_what_is_restored_already_writes_nothing() -> None:
    """Somebody who set the base back leaves nothing to do."""
    decision = closing(seen(held(1, 2, mine(2)), 1), "a", "run")

    assert not decision.write
    assert not decision.intent.held
    assert decision.hidden == ()


def test_closing_keeps_an_edit_and_says_what_it_hides() -> None:
    """A person's value remains, and the decision says what the restore would have given."""
    decision = closing(seen(held(1, 2, mine(2)), 9), "a", "run")

    assert (decision.after, decision.write, decision.hidden) == (9, False, (1,))


def test_a_forced_close_drops_the_edit() -> None:
    """With force the base comes back whatever people set."""
    decision = closing(seen(held(1, 2, mine(2)), 9), "a", "run", force=True)

    assert (decision.after, decision.write, decision.hidden) == (1, True, ())


def test_closing_below_another_outage_writes_nothing() -> None:
    """What a later outage still wants stands."""
    other = mine(3, owner="b", n=20)

    decision = closing(seen(held(1, 3, mine(2), other), 3), "a", "run")

    assert not decision.write
    assert decision.settled.layers == (other,)


def test_closing_what_is_not_held_by_the_step_writes_nothing() -> None:
    """A step without a claim has nothing to give back, and tells nothing about edits."""
    other = mine(3, owner="b", n=20)

    decision = closing(seen(held(1, 3, other), 9), "a", "run")

    assert (decision.write, decision.hidden) == (False, ())


@pytest.mark.parametrize(("live", "after", "write"), [("pending", "open", True), ("new", "new", False)])
def test_a_value_that_never_comes_back_gets_its_stand_in(live: Value, after: Value, write: bool) -> None:
    """The stand-in is written and reported, unless the original is live already."""
    paused = mine("pending", give_back={"new": "open"})

    decision = closing(seen(held("new", "pending", paused), live), "a", "run")

    assert (decision.after, decision.write) == (after, write)
    assert decision.instead == ("new" if write else ABSENT)


# --- keeping --------------------------------------------------------------------------------------------------------


def test_keeping_writes_nothing_and_leaves_the_value() -> None:
    """A change that stays on purpose is no longer held by its outage."""
    other = mine(3, owner="b", n=20)

    decision = keeping(seen(held(1, 3, mine(2), other), 3), "a", "run")

    assert (decision.write, decision.after) == (False, 3)
    assert [each.owner for each in decision.settled.layers] == [KEPT, "b"]


def test_a_sent_effect_is_kept_without_looking_at_it() -> None:
    """An effect has no live value that could differ."""
    sent = effect(None).settled

    assert not keeping(seen(sent, "anything", Merge.EFFECT), "a", "run").settled.held
