"""The catalogue knows every code that the runner can show."""

from __future__ import annotations

import re
from pathlib import Path

from runner.catalogue import CODES

RUNNER = Path(__file__).resolve().parents[2] / "runner"
CODE = re.compile(r'"([A-Z]{2}\d{3})"')


def test_every_code_in_the_source_is_explained() -> None:
    """A code that can be printed has an entry, and an entry belongs to a code that can be printed."""
    used = {
        code
        for path in RUNNER.rglob("*.py")
        if not path.name.startswith("catalogue")
        for code in CODE.findall(path.read_text(encoding="utf-8"))
    }

    assert used - CODES.keys() == set()
    assert CODES.keys() - used == set()


def test_every_entry_says_what_to_do() -> None:
    """Title, meaning and fix are there, and a fix is a whole sentence."""
    for code, entry in CODES.items():
        assert entry.title, code
        assert entry.meaning.endswith("."), code
        assert entry.fix.endswith("."), code
