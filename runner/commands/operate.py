"""apply, revert, resume, tick, extend: the verbs that change live systems."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert

from runner import executor, planner, timetable
from runner.commands.planning import Planned, refuse_reopening, spool_places
from runner.commands.session import Session
from runner.errors import Fenced, Held, Interrupted, InvalidInput, Refused, RunnerError, StoreError, Usage
from runner.planfile import Plan
from runner.playbook import Outage
from runner.report import Fate, Report
from runner.store import journal, ledger
from runner.store import tables as t
from runner.store.journal import JournalFile
from runner.store.packing import dumps
from runner.views.text import command, when
from runner.work import Order, Progress

TICKS_WITHIN: Final = 3_600_000  # milliseconds; a tick longer ago than this is none


@dataclass(frozen=True, slots=True)
class By:
    """Who does it and why, for the history."""

    actor: str
    reason: str


# --- apply ----------------------------------------------------------------------------------------------------------


def apply(
    session: Session,
    planned: Planned,
    by: By,
    progress: Progress,
    *,
    force: bool = False,
    resend: bool = False,
    spools: Path | None = None,
    patience: float = 0.0,
    override: Collection[str] = (),
) -> list[Report]:
    """Register every outage of a plan with its restore, and do what is due. Raises `Refused` before any write when a
    guard refuses."""
    session.refuse_throwaway_store()
    planner.refuse([sentence for each in planned.plans for sentence in each.refusals])
    reports = []
    for outage, plan_ in zip(planned.outages, planned.plans, strict=True):
        register(session, outage, by, _leads(outage, plan_))
        if force:
            _forced(session, outage.id, by)
        if resend:
            _resent(session, outage.id, by)
        order = Order(
            session.deps.owner,
            force=force,
            resend=resend,
            patience=patience,
            spools=_listed(outage, plan_, spools),
            override=override,
        )
        reports.append(executor.drive(session.desk, session.config, outage.id, order, progress))
    if spools is not None:
        shutil.rmtree(spools, ignore_errors=True)
    return [_with_warnings(session, report) for report in reports]


def _listed(outage: Outage, plan_: Plan, folder: Path | None) -> dict[str, Path]:
    """Return the selections that were listed for the steps due at planning; later ones are selected anew."""
    if folder is None:
        return {}
    due = {run.run for run in plan_.runs if run.due}
    return {run: path for run, path in spool_places(outage, folder).items() if run in due and path.exists()}


def _leads(outage: Outage, plan_: Plan) -> dict[str, int]:
    """Milliseconds by which steps with ``ready: true`` start early, from the plan's time under the rate limits."""
    seconds = {run.run: run.seconds for run in plan_.runs}
    return {run.id: int(seconds.get(run.id, 0) * 1000) for run in outage.runs if run.ready}


def register(session: Session, outage: Outage, by: By, leads: Mapping[str, int] | None = None) -> None:
    """Store an outage with its restore, or amend the one that is there: same place in the stack. `leads` maps a run
    to the milliseconds by which it starts early."""
    playbook = outage.playbook
    ids = {"runs": playbook.run_ids} if playbook.run_ids else {}
    frozen = dumps({"document": playbook.document, "texts": playbook.texts, "file": playbook.file, **ids})
    values: dict[str, Any] = {
        "title": playbook.title,
        "desired": "apply",
        "restore_ms": int(outage.end.timestamp() * 1000),
        "frozen": frozen,
        "digest": playbook.digest,
    }
    with session.store.transaction() as conn:
        row = ledger.outage_row(conn, outage.id)
        now = session.deps.now_ms()
        if row is None:
            fixed = {
                "id": outage.id,
                "playbook": playbook.name,
                "state": "registered",
                "priority": playbook.priority,
                "n": 0,
                "start_ms": int(outage.start.timestamp() * 1000),
                "when_told": outage.when_told,
                "timezone": playbook.timezone,
                "created_ms": now,
            }
            conn.execute(insert(t.outages), {**fixed, **values})
        else:
            refuse_reopening(row)
            ledger.set_outage(conn, outage.id, **values)
        ledger.add_runs(conn, outage.id, [(run.id, run.order) for run in outage.runs], leads)
        ledger.record(conn, at_ms=now, outage=outage.id, verb="apply", actor=by.actor, reason=by.reason)
        if row is not None and (row.frozen, row.restore_ms) != (frozen, values["restore_ms"]):
            _note(session, conn, outage.id)


def _note(session: Session, conn: Connection, outage: str) -> None:
    """Write the outage as it is now into its journal, last of all before the commit: the file alone must be enough for
    a revert, so it may know more than the store, and never less."""
    folder = session.config.store.journal
    row = ledger.outage_row(conn, outage)
    if row is None or not journal.path_of(folder, outage).exists():
        return
    at = journal.rfc3339(session.deps.now_ms())
    file = JournalFile(folder, outage)
    try:
        file.append([journal.head(outage, lineage=session.store.lineage, at=at, row=dict(row._mapping))])
    finally:
        file.close()


