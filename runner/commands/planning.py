"""Planning a playbook, or the way back of an outage, against live state. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner import guard, planner, timetable
from runner.commands.session import Session
from runner.errors import Diagnostic, InvalidInput, ProviderError, Refused, Severity, Usage
from runner.executor import digest_of, outage_of
from runner.expand import expand, outages
from runner.load import load_playbook
from runner.planfile import Plan, RunPlan
from runner.playbook import Outage, Playbook
from runner.playbook_runs import amending
from runner.store import ledger
from runner.store import tables as t
from runner.store.ledger import dumps
from runner.timetable import State

if TYPE_CHECKING:
    from runner.load import Loaded


@dataclass(frozen=True, slots=True)
class Now:
    """``--now``: open at once, for so long or until then."""

    for_: timedelta | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """Plans of a playbook with what is needed to carry them out. `warnings` are the checks' warnings."""

    plans: tuple[Plan, ...]
    playbook: Playbook
    outages: tuple[Outage, ...]
    warnings: tuple[Diagnostic, ...] = ()


def read_playbook(session: Session, path: Path) -> tuple[Loaded, tuple[Diagnostic, ...]]:
    """Read and check one playbook. Raises `InvalidInput` with every mistake; warnings are returned."""
    from runner.checks import check

    capabilities = session.capabilities()
    loaded, found = load_playbook(path, capabilities)
    diagnostics = list(found)
    if loaded is not None and loaded.complete and not any(each.severity is Severity.ERROR for each in found):
        diagnostics += check([loaded], session.config, capabilities)
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    if loaded is None or errors or not loaded.complete:
        raise InvalidInput(f"{path} cannot be used", diagnostics=diagnostics, code="PB000")
    return loaded, tuple(diagnostics)


def chosen_outages(session: Session, playbook: Playbook, now: datetime, opens: Now | None) -> list[Outage]:
    """Return the outages of a playbook that are not over, or the one that `opens` makes now."""
    if opens is None:
        left = [each for each in outages(playbook, session.config) if _end(session, each) > now]
        open_still = [each for each in left if not _ended(session, each)]
        if left and not open_still:
            refuse_reopening(_stored(session, left[0].id))
        left = open_still
        if not left:
            raise Refused(
                f"every window of {playbook.name} is over",
                hint="`--now --for 3h` opens it now; or write a new window",
                code="AP001",
            )
        return [amended(session, each, _end(session, each)) for each in left]
    start = now.replace(second=0, microsecond=0)
    until = opens.until or (start + opens.for_ if opens.for_ else None)
    if until is None:
        raise Usage("--now needs an end", hint="--for 3h, or --until '2026-12-11 14:30'")
    if until <= now:
        raise Usage("that end is over already", hint="give a later --until")
    while _ended(session, made := expand(playbook, session.config, start=start, end=until)):
        start -= timedelta(minutes=1)  # opened and given back within this minute: the id has to be another one
    return [amended(session, made, made.end)]


def _stored(session: Session, outage: str) -> Any:
    with session.store.reading() as conn:
        return ledger.outage_row(conn, outage)


def _ended(session: Session, outage: Outage) -> bool:
    """Whether an outage was reverted or ended before its time: the other windows go on without it."""
    row = _stored(session, outage.id)
    return row is not None and (row.desired == "revert" or row.state in ("closed", "cancelled") or row.imported)


def _end(session: Session, outage: Outage) -> datetime:
    """The end of an outage: the store's when it is open, because somebody may have extended it; the file's when that
    was changed since."""
    row = _stored(session, outage.id)
    if row is None or row.state in timetable.OVER or outage.end != _written_end(session, row):
        return outage.end
    return datetime.fromtimestamp(row.restore_ms / 1000, outage.end.tzinfo)


def _written_end(session: Session, row: Any) -> datetime | None:
    """The end that the stored playbook gives an outage, None when none of its windows is this outage."""
    written = outages(outage_of(row, session.config).playbook, session.config)
    return next((each.end for each in written if each.id == row.id), None)


