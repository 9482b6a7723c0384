"""The simulated Movidesk: it refuses what the vendor refuses, counts as the vendor counts, and knows what it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from providers.movidesk.simulator import sandbox
from providers.movidesk.simulator.account import BASE, Account
from tests.support.movidesk import AT_NIGHT, BY_DAY
from tests.support.wire import Wire

LIST = {"$select": "id,status", "$top": "3"}


class Caller:
    """A plain client of an account, and its clock."""

    def __init__(self, now: datetime = AT_NIGHT, tickets: int = 120) -> None:
        self.now = now
        self.account = Account(clock=lambda: self.now.timestamp(), tickets=tickets)
        self.http = httpx.Client(base_url="https://api.movidesk.com", transport=Wire(self.account))

    def get(self, path: str = "/tickets", **params: str) -> httpx.Response:
        return self.http.get(BASE + path, params={"token": self.account.token, **params})

    def patch(self, number: int | str, body: Any) -> httpx.Response:
        return self.http.patch(f"{BASE}/tickets", params={"token": self.account.token, "id": str(number)}, json=body)


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.mark.parametrize(
    ("params", "status"),
    [
        (LIST, 200),
        ({"$top": "3"}, 400),  # $select is mandatory
        ({**LIST, "$filter": "id eq 1001 and status eq 'Em atendimento'"}, 200),
        ({**LIST, "$filter": "not (status eq 'Novo') and (type eq 2 or type eq 1)"}, 200),
        ({**LIST, "$filter": "lastUpdate ge 2026-01-01T00:00:00Z"}, 200),
        ({**LIST, "$filter": "statusHistories/any(s: s/status eq 'Parado' and s/justification eq 'Evento')"}, 200),
        ({**LIST, "$filter": "justification eq null"}, 200),
        ({**LIST, "$filter": " or ".join(f"id eq {n}" for n in range(25))}, 200),  # 99 nodes
        ({**LIST, "$filter": " or ".join(f"id eq {n}" for n in range(26))}, 400),
        ({**LIST, "$filter": "id eq '1001'"}, 400),  # a number is no text
        ({**LIST, "$filter": "status eq 3"}, 400),
        ({**LIST, "$filter": "stats eq 'Novo'"}, 400),
        ({**LIST, "$filter": "status is 'Novo'"}, 400),
        ({**LIST, "$filter": "status eq 'Novo' and"}, 400),
        ({**LIST, "$filter": "(status eq 'Novo'"}, 400),
        ({**LIST, "$filter": "status eq 'D'Ávila'"}, 400),  # a quote that is not doubled
        ({**LIST, "$filter": "status eq 'Novo' status"}, 400),
        ({**LIST, "$filter": "clients/any(c: c/email eq 'x')"}, 400),
        ({**LIST, "$filter": "status/any(c: c/id eq 'x')"}, 400),
        ({**LIST, "$filter": "tolower(status) eq 'novo'"}, 501),
        ({**LIST, "$filter": "owner/id eq 'x'"}, 501),
        ({"$select": "id,nothing"}, 400),
        ({"$select": "id,tags"}, 501),
        ({**LIST, "$expand": "clients($select=id),statusHistories"}, 200),
        ({**LIST, "$expand": "status"}, 400),
        ({**LIST, "$expand": "clients($select=phone)"}, 400),
        ({**LIST, "$expand": "clients($expand=organization)"}, 501),
        ({**LIST, "$orderby": "id desc", "$skip": "1"}, 200),
        ({**LIST, "$orderby": "tags"}, 400),
        ({**LIST, "$top": "x"}, 400),
        ({**LIST, "includeDeletedItems": "true"}, 501),
        ({"id": "1001"}, 200),
        ({"id": "9"}, 404),
        ({"token": "another", **LIST}, 401),
    ],
)
def test_what_a_list_takes(caller: Caller, params: dict[str, str], status: int) -> None:
    """The filters that clients use are simulated; what OData refuses is 400, what nobody simulated 501."""
    assert caller.get(**params).status_code == status


def test_a_list_shows_what_it_was_asked_for(caller: Caller) -> None:
    """Fields of `$select`, collections of `$expand`, in order, a hundred at most."""
    rows = caller.get(**{**LIST, "$orderby": "id desc", "$expand": "clients($select=id)"}).json()
    assert rows[0] == {"id": 1120, "status": "Resolvido", "clients": [{"id": "c119"}]}
    assert [row["id"] for row in rows] == [1120, 1119, 1118]
    assert len(caller.get(**{"$select": "id", "$top": "1000"}).json()) == 100
    assert caller.get(id="1001").json()["baseStatus"] == "InAttendance"


@pytest.mark.parametrize(
    ("number", "body", "status"),
    [
        (1001, {"status": "Parado", "justification": "Evento"}, 200),
        (1001, {"status": "Resolvido", "justification": ""}, 200),
        (1001, {"status": "Resolvido", "justification": None}, 200),
        (1001, {"status": "Parado"}, 400),  # the one without the other
        (1001, {"justification": "Evento"}, 400),
        (1001, {"status": "Parado", "justification": ""}, 400),  # it asks for one
        (1001, {"status": "Parado", "justification": "Copa"}, 400),
        (1001, {"status": "Copa", "justification": ""}, 400),
        (1004, {"status": "Parado", "justification": "Evento"}, 400),  # an internal ticket has other justifications
        (1001, {"baseStatus": "Stopped"}, 400),
        (1001, {"tags": ["x"]}, 501),
        (1001, {}, 400),
        (1001, ["x"], 400),
        (1001, {"actions": [{"type": 1, "description": "Hi"}]}, 200),
        (1001, {"actions": [{"type": 1, "description": "Hi", "createdBy": {"id": "agent-1"}}]}, 200),
        (1001, {"actions": [{"type": 1, "description": "Hi", "createdBy": {"id": "nobody"}}]}, 400),
        (1001, {"actions": [{"type": 3, "description": "Hi"}]}, 400),
        (1001, {"actions": [{"type": 1, "description": ""}]}, 400),
        (1001, {"actions": [{"type": 1, "description": "Hi", "isDeleted": True}]}, 501),
        (1001, {"actions": "x"}, 400),
        (9, {"status": "Resolvido", "justification": ""}, 404),
        ("x", {"status": "Resolvido", "justification": ""}, 404),
    ],
)
def test_what_a_ticket_takes(caller: Caller, number: int | str, body: Any, status: int) -> None:
    """Status with its justification, of the ticket's type; actions; nothing that is read only or not simulated."""
    assert caller.patch(number, body).status_code == status


