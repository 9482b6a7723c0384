"""Requests to one Digisac account: credential, pace, errors, paging. No kind of step is known here.

The vendor publishes examples of calls and no shapes of answers: lists come as ``{"data": [...], "lastPage": n}`` [3],
and what an error says stands in one of a few usual places, a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from providers.digisac.account import Account
from providers.http import Answer, Budget, Http, NoReply, NotSent, retry_after, secret_of
from runner.spi import (
    Forbidden,
    Io,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    Target,
    Unauthorized,
    Unavailable,
)

API: Final = "/api/v1"
STEP: Final = 30.0  # seconds that the runner waits for a provider (`KindSpec.deadline`)
DEADLINE: Final = 20.0  # seconds for one exchange
PATIENCE: Final = STEP - DEADLINE  # seconds that a request waits for its turn; longer waits are the runner's
SOON: Final = 1.0  # seconds
READ_TRIES: Final = 4
PAGE: Final = 100  # objects in one page; the vendor's examples show 15 to 50, clients use up to 500 [3]
WAIT: Final = 60.0  # seconds, when a 429 does not say how long
ROLE: Final = (
    "let an administrator allow it: painel de navegação > cargos > the role of the token's owner > editar > "
    "habilitar agendamento > salvar"
)


class Client:
    """One account's API. Reads are tried again; a write is sent once."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self.account = account
        self.io = io
        self.http = Http(account.name, account.url, io, DEADLINE)
        self._target = target
        self._budget = Budget(io, account.per_minute, account.reserve, burst=20)
        self._begun: datetime | None = None

    def begin(self) -> None:
        """Start the time of one step of a write: no request begins so late that it could arrive when the runner has
        looked already."""
        self._begun = self.io.now()

    def busy(self) -> bool:
        """Whether a step of a write has lasted so long that the runner should hear of it before the next request."""
        return self._begun is not None and (self.io.now() - self._begun).total_seconds() > SOON

    def get(self, path: str, what: str, params: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of a GET. Raises `ProviderError`; overload and broken connections are waited out a few times,
        as long as the runner waits for us."""
        begun = self.io.now()
        for left in reversed(range(READ_TRIES)):
            try:
                return self._ask("GET", path, what, params=params)
            except (RateLimited, Unavailable) as fault:
                asked = fault.retry_after if isinstance(fault, RateLimited) else 0.5 * 2 ** (READ_TRIES - left)
                if not left or (self.io.now() - begun).total_seconds() + asked > PATIENCE:
                    raise
                self.io.sleep(asked)
        raise AssertionError("the last try raises")

    def write(self, method: str, path: str, what: str, body: Any = None) -> Any:
        """Return the JSON that answers a write, None for an empty answer.

        Raises `ProviderError`: `NotSent` and refusals mean that nothing was written, `NoReply` and `Unavailable` that
        it may have been.
        """
        return self._ask(method, path, what, body=body)

    def pages(
        self, path: str, what: str, *, params: Mapping[str, str] | None = None, query: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of every page, one page in memory. `params` are sent as they are; `query` goes with the page
        as one JSON parameter, the vendor's other way [DOC]. Raises `ProviderError`."""
        page, last = 1, 1
        while page <= last:
            if query is not None:
                sent = {"query": json.dumps({**query, "page": page, "perPage": PAGE}, separators=(",", ":"))}
            else:
                sent = {**(params or {}), "page": str(page), "perPage": str(PAGE)}
            data = self.get(path, what, sent)
            rows = data.get("data") if isinstance(data, dict) else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
                raise Unavailable(f"{self.account.name}: {what}: the answer is no list; is this address Digisac's?")
            yield from rows
            last = data.get("lastPage")
            if isinstance(last, bool) or not isinstance(last, int):
                raise Unavailable(f"{self.account.name}: {what}: the list does not say how many pages it has")
            page += 1

    # --- one exchange -----------------------------------------------------------------------------------------------

    def _ask(
        self, method: str, path: str, what: str, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        token = secret_of(self._target, self.io, "token", "Conta > API > Tokens de acesso pessoal")
        headers = {"Authorization": f"Bearer {token}"}
        self._take(method, what)
        answer = self.http.send(method, API + path, params=params, body=body, headers=headers)
        if answer.status == 429:
            self._budget.told_to_wait(_wait(answer, self.io.now()))
        if not answer.ok:
            raise explain(answer, self.account.name, what, self.io.now(), schedule=path.startswith("/schedule"))
        if answer.data is None and (answer.text or method == "GET"):
            raise NoReply(f"{self.account.name}: {what}: the answer is no JSON; is this address really Digisac's?")
        return answer.data

    def _take(self, method: str, what: str) -> None:
        """Wait for the turn of a request. Raises `RateLimited`, and `NotSent` for a write whose time is over."""
        left = PATIENCE
        if method != "GET" and self._begun is not None:
            left -= (self.io.now() - self._begun).total_seconds()
        try:
            self._budget.take(longest=max(left, 0.0))
        except RateLimited as full:
            message = f"{self.account.name}: {full.message}; `per_minute` under its options sets the pace"
            raise RateLimited(message, retry_after=full.retry_after) from full
        if left < 0:
            raise RateLimited(f"{self.account.name}: {what}: what came before it took long", retry_after=0.0)


# --- what an answer means -------------------------------------------------------------------------------------------


def explain(answer: Answer, name: str, what: str, now: datetime, *, schedule: bool = False) -> ProviderError:
    """Return the error of an answer that is not a success. `what` names the request in words: ``list schedules``;
    `schedule` says that it is about schedules, which have a permission of their own [DOC]."""
    said = said_of(answer)
    at, more = f"{name}: {what}", f" ({said})" if said else ""
    match answer.status:
        case 401:
            return Unauthorized(f"{at}: Digisac does not accept the token{more}; make another one and set it again")
        case 403:
            hint = ROLE if schedule else "the token has the rights of its owner: look at that person's role"
            return Forbidden(f"{at}: not allowed{more}; {hint}")
        case 404:
            return NotFound(f"{at}: it does not exist{more}")
        case 429:
            return RateLimited(f"{at}: Digisac asks to wait", retry_after=_wait(answer, now))
        case 503:
            return NotSent(f"{at}: Digisac is not available{more}; try again later")
        case status if status >= 500 or status == 408:
            return NoReply(f"{at}: Digisac answers {status}{more}; try again later")
    return Rejected(f"{at}: {said or f'Digisac refuses it ({answer.status})'}", field=_field(answer.data))


def _wait(answer: Answer, now: datetime) -> float:
    return max(1.0, retry_after(answer.headers, now, default=WAIT))


def said_of(answer: Answer) -> str:
    """Return what an answer says about a refusal, "" when it says nothing. The places are a guess."""
    found: Any = answer.data if answer.data is not None else answer.text
    while isinstance(found, list | Mapping):
        if isinstance(found, Mapping):
            found = next((found[name] for name in ("message", "error", "errors") if name in found), "")
        else:
            found = found[0] if found else ""
    text = found if isinstance(found, str) and not found.lstrip().startswith("<") else ""
    return " ".join(text.split())[:300]


def _field(data: Any) -> str:
    found = data.get("field") if isinstance(data, Mapping) else ""
    return found if isinstance(found, str) else ""


__all__ = ["Client", "NoReply", "NotSent", "explain", "said_of"]
