"""The kinds that Whaticket's API carries out, and a ticket as slots: pure.

A transfer gives a ticket to an agent, and a second one gives it back. A ticket that nobody had becomes somebody's for
good: there is no way to put it back among the pending ones [3]. So only tickets that somebody has are taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner import kinds
from runner.kinds.shape import NAME, ONE_OR_MORE, With, describe
from runner.model import ABSENT, Claim, Json, Merge, Op, Value
from runner.spi import Context, Found, Identity, InvalidInput, KindSpec, Query, Reversal, Want

AGENT: Final = "agent/"  # below it stands the agent whom a playbook names
CONNECTION: Final = "connection"
MANY: Final = 5  # objects a batch: each is a request of its own
_NUMBER: Final = re.compile(r"\+?[0-9][0-9 ().-]{6,22}")


def number_of(text: str) -> str:
    """Return a telephone number as the API wants it, digits only with the country's code; "" for anything else."""
    digits = re.sub(r"\D", "", text) if _NUMBER.fullmatch(text.strip()) else ""
    return digits if 8 <= len(digits) <= 15 else ""


# --- messages -------------------------------------------------------------------------------------------------------


def notice(rate: float) -> KindSpec:
    """Return the kind. Slots: key = ``marker/pseudonym of the number``, path ``sent``, an effect."""
    common = kinds.notice()

    def query(with_: With, context: Context) -> Query:
        to = several(with_["to"])
        where: dict[str, Json] = {"marker": context.marker(), "to": to}
        if CONNECTION in with_:
            where[CONNECTION] = with_[CONNECTION]
        return Query("notice", where=where, paths=("name", "sent"))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        del found
        # `write` finds out whose number a key stands for: nothing that is stored says it
        said = {"connection": with_.get(CONNECTION, ""), "body": message_of(with_, context)}
        return [Want("sent", Claim(Op.SEND, kinds.digest(said)), payload={**said, "to": several(with_["to"])})]

    return kinds.override(
        common,
        {
            "title": "WhatsApp message",
            "schema": _notice_schema(common),
            "query": query,
            "claims": claims,
            "merges": {"sent": Merge.EFFECT},
            "reversal": Reversal.FOLLOW_UP,
            "identity": Identity.NONE,
            "rate": rate,
            "max_batch": MANY,
            "page": 1000,
            "deadline": 60.0,
            "notes": (
                "Each message costs campaign credits.",
                "Outside the 24 hours after a customer's last message, WhatsApp may not deliver free text.",
            ),
        },
    )


def message_of(with_: With, context: Context) -> str:
    """Return what a customer reads: subject and body, in every language that the step gives."""
    parts = [kinds.every_text(with_[part], context) for part in ("subject", "body") if part in with_]
    return "\n\n".join(part for part in parts if part)


def _notice_schema(common: KindSpec) -> Mapping[str, Any]:
    old = common.schema["properties"]
    texts = {name: old[name] for name in ("subject", "subject_file", "body", "body_file")}
    schema = kinds.fields(
        {
            "to": describe(
                ONE_OR_MORE, "To", "Telephone number with the country's code, or several: `+5215512345678`."
            ),
            CONNECTION: describe(
                NAME, "Connection", "Name or id of the WhatsApp connection; default: the target's own."
            ),
            **texts,
        },
        ["to"],
        anyOf=[{"required": [name]} for name in texts],
    )
    return {**schema, "allOf": common.schema["allOf"][1:]}


# --- tickets --------------------------------------------------------------------------------------------------------


SELECT = kinds.fields(
    {
        "status": {"const": "open", "title": "Status", "description": "Only open tickets can be given back."},
        "agent": describe(ONE_OR_MORE, "Agent", "The agent who has the ticket, or any of a list."),
        "queue": describe(ONE_OR_MORE, "Queue", "The queue of the ticket, or any of a list."),
    },
    title="Select",
    description="Which tickets: all conditions must hold.",
    minProperties=1,
)


def tickets(rate: float) -> KindSpec:
    """Return the kind that transfers open tickets. Slots: key = ticket id, path ``agent``, value the
    id alone: agents may be renamed meanwhile."""

    def query(with_: With, context: Context) -> Query:
        del context
        where = {"status": "open", **with_["select"]}
        agents = [AGENT + name for name in (with_["transfer_to"], *several(where.get("agent", ())))]
        return Query("tickets", where=where, paths=("name", "status", "agent", "queue", *dict.fromkeys(agents)))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        if found.values.get("agent", ABSENT) is ABSENT:
            raise InvalidInput(
                f"ticket {found.key} of {context.target.name} belongs to nobody, and could not be given back",
                hint="leave pending tickets out of `select`",
            )
        return [Want("agent", Claim(Op.PUT, found.values[AGENT + with_["transfer_to"]]))]

    def says(with_: With, context: Context, found: Sequence[Found]) -> Sequence[str]:
        del context
        return [f"they go to {with_['transfer_to']}"] if found else []

    common = kinds.tickets()
    props = common.schema["properties"]
    schema = kinds.fields(
        {
            "select": SELECT,
            "transfer_to": describe(NAME, "Transfer to", "The agent who gets the tickets: name, address, or id."),
            "at_most": props["at_most"],
            "arrivals": props["arrivals"],
        },
        ["select", "transfer_to"],
    )
    return kinds.override(
        common,
        {
            "title": "Tickets, transferred",
            "schema": schema,
            "query": query,
            "claims": claims,
            "says": says,
            "merges": {"agent": Merge.ATOMIC},
            "matches": matches,
            "rate": rate,
            "page": 1,
            "max_batch": MANY,
            "deadline": 60.0,
            "notes": (
                "A ticket that nobody has cannot be put back once somebody has it: such tickets are left alone.",
            ),
        },
    )


def matches(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    """Whether a ticket is selected. An agent of `where` is one as the playbook names them; who that is stands in
    `values` below `AGENT`."""
    for name, wanted in where.items():
        if values.get(name, ABSENT) not in [values.get(f"{name}/{each}", each) for each in several(wanted)]:
            return False
    return True


def several(given: Json) -> list[str]:
    """Return one text or a list of them as a list."""
    return [given] if isinstance(given, str) else list(given)


def values_of(row: Mapping[str, Any], queues: Mapping[str, str]) -> dict[str, Value]:
    """Return the slots of a ticket as the API shows it; `queues` maps ids to names. The customer is left out."""
    queue, agent = str(row.get("queueId") or ""), str(row.get("userId") or "")
    return {
        "name": f"#{row['id']}",
        "status": row.get("status", ABSENT),
        "agent": agent or ABSENT,
        "queue": queues.get(queue, queue) or ABSENT,
    }
