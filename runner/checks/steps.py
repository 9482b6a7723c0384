"""Checks of steps: ids, targets, kinds, order, follow-ups."""

from __future__ import annotations

from collections.abc import Iterator

from runner.checks.book import STEPS, Book, Path, nearest
from runner.errors import Diagnostic
from runner.playbook import Step


def ids(book: Book) -> Iterator[Diagnostic]:
    """No two steps share an id."""
    first: dict[str, int] = {}
    for index, step in enumerate(book.playbook.steps):
        if step.id in first:
            where = book.loaded.mark((*STEPS, first[step.id], "id"))
            message = f"two steps are called {step.id}"
            yield book.found("SP001", (*STEPS, index, "id"), message, f"the first is on line {where.line}; rename one")
        first.setdefault(step.id, index)


def targets(book: Book) -> Iterator[Diagnostic]:
    """Every target is configured, and offers the kind asked for."""
    for index, step in enumerate(book.playbook.steps):
        here = (*STEPS, index)
        yield from _carried_out(book, here, step.uses, step.targets)
        for number, follow_up in enumerate(step.restore):
            same = not follow_up.targets or follow_up.targets == step.targets
            if not same or follow_up.uses != step.uses:
                path = (*here, "restore", number)
                yield from _carried_out(book, path, follow_up.uses, follow_up.targets or step.targets)
        for target in step.per_target:
            if target not in step.targets:
                path = (*here, "per_target", target)
                message = f"per_target names {target}, which is no target of step {step.id}"
                yield book.found("SP004", path, message, nearest(target, step.targets), key=True)


def _carried_out(book: Book, here: Path, kind: str, names: tuple[str, ...]) -> Iterator[Diagnostic]:
    for number, target in enumerate(names):
        if target not in book.config.targets:
            path = (*here, "target", number)
            hint = nearest(target, book.config.targets) or "add it under targets in runner.yaml"
            yield book.found("SP002", path, f"unknown target {target}", hint)
        elif target in book.capabilities and kind not in book.capabilities[target]:
            provider = book.config.targets[target].provider
            message = f"{target} ({provider}) does not offer {kind}"
            yield book.found("SP003", (*here, "uses"), message, nearest(kind, book.capabilities[target]))


def needs(book: Book) -> Iterator[Diagnostic]:
    """`needs` names other steps, and never leads back to the step itself."""
    known = {step.id: index for index, step in enumerate(book.playbook.steps)}
    for index, step in enumerate(book.playbook.steps):
        for number, need in enumerate(step.needs):
            if need not in known:
                hint = nearest(need, known.keys() - {step.id})
                yield book.found(
                    "SP005",
                    (*STEPS, index, "needs", number),
                    f"step {step.id} needs {need}, which does not exist",
                    hint,
                )
    for cycle in _cycles(book.playbook.steps):
        path = " -> ".join((*cycle, cycle[0]))
        message = f"{cycle[0]} needs itself" if len(cycle) == 1 else f"the steps {path} need each other"
        yield book.found("SP006", (*STEPS, known[cycle[0]], "needs"), message, "take one of them out of `needs`")


def _cycles(steps: tuple[Step, ...]) -> Iterator[list[str]]:
    """Yield one cycle for each group of steps that need each other; depth first, without recursion."""
    wanted = {step.id: step.needs for step in steps}
    state: dict[str, int] = {}  # 1: on the current trail, 2: done
    for root, first in wanted.items():
        trail: list[tuple[str, Iterator[str]]] = []
        if root not in state:
            state[root] = 1
            trail.append((root, iter(first)))
        while trail:
            name, rest = trail[-1]
            need = next(rest, None)
            if need is None:
                state[name] = 2
                trail.pop()
            elif state.get(need) == 1:
                names = [each for each, _ in trail]
                yield names[names.index(need) :]
            elif need not in state and need in wanted:
                state[need] = 1
                trail.append((need, iter(wanted[need])))


def needs_in_time(book: Book) -> Iterator[Diagnostic]:
    """A step that others need starts before them and is given back after them."""
    known = {step.id: step for step in book.playbook.steps}
    for index, step in enumerate(book.playbook.steps):
        for number, need in enumerate(step.needs):
            other = known.get(need)
            message = _contradiction(book, step, other) if other and other is not step else ""
            if message:
                hint = f"let {need} start earlier and end later than {step.id}, or drop the need"
                yield book.found("SP007", (*STEPS, index, "needs", number), message, hint)


def _contradiction(book: Book, step: Step, other: Step) -> str:
    for opening in book.openings if (step.start, step.until) != (other.start, other.until) else ():
        mine, theirs = book.interval(step, opening), book.interval(other, opening)
        if mine is None or theirs is None:
            return ""
        if theirs[0] > mine[0]:
            return f"{step.id} needs {other.id}, which starts later"
        if theirs[1] < mine[1] and not other.keep:
            return f"{step.id} needs {other.id}, which is given back earlier"
    return ""


def effects(book: Book) -> Iterator[Diagnostic]:
    """What cannot be taken back has a follow-up, is not kept, and is not sent early."""
    for part in book.parts:
        step = part.step
        if part.follow_up is not None:
            continue
        effect = book.is_effect(part)
        here = (*STEPS, part.index)
        if effect and not step.restore and not step.keep:
            hint = "add `restore: [{uses: ..., with: ...}]` with the message that says so"
            yield book.found("SP008", here, f"nobody is told that what {step.id} sent is over", hint)
        if effect and step.keep:
            message = f"what {step.id} sends stays sent: `restore: keep` does nothing"
            yield book.found("SP010", (*here, "restore"), message, "drop it, or add a follow-up")
        spec = book.spec(part.target, part.kind)
        if step.ready and (effect or (spec is not None and spec.by_hand)):
            how = "is sent" if effect else "is done by a person"
            hint = "drop `ready`, or write `from: start - 1h`"
            yield book.found("SP011", (*here, "ready"), f"{step.id} {how}: `ready` cannot start it earlier", hint)
