"""What Redmine has no API for, carried out by people."""

from __future__ import annotations

from collections.abc import Sequence

from providers.people import by_hand
from runner import kinds
from runner.spi import KindSpec

ADMINISTRATION = {"en": "Administration", "es": "Administración", "pt-BR": "Administração", "uk": "Адміністрування"}


def by_people() -> Sequence[KindSpec]:
    """Return the kinds that people carry out: hours, holidays, answers and rules are no part of Redmine; mail handlers,
    plugins and settings, which stand for them, have no API."""
    return (
        kinds.checklist(),
        by_hand(kinds.business_hours(), menu=ADMINISTRATION),
        by_hand(kinds.channel_hours(), menu=ADMINISTRATION),
        by_hand(kinds.holiday(), menu=ADMINISTRATION),
        by_hand(kinds.channel(), menu=ADMINISTRATION),
        by_hand(kinds.message(), menu=ADMINISTRATION),
        by_hand(kinds.rule(), menu=ADMINISTRATION),
        by_hand(kinds.access(), menu=ADMINISTRATION),
    )
