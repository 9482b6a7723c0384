"""Requests to one Request Tracker: token, errors, pages. No kind of step is known here.

What RT 5.0.3 does was seen on a running one: see `tests/servers`, which holds it to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from providers.http import Answer, Http, NoReply, NotSent, retry_after, secret_of
from providers.request_tracker.account import API, Account
from runner.spi import Forbidden, Io, NotFound, ProviderError, RateLimited, Rejected, Target, Unauthorized, Unavailable

Row: TypeAlias = Mapping[str, Any]
DEADLINE: Final = 25.0  # seconds for one exchange; a bulk update of a hundred tickets takes the longest
_PERL: Final = re.compile(r"\s+at /\S+ line \d+\.?\s*$")


class Moved(Rejected):
    """Somebody else changed the object meanwhile."""


class Client:
    """One RT's API. A read is tried once more; a write is sent once."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self.account = account
        self.io = io
        self.http = Http(account.name, account.url, io, DEADLINE)
        self.date: datetime | None = None  # the server's clock, as it said last
        self._target = target
        self._token = ""

    def get(self, path: str, what: str, params: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET, which is an object. Raises `ProviderError`."""
        for last in (False, True):
            try:
                answer = self._send("GET", path, what, params=params)
                if not answer.ok:
                    raise self._explain(answer, what)
                if not isinstance(answer.data, Mapping):
                    raise self._strange(what)
                return answer
            except (Unavailable, NotSent):
                if last:
                    raise
        raise AssertionError("the last try raises")

    def listed(self, path: str, what: str, params: Mapping[str, str]) -> list[Row]:
        """Return one page of a list. Raises `ProviderError`."""
        return self._page(path, what, params)[0]

    def tickets(self, condition: str, fields: Mapping[str, str]) -> Iterator[list[Row]]:
        """Yield the tickets that a condition in TicketSQL finds in the order of their numbers, a page at a time. Each
        page begins after the last number, so that none is left out when others change tickets meanwhile. Raises
        `ProviderError`, also where pages may lack tickets: an RT that looks at rights only when it shows a page leaves
        out what the token's owner may not see, and then does not say how many there are (seen)."""
        after, page = 0, self.account.page
        order = {"orderby": "id", "order": "ASC", "per_page": str(page), **fields}
        while True:
            query = f"({condition}) AND id > {after}" if condition else f"id > {after}"
            rows, total = self._page("/tickets", "list tickets", {"query": query, **order})
            if total is None:
                raise Forbidden(
                    f"{self.account.name}: list tickets: RT does not say how many there are, so pages may lack some: "
                    "give the token's owner the right ShowTicket on all queues, or set UseSQLForACLChecks in RT to 1"
                )
            if rows:
                yield rows
            if len(rows) >= total:
                return
            if not rows:
                raise Unavailable(f"{self.account.name}: the list of tickets lacks {total} after number {after}")
            last = max(int(row["id"]) for row in rows)
            if last <= after:
                raise Unavailable(f"{self.account.name}: the list of tickets does not go on after number {after}")
            after = last

    def write(self, method: str, path: str, what: str, body: Any = None, *, match: str = "") -> Any:
        """Send one change, and return what RT says of it: a 200 may hold a refusal. `match` is the state that the
        object must still be in. Raises `ProviderError`: `NoReply` when it may have been carried out, `Moved` when
        somebody else was faster, others mean that nothing was written."""
        headers = {"If-Match": match} if match else {}
        answer = self._send(method, path, what, body=body, headers=headers)
        if answer.status >= 500 or answer.status == 408:
            raise NoReply(self._explain(answer, what).message)
        if not answer.ok:
            raise self._explain(answer, what)
        if answer.data is None and answer.text:
            raise NoReply(self._strange(what).message)
        return answer.data

    # --- one exchange -----------------------------------------------------------------------------------------------

    def _page(self, path: str, what: str, params: Mapping[str, str]) -> tuple[list[Row], int | None]:
        """Return the rows of one page, and how many there are in all, None where RT does not say."""
        data = self.get(path, what, params).data
        rows, total = data.get("items"), data.get("total")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise self._strange(what)
        return rows, total if isinstance(total, int) else None

    def _send(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        self._token = self._token or secret_of(self._target, self.io, "token", "Settings > Auth Tokens")
        sent = {"Authorization": f"token {self._token}", "Accept-Language": "en", **(headers or {})}
        answer = self.http.send(method, API + path, params=params, body=body, headers=sent)
        self.date = answer.date or self.date
        if answer.status == 429:
            wait = max(1.0, retry_after(answer.headers, self.io.now(), default=60.0))
            raise RateLimited(f"{self.account.name}: {what}: asked to wait {wait:.0f} s", retry_after=wait)
        if answer.status == 503 and method != "GET":
            raise NotSent(f"{self.account.name}: {what}: the server answers 503; try again later")
        return answer

    def _explain(self, answer: Answer, what: str) -> ProviderError:
        """Return the error of an answer that is not a success."""
        at, said = f"{self.account.name}: {what}", self._said(answer)
        match answer.status:
            case 401:
                return Unauthorized(f"{at}: the token is refused: make a new one under Settings > Auth Tokens")
            case 403:
                return Forbidden(f"{at}: the token's owner may not do this{said}; give the account that right in RT")
            case 404:
                return NotFound(f"{at}: it does not exist, or the token's owner may not see it")
            case 412:
                return Moved(f"{at}: somebody changed it meanwhile")
            case status if status >= 500 or status == 408:
                return Unavailable(f"{at}: the server answers {status}; try again later")
        return Rejected(f"{at}: RT refuses it{said or f' ({answer.status})'}")

    def _said(self, answer: Answer) -> str:
        words = answer.data.get("message") if isinstance(answer.data, Mapping) else None
        plain = _PERL.sub("", words).replace(self._token or "\0", "***")[:200] if isinstance(words, str) else ""
        return f": {plain}" if plain else ""

    def _strange(self, what: str) -> Unavailable:
        return Unavailable(
            f"{self.account.name}: {what}: the answer is no JSON of RT; a login page may stand before it: look at "
            f"{self.account.url}{API}/rt in a browser, and let the API pass"
        )
