"""The whole runner on simulated vendors: production providers over the simulators' WSGI apps, on one clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from providers.wire.faults import WireFault
from runner.commands.session import Session
from runner.spi import Io, OpenProvider, Provider, Secret, Target
from tests.support.lab import START, Lab


class Simulated(Protocol):
    """A simulated account."""

    @property
    def wsgi(self) -> Any:
        """Its app."""


class Wire(httpx.BaseTransport):
    """An account's app as a transport: a broken connection is one, and a body that breaks off is noticed."""

    def __init__(self, account: Simulated) -> None:
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


@dataclass(frozen=True, slots=True)
class Vendor:
    """One target of a lab: its configuration, the provider's factory, the simulated account (None: HTTP goes nowhere),
    what `Io.dial` connects to, credential reference -> text, and the transport that stands before the account."""

    target: Target
    open: OpenProvider
    account: Any = None
    dial: Callable[[str, int, float], Any] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    wire: Callable[[Any], httpx.BaseTransport] = Wire


class LabIo:
    """An `Io` on a lab's clock and one vendor's wire."""

    def __init__(self, lab: Lab, vendor: Vendor) -> None:
        self._lab = lab
        self._vendor = vendor

    def now(self) -> datetime:
        """Return the lab's instant."""
        return self._lab.deps.now()

    def sleep(self, seconds: float) -> None:
        """Move the lab's clock."""
        self._lab.clock += seconds

    def transport(self) -> Any:
        """Return the account as a transport."""
        return self._vendor.wire(self._vendor.account)

    def dial(self, host: str, port: int, timeout: float) -> Any:
        """Connect to what the vendor listens with."""
        if self._vendor.dial is None:
            raise ConnectionRefusedError(f"nobody listens at {host}:{port}")
        return self._vendor.dial(host, port, timeout)

    def secret(self, reference: str) -> Secret:
        """Return a fake credential."""
        return Secret(self._vendor.secrets[reference])

    def pseudonym(self, text: str) -> str:
        """Return the lab's keyed hash of `text`."""
        return self._lab.session.io.pseudonym(text)


class WireLab(Lab):
    """One store and several simulated vendors. Accounts read `clock`: ``lambda: lab.clock`` works once the lab is made,
    so they are added with `connect`."""

    def __init__(self, folder: Path, *, now: datetime = START) -> None:
        super().__init__(folder, now=now)
        self.vendors: dict[str, Vendor] = {}

    def connect(self, *vendors: Vendor) -> WireLab:
        """Make these the lab's targets, besides those that it has."""
        self.vendors |= {vendor.target.name: vendor for vendor in vendors}
        self.config = replace(self.config, targets={name: each.target for name, each in self.vendors.items()})
        secrets = {reference: text for each in self.vendors.values() for reference, text in each.secrets.items()}
        environment = {name.removeprefix("env:"): text for name, text in secrets.items()}
        self.deps = replace(self.deps, environment=environment)
        opened = {each.target.provider: self._provider for each in self.vendors.values()}
        self.session = Session(self.deps, self.config, open_with=opened)
        return self

    def _provider(self, target: Target, io: object) -> Provider:
        del io
        vendor = self.vendors[target.name]
        mine: Io = LabIo(self, vendor)
        return vendor.open(target, mine)
