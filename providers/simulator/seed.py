"""A believable helpdesk, the same every time: `fill` writes it, `tickets` says how many tickets it has.

Names that playbooks may use:

    schedules   "Support BR" (America/Sao_Paulo), "Support MX" (America/Mexico_City), "Support UA" (Europe/Kyiv)
    channels    "Chat", "WhatsApp", "Phone", "Mail"
    messages    "Chat / greeting", "Chat / offline", "WhatsApp / greeting", "WhatsApp / offline",
                "WhatsApp / out of hours", "Mail / first reply"
    rules       "Notify requester of status change", "Notify requester of received request",
                "Answer outside business hours", "Notify team lead of urgent ticket",
                "Reminder after 24 h without answer", "Close four days after solved"
    groups      "Level 1", "Level 2", "Billing"
    agents      "ana", "bruno", "carla", "dmytro", "olena", "sofia" (a ticket without one has "")
    tags        "vip", "refund", "delivery", "login", "invoice", "api", "migrated"
    notices     "house-rules" on the board
    holidays    "Natal" and "Confraternização Universal" (BR), "Navidad" (MX), "Різдво" (UA)

Hours, texts and tickets are made up; tickets count from 1. About 30 % are open, 14 % pending, 6 % new.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Final, TypeVar

from providers.simulator.database import created
from providers.simulator.helpdesk import packed

START: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # no row of a fresh helpdesk is younger
_STAMP: Final = "2026-11-23T06:00:00Z"
_CHUNK: Final = 5000
_BITS: Final = 0xFFFFFFFFFFFFFFFF
WORKDAYS: Final = ("mon", "tue", "wed", "thu", "fri")

T = TypeVar("T")

SCHEDULES: Final[Sequence[tuple[int, str, str, list[str], list[str], list[str]]]] = (
    (101, "Support BR", "America/Sao_Paulo", ["08:00-18:00"], ["09:00-13:00"], []),
    (102, "Support MX", "America/Mexico_City", ["09:00-18:00"], [], []),
    (103, "Support UA", "Europe/Kyiv", ["09:00-13:00", "14:00-18:00"], ["10:00-15:00"], []),
)
CHANNELS: Final[Sequence[tuple[int, str, str, str, list[str], list[str], list[str]]]] = (
    (201, "Chat", "chat", "America/Sao_Paulo", ["08:00-20:00"], ["09:00-15:00"], []),
    (202, "WhatsApp", "whatsapp", "America/Sao_Paulo", ["07:00-22:00"], ["08:00-20:00"], ["10:00-18:00"]),
    (203, "Phone", "phone", "America/Sao_Paulo", ["08:00-12:00", "13:00-18:00"], [], []),
    (204, "Mail", "mail", "UTC", ["00:00-24:00"], ["00:00-24:00"], ["00:00-24:00"]),
)
HOLIDAYS: Final = (
    (101, "natal-2026", "Natal", "2026-12-25", "2026-12-25"),
    (101, "ano-novo-2027", "Confraternização Universal", "2027-01-01", "2027-01-01"),
    (102, "navidad-2026", "Navidad", "2026-12-25", "2026-12-25"),
    (103, "rizdvo-2026", "Різдво", "2026-12-25", "2026-12-25"),
)
MESSAGES: Final = (
    (
        (301, "Chat / greeting", 201, "greeting"),
        {
            "es": "¡Hola! ¿En qué podemos ayudarte?",
            "pt-BR": "Olá! Como podemos ajudar?",
            "en": "Hello! How can we help?",
            "uk": "Вітаємо! Чим можемо допомогти?",
        },
    ),
    (
        (302, "Chat / offline", 201, "offline"),
        {
            "es": "Ahora no hay nadie conectado. Déjanos tu mensaje.",
            "pt-BR": "Não há ninguém conectado agora. Deixe sua mensagem.",
            "en": "Nobody is online right now. Leave us a message.",
            "uk": "Зараз нікого немає в мережі. Залиште повідомлення.",
        },
    ),
    (
        (303, "WhatsApp / greeting", 202, "greeting"),
        {
            "es": "Hola, gracias por escribir. Te atendemos por orden de llegada.",
            "pt-BR": "Oi, obrigado pela mensagem. Atendemos por ordem de chegada.",
            "en": "Hi, thanks for writing. We answer in order of arrival.",
            "uk": "Вітаємо, дякуємо за повідомлення. Відповідаємо в порядку черги.",
        },
    ),
    (
        (304, "WhatsApp / offline", 202, "offline"),
        {
            "es": "En este momento no podemos atender.\nVolvemos en cuanto sea posible.",
            "pt-BR": "No momento não conseguimos atender.\nVoltamos assim que possível.",
            "en": "We cannot answer at the moment.\nWe will be back as soon as we can.",
            "uk": "Наразі ми не можемо відповісти.\nПовернемося, щойно зможемо.",
        },
    ),
    (
        (305, "WhatsApp / out of hours", 202, "out_of_hours"),
        {
            "es": "Estamos fuera de horario. Lunes a viernes de 7 a 22.",
            "pt-BR": "Estamos fora do horário. Segunda a sexta, das 7h às 22h.",
            "en": "We are closed now. Monday to Friday, 7 am to 10 pm.",
            "uk": "Зараз неробочий час. Понеділок-п'ятниця, 7:00-22:00.",
        },
    ),
    (
        (306, "Mail / first reply", 204, "first_reply"),
        {
            "es": "Recibimos tu mensaje y abrimos un ticket.\nRespondemos en un día hábil.",
            "pt-BR": "Recebemos sua mensagem e abrimos um ticket.\nRespondemos em um dia útil.",
            "en": "We have received your message and opened a ticket.\nWe answer within one working day.",
            "uk": "Ми отримали ваше повідомлення і створили заявку.\nВідповімо протягом одного робочого дня.",
        },
    ),
)
RULES: Final = (
    (401, "Notify requester of received request", "trigger", 1, {"if": {"event": "created"}, "mail": "requester"}),
    (402, "Notify requester of status change", "trigger", 1, {"if": {"changed": "status"}, "mail": "requester"}),
    (403, "Answer outside business hours", "trigger", 1, {"if": {"in_hours": False}, "answer": "out_of_hours"}),
    (404, "Notify team lead of urgent ticket", "trigger", 0, {"if": {"priority": "urgent"}, "mail": "team lead"}),
    (405, "Reminder after 24 h without answer", "automation", 1, {"if": {"hours_open": 24}, "mail": "assignee"}),
    (406, "Close four days after solved", "automation", 1, {"if": {"hours_solved": 96}, "status": "closed"}),
)
GROUPS: Final = ((501, "Level 1"), (502, "Level 2"), (503, "Billing"))
NOTICE: Final = {
    "audience": {"agents": "all"},
    "body": {"en": "Write the order number into the subject.", "pt-BR": "Escreva o número do pedido no assunto."},
    "place": "board",
    "subject": {"en": "House rules", "pt-BR": "Regras da casa"},
}
AGENTS: Final = ("", "ana", "bruno", "carla", "dmytro", "olena", "sofia")
SUBJECTS: Final = {
    "pt-BR": (
        "Pedido não chegou",
        "Cobrança em dobro na fatura",
        "Não consigo entrar",
        "Quero cancelar",
        "Erro na API",
    ),
    "es": ("El pedido no llegó", "Doble cobro en la factura", "No puedo entrar", "Quiero cancelar", "Error de la API"),
    "en": ("Order did not arrive", "Charged twice", "Cannot log in", "I want to cancel", "API answers 500"),
    "uk": ("Замовлення не надійшло", "Подвійне списання", "Не можу увійти", "Хочу скасувати", "Помилка API"),
}
TAGS: Final = ("delivery", "refund", "login", "", "api")  # by subject
STATUSES: Final[Sequence[str]] = (
    *("new",) * 6,
    *("open",) * 30,
    *("pending",) * 14,
    *("hold",) * 5,
    *("solved",) * 25,
    *("closed",) * 20,
)
PRIORITIES: Final = ("low", "normal", "normal", "normal", "high", "urgent")
LOCALES: Final = ("pt-BR", "pt-BR", "pt-BR", "es", "es", "en", "uk")


def fill(path: Path, *, tickets: int = 5000, seed: int = 1) -> None:
    """Create the helpdesk file `path` with this many tickets; the same numbers give the same helpdesk.

    Raises FileExistsError when the file is there.
    """
    with created(path) as connection:
        _fill_settings(connection)
        _fill_tickets(connection, tickets, seed)


def _fill_settings(connection: Connection) -> None:
    connection.executemany("INSERT INTO schedules VALUES (?,?,?,?,?)", [_calendar(row) for row in SCHEDULES])
    connection.executemany("INSERT INTO holidays VALUES (?,?,?,?,?)", HOLIDAYS)
    connection.executemany(
        "INSERT INTO channels VALUES (?,?,?,?,?,?,?)",
        [(row[0], row[1], row[2], row[3], _week(*row[4:]), 1, _STAMP) for row in CHANNELS],
    )
    connection.executemany("INSERT INTO messages VALUES (?,?,?,?,?)", [(*row, _STAMP) for row, _ in MESSAGES])
    connection.executemany(
        "INSERT INTO message_texts VALUES (?,?,?)",
        [(row[0], locale, text) for row, texts in MESSAGES for locale, text in texts.items()],
    )
    connection.executemany(
        "INSERT INTO rules VALUES (?,?,?,?,?,?,?)",
        [(*row[:4], place, packed(row[4]), _STAMP) for place, row in enumerate(RULES, 1)],
    )
    connection.executemany("INSERT INTO groups VALUES (?,?)", GROUPS)
    connection.execute("INSERT INTO notices VALUES (?,?,?)", ("house-rules", packed(NOTICE), _STAMP))


def _fill_tickets(connection: Connection, tickets: int, seed: int) -> None:
    for first in range(1, tickets + 1, _CHUNK):
        rows = [ticket_row(number, seed) for number in range(first, min(first + _CHUNK, tickets + 1))]
        connection.executemany("INSERT INTO tickets VALUES (?,?,?,?,?,?,?,?,?,?,?)", [row for row, _ in rows])
        connection.executemany(
            "INSERT INTO ticket_tags VALUES (?,?)", [(row[0], tag) for row, tags in rows for tag in tags]
        )
    connection.execute(
        "INSERT INTO snoozes SELECT id, ?, ?, 'ana', 'pending', 'open' FROM tickets "
        "WHERE status = 'pending' AND id % 7 = 0",
        ("2030-01-07T12:00:00Z", int(datetime(2030, 1, 7, 12, 0, tzinfo=UTC).timestamp())),
    )
    connection.execute(
        "INSERT INTO history(at, actor, kind, object, field, before, after) "
        "SELECT created_at, requester, 'ticket', id, 'created', 'null', '\"new\"' FROM tickets ORDER BY id"
    )


def ticket_row(number: int, seed: int) -> tuple[tuple[int | str, ...], tuple[str, ...]]:
    """Return the row of the table `tickets` and the tags of the ticket with this number."""
    draw = _Draw(seed * 1_000_003 + number)
    locale, about = draw.of(LOCALES), draw.below(5)
    group = 503 if about in (1, 3) else draw.of((501, 501, 502))
    channel, status, priority = draw.of((201, 202, 202, 203, 204)), draw.of(STATUSES), draw.of(PRIORITIES)
    agent = "" if status == "new" else draw.of(AGENTS)
    created = START - timedelta(minutes=draw.below(60 * 24 * 60) + 240)
    updated = created if status == "new" else created + timedelta(minutes=draw.below(240))
    tags = [
        tag
        for tag, share in ((TAGS[about], 2), ("vip", 20), ("invoice" if group == 503 else "", 3))
        if tag and draw.below(share) == 0
    ]
    requester = f"customer-{draw.below(9000) + 1:04d}@example.com"
    subject = SUBJECTS[locale][about]
    row = (number, subject, requester, locale, group, channel, status, priority, agent, _iso(created), _iso(updated))
    return row, tuple(sorted(set(tags)))


class _Draw:
    """128 bits that look drawn and are the same every time (SplitMix64), handed out in pieces."""

    def __init__(self, seed: int) -> None:
        self._left = _mixed(2 * seed) << 64 | _mixed(2 * seed + 1)

    def below(self, limit: int) -> int:
        """Return a number from 0 up to `limit`, not included."""
        self._left, number = divmod(self._left, limit)
        return number

    def of(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        self._left, number = divmod(self._left, len(choices))
        return choices[number]


def _mixed(number: int) -> int:
    state = (number + 1) * 0x9E3779B97F4A7C15 & _BITS
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _BITS
    state = (state ^ state >> 27) * 0x94D049BB133111EB & _BITS
    return state ^ state >> 31


def _calendar(row: tuple[int, str, str, list[str], list[str], list[str]]) -> tuple[int | str, ...]:
    id_, name, zone, *days = row
    return (id_, name, zone, _week(*days), _STAMP)


def _week(workday: list[str], saturday: list[str], sunday: list[str]) -> str:
    return packed({"sun": sunday, "sat": saturday, **dict.fromkeys(WORKDAYS, workday)})


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
