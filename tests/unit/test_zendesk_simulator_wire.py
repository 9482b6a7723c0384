"""The wire of the simulated Zendesk: credentials, scopes, headers, limits, errors and scripted faults."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from providers.wire.faults import Fault, WireFault
from providers.zendesk.simulator.access import API_TOKEN, CHAT_TOKEN, CLIENT_ID, CLIENT_SECRET, Client
from providers.zendesk.simulator.core import User
from providers.zendesk.simulator.sandbox import group
from tests.support.zendesk_account import Zendesk

HOURS = "business_hours/schedules"


@pytest.fixture
def zendesk() -> Zendesk:
    return Zendesk()


def grant(zendesk: Zendesk, **wanted: Any) -> httpx.Response:
    body = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **wanted}
    return zendesk.client().post("/oauth/tokens", json=body)


def status(zendesk: Zendesk, token: str, method: str, path: str, body: Any = None) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return zendesk.client().request(method, f"/api/v2/{path}", json=body, headers=headers).status_code


# --- credentials ----------------------------------------------------------------------------------------------------


def test_without_credential_only_users_me_answers_and_knows_nobody(zendesk: Zendesk) -> None:
    """No credential is 401 everywhere but at users/me, where it is a 200 about nobody."""
    anonymous = zendesk.client()
    assert anonymous.get("/api/v2/tickets/1").status_code == 401
    reply = anonymous.get("/api/v2/users/me.json")
    assert reply.status_code == 200
    assert reply.json()["user"]["id"] is None


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"grant_type": "password"}, 400),
        ({"client_secret": "another"}, 401),
        ({"client_id": "another"}, 401),
        ({"expires_in": 299}, 400),
        ({"expires_in": 172_801}, 400),
        ({"expires_in": 300}, 201),
    ],
)
def test_token_requests(zendesk: Zendesk, wanted: dict[str, Any], code: int) -> None:
    """A token needs the right grant, client, secret and a life between 300 and 172,800 seconds."""
    assert grant(zendesk, **wanted).status_code == code


def test_a_token_may_be_asked_for_as_a_form(zendesk: Zendesk) -> None:
    """OAuth clients that send a form get a token as those that send JSON do."""
    body = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    assert zendesk.client().post("/oauth/tokens", data=body).json()["scope"] == "read write"


def test_scope_traps(zendesk: Zendesk) -> None:
    """An empty scope is everything, an unknown name is dropped, a name off the client's list is refused."""
    assert grant(zendesk, scope="").json()["scope"] == "read write"
    narrowed = grant(zendesk, scope="read schedules:write").json()
    assert narrowed["scope"] == "read"
    user = User(9_000_001, "Runner Service", "admin")
    zendesk.account.access.add_client(Client("small", "s", user, ("tickets:read", "tickets:write")))
    off = grant(zendesk, client_id="small", client_secret="s", scope="read")
    assert (off.status_code, off.json()["error"]) == (400, "invalid_scope")
    with pytest.raises(ValueError, match="write"):
        zendesk.account.access.add_client(Client("odd", "s", user, ("write", "tickets:write")))


@pytest.mark.parametrize(
    ("scope", "method", "path", "body", "code"),
    [
        ("read", "GET", HOURS, None, 200),
        ("read", "POST", HOURS, {"schedule": {}}, 403),
        ("tickets:read", "GET", "tickets/1", None, 200),
        ("tickets:read", "PUT", "tickets/1", {"ticket": {}}, 403),
        ("tickets:read tickets:write", "GET", HOURS, None, 403),
        ("triggers:write", "PUT", "triggers/update_many", {"triggers": [{"id": 42_005, "active": False}]}, 200),
        ("triggers:write", "GET", "triggers", None, 403),
        ("tickets:read", "GET", "job_statuses", None, 403),
        ("tickets:read", "GET", "search/count?query=tags:vip", None, 403),
    ],
)
def test_scopes(zendesk: Zendesk, scope: str, method: str, path: str, body: Any, code: int) -> None:
    """Hours, jobs and search need the broad scopes; tickets and triggers have narrow ones."""
    assert status(zendesk, zendesk.token(scope=scope), method, path, body) == code


