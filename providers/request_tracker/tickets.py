"""Tickets and their snoozes: listed by TicketSQL, changed a hundred at a time.

A bulk update has no precondition: asking for each ticket's ETag would take a request a ticket, where the runner reads a
hundred in one just before. A ticket that is alone in its batch is changed under its ETag, and nothing comes in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, TypeAlias

from providers.http import NoReply
from providers.paused import several
from providers.request_tracker.client import Client, Row
from providers.request_tracker.queues import Queues
from providers.request_tracker.ticket_kind import (
    BATCH,
    FIELDS,
    NEEDED,
    QUERY,
    among,
    condition_of,
    fields_of,
    snooze,
    tickets,
    values_of,
)
from providers.rest import Moved
from runner.model import ABSENT, Accepted, Change, Outcome, Value, Verdict
from runner.spi import KindSpec, NotFound, ProviderError, Query, Rejected

Values: TypeAlias = Mapping[str, Value]
Group: TypeAlias = tuple[str, list[Change]]
NOTE: Final = "note"
REFUSALS: Final = (  # what a 200 may say; a success is believed only when it is read back
    "permission denied",
    "isn't a valid status",
    "can't change status",
    "does not exist",
    "could not be recorded",
)
NOTED: Final = "comments added"
DONE: Final = Outcome(Verdict.DONE)


class Tickets:
    """The tickets of one account, and their snoozes."""

    def __init__(self, client: Client, queues: Queues) -> None:
        self._client = client
        self._queues = queues

    def specs(self) -> Sequence[KindSpec]:
        """Return the kinds tickets and snooze."""
        return tickets(self._client.account), snooze(self._client.account)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield tickets by id or by selection. Raises `ProviderError`, `InvalidInput` for a queue that is not there and
        for a status that tickets of a queue cannot have."""
        if query.ids:
            yield from self._by_id(query.ids, query.paths)
        elif query.where is not None or query.paths == ("name",):
            yield from self._found(query.where or {}, query.paths)
        else:
            raise Rejected("tickets are selected by `select` or by id", field="select")

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Change the tickets of a batch in one request, then note on them in a second one. What was sent is answered
        first, in order; then the fault is raised that kept the rest from being sent."""
        parts: list[Group] = [(key, list(some)) for key, some in groupby(batch, key=lambda each: each.slot.key)]
        said: dict[tuple[str, bool], Outcome] = {}
        stopped: ProviderError | None = None
        for notes in (False, True):
            mine = [(key, [each for each in some if (each.slot.path == NOTE) is notes]) for key, some in parts]
            for start in range(0, len(mine), BATCH):
                some = [group for group in mine[start : start + BATCH] if group[1]]
                if not some or stopped:
                    continue
                try:
                    said |= {(key, notes): outcome for key, outcome in self._sent(some, notes=notes).items()}
                except ProviderError as fault:
                    stopped = fault
        for change in batch:
            place = change.slot.key, change.slot.path == NOTE
            if stopped is not None and place not in said:
                raise stopped
            yield said[place]

    # --- reading ----------------------------------------------------------------------------------------------------

    def _found(self, where: Mapping[str, Any], paths: Sequence[str]) -> Iterator[tuple[str, Values]]:
        needed = [path.removeprefix(NEEDED) for path in paths if path.startswith(NEEDED)]
        asked = [*needed, *several(where.get("status", ()))]
        for queue in several(where.get("queue", ())):
            self._queues.lifecycle(queue)
            self._queues.check(queue, needed)
        found = {f"{QUERY}{where['query']}": True} if "query" in where else {}
        seen: set[str] = set()
        for rows in self._client.tickets(condition_of(where), FIELDS):
            for row in rows:
                values = self._values(row)
                queue = str(values["queue"])
                if queue not in seen and asked:
                    seen.add(queue)
                    self._queues.check(queue, needed)
                yield str(row["id"]), {**values, **found}

    def _by_id(self, keys: Sequence[str], paths: Sequence[str]) -> Iterator[tuple[str, Values]]:
        queries = [path.removeprefix(QUERY) for path in paths if path.startswith(QUERY)]
        page = self._client.account.page
        for start in range(0, len(keys), page):
            some = keys[start : start + page]
            numbers = [key for key in some if key.isascii() and key.isdecimal()]
            rows = self._rows(among(numbers)) if numbers else {}
            hits = {query: self._rows(f"({among(numbers)}) AND ({query})") for query in queries if rows}
            for key in some:
                found: dict[str, Value] = {f"{QUERY}{query}": True for query in queries if key in hits.get(query, {})}
                yield key, {**self._values(rows[key]), **found} if key in rows else {}

    def _rows(self, condition: str) -> dict[str, Row]:
        params = {"query": condition, "per_page": str(self._client.account.page), **FIELDS}
        return {str(row["id"]): row for row in self._client.listed("/tickets", "read tickets", params)}

    def _values(self, row: Row) -> Values:
        return values_of(row, self._client.account)

    # --- writing ----------------------------------------------------------------------------------------------------

    def _sent(self, groups: Sequence[Group], *, notes: bool) -> dict[str, Outcome]:
        """Return what became of one request. Raises `ProviderError` for what concerns the server as a whole: then
        nothing was sent."""
        try:
            if notes:
                return self._noted(groups)
            return self._alone(*groups[0]) if len(groups) == 1 else self._bulk(groups)
        except Moved as fault:
            outcome = Outcome(Verdict.MOVED, fault.message)
        except (Rejected, NotFound) as fault:
            outcome = Outcome(Verdict.REJECTED, fault.message)
        except NoReply as fault:
            outcome = Outcome(Verdict.UNKNOWN, fault.message)
        return {key: outcome for key, _ in groups}

    def _bulk(self, groups: Sequence[Group]) -> dict[str, Outcome]:
        body = [{"id": int(key), **_fields(changes)} for key, changes in groups]
        said = _sentences(self._client.send("PUT", "/tickets/bulk", "change tickets", body))
        return {key: _outcome(said.get(key)) for key, _ in groups}

    def _alone(self, key: str, changes: Sequence[Change]) -> dict[str, Outcome]:
        """Change one ticket if it still is as it was when this was decided."""
        what = f"change ticket {key}"
        now = self._client.get(f"/ticket/{key}", what)
        live = self._values(
            {**now.data, "Queue": {"Name": ""}, "Owner": {"Name": ""}}
        )  # their names are not shown here
        if any(live.get(each.slot.path, ABSENT) not in (each.before, each.after) for each in changes):
            return {key: Outcome(Verdict.MOVED, "somebody changed the ticket meanwhile")}
        etag = now.headers.get("etag", "")
        said = self._client.send("PUT", f"/ticket/{key}", what, _fields(changes), match=etag)
        return {key: _outcome([str(each) for each in said] if isinstance(said, list) else None)}

    def _noted(self, groups: Sequence[Group]) -> dict[str, Outcome]:
        """Comment on tickets. Nothing shows it cheaply afterwards: only RT's own words say that it was done."""
        body = [
            {"id": int(key), "Content": change.payload["note"], "ContentType": "text/plain"}
            for key, (change,) in groups
            if isinstance(change.payload, Mapping)
        ]
        said = _sentences(self._client.send("POST", "/tickets/bulk/comment", "comment on tickets", body))
        return {key: _comment(said.get(key)) for key, _ in groups}


