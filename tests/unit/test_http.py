"""The careful HTTP exchange: what each fault of the network means, deadlines, sizes, addresses, and the pace."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from providers import http
from providers.http import LARGEST, Answer, Budget, Http, NoReply, NotSent, checked_url, retry_after
from providers.zendesk.account import account_of
from runner.spi import RateLimited, Rejected, Target, Unavailable
from runner.testing.io import ScriptedIo

NOW = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
Handler = Callable[[httpx.Request], httpx.Response]


class Slow(httpx.SyncByteStream):
    """A body that comes in parts, each so many seconds after the one before."""

    def __init__(self, io: ScriptedIo, parts: int, every: float, part: bytes = b" ") -> None:
        self.io, self.parts, self.every, self.part = io, parts, every, part
        self.given = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.parts):
            self.io.sleep(self.every)
            self.given += 1
            yield self.part

    def close(self) -> None:
        self.closed = True


def exchange(handler: Handler, *, deadline: float = 30.0) -> tuple[Http, ScriptedIo]:
    io = ScriptedIo(NOW, transport=httpx.MockTransport(handler))
    return Http("desk", "https://example.zendesk.com", io, deadline), io


def answering(*args: Any, **more: Any) -> Http:
    return exchange(lambda _: httpx.Response(*args, **more))[0]


def raising(fault: type[httpx.TransportError]) -> Http:
    def broken(request: httpx.Request) -> httpx.Response:
        raise fault("broken", request=request)

    return exchange(broken)[0]


# --- one exchange ---------------------------------------------------------------------------------------------------


def test_a_request_says_what_it_sends_and_takes() -> None:
    """JSON is asked for, a body is sent as JSON in UTF-8, and an answer comes back decoded."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"id": 1}, headers={"X-Rate-Limit": "700"})

    wire, _ = exchange(handler)
    answer = wire.send("POST", "/api/v2/x", params={"page[size]": "1"}, body={"name": "Olá"}, headers={"X-Y": "z"})
    assert answer == Answer(201, answer.headers, {"id": 1})
    assert (answer.ok, answer.headers["x-rate-limit"]) == (True, "700")
    (request,) = seen
    assert str(request.url) == "https://example.zendesk.com/api/v2/x?page%5Bsize%5D=1"
    assert request.content == '{"name": "Olá"}'.encode()
    assert (request.headers["accept"], request.headers["content-type"]) == ("application/json", "application/json")
    assert request.headers["x-y"] == "z"


