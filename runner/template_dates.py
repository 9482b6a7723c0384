"""Dates and times as people write them in the languages of the texts; ISO-like in all others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

_MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "es": (
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    "pt": (
        *("janeiro", "fevereiro", "março", "abril", "maio", "junho"),
        *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
    ),
    "uk": (
        *("січня", "лютого", "березня", "квітня", "травня", "червня"),
        *("липня", "серпня", "вересня", "жовтня", "листопада", "грудня"),
    ),
}
_DATES: Final[Mapping[str, str]] = {
    "en": "{day} {month} {year}",
    "es": "{day} de {month} de {year}",
    "pt": "{day} de {month} de {year}",
    "uk": "{day} {month} {year} р.",
}


def show_date(moment: datetime, locale: str) -> str:
    """Return the date of `moment` in the language of `locale`, such as ``11 de diciembre de 2026``."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    if language not in _DATES:
        return f"{moment:%Y-%m-%d}"
    month = _MONTHS[language][moment.month - 1]
    return _DATES[language].format(day=moment.day, month=month, year=moment.year)


def show_time(moment: datetime, locale: str) -> str:
    """Return the wall time of `moment`; all languages at hand write ``14:30``."""
    del locale
    return f"{moment:%H:%M}"


def show_datetime(moment: datetime, locale: str) -> str:
    """Return date and time of `moment` in the language of `locale`."""
    separator = ", " if show_date(moment, locale) != f"{moment:%Y-%m-%d}" else " "
    return f"{show_date(moment, locale)}{separator}{show_time(moment, locale)}"
