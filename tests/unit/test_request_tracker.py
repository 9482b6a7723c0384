"""The Request Tracker provider without a server: its options, a ticket as slots, articles, and errors in sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from providers.request_tracker.account import account_of
from providers.request_tracker.notice_kind import article_of, marker_of, notice_of
from providers.request_tracker.provider import RequestTracker, open_target
from providers.request_tracker.ticket_kind import condition_of, fields_of, matches, values_of
from runner.errors import InvalidInput, NotSent, ProviderError, RateLimited, Rejected, Unauthorized, Unavailable
from runner.model import ABSENT, Change, Outcome, Slot, Verdict
from runner.spi import Forbidden, Query, Target
from runner.testing.io import ScriptedIo

URL = "https://rt.example.com"
NOW = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": "7",
    "Subject": "No mail",
    "Status": "new",
    "Starts": "1970-01-01T00:00:00Z",
    "Queue": {"Name": "Support"},
    "Owner": {"Name": "ada"},
}
MARKER = "or-abcdefghijkl"
NOTICE = {"place": "board", "subject": "Logins [again]", "body": "We know.\n\nBack at 14:30."}


def configured(**options: Any) -> Target:
    return Target(
        "tracker", "request_tracker", {"url": URL, **options}, {"token": "env:TOKEN"}, words={"pause": "stalled"}
    )


def opened(answer: Any, **options: Any) -> tuple[RequestTracker, list[httpx.Request]]:
    """Return a provider whose requests are answered by `answer`, and what was sent."""
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        found: httpx.Response = answer(request)
        return found

    io = ScriptedIo(NOW, {"env:TOKEN": "fake-token"}, httpx.MockTransport(handle))
    return open_target(configured(**options), io), sent


def status(key: str, after: str = "stalled") -> Change:
    return Change(Slot("tracker", "tickets", key, "status"), "new", after)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "http://rt.example.com"}, "https://"),
        ({"queue": "Support"}, "is no option of request_tracker"),
        ({"queues": "Support"}, "must be a list of names"),
        ({"lifecycles": {"sales": ["new"]}}, "initial"),
        ({"article_class": ""}, "a class of articles"),
        ({"page": 500}, "from 1 to 100"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], words: str) -> None:
    """Each option that cannot be is a sentence, before anything is sent."""
    with pytest.raises(Rejected, match=words):
        account_of(configured(**options))


def test_a_ticket_as_slots() -> None:
    """Not set is 1970, and absent; other instants come back as they were given; only one form of them is sent."""
    account = account_of(configured(url=f"{URL}/REST/2.0/"))
    assert account.url == URL
    values = values_of(ROW, account)
    assert values["snooze"] is ABSENT
    assert values_of({**ROW, "Starts": "2026-12-14T12:00:00Z"}, account)["snooze"] == {"due": "2026-12-14T12:00:00Z"}
    assert fields_of("snooze", {"due": "2026-12-14T09:00:00-03:00"}) == {"Starts": "2026-12-14 12:00:00"}
    assert fields_of("snooze", ABSENT) == {"Starts": ""}
    assert matches({"queue": "support", "owner": ["Ada"], "open": True, "status": "new"}, values)
    assert not matches({"query": "id < 9"}, values)
    assert matches({"query": "id < 9"}, {**values, "query/id < 9": True})
    assert not matches({"open": True}, values_of({**ROW, "Status": "resolved"}, account))


def test_a_selection_in_ticketsql() -> None:
    """Names are quoted, so that no name can be a condition."""
    where = {"open": True, "queue": ["Support", "O'Neil\\"], "query": "Priority > 5"}
    expected = r"Status = '__Active__' AND (Queue = 'Support' OR Queue = 'O\'Neil\\') AND (Priority > 5)"
    assert condition_of(where) == expected


def test_an_article_as_a_notice() -> None:
    """What is written is read; a disabled article is none, and other articles are nobody's notice."""
    article = article_of(MARKER, NOTICE)
    fields = [{"name": "Content", "values": [NOTICE["body"].replace("\n", "\r\n")]}]
    row = {"id": "1", "Name": article["Name"], "CustomFields": fields}
    assert marker_of(row) == MARKER
    assert notice_of({**row, "Disabled": "0"}) == NOTICE
    assert notice_of({**row, "Disabled": "1"}) is ABSENT
    assert marker_of({"Name": "How to [log in]"}) == ""


