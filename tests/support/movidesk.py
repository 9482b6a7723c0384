"""The whole runner on a simulated Movidesk account: the production provider over the account's WSGI app."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from providers.movidesk.provider import open_target
from providers.movidesk.simulator.account import Account
from runner.spi import Target
from tests.support.wire import Vendor, WireLab

BY_DAY = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)  # Friday, 11:30 in Sao Paulo
AT_NIGHT = datetime(2026, 12, 12, 1, 0, tzinfo=UTC)  # Friday, 22:00 in Sao Paulo
PAUSE = {"status": "Parado", "justification": "Evento"}
WORKED_ON = {"status": "Em atendimento", "justification": None}


def target(**options: Any) -> Target:
    """Return the configuration of the simulated account."""
    return Target(
        "desk",
        "movidesk",
        options,
        {"token": "env:MOVIDESK_TOKEN"},
        zone="America/Sao_Paulo",
        words={"pause": PAUSE},
        locales=("pt-BR", "es"),
        reserve=0.0,
    )


class MovideskLab(WireLab):
    """One store, one Movidesk account `desk`, one clock that everything shares."""

    def __init__(
        self,
        folder: Path,
        account: Account | None = None,
        *,
        now: datetime = BY_DAY,
        tickets: int = 300,
        **options: Any,
    ) -> None:
        super().__init__(folder, now=now)
        self.account = account or Account(clock=lambda: self.clock, tickets=tickets)
        secrets = {"env:MOVIDESK_TOKEN": self.account.token}
        self.connect(Vendor(target(**options), open_target, self.account, secrets=secrets))

    def waited(self, since: float) -> float:
        """Return the seconds that went by on the clock."""
        return self.clock - since
