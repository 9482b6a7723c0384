"""The example playbooks of Zendesk, carried out by the command line on a simulated account, over its wire."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from providers.zendesk.account import OPTIONS
from providers.zendesk.provider import open_target
from providers.zendesk.simulator.account import Account
from runner.commands import operate
from runner.expand import outages
from runner.load import load_playbook
from runner.load_config import load_config
from runner.playbook import Outage
from runner.spi import Target
from runner.testing.io import ScriptedIo
from tests.support.examples import ROOT, governed_by
from tests.support.lab import BY
from tests.support.zendesk import ZendeskLab

sys.path.insert(0, str(ROOT / "scripts"))

Stage = import_module("stage").Stage

HOME = ROOT / "playbooks" / "zendesk"
FILES = [path.relative_to(HOME).as_posix() for path in governed_by("playbooks/zendesk")]
EMERGENCY, CHRISTMAS = "disruptive-event/emergency.yaml", "business-hours/christmas.yaml"
GUIDE = ROOT / "docs" / "providers" / "zendesk.md"
MINUTE = timedelta(minutes=1)
TICKETS = 300
SECURITY = {  # title of a human step -> the setting that a person changes on the account
    "IP restrictions": "ip.ip_restriction_enabled",
    "Two-factor authentication required of the team": "authentication.agent.two_factor_enforce",
    "Session timeout of the team": "agent_session_timeout",
    "Access of Zendesk's support to the account": "assumption_duration",
    "Access by mobile apps": "mobile_app_access",
}
KEPT = {"authentication.agent.two_factor_enforce": True, "agent_session_timeout": 60}  # `restore: keep`


@cache
def planned(file: str) -> Outage:
    """Return the outage of an example."""
    config, _ = load_config(HOME / "runner.yaml")
    loaded, _ = load_playbook(HOME / file)
    assert config is not None
    assert loaded is not None
    return next(iter(outages(loaded.playbook, config)))


def moments(outage: Outage) -> list[datetime]:
    """Return every time at which something of an outage begins or ends."""
    return sorted({time for run in outage.runs for time in (run.start, run.end) if time is not None})


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    """Return the runner on an account of 300 tickets, where nobody sits at a terminal."""
    start = datetime.fromisoformat("2026-12-01T09:00:00+02:00")
    stage = Stage(tmp_path / "desk", start, terminal=False).build_zendesk(TICKETS)
    restrict(stage.account)
    return stage


def restrict(account: Account) -> None:
    """Let only some addresses into an account, as its administrators had it before."""
    account.content.security.person_sets("ip.ip_ranges", "127.0.0.0/8 192.0.2.7/32")
    account.content.security.person_sets("ip.ip_restriction_enabled", True)


class Twin:
    """The same account where nothing is ever applied: its own automations age its tickets as they do on the other."""

    def __init__(self, desk: Any) -> None:
        self.account = Account(clock=desk.wall, tickets=TICKETS)
        restrict(self.account)
        self._http = httpx.Client(transport=httpx.WSGITransport(app=self.account.wsgi), base_url="https://twin.test")

    def dump(self) -> Any:
        """Let the account catch up with the clock and return what it holds."""
        self._http.get("/api/v2/users/me")
        return dump(self.account)


def carry_out(desk: Any, line: str, *codes: int) -> str:
    """Run a command line that must end with one of `codes` (0 when none is given)."""
    text: str = desk.run(line)
    assert desk.code in (codes or (0,)), f"{line}\n{text}"
    return text


def security(desk: Any, path: str) -> Any:
    """Return one security setting of the account."""
    found: Any = desk.account.content.security.dump()
    for name in path.split("."):
        found = found[name]
    return found


def acknowledge(desk: Any) -> list[str]:
    """Do every step that waits for a person, security settings on the account itself; return the titles."""
    done: list[str] = []
    while found := json.loads(carry_out(desk, "runner steps --format json"))["steps"]:
        for step in found:
            before = do(desk, step) if step["title"] in SECURITY else "as it was"
            said = f' --before "{before}"' if "--before VALUE" in step["command"] and not step["question"] else ""
            no = " --not-done" if step["question"] else ""
            carry_out(desk, f"runner ack {step['outage']} {step['run']} {step['item']}{said}{no}", 0, 5)
            done.append(step["title"])
    return done


def do(desk: Any, step: Any) -> str:
    """Set a security setting on the account as a step says; return in words what was there before."""
    path = SECURITY[step["title"]]
    was = security(desk, path)
    switch = isinstance(was, bool)
    to = step["value"] not in ("off", "no") if switch else type(was)(step["value"])
    desk.account.content.security.person_sets(path, to)
    return ("on" if was else "off") if switch else str(was)


def dump(account: Account, *, tag: str = "") -> Any:
    """Return what an account holds; the settings that stay and a tag that reminders leave on tickets are left out."""
    world = json.loads(account.dump())
    for path in KEPT:
        *groups, name = path.split(".")
        place = world["content"]["security"]
        for group in groups:
            place = place[group]
        del place[name]
    if tag:
        for id_, fields in list(world["tickets"].items()):
            if "tags" in fields:
                fields["tags"] = [each for each in fields["tags"] if not re.fullmatch(tag, each)]
            if fields.get("tags") == list(account.store.seed.ticket(int(id_)).tags):
                del fields["tags"]
            if not fields:
                del world["tickets"][id_]
    return world


def open_it(desk: Any, file: str) -> None:
    """Apply an example at its start."""
    desk.at(planned(file).start)
    carry_out(desk, f"runner apply {file} --yes --reason test", 0, 5)


def test_every_scenario_is_there() -> None:
    """There is one playbook for each of the two articles."""
    assert sorted(FILES) == sorted([EMERGENCY, CHRISTMAS])


def test_all_are_sound(desk: Any) -> None:
    """Checked together, they have neither an error nor a warning; and the account answers."""
    assert json.loads(carry_out(desk, "runner validate --format json"))["diagnostics"] == []
    carry_out(desk, "runner doctor")


@pytest.mark.parametrize("file", FILES)
def test_planned(desk: Any, file: str) -> None:
    """At its start each step changes something, or is about a setting that holds already; nothing is refused, and
    nothing is sent but reads."""
    desk.at(planned(file).start)
    plan = json.loads(carry_out(desk, f"runner plan {file} --format json"))["plans"][0]
    assert plan["refusals"] == []
    idle = [run for run in plan["runs"] if not (run["items"] or run["counts"])]
    assert {run["kind"] for run in idle} <= {"access"}, "a step that changes nothing"
    assert {each.rule for each in desk.account.requests if each.method != "GET"} == {"/oauth/tokens"}


@pytest.mark.parametrize("file", FILES)
def test_rehearsed(desk: Any, file: str) -> None:
    """The rehearsal finds that everything comes back, and sends nothing but reads."""
    assert json.loads(carry_out(desk, f"runner rehearse {file} --format json"))
    assert {each.rule for each in desk.account.requests if each.method != "GET"} == {"/oauth/tokens"}


@pytest.mark.parametrize("file", FILES)
def test_reverted_in_the_middle(desk: Any, file: str) -> None:
    """Applied and reverted a minute later, each leaves the account as it was, but for what is kept on purpose."""
    outage, twin = planned(file), Twin(desk)
    open_it(desk, file)
    acknowledge(desk)
    assert dump(desk.account) != twin.dump()
    desk.at(outage.start + MINUTE)
    carry_out(desk, f"runner revert {outage.id} --yes --reason test", 0, 5)
    acknowledge(desk)
    carry_out(desk, "runner tick")
    assert dump(desk.account) == twin.dump()
    assert states(desk) == {outage.id: "closed"}
    assert all((security(desk, path) == value) == (file == EMERGENCY) for path, value in KEPT.items())


@pytest.mark.parametrize("file", [CHRISTMAS, pytest.param(EMERGENCY, marks=pytest.mark.soak)])
def test_ends_by_itself(desk: Any, file: str) -> None:
    """Registered days before and ticked through all its times, each ends by itself; only reminders leave their tag."""
    outage, twin = planned(file), Twin(desk)
    carry_out(desk, f"runner apply {file} --yes --reason test")
    assert dump(desk.account) == twin.dump(), "nothing is done early"
    people = []
    for time in moments(outage):
        desk.at(time)
        carry_out(desk, "runner tick", 0, 5)
        people += acknowledge(desk)
    assert dump(desk.account, tag="or-[a-z2-7]{12}|aviso_navidad") == twin.dump()
    assert states(desk) == {outage.id: "closed"}
    assert len(people) > len(set(people)), "what people did, people were asked to undo"


def states(desk: Any) -> dict[str, str]:
    """Return outage -> state."""
    found = json.loads(carry_out(desk, "runner status --all --format json"))["outages"]
    return {each["outage"]: each["state"] for each in found}


def test_what_customers_and_agents_meet_in_the_emergency(desk: Any) -> None:
    """While it holds: a new request is answered once, with the notice; phones are off, the article is up, hours are
    short, chat greets nobody, tickets wait with our tag and nobody was mailed about that; agents were told."""
    account = desk.account
    open_it(desk, EMERGENCY)
    assert account.outbox == []
    account.customer_opens("Is my parcel safe?")
    (mail,) = account.outbox
    assert "is with us" in mail.body
    assert "Because of an emergency in Kyiv" in mail.body
    world = json.loads(account.dump())
    assert world["content"]["talk"]["settings"]["voice"] is False
    assert [note.event for note in account.content.notified] == ["outage"]
    held = account.matching(lambda ticket: ticket.status == "hold" and any(tag[:3] == "or-" for tag in ticket.tags))
    assert len(held) > 10
    desk.at(planned(EMERGENCY).start + MINUTE)
    carry_out(desk, "runner revert emergency --yes --reason test", 0, 5)
    assert [note.event for note in account.content.notified] == ["outage", "outage"], "the all-clear"


def test_what_customers_meet_at_christmas(desk: Any) -> None:
    """On the holiday a mail is answered with the text of the closure; open hours end at 13:00 of Madrid the day before,
    which is 14:00 of the schedule in Kyiv."""
    account = desk.account
    carry_out(desk, f"runner apply {CHRISTMAS} --yes --reason test")
    for time in moments(planned(CHRISTMAS))[:2]:
        desk.at(time)
        carry_out(desk, "runner tick", 0, 5)
    thursday = [each for each in account.hours.schedules[361_001]["intervals"] if each["start_time"] // 1440 == 4]
    assert [(each["start_time"] % 1440 // 60, each["end_time"] % 1440 // 60) for each in thursday] == [(9, 14)]
    desk.at(datetime.fromisoformat("2026-12-25T11:00:00+01:00"))
    account.store.outbox.clear()
    account.customer_opens("Feliz Navidad")
    assert any("We are closed for Christmas" in mail.body for mail in account.outbox)


# --- every action of the articles -----------------------------------------------------------------------------------

ROW = re.compile(r"^\| Z(\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NO_STEP = {7}  # rows that no step carries out, for the reason in the table


def rows() -> dict[int, str]:
    """Return row -> what the guide's table says about it."""
    return {int(number): said for number, _, said in ROW.findall(GUIDE.read_text(encoding="utf-8"))}


