"""Settings of Zendesk that only people change, and things to do in its screens: where they click."""

from __future__ import annotations

from typing import Final

from providers.places import ANY, Place
from providers.zendesk.people_words import (
    ACCOUNT,
    ADMIN,
    AVAILABILITY,
    CHANNEL,
    CHANNELS,
    CHAT,
    MORE_SECURITY,
    OBJECTS,
    SECURITY,
    SETTINGS,
    TALK,
    TALK_LINE,
    TALK_MAIL,
    TICKETS,
)

SECURITY_SETTINGS: Final = (
    Place(
        "access",
        "IP restrictions",
        ("Z32",),
        ("IP restrictions", "Restricciones de IP", "Restrições de IP", "Обмеження за IP-адресами"),
        (*MORE_SECURITY, ("IP restrictions", "Restricciones de IP", "Restrições de IP", "Обмеження IP")),
        from_memory=False,
        field="ip",
    ),
    Place(
        "access",
        "two-factor authentication",
        ("Z34",),
        (
            "Two-factor authentication required of the team",
            "Autenticación de dos factores obligatoria para el equipo",
            "Autenticação de dois fatores obrigatória para a equipe",
            "Обов’язкова двофакторна автентифікація команди",
        ),
        (
            ADMIN,
            ACCOUNT,
            SECURITY,
            (
                "Team member authentication",
                "Autenticación de miembros del equipo",
                "Autenticação de membros da equipe",
                "Автентифікація учасників команди",
            ),
        ),
        field="authentication.agent.two_factor_enforce",
    ),
    Place(
        "access",
        "session timeout",
        ("Z35",),
        (
            "Session timeout of the team",
            "Caducidad de la sesión del equipo",
            "Expiração da sessão da equipe",
            "Тривалість сеансу команди",
        ),
        MORE_SECURITY,
        field="agent_session_timeout",
    ),
    Place(
        "access",
        "account assumption",
        ("Z36",),
        (
            "Access of Zendesk's support to the account",
            "Acceso del soporte de Zendesk a la cuenta",
            "Acesso do suporte da Zendesk à conta",
            "Вхід підтримки Zendesk під вашим обліковим записом",
        ),
        (
            *MORE_SECURITY,
            ("Account assumption", "Asunción de cuenta", "Representação de conta", "Вхід під обліковим записом"),
        ),
        field="assumption_duration",
    ),
    Place(
        "access",
        "mobile access",
        ("Z31",),
        (
            "Access by mobile apps",
            "Acceso desde aplicaciones móviles",
            "Acesso por aplicativos móveis",
            "Доступ із мобільних програм",
        ),
        MORE_SECURITY,
        field="mobile_app_access",
    ),
)
OTHER_SETTINGS: Final = (
    Place(
        "access",
        "chat IP restrictions",
        ("Z33",),
        (
            "IP restrictions of the Chat dashboard",
            "Restricciones de IP del panel de Chat",
            "Restrições de IP do painel do Chat",
            "Обмеження IP для панелі керування Chat",
        ),
        (CHAT, SETTINGS, ACCOUNT, SECURITY),
        note=(
            "only without messaging",
            "solo sin mensajería",
            "apenas sem mensagens",
            "лише без обміну повідомленнями",
        ),
    ),
    Place(
        "access",
        "messaging schedule",
        ("Z23",),
        (
            "Schedule that messaging follows",
            "Horario que sigue la mensajería",
            "Horário que as mensagens seguem",
            "Розклад, за яким працює обмін повідомленнями",
        ),
        (*CHANNEL, AVAILABILITY),
    ),
    Place(
        "access",
        "on-hold status",
        ("Z29",),
        ("On-hold status", "Estado En espera", "Status Em espera", "Статус «Очікування»"),
        (ADMIN, OBJECTS, TICKETS, SETTINGS),
    ),
    Place(
        "access",
        "custom statuses",
        ("Z29",),
        (
            "Custom ticket statuses",
            "Estados de ticket personalizados",
            "Status de ticket personalizados",
            "Власні статуси запитів",
        ),
        (ADMIN, OBJECTS, TICKETS, ("Statuses", "Estados", "Status", "Статуси")),
        note=(
            "switching them on cannot be taken back",
            "activarlos no se puede deshacer",
            "ativá-los não pode ser desfeito",
            "увімкнення не можна скасувати",
        ),
    ),
    Place(
        "access",
        "Talk line" + ANY,
        ("Z13",),
        (
            "Voicemail, callback and overflow of the line {}",
            "Buzón de voz, devolución de llamada y desvío de la línea {}",
            "Correio de voz, retorno de chamada e desvio da linha {}",
            "Голосова пошта, зворотний дзвінок і переадресація лінії {}",
        ),
        TALK_LINE,
    ),
)
ERRANDS: Final = (
    Place(
        "checklist",
        "agent chat",
        ("Z27",),
        (
            "Message to agents in the Chat dashboard",
            "Mensaje a los agentes en el panel de Chat",
            "Mensagem aos agentes no painel do Chat",
            "Повідомлення агентам на панелі керування Chat",
        ),
        (
            CHAT,
            ("the agent in the sidebar", "el agente en la barra lateral", "o agente na barra lateral", "агент збоку"),
        ),
        from_memory=False,
        note=(
            "not there with the agent workspace: check first",
            "no existe con el espacio de trabajo de agente: compruébalo antes",
            "não existe com o espaço de trabalho do agente: verifique antes",
            "немає в робочому просторі агента: спершу перевірте",
        ),
    ),
    Place(
        "checklist",
        "Notification app",
        ("Z28",),
        (
            "Broadcast with the Notification app",
            "Aviso con la aplicación de notificaciones",
            "Aviso com o aplicativo de notificações",
            "Розсилка програмою «Сповіщення агентів»",
        ),
        (
            ("Support", "Support", "Support", "Support"),
            (
                "the app's icon in the top bar",
                "el icono de la aplicación en la barra superior",
                "o ícone do aplicativo na barra superior",
                "значок програми на верхній панелі",
            ),
        ),
        from_memory=False,
    ),
    Place(
        "checklist",
        "Explore dashboards",
        ("Z30",),
        (
            "Whom to answer first, in Explore",
            "A quién responder primero, en Explore",
            "A quem responder primeiro, no Explore",
            "Кому відповісти першим, в Explore",
        ),
        (
            ("Explore", "Explore", "Explore", "Explore"),
            (
                "Zendesk Support dashboard > Unsolved tickets, SLA",
                "Panel Zendesk Support > Tickets sin resolver, SLA",
                "Painel Zendesk Support > Tickets não resolvidos, SLA",
                "Панель Zendesk Support > Незавершені запити, SLA",
            ),
        ),
        from_memory=False,
    ),
    Place(
        "checklist",
        "agent apps",
        ("Z31",),
        (
            "Mobile apps of the agents: Support, Chat, Sell",
            "Aplicaciones móviles de los agentes: Support, Chat, Sell",
            "Aplicativos móveis dos agentes: Support, Chat, Sell",
            "Мобільні програми агентів: Support, Chat, Sell",
        ),
        (
            (
                "App Store or Google Play, on each phone",
                "App Store o Google Play, en cada teléfono",
                "App Store ou Google Play, em cada telefone",
                "App Store або Google Play, на кожному телефоні",
            ),
        ),
        from_memory=False,
    ),
    Place(
        "checklist",
        "Talk greeting recording",
        ("Z13",),
        (
            "Recording of an outage greeting",
            "Grabación de un saludo de interrupción",
            "Gravação de uma saudação de interrupção",
            "Запис привітання про перебої",
        ),
        (
            ADMIN,
            CHANNELS,
            TALK_MAIL,
            TALK,
            ("Greetings", "Saludos", "Saudações", "Привітання"),
        ),
    ),
    Place(
        "checklist",
        "Zendesk support",
        ("Z36",),
        (
            "Contact with Zendesk's support",
            "Contacto con el soporte de Zendesk",
            "Contato com o suporte da Zendesk",
            "Звернення до підтримки Zendesk",
        ),
        (
            ADMIN,
            ("Help", "Ayuda", "Ajuda", "Довідка"),
        ),
    ),
    Place(
        "checklist",
        "OAuth client",
        (),
        (
            "OAuth client of the runner",
            "Cliente OAuth del runner",
            "Cliente OAuth do runner",
            "Клієнт OAuth для runner",
        ),
        (
            ADMIN,
            (
                "Apps and integrations",
                "Aplicaciones e integraciones",
                "Aplicativos e integrações",
                "Програми та інтеграції",
            ),
            ("APIs", "API", "APIs", "API"),
            ("OAuth clients", "Clientes OAuth", "Clientes OAuth", "Клієнти OAuth"),
        ),
        from_memory=False,
    ),
)
