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
    from runner.commands import codes, look, operate
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
    lost = operate.unknown_journals(session) if not outage else ""
    if lost:
        world.aside(f"WARNING: {lost}")
    return (codes.overdue(found) or (Exit.RESUME if lost else None)) if exit_code else None


@click.command()
@click.argument("outage", default="")
@common()
@pass_world
def show(world: World, outage: str) -> None:
    """Show one outage in detail: its steps, its journal in figures, and who did what."""
    from runner.commands import look
    from runner.views import history as views

    shown = look.show(world.session(create=False), outage)
    if world.format == "json":
        world.json(views.to_json(shown))
    else:
        world.say(views.human(shown, now=world.deps.now(), **world.look))


@click.command()
@click.argument("what")
@click.argument("field", default="")
@common()
@pass_world
def why(world: World, what: str, field: str) -> None:
    """Show who wants what in a field: `why "Support BR" fri`, or `why target/kind/id/path`."""
    from runner.commands import people
    from runner.commands.why import why as stacks
    from runner.views import why as views

    session = world.session(create=False)
    found = stacks(session, what, field)
    if world.format == "json":
        world.json({"version": 1, "fields": [views.to_json(each) for each in found]})
        return
    zones = people.zones(session)
    texts = []
    for each in found:
        owners = [layer.owner for layer in each.layers if layer.owner in zones]
        zone = zones[owners[-1]] if owners else session.config.targets[each.slot.target].zone
        texts.append(views.human(each, timezone=zone, **world.look))
    world.say("\n\n".join(texts))


@click.command()
@click.argument("outage", default="")
@common()
@pass_world
def drift(world: World, outage: str) -> Any:
    """Compare every held field with what is live; exit 4 when somebody edited one."""
    from runner.commands import codes, look
    from runner.views import drift as views

    found, held = look.drift(world.session(create=False), outage)
    if world.format == "json":
        world.json(views.to_json(found, held))
    else:
        world.say(views.human(found, held, **world.look))
    return codes.drifted(found)


@click.command()
@click.argument("target", default="")
@common()
@pass_world
def providers(world: World, target: str) -> None:
    """Show what every target of runner.yaml can do; without one, the installed providers."""
    from runner.commands import setup
    from runner.views import providers as views

    tables = setup.offers(world.deps, world.config, world.open_with, target)
    if world.format == "json":
        world.json({**views.to_json(tables), "providers": setup.installed()})
        return
    world.say(views.human(tables, **world.look))
    world.say("\nInstalled: " + ", ".join(f"{name} ({origin})" for name, origin in setup.installed().items()))


@click.command()
@common()
@pass_world
def doctor(world: World) -> Any:
    """Check the set-up: store, journal, providers, credentials, one cheap read of each target, the ticker."""
    from runner.commands import codes, doctor
    from runner.views import doctor as views

    found = doctor.doctor(world.deps, world.config, world.open_with)
    if world.format == "json":
        world.json(views.to_json(found))
    else:
        world.say(views.human(found, **world.look))
    return codes.checked(found)


@click.group()
def report() -> None:
    """Print lists for people who lead a team through an outage."""


@report.command("priority")
@click.argument("targets", nargs=-1)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many tickets.")
@common("csv")
@pass_world
def priority(world: World, targets: tuple[str, ...], limit: int) -> None:
    """Show whom to answer first: the nearest breach of a service level, then the longest wait."""
    from runner.commands import report
    from runner.views import priority as views

    rows = report.priority(world.session(create=False), targets, limit)
    if world.format == "json":
        world.json(views.to_json(rows))
    elif world.format == "csv":
        world.say(views.to_csv(rows))
    else:
        world.say(views.human(rows, world.deps.now(), **world.look))


COMMANDS = (status, show, why, drift, providers, doctor, report)
