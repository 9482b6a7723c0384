"""Lease rows: one holder at a time, a token that only grows, and an old holder that cannot write any more."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.errors import Exit, Fenced, Interrupted
from runner.store import lease, ledger
from runner.store.lease import HeldBy, Lease
from runner.store.store import Store
from runner.testing.world import SlotWorld
from tests.support.lab import Lab, all_kinds

NAME = "match@2026-12-11T11:30"


@dataclass
class Clock:
    """Two clocks of one machine."""

    now: float = 1000.0

    def now_ms(self) -> int:
        return int(self.now * 1000)

    def boot(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.sqlite", busy=5.0) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


def take(store: Store, clock: Clock, owner: str = "ana", ttl: float = 90.0) -> Lease:
    return lease.acquire(store, NAME, owner=owner, ttl=ttl, clock=clock, reason="drive")


def held(store: Store, clock: Clock, mine: Lease) -> bool:
    """Whether the holder of `mine` still gets through the fence."""
    try:
        with store.transaction() as conn:
            lease.fence(conn, mine, clock)
    except Fenced:
        return False
    return True


def token(store: Store) -> int:
    with closing(sqlite3.connect(store.path)) as conn:
        return int(conn.execute("SELECT token FROM leases").fetchone()[0])


def test_a_free_lease_is_taken(store: Store, clock: Clock) -> None:
    """The first holder gets token 1, and everybody can see who it is until it runs out."""
    mine = take(store, clock)
    assert (mine.name, mine.owner, mine.token, mine.ttl) == (NAME, "ana", 1, 90.0)
    with store.reading() as conn:
        assert lease.holder(conn, NAME, clock.now_ms()) == ("ana", 90.0)
        assert lease.holder(conn, NAME, clock.now_ms() + 90_000) == ("", 0.0)
        assert lease.holder(conn, "another", clock.now_ms()) == ("", 0.0)


def test_a_held_lease_is_refused_with_the_time_to_wait(store: Store, clock: Clock) -> None:
    """Somebody else is told who holds it and for how long, exit 75, and nothing changes."""
    mine = take(store, clock)
    clock.now += 30
    with pytest.raises(HeldBy) as caught:
        take(store, clock, "bruno")
    fault = caught.value
    assert (fault.owner, fault.wait) == ("ana", 60.0)
    assert fault.exit_code is Exit.HELD
    assert "ana is working on this outage" in fault.message
    assert "another 60 s" in fault.message
    assert "runner unlock" in fault.hint
    assert token(store) == 1
    assert held(store, clock, mine)


def test_even_the_same_owner_has_to_wait(store: Store, clock: Clock) -> None:
    """Two processes of one owner name are two holders."""
    take(store, clock)
    with pytest.raises(HeldBy):
        take(store, clock)


def test_leases_of_different_outages_do_not_meet(store: Store, clock: Clock) -> None:
    """Each outage has a lease of its own."""
    take(store, clock)
    other = lease.acquire(store, "other", owner="bruno", ttl=90.0, clock=clock)
    assert other.token == 1


def test_a_lease_is_held_up_to_its_last_moment(store: Store, clock: Clock) -> None:
    """Up to its end nobody else gets it; from then on anybody does, and the token grows."""
    mine = take(store, clock)
    clock.now += 89.999
    with pytest.raises(HeldBy):
        take(store, clock, "bruno")
    clock.now += 0.001
    theirs = take(store, clock, "bruno")
    assert theirs.token == 2
    assert not held(store, clock, mine)
    assert held(store, clock, theirs)


def test_a_fence_renews(store: Store, clock: Clock) -> None:
    """A holder that keeps working keeps its lease, with the same token."""
    mine = take(store, clock)
    for _ in range(5):
        clock.now += 60
        with store.transaction() as conn:
            mine = lease.fence(conn, mine, clock)
    assert mine.token == 1
    assert mine.fenced_at == clock.now
    with pytest.raises(HeldBy):
        take(store, clock, "bruno")


def test_an_expired_holder_is_fenced_even_when_nobody_took_over(store: Store, clock: Clock) -> None:
    """A holder that was away too long stops by itself: somebody may be about to take over."""
    mine = take(store, clock)
    clock.now += 90.001
    with pytest.raises(Fenced) as caught, store.transaction() as conn:
        lease.fence(conn, mine, clock)
    assert caught.value.exit_code is Exit.HELD
    assert "ana no longer holds the lease" in caught.value.message
    assert "nothing more was sent" in caught.value.hint
    clock.now += 3600
    assert not held(store, clock, mine)


def test_a_fenced_transaction_leaves_nothing(store: Store, clock: Clock) -> None:
    """What an old holder wrote before the fence in one transaction is rolled back with it."""
    mine = take(store, clock)
    clock.now += 200
    take(store, clock, "bruno")
    with pytest.raises(Fenced), store.transaction() as conn:
        lease.fence(conn, mine, clock) if ledger.next_n(conn, 5) else None
    with store.transaction() as conn:
        assert ledger.next_n(conn) == 1


def test_a_released_lease_is_free_at_once_and_its_token_grows_on(store: Store, clock: Clock) -> None:
    """Given back, it is taken by the next one without waiting; the old holder is fenced for ever."""
    mine = take(store, clock)
    lease.release(store, mine, clock)
    assert not held(store, clock, mine)
    theirs = take(store, clock, "bruno")
    assert theirs.token == 2
    assert not held(store, clock, mine)


def test_an_old_holder_cannot_give_away_the_lease_of_its_successor(store: Store, clock: Clock) -> None:
    """A late release does nothing to whoever took over."""
    mine = take(store, clock)
    clock.now += 100
    theirs = take(store, clock, "bruno")
    lease.release(store, mine, clock)
    assert held(store, clock, theirs)


@pytest.mark.parametrize("gone", [True, False])
def test_unlock_takes_it_away_and_keeps_the_reason(store: Store, clock: Clock, gone: bool) -> None:
    """After an unlock the holder is fenced, and the row says why. The next one gets in at once when the holder is gone
    for sure; otherwise a request of the holder that is on its way is waited out."""
    mine = take(store, clock)
    clock.now += 10
    with store.transaction() as conn:
        lease.unlock(conn, NAME, reason="laptop lost", gone=gone)
    assert token(store) == 2
    with closing(sqlite3.connect(store.path)) as conn:
        assert conn.execute("SELECT reason FROM leases").fetchone() == ("laptop lost",)
    assert not held(store, clock, mine)
    if not gone:
        with pytest.raises(lease.HeldBy) as caught:
            take(store, clock, "bruno")
        assert caught.value.wait == 80.0
        clock.now += 80.001
    assert take(store, clock, "bruno").token == 3


def test_unlock_of_what_nobody_ever_held(store: Store) -> None:
    """There is nothing to take away, and no row is made."""
    with store.transaction() as conn:
        lease.unlock(conn, NAME, reason="x", gone=True)
        assert lease.holder(conn, NAME, 0) == ("", 0.0)
    with closing(sqlite3.connect(store.path)) as conn:
        assert conn.execute("SELECT * FROM leases").fetchall() == []


def test_the_token_only_grows(store: Store, clock: Clock) -> None:
    """Whatever happens to a lease, in any order, no token is ever given out twice."""
    seen = []
    for step in range(20):
        seen.append(take(store, clock, f"owner {step}").token)
        if step % 3 == 0:
            lease.release(store, Lease(NAME, "x", seen[-1], 90.0, 0.0), clock)
        elif step % 3 == 1:
            with store.transaction() as conn:
                lease.unlock(conn, NAME, reason="x", gone=True)
        else:
            clock.now += 91
    assert seen == sorted(set(seen))


def test_a_send_needs_room_for_a_whole_request(store: Store, clock: Clock) -> None:
    """A lease covers a request only while its deadline and five seconds more fit before the end."""
    mine = take(store, clock)
    assert lease.ready_to_send(mine, clock, 30.0)
    clock.now += 54.9
    assert lease.ready_to_send(mine, clock, 30.0)
    clock.now += 0.1
    assert not lease.ready_to_send(mine, clock, 30.0)
    with store.transaction() as conn:
        mine = lease.fence(conn, mine, clock)
    assert lease.ready_to_send(mine, clock, 30.0)


def test_the_time_to_send_counts_from_before_the_fence(store: Store) -> None:
    """A store that was slow to fence does not lengthen the time to send: the clock is read before."""

    class Slow(Clock):
        def now_ms(self) -> int:
            self.now += 20
            return super().now_ms()

    mine = take(store, Slow())
    assert mine.fenced_at == 1000.0


def test_of_many_that_come_at_once_one_gets_it(store: Store, clock: Clock) -> None:
    """Eight connections ask at the same moment: one holds the lease, seven are told to wait for that one."""
    won: list[Lease] = []
    lost: list[HeldBy] = []
    ready = threading.Barrier(8)

    def ask(number: int) -> None:
        with Store(store.path, busy=10.0) as mine:
            ready.wait()
            try:
                won.append(take(mine, clock, f"owner {number}"))
            except HeldBy as fault:
                lost.append(fault)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert {fault.owner for fault in lost} == {won[0].owner}
    assert len(lost) == 7


# --- two processes on one outage ------------------------------------------------------------------------------------

CHANNEL = {"id": "chat", "uses": "channel", "with": {"channel": "Chat", "enabled": False}}


def desk() -> SlotWorld:
    world = SlotWorld(all_kinds(), target="desk")
    world.put("channel", "c1", name="Chat", enabled=True)
    return world


def test_two_processes_on_one_outage(tmp_path: Path) -> None:
    """While one process writes, another that wants the same outage is told who it is and how long to wait at most."""
    one = Lab(tmp_path, desk(), owner="ana@desk/1")
    two = Lab(tmp_path, one.world, owner="bruno@laptop/2")
    book = one.playbook("match", [CHANNEL])
    refused: list[HeldBy] = []

    def meanwhile(on: str, kind: str) -> None:
        if on == "write" and not refused:
            with pytest.raises(HeldBy) as caught:
                two.apply(book)
            refused.append(caught.value)

    one.world.watch = meanwhile
    two.session.store.close()
    two.session._store = Store(two.config.store.path)
    assert one.apply(book).exit_code is Exit.DONE
    assert [fault.owner for fault in refused] == ["ana@desk/1"]
    assert 0 < refused[0].wait <= 90
    assert len(one.world.log) == 1
    one.world.watch = None
    assert two.apply(book).exit_code is Exit.DONE
    assert len(one.world.log) == 1


def test_a_revert_of_somebody_else_waits_for_the_lease_and_goes_on(tmp_path: Path) -> None:
    """With patience, a dead holder's lease is waited out, the wait is told, and the work is done."""
    lab = Lab(tmp_path, desk())
    before = lab.world.dump()
    report = lab.apply(lab.playbook("match", [CHANNEL]))
    lease.acquire(lab.session.store, report.outage, owner="bruno@laptop/2", ttl=60.0, clock=lab.deps)
    began = lab.clock
    assert lab.revert(patience=300.0).exit_code is Exit.DONE
    assert 60 <= lab.clock - began <= 63
    assert "bruno@laptop/2 is working on" in lab.progress.waits[0]
    assert lab.world.dump() == before