def _with_warnings(session: Session, report: Report) -> Report:
    """Say loudly when nobody will restore: no tick was seen lately."""
    if report.restore_at is None:
        return report
    with session.store.reading() as conn:
        ticked = conn.execute(t.meta.select()).one().ticked_ms
        row = ledger.outage_row(conn, report.outage)
    if session.deps.now_ms() - ticked < TICKS_WITHIN:
        return report
    verb = "open this when it begins, nor restore it" if report.state == "registered" else "restore this"
    at = when(report.restore_at, row.timezone if row is not None else "UTC")
    sentence = (
        f"nobody will {verb} at {at}: nothing ticks here. Let cron or CI run it every few minutes, or type it then: "
        "runner tick"
    )
    return replace(report, warnings=(*report.warnings, sentence))


# --- revert, resume, tick, extend -----------------------------------------------------------------------------------


def unknown_journals(session: Session) -> str:
    """Return a sentence when journals lie here whose outages still owe a restore and that the store does not know: it
    was lost, or it is another one. "" when all is well."""
    with session.store.reading() as conn:
        known = {row.id for row in ledger.outage_rows(conn)}
    paths = sorted(session.config.store.journal.glob("*.jsonl"))
    lost = [path for path in paths if (outage := journal.unfinished(path)) and outage not in known]
    if not lost:
        return ""
    what = "1 journal" if len(lost) == 1 else f"{len(lost)} journals"
    return (
        f"{what} in {session.config.store.journal} tell of outages that still owe a restore, and this store does not "
        f"know them; to bring them back, all at once: {command('import', *map(str, lost))}"
    )


def the_outage(session: Session, name: str, *, states: Collection[str] = ("registered", "open", "closing")) -> Any:
    """Return the row of the outage that is meant: by id, by playbook, or the only one there is. Raises `Usage`."""
    with session.store.reading() as conn:
        rows = ledger.outage_rows(conn)
    live = [row for row in rows if row.state in states]
    found = [row for row in rows if row.id == name] or [row for row in live if not name or row.playbook == name]
    if len(found) == 1:
        return found[0]
    if not found:
        from difflib import get_close_matches

        near = get_close_matches(name, [row.id for row in rows], n=3, cutoff=0.4)
        known = f"did you mean {', '.join(near)}?" if near else "`runner status` lists what there is"
        lost = unknown_journals(session)
        raise Usage(f"no open outage {name!r}" if name else "no outage is open", hint=lost or known, code="OP001")
    started = [row for row in found if row.state in ("open", "closing")]
    if len(started) == 1:
        return started[0]
    listed = "\n".join(f"  {row.id}    # {row.state}: {row.title}" for row in found)
    raise Usage(f"{len(found)} outages are meant by that:\n{listed}", hint="name one of them", code="OP002")


def revert(
    session: Session,
    row: Any,
    by: By,
    progress: Progress,
    *,
    only: str = "",
    force: bool = False,
    patience: float = 0.0,
) -> Report:
    """Give back everything that an outage changed. Somebody who is applying it stops at the next batch."""
    with session.store.transaction() as conn:
        now = session.deps.now_ms()
        values: dict[str, Any] = {"desired": "revert"}
        if row.desired != "revert" and now > row.start_ms:
            values["restore_ms"] = min(int(row.restore_ms), now)
        if not only:
            ledger.set_outage(conn, row.id, **values)
        ledger.record(conn, at_ms=now, outage=row.id, verb="revert", actor=by.actor, reason=by.reason, detail=only)
    order = Order(session.deps.owner, force=force, patience=patience, only=only, closing=bool(only))
    return _unsure(session, executor.drive(session.desk, session.config, row.id, order, progress))


def _forced(session: Session, outage: str, by: By) -> None:
    """Let the next drive write what the outage wants over people's edits, in steps that are open already too."""
    with session.store.transaction() as conn:
        ledger.open_anew(conn, outage)
        now = session.deps.now_ms()
        ledger.record(conn, at_ms=now, outage=outage, verb="force", actor=by.actor, reason=by.reason)


def _resent(session: Session, outage: str, by: By) -> None:
    """Record who has messages sent again that may have gone out already, and why; where there are any."""
    with session.store.transaction() as conn:
        if ledger.in_state(conn, outage, ["unknown"]):
            now = session.deps.now_ms()
            ledger.record(conn, at_ms=now, outage=outage, verb="resend", actor=by.actor, reason=by.reason)


