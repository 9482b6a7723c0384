"""JSON that is put together from parts, against JSON that is written as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runner.layers import Held
from runner.model import ABSENT, UNKNOWN, Claim, Layer, Merge, Op, Ref, Slot, value_to_json
from runner.store import journal, packing
from runner.store.ledger import Entry

VALUES = [
    "open",
    'a "quoted" line\n',
    "",
    "ü \u2028",
    True,
    False,
    None,
    7,
    1.5,
    ["b", "a"],
    {"z": 1, "a": [ABSENT.value]},
]


def whole(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize("value", [*VALUES, ABSENT, UNKNOWN])
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    """Every value is packed as canonical JSON and unpacked to itself, type included."""
    text = packing.pack(value)
    assert text == whole(value_to_json(value))
    assert packing.unpack(text) == value
    assert type(packing.unpack(text)) is type(value)


@pytest.mark.parametrize("value", [*VALUES, ABSENT])
@pytest.mark.parametrize("more", [{}, {"give_back": {"new": "open"}}, {"add": ("x",), "remove": ("y", "z")}])
@pytest.mark.parametrize("op", list(Op))
def test_a_claim_comes_back_as_it_was(op: Op, more: dict[str, Any], value: Any) -> None:
    """Every claim is packed as the canonical JSON of `to_json`, and unpacked to what that says."""
    claim = Claim(op, value, **more)
    text = packing.pack_claim(claim)
    assert text == whole(claim.to_json())
    assert packing.unpack_claim(text) == Claim.from_json(json.loads(text))


def test_true_and_one_are_not_the_same_claim() -> None:
    """Values that Python calls equal keep their own JSON."""
    texts = [packing.pack_claim(Claim(Op.PUT, value)) for value in (True, 1, 1.0)]
    assert texts == ['{"op":"put","value":true}', '{"op":"put","value":1}', '{"op":"put","value":1.0}']


def test_changes_are_sorted_by_path() -> None:
    """Changes are the canonical JSON of path -> [before, after]."""
    changes = {"tags/b": (ABSENT, True), "status": ("open", "pending"), "tags/a": (True, ABSENT)}
    plain = {path: [value_to_json(before), value_to_json(after)] for path, (before, after) in changes.items()}
    assert packing.pack_changes(changes) == whole(plain)


def test_a_line_of_the_journal_is_canonical() -> None:
    """The line of an intent, put together from parts, is what a canonical encoder writes of it."""
    layers = (
        Layer("match@x", "pause", 0, 3, 1, Claim(Op.PUT, "pending", give_back={"new": "open"})),
        Layer("a person", "", 0, 4, 0, Claim(Op.PUT, ABSENT), "2026-12-11T14:31:00Z"),
    )
    slots = {
        path: Held(Slot("desk", "tickets", "7", path), Merge.ATOMIC, base, base, layers, name='Ticket "7"')
        for path, base in (("status", "open"), ("tags/or-x", ABSENT))
    }
    changes = {"tags/or-x": (ABSENT, True), "status": ("open", "pending")}
    entry = Entry(4, "match@x", "pause", "open", Ref("desk", "tickets", "7"), changes, "intent")
    (line,) = journal.intents([entry], {"7": slots}, "2026-12-11T14:31:00Z")
    found = json.loads(line)
    assert line == whole(found)
    assert {**found, "slots": None} == {
        "t": "intent",
        "seq": 4,
        "at": "2026-12-11T14:31:00Z",
        "run": "pause",
        "dir": "open",
        "target": "desk",
        "kind": "tickets",
        "key": "7",
        "name": 'Ticket "7"',
        "slots": None,
    }
    assert found["slots"] == {
        path: {
            "merge": "atomic",
            "base": value_to_json(slots[path].base),
            "before": value_to_json(before),
            "after": value_to_json(after),
            "layers": [journal.layer_to_json(layer) for layer in layers],
        }
        for path, (before, after) in changes.items()
    }
