"""Driving one outage to where the clock and its owner want it: first run, resume, tick and revert are all this.

`drive` takes the lease, settles what an earlier process left without outcome, and does what is due until nothing is.
The whole of it is safe to repeat: a second drive finds nothing to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from runner import people, timetable
from runner.batches import Batches, Desk
from runner.config import Config
from runner.errors import InvalidInput, ProviderError, RunnerError
from runner.expand import expand
from runner.load import thaw_playbook
from runner.model import Slot
from runner.playbook import Outage, Run
from runner.report import Fate, Note, Report, RunReport
from runner.selecting import batched, objects, resolve
from runner.spi import Context, Found, KindSpec, Means, Query
from runner.spool import objects_of, read_spool, reader, write_spool
from runner.store import journal as lines
from runner.store import lease, ledger
from runner.store import tasks as steps
from runner.store.journal import JournalFile
from runner.store.ledger import dumps
from runner.timetable import Act, State
from runner.work import Job, Tally, Work, selecting_paths


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


def outage_of(row: Any, config: Config) -> Outage:
    """Return the outage of a stored row, expanded from its frozen playbook. Raises `InvalidInput`."""
    frozen = json.loads(row.frozen)
    playbook = thaw_playbook(frozen["document"], frozen["texts"], file=frozen.get("file", ""))
    start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (row.start_ms, row.restore_ms))
    made = expand(playbook, config, start=start, end=end)
    return Outage(row.id, playbook, made.start, made.end, bool(row.when_told), made.runs)


def digest_of(run: Run) -> str:
    """Return the digest of a run: another one than at its opening means that it has to be amended."""
    end = run.end.isoformat() if run.end else ""
    return sha256(dumps([run.kind, run.target, run.with_, run.start.isoformat(), end, run.keep]).encode()).hexdigest()


def context_of(outage: Outage, run: Run, desk: Desk, language: str) -> Context:
    """Return what the pure functions of a kind may know about a run."""
    return Context(
        outage=outage.id,
        step=run.id,
        target=desk.targets.target(run.target),
        start=run.start,
        end=run.end,
        window=(outage.start, outage.end),
        timezone=outage.playbook.timezone,
        language=language,
    )


def drive(desk: Desk, config: Config, outage: str, order: Order, progress: Progress) -> Report:
    """Bring one outage to where it should be now and say what that came to.

    Raises `HeldBy` when somebody else drives it for longer than the order's patience, `Fenced`, `Interrupted`,
    `StoreError`. A provider's fault is no exception here: it is in the report, and `resume` goes on.
    """
    held = _take(desk, config, outage, order, progress)
    file = JournalFile(config.store.journal, outage)
    with desk.store.reading() as conn:
        row = ledger.outage_row(conn, outage)
    if row is None:
        raise InvalidInput(f"the store has no outage {outage}", hint="`runner status` lists them", code="EX010")
    batches = Batches(desk, held, file, row.desired)
    try:
        if file.empty:
            now = lines.rfc3339(desk.outside.now_ms())
            file.append([lines.head(outage, lineage=desk.store.lineage, at=now, row=dict(row._mapping))])
        return _Drive(desk, config, row, order, progress, batches).all()
    finally:
        file.close()
        _let_go(desk, batches)


def _take(desk: Desk, config: Config, outage: str, order: Order, progress: Progress) -> lease.Lease:
    waited = 0.0
    while True:
        try:
            return lease.acquire(
                desk.store, outage, owner=order.owner, ttl=config.store.lease, clock=desk.outside, reason="drive"
            )
        except lease.HeldBy as held:
            if waited >= order.patience or desk.outside.stopping():
                raise
            progress.waiting(f"{held.owner} is working on {outage}; its lease ends in {held.wait:.0f} s at the latest")
            step = min(1.0, held.wait + 0.01)
            desk.outside.sleep(step)
            waited += step


def _let_go(desk: Desk, batches: Batches) -> None:
    try:
        lease.release(desk.store, batches.lease, desk.outside)
    except RunnerError:
        return  # the lease runs out by itself; a fault on the way must keep its own message


class _Drive:
    """One drive of one outage under its lease."""

    def __init__(
        self, desk: Desk, config: Config, row: Any, order: Order, progress: Progress, batches: Batches
    ) -> None:  # fmt: skip
        self.desk, self.config, self.order, self.progress, self.batches = desk, config, order, progress, batches
        self.row = row
        self.outage = outage_of(row, config)
        self.reverting = row.desired == "revert" or order.closing
        self.digests = {run.id: digest_of(run) for run in self.outage.runs}
        self.reports: dict[tuple[str, str], RunReport] = {}
        self.states: dict[str, State] = {}
        self.tried: set[tuple[str, str]] = set()
        self.stopped: set[str] = set()
        self.began = desk.outside.boot()

    def all(self) -> Report:
        """Settle, then do what is due until nothing is."""
        warnings = self._settle()
        if not warnings:
            self._runs_known()
            while self._pass():
                pass
            warnings += [
                f"{run.id} waits for {need}, which is not there"
                for run, need in timetable.blocked(self.outage, self.states, self._now())
                if not self.reverting
            ]
        return self._report(warnings)

    def _pass(self) -> bool:
        """Do once what is due; returns whether there was anything that this drive had not tried yet."""
        tried = len(self.tried)
        for act in timetable.due(self.outage, self.states, self.digests, self._now(), reverting=self.reverting):
            if (act.verb, act.run.id) not in self.tried and self._wanted(act):
                self.tried.add((act.verb, act.run.id))
                self._perform(act)
        return len(self.tried) > tried

    def _wanted(self, act: Act) -> bool:
        """A target where a step failed gets no new step in this drive, unless the step says ``on_error: continue``."""
        if act.run.target in self.stopped and act.verb in ("open", "amend", "sweep"):
            return False
        return not self.order.only or act.run.target == self.order.only

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.desk.outside.now_ms() / 1000, UTC)

    def _know(self) -> None:
        """Read the states of all runs from the store."""
        with self.desk.store.reading() as conn:
            rows = ledger.run_states(conn, self.outage.id)
        self.states = {name: State(row.state, row.digest) for name, row in rows.items()}

    def _settle(self) -> list[str]:
        """Conclude what an earlier process left without outcome; a target that cannot be read stops the drive."""
        with self.desk.store.reading() as conn:
            entries = ledger.unfinished(conn, outage=self.outage.id)
        for target in sorted({entry.ref.target for entry in entries}):
            mine = [entry for entry in entries if entry.ref.target == target]
            try:
                tally = self.batches.settle(mine)
            except ProviderError as fault:
                return [f"{target}: {fault.message}; what was sent there is not known yet: run `runner resume`"]
            self._note(mine[0].run, tally)
        return []

    def _note(self, run: str, tally: Tally) -> None:
        found = next((each for each in self.outage.runs if each.id == run), None)
        if found is not None and tally.notes:
            self._add(found, "open", tally, "done", "")

    def _runs_known(self) -> None:
        """Make rows for runs that the playbook gained, and give back what runs hold that it lost."""
        known = {run.id for run in self.outage.runs}
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            ledger.add_runs(conn, self.outage.id, [(run.id, run.order) for run in self.outage.runs])
            lost = [name for name in ledger.run_states(conn, self.outage.id) if name not in known]
            held = {name: ledger.kinds_of_run(conn, self.outage.id, name) for name in lost}
        self._know()
        for name in lost:
            for target, kind in held[name]:
                gone = Run(name, name, 0, kind, target, {}, self.outage.start, self.outage.end)
                self._perform(Act("close", gone))
            if not held[name] or self.states[name].state == "done":
                with self.desk.store.transaction() as conn:
                    self.batches.fenced(conn)
                    ledger.drop_run(conn, self.outage.id, name)

    # --- one act ----------------------------------------------------------------------------------------------------

    def _perform(self, act: Act) -> None:
        run = act.run
        if act.verb in ("cancel", "miss"):
            self._set(run, {"cancel": "cancelled", "miss": "missed"}[act.verb])
            if act.verb == "miss":
                self._add(run, "open", Tally(), "skipped", "nobody opened it in time")
            return
        try:
            spec = self.desk.targets.spec(run.target, run.kind)
            closes = act.verb == "close"
            if spec.means is Means.PERSON:
                tally, state = people.carry_out(self.batches, self.outage, run, spec, self._context(run), act.verb)
                self._know()
            else:
                tally, state = self._close(run, spec) if closes else self._open(act, spec)
        except (ProviderError, InvalidInput) as fault:
            hint = f" ({fault.hint})" if isinstance(fault, InvalidInput) and fault.hint else ""
            self._set(run, None, message=fault.message)
            self._add(run, "close" if act.verb == "close" else "open", Tally(), "failed", fault.message + hint)
            self._stop(run)
            return
        if state == "failed":
            self._stop(run)
        self._add(run, "close" if closes else "open", tally, state, tally.fault.message if tally.fault else "")

    def _stop(self, run: Run) -> None:
        if run.on_error == "stop":
            self.stopped.add(run.target)

    def _context(self, run: Run) -> Context:
        return context_of(self.outage, run, self.desk, self.config.language)

    def _set(self, run: Run, state: str | None, *, message: str = "", first: bool = False) -> None:
        """Record the state of a run; with the first opening, in the same transaction, that the outage is open and
        owes its restore."""
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            values: dict[str, Any] = {"message": message}
            if state is not None:
                values["state"] = state
            if state in ("opening", "active", "waiting"):
                values["digest"] = self.digests[run.id]
            ledger.set_run(conn, self.outage.id, run.id, **values)
            old = self.states[run.id]
            self.states[run.id] = State(state or old.state, values.get("digest", old.digest))
            if first:
                ledger.set_outage(conn, self.outage.id, state="open", restore_ms=self.row.restore_ms)

    def _open(self, act: Act, spec: KindSpec) -> tuple[Tally, str]:
        run, context = act.run, self._context(act.run)
        query = spec.query(run.with_, context)
        read = reader(self.desk, run.target)
        query = resolve(query, read, run.target)
        self._set(run, "opening" if act.verb == "open" else None, first=True)
        if self.order.resend:
            self._unsend(run)
        place = (self.outage.playbook.priority, self.row.n, run.order)
        work = Work(self.outage.id, run.id, run.target, spec, "open", place, query.where, self.order.force)
        total = Tally()
        listed: set[str] = set()
        self.progress.started(run.id, None)
        for page in batched(self._objects(act, spec, query), spec.max_batch):
            jobs = [Job(found, self._wants(run, spec, found, context), fresh) for found, fresh in page]
            if query.where is None:
                listed.update(job.found.key for job in jobs)
            total.add(self.batches.carry_out(work, self._timely(run, jobs, total)))
            self.progress.advanced(run.id, len(jobs))
            if total.fault is not None and total.again | {job.found.key for job in jobs}:
                break
        self.progress.finished(run.id)
        if total.fault is not None:
            self._set(run, None, message=total.fault.message)
            return total, "failed"
        if query.where is None and act.verb == "amend":
            self._let_go_of(run, spec, lambda key: key not in listed, total)
        return total, self._opened(run, spec, total)

    def _opened(self, run: Run, spec: KindSpec, total: Tally) -> str:
        """A run is open: what stays for good is let go of at once, without a write."""
        self._spool(run).unlink(missing_ok=True)
        if run.end is None:
            self._let_go_of(run, spec, _all, total, mode="keep")
            self._set(run, "done")
        else:
            self._set(run, "active")
        return "done"

    def _wants(self, run: Run, spec: KindSpec, found: Found, context: Context) -> tuple[Any, ...]:
        return tuple(spec.claims(run.with_, context, found))

    def _timely(self, run: Run, jobs: list[Job], total: Tally) -> list[Job]:
        """Leave out effects that come too late: an announcement is worth nothing once the window has begun."""
        if run.start >= self.outage.start or self._now() < self.outage.start:
            return jobs
        kept = []
        for job in jobs:
            if any(want.claim.op == "send" for want in job.wants):
                slot = Slot(run.target, run.kind, job.found.key, job.wants[0].path)
                why = "too late: it announces what has begun already; not sent"
                total.notes.append(Note(Fate.DROPPED, slot, job.found.name, reason=why))
            else:
                kept.append(job)
        return kept

    def _unsend(self, run: Run) -> None:
        """Let go of effects with an unknown outcome, so that they go out again (``--resend``)."""
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            ledger.forget_unknown(conn, self.outage.id, run.id)

    # --- selections -------------------------------------------------------------------------------------------------

    def _spool(self, run: Run) -> Path:
        name = sha256(f"{self.outage.id}\n{run.id}".encode()).hexdigest()[:24]
        return self.config.store.path.parent / "spool" / f"{name}.jsonl"

    def _objects(self, act: Act, spec: KindSpec, query: Query) -> Iterator[tuple[Found, bool]]:
        """Yield what the run touches, and whether its values are as good as a reading of this moment.

        A selection is listed to the end before the first write, into a file, so that it does not move under us and
        so that a resumed run goes on with the same list.
        """
        run = act.run
        if query.where is None:
            for found in objects_of(spec, query, self.desk, run.target):
                yield found, True
            return
        if act.verb == "amend":
            yield from ((found, False) for found in self._held_again(run, spec, query))
            return
        path = self.order.spools.get(run.id, self._spool(run))
        fresh = not path.exists() and spec.precondition
        if not path.exists():
            write_spool(path, self._new(run, objects_of(spec, query, self.desk, run.target)))
        yield from ((found, fresh) for found in read_spool(path))

    def _new(self, run: Run, found: Iterable[Found]) -> Iterator[Found]:
        """Leave out objects that the run holds already: a ticket enters an outage at most once."""
        for page in batched(found, 500):
            with self.desk.store.reading() as conn:
                held = ledger.held(conn, run.target, run.kind, [each.key for each in page])
            mine = {
                slot.key
                for slot, one in held.items()
                if any(layer.run == run.id and layer.owner == self.outage.id for layer in one.layers)
            }
            yield from (each for each in page if each.key not in mine)

    def _held_again(self, run: Run, spec: KindSpec, query: Query) -> Iterator[Found]:
        paths = (*query.paths, *selecting_paths(spec, query.where or {}))
        for keys in self._held_keys(run):
            rows = self.desk.targets.read(run.target, Query(spec.kind, ids=tuple(keys), paths=paths))
            yield from objects(rows)

    def _held_keys(self, run: Run) -> Iterator[list[str]]:
        after = ""
        while True:
            with self.desk.store.reading() as conn:
                keys = ledger.keys_of_run(
                    conn, self.outage.id, run.id, target=run.target, kind=run.kind, after=after, limit=100
                )
            if not keys:
                return
            yield keys
            after = keys[-1]

    # --- closing ----------------------------------------------------------------------------------------------------

    def _close(self, run: Run, spec: KindSpec) -> tuple[Tally, str]:
        self._set(run, "closing")
        total = Tally()
        self._let_go_of(run, spec, _all, total, mode="keep" if run.keep else "close")
        with self.desk.store.reading() as conn:
            left = ledger.count_held(conn, self.outage.id).get(run.id, 0)
        if total.fault is not None or left:
            message = total.fault.message if total.fault else f"{left} objects could not be given back"
            self._set(run, None, message=message)
            return total, "failed" if total.fault else "waiting"
        self._set(run, "done")
        return total, "done"

    def _let_go_of(
        self, run: Run, spec: KindSpec, which: Callable[[str], bool], total: Tally, *, mode: str = "close"
    ) -> None:
        work = Work(self.outage.id, run.id, run.target, spec, mode, force=self.order.force)
        with self.desk.store.reading() as conn:
            count = ledger.count_held(conn, self.outage.id).get(run.id, 0)
        self.progress.started(run.id, count)
        for page in self._held_keys(run):
            for keys in batched((key for key in page if which(key)), spec.max_batch):
                total.add(self.batches.carry_out(work, [Job(Found(key, key, {})) for key in keys]))
                self.progress.advanced(run.id, len(keys))
            if total.fault is not None:
                break
        self.progress.finished(run.id)

    # --- the end ----------------------------------------------------------------------------------------------------

    def _add(self, run: Run, direction: str, tally: Tally, state: str, message: str) -> None:
        key = (run.id, direction)
        old = self.reports.get(key)
        notes = (*(old.notes if old else ()), *tally.notes)
        self.reports[key] = RunReport(
            run.id,
            run.kind,
            run.target,
            "close" if direction == "close" else "open",
            state,  # type: ignore[arg-type]
            written=(old.written if old else 0) + tally.written,
            confirmed=(old.confirmed if old else 0) + tally.confirmed,
            notes=notes,
            message=message,
        )

    def _report(self, warnings: list[str]) -> Report:
        if not self.states:
            self._know()
        state = timetable.outcome(self.outage, self.states) if self.states else str(self.row.state)
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            ledger.set_outage(conn, self.outage.id, state=state)
            waiting = steps.count_waiting(conn, self.outage.id)
        failed = bool(warnings) or any(report.state == "failed" for report in self.reports.values())
        return Report(
            outage=self.outage.id,
            state=state,
            runs=tuple(self.reports.values()),
            waiting=waiting,
            pending=failed,
            restore_at=self.outage.end if state in ("registered", "open", "closing") else None,
            seconds=self.desk.outside.boot() - self.began,
            warnings=tuple(warnings),
        )


def _all(key: str) -> bool:
    del key
    return True
