"""Whom to answer first: as a table, as CSV, as JSON. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from runner.model import Json
from runner.report import Ranked
from runner.views.page import DANGER, STRONG, Page
from runner.views.text import clean

COLUMNS: Final = ("target", "ticket", "sla_breach", "last_touched", "status", "priority", "group", "name")
FORMULA: Final = frozenset("=+-@")
HEADS: Final = ("SLA", "WAITS", "STATUS", "PRIORITY", "GROUP", "TICKET", "")


def human(rows: Sequence[Ranked], now: datetime, *, width: int, colour: bool) -> str:
    """Return one line a ticket, the most urgent first; `now` is an instant in UTC."""
    page = Page()
    if not rows:
        page.add("Nobody waits for an answer.")
        return page.render(width, colour=colour)
    table = [HEADS, *(_cells(row, now) for row in rows)]
    widths = [max(len(line[place]) for line in table) for place in range(len(HEADS) - 1)]
    room = max(width - sum(widths) - 2 * len(widths), 12)
    for line, row in zip(table, [None, *rows], strict=True):
        text = "  ".join([*(cell.ljust(size) for cell, size in zip(line[:-1], widths, strict=True)), line[-1][:room]])
        late = row is not None and row.ticket.due and _instant(row.ticket.due) < now
        page.add((text.rstrip(), STRONG if row is None else DANGER if late else ""))
    return page.render(width, colour=colour)


def _cells(row: Ranked, now: datetime) -> tuple[str, ...]:
    ticket = row.ticket
    due = "-"
    if ticket.due:
        left = _instant(ticket.due) - now
        due = f"in {_span(left)}" if left >= timedelta() else f"{_span(-left)} late"
    since = _span(now - _instant(ticket.since)) if ticket.since else "-"
    place = f"{row.target} {ticket.key}"
    return tuple(clean(each) for each in (due, since, ticket.status, ticket.priority or "-", ticket.group or "-", place,
                                          ticket.name))  # fmt: skip


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _span(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


def to_csv(rows: Sequence[Ranked]) -> str:
    """Return the list as CSV with a line of headings. Customers write the subjects: one that a spreadsheet would take
    for a formula gets an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([f"'{cell}" if cell[:1] in FORMULA else cell for cell in _fields(row)] for row in rows)
    return out.getvalue().rstrip("\n")


def to_json(rows: Sequence[Ranked]) -> dict[str, Json]:
    """Return the list as a versioned JSON object."""
    return {"version": 1, "tickets": [dict(zip(COLUMNS, _fields(row), strict=True)) for row in rows]}


def _fields(row: Ranked) -> tuple[str, ...]:
    one = row.ticket
    return (row.target, one.key, one.due, one.since, one.status, one.priority, one.group, one.name)
