"""A kind about contacts that are written to, or brought to an agent, at a set time: one schedule for each of them."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Unpack
from zoneinfo import ZoneInfo

from runner.errors import InvalidInput
from runner.kinds.hours import zone_of
from runner.kinds.shape import (
    TEMPLATE,
    Overrides,
    Schema,
    With,
    describe,
    every_text,
    fields,
    objects,
    override,
    texts,
)
from runner.model import Claim, Json, Merge, Op
from runner.spi import Context, Found, Identity, KindSpec, Query, Want
from runner.windows import TimeError, resolve, to_instant, zone

OPENS: Final = ("open_ticket", "open_ticket_and_notify")
ACTIONS: Final = (*OPENS, "notify_agent")
SPACING: Final = timedelta(minutes=6)
_MOST: Final = 1000  # places in a row that are tried for one contact
_SPAN: Final = re.compile(r"(\d{1,4})([mhd])")


def scheduled_contact(spacing: timedelta = SPACING, why: str = "", **overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind that schedules one contact after the other: a ticket opened, an agent told, or both.

    Slots: key = marker, one for each contact and repeat; path ``scheduled``, value ``{"at", "action", "contact",
    "department", "attendant", "comment", "message"}`` with the vendor's ids. The query also asks for
    ``contact/<marker>/...``, ``department/...`` and ``attendant/...``, each ending in ``id/5`` or ``name/Ana`` as
    typed, which a provider answers with the id, for ``schedules``, the instants (RFC 3339) of everybody else's, and
    for the ``zone`` of the vendor's clock. Two schedules keep `spacing` between them; `why` is the vendor's reason,
    for the hint.
    """

    def query(with_: With, context: Context) -> Query:
        items = _items(with_, context)
        whose = [f"contact/{one.marker}/{one.contact}" for one in items]
        shared = [f"{name}/{_handle(with_[name])}" for name in ("department", "attendant")]
        paths = ("name", "zone", "scheduled", "schedules", *shared, *whose)
        return Query("scheduled_contact", ids=tuple(one.marker for one in items), paths=paths)

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        if with_["action"] not in OPENS and "message" in with_:
            raise InvalidInput("`message` goes to the contact, and `notify_agent` writes to nobody", hint="drop it")
        items = _items(with_, context)
        times = _times(with_, context, found, spacing, why)
        at, item = next((times[place], one) for place, one in enumerate(items) if one.marker == found.key)
        value = {
            "at": wall(at, zone_of(context, found)),
            "action": with_["action"],
            "contact": _known(found, f"contact/{item.marker}", item.contact),
            "department": _known(found, "department", _handle(with_["department"])),
            "attendant": _known(found, "attendant", _handle(with_["attendant"])),
            "comment": with_.get("comment", ""),
            "message": every_text(with_["message"], context) if "message" in with_ else "",
        }
        return [Want("scheduled", Claim(Op.PUT, {name: part for name, part in value.items() if part}))]

    def says(with_: With, context: Context, found: Sequence[Found]) -> Sequence[str]:
        if not found:
            return []
        times, here = _times(with_, context, found[0], spacing, why), zone_of(context, found[0])
        words = f"the first at {wall(min(times), here)}, the last at {wall(max(times), here)}"
        return [f"{len(times)} {'schedules' if len(times) > 1 else 'schedule'}: {words}"]

    spec = KindSpec(
        "scheduled_contact",
        "Scheduled contact",
        _schema(spacing),
        query,
        claims,
        {"scheduled": Merge.ATOMIC},
        identity=Identity.MARKER,
        announces=("message",),
        says=says,
    )
    return override(spec, overrides)


def wall(instant: datetime, where: ZoneInfo) -> str:
    """Return an instant as the clock of `where` shows it, with the zone's name: ``2026-12-11 15:00 America/Bogota``."""
    local = instant.astimezone(where)
    return f"{local:%Y-%m-%d %H:%M}{f':{local:%S}' if local.second else ''} {where.key}"


# --- who ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Item:
    """One schedule of a step: its marker, the contact as typed (``name/Ana``), and in which round it comes."""

    marker: str
    contact: str
    round: int


def _items(with_: With, context: Context) -> list[_Item]:
    """Return the schedules of a step, round by round. Raises `InvalidInput` for a contact that is listed twice."""
    rounds, whom = with_.get("repeat", {}).get("times", 1), handles(with_["contacts"])
    return [_Item(context.marker(f"{each}\n{n}"), each, n) for n in range(rounds) for each in whom]


