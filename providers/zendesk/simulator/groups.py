"""Groups of agents: to be listed and looked up; nothing in an outage changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Reply, Route
from providers.zendesk.simulator.listing import Record, address, find, pages

SEED: Final[Mapping[int, str]] = {
    21_001: "Support",
    21_002: "Level 1",
    21_003: "Level 2",
    21_004: "Sales",
    21_005: "Soporte",
    21_006: "Ventas",
    21_007: "Suporte",
    21_008: "Vendas",
}
_SEEDED: Final = "2026-01-12T09:00:00Z"


class Groups:
    """The groups of one account; `records` by id."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.records: dict[int, Record] = {id_: self._group(id_, name) for id_, name in SEED.items()}

    def routes(self) -> list[Route]:
        """Return the operations on groups."""
        return [
            Route("GET", "/api/v2/groups", self.list_groups, scope="groups:read"),
            Route("GET", "/api/v2/groups/<int:id>", self.show_group, scope="groups:read"),
        ]

    def list_groups(self, call: Call) -> Reply:
        """Answer with a page of groups."""
        return pages(self._desk, call, "groups", self.records.values())

    def show_group(self, call: Call) -> Reply:
        """Answer with one group."""
        return Reply({"group": find(self.records, call.args["id"])})

    def _group(self, id_: int, name: str) -> Record:
        return {
            "id": id_,
            "name": name,
            "description": "",
            "default": name == "Support",
            "deleted": False,
            "is_public": True,
            "url": address(self._desk, f"/api/v2/groups/{id_}.json"),
            "created_at": _SEEDED,
            "updated_at": _SEEDED,
        }
