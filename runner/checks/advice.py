"""Checks of what the common kinds are used for: holidays, hours, tickets, snoozes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from runner import windows
from runner.checks.book import STEPS, Book, Part, Path, listed
from runner.checks.values import lacks, several, word
from runner.errors import Diagnostic
from runner.spi import Target
from runner.template import is_template

A_FEW_HOURS: Final = timedelta(hours=12)
A_WHOLE_DAY: Final = timedelta(hours=20)
AN_HOUR: Final = timedelta(hours=1)
PAUSE: Final = "pause"
LATER: Final = "give a later time"


def holidays(book: Book) -> Iterator[Diagnostic]:
    """A holiday closes whole days: not for a few hours; and a whole day wants one rather than a pause."""
    holds = {part.target for part in book.parts if _is_holiday(book, part)}
    for part in book.parts:
        if _is_holiday(book, part) and "from" not in part.with_:
            for opening in book.openings:
                active = book.interval(part.step, opening)
                if active and timedelta() < active[1] - active[0] < A_FEW_HOURS:
                    hours = _hours(active[1] - active[0])
                    message = f"the holiday of {part.step.id} closes the whole day for an outage of {hours}"
                    hint = "use business_hours with `closed: window`"
                    yield book.found("KD001", (*STEPS, part.index, "uses"), message, hint)
                    break
        pauses = PAUSE in (part.with_.get("status"),) and "select" in part.with_
        offers = "holiday" in book.capabilities.get(part.target, {})
        if pauses and offers and part.target not in holds and part.follow_up is None:
            yield from _whole_day(book, part)


def _whole_day(book: Book, part: Part) -> Iterator[Diagnostic]:
    for opening in book.openings:
        if opening.end - opening.start >= A_WHOLE_DAY:
            length = _hours(opening.end - opening.start)
            message = f"tickets are paused for {length}, but the hours of {part.target} go on"
            yield book.found(
                "KD002", (*part.path, "status"), message, "add a holiday step: it stops the clocks of whole days"
            )
            return


def _is_holiday(book: Book, part: Part) -> bool:
    spec = book.spec(part.target, part.kind)
    return spec is not None and "holidays/*" in spec.merges and part.follow_up is None


def tickets(book: Book) -> Iterator[Diagnostic]:
    """A selection of tickets has a limit, and every status in it can be given back."""
    for part in book.parts:
        select = part.with_.get("select")
        if not isinstance(select, Mapping):
            continue
        if "at_most" not in part.with_:
            message = f"{part.step.id} selects tickets without a limit"
            yield book.found("KD003", part.path, message, "add `at_most: 500`, more than you expect to match")
        target = book.config.targets.get(part.target)
        if target is not None:
            yield from _pauseword(book, part, target)
            yield from _given_back(book, part, target, select)


def _pauseword(book: Book, part: Part, target: Target) -> Iterator[Diagnostic]:
    select = part.with_["select"]
    for path, value in (("status",), part.with_.get("status")), (("select", "status"), select.get("status")):
        if PAUSE in several(value) and PAUSE not in target.words:
            message = f"{target.name} has no pause status"
            hint = f"add `pause: <status>` under targets.{target.name} in runner.yaml, or write the status itself"
            yield book.found("KD005", (*part.path, *path), message, hint)


def _given_back(book: Book, part: Part, target: Target, select: Mapping[str, Any]) -> Iterator[Diagnostic]:
    spec = book.spec(part.target, part.kind)
    if "status" not in part.with_ or spec is None:
        return
    give_back = part.with_.get("give_back")
    give_back = give_back if isinstance(give_back, Mapping) else {}
    taken = [word(target, each) for each in several(select.get("status"))]
    taken = [each for each in taken if not lacks(spec, "select/status", each)]  # unknown ones are told as such
    if spec.gives_back is not None and not part.step.keep:
        wanted = [each for each in taken if isinstance(each, str) and not is_template(each)]
        lost = [each for each in wanted if each not in spec.gives_back and each not in give_back]
        if lost:
            message = f"{target.name} never gives back the status {listed(lost)}"
            hint = f"say what to write instead: `give_back: {{{lost[0]}: {_example(spec.gives_back)}}}`"
            yield book.found("KD004", (*part.path, "select", "status"), message, hint)
        for status, instead in give_back.items():
            given = word(target, instead) if isinstance(instead, str) else None
            if given is not None and given not in spec.gives_back and not lacks(spec, "status", given):
                message = f"{target.name} cannot give back {instead} either"
                hint = f"one of {', '.join(sorted(spec.gives_back))}"
                yield book.found("KD004", (*part.path, "give_back", status), message, hint)
    if "status" not in select and spec.gives_back is not None and not give_back:
        message = f"{part.step.id} selects tickets of any status, and {target.name} cannot give back all of them"
        yield book.found("KD006", (*part.path, "select"), message, "add `status:` to the selection, or `give_back`")
    status = word(target, part.with_["status"])
    if status in taken:
        message = f"{part.step.id} selects tickets that already have the status {status}"
        yield book.found("KD007", (*part.path, "select", "status"), message, "they would not change; leave them out")


def snoozes(book: Book) -> Iterator[Diagnostic]:
    """A snooze ends at a time that can be understood, after it begins, and not long after its step."""
    for part in book.parts:
        until = part.with_.get("until")
        if not isinstance(until, str) or "select" not in part.with_ or is_template(until):
            continue
        path = (*part.path, "until")
        if until not in windows.PRESETS:
            try:
                windows.parse_expression(until)
            except windows.TimeError:
                hint = f"write a time, `end`, or one of {', '.join(windows.PRESETS)}"
                yield book.found("KD008", path, f"{until!r} is no end of a snooze", hint)
                continue
        yield from islice(_snoozed(book, part, until, path), 1)


def _snoozed(book: Book, part: Part, until: str, path: Path) -> Iterator[Diagnostic]:
    presets = book.config.presets
    for opening in book.openings:
        active = book.active(part, opening)
        if active is None:
            continue
        try:
            due = windows.snooze_due(until, active[0], (opening.start, opening.end), opening.where, presets)
        except windows.TimeError as error:
            yield book.found("KD008", path, str(error), "write another preset, or a time")
            continue
        bent = (
            None if until in windows.PRESETS else windows.resolve(until, opening.start, opening.end, opening.where)[1]
        )
        if bent is not None:
            yield book.found(
                "WN006" if windows.DOUBLED in bent else "WN005",
                path,
                bent,
                "write the time with an offset, such as +01:00",
            )
        if due <= active[0]:
            yield book.found("KD009", path, f"the snooze of {part.step.id} would be over before it begins", LATER)
        elif active[1] is not None and due > active[1] + AN_HOUR:
            ends, wakes = (f"{moment.astimezone(opening.where):%a %d %b %H:%M}" for moment in (active[1], due))
            message = f"{part.step.id} ends {ends} and takes its snoozes back then, not {wakes}"
            yield book.found("KD012", path, message, "give the step an `until:` of its own, beside `uses:`")


def _example(statuses: frozenset[str]) -> str:
    return "open" if "open" in statuses else min(statuses, default="open")


def _hours(span: timedelta) -> str:
    hours, rest = divmod(span, timedelta(hours=1))
    minutes = rest // timedelta(minutes=1)
    return f"{hours} h" + (f" {minutes} min" if minutes else "")
