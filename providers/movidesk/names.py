"""Statuses and justifications that an account has, seen on its tickets: Movidesk has no list of them, and three wrong
names would lock its API for everybody. So a name is looked up by reading, never tried by writing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeAlias

from providers.movidesk import odata
from providers.movidesk.client import Client, Row
from providers.movidesk.ticket_kind import FIELDS, NEEDED, TYPES, name_of, several, status_of
from runner.spi import InvalidInput

Pair: TypeAlias = tuple[str, str | None]  # status and justification
SEEN: Final = "id,type,status,justification,urgency,ownerTeam"
HISTORY: Final = "statusHistories($select=status,justification)"
_WORDS: Final[Mapping[str, str]] = {"status": "status", "group": "team", "priority": "urgency"}


class Names:
    """What was seen of one account so far."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pairs: set[tuple[int, Pair]] = set()  # type of ticket, status with justification

    def note(self, rows: Iterable[Row]) -> None:
        """Take in the statuses of tickets that were read."""
        for row in rows:
            lines = [row, *(row.get("statusHistories") or ())]
            self._pairs |= {(int(row.get("type") or 0), _pair(line)) for line in lines}

    def refuse_unknown(self, paths: Iterable[str], type_: int) -> None:
        """Make sure that tickets of a type can have the statuses that a query names. Raises `InvalidInput`,
        `ProviderError`."""
        for path in paths:
            if path.startswith(NEEDED):
                self.check(_pair(json.loads(path.removeprefix(NEEDED))), type_)

    def check(self, wanted: Pair, type_: int) -> None:
        """Make sure that a status with its justification is one that tickets of a type had. Raises `InvalidInput`."""
        status, justification = wanted
        if self._has(wanted, type_):
            return
        kind = f"type eq {type_}"
        if justification is not None:
            self._look(f"{kind} and {odata.was(status, justification)}", top=1)
        if self._has(wanted, type_):
            return
        found = self._look(f"{kind} and {odata.was(status)}")
        if self._has(wanted, type_):
            return
        raise self._unknown(wanted, type_, there=bool(found))

    def refuse_selecting(self, where: Mapping[str, Any]) -> None:
        """Say which name of a selection no ticket has: it found nothing, and may be misspelt. Raises `InvalidInput`."""
        for field, name in _named(where):
            conditions = [odata.equal(FIELDS[field], name), *([odata.was(name)] if field == "status" else [])]
            if self._look(odata.either(conditions), top=1):
                continue
            recent = self._look("")
            known = {str(row[FIELDS[field]]) for row in recent if row.get(FIELDS[field])}
            known |= {status for _, (status, _) in self._pairs} if field == "status" else set()
            raise InvalidInput(
                f"{self._client.account.name}: no ticket of the last 90 days had the {_WORDS[field]} {name!r}",
                hint=_nearest(name, known) or "write it as Movidesk shows it",
                code="PL001",
            )

    def _has(self, wanted: Pair, type_: int) -> bool:
        return (type_, wanted) in self._pairs

    def _look(self, condition: str, *, top: int = 100) -> list[Row]:
        """Take in the tickets that a filter finds, the newest first; "" finds all."""
        rows = self._client.some(condition, SEEN, expand=HISTORY, order="id desc", top=top)
        self.note(rows)
        return rows

    def _unknown(self, wanted: Pair, type_: int, *, there: bool) -> InvalidInput:
        name, (status, justification) = self._client.account.name, wanted
        kind, other = (
            next(each for each, number in TYPES.items() if (number == type_) is same) for same in (True, False)
        )
        others = {str(why) for each, (one, why) in self._pairs if (each, one) == (type_, status) and why}
        if self._has(wanted, TYPES[other]):
            hint = f"{other} tickets have it: add `type: {other}` to `select`"
        elif there and justification is None:
            text = f"{name}: {kind} tickets have the status {status!r} with a justification only"
            return InvalidInput(text, hint=f"add it: {', '.join(map(repr, sorted(others)))}", code="PL001")
        elif there:
            hint = _nearest(str(justification), others) or "write `justification: null`: it was seen without only"
        else:
            self._look(f"type eq {type_}")
            once = "or give one ticket this status by hand once: names are known by what tickets have had"
            hint = "; ".join(filter(None, (_nearest(status, {one for each, (one, _) in self._pairs}), once)))
        what = f"the status {status!r}" + (f" with the justification {justification!r}" if justification else "")
        return InvalidInput(f"{name}: no {kind} ticket of the last 90 days had {what}", hint=hint, code="PL001")


def _pair(line: Mapping[str, Any]) -> Pair:
    found = status_of(line)
    return str(found["status"]), found["justification"]


def _named(where: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field in FIELDS:
        for each in several(where.get(field, ())):
            yield field, name_of(each)


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return the names that may be meant, as a sentence."""
    folded = {each.casefold(): each for each in sorted(known)}
    near = [folded[low] for low in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return f"there are {', '.join(map(repr, list(folded.values())[:6]))}" if folded else ""
