"""The runner on a Request Tracker: the production provider, and somebody at the browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from providers.request_tracker.provider import open_target
from runner.spi import Target
from tests.support.lab import START
from tests.support.server_lab import ServerLab
from tests.support.servers import Wire

REFERENCE = "env:RT_TOKEN"
TICKETS = {"fields": "Subject,Status,Starts,Owner,Priority", "orderby": "id", "per_page": "100"}
TELL = {
    "id": "tell",
    "uses": "notice",
    "with": {"subject": {"en": "Logins are down", "es": "Sin acceso"}, "body": {"en": "We know.", "es": "Lo sabemos."}},
}
SOME = {"query": "id < 3"}  # tickets 1 and 2
SLEEP = {
    "id": "sleep",
    "uses": "snooze",
    "until": "end + 3d",
    "with": {"select": SOME, "until": "2026-12-12 09:00"},
}
ARTICLES = {"fields": "Name,Summary,CustomFields", "per_page": "100"}


def target(url: str, **options: Any) -> Target:
    """Return the configuration of a Request Tracker."""
    return Target(
        "tracker",
        "request_tracker",
        {"url": url, "queues": ["Support"], **options},
        {"token": REFERENCE},
        zone="America/Sao_Paulo",
        words={"pause": "stalled"},
        locales=("en", "es"),
    )


@dataclass(frozen=True, slots=True)
class Server:
    """A running Request Tracker: where it is, whose tokens there are, and the way to it."""

    url: str
    keys: Mapping[str, str]
    wire: Wire

    def api(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """Do what somebody does at the browser: one request that the tests do not count."""
        headers = {"Authorization": f"token {self.keys['token']}"}
        url = f"{self.url}/REST/2.0{path}"
        answer = httpx.request(method, url, json=body, params=params or None, headers=headers, timeout=60)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def set(self, *numbers: int | str, **fields: Any) -> None:
        """Change tickets as a person does."""
        self.api("PUT", "/tickets/bulk", [{"id": int(number), **fields} for number in numbers])

    def statuses(self) -> list[str]:
        """Return what statuses the tickets of the queue Support have."""
        return [row["Status"] for row in self._tickets()]

    def articles(self) -> list[Any]:
        """Return the articles that can be seen."""
        query = json.dumps([{"field": "id", "operator": ">", "value": 0}])
        rows: list[Any] = self.api("GET", "/articles", query=query, **ARTICLES)["items"]
        return rows

    def comments(self, number: int) -> int:
        """Return how many comments a ticket has."""
        rows = self.api("GET", f"/ticket/{number}/history", fields="Type", per_page="100")["items"]
        return sum(row["Type"] == "Comment" for row in rows)

    def dump(self) -> str:
        """Return tickets and articles as canonical text, without stamps and history."""
        return json.dumps([self._tickets(), self.articles()], sort_keys=True)

    def _tickets(self) -> list[Any]:
        rows: list[Any] = self.api("GET", "/tickets", query="Queue = 'Support'", **TICKETS)["items"]
        return rows


class TrackerLab(ServerLab):
    """One store and one Request Tracker."""

    def __init__(
        self,
        folder: Path,
        server: Server,
        *,
        now: datetime = START,
        key: str = "token",
        wire: Callable[[Any], httpx.BaseTransport] | None = None,
        **options: Any,
    ) -> None:
        secrets = {REFERENCE: server.keys[key]}
        super().__init__(folder, server, target(server.url, **options), open_target, secrets, now=now, wire=wire)


def pausing(select: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return a step that pauses tickets."""
    return {"id": "pause", "uses": "tickets", "with": {"select": dict(select), "status": "pause", **more}}
