"""A helpdesk without an API: people carry out every kind, the runner tells them what, where and when.

Other providers use `by_hand` for the single kinds that their vendor offers no API for::

    offer(business_hours(), by_hand(channel_hours()))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from runner import kinds
from runner.model import ABSENT, Accepted, Change, Outcome, Slot, Value
from runner.spi import Forbidden, Io, KindSpec, Query, Rejected, Target

MENUS: Final[Mapping[str, Mapping[str, str]]] = {
    "business_hours": {
        "en": "Settings > Business hours > the schedule",
        "es": "Configuración > Horario de atención > el horario",
        "pt-BR": "Configurações > Horário de atendimento > o horário",
        "uk": "Налаштування > Робочий час > розклад",
    },
    "channel_hours": {
        "en": "Settings > Channels > the channel > Hours",
        "es": "Configuración > Canales > el canal > Horario",
        "pt-BR": "Configurações > Canais > o canal > Horário",
        "uk": "Налаштування > Канали > канал > Години роботи",
    },
    "holiday": {
        "en": "Settings > Business hours > the schedule > Holidays",
        "es": "Configuración > Horario de atención > el horario > Festivos",
        "pt-BR": "Configurações > Horário de atendimento > o horário > Feriados",
        "uk": "Налаштування > Робочий час > розклад > Святкові дні",
    },
    "channel": {
        "en": "Settings > Channels > the channel > On or off",
        "es": "Configuración > Canales > el canal > Activar o desactivar",
        "pt-BR": "Configurações > Canais > o canal > Ativar ou desativar",
        "uk": "Налаштування > Канали > канал > Увімкнути або вимкнути",
    },
    "message": {
        "en": "Settings > Channels > Automatic messages > the message",
        "es": "Configuración > Canales > Mensajes automáticos > el mensaje",
        "pt-BR": "Configurações > Canais > Mensagens automáticas > a mensagem",
        "uk": "Налаштування > Канали > Автоматичні повідомлення > повідомлення",
    },
    "rule": {
        "en": "Settings > Rules > the rule > Active",
        "es": "Configuración > Reglas > la regla > Activa",
        "pt-BR": "Configurações > Regras > a regra > Ativa",
        "uk": "Налаштування > Правила > правило > Активне",
    },
    "tickets": {
        "en": "Tickets > filter > select all > Change status",
        "es": "Tickets > filtrar > seleccionar todo > Cambiar estado",
        "pt-BR": "Tickets > filtrar > selecionar todos > Alterar status",
        "uk": "Звернення > фільтр > вибрати всі > Змінити статус",
    },
    "snooze": {
        "en": "Tickets > filter > select all > Snooze",
        "es": "Tickets > filtrar > seleccionar todo > Posponer",
        "pt-BR": "Tickets > filtrar > selecionar todos > Adiar",
        "uk": "Звернення > фільтр > вибрати всі > Відкласти",
    },
    "scheduled_contact": {
        "en": "Schedules > New schedule",
        "es": "Programaciones > Nueva programación",
        "pt-BR": "Agendamentos > Novo agendamento",
        "uk": "Заплановане > Нове",
    },
    "notice": {
        "en": "Announcements > New, or the one that is up",
        "es": "Avisos > Nuevo, o el que está publicado",
        "pt-BR": "Avisos > Novo, ou o que está publicado",
        "uk": "Оголошення > Нове або вже опубліковане",
    },
    "access": {
        "en": "Settings > Security and access > the setting",
        "es": "Configuración > Seguridad y acceso > el ajuste",
        "pt-BR": "Configurações > Segurança e acesso > a configuração",
        "uk": "Налаштування > Безпека та доступ > параметр",
    },
    "checklist": {
        "en": "See the item",
        "es": "Ver el elemento",
        "pt-BR": "Veja o item",
        "uk": "Див. пункт",
    },
}


def by_hand(spec: KindSpec, *, menu: Mapping[str, str] | None = None) -> KindSpec:
    """Return `spec` carried out by people. `menu` maps a locale to where to click; languages it lacks get a hint that
    fits most helpdesks."""
    return kinds.person(spec, menu={**MENUS.get(spec.kind, {}), **(menu or {})})


def _menus(target: Target) -> Mapping[str, Mapping[str, str]]:
    menus = target.options.get("menus", {})
    if isinstance(menus, Mapping) and all(isinstance(hints, Mapping) for hints in menus.values()):
        return menus
    raise Rejected(
        f"target {target.name}: options.menus must map a kind to locales, as in {{tickets: {{en: Inbox > Bulk edit}}}}",
        field="options.menus",
    )


def open_target(target: Target, io: Io) -> PeopleProvider:
    """Return the provider for one target. ``options.menus`` may map kind -> locale -> menu path of this helpdesk;
    raises Rejected when it is anything else."""
    del io
    return PeopleProvider(target)


class PeopleProvider:
    """Everything through people. There is nothing to read and nothing to write."""

    def __init__(self, target: Target) -> None:
        self._target = target
        menus = _menus(target)
        self._kinds = kinds.offer(*(by_hand(spec, menu=menus.get(name)) for name, spec in kinds.common().items()))

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return all common kinds, each carried out by people."""
        return self._kinds

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield ABSENT for what is asked by id: what holds is what people acknowledged, and that is in the store."""
        for key in query.ids:
            for path in query.paths:
                yield Slot(self._target.name, query.kind, key, path), ABSENT

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Raise Forbidden: only people can write here."""
        where = f" ({batch[0].slot})" if batch else ""
        raise Forbidden(
            f"target {self._target.name} has no API: a person has to make this change{where}; "
            "see `runner steps`, then confirm it with `runner ack`"
        )
