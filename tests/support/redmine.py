"""The runner on a Redmine: the production provider, and somebody at the browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from providers.redmine.provider import open_target
from runner.spi import Target
from tests.support.lab import START
from tests.support.server_lab import ServerLab
from tests.support.servers import Wire

REFERENCE = "env:REDMINE_KEY"
STAMPS = frozenset({"updated_on", "created_on", "closed_on", "version", "comments", "id"})


def target(url: str, **options: Any) -> Target:
    """Return the configuration of a Redmine."""
    return Target(
        "tracker",
        "redmine",
        {"url": url, "project": "support", **options},
        {"key": REFERENCE},
        zone="America/Sao_Paulo",
        words={"pause": "On Hold"},
        locales=("en", "es"),
    )


TELL = {
    "id": "tell",
    "uses": "notice",
    "with": {"subject": {"en": "Logins are down", "es": "Sin acceso"}, "body": {"en": "We know.", "es": "Lo sabemos."}},
}
WAITING = {"project": "support", "status": "Feedback"}  # tickets 8 and 9
HOLD = {"id": "hold", "uses": "tickets", "with": {"select": WAITING, "status": "pause", "note": "The mail is down."}}
MARKED = {**HOLD, "with": {**HOLD["with"], "tag": "outage-mail"}}
SLEEP = {
    "id": "sleep",
    "uses": "snooze",
    "until": "end + 3d",
    "with": {"select": WAITING, "until": "2026-12-12 09:00"},
}


def pausing(**select: Any) -> dict[str, Any]:
    """Return a step that pauses tickets."""
    return {"id": "pause", "uses": "tickets", "with": {"select": select, "status": "pause"}}


@dataclass(frozen=True, slots=True)
class Server:
    """A running Redmine: where it is, whose keys there are, and the way to it."""

    url: str
    keys: Mapping[str, str]
    wire: Wire

    def api(self, method: str, path: str, body: Any = None, *, key: str = "key") -> Any:
        """Do what somebody does at the browser: one request that the tests do not count."""
        with httpx.Client(base_url=self.url, headers={"X-Redmine-API-Key": self.keys[key]}, timeout=30) as client:
            answer = client.request(method, path, json=body)
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
            return answer.json() if answer.content else None

    def ticket(self, number: int | str) -> Any:
        """Return one ticket with its journal."""
        return self.api("GET", f"/issues/{number}.json?include=journals")["issue"]

    def set(self, number: int | str, **fields: Any) -> None:
        """Change a ticket as a person does."""
        self.api("PUT", f"/issues/{number}.json", {"issue": fields})

    def statuses(self, *numbers: int) -> list[str]:
        """Return what statuses tickets have."""
        return [self.ticket(number)["status"]["name"] for number in numbers]

    def dump(self, project: str = "support") -> str:
        """Return tickets, news and the page of a project as canonical text, without stamps and history."""
        issues = self.api("GET", f"/issues.json?project_id={project}&status_id=*&sort=id&limit=100")["issues"]
        kept = [{**_plain(row), "number": row["id"]} for row in issues]
        news = [_plain(row) for row in self.api("GET", f"/projects/{project}/news.json?limit=100")["news"]]
        page = _plain(self.api("GET", f"/projects/{project}/wiki/Banner.json")["wiki_page"])
        return json.dumps([kept, news, page], sort_keys=True)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = [
        {**each, "value": each["value"] or None} for each in row.get("custom_fields", ())
    ]  # "" is null to Redmine
    kept = {name: value for name, value in row.items() if name not in STAMPS}
    return {**kept, "custom_fields": fields}


class RedmineLab(ServerLab):
    """One store and one Redmine."""

    def __init__(
        self,
        folder: Path,
        server: Server,
        *,
        now: datetime = START,
        key: str = "key",
        wire: Callable[[Any], httpx.BaseTransport] | None = None,
        **options: Any,
    ) -> None:
        secrets = {REFERENCE: server.keys[key]}
        super().__init__(folder, server, target(server.url, **options), open_target, secrets, now=now, wire=wire)
