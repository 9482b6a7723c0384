"""What a place is where people click, and the words that menu paths are made of, in four languages.

English paths come from help articles, or from memory where the facts say so: those carry a note. The words in the other
languages are our translations, and so always to be checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Words: TypeAlias = tuple[str, str, str, str]  # en, es, pt-BR, uk
LOCALES: Final = ("en", "es", "pt-BR", "uk")
ANY: Final = " *"  # a name that ends in it stands for many: `chat department Sales`

CHECK: Final[Words] = (
    "check the path: wording changes",
    "revisa la ruta: los nombres cambian",
    "confira o caminho: os nomes mudam",
    "перевірте шлях: назви змінюються",
)


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that people set. `name` is what a playbook writes; a `*` at its end stands for any further words.

    `field` is the setting of ``GET /api/v2/security_settings`` that proves it, "" when nothing does. `from_memory`
    marks a path that no help article confirms. `rows` are the actions of the source articles that it serves.
    """

    kind: str
    name: str
    rows: tuple[str, ...]
    titles: Words
    path: tuple[Words, ...]
    from_memory: bool = True
    note: Words | None = None
    field: str = ""

    def title(self) -> Mapping[str, str]:
        """Return what people call it, per locale; ``{}`` stands for the further words of a name with a `*`."""
        return dict(zip(LOCALES, self.titles, strict=True))

    def menu(self) -> Mapping[str, str]:
        """Return where to click, per locale, with the notes in brackets."""
        notes = [words for words in (self.note, CHECK if self.from_memory else None) if words]
        return {
            locale: " > ".join(step[at] for step in self.path) + "".join(f" ({note[at]})" for note in notes)
            for at, locale in enumerate(LOCALES)
        }


# --- words of the paths ---------------------------------------------------------------------------------------------

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
