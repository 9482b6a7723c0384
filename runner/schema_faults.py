"""What JSON Schema objects to, as sentences for the person who typed it, with the path of the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, TypeAlias

from jsonschema.exceptions import ValidationError

from runner.errors import Diagnostic, Mark
from runner.model import Json
from runner.schema_words import canonical, choices, kind_of, near, shown, types

Where: TypeAlias = tuple[str | int, ...]

_WRITTEN: Final = (  # how things are written, plainest first: the first that a pattern takes is its example
    *("first-outage", "First outage", "first_outage", "08:00-12:00", "08:00", "2026-12-25", "2026-12-11 11:30"),
    *("2026-12-11T11:30:00Z", "pt-BR", "90s", "ops@example.com", "https://example.com/", "#336699", "12"),
)
_MOST: Final = 50  # fields of one value that are compared with known names


@dataclass(frozen=True, slots=True)
class Problem:
    """One place that a schema does not allow.

    `at_key` says that the field's name is the place, not its value. `renamed` is, for an unknown field, the name that
    was meant, where that is clear.
    """

    code: str
    path: Where
    message: str
    hint: str = ""
    at_key: bool = False
    renamed: str = ""
    missing: tuple[str, ...] = ()

    def diagnostic(self, mark: Callable[[Where], Mark], key_mark: Callable[[Where], Mark]) -> Diagnostic:
        """Return the problem at its place; `mark` and `key_mark` look places up."""
        place = key_mark(self.path) if self.at_key else mark(self.path)
        return Diagnostic(self.code, self.message, place, self.hint)


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of jsonschema as a plain value: `rule` with its argument `wanted` does not allow `value` at `path`.

    `schema` is the part that holds the rule; `forms` are, for a rule with several forms, the faults of each of them.
    """

    rule: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    path: Where
    of_name: bool = False
    forms: tuple[tuple[Fault, ...], ...] = ()
    depth: int = 0

    @property
    def label(self) -> str:
        """How a sentence names the value: by its field, with its index in a list."""
        for index in range(len(self.path) - 1, -1, -1):
            part = self.path[index]
            if isinstance(part, str):
                return f"`{part}{''.join(f'[{number}]' for number in self.path[index + 1 :])}`"
        return "the file"

    @property
    def secret(self) -> bool:
        """Whether the value must not be shown."""
        return bool(self.schema.get("writeOnly"))

    @property
    def advice(self) -> str:
        """The schema's own words for what is wanted."""
        return str(self.schema.get("patternErrorMessage", ""))


def fault(error: ValidationError, base: Where = ()) -> Fault:
    """Return `error` as a plain value; `base` is the path of the error that it is a part of."""
    path = (*base, *error.relative_path)
    forms: dict[Any, list[Fault]] = {}
    for part in error.context or ():
        forms.setdefault(part.relative_schema_path[0], []).append(fault(part, path))
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    of_name = "propertyNames" in error.relative_schema_path
    listed = tuple(tuple(form) for form in forms.values())
    depth = len(error.relative_path)
    return Fault(str(error.validator), error.validator_value, error.instance, schema, path, of_name, listed, depth)


def explain(fault: Fault) -> Iterator[Problem]:
    """Yield the problems behind one fault."""
    if fault.of_name:
        hint = fault.advice or "choose another name"
        yield Problem("SC005", (*fault.path, fault.value), f"{shown(fault.value)} cannot be a name here", hint, True)
    elif fault.rule == "additionalProperties":
        yield from _unknown_fields(fault)
    elif fault.rule == "required":
        yield from _missing(fault)
    elif fault.rule in ("oneOf", "anyOf"):
        yield from _alternatives(fault)
    else:
        yield _EXPLAINED.get(fault.rule, _other)(fault)


def _unknown_fields(fault: Fault) -> Iterator[Problem]:
    known = list(fault.schema.get("properties", ()))
    for name in islice((name for name in fault.value if name not in known), _MOST):
        meant = near(name, [field for field in known if field not in fault.value]) or near(name, known)
        hint = f"did you mean `{meant}`?" if meant else f"known here: {choices(known)}" if known else "delete it"
        renamed = meant if meant and meant not in fault.value else ""
        yield Problem("SC001", (*fault.path, name), f"unknown field {shown(name)}", hint, True, renamed)


