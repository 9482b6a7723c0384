"""Kinds of Movidesk that people carry out, because its API knows tickets and persons only: where they click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from providers.movidesk.people_words import (
    ACCOUNTS,
    APPLICATIONS,
    BOARD,
    CALENDAR_HOURS,
    CHAT,
    CLASSIFICATION,
    DEFAULTS,
    EMAIL,
    GROUPS,
    HOLIDAYS,
    MODULES,
    NEW_NOTICE,
    ONE,
    ONLY_ADMIN,
    PARAMETERS,
    PROFILES,
    SERVICE_HOURS,
    SETTINGS,
    SHOWN,
    SLA,
    STATUS,
    THE_ACCOUNT,
    THE_PROFILE,
    WHATSAPP,
)
from providers.people import by_hand
from providers.places import ANY, Place, Places
from runner import kinds
from runner.spi import Context, InvalidInput, KindSpec, Query

EARLY: Final = timedelta(days=7)  # before the event: the article wants these settings changed no earlier
ALL: Final = ("en", "es", "pt-BR")  # languages in which a page of the vendor confirms a path

HOURS: Final = (
    Place(
        "channel_hours",
        "chat application" + ANY,
        ("M4",),
        (
            "Service hours of the chat application {}",
            "Horario de atención de la aplicación de chat {}",
            "Horário de atendimento do aplicativo de chat {}",
            "Години роботи застосунку чату {}",
        ),
        (SETTINGS, CHAT, APPLICATIONS, ONE, SERVICE_HOURS),
        note=ONLY_ADMIN,
        sure=ALL,
    ),
    Place(
        "channel_hours",
        "WhatsApp",
        ("M5",),
        (
            "Service hours of WhatsApp",
            "Horario de atención de WhatsApp",
            "Horário de atendimento do WhatsApp",
            "Години роботи WhatsApp",
        ),
        (SETTINGS, CHAT, WHATSAPP),
        note=ONLY_ADMIN,
        sure=("es",),
    ),
    Place(
        "channel_hours",
        "WhatsApp" + ANY,
        ("M5",),
        (
            "Service hours of the WhatsApp channel {}",
            "Horario de atención del canal de WhatsApp {}",
            "Horário de atendimento do canal de WhatsApp {}",
            "Години роботи каналу WhatsApp {}",
        ),
        (SETTINGS, CHAT, WHATSAPP, ONE),
        note=ONLY_ADMIN,
        sure=("es",),
    ),
)
TEXTS: Final = (
    Place(
        "message",
        "start of service" + ANY,
        ("M6",),
        (
            "Message at the start of service of the chat group {}",
            "Mensaje al iniciar el servicio del grupo de chat {}",
            "Mensagem de início de atendimento do grupo de chat {}",
            "Повідомлення на початку розмови, група чату {}",
        ),
        (
            SETTINGS,
            CHAT,
            GROUPS,
            ONE,
            DEFAULTS,
            (
                "Message at the start of service",
                "Mensaje al iniciar el servicio",
                "Mensagem de início de atendimento",
                "Повідомлення на початку розмови",
            ),
        ),
        sure=("es",),
    ),
    Place(
        "message",
        "agents offline" + ANY,
        ("M7",),
        (
            "Message while the agents of the chat group {} are offline",
            "Mensaje cuando los agentes del grupo de chat {} estén offline",
            "Mensagem de agentes offline do grupo de chat {}",
            "Повідомлення, поки агенти групи чату {} офлайн",
        ),
        (
            SETTINGS,
            CHAT,
            GROUPS,
            ONE,
            DEFAULTS,
            (
                "When agents are offline",
                "Cuando los agentes estén offline",
                "Mensagens de agentes offline",
                "Коли агенти офлайн",
            ),
        ),
        sure=("es",),
    ),
)
DAYS: Final = (
    Place(
        "holiday",
        "SLA rules",
        ("M8",),
        (
            "Holiday in the SLA rules",
            "Feriado en las reglas de SLA",
            "Feriado nas regras de SLA",
            "Святковий день у правилах SLA",
        ),
        (SLA, HOLIDAYS),
        note=CALENDAR_HOURS,
        sure=("es",),
    ),
    Place(
        "holiday",
        "chat application" + ANY,
        (),
        (
            "Holiday of the chat application {}",
            "Feriado de la aplicación de chat {}",
            "Feriado do aplicativo de chat {}",
            "Святковий день застосунку чату {}",
        ),
        (SETTINGS, CHAT, APPLICATIONS, ONE, HOLIDAYS),
        note=ONLY_ADMIN,
        sure=("pt-BR",),
    ),
)
ERRANDS: Final = (
    Place(
        "checklist",
        "mail account of a notice",
        ("M2",),
        (
            "Sending mail account of a notice",
            "Cuenta de correo de un aviso",
            "Conta de e-mail de um aviso",
            "Поштова скринька оголошення",
        ),
        (BOARD, NEW_NOTICE, ("Account", "Cuenta", "Conta", "Обліковий запис")),
        note=(
            "an account @movidesk has no daily limit",
            "una cuenta @movidesk no tiene límite diario",
            "uma conta @movidesk não tem limite diário",
            "скринька @movidesk не має денного обмеження",
        ),
    ),
    Place(
        "checklist",
        "mail account can be chosen",
        ("M3",),
        (
            "Mail account that can be chosen for notices",
            "Cuenta de correo disponible para los avisos",
            "Conta de e-mail disponível para os avisos",
            "Скринька, доступна для оголошень",
        ),
        (SETTINGS, EMAIL, ACCOUNTS, THE_ACCOUNT, SHOWN),
        sure=("en", "es"),
    ),
    Place(
        "checklist",
        "notice board is on",
        (),
        ("Notice board switched on", "Muro de Avisos activado", "Mural de avisos ativado", "Дошку оголошень увімкнено"),
        (
            SETTINGS,
            PARAMETERS,
            MODULES,
            ("Use Pinboard Module", "Muro de Avisos", "Mural de avisos", "Дошка оголошень"),
        ),
        sure=("en",),
    ),
    Place(
        "checklist",
        "who may post notices",
        (),
        (
            "Profiles that may post notices",
            "Perfiles que pueden publicar avisos",
            "Perfis que podem publicar avisos",
            "Профілі, що можуть публікувати оголошення",
        ),
        (SETTINGS, PROFILES, THE_PROFILE, SETTINGS, BOARD),
        sure=("en",),
    ),
    Place(
        "checklist",
        "pause status",
        ("M9",),
        (
            "Status for paused tickets",
            "Estado para los tickets en pausa",
            "Status para os tickets em pausa",
            "Статус для призупинених запитів",
        ),
        (SETTINGS, CLASSIFICATION, STATUS),
        note=(
            "its base status cannot be changed later",
            "su estado base no se puede cambiar después",
            "seu status base não pode ser alterado depois",
            "базовий статус потім не змінити",
        ),
        sure=("en", "pt-BR"),
    ),
    Place(
        "checklist",
        "hours of SLA rules",
        ("M8",),
        (
            "Service hours of the SLA rules",
            "Horario de atención de las reglas de SLA",
            "Horário de atendimento das regras de SLA",
            "Години роботи правил SLA",
        ),
        (SLA, SERVICE_HOURS),
        note=CALENDAR_HOURS,
    ),
)
PLACES: Final = Places(
    (*HOURS, *TEXTS, *DAYS, *ERRANDS),
    "menu paths without a note are confirmed by the vendor in that language; the others are translations: check them",
)


def by_people() -> Sequence[KindSpec]:
    """Return the kinds that people carry out, the notice apart (M2 to M8)."""
    return (
        _in_its_week(PLACES.guided(kinds.person(kinds.channel_hours()))),
        _in_its_week(PLACES.guided(kinds.person(kinds.message()))),
        PLACES.guided(kinds.person(kinds.holiday())),
        PLACES.checklist(),
        by_hand(kinds.business_hours()),
        by_hand(kinds.channel()),
        by_hand(kinds.rule()),
        by_hand(kinds.access()),
    )


def _in_its_week(spec: KindSpec) -> KindSpec:
    """Return `spec` for settings that the vendor wants changed in the week of the event, not before."""

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        if context.window[0] - context.start > EARLY:
            raise InvalidInput(
                f"step {context.step}: what a chat says and when it is open is changed in the days before, not earlier",
                hint="let the step begin at `start - 7d` or later, as Movidesk advises",
            )
        return spec.query(with_, context)

    return replace(spec, query=query)
