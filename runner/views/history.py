"""One outage in detail: where it stands, what its journal counts, and who did what to it. Pure."""

from __future__ import annotations

from datetime import datetime

from runner.model import Json
from runner.report import Shown
from runner.views import status
from runner.views.page import DIM, STRONG, Page
from runner.views.text import amount, clean, instant_json, when

STATES = {
    "done": "written and confirmed",
    "same": "as wanted already",
    "intent": "announced, outcome not known yet",
    "void": "not arrived, to be tried again",
    "retried": "tried again",
    "rejected": "refused by the target",
    "unknown": "sent or not, nobody knows",
}


def human(shown: Shown, *, now: datetime, width: int, colour: bool) -> str:
    """Return the outage for a terminal."""
    page = Page()
    if shown.counts:
        page.gap()
        page.add(("Journal", STRONG))
        for state, count in shown.counts.items():
            page.add(f"{amount(count, 'object')} {STATES.get(state, clean(state))}", lead="  ")
    if shown.events:
        page.gap()
        page.add(("History", STRONG))
    for event in shown.events:
        words = " ".join(clean(word) for word in (event.verb, event.detail) if word)
        page.add(f"{words} by {clean(event.actor)}", lead=f"  {when(event.at, shown.status.timezone)}  ")
        if event.reason:
            page.add((clean(event.reason), DIM), lead="      ")
    below = page.render(width, colour=colour)
    return status.detail(shown.status, now=now, width=width, colour=colour) + (f"\n\n{below}" if below else "")


def to_json(shown: Shown) -> dict[str, Json]:
    """Return the outage as a versioned JSON object; times are RFC 3339 in UTC."""
    return {
        "version": 1,
        "outage": status.to_json([shown.status])["outages"][0],
        "journal": dict(shown.counts),
        "history": [
            {
                "at": instant_json(event.at),
                "verb": event.verb,
                "actor": event.actor,
                "reason": event.reason,
                "detail": event.detail,
            }
            for event in shown.events
        ],
    }
