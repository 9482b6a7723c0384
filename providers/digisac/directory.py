"""People and places of an account by name: contacts, departments, attendants. What was found once is not asked again.

Filters are the vendor's own: ``where[field]``, with ``$in`` and ``$iLike`` below it [DOC for numbers, 3 for lists].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from providers.digisac.client import Client
from runner.spi import InvalidInput

SOME: Final = 20  # contacts in one look-up: their names travel in the address
NUMBER: Final = re.compile(r"\+?[\d ().-]{8,}")


@dataclass(frozen=True, slots=True)
class Person:
    """A contact: its id, its name, and the connection that it writes over."""

    id: str
    name: str
    connection: str


class Directory:
    """Who and what is called how, in one account. A handle is what a playbook typed: ``id/5`` or ``name/Ana``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._contacts: dict[str, Person] = {}
        self._lists: dict[str, dict[str, str]] = {}

    # --- contacts ---------------------------------------------------------------------------------------------------

    def contacts(self, handles: Sequence[str]) -> dict[str, Person]:
        """Return the contact of each handle. Raises `InvalidInput` for one that nobody has, that fits several, or that
        means the same contact as another."""
        new = [each for each in dict.fromkeys(handles) if each not in self._contacts]
        for field, some in self._asked(new):
            texts = [each.partition("/")[2] for each in some]
            rows = list(self._rows({f"where[{field}][$in][{n}]": text for n, text in enumerate(texts)}))
            for handle, text in zip(some, texts, strict=True):
                self._contacts[handle] = self._one(text, [row for row in rows if str(row.get(field)) == text])
        for handle in new:
            if _is_number(handle):
                self._contacts[handle] = self._by_number(handle.partition("/")[2])
        found = {handle: self._contacts[handle] for handle in handles}
        _refuse_same(found)
        return found

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Return id -> name of the contacts that exist."""
        wanted, found = list(ids), dict[str, str]()
        for start in range(0, len(wanted), SOME):
            some = wanted[start : start + SOME]
            rows = self._rows({f"where[id][$in][{n}]": each for n, each in enumerate(some)})
            found |= {str(row["id"]): str(row.get("name") or row["id"]) for row in rows}
        return found

    def _asked(self, handles: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield the field to look at, and some handles to look for there."""
        for field in ("id", "name"):
            mine = [each for each in handles if each.startswith(f"{field}/") and not _is_number(each)]
            for start in range(0, len(mine), SOME):
                yield field, mine[start : start + SOME]

    def _one(self, text: str, rows: Sequence[Mapping[str, Any]]) -> Person:
        name = self._client.account.name
        if len(rows) == 1:
            return _person(rows[0])
        if rows:
            ids = ", ".join(str(row["id"]) for row in rows)
            words = f"{name} has {len(rows)} contacts named {text!r}"
            raise InvalidInput(words, hint=f"say which: {{id: {rows[0]['id']}}} (ids: {ids}), or write the number")
        near = self._near(text)
        hint = f"did you mean {near}?" if near else "write the name as Digisac shows it, the number, or `{id: ...}`"
        raise InvalidInput(f"{name} has no contact named {text!r}", hint=hint, code="PL001")

    def _near(self, text: str) -> str:
        """Return contacts whose names begin alike, in words."""
        alike = {"where[name][$iLike]": f"{text.strip()[:3]}%", "perPage": "40"}
        rows = self._client.get("/contacts", "search contacts", alike)
        listed = rows.get("data") if isinstance(rows, dict) else None
        names = [str(row.get("name")) for row in listed or () if isinstance(row, dict) and row.get("name")]
        return ", ".join(get_close_matches(text, names, n=3, cutoff=0.3) or names[:3])

    def _by_number(self, text: str) -> Person:
        digits = _digits(text)
        rows = self._rows({"where[data.number][$iLike]": f"%{digits}%"})
        return self._one(text, [row for row in rows if _digits(_number_of(row)) == digits])

    def _rows(self, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        return self._client.pages("/contacts", "search contacts", params=params)

    # --- departments and attendants ---------------------------------------------------------------------------------

    def department(self, handle: str) -> str:
        """Return the id of a department. Raises `InvalidInput`."""
        return self._listed("departments", "department", handle)

    def attendant(self, handle: str) -> str:
        """Return the id of somebody who attends. Raises `InvalidInput`."""
        return self._listed("users", "attendant", handle)

    def department_names(self) -> Mapping[str, str]:
        """Return id -> name of the departments."""
        return self._list("departments")

    def connection_names(self) -> Mapping[str, str]:
        """Return id -> name of the connections."""
        return self._list("services")

    def _listed(self, path: str, what: str, handle: str) -> str:
        how, _, text = handle.partition("/")
        listed, name = self._list(path), self._client.account.name
        found = [text] if how == "id" and text in listed else []
        if how == "name":
            found = [key for key, title in listed.items() if title.casefold() == text.casefold()]
        if len(found) == 1:
            return found[0]
        if found:
            words = f"{name} has {len(found)} of {path} named {text!r}"
            raise InvalidInput(words, hint=f"say which: {{id: {found[0]}}} (ids: {', '.join(found)})", code="PL002")
        titles = sorted(listed.values())
        near = get_close_matches(text, titles, n=3, cutoff=0.4) or titles[:5]
        hint = f"it has: {', '.join(map(repr, near))}" if near else "it has none at all"
        raise InvalidInput(f"{name} has no {what} {'with the id' if how == 'id' else 'named'} {text!r}", hint=hint)

    def _list(self, path: str) -> Mapping[str, str]:
        if path not in self._lists:
            rows = self._client.pages(f"/{path}", f"list {path}")
            self._lists[path] = {str(row["id"]): str(row.get("name", "")) for row in rows if not row.get("archivedAt")}
        return self._lists[path]


def _person(row: Mapping[str, Any]) -> Person:
    return Person(str(row["id"]), str(row.get("name") or row["id"]), str(row.get("serviceId") or ""))


def _refuse_same(found: Mapping[str, Person]) -> None:
    seen: dict[str, str] = {}
    for handle, person in found.items():
        other = seen.setdefault(person.id, handle)
        if other != handle:
            both = " and ".join(each.partition("/")[2] for each in (other, handle))
            words = f"{both} are the same contact, {person.name}: it is listed twice"
            raise InvalidInput(words, hint="keep one of them")


def _is_number(handle: str) -> bool:
    how, _, text = handle.partition("/")
    return how == "name" and NUMBER.fullmatch(text) is not None


def _number_of(row: Mapping[str, Any]) -> str:
    data = row.get("data")
    return str(data.get("number") or "") if isinstance(data, Mapping) else ""


def _digits(text: str) -> str:
    return "".join(re.findall(r"\d", text))
