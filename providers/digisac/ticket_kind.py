"""The kinds `tickets` and `snooze` on Digisac, and a contact's ticket as a slot: pure.

A contact has one open ticket at most, and the vendor closes it and passes it on by contact [DOC]: so the contact is the
object, and its `status` is ``closed``, or where its ticket lies: ``{"status": "open", "department": ..., "attendant":
...}``. Giving an open one back that was closed opens a new ticket there: another protocol number, the same contact, the
same department and attendant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from providers.digisac.account import Account
from providers.digisac.shared import MANY
from runner import kinds
from runner.kinds.contacts import handles
from runner.model import ABSENT, Claim, Json, Op, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

CLOSED: Final = "closed"
FLAGS: Final = {  # S2 to S5: a customer who writes gets a new ticket, bot first, and the runner leaves it alone
    "reopens_at_due": True,
    "reassigns_to_snoozer": False,
    "ends_on_customer_reply": True,
    "survives_manual_reopen": False,
}
_HOW: Final = ("status", "transfer")


def tickets(account: Account) -> KindSpec:
    """Return the kind."""
    common = kinds.tickets()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        asked = common.query({"select": {"status": "open", **with_["select"]}}, context)
        return Query("tickets", where=asked.where, paths=tuple(dict.fromkeys((*asked.paths, "status", *_paths(with_)))))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        payload = {name: with_[name] for name in ("comment", "topic") if name in with_} or None
        if "transfer" in with_:
            ids = {path.partition("/")[0]: found.values.get(path, ABSENT) for path in _paths(with_)}
            return [Want("status", Claim(Op.PUT, {"status": "open", **ids}), payload=payload)]
        status = kinds.word(context, with_["status"])
        if status != CLOSED:
            raise InvalidInput(
                f"tickets of {context.target.name} cannot be set to {status!r}: they are open or closed",
                hint="use `status: closed`, or `transfer`; `pause: closed` under the target gives `pause` that meaning",
            )
        return [Want("status", Claim(Op.PUT, CLOSED), payload=payload)]

    return kinds.override(
        common,
        {
            "schema": _schema(common.schema),
            "query": query,
            "claims": claims,
            "matches": matches,
            "rate": account.per_minute,
            "max_batch": 1,
            "max_in_flight": MANY,
            "precondition": True,
            "values": {"status": frozenset({CLOSED}), "select/status": frozenset({"open"})},
            "notes": (
                "A ticket that was closed is given back as a new one, in the department and with the attendant it had.",
            ),
        },
    )


def snooze(account: Account) -> KindSpec:
    """Return the kind: tickets sleep closed, and the runner opens them again when they are due, which ends the step.

    Slots are those of `tickets`. A customer who writes meanwhile has an open ticket: it is left alone then (S3).
    """
    common, closing = kinds.snooze(), tickets(account)

    def closed(with_: Mapping[str, Any]) -> dict[str, Any]:
        return {"select": with_["select"], "status": CLOSED, **({"topic": with_["topic"]} if "topic" in with_ else {})}

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        return replace(closing.query(closed(with_), context), kind="snooze")

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        common.claims({"until": with_["until"]}, context, found)  # refuses a time that cannot be
        return closing.claims(closed(with_), context, found)

    mine, theirs = common.schema["properties"], closing.schema["properties"]
    fields = {
        "select": theirs["select"],
        **{name: mine[name] for name in ("until", "at_most")},
        "topic": theirs["topic"],
    }
    return replace(
        closing,
        kind="snooze",
        title=common.title,
        schema=kinds.fields(fields, ["select", "until"]),
        query=query,
        claims=claims,
        values={"select/status": frozenset({"open"})},
        flags=FLAGS,
        notes=(
            "Digisac wakes nothing by itself: `runner tick` does, when the snooze is due or the step ends.",
            "A sleeping ticket is closed; it wakes as a new one, in the department and with the attendant it had.",
        ),
    )


def _paths(with_: Mapping[str, Any]) -> list[str]:
    """Return the paths that a transfer asks for: what is typed, as ids."""
    where = with_.get("transfer", {})
    return [f"{name}/{handles(where[name])[0]}" for name in ("department", "attendant") if name in where]


def _schema(common: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema: what Digisac can select by, closing, and passing on."""
    fields = dict(common["properties"])
    select = fields["select"]
    known = {name: select["properties"][name] for name in ("status", "group", "channel")}
    known["group"] = {**known["group"], "description": "The department that has the ticket, or any of a list."}
    known["channel"] = {**known["channel"], "description": "The connection that it came over, or any of a list."}
    contacts = {
        **select["properties"]["tags"],
        "title": "Contacts",
        "description": "The contact's name, or any of a list.",
    }
    one = kinds.objects("department")["oneOf"][:2]
    where = {
        "department": {
            "title": "Department",
            "description": "Where the tickets go, by name or `{id: ...}`.",
            "oneOf": one,
        },
        "attendant": {"title": "Attendant", "description": "Who gets them; nobody, when it is left out.", "oneOf": one},
    }
    text = {"type": "string", "minLength": 1}
    return {
        **common,
        "properties": {
            "select": {**select, "properties": {**known, "contacts": contacts}},
            "status": {
                **fields["status"],
                "description": "`closed`, or `pause` where runner.yaml says `pause: closed`.",
            },
            "transfer": kinds.fields(
                where, ["department"], title="Transfer", description="Pass the tickets on; they come back afterwards."
            ),
            "comment": {**text, "title": "Comment", "description": "For the agents, with a transfer."},
            "topic": {**text, "title": "Topic", "description": "Id of the subject that closing asks for, if it does."},
            "at_most": fields["at_most"],
            "arrivals": fields["arrivals"],
        },
        "anyOf": [{"required": [name]} for name in _HOW],
        "allOf": [{"not": {"required": list(_HOW)}}],
    }


def matches(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a contact's ticket is selected. Departments, connections and contacts count by name or by id.

    A ticket that no department has never is: a ticket is opened and passed on in a department only [DOC], so nothing
    could give it back. That a bot's tickets are such is a guess.
    """
    return not nowhere(values) and asked_for(where, values)


def nowhere(values: Mapping[str, Value]) -> bool:
    """Whether a contact's ticket is open, and no department has it."""
    status = values.get("status", ABSENT)
    return isinstance(status, Mapping) and not status.get("department")


def asked_for(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a contact's ticket has what a selection names."""
    for name, wanted in where.items():
        found = values.get(name, ABSENT)
        if name == "status":
            if not kinds.any_of(wanted, found):
                return False
        else:
            asked = {str(each).casefold() for each in (wanted if isinstance(wanted, list | tuple) else [wanted])}
            called = {str(each).casefold() for each in found.values()} if isinstance(found, Mapping) else set()
            if not asked & called:
                return False
    return True


def where_of(row: Mapping[str, Any]) -> dict[str, Json]:
    """Return where an open ticket lies."""
    user = {"attendant": str(row["userId"])} if row.get("userId") else {}
    return {"status": "open", "department": str(row.get("departmentId") or ""), **user}


def body_of(value: Mapping[str, Any], comment: str = "") -> dict[str, Json]:
    """Return what passes a ticket on, or opens one, as the vendor takes it [DOC]."""
    user = {"userId": value["attendant"]} if value.get("attendant") else {}
    return {"departmentId": value["department"], **user, **({"comments": comment} if comment else {})}
