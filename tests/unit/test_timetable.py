"""What is due: computed from the clock and the stored states alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runner.playbook import Outage, Playbook, Run
from runner.timetable import State, blocked, due, outcome

START = datetime(2026, 12, 11, 12, 0, tzinfo=UTC)
END = START + timedelta(hours=3)
BEFORE, INSIDE, AFTER = START - timedelta(minutes=1), START + timedelta(hours=1), END


BOOK = Playbook("match", "Match", "ops", "partial", "UTC", 0, (), {}, (), (), "match.yaml", {}, {}, "")


def run(name: str, order: int = 0, **more: Any) -> Run:
    return replace(Run(name, name, order, "channel", "desk", {}, START, END), **more)


def outage(*runs: Run) -> Outage:
    return Outage("match@2026-12-11T12:00", BOOK, START, END, False, runs)


def acts(
    one: Outage, states: Mapping[str, str], now: datetime, *, reverting: bool = False, changed: str = ""
) -> list[tuple[str, str]]:
    stored = {name: State(state, "old") for name, state in states.items()}
    digests = {each.id: "new" if each.id == changed else "old" for each in one.runs}
    return [(act.verb, act.run.id) for act in due(one, stored, digests, now, reverting=reverting)]


# --- one run --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "now", "reverting", "found"),
    [
        ("pending", BEFORE, False, []),
        ("pending", START, False, ["open"]),
        ("pending", INSIDE, False, ["open"]),
        ("pending", AFTER, False, ["miss"]),
        ("pending", BEFORE, True, ["cancel"]),
        ("pending", INSIDE, True, ["cancel"]),
        ("opening", INSIDE, False, ["open"]),
        ("opening", AFTER, False, ["close"]),
        ("opening", INSIDE, True, ["close"]),
        ("active", INSIDE, False, []),
        ("active", AFTER, False, ["close"]),
        ("active", INSIDE, True, ["close"]),
        ("waiting", AFTER, False, ["close"]),
        ("closing", INSIDE, False, ["close"]),
        ("done", AFTER, False, []),
        ("cancelled", INSIDE, False, []),
        ("missed", INSIDE, False, []),
    ],
)
def test_a_run_is_where_the_clock_wants_it(state: str, now: datetime, reverting: bool, found: list[str]) -> None:
    """Each stored state has at most one act at each time."""
    assert acts(outage(run("a")), {"a": state}, now, reverting=reverting) == [(verb, "a") for verb in found]


def test_a_run_that_has_to_be_ready_starts_early() -> None:
    """A lead brings the start forward."""
    states = {"a": State("pending", lead=timedelta(minutes=10))}

    early = list(due(outage(run("a")), states, {"a": ""}, START - timedelta(minutes=10), reverting=False))
    too_early = list(due(outage(run("a")), states, {"a": ""}, START - timedelta(minutes=11), reverting=False))

    assert [act.verb for act in early] == ["open"]
    assert too_early == []


@pytest.mark.parametrize("state", ["active", "waiting"])
def test_a_run_that_the_playbook_changed_is_amended(state: str) -> None:
    """Another digest than at the opening means amend, while the run lasts."""
    assert acts(outage(run("a")), {"a": state}, INSIDE, changed="a") == [("amend", "a")]
    assert acts(outage(run("a")), {"a": state}, AFTER, changed="a") == [("close", "a")]


def test_arrivals_are_swept_in_while_the_run_lasts() -> None:
    """A run that includes arrivals has something to do at every call, after it was amended."""
    one = outage(run("a", with_={"arrivals": "include"}))

    assert acts(one, {"a": "active"}, INSIDE) == [("sweep", "a")]
    assert acts(one, {"a": "active"}, INSIDE, changed="a") == [("amend", "a")]


def test_a_run_without_an_end_is_over_only_by_revert() -> None:
    """Something that stays never ends by the clock."""
    one = outage(run("a", end=None))

    assert acts(one, {"a": "active"}, AFTER) == []
    assert acts(one, {"a": "pending"}, AFTER) == [("open", "a")]
    assert acts(one, {"a": "active"}, AFTER, reverting=True) == [("close", "a")]


# --- order ----------------------------------------------------------------------------------------------------------


def test_endings_come_first_and_in_reverse_order() -> None:
    """What ends now ends in the reverse of the file's order, before anything opens."""
    one = outage(run("a"), run("b", 1), run("c", 2, end=END + timedelta(hours=1)))

    assert acts(one, {"a": "active", "b": "active", "c": "pending"}, AFTER) == [
        ("close", "b"),
        ("close", "a"),
        ("open", "c"),
    ]


@pytest.mark.parametrize(
    ("need", "opens"),
    [("pending", False), ("opening", False), ("waiting", False), ("active", True), ("done", True), ("missed", False)],
)
def test_a_run_opens_when_what_it_needs_is_there(need: str, opens: bool) -> None:
    """A run waits for what it needs to be confirmed."""
    one = outage(run("a"), run("b", 1, needs=("a",)))

    assert (("open", "b") in acts(one, {"a": need, "b": "pending"}, INSIDE)) is opens


