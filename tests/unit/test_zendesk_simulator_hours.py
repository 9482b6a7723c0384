"""Business hours of the simulated Zendesk: schedules, working weeks, holidays, zones, plans."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.zendesk.simulator.zones import ZONES
from tests.support.zendesk_account import NOW, Zendesk

BASE = "business_hours/schedules"
ONE = f"{BASE}/361001"
HOUR = 60
MONDAY = 1440


@pytest.fixture
def zendesk() -> Zendesk:
    return Zendesk(tickets=5)


def week(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"workweek": {"intervals": [{"start_time": start, "end_time": end} for start, end in pairs]}}


def test_a_new_schedule_has_office_hours_whatever_was_sent(zendesk: Zendesk) -> None:
    """Creation ignores intervals: Monday to Friday nine to five comes back."""
    wanted = {"name": "Lviv", "time_zone": "Kyiv", "intervals": [{"start_time": 0, "end_time": 60}]}
    made = zendesk.post(BASE, {"schedule": wanted})["schedule"]
    assert made["intervals"][0] == {"start_time": 1980, "end_time": 2460}
    assert len(made["intervals"]) == 5
    assert zendesk.get(f"{BASE}/{made['id']}")["schedule"] == made
    assert zendesk.status("DELETE", f"{BASE}/{made['id']}") == 204
    assert zendesk.status("GET", f"{BASE}/{made['id']}") == 404


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "", "time_zone": "Kyiv"},
        {"name": "A", "time_zone": "Europe/Kyiv"},
        {"name": "A"},
        {"time_zone": "Kyiv"},
    ],
)
def test_schedules_that_are_refused(zendesk: Zendesk, wanted: dict[str, Any]) -> None:
    """A schedule has a name and a zone under its Rails name, on creation and on change."""
    assert zendesk.status("POST", BASE, {"schedule": wanted}) == 422
    assert zendesk.status("PUT", ONE, {"schedule": wanted}) == 422


def test_two_schedules_may_share_a_name_and_a_put_leaves_the_hours(zendesk: Zendesk) -> None:
    """Names are not unique, and a change of name or zone does not touch the intervals."""
    before = zendesk.get(ONE)["schedule"]["intervals"]
    wanted = {"name": "Suporte Brasil", "time_zone": "London", "intervals": []}
    assert zendesk.put(ONE, {"schedule": wanted})["schedule"]["intervals"] == before
    assert [row["name"] for row in zendesk.get(BASE)["schedules"]] == ["Suporte Brasil", "Suporte Brasil"]


def test_a_working_week_replaces_the_whole_list(zendesk: Zendesk) -> None:
    """What is not sent is gone; the answer is the new list in order."""
    sent = week((MONDAY + 13 * HOUR, MONDAY + 18 * HOUR), (MONDAY + 8 * HOUR, MONDAY + 12 * HOUR))
    assert zendesk.put(f"{ONE}/workweek", sent) == week((1920, 2160), (2220, 2520))
    assert zendesk.get(ONE)["schedule"]["intervals"] == week((1920, 2160), (2220, 2520))["workweek"]["intervals"]


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([(day * MONDAY, (day + 1) * MONDAY) for day in range(7)], 200),  # round the clock: seven touching days
        ([(9000, 10_080)], 200),
        ([(9000, 0)], 200),  # Saturday until midnight, the other way to write it
        ([(10_080, 60)], 200),
        ([(2400, 3000)], 422),  # over midnight
        ([(1980, 3900)], 422),  # the sample of the vendor's page: Tuesday 17:00
        ([(1980, 2460), (2400, 2500)], 422),  # overlap
        ([(2000, 2000)], 422),
        ([(2460, 1980)], 422),
        ([(1980, 10_081)], 422),
        ([(-60, 60)], 422),
        ([(1980.5, 2460)], 422),
        ([("1980", 2460)], 422),
        ([(True, 60)], 422),
        ([], 422),
        ([(1980, 1987)], 200),
    ],
)
def test_weeks(zendesk: Zendesk, pairs: list[tuple[Any, Any]], code: int) -> None:
    """Intervals are whole minutes inside one day and do not overlap; an empty week is refused; else nothing changes."""
    before = zendesk.get(ONE)
    assert zendesk.status("PUT", f"{ONE}/workweek", week(*pairs)) == code
    assert (zendesk.get(ONE) == before) is (code == 422)


@pytest.mark.parametrize(
    ("feature", "pairs", "code"), [("strict_hours", [(1980, 1995)], 422), ("empty_workweek", [], 200)]
)
def test_switches_for_what_nobody_knows(feature: str, pairs: list[tuple[int, int]], code: int) -> None:
    """What the documents leave open can be switched: quarters of an hour, an empty week."""
    zendesk = Zendesk(tickets=1, features={feature: True})
    assert zendesk.status("PUT", f"{ONE}/workweek", week(*pairs)) == code


def test_a_body_without_its_wrapper_is_400(zendesk: Zendesk) -> None:
    """The wrapper object is needed everywhere."""
    for method, path in (("POST", BASE), ("PUT", ONE), ("PUT", f"{ONE}/workweek"), ("POST", f"{ONE}/holidays")):
        assert zendesk.status(method, path, {"intervals": []}) == 400


# --- holidays -------------------------------------------------------------------------------------------------------


def holiday(start: str, end: str, name: str = "Blackout") -> dict[str, Any]:
    return {"holiday": {"name": name, "start_date": start, "end_date": end}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (holiday("2026-12-30", "2027-01-02"), 201),
        (holiday("2026-12-11", "2026-12-11"), 201),
        (holiday("2024-12-12", "2024-12-12"), 201),
        (holiday("2028-12-10", "2028-12-10"), 201),
        (holiday("2024-12-11", "2024-12-12"), 422),  # the boundary day
        (holiday("2028-12-10", "2028-12-11"), 422),
        (holiday("2027-01-02", "2026-12-30"), 422),
        (holiday("2026-02-30", "2026-03-01"), 422),
        (holiday("20261230", "20261230"), 422),
        (holiday("2026-12-30", "2026-12-30", name=" "), 422),
        ({"holiday": {"name": "A", "start_date": "2026-12-30"}}, 422),
    ],
)
def test_holidays(zendesk: Zendesk, body: dict[str, Any], code: int) -> None:
    """Whole days in order within two years of today, with a name."""
    assert zendesk.status("POST", f"{ONE}/holidays", body) == code
    assert len(zendesk.get(f"{ONE}/holidays")["holidays"]) == (code == 201)


def test_the_life_of_a_holiday(zendesk: Zendesk) -> None:
    """Created twice it is there twice; changed by all three fields; deleted for good."""
    body = holiday("2026-12-24", "2026-12-26")
    first, second = (zendesk.post(f"{ONE}/holidays", body)["holiday"] for _ in range(2))
    assert first["id"] != second["id"]
    path = f"{ONE}/holidays/{first['id']}"
    assert zendesk.put(path, holiday("2026-12-25", "2026-12-25"))["holiday"]["start_date"] == "2026-12-25"
    assert zendesk.status("PUT", path, {"holiday": {"name": "only"}}) == 422
    assert zendesk.status("DELETE", path) == 204
    assert zendesk.status("GET", path) == 404
    assert zendesk.get(f"{ONE}/holidays")["holidays"] == [second]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"start_date": "2026-12-25"}, ["running", "later"]),
        ({"end_date": "2026-12-24"}, ["past", "running"]),
        ({"start_date": "2026-12-23", "end_date": "2026-12-28"}, ["running"]),
    ],
)
def test_filters(zendesk: Zendesk, filters: dict[str, str], names: list[str]) -> None:
    """A holiday that runs at the first day counts."""
    days = {"past": "2026-12-01 2026-12-02", "running": "2026-12-23 2026-12-26", "later": "2027-01-01 2027-01-01"}
    for name, text in days.items():
        zendesk.post(f"{ONE}/holidays", holiday(*text.split(), name=name))
    assert [row["name"] for row in zendesk.get(f"{ONE}/holidays", **filters)["holidays"]] == names


# --- plans, zones, time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "reads", "creates"), [("team", 403, 403), ("professional", 200, 403), ("enterprise", 200, 201)]
)
def test_plans(plan: str, reads: int, creates: int) -> None:
    """The smallest plan has no schedules, several need the enterprise plan."""
    zendesk = Zendesk(tickets=1, plan=plan)
    assert zendesk.status("GET", BASE) == reads
    assert zendesk.status("POST", BASE, {"schedule": {"name": "A", "time_zone": "Kyiv"}}) == creates


def test_a_switched_off_feature_is_not_a_missing_schedule() -> None:
    """404 has two meanings: the feature is off, or there is no such id."""
    off = Zendesk(tickets=1, features={"business_hours": False})
    assert off.call("GET", ONE).json()["error"] == "InvalidEndpoint"
    assert Zendesk(tickets=1).call("GET", f"{BASE}/1").json()["error"] == "RecordNotFound"


def test_zones(zendesk: Zendesk) -> None:
    """The zones have the names of Rails, and each stands for a zone that exists."""
    rows = {row["name"]: row for row in zendesk.get("time_zones")["time_zones"]}
    assert rows["Kyiv"]["offset"] == 120
    assert rows["Brasilia"]["offset"] == -180
    assert "Europe/Kyiv" not in rows
    assert all(ZoneInfo(zone) for zone in ZONES.values())


def test_open_and_closed(zendesk: Zendesk) -> None:
    """Hours are wall clock in the schedule's zone, and a holiday closes the day."""
    hours = zendesk.account.hours
    assert hours.is_open(361_001, NOW) is True  # 16:40 in Kyiv
    assert hours.is_open(361_001, NOW + 20 * 60) is False
    assert hours.is_open(361_002, NOW + 20 * 60) is True
    zendesk.post(f"{ONE}/holidays", holiday("2026-12-11", "2026-12-11"))
    assert (hours.is_open(None, NOW), hours.on_holiday(None, NOW)) == (False, True)


def test_minutes_of_business(zendesk: Zendesk) -> None:
    """Minutes count while the schedule is open: over the night, the weekend and a holiday."""
    hours = zendesk.account.hours
    friday, monday = NOW, NOW + 2 * 86_400 + (24 - 16 + 9) * 3600 - 40 * 60  # 16:40 in Kyiv; Monday 09:00
    assert hours.after(361_001, friday, 20) == NOW + 20 * 60
    assert hours.after(361_001, friday, 30) == monday + 10 * 60
    zendesk.post(f"{ONE}/holidays", holiday("2026-12-14", "2026-12-15"))
    assert hours.after(361_001, friday, 30) == monday + 2 * 86_400 + 10 * 60
