"""Holidays: a period, as instants, with a message for whoever writes in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from providers.digisac.simulator.core import Desk, Row, fields, iso, need, refused
from providers.digisac.simulator.listing import listed
from providers.wire.core import Call, Reply, Route

_FIELDS = {"name": str, "from": str, "to": str, "message": str}


class Holidays:
    """The holidays of the account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the operations."""
        one = "/api/v1/holiday/<id>"
        return (
            Route("GET", "/api/v1/holiday", self.all),
            Route("POST", "/api/v1/holiday", self.create),
            Route("GET", one, self.show),
            Route("PUT", one, self.change),
            Route("DELETE", one, self.delete),
        )

    def all(self, call: Call) -> Reply:
        """List holidays."""
        return listed(call, self._desk.holidays.values())

    def show(self, call: Call) -> Reply:
        """Show one holiday."""
        return Reply(need(self._desk.holidays, call.args["id"], "holiday"))

    def create(self, call: Call) -> Reply:
        """Make a holiday."""
        return Reply(self._desk.add(self._desk.holidays, "holiday", **_checked(fields(call, _FIELDS, tuple(_FIELDS)))))

    def change(self, call: Call) -> Reply:
        """Change a holiday."""
        row = need(self._desk.holidays, call.args["id"], "holiday")
        row.update(_checked({**{name: row[name] for name in _FIELDS}, **fields(call, _FIELDS)}))
        row["updatedAt"] = self._desk.stamp()
        return Reply(row)

    def delete(self, call: Call) -> Reply:
        """Delete a holiday."""
        need(self._desk.holidays, call.args["id"], "holiday")
        del self._desk.holidays[call.args["id"]]
        return Reply(None, 204)

    def message(self) -> str:
        """Return what somebody hears who writes now, "" when it is no holiday."""
        now = self._desk.now()
        for row in self._desk.holidays.values():
            if datetime.fromisoformat(row["from"]) <= now <= datetime.fromisoformat(row["to"]):
                return str(row["message"])
        return ""


def _checked(values: Row) -> Row:
    """Return a holiday; raises a refusal for times that cannot be, a guess."""
    times = {}
    for name in ("from", "to"):
        try:
            times[name] = datetime.fromisoformat(values[name])
        except ValueError as error:
            raise refused(f"{name} is no time", name) from error
        if times[name].tzinfo is None:
            raise refused(f"{name} needs a zone", name)
    if times["to"] <= times["from"]:
        raise refused("to must come after from", "to")
    return {**values, **{name: iso(moment) for name, moment in times.items()}}
