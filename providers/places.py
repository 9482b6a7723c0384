"""Where people click, for vendors that have no API for a thing: a table of places, and kinds that find them by name.

A playbook names a place (``channel: messaging``, ``setting: session timeout``); the vendor's table knows its title and
its menu in four languages. Slots are those of the common kinds by hand, key = slug of the place's own name, whatever
language the playbook uses, so that two outages share it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from runner import kinds
from runner.kinds.shape import typed
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

__all__ = ["ANY", "CHECK", "LOCALES", "Chosen", "Place", "Places", "Words", "under"]

With: TypeAlias = Mapping[str, Any]
Words: TypeAlias = tuple[str, str, str, str]  # en, es, pt-BR, uk
LOCALES: Final = ("en", "es", "pt-BR", "uk")
ANY: Final = " *"  # a name that ends in it stands for many: `chat department Sales`; alone it stands for every name

CHECK: Final[Words] = (
    "check the path: wording changes",
    "revisa la ruta: los nombres cambian",
    "confira o caminho: os nomes mudam",
    "перевірте шлях: назви змінюються",
)
FIELDS: Final[Mapping[str, str]] = {
    "business_hours": "schedule",
    "holiday": "schedule",
    "channel": "channel",
    "channel_hours": "channel",
    "message": "message",
    "rule": "rule",
    "access": "setting",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that people set. `name` is what a playbook writes; a `*` at its end stands for any further words, and
    ``*`` alone for any name (last in a table: the first place that fits counts).

    `from_memory` marks a path that no help article confirms, except in the locales of `sure`. `field` is where the
    vendor's API shows it, "" for nowhere: the provider's own. `rows` are the actions of the source articles that it
    serves.
    """

    kind: str
    name: str
    rows: tuple[str, ...]
    titles: Words
    path: tuple[Words, ...]
    from_memory: bool = True
    note: Words | None = None
    field: str = ""
    sure: tuple[str, ...] = ()

    def title(self) -> Mapping[str, str]:
        """Return what people call it, per locale; ``{}`` stands for the further words of a name with a `*`."""
        return dict(zip(LOCALES, self.titles, strict=True))

    def menu(self) -> Mapping[str, str]:
        """Return where to click, per locale, with the notes in brackets; ``{}`` as in `title`."""
        return {locale: self._menu(locale, at) for at, locale in enumerate(LOCALES)}

    def _menu(self, locale: str, at: int) -> str:
        unsure = self.from_memory and locale not in self.sure
        notes = [words[at] for words in (self.note, CHECK if unsure else None) if words]
        return " > ".join(step[at] for step in self.path) + "".join(f" ({note})" for note in notes)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A place as a playbook named it. `name` is its own name, with the further words of a name with a `*`."""

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
        return kinds.one_text(self.place.menu(), context).replace("{}", self.rest)


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one vendor. `note` is what `runner providers` says of all its menu paths."""

    table: tuple[Place, ...]
    note: str

    # --- finding places ---------------------------------------------------------------------------------------------

    def of(self, kind: str) -> Sequence[Place]:
        """Return the places of one kind, in the order of the table."""
        return tuple(place for place in self.table if place.kind == kind)

    def find(self, kind: str, name: str) -> Chosen | None:
        """Return the place that `name` means, None for no place of the table. Case does not matter; titles count as
        names in every language."""
        wanted = kinds.slug(name)
        for place in self.of(kind):
            if place.name.endswith("*"):
                stem = place.name.removesuffix("*").strip()
                if rest := _after(name, stem):
                    return Chosen(place, f"{stem} {rest}".strip(), rest)
            elif wanted in {kinds.slug(text) for text in (place.name, *place.titles)}:
                return Chosen(place, place.name)
        return None

    def named(self, kind: str, name: str, context: Context) -> Chosen:
        """Return the place that `name` means; raises InvalidInput with the nearest names when there is none."""
        found = self.find(kind, name)
        if found is not None:
            return found
        known = {place.name.casefold(): place.name for place in self.of(kind)}
        near = [known[low] for low in get_close_matches(name.casefold(), known, n=3, cutoff=0.5)]
        what = f"{kind} {name!r}" if kind != "access" else f"setting {name!r}"
        raise InvalidInput(
            f"step {context.step}: nobody knows where {what} is on {context.target.name}",
            hint=f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known.values())}",
        )

    # --- the kinds --------------------------------------------------------------------------------------------------

    def guided(self, spec: KindSpec) -> KindSpec:
        """Return `spec`, a kind that people carry out, with the title and the menu of the place that each step names;
        a step's own `menu` stays."""
        field = FIELDS[spec.kind]

        def chosen_of(with_: With, context: Context) -> list[Chosen]:
            return [self.named(spec.kind, name, context) for name in typed(with_[field])]

        def plain(with_: With, chosen: Sequence[Chosen]) -> With:
            names = [one.name for one in chosen]
            return {**with_, field: names[0] if len(names) == 1 else names}

        def query(with_: With, context: Context) -> Query:
            return spec.query(plain(with_, chosen_of(with_, context)), context)

        def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
            chosen = chosen_of(with_, context)
            one = next((one for one in chosen if one.key == found.key), chosen[0])
            wants = spec.claims(plain(with_, chosen), context, replace(found, name=one.name))
            menu = with_.get("menu") or one.menu(context)
            return [replace(want, title=one.title(context), menu=menu) for want in wants]

        schema = kinds.extend(spec, {field: self._described(spec, field)})
        return replace(spec, query=query, claims=claims, schema=schema, notes=self.notes(spec.kind))

    def checklist(self) -> KindSpec:
        """Return the kind for a list of things to do; an item may name a `place` of the table instead of a menu."""
        base = kinds.checklist()

        def query(with_: With, context: Context) -> Query:
            for item in with_["items"]:
                if "place" in item:
                    self.named("checklist", item["place"], context)
            return base.query(with_, context)

        def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
            item = with_["items"][int(found.key.rpartition("/")[2]) - 1]
            wants = base.claims(with_, context, found)
            if "place" not in item or item.get("menu"):
                return wants
            menu = self.named("checklist", item["place"], context).menu(context)
            return [replace(want, menu=menu) for want in wants]

        schema = self._with_places(base.schema)
        return replace(base, query=query, claims=claims, schema=schema, notes=self.notes("checklist"))

    # --- words for editors and for `runner providers` ---------------------------------------------------------------

    def notes(self, kind: str) -> tuple[str, ...]:
        """Return what `runner providers` says of a kind by hand."""
        return (f"by hand: {', '.join(place.name for place in self.of(kind))}", self.note)

    def _listed(self, kind: str) -> str:
        return ", ".join(f"`{place.name}`" for place in self.of(kind))

    def _described(self, spec: KindSpec, field: str) -> Mapping[str, Any]:
        words = f"What a person sets by hand: {self._listed(spec.kind)}."
        return {**spec.schema["properties"][field], "description": words}

    def _with_places(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        words = f"Where it is done: {self._listed('checklist')}."
        place = {"type": "string", "minLength": 1, "title": "Place", "description": words}
        items = schema["properties"]["items"]
        item = {**items["items"], "properties": {**items["items"]["properties"], "place": place}}
        return {**schema, "properties": {**schema["properties"], "items": {**items, "items": item}}}


def under(spec: KindSpec, kind: str) -> KindSpec:
    """Return `spec` under another kind's name, for a kind that the provider carries out by API as well:
    ``under(message(), "message_by_hand")``."""

    def query(with_: With, context: Context) -> Query:
        return replace(spec.query(with_, context), kind=kind)

    return replace(spec, kind=kind, query=query)


def _after(name: str, stem: str) -> str:
    """Return what follows the first words of a name, `Línea 1` of ``Talk line: Línea 1``; "" for other first words."""
    if not stem:
        return name.strip()
    found = re.match(r"\W*" + r"\W+".join(stem.split()) + r"\W+(\w.*)", name.strip(), re.IGNORECASE)
    return found[1] if found else ""
