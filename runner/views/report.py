"""What a drive of an outage came to, for a person and as JSON.

Pure. One line for each step, then whatever a reader must know, grouped by what became of it: for their information
first, what somebody has to do last, and the command to type at the very end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.model import Json, value_to_json
from runner.report import Fate, Note, Report, RunReport
from runner.views.page import DANGER, HANDS, LOUD, STRONG, Page
from runner.views.plan_lines import object_name
from runner.views.text import (
    amount,
    clean,
    columns,
    command,
    duration,
    exact,
    field_name,
    instant_json,
    padded,
    run_name,
    short,
    when,
)

MOST = 10  # notes of one kind that are listed
STATE_STYLES = {"done": "green", "waiting": HANDS, "failed": DANGER, "skipped": LOUD}


@dataclass(frozen=True, slots=True)
class _Fate:
    title: str
    live: str
    wanted: str
    style: str = STRONG


# In this order: for information, then what somebody has to act on.
FATES = {
    Fate.DROPPED: _Fate("Left out: no longer what the step selects", "now", "planned"),
    Fate.GONE: _Fate("Gone: no longer exists on the target, nothing to give back", "now", "wanted"),
    Fate.DIFFERENT: _Fate("Given back differently, as the plan announced", "now", "before"),
    Fate.KEPT: _Fate("Kept: edited by a person, left as it stands", "stands", "not written"),
    Fate.CONFLICT: _Fate("CONFLICT: a person's edit hides what the outage wants", "stands", "outage wants", LOUD),
    Fate.UNKNOWN: _Fate("UNKNOWN: nobody knows whether this was sent", "live", "sent", DANGER),
    Fate.FAILED: _Fate("FAILED: the target took it and did not carry it out", "was", "now", DANGER),
    Fate.REJECTED: _Fate("REJECTED: the target refuses it, nothing was written", "stands", "wanted", DANGER),
}


def human(report: Report, *, timezone: str, width: int, colour: bool) -> str:
    """Return the report for a terminal; times are shown in `timezone`, the outage's zone."""
    page = Page()
    page.add((clean(report.outage), STRONG), f" is {clean(report.state)}{_sum(report)}")
    _runs(page, report.runs)
    for fate, look in FATES.items():
        notes = [note for note in report.notes if note.fate is fate]
        if notes:
            more = sum(run.unlisted.get(fate, 0) for run in report.runs)
            _notes(page, look, notes, timezone, more)
            closing = any(run.direction == "close" and notes[0] in run.notes for run in report.runs)
            _advice(page, fate, notes[0], report.outage, "revert" if closing else "resume")
    if report.warnings:
        page.gap()
    for warning in report.warnings:
        page.warn(clean(warning))
    page.gap()
    _next(page, report, timezone)
    return page.render(width, colour=colour)


def _sum(report: Report) -> str:
    written = sum(run.written for run in report.runs)
    requests = sum(run.requests for run in report.runs)
    if not (written or requests):
        return ": nothing had to be written"
    cost = f"with {amount(requests, 'request')} in {duration(report.seconds)}"
    if not written:
        return f": nothing was written, {cost}"
    confirmed = sum(run.confirmed for run in report.runs)
    proof = "all confirmed" if confirmed == written else f"{confirmed:,} confirmed"
    return f": {amount(written, 'change')} written, {proof}, {cost}"


def _runs(page: Page, runs: Sequence[RunReport]) -> None:
    names = [run_name(run.run, run.target) for run in runs]
    wide = min(max(map(columns, names), default=0), 36)
    for run, name in zip(runs, names, strict=True):
        verb = "given back" if run.direction == "close" else "written"
        words = f"{run.written:,} {verb}" if run.written else "nothing to write"
        if run.confirmed != run.written:
            words += f", {run.confirmed:,} confirmed"
        if not run.written and run.state != "done":
            words = "" if run.message else "a person has to do it" if run.state == "waiting" else "nothing written"
        message = clean(run.message)
        body = ": ".join(part for part in (words, message) if part)
        page.add(f"{padded(name, wide)}  {body}", lead=(f"  {run.state:<7}  ", STATE_STYLES[run.state]))


