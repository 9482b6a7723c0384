"""The whole runner on a simulated Zendesk account: the production provider over the account's WSGI app."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from providers.zendesk.provider import open_target
from providers.zendesk.simulator.access import CHAT_TOKEN, CLIENT_ID, CLIENT_SECRET
from providers.zendesk.simulator.account import Account
from providers.zendesk.simulator.faults import WireFault
from runner.commands.session import Session
from runner.spi import Io, Provider, Secret, Target
from tests.support.lab import START, Lab

SECRETS = {
    "env:ZENDESK_CLIENT_ID": CLIENT_ID,
    "env:ZENDESK_CLIENT_SECRET": CLIENT_SECRET,
    "env:ZENDESK_CHAT_TOKEN": CHAT_TOKEN,
}


class Wire(httpx.BaseTransport):
    """An account's app as a transport: a broken connection is one, and a body that breaks off is noticed."""

    def __init__(self, account: Account) -> None:
        self._inner = httpx.WSGITransport(app=account.wsgi)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, or raise what httpx raises when the network breaks."""
        try:
            response = self._inner.handle_request(request)
            body = response.read()
        except WireFault as fault:
            broken = httpx.ReadTimeout if fault.kind == "timeout" else httpx.ReadError
            raise broken("the connection broke", request=request) from fault
        if len(body) < int(response.headers.get("content-length", len(body))):
            raise httpx.RemoteProtocolError("the body broke off", request=request)
        return httpx.Response(response.status_code, headers=response.headers, content=body)


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


class LabIo:
    """An `Io` on a lab's clock and the account's wire."""

    def __init__(self, lab: ZendeskLab) -> None:
        self._lab = lab

    def now(self) -> datetime:
        """Return the lab's instant."""
        return self._lab.deps.now()

    def sleep(self, seconds: float) -> None:
        """Move the lab's clock."""
        self._lab.clock += seconds

    def dial(self, host: str, port: int, timeout: float) -> Any:
        """Refuse: a helpdesk is talked to over HTTP."""
        raise ConnectionRefusedError(host)

    def pseudonym(self, text: str) -> str:
        """Return a hash of `text`, always the same."""
        return self._lab.session.io.pseudonym(text)

    def secret(self, reference: str) -> Secret:
        """Return a fake credential."""
        return Secret(SECRETS[reference])

    def transport(self) -> Wire:
        """Return the account as a transport."""
        return Wire(self._lab.account)


class ZendeskLab(Lab):
    """One store, one Zendesk account `desk`, one clock that everything shares."""

    def __init__(
        self, folder: Path, account: Account | None = None, *, now: datetime = START, tickets: int = 300, **options: Any
    ) -> None:
        super().__init__(folder, now=now)
        self.options = options
        self.account = account or Account(clock=lambda: self.clock, tickets=tickets)
        self.config = replace(self.config, targets={"desk": target(**options)})
        self.deps = replace(self.deps, environment={name.partition(":")[2]: text for name, text in SECRETS.items()})
        self.session = Session(self.deps, self.config, open_with={"zendesk": self._provider})

    def _provider(self, target: Target, io: object) -> Provider:
        del io
        mine: Io = LabIo(self)
        return open_target(target, mine)
