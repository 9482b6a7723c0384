"""Schedules of an account: found by the marker in their comment, made one request each, given back while they wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from providers.digisac.client import Client
from providers.digisac.directory import Directory
from providers.digisac.schedule_kind import (
    body_of,
    due_of,
    failure_of,
    in_order,
    instant_of,
    scheduled_contact,
    value_of,
)
from providers.digisac.shared import DONE, MOVED, Lately, Values, one_by_one, put, unmarked
from runner import kinds
from runner.model import ABSENT, Accepted, Change, Outcome, Value, Verdict
from runner.spi import KindSpec, Query, Rejected

PATH: Final = "/schedule"
HISTORY: Final = timedelta(days=31)  # schedules that were due longer ago are not looked at


class Schedules:
    """The schedules of one account."""

    def __init__(self, client: Client, directory: Directory) -> None:
        self._client = client
        self._directory = directory

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind scheduled_contact."""
        return (scheduled_contact(self._client.account),)

    # --- reading ----------------------------------------------------------------------------------------------------

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield schedules by marker, or all of them; with them what a step needs to know before it makes its own."""
        if query.where is not None:
            raise Rejected("schedules are selected by their contacts", field="where")
        shared, named = self._named(query.paths)
        mine: dict[str, Mapping[str, Any]] = {}
        others: list[tuple[str, Mapping[str, Any]]] = []
        for row in self.rows():
            marker = unmarked(str(row.get("notes") or ""))[1]
            if marker and (not query.ids or marker in query.ids):
                mine[marker] = row
            else:
                others.append((str(row["id"]), row))
        if "schedules" in query.paths:
            shared |= {"schedules": self._taken(row for _, row in others)}
        for key in query.ids:
            known = named.get(key, {})
            yield key, {**shared, **known, **self._values(mine[key])} if key in mine else {**shared, **known}
        if not query.ids:
            yield from ((key, self._values(row)) for key, row in (*mine.items(), *others))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the schedules of the last weeks and of all time to come, oldest first."""
        since = kinds.rfc3339(self._client.io.now() - HISTORY)
        query = {"where": {"scheduledAt": {"$gte": since}}, "order": [["scheduledAt", "asc"]]}
        return self._client.pages(PATH, "list schedules", query=query)

    def _values(self, row: Mapping[str, Any]) -> Values:
        zone = self._client.account.zone
        value = value_of(row, zone)
        return {"name": value.get("comment") or str(row["id"]), "zone": zone.key, "scheduled": value}

    def _named(self, paths: Sequence[str]) -> tuple[dict[str, Value], dict[str, dict[str, Value]]]:
        """Return what the names in a query's paths mean: values of every key, and of one key each. Raises
        `InvalidInput`."""
        shared: dict[str, Value] = {}
        whose: dict[str, tuple[str, str]] = {}  # marker -> path, handle of its contact
        for path in paths:
            what, _, handle = path.partition("/")
            if what == "department":
                shared[path] = self._directory.department(handle)
            elif what == "attendant":
                shared[path] = self._directory.attendant(handle)
            elif what == "contact":
                marker, _, rest = handle.partition("/")
                whose[marker] = path, rest
        people = self._directory.contacts([handle for _, handle in whose.values()])
        named: dict[str, dict[str, Value]] = {
            marker: {"name": people[handle].name, path: people[handle].id} for marker, (path, handle) in whose.items()
        }
        if named:
            shared["zone"] = self._client.account.zone.key
        return shared, named

    def _taken(self, rows: Iterator[Mapping[str, Any]]) -> list[str]:
        """Return when everybody else's schedules are due, as far as they still count."""
        edge = self._client.io.now() - self._client.account.spacing
        found = (instant_of(row, self._client.account.zone) for row in rows)
        return sorted(kinds.rfc3339(at) for at in found if at is not None and at >= edge)

    # --- writing ----------------------------------------------------------------------------------------------------

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write schedule by schedule. Raises `ProviderError`."""
        turns, at = in_order(batch), self._client.io.now()
        known = _marked(self.rows())

        def read(markers: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
            ids = [str(known[marker]["id"]) for marker in markers if marker in known]
            query = {"where": {"id": {"$in": ids}}}
            return _marked(self._client.pages(PATH, "list schedules", query=query)) if ids else {}

        now = Lately(self._client, turns, read, known, at)
        yield from one_by_one(self._client, batch, lambda change: self._set(change, now.of(change)), turns, now.look)

    def _set(self, change: Change, row: Mapping[str, Any] | None) -> Outcome | None:
        """Bring one schedule to where it should be. `row` is as the vendor holds it, None when there is none."""
        zone, now = self._client.account.zone, self._client.io.now()
        live: Value = value_of(row, zone) if row is not None else ABSENT
        if live == change.after:
            return DONE
        if live != change.before:
            return MOVED
        came = instant_of(row, zone) if row is not None else None
        over = came is not None and came <= now
        if row is not None and change.after is ABSENT:
            if over:
                return Outcome(Verdict.DONE, failure_of(row), proven=True)
            return put(self._client, PATH, "a schedule", row, None)
        due, wanted = due_of(change.after), change.after
        if over or not isinstance(wanted, Mapping):
            return Outcome(Verdict.REJECTED, "its time has come already: it is left as it is", "at")
        if due is not None and due <= now:
            return Outcome(Verdict.REJECTED, f"its time, {wanted['at']}, is over", "at")
        return put(self._client, PATH, "a schedule", row, body_of(wanted, change.slot.key, row))


def _marked(rows: Iterator[dict[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return schedules by our marker."""
    return {unmarked(str(row.get("notes") or ""))[1]: row for row in rows}
