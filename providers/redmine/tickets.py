"""Tickets and their snoozes: listed by filter, read a hundred at a time, changed one by one.

Redmine has no bulk call and no way to say "only if nobody changed it"; and it answers 204 to what it ignores. So no
answer is called proven: the runner reads a batch before and after, and the reading is the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, TypeAlias

from providers.http import NoReply
from providers.paused import several
from providers.redmine.client import PAGE, Client, Row
from providers.redmine.names import Names
from providers.redmine.ticket_kind import OPEN, TAG, field_of, matches, remarked, snooze, tickets, values_of
from runner.model import Accepted, Change, Outcome, Value, Verdict
from runner.spi import Forbidden, KindSpec, NotFound, ProviderError, Query, Rejected

Values: TypeAlias = Mapping[str, Value]
ONE_BY_ONE: Final = Accepted("one by one")
LISTED: Final = ("tracker", "priority")


class Tickets:
    """The tickets of one Redmine."""

    def __init__(self, client: Client, names: Names) -> None:
        self._client = client
        self._names = names

    def specs(self) -> Sequence[KindSpec]:
        """Return the kinds tickets and snooze."""
        return (tickets(), snooze())

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield tickets by id or by selection. Raises `ProviderError`, `InvalidInput` for names that are not there."""
        if query.ids:
            yield from self._by_id(query.ids, query.paths)
            return
        where = query.where or {}
        saved = str(where.get("query", ""))
        for params in self._filters(where):
            for rows in self._client.tickets(params):
                for row in rows:
                    values = self._values(row, query.paths, saved)
                    if not matches(where, values):
                        continue
                    self._check_fields(row, query.paths)
                    yield str(row["id"]), values

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Change ticket by ticket. What was sent is answered first, in order; then the fault is raised that kept the
        rest from being sent."""
        said: list[Outcome] = []
        stopped: ProviderError | None = None
        rows = self._seen(batch)
        parts = [(key, [*group]) for key, group in groupby(batch, key=lambda change: change.slot.key)]
        bodies = [self._body(changes, rows.get(key)) for key, changes in parts]  # all names are known before the first
        for number, ((key, changes), body) in enumerate(zip(parts, bodies, strict=True)):
            if number:
                yield ONE_BY_ONE
            try:
                outcome = self._change(key, body)
            except ProviderError as fault:
                stopped = fault
                break
            said += [outcome] * len(changes)
        yield from said
        if stopped is not None:
            raise stopped

    # --- reading ----------------------------------------------------------------------------------------------------

    def _filters(self, where: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        """Yield the parameters of each list that a selection needs: one a project. What they find is looked at again,
        so they may find too much: tickets of subprojects."""
        params = {"sort": "id", "status_id": "open" if where.get(OPEN) else "*"}
        if "query" in where:
            row = self._names.row("query", str(where["query"]))
            own = {"project_id": str(row["project_id"])} if row.get("project_id") else {}
            yield {"sort": "id", "query_id": str(row["id"]), **own}
            return
        projects = [self._names.row("project", name) for name in several(where.get("project", ()))]
        if "status" in where:
            params["status_id"] = "|".join(self._names.ids("status", several(where["status"])))
        for field in LISTED:
            if field in where:
                params[f"{field}_id"] = "|".join(self._names.ids(field, several(where[field])))
        if "category" in where:
            if not projects:
                raise Rejected(
                    f"{self._client.account.name}: a category belongs to a project: name the project too",
                    field="select.project",
                )
            params["category_id"] = "|".join(self._names.ids("category", several(where["category"]), projects))
        yield from [{**params, "project_id": str(row["id"])} for row in projects] or [params]

    def _by_id(self, keys: Sequence[str], paths: Sequence[str]) -> Iterator[tuple[str, Values]]:
        for start in range(0, len(keys), PAGE):
            some = keys[start : start + PAGE]
            rows = {str(row["id"]): row for row in self._rows(some)}
            yield from ((key, self._values(rows[key], paths) if key in rows else {}) for key in some)

    def _rows(self, keys: Sequence[str]) -> list[Row]:
        numbers = [key for key in keys if key.isascii() and key.isdecimal()]
        if not numbers:
            return []
        params = {"issue_id": ",".join(numbers), "status_id": "*", "sort": "id"}
        return self._client.some("/issues.json", "issues", "read tickets", params)

    def _values(self, row: Row, paths: Sequence[str], query: str = "") -> Values:
        identifier = self._names.identifier(str(row["project"]["id"])) if "project" in paths else ""
        return values_of(row, identifier, self._client.account, query)

    def _check_fields(self, row: Row, paths: Sequence[str]) -> None:
        """Raise `InvalidInput` for a ticket without a field that the step needs: a mistake at review time."""
        if "snooze" in paths:
            self._names.snooze_field(row)
        if any(path.startswith(TAG) for path in paths):
            self._names.mark_field(row)

    # --- writing ----------------------------------------------------------------------------------------------------

    def _seen(self, batch: Sequence[Change]) -> Mapping[str, Row]:
        """Return each ticket with a custom field that changes, by id. Raises `ProviderError`."""
        keys = [change.slot.key for change in batch if change.slot.path.startswith(("snooze", TAG))]
        return {str(row["id"]): row for row in self._rows(list(dict.fromkeys(keys)))}

    def _body(self, changes: Sequence[Change], row: Row | None) -> dict[str, Any]:
        body: dict[str, Any] = {}
        fields: dict[int, str] = {}
        text = field_of(row, self._client.account.mark_field) if row else ""
        for change in changes:
            path, after = change.slot.path, change.after
            if path == "status":
                body["status_id"] = int(self._names.ids("status", several(after))[0])
            elif path == "note" and isinstance(change.payload, Mapping):
                body["notes"] = change.payload["note"]
            elif path == "snooze" and row:
                fields[self._names.snooze_field(row)] = after if isinstance(after, str) else ""
            elif path.startswith(TAG) and row:
                text = remarked(text, path.removeprefix(TAG), there=after is True)
                fields[self._names.mark_field(row)] = text
        if fields:
            body["custom_fields"] = [{"id": number, "value": value} for number, value in fields.items()]
        return body

    def _change(self, key: str, body: Mapping[str, Any]) -> Outcome:
        """Change one ticket. Raises `ProviderError` for what concerns the server as a whole: nothing more is sent."""
        try:
            self._client.write("PUT", f"/issues/{key}.json", f"change ticket {key}", {"issue": body})
        except (Rejected, NotFound, Forbidden) as fault:
            return Outcome(Verdict.REJECTED, fault.message)
        except NoReply as fault:
            return Outcome(Verdict.UNKNOWN, fault.message)
        return Outcome(Verdict.DONE)
