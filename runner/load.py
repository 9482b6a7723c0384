"""Playbooks and runner.yaml: from files to frozen values, with every mistake found on the way.

Nothing here raises for bad input: mistakes are diagnostics, collected and returned. What is broken is left out of the
value that is returned, so that the semantic checks can still look at the rest and everything is reported in one run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from os import walk
from pathlib import Path
from shlex import quote
from typing import Any, Final

from runner import windows
from runner.errors import Diagnostic, InvalidInput, Mark
from runner.load_config import load_config
from runner.load_problems import STAND_INS, WHEN_TOLD, Capabilities, Finder, is_empty_list, needs_of_lost_steps, widen
from runner.load_salvage import Rest, rest_of
from runner.load_texts import read_texts
from runner.model import Json
from runner.playbook import FollowUp, Playbook, Step, Window
from runner.schema import Validators
from runner.schema_faults import Problem
from runner.source import Source, read_source

__all__ = ["Capabilities", "Loaded", "find_playbooks", "is_plan", "load_config", "load_playbook", "thaw_playbook"]

_PLAN: Final = re.compile(rb'\s*\{\s*"kind"\s*:\s*"plan"')
_CONFIG_NAMES: Final = ("runner.yaml", "runner.yml")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A playbook and the places of its values.

    `complete` is False when parts of the file were broken and left out: such a playbook can be checked further, but it
    must not be planned. Indices in a path count the steps of `playbook`, not those of the file.
    """

    playbook: Playbook
    source: Source
    complete: bool = True
    rest: Rest = field(default_factory=lambda: Rest(None), repr=False)

    def mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the value at `path`, such as ``("spec", "steps", 3, "needs", 0)``.

        A path that does not exist gives the place of its nearest parent that does.
        """
        return self.source.mark(self.rest.original(path))

    def key_mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the key whose value is at `path`; the value's place where there is no key."""
        return self.source.key_mark(self.rest.original(path))


def find_playbooks(paths: Iterable[Path]) -> tuple[tuple[Path, ...], tuple[Diagnostic, ...]]:
    """Return the playbook files that `paths` (files or folders) name, and a diagnostic for each path without any.

    Of a folder, every ``*.yaml`` and ``*.yml`` below it counts, except runner.yaml, what lies in hidden folders, and
    what lies in folders below it that have a runner.yaml of their own.
    """
    files: list[Path] = []
    found = []
    for path in paths:
        below = sorted(_yaml_below(path)) if path.is_dir() else [path]
        files += below
        if not below:
            found.append(
                Diagnostic("LD009", "no playbook lies in this folder", Mark(str(path)), "`runner new` writes one")
            )
        elif not path.exists():
            found.append(Diagnostic("LD009", "this file does not exist", Mark(str(path)), "check the path"))
            files.pop()
    return tuple(dict.fromkeys(files)), tuple(found)


def _yaml_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and not _own(Path(root, name))]
        for name in names:
            if name.endswith((".yaml", ".yml")) and name not in _CONFIG_NAMES and not name.startswith("."):
                yield Path(root, name)


def _own(folder: Path) -> bool:
    return any((folder / name).is_file() for name in _CONFIG_NAMES)


def load_playbook(
    path: Path,
    capabilities: Capabilities | None = None,
    *,
    shown: str = "",
    validators: Validators | None = None,
) -> tuple[Loaded | None, tuple[Diagnostic, ...]]:
    """Read one playbook with its text files.

    `capabilities` (target name -> kind -> what it can do) lets the `with` of each step be checked against the schema
    of its kind; `validators` keeps what was compiled for that from one playbook to the next. `shown` is the file name
    in diagnostics, the path itself by default. The first result is None when the file is too broken to be looked at
    any further.
    """
    name = shown or str(path)
    source, found = read_source(path, name)
    if source is None:
        return None, (_saved_plan(path, name),) if is_plan(path) else tuple(found)
    finder = Finder(capabilities or {}, validators or Validators())
    wrong = finder.problems(source.data)
    found += [problem.diagnostic(source.mark, source.key_mark) for problem in wrong]

    def again(left: Json) -> Sequence[Problem]:
        found = [problem for problem in finder.problems(left) if not is_empty_list(problem)]
        return found or needs_of_lost_steps(source.data, left)

    hopeless = any(problem.code == "SC010" for problem in wrong)
    rest = None if hopeless else rest_of(source.data, wrong, again, widen, STAND_INS)
    if rest is None:
        return None, tuple(found)
    texts, missing = read_texts(rest.document, path.parent)
    loaded = Loaded(_playbook(rest.document, texts, name), source, not wrong and not missing, rest)
    found += [problem.diagnostic(loaded.mark, loaded.key_mark) for problem in missing]
    return loaded, tuple(found)


