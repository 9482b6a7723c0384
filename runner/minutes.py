"""Open times of one day as sets of minutes: ``["09:00-12:00", "13:00-24:00"]`` and back.

A minute counts from midnight, 0 to 1439; a range holds its first minute and not its last. Pure and cached: the same
few ranges come back in every fold of every layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

DAY: Final = 24 * 60
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_RANGE: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
RANGE_PATTERN: Final = r"^([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)$"


def parse(value: Sequence[str]) -> frozenset[int]:
    """Return the minutes that the ranges of one day cover; they may touch, overlap and come in any order.

    Raises ValueError with a sentence for anything but ``HH:MM-HH:MM`` within one day, first before second.
    """
    return _members(tuple(value))


def format(members: Iterable[int]) -> list[str]:
    """Return the shortest sorted list of ranges that covers exactly these minutes (0 to 1439)."""
    return list(_ranges(frozenset(members)))


def normalise(value: Sequence[str]) -> list[str]:
    """Return the ranges sorted and merged; raises ValueError like `parse`."""
    return list(_ranges(_members(tuple(value))))


def clock(minute: int) -> str:
    """Return a minute of the day as ``HH:MM``; 1440 is ``24:00``."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


@lru_cache(maxsize=4096)
def _members(value: tuple[str, ...]) -> frozenset[int]:
    minutes: set[int] = set()
    for text in value:
        minutes.update(_range(text))
    return frozenset(minutes)


@lru_cache(maxsize=4096)
def _range(text: str) -> range:
    found = _RANGE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is not a range of hours such as 09:00-12:30")
    first, second = (int(hour) * 60 + int(minute) for hour, minute in (found.group(1, 2), found.group(3, 4)))
    if second > DAY or first >= second:
        raise ValueError(f"{text!r}: the first time must come before the second, and the day ends at 24:00")
    return range(first, second)


@lru_cache(maxsize=4096)
def _ranges(members: frozenset[int]) -> tuple[str, ...]:
    ranges: list[str] = []
    start = previous = -2
    for minute in sorted(members):
        if minute != previous + 1:
            if start >= 0:
                ranges.append(f"{clock(start)}-{clock(previous + 1)}")
            start = minute
        previous = minute
    if start >= 0:
        ranges.append(f"{clock(start)}-{clock(previous + 1)}")
    return tuple(ranges)
