"""From an empty folder to an outage given back; and what is said before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.errors import Exit
from tests.support.desk import PHONE, Desk

COMMANDS = [
    *("init", "new", "validate", "explain", "plan", "apply", "extend", "revert", "status", "show", "why", "drift"),
    *("steps", "ack", "resume", "rebase", "tick", "rehearse", "providers", "sandbox", "export", "import", "unlock"),
    "doctor",
]


def test_help_names_every_command_and_exit_code(desk: Desk) -> None:
    """`runner --help` lists each command, each exit code and how to complete words in a shell."""
    text = desk.ok("--help").out
    lines = text.splitlines()
    assert [name for name in COMMANDS if not any(line.startswith(f"  {name} ") for line in lines)] == []
    assert [code for code in Exit if not any(line.split()[:1] == [str(int(code))] for line in lines)] == []
    assert "_RUNNER_COMPLETE=bash_source" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(desk: Desk, name: str) -> None:
    """Each command has a help text, and everything but the sandbox can print JSON."""
    text = desk.ok(name, "--help").out
    assert len(text.splitlines()) > 6
    assert "json" in text or name == "sandbox"


def test_version(desk: Desk) -> None:
    """`--version` prints name and version."""
    assert desk.ok("--version").out == "runner, version 0.1.0\n"


def test_from_an_empty_folder_to_an_outage_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    """init, seed, validate, plan, apply, status, revert: the helpdesk is the same afterwards, byte for byte."""
    folder = tmp_path / "new"
    made = desk.ok("init", str(folder))
    assert "runner sandbox seed" in made.out
    monkeypatch.chdir(folder)
    assert (folder / ".gitignore").read_text().split() == [".runner", "journal", "*.plan"]
    desk.ok("sandbox", "seed", "--tickets", "50")
    before = desk.dump()
    assert "no mistakes" in desk.ok("validate").out
    book = "playbooks/first-outage/first-outage.yaml"
    assert "Support BR" in desk.ok("plan", book).out
    assert desk.run("apply", "playbooks", "--now", "--for", "1h", "--yes", "--reason", "try").code == 0
    assert desk.dump() != before
    assert "first-outage@2026-12-11T10:00" in desk.ok("status").out
    assert desk.run("revert", "--yes", "--reason", "over").code == 0
    assert desk.dump() == before


def test_init_beside_what_is_there(desk: Desk) -> None:
    """`init` adds to a .gitignore what it lacks, and prints files and next steps as JSON too."""
    Path("runner.yaml").unlink()
    Path(".gitignore").write_text("*.pyc\njournal")
    data = desk.ok("init", "--format", "json").json
    assert data["next"][0] == "runner sandbox seed"
    assert Path(".gitignore").read_text() == "*.pyc\njournal\n.runner\n*.plan\n"
    Path("runner.yaml").unlink()
    Path("playbooks/first-outage/first-outage.yaml").unlink()
    assert ".gitignore" not in desk.ok("init").out


def test_init_does_not_overwrite(desk: Desk) -> None:
    """`init` where there is a runner.yaml changes nothing and says what to do."""
    before = Path("runner.yaml").read_text()
    ran = desk.run("init")
    assert ran.code == Exit.REFUSED
    assert "runner new NAME" in ran.err
    assert Path("runner.yaml").read_text() == before


@pytest.mark.parametrize("kind", ["partial", "full"])
@pytest.mark.parametrize("extra", ["", "required_locales: [pt-BR, en]\n", "language: uk\n"])
def test_a_new_playbook_validates_as_it_stands(desk: Desk, kind: str, extra: str) -> None:
    """`new` writes a playbook without a mistake or a warning, whatever locales the configuration asks for."""
    desk.configure(extra)
    made = desk.ok("new", "office-party", "--kind", kind, "--format", "json").json["files"][0]
    assert made == "playbooks/office-party/office-party.yaml"
    assert desk.ok("validate", made).out == "1 file, no mistakes\n"
    assert desk.run("plan", made).code == 0
    again = desk.run("new", "office-party")
    assert again.code == Exit.REFUSED


def test_a_new_playbook_for_people_only(desk: Desk) -> None:
    """For a target without a fitting kind or pause word, `new` leaves those steps out and still validates."""
    desk.configure("  lobby: {provider: people}\n")
    made = desk.ok("new", "by-hand", "--target", "lobby", "--format", "json").json["files"][0]
    assert "uses: tickets" not in Path(made).read_text()
    desk.ok("validate", made)


@pytest.mark.parametrize(
    ("words", "said"), [(["New"], "cannot be a playbook's name"), (["a", "--target", "helpdsk"], "helpdesk")]
)
def test_new_refuses_what_cannot_be(desk: Desk, words: list[str], said: str) -> None:
    """A name that no outage can have, and a target that is not there, are said with what would do."""
    ran = desk.run("new", *words)
    assert ran.code in (Exit.USAGE, Exit.INVALID)
    assert said in ran.text


def test_validate_in_three_formats(desk: Desk) -> None:
    """A mistake has file, line and column in text, as a GitHub annotation, and in JSON; the exit code is 3."""
    path = desk.playbook(PHONE.replace("helpdesk", "helpdsk"))
    human, github, data = (desk.run("validate", path.name, "--format", form) for form in ("human", "github", "json"))
    assert {human.code, github.code, data.code} == {Exit.INVALID}
    assert human.out.startswith("match.yaml:9:")
    assert "did you mean" in human.out
    assert github.out.startswith("::error file=match.yaml,line=9,")
    assert data.json["diagnostics"][0]["line"] == 9


def test_validate_without_a_configuration(desk: Desk) -> None:
    """Without runner.yaml a named file is still checked; without either, the next step is said."""
    Path("runner.yaml").unlink()
    assert desk.run("validate", "match.yaml").code == 0
    ran = desk.run("validate")
    assert ran.code == Exit.USAGE
    assert "runner init" in ran.err


def test_a_broken_configuration_is_reported_with_the_playbooks(desk: Desk) -> None:
    """`validate` reports the mistakes of runner.yaml and of playbooks in one run."""
    desk.configure("langage: en\n")
    desk.playbook(PHONE.replace("enabled", "enable"))
    ran = desk.run("validate", "match.yaml")
    assert ran.code == Exit.INVALID
    assert "runner.yaml:9:1" in ran.out
    assert "match.yaml:9:" in ran.out


def test_explain(desk: Desk) -> None:
    """`explain` prints an entry, all entries, and near ones for a code that does not exist."""
    assert "What to do:" in desk.ok("explain", "wn002").out
    assert len(desk.ok("explain").out.splitlines()) > 40
    assert desk.ok("explain", "WN002", "--format", "json").json["code"] == "WN002"
    assert len(desk.ok("explain", "--format", "json").json["codes"]) > 40
    assert desk.run("explain", "WN99").code == Exit.USAGE


def test_providers(desk: Desk) -> None:
    """`providers` shows what each target can do; without runner.yaml, what is installed."""
    assert "business_hours" in desk.ok("providers").out
    assert list(desk.ok("providers", "helpdesk", "--format", "json").json["targets"]) == ["helpdesk"]
    assert desk.run("providers", "nobody").code == Exit.INVALID
    Path("runner.yaml").unlink()
    ran = desk.ok("providers")
    assert "people (" in ran.out
    assert "simulator (" in ran.out


def test_providers_of_a_broken_configuration(desk: Desk) -> None:
    """A runner.yaml that is no YAML is reported with its place, not hidden."""
    Path("runner.yaml").write_text("targets: [")
    ran = desk.run("providers")
    assert ran.code == Exit.INVALID
    assert "runner.yaml:" in ran.err


def test_doctor_on_a_sound_desk(desk: Desk) -> None:
    """A sound set-up has no problem; that nothing ticks is a note until an outage depends on it."""
    ran = desk.ok("doctor")
    assert "problem" not in ran.out
    assert "is made by the first apply" in ran.text
    desk.apply()
    ran = desk.run("doctor")
    assert ran.code == Exit.FAULT
    assert "problem ticker" in ran.text
    desk.ok("tick")
    assert "last tick 0 min ago" in desk.ok("doctor").out
    desk.clock.wait(7200)
    assert "last tick is 2 h ago" in desk.run("doctor").out


def test_doctor_finds_what_is_missing(desk: Desk) -> None:
    """Each part that is wrong is named with its next step, and the others are still looked at."""
    extra = (
        "  locked: {provider: simulator, credentials: {token: env:NO_SUCH_TOKEN}}\n"
        "  gone: {provider: simulator, options: {file: nowhere.sqlite}}\n"
        "  odd: {provider: no-such}\n"
        "  lobby: {provider: people}\n"
        "store: {path: store.sqlite, journal: file/journal}\n"
    )
    desk.configure(extra)
    Path("file").write_text("in the way")
    Path("store.sqlite").write_text("this is no store")
    ran = desk.run("doctor", "--format", "json")
    found = {each["part"]: each for each in ran.json["checks"]}
    assert ran.code == Exit.FAULT
    assert "NO_SUCH_TOKEN is not set" in found["target locked"]["words"]
    assert "runner sandbox seed" in found["target gone"]["words"]
    assert found["target odd"]["state"] == "problem"
    assert found["target lobby"]["state"] == "ok"
    assert "no store" in found["store"]["hint"]
    assert found["journal"]["state"] == "problem"
    assert found["target helpdesk"]["state"] == "ok"


def test_doctor_as_a_user_who_may_not_write(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that this user cannot write is a problem; a slow YAML library is a note."""
    import os

    import yaml

    desk.apply("--now", "--for", "1h")
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("store.sqlite"))
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    found = {each["part"]: each for each in desk.run("doctor", "--format", "json").json["checks"]}
    assert "cannot be written" in found["store"]["words"]
    assert found["libyaml"]["state"] == "note"


