"""Rehearsing a playbook: plan, apply, a crash with resume, a person's edit, and revert, on a throw-away copy.

The copy holds what the playbook would touch, read from the live systems (long selections sampled). Nothing is written
anywhere else: store, journal and helpdesk of a rehearsal live in a temporary folder and in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from runner.config import Config, Guards, StoreConfig
from runner.executor import context_of, drive
from runner.model import ABSENT, Accepted, Change, Json, Merge, Outcome, Slot, Value
from runner.people import Ack, acknowledge
from runner.playbook import Outage
from runner.registry import Live
from runner.report import Fate, Note, Report
from runner.selecting import objects, resolve
from runner.spi import Query
from runner.spool import reader
from runner.store import ledger
from runner.store import tasks as steps
from runner.store.store import Store
from runner.work import Desk, Order, Progress

SAMPLE = 1000


class World(Protocol):
    """An in-memory target."""

    def load(self, slots: Sequence[tuple[Slot, Value]]) -> None:
        """Take over what was read."""

    def edit(self, slot: Slot, value: Value) -> None:
        """Do what a person does."""

    def get(self, slot: Slot) -> Value:
        """Return what a slot holds."""

    def dump(self) -> str:
        """Return everything as canonical JSON."""


class Crash(BaseException):
    """The process dies here."""


class Clock:
    """A clock that only waiting moves."""

    def __init__(self, start: float) -> None:
        self.time = start

    def now_ms(self) -> int:
        """Return epoch milliseconds."""
        return int(self.time * 1000)

    def boot(self) -> float:
        """Return seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.time += seconds

    def stopping(self) -> bool:
        """Nobody stops a rehearsal."""
        return False


