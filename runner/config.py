"""runner.yaml as frozen values: targets, store, guards, language, snooze presets, notifications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from runner.spi import Target
from runner.windows import USUAL, Presets


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `objects` objects and `percent` percent of the kind's objects on the target; the percentage only counts
    from `floor` objects up."""

    objects: int | None = None
    percent: float | None = None
    floor: int = 10


@dataclass(frozen=True, slots=True)
class Freeze:
    """No new change between two instants; a restore is never frozen."""

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Guards:
    """What stands between a plan and its apply. `limits` is keyed by kind, ``*`` for all others.

    `protected` holds object patterns ``target/kind/key-or-name`` with ``*`` wildcards.
    """

    limits: Mapping[str, Limit] = field(default_factory=dict)
    protected: tuple[str, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    require_rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where before-images live. `lease` is in seconds. `kept` says that a store inside a CI checkout is preserved."""

    path: Path
    journal: Path
    lease: float = 90.0
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Notification:
    """Whom to tell of what is late: `with_` is what the target's notice needs besides its text. `about` holds
    ``overdue_steps``, ``overdue_restores``, ``failures``; without `repeat` it is told once."""

    target: str
    about: frozenset[str]
    after: timedelta
    repeat: timedelta | None = None
    with_: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """A whole runner.yaml. `required_locales` are the locales that every announced text must have."""

    file: Path
    targets: Mapping[str, Target]
    store: StoreConfig
    guards: Guards
    required_locales: tuple[str, ...] = ()
    language: str = "en"
    notifications: tuple[Notification, ...] = ()
    playbooks: tuple[str, ...] = ("playbooks",)
    presets: Presets = USUAL
