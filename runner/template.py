"""Templates in playbook texts: a small, strict, bounded part of Jinja.

A template can read values, choose with `if`, repeat with `for`, and use the filters below. It cannot call anything,
define macros, include files or reach into objects. Source, values, loops, work and output are limited, so that no text
in a playbook can hang the runner or fill its memory. Each distinct text is compiled once.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, Literal

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from runner.template_filters import (
    EACH,
    FILTERS,
    JOINED,
    MAX_NUMBER,
    MAX_TEXT,
    WORK,
    TooMuch,
    Work,
    bounded,
    each,
    is_number,
    joined,
    text_of,
    wrong_count,
)

MAX_SOURCE: Final = 64 * 1024  # characters of one template
MAX_VARIABLES: Final = 64 * 1024  # characters of all variables together
MAX_WORK: Final = 1024 * 1024  # characters handled by loops and filters in one rendering
MAX_DEPTH: Final = 40  # nesting of blocks and expressions
MAX_LOOPS: Final = 3  # loops inside loops

_FILE: Final = "<template>"  # the file name that jinja gives to code without one
_UNCLOSED: Final = re.compile(r"looking for the following tags: '(\w+)'")
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_TESTS: Final = (
    *("defined", "undefined", "none", "true", "false", "string", "number", "mapping", "sequence", "in"),
    *("eq", "ne", "lt", "le", "gt", "ge", "odd", "even"),
)
_OF_TIME: Final = frozenset({"year", "month", "day", "hour", "minute", "second"})
_OF_LOOP: Final = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem"}
)
_ADMITTED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.CondExpr),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Slice),
    *(nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
)
_REFUSED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Call: "calls are not allowed",
    nodes.CallBlock: "calls are not allowed",
    nodes.Macro: "macros are not allowed",
    nodes.Include: "other files cannot be read",
    nodes.Import: "other files cannot be read",
    nodes.FromImport: "other files cannot be read",
    nodes.Extends: "other files cannot be read",
    nodes.Assign: "set is not allowed; put the value under vars",
    nodes.AssignBlock: "set is not allowed; put the value under vars",
    nodes.With: "with is not allowed; put the value under vars",
    nodes.Pow: "powers are not allowed",
    nodes.Dict: "mappings cannot be written here; put them under vars",
}


class TemplateError(ValueError):
    """A template that cannot be used. `line` counts from 1 in the template, `name` is the name at fault or empty."""

    def __init__(
        self, message: str, *, what: Literal["syntax", "undefined", "limit", "failed"], line: int = 1, name: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.what = what
        self.line = line
        self.name = name


def is_template(text: str) -> bool:
    """Return whether `text` has anything for a template to do."""
    return "{{" in text or "{%" in text or "{#" in text


def render(text: str, variables: Mapping[str, Any]) -> str:
    """Return `text` with `variables` filled in. Raises `TemplateError`.

    `variables` holds JSON values and datetimes; ``locale`` chooses the language of the filters date, time, datetime.
    """
    if not is_template(text):
        return text
    template = compiled(text)
    pieces: list[str] = []
    size = 0
    try:
        context = template.new_context({**variables, WORK: Work(MAX_WORK, len(text))})
        for piece in template.root_render_func(context):
            size += len(piece)
            if size > MAX_TEXT:
                raise TooMuch(f"the result is longer than {MAX_TEXT} characters")
            pieces.append(piece)
    except _FAULTS as error:
        raise _explained(error, template, variables) from error
    return "".join(pieces)


@lru_cache(maxsize=16384)
def compiled(text: str) -> Template:
    """Return `text` as a compiled template, without running any of it. Raises `TemplateError`."""
    if len(text) > MAX_SOURCE:
        raise TemplateError(f"the template is longer than {MAX_SOURCE} characters", what="limit")
    environment = _environment()
    try:
        tree = environment.parse(text)
        _admit(tree)
        code = environment.compile(tree, filename=_FILE)
    except TemplateError:
        raise
    except TemplateSyntaxError as error:
        raise TemplateError(_sentence(error.message or "syntax error"), what="syntax", line=error.lineno) from error
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
        raise TemplateError("the template is nested too deeply or holds too large a number", what="limit") from error
    return environment.template_class.from_code(environment, code, {}, None)


def weigh(variables: Any) -> None:
    """Raise `TemplateError` when the values of `variables` are too large together to be used in templates."""
    left = MAX_VARIABLES
    stack = [variables]
    while stack:
        value = stack.pop()
        left -= len(value) + 1 if isinstance(value, str) else 1
        if isinstance(value, Mapping):
            stack.extend(value.keys())
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
        if left < 0:
            raise TemplateError(f"the variables hold more than {MAX_VARIABLES} characters", what="limit")


_FAULTS: Final = (UndefinedError, TooMuch, TypeError, ValueError, ArithmeticError, LookupError, RecursionError)


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which only data can be read: members of mappings and lists, fields of times and loops."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return self.getitem(obj, attribute)
        allowed = _OF_TIME if isinstance(obj, datetime) else _OF_LOOP if isinstance(obj, LoopContext) else ()
        if attribute in allowed:
            return getattr(obj, attribute)
        return self._missing(obj, attribute, allowed)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            if isinstance(argument, str) and argument in obj:
                return obj[argument]
            return self._missing(obj, argument, (key for key in obj if isinstance(key, str)))
        if isinstance(obj, (list, tuple, str)) and isinstance(argument, (int, slice)):
            try:
                return obj[argument]
            except IndexError:
                pass
        return self._missing(obj, argument, ())

    def _missing(self, obj: Any, name: Any, known: Iterable[str]) -> Undefined:
        if isinstance(obj, Undefined):
            return obj
        return self.undefined(obj=obj, name=str(name), hint=f"{name!s} is not defined here{_nearest(str(name), known)}")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        del context
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return bounded(left, right)
        if not (is_number(left) and is_number(right)):
            raise TypeError(f"{operator} works on numbers; join texts with ~")
        result = _OPERATORS[operator](left, right)
        if abs(result) > MAX_NUMBER:
            raise TooMuch("a number is too large")
        return result


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    environment = _Environment(
        undefined=StrictUndefined, finalize=text_of, trim_blocks=True, lstrip_blocks=True, cache_size=0
    )
    environment.globals.clear()
    environment.tests = {name: TESTS[name] for name in _TESTS}
    environment.filters = {**FILTERS, EACH: each, JOINED: joined}
    return environment


def _admit(tree: nodes.Template) -> None:
    """Refuse what is not on the list, and route loops and `~` through functions that count."""
    stack: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while stack:
        node, depth, loops = stack.pop()
        if not isinstance(node, _ADMITTED):
            reason = _REFUSED.get(type(node), f"{type(node).__name__.lower()} is not allowed")
            raise TemplateError(f"in a template, {reason}", what="syntax", line=node.lineno or 1)
        if depth > MAX_DEPTH:
            raise TemplateError(f"nested more than {MAX_DEPTH} deep", what="limit", line=node.lineno or 1)
        if isinstance(node, nodes.Name) and node.name.startswith("_"):
            raise TemplateError(f"{node.name} is not defined", what="undefined", line=node.lineno or 1, name=node.name)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            known = f"{_nearest(node.name, FILTERS) or '; known: ' + ', '.join(FILTERS)}"
            raise TemplateError(
                f"unknown filter {node.name}{known}", what="syntax", line=node.lineno or 1, name=node.name
            )
        if isinstance(node, (nodes.Filter, nodes.Test)):
            _admit_arguments(node)
        if isinstance(node, nodes.For):
            loops += 1
            _admit_loop(node, loops)
        stack.extend((child, depth + 1, loops) for child in node.iter_child_nodes())
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, EACH, [], [], None, None, lineno=loop.lineno)
    _bound_concatenation(tree)


def _admit_arguments(node: nodes.Filter | nodes.Test) -> None:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise TemplateError("in a template, `*` before a value is not allowed", what="syntax", line=node.lineno or 1)
    is_filter = isinstance(node, nodes.Filter)
    known: Mapping[str, Any] = FILTERS if is_filter else {name: TESTS[name] for name in _TESTS}
    if node.name in known and (wanted := wrong_count(known[node.name], len(node.args))):
        message = f"the {'filter' if is_filter else 'test'} `{node.name}` takes {wanted}"
        raise TemplateError(message, what="syntax", line=node.lineno or 1, name=node.name)


def _admit_loop(node: nodes.For, loops: int) -> None:
    if loops > MAX_LOOPS:
        raise TemplateError(f"more than {MAX_LOOPS} loops inside each other", what="limit", line=node.lineno or 1)
    if node.recursive:
        raise TemplateError("in a template, recursive loops are not allowed", what="syntax", line=node.lineno or 1)
    if not isinstance(node.iter, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        raise TemplateError("a loop goes over a list from vars", what="syntax", line=node.lineno or 1)


def _bound_concatenation(node: nodes.Node) -> None:
    """Replace every ``a ~ b`` by a call of `joined`; the tree is at most `MAX_DEPTH` deep."""
    for field, value in node.iter_fields():
        if isinstance(value, nodes.Concat):
            setattr(node, field, _as_joined(value))
        elif isinstance(value, list):
            value[:] = [_as_joined(item) if isinstance(item, nodes.Concat) else item for item in value]
    for child in node.iter_child_nodes():
        _bound_concatenation(child)


def _as_joined(node: nodes.Concat) -> nodes.Filter:
    return nodes.Filter(nodes.List(node.nodes), JOINED, [], [], None, None, lineno=node.lineno)


def _explained(error: Exception, template: Template, variables: Mapping[str, Any]) -> TemplateError:
    line = 1
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == _FILE:
            line = template.get_corresponding_lineno(frame.tb_lineno)
        frame = frame.tb_next
    message = str(error)
    if isinstance(error, UndefinedError):
        if match := re.fullmatch(r"'(.+)' is undefined", message):
            message = f"{match[1]} is not defined{_nearest(match[1], variables)}"
        return TemplateError(message, what="undefined", line=line, name=message.split(" ", 1)[0])
    if isinstance(error, (TooMuch, RecursionError)):
        return TemplateError(message, what="limit", line=line)
    return TemplateError(_sentence(message), what="failed", line=line)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, [each for each in known if not each.startswith("_")], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _sentence(text: str) -> str:
    """Return a complaint of jinja's as one short sentence."""
    if match := _UNCLOSED.search(text):
        return f"{{% {match[1]} %}} is missing"
    return text.partition(". ")[0].rstrip(".")[:150]
