"""A server's JSON API, asked with care: a read is tried once more, a write is sent once.

What a status means for a change is judged here; the vendor's credential and words are its own, in a subclass.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.http import Answer, Http, NoReply, NotSent, retry_after, secret_of
from runner.spi import Io, ProviderError, RateLimited, Rejected, Target, Unavailable


class Moved(Rejected):
    """Somebody else changed the object meanwhile."""


class Rest(ABC):
    """One server's API. `date` is its clock, as it said last; `secret` the credential, once it was needed."""

    def __init__(self, target: Target, url: str, io: Io, deadline: float, credential: tuple[str, str]) -> None:
        """`deadline` is for one exchange, in seconds; `credential` is its name, and where the vendor shows it."""
        self.name = target.name
        self.io = io
        self.http = Http(target.name, url, io, deadline)
        self.date: datetime | None = None
        self.secret = ""
        self._target = target
        self._credential = credential

    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """Return the headers that carry `secret`."""

    @abstractmethod
    def refused(self, answer: Answer, at: str) -> ProviderError:
        """Return the error of an answer that is neither a success nor a fault of the server's."""

    @abstractmethod
    def strange(self, what: str) -> Unavailable:
        """Return the error of an answer that is not the vendor's: a login page, perhaps."""

    def get(self, path: str, what: str, params: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET, whose data is an object. Raises `ProviderError`."""
        try:
            return self._got(path, what, params)
        except (Unavailable, NotSent):
            return self._got(path, what, params)

    def send(self, method: str, path: str, what: str, body: Any = None, *, match: str = "") -> Any:
        """Send one change, and return what the server says of it. `match` is the state that the object must still be
        in. Raises `ProviderError`: `NoReply` when it may have been carried out, others when nothing was written."""
        answer = self._exchange(method, path, what, body=body, more={"If-Match": match} if match else {})
        if answer.status >= 500 or answer.status == 408:
            raise NoReply(self._explain(answer, what).message)
        if not answer.ok:
            raise self._explain(answer, what)
        if answer.data is None and answer.text:
            raise NoReply(self.strange(what).message)
        return answer.data

    def _got(self, path: str, what: str, params: Mapping[str, str] | None) -> Answer:
        answer = self._exchange("GET", path, what, params=params)
        if not answer.ok:
            raise self._explain(answer, what)
        if not isinstance(answer.data, Mapping):
            raise self.strange(what)
        return answer

    def _exchange(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        self.secret = self.secret or secret_of(self._target, self.io, *self._credential)
        answer = self.http.send(method, path, params=params, body=body, headers={**self.headers(), **(more or {})})
        self.date = answer.date or self.date
        if answer.status == 429:
            wait = max(1.0, retry_after(answer.headers, self.io.now(), default=60.0))
            raise RateLimited(f"{self.name}: {what}: asked to wait {wait:.0f} s", retry_after=wait)
        if answer.status == 503 and method != "GET":
            raise NotSent(f"{self.name}: {what}: the server answers 503; try again later")
        return answer

    def _explain(self, answer: Answer, what: str) -> ProviderError:
        at = f"{self.name}: {what}"
        if answer.status >= 500 or answer.status == 408:
            return Unavailable(f"{at}: the server answers {answer.status}; try again later")
        return self.refused(answer, at)

    def hidden(self, words: str) -> str:
        """Return what a server says as the end of a sentence, without the credential; "" for nothing."""
        return f": {words.replace(self.secret or chr(0), '***')[:200]}" if words else ""
