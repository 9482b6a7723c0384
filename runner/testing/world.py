"""An in-memory target: slots in a dictionary behind the provider interface.

It takes any table of capabilities, so a rehearsal or a test can copy the kinds of a real target. Every answer follows
from the slots, the requests made so far and the scripted faults: two runs of one script are the same.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import Any, Literal, cast

from runner.kinds import asked
from runner.model import ABSENT, Accepted, Change, Merge, Outcome, Slot, Value, Verdict, value_to_json
from runner.spi import Forbidden, Identity, Io, KindSpec, Means, ProviderError, Query, Rejected, Unavailable


class What(StrEnum):
    """What goes wrong with one request."""

    SLOW = "slow"  # nothing but the delay of `seconds`
    RAISE = "raise"  # `error` before anything is done
    LOST_AFTER = "lost-after"  # written, and the reply lost
    LOST_BEFORE = "lost-before"  # not written, and the reply lost
    REJECT = "reject"  # the change number `item` is refused, the others are written
    HALF = "half"  # the first half of the batch or page is done and answered, then `error`
    NO_CHANGE = "no-change"  # answered as done, nothing is written
    LATE = "late"  # a job is accepted, and carried out when it was looked at `reads` times; no outcome is told
    STALE = "stale"  # written; the next `reads` reads of these slots show the old values
    GARBAGE = "garbage"  # an answer that no provider may give


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault: it meets one request `on` read (a page) or write (a batch) and is gone.

    `kind` narrows it to one kind; `skip` is the number of such requests that it lets pass first; `seconds` is slept
    before the request is handled, whatever else happens.
    """

    what: What
    on: Literal["read", "write"] = "write"
    kind: str = ""
    skip: int = 0
    item: int = 0
    reads: int = 1
    seconds: float = 0.0
    error: ProviderError | None = None


_DONE = Outcome(Verdict.DONE)
_LOST = Outcome(Verdict.UNKNOWN, "the reply was lost")
_NOTHING = Fault(What.SLOW)


