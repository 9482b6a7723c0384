"""Tickets and messages: a contact has one open ticket at most, which is closed and passed on by contact, not by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from providers.digisac.simulator.core import Desk, Row, fields, need, refused
from providers.digisac.simulator.listing import listed
from providers.wire.core import Call, Reply, Route

_MESSAGE: Final[Mapping[str, type | tuple[type, ...]]] = {
    "text": str,
    "type": str,
    "contactId": str,
    "number": str,
    "serviceId": str,
    "userId": str,
    "origin": str,
    "dontOpenTicket": (bool, str),
}


class Tickets:
    """The tickets of the account, and what is said in them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        """Return the operations."""
        return (
            Route("GET", "/api/v1/tickets", self.all),
            Route("GET", "/api/v1/tickets/<id>", self.show),
            Route("POST", "/api/v1/contacts/<id>/ticket/transfer", self.transfer),
            Route("POST", "/api/v1/contacts/<id>/ticket/close", self.close),
            Route("GET", "/api/v1/messages", self.messages),
            Route("POST", "/api/v1/messages", self.send),
        )

    def all(self, call: Call) -> Reply:
        """List tickets."""
        extras = {
            "contact": lambda row: self._desk.contacts.get(row["contactId"]),
            "department": lambda row: self._desk.departments.get(row["departmentId"]),
            "user": lambda row: self._desk.users.get(row["userId"] or ""),
        }
        return listed(call, self._desk.tickets.values(), extras)

    def show(self, call: Call) -> Reply:
        """Show one ticket."""
        return Reply(need(self._desk.tickets, call.args["id"], "ticket"))

    def transfer(self, call: Call) -> Reply:
        """Pass a contact's ticket on, or open one: it is the same call [DOC]."""
        contact = need(self._desk.contacts, call.args["id"], "contact")
        body = fields(call, {"departmentId": str, "userId": str, "comments": str}, ("departmentId",))
        need(self._desk.departments, body["departmentId"], "department", status=400)
        user = body.get("userId") or None
        if user is not None:
            need(self._desk.users, user, "user", status=400)
        row = self._desk.open_ticket(contact["id"])
        if row is None:
            return Reply(self.open(contact["id"], body["departmentId"], user))
        row.update(departmentId=body["departmentId"], userId=user, updatedAt=self._desk.stamp())
        return Reply(row)

    def close(self, call: Call) -> Reply:
        """Close the contact's ticket."""
        contact = need(self._desk.contacts, call.args["id"], "contact")
        fields(call, {"ticketTopicIds": (str, list)})
        row = self._desk.open_ticket(contact["id"])
        if row is None:
            raise refused("the contact has no open ticket")  # a guess
        row.update(isOpen=False, endedAt=self._desk.stamp(), updatedAt=self._desk.stamp())
        return Reply(row)

    def open(self, contact: str, department: str, user: str | None) -> Row:
        """Open a ticket."""
        return self._desk.add(
            self._desk.tickets,
            "ticket",
            contactId=contact,
            departmentId=department,
            userId=user,
            isOpen=True,
            protocol=f"{self._desk.now():%Y%m%d}{len(self._desk.tickets) + 1:06}",
            startedAt=self._desk.stamp(),
            endedAt=None,
        )

    # --- messages ---------------------------------------------------------------------------------------------------

    def messages(self, call: Call) -> Reply:
        """List messages."""
        return listed(call, self._desk.messages.values())

    def send(self, call: Call) -> Reply:
        """Send a message, or keep a comment; it opens a ticket unless it is told not to [DOC]."""
        body = fields(call, _MESSAGE, ("text",))
        kind = body.get("type", "chat")
        if kind not in ("chat", "comment"):
            raise refused("type must be chat or comment", "type")
        contact = self._addressed(body)
        if kind == "chat" and not self._desk.within_window(contact):
            # What a real connection does here is not established [?].
            raise refused("outside the 24-hour window: only a template reaches this contact", "text")
        opens = kind == "chat" and str(body.get("dontOpenTicket", "")).lower() != "true"
        if opens and self._desk.open_ticket(contact["id"]) is None:
            self.open(contact["id"], min(self._desk.departments), body.get("userId"))
        return Reply(self.say(contact["id"], body["text"], origin=body.get("origin", "bot"), kind=kind))

    def say(self, contact: str, text: str, *, origin: str, kind: str = "chat", mine: bool = True) -> Row:
        """Keep a message; `mine` for one that the account sent."""
        return self._desk.add(
            self._desk.messages,
            "message",
            contactId=contact,
            text=text,
            type=kind,
            origin=origin,
            isFromMe=mine,
            timestamp=self._desk.stamp(),
        )

    def _addressed(self, body: Row) -> Row:
        if body.get("contactId"):
            return need(self._desk.contacts, body["contactId"], "contact", status=400)
        service = need(self._desk.services, body.get("serviceId"), "service", status=400)
        if not body.get("number"):
            raise refused("contactId or number is required", "contactId")
        known = (row for row in self._desk.contacts.values() if row["data"]["number"] == body["number"])
        found = next((row for row in known if row["serviceId"] == service["id"]), None)
        return found or self.meet(body["number"], body["number"], service["id"])

    def meet(self, name: str, number: str, service: str) -> Row:
        """Keep a new contact."""
        return self._desk.add(
            self._desk.contacts,
            "contact",
            name=name,
            serviceId=service,
            visible=True,
            isGroup=False,
            data={"number": number},
            lastMessageAt=None,
        )
