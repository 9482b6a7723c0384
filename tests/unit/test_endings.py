"""What one slot came to after a write, from what the vendor said and what was read back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.endings import End, Sight, ending, is_proven, slot_of, stale, unsure, worst
from runner.layers import Held
from runner.model import ABSENT, PERSON, Claim, Layer, Merge, Op, Outcome, Ref, Slot, Value, Verdict
from runner.report import Fate
from runner.store.ledger import Entry

SLOT = Slot("desk", "thing", "1", "field")
MINE = Layer("match", "run", 0, 10, 0, Claim(Op.PUT, 2))
DONE = Outcome(Verdict.DONE)
PROVEN = Outcome(Verdict.DONE, proven=True)
LOST = Outcome(Verdict.UNKNOWN)
REFUSED = Outcome(Verdict.REJECTED, "no such value")
MOVED = Outcome(Verdict.MOVED, "somebody was faster")


def entry(before: Value = 1, after: Value = 2, *, direction: str = "open") -> Entry:
    return Entry(7, "match", "run", direction, Ref("desk", "thing", "1"), {"field": (before, after)}, "intent")


def held(*layers: Layer, base: Value = 1, last: Value = 1, merge: Merge = Merge.ATOMIC) -> Held:
    return Held(SLOT, merge, base, last, layers, 1, "Thing")


OPENING = held(MINE)
CLOSING = held(MINE, last=2)


def came(
    one: Held | None, said: Outcome | None, live: Value = None, *, journal: Entry | None = None
) -> End:  # fmt: skip
    now = {} if one is None else {SLOT: one}
    read = {} if live is None else {SLOT: live}
    outcomes = {} if said is None else {SLOT: said}
    return ending(journal or entry(), "field", Sight(now, outcomes, read, 90, "now"))


# --- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [DONE, LOST, None], ids=["done", "lost", "nobody heard"])
def test_what_is_read_back_as_written_is_done(said: Outcome | None) -> None:
    """Live decides, whatever was said."""
    assert came(OPENING, said, 2) == End("done", replace(OPENING, last=2))


def test_what_the_vendor_proves_is_not_read() -> None:
    """An item that the vendor named as done is done."""
    assert came(OPENING, PROVEN) == End("done", replace(OPENING, last=2))


def test_an_amendment_that_is_refused_leaves_what_was_written_before() -> None:
    """The step goes on holding its earlier value, which a restore gives back; what it never wrote it does not hold."""
    amended = held(replace(MINE, claim=Claim(Op.PUT, 3)), last=2)
    end = came(amended, REFUSED, 2, journal=entry(2, 3))
    assert (end.state, end.held) == ("rejected", replace(amended, layers=(MINE,)))
    other = Layer("storm", "run", 0, 5, 0, Claim(Op.PUT, 2))
    both = came(held(other, replace(MINE, claim=Claim(Op.PUT, 3)), last=2), REFUSED, 2, journal=entry(2, 3))
    assert both.held == held(other, last=2)


def test_a_restore_may_find_that_nothing_had_come_of_it() -> None:
    """A proven end with a reason is done, and the reason is told; without one there is nothing to tell."""
    back = entry(2, 1, direction="close")
    end = came(CLOSING, replace(PROVEN, reason="the ticket was open"), journal=back)
    assert end.note is not None
    assert (end.state, end.note.fate, end.note.reason) == ("done", Fate.FAILED, "the ticket was open")
    assert came(CLOSING, PROVEN, journal=back).note is None


@pytest.mark.parametrize("said", [LOST, None], ids=["lost", "nobody heard"])
def test_what_did_not_arrive_is_tried_again(said: Outcome | None) -> None:
    """Live as before after a lost reply means that nothing was written."""
    end = came(OPENING, said, 1)

    assert (end.state, end.held) == ("void", OPENING)


def test_answered_ok_and_nothing_changed_is_told() -> None:
    """A target that answers OK and changes nothing holds nothing."""
    end = came(OPENING, DONE, 1)

    assert end.state == "rejected"
    assert end.held is not None
    assert not end.held.held
    assert end.note is not None
    assert (end.note.fate, end.note.wanted, end.note.live) == (Fate.REJECTED, 2, 1)
    assert "changed nothing" in end.reason


def test_a_refusal_lets_go_of_the_claim() -> None:
    """What the vendor refuses is not held."""
    end = came(OPENING, REFUSED, 1)

    assert (end.state, end.reason) == ("rejected", "no such value")
    assert end.held is not None
    assert not end.held.held


def test_what_moved_is_looked_at_again() -> None:
    """A failed precondition forgets a claim that was never sent, so that its before-image is taken anew."""
    end = came(OPENING, MOVED)

    assert (end.state, end.reason) == ("void", "somebody was faster")
    assert end.held is not None
    assert not end.held.held


def test_an_edit_on_top_of_the_write_is_a_person_s_layer() -> None:
    """A third value means that somebody wrote after us."""
    end = came(OPENING, DONE, 9)

    assert end.state == "done"
    assert end.held is not None
    assert [each.owner for each in end.held.layers] == ["match", PERSON]
    assert end.held.last == 9


def test_a_slot_that_nobody_holds_any_more_is_done() -> None:
    """Nothing is left to settle where the store has forgotten the slot."""
    assert came(None, None, 1) == End("done")


# --- closing --------------------------------------------------------------------------------------------------------


def test_a_restore_that_landed_lets_go() -> None:
    """The claim goes with the confirmed restore."""
    end = came(CLOSING, DONE, 1, journal=entry(2, 1, direction="close"))

    assert end == End("done", replace(CLOSING, layers=(), last=1))


@pytest.mark.parametrize(("said", "state"), [(LOST, "void"), (REFUSED, "rejected"), (DONE, "rejected")])
def test_a_restore_that_did_not_land_is_still_owed(said: Outcome, state: str) -> None:
    """The claim stays until it is given back."""
    end = came(CLOSING, said, 2, journal=entry(2, 1, direction="close"))

    assert (end.state, end.held) == (state, CLOSING)


def test_an_amended_step_lets_go_of_what_it_no_longer_wants() -> None:
    """A write under an opening that takes a claim back ends it."""
    end = came(CLOSING, DONE, 1, journal=entry(2, 1))

    assert end == End("done", replace(CLOSING, layers=(), last=1))


def test_a_field_that_is_as_wanted_needs_no_look() -> None:
    """Of an object, a field that the write does not change is done."""
    one = held(MINE, last=2)

    assert came(one, None, journal=entry(2, 2)) == End("done", one)


# --- effects --------------------------------------------------------------------------------------------------------

SENT = Layer("match", "run", 0, 10, 0, Claim(Op.SEND, "digest"))
EFFECT = held(SENT, base=ABSENT, last=ABSENT, merge=Merge.EFFECT)


@pytest.mark.parametrize(
    ("said", "state", "holds", "fate"),
    [
        (DONE, "done", True, None),
        (MOVED, "void", False, None),
        (REFUSED, "rejected", False, Fate.REJECTED),
        (LOST, "unknown", True, Fate.UNKNOWN),
        (None, "unknown", True, Fate.UNKNOWN),
    ],
    ids=["done", "not sent", "refused", "lost", "nobody heard"],
)
def test_an_effect_is_never_looked_up(said: Outcome | None, state: str, holds: bool, fate: Fate | None) -> None:
    """What is known of an effect is what was said; without a word it stays unknown and held."""
    end = came(EFFECT, said, journal=entry(ABSENT, "digest"))

    assert end.state == state
    assert end.held is not None
    assert end.held.held is holds
    assert (end.note.fate if end.note else None) is fate


# --- whole objects --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (("done", "done"), "done"),
        (("done", "void"), "void"),
        (("void", "rejected"), "rejected"),
        (("rejected", "unknown"), "unknown"),
    ],
)
def test_an_object_is_as_bad_as_its_worst_field(states: tuple[str, ...], state: str) -> None:
    """Unknown before rejected before void before done, with its reason."""
    ends = [End(each, reason=each) for each in states]

    assert worst(ends) == (state, "" if state == "done" else state)


def test_only_what_nothing_proves_is_read_back() -> None:
    """Effects, unchanged fields and proven items need no look."""
    changes: dict[str, tuple[Value, Value]] = {"sent": (ABSENT, "x"), "same": (1, 1), "field": (1, 2)}
    one = replace(entry(), changes=changes)
    merge = {"sent": Merge.EFFECT, "same": Merge.ATOMIC, "field": Merge.ATOMIC}

    assert unsure([one], {}, merge) == {"1"}
    assert unsure([one], {SLOT: DONE}, merge) == {"1"}
    assert unsure([one], {SLOT: PROVEN}, merge) == set()
    assert unsure([one], {SLOT: MOVED}, merge) == set()
    assert not is_proven(None)


def test_a_value_that_still_reads_as_before_is_stale() -> None:
    """A field that should have changed and has not may be an old read."""
    merge = {"field": Merge.ATOMIC}

    assert slot_of(entry(), "field") == SLOT
    assert stale([entry()], {SLOT: 1}, merge) == {"1"}
    assert stale([entry()], {SLOT: 2}, merge) == set()
    assert stale([entry()], {}, merge) == set()
    assert stale([entry(2, 2)], {SLOT: 2}, merge) == set()


@pytest.mark.parametrize(
    ("one", "journal", "fate"),
    [(OPENING, entry(), Fate.CONFLICT), (CLOSING, entry(2, 1, direction="close"), Fate.KEPT)],
    ids=["open", "close"],
)
def test_another_value_right_after_the_write_is_told(one: Held, journal: Entry, fate: Fate) -> None:
    """A target that says to have done it and shows neither the old value nor ours may keep ours in another form, or a
    person was as quick: it stays, and somebody is told. Whether a lost reply was carried out is another question."""
    end = came(one, DONE, 5, journal=journal)
    assert end.note is not None
    assert (end.state, end.note.fate, end.note.live) == ("done", fate, 5)
    assert came(one, LOST, 5, journal=journal).note is None


def test_a_member_that_a_person_adds_in_that_moment_is_no_conflict() -> None:
    """What the outage wants is there: nobody has to look."""
    claim = Claim(Op.MEMBERS, add=("paused",))
    one = held(Layer("match", "run", 0, 10, 0, claim), base=["a"], last=["a"], merge=Merge.SET)
    end = came(one, DONE, ["a", "b", "paused"], journal=entry(["a"], ["a", "paused"]))
    assert (end.state, end.note) == ("done", None)
