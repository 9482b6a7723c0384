"""The tickets of an account, and what its API lets a client do with them. No HTTP here.

`GET /tickets` lists what somebody touched in the last 90 days, `GET /tickets/past` the rest, `PATCH /tickets` changes
one of the former [DOC]. Statuses are names that the account has chosen for each type of ticket, and some ask for a
justification. Exact words and statuses of refusals are guesses; so is that a closed ticket takes no change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from providers.movidesk.simulator.odata import Row, Schema, predicate
from providers.wire.core import Call, Json, Refusal, Reply

DAYS: Final = 90 * 86_400  # seconds after which a ticket that nobody touches is in the past [DOC]
PAGE: Final = 100  # tickets at most in one answer [DOC]
PUBLIC, INTERNAL = 2, 1
WAITS: Final = ("Aguardando retorno do cliente", "Aguardando terceiro")
# name -> base status, justifications; a status with justifications asks for one of them
STATUSES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "Novo": ("New", ()),
    "Em atendimento": ("InAttendance", ()),
    "Parado": ("Stopped", (*WAITS, "Evento")),
    "Aguardando peça": ("Stopped", ()),
    "Resolvido": ("Resolved", ()),
    "Cancelado": ("Canceled", ("Duplicado", "Spam")),
    "Fechado": ("Closed", ()),
}
OF_TYPE: Final[Mapping[int, Mapping[str, tuple[str, tuple[str, ...]]]]] = {
    PUBLIC: STATUSES,
    INTERNAL: {**STATUSES, "Parado": ("Stopped", WAITS)},
}
TEXT: Final = {"status": str, "justification": str}
_DOCUMENTED: Final = """
    protocol owner createdBy serviceFull serviceFirstLevel serviceSecondLevel serviceThirdLevel contactForm tags cc
    resolvedIn reopenedIn closedIn lastActionDate slaAgreement slaAgreementRule slaSolutionDate slaResponseDate
    slaSolutionDateIsPaused stoppedTime stoppedTimeWorkingTime customFieldValues ownerHistories parentTickets
    childrenTickets assets chatGroup chatWidget
"""
SCHEMA: Final = Schema(
    {
        "id": int,
        "type": int,
        "origin": int,
        **dict.fromkeys(("subject", "status", "baseStatus", "justification", "urgency", "ownerTeam"), str),
        **dict.fromkeys(("category", "createdDate", "lastUpdate"), str),
        "actionCount": int,
    },
    {
        "statusHistories": {**TEXT, "changedDate": str},
        "clients": {"id": str, "businessName": str},
        "actions": {"id": int, "type": int, "description": str},
    },
    frozenset(_DOCUMENTED.split()),
)
READ_ONLY: Final = frozenset(
    {"id", "baseStatus", "origin", "createdDate", "lastUpdate", "statusHistories", "actionCount"}
)
_EXPAND: Final = re.compile(r"(\w+)(?:\(\$select=([\w,]+)\))?(?:,|$)")


@dataclass(slots=True)
class Ticket:
    """One ticket. Times are UTC epoch seconds; `history` is (status, justification, time), oldest first."""

    id: int
    type: int
    subject: str
    team: str
    urgency: str
    status: str
    justification: str | None
    clients: tuple[str, ...]
    created: float
    updated: float
    history: list[tuple[str, str | None, float]] = field(default_factory=list)
    actions: list[dict[str, Json]] = field(default_factory=list)


_SHOWN: Final[Mapping[str, Callable[[Ticket], Json]]] = {
    "id": lambda ticket: ticket.id,
    "type": lambda ticket: ticket.type,
    "origin": lambda _: 2,
    "subject": lambda ticket: ticket.subject,
    "status": lambda ticket: ticket.status,
    "baseStatus": lambda ticket: OF_TYPE[ticket.type][ticket.status][0],
    "justification": lambda ticket: ticket.justification,
    "urgency": lambda ticket: ticket.urgency,
    "ownerTeam": lambda ticket: ticket.team,
    "category": lambda _: "Incidente",
    "createdDate": lambda ticket: _iso(ticket.created),
    "lastUpdate": lambda ticket: _iso(ticket.updated),
    "actionCount": lambda ticket: len(ticket.actions),
    "statusHistories": lambda ticket: [
        {"status": status, "justification": why, "changedDate": _iso(at)} for status, why, at in ticket.history
    ],
    "clients": lambda ticket: [{"id": each, "businessName": f"Cliente {each}"} for each in ticket.clients],
    "actions": lambda ticket: [dict(each) for each in ticket.actions],
}


class Shown(Mapping[str, Json]):
    """A ticket as the API shows it: every field that is simulated, made when it is asked for."""

    def __init__(self, ticket: Ticket) -> None:
        self._ticket = ticket

    def __getitem__(self, name: str) -> Json:
        return _SHOWN[name](self._ticket)

    def __iter__(self) -> Iterator[str]:
        return iter(_SHOWN)

    def __len__(self) -> int:
        return len(_SHOWN)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a trigger, or a public action, sent to a customer."""

    ticket: int
    client: str
    about: str


