"""What every target can do, as a table and as JSON.

Pure: takes the capability tables, which providers state offline.
"""

from __future__ import annotations

from collections.abc import Mapping

from runner.model import Json
from runner.sheet import FLAGS
from runner.spi import KindSpec, Means, Reversal
from runner.views.page import DANGER, DIM, STRONG, Page, table
from runner.views.text import clean, padded

MEANS = {Means.API: "api", Means.VERIFY: "person + check", Means.PERSON: "person"}
REVERSALS = {Reversal.WRITE: "exact", Reversal.FOLLOW_UP: "follow-up", Reversal.NONE: "NONE"}

LEGEND = (
    (
        "CARRIED OUT BY",
        "api: the runner; person: somebody, guided; person + check: the runner reads whether it was done",
    ),
    ("GIVEN BACK", "exact: the restore writes what was there; follow-up: only another message can mend it"),
    ("BATCH", "objects in one request"),
    ("A MINUTE", "requests that the target allows"),
    ("RACE-SAFE", "the target itself refuses a write when somebody was faster"),
)


def human(capabilities: Mapping[str, Mapping[str, KindSpec]], *, width: int, colour: bool) -> str:
    """Return one table for each target or provider, with what it cannot give back below."""
    if not capabilities:
        return "No provider is installed."
    parts = [_one(name, kinds, width, colour) for name, kinds in capabilities.items()]
    legend = Page()
    for title, words in LEGEND:
        legend.add((words, DIM), lead=f"{title:<14}  ")
    return "\n\n".join([*parts, legend.render(width, colour=colour)])


def _one(name: str, kinds: Mapping[str, KindSpec], width: int, colour: bool) -> str:
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=STRONG)
    for title in ("KIND", "CARRIED OUT BY", "GIVEN BACK", "BATCH", "A MINUTE", "RACE-SAFE"):
        grid.add_column(title, justify="right" if title in ("BATCH", "A MINUTE") else "left", overflow="fold")
    for kind, spec in kinds.items():
        by_person = spec.means is Means.PERSON
        given_back = REVERSALS[spec.reversal]
        grid.add_row(
            clean(kind),
            MEANS[spec.means],
            Text(given_back, style=DANGER if spec.reversal is Reversal.NONE else ""),
            "-" if by_person else f"{spec.max_batch:,}",
            "-" if by_person else "no limit" if spec.rate is None else f"{spec.rate:,g}",
            "-" if by_person else "yes" if spec.precondition else "no",
        )
    page = Page()
    page.add((clean(name), STRONG))
    head = page.render(width, colour=colour)
    below = _remarks(kinds, width, colour)
    return "\n".join(part for part in (head, table(grid, width, colour=colour), below) if part)


def _remarks(kinds: Mapping[str, KindSpec], width: int, colour: bool) -> str:
    page = Page()
    wide = max(map(len, kinds), default=0)
    for kind, spec in kinds.items():
        lead = f"  {padded(clean(kind), wide)}  "
        for words in limits(spec):
            page.add((words, DANGER), lead=lead)
        for words in (*spec.notes, *behaviour(spec)):
            page.add((clean(words), DIM), lead=lead)
    return page.render(width, colour=colour)


def limits(spec: KindSpec) -> list[str]:
    """Return what a kind cannot give back, one sentence each."""
    found = []
    if spec.reversal is Reversal.NONE:
        found.append("cannot be taken back")
    if spec.reversal is Reversal.FOLLOW_UP:
        found.append("cannot be taken back; add a follow-up under `restore`")
    if spec.gives_back is not None:
        found.append(f"gives back only these statuses: {', '.join(sorted(spec.gives_back)) or 'none'}")
    return found


def behaviour(spec: KindSpec) -> list[str]:
    """Return what the target does by itself with what a kind changes, and when its limit does not count."""
    words = "; ".join(FLAGS[name][does] for name, does in spec.flags.items())
    free = f"requests are not counted from {spec.free.begins:%H:%M} to {spec.free.ends:%H:%M}" if spec.free else ""
    return [each for each in (words, free) if each]


def to_json(capabilities: Mapping[str, Mapping[str, KindSpec]]) -> dict[str, Json]:
    """Return the capability tables as a versioned JSON object, the JSON Schema of each kind's `with` included."""
    return {
        "version": 1,
        "targets": {
            name: {kind: _spec_json(spec) for kind, spec in kinds.items()} for name, kinds in capabilities.items()
        },
    }


def _spec_json(spec: KindSpec) -> dict[str, Json]:
    return {
        "title": spec.title,
        "means": spec.means.value,
        "reversal": spec.reversal.value,
        "identity": spec.identity.value,
        "max_batch": spec.max_batch,
        "page": spec.page,
        "rate": spec.rate,
        "precondition": spec.precondition,
        "whole_object": spec.whole_object,
        "settle": spec.settle,
        "gives_back": None if spec.gives_back is None else sorted(spec.gives_back),
        "cannot_give_back": limits(spec),
        "flags": dict(spec.flags),
        "menu": dict(spec.menu),
        "notes": list(spec.notes),
        "with": dict(spec.schema),
    }
