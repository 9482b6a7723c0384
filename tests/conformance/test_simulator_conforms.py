"""The embedded helpdesk keeps every promise of a provider."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from providers.simulator import dump, editing, faults
from providers.simulator.database import Database
from providers.simulator.faults import Fault
from providers.simulator.provider import Simulator, open_target
from providers.simulator.seed import fill
from runner.model import ABSENT, Slot, Value
from runner.spi import Query, Target
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite

SAMPLES = (
    Sample("business_hours", {"schedule": "Support BR", "closed": "window"}, ["08:00-09:00"]),
    Sample("channel_hours", {"channel": ["Chat", "WhatsApp"], "hours": {"fri": []}}, ["10:00-11:00"]),
    Sample(
        "holiday",
        {"schedule": "Support MX", "name": "Closed for the final"},
        {"name": "Fiesta", "start_date": "2026-12-12", "end_date": "2026-12-12"},
    ),
    Sample("rule", {"rule": "Notify requester of status change", "active": False}, False),
    Sample("channel", {"channel": "WhatsApp", "enabled": False}, False),
    Sample("message", {"message": "WhatsApp / offline", "append": {"en": "Back at five.", "es": "A las 17."}}, "Soon."),
    Sample("tickets", {"select": {"status": "open", "group": "Level 1"}, "status": "pause", "tag": True}, "solved"),
    Sample(
        "snooze",
        {"select": {"tags": "vip", "status": ["open", "hold"]}, "until": "2026-12-14 09:00", "status": "pending"},
        {"due": "2026-12-20T12:00:00Z", "by": "ana", "status": "pending"},
    ),
    Sample(
        "notice",
        {"place": "banner", "subject": {"en": "Short break"}, "body": {"en": "Back soon."}},
        {"place": "banner", "subject": "Taken over", "body": "By a person", "audience": {}},
    ),
    Sample("notice", {"place": "agents", "audience": {"agents": "all"}, "body": "Phones are down."}),
)


class Account:
    """One helpdesk file, everything that was opened on it, and a person at its pages."""

    def __init__(self, path: Path) -> None:
        self.target = Target(
            "desk",
            "simulator",
            {"file": path.name},
            credentials={"token": "env:DESK_TOKEN"},
            words={"pause": "hold"},
            folder=str(path.parent),
        )
        self.db = Database(path)
        self.opened: list[Simulator] = []

    def open(self) -> Simulator:
        io = ScriptedIo(datetime(2026, 12, 11, 14, 30, tzinfo=UTC), {"env:DESK_TOKEN": "canary-of-the-desk"})
        self.opened.append(open_target(self.target, io))
        return self.opened[-1]

    def offline(self) -> Simulator:
        return open_target(Target("desk", "simulator", {"file": "nowhere.sqlite"}), ScriptedIo())

    def requests(self) -> int:
        return sum(provider.requests.total() for provider in self.opened)

    def arm(self, action: str) -> Callable[[], None]:
        return lambda: faults.add(self.db, Fault(action, op="write"))

    def refuse(self, place: int) -> None:
        faults.add(self.db, Fault("reject", args={"item": place + 1}))

    def edit(self, slot: Slot, value: Value) -> None:
        """Set one slot as a person does."""
        plain = None if value is ABSENT else value
        key, (first, _, rest) = int(slot.key) if slot.key.isdigit() else 0, slot.path.partition("/")
        match slot.kind:
            case "business_hours":
                editing.set_hours(self.db, "schedule", f"#{key}", {rest: plain})
            case "channel_hours":
                editing.set_hours(self.db, "channel", f"#{key}", {rest: plain})
            case "rule":
                editing.set_rule(self.db, f"#{key}", plain)
            case "channel":
                editing.set_channel(self.db, f"#{key}", plain)
            case "holiday":
                editing.set_holiday(self.db, f"#{key}", rest, plain)
            case "message":
                editing.set_text(self.db, f"#{key}", rest, plain)
            case "tickets" if first == "status":
                editing.set_ticket(self.db, key, {"status": plain})
            case "snooze":
                editing.set_snooze(self.db, key, plain)
            case "notice":
                editing.set_notice(self.db, slot.key, plain)
            case _:
                raise AssertionError(f"nobody edits {slot} here")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("desk") / "helpdesk.sqlite"
    fill(path, tickets=450)
    return path.read_bytes()


@pytest.fixture
def account(tmp_path: Path, seeded: bytes) -> Account:
    path = tmp_path / "helpdesk.sqlite"
    path.write_bytes(seeded)
    return Account(path)


class TestSimulator(ProviderSuite):
    """Every test of the suite, on a helpdesk of 450 tickets."""

    @pytest.fixture
    def harness(self, account: Account) -> Harness:
        """Return the helpdesk of one test."""
        return Harness(
            target=account.target,
            open=account.open,
            offline=account.offline,
            samples=SAMPLES,
            edit=account.edit,
            dump=lambda: dump.text(account.db),
            faults=Faults(
                lost_reply=account.arm("lost_reply"),
                half_batch=account.arm("half_batch"),
                refuse=account.refuse,
                unavailable=account.arm("unavailable"),
            ),
            many=Query("tickets", where={"status": ["open", "pending", "solved"]}, paths=("name",)),
            requests=account.requests,
            canary="canary-of-the-desk",
        )
