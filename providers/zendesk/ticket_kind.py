"""The kind `tickets` on Zendesk, and a ticket as slots: pure.

`status` is the category (``open``) when the ticket has its category's default status, and ``{"status": "pending",
"custom_status_id": 123}`` otherwise, so that exactly that status comes back. A ticket that has left ``new`` can never
be ``new`` again [HC], and ``closed`` is final [LIVE]: neither is promised back, and ``closed`` is never written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Any, Final

from runner import kinds
from runner.model import ABSENT, Change, Claim, Json, Merge, Op, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

CATEGORIES: Final = ("new", "open", "pending", "hold", "solved", "closed")
GIVES_BACK: Final = frozenset({"open", "pending", "hold", "solved"})
WRITABLE: Final = ("open", "pending", "hold", "solved")
MANY: Final = 100  # tickets in one update_many [DOC]
IN_FLIGHT: Final = 5  # jobs; the account may have 30, shared with every other integration [DOC]
JOB_TIME: Final = 900.0  # seconds, a guess: no limit is documented
STAMP: Final = "updated_at"
SAID: Final = ("answer", "note")  # effects: a comment that every ticket gets once
NEEDED: Final = "status needed/"
_CHANNELS: Final[Mapping[str, str]] = {"mail": "email", "phone": "voice"}
SEARCHED: Final[Mapping[str, str]] = {
    "status": "status",
    "group": "group",
    "tags": "tags",
    "channel": "via",
    "priority": "priority",
}


def tickets(rate: float, statuses: Mapping[str, Json]) -> KindSpec:
    """Return the kind. `rate` is ticket updates a minute; `statuses` maps names of runner.yaml to status values."""
    common = kinds.tickets()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        given = in_our_words(with_, context, statuses)
        asked = common.query(given, context)
        return Query("tickets", where=asked.where, paths=(*asked.paths, STAMP, *needed(given)))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        # The stamp travels to the write, which is refused by Zendesk when the ticket was changed since (safe_update).
        wants = common.claims(in_our_words(with_, context, statuses), context, found)
        for want in wants:
            status = want.claim.value
            if want.path == "status" and category(status) not in WRITABLE:
                raise InvalidInput(
                    f"status {category(status)!r} cannot be written to tickets of {context.target.name}",
                    hint=f"use one of {', '.join(WRITABLE)}, or a name under options.statuses of the target",
                )
        stamped = [Want(want.path, want.claim, payload=found.values.get(STAMP)) for want in wants]
        said = [_comment(path, with_[path], context) for path in SAID if path in with_]
        return [*stamped, *said]

    return kinds.override(
        common,
        {
            "schema": _schema(common.schema),
            "query": query,
            "claims": claims,
            "merges": {**common.merges, **dict.fromkeys(SAID, Merge.EFFECT)},
            "announces": ("answer",),
            **by_jobs(rate),
            "gives_back": GIVES_BACK,
            "values": {
                "status": frozenset({*WRITABLE, *statuses}),
                "select/status": frozenset({*CATEGORIES, *statuses}),
            },
            "notes": (
                "Triggers run on bulk updates: switch those that mail off in the same playbook, before this step.",
                "Needs the on-hold status to be activated where `hold` is used.",
            ),
        },
    )


def by_jobs(rate: float) -> kinds.Overrides:
    """Return what the kinds share that change tickets in jobs. `rate` is ticket updates a minute."""
    return {
        "rate": rate,
        "max_batch": MANY,
        "max_in_flight": IN_FLIGHT,
        "job_time": JOB_TIME,
        "page": MANY,
        "precondition": True,
        "matches": matches,
    }


def _schema(common: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema with what a step may say on tickets: an answer to their requesters, or a note to agents."""
    once = "Sent once to every ticket when the step begins; it cannot be taken back."
    told = {
        **kinds.texts(
            "answer", "Answer", f"A public comment, which the requester may get as mail; all languages in one. {once}"
        ),
        **kinds.texts("note", "Note", f"An internal comment, for agents only. {once}"),
    }
    forms = [{"required": [name]} for name in ("status", "tag", *told)]
    one = [{"not": {"required": list(pair)}} for pair in combinations(told, 2)]
    return {**common, "properties": {**common["properties"], **told}, "anyOf": forms, "allOf": one}


def _comment(path: str, text: Json, context: Context) -> Want:
    content: Json = {"body": kinds.every_text(text, context), "public": path == "answer"}
    return Want(path, Claim(Op.SEND, kinds.digest(content)), payload=content)


