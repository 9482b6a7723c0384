"""Requests to a Zendesk account: credentials and their renewal, paging, tries, shares of the limit, and silence about
secrets."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from traceback import format_exception
from typing import Any

import httpx
import pytest

from providers.http import NoReply, NotSent
from providers.wire.faults import Fault
from providers.zendesk.account import Account as Configured
from providers.zendesk.account import account_of
from providers.zendesk.checkup import examine
from providers.zendesk.client import Client
from providers.zendesk.provider import open_target
from providers.zendesk.simulator.access import API_TOKEN, CHAT_TOKEN, CLIENT_SECRET
from providers.zendesk.simulator.access import Client as OAuthClient
from providers.zendesk.simulator.account import Account
from runner.spi import (
    Forbidden,
    ProviderError,
    Query,
    RateLimited,
    Rejected,
    Target,
    Unauthorized,
    Unavailable,
)
from runner.testing.io import ScriptedIo
from tests.support.zendesk import SECRETS, Wire, target

NOON = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
LEGACY = Target("desk", "zendesk", {"subdomain": "example"}, {"email": "env:MAIL", "api_token": "env:TOKEN"})
SWITCH = {"settings": {"voice": False}}
VOICE = "/api/v2/channels/voice/settings"


class Desk:
    """An account of the simulator and a client on it."""

    def __init__(self, configured: Target | None = None, **options: Any) -> None:
        self.io = ScriptedIo(NOON, SECRETS)
        self.account = Account(clock=lambda: self.io.now().timestamp(), **{"tickets": 30, **options})
        self.io = self._world()
        self.target = configured or target()
        self.client = Client(account_of(self.target), self.target, self.io)

    def _world(self) -> ScriptedIo:
        mail, token = next(iter(self.account.access.api_tokens)).split("/token:")
        return ScriptedIo(NOON, {**SECRETS, "env:MAIL": mail, "env:TOKEN": token}, Wire(self.account))

    def read(self) -> list[Any]:
        return list(self.client.pages("/api/v2/groups", "groups", "list groups"))

    def count(self, method: str, rule: str) -> int:
        return self.account.requested(method, rule)

    @property
    def tokens(self) -> int:
        return self.count("POST", "/oauth/tokens")


class Scripted:
    """A client on a handler; the token is given by hand, and requests are kept without that of the token."""

    def __init__(self, handler: Callable[[httpx.Request], httpx.Response], token: Any = None) -> None:
        self.requests: list[httpx.Request] = []
        self.token = {"access_token": "t-1", "scope": "read write", "expires_in": 3600} if token is None else token

        def answer(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/oauth/tokens":
                return self.token if isinstance(self.token, httpx.Response) else httpx.Response(200, json=self.token)
            self.requests.append(request)
            return handler(request)

        self.io = ScriptedIo(NOON, SECRETS, httpx.MockTransport(answer))
        self.client = Client(account_of(target()), target(), self.io)


def scripted(*answers: httpx.Response | type[httpx.TransportError]) -> Scripted:
    """Return a client that gets these answers, one after the other."""
    left = list(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        answer = left.pop(0)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer("broken", request=request)

    return Scripted(handler)


# --- OAuth ----------------------------------------------------------------------------------------------------------


def test_one_token_serves_many_requests() -> None:
    """A token is asked for at the first request and kept, with the broad scopes named."""
    desk = Desk()
    assert desk.io.asked == []
    for _ in range(3):
        desk.read()
    assert desk.tokens == 1
    (asked,) = [each.body for each in desk.account.requests if each.rule == "/oauth/tokens"]
    assert (asked["grant_type"], asked["scope"], asked["expires_in"]) == ("client_credentials", "read write", 3600)
    assert desk.client.tokens.granted == "read write"
    assert desk.client.tokens.missing() == []


def test_a_token_is_renewed_before_its_end() -> None:
    """A minute before a token ends the next request gets another one: none is refused for its age."""
    desk = Desk()
    desk.read()
    desk.io.sleep(3600 - 61)
    desk.read()
    assert desk.tokens == 1
    desk.io.sleep(2)
    desk.read()
    assert desk.tokens == 2
    assert {each.status for each in desk.account.requests} <= {200, 201}


@pytest.mark.parametrize("lasts", [300, 30, None])
def test_a_short_life_is_respected(lasts: int | None) -> None:
    """What the answer says about the token's life counts, not what we asked for."""
    wire = Scripted(lambda _: httpx.Response(200, json={}), {"access_token": "t", "expires_in": lasts, "scope": "read"})
    wire.client.get("/x", "look")
    until = wire.client.tokens._until - NOON.timestamp()
    assert until == {300: 240, 30: 1, None: 3540}[lasts]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_token_that_ends_in_mid_run_is_replaced_once(method: str) -> None:
    """After a 401 the same request goes out once more with a new token, a write too: nothing was done with the old."""
    desk = Desk()
    desk.read()
    rule = "/api/v2/groups" if method == "GET" else VOICE
    desk.account.faults.add(Fault("401", method=method, rule=rule))
    if method == "GET":
        assert desk.read()
    else:
        desk.client.write("PUT", VOICE, "switch Talk", SWITCH)
    assert desk.tokens == 2
    assert [each.status for each in desk.account.requests if (each.method, each.rule) == (method, rule)][-2:] == [
        401,
        200,
    ]


