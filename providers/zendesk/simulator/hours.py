"""Business hours: schedules, their working week, their holidays, and the time zones they may have.

Facts 2.1 and 2.2, [DOC] unless marked. Where nothing is known the stricter reading holds, as a guess: a PUT names all
fields, an empty week is refused (``features["empty_workweek"]`` allows it), the first and last day of the two-year
window are refused [SALTO], the default schedule is the oldest one. ``features["strict_hours"]`` adds what the pages of
the product ask for and the API may: quarters of an hour, one hour at least [HC].
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from providers.zendesk.simulator.access import forbidden
from providers.zendesk.simulator.core import Call, Desk, Json, Reply, Route, invalid, missing, not_here
from providers.zendesk.simulator.listing import Record, address, checked, find, inside, is_number, is_text, wrong_body
from providers.zendesk.simulator.zones import ZONES

DAY: Final = 1440  # minutes
WEEK: Final = 10_080
OFFICE: Final = tuple({"start_time": day * DAY + 540, "end_time": day * DAY + 1020} for day in range(1, 6))
_BASE: Final = "/api/v2/business_hours/schedules"
_ONE: Final = f"{_BASE}/<int:id>"
_HOLIDAY: Final = f"{_ONE}/holidays/<int:holiday>"
_SEED: Final = (
    (361_001, "Support", "Kyiv", "2026-01-12T09:00:00Z"),
    (361_002, "Suporte Brasil", "Brasilia", "2026-02-03T10:30:00Z"),
)


class Hours:
    """The schedules of an account and, per schedule, its holidays."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.schedules: dict[int, Record] = {}
        self.holidays: dict[int, dict[int, Record]] = {}
        for id_, name, zone, at in _SEED if desk.at_least("enterprise") else _SEED[:1]:
            if desk.at_least("growth"):
                self._keep(id_, name, zone, at)

    def routes(self) -> list[Route]:
        """Return the operations on schedules, holidays and time zones."""
        return [
            Route("GET", "/api/v2/time_zones", self._zones),
            Route("GET", _BASE, self._list, role="admin"),
            Route("POST", _BASE, self._create, role="admin"),
            Route("GET", _ONE, self._show),
            Route("PUT", _ONE, self._rename, role="admin"),
            Route("DELETE", _ONE, self._delete, role="admin"),
            Route("PUT", f"{_ONE}/workweek", self._workweek, role="admin"),
            Route("GET", f"{_ONE}/holidays", self._list_holidays, role="admin"),
            Route("POST", f"{_ONE}/holidays", self._create_holiday, role="admin"),
            Route("GET", _HOLIDAY, self._show_holiday),
            Route("PUT", _HOLIDAY, self._change_holiday, role="admin"),
            Route("DELETE", _HOLIDAY, self._delete_holiday, role="admin"),
        ]

    # --- what rules ask -----------------------------------------------------------------------------------------------

    def on_holiday(self, schedule: int | None, at: float) -> bool:
        """Whether a schedule (None: the default one) has a holiday at an instant, by the date in its own zone."""
        found = self._chosen(schedule)
        if found is None:
            return False
        today = _local(found, at).date().isoformat()
        return any(h["start_date"] <= today <= h["end_date"] for h in self.holidays[found["id"]].values())

    def is_open(self, schedule: int | None, at: float) -> bool:
        """Whether an instant lies in the hours of a schedule (None: the default one); always without any schedule."""
        found = self._chosen(schedule)
        if found is None:
            return True
        local = _local(found, at)
        minute = (local.isoweekday() % 7) * DAY + local.hour * 60 + local.minute
        inside_week = any(i["start_time"] <= minute < i["end_time"] for i in found["intervals"])
        return inside_week and not self.on_holiday(found["id"], at)

    def after(self, schedule: int | None, at: float, minutes: int) -> float:
        """Return the instant at which so many minutes of business have passed since another one (within 400 days)."""
        found = self._chosen(schedule)
        if found is None:
            return at + minutes * 60
        zone, left = ZoneInfo(ZONES[found["time_zone"]]), minutes * 60.0
        first = _local(found, at).date()
        for day in (first + timedelta(days=offset) for offset in range(400)):
            midnight = datetime.combine(day, time(), zone)
            for start, end in self._open(found, day):
                opens = max((midnight + timedelta(minutes=start)).timestamp(), at)
                length = (midnight + timedelta(minutes=end)).timestamp() - opens
                if length >= left:
                    return opens + left
                left -= max(length, 0.0)
        return at + 400 * 86_400

    def _open(self, found: Record, day: date) -> list[tuple[int, int]]:
        """Return the hours of one date, in minutes since its midnight."""
        if any(h["start_date"] <= day.isoformat() <= h["end_date"] for h in self.holidays[found["id"]].values()):
            return []
        base = (day.isoweekday() % 7) * DAY
        pairs = ((i["start_time"] - base, i["end_time"] - base) for i in found["intervals"])
        return [(start, end) for start, end in pairs if 0 <= start < DAY]

    def _chosen(self, schedule: int | None) -> Record | None:
        if schedule in self.schedules and schedule is not None:
            return self.schedules[schedule]
        return self.schedules[min(self.schedules)] if self.schedules else None

    # --- schedules ------------------------------------------------------------------------------------------------

    def _gate(self) -> None:
        if not self._desk.at_least("growth"):
            raise forbidden("the plan has no schedules")
        if not self._desk.features.get("business_hours", True):
            raise not_here()

    def _keep(self, id_: int, name: str, zone: str, at: str) -> Record:
        found: Record = {"id": id_, "name": name, "time_zone": zone, "created_at": at, "updated_at": at}
        found["intervals"] = [dict(interval) for interval in OFFICE]
        self.schedules[id_], self.holidays[id_] = found, {}
        return found

    def _zones(self, _: Call) -> Reply:
        now = self._desk.now()
        rows = [
            {"name": name, "translated_name": name, "offset": _offset(zone, now), "iana_name": zone}
            for name, zone in ZONES.items()
        ]
        return Reply({"time_zones": rows, "count": len(rows), "next_page": None, "previous_page": None})

    def _list(self, _: Call) -> Reply:
        self._gate()
        return Reply({"schedules": list(self.schedules.values()), "url": address(self._desk, f"{_BASE}.json")})

    def _show(self, call: Call) -> Reply:
        self._gate()
        return Reply({"schedule": find(self.schedules, call.args["id"])})

    def _create(self, call: Call) -> Reply:
        self._gate()
        wanted = _named(inside(call, "schedule"))
        if self.schedules and not self._desk.at_least("enterprise"):
            raise forbidden("the plan has one schedule")
        made = self._keep(self._desk.new_id(), wanted["name"], wanted["time_zone"], self._desk.stamp())
        return Reply({"schedule": made}, 201)

    def _rename(self, call: Call) -> Reply:
        self._gate()
        found = find(self.schedules, call.args["id"])
        wanted = _named(inside(call, "schedule"))
        new = {**found, **wanted, "updated_at": self._desk.stamp()}
        self.schedules[found["id"]] = new
        return Reply({"schedule": new})

    def _delete(self, call: Call) -> Reply:
        self._gate()
        found = find(self.schedules, call.args["id"])
        del self.schedules[found["id"]], self.holidays[found["id"]]
        return Reply(None, 204)

    def _workweek(self, call: Call) -> Reply:
        self._gate()
        found = find(self.schedules, call.args["id"])
        intervals = inside(call, "workweek").get("intervals")
        if not isinstance(intervals, list):
            raise wrong_body("intervals")
        week = self._week(intervals)
        self.schedules[found["id"]] = {**found, "intervals": week, "updated_at": self._desk.stamp()}
        return Reply({"workweek": {"intervals": week}})

    def _week(self, intervals: list[Json]) -> list[Record]:
        """Return a week in order. Raises the 422 of intervals that are no numbers, cross midnight or overlap."""
        if not intervals and not self._desk.features.get("empty_workweek", False):
            raise invalid(intervals="a week needs an interval")
        pairs = sorted(_pair(interval) for interval in intervals)
        strict = self._desk.features.get("strict_hours", False)
        end_before = 0
        for start, end in pairs:
            if end <= start:
                raise invalid(intervals="an interval ends after it starts")
            if start // DAY != (end - 1) // DAY:
                raise invalid(intervals="an interval stays inside one day")
            if start < end_before:
                raise invalid(intervals="intervals must not overlap")
            if strict and (start % 15 or end % 15 or end - start < 60):
                raise invalid(intervals="an interval takes an hour or more, in steps of 15 minutes")
            end_before = end
        return [{"start_time": start, "end_time": end} for start, end in pairs]

    # --- holidays -------------------------------------------------------------------------------------------------

    def _of(self, call: Call) -> dict[int, Record]:
        self._gate()
        if call.args["id"] not in self.schedules:
            raise missing()
        return self.holidays[call.args["id"]]

    def _list_holidays(self, call: Call) -> Reply:
        rows = list(self._of(call).values())
        first, last = call.query.get("start_date"), call.query.get("end_date")
        for name, text in (("start_date", first), ("end_date", last)):
            if text is not None and _date(text) is None:
                raise invalid(**{name: "is no date"})
        if first is not None:
            rows = [row for row in rows if row["end_date"] >= first]
        if last is not None:
            rows = [row for row in rows if row["start_date"] <= last]
        return Reply({"holidays": rows, "url": address(self._desk, call.path)})

    def _show_holiday(self, call: Call) -> Reply:
        return Reply({"holiday": find(self._of(call), call.args["holiday"])})

    def _create_holiday(self, call: Call) -> Reply:
        rows = self._of(call)
        made: Record = {"id": self._desk.new_id(), **self._days(inside(call, "holiday"))}
        rows[made["id"]] = made
        return Reply({"holiday": made}, 201)

    def _change_holiday(self, call: Call) -> Reply:
        rows = self._of(call)
        found = find(rows, call.args["holiday"])
        rows[found["id"]] = {"id": found["id"], **self._days(inside(call, "holiday"))}
        return Reply({"holiday": rows[found["id"]]})

    def _delete_holiday(self, call: Call) -> Reply:
        rows = self._of(call)
        del rows[find(rows, call.args["holiday"])["id"]]
        return Reply(None, 204)

    def _days(self, wanted: Record) -> Record:
        """Return name and dates of a holiday; raises the 422 of a wrong date, order or window of two years."""
        values: Record = {name: wanted.get(name) for name in ("name", "start_date", "end_date")}
        checked(values, {"name": is_text, "start_date": _is_date, "end_date": _is_date})
        start, end = date.fromisoformat(values["start_date"]), date.fromisoformat(values["end_date"])
        if end < start:
            raise invalid(end_date="is before start_date")
        today = self._desk.now().date()
        if start <= _years(today, -2):
            raise invalid(start_date="is more than two years ago")
        if end >= _years(today, 2):
            raise invalid(end_date="is more than two years ahead")
        return values


