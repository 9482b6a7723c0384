"""Processes that die: every point where one can, what it leaves behind, and what must be true then and afterwards.

A *point* is a place between two effects that outlast the process: around every store transaction, journal line,
list of a selection, request and reply. `points` calls back at each of them, so a test counts them and needs no list.

`Story` is a lab with a script of commands: two overlapping outages over several kinds, opened, acknowledged by people
and given back. `moments` plays it once and keeps what a process that died at each point would leave on disk and on
the helpdesk; a test then lets a new process go on from there. Points that leave the same behind share one moment.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from runner import kinds, people, steps
from runner.executor import outage_of
from runner.model import ABSENT, Accepted, Change, Outcome, Slot, Value, value_from_json, value_to_json
from runner.people import Ack
from runner.playbook import Playbook
from runner.registry import Live, ReadOnly
from runner.report import Fate, Report
from runner.spi import KindSpec, Query
from runner.store import ledger, tasks
from runner.store.journal import JournalFile
from runner.store.ledger import dumps
from runner.store.store import Store
from runner.testing.world import SlotWorld
from tests.support.lab import START, Lab, all_kinds

LEASE = 90.0
END = START + timedelta(hours=3)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder in memory where there is one: what a killed process leaves behind does not need a disk."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="runner-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- points ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One place where a process can die. `torn` is half a line that only just reached a file."""

    name: str
    detail: str = ""
    torn: tuple[Path, bytes] | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.detail}".rstrip()


At = Callable[[Point], None]
Batch = Sequence[Change]


@contextmanager
def points(at: At, *, sending: Callable[[Batch], None] | None = None) -> Iterator[None]:
    """Call `at` at every point of every store, journal and target in this process, `sending` before every write."""
    with pytest.MonkeyPatch.context() as patch:
        _store_points(patch, at)
        _journal_points(patch, at)
        _target_points(patch, at, sending or (lambda batch: None))
        yield


def _store_points(patch: pytest.MonkeyPatch, at: At) -> None:
    transaction, spooled = Store.transaction, steps.write_spool

    @contextmanager
    def watched(self: Store) -> Iterator[Connection]:
        at(Point("before a transaction"))
        with transaction(self) as conn:
            yield conn
            at(Point("before its commit"))
        at(Point("after its commit"))

    def listed(path: Path, found: Any) -> int:
        count = spooled(path, found)
        at(Point("after a selection is listed"))
        return count

    patch.setattr(Store, "transaction", watched)
    patch.setattr(steps, "write_spool", listed)


