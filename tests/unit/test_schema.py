"""Schemas: compiled once, objections as sentences a tired person can act on, at the right path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from runner import kinds
from runner.catalogue import CODES
from runner.kinds import common
from runner.layers import Held
from runner.model import ABSENT, UNKNOWN, Claim, Layer, Merge, Op, Ref, Slot
from runner.planfile import Action, Item, Left, Plan, RunPlan
from runner.schema import Validators, compiled, problems, published, validator
from runner.schema_faults import Problem
from runner.schema_words import choices, kind_of, near, shown, types
from runner.source import read_source
from runner.store import journal
from runner.store.ledger import Entry
from runner.views.plan_json import to_json

NAMES = ("playbook.v1", "runner.v1", "plan.v1", "journal.v1")
SCHEMAS = Path(__file__).parents[2] / "schemas"


def told(schema: Mapping[str, Any], value: Any) -> list[tuple[str, tuple[str | int, ...], str]]:
    return [(each.code, each.path, each.message) for each in problems(compiled(schema), value, ("with",))]


def one(schema: Mapping[str, Any], value: Any) -> Problem:
    (found,) = problems(compiled(schema), value, ("with",))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_published_schemas_are_schemas(name: Any) -> None:
    """Every published schema is a valid one of Draft 2020-12 with an id of its own."""
    schema = published(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(name.replace(".", ":"))
    assert {path.stem for path in SCHEMAS.glob("*.json")} == set(NAMES)


def fields_of(schema: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, Mapping):
        for name, part in schema.get("properties", {}).items():
            yield f"{path}/{name}", part
        for key, part in schema.items():
            yield from fields_of(part, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from fields_of(part, f"{path}/{index}")


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described(name: Any) -> None:
    """An editor has a title and a sentence to show for every field."""
    found = dict(fields_of(published(name)))
    assert len(found) > 10
    for path, part in found.items():
        if "$ref" not in part:
            assert part.get("title"), path
            assert part.get("description", "").endswith((".", "?", ")")), path


def test_compiling_changes_no_verdict() -> None:
    """The compiled validators object to the same documents as the published schemas."""
    plain = Draft202012Validator(published("playbook.v1"))
    for path in sorted((SCHEMAS.parent / "tests" / "corpus").glob("*.yaml")):
        source = read_source(path)[0]
        if source is not None:
            mine = {(tuple(e.absolute_path), e.validator) for e in validator("playbook.v1").iter_errors(source.data)}
            assert mine == {(tuple(e.absolute_path), e.validator) for e in plain.iter_errors(source.data)}, path


def test_validators_are_shared() -> None:
    """A schema is compiled once, and equal schemas of several targets share one validator."""
    validators = Validators()
    one_kind, same = common()["tickets"].schema, json.loads(json.dumps(common()["tickets"].schema))
    assert validators.of(one_kind) is validators.of(one_kind)
    assert validators.of(one_kind) is validators.of(same)
    assert validators.of(one_kind) is not validators.of(common()["rule"].schema)
    assert validator("playbook.v1") is validator("playbook.v1")


OBJECT = {"type": "object", "properties": {"at_most": {"type": "integer"}, "tag": {}}, "additionalProperties": False}


def test_unknown_fields() -> None:
    """An unknown field names the one that was meant, or those that are known."""
    found = one(OBJECT, {"at_mots": 1})
    assert (found.code, found.path, found.at_key) == ("SC001", ("with", "at_mots"), True)
    assert found.hint == "did you mean `at_most`?"
    assert found.renamed == "at_most"
    assert one(OBJECT, {"at-most": 1}).renamed == "at_most"
    assert one(OBJECT, {"colour": 1}).hint == "known here: `at_most` or `tag`"
    taken = one(OBJECT, {"at_most": 1, "at_mots": 1})
    assert (taken.hint, taken.renamed) == ("did you mean `at_most`?", "")
    assert one({"additionalProperties": False}, {"x": 1}).hint == "delete it"


def test_missing_fields() -> None:
    """A missing field is told at the value that lacks it; not when a misspelt one stands there."""
    schema = {**OBJECT, "required": ["at_most", "tag"]}
    assert told(schema, {"tag": 1}) == [("SC002", ("with",), "`at_most` is missing in `with`")]
    assert [each[0] for each in told(schema, {"at_mots": 1, "tag": 1})] == ["SC001"]
    assert problems(compiled(schema), {"tag": 1})[0].message == "`at_most` is missing"


@pytest.mark.parametrize(
    ("allowed", "value", "message", "hint"),
    [
        ("string", 5, "must be a text, not a whole number (`5`)", "put it in quotes"),
        ("string", True, "must be a text, not true or false (`true`)", "put it in quotes"),
        ("boolean", "no", "must be true or false, not a text (`no`)", "write true or false without quotes"),
        ("integer", "2_000", "must be a whole number, not a text (`2_000`)", "write digits only"),
        ("integer", 1.5, "must be a whole number, not a number (`1.5`)", ""),
        ("array", "a", "must be a list, not a text (`a`)", "write a list"),
        ("object", ["a"], "must be a group of fields, not a list", "write fields"),
        ("string", {"a": 1}, "must be a text, not a group of fields", ""),
        (["string", "array"], 1, "must be a text or a list, not a whole number (`1`)", "put it in quotes"),
        ("string", None, "has no value", "write a text, or delete the field"),
        ("null", 1, "must be nothing, not a whole number (`1`)", ""),
    ],
)
def test_types(allowed: Any, value: Any, message: str, hint: str) -> None:
    """A wrong type is told in plain words, with what to type instead."""
    found = one({"type": allowed}, value)
    assert (found.code, found.path) == ("SC003", ("with",))
    assert found.message == f"`with` {message}"
    assert found.hint.startswith(hint)


@pytest.mark.parametrize(
    ("schema", "value", "code", "message"),
    [
        ({"enum": ["stop", "continue"]}, "stp", "SC004", "`with` must be `stop` or `continue`, not `stp`"),
        ({"const": "window"}, 5, "SC004", "`with` must be `window`, not `5`"),
        ({"pattern": "^a$"}, "b", "SC005", "`with` cannot be `b`"),
        ({"minLength": 1}, "", "SC006", "`with` is empty"),
        ({"maxLength": 2}, "abc", "SC006", "`with` holds 3 characters, at most 2 may stand"),
        ({"minItems": 1}, [], "SC006", "`with` is empty"),
        ({"minItems": 2}, [1], "SC006", "`with` needs at least 2 entries"),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, "SC006", "`with` holds 2 fields, at most 1 may stand"),
        ({"minimum": 1}, 0, "SC006", "`with` must be at least 1, not `0`"),
        ({"maximum": 1}, 2, "SC006", "`with` must be at most 1, not `2`"),
        ({"exclusiveMinimum": 1}, 1, "SC006", "`with` must be more than 1, not `1`"),
        ({"exclusiveMaximum": 1}, 1, "SC006", "`with` must be less than 1, not `1`"),
        ({"multipleOf": 5}, 7, "SC006", "`with` must be a multiple of 5, not `7`"),
        ({"contains": {"const": 1}}, [2], "SC009", "`with` does not fit (contains)"),
    ],
)
def test_values(schema: Any, value: Any, code: str, message: str) -> None:
    """Each rule has a sentence of its own."""
    found = one(schema, value)
    assert (found.code, found.message) == (code, message)


def test_paths_and_places_in_lists() -> None:
    """A value in a list is named by the list and its index, and its path leads to it."""
    found = one({"properties": {"tags": {"items": {"items": {"type": "string"}}}}}, {"tags": [["a"], ["b", 5]]})
    assert found.path == ("with", "tags", 1, 1)
    assert found.message.startswith("`tags[1][1]` must be a text")
    assert problems(compiled({"type": "object"}), [])[0].message.startswith("the file must be")


def test_something_listed_twice() -> None:
    """The second of two equal entries is the place."""
    found = one({"uniqueItems": True}, ["a", "b", "a"])
    assert (found.code, found.path, found.message) == ("SC007", ("with", 2), "`with` lists `a` twice")
    assert one({"uniqueItems": True}, [{"a": 1}, {"a": 1}]).path == ("with", 1)
    assert told({"uniqueItems": True}, [1, True, "1", {"a": 1, "b": 2}]) == []
    assert told({"uniqueItems": False}, [1, 1]) == told({"uniqueItems": True}, "aa") == []
    assert one({"uniqueItems": True}, [{"a": 1, "b": 2}, {"b": 2, "a": 1}]).code == "SC007"


def test_patterns_explain_themselves() -> None:
    """The schema's own words come first, then its examples, then something of that form; never the pattern."""
    assert one({"pattern": "^a", "patternErrorMessage": "start with a"}, "b").hint == "start with a"
    assert one({"pattern": "^a", "examples": ["ab", "ac"]}, "b").hint == "for example `ab` or `ac`"
    assert one({"pattern": "^[a-z-]+$"}, "B b").hint == "for example `first-outage`"
    assert one({"pattern": r"^\d\d:\d\d$"}, "8:00").hint == "for example `08:00`"
    assert one({"pattern": "^zz$"}, "b").hint == "see the field's reference"
    advised = {"type": "string", "pattern": "^[0-9]+s$", "patternErrorMessage": "write seconds, such as `90s`"}
    assert one(advised, 90).hint == "write seconds, such as `90s`"


