"""The provider for Request Tracker: tickets, snoozes and articles by API, everything else through people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.areas import Areas
from providers.request_tracker import checkup
from providers.request_tracker.account import account_of
from providers.request_tracker.client import Client
from providers.request_tracker.notices import Notices
from providers.request_tracker.people import by_people
from providers.request_tracker.queues import Queues
from providers.request_tracker.tickets import Tickets
from runner import kinds
from runner.model import Accepted, Change, Outcome, Slot, Value
from runner.spi import Finding, Io, KindSpec, Query, Target


def open_target(target: Target, io: Io) -> RequestTracker:
    """Return the RT that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return RequestTracker(target, io)


class RequestTracker:
    """One Request Tracker."""

    def __init__(self, target: Target, io: Io) -> None:
        self._target = target
        self.client = Client(account_of(target), target, io)
        self._queues = Queues(self.client)
        self._areas = Areas(target, Tickets(self.client, self._queues), Notices(self.client))
        self._kinds = kinds.offer(*self._areas.specs, *by_people())

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return what this RT offers; what has no API is carried out by people."""
        return self._kinds

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row. Raises `ProviderError`, `InvalidInput`."""
        return self._areas.read(query)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""
        return self._areas.write(batch)

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the server and the token. Raises `ProviderError`."""
        return checkup.examine(self.client, self._queues, self._target)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield nothing: what somebody should know stands in the notes of each kind."""
        del kind, with_
        return iter(())

    def close(self) -> None:
        """Close the connections."""
        self.client.http.close()
