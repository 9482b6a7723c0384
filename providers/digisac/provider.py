"""The provider for Digisac: one account, its areas joined behind the runner's three methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.areas import ByAreas
from providers.digisac import checkup
from providers.digisac.account import account_of
from providers.digisac.client import Client
from providers.digisac.directory import Directory
from providers.digisac.holidays import Holidays
from providers.digisac.notices import Notices
from providers.digisac.people import by_people
from providers.digisac.schedules import Schedules
from providers.digisac.tickets import Tickets
from runner.model import ABSENT, Accepted, Change, Outcome, Slot, Value
from runner.spi import Finding, Io, Query, Target


def open_target(target: Target, io: Io) -> Digisac:
    """Return the account that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Digisac(target, io)


class Digisac(ByAreas):
    """One account of Digisac."""

    def __init__(self, target: Target, io: Io) -> None:
        self.client = Client(account_of(target), target, io)
        self._directory = Directory(self.client)
        self._schedules = Schedules(self.client, self._directory)
        self._tickets = Tickets(self.client, self._directory)
        areas = (
            self._schedules,
            Holidays(self.client),
            self._tickets,
            Notices(self.client, self._directory),
        )
        super().__init__(target, self.client.http, areas, by_people())

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row. Raises `ProviderError`."""
        for slot, value in super().read(query):
            # what a contact is called was asked for one key, however many the query has
            if value is not ABSENT or not slot.path.startswith("contact/"):
                yield slot, value

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""
        self.client.begin()
        yield from super().write(batch)

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the account and the token. Raises `ProviderError`."""
        return checkup.examine(self.client, self._schedules, self._directory)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield what somebody should know before a step is carried out. Raises `ProviderError`."""
        return checkup.advise(self.client, self._directory, self._tickets, kind, with_)
