"""Requests to one Request Tracker: token, errors, pages. No kind of step is known here.

What RT 5.0.3 does was seen on a running one: see `tests/servers`, which holds it to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from providers.http import Answer
from providers.request_tracker.account import API, Account
from providers.rest import Moved, Rest
from runner.spi import Forbidden, Io, NotFound, ProviderError, Rejected, Target, Unauthorized, Unavailable

Row: TypeAlias = Mapping[str, Any]
DEADLINE: Final = 25.0  # seconds for one exchange; a bulk update of a hundred tickets takes the longest
_PERL: Final = re.compile(r"\s+at /\S+ line \d+\.?\s*$")


class Client(Rest):
    """One RT's API."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        super().__init__(target, account.url + API, io, DEADLINE, ("token", "Settings > Auth Tokens"))
        self.account = account

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

    def _page(self, path: str, what: str, params: Mapping[str, str]) -> tuple[list[Row], int | None]:
        """Return the rows of one page, and how many there are in all, None where RT does not say."""
        data = self.get(path, what, params).data
        rows, total = data.get("items"), data.get("total")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise self.strange(what)
        return rows, total if isinstance(total, int) else None

    # --- RT's words -------------------------------------------------------------------------------------------------

    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry the token; sentences are read in English."""
        return {"Authorization": f"token {self.secret}", "Accept-Language": "en"}

    def refused(self, answer: Answer, at: str) -> ProviderError:
        """Return the error of a refusal."""
        words = answer.data.get("message") if isinstance(answer.data, Mapping) else None
        said = self.hidden(_PERL.sub("", words) if isinstance(words, str) else "")
        match answer.status:
            case 401:
                return Unauthorized(f"{at}: the token is refused: make a new one under Settings > Auth Tokens")
            case 403:
                return Forbidden(f"{at}: the token's owner may not do this{said}; give the account that right in RT")
            case 404:
                return NotFound(f"{at}: it does not exist, or the token's owner may not see it")
            case 412:
                return Moved(f"{at}: somebody changed it meanwhile")
        return Rejected(f"{at}: RT refuses it{said or f' ({answer.status})'}")

    def strange(self, what: str) -> Unavailable:
        """Return the error of an answer that is not RT's."""
        return Unavailable(
            f"{self.name}: {what}: the answer is no JSON of RT; a login page may stand before it: look at "
            f"{self.account.url}{API}/rt in a browser, and let the API pass"
        )
