"""Driving one outage to where the clock and its owner want it: first run, resume, tick and revert are all this.

`drive` takes the lease, settles what an earlier process left without outcome, and does what is due until nothing is.
The whole of it is safe to repeat: a second drive finds nothing to do.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from runner import people, timetable
from runner.batches import Batches
from runner.config import Config
from runner.errors import InvalidInput, ProviderError, RunnerError, Unavailable
from runner.expand import expand
from runner.load import thaw_playbook
from runner.playbook import Outage, Run
from runner.report import Ended, Fate, Report, RunReport
from runner.spi import Context
from runner.steps import Steps, now_of
from runner.store import journal as lines
from runner.store import lease, ledger
from runner.store import tasks as human
from runner.store.journal import JournalFile
from runner.store.ledger import dumps
from runner.timetable import Act, State
from runner.work import Desk, Order, Progress, Tally


def outage_of(row: Any, config: Config) -> Outage:
    """Return the outage of a stored row, expanded from its frozen playbook. Raises `InvalidInput`."""
    frozen = json.loads(row.frozen)
    document, texts, ids = frozen["document"], frozen["texts"], frozen.get("runs", {})
    playbook = replace(thaw_playbook(document, texts, file=frozen.get("file", "")), run_ids=ids)
    start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (row.start_ms, row.restore_ms))
    return replace(expand(playbook, config, start=start, end=end), id=row.id, when_told=bool(row.when_told))


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
            if int(waited) % 10 == 0:
                progress.waiting(
                    f"{held.owner} is working on {outage}; its lease ends in {held.wait:.0f} s at the latest"
                )
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
        self.unsettled: set[tuple[str, str]] = set()  # target and kind of announced writes that nobody could look up
        self.begun = row.state != "registered"
        self.asked = 0
        self.steps = Steps(desk, config, order, progress, batches, self.outage, int(row.n), self._set, self._context)
        self.began = desk.outside.boot()

    def all(self) -> Report:
        """Settle, then do what is due until nothing is."""
        unsettled = self._settle()
        self._runs_known()
        if self.order.resend and not self.reverting:
            self._open_unknown()
        while self._pass():
            pass
        shut = self.reverting or self.row.imported
        blocked = [] if shut else timetable.blocked(self.outage, self.states, now_of(self.desk))
        waiting = {run.id for run, need in blocked}
        stuck = any(need not in waiting and self.states[need].state != "waiting" for _, need in blocked)
        warnings = [f"{run.id} waits for {need}, which is not there" for run, need in blocked]
        needed = self._still_needed()
        return self._report([*unsettled, *warnings, *needed], pending=bool(stuck or unsettled or needed))

    def _still_needed(self) -> list[str]:
        """Say what ``--only`` could not give back, because steps on other targets need it."""
        if not self.order.closing:
            return []
        holding = {run.id: run for run in self.outage.runs if self.states[run.id].state in timetable.HOLDING}
        return [
            f"{run.id} was not given back: {other.id} on {other.target} needs it; "
            f"revert {other.target} first, or the whole outage"
            for run in holding.values()
            for other in holding.values()
            if run.target == self.order.only and run.id in other.needs and other.target != run.target
        ]

    def _pass(self) -> bool:
        """Do once what is due; returns whether there was anything that this drive had not tried yet."""
        tried = len(self.tried)
        self._look_again()
        for act in timetable.due(self.outage, self.states, self.digests, now_of(self.desk), reverting=self.reverting):
            if (act.verb, act.run.id) not in self.tried and self._wanted(act):
                self.tried.add((act.verb, act.run.id))
                self._perform(act)
        return len(self.tried) > tried

    def _look_again(self) -> None:
        """Take in that somebody extended or amended the outage while this drive was at work."""
        with self.desk.store.reading() as conn:
            row = ledger.outage_row(conn, self.outage.id)
        if row is None or (row.restore_ms, row.frozen) == (self.row.restore_ms, self.row.frozen):
            return
        self.row, self.outage = row, outage_of(row, self.config)
        self.digests = {run.id: digest_of(run) for run in self.outage.runs}
        self.steps = replace(self.steps, outage=self.outage)
        self._runs_known()

    def _wanted(self, act: Act) -> bool:
        """A target where a step failed gets no new step in this drive, unless the step says ``on_error: continue``; an
        outage that was imported from its journal gets none at all, only what follows its end."""
        barred = act.run.target in self.stopped or (self.row.imported and not act.run.after)
        if (act.run.target, act.run.kind) in self.unsettled or (barred and act.verb in ("open", "amend", "sweep")):
            return False
        return not self.order.only or act.run.target == self.order.only

    def _know(self) -> None:
        """Read the states of all runs from the store."""
        with self.desk.store.reading() as conn:
            rows = ledger.run_states(conn, self.outage.id)
        self.states = {
            name: State(row.state, row.digest, timedelta(milliseconds=row.lead_ms)) for name, row in rows.items()
        }

    def _settle(self) -> list[str]:
        """Conclude what an earlier process left without outcome; kinds where it cannot be looked up are left alone."""
        with self.desk.store.reading() as conn:
            entries = ledger.unfinished(conn, outage=self.outage.id)
        found: list[str] = []
        for place in sorted({(entry.ref.target, entry.ref.kind) for entry in entries}):
            mine = [entry for entry in entries if (entry.ref.target, entry.ref.kind) == place]
            try:
                tally = self.batches.settle(mine)
            except (ProviderError, InvalidInput) as fault:
                self.unsettled.add(place)
                found.append(f"{place[0]}: {fault.message}; what was sent there is not known yet: run `runner resume`")
            else:
                self._note(mine[0].run, tally)
        return [*dict.fromkeys(found)]

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
                if (target, kind) in self.unsettled:
                    continue
                gone = Run(name, name, 0, kind, target, {}, self.outage.start, self.outage.end)
                self._perform(Act("close", gone))
            if not held[name] or self.states[name].state == "done":
                with self.desk.store.transaction() as conn:
                    self.batches.fenced(conn)
                    ledger.drop_run(conn, self.outage.id, name)

    def _open_unknown(self) -> None:
        """Open the runs again of which nobody knows whether they were sent (``--resend``)."""
        with self.desk.store.reading() as conn:
            unknown = {entry.run for entry in ledger.in_state(conn, self.outage.id, ["unknown"])}
        for run in self.outage.runs:
            if run.id in unknown and self.states[run.id].state in ("active", "done"):
                self._set(run, "opening")

    # --- one act ----------------------------------------------------------------------------------------------------

    def _perform(self, act: Act) -> None:
        run = act.run
        self.asked = self.desk.targets.requests.get(run.target, 0)
        if act.verb in ("cancel", "miss"):
            self._set(run, {"cancel": "cancelled", "miss": "missed"}[act.verb])
            if act.verb == "miss":
                self._add(run, "open", Tally(), "skipped", "nobody opened it in time")
            return
        try:
            spec = self.desk.targets.spec(run.target, run.kind)
            closes = act.verb == "close"
            if not closes:
                self._begin()
            elsewhere = self._let_go_elsewhere(run) if act.verb in ("close", "amend") else ""
            if closes and self._never_opened(run):
                return
            if spec.by_hand:
                tally, state = people.carry_out(
                    self.batches, self.outage, run, spec, self._context(run), act.verb, self.digests.get(run.id, "")
                )
                self._know()
            else:
                tally, state = self.steps.close(run, spec) if closes else self.steps.open(run, act.verb, spec)
        except (ProviderError, InvalidInput) as fault:
            hint = f" ({fault.hint})" if isinstance(fault, InvalidInput) and fault.hint else ""
            self._set(run, None, message=fault.message)
            self._add(run, "close" if act.verb == "close" else "open", Tally(), "failed", fault.message + hint)
            self._stop(run)
            return
        if elsewhere:
            state, tally.fault = "failed", Unavailable(elsewhere)
            self._again(run, elsewhere)
        if state == "failed":
            self._stop(run)
        message = tally.fault.message if tally.fault else ""
        refused = sum(note.fate is Fate.REJECTED for note in tally.notes)
        if refused and state == "done" and not closes:
            state, message = "waiting", f"{run.target} refused {refused:,}"
        self._add(run, "close" if closes else "open", tally, state, message)

    def _let_go_elsewhere(self, run: Run) -> str:
        """Give back what a step holds on a target, or of a kind, that its playbook no longer names for it; return what
        stood in the way."""
        total = Tally()
        with self.desk.store.reading() as conn:
            places = ledger.kinds_of_run(conn, self.outage.id, run.id)
        for target, kind in places:
            if (target, kind) == (run.target, run.kind):
                continue
            if (target, kind) in self.unsettled:
                return f"what was sent to {target} is not known yet"
            try:
                if not self.desk.targets.spec(target, kind).by_hand:
                    self.steps.let_go_elsewhere(run, target, kind, total)
            except InvalidInput as fault:
                return f"{kind} on {target}, from before the playbook changed, cannot be given back: {fault.message}"
        if total.written or total.notes:
            self._add(run, "close", total, "done", "")
        return total.fault.message if total.fault else ""

    def _again(self, run: Run, message: str) -> None:
        """Let the next drive amend a step again."""
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            ledger.set_run(conn, self.outage.id, run.id, digest="", message=message)
        self._know()

    def _never_opened(self, run: Run) -> bool:
        """End a step that began to open and never came to hold anything: nothing follows from it."""
        with self.desk.store.reading() as conn:
            if self.states[run.id].state != "opening" or ledger.count_of_run(conn, self.outage.id, run.id):
                return False
        self.steps.drop_list(run)
        self._set(run, "cancelled" if self.reverting else "missed")
        self._add(run, "close", Tally(), "skipped", "it never came to hold anything")
        return True

    def _begin(self) -> None:
        """Note, before the first write, that the outage is open and owes its restore; its place in the stack is above
        everything that is open by then. The restore itself was stored when the outage was registered, and may have
        been put off since."""
        if self.begun:
            return
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            n = ledger.next_n(conn, 2) + 1  # the one below is for people's edits that it covers
            ledger.set_outage(conn, self.outage.id, state="open", n=n)
        self.begun, self.steps = True, replace(self.steps, n=n)

    def _stop(self, run: Run) -> None:
        if run.on_error == "stop":
            self.stopped.add(run.target)

    def _context(self, run: Run) -> Context:
        return context_of(self.outage, run, self.desk, self.config.language)

    def _set(self, run: Run, state: str | None, *, message: str = "") -> None:
        """Record the state of a run."""
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            values: dict[str, Any] = {"message": message}
            if state is not None:
                values["state"] = state
            if state in ("opening", "active", "waiting"):
                values["digest"] = self.digests[run.id]
            ledger.set_run(conn, self.outage.id, run.id, **values)
            old = self.states[run.id]
            self.states[run.id] = State(state or old.state, values.get("digest", old.digest), old.lead)

    # --- the end ----------------------------------------------------------------------------------------------------

    def _add(self, run: Run, direction: str, tally: Tally, state: Ended, message: str) -> None:
        key = (run.id, direction)
        old = self.reports.get(key)
        whole = Tally(notes=list(old.notes) if old else [], unlisted=dict(old.unlisted) if old else {})
        whole.add(tally)
        self.reports[key] = RunReport(
            run.id,
            run.kind,
            run.target,
            "close" if direction == "close" else "open",
            state,
            written=(old.written if old else 0) + tally.written,
            confirmed=(old.confirmed if old else 0) + tally.confirmed,
            requests=(old.requests if old else 0) + self.desk.targets.requests.get(run.target, 0) - self.asked,
            notes=tuple(whole.notes),
            message=message,
            unlisted=whole.unlisted,
        )

    def _report(self, warnings: list[str], *, pending: bool) -> Report:
        if not self.states:
            self._know()
        known, taken_back = self.states, self.row.desired == "revert"
        state = timetable.outcome(self.outage, known, reverting=taken_back) if known else str(self.row.state)
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            ledger.set_outage(conn, self.outage.id, state=state)
            waiting = human.count_waiting(conn, self.outage.id)
        if state in timetable.OVER and state != self.row.state:
            self.batches.journal.append([lines.ended(state, lines.rfc3339(self.desk.outside.now_ms()))])
        return Report(
            outage=self.outage.id,
            state=state,
            runs=tuple(self.reports.values()),
            waiting=waiting,
            pending=pending or any(report.state == "failed" for report in self.reports.values()),
            restore_at=self.outage.end if state in ("registered", "open", "closing") and not self.reverting else None,
            seconds=self.desk.outside.boot() - self.began,
            warnings=tuple(warnings),
        )
