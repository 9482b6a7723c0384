"""Requests to one Whaticket account.

There is no public reference: the description lives inside the product. What stands here was seen in third-party clients
[3], or is a guess that says so. The open-source "Whaticket Community" has another API and is not meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from providers.http import Answer, Budget, Http, NoReply, checked_url, retry_after, secret_of
from runner.spi import Forbidden, Io, NotFound, RateLimited, Rejected, Target, Unauthorized, Unavailable

URL: Final = "https://api.whaticket.com/api/v1"  # [3]
HOSTS: Final = ("whaticket.com",)
OPTIONS: Final = frozenset({"url", "connection", "per_minute"})
PER_MINUTE: Final = 60  # a guess: a limit exists [3], its size is not known
STEP: Final = 30.0  # seconds that the runner waits for a provider (`KindSpec.deadline`)
DEADLINE: Final = 15.0  # seconds for one exchange
TOKENS: Final = "Integraciones > Tokens"
_DIGITS: Final = re.compile(r"\+?\d[\d ().-]{6,}\d")  # a customer's number: refusals are journalled


class Client:
    """One account's API. Nothing is sent twice; what is worth another try is the runner's to try."""

    def __init__(self, target: Target, io: Io) -> None:
        options = target.options
        if unknown := sorted(set(options) - OPTIONS):
            raise _wrong(target, unknown[0], f"is no option of whaticket; there are {', '.join(sorted(OPTIONS))}")
        rate = options.get("per_minute", PER_MINUTE)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or rate <= 0:
            raise _wrong(target, "per_minute", "must be a number of requests")
        if not isinstance(options.get("connection", ""), str):
            raise _wrong(target, "connection", "must be the name or the id of a WhatsApp connection")
        self.target = target
        self.io = io
        self.connection = str(options.get("connection", ""))
        self.per_minute = float(rate)
        self._http = Http(target.name, checked_url(str(options.get("url", URL)), hosts=HOSTS), io, DEADLINE)
        self._budget = Budget(io, self.per_minute, target.reserve)

    def get(self, path: str, what: str, **params: str) -> Any:
        """Return the JSON of a GET. Raises `ProviderError`."""
        return self._ask("GET", path, what, params=params)

    def post(self, path: str, what: str, body: Any) -> Any:
        """Return the JSON that answers a POST. Raises `ProviderError`: `NotSent` and refusals mean that nothing was
        done, `NoReply` and `Unavailable` that it may have been."""
        return self._ask("POST", path, what, body=body)

    def rows(self, data: Any, key: str, what: str) -> list[Mapping[str, Any]]:
        """Return the objects of a list, bare or under `key`: both shapes were seen [3]. Raises `Unavailable`."""
        found = data.get(key) if isinstance(data, dict) else data
        if isinstance(found, list) and all(isinstance(row, dict) and row.get("id") for row in found):
            return found
        raise Unavailable(f"{self.target.name}: {what}: the answer holds no list of {key}")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _ask(
        self, method: str, path: str, what: str, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> Any:
        header = {"Authorization": f"Bearer {secret_of(self.target, self.io, 'token', f'{TOKENS} makes one')}"}
        self._budget.take(longest=STEP - DEADLINE)
        answer = self._http.send(method, path, params=params, body=body, headers=header)
        if not answer.ok:
            raise self._fault(answer, what)
        if answer.data is None:
            raise NoReply(f"{self.target.name}: {what}: the answer is no JSON; is this address really Whaticket's?")
        return answer.data

    def _fault(self, answer: Answer, what: str) -> Exception:
        place, said = f"{self.target.name}: {what}", _said(answer)
        if answer.status == 401:
            return Unauthorized(f"{place}: the token is refused{said}; make a new one ({TOKENS})")
        if answer.status == 403:
            return Forbidden(f"{place}: not allowed{said}; give the token the permission ({TOKENS})")
        if answer.status == 404:
            return NotFound(f"{place}: it does not exist{said}")
        if answer.status == 429:
            wait = retry_after(answer.headers, self.io.now(), default=60.0)
            self._budget.told_to_wait(wait)
            return RateLimited(f"{place}: asked to wait {wait:.0f} s", retry_after=wait)
        if answer.status < 500:
            return Rejected(f"{place}: refused{said}")
        return Unavailable(f"{place}: Whaticket answered {answer.status}{said}; try again later")


def _said(answer: Answer) -> str:
    data = answer.data if isinstance(answer.data, dict) else {}
    words = _DIGITS.sub("<number>", str(data.get("error") or data.get("message") or answer.text or ""))[:200]
    return f" ({words})" if words else ""


def _wrong(target: Target, option: str, why: str) -> Rejected:
    return Rejected(f"targets.{target.name}.options.{option} {why}", field=option)
