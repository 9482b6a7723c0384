"""One batch: what is durable before it is sent, what a reply means, and what each safety mechanism is there for."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runner import batches, decide, endings, readings
from runner.batches import Batches
from runner.commands import operate
from runner.errors import Exit, Fenced, Interrupted, ProviderError, RunnerError, StoreError
from runner.model import Change, Outcome, Slot
from runner.report import Fate, Report
from runner.spi import Forbidden, NotFound, Query, RateLimited, Rejected, Unauthorized, Unavailable
from runner.steps import Steps
from runner.store import lease, ledger
from runner.store.store import Store
from runner.testing.world import Fault, SlotWorld, What
from tests.support.crash import Point, check_intents, differences, memory_folder, points
from tests.support.lab import Lab, all_kinds

HOURS = {"id": "hours", "uses": "business_hours", "with": {"schedule": "Support", "closed": "window"}}
TEXT = {"id": "offline", "uses": "message", "with": {"message": "Offline", "append": "Back soon."}}
PAUSE = {"id": "pause", "uses": "tickets", "with": {"select": {"status": "open"}, "status": "pause", "tag": True}}
TELL = {"id": "tell", "uses": "notice", "with": {"place": "agents", "subject": "Match"}}
BOARD = {"id": "board", "uses": "notice", "with": {"place": "board", "subject": "Closed"}}
STEPS = [HOURS, TEXT, PAUSE, BOARD, TELL]


def desk(folder: Path, **changed: dict[str, Any]) -> Lab:
    """Return a lab with a schedule, a message and three tickets; `changed` overrides fields of kinds."""
    kinds = {name: replace(spec, **changed.get(name, {})) for name, spec in all_kinds().items()}
    lab = Lab(folder, specs=kinds)
    lab.world.put("business_hours", "s1", name="Support", zone="America/Sao_Paulo", hours__fri=["09:00-18:00"])
    lab.world.put("message", "m1", name="Offline", text__en="We are away.", text__es="No estamos.")
    for number in range(3):
        lab.world.put("tickets", f"t{number}", name=f"T{number}", status="open", group="L1")
    return lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A small helpdesk with its runner."""
    return desk(tmp_path)


def states(lab: Lab) -> list[str]:
    """Return the states of the journal, in order."""
    with lab.session.store.reading() as conn:
        return [row[0] for row in conn.exec_driver_sql("SELECT state FROM journal ORDER BY seq")]


def held(lab: Lab) -> int:
    """Return how many slots are held."""
    with lab.session.store.reading() as conn:
        return int(conn.exec_driver_sql("SELECT count(*) FROM slots").scalar_one())


def fates(*reports: Report) -> list[Fate]:
    """Return the fates that the reports tell of."""
    return [note.fate for report in reports for note in report.notes]


# --- a fault at every request ---------------------------------------------------------------------------------------


def _raising(error: ProviderError) -> Callable[[str, int], Fault]:
    return lambda on, skip: Fault(What.RAISE, on=on, skip=skip, error=error)  # type: ignore[arg-type]


def _doing(what: What) -> Callable[[str, int], Fault]:
    return lambda on, skip: Fault(what, on=on, skip=skip)  # type: ignore[arg-type]


READ_FAULTS = {
    "no answer": _raising(Unavailable("no answer")),
    "unauthorized": _raising(Unauthorized("the token has expired")),
    "forbidden": _raising(Forbidden("not allowed")),
    "not found": _raising(NotFound("gone")),
    "refused": _raising(Rejected("no")),
    "rate limited": _raising(RateLimited("slow down", retry_after=7.0)),
    "an odd exception": _raising(ZeroDivisionError("a plugin's own fault")),  # type: ignore[arg-type]
    "half a page": _doing(What.HALF),
    "garbage": _doing(What.GARBAGE),
}
WRITE_FAULTS = {
    **READ_FAULTS,
    "half a batch": _doing(What.HALF),
    "reply lost after the write": _doing(What.LOST_AFTER),
    "request lost": _doing(What.LOST_BEFORE),
    "one item refused": _doing(What.REJECT),
    "done, and nothing changed": _doing(What.NO_CHANGE),
}
FAULTS = [("read", name) for name in READ_FAULTS] + [("write", name) for name in WRITE_FAULTS if name != "half a page"]
THOROUGH = ("no answer", "garbage", "rate limited")  # at every read; the other faults of a read at every fourth


