"""What somebody on call is told about an outage with something late: a subject and a short text, for a mail or a chat.

Pure. It says for each step what to do, who does it, since when it is due, where to click, the exact value and the
command; what does not fit is counted, and `runner steps` has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.report import OutageStatus, Task, Trouble
from runner.views.steps import asked
from runner.views.text import clean, command, when
from runner.views.words import ENGLISH, Words

LONGEST = 3_000  # characters of a text; the smallest of the chats takes 4,096
VALUE = 400  # characters of one value
WHY = 200  # characters of one fault


def subject(outage: OutageStatus, troubles: Sequence[Trouble], *, words: Words = ENGLISH) -> str:
    """Return one line: what is late, and in which outage."""
    count = words.told_one if len(troubles) == 1 else words.told_many.format(n=f"{len(troubles):,}")
    return f"{words.overdue}: {clean(outage.title, 80)}: {count}"


def body(outage: OutageStatus, troubles: Sequence[Trouble], *, words: Words = ENGLISH) -> str:
    """Return the text."""
    parts = [f"{clean(outage.title)}\n{clean(outage.outage)}"]
    for n, trouble in enumerate(troubles, 1):
        part = "\n".join(_lines(n, trouble, outage, words))
        if n > 1 and sum(map(len, parts)) + len(part) > LONGEST:
            parts.append("...")
            break
        parts.append(part)
    typed = command("steps" if any(each.task for each in troubles) else "status", outage.outage)
    return "\n\n".join([*parts, f"{words.all_that_waits}\n{typed}"])


def _lines(n: int, trouble: Trouble, outage: OutageStatus, words: Words) -> Iterator[str]:
    since = words.since.format(when=when(trouble.since, outage.timezone, words=words))
    if trouble.task is not None:
        yield from _step(n, trouble.task, since, words)
        return
    failed = words.told_failed.format(step=clean(trouble.step), why=clean(trouble.why, WHY))
    yield f"{n}. {failed if trouble.why else words.told_restore.format(step=clean(trouble.step))}"
    yield since
    yield words.acknowledge
    yield command("resume", outage.outage)


def _step(n: int, task: Task, since: str, words: Words) -> Iterator[str]:
    yield f"{n}. {asked(task, words)} ({clean(task.target)})"
    yield since
    if task.who:
        yield f"{words.who}: {clean(task.who)}"
    if task.menu:
        yield f"{words.where}: {clean(task.menu)}"
    if task.value:
        label = words.value if task.question else words.set_it
        lines = [clean(line) for line in task.value.splitlines()]
        whole = len(task.value) <= VALUE
        yield f"{label}: " + ("\n".join(lines) if whole else f"{lines[0][:VALUE]}...")
    if task.question:
        yield f"{words.if_not_done} {clean(task.command)}"
        yield f"{words.if_done} {clean(task.otherwise)}"
    else:
        yield words.when_done
        yield clean(task.command)
