"""Requests to the addresses of webhooks. An address is a credential: no error, log line or repr of ours holds more of
it than its host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import quote, unquote, urlsplit

from providers.http import Answer, Http, checked_url, secret_of
from providers.webhook.account import BEARER, Account
from providers.webhook.answers import WORDS, words_of
from runner.spi import Io, RateLimited, Rejected, Target, Unavailable

T = TypeVar("T")
DEADLINE: Final = 20.0  # seconds for one exchange
PATIENCE: Final = 15.0  # seconds that a reading may spend on waits
TRIES: Final = 4
SECRET: Final = 8  # letters from which on a part of an address is taken for a secret
HOSTS: Final[Mapping[str, tuple[str, ...]]] = {
    "slack": ("slack.com", "slack-gov.com"),
    "google_chat": ("googleapis.com",),
    "teams": (),  # Power Automate has many hosts, and new ones
    "json": (),
}
RETIRED: Final = ("webhook.office.com", "outlook.office.com", "outlook.office365.com")


@dataclass(frozen=True, slots=True)
class Hook:
    """The address of one channel: connections to its host, the rest of it unseen."""

    http: Http
    path: str = field(repr=False)
    query: str = field(repr=False)

    def scrubbed(self, text: str) -> str:
        """Return what a service said, without any part of the address that it may have repeated."""
        parts = {self.path, self.query, *self.path.split("/")}
        parts |= {each.partition("=")[2] for each in self.query.split("&")}
        parts |= {unquote(each) for each in parts}
        for part in sorted((each for each in parts if len(each) >= SECRET), key=len, reverse=True):
            text = text.replace(part, "***")
            cut = next((n for n in range(len(part), SECRET - 1, -1) if text.endswith(part[:n])), 0)
            text = f"{text[:-cut]}***" if cut else text  # what broke off in the middle
        return text


class Hooks:
    """The addresses of one target's channels, each resolved at its first request."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self.account = account
        self.io = io
        self._target = target
        self._hooks: dict[str, Hook] = {}

    def ask(
        self,
        channel: str,
        method: str,
        *,
        below: str = "",
        more: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Answer, str]:
        """Return the answer of one channel's address, with `below` after its path and `more` in its query, and what it
        says in words. Raises `NotSent`, `NoReply`, `Unavailable`, and `Rejected` for an address that is none."""
        hook = self.hook(channel)
        path = hook.path + (f"/{quote(below)}" if below else "")
        pairs = [f"{quote(name)}={quote(value, safe='')}" for name, value in (more or {}).items()]
        query = "&".join(filter(None, (hook.query, *pairs)))
        sent = {**self._bearer(), **(headers or {})}
        answer = hook.http.send(method, f"{path}?{query}" if query else path, body=body, headers=sent)
        return answer, hook.scrubbed(words_of(answer))[:WORDS]

    def at(self, channel: str) -> str:
        """Return target and channel in words."""
        return self.account.name if len(self.account.channels) == 1 else f"{self.account.name}: {channel}"

    def hook(self, channel: str) -> Hook:
        """Return the address of a channel. Raises `Unauthorized` without one, `Rejected` for one that cannot be it."""
        if channel not in self._hooks:
            secret = secret_of(self._target, self.io, channel)
            self._hooks[channel] = _parsed(self.account, channel, secret, self.io)
        return self._hooks[channel]

    def close(self) -> None:
        """Close all connections."""
        for hook in self._hooks.values():
            hook.http.close()

    def _bearer(self) -> Mapping[str, str]:
        if self.account.service != "json" or BEARER not in self._target.credentials:
            return {}
        return bearer(self._target, self.io)


def _parsed(account: Account, channel: str, secret: str, io: Io) -> Hook:
    """Return an address taken apart. The sentences of what is wrong with it name its host at most."""
    where = f"targets.{account.name}.credentials.{channel}"
    try:
        parts = urlsplit(secret.strip())
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host:
        raise Rejected(f"{where} is no address: copy the webhook's https:// address again", field=channel)
    if any(host == each or host.endswith(f".{each}") for each in RETIRED):
        raise Rejected(
            f"{where} is the address of a Microsoft 365 connector, and these are retired: make a workflow in Teams "
            "(Workflows > Post to a channel when a webhook request is received) and set its address",
            field=channel,
        )
    try:
        origin = checked_url(f"{parts.scheme}://{parts.netloc}", hosts=HOSTS[account.service])
    except Rejected as fault:
        raise Rejected(f"{where}: {fault.message}", field=channel) from None
    return Hook(Http(account.name, origin, io, DEADLINE), parts.path.rstrip("/"), parts.query)


def patiently(io: Io, act: Callable[[], T]) -> T:
    """Return what a reading returns; overload and broken connections are waited out a few times. Raises
    `ProviderError`."""
    waited = 0.0
    for left in reversed(range(TRIES)):
        try:
            return act()
        except (RateLimited, Unavailable) as fault:
            asked = fault.retry_after if isinstance(fault, RateLimited) else 0.5 * 2 ** (TRIES - left)
            waited += asked
            if not left or waited > PATIENCE:
                raise
            io.sleep(asked)
    raise AssertionError("the last try raises")


def bearer(target: Target, io: Io) -> Mapping[str, str]:
    """Return the header that authorises an app. Raises `Unauthorized` without a token."""
    return {"Authorization": f"Bearer {secret_of(target, io, BEARER)}"}
