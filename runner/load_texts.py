"""The text files that a playbook names: found beside it, nowhere else, and read once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from runner.model import Json
from runner.playbook_runs import FILE_SUFFIX
from runner.playbook_texts import text_paths
from runner.schema_faults import Problem, Where
from runner.schema_words import shown
from runner.textfile import decode, read_bytes

TEXT_LIMIT: Final = 256 * 1024  # bytes of one text file
_PLACEHOLDER = re.compile(r"\{[^}]*\}?|\}")


def read_texts(document: Mapping[str, Json], folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """Return path as written (with the locale filled in) -> content of every text file that `document` names.

    Paths start at `folder` and may not leave it, not by a link either. A file that cannot be used is a problem, and its
    text is empty.
    """
    locales = tuple(document["spec"].get("locales", ()))
    files: dict[str, tuple[str, tuple[str, str, str]]] = {}
    found: list[Problem] = []
    for where, value in named_files(document):
        if (wrong := _wrong_name(value, locales)) is not None:
            found.append(Problem(wrong[0], where, wrong[1], wrong[2]))
            continue
        for name in text_paths(value, locales).values():
            if name not in files:
                files[name] = _read(name, folder)
            code, message, hint = files[name][1]
            if code:
                found.append(Problem(code, where, message, hint))
    return {name: text for name, (text, _) in files.items()}, found


def named_files(document: Mapping[str, Json]) -> Iterator[tuple[Where, Json]]:
    """Yield (path, value) of every ``<field>_file`` in a `with` of the document."""
    for index, step in enumerate(document["spec"]["steps"]):
        base: Where = ("spec", "steps", index)
        yield from _in_fields(step.get("with"), (*base, "with"))
        for target, extra in step.get("per_target", {}).items():
            yield from _in_fields(extra, (*base, "per_target", target))
        follow_ups = step.get("restore", ())
        if not isinstance(follow_ups, str):
            for number, follow_up in enumerate(follow_ups):
                yield from _in_fields(follow_up.get("with"), (*base, "restore", number, "with"))


def _in_fields(fields: Mapping[str, Any] | None, base: Where) -> Iterator[tuple[Where, Json]]:
    for key, value in (fields or {}).items():
        if key.endswith(FILE_SUFFIX) and isinstance(value, str | Mapping):
            yield (*base, key), value


def _wrong_name(value: Json, locales: tuple[str, ...]) -> tuple[str, str, str] | None:
    names = [str(name) for name in value.values()] if isinstance(value, Mapping) else [value]
    for name in names:
        if _leads_out(name):
            return _outside(name, "write a path below the playbook's folder, with `/`")
        for placeholder in _PLACEHOLDER.findall(name):
            if placeholder != "{locale}":
                return "LD008", f"{shown(placeholder)} in a file name is not filled in", "only `{locale}` is"
        if "{locale}" in name and not locales and not isinstance(value, Mapping):
            return "LD007", "`{locale}` needs `spec.locales`", "add `locales: [en, ...]` under `spec:`"
    return None


def _read(name: str, folder: Path) -> tuple[str, tuple[str, str, str]]:
    """Return (text, ("", "", "")) of one file, or an empty text and (code, message, hint)."""
    try:
        root = folder.resolve()
        path = (root / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        return "", ("LD004", f"the text file {shown(name)} cannot be found: {error}", "check its path")
    if not path.is_relative_to(root):
        return "", _outside(name, "it is a link that leads elsewhere: put the file itself there")
    raw, fault = read_bytes(path, TEXT_LIMIT)
    if fault is not None:
        code = "LD006" if fault.code == "YM002" else "LD004"
        return "", (code, f"the text file {shown(name)}: {fault.message}", "write the file, or correct its name")
    text, fault = decode(raw)
    if fault is not None:
        place = f"{name}:{fault.line}:{fault.column}"
        return "", ("LD006", f"the text file {shown(place)}: {fault.message}", fault.hint)
    return text.replace("\r\n", "\n"), ("", "", "")


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name).parts
    drive = len(name) > 1 and name[1] == ":"
    return not parts or name.startswith(("/", "~")) or ".." in parts or "\\" in name or drive or "\0" in name


def _outside(name: str, hint: str) -> tuple[str, str, str]:
    return "LD005", f"the text file {shown(name)} lies outside the playbook's folder", hint