def _named(wanted: Record) -> Record:
    values = {"name": wanted.get("name"), "time_zone": wanted.get("time_zone")}
    checked(values, {"name": is_text, "time_zone": lambda zone: isinstance(zone, str) and zone in ZONES})
    return values


def _pair(interval: Json) -> tuple[int, int]:
    """Return minutes of an interval. Sunday 00:00 is 0 or 10080 wherever it starts or ends something [DOC]."""
    if not isinstance(interval, dict):
        raise invalid(intervals="an interval has start_time and end_time")
    start: Json = interval.get("start_time")
    end: Json = interval.get("end_time")
    if not (is_number(start) and is_number(end) and 0 <= start <= WEEK and 0 <= end <= WEEK):
        raise invalid(intervals="minutes are whole numbers from 0 to 10080")
    return int(start) % WEEK, WEEK if end == 0 and start >= WEEK - DAY else int(end)


def _date(text: Json) -> date | None:
    try:
        found = date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.isoformat() == text else None


def _is_date(text: Json) -> bool:
    return _date(text) is not None


def _years(day: date, years: int) -> date:
    month_end = day.month == 2 and day.day == 29
    return date(day.year + years, day.month, 28 if month_end else day.day)


def _local(schedule: Record, at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(ZONES[schedule["time_zone"]]))


def _offset(zone: str, now: datetime) -> int:
    shift = now.astimezone(ZoneInfo(zone)).utcoffset()
    return int(shift.total_seconds() // 60) if shift is not None else 0
