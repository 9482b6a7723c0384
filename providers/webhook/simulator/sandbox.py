"""`runner sandbox webhook`: simulated channels on loopback, for playbooks and for people's own clients.

The runner finds `group` through the entry-point group ``runner.sandboxes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import click

from runner.spi import Target


def group(targets: Callable[[], Iterable[Target]], clock: Callable[[], float]) -> click.Group:
    """Return the command that serves channels with this clock (UTC epoch seconds); `targets` is not asked."""
    del targets
    return click.Group(
        "webhook",
        callback=partial(serve, clock),
        invoke_without_command=True,
        help="Serve simulated channels (Slack, Teams, Google Chat, JSON) on this machine until Ctrl-C.",
        params=[
            click.Option(["--port"], default=0, show_default="a free one", type=click.IntRange(0, 65_535)),
            click.Option(["--limits/--no-limits"], default=True, show_default=True, help="Limit messages a second."),
        ],
    )


def serve(clock: Callable[[], float], port: int, limits: bool) -> None:
    """Serve channels on 127.0.0.1 until somebody stops it; the first lines say where and with which credential."""
    from providers.webhook.simulator.sink import SERVICES, Sink
    from providers.webhook.simulator.state import BEARER, BOT_TOKEN, path_of, slack_id
    from providers.wire.serving import until_stopped

    lines = {f"{service}, after the url": path_of(service, "support") for service in SERVICES}
    lines |= {"json token": BEARER, "slack_app token": BOT_TOKEN, "slack_app channel": slack_id("support")}
    until_stopped(Sink(clock=clock, limits=limits).wsgi, port, lines)