def test_a_credential_that_stays_refused_is_told() -> None:
    """A second 401 is the end: no loop, and a sentence about the credential."""
    wire = Scripted(lambda _: httpx.Response(401, json={"error": "Couldn't authenticate you"}))
    with pytest.raises(Unauthorized, match="does not accept the credential"):
        wire.client.get("/x", "look")
    assert len(wire.requests) == 2


def test_a_refused_client_is_told() -> None:
    """A wrong secret or a scope that is not on the client's list: what to check, and what Zendesk says."""
    desk = Desk()
    client = desk.account.access._clients.popitem()[1]
    with pytest.raises(Unauthorized, match="gives no token for this OAuth client") as caught:
        desk.read()
    assert "`client_secret`" in caught.value.message
    desk.account.access.add_client(OAuthClient(client.id, client.secret, client.user, ("tickets:read",)))
    with pytest.raises(Unauthorized, match="not on the client's list"):
        desk.read()


def test_a_missing_credential_says_which() -> None:
    """Without `client_id` in runner.yaml the message names the line to add; a variable that is not set is named."""
    desk = Desk(Target("desk", "zendesk", {"subdomain": "example"}))
    with pytest.raises(Unauthorized, match=r"no credential `client_id`.*targets\.desk\.credentials"):
        desk.read()
    desk = Desk(Target("desk", "zendesk", {"subdomain": "example"}, {"client_id": "env:NOT_SET"}))
    with pytest.raises(Unauthorized, match="env:NOT_SET"):
        desk.read()
    assert desk.account.requests == []


@pytest.mark.parametrize("granted", ["read", ["read"]])
def test_scopes_that_were_not_granted_are_known(granted: Any) -> None:
    """A token that was given narrower than asked for is found out, and a refusal because of it says what is missing."""
    token = {"access_token": "t", "scope": granted, "expires_in": 3600}
    refusal = {"error": "insufficient_scope", "error_description": "the token lacks the scope write"}
    wire = Scripted(
        lambda r: httpx.Response(403, json=refusal) if r.method == "PUT" else httpx.Response(200, json={}), token
    )
    assert wire.client.tokens.missing() == []
    wire.client.get("/x", "look")
    assert wire.client.tokens.missing() == ["write"]
    with pytest.raises(Forbidden, match=r"switch Talk: not allowed .*given without write: add it"):
        wire.client.write("PUT", "/x", "switch Talk", SWITCH)


def test_an_answer_without_scopes_hides_none() -> None:
    """Where Zendesk says nothing of scopes, none is claimed to be missing."""
    wire = Scripted(lambda _: httpx.Response(200, json={}), {"access_token": "t"})
    wire.client.get("/x", "look")
    assert wire.client.tokens.missing() == []


