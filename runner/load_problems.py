"""What schemas and times object to in the plain values of a playbook, with the path of each place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from runner import windows
from runner.model import Json
from runner.playbook_runs import merged
from runner.schema import Validators, problems, validator
from runner.schema_faults import Problem, Where
from runner.schema_words import shown
from runner.spi import KindSpec

Capabilities: TypeAlias = Mapping[str, Mapping[str, KindSpec]]

WHEN_TOLD: Final = "when-told"
STAND_INS: Final[Mapping[Where, Json]] = {  # lets the rest of a file be checked although these are broken
    ("apiVersion",): "runner/v1",
    ("kind",): "Playbook",
    ("metadata",): {"name": "unnamed"},
    ("metadata", "name"): "unnamed",
    ("spec", "outage"): "partial",
    ("spec", "timezone"): "UTC",
    ("spec", "windows"): [],
    ("spec", "steps"): [],
}
_ESSENTIAL: Final = frozenset(("id", "uses", "target", "with", "per_target", "from", "until"))


class Finder:
    """Finds what is wrong with the plain values of a playbook."""

    def __init__(self, capabilities: Capabilities, validators: Validators) -> None:
        self._capabilities = capabilities
        self._validators = validators

    def problems(self, document: Json) -> list[Problem]:
        """Return everything that schemas and times object to."""
        if isinstance(document, Mapping) and document.get("kind") == "Config":
            hint = "name a playbook here; `--config FILE` names a configuration"
            return [Problem("SC004", ("kind",), "this is a configuration, not a playbook", hint)]
        found = problems(validator("playbook.v1"), document)
        spec = _fields(_fields(document).get("spec"))
        bad = {problem.path for problem in found}
        found += [problem for problem in _window_problems(spec) if problem.path not in bad]
        steps = spec.get("steps")
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            if isinstance(step, Mapping):
                found += self._step_problems(step, ("spec", "steps", index))
        return found

    def _step_problems(self, step: Mapping[str, Any], base: Where) -> Iterator[Problem]:
        targets = _names(step.get("target"))
        extras = _fields(step.get("per_target"))
        yield from self._with_problems(step, targets, extras, base)
        follow_ups = step.get("restore")
        for number, follow_up in enumerate(follow_ups if isinstance(follow_ups, list) else ()):
            if isinstance(follow_up, Mapping):
                own = _names(follow_up.get("target")) or targets
                yield from self._with_problems(follow_up, own, {}, (*base, "restore", number))

    def _with_problems(
        self, step: Mapping[str, Any], targets: Sequence[str], extras: Mapping[str, Any], base: Where
    ) -> Iterator[Problem]:
        """Yield what the kinds object to in `with`, each schema and each objection once."""
        with_ = step.get("with", {})
        kind = step.get("uses")
        if not isinstance(with_, Mapping) or not isinstance(kind, str):
            return
        done = set()
        told = set()
        for target in targets:
            spec = self._capabilities.get(target, {}).get(kind)
            if spec is None:
                continue
            check = self._validators.of(spec.schema)
            extra = _fields(extras.get(target))
            if not extra and id(check) in done:
                continue
            if not extra:
                done.add(id(check))
            for problem in problems(check, merged(with_, extra), (*base, "with")):
                placed = _placed(problem, extra, (*base, "per_target", target), len(base) + 1)
                if (placed.path, placed.message) not in told:
                    told.add((placed.path, placed.message))
                    yield placed


def _placed(problem: Problem, extra: Mapping[str, Any], base: Where, depth: int) -> Problem:
    """Return a problem of `with` where its field was written: in `per_target`, if it is one of `extra`."""
    inside = problem.path[depth:]
    if inside and inside[0] in extra:
        return replace(problem, path=(*base, *inside))
    return problem


def _window_problems(spec: Mapping[str, Any]) -> Iterator[Problem]:
    windows_ = spec.get("windows")
    for index, window in enumerate(windows_ if isinstance(windows_, list) else ()):
        base: Where = ("spec", "windows", index)
        told = _fields(window).get("end") == WHEN_TOLD
        for name in ("start", "end", "latest"):
            text = _fields(window).get(name)
            if isinstance(text, str) and not (told and name == "end") and windows.parse_time(text) is None:
                yield Problem("LD001", (*base, name), f"{shown(text)} is no time", "write it like 2026-12-11 11:30")
        if told and "latest" not in window:
            hint = "add `latest:`, the time at which the outage ends if nobody says anything"
            yield Problem("LD002", (*base, "end"), "`end: when-told` needs `latest`", hint)
        if not told and "latest" in _fields(window):
            hint = "delete it, or write `end: when-told`"
            yield Problem("LD003", (*base, "latest"), "`latest` stands without `end: when-told`", hint, True)


def _fields(value: Json) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _names(value: Json) -> tuple[str, ...]:
    """Return a name, or a list of names, as a tuple; what is no name is left out."""
    listed = value if isinstance(value, list) else [value]
    return tuple(name for name in listed if isinstance(name, str))


def widen(path: Where) -> Where:
    """A step with a mistake in what it does goes as a whole, as do a follow-up and a window."""
    if path[:2] == ("spec", "steps") and len(path) > 3 and path[3] in _ESSENTIAL:
        return path[:3]
    if path[:2] == ("spec", "steps") and len(path) > 5 and path[3] == "restore":
        return path[:5]
    return path[:3] if path[:2] == ("spec", "windows") else path


def is_empty_list(problem: Problem) -> bool:
    """Whether `problem` is that no window or no step is left; the rest of the file can do without."""
    return problem.code == "SC006" and problem.path in (("spec", "windows"), ("spec", "steps"))


def needs_of_lost_steps(written: Json, left: Json) -> list[Problem]:
    """Return the places in `left` that need a step of `written` that `left` does not hold any more."""
    kept = {step["id"] for step in left["spec"]["steps"]}
    steps = _fields(_fields(written).get("spec")).get("steps")
    ids = (_fields(step).get("id") for step in (steps if isinstance(steps, list) else ()))
    lost = {name for name in ids if isinstance(name, str)} - kept
    found = []
    for index, step in enumerate(left["spec"]["steps"] if lost else ()):
        base: Where = ("spec", "steps", index, "needs")
        needs = step.get("needs", ())
        if isinstance(needs, str):
            places = [base] if needs in lost else []
        else:
            places = [(*base, number) for number, name in enumerate(needs) if name in lost]
        found += [Problem("", path, "") for path in places]
    return found