def test_a_read_sends_no_body() -> None:
    """A GET has no body and no type of one."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    wire, _ = exchange(handler)
    assert wire.send("GET", "/x").data is None
    assert "content-type" not in seen[0].headers


def test_no_log_holds_an_address(caplog: pytest.LogCaptureFixture) -> None:
    """httpx logs every request with its address, where some vendors want the credential: scheme and host are left."""
    caplog.set_level(logging.DEBUG)
    answering(200, json={}).send("POST", "/services/path-s3cret", params={"token": "query-s3cret"})
    assert "https://example.zendesk.com" in caplog.text
    assert "200 OK" in caplog.text
    assert "s3cret" not in caplog.text


def test_connections_are_kept_and_can_be_closed() -> None:
    """One client serves all requests; after `close` the next request opens another."""
    wire = answering(200, json={})
    wire.send("GET", "/a")
    first = wire._client
    wire.send("GET", "/b")
    assert wire._client is first
    wire.close()
    wire.close()
    assert wire._client is None
    wire.send("GET", "/c")
    assert wire._client is not first


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_answer_is_none(body: bytes) -> None:
    """No body is no data and no text."""
    answer = answering(200, content=body).send("GET", "/x")
    assert (answer.data, answer.text) == (None, "")


@pytest.mark.parametrize("body", [b"<html>a page", b'{"half": ', b"\xff\xfe\x00", b"[" * 100_000])
def test_garbage_is_no_data(body: bytes) -> None:
    """What is no JSON, cut off, no text at all, or nested without end, is kept as the beginning of a text."""
    answer = answering(200, content=body).send("GET", "/x")
    assert answer.data is None
    assert 0 < len(answer.text) <= 200


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol]
)
def test_a_connection_that_never_was_sent_nothing(fault: type[httpx.TransportError]) -> None:
    """Before there is a connection nothing can have been carried out."""
    with pytest.raises(NotSent, match="desk cannot be reached") as caught:
        raising(fault).send("PUT", "/x", body={})
    assert isinstance(caught.value, Unavailable)


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
        httpx.ProxyError,
    ],
)
def test_a_lost_reply_may_have_been_carried_out(fault: type[httpx.TransportError]) -> None:
    """Once there was a connection, nobody knows."""
    with pytest.raises(NoReply, match="desk gave no answer") as caught:
        raising(fault).send("PUT", "/x", body={})
    assert not isinstance(caught.value, NotSent)


def test_a_body_that_breaks_off_is_no_reply() -> None:
    """A status without its whole body is not an answer."""

    class Broken(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b'{"a": '
            raise httpx.ReadError("reset")

    with pytest.raises(NoReply):
        answering(200, stream=Broken()).send("GET", "/x")


def test_a_body_that_cannot_be_unpacked_is_no_reply() -> None:
    """An encoding that lies is told apart from an answer."""
    with pytest.raises(NoReply):
        answering(200, content=b"no gzip", headers={"Content-Encoding": "gzip"}).send("GET", "/x")


def test_the_deadline_is_for_the_whole_exchange() -> None:
    """A body that trickles in, each part in time by itself, ends at the deadline; the connection is given up."""
    io = ScriptedIo(NOW)
    body = Slow(io, 1000, 4.0)
    io._transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=body))
    with pytest.raises(NoReply, match="took longer than 30 s"):
        Http("desk", "https://example.zendesk.com", io, 30.0).send("GET", "/x")
    assert body.given == 8
    assert body.closed


def test_a_slow_body_in_time_is_an_answer() -> None:
    """The deadline lets everything through that comes before it."""
    io = ScriptedIo(NOW)
    io._transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Slow(io, 5, 5.0, b"1")))
    assert Http("desk", "https://example.zendesk.com", io, 30.0).send("GET", "/x").data == 11111


def test_every_phase_has_a_timeout() -> None:
    """No phase of an exchange may wait for ever, connecting least of all."""
    wire = answering(200, json={})
    wire.send("GET", "/x")
    assert wire._client is not None
    timeout = wire._client.timeout
    assert (timeout.connect, timeout.read, timeout.write, timeout.pool) == (10.0, 15.0, 15.0, 15.0)
    assert wire._client.follow_redirects is False


def test_an_answer_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """What grows past the bound is given up while it is read, not after."""
    io = ScriptedIo(NOW)
    body = Slow(io, 1000, 0.0, b"x" * 1024)
    io._transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=body))
    monkeypatch.setattr(http, "LARGEST", 10 * 1024)
    with pytest.raises(Unavailable, match="answered with more than"):
        Http("desk", "https://example.zendesk.com", io).send("GET", "/x")
    assert body.given == 11
    assert LARGEST == 32 * 2**20


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The credential never travels to another host, and the message names it."""
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(status, headers={"Location": "https://elsewhere.example.net/api?token=1"})

    wire, _ = exchange(handler)
    with pytest.raises(Unavailable, match=r"redirects to elsewhere\.example\.net, which is not followed") as caught:
        wire.send("GET", "/x", headers={"Authorization": "Bearer very-secret"})
    assert asked == ["example.zendesk.com"]
    assert "token=1" not in caught.value.message


def test_a_redirect_to_nowhere_is_none() -> None:
    """A Location without a host, or no Location at all, is refused like any other."""
    for headers in ({}, {"Location": "/login"}):
        with pytest.raises(Unavailable, match="redirects to somewhere else"):
            answering(302, headers=headers).send("GET", "/x")


# --- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://example.zendesk.com",
        "https://example.zendesk.com/",
        "https://EXAMPLE.Zendesk.com",
        "https://zendesk.com",
        "http://localhost:8000",
        "http://127.0.0.1:8000/",
        "https://[::1]:8000",
    ],
)
def test_https_and_loopback_are_addresses(url: str) -> None:
    """HTTPS to the vendor, and anything on this machine, is fine; the slash at the end goes."""
    assert checked_url(url, hosts=("zendesk.com",)) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.zendesk.com", "must be an https:// address"),
        ("ftp://localhost/x", "must be an https:// address"),
        ("example.zendesk.com", "must be an https:// address"),
        ("https://", "must be an https:// address"),
        ("", "must be an https:// address"),
        ("https://example.org", "example.org is no address of this vendor (zendesk.com)"),
        ("https://zendesk.com.example.org", "is no address of this vendor"),
        ("https://notzendesk.com", "is no address of this vendor"),
        ("https://example.org/zendesk.com", "is no address of this vendor"),
        ("https://example.org#.zendesk.com", "is no address of this vendor"),
        ("http://localhost.example.org", "must be an https:// address"),
        ("https://me:hunter2@example.zendesk.com", "must not hold a name or a password"),
        ("http://me:hunter2@localhost", "must not hold a name or a password"),
        ("https://zendesk.com@example.org", "must not hold a name or a password"),
        ("https://[1:2", "cannot be read"),
        ("https://example.zendesk.com:port", "cannot be read"),
    ],
)
def test_other_addresses_are_refused(url: str, said: str) -> None:
    """Without TLS, of another vendor, with a password, or not to be read: one sentence, and never the password."""
    with pytest.raises(Rejected) as caught:
        checked_url(url, hosts=("zendesk.com",))
    assert said in caught.value.message
    assert caught.value.field == "url"
    assert "hunter2" not in caught.value.message


