"""`runner sandbox`: the commands that providers bring for their embedded or simulated systems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import click

from runner.cli.world import World

if TYPE_CHECKING:
    from runner.spi import Target

GROUP: Final = "runner.sandboxes"
EMBEDDED: Final = "simulator"  # its commands stand at the top; those of others below their name


@click.command("sandbox", short_help="The embedded helpdesk: fill it, edit it, script faults.")
def sandbox() -> None:
    """Stand in the list of commands until somebody calls it."""


def whole(context: click.Context) -> click.Command:
    """Return the commands of all installed sandboxes. Raises `InvalidInput` for one that cannot be loaded.

    A sandbox is a function of what runner.yaml's targets are, asked for when needed, and of the clock (UTC epoch
    seconds).
    """
    from importlib.metadata import entry_points

    from runner.errors import InvalidInput

    world = context.ensure_object(World)

    def targets() -> Iterable[Target]:
        return _targets(world)

    groups: dict[str, click.Group] = {}
    for point in entry_points(group=GROUP):
        try:
            groups[point.name] = point.load()(targets, world.deps.wall)
        except Exception as fault:  # a plugin may fail in any way while it is imported
            raise InvalidInput(f"the sandbox {point.name!r} cannot be loaded: {fault}", code="RG006") from fault
    top = groups.pop(EMBEDDED, None) or click.Group("sandbox", help="Simulated systems.")
    for name, group in groups.items():
        top.add_command(group, name)
    top.name = "sandbox"
    return top


def _targets(world: World) -> Iterable[Target]:
    from pathlib import Path

    from runner.commands.session import find_config, open_session
    from runner.errors import Usage

    try:
        found = world.config or find_config(Path.cwd())
    except Usage:
        return ()
    return open_session(world.deps, found, create=False).config.targets.values()


COMMANDS = (sandbox,)