@pytest.mark.parametrize(
    ("schema", "value", "hint"),
    [
        (kinds.business_hours().schema, {"schedule": "A", "hours": {"tue": ["8:00-12:00"]}}, "write `08:00-12:00`"),
        (kinds.holiday().schema, {"schedule": "A", "name": "X", "from": "25.12."}, "write a date such as `2026-12-25`"),
        (kinds.tickets().schema, {"select": {"tags": "a"}, "tag": "a b"}, "a tag holds no spaces"),
    ],
)
def test_the_common_kinds_never_show_a_pattern(schema: Mapping[str, Any], value: Any, hint: str) -> None:
    """Hours, dates and tags in another form are answered with how to write them."""
    found = one(schema, value)
    assert found.code == "SC005"
    assert found.hint.startswith(hint)
    assert "[" not in found.hint


def test_names_of_fields() -> None:
    """A name that may not be a name is told at the name."""
    found = one({"propertyNames": {"pattern": "^[a-z]+$", "patternErrorMessage": "small letters"}}, {"A b": 1})
    assert (found.code, found.path, found.at_key, found.hint) == ("SC005", ("with", "A b"), True, "small letters")
    assert one({"propertyNames": {"maxLength": 1}}, {"ab": 1}).hint == "choose another name"


def test_secrets_are_never_shown() -> None:
    """What should have been a reference to a secret is refused without a trace of its value."""
    secret = {"type": "string", "pattern": "^env:", "writeOnly": True, "patternErrorMessage": "write env:NAME"}
    for value in ("s3cr3t", 31337, ["s3cr3t"]):
        found = one(secret, value)
        assert found.code == "CF002"
        assert "s3cr3t" not in f"{found}"
        assert "31337" not in f"{found}"


