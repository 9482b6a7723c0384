"""A credential that a target needs is in nothing that the runner prints or keeps, however the target leaks it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from runner.errors import Exit, Forbidden, ProviderError, RateLimited, Rejected, Unauthorized, Unavailable
from runner.model import Accepted, Change, Outcome, Verdict
from runner.spi import Io, KindSpec, Query, Target
from runner.testing.world import SlotWorld
from tests.support.desk import Desk, Ran
from tests.support.lab import all_kinds

CORE = "c4n4ryT0k3n"
TOKEN = f'{CORE}/"+é\\&x=' + "7" * 90  # every character that some format writes differently, longer than a line
TRACES = (CORE.encode(), base64.b64encode(TOKEN.encode())[:24], b"7" * 30)
OPENED = "match@2026-12-11T10:00"
NOW = ("--now", "--for", "2h")

STEPS = """\
    - {id: hours, uses: business_hours, target: helpdesk, with: {schedule: {id: s1}, closed: window}}
    - {id: chat, uses: channel, target: helpdesk, with: {channel: {id: c1}, enabled: false}}
    - {id: offline, uses: message, target: helpdesk, with: {message: {id: m1}, append: Back at 14:30.}}
    - id: pause
      uses: tickets
      target: helpdesk
      with: {select: {status: open}, status: pause, tag: true, at_most: 500}
    - {id: tell, uses: notice, target: helpdesk, with: {place: agents, subject: Match, body: Soon back}}
    - {id: lock, uses: access, target: helpdesk, with: {setting: Sign-in, value: nobody}}
"""


def leaks(what: str) -> str:
    """Return a text that shows the credential in every way in which vendors and libraries do."""
    forms = [TOKEN, repr(TOKEN), json.dumps(TOKEN), quote(TOKEN, safe=""), base64.b64encode(TOKEN.encode()).decode()]
    return f"{what}: {' '.join(forms)} https://h.example/x?token={quote(TOKEN)} Authorization: Bearer {TOKEN}"


class Leaky:
    """A target that needs a credential and shows it wherever it can. `trouble` names what goes wrong, by kind."""

    def __init__(self, world: SlotWorld, target: Target, io: Io, trouble: dict[str, Any]) -> None:
        self._world, self._target, self._io, self.trouble = world, target, io, trouble

    def capabilities(self) -> Mapping[str, KindSpec]:
        return self._world.capabilities()

    def _connect(self, way: str, kind: str) -> Any:
        assert self._io.secret(self._target.credentials["token"]).reveal() == TOKEN
        found = self.trouble.get(f"{way} {kind}", self.trouble.get(way))
        if isinstance(found, Exception):
            raise found
        return found

    def read(self, query: Query) -> Iterator[Any]:
        found = self._connect("read", query.kind)
        if found is not None:
            yield found
        for slot, value in self._world.read(query):
            yield slot, leaks(str(value)) if slot.path == "name" else value

    def write(self, batch: Sequence[Change]) -> Iterator[Any]:
        found = self._connect("write", batch[0].slot.kind)
        yield Accepted(leaks("https://h.example/jobs/1"))
        if found == "refuse":
            yield from [Outcome(Verdict.REJECTED, leaks("may not"), field="status")] * len(batch)
            return
        for answer in self._world.write(batch):
            yield replace(answer, reason=leaks("all is well")) if isinstance(answer, Outcome) else answer
        if found is not None:
            yield found


class Place:
    """A desk whose target leaks, and everything that its commands said."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder, environment={"TOKEN": TOKEN})
        self.trouble: dict[str, Any] = {}
        self.said: list[tuple[tuple[str, ...], Ran]] = []
        self.world = helpdesk()
        self.desk.open_with = {"simulator": lambda target, io: Leaky(self.world, target, io, self.trouble)}
        self.desk.configure()
        text = Path("runner.yaml").read_text()
        Path("runner.yaml").write_text(
            text.replace("pause: pending", "pause: pending\n    credentials: {token: env:TOKEN}")
        )
        self.desk.playbook(STEPS)

    def run(self, *words: str) -> Ran:
        """Run one command; nothing that it prints, and no file, may show the credential."""
        ran = self.desk.run(*words)
        self.said.append((words, ran))
        for text in (ran.out, ran.err):
            found = [trace for trace in TRACES if trace in text.encode()]
            assert found == [], f"runner {' '.join(words)} shows the credential:\n{text}"
        assert traces(self.desk.folder) == [], f"runner {' '.join(words)} left the credential in a file"
        return ran

    def ok(self, *words: str) -> Ran:
        ran = self.run(*words)
        assert ran.code == 0, (words, ran)
        return ran

    def apply(self) -> Ran:
        return self.run("apply", "match.yaml", *NOW, "--yes", "--reason", "a match")

    def revert(self) -> Ran:
        return self.run("revert", "--yes", "--reason", "it is over")