@pytest.mark.parametrize(
    "data", [{}, {"access_token": ""}, {"access_token": 7}, [], {"access_token": "t", "expires_in": "x"}]
)
def test_an_answer_without_a_token_is_told(data: Any) -> None:
    """A 200 of /oauth/tokens that holds no token is no credential."""
    wire = Scripted(lambda _: httpx.Response(200, json={}), httpx.Response(200, json=data))
    with pytest.raises(Unauthorized, match="holds none"):
        wire.client.get("/x", "look")
    assert wire.requests == []


@pytest.mark.parametrize("what", ["timeout_committed", "reset", "half", "503", "500", "redirect"])
def test_a_lost_token_is_not_a_lost_write(what: Any) -> None:
    """When the token does not arrive, the write behind it was not sent, and the error says so."""
    desk = Desk()
    desk.account.faults.add(Fault(what, rule="/oauth/tokens"))
    with pytest.raises(NotSent):
        desk.client.write("PUT", VOICE, "switch Talk", SWITCH)
    assert desk.count("PUT", VOICE) == 0


def test_a_token_is_tried_for_again_by_reads() -> None:
    """A broken connection while asking for a token costs a read a second, not its answer."""
    desk = Desk()
    desk.account.faults.add(Fault("reset", rule="/oauth/tokens"))
    assert desk.read()
    assert desk.tokens == 2


# --- legacy tokens, Chat, and nobody ------------------------------------------------------------------------------


def test_an_api_token_is_the_legacy_way() -> None:
    """`email` and `api_token` are sent as Basic, without OAuth, while Zendesk still takes them."""
    desk = Desk(LEGACY)
    assert desk.client.tokens.legacy
    assert desk.read()
    assert desk.tokens == 0
    desk.io.sleep((datetime(2027, 4, 30, tzinfo=UTC) - NOON).total_seconds())
    with pytest.raises(Unauthorized, match="does not accept the credential"):
        desk.read()
    assert not Desk().client.tokens.legacy
    both = Target("desk", "zendesk", {"subdomain": "example"}, {**target().credentials, **LEGACY.credentials})
    assert not Desk(both).client.tokens.legacy


def test_chat_has_a_credential_of_its_own() -> None:
    """Requests to Chat carry Chat's token, those to Support never do; without one the line to add is named."""
    desk = Desk()
    assert desk.client.get("/api/v2/chat/triggers", "list chat triggers", family="chat")
    assert desk.tokens == 0
    bare = Target("desk", "zendesk", {"subdomain": "example"}, {"client_id": "env:ZENDESK_CLIENT_ID"})
    with pytest.raises(Unauthorized, match="no credential `chat_token`"):
        Desk(bare).client.get("/api/v2/chat/triggers", "list chat triggers", family="chat")


def test_an_anonymous_user_proves_nothing() -> None:
    """`/users/me` answers 200 to everybody, so no reading relies on it: what is read needs the credential, and doctor
    takes a user without an id for nobody."""
    desk = Desk()
    assert json.loads(_raw(desk.account, "/api/v2/users/me"))["user"]["id"] is None
    before = len(desk.account.requests)
    provider = open_target(target(), desk.io)
    for kind in ("business_hours", "holiday", "rule", "message", "voice", "notice", "tickets"):
        assert next(iter(provider.read(Query(kind, paths=("name",)))))
    assert all("/users/me" not in each.path for each in desk.account.requests[before:])
    anybody = scripted(httpx.Response(200, json={"user": {"id": None, "name": "Anonymous user", "role": "end-user"}}))
    assert [each.state for each in examine(anybody.client, target())] == ["problem"]
    desk.account.access._clients.clear()
    with pytest.raises(Unauthorized):
        next(iter(open_target(target(), desk.io).read(Query("business_hours", paths=("name",)))))


