"""`make demo`: one outage on top of another, and a person's edit in between, on the embedded helpdesk.

Offline, without an account, in a folder of its own (.runner/demo). Every command line is carried out as it is shown.
Exits with 1 when anything but the person's own changes is different afterwards.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from stage import ROOT, Stage

TICKETS = 1000
START = datetime(2026, 12, 11, 11, 30, tzinfo=timezone(timedelta(hours=-3)))
FOLDER = ROOT / ".runner" / "demo"
FIRST = "playbooks/quick-start/quarter-final.yaml"
SECOND = "playbooks/overlapping/network-works.yaml"
MINE = {("Support BR", "hours.fri"), ("ticket 2", "status")}  # what the person of the story changes


class Screen:
    """Where the demo is shown; in colour on a terminal."""

    def __init__(self) -> None:
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"

    def say(self, text: str, style: str = "1") -> None:
        """Show a caption."""
        print()
        for line in textwrap.wrap(" ".join(text.split()), 96, break_on_hyphens=False):
            print(self._styled(f"# {line}", style))

    def typed(self, line: str) -> None:
        """Show a command line."""
        print()
        print(self._styled(f"$ {line}", "36"), flush=True)

    def printed(self, text: str, indent: str = "  ") -> None:
        """Show what a command printed."""
        for line in text.splitlines():
            print(f"{indent}{line}".rstrip(), flush=True)

    def _styled(self, text: str, style: str) -> str:
        return f"\033[{style}m{text}\033[0m" if self.colour else text


def main() -> int:
    """Play the demo and return the exit code."""
    began = time.monotonic()
    screen, stage = Screen(), Stage(FOLDER, START, ticking=True).build()

    def run(line: str, *, plan_again: bool = True) -> None:
        screen.typed(line)
        text = stage.run(line)
        screen.printed(text if plan_again else without_plan(text))
        if stage.code:
            raise SystemExit(f"{line}: exit code {stage.code}")

    screen.say(f"""A helpdesk in one file: schedules, channels, automatic messages, {TICKETS:,} tickets. No network, no
        account. The clock of this demo shows Friday, 11 December 2026, 11:30 in São Paulo: Brazil plays.""")
    run(f"runner sandbox seed --tickets {TICKETS}")
    run("runner sandbox dump > before.json")
    screen.say("The outage, described once: no hours during the match, a line in the automatic answer, tickets paused.")
    run(f"cat {FIRST}")
    screen.say("What would it change? A plan reads the helpdesk and writes nothing.")
    run(f"runner plan {FIRST}")
    screen.say("Apply carries it out. What was there before is on disk before anything is sent.")
    run(f"runner apply {FIRST} --yes", plan_again=False)

    stage.at(START + timedelta(minutes=20))
    screen.say("11:50. A person edits by hand meanwhile: from now on Fridays start at 7, and one ticket is solved.")
    run('runner sandbox edit schedule "Support BR" fri 07:00-11:30 14:30-18:00')
    run("runner sandbox edit ticket 2 status=solved")

    stage.at(START + timedelta(minutes=30))
    screen.say("12:00. A second outage on top of the first: the network is down for two hours, as of now.")
    run(f"runner apply {SECOND} --now --for 2h --yes", plan_again=False)
    screen.say("""Who wants what in Friday's hours? Base at the bottom, each outage a layer, and the person's edit, too.
        Nobody overwrites anybody.""")
    run('runner why "Support BR" fri')
    run("runner status")

    stage.at(START + timedelta(minutes=90))
    screen.say("13:00. The match is over early. The first outage is given back; the second one still holds.")
    run("runner revert quarter-final --yes", plan_again=False)
    stage.at(START + timedelta(minutes=120))
    screen.say("13:30. The network is back.")
    run("runner revert --yes", plan_again=False)

    screen.say("The proof: the whole helpdesk, before and after, object by object.")
    run("runner sandbox dump > after.json")
    code = prove(screen)
    if code == 0:
        next_steps(screen, time.monotonic() - began)
    return code


def without_plan(text: str) -> str:
    """Leave out the plan that apply and revert show first: all up to its totals."""
    lines = text.splitlines(keepends=True)
    totals = [number for number, line in enumerate(lines) if line.startswith(("Now:", "Later:"))]
    if not totals:
        return text
    rest = totals[-1] + 1
    while rest < len(lines) and lines[rest].startswith("   "):
        rest += 1
    return "(the plan first, left out here)\n" + "".join(lines[rest:])


# --- the proof ------------------------------------------------------------------------------------------------------


def prove(screen: Screen) -> int:
    """Compare the two dumps; returns 1 when anything differs that the person did not change."""
    before, after = (objects(FOLDER / name) for name in ("before.json", "after.json"))
    found = [each for name in before.keys() | after.keys() for each in differences(name, before, after)]
    lines = [f"{name:<11} {field:<10} {was} -> {now}" for name, field, was, now in sorted(found)]
    same = len(before.keys() | after.keys()) - len({name for name, *_ in found})
    screen.printed(f"{same:,} objects are the same, byte for byte. {len(lines)} fields differ:")
    screen.printed("\n".join(lines), "    ")
    if {(name, field) for name, field, *_ in found} == MINE:
        screen.say("These two are the person's own edits. Everything that the outages touched is as it was.", "32;1")
        return 0
    screen.say("That is not what the person changed. This is a defect: please report it.", "31;1")
    return 1


def objects(path: Path) -> dict[str, str]:
    """Return the objects of a dump: name -> its line."""
    found = {}
    for kind, rows in json.loads(path.read_text(encoding="utf-8")).items():
        for row in rows:
            name = f"{kind.removesuffix('s')} {row.get('id', row.get('ref'))}" if kind == "tickets" else row.get("name")
            found[str(name or f"{kind} {row}")] = json.dumps(row, ensure_ascii=False, sort_keys=True)
    return found


def differences(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (object, field, before, after) for every field of one object that differs."""
    if before.get(name) == after.get(name):
        return
    was, now = (flat(json.loads(side.get(name, "{}"))) for side in (before, after))
    for field in sorted(was.keys() | now.keys()):
        if was.get(field) != now.get(field):
            yield name, field, shown(was.get(field)), shown(now.get(field))


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested fields as one level, with dots."""
    found: dict[str, Any] = {}
    for key, each in value.items():
        found |= flat(each, f"{prefix}{key}.") if isinstance(each, Mapping) else {f"{prefix}{key}": each}
    return found


def shown(value: Any) -> str:
    """Return a value as people write it."""
    return " ".join(map(str, value)) if isinstance(value, list) else "nothing" if value is None else str(value)


# --- the end --------------------------------------------------------------------------------------------------------


def next_steps(screen: Screen, seconds: float) -> None:
    """Seed the helpdesk of the checkout's own runner.yaml, and say what to try on it."""
    here = Stage(ROOT, START, ticking=True)
    if not (ROOT / ".runner" / "helpdesk.sqlite").exists():
        here.run("runner sandbox seed")
    screen.say(f"That took {seconds:.1f} s. Your turn, on a helpdesk of your own (.runner/helpdesk.sqlite):")
    screen.printed(
        f"""
. .venv/bin/activate
runner plan playbooks/disruptive-event/power-cuts.yaml --now --for 2h
runner rehearse playbooks/full-outage/year-end.yaml   # proves the way back before anything happens
runner apply {FIRST} --now --for 1h
runner sandbox show                                   # look at it; `runner sandbox edit` is you, by hand
runner revert
"""
    )
    screen.say("README.md says how it works; docs/on-call.md is the page for 3 a.m.; docs/playbook.md has every field.")


if __name__ == "__main__":
    sys.exit(main())
