"""Guards: limits, protected objects, freezes and a required rehearsal, as sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runner.config import Freeze, Guards, Limit
from runner.guard import OVERRIDABLE, limit_of, protects, refusals
from runner.model import Slot
from runner.planfile import Action, Item, RunPlan

NOW = datetime(2026, 12, 11, 12, 0, tzinfo=UTC)
ITEM = Item(Slot("desk", "rule", "7", "active"), "The legal notice", True, False, Action.UPDATE)
RUN = RunPlan("quiet", "rule", "desk", "Rule", "open", True, NOW, None, (ITEM,), 20, 20, 2, 0.0)
FROZEN = Freeze(NOW - timedelta(hours=1), NOW + timedelta(hours=1), "Year-end closing")


def found(
    guards: Guards, *runs: RunPlan, total: int = 0, rehearsed: bool = True, override: tuple[str, ...] = ()
) -> str:
    totals = {("desk", "rule"): total} if total else {}
    return "\n".join(
        refusals(guards, runs or (RUN,), totals=totals, now=NOW, rehearsed=rehearsed, override=override)
    )  # fmt: skip


def test_no_guard_refuses_nothing() -> None:
    """Without guards everything may be applied."""
    assert found(Guards()) == ""


@pytest.mark.parametrize(("most", "refused"), [(19, True), (20, False)])
def test_more_objects_than_allowed(most: int, refused: bool) -> None:
    """The figure, the limit and the way past it are in the sentence."""
    said = found(Guards({"rule": Limit(most)}))

    assert bool(said) is refused
    if refused:
        assert "step quiet touches 20 rule objects on desk, at most 19 are allowed" in said
        assert "--override limits" in said


@pytest.mark.parametrize(
    ("limit", "total", "refused"),
    [
        (Limit(percent=50), 39, True),
        (Limit(percent=50), 40, False),
        (Limit(percent=50, floor=20), 39, True),
        (Limit(percent=50, floor=21), 39, False),
        (Limit(percent=50), 0, False),
    ],
    ids=["above", "exactly", "at the floor", "below the floor", "nobody counted"],
)
def test_a_larger_share_than_allowed(limit: Limit, total: int, refused: bool) -> None:
    """A percentage counts from its floor up, where the number of all objects is known."""
    said = found(Guards({"rule": limit}), total=total)

    assert ("51 % of the 39 rule objects on desk, at most 50 % are allowed" in said) is refused
    assert bool(said) is refused


def test_both_figures_of_one_limit_are_told() -> None:
    """Two exceeded figures are two sentences."""
    assert len(found(Guards({"rule": Limit(5, 10)}), total=20).splitlines()) == 2


def test_a_kind_has_its_own_limit_or_that_of_all_others() -> None:
    """The limit of a kind counts before ``*``."""
    guards = Guards({"rule": Limit(1), "*": Limit(2)})

    assert limit_of(guards, "rule") == Limit(1)
    assert limit_of(guards, "tickets") == Limit(2)
    assert limit_of(Guards(), "rule") is None


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("desk/rule/7", True),
        ("desk/rule/*legal*", True),
        ("*/rule/*", True),
        ("desk/rule/The legal notice", True),
        ("desk/rule/8", False),
        ("other/rule/7", False),
        ("desk/tickets/*", False),
        ("desk/rule/*LEGAL*", False),
    ],
)
def test_a_protected_object_is_named_by_key_or_name(pattern: str, meant: bool) -> None:
    """A pattern with wildcards means objects by id or by display name."""
    assert protects(pattern, ITEM) is meant
    assert (
        "protected: step quiet would change rule 'The legal notice'" in found(Guards(protected=(pattern,)))
    ) is meant


def test_a_protected_object_is_told_once() -> None:
    """One sentence for a pattern and a step is enough."""
    run = replace(RUN, items=(ITEM, replace(ITEM, slot=Slot("desk", "rule", "8", "active"))))

    assert len(found(Guards(protected=("desk/*",)), run).splitlines()) == 1


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (NOW, NOW + timedelta(hours=1), True),
        (NOW - timedelta(hours=1), NOW, False),
        (NOW + timedelta(minutes=1), NOW + timedelta(hours=1), False),
    ],
    ids=["from now on", "until now", "later"],
)
def test_a_freeze_counts_from_its_start_to_its_end(start: datetime, end: datetime, refused: bool) -> None:
    """A freeze holds from its first instant up to, but not at, its last."""
    assert ("freeze: Year-end closing" in found(Guards(freezes=(Freeze(start, end, "Year-end closing"),)))) is refused


def test_a_rehearsal_that_is_missing() -> None:
    """Where one is required, a playbook that was not rehearsed is refused."""
    guards = Guards(require_rehearsal=True)

    assert "run `runner rehearse`" in found(guards, rehearsed=False)
    assert found(guards, rehearsed=True) == ""


STRICT = Guards({"*": Limit(1)}, ("desk/*",), (FROZEN,), require_rehearsal=True)


@pytest.mark.parametrize(
    "run", [replace(RUN, direction="close"), replace(RUN, due=False)], ids=["a restore", "a forecast"]
)
def test_only_what_opens_now_is_guarded(run: RunPlan) -> None:
    """A restore is never refused, and what is not due yet only for want of a rehearsal."""
    assert found(STRICT, run) == ""
    said = found(STRICT, run, rehearsed=False)
    assert said.partition(":")[0] == ("" if run.direction == "close" else "rehearsal")


def test_what_was_set_aside_does_not_refuse() -> None:
    """Every guard but the protected objects can be overridden by name."""
    every = found(STRICT, rehearsed=False)
    rest = found(STRICT, rehearsed=False, override=OVERRIDABLE)

    assert [line.partition(":")[0] for line in every.splitlines()] == ["limits", "protected", "freeze", "rehearsal"]
    assert [line.partition(":")[0] for line in rest.splitlines()] == ["protected"]
