"""People of the account: an admin who owns the credentials, agents, and customers as a function of their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from providers.zendesk.simulator.access import PUBLIC
from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, Route, User, missing
from providers.zendesk.simulator.listing import address, is_number

ADMIN: Final = User(9_000_001, "Runner Service", "admin")
AGENTS: Final = (
    User(9_000_002, "Ana Souza", "agent"),
    User(9_000_003, "Olena Koval", "agent"),
    User(9_000_004, "Diego Torres", "agent"),
    User(9_000_005, "Marta Nowak", "agent"),
    User(9_000_006, "Sam Lee", "agent"),
    User(9_000_007, "Joana Prado", "admin"),
)
ROBOT: Final = -1  # the author of what the account itself does, as in the vendor's audits [DOC]
CUSTOMERS: Final = range(20_000_000, 20_005_000)
SEEDED: Final = "2026-01-12T09:00:00Z"


class People:
    """Users of an account. `gone` holds the ids of agents who left: they cannot be assigned any more."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.staff: dict[int, User] = {user.id: user for user in (ADMIN, *AGENTS)}
        self.gone: set[int] = set()

    def routes(self) -> list[Route]:
        """Return the operations on users."""
        return [
            Route("GET", "/api/v2/users/me", self._me, role=PUBLIC),
            Route("GET", "/api/v2/users/show_many", self._several, scope="users"),
            Route("GET", "/api/v2/users/search", self._search, scope="users"),
            Route("GET", "/api/v2/users/<int:id>", self._one, scope="users"),
        ]

    def agent(self, id_: object) -> bool:
        """Whether somebody can be assigned tickets."""
        return is_number(id_) and id_ in self.staff and id_ not in self.gone

    def email(self, id_: int) -> str:
        """Return the address of a user."""
        if id_ in self.staff:
            return f"{self.staff[id_].name.lower().replace(' ', '.')}@example.com"
        return f"customer{id_}@example.org"

    def shown(self, id_: int) -> Json:
        """Return a user as the API writes it; raises the 404 of an unknown one."""
        user = self.staff.get(id_)
        if user is None and id_ not in CUSTOMERS:
            raise missing()
        return {
            "id": id_,
            "url": address(self._desk, f"/api/v2/users/{id_}.json"),
            "name": user.name if user else f"Customer {id_ - CUSTOMERS.start + 1}",
            "email": self.email(id_),
            "role": user.role if user else "end-user",
            "active": id_ not in self.gone,
            "suspended": False,
            "verified": True,
            "locale": "en-US",
            "locale_id": 1,
            "time_zone": "UTC",
            "iana_time_zone": "Etc/UTC",
            "tags": [],
            "created_at": SEEDED,
            "updated_at": SEEDED,
        }

    def _me(self, call: Call) -> Reply:
        """Answer who asks; without a credential 200 with an anonymous user whose id is null [LIVE]."""
        if call.who is None:
            return Reply(
                {"user": {"id": None, "name": "Anonymous user", "role": "end-user", "email": "invalid@example.com"}}
            )
        return Reply({"user": {**self.shown(call.who.id), "role": call.who.role}})

    def _one(self, call: Call) -> Reply:
        return Reply({"user": self.shown(call.args["id"])})

    def _several(self, call: Call) -> Reply:
        ids = numbers(call.query.get("ids", ""))
        return Reply({"users": [self.shown(id_) for id_ in ids if id_ in self.staff or id_ in CUSTOMERS]})

    def _search(self, call: Call) -> Reply:
        word = call.query.get("query", "").lower().removeprefix("email:").strip('"')
        hits = [id_ for id_, user in self.staff.items() if word in user.name.lower() or word == self.email(id_)]
        users = [self.shown(id_) for id_ in hits]
        return Reply({"users": users, "count": len(users), "next_page": None, "previous_page": None})


def numbers(text: str, most: int = 100) -> list[int]:
    """Return the ids of an ``ids`` parameter. Raises the 400 of too many, none, or words among them [DOC]."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or len(words) > most or not all(word.isdecimal() for word in words):
        message = f"ids takes 1 to {most} numbers"
        raise Refusal(400, {"error": {"title": "Invalid attribute", "message": message}})
    return unique(int(word) for word in words)


def unique(ids: Iterable[int]) -> list[int]:
    """Return ids without repetitions, in their order."""
    return list(dict.fromkeys(ids))