def amended(session: Session, outage: Outage, end: datetime) -> Outage:
    """Return `outage` as the store goes on with it: with that end, and with the run ids that it has there already."""
    row, playbook = _stored(session, outage.id), outage.playbook
    if row is not None:
        playbook = amending(playbook, outage_of(row, session.config).playbook)
    if end == outage.end and not playbook.run_ids:
        return outage
    made = expand(playbook, session.config, start=outage.start, end=end)
    return replace(made, id=outage.id, when_told=outage.when_told)


def plan(
    session: Session,
    path: Path,
    *,
    at: datetime | None = None,
    opens: Now | None = None,
    override: Collection[str] = (),
    spools: Path | None = None,
    force: bool = False,
) -> Planned:
    """Plan every outage of a playbook that is not over. Reads live systems, writes nothing anywhere.

    Raises `InvalidInput`, `ProviderError`, `Refused`.
    """
    loaded, warnings = read_playbook(session, path)
    moment = at or session.deps.now()
    found = chosen_outages(session, loaded.playbook, moment, opens)
    plans = [plan_outage(session, each, moment, override=override, spools=spools, force=force) for each in found]
    more = vanished(session, loaded.playbook) if opens is None else _open_already(session, found[0])
    plans[0] = replace(plans[0], warnings=(*plans[0].warnings, *more))
    return Planned(tuple(plans), loaded.playbook, tuple(found), warnings)


def _open_already(session: Session, outage: Outage) -> list[str]:
    """Return a sentence for every other open outage of the playbook that somebody opens by hand."""
    with session.store.reading() as conn:
        rows = ledger.outage_rows(conn, unfinished_only=True)
    return [
        f"{row.id} is open already: this opens a second outage of the same playbook on top of it; to make that one "
        f"longer: runner extend {row.id} --until TIME"
        for row in rows
        if row.playbook == outage.playbook.name and row.id != outage.id and row.state in ("open", "closing")
    ]


def vanished(session: Session, playbook: Playbook) -> list[str]:
    """Return a sentence for every open outage of a window that is no longer in the file: it stays until it is over.

    What somebody opened with ``--now`` was never in the file.
    """
    written = {each.id for each in outages(playbook, session.config)}
    with session.store.reading() as conn:
        rows = ledger.outage_rows(conn, unfinished_only=True)
    return [
        f"{row.id} is {row.state}, and its window is not in the file any more; to end it: runner revert {row.id}"
        for row in rows
        if row.playbook == playbook.name and row.id not in written and _from_a_window(session, row)
    ]


def _from_a_window(session: Session, row: Any) -> bool:
    frozen = outage_of(row, session.config).playbook
    return any(each.id == row.id for each in outages(frozen, session.config))


def plan_outage(
    session: Session,
    outage: Outage,
    at: datetime,
    *,
    override: Collection[str] = (),
    spools: Path | None = None,
    force: bool = False,
) -> Plan:
    """Plan the opening of one outage against live state."""
    states = _states(session, outage.id)
    folder = spools / sha256(outage.id.encode()).hexdigest()[:12] if spools else None
    guards = session.config.guards
    bench = planner.Bench(
        session.store, session.readers, at, session.config.language, folder, guards.protected, force=force
    )
    digests = {run.id: digest_of(run) for run in outage.runs}
    runs = planner.plan_runs(bench, outage, states, digests)
    refusals = planner.refuse_dangerous(runs) + guard.refusals(
        guards,
        runs,
        totals=_totals(session, runs),
        now=at,
        rehearsed=_rehearsed(session, outage),
        override=override,
    )
    return Plan(
        outage=outage.id,
        title=outage.playbook.title,
        direction="open",
        at=at,
        timezone=outage.playbook.timezone,
        start=outage.start,
        end=outage.end,
        runs=tuple(runs),
        refusals=tuple(refusals),
        warnings=tuple(_advice(session, outage, runs)),
        fingerprint=_fingerprint(session, outage, runs),
        store=session.store.lineage,
    )


