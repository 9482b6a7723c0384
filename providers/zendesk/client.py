"""Requests to one Zendesk account: credential, budgets, errors, paging. No kind of step is known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from providers.http import Answer, Budget, Http, NoReply, NotSent
from providers.zendesk.account import Account
from providers.zendesk.auth import Tokens
from providers.zendesk.errors import Busy, explain, said_of, wait_of
from runner.spi import Forbidden, Io, RateLimited, Target, Unavailable

STEP: Final = 30.0  # seconds that the runner waits for a provider (`KindSpec.deadline`)
DEADLINE: Final = 20.0  # seconds for one exchange
PATIENCE: Final = STEP - DEADLINE  # seconds that a request waits for its turn; longer waits are the runner's
READ_TRIES: Final = 4
PAGE: Final = 100
TIGHT: Final = 100  # requests a minute up to which they are sent one by one
WHOLE: Final = ("support", "help_center", "chat")  # families that have a limit of their own; others count as Support


class Client:
    """One account's API. Reads are tried again; a write is sent once."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self.account = account
        self.io = io
        self.http = Http(account.name, account.url, io, DEADLINE)
        self.tokens = Tokens(target, io, self.http)
        self._budgets: dict[str, Budget] = {}
        self._begun: datetime | None = None

    def begin(self) -> None:
        """Start the time of one step of a write, after which the runner no longer waits: no request begins so late that
        it could arrive when the runner has looked already, and its lease may be somebody else's."""
        self._begun = self.io.now()

    def get(self, path: str, what: str, *, family: str = "support", **params: str) -> Any:
        """Return the JSON of a GET; parameters with a bracket in their name go in as ``page_size`` -> ``page[size]``.

        Raises `ProviderError`. Overload, broken connections and short refusals are waited out a few times, as long as
        the runner waits for us.
        """
        sent = {_BRACKETS.get(name, name): value for name, value in params.items()}
        begun = self.io.now()
        for left in reversed(range(READ_TRIES)):
            try:
                return self._ask("GET", path, what, family, params=sent)
            except (RateLimited, Unavailable) as fault:
                asked = fault.retry_after if isinstance(fault, RateLimited | Busy) else 0.5 * 2 ** (READ_TRIES - left)
                if not left or (self.io.now() - begun).total_seconds() + asked > PATIENCE:
                    raise
                self.io.sleep(asked)
        raise AssertionError("the last try raises")

    def write(self, method: str, path: str, what: str, body: Any = None, *, family: str = "support") -> Any:
        """Return the JSON that answers a write, None for an empty answer.

        Raises `ProviderError`: `NotSent` and refusals mean that nothing was written, `NoReply` and `Unavailable` that
        it may have been.
        """
        return self._ask(method, path, what, family, body=body)

    def pages(self, path: str, key: str, what: str, *, family: str = "support", **params: str) -> Iterator[Any]:
        """Yield the objects under `key` of every page, by cursor; one page in memory. Raises `ProviderError`."""
        after, seen = "", set[str]()
        params = {"page_size": str(PAGE), **params}
        while True:
            data = self.get(path, what, family=family, **params, **({"page_after": after} if after else {}))
            yield from expect(data, key, list, what, self.account.name)
            meta = data.get("meta") or {}
            after = meta.get("after_cursor") or ""
            if not meta.get("has_more") and not (data.get("next_page") and "meta" not in data):
                return
            if not after or after in seen:  # the rest would be missing, or the same page come for ever [ISSUE]
                raise Unavailable(f"{self.account.name}: {what}: the list goes on and gives no way to its next page")
            seen.add(after)

    def whole(self, path: str, key: str, what: str, **params: str) -> list[Any]:
        """Return the objects of a list that has no pages (schedules, holidays, custom statuses) [DOC]."""
        found: list[Any] = expect(self.get(path, what, **params), key, list, what, self.account.name)
        return found

    # --- one exchange -----------------------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        what: str,
        family: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Any:
        for again in (True, False):
            header = self.tokens.chat_header() if family == "chat" else self.tokens.header()
            self._take(method, family, what)
            answer = self.http.send(method, path, params=params, body=body, headers=header)
            if answer.status == 401 and again and family != "chat" and self.tokens.forget():
                continue  # the token ran out: nothing was done with it
            break
        self._listen(family, answer)
        if answer.status == 403 and family != "chat" and (lacks := self.tokens.missing()):
            raise Forbidden(
                f"{self.account.name}: {what}: not allowed{said_of(answer)}; the token was given without "
                f"{' and '.join(lacks)}: add it to the OAuth client (Admin Center > Apps and integrations > APIs)"
            )
        if not answer.ok:
            raise explain(answer, self.account.name, what, self.io.now())
        if answer.data is None and (answer.text or method == "GET"):
            raise NoReply(f"{self.account.name}: {what}: the answer is no JSON; is this address really Zendesk's?")
        return answer.data

    def _take(self, method: str, family: str, what: str) -> None:
        """Wait for the turn of a request: in the whole account's share, and in that of its endpoint.

        Raises `RateLimited`, and `NotSent` for a write whose time is over.
        """
        for each in dict.fromkeys((_wide(family), family)):
            try:
                self._budget(each).take(longest=max(self._left(method), 0.0))
            except RateLimited as full:
                message = f"{self.account.name}: {full.message}; the rest is left to the agents' own tools"
                raise RateLimited(message, retry_after=full.retry_after) from full
        if self._left(method) < 0:
            raise NotSent(f"{self.account.name}: {what}: what comes before it took too long; it was not sent")

    def _left(self, method: str) -> float:
        """Return the seconds within which a request may still begin."""
        if method == "GET" or self._begun is None:
            return PATIENCE
        return PATIENCE - (self.io.now() - self._begun).total_seconds()

    def _budget(self, family: str) -> Budget:
        if family not in self._budgets:
            most = self.account.per_minute(family)
            # At a hundred a minute a burst would eat into what is left to others.
            self._budgets[family] = Budget(self.io, most, self.account.reserve, burst=10 if most > TIGHT else 1)
        return self._budgets[family]

    def _listen(self, family: str, answer: Answer) -> None:
        """Feed the budgets with what the headers say of the whole account and of the endpoint."""
        said = answer.headers
        self._budget(_wide(family)).heard(
            limit=_number(said.get("x-rate-limit")),
            left=_number(said.get("x-rate-limit-remaining")),
            reset=_number(said.get("ratelimit-reset")),
        )
        if answer.status == 429:
            self._budget(family).told_to_wait(wait_of(answer, self.io.now()))
        own = next((value for name, value in said.items() if name.startswith("zendesk-ratelimit-")), "")
        if own and family not in WHOLE:
            parts = dict(part.strip().partition("=")[::2] for part in own.split(";"))
            limit, left, reset = (_number(parts.get(name)) for name in ("total", "remaining", "resets"))
            self._budget(family).heard(limit=limit, left=left, reset=reset)


def _wide(family: str) -> str:
    return family if family in WHOLE else "support"


_BRACKETS: Final = {"page_size": "page[size]", "page_after": "page[after]", "filter_type": "filter[type]"}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def expect(data: Any, key: str, shape: type, what: str, name: str) -> Any:
    """Return ``data[key]`` when it has the shape. Raises `Unavailable`: a 200 with garbage is no answer."""
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, shape) or (isinstance(found, list) and not all(isinstance(each, dict) for each in found)):
        raise Unavailable(f"{name}: {what}: the answer has no {key}; is this address really Zendesk's?")
    return found


__all__ = ["Client", "NoReply", "NotSent", "expect"]
