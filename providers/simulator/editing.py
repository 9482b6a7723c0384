"""What people do on the pages of the helpdesk: edits by name, new tickets, tickets thrown away.

They go through the same rules as the runner's writes and leave the same stamps and history. Each function is one
transaction and raises `Refusal` with a sentence, also for a name that is unknown or not unique.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, Literal, TypeAlias

from providers.simulator import helpdesk, tickets
from providers.simulator.database import Database
from providers.simulator.helpdesk import By, Owner, Refusal, log
from providers.simulator.seed import ticket_row
from providers.simulator.tickets import ANY, PRIORITIES, Update

What: TypeAlias = Literal["schedule", "channel", "message", "rule", "group"]
PERSON: Final = "a person"
CUSTOMER: Final = "a customer"

_NAMES: Final[Mapping[str, str]] = {
    "schedule": "SELECT id, name FROM schedules ORDER BY id",
    "channel": "SELECT id, name FROM channels ORDER BY id",
    "message": "SELECT id, name FROM messages ORDER BY id",
    "rule": "SELECT id, name FROM rules ORDER BY id",
    "group": "SELECT id, name FROM groups ORDER BY id",
}
_FIELDS: Final[Mapping[str, str]] = {
    "subject": "UPDATE tickets SET subject = ?, updated_at = ? WHERE id = ?",
    "assignee": "UPDATE tickets SET assignee = ?, updated_at = ? WHERE id = ?",
    "priority": "UPDATE tickets SET priority = ?, updated_at = ? WHERE id = ?",
    "group": "UPDATE tickets SET group_id = ?, updated_at = ? WHERE id = ?",
    "channel": "UPDATE tickets SET channel_id = ?, updated_at = ? WHERE id = ?",
}


def clock(db: Database) -> str:
    """Return the time of the helpdesk's own machine, RFC 3339 in UTC."""
    return str(db.rows("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now')")[0][0])


def find(db: Database, what: What, name: str) -> int:
    """Return the id of the object with this name, or with this id written as ``#101``."""
    rows = db.rows(_NAMES[what])
    if name.startswith("#") and name[1:].isdigit():
        hits = [id_ for id_, _ in rows if str(id_) == name[1:]]
    else:
        hits = [id_ for id_, known in rows if known == name]
    if len(hits) == 1:
        return int(hits[0])
    if hits:
        raise Refusal(
            "name", f"{len(hits)} {what}s are named {name!r}: say which, {' or '.join(f'#{x}' for x in hits)}"
        )
    names = [known for _, known in rows]
    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
    raise Refusal("name", f"there is no {what} {name!r}; {hint}")


def set_hours(db: Database, owner: Owner, name: str, days: Mapping[str, Sequence[str]], *, actor: str = PERSON) -> None:
    """Set the hours of some weekdays of a schedule or a channel."""
    with db.transaction():
        ranges = {day: list(texts) for day, texts in days.items()}
        helpdesk.set_hours(db, owner, find(db, owner, name), ranges, By(actor, clock(db)))


def set_holiday(
    db: Database, schedule: str, ref: str, content: Mapping[str, str] | None, *, actor: str = PERSON
) -> None:
    """Put a holiday (``name``, ``start_date``, ``end_date``) into a schedule, or take it out (None)."""
    with db.transaction():
        id_, by = find(db, "schedule", schedule), By(actor, clock(db))
        if content is None:
            helpdesk.drop_holiday(db, id_, ref, by)
        else:
            helpdesk.put_holiday(db, id_, ref, dict(content), by)


def set_channel(db: Database, name: str, enabled: bool, *, actor: str = PERSON) -> None:
    """Switch a channel on or off."""
    with db.transaction():
        helpdesk.set_channel(db, find(db, "channel", name), enabled, By(actor, clock(db)))


def set_text(db: Database, message: str, locale: str, text: str | None, *, actor: str = PERSON) -> None:
    """Write the text of an automatic message in one locale; None takes the locale out."""
    with db.transaction():
        helpdesk.set_text(db, find(db, "message", message), locale, text, By(actor, clock(db)))


def set_rule(db: Database, name: str, active: bool, *, actor: str = PERSON) -> None:
    """Switch a trigger or an automation on or off."""
    with db.transaction():
        helpdesk.set_rule(db, find(db, "rule", name), active, By(actor, clock(db)))


