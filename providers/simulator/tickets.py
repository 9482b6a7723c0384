"""The tickets of the helpdesk and the rules that guard them: statuses, tags, snoozes, what a page of a list holds.

A ticket goes ``new -> open | pending | hold -> solved -> closed``: `new` never comes back once it was left, and
`closed` refuses every update. A ticket is updated as a whole: either all its fields are written, or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from providers.simulator.database import Database, Row
from providers.simulator.helpdesk import By, Refusal, log, packed

STATUSES: Final = ("new", "open", "pending", "hold", "solved", "closed")
SNOOZED: Final = STATUSES[1:5]  # what a snoozed ticket may be
PRIORITIES: Final = ("low", "normal", "high", "urgent")

_TICKET: Final = (
    "SELECT t.id, t.subject, g.name, c.name, t.status, t.priority, t.assignee, t.updated_at FROM tickets t "
    "CROSS JOIN groups g ON g.id = t.group_id CROSS JOIN channels c ON c.id = t.channel_id "
)
_STATUSES_OF: Final = "SELECT id, status FROM tickets WHERE id IN (SELECT value FROM json_each(?))"
_TAGS: Final = "SELECT ticket_id, tag FROM ticket_tags WHERE ticket_id IN (SELECT value FROM json_each(?))"
_SNOOZES: Final = "SELECT ticket_id, due, by, status FROM snoozes WHERE ticket_id IN (SELECT value FROM json_each(?))"
_DUE: Final = (
    "SELECT s.ticket_id, s.by, coalesce(s.status, s.was), t.status FROM snoozes s "
    "JOIN tickets t ON t.id = s.ticket_id WHERE s.due_at <= ?"
)


class Ticket(NamedTuple):
    """One ticket as a list shows it. `snooze` is ``{due, by?, status?}`` or None."""

    id: int
    subject: str
    group: str
    channel: str
    status: str
    priority: str
    assignee: str
    updated_at: str
    tags: frozenset[str] = frozenset()
    snooze: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """Which costly parts of a ticket a page must bring along."""

    tags: bool = False
    snooze: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """What one request asks of one ticket: field (``status``, ``tags/<tag>``) -> (expected, wanted).

    A tag is True or None. `ANY` as expected value asks for no comparison.
    """

    id: int
    fields: Mapping[str, tuple[Any, Any]]


class Unchecked(Enum):
    """The expected value that every value meets."""

    ANY = "any"


ANY: Final = Unchecked.ANY

Verdict: TypeAlias = Literal["same", "done", "moved"] | Refusal


@dataclass(frozen=True, slots=True)
class Where:
    """A compiled selection: clauses over ``t`` and their values. An empty one selects every ticket."""

    clauses: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()


@dataclass(slots=True)
class _Pending:
    """The rows that a batch of updates is going to write."""

    statuses: list[tuple[str, str, int]] = field(default_factory=list)
    added: list[tuple[int, str]] = field(default_factory=list)
    removed: list[tuple[int, str]] = field(default_factory=list)
    touched: list[tuple[str, int]] = field(default_factory=list)
    lines: list[tuple[str, ...]] = field(default_factory=list)


def compile_where(db: Database, select: Mapping[str, Any]) -> Where:
    """Return the selection for `select`: status, group, channel, priority (one value or any of a list), tags (all of).

    Raises Refusal for a field or a value that the helpdesk does not know, with the nearest names.
    """
    clauses: list[str] = []
    values: list[Any] = []
    for name, wanted in select.items():
        many = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
        if name == "tags":
            for tag in many:
                clauses.append("EXISTS (SELECT 1 FROM ticket_tags x WHERE x.tag = ? AND x.ticket_id = t.id)")
                values.append(tag)
        elif name in ("status", "priority"):
            known = STATUSES if name == "status" else PRIORITIES
            _known(name, many, known)
            clauses.append(_any_of(f"t.{name}", many))
            values.extend(many)
        elif name in ("group", "channel"):
            ids = _ids_of(db, name, many)
            clauses.append(_any_of(f"t.{name}_id", ids))
            values.extend(ids)
        else:
            raise Refusal(name, f"tickets cannot be selected by {name!r}")
    return Where(tuple(clauses), tuple(values))


def page(db: Database, where: Where, after: int, size: int, parts: Parts) -> list[Ticket]:
    """Return up to `size` matching tickets with an id above `after`, by id."""
    clauses = " AND ".join((*where.clauses, "t.id > ?"))
    sql = f"{_TICKET} WHERE {clauses} ORDER BY t.id LIMIT ?"
    return _whole(db, db.rows(sql, (*where.values, after, size)), parts)


def by_ids(db: Database, ids: Sequence[int], parts: Parts) -> dict[int, Ticket]:
    """Return id -> ticket of those that exist."""
    among = Where(("t.id IN (SELECT value FROM json_each(?))",), (json.dumps(list(ids)),))
    return {ticket.id: ticket for ticket in page(db, among, -1, len(ids), parts)}


def update(db: Database, updates: Sequence[Update], by: By) -> list[dict[str, Verdict]]:
    """Write a batch inside a transaction; return per update, in order, field -> verdict.

    ``same``: already as wanted, nothing written. ``moved``: some field of the ticket is not as expected; the ticket
    is left alone. A Refusal stands at the fields of a ticket that may not be written.
    """
    ids = json.dumps([one.id for one in updates])
    statuses: dict[int, str] = dict(db.rows(_STATUSES_OF, (ids,)))
    tags: dict[int, set[str]] = {}
    for ticket, tag in db.rows(_TAGS, (ids,)):
        tags.setdefault(ticket, set()).add(tag)
    pending = _Pending()
    verdicts = [_judge(one, statuses.get(one.id), tags.get(one.id, set()), by, pending) for one in updates]
    _flush(db, pending)
    return verdicts


def wake(db: Database, now: datetime, stamp: str) -> None:
    """Reopen the tickets whose snooze is due; each goes to the agent who snoozed it.

    A ticket that left its snoozed status meanwhile is not reopened, and its history says so.
    """
    values = (int(now.timestamp()),)
    if not db.rows(_DUE, values):
        return
    by = By("the helpdesk", stamp)
    with db.transaction():
        for ticket, snoozer, snoozed, status in db.rows(_DUE, values):
            db.run("DELETE FROM snoozes WHERE ticket_id = ?", (ticket,))
            if status != snoozed:
                log(db, by, ("ticket", ticket, "snooze"), "due", f"not reopened: it is {status}, no longer {snoozed}")
                continue
            db.run(
                "UPDATE tickets SET status = 'open', assignee = coalesce(?, assignee), updated_at = ? WHERE id = ?",
                (snoozer, stamp, ticket),
            )
            log(db, by, ("ticket", ticket, "snooze"), "due", "reopened")


def set_snooze(db: Database, ticket: int, value: Any, by: By) -> None:
    """Snooze a ticket until ``value["due"]``, or end its snooze (None), which gives the status back that it had.

    `value` is ``{due: RFC 3339 with offset, by?: agent, status?: status while snoozed}``.
    """
    found = by_ids(db, [ticket], Parts(snooze=True)).get(ticket)
    if found is None:
        raise Refusal("id", f"there is no ticket {ticket}")
    if found.snooze == value:
        return
    if found.status == "closed":
        raise Refusal("status", f"ticket {ticket} is closed and takes no update")
    row = db.rows("SELECT status, was FROM snoozes WHERE ticket_id = ?", (ticket,))
    awake = row[0][1] if row and row[0][0] == found.status else found.status
    status = awake
    if value is None:
        db.run("DELETE FROM snoozes WHERE ticket_id = ?", (ticket,))
    else:
        due = _checked_snooze(value, by.at)
        status = value.get("status") or awake
        db.run(
            "INSERT OR REPLACE INTO snoozes(ticket_id, due, due_at, by, status, was) VALUES (?,?,?,?,?,?)",
            (ticket, value["due"], due, value.get("by"), value.get("status"), awake),
        )
    db.run("UPDATE tickets SET status = ?, updated_at = ? WHERE id = ?", (status, by.at, ticket))
    log(db, by, ("ticket", ticket, "snooze"), found.snooze, value)


def _checked_snooze(value: Any, now: str) -> int:
    if not isinstance(value, dict) or not isinstance(value.get("due"), str) or value.keys() - {"due", "by", "status"}:
        raise Refusal("snooze", "a snooze is an object with due, and by and status where wanted")
    try:
        due = datetime.fromisoformat(value["due"])
    except ValueError:
        raise Refusal("snooze.due", f"{value['due']!r} is not a time such as 2026-12-14T12:00:00Z") from None
    if due.tzinfo is None:
        raise Refusal("snooze.due", f"{value['due']!r} has no offset; write it as 2026-12-14T12:00:00Z")
    if due <= datetime.fromisoformat(now):
        raise Refusal("snooze.due", f"{value['due']} has passed already")
    if "status" in value:
        _known("snooze.status", [value["status"]], SNOOZED)
    if "by" in value and (not isinstance(value["by"], str) or not value["by"]):
        raise Refusal("snooze.by", "the agent who snoozes is a name")
    return int(due.timestamp())


def _judge(one: Update, status: str | None, tags: Set[str], by: By, pending: _Pending) -> dict[str, Verdict]:
    if status is None:
        return dict.fromkeys(one.fields, Refusal("id", f"there is no ticket {one.id}"))
    verdicts: dict[str, Verdict] = {}
    open_: list[tuple[str, Any, Any]] = []
    moved = False
    refused: Refusal | None = None
    for name, (expected, wanted) in one.fields.items():
        now = status if name == "status" else (name.removeprefix("tags/") in tags) or None
        if now == wanted:
            verdicts[name] = "same"
            continue
        open_.append((name, now, wanted))
        moved = moved or (expected is not ANY and expected != now)
        refused = refused or _refusal(one.id, status, name, wanted)
    if not open_:
        return verdicts
    if moved or refused is not None:
        why: Verdict = "moved" if moved or refused is None else refused
        return verdicts | dict.fromkeys((name for name, _, _ in open_), why)
    for name, now, wanted in open_:
        verdicts[name] = "done"
        _write(pending, by, (one.id, name), now, wanted)
    return verdicts


def _refusal(ticket: int, status: str, name: str, wanted: Any) -> Refusal | None:
    if status == "closed":
        return Refusal("status", f"ticket {ticket} is closed and takes no update")
    if name == "status":
        if wanted not in STATUSES:
            return Refusal("status", f"there is no status {wanted!r}; known: {', '.join(STATUSES)}")
        if wanted == "new":
            return Refusal("status", f"ticket {ticket} is {status}: a ticket that left `new` never returns to it")
        return None
    if not name.startswith("tags/"):
        return Refusal(name, f"{name} of a ticket cannot be written")
    tag = name.removeprefix("tags/")
    if wanted not in (True, None) or not tag or len(tag) > 80 or tag.split() != [tag]:
        return Refusal(name, f"{tag!r} is no tag: 1 to 80 characters without spaces, put on or taken off")
    return None


def _write(pending: _Pending, by: By, place: tuple[int, str], now: Any, wanted: Any) -> None:
    ticket, name = place
    if name == "status":
        pending.statuses.append((wanted, by.at, ticket))
    elif wanted is True:
        pending.added.append((ticket, name.removeprefix("tags/")))
    else:
        pending.removed.append((ticket, name.removeprefix("tags/")))
    if name != "status":
        pending.touched.append((by.at, ticket))
    pending.lines.append((by.at, by.actor, "ticket", str(ticket), name, _said(now), _said(wanted)))


@lru_cache(maxsize=64)
def _said(value: str | bool | None) -> str:
    return packed(value)


def _flush(db: Database, pending: _Pending) -> None:
    db.many("UPDATE tickets SET status = ?, updated_at = ? WHERE id = ?", pending.statuses)
    db.many("INSERT INTO ticket_tags(ticket_id, tag) VALUES (?,?)", pending.added)
    db.many("DELETE FROM ticket_tags WHERE ticket_id = ? AND tag = ?", pending.removed)
    written = {ticket for _, _, ticket in pending.statuses}
    rest = [row for row in pending.touched if row[1] not in written]
    db.many("UPDATE tickets SET updated_at = ? WHERE id = ?", rest)
    db.many("INSERT INTO history(at, actor, kind, object, field, before, after) VALUES (?,?,?,?,?,?,?)", pending.lines)


def _whole(db: Database, rows: Sequence[Row], parts: Parts) -> list[Ticket]:
    ids = json.dumps([row[0] for row in rows])
    tags: dict[int, set[str]] = {}
    snoozes: dict[int, dict[str, str]] = {}
    if parts.tags and rows:
        for ticket, tag in db.rows(_TAGS, (ids,)):
            tags.setdefault(ticket, set()).add(tag)
    if parts.snooze and rows:
        for ticket, due, by, status in db.rows(_SNOOZES, (ids,)):
            whole = {"due": due, "by": by, "status": status}
            snoozes[ticket] = {name: text for name, text in whole.items() if text is not None}
    none: frozenset[str] = frozenset()
    return [Ticket._make((*row, frozenset(tags.get(row[0], none)), snoozes.get(row[0]))) for row in rows]


def _any_of(column: str, values: Sequence[Any]) -> str:
    """One value may use the column's index; several would be sorted anew for each page, so they scan by id."""
    return f"{column} = ?" if len(values) == 1 else f"+{column} IN ({','.join('?' * len(values))})"


def _known(name: str, wanted: Iterable[Any], known: Sequence[str]) -> None:
    for value in wanted:
        if value not in known:
            near = get_close_matches(str(value), known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise Refusal(name, f"there is no {name.rpartition('.')[2]} {value!r}; known: {', '.join(known)}{hint}")


def _ids_of(db: Database, what: str, names: Sequence[str]) -> list[int]:
    sql = "SELECT id, name FROM groups" if what == "group" else "SELECT id, name FROM channels"
    rows = db.rows(sql)
    _known(what, names, [name for _, name in rows])
    return [id_ for id_, name in rows if name in names]
