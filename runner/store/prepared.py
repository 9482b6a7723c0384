"""Statements that are compiled once and carried out with plain tuples: what a batch of many rows is made of.

SQLAlchemy binds every parameter of every row by name; for a hundred rows that costs more than SQLite does. Here the
statement is compiled for the dialect once, and the rows go to the driver as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, Final, TypeAlias

from sqlalchemy import BindParameter, Connection, bindparam
from sqlalchemy.engine import Dialect

MOST_KEYS: Final = 512  # keys in one IN list
_Shape: TypeAlias = Callable[[tuple[Any, ...]], Any]  # a row as the driver of a dialect takes it


class Prepared:
    """One statement. Rows are tuples in the order of `names`, the names of its parameters."""

    def __init__(self, statement: Any, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = tuple(names)
        self._compiled: dict[str, tuple[str, _Shape | None]] = {}

    def many(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Carry the statement out once for every row."""
        if rows:
            sql, shape = self._for(conn.dialect)
            conn.exec_driver_sql(sql, list(rows) if shape is None else [shape(row) for row in rows])

    def one(self, conn: Connection, row: tuple[Any, ...]) -> Any:
        """Carry the statement out and return its result."""
        sql, shape = self._for(conn.dialect)
        return conn.exec_driver_sql(sql, row if shape is None else shape(row))

    def _for(self, dialect: Dialect) -> tuple[str, _Shape | None]:
        if dialect.name not in self._compiled:
            compiled = self._statement.compile(dialect=dialect, column_keys=list(self._names))
            shape: _Shape | None = None
            if not compiled.positional:
                shape = partial(_named, self._names)
            elif tuple(compiled.positiontup) != self._names:
                shape = partial(_ordered, tuple(self._names.index(name) for name in compiled.positiontup))
            self._compiled[dialect.name] = (str(compiled), shape)
        return self._compiled[dialect.name]


def _named(names: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(names, row, strict=True))


def _ordered(places: tuple[int, ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(row[place] for place in places)


class ByKeys:
    """A statement over objects named in an IN list, compiled once for each of a few lengths of the list.

    `build` takes the parameters of the list; `names` are the statement's other parameters, which come first in a row.
    """

    def __init__(self, build: Callable[[list[BindParameter[str]]], Any], names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._build = build
        self._sized = cache(self._prepared)

    def each(self, conn: Connection, first: tuple[Any, ...], keys: Sequence[str]) -> Iterator[Any]:
        """Carry the statement out and yield its result, once for every `MOST_KEYS` keys; `first` are the values of
        `names`."""
        for start in range(0, len(keys), MOST_KEYS):
            some = tuple(keys[start : start + MOST_KEYS])
            size = 1 << (len(some) - 1).bit_length()
            yield self._sized(size).one(conn, (*first, *some, *some[-1:] * (size - len(some))))

    def _prepared(self, size: int) -> Prepared:
        names = [f"k_{number}" for number in range(size)]
        return Prepared(self._build([bindparam(name) for name in names]), (*self._names, *names))
