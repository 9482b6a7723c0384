"""The Help Center as it stands in the beginning: one section, five articles in up to four languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

SEEDED: Final = "2026-01-12T09:00:00Z"
PERMISSION_GROUP: Final = 52_001
SEGMENTS: Final = (53_001, 53_002)  # signed-in people; agents and admins. null is everybody

SECTIONS: Final[Sequence[tuple[int, Mapping[str, str]]]] = (
    (
        51_001,
        {
            "en-us": "Contact and hours",
            "es": "Contacto y horarios",
            "pt-br": "Contato e horários",
            "uk": "Контакти та години роботи",
        },
    ),
)
ARTICLES: Final[Sequence[tuple[int, bool, Sequence[str], Mapping[str, tuple[str, str]]]]] = (
    (
        54_001,
        False,
        ("status",),
        {
            "en-us": ("Service status", "<p>All channels work as usual.</p>"),
            "es": ("Estado del servicio", "<p>Todos los canales funcionan con normalidad.</p>"),
            "pt-br": ("Estado do serviço", "<p>Todos os canais funcionam normalmente.</p>"),
            "uk": ("Стан сервісу", "<p>Усі канали працюють як завжди.</p>"),
        },
    ),
    (
        54_002,
        True,
        ("hours", "contact"),
        {
            "en-us": ("Our hours", "<p>Monday to Friday, 9:00 to 18:00.</p>"),
            "es": ("Nuestro horario", "<p>De lunes a viernes, de 9:00 a 18:00.</p>"),
            "pt-br": ("Nosso horário", "<p>De segunda a sexta, das 9h às 18h.</p>"),
            "uk": ("Години роботи", "<p>З понеділка до п’ятниці, 9:00–18:00.</p>"),
        },
    ),
    (
        54_003,
        False,
        (),
        {
            "en-us": ("How to reach us", "<p>Write, chat or call.</p>"),
            "es": ("Cómo contactarnos", "<p>Escribe, chatea o llama.</p>"),
        },
    ),
    (54_004, False, ("refund",), {"en-us": ("Refunds", "<p>Refunds take five working days.</p>")}),
    (
        54_005,
        False,
        ("login",),
        {
            "en-us": ("I cannot sign in", "<p>Ask for a new password.</p>"),
            "uk": ("Не вдається ввійти", "<p>Запросіть новий пароль.</p>"),
        },
    ),
)
