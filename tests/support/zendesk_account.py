"""A simulated Zendesk account behind its wire, with a clock that tests move, for the tests of the simulator."""

from __future__ import annotations

from typing import Any

import httpx

from providers.zendesk.simulator.access import CLIENT_ID, CLIENT_SECRET
from providers.zendesk.simulator.account import Account

NOW = 1_797_000_000.0  # Friday 2026-12-11 14:40 UTC


class Zendesk:
    """An account, a client with a full token, and shortcuts that fail loudly."""

    def __init__(self, **options: Any) -> None:
        self.now = NOW
        self.account = Account(clock=lambda: self.now, **{"tickets": 200, "limits": False, **options})
        self.http = self.client()
        self.pass_time(0)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and renew the token."""
        self.now += seconds
        self.http.headers["Authorization"] = f"Bearer {self.token()}"

    def client(self) -> httpx.Client:
        transport = httpx.WSGITransport(app=self.account.wsgi)
        headers = {"Accept": "application/json"}
        return httpx.Client(transport=transport, base_url="https://example.zendesk.com", headers=headers)

    def token(self, **wanted: Any) -> str:
        grant = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **wanted}
        return str(self.client().post("/oauth/tokens", json=grant).json()["access_token"])

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        return self.http.request(method, f"/api/v2/{path}", json=body, params=query or None)

    def get(self, path: str, **query: Any) -> Any:
        return self._well(self.call("GET", path, **query))

    def put(self, path: str, body: Any, **query: Any) -> Any:
        return self._well(self.call("PUT", path, body, **query))

    def post(self, path: str, body: Any) -> Any:
        return self._well(self.call("POST", path, body))

    def status(self, method: str, path: str, body: Any = None, **query: Any) -> int:
        return self.call(method, path, body, **query).status_code

    def some(self, status: str, count: int = 1) -> list[int]:
        return self.account.matching(lambda ticket: ticket.status == status)[:count]

    def bulk(self, ids: list[int], **change: Any) -> dict[str, Any]:
        """Update tickets in bulk and return the finished job."""
        joined = ",".join(map(str, ids))
        return self.finished(self.put("tickets/update_many", {"ticket": change}, ids=joined)["job_status"])

    def finished(self, job: dict[str, Any]) -> dict[str, Any]:
        for _ in range(5):
            if job["status"] == "completed":
                return job
            job = self.get(f"job_statuses/{job['id']}")["job_status"]
        raise AssertionError(f"never ends: {job}")

    @staticmethod
    def _well(reply: httpx.Response) -> Any:
        assert reply.status_code in (200, 201), reply.text
        return reply.json()
