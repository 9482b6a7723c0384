"""Kills a lab's process at a chosen call of the store or of a target: nothing runs after it, not even clean-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from runner.model import Accepted, Change, Outcome, Slot, Value
from runner.registry import Live
from runner.spi import Query
from runner.store.store import Store
from tests.support.lab import Lab


class Killed(BaseException):
    """The process is gone."""


class Fuse:
    """Counts calls by name; the armed one kills, and so does every call after it.

    Names: ``store`` (a transaction begins), ``commit`` (right before it is durable), ``stored`` (right after),
    ``read``, ``write`` (before the request), ``written`` (the vendor has done it, nobody has heard of it).
    """

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.dead = False
        self._name, self._number = "", 0

    def arm(self, name: str, number: int) -> None:
        """Kill at the call `number` (from 1, counted from now) of `name`; the name ``any`` counts all calls."""
        self.calls.clear()
        self._name, self._number = name, number

    def point(self, name: str) -> None:
        """One call. Raises `Killed` when it is the chosen one, or when the process is dead already."""
        self.calls[name] += 1
        self.calls["any"] += 1
        if self._name in (name, "any") and self.calls[self._name] == self._number:
            self.dead = True
        if self.dead:
            raise Killed(name)


class FusedStore(Store):
    """A store that dies with its process (not with its machine: it does not wait for the disk)."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        super().__init__(path)
        self.fuse = fuse
        raw = self._conn.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA synchronous=OFF")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self.fuse.point("store")
        with super().transaction() as conn:
            yield conn
            self.fuse.point("commit")
        self.fuse.point("stored")


class FusedLive(Live):
    """Targets that are cut off when the process dies."""

    fuse: Fuse

    def read(self, name: str, query: Query) -> Iterator[tuple[Slot, Value]]:
        self.fuse.point("read")
        yield from super().read(name, query)

    def write(self, name: str, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        self.fuse.point("write")
        yield from super().write(name, batch)
        self.fuse.point("written")


def fused(lab: Lab) -> Fuse:
    """Put a fuse into a lab's process and return it."""
    fuse, session = Fuse(), lab.session
    session.close()
    session._store = FusedStore(session.config.store.path, fuse)
    live = FusedLive(session.live._targets, session.live._io, session.vault, session._factory)
    live.fuse = fuse
    session.__dict__["live"] = live
    session.__dict__.pop("desk", None)
    return fuse
