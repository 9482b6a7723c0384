"""The provider for Redmine: tickets, snoozes and notices by API, everything else through people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.areas import Areas
from providers.redmine import checkup
from providers.redmine.account import account_of
from providers.redmine.client import Client
from providers.redmine.names import Names
from providers.redmine.notices import Notices
from providers.redmine.people import by_people
from providers.redmine.tickets import Tickets
from runner import kinds
from runner.model import Accepted, Change, Outcome, Slot, Value
from runner.spi import Finding, Io, KindSpec, Query, Target


def open_target(target: Target, io: Io) -> Redmine:
    """Return the Redmine that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Redmine(target, io)


class Redmine:
    """One Redmine."""

    def __init__(self, target: Target, io: Io) -> None:
        self._target = target
        self.client = Client(account_of(target), target, io)
        self._names = Names(self.client)
        self._areas = Areas(target, Tickets(self.client, self._names), Notices(self.client, self._names))
        self._kinds = kinds.offer(*self._areas.specs, *by_people())

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return what this Redmine offers; what has no API is carried out by people."""
        return self._kinds

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row. Raises `ProviderError`, `InvalidInput`."""
        return self._areas.read(query)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""
        return self._areas.write(batch)

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the server and the key. Raises `ProviderError`."""
        return checkup.examine(self.client, self._names, self._target)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield nothing: what somebody should know stands in the notes of each kind."""
        del kind, with_
        return iter(())

    def close(self) -> None:
        """Close the connections."""
        self.client.http.close()
