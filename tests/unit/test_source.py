"""One YAML file: values by YAML 1.2 core, a place for each, everything else refused."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import Mark
from runner.source import Source, parse_source

BOTH = pytest.mark.parametrize("libyaml", [True, False])


def read(text: str, *, libyaml: bool = True) -> Source:
    source, found = parse_source(text.encode(), "f.yaml", libyaml=libyaml)
    assert source is not None, found
    return source


@BOTH
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("11:30", "11:30"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("2026-12-11", "2026-12-11"),
        ("2026-12-11 11:30", "2026-12-11 11:30"),
        ("=", "="),
        ("+", "+"),
        (".", "."),
        ("1.2.3", "1.2.3"),
        ("0b11", "0b11"),
        ("null", None),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("nUll", "nUll"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("0", 0),
        ("-7", -7),
        ("+5", 5),
        ("0x1F", 31),
        ("0o17", 15),
        ("1.0", 1.0),
        (".5", 0.5),
        ("-1.5e3", -1500.0),
        ("1e3", 1000.0),
        ('"5"', "5"),
        ("'true'", "true"),
        ('""', ""),
    ],
)
def test_scalars(written: str, value: Any, libyaml: bool) -> None:
    """Plain scalars mean what YAML 1.2 core says, and quoted ones are text."""
    read_back = read(f"a: {written}\n", libyaml=libyaml).data["a"]
    assert read_back == value
    assert type(read_back) is type(value)


@BOTH
def test_places(libyaml: bool) -> None:
    """Every value and every key knows its line and column; a path that leads nowhere gives its nearest parent."""
    source = read("a: 1\nlist:\n  - {x: y}\n  -   z\n", libyaml=libyaml)
    assert source.data == {"a": 1, "list": [{"x": "y"}, "z"]}
    assert source.mark() == Mark("f.yaml", 1, 1)
    assert source.mark(("a",)) == Mark("f.yaml", 1, 4)
    assert source.key_mark(("a",)) == Mark("f.yaml", 1, 1)
    assert source.mark(("list", 0, "x")) == Mark("f.yaml", 3, 9)
    assert source.key_mark(("list", 0, "x")) == Mark("f.yaml", 3, 6)
    assert source.mark(("list", 1)) == source.key_mark(("list", 1)) == Mark("f.yaml", 4, 7)
    assert source.mark(("list", 7, "deep")) == source.key_mark(("list", 7)) == source.mark(("list",))
    assert source.mark(("a", "below")) == source.mark(("a",))
    assert Source("f", {}).mark(("a",)) == Mark("f", 1, 1)


def test_a_byte_order_mark_is_no_text() -> None:
    """Files of Windows editors are read, and their columns count from the first visible character."""
    source, _ = parse_source(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f")
    assert source is not None
    assert source.data == {"a": 1, "b": 2}
    assert source.mark(("a",)) == Mark("f", 1, 4)


def test_aliases_in_moderation() -> None:
    """An alias repeats its value; what is changed through one is not changed through the other."""
    data = read("a: &x {b: [1]}\nc: *x\n").data
    assert data == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert data["a"] is not data["c"]


def test_all_mistakes_of_one_file_together() -> None:
    """Mistakes that do not stop the reading are told together; those inside an alias once."""
    text = "a: &x {1: b, c: !t d}\ne: *x\nf: 1\nf: 2\n"
    source, found = parse_source(text.encode(), "f")
    assert source is None
    assert [(each.mark.line, each.code) for each in found] == [(1, "YM016"), (1, "YM008"), (4, "YM007")]


def test_reading_leaves_the_collector_as_it_was() -> None:
    """Cyclic garbage collection goes on after a file was read, and stays off where it was off."""
    assert gc.isenabled()
    parse_source(b"a: [", "f")
    assert gc.isenabled()
    gc.disable()
    try:
        parse_source(b"a: 1", "f")
        assert not gc.isenabled()
    finally:
        gc.enable()


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters="\ufeff\ufffe\uffff"), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc<*&!", max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(value=st.dictionaries(st.text("xyz", min_size=1, max_size=4), plain, min_size=1, max_size=4))
def test_json_is_read_as_it_is(value: dict[str, Any]) -> None:
    """Any JSON document is a YAML document with the same values, and each of them has a place."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    source = read(text)
    assert source.data == value
    lines = text.count("\n") + 1
    for key in value:
        assert 1 < source.key_mark((key,)).line <= lines
