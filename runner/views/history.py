"""One outage in detail: where it stands, what its journal counts, and who did what to it. Pure."""

from __future__ import annotations

from datetime import datetime

from runner.model import Json, value_to_json
from runner.report import Said, Shown
from runner.views import status
from runner.views.page import DIM, STRONG, Page
from runner.views.text import amount, clean, instant_json, short, when

STATES = {
    "done": "written and confirmed",
    "same": "as wanted already",
    "intent": "announced, outcome not known yet",
    "void": "not arrived, to be tried again",
    "retried": "tried again",
    "rejected": "refused by the target",
    "unknown": "sent or not, nobody knows",
}

PROOFS = {"text": "evidence", "link": "link", "file": "file"}


def human(shown: Shown, *, now: datetime, width: int, colour: bool) -> str:
    """Return the outage for a terminal."""
    page = Page()
    if shown.counts:
        page.gap()
        page.add(("Journal", STRONG))
        for state, count in shown.counts.items():
            page.add(f"{amount(count, 'object')} {STATES.get(state, clean(state))}", lead="  ")
    if shown.said:
        page.gap()
        page.add(("By hand", STRONG))
    for said in shown.said:
        page.add(
            f"{said.what} by {clean(said.actor)}: {_step(said)}", lead=f"  {when(said.at, shown.status.timezone)}  "
        )
        if said.before is not None:
            page.add(f"value before: {short(said.before, limit=0)}", lead="      ")
        if said.kind:
            proof = f", sha-256 {said.evidence_hash}" if said.kind == "file" else ""
            page.add(f"{PROOFS[said.kind]}: {clean(said.evidence)}{proof}", lead="      ")
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


def _step(said: Said) -> str:
    item = f" {clean(said.item)}" if said.item != "1" else ""
    return f"{clean(said.run)}{item}" + (f", {clean(said.title)}" if said.title else "")


def to_json(shown: Shown) -> dict[str, Json]:
    """Return the outage as a versioned JSON object; times are RFC 3339 in UTC."""
    return {
        "version": 1,
        "outage": status.to_json([shown.status])["outages"][0],
        "journal": dict(shown.counts),
        "by_hand": [
            {
                "at": instant_json(said.at),
                "run": said.run,
                "item": said.item,
                "title": said.title,
                "what": said.what,
                "actor": said.actor,
                "before": None if said.before is None else value_to_json(said.before),
                "evidence": said.evidence,
                "evidence_kind": said.kind,
                "evidence_hash": said.evidence_hash,
            }
            for said in shown.said
        ],
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
