"""A simulated Digisac account: departments, people, contacts, and the clock on which its schedules come about."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from providers.digisac.simulator.core import OFFICIAL, Caller, Desk, Row, iso
from providers.digisac.simulator.directory import Directory
from providers.digisac.simulator.holidays import Holidays
from providers.digisac.simulator.schedules import Schedules
from providers.digisac.simulator.tickets import Tickets
from providers.digisac.simulator.wsgi import Wire
from providers.wire.app import Logged
from providers.wire.core import Route
from providers.wire.faults import Faults

_HERE: Final = "of-the-simulated-digisac"
TOKEN: Final = f"fake-token-{_HERE}"
AGENT_TOKEN: Final = f"fake-token-of-an-attendant-{_HERE}"  # whose role may not use schedules
FIRST: Final = ("Ana", "Bruno", "Carla", "Diego", "Elisa", "Fábio", "Gabriela", "Heitor", "Inês", "João")
LAST: Final = ("Almeida", "Barbosa", "Castro", "Duarte", "Esteves", "Ferreira", "Gomes", "Horta", "Iglesias", "Jardim")
_STAMPS: Final = ("createdAt", "updatedAt", "startedAt", "endedAt", "protocol")


class Account:
    """One account with `contacts` contacts; every third one has an open ticket, and every fifth writes over an official
    connection."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        zone: str = "America/Sao_Paulo",
        contacts: int = 30,
        spacing: timedelta = timedelta(minutes=6),
    ) -> None:
        self.desk = Desk(clock, ZoneInfo(zone), spacing)
        self.tickets = Tickets(self.desk)
        self.schedules = Schedules(self.desk, self.tickets)
        self.holidays = Holidays(self.desk)
        self.faults = Faults()
        self._seed(contacts)
        self.tokens = {
            TOKEN: Caller("user-admin", admin=True, permissions=frozenset()),
            AGENT_TOKEN: Caller("user-rita", admin=False, permissions=frozenset({"chat"})),
        }

    # --- the wire ---------------------------------------------------------------------------------------------------

    @cached_property
    def wsgi(self) -> Wire:
        """The account's app."""
        return Wire(
            self.routes(), self.tokens, clock=self.desk.clock, faults=self.faults, before=self.schedules.advance
        )

    def routes(self) -> list[Route]:
        """Return all operations."""
        parts = (self.schedules, self.holidays, self.tickets, Directory(self.desk))
        return [route for part in parts for route in part.routes()]

    @property
    def requests(self) -> list[Logged]:
        """Every request so far."""
        return self.wsgi.requests

    # --- people at its pages, and customers -------------------------------------------------------------------------

    def contact(self, name: str) -> Row:
        """Return the contact called so."""
        return next(row for row in self.desk.contacts.values() if row["name"] == name)

    def customer_writes(self, name: str, text: str) -> None:
        """Let a contact write: a ticket is opened unless one is open, and on a holiday its message answers."""
        self.schedules.advance()
        contact = self.contact(name)
        contact["lastMessageAt"] = self.desk.stamp()
        self.tickets.say(contact["id"], text, origin="contact", mine=False)
        if self.desk.open_ticket(contact["id"]) is None:
            self.tickets.open(contact["id"], min(self.desk.departments), None)
        if answer := self.holidays.message():
            self.tickets.say(contact["id"], answer, origin="bot")

    def close_ticket(self, name: str) -> None:
        """Let somebody who attends close the ticket of a contact."""
        row = self.desk.open_ticket(self.contact(name)["id"])
        if row is not None:
            row.update(isOpen=False, endedAt=self.desk.stamp())

    def said_to(self, name: str) -> list[str]:
        """Return what a contact was sent, the oldest first."""
        mine = self.contact(name)["id"]
        rows = self.desk.messages.values()
        return [row["text"] for row in rows if row["contactId"] == mine and row["isFromMe"] and row["type"] == "chat"]

    def dump(self) -> str:
        """Return everything that the account holds, as canonical text, without ids that only count, stamps and logs: of
        tickets, who has an open one and where; messages, notifications and closed tickets are logs."""
        tickets = {
            row["contactId"]: [row["departmentId"], row["userId"]]
            for row in self.desk.tickets.values()
            if row["isOpen"]
        }
        tables = {
            "schedules": self.desk.schedules,
            "holidays": self.desk.holidays,
            "contacts": self.desk.contacts,
            "departments": self.desk.departments,
            "users": self.desk.users,
        }
        plain = {
            name: sorted(json.dumps(_plain(row), sort_keys=True) for row in rows.values())
            for name, rows in tables.items()
        }
        return json.dumps({**plain, "tickets": tickets}, sort_keys=True, ensure_ascii=False)

    # --- how it begins ----------------------------------------------------------------------------------------------

    def _seed(self, contacts: int) -> None:
        desk = self.desk
        for key, title in (("support", "Suporte"), ("finance", "Financeiro"), ("sales", "Vendas")):
            desk.departments[f"department-{key}"] = _row(f"department-{key}", name=title, archivedAt=None)
        for key, admin in (("admin", True), ("agent", False)):
            desk.roles[f"role-{key}"] = _row(f"role-{key}", displayName=key, isAdmin=admin, permissions=["chat"])
        people = (("admin", "Outage Runner", "admin"), ("rita", "Rita Lima", "agent"), ("paulo", "Paulo Reis", "agent"))
        for key, name, role in people:
            mail = f"{key}@example.com"
            desk.users[f"user-{key}"] = _row(
                f"user-{key}", name=name, email=mail, roleId=f"role-{role}", archivedAt=None
            )
        for key, title, kind in (("phone", "WhatsApp", "whatsapp"), ("official", "WhatsApp oficial", OFFICIAL)):
            desk.services[f"service-{key}"] = _row(f"service-{key}", name=title, type=kind, archivedAt=None)
        for n in range(contacts):
            self._contact(n)

    def _contact(self, n: int) -> None:
        name = f"{FIRST[n % 10]} {LAST[n // 10 % 10]}" + (f" {n // 100 + 1}" if n >= 100 else "")
        official = n % 5 == 4
        key = f"contact-{n + 1:04}"
        self.desk.contacts[key] = _row(
            key,
            name=name,
            serviceId="service-official" if official else "service-phone",
            visible=True,
            isGroup=False,
            data={"number": f"55119{n + 1:08}"},
            lastMessageAt=iso(self.desk.now() - timedelta(hours=1 if n % 10 == 4 else 40)),
        )
        if n % 3 == 2:
            self.tickets.open(key, "department-support" if n % 2 else "department-finance", "user-rita")


def _row(key: str, **values: object) -> Row:
    return {"id": key, **values, "createdAt": "2026-01-05T12:00:00.000Z", "updatedAt": "2026-01-05T12:00:00.000Z"}


def _plain(row: Row) -> Row:
    """Return a row without its stamps, and without an id that only counts."""
    counted = row["id"].startswith(("schedule-", "holiday-"))
    return {name: value for name, value in row.items() if name not in _STAMPS and not (counted and name == "id")}
