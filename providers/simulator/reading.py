"""A query as a row of requests: which pages are asked for, and what each object of a page holds.

Lazy: one page in memory. Every page is one call of `ask`, which the provider counts, delays or lets fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from providers.simulator import helpdesk, mapping, tickets
from providers.simulator.database import Database
from runner.model import Value
from runner.spi import Query

PAGE: Final = 100

Values: TypeAlias = Mapping[str, Value]  # path -> value; empty for an object that does not exist
Load: TypeAlias = Callable[[Database], dict[str, Values]]  # key -> values of one page


class Ask(Protocol):
    """One request: load a page, in which `keys` were asked for by name."""

    def __call__(self, load: Load, keys: Sequence[str] = ()) -> dict[str, Values]:
        """Return the page as the helpdesk answers it."""


def objects(query: Query, ask: Ask) -> Iterator[tuple[str, Values]]:
    """Yield (key, values) of the objects that a query selects; ids that do not exist come with no values."""
    if query.kind not in ("tickets", "snooze"):
        return _few(query, ask)
    if query.ids or query.names:
        return _tickets_by_key(query, ask)
    return _tickets_found(query, ask)


def _few(query: Query, ask: Ask) -> Iterator[tuple[str, Values]]:
    """Kinds of which there are few: a request for each page of ids, or one for all."""
    load = _LOADS[query.kind]
    wanted = list(dict.fromkeys(query.ids))
    for start in range(0, max(len(wanted), 1), PAGE):
        some = wanted[start : start + PAGE]
        page = ask(partial(load, keys=some), some)
        for key in some or page:
            values = page.get(key, {})
            if not query.names or values.get("name") in query.names:
                yield key, values


def _tickets_by_key(query: Query, ask: Ask) -> Iterator[tuple[str, Values]]:
    parts = mapping.parts(query.paths)
    wanted = list(dict.fromkeys(query.ids or (mapping.ticket_key(name) for name in query.names)))
    for start in range(0, len(wanted), PAGE):
        some = wanted[start : start + PAGE]
        page = ask(_listed(some, parts), some)
        for key in some:
            yield key, page.get(key, {})


def _tickets_found(query: Query, ask: Ask) -> Iterator[tuple[str, Values]]:
    """Page by id: a ticket that leaves or enters the selection meanwhile never shifts the pages behind it."""
    parts = mapping.parts(query.paths)
    after, left = 0, query.limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = ask(_page(query.where or {}, after, size + 1, parts))
        keys = list(page)
        for key in keys[:size]:
            yield key, page[key]
        if len(keys) <= size:
            return
        after = int(keys[size - 1])
        left = None if left is None else left - size


def _page(where: Mapping[str, Any], after: int, size: int, parts: tickets.Parts) -> Load:
    def load(db: Database) -> dict[str, Values]:
        rows = tickets.page(db, tickets.compile_where(db, where), after, size, parts)
        return {str(row.id): mapping.ticket(row) for row in rows}

    return load


def _listed(keys: Sequence[str], parts: tickets.Parts) -> Load:
    ids = [mapping.number(key) for key in keys if mapping.is_number(key)]

    def load(db: Database) -> dict[str, Values]:
        return {str(row.id): mapping.ticket(row) for row in tickets.by_ids(db, ids, parts).values()}

    return load


class _LoadSome(Protocol):
    """Loads the objects with these keys, or all when none is named; more than asked for does no harm."""

    def __call__(self, db: Database, keys: Sequence[str]) -> dict[str, Values]:
        """Return key -> values."""


def _numbers(keys: Sequence[str]) -> list[int]:
    """Return keys as numbers; one that cannot be any stands for an object that is not there."""
    return [mapping.number(key) if mapping.is_number(key) else -1 for key in keys]


def _hours_of(owner: helpdesk.Owner) -> _LoadSome:
    def load(db: Database, keys: Sequence[str]) -> dict[str, Values]:
        rows = helpdesk.calendars(db, owner, _numbers(keys) or None)
        return {str(row.id): mapping.calendar(row) for row in rows}

    return load


def _holidays(db: Database, keys: Sequence[str]) -> dict[str, Values]:
    found = helpdesk.holidays(db)
    rows = helpdesk.calendars(db, "schedule", _numbers(keys) or None)
    return {str(row.id): mapping.holidays(row, found.get(row.id, {})) for row in rows}


def _channels(db: Database, keys: Sequence[str]) -> dict[str, Values]:
    rows = helpdesk.calendars(db, "channel", _numbers(keys) or None)
    return {str(row.id): mapping.channel(row) for row in rows}


def _messages(db: Database, keys: Sequence[str]) -> dict[str, Values]:
    return {str(row.id): mapping.message(row) for row in helpdesk.messages(db, _numbers(keys))}


def _rules(db: Database, keys: Sequence[str]) -> dict[str, Values]:
    return {str(row.id): mapping.rule(row) for row in helpdesk.rules(db, _numbers(keys))}


def _notices(db: Database, keys: Sequence[str]) -> dict[str, Values]:
    return {ref: mapping.notice(ref, content) for ref, content in helpdesk.notices(db, keys).items()}


_LOADS: Final[Mapping[str, _LoadSome]] = {
    "business_hours": _hours_of("schedule"),
    "channel_hours": _hours_of("channel"),
    "holiday": _holidays,
    "channel": _channels,
    "message": _messages,
    "rule": _rules,
    "notice": _notices,
}
