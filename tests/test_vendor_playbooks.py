"""The example playbooks of the smaller vendors, carried out by the command line on simulated accounts.

Each home is a folder of playbooks/ with a runner.yaml of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from providers.digisac import account as digisac_account
from providers.digisac.simulator.account import TOKEN as DIGISAC_TOKEN
from providers.digisac.simulator.account import Account as Digisac
from providers.mail import account as mail_account
from providers.movidesk import account as movidesk_account
from providers.movidesk.simulator.account import Account as Movidesk
from providers.redmine import account as redmine_account
from providers.request_tracker import account as request_tracker_account
from providers.webhook.simulator.sink import Sink as Channels
from providers.webhook.simulator.state import path_of
from providers.whaticket import client as whaticket_client
from providers.whaticket.simulator.account import TOKEN as WHATICKET_TOKEN
from providers.whaticket.simulator.account import Account as Whaticket
from providers.zendesk.simulator import access as zendesk_access
from providers.zendesk.simulator.account import Account as Zendesk
from runner import registry
from runner.expand import outages
from runner.load import load_playbook
from runner.load_config import load_config
from runner.playbook import Outage
from runner.spi import Target
from runner.testing.io import ScriptedIo
from tests.support.examples import ROOT, governed_by
from tests.support.smtp import Sink

sys.path.insert(0, str(ROOT / "scripts"))

Stage = import_module("stage").Stage
MINUTE = timedelta(minutes=1)


Clock = Callable[[], float]


@dataclass(frozen=True)
class Home:
    """One folder of examples: what makes host -> simulated account and the credentials on a clock; when it begins; the
    hosts where something stays on purpose; what runner.yaml says differently for the simulated accounts."""

    accounts: Callable[[Clock], tuple[Mapping[str, Any], Mapping[str, str]]]
    begins: str
    stays: Collection[str] = ()
    mend: Mapping[str, str] = field(default_factory=dict)


def whatsapp(clock: Clock) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """One Whaticket account."""
    return {"api.whaticket.com": Whaticket(clock=clock)}, {"WHATICKET_TOKEN": WHATICKET_TOKEN}


def helpdesk(clock: Clock) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """One Movidesk account, where requests are counted by day."""
    account = Movidesk(clock=clock, tickets=60)
    return {"api.movidesk.com": account}, {"MOVIDESK_TOKEN": account.token}


def contacts(clock: Clock) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """One Digisac account."""
    return {"example.digisac.co": Digisac(clock=clock, contacts=80)}, {"DIGISAC_TOKEN": DIGISAC_TOKEN}


def everything(clock: Clock) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Two helpdesks, WhatsApp, and the team's channel."""
    brazil, tokens = helpdesk(clock)
    phones, token = contacts(clock)
    europe = {"example.zendesk.com": Zendesk(clock=clock, tickets=120)}
    hosts = {**europe, **brazil, **phones, "hooks.slack.com": Channels(clock=clock)}
    client = {"ZENDESK_CLIENT_ID": zendesk_access.CLIENT_ID, "ZENDESK_CLIENT_SECRET": zendesk_access.CLIENT_SECRET}
    secrets = {"SLACK_WEBHOOK": f"https://hooks.slack.com{path_of('slack', 'support')}"}
    return hosts, {**client, **tokens, **token, **secrets}