class SlotWorld:
    """A target in memory, with a provider's three methods and the handles that a test needs.

    kinds    what `capabilities` answers
    target   the name in every slot
    slots    what the target holds at first; ABSENT values are left out
    finds    (kind, condition, keys): what a query with a condition finds, for kinds without `matches`
    faults   scripted faults, each used once, in order
    jobs     kinds whose writes are answered by an accepted job before their outcomes
    io       what scripted delays sleep on
    watch    called with ("read" | "write", kind) before each request is handled; may edit the world or raise

    `requests` counts pages and batches, `log` holds every change that was written, `outbox` every effect.
    """

    def __init__(
        self,
        kinds: Mapping[str, KindSpec],
        *,
        target: str = "world",
        slots: Iterable[tuple[Slot, Value]] = (),
        finds: Iterable[tuple[str, Mapping[str, Any], Sequence[str]]] = (),
        faults: Iterable[Fault] = (),
        jobs: Iterable[str] = (),
        io: Io | None = None,
        watch: Callable[[str, str], None] | None = None,
    ) -> None:
        self.target = target
        self.watch = watch
        self.requests: Counter[str] = Counter()
        self.log: list[Change] = []
        self.outbox: list[Change] = []
        self._kinds = dict(kinds)
        self._faults = list(faults)
        self._jobs = frozenset(jobs)
        self._io = io
        self._objects: dict[str, dict[str, dict[str, Value]]] = {kind: {} for kind in kinds}
        self._finds = [(kind, dict(where), tuple(keys)) for kind, where, keys in finds]
        self._stale: dict[Slot, tuple[Value, int]] = {}
        self._late: dict[str, tuple[Sequence[Change], int]] = {}
        self._lock = threading.RLock()
        self.load(slots)

    # --- handles for tests and rehearsals ---------------------------------------------------------------------------

    def load(self, slots: Iterable[tuple[Slot, Value]]) -> None:
        """Take over what a provider read; the slots get this world's target name, ABSENT values are left out."""
        for slot, value in slots:
            if value is not ABSENT:
                self._objects.setdefault(slot.kind, {}).setdefault(slot.key, {})[slot.path] = value

    def put(self, kind: str, key: str, **values: Value) -> None:
        """Create or complete one object; ``__`` in an argument's name stands for ``/``."""
        given = {path.replace("__", "/"): value for path, value in values.items() if value is not ABSENT}
        self._objects[kind].setdefault(key, {}).update(given)

    def slot(self, kind: str, key: str, path: str) -> Slot:
        """Return the slot of this world."""
        return Slot(self.target, kind, key, path)

    def get(self, slot: Slot) -> Value:
        """Return what the slot holds now, without a request."""
        return self._objects.get(slot.kind, {}).get(slot.key, {}).get(slot.path, ABSENT)

    def edit(self, slot: Slot, value: Value) -> None:
        """Do what a person does on the vendor's pages: set a field, or take it away with ABSENT."""
        with self._lock:
            self._set(slot, value)

    def remove(self, kind: str, key: str) -> None:
        """Delete an object, as a person would."""
        with self._lock:
            self._objects[kind].pop(key, None)

    def fail(self, *faults: Fault) -> None:
        """Add scripted faults behind those still waiting."""
        self._faults.extend(faults)

    def dump(self) -> str:
        """Return everything that the target holds as canonical JSON: kind -> key -> path -> value."""
        plain = {
            kind: {key: {path: value_to_json(value) for path, value in paths.items()} for key, paths in objects.items()}
            for kind, objects in self._objects.items()
            if objects
        }
        return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    # --- the provider interface -------------------------------------------------------------------------------------

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return the kinds that the world was made with."""
        return self._kinds

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield the slots of the objects selected, one page of objects a request; raises what the script says."""
        spec = self._spec(query.kind)
        if query.paths == ("job",):
            yield from self._look_at_jobs(query)
            return
        keys = islice(self._selected(query, spec), query.limit)
        page = list(islice(keys, spec.page))
        while True:
            ahead = list(islice(keys, spec.page))
            fault = self._request("read", query.kind)
            if fault.what is What.GARBAGE:
                yield cast("tuple[Slot, Value]", ("neither slot", object()))
            for key in page[: len(page) // 2] if fault.what is What.HALF else page:
                yield from self._values(query, key)
            if fault.what is What.HALF:
                raise fault.error or Unavailable("the connection broke in the middle of a page; try again")
            if not ahead:
                return
            page = ahead

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write the whole batch at the first step, then yield its outcomes; raises what the script says."""
        kind = batch[0].slot.kind if batch else ""
        self._admit(batch)
        fault = self._request("write", kind)
        if fault.what is What.GARBAGE:
            yield cast("Outcome", "neither outcome nor job")
            return
        job = f"job-{self.requests['write']}"
        if fault.what is What.LATE:
            self._late[job] = (batch, fault.reads)
        outcomes = self._carry_out(batch, fault)
        if kind in self._jobs:
            yield Accepted(job)
        yield from outcomes
        if fault.what is What.HALF:
            raise fault.error or Unavailable("the connection broke in the middle of a batch; try again")

    # --- reading ----------------------------------------------------------------------------------------------------

    def _spec(self, kind: str) -> KindSpec:
        if kind not in self._kinds:
            raise Rejected(f"target {self.target} has no kind {kind}", field="kind")
        if self._kinds[kind].means is Means.PERSON:
            raise Forbidden(f"{kind} on {self.target} is carried out by people, not by the runner")
        return self._kinds[kind]

    def _selected(self, query: Query, spec: KindSpec) -> Iterator[str]:
        objects = self._objects[query.kind]
        if query.ids:
            yield from query.ids
        elif query.names:
            wanted = set(query.names)
            yield from (key for key in list(objects) if _name(key, objects.get(key, {})) in wanted)
        elif query.where is None:
            yield from list(objects)
        elif spec.matches is None:
            known = [keys for kind, where, keys in self._finds if (kind, where) == (query.kind, dict(query.where))]
            if not known:
                raise Rejected(f"{query.kind} on {self.target} cannot be selected by condition", field="select")
            yield from known[0]
        else:
            yield from (key for key in list(objects) if spec.matches(query.where, objects.get(key, {})))

    def _values(self, query: Query, key: str) -> list[tuple[Slot, Value]]:
        with self._lock:
            held = self._objects[query.kind].get(key, {})
            found = asked(query.paths, held)
            if held and found.get("name") is ABSENT:
                found["name"] = key
            slots = ((Slot(self.target, query.kind, key, path), value) for path, value in found.items())
            return [(slot, self._aged(slot, value)) for slot, value in slots]

    def _aged(self, slot: Slot, value: Value) -> Value:
        if not self._stale or slot not in self._stale:
            return value
        old, reads = self._stale.pop(slot)
        if reads > 1:
            self._stale[slot] = (old, reads - 1)
        return old

    def _look_at_jobs(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Answer the state of jobs, and carry out those that were looked at often enough."""
        self._request("read", query.kind)
        for job in query.ids or tuple(self._late):
            batch, looks = self._late.pop(job, ((), 0))
            if looks > 1:
                self._late[job] = (batch, looks - 1)
            elif batch:
                self._carry_out(batch, _NOTHING)
            yield Slot(self.target, query.kind, job, "job"), "running" if looks > 1 else "done"

    # --- writing ----------------------------------------------------------------------------------------------------

    def _admit(self, batch: Sequence[Change]) -> None:
        """Raise Rejected for a batch that no provider would take."""
        objects: dict[str, set[str]] = {}
        for change in batch:
            objects.setdefault(change.slot.kind, set()).add(change.slot.key)
        for kind, keys in objects.items():
            most = self._spec(kind).batch
            if len(keys) > most:
                raise Rejected(f"{len(keys)} objects of {kind} in one batch; at most {most}", field="batch")

    def _carry_out(self, batch: Sequence[Change], fault: Fault) -> list[Outcome]:
        if fault.what in (What.LOST_BEFORE, What.LATE):
            return [_LOST] * len(batch)
        if fault.what is What.NO_CHANGE:
            return [_DONE] * len(batch)
        sent = batch[: len(batch) // 2] if fault.what is What.HALF else batch
        outcomes = []
        with self._lock:
            for index, change in enumerate(sent):
                refused = fault.what is What.REJECT and index == fault.item
                outcome = Outcome(Verdict.REJECTED, "refused by the script") if refused else self._write_one(change)
                if fault.what is What.STALE and outcome.verdict is Verdict.DONE:
                    self._stale[change.slot] = (change.before, fault.reads)
                outcomes.append(outcome)
        return [_LOST] * len(sent) if fault.what is What.LOST_AFTER else outcomes

    def _write_one(self, change: Change) -> Outcome:
        slot, spec = change.slot, self._kinds[change.slot.kind]
        if spec.merge(slot.path) is Merge.EFFECT:
            self.log.append(change)
            self.outbox.append(change)
            return _DONE
        live = self.get(slot)
        if live == change.after and type(live) is type(change.after):
            return _DONE
        if slot.key not in self._objects[slot.kind] and spec.identity is not Identity.MARKER:
            return Outcome(Verdict.REJECTED, f"{slot.ref} does not exist")
        if spec.precondition and live != change.before:
            return Outcome(Verdict.MOVED, "somebody changed it meanwhile")
        if slot.path == "status" and spec.gives_back is not None and change.after not in spec.gives_back:
            return Outcome(Verdict.REJECTED, f"status {change.after} cannot be set", field="status")
        self._set(slot, change.after)
        self.log.append(change)
        return _DONE

    def _set(self, slot: Slot, value: Value) -> None:
        objects = self._objects.setdefault(slot.kind, {})
        if value is not ABSENT:
            objects.setdefault(slot.key, {})[slot.path] = value
            return
        paths = objects.get(slot.key, {})
        paths.pop(slot.path, None)
        spec = self._kinds.get(slot.kind)
        ours = spec is not None and spec.identity is Identity.MARKER  # such an object is gone with its last field
        if not paths or (ours and paths.keys() == {"name"}):
            objects.pop(slot.key, None)

    # --- the script -------------------------------------------------------------------------------------------------

    def _request(self, on: Literal["read", "write"], kind: str) -> Fault:
        """Count one request and return the fault that meets it; raises the fault's error for `RAISE`."""
        if self.watch is not None:
            self.watch(on, kind)
        with self._lock:
            self.requests[on] += 1
            fault = self._next_fault(on, kind)
        if fault.seconds and self._io is not None:
            self._io.sleep(fault.seconds)
        if fault.what is What.RAISE:
            raise fault.error or Unavailable(f"{self.target} does not answer; try again")
        return fault

    def _next_fault(self, on: Literal["read", "write"], kind: str) -> Fault:
        for index, fault in enumerate(self._faults):
            if fault.on == on and fault.kind in ("", kind):
                if fault.skip:
                    self._faults[index] = replace(fault, skip=fault.skip - 1)
                    return _NOTHING
                return self._faults.pop(index)
        return _NOTHING


def _name(key: str, paths: Mapping[str, Any]) -> str:
    """Return the display name of an object; one that we created may have none but its key."""
    return str(paths.get("name", key))
