"""Pieces that the kinds share: JSON Schema fragments, selectors of objects, texts per locale, overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias, TypedDict
from unicodedata import normalize

from runner.errors import InvalidInput
from runner.minutes import RANGE_PATTERN, WEEKDAYS
from runner.model import ABSENT, Json, Merge, Value
from runner.spi import ClaimsOf, Context, Free, Identity, KindSpec, Means, Query, QueryOf, Reversal

With: TypeAlias = Mapping[str, Any]
Schema: TypeAlias = Mapping[str, Any]
TEMPLATE: Final = r"|\{[\{%]"  # a value that a template fills in later is checked after rendering

NAME: Final[Schema] = {"type": "string", "minLength": 1}
TEXT: Final[Schema] = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string", "minLength": 1}},
    ]
}
DATE: Final[Schema] = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}$" + TEMPLATE,
    "patternErrorMessage": "write a date such as `2026-12-25`",
}
ONE_OR_MORE: Final[Schema] = {
    "oneOf": [NAME, {"type": "array", "items": NAME, "minItems": 1, "uniqueItems": True}],
}
_ID: Final[Schema] = {"type": ["string", "integer"], "minLength": 1}
_BY_ID: Final[Schema] = {
    "type": "object",
    "title": "By id",
    "description": "The vendor's id: no look-up by name.",
    "properties": {"id": {**_ID, "title": "Id", "description": "The vendor's id of the object."}},
    "required": ["id"],
    "additionalProperties": False,
}


class Overrides(TypedDict, total=False):
    """What a provider may say differently about a common kind: any field of `KindSpec` but its name."""

    title: str
    schema: Mapping[str, Any]
    query: QueryOf
    claims: ClaimsOf
    merges: Mapping[str, Merge]
    means: Means
    reversal: Reversal
    identity: Identity
    whole_object: bool
    precondition: bool
    settle: float
    deadline: float
    page: int
    max_batch: int
    max_in_flight: int
    job_time: float
    rate: float | None
    free: Free | None
    flags: Mapping[str, bool]
    gives_back: frozenset[str] | None
    values: Mapping[str, frozenset[str]]
    matches: Any
    says: Any
    normalise: Any
    menu: Mapping[str, str]
    announces: tuple[str, ...]
    notes: tuple[str, ...]


def override(spec: KindSpec, changes: Overrides) -> KindSpec:
    """Return `spec` with some fields replaced."""
    return replace(spec, **changes)


def offer(*specs: KindSpec) -> dict[str, KindSpec]:
    """Return the table that `Provider.capabilities` answers with; raises ValueError when a kind comes twice."""
    table = {spec.kind: spec for spec in specs}
    if len(table) != len(specs):
        raise ValueError("a kind is offered twice")
    return table


def describe(schema: Schema, title: str, description: str) -> Schema:
    """Return `schema` with the words that an editor shows."""
    return {"title": title, "description": description, **schema}


def fields(properties: Mapping[str, Schema], required: Sequence[str] = (), **more: Any) -> Schema:
    """Return the schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def extend(spec: KindSpec, properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """Return the schema of `spec` with a vendor's own fields added; a field of the same name is replaced."""
    schema = spec.schema
    return {
        **schema,
        "properties": {**schema["properties"], **properties},
        "required": [*schema.get("required", ()), *required],
    }


def texts(name: str, title: str, description: str) -> dict[str, Schema]:
    """Return the two fields of one announced text: ``name`` and ``name_file``."""
    return {
        name: describe(TEXT, title, description + " One text, or one per locale (`{pt-BR: ..., en: ...}`)."),
        f"{name}_file": describe(
            NAME,
            f"{title} (file)",
            f"The same from a file beside the playbook, one per locale: `texts/{name}.{{locale}}.md.j2`.",
        ),
    }


def either(*names: str) -> Schema:
    """Return the schema that asks for exactly one of these fields."""
    return {"oneOf": [{"required": [name]} for name in names]}


def hours_of(value: Schema | None = None) -> Schema:
    """Return the schema of weekly hours: weekday -> list of ranges."""
    words = "write `08:00-12:00`: each time with two digits for the hour and two for the minute; a day ends at 24:00"
    times = {"type": "string", "pattern": RANGE_PATTERN + TEMPLATE, "patternErrorMessage": words}
    day = value or {"type": "array", "items": times}
    return fields(
        {
            dow: describe(
                day, dow.capitalize(), 'Open times, `["09:00-12:00", "13:00-18:00"]`; `[]` is closed all day.'
            )
            for dow in WEEKDAYS
        },
        minProperties=1,
    )


# --- objects --------------------------------------------------------------------------------------------------------


def objects(what: str) -> Schema:
    """Return the schema of a selector: a name, ``{id: ...}``, or a list of one or the other."""
    return {
        "title": what.capitalize(),
        "description": f"Name of the {what} as the helpdesk shows it, `{{id: ...}}`, or a list of either.",
        "oneOf": [
            NAME,
            _BY_ID,
            {"type": "array", "items": NAME, "minItems": 1, "uniqueItems": True},
            {"type": "array", "items": _BY_ID, "minItems": 1, "uniqueItems": True},
        ],
    }


def typed(value: Json) -> tuple[str, ...]:
    """Return the names or ids of a selector as typed."""
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(str(item["id"]) if isinstance(item, Mapping) else str(item) for item in items)


def pick(kind: str, value: Json, paths: Sequence[str]) -> Query:
    """Return the query of a selector; `name` is read along."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    chosen = typed(value)
    wanted = ("name", *paths)
    if isinstance(first, Mapping):
        return Query(kind, ids=chosen, paths=wanted)
    return Query(kind, names=chosen, paths=wanted)


def asked(paths: Sequence[str], values: Mapping[str, Value]) -> dict[str, Value]:
    """Return what a query's `paths` ask of one object: for a provider's `read`.

    Exact paths are always there (ABSENT where the object has nothing), ``x/*`` is what the object has below it, and no
    path at all means everything. An object that does not exist has no values.
    """
    found: dict[str, Value] = {}
    for path in paths or ("name", "*"):
        if path.endswith("*"):
            prefix = path[:-1]
            found.update((name, values[name]) for name in sorted(values) if name.startswith(prefix))
        else:
            found[path] = values.get(path, ABSENT)
    return found


def slug(text: str) -> str:
    """Return a name as a key: lower case, letters and digits of any script, single dashes."""
    return "-".join(re.findall(r"\w+", normalize("NFKC", text).casefold())) or "unnamed"


# --- texts and words ------------------------------------------------------------------------------------------------


def one_text(value: Json, context: Context) -> str:
    """Return one text of `value`: the text itself, else the language of the context, the target, the first."""
    if not isinstance(value, Mapping):
        return str(value)
    for locale in (context.language, *context.target.locales):
        found = for_locale(value, locale)
        if found is not None:
            return found
    return str(next(iter(value.values())))


def every_text(value: Json, context: Context, between: str = "\n\n") -> str:
    """Return the texts of all languages in one, those of the target first: for what is the same for everybody."""
    if not isinstance(value, Mapping):
        return str(value)
    ours = [for_locale(value, locale) for locale in context.target.locales]
    return between.join(dict.fromkeys(text for text in (*ours, *value.values()) if text))


def for_locale(value: Mapping[str, str], locale: str) -> str | None:
    """Return the text for `locale`, else one of the same language (``pt`` for ``pt-BR``), else None."""
    if locale in value:
        return value[locale]
    language = locale.partition("-")[0].lower()
    return next((text for name, text in value.items() if name.partition("-")[0].lower() == language), None)


def word(context: Context, text: Json) -> Json:
    """Return the target's own word for a common one (``pause`` -> ``pending``); other words stand as they are.

    Raises InvalidInput when the target has no word for ``pause``.
    """
    if not isinstance(text, str):
        return text
    if text in context.target.words:
        return context.target.words[text]
    if text == "pause":
        name = context.target.name
        raise InvalidInput(
            f"step {context.step}: `status: pause` has no meaning on target {name}",
            hint=f"add `pause: <status>` under targets.{name} in runner.yaml, or write the status itself",
        )
    return text


def any_of(wanted: Json, value: Value) -> bool:
    """Whether `value` is the wanted one, or one of a list; a status object matches by its `status`."""
    choices = wanted if isinstance(wanted, list | tuple) else (wanted,)
    return value in choices or (isinstance(value, dict) and value.get("status") in choices)
