"""`make demo`: it ends well, in time, offline, and it notices when something was not given back."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

demo: Any = import_module("demo")
SECONDS = 10.0  # for a machine that does nothing else
PLAY = """
import sys, pathlib, socket
def refused(*args, **more):
    raise OSError("the demo wants a network")
socket.socket.connect = refused
sys.path.insert(0, sys.argv[1])
import demo
demo.FOLDER = pathlib.Path(sys.argv[2]) / "demo"
demo.ROOT = pathlib.Path(sys.argv[2])
sys.exit(demo.main())
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Play the demo in a process of its own, without a terminal, a network, and any variable that could be a key."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "runner.yaml").write_bytes((ROOT / "runner.yaml").read_bytes())
    command = [sys.executable, "-c", PLAY, str(ROOT / "scripts"), str(folder)]
    env = {"PATH": os.defpath, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)


def test_it_ends_well(played: subprocess.CompletedProcess[str]) -> None:
    """Everything is given back but the two fields that the person of the story changed."""
    assert played.returncode == 0, played.stdout + played.stderr
    assert "2 fields differ" in played.stdout
    assert "08:00-18:00 -> 07:00-18:00" in played.stdout
    assert "open -> solved" in played.stdout
    assert played.stderr == ""


def test_it_shows_the_whole_story(played: subprocess.CompletedProcess[str]) -> None:
    """Plan, apply, an edit by hand, a second outage, the stack of a field and both reverts come in this order."""
    verbs = [line.split()[2] for line in played.stdout.splitlines() if line.startswith("$ runner ")]
    wanted = "sandbox sandbox plan apply sandbox sandbox apply why status revert revert sandbox"
    assert verbs == wanted.split()


def test_it_says_what_to_try_next(played: subprocess.CompletedProcess[str]) -> None:
    """The last lines name commands that exist and playbooks that are there; no colour where there is no terminal."""
    tail = played.stdout.partition("Your turn")[2]
    words = [word for word in tail.split() if word.startswith("playbooks/")]
    assert len(words) >= 3
    assert all((ROOT / word).is_file() for word in words)
    assert "\033" not in played.stdout


def test_it_is_quick(played: subprocess.CompletedProcess[str]) -> None:
    """The demo says itself how long it took: well below ten seconds where nothing else runs."""
    took = float(played.stdout.partition("That took ")[2].split()[0])
    assert took < SECONDS * 3, "three times as long as it should be even on a busy machine"


def test_it_notices_what_is_left_over(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    """A field that nobody of the story changed makes the proof fail."""
    (tmp_path / "before.json").write_text('{"rules": [{"id": 1, "name": "Answer", "active": true}]}')
    (tmp_path / "after.json").write_text('{"rules": [{"id": 1, "name": "Answer", "active": false}]}')
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    assert demo.prove(demo.Screen()) == 1
    assert "True -> False" in capsys.readouterr().out
