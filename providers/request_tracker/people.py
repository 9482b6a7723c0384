"""What Request Tracker has no API for, carried out by people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from providers.people import by_hand
from runner import kinds
from runner.spi import KindSpec

CONFIG: Final = dict.fromkeys(("en", "es", "pt-BR", "uk"), "RT_SiteConfig.pm > %ServiceBusinessHours")
QUEUES: Final = {
    "en": "Admin > Queues > the queue",
    "es": "Admin > Colas > la cola",
    "pt-BR": "Admin > Filas > a fila",
    "uk": "Admin > Черги > черга",
}
TEMPLATES: Final = {
    "en": "Admin > Queues > the queue > Templates",
    "es": "Admin > Colas > la cola > Plantillas",
    "pt-BR": "Admin > Filas > a fila > Modelos",
    "uk": "Admin > Черги > черга > Шаблони",
}
SCRIPS: Final = {
    "en": "Admin > Queues > the queue > Scrips",
    "es": "Admin > Colas > la cola > Scrips",
    "pt-BR": "Admin > Filas > a fila > Scrips",
    "uk": "Admin > Черги > черга > Scrips",
}


def by_people() -> Sequence[KindSpec]:
    """Return the kinds that people carry out: hours and holidays stand in a configuration file, automatic answers are
    templates and scrips, and none of them is in REST 2. Menus in other languages than English are guesses."""
    return (
        kinds.checklist(),
        by_hand(kinds.business_hours(), menu=CONFIG),
        by_hand(kinds.channel_hours(), menu=CONFIG),
        by_hand(kinds.holiday(), menu=CONFIG),
        by_hand(kinds.channel(), menu=QUEUES),
        by_hand(kinds.message(), menu=TEMPLATES),
        by_hand(kinds.rule(), menu=SCRIPS),
        by_hand(kinds.access(), menu=QUEUES),
    )
