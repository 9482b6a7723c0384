"""What every check looks at: one playbook with its places, its windows as instants, and what its targets can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Final, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from runner import windows
from runner.catalogue_checks import SEMANTIC
from runner.config import Config
from runner.errors import Diagnostic, Mark
from runner.model import Merge
from runner.playbook import FollowUp, Playbook, Step
from runner.playbook_runs import follow_up_targets, merged
from runner.source import Source
from runner.spi import Context, KindSpec, Query, Target

Path: TypeAlias = tuple[str | int, ...]
Capabilities: TypeAlias = Mapping[str, Mapping[str, KindSpec]]

STEPS: Final[Path] = ("spec", "steps")
_NO_DETAIL: Final = frozenset({"name", "zone"})  # paths that are read along


class Placed(Protocol):
    """A playbook, and where in its file each value stands."""

    @property
    def playbook(self) -> Playbook:
        """The playbook."""

    @property
    def source(self) -> Source:
        """Its file."""

    def mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the value at `path`, or of its nearest parent that exists."""

    def key_mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the key whose value is at `path`; the value's place where there is no key."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One window as instants; `index` is its place in the file, `where` the zone of its local days."""

    index: int
    start: datetime
    end: datetime
    where: ZoneInfo


@dataclass(frozen=True, slots=True)
class Part:
    """One step or one of its follow-ups on one target. `path` is the place of its `with`.

    `with_` holds what the target's own `per_target` says over it; `targets` are all targets that share it.
    """

    index: int
    step: Step
    path: Path
    kind: str
    target: str
    with_: Mapping[str, Any]
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """One `with` (or the extras of one target) as written, and a target that carries it out."""

    path: Path
    kind: str
    target: str
    with_: Mapping[str, Any]