def handles(given: Json) -> list[str]:
    """Return a selector as typed, ``id/5`` or ``name/Ana``. Raises `InvalidInput` for one that is listed twice."""
    found = [_handle(each) for each in (given if isinstance(given, list | tuple) else [given])]
    if twice := next((each for at, each in enumerate(found) if each in found[:at]), ""):
        raise InvalidInput(f"{twice.partition('/')[2]!r} is listed twice", hint="keep one of the two")
    return found


def _handle(value: Json) -> str:
    return f"id/{value['id']}" if isinstance(value, Mapping) else f"name/{value}"


def _known(found: Found, path: str, handle: str) -> str:
    """Return the id that was read for what is typed; what is typed, where nobody could look it up."""
    read = found.values.get(f"{path}/{handle}")
    return read if isinstance(read, str) else handle.partition("/")[2]


# --- when -----------------------------------------------------------------------------------------------------------


def _times(with_: With, context: Context, found: Found, spacing: timedelta, why: str) -> tuple[datetime, ...]:
    """Return the instant of every schedule, in the order of `_items`. Raises `InvalidInput` for times that cannot be:
    over before the step begins, too near to each other, past the deadline, or later than the step."""
    where, every = zone(context.timezone), _span(with_.get("every", _minutes(spacing)))
    if every < spacing:
        hint = why or "give a longer `every`, or leave it out"
        text = f"contacts {_minutes(every)} apart are too near to each other: it takes at least {_minutes(spacing)}"
        raise InvalidInput(text, hint=hint)
    firsts = _firsts(with_, context, where)
    here = zone_of(context, found)
    if firsts[0] < context.start:
        raise InvalidInput(
            f"the first contact would be at {wall(firsts[0], here)}, before the step begins",
            hint="give a later `at`, such as `end + 30m`",
        )
    listed = found.values.get("schedules")
    taken = tuple(listed) if isinstance(listed, list) else ()
    count = len(_items(with_, context)) // len(firsts)
    times = _spread(firsts, count, every, spacing, taken, here)
    _in_time(with_, context, max(times), here)
    return times


def _in_time(with_: With, context: Context, last: datetime, here: ZoneInfo) -> None:
    """Raise `InvalidInput` where the last schedule comes after the deadline, or after the end of its step."""
    if "deadline" in with_:
        deadline = _instant(with_["deadline"], "deadline", context, zone(context.timezone))
        if last > deadline:
            raise InvalidInput(
                f"the last contact would be at {wall(last, here)}, after the deadline {wall(deadline, here)}",
                hint="give an earlier `at`, a later `deadline`, or fewer contacts",
            )
    if context.end is not None and last >= context.end:
        raise InvalidInput(
            f"the last contact would be at {wall(last, here)}, and the step, which takes back what is still to come, "
            f"ends at {wall(context.end, here)}",
            hint="give the step an `until:` of its own, beside `uses:`, later than the last contact",
        )


def _firsts(with_: With, context: Context, where: ZoneInfo) -> tuple[datetime, ...]:
    """Return when each round begins."""
    first = _instant(with_["at"], "at", context, where)
    repeat = with_.get("repeat", {"every": "1d", "times": 1})
    number, unit = _parts(repeat["every"])
    rounds = []
    for n in range(repeat["times"]):
        if unit == "d":
            wall_time = first.astimezone(where).replace(tzinfo=None) + timedelta(days=n * number)
            rounds.append(to_instant(wall_time, where)[0])
        else:
            rounds.append(first + n * _span(repeat["every"]))
    return tuple(rounds)


def _instant(text: str, field: str, context: Context, where: ZoneInfo) -> datetime:
    """Return a time of a step, to the minute: schedules know no seconds."""
    try:
        found = resolve(text, *context.window, where)[0]
    except TimeError as error:
        raise InvalidInput(f"{field}: {error}", hint="write `end + 30m`, or 2026-12-11 15:00") from error
    return found if not found.second else found.replace(second=0) + timedelta(minutes=1)


