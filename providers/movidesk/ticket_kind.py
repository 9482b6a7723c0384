"""The kind `tickets` on Movidesk, and a ticket as slots: pure.

`status` is one value, ``{"status": "Parado", "justification": "Evento"}``: Movidesk takes both or none [DOC]. Statuses
and justifications are names that each account chooses, and there is no list of them: what a step names is looked up
among those that tickets have had (`names.py`), when it is planned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from providers.movidesk import odata
from providers.movidesk.account import Account, refused
from providers.movidesk.client import PAGE, STEP
from runner import kinds
from runner.kinds.shape import describe
from runner.model import ABSENT, Change, Claim, Json, Merge, Op, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

SELECTED: Final = "id,type,subject,status,baseStatus,justification,urgency,ownerTeam"
FIELDS: Final[Mapping[str, str]] = {"status": "status", "group": "ownerTeam", "priority": "urgency"}
TYPES: Final[Mapping[str, int]] = {"internal": 1, "public": 2}  # [DOC]
SAID: Final[Mapping[str, int]] = {"note": 1, "answer": 2}  # effects: an action that every ticket gets once [DOC]
NEEDED: Final = "status needed/"
SETTLE: Final = 2.0  # seconds, a guess: how soon a list shows a change is not documented


def tickets(account: Account) -> KindSpec:
    """Return the kind for one account."""
    common = kinds.tickets()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        given = in_our_words(with_, context, account)
        asked = common.query(given, context)
        needed = (NEEDED + json.dumps(given["status"], sort_keys=True),) if "status" in given else ()
        return Query("tickets", where=asked.where, paths=(*asked.paths, *needed))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        given = in_our_words(with_, context, account)
        said = [_action(path, given[path], context) for path in SAID if path in given]
        return [*common.claims(given, context, found), *said]

    return kinds.override(
        common,
        {
            "schema": _schema(common.schema),
            "query": query,
            "claims": claims,
            "merges": {"status": Merge.ATOMIC, **dict.fromkeys(SAID, Merge.EFFECT)},
            "announces": ("answer",),
            **paced(account),
            "notes": (
                "Triggers (gatilhos) run on every change, and may mail customers: a plan says how many.",
                "Tickets that nobody touched for 90 days are read only: a selection leaves them out.",
                "Statuses and justifications are checked against those that tickets have had in the last 90 days.",
            ),
        },
    )


def paced(account: Account) -> kinds.Overrides:
    """Return what the kinds share that change tickets one by one, under the account's limits."""
    return {
        "rate": account.day_limit,
        "free": account.free,
        "page": PAGE,
        "max_batch": 1,
        "max_in_flight": odata.MANY,  # one after another; read before and after in one list
        "deadline": STEP,
        "settle": SETTLE,
        "matches": matches,
    }


