"""Kinds that people carry out: the checklist, and `person`, which turns any kind into one done by hand.

The engine never reads or writes these: what is live is what somebody acknowledged last. A claim therefore holds the
exact words to type or to set, and `Want.title` and `Want.menu` tell the person what and where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Unpack

from runner.kinds.shape import TEXT, Overrides, Schema, With, describe, fields, one_text, override, slug, typed
from runner.kinds.words import ENGLISH, Terms, terms_of
from runner.model import ABSENT, Claim, Json, Merge, Op, Value
from runner.spi import Context, Found, Identity, KindSpec, Means, Query, Reversal, Want
from runner.windows import zone

_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
VALUE = "value"  # the one path of an object that a person sets
HINT: Final[Schema] = {
    "oneOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}]
}


def checklist(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind for a list of things that people do by hand.

    Slots: key = ``<outage>/<step>/<n>`` (n counts from 1), path ``done``, value = the item's `value`, or true.
    """

    def query(with_: With, context: Context) -> Query:
        count = len(with_["items"])
        return Query("checklist", ids=tuple(_item_key(context, n) for n in range(1, count + 1)), paths=("done",))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        item = with_["items"][int(found.key.rpartition("/")[2]) - 1]
        claim = Claim(Op.PUT, item.get("value", True))
        do, menu, who = (one_text(item.get(name, ""), context) for name in ("do", "menu", "who"))
        return [Want("done", claim, title=do, menu=menu, who=who)]

    item = fields(
        {
            "do": describe(TEXT, "Do", "What somebody has to do. One text, or one per locale."),
            "value": {"type": "string", "title": "Value", "description": "The exact value to type or to set."},
            "menu": describe(HINT, "Menu", "Where to click: `Settings > Chat > Hours`. One text, or one per locale."),
            "who": describe(TEXT, "Who", "Who does it, a name or a role; by default who carries out the step."),
        },
        ["do"],
    )
    items: Schema = {"type": "array", "items": item, "minItems": 1}
    schema = fields({"items": describe(items, "Items", "What has to be done, in this order.")}, ["items"])
    spec = KindSpec("checklist", "Checklist", schema, query, claims, {"done": Merge.ATOMIC}, means=Means.PERSON)
    return override(spec, overrides)


def _item_key(context: Context, n: int) -> str:
    return f"{context.outage}/{context.step}/{n}"


# --- any kind, by hand ----------------------------------------------------------------------------------------------


def person(spec: KindSpec, *, menu: Mapping[str, str] | None = None) -> KindSpec:
    """Return `spec` as a kind that people carry out; `menu` maps a locale to where to click.

    `with` and its schema stay, so a playbook need not know. Slots: key = slug of the object's name as typed (two
    outages share it), path ``value``; the marker for what is created. The claim puts the exact words to type,
    the same in every language; `Context.reader` has them said in another.
    A kind that is carried out by people already only gets the menu.
    """
    hints = dict(menu or spec.menu)
    if spec.means is Means.PERSON:
        return replace(spec, menu=hints)

    def query(with_: With, context: Context) -> Query:
        return Query(spec.kind, ids=tuple(_things(spec, with_, context)), paths=(VALUE,))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        terms, title = terms_of(context.reader), terms_of(context.language).titles.get(spec.kind, spec.title)
        name = _things(spec, with_, context).get(found.key, found.name or found.key)
        wants = spec.claims(with_, context, _imagined(found.key, name, with_, context))
        local = [replace(want, claim=_on_the_wall(want.claim, context)) for want in wants]
        words = "; ".join(_words(want, spec.merge(want.path), terms, alone=len(wants) == 1) for want in local)
        return [Want(VALUE, Claim(Op.PUT, words), title=f"{title}: {name}", menu=_hint(hints, context))]

    return replace(
        spec,
        query=query,
        claims=claims,
        merges={VALUE: Merge.ATOMIC},
        means=Means.PERSON,
        reversal=Reversal.WRITE,
        identity=Identity.NATURAL,
        whole_object=False,
        precondition=False,
        rate=None,
        free=None,
        flags={},
        gives_back=None,
        matches=None,
        normalise=None,
        menu=hints,
    )


