"""How long requests take where a vendor counts them by day only."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from runner import kinds, pace
from runner.model import ABSENT
from runner.spi import Free, KindSpec
from runner.testing.world import SlotWorld
from tests.support.lab import Lab

BRAZIL = ZoneInfo("America/Sao_Paulo")
NIGHT = Free(time(19), time(7), "America/Sao_Paulo")
BY_DAY = kinds.tickets(rate=10.0, free=NIGHT)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-12-{text}").replace(tzinfo=BRAZIL).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "requests", "minutes"),
    [
        ("11T11:30", 300, 30),
        ("11T11:30", 3000, 300),
        ("11T11:30", 30_000, 450),  # at seven in the evening the rest goes out at once
        ("11T18:50", 300, 10),
        ("11T19:00", 300, 0),
        ("12T03:00", 300, 0),
        ("12T06:59", 300, 0),
        ("12T07:00", 300, 30),
    ],
)
def test_the_night_ends_a_long_wait(start: str, requests: int, minutes: float) -> None:
    """Requests are spread by day, and the hours that are not counted carry out what is left."""
    assert pace.begun_at(BY_DAY, 0.0, requests, local(start)) == minutes * 60


@pytest.mark.parametrize(
    ("end", "requests", "minutes"),
    [("11T11:30", 300, 30), ("11T18:50", 300, 30), ("11T07:05", 300, 5), ("11T19:00", 300, 0), ("12T02:00", 300, 0)],
)
def test_a_step_that_has_to_be_ready_begins_early_enough(end: str, requests: int, minutes: float) -> None:
    """Begun so much earlier, everything is done at the instant asked for: what lies in the night costs nothing."""
    lead = pace.done_by(BY_DAY, 0.0, requests, local(end))
    assert lead == minutes * 60
    begun = datetime.fromtimestamp(local(end).timestamp() - lead - 0.001, UTC)
    assert pace.begun_at(BY_DAY, 0.0, requests, begun) <= lead + 0.001


def test_hours_within_one_day_and_the_share_of_others_count_too() -> None:
    """The hours may lie within a day; what is reserved for others makes the rest slower; no limit means no time."""
    noon = kinds.tickets(rate=10.0, free=Free(time(12), time(13), "UTC"))
    assert pace.begun_at(noon, 0.5, 100, datetime(2026, 12, 11, 11, 0, tzinfo=UTC)) == 20 * 60
    assert pace.begun_at(noon, 0.5, 1000, datetime(2026, 12, 11, 11, 0, tzinfo=UTC)) == 60 * 60
    assert pace.begun_at(noon, 0.5, 100, datetime(2026, 12, 11, 12, 30, tzinfo=UTC)) == 0
    assert pace.begun_at(kinds.tickets(), 0.0, 10**6, datetime(2026, 12, 11, tzinfo=UTC)) == 0
    assert pace.done_by(kinds.tickets(rate=60.0), 0.0, 60, datetime(2026, 12, 11, tzinfo=UTC)) == 60


def lab(folder: Path, spec: KindSpec) -> Lab:
    world = SlotWorld({"tickets": spec}, target="desk")
    for number in range(300):
        world.put("tickets", str(number), name=f"#{number}", status="open", snooze=ABSENT)
    return Lab(folder, world)


def test_the_plan_says_when_it_would_be_done_sooner(tmp_path: Path) -> None:
    """By day the plan gives the time and the earlier start; a step with `ready: true` begins early by that time."""
    slow = kinds.tickets(rate=10.0, free=NIGHT, max_batch=1, precondition=True)
    mine = lab(tmp_path, slow)
    step = {"id": "pause", "uses": "tickets", "with": {"select": {"status": "open"}, "status": "pause"}}
    mine.at(local("11T09:00"))
    (run,) = mine.plan(mine.playbook("match", [{**step, "ready": True}])).plans[0].runs
    assert (run.requests, run.seconds) == (303, 303 * 6 / 0.7)
    assert run.notes == ("43 min by day, no waiting between 19:00 and 07:00 (America/Sao_Paulo): it begins as early",)
    (run,) = mine.plan(mine.playbook("other", [step])).plans[0].runs
    assert run.notes == (
        "43 min by day, no waiting between 19:00 and 07:00 (America/Sao_Paulo); `ready: true`, or an earlier `from`, "
        "has it done when the step begins",
    )
    mine.at(local("10T23:00"))
    window = {"start": "2026-12-10 22:00", "end": "2026-12-11 06:00"}
    (night,) = mine.plan(mine.playbook("night", [step], windows=[window])).plans[0].runs
    assert (night.seconds, night.notes[0][:24]) == (0.0, "it begins between 19:00 ")
