"""Checks of text files and of the languages that texts come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from runner.checks.book import Book, Fields, Path, listed, nearest
from runner.errors import Diagnostic
from runner.playbook_runs import FILE_SUFFIX

LOCALES: Final[Path] = ("spec", "locales")


def text_files(book: Book) -> Iterator[Diagnostic]:
    """A text comes from the playbook or from a file, not from both."""
    for fields in book.written:
        for key, value in fields.with_.items():
            if not key.endswith(FILE_SUFFIX) or not isinstance(value, str | Mapping):
                continue
            path = (*fields.path, key)
            field = key.removesuffix(FILE_SUFFIX)
            if field in fields.with_:
                yield book.found("TX004", path, f"both {field} and {key} are given", "keep one of them", key=True)


def text_locales(book: Book) -> Iterator[Diagnostic]:
    """An announced text has every locale of the playbook, every required one, and no other."""
    wanted = book.playbook.locales
    required = book.config.required_locales
    announced = False
    for fields in book.written:
        spec = book.spec(fields.target, fields.kind)
        for key in spec.announces if spec else ():
            value = fields.with_.get(key)
            announced = announced or value is not None or key + FILE_SUFFIX in fields.with_
            path = (*fields.path, key)
            if isinstance(value, Mapping):
                yield from _texts_of(book, fields, path, value)
            elif isinstance(value, str) and len(required) > 1 and "{" not in value:
                message = f"{key} is one text for all of {listed(required)}"
                yield book.found("TX006", path, message, f"write `{key}: {{{required[0]}: ..., {required[1]}: ...}}`")
    missing = [locale for locale in required if locale not in wanted]
    if announced and wanted and missing:
        hint = "runner.yaml requires it (required_locales)"
        yield book.found("TX006", LOCALES, f"the playbook has no texts in {listed(missing)}", hint)


def _texts_of(book: Book, fields: Fields, path: Path, value: Mapping[str, object]) -> Iterator[Diagnostic]:
    wanted = book.playbook.locales or book.config.required_locales
    missing = [locale for locale in wanted if locale not in value]
    if missing:
        code = "TX005" if book.playbook.locales else "TX006"
        message = f"{path[-1]} has no text in {listed(missing)}"
        yield book.found(code, path, message, f"add `{missing[0]}: ...`")
    for locale in value:
        if book.playbook.locales and locale not in book.playbook.locales:
            message = f"{path[-1]} has a text in {locale}, which spec.locales does not list"
            hint = nearest(locale, book.playbook.locales)
            yield book.found("TX007", (*path, locale), message, hint, key=True)
    target = book.config.targets.get(fields.target)
    if target is not None and target.locales and not any(_speaks(value, locale) for locale in target.locales):
        message = f"{target.name} speaks {listed(target.locales)}, and {path[-1]} has none of them"
        yield book.found("TX008", path, message, f"add `{target.locales[0]}: ...`")


def _speaks(value: Mapping[str, object], locale: str) -> bool:
    language = locale.partition("-")[0]
    return any(each.partition("-")[0] == language for each in value)
