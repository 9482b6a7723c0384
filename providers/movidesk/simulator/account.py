"""One simulated Movidesk account: its tickets, its limits, one WSGI app, and what people do besides the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Final

from providers.movidesk.simulator.desk import OF_TYPE, PUBLIC, Desk, Mail, Ticket, seeded
from providers.movidesk.simulator.limits import Counted, Limits
from providers.wire.app import Logged, Wire
from providers.wire.core import Json, Refusal, Route
from providers.wire.faults import FAULTS, Faults

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

BASE: Final = "/public/v1"
_NUMBERS: Final = count(1)
_WORDS: Final[Mapping[str, Json]] = {
    "401": "Invalid token",
    "409": "Conflict",
    "429": "Too many requests",
    "500": "An error has occurred",
    "503": "Service unavailable",
}


class _Clock:
    """The clock of an account; copies of the account share it."""

    def __init__(self, read: Callable[[], float]) -> None:
        self._read = read

    def __call__(self) -> float:
        return self._read()

    def __deepcopy__(self, memo: Mapping[int, object]) -> _Clock:
        return self


class Account:
    """A simulated account. `clock` returns UTC epoch seconds and is moved by the test; `tickets` is how many there are
    at the start; `limits` False takes the limit of requests away, but not the lock. Each has a token of its own."""

    def __init__(self, *, clock: Callable[[], float], tickets: int = 300, limits: bool = True) -> None:
        self.token = f"not-a-secret-movidesk-simulator-{next(_NUMBERS)}"
        shared = _Clock(clock)
        self.desk = Desk(shared, seeded(shared, tickets))
        self.limits = Limits(shared, on=limits)
        self.faults = Faults(FAULTS)
        self.wsgi = Gate(self.desk, self.limits, self.faults, self.token)

    # --- what tests look at -----------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Logged]:
        """All requests, oldest first; a fault's `at` is an index into this list."""
        return self.wsgi.requests

    @property
    def outbox(self) -> list[Mail]:
        """The mails to customers, oldest first."""
        return self.desk.outbox

    def ticket(self, number: int) -> Ticket:
        """Return a ticket as it is now."""
        return self.desk.tickets[number]

    def matching(self, test: Callable[[Ticket], bool]) -> list[int]:
        """Return the numbers of the tickets that pass a test and can be changed, as they are now."""
        return [each.id for each in self.desk.tickets.values() if test(each) and not self.desk.is_past(each)]

    def dump(self) -> str:
        """Return as canonical JSON what the account holds, without histories (internal actions are one), stamps and
        mails."""
        kept = {
            each.id: [each.type, each.subject, each.team, each.urgency, each.status, each.justification, *_public(each)]
            for each in self.desk.tickets.values()
        }
        return json.dumps(kept, sort_keys=True, ensure_ascii=False)

    # --- what people do ---------------------------------------------------------------------------------------------

    def person_edits(self, number: int, status: str, justification: str | None = None) -> None:
        """Give a ticket a status, as a person does on its page. Raises `ValueError` for one that it cannot have."""
        ticket = self.ticket(number)
        if status not in OF_TYPE[ticket.type]:
            raise ValueError(status)
        self.desk.move(ticket, status, justification)

    def grow_old(self, number: int, days: float) -> None:
        """Let nobody have touched a ticket for so many days."""
        self.ticket(number).updated = self.desk.clock() - 86_400 * days


def _public(ticket: Ticket) -> list[Json]:
    return [action for action in ticket.actions if action["type"] == PUBLIC]


class Gate(Wire[Route]):
    """The app of an account: the token in the address, the limits, the words of scripted refusals."""

    def __init__(self, desk: Desk, limits: Limits, faults: Faults, token: str) -> None:
        handlers = (
            ("GET", "/tickets", desk.live),
            ("GET", "/tickets/past", desk.past),
            ("PATCH", "/tickets", desk.change),
        )
        routes = [Route(method, BASE + rule, Counted(handler, limits)) for method, rule, handler in handlers]
        super().__init__(routes, clock=limits.clock, faults=faults)
        self._limits = limits
        self._token = token
        self.revoked = False

    def admit(self, request: Request, route: Route) -> None:
        """Let the account's token in. Raises `Refusal`."""
        del route
        if self.revoked or request.args.get("token") != self._token:
            self._limits.ended(well=False)
            raise Refusal(401, _WORDS["401"])

    def spend(self, route: Route) -> Mapping[str, str]:
        """Count the request. Raises `Refusal`."""
        del route
        self._limits.spend()
        return {}

    def broken(self) -> Json:
        """Return the words about a body that cannot be read."""
        return "the body is no JSON"

    def fault(self, what: str) -> Json:
        """Return the words of a scripted refusal, which counts as a failure unless it is one about the limit."""
        if what[:3] != "429":
            self._limits.ended(well=False)
        return _WORDS[what[:3]]

    def revoke(self, request: Request) -> None:
        """Take the token back."""
        del request
        self.revoked = True