def test_an_account_is_at_its_vendor() -> None:
    """The options of a target take the same addresses, and no others."""
    assert account_of(Target("desk", "zendesk", {"url": "http://127.0.0.1:9/"})).url == "http://127.0.0.1:9"
    with pytest.raises(Rejected, match="is no address of this vendor"):
        account_of(Target("desk", "zendesk", {"url": "https://example.org"}))


# --- how long to wait -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("93", 93.0),
        (" 2.5 ", 2.5),
        ("0", 0.0),
        ("Fri, 11 Dec 2026 14:31:00 GMT", 60.0),
        ("Fri, 11 Dec 2026 09:31:00 -0500", 60.0),
        ("Fri, 11 Dec 2026 14:00:00 GMT", 0.0),
        ("", 7.0),
        ("soon", 7.0),
        ("-5", 7.0),
        ("nan", 7.0),
        ("inf", 7.0),
        ("\u00b2", 7.0),
        ("1.2.3", 7.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float) -> None:
    """Both forms of the header count; anything else is as if it was not there."""
    assert retry_after({"retry-after": text}, NOW, default=7.0) == seconds
    assert retry_after({}, NOW, default=7.0) == 7.0


# --- the pace -------------------------------------------------------------------------------------------------------


def took(budget: Budget, io: ScriptedIo, count: int, longest: float = 60.0) -> float:
    """Return how long it takes to send so many requests."""
    start = io.now()
    for _ in range(count):
        budget.take(longest=longest)
    return (io.now() - start).total_seconds()


def test_a_burst_goes_at_once_and_the_rest_at_its_pace() -> None:
    """The first requests wait for nothing; then each has its place in the minute."""
    io = ScriptedIo(NOW)
    budget = Budget(io, 100, 0.4, burst=10)
    assert budget.ours == 60.0
    assert took(budget, io, 10) == 0.0
    assert took(budget, io, 60) == pytest.approx(60.0, abs=1.5)


def test_the_share_of_others_is_never_used() -> None:
    """In any minute, however we begin, at most our share and one burst go out."""
    io = ScriptedIo(NOW)
    budget = Budget(io, 700, 0.3, burst=10)
    sent = []
    while (io.now() - NOW).total_seconds() < 180:
        budget.take(longest=60.0)
        sent.append(io.now())
        if len(sent) % 97 == 0:
            io.sleep(3.0)  # something else took a while
    for at in sent[::50]:
        assert sum(0 <= (each - at).total_seconds() < 60 for each in sent) <= 490 + 11


def test_a_long_wait_is_the_callers() -> None:
    """A wait beyond what the caller bears is told, and nothing is slept."""
    io = ScriptedIo(NOW)
    budget = Budget(io, 10, 0.0, burst=1)
    budget.take(longest=1.0)
    budget.take(longest=1.0)
    slept = list(io.slept)
    with pytest.raises(RateLimited) as caught:
        budget.take(longest=1.0)
    assert caught.value.retry_after == pytest.approx(6.0, abs=0.1)
    assert io.slept == slept
    io.sleep(caught.value.retry_after)
    budget.take(longest=1.0)


def test_a_refusal_stops_everything_for_its_time() -> None:
    """After a 429 nothing goes out until the vendor's seconds are over; a shorter word later does not shorten it."""
    io = ScriptedIo(NOW)
    budget = Budget(io, 700, 0.3)
    budget.told_to_wait(93.0)
    with pytest.raises(RateLimited) as caught:
        budget.take(longest=20.0)
    assert caught.value.retry_after == pytest.approx(93.0)
    budget.heard(limit=700, left=0, reset=5)
    assert took(budget, io, 1, longest=100.0) == pytest.approx(93.0)


def test_what_the_vendor_says_is_left_counts() -> None:
    """When others use the account up to the reserve, we wait until the minute is over."""
    io = ScriptedIo(NOW)
    budget = Budget(io, 700, 0.3)
    budget.heard(limit=700, left=211, reset=40)
    assert took(budget, io, 1) == 0.0
    budget.heard(limit=700, left=210, reset=40)
    assert took(budget, io, 1) == pytest.approx(40.0)


def test_the_vendors_limit_replaces_ours() -> None:
    """A limit in the headers is the one that counts; nothing said leaves it."""
    budget = Budget(ScriptedIo(NOW), 200, 0.3)
    budget.heard(limit=2500, left=None, reset=None)
    assert budget.ours == pytest.approx(1750.0)
    budget.heard(limit=None, left=None, reset=None)
    budget.heard(limit=0, left=None, reset=None)
    assert budget.ours == pytest.approx(1750.0)
