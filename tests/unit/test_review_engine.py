"""Faults of the engine that a review found: each test is the history that went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.commands import operate
from runner.errors import Held, Interrupted, RateLimited, Unavailable
from runner.playbook import Playbook
from runner.spi import KindSpec
from runner.store import ledger
from runner.testing.world import Fault, What
from tests.support.lab import BY, START, Lab, all_kinds


def narrow(kind: str, **more: Any) -> dict[str, KindSpec]:
    """Return the common kinds, one of them with other limits."""
    specs = all_kinds()
    return {**specs, kind: replace(specs[kind], **more)}


def once(lab: Lab, on: str, what: Callable[[], object]) -> None:
    """Do something right before the first request of a sort is handled."""
    left = [what]

    def watch(asked: str, kind: str) -> None:
        del kind
        if asked == on and left:
            left.pop()()

    lab.world.watch = watch


def off(lab: Lab, name: str = "match", **step: Any) -> Playbook:
    """Return a playbook that switches a channel off."""
    lab.world.put("channel", "wa", name="WhatsApp", enabled=True)
    return lab.playbook(
        name, [{"id": "off", "uses": "channel", "with": {"channel": "WhatsApp", "enabled": False}, **step}]
    )


def held(lab: Lab) -> list[str]:
    """Return the fields that the store holds."""
    with lab.session.store.reading() as conn:
        return [str(one.slot) for one in ledger.all_held(conn)]


# --- before-images --------------------------------------------------------------------------------------------------


def test_an_edit_made_while_an_earlier_batch_is_written_is_the_original(tmp_path: Path) -> None:
    """What was listed before an earlier batch was written is read again before its before-image is taken."""
    lab = Lab(tmp_path, specs=narrow("message", max_batch=1))
    for n in "123":
        lab.world.put("message", n, name=f"M{n}", text__en=f"old {n}")
    names = {"message": ["M1", "M2", "M3"], "text": "closed"}
    planned = lab.plan(lab.playbook("match", [{"id": "say", "uses": "message", "with": names}]))
    slot = lab.slot("message", "3", "text/en")
    once(lab, "write", lambda: lab.world.edit(slot, "edited by a person"))
    operate.apply(lab.session, planned, BY, lab.progress)
    assert lab.world.get(slot) == "closed"
    lab.revert()
    assert lab.world.get(slot) == "edited by a person"


def test_edits_before_and_between_two_steps_of_one_outage_are_both_kept(tmp_path: Path) -> None:
    """A second edit of a text that two steps of one outage hold can be stored, and is what comes back."""
    lab = Lab(tmp_path)
    lab.world.put("message", "1", name="M", text__en="old")
    slot = lab.slot("message", "1", "text/en")
    say = {"uses": "message"}
    steps = [
        {"id": "one", **say, "with": {"message": "M", "text": "one"}},
        {"id": "two", **say, "from": "start + 1h", "with": {"message": "M", "text": "two"}},
    ]
    lab.apply(lab.playbook("storm", [{"id": "say", **say, "with": {"message": "M", "text": "storm"}}]))
    lab.world.edit(slot, "first edit")
    lab.apply(lab.playbook("match", steps))
    lab.world.edit(slot, "second edit")
    lab.later(hours=1).tick()
    lab.revert("match")
    lab.revert("storm")
    assert lab.world.get(slot) == "second edit"


def test_hours_opened_between_two_steps_of_one_outage_stay_open_when_the_second_ends(tmp_path: Path) -> None:
    """An edit of hours that the first step closed is not taken away when the second step is over."""
    lab = Lab(tmp_path)
    lab.world.put("business_hours", "1", name="S", hours__fri=["08:00-18:00"])
    slot, edited = lab.slot("business_hours", "1", "hours/fri"), ["08:00-11:30", "12:00-13:00", "14:30-18:00"]
    late = {"from": "start + 1h", "until": "end - 1h", "with": {"schedule": "S", "hours": {"fri": ["10:00-16:00"]}}}
    steps = [
        {"id": "one", "uses": "business_hours", "with": {"schedule": "S", "closed": "window"}},
        {"id": "two", "uses": "business_hours", **late},
    ]
    lab.apply(lab.playbook("match", steps))
    lab.world.edit(slot, edited)
    lab.later(hours=1).tick()
    lab.later(hours=1).tick()
    assert lab.world.get(slot) == edited


# --- selections -----------------------------------------------------------------------------------------------------


def test_at_most_holds_also_when_a_tick_opens_the_step(tmp_path: Path) -> None:
    """A step that is opened when its time comes refuses more objects than `at_most`, and touches none of them."""
    lab = Lab(tmp_path, now=START - timedelta(days=1))
    pause = {"select": {"status": "open"}, "status": "pause", "at_most": 1}
    lab.world.put("tickets", "1", status="open")
    lab.apply(lab.playbook("match", [{"id": "pause", "uses": "tickets", "with": pause}]))
    lab.world.put("tickets", "2", status="open")
    report = lab.at(START).tick()[0]
    assert [lab.get("tickets", key, "status") for key in "12"] == ["open", "open"]
    assert "at_most 1" in report.runs[0].message
    assert report.pending


def test_a_long_list_does_not_outlive_the_lease(tmp_path: Path) -> None:
    """The lease is renewed while a selection is listed for longer than it lasts."""
    lab = Lab(tmp_path, now=START - timedelta(days=1))
    for number in range(800):
        lab.world.put("tickets", f"{number:04}", status="open")
    pause = {"select": {"status": "open"}, "status": "pause"}
    lab.apply(lab.playbook("match", [{"id": "pause", "uses": "tickets", "with": pause}]))

    def slow(on: str, kind: str) -> None:
        del on, kind
        lab.later(seconds=15)

    lab.world.watch = slow
    lab.at(START).tick()
    assert lab.get("tickets", "0799", "status") == "pending"


def test_a_revert_leaves_no_list_of_an_apply_that_did_not_finish(tmp_path: Path) -> None:
    """The list of tickets that an unfinished step worked on is gone once the step is given back."""
    lab = Lab(tmp_path, specs=narrow("tickets", max_batch=1))
    for key in "123":
        lab.world.put("tickets", key, status="open", name="a subject")
    lab.world.fail(Fault(What.RAISE, skip=1, error=Unavailable("down")))
    pause = {"select": {"status": "open"}, "status": "pause"}
    lab.apply(lab.playbook("match", [{"id": "pause", "uses": "tickets", "with": pause}]))
    assert list((tmp_path / "store" / "spool").iterdir())
    lab.revert()
    assert not list((tmp_path / "store" / "spool").iterdir())


# --- two processes --------------------------------------------------------------------------------------------------


def test_a_revert_does_not_wait_for_a_long_pause_that_the_vendor_asked_for(tmp_path: Path) -> None:
    """Somebody who waits for a rate limit gives way to a revert within one renewal of the lease."""
    lab = Lab(tmp_path)
    book, began, wait = off(lab), lab.clock, lab._wait
    lab.world.fail(Fault(What.RAISE, error=RateLimited("slow", retry_after=3600)))
    asked: list[float] = []

    def reverted(seconds: float) -> None:
        wait(seconds)
        if not asked and lab.clock > began + 100:
            asked.append(lab.clock)
            other = Lab(tmp_path, lab.world, now=lab.deps.now(), owner="other@there/2")
            with pytest.raises(Held):
                other.revert()
            other.session.close()

    lab.deps = lab.session.deps = replace(lab.deps, wait=reverted)
    with pytest.raises(Interrupted):
        lab.apply(book)
    assert lab.clock - asked[0] <= 31
