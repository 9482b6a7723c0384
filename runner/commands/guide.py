"""steps: what people have to do, in the order in which it is done and in the reader's language. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from runner.commands.operate import the_outage
from runner.commands.planning import read_playbook
from runner.commands.session import Session
from runner.errors import InvalidInput, ProviderError
from runner.executor import outage_of
from runner.expand import outages
from runner.kinds.people import say
from runner.kinds.words import terms_of
from runner.layers import Held, released, wanted
from runner.model import UNKNOWN, Slot, Value
from runner.people import evidence_kind, wants_of
from runner.playbook import Outage, Run
from runner.report import Guide, Task
from runner.spi import Context, Reversal
from runner.store import ledger
from runner.store import tasks as stored
from runner.timetable import ENDED
from runner.timetable_order import foreseen
from runner.views.text import command
from runner.views.words import words_of

LATE: Final = timedelta(minutes=15)  # after which a step that waits is called overdue
DONE: Final = "done"  # path of what is only to be done: it has no value, unless the item of the list gives one
GONE: Final = "was-"  # items that take back what an amended step no longer wants
Direction: TypeAlias = Literal["open", "close"]


def due(session: Session, name: str = "", language: str = "") -> list[Guide]:
    """Return the steps that wait, of one outage or of all that have any. `language` is the reader's, "" that of
    runner.yaml. Raises `Usage` for an unknown name."""
    if name:
        rows = [the_outage(session, name)]
    else:
        with session.store.reading() as conn:
            rows = [row for row in ledger.outage_rows(conn) if stored.count_waiting(conn, row.id)]
    guides = [_book(session, row, language).waiting() for row in rows]
    return [guide for guide in guides if guide.tasks]


def waiting(session: Session, name: str = "", language: str = "") -> list[Task]:
    """Return the steps that wait, of one outage or of all, as `due` has them."""
    return [task for guide in due(session, name, language) for task in guide.tasks]


def whole(session: Session, name: str, language: str = "") -> Guide:
    """Return all human steps of an outage, done and to be done, opening and restore. Raises `Usage`, `InvalidInput`."""
    return _book(session, the_outage(session, name), language).all()


def written(session: Session, path: Path, language: str = "") -> list[Guide]:
    """Return all human steps of a playbook's file, for each window that is not over, or each one when all are.

    What is recorded of them is not looked up. Raises `InvalidInput` with every mistake of the file.
    """
    loaded, _ = read_playbook(session, path)
    every = outages(loaded.playbook, session.config)
    coming = [each for each in every if each.end > session.deps.now()] or every
    return [_Book(session, _head(session, each), language, each.runs, foreseen_in(each)).all() for each in coming]


# --- one outage -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the store knows of the human steps of an outage. `held` are the slots with a value before."""

    rows: Sequence[Any] = ()
    acks: Sequence[Any] = ()
    held: Mapping[Slot, Held] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()  # runs
    reverted: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """What a claim says to the reader: `said` is `value` in the reader's words."""

    title: str
    menu: str
    who: str
    value: Value
    said: Value
    only_done: bool = False

    @property
    def bare(self) -> bool:
        """Whether it is only to be done, as an item of a list without a value."""
        return self.only_done and self.value is True


Acts: TypeAlias = Sequence[tuple[datetime, Direction, Run]]


def foreseen_in(outage: Outage, *, reverted: datetime | None = None) -> Acts:
    """Return what is done when, in order."""
    acts = foreseen(outage, reverted=reverted)
    return [(at, "close" if act.verb == "close" else "open", act.run) for at, act in acts]


def _head(session: Session, outage: Outage) -> Guide:
    book = outage.playbook
    now = session.deps.now()
    return Guide(outage.id, book.title, book.timezone, outage.start, outage.end, now, (), book.owner)


def _book(session: Session, row: Any, language: str) -> _Book:
    """Return what is known of the human steps of a stored outage, as far as its stored playbook can be read."""
    with session.store.reading() as conn:
        rows = stored.tasks(conn, row.id)
        recorded = _Recorded(
            rows,
            stored.acks(conn, row.id),
            {slot: one for each in rows for slot, one in ledger.held(conn, each.target, each.kind, [each.key]).items()},
            frozenset(run for run, at in ledger.run_states(conn, row.id).items() if at.state in ENDED),
            row.desired == "revert",
        )
    start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (row.start_ms, row.restore_ms))
    try:
        outage = outage_of(row, session.config)
    except InvalidInput:
        head = Guide(row.id, row.title, row.timezone, start, end, session.deps.now(), ())
        return _Book(session, head, language, (), (), recorded)
    acts = foreseen_in(outage, reverted=end if recorded.reverted else None)
    return _Book(session, _head(session, outage), language, outage.runs, acts, recorded)


