"""A store that cannot be used: one clear sentence with the next step, nothing sent, lost or half-recorded."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from runner import kinds, people
from runner.errors import Exit, StoreError
from runner.people import Ack
from runner.store import journal, ledger, migrations
from runner.store import store as stores
from runner.store import tables as t
from runner.store.store import Store
from runner.testing.world import SlotWorld
from tests.support.lab import Lab, all_kinds

CHANNEL = {"id": "chat", "uses": "channel", "with": {"channel": "Chat", "enabled": False}}
PAUSE = {"id": "pause", "uses": "tickets", "with": {"select": {"status": "open"}, "status": "pause", "tag": True}}

TICKETS = 25


def desk() -> SlotWorld:
    world = SlotWorld({**all_kinds(), "tickets": kinds.tickets(max_batch=10)}, target="desk")
    world.put("channel", "c1", name="Chat", enabled=True)
    for number in range(TICKETS):
        world.put("tickets", f"t{number:03}", name=f"T{number} {number:0400}", status="open")
    return world


def path_of(folder: Path) -> Path:
    return folder / "store" / "store.sqlite"


def raw(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=0.0, check_same_thread=False)


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """Expect a fault of the store: its code, one line, a next step, and what it has to say."""
    with pytest.raises(StoreError) as caught:
        yield
    fault = caught.value
    assert fault.code == code
    assert fault.exit_code is Exit.FAULT
    assert "\n" not in fault.message
    assert fault.hint
    for word in words:
        assert word in f"{fault.message} {fault.hint}"


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables of a store."""
    with closing(raw(path)) as conn:
        names = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return {name: sorted(conn.execute(f"SELECT * FROM {name}")) for name in names}


# --- opening --------------------------------------------------------------------------------------------------------


def test_a_store_of_a_newer_runner_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A store that only a newer runner can read is ST001 with both versions and the upgrade, and not a byte changes."""
    path = tmp_path / "store.sqlite"
    Store(path).close()
    with closing(raw(path)) as conn:
        conn.execute("UPDATE meta SET version = 9, min_reader = 8")
    before = path.read_bytes()
    for create in (True, False):
        with refused("ST001", str(path), "schema 9", "knows 1", "pip install --upgrade"):
            Store(path, create=create)
    assert path.read_bytes() == before


def test_a_newer_store_that_this_runner_can_still_read_is_used(tmp_path: Path) -> None:
    """A newer version that says it can be read by this one is opened, and keeps its version."""
    path = tmp_path / "store.sqlite"
    Store(path).close()
    with closing(raw(path)) as conn:
        conn.execute("UPDATE meta SET version = 9, min_reader = 1")
    Store(path).close()
    assert contents(path)["meta"][0][1] == 9


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (lambda path: path.mkdir(parents=True), "ST009", "store.path"),
        (lambda path: path.parent.write_text("a file"), "ST009", "store.path"),
        (lambda path: _file(path, b"hello, " * 200), "ST008", "store.path"),
        (lambda path: _damaged(path, 100), "ST007", "runner import"),
    ],
    ids=["a folder", "below a file", "no database", "damaged"],
)
def test_what_is_no_store_is_said_with_its_path(
    tmp_path: Path, make: Callable[[Path], object], code: str, words: str
) -> None:
    """A folder, a path below a file, a text file and a damaged database each have a sentence of their own."""
    path = tmp_path / "there" / "store.sqlite"
    make(path)
    with refused(code, str(path), words), Store(path) as store, store.reading() as conn:
        for table in t.metadata.sorted_tables:
            conn.execute(table.select()).all()


def _file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(data)


def _damaged(path: Path, keep: int) -> None:
    Store(path).close()
    data = path.read_bytes()
    path.write_bytes(data[:keep] + b"\xff" * (len(data) - keep))


def test_a_database_of_something_else_is_not_taken_over(tmp_path: Path) -> None:
    """A database with other tables is no store: it is refused, and no table of ours is made in it."""
    path = tmp_path / "shop.sqlite"
    with closing(raw(path)) as conn:
        conn.execute("CREATE TABLE orders (id INTEGER)")
    with refused("ST008", str(path), "store.path"):
        Store(path)
    assert contents(path) == {"orders": []}


def test_a_table_called_meta_alone_makes_no_store(tmp_path: Path) -> None:
    """Another program's table `meta` is not taken for ours."""
    path = tmp_path / "shop.sqlite"
    with closing(raw(path)) as conn:
        conn.execute("CREATE TABLE meta (name TEXT)")
    with refused("ST008", str(path)):
        Store(path)


