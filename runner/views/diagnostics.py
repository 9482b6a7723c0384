"""Mistakes in files as text: for a terminal, as JSON, as annotations of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner.catalogue import CODES
from runner.errors import Diagnostic, Severity
from runner.model import Json
from runner.views.text import clean

VERSION = 1


def human(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return one line per diagnostic: ``file:line:col: error CODE message (hint)``."""
    return [clean(str(each)) for each in diagnostics]


def summary(diagnostics: Sequence[Diagnostic], files: int) -> str:
    """Return the last line of `runner validate`: how many files, errors and warnings, and where to read more."""
    errors = sum(each.severity is Severity.ERROR for each in diagnostics)
    warnings = len(diagnostics) - errors
    counted = ", ".join(
        [_count(files, "file"), _count(errors, "error"), *([_count(warnings, "warning")] if warnings else [])]
    )
    if not diagnostics:
        return f"{_count(files, 'file')}, no mistakes"
    return f"{counted}; `runner explain {diagnostics[0].code}` says more about a code"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def as_json(diagnostics: Iterable[Diagnostic]) -> Json:
    """Return ``{"version": 1, "errors": n, "warnings": n, "diagnostics": [...]}``; lines and columns count from 1."""
    rows = [
        {
            "code": each.code,
            "title": CODES[each.code].title if each.code in CODES else "",
            "severity": each.severity.value,
            "file": each.mark.file,
            "line": each.mark.line,
            "column": each.mark.column,
            "message": each.message,
            "hint": each.hint,
        }
        for each in diagnostics
    ]
    errors = sum(row["severity"] == Severity.ERROR for row in rows)
    return {"version": VERSION, "errors": errors, "warnings": len(rows) - errors, "diagnostics": rows}


def github(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return one workflow command per diagnostic, which GitHub shows beside the line of a pull request."""
    return [
        f"::{each.severity.value} file={_property(each.mark.file)},line={each.mark.line},col={each.mark.column},"
        f"title={_property(each.code)}::{_data(each.message + (f' ({each.hint})' if each.hint else ''))}"
        for each in diagnostics
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