def _raw(account: Account, path: str) -> str:
    client = httpx.Client(transport=Wire(account), base_url="https://example.zendesk.com")
    return client.get(path, headers={"Accept": "application/json"}).text


# --- paging ---------------------------------------------------------------------------------------------------------


def _page(rows: list[int], after: str | None, *, more: bool = True) -> httpx.Response:
    return httpx.Response(
        200, json={"rows": [{"id": each} for each in rows], "meta": {"has_more": more, "after_cursor": after}}
    )


def test_lists_are_paged_by_cursor() -> None:
    """Pages of a hundred, each behind the cursor of the one before, until there is no more; never an offset."""
    wire = scripted(_page([1, 2], "a"), _page([3], "b="), _page([], "c", more=False))
    rows = list(wire.client.pages("/x", "rows", "list rows", family="export", filter_type="ticket"))
    assert [row["id"] for row in rows] == [1, 2, 3]
    asked = [dict(each.url.params) for each in wire.requests]
    assert asked == [
        {"page[size]": "100", "filter[type]": "ticket"},
        {"page[size]": "100", "filter[type]": "ticket", "page[after]": "a"},
        {"page[size]": "100", "filter[type]": "ticket", "page[after]": "b="},
    ]


def test_pages_are_fetched_when_they_are_wanted() -> None:
    """One page is in memory: the second is asked for when the first is used up."""
    wire = scripted(_page([1, 2], "a"), _page([3], None, more=False))
    rows = wire.client.pages("/x", "rows", "list rows")
    assert next(rows) == {"id": 1}
    assert len(wire.requests) == 1
    assert len(list(rows)) == 2


@pytest.mark.parametrize(
    "answers",
    [
        (_page([1], "a"), _page([2], "a")),
        (_page([1], "a"), _page([2], "b"), _page([3], "a")),
        (_page([1], None),),
        (httpx.Response(200, json={"rows": [], "next_page": "https://example.zendesk.com/x?page=2"}),),
    ],
)
def test_a_list_that_cannot_be_paged_is_no_list(answers: Any) -> None:
    """A cursor that comes back, none where more is promised, or pages by offset: told, never half a list as a whole."""
    with pytest.raises(Unavailable, match="list rows: the list goes on"):
        list(scripted(*answers).client.pages("/x", "rows", "list rows"))


def test_a_list_without_pages_is_whole() -> None:
    """Schedules, holidays and custom statuses have no pages."""
    wire = scripted(httpx.Response(200, json={"rows": [{"id": 1}], "url": "x"}))
    assert wire.client.whole("/x", "rows", "list rows") == [{"id": 1}]
    assert dict(wire.requests[0].url.params) == {}


# --- garbage --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Sign in"),
        httpx.Response(200, content=b""),
        httpx.Response(200, json={"other": []}),
        httpx.Response(200, json={"rows": None}),
        httpx.Response(200, json={"rows": [1, 2]}),
        httpx.Response(200, json=["rows"]),
        httpx.Response(200, json="rows"),
    ],
)
def test_a_success_with_garbage_is_no_answer(answer: httpx.Response) -> None:
    """A 200 that is a page, empty, or of another shape is told as such, with the request that got it."""
    wire = Scripted(lambda _: answer)
    with pytest.raises(Unavailable, match=r"desk: list rows: .*is this address really Zendesk's\?"):
        wire.client.whole("/x", "rows", "list rows")


def test_a_write_answered_with_garbage_may_have_been_done() -> None:
    """A page in place of the answer to a write leaves it unknown; an empty answer to a write is fine."""
    with pytest.raises(NoReply):
        scripted(httpx.Response(200, text="<html>")).client.write("PUT", "/x", "change", {})
    assert scripted(httpx.Response(204)).client.write("DELETE", "/x", "delete") is None


