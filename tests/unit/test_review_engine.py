"""Faults of the engine that a review found: each test is the history that went wrong."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner import registry
from runner.commands import movement, operate, planning, settle
from runner.errors import Held, Interrupted, RateLimited, Refused, Unavailable
from runner.model import ABSENT
from runner.playbook import Playbook
from runner.spi import KindSpec
from runner.store import journal, ledger
from runner.testing.world import Fault, SlotWorld, What
from tests.support.fuse import Killed, fused
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
    if lab.get("channel", "wa", "name") is ABSENT:
        lab.world.put("channel", "wa", name="WhatsApp", enabled=True)
    return lab.playbook(
        name, [{"id": "off", "uses": "channel", "with": {"channel": "WhatsApp", "enabled": False}, **step}]
    )


def held(lab: Lab) -> list[str]:
    """Return the fields that the store holds."""
    with lab.session.store.reading() as conn:
        return [str(one.slot) for one in ledger.all_held(conn)]


def both(folder: Path) -> Lab:
    """Return a lab with two targets, each with a channel."""
    lab = Lab(folder, targets=("desk", "other"))
    other = lab.worlds["other"] = SlotWorld(all_kinds(), target="other")
    other.put("channel", "wa", name="WhatsApp", enabled=True)
    return lab


def wa(lab: Lab) -> dict[str, object]:
    """Return whether the channel is on, by target."""
    return {name: world.get(world.slot("channel", "wa", "enabled")) for name, world in lab.worlds.items() if world}


def imported(lab: Lab, outage: str) -> Lab:
    """Return a runner with an empty store that has read the outage's journal."""
    again = Lab(lab.folder / "again", lab.world, now=lab.deps.now())
    movement.bring_in(again.session, [journal.path_of(lab.config.store.journal, outage)], BY)
    return again


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


# --- announced, and never sent --------------------------------------------------------------------------------------


def test_what_moved_since_it_was_listed_is_the_original(tmp_path: Path) -> None:
    """Where the target refuses a write because the value moved, the before-image is taken anew."""
    lab = Lab(tmp_path, specs=narrow("tickets", precondition=True))
    lab.world.put("tickets", "1", status="new")
    slot = lab.slot("tickets", "1", "status")
    pause = {"select": {"status": ["new", "open"]}, "status": "pause"}
    planned = lab.plan(lab.playbook("match", [{"id": "pause", "uses": "tickets", "with": pause}]))
    once(lab, "write", lambda: lab.world.edit(slot, "open"))
    report = operate.apply(lab.session, planned, BY, lab.progress)[0]
    assert lab.world.get(slot) == "pending"
    again = imported(lab, report.outage)
    again.revert()
    assert again.world.get(slot) == "open"


def test_an_edit_during_a_pause_for_a_rate_limit_is_the_original(tmp_path: Path) -> None:
    """A value that somebody sets before our first write was sent is covered by the outage and comes back after it."""
    lab = Lab(tmp_path)
    lab.world.put("message", "1", name="M", text__en="old")
    slot, wait = lab.slot("message", "1", "text/en"), lab._wait

    def edited(seconds: float) -> None:
        lab.world.edit(slot, "edited")
        wait(seconds)

    lab.world.fail(Fault(What.RAISE, error=RateLimited("slow down", retry_after=60)))
    lab.deps = lab.session.deps = replace(lab.deps, wait=edited)
    say = {"id": "say", "uses": "message", "with": {"message": "M", "text": "closed"}}
    lab.apply(lab.playbook("match", [say]))
    assert lab.world.get(slot) == "closed"
    lab.revert()
    assert lab.world.get(slot) == "edited"


# --- amended --------------------------------------------------------------------------------------------------------


def test_a_step_that_moves_to_another_target_gives_the_first_back(tmp_path: Path) -> None:
    """An amended step lets go of what it holds on the target that its playbook no longer names."""
    lab = both(tmp_path)
    lab.apply(off(lab))
    lab.apply(off(lab, target="other"))
    assert wa(lab) == {"desk": True, "other": False}
    lab.revert()
    assert wa(lab) == {"desk": True, "other": True}
    assert not held(lab)


def test_a_step_of_another_kind_gives_the_first_back(tmp_path: Path) -> None:
    """An amended step lets go of what it holds of the kind that its playbook no longer names."""
    lab = Lab(tmp_path)
    lab.world.put("rule", "r", name="R", active=True)
    lab.apply(off(lab))
    lab.apply(lab.playbook("match", [{"id": "off", "uses": "rule", "with": {"rule": "R", "active": False}}]))
    assert (lab.get("channel", "wa", "enabled"), lab.get("rule", "r", "active")) == (True, False)
    lab.revert()
    assert lab.get("rule", "r", "active") is True
    assert not held(lab)


