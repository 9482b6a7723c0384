"""apply, extend, revert, resume, tick: what drives outages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from runner.cli.results import finish
from runner.cli.world import FILE, World, common, consent, pass_world
from runner.cli.writing import opening, overriding, show_plans

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.planning import Planned

GRACE = 30.0  # seconds beyond a lease's time for which a revert waits


@click.command()
@click.argument("file", type=FILE)
@opening
@consent
@click.option("--force", is_flag=True, help="Drop people's edits that stand in the way.")
@click.option("--resend", is_flag=True, help="Send again what may or may not have been sent.")
@overriding
@common()
@pass_world
def apply(
    world: World,
    file: Path,
    now: bool,
    for_: str | None,
    until: str | None,
    yes: bool,
    reason: str | None,
    force: bool,
    resend: bool,
    override: tuple[str, ...],
) -> Any:
    """Carry out a playbook, or exactly the plan saved in FILE: do what is due and register the restore.

    Every window that is not over is registered; later ones are opened by `runner tick` when their time comes.
    """
    from runner import planner
    from runner.commands import files, operate, planning, times
    from runner.load import is_plan

    world.refuse_unasked(yes, reason)
    session = world.session(create=True)
    session.refuse_throwaway_store()
    with files.workbench(session) as spools:
        if is_plan(file):
            files.refuse_options(now=now, for_=for_, until=until)
            planned = files.plan_again(session, file, spools, override=override)
        else:
            path = times.one_playbook(file)
            opens = times.opens(session, path, now=now, for_=for_, until=until)
            planned = planning.plan(session, path, opens=opens, override=override, spools=spools, force=force)
        if world.format == "human":
            show_plans(world, planned, apply=None)
        planner.refuse([sentence for each in planned.plans for sentence in each.refusals])
        world.ask("\nCarry this out?", yes=yes)
        with world.at_the_wheel() as progress:
            reports = operate.apply(
                session,
                planned,
                world.by(reason),
                progress,
                force=force,
                resend=resend,
                spools=spools,
                override=override,
            )
    return finish(world, session, reports, zones_of(planned))


def zones_of(planned: Planned) -> dict[str, str]:
    """Return outage -> time zone."""
    return {outage.id: outage.playbook.timezone for outage in planned.outages}


@click.command()
@click.argument("outage", default="")
@click.option("--only", metavar="TARGET", default="", help="Give back on this target only.")
@click.option("--force", is_flag=True, help="Give back the state before the outage, over people's edits too.")
@click.option("--no-wait", is_flag=True, help="Do not wait for somebody who is working on it.")
@consent
@common()
@pass_world
def revert(world: World, outage: str, only: str, force: bool, no_wait: bool, yes: bool, reason: str | None) -> Any:
    """Give everything back that an outage changed. Alone: the one outage that is open."""
    from runner.commands import operate, planning
    from runner.views import plan as views

    session = world.session(create=True)
    session.refuse_throwaway_store()
    row = operate.the_outage(session, outage)
    world.refuse_unasked(yes, reason)
    if only:
        session.readers.target(only)
    planned = planning.plan_revert(session, row, only=only, force=force)
    if world.format == "human":
        world.say(views.human(planned, **world.look, apply=None))
    world.ask("\nGive this back?", yes=yes)
    patience = 0.0 if no_wait else session.config.store.lease + GRACE
    with world.at_the_wheel() as progress:
        report = operate.revert(session, row, world.by(reason), progress, only=only, force=force, patience=patience)
    return finish(world, session, [report], {row.id: row.timezone})


@click.command()
@click.argument("outage", default="")
@click.option("--resend", is_flag=True, help="Send again what may or may not have been sent.")
@click.option("--force", is_flag=True, help="Drop people's edits that stand in the way.")
@consent
@common()
@pass_world
def resume(world: World, outage: str, resend: bool, force: bool, yes: bool, reason: str | None) -> Any:
    """Go on with everything that is due and not done: after a crash, a fault, or a stop."""
    from runner.commands import operate

    session = world.session(create=True)
    session.refuse_throwaway_store()
    name = operate.the_outage(session, outage).id if outage else ""
    if force:
        world.refuse_unasked(yes, reason)
        world.ask("People's edits in what is held are lost. Go on?", yes=yes)
    with world.at_the_wheel() as progress:
        reports = operate.resume(
            session,
            progress,
            only=name,
            force=world.by(reason) if force else None,
            resend=world.by(reason) if resend else None,
            patience=session.config.store.lease + GRACE,
        )
    return finish(world, session, reports)


@click.command()
@common()
@pass_world
def tick(world: World) -> Any:
    """Open and close what is due, once, and tell whom runner.yaml names of what is late. For cron and CI: every few
    minutes."""
    from runner.commands import escalation

    session = world.session(create=True)
    session.refuse_throwaway_store()
    with world.at_the_wheel() as progress:
        reports = escalation.tick(session, progress)
    if world.format == "human":
        reports = [report for report in reports if report.runs or report.warnings or report.exit_code]
        if not reports:
            world.say("nothing is due")
            return None
    return finish(world, session, reports, ask=False)


@click.command()
@click.argument("outage", default="")
@click.option(
    "--until",
    required=True,
    metavar="TIME",
    help="The new end: 16:00 or 2026-12-11 16:00 in the outage's zone, or +1h.",
)
@click.option("--reason", metavar="WHY", help="Why, for the history.")
@common()
@pass_world
def extend(world: World, outage: str, until: str, reason: str | None) -> Any:
    """Let an outage end later, or earlier; its changes and its way back stay the same."""
    from runner.commands import operate, times

    session = world.session(create=True)
    session.refuse_throwaway_store()
    row = operate.the_outage(session, outage)
    end = datetime.fromtimestamp(row.restore_ms / 1000, UTC)
    moment = times.instant(until, row.timezone, session.deps.now(), end=end)
    with world.at_the_wheel() as progress:
        report = operate.extend(session, row, moment, world.by(reason), progress)
    return finish(world, session, [report], {row.id: row.timezone})


COMMANDS = (apply, extend, revert, resume, tick)