def test_agents_may_not_change_hours(zendesk: Zendesk) -> None:
    """The role of the client's user decides: an agent shows a schedule and does not list or change it."""
    zendesk.account.access.add_client(Client("agent", "s", User(9_000_002, "Ana Souza", "agent")))
    token = zendesk.token(client_id="agent", client_secret="s")
    assert status(zendesk, token, "GET", f"{HOURS}/361001") == 200
    assert status(zendesk, token, "GET", HOURS) == 403


def test_a_token_ends(zendesk: Zendesk) -> None:
    """An expired token is 401 invalid_token."""
    token = zendesk.token(expires_in=300)
    zendesk.now += 299
    assert status(zendesk, token, "GET", "tickets/1") == 200
    zendesk.now += 1
    reply = zendesk.client().get("/api/v2/tickets/1", headers={"Authorization": f"Bearer {token}"})
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_token")


def test_api_tokens_end_in_april_2027(zendesk: Zendesk) -> None:
    """The legacy credential works until 2027-04-30 and never again."""
    legacy = zendesk.client()
    auth = httpx.BasicAuth("runner.service@example.com/token", API_TOKEN)
    assert legacy.get("/api/v2/users/me", auth=auth).json()["user"]["id"] == 9_000_001
    zendesk.now = 1_809_043_200.0
    assert legacy.get("/api/v2/tickets/1", auth=auth).status_code == 401


def test_chat_has_its_own_credential(zendesk: Zendesk) -> None:
    """A Support token is refused by Chat, and Chat's by Support."""
    assert zendesk.status("GET", "chat/triggers") == 401
    assert status(zendesk, CHAT_TOKEN, "GET", "chat/triggers") == 200
    assert status(zendesk, CHAT_TOKEN, "GET", "tickets/1") == 401


# --- headers and errors ---------------------------------------------------------------------------------------------


def test_formats(zendesk: Zendesk) -> None:
    """No Accept is 415, a Help Center path without .json too, a body that is no JSON 400, an unknown route 501."""
    assert zendesk.http.get("/api/v2/tickets/1", headers={"Accept": ""}).status_code == 415
    assert zendesk.http.get("/api/v2/tickets/1", headers={"Accept": "text/html"}).status_code == 415
    assert zendesk.status("GET", "help_center/articles") == 415
    assert zendesk.status("GET", "help_center/articles.json") == 200
    json = {"Content-Type": "application/json"}
    assert zendesk.http.put("/api/v2/tickets/1", content=b"{", headers=json).status_code == 400
    assert (
        zendesk.http.put("/api/v2/tickets/1", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 400
    )
    assert zendesk.status("GET", "views/1/execute") == 501
    assert zendesk.status("GET", "tickets/1.json") == 200


def test_error_envelopes(zendesk: Zendesk) -> None:
    """The four shapes of an error: a code, a code with details, a title with a message, and a list."""
    assert zendesk.client().get("/api/v2/tickets/1").json() == {"error": "Couldn't authenticate you"}
    assert zendesk.call("GET", "tickets/999999").json()["error"] == "RecordNotFound"
    details = zendesk.call("PUT", "tickets/1", {"ticket": {"priority": "none"}}).json()["details"]
    assert details["priority"][0]["description"]
    assert "message" in zendesk.call("PUT", "tickets/1", {}).json()["error"]
    assert zendesk.call("GET", "tickets", **{"page[size]": 101}).json()["errors"][0]["code"]


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "total"), [("team", 200), ("professional", 400), ("enterprise", 700), ("plus", 2500)])
def test_requests_a_minute_by_plan(plan: str, total: int) -> None:
    """The account-wide limit follows the plan and shows in the headers."""
    zendesk = Zendesk(limits=True, plan=plan, tickets=10)
    headers = zendesk.call("GET", "tickets/1").headers
    assert int(headers["X-Rate-Limit"]) == total
    assert int(headers["X-Rate-Limit-Remaining"]) < total
    assert headers["ratelimit-reset"] == "60"


