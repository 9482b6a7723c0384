"""Real processes on the embedded helpdesk: forked from the warm test process, killed, frozen and woken.

A forked child starts in milliseconds, with everything imported. Its clock is shared with the parent, so that time can
be moved while it is frozen.
"""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import sqlite3
import struct
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from providers.simulator import dump, seed
from providers.simulator.database import Database
from providers.simulator.provider import Simulator
from runner.commands import operate
from runner.playbook import Playbook
from runner.spi import Provider, Target
from tests.support.lab import START, Lab

PATIENCE = 30.0  # seconds after which a child counts as hung


class SharedClock:
    """A clock that parent and child see alike."""

    def __init__(self, now: float = START.timestamp()) -> None:
        self._memory = mmap.mmap(-1, 8)
        self.set(now)

    def get(self) -> float:
        found: float = struct.unpack("d", self._memory[:8])[0]
        return found

    def set(self, now: float) -> None:
        self._memory[:8] = struct.pack("d", now)


class DeskLab(Lab):
    """A lab whose target is the embedded helpdesk in the lab's folder."""

    def __init__(self, folder: Path, time: SharedClock, **more: Any) -> None:
        self.time = time
        now = time.get()
        super().__init__(folder, **more)
        time.set(now)

    @property
    def clock(self) -> float:  # type: ignore[override]
        return self.time.get()

    @clock.setter
    def clock(self, now: float) -> None:
        self.time.set(now)

    def _open(self, target: Target, io: Any) -> Provider:
        options = {"file": str(self.folder / "helpdesk.sqlite")}
        return Simulator(Target(target.name, "simulator", options, zone=target.zone, words=target.words), io)

    def opened(self) -> DeskLab:
        """Return the lab with its store made."""
        assert self.session.store.lineage
        return self

    def give_back(self, name: str) -> None:
        """Revert an outage where there is one to revert."""
        if any(row.playbook == name for row in self.open_rows()):
            self.revert(name)

    def open_rows(self) -> list[Any]:
        """Return the outages that are not over."""
        with self.session.store.reading() as conn:
            return operate.ledger.outage_rows(conn, unfinished_only=True)

    def close(self) -> None:
        """End the process."""
        self.session.close()


def quake(lab: Lab) -> Playbook:
    """Return a small outage: hours, a batch of tickets, and an effect."""
    pause = {"select": {"status": "open", "group": "Level 1"}, "status": "pause", "tag": True}
    return lab.playbook(
        "quake",
        [
            {"id": "hours", "uses": "business_hours", "with": {"schedule": "Support BR", "closed": "window"}},
            {"id": "pause", "uses": "tickets", "with": pause},
            {"id": "tell", "uses": "notice", "with": {"place": "agents", "subject": "Quake"}},
        ],
    )


def fresh(folder: Path) -> Path:
    """Make a helpdesk with a few tickets and an empty store in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    seed.fill(folder / "helpdesk.sqlite", tickets=20)
    DeskLab(folder, SharedClock()).opened().close()
    return folder


def copied(source: Path, target: Path) -> Path:
    """Copy what a process left."""
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns("*-shm")))


# --- looking from outside -------------------------------------------------------------------------------------------


def helpdesk_dump(folder: Path) -> str:
    """Return what an outage could change on the helpdesk."""
    database = Database(folder / "helpdesk.sqlite")
    try:
        return dump.text(database)
    finally:
        database.close()


def rows(path: Path, sql: str) -> list[Any]:
    """Return the rows of a query on a database that another process may have left open."""
    with closing(sqlite3.connect(path, timeout=5.0)) as conn:
        return conn.execute(sql).fetchall()


def api_writes(folder: Path) -> int:
    """Return how many fields the API has ever changed on the helpdesk, effects included."""
    path = folder / "helpdesk.sqlite"
    changed = rows(path, "SELECT count(*) FROM history WHERE actor = 'api'")[0][0]
    return int(changed) + sent(folder)


def sent(folder: Path) -> int:
    """Return how many effects went out."""
    return int(rows(folder / "helpdesk.sqlite", "SELECT count(*) FROM outbox")[0][0])


def left_behind(folder: Path) -> str:
    """Return a digest of all that outlasts the process: store, journal, selections, helpdesk."""
    found = sha256()
    for name in ("store/store.sqlite", "helpdesk.sqlite"):
        for line in _dumped(folder / name):
            found.update(line.encode())
    for path in sorted((*folder.glob("journal/*"), *folder.glob("store/spool/*"))):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def _dumped(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path, timeout=5.0)) as conn:
        tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        for table in tables:
            for row in conn.execute(f"SELECT * FROM {table}"):
                yield f"{table} {row}\n"


# --- children -------------------------------------------------------------------------------------------------------


def started(work: Callable[[], int]) -> int:
    """Fork a child that does `work` and exits with its result; return its process id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside sleeping threads is what is wanted here
        child = os.fork()
    if child:
        return child
    code = 70
    try:
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def stopped_or_ended(child: int) -> int:
    """Wait until the child is frozen or has ended; return its wait status. A child that hangs is killed."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if pid:
            return status
        time.sleep(0.001)
    ended(child)
    raise AssertionError(f"the child did not end within {PATIENCE:g} s")


def woken(child: int) -> int:
    """Wake a frozen child and return its exit code."""
    os.kill(child, signal.SIGCONT)
    status = stopped_or_ended(child)
    assert not os.WIFSTOPPED(status), "the child froze a second time"
    return os.waitstatus_to_exitcode(status)


def ended(child: int) -> None:
    """Make sure that a child is gone."""
    try:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        return
