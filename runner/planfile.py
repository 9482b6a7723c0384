"""A plan as a passive value: what would change, why, and what would not. Rendering and applying live elsewhere.

An undo is another plan: `direction` is all that tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from runner.model import Slot, Value

PLAN_VERSION = 1


class Action(StrEnum):
    """What a plan does with one slot."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SEND = "send"  # an effect: cannot be taken back
    PERSON = "person"  # somebody has to do it by hand
    NOTHING = "nothing"  # already as wanted; `note` says why


@dataclass(frozen=True, slots=True)
class Item:
    """One slot of a plan. `name` is the object's display name.

    `irreversible` says, when not empty, what the restore cannot give back ("the vendor never gives back `new`").
    `conflict` says, when not empty, which other layer hides what is wanted, with its value.
    """

    slot: Slot
    name: str
    before: Value
    after: Value
    action: Action
    note: str = ""
    irreversible: str = ""
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that the plan looked at and leaves alone, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The part of a plan that belongs to one step on one target.

    `items` holds every slot of small runs; of a long ticket list a sample: `counts` has the whole numbers, by
    (path prefix, before, after) shown as text -> objects. `requests` and `seconds` are under the target's rate limit.
    """

    run: str
    kind: str
    target: str
    title: str
    direction: Literal["open", "close"]
    due: bool  # False: a forecast, carried out when its time comes
    start: datetime
    end: datetime | None
    items: tuple[Item, ...] = ()
    objects: int = 0
    changes: int = 0
    requests: int = 0
    seconds: float = 0.0
    counts: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    stays: str = ""
    menu: str = ""
    who: str = ""  # who carries it out, where people do
    warnings: tuple[str, ...] = ()  # of a step that opens, each makes the plan refused
    notes: tuple[str, ...] = ()  # good to know
    digest: str = ""  # of every live value and layer that it stands on; "" for selections, which may move


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. `fingerprint` maps each part that it depends on to a digest (see `fingerprint` in planner)."""

    outage: str
    title: str
    direction: Literal["open", "close"]
    at: datetime
    timezone: str
    start: datetime
    end: datetime
    runs: tuple[RunPlan, ...]
    warnings: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()  # guards that stand in the way, each with its figure and how to override
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    store: str = ""  # lineage of the store it was made against
    version: int = PLAN_VERSION

    @property
    def changes(self) -> int:
        """Slots that would be written now."""
        return sum(run.changes for run in self.runs if run.due)

    @property
    def requests(self) -> int:
        """Requests that the due steps need."""
        return sum(run.requests for run in self.runs if run.due)
