"""Tickets: shown, changed one by one or 100 at a time through a job, tagged, commented, audited.

Facts 2.6, [DOC] unless marked. Guesses: 400 for more than 100 tickets in a call, for both shapes at once and for a
batch item with `safe_update` but no stamp; that single updates and bulk calls share one limit a minute.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, Route, User
from providers.zendesk.simulator.engine import Engine
from providers.zendesk.simulator.jobs import Jobs
from providers.zendesk.simulator.limits import Limits, too_many
from providers.zendesk.simulator.listing import Record, bad_page, inside, is_number, pages, several
from providers.zendesk.simulator.metrics import Metrics
from providers.zendesk.simulator.people import ADMIN, numbers
from providers.zendesk.simulator.search import cursor_of, position_in
from providers.zendesk.simulator.seed import Ticket
from providers.zendesk.simulator.shapes import audit_shown, comments_shown, history, stamp, ticket_shown
from providers.zendesk.simulator.store import Audit

MOST: Final = 100  # tickets in a call
KEPT: Final = 7200.0  # seconds an Idempotency-Key is remembered [MEM]
_ONE: Final = "/api/v2/tickets/<int:id>"


class Tickets:
    """The operations on tickets."""

    def __init__(self, desk: Desk, engine: Engine, jobs: Jobs, limits: Limits, metrics: Metrics) -> None:
        self._desk = desk
        self._engine = engine
        self._store = engine.store
        self._jobs = jobs
        self._limits = limits
        self._metrics = metrics
        self._keys: dict[str, tuple[float, str, Reply]] = {}

    def routes(self) -> list[Route]:
        """Return the operations on tickets."""
        busy = "ticket_update"
        return [
            Route("GET", "/api/v2/tickets", self._list, scope="tickets"),
            Route("POST", "/api/v2/tickets", self._create, scope="tickets"),
            Route("GET", "/api/v2/tickets/count", self._count, scope="tickets"),
            Route("GET", "/api/v2/tickets/show_many", self._several, scope="tickets"),
            Route("PUT", "/api/v2/tickets/update_many", self._update_many, busy, scope="tickets"),
            Route("GET", _ONE, self._show, scope="tickets"),
            Route("PUT", _ONE, self._update, busy, scope="tickets"),
            Route("DELETE", _ONE, self._delete, scope="tickets"),
            Route("GET", f"{_ONE}/comments", self._comments, scope="tickets"),
            Route("GET", f"{_ONE}/audits", self._audits, scope="tickets"),
            Route("GET", f"{_ONE}/tags", self._tags, scope="tickets"),
            Route("PUT", f"{_ONE}/tags", self._add_tags, busy, scope="tickets"),
            Route("POST", f"{_ONE}/tags", self._set_tags, busy, scope="tickets"),
            Route("DELETE", f"{_ONE}/tags", self._remove_tags, busy, scope="tickets"),
        ]

    # --- reading --------------------------------------------------------------------------------------------------

    def _list(self, call: Call) -> Reply:
        """Answer tickets in the order of their ids; cursor style, or offset style up to 10,000."""
        if not any(name.startswith("page[") for name in call.query):
            return self._offset(call)
        size = call.query.get("page[size]", "100")
        if not size.isdecimal() or not 0 < int(size) <= 100:
            raise bad_page("InvalidPaginationParameter", "page[size] goes from 1 to 100")
        after = position_in(call.query["page[after]"], "list", None) if "page[after]" in call.query else 0
        rows: list[Record] = []
        more = False
        for ticket in self._store.every(after):
            if len(rows) == int(size):
                more = True
                break
            rows.append(ticket_shown(self._desk, ticket))
        cursor = cursor_of(rows[-1]["id"], "list", self._desk.clock()) if rows else None
        link = f"https://{self._desk.subdomain}.zendesk.com/api/v2/tickets?page[size]={size}&page[after]={cursor}"
        meta = {"has_more": more, "after_cursor": cursor, "before_cursor": None}
        return Reply({"tickets": rows, "meta": meta, "links": {"next": link if more else None, "prev": None}})

    def _offset(self, call: Call) -> Reply:
        page, size = call.query.get("page", "1"), call.query.get("per_page", "100")
        if not (page.isdecimal() and size.isdecimal() and int(page) > 0 and 0 < int(size) <= 100):
            raise bad_page("InvalidPaginationParameter", "a page and its size are whole numbers from 1")
        if int(page) * int(size) > 10_000:
            raise bad_page("InvalidPaginationDepth", "offset paging ends at 10,000 records")
        start = (int(page) - 1) * int(size)
        rows = [
            ticket_shown(self._desk, t)
            for place, t in enumerate(self._store.every())
            if start <= place < start + int(size)
        ]
        count = self._store.top - len(self._store.deleted)
        base = f"https://{self._desk.subdomain}.zendesk.com/api/v2/tickets?per_page={size}&page="
        following = f"{base}{int(page) + 1}" if start + int(size) < count else None
        previous = f"{base}{int(page) - 1}" if int(page) > 1 else None
        return Reply({"tickets": rows, "count": count, "next_page": following, "previous_page": previous})

    def _count(self, _: Call) -> Reply:
        value = self._store.top - len(self._store.deleted)
        return Reply({"count": {"value": value, "refreshed_at": self._desk.stamp()}})

    def _show(self, call: Call) -> Reply:
        return Reply({"ticket": ticket_shown(self._desk, self._store.need(call.args["id"]))})

    def _several(self, call: Call) -> Reply:
        """Answer up to 100 tickets by id; unknown ones are left out."""
        found = (self._store.get(id_) for id_ in numbers(call.query.get("ids", "")))
        tickets = [ticket for ticket in found if ticket is not None]
        rows = [ticket_shown(self._desk, ticket) for ticket in tickets]
        if "slas" in call.query.get("include", "").split(","):
            for row, ticket in zip(rows, tickets, strict=True):
                row["slas"] = {"policy_metrics": self._metrics.promised(ticket)}
        return Reply({"tickets": rows, "count": len(rows), "next_page": None, "previous_page": None})

    def _comments(self, call: Call) -> Reply:
        ticket = self._store.need(call.args["id"])
        return pages(self._desk, call, "comments", comments_shown(history(self._store, ticket)))

    def _audits(self, call: Call) -> Reply:
        ticket = self._store.need(call.args["id"])
        rows = [audit_shown(audit) for audit in history(self._store, ticket)]
        return pages(self._desk, call, "audits", rows)

    # --- one ticket -----------------------------------------------------------------------------------------------

    def _create(self, call: Call) -> Reply:
        key = next((value for name, value in call.headers.items() if name.lower() == "idempotency-key"), None)
        sent_now = json.dumps(call.body, sort_keys=True)
        if key is not None and key in self._keys:
            at, sent, answer = self._keys[key]
            if at + KEPT > self._desk.clock():
                if sent != sent_now:
                    text = "the key was used with other parameters"
                    raise Refusal(400, {"error": "IdempotentRequestError", "description": text})
                return Reply(answer.body, answer.status, {"x-idempotency-lookup": "hit"})
        ticket, audit = self._engine.create(inside(call, "ticket"), _author(call))
        body = {"ticket": ticket_shown(self._desk, ticket), "audit": audit_shown(audit)}
        if key is None:
            return Reply(body, 201)
        self._keys[key] = (self._desk.clock(), sent_now, Reply(body, 201))
        return Reply(body, 201, {"x-idempotency-lookup": "miss"})

    def _update(self, call: Call) -> Reply:
        id_, change = call.args["id"], inside(call, "ticket")
        ticket = self._store.need(id_)
        if "safe_update" in change:
            if "updated_stamp" not in change:
                raise _bad("safe_update needs updated_stamp")
            if change["updated_stamp"] != stamp(ticket.updated):
                raise Refusal(409, {"error": "UpdateConflict", "description": "the ticket changed since this stamp"})
        ticket, audit = self._changed(call, id_, change)
        return Reply({"ticket": ticket_shown(self._desk, ticket), "audit": audit_shown(audit)})

    def _changed(self, call: Call, id_: int, change: Mapping[str, Json]) -> tuple[Ticket, Audit]:
        author = _author(call)
        if not self._limits.edits(author.id, id_):
            raise too_many("60")
        return self._engine.update(id_, change, author)

    def _delete(self, call: Call) -> Reply:
        self._store.delete(call.args["id"])
        return Reply(None, 204)

    # --- tags of one ticket ---------------------------------------------------------------------------------------

    def _tags(self, call: Call) -> Reply:
        return Reply({"tags": list(self._store.need(call.args["id"]).tags)})

    def _add_tags(self, call: Call) -> Reply:
        return self._tagged(call, "additional_tags", 200)

    def _set_tags(self, call: Call) -> Reply:
        return self._tagged(call, "tags", 201)

    def _remove_tags(self, call: Call) -> Reply:
        self._tagged(call, "remove_tags", 204)
        return Reply(None, 204)  # [O25]

    def _tagged(self, call: Call, how: str, status: int) -> Reply:
        tags = call.body.get("tags") if isinstance(call.body, Mapping) else None
        if not isinstance(tags, list):
            raise _bad("the body must hold tags")
        ticket, _ = self._changed(call, call.args["id"], {how: tags})
        return Reply({"tags": list(ticket.tags)}, status)

    # --- many tickets ---------------------------------------------------------------------------------------------

    def _update_many(self, call: Call) -> Reply:
        """Queue one change of many tickets (``ids`` and `ticket`), or a change of its own for each (`tickets`)."""
        body = call.body if isinstance(call.body, Mapping) else {}
        if ("ids" in call.query) != ("ticket" in body) or {"ticket", "tickets"} <= body.keys():
            raise _bad("send ids and ticket, or tickets alone")
        if "ticket" in body:
            change = inside(call, "ticket")
            ids = numbers(call.query["ids"], MOST)
            job = self._jobs.queue("Bulk Update Ticket", [(id_, change) for id_ in ids], _author(call))
            return Reply({"job_status": self._jobs.shown(job)})
        items = several(call, "tickets")
        if len(items) > MOST:
            raise _bad(f"at most {MOST} tickets in a call")
        for item in items:
            if not is_number(item.get("id")):
                raise _bad("every ticket has an id")
            if "safe_update" in item and "updated_stamp" not in item:
                raise _bad("safe_update needs updated_stamp")
        job = self._jobs.queue("Batch Update Ticket", [(item["id"], item) for item in items], _author(call))
        return Reply({"job_status": self._jobs.shown(job)})


def _author(call: Call) -> User:
    return call.who or ADMIN


def _bad(message: str) -> Refusal:
    return Refusal(400, {"error": {"title": "Invalid attribute", "message": message}})
