"""Live chat: its own API with its own token, departments and proactive triggers.

`enabled` is an integer, 0 or 1 [DOC]; the paths of the PUTs are from memory. With the agent workspace, departments
become groups and cannot be changed here (the refusal: a guess) [HC]. Lists are bare arrays [DOC].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, Route
from providers.zendesk.simulator.listing import Check, Record, is_any_text, is_number, is_numbers, is_text

FAMILY: Final = "chat"
ROLE: Final = "admin"  # and a token of a Chat client: one of Support is refused below /api/v2/chat (access.py)
_CHAT: Final = "/api/v2/chat"
_FIELDS: Final[Mapping[str, Check]] = {
    "name": is_text,
    "description": is_any_text,
    "enabled": lambda value: is_number(value) and value in (0, 1),
}
_DEPARTMENT: Final[Mapping[str, Check]] = {
    **_FIELDS,
    "members": is_numbers,
    "settings": lambda value: isinstance(value, dict),
}
_TRIGGERS: Final = (
    (61_001, "Greet a visitor", "Says hello after 30 seconds on a page", 1),
    (61_002, "Ofrecer ayuda en el pago", "Saluda a quien lleva dos minutos en el pago", 1),
    (61_003, "Chamar quem volta", "Cumprimenta quem visitou o site nesta semana", 1),
    (61_004, "Old campaign", "Campaign of last year", 0),
)
_DEPARTMENTS: Final = (
    (62_001, "Support", "Questions about orders", 1, (1, 2, 3)),
    (62_002, "Ventas", "Preguntas antes de comprar", 1, (4, 5)),
    (62_003, "Підтримка", "Питання українською", 1, (6,)),
    (62_004, "Night shift", "Not staffed at the moment", 0, ()),
)


class Chat:
    """The live chat of one account: `triggers` and `departments` as the wire shows them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.triggers: dict[int, Record] = {
            id_: {"id": id_, "name": name, "description": text, "enabled": enabled}
            for id_, name, text, enabled in _TRIGGERS
        }
        self.departments: dict[int, Record] = {
            id_: {
                "id": id_,
                "name": name,
                "description": text,
                "enabled": enabled,
                "members": list(members),
                "settings": {},
            }
            for id_, name, text, enabled, members in _DEPARTMENTS
        }

    def routes(self) -> list[Route]:
        """Return the operations of Chat, all for a Chat token with the rate limit of Chat."""
        return [
            Route("GET", f"{_CHAT}/account", self.show_account, FAMILY, ROLE),
            Route("GET", f"{_CHAT}/triggers", self.list_triggers, FAMILY, ROLE),
            Route("GET", f"{_CHAT}/triggers/<int:id>", self.show_trigger, FAMILY, ROLE),
            Route("PUT", f"{_CHAT}/triggers/<int:id>", self.update_trigger, FAMILY, ROLE),
            Route("GET", f"{_CHAT}/departments", self.list_departments, FAMILY, ROLE),
            Route("GET", f"{_CHAT}/departments/<int:id>", self.show_department, FAMILY, ROLE),
            Route("PUT", f"{_CHAT}/departments/<int:id>", self.update_department, FAMILY, ROLE),
        ]

    def dump(self) -> Json:
        """Return every trigger and department."""
        return {
            "triggers": {str(id_): row for id_, row in self.triggers.items()},
            "departments": {str(id_): row for id_, row in self.departments.items()},
        }

    def show_account(self, call: Call) -> Reply:
        """Answer with the account: a probe of the token."""
        del call
        return Reply({"account_key": "chat-of-" + self._desk.subdomain, "status": "active"})

    def list_triggers(self, call: Call) -> Reply:
        """Answer with every trigger."""
        del call
        return Reply(list(self.triggers.values()))

    def show_trigger(self, call: Call) -> Reply:
        """Answer with one trigger."""
        return Reply(_find(self.triggers, call))

    def update_trigger(self, call: Call) -> Reply:
        """Change the fields sent; the others stay."""
        return Reply(_changed(_find(self.triggers, call), call.body, _FIELDS))

    def list_departments(self, call: Call) -> Reply:
        """Answer with every department."""
        del call
        return Reply(list(self.departments.values()))

    def show_department(self, call: Call) -> Reply:
        """Answer with one department."""
        return Reply(_find(self.departments, call))

    def update_department(self, call: Call) -> Reply:
        """Change the fields sent, unless the agent workspace has made the departments groups."""
        row = _find(self.departments, call)
        if self._desk.features.get("agent_workspace", False):
            raise _refusal(403, "forbidden", "departments are groups in the agent workspace")
        return Reply(_changed(row, call.body, _DEPARTMENT))


def _find(records: Mapping[int, Record], call: Call) -> Record:
    found = records.get(call.args["id"])
    if found is None:
        raise _refusal(404, "not_found", "there is no such record")
    return found


def _changed(row: Record, body: Json, checks: Mapping[str, Check]) -> Record:
    """Change `row`; raises the 400 of a body with a wrong value or with nothing writable in it (status: a guess)."""
    given = {name: body[name] for name in checks if name in body} if isinstance(body, Mapping) else {}
    bad = sorted(name for name, value in given.items() if not checks[name](value))
    if bad or not given:
        raise _refusal(400, "invalid_input", f"{', '.join(bad) or 'the body'} is not valid")
    row |= given
    return row


def _refusal(status: int, error: str, message: str) -> Refusal:
    """Return a refusal in the shape of the Chat API (a guess: its documents show no error)."""
    return Refusal(status, {"error": error, "message": message})