def set_notice(db: Database, ref: str, content: Mapping[str, Any] | None, *, actor: str = PERSON) -> None:
    """Put a notice up (``place``, ``subject``, ``body``, ``audience``), or take it down (None)."""
    with db.transaction():
        by = By(actor, clock(db))
        if content is None:
            helpdesk.drop_notice(db, ref, by)
        else:
            helpdesk.put_notice(db, ref, dict(content), by)


def set_snooze(db: Database, ticket: int, value: Mapping[str, str] | None, *, actor: str = PERSON) -> None:
    """Snooze a ticket (``due``, ``by``, ``status``), or end its snooze (None)."""
    with db.transaction():
        content = None if value is None else dict(value)
        tickets.set_snooze(db, ticket, content, By(actor, clock(db)))


def set_ticket(
    db: Database,
    ticket: int,
    values: Mapping[str, str],
    *,
    tags: Mapping[str, bool] | None = None,
    actor: str = PERSON,
) -> None:
    """Set fields of a ticket (status, subject, assignee, priority, group, channel), put tags on (True) or off."""
    wanted: dict[str, Any] = {f"tags/{tag}": on or None for tag, on in (tags or {}).items()}
    if "status" in values:
        wanted["status"] = values["status"]
    with db.transaction():
        by = By(actor, clock(db))
        for name, value in values.items():
            if name != "status":
                _set_field(db, ticket, name, value, by)
        update = Update(ticket, {name: (ANY, value) for name, value in wanted.items()})
        for verdict in tickets.update(db, [update], by)[0].values():
            if isinstance(verdict, Refusal):
                raise verdict


def arrive(db: Database, count: int, values: Mapping[str, str] | None = None, *, actor: str = CUSTOMER) -> list[int]:
    """Let customers write `count` new tickets, with these fields where given; return their ids."""
    with db.transaction():
        by = By(actor, clock(db))
        first = db.rows("SELECT coalesce(max(id), 0) + 1 FROM tickets")[0][0]
        ids = list(range(first, first + count))
        for id_ in ids:
            row, _ = ticket_row(id_, seed=0)
            status = (values or {}).get("status", "new")
            if status not in tickets.STATUSES:
                raise Refusal("status", f"there is no status {status!r}; known: {', '.join(tickets.STATUSES)}")
            whole = (*row[:6], status, row[7], "", by.at, by.at)
            db.run("INSERT INTO tickets VALUES (?,?,?,?,?,?,?,?,?,?,?)", whole)
            log(db, by, ("ticket", id_, "created"), None, status)
            for name, value in (values or {}).items():
                if name != "status":
                    _set_field(db, id_, name, value, by)
    return ids


def throw_away(db: Database, ticket: int) -> None:
    """Delete a ticket for good, with its tags and its snooze."""
    with db.transaction():
        db.run("DELETE FROM ticket_tags WHERE ticket_id = ?", (ticket,))
        db.run("DELETE FROM snoozes WHERE ticket_id = ?", (ticket,))
        if not db.run("DELETE FROM tickets WHERE id = ?", (ticket,)):
            raise Refusal("id", f"there is no ticket {ticket}")
        log(db, By(PERSON, clock(db)), ("ticket", ticket, "deleted"), None, True)


def _set_field(db: Database, ticket: int, name: str, value: str, by: By) -> None:
    if name not in _FIELDS:
        raise Refusal(name, f"a ticket has no field {name!r}; there are: status, {', '.join(sorted(_FIELDS))}")
    rows = db.rows("SELECT status FROM tickets WHERE id = ?", (ticket,))
    if not rows:
        raise Refusal("id", f"there is no ticket {ticket}")
    if rows[0][0] == "closed":
        raise Refusal("status", f"ticket {ticket} is closed and takes no update")
    if name == "priority" and value not in PRIORITIES:
        raise Refusal("priority", f"there is no priority {value!r}; known: {', '.join(PRIORITIES)}")
    stored: int | str = value
    if name == "group":
        stored = find(db, "group", value)
    if name == "channel":
        stored = find(db, "channel", value)
    db.run(_FIELDS[name], (stored, by.at, ticket))
    log(db, by, ("ticket", ticket, name), None, value)
