"""Requests to one Zendesk account: credential, budgets, errors, paging. No kind of step is known here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from providers.http import Answer, Budget, Http, NoReply, NotSent
from providers.zendesk.account import Account
from providers.zendesk.auth import Tokens
from providers.zendesk.errors import explain, wait_of
from runner.spi import Io, RateLimited, Target, Unavailable

DEADLINE: Final = 30.0  # seconds for one exchange
PATIENCE: Final = 20.0  # seconds that a request waits for its turn; longer waits are the runner's
READ_TRIES: Final = 4
PAGE: Final = 100


class Client:
    """One account's API. Reads are tried again; a write is sent once."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self.account = account
        self.io = io
        self.http = Http(account.name, account.url, io, DEADLINE)
        self.tokens = Tokens(target, io, self.http)
        self._budgets: dict[str, Budget] = {}

    def get(self, path: str, what: str, *, family: str = "support", **params: str) -> Any:
        """Return the JSON of a GET; parameters with a bracket in their name go in as ``page_size`` -> ``page[size]``.

        Raises `ProviderError`. Overload, broken connections and short refusals are waited out a few times.
        """
        sent = {_BRACKETS.get(name, name): value for name, value in params.items()}
        for left in reversed(range(READ_TRIES)):
            try:
                return self._ask("GET", path, what, family, params=sent)
            except RateLimited as fault:
                if not left or fault.retry_after > PATIENCE:
                    raise
                self.io.sleep(fault.retry_after)
            except Unavailable:
                if not left:
                    raise
                self.io.sleep(0.5 * 2 ** (READ_TRIES - left))
        raise AssertionError("the last try raises")

    def write(self, method: str, path: str, what: str, body: Any = None, *, family: str = "support") -> Any:
        """Return the JSON that answers a write, None for an empty answer.

        Raises `ProviderError`: `NotSent` and refusals mean that nothing was written, `NoReply` and `Unavailable` that
        it may have been.
        """
        return self._ask(method, path, what, family, body=body)

    def pages(self, path: str, key: str, what: str, *, family: str = "support", **params: str) -> Iterator[Any]:
        """Yield the objects under `key` of every page, by cursor; one page in memory. Raises `ProviderError`."""
        after = ""
        params = {"page_size": str(PAGE), **params}
        while True:
            data = self.get(path, what, family=family, **params, **({"page_after": after} if after else {}))
            yield from expect(data, key, list, what, self.account.name)
            meta = data.get("meta") or {}
            after = meta.get("after_cursor") or ""
            if not meta.get("has_more") or not after:
                return

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
        budget = self._budget(family)
        for again in (True, False):
            header = self.tokens.chat_header() if family == "chat" else self.tokens.header()
            try:
                budget.take(longest=PATIENCE)
            except RateLimited as full:
                message = f"{self.account.name}: {full.message}; the rest is left to the agents' own tools"
                raise RateLimited(message, retry_after=full.retry_after) from full
            answer = self.http.send(method, path, params=params, body=body, headers=header)
            if answer.status == 401 and again and family != "chat" and self.tokens.forget():
                continue  # the token ran out: nothing was done with it
            break
        self._listen(budget, answer)
        if not answer.ok:
            raise explain(answer, self.account.name, what, self.io.now())
        if answer.data is None and (answer.text or method == "GET"):
            raise NoReply(f"{self.account.name}: {what}: the answer is no JSON; is this address really Zendesk's?")
        return answer.data

    def _budget(self, family: str) -> Budget:
        if family not in self._budgets:
            self._budgets[family] = Budget(self.io, self.account.per_minute(family), self.account.reserve)
        return self._budgets[family]

    def _listen(self, budget: Budget, answer: Answer) -> None:
        """Feed the budget with what the headers say: the endpoint's own limit where there is one."""
        if answer.status == 429:
            budget.told_to_wait(wait_of(answer, self.io.now()))
            return
        own = next((value for name, value in answer.headers.items() if name.startswith("zendesk-ratelimit-")), "")
        if own:
            parts = dict(part.strip().partition("=")[::2] for part in own.split(";"))
            limit, left, reset = parts.get("total"), parts.get("remaining"), parts.get("resets")
        else:
            limit, left = answer.headers.get("x-rate-limit"), answer.headers.get("x-rate-limit-remaining")
            reset = answer.headers.get("ratelimit-reset")
        budget.heard(limit=_number(limit), left=_number(left), reset=_number(reset))


_BRACKETS: Final = {"page_size": "page[size]", "page_after": "page[after]", "filter_type": "filter[type]"}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def expect(data: Any, key: str, shape: type, what: str, name: str) -> Any:
    """Return ``data[key]`` when it has the shape. Raises `Unavailable`: a 200 with garbage is no answer."""
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, shape):
        raise Unavailable(f"{name}: {what}: the answer has no {key}; is this address really Zendesk's?")
    return found


__all__ = ["Client", "NoReply", "NotSent", "expect"]
