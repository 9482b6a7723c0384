"""The store on SQLite: opening, migrating, transactions. The only module that speaks to the database driver.

Durability is the point: WAL with ``synchronous=FULL``, ``BEGIN IMMEDIATE``, one writer. Every fault of the database
becomes a `StoreError` that says what to do next.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, create_engine, event, insert, select, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from runner.errors import StoreError
from runner.store import tables as t

BUSY_SECONDS: Final = 30.0
_NEXT = {
    "ST004": "another process holds the store; try again in a moment, or find it with `fuser {path}`",
    "ST005": "the store file or its folder cannot be written by this user; check `ls -l {path}`",
    "ST006": "the disk is full; free some space, then run `runner resume`: nothing is lost",
    "ST007": "the file is damaged; rebuild it from the journals: `runner import journal/*.jsonl` into a new store",
    "ST008": "this file is no store; check `store.path` in runner.yaml",
    "ST009": "check that the folder of `store.path` exists and can be written",
}
_SAID = (
    ("locked", "ST004", "the store is locked by another process"),
    ("readonly", "ST005", "the store is read-only"),
    ("read-only", "ST005", "the store is read-only"),
    ("full", "ST006", "the disk with the store is full"),
    ("not a database", "ST008", "the store file is not a database"),
    ("malformed", "ST007", "the store file is damaged"),
    ("unable to open", "ST009", "the store cannot be opened"),
    ("i/o error", "ST006", "the store cannot be written (disk I/O error)"),
)

_TURNS = 50


def _write_ahead(raw: sqlite3.Connection) -> None:
    """Put the database into write-ahead mode, also while other processes are doing the same. Raises `OperationalError`.

    SQLite does not wait for a lock when it changes the mode: of processes that make a store at one moment all but one
    are refused at once. A transaction does wait (`busy`), so each takes its turn by one, and finds the mode changed.
    """
    for _ in range(_TURNS):
        try:
            raw.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as err:
            if err.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # the low byte: SQLITE_BUSY_RECOVERY is one too
                raise
        raw.execute("BEGIN EXCLUSIVE")
        raw.execute("ROLLBACK")
    raw.execute("PRAGMA journal_mode=WAL")


class Store:
    """One open store. Not shared between threads: the runner has one writer.

    `lineage` names this store for ever: a plan made against another store is refused by it.
    """

    def __init__(self, path: Path, *, busy: float = BUSY_SECONDS, create: bool = True) -> None:
        """Open (and create or migrate) the store at `path`. Raises `StoreError`.

        `busy` is how long, in seconds, another process's lock is waited for. With `create=False` a missing file is
        not made: an empty store in memory answers instead, so that reading commands leave no trace.
        """
        self.path = path
        there = path.exists()
        self._memory = not there and not create
        self._busy = busy
        self._reads = False
        with self._faults():
            if not self._memory and not there:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # what SQLite puts beside it takes this mode
            self._engine = self._open()
            self._conn = self._engine.connect()
        try:
            with self._faults():
                self._migrate()
                row = self._conn.execute(select(t.meta)).one()
                self._conn.rollback()
        except BaseException:
            self.close()
            raise
        self.lineage: str = row.lineage

    def _open(self) -> Engine:
        name = ":memory:" if self._memory else str(self.path)

        def connect() -> sqlite3.Connection:
            raw = sqlite3.connect(name, timeout=self._busy, isolation_level=None, check_same_thread=False)
            _write_ahead(raw)
            raw.execute("PRAGMA synchronous=FULL")
            return raw

        engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
        event.listen(engine, "begin", self._begin)
        return engine

    def _begin(self, conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN" if self._reads else "BEGIN IMMEDIATE")

    def _migrate(self) -> None:
        """Make the tables of a new store, or bring an older one up to date. Raises `StoreError`."""
        from runner.store import migrations

        if self._tables() is None:
            with self._conn.begin():
                self._make()
        found = self._conn.execute(text("SELECT version, min_reader FROM meta")).one()
        self._conn.rollback()
        if found.min_reader > t.SCHEMA_VERSION:
            raise StoreError(
                f"the store {self.path} was written by a newer runner (schema {found.version}, this one knows "
                f"{t.SCHEMA_VERSION})",
                hint="upgrade with `pip install --upgrade outage-runner`; nothing was changed",
                code="ST001",
            )
        if found.version < t.SCHEMA_VERSION:
            migrations.upgrade(self._conn, self.path)

    def _tables(self) -> str | None:
        """Return how the table `meta` was made, None in an empty database. Raises `StoreError` for one of others."""
        rows = self._conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
        made: dict[str, str] = {row.name: row.sql for row in rows}
        self._conn.rollback()
        if made and "min_reader" not in made.get("meta", ""):
            raise StoreError(
                f"{self.path} is a database of something else", hint=_NEXT["ST008"].format(path=self.path), code="ST008"
            )
        return made.get("meta")

    def _make(self) -> None:
        """Make all tables, unless another process was faster."""
        if self._conn.execute(text("SELECT 1 FROM sqlite_master")).first() is not None:
            return
        for statement in t.ddl():
            self._conn.exec_driver_sql(statement)
        first = {"id": 1, "version": t.SCHEMA_VERSION, "min_reader": 1, "counter": 0, "ticked_ms": 0}
        self._conn.execute(insert(t.meta), {**first, "lineage": uuid4().hex})

    def close(self) -> None:
        """Close the file."""
        self._conn.close()
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run one durable transaction; rolls back on any exception. Raises `StoreError`."""
        with self._faults(), self._conn.begin():
            yield self._conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Run reads in one consistent snapshot that writes nothing. Raises `StoreError`."""
        with self._faults():
            self._reads = True
            try:
                with self._conn.begin():
                    yield self._conn
            finally:
                self._reads = False

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as fault:
            raise _explained(fault, self.path) from fault


def _explained(fault: Exception, path: Path) -> StoreError:
    said = str(getattr(fault, "orig", None) or fault)
    for needle, name, sentence in _SAID:
        if needle in said.lower():
            return StoreError(f"{sentence}: {path}", hint=_NEXT[name].format(path=path), code=name)
    if isinstance(fault, DatabaseError | OperationalError | SQLAlchemyError | sqlite3.Error):
        return StoreError(f"the store {path} answered: {said}", hint="run `runner doctor`", code="ST002")
    return StoreError(f"the store {path} cannot be used: {said}", hint=_NEXT["ST009"].format(path=path), code="ST009")
