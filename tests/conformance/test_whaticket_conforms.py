"""The Whaticket provider keeps every promise of a provider, on the wire of a simulated account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from providers.whaticket.provider import Whaticket, open_target
from providers.whaticket.simulator.account import TOKEN, Account
from providers.wire.faults import Fault
from runner.model import Slot, Value
from runner.spi import Query, Target
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite
from tests.support.whaticket import SECRETS, target
from tests.support.wire import Wire

NOON = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)


class Desk:
    """A simulated account and a person at its pages."""

    def __init__(self) -> None:
        self.io = ScriptedIo(NOON, SECRETS, self)
        self.account = Account(clock=lambda: self.io.now().timestamp())
        self._wire = Wire(self.account)
        self._down = False
        users = list(self.account.users)
        self.ana, self.carla = users[0], users[2]
        self.open = [key for key, each in self.account.book.tickets.items() if each.status == "open"]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or refuse the connection."""
        if self._down:
            self._down = False
            raise httpx.ConnectError("refused", request=request)
        return self._wire.handle_request(request)

    def close(self) -> None:
        """A transport can be closed."""

    def opened(self) -> Whaticket:
        return open_target(target(), self.io)

    @property
    def mine(self) -> list[str]:
        return [key for key in self.open if self.account.book.tickets[key].user == self.ana]

    def lose(self) -> None:
        """Lose the replies to a whole batch: each ticket is a request of its own."""
        self.account.faults.add(Fault("reset_committed", method="POST", times=len(self.mine)))

    def half(self) -> None:
        self.account.faults.add(Fault("503", method="POST", skip=1))

    def refuse(self, place: int) -> None:
        self.account.refused.add(self.mine[place])

    def shut(self) -> None:
        self._down = True

    def edit(self, slot: Slot, value: Value) -> None:
        self.account.person_transfers(slot.key, str(value))


class TestWhaticket(ProviderSuite):
    """Every test of the suite, on an account of 40 tickets."""

    @pytest.fixture
    def harness(self) -> Harness:
        """Return the account of one test."""
        desk = Desk()
        where: dict[str, Any] = {"select": {"agent": "Ana Souza"}, "transfer_to": "Bruno Lima"}
        return Harness(
            target=target(),
            open=desk.opened,
            offline=lambda: open_target(Target("chat", "whaticket"), ScriptedIo()),
            samples=(
                Sample("tickets", where, desk.carla),
                Sample("notice", {"to": ["+52 1 55 0000 0001", "5215500000002"], "body": {"es": "Sin luz."}}),
            ),
            edit=desk.edit,
            dump=desk.account.dump,
            faults=Faults(lost_reply=desk.lose, half_batch=desk.half, refuse=desk.refuse, unavailable=desk.shut),
            many=Query("tickets", ids=tuple(desk.open), paths=("name",)),
            requests=lambda: sum(each.rule != "/api/v1/users" for each in desk.account.requests),
            canary=TOKEN,
            missing="00000000-0000-4000-8000-000000000000",
        )
