"""The whole runner on a simulated Zendesk account: the production provider over the account's WSGI app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from providers.zendesk.provider import open_target
from providers.zendesk.simulator.access import CHAT_TOKEN, CLIENT_ID, CLIENT_SECRET
from providers.zendesk.simulator.account import Account
from runner.spi import Target
from tests.support.lab import START
from tests.support.wire import Vendor, Wire, WireLab

__all__ = ["SECRETS", "START", "Wire", "ZendeskLab", "target"]

SECRETS = {
    "env:ZENDESK_CLIENT_ID": CLIENT_ID,
    "env:ZENDESK_CLIENT_SECRET": CLIENT_SECRET,
    "env:ZENDESK_CHAT_TOKEN": CHAT_TOKEN,
}


def target(**options: Any) -> Target:
    """Return the configuration of the simulated account."""
    return Target(
        "desk",
        "zendesk",
        {"subdomain": "example", "plan": "enterprise", **options},
        credentials={name.partition("_")[2].lower(): f"env:{name}" for name in (each[4:] for each in SECRETS)},
        zone="America/Sao_Paulo",
        words={"pause": "hold"},
        locales=("en-us", "es"),
    )


class ZendeskLab(WireLab):
    """One store, one Zendesk account `desk`, one clock that everything shares."""

    def __init__(
        self,
        folder: Path,
        account: Account | None = None,
        *,
        now: datetime = START,
        tickets: int = 300,
        wire: Callable[[Any], httpx.BaseTransport] = Wire,
        **options: Any,
    ) -> None:
        super().__init__(folder, now=now)
        account = account or Account(clock=lambda: self.clock, tickets=tickets)
        self.connect(Vendor(target(**options), open_target, account, secrets=SECRETS, wire=wire))

    @property
    def account(self) -> Account:
        """The account behind the target; another one can take its place before it is used."""
        found: Account = self.vendors["desk"].account
        return found

    @account.setter
    def account(self, account: Account) -> None:
        self.vendors["desk"] = replace(self.vendors["desk"], account=account)