def steps() -> dict[str, set[int]]:
    """Return ``playbook/step`` -> the rows that its comment names."""
    found = {}
    for file in FILES:
        text = (HOME / file).read_text(encoding="utf-8")
        for name, comment in re.findall(r"^    - id: (\S+)(.*)$", text, re.MULTILINE):
            found[f"{Path(file).stem}/{name}"] = {int(row) for row in re.findall(r"Z(\d+)", comment)}
        assert len(yaml.safe_load(text)["spec"]["steps"]) == text.count("\n    - id: ")
    return found


def test_every_action_of_the_articles_is_covered() -> None:
    """The guide's table has all 36 rows; each names steps that exist, or says why there is none."""
    named = {row: set(re.findall(r"`(\w+/[\w-]+)`", said)) for row, said in rows().items()}
    assert sorted(named) == list(range(1, 37))
    assert {row for row, names in named.items() if not names} == NO_STEP
    assert {name for names in named.values() for name in names} - steps().keys() == set()


def test_the_table_and_the_playbooks_say_the_same() -> None:
    """A step names a row in its comment exactly where the row names the step."""
    named = {(row, name) for row, said in rows().items() for name in re.findall(r"`(\w+/[\w-]+)`", said)}
    assert {(row, name) for name, numbers in steps().items() for row in numbers} == named


