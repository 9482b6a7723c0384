"""Checks across playbooks: who wants what in which slot, as far as that can be said without reading a helpdesk."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from runner.checks.book import STEPS, Book, Opening, Part, diagnostic
from runner.errors import Diagnostic
from runner.model import Merge, Op, value_to_json
from runner.playbook_texts import Renderer
from runner.spi import Context, Found
from runner.template import TemplateError

Thing: TypeAlias = tuple[str, str, str]  # target, kind, name or id as typed


@dataclass(frozen=True, slots=True)
class Wish:
    """One part of one outage that touches one thing, from `start` until `end`."""

    book: Book
    opening: Opening
    part: Part
    with_: Any
    context: Context
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Put:
    """A value wanted in one slot."""

    wish: Wish
    path: str
    value: str  # canonical JSON


def names(books: Sequence[Book]) -> Iterator[Diagnostic]:
    """No two playbooks share a name: outages are named after them."""
    first: dict[str, Book] = {}
    for book in books:
        name = book.playbook.name
        if name in first:
            other = first[name].loaded.mark(("metadata", "name"))
            yield book.found(
                "OV003", ("metadata", "name"), f"another playbook is called {name}", f"it is {other}; rename one"
            )
        first.setdefault(name, book)


def conflicts(books: Sequence[Book]) -> Iterator[Diagnostic]:
    """No two outages of equal priority want different values in one slot at one time."""
    things: dict[Thing, list[Wish]] = defaultdict(list)
    for book in books:
        for opening in book.openings:
            for wish, thing in _wishes(book, opening):
                things[thing].append(wish)
    told: set[tuple[int, int, Thing]] = set()
    for thing, wishes in things.items():
        if len(wishes) > 1:
            for earlier, later in _clashes(wishes, thing):
                key = (id(earlier.wish.part), id(later.wish.part), thing)
                if key not in told:
                    told.add(key)
                    yield _clash(thing, earlier, later)


def _wishes(book: Book, opening: Opening) -> Iterator[tuple[Wish, Thing]]:
    renderer = Renderer(book.playbook, opening.start, opening.end, opening.where, book.config.language)
    for part in book.parts:
        active = book.active(part, opening)
        spec = book.spec(part.target, part.kind)
        if active is None or active[1] is None or active[0] >= active[1] or spec is None:
            continue
        if part.follow_up is not None and part.follow_up.when == "cancelled":
            continue  # it opens only once everything else was reverted, before the start
        try:
            with_ = renderer.fields(part.with_)
        except (TemplateError, KeyError):
            continue
        context = book.context(part, opening, active)
        query = book.query(part, with_, context)
        for name in dict.fromkeys((*query.ids, *query.names)) if query else ():
            yield Wish(book, opening, part, with_, context, active[0], active[1]), (part.target, part.kind, name)


def _clashes(wishes: list[Wish], thing: Thing) -> Iterator[tuple[Put, Put]]:
    """Yield pairs that overlap and differ; each wish is held against every distinct earlier value once."""
    standing: dict[str, dict[tuple[str, int, int], Put]] = defaultdict(dict)
    texts = _texts_of(wishes)
    for wish in sorted(wishes, key=lambda each: (each.start, each.end)):
        for put in _puts(wish, thing, texts):
            same_slot = standing[put.path]
            for key, other in list(same_slot.items()):
                if other.wish.end <= wish.start:
                    del same_slot[key]
                elif other.value != put.value and _priority(other.wish) == _priority(wish):
                    yield other, put
                    break
            key = (put.value, _priority(wish), id(wish.book))
            held = same_slot.get(key)
            if held is None or held.wish.end < wish.end:
                same_slot[key] = put


def _texts_of(wishes: list[Wish]) -> dict[str, Any]:
    """Return the texts that the thing must have in some language for these wishes to mean anything."""
    spec = wishes[0].book.spec(wishes[0].part.target, wishes[0].part.kind)
    folders = (
        [path for path, merge in spec.merges.items() if merge is Merge.TEXT and path.endswith("/*")] if spec else []
    )
    fields = spec.announces if spec and folders else ()
    given = [wish.with_.get(field) for wish in wishes for field in fields]
    locales = {locale for each in given if isinstance(each, Mapping) for locale in each}
    return {folder[:-1] + locale: "" for folder in folders for locale in locales or {wishes[0].context.language}}


def _puts(wish: Wish, thing: Thing, texts: Mapping[str, Any]) -> list[Put]:
    spec = wish.book.spec(wish.part.target, wish.part.kind)
    values = {"zone": wish.context.target.zone, **texts}
    try:
        wants = spec.claims(wish.with_, wish.context, Found(thing[2], thing[2], values)) if spec else ()
    except Exception:  # what a kind wants may depend on what the helpdesk holds
        return []
    puts = (want for want in wants if want.claim.op is Op.PUT)
    return [Put(wish, want.path, json.dumps(value_to_json(want.claim.value), sort_keys=True)) for want in puts]


def _priority(wish: Wish) -> int:
    return wish.book.playbook.priority


def _clash(thing: Thing, earlier: Put, later: Put) -> Diagnostic:
    slot = f"{'/'.join(thing)}/{later.path}"
    mine, theirs = later.wish.part, earlier.wish.part
    values = f"{_short(earlier.value)} and {_short(later.value)}"
    here = later.wish.book.loaded.mark((*STEPS, mine.index))
    there = earlier.wish.book.loaded.mark((*STEPS, theirs.index))
    if later.wish.book is earlier.wish.book:
        message = f"{theirs.step.id} and {mine.step.id} want {values} in {slot} at one time"
        return diagnostic("OV002", here, message, f"the later one wins; the other is on line {there.line}")
    name = earlier.wish.book.playbook.name
    start = max(earlier.wish.start, later.wish.start).astimezone(later.wish.book.zone)
    message = f"{name} and this playbook want {values} in {slot} at one time, {start:%Y-%m-%d %H:%M}"
    return diagnostic("OV001", here, message, f"give one of them a higher spec.priority; the other is {there}")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