HERE = {  # a mail server on this machine needs neither
    "credentials: {user: env:SMTP_USER, password: env:SMTP_PASSWORD}": "credentials: {}",
    "host: smtp.example.com": "host: localhost\n      security: none",
}
HOMES = {
    "whaticket": Home(whatsapp, "2026-12-07T09:00:00-06:00"),
    "movidesk": Home(helpdesk, "2026-12-07T09:00:00-03:00"),
    "digisac": Home(contacts, "2026-12-09T09:00:00-03:00", ["example.digisac.co"]),
    "world-cup": Home(everything, "2026-12-10T09:00:00-03:00", ["example.digisac.co", "hooks.slack.com"], HERE),
}
OPTIONS: Mapping[str, tuple[frozenset[str], Mapping[str, Any]]] = {  # provider -> its options, and those that it needs
    "whaticket": (whaticket_client.OPTIONS, {}),
    "movidesk": (movidesk_account.OPTIONS, {}),
    "digisac": (digisac_account.OPTIONS, {"url": "https://example.digisac.co", "schedule_zone": "America/Sao_Paulo"}),
    "mail": (mail_account.OPTIONS, {"host": "smtp.example.com", "from": "a@example.com"}),
    "redmine": (frozenset(redmine_account.OPTIONS), {"url": "https://redmine.example.com"}),
    "request_tracker": (request_tracker_account.OPTIONS, {"url": "https://rt.example.com"}),
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
    """The runner on the accounts of a home, with nobody at a terminal; and their twins, which it never reaches."""

    def __init__(self, folder: Path, name: str, sink: Sink) -> None:
        self.home = HOMES[name]
        self.stage = Stage(folder / "desk", datetime.fromisoformat(self.home.begins), terminal=False, dial=sink.dial)
        self.accounts, secrets = self.home.accounts(self.stage.wall)
        self._twins, _ = self.home.accounts(self.stage.wall)
        self.stage.build_vendors(name, self.accounts, secrets)
        config = self.stage.folder / "runner.yaml"
        text = config.read_text(encoding="utf-8")
        for old, new in self.home.mend.items():
            assert old in text
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

    def dump(self, without: Collection[str] = ()) -> dict[str, Any]:
        """Return what the accounts hold that can be given back."""
        return {host: caught_up(account) for host, account in self.accounts.items() if host not in without}

    def untouched(self, without: Collection[str] = ()) -> dict[str, Any]:
        """Return what they would hold if the runner had never been there."""
        return {host: caught_up(account) for host, account in self._twins.items() if host not in without}

    def states(self) -> dict[str, str]:
        """Return outage -> state."""
        found = json.loads(self.run("runner status --all --format json"))["outages"]
        return {each["outage"]: each["state"] for each in found}

    def writes(self) -> list[str]:
        """Return the requests that were no reads."""
        made = [each for account in self.accounts.values() for each in account.requests]
        return [f"{each.method} {each.path}" for each in made if each.method != "GET" and each.path != "/oauth/tokens"]


def caught_up(account: Any) -> Any:
    """Return what an account holds once it has done what its clock says."""
    account.wsgi.advance()
    return json.loads(account.dump())


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server."""
    with Sink() as server:
        yield server


@pytest.mark.parametrize("home", HOMES)
def test_all_are_sound(tmp_path: Path, sink: Sink, home: str) -> None:
    """Checked together, the examples have neither an error nor a warning; and the accounts answer."""
    desk = Desk(tmp_path, home, sink)
    assert json.loads(desk.run("runner validate --format json"))["diagnostics"] == []
    assert "problem" not in desk.run("runner doctor")


@pytest.mark.parametrize(("home", "file"), FILES)
def test_planned_and_rehearsed(tmp_path: Path, sink: Sink, home: str, file: str) -> None:
    """At its start every step changes something and nothing is refused; the rehearsal finds that everything comes back;
    and both only read."""
    desk = Desk(tmp_path, home, sink)
    desk.stage.at(planned(home, file)[0].start)
    for plan in json.loads(desk.run(f"runner plan {file} --format json"))["plans"]:
        assert plan["refusals"] == []
        assert all(run["items"] or run["counts"] for run in plan["runs"])
    desk.run(f"runner rehearse {file}")
    assert desk.writes() == []


@pytest.mark.parametrize(("home", "file"), FILES)
def test_reverted_in_the_middle(tmp_path: Path, sink: Sink, home: str, file: str) -> None:
    """Applied at its start and reverted a minute later, each leaves the accounts as they were; what follows an outage
    is over a day later."""
    desk, outage = Desk(tmp_path, home, sink), planned(home, file)[0]
    desk.stage.at(outage.start)
    desk.run(f"runner apply {file} --yes --reason test", 0, 5)
    people = desk.acknowledge()
    assert people or desk.dump() != desk.untouched()
    desk.stage.at(outage.start + MINUTE)
    desk.run(f"runner revert {outage.id} --yes --reason test", 0, 5)
    desk.acknowledge()
    assert desk.dump() == desk.untouched()
    desk.stage.at(outage.end + timedelta(days=2))
    desk.run("runner tick", 0, 5)
    desk.acknowledge()
    assert desk.dump() == desk.untouched()
    assert desk.states()[outage.id] == "closed"


@pytest.mark.soak
@pytest.mark.parametrize(("home", "file"), FILES)
def test_ends_by_itself(tmp_path: Path, sink: Sink, home: str, file: str) -> None:
    """Registered days before and ticked through all its times, each ends by itself; what people did, they undo. Only
    what was said and what came about stays."""
    desk, every = Desk(tmp_path, home, sink), planned(home, file)
    desk.run(f"runner apply {file} --yes --reason test")
    assert desk.dump() == desk.untouched(), "nothing is done early"
    people: list[str] = []
    for time in sorted({each for outage in every for run in outage.runs for each in (run.start, run.end) if each}):
        desk.stage.at(time)
        desk.run("runner tick", 0, 5)
        people += desk.acknowledge()
    assert desk.dump(desk.home.stays) == desk.untouched(desk.home.stays)
    assert set(desk.states().values()) == {"closed"}
    assert len(people) >= 2 * len(set(people)), "what people did, people were asked to undo"


@pytest.mark.parametrize("provider", OPTIONS)
def test_every_kind_is_in_the_guide(provider: str) -> None:
    """Each kind that the provider offers is named in its guide, and so is each of its options."""
    text = (ROOT / "docs" / "providers" / f"{provider.replace('_', '-')}.md").read_text(encoding="utf-8")
    options, needed = OPTIONS[provider]
    offered = registry.load(provider)(Target(provider, provider, needed), ScriptedIo()).capabilities()
    assert {name for name in (*offered, *options) if f"`{name}`" not in text} == set()


# --- what the examples come to --------------------------------------------------------------------------------------


def test_a_chat_queue_sleeps_over_the_weekend(tmp_path: Path, sink: Sink) -> None:
    """Customers are told once before, and once after; Ana's tickets are Bruno's until Monday; people snooze the queue
    until then."""
    desk = Desk(tmp_path, "whaticket", sink)
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


def test_forty_customers_are_called_back_after_an_outage(tmp_path: Path, sink: Sink) -> None:
    """While WhatsApp is down a holiday answers for everybody; the next day forty schedules come about, one in six
    minutes, and the plan has said when the last one does."""
    desk, file = Desk(tmp_path, "digisac", sink), "after-outage/call-back.yaml"
    (outage,), (account,) = planned("digisac", file), desk.accounts.values()
    desk.stage.at(outage.start)
    last = (
        "40 schedules: the first at 2026-12-11 13:00 America/Sao_Paulo, the last at 2026-12-11 16:54 America/Sao_Paulo"
    )
    assert last in " ".join(desk.run(f"runner plan {file}").split())
    desk.run(f"runner apply {file} --yes --reason test", 0, 5)
    desk.acknowledge()
    times = sorted(row["scheduledAt"] for row in account.desk.schedules.values())
    assert len(times) == 40
    assert len(account.desk.holidays) == 1
    desk.stage.at(outage.end)
    desk.run("runner tick", 0, 5)
    desk.acknowledge()
    assert not account.desk.holidays
    desk.stage.at(outage.end + timedelta(hours=30))
    said = desk.run("runner tick", 0, 5)
    assert "40" in said
    assert desk.states() == {outage.id: "closed"}


def test_one_announcement_in_the_same_words_everywhere(tmp_path: Path, sink: Sink) -> None:
    """Customers read the announcement in their language, agents in all of them, and their channel has it once; when the
    match is over everybody hears that, once."""
    desk = Desk(tmp_path, "world-cup", sink)
    (outage,) = planned("world-cup", "match.yaml")
    team = desk.accounts["hooks.slack.com"]
    desk.stage.at(outage.start - timedelta(days=1))
    desk.run("runner apply match.yaml --yes --reason test")
    texts = {taken.to[0]: taken.text for taken in sink.taken}
    assert sorted(texts) == sorted(
        [
            "ana@customer.example",
            "bruno@customer.example",
            "chris@customer.example",
            "mateo@example.com",
            "olena@example.com",
        ]
    )
    assert "Amanhã o Brasil joga. Das 12:00 às 14:30" in texts["ana@customer.example"]
    assert texts["chris@customer.example"].startswith("Brazil plays tomorrow. From 12:00 to 14:30")
    assert all(words in texts["olena@example.com"] for words in ("Amanhã", "Mañana", "tomorrow"))
    (posted,) = caught_up(team)
    assert "Atendimento interrompido das 12:00 às 14:30" in posted["text"]
    desk.stage.at(outage.start)
    desk.run("runner tick", 0, 5)
    desk.acknowledge()
    desk.stage.at(outage.end)
    desk.run("runner tick", 0, 5)
    assert (len(sink.taken), len(caught_up(team))) == (10, 2)
    journal = "".join(path.read_text() for path in (desk.stage.folder / "journal").glob("*"))
    assert "customer.example" not in journal, "a journal names nobody"
