"""The simulated Digisac account: what it refuses, how it lists, and what comes about on its clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner

from providers.digisac.simulator import sandbox
from providers.digisac.simulator.account import AGENT_TOKEN, TOKEN, Account

NOON = datetime(2026, 12, 11, 15, tzinfo=UTC).timestamp()  # 12:00 in Sao Paulo
PLAN = {
    "contactId": "contact-0001",
    "departmentId": "department-support",
    "userId": "user-rita",
    "scheduledAt": "2026-12-11 15:00:00",
    "openTicket": True,
    "notificateUser": False,
    "notes": "Power cut",
    "message": "We are back.",
    "files": [],
}
DAY = {"name": "Natal", "from": "2026-12-25T03:00:00.000Z", "to": "2026-12-26T02:59:00.000Z", "message": "Até logo."}


class Desk:
    """An account, a clock that tests move, and a client with an administrator's token."""

    def __init__(self) -> None:
        self.now = NOON
        self.account = Account(clock=lambda: self.now, contacts=12)

    def ask(self, method: str, path: str, body: Any = None, *, token: str = TOKEN, **query: str) -> httpx.Response:
        transport = httpx.WSGITransport(app=self.account.wsgi)
        with httpx.Client(transport=transport, base_url="https://example.digisac.co/api/v1") as client:
            return client.request(
                method, path, json=body, params=query or None, headers={"Authorization": f"Bearer {token}"}
            )

    def post(self, path: str, body: Any) -> Any:
        reply = self.ask("POST", path, body)
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scheduledAt": "2026-12-11 15:05:59"}, "within 6 minutes"),
        ({"scheduledAt": "2026-12-11 14:54:01"}, "within 6 minutes"),
        ({"scheduledAt": "2026-12-11T18:03:00Z"}, "within 6 minutes"),
        ({"scheduledAt": "2026-12-11 12:00:00"}, "must lie in the future"),
        ({"scheduledAt": "soon"}, "is no time"),
        ({"openTicket": False}, "choose an action"),
        ({"notes": ""}, "notes is required"),
        ({"contactId": "contact-9999"}, "contact does not exist"),
        ({"departmentId": None}, "departmentId is required"),
        ({"files": "x"}, "files is of the wrong type"),
        ({"titel": "x"}, "unknown field titel"),
    ],
)
def test_a_schedule_that_digisac_would_not_take(desk: Desk, change: dict[str, Any], said: str) -> None:
    """Too near, over, without an action or a comment, with unknown or misspelt parts: refused, whoever it is for."""
    desk.post("/schedule", PLAN)
    reply = desk.ask(
        "POST", "/schedule", {**PLAN, "contactId": "contact-0002", "scheduledAt": "2026-12-11 16:00:00", **change}
    )
    assert (reply.status_code, said in reply.json()["message"]) == (400, True)
    assert len(desk.account.desk.schedules) == 1


def test_six_minutes_apart_is_enough_and_a_change_does_not_stand_in_its_own_way(desk: Desk) -> None:
    """Exactly six minutes are taken; a schedule may move by less than that."""
    first = desk.post("/schedule", PLAN)
    desk.post("/schedule", {**PLAN, "scheduledAt": "2026-12-11 15:06:00"})
    assert desk.ask("PUT", f"/schedule/{first['id']}", {"scheduledAt": "2026-12-11 14:58:00"}).status_code == 200
    assert desk.ask("GET", f"/schedule/{first['id']}").json()["scheduledAt"] == "2026-12-11T17:58:00.000Z"


