"""Kinds of Zendesk that people carry out, because it has no public API for them.

A playbook names a place (``channel: messaging``, ``setting: session timeout``), the table of places knows where to
click. `find_place` tells the provider whether a name is one of these or an object of the API. Slots are those of the
common kinds by hand, key = slug of the place's English name, whatever language the playbook uses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final, TypeAlias, Unpack

from providers.zendesk import security
from providers.zendesk.people_channels import OPENING_TIMES, SWITCHES, TEXTS
from providers.zendesk.people_place import ANY, Place
from providers.zendesk.people_settings import ERRANDS, OTHER_SETTINGS, SECURITY_SETTINGS
from runner import kinds
from runner.model import Claim, Json, Op
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

__all__ = [
    "PLACES",
    "Chosen",
    "Place",
    "access",
    "channel",
    "channel_hours",
    "checklist",
    "find_place",
    "message",
    "place_of",
    "places",
    "under",
]

With: TypeAlias = Mapping[str, Any]

PLACES: Final[Sequence[Place]] = (
    *SWITCHES,
    *OPENING_TIMES,
    *TEXTS,
    *SECURITY_SETTINGS,
    *OTHER_SETTINGS,
    *ERRANDS,
)
_FIELDS: Final = {"channel": "channel", "channel_hours": "channel", "message": "message", "access": "setting"}
_NOTE: Final = "menu paths may have changed: those from memory say so, and words in es, pt-BR and uk are translations"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A place as a playbook named it. `name` is its English name, with the further words of a name with a `*`."""

    place: Place
    name: str
    rest: str = ""

    @property
    def key(self) -> str:
        """The key of its slot."""
        return kinds.slug(self.name)

    def title(self, context: Context) -> str:
        """Return what people call it, in the language of the context."""
        return kinds.one_text(self.place.title(), context).replace("{}", self.rest)

    def menu(self, context: Context) -> str:
        """Return where to click, in the language of the context, with its notes."""
        return kinds.one_text(self.place.menu(), context)


# --- finding places -------------------------------------------------------------------------------------------------


def places(kind: str) -> Sequence[Place]:
    """Return the places of one kind, in the order of the table."""
    return tuple(place for place in PLACES if place.kind == kind)


def find_place(kind: str, name: str) -> Chosen | None:
    """Return the place that `name` means, None for no place of the table. Case does not matter; titles count as names
    in every language."""
    wanted = kinds.slug(name)
    for place in places(kind):
        if place.name.endswith(ANY):
            stem = place.name.removesuffix(ANY)
            if rest := _after(name, stem):
                return Chosen(place, f"{stem} {rest}", rest)
        elif wanted in {kinds.slug(text) for text in (place.name, *place.titles)}:
            return Chosen(place, place.name)
    return None


def _after(name: str, stem: str) -> str:
    """Return what follows the first words of a name, `Línea 1` of ``Talk line: Línea 1``; "" for other first words."""
    found = re.match(r"\W*" + r"\W+".join(stem.split()) + r"\W+(\w.*)", name.strip(), re.IGNORECASE)
    return found[1] if found else ""


def place_of(kind: str, name: str, context: Context) -> Chosen:
    """Return the place that `name` means; raises InvalidInput with the nearest names when there is none."""
    found = find_place(kind, name)
    if found is not None:
        return found
    known = {place.name.casefold(): place.name for place in places(kind)}
    near = [known[low] for low in get_close_matches(name.casefold(), known, n=3, cutoff=0.5)]
    what = f"{kind} {name!r}" if kind != "access" else f"setting {name!r}"
    raise InvalidInput(
        f"step {context.step}: nobody knows where {what} is on {context.target.name}",
        hint=f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known.values())}",
    )


# --- the kinds ------------------------------------------------------------------------------------------------------