# --- tries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["timeout", "reset", "half", "503", "500", "garbage", "409"])
def test_a_read_is_tried_again(what: Any) -> None:
    """Overload and broken connections are waited out a few times, longer each time."""
    desk = Desk()
    desk.account.faults.add(Fault(what, method="GET", rule="/api/v2/groups", times=3))
    assert desk.read()
    assert desk.count("GET", "/api/v2/groups") == 4
    assert desk.io.slept == [1.0, 2.0, 4.0]


def test_a_read_is_not_tried_for_ever() -> None:
    """The fourth fault is the runner's to know."""
    desk = Desk()
    desk.account.faults.add(Fault("503", rule="/api/v2/groups", times=0))
    with pytest.raises(Unavailable, match="desk: list groups: Zendesk answers 503"):
        desk.read()
    assert desk.count("GET", "/api/v2/groups") == 4


@pytest.mark.parametrize("what", ["429", "429_date", "503_retry"])
def test_a_read_waits_as_long_as_it_is_told(what: Any) -> None:
    """Retry-After, as seconds or as a date, of a 429 and of a 503, is obeyed."""
    desk = Desk()
    desk.read()
    desk.account.faults.add(Fault(what, method="GET", rule="/api/v2/groups", seconds=6.0))
    start = desk.io.now()
    assert desk.read()
    assert (desk.io.now() - start).total_seconds() == pytest.approx(6.0, abs=1.0)


def test_a_long_refusal_is_the_runners() -> None:
    """A wait that is longer than the runner waits for us is told with its seconds, and not tried before."""
    desk = Desk()
    desk.account.faults.add(Fault("429", method="GET", rule="/api/v2/groups", seconds=93.0))
    with pytest.raises(RateLimited) as caught:
        desk.read()
    assert caught.value.retry_after == 93.0
    with pytest.raises(RateLimited, match="left to the agents' own tools"):
        desk.read()
    assert desk.count("GET", "/api/v2/groups") == 1
    desk.io.sleep(93.0)
    assert desk.read()


def test_a_refused_read_is_not_tried_again() -> None:
    """What will be refused again is asked once."""
    for status, kind in ((403, Forbidden), (422, Rejected), (404, ProviderError)):
        wire = Scripted(lambda _, status=status: httpx.Response(status, json={"error": "RecordInvalid"}))
        with pytest.raises(kind):
            wire.client.get("/x", "look")
        assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "what",
    [
        "timeout",
        "timeout_committed",
        "reset",
        "reset_committed",
        "half",
        "429",
        "503",
        "503_retry",
        "409",
        "500",
        "garbage",
    ],
)
def test_a_write_is_sent_once(what: Any) -> None:
    """Whatever becomes of a write, it is never sent again by itself: the runner looks first."""
    desk = Desk()
    desk.read()
    desk.account.faults.add(Fault(what, method="PUT", rule=VOICE))
    with pytest.raises(ProviderError) as caught:
        desk.client.write("PUT", VOICE, "switch Talk", SWITCH)
    assert desk.count("PUT", VOICE) == 1
    assert isinstance(caught.value, RateLimited if what == "429" else Unavailable)
    assert not isinstance(caught.value, NotSent)


def test_a_write_that_would_come_too_late_is_not_sent() -> None:
    """The runner waits for half a minute: no request of a write begins after the time that would take it past that."""
    desk = Desk()
    desk.client.begin()
    desk.client.write("PUT", VOICE, "switch Talk", SWITCH)
    desk.io.sleep(10.5)
    with pytest.raises(NotSent, match="it was not sent"):
        desk.client.write("PUT", VOICE, "switch Talk", SWITCH)
    assert desk.read()
    desk.client.begin()
    desk.client.write("PUT", VOICE, "switch Talk", SWITCH)
    assert desk.count("PUT", VOICE) == 2


def test_reading_ends_before_the_runner_gives_up() -> None:
    """Tries that would go on after the runner's deadline are not made."""
    io = ScriptedIo(NOON, {"env:MAIL": "a@b.c", "env:TOKEN": "x"})
    asked = []

    def slow(request: httpx.Request) -> httpx.Response:
        io.sleep(6.0)
        asked.append(request)
        raise httpx.ReadTimeout("slow", request=request)

    io._transport = httpx.MockTransport(slow)
    client = Client(account_of(LEGACY), LEGACY, io)
    with pytest.raises(NoReply):
        client.get("/x", "look")
    assert len(asked) == 2


