"""The way in: every way a command can end becomes a sentence, a next step and an exit code. Never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any

import click

from runner.cli.world import World


class Edge(click.Group):
    """A group whose `main` never lets an exception out."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit with one of the codes of `Exit`."""
        del standalone_mode
        words = list(sys.argv[1:] if args is None else args)
        world = extra.pop("obj", None) or World()
        world.words = words
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # no letter of any language ends a command
        try:
            code = super().main(words, prog_name, complete_var, standalone_mode=False, obj=world, **extra)
        except Exception as fault:  # whatever happened, the reader gets a sentence
            from runner.cli.faults import told

            code = told(fault, world)
        sys.exit(code if isinstance(code, int) else 0)
