"""What providers with an API have in common: areas of an account, found by the kind, and people for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from providers.http import Http
from runner import kinds
from runner.model import Accepted, Change, Outcome, Slot, Value
from runner.spi import KindSpec, Query, Rejected, Target


class Area(Protocol):
    """One part of a vendor's API: the kinds that it offers, reading and writing them."""

    def specs(self) -> Sequence[KindSpec]:
        """Return the kinds of the area. Offline."""

    def read(self, query: Query) -> Iterator[tuple[str, Mapping[str, Value]]]:
        """Yield key and values of the objects selected; no values for an id that does not exist. Raises
        `ProviderError`."""

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""


class ByAreas:
    """A provider of one account that is made of areas. A subclass opens its client and looks the account over."""

    def __init__(self, target: Target, http: Http, areas: Sequence[Area], by_hand: Iterable[KindSpec]) -> None:
        self._target = target
        self._http = http
        self._areas = {spec.kind: area for area in areas for spec in area.specs()}
        self._kinds = kinds.offer(*(spec for area in areas for spec in area.specs()), *by_hand)

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return what the account offers; what has no API is carried out by people."""
        return self._kinds

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row. Raises `ProviderError`, `InvalidInput`."""
        for key, values in islice(self._area(query.kind).read(query), query.limit):
            for path, value in kinds.asked(query.paths, values).items():
                yield Slot(self._target.name, query.kind, key, path), value

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""
        if batch:
            yield from self._area(batch[0].slot.kind).write(batch)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield what somebody should know before a step is carried out: here what stands in the notes of each kind is
        all. Raises `ProviderError`."""
        del kind, with_
        return iter(())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _area(self, kind: str) -> Area:
        if kind not in self._areas:
            name = self._target.name
            raise Rejected(f"{name}: there is no API for {kind}: a person has to do it", field="kind")
        return self._areas[kind]
