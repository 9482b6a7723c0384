"""Overlays: the fold, people's edits as layers, conflicts, and what a write came to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.layers import (
    Held,
    claimed,
    conflicts,
    forced,
    given_back,
    kept,
    members,
    rebased,
    recover,
    released,
    same,
    satisfied,
    see,
    stack,
    unsent,
    wanted,
)
from runner.model import ABSENT, KEPT, PERSON, UNKNOWN, Claim, Layer, Merge, Op, Slot, Value

SLOT = Slot("desk", "thing", "1", "field")
DAY = ["09:00-18:00"]


def put(value: Value) -> Claim:
    return Claim(Op.PUT, value)


def append(line: str) -> Claim:
    return Claim(Op.APPEND, line)


def without(*gone: str) -> Claim:
    return Claim(Op.MEMBERS, remove=gone)


def layer(owner: str, claim: Claim, n: int, *, priority: int = 0, step: int = 0) -> Layer:
    return Layer(owner, "run", priority, n, step, claim)


def held(merge: Merge, base: Value, *layers: Layer, last: Value = None) -> Held:
    one = Held(SLOT, merge, base, base, tuple(layers))
    return replace(one, last=wanted(one) if last is None else last)


def seen(one: Held, live: Value, n: int = 90) -> Held:
    return see(one, live, n=n, at="2026-12-11T12:00:00Z")


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("merge", "a", "b", "equal"),
    [
        (Merge.ATOMIC, 1, 1, True),
        (Merge.ATOMIC, 1, True, False),
        (Merge.ATOMIC, False, 0, False),
        (Merge.ATOMIC, True, True, True),
        (Merge.ATOMIC, {"a": 1}, {"a": 1}, True),
        (Merge.ATOMIC, ABSENT, UNKNOWN, False),
        (Merge.SET, ["b", "a"], ["a", "b"], True),
        (Merge.SET, ["a"], ["a", "b"], False),
        (Merge.SET, [], ABSENT, False),
        (Merge.SET, ABSENT, ABSENT, True),
        (Merge.MINUTES, ["09:00-10:00", "10:00-11:00"], ["09:00-11:00"], True),
        (Merge.MINUTES, None, [], True),
        (Merge.TEXT, "a", "a\n", False),
    ],
)
def test_values_mean_the_same(merge: Merge, a: Value, b: Value, equal: bool) -> None:
    """Sets compare by member, an absent set is not an empty one, and 1 is not true."""
    assert same(merge, a, b) is equal
    assert same(merge, b, a) is equal


@pytest.mark.parametrize("nothing", [ABSENT, UNKNOWN, None])
def test_nothing_has_no_members(nothing: Value) -> None:
    """What is absent, unknown or null has no members."""
    assert members(Merge.SET, nothing) == frozenset()


# --- the fold -------------------------------------------------------------------------------------------------------


def test_the_fold_goes_by_priority_then_number_then_step() -> None:
    """Layers fold in the order (priority, n, step), however they are stored."""
    layers = [
        layer("c", append("third"), 3, priority=1),
        layer("b", append("second"), 7, step=2),
        layer("a", append("first"), 7, step=1),
    ]

    assert wanted(held(Merge.TEXT, "base", *layers)) == "base\nfirst\nsecond\nthird"


def test_the_base_comes_back_in_the_vendor_s_own_representation() -> None:
    """A fold that comes to the base gives the base itself, not a normalised copy."""
    base = ["13:00-18:00", "09:00-13:00"]
    added = layer("a", Claim(Op.MEMBERS, add=("10:00-11:00",)), 1)

    assert wanted(held(Merge.MINUTES, base, added)) is base
    assert wanted(held(Merge.MINUTES, base)) is base


@pytest.mark.parametrize(
    ("merge", "base", "claim", "result"),
    [
        (Merge.MINUTES, DAY, without("11:00-14:00"), ["09:00-11:00", "14:00-18:00"]),
        (Merge.MINUTES, DAY, put([]), []),
        (Merge.MINUTES, ABSENT, without("11:00-14:00"), []),
        (Merge.SET, ["a", "b"], Claim(Op.MEMBERS, add=("c",), remove=("a",)), ["b", "c"]),
        (Merge.TEXT, "Hello\n", append("Closed"), "Hello\nClosed"),
        (Merge.TEXT, ABSENT, append("Closed"), "Closed"),
        (Merge.TEXT, None, append("Closed"), "Closed"),
        (Merge.ATOMIC, 1, put(ABSENT), ABSENT),
        (Merge.EFFECT, ABSENT, Claim(Op.SEND, "digest"), "digest"),
    ],
)
def test_a_claim_is_a_function_of_what_is_below(merge: Merge, base: Value, claim: Claim, result: Value) -> None:
    """Each claim takes what lies below it to what it asks for."""
    assert wanted(held(merge, base, layer("a", claim, 1))) == result


def test_the_stack_shows_every_layer_with_the_value_up_to_it() -> None:
    """The stack lists the base and every layer, bottom up, each with the value that the slot has there."""
    one, two = layer("a", without("11:00-12:00"), 1), layer("b", without("13:00-14:00"), 2)

    rows = stack(held(Merge.MINUTES, DAY, two, one))

    assert rows == [
        (None, DAY),
        (one, ["09:00-11:00", "12:00-18:00"]),
        (two, ["09:00-11:00", "12:00-13:00", "14:00-18:00"]),
    ]


# --- people's edits -------------------------------------------------------------------------------------------------


def test_what_is_as_believed_changes_nothing() -> None:
    """Seeing what is believed to be live leaves the slot as it is."""
    one = held(Merge.ATOMIC, 1, layer("a", put(2), 1))

    assert seen(one, 2) is one


def test_an_edit_lies_on_top_with_the_priority_of_what_it_lies_on() -> None:
    """A person's edit takes the highest priority below it and remembers when it was seen."""
    one = held(Merge.ATOMIC, 1, layer("a", put(2), 1, priority=5), layer("b", put(3), 2))

    edited = seen(one, 9)

    assert edited.layers[-1] == Layer(PERSON, "", 5, 90, 0, put(9), "2026-12-11T12:00:00Z")
    assert edited.last == 9
    assert wanted(edited) == 9
    assert wanted(released(released(edited, "a", "run"), "b", "run")) == 9


