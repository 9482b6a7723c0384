"""Lists of the account: filters, order, pages.

Two ways of asking, both in the vendor's examples: parameters (``perPage``, ``page``, ``where[contactId]=...``,
``where[data.number][$iLike]=%...%``) and one JSON (``query={"where":..., "order":..., "page":1, "perPage":50}``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from providers.digisac.simulator.core import Row, iso, refused
from providers.wire.core import Call, Json, Reply

DEFAULT: Final = 15  # rows in a page, a guess
MOST: Final = 500  # a client uses as many [3]
_PARTS: Final = re.compile(r"\[([^\]]*)\]")
_KNOWN: Final = frozenset({"where", "include", "order", "attributes", "page", "perPage", "distinct"})


def listed(call: Call, rows: Iterable[Row], extras: Mapping[str, Callable[[Row], Row | None]] | None = None) -> Reply:
    """Return one page of rows as the call asks for it. `extras` are the models that can be included, by name."""
    asked = _asked(call.query)
    found = [row for row in rows if _matches(asked.get("where", {}), row)]
    for include in asked.get("include", []):
        found = _included(include, found, extras or {})
    found = _ordered(found, asked.get("order", []))
    page, size = _number(asked.get("page", 1), "page"), min(_number(asked.get("perPage", DEFAULT), "perPage"), MOST)
    last = max(-(-len(found) // size), 1)
    some = found[(page - 1) * size : page * size]
    if names := asked.get("attributes"):
        some = [{name: row.get(name) for name in names} for row in some]
    return Reply({"data": some, "total": len(found), "currentPage": page, "lastPage": last, "limit": size})


def _asked(query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the parameters ask for, both ways as one. Raises a refusal for a parameter that nobody knows."""
    asked: dict[str, Any] = {}
    for name, text in query.items():
        head, *path = name.partition("[")[0], *_PARTS.findall(name)
        if head == "query" and not path:
            try:
                asked |= json.loads(text)
            except (ValueError, TypeError) as error:
                raise refused("query is no JSON object", "query") from error
        elif head == "where" and path:
            _put(asked.setdefault("where", {}), path, text)
        elif head in ("page", "perPage") and not path:
            asked[head] = text
        else:
            raise refused(f"unknown parameter {name}", name)
    if unknown := asked.keys() - _KNOWN:
        raise refused(f"unknown parameter {min(unknown)}", min(unknown))
    return asked


def _put(where: dict[str, Any], path: Sequence[str], text: str) -> None:
    """Set a value such as ``[id][$in][0]`` below `where`."""
    for part, after in zip(path, (*path[1:], ""), strict=True):
        if not after:
            where[part] = text
        elif after == "0" or after.isdecimal():
            where.setdefault(part, []).append(text)
            return
        else:
            where = where.setdefault(part, {})


def _matches(where: Mapping[str, Any], row: Row) -> bool:
    return all(_fits(wanted, _value(row, name)) for name, wanted in where.items())


def _value(row: Row, name: str) -> Json:
    """Return a field; ``data.number`` looks into an object."""
    first, _, rest = name.partition(".")
    if first not in row:
        raise refused(f"column {name} does not exist", name)
    found = row[first]
    return _value(found, rest) if rest and isinstance(found, dict) else found


def _fits(wanted: Any, value: Json) -> bool:
    if not isinstance(wanted, dict):
        return _same(wanted, value)
    for operator, each in wanted.items():
        match operator:
            case "$in":
                good = any(_same(one, value) for one in each)
            case "$eq":
                good = _same(each, value)
            case "$gte":
                good = value is not None and _rank(value) >= _rank(each)
            case "$lte":
                good = value is not None and _rank(value) <= _rank(each)
            case "$iLike":
                pattern = ".*".join(re.escape(part) for part in str(each).split("%"))
                good = re.fullmatch(pattern, str(value or ""), re.IGNORECASE) is not None
            case _:
                raise refused(f"unknown operator {operator}", operator)
        if not good:
            return False
    return True


def _rank(value: Json) -> str:
    """Return a value as it is ordered: an instant in one form, however it is written."""
    try:
        return iso(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def _same(wanted: Any, value: Json) -> bool:
    """Whether a value is the wanted one; a parameter in the address is always a text."""
    if isinstance(value, bool) and isinstance(wanted, str):
        return wanted == str(value).lower()
    return bool(wanted == value)


def _included(include: Any, rows: list[Row], extras: Mapping[str, Callable[[Row], Row | None]]) -> list[Row]:
    wanted: dict[str, Any] = {"model": include} if isinstance(include, str) else include
    name = str(wanted.get("model"))
    if name not in extras:
        raise refused(f"{name} cannot be included", "include")
    found = []
    for row in rows:
        other = extras[name](row)
        if other is not None and not _matches(wanted.get("where", {}), other):
            other = None
        if other is not None or not wanted.get("required"):
            if other is not None and "attributes" in wanted:
                other = {each: other.get(each) for each in wanted["attributes"]}
            found.append({**row, name: other})
    return found


def _ordered(rows: list[Row], order: Any) -> list[Row]:
    for name, direction in reversed(order):
        rows = sorted(rows, key=lambda row: str(_value(row, name) or ""), reverse=str(direction).lower() == "desc")
    return rows


def _number(text: Any, name: str) -> int:
    if isinstance(text, bool) or not str(text).isdecimal() or int(text) < 1:
        raise refused(f"{name} must be a number", name)
    return int(text)
