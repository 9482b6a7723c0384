"""The in-memory target: selection, faults and handles, exactly as a test or a rehearsal scripts them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from runner import kinds
from runner.model import ABSENT, Accepted, Change, Outcome, Slot, Value, Verdict
from runner.spi import (
    Forbidden,
    ProviderError,
    Query,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)
from runner.testing import Fault, ScriptedIo, SlotWorld, What

DONE = Outcome(Verdict.DONE)


def world(**options: object) -> SlotWorld:
    table = kinds.common()
    table["rule"] = replace(table["rule"], precondition=True)
    table["tickets"] = replace(table["tickets"], page=2, max_batch=4, gives_back=frozenset({"open", "pending"}))
    made = SlotWorld(table, **options)
    for number in range(1, 6):
        made.put("tickets", str(number), name=f"#{number}", status="open", group="a" if number < 4 else "b")
    made.put("channel", "c1", name="Chat", enabled=True)
    made.put("rule", "r1", name="Notify", active=True)
    return made


def rows(one: SlotWorld, query: Query) -> dict[str, Value]:
    return {f"{slot.key}/{slot.path}": value for slot, value in one.read(query)}


def change(one: SlotWorld, key: str, before: Value = "open", after: Value = "pending") -> Change:
    return Change(one.slot("tickets", key, "status"), before, after)


def batch(one: SlotWorld, count: int = 4) -> list[Change]:
    return [change(one, str(number)) for number in range(1, count + 1)]


def verdicts(one: SlotWorld, changes: Sequence[Change]) -> list[Verdict]:
    return [answer.verdict for answer in one.write(changes) if isinstance(answer, Outcome)]


def statuses(one: SlotWorld) -> list[Value]:
    return [one.get(one.slot("tickets", str(number), "status")) for number in range(1, 6)]


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        (Query("tickets", ids=("3", "1")), ["3", "1"]),
        (Query("tickets", names=("#2", "#5")), ["2", "5"]),
        (Query("tickets", where={"group": "b"}), ["4", "5"]),
        (Query("tickets"), ["1", "2", "3", "4", "5"]),
        (Query("tickets", limit=3), ["1", "2", "3"]),
        (Query("tickets", where={"group": "a"}, limit=1), ["1"]),
    ],
)
def test_objects_are_selected(query: Query, keys: list[str]) -> None:
    """Ids come in the order asked, everything else in the order of creation, up to the limit."""
    found = [slot.key for slot, _ in world().read(replace(query, paths=("status",)))]
    assert found == keys


def test_paths_are_answered_as_asked() -> None:
    """Exact paths are always answered, `x/*` as far as it goes, and no path at all means every path."""
    one = world()
    one.put("tickets", "9", name="#9", status="new", tags__vip=True)
    asked = Query("tickets", ids=("9",), paths=("name", "tags/*", "tags/none"))
    assert rows(one, asked) == {"9/name": "#9", "9/tags/vip": True, "9/tags/none": ABSENT}
    assert rows(one, Query("tickets", ids=("9",))) == {"9/name": "#9", "9/status": "new", "9/tags/vip": True}


def test_a_missing_id_is_absent() -> None:
    """An id that does not exist is ABSENT in every path asked for, its name included."""
    one = world()
    assert rows(one, Query("channel", ids=("c9",), paths=("name", "enabled"))) == {
        "c9/name": ABSENT,
        "c9/enabled": ABSENT,
    }


def test_an_object_of_ours_is_named_by_its_key() -> None:
    """An object that exists without a name shows its key."""
    one = world()
    one.put("notice", "or-1", notice={"body": "x"})
    assert rows(one, Query("notice", paths=("name",))) == {"or-1/name": "or-1"}


def test_pages_are_fetched_when_asked_for() -> None:
    """One request a page, none before it is needed; an empty result costs one."""
    one = world()
    found = one.read(Query("tickets", paths=("name",)))
    assert one.requests.total() == 0
    next(found)
    assert one.requests["read"] == 1
    assert len(list(found)) == 4
    assert one.requests["read"] == 3
    assert rows(one, Query("tickets", where={"group": "z"}, paths=("name",))) == {}
    assert one.requests["read"] == 4


@pytest.mark.parametrize(
    ("query", "error", "message"),
    [
        (Query("mail"), Rejected, "no kind mail"),
        (Query("channel", where={"x": 1}), Rejected, "cannot be selected by condition"),
        (Query("checklist", ids=("1",)), Forbidden, "carried out by people"),
    ],
)
def test_what_no_provider_answers_is_refused(query: Query, error: type[Exception], message: str) -> None:
    """An unknown kind, a selection without `matches`, and a kind of people are refused in a sentence."""
    with pytest.raises(error, match=message):
        list(world().read(query))


def test_an_edit_between_two_pages_is_seen() -> None:
    """A person who edits while pages are read changes what the later pages show."""
    one = world()
    found = one.read(Query("tickets", paths=("status",)))
    next(found)
    one.edit(one.slot("tickets", "5", "status"), "solved")
    one.remove("tickets", "4")
    assert [value for _, value in found] == ["open", "open", ABSENT, "solved"]


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_batch_is_written_and_logged() -> None:
    """A batch is one request; each change that was written is in the log, in order."""
    one = world()
    assert list(one.write(batch(one))) == [DONE] * 4
    assert statuses(one) == ["pending"] * 4 + ["open"]
    assert one.log == batch(one)
    assert one.requests == {"write": 1}


def test_a_write_of_the_live_value_is_done_without_a_write() -> None:
    """Setting what is there already is done, and is not in the log."""
    one = world()
    assert verdicts(one, [change(one, "1", "solved", "open")]) == [Verdict.DONE]
    assert one.log == []


def test_each_refusal_stands_alone() -> None:
    """An object that does not exist, a status that cannot be set, and the change beside them each get their outcome."""
    one = world()
    outcomes = list(one.write([change(one, "9"), change(one, "1", "open", "new"), change(one, "2")]))
    assert outcomes == [
        Outcome(Verdict.REJECTED, "world/tickets/9 does not exist"),
        Outcome(Verdict.REJECTED, "status new cannot be set", field="status"),
        DONE,
    ]


def test_a_precondition_protects_an_edit() -> None:
    """Where the kind has a precondition, a value that moved meanwhile is left alone."""
    one = world()
    slot = one.slot("rule", "r1", "active")
    one.edit(slot, "paused by hand")
    assert verdicts(one, [Change(slot, True, False)]) == [Verdict.MOVED]
    assert one.get(slot) == "paused by hand"


def test_an_object_of_ours_comes_and_goes() -> None:
    """An object with a marker is created by its first field, and gone with its last."""
    one = world()
    before = one.dump()
    made = Change(one.slot("notice", "or-1", "notice"), ABSENT, {"body": "x"})
    assert verdicts(one, [made]) == [Verdict.DONE]
    assert one.dump() != before
    assert verdicts(one, [made.inverse()]) == [Verdict.DONE]
    assert one.dump() == before


def test_an_effect_lands_in_the_outbox() -> None:
    """An effect is kept with its payload, and reading it gives ABSENT."""
    one = world()
    sent = Change(one.slot("notice", "or-2", "sent"), ABSENT, "digest", {"body": "x"})
    assert verdicts(one, [sent]) == [Verdict.DONE]
    assert one.outbox == [sent]
    assert rows(one, Query("notice", ids=("or-2",), paths=("sent",))) == {"or-2/sent": ABSENT}


def test_a_batch_that_is_too_large_is_refused_whole() -> None:
    """More objects than the kind takes in one batch is an error before anything is written."""
    one = world()
    with pytest.raises(Rejected, match="5 objects of tickets in one batch; at most 4"):
        list(one.write(batch(one, 5)))
    assert statuses(one) == ["open"] * 5


def test_a_job_is_accepted_first() -> None:
    """A kind that works by jobs yields the accepted job before its outcomes."""
    one = world(jobs=["tickets"])
    assert list(one.write(batch(one, 1))) == [Accepted("job-1"), DONE]


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "answered", "written"),
    [
        (Fault(What.SLOW), [Verdict.DONE] * 4, 4),
        (Fault(What.LOST_AFTER), [Verdict.UNKNOWN] * 4, 4),
        (Fault(What.LOST_BEFORE), [Verdict.UNKNOWN] * 4, 0),
        (Fault(What.NO_CHANGE), [Verdict.DONE] * 4, 0),
        (Fault(What.REJECT, item=1), [Verdict.DONE, Verdict.REJECTED, Verdict.DONE, Verdict.DONE], 3),
    ],
)
def test_a_scripted_fault_meets_one_write(fault: Fault, answered: list[Verdict], written: int) -> None:
    """A fault spoils one request as scripted, and the next one goes through."""
    one = world(faults=[fault])
    assert verdicts(one, batch(one)) == answered
    assert statuses(one).count("pending") == written
    assert verdicts(one, batch(one)) == [Verdict.DONE] * 4
    assert statuses(one).count("pending") == 4


def test_half_a_batch_is_answered_and_then_breaks() -> None:
    """The first half is written and answered, the rest is not sent."""
    one = world(faults=[Fault(What.HALF)])
    answers = one.write(batch(one))
    assert [next(answers), next(answers)] == [DONE, DONE]
    with pytest.raises(Unavailable):
        next(answers)
    assert statuses(one).count("pending") == 2


@pytest.mark.parametrize("error", [Unauthorized("no"), RateLimited("wait", retry_after=30), Unavailable("down")])
@pytest.mark.parametrize("on", ["read", "write"])
def test_an_error_is_raised_as_scripted(error: ProviderError, on: Literal["read", "write"]) -> None:
    """Any provider error can be scripted for a read or a write, and nothing is done then."""
    one = world(faults=[Fault(What.RAISE, on=on, error=error)])
    with pytest.raises(type(error)) as caught:
        list(one.read(Query("tickets")) if on == "read" else one.write(batch(one)))
    assert caught.value is error
    assert one.log == []


def test_a_page_may_break_in_the_middle() -> None:
    """Half a page is yielded before a read breaks."""
    one = world(faults=[Fault(What.HALF, on="read", skip=1)])
    found = one.read(Query("tickets", paths=("name",)))
    assert [next(found)[1] for _ in range(3)] == ["#1", "#2", "#3"]
    with pytest.raises(Unavailable):
        next(found)


def test_a_fault_waits_for_its_request() -> None:
    """`kind` and `skip` choose the request; faults of other requests wait."""
    one = world(faults=[Fault(What.NO_CHANGE, kind="tickets", skip=1), Fault(What.REJECT, kind="channel")])
    assert verdicts(one, [change(one, "1")]) == [Verdict.DONE]
    assert verdicts(one, [Change(one.slot("channel", "c1", "enabled"), True, False)]) == [Verdict.REJECTED]
    assert verdicts(one, [change(one, "2")]) == [Verdict.DONE]
    assert statuses(one)[:2] == ["pending", "open"]


def test_stale_reads_show_the_old_value_for_a_while() -> None:
    """After a stale write, so many reads of the slot show the old value."""
    one = world(faults=[Fault(What.STALE, reads=2)])
    list(one.write([change(one, "1")]))
    query = Query("tickets", ids=("1",), paths=("status",))
    assert [rows(one, query)["1/status"] for _ in range(3)] == ["open", "open", "pending"]


def test_garbage_is_neither_slot_nor_outcome() -> None:
    """Garbage is what no provider may answer, on reads and on writes."""
    one = world(faults=[Fault(What.GARBAGE, on="read"), Fault(What.GARBAGE)])
    assert not isinstance(next(one.read(Query("tickets")))[0], Slot)
    assert not any(isinstance(answer, Outcome | Accepted) for answer in one.write(batch(one)))
    assert statuses(one).count("pending") == 0


def test_a_delay_sleeps_on_the_scripted_clock() -> None:
    """A slow request moves the clock it was given and then does its work."""
    io = ScriptedIo(datetime(2026, 1, 1, tzinfo=UTC))
    one = world(io=io, faults=[Fault(What.SLOW, seconds=90)])
    assert verdicts(one, batch(one)) == [Verdict.DONE] * 4
    assert io.slept == [90]
    assert io.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)


def test_every_request_can_be_watched() -> None:
    """The watcher is called before each page and batch, and what it raises stops the request."""
    seen = []
    one = world(watch=lambda on, kind: seen.append((on, kind)))
    list(one.read(Query("tickets", paths=("name",))))
    list(one.write(batch(one)))
    assert seen == [("read", "tickets")] * 3 + [("write", "tickets")]

    def crash(on: str, kind: str) -> None:
        raise KeyboardInterrupt

    one.watch = crash
    with pytest.raises(KeyboardInterrupt):
        list(one.write([change(one, "1", "pending", "open")]))
    assert statuses(one)[0] == "pending"


# --- copies ---------------------------------------------------------------------------------------------------------


def test_a_world_is_filled_from_a_read() -> None:
    """A copy filled from what another target read holds the same, under its own name, without what is ABSENT."""
    one = world()
    copy = SlotWorld(one.capabilities(), target="copy")
    asked = ("name", "status", "group", "tags/or-1")
    copy.load(one.read(Query("tickets", where={"group": "a"}, paths=asked)))
    copy.load(one.read(Query("tickets", ids=("99",), paths=asked)))
    held = json.loads(copy.dump())
    assert held == {"tickets": {str(n): {"name": f"#{n}", "status": "open", "group": "a"} for n in (1, 2, 3)}}
    assert next(copy.read(Query("tickets")))[0].target == "copy"


def test_the_dump_is_canonical() -> None:
    """Two worlds that hold the same are dumped alike, whatever the order in which they came to it."""
    first, second = world(), world()
    slot = first.slot("channel", "c1", "enabled")
    first.edit(slot, False)
    first.edit(slot, True)
    second.put("tickets", "6", status="open")
    second.remove("tickets", "6")
    assert first.dump() == second.dump() == world().dump()


def test_a_credential_is_looked_up_by_reference() -> None:
    """The scripted outside world gives credentials by reference, notes who asked, and names what is missing."""
    io = ScriptedIo(secrets={"env:TOKEN": "s3cret"})
    assert io.secret("env:TOKEN").reveal() == "s3cret"
    assert "s3cret" not in repr(io.secret("env:TOKEN"))
    with pytest.raises(Unauthorized, match="env:OTHER is not set"):
        io.secret("env:OTHER")
    assert io.asked == ["env:TOKEN", "env:TOKEN", "env:OTHER"]
