"""The texts of one outage: templates rendered per locale, text files put in place. Pure.

A text that comes out the same in every locale stays one text; one that does not becomes a map locale -> text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from runner import template
from runner.model import Json
from runner.playbook import Playbook
from runner.playbook_runs import FILE_SUFFIX

RESERVED: Final = ("vars", "window", "outage", "locale")


def text_paths(path: Json, locales: tuple[str, ...]) -> dict[str, str]:
    """Return locale -> path of the files that a ``<field>_file`` names; the key is empty for a path of all locales.

    `path` is the value as written: a path, with or without ``{locale}``, or a map locale -> path.
    """
    if isinstance(path, Mapping):
        return {str(locale): str(each).replace("{locale}", str(locale)) for locale, each in path.items()}
    if "{locale}" not in str(path):
        return {"": str(path)}
    return {locale: str(path).replace("{locale}", locale) for locale in locales}


class Renderer:
    """Renders the strings of one window of a playbook; each distinct text once per locale."""

    def __init__(
        self, playbook: Playbook, start: datetime, end: datetime, where: ZoneInfo, language: str = "en"
    ) -> None:
        self.playbook = playbook
        self.locales = playbook.locales or (language,)
        self._window = {"start": start.astimezone(where), "end": end.astimezone(where)}
        self._variables: dict[str, dict[str, Any]] = {}
        self._done: dict[tuple[str, str], str] = {}

    def variables(self, locale: str) -> Mapping[str, Any]:
        """Return what templates see in `locale`. Raises `TemplateError` for a broken variable."""
        if locale not in self._variables:
            known = self.builtins(locale)
            template.weigh(self.playbook.vars)
            for name, value in self.playbook.vars.items():
                self.define(known, name, self.fill(value, known))
            template.weigh(known["vars"])
            self._variables[locale] = known
        return self._variables[locale]

    def builtins(self, locale: str) -> dict[str, Any]:
        """Return the variables that every playbook has, with no `vars` yet."""
        about = {"title": self.playbook.title, "name": self.playbook.name}
        return {"vars": {}, "window": self._window, "outage": about, "locale": locale}

    @staticmethod
    def define(known: dict[str, Any], name: str, value: Any) -> None:
        """Add one variable, as ``vars.name`` and as ``name`` unless that means something else."""
        known["vars"][name] = value
        if name not in RESERVED:
            known[name] = value

    def fill(self, value: Any, known: Mapping[str, Any]) -> Any:
        """Return the variable `value` with the variables above it filled in."""
        if isinstance(value, str):
            return template.render(value, known)
        if isinstance(value, Mapping):
            return {key: self.fill(each, known) for key, each in value.items()}
        return [self.fill(each, known) for each in value] if isinstance(value, list | tuple) else value

    def text(self, text: str, locale: str) -> str:
        """Return `text` in `locale`. Raises `TemplateError`."""
        if not template.is_template(text):
            return text
        if (text, locale) not in self._done:
            self._done[text, locale] = template.render(text, self.variables(locale))
        return self._done[text, locale]

    def texts(self, text: str) -> str | dict[str, str]:
        """Return `text` in every locale of the playbook: one text where they agree, else locale -> text."""
        if not template.is_template(text):
            return text
        rendered = {locale: self.text(text, locale) for locale in self.locales}
        first = rendered[self.locales[0]]
        return first if all(each == first for each in rendered.values()) else rendered

    def tree(self, value: Any) -> Any:
        """Return the value of a field with every template in it rendered; the same object when there is none."""
        if isinstance(value, str):
            return self.texts(value)
        if isinstance(value, Mapping):
            filled = {key: self._member(key, each) for key, each in value.items()}
            return filled if any(filled[key] is not value[key] for key in value) else value
        if isinstance(value, list | tuple):
            rendered = [self.tree(each) for each in value]
            return rendered if any(new is not old for new, old in zip(rendered, value, strict=True)) else value
        return value

    def _member(self, key: str, value: Any) -> Any:
        return self.text(value, key) if key in self.locales and isinstance(value, str) else self.tree(value)

    def fields(self, with_: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the `with` of a step as its kind sees it: texts rendered, ``x_file`` replaced by ``x``.

        Raises `TemplateError`, and `KeyError` with the path of a text file that the playbook does not hold.
        """
        ready: dict[str, Any] = {}
        changed = False
        for key, value in with_.items():
            if key.endswith(FILE_SUFFIX) and isinstance(value, str | Mapping):
                ready[key.removesuffix(FILE_SUFFIX)] = self.file(value)
                changed = True
            else:
                ready[key] = self.tree(value)
                changed = changed or ready[key] is not value
        return ready if changed else with_

    def file(self, path: Json) -> str | dict[str, str]:
        """Return the content of the text files at `path`, rendered: one text, or locale -> text."""
        paths = text_paths(path, self.locales)
        if "" in paths:
            return self.texts(self._content(paths[""]))
        return {locale: self.text(self._content(each), locale) for locale, each in paths.items()}

    def _content(self, path: str) -> str:
        return self.playbook.texts[path].removesuffix("\n")