def went(work: Callable[[], Report | list[Report]]) -> list[Report]:
    """Do something that may end with a fault of the target, which then is one of ours."""
    with suppress(RunnerError, ProviderError):
        found = work()
        return [found] if isinstance(found, Report) else found
    return []


@pytest.mark.parametrize(("on", "name"), FAULTS, ids=[f"{on}: {name}" for on, name in FAULTS])
def test_a_fault_at_any_request_ends_exact_or_is_reported(on: str, name: str) -> None:
    """Whatever goes wrong with any one request of an apply and its revert, the end state is exact after `resume`, or
    the difference was reported; no intent is left without outcome, and no effect goes out twice."""
    fault = (READ_FAULTS if on == "read" else WRITE_FAULTS)[name]
    skip, struck = 0, True
    while struck:
        with memory_folder() as folder:
            lab = desk(folder, message={"settle": 1.0}, tickets={"max_batch": 2})
            struck = _strikes(lab, fault(on, skip), f"{name} at {on} {skip + 1}")
            lab.session.close()
        skip += 1 if on == "write" or name in THOROUGH else 4
    assert skip > 7, "requests are missing"


def _strikes(lab: Lab, fault: Fault, where: str) -> bool:
    """Play an apply and its revert with one fault; returns whether it struck."""
    original, playbook = lab.world.dump(), lab.playbook("match", [TEXT, PAUSE, TELL])
    lab.world.fail(fault)
    with points(lambda point: None, sending=partial(check_intents, lab)):
        reports = went(lambda: lab.apply(playbook))
        if not reports:
            reports += went(lambda: lab.apply(playbook))
        reports += went(lab.resume)
        with lab.session.store.reading() as conn:
            assert ledger.unfinished(conn) == [], where
        lab.later(minutes=1)
        again = went(lambda: lab.revert("match")) or went(lambda: lab.revert("match"))
        again += went(lab.resume)
    assert len(lab.world.outbox) <= 1, where
    told = [note.fate for report in (*reports, *again) for note in report.notes]
    if not lab.world.outbox and fault.what is not What.NO_CHANGE:  # an OK to an effect has to be believed
        assert Fate.UNKNOWN in told or Fate.REJECTED in told, where
    assert differences(original, lab.world.dump()) == [], where
    assert held(lab) == 0, where
    assert again[-1].state == "closed" or Fate.REJECTED in told, f"{where}: {again[-1].state}"
    return not lab.world._faults


def test_a_rate_limit_is_waited_out_and_the_lease_renewed_meanwhile(lab: Lab) -> None:
    """Asked to wait four minutes before a write, the runner waits as long and goes on under the same lease."""
    lab.world.fail(Fault(What.RAISE, kind="message", error=RateLimited("slow down", retry_after=240.0)))
    before = lab.clock
    report = lab.apply(lab.playbook("match", [TEXT]))
    assert report.exit_code == Exit.DONE
    assert lab.clock - before >= 240


def test_a_rate_limit_on_a_read_is_waited_out_too(lab: Lab) -> None:
    """Asked to wait when the write is read back, the runner waits and looks again; nothing is written twice."""
    limited = RateLimited("slow down", retry_after=9.0)
    lab.world.watch = _fail_read_after_write(lab.world, "message", limited)
    before = lab.clock
    report = lab.apply(lab.playbook("match", [TEXT]))
    assert report.exit_code == Exit.DONE
    assert lab.clock - before >= 9
    assert lab.world.requests["write"] == 1