def helpdesk() -> SlotWorld:
    world = SlotWorld(all_kinds(), target="helpdesk")
    week = {f"hours__{day}": ["09:00-18:00"] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
    world.put("business_hours", "s1", name="Support", zone="America/Sao_Paulo", **week)
    world.put("channel", "c1", name="Chat", enabled=True)
    world.put("message", "m1", name="Offline", text__en="We are away.")
    for number in range(3):
        world.put("tickets", f"t{number}", name=f"T{number}", status="open")
    return world


def traces(folder: Path) -> list[str]:
    """Return the files below a folder that hold the credential, in whatever form."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    contents = {path.name: path.read_bytes() for path in files}
    return [name for name, data in contents.items() if any(trace in data for trace in TRACES)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """Each form that the target leaks is found where it is: the tests below would see it."""
    for number, form in enumerate([TOKEN, json.dumps(TOKEN), leaks("x"), TOKEN[:40], f"{TOKEN[:50]}\n{TOKEN[50:]}"]):
        (tmp_path / str(number)).write_text(form, encoding="utf-8")
    (tmp_path / "base64").write_bytes(base64.b64encode(TOKEN.encode()))
    assert sorted(traces(tmp_path)) == ["0", "1", "2", "3", "4", "base64"]


def test_a_whole_outage_without_a_trace(place: Place) -> None:
    """Validate, plan in every format, a saved plan, apply, looking, people, rehearse, revert and export: not once."""
    place.ok("validate", "match.yaml")
    place.ok("doctor")
    place.run("doctor", "--format", "json")
    place.ok("providers")
    for form in ("human", "json", "markdown", "html"):
        place.run("plan", "match.yaml", *NOW, "--format", form)
    place.ok("rehearse", "match.yaml")
    place.ok("rehearse", "match.yaml", "--format", "json")
    place.ok("plan", "match.yaml", *NOW, "-o", "match.plan")
    assert Path("match.plan").stat().st_size > 1000
    assert place.run("apply", "match.plan", "--yes", "--reason", "a match").code == Exit.PEOPLE
    assert place.world.log
    for form in ("human", "json", "markdown"):
        place.run("status", "--format", form)
        place.run("steps", "--format", form)
        place.run("show", OPENED, "--format", form)
    place.ok("why", "helpdesk/channel/c1/enabled")
    place.ok("why", "helpdesk/tickets/t0/status", "--format", "json")
    place.ok("drift")
    place.ok("ack", "match", "lock", "--before", "everybody", "--evidence", "a screenshot")
    place.world.edit(place.world.slot("channel", "c1", "enabled"), True)
    place.run("drift", "--format", "json")
    place.run("rebase", "match")
    place.ok("tick")
    place.run("resume")
    place.run("report", OPENED)
    place.ok("export", "match", "-o", "out.jsonl")
    place.ok("export", "match")
    place.run("plan", "--revert", "match")
    assert place.revert().code == Exit.PEOPLE
    place.ok("ack", "match", "lock", "--before", "nobody")
    place.ok("status", "--format", "json")
    assert len(list(Path("journal").iterdir())) == 1


FAULTS = [
    ProviderError(leaks("500")),
    Unauthorized(leaks("401")),
    Forbidden(leaks("403")),
    Rejected(leaks("422"), field="x"),
    RateLimited(leaks("429"), retry_after=1),
    Unavailable(leaks("503")),
    ValueError(leaks("a bug")),
    KeyError(TOKEN),
    (leaks("garbage"), 1),
    ({"token": TOKEN}, object()),
    leaks("text"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: type(each).__name__)
def test_faults_of_reading(place: Place, fault: Any) -> None:
    """Whatever a read raises or answers: no command that reads shows or keeps it, with RUNNER_DEBUG neither."""
    place.desk.environment["RUNNER_DEBUG"] = "1"
    place.trouble["read"] = fault
    for words in (
        ("plan", "match.yaml", *NOW),
        ("plan", "match.yaml", *NOW, "--format", "json"),
        ("plan", "match.yaml", *NOW, "-o", "match.plan"),
        ("doctor",),
        ("rehearse", "match.yaml"),
    ):
        assert place.run(*words).code != 0, words
    place.trouble.clear()
    assert place.apply().code == Exit.PEOPLE
    place.trouble["read"] = fault
    for words in (("drift",), ("status",), ("tick",)):
        place.run(*words)
    assert place.revert().code == Exit.RESUME
    place.trouble.clear()
    assert place.revert().code in (0, Exit.PEOPLE)


@pytest.mark.parametrize("fault", ["refuse", *FAULTS], ids=lambda each: type(each).__name__)
def test_faults_of_writing(place: Place, fault: Any) -> None:
    """Whatever a write raises or answers, its reason reaches reports, store and journal without the credential."""
    place.trouble["write"] = fault
    assert place.apply().code != 0
    place.run("status", "--format", "json")
    place.run("show", OPENED, "--format", "json")
    place.run("resume", "--format", "json")
    place.run("export", "match", "-o", "out.jsonl")
    place.revert()
    place.trouble.clear()
    place.run("resume")
    assert place.revert().code in (0, Exit.PEOPLE, Exit.USAGE)


def test_names_that_cannot_be_found(place: Place) -> None:
    """The nearest names of an object that is not there are offered without the credential in them."""
    place.desk.playbook("    - {id: chat, uses: channel, target: helpdesk, with: {channel: Chta, enabled: false}}\n")
    for form in ("human", "json"):
        ran = place.run("plan", "match.yaml", *NOW, "--format", form)
        assert ran.code == Exit.INVALID
        assert "Chat" in ran.out + ran.err
    place.apply()
    place.run("status")


@pytest.mark.parametrize("reference", ["env:OTHER", "file:nothing", "keyring:none", TOKEN])
def test_a_credential_that_is_missing_or_stands_in_the_file(place: Place, reference: str) -> None:
    """A reference that leads nowhere is named; a credential typed in place of a reference is refused and not shown."""
    path = Path("runner.yaml")
    typed = reference == TOKEN
    path.write_text(path.read_text().replace("env:TOKEN", json.dumps(reference)))
    for words in (("validate",), ("doctor",), ("plan", "match.yaml", *NOW), ("status",)):
        ran = place.desk.run(*words)
        assert CORE not in ran.out + ran.err, words
        if words[0] == "plan":
            assert ran.code in (Exit.FAULT, Exit.INVALID)
            assert typed or reference in ran.out + ran.err
