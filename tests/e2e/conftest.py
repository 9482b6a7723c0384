"""A desk for every test: a folder with runner.yaml, a playbook and a seeded helpdesk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli import cli
from tests.support.desk import HOURS, PAUSE, PHONE, Desk


@pytest.fixture(scope="session")
def helpdesk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a seeded helpdesk file, to be copied."""
    path = tmp_path_factory.mktemp("seed") / "helpdesk.sqlite"
    done = CliRunner().invoke(cli, ["sandbox", "--file", str(path), "seed", "--tickets", "120"])
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture
def desk(tmp_path: Path, helpdesk: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a desk with three steps in match.yaml: channel, hours, tickets."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".runner").mkdir()
    shutil.copy(helpdesk, tmp_path / ".runner" / "helpdesk.sqlite")
    made = Desk(tmp_path)
    made.configure()
    made.playbook(PHONE, HOURS, PAUSE)
    return made
