"""One careful HTTP exchange for every provider: deadlines, size limits, no surprises from the other side.

What can go wrong is told apart by what it means for a change: `NotSent` (nothing reached the vendor), `NoReply` (it may
have been carried out), or an answer, whose status the provider judges by the vendor's own rules.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from runner.spi import Finding, Io, NotSent, RateLimited, Rejected, Target, Unauthorized, Unavailable

if TYPE_CHECKING:
    import httpx

__all__ = ["Answer", "Budget", "Http", "NoReply", "NotSent", "checked_url", "clock_of", "retry_after", "secret_of"]

LARGEST: Final = 32 * 2**20  # bytes of an answer that are read at most
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
CONNECT: Final = 10.0  # seconds
CLOCKS: Final = 120.0  # seconds that two clocks may differ
_SECONDS: Final = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")


class NoReply(Unavailable):
    """The request may have been carried out; its answer did not arrive, or not whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whatever its status. `data` is the decoded JSON, None for an empty body or one that is no JSON;
    `text` is the beginning of the latter."""

    status: int
    headers: Mapping[str, str]
    data: Any = None
    text: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300

    @property
    def date(self) -> datetime | None:
        """The server's clock, as it says in its header ``Date``."""
        try:
            return parsedate_to_datetime(self.headers.get("date", ""))
        except (TypeError, ValueError):
            return None


