"""The specification as histories: every file under tests/cases is one, and its title is its claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cases import Play, read_case

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: str(path.relative_to(FOLDER).with_suffix("")))
def test_case(path: Path, tmp_path: Path) -> None:
    """What the case says happens, happens."""
    Play(read_case(path), tmp_path).all()


def test_there_are_enough_cases_and_no_claim_twice() -> None:
    """The specification has at least 60 histories, each with a claim of its own."""
    titles = [read_case(path)["title"] for path in CASES]

    assert len(titles) >= 60
    assert len(set(titles)) == len(titles)