class Desk:
    """The tickets of an account. `clock` returns UTC epoch seconds. `trigger` is the base status that mails customers
    when a ticket comes to it, "" for none; `refused` are tickets that refuse their next change, by a script."""

    def __init__(self, clock: Callable[[], float], tickets: Mapping[int, Ticket]) -> None:
        self.clock = clock
        self.tickets = dict(tickets)
        self.outbox: list[Mail] = []
        self.trigger = "Stopped"
        self.agents = {"agent-1"}
        self.refused: set[int] = set()

    def is_past(self, ticket: Ticket) -> bool:
        """Whether nobody touched a ticket for 90 days."""
        return self.clock() - ticket.updated >= DAYS

    # --- reading ----------------------------------------------------------------------------------------------------

    def live(self, call: Call) -> Reply:
        """Answer ``GET /tickets``."""
        return self._show(call, past=False)

    def past(self, call: Call) -> Reply:
        """Answer ``GET /tickets/past``."""
        return self._show(call, past=True)

    def _show(self, call: Call, *, past: bool) -> Reply:
        query = dict(call.query)
        query.pop("token", None)
        rows = (ticket for ticket in self.tickets.values() if self.is_past(ticket) is past)
        if "id" in query:
            found = next((ticket for ticket in rows if str(ticket.id) == query["id"]), None)
            if found is None:
                raise Refusal(404, "Ticket not found")
            return Reply(dict(Shown(found)))
        unknown = query.keys() - {"$select", "$filter", "$orderby", "$top", "$skip", "$expand"}
        if unknown:
            raise Refusal(501, f"not simulated: {sorted(unknown)[0]}")
        if not query.get("$select"):
            raise Refusal(400, "the $select parameter is required")  # on lists [DOC]
        shown = _columns(query["$select"], query.get("$expand", ""))
        test = predicate(query.get("$filter", ""), SCHEMA)
        field_, descending = _order(query.get("$orderby", "id"))
        top, skip = _number(query, "$top", PAGE), _number(query, "$skip", 0)
        matching = sorted((row for row in map(Shown, rows) if test(row)), key=lambda row: row[field_])
        if descending:
            matching.reverse()
        return Reply([_cut(row, shown) for row in matching[skip : skip + min(top, PAGE)]])

    # --- writing ----------------------------------------------------------------------------------------------------

    def change(self, call: Call) -> Reply:
        """Answer ``PATCH /tickets?id=``."""
        number = call.query.get("id", "")
        ticket = self.tickets.get(int(number)) if number.isdecimal() else None
        if ticket is None or self.is_past(ticket):
            raise Refusal(404, "Ticket not found")
        body = call.body
        if not isinstance(body, dict) or not body:
            raise Refusal(400, "the body must hold the attributes to change")
        if wrong := sorted(body.keys() & READ_ONLY):
            raise Refusal(400, f"{wrong[0]} is read only")
        if other := sorted(body.keys() - {"status", "justification", "actions"}):
            raise Refusal(501, f"not simulated: {other[0]}")
        if ticket.id in self.refused:
            self.refused.discard(ticket.id)
            raise Refusal(400, "O campo personalizado Causa é obrigatório")
        status, why = self._status(ticket, body)
        actions = self._actions(ticket, body.get("actions", []))
        if (status, why) != (ticket.status, ticket.justification):
            self.move(ticket, status, why)
        for each in actions:
            ticket.actions.append(each)
            if each["type"] == PUBLIC:
                self._mail(ticket, "action")
        ticket.updated = self.clock()
        return Reply(None)

    def move(self, ticket: Ticket, status: str, why: str | None) -> None:
        """Give a ticket another status, and let the trigger run."""
        ticket.status, ticket.justification, ticket.updated = status, why, self.clock()
        ticket.history.append((status, why, ticket.updated))
        if OF_TYPE[ticket.type][status][0] == self.trigger and ticket.type == PUBLIC:
            self._mail(ticket, "status")

    def _status(self, ticket: Ticket, body: Mapping[str, Json]) -> tuple[str, str | None]:
        """Return the status that a change asks for: the one, or the other, alone is refused [DOC]."""
        if not body.keys() & {"status", "justification"}:
            return ticket.status, ticket.justification
        if "status" not in body or "justification" not in body:
            raise Refusal(400, "status and justification must be informed together")
        status, why = body["status"], body["justification"] or None
        known = OF_TYPE[ticket.type]
        if status not in known:
            raise Refusal(400, f"Status '{status}' não encontrado")
        if why is not None and why not in known[status][1]:
            raise Refusal(400, f"Justificativa '{why}' não encontrada")
        if why is None and known[status][1]:
            raise Refusal(400, f"O status '{status}' exige justificativa")
        if known[ticket.status][0] == "Closed":
            raise Refusal(400, "the ticket is closed")
        return status, why

    def _actions(self, ticket: Ticket, given: Json) -> list[dict[str, Json]]:
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise Refusal(400, "actions must be a list")
        found: list[dict[str, Json]] = []
        for each in given:
            if each.keys() - {"type", "description", "createdBy"}:
                raise Refusal(501, f"not simulated: {sorted(each)}")
            if each.get("type") not in (INTERNAL, PUBLIC) or not each.get("description"):
                raise Refusal(400, "an action needs its type, 1 or 2, and a description")
            signed = each.get("createdBy")
            if signed is not None and signed.get("id") not in self.agents:
                raise Refusal(400, f"Pessoa '{signed.get('id')}' não encontrada")
            number = len(ticket.actions) + len(found) + 1
            found.append({"id": number, "type": each["type"], "description": each["description"]})
        return found

    def _mail(self, ticket: Ticket, about: str) -> None:
        self.outbox += [Mail(ticket.id, client, about) for client in ticket.clients]