def _missing(fault: Fault) -> Iterator[Problem]:
    for name in fault.wanted:
        if name in fault.value:
            continue
        similar = [field for field in islice(fault.value, _MOST) if near(field, [name])]
        known = fault.schema.get("properties", ()) if isinstance(fault.schema, Mapping) else ()
        if any(field not in known for field in similar):
            continue  # told once, as the unknown field with a suggestion
        where = f" in {fault.label}" if fault.path else ""
        yield Problem("SC002", fault.path, f"`{name}` is missing{where}", f"add `{name}:`", missing=(name,))


def _wrong_type(fault: Fault) -> Problem:
    allowed = fault.wanted if isinstance(fault.wanted, list) else [fault.wanted]
    value = fault.value
    code = "CF002" if fault.secret else "SC003"
    if value is None:
        return Problem(code, fault.path, f"{fault.label} has no value", f"write {types(allowed)}, or delete the field")
    found = kind_of(value) if fault.secret else f"{kind_of(value)} ({shown(value)})"
    if isinstance(value, list | dict):
        found = kind_of(value)
    hint = _type_hint(value, allowed)
    if fault.advice and not re.search(fault.schema.get("pattern", ""), str(value)):
        hint = fault.advice
    return Problem(code, fault.path, f"{fault.label} must be {types(allowed)}, not {found}", hint)


def _type_hint(value: Json, allowed: Sequence[str]) -> str:
    if "string" in allowed and isinstance(value, bool | int | float):
        return "put it in quotes"
    if "boolean" in allowed and isinstance(value, str):
        return "write true or false without quotes; `yes`, `no`, `on` and `off` are texts"
    if {"integer", "number"} & set(allowed) and isinstance(value, str):
        return "write digits only, without quotes or separators"
    if "array" in allowed and not isinstance(value, list):
        return "write a list: `[a, b]`, or one item a line that starts with `- `"
    if "object" in allowed:
        return "write fields: `name: value`, one a line and indented"
    return ""


def _not_listed(fault: Fault) -> Problem:
    listed = fault.wanted if fault.rule == "enum" else [fault.wanted]
    meant = near(fault.value, [option for option in listed if isinstance(option, str)])
    hint = f"did you mean `{meant}`?" if meant else ""
    if fault.path == ("apiVersion",):
        hint = "a newer version of the language needs a newer runner"
    message = f"{fault.label} must be {choices(listed)}, not {shown(fault.value)}"
    return Problem("SC004", fault.path, message, hint)


def _pattern(fault: Fault) -> Problem:
    wanted = fault.advice
    if fault.secret:
        return Problem("CF002", fault.path, f"{fault.label} is no reference to a secret", wanted)
    examples = fault.schema.get("examples", ())
    examples = examples or [text for text in _WRITTEN if re.search(fault.wanted, text)][:1]
    hint = wanted or (f"for example {choices(examples)}" if examples else "see the field's reference")
    return Problem("SC005", fault.path, f"{fault.label} cannot be {shown(fault.value)}", hint)


def _length(fault: Fault) -> Problem:
    limit = fault.wanted
    what = {"Length": "characters", "Items": "entries", "Properties": "fields"}[fault.rule[3:]]
    if fault.rule.startswith("max"):
        return Problem("SC006", fault.path, f"{fault.label} holds {len(fault.value)} {what}, at most {limit} may stand")
    if limit == 1:
        hint = "fill it in, or delete the field" if what == "characters" else "write at least one"
        return Problem("SC006", fault.path, f"{fault.label} is empty", hint)
    return Problem("SC006", fault.path, f"{fault.label} needs at least {limit} {what}")


def _range(fault: Fault) -> Problem:
    limit, rule = fault.wanted, fault.rule
    bound = {
        "minimum": f"at least {limit}",
        "maximum": f"at most {limit}",
        "exclusiveMinimum": f"more than {limit}",
        "exclusiveMaximum": f"less than {limit}",
        "multipleOf": f"a multiple of {limit}",
    }[rule]
    return Problem("SC006", fault.path, f"{fault.label} must be {bound}, not {shown(fault.value)}")