def resume(
    session: Session,
    progress: Progress,
    *,
    only: str = "",
    force: By | None = None,
    resend: By | None = None,
    patience: float = 0.0,
) -> list[Report]:
    """Go on with every outage that is not where it should be, or with `only` the one of that id.

    With `force`, who says so and why, people's edits that stand in the way are dropped; with `resend`, what may or may
    not have been sent is sent again.
    """
    with session.store.reading() as conn:
        rows = [row for row in ledger.outage_rows(conn, unfinished_only=True) if not only or row.id == only]
    for row in rows:
        if force is not None:
            _forced(session, row.id, force)
        if resend is not None:
            _resent(session, row.id, resend)
    with session.store.transaction() as conn:
        for row in rows:
            if runs := ledger.refused(conn, row.id).keys():
                ledger.open_anew(conn, row.id, runs)
    order = Order(session.deps.owner, force=force is not None, resend=resend is not None, patience=patience)
    reports = [_unsure(session, report) for report in _drive_all(session, progress, order, only)]
    return [*reports, *_not_resent(session, only)] if resend is not None else reports


def _not_resent(session: Session, only: str) -> list[Report]:
    """Return a warning for each outage that is over and has messages of which nobody knows whether they went out."""
    with session.store.reading() as conn:
        going = {row.id for row in ledger.outage_rows(conn, unfinished_only=True)}
        rows = [row for row in ledger.outage_rows(conn) if row.id not in going and (not only or row.id == only)]
    reports = [_unsure(session, Report(row.id, row.state)) for row in rows]
    return [report for report in reports if report.warnings]


def _unsure(session: Session, report: Report) -> Report:
    """Say again that messages may or may not have gone out, until somebody has them sent again."""
    with session.store.reading() as conn:
        n = len(ledger.in_state(conn, report.outage, ["unknown"]))
    if not n or any(note.fate is Fate.UNKNOWN for note in report.notes):
        return report
    return replace(report, warnings=(*report.warnings, unsure(n, report.outage, over=report.state in timetable.OVER)))


def unsure(n: int, outage: str, *, over: bool) -> str:
    """Return the sentence about `n` messages of which nobody knows whether they went out."""
    words, them = ("1 message", "it") if n == 1 else (f"{n:,} messages", "they")
    then = "the outage is over, and nothing is sent again"
    again = f"look whether {them} arrived; if not: {command('resume', outage, '--resend')}"
    return f"{words} may or may not have gone out: {then if over else again}"


def tick(session: Session, progress: Progress) -> list[Report]:
    """Open and close what is due, once. Outages that somebody else drives are left to them."""
    with session.store.transaction() as conn:
        conn.execute(t.meta.update().values(ticked_ms=session.deps.now_ms()))
    return _drive_all(session, progress, Order(session.deps.owner))


def _drive_all(session: Session, progress: Progress, order: Order, only: str = "") -> list[Report]:
    with session.store.reading() as conn:
        rows = [row for row in ledger.outage_rows(conn, unfinished_only=True) if not only or row.id == only]
    reports, fault, stopped = [], None, list[RunnerError]()
    for row in rows:
        try:
            reports.append(executor.drive(session.desk, session.config, row.id, order, progress))
        except Held as held:
            fault = fault or held
        except InvalidInput as wrong:
            reports.append(Report(row.id, row.state, pending=True, warnings=(wrong.message,)))
        except (Fenced, Interrupted, StoreError) as wrong:  # one outage must not hold up the restores of the others
            if session.deps.stopping():
                raise
            stopped.append(wrong)
            reports.append(Report(row.id, row.state, pending=True, warnings=(f"{wrong.message}; {wrong.hint}",)))
    if stopped and len(stopped) == len(rows):
        raise stopped[0]
    if not reports and fault is not None and order.patience:
        raise fault
    return reports


def extend(session: Session, row: Any, until: datetime, by: By, progress: Progress) -> Report:
    """Let an outage end later (or earlier). Raises `Usage` when the new end is over, `Refused` when it is reverted."""
    if until <= session.deps.now():
        raise Usage("that end is over already", hint="give a later --until, or `runner revert` to end it now")
    if row.state in timetable.OVER:
        raise Refused(
            f"{row.id} is {row.state}: it is over", hint="`--now --for ...` opens the playbook again", code="AP003"
        )
    if row.desired == "revert":
        raise Refused(f"{row.id} is being reverted", hint="`runner status` shows how far it is", code="AP004")
    with session.store.transaction() as conn:
        ledger.set_outage(conn, row.id, restore_ms=int(until.timestamp() * 1000))
        now, detail = session.deps.now_ms(), until.isoformat()
        ledger.record(conn, at_ms=now, outage=row.id, verb="extend", actor=by.actor, reason=by.reason, detail=detail)
        _note(session, conn, row.id)
    return executor.drive(session.desk, session.config, row.id, Order(session.deps.owner), progress)
