"""Checks of single values that a kind's schema takes and its target would not: statuses, open times, dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from runner import minutes
from runner.checks.book import STEPS, Book, Part, Path, nearest
from runner.errors import Diagnostic
from runner.model import Json, Merge
from runner.spi import KindSpec, Target
from runner.template import is_template


def word(target: Target, status: Json) -> Json:
    """Return the target's own word for a common one (``pause``); others stand as they are."""
    return target.words.get(status, status) if isinstance(status, str) else status


def several(value: Json) -> list[Json]:
    """Return one value, or any of several, as a list; nothing is an empty one."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def lacks(spec: KindSpec, path: str, value: Json) -> bool:
    """Whether the target is known not to have this value at `path`; of a group of fields, its `status` counts."""
    name = value.get("status") if isinstance(value, Mapping) else value
    known = _known(spec, path)
    return bool(known) and isinstance(name, str) and not is_template(name) and name not in known


def _known(spec: KindSpec, path: str) -> frozenset[str]:
    return spec.values.get(path, spec.values.get(path.removeprefix("select/"), frozenset()))


def _place(part: Part, *path: str | int) -> Path:
    """Return the place of a field of `with`: under `per_target`, when it was written there."""
    if part.follow_up is None and path[0] in part.step.per_target.get(part.target, {}):
        return (*STEPS, part.index, "per_target", part.target, *path)
    return (*part.path, *path)


# --- statuses -------------------------------------------------------------------------------------------------------


def statuses(book: Book) -> Iterator[Diagnostic]:
    """Every status that a step sets, selects or gives back exists on its target, as far as that is known offline."""
    for part in book.parts:
        spec, target = book.spec(part.target, part.kind), book.config.targets.get(part.target)
        if spec is None or target is None or not spec.values:
            continue
        for place, path, typed, of_key in _statuses(part):
            status = typed if of_key else word(target, typed)
            if lacks(spec, path, status) and (typed != "pause" or typed in target.words):  # no word: told as such
                message, hint = _no_status(spec, target, path, typed, status)
                yield book.found("KD010", place, message, hint, key=of_key)


def _statuses(part: Part) -> Iterator[tuple[Path, str, Json, bool]]:
    """Yield place, path, value as typed, and whether it is a field's name."""
    with_ = part.with_
    if "status" in with_:
        yield _place(part, "status"), "status", with_["status"], False
    select = with_.get("select")
    chosen = select.get("status") if isinstance(select, Mapping) else None
    for number, each in enumerate(several(chosen)):
        at = (number,) if isinstance(chosen, list | tuple) else ()
        yield _place(part, "select", "status", *at), "select/status", each, False
    give_back = with_.get("give_back")
    for status, instead in give_back.items() if isinstance(give_back, Mapping) else ():
        place = _place(part, "give_back", status)
        yield place, "select/status", status, True
        yield place, "status", instead, False


def _no_status(spec: KindSpec, target: Target, path: str, typed: Json, status: Json) -> tuple[str, str]:
    name = str(status.get("status") if isinstance(status, Mapping) else status)
    known = _known(spec, path)
    if typed != status:
        message = f"`{typed}` means {name} in runner.yaml, and {target.name} has no such status"
        return message, f"mend `{typed}` under targets.{target.name} in runner.yaml; {nearest(name, known)}"
    words = frozenset(each for each in target.words if isinstance(each, str))
    if name in _known(spec, f"select/{path}"):
        return f"{target.name} cannot set the status {name} here", nearest(name, known | words)
    return f"{target.name} has no status {name}", nearest(name, known | words)


# --- hours and dates ------------------------------------------------------------------------------------------------


def hours(book: Book) -> Iterator[Diagnostic]:
    """Open times of a day run forwards and do not overlap."""
    for part in book.parts:
        spec = book.spec(part.target, part.kind)
        weekly = part.with_.get("hours")
        if spec is None or spec.merges.get("hours/*") is not Merge.MINUTES or not isinstance(weekly, Mapping):
            continue
        for dow, ranges in weekly.items():
            yield from _day(book, _place(part, "hours", dow), dow, several(ranges))


def _day(book: Book, place: Path, dow: str, ranges: list[Json]) -> Iterator[Diagnostic]:
    open_: frozenset[int] = frozenset()
    for number, text in enumerate(ranges):
        if not isinstance(text, str) or not re.match(minutes.RANGE_PATTERN, text):
            continue  # a template, or told by the schema
        try:
            mine = minutes.parse([text])
        except ValueError:
            message = f"{dow}: {text} does not end after it starts"
            yield book.found("KD011", (*place, number), message, _forwards(dow, text))
            continue
        if mine & open_:
            hint = f"join them: {', '.join(minutes.format(mine | open_))}"
            yield book.found("KD011", (*place, number), f"{dow}: {text} overlaps another range of the day", hint)
        open_ |= mine


def _forwards(dow: str, text: str) -> str:
    start, _, end = text.partition("-")
    if end == "00:00":
        return f"the end of the day is 24:00: write {start}-24:00"
    if start == end:
        return "write 00:00-24:00 for the whole day, `[]` for closed"
    tomorrow = minutes.WEEKDAYS[(minutes.WEEKDAYS.index(dow) + 1) % 7] if dow in minutes.WEEKDAYS else "the next day"
    return f"write {end}-{start}; for a night, {start}-24:00 here and 00:00-{end} under {tomorrow}"


def dates(book: Book) -> Iterator[Diagnostic]:
    """The days of a holiday exist, and the last is not before the first."""
    for part in book.parts:
        spec = book.spec(part.target, part.kind)
        if spec is None or "holidays/*" not in spec.merges:
            continue
        days: dict[str, date] = {}
        for name in ("from", "to"):
            text: Any = part.with_.get(name)
            if not isinstance(text, str) or is_template(text):
                continue
            try:
                days[name] = date.fromisoformat(text)
            except ValueError:
                message = f"{text} is no day of the calendar"
                yield book.found("KD011", _place(part, name), message, "check the month and the day")
        if len(days) == 2 and days["to"] < days["from"]:
            message = f"the holiday ends on {days['to']}, before it starts on {days['from']}"
            yield book.found("KD011", _place(part, "to"), message, "give a later `to`; leave it out for a single day")
