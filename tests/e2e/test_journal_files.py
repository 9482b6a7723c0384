"""export, import: the journal file alone is enough to give an outage back."""

from __future__ import annotations

import json
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from runner.errors import Exit
from runner.store.packing import dumps
from tests.support.desk import HOURS, LOBBY, PAUSE, PHONE, Desk

NOW = ("--now", "--for", "2h")
OPENED = "match@2026-12-11T10:00"


def lose_the_store(desk: Desk, *, journal: bool = False) -> None:
    for path in (desk.folder / ".runner").iterdir():
        if path.name.startswith("store.sqlite"):
            path.unlink()
    if journal:
        for path in Path("journal").iterdir():
            path.unlink()


def test_export_is_the_journal_itself(desk: Desk) -> None:
    """The exported lines are those of the journal, byte for byte, to a file or to stdout."""
    desk.apply(*NOW)
    (journal,) = Path("journal").iterdir()
    ran = desk.ok("export", "match", "-o", "out.jsonl")
    assert "its chain is whole" in ran.out
    assert Path("out.jsonl").read_bytes() == journal.read_bytes()
    assert stat.S_IMODE(Path("out.jsonl").stat().st_mode) == 0o600
    assert desk.ok("export").out == journal.read_text()
    assert desk.ok("export", "match", "-o", "out.jsonl", "--format", "json").json["lines"] > 10


def test_export_of_nothing(desk: Desk) -> None:
    """An outage without a journal, or that does not exist, is said."""
    assert desk.run("export", "match").code == Exit.USAGE
    desk.apply()
    (journal,) = Path("journal").iterdir()
    journal.unlink()
    assert desk.run("export", "match").code == Exit.INVALID


def test_import_alone_gives_everything_back(desk: Desk) -> None:
    """Store and journal folder lost: import of the exported file and a revert leave the helpdesk as it was."""
    before = desk.dump()
    desk.apply(*NOW)
    desk.ok("export", "match", "-o", "out.jsonl")
    lose_the_store(desk, journal=True)
    ran = desk.ok("import", "out.jsonl", "--reason", "disk died")
    assert f"runner revert {OPENED}" in ran.out
    assert desk.revert().code == 0
    assert desk.dump() == before
    assert len(next(Path("journal").iterdir()).read_text().splitlines()) > len(
        Path("out.jsonl").read_text().splitlines()
    )
    lose_the_store(desk)
    (journal,) = Path("journal").iterdir()
    assert desk.ok("import", str(journal), "--format", "json").json["outages"][0]["held"] == 0


def test_an_imported_outage_opens_nothing(desk: Desk) -> None:
    """An imported outage takes no new step and no new ticket, cannot be applied again, and is restored at its end."""
    desk.playbook(PHONE, PAUSE.replace("at_most: 500", "at_most: 500, arrivals: include"))
    before = desk.dump()
    desk.apply(*NOW)
    (journal,) = Path("journal").iterdir()
    lose_the_store(desk)
    desk.ok("import", str(journal))
    during = desk.dump()
    desk.ok("tick")
    assert desk.dump() == during
    ran = desk.run("apply", "match.yaml", *NOW, "--yes", "--reason", "x")
    assert ran.code in (0, Exit.REFUSED)
    desk.revert("match@2026-12-11T09:59") if ran.code == 0 else None
    assert desk.dump() == during
    desk.clock.to("12:00")
    desk.ok("tick")
    assert desk.dump() == before


def test_human_steps_come_back_with_the_journal(desk: Desk) -> None:
    """What a person acknowledged is asked back after an import."""
    desk.playbook(PHONE, LOBBY)
    desk.apply(*NOW)
    desk.ok("ack", "match", "lobby", "--before", "welcome")
    (journal,) = Path("journal").iterdir()
    lose_the_store(desk)
    desk.ok("import", str(journal))
    assert desk.revert().code == Exit.PEOPLE
    assert desk.ok("steps", "--format", "json").json["steps"][0]["value"] == "welcome"
    desk.ok("ack", "match", "lobby")
    assert desk.ok("status").out.startswith("No outage")


def test_overlapping_outages_from_their_journals(desk: Desk) -> None:
    """Two outages that share fields are imported together and reverted in any order."""
    desk.playbook(HOURS, PHONE)
    desk.playbook(HOURS.replace("id: hours", "id: later"), name="other")
    before = desk.dump()
    desk.apply(*NOW)
    desk.clock.wait(1800)
    desk.run("apply", "other.yaml", "--now", "--for", "4h", "--yes", "--reason", "x")
    lose_the_store(desk)
    files = sorted(str(path) for path in Path("journal").iterdir())
    first = desk.run("import", files[0])
    assert first.code == Exit.REFUSED
    assert f"runner import {files[0]} {files[1]}" in " ".join(first.text.split())
    assert desk.ok("status").out.startswith("No outage")
    desk.ok("import", "--alone", files[0])
    rest = desk.run("import", "--alone", files[1])
    assert rest.code == Exit.REFUSED
    assert "with one command" in rest.text
    lose_the_store(desk)
    desk.ok("import", *reversed(files))
    assert desk.revert("match").code == 0
    assert desk.revert("other").code == 0
    assert desk.dump() == before


