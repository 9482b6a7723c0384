"""Checks of templates and variables. Each distinct template is rendered once per locale."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runner import template
from runner.checks.book import Book, Opening, Path, diagnostic
from runner.checks.places import in_text_file, in_value
from runner.errors import Diagnostic
from runner.playbook_runs import FILE_SUFFIX
from runner.playbook_texts import RESERVED, Renderer, text_paths
from runner.template import TemplateError

VARS: Final[Path] = ("spec", "vars")
_CODES: Final = {"syntax": "TX001", "undefined": "TX002", "limit": "TX003", "failed": "TX003"}
_HINTS: Final = {
    "TX001": "templates know {{ value }}, {{ value | filter }}, {% if %} and {% for %}",
    "TX002": "templates see vars, window.start, window.end, outage.title, outage.name and locale",
    "TX003": "",
}
_MARKUP: Final = re.compile(r"\{[{%](.*?)[}%]\}", re.DOTALL)
_WORD: Final = re.compile(r"\w+")


def templates(book: Book) -> Iterator[Diagnostic]:
    """Every template can be rendered in every locale that it is used in; a varying text stands where one may."""
    if not book.openings:
        return
    texts = _Texts(book, book.openings[0])
    yield from texts.variables()
    if texts.too_large:
        return
    for fields in book.written:
        spec = book.spec(fields.target, fields.kind)
        for key, value in fields.with_.items():
            path = (*fields.path, key)
            if key.endswith(FILE_SUFFIX):
                yield from texts.files(value)
                continue
            yield from texts.value(path, value)
            one_only = spec is not None and key not in spec.announces
            if one_only and isinstance(value, str) and texts.varies(value):
                message = f"{key} takes one text, and this one differs by locale"
                yield book.found("TX011", path, message, "leave out locale, and date and datetime without a language")


class _Texts:
    """Renders the texts of one playbook in its first window and remembers what came of it."""

    def __init__(self, book: Book, opening: Opening) -> None:
        self.book = book
        self.too_large = False
        language = book.config.language
        self.renderer = Renderer(book.playbook, opening.start, opening.end, opening.where, language)
        self.known = {locale: self.renderer.builtins(locale) for locale in self.renderer.locales}
        self._results: dict[tuple[str, str], str | TemplateError] = {}
        self._told: set[tuple[str, str]] = set()

    def variables(self) -> Iterator[Diagnostic]:
        """Define the variables in file order; one that is broken is told, and empty from then on."""
        yield from self._weighed(self.book.playbook.vars)
        if self.too_large:
            return
        for name, value in self.book.playbook.vars.items():
            path = (*VARS, name)
            if name in RESERVED:
                message = f"{name} already means something in templates"
                yield self.book.found("TX010", path, message, f"rename it, such as {name}_text", key=True)
                continue
            found: list[Diagnostic] = []
            for locale, known in self.known.items():
                self.renderer.define(known, name, self._variable(path, value, locale, found))
            yield from found
        for known in self.known.values():
            yield from self._weighed(known["vars"])

    def _weighed(self, values: Any) -> Iterator[Diagnostic]:
        try:
            template.weigh(values)
        except TemplateError as error:
            self.too_large = True
            yield self.book.found("TX003", VARS, error.message, "keep long texts in text files")

    def _variable(self, path: Path, value: Any, locale: str, found: list[Diagnostic]) -> Any:
        if isinstance(value, str):
            try:
                return template.render(value, self.known[locale])
            except TemplateError as error:
                if not found:
                    mark = in_value(self.book, path, value, error)
                    hint = "a variable sees those above it" if error.what == "undefined" else ""
                    found.append(_broken(error, mark, hint))
                return ""
        if isinstance(value, Mapping):
            return {key: self._variable((*path, key), each, locale, found) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._variable((*path, index), each, locale, found) for index, each in enumerate(value)]
        return value

    def value(self, path: Path, value: Any, locale: str = "") -> Iterator[Diagnostic]:
        """Check every template in a value; `locale` is given where the value is the text of one locale."""
        if isinstance(value, str):
            if template.is_template(value) and (error := self._error(value, locale)):
                yield _broken(error, in_value(self.book, path, value, error))
        elif isinstance(value, Mapping):
            for key, each in value.items():
                yield from self.value((*path, key), each, key if key in self.known else "")
        elif isinstance(value, list | tuple):
            for index, each in enumerate(value):
                yield from self.value((*path, index), each)

    def files(self, value: Any) -> Iterator[Diagnostic]:
        """Check the text files that a ``<field>_file`` names."""
        for locale, path in text_paths(value, self.renderer.locales).items():
            text = self.book.playbook.texts.get(path, "")
            if template.is_template(text) and (error := self._error(text, locale)):
                yield _broken(error, in_text_file(self.book, path, text, error))

    def varies(self, text: str) -> bool:
        """Return whether `text` comes out differently in the locales of the playbook."""
        if not template.is_template(text) or len(self.known) == 1:
            return False
        return len({self._results.get((text, locale), "") for locale in self.known}) > 1

    def _error(self, text: str, locale: str) -> TemplateError | None:
        """Return what is wrong with `text`, once; without a locale it is rendered in all of them."""
        if (text, locale) in self._told:
            return None
        self._told.add((text, locale))
        for each in (locale,) if locale in self.known else self.known:
            result = self._rendered(text, each)
            if isinstance(result, TemplateError):
                return result
        return None

    def _rendered(self, text: str, locale: str) -> str | TemplateError:
        key = (text, locale)
        if key not in self._results:
            try:
                self._results[key] = template.render(text, self.known[locale])
            except TemplateError as error:
                self._results[key] = error
        return self._results[key]


def _broken(error: TemplateError, mark: Any, hint: str = "") -> Diagnostic:
    code = _CODES[error.what]
    return diagnostic(code, mark, error.message, hint or _HINTS[code])


def unused_variables(book: Book) -> Iterator[Diagnostic]:
    """Every variable is used somewhere."""
    if not book.playbook.vars:
        return
    used: set[str] = set()
    stack: list[Any] = [book.playbook.vars, *book.playbook.texts.values()]
    stack.extend(fields.with_ for fields in book.written)
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            if template.is_template(value):
                used.update(word for markup in _MARKUP.findall(value) for word in _WORD.findall(markup))
        elif isinstance(value, Mapping):
            stack.extend(value.values())
        elif isinstance(value, list | tuple):
            stack.extend(value)
    for name in book.playbook.vars:
        if name not in used and name not in RESERVED:
            yield book.found("TX009", (*VARS, name), f"the variable {name} is not used", "delete it", key=True)