TEXT = {"oneOf": [{"type": "string", "minLength": 1}, {"type": "object", "additionalProperties": {"type": "string"}}]}
OBJECTS = {
    "oneOf": [
        {"type": "string"},
        {"type": "object", "required": ["id"], "properties": {"id": {}}, "additionalProperties": False},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (TEXT, 5, ("SC003", ("with",), "`with` must be a text or a group of fields, not a whole number (`5`)")),
        (TEXT, "", ("SC006", ("with",), "`with` is empty")),
        (TEXT, {"en": 5}, ("SC003", ("with", "en"), "`en` must be a text, not a whole number (`5`)")),
        (OBJECTS, {"idd": 1}, ("SC001", ("with", "idd"), "unknown field `idd`")),
        (OBJECTS, ["a", 1], ("SC003", ("with", 1), "`with[1]` must be a text, not a whole number (`1`)")),
        (OBJECTS, [], ("SC006", ("with",), "`with` is empty")),
        (
            {"anyOf": [{"enum": ["end"]}, {"enum": ["tomorrow", "next_week"]}]},
            "tomorow",
            ("SC004", ("with",), "`with` must be `end`, `tomorrow` or `next_week`, not `tomorow`"),
        ),
        (
            {"oneOf": [{"required": ["hours"]}, {"required": ["closed"]}]},
            {},
            ("SC008", ("with",), "`with` needs one of `hours` or `closed`"),
        ),
        (
            {"oneOf": [{"required": ["hours"]}, {"required": ["closed"]}]},
            {"hours": 1, "closed": 1},
            ("SC008", ("with", "closed"), "`hours` and `closed` cannot stand together"),
        ),
        (
            {"not": {"required": ["text", "text_file"]}},
            {"text": 1, "text_file": 1},
            ("SC008", ("with", "text_file"), "`text` and `text_file` cannot stand together"),
        ),
        (
            {"oneOf": [{"type": "string", "enum": ["all"]}, {"type": "array"}]},
            5,
            ("SC003", ("with",), "`with` must be a text or a list, not a whole number (`5`)"),
        ),
        (
            {"oneOf": [{"required": []}, {"minProperties": 0}]},
            {},
            ("SC008", ("with",), "`with` fits more than one form"),
        ),
        ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, ("SC008", ("with",), "`with` fits more than one form")),
        ({"not": {"const": 1}}, 1, ("SC009", ("with",), "`with` does not fit (not)")),
    ],
)
def test_values_of_several_forms(schema: Any, value: Any, expected: Any) -> None:
    """Where a value may have several forms, the one that was meant is explained, in one sentence."""
    assert told(schema, value) == [expected]


