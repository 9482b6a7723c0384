"""The provider for Movidesk: tickets and their snoozes by API, everything else through people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from providers.movidesk import checkup
from providers.movidesk.account import account_of
from providers.movidesk.client import Client
from providers.movidesk.names import Names
from providers.movidesk.notice_kind import notice
from providers.movidesk.people import by_people
from providers.movidesk.snoozes import Snoozes
from providers.movidesk.tickets import Tickets
from runner import kinds
from runner.model import Accepted, Change, Outcome, Slot, Value
from runner.spi import Finding, Io, KindSpec, Query, Rejected, Target


def open_target(target: Target, io: Io) -> Movidesk:
    """Return the account that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Movidesk(target, io)


class Movidesk:
    """One account of Movidesk."""

    def __init__(self, target: Target, io: Io) -> None:
        self._target = target
        self.client = Client(account_of(target), target, io)
        self._names = Names(self.client)
        areas = (Tickets(self.client, self._names), Snoozes(self.client, self._names, target))
        self._areas: dict[str, Tickets] = {spec.kind: area for area in areas for spec in area.specs()}
        by_api = [spec for area in areas for spec in area.specs()]
        self._kinds = kinds.offer(*by_api, notice(), *by_people())

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return what the account offers; what has no API is carried out by people."""
        return self._kinds

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row. Raises `ProviderError`."""
        for key, values in islice(self._area(query.kind).read(query), query.limit):
            for path, value in kinds.asked(query.paths, values).items():
                yield Slot(self._target.name, query.kind, key, path), value

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""
        if batch:
            yield from self._area(batch[0].slot.kind).write(batch)

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the account and the credential. Raises `ProviderError`."""
        return checkup.examine(self.client, self._names, self._target)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield what somebody should know before a step is carried out. Raises `ProviderError`."""
        return checkup.advise(self._areas.get(kind), self._target, kind, with_)

    def close(self) -> None:
        """Close the connections."""
        self.client.http.close()

    def _area(self, kind: str) -> Tickets:
        if kind not in self._areas:
            raise Rejected(f"{self._target.name}: Movidesk has no API for {kind}: a person has to do it", field="kind")
        return self._areas[kind]