def test_a_later_outage_covers_an_edit_and_uncovers_it() -> None:
    """An outage that comes after an edit lies above it; when it goes, the edit shows again."""
    edited = seen(held(Merge.ATOMIC, 1, layer("a", put(2), 1)), 9)

    covered = claimed(edited, layer("b", put(3), 91))

    assert wanted(covered) == 3
    assert wanted(released(covered, "b", "run")) == 9


def test_neighbouring_edits_are_one_layer() -> None:
    """A second edit right above the first replaces it by the difference of both."""
    one = held(Merge.MINUTES, DAY, layer("a", without("11:00-14:00"), 1))

    twice = seen(seen(one, ["08:00-11:00", "14:00-18:00"], 90), ["08:00-11:00", "14:00-17:00"], 91)

    assert [each.owner for each in twice.layers] == ["a", PERSON]
    assert twice.layers[-1].claim == Claim(Op.MEMBERS, add=("08:00-09:00",), remove=("17:00-18:00",))
    assert wanted(released(twice, "a", "run")) == ["08:00-17:00"]


@pytest.mark.parametrize(
    ("merge", "base", "claim", "edit"),
    [
        (Merge.ATOMIC, 1, put(2), 9),
        (Merge.MINUTES, DAY, without("11:00-14:00"), ["09:00-18:00"]),
        (Merge.TEXT, "Hello", append("Closed"), "Bye"),
    ],
)
def test_an_edit_that_is_undone_leaves_nothing(merge: Merge, base: Value, claim: Claim, edit: Value) -> None:
    """A person who undoes their own edit leaves no layer behind."""
    one = held(merge, base, layer("a", claim, 1))

    undone = seen(seen(one, edit), one.last, 91)

    assert undone == one


