"""The Movidesk provider keeps every promise of a provider, on the wire of a simulated account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from providers.movidesk.provider import Movidesk, open_target
from providers.movidesk.simulator.account import Account
from providers.wire.faults import Fault
from runner.model import Slot, Value
from runner.spi import Query, Target
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite
from tests.support.movidesk import BY_DAY, WORKED_ON, target
from tests.support.wire import Wire

TEAM = "Caixa d'Água"  # it has two tickets
SAMPLES = (
    Sample("tickets", {"select": {"group": TEAM}, "status": "pause"}, {"status": "Resolvido", "justification": None}),
    Sample("snooze", {"select": {"group": TEAM}, "until": "end + 1d"}),
    Sample("tickets", {"select": {"group": TEAM}, "note": {"es": "Corte de luz", "pt-BR": "Falta de luz"}}),
)


class Desk:
    """A simulated account, everything that was opened on it, and a person at its pages."""

    def __init__(self, now: datetime) -> None:
        self.io = ScriptedIo(now)
        self.account = Account(clock=lambda: self.io.now().timestamp(), tickets=450)
        self.wire = Wire(self.account)
        self.io = ScriptedIo(now, {"env:MOVIDESK_TOKEN": self.account.token}, self)
        self.down = False
        self.ours = self.account.matching(lambda ticket: ticket.team == TEAM)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or refuse the connection."""
        if self.down:
            self.down = False
            raise httpx.ConnectError("refused", request=request)
        return self.wire.handle_request(request)

    def close(self) -> None:
        """A transport can be closed."""

    def open(self) -> Movidesk:
        return open_target(target(), self.io)

    def arm(self, **how: Any) -> Callable[[], None]:
        return lambda: self.account.faults.add(Fault(**how, method="PATCH"))

    def shut(self) -> None:
        self.down = True

    def refuse(self, place: int) -> None:
        self.account.desk.refused.add(self.ours[place])

    def edit(self, slot: Slot, value: Value) -> None:
        """Set one status as a person does."""
        assert isinstance(value, dict)
        self.account.person_edits(int(slot.key), value["status"], value["justification"])


class TestMovidesk(ProviderSuite):
    """Every test of the suite, on an account of 450 tickets."""

    @pytest.fixture
    def harness(self) -> Harness:
        """Return the account of one test, by day: every request waits for its turn."""
        desk = Desk(BY_DAY)
        return Harness(
            target=target(),
            open=desk.open,
            offline=lambda: open_target(Target("desk", "movidesk"), ScriptedIo()),
            samples=SAMPLES,
            edit=desk.edit,
            dump=desk.account.dump,
            faults=Faults(
                lost_reply=desk.arm(what="timeout_committed", times=2),
                half_batch=desk.arm(what="reset", skip=1),
                refuse=desk.refuse,
                unavailable=desk.shut,
            ),
            many=Query("tickets", where={"status": ["Resolvido", WORKED_ON]}, paths=("name",)),
            requests=lambda: len(desk.account.requests),
            canary=desk.account.token,
            wait=desk.io.sleep,
        )
