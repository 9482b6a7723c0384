"""What only people do in Digisac: hours and texts live in its bots, connections and settings are switched by hand.

Portuguese paths of the bots, the company's settings, the roles and the schedules stand in the vendor's manual [DOC];
the last steps of some of them, and all other languages, are from memory or translations, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from providers.places import ANY, Place, Places, Words
from runner import kinds
from runner.spi import KindSpec

MORE: Final[Words] = ("More options", "Más opciones", "Mais opções", "Більше")
BOTS: Final[Words] = ("Bots", "Robots", "Robôs", "Боти")
FLOW: Final[Words] = ("Flowchart", "Diagrama de flujo", "Fluxograma", "Блок-схема")
THE_BOT: Final[Words] = ("the bot {}", "el robot {}", "o robô {}", "бот {}")
HOURS: Final[Words] = ("Service hours", "Horario de atención", "Horário de atendimento", "Години роботи")
OUTSIDE: Final[Words] = (
    "Message outside service hours",
    "Mensaje fuera del horario",
    "Mensagem fora do horário de atendimento",
    "Повідомлення поза годинами роботи",
)
COMPANY: Final[Words] = ("Company", "Empresa", "Empresa", "Компанія")
PANEL: Final[Words] = ("Navigation panel", "Panel de navegación", "Painel de navegação", "Панель навігації")
ROLES: Final[Words] = ("Roles", "Cargos", "Cargos", "Посади")
SCHEDULES: Final[Words] = ("Schedules", "Agendamientos", "Agendamentos", "Заплановане")
PUBLISH: Final[Words] = (
    "publish the bot afterwards",
    "publica el robot después",
    "publique o robô depois",
    "потім опублікуйте бота",
)
_BOT: Final = (MORE, BOTS, FLOW, THE_BOT)

PLACES: Final = Places(
    (
        Place(
            "business_hours",
            "*",
            (),
            ("Hours in the bot {}", "Horario en el robot {}", "Horário no robô {}", "Години в боті {}"),
            (*_BOT, HOURS),
            note=PUBLISH,
        ),
        Place(
            "channel_hours",
            "*",
            (),
            (
                "Hours in the bot of {}",
                "Horario en el robot de {}",
                "Horário no robô da conexão {}",
                "Години в боті підключення {}",
            ),
            (*_BOT, HOURS),
            note=PUBLISH,
        ),
        Place(
            "message",
            "out of hours" + ANY,
            (),
            (
                "Message outside the hours of {}",
                "Mensaje fuera del horario de {}",
                "Mensagem fora do horário de {}",
                "Повідомлення поза годинами: {}",
            ),
            (*_BOT, OUTSIDE),
            note=PUBLISH,
        ),
        Place(
            "message",
            "*",
            (),
            ("Text of the bot {}", "Texto del robot {}", "Texto do robô {}", "Текст бота {}"),
            _BOT,
            note=PUBLISH,
        ),
        Place(
            "channel",
            "*",
            (),
            ("Connection {}", "Conexión {}", "Conexão {}", "Підключення {}"),
            (
                ("Connections", "Conexiones", "Conexões", "Підключення"),
                ("the connection {}", "la conexión {}", "a conexão {}", "підключення {}"),
                ("Shut down or start", "Apagar o iniciar", "Desligar ou iniciar", "Вимкнути або запустити"),
            ),
            note=(
                "while it is off nothing comes in; never log it out: that asks for a new QR code",
                "mientras está apagada no entra nada; nunca cierres su sesión: pediría un nuevo código QR",
                "enquanto está desligada nada entra; nunca desconecte a sessão: pediria um novo QR Code",
                "поки вимкнено, нічого не надходить; не виходьте із сесії: знадобиться новий QR-код",
            ),
        ),
        Place(
            "rule",
            "*",
            (),
            ("Flow {}", "Flujo {}", "Fluxo {}", "Сценарій {}"),
            _BOT,
            note=PUBLISH,
        ),
        Place(
            "access",
            "IP restriction",
            (),
            ("IP restriction", "Restricción de IP", "Restrição de IPs", "Обмеження IP"),
            (
                MORE,
                COMPANY,
                (
                    "Service preferences (SAC)",
                    "Preferencias de atención (SAC)",
                    "Preferências de Atendimento (SAC)",
                    "Налаштування обслуговування (SAC)",
                ),
                ("IP restriction", "Restricción de IP", "Restrição de IPs", "Обмеження IP"),
            ),
            sure=("pt-BR",),
        ),
        Place(
            "access",
            "role" + ANY,
            ("A5",),
            ("Role {}", "Cargo {}", "Cargo {}", "Посада {}"),
            (PANEL, ROLES, ("{}", "{}", "{}", "{}"), ("Edit", "Editar", "Editar", "Редагувати")),
            sure=("pt-BR",),
        ),
        Place(
            "access",
            "*",
            (),
            ("Company setting {}", "Ajuste de la empresa {}", "Configuração da empresa {}", "Параметр компанії {}"),
            (MORE, COMPANY, ("{}", "{}", "{}", "{}")),
        ),
        Place(
            "checklist",
            "allow schedules",
            ("A5",),
            (
                "Allow a role to use schedules",
                "Permitir agendamientos a un cargo",
                "Permitir agendamentos a um cargo",
                "Дозволити посаді планування",
            ),
            (
                PANEL,
                ROLES,
                ("the role", "el cargo", "o cargo", "посада"),
                ("Edit", "Editar", "Editar", "Редагувати"),
                ("Enable schedules", "Habilitar agendamiento", "Habilitar agendamento", "Увімкнути планування"),
                ("Save", "Guardar", "Salvar", "Зберегти"),
            ),
            sure=("pt-BR",),
        ),
        Place(
            "checklist",
            "schedule with files",
            ("A-open", "A-open-notify"),
            (
                "Add files to a schedule",
                "Añadir archivos a un agendamiento",
                "Anexar arquivos a um agendamento",
                "Додати файли до запланованого",
            ),
            (
                MORE,
                SCHEDULES,
                ("the schedule", "el agendamiento", "o agendamento", "заплановане"),
                ("Files", "Archivos", "Arquivos", "Файли"),
                ("Save", "Guardar", "Salvar", "Зберегти"),
            ),
        ),
        Place(
            "checklist",
            "schedule badge",
            ("A7",),
            (
                "Look at a schedule that has come",
                "Ver un agendamiento que llegó",
                "Ver um agendamento que chegou",
                "Переглянути заплановане, що настало",
            ),
            (
                (
                    '"Schedule" badge in the top bar',
                    'Aviso "Agendamento" en la barra superior',
                    '"Agendamento" no painel de navegação superior',
                    "Позначка «Agendamento» на верхній панелі",
                ),
                ("Go to conversation", "Ir a la conversación", "Ir para conversa", "Перейти до розмови"),
            ),
            sure=("pt-BR",),
        ),
    ),
    "hours and texts live in a bot's flow, which only people edit; words that are not Portuguese are translations",
)


def by_people() -> Iterator[KindSpec]:
    """Yield the kinds that people carry out."""
    for spec in (
        kinds.business_hours(),
        kinds.channel_hours(),
        kinds.message(),
        kinds.channel(),
        kinds.rule(),
        kinds.access(),
    ):
        yield PLACES.guided(kinds.person(spec))
    yield PLACES.checklist()
