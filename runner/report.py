"""What commands return: results as passive values. Views render them; nothing here prints or decides an exit code
except `Report.exit_code`, which follows from its contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from runner.errors import Exit
from runner.model import Claim, Slot, Value
from runner.spi import Waiting

Ended: TypeAlias = Literal["done", "waiting", "failed", "skipped"]  # what a drive leaves a step at


class Fate(StrEnum):
    """What became of one slot, as far as a reader must be told."""

    KEPT = "kept"  # a person's edit stands; nobody overwrote it
    CONFLICT = "conflict"  # a person's edit hides what an outage wants
    REJECTED = "rejected"  # the vendor refused
    UNKNOWN = "unknown"  # an effect whose outcome nobody knows; not sent again without --resend
    DROPPED = "dropped"  # moved out of the selection between plan and write
    DIFFERENT = "different"  # restored to another value than before, as announced
    FAILED = "failed"  # the vendor took it, and did not carry it out when its time came
    GONE = "gone"  # the object does not exist any more


@dataclass(frozen=True, slots=True)
class Note:
    """One slot worth a line: `wanted` is what the runner would have written, `live` what stands there."""

    fate: Fate
    slot: Slot
    name: str = ""
    wanted: Value = None
    live: Value = None
    reason: str = ""


NOTES: Final = 5_000  # notes of one fate that are kept of one step; a hundred thousand tickets may have one each


def take_notes(notes: list[Note], unlisted: dict[Fate, int], more: Iterable[Note]) -> None:
    """Add notes to `notes`; of each fate those beyond `NOTES` are only counted, in `unlisted`."""
    listed: Counter[Fate] | None = None
    for note in more:
        if listed is None:
            listed = Counter(each.fate for each in notes)
        if listed[note.fate] < NOTES:
            listed[note.fate] += 1
            notes.append(note)
        else:
            unlisted[note.fate] = unlisted.get(note.fate, 0) + 1


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one step on one target came to in this drive. `unlisted` counts, by fate, notes beyond the first `NOTES`."""

    run: str
    kind: str
    target: str
    direction: Literal["open", "close"]
    state: Ended
    written: int = 0
    confirmed: int = 0
    requests: int = 0
    notes: tuple[Note, ...] = ()
    message: str = ""
    unlisted: Mapping[Fate, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What one drive of one outage came to. `pending` says that due work is left that `resume` can do; `who` are those
    whose steps wait, as far as the playbook names them."""

    outage: str
    state: str
    runs: tuple[RunReport, ...] = ()
    waiting: int = 0  # human steps due and not acknowledged
    pending: bool = False
    restore_at: datetime | None = None
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    who: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes of all runs."""
        return tuple(note for run in self.runs for note in run.notes)

    @property
    def exit_code(self) -> Exit:
        """RESUME wins over PEOPLE wins over DONE."""
        if self.pending or any(run.state == "failed" for run in self.runs):
            return Exit.RESUME
        stuck = {Fate.CONFLICT, Fate.REJECTED, Fate.UNKNOWN, Fate.FAILED}
        if self.waiting or any(note.fate in stuck for note in self.notes):
            return Exit.PEOPLE
        return Exit.DONE


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Where a step of an outage stands: pending, opening, active, closing, done, waiting, failed, cancelled, missed."""

    run: str
    kind: str
    target: str
    state: str
    start: datetime
    end: datetime | None
    held: int = 0  # objects held now


@dataclass(frozen=True, slots=True)
class OutageStatus:
    """Where one outage stands: registered, open, closing, closed, cancelled, missed."""

    outage: str
    title: str
    state: str
    timezone: str
    start: datetime
    end: datetime
    runs: tuple[RunStatus, ...]
    overdue: bool = False  # a restore that is due has not been finished
    waiting: int = 0
    holder: str = ""  # who drives it now, "" when nobody
    when_told: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def by_hand(self) -> bool:
        """Whether all that is still held waits for people."""
        held = [run for run in self.runs if run.state in ("opening", "active", "closing", "failed", "waiting")]
        return bool(held) and all(run.state == "waiting" for run in held)


@dataclass(frozen=True, slots=True)
class StackLayer:
    """One row of `runner why`: who wants what, and what the slot would hold up to this layer."""

    owner: str  # outage id, "a person", "kept on purpose", "base"
    run: str
    claim: Claim | None  # None for the base
    value: Value
    until: datetime | None = None
    seen_at: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The stack of one slot, base first. `live` is None-able: it is only read when asked."""

    slot: Slot
    name: str
    layers: tuple[StackLayer, ...]
    last: Value
    live: Value
    differs: bool


@dataclass(frozen=True, slots=True)
class Task:
    """A human step: what to do, by whom, where, the exact value, and the command that acknowledges it.

    `number` counts the steps of the outage, `undoes` is the number of the step that this one takes back; 0 where only
    what is due is listed. `blank` says that there is a value to be noted: before an opening what stands there, at the
    end what was noted then, as far as nobody has recorded it. `otherwise` is the command for yes to a question.
    """

    outage: str
    run: str
    item: str
    direction: Literal["open", "close"]
    target: str
    title: str
    menu: str
    value: str
    question: bool  # True: "was this done?"; the answer decides whether there is anything to take back
    due: datetime
    overdue: bool
    command: str
    who: str = ""
    state: Literal["planned", "waiting", "done"] = "waiting"
    blank: bool = False
    otherwise: str = ""
    number: int = 0
    undoes: int = 0
    before: str = ""  # what stood there before, as recorded
    corrected: str = ""  # what somebody said later that it was, where this has to be put back
    done_by: str = ""
    done_at: datetime | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """Human steps of one outage, in the order in which they are carried out. `at` is when it was made."""

    outage: str
    title: str
    timezone: str
    start: datetime
    end: datetime
    at: datetime
    tasks: tuple[Task, ...]
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something late that somebody should hear of. `about` are the headings of runner.yaml's notifications under which
    it falls; `task` is set for a step of a person, `step` for one of the runner's, which failed where there is a `why`.
    """

    key: str  # the same for the same thing
    about: frozenset[str]
    since: datetime
    task: Task | None = None
    step: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """One held slot where live is not what the runner believes: `expected` was written or seen last."""

    slot: Slot
    name: str
    expected: Value
    live: Value
    outages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history of an outage: who did what, and why."""

    at: datetime
    verb: str
    actor: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said about a human step: done, put back, not done, done after all (an answer to the question), or
    another value before, noted as a correction. `before` is None where nothing was said of it."""

    at: datetime
    run: str
    item: str
    title: str
    what: Literal["done", "put back", "not done", "done after all", "corrected"]
    actor: str
    before: Value = None
    evidence: str = ""
    kind: Literal["", "text", "link", "file"] = ""
    evidence_hash: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One outage in detail. `counts` maps a state of the journal (done, intent, rejected, ...) to its objects."""

    status: OutageStatus
    events: tuple[Event, ...]
    counts: Mapping[str, int]
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkup:
    """One line of `runner doctor`: a part of the set-up, how it is, and what to do about it."""

    part: str
    state: Literal["ok", "note", "problem"]
    words: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ticket in the order of answering, with the target that it is on."""

    target: str
    ticket: Waiting
