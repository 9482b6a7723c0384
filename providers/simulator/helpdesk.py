"""The settings of the helpdesk and the rules that guard them: hours, holidays, channels, messages, rules, notices.

Plain rows in, plain rows out; nothing here knows slots, claims or outages. Every write expects to stand inside
`Database.transaction()`, leaves a line in the history when it changes something, and raises `Refusal` as a helpdesk
would answer 422. Tickets and snoozes live in `tickets.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias

from providers.simulator.database import Database, Row

WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LOCALES: Final = ("es", "pt-BR", "en", "uk")
PLACES: Final = ("board", "banner")
TEXT_LIMIT: Final = 4000

Owner: TypeAlias = Literal["schedule", "channel"]
Week: TypeAlias = dict[str, list[str]]  # weekday -> ["09:00-12:00", ...], all seven days

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_RANGE: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(([01]\d|2[0-3]):([0-5]\d)|24:00)")
_SELECT_HOURS: Final = {
    "schedule": "SELECT hours FROM schedules WHERE id = ?",
    "channel": "SELECT hours FROM channels WHERE id = ?",
}
_UPDATE_HOURS: Final = {
    "schedule": "UPDATE schedules SET hours = ?, updated_at = ? WHERE id = ?",
    "channel": "UPDATE channels SET hours = ?, updated_at = ? WHERE id = ?",
}


class Refusal(Exception):
    """The helpdesk refuses one request: which field, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


# Each once for all rows, and once for the rows of a list of keys.
_MESSAGES: Final = (
    "SELECT id, name FROM messages ORDER BY 1",
    "SELECT id, name FROM messages WHERE id IN (SELECT value FROM json_each(?)) ORDER BY 1",
)
_TEXTS: Final = (
    "SELECT message_id, locale, text FROM message_texts ORDER BY 1, 2",
    "SELECT message_id, locale, text FROM message_texts WHERE message_id IN (SELECT value FROM json_each(?)) "
    "ORDER BY 1, 2",
)
_RULES: Final = (
    "SELECT id, name, active FROM rules ORDER BY id",
    "SELECT id, name, active FROM rules WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
)
_NOTICES: Final = (
    "SELECT ref, content FROM notices ORDER BY ref",
    "SELECT ref, content FROM notices WHERE ref IN (SELECT value FROM json_each(?)) ORDER BY ref",
)


@dataclass(frozen=True, slots=True)
class By:
    """Who writes and when: `actor` is a name for the history, `at` an RFC 3339 time in UTC."""

    actor: str
    at: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """A schedule or a channel with its weekly hours."""

    id: int
    name: str
    zone: str
    hours: Week
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days on which a schedule is closed; both dates are ISO and belong to it."""

    name: str
    start_date: str
    end_date: str


@dataclass(frozen=True, slots=True)
class Message:
    """An automatic message of a channel with its texts per locale."""

    id: int
    name: str
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A trigger or an automation."""

    id: int
    name: str
    active: bool


def packed(value: Any) -> str:
    """Return `value` as the JSON text that the file and the dump hold: sorted keys, no spaces, readable letters."""
    return _ENCODER.encode(value)


def calendars(db: Database, owner: Owner, ids: Iterable[int] | None = None) -> list[Calendar]:
    """Return the schedules or channels with these ids (all when None), by id."""
    if owner == "schedule":
        rows = db.rows("SELECT id, name, zone, hours, 1 FROM schedules ORDER BY id")
    else:
        rows = db.rows("SELECT id, name, zone, hours, enabled FROM channels ORDER BY id")
    wanted = None if ids is None else set(ids)
    return [
        Calendar(id_, name, zone, json.loads(hours), bool(enabled))
        for id_, name, zone, hours, enabled in rows
        if wanted is None or id_ in wanted
    ]


def holidays(db: Database) -> dict[int, dict[str, Holiday]]:
    """Return schedule id -> reference -> holiday."""
    found: dict[int, dict[str, Holiday]] = {}
    sql = "SELECT schedule_id, ref, name, start_date, end_date FROM holidays ORDER BY schedule_id, ref"
    for schedule, ref, name, start, end in db.rows(sql):
        found.setdefault(schedule, {})[ref] = Holiday(name, start, end)
    return found


def messages(db: Database, ids: Sequence[int] = ()) -> list[Message]:
    """Return the automatic messages with these ids (all when there are none) with their texts, by id."""
    texts: dict[int, dict[str, str]] = {}
    for id_, locale, text in _some(db, _TEXTS, ids):
        texts.setdefault(id_, {})[locale] = text
    return [Message(id_, name, texts.get(id_, {})) for id_, name in _some(db, _MESSAGES, ids)]


