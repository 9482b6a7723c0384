"""The in-memory target keeps every promise that a provider makes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner import kinds
from runner.model import Slot, Value
from runner.spi import KindSpec, Query, Target
from runner.testing import Fault, SlotWorld, What
from runner.testing.suite import Faults, Harness, ProviderSuite, Sample

TARGET = Target("world", "world", zone="America/Sao_Paulo", words={"pause": "pending"}, credentials={"token": "env:T"})


def offered() -> dict[str, KindSpec]:
    """Return the common kinds that are not carried out by people, in small pages."""
    small = {name: replace(spec, page=10, max_batch=10) for name, spec in kinds.common().items()}
    small["tickets"] = replace(small["tickets"], precondition=True)
    return {name: spec for name, spec in small.items() if name not in ("access", "checklist")}


def filled(**options: object) -> SlotWorld:
    world = SlotWorld(offered(), **options)
    week = {f"hours__{dow}": ["09:00-18:00"] for dow in ("mon", "tue", "wed", "thu", "fri")}
    for kind, name in (("business_hours", "Suporte BR"), ("channel_hours", "WhatsApp")):
        world.put(kind, "1", name=name, zone="America/Sao_Paulo", **week, hours__sat=[], hours__sun=[])
    world.put("holiday", "1", name="Suporte BR", zone="America/Sao_Paulo")
    world.put("channel", "1", name="WhatsApp", enabled=True)
    world.put("channel", "2", name="Chat", enabled=True)
    world.put("message", "1", name="Offline", text__en="Bye", text__es="Chao")
    world.put("rule", "1", name="Notify", active=True)
    for number in range(1, 31):
        status, tag = ("open", f"tags__vip{number % 2}")
        world.put("tickets", str(number), name=f"#{number}", status=status, group=f"g{number % 6}", **{tag: True})
        world.put("snooze", str(number), name=f"#{number}", status=status, group=f"g{number % 6}")
    return world


SAMPLES = (
    Sample("business_hours", {"schedule": "Suporte BR", "closed": "window"}, ["08:00-18:00"]),
    Sample("business_hours", {"schedule": {"id": 1}, "hours": {"mon": [], "sat": ["10:00-12:00"]}}, ["08:00-18:00"]),
    Sample("channel_hours", {"channel": "WhatsApp", "closed": "window"}, []),
    Sample("holiday", {"schedule": "Suporte BR", "name": "Match"}, {"name": "x"}),
    Sample("channel", {"channel": ["WhatsApp", "Chat"], "enabled": False}, False),
    Sample("message", {"message": "Offline", "append": {"en": "Back soon"}}, "Hello"),
    Sample("message", {"message": "Offline", "text": "Closed"}, "Hello"),
    Sample("rule", {"rule": "Notify", "active": False}, False),
    Sample("tickets", {"select": {"group": "g1", "tags": "vip1"}, "status": "pause", "tag": True}, "solved"),
    Sample("snooze", {"select": {"group": "g2"}, "until": "next_week"}, {"due": "2027-01-01T00:00:00Z"}),
    Sample(
        "scheduled_contact",
        {
            "action": "notify_agent",
            "contacts": ["Ana", "Bia"],
            "department": "Support",
            "attendant": "Rita",
            "at": "start + 30m",
        },
        {"at": "2026-12-11 13:00 America/Sao_Paulo"},
    ),
    Sample("notice", {"subject": "Closed", "body": {"en": "Back soon"}}, {"subject": "Other"}),
    Sample("notice", {"place": "agents", "subject": "Closed"}),
)


def harness_of(world: SlotWorld) -> Harness:
    def edit(slot: Slot, value: Value) -> None:
        world.edit(slot, value)

    return Harness(
        target=TARGET,
        open=lambda: world,
        offline=lambda: SlotWorld(offered()),
        samples=SAMPLES,
        edit=edit,
        dump=world.dump,
        faults=Faults(
            lost_reply=lambda: world.fail(Fault(What.LOST_AFTER)),
            half_batch=lambda: world.fail(Fault(What.HALF)),
            refuse=lambda place: world.fail(Fault(What.REJECT, item=place)),
            unavailable=lambda: world.fail(Fault(What.RAISE)),
        ),
        many=Query("tickets", paths=("name", "status")),
        requests=lambda: world.requests.total(),
        canary="s3cret-of-the-world",
    )


class TestWorld(ProviderSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return harness_of(filled())


class TestWorldWithJobs(ProviderSuite):
    """The same, where every write is first accepted as a job."""

    @pytest.fixture
    def harness(self) -> Harness:
        return harness_of(filled(jobs=offered()))
