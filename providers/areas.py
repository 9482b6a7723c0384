"""The areas of one account behind the runner's reading and writing: each with its kinds, found by the kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

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


class Areas:
    """All areas of one account."""

    def __init__(self, target: Target, *areas: Area) -> None:
        self._name = target.name
        self._areas = {spec.kind: area for area in areas for spec in area.specs()}
        self.specs = [spec for area in areas for spec in area.specs()]

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row. Raises `ProviderError`, `InvalidInput`."""
        for key, values in islice(self._area(query.kind).read(query), query.limit):
            for path, value in kinds.asked(query.paths, values).items():
                yield Slot(self._name, query.kind, key, path), value

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""
        if batch:
            yield from self._area(batch[0].slot.kind).write(batch)

    def _area(self, kind: str) -> Area:
        if kind not in self._areas:
            raise Rejected(f"{self._name}: there is no API for {kind}: a person has to do it", field="kind")
        return self._areas[kind]
