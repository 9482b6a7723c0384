"""runner.yaml: from the file to a `Config`, with every mistake found on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from runner import windows
from runner.config import Config, Freeze, Guards, Limit, Notification, StoreConfig
from runner.errors import Diagnostic, Mark
from runner.load_salvage import rest_of
from runner.model import Json
from runner.schema import problems, validator
from runner.schema_faults import Problem, Where
from runner.schema_words import shown
from runner.source import read_source
from runner.spi import Target

ABOUT: Final = ("overdue_steps", "overdue_restores", "failures")
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def load_config(path: Path, *, shown: str = "") -> tuple[Config | None, tuple[Diagnostic, ...]]:
    """Read runner.yaml. Relative paths in it start at its folder; `shown` is its name in diagnostics.

    What is broken is left out: only without a diagnostic of severity error is the configuration whole. It is None when
    nothing of it can be used.
    """
    name = shown or str(path)
    if not path.exists():
        hint = "`runner init` writes one; `--config FILE` names another"
        return None, (Diagnostic("CF001", "there is no configuration here", Mark(name), hint),)
    source, found = read_source(path, name)
    if source is None:
        return None, tuple(found)
    wrong = config_problems(source.data)
    found += [problem.diagnostic(source.mark, source.key_mark) for problem in wrong]
    rest = rest_of(source.data, wrong, config_problems, _widen, {})
    if rest is None:
        return None, tuple(found)
    return _config(rest.document, path), tuple(found)


def config_problems(document: Json) -> list[Problem]:
    """Return everything that is wrong with the plain values of a runner.yaml."""
    if isinstance(document, Mapping) and document.get("kind") == "Playbook":
        return [Problem("SC004", ("kind",), "this is a playbook, not a configuration", "name runner.yaml here")]
    found = problems(validator("runner.v1"), document)
    bad = {problem.path for problem in found}
    return found + [problem for problem in _sense(document) if problem.path not in bad]


def _sense(document: Json) -> Iterator[Problem]:
    """Yield what the schema cannot say: zones, times, words given twice. Skips what has the wrong shape."""
    for name, target in _fields(_fields(document).get("targets")).items():
        base: Where = ("targets", name)
        zone = _fields(target).get("zone")
        if isinstance(zone, str) and zone and (wrong := _zone_problem(zone, (*base, "zone"))):
            yield wrong
        if "pause" in _fields(target) and "pause" in _fields(_fields(target).get("words")):
            hint = "keep `pause:` and delete it under `words:`"
            yield Problem("CF006", (*base, "words", "pause"), "the word `pause` is given twice", hint, True)
    yield from _notified(_fields(document))
    freezes = _fields(_fields(document).get("guards")).get("freeze")
    for index, freeze in enumerate(freezes if isinstance(freezes, list) else ()):
        yield from _freeze_problems(_fields(freeze), ("guards", "freeze", index))


def _notified(document: Mapping[str, Any]) -> Iterator[Problem]:
    known, told = _fields(document.get("targets")), document.get("notifications")
    for index, each in enumerate(told if isinstance(told, list) else ()):
        name = _fields(each).get("target")
        if isinstance(name, str) and name not in known:
            near = get_close_matches(name, known, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else "add it under `targets`"
            yield Problem("CF007", ("notifications", index, "target"), f"unknown target {shown(name)}", hint)


def _fields(value: Json) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _zone_problem(name: str, where: Where) -> Problem | None:
    try:
        windows.zone(name)
    except windows.TimeError:
        near = windows.nearest_zones(name)
        hint = (
            f"did you mean {', '.join(near)}?"
            if near
            else "write the name of a place, such as America/Sao_Paulo, or UTC"
        )
        return Problem("CF003", where, f"unknown time zone {shown(name)}", hint)
    return None


def _freeze_problems(freeze: Mapping[str, Any], base: Where) -> Iterator[Problem]:
    zone = freeze.get("timezone")
    if isinstance(zone, str) and zone and (wrong := _zone_problem(zone, (*base, "timezone"))):
        yield wrong
        return
    times = {}
    for name in ("start", "end"):
        text = freeze.get(name)
        if not isinstance(text, str):
            return
        moment = windows.parse_time(text)
        if moment is None:
            yield Problem("CF004", (*base, name), f"{shown(text)} is no time", "write it like 2026-12-24 00:00-03:00")
        elif moment.tzinfo is None and not zone:
            hint = "add an offset, such as 00:00-03:00, or `timezone:` beside it"
            yield Problem("CF004", (*base, name), f"{shown(text)} has no time zone", hint)
        else:
            times[name] = _instant(text, zone, end=name == "end")
    if len(times) == 2 and times["end"] <= times["start"]:
        yield Problem("CF005", (*base, "end"), "the freeze ends before it starts", "give a later end")


def _instant(text: str, zone: str | None, *, end: bool) -> datetime:
    moment = windows.parse_time(text) or datetime.min.replace(tzinfo=UTC)
    return windows.to_instant(moment, windows.zone(zone or "UTC"), end=end)[0]


def _widen(path: Where) -> Where:
    """What goes with a broken part: the whole target with its provider, a whole notification, else the field alone."""
    if path[:1] == ("targets",):
        return path[:2] if path[2:3] == ("provider",) else path[:3]
    return path[:2] if path[:1] == ("notifications",) else path


def _config(document: Mapping[str, Any], path: Path) -> Config:
    folder = path.parent
    store = document.get("store", {})
    return Config(
        file=path,
        targets={name: _target(name, fields, folder) for name, fields in document["targets"].items()},
        store=StoreConfig(
            path=folder / store.get("path", ".runner/store.sqlite"),
            journal=folder / store.get("journal", "journal"),
            lease=_seconds(store.get("lease", "90s")),
            kept=store.get("kept", False),
        ),
        guards=_guards(document.get("guards", {})),
        required_locales=tuple(document.get("required_locales", ())),
        language=document.get("language", "en"),
        notifications=tuple(map(_notification, document.get("notifications", ()))),
        playbooks=tuple(document.get("playbooks", ("playbooks",))),
        presets=_presets(document.get("snooze", {})),
    )


def _presets(fields: Mapping[str, str]) -> windows.Presets:
    reads: Mapping[str, Callable[[str], Any]] = {
        "morning": time.fromisoformat,
        "later_today": lambda text: timedelta(seconds=_seconds(text)),
        "week_start": DAYS.index,
        "weekend": DAYS.index,
    }
    return replace(windows.USUAL, **{name: reads[name](text) for name, text in fields.items()})


def _notification(fields: Mapping[str, Any]) -> Notification:
    return Notification(
        target=fields["target"],
        about=frozenset(fields.get("about", ABOUT)),
        after=timedelta(seconds=_seconds(fields.get("after", "15m"))),
        repeat=timedelta(seconds=_seconds(fields["repeat"])) if "repeat" in fields else None,
        with_=fields.get("with", {}),
    )


def _seconds(text: str) -> float:
    return float(text[:-1]) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[text[-1]]


def _target(name: str, fields: Mapping[str, Any], folder: Path) -> Target:
    words = dict(fields.get("words", {}))
    if "pause" in fields:
        pause = fields["pause"]
        alone = isinstance(pause, Mapping) and pause.keys() == {"status"}
        words["pause"] = pause["status"] if alone else pause
    return Target(
        name=name,
        provider=fields["provider"],
        options=fields.get("options", {}),
        credentials=fields.get("credentials", {}),
        zone=fields.get("zone", "UTC"),
        words=words,
        locales=tuple(fields.get("locales", ())),
        reserve=float(fields.get("reserve", 0.3)),
        folder=str(folder),
    )


def _guards(fields: Mapping[str, Any]) -> Guards:
    return Guards(
        limits={
            kind: Limit(limit.get("objects"), limit.get("percent"), limit.get("floor", 10))
            for kind, limit in fields.get("limits", {}).items()
        },
        protected=tuple(fields.get("protected", ())),
        freezes=tuple(
            Freeze(
                _instant(freeze["start"], freeze.get("timezone"), end=False),
                _instant(freeze["end"], freeze.get("timezone"), end=True),
                freeze["reason"],
            )
            for freeze in fields.get("freeze", ())
        ),
        require_rehearsal="rehearsal" in fields.get("require", ()),
    )
