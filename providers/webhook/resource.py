"""Receivers of one's own that keep a message under the id that we choose: PUT creates and changes, GET shows, DELETE
takes away. A PUT that is sent twice is one message, so nothing has to be looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from providers.http import Answer
from providers.webhook.account import Account, Place
from providers.webhook.answers import DONE, attempt, posted, refused
from providers.webhook.client import Hooks, patiently
from runner.model import ABSENT, Change, Outcome, Value
from runner.spi import Finding, Io, ProviderError, Rejected, Target, Unavailable

FIELDS: Final = ("outage", "step", "subject", "body", "texts", "after")  # of a message, besides marker and state
GONE: Final = (404, 410)
NOBODY: Final = "or-aaaaaaaaaaaa"  # a marker that no message has


class Resource:
    """The messages of one target's receivers."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self._account = account
        self._io = io
        self._hooks = Hooks(account, target, io)

    def look(self, place: Place) -> Value:
        """Return the message as it stands, ABSENT when it does not or is withdrawn. Raises `ProviderError`."""
        return patiently(self._io, partial(self._look, place))

    def write(self, place: Place, change: Change) -> Outcome:
        """Put, change or take down one message. Raises `ProviderError` for what was not sent."""
        return attempt(lambda: self._set(place, change))

    def ping(self) -> None:
        """Ask each receiver for a message that does not exist. Raises `ProviderError`."""
        for channel in self._account.channels:
            self.look(Place(NOBODY, None, channel))

    def examine(self) -> Iterator[Finding]:
        """Yield which receivers answer."""
        for channel in self._account.channels:
            try:
                self.look(Place(NOBODY, None, channel))
            except ProviderError as fault:
                yield Finding("problem", fault.message, "check the address, and that it answers GET")
            else:
                yield Finding("ok", f"{channel} answers")

    def close(self) -> None:
        """Close the connections."""
        self._hooks.close()

    def _look(self, place: Place) -> Value:
        answer, _ = self._ask("GET", place)
        if answer.status in GONE:
            return ABSENT
        data = answer.data
        if not isinstance(data, Mapping) or data.get("marker") != place.marker:
            at = self._hooks.at(place.channel)
            raise Unavailable(f"{at} answers a GET with something else than the message: it keeps none under our ids")
        return ABSENT if data.get("state") == "withdrawn" else {name: data[name] for name in FIELDS if name in data}

    def _set(self, place: Place, change: Change) -> Outcome:
        at, before = self._hooks.at(place.channel), change.before
        if isinstance(change.after, Mapping):
            method, body = "PUT", {"marker": place.marker, "state": "posted", **change.after}
        elif isinstance(before, Mapping) and "after" in before:
            over = {**before, "body": before["after"]}
            method, body = "PUT", {"marker": place.marker, "state": "withdrawn", **over}
        else:
            method, body = "DELETE", None
        answer, said = self._ask(method, place, body)
        if answer.status not in GONE:
            return posted("json", answer, at, said)
        if method == "DELETE":
            return DONE
        raise Rejected(f"{at} takes no PUT ({answer.status}): check its address, or drop `resource: true`")

    def _ask(self, method: str, place: Place, body: Any = None) -> tuple[Answer, str]:
        answer, said = self._hooks.ask(place.channel, method, below=place.marker, body=body)
        if answer.ok or answer.status in GONE:
            return answer, said
        raise refused(answer, self._hooks.at(place.channel), said, self._io.now())
