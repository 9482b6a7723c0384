"""Requests to one Redmine: key, errors, pages. No kind of step is known here.

What Redmine 5.0.4 does was seen on a running one: see `tests/servers`, which holds it to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from providers.http import Answer, Http, NoReply, NotSent, retry_after, secret_of
from providers.redmine.account import Account
from runner.spi import Forbidden, Io, NotFound, ProviderError, RateLimited, Rejected, Target, Unauthorized, Unavailable

Row: TypeAlias = Mapping[str, Any]
DEADLINE: Final = 20.0  # seconds for one exchange
PAGE: Final = 100  # objects in a list; Redmine gives no more [DOC]


class Moved(Rejected):
    """Somebody else changed the object meanwhile."""


class Client:
    """One Redmine's API. A read is tried once more; a write is sent once."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self.account = account
        self.io = io
        self.http = Http(account.name, account.url, io, DEADLINE)
        self.date: datetime | None = None  # the server's clock, as it said last
        self._target = target
        self._key = ""
        self._login = ""

    def login(self) -> str:
        """Return whose key it is, and make sure that the server takes it: with a wrong one it answers like anybody who
        has not signed in, and what is public can be read. Raises `ProviderError`."""
        if not self._login:
            row = self._one("/users/current.json", "user", "look whose key it is")
            self._login = str(row["login"])
        return self._login

    def one(self, path: str, name: str, what: str) -> Row:
        """Return one object that stands under `name` in its answer. Raises `ProviderError`."""
        self.login()
        return self._one(path, name, what)

    def some(self, path: str, name: str, what: str, params: Mapping[str, str] | None = None) -> list[Row]:
        """Return a list that is one page, or is read no further. Raises `ProviderError`."""
        return self._page(path, name, what, params or {})[0]

    def listed(self, path: str, name: str, what: str) -> Iterator[Row]:
        """Yield a whole list that nobody changes while it is read, page by page. Raises `ProviderError`."""
        at, total = 0, 1
        while at < total:
            rows, total = self._page(path, name, what, {"offset": str(at)})
            yield from rows
            at += len(rows)
            if not rows:
                return

    def tickets(self, params: Mapping[str, str]) -> Iterator[list[Row]]:
        """Yield the tickets of a filter in the order of their numbers, a page at a time: each page begins after the
        last number, so that none is left out when others change tickets meanwhile. A saved query takes no filter
        besides its own: it is read by counting. Raises `ProviderError`."""
        at = after = 0
        saved = "query_id" in params
        while True:
            here = {"offset": str(at)} if saved else {"issue_id": f">={after + 1}"}
            rows, left = self._page("/issues.json", "issues", "list tickets", {**params, **here})
            if rows:
                yield rows
            at += len(rows)
            if not rows or (at if saved else len(rows)) >= left:
                return
            last = max(int(row["id"]) for row in rows)
            if last <= after and not saved:
                raise Unavailable(f"{self.account.name}: the list of tickets does not go on after number {after}")
            after = last

    def write(self, method: str, path: str, what: str, body: Any = None) -> None:
        """Send one change. That it is taken does not mean that it is done: a status that the workflow does not allow is
        answered with 204. Raises `ProviderError`: `NoReply` when it may have been carried out, `Moved` when somebody
        else was faster, others mean that nothing was written."""
        self.login()
        answer = self._send(method, path, what, body=body)
        if answer.status >= 500 or answer.status == 408:
            raise NoReply(self._explain(answer, what).message)
        if not answer.ok:
            raise self._explain(answer, what)
        if answer.data is None and answer.text:
            raise NoReply(self._strange(what).message)

    # --- one exchange -----------------------------------------------------------------------------------------------

    def _page(self, path: str, name: str, what: str, params: Mapping[str, str]) -> tuple[list[Row], int]:
        """Return the rows of one page, and how many there are in all: lists that have no pages do not say."""
        self.login()
        data = self._get(path, what, {"limit": str(PAGE), **params})
        rows = data.get(name) if isinstance(data, Mapping) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._strange(what)
        return rows, int(data.get("total_count", len(rows)))

    def _one(self, path: str, name: str, what: str) -> Row:
        data = self._get(path, what, {})
        row = data.get(name) if isinstance(data, Mapping) else None
        if not isinstance(row, dict):
            raise self._strange(what)
        return row

    def _get(self, path: str, what: str, params: Mapping[str, str]) -> Any:
        for last in (False, True):
            try:
                answer = self._send("GET", path, what, params=params)
                if not answer.ok:
                    raise self._explain(answer, what)
                if answer.data is None:
                    raise self._strange(what)
                return answer.data
            except (Unavailable, NotSent):
                if last:
                    raise
        raise AssertionError("the last try raises")

    def _send(self, method: str, path: str, what: str, **parts: Any) -> Answer:
        self._key = self._key or secret_of(self._target, self.io, "key", "My account > API access key")
        answer = self.http.send(method, path, headers={"X-Redmine-API-Key": self._key}, **parts)
        self.date = answer.date or self.date
        if answer.status == 429:
            wait = max(1.0, retry_after(answer.headers, self.io.now(), default=60.0))
            raise RateLimited(f"{self.account.name}: {what}: asked to wait {wait:.0f} s", retry_after=wait)
        if answer.status == 503 and method != "GET":
            raise NotSent(f"{self.account.name}: {what}: the server answers 503; try again later")
        return answer

    def _explain(self, answer: Answer, what: str) -> ProviderError:
        """Return the error of an answer that is not a success. Most bodies are empty."""
        at, said = f"{self.account.name}: {what}", self._said(answer)
        match answer.status:
            case 401:
                return Unauthorized(
                    f"{at}: the API key is refused: take it anew from My account > API access key, and see that "
                    "Administration > Settings > API allows REST"
                )
            case 403:
                return Forbidden(f"{at}: the key's owner may not do this: give the account a role that may")
            case 404:
                return NotFound(f"{at}: it does not exist, or the key's owner may not see it")
            case 409:
                return Moved(f"{at}: somebody changed it meanwhile")
            case status if status >= 500 or status == 408:
                return Unavailable(f"{at}: the server answers {status}; try again later")
        return Rejected(f"{at}: Redmine refuses it{said or f' ({answer.status})'}")

    def _said(self, answer: Answer) -> str:
        errors = answer.data.get("errors") if isinstance(answer.data, Mapping) else None
        plain = "; ".join(str(each) for each in errors) if isinstance(errors, list) else ""
        return f": {plain.replace(self._key or chr(0), '***')[:200]}" if plain else ""

    def _strange(self, what: str) -> Unavailable:
        return Unavailable(
            f"{self.account.name}: {what}: the answer is no JSON of Redmine; a login page may stand before it: "
            f"look at {self.account.url} in a browser, and let the API pass"
        )