def rules(db: Database, ids: Sequence[int] = ()) -> list[Rule]:
    """Return the triggers and automations with these ids (all when there are none), by id."""
    return [Rule(id_, name, bool(active)) for id_, name, active in _some(db, _RULES, ids)]


def notices(db: Database, refs: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Return reference -> content of the notices with these references (all when there are none) that stand on the
    board or in the banner."""
    return {ref: json.loads(content) for ref, content in _some(db, _NOTICES, refs)}


def _some(db: Database, statements: tuple[str, str], keys: Sequence[int | str]) -> list[Row]:
    every, among = statements
    return db.rows(among, (json.dumps(list(keys)),)) if keys else db.rows(every)


def set_hours(db: Database, owner: Owner, id_: int, days: Mapping[str, Any], by: By) -> None:
    """Replace the workweek of a schedule or channel by itself with these days changed; one request."""
    found = db.rows(_SELECT_HOURS[owner], (id_,))
    if not found:
        raise Refusal("id", f"there is no {owner} {id_}")
    week: Week = json.loads(found[0][0])
    wanted = week | {day: checked_hours(day, ranges) for day, ranges in days.items()}
    if wanted != week:
        db.run(_UPDATE_HOURS[owner], (packed(wanted), by.at, id_))
        for day in days:
            log(db, by, (owner, id_, f"hours/{day}"), week[day], wanted[day])


def checked_hours(day: str, ranges: Any) -> list[str]:
    """Return the open times of one day as given; refuses what is malformed, out of order or overlapping."""
    field = f"hours/{day}"
    if day not in WEEKDAYS:
        raise Refusal(field, f"{day!r} is not a weekday; known: {', '.join(WEEKDAYS)}")
    if not isinstance(ranges, list):
        raise Refusal(field, f"the hours of {day} must be a list such as ['09:00-18:00'], or [] for a closed day")
    previous = ""
    for text in ranges:
        if not isinstance(text, str) or not _RANGE.fullmatch(text):
            raise Refusal(field, f"{text!r} is not a range of hours such as 09:00-18:00")
        start, end = text.split("-")
        if start >= end:
            raise Refusal(field, f"{text}: the first time must come before the second")
        if start < previous:
            raise Refusal(field, f"{text} overlaps or precedes the range before it")
        previous = end
    return list(ranges)


def put_holiday(db: Database, schedule: int, ref: str, content: Any, by: By) -> None:
    """Create or replace one holiday of a schedule; `content` is ``{name, start_date, end_date}``."""
    if not db.rows("SELECT 1 FROM schedules WHERE id = ?", (schedule,)):
        raise Refusal("id", f"there is no schedule {schedule}")
    holiday = _checked_holiday(content)
    before = holidays(db).get(schedule, {}).get(ref)
    if before != holiday:
        db.run(
            "INSERT OR REPLACE INTO holidays(schedule_id, ref, name, start_date, end_date) VALUES (?,?,?,?,?)",
            (schedule, ref, holiday.name, holiday.start_date, holiday.end_date),
        )
        log(db, by, ("schedule", schedule, f"holidays/{ref}"), None if before is None else before.name, holiday.name)


def drop_holiday(db: Database, schedule: int, ref: str, by: By) -> None:
    """Delete one holiday; does nothing when it is not there."""
    if db.run("DELETE FROM holidays WHERE schedule_id = ? AND ref = ?", (schedule, ref)):
        log(db, by, ("schedule", schedule, f"holidays/{ref}"), ref, None)


def set_channel(db: Database, id_: int, enabled: Any, by: By) -> None:
    """Switch a channel on or off."""
    found = db.rows("SELECT enabled FROM channels WHERE id = ?", (id_,))
    if not found:
        raise Refusal("id", f"there is no channel {id_}")
    if not isinstance(enabled, bool):
        raise Refusal("enabled", f"a channel is on (true) or off (false), not {enabled!r}")
    if bool(found[0][0]) is not enabled:
        db.run("UPDATE channels SET enabled = ?, updated_at = ? WHERE id = ?", (enabled, by.at, id_))
        log(db, by, ("channel", id_, "enabled"), bool(found[0][0]), enabled)


def set_text(db: Database, message: int, locale: str, text: Any, by: By) -> None:
    """Set the text of an automatic message in one locale; None takes the locale out."""
    if not db.rows("SELECT 1 FROM messages WHERE id = ?", (message,)):
        raise Refusal("id", f"there is no message {message}")
    if locale not in LOCALES:
        raise Refusal(f"text/{locale}", f"the account does not speak {locale!r}; known: {', '.join(LOCALES)}")
    if text is not None and (not isinstance(text, str) or not text or len(text) > TEXT_LIMIT):
        raise Refusal(f"text/{locale}", f"a text has 1 to {TEXT_LIMIT} characters")
    found = db.rows("SELECT text FROM message_texts WHERE message_id = ? AND locale = ?", (message, locale))
    before = found[0][0] if found else None
    if before == text:
        return
    if text is None:
        db.run("DELETE FROM message_texts WHERE message_id = ? AND locale = ?", (message, locale))
    else:
        db.run("INSERT OR REPLACE INTO message_texts(message_id, locale, text) VALUES (?,?,?)", (message, locale, text))
    db.run("UPDATE messages SET updated_at = ? WHERE id = ?", (by.at, message))
    log(db, by, ("message", message, f"text/{locale}"), before, text)


def set_rule(db: Database, id_: int, active: Any, by: By) -> None:
    """Switch a trigger or an automation on or off."""
    found = db.rows("SELECT active FROM rules WHERE id = ?", (id_,))
    if not found:
        raise Refusal("id", f"there is no rule {id_}")
    if not isinstance(active, bool):
        raise Refusal("active", f"a rule is active (true) or not (false), not {active!r}")
    if bool(found[0][0]) is not active:
        db.run("UPDATE rules SET active = ?, updated_at = ? WHERE id = ?", (active, by.at, id_))
        log(db, by, ("rule", id_, "active"), bool(found[0][0]), active)


def put_notice(db: Database, ref: str, content: Any, by: By) -> None:
    """Create or replace one notice; `content` is ``{place, subject, body, audience, ...}`` and is kept as given."""
    if not isinstance(content, dict):
        raise Refusal("notice", "a notice is an object with place, subject and body")
    if content.get("place") not in PLACES:
        raise Refusal("notice.place", f"{content.get('place')!r} is no place for a notice; known: {', '.join(PLACES)}")
    if not content.get("body") and not content.get("subject"):
        raise Refusal("notice.body", "a notice needs a subject or a body")
    before = notices(db).get(ref)
    if before != content:
        db.run("INSERT OR REPLACE INTO notices(ref, content, updated_at) VALUES (?,?,?)", (ref, packed(content), by.at))
        log(db, by, ("notice", ref, "notice"), before, content)


def drop_notice(db: Database, ref: str, by: By) -> None:
    """Take one notice down; does nothing when it is not there."""
    if db.run("DELETE FROM notices WHERE ref = ?", (ref,)):
        log(db, by, ("notice", ref, "notice"), ref, None)


def broadcast(db: Database, ref: str, digest: str, payload: Any, by: By) -> None:
    """Send a message to the agents. It cannot be taken back, and two calls send it twice."""
    if not isinstance(payload, dict) or not (payload.get("body") or payload.get("subject")):
        raise Refusal("body", "a broadcast needs a subject or a body")
    db.run("INSERT INTO outbox(ref, digest, payload, sent_at) VALUES (?,?,?,?)", (ref, digest, packed(payload), by.at))


def log(db: Database, by: By, place: tuple[str, int | str, str], before: Any, after: Any) -> None:
    """Append one line to the history; `place` is (kind of object, its id, its field)."""
    kind, object_, field = place
    db.run(
        "INSERT INTO history(at, actor, kind, object, field, before, after) VALUES (?,?,?,?,?,?,?)",
        (by.at, by.actor, kind, str(object_), field, packed(before), packed(after)),
    )


def _checked_holiday(content: Any) -> Holiday:
    if not isinstance(content, dict) or not content.keys() >= {"name", "start_date", "end_date"}:
        raise Refusal("holiday", "a holiday is an object with name, start_date and end_date")
    holiday = Holiday(content["name"], content["start_date"], content["end_date"])
    if not isinstance(holiday.name, str) or not holiday.name.strip():
        raise Refusal("holiday.name", "a holiday needs a name")
    for field, text in (("start_date", holiday.start_date), ("end_date", holiday.end_date)):
        try:
            if date.fromisoformat(text).isoformat() != text:
                raise ValueError
        except (TypeError, ValueError):
            raise Refusal(f"holiday.{field}", f"{text!r} is not a date such as 2026-12-25") from None
    if holiday.start_date > holiday.end_date:
        raise Refusal("holiday.end_date", f"the holiday ends ({holiday.end_date}) before it starts")
    return holiday