def test_patience_ends(tmp_path: Path) -> None:
    """A holder that keeps its lease for longer than the patience stays the holder."""
    lab = Lab(tmp_path, desk())
    report = lab.apply(lab.playbook("match", [CHANNEL]))
    lease.acquire(lab.session.store, report.outage, owner="bruno@laptop/2", ttl=600.0, clock=lab.deps)
    with pytest.raises(HeldBy):
        lab.revert(patience=5.0)
    assert lab.get("channel", "c1", "enabled") is False


@pytest.mark.parametrize("how", ["taken over", "unlocked", "run out"])
def test_a_holder_that_lost_its_lease_sends_nothing_more(tmp_path: Path, how: str) -> None:
    """Lost between the announcement and the write: not one request more, and the next process finishes."""
    lab = Lab(tmp_path, desk())
    before = lab.world.dump()
    book = lab.playbook("match", [CHANNEL])
    outage = lab.outage(book).id

    def lose() -> None:
        lab.later(seconds=100)
        with closing(sqlite3.connect(lab.config.store.path)) as conn, conn:
            if how != "run out":
                conn.execute("UPDATE leases SET token = token + 1, owner = 'bruno', expires_ms = ?", (2**50,))

    from runner.store.journal import JournalFile

    append = JournalFile.append

    def lost(self: JournalFile, lines: object) -> None:
        found = list(lines)
        append(self, found)
        if any('"t":"intent"' in str(line) for line in found):
            lose()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JournalFile, "append", lost)
        with pytest.raises(Fenced) as caught:
            lab.apply(book)
    assert caught.value.exit_code is Exit.HELD
    assert lab.world.log == []
    again = lab.restart()
    with again.session.store.transaction() as conn:
        lease.unlock(conn, outage, reason="gone", gone=True)
    (report,) = again.resume()
    assert report.exit_code is Exit.DONE
    assert len(again.world.log) == 1
    assert again.revert().exit_code is Exit.DONE
    assert again.world.dump() == before


def test_a_revert_stops_an_apply_at_the_next_batch(tmp_path: Path) -> None:
    """Somebody asks for a revert while another process applies: that one stops at its border and gives the lease up."""
    lab = Lab(tmp_path, desk())
    book = lab.playbook("match", [CHANNEL, {**CHANNEL, "id": "again", "with": {"channel": "Mail", "enabled": False}}])
    lab.world.put("channel", "c2", name="Mail", enabled=True)
    before = lab.world.dump()
    outage = lab.outage(book).id

    def wish(on: str, kind: str) -> None:
        if on == "write":
            with closing(sqlite3.connect(lab.config.store.path)) as conn, conn:
                conn.execute("UPDATE outages SET desired = 'revert' WHERE id = ?", (outage,))

    lab.world.watch = wish
    with pytest.raises(Interrupted) as caught:
        lab.apply(book)
    assert caught.value.exit_code is Exit.RESUME
    assert len(lab.world.log) == 1
    lab.world.watch = None
    with lab.session.store.reading() as conn:
        assert lease.holder(conn, outage, lab.deps.now_ms()) == ("", 0.0)
    assert lab.revert().exit_code is Exit.DONE
    assert lab.world.dump() == before
