"""The stack of one field: who wants what in it, top layer first, base at the bottom.

Pure.
"""

from __future__ import annotations

from runner.model import KEPT, PERSON, Json, value_to_json
from runner.report import StackLayer, Why
from runner.views.page import DIM, LOUD, STRONG, Page
from runner.views.text import claim_words, clean, field_name, instant, instant_json, short, when


def human(why: Why, *, timezone: str, width: int, colour: bool) -> str:
    """Return the stack for a terminal; times are shown in `timezone`."""
    path = why.slot.path
    page = Page()
    page.add((f"{clean(why.name) or clean(why.slot.key)}  {field_name(path)}", STRONG))
    page.add((clean(str(why.slot)), DIM))
    page.gap()
    top = len(why.layers) - 1
    for n in range(top, -1, -1):
        _layer(page, why.layers[n], n, path, timezone, is_top=n == top)
    if not why.layers:
        page.add("No outage holds this field.")
    page.gap()
    page.add(f"last known  {short(why.last, path=path, zone=timezone)}")
    live = "not read" if why.live is None and not why.differs else short(why.live, path=path, zone=timezone)
    page.add(f"live now    {live}")
    if why.differs:
        page.add(
            ("DIFFERS: somebody edited it. The next run keeps that edit as a layer of its own.", LOUD),
        )
    return page.render(width, colour=colour)


def _layer(page: Page, layer: StackLayer, n: int, path: str, zone: str, *, is_top: bool) -> None:
    mark = "top " if is_top and n else "base" if n == 0 else ""
    page.add((_owner(layer, zone), STRONG), lead=f"{mark:<4} {n}  ")
    indent = " " * 8
    if layer.claim is not None:
        until = f", until {when(layer.until, zone)}" if layer.until else ""
        page.add(f"{claim_words(layer.claim, path=path, zone=zone)}{until}", lead=indent)
    page.add(f"= {short(layer.value, path=path, zone=zone)}", lead=indent)


def _owner(layer: StackLayer, zone: str) -> str:
    if layer.claim is None:
        return "what was there before any outage"
    if layer.owner == PERSON:
        return f"a person's edit, seen {when(instant(layer.seen_at), zone)}" if layer.seen_at else "a person's edit"
    if layer.owner == KEPT:
        return "left in place on purpose (restore: keep)"
    return f"{clean(layer.owner)}, step {clean(layer.run)}"


def to_json(why: Why) -> dict[str, Json]:
    """Return the stack as a versioned JSON object, base first."""
    slot = why.slot
    return {
        "version": 1,
        "target": slot.target,
        "kind": slot.kind,
        "key": slot.key,
        "path": slot.path,
        "name": why.name,
        "layers": [
            {
                "owner": layer.owner,
                "run": layer.run,
                "claim": None if layer.claim is None else layer.claim.to_json(),
                "value": value_to_json(layer.value),
                "until": instant_json(layer.until),
                "seen_at": layer.seen_at,
            }
            for layer in why.layers
        ],
        "last": value_to_json(why.last),
        "live": value_to_json(why.live),
        "differs": why.differs,
    }
