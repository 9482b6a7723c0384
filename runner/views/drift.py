"""Where live differs from what the runner wrote or saw last, for a person and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.model import Json, value_to_json
from runner.report import Drift
from runner.views.page import LOUD, Page
from runner.views.plan_lines import object_name
from runner.views.text import amount, clean, command, difference, field_name

MOST = 40  # differences that are listed


def human(found: Sequence[Drift], held: int, *, width: int, colour: bool) -> str:
    """Return the differences among `held` fields for a terminal."""
    if not found:
        return f"No difference: {amount(held, 'field')} held, all as the runner left them."
    page = Page()
    page.add((f"{amount(len(found), 'field')} of {held:,} edited since the runner looked last", LOUD))
    for one in found[:MOST]:
        slot = one.slot
        name = object_name(slot.kind, one.name, slot.key)
        page.add(f"{clean(slot.target)} {slot.kind} {name}  {field_name(slot.path)}", lead="  ~ ")
        page.add(difference(one.expected, one.live, path=slot.path), lead="      ")
        page.add(f"held by {', '.join(clean(outage) for outage in one.outages)}", lead="      ")
    if len(found) > MOST:
        page.add(f"and {len(found) - MOST:,} more (`--format json` lists all)", lead="    ")
    page.gap()
    page.add("Nobody loses these: the next run keeps each as a person's edit. To see who wants what in a field:")
    page.type(command("why", str(found[0].slot)))
    return page.render(width, colour=colour)


def to_json(found: Sequence[Drift], held: int) -> dict[str, Json]:
    """Return the differences as a versioned JSON object."""
    return {
        "version": 1,
        "held": held,
        "differences": [
            {
                "target": one.slot.target,
                "kind": one.slot.kind,
                "key": one.slot.key,
                "path": one.slot.path,
                "name": one.name,
                "expected": value_to_json(one.expected),
                "live": value_to_json(one.live),
                "outages": list(one.outages),
            }
            for one in found
        ],
    }
