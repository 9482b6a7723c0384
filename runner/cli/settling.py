"""ack, rebase, unlock, export, import: what people settle."""

from __future__ import annotations

import click

COMMANDS: tuple[click.Command, ...] = ()