# --- shares ---------------------------------------------------------------------------------------------------------


def per_minute(plan: str, family: str, **more: Any) -> float:
    return account_of(Target("desk", "zendesk", {"subdomain": "example", "plan": plan, **more})).per_minute(family)


def test_every_plan_has_its_limits() -> None:
    """Requests a minute by plan and endpoint, as documented; a sandbox updates tickets more slowly."""
    assert [per_minute(plan, "support") for plan in ("team", "growth", "enterprise", "plus")] == [200, 400, 700, 2500]
    assert [per_minute("enterprise", family) for family in ("update", "export", "chat", "help_center")] == [
        100,
        100,
        200,
        700,
    ]
    assert per_minute("enterprise", "update", sandbox=True) == 20
    assert per_minute("support-team", "search") == 200


def _limits(wide: int, own: str = "") -> dict[str, str]:
    found = {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": str(wide), "ratelimit-reset": "30"}
    return {**found, "zendesk-ratelimit-tickets-update": own} if own else found


def test_the_endpoints_limit_is_not_the_accounts() -> None:
    """The account's headers feed its share, those of the endpoint the endpoint's: neither replaces the other."""
    wire = Scripted(lambda r: httpx.Response(200, json={}, headers=_limits(650, own[0] if r.method == "PUT" else "")))
    own = [""]
    wire.client.write("PUT", "/x", "update", {}, family="update")
    wire.client.get("/x", "look")
    assert wire.client._budget("update").per_minute == 100
    assert wire.client._budget("support").per_minute == 700
    own[0] = "total=300; remaining=290; resets=12"
    wire.client.write("PUT", "/x", "update", {}, family="update")
    assert wire.client._budget("update").per_minute == 300
    assert wire.client._budget("support").per_minute == 700


def test_a_narrow_endpoint_does_not_slow_the_account() -> None:
    """A limit of ten a minute on one endpoint is not taken for that of everything that is read."""
    own = "total=10; remaining=1; resets=50"
    wire = Scripted(lambda _: httpx.Response(200, json={}, headers=_limits(650, own)))
    for _ in range(5):
        wire.client.get("/x", "look")
    assert wire.client._budget("support").per_minute == 700
    assert wire.io.slept == []


def test_the_agents_share_is_left_whoever_uses_it() -> None:
    """When the account has only the reserve left, all families of it wait; the Help Center has its own."""
    wire = Scripted(lambda _: httpx.Response(200, json={}, headers=_limits(210)))
    wire.client.get("/x", "look")
    for family in ("support", "update", "export"):
        with pytest.raises(RateLimited, match="left to the agents' own tools"):
            wire.client.write("PUT", "/x", "update", {}, family=family)
    wire.client.get("/x", "look", family="help_center")


def test_an_endpoint_that_is_used_up_leaves_the_others() -> None:
    """Ticket updates that wait do not hold up reading."""
    wire = Scripted(lambda _: httpx.Response(200, json={}, headers=_limits(650, "total=100; remaining=30; resets=45")))
    wire.client.write("PUT", "/x", "update", {}, family="update")
    with pytest.raises(RateLimited) as caught:
        wire.client.write("PUT", "/x", "update", {}, family="update")
    assert caught.value.retry_after == pytest.approx(45.0, abs=1.0)
    wire.client.get("/x", "look")


def test_odd_headers_are_nothing() -> None:
    """Headers that cannot be read change nothing."""
    odd = {"X-Rate-Limit": "many", "zendesk-ratelimit-x": ";;=;total", "ratelimit-reset": ""}
    wire = Scripted(lambda _: httpx.Response(200, json={}, headers=odd))
    wire.client.write("PUT", "/x", "update", {}, family="update")
    assert wire.client._budget("update").per_minute == 100


def test_the_share_is_kept_against_the_simulators_limits() -> None:
    """Four hundred reads on a plan of 200 a minute never meet a 429, and the agents' part stays."""
    small = target(plan="team")
    desk = Desk(small, plan="team")
    for _ in range(400):
        try:
            desk.client.get("/api/v2/groups", "list groups")
        except RateLimited as fault:
            desk.io.sleep(fault.retry_after)
    assert {each.status for each in desk.account.requests} <= {200, 201}
    minutes = (desk.io.now() - NOON).total_seconds() / 60
    assert 400 / 140 - 0.5 < minutes < 400 / 140 + 1.5


# --- configuration --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "options.subdomain is missing"),
        ({"subdomain": "a.b"}, "options.subdomain is missing"),
        ({"subdomain": "example.org/x?"}, "options.subdomain is missing"),
        ({"subdomain": 7}, "options.subdomain is missing"),
        ({"url": "http://example.zendesk.com"}, "must be an https:// address"),
        ({"url": "https://example.org"}, "is no address of this vendor"),
        ({"subdomain": "example", "plan": "gold"}, "options.plan must be one of support-team"),
        ({"subdomain": "example", "plan": ["enterprise"]}, "options.plan must be one of"),
        ({"subdomain": "example", "search_page": 1001}, "options.search_page must be"),
        ({"subdomain": "example", "search_page": True}, "options.search_page must be"),
        ({"subdomain": "example", "app_id": "x"}, "options.app_id must be"),
        ({"subdomain": "example", "statuses": ["x"]}, "options.statuses must map"),
        ({"subdomain": "example", "statuses": {"x": "nope"}}, "options.statuses.x"),
        ({"subdomain": "example", "statuses": {"x": {"custom_status_id": 1}}}, "options.statuses.x"),
        ({"subdomain": "example", "statuses": {"x": {"status": "closed"}}}, "options.statuses.x"),
        (
            {"subdomain": "example", "statuses": {"x": {"status": "open", "custom_status_id": "1"}}},
            "options.statuses.x",
        ),
        ({"subdomain": "example", "colour": 1}, "options.colour is no option of zendesk; there are app_id,"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], said: str) -> None:
    """Every option of the target is checked offline, and the message says what it may be."""
    with pytest.raises(Rejected) as caught:
        account_of(Target("desk", "zendesk", options))
    assert said in caught.value.message


