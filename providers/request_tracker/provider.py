"""The provider for Request Tracker: tickets, snoozes and articles by API, everything else through people."""

from __future__ import annotations

from collections.abc import Iterator

from providers.areas import ByAreas
from providers.request_tracker import checkup
from providers.request_tracker.account import account_of
from providers.request_tracker.client import Client
from providers.request_tracker.notices import Notices
from providers.request_tracker.people import by_people
from providers.request_tracker.queues import Queues
from providers.request_tracker.tickets import Tickets
from runner.spi import Finding, Io, Target


def open_target(target: Target, io: Io) -> RequestTracker:
    """Return the RT that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return RequestTracker(target, io)


class RequestTracker(ByAreas):
    """One Request Tracker."""

    def __init__(self, target: Target, io: Io) -> None:
        self.client = Client(account_of(target), target, io)
        self._queues = Queues(self.client)
        areas = (Tickets(self.client, self._queues), Notices(self.client))
        super().__init__(target, self.client.http, areas, by_people())

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the server and the token. Raises `ProviderError`."""
        return checkup.examine(self.client, self._queues, self._target)
