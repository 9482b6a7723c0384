"""Whom to answer first: unsolved tickets with the nearest breach of their service levels. Reads only.

The service levels come as a sideload, ``include=slas`` [MEM]: an account without it, or a plan without service levels,
gives the list by the last touch alone. Explore's dashboards have no public API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from providers.zendesk.client import Client, expect
from runner.spi import Waiting

WAITS: Final = "status:new status:open status:hold status:pending"
PAGE: Final = 100


def waiting(client: Client) -> Iterator[Waiting]:
    """Yield the tickets that wait for an answer, a hundred at a time. Raises `ProviderError`."""
    groups = {int(row["id"]): str(row["name"]) for row in client.pages("/api/v2/groups", "groups", "list groups")}
    rows = client.pages(
        "/api/v2/search/export",
        "results",
        "search tickets",
        family="export",
        query=WAITS,
        filter_type="ticket",
        page_size=str(client.account.search_page),
    )
    while page := [str(row["id"]) for row in islice(rows, PAGE)]:
        data = client.get("/api/v2/tickets/show_many", "read tickets", ids=",".join(page), include="slas")
        for row in expect(data, "tickets", list, "read tickets", client.account.name):
            yield _one(row, groups)


def _one(row: Mapping[str, Any], groups: Mapping[int, str]) -> Waiting:
    promises: Sequence[Mapping[str, Any]] = (row.get("slas") or {}).get("policy_metrics") or ()
    breaches = [str(each["breach_at"]) for each in promises if each.get("breach_at") and each.get("stage") == "active"]
    return Waiting(
        key=str(row["id"]),
        name=str(row.get("raw_subject") or row.get("subject") or ""),
        status=str(row["status"]),
        priority=str(row.get("priority") or ""),
        group=groups.get(row.get("group_id") or 0, ""),
        due=min(breaches, default=""),
        since=str(row.get("updated_at") or ""),
    )