# --- the guide ------------------------------------------------------------------------------------------------------

COSTS: dict[str, tuple[str, dict[str, Any]]] = {  # first cell of the guide's table -> a step of that sort
    "`business_hours`": ("business_hours", {"schedule": "Support", "closed": "window"}),
    "`holiday`": ("holiday", {"schedule": "Support", "name": "Power cut"}),
    "`rule` on or off": ("rule", {"trigger": "Notify requester of comment update", "active": False}),
    "`rule` with `append` or `text`": ("rule", {"trigger": "Notify requester of new request", "append": "Slow."}),
    "`rule` with `make` or `create`": ("rule", {"make": "out_of_hours", "subject": "Closed", "body": "Back at two."}),
    "`message`": ("message", {"message": "Outage notice", "text": {"en": "Power cut.", "es": "Corte de luz."}}),
    "`voice` with `enabled`": ("voice", {"enabled": False}),
    "`voice` with `greeting`": ("voice", {"number": "Support line", "greeting": {"available": "Outage welcome"}}),
    "`notice` with `article`": ("notice", {"article": "Service status", "label": "banner", "promoted": True}),
    "`notice` with `section`": (
        "notice",
        {
            "section": 51_001,
            "subject": {"en-us": "Power cut", "es": "Corte"},
            "body": {"en-us": "Slow.", "es": "Lento."},
        },
    ),
    "`notice` for agents": ("notice", {"place": "agents", "body": "Phones are down."}),
    "`tickets`": ("tickets", {"select": {"status": "open", "group": "Level 1"}, "status": "pause", "tag": True}),
    "`snooze`": ("snooze", {"select": {"status": "open", "group": "Level 1"}, "until": "end", "by": "Ana Souza"}),
}


