"""How many requests a step takes, and how long, also under a limit that counts only by day. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from runner.model import Merge
from runner.spi import Free, Identity, KindSpec
from runner.windows import zone

LONG = 60.0  # seconds from which a plan says how a step would be done sooner
_DAY = timedelta(days=1)


def requests(spec: KindSpec, changed: int, objects: int, *, listed: bool, named: bool) -> int:
    """Return the requests of changing so many objects among those that are looked at: names looked up, objects listed
    or read, written, and read back where the target does not prove each item.

    What is read is read a whole batch at a time, however many requests write it; what is only sent is not read.
    """
    writes, batches = ceil(changed / spec.max_batch), ceil(changed / spec.batch)
    if all(merge is Merge.EFFECT for merge in spec.merges.values()):
        return writes
    looked_up = int(named and spec.identity is Identity.NATURAL)
    read = ceil(objects / (spec.page if listed else spec.batch))
    if listed and not named and not spec.precondition:
        read += batches  # between list and write time goes by: each batch is read again
    return looked_up + read + writes + (0 if spec.precondition else batches)


def plain(spec: KindSpec, reserve: float, requests: int) -> float:
    """Return the seconds that so many requests take while they are counted; 0 without a limit. `reserve` is the share
    of the limit that is left to others."""
    return 60 * requests / (spec.rate * (1 - reserve)) if spec.rate else 0.0


def begun_at(spec: KindSpec, reserve: float, requests: int, start: datetime) -> float:
    """Return the seconds that so many requests take from an instant on: the hours that are not counted end the wait."""
    counted = plain(spec, reserve, requests)
    return counted if spec.free is None else min(counted, _until_free(spec.free, start).total_seconds())


def done_by(spec: KindSpec, reserve: float, requests: int, end: datetime) -> float:
    """Return by how many seconds so many requests must begin before an instant to be done then."""
    counted = plain(spec, reserve, requests)
    return counted if spec.free is None else min(counted, _since_free(spec.free, end).total_seconds())


def _until_free(free: Free, start: datetime) -> timedelta:
    """Return the time from an instant until nothing is counted; nothing at all within these hours."""
    local = start.astimezone(zone(free.zone))
    if _within(free, local):
        return timedelta()
    begins = local.replace(hour=free.begins.hour, minute=free.begins.minute, second=0, microsecond=0)
    return (begins if begins > local else begins + _DAY) - local


def _since_free(free: Free, end: datetime) -> timedelta:
    """Return the time that is counted without a break before an instant."""
    local = end.astimezone(zone(free.zone))
    if _within(free, local):
        return timedelta()
    ends = local.replace(hour=free.ends.hour, minute=free.ends.minute, second=0, microsecond=0)
    return local - (ends if ends <= local else ends - _DAY)


def _within(free: Free, local: datetime) -> bool:
    clock = local.time()
    if free.begins < free.ends:
        return free.begins <= clock < free.ends
    return clock >= free.begins or clock < free.ends


def sooner(spec: KindSpec, reserve: float, requests: int, start: datetime, *, ready: bool) -> str:
    """Return a sentence about when a long step would be done sooner; "" where there is nothing to say.

    `start` is when it begins, or, when it has to be `ready`, when it has to be done.
    """
    free, counted = spec.free, plain(spec, reserve, requests)
    if free is None or counted < LONG:
        return ""
    hours = f"{free.begins:%H:%M} and {free.ends:%H:%M} ({free.zone})"
    minutes = f"{counted / 60:.0f} min"
    if not begun_at(spec, reserve, requests, start):
        return f"it begins between {hours}, when requests are not counted: no waiting; by day it would take {minutes}"
    if ready:
        return f"{minutes} by day, no waiting between {hours}: it begins as early"
    return (
        f"{minutes} by day, no waiting between {hours}; `ready: true`, or an earlier `from`, has it done when the step "
        "begins"
    )
