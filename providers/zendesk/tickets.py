"""Tickets: found by search export, read by id, changed 100 a job, several jobs under way, each result taken by itself.

Search lags by minutes, so it only finds; what was written is read by id [DOC]. A bulk update is refused ticket by
ticket when somebody changed it since it was queued, or since the stamp that we send: such a ticket is decided again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final
from urllib.parse import quote

from providers.zendesk.client import Client, NoReply, expect
from providers.zendesk.shared import Values, per_object
from providers.zendesk.ticket_kind import (
    IN_FLIGHT,
    JOB_TIME,
    MANY,
    STAMP,
    WRITABLE,
    category,
    matches,
    search_of,
    tickets,
    update_of,
    values_of,
)
from providers.zendesk.ticket_words import Known, known
from runner.model import ABSENT, Accepted, Change, Outcome, Verdict
from runner.spi import KindSpec, ProviderError, Query, Rejected

FIRST_LOOK: Final = 0.5  # seconds until the very first look at jobs; later ones begin at half of what the last took
LOOKS: Final = (0.02, 4.0)  # seconds between two looks, at least and at most; each time twice as long
REMEMBERED: Final = 2 * MANY * IN_FLIGHT  # stamps of tickets read last
GONE: Final = 8.0  # seconds that a job is nowhere to be found before its record counts as gone
RUNNING: Final = frozenset({None, "", "queued", "working"})
_LOST: Final = Outcome(Verdict.UNKNOWN, "the job's result was not seen")
_NEVER: Final = Outcome(Verdict.REJECTED, "a ticket is never set to new or closed: the one is refused, the other final")


class Tickets:
    """The tickets of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read: OrderedDict[str, Values] = OrderedDict()
        self._known: Known | None = None
        self._defaults: frozenset[int] = frozenset()
        self._first_look = FIRST_LOOK

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind tickets."""
        account = self._client.account
        return (tickets(account.per_minute("update"), account.statuses),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield tickets by id or by selection, and the state of jobs under the path ``job``."""
        if query.paths == ("job",):
            yield from self._jobs(query.ids)
            return
        if query.where is None and not query.ids:
            if query.paths == ("name",):
                yield from self._found({})  # everything, to count it for a guard
                return
            raise Rejected("tickets are selected by `select` or by id", field="select")
        self._know().refuse_unknown(query.paths, self._client)
        yield from self._by_id(query.ids) if query.ids else self._found(query.where or {})

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Send up to `IN_FLIGHT` jobs, tell of each, and look at them together until all are over.

        Raises `ProviderError` after the outcomes of what was sent, when the rest cannot be sent.
        """
        never = {change.slot: _NEVER for change in batch if _never_written(change)}
        sent = [change for change in batch if change.slot not in never]
        said = self._moved(sent)
        objects = [(key, changes) for key, changes in per_object(sent) if key not in said]
        jobs: list[str] = []
        stopped: ProviderError | None = None
        for start in range(0, len(objects), MANY):
            some = objects[start : start + MANY]
            try:
                jobs.append(self._queue(some))
            except Rejected as fault:  # the request as a whole: none of its tickets was changed
                said |= {key: Outcome(Verdict.REJECTED, fault.message, fault.field) for key, _ in some}
                continue
            except NoReply:
                said |= {key: _LOST for key, _ in some}
                continue
            except ProviderError as fault:
                stopped = fault
                break
            said |= {key: _LOST for key, _ in some}
            yield Accepted(",".join(jobs))
        yield from self._watch(jobs, said)
        for change in batch:
            if stopped is not None and change.slot not in never and change.slot.key not in said:
                raise stopped
            yield never.get(change.slot) or said[change.slot.key]

    # --- reading ----------------------------------------------------------------------------------------------------

    def _know(self) -> Known:
        """Read once which statuses the account has, and what its groups are called."""
        if self._known is None:
            self._known = known(self._client)
            self._defaults = self._known.defaults
        return self._known

    def _found(self, where: Mapping[str, Any]) -> Iterator[tuple[str, Values]]:
        """Yield what the search export finds, page by page; its cursor lives for an hour [DOC].

        It may find more than what is asked for: what does not match is left out.
        """
        where = self._know().with_groups(where)
        page = str(self._client.account.search_page)
        rows = self._client.pages(
            "/api/v2/search/export",
            "results",
            "search tickets",
            family="export",
            query=search_of(where) or "created>1970-01-01",
            filter_type="ticket",
            page_size=page,
        )
        for row in rows:
            values = self._values(row)
            if matches(where, values):
                yield str(row["id"]), values

    def _by_id(self, keys: Sequence[str]) -> Iterator[tuple[str, Values]]:
        for start in range(0, len(keys), MANY):
            some = keys[start : start + MANY]
            known = [key for key in some if key.isdigit()]
            rows: dict[str, Any] = {}
            if known:
                data = self._client.get("/api/v2/tickets/show_many", "read tickets", ids=",".join(known))
                found = expect(data, "tickets", list, "read tickets", self._client.account.name)
                rows = {str(row["id"]): row for row in found}
            for key in some:
                values = self._values(rows[key]) if key in rows else {}
                self._remember(key, values)
                yield key, values

    def _values(self, row: Mapping[str, Any]) -> Values:
        known = self._know()
        return values_of(row, self._defaults, known.groups)

    def _remember(self, key: str, values: Values) -> None:
        """Keep what was read last of a ticket: its stamp goes with the next write of these very values."""
        self._read[key] = values
        self._read.move_to_end(key)
        if len(self._read) > REMEMBERED:
            self._read.popitem(last=False)

    def _moved(self, batch: Sequence[Change]) -> dict[str, Outcome]:
        """Return an outcome for the tickets that were read again since these changes were decided and are others."""
        found = {}
        for change in batch:
            seen = self._read.get(change.slot.key)
            if seen is not None and seen.get(change.slot.path, ABSENT) not in (change.before, change.after):
                found[change.slot.key] = Outcome(Verdict.MOVED, "somebody changed the ticket meanwhile")
        return found

    # --- jobs -------------------------------------------------------------------------------------------------------

    def _queue(self, objects: Sequence[tuple[str, Sequence[Change]]]) -> str:
        """Send one bulk update and return its job. Raises `ProviderError`."""
        rows = []
        for key, changes in objects:
            seen = self._read.pop(key, {})
            known = seen.get(STAMP), *(change.payload for change in changes)
            stamp = next((each for each in known if each and isinstance(each, str)), "")
            safe = {"safe_update": True, "updated_stamp": stamp} if stamp else {}
            rows.append({"id": int(key), **self._update(changes, seen), **safe})
        shapes = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        path = "/api/v2/tickets/update_many"
        body: dict[str, Any] = {"tickets": rows}
        if all(shape == shapes[0] for shape in shapes) and "safe_update" not in shapes[0]:
            ids = quote(",".join(str(row["id"]) for row in rows), safe=",")
            path, body = f"{path}?ids={ids}", {"ticket": shapes[0]}
        data = self._client.write("PUT", path, "update tickets", body, family="update")
        job = expect(data, "job_status", dict, "update tickets", self._client.account.name)
        return str(job["id"])

    def _update(self, changes: Sequence[Change], seen: Values) -> dict[str, Any]:
        """Return the fields of one ticket's update. `seen` is what was read of it last, empty when nothing was."""
        del seen
        return update_of(changes, self._know().by_category)

    def _watch(self, jobs: Sequence[str], said: dict[str, Outcome]) -> Iterator[Accepted]:
        """Look at the jobs until all are over; fill `said` with each ticket's outcome. What cannot be looked at stays
        unknown: it was sent."""
        left, waited, pause = set(jobs), 0.0, self._first_look
        since: dict[str, float] = {}
        while left and waited < JOB_TIME:
            self._client.io.sleep(pause)
            waited, pause = waited + pause, min(2 * pause, LOOKS[1])
            self._first_look = min(max(waited / 2, LOOKS[0]), LOOKS[1])
            try:
                rows = self._states(left)
            except ProviderError:
                return
            for row in rows:
                if row.get("status") not in RUNNING:
                    left.discard(str(row["id"]))
                    said |= _results(row)
            gone = left - {str(row["id"]) for row in rows}
            since = {job: since.get(job, waited) for job in gone}
            left -= {job for job in gone if waited - since[job] >= GONE}
            if left:
                yield Accepted(",".join(jobs))

    def _states(self, jobs: Set[str]) -> list[Any]:
        """Return the states of jobs; what cannot be found by id may still be in the list [ISSUE zenpy 291]."""
        data = self._client.get("/api/v2/job_statuses/show_many", "look at jobs", ids=",".join(sorted(jobs)))
        found: list[Any] = expect(data, "job_statuses", list, "look at jobs", self._client.account.name)
        if jobs - {str(row["id"]) for row in found}:
            listed = {str(row["id"]): row for row in self._listed() if str(row["id"]) in jobs}
            found = list({**listed, **{str(row["id"]): row for row in found}}.values())
        return found

    def _listed(self) -> Iterator[Any]:
        return self._client.pages("/api/v2/job_statuses", "job_statuses", "list jobs")

    def _jobs(self, refs: Sequence[str]) -> Iterator[tuple[str, Values]]:
        """Yield the state of recorded jobs, or of every job of the account that may still change tickets.

        Looking a single job up may miss one that is there, under load [ISSUE zenpy 291]: the list counts.
        """
        running = {str(row["id"]) for row in self._listed() if row.get("status") in RUNNING}
        if not refs:
            for job in sorted(running):
                yield job, {"job": "running"}
        for ref in refs:
            yield ref, {"job": "running" if running & set(ref.split(",")) else "done"}


def _never_written(change: Change) -> bool:
    return change.slot.path == "status" and category(change.after) not in WRITABLE


def _results(row: Mapping[str, Any]) -> dict[str, Outcome]:
    """Return the outcome of every ticket that a finished job names. ``completed`` does not mean that all succeeded."""
    found = {}
    for result in row.get("results") or ():
        if not isinstance(result, Mapping) or "id" not in result:
            continue
        if result.get("success"):
            outcome = Outcome(Verdict.DONE, proven=True)
        else:
            words = str(result.get("details") or result.get("error") or "refused")[:200]
            moved = "conflict" in words.lower() or "conflict" in str(result.get("error", "")).lower()
            outcome = Outcome(Verdict.MOVED if moved else Verdict.REJECTED, words)
        found[str(result["id"])] = outcome
    return found
