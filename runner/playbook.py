"""A playbook as frozen values: what changes, where, when. Nothing here reads a clock or a live system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from runner.model import Json


@dataclass(frozen=True, slots=True)
class Window:
    """One window as written: local wall times of `timezone`, or instants when the text carries an offset.

    `end` is None for ``end: when-told``; then `latest` says when the outage ends at the latest.
    """

    start: datetime
    end: datetime | None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What to post or send when the outage ends; runs only if its step was confirmed."""

    uses: str
    targets: tuple[str, ...]
    with_: Mapping[str, Any]
    until: str = ""
    when: Literal["ended", "cancelled"] = "ended"
    who: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as written, before templates are rendered and times are resolved. `who` carries it out, where people
    do."""

    id: str
    uses: str
    targets: tuple[str, ...]
    with_: Mapping[str, Any]
    per_target: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    start: str = "start"
    until: str = "end"
    needs: tuple[str, ...] = ()
    keep: bool = False
    restore: tuple[FollowUp, ...] = ()
    on_error: Literal["stop", "continue"] = "stop"
    ready: bool = False
    who: str = ""


@dataclass(frozen=True, slots=True)
class Playbook:
    """A whole playbook. `document` is the plain JSON of the file, `texts` the content of every text file it names
    (path as written, `{locale}` filled in -> content): together they are all that a later revert needs.
    `digest` is the sha-256 of their canonical JSON. `run_ids` maps step and target to the id of a run that an open
    outage knows from an earlier version of the playbook, where it is not the id that the file alone would give."""

    name: str
    title: str
    owner: str
    outage: Literal["full", "partial"]
    timezone: str
    priority: int
    windows: tuple[Window, ...]
    vars: Mapping[str, Any]
    steps: tuple[Step, ...]
    locales: tuple[str, ...]
    file: str
    document: Mapping[str, Json]
    texts: Mapping[str, str]
    digest: str
    run_ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One step on one target in one window, with templates rendered and times as UTC instants.

    `id` is the step's id, or ``step@target`` where the step names several targets, and stays what it is when an open
    outage is amended (`playbook_runs.amending`); a follow-up is
    ``<run id>/restore/<n>`` and has `after` set to the run it follows. `end` is None for a follow-up that stays.
    """

    id: str
    step: str
    order: int
    kind: str
    target: str
    with_: Mapping[str, Any]
    start: datetime
    end: datetime | None
    needs: tuple[str, ...] = ()
    keep: bool = False
    on_error: Literal["stop", "continue"] = "stop"
    ready: bool = False
    after: str = ""
    when: Literal["ended", "cancelled"] = "ended"
    who: str = ""


@dataclass(frozen=True, slots=True)
class Outage:
    """One window of one playbook, ready to run. `id` is ``name@2026-12-11T11:30`` (local start of the window)."""

    id: str
    playbook: Playbook
    start: datetime
    end: datetime
    when_told: bool
    runs: tuple[Run, ...]
