"""Semantic checks: what a schema cannot say. Each check is a small function from a playbook to diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from runner.checks import advice, conflicts, locales, setup, steps, texts, times, values
from runner.checks.book import Book, Placed
from runner.config import Config
from runner.errors import Diagnostic, Severity
from runner.spi import KindSpec

__all__ = ["check"]

Check: TypeAlias = Callable[[Book], Iterator[Diagnostic]]

CHECKS: Final[tuple[Check, ...]] = (
    times.zone,
    times.window_ends,
    times.windows_apart,
    times.daylight_saving,
    times.expressions,
    times.step_order,
    times.weekdays,
    steps.ids,
    steps.targets,
    steps.needs,
    steps.needs_in_time,
    steps.effects,
    values.statuses,
    values.hours,
    values.dates,
    advice.holidays,
    advice.tickets,
    advice.snoozes,
    locales.text_files,
    locales.text_locales,
    texts.templates,
    texts.unused_variables,
    setup.freezes,
    setup.protected,
)


def check(
    loaded: Sequence[Placed], config: Config, capabilities: Mapping[str, Mapping[str, KindSpec]]
) -> Iterator[Diagnostic]:
    """Yield every mistake that the playbooks hold, one file after the other, each mistake once.

    `capabilities` maps a target's name to the kinds that it offers. Playbooks without errors are then held against each
    other. Reads nothing and takes time in proportion to the number of steps and windows.
    """
    yield from setup.guards(config, capabilities)
    books = [Book(each, config, capabilities) for each in loaded]
    sound = []
    for book in books:
        found = dict.fromkeys(diagnostic for each in CHECKS for diagnostic in each(book))
        yield from sorted(found, key=lambda diagnostic: diagnostic.mark)
        if not any(diagnostic.severity is Severity.ERROR for diagnostic in found):
            sound.append(book)
    yield from conflicts.names(books)
    yield from conflicts.conflicts(sound)
