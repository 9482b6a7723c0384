"""The values that batches work on, and the decisions about one object. Pure, apart from what the protocols promise."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeAlias

from sqlalchemy import Connection

from runner.decide import Decision, Seen, closing, keeping, opening
from runner.errors import ProviderError
from runner.layers import Held
from runner.model import ABSENT, Accepted, Change, Layer, Outcome, Slot, Value
from runner.report import Fate, Note, take_notes
from runner.spi import Found, KindSpec, Query, Target, Want
from runner.store import lease, ledger
from runner.store.ledger import Entry
from runner.store.store import Store


class Outside(lease.Ticks, Protocol):
    """Time and the wish to stop, as the engine sees them."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def stopping(self) -> bool:
        """Whether somebody asked the process to stop at the next safe place."""


class Targets(Protocol):
    """The live systems, opened for reading and writing."""

    @property
    def requests(self) -> Mapping[str, int]:
        """Return the requests made so far, by target."""

    def target(self, name: str) -> Target:
        """Return the configuration of a target."""

    def spec(self, name: str, kind: str) -> KindSpec:
        """Return what a target offers for a kind. Raises `InvalidInput`."""

    def read(self, name: str, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Read. Raises `ProviderError`."""

    def write(self, name: str, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write. Raises `ProviderError`."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a drive works with: the store, the live systems, and the world outside."""

    store: Store
    targets: Targets
    outside: Outside


@dataclass(frozen=True, slots=True)
class Job:
    """One object of a batch: what a step wants there. `fresh` says that `found.values` may stand for a reading."""

    found: Found
    wants: tuple[Want, ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch belongs to. `mode` is open, close or keep; `place` is the layer's (priority, n, step)."""

    outage: str
    run: str
    target: str
    spec: KindSpec
    mode: str
    place: tuple[int, int, int] = (0, 0, 0)
    where: Mapping[str, object] | None = None
    force: bool = False

    @property
    def direction(self) -> str:
        """The direction as journalled."""
        return "open" if self.mode == "open" else "close"


@dataclass(slots=True)
class Tally:
    """What batches came to, added up. `fault` is the provider's fault that ended them early."""

    written: int = 0
    confirmed: int = 0
    notes: list[Note] = field(default_factory=list)
    unlisted: dict[Fate, int] = field(default_factory=dict)
    fault: ProviderError | None = None
    again: set[str] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        """Add what another batch came to."""
        self.written += other.written
        self.confirmed += other.confirmed
        take_notes(self.notes, self.unlisted, other.notes)
        for fate, count in other.unlisted.items():
            self.unlisted[fate] = self.unlisted.get(fate, 0) + count
        self.fault = self.fault or other.fault
        self.again |= other.again


Row: TypeAlias = tuple[Entry, Decision, Want | None]
Decided: TypeAlias = tuple[Entry, list[tuple[Decision, Want | None]]]


class Progress(Protocol):
    """Where a drive tells how far it is."""

    def started(self, run: str, total: int | None) -> None:
        """A run begins; `total` objects, None when not known yet."""

    def advanced(self, run: str, objects: int) -> None:
        """More objects are done."""

    def finished(self, run: str) -> None:
        """A run has ended."""

    def waiting(self, sentence: str) -> None:
        """Something else has to end first."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a drive is wanted. `patience` is in seconds: how long somebody else's lease is waited for."""

    owner: str
    force: bool = False
    resend: bool = False
    patience: float = 0.0
    only: str = ""
    closing: bool = False  # close what `only` names although the outage goes on
    spools: Mapping[str, Path] = field(default_factory=dict)
    override: Collection[str] = ()  # guards that somebody set aside for this drive


def job_of(found: Found, wants: Sequence[Want], *, fresh: bool) -> Job:
    """Return the job of one object; what a step creates is called by its subject or title, not by its marker."""
    if found.name == found.key:
        contents = [want.payload or want.claim.value for want in wants]
        titled = [each.get("subject") or each.get("title") for each in contents if isinstance(each, Mapping)]
        if subjects := [title for title in titled if title]:
            first = next(iter(subjects[0].values())) if isinstance(subjects[0], Mapping) else subjects[0]
            found = replace(found, name=str(first))
    return Job(found, tuple(wants), fresh)


class Busy(Exception):
    """Another outage has an open intent on one of the objects."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__("busy")
        self.entries = tuple(entries)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds of the objects of a batch: slots, and the revision of each (key, path)."""

    slots: Mapping[Slot, Held]
    revs: Mapping[tuple[str, str], int]

    @staticmethod
    def of(was: Mapping[Slot, Held], saved: Sequence[Held] = ()) -> Stored:
        """Return what is there once `saved` was written over `was`."""
        slots = dict(was)
        revs = {(slot.key, slot.path): one.rev for slot, one in was.items()}
        for one in saved:
            place = (one.slot.key, one.slot.path)
            if one.held:
                slots[one.slot], revs[place] = one, revs.get(place, 0) + 1
            elif slots.pop(one.slot, None) is not None:
                del revs[place]
        return Stored(slots, revs)


def held_now(
    conn: Connection, target: str, kind: str, keys: Sequence[str], stored: Stored | None
) -> Mapping[Slot, Held]:
    """Return the slots of some objects as the store has them, from `stored` while nobody else has changed them."""
    if stored is not None:
        mine = set(keys)
        if ledger.revs(conn, target, kind, keys) == {at: rev for at, rev in stored.revs.items() if at[0] in mine}:
            return stored.slots
    return ledger.held(conn, target, kind, keys)


def by_path(live: Mapping[Slot, Value]) -> dict[str, dict[str, Value]]:
    """Return live values as key -> path -> value."""
    table: dict[str, dict[str, Value]] = {}
    for slot, value in live.items():
        table.setdefault(slot.key, {})[slot.path] = value
    return table


def is_ours(held: Held, work: Work) -> bool:
    """Whether the step of `work` holds a layer of the slot."""
    return any((layer.owner, layer.run) == (work.outage, work.run) for layer in held.layers)


def decisions(
    work: Work, job: Job, held: Mapping[str, Held], live: Mapping[Slot, Value], *, n: int, at: str
) -> list[tuple[Decision, Want | None]]:
    """Decide every slot of one object. A slot that the step holds and no longer wants is let go (its Want is None).

    `held` is the object's stored slots by path; `n` and `at` number and date a person's layer.
    """
    wants = {want.path: want for want in job.wants} if work.mode == "open" else {}
    mine = [path for path, one in held.items() if path not in wants and is_ours(one, work)]
    rows: list[tuple[Decision, Want | None]] = []
    for path in (*wants, *mine):
        slot = Slot(work.target, work.spec.kind, job.found.key, path)
        was, want = held.get(path), wants.get(path)
        merge = was.merge if was is not None else work.spec.merge(path)
        name = was.name if was is not None and was.name else job.found.name
        rows.append((_decision(work, Seen(slot, merge, name, was, live.get(slot, ABSENT), n, at), want), want))
    return rows


def _decision(work: Work, seen: Seen, want: Want | None) -> Decision:
    if want is not None:
        priority, n, step = work.place
        layer = Layer(work.outage, work.run, priority, n, step, want.claim)
        return opening(seen, layer, force=work.force)
    if work.mode == "keep":
        return keeping(seen, work.outage, work.run)
    return closing(seen, work.outage, work.run, force=work.force)


def notes_of(work: Work, decision: Decision) -> list[Note]:
    """Return what a reader must be told about one decision."""
    slot, name = decision.slot, decision.seen.name
    if work.direction == "open" and decision.hidden:
        why = "a person's edit hides what the outage wants; `--force` drops it, `runner rebase` keeps it for later"
        return [Note(Fate.CONFLICT, slot, name, decision.hidden[0], decision.after, why)]
    notes = []
    if work.direction == "close" and decision.hidden:
        why = "edited by hand during the outage"
        notes.append(Note(Fate.KEPT, slot, name, decision.hidden[0], decision.after, why))
    if decision.instead is not ABSENT:
        why = f"{work.target} never gives this value back"
        notes.append(Note(Fate.DIFFERENT, slot, name, decision.instead, decision.after, why))
    return notes


def selecting_paths(spec: KindSpec, where: Mapping[str, object]) -> tuple[str, ...]:
    """Return the paths that tell whether an object matches a selection."""
    if spec.matches is None:
        return ()
    tags = where.get("tags", ())
    names = [tags] if isinstance(tags, str) else list(tags) if isinstance(tags, list | tuple) else []
    return (*(name for name in where if name != "tags"), *(f"tags/{tag}" for tag in names))
