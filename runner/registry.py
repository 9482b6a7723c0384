"""Targets, opened: providers found by entry point, guarded so that a bad one cannot hurt.

Every call has a deadline and runs where a hang cannot hold up the process; answers are checked before anybody believes
them; texts of faults are scrubbed of secrets. `Live` reads and writes; `ReadOnly` is all that a plan ever gets.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any, Final

from runner.errors import InvalidInput, ProviderError, Unavailable
from runner.model import ABSENT, UNKNOWN, Accepted, Change, Outcome, Slot, Value
from runner.redact import Vault
from runner.spi import Io, KindSpec, OpenProvider, Provider, Query, Target

GROUP: Final = "runner.providers"
_END: Final = object()


def providers() -> dict[str, str]:
    """Return the installed providers: name -> distribution and version."""
    found = {}
    for point in entry_points(group=GROUP):
        found[point.name] = f"{point.dist.name} {point.dist.version}" if point.dist else "?"
    return found


def load(name: str) -> OpenProvider:
    """Return the factory of a provider. Raises `InvalidInput` with the nearest names."""
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        near = get_close_matches(name, points, n=3)
        raise InvalidInput(
            f"no provider named {name!r} is installed",
            hint=f"did you mean {', '.join(near)}?" if near else f"installed: {', '.join(sorted(points))}",
            code="RG001",
        )
    try:
        factory: OpenProvider = points[name].load()
        return factory
    except Exception as fault:  # a plugin may fail in any way while it is imported
        raise InvalidInput(f"the provider {name!r} cannot be loaded: {fault}", code="RG002") from fault


class ReadOnly:
    """The targets of a configuration, for reading only: there is no way to a write from here."""

    def __init__(self, targets: Mapping[str, Target], io: Io, vault: Vault, open_with: Callable[[str], OpenProvider]):
        """`open_with` returns the factory of a provider by name (`load` in production)."""
        self._targets = targets
        self._io = io
        self._vault = vault
        self._open_with = open_with
        self._open: dict[str, Provider] = {}
        self._specs: dict[str, Mapping[str, KindSpec]] = {}
        self.requests: dict[str, int] = dict.fromkeys(targets, 0)

    def target(self, name: str) -> Target:
        """Return the configuration of a target. Raises `InvalidInput` with the nearest names."""
        if name not in self._targets:
            near = get_close_matches(name, self._targets, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else f"targets: {', '.join(sorted(self._targets))}"
            raise InvalidInput(f"runner.yaml has no target {name!r}", hint=hint, code="RG003")
        return self._targets[name]

    def capabilities(self, name: str) -> Mapping[str, KindSpec]:
        """Return what a target offers, offline. Raises `InvalidInput`."""
        if name not in self._specs:
            try:
                self._specs[name] = self._provider(name).capabilities()
            except ProviderError as fault:
                raise InvalidInput(f"{name}: {self._vault.scrub(fault.message)}", code="RG004") from fault
        return self._specs[name]

    def spec(self, name: str, kind: str) -> KindSpec:
        """Return what a target offers for a kind. Raises `InvalidInput` when it does not offer it."""
        specs = self.capabilities(name)
        if kind not in specs:
            hint = f"it offers: {', '.join(sorted(specs))}"
            raise InvalidInput(f"{name} does not offer {kind!r}", hint=hint, code="RG005")
        return specs[kind]

    def read(self, name: str, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield what the provider reads, checked. Raises `ProviderError`."""
        spec = self.spec(name, query.kind)
        self.requests[name] += 1
        provider = self._provider(name)
        key, objects = "", 0
        for row in self._guarded(name, lambda: provider.read(query), spec.deadline, batch=500):
            slot, value = _checked_row(name, query.kind, row)
            if slot.key != key:
                key, objects = slot.key, objects + 1
                self.requests[name] += objects > 1 and objects % spec.page == 1  # a page is one request
            yield slot, value

    def _provider(self, name: str) -> Provider:
        if name not in self._open:
            target = self.target(name)
            try:
                self._open[name] = self._open_with(target.provider)(target, self._io)
            except (ProviderError, InvalidInput):
                raise
            except Exception as fault:  # a plugin may fail in any way
                raise Unavailable(f"{name}: the provider cannot be opened: {self._said(fault)}") from fault
        return self._open[name]

    def _said(self, fault: Exception) -> str:
        return self._vault.scrub(f"{type(fault).__name__}: {fault}")

    def _guarded(self, name: str, start: Callable[[], Iterator[Any]], deadline: float, *, batch: int) -> Iterator[Any]:
        """Yield from a provider's iterator with a deadline for every step, turning any fault into a `ProviderError`."""
        worker = _Worker(start, batch)
        try:
            while True:
                found, fault, more = worker.next(deadline)
                yield from found
                if isinstance(fault, ProviderError):
                    fault.message = self._vault.scrub(fault.message)
                    fault.args = (fault.message,)
                    raise fault
                if fault is not None:
                    raise Unavailable(f"{name}: the provider failed: {self._said(fault)}") from fault
                if not more:
                    return
        except queue.Empty:
            raise Unavailable(f"{name}: no answer within {deadline:g} s") from None
        finally:
            worker.stop()


