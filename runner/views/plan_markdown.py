"""A plan as the comment of a pull request.

Values stand in fenced blocks, where nothing is interpreted: no mention, no link, no HTML, no table. What stands outside
of a fence is escaped. The comment stays below the size that forges accept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner.planfile import Plan, RunPlan
from runner.views.escape import code, escaped, escaped_html, fenced
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
from runner.views.text import amount, clean, columns, padded, span, when

LONG = 12  # a target with more lines than this is folded away
MOST = 60_000  # characters; forges refuse comments above 65,536
MOST_LISTED = 20


def markdown(plan: Plan) -> str:
    """Return the plan as one markdown text; steps of one target stand together, long ones folded away."""
    due = [run for run in plan.runs if run.due]
    later = [run for run in plan.runs if not run.due]
    head = [_header(plan, due)]
    tail = [part for part in (*_alerts(plan), _left(plan), _stays(plan)) if part]
    bodies = _targets(due, plan.timezone)
    if forecast := _targets(later, plan.timezone):
        bodies += ["#### Later (a forecast: each step is planned again when it is due)", *forecast]
    return "\n\n".join([*head, *_fitting(bodies, MOST - sum(map(len, head + tail))), *tail]) + "\n"


def _header(plan: Plan, due: Sequence[RunPlan]) -> str:
    verb = "Gives back" if plan.direction == "close" else "Opens"
    lines = [
        f"### {escaped(plan.title or plan.outage)}",
        "",
        f"{verb} {code(plan.outage)}, {span(plan.start, plan.end, plan.timezone, year=True)} "
        f"({escaped(plan.timezone)}); planned as of {when(plan.at, plan.timezone)}.",
        "",
    ]
    total = totals(due)
    shown = any(entries(run, plan.timezone) for run in plan.runs)
    if total.nothing and not shown:
        return "\n".join([*lines, "**Nothing to change, nothing to do.**"])
    lines.append(f"**Now: {totals_words(total)}**; {cost_words(total)}.")
    later = totals(run for run in plan.runs if not run.due)
    if not later.nothing:
        lines.append(f"Later: {totals_words(later)}; {cost_words(later)}.")
    lines += [f"- {escaped(line)}" for line in per_target(plan)]
    return "\n".join(lines)


def _targets(runs: Iterable[RunPlan], zone: str) -> list[str]:
    by_target: dict[str, list[RunPlan]] = {}
    for run in runs:
        if entries(run, zone):
            by_target.setdefault(run.target, []).append(run)
    return [_target(target, some, zone) for target, some in by_target.items()]


def _target(target: str, runs: Sequence[RunPlan], zone: str) -> str:
    lines: list[str] = []
    for run in runs:
        lines += [f"  {heading(run)}  {times(run, zone)}"]
        if words := by_hand(run):
            lines.append(f"  {words}")
        lines += _entry_lines(entries(run, zone))
        lines += [f"      {clean(words)}" for words in run.notes]
        lines.append("")
    words = totals_words(totals(runs))
    if len(lines) <= LONG:
        return f"**{escaped(target)}: {words}**\n\n{fenced(lines[:-1])}"
    return f"<details><summary>{escaped_html(target)}: {words}</summary>\n\n{fenced(lines[:-1])}\n\n</details>"


def _entry_lines(every: Sequence[Entry]) -> list[str]:
    subject = max((columns(entry.subject) for entry in every), default=0)
    field = max((columns(entry.field) for entry in every), default=0)
    lines = []
    for entry in every:
        middle = f"{padded(entry.field, field)}  " if field else ""
        lines.append(f"{entry.sign} {padded(entry.subject, subject)}  {middle}{entry.value}")
        lines += [f"      {words}" for words in (*entry.whole, entry.note, entry.samples) if words]
        if entry.danger:
            lines.append(f"!     cannot be given back: {entry.danger}")
        if entry.conflict:
            lines.append(f"!     conflict: {entry.conflict}")
    return lines


def _fitting(bodies: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for n, body in enumerate(bodies):
        room -= len(body) + 2
        if room < 200:
            return [*kept, f"_{amount(len(bodies) - n, 'more part')} left out here; `runner plan` shows everything._"]
        kept.append(body)
    return kept


def _alerts(plan: Plan) -> list[str]:
    told = [f"conflict, {line}" for line in conflicts(plan)]
    return [
        _alert("CAUTION", "Cannot be given back", dangers(plan)),
        _alert("CAUTION", "Refused, nothing will be written", plan.refusals),
        _alert("WARNING", "Look at this", [*told, *warnings(plan)]),
    ]


def _alert(word: str, title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return "\n".join([f"> [!{word}]", f"> **{title}**", ">", *_bullets(lines, "> ")])


def _bullets(lines: Sequence[str], lead: str = "") -> list[str]:
    shown = [f"{lead}- {_bullet(line)}" for line in lines[:MOST_LISTED]]
    rest = len(lines) - MOST_LISTED
    return [*shown, f"{lead}- and {rest:,} more"] if rest > 0 else shown


def _bullet(line: str) -> str:
    said, found, typed = line.partition(": runner ")
    return f"{escaped(said)}: {code('runner ' + typed)}" if found else escaped(line)


def _left(plan: Plan) -> str:
    lines = left_alone(plan)
    if not lines:
        return ""
    inside = "\n".join(_bullets(lines))
    return f"<details><summary>Left alone ({len(lines)})</summary>\n\n{inside}\n\n</details>"


def _stays(plan: Plan) -> str:
    lines = stays(plan)
    return "\n".join(["**Stays after the outage**", "", *_bullets(lines)]) if lines else ""
