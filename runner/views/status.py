"""Where outages stand, as a table, as plain lines, and as JSON.

Pure: what is overdue is decided elsewhere; `now` only says by how long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from runner.model import Json
from runner.report import OutageStatus, RunStatus
from runner.views.page import DANGER, DIM, HANDS, LOUD, STRONG, Page, table
from runner.views.text import amount, clean, command, duration, instant_json, run_name, span, when

NONE_OPEN = "No outage is registered or open. Nothing is changed anywhere, nothing waits."
STATE_STYLES = {"open": "green", "closing": LOUD, "missed": LOUD}


def human(outages: Sequence[OutageStatus], *, now: datetime, width: int, colour: bool) -> str:
    """Return a table of the outages, and below it what is overdue, waits for a person or is warned of."""
    if not outages:
        return NONE_OPEN
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=STRONG)
    for title in ("STATE", "OUTAGE", "STEPS", "HELD BY"):
        grid.add_column(title, overflow="fold")
    for outage in outages:
        name = Text(clean(outage.outage), overflow="fold")
        if outage.title:
            name.append(f"\n{clean(outage.title)}", style=DIM)
        name.append(f"\n{timing(outage, now)}", style=DANGER if outage.overdue else "")
        state, style = _state(outage)
        grid.add_row(Text(state, style=style), name, Text(steps_words(outage)), Text(clean(outage.holder) or "nobody"))
    page = Page()
    _actions(page, outages)
    below = page.render(width, colour=colour)
    return table(grid, width, colour=colour) + (f"\n\n{below}" if below else "")


def plain(outages: Sequence[OutageStatus], *, now: datetime) -> str:
    """Return one line for each outage, for logs; then the commands that are needed, one a line."""
    if not outages:
        return NONE_OPEN
    lines = []
    for outage in outages:
        holder = f"held by {clean(outage.holder)}" if outage.holder else ""
        words = (_state(outage)[0], clean(outage.outage), timing(outage, now), steps_words(outage, ", "), holder)
        lines.append("  ".join(word for word in words if word))
        lines += [f"  WARNING: {clean(words)}" for words in outage.warnings]
        lines += [f"  {words} {typed}".rstrip() for words, typed, _ in needs(outage)]
    return "\n".join(lines)


def detail(outage: OutageStatus, *, now: datetime, width: int, colour: bool) -> str:
    """Return one outage with a line for each of its steps."""
    page = Page()
    state, style = _state(outage)
    page.add((clean(outage.outage), STRONG), "  ", (state, style))
    page.add(clean(outage.title), lead="  ")
    page.add((timing(outage, now), DANGER if outage.overdue else ""), lead="  ")
    page.add(f"held by {clean(outage.holder) or 'nobody'}", lead="  ")
    page.gap()
    for run in outage.runs:
        page.add(*_run(run, outage.timezone), lead=(f"  {run.state:<9}  ", _run_style(run.state)))
    page.gap()
    _actions(page, [outage])
    return page.render(width, colour=colour)


def _run(run: RunStatus, zone: str) -> tuple[str, ...]:
    held = f", {amount(run.held, 'object')} held" if run.held else ""
    return (run_name(run.run, run.target), f"  {span(run.start, run.end, zone)}{held}")


def _run_style(state: str) -> str:
    return {"failed": DANGER, "waiting": HANDS, "active": "green", "skipped": LOUD}.get(state, "")


def _state(outage: OutageStatus) -> tuple[str, str]:
    if outage.overdue:
        return "OVERDUE", DANGER
    return clean(outage.state), STATE_STYLES.get(outage.state, "")


def timing(outage: OutageStatus, now: datetime) -> str:
    """Return when the outage starts or ends, seen from `now`."""
    zone = outage.timezone
    if outage.overdue:
        late = duration((now - outage.end).total_seconds())
        return f"restore was due {when(outage.end, zone)}, {late} ago"
    if outage.state == "registered":
        ends = f"{when(outage.end, zone)} at the latest" if outage.when_told else when(outage.end, zone)
        return f"starts {when(outage.start, zone)}, restore {ends}"
    if outage.state in ("open", "closing"):
        when_told = "ends when told, at the latest" if outage.when_told else "restore due"
        return f"{when_told} {when(outage.end, zone)}"
    return span(outage.start, outage.end, zone)


def steps_words(outage: OutageStatus, separator: str = "\n") -> str:
    """Return how many steps are in which state: ``3 active``, ``1 waiting``."""
    counts = Counter(run.state for run in outage.runs)
    return separator.join(f"{count} {state}" for state, count in counts.items()) or "no steps"


def needs(outage: OutageStatus) -> list[tuple[str, str, str]]:
    """Return what somebody has to do for this outage, as (sentence, command, style)."""
    found = []
    if outage.overdue and not outage.by_hand:
        verb = "resume" if outage.state == "closing" else "revert"
        found.append(("The restore is OVERDUE. Give back now:", command(verb, outage.outage), DANGER))
    elif any(run.state == "failed" for run in outage.runs):
        found.append(("A step FAILED. Go on with:", command("resume", outage.outage), DANGER))
    if outage.waiting:
        waits = "1 step waits" if outage.waiting == 1 else f"{outage.waiting:,} steps wait"
        found.append((f"{waits} for a person:", command("steps", outage.outage), HANDS))
    if outage.state == "missed":
        found.append((f"{clean(outage.outage)} was MISSED: nobody opened it in time, nothing was changed.", "", LOUD))
    return found


def _actions(page: Page, outages: Sequence[OutageStatus]) -> None:
    for outage in outages:
        for words in outage.warnings:
            page.warn(f"{clean(outage.outage)}: {clean(words)}")
    for outage in outages:
        for words, typed, style in needs(outage):
            page.add((words, style))
            if typed:
                page.type(typed)


def to_json(outages: Sequence[OutageStatus]) -> dict[str, Json]:
    """Return the outages as a versioned JSON object; times are RFC 3339 in UTC."""
    return {"version": 1, "outages": [_outage_json(outage) for outage in outages]}


def _outage_json(outage: OutageStatus) -> dict[str, Json]:
    return {
        "outage": outage.outage,
        "title": outage.title,
        "state": outage.state,
        "timezone": outage.timezone,
        "start": instant_json(outage.start),
        "end": instant_json(outage.end),
        "when_told": outage.when_told,
        "overdue": outage.overdue,
        "waiting": outage.waiting,
        "holder": outage.holder,
        "warnings": list(outage.warnings),
        "runs": [
            {
                "run": run.run,
                "kind": run.kind,
                "target": run.target,
                "state": run.state,
                "start": instant_json(run.start),
                "end": instant_json(run.end),
                "held": run.held,
            }
            for run in outage.runs
        ],
    }
