"""The overlays in thirty lines, to hold the engine against: one field as a base and a pile of functions.

An outage's claim is a function of the value below it; a person's edit is the difference that it makes, as a function
too. Values: anything for an atomic field, a frozenset for a set, (body, lines) for a text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

Function = Callable[[Any], Any]
PERSON = "a person"


class Field:
    """One field of the helpdesk. `difference` makes a function of two values: what somebody changed."""

    def __init__(self, base: Any, difference: Callable[[Any, Any], Function]) -> None:
        self.base, self.difference = base, difference
        self.pile: list[tuple[tuple[int, int], str, Function]] = []

    def value(self) -> Any:
        return reduce(lambda below, layer: layer[2](below), self.pile, self.base)

    def put(self, owner: str, priority: int, n: int, function: Function) -> None:
        self.pile = sorted([*self.pile, ((priority, n), owner, function)], key=lambda layer: layer[0])

    def end(self, owner: str) -> None:
        self.pile = [layer for layer in self.pile if layer[1] != owner]
        if all(layer[1] == PERSON for layer in self.pile):
            self.base, self.pile = self.value(), []

    def edit(self, live: Any, n: int) -> None:
        if self.pile and self.pile[-1][1] == PERSON:
            self.pile.pop()
        if self.pile and self.value() != live:
            self.put(PERSON, self.pile[-1][0][0], n, self.difference(self.value(), live))
        elif not self.pile:
            self.base = live


def of_value(below: Any, live: Any) -> Function:
    return lambda _: live


def of_set(below: frozenset[str], live: frozenset[str]) -> Function:
    return lambda value: (value | (live - below)) - (below - live)


def of_text(below: tuple[str, tuple[str, ...]], live: tuple[str, tuple[str, ...]]) -> Function:
    def edited(value: tuple[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
        kept = tuple(line for line in live[1] if line in value[1])
        return live[0], kept + tuple(line for line in value[1] if line not in live[1] + below[1])

    return edited
