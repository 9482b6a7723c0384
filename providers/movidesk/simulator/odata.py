"""The part of OData's ``$filter`` that Movidesk's clients use [3], as a predicate over a ticket.

Comparisons, ``and``, ``or``, ``not``, brackets, and ``any()`` over a collection. What OData refuses (a field that does
not exist, a number compared with a text, too many nodes) answers 400; what this file does not know answers 501.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final, TypeAlias

from providers.wire.core import Refusal

Row: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Mapping[str, Row]], bool]  # variable ("" for the ticket) -> row
NODES: Final = 100  # in one filter [3]
OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "ge": ge,
    "lt": lt,
    "le": le,
}
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)|(?P<number>-?\d+(?!\w))"
    r"|(?P<word>[A-Za-z_][\w/]*)|(?P<mark>[():,]))"
)
_MISSING: Final = "Could not find a property named '{}' on type 'Ticket'"


@dataclass(frozen=True, slots=True)
class Schema:
    """What can be asked for: field -> its type, and the collections with theirs. `known` fields are documented, and not
    simulated."""

    fields: Mapping[str, type]
    collections: Mapping[str, Mapping[str, type]]
    known: frozenset[str]

    def check(self, name: str) -> None:
        """Raise `Refusal` for a field that a list cannot show."""
        if name in self.fields or name in self.collections:
            return
        if name in self.known:
            raise Refusal(501, f"not simulated: {name}")
        raise Refusal(400, _MISSING.format(name))


def predicate(text: str, schema: Schema) -> Callable[[Row], bool]:
    """Return the test that a filter makes. Raises `Refusal`."""
    if not text.strip():
        return _everything
    parser = _Parser(_tokens(text), schema)
    test = parser.either()
    if parser.at < len(parser.tokens):
        raise Refusal(400, f"Syntax error in '{text}'")
    return lambda row: test({"": row})


def _everything(row: Row) -> bool:
    del row
    return True


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Refusal(400, f"Syntax error at position {at} in '{text}'")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


@dataclass(slots=True)
class _Parser:
    tokens: Sequence[tuple[str, str]]
    schema: Schema
    at: int = 0
    nodes: int = 0
    variables: dict[str, Mapping[str, type]] = field(default_factory=dict)

    def either(self) -> Test:
        tests = [self._both()]
        while self._takes("or"):
            self._count()
            tests.append(self._both())
        return lambda rows: any(test(rows) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._takes("and"):
            self._count()
            tests.append(self._one())
        return lambda rows: all(test(rows) for test in tests)

    def _one(self) -> Test:
        if self._takes("not"):
            self._count()
            inner = self._one()
            return lambda rows: not inner(rows)
        if self._takes("("):
            test = self.either()
            self._need(")")
            return test
        kind, word = self._next()
        if kind == "word" and word.endswith("/any") and self._takes("("):
            return self._any(word.removesuffix("/any"))
        if kind != "word" or self._peek() == "(":
            raise Refusal(501, f"not simulated: {word}")
        return self._comparison(word)

    def _any(self, name: str) -> Test:
        self.schema.check(name)
        if name not in self.schema.collections:
            raise Refusal(400, f"'{name}' is no collection")
        _, variable = self._next()
        self._need(":")
        self._count()
        self.variables[variable] = self.schema.collections[name]
        inner = self.either()
        del self.variables[variable]
        self._need(")")
        return lambda rows: any(inner({**rows, variable: each}) for each in rows[""][name])

    def _comparison(self, path: str) -> Test:
        variable, _, name = path.rpartition("/")
        if variable in self.variables:
            types = self.variables[variable]
        else:
            variable, name, types = "", path, self.schema.fields
        if name not in types:
            self.schema.check(name.partition("/")[0])
            raise Refusal(400, _MISSING.format(name))
        _, word = self._next()
        if word not in OPERATORS:
            raise Refusal(400, f"'{word}' is no operator")
        value = self._literal(types[name])
        self._count(3)
        compare = OPERATORS[word]

        def test(rows: Mapping[str, Row]) -> bool:
            have = rows[variable][name]
            if have is None or value is None:
                return {"eq": have is value, "ne": have is not value}.get(word, False)
            return compare(have, value)

        return test

    def _literal(self, type_: type) -> Any:
        kind, word = self._next()
        if (kind, word) == ("word", "null"):
            return None
        value: Any = int(word) if kind == "number" else word[1:-1].replace("''", "'") if kind == "text" else word
        if kind not in ("number", "text", "time") or not isinstance(value, type_):
            raise Refusal(400, f"a value of type {type_.__name__} cannot be compared with {word}")
        return value

    # --- tokens -----------------------------------------------------------------------------------------------------

    def _count(self, nodes: int = 1) -> None:
        self.nodes += nodes
        if self.nodes > NODES:
            raise Refusal(400, f"The node count limit of '{NODES}' has been exceeded")

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise Refusal(400, "the filter ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _takes(self, word: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][0] != "text" and self._peek() == word:
            self.at += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._takes(word):
            raise Refusal(400, f"'{word}' is missing in the filter")
