"""Business hours and holidays of Support schedules [DOC]: the pure mapping, and the area that reads and writes them.

The weekly list is in minutes since Sunday 00:00 of the schedule's own zone, no interval crosses midnight, and writing
it replaces the whole of it. Holidays are whole days, two years back and ahead; ours carry their marker at the end of
their name, because creating one is not idempotent and names are not unique.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from providers.zendesk.client import Client, expect
from providers.zendesk.shared import Values, attempt, existing, one_by_one, wanted_ids
from providers.zendesk.zones import iana
from runner import kinds, minutes
from runner.model import Change, Op, Outcome, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Rejected, Want

DAY: Final = 24 * 60
WEEK: Final = 7 * DAY
TWO_YEARS: Final = 729  # days; the bound is by date, its last day is refused, and a day is left to the zones [SALTO]
SCHEDULES: Final = "/api/v2/business_hours/schedules"


# --- mapping --------------------------------------------------------------------------------------------------------


def hours_of(intervals: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """Return ``hours/<weekday>`` -> open times, from intervals in minutes since Sunday.

    The end of the week is 0 or 10,080 wherever it stands [DOC]. What crosses midnight, which Zendesk does not take
    itself, is cut there.
    """
    days: dict[str, list[str]] = {f"hours/{dow}": [] for dow in minutes.WEEKDAYS}
    for start, end in sorted((int(each["start_time"]) % WEEK, int(each["end_time"])) for each in intervals):
        left, until = start, end if end > start else end + WEEK
        while left < until:
            index, begin = divmod(left, DAY)
            stop = min(until, (index + 1) * DAY)
            days[f"hours/{minutes.WEEKDAYS[index % 7]}"].append(
                f"{minutes.clock(begin)}-{minutes.clock(stop - index * DAY)}"
            )
            left = stop
    return {path: sorted(times) for path, times in days.items()}


def intervals_of(hours: Mapping[str, Value]) -> list[dict[str, int]]:
    """Return the intervals of a whole week, in order; the opposite of `hours_of`. Ranges that touch stay apart."""
    found = []
    for index, dow in enumerate(minutes.WEEKDAYS):
        value = hours.get(f"hours/{dow}")
        for text in value if isinstance(value, list) else ():
            covered = minutes.parse([text])
            start, end = (index * DAY + minute for minute in (min(covered), max(covered) + 1))
            found.append({"start_time": start, "end_time": end})
    return found


def shown_name(name: str, marker: str) -> str:
    """Return the name that Zendesk shows for something of ours: the marker at its end."""
    return f"{name} [{marker}]"


def split_name(shown: str) -> tuple[str, str]:
    """Return name and marker of a shown name; the marker is "" for what is not ours."""
    name, _, rest = shown.rpartition(" [")
    return (name, rest[:-1]) if rest.startswith("or-") and rest.endswith("]") else (shown, "")


def holidays_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, dict[str, str]]]:
    """Return marker -> (id, value) of the holidays that are ours."""
    found = {}
    for row in rows:
        name, marker = split_name(str(row.get("name", "")))
        if marker:
            value = {"name": name, "start_date": str(row["start_date"]), "end_date": str(row["end_date"])}
            found[marker] = (int(row["id"]), value)
    return found


# --- what a plan refuses --------------------------------------------------------------------------------------------


def _never_all_closed(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
    """Return the claims on a week. Raises `InvalidInput` when no open hour is left: that is not documented."""
    wants = kinds.business_hours().claims(with_, context, found)
    week = {path: value for path, value in found.values.items() if path.startswith("hours/")}
    for want in wants:
        if want.claim.op is Op.PUT:
            week[want.path] = want.claim.value
        else:
            there = week.get(want.path)
            open_ = minutes.parse(there if isinstance(there, list) else [])
            week[want.path] = minutes.format(open_ - minutes.parse(want.claim.remove))
    if not any(isinstance(value, list) and value for value in week.values()):
        raise InvalidInput(f"{found.name} on {context.target.name} would be closed all week", hint=_HOLIDAY)
    return wants


def _in_the_window(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
    """Return the claim on a holiday. Raises `InvalidInput` for one that Zendesk would not take when the step begins."""
    wants = kinds.holiday().claims(with_, context, found)
    for want in wants:
        if isinstance(want.claim.value, Mapping) and is_far(want.claim.value, context.start.date()):
            first, last = want.claim.value["start_date"], want.claim.value["end_date"]
            raise InvalidInput(
                f"the holiday from {first} to {last} is too far away for {context.target.name}",
                hint="Zendesk takes holidays up to two years back or ahead: mend `from` and `to`",
            )
    return wants


def is_far(value: Mapping[str, str], today: date) -> bool:
    """Whether a holiday lies outside the two years that Zendesk takes."""
    first, last = date.fromisoformat(value["start_date"]), date.fromisoformat(value["end_date"])
    return first < today - timedelta(days=TWO_YEARS) or last > today + timedelta(days=TWO_YEARS)


_HOLIDAY: Final = "a week without any open hour is not documented; close whole days with `uses: holiday`"


# --- the area -------------------------------------------------------------------------------------------------------


class Hours:
    """Schedules: their weekly hours and their holidays."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def specs(self) -> Sequence[KindSpec]:
        """Return business_hours and holiday."""
        rate = self._client.account.per_minute("support")
        note = "Zendesk shows 15-minute steps and an hour at least; what its API enforces is not documented."
        hours = kinds.business_hours(rate=rate, max_batch=1, notes=(note,))
        holiday = kinds.holiday(rate=rate, max_batch=1)
        return (
            existing(replace(hours, claims=_never_all_closed), "schedule"),
            existing(replace(holiday, claims=_in_the_window), "schedule"),
        )

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield schedules with their hours, or with the holidays that are asked for."""
        for key, values in wanted_ids(query, self._schedules):
            if query.kind == "holiday" and values and any(path.startswith("holidays/") for path in query.paths):
                mine = {f"holidays/{marker}": value for marker, (_, value) in self._holidays(key).items()}
                yield key, {**values, **mine}
            else:
                yield key, values

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Write hours, a whole week in one request, or holidays, one request each."""
        if batch[0].slot.kind == "business_hours":
            yield from one_by_one(batch, self._set_hours)
            return
        for change in batch:
            yield attempt(partial(self._set_holiday, change))

    def _schedules(self) -> Iterator[tuple[str, Values]]:
        for row in self._client.whole(SCHEDULES, "schedules", "list schedules"):
            values = {"name": row["name"], "zone": iana(str(row["time_zone"])), **hours_of(row.get("intervals") or ())}
            yield str(row["id"]), values

    def _holidays(self, schedule: str) -> dict[str, tuple[int, dict[str, str]]]:
        return holidays_of(self._client.whole(f"{SCHEDULES}/{schedule}/holidays", "holidays", "list holidays"))

    def _set_hours(self, schedule: str, changes: Sequence[Change]) -> None:
        """Replace the week: days that the batch does not change are read first, because the list is written whole."""
        data = self._client.get(f"{SCHEDULES}/{schedule}", "show the schedule")
        row = expect(data, "schedule", dict, "show the schedule", self._client.account.name)
        hours: dict[str, Value] = {**hours_of(row.get("intervals") or ())}
        hours |= {change.slot.path: change.after for change in changes}
        intervals = intervals_of(hours)
        if not intervals:
            raise Rejected(_HOLIDAY, field="hours")
        body = {"workweek": {"intervals": intervals}}
        self._client.write("PUT", f"{SCHEDULES}/{schedule}/workweek", "set the hours", body)

    def _set_holiday(self, change: Change) -> None:
        """Create, change or delete one holiday, found by its marker."""
        schedule, marker, value = change.slot.key, change.slot.path.removeprefix("holidays/"), change.after
        at, known = f"{SCHEDULES}/{schedule}/holidays", self._holidays(schedule).get(marker)
        if not isinstance(value, dict):
            if known is not None:
                self._client.write("DELETE", f"{at}/{known[0]}", "delete the holiday")
            return
        if is_far(value, self._client.io.now().date()):
            raise Rejected("a holiday may lie two years back or ahead at most", field="end_date")
        body = {"holiday": {**value, "name": shown_name(value["name"], marker)}}
        if known is None:
            self._client.write("POST", at, "create the holiday", body)
        elif known[1] != value:
            self._client.write("PUT", f"{at}/{known[0]}", "change the holiday", body)
