"""Times as people write them, turned into instants: windows, expressions, weekly minutes, snooze presets.

Pure: no clock. A naive datetime is a local wall time, an aware one an instant. Hours and minutes are elapsed time, days
are local days at the same wall time. A wall time that daylight saving skips moves forward by the length of the gap; one
that it doubles means its first occurrence where something starts and its second where something ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal
from zoneinfo import ZoneInfo

from runner import minutes
from runner.minutes import WEEKDAYS

PRESETS: Final = ("later_today", "tomorrow", "in_2_days", "in_3_days", "this_weekend", "next_week")
WHOLE_DAY: Final = "00:00-24:00"
SKIPPED: Final = "does not exist"  # stands in the note on a wall time that the clocks jump over
DOUBLED: Final = "happens twice"  # stands in the note on one that they repeat

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)[ ]?(Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)  # a date alone is not a time
_EXPRESSION = re.compile(r"(start|end)(?:\s*([+-])\s*(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?)?", re.ASCII)
_YEARS: Final = range(1970, 3000)  # far from both ends of the calendar, whatever is added to them
_MINUTE = timedelta(minutes=1)
_STRIDE = timedelta(hours=6)  # shorter than the time between two clock changes of any zone


class TimeError(ValueError):
    """A time, an expression or a zone that cannot be understood; the text is a sentence for the reader."""


def parse_time(text: str) -> datetime | None:
    """Return the time in `text`: naive for a local wall time, aware with an offset or ``Z``, None when it is no time
    (or lies outside the years 1970 to 2999).

    ``2026-12-11 11:30``, ``2026-12-11T11:30:00``, ``2026-12-11 11:30-03:00``, ``2026-12-11T14:30Z``.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    day, clock, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{(offset or '').upper()}")
    except ValueError:
        return None
    return moment if moment.year in _YEARS else None


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the IANA names that `zone` accepts."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split())


def nearest_zones(name: str) -> tuple[str, ...]:
    """Return up to three IANA names that look like `name`, best first."""
    # Etc/GMT-3 lies east of Greenwich, where everybody else writes GMT+3: it is nobody's nearest name
    folded = {known.casefold(): known for known in sorted(zone_names()) if "GMT" not in known}
    wanted = name.casefold().replace(" ", "_")
    tails = [known for low, known in folded.items() if low.rpartition("/")[2] == wanted.rpartition("/")[2]]
    close = [folded[low] for low in get_close_matches(wanted, folded, n=3, cutoff=0.7)]
    return tuple(dict.fromkeys(tails + close))[:3]


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return the zone called `name`. Raises `TimeError` with the nearest names when there is none."""
    if name in zone_names():
        return ZoneInfo(name)
    near = nearest_zones(name)
    raise TimeError(f"unknown time zone {name!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))


def to_instant(moment: datetime, where: ZoneInfo, *, end: bool = False) -> tuple[datetime, str | None]:
    """Return `moment` as a UTC instant and, where daylight saving bends it, a sentence that says how.

    A naive `moment` is read in `where`; `end` says that it ends something.
    """
    if moment.tzinfo is not None:
        return moment.astimezone(UTC), None
    first, second = (moment.replace(tzinfo=where, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC), None
    shown = f"{moment:%Y-%m-%d %H:%M} in {where.key}"
    instant = first.astimezone(UTC)
    if instant.astimezone(where).replace(tzinfo=None) != moment:
        moved = instant.astimezone(where)
        return instant, f"{shown} {SKIPPED} (the clocks go forward); taken as {moved:%H:%M}"
    chosen = second if end else first
    which = "second" if end else "first"
    return chosen.astimezone(UTC), f"{shown} {DOUBLED} (the clocks go back); the {which} is taken"


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed `from` or `until`: an anchor, then local days, then elapsed time (both signed)."""

    anchor: Literal["start", "end"] | datetime
    days: int = 0
    elapsed: timedelta = timedelta()


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """Return what `text` means: ``start``, ``end + 1h30m``, ``start - 2d`` or a time. Raises `TimeError`."""
    if (moment := parse_time(text)) is not None:
        return Expression(moment)
    match = _EXPRESSION.fullmatch(text.strip())
    if match is None or (match[2] and not any(match.group(3, 4, 5))):
        raise TimeError(f"{text!r} is no time: write start, end, start - 2d, end + 1h30m or 2026-12-11 11:30")
    sign = -1 if match[2] == "-" else 1
    days, hours, minutes = (int(part or 0) for part in match.group(3, 4, 5))
    anchor: Literal["start", "end"] = "start" if match[1] == "start" else "end"
    return Expression(anchor, sign * days, sign * timedelta(hours=hours, minutes=minutes))


def resolve(
    expression: Expression | str, start: datetime, end: datetime, where: ZoneInfo, *, ends: bool = False
) -> tuple[datetime, str | None]:
    """Return the instant that `expression` means in the window [start, end), and a note on daylight saving or None.

    `start` and `end` are instants, `where` is the zone of local days; `ends` says that the result ends something.
    Raises `TimeError`.
    """
    parsed = parse_expression(expression) if isinstance(expression, str) else expression
    note = None
    if isinstance(parsed.anchor, datetime):
        instant, note = to_instant(parsed.anchor, where, end=ends)
    else:
        instant = (start if parsed.anchor == "start" else end).astimezone(UTC)
    if parsed.days:
        wall = instant.astimezone(where).replace(tzinfo=None, fold=0) + timedelta(days=parsed.days)
        instant, note = to_instant(wall, where, end=ends)
    return instant + parsed.elapsed, note