@pytest.mark.parametrize("folder", ["new", "there"])
def test_every_file_of_the_store_is_private_from_its_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Store, write-ahead log and shared memory are 0600 while the first process still works, whatever the umask."""
    if folder == "there":
        (tmp_path / folder).mkdir(mode=0o755)
    seen: dict[str, int] = {}
    opened = Store._open

    def watched(self: Store) -> object:
        engine = opened(self)
        seen.update({each.name: stat.S_IMODE(each.stat().st_mode) for each in self.path.parent.iterdir()})
        return engine

    monkeypatch.setattr(Store, "_open", watched)
    old = os.umask(0)
    try:
        with Store(tmp_path / folder / "store.sqlite") as store:
            with store.transaction() as conn:
                ledger.next_n(conn)
            seen |= {each.name: stat.S_IMODE(each.stat().st_mode) for each in store.path.parent.iterdir()}
    finally:
        os.umask(old)
    assert seen.keys() >= {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
    assert {name: oct(mode) for name, mode in seen.items() if mode != 0o600} == {}


def test_reading_commands_leave_no_file(tmp_path: Path) -> None:
    """A missing store that is only read is an empty one in memory: nothing appears on disk."""
    with Store(tmp_path / "no" / "store.sqlite", create=False) as store, store.reading() as conn:
        assert ledger.outage_rows(conn) == []
    assert list(tmp_path.iterdir()) == []


# --- locked, read-only, full ----------------------------------------------------------------------------------------


def test_a_store_locked_by_another_process_says_so_and_loses_nothing(tmp_path: Path) -> None:
    """While another connection holds the write lock a change is ST004 with the next step; then it goes through."""
    path = tmp_path / "store.sqlite"
    with Store(path, busy=0.05) as store, closing(raw(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with refused("ST004", str(path), "fuser"), store.transaction() as conn:
            ledger.next_n(conn)
        with store.reading() as conn:
            assert ledger.outage_rows(conn) == []
        other.execute("ROLLBACK")
        with store.transaction() as conn:
            assert ledger.next_n(conn) == 1


def test_a_short_lock_is_waited_out(tmp_path: Path) -> None:
    """A lock that is gone within the time given is not even noticed."""
    path = tmp_path / "store.sqlite"
    with Store(path, busy=5.0) as store:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.1, partial(other.execute, "ROLLBACK"))
        timer.start()
        with store.transaction() as conn:
            assert ledger.next_n(conn) == 1
        timer.join()
        other.close()


def test_a_store_locked_in_the_middle_of_an_apply(tmp_path: Path) -> None:
    """Locked between two batches: the apply ends with one sentence, what was written is on record, resume finishes."""
    lab = Lab(tmp_path, desk())
    before = lab.world.dump()
    book = lab.playbook("match", [PAUSE])
    lab.session._store = Store(path_of(tmp_path), busy=0.02)
    other = raw(path_of(tmp_path))
    writes: list[int] = []

    def lock(on: str, kind: str) -> None:
        if on == "write":
            writes.append(1)
            other.execute("BEGIN IMMEDIATE")

    lab.world.watch = lock
    with refused("ST004", "fuser"):
        lab.apply(book)
    assert len(writes) == 1
    lab.world.watch = None
    other.execute("ROLLBACK")
    other.close()
    again = lab.later(minutes=2).restart()
    (report,) = again.resume()
    assert report.exit_code is Exit.DONE
    assert len({change.slot for change in again.world.log}) == len(again.world.log) == 2 * TICKETS
    assert again.revert().exit_code is Exit.DONE
    assert again.world.dump() == before


def test_a_read_only_store_can_be_read_and_is_never_sent_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a store file that cannot be written, status works; an apply is ST005 and the helpdesk gets nothing."""
    lab = Lab(tmp_path, desk())
    book = lab.playbook("match", [CHANNEL])
    lab.plan(book)
    lab.session.close()
    before = contents(path_of(tmp_path))
    keep = raw(path_of(tmp_path))
    connect = sqlite3.connect

    def read_only(name: str, **more: Any) -> sqlite3.Connection:
        return connect(f"file:{name}?mode=ro", uri=True, **more)

    monkeypatch.setattr(stores.sqlite3, "connect", read_only)
    with lab.session.store.reading() as conn:
        assert ledger.outage_rows(conn) == []
    lab.plan(book)
    with refused("ST005", "ls -l"):
        lab.apply(book)
    lab.session.close()
    monkeypatch.undo()
    keep.close()
    assert lab.world.log == []
    assert contents(path_of(tmp_path)) == before


