"""What is said about values and kinds to people who set them by hand, in Spanish, Portuguese, English and Ukrainian.

One table: whoever adds a language gives every word, or the type checker says which one is missing. What a playbook or a
vendor calls things is not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from runner.minutes import WEEKDAYS


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of one language. `yes` and `no` are what a switch is called: the first when it is shown, any when it is
    typed."""

    language: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    nothing: str
    closed: str
    close: str
    open: str
    or_: str
    tag: str
    send: str
    add_below: str
    set: str
    titles: Mapping[str, str]  # kind -> what it is called
    fields: Mapping[str, str]  # field of a value -> what it is called

    def field(self, name: str) -> str:
        """Return what a field is called: by its own name when the table does not have it."""
        return self.fields.get(name, name)


def _week(days: str) -> dict[str, str]:
    return dict(zip(WEEKDAYS, days.split(), strict=True))


ENGLISH: Final = Terms(
    language="en",
    yes=("on", "true", "yes"),
    no=("off", "false", "no"),
    nothing="nothing",
    closed="closed",
    close="close",
    open="open",
    or_="or",
    tag="tag",
    send="send",
    add_below="add below",
    set="Set {name}",
    titles={},
    fields={},
)

SPANISH: Final = Terms(
    language="es",
    yes=("activado", "sí", "si"),
    no=("desactivado", "no"),
    nothing="nada",
    closed="cerrado",
    close="cerrar",
    open="abrir",
    or_="o",
    tag="etiqueta",
    send="enviar",
    add_below="añadir debajo",
    set="Ajustar {name}",
    titles={
        "business_hours": "Horario de atención",
        "channel_hours": "Horario de un canal",
        "holiday": "Festivo",
        "channel": "Activar o desactivar un canal",
        "message": "Mensaje automático",
        "rule": "Activar o desactivar una regla",
        "tickets": "Tickets",
        "snooze": "Posponer",
        "scheduled_contact": "Contacto programado",
        "notice": "Aviso",
        "access": "Ajuste de acceso",
        "checklist": "Lista de tareas",
    },
    fields={
        **_week("dom lun mar mié jue vie sáb"),
        "status": "estado",
        "group": "grupo",
        "tags": "etiquetas",
        "channel": "canal",
        "priority": "prioridad",
        "name": "nombre",
        "start_date": "desde",
        "end_date": "hasta",
        "due": "hasta",
        "by": "por",
        "place": "lugar",
        "audience": "destinatarios",
        "customers": "clientes",
        "agents": "agentes",
        "subject": "asunto",
        "body": "texto",
    },
)

PORTUGUESE: Final = Terms(
    language="pt-BR",
    yes=("ativado", "sim"),
    no=("desativado", "não", "nao"),
    nothing="nada",
    closed="fechado",
    close="fechar",
    open="abrir",
    or_="ou",
    tag="tag",
    send="enviar",
    add_below="acrescentar abaixo",
    set="Definir {name}",
    titles={
        "business_hours": "Horário de atendimento",
        "channel_hours": "Horário de um canal",
        "holiday": "Feriado",
        "channel": "Ativar ou desativar um canal",
        "message": "Mensagem automática",
        "rule": "Ativar ou desativar uma regra",
        "tickets": "Tickets",
        "snooze": "Adiar",
        "scheduled_contact": "Contato agendado",
        "notice": "Aviso",
        "access": "Configuração de acesso",
        "checklist": "Lista de tarefas",
    },
    fields={
        **_week("dom seg ter qua qui sex sáb"),
        "status": "status",
        "group": "grupo",
        "tags": "tags",
        "channel": "canal",
        "priority": "prioridade",
        "name": "nome",
        "start_date": "de",
        "end_date": "até",
        "due": "até",
        "by": "por",
        "place": "lugar",
        "audience": "público",
        "customers": "clientes",
        "agents": "agentes",
        "subject": "assunto",
        "body": "texto",
    },
)

UKRAINIAN: Final = Terms(
    language="uk",
    yes=("увімкнено", "так"),
    no=("вимкнено", "ні"),
    nothing="нічого",
    closed="зачинено",
    close="закрити",
    open="відкрити",
    or_="або",
    tag="тег",
    send="надіслати",
    add_below="додати нижче",
    set="Задати {name}",
    titles={
        "business_hours": "Робочий час",
        "channel_hours": "Години роботи каналу",
        "holiday": "Святковий день",
        "channel": "Увімкнути або вимкнути канал",
        "message": "Автоматичне повідомлення",
        "rule": "Увімкнути або вимкнути правило",
        "tickets": "Звернення",
        "snooze": "Відкласти",
        "scheduled_contact": "Запланований контакт",
        "notice": "Оголошення",
        "access": "Параметр доступу",
        "checklist": "Список справ",
    },
    fields={
        **_week("нд пн вт ср чт пт сб"),
        "status": "статус",
        "group": "група",
        "tags": "теги",
        "channel": "канал",
        "priority": "пріоритет",
        "name": "назва",
        "start_date": "з",
        "end_date": "до",
        "due": "до",
        "by": "хто",
        "place": "місце",
        "audience": "для кого",
        "customers": "клієнти",
        "agents": "агенти",
        "subject": "тема",
        "body": "текст",
    },
)

LANGUAGES: Final = (ENGLISH, SPANISH, PORTUGUESE, UKRAINIAN)
YES: Final = frozenset(word for terms in LANGUAGES for word in terms.yes)
NO: Final = frozenset(word for terms in LANGUAGES for word in terms.no)


def terms_of(language: str) -> Terms:
    """Return the words of a language; regions do not matter (``es-MX``), and languages not at hand read English."""
    first = language.replace("_", "-").partition("-")[0].lower()
    return next((terms for terms in LANGUAGES if terms.language.partition("-")[0] == first), ENGLISH)
