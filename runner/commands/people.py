"""ack: what people say about the steps that they carry out."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from runner import executor
from runner.commands.guide import asks_nothing, waiting
from runner.commands.session import Session
from runner.errors import Held, Refused, Usage
from runner.executor import outage_of
from runner.kinds.people import say
from runner.kinds.words import NO, YES
from runner.layers import same
from runner.model import ABSENT, UNKNOWN, Merge, Slot, Value
from runner.people import Ack, evidence_hash
from runner.people import acknowledge as acknowledged
from runner.playbook import Run
from runner.report import Report
from runner.spi import Means, Query
from runner.store import lease, ledger
from runner.store import tasks as stored
from runner.views.text import command, when
from runner.work import Order, Progress

PATIENCE: Final = 30.0  # seconds for which somebody else's lease is waited for

__all__ = ["Acked", "acknowledge", "evidence", "waiting", "zones"]


@dataclass(frozen=True, slots=True)
class Acked:
    """What came of an acknowledgement: a sentence, and what it made possible (None when somebody else drives)."""

    sentence: str
    report: Report | None = None


def zones(session: Session) -> dict[str, str]:
    """Return outage -> time zone."""
    with session.store.reading() as conn:
        return {row.id: row.timezone for row in ledger.outage_rows(conn)}


# --- ack ------------------------------------------------------------------------------------------------------------


def acknowledge(
    session: Session,
    row: Any,
    step: str,
    item: str,
    ack: Ack,
    *,
    before: str | None,
    progress: Progress,
    typist: str = "",
) -> Acked:
    """Record what a person says about a step, then do what that made possible.

    `before` is the value that stood there, as typed; `typist` is who types, where that may be another one than the
    person who did it. Raises `Usage`, `Refused`, and `HeldBy` when somebody else drives
    the outage for too long.
    """
    run = _run(session, row, step)
    if ack.before is None and before is None and _bare(session, row.id, run, item):
        ack = replace(ack, before=UNKNOWN)
    if before is not None:
        ack = replace(ack, before=_like(before, _claimed(session, row.id, run, item)))
    if not ack.done and not _asked(session, row.id, run, item):
        raise Usage("--not-done answers the question whether a step was done; nobody asks that here")
    if ack.done and not ack.correct_before:
        _check(session, row.id, run, item)
    held = _lease(session, row.id, progress)
    try:
        sentence, moved = acknowledged(
            session.store, session.config.store.journal, row.id, run, item, ack, now_ms=session.deps.now_ms()
        )
        typed = f"typed by {typist}" if typist not in ("", ack.actor) else ""
        with session.store.transaction() as conn:
            ledger.record(
                conn,
                at_ms=session.deps.now_ms(),
                outage=row.id,
                verb="ack",
                actor=ack.actor,
                reason=typed,
                detail=f"{run.id} {item}".rstrip(),
            )
    finally:
        lease.release(session.store, held, session.deps)
    if not moved:
        return Acked(sentence)
    try:
        report = executor.drive(session.desk, session.config, row.id, Order(session.deps.owner), progress)
    except Held:
        return Acked(f"{sentence}; somebody else is at work on this outage and goes on")
    return Acked(sentence, report)


def _check(session: Session, outage: str, run: Run, item: str) -> None:
    """Refuse an acknowledgement that the target contradicts, where it shows the value. Raises `ProviderError`."""
    spec = session.readers.capabilities(run.target).get(run.kind)
    if spec is None or spec.means is not Means.VERIFY:
        return
    with session.store.reading() as conn:
        rows = [row for row in stored.tasks(conn, outage, run.id) if row.state == "waiting" and item in ("", row.item)]
    for row in rows:
        slot = Slot(row.target, row.kind, row.key, row.path)
        live = dict(session.readers.read(run.target, Query(run.kind, ids=(row.key,), paths=(row.path,)))).get(slot)
        value = ledger.unpack(row.value)
        if live is not UNKNOWN and not same(Merge.ATOMIC, live, value):
            raise Refused(
                f"{run.target} shows that {row.title!r} is not done: it holds {_spoken(live)}, not {_spoken(value)}",
                hint="set it as the step says, save, and acknowledge it then",
                code="AK002",
            )


def _spoken(value: Value) -> str:
    return value if isinstance(value, str) else str(say(value))


def _lease(session: Session, outage: str, progress: Progress) -> lease.Lease:
    """Take the outage, so that nobody writes its journal meanwhile."""
    waited = 0.0
    while True:
        try:
            return lease.acquire(
                session.store,
                outage,
                owner=session.deps.owner,
                ttl=session.config.store.lease,
                clock=session.deps,
                reason="ack",
            )
        except lease.HeldBy as held:
            if waited >= PATIENCE or session.deps.stopping():
                raise
            progress.waiting(f"{held.owner} is working on {outage}; waiting for it")
            session.deps.sleep(1.0)
            waited += 1.0


def _run(session: Session, row: Any, step: str) -> Run:
    """Return the human run that is meant by its id or its step's id. Raises `Usage` with what there is."""
    outage = outage_of(row, session.config)
    with session.store.reading() as conn:
        tasks = stored.tasks(conn, row.id)
    human = {task.run: task.state for task in tasks}
    runs = [run for run in outage.runs if run.id in human]
    known = {run.id for run in outage.runs}
    for task in tasks:  # steps that the playbook no longer has are still to be taken back
        if task.run not in known:
            known.add(task.run)
            runs.append(Run(task.run, task.run, 0, task.kind, task.target, {}, outage.start, outage.end))
    found = [run for run in runs if run.id == step] or [run for run in runs if run.step == step and not run.after]
    if len(found) > 1:
        found = [run for run in found if human[run.id] in stored.WAITING] or found
    if len(found) == 1:
        return found[0]
    names = ", ".join(run.id for run in found or runs) or "none"
    what = f"{step!r} means several steps" if found else f"{row.id} has no human step {step!r}"
    if later := next((run for run in outage.runs if not found and step in (run.id, run.step)), None):
        by_hand = session.readers.spec(later.target, later.kind).by_hand
        after = f" and once {' and '.join(later.needs)} is done" if later.needs else ""
        what = f"{later.id} waits for nobody yet: it begins {when(later.start, row.timezone)}{after}"
        what = what if by_hand else f"{later.id} is carried out by the runner, not by people"
    raise Usage(what, hint=f"its human steps: {names}; `{command('steps', row.id)}` shows what waits", code="AK001")


