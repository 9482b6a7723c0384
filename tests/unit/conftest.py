"""Golden files: expected output as plain text, rewritten with ``pytest tests/unit --update-golden``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files from what the code says")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check of a text (with a line end added) against a golden file, named relative to tests/golden."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        whole = text.rstrip("\n") + "\n"
        if request.config.getoption("--update-golden", default=False):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(whole, encoding="utf-8")

        assert file.exists(), f"{file} is missing: run pytest tests/unit --update-golden and review it"
        assert whole == file.read_text(encoding="utf-8")

    return check
