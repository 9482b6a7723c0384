"""What is left of a document when its broken parts are cut out, and where the rest stood in the file.

The remaining parts can be checked further, so that one run reports everything. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from runner.model import Json
from runner.schema_faults import Problem, Where

_ROUNDS: Final = 12
_GONE: Final = object()


@dataclass(frozen=True, slots=True)
class Rest:
    """A document without its broken parts.

    `kept` tells, for each list that lost entries (by its path in `document`), the index in the file of those left.
    """

    document: Json
    kept: Mapping[Where, tuple[int, ...]] = field(default_factory=dict)

    def original(self, path: Sequence[str | int]) -> Where:
        """Return the path in the file of the value at `path` in `document`."""
        if not self.kept:
            return tuple(path)
        result: list[str | int] = []
        for index, part in enumerate(path):
            kept = self.kept.get(tuple(path[:index]))
            known = kept is not None and isinstance(part, int) and part < len(kept)
            result.append(kept[part] if known and kept is not None and isinstance(part, int) else part)
        return tuple(result)


@dataclass(slots=True)
class _Cut:
    """What to do at one place: drop it, rename fields, put a value in its place, or go on below."""

    drop: bool = False
    put: Json = _GONE
    rename: dict[str, str] = field(default_factory=dict)
    below: dict[str | int, _Cut] = field(default_factory=dict)

    def at(self, path: Where) -> _Cut:
        place = self
        for part in path:
            place = place.below.setdefault(part, _Cut())
        return place


def rest_of(
    document: Json,
    found: Sequence[Problem],
    find: Callable[[Json], Sequence[Problem]],
    widen: Callable[[Where], Where],
    stand_ins: Mapping[Where, Json],
) -> Rest | None:
    """Return `document` without what `found` objects to, cut again until `find` finds nothing; None if nothing is left.

    An unknown field whose meaning is clear is renamed. `widen` maps the path of a problem to the path of what has to go
    with it; `stand_ins` holds, by path, values that take the place of broken or missing ones which the rest cannot do
    without.
    """
    cuts = _Cut()
    rest = Rest(document)
    for _ in range(_ROUNDS):
        if not found:
            return rest
        for problem in found:
            _mark(cuts, problem, rest, widen, stand_ins)
        if cuts.drop:
            return None
        kept: dict[Where, tuple[int, ...]] = {}
        rest = Rest(_cut(document, cuts, (), kept), kept)
        found = find(rest.document)
    return None


def _mark(
    cuts: _Cut, problem: Problem, rest: Rest, widen: Callable[[Where], Where], stand_ins: Mapping[Where, Json]
) -> None:
    path = rest.original(problem.path)
    absent = (*path, *problem.missing)
    if problem.missing and absent in stand_ins:
        cuts.at(absent).put = stand_ins[absent]
    elif problem.renamed:
        cuts.at(path[:-1]).rename[str(path[-1])] = problem.renamed
    elif problem.code == "SC001":
        cuts.at(path).drop = True
    else:
        path = widen(path)
        place = cuts.at(path)
        if path in stand_ins and place.put is _GONE:
            place.put = stand_ins[path]
        else:
            place.drop = True


def _cut(value: Json, cuts: _Cut, path: Where, kept: dict[Where, tuple[int, ...]]) -> Any:
    """Return a copy of `value` with `cuts` carried out; parts without cuts are shared."""
    if cuts.put is not _GONE:
        return cuts.put
    if isinstance(value, Mapping):
        return _cut_fields(value, cuts, path, kept)
    if not isinstance(value, list):
        return value
    places = [cuts.below.get(index) for index in range(len(value))]
    left = [index for index, place in enumerate(places) if place is None or not place.drop]
    if len(left) < len(value):
        kept[path] = tuple(left)
    return [
        value[index] if (place := places[index]) is None else _cut(value[index], place, (*path, new), kept)
        for new, index in enumerate(left)
    ]


def _cut_fields(value: Mapping[str, Json], cuts: _Cut, path: Where, kept: dict[Where, tuple[int, ...]]) -> Json:
    result: dict[str, Json] = {}
    for key, each in value.items():
        place = cuts.below.get(key)
        if place is not None and place.drop:
            continue
        name = cuts.rename.get(key, key)
        result[name] = each if place is None else _cut(each, place, (*path, name), kept)
    added = {str(key): place.put for key, place in cuts.below.items() if place.put is not _GONE and key not in value}
    return {**added, **result}
