"""`runner sandbox movidesk`: a simulated Movidesk account on loopback.

The runner finds `group` through the entry-point group ``runner.sandboxes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import click

from runner.spi import Target


def group(targets: Callable[[], Iterable[Target]], clock: Callable[[], float]) -> click.Group:
    """Return the command that serves an account with this clock (UTC epoch seconds); `targets` is not asked."""
    del targets
    return click.Group(
        "movidesk",
        callback=partial(serve, clock),
        invoke_without_command=True,
        help="Serve a simulated Movidesk account on this machine until Ctrl-C.",
        params=[
            click.Option(["--port"], default=0, show_default="a free one", type=click.IntRange(0, 65_535)),
            click.Option(["--tickets"], default=300, show_default=True, type=click.IntRange(0, 100_000)),
            click.Option(["--limits/--no-limits"], default=True, show_default=True, help="Limit requests a minute."),
        ],
    )


def serve(clock: Callable[[], float], port: int, tickets: int, limits: bool) -> None:
    """Serve an account on 127.0.0.1 until somebody stops it; the first lines say where and with which token."""
    from providers.movidesk.simulator.account import BASE, Account
    from providers.wire.serving import until_stopped

    account = Account(clock=clock, tickets=tickets, limits=limits)
    lines = {"token": account.token, "account": f"{tickets} tickets, limits {'on' if limits else 'off'}"}
    until_stopped(account.wsgi, port, lines, path=BASE)
