"""Checks of windows, zones and the times of steps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from runner import windows
from runner.checks.book import STEPS, Book, Opening, Path, listed
from runner.errors import Diagnostic
from runner.minutes import WEEKDAYS
from runner.playbook import Window

LONG: Final = timedelta(days=31)
WINDOWS: Final[Path] = ("spec", "windows")


def zone(book: Book) -> Iterator[Diagnostic]:
    """The zone must exist."""
    if book.zone is None:
        near = windows.nearest_zones(book.playbook.timezone)
        hint = (
            f"did you mean {', '.join(near)}?"
            if near
            else "write the name of a place, such as America/Sao_Paulo, or UTC"
        )
        yield book.found("WN001", ("spec", "timezone"), f"unknown time zone {book.playbook.timezone!r}", hint)


def window_ends(book: Book) -> Iterator[Diagnostic]:
    """Every window ends after it starts, and not weeks later."""
    for index, window in enumerate(book.playbook.windows):
        yield from _span(book, window, (*WINDOWS, index))


def _span(book: Book, window: Window, here: Path) -> Iterator[Diagnostic]:
    closing = window.end if window.end is not None else window.latest
    if book.zone is None or closing is None:
        return
    start = windows.to_instant(window.start, book.zone)[0]
    end = windows.to_instant(closing, book.zone, end=True)[0]
    name = "end" if window.end is not None else "latest"
    if end <= start:
        ends = "ends when it starts" if end == start else "ends before it starts"
        yield book.found("WN002", (*here, name), f"the window {ends}", f"give a time after {_shown(start, book)}")
    elif end - start > LONG:
        days = (end - start).days
        yield book.found("WN004", (*here, name), f"the window lasts {days} days", "check the year and the month")


def windows_apart(book: Book) -> Iterator[Diagnostic]:
    """Windows of one playbook do not overlap."""
    last: Opening | None = None
    for opening in sorted(book.openings, key=lambda each: (each.start, each.index)):
        if last is not None and opening.start < last.end:
            message = f"windows {last.index + 1} and {opening.index + 1} overlap until {_shown(last.end, book)}"
            yield book.found("WN003", (*WINDOWS, opening.index), message, "make them one window, or move one")
        last = opening if last is None or opening.end > last.end else last


def daylight_saving(book: Book) -> Iterator[Diagnostic]:
    """Local times that daylight saving skips or doubles are pointed out, each once."""
    if book.zone is None:
        return
    for index, window in enumerate(book.playbook.windows):
        written = {"start": window.start, "end": window.end, "latest": window.latest}
        for name, moment in written.items():
            if moment is not None:
                note = windows.to_instant(moment, book.zone, end=name != "start")[1]
                yield from _bent(book, (*WINDOWS, index, name), note)
    seen = set()
    for opening in book.openings:
        for path, text, ends in _expressions(book):
            found = book.time(text, opening, ends=ends)
            if found and found[1] and (text, found[1]) not in seen:
                seen.add((text, found[1]))
                yield from _bent(book, path, found[1])


def _bent(book: Book, path: Path, note: str | None) -> Iterator[Diagnostic]:
    if note is not None:
        code = "WN006" if windows.DOUBLED in note else "WN005"
        yield book.found(code, path, note, "write the time with an offset, such as -03:00, to say which one is meant")


def _expressions(book: Book) -> Iterator[tuple[Path, str, bool]]:
    for index, step in enumerate(book.playbook.steps):
        here = (*STEPS, index)
        if step.start != "start":
            yield (*here, "from"), step.start, False
        if step.until != "end":
            yield (*here, "until"), step.until, True
        for number, follow_up in enumerate(step.restore):
            if follow_up.until:
                yield (*here, "restore", number, "until"), follow_up.until, True


def expressions(book: Book) -> Iterator[Diagnostic]:
    """`from` and `until` can be understood, and fit a playbook with several windows."""
    for path, text, _ in _expressions(book):
        try:
            anchor = windows.parse_expression(text).anchor
        except windows.TimeError as error:
            yield book.found("WN007", path, str(error))
            continue
        if isinstance(anchor, datetime) and len(book.playbook.windows) > 1:
            count = len(book.playbook.windows)
            message = f"{text} is the same moment for all {count} windows"
            yield book.found("WN009", path, message, "write it from start or end, such as `start - 2d`")


def step_order(book: Book) -> Iterator[Diagnostic]:
    """A step ends after it starts, and a follow-up after its step."""
    for index, step in enumerate(book.playbook.steps):
        here = (*STEPS, index)
        for opening in book.openings:
            interval = book.interval(step, opening)
            if interval is None:
                break
            if interval[1] <= interval[0]:
                shown = f"{_shown(interval[0], book)} until {_shown(interval[1], book)}"
                name = "until" if step.until != "end" else "from"
                message = f"step {step.id} would be active from {shown}"
                yield book.found("WN008", (*here, name), message, "`from` must be before `until`")
                break
        yield from _follow_up_order(book, index)


def _follow_up_order(book: Book, index: int) -> Iterator[Diagnostic]:
    step = book.playbook.steps[index]
    for number, follow_up in enumerate(step.restore):
        for opening in book.openings if follow_up.until else ():
            interval = book.interval(step, opening)
            until = book.time(follow_up.until, opening, ends=True)
            if interval and until and until[0] <= interval[1]:
                path = (*STEPS, index, "restore", number, "until")
                message = f"the follow-up of {step.id} would end before it starts, at {_shown(interval[1], book)}"
                yield book.found("SP009", path, message, "write `end + 1d`, or leave `until` out to let it stay")
                break


def weekdays(book: Book) -> Iterator[Diagnostic]:
    """Weekly hours are changed for one occurrence of their weekdays, and for weekdays that come up at all."""
    for part in book.parts:
        spec = book.spec(part.target, part.kind)
        if part.follow_up is not None or spec is None or "hours/*" not in spec.merges:
            continue
        target = book.config.targets.get(part.target)
        listed_days = part.with_.get("hours")
        days = tuple(listed_days) if isinstance(listed_days, dict) else WEEKDAYS
        touched: set[str] = set()
        for opening in book.openings:
            interval = book.interval(part.step, opening)
            if interval is None or interval[0] >= interval[1]:
                break
            counts = _occurrences(*interval, target.zone if target else "", book)
            touched.update(counts)
            if again := [day for day in days if counts.get(day, 0) > 1]:
                message = f"step {part.step.id} is active on more than one {listed(again)}"
                hint = "the change holds on each of them; use a holiday, or one window for each week"
                yield book.found("WN010", (*STEPS, part.index), message, hint)
                break
        else:
            if isinstance(listed_days, dict) and (never := [day for day in days if day not in touched]) and touched:
                message = f"step {part.step.id} is never active on {listed(never)}"
                yield book.found("WN011", (*part.path, "hours", never[0]), message, "drop the day, or check the dates")


def _occurrences(start: datetime, end: datetime, zone_name: str, book: Book) -> dict[str, int]:
    """Return weekday -> how many dates of it [start, end) touches, at most 8 dates on."""
    try:
        where = windows.zone(zone_name)
    except windows.TimeError:
        where = windows.zone(book.playbook.timezone)
    first, last = windows.local_dates(start, end, where)
    counts: dict[str, int] = {}
    for offset in range(min((last - first).days + 1, 14)):
        day = windows.weekday(first + timedelta(days=offset))
        counts[day] = counts.get(day, 0) + 1
    return counts


def _shown(instant: datetime, book: Book) -> str:
    return f"{instant.astimezone(book.zone):%Y-%m-%d %H:%M}"
