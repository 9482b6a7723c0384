"""Tickets: found by search export, read by id, changed 100 a job, several jobs under way, each result taken by itself.

Search lags by minutes, so it only finds; what was written is read by id [DOC]. A bulk update is refused ticket by
ticket when somebody changed it since it was queued, or since the stamp that we send: such a ticket is decided again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from providers.zendesk.client import Client, NoReply, expect
from providers.zendesk.shared import Values, per_object
from providers.zendesk.ticket_kind import IN_FLIGHT, JOB_TIME, MANY, STAMP, search_of, tickets, update_of, values_of
from runner.model import ABSENT, Accepted, Change, Outcome, Verdict
from runner.spi import KindSpec, NotFound, ProviderError, Query, Rejected

POLL: Final = (0.5, 1.0, 2.0, 4.0)  # seconds between looks at jobs; the last one again and again
REMEMBERED: Final = 2 * MANY * IN_FLIGHT  # stamps of tickets read last
RUNNING: Final = frozenset({None, "", "queued", "working"})
_LOST: Final = Outcome(Verdict.UNKNOWN, "the job's result was not seen")


class Tickets:
    """The tickets of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._read: OrderedDict[str, Values] = OrderedDict()
        self._defaults: frozenset[int] | None = None
        self._groups: dict[int, str] = {}

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind tickets."""
        account = self._client.account
        return (tickets(account.rate("update"), account.statuses),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield tickets by id or by selection, and the state of jobs under the path ``job``."""
        if query.paths == ("job",):
            yield from self._jobs(query.ids)
            return
        if query.where is None and not query.ids:
            if query.paths == ("name",):
                yield from self._found("")  # everything, to count it for a guard
                return
            raise Rejected("tickets are selected by `select` or by id", field="select")
        self._know()
        yield from self._by_id(query.ids) if query.ids else self._found(search_of(query.where or {}))

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Send up to `IN_FLIGHT` jobs, tell of each, and look at them together until all are over.

        Raises `ProviderError` after the outcomes of what was sent, when the rest cannot be sent.
        """
        said = self._moved(batch)
        objects = [(key, changes) for key, changes in per_object(batch) if key not in said]
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
            if stopped is not None and change.slot.key not in said:
                raise stopped
            yield said[change.slot.key]

    # --- reading ----------------------------------------------------------------------------------------------------

    def _know(self) -> None:
        """Read once which custom statuses are their category's default, and what the groups are called."""
        if self._defaults is not None:
            return
        try:
            rows = self._client.whole("/api/v2/custom_statuses", "custom_statuses", "list custom statuses")
        except (NotFound, Rejected):
            rows = []  # the feature is not activated
        self._defaults = frozenset(int(row["id"]) for row in rows if row.get("default"))
        groups = self._client.pages("/api/v2/groups", "groups", "list groups")
        self._groups = {int(row["id"]): str(row["name"]) for row in groups}

    def _found(self, text: str) -> Iterator[tuple[str, Values]]:
        """Yield what the search export finds, page by page; its cursor lives for an hour [DOC]."""
        self._know()
        page = str(self._client.account.search_page)
        rows = self._client.pages(
            "/api/v2/search/export",
            "results",
            "search tickets",
            family="export",
            query=text or "created>1970-01-01",
            filter_type="ticket",
            page_size=page,
        )
        for row in rows:
            yield str(row["id"]), self._values(row)

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
        return values_of(row, self._defaults or frozenset(), self._groups)

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
            known = self._read.pop(key, {}).get(STAMP) or next((c.payload for c in changes if c.payload), None)
            stamp = known if isinstance(known, str) else ""
            safe = {"safe_update": True, "updated_stamp": stamp} if stamp else {}
            rows.append({"id": int(key), **update_of(changes), **safe})
        shapes = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        path = "/api/v2/tickets/update_many"
        body: dict[str, Any] = {"tickets": rows}
        if all(shape == shapes[0] for shape in shapes) and "safe_update" not in shapes[0]:
            ids = quote(",".join(str(row["id"]) for row in rows), safe=",")
            path, body = f"{path}?ids={ids}", {"ticket": shapes[0]}
        data = self._client.write("PUT", path, "update tickets", body, family="update")
        job = expect(data, "job_status", dict, "update tickets", self._client.account.name)
        return str(job["id"])

    def _watch(self, jobs: Sequence[str], said: dict[str, Outcome]) -> Iterator[Accepted]:
        """Look at the jobs until all are over; fill `said` with each ticket's outcome."""
        left, waited, looks = set(jobs), 0.0, 0
        while left and waited < JOB_TIME:
            pause = POLL[min(looks, len(POLL) - 1)]
            self._client.io.sleep(pause)
            waited, looks = waited + pause, looks + 1
            for row in self._states(sorted(left)):
                if row.get("status") not in RUNNING:
                    left.discard(str(row["id"]))
                    said |= _results(row)
            if left:
                yield Accepted(",".join(jobs))

    def _states(self, jobs: Sequence[str]) -> list[Any]:
        data = self._client.get("/api/v2/job_statuses/show_many", "look at jobs", ids=",".join(jobs))
        found: list[Any] = expect(data, "job_statuses", list, "look at jobs", self._client.account.name)
        return found

    def _jobs(self, refs: Sequence[str]) -> Iterator[tuple[str, Values]]:
        """Yield the state of recorded jobs, or of every job of the account that may still change tickets.

        Looking a single job up may miss one that is there, under load [ISSUE zenpy 291]: the list counts.
        """
        listed = self._client.pages("/api/v2/job_statuses", "job_statuses", "list jobs")
        running = {str(row["id"]) for row in listed if row.get("status") in RUNNING}
        if not refs:
            for job in sorted(running):
                yield job, {"job": "running"}
        for ref in refs:
            yield ref, {"job": "running" if running & set(ref.split(",")) else "done"}


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
