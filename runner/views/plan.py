"""A plan for a person: grouped by step and target, one line per object and field, and what to type next.

Pure: a plan in, a string out. `markdown` and the JSON form are re-exported, so that a command needs one import.
What matters most stands last, where the eye of somebody at a terminal is.
"""

from __future__ import annotations

from runner.planfile import Plan, RunPlan
from runner.views.page import DANGER, DIM, LOUD, SIGNS, STRONG, Page
from runner.views.plan_json import from_json, to_json
from runner.views.plan_lines import (
    Entry,
    by_hand,
    conflicts,
    cost_words,
    dangers,
    entries,
    heading,
    left_alone,
    per_target,
    stays,
    times,
    totals,
    totals_words,
    warnings,
)
from runner.views.plan_markdown import markdown
from runner.views.text import amount, clean, columns, command, padded, span, when

__all__ = ["from_json", "human", "markdown", "next_step", "to_json"]

VALUE_INDENT = 8


def human(plan: Plan, *, width: int, colour: bool, apply: str | None = "") -> str:
    """Return the plan for a terminal of `width` columns. `apply` is the command that carries it out; None when it is
    being carried out, so that there is nothing to type."""
    page = Page()
    if _is_empty(plan):
        _section(page, "Left alone", left_alone(plan))
        page.gap()
        page.verbatim("", nothing_words(plan))
        return page.render(width, colour=colour)
    _header(page, plan)
    for run in plan.runs:
        if run.due and _worth_showing(run):
            _run(page, run, plan.timezone, width)
    _later(page, plan, width)
    _section(page, "Left alone", left_alone(plan))
    _section(page, "Stays after the outage", stays(plan))
    _section(page, "CANNOT BE GIVEN BACK", dangers(plan), DANGER)
    _section(page, "Conflicts: a person's edit hides what the outage wants", conflicts(plan), LOUD)
    page.gap()
    for words in warnings(plan):
        page.warn(words)
    _section(page, "REFUSED, nothing will be written", [clean(words) for words in plan.refusals], DANGER)
    _totals(page, plan)
    if apply is not None or plan.refusals:
        _next(page, plan, apply or "")
    return page.render(width, colour=colour)


def _header(page: Page, plan: Plan) -> None:
    page.add((clean(plan.title) or clean(plan.outage), STRONG))
    verb = "Gives back" if plan.direction == "close" else "Opens"
    page.add(f"{verb} {clean(plan.outage)}", lead="  ")
    page.add(f"{span(plan.start, plan.end, plan.timezone, year=True)} ({clean(plan.timezone)})", lead="  ")
    page.add(f"planned as of {when(plan.at, plan.timezone)}", lead="  ")


def _worth_showing(run: RunPlan) -> bool:
    return bool(entries(run, "UTC"))


def _run(page: Page, run: RunPlan, zone: str, width: int) -> None:
    page.gap()
    page.add((heading(run), STRONG), f"  {times(run, zone)}")
    if words := by_hand(run):
        page.add(words, lead="  ")
    lines = entries(run, zone)
    subject = max((columns(entry.subject) for entry in lines), default=0)
    field = max((columns(entry.field) for entry in lines), default=0)
    for entry in lines:
        _entry(page, entry, (subject, field), width)
    for words in run.notes:
        page.add((clean(words), DIM), lead=" " * VALUE_INDENT)


def _entry(page: Page, entry: Entry, aligned: tuple[int, int], width: int) -> None:
    style = SIGNS[entry.sign]
    lead = (f"  {entry.sign} ", style)
    head = f"{padded(entry.subject, aligned[0])}  "
    head += f"{padded(entry.field, aligned[1])}  " if aligned[1] else ""
    value = (entry.value, style) if entry.danger else entry.value
    if columns(head) + columns(entry.value) + len(lead[0]) <= width:
        page.add(head, value, lead=lead)
    else:
        page.add(entry.head, lead=lead)
        page.add(value, lead=" " * VALUE_INDENT)
    for line in entry.whole:
        page.add(line, lead=" " * VALUE_INDENT)
    if entry.note:
        page.add((entry.note, DIM), lead=" " * VALUE_INDENT)
    if entry.samples:
        page.add((entry.samples, DIM), lead=" " * VALUE_INDENT)
    if entry.danger:
        page.add((f"cannot be given back: {entry.danger}", DANGER), lead=" " * VALUE_INDENT)
    if entry.conflict:
        page.add((f"conflict: {entry.conflict}", LOUD), lead=" " * VALUE_INDENT)


def _later(page: Page, plan: Plan, width: int) -> None:
    later = [run for run in plan.runs if not run.due and _worth_showing(run)]
    if not later:
        return
    page.gap()
    page.add(("LATER (a forecast: each step is planned again when it is due)", STRONG))
    for run in later:
        _run(page, run, plan.timezone, width)


def _section(page: Page, title: str, lines: list[str], style: str = STRONG) -> None:
    if not lines:
        return
    page.gap()
    page.add((title, style))
    for line in lines:
        page.add((line, style) if style == DANGER else line, lead="  - ")


def _is_empty(plan: Plan) -> bool:
    shown = any(_worth_showing(run) for run in plan.runs)
    return totals(plan.runs).nothing and not (
        shown or plan.refusals or warnings(plan) or conflicts(plan) or stays(plan)
    )


def nothing_words(plan: Plan) -> str:
    """Return the one line for a plan that would change nothing."""
    verb = "give back" if plan.direction == "close" else "change"
    return f"Nothing to {verb}, nothing to type: {clean(plan.outage)}"


def _totals(page: Page, plan: Plan) -> None:
    due, later = (totals(run for run in plan.runs if run.due is flag) for flag in (True, False))
    page.gap()
    unread = plan.direction == "close" and any(run.due and run.warnings and not run.items for run in plan.runs)
    words = "nothing is due" if due.nothing and not later.nothing else totals_words(due)
    if due.nothing and unread:
        words = "nothing can be given back yet: see the warnings"
    page.add((words, STRONG), lead="Now:   ")
    if due.requests:
        page.add(cost_words(due), lead="       ")
    for line in per_target(plan):
        page.add(line, lead="         ")
    if not later.nothing:
        page.add(f"{totals_words(later)}; {cost_words(later)}", lead="Later: ")


def _next(page: Page, plan: Plan, apply: str) -> None:
    words, typed = next_step(plan, apply)
    page.add(words)
    if typed:
        page.type(typed)


def next_step(plan: Plan, apply: str = "") -> tuple[str, str]:
    """Return what the reader does next: a sentence, and the command to type ("" when there is none)."""
    if plan.refusals:
        return f"Nothing was changed. Settle {_the(len(plan.refusals), 'refusal')} above, then plan again.", ""
    if plan.direction == "close":
        return "Nothing was changed yet. To give it back, type:", apply or command("revert", plan.outage)
    first = "" if any(run.due and entries(run, plan.timezone) for run in plan.runs) else _first_due(plan)
    return f"Nothing was changed yet. {first}To carry it out, type:", apply or "runner apply PLAYBOOK"


def _the(count: int, word: str) -> str:
    return f"the {word}" if count == 1 else f"the {amount(count, word)}"


def _first_due(plan: Plan) -> str:
    starts = [run.start for run in plan.runs if not run.due and entries(run, plan.timezone)]
    return f"Nothing is due before {when(min(starts), plan.timezone)}. " if starts else ""
