"""The helpdesk in plain lines, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from providers.simulator import faults, helpdesk, mapping, tickets
from providers.simulator.database import Database
from providers.simulator.helpdesk import WEEKDAYS, Calendar, Refusal, Week
from providers.simulator.tickets import STATUSES, Parts


def overview(db: Database) -> Iterator[str]:
    """Yield the settings, the notices and how many tickets each group has by status."""
    days = helpdesk.holidays(db)
    for schedule in helpdesk.calendars(db, "schedule"):
        yield f"schedule  {_calendar(schedule)}"
        for ref, day in days.get(schedule.id, {}).items():
            dates = day.start_date if day.start_date == day.end_date else f"{day.start_date} to {day.end_date}"
            yield f"          holiday {dates}  {day.name} ({ref})"
    for channel in helpdesk.calendars(db, "channel"):
        yield f"channel   {_calendar(channel)}{'' if channel.enabled else '  OFF'}"
    for message in helpdesk.messages(db):
        yield f"message   {message.name}  ({', '.join(message.texts)})"
    for rule in helpdesk.rules(db):
        yield f"rule      {rule.name}  {'active' if rule.active else 'off'}"
    for ref, content in helpdesk.notices(db).items():
        yield f"notice    {ref} ({content['place']}): {mapping.notice(ref, content)['name']}"
    yield from _counts(db)
    sent = db.rows("SELECT count(*) FROM outbox")[0][0]
    yield f"sent      {sent} broadcast(s) to the agents"
    yield f"faults    {len(faults.waiting(db))} waiting"


def ticket_lines(db: Database, id_: int) -> Iterator[str]:
    """Yield one ticket and its history. Raises Refusal when there is no such ticket."""
    found = tickets.by_ids(db, [id_], Parts(tags=True, snooze=True)).get(id_)
    if found is None:
        raise Refusal("id", f"there is no ticket {id_}")
    yield f"#{found.id} {found.subject}"
    yield f"{found.status}, {found.priority}, {found.group}, {found.channel}, {found.assignee or 'nobody'}"
    yield f"tags: {', '.join(sorted(found.tags)) or 'none'}"
    if found.snooze is not None:
        yield f"snoozed: {', '.join(f'{name} {text}' for name, text in found.snooze.items())}"
    sql = "SELECT at, actor, field, before, after FROM history WHERE kind = 'ticket' AND object = ? ORDER BY id"
    for at, actor, field, before, after in db.rows(sql, (str(id_),)):
        yield f"{at}  {actor}  {field}: {before} -> {after}"


def _counts(db: Database) -> Iterator[str]:
    sql = "SELECT g.name, t.status, count(*) FROM tickets t JOIN groups g ON g.id = t.group_id GROUP BY 1, 2"
    counts = {(name, status): number for name, status, number in db.rows(sql)}
    for name in sorted({name for name, _ in counts}):
        parts = [f"{counts[name, status]} {status}" for status in STATUSES if (name, status) in counts]
        yield f"tickets   {name}: {', '.join(parts)}"


def _calendar(row: Calendar) -> str:
    return f"{row.name} ({row.zone})  {_week(row.hours)}"


def _week(hours: Week) -> str:
    """``sun closed, mon-fri 08:00-18:00, sat 09:00-13:00``."""
    spans: list[tuple[str, str, list[str]]] = []
    for day in WEEKDAYS:
        if spans and spans[-1][2] == hours[day]:
            spans[-1] = (spans[-1][0], day, hours[day])
        else:
            spans.append((day, day, hours[day]))
    return ", ".join(
        f"{first if first == last else f'{first}-{last}'} {' '.join(ranges) or 'closed'}"
        for first, last, ranges in spans
    )
