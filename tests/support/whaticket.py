"""The runner on a simulated Whaticket account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from providers.whaticket.provider import open_target
from providers.whaticket.simulator.account import TOKEN, Account
from runner.spi import Target
from tests.support.wire import Vendor, WireLab

SECRETS = {"env:WHATICKET_TOKEN": TOKEN}


def target(**options: Any) -> Target:
    """Return the configuration of the simulated account."""
    return Target(
        "chat",
        "whaticket",
        {"connection": "Principal", "per_minute": 6000, **options},
        credentials={"token": "env:WHATICKET_TOKEN"},
        zone="America/Mexico_City",
        locales=("es", "pt-BR"),
    )


class WhaticketLab(WireLab):
    """One store and one Whaticket account `chat`."""

    def __init__(self, folder: Path, *, tickets: int = 40) -> None:
        super().__init__(folder)
        self.account = Account(clock=lambda: self.clock, tickets=tickets)
        self.connect(Vendor(target(), open_target, self.account, secrets=SECRETS))

    def chat(self, *steps: dict[str, Any], **spec: Any) -> Any:
        """Return a playbook whose steps are for the account."""
        return self.playbook("night", [{"target": "chat", **step} for step in steps], **spec)
