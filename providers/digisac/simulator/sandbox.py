"""`runner sandbox digisac`: a simulated Digisac account on loopback, for playbooks and for people's own clients.

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
        "digisac",
        callback=partial(serve, clock),
        invoke_without_command=True,
        help="Serve a simulated Digisac account on this machine until Ctrl-C.",
        params=[
            click.Option(["--port"], default=0, show_default="a free one", type=click.IntRange(0, 65_535)),
            click.Option(["--zone"], default="America/Sao_Paulo", show_default=True, help="Zone of the account."),
            click.Option(["--contacts"], default=100, show_default=True, type=click.IntRange(0, 9_999)),
        ],
    )


def serve(clock: Callable[[], float], port: int, zone: str, contacts: int) -> None:
    """Serve an account on 127.0.0.1 until somebody stops it; the first lines say where and with which credential."""
    from providers.digisac.simulator.account import TOKEN, Account
    from providers.wire.serving import until_stopped

    account = Account(clock=clock, zone=zone, contacts=contacts)
    until_stopped(account.wsgi, port, {"token": TOKEN, "account": f"{contacts} contacts, zone {zone}"})