def test_unfinished_writes_are_looked_up(desk: Desk) -> None:
    """A journal that ends before its outcomes: the revert looks at what is live and still gives everything back."""
    before = desk.dump()
    desk.apply(*NOW)
    (journal,) = Path("journal").iterdir()
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:-1]))
    assert '"outcomes"' in lines[-1]
    lose_the_store(desk)
    ran = desk.ok("import", str(journal))
    assert "to be looked up" in ran.out
    assert desk.revert().code == 0
    assert desk.dump() == before


def test_a_refused_ticket_is_given_back_after_an_import(desk: Desk) -> None:
    """An object whose restore was refused is tried again by the revert of the imported journal."""
    desk.playbook(PAUSE)
    before = desk.dump()
    desk.apply(*NOW)
    desk.ok("sandbox", "faults", "add", "reject", "--op", "write", "--kind", "tickets", "item=1", "reason=locked")
    assert desk.revert().code == Exit.PEOPLE
    (journal,) = Path("journal").iterdir()
    lose_the_store(desk)
    desk.ok("import", str(journal))
    assert desk.revert().code == 0
    assert desk.dump() == before


def chained(lines: list[str]) -> str:
    """Return lines as a journal whose chain is whole."""
    chain, text = "0" * 64, ""
    for line in lines:
        data = json.loads(line)
        data.pop("h", None)
        body = dumps(data)
        chain = sha256((chain + body).encode()).hexdigest()
        text += f'{body[:-1]},"h":"{chain}"}}\n'
    return text


@pytest.mark.parametrize("lost", ["outcomes", "one of two fields"])
def test_outcomes_that_a_crash_lost_on_the_way(desk: Desk, lost: str) -> None:
    """An announcement without outcome, followed by a later one on the same object, does not confuse the revert."""
    desk.playbook(PAUSE)
    before = desk.dump()
    desk.apply(*NOW)
    desk.ok("sandbox", "faults", "add", "reject", "--op", "write", "--kind", "tickets", "item=1", "reason=locked")
    desk.revert()
    (journal,) = Path("journal").iterdir()
    lines = journal.read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if '"outcomes"' in line)
    del lines[first]
    if lost == "one of two fields":
        lines = [json.dumps(_without_status(json.loads(line))) for line in lines]
    journal.write_text(chained(lines))
    lose_the_store(desk)
    desk.ok("import", str(journal))
    assert desk.revert().code == 0
    assert desk.dump() == before


def _without_status(line: dict[str, Any]) -> dict[str, Any]:
    """Take the status out of what was announced while closing, as if the step had held the tag only."""
    if line.get("dir") == "close" and len(line["slots"]) > 1:
        line["slots"] = {path: one for path, one in line["slots"].items() if path != "status"}
    return line


def test_an_extended_end_is_in_the_journal(desk: Desk) -> None:
    """An imported outage ends when the extended one would have ended."""
    desk.playbook(PHONE)
    before = desk.dump()
    desk.apply(*NOW)
    desk.ok("extend", "--until", "2026-12-11 15:00")
    (journal,) = Path("journal").iterdir()
    lose_the_store(desk)
    desk.ok("import", str(journal))
    desk.clock.to("14:59")
    desk.ok("tick")
    assert desk.dump() != before
    desk.clock.to("15:00")
    desk.ok("tick")
    assert desk.dump() == before


@pytest.mark.parametrize("what", ["edited", "no journal", "empty", "headless", "another version"])
def test_a_file_that_is_no_journal(desk: Desk, what: str) -> None:
    """An edited journal, a file that is none, an empty one: refused with the place, the store stays empty."""
    desk.apply(*NOW)
    (journal,) = Path("journal").iterdir()
    text = journal.read_text()
    lines = text.splitlines()
    contents = {
        "edited": text.replace("Phone", "Fone"),
        "no journal": "hello\n",
        "empty": "",
        "headless": chained(lines[1:]),
        "another version": chained([lines[0].replace('"version":1', '"version":9'), *lines[1:]]),
    }
    journal.unlink()
    Path("bad.jsonl").write_text(contents[what])
    lose_the_store(desk)
    ran = desk.run("import", "bad.jsonl")
    assert ran.code == Exit.INVALID
    assert "bad.jsonl" in ran.err
    assert desk.ok("status").out.startswith("No outage")


def test_what_is_there_is_not_imported_over(desk: Desk) -> None:
    """An outage that the store has, and another journal in the place of this one, are refused."""
    desk.apply(*NOW)
    (journal,) = Path("journal").iterdir()
    desk.ok("export", "match", "-o", "old.jsonl")
    assert "JR005" in desk.run("import", "old.jsonl").err
    desk.revert()
    lose_the_store(desk)
    ran = desk.run("import", "old.jsonl")
    assert ran.code == Exit.REFUSED
    assert "another journal" in ran.err
    assert desk.ok("status").out.startswith("No outage")
    desk.ok("import", str(journal))


def test_journals_of_different_stores(desk: Desk) -> None:
    """Journals whose numbers collide come from different stores and are refused together."""
    desk.playbook(PHONE)
    desk.playbook(HOURS, name="other")
    desk.apply(*NOW)
    desk.ok("export", "match", "-o", "one.jsonl")
    desk.revert()
    lose_the_store(desk, journal=True)
    desk.run("apply", "other.yaml", *NOW, "--yes", "--reason", "x")
    desk.ok("export", "other", "-o", "two.jsonl")
    lose_the_store(desk, journal=True)
    ran = desk.run("import", "one.jsonl", "two.jsonl")
    assert ran.code == Exit.REFUSED
    assert "different stores" in ran.err
