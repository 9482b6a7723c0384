"""Kinds about tickets: pausing the ones that match, and snoozing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Unpack

from runner.errors import InvalidInput
from runner.kinds.shape import (
    ONE_OR_MORE,
    TEMPLATE,
    Overrides,
    Schema,
    With,
    any_of,
    describe,
    fields,
    override,
    word,
)
from runner.model import Claim, Merge, Op, Value
from runner.spi import Context, Found, KindSpec, Query, Want
from runner.windows import PRESETS, TimeError, snooze_due, zone

SELECT: Final[Schema] = fields(
    {
        "status": describe(ONE_OR_MORE, "Status", "The ticket's status, or any of a list."),
        "group": describe(ONE_OR_MORE, "Group", "The group that has the ticket, or any of a list."),
        "tags": describe(ONE_OR_MORE, "Tags", "A tag that the ticket has; of a list, all of them."),
        "channel": describe(ONE_OR_MORE, "Channel", "Where the ticket came from, or any of a list."),
        "priority": describe(ONE_OR_MORE, "Priority", "The ticket's priority, or any of a list."),
    },
    title="Select",
    description="Which tickets: all conditions must hold.",
    minProperties=1,
)
AT_MOST: Final[Schema] = {
    "type": "integer",
    "minimum": 1,
    "title": "At most",
    "description": "Refuse the step when more tickets than this match.",
}


def matches(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a ticket with these values (path -> value) is selected by `where`.

    A scalar asks for equality, a list for any of its values; `tags` asks for all of its tags.
    """
    for name, wanted in where.items():
        if name == "tags":
            if not all(values.get(f"tags/{tag}") is True for tag in _tags(wanted)):
                return False
        elif name not in values or not any_of(wanted, values[name]):
            return False
    return True


def selecting_paths(where: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths that `matches` looks at for this `where`."""
    paths = [name for name in where if name != "tags"]
    return (*paths, *(f"tags/{tag}" for tag in _tags(where.get("tags", []))))


def _tags(wanted: Any) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _query(kind: str, select: Mapping[str, Any], context: Context, paths: Sequence[str]) -> Query:
    where = dict(select)
    if "status" in where:
        given = where["status"]
        where["status"] = [word(context, each) for each in given] if isinstance(given, list) else word(context, given)
    chosen = dict.fromkeys(("name", *paths, *selecting_paths(where)))
    return Query(kind, where=where, paths=tuple(chosen))


# --- pausing --------------------------------------------------------------------------------------------------------


def tickets(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind that sets the status of matching tickets, tags them, or both.

    Slots: key = ticket id, paths ``status`` and ``tags/<tag>`` (true or ABSENT); `matches` also looks at ``group``,
    ``channel`` and ``priority``. `at_most` and `arrivals` are the planner's: the query has no limit, so that an
    excess is seen.
    """

    def query(with_: With, context: Context) -> Query:
        paths = [path for path, _ in _wanted(with_, context)]
        return _query("tickets", with_["select"], context, paths)

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        del found
        return [Want(path, claim) for path, claim in _wanted(with_, context)]

    spec = KindSpec(
        "tickets",
        "Tickets",
        _tickets_schema(),
        query,
        claims,
        {"status": Merge.ATOMIC, "tags/*": Merge.ATOMIC},
        matches=matches,
    )
    return override(spec, overrides)


def _wanted(with_: With, context: Context) -> list[tuple[str, Claim]]:
    wanted = []
    if "status" in with_:
        status = word(context, with_["status"])
        wanted.append(("status", Claim(Op.PUT, status, give_back=with_.get("give_back", {}))))
    if tag := with_.get("tag"):
        wanted.append((f"tags/{context.marker() if tag is True else tag}", Claim(Op.PUT, True)))
    return wanted


def _tickets_schema() -> Schema:
    status: Schema = {"type": ["string", "object"], "minLength": 1, "minProperties": 1}
    return fields(
        {
            "select": SELECT,
            "status": describe(status, "Status", "`pause` (the target's own pause status) or a status of the target."),
            "tag": {
                "title": "Tag",
                "description": "Tag put on every ticket while the step is active; `true` for a tag of our own.",
                "oneOf": [
                    {
                        "type": "string",
                        "minLength": 1,
                        "pattern": r"^\S+$" + TEMPLATE,
                        "patternErrorMessage": "a tag holds no spaces: write `outage-chat`",
                    },
                    {"const": True},
                ],
            },
            "at_most": AT_MOST,
            "arrivals": {
                "enum": ["include", "ignore"],
                "default": "ignore",
                "title": "Arrivals",
                "description": "`include`: tickets that match later, while the step is active, are taken in too.",
            },
            "give_back": {
                "type": "object",
                "title": "Give back",
                "description": "Status that cannot be given back -> the one written in its place: `{new: open}`.",
                "minProperties": 1,
                "additionalProperties": status,
            },
        },
        ["select"],
        anyOf=[{"required": ["status"]}, {"required": ["tag"]}],
    )


# --- snoozing -------------------------------------------------------------------------------------------------------


def snooze(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind that snoozes matching tickets.

    Slots: key = ticket id, path ``snooze``, value ABSENT or ``{"due": "2026-12-14T12:00:00Z"}`` with ``by`` and
    ``status`` where given.
    """

    def query(with_: With, context: Context) -> Query:
        return _query("snooze", with_["select"], context, ("snooze",))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        del found
        value = {"due": rfc3339(_due(with_["until"], context))}
        if "by" in with_:
            value["by"] = with_["by"]
        if "status" in with_:
            value["status"] = word(context, with_["status"])
        return [Want("snooze", Claim(Op.PUT, value))]

    schema = fields(
        {
            "select": SELECT,
            "until": {
                "type": "string",
                "minLength": 1,
                "title": "Until",
                "description": f"A time (`2026-12-14 09:00`), `end`, `end + 1d`, or one of {', '.join(PRESETS)}. The "
                "step ends then at the latest.",
            },
            "by": {"type": "string", "minLength": 1, "title": "By", "description": "Agent who snoozes the tickets."},
            "status": {"type": "string", "minLength": 1, "title": "Status", "description": "Status while snoozed."},
            "at_most": AT_MOST,
        },
        ["select", "until"],
    )
    spec = KindSpec("snooze", "Snooze", schema, query, claims, {"snooze": Merge.ATOMIC}, matches=matches)
    return override(spec, overrides)


def _due(text: str, context: Context) -> datetime:
    try:
        return snooze_due(text, context.start, context.window, zone(context.timezone))
    except TimeError as error:
        presets = ", ".join(PRESETS)
        raise InvalidInput(f"snooze until: {error}", hint=f"write a time, `end`, or one of {presets}") from error


def rfc3339(instant: datetime) -> str:
    """Return an instant as RFC 3339 in UTC, to the second: ``2026-12-14T12:00:00Z``."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
