"""status, show, why, drift, steps: what there is and how it came to be. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from runner.commands import operate
from runner.commands.session import Session
from runner.errors import Exit, InvalidInput
from runner.executor import outage_of
from runner.playbook import Outage
from runner.report import OutageStatus, RunStatus
from runner.store import lease, ledger
from runner.store import tasks as steps
from runner.timetable import HOLDING

RECENT = timedelta(days=7)  # how long an outage that was missed is still shown
LIVE = ("registered", "open", "closing")


def status(session: Session, name: str = "", *, everything: bool = False) -> list[OutageStatus]:
    """Return where outages stand: those that owe something and those missed lately; all, or the one named.

    Raises `Usage` when nothing has that name.
    """
    if name:
        return [_status(session, operate.the_outage(session, name))]
    now = session.deps.now()
    with session.store.reading() as conn:
        rows = ledger.outage_rows(conn)
    return [_status(session, row) for row in rows if everything or row.state in LIVE or _missed_lately(row, now)]


def _missed_lately(row: Any, now: datetime) -> bool:
    return row.state == "missed" and now - _instant(row.restore_ms) < RECENT


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _status(session: Session, row: Any) -> OutageStatus:
    warnings: list[str] = []
    outage: Outage | None = None
    try:
        outage = outage_of(row, session.config)
    except InvalidInput as wrong:
        warnings.append(wrong.message)
    now = session.deps.now()
    with session.store.reading() as conn:
        states = ledger.run_states(conn, row.id)
        held = ledger.count_held(conn, row.id)
        waiting = steps.count_waiting(conn, row.id)
        holder = lease.holder(conn, row.id, session.deps.now_ms())
    runs = tuple(
        RunStatus(
            run.id,
            run.kind,
            run.target,
            states[run.id].state if run.id in states else "pending",
            run.start,
            run.end,
            held.get(run.id, 0),
        )
        for run in (outage.runs if outage is not None else ())
    )
    warnings += [f"{run}: {at.message}" for run, at in states.items() if at.message and at.state in HOLDING]
    return OutageStatus(
        outage=row.id,
        title=row.title,
        state=row.state,
        timezone=row.timezone,
        start=_instant(row.start_ms),
        end=_instant(row.restore_ms),
        runs=runs,
        overdue=row.state in LIVE and any(late(run, row.desired, now) for run in runs),
        waiting=waiting,
        holder=holder,
        when_told=bool(row.when_told),
        warnings=tuple(warnings),
    )


def late(run: RunStatus, desired: str, now: datetime) -> bool:
    """Whether a step holds something that should have been given back by now."""
    return run.state in HOLDING and (desired == "revert" or (run.end is not None and run.end <= now))


def overdue_code(found: Sequence[OutageStatus]) -> Exit:
    """Return RESUME when a restore is overdue that the runner can do, PEOPLE when only people can, else DONE."""
    late = [outage for outage in found if outage.overdue]
    if not late:
        return Exit.DONE
    waiting = all(run.state == "waiting" for outage in late for run in outage.runs if run.state in HOLDING)
    return Exit.PEOPLE if waiting else Exit.RESUME
