"""Contacts, departments, people, roles, connections, and who a token belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from providers.digisac.simulator.core import Caller, Desk, Row, need, refused
from providers.digisac.simulator.listing import listed
from providers.wire.core import Call, Handler, Reply, Route

LISTS = ("contacts", "departments", "users", "roles", "services")


class Directory:
    """Everything that is only read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the operations."""
        pairs = [
            (Route("GET", f"/api/v1/{name}", self._all(name)), Route("GET", f"/api/v1/{name}/<id>", self._one(name)))
            for name in LISTS
        ]
        return (*(route for pair in pairs for route in pair), Route("GET", "/api/v1/me", self.me))

    def me(self, call: Call) -> Reply:
        """Show whose token it is."""
        who: Caller = call.who
        return Reply(self._desk.users[who.id])

    def _all(self, name: str) -> Handler:
        return lambda call: listed(call, self._rows(name).values())

    def _one(self, name: str) -> Handler:
        def show(call: Call) -> Reply:
            row = need(self._rows(name), call.args["id"], name.removesuffix("s"))
            if call.query not in ({}, {"include": "roles"}) or (call.query and name != "users"):
                raise refused("unknown parameter", "include")
            roles = {"roles": [self._desk.roles[row["roleId"]]]} if call.query else {}
            return Reply({**row, **roles})

        return show

    def _rows(self, name: str) -> dict[str, Row]:
        tables = {
            "contacts": self._desk.contacts,
            "departments": self._desk.departments,
            "users": self._desk.users,
            "roles": self._desk.roles,
            "services": self._desk.services,
        }
        return tables[name]
