"""Holidays: a period, to the minute, in which everybody who writes gets a message. So one kind serves whole days and a
few hours: ``closed: window`` is the outage itself.

The vendor takes instants [DOC]; in its own example a whole day ends at 23:59 of the account's clock. Our marker stands
at the end of the name, which only agents see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from providers.digisac.account import Account
from providers.digisac.client import Client
from providers.digisac.shared import DONE, MANY, MOVED, Values, marked, one_by_one, put, unmarked
from runner import kinds
from runner.model import ABSENT, Accepted, Change, Claim, Json, Merge, Op, Outcome, Value
from runner.spi import Context, Found, Identity, InvalidInput, KindSpec, Query, Rejected, Want

PATH: Final = "/holiday"
LAST: Final = time(23, 59)
_PARTS: Final = ("name", "from", "to", "message")


def holiday(account: Account) -> KindSpec:
    """Return the kind. Slots: key = marker, path ``holiday``, value ``{"name", "from", "to", "message"}``."""

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        del with_
        return Query("holiday", ids=(context.marker(),), paths=("name", "holiday"))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        del found
        begins, ends = _period(with_, context, account.zone)
        value = {
            "name": kinds.one_text(with_["name"], context),
            "from": kinds.rfc3339(begins),
            "to": kinds.rfc3339(ends),
            "message": kinds.every_text(with_["message"], context),
        }
        return [Want("holiday", Claim(Op.PUT, value))]

    def says(with_: Mapping[str, Any], context: Context, found: Sequence[Found]) -> Sequence[str]:
        del found
        begins, ends = (moment.astimezone(account.zone) for moment in _period(with_, context, account.zone))
        return [f"from {begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} by the clock of {account.zone.key}"]

    common = kinds.holiday()
    whole = {name: common.schema["properties"][name] for name in ("name", "name_file", "from", "to")}
    message = kinds.texts("message", "Message", "What everybody hears who writes meanwhile; all languages in one.")
    closed = {
        "title": "Closed",
        "description": "`window`: from the minute the step begins to the minute it ends, instead of whole days.",
        "const": "window",
    }
    one_of = [{"anyOf": [{"required": [name]}, {"required": [f"{name}_file"]}]} for name in ("name", "message")]
    apart = [{"not": {"required": ["closed", name]}} for name in ("from", "to")]
    return kinds.override(
        common,
        {
            "schema": kinds.fields({**whole, "closed": closed, **message}, allOf=[*one_of, *apart]),
            "query": query,
            "claims": claims,
            "says": says,
            "merges": {"holiday": Merge.ATOMIC},
            "identity": Identity.MARKER,
            "announces": ("message",),
            "rate": account.per_minute,
            "max_batch": 1,
            "max_in_flight": MANY,
            "precondition": True,
            "notes": ("It holds for every connection of the account.",),
        },
    )


def _period(with_: Mapping[str, Any], context: Context, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the instants between which the holiday holds. Raises `InvalidInput`."""
    start, end = context.start, context.end or context.window[1]
    if "closed" in with_:
        return start, end
    last = max(end - timedelta(microseconds=1), start).astimezone(zone).date()
    first = _day(with_["from"]) if "from" in with_ else start.astimezone(zone).date()
    last = _day(with_["to"]) if "to" in with_ else first if "from" in with_ else last
    if last < first:
        words = f"holiday: the last day {last} is before the first day {first}"
        raise InvalidInput(words, hint="mend `from` and `to`")
    begins = datetime.combine(first, time(), zone)
    return begins.astimezone(UTC), datetime.combine(last, LAST, zone).astimezone(UTC)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"holiday: {text!r} is not a date", hint="write it as 2026-12-25") from error


# --- a holiday as a slot --------------------------------------------------------------------------------------------


def value_of(row: Mapping[str, Any]) -> dict[str, Json]:
    """Return what a holiday holds, with its instants to the second, in UTC."""
    times = {name: _instant(row.get(name)) for name in ("from", "to")}
    return {"name": unmarked(str(row.get("name") or ""))[0], **times, "message": str(row.get("message") or "")}


def body_of(value: Mapping[str, Any], marker: str) -> dict[str, Json]:
    """Return a holiday as the vendor takes it [DOC]: ``2026-12-11T03:00:00.000Z``."""
    times = {name: str(value[name]).replace("Z", ".000Z") for name in ("from", "to")}
    return {"name": marked(str(value["name"]), marker), **times, "message": value["message"]}


def _instant(text: Any) -> str:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text)
    return kinds.rfc3339(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


# --- the area -------------------------------------------------------------------------------------------------------


class Holidays:
    """The holidays of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind holiday."""
        return (holiday(self._client.account),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield holidays by marker, or all of them; those of others by their id."""
        if query.where is not None:
            raise Rejected("holidays cannot be selected by a filter", field="where")
        if not query.ids:
            for row in self._rows():
                yield unmarked(str(row.get("name") or ""))[1] or str(row["id"]), _values(row)
            return
        mine = self._marked()
        for key in query.ids:
            yield key, _values(mine[key]) if key in mine else {}

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write holiday by holiday. Raises `ProviderError`."""
        mine = self._marked()

        def act(change: Change) -> Outcome | None:
            return self._set(change, mine.get(change.slot.key))

        yield from one_by_one(self._client, batch, act)

    def _set(self, change: Change, row: Mapping[str, Any] | None) -> Outcome | None:
        live: Value = value_of(row) if row is not None else ABSENT
        if live == change.after:
            return DONE
        if live != change.before:
            return MOVED
        body = body_of(change.after, change.slot.key) if isinstance(change.after, Mapping) else None
        return put(self._client, PATH, "a holiday", row, body)

    def _rows(self) -> Iterator[dict[str, Any]]:
        return self._client.pages(PATH, "list holidays")

    def _marked(self) -> dict[str, dict[str, Any]]:
        return {marker: row for row in self._rows() if (marker := unmarked(str(row.get("name") or ""))[1])}


def _values(row: Mapping[str, Any]) -> Values:
    value = value_of(row)
    return {"name": value["name"] or str(row["id"]), "holiday": value}
