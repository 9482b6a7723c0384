"""Stores and journals that earlier versions left behind: this version gives back what they hold."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.commands import movement, operate, people, planning
from runner.errors import Exit, Refused
from runner.model import PERSON, Slot, Value, value_from_json
from runner.people import Ack
from runner.store import journal, ledger, tasks
from runner.store.tables import SCHEMA_VERSION
from runner.testing.world import SlotWorld
from tests.fixtures.make import make
from tests.support.lab import BY, START, Lab, all_kinds

HERE = Path(__file__).parent / "fixtures"
VERSIONS = sorted(HERE.glob("schema-*"))
NAMES = ("match", "fire")
ORDERS = [NAMES, NAMES[::-1]]


def slots(path: Path) -> Iterator[tuple[Slot, Value]]:
    for kind, objects in json.loads(path.read_text(encoding="utf-8")).items():
        for key, values in objects.items():
            for name, value in values.items():
                yield Slot("desk", kind, key, name), value_from_json(value)


def world(path: Path) -> SlotWorld:
    return SlotWorld(all_kinds(), target="desk", slots=slots(path))


def journals(fixture: Path) -> list[Path]:
    return sorted(fixture.glob("*.jsonl"))


def lab_of(folder: Path, fixture: Path, *, store: bool) -> Lab:
    """Return a process on copies of what a version left behind, an hour into its outages; without `store` on an empty
    one."""
    if store:
        (folder / "store").mkdir()
        shutil.copy(fixture / "store.db", folder / "store" / "store.sqlite")
        (folder / "journal").mkdir()
        for each in journals(fixture):
            shutil.copy(each, folder / "journal")
    return Lab(folder, world(fixture / "helpdesk.json"), now=START + timedelta(hours=1))


def waiting(lab: Lab) -> list[tuple[str, Any]]:
    with lab.session.store.reading() as conn:
        rows = ledger.outage_rows(conn)
        return [
            (row.id, task)
            for row in rows
            for task in tasks.tasks(conn, row.id)
            if task.state in ("waiting", "question")
        ]


def by_hand(lab: Lab, hands: dict[str, Any]) -> None:
    """Let people do what waits for them; a step that was never acknowledged was never done."""
    while found := waiting(lab):
        outage, task = found[0]
        done = task.state == "waiting"
        if done:
            hands[task.key] = ledger.unpack(task.value)
        said = Ack("bruno", before=None, done=done)
        before = "unknown" if done else None
        people.acknowledge(
            lab.session,
            operate.the_outage(lab.session, outage),
            task.run,
            "",
            said,
            before=before,
            progress=lab.progress,
        )


def given_back(lab: Lab, order: tuple[str, ...], fixture: Path) -> None:
    """Revert both outages in this order and check that nothing of them is left anywhere."""
    hands: dict[str, Any] = {"sign-in": "two factors"}
    for name in order:
        report = lab.revert(f"{name}@2026-12-11T11:30")
        assert report.exit_code in (Exit.DONE, Exit.PEOPLE), report
        by_hand(lab, hands)
        lab.later(minutes=5)
    assert json.loads(lab.world.dump()) == json.loads((fixture / "expected.json").read_text(encoding="utf-8"))
    assert hands["sign-in"] == "everybody", "the opposite of the human step was asked for"
    with lab.session.store.reading() as conn:
        assert [one.slot for one in ledger.all_held(conn)] == []
        assert {row.state for row in ledger.outage_rows(conn)} == {"closed"}
    for path in sorted(lab.config.store.journal.iterdir()):
        assert list(journal.read(path)), "the chain of the journal goes on"
    writes = lab.world.requests["write"]
    assert lab.resume() == []
    assert lab.world.requests["write"] == writes


def test_every_schema_version_has_its_fixture() -> None:
    """Each version of the store that this runner may meet is kept, up to the one that it writes."""
    assert [path.name for path in VERSIONS] == [f"schema-{number}" for number in range(1, SCHEMA_VERSION + 1)]
    with closing(sqlite3.connect(f"file:{VERSIONS[-1] / 'store.db'}?mode=ro&immutable=1", uri=True)) as conn:
        assert conn.execute("SELECT version FROM meta").fetchone() == (SCHEMA_VERSION,)


@pytest.mark.parametrize("fixture", VERSIONS, ids=lambda path: path.name)
def test_a_fixture_holds_what_a_revert_can_meet(tmp_path: Path, fixture: Path) -> None:
    """The kept stores have two open outages, edits by people, an effect, what people did and what they still owe."""
    lab = lab_of(tmp_path, fixture, store=True)
    with lab.session.store.reading() as conn:
        held = list(ledger.all_held(conn))
        rows = ledger.outage_rows(conn)
    assert [row.state for row in rows] == ["open", "open"]
    assert {one.merge.value for one in held} >= {"atomic", "minutes", "text", "effect"}
    assert {one.slot.kind for one in held} >= {"business_hours", "holiday", "message", "channel", "rule", "tickets"}
    assert any(layer.owner == PERSON for one in held for layer in one.layers)
    assert any(len([layer for layer in one.layers if layer.of_outage]) == 2 for one in held)
    assert {(outage.partition("@")[0], task.run) for outage, task in waiting(lab)} == {
        ("match", "lobby"),
        ("fire", "lock"),
    }


@pytest.mark.parametrize("order", ORDERS, ids=" then ".join)
@pytest.mark.parametrize("fixture", VERSIONS, ids=lambda path: path.name)
def test_an_old_store_is_given_back(tmp_path: Path, fixture: Path, order: tuple[str, ...]) -> None:
    """This version reverts the outages of an old store, in either order: the original, with what people changed."""
    lab = lab_of(tmp_path, fixture, store=True)
    given_back(lab, order, fixture)


@pytest.mark.parametrize("order", ORDERS, ids=" then ".join)
@pytest.mark.parametrize("fixture", VERSIONS, ids=lambda path: path.name)
def test_old_journals_alone_are_given_back(tmp_path: Path, fixture: Path, order: tuple[str, ...]) -> None:
    """This version reverts them from the journal files alone, in an empty store."""
    lab = lab_of(tmp_path, fixture, store=False)
    found = movement.bring_in(lab.session, journals(fixture), BY)
    assert {one.outage.partition("@")[0] for one in found} == set(NAMES)
    given_back(lab, order, fixture)


@pytest.mark.parametrize("fixture", VERSIONS, ids=lambda path: path.name)
def test_an_old_store_comes_to_its_end_by_itself(tmp_path: Path, fixture: Path) -> None:
    """A tick of this version at the end of the windows gives back what an old version opened."""
    lab = lab_of(tmp_path, fixture, store=True).later(hours=3)
    lab.tick()
    by_hand(lab, {})
    lab.tick()
    assert json.loads(lab.world.dump()) == json.loads((fixture / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("fixture", VERSIONS, ids=lambda path: path.name)
def test_an_old_store_can_be_looked_at_and_planned(tmp_path: Path, fixture: Path) -> None:
    """The way back of an old outage can be planned, and planning it changes nothing."""
    lab = lab_of(tmp_path, fixture, store=True)
    before = lab.world.dump()
    for name in NAMES:
        row = operate.the_outage(lab.session, name)
        assert planning.plan_revert(lab.session, row).runs
    assert lab.world.dump() == before
    assert lab.world.log == []


@pytest.mark.parametrize("fixture", VERSIONS, ids=lambda path: path.name)
def test_one_of_two_old_journals_is_not_enough(tmp_path: Path, fixture: Path) -> None:
    """Journals of outages that share fields are refused one by one in a store that has the other, with the way out."""
    lab = lab_of(tmp_path, fixture, store=False)
    first, second = journals(fixture)
    with pytest.raises(Refused) as caught:
        movement.bring_in(lab.session, [second], BY)
    assert str(first) in caught.value.hint
    movement.bring_in(lab.session, [second], BY, alone=True)
    with pytest.raises(Refused) as caught:
        movement.bring_in(lab.session, [first], BY, alone=True)
    assert "one command" in caught.value.hint


def test_the_newest_fixture_is_what_this_version_writes(tmp_path: Path) -> None:
    """Played again, the fixture's story leaves the same helpdesk and the same tables."""
    make(tmp_path / "new")
    for name in ("helpdesk.json", "expected.json"):
        assert (tmp_path / "new" / name).read_text() == (VERSIONS[-1] / name).read_text()

    def tables(path: Path) -> set[str]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as conn:
            return {row[0] for row in conn.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")}

    assert tables(tmp_path / "new" / "store.db") == tables(VERSIONS[-1] / "store.db"), (
        "a new schema needs a new version"
    )