def bounded(store: Store, pages: int) -> None:
    """Let the store's file grow by so many pages at most: a disk that fills up."""
    with store._engine.connect() as conn:
        count = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {count + pages}")


@pytest.mark.parametrize("room", [0, 1, 3, 5, 7])
def test_a_full_disk_sends_nothing_that_is_not_on_record(tmp_path: Path, room: int) -> None:
    """Wherever the store runs out of space: one sentence, no write without its intent, and resume finishes."""
    lab = Lab(tmp_path, desk())
    before = lab.world.dump()
    lab.session.store.close()
    lab.session._store = Store(path_of(tmp_path))
    bounded(lab.session.store, room)
    with refused("ST006", "runner resume"):
        lab.apply(lab.playbook("match", [PAUSE]))
    announced = announced_slots(path_of(tmp_path))
    assert {change.slot.key for change in lab.world.log} <= announced
    again = lab.later(minutes=2).restart()
    for report in again.resume():
        assert report.exit_code is Exit.DONE
    with again.session.store.reading() as conn:
        registered = ledger.outage_rows(conn)
    if registered:
        assert len(again.world.log) == 2 * TICKETS
        assert again.revert().exit_code is Exit.DONE
    assert again.world.dump() == before


def announced_slots(path: Path) -> set[object]:
    with closing(raw(path)) as conn:
        return {row[0] for row in conn.execute("SELECT key FROM journal")}


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_journal_that_cannot_be_written_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """A full disk under the journal file stops before the write it belongs to; with space again, resume finishes."""
    lab = Lab(tmp_path, desk())
    before = lab.world.dump()
    syncs: list[int] = []
    sync = journal._sync

    def full(descriptor: int) -> None:
        syncs.append(len(lab.world.log))
        if len(syncs) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(journal, "_sync", full)
    with refused("ST020", "No space left", "nothing was sent without it", "runner resume"):
        lab.apply(lab.playbook("match", [PAUSE]))
    assert len(lab.world.log) == syncs[-1], "something was sent after the journal could not be written"
    file = next((tmp_path / "journal").iterdir())
    lines = list(journal.read(file))
    written = {line["key"] for line in lines if line["t"] == "intent"}
    assert {change.slot.key for change in lab.world.log} <= written
    monkeypatch.undo()
    again = lab.later(minutes=2).restart()
    (report,) = again.resume()
    assert report.exit_code is Exit.DONE
    assert len({change.slot for change in again.world.log}) == len(again.world.log) == 2 * TICKETS
    assert again.revert().exit_code is Exit.DONE
    assert again.world.dump() == before
    assert list(journal.read(file))


def test_a_store_that_fails_while_it_says_so_keeps_its_own_fault(tmp_path: Path) -> None:
    """The fault that ended a drive is the one that is told, not the one of giving the lease back afterwards."""
    lab = Lab(tmp_path, desk())
    lab.session._store = Store(path_of(tmp_path), busy=0.0)
    other = raw(path_of(tmp_path))

    def lock(on: str, kind: str) -> None:
        if on == "write" and not other.in_transaction:
            other.execute("BEGIN IMMEDIATE")

    lab.world.watch = lock
    with refused("ST004"):
        lab.apply(lab.playbook("match", [CHANNEL]))
    other.close()


