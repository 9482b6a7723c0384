"""What is due: computed from the clock and the stored states alone, so that a late, early, doubled or missed trigger
does no harm. Pure.

States of a run: pending -> opening -> active (or waiting, for people) -> closing -> done; cancelled and missed end it
without having held anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from runner.playbook import Outage, Run

ENDED: Final = frozenset({"done", "cancelled", "missed"})
OVER: Final = ("closed", "cancelled", "missed")  # states of an outage that nothing more becomes of
HOLDING: Final = frozenset({"opening", "active", "waiting", "closing"})
Verb = Literal["open", "amend", "sweep", "close", "cancel", "miss"]


@dataclass(frozen=True, slots=True)
class State:
    """The stored state of a run, the digest of the run as it was opened, and how early it starts to be ready in
    time."""

    state: str
    digest: str = ""
    lead: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do now."""

    verb: Verb
    run: Run


def due(
    outage: Outage, states: Mapping[str, State], digests: Mapping[str, str], now: datetime, *, reverting: bool
) -> Iterator[Act]:
    """Yield what to do now, in order: endings in reverse order first, then openings in order.

    `states` is looked at when a run's turn comes, so that what was done for one act counts for the next. `digests`
    holds the digest of every run as the playbook says it now. A run whose `needs` are not met, or whose dependants
    still hold, is left for a later call.
    """
    dependants: dict[str, list[str]] = {}
    for run in outage.runs:
        for need in run.needs:
            dependants.setdefault(need, []).append(run.id)
    for run in reversed(outage.runs):
        if _closes(run, dependants.get(run.id, ()), states, now, reverting):
            yield Act("close", run)
    for run in outage.runs:
        state = states[run.id].state
        if state == "pending" and (verb := _never(run, outage, states, now, reverting)):
            yield Act(verb, run)
        elif _opens(run, states, now, reverting):
            yield Act("open", run)
        elif state in ("active", "waiting") and not _over(run, now, reverting):
            if states[run.id].digest != digests[run.id]:
                yield Act("amend", run)
            elif run.with_.get("arrivals") == "include":
                yield Act("sweep", run)


def _over(run: Run, now: datetime, reverting: bool) -> bool:
    if run.after:
        return run.end is not None and run.end <= now
    return reverting or (run.end is not None and run.end <= now)


def _closes(run: Run, dependants: Sequence[str], states: Mapping[str, State], now: datetime, reverting: bool) -> bool:
    if states[run.id].state not in HOLDING or not (_over(run, now, reverting) or states[run.id].state == "closing"):
        return False
    return all(states[other].state not in HOLDING for other in dependants)


def _opens(run: Run, states: Mapping[str, State], now: datetime, reverting: bool) -> bool:
    if states[run.id].state not in ("pending", "opening") or _over(run, now, reverting):
        return False
    if run.after:
        return states[run.after].state == "done"
    return run.start - states[run.id].lead <= now and all(
        states[need].state in ("active", "done") for need in run.needs
    )


def _never(
    run: Run, outage: Outage, states: Mapping[str, State], now: datetime, reverting: bool
) -> Literal["cancel", "miss"] | None:
    """Whether a run that holds nothing will never open."""
    if run.after:
        parent = states[run.after].state
        early = reverting and now < outage.start
        if parent in ("cancelled", "missed") or (parent == "done" and (run.when == "cancelled") != early):
            return "cancel"
        return "miss" if run.end is not None and run.end <= now else None
    if reverting:
        return "cancel"
    return "miss" if run.end is not None and run.end <= now else None


def blocked(outage: Outage, states: Mapping[str, State], now: datetime) -> list[tuple[Run, str]]:
    """Return runs that are due but wait for a step that is not there, with the step."""
    found = []
    for run in outage.runs:
        if states[run.id].state == "pending" and run.start <= now and not run.after:
            missing = [need for need in run.needs if states[need].state not in ("active", "done")]
            if missing:
                found.append((run, missing[0]))
    return found


def outcome(outage: Outage, states: Mapping[str, State], *, reverting: bool = False) -> str:
    """Return the state of the whole outage that its runs add up to; one that is taken back is closing until it is."""
    found: Sequence[str] = [states[run.id].state for run in outage.runs]
    if all(state in ENDED for state in found):
        if "done" in found:
            return "closed"
        return "missed" if "missed" in found else "cancelled"
    if any(state in ("closing", "done") for state in found) and not any(
        state in ("pending", "opening", "active", "waiting")
        for run, state in zip(outage.runs, found, strict=True)
        if not run.after
    ):
        return "closing"
    if all(state == "pending" for state in found):
        return "registered"
    return "closing" if reverting else "open"
