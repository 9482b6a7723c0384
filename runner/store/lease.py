"""Leases: who may drive an outage, with a fencing token that only grows.

A lease row is taken or taken over in one transaction; every later transaction of the holder starts with `fence`, which
renews it and fails when it was lost. That protects the store. The helpdesk cannot check our token, so right before
each send `ready_to_send` asks a clock that counts suspend (CLOCK_BOOTTIME) whether the lease still covers the whole
request: a process that was frozen and woken must not write after its successor.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Protocol

from sqlalchemy import Connection, bindparam, insert, select, update

from runner.errors import Fenced, Held
from runner.store.prepared import Prepared
from runner.store.store import Store
from runner.store.tables import leases

SLACK: Final = 5.0  # seconds that a lease must outlive the deadline of the request in flight


class Ticks(Protocol):
    """The two clocks of a lease."""

    def now_ms(self) -> int:
        """Return UTC epoch milliseconds."""

    def boot(self) -> float:
        """Return seconds on a clock that goes on while the machine is suspended."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that we hold. `fenced_at` is the `boot` time read before the last fence; `ttl` is in seconds."""

    name: str
    owner: str
    token: int
    ttl: float
    fenced_at: float


def acquire(store: Store, name: str, *, owner: str, ttl: float, clock: Ticks, reason: str = "") -> Lease:
    """Take the lease, or take it over when it has run out. Raises `Held` (with `wait`) while somebody else has it."""
    boot = clock.boot()
    with store.transaction() as conn:
        row = conn.execute(select(leases).where(leases.c.name == name)).first()
        now = clock.now_ms()
        if row is not None and row.expires_ms > now:
            raise HeldBy(row.owner, (row.expires_ms - now) / 1000)
        token = 1 if row is None else row.token + 1
        values = {"owner": owner, "token": token, "expires_ms": now + int(ttl * 1000), "reason": reason}
        if row is None:
            conn.execute(insert(leases), {"name": name, **values})
        else:
            conn.execute(update(leases).where(leases.c.name == name).values(values))
    return Lease(name, owner, token, ttl, boot)


class HeldBy(Held):
    """The lease is somebody else's for `wait` more seconds."""

    def __init__(self, owner: str, wait: float) -> None:
        super().__init__(
            f"{owner} is working on this outage (its lease runs for another {wait:.0f} s)",
            hint="wait, or take it away with `runner unlock OUTAGE --reason ...`",
            code="ST010",
        )
        self.owner = owner
        self.wait = wait


_RENEW: Final = Prepared(
    update(leases)
    .where(
        leases.c.name == bindparam("b_name"),
        leases.c.token == bindparam("b_token"),
        leases.c.expires_ms >= bindparam("b_now"),
    )
    .values(expires_ms=bindparam("b_until")),
    ("b_until", "b_name", "b_token", "b_now"),
)


def fence(conn: Connection, lease: Lease, clock: Ticks) -> Lease:
    """Renew the lease inside a transaction and return it. Raises `Fenced` when it ran out or was taken over."""
    boot, now = clock.boot(), clock.now_ms()
    done = _RENEW.one(conn, (now + int(lease.ttl * 1000), lease.name, lease.token, now))
    if done.rowcount != 1:
        raise Fenced(
            f"{lease.owner} no longer holds the lease of {lease.name}: it ran out or was taken over",
            hint="nothing more was sent; `runner status` shows who works on it",
            code="ST011",
        )
    return replace(lease, fenced_at=boot)


def ready_to_send(lease: Lease, clock: Ticks, deadline: float) -> bool:
    """Whether the lease outlives a request of at most `deadline` seconds that starts now."""
    return clock.boot() < lease.fenced_at + lease.ttl - deadline - SLACK


def release(store: Store, lease: Lease, clock: Ticks) -> None:
    """Give the lease back. The row stays, so that the token only grows; a clock that is set back later does not bring
    the lease back."""
    del clock
    with store.transaction() as conn:
        conn.execute(
            update(leases).where(leases.c.name == lease.name, leases.c.token == lease.token).values(expires_ms=0)
        )


def unlock(conn: Connection, name: str, *, reason: str, gone: bool) -> None:
    """Take the lease away from its holder: the token grows, so the holder stops at its next fence.

    Its time runs on, because a holder that is alive may have a request on its way, which must not arrive after its
    successor's first write. Only one that is `gone` for sure is not waited out.
    """
    values = {"token": leases.c.token + 1, "reason": reason, **({"expires_ms": 0} if gone else {})}
    conn.execute(update(leases).where(leases.c.name == name).values(values))


def holder(conn: Connection, name: str, now_ms: int) -> tuple[str, float]:
    """Return who holds the lease now and for how many seconds more, ("", 0) when nobody does."""
    row = conn.execute(select(leases).where(leases.c.name == name)).first()
    left = 0.0 if row is None else (row.expires_ms - now_ms) / 1000
    return (str(row.owner), left) if row is not None and left > 0 else ("", 0.0)
