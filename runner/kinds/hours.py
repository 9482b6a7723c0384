"""Kinds about opening times: weekly hours of a schedule or a channel, and holidays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Unpack
from zoneinfo import ZoneInfo

from runner import minutes
from runner.errors import InvalidInput
from runner.kinds.shape import (
    DATE,
    Overrides,
    With,
    describe,
    either,
    fields,
    hours_of,
    objects,
    one_text,
    override,
    pick,
    texts,
)
from runner.model import Claim, Merge, Op
from runner.spi import Context, Found, KindSpec, Query, Want
from runner.windows import TimeError, closed_minutes, local_dates, zone

CLOSED = {
    "title": "Closed",
    "description": "`window`: closed while the step is active, converted to the schedule's own zone; "
    "the other hours of those days stay open.",
    "const": "window",
}


def business_hours(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind for the weekly hours of a schedule.

    Slots: key = schedule id, paths ``hours/sun`` .. ``hours/sat`` (open times in the schedule's zone), and ``zone``.
    """
    return _hours("business_hours", "Business hours", "schedule", overrides)


def channel_hours(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind for the weekly hours of a channel; slots as in `business_hours`, key = channel id."""
    return _hours("channel_hours", "Hours of a channel", "channel", overrides)


def _hours(kind: str, title: str, what: str, overrides: Overrides) -> KindSpec:
    def query(with_: With, context: Context) -> Query:
        del context
        return pick(kind, with_[what], ("zone", "hours/*"))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        if "hours" in with_:
            return _weekly(with_["hours"])
        closed = closed_minutes(context.start, last_instant(context), zone_of(context, found))
        return [Want(f"hours/{dow}", Claim(Op.MEMBERS, remove=tuple(ranges))) for dow, ranges in closed.items()]

    weekly = describe(hours_of(), "Hours", "Hours per weekday while the step is active; days not listed stay.")
    schema = fields({what: objects(what), "hours": weekly, "closed": CLOSED}, [what], **either("hours", "closed"))
    spec = KindSpec(kind, title, schema, query, claims, {"hours/*": Merge.MINUTES}, whole_object=True)
    return override(spec, overrides)


def _weekly(hours: With) -> Sequence[Want]:
    wants = []
    for dow, ranges in hours.items():
        try:
            wants.append(Want(f"hours/{dow}", Claim(Op.PUT, minutes.normalise(ranges))))
        except ValueError as error:
            raise InvalidInput(
                f"hours of {dow}: {error}", hint='write `["09:00-12:00"]`, or `[]` for closed'
            ) from error
    return wants


def zone_of(context: Context, found: Found) -> ZoneInfo:
    """Return the object's own zone, or the target's when the object has none; raises InvalidInput for an odd one."""
    own = found.values.get("zone")
    name = own if isinstance(own, str) and own else context.target.zone
    try:
        return zone(name)
    except TimeError as error:
        raise InvalidInput(
            f"{found.name or found.key} on {context.target.name}: {error}",
            hint=f"set its time zone on the helpdesk, or `zone` under targets.{context.target.name} in runner.yaml",
        ) from error


def last_instant(context: Context) -> datetime:
    """Return the end of the step; something that stays is taken to end with the window."""
    return context.end or context.window[1]


# --- holidays -------------------------------------------------------------------------------------------------------


def holiday(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind for a holiday of a schedule.

    Slots: key = schedule id, path ``holidays/<marker>``, value ``{"name", "start_date", "end_date"}`` (dates as
    ``YYYY-MM-DD``, both included, in the schedule's zone).
    """

    def query(with_: With, context: Context) -> Query:
        return pick("holiday", with_["schedule"], ("zone", f"holidays/{context.marker()}"))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        first, last = _dates(with_, context, zone_of(context, found))
        value = {"name": one_text(with_["name"], context), "start_date": first, "end_date": last}
        return [Want(f"holidays/{context.marker()}", Claim(Op.PUT, value))]

    schema = fields(
        {
            "schedule": objects("schedule"),
            **texts("name", "Name", "Name of the holiday."),
            "from": describe(DATE, "From", "First day, `2026-12-25`; default: the first local day of the step."),
            "to": describe(DATE, "To", "Last day, included; default: `from`, else the last local day of the step."),
        },
        ["schedule"],
        **either("name", "name_file"),
    )
    spec = KindSpec("holiday", "Holiday", schema, query, claims, {"holidays/*": Merge.ATOMIC}, announces=("name",))
    return override(spec, overrides)


def _dates(with_: With, context: Context, where: ZoneInfo) -> tuple[str, str]:
    begins, ends = local_dates(context.start, last_instant(context), where)
    first = _date(with_["from"]) if "from" in with_ else begins
    last = _date(with_["to"]) if "to" in with_ else first if "from" in with_ else ends
    if last < first:
        raise InvalidInput(f"holiday: the last day {last} is before the first day {first}", hint="mend `from` and `to`")
    return first.isoformat(), last.isoformat()


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"holiday: {text!r} is not a date", hint="write it as 2026-12-25") from error