@lru_cache(maxsize=16)
def _spread(
    firsts: tuple[datetime, ...],
    count: int,
    every: timedelta,
    spacing: timedelta,
    taken: tuple[str, ...],
    here: ZoneInfo,
) -> tuple[datetime, ...]:
    """Return the instants of `count` contacts in every round.

    Each has its place in the row. One whose place is too near to another schedule goes to the end of its round: so the
    others keep theirs, whoever comes in between while they are made. Raises `InvalidInput` when there is no room.
    """
    others = sorted(datetime.fromisoformat(text) for text in taken)
    times: dict[int, datetime] = {}
    held_up = []
    for place in range(count * len(firsts)):
        at = firsts[place // count] + place % count * every
        if _free(at, others, spacing, here):
            insort(others, at)
            times[place] = at
        else:
            held_up.append(place)
    for place in held_up:
        row = (firsts[place // count] + n * every for n in range(count, count + _MOST))
        room = next((at for at in row if _free(at, others, spacing, here)), None)
        if room is None:
            raise InvalidInput("other schedules leave no room", hint="give another `at`, or clear schedules there")
        insort(others, room)
        times[place] = room
    return tuple(times[place] for place in range(len(times)))


def _free(at: datetime, others: Sequence[datetime], spacing: timedelta, here: ZoneInfo) -> bool:
    """Whether no other schedule is near, and the vendor's clock shows the time once."""
    place = bisect_left(others, at)
    near = (each for each in others[max(place - 1, 0) : place + 1] if abs(each - at) < spacing)
    once = at.astimezone(here).replace(fold=0).astimezone(UTC) == at
    return once and next(near, None) is None


def _parts(text: str) -> tuple[int, str]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text!r} is no span of time", hint="write `6m`, `1h` or `1d`")
    return int(found[1]), found[2]


def _span(text: str) -> timedelta:
    number, unit = _parts(text)
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[unit]: number})


def _minutes(span: timedelta) -> str:
    return f"{span // timedelta(minutes=1)}m"


# --- the schema -----------------------------------------------------------------------------------------------------


def _schema(spacing: timedelta) -> Schema:
    return fields(dict(_fields(spacing)), ["action", "contacts", "department", "attendant", "at"], **_OPENING)


_OPENING: Final = {  # a ticket that is opened says what it is about
    "if": {"properties": {"action": {"enum": list(OPENS)}}, "required": ["action"]},
    "then": {"required": ["comment"]},
}
_TIME: Final[Schema] = {
    "type": "string",
    "pattern": r"^\s*(start|end)\b|^\s*\d{4}-\d\d-\d\d[T ]\d\d:\d\d" + TEMPLATE,
    "patternErrorMessage": "write `end + 30m`, or a time such as `2026-12-11 15:00`",
}


def _length(example: str) -> Schema:
    words = f"write a number and m, h or d: `{example}`"
    return {"type": "string", "pattern": r"^\d{1,4}[mhd]$" + TEMPLATE, "patternErrorMessage": words}


def _fields(spacing: timedelta) -> Iterator[tuple[str, Schema]]:
    """Yield the fields of `with`."""
    each = _minutes(spacing)
    yield (
        "action",
        {
            "enum": list(ACTIONS),
            "title": "Action",
            "description": "What happens at the time: a ticket is opened, an agent is told, or both.",
        },
    )
    whom = "Names of the contacts, their numbers, or `{id: ...}`: one, or a list of either. Each gets a schedule."
    yield "contacts", {**objects("contact"), "title": "Contacts", "description": whom}
    for name, words in (("department", "Where the ticket lands."), ("attendant", "Who gets it, or is told.")):
        yield name, {**objects(name), "oneOf": objects(name)["oneOf"][:2], "description": f"{words} Name or `{{id}}`."}
    yield "at", describe(_TIME, "At", "When the first contact is due: `end + 30m`, or a time.")
    yield (
        "every",
        {**describe(_length("6m"), "Every", f"Time from one contact to the next, at least `{each}`."), "default": each},
    )
    yield "deadline", describe(_TIME, "Deadline", "The step is refused when its last contact would come later.")
    comment: Schema = {"type": "string", "minLength": 1}
    yield "comment", describe(comment, "Comment", "For the agents; required where a ticket is opened.")
    yield from texts("message", "Message", "Goes to the contact with the ticket; all languages in one.").items()
    yield (
        "repeat",
        fields(
            {
                "every": describe(_length("1d"), "Every", "Time from one round to the next; days are local days."),
                "times": {"type": "integer", "minimum": 1, "title": "Times", "description": "How many rounds in all."},
            },
            ["every", "times"],
            title="Repeat",
            description="More rounds of the same: every one is a schedule of its own.",
        ),
    )
    yield (
        "at_most",
        {
            "type": "integer",
            "minimum": 1,
            "title": "At most",
            "description": "Refuse the step when it makes more schedules than this.",
        },
    )