def _task_rows(session: Session, outage: str, run: Run, item: str) -> list[Any]:
    with session.store.reading() as conn:
        return [task for task in stored.tasks(conn, outage, run.id) if not item or task.item == item]


def _asked(session: Session, outage: str, run: Run, item: str) -> bool:
    return any(task.state == "question" for task in _task_rows(session, outage, run, item))


def _bare(session: Session, outage: str, run: Run, item: str) -> bool:
    """Whether all that is asked for is to be done, without a value: then nothing stood there before."""
    rows = [row for row in _task_rows(session, outage, run, item) if row.state in stored.WAITING]
    return bool(rows) and all(asks_nothing(row) for row in rows)


def _claimed(session: Session, outage: str, run: Run, item: str) -> Value:
    rows = _task_rows(session, outage, run, item)
    return ledger.unpack(rows[0].value) if rows else ABSENT


def _like(text: str, value: Value) -> Value:
    """Return a typed text as a value of the same type as `value`: on/off, a number, JSON, or the text itself."""
    if isinstance(value, bool) and text.strip().lower() in YES | NO:
        return text.strip().lower() in YES
    if isinstance(value, int | float | list | dict) and not isinstance(value, bool):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def evidence(text: str) -> tuple[str, str]:
    """Return evidence as recorded, and its hash: for ``@FILE`` the file's name and the hash of its content, else the
    words, or the link, and their own. Raises `Usage`."""
    if not text.startswith("@"):
        return text, evidence_hash(text.encode()) if text else ""
    path = Path(text[1:])
    try:
        with path.open("rb") as file:
            return path.name, file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise Usage(f"the evidence {path} cannot be read: {fault.strerror}", hint="check the path") from fault