def test_two_steps_kept_in_one_field_below_another_outage(tmp_path: Path) -> None:
    """Two changes that one outage leaves in one field on purpose can both stand while another outage holds it."""
    lab = Lab(tmp_path)
    lab.world.put("message", "1", name="M", text__en="old")

    def say(text: str, **more: Any) -> dict[str, Any]:
        return {"id": text, "uses": "message", "with": {"message": "M", "text": text}, **more}

    lab.apply(lab.playbook("storm", [say("storm")]))
    lab.apply(lab.playbook("match", [say("one", restore="keep"), say("two", restore="keep")]))
    lab.revert("match")
    lab.revert("storm")
    assert lab.get("message", "1", "text/en") == "two"


# --- one target must not hold up another ----------------------------------------------------------------------------


def test_a_target_that_is_gone_does_not_hold_up_the_revert_of_the_others(tmp_path: Path) -> None:
    """With a target taken out of runner.yaml the plan of a revert says so, and the other target is given back."""
    lab = both(tmp_path)
    lab.apply(off(lab, target=["desk", "other"]))
    lab.session.close()
    alone = Lab(tmp_path, lab.world, now=lab.deps.now())
    plan = planning.plan_revert(alone.session, operate.the_outage(alone.session, ""))
    assert [bool(run.warnings) for run in plan.runs] == [True, False]
    report = alone.revert()
    assert report.pending
    assert "no target 'other'" in report.runs[0].message
    assert alone.get("channel", "wa", "enabled") is True


@pytest.mark.parametrize("gone", [False, True])
def test_an_unconfirmed_write_on_a_dead_target_does_not_hold_up_the_others(tmp_path: Path, gone: bool) -> None:
    """After a crash while one target was written, the others are given back although nobody can look that up."""
    lab = both(tmp_path)
    book = off(lab, target=["desk", "other"])
    fused(lab).arm("written", 2)
    with pytest.raises(Killed):
        lab.apply(book)
    later = lab.deps.now() + timedelta(minutes=3)
    next_one = Lab(tmp_path, lab.world, now=later, targets=("desk",) if gone else ("desk", "other"))
    if not gone:
        other = next_one.worlds["other"] = lab.worlds["other"]
        assert other is not None
        other.fail(*[Fault(What.RAISE, on="read", error=Unavailable("down"))] * 3)
    report = next_one.revert()
    assert next_one.get("channel", "wa", "enabled") is True
    assert report.pending
    assert "not known yet" in report.warnings[0]


def test_only_says_what_it_could_not_give_back(tmp_path: Path) -> None:
    """A step that another target's step needs stays with `--only`, and the report says so."""
    lab = both(tmp_path)
    first = off(lab)
    enabled = {"channel": "WhatsApp", "enabled": False}
    steps = [
        {"id": "a", "uses": "channel", "with": enabled},
        {"id": "b", "uses": "channel", "target": "other", "needs": ["a"], "with": enabled},
    ]
    lab.apply(lab.playbook(first.name, steps))
    report = lab.revert(only="desk")
    assert wa(lab) == {"desk": False, "other": False}
    assert report.pending
    assert "b on other needs it" in report.warnings[0]


def test_hours_that_nobody_can_read_stop_only_their_own_outage(tmp_path: Path) -> None:
    """Hours in an odd form are a fault of the target; the restores of other outages go on."""
    lab = Lab(tmp_path)
    lab.world.put("business_hours", "1", name="S", hours__fri=["08:00-18:00"])
    hours = {"id": "h", "uses": "business_hours", "with": {"schedule": "S", "closed": "window"}}
    lab.apply(lab.playbook("early", [hours]))
    lab.apply(off(lab))
    lab.world.edit(lab.slot("business_hours", "1", "hours/fri"), ["8:00-18:00"])
    reports = lab.later(hours=3).tick()
    assert lab.get("channel", "wa", "enabled") is True
    assert "no times of a day" in reports[0].runs[0].message


def test_a_damaged_journal_stops_only_its_own_outage(tmp_path: Path) -> None:
    """A tick gives back what other outages hold although the journal of one cannot be written."""
    lab = Lab(tmp_path)
    lab.world.put("rule", "r", name="R", active=True)
    rule = {"id": "r", "uses": "rule", "with": {"rule": "R", "active": False}}
    damaged = lab.apply(lab.playbook("early", [rule])).outage
    lab.apply(off(lab))
    with journal.path_of(lab.config.store.journal, damaged).open("ab") as file:
        file.write(b"no line of ours\n")
    reports = lab.later(hours=3).tick()
    assert lab.get("channel", "wa", "enabled") is True
    assert reports[0].pending
    assert "damaged" in reports[0].warnings[0]