def _notes(page: Page, look: _Fate, notes: Sequence[Note], zone: str, unlisted: int) -> None:
    page.gap()
    page.add((f"{look.title} ({len(notes) + unlisted:,})", look.style))
    for note in notes[:MOST]:
        slot = note.slot
        name = object_name(slot.kind, note.name, slot.key)
        page.add(f"{clean(slot.target)} {slot.kind} {name}  {field_name(slot.path)}", lead="  - ")
        if note.fate is not Fate.UNKNOWN:
            page.add(_both(look, note, zone), lead="      ")
        if note.reason:
            page.add(clean(note.reason), lead="      ")
    if len(notes) > MOST:
        most = f"the first {len(notes):,}" if unlisted else "all"
        page.add(f"and {len(notes) + unlisted - MOST:,} more (`--format json` lists {most})", lead="  - ")


def _both(look: _Fate, note: Note, zone: str) -> str:
    live, wanted = (short(value, path=note.slot.path, zone=zone) for value in (note.live, note.wanted))
    if live == wanted and exact(note.live) != exact(note.wanted):
        live, wanted = exact(note.live), exact(note.wanted)
    return f"{look.live}: {live}   {look.wanted}: {wanted}"


def _advice(page: Page, fate: Fate, first: Note, outage: str, verb: str) -> None:
    slot = str(first.slot)
    if fate is Fate.CONFLICT:
        page.add("Decide for each. Leave the edit: nothing to type. See who wants what, and until when:", lead="  ")
        page.type(command("why", slot), 6)
        page.add("make the edit the new normal:", lead="  ")
        page.type(command("rebase", slot), 6)
        page.add("or let the outage win over every edit listed here:", lead="  ")
        page.type(command(verb, outage, "--force"), 6)
    elif fate is Fate.UNKNOWN:
        page.add("It is never sent again on its own. Look whether it arrived; if not, type:", lead="  ")
        page.type(command("resume", outage, "--resend"), 6)
    elif fate is Fate.FAILED:
        page.add("It is not tried again. Do by hand what is still wanted.", lead="  ")
    elif fate is Fate.REJECTED:
        page.add("Mend on the target what the reason says (or do it by hand there), then:", lead="  ")
        page.type(command("resume", outage), 6)


def _next(page: Page, report: Report, zone: str) -> None:
    if report.waiting:
        steps = "1 step waits" if report.waiting == 1 else f"{report.waiting:,} steps wait"
        whom = f"a person ({clean(', '.join(report.who))})" if report.who else "a person"
        page.add((f"{steps} for {whom}. What to do, and where:", HANDS))
        page.type(command("steps", report.outage))
    if report.pending or any(run.state == "failed" for run in report.runs):
        page.add(("NOT FINISHED. What is done is recorded and is not done twice. Go on with:", DANGER))
        page.type(command("resume", report.outage))
        if any(run.direction == "open" for run in report.runs):
            page.add("or give everything back now:")
            page.type(command("revert", report.outage))
    elif report.restore_at is not None and report.state != "closing":
        page.add(f"The restore is due {when(report.restore_at, zone)}. To give everything back earlier:")
        page.type(command("revert", report.outage))
    elif not report.waiting:
        stuck = any(note.fate in (Fate.CONFLICT, Fate.REJECTED, Fate.UNKNOWN, Fate.FAILED) for note in report.notes)
        page.add("Nothing else is left but what is listed above." if stuck else "Nothing is left to do.")


def to_json(report: Report) -> dict[str, Json]:
    """Return the report as a versioned JSON object; times are RFC 3339 in UTC."""
    return {
        "version": 1,
        "outage": report.outage,
        "state": report.state,
        "exit_code": int(report.exit_code),
        "waiting": report.waiting,
        "waiting_for": list(report.who),
        "pending": report.pending,
        "restore_at": instant_json(report.restore_at),
        "seconds": report.seconds,
        "warnings": list(report.warnings),
        "runs": [_run_json(run) for run in report.runs],
    }


def _run_json(run: RunReport) -> dict[str, Json]:
    return {
        "run": run.run,
        "kind": run.kind,
        "target": run.target,
        "direction": run.direction,
        "state": run.state,
        "written": run.written,
        "confirmed": run.confirmed,
        "requests": run.requests,
        "message": run.message,
        "notes": [
            {
                "fate": note.fate.value,
                "target": note.slot.target,
                "kind": note.slot.kind,
                "key": note.slot.key,
                "path": note.slot.path,
                "name": note.name,
                "wanted": value_to_json(note.wanted),
                "live": value_to_json(note.live),
                "reason": note.reason,
            }
            for note in run.notes
        ],
        **({"notes_unlisted": {fate.value: count for fate, count in run.unlisted.items()}} if run.unlisted else {}),
    }
