"""The steps that people carry out, in the reader's language: a guide for a terminal, a checklist in markdown, JSON.

Pure. Shown are the steps that wait, or, as a `whole`, all steps of an outage, numbered. The value to type and the
command to acknowledge stand on lines of their own and are never folded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from runner.model import Json
from runner.report import Guide, Task
from runner.views.escape import escaped, fenced
from runner.views.page import DANGER, DIM, HANDS, STRONG, Page
from runner.views.text import clean, columns, instant_json, padded, span, when
from runner.views.words import ENGLISH, Words

LINE = "_" * 24  # room to write a value


def human(
    guides: Sequence[Guide], *, words: Words = ENGLISH, whole: bool = False, width: int, colour: bool
) -> str:  # fmt: skip
    """Return the guide for a terminal."""
    tasks = [task for guide in guides for task in guide.tasks]
    if not tasks:
        return words.no_steps if whole else words.nothing_waits
    page = Page()
    late = sum(task.overdue for task in tasks)
    overdue = (f", {late:,} {words.overdue}", DANGER) if late else ""
    page.add((words.all_steps if whole else waits(len(tasks), words), HANDS), overdue)
    numbers = iter(range(1, len(tasks) + 1))
    for guide in guides:
        page.gap()
        page.add((clean(guide.outage), STRONG))
        if whole:
            page.add(clean(guide.title), lead="  ")
            page.add(window(guide, words), lead="  ")
            page.add(words.as_of.format(when=_when(guide.at, guide, words)), lead="  ")
        for direction, some in groupby(guide.tasks, key=lambda task: task.direction):
            if whole:
                page.gap()
                page.add((heading(direction, words), STRONG))
            for task in some:
                page.gap()
                _task(page, task.number or next(numbers), task, guide, words, whole=whole)
    return page.render(width, colour=colour)


def _task(page: Page, n: int, task: Task, guide: Guide, words: Words, *, whole: bool) -> None:
    indent = " " * 4
    page.add((asked(task, words), STRONG), lead=f"{n:>2}. ")
    late = (f", {words.overdue}", DANGER) if task.overdue else ""
    page.add(place(task, guide, words), late, lead=indent)
    wide = 2 + max(columns(label) for label in (words.who, words.where, words.value, words.set_it))
    for label, text in facts(task, words):
        page.add(text, lead=padded(f"{indent}{label}:", len(indent) + wide + 1))
    label = words.value if task.question else words.set_it
    for line in task.value.splitlines():
        page.verbatim(padded(f"{indent}{label}:" if label else "", len(indent) + wide + 1), clean(line))
        label = ""
    if whole and (note := noted(task, words)):
        page.add(f"{note}: ", clean(task.before) or LINE, lead=indent)
    if task.state == "done":
        page.add((done(task, guide, words), DIM), lead=indent)
        return
    for label, typed in commands(task, words, whole=whole):
        page.add(label, lead=indent)
        page.type(clean(typed), 6)


# --- the parts of a step, for every form ----------------------------------------------------------------------------


def waits(count: int, words: Words) -> str:
    """Return how many steps wait."""
    return words.one_waits if count == 1 else words.many_wait.format(n=f"{count:,}")


def heading(direction: str, words: Words) -> str:
    """Return what a part of the guide is about."""
    return words.put_back if direction == "close" else words.carry_out


def window(guide: Guide, words: Words) -> str:
    """Return when the outage is, with its zone."""
    return f"{span(guide.start, guide.end, guide.timezone, year=True, words=words)} ({clean(guide.timezone)})"


def _when(instant: datetime, guide: Guide, words: Words) -> str:
    return when(instant, guide.timezone, words=words)


def asked(task: Task, words: Words) -> str:
    """Return what is asked of a person."""
    if task.question:
        return f"{words.was_it_done} {clean(task.title)}"
    return f"{words.put_back}: {clean(task.title)}" if task.direction == "close" else clean(task.title)


def place(task: Task, guide: Guide, words: Words) -> str:
    """Return on which target and by when."""
    return words.where_and_when.format(target=clean(task.target), when=_when(task.due, guide, words))


def facts(task: Task, words: Words) -> Iterator[tuple[str, str]]:
    """Yield who does it, where to click, and what the value to put back was corrected to, each with its name."""
    if task.who:
        yield words.who, clean(task.who)
    if task.menu:
        yield words.where, clean(task.menu)
    if task.corrected:
        yield words.corrected, clean(task.corrected)


def noted(task: Task, words: Words) -> str:
    """Return what the value before is called on a list of all steps, where it is recorded or has to be noted by hand.
    At the end it is what has to be set. "" where there is none."""
    if not (task.before or task.blank):
        return ""
    if task.direction == "open" or task.question:
        return words.before
    return f"{words.set_it}: {words.of_step.format(n=task.undoes) if task.undoes else words.before}"


def done(task: Task, guide: Guide, words: Words) -> str:
    """Return who did it, when, and what proves it."""
    if task.done_at is None:
        return ""
    who = words.was_done_by.format(who=clean(task.done_by), when=_when(task.done_at, guide, words))
    return f"{who}; {words.evidence}: {clean(task.evidence)}" if task.evidence else who


def commands(task: Task, words: Words, *, whole: bool) -> list[tuple[str, str]]:
    """Return the commands that acknowledge a step, each with when to type it."""
    if task.question:
        return [(words.if_not_done, task.command), (words.if_done, task.otherwise)]
    return [(words.record if whole else words.when_done, task.command)]


# --- markdown and JSON ----------------------------------------------------------------------------------------------


def markdown(guides: Sequence[Guide], *, words: Words = ENGLISH, whole: bool = False) -> str:
    """Return the steps as a checklist to paste into a ticket or a chat."""
    lines: list[str] = []
    for guide in guides:
        lines += ["", f"### {escaped(guide.outage)}", ""]
        if whole:
            lines.append(f"{escaped(guide.title)}, {escaped(window(guide, words))}")
        for direction, some in groupby(guide.tasks, key=lambda task: task.direction):
            if whole:
                lines += ["", f"#### {words.put_back if direction == 'close' else words.carry_out}", ""]
            for task in some:
                lines += _checklist(task, guide, words, whole=whole)
        if whole and not guide.tasks:
            lines.append(words.no_steps)
    return ("\n".join(lines).strip("\n") or words.nothing_waits) + "\n"


def _checklist(task: Task, guide: Guide, words: Words, *, whole: bool) -> Iterator[str]:
    late = f", **{words.overdue}**" if task.overdue else ""
    number = f"{task.number}\\. " if task.number else ""
    box = "x" if task.state == "done" else " "
    yield f"- [{box}] {number}**{escaped(asked(task, words))}** {escaped(place(task, guide, words))}{late}"
    yield from (f"  - {label}: {escaped(text)}" for label, text in facts(task, words))
    if task.value:
        yield f"  - {words.value}:"
        block = fenced([clean(line) for line in task.value.splitlines()], "text")
        yield from (f"    {line}" for line in block.splitlines())
    if whole and (note := noted(task, words)):
        yield f"  - {note}: {escaped(task.before) or LINE}"
    if task.state == "done":
        if task.done_at is not None:
            yield f"  - {escaped(done(task, guide, words))}"
        return
    for label, typed in commands(task, words, whole=whole):
        yield f"  - {label if task.question or whole else words.then + ':'}"
        yield from (f"    {line}" for line in fenced([clean(typed)], "sh").splitlines())


def to_json(guides: Sequence[Guide]) -> dict[str, Json]:
    """Return the steps as a versioned JSON object; times are RFC 3339 in UTC."""
    return {
        "version": 1,
        "outages": [
            {
                "outage": guide.outage,
                "title": guide.title,
                "timezone": guide.timezone,
                "start": instant_json(guide.start),
                "end": instant_json(guide.end),
            }
            for guide in guides
        ],
        "steps": [_json(task) for guide in guides for task in guide.tasks],
    }


def _json(task: Task) -> dict[str, Json]:
    return {
        "outage": task.outage,
        "run": task.run,
        "item": task.item,
        "direction": task.direction,
        "target": task.target,
        "title": task.title,
        "who": task.who,
        "menu": task.menu,
        "value": task.value,
        "before": task.before,
        "question": task.question,
        "state": task.state,
        "due": instant_json(task.due),
        "overdue": task.overdue,
        "command": task.command,
        "otherwise": task.otherwise,
        "number": task.number,
        "undoes": task.undoes,
        "done_by": task.done_by,
        "done_at": instant_json(task.done_at),
        "corrected": task.corrected,
        "evidence": task.evidence,
    }