class _Book:
    """The human steps of one outage, with the words for one reader."""

    def __init__(
        self,
        session: Session,
        head: Guide,
        language: str,
        runs: Iterable[Run],
        acts: Acts,
        recorded: _Recorded | None = None,
    ) -> None:
        self.session, self.head, self.acts = session, head, acts
        self.language = language or session.config.language
        self.words, self.terms = words_of(self.language), terms_of(self.language)
        self.runs = {run.id: run for run in runs}
        self.recorded = recorded or _Recorded()
        self.places: dict[tuple[str, str], tuple[datetime, int]] = {
            (run.id, direction): (at, n) for n, (at, direction, run) in enumerate(acts)
        }
        self._told: dict[str, dict[Slot, _Told]] = {}

    def waiting(self) -> Guide:
        """Return the steps that somebody is asked for. What cannot be put into the reader's words is said as stored."""
        rows = [row for row in self.recorded.rows if row.state in stored.WAITING]
        return replace(self.head, tasks=tuple(map(self._stored, sorted(rows, key=self._place_of))))

    def all(self) -> Guide:
        """Return every step, numbered in the order in which they are done. Raises `InvalidInput`, `ProviderError`."""
        self._told = {run.id: self._say(run) for run in self.runs.values()}
        rows = {(row.run, row.item, row.direction): row for row in self.recorded.rows}
        found = [(self._place_of(row), self._stored(row)) for row in rows.values() if row.state != "dropped"]
        for at, direction, run in self.acts:
            if run.id in self.recorded.ended or (direction == "close" and self._stays(run)):
                continue
            for n, slot in enumerate(self._told[run.id], 1):
                never = (run.id, str(n), "open") in rows and rows[(run.id, str(n), "open")].state == "dropped"
                if (run.id, str(n), direction) not in rows and not never:
                    place = self._place(run.id, str(n), direction, at)
                    found.append((place, self._coming(run, str(n), direction, slot, at)))
        tasks = [replace(task, number=n) for n, (_, task) in enumerate(sorted(found, key=lambda each: each[0]), 1)]
        opened = {(task.run, task.item): task.number for task in tasks if task.direction == "open"}
        undone = [opened.get((task.run, task.item), 0) if task.direction == "close" else 0 for task in tasks]
        return replace(self.head, tasks=tuple(map(_undoing, tasks, undone)))

    def _stays(self, run: Run) -> bool:
        """Whether nobody is asked for the opposite: it is kept on purpose, or ends by itself, as it was set up."""
        spec = self.session.readers.spec(run.target, run.kind)
        return run.keep or (spec.reversal is not Reversal.WRITE and not self.recorded.reverted)

    # --- the order --------------------------------------------------------------------------------------------------

    def _place_of(self, row: Any) -> tuple[datetime, int, int]:
        return self._place(row.run, row.item, row.direction, _instant(row.due_ms))

    def _place(self, run: str, item: str, direction: str, at: datetime) -> tuple[datetime, int, int]:
        """Return where a step stands; one that the playbook does not have (any more) stands by its time."""
        when, n = (at, -1) if item.startswith(GONE) else self.places.get((run, direction), (at, -1))
        if self.recorded.reverted and direction == "close":
            when = min(when, at)  # it had ended before the outage was taken back
        number = int(item) if item.isdigit() else 0
        return when, n, -number if direction == "close" else number

    # --- the words --------------------------------------------------------------------------------------------------

    def _told_of(self, row: Any) -> _Told | None:
        run = self.runs.get(row.run)
        if run is None:
            return None
        if run.id not in self._told:
            try:
                self._told[run.id] = self._say(run)
            except (InvalidInput, ProviderError):  # the target is gone, or offers the kind no more
                self._told[run.id] = {}
        return self._told[run.id].get(Slot(row.target, row.kind, row.key, row.path))

    def _say(self, run: Run) -> dict[Slot, _Told]:
        """Return what the claims of a run say, in order; nothing for one that no person carries out.

        Texts within a value are chosen in the runner's language, as when the step opened: they are for customers. Our
        own words about it are the reader's.
        """
        spec = self.session.readers.spec(run.target, run.kind)
        if not spec.by_hand:
            return {}
        head, target = self.head, self.session.readers.target(run.target)
        window, own = (head.start, head.end), self.session.config.language
        base = Context(head.outage, run.id, target, run.start, run.end, window, head.timezone, own)
        wants = wants_of(run, spec, base)
        read = dict(wants_of(run, spec, replace(base, language=self.language)))
        said = dict(wants_of(run, spec, replace(base, reader=self.language)))
        found = {}
        for slot, want in wants:
            text, value = read.get(slot, want), said.get(slot, want).claim.value
            found[slot] = _Told(text.title, text.menu, text.who, want.claim.value, value, slot.path == DONE)
        return found

    def _spoken(self, value: Value) -> str:
        """Return a value as a person types it."""
        if value is UNKNOWN:
            return self.words.as_before
        return value if isinstance(value, str) else str(say(value, self.terms))

    def _typed(self, run: str, item: str, *more: str) -> str:
        """Return the command that acknowledges a step."""
        known = {row.item for row in self.recorded.rows if row.run == run}
        several = len(known) > 1 or len(self._told.get(run, ())) > 1
        return command("ack", self.head.outage, run, *([item] if several else []), *more)

    # --- the steps --------------------------------------------------------------------------------------------------

    def _coming(self, run: Run, item: str, direction: Direction, slot: Slot, at: datetime) -> Task:
        """Return a step that nobody has been asked for yet."""
        told, held = self._told[run.id][slot], self.recorded.held.get(slot)
        blank, value = held is None and not told.bare, told.said
        if direction == "close":
            value = None if held is None else wanted(released(held, self.head.outage, run.id))
        return Task(
            outage=self.head.outage,
            run=run.id,
            item=item,
            direction=direction,
            target=run.target,
            title=told.title,
            menu=told.menu,
            value="" if told.bare or (blank and direction == "close") else self._spoken(value),
            question=False,
            due=at,
            overdue=False,
            command=self._typed(run.id, item, *_before(blank and direction == "open")),
            who=told.who,
            state="planned",
            blank=blank,
            corrected=self._corrected(run.id, item) if direction == "close" else "",
        )

    def _stored(self, row: Any) -> Task:
        """Return a step that somebody is asked for, or that somebody did."""
        told, slot = self._told_of(row), Slot(row.target, row.kind, row.key, row.path)
        held, value = self.recorded.held.get(slot), ledger.unpack(row.value)
        bare = told.bare if told else asks_nothing(row)
        at, question = _instant(row.due_ms), row.state == "question"
        blank = row.state in stored.WAITING and held is None and not bare
        before = _before(blank)
        typed = self._typed(row.run, row.item, *(["--not-done"] if question else before))
        said = told.said if told and told.value == value else value
        run = self.runs.get(row.run)
        task = Task(
            outage=row.outage,
            run=row.run,
            item=row.item,
            direction=row.direction,
            target=row.target,
            title=told.title if told else row.title,
            menu=told.menu if told else row.menu,
            value="" if bare and not isinstance(value, str) else self._spoken(said),
            question=question,
            due=at,
            overdue=row.state in stored.WAITING and self.head.at - at > LATE,
            command=typed,
            who=told.who if told else run.who if run else "",
            state="waiting" if row.state in stored.WAITING else "done",
            blank=blank,
            otherwise=self._typed(row.run, row.item, *before) if question else "",
            corrected=self._corrected(row.run, row.item) if row.direction == "close" and row.state != "done" else "",
        )
        return self._acknowledged(task) if task.state == "done" else task

    def _corrected(self, run: str, item: str) -> str:
        """Return what somebody said later that the value before was: the first one is restored, a person decides."""
        found = [ack for ack in self.recorded.acks if (ack.run, ack.item, ack.direction) == (run, item, "open")]
        values = [value for ack in found if (value := ledger.unpack(ack.before)) is not None]
        return self._spoken(values[-1]) if len(values) > 1 else ""

    def _acknowledged(self, task: Task) -> Task:
        """Return a step that is done with who did it, when, and with what stood there before."""
        mine = [
            ack
            for ack in self.recorded.acks
            if (ack.run, ack.item, ack.direction) == (task.run, task.item, task.direction)
        ]
        if not mine:
            return task
        ack = mine[0 if task.direction == "open" else -1]  # what is appended to an opening only corrects the value
        before, proof = ledger.unpack(ack.before), ack.evidence
        if evidence_kind(ack.evidence, ack.evidence_hash) == "file":
            proof = f"{ack.evidence} (sha-256 {ack.evidence_hash})"
        return replace(
            task,
            before="" if before is None or task.direction == "close" else self._spoken(before),
            done_by=ack.actor,
            done_at=_instant(ack.at_ms),
            evidence=proof,
        )


def _undoing(task: Task, number: int) -> Task:
    return replace(task, undoes=number)


def _before(asked: bool) -> list[str]:
    """Return what has to be typed about the value before."""
    return ["--before", "VALUE"] if asked else []


def asks_nothing(row: Any) -> bool:
    """Whether a stored step is only to be done: there is no value to set, nor one before."""
    return row.path == DONE and ledger.unpack(row.value) is True


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