@pytest.mark.parametrize(
    ("family", "path", "total"),
    [
        ("incremental-exports", "incremental/tickets/cursor?start_time=0", 10),
        ("search-export", "search/export?query=tags:vip&filter[type]=ticket", 100),
        ("tickets-update", "tickets/1/tags", 100),
    ],
)
def test_narrow_limits(family: str, path: str, total: int) -> None:
    """Some endpoints have limits of their own, told in a header, refused with 429 and Retry-After, over in a minute."""
    zendesk = Zendesk(limits=True, tickets=40)
    method, body = ("PUT", {"tags": []}) if family == "tickets-update" else ("GET", None)

    def once(turn: int) -> httpx.Response:
        return zendesk.call(method, path.replace("/1/", f"/{turn % 40 + 1}/"), body)

    replies = [once(turn) for turn in range(total)]
    assert {reply.status_code for reply in replies} <= {200, 422}
    assert replies[0].headers[f"zendesk-ratelimit-{family}"].startswith(f"total={total}; remaining={total - 1};")
    late = once(0)
    assert (late.status_code, late.headers["Retry-After"]) == (429, "60")
    assert zendesk.status("GET", "tickets/1") == 200
    zendesk.now += 60
    assert once(0).status_code in (200, 422)


def test_a_sandbox_takes_20_ticket_updates() -> None:
    """In a sandbox the limit of ticket updates is 20 a minute."""
    zendesk = Zendesk(limits=True, sandbox=True)
    codes = [zendesk.status("PUT", f"tickets/{id_}/tags", {"tags": []}) for id_ in zendesk.some("open", 21)]
    assert (codes.count(200), codes[-1]) == (20, 429)


def test_one_ticket_takes_30_updates_in_ten_minutes() -> None:
    """A user may update one ticket 30 times in ten minutes."""
    zendesk = Zendesk(limits=True)
    (id_,) = zendesk.some("open")
    codes = [zendesk.status("PUT", f"tickets/{id_}/tags", {"tags": [f"t{n}"]}) for n in range(31)]
    assert (codes.count(200), codes[-1]) == (30, 429)
    zendesk.now += 600
    assert zendesk.status("PUT", f"tickets/{id_}/tags", {"tags": ["late"]}) == 200


# --- faults ---------------------------------------------------------------------------------------------------------

WEEK = {"workweek": {"intervals": [{"start_time": 2040, "end_time": 2400}]}}


def week(zendesk: Zendesk) -> Any:
    return zendesk.account.hours.schedules[361_001]["intervals"]


@pytest.mark.parametrize(
    ("what", "kind", "done"),
    [
        ("timeout", "timeout", False),
        ("timeout_committed", "timeout", True),
        ("reset", "reset", False),
        ("reset_committed", "reset", True),
    ],
)
def test_breaks(zendesk: Zendesk, what: Any, kind: str, done: bool) -> None:
    """A broken connection raises what broke it, and the request is carried out or not, as scripted."""
    zendesk.account.faults.add(Fault(what, method="PUT"))
    before = week(zendesk)
    with pytest.raises(WireFault) as broken:
        zendesk.call("PUT", f"{HOURS}/361001/workweek", WEEK)
    assert broken.value.kind == kind
    assert (week(zendesk) != before) is done
    assert zendesk.account.requests[-1].status == 0
    assert zendesk.status("PUT", f"{HOURS}/361001/workweek", WEEK) == 200


@pytest.mark.parametrize(
    ("what", "code", "wait"),
    [
        ("429", 429, "7"),
        ("429_date", 429, "Fri, 11 Dec 2026 14:40:07 GMT"),
        ("503", 503, None),
        ("503_retry", 503, "7"),
        ("409", 409, None),
        ("409_stale", 409, None),
        ("500", 500, None),
        ("redirect", 302, None),
        ("garbage", 200, None),
    ],
)
def test_refusals_that_do_nothing(zendesk: Zendesk, what: Any, code: int, wait: str | None) -> None:
    """A scripted refusal answers instead of the account, which stays as it was."""
    before = zendesk.account.dump()
    zendesk.account.faults.add(Fault(what, seconds=7))
    reply = zendesk.call("PUT", f"{HOURS}/361001/workweek", WEEK)
    assert (reply.status_code, reply.headers.get("Retry-After")) == (code, wait)
    assert zendesk.account.dump() == before


def test_half_an_answer(zendesk: Zendesk) -> None:
    """The answer breaks off in the middle, after the work was done."""
    zendesk.account.faults.add(Fault("half"))
    reply = zendesk.call("PUT", f"{HOURS}/361001/workweek", WEEK)
    with pytest.raises(ValueError, match="column"):
        reply.json()
    assert week(zendesk) == WEEK["workweek"]["intervals"]


