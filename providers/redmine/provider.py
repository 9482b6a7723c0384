"""The provider for Redmine: tickets, snoozes and notices by API, everything else through people."""

from __future__ import annotations

from collections.abc import Iterator

from providers.areas import ByAreas
from providers.redmine import checkup
from providers.redmine.account import account_of
from providers.redmine.client import Client
from providers.redmine.names import Names
from providers.redmine.notices import Notices
from providers.redmine.people import by_people
from providers.redmine.tickets import Tickets
from runner.spi import Finding, Io, Target


def open_target(target: Target, io: Io) -> Redmine:
    """Return the Redmine that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Redmine(target, io)


class Redmine(ByAreas):
    """One Redmine."""

    def __init__(self, target: Target, io: Io) -> None:
        self.client = Client(account_of(target), target, io)
        self._names = Names(self.client)
        areas = (Tickets(self.client, self._names), Notices(self.client, self._names))
        super().__init__(target, self.client.http, areas, by_people())

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the server and the key. Raises `ProviderError`."""
        return checkup.examine(self.client, self._names, self._target)
