"""One simulated Zendesk account: all areas, one WSGI app, and what people and customers do besides the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from providers.wire.faults import Faults
from providers.zendesk.simulator.access import PUBLIC, Access
from providers.zendesk.simulator.areas import Content
from providers.zendesk.simulator.core import Desk, Json, Route, User
from providers.zendesk.simulator.drafts import Drafts
from providers.zendesk.simulator.engine import Engine
from providers.zendesk.simulator.faults import FAULTS
from providers.zendesk.simulator.hours import Hours
from providers.zendesk.simulator.jobs import Jobs
from providers.zendesk.simulator.limits import Limits
from providers.zendesk.simulator.listing import Record
from providers.zendesk.simulator.metrics import Metrics
from providers.zendesk.simulator.people import ADMIN, AGENTS, People
from providers.zendesk.simulator.rules import Rules
from providers.zendesk.simulator.search import Search
from providers.zendesk.simulator.seed import Seed, Ticket
from providers.zendesk.simulator.store import Audit, Mail, Store
from providers.zendesk.simulator.tickets import Tickets
from providers.zendesk.simulator.wsgi import Logged, Wire

__all__ = ["Account", "Logged"]
_STATUSES: Final = ("new", "open", "pending", "hold", "solved")


class _Clock:
    """The clock of an account; copies of the account share it."""

    def __init__(self, read: Callable[[], float]) -> None:
        self._read = read

    def __call__(self) -> float:
        return self._read()

    def __deepcopy__(self, memo: Mapping[int, object]) -> _Clock:
        return self


class Account:
    """A simulated account.

    `clock` returns UTC epoch seconds and is moved by the test. `plan` is one of `core.PLANS`, `tickets` how many there
    are at the start, `seed` which, `limits` False switches the rate limits off, `lag` is the delay of the search index
    and `pace` the seconds a job takes for each of its two steps. `features` are the account's switches.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        plan: str = "enterprise",
        tickets: int = 5000,
        seed: int = 1,
        limits: bool = True,
        lag: float = 0.0,
        pace: float = 1.0,
        sandbox: bool = False,
        subdomain: str = "example",
        features: Mapping[str, bool] | None = None,
    ) -> None:
        self.desk = Desk(_Clock(clock), plan, subdomain, sandbox, dict(features or {}))
        self.content = Content(self.desk)
        self.people = People(self.desk)
        self.admin = ADMIN
        self.hours = Hours(self.desk)
        self.triggers = Rules(self.desk, self.hours, "trigger")
        self.automations = Rules(self.desk, self.hours, "automation")
        self.drafts = Drafts(self.desk, self.people, self.content.groups, self.content.statuses)
        self.store = Store(self.desk, self._seed(tickets, seed), lag)
        self.engine = Engine(
            self.desk,
            self.store,
            self.drafts,
            self.people,
            self.hours,
            self.triggers,
            self.automations,
            self.content.texts.fill,
        )
        self.limits = Limits(self.desk, self.desk.clock, on=limits)
        self.jobs = Jobs(self.desk, self.engine, self.limits.edits, pace)
        self.faults = Faults(FAULTS)
        self.access = Access(self.desk, ADMIN, self.people.email(ADMIN.id))
        self.wsgi = Wire(
            self.desk,
            self._routes(),
            self.access,
            limits=self.limits,
            faults=self.faults,
            admits=self.content.security.admits,
            before=self._tick,
            strike=self.jobs.strike,
        )

    def _seed(self, tickets: int, number: int) -> Seed:
        ids = {status: self.drafts.status_id(status) for status in (*_STATUSES, "closed")}
        hold = self.desk.features.get("on_hold_status", True)
        return Seed(tickets, number, int(self.desk.clock()), tuple(self.content.groups.records), ids, hold)

    def _routes(self) -> list[Route]:
        metrics = Metrics(self.desk, self.store, self.hours, self.content.policies)
        return [
            Route("POST", "/oauth/tokens", self.access.issue, role=PUBLIC),
            *self.hours.routes(),
            *self.triggers.routes(),
            *self.automations.routes(),
            *Tickets(self.desk, self.engine, self.jobs, self.limits, metrics).routes(),
            *metrics.routes(),
            *self.jobs.routes(),
            *Search(self.desk, self.store, self.content.groups, self.people).routes(),
            *self.people.routes(),
            *self.content.routes(),
        ]

    def _tick(self) -> None:
        self.jobs.tick()
        self.engine.tick()

    # --- what tests look at ---------------------------------------------------------------------------------------

    @property
    def outbox(self) -> list[Mail]:
        """The mails that rules sent, oldest first."""
        return self.store.outbox

    @property
    def requests(self) -> list[Logged]:
        """All requests, oldest first; a fault's `at` is an index into this list."""
        return self.wsgi.requests

    def requested(self, method: str, rule: str) -> int:
        """Return how many requests came for an operation, by its rule."""
        return self.wsgi.counts[method, rule]

    def ticket(self, id_: int) -> Ticket:
        """Return a ticket as it is now. Raises `Refusal` (404) for an unknown one."""
        return self.store.need(id_)

    def matching(self, test: Callable[[Ticket], bool]) -> list[int]:
        """Return the ids of the tickets that pass a test, as they are now."""
        return [ticket.id for ticket in self.store.every() if test(ticket)]

    def audits(self, id_: int) -> Sequence[Audit]:
        """Return what happened to a ticket since the account began."""
        return self.store.audits.get(id_, ())

    def dump(self) -> str:
        """Return as canonical JSON what an outage could change, without stamps, logs and counters.

        Tickets are there only as far as they differ from what they were at the start; new ones completely.
        """
        world = {
            "tickets": self._differences(),
            "deleted": sorted(self.store.deleted),
            "schedules": {
                str(id_): {
                    **{name: row[name] for name in ("name", "time_zone", "intervals")},
                    "holidays": sorted(self.hours.holidays[id_].values(), key=lambda holiday: int(holiday["id"])),
                }
                for id_, row in self.hours.schedules.items()
            },
            "triggers": self.triggers.dump(),
            "automations": self.automations.dump(),
            "content": self.content.dump(),
        }
        return json.dumps(world, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def _differences(self) -> Record:
        found: Record = {}
        for id_, ticket in self.store.changed.items():
            now = _content(ticket)
            was = _content(self.store.seed.ticket(id_)) if id_ <= self.store.seed.count else {}
            other = {name: value for name, value in now.items() if name not in was or was[name] != value}
            if other:
                found[str(id_)] = other
        return found

    # --- what people do -------------------------------------------------------------------------------------------

    def person_edits(self, id_: int, by: User = AGENTS[0], **changes: Json) -> Ticket:
        """An agent changes a ticket on the pages of the product. Raises `Refusal` for what they refuse too."""
        with self.wsgi.lock:
            self._tick()
            return self.engine.update(id_, changes, by, "web")[0]

    def customer_writes(self, id_: int, text: str = "Any news?") -> Ticket:
        """A customer answers; pending, hold and solved tickets become open. Raises `Refusal` for a closed one."""
        with self.wsgi.lock:
            self._tick()
            return self.engine.customer_writes(id_, text)[0]

    def customer_opens(self, subject: str = "Help", **fields: Json) -> Ticket:
        """A customer writes a new request."""
        wanted = {
            "subject": subject,
            "comment": {"body": subject, "public": True},
            "requester_id": 20_000_000,
            **fields,
        }
        customer = User(wanted["requester_id"], "Customer", "end-user")
        with self.wsgi.lock:
            self._tick()
            return self.engine.create(wanted, customer, "email")[0]

    def others_use(self, requests: int = 0, family: str = "support", jobs: int = 0) -> None:
        """Other tools of the customer take requests out of a limit, and job slots until those jobs are done.

        Raises `Refusal` (429) when there is less left.
        """
        with self.wsgi.lock:
            for _ in range(requests):
                self.limits.take(family)
            for _ in range(jobs):
                self.jobs.queue("Bulk Update Ticket", (), AGENTS[0])


def _content(ticket: Ticket) -> Record:
    rows = {"tags": list(ticket.tags), "fields": {str(id_): value for id_, value in ticket.fields.items()}}
    values: Record = {
        "status": ticket.status,
        "custom_status_id": ticket.custom_status_id,
        "priority": ticket.priority,
        "type": ticket.type,
        "group_id": ticket.group_id,
        "assignee_id": ticket.assignee_id,
        "requester_id": ticket.requester_id,
        "subject": ticket.subject,
        "external_id": ticket.external_id,
        "schedule_id": ticket.schedule_id,
    }
    return {**values, **rows}