def local_dates(start: datetime, end: datetime, where: ZoneInfo) -> tuple[date, date]:
    """Return the first and the last local date that [start, end) touches."""
    last = max(end - timedelta(microseconds=1), start)
    return start.astimezone(where).date(), last.astimezone(where).date()


def closed_minutes(start: datetime, end: datetime, where: ZoneInfo) -> dict[str, list[str]]:
    """Return the minutes of each weekday that [start, end) covers on the wall clock of `where`.

    Weekday -> sorted, merged ranges such as ``["11:30-14:30"]``; ``24:00`` is the end of a day. Parts of a minute count
    whole; minutes that daylight saving skips inside the window count as covered, doubled ones once. Eight days or more
    cover the whole week.
    """
    if end - start >= timedelta(days=8):
        return {day: [WHOLE_DAY] for day in WEEKDAYS}
    covered: dict[str, set[int]] = {}
    for first, last in _wall_stretches(start.astimezone(UTC), end.astimezone(UTC), where):
        midnight = datetime.combine(first.date(), time())
        while midnight < last:
            span = range(max(0, _floor(first - midnight)), min(minutes.DAY, _ceil(last - midnight)))
            if span:
                covered.setdefault(weekday(midnight), set()).update(span)
            midnight += timedelta(days=1)
    return {day: minutes.format(covered[day]) for day in WEEKDAYS if day in covered}


def weekday(day: date) -> str:
    """Return the short name of the weekday of `day`, as in the paths of hours: ``sun`` to ``sat``."""
    return WEEKDAYS[day.isoweekday() % 7]


def _wall_stretches(start: datetime, end: datetime, where: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Cut [start, end) at every change of the zone's offset; each stretch as two naive wall times."""
    stretches = []
    while start < end:
        border = _next_change(start, end, where)
        first = start.astimezone(where).replace(tzinfo=None, fold=0)
        last = (border - timedelta(microseconds=1)).astimezone(where).replace(tzinfo=None, fold=0)
        after = border.astimezone(where).replace(tzinfo=None, fold=0)
        stretches.append((first, max(last + timedelta(microseconds=1), after if border < end else last)))
        start = border
    return stretches


def _next_change(start: datetime, end: datetime, where: ZoneInfo) -> datetime:
    """Return the first instant in (start, end) with another offset than `start`, or `end`."""
    offset = start.astimezone(where).utcoffset()
    low = start
    while low < end:
        high = min(low + _STRIDE, end)
        if high.astimezone(where).utcoffset() != offset:
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                if middle.astimezone(where).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            return min(high.replace(microsecond=0), end)
        low = high
    return end


def _floor(span: timedelta) -> int:
    return span // _MINUTE


def _ceil(span: timedelta) -> int:
    return -(-span // _MINUTE)


@dataclass(frozen=True, slots=True)
class Presets:
    """What the snooze presets mean: mornings are at `morning`, `later_today` is so long after now, weekdays count from
    Monday (0)."""

    morning: time = time(9)
    later_today: timedelta = timedelta(hours=3)
    week_start: int = 0
    weekend: int = 5


USUAL: Final = Presets()


def snooze_due(
    text: str, begins: datetime, window: tuple[datetime, datetime], where: ZoneInfo, presets: Presets = USUAL
) -> datetime:
    """Return when a snooze that begins at the instant `begins` is over: a preset, an expression or a time, of a doubled
    one the first. Raises `TimeError`."""
    if text in PRESETS:
        return snooze_until(text, begins, where, presets)
    return resolve(text, *window, where)[0]


def snooze_until(preset: str, now: datetime, where: ZoneInfo, presets: Presets = USUAL) -> datetime:
    """Return the instant of a snooze preset asked for at the instant `now`; days are calendar days of `where`.

    `later_today` is rounded up to a quarter of an hour. Raises `TimeError` for an unknown preset, and for `later_today`
    when that would be tomorrow.
    """
    here = now.astimezone(where)
    today, morning = here.date(), presets.morning
    if preset == "later_today":
        return _later_today(now, where, presets.later_today)
    if preset not in PRESETS:
        raise TimeError(f"unknown snooze preset {preset!r}; one of {', '.join(PRESETS)}, or a time")
    week = (presets.week_start - today.weekday()) % 7 or 7
    days = {"tomorrow": 1, "in_2_days": 2, "in_3_days": 3, "next_week": week}.get(preset)
    if days is None:  # this_weekend: its next first morning that is still to come
        days = (presets.weekend - today.weekday()) % 7
        if days == 0 and here.replace(tzinfo=None) >= datetime.combine(today, morning):
            days = 7
    return to_instant(datetime.combine(today + timedelta(days=days), morning), where)[0]


def _later_today(now: datetime, where: ZoneInfo, after: timedelta) -> datetime:
    quarter = timedelta(minutes=15)
    later = now.astimezone(UTC) + after
    wall = later.astimezone(where).replace(tzinfo=None)
    over = (wall - datetime.combine(wall.date(), time())) % quarter
    due = later + (quarter - over if over else timedelta())
    if due.astimezone(where).date() != now.astimezone(where).date():
        raise TimeError("later_today would be tomorrow: it is too late in the day; use tomorrow or a time")
    return due
