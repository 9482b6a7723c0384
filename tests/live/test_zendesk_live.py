"""The provider on a real account: a sandbox or a trial, never one with customers. `make live` runs it.

`RUNNER_LIVE_ZENDESK` names a runner.yaml whose only target has `sandbox: true` among its options; its credentials come
from the environment, as always. What is changed the test made itself: a ticket, a trigger that can never fire, and a
holiday in two months; all of it is taken away again, whatever happens. `make soak` runs the same on the simulator, so
that it is known to work when somebody needs it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
import yaml

from providers.zendesk.account import account_of
from providers.zendesk.client import Client
from runner.commands.session import Session
from runner.config import Config
from runner.deps import real
from runner.load_config import load_config

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE: Final = 600.0  # seconds until the search index knows a new ticket: it lags by minutes [DOC]
WAY: Final = "RUNNER_LIVE_ZENDESK"


class Sandbox:
    """One account, and a folder with playbooks for it."""

    def __init__(self, path: Path, folder: Path) -> None:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        ((self.name, target),) = document["targets"].items()
        assert target["provider"] == "zendesk"
        assert target["options"].get("sandbox") is True, (
            "only on an account with `sandbox: true`: others have customers"
        )
        document["store"] = {"path": "store.sqlite", "journal": "journal"}
        document.pop("playbooks", None)
        document["targets"][self.name]["pause"] = "pending"
        self.folder = folder
        (folder / "runner.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        config = load_config(folder / "runner.yaml")[0]
        assert isinstance(config, Config)
        session = Session(real(), config)
        self.client = Client(account_of(config.targets[self.name]), config.targets[self.name], session.io)
        self.tag = f"runner-live-{uuid4().hex[:12]}"

    def playbook(self, steps: list[dict[str, Any]]) -> str:
        """Write a playbook for the next hour and return its file."""
        begin = datetime.now(UTC) - timedelta(minutes=1)
        window = {"start": f"{begin:%Y-%m-%dT%H:%MZ}", "end": f"{begin + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"}
        spec = {"outage": "partial", "timezone": "Etc/UTC", "windows": [window]}
        spec["steps"] = [{"target": self.name, **step} for step in steps]
        document = {"apiVersion": "runner/v1", "kind": "Playbook", "metadata": {"name": "live"}, "spec": spec}
        (self.folder / "live.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        return "live.yaml"

    def run(self, *words: str) -> str:
        """Type a command; it must end with 0."""
        command = [sys.executable, "-m", "runner", *words]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"runner {' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def ticket(self) -> int:
        """Make a ticket and wait until a search finds it."""
        comment = {"body": "Made by a test; it goes away by itself.", "public": False}
        wanted = {"subject": self.tag, "comment": comment, "status": "open", "tags": [self.tag]}
        made = self.client.write("POST", "/api/v2/tickets", "make a ticket", {"ticket": wanted})["ticket"]["id"]
        until = time.monotonic() + PATIENCE
        while not self.found():
            assert time.monotonic() < until, "the search index does not know the ticket yet"
            time.sleep(10)
        return int(made)

    def found(self) -> list[int]:
        """Return the tickets of this test that a search finds."""
        mine = {"query": f"tags:{self.tag}", "filter_type": "ticket"}
        return [int(row["id"]) for row in self.client.pages("/api/v2/search/export", "results", "search", **mine)]

    def shown(self, ticket: int) -> dict[str, Any]:
        """Return what a step may change of a ticket."""
        row = self.client.get(f"/api/v2/tickets/{ticket}", "show a ticket")["ticket"]
        return {name: row[name] for name in ("status", "tags", "assignee_id", "custom_status_id") if name in row}

    def listed(self) -> list[str]:
        """Return the names of all triggers and holidays."""
        names = [row["title"] for row in self.client.pages("/api/v2/triggers", "triggers", "list triggers")]
        schedules = self.client.get("/api/v2/business_hours/schedules", "list schedules")["schedules"]
        for row in schedules:
            path = f"/api/v2/business_hours/schedules/{row['id']}/holidays"
            names += [each["name"] for each in self.client.get(path, "list holidays")["holidays"]]
        return sorted(names)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """Return the account that the environment names."""
    if not os.environ.get(WAY):
        pytest.fail(f"set {WAY} to the runner.yaml of a sandbox of yours")
    found = Sandbox(Path(os.environ[WAY]).resolve(), tmp_path)
    yield found
    if (tmp_path / "store.sqlite").exists():
        subprocess.run([sys.executable, "-m", "runner", "revert", "live", "--yes", "--reason", "tidy"], cwd=tmp_path)
    for ticket in found.found():
        found.client.write("DELETE", f"/api/v2/tickets/{ticket}", "delete a ticket", {})


@pytest.mark.live
@pytest.mark.enable_socket
def test_an_outage_is_opened_and_given_back(sandbox: Sandbox) -> None:
    """Doctor is content; what apply changes is there, and after the revert nothing is left of it."""
    assert "problem" not in sandbox.run("doctor")
    ticket, names = sandbox.ticket(), sandbox.listed()
    before = sandbox.shown(ticket)
    schedule = sandbox.client.get("/api/v2/business_hours/schedules", "list schedules")["schedules"][0]
    far = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    never = {"field": "current_tags", "operator": "includes", "value": f"{sandbox.tag}-never"}
    create = {"type": "trigger", "title": "Runner live test", "all": [never]}
    create["actions"] = [{"field": "priority", "value": "low"}]
    mine = {"tags": [sandbox.tag]}
    holiday = {"schedule": {"id": str(schedule["id"])}, "name": "Runner live test", "from": far, "to": far}
    book = sandbox.playbook(
        [
            {"id": "day", "uses": "holiday", "with": holiday},
            {"id": "rule", "uses": "rule", "with": {"create": create}},
            {"id": "pause", "uses": "tickets", "with": {"select": mine, "status": "pause", "tag": True, "at_most": 1}},
        ]
    )
    sandbox.run("plan", book)
    sandbox.run("apply", book, "--yes", "--reason", "a test of the provider")
    assert sandbox.shown(ticket)["status"] == "pending"
    assert len(sandbox.listed()) == len(names) + 2
    sandbox.run("revert", "live", "--yes", "--reason", "a test of the provider")
    assert sandbox.shown(ticket) == before
    assert sandbox.listed() == names


CONFIG = """
apiVersion: runner/v1
kind: Config
targets:
  zendesk:
    provider: zendesk
    credentials: {client_id: "env:LIVE_ID", client_secret: "env:LIVE_SECRET"}
    options: {url: "%s", sandbox: true}
"""


@pytest.mark.soak
def test_the_test_itself_works(tmp_path: Path) -> None:
    """It passes on the simulator, where nobody has to wait for the search."""
    serve = [
        str(Path(sys.executable).parent / "runner"),
        "sandbox",
        "zendesk",
        "--port=0",
        "--tickets=50",
        "--no-limits",
    ]
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        said = dict(server.stdout.readline().strip().split(": ", 1) for _ in range(3))
        (tmp_path / "runner.yaml").write_text(CONFIG % said["url"], encoding="utf-8")
        env = {**os.environ, WAY: str(tmp_path / "runner.yaml"), "LIVE_ID": said["client_id"]}
        env["LIVE_SECRET"] = said["client_secret"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "live", str(Path(__file__))]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False)
        assert "1 passed" in done.stdout, done.stdout + done.stderr
    finally:
        server.terminate()
        server.communicate(timeout=20)
