"""What all areas of the simulator share: who calls, Zendesk's refusals, its routes, and the account's clock and ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from providers.wire import core as wire
from providers.wire.core import Call, Handler, Json, Refusal, Reply

__all__ = [
    "PLANS",
    "Call",
    "Desk",
    "Handler",
    "Json",
    "Refusal",
    "Reply",
    "Route",
    "User",
    "invalid",
    "missing",
    "not_here",
]

PLANS: Final = ("team", "growth", "professional", "enterprise", "plus")


@dataclass(frozen=True, slots=True)
class User:
    """Who calls: an agent or admin of the account. `scopes` are those of the token."""

    id: int
    name: str
    role: str  # admin, agent, end-user
    scopes: frozenset[str] = frozenset({"read", "write"})


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


@dataclass(frozen=True, slots=True)
class Route(wire.Route):
    """One operation: `family` is its rate limit, `role` the least role, `scope` the narrow scope that is enough besides
    the broad `read` or `write` ("" when there is none)."""

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