def _things(spec: KindSpec, with_: With, context: Context) -> dict[str, str]:
    """Return key -> display name of what the step touches, from the words of the step alone. The key is the same in
    every language."""
    query, terms = spec.query(with_, context), terms_of(context.language)
    if query.where is not None:
        key, name = (_condition(query.where, each) for each in (ENGLISH, terms))
        return {slug(key): name}
    names = query.names or query.ids
    if spec.identity is Identity.MARKER:
        return dict.fromkeys(names, terms.titles.get(spec.kind, spec.title))
    return {slug(name): name for name in names}


def _condition(where: Mapping[str, Json], terms: Terms) -> str:
    """Return a selection in words: ``status open or new, group Level 1``."""
    parts = ((terms.field(name), f" {terms.or_} ".join(typed(value))) for name, value in where.items())
    return ", ".join(f"{name} {value}" for name, value in parts)


def _imagined(key: str, name: str, with_: With, context: Context) -> Found:
    """Return an object as nobody has read it: the target's zone, and one text per locale that the step gives."""
    locales: dict[str, Value] = {}
    for given in with_.values():
        if isinstance(given, Mapping):
            locales |= {f"text/{locale}": "" for locale in given}
    fallback = context.target.locales or (context.language,)
    texts = locales or {f"text/{locale}": "" for locale in fallback}
    return Found(key, name, {"zone": context.target.zone, **texts})


def _on_the_wall(claim: Claim, context: Context) -> Claim:
    """Return a claim with the instants of its value as the people of the target read them on their clocks."""
    where = zone(context.target.zone)

    def local(value: Value) -> Value:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            return value
        return f"{datetime.fromisoformat(value).astimezone(where):%Y-%m-%d %H:%M} ({context.target.zone})"

    value = claim.value
    mended = {name: local(part) for name, part in value.items()} if isinstance(value, Mapping) else local(value)
    return replace(claim, value=mended)


def _words(want: Want, merge: Merge, terms: Terms, *, alone: bool) -> str:
    """Return one claim as a person would say it: ``fri close 11:30-14:30``, ``off``, ``en, add below: See you``."""
    claim = want.claim
    last = want.path.rpartition("/")[2]
    place = terms.field(last)
    if claim.op is Op.SEND:
        return f"{terms.send} {say(want.payload, terms)}"
    if claim.op is Op.MEMBERS:
        parts = [(terms.close, claim.remove), (terms.open, claim.add)]
        return " ".join([place, *(f"{verb} {', '.join(members)}" for verb, members in parts if members)])
    if want.path.startswith("tags/"):
        return f"{terms.tag} {last}"
    value = terms.closed if merge is Merge.MINUTES and not claim.value else say(claim.value, terms)
    if claim.op is Op.APPEND:
        return f"{terms.add_below}: {value}" if alone else f"{place}, {terms.add_below}: {value}"
    return value if alone and merge is not Merge.MINUTES else f"{place}: {value}"


def say(value: Value, terms: Terms = ENGLISH) -> str:
    """Return a value in words: ``on``, ``09:00-12:00, 13:00-18:00``, ``start_date 2026-12-25, ...``."""
    if value is ABSENT or value in (None, [], {}, ""):
        return terms.nothing
    if isinstance(value, bool):
        return (terms.yes if value else terms.no)[0]
    if isinstance(value, Mapping):
        parts = ((terms.field(name), part) for name, part in value.items() if part not in ({}, "", None))
        return ", ".join(f"{name} {say(part, terms)}" for name, part in parts)
    if isinstance(value, list | tuple):
        return ", ".join(say(part, terms) for part in value)
    return str(value)


def _hint(hints: Mapping[str, str], context: Context) -> str:
    text: Json = one_text(hints, context) if hints else ""
    return str(text)
