"""The words that menu paths of Zendesk are made of, in four languages.

English paths come from help articles, or from memory where the facts say so: those carry a note. The words in the other
languages are our translations, and so always to be checked.
"""

from __future__ import annotations

from typing import Final

ADMIN: Final = ("Admin Center", "Centro de administración", "Central de Administração", "Центр адміністрування")
CHANNELS: Final = ("Channels", "Canales", "Canais", "Канали")
CLASSIC: Final = ("Classic", "Clásico", "Clássico", "Класичні")
WIDGET_CLASSIC: Final = ("Web Widget", "Web Widget", "Web Widget", "Веб-віджет")
SOCIAL: Final = (
    "Messaging and social",
    "Mensajería y redes sociales",
    "Mensagens e redes sociais",
    "Обмін повідомленнями й соцмережі",
)
MESSAGING: Final = ("Messaging", "Mensajería", "Mensagens", "Обмін повідомленнями")
THE_CHANNEL: Final = ("the channel", "el canal", "o canal", "канал")
RESPONSES: Final = ("Responses", "Respuestas", "Respostas", "Відповіді")
AVAILABILITY: Final = ("Availability", "Disponibilidad", "Disponibilidade", "Доступність")
AI: Final = ("AI", "IA", "IA", "ШІ")
AI_AGENTS: Final = ("AI agents", "Agentes IA", "Agentes de IA", "Агенти ШІ")
FLOWS: Final = (
    "the bot > Flow Builder",
    "el bot > Generador de flujos",
    "o bot > Criador de fluxos",
    "бот > Сценарії",
)
CHAT: Final = ("Chat dashboard", "Panel de Chat", "Painel do Chat", "Панель керування Chat")
SETTINGS: Final = ("Settings", "Configuración", "Configurações", "Налаштування")
WIDGET: Final = ("Widget", "Widget", "Widget", "Віджет")
FORMS: Final = ("Forms", "Formularios", "Formulários", "Форми")
LOOKS: Final = ("Appearance", "Apariencia", "Aparência", "Вигляд")
ACCOUNT: Final = ("Account", "Cuenta", "Conta", "Обліковий запис")
HOURS: Final = ("Operating Hours", "Horario de atención", "Horário de funcionamento", "Робочі години")
SECURITY: Final = ("Security", "Seguridad", "Segurança", "Безпека")
ADVANCED: Final = ("Advanced", "Avanzado", "Avançado", "Додатково")
TALK_MAIL: Final = ("Talk and email", "Talk y correo electrónico", "Talk e e-mail", "Talk та ел. пошта")
TALK: Final = ("Talk", "Talk", "Talk", "Talk")
LINES: Final = ("Lines > the line", "Líneas > la línea", "Linhas > a linha", "Лінії > лінія")
OBJECTS: Final = ("Objects and rules", "Objetos y reglas", "Objetos e regras", "Об’єкти та правила")
TICKETS: Final = ("Tickets", "Tickets", "Tickets", "Запити")

WEB_WIDGET: Final = (ADMIN, CHANNELS, CLASSIC, WIDGET_CLASSIC)
CHANNEL: Final = (ADMIN, CHANNELS, SOCIAL, MESSAGING, THE_CHANNEL)
CHAT_FORMS: Final = (CHAT, SETTINGS, WIDGET, FORMS)
CHAT_HOURS: Final = (CHAT, SETTINGS, ACCOUNT, HOURS)
BOTS: Final = (ADMIN, AI, AI_AGENTS, FLOWS)
TALK_LINE: Final = (ADMIN, CHANNELS, TALK_MAIL, TALK, LINES)
MORE_SECURITY: Final = (ADMIN, ACCOUNT, SECURITY, ADVANCED)
