"""Every example of the embedded helpdesk, carried out on it: sound, planned, applied, and given back byte for byte.

Those with a runner.yaml of their own have their own tests (test_zendesk_playbooks.py).
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from runner.expand import outages
from runner.load import load_playbook
from runner.load_config import load_config
from runner.playbook import Outage
from tests.support.examples import governed_by

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

Stage = import_module("stage").Stage

FILES = [path.relative_to(ROOT).as_posix() for path in governed_by("")]
SCENARIOS = {"quick-start", "partial-outage", "full-outage", "disruptive-event", "snooze", "overlapping"}
TICKETS = 200
MINUTE = timedelta(minutes=1)


@cache
def planned(file: str) -> tuple[Outage, ...]:
    """Return the outages of an example."""
    config, _ = load_config(ROOT / "runner.yaml")
    loaded, _ = load_playbook(ROOT / file)
    assert config is not None
    assert loaded is not None
    return tuple(outages(loaded.playbook, config))


def moments(outage: Outage) -> list[datetime]:
    """Return every time at which something of an outage begins or ends."""
    return sorted({time for run in outage.runs for time in (run.start, run.end) if time is not None})


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    """Return a fresh helpdesk with the runner on it, where nobody sits at a terminal."""
    stage = Stage(tmp_path / "desk", datetime.fromisoformat("2026-11-24T09:00:00-03:00"), terminal=False).build()
    stage.run(f"runner sandbox seed --tickets {TICKETS}")
    assert stage.code == 0
    return stage


def carry_out(desk: Any, line: str, *codes: int) -> str:
    """Run a command line that must end with one of `codes` (0 when none is given)."""
    text = desk.run(line)
    assert desk.code in (codes or (0,)), f"{line}\n{text}"
    return text


def acknowledge(desk: Any) -> int:
    """Do every step that waits for a person, and return how many there were."""
    done = 0
    while found := json.loads(carry_out(desk, "runner steps --format json"))["steps"]:
        step = found[0]
        before = ' --before "as it was"' if "--before VALUE" in step["command"] and not step["question"] else ""
        no = " --not-done" if step["question"] else ""
        carry_out(desk, f"runner ack {step['outage']} {step['run']} {step['item']}{before}{no}", 0, 5)
        done += 1
    return done


def test_every_scenario_is_there() -> None:
    """Each kind of outage has its folder with a playbook in it."""
    assert {Path(file).parts[1] for file in FILES} == SCENARIOS


def test_all_are_sound(desk: Any) -> None:
    """Checked together, against the example configuration, they have neither an error nor a warning."""
    found = json.loads(carry_out(desk, "runner validate --format json"))
    assert found["diagnostics"] == []


@pytest.mark.parametrize("file", FILES)
def test_planned(desk: Any, file: str) -> None:
    """At the start of its first window each changes something, with nothing refused, and planning writes nothing."""
    before = desk.run("runner sandbox dump --all")
    desk.at(planned(file)[0].start)
    plan = json.loads(carry_out(desk, f"runner plan {file} --format json"))["plans"][0]
    assert plan["refusals"] == []
    assert all(run["items"] or run["counts"] for run in plan["runs"]), "a step that changes nothing"
    assert desk.run("runner sandbox dump --all") == before


@pytest.mark.parametrize("file", FILES)
def test_reverted_in_the_middle(desk: Any, file: str) -> None:
    """Applied at its start and reverted a minute later, each leaves the helpdesk as it was, byte for byte."""
    outage = planned(file)[0]
    before = desk.run("runner sandbox dump")
    desk.at(outage.start)
    carry_out(desk, f"runner apply {file} --yes --reason test", 0, 5)
    assert desk.run("runner sandbox dump") != before
    acknowledge(desk)
    desk.at(outage.start + MINUTE)
    carry_out(desk, f"runner revert {outage.id} --yes --reason test", 0, 5)
    acknowledge(desk)
    desk.at(max(moments(outage)) + MINUTE)
    carry_out(desk, "runner tick")
    assert desk.run("runner sandbox dump") == before
    assert states(desk)[outage.id] == "closed"


@pytest.mark.parametrize("file", FILES)
def test_ends_by_itself(desk: Any, file: str) -> None:
    """Registered days before and ticked through all its windows, each ends by itself and leaves nothing behind."""
    before = desk.run("runner sandbox dump")
    carry_out(desk, f"runner apply {file} --yes --reason test")
    assert desk.run("runner sandbox dump") == before, "nothing is done early"
    times = sorted({time for outage in planned(file) for time in moments(outage)})
    people = 0
    for time in times:
        desk.at(time)
        carry_out(desk, "runner tick", 0, 5)
        people += acknowledge(desk)
    assert desk.run("runner sandbox dump") == before
    assert set(states(desk).values()) == {"closed"}
    assert (people > 0) == ("disruptive" in file)


def states(desk: Any) -> dict[str, str]:
    """Return outage -> state."""
    found = json.loads(carry_out(desk, "runner status --all --format json"))["outages"]
    return {each["outage"]: each["state"] for each in found}


def test_cancelled_before_it_begins(desk: Any) -> None:
    """A closure that is called off after its announcement tells so, and touches nothing else."""
    file = "playbooks/full-outage/year-end.yaml"
    outage = planned(file)[0]
    before = desk.run("runner sandbox dump")
    desk.at(outage.start - timedelta(days=1))
    carry_out(desk, f"runner apply {file} --yes --reason test")
    assert "31 de dezembro" in desk.run("runner sandbox dump")
    carry_out(desk, f"runner revert {outage.id} --yes --reason test")
    assert "estaremos aqui nos horários de sempre" in desk.run("runner sandbox dump")
    desk.at(max(moments(outage)) + MINUTE)
    carry_out(desk, "runner tick")
    assert desk.run("runner sandbox dump") == before


@pytest.mark.parametrize("file", FILES)
def test_rehearsed(desk: Any, file: str) -> None:
    """The rehearsal of each finds that everything comes back, and writes nothing on the helpdesk."""
    before = desk.run("runner sandbox dump --all")
    results = json.loads(carry_out(desk, f"runner rehearse {file} --format json"))
    assert results
    assert desk.run("runner sandbox dump --all") == before


@pytest.mark.parametrize("first", [0, 1])
def test_the_pair_overlaps(desk: Any, first: int) -> None:
    """Both of the overlapping pair open at one time; whichever is reverted first, nothing is left of the two."""
    files = ["playbooks/overlapping/office-party.yaml", "playbooks/overlapping/network-works.yaml"]
    before = desk.run("runner sandbox dump")
    for file in files:
        carry_out(desk, f"runner apply {file} --yes --reason test")
    desk.at(planned(files[1])[0].start + MINUTE)
    carry_out(desk, "runner tick")
    both = desk.run("runner sandbox dump")
    assert "Estamos em manutenção de rede" in both
    assert "confraternização de fim de ano" in both
    names = [planned(file)[0].id for file in files]
    carry_out(desk, f"runner revert {names[first]} --yes --reason test")
    assert desk.run("runner sandbox dump") not in (before, both)
    carry_out(desk, f"runner revert {names[1 - first]} --yes --reason test")
    assert desk.run("runner sandbox dump") == before
