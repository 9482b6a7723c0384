"""Scripted faults. They lie in the helpdesk file itself, so that any process that talks to it meets them.

A fault counts the requests that match its `op` and `kind`: it lets `skip` of them pass, then strikes `times` times
(0: every time until it is cleared). What each one does to a request is carried out by the provider.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from providers.simulator.database import Database, Row
from providers.simulator.helpdesk import packed

# action -> (requests that it can strike, what it does)
ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "lost_reply": ("write", "the batch is written, the reply never arrives"),
    "lost_request": ("write", "the request never arrives, and nobody can tell"),
    "reject": ("write", "item `item` of the batch (from 1) is refused, with `reason` and `field`"),
    "half_batch": ("write", "the first half of the batch is written, then the connection breaks"),
    "ignored": ("write", "the answer is `done`, and nothing is written"),
    "stale_reads": ("write", "for `seconds` after this write, reads show the old values"),
    "rate_limited": ("any", "asked to wait `retry_after` seconds"),
    "unavailable": ("any", "no answer; nothing is written"),
    "unauthorized": ("any", "the credential is refused"),
    "forbidden": ("any", "the credential may not do this"),
    "hang": ("any", "the answer takes `seconds`; past the deadline it counts as lost"),
    "garbage": ("any", "reads answer values of wrong types, writes answer one outcome too few"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault. `op` is read, write or any; `kind` a kind of step or ``*``."""

    action: str
    op: str = "any"
    kind: str = "*"
    skip: int = 0
    times: int = 1
    args: Mapping[str, Any] = field(default_factory=dict)

    def seconds(self, name: str, default: float) -> float:
        """Return a number of seconds among the arguments."""
        return float(self.args.get(name, default))


def add(db: Database, *faults: Fault) -> None:
    """Script faults behind those that wait already. Raises ValueError for one that cannot strike."""
    for fault in faults:
        if fault.action not in ACTIONS:
            raise ValueError(f"there is no fault {fault.action!r}; known: {', '.join(sorted(ACTIONS))}")
        op = ACTIONS[fault.action][0]
        if fault.op not in ("any", "read", "write") or (op == "write" and fault.op == "read"):
            raise ValueError(f"{fault.action} strikes {op} requests, not {fault.op!r}")
        if fault.skip < 0 or fault.times < 0:
            raise ValueError("skip and times are 0 or more")
        _check_numbers(fault)
        db.run(
            "INSERT INTO faults(action, op, kind, skip, times, args) VALUES (?,?,?,?,?,?)",
            (
                fault.action,
                op if op == "write" else fault.op,
                fault.kind,
                fault.skip,
                fault.times,
                packed(dict(fault.args)),
            ),
        )


def clear(db: Database) -> None:
    """Forget every fault and every stale value."""
    db.run("DELETE FROM faults")
    db.run("DELETE FROM stale")


def waiting(db: Database) -> list[Fault]:
    """Return the faults that have not struck their last time, in order."""
    sql = "SELECT action, op, kind, skip, times, args FROM faults ORDER BY id"
    return [_fault(row) for row in db.rows(sql)]


def take(db: Database, op: str, kind: str) -> tuple[Fault, ...]:
    """Return the faults that strike this request and count it off."""
    if not db.rows("SELECT 1 FROM faults LIMIT 1"):
        return ()
    struck = []
    sql = "SELECT id, action, op, kind, skip, times, args FROM faults WHERE op IN ('any', ?) AND kind IN ('*', ?) "
    with db.transaction():
        for id_, action, fault_op, fault_kind, skip, times, args in db.rows(sql + "ORDER BY id", (op, kind)):
            if skip > 0:
                db.run("UPDATE faults SET skip = skip - 1 WHERE id = ?", (id_,))
                continue
            if times == 1:
                db.run("DELETE FROM faults WHERE id = ?", (id_,))
            elif times > 1:
                db.run("UPDATE faults SET times = times - 1 WHERE id = ?", (id_,))
            struck.append(_fault((action, fault_op, fault_kind, skip, times, args)))
    return tuple(struck)


def remember(db: Database, kind: str, rows: Sequence[tuple[str, str, Any]], until: float) -> None:
    """Keep old values (object, field, JSON value) that reads show until this instant (seconds since 1970)."""
    db.many(
        "INSERT OR IGNORE INTO stale(kind, object, field, value, until) VALUES (?,?,?,?,?)",
        [(kind, object_, name, packed(value), until) for object_, name, value in rows],
    )


def stale(db: Database, kind: str, now: float) -> dict[tuple[str, str], Any]:
    """Return (object, field) -> JSON value of what reads still show in place of what was written."""
    sql = "SELECT object, field, value FROM stale WHERE kind = ? AND until > ?"
    return {(object_, name): json.loads(value) for object_, name, value in db.rows(sql, (kind, now))}


def _check_numbers(fault: Fault) -> None:
    for name in ("seconds", "retry_after", "item"):
        value = fault.args.get(name, 1)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = -1.0
        if number < 0 or (name == "item" and number != int(number)):
            raise ValueError(f"{name} is a number from 0, not {value!r}")


def _fault(row: Row) -> Fault:
    action, op, kind, skip, times, args = row
    return Fault(action, op, kind, skip, times, json.loads(args))