def test_what_a_change_leaves_behind(caller: Caller) -> None:
    """History and stamp, a mail by the trigger for public tickets that stop, and one for each public action."""
    caller.patch(1001, {"status": "Parado", "justification": "Evento", "actions": [{"type": 2, "description": "Hi"}]})
    caller.patch(1004, {"status": "Aguardando peça", "justification": ""})
    row = caller.get(id="1001").json()
    assert (row["status"], row["justification"], row["actionCount"]) == ("Parado", "Evento", 1)
    assert row["statusHistories"][-1]["status"] == "Parado"
    assert [(mail.ticket, mail.about) for mail in caller.account.outbox] == [(1001, "status"), (1001, "action")]
    caller.account.person_edits(1002, "Fechado")
    assert caller.patch(1002, {"status": "Novo", "justification": ""}).status_code == 400


def test_tickets_move_to_the_past_after_90_days(caller: Caller) -> None:
    """There they are read only, until somebody touches them on their page."""
    caller.account.grow_old(1001, 91)
    assert (caller.get(id="1001").status_code, caller.get("/tickets/past", id="1001").status_code) == (404, 200)
    assert caller.patch(1001, {"status": "Novo", "justification": ""}).status_code == 404
    assert caller.http.patch(f"{BASE}/tickets/past", params={"token": caller.account.token}).status_code == 501
    caller.account.person_edits(1001, "Novo")
    assert caller.get(id="1001").status_code == 200
    with pytest.raises(ValueError, match="Copa"):
        caller.account.person_edits(1001, "Copa")


def test_three_failures_in_a_row_lock_the_account() -> None:
    """For everybody, for a minute, with the seconds that are left; a success in between forgets them."""
    caller = Caller()
    for status in (400, 400, 200, 400, 400, 400):
        params = LIST if status == 200 else {"$top": "1"}
        assert caller.get(**params).status_code == status
    caller.now += timedelta(seconds=20)
    refused = caller.get(**LIST)
    assert (refused.status_code, refused.json(), refused.headers["retry-after"]) == (
        429,
        "Too many failed requests",
        "40",
    )
    caller.now += timedelta(seconds=40)
    assert caller.get(**LIST).status_code == 200


@pytest.mark.parametrize(("now", "most"), [(BY_DAY, 10), (AT_NIGHT, 30)])
def test_ten_requests_a_minute_by_day(now: datetime, most: int) -> None:
    """Over the limit nothing is answered until the first of them is a minute ago; at night nothing is counted."""
    caller = Caller(now)
    statuses = []
    for _ in range(30):
        statuses.append(caller.get(**LIST).status_code)
        caller.now += timedelta(seconds=1)
    assert statuses == [200] * most + [429] * (30 - most)
    assert caller.account.limits.throttled == 30 - most


def test_the_sandbox_says_what_it_takes() -> None:
    """`runner sandbox movidesk` has a port, a number of tickets and a switch for the limit."""
    said = CliRunner().invoke(sandbox.group(lambda: (), lambda: 0.0), ["--help"]).output
    assert all(option in said for option in ("--port", "--tickets", "--no-limits"))
