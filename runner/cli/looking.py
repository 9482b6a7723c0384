"""status, show, why, drift, steps, providers, doctor: looking without touching."""

from __future__ import annotations

from typing import Any

import click

from runner.cli.world import World, common, pass_world
from runner.errors import Exit


@click.command()
@click.argument("outage", default="")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option("--exit-code", is_flag=True, help="Exit non-zero while a restore is overdue.")
@common()
@pass_world
def status(world: World, outage: str, everything: bool, exit_code: bool) -> Any:
    """Show where outages stand, and what somebody has to do."""
    from runner.commands import look
    from runner.views import status as views

    session = world.session(create=False)
    found = look.status(session, outage, everything=everything)
    now = world.deps.now()
    if world.format == "json":
        world.json(views.to_json(found))
    elif world.colour or world.interactive:
        world.say(views.human(found, now=now, **world.look))
    else:
        world.say(views.plain(found, now=now))
    return look.overdue_code(found) if exit_code else Exit.DONE


COMMANDS = (status,)