# --- what can never be changed --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the store of an open outage with an acknowledged human step, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    lab = Lab(folder, desk())
    lock = {"id": "lock", "uses": "access", "with": {"setting": "Sign-in", "value": "nobody"}}
    book = lab.playbook("match", [CHANNEL, PAUSE, lock])
    lab.apply(book)
    run = next(each for each in lab.outage(book).runs if each.id == "lock")
    place = (lab.session.store, lab.config.store.journal, lab.outage(book).id)
    people.acknowledge(*place, run, "", Ack("ana", before="everybody"), now_ms=lab.deps.now_ms())
    lab.session.close()
    return path_of(folder)


@pytest.fixture
def filled(once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(once, tmp_path))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE slots SET base = '\"x\"'", "slots.base is write-once"),
        ("UPDATE slots SET base = base || ' '", "slots.base is write-once"),
        ("UPDATE slots SET last = '1', base = NULL", "base"),
        ("UPDATE journal SET changes = '{}'", "journal.changes is write-once"),
        ("DELETE FROM journal", "append-only"),
        ("DELETE FROM journal WHERE seq = 1", "append-only"),
        ("UPDATE acks SET before = '\"x\"'", "append-only"),
        ("DELETE FROM acks", "append-only"),
        ("UPDATE leases SET token = token - 1", "token only grows"),
        ("DELETE FROM leases", "leases are never deleted"),
        ("DELETE FROM events", "append-only"),
        ("UPDATE events SET reason = 'another'", "append-only"),
    ],
)
def test_the_record_cannot_be_rewritten(filled: Path, statement: str, said: str) -> None:
    """Before-images, journal, acknowledgements, history and fencing tokens are refused by the database itself."""
    before = contents(filled)
    with closing(raw(filled)) as conn, pytest.raises(sqlite3.IntegrityError, match=said):
        conn.execute(statement)
    assert contents(filled) == before


def test_what_may_change_does(filled: Path) -> None:
    """The state of a journal row, the last value of a slot and a growing token go through."""
    with closing(raw(filled)) as conn:
        conn.execute("UPDATE journal SET state = 'done', reason = 'seen'")
        conn.execute("UPDATE slots SET last = '1', rev = rev + 1")
        conn.execute("UPDATE slots SET base = base")
        conn.execute("UPDATE leases SET token = token + 1, expires_ms = 0")


def test_a_refused_statement_takes_its_whole_transaction_back(filled: Path) -> None:
    """A transaction that tries to change a before-image leaves nothing of itself."""
    before = contents(filled)
    with Store(filled) as store, refused("ST002", "write-once"), store.transaction() as conn:
        ledger.next_n(conn, 5)
        conn.execute(text("UPDATE slots SET base = '0'"))
    assert contents(filled) == before


