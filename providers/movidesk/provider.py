"""The provider for Movidesk: tickets and their snoozes by API, everything else through people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.areas import ByAreas
from providers.movidesk import checkup
from providers.movidesk.account import account_of
from providers.movidesk.client import Client
from providers.movidesk.names import Names
from providers.movidesk.notice_kind import notice
from providers.movidesk.people import by_people
from providers.movidesk.snoozes import Snoozes
from providers.movidesk.tickets import Tickets
from runner.spi import Finding, Io, Target


def open_target(target: Target, io: Io) -> Movidesk:
    """Return the account that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Movidesk(target, io)


class Movidesk(ByAreas):
    """One account of Movidesk."""

    def __init__(self, target: Target, io: Io) -> None:
        self.client = Client(account_of(target), target, io)
        self._names = Names(self.client)
        snoozes = Snoozes(self.client, self._names, target)
        self._tickets: dict[str, Tickets] = {"tickets": Tickets(self.client, self._names), "snooze": snoozes}
        super().__init__(target, self.client.http, [*self._tickets.values()], (notice(), *by_people()))

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the account and the credential. Raises `ProviderError`."""
        return checkup.examine(self.client, self._names, self._target)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield what somebody should know before a step is carried out. Raises `ProviderError`."""
        return checkup.advise(self._tickets.get(kind), self._target, kind, with_)
