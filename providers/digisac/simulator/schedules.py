"""Schedules: kept apart from each other, carried out when their time comes, or marked as failed.

From the article: one contact and one time each, six minutes apart, only while the contact's ticket is closed, else the
message is not sent and who attends is told of the error [DOC]. That all schedules of the account count for the spacing,
that a time must lie ahead, and the words of `status` are guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from providers.digisac.simulator.core import Caller, Desk, Row, fields, iso, need, refused
from providers.digisac.simulator.listing import listed
from providers.digisac.simulator.tickets import Tickets
from providers.wire.core import Call, Reply, Route

WAITS, DONE, FAILED = "scheduled", "completed", "error"  # guesses
PERMISSION: Final = "schedule"  # of a role, a guess
_FIELDS: Final = {
    "contactId": str,
    "departmentId": str,
    "files": list,
    "message": str,
    "notes": str,
    "notificateUser": bool,
    "openTicket": bool,
    "scheduledAt": str,
    "userId": str,
}


class Schedules:
    """The schedules of the account."""

    def __init__(self, desk: Desk, tickets: Tickets) -> None:
        self._desk = desk
        self._tickets = tickets

    def routes(self) -> Sequence[Route]:
        """Return the operations."""
        one = "/api/v1/schedule/<id>"
        return (
            Route("GET", "/api/v1/schedule", self.all),
            Route("POST", "/api/v1/schedule", self.create),
            Route("GET", one, self.show),
            Route("PUT", one, self.change),
            Route("DELETE", one, self.delete),
        )

    def all(self, call: Call) -> Reply:
        """List schedules."""
        return listed(call, self._desk.schedules.values())

    def show(self, call: Call) -> Reply:
        """Show one schedule."""
        return Reply(need(self._desk.schedules, call.args["id"], "schedule"))

    def create(self, call: Call) -> Reply:
        """Make a schedule."""
        self._allowed(call)
        values = self._checked(fields(call, _FIELDS, ("contactId", "departmentId", "userId", "scheduledAt")), None)
        return Reply(self._desk.add(self._desk.schedules, "schedule", **values, status=WAITS))

    def change(self, call: Call) -> Reply:
        """Change a schedule that waits."""
        self._allowed(call)
        row = self._waiting(call)
        values = self._checked({**{name: row[name] for name in _FIELDS}, **fields(call, _FIELDS)}, row)
        row.update(values, updatedAt=self._desk.stamp())
        return Reply(row)

    def delete(self, call: Call) -> Reply:
        """Delete a schedule; one that was carried out stays, a guess on the safe side."""
        self._allowed(call)
        del self._desk.schedules[self._waiting(call)["id"]]
        return Reply(None, 204)

    # --- the rules --------------------------------------------------------------------------------------------------

    def _allowed(self, call: Call) -> None:
        who: Caller = call.who
        if not (who.admin or PERMISSION in who.permissions):
            raise refused("your role may not use schedules", status=403)

    def _waiting(self, call: Call) -> Row:
        row = need(self._desk.schedules, call.args["id"], "schedule")
        if row["status"] != WAITS:
            raise refused("this schedule was carried out already", "status")
        return row

    def _checked(self, values: Row, row: Row | None) -> Row:
        """Return what a schedule will hold. Raises a refusal."""
        need(self._desk.contacts, values["contactId"], "contact", status=400)
        need(self._desk.departments, values["departmentId"], "department", status=400)
        need(self._desk.users, values["userId"], "user", status=400)
        opens, tells = values.get("openTicket", False), values.get("notificateUser", False)
        if not (opens or tells):
            raise refused("choose an action: openTicket, notificateUser or both", "openTicket")
        if opens and not values.get("notes"):
            raise refused("notes is required", "notes")
        at = self._at(values["scheduledAt"])
        if at <= self._desk.now():
            raise refused("scheduledAt must lie in the future", "scheduledAt")
        others = (each for each in self._desk.schedules.values() if each is not row and each["status"] == WAITS)
        if any(abs(at - datetime.fromisoformat(each["scheduledAt"])) < self._desk.spacing for each in others):
            minutes = self._desk.spacing.total_seconds() / 60
            raise refused(f"another schedule lies within {minutes:g} minutes", "scheduledAt")
        return {
            "contactId": values["contactId"],
            "departmentId": values["departmentId"],
            "userId": values["userId"],
            "scheduledAt": iso(at),
            "openTicket": opens,
            "notificateUser": tells,
            "notes": values.get("notes") or "",
            "message": values.get("message") or "",
            "files": values.get("files") or [],
        }

    def _at(self, text: str) -> datetime:
        """Return the instant of a time as it is sent: the account's own clock where it has no zone, a guess."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise refused("scheduledAt is no time", "scheduledAt") from error
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._desk.zone)).astimezone(UTC)

    # --- when their time comes --------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Carry out what is due, the earliest first."""
        now = self._desk.now()
        waiting = [row for row in self._desk.schedules.values() if row["status"] == WAITS]
        for row in sorted(waiting, key=lambda each: each["scheduledAt"]):
            if datetime.fromisoformat(row["scheduledAt"]) <= now:
                self._carry_out(row)

    def _carry_out(self, row: Row) -> None:
        contact = self._desk.contacts.get(row["contactId"])
        if contact is None or self._desk.open_ticket(row["contactId"]) is not None:
            row["status"] = FAILED
            self._desk.notify(row["userId"], "schedule failed: the contact's ticket is open already")
            return
        if row["openTicket"]:
            if row["message"] and not self._desk.within_window(contact):
                row["status"] = FAILED
                self._desk.notify(row["userId"], "schedule failed: the message could not be delivered")
                return
            self._tickets.open(contact["id"], row["departmentId"], row["userId"])
            if row["message"]:
                self._tickets.say(contact["id"], row["message"], origin="schedule")
        if row["notificateUser"]:
            self._desk.notify(row["userId"], row["notes"] or f"scheduled: {contact['name']}")
        row["status"] = DONE
