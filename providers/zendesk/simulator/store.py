"""The tickets of an account: seeded ones, those that changed, their history, and what the search index still shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from providers.zendesk.simulator.core import Desk, missing
from providers.zendesk.simulator.seed import Seed, Ticket


@dataclass(frozen=True, slots=True)
class Source:
    """What caused an entry besides a person: a trigger or an automation."""

    id: int
    title: str
    kind: str  # trigger, automation


@dataclass(frozen=True, slots=True)
class Change:
    """A field got another value."""

    field: str
    value: object
    before: object
    by: Source | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A comment."""

    body: str
    public: bool
    author: int


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a rule sent, as it lies in the outbox."""

    at: float
    ticket_id: int
    to: str
    subject: str
    body: str
    by: Source


@dataclass(frozen=True, slots=True)
class Audit:
    """What one update did to a ticket. `at` is in epoch seconds."""

    id: int
    ticket_id: int
    at: float
    author: int
    channel: str
    events: tuple[Change | Said | Mail, ...]
    creates: bool = False


@dataclass(slots=True)
class Store:
    """Tickets by id. `lag` is how many seconds the search index is behind."""

    desk: Desk
    seed: Seed
    lag: float = 0.0
    top: int = 0
    seq: int = 0
    changed: dict[int, Ticket] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    audits: dict[int, list[Audit]] = field(default_factory=dict)
    outbox: list[Mail] = field(default_factory=list)
    _late: dict[int, list[tuple[float, Ticket | None]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.top = self.seed.count

    def get(self, id_: int) -> Ticket | None:
        """Return a ticket as it is now, None when there is none."""
        found = self.changed.get(id_)
        if found is not None:
            return found
        if not 0 < id_ <= self.seed.count or id_ in self.deleted:
            return None
        return self.seed.ticket(id_)

    def need(self, id_: int) -> Ticket:
        """Return a ticket as it is now; raises the 404 of an unknown one."""
        found = self.get(id_)
        if found is None:
            raise missing()
        return found

    def put(self, ticket: Ticket, before: Ticket | None) -> Ticket:
        """Keep another state of a ticket and return it with its place in the order of changes."""
        self._fade(ticket.id, before)
        self.seq += 1
        ticket.seq = self.seq
        self.changed[ticket.id] = ticket
        self.top = max(self.top, ticket.id)
        return ticket

    def delete(self, id_: int) -> None:
        """Take a ticket away; raises the 404 of an unknown one."""
        self._fade(id_, self.need(id_))
        self.seq += 1
        self.changed.pop(id_, None)
        self.deleted.add(id_)

    def every(self, after: int = 0) -> Iterator[Ticket]:
        """Give all tickets in the order of their creation, starting behind an id."""
        for id_ in range(after + 1, self.top + 1):
            ticket = self.get(id_)
            if ticket is not None:
                yield ticket

    def indexed(self, after: int = 0) -> Iterator[Ticket]:
        """Give all tickets as the search index knows them, in the order of their creation, starting behind an id."""
        if self.lag <= 0 or not self._late:
            yield from self.every(after)
            return
        edge = self.desk.clock() - self.lag
        for id_ in range(after + 1, self.top + 1):
            late = self._late.get(id_)
            ticket = self.get(id_) if late is None else self._seen(id_, late, edge)
            if ticket is not None:
                yield ticket

    def _seen(self, id_: int, late: list[tuple[float, Ticket | None]], edge: float) -> Ticket | None:
        for at, before in late:
            if at > edge:
                return before
        del self._late[id_]
        return self.get(id_)

    def _fade(self, id_: int, before: Ticket | None) -> None:
        if self.lag > 0:
            self._late.setdefault(id_, []).append((self.desk.clock(), before))
