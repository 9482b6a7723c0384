"""Nothing that runs for each batch or each step reads more rows because the store, or the playbook, is long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from runner.store import ledger
from runner.store.store import Store
from tests.support.lab import Lab

ASKED = {
    "slots with layers": lambda conn: ledger.held(conn, "desk", "tickets", ["1", "2"]),
    "revisions": lambda conn: ledger.revs(conn, "desk", "tickets", ["1", "2"]),
    "open intents on objects": lambda conn: ledger.unfinished_on(conn, "desk", "tickets", ["1", "2"]),
    "objects of a run": lambda conn: ledger.keys_of_run(
        conn, "a@b", "one", target="desk", kind="tickets", after="", limit=100
    ),
    "objects of a kind": lambda conn: ledger.keys_of_kind(conn, "desk", "tickets", after="", limit=100),
    "number of objects of a run": lambda conn: ledger.count_of_run(conn, "a@b", "one"),
    "where an outage is driven to": lambda conn: ledger.desired(conn, "a@b"),
    "place of an outage": lambda conn: ledger.place_of(conn, "a@b"),
    "next number of the journal": lambda conn: ledger.next_seq(conn),
    "outcomes": lambda conn: ledger.set_states(conn, [(1, "done", ""), (2, "done", "")]),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.sqlite") as found:
        yield found


@pytest.mark.parametrize("what", ASKED)
def test_statements_of_a_batch_use_an_index(store: Store, what: str) -> None:
    """SQLite answers every statement of a batch through an index, never by looking through a table."""
    said: list[tuple[str, Any]] = []

    with store.transaction() as conn:
        event.listen(conn, "before_cursor_execute", lambda *given: said.append((given[2], given[3])))
        ASKED[what](conn)
        asked = list(said)
        plans = [
            row.detail
            for sql, values in asked
            for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", _one(values)).all()
        ]

    assert asked
    assert plans
    assert [plan for plan in plans if plan.startswith("SCAN") and "anon_1" not in plan] == []


def _one(values: Any) -> Any:
    """The parameters of one row, also of a statement for many."""
    return values[0] if isinstance(values, list) else values


def test_many_steps_ask_for_the_names_of_a_kind_once(tmp_path: Path) -> None:
    """A plan, and a drive, list the names of a kind once, however many steps name an object of it."""
    lab = Lab(tmp_path)
    for number in range(30):
        lab.world.put("rule", str(number), name=f"Rule {number}", active=True)
    steps = [
        {"id": f"rule-{number}", "uses": "rule", "with": {"rule": f"Rule {number}", "active": False}}
        for number in range(30)
    ]
    asked: list[Any] = []
    read = lab.world.read

    def counted(query: Any) -> Any:
        asked.append(query)
        return read(query)

    lab.world.read = counted
    lab.apply(lab.playbook("many", steps))

    assert lab.get("rule", "29", "active") is False
    listings = [query for query in asked if not query.ids and not query.names and query.where is None]
    assert len(listings) == 2  # one for the plan, one for the drive
