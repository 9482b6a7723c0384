"""The words that menu paths of Movidesk are made of, in four languages.

Where a page of the vendor in that language confirms a path, its place says so; all other words are our translations.
"""

from __future__ import annotations

from typing import Final

SETTINGS: Final = ("Settings", "Configuración", "Configurações", "Налаштування")
CHAT: Final = ("Chat", "Chat", "Chat", "Чат")
APPLICATIONS: Final = ("Applications", "Aplicaciones", "Aplicativos", "Застосунки")
GROUPS: Final = ("Chat groups", "Grupos de chat", "Grupos de chat", "Групи чату")
DEFAULTS: Final = (
    "Default messages",
    "Mensajes predeterminados",
    "Mensagens padrão",
    "Типові повідомлення",
)
EMAIL: Final = ("Email", "Correo", "E-mail", "Ел. пошта")
ACCOUNTS: Final = ("Accounts", "Cuentas", "Contas", "Облікові записи")
PARAMETERS: Final = ("Parameters", "Parámetros", "Parâmetros", "Параметри")
MODULES: Final = ("Additional Modules", "Módulos adicionales", "Módulos adicionais", "Додаткові модулі")
PROFILES: Final = ("Access Profiles", "Perfiles de acceso", "Perfis de acesso", "Профілі доступу")
CLASSIFICATION: Final = ("Classification", "Clasificación", "Classificação", "Класифікація")
STATUS: Final = ("Status", "Estado", "Status", "Статус")
SLA: Final = ("SLA rules", "Reglas de SLA", "Regras de SLA", "Правила SLA")
HOLIDAYS: Final = ("Holidays", "Feriados", "Feriados", "Святкові дні")
SERVICE_HOURS: Final = ("Service Hours", "Horario de atención", "Horário de atendimento", "Години роботи")
WHATSAPP: Final = ("WhatsApp", "WhatsApp", "WhatsApp", "WhatsApp")
BOARD: Final = ("Notice Board", "Muro de Avisos", "Mural de avisos", "Дошка оголошень")
NEW_NOTICE: Final = ("New Notice", "Nuevo Aviso", "Novo aviso", "Нове оголошення")
SHOWN: Final = (
    '"Show this account in the email sending functionality of the Ticket"',
    '"Mostrar esta cuenta en la funcionalidad de envío de correos del Ticket"',
    '"Mostrar esta conta na funcionalidade de envio de e-mails do Ticket"',
    "«Показувати цей обліковий запис у надсиланні листів із запиту»",
)
ONE: Final = ("{}", "{}", "{}", "{}")
THE_ACCOUNT: Final = ("the account", "la cuenta", "a conta", "обліковий запис")
THE_PROFILE: Final = ("the profile", "el perfil", "o perfil", "профіль")

ONLY_ADMIN: Final = (
    "an administrator of the base has to do it",
    "lo debe hacer un administrador de la base",
    "um administrador da base precisa fazê-lo",
    "це має зробити адміністратор бази",
)
CALENDAR_HOURS: Final = (
    "no effect on rules whose service hours are calendar hours: check each rule",
    "sin efecto en las reglas con horas calendario: revisa cada regla",
    "sem efeito nas regras com horas corridas: confira cada regra",
    "не діє на правила з календарними годинами: перевірте кожне",
)