def _advice(session: Session, outage: Outage, runs: Sequence[RunPlan]) -> Iterator[str]:
    """Yield what the targets say that somebody should know about steps that change something. A target that cannot be
    asked for advice holds nothing up."""
    changing = {run.run for run in runs if run.changes}
    for run in outage.runs:
        if run.id not in changing:
            continue
        try:
            for sentence in session.readers.advise(run.target, run.kind, run.with_):
                yield f"{run.id}: {sentence}"
        except ProviderError as fault:
            yield f"{run.id}: no advice could be had ({fault.message})"


def _states(session: Session, outage: str) -> dict[str, State]:
    with session.store.reading() as conn:
        return {name: State(row.state, row.digest) for name, row in ledger.run_states(conn, outage).items()}


def _totals(session: Session, runs: Sequence[RunPlan]) -> dict[tuple[str, str], int]:
    """Count the objects of a kind where a percentage guards it."""
    from runner.selecting import objects
    from runner.spi import Query

    totals: dict[tuple[str, str], int] = {}
    for run in runs:
        limit = guard.limit_of(session.config.guards, run.kind)
        if limit is None or limit.percent is None or run.objects < limit.floor or not run.due:
            continue
        if (run.target, run.kind) not in totals:
            rows = session.readers.read(run.target, Query(run.kind, paths=("name",)))
            totals[(run.target, run.kind)] = sum(1 for _ in objects(rows))
    return totals


def playbook_digest(session: Session, playbook: Playbook) -> str:
    """Return the digest of a playbook together with the configuration of its targets."""
    names = sorted({name for step in playbook.steps for name in step.targets})
    targets = [_target_digest(session, name) for name in names]
    return sha256(dumps([playbook.digest, targets]).encode()).hexdigest()


def _target_digest(session: Session, name: str) -> str:
    target = session.readers.target(name)
    parts = [target.provider, dict(target.options), dict(target.credentials), target.zone, dict(target.words)]
    return sha256(dumps([name, *parts]).encode()).hexdigest()


def _rehearsed(session: Session, outage: Outage) -> bool:
    if not session.config.guards.require_rehearsal:
        return True
    digest = playbook_digest(session, outage.playbook)
    with session.store.reading() as conn:
        row = conn.execute(t.rehearsals.select().where(t.rehearsals.c.digest == digest)).first()
    return row is not None and bool(row.passed)


def _fingerprint(session: Session, outage: Outage, runs: Sequence[RunPlan]) -> dict[str, str]:
    """What a plan depends on: store, playbook, targets' configuration, and every live value and layer it read."""
    parts = {"store": session.store.lineage, "playbook": outage.playbook.digest}
    for name in sorted({run.target for run in runs}):
        parts[f"target {name}"] = _target_digest(session, name)
    for run in runs:
        if run.due and run.digest:
            parts[f"live {run.run}"] = run.digest
    return parts


def spool_places(outage: Outage, folder: Path) -> dict[str, Path]:
    """Return run -> the file below `folder` where planning lists its selection."""
    mine = folder / sha256(outage.id.encode()).hexdigest()[:12]
    return {run.id: mine / f"{run.order}.jsonl" for run in outage.runs}


def plan_revert(session: Session, row: Any, *, only: str = "", force: bool = False) -> Plan:
    """Plan giving everything back that an outage holds."""
    outage = outage_of(row, session.config)
    at = session.deps.now()
    bench = planner.Bench(session.store, session.readers, at, session.config.language, force=force)
    runs = planner.plan_close(bench, outage, _states(session, row.id), only)
    return Plan(
        outage=row.id,
        title=row.title,
        direction="close",
        at=at,
        timezone=row.timezone,
        start=outage.start,
        end=outage.end,
        runs=tuple(runs),
        store=session.store.lineage,
    )


def refuse_reopening(row: Any) -> None:
    """Raise `Refused` for an outage that cannot be applied (any more)."""
    if row.imported:
        raise Refused(
            f"{row.id} was imported from a journal: it can only be reverted", hint="`runner revert`", code="AP002"
        )
    if row.desired == "revert" or row.state in ("closed", "cancelled"):
        raise Refused(
            f"{row.id} is {row.state} already, or being reverted",
            hint="`--now --for ...` opens the playbook again as a new outage",
            code="AP003",
        )
