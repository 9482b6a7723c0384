"""Channels, hours and texts of Zendesk that only people change: where they click."""

from __future__ import annotations

from typing import Final

from providers.places import ANY, Place
from providers.zendesk.people_words import (
    AVAILABILITY,
    BOTS,
    CHANNEL,
    CHAT,
    CHAT_FORMS,
    CHAT_HOURS,
    LOOKS,
    RESPONSES,
    SETTINGS,
    TALK_LINE,
    WEB_WIDGET,
    WIDGET,
)

SWITCHES: Final = (
    Place(
        "channel",
        "Web Widget chat",
        ("Z8",),
        ("Chat in the Web Widget", "Chat en el Web Widget", "Chat no Web Widget", "Чат у веб-віджеті"),
        WEB_WIDGET,
    ),
    Place(
        "channel",
        "Web Widget callback",
        ("Z14",),
        (
            "Callback option of Talk in the Web Widget",
            "Opción de llamada de Talk en el Web Widget",
            "Opção de retorno de chamada do Talk no Web Widget",
            "Зворотний дзвінок Talk у веб-віджеті",
        ),
        WEB_WIDGET,
    ),
    Place(
        "channel",
        "Web Widget in the Help Center",
        ("Z12",),
        (
            "Web Widget in the Help Center",
            "Web Widget en el centro de ayuda",
            "Web Widget na central de ajuda",
            "Веб-віджет у довідковому центрі",
        ),
        WEB_WIDGET,
    ),
    Place(
        "channel",
        "chat widget in the Help Center",
        ("Z12",),
        (
            "Legacy chat widget in the Help Center",
            "Widget de chat anterior en el centro de ayuda",
            "Widget de chat legado na central de ajuda",
            "Попередній віджет чату в довідковому центрі",
        ),
        (
            (
                "Knowledge admin",
                "Administración de Knowledge",
                "Administração do Knowledge",
                "Адміністрування Knowledge",
            ),
            SETTINGS,
        ),
    ),
    Place(
        "channel",
        "chat offline form",
        ("Z9",),
        (
            "Offline form of the chat widget",
            "Formulario sin conexión del widget de chat",
            "Formulário offline do widget de chat",
            "Офлайн-форма віджета чату",
        ),
        CHAT_FORMS,
    ),
    Place(
        "channel",
        "chat widget when offline",
        ("Z10",),
        (
            "Chat widget shown while offline (off: hide when offline)",
            "Widget de chat visible sin conexión (off: ocultar sin conexión)",
            "Widget de chat visível offline (off: ocultar quando offline)",
            "Віджет чату видно в офлайні (off: приховувати в режимі офлайн)",
        ),
        (CHAT, SETTINGS, WIDGET, LOOKS),
    ),
    Place(
        "channel",
        "chat greeting form",
        ("Z25",),
        (
            "Greeting form before a chat",
            "Formulario de bienvenida antes del chat",
            "Formulário de saudação antes do chat",
            "Форма привітання перед чатом",
        ),
        CHAT_FORMS,
    ),
    Place(
        "channel",
        "messaging",
        ("Z15",),
        ("Messaging on the web", "Mensajería en la web", "Mensagens na web", "Обмін повідомленнями на сайті"),
        CHANNEL,
    ),
    Place(
        "channel",
        "messaging in mobile apps",
        ("Z15",),
        (
            "Messaging in mobile apps",
            "Mensajería en aplicaciones móviles",
            "Mensagens em aplicativos móveis",
            "Обмін повідомленнями в мобільних програмах",
        ),
        CHANNEL,
    ),
    Place(
        "channel",
        "bot",
        ("Z6",),
        (
            "Bot that answers customers",
            "Bot que responde a clientes",
            "Bot que responde a clientes",
            "Бот для клієнтів",
        ),
        BOTS,
    ),
)
OPENING_TIMES: Final = (
    Place(
        "channel_hours",
        "chat",
        ("Z24",),
        (
            "Operating hours of chat",
            "Horario de atención del chat",
            "Horário de funcionamento do chat",
            "Робочі години чату",
        ),
        CHAT_HOURS,
        from_memory=False,
    ),
    Place(
        "channel_hours",
        "chat department" + ANY,
        ("Z24",),
        (
            "Operating hours of the chat department {}",
            "Horario de atención del departamento de chat {}",
            "Horário de funcionamento do departamento de chat {}",
            "Робочі години відділу чату {}",
        ),
        CHAT_HOURS,
        from_memory=False,
        note=(
            "a schedule of the account overrides it",
            "un horario de la cuenta prevalece",
            "um horário da conta prevalece",
            "розклад облікового запису має перевагу",
        ),
    ),
    Place(
        "channel_hours",
        "messaging",
        ("Z23",),
        (
            "Hours of messaging",
            "Horario de la mensajería",
            "Horário das mensagens",
            "Години обміну повідомленнями",
        ),
        (*CHANNEL, AVAILABILITY),
        note=(
            "choose the schedule; its hours are changed by a business_hours step",
            "elige el horario; sus horas se cambian con un paso business_hours",
            "escolha o horário; as horas mudam com um passo business_hours",
            "виберіть розклад; його години змінює крок business_hours",
        ),
    ),
    Place(
        "channel_hours",
        "Talk line" + ANY,
        ("Z24",),
        (
            "Business hours of the line {}",
            "Horario de la línea {}",
            "Horário da linha {}",
            "Робочі години лінії {}",
        ),
        TALK_LINE,
    ),
)
TEXTS: Final = (
    Place(
        "message",
        "chat offline form",
        ("Z5", "Z11"),
        (
            "Text of the chat's offline form",
            "Texto del formulario sin conexión del chat",
            "Texto do formulário offline do chat",
            "Текст офлайн-форми чату",
        ),
        CHAT_FORMS,
    ),
    Place(
        "message",
        "chat greeting form",
        ("Z25",),
        (
            "Text of the greeting form before a chat",
            "Texto del formulario de bienvenida del chat",
            "Texto do formulário de saudação do chat",
            "Текст форми привітання перед чатом",
        ),
        CHAT_FORMS,
    ),
    Place(
        "message",
        "messaging first response",
        ("Z16",),
        (
            "First response of messaging",
            "Primera respuesta de la mensajería",
            "Primeira resposta das mensagens",
            "Перша відповідь в обміні повідомленнями",
        ),
        (*CHANNEL, RESPONSES),
    ),
    Place(
        "message",
        "messaging out of hours response",
        ("Z23",),
        (
            "Out-of-hours response of messaging",
            "Respuesta fuera de horario de la mensajería",
            "Resposta fora do horário das mensagens",
            "Відповідь поза робочим часом в обміні повідомленнями",
        ),
        (*CHANNEL, RESPONSES),
    ),
    Place(
        "message",
        "bot flow",
        ("Z17",),
        (
            "Flow of the bot that suggests a ticket",
            "Flujo del bot que propone un ticket",
            "Fluxo do bot que sugere um ticket",
            "Сценарій бота, що радить подати запит",
        ),
        BOTS,
    ),
    Place(
        "message",
        "Help Center theme",
        ("Z21",),
        (
            "Banner in the theme of the Help Center",
            "Banner en el tema del centro de ayuda",
            "Banner no tema da central de ajuda",
            "Банер у темі довідкового центру",
        ),
        (
            (
                "Knowledge admin",
                "Administración de Knowledge",
                "Administração do Knowledge",
                "Адміністрування Knowledge",
            ),
            ("Customize design", "Personalizar diseño", "Personalizar design", "Налаштувати дизайн"),
            ("Edit code", "Editar código", "Editar código", "Змінити код"),
        ),
        from_memory=False,
        note=(
            "a theme prepared to show labelled articles needs no code",
            "un tema que muestra artículos etiquetados no necesita código",
            "um tema que mostra artigos rotulados não precisa de código",
            "темі, що показує дописи з міткою, код не потрібен",
        ),
    ),
)
