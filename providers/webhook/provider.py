"""The provider for webhooks: the channels of one target behind the runner's three methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from providers.webhook.account import Account, Place, account_of
from providers.webhook.incoming import Incoming
from providers.webhook.kind import notice
from providers.webhook.resource import Resource
from providers.webhook.slack_app import SlackApp
from runner import kinds
from runner.model import ABSENT, Accepted, Change, Outcome, Slot, Value, Verdict
from runner.spi import Finding, Io, KindSpec, Query, Rejected, Target


class Board(Protocol):
    """What one service can do with a message."""

    def look(self, place: Place) -> Value:
        """Return the message as it stands, ABSENT where there is none. Raises `ProviderError`."""

    def write(self, place: Place, change: Change) -> Outcome:
        """Set one message. Raises `ProviderError` for what was not sent."""

    def ping(self) -> None:
        """Use the credential for something harmless, if there is anything. Raises `ProviderError`."""

    def examine(self) -> Iterator[Finding]:
        """Yield what is remarkable about the channels. Raises `ProviderError`."""

    def close(self) -> None:
        """Close the connections."""


def open_target(target: Target, io: Io) -> Webhook:
    """Return the channels that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Webhook(target, io)


def _board(account: Account, target: Target, io: Io) -> Board:
    if account.service == "slack_app":
        return SlackApp(account, target, io)
    return Resource(account, target, io) if account.resource else Incoming(account, target, io)


class Webhook:
    """The channels of one target."""

    def __init__(self, target: Target, io: Io) -> None:
        self._account = account_of(target)
        self._spec = notice(self._account)
        self._path = next(iter(self._spec.merges))
        self._board = _board(self._account, target, io)

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return the one kind: notices."""
        return kinds.offer(self._spec)

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield the messages asked for by their keys; without keys none is listed. Raises `ProviderError`."""
        if query.where is not None or query.names:
            raise Rejected(f"{self._account.name}: messages are read by their keys only", field="where")
        if not query.ids:
            self._board.ping()
        for key in query.ids[: query.limit]:
            for path, value in kinds.asked(query.paths, self._values(key)).items():
                yield Slot(self._account.name, self._spec.kind, key, path), value

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write message by message; yield one outcome per change, in order. Raises `ProviderError`."""
        for change in batch:
            place = self._account.place(change.slot.key)
            if place is None:
                yield Outcome(Verdict.REJECTED, f"{self._account.name} has no channel for {change.slot.key}")
                continue
            yield self._board.write(place, change)

    def examine(self) -> Iterator[Finding]:
        """Yield what can be found out without posting anything. Raises `ProviderError`."""
        return self._board.examine()

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield that a channel has no groups, where a step names some."""
        del kind
        groups = with_.get("audience", {}).get(self._account.audience, "all")
        if groups not in ("all", ["all"]):
            yield "a channel has no groups: everybody in it reads the notice"

    def close(self) -> None:
        """Close the connections."""
        self._board.close()

    def _values(self, key: str) -> Mapping[str, Value]:
        """Return what is asked of one message, which is called by its channel; nothing of one that does not stand
        there."""
        place = self._account.place(key)
        found = self._board.look(place) if place is not None else ABSENT
        return {} if place is None or found is ABSENT else {"name": place.channel, self._path: found}
