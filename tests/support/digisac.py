"""The runner on a simulated Digisac account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from providers.digisac.provider import open_target
from providers.digisac.simulator.account import TOKEN, Account
from runner.playbook import Playbook
from runner.spi import Target
from tests.support.lab import START
from tests.support.wire import Vendor, Wire, WireLab

SECRETS = {"env:DIGISAC_TOKEN": TOKEN}
URL = "https://example.digisac.co"


def target(**options: Any) -> Target:
    """Return the configuration of the simulated account."""
    return Target(
        "desk",
        "digisac",
        {"url": URL, "schedule_zone": "America/Sao_Paulo", "per_minute": 6000, **options},
        credentials={"token": "env:DIGISAC_TOKEN"},
        zone="America/Sao_Paulo",
        words={"pause": "closed"},
        locales=("pt-BR", "es"),
    )


class DigisacLab(WireLab):
    """One store and one Digisac account `desk`, on one clock."""

    def __init__(
        self,
        folder: Path,
        *,
        contacts: int = 30,
        spacing: int = 6,
        now: datetime = START,
        token: str = TOKEN,
        wire: Callable[[Any], httpx.BaseTransport] = Wire,
        **options: Any,
    ) -> None:
        super().__init__(folder, now=now)
        self.account = Account(clock=lambda: self.clock, contacts=contacts, spacing=timedelta(minutes=spacing))
        secrets = {"env:DIGISAC_TOKEN": token}
        self.connect(Vendor(target(spacing=spacing, **options), open_target, self.account, secrets=secrets, wire=wire))
        self.token, self.admitted = token, self.account.tokens[token]

    def readmit(self) -> None:
        """Give the token back that a fault revoked."""
        self.account.tokens.setdefault(self.token, self.admitted)

    def book(self, *steps: dict[str, Any], **spec: Any) -> Playbook:
        """Return a playbook of the account, called `outage`."""
        return self.playbook("outage", list(steps), **spec)


def contacting(*contacts: Any, **fields: Any) -> dict[str, Any]:
    """Return a step that schedules contacts."""
    with_ = {
        "action": "open_ticket",
        "contacts": list(contacts),
        "department": "Suporte",
        "attendant": "Rita Lima",
        "at": "end + 30m",
        "comment": "Power cut",
        "message": {"pt-BR": "Voltamos.", "es": "Volvimos."},
        **fields,
    }
    return {
        "id": "call",
        "uses": "scheduled_contact",
        "until": "end + 12h",
        "with": {k: v for k, v in with_.items() if v},
    }