class CrashingTargets(Live):
    """Targets whose process dies after a write was answered, before anybody noted the answer."""

    crash_at: int = 0
    written: int = 0
    crashed: bool = False

    def write(self, name: str, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write one batch; die after the one that is due to."""
        answers = list(super().write(name, batch))
        self.written += 1
        if self.written == self.crash_at:
            self.crashed = True
            raise Crash
        yield from answers


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What one rehearsal came to. `leftovers` are slots that are not as before and were not announced to be."""

    outage: str
    objects: int
    fields: int
    requests: int
    crashed: bool
    resumed: bool
    edited: str
    edit_kept: bool
    announced: tuple[Note, ...]
    leftovers: tuple[Note, ...]
    problems: tuple[str, ...]
    sampled: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything came back, after the crash too, and what a person did meanwhile is still there."""
        lost = not self.edit_kept or (self.crashed and not self.resumed)
        return not (self.leftovers or self.problems or lost)


# --- the copy -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy:
    """What an outage would touch: target -> slots, target -> what each query with a condition found (kind, condition,
    keys), and which selections were cut to a sample."""

    slots: Mapping[str, Sequence[tuple[Slot, Value]]]
    finds: Mapping[str, Sequence[tuple[str, Mapping[str, Any], Sequence[str]]]]
    sampled: Sequence[str]


def copied(desk: Desk, outage: Outage, language: str) -> Copy:
    """Read what an outage would touch.

    Raises `InvalidInput` for names that do not resolve, `ProviderError` when a target cannot be read.
    """
    found: dict[str, dict[Slot, Value]] = {run.target: {} for run in outage.runs}
    finds: dict[str, list[tuple[str, Mapping[str, Any], Sequence[str]]]] = {run.target: [] for run in outage.runs}
    sampled = []
    for run in outage.runs:
        spec = desk.targets.spec(run.target, run.kind)
        if spec.by_hand:
            continue
        context = context_of(outage, run, desk, language)
        query = resolve(spec.query(run.with_, context), reader(desk, run.target), run.target)
        some = list(islice(objects(desk.targets.read(run.target, query)), SAMPLE + 1))
        if len(some) > SAMPLE:
            sampled.append(f"{run.id}: the first {SAMPLE:,} of its {run.kind}")
            some = some[:SAMPLE]
        if query.where is not None:
            finds[run.target].append((run.kind, query.where, [one.key for one in some]))
        for one in some:
            # What a step will create is not there yet, and has no name.
            there = any(value is not ABSENT for value in one.values.values())
            for path, value in ({"name": one.name, **one.values} if there else one.values).items():
                found[run.target][Slot(run.target, run.kind, one.key, path)] = value
            wanted = [want.path for want in spec.claims(run.with_, context, one) if spec.merge(want.path) != "effect"]
            missing = tuple(path for path in wanted if path not in one.values)
            if missing:
                found[run.target].update(desk.targets.read(run.target, Query(run.kind, ids=(one.key,), paths=missing)))
    return Copy({target: list(slots.items()) for target, slots in found.items()}, finds, sampled)


# --- the play -------------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """A rehearsal's own runner: store and journal in a folder, targets in memory, a clock that waiting moves.

    `register` stores an outage, as `apply` does; `targets_of` opens the targets over the worlds.
    """

    folder: Path
    config: Config
    worlds: Mapping[str, World]
    targets_of: Callable[[], CrashingTargets]
    register: Callable[[Store, Outage, int], None]
    clock: Clock
    progress: Progress
    resumed: Report | None = None  # of the process after the one that died

    def private(self) -> Config:
        """Return the configuration with the rehearsal's own store and without guards."""
        store = StoreConfig(self.folder / "store.sqlite", self.folder / "journal", self.config.store.lease)
        return replace(self.config, store=store, guards=Guards())

    def play(self, outage: Outage) -> Rehearsed:
        """Play the outage from its first step to its last follow-up and say what is left over."""
        before = {name: world.dump() for name, world in self.worlds.items()}
        targets = self.targets_of()
        config = self.private()
        reports: list[Report] = []
        moments = sorted({moment for run in outage.runs for moment in (run.start, run.end) if moment is not None})
        self.clock.time = min(moment.timestamp() for moment in moments)
        with Store(config.store.path) as store:
            self.register(store, outage, self.clock.now_ms())
            targets.crash_at = 1
            with suppress(Crash):
                reports.append(self._drive(store, targets, config, outage))
        with Store(config.store.path) as store:
            if targets.crashed:
                reports.append(self._resume(store, targets, config, outage))
            problems = _problems(reports)
            for moment in [each for each in moments if each < outage.end]:
                self.clock.time = max(self.clock.time, moment.timestamp())
                reports.append(self._again(store, targets, config, outage))
                self._acknowledge(store, config, outage)
            objects_held, fields = _held(store)
            edited = self._edit(store)
            with store.transaction() as conn:
                ledger.set_outage(conn, outage.id, desired="revert")
            reports.append(self._drive(store, targets, config, outage))
            self._acknowledge(store, config, outage)
            for moment in [each for each in moments if each >= outage.end]:
                self.clock.time = max(self.clock.time, moment.timestamp())
                reports.append(self._drive(store, targets, config, outage))
                self._acknowledge(store, config, outage)
            problems += _problems(reports)
            left = [str(one.slot) for one in _all_held(store) if one.held]
        problems += [f"{slot} is still held after the revert" for slot in left[:5]]
        notes = [note for report in reports for note in report.notes]
        announced = {note.slot: note for note in notes if note.fate is Fate.DIFFERENT}
        leftovers = [
            note for note in self._differences(before, outage) if note.slot not in announced and note.slot != edited
        ]
        return Rehearsed(
            outage=outage.id,
            objects=objects_held,
            fields=fields,
            requests=sum(targets.requests.values()),
            crashed=targets.crashed,
            resumed=self.resumed is not None and not self.resumed.pending,
            edited=str(edited or ""),
            edit_kept=edited is None or self._kept(edited, before),
            announced=tuple(announced.values()),
            leftovers=tuple(leftovers),
            problems=tuple(dict.fromkeys(problems)),
        )

    def _drive(self, store: Store, targets: CrashingTargets, config: Config, outage: Outage) -> Report:
        desk = Desk(store, targets, self.clock)
        return drive(desk, config, outage.id, Order("rehearsal"), self.progress)

    def _again(self, store: Store, targets: CrashingTargets, config: Config, outage: Outage) -> Report:
        """Drive the outage; where its first write comes only now, the process dies after it, and another goes on."""
        try:
            return self._drive(store, targets, config, outage)
        except Crash:
            return self._resume(store, targets, config, outage)

    def _resume(self, store: Store, targets: CrashingTargets, config: Config, outage: Outage) -> Report:
        """Wait until the lease of the dead process is over, and go on."""
        self.clock.sleep(config.store.lease + 1)
        self.resumed = self._drive(store, targets, config, outage)
        return self.resumed

    def _acknowledge(self, store: Store, config: Config, outage: Outage) -> None:
        """Let an obliging person do every human step that is due."""
        runs = {run.id: run for run in outage.runs}
        for _ in range(len(runs) + 1):
            with store.reading() as conn:
                waiting = [task for task in steps.tasks(conn, outage.id) if task.state in ("waiting", "question")]
            if not waiting:
                return
            for task in waiting:
                ack = Ack("rehearsal", before="as it was", evidence="rehearsal")
                acknowledge(
                    store, config.store.journal, outage.id, runs[task.run], task.item, ack, now_ms=self.clock.now_ms()
                )

    def _edit(self, store: Store) -> Slot | None:
        """Let a person change one thing that the outage holds, and return where."""
        for merge in (Merge.MINUTES, Merge.TEXT, Merge.SET):
            for one in _all_held(store):
                if one.merge is merge and (value := _edited(merge, one.last)) is not None:
                    slot: Slot = one.slot
                    self.worlds[slot.target].edit(slot, value)
                    return slot
        return None

    def _kept(self, slot: Slot, before: Mapping[str, str]) -> bool:
        was = json.loads(before[slot.target]).get(slot.kind, {}).get(slot.key, {}).get(slot.path)
        return bool(self.worlds[slot.target].get(slot) != was)

    def _differences(self, before: Mapping[str, str], outage: Outage) -> Iterator[Note]:
        """Yield every slot that is not as before, apart from what stays on purpose."""
        stays = {(run.target, run.kind) for run in outage.runs if run.keep or (run.after and run.end is None)}
        for target, world in self.worlds.items():
            old, new = _flat(target, before[target]), _flat(target, world.dump())
            for slot in sorted(old.keys() | new.keys()):
                if old.get(slot) != new.get(slot) and (slot.target, slot.kind) not in stays:
                    yield Note(Fate.DIFFERENT, slot, wanted=old.get(slot), live=new.get(slot), reason="left over")


def _held(store: Store) -> tuple[int, int]:
    slots = [one.slot for one in _all_held(store)]
    return len({slot.ref for slot in slots}), len(slots)


def _all_held(store: Store) -> list[Any]:
    with store.reading() as conn:
        return list(ledger.all_held(conn))


def _problems(reports: Sequence[Report]) -> list[str]:
    found = []
    for report in reports:
        found += [f"{run.run} on {run.target}: {run.message}" for run in report.runs if run.state == "failed"]
        found += [f"{note.slot}: {note.reason}" for note in report.notes if note.fate is Fate.REJECTED]
    return found


def _edited(merge: Merge, value: Value) -> Json:
    """Another value, as a person might set it, that does not meet what the outage changed."""
    if merge is Merge.TEXT:
        return f"(edited)\n{value}" if isinstance(value, str) else None
    if merge is Merge.MINUTES and isinstance(value, list):
        return ["00:00-00:30", *value] if not value or value[0] > "00:30" else None
    return [*value, "edited-by-a-person"] if isinstance(value, list) else None


def _flat(target: str, dump: str) -> dict[Slot, Json]:
    return {
        Slot(target, kind, key, path): value
        for kind, found in json.loads(dump).items()
        for key, paths in found.items()
        for path, value in paths.items()
    }