def test_an_expired_credential_stops_the_target_and_resume_goes_on(lab: Lab) -> None:
    """A 401 in the middle ends the drive with exit 6 and its sentence; with a good credential `resume` finishes."""
    lab.world.fail(Fault(What.RAISE, kind="tickets", error=Unauthorized("the token has expired")))
    report = lab.apply(lab.playbook("match", STEPS))
    assert report.exit_code == Exit.RESUME
    assert any("the token has expired" in run.message for run in report.runs)
    assert [each.exit_code for each in lab.resume()] == [Exit.DONE]


def test_a_refused_item_is_told_and_not_held(lab: Lab) -> None:
    """An item that the target refuses is reported with its reason and is not held; the others are."""
    lab.world.fail(Fault(What.REJECT, kind="tickets", item=1))
    report = lab.apply(lab.playbook("match", [PAUSE]))
    assert fates(report) == [Fate.REJECTED]
    assert report.exit_code == Exit.PEOPLE
    assert "refused by the script" in report.notes[0].reason
    paused = [key for key in ("t0", "t1", "t2") if lab.get("tickets", key, "status") == "pending"]
    assert len(paused) >= 2


def test_ok_that_changes_nothing_is_not_believed(lab: Lab) -> None:
    """A target that answers OK and changes nothing is found out by reading back."""
    lab.world.fail(Fault(What.NO_CHANGE, kind="business_hours"))
    report = lab.apply(lab.playbook("match", [HOURS]))
    assert fates(report) == [Fate.REJECTED]
    assert "changed nothing" in report.notes[0].reason
    assert held(lab) == 0


def test_stale_reads_within_the_settle_time_are_waited_out(tmp_path: Path) -> None:
    """A read that still shows the old value is repeated while the kind's settle time lasts: no false refusal, no
    false edit by a person, and the revert is exact."""
    lab = desk(tmp_path, message={"settle": 5.0})
    original = lab.world.dump()
    lab.world.fail(Fault(What.STALE, kind="message", reads=4))
    report = lab.apply(lab.playbook("match", [TEXT]))
    assert (report.exit_code, fates(report)) == (Exit.DONE, [])
    lab.world.fail(Fault(What.STALE, kind="message", reads=4))
    lab.later(minutes=1)
    assert fates(lab.revert("match")) == []
    assert lab.world.dump() == original


def test_a_job_is_recorded_before_it_is_polled(tmp_path: Path) -> None:
    """The reference of an asynchronous job is in the store before its first outcome is asked for."""
    world = SlotWorld(all_kinds(), target="desk", jobs=["tickets"])
    lab = Lab(tmp_path, world)
    world.put("tickets", "t0", name="T0", status="open")
    lab.apply(lab.playbook("match", [PAUSE]))
    with lab.session.store.reading() as conn:
        assert conn.exec_driver_sql("SELECT ref FROM journal WHERE state = 'done'").scalars().all() == ["job-1"]


def slow_jobs(folder: Path, looks: int) -> Lab:
    """Return a lab whose next write of tickets is carried out by a job that is over after so many looks at it."""
    world = SlotWorld({**all_kinds(), "tickets": replace(all_kinds()["tickets"], job_time=60.0)}, target="desk")
    lab = Lab(folder, world)
    world.put("tickets", "t0", name="T0", status="open")
    world.fail(Fault(What.LATE, reads=looks))
    return lab