def test_an_exception_inside_rolls_back(tmp_path: Path) -> None:
    """Whatever is raised inside a transaction, nothing of it is kept and the store goes on."""
    with Store(tmp_path / "store.sqlite") as store:
        with pytest.raises(ZeroDivisionError), store.transaction() as conn:
            ledger.next_n(conn, ledger.next_n(conn) // 0)
        with store.transaction() as conn:
            assert ledger.next_n(conn) == 1


# --- migrations -----------------------------------------------------------------------------------------------------


def old_store(path: Path, version: int = 0) -> str:
    """Make a store of an older version and return its lineage."""
    with Store(path) as store:
        lineage = store.lineage
    with closing(raw(path)) as conn:
        conn.execute("UPDATE meta SET version = ?, counter = 7", (version,))
    return lineage


def with_colour(conn: Connection) -> None:
    conn.execute(text("ALTER TABLE outages ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'"))


def columns(path: Path, table: str) -> set[str]:
    with closing(raw(path)) as conn:
        return {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}


def test_an_older_store_is_brought_up_to_date_with_a_private_copy_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older store goes through its steps once, keeps its rows, and leaves a 0600 copy of what it was."""
    path = tmp_path / "store.sqlite"
    lineage = old_store(path)
    monkeypatch.setattr(migrations, "STEPS", {0: with_colour})
    old = os.umask(0)
    try:
        with Store(path) as store:
            assert store.lineage == lineage
    finally:
        os.umask(old)
    copy = tmp_path / "store.sqlite.v0"
    assert contents(path)["meta"][0][:5] == (1, 1, 1, lineage, 7)
    assert contents(copy)["meta"][0][:5] == (1, 0, 1, lineage, 7)
    assert "colour" in columns(path, "outages")
    assert "colour" not in columns(copy, "outages")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    was = path.read_bytes()
    Store(path).close()
    assert path.read_bytes() == was


def test_a_migration_that_fails_changes_nothing_and_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that fails in its middle is rolled back with one sentence; the next try finds the old store."""
    path = tmp_path / "store.sqlite"
    old_store(path)
    before = contents(path)

    def broken(conn: Connection) -> None:
        with_colour(conn)
        conn.execute(text("ALTER TABLE nothing ADD COLUMN x"))

    monkeypatch.setattr(migrations, "STEPS", {0: broken})
    with refused("ST002", str(path), "runner doctor"):
        Store(path)
    assert contents(path) == before
    monkeypatch.setattr(migrations, "STEPS", {0: with_colour})
    Store(path).close()
    assert "colour" in columns(path, "outages")


def test_two_processes_that_migrate_at_once_do_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that finds the store migrated by the time it has the lock does not run the steps again."""
    path = tmp_path / "store.sqlite"
    old_store(path)
    done: list[int] = []

    def step(conn: Connection) -> None:
        done.append(1)
        with_colour(conn)

    upgrade = migrations.upgrade

    def late(conn: Connection, place: Path) -> None:
        monkeypatch.setattr(migrations, "upgrade", upgrade)
        Store(path).close()  # the other process was faster
        upgrade(conn, place)

    monkeypatch.setattr(migrations, "STEPS", {0: step})
    monkeypatch.setattr(migrations, "upgrade", late)
    Store(path).close()
    assert done == [1]


def test_a_copy_that_a_crash_left_half_made_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy beside the store is whole whenever it has its name."""
    path = tmp_path / "store.sqlite"
    lineage = old_store(path)
    (tmp_path / "store.sqlite.v0.part").write_bytes(b"half a copy")
    monkeypatch.setattr(migrations, "STEPS", {0: with_colour})
    Store(path).close()
    assert contents(tmp_path / "store.sqlite.v0")["meta"][0][3] == lineage
    assert not (tmp_path / "store.sqlite.v0.part").exists()


def test_a_version_that_no_step_leads_from_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store older than anything this runner can migrate is refused and left alone."""
    path = tmp_path / "store.sqlite"
    old_store(path, version=-3)
    before = contents(path)
    monkeypatch.setattr(migrations, "STEPS", {0: with_colour})
    with refused("ST002", str(path), "schema -3", "import their journals"):
        Store(path)
    assert contents(path) == before


def test_processes_that_make_the_store_at_once_make_one(tmp_path: Path) -> None:
    """However many processes find no store and make it at the same moment, there is one, and all of them use it."""
    path = tmp_path / "new" / "store.sqlite"
    lineages: list[str] = []
    ready = threading.Barrier(6)

    def make() -> None:
        ready.wait()
        with Store(path) as store:
            lineages.append(store.lineage)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lineages) == 6
    assert len(set(lineages)) == 1


def test_a_store_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    """SQLite refuses at once to change the mode of a database that is being written: the store waits its turn."""
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as maker:
        maker.execute("BEGIN IMMEDIATE")
        with refused("ST004", "locked"):
            Store(path, busy=0.01)
        done = threading.Timer(0.05, maker.execute, ["ROLLBACK"])
        done.start()
        with Store(path) as store:
            assert store.lineage
        done.join()
