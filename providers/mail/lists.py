"""Who gets a mail: addresses of a step, and lists in files, read line by line.

A list is a file of one address a line, with ``#`` comments, or CSV whose first line names its columns: `email`, and
`locale` and `name` where there are. Nothing of it is kept: the journal has a pseudonym for an address, and to send,
the address is looked up again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from providers.mail.account import ListFile
from providers.mail.addresses import address_of, one_line
from runner.spi import InvalidInput

DELIMITERS: Final = (",", ";", "\t")
COLUMNS: Final = ("email", "locale", "name")
COMMENT: Final = re.compile(r"(^|\s)#.*", re.DOTALL)  # a # in the middle of a word may be part of an address


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets a mail. `place` says where the address stands, without saying it: ``customers line 17``."""

    address: str
    place: str
    locale: str = ""
    name: str = ""


def recipients(to: Sequence[str], lists: Iterable[ListFile]) -> Iterator[Recipient]:
    """Yield the recipients of a step in their order, also those who stand there twice. Raises `InvalidInput` for an
    address that cannot be one and a file that cannot be read, with file and line."""
    return chain(_typed(to), *map(entries, lists))


def unique(found: Iterable[Recipient], pseudonym: Callable[[str], str]) -> Iterator[tuple[str, Recipient]]:
    """Yield (pseudonym, recipient), everybody once: the first of several entries counts."""
    seen: set[str] = set()
    for one in found:
        name = pseudonym(one.address.lower())
        if name not in seen:
            seen.add(name)
            yield name, one


def _typed(to: Sequence[str]) -> Iterator[Recipient]:
    for number, text in enumerate(to, 1):
        address = address_of(text)
        if not address:
            raise InvalidInput(f"address {number} of `to` is no mail address", hint="write it as name@example.com")
        yield Recipient(address, f"to {number}")


# --- files ----------------------------------------------------------------------------------------------------------


def entries(source: ListFile) -> Iterator[Recipient]:
    """Yield the recipients of one list. Raises `InvalidInput`."""
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as file:
            yield from _entries(source, file)
    except UnicodeDecodeError as fault:
        raise InvalidInput(f"{source.shown} is not UTF-8", hint="save the list as UTF-8") from fault
    except OSError as fault:
        raise InvalidInput(
            f"the list {source.name} cannot be read: {source.shown}: {fault.strerror}",
            hint=f"correct `file` of lists.{source.name} in runner.yaml, or put the file there",
        ) from fault


def _entries(source: ListFile, file: Iterator[str]) -> Iterator[Recipient]:
    for number, line in enumerate(file, 1):
        text = COMMENT.sub("", line).strip()
        if not text:
            continue
        if columns := _columns(text):
            yield from _table(source, file, columns, number)
            return
        yield _recipient(source, number, text)


def _columns(line: str) -> tuple[str, dict[str, int]] | None:
    """Return delimiter and places of the columns of a header, None for a line that is none."""
    for delimiter in DELIMITERS:
        names = [cell.strip().strip('"').lower() for cell in line.split(delimiter)]
        if "email" in names:
            return delimiter, {name: names.index(name) for name in COLUMNS if name in names}
    return None


def _table(
    source: ListFile, file: Iterator[str], columns: tuple[str, dict[str, int]], before: int
) -> Iterator[Recipient]:
    delimiter, places = columns
    rows = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        line = before + rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as fault:
            raise _wrong(source, line, f"is no line of CSV ({fault})") from fault
        if row is None:
            return
        if not any(cell.strip() for cell in row) or row[0].startswith("#"):
            continue
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in places.items()}
        found = _recipient(source, line, cells["email"])
        locale = cells.get("locale", "").replace("_", "-")
        yield replace(found, locale=locale, name=one_line(cells.get("name", "")))


def _recipient(source: ListFile, line: int, text: str) -> Recipient:
    address = address_of(text)
    if not address:
        raise _wrong(source, line, "has no mail address")
    return Recipient(address, f"{source.name} line {line}")


def _wrong(source: ListFile, line: int, why: str) -> InvalidInput:
    """Return the refusal of a line. It does not show the text: it may be somebody's address after all."""
    return InvalidInput(
        f"line {line} of {source.shown} {why}; nothing is sent",
        hint="correct or remove the line; a table needs a first line with `email` in it",
    )


# --- looking up again -----------------------------------------------------------------------------------------------


class Finder:
    """Finds recipients by pseudonym. They are asked for in the order of their lists, more or less: it goes on where it
    stopped, once around, and keeps nothing."""

    def __init__(self, every: Callable[[], Iterator[Recipient]], pseudonym: Callable[[str], str]) -> None:
        self._every = every
        self._pseudonym = pseudonym
        self._rest: Iterator[Recipient] = iter(())

    def find(self, wanted: Collection[str]) -> dict[str, Recipient]:
        """Return pseudonym -> recipient for those that are still there. Raises `InvalidInput`."""
        left, found = set(wanted), dict[str, Recipient]()
        for again in (False, True):
            if again and left:
                self._rest = self._every()
            while left and (one := next(self._rest, None)) is not None:
                name = self._pseudonym(one.address.lower())
                if name in left:
                    left.remove(name)
                    found[name] = one
        return found
