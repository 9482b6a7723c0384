"""The whole order of an outage, foreseen: what opens and closes, in the order in which drives do it. Pure.

It is played with the rules of `timetable` itself, on states that nobody disturbs: every step succeeds at once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from runner.playbook import Outage, Run
from runner.timetable import Act, State, due

_AFTER: Final = {"open": "active", "close": "done", "cancel": "cancelled", "miss": "missed"}


def foreseen(outage: Outage, *, reverted: datetime | None = None) -> list[tuple[datetime, Act]]:
    """Return the openings and endings of an outage with their instants, in the order in which they are carried out.

    Of one instant endings come first, the last opened first: the exact reverse. `reverted` is when somebody took the
    outage back, None for one that runs its course: what has not ended by itself ends then.
    """
    if reverted is not None:
        outage = replace(outage, runs=tuple(_ending(run, reverted) for run in outage.runs))
    states = {run.id: State("pending") for run in outage.runs}
    digests = dict.fromkeys(states, "")
    moments = {run.start for run in outage.runs} | {run.end for run in outage.runs if run.end is not None}
    found: list[tuple[datetime, Act]] = []
    for now in sorted(moments | ({reverted} if reverted is not None else set())):
        reverting = reverted is not None and now >= reverted
        moved = True
        while moved:
            moved = False
            for act in due(outage, states, digests, now, reverting=reverting):
                if act.verb not in _AFTER:
                    continue  # arrivals are looked for at every pass
                after = "done" if act.verb == "open" and act.run.end is None else _AFTER[act.verb]
                states[act.run.id], moved = State(after), True
                if act.verb in ("open", "close"):
                    found.append((now, act))
    opened = {act.run.id: n for n, (_, act) in enumerate(found) if act.verb == "open"}

    def place(entry: tuple[datetime, Act]) -> tuple[datetime, int]:
        now, act = entry
        return now, 1 if act.verb == "open" else -opened[act.run.id]

    return sorted(found, key=place)


def _ending(run: Run, reverted: datetime) -> Run:
    """Return a run that ends when the outage is taken back. Its own end was moved by that, to before its start
    perhaps; what follows an outage keeps its own."""
    return run if run.after else replace(run, end=max(run.start, reverted))
