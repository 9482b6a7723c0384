"""Asking the person at the terminal about the steps that wait for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from runner.cli.world import World

if TYPE_CHECKING:
    from runner.commands.people import Acked
    from runner.commands.session import Session
    from runner.report import Guide, Report, Task


def asked_before(tasks: Iterable[Task], step: str, item: str) -> str | None:
    """Ask what stood there before, where the step needs to know; "" when nobody can say, None when nothing is asked."""
    for task in tasks:
        mine = step in (task.run, task.run.partition("@")[0]) and (not item or task.item == item)
        if mine and task.blank:
            return ask_before()
    return None


def ask_before() -> str:
    """Ask for the value before; empty when nobody can say."""
    return str(click.prompt("What stood there before? (Enter: nobody can say)", default="", show_default=False)).strip()


def prompt_for_steps(world: World, session: Session, reports: Iterable[Report]) -> list[Report]:
    """Go through the steps that wait, one by one, with the person at the terminal. Returns what is left to report."""
    from dataclasses import replace

    from runner.commands import guide
    from runner.errors import RunnerError
    from runner.views import steps as views
    from runner.views.words import words_of

    words = words_of(session.config.language)
    found: list[Report] = []
    for report in reports:
        last, seen = report, set[tuple[str, str, str, bool]]()
        while one := _next(guide.due(session, report.outage), seen):
            world.say("\n" + views.human([one], words=words, **world.look))
            try:
                done = _asked(world, session, one.tasks[0])
            except RunnerError as wrong:
                world.aside(f"{wrong.message}\n  {wrong.hint}")
                continue
            if done is not None:
                world.say(done.sentence)
                last = done.report or last
        left = len(guide.waiting(session, report.outage))
        found += [replace(each, waiting=left) for each in (report, last)]
    return found


def _next(guides: Iterable[Guide], seen: set[tuple[str, str, str, bool]]) -> Guide | None:
    """Return the guide of the next step alone that was not asked about yet."""
    from dataclasses import replace

    for guide in guides:
        for task in guide.tasks:
            if (key := (task.run, task.item, task.direction, task.question)) not in seen:
                seen.add(key)
                return replace(guide, tasks=(task,))
    return None


def _asked(world: World, session: Session, task: Task) -> Acked | None:
    """Ask whether a step is done, and record the answer; None when it waits further."""
    from runner.commands import operate, people
    from runner.model import UNKNOWN
    from runner.people import Ack

    words = ["yes", "no", "later"] if task.question else ["yes", "later"]
    question = "\nWas it done?" if task.question else "\nIs it done?"
    answer = click.prompt(question, type=click.Choice(words), default="later")
    if answer == "later":
        return None
    before = ask_before() if answer == "yes" and task.blank else None
    proof = click.prompt(
        "What proves it? (a text, a link, @FILE, or Enter for nothing)", default="", show_default=False
    )
    text, hashed = people.evidence(str(proof))
    said = Ack(world.actor, UNKNOWN if before == "" else None, text, hashed, answer == "yes")
    row = operate.the_outage(session, task.outage)
    with world.at_the_wheel() as progress:
        return people.acknowledge(
            session, row, task.run, task.item, said, before=before or None, progress=progress, typist=world.typist
        )