def test_schedules_come_about_on_the_clock(desk: Desk) -> None:
    """When its time comes a message goes out and a ticket opens; with an open ticket it fails and somebody is told.
    What was carried out cannot be changed or deleted."""
    made = [
        desk.post("/schedule", {**PLAN, "contactId": contact, "scheduledAt": f"2026-12-11 {at}", **more})["id"]
        for contact, at, more in (
            ("contact-0001", "15:00:00", {}),
            ("contact-0003", "15:06:00", {}),  # whose ticket is open
            ("contact-0002", "15:12:00", {"openTicket": False, "notificateUser": True}),
            ("contact-0010", "15:18:00", {}),  # over an official connection, silent for long
        )
    ]
    desk.now += 3.5 * 3600
    status = {row["id"]: row["status"] for row in desk.ask("GET", "/schedule", perPage="40").json()["data"]}
    assert [status[each] for each in made] == ["completed", "error", "completed", "error"]
    assert desk.account.said_to("Ana Almeida") == ["We are back."]
    assert desk.account.desk.open_ticket("contact-0002") is None
    told = [row["text"] for row in desk.account.desk.notifications.values()]
    assert [text.partition(":")[0] for text in told] == ["schedule failed", "Power cut", "schedule failed"]
    assert {desk.ask(method, f"/schedule/{made[0]}", {}).status_code for method in ("PUT", "DELETE")} == {400}


def test_tickets_go_by_contact(desk: Desk) -> None:
    """The same call opens a ticket and passes it on; closing one that is not there is refused."""
    where = {"departmentId": "department-sales", "userId": "user-paulo", "comments": "Power cut"}
    first = desk.post("/contacts/contact-0001/ticket/transfer", where)
    second = desk.post("/contacts/contact-0001/ticket/transfer", {"departmentId": "department-support"})
    assert (first["id"], second["departmentId"], second["userId"]) == (second["id"], "department-support", None)
    assert desk.ask("GET", f"/tickets/{first['id']}").json()["isOpen"] is True
    desk.post("/contacts/contact-0001/ticket/close", {})
    assert desk.ask("POST", "/contacts/contact-0001/ticket/close").status_code == 400
    assert desk.ask("POST", "/contacts/nobody/ticket/close").status_code == 404


def test_messages(desk: Desk) -> None:
    """A message opens a ticket unless it is told not to; a comment never does; an unknown number becomes a contact."""
    desk.post("/messages", {"text": "Hi", "type": "chat", "contactId": "contact-0001", "dontOpenTicket": "true"})
    desk.post("/messages", {"text": "note", "type": "comment", "contactId": "contact-0001"})
    assert desk.account.desk.open_ticket("contact-0001") is None
    assert desk.account.said_to("Ana Almeida") == ["Hi"]
    new = desk.post("/messages", {"text": "Hi", "number": "5511955555555", "serviceId": "service-phone"})
    assert desk.account.desk.open_ticket(new["contactId"]) is not None
    assert desk.post("/messages", {"text": "Hi", "number": "5511955555555", "serviceId": "service-phone"}) != new
    assert desk.ask("GET", "/messages", **{"where[contactId]": new["contactId"]}).json()["total"] == 2
    for wrong in (
        {"text": "Hi", "contactId": "contact-0010"},  # outside the window
        {"text": "Hi"},
        {"text": "Hi", "serviceId": "service-phone"},
        {"text": "Hi", "contactId": "contact-0001", "type": "fax"},
    ):
        assert desk.ask("POST", "/messages", wrong).status_code == 400