def is_plan(path: Path) -> bool:
    """Whether a file is a saved plan and not a playbook, by its first characters; a pipe or device is not opened."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return _PLAN.match(file.read(200)) is not None
    except (OSError, ValueError):
        return False


def _saved_plan(path: Path, name: str) -> Diagnostic:
    message = "this is a saved plan, not a playbook"
    return Diagnostic("LD010", message, Mark(name), f"`runner apply {quote(str(path))}` carries it out")


def thaw_playbook(document: Mapping[str, Json], texts: Mapping[str, str], *, file: str = "") -> Playbook:
    """Return the playbook whose `document` and `texts` were stored, without touching a file.

    Raises `InvalidInput` when the document is not a playbook.
    """
    try:
        return _playbook(document, texts, file)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            "the stored playbook cannot be read", hint="it was written by another version, or changed by hand"
        ) from error


def digest(document: Mapping[str, Json], texts: Mapping[str, str]) -> str:
    """Return the SHA-256, in hexadecimal, of a playbook's document and texts as canonical JSON."""
    whole = {"document": document, "texts": texts}
    return sha256(json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


# --- values ---------------------------------------------------------------------------------------------------------


def _playbook(document: Mapping[str, Any], texts: Mapping[str, str], file: str) -> Playbook:
    meta, spec = document["metadata"], document["spec"]
    return Playbook(
        name=meta["name"],
        title=meta.get("title", meta["name"]),
        owner=meta.get("owner", ""),
        outage=spec["outage"],
        timezone=spec["timezone"],
        priority=spec.get("priority", 0),
        windows=tuple(_window(window) for window in spec["windows"]),
        vars=spec.get("vars", {}),
        steps=tuple(_step(step) for step in spec["steps"]),
        locales=tuple(spec.get("locales", ())),
        file=file,
        document=document,
        texts=texts,
        digest=digest(document, texts),
    )


def _window(window: Mapping[str, str]) -> Window:
    told = window["end"] == WHEN_TOLD
    return Window(
        start=_time(window["start"]),
        end=None if told else _time(window["end"]),
        latest=_time(window["latest"]) if told else None,
    )


def _time(text: str) -> datetime:
    moment = windows.parse_time(text)
    if moment is None:
        raise ValueError(f"{text!r} is no time")
    return moment


def _step(step: Mapping[str, Any]) -> Step:
    targets = _listed(step["target"])
    restore = step.get("restore", ())
    keep = restore == "keep"
    return Step(
        id=step["id"],
        uses=step["uses"],
        targets=targets,
        with_=step.get("with", {}),
        per_target=step.get("per_target", {}),
        start=step.get("from", "start"),
        until=step.get("until", "end"),
        needs=_listed(step.get("needs", ())),
        keep=keep,
        restore=() if keep else tuple(_follow_up(follow_up) for follow_up in restore),
        on_error=step.get("on_error", "stop"),
        ready=step.get("ready", False),
        who=step.get("who", ""),
    )


def _follow_up(follow_up: Mapping[str, Any]) -> FollowUp:
    return FollowUp(
        uses=follow_up["uses"],
        targets=_listed(follow_up.get("target", ())),
        with_=follow_up.get("with", {}),
        until=follow_up.get("until", ""),
        when=follow_up.get("when", "ended"),
        who=follow_up.get("who", ""),
    )


def _listed(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
