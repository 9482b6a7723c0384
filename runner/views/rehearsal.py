"""What a rehearsal proved, for a person and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.model import Json, value_to_json
from runner.rehearsal import Rehearsed
from runner.report import Note
from runner.views.page import DANGER, STRONG, Page
from runner.views.text import amount, clean, short

MOST = 10  # problems that are listed


def human(results: Sequence[Rehearsed], *, width: int, colour: bool) -> str:
    """Return the results of a playbook's windows for a terminal."""
    page = Page()
    for index, one in enumerate(results):
        if index:
            page.gap()
        _one(page, one)
    page.gap()
    if all(one.passed for one in results):
        page.add(("Everything comes back. Nothing was changed on the live systems.", STRONG))
    else:
        page.add(("NOT everything comes back. Nothing was changed on the live systems.", DANGER))
    return page.render(width, colour=colour)


def _one(page: Page, one: Rehearsed) -> None:
    page.add((clean(one.outage), STRONG), ", rehearsed on a copy of the live state")
    page.add(f"{amount(one.objects, 'object')} and {amount(one.fields, 'field')} held", lead="  ")
    page.add(f"{amount(one.requests, 'request')} there and back", lead="  ")
    if one.crashed:
        word = "resumed and nothing was lost" if one.resumed else "could NOT be resumed"
        page.add(f"the rehearsal stopped after its first write, as if the process had died: {word}", lead="  ")
    if one.edited:
        word = "kept" if one.edit_kept else "LOST"
        page.add(f"a person edited {clean(one.edited)} meanwhile: {word}", lead="  ")
    for note in one.announced:
        page.add(f"comes back differently, as announced: {_line(note)}", lead="  ")
    for sample in one.sampled:
        page.add(f"only a sample was played: {clean(sample)}", lead="  ")
    for note in one.leftovers:
        page.add((f"left over: {_line(note)}", DANGER), lead="  ")
    for problem in one.problems[:MOST]:
        page.add((f"problem: {clean(problem)}", DANGER), lead="  ")
    if len(one.problems) > MOST:
        page.add((f"and {len(one.problems) - MOST:,} more problems", DANGER), lead="  ")


def _line(note: Note) -> str:
    return clean(f"{note.slot} was {short(note.wanted)}, is {short(note.live)}")


def to_json(results: Sequence[Rehearsed]) -> dict[str, Json]:
    """Return the results as JSON."""
    return {"passed": all(one.passed for one in results), "outages": [_json(one) for one in results]}


def _json(one: Rehearsed) -> dict[str, Json]:
    return {
        "outage": one.outage,
        "passed": one.passed,
        "objects": one.objects,
        "fields": one.fields,
        "requests": one.requests,
        "crashed": one.crashed,
        "resumed": one.resumed,
        "edited": one.edited,
        "edit_kept": one.edit_kept,
        "announced": [_note(note) for note in one.announced],
        "leftovers": [_note(note) for note in one.leftovers],
        "problems": list(one.problems),
        "sampled": list(one.sampled),
    }


def _note(note: Note) -> dict[str, Json]:
    return {"slot": str(note.slot), "before": value_to_json(note.wanted), "after": value_to_json(note.live)}
