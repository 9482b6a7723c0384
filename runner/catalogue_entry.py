"""The shape of one entry of the catalogue of diagnostic codes."""

from __future__ import annotations

from dataclasses import dataclass

from runner.errors import Severity


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: `title` is a short phrase, `meaning` says what was found and why it matters, `fix` what to type."""

    title: str
    meaning: str
    fix: str
    severity: Severity = Severity.ERROR
