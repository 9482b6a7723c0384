"""Events for an app in the browsers of agents: POST ``/api/v2/apps/notify`` [DOC].

Nothing is stored: who has no browser open misses it. What was sent stays in `notified`, for tests to read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, Route, invalid, missing
from providers.zendesk.simulator.listing import Check, checked, is_number, is_text

APP: Final = 71_001  # the account's own notification app
LARGEST: Final = 1_048_576  # bytes; that a megabyte is this many is a guess
_CHECKS: Final[dict[str, Check]] = {"app_id": is_number, "event": is_text, "agent_id": is_number}


@dataclass(frozen=True, slots=True)
class Notified:
    """One event as it was sent. `agent_id` None reached every agent who had the app open."""

    at: str
    app_id: int
    event: str
    body: Json
    agent_id: int | None


class Notify:
    """The apps of one account, and the events that they were sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.apps = {APP}
        self.notified: list[Notified] = []

    def routes(self) -> list[Route]:
        """Return the one operation there is, with its own limit of 100 a minute."""
        return [Route("POST", "/api/v2/apps/notify", self.send, "notify", scope="apps:write")]

    def send(self, call: Call) -> Reply:
        """Send an event; raises 404 for an app that is not installed (a guess) and 413 beyond a megabyte [DOC]."""
        if len(json.dumps(call.body, ensure_ascii=False).encode()) > LARGEST:
            raise Refusal(413, {"error": "RequestEntityTooLarge", "description": "an event has at most one megabyte"})
        given = call.body if isinstance(call.body, dict) else {}
        lacks = [field for field in ("app_id", "event") if field not in given]
        if lacks:
            raise invalid(**{field: f"{field} is missing" for field in lacks})
        checked(given, _CHECKS)
        if given["app_id"] not in self.apps:
            raise missing()
        sent = Notified(self._desk.stamp(), given["app_id"], given["event"], given.get("body"), given.get("agent_id"))
        self.notified.append(sent)
        return Reply()