@pytest.mark.parametrize("cell", COSTS)
def test_what_a_step_costs(tmp_path: Path, cell: str) -> None:
    """The requests that the guide's table names are those that opening and giving back take, the token apart."""
    row = re.search(rf"^\| {re.escape(cell)} \| (\d+) \| (\d+) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert row is not None
    kind, with_ = COSTS[cell]
    lab = ZendeskLab(tmp_path, app_id=71_001)
    plan = lab.plan(lab.playbook("cost", [{"id": "one", "uses": kind, "with": with_}]))
    begun = len(lab.account.requests)
    operate.apply(lab.session, plan, BY, lab.progress)
    opened = len(lab.account.requests)
    lab.later(minutes=1)
    lab.revert("cost")
    both = lab.account.requests[begun:opened], lab.account.requests[opened:]
    assert [sum(each.rule != "/oauth/tokens" for each in some) for some in both] == [int(row[1]), int(row[2])]


def test_every_kind_is_in_the_guide() -> None:
    """Each kind that the provider offers is named, and so is each of its options."""
    text = GUIDE.read_text(encoding="utf-8")
    offered = open_target(Target("zendesk", "zendesk", {"subdomain": "example"}), ScriptedIo()).capabilities()
    assert {name for name in (*offered, *OPTIONS) if f"`{name}`" not in text} == set()


def test_the_commands_for_trying_it_work(tmp_path: Path) -> None:
    """The two blocks of commands: the account is served, and doctor and rehearse end well against it."""
    serve, use = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8"}
    command = shlex.split(serve.replace("--port 8765", "--port 0").replace("2000", "200"))
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = server.stdout.readline().rpartition(":")[2].strip()
        printed = {server.stdout.readline().split()[1] for _ in range(4)}
        assert set(re.findall(r"export \w+=(\S+)", use)) <= printed
        script = use.replace("8765", port).replace(".runner", str(tmp_path / "new"))
        done = subprocess.run(
            ["bash", "-euc", script], cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "target zendesk: answers" in done.stdout
        assert done.stdout.count("Everything comes back") == 2
    finally:
        server.terminate()
        server.communicate(timeout=20)