def test_a_subdomain_is_an_address() -> None:
    """The subdomain alone is enough."""
    found: Configured = account_of(Target("desk", "zendesk", {"subdomain": "Example"}))
    assert (found.url, found.plan, found.search_page) == ("https://example.zendesk.com", "professional", 1000)


# --- secrets --------------------------------------------------------------------------------------------------------


def test_no_message_and_no_repr_holds_a_secret() -> None:
    """Whatever goes wrong, neither the client nor any error with its causes shows a credential."""
    said: list[str] = []
    for configured in (target(), LEGACY):
        for what in ("timeout", "reset", "half", "429", "503", "409", "401", "500", "garbage", "redirect"):
            desk = Desk(configured)
            desk.account.faults.add(Fault(what, method="PUT", times=0), Fault(what, rule="/api/v2/groups", times=0))
            for act in (desk.read, lambda desk=desk: desk.client.write("PUT", VOICE, "switch Talk", SWITCH)):
                try:
                    act()
                except ProviderError as fault:
                    said += [str(fault), repr(fault), repr(vars(fault)), "".join(format_exception(fault))]
            said += [repr(each) for each in (desk.client, desk.client.tokens, desk.client.http, desk.client.account)]
    assert len(said) > 60
    basic = b64encode(f"x/token:{API_TOKEN}".encode()).decode()[8:-4]
    tokens = [f"token-{number}-of-the-simulator" for number in range(1, 4)]
    for secret in (CLIENT_SECRET, API_TOKEN, CHAT_TOKEN, basic, *tokens):
        assert [text for text in said if secret in text] == []
