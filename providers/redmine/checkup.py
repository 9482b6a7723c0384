"""What is missing or remarkable about one Redmine, for `runner doctor`. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from providers.redmine.client import Client
from providers.redmine.names import Names
from runner.spi import Finding, InvalidInput, Target

OFF: Final = 120.0  # seconds that two clocks may differ


def examine(client: Client, names: Names, target: Target) -> Iterator[Finding]:
    """Yield findings about key, clock, project and the status to pause with. Raises `ProviderError`."""
    yield Finding("ok", f"takes the key of {client.login()}")
    if client.date is not None:
        off = (client.date - client.io.now()).total_seconds()
        if abs(off) > OFF:
            way = "ahead" if off > 0 else "behind"
            yield Finding(
                "note",
                f"its clock is {abs(off) / 60:.0f} minutes {way}",
                "steps go by the runner's clock; times that Redmine shows are its own",
            )
    try:
        if client.account.project:
            yield Finding("ok", f"has the project {names.home()['name']}")
        if isinstance(pause := target.words.get("pause"), str):
            names.row("status", pause)
    except InvalidInput as fault:
        yield Finding("problem", fault.message, fault.hint)