@pytest.mark.parametrize(
    ("answer", "fault", "words"),
    [
        (httpx.Response(401), Unauthorized, "Settings > Auth Tokens"),
        (httpx.Response(403, json={"message": "Permission Denied"}), Forbidden, "Permission Denied; give the account"),
        (httpx.Response(400, json={"message": "Unknown field: Q at /usr/x.pm line 3.\n"}), Rejected, "field: Q$"),
        (httpx.Response(429, headers={"retry-after": "7"}), RateLimited, "7 s"),
        (httpx.Response(500), Unavailable, "answers 500"),
        (httpx.Response(200, html="<html>Login</html>"), Unavailable, "login page"),
        (httpx.Response(200, json={"items": ["x"]}), Unavailable, "no JSON of RT"),
        (httpx.Response(302, headers={"location": "https://sso.example.com/x"}), Unavailable, "redirects to sso"),
    ],
)
def test_an_error_is_a_sentence(answer: httpx.Response, fault: type[ProviderError], words: str) -> None:
    """Whatever comes in place of tickets is one sentence without the token."""
    provider, _ = opened(lambda request: answer)
    with pytest.raises(fault, match=words) as caught:
        list(provider.read(Query("tickets", paths=("name",))))
    assert "fake-token" not in str(caught.value)


def test_a_certificate_that_is_not_trusted_is_named() -> None:
    """A self-signed certificate is a sentence with what to set."""

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("CERTIFICATE_VERIFY_FAILED: self-signed certificate", request=request)

    provider, _ = opened(answer)
    with pytest.raises(NotSent, match="SSL_CERT_FILE"):
        list(provider.read(Query("tickets", paths=("name",))))


def test_a_status_is_checked_against_the_lifecycle_of_the_queue() -> None:
    """A queue with a lifecycle of its own refuses what its lifecycle lacks; one that nobody described says what to
    write; a queue that is not there is no empty list."""
    cycles = {"sales": {"initial": ["lead"], "active": ["talking"], "inactive": ["won"]}}

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        known = {"Sales": "sales", "Odd": "odd"}
        if name in known:
            return httpx.Response(200, json={"Lifecycle": known[name]})
        return httpx.Response(404, json={"message": "Not Found"})

    for queue, words in (("Sales", "'stalled'"), ("Odd", "whose statuses no API lists"), ("Nope", "has no queue")):
        provider, sent = opened(answer, lifecycles=cycles)
        query = Query("tickets", where={"queue": queue}, paths=("name", "status", "status needed/stalled"))
        with pytest.raises(InvalidInput, match=words):
            list(provider.read(query))
        assert len(sent) == 1


def test_a_bulk_answer_is_believed_when_it_refuses() -> None:
    """One request for many tickets; a refusal is RT's own sentence, a success needs a look, silence is unknown."""
    said = [["1", "Ticket 1: Status changed from 'new' to 'stalled'"], [2, "Ticket 2: Permission Denied"]]
    provider, sent = opened(lambda request: httpx.Response(200, json=said))
    outcomes = [each for each in provider.write([status("1"), status("2"), status("3")]) if isinstance(each, Outcome)]
    assert [each.verdict for each in outcomes] == [Verdict.DONE, Verdict.REJECTED, Verdict.UNKNOWN]
    assert not outcomes[0].proven
    assert outcomes[1].reason == "Ticket 2: Permission Denied"
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("live", "reply", "verdict"),
    [
        ("new", httpx.Response(200, json=["Ticket 7: Status changed"]), Verdict.DONE),
        ("new", httpx.Response(412, json={"message": "Precondition Failed"}), Verdict.MOVED),
        ("new", httpx.Response(502), Verdict.UNKNOWN),
        ("open", httpx.Response(500), Verdict.MOVED),
    ],
)
def test_one_ticket_is_changed_under_its_etag(live: str, reply: httpx.Response, verdict: Verdict) -> None:
    """Alone in its batch, a ticket is looked at, and written only as it was then."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={**ROW, "Status": live}, headers={"etag": '"66"'})
        assert request.headers["if-match"] == '"66"'
        return reply

    provider, sent = opened(answer)
    assert [each.verdict for each in provider.write([status("7")]) if isinstance(each, Outcome)] == [verdict]
    assert len(sent) == (1 if live == "open" else 2)


def test_a_note_is_sent_once_and_after_the_status() -> None:
    """Two requests for a batch; what RT does not say in words that are known is unknown, and never sent again."""
    said = {
        "/REST/2.0/tickets/bulk": [["1"], ["2"]],
        "/REST/2.0/tickets/bulk/comment": [[1, "Comments added"], [2, "Kommentar"]],
    }
    provider, sent = opened(lambda request: httpx.Response(200, json=said[request.url.path]))
    notes = [Change(Slot("tracker", "tickets", key, "note"), ABSENT, "x", {"note": "Wait."}) for key in ("1", "2")]
    outcomes = [*provider.write([status("1"), notes[0], status("2"), notes[1]])]
    verdicts = [each.verdict for each in outcomes if isinstance(each, Outcome)]
    assert verdicts == [Verdict.DONE, Verdict.DONE, Verdict.DONE, Verdict.UNKNOWN]
    assert len(sent) == 2


def test_a_clock_that_is_off_is_told() -> None:
    """The doctor names version, clock and queues."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = {"Version": "5.0.3", "Lifecycle": "default"}
        return httpx.Response(200, json=body, headers={"date": "Fri, 11 Dec 2026 15:30:00 GMT"})

    provider, _ = opened(answer, queues=["Support"])
    assert [each.message for each in provider.examine()] == [
        "takes the token; RT 5.0.3",
        "its clock is 60 minutes ahead",
        "has the queue Support",
    ]


