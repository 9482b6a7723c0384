"""The embedded helpdesk keeps every promise that a provider makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from providers.simulator import dump, faults, seed, writing
from providers.simulator.database import Database
from providers.simulator.faults import Fault
from providers.simulator.helpdesk import By
from providers.simulator.provider import Simulator, file_of, open_target
from runner.model import UNKNOWN, Change, Slot, Value
from runner.spi import Query, Target
from runner.testing import ScriptedIo
from runner.testing.suite import Faults, Harness, ProviderSuite, Sample

SAMPLES = (
    Sample("business_hours", {"schedule": "Support BR", "closed": "window"}, ["10:00-11:00"]),
    Sample("business_hours", {"schedule": {"id": 103}, "hours": {"sat": [], "sun": ["10:00-12:00"]}}, ["10:00-11:00"]),
    Sample("channel_hours", {"channel": ["Chat", "WhatsApp"], "closed": "window"}, []),
    Sample(
        "holiday",
        {"schedule": "Support BR", "name": {"pt-BR": "Jogo", "en": "Match"}},
        {"name": "Carnaval", "start_date": "2027-02-09", "end_date": "2027-02-09"},
    ),
    Sample("channel", {"channel": ["Chat", "Phone"], "enabled": False}, False),
    Sample("message", {"message": "WhatsApp / offline", "append": {"en": "Back at 14:30", "pt": "Até 14:30"}}, "Hi"),
    Sample("message", {"message": "Chat / offline", "text": "Closed"}, "Hi"),
    Sample("rule", {"rule": "Notify requester of status change", "active": False}, False),
    Sample("tickets", {"select": {"status": "open", "group": "Level 1"}, "status": "pause", "tag": True}, "solved"),
    Sample("snooze", {"select": {"status": "hold"}, "until": "next_week"}, {"due": "2027-01-01T00:00:00Z"}),
    Sample(
        "notice",
        {"place": "banner", "subject": {"en": "Closed"}, "body": "Back soon"},
        {"place": "banner", "subject": "Other", "body": "", "audience": {}},
    ),
    Sample("notice", {"place": "agents", "subject": "Closed", "body": "Channels close at 11:30"}),
)


@contextmanager
def harness_in(folder: Path) -> Iterator[Harness]:
    """A small helpdesk with 220 tickets in `folder`, closed at the end."""
    target = Target(
        "desk",
        "simulator",
        zone="America/Sao_Paulo",
        words={"pause": "pending"},
        credentials={"token": "env:DESK_TOKEN"},
        folder=str(folder),
    )
    seed.fill(file_of(target), tickets=220)
    db = Database(file_of(target))
    opened: list[Simulator] = []

    def open_one() -> Simulator:
        opened.append(open_target(target, ScriptedIo(secrets={"env:DESK_TOKEN": "canary-of-the-desk"})))
        return opened[-1]

    def edit(slot: Slot, value: Value) -> None:
        with db.transaction():
            writing.write(db, [Change(slot, UNKNOWN, value)], By("a person", "2026-12-11T12:00:00Z"))

    def arm(action: str, **args: object) -> None:
        faults.add(db, Fault(action, op="write", args=args))

    yield Harness(
        target=target,
        open=open_one,
        offline=lambda: open_target(Target("desk", "simulator", folder=str(folder / "nowhere")), ScriptedIo()),
        samples=SAMPLES,
        edit=edit,
        dump=lambda: dump.text(db),
        faults=Faults(
            lost_reply=lambda: arm("lost_reply"),
            half_batch=lambda: arm("half_batch"),
            refuse=lambda place: arm("reject", item=place + 1),
            unavailable=lambda: arm("unavailable"),
        ),
        many=Query("tickets", paths=("name", "status")),
        requests=lambda: sum(one.requests.total() for one in opened),
        canary="canary-of-the-desk",
    )
    for one in opened:
        one.close()
    db.close()


class TestSimulator(ProviderSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Harness]:
        with harness_in(tmp_path) as harness:
            yield harness