def test_an_outage_that_somebody_unlocks_stops_only_its_own_drive(tmp_path: Path) -> None:
    """A tick that loses the lease of one outage goes on with the next."""
    lab = Lab(tmp_path)
    lab.world.put("rule", "r", name="R", active=True)
    rule = {"id": "r", "uses": "rule", "with": {"rule": "R", "active": False}}
    taken = lab.apply(lab.playbook("early", [rule])).outage
    lab.apply(off(lab))
    once(lab, "read", lambda: settle.unlock(lab.session, taken, BY))
    reports = lab.later(hours=3).tick()
    assert lab.get("channel", "wa", "enabled") is True
    assert reports[0].pending


# --- time, and what follows -----------------------------------------------------------------------------------------


def test_an_extension_counts_for_a_drive_that_is_at_work(tmp_path: Path) -> None:
    """Somebody who extends an outage while it is being opened is not overruled by the process that opens it."""
    lab = Lab(tmp_path, now=START - timedelta(hours=1))
    row = operate.the_outage(lab.session, lab.apply(off(lab)).outage)

    def extended() -> None:
        other = Lab(tmp_path, lab.world, now=lab.deps.now(), owner="other@there/2")
        with pytest.raises(Held):
            operate.extend(other.session, row, START + timedelta(hours=5), BY, other.progress)
        other.session.close()

    once(lab, "read", extended)
    lab.at(START).tick()
    assert lab.get("channel", "wa", "enabled") is False
    lab.at(START + timedelta(hours=4)).tick()
    assert lab.get("channel", "wa", "enabled") is False
    lab.at(START + timedelta(hours=5)).tick()
    assert lab.get("channel", "wa", "enabled") is True


def test_a_clock_that_is_set_back_does_not_bring_a_lease_back(tmp_path: Path) -> None:
    """An outage that nobody drives can be reverted at once although the clock went back by hours."""
    lab = Lab(tmp_path)
    lab.apply(off(lab))
    lab.later(hours=-5).revert()
    assert lab.get("channel", "wa", "enabled") is True


