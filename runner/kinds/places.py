"""Kinds about things that are switched or rewritten in place: channels, rules, messages, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

from runner.errors import InvalidInput
from runner.kinds.shape import (
    Overrides,
    Schema,
    With,
    describe,
    either,
    fields,
    for_locale,
    objects,
    one_text,
    override,
    pick,
    slug,
    texts,
)
from runner.kinds.words import terms_of
from runner.model import ABSENT, Claim, Json, Merge, Op
from runner.spi import Context, Found, KindSpec, Means, Query, Want


def channel(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind that turns a channel on or off. Slots: key = channel id, path ``enabled`` (boolean)."""
    return _switch("channel", "Channel on or off", "enabled", "Whether the channel takes new contacts.", overrides)


def rule(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind that turns a rule (trigger, automation) on or off. Slots: key = rule id, path ``active``."""
    return _switch("rule", "Rule on or off", "active", "Whether the rule runs.", overrides)


def _switch(kind: str, title: str, path: str, description: str, overrides: Overrides) -> KindSpec:
    def query(with_: With, context: Context) -> Query:
        del context
        return pick(kind, with_[kind], (path,))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        del context, found
        return [Want(path, Claim(Op.PUT, with_[path]))]

    flag: Schema = {"type": "boolean"}
    schema = fields({kind: objects(kind), path: describe(flag, path.capitalize(), description)}, [kind, path])
    return override(KindSpec(kind, title, schema, query, claims, {path: Merge.ATOMIC}), overrides)


# --- messages -------------------------------------------------------------------------------------------------------


def message(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind for an automatic message (greeting, offline, out of hours, first reply).

    Slots: key = message id, path ``text/<locale>``. A text without locales goes to every locale that the message
    has. A text per locale goes to the locales that the message has (``pt`` serves ``pt-BR``); a message in a single
    other language gets the text in the runner's language.
    """

    def query(with_: With, context: Context) -> Query:
        del context
        return pick("message", with_["message"], ("text/*",))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        op, given = (Op.PUT, with_["text"]) if "text" in with_ else (Op.APPEND, with_["append"])
        per_locale = _per_locale(given, context, found)
        return [Want(f"text/{locale}", Claim(op, text)) for locale, text in per_locale.items()]

    schema = fields(
        {
            "message": objects("message"),
            **texts("text", "Text", "What the message says while the step is active."),
            **texts("append", "Append", "Lines added below the message's own text while the step is active."),
        },
        ["message"],
        **either("text", "text_file", "append", "append_file"),
    )
    spec = KindSpec(
        "message", "Automatic message", schema, query, claims, {"text/*": Merge.TEXT}, announces=("text", "append")
    )
    return override(spec, overrides)


def _per_locale(given: Json, context: Context, found: Found) -> dict[str, str]:
    locales = [
        path.removeprefix("text/")
        for path, value in found.values.items()
        if path.startswith("text/") and value is not ABSENT
    ]
    if not locales:
        raise InvalidInput(
            f"message {found.name or found.key} on {context.target.name} has no text in any language",
            hint="write its text once on the helpdesk, then plan again",
        )
    if not isinstance(given, Mapping):
        return dict.fromkeys(locales, str(given))
    chosen = {locale: text for locale in locales if (text := for_locale(given, locale)) is not None}
    if chosen:
        return chosen
    if len(locales) == 1:
        return {locales[0]: one_text(given, context)}
    raise InvalidInput(
        f"message {found.name or found.key} on {context.target.name} has texts in {', '.join(locales)}, "
        f"and the step gives {', '.join(given)}",
        hint="give a text for at least one of the message's languages",
    )


# --- settings -------------------------------------------------------------------------------------------------------


def access(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind for an access or security setting.

    Slots: key = slug of the setting's name, path ``value``. Carried out by people unless a provider says otherwise
    (``means=Means.VERIFY`` where it can read the setting).
    """

    def query(with_: With, context: Context) -> Query:
        del context
        return Query("access", ids=(slug(with_["setting"]),), paths=("value",))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        del found
        title = terms_of(context.language).set.format(name=with_["setting"])
        return [Want("value", Claim(Op.PUT, with_["value"]), title=title, menu=with_.get("menu", ""))]

    any_value: Schema = {"type": ["string", "boolean", "number", "array", "object"]}
    schema = fields(
        {
            "setting": {"type": "string", "minLength": 1, "title": "Setting", "description": "Name of the setting."},
            "value": describe(any_value, "Value", "What the setting holds while the step is active."),
            "menu": {"type": "string", "title": "Menu", "description": "Where to click, for the person who does it."},
        },
        ["setting", "value"],
    )
    spec = KindSpec("access", "Access setting", schema, query, claims, {"value": Merge.ATOMIC}, means=Means.PERSON)
    return override(spec, overrides)
