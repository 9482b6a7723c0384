"""From a playbook to outages: steps times targets become runs, with times as instants and texts rendered. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from runner import windows
from runner.config import Config
from runner.errors import InvalidInput
from runner.playbook import Outage, Playbook, Run, Step, Window
from runner.playbook_runs import follow_up_targets, merged, run_ids
from runner.playbook_texts import Renderer
from runner.template import TemplateError


def outages(playbook: Playbook, config: Config) -> list[Outage]:
    """Return one outage per window, in the order of the file. Raises `InvalidInput`."""
    return [expand(playbook, config, window=index) for index in range(len(playbook.windows))]


def outage_id(playbook: Playbook, window: int | None = None, *, start: datetime | None = None) -> str:
    """Return the id of the outage of one window (index), or of one opened at the instant `start`.

    ``name@2026-12-11T11:30``: the local start in the playbook's zone, to the minute. Raises `InvalidInput`.
    """
    where = _zone(playbook)
    if start is None:
        start = windows.to_instant(_window(playbook, window).start, where)[0]
    return f"{playbook.name}@{start.astimezone(where):%Y-%m-%dT%H:%M}"


def expand(
    playbook: Playbook,
    config: Config,
    *,
    window: int | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Outage:
    """Return one outage of `playbook`, ready to run.

    `window` is an index; without one, the only window, or no window at all when `start` and `end` (instants) are both
    given. `start` and `end` replace the window's own: an extended outage has a later end and keeps its id; one opened
    by hand has its own start and is named after it. A step whose times contradict each other in such a window is active
    at no time (its end is its start). Runs stand in file order, follow-ups right after the run that they follow.
    Raises `InvalidInput` for everything that the checks would have reported.
    """
    where = _zone(playbook)
    if window is None and start is not None and end is not None:
        opens, closes, told = start.astimezone(UTC), end.astimezone(UTC), False
    else:
        written = _window(playbook, window)
        opens = start.astimezone(UTC) if start else windows.to_instant(written.start, where)[0]
        closes = end.astimezone(UTC) if end else _closing(playbook, written, where)
        told = written.end is None
    if closes <= opens:
        raise InvalidInput(f"{playbook.name}: the outage ends before it starts", hint="give a later end")
    renderer = Renderer(playbook, opens, closes, where, config.language)
    maker = _Maker(playbook, opens, closes, where, renderer, config.presets)
    runs = tuple(maker.runs())
    return Outage(outage_id(playbook, start=opens), playbook, opens, closes, told, runs)


@dataclass(slots=True)
class _Maker:
    """Makes the runs of one outage."""

    playbook: Playbook
    start: datetime
    end: datetime
    where: ZoneInfo
    renderer: Renderer
    presets: windows.Presets
    order: int = 0
    _times: dict[tuple[str, bool], datetime] = field(default_factory=dict)

    def runs(self) -> Iterator[Run]:
        ids = {step.id: run_ids(step, self.playbook.run_ids.get(step.id, {})) for step in self.playbook.steps}
        for step in self.playbook.steps:
            needs = tuple(run for need in step.needs for run in ids.get(need, ()))
            start = self._time(step, step.start, ends=False)
            until = max(start, self._time(step, step.until, ends=True))
            for run, target in zip(ids[step.id], step.targets, strict=True):
                with_ = self._fields(step, merged(step.with_, step.per_target.get(target, {})))
                with_, due = self._snoozed(step, step.uses, start, with_)
                end = min(until, due or until)
                yield Run(
                    id=run,
                    step=step.id,
                    order=self._next(),
                    kind=step.uses,
                    target=target,
                    with_=with_,
                    start=start,
                    end=end,
                    needs=needs,
                    keep=step.keep,
                    on_error=step.on_error,
                    ready=step.ready,
                    who=step.who,
                )
                yield from self._follow_ups(step, run, target, end)

    def _follow_ups(self, step: Step, after: str, target: str, start: datetime) -> Iterator[Run]:
        number = 0
        for follow_up in step.restore:
            end = max(start, self._time(step, follow_up.until, ends=True)) if follow_up.until else None
            for where in follow_up_targets(step, follow_up).get(target, ()):
                number += 1
                with_, due = self._snoozed(step, follow_up.uses, start, self._fields(step, follow_up.with_))
                yield Run(
                    id=f"{after}/restore/{number}",
                    step=step.id,
                    order=self._next(),
                    kind=follow_up.uses,
                    target=where,
                    with_=with_,
                    start=start,
                    end=min(filter(None, (end, due)), default=None),
                    on_error=step.on_error,
                    after=after,
                    when=follow_up.when,
                    who=follow_up.who or step.who,
                )

    def _next(self) -> int:
        self.order += 1
        return self.order - 1

    def _time(self, step: Step, text: str, *, ends: bool) -> datetime:
        key = (text, ends)
        if key not in self._times:
            try:
                self._times[key] = windows.resolve(text, self.start, self.end, self.where, ends=ends)[0]
            except windows.TimeError as error:
                raise InvalidInput(f"step {step.id}: {error}", code="WN007") from error
        return self._times[key]

    def _snoozed(
        self, step: Step, kind: str, start: datetime, with_: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], datetime | None]:
        """Return the fields of a snooze with `until` as a time, and that time: it ends the snooze, whatever goes on
        longer, because not every target wakes its tickets. Other kinds stay as they are."""
        until = with_.get("until")
        if kind != "snooze" or not isinstance(until, str):
            return with_, None
        try:
            due = windows.snooze_due(until, start, (self.start, self.end), self.where, self.presets)
        except windows.TimeError as error:
            raise InvalidInput(f"step {step.id}: snooze until: {error}", code="WN007") from error
        return {**with_, "until": due.astimezone(self.where).isoformat()}, max(start, due)

    def _fields(self, step: Step, with_: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self.renderer.fields(with_)
        except TemplateError as error:
            raise InvalidInput(f"step {step.id}: {error.message}", code="TX001") from error
        except KeyError as error:
            raise InvalidInput(f"step {step.id}: the text file {error.args[0]} is missing", code="LD004") from error


def _zone(playbook: Playbook) -> ZoneInfo:
    try:
        return windows.zone(playbook.timezone)
    except windows.TimeError as error:
        raise InvalidInput(f"{playbook.name}: {error}", hint="set spec.timezone", code="WN001") from error


def _window(playbook: Playbook, index: int | None) -> Window:
    if index is None and len(playbook.windows) != 1:
        raise InvalidInput(f"{playbook.name} has {len(playbook.windows)} windows", hint="say which one is meant")
    try:
        return playbook.windows[index or 0]
    except IndexError as error:
        raise InvalidInput(f"{playbook.name} has no window {(index or 0) + 1}") from error


def _closing(playbook: Playbook, window: Window, where: ZoneInfo) -> datetime:
    end = window.end if window.end is not None else window.latest
    if end is None:
        hint = "add `latest:` beside `end: when-told`"
        raise InvalidInput(f"{playbook.name}: nobody says when the outage ends at the latest", hint=hint, code="LD002")
    return windows.to_instant(end, where, end=True)[0]
