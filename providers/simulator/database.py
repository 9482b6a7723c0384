"""The file of the helpdesk: its tables, how it is opened, one transaction at a time.

Nothing here knows the rules of the helpdesk or the words of the runner. A connection is opened at the first request,
shared by the threads of one process behind a lock, and never carried into a forked child.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

VERSION: Final = 1

Row: TypeAlias = tuple[Any, ...]

TABLES: Final = """
CREATE TABLE schedules(id INTEGER PRIMARY KEY, name TEXT NOT NULL, zone TEXT NOT NULL, hours TEXT NOT NULL,
  updated_at TEXT NOT NULL);
CREATE TABLE holidays(schedule_id INTEGER NOT NULL REFERENCES schedules(id), ref TEXT NOT NULL, name TEXT NOT NULL,
  start_date TEXT NOT NULL, end_date TEXT NOT NULL, PRIMARY KEY(schedule_id, ref)) WITHOUT ROWID;
CREATE TABLE channels(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, zone TEXT NOT NULL,
  hours TEXT NOT NULL, enabled INTEGER NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE messages(id INTEGER PRIMARY KEY, name TEXT NOT NULL, channel_id INTEGER NOT NULL REFERENCES channels(id),
  moment TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE message_texts(message_id INTEGER NOT NULL REFERENCES messages(id), locale TEXT NOT NULL,
  text TEXT NOT NULL, PRIMARY KEY(message_id, locale)) WITHOUT ROWID;
CREATE TABLE rules(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, active INTEGER NOT NULL,
  position INTEGER NOT NULL, body TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE notices(ref TEXT PRIMARY KEY, content TEXT NOT NULL, updated_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE groups(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE tickets(id INTEGER PRIMARY KEY, subject TEXT NOT NULL, requester TEXT NOT NULL, locale TEXT NOT NULL,
  group_id INTEGER NOT NULL REFERENCES groups(id), channel_id INTEGER NOT NULL REFERENCES channels(id),
  status TEXT NOT NULL, priority TEXT NOT NULL, assignee TEXT NOT NULL, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL);
CREATE TABLE ticket_tags(ticket_id INTEGER NOT NULL REFERENCES tickets(id), tag TEXT NOT NULL,
  PRIMARY KEY(ticket_id, tag)) WITHOUT ROWID;
CREATE TABLE snoozes(ticket_id INTEGER PRIMARY KEY REFERENCES tickets(id), due TEXT NOT NULL, due_at INTEGER NOT NULL,
  by TEXT, status TEXT, was TEXT NOT NULL);
CREATE TABLE outbox(id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL, digest TEXT NOT NULL,
  payload TEXT NOT NULL, sent_at TEXT NOT NULL);
CREATE TABLE history(id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,
  object TEXT NOT NULL, field TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL);
CREATE TABLE faults(id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL, op TEXT NOT NULL, kind TEXT NOT NULL,
  skip INTEGER NOT NULL, times INTEGER NOT NULL, args TEXT NOT NULL);
CREATE TABLE stale(kind TEXT NOT NULL, object TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
  until INTEGER NOT NULL, PRIMARY KEY(kind, object, field)) WITHOUT ROWID;
"""

INDEXES: Final = """
CREATE INDEX tickets_by_status ON tickets(status);
CREATE INDEX tickets_by_group ON tickets(group_id, status);
CREATE INDEX snoozes_by_due ON snoozes(due_at);
"""


class HelpdeskDown(Exception):
    """The file cannot be used; the message says why and what to do next."""


class Database:
    """One helpdesk file.

    `path` is the file, `patience` the seconds that a request waits for another process's transaction. Every method
    raises `HelpdeskDown` when the file is missing, locked, damaged or of another version.
    """

    def __init__(self, path: Path, *, patience: float = 5.0) -> None:
        self.path = path
        self._patience = patience
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._file: tuple[int, int] | None = None
        self._inherited: list[sqlite3.Connection | None] = []  # a child must not close its parent's connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query; no transaction is left open behind it."""
        with self._lock, self._explained():
            return self._open().execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Carry out one statement and return the number of rows that it touched."""
        with self._lock, self._explained():
            return self._open().execute(sql, values).rowcount

    def many(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Carry out one statement for each row of values."""
        if values:
            with self._lock, self._explained():
                self._open().executemany(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction: committed at the end, rolled back when the block raises. It does not nest."""
        with self._lock, self._explained():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One read transaction, for readers that need every table as of one moment (a dump)."""
        with self._lock, self._explained():
            connection = self._open()
            connection.execute("BEGIN")
            try:
                yield
            finally:
                connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection; the next request opens it again."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        connection = self._connection
        if connection is not None and self._process == os.getpid():
            if connection.in_transaction or self._file == _identity(self.path):
                return connection
            connection.close()  # the file was seeded anew
        elif connection is not None:
            self._inherited.append(connection)
        self._connection = None
        if not self.path.is_file():
            raise HelpdeskDown(f"there is no helpdesk at {self.path}; create it with `runner sandbox seed`")
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error:
            connection.close()
            raise
        if found != VERSION:
            connection.close()
            raise HelpdeskDown(
                f"{self.path} is not a helpdesk of version {VERSION} (found {found}); "
                "create it again with `runner sandbox seed --force`"
            )
        self._connection, self._process, self._file = connection, os.getpid(), _identity(self.path)
        weakref.finalize(self, _close, connection, self._process)
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise HelpdeskDown(_explain(self.path, error)) from error


@contextmanager
def created(path: Path) -> Iterator[sqlite3.Connection]:
    """Create a helpdesk at `path` and give the connection to fill it with, in one open transaction.

    Indexes are built at the end; when the block raises, nothing is left of the file. Raises FileExistsError when
    there is a file already.
    """
    if path.exists():
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    path.chmod(0o600)  # tickets are personal data
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(TABLES)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        for statement in INDEXES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        remove(path)
        raise
    connection.close()


def remove(path: Path) -> None:
    """Delete a helpdesk file and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _close(connection: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():
        connection.close()


def _explain(path: Path, error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return f"the helpdesk {path} is locked by another process; wait for it to finish, then try again"
    if "not a database" in text or "malformed" in text or "no such table" in text:
        return f"{path} is not a helpdesk file ({text}); create it again with `runner sandbox seed --force`"
    if "readonly" in text or "unable to open" in text:
        return f"the helpdesk {path} cannot be opened or written ({text}); check the rights of the file and its folder"
    return f"the helpdesk {path} does not work: {text}"