def _columns(select: str, expand: str) -> dict[str, frozenset[str]]:
    """Return what is shown: field -> the fields of its items, none for all of them. Raises `Refusal`."""
    names = [name.strip() for name in select.split(",")]
    for name in names:
        SCHEMA.check(name)
    found = {name: frozenset[str]() for name in names if name in SCHEMA.fields}
    if expand and "".join(match[0] for match in _EXPAND.finditer(expand)) != expand:
        raise Refusal(501, f"not simulated: $expand={expand}")
    for match in _EXPAND.finditer(expand):
        SCHEMA.check(match[1])
        if match[1] not in SCHEMA.collections:
            raise Refusal(400, f"'{match[1]}' cannot be expanded")
        inner = frozenset(match[2].split(",")) if match[2] else frozenset[str]()
        if wrong := inner - SCHEMA.collections[match[1]].keys():
            raise Refusal(400, f"Could not find a property named '{min(wrong)}'")
        found[match[1]] = inner
    return found


def _cut(row: Row, shown: Mapping[str, frozenset[str]]) -> dict[str, Json]:
    cut: dict[str, Json] = {}
    for name, inner in shown.items():
        value = row[name]
        if inner:
            value = [{part: item[part] for part in sorted(inner)} for item in value]
        cut[name] = value
    return cut


def _order(text: str) -> tuple[str, bool]:
    name, _, way = text.partition(" ")
    if name not in SCHEMA.fields or way not in ("", "asc", "desc"):
        raise Refusal(400, f"$orderby={text} cannot be used")
    return name, way == "desc"


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise Refusal(400, f"{name} must be a number")
    return int(text)


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}Z"


def seeded(clock: Callable[[], float], number: int) -> dict[int, Ticket]:
    """Return the tickets of an account: of ten, five are being worked on, three new, waiting or without a part, two
    solved. One in ten is internal. Two belong to a team with a quote in its name; three were touched long ago."""
    found: dict[int, Ticket] = {}
    for n in range(number):
        status, why = _of_ten(n)
        updated = clock() - 3600 * (1 + n % 400) - (100 * 86_400 if n % 100 == 98 and n < 300 else 0)
        made = Ticket(
            id=1001 + n,
            type=INTERNAL if n % 10 == 3 else PUBLIC,
            subject=f"Chamado {n}",
            team="Caixa d'Água" if n in (1, 11) else ("Suporte N1", "Suporte N2", "Financeiro")[n % 3],
            urgency=("Baixa", "Média", "Alta", "Urgente")[n % 4],
            status=status,
            justification=why,
            clients=(f"c{n % 250}",),
            created=updated - 86_400,
            updated=updated,
        )
        made.history = [("Novo", None, made.created), *_between(n, made.created), (status, why, updated)]
        found[made.id] = made
    return found


def _of_ten(n: int) -> tuple[str, str | None]:
    waits: Sequence[tuple[str, str | None]] = (
        ("Novo", None),
        ("Parado", "Aguardando retorno do cliente"),
        ("Aguardando peça", None),
        ("Resolvido", None),
        ("Resolvido", None),
    )
    return ("Em atendimento", None) if n % 10 < 5 else waits[n % 10 - 5]


def _between(n: int, created: float) -> list[tuple[str, str | None, float]]:
    """Return what every other solved ticket went through: an event of before."""
    return [("Parado", "Evento", created + 3600)] if n % 10 == 8 else []