class Live(ReadOnly):
    """The targets of a configuration, for reading and writing."""

    def write(self, name: str, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write one batch and yield the outcomes as they come. Raises `ProviderError`."""
        deadline = self.spec(name, batch[0].slot.kind).deadline
        self.requests[name] += 1
        provider = self._provider(name)
        left = len(batch)
        for answer in self._guarded(name, lambda: provider.write(batch), deadline, batch=len(batch) + 1):
            if not isinstance(answer, Outcome | Accepted):
                raise Unavailable(f"{name}: the provider answered {type(answer).__name__} in place of an outcome")
            left -= isinstance(answer, Outcome)
            if left < 0:
                raise Unavailable(f"{name}: the provider gave more outcomes than there were changes")
            yield replace(answer, reason=self._vault.scrub(answer.reason)) if isinstance(answer, Outcome) else answer


def _checked_row(name: str, kind: str, row: Any) -> tuple[Slot, Value]:
    if not (isinstance(row, tuple) and len(row) == 2 and isinstance(row[0], Slot)):
        raise Unavailable(f"{name}: the provider read something that is no slot: {str(row)[:80]}")
    slot, value = row
    if slot.kind != kind or slot.target != name:
        raise Unavailable(f"{name}: the provider answered with a slot of {slot.target}/{slot.kind}")
    if value is not ABSENT and value is not UNKNOWN and not _plain(value):
        raise Unavailable(f"{name}: the value of {slot} is a {type(value).__name__}, which is not JSON")
    return slot, value


def _plain(value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float | str):
        return True
    if isinstance(value, list):
        return all(_plain(each) for each in value)
    return isinstance(value, dict) and all(isinstance(key, str) and _plain(each) for key, each in value.items())


class _Worker:
    """Runs an iterator on a thread of its own, a batch of items at a time, only when asked: one page in memory.

    The thread is a daemon: a provider that hangs is left behind and does not keep the process alive.
    """

    def __init__(self, start: Callable[[], Iterator[Any]], batch: int) -> None:
        self._start = start
        self._batch = batch
        self._asks: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[list[Any], Exception | None, bool]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def next(self, deadline: float) -> tuple[list[Any], Exception | None, bool]:
        """Return the next items, a fault, and whether there is more. Raises `queue.Empty` after `deadline` seconds."""
        self._asks.put(True)
        return self._answers.get(timeout=deadline)

    def stop(self) -> None:
        self._asks.put(False)

    def _work(self) -> None:
        items: Iterator[Any] | None = None
        while self._asks.get():
            found: list[Any] = []
            try:
                items = iter(self._start()) if items is None else items
                while len(found) < self._batch:
                    item = next(items, _END)
                    if item is _END:
                        self._answers.put((found, None, False))
                        return
                    found.append(item)
                    if isinstance(item, Accepted):
                        break
            except Exception as fault:  # whatever a plugin raises is an answer here
                self._answers.put((found, fault, False))
                return
            self._answers.put((found, None, True))
