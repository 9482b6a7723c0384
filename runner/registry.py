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
from math import ceil, isfinite
from typing import Any, Final

from runner import minutes
from runner.errors import InvalidInput, ProviderError, Rejected, Unavailable
from runner.model import ABSENT, UNKNOWN, Accepted, Change, Merge, Outcome, Slot, Value, Verdict
from runner.redact import Vault
from runner.spi import Examiner, Finding, Io, KindSpec, OpenProvider, Provider, Query, Queue, Target, Waiting

GROUP: Final = "runner.providers"
OPENING_SECONDS: Final = 30.0  # opening a provider and asking what it offers needs no answer from outside
LONGEST: Final = 160  # characters of a text that somebody else's code shows
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
    except (Exception, SystemExit) as fault:  # a plugin may fail in any way while it is imported
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
            provider = self._provider(name)
            found = self._offline(name, "cannot say what it offers", provider.capabilities)
            if not (isinstance(found, Mapping) and all(map(_offers, found.items()))):
                raise InvalidInput(f"{name}: what the provider offers is no table of kinds", code="RG004")
            self._specs[name] = {kind: self._careful(name, spec) for kind, spec in found.items()}
        return self._specs[name]

    def _careful(self, name: str, spec: KindSpec) -> KindSpec:
        """Return `spec` with functions whose faults are a mistake about one step, and hold up nothing else."""

        def careful(ask: Callable[..., Any]) -> Callable[..., Any]:
            def asked(*given: Any) -> Any:
                try:
                    return ask(*given)
                except (InvalidInput, ProviderError):
                    raise
                except Exception as fault:
                    words = f"{name}: the provider failed on a step of the kind {spec.kind}: {self._said(fault)}"
                    raise InvalidInput(words, hint="tell its author; other steps go on", code="RG007") from fault

            return asked

        return replace(spec, query=careful(spec.query), claims=careful(spec.claims))

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
        timed = Merge.MINUTES in spec.merges.values()
        key, objects = "", 0
        for row in self._guarded(name, lambda: provider.read(query), spec.deadline, batch=500):
            slot, value = self._checked(name, query.kind, row)
            if timed and spec.merge(slot.path) is Merge.MINUTES:
                _check_hours(name, slot, value)
            if slot.key != key:
                key, objects = slot.key, objects + 1
                self.requests[name] += objects > 1 and objects % spec.page == 1  # a page is one request
            if slot.path == "name" and isinstance(value, str) and query.paths != ("name",):
                value = self._vault.hide(value)  # a name alone is asked for to find it, and has to be as it is
            yield slot, value

    def examine(self, name: str) -> Iterator[Finding]:
        """Yield what the provider finds remarkable about the account. Raises `ProviderError`."""
        provider = self._provider(name)
        if isinstance(provider, Examiner):
            for found in self._guarded(name, provider.examine, OPENING_SECONDS, batch=1):
                message, hint = self._vault.scrub(str(found.message)), self._vault.scrub(str(found.hint))
                yield Finding(found.state, message, hint)

    def advise(self, name: str, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield what somebody should know before a step is carried out. Raises `ProviderError`."""
        provider = self._provider(name)
        if isinstance(provider, Examiner):
            for sentence in self._guarded(name, lambda: provider.advise(kind, with_), OPENING_SECONDS, batch=1):
                yield self._vault.scrub(str(sentence))

    def queues(self, name: str) -> bool:
        """Whether the target can list the tickets that wait for an answer."""
        return isinstance(self._provider(name), Queue)

    def waiting(self, name: str) -> Iterator[Waiting]:
        """Yield the tickets that wait for an answer. Raises `ProviderError`, `InvalidInput` where nobody can tell."""
        provider = self._provider(name)
        if not isinstance(provider, Queue):
            raise InvalidInput(f"{name} cannot list the tickets that wait for an answer", code="RG005")
        for found in self._guarded(name, provider.waiting, OPENING_SECONDS, batch=100):
            yield replace(found, name=self._vault.scrub(str(found.name)))

    def _provider(self, name: str) -> Provider:
        if name not in self._open:
            target = self.target(name)
            factory = self._open_with(target.provider)
            self._open[name] = self._offline(name, "cannot be opened", lambda: factory(target, self._io))
        return self._open[name]

    def _offline(self, name: str, what: str, ask: Callable[[], Any]) -> Any:
        """Return what a provider answers at once. Raises `InvalidInput`, its own or one that says what it cannot."""
        try:
            return next(self._guarded(name, lambda: iter((ask(),)), OPENING_SECONDS, batch=1))
        except Unavailable as fault:
            said = fault.message.removeprefix(f"{name}: ").removeprefix("the provider failed: ")
            raise InvalidInput(f"{name}: the provider {what}: {said}", code="RG004") from fault
        except ProviderError as fault:
            raise InvalidInput(f"{name}: {fault.message.removeprefix(f'{name}: ')}", code="RG004") from fault

    def _said(self, fault: BaseException) -> str:
        """Return what a fault of somebody else's code says, as one line that is not too long."""
        return f"{type(fault).__name__}: {self._shown(fault, str)}"

    def _shown(self, thing: Any, how: Callable[[Any], str] = repr) -> str:
        try:
            words = self._vault.scrub(" ".join(how(thing).split()))
        except Exception:  # not even that works
            return f"a {type(thing).__name__}"
        return words if len(words) <= LONGEST else f"{words[:LONGEST]}..."

    def _checked(self, name: str, kind: str, row: Any) -> tuple[Slot, Value]:
        if not (isinstance(row, tuple) and len(row) == 2 and isinstance(row[0], Slot)):
            raise Unavailable(f"{name}: the provider read something that is no slot: {self._shown(row)}")
        slot, value = row
        if slot.kind != kind or slot.target != name or not (_text(slot.key) and _text(slot.path)):
            raise Unavailable(f"{name}: the provider answered with another slot than asked for: {self._shown(slot)}")
        if value is not ABSENT and value is not UNKNOWN and not _json(value):
            raise Unavailable(f"{name}: the value of {slot} is not JSON: {self._shown(value)}")
        return slot, value

    def _guarded(self, name: str, start: Callable[[], Iterator[Any]], deadline: float, *, batch: int) -> Iterator[Any]:
        """Yield from a provider's iterator with a deadline for every step, turning any fault into a `ProviderError`."""
        worker = _Worker(start, batch)
        try:
            while True:
                found, fault, more = worker.next(deadline)
                yield from found
                if isinstance(fault, ProviderError | InvalidInput):
                    fault.message = self._vault.scrub(str(fault.message))
                    fault.args = (fault.message,)
                    if isinstance(fault, Rejected):
                        fault.field = self._vault.scrub(str(fault.field))
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
        spec = self.spec(name, batch[0].slot.kind)
        self.requests[name] += ceil(len({change.slot.key for change in batch}) / spec.max_batch)
        provider = self._provider(name)
        left = len(batch)
        for answer in self._guarded(name, lambda: provider.write(batch), spec.deadline, batch=len(batch) + 1):
            if isinstance(answer, Accepted) and isinstance(answer.ref, str):
                yield replace(answer, ref=self._vault.scrub(answer.ref))
                continue
            if not _is_outcome(answer):
                raise Unavailable(f"{name}: the provider answered {self._shown(answer)} in place of an outcome")
            left -= 1
            if left < 0:
                raise Unavailable(f"{name}: the provider gave more outcomes than there were changes")
            yield replace(answer, reason=self._vault.scrub(answer.reason)) if answer.reason else answer


def _offers(entry: tuple[Any, Any]) -> bool:
    kind, spec = entry
    return isinstance(kind, str) and isinstance(spec, KindSpec)


def _is_outcome(answer: Any) -> bool:
    return isinstance(answer, Outcome) and isinstance(answer.verdict, Verdict) and isinstance(answer.reason, str)


def _check_hours(name: str, slot: Slot, value: Value) -> None:
    if value is ABSENT or value is UNKNOWN or value is None:
        return
    try:
        minutes.parse(value)
    except (TypeError, ValueError) as fault:
        raise Unavailable(f"{name}: the provider read {slot} as no times of a day: {fault}") from fault


def _text(value: Any) -> bool:
    """Whether a key or path is a text that can be stored."""
    return isinstance(value, str) and value != "" and _json(value)


def _json(value: Any) -> bool:
    """Whether a value can be stored as JSON and comes back as it was."""
    try:
        return _plain(value)
    except (RecursionError, UnicodeEncodeError):  # a list within itself; half a letter
        return False


def _plain(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() or bool(value.encode())
    if value is None or isinstance(value, bool | int):
        return True
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, list):
        return all(_plain(each) for each in value)
    return isinstance(value, dict) and all(isinstance(key, str) and _plain(key) and _plain(value[key]) for key in value)


class _Worker:
    """Runs an iterator on a thread of its own, a batch of items at a time, only when asked: one page in memory.

    The thread is a daemon: a provider that hangs is left behind and does not keep the process alive.
    """

    def __init__(self, start: Callable[[], Iterator[Any]], batch: int) -> None:
        self._start = start
        self._batch = batch
        self._over = False
        self._asks: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[list[Any], BaseException | None, bool]] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def next(self, deadline: float) -> tuple[list[Any], BaseException | None, bool]:
        """Return the next items, a fault, and whether there is more. Raises `queue.Empty` after `deadline` seconds."""
        self._asks.put(True)
        return self._answers.get(timeout=deadline)

    def stop(self) -> None:
        """Take no more than what is in flight: a provider that answers too late starts nothing new."""
        self._over = True
        self._asks.put(False)

    def _work(self) -> None:
        items: Iterator[Any] | None = None
        while self._asks.get():
            found: list[Any] = []
            try:
                items = iter(self._start()) if items is None else items
                while len(found) < self._batch and not self._over:
                    item = next(items, _END)
                    if item is _END:
                        self._answers.put((found, None, False))
                        return
                    found.append(item)
                    if isinstance(item, Accepted):
                        break
            except BaseException as fault:  # whatever a plugin raises, even an exit, is an answer here
                self._answers.put((found, fault, False))
                return
            self._answers.put((found, None, True))
