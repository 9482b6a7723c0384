"""JSON Schema for what people type: one validator per schema, and mistakes as sentences with a place.

A published schema is found in the installed package or in the checkout. Each is compiled once: references are put in
line (looking them up again for every value costs more than the checks) and texts for editors are dropped. What a kind
wants in `with` is not part of the playbook's schema: kinds are dispatched in code, by `Validators`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from runner.model import Json
from runner.schema_faults import Problem, Where, explain, fault
from runner.schema_words import canonical

SchemaName: TypeAlias = Literal["playbook.v1", "runner.v1", "plan.v1", "journal.v1"]

MOST_ERRORS: Final = 1_000

_FOR_EDITORS: Final = frozenset(("title", "description", "default", "markdownDescription", "$comment", "$defs", "$id"))


@lru_cache(maxsize=8)
def published(name: SchemaName) -> Mapping[str, Any]:
    """Return the published schema `name` as JSON. Raises FileNotFoundError when the installation lacks it."""
    wheel = files("runner") / "schemas" / f"{name}.json"
    checkout = Path(__file__).resolve().parent.parent / "schemas" / f"{name}.json"
    text = wheel.read_text(encoding="utf-8") if wheel.is_file() else checkout.read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


@lru_cache(maxsize=8)
def validator(name: SchemaName) -> Draft202012Validator:
    """Return the compiled validator of a published schema."""
    return compiled(published(name))


def compiled(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return a validator of `schema`, whose references must point into its own ``$defs`` and must not be recursive."""
    made: Draft202012Validator = _Linear(_in_line(schema, schema.get("$defs", {})))
    return made


def _unique(_: object, wanted: bool, instance: Json, _schema: object) -> Iterator[ValidationError]:
    """jsonschema compares all pairs of a list that cannot be sorted: a long one would never end."""
    if wanted and isinstance(instance, list) and len({canonical(item) for item in instance}) < len(instance):
        yield ValidationError("listed twice")


_extended: Final[Callable[..., Any]] = extend  # jsonschema leaves it untyped
_Linear: Final = _extended(Draft202012Validator, {"uniqueItems": _unique})


def _in_line(schema: Json, definitions: Mapping[str, Any]) -> Json:
    if not isinstance(schema, Mapping):
        return [_in_line(item, definitions) for item in schema] if isinstance(schema, list) else schema
    if "$ref" in schema:
        target = definitions[schema["$ref"].rpartition("/")[2]]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _in_line({**target, **rest}, definitions)
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            result[key] = {name: _in_line(part, definitions) or True for name, part in value.items()}
            if "additionalProperties" not in schema:  # a field that is only described allows anything
                result[key] = {name: part for name, part in result[key].items() if part is not True}
        elif key in ("enum", "const", "examples", "required", "patternErrorMessage"):
            result[key] = value
        elif key not in _FOR_EDITORS:
            result[key] = _in_line(value, definitions)
    return result


class Validators:
    """Validators of the kinds' `with`, one per distinct schema, made when first needed."""

    def __init__(self) -> None:
        self._by_identity: dict[int, tuple[Mapping[str, Any], Draft202012Validator]] = {}
        self._by_text: dict[str, Draft202012Validator] = {}

    def of(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        """Return the validator of `schema`; equal schemas share one."""
        known = self._by_identity.get(id(schema))
        if known is None:
            text = json.dumps(schema, sort_keys=True, default=list)
            made = self._by_text.get(text) or compiled(json.loads(text))
            self._by_text[text] = made
            known = self._by_identity[id(schema)] = (schema, made)  # holds the schema: its id stays taken
        return known[1]


def problems(check: Draft202012Validator, data: Json, base: Where = ()) -> list[Problem]:
    """Return what `check` finds wrong in `data`, each problem once; `base` is the path of `data` in its file.

    A document with more than `MOST_ERRORS` errors is not looked at to its end.
    """
    errors = list(islice(check.iter_errors(data), MOST_ERRORS))
    found = dict.fromkeys(problem for error in errors for problem in explain(fault(error, base)))
    if len(errors) == MOST_ERRORS:
        message = f"only the first {MOST_ERRORS:,} mistakes are listed"
        found[Problem("SC010", base, message, "mend these first; is it the right file?")] = None
    meant = {(*problem.path[:-1], problem.renamed) for problem in found if problem.renamed}
    return [  # a field that is there, but misspelt, is not told as missing too
        problem for problem in found if not any((*problem.path, name) in meant for name in problem.missing)
    ]