def _journal_points(patch: pytest.MonkeyPatch, at: At) -> None:
    append = JournalFile.append

    def watched(self: JournalFile, lines: Any) -> None:
        found = list(lines)
        if found:
            half = dumps(found[0]).encode()
            at(Point("before a journal line"))
            at(Point("in the middle of a journal line", torn=(self.path, half[: len(half) // 2])))
        append(self, found)
        if found:
            at(Point("after a journal line"))

    patch.setattr(JournalFile, "append", watched)


def _target_points(patch: pytest.MonkeyPatch, at: At, sending: Callable[[Batch], None]) -> None:
    read, write = ReadOnly.read, Live.write

    def reads(self: ReadOnly, name: str, query: Query) -> Iterator[tuple[Slot, Value]]:
        at(Point("before a read", query.kind))
        yield from read(self, name, query)
        at(Point("after a read", query.kind))

    def writes(self: Live, name: str, batch: Batch) -> Iterator[Outcome | Accepted]:
        sending(batch)
        at(Point("before a write", batch[0].slot.kind))
        first = True
        for answer in write(self, name, batch):
            if first:
                at(Point("after a write, before its reply", batch[0].slot.kind))
            first = False
            yield answer

    patch.setattr(ReadOnly, "read", reads)
    patch.setattr(Live, "write", writes)


# --- the story ------------------------------------------------------------------------------------------------------


def story_kinds() -> dict[str, KindSpec]:
    """Return the common kinds; tickets go two at a time, so that there are several batches."""
    return {**all_kinds(), "tickets": kinds.tickets(max_batch=2)}


def story_world() -> SlotWorld:
    """Return a small helpdesk."""
    world = SlotWorld(story_kinds(), target="desk")
    week = {f"hours__{day}": ["09:00-18:00"] for day in ("thu", "fri")}
    world.put("business_hours", "s1", name="Support", zone="America/Sao_Paulo", **week)
    world.put("holiday", "s1", name="Support", zone="America/Sao_Paulo")
    world.put("message", "m1", name="Offline", text__en="We are away.", text__es="No estamos.")
    for number in range(3):
        world.put("tickets", f"t{number}", name=f"T{number}", status="open", group="L1")
    return world


_CLOSED = {"schedule": "Support", "closed": "window"}
_PAUSE = {"select": {"status": "open"}, "status": "pause", "tag": True}


def match_playbook(lab: Lab) -> Playbook:
    """Return a partial outage over all sorts of kinds."""
    rows: list[dict[str, Any]] = [
        {"id": "hours", "uses": "business_hours", "with": _CLOSED},
        {"id": "day", "uses": "holiday", "with": {"schedule": "Support", "name": "Match"}},
        {"id": "offline", "uses": "message", "with": {"message": "Offline", "append": "Back at 14:30."}},
        {"id": "pause", "uses": "tickets", "with": _PAUSE},
        {"id": "tell", "uses": "notice", "with": {"place": "agents", "subject": "Match"}},
        {"id": "lock", "uses": "access", "with": {"setting": "Sign-in", "value": "two factors"}},
    ]
    return lab.playbook("match", rows)


def fire_playbook(lab: Lab) -> Playbook:
    """Return a second outage that overlaps the first on hours, tickets and a setting."""
    rows: list[dict[str, Any]] = [
        {"id": "hours", "uses": "business_hours", "with": {"schedule": "Support", "hours": {"fri": []}}},
        {"id": "pause", "uses": "tickets", "with": _PAUSE},
        {"id": "lock", "uses": "access", "with": {"setting": "Sign-in", "value": "nobody"}},
    ]
    return lab.playbook("fire", rows)


COMMANDS = (
    "apply match",
    "people",
    "apply fire",
    "people",
    "revert match",
    "people",
    "revert fire",
    "people",
)
Hands = dict[str, Any]
ORIGINAL_HANDS: Mapping[str, Any] = {"sign-in": "password"}


class Story:
    """A lab, what people set by hand, and a script. A new story on the same folder and helpdesk is a new process."""

    def __init__(
        self,
        folder: Path,
        world: SlotWorld | None = None,
        hands: Hands | None = None,
        noted: Hands | None = None,
        at: float = 0,
    ) -> None:
        self.lab = Lab(folder, world or story_world(), lease=LEASE)
        self.hands = dict(ORIGINAL_HANDS) if hands is None else hands
        self.noted = {} if noted is None else noted  # what people saw before they set something
        if at:
            self.lab.at(at)
        self.notes: list[Any] = []

    @property
    def world(self) -> SlotWorld:
        return self.lab.world

    def command(self, number: int) -> None:
        """Do the command `number` of `COMMANDS`."""
        verb, _, name = COMMANDS[number].partition(" ")
        if verb == "apply":
            self._took([self.lab.apply({"match": match_playbook, "fire": fire_playbook}[name](self.lab))])
        elif verb == "revert":
            self.revert(name)
        else:
            self.people()

    def _took(self, reports: Sequence[Report]) -> None:
        self.notes += [note for report in reports for note in report.notes]

    def revert(self, name: str) -> None:
        """Revert an outage, unless it is over."""
        if any(row.playbook == name and row.state in ("registered", "open", "closing") for row in self.rows()):
            self._took([self.lab.revert(name)])

    def resume(self) -> None:
        """Go on after a fault."""
        self._took(self.lab.resume())

    def tick(self) -> None:
        """Do what is due."""
        self._took(self.lab.tick())

    def rows(self) -> list[Any]:
        """Return the outages of the store."""
        with self.lab.session.store.reading() as conn:
            return ledger.outage_rows(conn)

    def people(self) -> None:
        """Let people do what waits for them, and acknowledge it."""
        for row in self.rows():
            while task := self._waiting(row.id):
                self._by_hand(row, task)
        self.resume()

    def _waiting(self, outage: str) -> Any:
        with self.lab.session.store.reading() as conn:
            found = [task for task in tasks.tasks(conn, outage) if task.state in ("waiting", "question")]
        return found[0] if found else None

    def _by_hand(self, row: Any, task: Any) -> None:
        """Do one task: note what stands there, set the value, acknowledge it. Who was cut off still has the note."""
        lab = self.lab
        run = next(run for run in outage_of(row, lab.config).runs if run.id == task.run)
        note = f"{row.id}/{task.run}/{task.item}/{'open' if task.state == 'question' else task.direction}"
        done = task.state == "waiting" or note in self.noted
        if task.state == "waiting":
            self.noted.setdefault(note, self.hands[task.key])
            self.hands[task.key] = ledger.unpack(task.value)
        ack = Ack("ana", before=self.noted.get(note, ABSENT), done=done)
        journal = lab.config.store.journal
        people.acknowledge(lab.session.store, journal, row.id, run, task.item, ack, now_ms=lab.deps.now_ms())

    def close(self) -> None:
        """End the process."""
        self.lab.session.close()


# --- what a dead process leaves -------------------------------------------------------------------------------------


@dataclass
class Moment:
    """What is left when the process dies at any of `names`: files, helpdesk, what people set; in which command."""

    names: list[str]
    command: int
    files: dict[str, bytes]
    slots: list[tuple[Slot, Value]]
    log: list[Change]
    outbox: list[Change]
    hands: Hands
    noted: Hands
    clock: float

    def again(self, folder: Path, *, later: float = 2 * LEASE) -> Story:
        """Return a new process, in the empty `folder`, on what was left; `later` is in seconds."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        world = SlotWorld(story_kinds(), target="desk", slots=self.slots)
        world.log, world.outbox = list(self.log), list(self.outbox)
        return Story(folder, world, dict(self.hands), dict(self.noted), self.clock + later)


@dataclass
class Recording:
    """One undisturbed play of the story: its moments, how many points they stand for, and the state of the helpdesk
    before it and after each command."""

    moments: dict[str, Moment] = field(default_factory=dict)
    count: int = 0
    original: str = ""
    after: list[str] = field(default_factory=list)
    held_after: list[list[str]] = field(default_factory=list)
    hands_after: list[Hands] = field(default_factory=list)


def state_of(world: SlotWorld) -> list[tuple[Slot, Value]]:
    """Return all that a helpdesk holds."""
    plain = json.loads(world.dump())
    return [
        (Slot(world.target, kind, key, path), value_from_json(value))
        for kind, objects in plain.items()
        for key, paths in objects.items()
        for path, value in paths.items()
    ]


def moments(folder: Path) -> Recording:
    """Play the story once and return what every point of it would leave behind."""
    recording = Recording()
    world, hands, noted, clock = story_world(), dict(ORIGINAL_HANDS), Hands(), 0.0
    recording.original = world.dump()
    for number in range(len(COMMANDS)):
        story = Story(folder / "told", world, hands, noted, clock)
        with points(partial(_keep, recording, story, number), sending=partial(check_intents, story.lab)):
            story.command(number)
        recording.after.append(world.dump())
        recording.held_after.append(holdings(story))
        recording.hands_after.append(dict(hands))
        check_bases(story, recording)
        clock = story.lab.clock + 60
        story.close()
    return recording


def _keep(recording: Recording, story: Story, command: int, point: Point) -> None:
    """Keep what this point leaves behind, or its name where another point leaves the same."""
    recording.count += 1
    name = f"{COMMANDS[command]}: {point} (point {recording.count})"
    root, world = story.lab.folder, story.world
    files = {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }
    parts = [str(command), world.dump(), str(len(world.log)), repr(story.hands), repr(story.noted)]
    parts += [f"{name} {sha256(content).hexdigest()}" for name, content in files.items()]
    digest = sha256("\n".join(parts).encode()).hexdigest()
    moment = recording.moments.get(digest)
    if moment is None:
        moment = recording.moments[digest] = Moment(
            names=[],
            command=command,
            files=files,
            slots=state_of(world),
            log=list(world.log),
            outbox=list(world.outbox),
            hands=dict(story.hands),
            noted=dict(story.noted),
            clock=story.lab.clock,
        )
    moment.names.append(name)
    if point.torn is not None:  # the half line takes the place of the file without it: the harder case of the two
        path, half = point.torn
        moment.files[str(path.relative_to(root))] = files.get(str(path.relative_to(root)), b"") + half


# --- what must be true ----------------------------------------------------------------------------------------------


def check_intents(lab: Lab, batch: Batch) -> None:
    """I3: every change that is about to be sent stands in the store as an intent that is durable: another connection
    sees it; and in the journal file."""
    with sqlite3.connect(f"file:{lab.config.store.path}?mode=ro", uri=True) as other:
        rows = other.execute("SELECT target, kind, key, changes FROM journal WHERE state = 'intent'").fetchall()
    other.close()
    known = {
        (target, kind, key, path): pair
        for target, kind, key, changes in rows
        for path, pair in json.loads(changes).items()
    }
    files = "".join(path.read_text(encoding="utf-8") for path in lab.config.store.journal.glob("*.jsonl"))
    for change in batch:
        slot = change.slot
        announced = known.get((slot.target, slot.kind, slot.key, slot.path))
        assert announced == [value_to_json(change.before), value_to_json(change.after)], f"no intent for {change}"
        assert f'"key":"{slot.key}"' in files, f"no journal line for {change}"


def check_bases(story: Story, recording: Recording) -> None:
    """I1: whatever is held has one before-image, and that is the original."""
    original: Any = json.loads(recording.original)
    with story.lab.session.store.reading() as conn:
        for held in ledger.all_held(conn):
            slot = held.slot
            if slot.kind == "access":
                assert held.base == ORIGINAL_HANDS[slot.key], held
                continue
            found = original.get(slot.kind, {}).get(slot.key, {}).get(slot.path, value_to_json(ABSENT))
            if held.merge.value != "effect":
                assert value_to_json(held.base) == found, f"{slot}: the base is {held.base}, the original was {found}"


def check_restores(story: Story) -> None:
    """I5: an outage that announced a write is open and owes its restore, or it is over."""
    with story.lab.session.store.reading() as conn:
        for row in ledger.outage_rows(conn):
            if ledger.touched(conn, row.id):
                assert row.state in ("open", "closing", "closed"), f"{row.id} wrote and is {row.state}"
                assert row.restore_ms > 0


def check_effects(story: Story) -> None:
    """No effect went out twice; one that did not go out is not said to be done."""
    sent = [change.slot for change in story.world.outbox]
    assert len(sent) == len(set(sent)), f"sent twice: {sent}"


def check_unknown(story: Story, outage: str = "match") -> None:
    """While the outage stays open: every effect went out, or it is listed as unknown."""
    if story.world.outbox:
        return
    with story.lab.session.store.reading() as conn:
        rows = [row.id for row in ledger.outage_rows(conn) if row.playbook == outage]
        unknown = [entry for row in rows for entry in ledger.in_state(conn, row, ["unknown"])]
    assert unknown, "an effect was neither sent nor listed as unknown"
    assert any(note.fate is Fate.UNKNOWN for note in story.notes), "nobody was told about the unknown effect"


def check_over(story: Story, recording: Recording) -> None:
    """I2: everything is as it was, and nothing is held any more."""
    assert differences(recording.original, story.world.dump()) == []
    assert story.hands == ORIGINAL_HANDS
    assert [line for line in holdings(story) if line.startswith(("slot", "layer"))] == []
    with story.lab.session.store.reading() as conn:
        assert ledger.unfinished(conn) == []
    for row in story.rows():
        assert row.state in ("closed", "cancelled", "missed"), f"{row.id} is {row.state}"


_HOLDINGS = (
    "SELECT 'slot', target, kind, key, path, merge, base, last FROM slots WHERE merge <> 'effect'",
    "SELECT 'layer', target, kind, key, path, priority, owner, run, step, claim FROM layers",
    "SELECT 'outage', id, state, desired FROM outages",
    "SELECT 'run', outage, run, state FROM runs",
    "SELECT 'task', outage, run, item, direction, value, state FROM tasks",
)


def holdings(story: Story) -> list[str]:
    """Return what the store holds, without what two ways to the same end may number or date differently."""
    with story.lab.session.store.reading() as conn:
        rows = [row for sql in _HOLDINGS for row in conn.exec_driver_sql(sql)]
    return sorted(" ".join(map(str, row)) for row in rows)


def differences(expected: str, found: str) -> list[str]:
    """Return the slots in which two dumps differ, as lines."""
    was, now = (
        {
            f"{kind}/{key}/{path}": value
            for kind, objects in json.loads(text).items()
            for key, paths in objects.items()
            for path, value in paths.items()
        }
        for text in (expected, found)
    )
    return [
        f"{slot}: {was.get(slot)!r} expected, {now.get(slot)!r} found"
        for slot in sorted({*was, *now})
        if was.get(slot) != now.get(slot)
    ]


def writes(story: Story) -> tuple[int, int]:
    """Return how many writes and effects the helpdesk has seen."""
    return story.world.requests["write"], len(story.world.outbox)
