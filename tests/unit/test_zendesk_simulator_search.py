"""Search of the simulated Zendesk: the query language, pages, the export, and how far the index is behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from providers.zendesk.simulator.seed import Ticket
from tests.support.zendesk_account import NOW, Zendesk

TICKETS = {"filter[type]": "ticket"}
LEVEL_1 = 21_002
ANA = 9_000_002


@pytest.fixture(scope="module")
def shared() -> Zendesk:
    return Zendesk(tickets=400)


@pytest.fixture
def zendesk() -> Zendesk:
    return Zendesk(tickets=1300)


def exported(zendesk: Zendesk, query: str, size: int = 100) -> list[int]:
    found: list[int] = []
    page: dict[str, Any] = {"query": query, "page[size]": size, **TICKETS}
    while True:
        answer = zendesk.get("search/export", **page)
        found += [row["id"] for row in answer["results"]]
        if not answer["meta"]["has_more"]:
            return found
        page["page[after]"] = answer["meta"]["after_cursor"]


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("", lambda t: True),
        ("status:open", lambda t: t.status == "open"),
        ("status<solved", lambda t: t.status in ("new", "open", "pending", "hold")),
        ("status>=solved", lambda t: t.status in ("solved", "closed")),
        ("status:open status:pending", lambda t: t.status in ("open", "pending")),
        ("status>new status<hold", lambda t: t.status in ("open", "pending")),
        ("-status:closed", lambda t: t.status != "closed"),
        ('group:"Level 1"', lambda t: t.group_id == LEVEL_1),
        (f"group:{LEVEL_1}", lambda t: t.group_id == LEVEL_1),
        ("group:nowhere", lambda t: False),
        ("tags:vip", lambda t: "vip" in t.tags),
        ("tags:vip tags:refund", lambda t: {"vip", "refund"} & set(t.tags)),
        ("-tags:vip status:open", lambda t: "vip" not in t.tags and t.status == "open"),
        ("tags:none", lambda t: not t.tags),
        ("priority:high", lambda t: t.priority == "high"),
        ("priority>normal", lambda t: t.priority in ("high", "urgent")),
        ("priority:none", lambda t: t.priority is None),
        ("via:mail", lambda t: t.channel == "email"),
        ("assignee:none", lambda t: t.assignee_id is None),
        ('assignee:"Ana Souza"', lambda t: t.assignee_id == ANA),
        ("assignee:ana.souza@example.com", lambda t: t.assignee_id == ANA),
        (f"assignee_id:{ANA}", lambda t: t.assignee_id == ANA),
        ("custom_status_id:22003", lambda t: t.custom_status_id == 22_003),
        ('"sign in" status:open', lambda t: "sign in" in t.subject and t.status == "open"),
        ("updated<4days", lambda t: t.updated < NOW - 4 * 86_400),
        ("updated>2026-12-10", lambda t: t.updated >= 1_796_947_200),
        ("created<2026-11-24T22:40:00Z", lambda t: t.created < 1_795_560_000),
        ("ticket_type:incident", lambda t: t.type == "incident"),
    ],
)
def test_queries(shared: Zendesk, query: str, test: Callable[[Ticket], bool]) -> None:
    """An export finds exactly the tickets that the query means; a count tells as many."""
    expected = shared.account.matching(test)
    assert exported(shared, query) == expected
    if query:
        assert shared.get("search/count", query=query)["count"] == len(expected)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"query": "status:open type:ticket", **TICKETS}, 422),
        ({"query": "status:open"}, 400),
        ({"query": "status:asleep", **TICKETS}, 422),
        ({"query": "mood:good", **TICKETS}, 422),
        ({"query": "created>yesterday", **TICKETS}, 422),
        ({"query": "tags>vip", **TICKETS}, 422),
        ({"query": "", "page[size]": "1001", **TICKETS}, 400),
        ({"query": "", "page[size]": "1000", **TICKETS}, 200),
        ({"query": "", "page": "2", **TICKETS}, 400),
        ({"query": "", "page[after]": "x", **TICKETS}, 400),
    ],
)
def test_exports_that_are_refused(shared: Zendesk, query: dict[str, str], code: int) -> None:
    """No type inside the query, the filter always, sizes up to 1000, no offset style, no strange cursor."""
    assert shared.status("GET", "search/export", **query) == code


def test_a_cursor_lives_an_hour_and_belongs_to_its_query(zendesk: Zendesk) -> None:
    """Later it is refused, and so is another query with it."""
    query = {"query": "status:open", "page[size]": 10, **TICKETS}
    cursor = zendesk.get("search/export", **query)["meta"]["after_cursor"]
    assert zendesk.status("GET", "search/export", **{**query, "query": "tags:vip", "page[after]": cursor}) == 400
    zendesk.pass_time(3599)
    assert zendesk.status("GET", "search/export", **query, **{"page[after]": cursor}) == 200
    zendesk.pass_time(1)
    assert zendesk.status("GET", "search/export", **query, **{"page[after]": cursor}) == 400


def test_tickets_that_leave_the_query_are_not_skipped_over(zendesk: Zendesk) -> None:
    """A pause between two pages takes tickets out of the result and moves none of the others away."""
    expected = zendesk.account.matching(lambda ticket: ticket.status == "open")
    query: dict[str, Any] = {"query": "status:open", "page[size]": 100, **TICKETS}
    first = zendesk.get("search/export", **query)
    ids = [row["id"] for row in first["results"]]
    zendesk.bulk(ids, status="pending")
    query["page[after]"] = first["meta"]["after_cursor"]
    second = zendesk.get("search/export", **query)
    assert [*ids, *(row["id"] for row in second["results"])] == expected[: len(ids) + 100]


def test_search_ends_at_a_thousand(zendesk: Zendesk) -> None:
    """The count is true, the tenth page the last one, cursor parameters are refused."""
    page = zendesk.get("search", query="type:ticket status<=closed", page=10)
    assert (len(page["results"]), page["count"], page["next_page"]) == (100, 1300, None)
    assert zendesk.status("GET", "search", query="status<=closed", page=11) == 422
    assert zendesk.status("GET", "search", query="status:open", **{"page[size]": 10}) == 400
    assert zendesk.status("GET", "search", query=" ") == 422
    rows = zendesk.get("search", query="status:open", sort_by="updated_at", sort_order="asc")["results"]
    assert [row["updated_at"] for row in rows] == sorted(row["updated_at"] for row in rows)


def test_the_index_is_behind_and_reading_by_id_is_not() -> None:
    """For the seconds of the lag a search shows tickets as they were; a new one is not there yet."""
    zendesk = Zendesk(lag=90)
    (id_,) = zendesk.some("open")
    zendesk.account.person_edits(id_, status="solved")
    made = zendesk.account.customer_opens().id
    assert zendesk.get(f"tickets/{id_}")["ticket"]["status"] == "solved"
    assert id_ in exported(zendesk, "status:open")
    assert made not in exported(zendesk, "status:new")
    zendesk.now += 60
    zendesk.account.person_edits(id_, status="open")
    zendesk.now += 30
    assert id_ in exported(zendesk, "status:solved")
    assert made in exported(zendesk, "status:new")
    zendesk.now += 60
    assert id_ in exported(zendesk, "status:open")


def test_the_incremental_export(zendesk: Zendesk) -> None:
    """Every ticket once by its last update, until the end of the stream; a change later comes after the cursor."""
    seen: list[int] = []
    query: dict[str, Any] = {"start_time": 0}
    while True:
        page = zendesk.get("incremental/tickets/cursor", **query)
        seen += [row["id"] for row in page["tickets"]]
        query = {"cursor": page["after_cursor"]}
        if page["end_of_stream"]:
            break
    assert sorted(seen) == list(range(1, 1301))
    zendesk.account.person_edits(5 if zendesk.account.ticket(5).status != "closed" else 6, subject="Changed")
    assert len(zendesk.get("incremental/tickets/cursor", **query)["tickets"]) == 1
    assert zendesk.status("GET", "incremental/tickets/cursor") == 400


def test_users(shared: Zendesk) -> None:
    """Agents and customers can be looked up; one who left cannot be assigned."""
    assert shared.get(f"users/{ANA}")["user"]["role"] == "agent"
    assert shared.get("users/20000007")["user"]["role"] == "end-user"
    assert shared.status("GET", "users/5") == 404
    assert shared.get("users/search", query="ana")["users"][0]["id"] == ANA
    assert [row["id"] for row in shared.get("users/show_many", ids=f"{ANA},5")["users"]] == [ANA]
    shared.account.people.gone.add(ANA)
    assert shared.get(f"users/{ANA}")["user"]["active"] is False
    (id_,) = shared.some("new")
    assert shared.status("PUT", f"tickets/{id_}", {"ticket": {"assignee_id": ANA}}) == 422
    shared.account.people.gone.clear()


def test_whom_to_answer_first(shared: Zendesk) -> None:
    """Reading by id tells when a promise breaks, if asked; solved tickets break none; small plans have no own call."""
    ids = ",".join(map(str, shared.account.matching(lambda t: t.priority is not None)[:50]))
    rows = shared.get("tickets/show_many", ids=ids, include="slas")["tickets"]
    for row in rows:
        metrics = row["slas"]["policy_metrics"]
        assert {metric["metric"] for metric in metrics} == {"first_reply_time", "total_resolution_time"}
        assert any(metric["breach_at"] for metric in metrics) is (row["status"] not in ("solved", "closed"))
    first = rows[0]["id"]
    assert shared.get(f"tickets/{first}/slas/policy_metrics")["policy_metrics"] == rows[0]["slas"]["policy_metrics"]
    assert shared.get(f"tickets/{first}/metrics")["ticket_metric"]["ticket_id"] == first
    assert Zendesk(plan="professional").status("GET", "tickets/1/slas/policy_metrics") == 403