@pytest.mark.parametrize(("dependant", "closes"), [("active", False), ("closing", False), ("done", True)])
def test_a_run_closes_when_nothing_that_needs_it_holds(dependant: str, closes: bool) -> None:
    """B needs A: B is given back before A is."""
    one = outage(run("a"), run("b", 1, needs=("a",)))

    assert (("close", "a") in acts(one, {"a": "active", "b": dependant}, AFTER)) is closes


def test_what_was_done_for_one_act_counts_for_the_next() -> None:
    """States are looked at when a run's turn comes."""
    one = outage(run("a"), run("b", 1, needs=("a",)))
    states = {"a": State("active", "old"), "b": State("active", "old")}
    found = []

    for act in due(one, states, {"a": "old", "b": "old"}, AFTER, reverting=False):
        found.append(act.run.id)
        states[act.run.id] = State("done", "old")

    assert found == ["b", "a"]


def test_who_waits_for_what_is_told() -> None:
    """A due run whose need is not there is listed with the first need that is missing."""
    one = outage(run("a"), run("b", 1, needs=("a",)), run("c", 2, start=END, needs=("a",)), run("d", 3))
    states = {name: State("pending") for name in "abcd"}

    assert [(each.id, need) for each, need in blocked(one, states, INSIDE)] == [("b", "a")]


# --- follow-ups -----------------------------------------------------------------------------------------------------


def followed(**more: Any) -> Outage:
    return outage(run("a"), run("a/restore/1", 1, after="a", start=END, end=None, **more))


@pytest.mark.parametrize(
    ("parent", "now", "reverting", "found"),
    [
        ("active", INSIDE, False, []),
        ("done", AFTER, False, ["open"]),
        ("done", INSIDE, True, ["open"]),
        ("done", BEFORE, True, ["cancel"]),
        ("cancelled", INSIDE, True, ["cancel"]),
        ("missed", AFTER, False, ["cancel"]),
    ],
)
def test_a_follow_up_runs_when_its_step_was_confirmed(
    parent: str, now: datetime, reverting: bool, found: list[str]
) -> None:
    """A follow-up opens once its step is over, and only if that had been done; not when it never began."""
    states = {"a": parent, "a/restore/1": "pending"}
    mine = [act for act in acts(followed(), states, now, reverting=reverting) if act[1] != "a"]

    assert mine == [(verb, "a/restore/1") for verb in found]


@pytest.mark.parametrize(("now", "found"), [(BEFORE, "open"), (INSIDE, "cancel")])
def test_a_follow_up_for_cancelled_outages_runs_before_the_start_only(now: datetime, found: str) -> None:
    """`when: cancelled` means reverted before the window began."""
    states = {"a": "done", "a/restore/1": "pending"}

    assert acts(followed(when="cancelled"), states, now, reverting=True) == [(found, "a/restore/1")]


def test_a_follow_up_with_an_end_outlives_the_revert() -> None:
    """A revert does not take a follow-up down; its own end does."""
    one = outage(run("a"), run("a/restore/1", 1, after="a", start=END, end=END + timedelta(days=1)))
    states = {"a": "done", "a/restore/1": "active"}

    assert acts(one, states, AFTER, reverting=True) == []
    assert acts(one, states, END + timedelta(days=1), reverting=True) == [("close", "a/restore/1")]


def test_a_follow_up_whose_time_is_over_is_missed() -> None:
    """A follow-up that nobody opened before its end is missed."""
    one = outage(run("a"), run("a/restore/1", 1, after="a", start=END, end=END + timedelta(days=1)))

    assert acts(one, {"a": "done", "a/restore/1": "pending"}, END + timedelta(days=1)) == [("miss", "a/restore/1")]


# --- the whole outage -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "whole"),
    [
        ("pending", "pending", "registered"),
        ("active", "pending", "open"),
        ("opening", "pending", "open"),
        ("waiting", "active", "open"),
        ("closing", "active", "open"),
        ("closing", "done", "closing"),
        ("done", "pending", "open"),
        ("done", "done", "closed"),
        ("done", "missed", "closed"),
        ("cancelled", "missed", "missed"),
        ("cancelled", "cancelled", "cancelled"),
    ],
)
def test_the_state_of_an_outage_is_what_its_runs_add_up_to(a: str, b: str, whole: str) -> None:
    """The stored states of the runs alone tell the state of the outage."""
    assert outcome(outage(run("a"), run("b", 1)), {"a": State(a), "b": State(b)}) == whole


def test_an_outage_with_a_follow_up_left_is_closing() -> None:
    """An outage closes with its last follow-up."""
    assert outcome(followed(), {"a": State("done"), "a/restore/1": State("active")}) == "closing"
