"""status, show, drift: what there is, how it came to be, and what somebody edited. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from runner.commands import operate, planning
from runner.commands.session import Session
from runner.errors import InvalidInput
from runner.executor import outage_of
from runner.layers import Held, same
from runner.load import load_playbook
from runner.model import ABSENT, Merge
from runner.people import evidence_kind
from runner.playbook import Outage
from runner.report import Drift, Event, OutageStatus, RunStatus, Said, Shown
from runner.selecting import batched
from runner.spi import Means, Query
from runner.store import lease, ledger
from runner.store import tasks as steps
from runner.timetable import HOLDING
from runner.views.text import command

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
        asked = {task.run for task in steps.tasks(conn, row.id) if task.state in steps.WAITING}
        waiting = steps.count_waiting(conn, row.id)
        holder, left = lease.holder(conn, row.id, session.deps.now_ms())
        refused = sum(map(len, ledger.refused(conn, row.id).values())) if row.state in LIVE else 0
        unsure = len(ledger.in_state(conn, row.id, ["unknown"])) if row.state in LIVE else 0
    if refused:
        warnings.append(
            f"the target refused {refused:,} change{'s' * (refused != 1)} (`{command('show', row.id)}` counts them); "
            f"mend that there, then: {command('resume', row.id)}"
        )
    if unsure:
        warnings.append(operate.unsure(unsure, row.id, over=False))
    if session.deps.gone(holder):
        warnings.append(
            f"{holder} ended in the middle of its work; to go on: {command('resume', row.id)} (it waits for the lease, "
            f"{left:.0f} s more)"
        )
    runs = tuple(
        RunStatus(
            run.id,
            run.kind,
            run.target,
            "waiting" if run.id in asked else _state(states.get(run.id)),
            run.start,
            run.end,
            held.get(run.id, 0),
        )
        for run in (outage.runs if outage is not None else ())
    )
    warnings += [f"{run}: {at.message}" for run, at in states.items() if at.message and at.state in HOLDING]
    if row.state in LIVE and outage is not None:
        warnings += _vanished(session, outage)
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


def _vanished(session: Session, outage: Outage) -> list[str]:
    """Say when the window of an outage is no longer in its playbook's file, where that file is at hand."""
    path = next((each for each in _places(session, outage.playbook.file) if each.is_file()), None)
    loaded = load_playbook(path)[0] if path is not None else None
    if loaded is None or not loaded.complete:
        return []
    try:
        found = planning.vanished(session, loaded.playbook)
    except InvalidInput:
        return []
    return [sentence for sentence in found if sentence.startswith(f"{outage.id} is")]


def _places(session: Session, name: str) -> list[Path]:
    return [Path(name), session.config.file.parent / name] if name else []


def _state(row: Any) -> str:
    """Return the state of a step as people see it: one that stopped half-way with a message has failed."""
    if row is None:
        return "pending"
    return "failed" if row.message and row.state in ("opening", "closing") else str(row.state)


def late(run: RunStatus, desired: str, now: datetime) -> bool:
    """Whether a step holds something that should have been given back by now."""
    over = desired == "revert" or (run.end is not None and run.end <= now)
    return over and (run.state in HOLDING or run.state == "failed")


# --- show -----------------------------------------------------------------------------------------------------------


def show(session: Session, name: str) -> Shown:
    """Return one outage with its history and its journal in figures. Raises `Usage` when nothing has that name."""
    row = operate.the_outage(session, name)
    with session.store.reading() as conn:
        counts = ledger.count_entries(conn, row.id)
        events = ledger.events(conn, row.id)
        said = tuple(_said(steps.tasks(conn, row.id), steps.acks(conn, row.id)))
    return Shown(
        _status(session, row),
        tuple(
            Event(_instant(event.at_ms), event.verb, event.actor, event.reason, json.loads(event.detail) or "")
            for event in events
        ),
        counts,
        said,
    )


def _said(tasks: Sequence[Any], acks: Sequence[Any]) -> Iterator[Said]:
    """Yield what people said about human steps, oldest first."""
    known = {(task.run, task.item, task.direction): task for task in tasks}
    seen: set[tuple[str, str, str]] = set()
    for ack in acks:
        key, before = (ack.run, ack.item, ack.direction), ledger.unpack(ack.before)
        opened = known.get((ack.run, ack.item, "open"))
        asked = ack.direction == "close" and opened is not None and opened.state == "dropped" and key not in seen
        what: Literal["done", "put back", "not done", "done after all", "corrected"]
        if key in seen and before is not None:
            what = "corrected"
        elif asked:
            what = "not done" if before is None else "done after all"
        else:
            what = "done" if ack.direction == "open" else "put back"
        seen.add(key)
        yield Said(
            at=_instant(ack.at_ms),
            run=ack.run,
            item=ack.item,
            title=known[key].title if key in known else "",
            what=what,
            actor=ack.actor,
            before=before,
            evidence=ack.evidence,
            kind=evidence_kind(ack.evidence, ack.evidence_hash),
            evidence_hash=ack.evidence_hash,
        )


# --- drift ----------------------------------------------------------------------------------------------------------


def drift(session: Session, name: str = "") -> tuple[list[Drift], int]:
    """Return every held field where live is not what the runner believes, and how many fields are held.

    Reads every held object once. What people carry out and what was sent is not looked at. Raises `ProviderError`.
    """
    outage = operate.the_outage(session, name).id if name else None
    with session.store.reading() as conn:
        held = [one for one in ledger.all_held(conn, outage) if one.merge is not Merge.EFFECT]
    found: list[Drift] = []
    count = 0
    for (target, kind), group in groupby(held, key=lambda one: (one.slot.target, one.slot.kind)):
        spec = session.readers.spec(target, kind)
        if spec.means is Means.PERSON:
            continue
        for page in batched(group, spec.page):
            count += len(page)
            found += _differences(session, page)
    return found, count


def _differences(session: Session, page: Sequence[Held]) -> list[Drift]:
    first = page[0].slot
    ids = tuple(dict.fromkeys(one.slot.key for one in page))
    paths = tuple(dict.fromkeys(one.slot.path for one in page))
    live = dict(session.readers.read(first.target, Query(first.kind, ids=ids, paths=paths)))
    return [
        Drift(one.slot, one.name, one.last, live.get(one.slot, ABSENT), _owners(one))
        for one in page
        if not same(one.merge, live.get(one.slot, ABSENT), one.last)
    ]


def _owners(held: Held) -> tuple[str, ...]:
    return tuple(dict.fromkeys(layer.owner for layer in held.layers if layer.of_outage))
