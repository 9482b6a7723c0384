"""The package as a user gets it: built, installed into an empty environment without a network, and put to work."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / ".wheels"
CONFIG = """\
apiVersion: runner/v1
kind: Config
targets:
  helpdesk: {provider: simulator, zone: America/Sao_Paulo, options: {file: helpdesk.sqlite}}
"""
PLAYBOOK = """\
apiVersion: runner/v1
kind: Playbook
metadata: {name: quarter-final, title: Brazil plays}
spec:
  outage: partial
  timezone: America/Sao_Paulo
  windows: [{start: 2026-12-11 11:30, end: 2026-12-11 14:30}]
  steps:
    - {id: hours, uses: business_hours, target: helpdesk, with: {schedule: Support BR, closed: window}}
    - {id: phone, uses: channel, target: helpdesk, with: {channel: Phone, enabled: false}}
"""


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    """Return what `command` prints, in an environment that holds nothing; it must exit with `code`."""
    env = {"PATH": os.defpath, "HOME": str(cwd), "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"{command} exited with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built with the tools at hand."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of scripts of an empty environment into which the wheel was installed from .wheels."""
    assert WHEELS.is_dir(), "no folder of wheels: run `make wheels`"
    place = tmp_path_factory.mktemp("empty") / "env"
    venv.create(place, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", place / "bin" / "python", "install", "-q", "--no-compile"]
    run(*pip, "--no-index", "--find-links", WHEELS, wheel, cwd=place)
    return place / "bin"


def test_the_wheel_holds_everything(wheel: Path) -> None:
    """Both packages, every schema and every template, the licence and the entry points are in the wheel."""
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in ("runner", "providers")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    schemas = {f"runner/schemas/{path.name}" for path in (ROOT / "schemas").glob("*.json")}
    assert schemas
    assert sorted((wanted | schemas) - names) == []
    assert [name for name in names if name.startswith(("tests/", "benchmarks/", "scripts/"))] == []
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_an_outage_from_the_installed_wheel(bin_folder: Path, tmp_path: Path) -> None:
    """Validate, plan, apply and revert work from another directory, and the helpdesk ends byte for byte as it began."""
    runner = bin_folder / "runner"
    (tmp_path / "runner.yaml").write_text(CONFIG)
    (tmp_path / "outage.yaml").write_text(PLAYBOOK)
    assert run(runner, "--version", cwd=tmp_path).strip().endswith("0.1.0")
    run(runner, "sandbox", "seed", "--tickets", "20", cwd=tmp_path)
    before = run(runner, "sandbox", "dump", cwd=tmp_path)
    run(runner, "validate", "outage.yaml", cwd=tmp_path)
    assert "Phone" in run(runner, "plan", "outage.yaml", cwd=tmp_path)
    run(runner, "apply", "outage.yaml", "--now", "--for", "2h", "--yes", "--reason", "test", cwd=tmp_path)
    assert run(runner, "sandbox", "dump", cwd=tmp_path) != before
    run(runner, "revert", "--yes", "--reason", "test", cwd=tmp_path)
    assert run(runner, "sandbox", "dump", cwd=tmp_path) == before