@pytest.mark.parametrize("edit", [ABSENT, UNKNOWN])
@pytest.mark.parametrize("merge", [Merge.MINUTES, Merge.TEXT])
def test_an_edit_that_takes_the_field_away_is_a_value(merge: Merge, edit: Value) -> None:
    """Taking a whole field away is kept as such, whatever its kind of merge."""
    base: Value = DAY if merge is Merge.MINUTES else "Hello"
    claim = without("11:00-14:00") if merge is Merge.MINUTES else append("Closed")

    edited = seen(held(merge, base, layer("a", claim, 1)), edit)

    assert edited.layers[-1].claim == put(edit)
    assert wanted(released(edited, "a", "run")) is edit


# --- texts ----------------------------------------------------------------------------------------------------------


def text(*lines: str) -> Held:
    return held(Merge.TEXT, "Hello", *(layer(line, append(line), n) for n, line in enumerate(lines, 1)))


def test_a_new_body_replaces_the_old_and_our_line_goes_with_its_outage() -> None:
    """A rewritten body stays; the line that still stands in it goes away with its outage."""
    edited = seen(text("Match", "Storm"), "Good day\nMatch\nYour team\nStorm")

    assert wanted(released(edited, "Match", "run")) == "Good day\nYour team\nStorm"
    assert wanted(released(edited, "Storm", "run")) == "Good day\nMatch\nYour team"


@pytest.mark.parametrize(
    ("edit", "rest"),
    [("Match\nBye", "Bye"), ("Match", ""), ("Bye, Match, bye", "Bye, , bye")],
    ids=["first line", "only line", "inside a line"],
)
def test_our_line_is_cut_wherever_somebody_moved_it(edit: str, rest: str) -> None:
    """A line of ours that somebody moved is found and cut out verbatim."""
    assert wanted(released(seen(text("Match"), edit), "Match", "run")) == rest


def test_a_line_that_was_taken_out_stays_out() -> None:
    """A line of ours that somebody took out does not come back while its outage lasts."""
    edited = seen(text("Match", "Storm"), "Hello\nStorm")

    assert wanted(edited) == "Hello\nStorm"
    assert wanted(released(edited, "Storm", "run")) == "Hello"


def test_a_line_that_came_in_below_an_edit_shows() -> None:
    """An outage that opens below an edit of a higher priority still shows its line."""
    one = held(Merge.TEXT, "Hello", layer("a", append("Match"), 1, priority=5))
    edited = seen(one, "Bye\nMatch")

    below = claimed(edited, layer("b", append("Storm"), 91))

    assert wanted(below) == "Bye\nMatch\nStorm"
    assert wanted(released(below, "b", "run")) == "Bye\nMatch"


def test_a_line_whose_text_changed_under_an_edit_is_exchanged() -> None:
    """An amended line takes the place of the old one in a text that somebody rewrote."""
    edited = seen(text("Match"), "Bye\nMatch")

    amended = claimed(edited, layer("Match", append("Overtime"), 1))

    assert wanted(amended) == "Bye\nOvertime"


def test_one_line_of_two_outages_that_stands_once_is_cut_once() -> None:
    """Where two outages append the same line and somebody leaves one of them, cutting the second finds nothing."""
    one = held(Merge.TEXT, "Hello", layer("a", append("Closed"), 1), layer("b", append("Closed"), 2))
    edited = seen(one, "Bye\nClosed")

    assert wanted(released(released(edited, "a", "run"), "b", "run")) == "Bye"


def test_a_text_layer_that_says_absent_stays_absent() -> None:
    """A stored edit of a text that is ABSENT folds to ABSENT."""
    one = held(Merge.TEXT, "Hello", layer(PERSON, Claim(Op.EDIT, ABSENT), 1))

    assert wanted(one) is ABSENT


# --- conflicts ------------------------------------------------------------------------------------------------------


