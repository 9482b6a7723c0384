"""What is missing or remarkable about one Request Tracker, for `runner doctor`. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from providers.http import clock_of
from providers.request_tracker.client import Client
from providers.request_tracker.queues import Queues
from runner.spi import Finding, InvalidInput, Target


def examine(client: Client, queues: Queues, target: Target) -> Iterator[Finding]:
    """Yield findings about token, clock, queues and the status to pause with. Raises `ProviderError`."""
    version = client.get("/rt", "look at the server").data.get("Version")
    yield Finding("ok", f"takes the token; RT {version}")
    yield from clock_of(client.date, client.io.now())
    pause = target.words.get("pause")
    for queue in client.account.queues:
        try:
            queues.lifecycle(queue)
            queues.check(queue, [pause] if isinstance(pause, str) else [])
        except InvalidInput as fault:
            yield Finding("problem", fault.message, fault.hint)
        else:
            yield Finding("ok", f"has the queue {queue}")
