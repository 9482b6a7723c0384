"""rehearse: prove the way back before anything happens."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from sqlalchemy import delete, insert

from runner.commands import operate, planning
from runner.commands.operate import By
from runner.commands.session import Session
from runner.expand import outages
from runner.playbook import Outage
from runner.rehearsal import Clock, CrashingTargets, Rehearsed, Stage, copied
from runner.spi import Io, OpenProvider, Provider, Target
from runner.store import tables as t
from runner.store.store import Store
from runner.testing.world import SlotWorld
from runner.work import Progress


def rehearse(session: Session, path: Path, progress: Progress) -> list[Rehearsed]:
    """Rehearse every window of a playbook that is not over (the first one when all are) on copies of the live state.

    Reads live systems, writes none. That it passed is noted in the store, bound to the playbook and the configuration
    of its targets. Raises `InvalidInput`, `ProviderError`.
    """
    loaded, _ = planning.read_playbook(session, path)
    found = outages(loaded.playbook, session.config)
    left = [each for each in found if each.end > session.deps.now()] or found[:1]
    results = [_with_refusals(session, outage, _one(session, outage, progress)) for outage in left]
    digest = planning.playbook_digest(session, loaded.playbook)
    row = {"digest": digest, "at_ms": session.deps.now_ms(), "passed": all(result.passed for result in results)}
    with session.store.transaction() as conn:
        conn.execute(delete(t.rehearsals).where(t.rehearsals.c.digest == digest))
        conn.execute(insert(t.rehearsals), row)
    return results


def _with_refusals(session: Session, outage: Outage, result: Rehearsed) -> Rehearsed:
    """Add what a guard will refuse when the outage starts: a playbook that cannot be applied is not rehearsed well."""
    plan = planning.plan_outage(session, outage, outage.start, override=("rehearsal", "freeze"))
    return replace(result, problems=(*result.problems, *plan.refusals))


def _one(session: Session, outage: Outage, progress: Progress) -> Rehearsed:
    copy = copied(session.desk, outage, session.config.language)
    worlds = {
        name: SlotWorld(session.readers.capabilities(name), target=name, slots=slots, finds=copy.finds[name])
        for name, slots in copy.slots.items()
    }

    def open_world(target: Target, io: Io) -> Provider:
        del io
        return worlds[target.name]

    def factory(name: str) -> OpenProvider:
        del name
        return open_world

    def targets() -> CrashingTargets:
        return CrashingTargets(session.config.targets, session.io, session.vault, factory)

    def register(store: Store, each: Outage, now_ms: int) -> None:
        del now_ms
        private = Session(session.deps, session.config, open_with={}, _store=store)
        operate.register(private, each, By("rehearsal", "rehearsal"))

    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        stage = Stage(Path(folder), session.config, worlds, targets, register, Clock(0.0), progress)
        return replace(stage.play(outage), sampled=tuple(copy.sampled))