def checked_url(url: str, *, hosts: tuple[str, ...] = ()) -> str:
    """Return `url` without a slash at its end. Raises `Rejected` for anything but HTTPS (HTTP on loopback is fine) and
    for a host that ends in none of `hosts`."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as fault:
        raise Rejected("the address cannot be read: write https://example.com", field="url") from fault
    if parts.username or parts.password:
        raise Rejected(f"the address of {host} must not hold a name or a password", field="url")
    if host in LOOPBACK and parts.scheme in ("http", "https"):
        return url.rstrip("/")
    if parts.scheme != "https" or not host:
        raise Rejected(f"{url!r} must be an https:// address", field="url")
    if hosts and not any(host == each or host.endswith(f".{each}") for each in hosts):
        raise Rejected(f"{host} is no address of this vendor ({', '.join(hosts)})", field="url")
    return url.rstrip("/")


def secret_of(target: Target, io: Io, name: str, where: str = "") -> str:
    """Return the credential `name` of a target, resolved now. `where` says where the vendor shows it. Raises
    `Unauthorized` for one that runner.yaml does not have."""
    reference = target.credentials.get(name)
    if not reference:
        raise Unauthorized(
            f"target {target.name} has no credential `{name}`; add `{name}: env:NAME` under "
            f"targets.{target.name}.credentials in runner.yaml{where and f' ({where})'}"
        )
    return io.secret(reference).reveal()


@dataclass(slots=True)
class Http:
    """Connections to one host, reused. `deadline` is in seconds and covers a whole exchange, the body included: httpx
    has a timeout for each phase only."""

    name: str
    url: str
    io: Io
    deadline: float = 30.0
    _client: httpx.Client | None = field(default=None, repr=False)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and return its answer. Raises `NotSent`, `NoReply`, and `Unavailable` for a redirect or an
        answer that is too long."""
        import httpx

        client = self._open()
        begun = self.io.now()
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            with client.stream(
                method,
                path,
                params=dict(params) if params else None,
                content=content,
                headers=sent,
            ) as response:
                raw = self._body(response, begun)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as fault:
            if "CERTIFICATE_VERIFY_FAILED" in str(fault):
                raise NotSent(
                    f"{self.name}: the certificate of {self.url} is not trusted; if it is your own, set SSL_CERT_FILE "
                    "to the file of your certificate authority and try again"
                ) from fault
            raise NotSent(
                f"{self.name} cannot be reached ({_words(fault)}); check the network and the address"
            ) from fault
        except (httpx.TimeoutException, httpx.TransportError, httpx.DecodingError) as fault:
            raise NoReply(f"{self.name} gave no answer ({_words(fault)}); try again later") from fault
        return self._answer(response, raw)

    def close(self) -> None:
        """Close the connections; the next request opens them again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _open(self) -> httpx.Client:
        import httpx

        if self._client is None:
            logging.getLogger("httpx").addFilter(_hosts_only)
            timeout = httpx.Timeout(self.deadline / 2, connect=min(CONNECT, self.deadline / 2))
            self._client = httpx.Client(
                base_url=self.url,
                transport=self.io.transport(),
                timeout=timeout,
                follow_redirects=False,
                http2=False,
                trust_env=True,
                headers={"User-Agent": "outage-runner"},
            )
        return self._client

    def _body(self, response: httpx.Response, begun: datetime) -> bytes:
        """Read the body while the deadline lasts. Raises `NoReply` and `Unavailable`."""
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > LARGEST:
                raise Unavailable(f"{self.name} answered with more than {LARGEST // 2**20} MB")
            if (self.io.now() - begun).total_seconds() > self.deadline:
                raise NoReply(f"{self.name} took longer than {self.deadline:g} s to answer; try again later")
            parts.append(part)
        return b"".join(parts)

    def _answer(self, response: httpx.Response, raw: bytes) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.is_redirect:
            host = urlsplit(headers.get("location", "")).hostname or "somewhere else"
            raise Unavailable(
                f"{self.name} redirects to {host}, which is not followed; check the address in runner.yaml"
            )
        if not raw.strip():
            return Answer(response.status_code, headers)
        try:
            return Answer(response.status_code, headers, json.loads(raw))
        except (ValueError, RecursionError):
            return Answer(response.status_code, headers, None, raw[:200].decode("utf-8", "replace"))


def _words(fault: Exception) -> str:
    return type(fault).__name__


def _hosts_only(record: logging.LogRecord) -> bool:
    """Let a line of httpx's log through, with scheme and host in the place of each address: where vendors want it so, a
    path or a query holds the credential."""
    import httpx

    if isinstance(record.args, tuple):
        record.args = tuple(
            f"{each.scheme}://{each.host}" if isinstance(each, httpx.URL) else each for each in record.args
        )
    return True


def retry_after(headers: Mapping[str, str], now: datetime, *, default: float) -> float:
    """Return the seconds that ``Retry-After`` asks for, given as seconds or as a date; `default` without one."""
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return default


# --- pace -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Budget:
    """How many requests a minute one family of endpoints may take, with a share left to everybody else.

    Requests are spread: a burst of `burst`, then one as soon as its place in the minute has come. What the vendor says
    is left counts more than what we know: others use the same account.
    """

    io: Io
    per_minute: float
    reserve: float
    burst: int = 10
    _ready_at: float = 0.0
    _until: float = 0.0

    @property
    def ours(self) -> float:
        """Return the requests a minute that we may use."""
        return self.per_minute * (1 - self.reserve)

    def take(self, *, longest: float) -> None:
        """Wait for the turn of one request. Raises `RateLimited` when that is more than `longest` seconds away."""
        now = self.io.now().timestamp()
        each = 60.0 / self.ours
        start = max(self._ready_at, now - each * self.burst)
        wait = max(start - now, self._until - now, 0.0)
        if wait > longest:
            raise RateLimited("the share of the account's rate limit is used up", retry_after=wait)
        if wait:
            self.io.sleep(wait)
        self._ready_at = max(start, now + wait - each * self.burst) + each

    def heard(self, *, limit: float | None, left: float | None, reset: float | None) -> None:
        """Take in what the vendor's headers say: the limit a minute, what is left of it, seconds until it is full."""
        if limit:
            self.per_minute = limit
        if left is not None and reset is not None and left <= self.per_minute * self.reserve:
            self._until = max(self._until, self.io.now().timestamp() + reset)

    def told_to_wait(self, seconds: float) -> None:
        """Take in a refusal: nothing is sent for so many seconds."""
        self._until = self.io.now().timestamp() + seconds


def clock_of(said: datetime | None, now: datetime) -> Iterator[Finding]:
    """Yield what is remarkable about a server's clock, by the `date` of its answer."""
    off = (said - now).total_seconds() if said is not None else 0.0
    if abs(off) > CLOCKS:
        way = "ahead" if off > 0 else "behind"
        what = f"its clock is {abs(off) / 60:.0f} minutes {way}"
        yield Finding("note", what, "steps go by the runner's clock; times that the server shows are its own")
