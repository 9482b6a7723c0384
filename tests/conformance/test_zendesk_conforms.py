"""The Zendesk provider keeps every promise of a provider, on the wire of a simulated account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from providers.wire.faults import Fault
from providers.zendesk.provider import Zendesk, open_target
from providers.zendesk.simulator.access import CLIENT_SECRET
from providers.zendesk.simulator.account import Account
from providers.zendesk.simulator.core import invalid
from providers.zendesk.simulator.guide import SECTIONS
from providers.zendesk.simulator.notify import APP
from providers.zendesk.simulator.seed import Ticket
from runner.model import ABSENT, Change, Outcome, Slot, Value, Verdict
from runner.spi import Query, Target
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite
from tests.support.zendesk import SECRETS, Wire, target

ONCE = ("/oauth/tokens", "/api/v2/custom_statuses", "/api/v2/groups")  # asked once, whatever is read after
NOON = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
CONFIGURED = target(app_id=APP, search_page=100)
SAMPLES = (
    Sample("business_hours", {"schedule": "Suporte Brasil", "closed": "window"}, ["08:00-09:00"]),
    Sample(
        "holiday",
        {"schedule": "Support", "name": "Power cut"},
        {"name": "Fiesta", "start_date": "2026-12-12", "end_date": "2026-12-12"},
    ),
    Sample("rule", {"trigger": "Notify requester of comment update", "active": False}, False),
    Sample("rule", {"trigger": "Notify requester of new request", "append": "We are slow today."}),
    Sample("rule", {"make": "out_of_hours", "subject": "Closed", "body": "We are back at two."}),
    Sample("rule", {"make": "reminder", "after": 4, "subject": "Still here", "body": "We have not forgotten you."}),
    Sample("message", {"message": "Outage notice", "text": {"en": "Power cut.", "es": "Corte de luz."}}, "Soon."),
    Sample("voice", {"enabled": False}, False),
    Sample(
        "notice",
        {
            "section": SECTIONS[0][0],
            "subject": {"en-us": "Power cut", "es": "Corte de luz"},
            "body": {"en-us": "We are slow.", "es": "Vamos lento."},
            "label": "banner",
        },
    ),
    Sample("notice", {"place": "agents", "audience": {"agents": "all"}, "body": "Phones are down."}),
    Sample("tickets", {"select": {"status": "open", "group": "Level 1"}, "status": "pause", "tag": True}, "solved"),
    Sample("tickets", {"select": {"status": "hold", "group": "Level 1"}, "answer": "We are without power."}),
    Sample("snooze", {"select": {"status": "pending", "group": "Level 1"}, "until": "end + 1d", "by": "Ana Souza"}),
)


class Desk:
    """A simulated account, everything that was opened on it, and a person at its pages."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.io = ScriptedIo(NOON, SECRETS)
        self.account = Account(clock=lambda: self.io.now().timestamp(), tickets=450)
        self.wire = Wire(self.account)
        self.io = ScriptedIo(NOON, SECRETS, self)
        self.down = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or refuse the connection."""
        if self.down:
            self.down = False
            raise httpx.ConnectError("refused", request=request)
        return self.wire.handle_request(request)

    def close(self) -> None:
        """A transport can be closed."""

    def open(self) -> Zendesk:
        return open_target(CONFIGURED, self.io)

    def arm(self, what: Any) -> Callable[[], None]:
        return lambda: self.account.faults.add(Fault(what, method="PUT"))

    def shut(self) -> None:
        self.down = True

    def refuse(self, place: int) -> None:
        """Refuse one ticket of the next job, by its place among the open tickets."""
        groups = {row["name"]: key for key, row in self.account.content.groups.records.items()}
        mine = self.account.matching(lambda ticket: (ticket.status, ticket.group_id) == ("open", groups["Level 1"]))
        chosen = mine[place // 2]
        change = self.account.engine.change
        left = [chosen]

        def once(ticket: Ticket, *more: Any) -> Any:
            if ticket.id in left:
                left.clear()
                raise invalid(base="refused by a script")
            return change(ticket, *more)

        self.patch.setattr(self.account.engine, "change", once)

    def edit(self, slot: Slot, value: Value) -> None:
        """Set one slot as a person does."""
        if slot.kind == "tickets":
            self.account.person_edits(int(slot.key), status=value)
            return
        found = list(self.open().write([Change(slot, ABSENT, value)]))
        assert [each.verdict for each in found if isinstance(each, Outcome)] == [Verdict.DONE]


class TestZendesk(ProviderSuite):
    """Every test of the suite, on an account of 450 tickets."""

    @pytest.fixture
    def harness(self, monkeypatch: pytest.MonkeyPatch) -> Harness:
        """Return the account of one test."""
        desk = Desk(monkeypatch)
        return Harness(
            target=CONFIGURED,
            open=desk.open,
            offline=lambda: open_target(Target("desk", "zendesk", {"subdomain": "nowhere"}), ScriptedIo()),
            samples=SAMPLES,
            edit=desk.edit,
            dump=desk.account.dump,
            faults=Faults(
                lost_reply=desk.arm("reset_committed"),
                half_batch=desk.arm("job_half"),
                refuse=desk.refuse,
                unavailable=desk.shut,
            ),
            many=Query("tickets", where={"status": ["open", "pending", "solved"]}, paths=("name",)),
            requests=lambda: sum(each.rule not in ONCE for each in desk.account.requests),
            canary=CLIENT_SECRET,
            missing="999999999",
            wait=desk.io.sleep,
        )
