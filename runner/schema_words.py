"""Small pieces of sentences about values: what they are, how they look, which name was meant."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from runner.model import Json

_TYPES: Final[Mapping[str, str]] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of fields",
    "null": "nothing",
}


def canonical(value: Json) -> str:
    """Return `value` as JSON in one way only, so that equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def near(name: object, known: Iterable[str]) -> str:
    """Return the one of `known` that `name` most looks like, or "" when none does."""
    if not isinstance(name, str):
        return ""
    folded = {option.casefold().replace("-", "_"): option for option in known}
    found = get_close_matches(name.casefold().replace("-", "_")[:80], folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def shown(value: Json, limit: int = 60) -> str:
    """Return `value` on one line, in backticks, cut to `limit` characters."""
    text = value if isinstance(value, str) and value.isprintable() and value else json.dumps(value, ensure_ascii=False)
    return f"`{text if len(text) <= limit else text[: limit - 3] + '...'}`"


def kind_of(value: Json) -> str:
    """Return what `value` is, in plain words."""
    if isinstance(value, bool):
        return "true or false"
    for python, name in ((str, "string"), (int, "integer"), (float, "number"), (list, "array"), (dict, "object")):
        if isinstance(value, python):
            return _TYPES[name]
    return "nothing"


def types(names: Sequence[str]) -> str:
    """Return JSON Schema types in plain words: "a text or a list"."""
    return _joined([_TYPES.get(name, name) for name in names], "or")


def choices(options: Iterable[Json], limit: int = 12, *, last: str = "or") -> str:
    """Return options as "`a`, `b` or `c`"; beyond `limit` the rest is counted."""
    listed = [shown(option) for option in options]
    if len(listed) > limit:
        return ", ".join(listed[:limit]) + f" and {len(listed) - limit} more"
    return _joined(listed, last)


def _joined(parts: Sequence[str], last: str) -> str:
    return f" {last} ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else "nothing"