def _schema(common: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the common schema without what Movidesk cannot do, and with what it can besides."""
    once = "Sent once to every ticket when the step begins; it cannot be taken back."
    public = f"A public action, which customers may get as mail; all languages in one. {once}"
    told = {
        **kinds.texts("answer", "Answer", public),
        **kinds.texts("note", "Note", f"An internal action, for agents only. {once}"),
    }
    kept = {name: each for name, each in common["properties"].items() if name not in ("tag", "give_back")}
    kept |= {"select": selecting(common), "status": status_schema("The status, with its justification.")}
    forms = [{"required": [name]} for name in ("status", *told)]
    one = [{"not": {"required": list(pair)}} for pair in combinations(told, 2)]
    return {**common, "properties": {**kept, **told}, "anyOf": forms, "allOf": one}


def selecting(common: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of `select` with what Movidesk can be asked for."""
    select = common["properties"]["select"]
    known = {name: each for name, each in select["properties"].items() if name in FIELDS}
    type_ = describe({"enum": list(TYPES)}, "Type", "Whether tickets are public or internal; default: both.")
    return {**select, "properties": {**known, "type": type_}}


def status_schema(description: str) -> Mapping[str, Any]:
    """Return the schema of a status to set."""
    name = {"type": "string", "minLength": 1}
    why = describe({"type": ["string", "null"]}, "Justification", "Its name; null where the status has none.")
    schema = {
        "type": ["string", "object"],
        "minLength": 1,
        "properties": {"status": describe(name, "Status", "Its name."), "justification": why},
        "required": ["status", "justification"],
        "additionalProperties": False,
    }
    words = (
        "`pause` (the target's own pause status), a name under `options.statuses`, a status without justification, or "
        "`{status: Parado, justification: Evento}`."
    )
    return describe(schema, "Status", f"{description} {words}")


def _action(path: str, text: Json, context: Context) -> Want:
    content: Json = {"type": SAID[path], "description": kinds.every_text(text, context)}
    return Want(path, Claim(Op.SEND, kinds.digest(content)), payload=content)


def in_our_words(with_: Mapping[str, Any], context: Context, account: Account) -> Mapping[str, Any]:
    """Return `with` in the account's words: names of runner.yaml as statuses, each with its justification. Raises
    `InvalidInput`."""
    found = dict(with_)
    if "status" in found:
        word = kinds.word(context, found["status"])
        found["status"] = _whole(account.statuses.get(word, word) if isinstance(word, str) else word, context)
    for each in several(with_["select"].get("status", ())):
        kinds.word(context, each)  # says so when the target has no word for `pause`
    select = select_in_our_words(with_["select"], context.target.words, account)
    many = sum(len(several(wanted)) for wanted in select.values())
    if many > odata.MANY:
        raise InvalidInput(
            f"step {context.step}: `select` names {many} values, Movidesk takes {odata.MANY} in one filter",
            hint="select fewer, or make two steps of it",
        )
    return {**found, "select": select}


def select_in_our_words(select: Mapping[str, Any], words: Mapping[str, Json], account: Account) -> Mapping[str, Any]:
    """Return a selection with the names of runner.yaml as statuses."""

    def named(given: Json) -> Json:
        word = words.get(given, given) if isinstance(given, str) else given
        return account.statuses.get(word, word) if isinstance(word, str) else word

    if "status" not in select:
        return select
    given = select["status"]
    return {**select, "status": [named(each) for each in given] if isinstance(given, list) else named(given)}


def _whole(status: Json, context: Context) -> Json:
    """Return a status with its justification. Raises `InvalidInput` for one without."""
    if isinstance(status, str):
        return {"status": status, "justification": None}
    if why := refused(status):
        raise InvalidInput(
            f"step {context.step}: `status` {why}", hint="write `{status: Parado, justification: Evento}`"
        )
    return {"status": status["status"], "justification": status["justification"]}


def several(value: Json) -> list[Any]:
    """Return one value, or any of several, as a list."""
    return list(value) if isinstance(value, list | tuple) else [value]


# --- a ticket as slots ----------------------------------------------------------------------------------------------


def values_of(row: Mapping[str, Any]) -> dict[str, Value]:
    """Return the slots of a ticket as Movidesk shows it."""
    types = {number: name for name, number in TYPES.items()}
    return {
        "name": row.get("subject") or f"#{row['id']}",
        "status": status_of(row),
        "group": row.get("ownerTeam") or ABSENT,
        "priority": row.get("urgency") or ABSENT,
        "type": types.get(row.get("type") or 0, ABSENT),
    }


def status_of(row: Mapping[str, Any]) -> dict[str, Json]:
    """Return status and justification of a ticket, or of a line of its history, as one value."""
    return {"status": row.get("status") or "", "justification": row.get("justification") or None}


def filter_of(where: Mapping[str, Any]) -> str:
    """Return the filter of a selection; what it finds is filtered again, so it may find too much."""
    parts = [f"type eq {TYPES[where['type']]}"] if "type" in where else []
    for name, field in FIELDS.items():
        if name in where:
            parts.append(odata.either(odata.equal(field, name_of(each)) for each in several(where[name])))
    return " and ".join(parts)


def name_of(wanted: Json) -> str:
    """Return the name of a status, group or priority that a selection asks for."""
    return str(wanted["status"] if isinstance(wanted, Mapping) else wanted)


def matches(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a ticket is selected. Names are compared without regard to case, as Movidesk may do."""
    return all(_fits(several(wanted), values.get(name, ABSENT)) for name, wanted in where.items())


def _fits(choices: Sequence[Any], value: Value) -> bool:
    if isinstance(value, Mapping):
        return any(_folded(each) in (_folded(value), _folded(value["status"])) for each in choices)
    return value is not ABSENT and _folded(value) in [_folded(each) for each in choices]


def _folded(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {name: _folded(each) for name, each in value.items()}
    return value.casefold() if isinstance(value, str) else value


def body_of(changes: Sequence[Change], agent: str) -> dict[str, Any]:
    """Return the fields of one ticket's update: status and justification always together, actions appended [DOC].

    `agent` signs the actions. A justification that is none goes as an empty text, as others send it [3].
    """
    body: dict[str, Any] = {}
    for change in changes:
        if change.slot.path == "status" and isinstance(change.after, Mapping):
            body |= {"status": change.after["status"], "justification": change.after["justification"] or ""}
        elif change.slot.path in SAID and isinstance(change.payload, Mapping):
            signed = {"createdBy": {"id": agent}} if agent else {}
            body.setdefault("actions", []).append({**change.payload, **signed})
    return body
