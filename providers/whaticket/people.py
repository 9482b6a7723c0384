"""What only people do in Whaticket: snoozes, hours, texts, connections.

Where a snooze is set and cancelled stands in the vendor's article, in Spanish; the other languages are translations.
The other paths are guesses and say so: no help page that was found shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.people import by_hand
from providers.places import ANY, Place, Places, Words
from runner import kinds
from runner.spi import KindSpec

SNOOZE: Final[Mapping[str, str]] = {
    "es": 'el ticket > menú de acciones > Posponer > elige fecha y hora; para terminarlo antes: chats "resueltos" > el '
    "ticket > Reabrir > Cancelar posponer",
    "en": 'the ticket > action menu > Snooze ("Posponer") > choose date and time; to end it early: "resolved" chats > '
    'the ticket > Reopen > Cancel snooze ("Cancelar posponer")',
    "pt-BR": 'o ticket > menu de ações > Adiar ("Posponer") > escolha data e hora; para terminar antes: chats '
    '"resolvidos" > o ticket > Reabrir > Cancelar adiamento',
    "uk": 'звернення > меню дій > Відкласти ("Posponer") > виберіть дату й час; щоб завершити раніше: «вирішені» '
    "чати > звернення > Відкрити знову > Скасувати відкладення",
}
# What Whaticket does by itself with a snoozed ticket: the vendor's article says it.
FLAGS: Final[Mapping[str, bool]] = {
    "reopens_at_due": True,
    "reassigns_to_snoozer": True,
    "ends_on_customer_reply": False,
    "survives_manual_reopen": True,
}

SETTINGS: Final[Words] = ("Settings", "Configuración", "Configurações", "Налаштування")
CONNECTIONS: Final[Words] = ("Connections", "Conexiones", "Conexões", "Підключення")
THE_CONNECTION: Final[Words] = ("the connection {}", "la conexión {}", "a conexão {}", "підключення {}")
QUEUES: Final[Words] = ("Queues", "Colas", "Filas", "Черги")
THE_QUEUE: Final[Words] = ("the queue {}", "la cola {}", "a fila {}", "черга {}")
HOURS: Final[Words] = ("Opening hours", "Horario de atención", "Horário de atendimento", "Години роботи")
TEXTS: Final[Words] = ("Messages", "Mensajes", "Mensagens", "Повідомлення")

PLACES: Final = Places(
    (
        Place(
            "channel_hours",
            "queue" + ANY,
            ("S-presets",),
            ("Hours of the queue {}", "Horario de la cola {}", "Horário da fila {}", "Години черги {}"),
            (SETTINGS, QUEUES, THE_QUEUE, HOURS),
        ),
        Place(
            "channel_hours",
            "*",
            (),
            (
                "Hours of the connection {}",
                "Horario de la conexión {}",
                "Horário da conexão {}",
                "Години підключення {}",
            ),
            (CONNECTIONS, THE_CONNECTION, HOURS),
        ),
        Place(
            "message",
            "out of hours" + ANY,
            (),
            (
                "Text outside the hours of {}",
                "Mensaje fuera del horario de {}",
                "Mensagem fora do horário de {}",
                "Текст поза годинами: {}",
            ),
            (CONNECTIONS, THE_CONNECTION, TEXTS),
        ),
        Place(
            "message",
            "*",
            (),
            ("Text {}", "Mensaje {}", "Mensagem {}", "Текст {}"),
            (CONNECTIONS, TEXTS),
        ),
        Place(
            "channel",
            "*",
            (),
            ("Connection {}", "Conexión {}", "Conexão {}", "Підключення {}"),
            (CONNECTIONS, THE_CONNECTION),
        ),
        Place(
            "checklist",
            "snooze",
            ("S1", "S6"),
            ("Snoozing a ticket", "Posponer un ticket", "Adiar um ticket", "Відкласти звернення"),
            (
                ("the ticket", "el ticket", "o ticket", "звернення"),
                ("Action menu", "Menú de acciones", "Menu de ações", "Меню дій"),
                ("Snooze", "Posponer", "Adiar", "Відкласти"),
            ),
            from_memory=False,
        ),
    ),
    "no help page that was found shows these paths: check them, and tell the step's `menu` what you see",
)


def by_people() -> Iterator[KindSpec]:
    """Yield the kinds that people carry out."""
    yield snooze()
    for spec in (kinds.channel_hours(), kinds.message(), kinds.channel()):
        yield PLACES.guided(kinds.person(spec))
    yield PLACES.checklist()
    for spec in (kinds.business_hours(), kinds.holiday()):
        yield by_hand(spec)


def snooze() -> KindSpec:
    """Return the kind that has people snooze tickets; Whaticket wakes them by itself."""
    spec = by_hand(kinds.snooze(), menu=SNOOZE)
    notes = (
        "Whaticket reopens the tickets when they are due: nothing is put back then but what it could not reopen.",
        "`this_weekend` is gone from the menu of newer versions: choose the date that the step shows.",
    )
    return kinds.override(spec, {"flags": FLAGS, "notes": notes})
