"""What stands between a plan and its apply: limits, protected objects, freezes, a required rehearsal. Pure.

Guards hold back openings only: a restore is never refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from fnmatch import fnmatchcase

from runner.config import Guards, Limit
from runner.planfile import Item, RunPlan
from runner.playbook import Run
from runner.spi import Found

OVERRIDABLE = ("limits", "freeze", "rehearsal")


def limit_of(guards: Guards, kind: str) -> Limit | None:
    """Return the limit that counts for a kind."""
    return guards.limits.get(kind, guards.limits.get("*"))


def refusals(
    guards: Guards,
    runs: Collection[RunPlan],
    *,
    totals: Mapping[tuple[str, str], int],
    now: datetime,
    rehearsed: bool,
    override: Collection[str] = (),
) -> list[str]:
    """Return a sentence for every guard that refuses, with its figure and how to override it.

    `totals` maps (target, kind) to the number of objects there, for percentages; `override` names guards that somebody
    set aside with a reason.
    """
    found: list[str] = []
    opening = [run for run in runs if run.direction == "open" and run.due]
    if "limits" not in override:
        for run in opening:
            found += _limits(guards, run, totals.get((run.target, run.kind)))
    for run in opening:
        found += _protected(guards, run)
    if "freeze" not in override and opening:
        found += [
            f"freeze: {freeze.reason} (until {freeze.end:%Y-%m-%d %H:%M} UTC); `--override freeze` goes on all the same"
            for freeze in guards.freezes
            if freeze.start <= now < freeze.end
        ]
    coming = any(run.direction == "open" for run in runs)  # due or not: when its time comes nobody asks any more
    if guards.require_rehearsal and not rehearsed and coming and "rehearsal" not in override:
        found.append(
            "rehearsal: this playbook was not rehearsed as it stands; run `runner rehearse` on it first, or "
            "`--override rehearsal`"
        )
    return found


def refused_at_opening(guards: Guards, run: Run, found: int, last: Found, override: Collection[str]) -> str:
    """Return why a step that opens at its time, with nobody looking at a plan, must not touch the objects that it
    found: the count so far, and the last of them. "" when it may. (Percentages are for plans: they count all objects.)
    """
    limit = limit_of(guards, run.kind)
    if limit is not None and limit.objects is not None and found > limit.objects and "limits" not in override:
        return f"limits: more than {limit.objects:,} {run.kind} objects on {run.target}; guards.limits allows no more"
    for pattern in guards.protected:
        place = f"{run.target}/{run.kind}"
        if fnmatchcase(f"{place}/{last.key}", pattern) or fnmatchcase(f"{place}/{last.name}", pattern):
            return f"protected: {run.kind} {last.name!r} is kept by guards.protected ({pattern})"
    return ""


def frozen(guards: Guards, now: datetime, override: Collection[str]) -> str:
    """Return why nothing may open now, "" when it may."""
    for freeze in guards.freezes:
        if freeze.start <= now < freeze.end and "freeze" not in override:
            return f"freeze: {freeze.reason} (until {freeze.end:%Y-%m-%d %H:%M} UTC)"
    return ""


def _limits(guards: Guards, run: RunPlan, total: int | None) -> list[str]:
    limit = limit_of(guards, run.kind)
    if limit is None:
        return []
    how = "raise guards.limits in runner.yaml, or `--override limits`"
    found = []
    if limit.objects is not None and run.objects > limit.objects:
        found.append(
            f"limits: step {run.run} touches {run.objects:,} {run.kind} objects on {run.target}, at most "
            f"{limit.objects:,} are allowed; {how}"
        )
    if limit.percent is not None and total and run.objects >= limit.floor:
        share = 100 * run.objects / total
        if share > limit.percent:
            found.append(
                f"limits: step {run.run} touches {share:.0f} % of the {total:,} {run.kind} objects on {run.target}, "
                f"at most {limit.percent:g} % are allowed; {how}"
            )
    return found


def protects(pattern: str, item: Item) -> bool:
    """Whether a pattern of `guards.protected` (``target/kind/key-or-name``) means the object of a plan's line."""
    ref = item.slot.ref
    return fnmatchcase(str(ref), pattern) or fnmatchcase(f"{ref.target}/{ref.kind}/{item.name}", pattern)


def _protected(guards: Guards, run: RunPlan) -> list[str]:
    found = []
    for pattern in guards.protected:
        for item in run.items:
            if protects(pattern, item):
                found.append(
                    f"protected: step {run.run} would change {run.kind} {item.name!r}, which guards.protected "
                    f"({pattern}) keeps; take it out of the step, or out of guards.protected"
                )
                break
    return found