def test_a_revoked_token_stays_revoked(zendesk: Zendesk) -> None:
    """401 in mid-run ends the token, not only the request."""
    zendesk.account.faults.add(Fault("401"))
    assert [zendesk.status("GET", "tickets/1") for _ in range(2)] == [401, 401]
    zendesk.http.headers["Authorization"] = f"Bearer {zendesk.token()}"
    assert zendesk.status("GET", "tickets/1") == 200


def test_stale_reads(zendesk: Zendesk) -> None:
    """For some seconds after the write every read shows the state before it, in all areas."""
    zendesk.account.faults.add(Fault("stale", method="PUT", seconds=5))
    before = zendesk.get(f"{HOURS}/361001")
    ticket = zendesk.get("tickets/1")
    assert zendesk.put(f"{HOURS}/361001/workweek", WEEK) == WEEK
    zendesk.now += 4
    assert zendesk.get(f"{HOURS}/361001") == before
    assert zendesk.get("tickets/1") == ticket
    zendesk.now += 1
    assert zendesk.get(f"{HOURS}/361001")["schedule"]["intervals"] == WEEK["workweek"]["intervals"]


def test_where_a_fault_strikes(zendesk: Zendesk) -> None:
    """By index among all requests, by rule or path after some that match, so many times."""
    first = len(zendesk.account.requests)
    zendesk.account.faults.add(Fault("500", at=first + 1), Fault("503", rule="/api/v2/tickets/*", skip=2, times=2))
    assert [zendesk.status("GET", "tickets/1") for _ in range(6)] == [200, 500, 200, 503, 503, 200]
    assert [index - first for index, _ in zendesk.account.faults.struck] == [1, 3, 4]


def test_the_log_of_requests(zendesk: Zendesk) -> None:
    """Tests see every request with its body and count them by operation."""
    zendesk.put(f"{HOURS}/361001/workweek", WEEK)
    last = zendesk.account.requests[-1]
    assert (last.method, last.body, last.status) == ("PUT", WEEK, 200)
    assert zendesk.account.requested("PUT", "/api/v2/business_hours/schedules/<int:id>/workweek") == 1


def test_links_lead_to_the_host_that_was_asked(zendesk: Zendesk) -> None:
    """On a loopback port clients can follow the links of an answer."""
    local = {**zendesk.http.headers, "Host": "127.0.0.1:8080"}
    query = {"query": "status:open", "filter[type]": "ticket", "page[size]": 1}
    answer = zendesk.http.get("/api/v2/search/export", params=query, headers=local).json()
    assert answer["links"]["next"].startswith("https://127.0.0.1:8080/api/v2/search/export.json?")
    assert answer["results"][0]["url"].startswith("https://127.0.0.1:8080/")


def test_the_command_of_the_sandbox() -> None:
    """The group offers what an admin chooses: port, plan, size, limits."""
    shown = CliRunner().invoke(group(tuple, float), ["--help"])
    assert shown.exit_code == 0
    assert all(word in shown.output for word in ("--port", "--plan", "--tickets", "--no-limits"))


def test_a_hundred_thousand_tickets_cost_nothing_at_the_start() -> None:
    """Selecting among them looks at ids one page after the other and stores none."""
    zendesk = Zendesk(tickets=100_000)
    query = {"query": "status:open", "filter[type]": "ticket", "page[size]": 1000}
    assert len(zendesk.get("search/export", **query)["results"]) == 1000
    assert zendesk.account.store.changed == {}
    assert zendesk.get("search/count", query="tags:vip")["count"] > 20_000


def test_other_tools_use_the_account_too() -> None:
    """Their requests come out of the same minute, their jobs out of the same slots."""
    zendesk = Zendesk(limits=True, plan="team")
    before = int(zendesk.call("GET", "tickets/1").headers["X-Rate-Limit-Remaining"])
    zendesk.account.others_use(requests=50, jobs=30)
    assert int(zendesk.call("GET", "tickets/1").headers["X-Rate-Limit-Remaining"]) == before - 51
    assert zendesk.status("PUT", "tickets/update_many", {"ticket": {}}, ids="1") == 429


def test_an_old_token_does_not_hinder_a_new_one(zendesk: Zendesk) -> None:
    """Asking for a token ignores what else the request carries."""
    zendesk.http.headers["Authorization"] = "Bearer expired"
    body = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    assert zendesk.http.post("/oauth/tokens", json=body).status_code == 201
