"""Dynamic content and locales: one item, one text per locale, exactly one of them the default.

Evidence is in brackets: [DOC], [O25] (official file), [SALTO]; what has none is called a guess. Where nothing is known,
the stricter reading holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Reply, Route, invalid, missing, not_here
from providers.zendesk.simulator.listing import (
    Record,
    address,
    checked,
    find,
    inside,
    is_flag,
    is_number,
    is_text,
    pages,
    several,
)

LOCALES: Final[dict[int, tuple[str, str]]] = {  # 1 and 8 are in the vendor's samples [O25]; the other ids are ours
    1: ("en-US", "English (United States)"),
    2: ("es", "Español"),
    8: ("de", "Deutsch"),
    19: ("pt-BR", "Português do Brasil"),
    1173: ("uk", "Українська"),
}
SEEDED: Final = "2026-01-12T09:00:00Z"
_CHECKS: Final = {"content": is_text, "locale_id": is_number, "default": is_flag, "active": is_flag, "id": is_number}
_WRITABLE: Final[tuple[str, ...]] = ("content", "locale_id", "default", "active")
_BASE: Final = "/api/v2/dynamic_content/items"
_SEED: Final = (
    (
        31_001,
        "Outage notice",
        {
            1: "We are here for you during our usual hours.",
            2: "Estamos para ayudarte en nuestro horario habitual.",
            19: "Estamos aqui para você no nosso horário de sempre.",
            1173: "Ми на зв’язку у звичні години роботи.",
        },
    ),
    (
        31_002,
        "Request received",
        {
            1: "We have your request and answer within one working day.",
            2: "Recibimos tu solicitud y respondemos en un día hábil.",
            19: "Recebemos seu pedido e respondemos em um dia útil.",
            1173: "Ми отримали ваш запит і відповімо протягом робочого дня.",
        },
    ),
    (
        31_003,
        "Support signature",
        {
            1: "Kind regards, your support team",
            2: "Saludos, tu equipo de soporte",
            19: "Atenciosamente, sua equipe de suporte",
            1173: "З повагою, ваша команда підтримки",
        },
    ),
)


class Texts:
    """Dynamic content of one account: items and their variants, kept as the wire shows them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turn = 0  # counts edits
        self.items: dict[int, Record] = {}
        self._variants: dict[int, dict[int, Record]] = {}
        self._edited: dict[int, int] = {}  # variant id -> turn of its last text, to know what is outdated
        for id_, name, texts in _SEED:
            self._keep(id_, name, 1, SEEDED)
            for place, (locale, content) in enumerate(texts.items()):
                variant = {"id": id_ * 10 + place, "content": content, "locale_id": locale}
                self._add(id_, {**variant, "default": locale == 1, "active": True}, SEEDED, turn=0)

    def routes(self) -> list[Route]:
        """Return the operations on dynamic content and locales."""
        read, write = "dynamic_content:read", "dynamic_content:write"
        variants = f"{_BASE}/<int:item>/variants"
        return [
            Route("GET", "/api/v2/locales", self.list_locales),
            Route("GET", "/api/v2/locales/<string:locale>", self.show_locale),
            Route("GET", _BASE, self.list_items, scope=read),
            Route("POST", _BASE, self.create_item, role="admin", scope=write),
            Route("GET", f"{_BASE}/<int:item>", self.show_item, scope=read),
            Route("PUT", f"{_BASE}/<int:item>", self.rename_item, role="admin", scope=write),
            Route("DELETE", f"{_BASE}/<int:item>", self.delete_item, role="admin", scope=write),
            Route("GET", variants, self.list_variants, scope=read),
            Route("POST", variants, self.create_variant, role="admin", scope=write),
            Route("POST", f"{variants}/create_many", self.create_variants, role="admin", scope=write),
            Route("PUT", f"{variants}/update_many", self.update_variants, role="admin", scope=write),
            Route("GET", f"{variants}/<int:variant>", self.show_variant, scope=read),
            Route("PUT", f"{variants}/<int:variant>", self.update_variant, role="admin", scope=write),
            Route("DELETE", f"{variants}/<int:variant>", self.delete_variant, role="admin", scope=write),
        ]

    def dump(self) -> Json:
        """Return every item with its variants by locale. `outdated` follows from the order of edits and is left out."""
        return {
            str(id_): {
                "name": item["name"],
                "placeholder": item["placeholder"],
                "variants": {
                    LOCALES[variant["locale_id"]][0]: {part: variant[part] for part in ("content", "default", "active")}
                    for variant in self._variants[id_].values()
                },
            }
            for id_, item in self.items.items()
        }

    def fill(self, text: str, locale: int = 0) -> str:
        """Return `text` with the placeholders of dynamic content filled in: the active variant of `locale`, else the
        default one. A placeholder that no item has stays as it is (a guess)."""

        def content(found: re.Match[str]) -> str:
            name = found[0].replace(" ", "").lower()
            for id_, item in self.items.items():
                if item["placeholder"] == name:
                    rows = [row for row in self._variants[id_].values() if row["active"]]
                    own = (row for row in rows if row["locale_id"] == locale)
                    return str(next(own, next(row for row in rows if row["default"]))["content"])
            return found[0]

        return re.sub(r"\{\{\s*dc\.\w+\s*\}\}", content, text, flags=re.IGNORECASE)

    # --- locales ----------------------------------------------------------------------------------------------------

    def list_locales(self, call: Call) -> Reply:
        """Answer with every locale of the account."""
        del call
        return Reply({"locales": [self._locale(id_) for id_ in LOCALES]})

    def show_locale(self, call: Call) -> Reply:
        """Answer with one locale, by id or by code [O25]."""
        wanted = str(call.args["locale"]).lower().removesuffix(".json")
        for id_, (code, _) in LOCALES.items():
            if wanted in (str(id_), code.lower()):
                return Reply({"locale": self._locale(id_)})
        raise missing()

    def _locale(self, id_: int) -> Record:
        code, name = LOCALES[id_]
        stamps = {"created_at": SEEDED, "updated_at": SEEDED}
        return {"id": id_, "locale": code, "name": name, "url": self._url(f"/api/v2/locales/{code}.json"), **stamps}

    # --- items ------------------------------------------------------------------------------------------------------

    def list_items(self, call: Call) -> Reply:
        """Answer with a page of items, variants included."""
        self._offered()
        return pages(self._desk, call, "items", [self._item(id_) for id_ in self.items])

    def show_item(self, call: Call) -> Reply:
        """Answer with one item."""
        return Reply({"item": self._item(self._find(call))})

    def create_item(self, call: Call) -> Reply:
        """Create an item with its variants: one default, in the item's default locale [DOC][SALTO]."""
        self._offered()
        given = inside(call, "item")
        checked(given, {"name": is_text, "default_locale_id": is_number})
        lacks = [field for field in ("name", "default_locale_id", "variants") if field not in given]
        if lacks:
            raise invalid(**{field: f"{field} cannot be blank" for field in lacks})
        self._free(given["name"])
        rows = given["variants"]
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise invalid(variants="an item needs at least its default variant")
        wanted = [self._complete(row) for row in rows]
        _consistent(wanted)
        if next(row["locale_id"] for row in wanted if row["default"]) != given["default_locale_id"]:
            raise invalid(default_locale_id="the default variant must be in the default locale")
        id_, now = self._desk.new_id(), self._desk.stamp()
        self._keep(id_, given["name"], given["default_locale_id"], now)
        turn = self._next()
        for row in wanted:
            self._add(id_, {"id": self._desk.new_id(), **row}, now, turn)
        return Reply({"item": self._item(id_)}, 201)

    def rename_item(self, call: Call) -> Reply:
        """Change an item's name; everything else in the body is ignored, the placeholder stays [DOC]."""
        item = self.items[self._find(call)]
        given = inside(call, "item")
        if "name" in given:
            checked(given, {"name": is_text})
            self._free(given["name"], besides=item["id"], placeholder=False)
            item |= {"name": given["name"], "updated_at": self._desk.stamp()}
        return Reply({"item": self._item(item["id"])})

    def delete_item(self, call: Call) -> Reply:
        """Delete an item and its variants."""
        id_ = self._find(call)
        del self.items[id_], self._variants[id_]
        return Reply(status=204)

    def _keep(self, id_: int, name: str, locale: int, now: str) -> None:
        self.items[id_] = {
            "id": id_,
            "name": name,
            "placeholder": _placeholder(name),
            "default_locale_id": locale,
            "url": self._url(f"{_BASE}/{id_}.json"),
            "created_at": now,
            "updated_at": now,
        }
        self._variants[id_] = {}

    def _free(self, name: str, besides: int = 0, *, placeholder: bool = True) -> None:
        """Raise 422 when a name or its placeholder is taken, whatever its case [DOC]."""
        for item in self.items.values():
            taken = item["name"].lower() == name.lower()
            if item["id"] != besides and (taken or (placeholder and item["placeholder"] == _placeholder(name))):
                raise invalid(name=f"Name: {name} is already in use")

    def _offered(self) -> None:
        if not self._desk.at_least("professional"):  # [HC]; the status is a guess
            raise not_here()

    def _find(self, call: Call) -> int:
        self._offered()
        return int(find(self.items, call.args["item"])["id"])

    def _item(self, id_: int) -> Record:
        variants = [self._variant(id_, variant) for variant in self._variants[id_].values()]
        return {**self.items[id_], "outdated": any(row["outdated"] for row in variants), "variants": variants}

    # --- variants ---------------------------------------------------------------------------------------------------

    def list_variants(self, call: Call) -> Reply:
        """Answer with a page of an item's variants."""
        id_ = self._find(call)
        return pages(self._desk, call, "variants", [self._variant(id_, row) for row in self._variants[id_].values()])

    def show_variant(self, call: Call) -> Reply:
        """Answer with one variant."""
        id_ = self._find(call)
        return Reply({"variant": self._variant(id_, find(self._variants[id_], call.args["variant"]))})

    def create_variant(self, call: Call) -> Reply:
        """Add a variant in a locale that has none yet."""
        return Reply({"variant": self._create(self._find(call), [inside(call, "variant")])[0]}, 201)

    def create_variants(self, call: Call) -> Reply:
        """Add several variants, all or none (a guess)."""
        return Reply({"variants": self._create(self._find(call), several(call, "variants"))}, 201)

    def update_variant(self, call: Call) -> Reply:
        """Change one variant: text, locale, default, active."""
        id_ = self._find(call)
        row = {**inside(call, "variant"), "id": call.args["variant"]}
        return Reply({"variant": self._change(id_, [row])[0]})

    def update_variants(self, call: Call) -> Reply:
        """Change several variants, each named by its id, all or none (a guess)."""
        id_ = self._find(call)
        rows = several(call, "variants")
        if not all(is_number(row.get("id")) for row in rows):
            raise invalid(variants="every variant needs its id")
        return Reply({"variants": self._change(id_, rows)})

    def delete_variant(self, call: Call) -> Reply:
        """Delete a variant; the default one cannot be deleted [DOC]."""
        id_ = self._find(call)
        variant = find(self._variants[id_], call.args["variant"])
        if variant["default"]:
            raise invalid(default="the default variant cannot be deleted")
        del self._variants[id_][variant["id"]]
        return Reply(status=204)

    def _create(self, id_: int, rows: Sequence[Record]) -> list[Record]:
        new = [{"id": self._desk.new_id(), **self._complete(row)} for row in rows]
        heir = any(row["default"] for row in new)
        old = [{**row, "default": row["default"] and not heir} for row in self._variants[id_].values()]
        _consistent([*old, *new])
        self._appoint(id_, old)
        now, turn = self._desk.stamp(), self._next()
        for row in new:
            self._add(id_, row, now, turn)
        return [self._variant(id_, self._variants[id_][row["id"]]) for row in new]

    def _change(self, id_: int, rows: Sequence[Record]) -> list[Record]:
        changes = {row["id"]: {field: row[field] for field in _WRITABLE if field in row} for row in rows}
        for key, change in changes.items():
            find(self._variants[id_], key)
            checked(change, _CHECKS)
        heir = any(change.get("default") for change in changes.values())
        after = [{**row, **changes.get(key, {})} for key, row in self._variants[id_].items()]
        if heir:  # naming a new default takes the role from the old one, named in the body or not
            for row in after:
                row["default"] = bool(changes.get(row["id"], {}).get("default", False))
        _consistent(after)
        now, turn = self._desk.stamp(), self._next()
        for row in after:
            before = self._variants[id_][row["id"]]
            if row["content"] != before["content"] or (row["default"] and not before["default"]):
                self._edited[row["id"]] = turn
            if row["id"] in changes:
                row["updated_at"] = now
        self._appoint(id_, after)
        return [self._variant(id_, self._variants[id_][key]) for key in changes]

    def _next(self) -> int:
        self._turn += 1
        return self._turn

    def _appoint(self, id_: int, rows: Sequence[Record]) -> None:
        """Keep these variants, and let the item's default locale follow the default variant."""
        self._variants[id_].update({row["id"]: row for row in rows})
        for row in rows:
            if row["default"]:
                self.items[id_]["default_locale_id"] = row["locale_id"]

    def _complete(self, row: Record) -> Record:
        """Return a new variant with its defaults filled in; raises 422 when text or locale is missing or wrong."""
        lacks = [field for field in ("content", "locale_id") if field not in row]
        if lacks:
            raise invalid(**{field: f"{field} cannot be blank" for field in lacks})
        given = {field: row[field] for field in _WRITABLE if field in row}
        checked(given, _CHECKS)
        return {"default": False, "active": True, **given}

    def _add(self, id_: int, row: Record, now: str, turn: int) -> None:
        self._variants[id_][row["id"]] = {**row, "created_at": now, "updated_at": now}
        self._edited[row["id"]] = turn
        if row["default"]:
            self.items[id_]["default_locale_id"] = row["locale_id"]

    def _variant(self, id_: int, row: Record) -> Record:
        default = next(one for one in self._variants[id_].values() if one["default"])
        outdated = self._edited[row["id"]] < self._edited[default["id"]]
        return {**row, "outdated": outdated, "url": self._url(f"{_BASE}/{id_}/variants/{row['id']}.json")}

    def _url(self, path: str) -> str:
        return address(self._desk, path)


def _consistent(rows: Sequence[Record]) -> None:
    """Raise the 422 of an item without exactly one default, or with two variants in one locale [DOC][SALTO]."""
    locales = [row["locale_id"] for row in rows]
    if any(locale not in LOCALES for locale in locales):
        raise invalid(locale_id="the account has no such locale")
    if len(set(locales)) < len(locales):
        raise invalid(locale_id="there is a variant in this locale already")
    defaults = [row for row in rows if row["default"]]
    if len(defaults) != 1:
        raise invalid(default="an item has exactly one default variant")
    if not defaults[0]["active"]:  # a guess: a default that nobody sees cannot be one
        raise invalid(active="the default variant must be active")


def _placeholder(name: str) -> str:
    return "{{dc." + "_".join(re.findall(r"\w+", name.lower())) + "}}"
