"""Times as people write them: zones, daylight saving, expressions, weekly minutes, snooze presets."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import minutes
from runner.windows import (
    PRESETS,
    Presets,
    TimeError,
    closed_minutes,
    local_dates,
    nearest_zones,
    parse_expression,
    parse_time,
    resolve,
    snooze_until,
    to_instant,
    weekday,
    zone,
    zone_names,
)

BERLIN = ZoneInfo("Europe/Berlin")
SANTIAGO = ZoneInfo("America/Santiago")
MEXICO = ZoneInfo("America/Mexico_City")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def at(text: str) -> datetime:
    moment = parse_time(text)
    assert moment is not None, text
    return moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-11 11:30", "2026-12-11T11:30:00"),
        ("2026-12-11T11:30:15", "2026-12-11T11:30:15"),
        (" 2026-12-11 11:30 ", "2026-12-11T11:30:00"),
        ("2026-12-11 11:30-03:00", "2026-12-11T11:30:00-03:00"),
        ("2026-12-11 11:30 -0300", "2026-12-11T11:30:00-03:00"),
        ("2026-12-11 11:30+01", "2026-12-11T11:30:00+01:00"),
        ("2026-12-11T14:30Z", "2026-12-11T14:30:00+00:00"),
        ("2026-12-11T14:30z", "2026-12-11T14:30:00+00:00"),
    ],
)
def test_times(text: str, expected: str) -> None:
    """A date and a time are read with a space or a T between, seconds and an offset being optional."""
    moment = parse_time(text)
    assert moment is not None
    assert moment.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-12-11", "11:30", "2026-02-30 11:30", "2026-12-11 24:00", "2026-12-11 11:30 PM"),
        *("0001-01-01 00:00", "9999-12-31 23:59", "1969-12-31 23:59", "٢٠٢٦-12-11 11:30", "2026-12-11 11:30+25:00"),
        "20261211T1130",
    ],
)
def test_no_times(text: str) -> None:
    """What is no existing date with a time, or lies far from our days, is no time."""
    assert parse_time(text) is None


def test_zones() -> None:
    """Every IANA name is a zone; what is none is answered with the nearest names, also by city alone."""
    assert zone("America/Sao_Paulo").key == "America/Sao_Paulo"
    assert len(zone_names()) > 400
    assert nearest_zones("sao paulo")[0] == "America/Sao_Paulo"
    assert nearest_zones("Europe/Berln")[0] == "Europe/Berlin"
    assert not [name for name in nearest_zones("GMT-3") if "GMT" in name]  # Etc/GMT-3 is three hours east
    with pytest.raises(TimeError, match="did you mean Europe/Kyiv"):
        zone("Europe/Kiyv")
    for bad in ("", "..", "/etc/passwd", "../../etc/passwd", "America", "xyzzyxyzzyx", "Europe/Berlin\0"):
        with pytest.raises(TimeError, match="unknown time zone"):
            zone(bad)


@pytest.mark.parametrize(
    ("text", "where", "end", "instant", "note"),
    [
        ("2026-12-11 11:30", SAO_PAULO, False, "2026-12-11T14:30", ""),
        ("2026-12-11 11:30-05:00", SAO_PAULO, False, "2026-12-11T16:30", ""),
        ("2026-03-29 02:30", BERLIN, False, "2026-03-29T01:30", "does not exist"),
        ("2026-03-29 02:30", BERLIN, True, "2026-03-29T01:30", "taken as 03:30"),
        ("2026-03-29 03:00", BERLIN, True, "2026-03-29T01:00", ""),
        ("2026-10-25 02:30", BERLIN, False, "2026-10-25T00:30", "the first is taken"),
        ("2026-10-25 02:30", BERLIN, True, "2026-10-25T01:30", "the second is taken"),
        ("2026-10-25 03:00", BERLIN, False, "2026-10-25T02:00", ""),
        ("2026-09-06 00:30", SANTIAGO, False, "2026-09-06T04:30", "taken as 01:30"),
    ],
)
def test_daylight_saving(text: str, where: ZoneInfo, end: bool, instant: str, note: str) -> None:
    """A skipped time moves forward; a doubled start takes the first, a doubled end the second; both are told."""
    found, told = to_instant(at(text), where, end=end)
    assert found == datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert (told is None) == (note == "")
    assert note in (told or "")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("start", "2026-03-30 04:30"),
        ("end", "2026-03-30 08:00"),
        ("end + 15m", "2026-03-30 08:15"),
        ("end+1h30m", "2026-03-30 09:30"),
        ("start - 48h", "2026-03-28 03:30"),
        ("start - 2d", "2026-03-28 04:30"),
        ("start -2d1h", "2026-03-28 03:30"),
        ("end + 2d", "2026-04-01 08:00"),
        ("2026-03-27 10:00", "2026-03-27 10:00"),
        ("2026-03-27T10:00Z", "2026-03-27 11:00"),
    ],
)
def test_expressions(expression: str, expected: str) -> None:
    """Hours and minutes are elapsed time, days are local days at the same wall time, over clock changes too."""
    start, end = (to_instant(at(text), BERLIN)[0] for text in ("2026-03-30 04:30", "2026-03-30 08:00"))
    instant, note = resolve(expression, start, end, BERLIN)
    assert f"{instant.astimezone(BERLIN):%Y-%m-%d %H:%M}" == expected
    assert instant.tzinfo is UTC
    assert note is None


def test_a_day_before_may_not_exist() -> None:
    """A day counted back to a time that the clocks skip or repeat says so."""
    start, end = (to_instant(at(text), BERLIN)[0] for text in ("2026-03-31 02:30", "2026-03-31 05:00"))
    assert "does not exist" in (resolve("start - 2d", start, end, BERLIN)[1] or "")
    start, end = (to_instant(at(text), BERLIN)[0] for text in ("2026-10-24 02:30", "2026-10-24 05:00"))
    first, _ = resolve("start + 1d", start, end, BERLIN)
    second, note = resolve(parse_expression("start + 1d"), start, end, BERLIN, ends=True)
    assert second - first == timedelta(hours=1)
    assert "second" in (note or "")


@pytest.mark.parametrize(
    "text",
    ["", "begin", "start - ", "start -", "start - 2", "start - 2w", "start 2d", "start - 2d - 1h", "end + 99999d"],
)
def test_bad_expressions(text: str) -> None:
    """What is no expression is refused with examples of what is one."""
    with pytest.raises(TimeError, match="is no time: write start"):
        parse_expression(text)


@pytest.mark.parametrize(
    ("start", "end", "where", "expected"),
    [
        ("2026-12-11 11:30-03:00", "2026-12-11 14:30-03:00", SAO_PAULO, {"fri": ["11:30-14:30"]}),
        ("2026-12-11 11:30-03:00", "2026-12-11 14:30-03:00", MEXICO, {"fri": ["08:30-11:30"]}),
        (
            "2026-12-11 22:30-03:00",
            "2026-12-12 02:30-03:00",
            SAO_PAULO,
            {"sat": ["00:00-02:30"], "fri": ["22:30-24:00"]},
        ),
        ("2026-12-11 22:30-03:00", "2026-12-12 00:00-03:00", SAO_PAULO, {"fri": ["22:30-24:00"]}),
        ("2026-12-11 11:30:20-03:00", "2026-12-11 11:32:10-03:00", SAO_PAULO, {"fri": ["11:30-11:33"]}),
        ("2026-03-29 00:30Z", "2026-03-29 01:30Z", BERLIN, {"sun": ["01:30-03:30"]}),
        ("2026-10-25 00:30Z", "2026-10-25 01:15Z", BERLIN, {"sun": ["02:00-02:15", "02:30-03:00"]}),
        ("2026-10-24 23:30Z", "2026-10-25 02:30Z", BERLIN, {"sun": ["01:30-03:30"]}),
        ("2026-09-06 03:00Z", "2026-09-06 05:00Z", SANTIAGO, {"sun": ["00:00-02:00"], "sat": ["23:00-24:00"]}),
        ("2026-12-11 14:30Z", "2026-12-11 14:30Z", SAO_PAULO, {}),
        ("2026-12-11 11:30Z", "2026-12-19 11:30Z", SAO_PAULO, {day: ["00:00-24:00"] for day in minutes.WEEKDAYS}),
    ],
)
def test_closed_minutes(start: str, end: str, where: ZoneInfo, expected: dict[str, list[str]]) -> None:
    """A window covers minutes of the weekdays in the schedule's own zone, over midnight and changes of the clocks."""
    assert closed_minutes(at(start).astimezone(UTC), at(end).astimezone(UTC), where) == expected