def test_an_edit_that_hides_a_claim_is_a_conflict_with_both_values() -> None:
    """A person's edit above an outage's claim is reported with the value that it hides."""
    mine = layer("a", put(2), 1)

    assert conflicts(seen(held(Merge.ATOMIC, 1, mine), 9)) == [(mine, 2)]


def test_an_edit_beside_a_claim_is_no_conflict() -> None:
    """Opening other hours than those that the outage closes hides nothing."""
    one = held(Merge.MINUTES, DAY, layer("a", without("11:00-14:00"), 1))

    assert conflicts(seen(one, ["08:00-11:00", "14:00-18:00"])) == []


def test_what_another_outage_hides_is_no_conflict_with_people() -> None:
    """A claim that a later outage covers would be covered without people too."""
    edited = seen(held(Merge.ATOMIC, 1, layer("a", put(2), 1)), 9)
    covered = claimed(edited, layer("b", put(3), 91))

    assert conflicts(covered) == []


@pytest.mark.parametrize(
    ("merge", "claim", "value", "given"),
    [
        (Merge.SET, Claim(Op.MEMBERS, add=("a",), remove=("b",)), ["a"], True),
        (Merge.SET, Claim(Op.MEMBERS, add=("a",), remove=("b",)), ["a", "b"], False),
        (Merge.SET, Claim(Op.MEMBERS, add=("a",)), ABSENT, False),
        (Merge.TEXT, append("Closed"), "Hello\nClosed", True),
        (Merge.TEXT, append("Closed"), ABSENT, False),
        (Merge.ATOMIC, put(1), 1, True),
    ],
)
def test_a_claim_has_what_it_asks_for(merge: Merge, claim: Claim, value: Value, given: bool) -> None:
    """A claim is satisfied when its own members, line or value stand, whatever stands beside them."""
    assert satisfied(merge, claim, value) is given


# --- opening, closing, settling -------------------------------------------------------------------------------------


def test_a_claim_that_is_held_already_is_replaced_in_its_place() -> None:
    """Amending keeps priority and number of the first claim."""
    one = held(Merge.ATOMIC, 1, layer("a", put(2), 1), layer("b", put(3), 2))

    amended = claimed(one, layer("a", put(7), 50, priority=9))

    assert amended.layers == (layer("a", put(7), 1), layer("b", put(3), 2))


def test_a_slot_is_held_while_an_outage_claims_it() -> None:
    """People's layers and kept changes alone do not hold a slot."""
    one = seen(held(Merge.ATOMIC, 1, layer("a", put(2), 1)), 9)

    assert one.held
    assert not released(one, "a", "run").held
    assert not kept(one, "a", "run").held


def test_what_is_kept_on_purpose_stays_in_its_place() -> None:
    """A kept change loses its owner and nothing else; other layers stay as they are."""
    one = held(Merge.ATOMIC, 1, layer("a", put(2), 1), layer("b", put(3), 2))

    left = kept(one, "a", "run")

    assert [(each.owner, each.n) for each in left.layers] == [(KEPT, 1), ("b", 2)]
    assert wanted(released(left, "b", "run")) == 2


def test_force_drops_people_s_layers_only() -> None:
    """Forcing leaves outages' layers alone."""
    mine = layer("a", put(2), 1)

    assert forced(seen(held(Merge.ATOMIC, 1, mine), 9)).layers == (mine,)


def test_a_rebased_edit_lies_below_all_outages_and_remains_when_they_end() -> None:
    """A rebase shows the outage's value again, and the person's when it is over."""
    mine = layer("a", put(2), 1, priority=-3)

    moved = rebased(seen(held(Merge.ATOMIC, 1, mine), 9))

    assert wanted(moved) == 2
    assert conflicts(moved) == []
    assert wanted(released(moved, "a", "run")) == 9


def test_rebasing_nothing_changes_nothing() -> None:
    """A slot without layers is as it was after a rebase."""
    one = held(Merge.ATOMIC, 1)

    assert rebased(one) == one


