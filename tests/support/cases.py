"""Plays the histories under tests/cases: objects, playbooks, what happens when, and what must be true then.

A case is YAML that an admin can read. `run` is a command line without the word `runner`; `person`, `delete` and `fault`
are what happens on the helpdesk. Slots are written ``kind/key/path``; ``(lunch/announce)`` in one of them stands for
the marker of what that step creates. Words that nobody knows fail the case.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from runner.commands import operate, people, planning, settle
from runner.commands.planning import Now
from runner.config import Freeze, Guards, Limit
from runner.errors import RunnerError
from runner.executor import context_of
from runner.load import load_playbook
from runner.model import ABSENT, UNKNOWN, Slot
from runner.people import Ack
from runner.planfile import Plan
from runner.playbook import Playbook
from runner.report import Report
from runner.source import read_source
from runner.spi import KindSpec
from runner.store import ledger
from runner.testing.world import Fault, SlotWorld, What
from tests.support import looks
from tests.support.fuse import Fuse, Killed, fused
from tests.support.lab import BY, Lab, all_kinds

ZONE = ZoneInfo("America/Sao_Paulo")
TOP = {"title", "helpdesk", "guards", "start", "playbooks", "history", "expect"}
WORDS = {"absent": ABSENT, "unknown": UNKNOWN}
MARKER = re.compile(r"\(([\w-]+)/([\w./@-]+)\)")
KILLED = re.compile(r"(before|after) (?:the )?(write|read|store) (\d+)")


def read_case(path: Path) -> dict[str, Any]:
    """Return a case. Raises AssertionError for anything that is no case."""
    source, problems = read_source(path)
    assert source is not None, problems
    assert not problems, problems
    case: dict[str, Any] = source.data
    known(case, TOP)
    assert case["title"].endswith("."), "the title is a sentence"
    assert case["history"], "a case has a history"
    return case


def known(found: Mapping[str, Any], words: set[str]) -> None:
    unknown = sorted(set(found) - words)
    assert not unknown, f"unknown words: {', '.join(unknown)}; known: {', '.join(sorted(words))}"


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def span(text: str) -> timedelta:
    number, unit = int(text[:-1]), text[-1]
    return timedelta(**{{"h": "hours", "m": "minutes", "d": "days"}[unit]: number})


def helpdesk(given: Mapping[str, Any]) -> dict[str, KindSpec]:
    """Return the kinds of the helpdesk, with a case's own limits of a vendor."""
    known(given, {"batch", "page", "statuses that can be set", "refuses what moved", "settles in"})
    specs = all_kinds()
    if "settles in" in given:
        specs = {kind: replace(spec, settle=given["settles in"]) for kind, spec in specs.items()}
    changes: dict[str, Any] = {}
    if "batch" in given:
        changes |= {"max_batch": given["batch"], "page": given.get("page", given["batch"])}
    if "statuses that can be set" in given:
        changes["gives_back"] = frozenset(given["statuses that can be set"])
    if "refuses what moved" in given:
        changes["precondition"] = given["refuses what moved"]
    return {**specs, "tickets": replace(specs["tickets"], **changes)}


def guards(given: Mapping[str, Any]) -> Guards:
    known(given, {"limits", "protected", "freeze", "require"})
    return Guards(
        {kind: Limit(**limit) for kind, limit in given.get("limits", {}).items()},
        tuple(given.get("protected", ())),
        tuple(Freeze(local(each["start"]), local(each["end"]), each["reason"]) for each in given.get("freeze", ())),
        given.get("require") == ["rehearsal"],
    )