@pytest.mark.parametrize(
    "change",
    [{"to": DAY["from"]}, {"from": "2026-12-25"}, {"from": "soon"}, {"message": ""}, {"name": None}, {"until": "x"}],
)
def test_a_holiday_that_digisac_would_not_take(desk: Desk, change: dict[str, Any]) -> None:
    """A period needs instants in order, a name and a message."""
    assert desk.ask("POST", "/holiday", {**DAY, **change}).status_code == 400
    made = desk.post("/holiday", DAY)
    assert desk.ask("PUT", f"/holiday/{made['id']}", {"message": "Feliz Natal"}).json()["message"] == "Feliz Natal"
    assert desk.ask("GET", f"/holiday/{made['id']}").json()["from"] == DAY["from"]
    assert desk.ask("DELETE", f"/holiday/{made['id']}").status_code == 204
    assert desk.ask("DELETE", f"/holiday/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("path", "query", "count"),
    [
        ("/contacts", {"perPage": "5"}, 5),
        ("/contacts", {"perPage": "5", "page": "3"}, 2),
        ("/contacts", {"where[name][$in][0]": "Ana Almeida", "where[name][$in][1]": "Carla Almeida"}, 2),
        ("/contacts", {"where[data.number][$iLike]": "%0000003%", "where[serviceId]": "service-phone"}, 1),
        ("/contacts", {"query": {"where": {"lastMessageAt": {"$lte": "2026-12-11T00:00:00Z"}}, "perPage": 50}}, 11),
        ("/tickets", {"where[contactId]": "contact-0003"}, 1),
        ("/tickets", {"query": {"where": {"isOpen": {"$in": [True, False]}}, "distinct": True}}, 4),
        ("/tickets", {"query": {"where": {"isOpen": {"$eq": False}}}}, 0),
        ("/departments", {"query": {"order": [["name", "asc"]], "attributes": ["name"]}}, 3),
    ],
)
def test_lists_are_asked_for_as_in_the_examples(desk: Desk, path: str, query: dict[str, Any], count: int) -> None:
    """Parameters and the JSON of the vendor's examples filter, order and page."""
    sent = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in query.items()}
    assert len(desk.ask("GET", path, **sent).json()["data"]) == count


def test_what_comes_with_a_ticket(desk: Desk) -> None:
    """A ticket comes with its contact, its department and who has it, where they are asked for."""
    include = [{"model": "contact", "required": True, "where": {"visible": True}, "attributes": ["name"]}, "user"]
    found = desk.ask("GET", "/tickets", query=json.dumps({"include": include})).json()["data"]
    assert found[0]["contact"] == {"name": "Carla Almeida"}
    assert found[0]["user"]["name"] == "Rita Lima"
    none = [{"model": "contact", "required": True, "where": {"visible": False}}]
    assert desk.ask("GET", "/tickets", query=json.dumps({"include": none})).json()["data"] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/contacts", {"perpage": "5"}),
        ("/contacts", {"page": "0"}),
        ("/contacts", {"where[nmae]": "x"}),
        ("/contacts", {"where[name][$like]": "x"}),
        ("/contacts", {"query": "{"}),
        ("/contacts", {"query": '{"wher": {}}'}),
        ("/contacts", {"query": '{"include": ["tags"]}'}),
        ("/users/user-rita", {"include": "friends"}),
        ("/contacts/contact-0001", {"include": "roles"}),
    ],
)
def test_a_misspelt_parameter_is_refused(desk: Desk, path: str, query: dict[str, str]) -> None:
    """Nothing is ignored: a parameter, a column or an operator that nobody knows is a 400."""
    assert desk.ask("GET", path, **query).status_code == 400


def test_who_may(desk: Desk) -> None:
    """An unknown token is 401; a role without schedules gets 403 for them, and may do the rest."""
    assert desk.ask("GET", "/me", token="other").status_code == 401
    assert desk.ask("GET", "/me").json()["name"] == "Outage Runner"
    assert desk.ask("GET", "/users/user-rita", include="roles").json()["roles"][0]["isAdmin"] is False
    assert desk.ask("POST", "/schedule", PLAN, token=AGENT_TOKEN).status_code == 403
    assert desk.ask("POST", "/holiday", DAY, token=AGENT_TOKEN).status_code == 200
    assert desk.ask("GET", "/campaigns").status_code == 501
    assert desk.ask("POST", "/holiday", [1]).status_code == 400


def test_the_sandbox_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """`runner sandbox digisac` serves an account with the zone and the contacts that are asked for."""
    served = []
    monkeypatch.setattr("providers.wire.serving.until_stopped", lambda *given: served.append(given))
    group: click.Group = sandbox.group(list, lambda: NOON)
    done = CliRunner().invoke(group, ["--contacts", "3", "--zone", "America/Bogota", "--port", "0"])
    assert done.exit_code == 0, done.output
    ((wire, port, lines),) = served
    assert (port, lines["token"], lines["account"]) == (0, TOKEN, "3 contacts, zone America/Bogota")
    assert wire.requests == []
