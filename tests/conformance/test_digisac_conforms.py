"""The Digisac provider keeps every promise of a provider, on the wire of a simulated account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from providers.digisac.provider import Digisac, open_target
from providers.digisac.simulator.account import TOKEN, Account
from providers.wire.faults import Fault
from runner.model import Change, Outcome, Slot, Value, Verdict
from runner.spi import Query, Target
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite
from tests.support.digisac import SECRETS, URL, contacting, target
from tests.support.wire import Wire

ONCE = ("/api/v1/departments", "/api/v1/services", "/api/v1/users")  # asked once, whatever is read after
NOON = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
CALLS = contacting("Ana Almeida", "+55 11 90000-0002", "Diego Almeida", at="start + 1h")["with"]
NAMES = ["Carla Almeida", "Fábio Almeida"]  # two with an open ticket
SAMPLES = (
    Sample(
        "scheduled_contact",
        CALLS,
        {
            "action": "notify_agent",
            "contact": "contact-0001",
            "department": "department-support",
            "attendant": "user-paulo",
            "at": "2026-12-12 09:00 America/Sao_Paulo",
            "comment": "Somebody else's",
        },
    ),
    Sample(
        "holiday",
        {"name": "Power cut", "closed": "window", "message": {"pt-BR": "Sem energia.", "es": "Sin luz."}},
        {"name": "Feriado", "from": "2026-12-12T03:00:00Z", "to": "2026-12-13T02:59:00Z", "message": "Amanhã."},
    ),
    Sample(
        "tickets",
        {"select": {"contacts": NAMES}, "status": "pause"},
        {"status": "open", "department": "department-sales"},
    ),
    Sample(
        "tickets",
        {"select": {"contacts": "Inês Almeida"}, "transfer": {"department": "Vendas", "attendant": "Paulo Reis"}},
    ),
    Sample("snooze", {"select": {"contacts": "Heitor Barbosa"}, "until": "end"}),
    Sample("notice", {"contacts": ["Ana Almeida", "Bruno Almeida"], "subject": "Power cut", "body": "Back at two."}),
)


class Desk:
    """A simulated account, everything that was opened on it, and a person at its pages."""

    def __init__(self) -> None:
        self.io = ScriptedIo(NOON, SECRETS)
        self.account = Account(clock=lambda: self.io.now().timestamp(), contacts=700)
        self.wire = Wire(self.account)
        self.io = ScriptedIo(NOON, SECRETS, self)
        self.down = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or refuse the connection."""
        if self.down:
            self.down -= 1
            raise httpx.ConnectError("refused", request=request)
        return self.wire.handle_request(request)

    def close(self) -> None:
        """A transport can be closed."""

    def open(self) -> Digisac:
        return open_target(target(), self.io)

    def arm(self, what: str, *, skip: int = 0, times: int = 1) -> Callable[[], None]:
        return lambda: self.account.faults.add(Fault(what, method="POST", skip=skip, times=times))

    def shut(self) -> None:
        self.down = 4  # a read is tried as often

    def edit(self, slot: Slot, value: Value) -> None:
        """Set one slot as a person does."""
        live = dict(self.open().read(Query(slot.kind, ids=(slot.key,), paths=(slot.path,))))[slot]
        found = list(self.open().write([Change(slot, live, value)]))
        assert [each.verdict for each in found if isinstance(each, Outcome)] == [Verdict.DONE]


class TestDigisac(ProviderSuite):
    """Every test of the suite, on an account of 700 contacts."""

    @pytest.fixture
    def harness(self) -> Harness:
        """Return the account of one test."""
        desk = Desk()
        nowhere = Target("desk", "digisac", {"url": URL, "schedule_zone": "America/Sao_Paulo"})
        return Harness(
            target=target(),
            open=desk.open,
            offline=lambda: open_target(nowhere, ScriptedIo()),
            samples=SAMPLES,
            edit=desk.edit,
            dump=desk.account.dump,
            faults=Faults(
                lost_reply=desk.arm("reset_committed", times=3),
                half_batch=desk.arm("reset", skip=1),
                refuse=lambda place: desk.arm("409", skip=place)(),
                unavailable=desk.shut,
            ),
            many=Query("tickets", paths=("name",)),
            requests=lambda: sum(each.rule not in ONCE for each in desk.account.requests),
            canary=TOKEN,
            wait=desk.io.sleep,
        )