class Play:
    """One case while it is played."""

    def __init__(self, case: Mapping[str, Any], folder: Path) -> None:
        self.case = case
        world = SlotWorld(helpdesk(case.get("helpdesk", {})), target="desk")
        self.lab = Lab(folder, world, guards=guards(case.get("guards", {})))
        self.fuse = fused(self.lab)
        for name, values in case.get("start", {}).items():
            kind, key = name.split("/")
            self.lab.world.put(kind, key, **values)
        self.before = world.dump()
        self.books = {key: self._book(key, given) for key, given in case.get("playbooks", {}).items()}
        self.ids = {each.name: self.lab.outage(each).id for each in self.books.values() if len(each.windows) == 1}
        self.reports: list[Report] = []
        self.plan: Plan | None = None
        self.refused = ""
        self.seen = (0, 0)

    def _book(self, key: str, given: Mapping[str, Any]) -> Playbook:
        known(given, {"name", "windows", "priority", "timezone", "vars", "locales", "steps"})
        rest = {name: value for name, value in given.items() if name not in ("name", "steps")}
        made = self.lab.playbook(given.get("name", key), given["steps"], **rest)
        file = self.lab.folder / f"{key}.yaml"
        file.write_text(json.dumps(made.document), encoding="utf-8")
        loaded, problems = load_playbook(file, self.lab.session.capabilities())
        assert loaded is not None, problems
        assert not problems, f"{key}: {'; '.join(map(str, problems))}"
        return loaded.playbook

    def all(self) -> None:
        """Play the whole history. Raises AssertionError with the line of the history that went wrong."""
        for number, act in enumerate(self.case["history"], 1):
            known(act, {"at", "run", "person", "delete", "fault", "killed", "then"})
            try:
                self._act(act)
                looks.check(self, act.get("then", {}))
            except AssertionError as wrong:
                raise AssertionError(f"history {number}: {act.get('run', act)}\n{wrong}") from wrong
        looks.check(self, self.case.get("expect", {}))
        self._at_rest()

    def _at_rest(self) -> None:
        """A second resume does nothing, and nothing is held when no outage is open."""
        if not any(report.pending for report in self.reports):
            count = self.lab.world.requests["write"]
            self.lab.resume()
            assert self.lab.world.requests["write"] == count, "a second resume wrote something"
        with self.lab.session.store.reading() as conn:
            if not ledger.outage_rows(conn, unfinished_only=True):
                left = [str(one.slot) for one in ledger.all_held(conn)]
                assert not left, f"nothing is open, and these are held: {left}"

    def _act(self, act: Mapping[str, Any]) -> None:
        if "at" in act:
            self.lab.at(local(act["at"]))
        for name, value in act.get("person", {}).items():
            self.lab.world.edit(self.slot(name), WORDS.get(value, value) if isinstance(value, str) else value)
        for name in act.get("delete", []):
            self.lab.world.remove(*name.split("/"))
        if "fault" in act:
            fault = dict(act["fault"])
            self.lab.world.fail(Fault(What(fault.pop("what")), **fault))
        if "run" not in act:
            return
        self.reports, self.plan, self.refused = [], None, ""
        self.seen = (len(self.lab.world.log), len(self.lab.world.outbox))
        if "killed" in act:
            self._killed(act["killed"], act["run"])
            return
        try:
            self._run(act["run"])
        except RunnerError as refused:
            self.refused = f"{refused.message} ({refused.hint})"
            assert "refused" in act.get("then", {}), f"refused: {self.refused}"

    def _killed(self, when: str, command: str) -> None:
        """Run a command whose process is killed; then somebody starts a new one when the lease is over."""
        found = KILLED.fullmatch(when)
        assert found, f"killed: {when!r} is not `before write 1` or the like"
        name = {"after write": "written", "after store": "stored"}.get(f"{found[1]} {found[2]}", found[2])
        self.fuse.arm(name, int(found[3]))
        try:
            self._run(command)
        except Killed:
            self.lab = self.lab.later(minutes=2).restart()
            self.fuse: Fuse = fused(self.lab)
            return
        raise AssertionError(f"the command ended before it could be killed; its calls: {dict(self.fuse.calls)}")

    # --- commands ---------------------------------------------------------------------------------------------------

    def _run(self, command: str) -> None:
        words = argparse.ArgumentParser(prog="runner", exit_on_error=False)
        words.add_argument("verb", choices=["plan", "apply", "revert", "tick", "resume", "extend", "ack", "rebase"])
        words.add_argument("name", nargs="?", default="")
        for flag in ("--force", "--resend", "--now", "--before-unknown", "--not-done", "--correct-before", "--revert"):
            words.add_argument(flag, action="store_true")
        for option in ("--until", "--for", "--override", "--before", "--only", "--item", "--at"):
            words.add_argument(option, default="")
        given = words.parse_args(shlex.split(command))
        verbs: dict[str, Callable[[argparse.Namespace], list[Report]]] = {
            "plan": self._look_ahead,
            "apply": self._apply,
            "revert": lambda it: [self.lab.revert(self.ids.get(it.name, it.name), force=it.force, only=it.only)],
            "tick": lambda it: self.lab.tick(),
            "resume": lambda it: self.lab.resume(resend=it.resend),
            "extend": self._extend,
            "ack": self._ack,
            "rebase": self._rebase,
        }
        self.reports = verbs[given.verb](given)

    def _planned(self, it: argparse.Namespace) -> planning.Planned:
        lab, book = self.lab, self.books[it.name]
        at = local(it.at) if it.at else lab.deps.now()
        opens = Now(span(it.__dict__["for"]) if it.__dict__["for"] else None, local(it.until) if it.until else None)
        found = planning.chosen_outages(lab.session, book, at, opens if it.now else None)
        self.ids[book.name] = found[0].id
        override = it.override.split(",") if it.override else ()
        plans = tuple(planning.plan_outage(lab.session, each, at, override=override) for each in found)
        return planning.Planned(plans, book, tuple(found))

    def _look_ahead(self, it: argparse.Namespace) -> list[Report]:
        if it.revert:
            self.plan = planning.plan_revert(self.lab.session, operate.the_outage(self.lab.session, self.ids[it.name]))
        else:
            self.plan = self._planned(it).plans[0]
        return []

    def _apply(self, it: argparse.Namespace) -> list[Report]:
        planned = self._planned(it)
        self.plan = planned.plans[0]
        return operate.apply(
            self.lab.session, planned, BY, self.lab.progress, force=it.force, resend=it.resend,
            override=it.override.split(",") if it.override else (),
        )  # fmt: skip

    def _row(self, name: str) -> Any:
        return operate.the_outage(self.lab.session, self.ids.get(name, name))

    def _extend(self, it: argparse.Namespace) -> list[Report]:
        return [operate.extend(self.lab.session, self._row(it.name), local(it.until), BY, self.lab.progress)]

    def _ack(self, it: argparse.Namespace) -> list[Report]:
        name, _, step = it.name.partition("/")
        said = Ack("tester", UNKNOWN if it.before_unknown else None, done=not it.not_done)
        said = replace(said, correct_before=it.correct_before)
        done = people.acknowledge(
            self.lab.session, self._row(name), step, it.item, said, before=it.before or None, progress=self.lab.progress
        )
        return [done.report] if done.report else []

    def _rebase(self, it: argparse.Namespace) -> list[Report]:
        words = self.ids.get(it.name) or str(self.slot(it.name))
        return list(settle.rebase(self.lab.session, words, "", BY, self.lab.progress).reports)

    # --- slots ------------------------------------------------------------------------------------------------------

    def named(self, text: str) -> str:
        """Return a text with ``(lunch/announce)`` replaced by the marker of that step's object."""
        return MARKER.sub(lambda found: self._marker(found[1], found[2]), text)

    def slot(self, text: str) -> Slot:
        """Return the slot that a case names."""
        return Slot("desk", *self.named(text).split("/", 2))

    def _marker(self, name: str, step: str) -> str:
        book = next(each for each in self.books.values() if each.name == name)
        outage = replace(self.lab.outage(book), id=self.ids[name])
        run = next(each for each in outage.runs if each.id == step)
        return context_of(outage, run, self.lab.session.desk, "en").marker()