@given(
    st.integers(0, 4 * 365 * 24 * 60),
    st.integers(1, 6 * 24 * 60),
    st.sampled_from(
        ["UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo"]
    ),
)
def test_closed_minutes_hold_every_minute(start: int, length: int, name: str) -> None:
    """Every minute of a window is covered on its weekday, and the minute before a window with no change is not."""
    where = ZoneInfo(name)
    first = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    last = first + timedelta(minutes=length)
    covered = {day: minutes.parse(ranges) for day, ranges in closed_minutes(first, last, where).items()}
    for step in {0, length // 3, length // 2, length - 1}:
        here = (first + timedelta(minutes=step)).astimezone(where)
        assert here.hour * 60 + here.minute in covered[weekday(here)]
    same_offset = first.astimezone(where).utcoffset() == (last + timedelta(days=1)).astimezone(where).utcoffset()
    if same_offset:
        assert sum(map(len, covered.values())) == length
        after = last.astimezone(where)
        assert length > 5 * 24 * 60 or after.hour * 60 + after.minute not in covered.get(weekday(after), ())


def test_local_dates() -> None:
    """A window touches the local dates of its zone; one that ends at midnight does not touch the next day."""
    start, end = at("2026-12-25 03:00Z"), at("2026-12-26 03:00Z")
    assert [day.isoformat() for day in local_dates(start, end, SAO_PAULO)] == ["2026-12-25", "2026-12-25"]
    assert [day.isoformat() for day in local_dates(start, end, MEXICO)] == ["2026-12-24", "2026-12-25"]
    assert [day.isoformat() for day in local_dates(start, start, MEXICO)] == ["2026-12-24", "2026-12-24"]


@pytest.mark.parametrize(
    ("preset", "now", "where", "due"),
    [
        ("later_today", "2026-11-20 16:20", MEXICO, "2026-11-20 19:30"),
        ("later_today", "2026-11-20 16:30", MEXICO, "2026-11-20 19:30"),
        ("later_today", "2026-11-20 20:45", MEXICO, "2026-11-20 23:45"),
        ("tomorrow", "2026-11-20 16:20", MEXICO, "2026-11-21 09:00"),
        ("in_2_days", "2026-11-20 16:20", MEXICO, "2026-11-22 09:00"),
        ("in_3_days", "2026-11-20 16:20", MEXICO, "2026-11-23 09:00"),
        ("this_weekend", "2026-11-20 16:20", MEXICO, "2026-11-21 09:00"),
        ("this_weekend", "2026-11-21 08:00", MEXICO, "2026-11-21 09:00"),
        ("this_weekend", "2026-11-21 09:00", MEXICO, "2026-11-28 09:00"),
        ("this_weekend", "2026-11-22 08:00", MEXICO, "2026-11-28 09:00"),
        ("next_week", "2026-11-20 16:20", MEXICO, "2026-11-23 09:00"),
        ("next_week", "2026-11-23 08:00", MEXICO, "2026-11-30 09:00"),
        ("tomorrow", "2026-09-05 20:00", SANTIAGO, "2026-09-06 09:00"),
    ],
)
def test_snooze_presets(preset: str, now: str, where: ZoneInfo, due: str) -> None:
    """Presets count calendar days of the zone and end in the morning."""
    instant = snooze_until(preset, to_instant(at(now), where)[0], where)
    assert f"{instant.astimezone(where):%Y-%m-%d %H:%M}" == due
    assert preset in PRESETS


def test_snooze_over_a_change_of_the_clocks() -> None:
    """Tomorrow morning after a skipped hour is twelve hours away, not thirteen."""
    now = at("2026-09-05 20:00-04:00")
    assert snooze_until("tomorrow", now, SANTIAGO) - now == timedelta(hours=12)


def test_snoozes_refused() -> None:
    """Later today never rolls over to tomorrow, and an unknown preset is answered with the known ones."""
    for late in ("2026-11-20 22:30", "2026-11-20 20:50"):
        with pytest.raises(TimeError, match="too late in the day"):
            snooze_until("later_today", to_instant(at(late), MEXICO)[0], MEXICO)
    with pytest.raises(TimeError, match="one of later_today, tomorrow"):
        snooze_until("monday", at("2026-11-20 16:20Z"), MEXICO)


@pytest.mark.parametrize(
    ("preset", "due"),
    [
        ("later_today", "2026-11-20 17:30"),
        ("tomorrow", "2026-11-21 08:15"),
        ("this_weekend", "2026-11-27 08:15"),
        ("next_week", "2026-11-22 08:15"),
    ],
)
def test_presets_are_configured(preset: str, due: str) -> None:
    """A team whose week starts on Sunday and ends on Thursday has other mornings: here it is Friday 16:20."""
    ours = Presets(time(8, 15), timedelta(hours=1), week_start=6, weekend=4)
    instant = snooze_until(preset, to_instant(at("2026-11-20 16:20"), MEXICO)[0], MEXICO, ours)
    assert f"{instant.astimezone(MEXICO):%Y-%m-%d %H:%M}" == due