def test_an_announcement_that_went_out_is_not_called_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies right after it sent an announcement leaves nothing to be told of later."""
    lab = Lab(tmp_path, now=START - timedelta(days=2))
    tell = {"place": "agents", "audience": {"agents": "all"}, "subject": "Soon", "body": "We close"}

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    book = lab.playbook("match", [{"id": "tell", "uses": "notice", "from": "start - 2d", "with": tell}])
    with monkeypatch.context() as patched:
        patched.setattr("runner.steps.Steps._opened", dies)
        with pytest.raises(KeyboardInterrupt):
            lab.apply(book)
    report = lab.at(START + timedelta(minutes=1)).tick()[0]
    assert len(lab.world.outbox) == 1
    assert not report.notes


def test_what_is_over_cannot_be_extended(tmp_path: Path) -> None:
    """Extending an outage that has been given back is refused, not passed over."""
    lab = Lab(tmp_path)
    outage = lab.apply(off(lab)).outage
    lab.later(hours=3).tick()
    row = operate.the_outage(lab.session, outage)
    with pytest.raises(Refused, match="is over"):
        operate.extend(lab.session, row, lab.deps.now() + timedelta(hours=1), BY, lab.progress)


def test_nothing_follows_a_step_that_never_came_to_hold_anything(tmp_path: Path) -> None:
    """ "We are back" is not said when "we are closed" never went out."""
    lab = Lab(tmp_path)
    board = {"place": "board", "audience": {"customers": "all"}}
    back = {"uses": "notice", "with": {**board, "subject": "Back", "body": "We are back"}}
    closed = {"id": "say", "uses": "notice", "with": {**board, "subject": "Closed", "body": "Until two"}}
    planned = lab.plan(lab.playbook("match", [{**closed, "restore": [back]}]))
    lab.world.fail(Fault(What.RAISE, on="read", error=Unavailable("down")))
    assert operate.apply(lab.session, planned, BY, lab.progress)[0].pending
    report = lab.later(hours=4).tick()[0]
    assert report.state == "missed"
    assert lab.world.dump() == "{}"


def test_the_plan_of_a_revert_leaves_out_follow_ups_that_stay(tmp_path: Path) -> None:
    """A follow-up with an end of its own is not planned to be given back, because a revert does not do it."""
    lab = Lab(tmp_path)
    back = {"place": "board", "audience": {"customers": "all"}, "subject": "Back", "body": "We are back"}
    follow_up = {"uses": "notice", "until": "end + 1d", "with": back}
    outage = lab.apply(off(lab, restore=[follow_up])).outage
    lab.later(hours=1).revert()
    assert planning.plan_revert(lab.session, operate.the_outage(lab.session, outage)).runs == ()


def test_a_status_that_never_comes_back_is_refused_below_another_outage_too(tmp_path: Path) -> None:
    """An outage that would be the last to hold a `new` ticket needs `give_back`, although it writes nothing now."""
    lab = Lab(tmp_path, specs=narrow("tickets", gives_back=frozenset({"open", "pending"})))
    lab.world.put("tickets", "1", status="new")
    pause = {"select": {"status": "new"}, "status": "pause"}
    lab.apply(lab.playbook("match", [{"id": "p", "uses": "tickets", "with": {**pause, "give_back": {"new": "open"}}}]))
    with pytest.raises(Refused, match="give_back"):
        lab.apply(lab.playbook("drill", [{"id": "p", "uses": "tickets", "with": pause}]))


def test_a_provider_that_is_late_starts_nothing_more() -> None:
    """When the deadline is over, what a provider would have sent after the request in flight is not sent."""
    gate, sent = threading.Event(), list[int]()

    def slow() -> Iterator[int]:
        for number in range(3):
            sent.append(number)
            gate.wait(5)
            yield number

    worker = registry._Worker(slow, 10)
    with pytest.raises(queue.Empty):
        worker.next(0.05)
    worker.stop()
    gate.set()
    worker.thread.join(5)
    assert sent == [0]


# --- steps that gain and lose targets -------------------------------------------------------------------------------


def two_targets(lab: Lab, *targets: str) -> Playbook:
    """Return the playbook with a message to the agents and a channel switched off, on these targets."""
    steps = [
        {"id": "tell", "target": list(targets), "uses": "notice", "with": {"place": "agents", "body": "It begins"}},
        {"id": "off", "target": list(targets), "uses": "channel", "with": {"channel": "WhatsApp", "enabled": False}},
    ]
    return lab.playbook("match", steps)


@pytest.mark.parametrize("way", [("desk", "desk other", "desk"), ("desk other", "other")])
def test_a_step_that_gains_and_loses_a_target_does_nothing_twice(tmp_path: Path, way: tuple[str, ...]) -> None:
    """A target that a step keeps is not told again, nor switched on and off again, when the step gains another target
    or loses one; one that it loses is given back; and the revert leaves nothing."""
    lab = both(tmp_path)
    lab.world.put("channel", "wa", name="WhatsApp", enabled=True)
    worlds = [world for world in lab.worlds.values() if world]
    for targets in way:
        before = {world.target: len(world.log) for world in worlds}
        had = {world.target for world in worlds if wa(lab)[world.target] is False}
        lab.apply(two_targets(lab, *targets.split()))
        for world in worlds:
            still = world.target in had and world.target in targets.split()
            assert not still or len(world.log) == before[world.target], f"{targets}: written again on {world.target}"
        assert wa(lab) == {world.target: world.target not in targets.split() for world in worlds}
    told = {world.target: len(world.outbox) for world in worlds}
    assert told == {world.target: int(any(world.target in each.split() for each in way)) for world in worlds}
    lab.revert()
    assert wa(lab) == {"desk": True, "other": True}
    with lab.session.store.reading() as conn:
        assert list(ledger.all_held(conn)) == []


@pytest.mark.parametrize(("when", "shown"), [("ended", ["off", "off/restore/1"]), ("cancelled", ["off"])])
def test_the_plan_of_a_revert_shows_the_follow_ups_that_it_sends(tmp_path: Path, when: str, shown: list[str]) -> None:
    """Who is asked whether everything shall be given back sees the messages that go out with it, and no others."""
    lab = Lab(tmp_path)
    lab.world.put("channel", "wa", name="WhatsApp", enabled=True)
    back = {"uses": "notice", "with": {"place": "agents", "body": "We are back"}, "when": when}
    step = {"id": "off", "uses": "channel", "with": {"channel": "WhatsApp", "enabled": False}, "restore": [back]}
    lab.apply(lab.playbook("match", [step]))
    plan = planning.plan_revert(lab.session, operate.the_outage(lab.session, "match"))
    assert [run.run for run in plan.runs] == shown
    lab.revert("match")
    assert len(lab.world.outbox) == len(shown) - 1
