"""Checks of runner.yaml's guards, and of playbooks against them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from runner.checks.book import Book, Capabilities, Part, Path, diagnostic, nearest
from runner.config import Config
from runner.errors import Diagnostic, Mark
from runner.windows import to_instant


def guards(config: Config, capabilities: Capabilities) -> Iterator[Diagnostic]:
    """Guards name kinds and targets that exist; otherwise they protect nothing."""
    here = Mark(str(config.file))
    kinds = sorted({kind for offered in capabilities.values() for kind in offered})
    for kind in config.guards.limits:
        if kinds and kind != "*" and kind not in kinds:
            message = f"guards.limits names {kind}, which no target offers"
            yield diagnostic("GR001", here, message, nearest(kind, kinds))
    for pattern in config.guards.protected:
        target, kind, key = (*pattern.split("/", 2), "", "")[:3]
        if not key:
            yield diagnostic("GR002", here, f"guards.protected: {pattern} names no object", "write target/kind/name")
        elif not any(fnmatchcase(name, target) for name in config.targets):
            yield diagnostic(
                "GR002", here, f"guards.protected: {pattern} names no target", nearest(target, config.targets)
            )
        elif kinds and not any(fnmatchcase(name, kind) for name in kinds):
            yield diagnostic("GR002", here, f"guards.protected: {pattern} names no kind", nearest(kind, kinds))


def freezes(book: Book) -> Iterator[Diagnostic]:
    """No step starts in a freeze."""
    if book.zone is None:
        return
    for freeze in book.config.guards.freezes:
        first, last = to_instant(freeze.start, book.zone)[0], to_instant(freeze.end, book.zone, end=True)[0]
        for opening in book.openings:
            path = _starting(book, opening.index, first, last)
            if path is not None:
                reason = f": {freeze.reason}" if freeze.reason else ""
                message = f"this starts in a freeze of runner.yaml{reason}"
                until = f"{last.astimezone(book.zone):%Y-%m-%d %H:%M}"
                yield book.found("GR003", path, message, f"apply is refused until {until}")


def _starting(book: Book, index: int, first: datetime, last: datetime) -> Path | None:
    opening = next(each for each in book.openings if each.index == index)
    if first <= opening.start < last:
        return ("spec", "windows", index, "start")
    for number, step in enumerate(book.playbook.steps):
        start = book.time(step.start, opening, ends=False)
        if start and first <= start[0] < last:
            return ("spec", "steps", number, "from")
    return None


def protected(book: Book) -> Iterator[Diagnostic]:
    """No step touches an object that runner.yaml protects."""
    patterns = book.config.guards.protected
    if not patterns or not book.openings:
        return
    opening = book.openings[0]
    for part in book.parts:
        for name, pattern in _protected(book, part, opening.index, patterns):
            message = f"runner.yaml protects {name} ({pattern})"
            yield book.found("GR004", part.path, message, "choose another object, or have the guard changed")


def _protected(book: Book, part: Part, index: int, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    opening = next(each for each in book.openings if each.index == index)
    mine = [each for each in patterns if _may_match(each, part)]
    active = book.active(part, opening) if mine else None
    query = book.query(part, part.with_, book.context(part, opening, active)) if active else None
    for name in (*query.ids, *query.names) if query else ():
        for pattern in mine:
            if fnmatchcase(f"{part.target}/{part.kind}/{name}", pattern):
                yield name, pattern


def _may_match(pattern: str, part: Part) -> bool:
    target, kind, _ = (*pattern.split("/", 2), "", "")[:3]
    return fnmatchcase(part.target, target) and fnmatchcase(part.kind, kind)
