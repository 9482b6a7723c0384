"""The Redmine provider without a server: its options, a ticket as slots, notices in texts, and errors in sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.redmine.account import account_of
from providers.redmine.notice_kind import is_news, news_of, notice_of, part_of, with_part
from providers.redmine.provider import Redmine, open_target
from providers.redmine.ticket_kind import day_of, matches, remarked, values_of
from runner.errors import NotSent, ProviderError, RateLimited, Rejected, Unauthorized, Unavailable
from runner.model import ABSENT, Change, Outcome, Slot, Verdict
from runner.spi import Query, Target
from runner.testing.io import ScriptedIo

URL = "https://redmine.example.com"
NOW = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": 7,
    "subject": "No mail",
    "project": {"id": 1, "name": "Support"},
    "tracker": {"id": 1, "name": "Bug"},
    "status": {"id": 1, "name": "New", "is_closed": False},
    "priority": {"id": 2, "name": "Normal"},
    "custom_fields": [{"id": 3, "name": "Snooze until", "value": ""}],
}
KNOWN = {
    "/users/current.json": {"user": {"login": "agent"}},
    "/projects.json": {"projects": [{"id": 1, "name": "Support", "identifier": "support"}]},
    "/issue_statuses.json": {"issue_statuses": [{"id": 1, "name": "New"}, {"id": 7, "name": "On Hold"}]},
}


def configured(**options: Any) -> Target:
    return Target("tracker", "redmine", {"url": URL, **options}, {"key": "env:KEY"}, words={"pause": "On Hold"})


def opened(answer: Any, **options: Any) -> tuple[Redmine, list[httpx.Request]]:
    """Return a provider whose requests are answered from `KNOWN`, else by `answer`; and what was sent."""
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if request.method == "GET" and request.url.path in KNOWN:
            return httpx.Response(200, json=KNOWN[request.url.path])
        found: httpx.Response = answer(request)
        return found

    io = ScriptedIo(NOW, {"env:KEY": "fake-key"}, httpx.MockTransport(handle))
    return open_target(configured(**options), io), sent


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "http://redmine.example.com"}, "https://"),
        ({"url": 7}, "must be a text"),
        ({"projects": "support"}, "no option of redmine"),
        ({"banner": " "}, "must be a text"),
    ],
)
def test_an_option_that_is_wrong_is_named(options: dict[str, Any], words: str) -> None:
    """The address is HTTPS or on loopback; other options and empty ones are refused."""
    with pytest.raises(Rejected, match=words):
        account_of(configured(**options))


def test_what_is_missing_is_named() -> None:
    """An address and a key are needed, the key only for the first request."""
    with pytest.raises(Rejected, match="is missing"):
        account_of(Target("tracker", "redmine"))
    provider = open_target(Target("tracker", "redmine", {"url": URL}), ScriptedIo())
    assert {"tickets", "snooze", "notice"} <= provider.capabilities().keys()
    with pytest.raises(Unauthorized, match="no credential `key`"):
        list(provider.read(Query("tickets")))


def test_a_ticket_is_read_as_slots() -> None:
    """An empty date is none; a project goes by identifier or name, other names in any case."""
    account = account_of(configured())
    values = values_of(ROW, "support", account)
    assert (values["status"], values["open"], values["snooze"], values["category"]) == ("New", True, ABSENT, ABSENT)
    for where in ({"project": "SUPPORT"}, {"project": ["x", "Support"]}, {"status": "new", "open": True}):
        assert matches(where, values), where
    for where in ({"category": "Login"}, {"open": False}, {"query": "Mine"}, {"status": ["Closed"]}):
        assert not matches(where, values), where
    fields = {"Snooze until": "2026-12-14", "Outage": "vip or-abc"}
    rows = [{"id": number, "name": name, "value": value} for number, (name, value) in enumerate(fields.items())]
    full = values_of({**ROW, "custom_fields": rows}, "", account)
    assert (full["snooze"], full["tags/vip"], full["tags/or-abc"]) == ("2026-12-14", True, True)


@given(st.text().filter(lambda text: "outage" not in text.split()))
def test_a_mark_leaves_the_text_beside_it_as_it_was(text: str) -> None:
    """A mark is a word among others; what people wrote in the field comes back to the byte."""
    there = remarked(text, "outage", there=True)
    assert "outage" in there.split()
    assert remarked(there, "outage", there=True) == there
    assert remarked(there, "outage", there=False) == text
    assert remarked(text, "outage", there=False) == text


def test_marks_of_two_outages_come_and_go_in_any_order() -> None:
    """A word that only begins like the mark stays."""
    both = remarked(remarked("outages", "outage", there=True), "or-b", there=True)
    assert remarked(both, "outage", there=False) == "outages or-b"
    assert remarked("outage or-b", "outage", there=False) == "or-b"


def test_a_due_date_is_one_of_the_targets_zone() -> None:
    """Midnight in UTC is still the day before in Sao Paulo."""
    assert day_of("2026-12-15T01:00:00Z", Target("t", "redmine", zone="America/Sao_Paulo")) == "2026-12-14"


def test_a_notice_is_found_in_a_text_and_taken_out_again() -> None:
    """News end in the marker; a part of a page goes in and out, in any order, and leaves every other byte."""
    value = {"place": "board", "subject": "Down", "body": "We know.\n\nSoon."}
    news = news_of("or-aaa", value)
    assert is_news("or-aaa", news)
    assert not is_news("or-aa", news)
    assert notice_of("or-aaa", news) == value
    assert notice_of("or-aaa", {**news, "description": str(news["description"]).replace("\n", "\r\n")}) == value
    banner = {**value, "place": "banner"}
    for page in ("", "Own text.", "Own\r\ntext.\n\n"):
        both = with_part("or-bbb", with_part("or-aaa", page, banner), {**banner, "subject": "Second"})
        assert part_of("or-aaa", both) == banner
        assert with_part("or-aaa", both, banner) in (both, both)
        left = with_part("or-aaa", both, None)
        assert part_of("or-aaa", left) is None
        assert with_part("or-bbb", left, None).strip("\n") == page.strip("\n")
        assert with_part("or-aaa", with_part("or-aaa", page, banner), None) == page


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(204), Verdict.DONE),
        (httpx.Response(422, json={"errors": ["Subject is locked"]}), "Subject is locked"),
        (httpx.Response(403), "a role that may"),
        (httpx.Response(404), "does not exist"),
        (httpx.Response(500), Verdict.UNKNOWN),
        (httpx.Response(200, html="<html>Sign in</html>"), Verdict.UNKNOWN),
        (httpx.Response(503), NotSent),
        (httpx.Response(401), Unauthorized),
        (httpx.Response(429, headers={"retry-after": "30"}), RateLimited),
    ],
)
def test_an_answer_to_a_write_means(answer: httpx.Response, expected: Any) -> None:
    """Refusals of one ticket are outcomes, what concerns the account is raised; no answer is called proven."""
    provider, sent = opened(lambda request: answer)
    change = Change(Slot("tracker", "tickets", "7", "status"), "New", "On Hold")
    if isinstance(expected, type):
        with pytest.raises(expected):
            list(provider.write([change]))
        return
    (outcome,) = provider.write([change])
    assert isinstance(outcome, Outcome)
    assert not outcome.proven
    assert expected in (outcome.verdict, outcome.reason) or expected in outcome.reason
    assert b'"status_id": 7' in sent[-1].content


def test_a_read_tells_what_is_wrong() -> None:
    """A page that is no JSON, and a list that does not go on, are sentences; a read is tried twice."""
    provider, sent = opened(lambda request: httpx.Response(200, html="<html>Sign in</html>"))
    with pytest.raises(Unavailable, match="login page"):
        list(provider.read(Query("tickets", where={"status": "New"}, paths=("status",))))
    assert len([each for each in sent if each.url.path == "/issues.json"]) == 2
    stuck, _ = opened(lambda request: httpx.Response(200, json={"issues": [ROW] * 100, "total_count": 200}))
    with pytest.raises(ProviderError, match="does not go on"):
        list(stuck.read(Query("tickets", where={"status": "New"}, paths=("status",))))


@pytest.mark.parametrize(("hour", "words"), [("13", "60 minutes behind"), ("15", "60 minutes ahead"), ("14", "")])
def test_a_clock_that_is_off_is_a_note(monkeypatch: pytest.MonkeyPatch, hour: str, words: str) -> None:
    """`runner doctor` says how far the server's clock is off, and nothing about one that is right."""

    def handle(request: httpx.Request) -> httpx.Response:
        headers = {"date": f"Fri, 11 Dec 2026 {hour}:30:00 GMT"}
        return httpx.Response(200, json=KNOWN[request.url.path], headers=headers)

    io = ScriptedIo(NOW, {"env:KEY": "fake-key"}, httpx.MockTransport(handle))
    found = [each.message for each in open_target(configured(project="support"), io).examine()]
    assert [each for each in found if "its clock" in each] == ([f"its clock is {words}"] if words else [])
    assert "has the project Support" in found
