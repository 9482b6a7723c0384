"""The set-up, part by part, for a person and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.model import Json
from runner.report import Checkup
from runner.views.page import DANGER, LOUD, Page
from runner.views.text import clean

STYLES = {"ok": "green", "note": LOUD, "problem": DANGER}


def human(found: Sequence[Checkup], *, width: int, colour: bool) -> str:
    """Return one line a part, and below it what to do."""
    page = Page()
    for each in found:
        page.add(f"{clean(each.part)}: {clean(each.words)}", lead=(f"{each.state:<8}", STYLES[each.state]))
        if each.hint:
            page.add(clean(each.hint), lead=" " * 10)
    return page.render(width, colour=colour)


def to_json(found: Sequence[Checkup]) -> dict[str, Json]:
    """Return the set-up as a versioned JSON object."""
    rows = [{"part": each.part, "state": each.state, "words": each.words, "hint": each.hint} for each in found]
    return {"version": 1, "checks": rows}
