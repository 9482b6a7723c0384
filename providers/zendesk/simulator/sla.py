"""Service level policies, to be read: what is promised, by priority, in minutes [DOC].

What becomes of single tickets under them (breaches) is the business of the tickets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Reply, Route, not_here
from providers.zendesk.simulator.listing import Record, address, find, pages

_BASE: Final = "/api/v2/slas/policies"
_SEEDED: Final = "2026-01-12T09:00:00Z"
_FIRST_REPLY: Final[Mapping[str, int]] = {"urgent": 30, "high": 60, "normal": 240, "low": 480}
_RESOLUTION: Final[Mapping[str, int]] = {"urgent": 240, "high": 480, "normal": 1440, "low": 2880}


class Policies:
    """The policies of one account; `records` by id, in the order in which they are tried."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        vip = [{"field": "current_tags", "operator": "includes", "value": "vip"}]
        half = {priority: minutes // 2 for priority, minutes in _FIRST_REPLY.items()}
        self.records: dict[int, Record] = {
            81_001: self._policy(81_001, 1, "VIP customers", vip, half, _RESOLUTION),
            81_002: self._policy(81_002, 2, "Everybody", [], _FIRST_REPLY, _RESOLUTION),
        }

    def routes(self) -> list[Route]:
        """Return the operations on policies."""
        return [
            Route("GET", _BASE, self.list_policies, role="admin", scope="sla_policies:read"),
            Route("GET", f"{_BASE}/<int:id>", self.show_policy, role="admin", scope="sla_policies:read"),
        ]

    def list_policies(self, call: Call) -> Reply:
        """Answer with a page of policies."""
        self._offered()
        return pages(self._desk, call, "sla_policies", self.records.values())

    def show_policy(self, call: Call) -> Reply:
        """Answer with one policy."""
        self._offered()
        return Reply({"sla_policy": find(self.records, call.args["id"])})

    def _offered(self) -> None:
        if not self._desk.at_least("growth"):  # Suite Growth or Support Professional; the status is a guess
            raise not_here()

    def _policy(
        self,
        id_: int,
        position: int,
        title: str,
        conditions: Json,
        first_reply: Mapping[str, int],
        resolution: Mapping[str, int],
    ) -> Record:
        targets = (("first_reply_time", first_reply), ("total_resolution_time", resolution))
        metrics = [
            {"priority": priority, "metric": metric, "target": minutes, "business_hours": True}
            for metric, promised in targets
            for priority, minutes in promised.items()
        ]
        return {
            "id": id_,
            "title": title,
            "description": "",
            "position": position,
            "filter": {"all": conditions, "any": []},
            "policy_metrics": metrics,
            "url": address(self._desk, f"{_BASE}/{id_}.json"),
            "created_at": _SEEDED,
            "updated_at": _SEEDED,
        }
