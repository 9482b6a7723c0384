"""Search: pages up to 1000 results, counts, the export by cursor, and the incremental export.

Facts 2.6: 422 past 1000 and 400 for `page[size]` [DOC][LIVE]; the export wants ``filter[type]``, takes 1000 a page, its
cursor lives an hour and results come by `created_at` [DOC]; the index lags behind (``store.lag`` seconds), by id
tickets are up to date. Guesses: the status of an expired cursor, and that a cursor belongs to its query.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from providers.zendesk.simulator.core import Call, Desk, Refusal, Reply, Route
from providers.zendesk.simulator.groups import Groups
from providers.zendesk.simulator.listing import Record, bad_page
from providers.zendesk.simulator.people import ADMIN, People
from providers.zendesk.simulator.query import Names, Test, compiled, refused
from providers.zendesk.simulator.seed import PRIORITIES, STATUSES, Ticket
from providers.zendesk.simulator.shapes import ticket_shown
from providers.zendesk.simulator.store import Store

REACH: Final = 1000
HOUR: Final = 3600.0


class Search:
    """The operations that find tickets."""

    def __init__(self, desk: Desk, store: Store, groups: Groups, people: People) -> None:
        self._desk = desk
        self._store = store
        self._groups = groups
        self._people = people
        self._sorted: tuple[int, list[tuple[int, int]]] = (-1, [])

    def routes(self) -> list[Route]:
        """Return the operations of search and of the incremental export. None has a narrow scope [DOC]."""
        return [
            Route("GET", "/api/v2/search", self._search),
            Route("GET", "/api/v2/search/count", self._count),
            Route("GET", "/api/v2/search/export", self._export, "search_export"),
            Route("GET", "/api/v2/incremental/tickets/cursor", self._incremental, "incremental", "admin", "tickets"),
        ]

    def _test(self, call: Call, *, export: bool) -> Test:
        query = call.query.get("query", "")
        if not query.strip() and not export:
            raise refused("query is empty")
        names = Names(
            {row["name"].lower(): id_ for id_, row in self._groups.records.items()},
            {
                name: id_
                for id_, user in self._people.staff.items()
                for name in (user.name.lower(), self._people.email(id_))
            },
            (call.who or ADMIN).id,
        )
        return compiled(query, names, self._desk.clock(), export=export)

    def _count(self, call: Call) -> Reply:
        test = self._test(call, export=False)
        return Reply({"count": sum(map(test, self._store.indexed()))})

    def _search(self, call: Call) -> Reply:
        """Answer one page of at most 100 out of at most 1000; `count` tells how many there are in truth."""
        if any(name.startswith("page[") for name in call.query):
            raise bad_page("InvalidPaginationParameter", "search knows page and per_page only")
        test = self._test(call, export=False)
        page, size = call.query.get("page", "1"), call.query.get("per_page", "100")
        if not (page.isdecimal() and size.isdecimal() and int(page) > 0 and 0 < int(size) <= 100):
            raise bad_page("InvalidPaginationParameter", "a page and its size are whole numbers from 1")
        start = (int(page) - 1) * int(size)
        if start + int(size) > REACH:
            raise Refusal(422, {"error": "invalid", "description": f"search ends at {REACH} results"})
        hits = [ticket for ticket in self._store.indexed() if test(ticket)]
        hits.sort(
            key=_key(call.query.get("sort_by", "relevance")), reverse=call.query.get("sort_order", "desc") != "asc"
        )
        more = start + int(size) < min(len(hits), REACH)
        base = f"https://{self._desk.subdomain}.zendesk.com/api/v2/search.json?query={quote(call.query['query'])}"
        body = {
            "results": [self._result(ticket) for ticket in hits[start : start + int(size)]],
            "facets": None,
            "count": len(hits),
            "next_page": f"{base}&per_page={size}&page={int(page) + 1}" if more else None,
            "previous_page": f"{base}&per_page={size}&page={int(page) - 1}" if int(page) > 1 else None,
        }
        return Reply(body)

    def _result(self, ticket: Ticket) -> Record:
        return {**ticket_shown(self._desk, ticket), "result_type": "ticket"}

    def _export(self, call: Call) -> Reply:
        if call.query.get("filter[type]") != "ticket":
            raise Refusal(400, {"error": "invalid", "description": "filter[type] is required; tickets are simulated"})
        size = call.query.get("page[size]", "100")
        if {"page", "per_page"} & call.query.keys() or not size.isdecimal() or not 0 < int(size) <= REACH:
            raise bad_page("InvalidPaginationParameter", f"page[size] goes from 1 to {REACH}")
        test, now = self._test(call, export=True), self._desk.clock()
        mark = sha256(call.query.get("query", "").encode()).hexdigest()[:12]
        after = position_in(call.query["page[after]"], mark, now) if "page[after]" in call.query else 0
        hits: list[Ticket] = []
        more = False
        for ticket in self._store.indexed(after):
            if test(ticket):
                if len(hits) == int(size):
                    more = True
                    break
                hits.append(ticket)
        cursor = cursor_of(hits[-1].id if hits else after, mark, now)
        base = f"https://{self._desk.subdomain}.zendesk.com/api/v2/search/export.json?filter%5Btype%5D=ticket"
        link = (
            f"{base}&page%5Bafter%5D={quote(cursor)}&page%5Bsize%5D={size}&query={quote(call.query.get('query', ''))}"
        )
        body = {
            "results": [self._result(ticket) for ticket in hits],
            "facets": None,
            "meta": {"has_more": more, "after_cursor": cursor if more else None, "before_cursor": None},
            "links": {"next": link if more else None, "prev": None},
        }
        return Reply(body)

    def _incremental(self, call: Call) -> Reply:
        """Answer tickets by the time of their last update, 1000 a page, until `end_of_stream`."""
        size = call.query.get("per_page", "1000")
        start = call.query.get("start_time", "")
        if not size.isdecimal() or not 0 < int(size) <= REACH or not (start.isdecimal() or "cursor" in call.query):
            raise Refusal(
                400, {"error": "InvalidValue", "description": "start_time, or a cursor, and per_page up to 1000"}
            )
        if self._sorted[0] != self._store.seq:
            self._sorted = (self._store.seq, sorted((t.updated, t.id) for t in self._store.every()))
        edge = _edge(call.query["cursor"]) if "cursor" in call.query else (int(start), 0)
        left = [place for place in self._sorted[1] if place > edge]
        chosen = left[: int(size)]
        last = chosen[-1] if chosen else edge
        cursor = urlsafe_b64encode(f"{last[0]}|{last[1]}".encode()).decode()
        base = f"https://{self._desk.subdomain}.zendesk.com/api/v2/incremental/tickets/cursor.json?cursor="
        body = {
            "tickets": [ticket_shown(self._desk, self._store.need(id_)) for _, id_ in chosen],
            "after_cursor": cursor,
            "after_url": f"{base}{quote(cursor)}",
            "before_cursor": None,
            "before_url": None,
            "end_of_stream": len(left) <= int(size),
        }
        return Reply(body)


def _key(sort: str) -> Callable[[Ticket], tuple[int, int]]:
    """Return the order of results; relevance is the order of creation here (a guess)."""
    if sort == "updated_at":
        return lambda ticket: (ticket.updated, ticket.id)
    if sort == "priority":
        return lambda ticket: (PRIORITIES.index(ticket.priority) if ticket.priority else -1, ticket.id)
    if sort == "status":
        return lambda ticket: (STATUSES.index(ticket.status), ticket.id)
    if sort in ("created_at", "relevance"):
        return lambda ticket: (ticket.created, ticket.id)
    raise refused(f"sort_by {sort} is not known")


def cursor_of(id_: int, mark: str, now: float) -> str:
    """Return the cursor behind a ticket; `mark` says what list it belongs to."""
    return urlsafe_b64encode(f"{id_}|{mark}|{now:.0f}".encode()).decode()


def position_in(cursor: str, mark: str, now: float | None) -> int:
    """Return the ticket a cursor stands behind. Raises 400 for one of another list, or older than an hour (`now`)."""
    id_, found, at = _parts(cursor, 3)
    if found != mark:
        raise bad_page("InvalidCursor", "the cursor belongs to another query")
    if now is not None and now >= int(at) + HOUR:
        raise bad_page("ExpiredCursor", "the cursor is older than an hour")
    return int(id_)


def _edge(cursor: str) -> tuple[int, int]:
    at, id_ = _parts(cursor, 2)
    return int(at), int(id_)


def _parts(cursor: str, count: int) -> list[str]:
    try:
        parts = urlsafe_b64decode(cursor).decode().split("|")
    except ValueError:
        parts = []
    if len(parts) != count or not parts[0].isdecimal():
        raise bad_page("InvalidCursor", "this is no cursor")
    return parts
