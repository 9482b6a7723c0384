"""One batch of one step, carried out so that nothing can be lost: the protocol of write-ahead and read-back.

    read live -> T1 (fence, fold again, before-images, claims, intent; journal file synced) -> is the lease good for
    one whole request? -> write -> read back -> T2 (fence, outcomes)

Recovery uses the same ending: an intent without outcome is looked up by reading and concluded like a fresh reply that
was lost. An intent is also the lock of its object: while one is open, no other outage announces a write there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from runner import readings
from runner.endings import Sight, ending, stale, unsure, worst
from runner.errors import (
    Forbidden,
    Interrupted,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    StoreError,
    Unauthorized,
    Unavailable,
)
from runner.layers import Held, same
from runner.model import ABSENT, Accepted, Change, Merge, Outcome, Ref, Slot, Value, Verdict
from runner.report import Fate, Note
from runner.selecting import by_key, through
from runner.spi import KindSpec, Query
from runner.store import journal as lines
from runner.store import lease, ledger
from runner.store.journal import JournalFile
from runner.store.ledger import Entry
from runner.work import (
    Busy,
    Decided,
    Desk,
    Job,
    Row,
    Stored,
    Tally,
    Work,
    by_path,
    decisions,
    held_now,
    notes_of,
)

NOT_SENT = (RateLimited, Unauthorized, Forbidden, Rejected, NotFound, NotSent)
TRIES = 4


class Batches:
    """Carries out batches under one lease. `wish` is what the outage is driven to (apply, revert): when somebody
    changes it in the store, the next batch raises `Interrupted`."""

    def __init__(self, desk: Desk, held: lease.Lease, journal: JournalFile, wish: str) -> None:
        self.desk = desk
        self.store = desk.store
        self.targets = desk.targets
        self.outside = desk.outside
        self.lease = held
        self.journal = journal
        self.wish = wish

    # --- transactions under the lease -------------------------------------------------------------------------------

    def fenced(self, conn: Connection) -> None:
        """Check and renew the lease at the start of a transaction. Raises `Fenced`."""
        self.lease = lease.fence(conn, self.lease, self.outside)

    def check_wish(self, conn: Connection, outage: str) -> None:
        """Stop at this border when somebody wants something else by now. Raises `Interrupted`."""
        desired = ledger.desired(conn, outage)
        if desired and desired != self.wish:
            raise Interrupted(
                f"{outage}: somebody asked for `{desired}` meanwhile; stopped at a batch border",
                hint="nothing is lost; `runner status` shows who goes on",
                code="EX001",
            )
        if self.outside.stopping():
            raise Interrupted(
                f"{outage}: stopped on request; everything sent is recorded", hint="`runner resume`", code="EX002"
            )

    def _at(self) -> str:
        return lines.rfc3339(self.outside.now_ms())

    # --- the protocol -----------------------------------------------------------------------------------------------

    def carry_out(self, work: Work, jobs: Sequence[Job]) -> Tally:
        """Bring the objects of `jobs` to where `work` wants them. Raises `Fenced`, `Interrupted`, `StoreError`.

        A fault of the provider ends the batch and is in the tally; what has no outcome yet stays for `resume`.
        """
        tally, left = Tally(), list(jobs)
        limited: RateLimited | None = None
        for _ in range(TRIES):
            try:
                rows, stored = self._announced(work, left, tally)
                done = self._send(work, [row for row in rows if row[1].write], stored)
            except RateLimited as asked:
                limited = asked
                self.pause(asked.retry_after)
                continue
            except ProviderError as fault:
                tally.fault = fault
                return tally
            tally.add(replace(done, fault=None, again=set()))
            left = [replace(job, fresh=False) for job in left if job.found.key in done.again]
            if isinstance(done.fault, RateLimited):
                limited = done.fault
                self.pause(limited.retry_after)
            elif done.fault is not None:
                tally.fault = done.fault
                return tally
            if not left:
                return tally
        tally.fault = limited or Unavailable(
            f"{work.target}: {len(left)} {work.spec.kind} objects did not change in {TRIES} tries"
        )
        return tally

    def _announced(self, work: Work, jobs: Sequence[Job], tally: Tally) -> tuple[list[Row], Stored]:
        """Announce, once nothing is open on the same objects: what this outage left without outcome is looked at, other
        outages that are at work there are waited for."""
        for _ in range(int(self.lease.ttl) + 5):
            try:
                return self._announce(work, jobs, tally)
            except Busy as busy:
                mine = [entry for entry in busy.entries if entry.outage == work.outage]
                tally.notes += self.settle(mine).notes
                self.settle_others([entry for entry in busy.entries if entry.outage != work.outage])
        raise Unavailable(f"{work.target}: other outages keep writing the same {work.spec.kind} objects")

    def pause(self, seconds: float) -> None:
        """Wait as the vendor asks, renewing the lease meanwhile."""
        while seconds > 0:
            step = min(seconds, self.lease.ttl / 3)
            self.outside.sleep(step)
            seconds -= step
            with self.store.transaction() as conn:
                self.fenced(conn)
                self.check_wish(conn, self.lease.name)

    def stay(self) -> None:
        """Renew the lease when a third of it has gone by: a long list is read without a batch. Raises `Fenced`."""
        if self.outside.boot() >= self.lease.fenced_at + self.lease.ttl / 3:
            with self.store.transaction() as conn:
                self.fenced(conn)

    def _announce(self, work: Work, jobs: Sequence[Job], tally: Tally) -> tuple[list[Row], Stored]:
        """Read live, decide, and make the intent durable. Returns one row per slot, and what the store holds then."""
        keys = [job.found.key for job in jobs]
        for _ in range(TRIES):
            with self.store.reading() as conn:
                was = ledger.held(conn, work.target, work.spec.kind, keys)
            held_keys = {slot.key for slot in was}
            jobs = [replace(job, fresh=False) if job.found.key in held_keys else job for job in jobs]
            live = readings.live(partial(self.targets.read, work.target), work, jobs, was)
            jobs = self._still_selected(work, jobs, was, live, tally)
            with self.store.transaction() as conn:
                self.fenced(conn)
                self.check_wish(conn, work.outage)
                if unfinished := ledger.unfinished_on(conn, work.target, work.spec.kind, keys):
                    raise Busy(unfinished)
                if ledger.revs(conn, work.target, work.spec.kind, keys) != Stored.of(was).revs:
                    continue
                rows = self._decide(conn, work, jobs, was, live)
                entries = [entry for entry, _ in rows]
                decided = [decision for _, each in rows for decision, _ in each]
                ledger.save(conn, was, [decision.intent for decision in decided])
                ledger.write_entries(conn, entries, self.outside.now_ms())
            self._journal(rows)
            for decision, want in (pair for _, each in rows for pair in each):
                if want is not None or work.mode != "open":
                    tally.notes += notes_of(work, decision)
            stored = Stored.of(was, [decision.intent for decision in decided])
            return [(entry, decision, want) for entry, each in rows for decision, want in each], stored
        raise Busy(())

    def _still_selected(
        self, work: Work, jobs: Sequence[Job], was: Mapping[Slot, Held], live: Mapping[Slot, Value], tally: Tally
    ) -> Sequence[Job]:
        """Turn jobs whose object moved out of the selection since it was listed into jobs that want nothing."""
        if work.mode != "open" or work.where is None or work.spec.matches is None or all(job.fresh for job in jobs):
            return jobs
        values, held = by_path(live), by_key(was)
        kept: list[Job] = []
        for job in jobs:
            seen = through({**job.found.values, **values.get(job.found.key, {})}, held.get(job.found.key, {}))
            if job.fresh or not job.wants or work.spec.matches(work.where, seen):
                kept.append(job)
                continue
            want = job.wants[0]
            slot = Slot(work.target, work.spec.kind, job.found.key, want.path)
            now = values.get(job.found.key, {}).get(want.path, ABSENT)
            why = "no longer matches the selection"
            tally.notes.append(Note(Fate.DROPPED, slot, job.found.name, want.claim.value, now, why))
            kept.append(replace(job, wants=()))
        return kept

    def _decide(
        self,
        conn: Connection,
        work: Work,
        jobs: Sequence[Job],
        now: Mapping[Slot, Held],
        live: Mapping[Slot, Value],
    ) -> list[Decided]:
        seq, at = ledger.next_seq(conn), self._at()
        edited = any(not same(one.merge, live.get(slot, one.last), one.last) for slot, one in now.items())
        n = ledger.next_n(conn) if edited else 0
        held, rows = by_key(now), list[Decided]()
        for job in jobs:
            decided = decisions(work, job, held.get(job.found.key, {}), live, n=n, at=at)
            if not decided:
                continue
            changes = {each.slot.path: (each.before, each.after) for each, _ in decided}
            state = "intent" if any(each.write for each, _ in decided) else "same"
            ref = Ref(work.target, work.spec.kind, job.found.key)
            entry = Entry(seq, work.outage, work.run, work.direction, ref, changes, state, self.lease.token)
            rows.append((entry, decided))
            seq += 1
        return rows

    def _journal(self, rows: Sequence[Decided]) -> None:
        slots = {entry.ref.key: {decision.slot.path: decision.intent for decision, _ in each} for entry, each in rows}
        self.journal.append(lines.intents([entry for entry, _ in rows], slots, self._at()))

    def _send(self, work: Work, rows: Sequence[Row], stored: Stored) -> Tally:
        """Write the batch and conclude it."""
        if not rows:
            return Tally()
        self._ready(work.spec)
        outcomes, fault = self._write(work, rows)
        entries = list({entry.seq: entry for entry, _, _ in rows}.values())
        said = {decision.slot: outcome for (_, decision, _), outcome in zip(rows, outcomes, strict=True)}
        tally = self.conclude(work.spec, entries, said, self.read_back(work.spec, entries, said), stored)
        tally.fault = fault
        tally.written = sum(1 for outcome in outcomes if outcome.verdict is Verdict.DONE)
        return tally

    def _ready(self, spec: KindSpec) -> None:
        """Make sure that the lease outlives one whole request from now on. Raises `Fenced`, `StoreError`."""
        for _ in range(TRIES):
            if lease.ready_to_send(self.lease, self.outside, spec.deadline):
                return
            with self.store.transaction() as conn:
                self.fenced(conn)
        raise StoreError(
            f"the lease of {self.lease.ttl:g} s is too short for a request that may take {spec.deadline:g} s",
            hint=f"set `store.lease` in runner.yaml to {spec.deadline + 2 * lease.SLACK:g}s or more; nothing was sent",
            code="ST012",
        )

    def _write(self, work: Work, rows: Sequence[Row]) -> tuple[list[Outcome], ProviderError | None]:
        """Send one batch. Answers that do not come stand for a lost reply, or, where the provider says that nothing
        was sent, for nothing written."""
        changes = [
            Change(decision.slot, decision.before, decision.after, want.payload if want else None)
            for _, decision, want in rows
        ]
        outcomes: list[Outcome] = []
        rest, fault, known = Outcome(Verdict.UNKNOWN, "the reply was lost"), None, ""
        try:
            for answer in self.targets.write(work.target, changes):
                if isinstance(answer, Accepted):
                    if answer.ref != known:
                        with self.store.transaction() as conn:
                            self.fenced(conn)
                            ledger.set_ref(conn, sorted({entry.seq for entry, _, _ in rows}), answer.ref)
                    known = answer.ref
                    self._ready(work.spec)  # the batch may be sent as several jobs: each request needs its own lease
                else:
                    outcomes.append(answer)
        except ProviderError as caught:
            fault = caught
            if isinstance(fault, NOT_SENT):
                rest = Outcome(Verdict.MOVED, fault.message)
        return outcomes + [rest] * (len(changes) - len(outcomes)), fault

    # --- the ending, shared with recovery ---------------------------------------------------------------------------

    def read_back(self, spec: KindSpec, entries: Sequence[Entry], said: Mapping[Slot, Outcome]) -> dict[Slot, Value]:
        """Read the slots whose outcome nothing proves. A value that is still as before is read again while the kind's
        `settle` time lasts. Raises `ProviderError`, and `Interrupted` when somebody asks to stop meanwhile: then the
        intents stay open, and `resume` looks again."""
        merge = {path: spec.merge(path) for entry in entries for path in entry.changes}
        paths = tuple(sorted(path for path, how in merge.items() if how is not Merge.EFFECT))
        keys, live, waited = unsure(entries, said, merge), dict[Slot, Value](), 0.0
        if keys and spec.job_time:
            self._jobs_over(spec, entries)
        while keys:
            query = Query(spec.kind, ids=tuple(sorted(keys)), paths=paths)
            live.update(self.targets.read(entries[0].ref.target, query))
            keys &= stale(entries, live, merge)
            if not keys or waited >= spec.settle:
                break
            if self.outside.stopping():
                raise Interrupted(
                    f"{entries[0].outage}: stopped on request; what was sent last may not show yet",
                    hint="`runner resume` looks again",
                    code="EX002",
                )
            step = min(0.5, spec.settle)
            self.outside.sleep(step)
            waited += step
            if self.outside.boot() > self.lease.fenced_at + self.lease.ttl / 3:
                with self.store.transaction() as conn:
                    self.fenced(conn)
        return live

    def _jobs_over(self, spec: KindSpec, entries: Sequence[Entry]) -> None:
        """Wait for the vendor's jobs that may still change these objects: read before they are over, they would look as
        if nothing had happened. Raises `ProviderError`; then the intents stay open."""
        target = entries[0].ref.target
        with self.store.reading() as conn:
            jobs = ledger.jobs(conn, [entry.seq for entry in entries])
        read, known = partial(self.targets.read, target), () if "" in jobs else tuple(sorted(jobs))
        if not readings.over(read, spec, known, self.pause):
            raise Unavailable(
                f"{target}: a job that it accepted is not over after {spec.job_time:g} s; try again later"
            )

    def conclude(
        self,
        spec: KindSpec,
        entries: Sequence[Entry],
        said: Mapping[Slot, Outcome],
        live: Mapping[Slot, Value],
        stored: Stored | None = None,
    ) -> Tally:
        """Record the outcomes of a batch (T2). `again` of the tally holds the keys of objects that did not change.
        `stored` spares reading the slots again while nobody else has changed them."""
        tally, at = Tally(), self._at()
        states: list[tuple[int, str, str]] = []
        mixed: dict[int, dict[str, str]] = {}
        with self.store.transaction() as conn:
            self.fenced(conn)
            now = held_now(conn, entries[0].ref.target, spec.kind, [entry.ref.key for entry in entries], stored)
            sight = Sight(now, said, live, ledger.next_n(conn) if live else 0, at)
            settled: list[Held] = []
            for entry in entries:
                ends = [ending(entry, path, sight) for path in entry.changes]
                state, reason = worst(ends)
                states.append((entry.seq, state, reason))
                if any(end.state != state for end in ends):
                    mixed[entry.seq] = {path: end.state for path, end in zip(entry.changes, ends, strict=True)}
                settled += [end.held for end in ends if end.held is not None]
                tally.notes += [end.note for end in ends if end.note is not None]
                pairs = zip(ends, entry.changes.values(), strict=True)
                tally.confirmed += sum(end.state == "done" and before != after for end, (before, after) in pairs)
                if state == "void":
                    tally.again.add(entry.ref.key)
            ledger.save(conn, now, settled)
            ledger.set_states(conn, states)
        self.journal.append([lines.outcomes(states, at, mixed)])
        return tally

    def settle(self, entries: Sequence[Entry]) -> Tally:
        """Conclude intents without outcome by looking at what is live. Raises `ProviderError`."""
        tally = Tally()
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            groups.setdefault((entry.ref.target, entry.ref.kind), []).append(entry)
        for (target, kind), group in groups.items():
            spec = self.targets.spec(target, kind)
            for start in range(0, len(group), spec.batch):
                part = group[start : start + spec.batch]
                tally.add(self.conclude(spec, part, {}, self.read_back(spec, part, {})))
        return tally

    def settle_others(self, entries: Sequence[Entry]) -> None:
        """Wait for another outage's open intents, or, when its holder is gone, settle them in its place."""
        for outage in sorted({entry.outage for entry in entries}):
            mine = [entry for entry in entries if entry.outage == outage]
            try:
                theirs = lease.acquire(
                    self.store, outage, owner=self.lease.owner, ttl=self.lease.ttl, clock=self.outside, reason="settle"
                )
            except lease.HeldBy as held:
                self.pause(min(held.wait, 1.0))
                continue
            file = JournalFile(self.journal.path.parent, outage)
            helper = Batches(self.desk, theirs, file, self.wish)
            try:
                with self.store.reading() as conn:
                    still = {entry.seq for entry in ledger.unfinished(conn, outage=outage)}
                helper.settle([entry for entry in mine if entry.seq in still])
            finally:
                file.close()
                lease.release(self.store, helper.lease, self.outside)
