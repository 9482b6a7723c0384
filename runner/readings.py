"""What live holds for a batch: one request for the slots that its decision needs, none when the values are fresh."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from runner.layers import Held
from runner.model import Merge, Op, Slot, Value
from runner.spi import KindSpec, Query
from runner.work import Job, Work, is_ours, selecting_paths

LOOK_AGAIN: Final = 2.0  # seconds between two looks at a job


def live(
    read: Callable[[Query], Iterator[tuple[Slot, Value]]], work: Work, jobs: Sequence[Job], was: Mapping[Slot, Held]
) -> dict[Slot, Value]:
    """Return the live value of every slot that the batch decides about. Raises `ProviderError`.

    Effects are never read: there is nothing to look at.
    """
    paths = {want.path for job in jobs for want in job.wants if want.claim.op is not Op.SEND}
    mine = {slot.path for slot, one in was.items() if is_ours(one, work) and one.merge is not Merge.EFFECT}
    needed = sorted(paths | mine)
    known = {
        Slot(work.target, work.spec.kind, job.found.key, path): job.found.values[path]
        for job in jobs
        for path in needed
        if job.fresh and path in job.found.values
    }
    if len(known) == len(jobs) * len(needed):
        return known
    more = selecting_paths(work.spec, work.where or {})
    query = Query(work.spec.kind, ids=tuple(job.found.key for job in jobs), paths=(*needed, *more))
    return dict(read(query))


def over(
    read: Callable[[Query], Iterator[tuple[Slot, Value]]],
    spec: KindSpec,
    jobs: tuple[str, ...],
    pause: Callable[[float], None],
) -> bool:
    """Whether the vendor's jobs are over within the kind's `job_time`; `pause` waits between two looks.

    Without `jobs`, every job that may be ours counts: a reply may have been lost before its job was recorded. Such a
    job is there at the first look; those that come later are other people's, and are not waited for.
    """
    waited = 0.0
    while True:
        rows = list(read(Query(spec.kind, ids=jobs, paths=("job",))))
        jobs = tuple(slot.key for slot, state in rows if state != "done")
        if not jobs:
            return True
        if waited >= spec.job_time:
            return False
        step = min(LOOK_AGAIN, spec.job_time - waited)
        pause(step)
        waited += step
    return True