def test_an_article_is_made_once_enabled_again_and_disabled() -> None:
    """What is not there is created in the class, what is disabled is enabled, what is up is disabled, and an article
    that is gone already takes no write; a creation that is refused is a reason, a lost one is unknown."""
    row: dict[str, Any] = {"id": "3", **article_of(MARKER, NOTICE), "CustomFields": [], "Disabled": "1"}
    slot = Slot("tracker", "notice", MARKER, "notice")
    cases: list[tuple[list[Any], Any, int, str, Verdict]] = [
        ([], NOTICE, 201, "POST /REST/2.0/article", Verdict.DONE),
        ([], NOTICE, 400, "POST /REST/2.0/article", Verdict.REJECTED),
        ([], NOTICE, 502, "POST /REST/2.0/article", Verdict.UNKNOWN),
        ([row], NOTICE, 200, "PUT /REST/2.0/article/3", Verdict.DONE),
        ([{**row, "Disabled": "0"}], ABSENT, 204, "DELETE /REST/2.0/article/3", Verdict.DONE),
        ([row], ABSENT, 500, "", Verdict.DONE),
    ]
    for rows, after, code, expected, verdict in cases:

        def answer(request: httpx.Request, rows: list[Any] = rows, code: int = code) -> httpx.Response:
            return httpx.Response(200, json={"items": rows}) if request.method == "GET" else httpx.Response(code)

        provider, sent = opened(answer)
        assert [each.verdict for each in provider.write([Change(slot, None, after)]) if isinstance(each, Outcome)] == [
            verdict
        ]
        assert [f"{each.method} {each.url.path}" for each in sent[1:]] == ([expected] if expected else [])
        assert "find_disabled_rows" in str(sent[0].url)


def test_tickets_are_listed_page_by_page_and_read_with_their_conditions() -> None:
    """Each page begins after the last number; what TicketSQL finds is asked anew when tickets are read by id."""

    def answer(request: httpx.Request) -> httpx.Response:
        query = request.url.params.get("query", "")
        if "queue" in request.url.path:
            return httpx.Response(200, json={"Lifecycle": "default"})
        if "AND (id < 3)" in query:
            return httpx.Response(200, json={"items": [{**ROW, "id": "1"}]})
        first = 3 if "id > 2" in query else 1
        rows = [{**ROW, "id": str(number)} for number in range(first, first + 2)]
        return httpx.Response(200, json={"items": rows, "total": 5 - first})

    provider, sent = opened(answer, page=2)
    query = Query("tickets", where={"queue": "Support", "open": True}, paths=("name", "status needed/stalled"))
    assert {slot.key for slot, _ in provider.read(query)} == {"1", "2", "3", "4"}
    assert len(sent) == 3  # the queue and two pages: that there is no third one is known from the second
    found = dict(provider.read(Query("tickets", ids=("1", "2", "x"), paths=("status", "query/id < 3"))))
    assert [value for slot, value in found.items() if slot.path != "status"] == [True, ABSENT, ABSENT]


def test_a_list_that_may_lack_tickets_is_refused() -> None:
    """An RT that leaves out of its pages what the token's owner may not see does not say how many tickets there are: a
    short page, or an empty one, is not taken for the last."""
    queue = {"Lifecycle": "default"}
    for total, fault in ((None, Forbidden), (7, Unavailable)):
        body = {"items": [], "total": total}
        provider, _ = opened(
            lambda request, body=body: httpx.Response(200, json=queue if "queue" in str(request.url) else body)
        )
        with pytest.raises(fault):
            list(provider.read(Query("tickets", where={"queue": "Support", "open": True}, paths=("name",))))