def in_our_words(with_: Mapping[str, Any], context: Context, statuses: Mapping[str, Json]) -> Mapping[str, Any]:
    """Return `with` in Zendesk's words: names of runner.yaml as statuses, tags in lower case, as Zendesk keeps them."""

    def status_of(given: Json) -> Json:
        word = kinds.word(context, given)
        return statuses.get(word, word) if isinstance(word, str) else word

    found, select = dict(with_), dict(with_["select"])
    if "status" in found:
        found["status"] = status_of(found["status"])
    if "give_back" in found:
        found["give_back"] = {old: status_of(instead) for old, instead in found["give_back"].items()}
    if isinstance(found.get("tag"), str):
        found["tag"] = found["tag"].lower()
    if "status" in select:
        given = select["status"]
        select["status"] = [status_of(each) for each in given] if isinstance(given, list) else status_of(given)
    if "tags" in select:
        select["tags"] = [tag.lower() for tag in several(select["tags"])]
    return {**found, "select": select}


def needed(given: Mapping[str, Any]) -> list[str]:
    """Return a path for every status that a step may write: reading it makes sure that the account has the status."""
    wanted = [given["status"]] if "status" in given else []
    wanted += given.get("give_back", {}).values()
    found = []
    for status in wanted:
        number = status.get("custom_status_id") if isinstance(status, Mapping) else None
        found.append(f"{NEEDED}{category(status)}" + (f"/{number}" if number is not None else ""))
    return list(dict.fromkeys(found))


def category(status: Value) -> str:
    """Return the category of a status value, "" when it has none."""
    return str(status.get("status", "")) if isinstance(status, Mapping) else str(status)


def several(value: Json) -> list[Any]:
    """Return one value, or any of several, as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


def matches(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a ticket is selected. A group may be given by name or id, in any case, a channel by either of its names;
    ``none`` asks for tickets without one."""
    rest = dict(where)
    group = values.get("group", ABSENT)
    names = {str(each).casefold() for each in group.values()} if isinstance(group, Mapping) else {"none"}
    if "group" in rest and not names & {str(each).casefold() for each in several(rest.pop("group"))}:
        return False
    for name in ("channel", "priority"):
        if name in rest:
            wanted = [_CHANNELS.get(str(each).lower(), str(each).lower()) for each in several(rest[name])]
            rest[name] = [ABSENT if each == "none" else each for each in wanted]
    return kinds.matches(rest, values)


# --- a ticket as slots ----------------------------------------------------------------------------------------------


def values_of(row: Mapping[str, Any], defaults: frozenset[int], groups: Mapping[int, str]) -> dict[str, Value]:
    """Return the slots of a ticket as Zendesk shows it. `defaults` are the ids of the categories' default statuses."""
    custom = row.get("custom_status_id")
    status: Json = row["status"]
    if custom is not None and custom not in defaults and defaults:
        status = {"status": row["status"], "custom_status_id": custom}
    via = row.get("via") or {}
    group = row.get("group_id")
    return {
        "name": row.get("raw_subject") or row.get("subject") or f"#{row['id']}",
        "status": status,
        "group": {"name": groups.get(group, str(group)), "id": str(group)} if group is not None else ABSENT,
        "channel": via.get("channel", ABSENT) or ABSENT,
        "priority": row.get("priority") or ABSENT,
        STAMP: row.get(STAMP, ABSENT),
        **{f"tags/{tag}": True for tag in row.get("tags") or ()},
    }


def search_of(where: Mapping[str, Any]) -> str:
    """Return the search text of a selection; what it finds is filtered again, so it may find too much.

    One property given several times means any of them; of tags one is asked for, because all must be there.
    """
    parts = []
    for name, wanted in where.items():
        values = several(wanted)
        for value in values[:1] if name == "tags" else values:
            text = str(category(value) if name == "status" else value).replace('"', "")
            quoted = f'"{text}"' if any(letter in text for letter in " :") else text
            parts.append(f"{SEARCHED[name]}:{quoted}")
    return " ".join(dict.fromkeys(parts))


def status_fields(status: Value, defaults: Mapping[str, int] = MappingProxyType({})) -> dict[str, Json]:
    """Return the fields that set a status. `defaults` are as for `update_of`."""
    body = dict(status) if isinstance(status, Mapping) else {"status": str(status)}
    if "custom_status_id" not in body and category(status) in defaults:
        body["custom_status_id"] = defaults[category(status)]
    return body


def update_of(changes: Sequence[Change], defaults: Mapping[str, int]) -> dict[str, Json]:
    """Return the fields of one ticket's update. Tags are added and removed, never overwritten [DOC].

    `defaults` maps a category to its default status where the account has others besides: a bare category would leave
    a ticket in whichever of its statuses it is.
    """
    body: dict[str, Json] = {}
    for change in changes:
        if change.slot.path == "status":
            body |= status_fields(change.after, defaults)
        elif change.slot.path in SAID and change.after is not ABSENT:
            body["comment"] = change.payload  # `public` is always told: its default differs [LIVE]
        elif change.slot.path.startswith("tags/"):
            name = "additional_tags" if change.after is not ABSENT else "remove_tags"
            body.setdefault(name, []).append(change.slot.path.removeprefix("tags/"))
    return body