def test_every_problem_of_the_kinds_has_a_sentence() -> None:
    """What the common kinds object to is never a rule's bare name."""
    junk: list[Any] = [None, 5, "", "x", [], ["x", "x"], {}, {"x": 1}, True]
    for spec in common().values():
        check = compiled(spec.schema)
        for field in spec.schema.get("properties", {}):
            for value in junk:
                for found in problems(check, {field: value}):
                    assert found.code in CODES
                    assert found.code != "SC009", (spec.kind, field, value, found)


def test_words() -> None:
    """The small words: what was meant, how a value looks, what it is."""
    assert near("windw", ["window", "when-told"]) == "window"
    assert near("On-Error", ["on_error"]) == "on_error"
    assert near(5, ["window"]) == near("zzz", ["window"]) == ""
    assert shown("a\nb") == '`"a\\nb"`'
    assert shown("") == '`""`'
    assert shown("x" * 100) == "`" + "x" * 57 + "...`"
    assert shown({"a": [1, None]}) == '`{"a": [1, null]}`'
    assert [kind_of(each) for each in (True, 1, 1.5, "", [], {}, None)] == [
        *("true or false", "a whole number", "a number", "a text", "a list", "a group of fields", "nothing"),
    ]
    assert types(["string"]) == "a text"
    assert types([]) == "nothing"
    assert choices(range(20)).endswith("`11` and 8 more")


def test_plans_fit_their_schema() -> None:
    """The plan that is written as JSON is one by the published schema, and a damaged one is not."""
    at = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
    slot = Slot("desk", "tickets", "7", "status")
    item = Item(slot, "Ticket 7", ABSENT, UNKNOWN, Action.PERSON, "note", "cannot be given back", "a person: open")
    run = RunPlan(
        *("pause", "tickets", "desk", "Tickets", "open", True, at, None, (item,), 1, 1, 2, 0.5),
        counts={("status", "open", "pending"): 3},
        left=(Left("Ticket 8", "solved"),),
        warnings=("slow",),
    )
    plan = Plan("match@2026-12-11T11:30", "Match", "open", at, "UTC", at, at, (run,), fingerprint={"store": "ab"})
    data = json.loads(json.dumps(to_json(plan)))
    assert problems(validator("plan.v1"), data) == []
    data["runs"][0]["items"][0]["action"] = "erase"
    assert [each.path for each in problems(validator("plan.v1"), data)] == [("runs", 0, "items", 0, "action")]


def test_journals_fit_their_schema(tmp_path: Path) -> None:
    """The lines that the journal writes are lines by the published schema, hash included."""
    at = "2026-12-11T14:30:00.000Z"
    ref = Ref("desk", "tickets", "7")
    layer = Layer("match@x", "pause", 0, 1, 0, Claim(Op.PUT, "pending", give_back={"new": "open"}))
    held = Held(Slot("desk", "tickets", "7", "status"), Merge.ATOMIC, "open", "open", (layer,), name="Ticket 7")
    entry = Entry(4, "match@x", "pause", "open", ref, {"status": ("open", "pending")}, "intent")
    file = journal.JournalFile(tmp_path, "match@x")
    file.append(
        [
            journal.head("match@x", lineage="l", at=at, row={"id": "match@x"}),
            *journal.intents([entry], {"7": {"status": held}}, at),
            journal.outcomes([(4, "rejected", "closed ticket"), (5, "done", "")], at),
            {"t": "ack", "at": at, "actor": "ana", "evidence": "", "evidence_hash": "", "done": True},
        ]
    )
    file.close()
    written = [json.loads(line) for line in file.path.read_text().splitlines()]
    assert [line["t"] for line in written] == ["outage", "intent", "outcomes", "ack"]
    for line in written:
        assert problems(validator("journal.v1"), line) == []
        assert problems(validator("journal.v1"), {**line, "h": "0"})