@pytest.mark.parametrize("recorded", [True, False])
def test_a_job_that_is_still_running_is_waited_for_before_anybody_looks(
    tmp_path: Path, recorded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the vendor accepted a job, with or without its reference on record, and the job is carried
    out later: a revert waits for it, so that no ticket stays paused behind its back."""
    lab = slow_jobs(tmp_path, looks=3)
    if recorded:
        monkeypatch.setattr(lab.world, "_jobs", frozenset({"tickets"}))
    before = lab.world.dump()
    with suppress(_Gone), points(_dies("after a write, before its reply")):
        lab.apply(lab.playbook("match", [PAUSE]))
    with lab.session.store.reading() as conn:
        assert len(ledger.unfinished(conn)) == 1
    again = lab.later(minutes=2).restart()
    again.revert("match")
    assert lab.world.requests["write"] == 2  # the pause that was late, and its way back
    assert lab.world.dump() == before


def test_jobs_of_others_that_keep_coming_are_not_waited_for() -> None:
    """Where nobody knows the job, those of the first look are waited for, and no others: an account on which somebody
    else always has one running does not hold up recovery for ever."""
    spec, waits = replace(all_kinds()["tickets"], job_time=60.0), list[float]()

    def read(query: Query) -> Iterator[tuple[Slot, str]]:
        """Every job is over two looks after it began, and each look finds one that has just begun."""
        for job in query.ids or (str(len(waits)),):
            state = "running" if len(waits) < int(job) + 2 else "done"
            yield Slot("desk", "tickets", job, "job"), state

    assert readings.over(read, spec, (), waits.append)
    assert len(waits) == 2


def test_a_job_that_does_not_end_leaves_the_intent_open(tmp_path: Path) -> None:
    """An unfinished job is not taken for one that did nothing: its intents stay open until a resume finds it over."""
    lab = slow_jobs(tmp_path, looks=60)
    report = lab.apply(lab.playbook("match", [PAUSE]))
    assert report.exit_code is Exit.RESUME
    assert lab.get("tickets", "t0", "status") == "open"
    lab.resume()
    assert lab.world.requests["write"] == 1
    assert lab.get("tickets", "t0", "status") == "pending"


# --- two steps, two outages, one object -----------------------------------------------------------------------------


def test_a_write_whose_outcome_is_open_is_looked_at_before_the_next_step_writes_there(lab: Lab) -> None:
    """Two steps of one outage write one text, and reading back fails after the first: the second does not take the
    first one's write for a person's edit, and the revert is exact."""
    original = lab.world.dump()
    more = {"id": "more", "uses": "message", "with": {"message": "Offline", "append": "Thanks."}}
    lab.world.watch = _fail_read_after_write(lab.world, "message", Unavailable("no answer"))
    report = lab.apply(lab.playbook("match", [{**TEXT, "on_error": "continue"}, more]))
    assert report.exit_code == Exit.RESUME
    lab.resume()
    assert lab.get("message", "m1", "text/en") == "We are away.\nBack soon.\nThanks."
    lab.later(minutes=1)
    report = lab.revert("match")
    assert fates(report) == []
    assert lab.world.dump() == original


def _fail_read_after_write(world: SlotWorld, kind: str, fault: ProviderError) -> Callable[[str, str], None]:
    failed: list[str] = []

    def watch(on: str, met: str) -> None:
        if on == "read" and met == kind and world.log and not failed:
            failed.append(on)
            raise fault

    return watch


def test_another_outage_waits_for_an_open_intent_and_settles_it_when_its_holder_is_gone(lab: Lab) -> None:
    """An outage whose process died after a write holds up another one on the same text only until its lease is over;
    then the other settles the intent in its place, and both restore exactly."""
    original = lab.world.dump()
    first, second = lab.playbook("first", [TEXT]), lab.playbook("second", [TEXT])
    with suppress(_Gone), points(_dies("after a write, before its reply")):
        lab.apply(first)
    assert states(lab) == ["intent"]
    before = lab.clock
    report = lab.restart().apply(second)
    assert report.exit_code == Exit.DONE
    lab = lab.restart()
    assert lab.get("message", "m1", "text/en") == "We are away.\nBack soon.\nBack soon."
    assert lab.world.dump() != original
    lab.later(minutes=2)
    lab.resume()
    for name in ("first", "second"):
        lab.revert(name)
    assert lab.world.dump() == original
    assert lab.clock >= before


class _Gone(BaseException):
    """The process is gone."""


def _dies(name: str, *, first: int = 1) -> Callable[[Point], None]:
    """Return a callback that kills the process at the point `name`, and at every point after it."""
    left = [first]

    def at(point: Point) -> None:
        left[0] -= point.name == name
        if left[0] <= 0:
            raise _Gone

    return at


def test_somebody_who_reverts_meanwhile_stops_the_apply_at_the_next_batch(tmp_path: Path) -> None:
    """A revert asked for while an apply is at work makes it stop at the next batch, with what is sent recorded."""
    lab = desk(tmp_path, tickets={"max_batch": 1})

    def revert_asked(on: str, kind: str) -> None:
        if on == "write":
            with Store(lab.config.store.path) as other, other.transaction() as conn:
                ledger.set_outage(conn, "match@2026-12-11T11:30", desired="revert")

    lab.world.watch = revert_asked
    with pytest.raises(Interrupted, match="somebody asked for `revert`") as caught:
        lab.apply(lab.playbook("match", [PAUSE]))
    assert caught.value.code == "EX001"
    lab.world.watch = None
    assert states(lab) == ["done"]
    assert lab.revert("match").state == "closed"


def test_extending_an_outage_while_it_is_being_applied_is_not_undone_by_it(tmp_path: Path) -> None:
    """A new end that somebody stores while an apply is at work stays."""
    lab = desk(tmp_path)
    later = int((lab.clock + 9 * 3600) * 1000)

    def extend(on: str, kind: str) -> None:
        if on == "write" and kind == "business_hours":
            with Store(lab.config.store.path) as other, other.transaction() as conn:
                ledger.set_outage(conn, "match@2026-12-11T11:30", restore_ms=later)

    lab.world.watch = extend
    lab.apply(lab.playbook("match", STEPS))
    with lab.session.store.reading() as conn:
        assert [row.restore_ms for row in ledger.outage_rows(conn)] == [later]


# --- each safety mechanism, switched off ----------------------------------------------------------------------------


def overtaken_between(lab: Lab, name: str, first: int = 1) -> Callable[[Point], None]:
    """Return a callback that freezes the process at a point: a successor takes over, reverts, and then it wakes."""
    left = [first]

    def at(point: Point) -> None:
        left[0] -= point.name == name
        if left[0] == 0:
            left[0] = -1
            lab.later(minutes=4)
            other = Lab(lab.folder, lab.world, now=lab.deps.now(), owner="successor")
            other.config = lab.config
            other.revert("match")
            other.session.close()

    return at


def test_the_fence_in_the_first_transaction_keeps_an_old_holder_from_announcing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was overtaken before its intent ends with `Fenced`; with the fence switched off, it writes after
    its successor has reverted."""
    first = transactions_before_the_intent([HOURS])
    for fenced in (True, False):
        with memory_folder() as folder:
            lab = desk(folder)
            if not fenced:
                monkeypatch.setattr(lease, "fence", lambda conn, held, clock: replace(held, fenced_at=clock.boot()))
                monkeypatch.setattr(Batches, "check_wish", lambda self, conn, outage: None)
            with points(overtaken_between(lab, "before a transaction", first)), suppress(Fenced):
                lab.apply(lab.playbook("match", [HOURS]))
            assert (not lab.world.log) is fenced


def test_the_check_before_sending_keeps_a_woken_process_from_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was overtaken between its intent and its write sends nothing; without the check it does."""
    for checked in (True, False):
        with memory_folder() as folder:
            lab = desk(folder)
            original = lab.world.dump()
            if not checked:
                monkeypatch.setattr(lease, "ready_to_send", lambda *_: True)
            with points(overtaken_between(lab, "after a journal line", 2)), suppress(Fenced):
                lab.apply(lab.playbook("match", [HOURS]))
            assert (lab.world.dump() == original) is checked


def test_a_renewed_lease_is_checked_again_before_sending(lab: Lab) -> None:
    """When the intent took so long that the lease has to be renewed, and the process is frozen right after that, it
    still sends nothing."""
    original = lab.world.dump()
    freeze = overtaken_between(lab, "after its commit")
    slow: list[str] = []

    def at(point: Point) -> None:
        if point.name == "after a journal line" and len(slow) < 2:
            slow.append(point.name)
            if len(slow) == 2:
                lab.later(seconds=70)
        elif len(slow) == 2:
            freeze(point)

    with points(at), pytest.raises(Fenced):
        lab.apply(lab.playbook("match", [HOURS]))
    assert lab.world.dump() == original


def test_a_lease_that_is_too_short_for_one_request_is_refused(tmp_path: Path) -> None:
    """With a lease shorter than the deadline of a request, nothing is sent and the error says what to change."""
    lab = desk(tmp_path)
    short = Lab(tmp_path, lab.world, lease=20.0)
    with pytest.raises(RunnerError, match="lease") as caught:
        short.apply(short.playbook("match", [HOURS]))
    assert "store.lease" in caught.value.hint
    assert lab.world.log == []


def test_the_intent_comes_before_the_write(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every change is announced before it is sent; an engine that sends first is found out by the same check."""
    with points(lambda point: None, sending=partial(check_intents, lab)):
        lab.apply(lab.playbook("match", STEPS))
    monkeypatch.setattr(ledger, "write_entries", lambda conn, entries, at_ms: None)
    other = lab.playbook("other", [TEXT])
    with (
        points(lambda point: None, sending=partial(check_intents, lab)),
        pytest.raises(AssertionError, match="no intent"),
    ):
        lab.apply(other)


def test_reading_back_finds_a_write_that_did_not_happen(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without reading back, a target that answers OK and changes nothing is believed, and nobody is told."""
    monkeypatch.setattr(batches, "unsure", lambda entries, said, merge: set())
    monkeypatch.setattr(endings, "is_proven", lambda outcome: True)
    lab.world.fail(Fault(What.NO_CHANGE, kind="business_hours"))
    report = lab.apply(lab.playbook("match", [HOURS]))
    assert fates(report) == []
    assert report.exit_code == Exit.DONE, (
        "the same history is found out in test_ok_that_changes_nothing_is_not_believed"
    )


def test_a_layer_that_came_between_reading_and_deciding_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another outage that claims the text between our reading and our intent is not overwritten: everything is read
    again. Without the check of revisions its line would be lost from the helpdesk."""
    for checked in (True, False):
        with memory_folder() as folder:
            lab = desk(folder)
            original = lab.world.dump()
            lab.apply(lab.playbook("zero", ZERO))
            if not checked:
                monkeypatch.setattr(ledger, "revs", lambda *_: _Anything())
            with points(_meanwhile(lab)):
                lab.apply(lab.playbook("match", [TEXT]))
            text = str(lab.get("message", "m1", "text/en"))
            assert ("The office burns." in text) is checked, text
            if checked:
                lab.later(minutes=3)
                for name in ("match", "fire", "zero"):
                    lab.revert(name)
                assert lab.world.dump() == original


ZERO = [{"id": "zero", "uses": "message", "with": {"message": "Offline", "append": "Zero."}}]


class _Anything:
    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


def _meanwhile(lab: Lab) -> Callable[[Point], None]:
    """Return a callback that lets another process open a second outage on the message right before our intent, which
    is the last transaction before the second journal line."""
    fire = [{"id": "fire", "uses": "message", "with": {"message": "Offline", "append": "The office burns."}}]
    left = [transactions_before_the_intent([TEXT], ZERO)]

    def at(point: Point) -> None:
        left[0] -= point.name == "before a transaction"
        if left[0] == 0:
            left[0] = -1
            other = Lab(lab.folder, lab.world, now=lab.deps.now(), owner="other")
            other.config = lab.config
            other.apply(other.playbook("fire", fire))
            other.session.close()

    return at


def transactions_before_the_intent(steps: list[dict[str, Any]], before: Sequence[dict[str, Any]] = ()) -> int:
    """Return the number of the transaction, in an apply of `steps`, that holds the first intent."""
    names: list[str] = []
    with memory_folder() as folder:
        lab = desk(folder)
        if before:
            lab.apply(lab.playbook("zero", list(before)))
        with points(lambda point: names.append(point.name)):
            lab.apply(lab.playbook("match", steps))
        lab.session.close()
    journal = [place for place, name in enumerate(names) if name == "before a journal line"]
    return names[: journal[1]].count("before a transaction")


def test_an_effect_without_outcome_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that may have gone out stays unknown and is sent again only on request; without that rule it would go
    out twice."""
    for kept in (True, False):
        with memory_folder() as folder:
            lab = desk(folder)
            if not kept:
                always = partial(_always, decide._sending)
                monkeypatch.setattr(decide, "_sending", always)
                monkeypatch.setattr(Steps, "_sent", lambda *given: {})
            playbook = lab.playbook("match", [TELL])
            with suppress(_Gone), points(_dies("after a write, before its reply")):
                lab.apply(playbook)
            lab = lab.restart()
            lab.later(minutes=2)
            reports = lab.resume()
            assert (len(lab.world.outbox) == 1) is kept
            if kept:
                assert fates(*reports) == [Fate.UNKNOWN]
                assert reports[0].exit_code == Exit.PEOPLE
                assert states(lab)[0] == "unknown"


def _always(real: Any, seen: Any, layer: Any) -> Any:
    return replace(real(seen, layer), write=True)


def test_an_unknown_effect_goes_out_again_on_request(lab: Lab) -> None:
    """`--resend` sends an effect whose outcome is unknown, once."""
    lab.world.fail(Fault(What.LOST_BEFORE, kind="notice"))
    report = lab.apply(lab.playbook("match", [TELL]))
    assert fates(report) == [Fate.UNKNOWN]
    assert lab.world.outbox == []
    lab.apply(lab.playbook("match", [TELL]))
    assert lab.world.outbox == []


def test_a_proven_outcome_needs_no_reading_back(lab: Lab) -> None:
    """Where the vendor names the very item as done, it is not read again."""
    real = SlotWorld.write

    def proven(world: SlotWorld, batch: Sequence[Change]) -> Iterator[Any]:
        for answer in real(world, batch):
            yield replace(answer, proven=True) if isinstance(answer, Outcome) else answer

    reads: list[str] = []
    lab.world.watch = lambda on, kind: reads.append(f"{on} {len(lab.world.log)}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SlotWorld, "write", proven)
        lab.apply(lab.playbook("match", [HOURS]))
    assert "read 1" not in reads


def test_a_precondition_that_failed_is_read_and_decided_again(tmp_path: Path) -> None:
    """A ticket that somebody solved between the selection and the write is left alone and listed."""
    lab = desk(tmp_path, tickets={"precondition": True})

    def solve(on: str, kind: str) -> None:
        if on == "write":
            lab.world.watch = None
            lab.world.edit(lab.slot("tickets", "t1", "status"), "solved")

    lab.world.watch = solve
    report = lab.apply(lab.playbook("match", [PAUSE]))
    assert fates(report) == [Fate.DROPPED]
    assert lab.get("tickets", "t1", "status") == "solved"
    assert [lab.get("tickets", key, "status") for key in ("t0", "t2")] == ["pending", "pending"]


def test_a_target_that_never_takes_a_change_ends_after_some_tries(tmp_path: Path) -> None:
    """A target that loses every request is given up after a few tries, with a sentence, and `resume` may go on."""
    lab = desk(tmp_path)
    lab.world.fail(*[Fault(What.LOST_BEFORE, kind="message")] * 20)
    report = lab.apply(lab.playbook("match", [TEXT]))
    assert report.exit_code == Exit.RESUME
    assert "did not change in 4 tries" in report.runs[0].message
    assert lab.world.requests["write"] == 4


def test_a_target_that_hangs_is_left_after_its_deadline(tmp_path: Path) -> None:
    """A request that never ends is given up at the kind's deadline; what was announced is settled by `resume`."""
    lab = desk(tmp_path, message={"deadline": 0.05})
    stuck, release = threading.Event(), threading.Event()

    def hang(on: str, kind: str) -> None:
        if on == "write" and not stuck.is_set():
            stuck.set()
            release.wait(5)

    lab.world.watch = hang
    original = lab.world.dump()
    report = lab.apply(lab.playbook("match", [TEXT]))
    release.set()
    assert report.exit_code == Exit.RESUME
    assert any("no answer within 0.05 s" in run.message for run in report.runs)
    lab.resume()
    assert lab.get("message", "m1", "text/en") == "We are away.\nBack soon."
    lab.later(minutes=1)
    lab.revert("match")
    assert lab.world.dump() == original


# --- faults of the store in the middle ------------------------------------------------------------------------------


def test_a_full_disk_sends_nothing_that_is_not_recorded(lab: Lab) -> None:
    """A store that cannot grow stops an apply with one clear line and nothing half-recorded; when there is space again,
    `resume` and `revert` work."""
    original = lab.world.dump()
    assert lab.session.store.lineage
    conn = lab.session.store._conn
    pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}")
    conn.rollback()
    with points(lambda point: None, sending=partial(check_intents, lab)), pytest.raises(StoreError) as caught:
        _fill_up(lab)
    assert "full" in caught.value.message
    assert "runner resume" in caught.value.hint
    lab = lab.restart()
    lab.later(minutes=3)
    lab.resume()
    with lab.session.store.reading() as conn:
        rows = ledger.outage_rows(conn, unfinished_only=True)
    for row in rows:
        lab.revert(row.id)
    assert lab.world.dump() == original


def _fill_up(lab: Lab) -> None:
    for number in range(40):
        lab.apply(lab.playbook(f"match-{number}", STEPS))


def test_a_journal_that_cannot_be_written_sends_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a journal line nothing is sent, even though the store has the intent; `resume` finds that it did not
    land and goes on."""
    real, count = os.write, [0]

    def full(descriptor: int, data: Any) -> int:
        count[0] += 1
        if count[0] == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StoreError, match="No space left"):
            lab.apply(lab.playbook("match", [HOURS]))
    assert lab.world.log == []
    assert states(lab) == ["intent"]
    assert [report.exit_code for report in lab.resume()] == [Exit.DONE]
    assert states(lab)[-1] == "done"


def test_a_new_end_that_came_before_the_first_step_stays(lab: Lab) -> None:
    """Somebody who extends the outage between its registration and its first step is not overruled by the drive, which
    had read the old end already."""
    later = int((lab.clock + 9 * 3600) * 1000)
    left = [1]

    def at(point: Point) -> None:
        if point.name == "before a journal line" and left:  # the head: the drive has read its row
            left.clear()
            with Store(lab.config.store.path) as other, other.transaction() as conn:
                ledger.set_outage(conn, "match@2026-12-11T11:30", restore_ms=later)

    with points(at):
        lab.apply(lab.playbook("match", STEPS))
    with lab.session.store.reading() as conn:
        assert [row.restore_ms for row in ledger.outage_rows(conn)] == [later]


def test_resuming_one_outage_leaves_the_refusals_of_others_alone(lab: Lab) -> None:
    """What a target refused for another outage is not asked for again until that one is resumed."""
    for name, step in (("match", HOURS), ("storm", TEXT)):
        lab.world.fail(Fault(What.REJECT, kind=step["uses"]))
        assert fates(lab.apply(lab.playbook(name, [step]))) == [Fate.REJECTED]
    written = len(lab.world.log)

    (report,) = lab.resume(only=operate.the_outage(lab.session, "match").id)
    assert report.exit_code == Exit.DONE
    assert len(lab.world.log) == written + 1
    lab.tick()
    assert len(lab.world.log) == written + 1
