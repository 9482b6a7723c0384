"""Statements that are compiled once: the same rows in every style of parameters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select, update
from sqlalchemy.engine import Engine

from runner.store import tables as t
from runner.store.prepared import MOST_KEYS, ByKeys, Prepared


@pytest.fixture(params=["qmark", "named"])
def conn(request: pytest.FixtureRequest) -> Iterator[Connection]:
    engine: Engine = create_engine("sqlite://", paramstyle=request.param)
    with engine.connect() as connection:
        t.metadata.create_all(connection)
        yield connection
    engine.dispose()


ROWS = [("a", "ana", 1, 10), ("b", "bo", 2, 20)]
NEW = ("name", "owner", "token", "expires_ms")


def rows(conn: Connection) -> list[tuple[str, str, int, int]]:
    found = conn.execute(select(t.leases.c.name, t.leases.c.owner, t.leases.c.token, t.leases.c.expires_ms))
    return sorted(tuple(row) for row in found)


def test_rows_arrive_in_the_order_of_their_names(conn: Connection) -> None:
    """Rows are written as named, whatever the order of the table and the style of the parameters."""
    Prepared(insert(t.leases), NEW).many(conn, ROWS)
    Prepared(insert(t.leases), NEW[::-1]).many(conn, [(30, 3, "cy", "c")])
    assert rows(conn) == [*ROWS, ("c", "cy", 3, 30)]


def test_no_rows_are_no_statement(conn: Connection) -> None:
    """An empty batch does nothing."""
    Prepared(insert(t.leases), NEW).many(conn, [])
    assert rows(conn) == []


def test_one_row_gives_the_result(conn: Connection) -> None:
    """A statement for one row returns its result: how many rows it changed."""
    Prepared(insert(t.leases), NEW).many(conn, ROWS)
    statement = update(t.leases).where(t.leases.c.name == bindparam("b_name")).values(token=bindparam("b_token"))
    change = Prepared(statement, ("b_token", "b_name"))
    assert [change.one(conn, (7, name)).rowcount for name in ("a", "nobody")] == [1, 0]
    assert rows(conn)[0] == ("a", "ana", 7, 10)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 100, MOST_KEYS, MOST_KEYS + 1, 2 * MOST_KEYS + 5])
def test_lists_of_any_length(conn: Connection, count: int) -> None:
    """An IN list of any length finds each of its rows once."""
    Prepared(insert(t.leases), NEW).many(conn, [(str(n), "ana", n % 2, n) for n in range(count + 10)])
    leases = t.leases.c
    odd = ByKeys(
        lambda keys: select(leases.name).where(leases.token == bindparam("b_token"), leases.name.in_(keys)),
        ("b_token",),
    )
    keys = [str(n) for n in range(count)]
    found = [row.name for result in odd.each(conn, (1,), keys) for row in result]
    assert sorted(found, key=int) == [key for key in keys if int(key) % 2]
