"""The example playbooks of the smaller vendors, carried out by the command line on simulated accounts.

Each home is a folder of playbooks/ with a runner.yaml of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from providers.movidesk import account as movidesk_account
from providers.movidesk.simulator.account import Account as Movidesk
from providers.whaticket import client as whaticket_client
from providers.whaticket.simulator.account import TOKEN as WHATICKET_TOKEN
from providers.whaticket.simulator.account import Account as Whaticket
from runner import registry
from runner.expand import outages
from runner.load import load_playbook
from runner.load_config import load_config
from runner.playbook import Outage
from runner.spi import Target
from runner.testing.io import ScriptedIo
from tests.support.examples import ROOT, governed_by

sys.path.insert(0, str(ROOT / "scripts"))

Stage = import_module("stage").Stage
MINUTE = timedelta(minutes=1)


Clock = Callable[[], float]


@dataclass(frozen=True)
class Home:
    """One folder of examples: what makes host -> simulated account and the credentials on a clock, when somebody begins,
    and what is written differently in runner.yaml for the simulated accounts."""

    accounts: Callable[[Clock], tuple[Mapping[str, Any], Mapping[str, str]]]
    begins: str
    mend: Mapping[str, str] = field(default_factory=dict)


def whatsapp(clock: Clock) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """One Whaticket account."""
    return {"api.whaticket.com": Whaticket(clock=clock)}, {"WHATICKET_TOKEN": WHATICKET_TOKEN}


def helpdesk(clock: Clock) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """One Movidesk account, where requests are counted by day."""
    account = Movidesk(clock=clock, tickets=60)
    return {"api.movidesk.com": account}, {"MOVIDESK_TOKEN": account.token}


HOMES = {
    "whaticket": Home(whatsapp, "2026-12-07T09:00:00-06:00"),
    "movidesk": Home(helpdesk, "2026-12-07T09:00:00-03:00"),
}
OPTIONS: Mapping[str, tuple[frozenset[str], Mapping[str, Any]]] = {  # provider -> its options, and those that it needs
    "whaticket": (whaticket_client.OPTIONS, {}),
    "movidesk": (movidesk_account.OPTIONS, {}),
}
FILES = [
    (home, path.relative_to(ROOT / "playbooks" / home).as_posix())
    for home in HOMES
    for path in governed_by(f"playbooks/{home}")
]


@cache
def planned(home: str, file: str) -> tuple[Outage, ...]:
    """Return the outages of an example."""
    config, _ = load_config(ROOT / "playbooks" / home / "runner.yaml")
    loaded, _ = load_playbook(ROOT / "playbooks" / home / file)
    assert config is not None
    assert loaded is not None
    return tuple(outages(loaded.playbook, config))


class Desk:
    """The runner on the accounts of a home, where nobody sits at a terminal."""

    def __init__(self, folder: Path, name: str) -> None:
        home = HOMES[name]
        self.stage = Stage(folder / "desk", datetime.fromisoformat(home.begins), terminal=False)
        self.accounts, secrets = home.accounts(self.stage.wall)
        self.stage.build_vendors(name, self.accounts, secrets)
        config = self.stage.folder / "runner.yaml"
        text = config.read_text(encoding="utf-8")
        for old, new in home.mend.items():
            text = text.replace(old, new)
        config.write_text(text, encoding="utf-8")

    def run(self, line: str, *codes: int) -> str:
        """Run a command line that must end with one of `codes` (0 when none is given)."""
        text: str = self.stage.run(line)
        assert self.stage.code in (codes or (0,)), f"{line}\n{text}"
        return text

    def acknowledge(self) -> list[str]:
        """Do every step that waits for a person; return the titles."""
        done: list[str] = []
        while found := json.loads(self.run("runner steps --format json"))["steps"]:
            step = found[0]
            before = ' --before "as it was"' if "--before VALUE" in step["command"] and not step["question"] else ""
            no = " --not-done" if step["question"] else ""
            self.run(f"runner ack {step['outage']} {step['run']} {step['item']}{before}{no}", 0, 5)
            done.append(step["title"])
        return done

    def dump(self) -> list[Any]:
        """Return what the accounts hold that can be given back."""
        return [account.dump() for account in self.accounts.values()]

    def states(self) -> dict[str, str]:
        """Return outage -> state."""
        found = json.loads(self.run("runner status --all --format json"))["outages"]
        return {each["outage"]: each["state"] for each in found}

    def writes(self) -> list[str]:
        """Return the requests that were no reads."""
        made = [each for account in self.accounts.values() for each in account.requests]
        return [f"{each.method} {each.path}" for each in made if each.method != "GET"]


@pytest.mark.parametrize("home", HOMES)
def test_all_are_sound(tmp_path: Path, home: str) -> None:
    """Checked together, the examples have neither an error nor a warning; and the accounts answer."""
    desk = Desk(tmp_path, home)
    assert json.loads(desk.run("runner validate --format json"))["diagnostics"] == []
    assert "problem" not in desk.run("runner doctor")


@pytest.mark.parametrize(("home", "file"), FILES)
def test_planned_and_rehearsed(tmp_path: Path, home: str, file: str) -> None:
    """At its start every step changes something and nothing is refused; the rehearsal finds that everything comes back;
    and both only read."""
    desk = Desk(tmp_path, home)
    desk.stage.at(planned(home, file)[0].start)
    for plan in json.loads(desk.run(f"runner plan {file} --format json"))["plans"]:
        assert plan["refusals"] == []
        assert all(run["items"] or run["counts"] for run in plan["runs"])
    desk.run(f"runner rehearse {file}")
    assert desk.writes() == []


@pytest.mark.parametrize(("home", "file"), FILES)
def test_reverted_in_the_middle(tmp_path: Path, home: str, file: str) -> None:
    """Applied at its start and reverted a minute later, each leaves the accounts as they were; what follows an outage
    is over a day later."""
    desk, outage = Desk(tmp_path, home), planned(home, file)[0]
    before = desk.dump()
    desk.stage.at(outage.start)
    desk.run(f"runner apply {file} --yes --reason test", 0, 5)
    people = desk.acknowledge()
    assert people or desk.dump() != before
    desk.stage.at(outage.start + MINUTE)
    desk.run(f"runner revert {outage.id} --yes --reason test", 0, 5)
    desk.acknowledge()
    assert desk.dump() == before
    desk.stage.at(outage.end + timedelta(days=2))
    desk.run("runner tick", 0, 5)
    desk.acknowledge()
    assert (desk.dump(), desk.states()[outage.id]) == (before, "closed")


@pytest.mark.parametrize(("home", "file"), FILES)
def test_ends_by_itself(tmp_path: Path, home: str, file: str) -> None:
    """Registered days before and ticked through all its times, each ends by itself; what people did, they undo."""
    desk, every = Desk(tmp_path, home), planned(home, file)
    before = desk.dump()
    desk.run(f"runner apply {file} --yes --reason test")
    assert desk.dump() == before, "nothing is done early"
    people: list[str] = []
    for time in sorted({each for outage in every for run in outage.runs for each in (run.start, run.end) if each}):
        desk.stage.at(time)
        desk.run("runner tick", 0, 5)
        people += desk.acknowledge()
    assert desk.dump() == before
    assert set(desk.states().values()) == {"closed"}
    assert len(people) >= 2 * len(set(people)), "what people did, people were asked to undo"


@pytest.mark.parametrize("provider", OPTIONS)
def test_every_kind_is_in_the_guide(provider: str) -> None:
    """Each kind that the provider offers is named in its guide, and so is each of its options."""
    text = (ROOT / "docs" / "providers" / f"{provider}.md").read_text(encoding="utf-8")
    options, needed = OPTIONS[provider]
    offered = registry.load(provider)(Target(provider, provider, needed), ScriptedIo()).capabilities()
    assert {name for name in (*offered, *options) if f"`{name}`" not in text} == set()


# --- what the examples come to --------------------------------------------------------------------------------------


def test_a_chat_queue_sleeps_over_the_weekend(tmp_path: Path) -> None:
    """Customers are told once before, and once after; Ana's tickets are Bruno's until Monday; people snooze the queue
    until then."""
    desk = Desk(tmp_path, "whaticket")
    (account,) = desk.accounts.values()
    (outage,) = planned("whaticket", "weekend/chat-queue.yaml")
    desk.run("runner apply weekend/chat-queue.yaml --yes --reason test")
    desk.stage.at(outage.start - timedelta(hours=2))
    desk.run("runner tick")
    assert [each["number"] for each in account.sent] == ["5215500000001", "5215500000002", "5511900000003"]
    assert "Del viernes a las 18:00 al lunes a las 09:00" in account.sent[0]["body"]
    desk.stage.at(outage.start)
    desk.run("runner tick", 5)
    assert {user for _, user in account.book.log} == {
        next(id_ for id_, name in account.users.items() if name[0] == "B")
    }
    assert "hasta 2026-12-14 09:00 (America/Mexico_City), por Bruno Lima" in desk.run("runner steps")
    desk.acknowledge()
    desk.stage.at(outage.end)
    desk.run("runner tick", 5)
    assert [each["body"] for each in account.sent[3:]] == ["Ya estamos de vuelta.\n\nEstamos de volta."] * 3
