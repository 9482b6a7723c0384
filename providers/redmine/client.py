"""Requests to one Redmine: key, errors, pages. No kind of step is known here.

What Redmine 5.0.4 does was seen on a running one: see `tests/servers`, which holds it to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from providers.http import Answer
from providers.redmine.account import Account
from providers.rest import Moved, Rest
from runner.spi import Forbidden, Io, NotFound, ProviderError, Rejected, Target, Unauthorized, Unavailable

Row: TypeAlias = Mapping[str, Any]
DEADLINE: Final = 20.0  # seconds for one exchange
PAGE: Final = 100  # objects in a list; Redmine gives no more [DOC]


class Client(Rest):
    """One Redmine's API."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        super().__init__(target, account.url, io, DEADLINE, ("key", "My account > API access key"))
        self.account = account
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
        answered with 204. Raises `ProviderError` as `send` does."""
        self.login()
        self.send(method, path, what, body)

    # --- lists and objects ------------------------------------------------------------------------------------------

    def _page(self, path: str, name: str, what: str, params: Mapping[str, str]) -> tuple[list[Row], int]:
        """Return the rows of one page, and how many there are in all: lists that have no pages do not say."""
        self.login()
        data = self.get(path, what, {"limit": str(PAGE), **params}).data
        rows = data.get(name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.strange(what)
        return rows, int(data.get("total_count", len(rows)))

    def _one(self, path: str, name: str, what: str) -> Row:
        row = self.get(path, what).data.get(name)
        if not isinstance(row, dict):
            raise self.strange(what)
        return row

    # --- Redmine's words --------------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry the key."""
        return {"X-Redmine-API-Key": self.secret}

    def refused(self, answer: Answer, at: str) -> ProviderError:
        """Return the error of a refusal. Most bodies are empty."""
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
        errors = answer.data.get("errors") if isinstance(answer.data, Mapping) else None
        said = self.hidden("; ".join(map(str, errors)) if isinstance(errors, list) else "")
        return Rejected(f"{at}: Redmine refuses it{said or f' ({answer.status})'}")

    def strange(self, what: str) -> Unavailable:
        """Return the error of an answer that is not Redmine's."""
        return Unavailable(
            f"{self.name}: {what}: the answer is no JSON of Redmine; a login page may stand before it: "
            f"look at {self.account.url} in a browser, and let the API pass"
        )
