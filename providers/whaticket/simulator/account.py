"""The account: connections, agents, queues and tickets, and what its API lets a client do with them [3].

Envelopes of errors and the exact statuses of refusals are guesses. Nothing here closes, reopens or snoozes: the API has
no such operation. A message needs a connection that is connected and a number with digits alone.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from providers.wire.app import Wire
from providers.wire.core import Call, Json, Refusal, Reply, Route
from providers.wire.faults import Faults

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

_HERE: Final = "whaticket-simulator"
TOKEN: Final = f"not-a-secret-{_HERE}"
PERMISSIONS: Final = frozenset({"tickets:view", "tickets:transfer", "users:view", "messages:send"})
MESSAGE: Final = frozenset({"number", "name", "body"})


def uuid(kind: int, number: int) -> str:
    """Return the id of an object, always the same."""
    return str(UUID(int=(kind << 64) + number + (4 << 76) + (8 << 60)))


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket; `user` "" when nobody has it."""

    id: str
    status: str
    user: str
    queue: str
    contact: str


@dataclass(slots=True)
class Book:
    """Everything that the account holds. `sent` are the messages, oldest first; `log` what happened to tickets."""

    tickets: dict[str, Ticket]
    sent: list[dict[str, str]] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)


class Account:
    """A simulated account. `clock` returns UTC epoch seconds; `per_minute` requests are admitted, 0 for any number."""

    def __init__(self, *, clock: Callable[[], float], tickets: int = 40, per_minute: int = 0) -> None:
        self._clock = clock
        self.users = {uuid(1, n): name for n, name in enumerate(("Ana Souza", "Bruno Lima", "Carla Díaz"))}
        self.queues = {uuid(2, n): name for n, name in enumerate(("Ventas", "Soporte"))}
        self.connections = {uuid(3, 0): ["Principal", "CONNECTED"], uuid(3, 1): ["Reserva", "DISCONNECTED"]}
        self.book = Book({each.id: each for each in map(self._ticket, range(tickets))})
        self.permissions = set(PERMISSIONS)
        self.faults = Faults()
        self.refused: set[str] = set()  # tickets whose next transfer is refused, by a script
        self._recent: deque[float] = deque()
        self._per_minute = per_minute
        self.wsgi = Gate(self)

    def _ticket(self, n: int) -> Ticket:
        users, queues = list(self.users), list(self.queues)
        user = users[n % 3] if n % 4 else ""
        status = ("open" if n % 5 else "closed") if user else "pending"
        return Ticket(uuid(4, n), status, user, queues[n % 2], f"52155{n:08}")

    # --- what tests look at -----------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Any]:
        """All requests, oldest first; a fault's `at` is an index into this list."""
        return self.wsgi.requests

    @property
    def sent(self) -> list[dict[str, str]]:
        """The messages that went out, oldest first."""
        return self.book.sent

    def dump(self) -> str:
        """Return as canonical JSON what an outage could change and give back: who has which ticket."""
        return json.dumps({key: asdict(each) for key, each in sorted(self.book.tickets.items())}, indent=1)

    def person_transfers(self, ticket: str, user: str) -> None:
        """Give a ticket to an agent, as a person does."""
        self.book.tickets[ticket] = replace(self.book.tickets[ticket], user=user, status="open")

    # --- the operations ---------------------------------------------------------------------------------------------

    def routes(self) -> list[Route]:
        """Return the operations that clients were seen to use."""
        return [
            Route("GET", "/api/v1/me", self._me),
            Route("GET", "/api/v1/users", self._list_users),
            Route("GET", "/api/v1/queues", self._list_queues),
            Route("GET", "/api/v1/whatsapps", self._list_connections),
            Route("GET", "/api/v1/tickets", self._list_tickets),
            Route("GET", "/api/v1/tickets/<id>", self._show_ticket),
            Route("POST", "/api/v1/tickets/<id>/transfer", self._transfer),
            Route("POST", "/api/v1/messages", self._send),
        ]

    def throttle(self) -> None:
        """Count a request. Raises `Refusal`."""
        now = self._clock()
        while self._recent and now - self._recent[0] >= 60:
            self._recent.popleft()
        if self._per_minute and len(self._recent) >= self._per_minute:
            wait = f"{60 - (now - self._recent[0]):.0f}"
            raise Refusal(429, {"error": "Too many attempts"}, {"Retry-After": wait})
        self._recent.append(now)

    def _needs(self, permission: str) -> None:
        if permission not in self.permissions:
            raise Refusal(403, {"error": f"the token lacks {permission}"})

    def _me(self, call: Call) -> Reply:
        del call
        return Reply({"id": uuid(1, 0), "name": "Ana Souza"})

    def _list_users(self, call: Call) -> Reply:
        del call
        self._needs("users:view")
        mails = {name: name.split()[0].lower() + "@example.com" for name in self.users.values()}
        return Reply([{"id": id_, "name": name, "email": mails[name]} for id_, name in self.users.items()])

    def _list_queues(self, call: Call) -> Reply:
        del call
        return Reply([{"id": id_, "name": name} for id_, name in self.queues.items()])

    def _list_connections(self, call: Call) -> Reply:
        del call
        return Reply([{"id": id_, "name": row[0], "status": row[1]} for id_, row in self.connections.items()])

    def _list_tickets(self, call: Call) -> Reply:
        self._needs("tickets:view")
        status, users = call.query.get("status"), [each for each in call.query.get("userIds", "").split(",") if each]
        if status not in ("open", "pending") or call.query.keys() - {"status", "userIds"}:
            raise Refusal(400, {"error": "status must be open or pending"})
        found = [each for each in self.book.tickets.values() if each.status == status]
        return Reply({"tickets": [_shown(each) for each in found if not users or each.user in users]})

    def _show_ticket(self, call: Call) -> Reply:
        self._needs("tickets:view")
        return Reply(_shown(self._need(call)))

    def _need(self, call: Call) -> Ticket:
        if call.args["id"] not in self.book.tickets:
            raise Refusal(404, {"error": "ERR_NO_TICKET_FOUND"})
        return self.book.tickets[call.args["id"]]

    def _transfer(self, call: Call) -> Reply:
        self._needs("tickets:transfer")
        ticket, body = self._need(call), call.body if isinstance(call.body, dict) else {}
        if body.keys() != {"userId"} or body["userId"] not in self.users:
            raise Refusal(400, {"error": "userId must be an agent"})
        if ticket.status == "closed" or ticket.id in self.refused:
            self.refused.discard(ticket.id)
            raise Refusal(400, {"error": "the ticket is closed"})
        self.book.tickets[ticket.id] = replace(ticket, user=body["userId"], status="open")
        self.book.log.append((ticket.id, body["userId"]))
        return Reply(_shown(self.book.tickets[ticket.id]))

    def _send(self, call: Call) -> Reply:
        self._needs("messages:send")
        body = call.body if isinstance(call.body, dict) else {}
        connection = self.connections.get(str(body.get("whatsappId")))
        if body.keys() != {"whatsappId", "messages"} or connection is None:
            raise Refusal(400, {"error": "whatsappId and messages are needed"})
        if connection[1] != "CONNECTED":
            raise Refusal(400, {"error": "ERR_WAPP_NOT_INITIALIZED"})
        messages = body["messages"] if isinstance(body["messages"], list) else []
        if not messages or not all(_is_message(each) for each in messages):
            raise Refusal(400, {"error": "each message needs number (digits) and body"})
        for each in messages:
            self.book.sent.append({"connection": str(body["whatsappId"]), **each})
        return Reply({"status": "SENT"})


class Gate(Wire[Route]):
    """The app of an account."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.routes(), clock=account._clock, faults=account.faults)
        self._account = account
        self._revoked = False

    def admit(self, request: Request, route: Route) -> None:
        """Let the one token in. Raises `Refusal`."""
        del route
        if self._revoked or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, {"error": "ERR_SESSION_EXPIRED"})

    def spend(self, route: Route) -> Mapping[str, str]:
        """Count the request. Raises `Refusal`."""
        del route
        self._account.throttle()
        return {}

    def revoke(self, request: Request) -> None:
        """Take the token back."""
        del request
        self._revoked = True

    def readmit(self) -> None:
        """Let the token in again, as if somebody had made a new one."""
        self._revoked = False


def _shown(ticket: Ticket) -> Json:
    return {
        "id": ticket.id,
        "status": ticket.status,
        "userId": ticket.user or None,
        "queueId": ticket.queue,
        "contact": {"name": "A customer", "number": ticket.contact},
    }


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or message.keys() - MESSAGE or not message.get("body"):
        return False
    return str(message.get("number", "")).isdigit()
