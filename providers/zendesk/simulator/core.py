"""What all areas of the simulator share: a request, a reply, a refusal, a route, and the account's clock and ids.

Rules know nothing of HTTP servers: a handler takes a `Call` and returns a `Reply` or raises `Refusal`. `wsgi.py` turns
both into bytes, checks credentials, counts limits, and answers 501 for every route that nobody registered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
PLANS: Final = ("team", "growth", "professional", "enterprise", "plus")


@dataclass(frozen=True, slots=True)
class User:
    """Who calls: an agent or admin of the account. `scopes` are those of the token."""

    id: int
    name: str
    role: str  # admin, agent, end-user
    scopes: frozenset[str] = frozenset({"read", "write"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request, decoded. `args` are the variables of the route, `query` the parameters as sent, `body` the JSON."""

    method: str
    path: str
    args: Mapping[str, Any]
    query: Mapping[str, str]
    body: Json
    headers: Mapping[str, str]
    who: User | None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `body` None is an empty body."""

    body: Json = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The account refuses a request: a status and one of the vendor's error envelopes."""

    def __init__(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def invalid(**details: str) -> Refusal:
    """Return the 422 of a record that is not valid: field -> sentence."""
    found = {name: [{"description": text, "error": "InvalidValue"}] for name, text in details.items()}
    return Refusal(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": found})


def missing() -> Refusal:
    """Return the 404 of an id that does not exist."""
    return Refusal(404, {"error": "RecordNotFound", "description": "Not found"})


def not_here() -> Refusal:
    """Return the 404 of a feature that the account does not have."""
    return Refusal(404, {"error": "InvalidEndpoint", "description": "Not found"})


Handler: TypeAlias = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `rule` is a Werkzeug rule (``/api/v2/triggers/<int:id>``), `family` its rate limit, `role` the
    least role, `scope` the narrow scope that is enough besides the broad `read` or `write` ("" when there is none)."""

    method: str
    rule: str
    handler: Handler
    family: str = "support"
    role: str = "agent"
    scope: str = ""


@dataclass(slots=True)
class Desk:
    """What belongs to the account as a whole: plan tier, clock, ids, feature switches.

    `clock` returns UTC epoch seconds and is moved by tests; `features` are the account's switches (the documents'
    names: ``on_hold_status``, ``custom_statuses``, ``business_hours``, ...).
    """

    clock: Callable[[], float]
    plan: str = "enterprise"
    subdomain: str = "example"
    sandbox: bool = False
    features: dict[str, bool] = field(default_factory=dict)
    last_id: int = 360_000_000_000

    def now(self) -> datetime:
        """Return the account's instant, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def stamp(self) -> str:
        """Return the account's instant as Zendesk writes it: ``2026-12-11T14:30:00Z``."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def new_id(self) -> int:
        """Return an id that nobody has."""
        self.last_id += 1
        return self.last_id

    def at_least(self, plan: str) -> bool:
        """Whether the account's plan is this one or a higher one."""
        return PLANS.index(self.plan) >= PLANS.index(plan)