def test_doctor_on_a_broken_configuration(desk: Desk) -> None:
    """With mistakes in runner.yaml, doctor points to `validate`."""
    desk.configure("langage: en\n")
    ran = desk.run("doctor")
    assert ran.code == Exit.FAULT
    assert "runner validate" in ran.out


def test_doctor_in_ci_with_a_store_that_is_thrown_away(desk: Desk) -> None:
    """In CI, doctor says that a store inside the checkout would be lost; apply refuses it before any write."""
    desk.environment["CI"] = "true"
    assert "thrown away" in desk.run("doctor").text
    before = desk.dump()
    ran = desk.apply("--now", "--for", "1h")
    assert ran.code == Exit.REFUSED
    assert "store.path" in ran.err
    assert desk.dump() == before
    assert not Path(".runner/store.sqlite").exists()


def test_the_sandbox_belongs_to_the_configured_helpdesk(desk: Desk) -> None:
    """`sandbox` works on the file that runner.yaml names, and without runner.yaml on one beside us."""
    assert json.loads(desk.dump())
    Path("runner.yaml").unlink()
    assert desk.run("sandbox", "show").code == 1
    desk.ok("sandbox", "seed", "--tickets", "1")
    assert Path("helpdesk.sqlite").exists()
    assert desk.run("sandbox", "nonsense").code == Exit.USAGE