def _twice(fault: Fault) -> Problem:
    texts = [canonical(item) for item in fault.value]
    first: dict[str, int] = {}
    index = next(index for index, text in enumerate(texts) if first.setdefault(text, index) != index)
    message = f"{fault.label} lists {shown(fault.value[index])} twice"
    return Problem("SC007", (*fault.path, index), message, "keep one of the two")


def _other(fault: Fault) -> Problem:
    return Problem("SC009", fault.path, f"{fault.label} does not fit ({fault.rule})", "see the field's reference")


def _not(fault: Fault) -> Problem:
    together = fault.wanted.get("required", ()) if isinstance(fault.wanted, Mapping) else ()
    return _not_together(fault, together) if together else _other(fault)


def _not_together(fault: Fault, names: Sequence[str]) -> Problem:
    message = f"{choices(names, last='and')} cannot stand together"
    return Problem("SC008", (*fault.path, names[-1]), message, "keep one of them", True)


_EXPLAINED: Final[Mapping[str, Callable[[Fault], Problem]]] = {
    "type": _wrong_type,
    "enum": _not_listed,
    "const": _not_listed,
    "pattern": _pattern,
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _length),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _range),
    "uniqueItems": _twice,
    "not": _not,
}


# --- several forms of one value -------------------------------------------------------------------------------------


def _alternatives(fault: Fault) -> Iterator[Problem]:
    """Say what is wrong with the form that the writer meant, where that is clear; else which forms there are."""
    if not fault.forms:
        yield _too_many(fault)
        return
    asked = [name for form in fault.forms for name in _asked(form)]
    if len(asked) == len(fault.forms):
        message = f"{fault.label} needs one of {choices(dict.fromkeys(asked))}"
        yield Problem("SC008", fault.path, message, "add one of them", missing=tuple(asked))
        return
    fitting = [form for form in fault.forms if not _other_type(form)]
    options = [_options(form) for form in fitting]
    if not fitting:
        allowed = dict.fromkeys(name for form in fault.forms for part in form for name in _types_of(part))
        yield _wrong_type(replace(fault, wanted=list(allowed)))
    elif all(options):
        yield _not_listed(replace(fault, rule="enum", wanted=[option for listed in options for option in listed]))
    else:
        for part in max(fitting, key=_closeness):
            yield from explain(part)


def _asked(form: Iterable[Fault]) -> list[str]:
    """Return the fields of a form that says nothing but "these fields are required"."""
    return [
        str(name)
        for part in form
        if part.rule == "required" and not part.depth and part.schema.keys() == {"required"}
        for name in part.wanted
    ]


def _other_type(form: Iterable[Fault]) -> bool:
    return any(part.rule == "type" and not part.depth for part in form)


def _types_of(part: Fault) -> list[str]:
    if part.rule != "type" or part.depth:
        return []
    return list(part.wanted) if isinstance(part.wanted, list) else [str(part.wanted)]


def _options(form: Iterable[Fault]) -> list[Json]:
    """Return the values that a form allows, when it is a list of values."""
    for part in form:
        if part.rule in ("enum", "const") and not part.depth:
            return list(part.wanted) if part.rule == "enum" else [part.wanted]
    return []


def _closeness(form: Sequence[Fault]) -> tuple[int, int]:
    """The form meant is the one whose first mistake lies deepest; among equals the one with the fewest."""
    return min(part.depth for part in form), -len(form)


def _too_many(fault: Fault) -> Problem:
    """More than one form of a `oneOf` fits."""
    asked = [form.get("required", ()) for form in fault.wanted if isinstance(form, Mapping)]
    if isinstance(fault.value, Mapping):
        together = dict.fromkeys(name for names in asked for name in names if name in fault.value)
        if together:
            return _not_together(fault, list(together))
    return Problem("SC008", fault.path, f"{fault.label} fits more than one form", "see the field's reference")
