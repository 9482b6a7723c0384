"""The steps that wait for a person: a guide for a terminal, a checklist in markdown, JSON.

Pure. The value to type and the command to acknowledge stand on lines of their own and are never folded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runner.model import Json
from runner.report import Task
from runner.views.escape import escaped, fenced
from runner.views.page import DANGER, HANDS, STRONG, Page
from runner.views.text import amount, clean, instant_json, when

NOTHING_WAITS = "No step waits for a person."


def human(tasks: Sequence[Task], *, zones: Mapping[str, str], width: int, colour: bool) -> str:
    """Return the guide. `zones` maps an outage's id to its time zone; UTC where it is missing."""
    if not tasks:
        return NOTHING_WAITS
    page = Page()
    late = sum(task.overdue for task in tasks)
    overdue = (f", {late:,} OVERDUE", DANGER) if late else ""
    page.add((f"{amount(len(tasks), 'step waits', 'steps wait')} for a person", HANDS), overdue)
    outage = ""
    for n, task in enumerate(tasks, 1):
        if task.outage != outage:
            outage = task.outage
            page.gap()
            page.add((clean(outage), STRONG))
        page.gap()
        _task(page, n, task, zones.get(task.outage, "UTC"))
    return page.render(width, colour=colour)


def _task(page: Page, n: int, task: Task, zone: str) -> None:
    indent = " " * 4
    page.add((f"{_ask(task)}{clean(task.title)}", STRONG), lead=f"{n:>2}. ")
    due = f"due {when(task.due, zone)}"
    page.add(f"on {clean(task.target)}, ", (f"{due}, OVERDUE", DANGER) if task.overdue else due, lead=indent)
    if task.menu:
        page.add(clean(task.menu), lead=f"{indent}where:   ")
    if task.value:
        _value(page, task, indent)
    page.add("answer it with:" if task.question else "when it is done, type:", lead=indent)
    page.type(clean(task.command), 6)


def _value(page: Page, task: Task, indent: str) -> None:
    word = "value:   " if task.question else "set it:  "
    first, *others = task.value.splitlines() or [""]
    page.verbatim(f"{indent}{word}", clean(first))
    for line in others:
        page.verbatim(indent + " " * len(word), clean(line))


def _ask(task: Task) -> str:
    if task.question:
        return "Was this done? "
    return "Put back: " if task.direction == "close" else ""


def markdown(tasks: Sequence[Task], *, zones: Mapping[str, str]) -> str:
    """Return the steps as a checklist to paste into a ticket or a chat."""
    if not tasks:
        return NOTHING_WAITS + "\n"
    lines: list[str] = []
    outage = ""
    for task in tasks:
        if task.outage != outage:
            outage = task.outage
            lines += ["", f"### {escaped(outage)}", ""]
        due = when(task.due, zones.get(task.outage, "UTC"))
        late = ", **OVERDUE**" if task.overdue else ""
        lines.append(f"- [ ] **{escaped(_ask(task) + task.title)}** on {escaped(task.target)}, due {due}{late}")
        if task.menu:
            lines.append(f"  - where: {escaped(task.menu)}")
        if task.value:
            block = fenced([clean(line) for line in task.value.splitlines()], "text").splitlines()
            lines += ["  - value:", *(f"    {line}" for line in block)]
        lines += ["  - then:", *(f"    {line}" for line in fenced([clean(task.command)], "sh").splitlines())]
    return "\n".join(lines).lstrip("\n") + "\n"


def to_json(tasks: Sequence[Task]) -> dict[str, Json]:
    """Return the steps as a versioned JSON object; times are RFC 3339 in UTC."""
    return {
        "version": 1,
        "steps": [
            {
                "outage": task.outage,
                "run": task.run,
                "item": task.item,
                "direction": task.direction,
                "target": task.target,
                "title": task.title,
                "menu": task.menu,
                "value": task.value,
                "question": task.question,
                "due": instant_json(task.due),
                "overdue": task.overdue,
                "command": task.command,
            }
            for task in tasks
        ],
    }
