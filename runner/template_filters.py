"""The filters of templates, and the count of work that keeps every rendering small."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from inspect import Parameter, signature
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from runner.template_dates import show_date, show_datetime, show_time

MAX_TEXT: Final = 256 * 1024  # characters of one value or one result
MAX_NUMBER: Final = 10**15
WORK: Final = "_work"


class TooMuch(Exception):
    """A limit was reached."""


@dataclass(slots=True)
class Work:
    """What one rendering may still do, in characters handled. A round of a loop costs the whole template's source."""

    left: int
    round: int

    def spend(self, characters: int) -> None:
        """Take `characters` off; raises `TooMuch` when nothing is left."""
        self.left -= characters
        if self.left < 0:
            raise TooMuch("the template loops too often or handles too much text")


def is_number(value: Any) -> bool:
    """Return whether `value` is a number that templates may calculate with."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def text_of(value: Any) -> str:
    """Return what `value` looks like in a text; lists and mappings do not look like anything."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, (int, float, Undefined)):
        return str(value)
    what = "nothing" if value is None else "a list" if isinstance(value, (list, tuple)) else "not a text"
    raise TypeError(f"the value is {what}; name one part of it, or join a list with | join(', ')")


def wrong_count(function: Callable[..., Any], count: int) -> str:
    """Return how many arguments a filter or test takes when `count` of them are too few or too many, else nothing."""
    takes = [each for each in signature(function).parameters.values() if each.name != "context"][1:]
    most, least = len(takes), sum(each.default is Parameter.empty for each in takes)
    if least <= count <= most:
        return ""
    number = str(most) if most == least else f"at most {most}" if not least else f"{least} to {most}"
    return "no arguments" if not most else f"{number} argument{'' if most == 1 else 's'}"


def bounded(*parts: str) -> str:
    """Return the parts as one text; raises `TooMuch` when that is too long."""
    if sum(map(len, parts)) > MAX_TEXT:
        raise TooMuch(f"a text is longer than {MAX_TEXT} characters")
    return "".join(parts)


def _spend(context: Context, characters: int) -> None:
    work = context.get(WORK)
    if isinstance(work, Work):
        work.spend(characters)


@pass_context
def each(context: Context, value: Any) -> Sequence[Any]:
    """Return what a loop goes over, and pay for its rounds."""
    if isinstance(value, Undefined):
        str(value)
    if not isinstance(value, (list, tuple, Mapping)):
        raise TypeError("a loop goes over a list")
    work = context.get(WORK)
    if isinstance(work, Work):
        work.spend(len(value) * work.round)
    return list(value)


@pass_context
def joined(context: Context, parts: Sequence[Any]) -> str:
    """Return ``a ~ b ~ c``, and pay for its length."""
    return _join(context, parts)


def _join(context: Context, parts: Iterable[Any], separator: str = "") -> str:
    texts: list[str] = []
    for part in parts:
        text = text_of(part)
        _spend(context, len(text) + len(separator) + 1)
        texts.append(text)
    return separator.join(texts)


@pass_context
def _filter_join(context: Context, value: Any, separator: Any = "") -> str:
    if not isinstance(value, (list, tuple)):
        raise TypeError("join works on a list")
    return _join(context, value, text_of(separator))


def _ontext_of(change: Callable[[str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def changed(context: Context, value: Any) -> str:
        text = text_of(value)
        _spend(context, len(text) + 1)
        return bounded(change(text))

    return changed


@pass_context
def _replace(context: Context, value: Any, old: Any, new: Any) -> str:
    text, old, new = text_of(value), text_of(old), text_of(new)
    size = len(text) + text.count(old) * max(0, len(new) - len(old))
    if size > MAX_TEXT:
        raise TooMuch(f"a text is longer than {MAX_TEXT} characters")
    _spend(context, size + 1)
    return text.replace(old, new)


def _length(value: Any) -> int:
    if not isinstance(value, (str, list, tuple, Mapping, Undefined)):
        raise TypeError("length works on a list or a text")
    return len(value)


def _default(value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Undefined) else value


def _first(value: Any) -> Any:
    return _end_of(value, 0)


def _last(value: Any) -> Any:
    return _end_of(value, -1)


def _end_of(value: Any, index: int) -> Any:
    if not isinstance(value, (list, tuple, str)) or not value:
        raise TypeError("first and last work on a list that is not empty")
    return value[index]


def _round(value: Any, digits: int = 0) -> int | float:
    if not is_number(value) or not isinstance(digits, int):
        raise TypeError("round works on numbers")
    return float(round(value, digits)) if digits else round(value)


def _on_time(show: Callable[[datetime, str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def shown(context: Context, value: Any) -> str:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, Undefined):
            str(moment)
        if not isinstance(moment, datetime):
            raise TypeError("date, time and datetime work on a time such as window.end")
        locale = context.get("locale")
        return show(moment, locale if isinstance(locale, str) else "en")

    return shown


EACH: Final = "_each"
JOINED: Final = "_joined"
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "date": _on_time(show_date),
    "time": _on_time(show_time),
    "datetime": _on_time(show_datetime),
    "upper": _ontext_of(str.upper),
    "lower": _ontext_of(str.lower),
    "capitalize": _ontext_of(str.capitalize),
    "title": _ontext_of(str.title),
    "trim": _ontext_of(str.strip),
    "replace": _replace,
    "join": _filter_join,
    "default": _default,
    "length": _length,
    "first": _first,
    "last": _last,
    "round": _round,
}