def _fields(changes: Sequence[Change]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for change in changes:
        body |= fields_of(change.slot.path, change.after)
    return body


def _sentences(data: Any) -> dict[str, list[str]]:
    """Return what a bulk answer says of each ticket: ``[[1, "Ticket 1: ..."], ["2", ...]]``."""
    rows = data if isinstance(data, list) else []
    return {str(row[0]): [str(each) for each in row[1:]] for row in rows if isinstance(row, list) and row}


def _outcome(said: Sequence[str] | None) -> Outcome:
    """Return the outcome of a change: a sentence is believed when it refuses, never when it says that it is done."""
    if said is None:
        return Outcome(Verdict.UNKNOWN, "RT did not say what became of it")
    why = refusal(said)
    return Outcome(Verdict.REJECTED, why) if why else DONE


def _comment(said: Sequence[str] | None) -> Outcome:
    if said and (why := refusal(said)):
        return Outcome(Verdict.REJECTED, why)
    if said and any(NOTED in each.casefold() for each in said):
        return DONE
    return Outcome(Verdict.UNKNOWN, f"RT says: {'; '.join(said)[:200]}" if said else "RT did not say what became of it")


def refusal(said: Sequence[str]) -> str:
    """Return the sentence that refuses a change, "" for none."""
    return next((each[:200] for each in said if any(words in each.casefold() for words in REFUSALS)), "")
