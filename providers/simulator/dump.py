"""The state of a helpdesk as canonical JSON: sorted keys, one object on a line, so that two dumps differ line by line.

Without `everything`: what an outage could change and a restore must give back. With it also what only ever grows or
moves: change stamps, history, outbox, id counters, scripted faults.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from providers.simulator import faults, helpdesk, tickets
from providers.simulator.database import Database
from providers.simulator.helpdesk import packed
from providers.simulator.tickets import Parts, Where

_PAGE: Final = 1000


def dump(db: Database, *, everything: bool = False) -> Iterator[str]:
    """Yield the dump in pieces, all as of one moment; joined they are one JSON object. Raises `HelpdeskDown`."""
    with db.snapshot():
        sections = _logs(db) if everything else {}
        sections |= {
            "channels": _rows(db, _CHANNELS, everything),
            "groups": _rows(db, _GROUPS, everything),
            "messages": _messages(db, everything),
            "notices": _notices(db, everything),
            "rules": _rows(db, _RULES, everything),
            "schedules": _schedules(db, everything),
            "tickets": _tickets(db, everything),
        }
        yield "{"
        for place, (name, objects) in enumerate(sorted(sections.items())):
            yield f'{"," if place else ""}\n"{name}": ['
            for number, one in enumerate(objects):
                yield ("," if number else "") + "\n" + packed(one)
            yield "\n]"
        yield "\n}\n"


def text(db: Database, *, everything: bool = False) -> str:
    """Return the whole dump as one text."""
    return "".join(dump(db, everything=everything))


_CHANNELS: Final = (
    "SELECT json_object('id', id, 'name', name, 'type', type, 'zone', zone, 'hours', json(hours), "
    "'enabled', json(iif(enabled, 'true', 'false'))), updated_at FROM channels ORDER BY id"
)
_GROUPS: Final = "SELECT json_object('id', id, 'name', name), NULL FROM groups ORDER BY id"
_RULES: Final = (
    "SELECT json_object('id', id, 'name', name, 'type', type, 'active', json(iif(active, 'true', 'false')), "
    "'position', position, 'body', json(body)), updated_at FROM rules ORDER BY id"
)
_SCHEDULES: Final = (
    "SELECT json_object('id', id, 'name', name, 'zone', zone, 'hours', json(hours)), updated_at "
    "FROM schedules ORDER BY id"
)
_TICKETS: Final = "SELECT id, requester, locale, created_at FROM tickets WHERE id > ? ORDER BY id LIMIT ?"
_WAS: Final = "SELECT ticket_id, was FROM snoozes WHERE ticket_id > ? AND ticket_id <= ?"


def _rows(db: Database, sql: str, everything: bool) -> Iterator[dict[str, Any]]:
    for row, stamp in db.rows(sql):
        yield _stamped(json.loads(row), stamp if everything else None)


def _stamped(row: dict[str, Any], stamp: str | None) -> dict[str, Any]:
    return row if stamp is None else {**row, "updated_at": stamp}


def _messages(db: Database, everything: bool) -> Iterator[dict[str, Any]]:
    found = {row.id: row.texts for row in helpdesk.messages(db)}
    sql = "SELECT id, name, channel_id, moment, updated_at FROM messages ORDER BY id"
    for id_, name, channel, moment, stamp in db.rows(sql):
        row = {"id": id_, "name": name, "channel": channel, "moment": moment, "texts": found[id_]}
        yield _stamped(row, stamp if everything else None)


def _notices(db: Database, everything: bool) -> Iterator[dict[str, Any]]:
    for ref, content, stamp in db.rows("SELECT ref, content, updated_at FROM notices ORDER BY ref"):
        yield _stamped({"ref": ref, "content": json.loads(content)}, stamp if everything else None)


def _schedules(db: Database, everything: bool) -> Iterator[dict[str, Any]]:
    found = helpdesk.holidays(db)
    for row in _rows(db, _SCHEDULES, everything):
        days = found.get(row["id"], {})
        holidays = {ref: {"name": day.name, "from": day.start_date, "to": day.end_date} for ref, day in days.items()}
        yield {**row, "holidays": holidays}


def _tickets(db: Database, everything: bool) -> Iterator[dict[str, Any]]:
    after = -1
    while rows := db.rows(_TICKETS, (after, _PAGE)):
        lists = tickets.page(db, Where(), after, _PAGE, Parts(tags=True, snooze=True))
        was: dict[int, str] = dict(db.rows(_WAS, (after, rows[-1][0])))
        for (id_, requester, locale, created), seen in zip(rows, lists, strict=True):
            row = {
                "id": id_,
                "subject": seen.subject,
                "requester": requester,
                "locale": locale,
                "created_at": created,
                "group": seen.group,
                "channel": seen.channel,
                "status": seen.status,
                "priority": seen.priority,
                "assignee": seen.assignee,
                "tags": sorted(seen.tags),
            }
            if seen.snooze is not None:
                row["snooze"] = {**seen.snooze, "was": was[id_]}
            yield _stamped(row, seen.updated_at if everything else None)
        after = rows[-1][0]


def _logs(db: Database) -> dict[str, Iterable[dict[str, Any]]]:
    columns = ("at", "actor", "kind", "object", "field", "before", "after")
    history = db.rows("SELECT at, actor, kind, object, field, before, after FROM history ORDER BY id")
    sent = db.rows("SELECT id, ref, digest, payload, sent_at FROM outbox ORDER BY id")
    counters = db.rows("SELECT name, seq FROM sqlite_sequence ORDER BY name")
    return {
        "history": (dict(zip(columns, row, strict=True)) for row in history),
        "outbox": (
            {"id": id_, "ref": ref, "digest": digest, "payload": json.loads(payload), "sent_at": at}
            for id_, ref, digest, payload, at in sent
        ),
        "counters": ({"name": name, "last": last} for name, last in counters),
        "faults": (
            {"action": one.action, "op": one.op, "kind": one.kind, "skip": one.skip, "times": one.times}
            for one in faults.waiting(db)
        ),
    }
