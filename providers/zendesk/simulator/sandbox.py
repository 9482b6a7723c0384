"""`runner sandbox zendesk`: a simulated Zendesk account on loopback, for playbooks and for people's own clients.

The runner finds `group` through the entry-point group ``runner.sandboxes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import click

from runner.spi import Target

PLANS = ("team", "growth", "professional", "enterprise", "plus")


def group(targets: Callable[[], Iterable[Target]], clock: Callable[[], float]) -> click.Group:
    """Return the command that serves an account with this clock (UTC epoch seconds); `targets` is not asked."""
    del targets
    return click.Group(
        "zendesk",
        callback=partial(serve, clock),
        invoke_without_command=True,
        help="Serve a simulated Zendesk account on this machine until Ctrl-C.",
        params=[
            click.Option(["--port"], default=0, show_default="a free one", type=click.IntRange(0, 65_535)),
            click.Option(["--plan"], default="enterprise", show_default=True, type=click.Choice(PLANS)),
            click.Option(["--tickets"], default=5000, show_default=True, type=click.IntRange(0, 5_000_000)),
            click.Option(["--seed"], default=1, show_default=True, help="Another number gives another account."),
            click.Option(["--lag"], default=0.0, show_default=True, help="Seconds the search index is behind."),
            click.Option(["--limits/--no-limits"], default=True, show_default=True, help="Limit requests a minute."),
        ],
    )


def serve(clock: Callable[[], float], port: int, plan: str, tickets: int, seed: int, lag: float, limits: bool) -> None:
    """Serve an account on 127.0.0.1 until somebody stops it; the first lines say where and with which credential."""
    from providers.wire.serving import until_stopped
    from providers.zendesk.simulator.access import API_TOKEN, CHAT_TOKEN, CLIENT_ID, CLIENT_SECRET
    from providers.zendesk.simulator.account import Account

    account = Account(clock=clock, plan=plan, tickets=tickets, seed=seed, limits=limits, lag=lag)
    lines = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "api_token": f"{account.people.email(account.admin.id)}/token:{API_TOKEN}",
        "chat_token": CHAT_TOKEN,
        "account": f"{tickets} tickets, plan {plan}, limits {'on' if limits else 'off'}",
    }
    until_stopped(account.wsgi, port, lines)