def channel(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind that has a person turn a channel on or off (Z6, Z8-Z10, Z12, Z14, Z15, Z25)."""
    return kinds.override(_guided(kinds.person(kinds.channel())), overrides)


def channel_hours(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind that has a person set the hours of a channel (Z23, Z24)."""
    return kinds.override(_guided(kinds.person(kinds.channel_hours())), overrides)


def message(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind that has a person write an automatic message (Z5, Z11, Z16, Z17, Z21, Z23, Z25)."""
    return kinds.override(_guided(kinds.person(kinds.message())), overrides)


def access(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind for settings that a person changes (Z13, Z23, Z31-Z36).

    With ``means=Means.VERIFY`` the runner checks those that the security settings show; `security.shown` is what a
    read yields then, in the form of the claim. Values of such settings are brought into that form here.
    """
    base = _guided(kinds.access())

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        place = place_of("access", with_["setting"], context).place
        wants = base.claims(with_, context, found)
        if not place.field:
            return wants
        value = security.wanted(place.field, with_["value"])
        return [replace(want, claim=Claim(Op.PUT, value)) for want in wants]

    return kinds.override(replace(base, claims=claims), overrides)


def checklist(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind for a list of things to do; an item may name a `place` of the table instead of a menu (Z13, Z27,
    Z28, Z30, Z31, Z36)."""
    base = kinds.checklist()

    def query(with_: With, context: Context) -> Query:
        for item in with_["items"]:
            if "place" in item:
                place_of("checklist", item["place"], context)
        return base.query(with_, context)

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        item = with_["items"][int(found.key.rpartition("/")[2]) - 1]
        wants = base.claims(with_, context, found)
        if "place" not in item or item.get("menu"):
            return wants
        menu = place_of("checklist", item["place"], context).menu(context)
        return [replace(want, menu=menu) for want in wants]

    spec = replace(base, query=query, claims=claims, schema=_with_places(base.schema), notes=_notes("checklist"))
    return kinds.override(spec, overrides)


def under(spec: KindSpec, kind: str) -> KindSpec:
    """Return `spec` under another kind's name, for a kind that the provider carries out by API as well:
    ``under(message(), "message_by_hand")``."""

    def query(with_: With, context: Context) -> Query:
        return replace(spec.query(with_, context), kind=kind)

    return replace(spec, kind=kind, query=query)


def _guided(spec: KindSpec) -> KindSpec:
    """Return `spec` with the title and the menu of the place that each step names; a step's own `menu` stays."""
    field = _FIELDS[spec.kind]

    def named(with_: With, context: Context) -> list[Chosen]:
        return [place_of(spec.kind, name, context) for name in _typed(with_[field])]

    def plain(with_: With, chosen: Sequence[Chosen]) -> With:
        names = [one.name for one in chosen]
        return {**with_, field: names[0] if len(names) == 1 else names}

    def query(with_: With, context: Context) -> Query:
        return spec.query(plain(with_, named(with_, context)), context)

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        chosen = named(with_, context)
        one = next((one for one in chosen if one.key == found.key), chosen[0])
        wants = spec.claims(plain(with_, chosen), context, replace(found, name=one.name))
        menu = with_.get("menu") or one.menu(context)
        return [replace(want, title=one.title(context), menu=menu) for want in wants]

    return replace(spec, query=query, claims=claims, schema=_naming(spec, field), notes=_notes(spec.kind))


def _typed(value: Json) -> list[str]:
    """Return the names of a selector; an ``{id: ...}`` counts as a name, for nothing here has an id."""
    items = value if isinstance(value, list | tuple) else [value]
    return [str(item["id"]) if isinstance(item, Mapping) else str(item) for item in items]


# --- words for editors and for `runner providers` -------------------------------------------------------------------


def _naming(spec: KindSpec, field: str) -> Mapping[str, Any]:
    names = ", ".join(f"`{place.name}`" for place in places(spec.kind))
    described = {**spec.schema["properties"][field], "description": f"What a person sets by hand: {names}."}
    return kinds.extend(spec, {field: described})


def _with_places(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    names = ", ".join(f"`{place.name}`" for place in places("checklist"))
    place = {"type": "string", "minLength": 1, "title": "Place", "description": f"Where it is done: {names}."}
    items = schema["properties"]["items"]
    item = {**items["items"], "properties": {**items["items"]["properties"], "place": place}}
    return {**schema, "properties": {**schema["properties"], "items": {**items, "items": item}}}


def _notes(kind: str) -> tuple[str, ...]:
    return (f"by hand: {', '.join(place.name for place in places(kind))}", _NOTE)