def test_a_value_that_never_comes_back_has_a_stand_in() -> None:
    """What a step says to give back in place of a value is what is written."""
    mine = layer("a", Claim(Op.PUT, "pending", give_back={"new": "open"}), 1)

    assert given_back("new", [mine]) == "open"
    assert given_back("open", [mine]) == "open"
    assert given_back(ABSENT, [mine]) is ABSENT


# --- a write that did not arrive ------------------------------------------------------------------------------------


def unarrived(one: Held, live: Value) -> Held:
    """What the store holds after the opening of `one` did not arrive and `live` was seen."""
    return unsent(replace(one, last=one.base), one.base, wanted(one), live, n=90, at="now")


def test_what_is_as_before_leaves_the_claim_to_be_sent_again() -> None:
    """Nothing was edited: the layers stay, and last is what is live."""
    one = held(Merge.MINUTES, DAY, layer("a", without("11:00-14:00"), 1))

    assert unarrived(one, DAY) == replace(one, last=DAY)


@pytest.mark.parametrize(
    ("merge", "base", "claim", "live", "then", "rest"),
    [
        (
            Merge.MINUTES,
            DAY,
            without("11:00-14:00"),
            ["08:00-17:00"],
            ["08:00-11:00", "14:00-17:00"],
            ["08:00-17:00"],
        ),
        (Merge.SET, ["a"], Claim(Op.MEMBERS, add=("b",)), ["c"], ["b", "c"], ["c"]),
        (Merge.TEXT, "Hello", append("Closed"), "Bye", "Bye\nClosed", "Bye"),
        (Merge.TEXT, "Hello", put("Closed"), "Bye", "Bye", "Bye"),
        (Merge.ATOMIC, 1, put(2), 9, 9, 9),
        (Merge.SET, ABSENT, put(["a"]), ["z"], ["z"], ["z"]),
        (Merge.TEXT, ABSENT, put("Closed"), "Bye", "Bye", "Bye"),
    ],
)
def test_an_edit_beside_it_is_kept_beside_the_claim(
    merge: Merge, base: Value, claim: Claim, live: Value, then: Value, rest: Value
) -> None:
    """What somebody changed meanwhile is theirs; what the outage asks for is sent again, and goes at its end."""
    after = unarrived(held(merge, base, layer("a", claim, 1)), live)

    assert after.last == live
    assert wanted(after) == then
    assert wanted(released(after, "a", "run")) == rest


# --- recovery -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("merge", "before", "after", "live", "landed"),
    [
        (Merge.ATOMIC, 1, 2, 2, True),
        (Merge.ATOMIC, 1, 2, 1, False),
        (Merge.ATOMIC, 1, 2, 9, True),
        (Merge.ATOMIC, ABSENT, {"a": 1}, ABSENT, False),
        (Merge.SET, ["a", "b"], ["c"], ["c"], True),
        (Merge.SET, ["a", "b"], ["c"], ["a", "b", "z"], False),
        (Merge.SET, ["a", "b"], ["c"], ["c", "z"], True),
        (Merge.SET, ["a", "b"], ["c"], ["a", "c"], True),
        (Merge.SET, ["a"], ABSENT, ["z"], True),
        (Merge.MINUTES, DAY, ["09:00-11:00", "14:00-18:00"], ["08:00-18:00"], False),
        (Merge.MINUTES, DAY, ["09:00-11:00", "14:00-18:00"], ["08:00-11:00", "14:00-18:00"], True),
        (Merge.TEXT, "Hello", "Hello\nClosed", "Bye\nClosed", True),
        (Merge.TEXT, "Hello", "Hello\nClosed", "Bye", False),
        (Merge.TEXT, "Hello", ABSENT, "Bye", True),
    ],
)
def test_what_is_live_tells_whether_a_write_landed(
    merge: Merge, before: Value, after: Value, live: Value, landed: bool
) -> None:
    """All members as before: not landed; one as after: landed; an odd atomic value is a person's edit on top."""
    assert recover(merge, before, after, live) is landed
