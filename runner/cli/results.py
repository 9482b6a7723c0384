"""What drives came to, printed, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from runner.cli.world import World

if TYPE_CHECKING:
    from runner.commands.session import Session
    from runner.errors import Exit
    from runner.report import Report


def finish(
    world: World,
    session: Session,
    reports: Iterable[Report],
    zones: Mapping[str, str] | None = None,
    *,
    ask: bool = True,
) -> Exit:
    """Print what drives came to and return the exit code: RESUME wins over PEOPLE wins over DONE."""
    from runner.views import report as views

    every = [_named(session, report) for report in reports]
    known = dict(zones or {})
    for report in every:
        known.setdefault(report.outage, _zone(session, report.outage))
    if world.format == "json":
        world.json({"version": 1, "reports": [views.to_json(report) for report in every]})
    else:
        texts = [views.human(report, timezone=known[report.outage], **world.look) for report in every]
        world.say("\n\n".join(texts) or "No outage is registered or open: there is nothing to do.")
    waiting = [report for report in every if report.waiting]
    if not (ask and world.interactive and waiting):
        return worst(every)
    from runner.cli.asking import prompt_for_steps

    return worst([*prompt_for_steps(world, session, waiting), *(report for report in every if not report.waiting)])


def _named(session: Session, report: Report) -> Report:
    """Return a report with the names of those whose steps wait."""
    if not report.waiting:
        return report
    from dataclasses import replace

    from runner.commands import guide

    names = dict.fromkeys(task.who for task in guide.waiting(session, report.outage) if task.who)
    return replace(report, who=tuple(names))


def worst(reports: Iterable[Report]) -> Exit:
    """Return the exit code of several drives: RESUME wins over PEOPLE wins over DONE."""
    from runner.errors import Exit

    codes = {report.exit_code for report in reports}
    return next((code for code in (Exit.RESUME, Exit.PEOPLE) if code in codes), Exit.DONE)


def _zone(session: Session, outage: str) -> str:
    from runner.store import ledger

    with session.store.reading() as conn:
        row = ledger.outage_row(conn, outage)
    return row.timezone if row is not None else "UTC"
