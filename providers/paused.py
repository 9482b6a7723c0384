"""The kinds `tickets` and `snooze` of plain helpdesks: a status, a note on each ticket, a date to sleep until.

The helpdesk wakes nothing by itself: that is the runner's. How tickets are selected and what their slots hold is each
vendor's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from runner import kinds
from runner.kinds.shape import ONE_OR_MORE, describe
from runner.model import Claim, Json, Merge, Op, Value
from runner.spi import Context, Found, KindSpec, Query, Want

Chosen: TypeAlias = Callable[[Query, Mapping[str, Any], Context], Query]
TEXT: Final = {"type": "string", "minLength": 1}
FLAGS: Final = {
    "reopens_at_due": False,
    "reassigns_to_snoozer": False,
    "ends_on_customer_reply": False,
    "survives_manual_reopen": True,
}


def tickets(
    fields: Mapping[str, str], saved: str, note: str, chosen: Chosen, own: kinds.Overrides, *, marked: bool = False
) -> KindSpec:
    """Return the kind tickets. `fields` describes the names that a selection may hold, `saved` its `query`, `note` what
    a note is; `chosen` gets the common query of a step and returns the vendor's; `own` are the vendor's overrides;
    `marked` says that there is a place for marks, which the common kind calls tags."""
    common = kinds.tickets()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        return chosen(common.query(with_, context), with_, context)

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        wants = [*common.claims(with_, context, found)]
        if "note" in with_:
            content: Json = {"note": kinds.every_text(with_["note"], context)}
            wants.append(Want("note", Claim(Op.SEND, kinds.digest(content)), payload=content))
        return wants

    left = ("give_back",) if marked else ("give_back", "tag")
    kept = {name: each for name, each in common.schema["properties"].items() if name not in left}
    status = describe(TEXT, "Status", "`pause` (the target's own pause status) or a status by name.")
    once = f"{note} on every ticket when the step begins, all languages in one; it cannot be taken back."
    more = {"select": _select(kept, fields, saved), "status": status, **kinds.texts("note", "Note", once)}
    forms = [{"required": [name]} for name in ("status", "note", "note_file", "tag") if name not in left]
    one = [{"not": {"required": ["note", "note_file"]}}]
    schema = {**common.schema, "properties": {**kept, **more}, "anyOf": forms, "allOf": one}
    merges = {"status": Merge.ATOMIC, "note": Merge.EFFECT, **({"tags/*": Merge.ATOMIC} if marked else {})}
    return kinds.override(common, {"schema": schema, "query": query, "claims": claims, "merges": merges, **own})


def snooze(
    fields: Mapping[str, str],
    saved: str,
    chosen: Chosen,
    own: kinds.Overrides,
    held: Callable[[Value, Context], Value] | None = None,
) -> KindSpec:
    """Return the kind snooze. Slots: key = ticket id, path ``snooze`` with ``{"due": ...}`` or what `held` makes of
    it, or ABSENT, and ``status`` where a step names one."""
    common = kinds.snooze()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        asked = chosen(common.query(with_, context), with_, context)
        more = ("status",) if "status" in with_ else ()
        return Query("snooze", where=asked.where, paths=tuple(dict.fromkeys((*asked.paths, *more))))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        (want,) = common.claims({name: with_[name] for name in ("select", "until")}, context, found)
        until = held(want.claim.value, context) if held is not None else want.claim.value
        wants = [Want("snooze", Claim(Op.PUT, until))]
        if "status" in with_:
            wants.append(Want("status", Claim(Op.PUT, kinds.word(context, with_["status"]))))
        return wants

    kept = {name: each for name, each in common.schema["properties"].items() if name != "by"}
    schema = {**common.schema, "properties": {**kept, "select": _select(kept, fields, saved)}}
    merges = {"snooze": Merge.ATOMIC, "status": Merge.ATOMIC}
    parts: kinds.Overrides = {"schema": schema, "query": query, "claims": claims, "merges": merges, "flags": FLAGS}
    return kinds.override(common, {**parts, **own})


def _select(common: Mapping[str, Any], fields: Mapping[str, str], saved: str) -> Mapping[str, Any]:
    names = {name: describe(ONE_OR_MORE, name.capitalize(), words) for name, words in fields.items()}
    return {**common["select"], "properties": {**names, "query": describe(TEXT, "Query", saved)}}


def several(value: Any) -> list[str]:
    """Return one name, or any of several, as a list."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
