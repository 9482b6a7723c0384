"""Requests to one Movidesk account: token, pace, errors, pages. No kind of step is known here.

The token travels in the address, so addresses are never shown: not in errors, not in httpx's log (`providers.http`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from providers.http import Answer, Http, NoReply, NotSent, retry_after, secret_of
from providers.movidesk import odata
from providers.movidesk.account import KEY_IN, Account
from providers.movidesk.limits import LOCK, Limits, Record, record_of
from runner.spi import Io, NotFound, ProviderError, RateLimited, Rejected, Target, Unauthorized, Unavailable

Row: TypeAlias = Mapping[str, Any]
STEP: Final = 60.0  # seconds that the runner waits for a provider (`KindSpec.deadline`)
DEADLINE: Final = 20.0  # seconds for one exchange
PATIENCE: Final = STEP - DEADLINE  # seconds that a request waits for its turn; longer waits are the runner's
PAGE: Final = 100  # tickets [DOC]; older pages of the vendor speak of 1000
LIVE: Final = "/tickets"
_REFUSED: Final = f"the token is refused: take it anew from {KEY_IN} and set it again"
PAST: Final = "/tickets/past"  # nobody touched them for 90 days: read only [DOC]


class Client:
    """One account's API. A read is tried once more; a write is sent once."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self.account = account
        self.io = io
        self.http = Http(account.name, account.url, io, DEADLINE)
        self.limits = Limits(io, account.day_limit, account.reserve, account.free)
        self._target = target
        self._token = ""
        self._record: Record | None = None
        self._begun: datetime | None = None

    def begin(self) -> None:
        """Start the time of one step of a write, after which the runner no longer waits: no request begins so late that
        it could arrive when the runner has looked already, and its lease may be somebody else's."""
        self._begun = self.io.now()

    def pages(self, condition: str, select: str, *, expand: str = "") -> Iterator[list[Row]]:
        """Yield the tickets that a filter finds, a page at a time in the order of their numbers; one page in memory.

        The end is an empty page: how long a full one is, the vendor's pages say differently. Raises `ProviderError`.
        """
        after = 0
        while rows := self.some(_and(condition, f"id gt {after}"), select, expand=expand):
            yield rows
            last = max(int(row["id"]) for row in rows)
            if last <= after:
                raise Unavailable(f"{self.account.name}: the list of tickets does not go on after number {after}")
            after = last

    def some(
        self,
        condition: str,
        select: str,
        *,
        expand: str = "",
        order: str = "id",
        top: int = PAGE,
        path: str = LIVE,
    ) -> list[Row]:
        """Return up to `top` tickets that a filter finds. Raises `ProviderError`."""
        params = {"$select": select, "$filter": condition, "$orderby": order, "$top": str(top)}
        params |= {"$expand": expand} if expand else {}
        data = self._get(path, "list tickets", {name: value for name, value in params.items() if value})
        if not isinstance(data, list) or not all(isinstance(row, dict) and _is_number(row.get("id")) for row in data):
            raise Unavailable(
                f"{self.account.name}: the answer is no list of tickets; is this address really Movidesk's?"
            )
        return data

    def by_id(self, keys: Sequence[str], select: str, *, expand: str = "", path: str = LIVE) -> dict[str, Row]:
        """Return the tickets with these numbers, a dozen a request; those that are not there are left out. Raises
        `ProviderError`."""
        found: dict[str, Row] = {}
        for start in range(0, len(keys), odata.MANY):
            rows = self.some(odata.ids(keys[start : start + odata.MANY]), select, expand=expand, path=path)
            found |= {str(row["id"]): row for row in rows}
        return found

    def patch(self, key: str, body: Mapping[str, Any]) -> None:
        """Change one ticket. Raises `ProviderError`: `NotSent` and refusals mean that nothing was written, `NoReply`
        that it may have been."""
        what = f"change ticket {key}"
        begun = self._begun or self.io.now()
        left = PATIENCE - (self.io.now() - begun).total_seconds()
        if left < 0:
            raise NotSent(f"{self.account.name}: {what}: what comes before it took too long; it was not sent")
        answer = self._send("PATCH", LIVE, what, {"id": key}, body=body, longest=left)
        if answer.status >= 500 or answer.status == 408:
            raise NoReply(self._explain(answer, what).message)
        if not answer.ok:
            raise self._explain(answer, what)
        if answer.data is None and answer.text:
            raise NoReply(f"{self.account.name}: {what}: the answer is no JSON; is this address really Movidesk's?")

    # --- one exchange -----------------------------------------------------------------------------------------------

    def _get(self, path: str, what: str, params: Mapping[str, str]) -> Any:
        """Return the JSON of a GET; one that failed without a refusal is sent once more."""
        for last in (False, True):
            try:
                answer = self._send("GET", path, what, params)
                if not answer.ok:
                    raise self._explain(answer, what)
                if answer.data is None:
                    raise Unavailable(f"{self.account.name}: {what}: the answer is no JSON; try again later")
                return answer.data
            except Unavailable:
                if last:
                    raise
        raise AssertionError("the last try raises")

    def _send(
        self,
        method: str,
        path: str,
        what: str,
        params: Mapping[str, str],
        *,
        body: Any = None,
        longest: float = PATIENCE,
    ) -> Answer:
        record = self._known()
        if self.limits.is_barred(record):
            raise Unauthorized(f"{self.account.name}: {what}: {_REFUSED}; it is not tried again for a minute")
        try:
            self.limits.take(record, longest=longest)
        except RateLimited as full:
            raise RateLimited(f"{self.account.name}: {full.message}", retry_after=full.retry_after) from full
        answer = self.http.send(method, path, params={"token": self._token, **params}, body=body)
        self.limits.ended(record, well=answer.ok)
        if answer.status in (401, 403):
            self.limits.bar(record)
        if answer.status == 429:
            wait = max(1.0, retry_after(answer.headers, self.io.now(), default=LOCK))
            self.limits.told_to_wait(record, wait)
            raise RateLimited(f"{self.account.name}: {what}: asked to wait {wait:.0f} s", retry_after=wait)
        return answer

    def _known(self) -> Record:
        """Return what is known of the token, which is resolved when it is first needed. Raises `Unauthorized`."""
        if self._record is None:
            self._token = secret_of(self._target, self.io, "token", f"Movidesk shows it in {KEY_IN}")
            self._record = record_of(self._token)
        return self._record

    def _explain(self, answer: Answer, what: str) -> ProviderError:
        """Return the error of an answer that is not a success. Bodies carry words, in what shape is not documented."""
        at, said = f"{self.account.name}: {what}", self._said(answer)
        match answer.status:
            case 401 | 403:
                return Unauthorized(f"{at}: {_REFUSED}{said}")
            case 404:
                return NotFound(f"{at}: it does not exist{said}")
            case status if status >= 500 or status == 408:
                return Unavailable(f"{at}: Movidesk answers {status}{said}; try again later")
        return Rejected(f"{at}: Movidesk refuses it{said or f' ({answer.status})'}")

    def _said(self, answer: Answer) -> str:
        data = answer.data
        if isinstance(data, Mapping):
            words = next(
                (data[name] for name in ("message", "Message", "error") if isinstance(data.get(name), str)), ""
            )
        else:
            words = data if isinstance(data, str) else answer.text
        if words.lstrip().startswith("<"):  # a page says nothing in a sentence
            words = ""
        plain = " ".join(words.split()).replace(self._token or "\0", "***")[:200]
        return f" ({plain})" if plain else ""


def _and(*conditions: str) -> str:
    return " and ".join(each for each in conditions if each)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and str(value).isdecimal()
