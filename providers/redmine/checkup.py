"""What is missing or remarkable about one Redmine, for `runner doctor`. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from providers.http import clock_of
from providers.redmine.client import Client
from providers.redmine.names import Names
from runner.spi import Finding, InvalidInput, Target


def examine(client: Client, names: Names, target: Target) -> Iterator[Finding]:
    """Yield findings about key, clock, project and the status to pause with. Raises `ProviderError`."""
    yield Finding("ok", f"takes the key of {client.login()}")
    yield from clock_of(client.date, client.io.now())
    try:
        if client.account.project:
            yield Finding("ok", f"has the project {names.home()['name']}")
        if isinstance(pause := target.words.get("pause"), str):
            names.row("status", pause)
    except InvalidInput as fault:
        yield Finding("problem", fault.message, fault.hint)