class Book:
    """One playbook under check."""

    def __init__(self, loaded: Placed, config: Config, capabilities: Capabilities) -> None:
        self.loaded = loaded
        self.config = config
        self.capabilities = capabilities
        self._times: dict[tuple[str, bool, int], tuple[datetime, str | None] | None] = {}

    @property
    def playbook(self) -> Playbook:
        """The playbook itself."""
        return self.loaded.playbook

    def found(self, code: str, path: Path, message: str, hint: str = "", *, key: bool = False) -> Diagnostic:
        """Return the diagnostic `code` at the value at `path`, or at its key."""
        mark = self.loaded.key_mark(path) if key else self.loaded.mark(path)
        return diagnostic(code, mark, message, hint)

    @cached_property
    def zone(self) -> ZoneInfo | None:
        """The zone of local times; None when it is unknown."""
        try:
            return windows.zone(self.playbook.timezone)
        except windows.TimeError:
            return None

    @cached_property
    def openings(self) -> tuple[Opening, ...]:
        """The windows that end after they start."""
        if self.zone is None:
            return ()
        found = []
        for index, window in enumerate(self.playbook.windows):
            closing = window.end if window.end is not None else window.latest
            if closing is not None:
                start = windows.to_instant(window.start, self.zone)[0]
                end = windows.to_instant(closing, self.zone, end=True)[0]
                if start < end:
                    found.append(Opening(index, start, end, self.zone))
        return tuple(found)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every step and follow-up on every one of its targets, in file order."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Part]:
        for index, step in enumerate(self.playbook.steps):
            here = (*STEPS, index)
            for target in step.targets:
                with_ = merged(step.with_, step.per_target.get(target, {}))
                yield Part(index, step, (*here, "with"), step.uses, target, with_)
            for number, follow_up in enumerate(step.restore):
                path = (*here, "restore", number, "with")
                for targets in follow_up_targets(step, follow_up).values():
                    for target in targets:
                        yield Part(index, step, path, follow_up.uses, target, follow_up.with_, follow_up)

    @cached_property
    def written(self) -> tuple[Fields, ...]:
        """Every `with` once, as written."""
        return tuple(self._written())

    def _written(self) -> Iterator[Fields]:
        for index, step in enumerate(self.playbook.steps):
            here = (*STEPS, index)
            yield Fields((*here, "with"), step.uses, step.targets[0] if step.targets else "", step.with_)
            for target, extra in step.per_target.items():
                yield Fields((*here, "per_target", target), step.uses, target, extra)
            for number, each in enumerate(step.restore):
                target = (each.targets or step.targets or ("",))[0]
                yield Fields((*here, "restore", number, "with"), each.uses, target, each.with_)

    def spec(self, target: str, kind: str) -> KindSpec | None:
        """Return what `target` can do with `kind`, None when it cannot or is unknown."""
        return self.capabilities.get(target, {}).get(kind)

    def time(self, text: str, opening: Opening, *, ends: bool) -> tuple[datetime, str | None] | None:
        """Return the instant of an expression in one window and its note, None when it cannot be understood."""
        key = (text, ends, opening.index)
        if key not in self._times:
            try:
                self._times[key] = windows.resolve(text, opening.start, opening.end, opening.where, ends=ends)
            except windows.TimeError:
                self._times[key] = None
        return self._times[key]

    def interval(self, step: Step, opening: Opening) -> tuple[datetime, datetime] | None:
        """Return when `step` is active in one window; None when its times are no times."""
        start = self.time(step.start, opening, ends=False)
        end = self.time(step.until, opening, ends=True)
        return (start[0], end[0]) if start and end else None

    def active(self, part: Part, opening: Opening) -> tuple[datetime, datetime | None] | None:
        """Return when a part is active in one window; a follow-up without `until` has no end."""
        interval = self.interval(part.step, opening)
        if interval is None or part.follow_up is None:
            return interval
        if not part.follow_up.until:
            return interval[1], None
        end = self.time(part.follow_up.until, opening, ends=True)
        return (interval[1], end[0]) if end else None

    def context(self, part: Part, opening: Opening, active: tuple[datetime, datetime | None]) -> Context:
        """Return what the functions of a kind may know of one part in one window."""
        return Context(
            outage=f"{self.playbook.name}/{opening.index}",
            step=part.step.id if part.follow_up is None else f"{part.step.id}/restore/{part.path[-2]}",
            target=self.config.targets.get(part.target, Target(part.target, "")),
            start=active[0],
            end=active[1],
            window=(opening.start, opening.end),
            timezone=self.playbook.timezone,
            language=self.config.language,
        )

    def query(self, part: Part, with_: Mapping[str, Any], context: Context) -> Query | None:
        """Return which objects a part touches; None when that cannot be said offline."""
        spec = self.spec(part.target, part.kind)
        if spec is None:
            return None
        try:
            return spec.query(with_, context)
        except Exception:  # a plugin's function met values that only the schema or the plan can judge
            return None

    def is_effect(self, part: Part) -> bool:
        """Return whether a part happens once and cannot be taken back."""
        spec = self.spec(part.target, part.kind)
        if spec is None or Merge.EFFECT not in spec.merges.values() or not self.openings:
            return False
        opening = self.openings[0]
        active = self.active(part, opening)
        query = self.query(part, part.with_, self.context(part, opening, active)) if active else None
        paths = [path for path in query.paths if path not in _NO_DETAIL] if query else []
        return bool(paths) and all(spec.merge(path) is Merge.EFFECT for path in paths)


def diagnostic(code: str, mark: Mark, message: str, hint: str = "") -> Diagnostic:
    """Return the diagnostic `code`, as severe as the catalogue says."""
    return Diagnostic(code, message, mark, hint, SEMANTIC[code].severity)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint with the name nearest to `name`, or with all names when there are few, or nothing."""
    names = sorted(known)
    if near := get_close_matches(name, names, n=1):
        return f"did you mean {near[0]}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def listed(names: Sequence[str]) -> str:
    """Return names as a phrase: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1] if names else "")))
