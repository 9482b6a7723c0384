"""One step on one target: opening it (selecting, claiming, writing) and letting go of what it holds.

The selection is listed to the end before the first write. Everything is done a batch at a time; a fault ends the step
for now and leaves it where a later drive goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from runner import guard
from runner.batches import Batches
from runner.config import Config
from runner.errors import InvalidInput, StoreError
from runner.layers import Held, same, wanted
from runner.model import Merge, Op, Slot
from runner.playbook import Outage, Run
from runner.report import Ended, Fate, Note
from runner.selecting import Names, batched, by_key, objects, resolve
from runner.spi import Context, Found, KindSpec, Query
from runner.spool import objects_of, read_spool, reader, write_spool
from runner.store import ledger
from runner.work import Desk, Job, Order, Progress, Tally, Work, job_of, selecting_paths

TOO_LATE: Final = "too late: it announces what has begun already; not sent"


class SetState(Protocol):
    """Records the state of a run."""

    def __call__(self, run: Run, state: str | None, *, message: str = "") -> None:
        """Record it, durably."""


def now_of(desk: Desk) -> datetime:
    """Return the current instant."""
    return datetime.fromtimestamp(desk.outside.now_ms() / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Steps:
    """Opens and closes steps of one outage. `n` is the outage's place in the stack."""

    desk: Desk
    config: Config
    order: Order
    progress: Progress
    batches: Batches
    outage: Outage
    n: int
    set: SetState
    context: Callable[[Run], Context]
    names: Names = field(default_factory=dict)

    def open(self, run: Run, verb: str, spec: KindSpec) -> tuple[Tally, Ended]:
        """Open a step, go on opening it, amend it, or take in new arrivals (`verb`). Returns done or failed.

        Raises `InvalidInput` for names that do not resolve, `ProviderError` when the target cannot be read, and what
        `Batches.carry_out` raises.
        """
        context = self.context(run)
        query = spec.query(run.with_, context)
        read = reader(self.desk, run.target)
        query = resolve(query, read, run.target, self.names)
        if (
            verb != "amend"
            and not run.after
            and (why := guard.frozen(self.config.guards, now_of(self.desk), self.order.override))
        ):
            raise _refused(run, why)
        self.set(run, "opening" if verb == "open" else None)
        total = Tally()
        if self.order.resend:
            self._unsend(run, total)
        sent = self._sent(run, spec)
        place = (self.outage.playbook.priority, self.n, run.order)
        work = Work(self.outage.id, run.id, run.target, spec, "open", place, query.where, self.order.force)
        listed: set[str] = set()
        self.progress.started(run.id, None)
        first = True
        for page in batched(self._objects(run, verb, spec, query), spec.batch):
            # what was read before an earlier batch was written may have been edited meanwhile
            good = first or spec.precondition
            jobs = [
                job_of(found, spec.claims(run.with_, context, found), fresh=good and fresh) for found, fresh in page
            ]
            jobs = [job for job in jobs if verb == "amend" or not self._never_back(run, spec, job, total)]
            first = False
            if query.where is None:
                listed.update(job.found.key for job in jobs)
            total.add(self.batches.carry_out(work, self._timely(run, self._once(run, jobs, sent), total)))
            self.progress.advanced(run.id, len(jobs))
            if total.fault is not None:
                break
        self.progress.finished(run.id)
        if total.fault is not None:
            self.set(run, None, message=total.fault.message)
            return total, "failed"
        if query.where is None and verb == "amend":
            self._let_go_of(run, spec, lambda key: key not in listed, total)
            if total.fault is not None:
                self.set(run, None, message=total.fault.message)
                return total, "failed"
        return total, self._opened(run, spec, total)

    def _opened(self, run: Run, spec: KindSpec, total: Tally) -> Ended:
        """A run is open: what stays for good is let go of at once, without a write. One that came too late for all that
        it had to say is missed: nothing follows from it."""
        self.drop_list(run)
        if any(note.reason == TOO_LATE for note in total.notes):
            with self.desk.store.reading() as conn:
                held = ledger.count_of_run(conn, self.outage.id, run.id)
            if not held:
                self.set(run, "missed")
                return "skipped"
        if run.end is None:
            self._let_go_of(run, spec, _all, total, mode="keep")
            self.set(run, "done")
        else:
            self.set(run, "active")
        return "done"

    def _timely(self, run: Run, jobs: list[Job], total: Tally) -> list[Job]:
        """Leave out effects that come too late: an announcement is worth nothing once the window has begun."""
        if not self._late(run):
            return jobs
        with self.desk.store.reading() as conn:
            known = ledger.held(conn, run.target, run.kind, [job.found.key for job in jobs])
        sent = {slot.key for slot, one in known.items() if self._holds(run, one)}
        kept = []
        for job in jobs:
            if job.found.key not in sent and any(want.claim.op is Op.SEND for want in job.wants):
                slot = Slot(run.target, run.kind, job.found.key, job.wants[0].path)
                total.notes.append(Note(Fate.DROPPED, slot, job.found.name, reason=TOO_LATE))
            else:
                kept.append(job)
        return kept

    def _late(self, run: Run) -> bool:
        """Whether a step announces what has begun by now."""
        return run.start < self.outage.start <= now_of(self.desk)

    def _sent(self, run: Run, spec: KindSpec) -> Mapping[str, Collection[str]]:
        """Return key -> paths of what this step has sent already: an earlier process may have let go of it, and have
        died before it could say that the step was done."""
        paths = [path for path, merge in spec.merges.items() if merge is Merge.EFFECT]
        if not paths:
            return {}
        with self.desk.store.reading() as conn:
            return ledger.sent(conn, self.outage.id, run.id, paths)

    def _once(self, run: Run, jobs: list[Job], sent: Mapping[str, Collection[str]]) -> list[Job]:
        """Leave out effects that went out and are held no more; of those that are held the store knows it."""
        if not sent:
            return jobs
        with self.desk.store.reading() as conn:
            known = ledger.held(conn, run.target, run.kind, [job.found.key for job in jobs])
        held = {(slot.key, slot.path) for slot, one in known.items() if self._holds(run, one)}
        kept = []
        for job in jobs:
            key = job.found.key
            over = {path for path in sent.get(key, ()) if (key, path) not in held}
            wants = tuple(want for want in job.wants if want.claim.op is not Op.SEND or want.path not in over)
            if wants or not job.wants:
                kept.append(replace(job, wants=wants))
        return kept

    def _unsend(self, run: Run, total: Tally) -> None:
        """Let go of effects with an unknown outcome, so that they go out again (``--resend``); or say that it is too
        late for them."""
        if self._late(run):
            with self.desk.store.reading() as conn:
                left = ledger.in_state(conn, self.outage.id, ["unknown"], run.id)
            slots = [Slot(it.ref.target, it.ref.kind, it.ref.key, path) for it in left for path in it.changes]
            total.notes += [Note(Fate.DROPPED, slot, reason=TOO_LATE) for slot in slots]
            return
        with self.desk.store.transaction() as conn:
            self.batches.fenced(conn)
            ledger.forget_unknown(conn, self.outage.id, run.id)

    # --- selections -------------------------------------------------------------------------------------------------

    def _spool(self, run: Run) -> Path:
        name = sha256(f"{self.outage.id}\n{run.id}".encode()).hexdigest()[:24]
        return self.config.store.path.parent / "spool" / f"{name}.jsonl"

    def drop_list(self, run: Run) -> None:
        """Forget the list of objects that a step works on."""
        self._spool(run).unlink(missing_ok=True)

    def _objects(self, run: Run, verb: str, spec: KindSpec, query: Query) -> Iterator[tuple[Found, bool]]:
        """Yield what the run touches, and whether its values are as good as a reading of this moment.

        A selection is listed to the end before the first write, into a file, so that it does not move under us and
        so that a resumed run goes on with the same list.
        """
        if query.where is None:
            named = objects_of(spec, query, self.desk, run.target)
            for found in named if verb == "amend" else list(self._guarded(run, named)):
                yield found, True
            return
        if verb == "amend" and all(merge is Merge.EFFECT for merge in spec.merges.values()):
            found_now = objects_of(spec, query, self.desk, run.target)  # who came to be on the list is told, too
            yield from ((one, True) for one in self._guarded(run, self._at_most(run, self._new(run, spec, found_now))))
            return
        if verb == "amend":
            yield from ((found, False) for found in self._held_again(run, spec, query))
            return
        path = self._spool(run)
        again = path.exists()
        if not again and run.id in self.order.spools:
            write_spool(path, read_spool(self.order.spools[run.id]))
        if not path.exists():
            new = self._new(run, spec, objects_of(spec, query, self.desk, run.target))
            write_spool(path, self._guarded(run, self._at_most(run, new)))
        listed = read_spool(path)
        try:
            yield from ((found, spec.precondition) for found in (self._unfinished(run, listed) if again else listed))
        except FileNotFoundError as fault:
            with self.desk.store.transaction() as conn:
                self.batches.fenced(conn)  # somebody took over and ended the step: its list went with it
            raise StoreError(
                f"the list of what {run.id} selects is gone: {path}", hint="`runner resume` makes it anew"
            ) from fault

    def _never_back(self, run: Run, spec: KindSpec, job: Job, total: Tally) -> bool:
        """Whether the target would never give this object's status back: then it is left alone, and told of."""
        before = job.found.values.get("status")
        if spec.gives_back is None or not isinstance(before, str) or not any(w.path == "status" for w in job.wants):
            return False
        if before in spec.gives_back or before in run.with_.get("give_back", {}):
            return False
        why = f"{run.target} never gives {before!r} back: left alone; add `give_back: {{{before}: ...}}` to take it in"
        slot = Slot(run.target, run.kind, job.found.key, "status")
        total.notes.append(Note(Fate.DROPPED, slot, job.found.name, job.wants[0].claim.value, before, why))
        return True

    def _guarded(self, run: Run, found: Iterable[Found]) -> Iterator[Found]:
        """Hold a step to the guards when it opens, whoever opens it. Raises `InvalidInput`."""
        for count, one in enumerate(found, 1):
            if why := guard.refused_at_opening(self.config.guards, run, count, one, self.order.override):
                raise _refused(run, why)
            yield one

    def _at_most(self, run: Run, found: Iterable[Found]) -> Iterator[Found]:
        """Refuse a list that is longer than the step allows, whoever opens it. Raises `InvalidInput`."""
        most = run.with_.get("at_most")
        with self.desk.store.reading() as conn:
            count = ledger.count_of_run(conn, self.outage.id, run.id) if isinstance(most, int) else 0
        for one in found:
            count += 1
            if isinstance(most, int) and count > most:
                raise InvalidInput(
                    f"more than {most:,} objects match, the step allows at_most {most:,}: none was touched",
                    hint="narrow `select` or raise `at_most`, then apply the playbook again",
                    code="PL003",
                )
            yield one

    def _unfinished(self, run: Run, found: Iterable[Found]) -> Iterator[Found]:
        """Leave out, of a list that an earlier process worked on, what is known to be as wanted."""
        for page in batched(found, 500):
            self.batches.stay()
            with self.desk.store.reading() as conn:
                held = by_key(ledger.held(conn, run.target, run.kind, [each.key for each in page]))
            for each in page:
                mine = [one for one in held.get(each.key, {}).values() if self._holds(run, one)]
                if not mine or any(not same(one.merge, one.last, wanted(one)) for one in mine):
                    yield each

    def _holds(self, run: Run, held: Held) -> bool:
        return any((layer.owner, layer.run) == (self.outage.id, run.id) for layer in held.layers)

    def _new(self, run: Run, spec: KindSpec, found: Iterable[Found]) -> Iterator[Found]:
        """Leave out objects that the run holds already: a ticket enters an outage at most once."""
        for page in batched(found, spec.page):
            self.batches.stay()
            with self.desk.store.reading() as conn:
                held = ledger.held(conn, run.target, run.kind, [each.key for each in page])
            mine = {slot.key for slot, one in held.items() if self._holds(run, one)}
            yield from (each for each in page if each.key not in mine)

    def _held_again(self, run: Run, spec: KindSpec, query: Query) -> Iterator[Found]:
        paths = (*query.paths, *selecting_paths(spec, query.where or {}))
        with self.desk.store.reading() as conn:
            refused = ledger.refused(conn, self.outage.id).get(run.id, [])
        for keys in chain(self._held_keys(run, spec), batched(refused, spec.page)):
            rows = self.desk.targets.read(run.target, Query(spec.kind, ids=tuple(keys), paths=paths))
            yield from objects(rows)

    def _held_keys(self, run: Run, spec: KindSpec) -> Iterator[list[str]]:
        after, most = "", max(spec.batch, 100)
        while True:
            with self.desk.store.reading() as conn:
                keys = ledger.keys_of_run(
                    conn, self.outage.id, run.id, target=run.target, kind=run.kind, after=after, limit=most
                )
            if not keys:
                return
            self.batches.stay()
            yield keys
            after = keys[-1]

    # --- closing ----------------------------------------------------------------------------------------------------

    def close(self, run: Run, spec: KindSpec) -> tuple[Tally, Ended]:
        """Give back what a step holds. Returns done, failed, or waiting where the target refuses to take it back."""
        self.set(run, "closing")
        total = Tally()
        self._let_go_of(run, spec, _all, total, mode="keep" if run.keep else "close")
        with self.desk.store.reading() as conn:
            left = ledger.count_of_run(conn, self.outage.id, run.id)
        if total.fault is not None or left:
            message = (
                total.fault.message if total.fault else f"{left:,} object{'s' * (left != 1)} could not be given back"
            )
            self.set(run, None, message=message)
            return total, "failed" if total.fault else "waiting"
        self.drop_list(run)
        self.set(run, "done")
        return total, "done"

    def let_go_elsewhere(self, run: Run, target: str, kind: str, total: Tally) -> None:
        """Give back what a step holds at a place where its playbook had it before it was amended."""
        spec = self.desk.targets.spec(target, kind)
        self._let_go_of(replace(run, target=target, kind=kind), spec, _all, total)

    def _let_go_of(
        self, run: Run, spec: KindSpec, which: Callable[[str], bool], total: Tally, *, mode: str = "close"
    ) -> None:
        work = Work(self.outage.id, run.id, run.target, spec, mode, force=self.order.force)
        with self.desk.store.reading() as conn:
            count = ledger.count_of_run(conn, self.outage.id, run.id)
        self.progress.started(run.id, count)
        for page in self._held_keys(run, spec):
            for keys in batched((key for key in page if which(key)), spec.batch):
                total.add(self.batches.carry_out(work, [Job(Found(key, key, {})) for key in keys]))
                self.progress.advanced(run.id, len(keys))
            if total.fault is not None:
                break
        self.progress.finished(run.id)


def _refused(run: Run, why: str) -> InvalidInput:
    hint = "`runner apply PLAYBOOK --override ...` goes on all the same" if why.startswith(guard.OVERRIDABLE) else ""
    return InvalidInput(
        f"step {run.id} was not opened: {why}", hint=hint or "change the guard or the step", code="GD002"
    )


def _all(key: str) -> bool:
    del key
    return True
