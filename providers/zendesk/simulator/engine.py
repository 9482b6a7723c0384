"""What happens around a change of a ticket: triggers first to last, audits, mails; and automations once an hour.

Every create and update runs all active triggers, whoever made it: the API, a bulk job, a person, a customer [DOC]. That
an update which changes nothing leaves no audit and runs no trigger is a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

from providers.zendesk.simulator.conditions import ROBOT_USER, TIMES, Event, met
from providers.zendesk.simulator.core import Desk, Json, Refusal, User
from providers.zendesk.simulator.drafts import Drafts, retagged
from providers.zendesk.simulator.hours import Hours
from providers.zendesk.simulator.listing import Record
from providers.zendesk.simulator.people import CUSTOMERS, People
from providers.zendesk.simulator.rules import Rules
from providers.zendesk.simulator.seed import HOUR, Ticket
from providers.zendesk.simulator.store import Audit, Change, Mail, Said, Source, Store

SHOWN: Final = (
    "status",
    "custom_status_id",
    "priority",
    "type",
    "group_id",
    "assignee_id",
    "requester_id",
    "tags",
    "subject",
    "external_id",
    "schedule_id",
    "satisfaction",
)
CATCH_UP: Final = 24 * 14  # hours that automations make good after the clock jumped
Texts = Callable[[str], str]


@dataclass(slots=True)
class _Run:
    """One update on its way through the rules."""

    before: Ticket | None
    now: Ticket
    said: Said | None
    author: User
    at: float
    events: list[Change | Said | Mail]


class Engine:
    """Changes tickets of one account. `texts` fills in dynamic content in mails."""

    def __init__(
        self,
        desk: Desk,
        store: Store,
        drafts: Drafts,
        people: People,
        hours: Hours,
        triggers: Rules,
        automations: Rules,
        texts: Texts = str,
    ) -> None:
        self._desk = desk
        self.store = store
        self.drafts = drafts
        self._people = people
        self._hours = hours
        self._triggers = triggers
        self._automations = automations
        self._texts = texts
        self._last_audit = 500_000_000_000
        self._hour = int(desk.clock() // HOUR)

    # --- changes --------------------------------------------------------------------------------------------------

    def update(self, id_: int, change: Mapping[str, Json], author: User, channel: str = "api") -> tuple[Ticket, Audit]:
        """Change one ticket. Raises `Refusal`: 404 for an unknown one, 422 for what is not allowed."""
        return self.change(self.store.need(id_), change, author, channel)

    def change(
        self, before: Ticket, change: Mapping[str, Json], author: User, channel: str = "api"
    ) -> tuple[Ticket, Audit]:
        """Change a ticket that was just read. Raises the 422 of what is not allowed."""
        fields = self.drafts.fields(before, change)
        said = self.drafts.said(before, change, author.id, self.comments(before.id)) if "comment" in change else None
        return self._commit(before, fields, said, author, channel)

    def create(self, wanted: Mapping[str, Json], author: User, channel: str = "api") -> tuple[Ticket, Audit]:
        """Make a ticket. Raises the 422 of one without a comment, or of values that are not allowed."""
        now = int(self._desk.clock())
        requester = wanted.get("requester_id", author.id)
        blank = Ticket(
            id=self.store.top + 1,
            status="new",
            custom_status_id=self.drafts.status_id("new"),
            priority=None,
            type=None,
            group_id=None,
            assignee_id=None,
            requester_id=requester,
            tags=(),
            channel=channel,
            created=now,
            updated=now,
            since=now,
            assigned=now,
            requester_updated=now,
            assignee_updated=now,
            subject="",
        )
        said = self.drafts.said(blank, {"comment": None, **wanted}, requester, 0)
        if said is None:
            raise Refusal(422, _LACKS_COMMENT)
        fields = self.drafts.fields(blank, wanted, fresh=True)
        subject = fields.get("subject") or said.body[:60]
        fresh = replace(blank, **{**fields, "subject": subject, "public": said.public, "description": said.body})
        run = _Run(None, fresh, said, author, self._desk.clock(), [said])
        run.events += [
            Change(name, value, None) for name in SHOWN if (value := _value(fresh, name)) not in (None, (), "unoffered")
        ]
        return self._finish(run, channel)

    def customer_writes(self, id_: int, text: str) -> tuple[Ticket, Audit]:
        """A customer answers: pending, hold and solved tickets become open [HC]. Raises the 422 of a closed one."""
        before = self.store.need(id_)
        customer = User(before.requester_id, "Customer", "end-user")
        reopened = {"status": "open"} if before.status in ("pending", "hold", "solved") else {}
        fields = self.drafts.fields(before, reopened)
        return self._commit(before, fields, Said(text, True, customer.id), customer, before.channel)

    def comments(self, id_: int) -> int:
        """Return how many comments a ticket has."""
        told = sum(isinstance(event, Said) for audit in self.store.audits.get(id_, ()) for event in audit.events)
        return told + (1 if id_ <= self.store.seed.count else 0)

    def _commit(
        self, before: Ticket, fields: Record, said: Said | None, author: User, channel: str
    ) -> tuple[Ticket, Audit]:
        run = _Run(before, before, said, author, self._desk.clock(), [said] if said else [])
        self._set(run, fields, None)
        if not run.events:
            return before, Audit(self._next_audit(), before.id, run.at, author.id, channel, ())
        return self._finish(run, channel)

    def _finish(self, run: _Run, channel: str) -> tuple[Ticket, Audit]:
        for rule in self._triggers.in_order():
            event = Event(run.before, run.now, run.said, run.author, run.at)
            if met(event, rule["conditions"], self._hours):
                self._act(run, rule, Source(rule["id"], rule["title"], "trigger"))
        return self._keep(run, channel)

    def _keep(self, run: _Run, channel: str) -> tuple[Ticket, Audit]:
        second = int(run.at)
        now = replace(run.now) if run.now is run.before else run.now
        now.updated = second
        if run.author.id == now.requester_id or run.author.id in CUSTOMERS:
            now.requester_updated = second
        elif run.author.id == now.assignee_id:
            now.assignee_updated = second
        ticket = self.store.put(now, run.before)
        events = tuple(run.events)
        audit = Audit(self._next_audit(), ticket.id, run.at, run.author.id, channel, events, run.before is None)
        self.store.audits.setdefault(ticket.id, []).append(audit)
        return ticket, audit

    def _next_audit(self) -> int:
        self._last_audit += 100
        return self._last_audit

    def _set(self, run: _Run, fields: Mapping[str, Any], by: Source | None) -> None:
        """Set fields and note every value that changes."""
        was = run.now
        now = replace(was, **fields)
        second = int(run.at)
        if now.status != was.status:
            now.since = second
        if now.assignee_id != was.assignee_id:
            now.assigned = second
        run.now = now
        for name in fields:
            if name in SHOWN and _value(now, name) != _value(was, name):
                run.events.append(Change(name, _value(now, name), _value(was, name), by))
        if now.fields != was.fields:
            run.events.append(Change("custom_fields", None, None, by))

    # --- rules ----------------------------------------------------------------------------------------------------

    def _act(self, run: _Run, rule: Mapping[str, Json], source: Source) -> None:
        for action in rule["actions"]:
            field, value = action["field"], action.get("value")
            if field.startswith("notification"):
                self._notify(run, field, value, source)
                continue
            fields = self._effect(run, field, value)
            if fields:
                self._set(run, fields, source)

    def _effect(self, run: _Run, field: str, value: Json) -> Record:
        text = "" if value is None else str(value)
        if field in ("set_tags", "current_tags", "remove_tags"):
            name = {"set_tags": "tags", "current_tags": "additional_tags"}.get(field, field)
            return {"tags": retagged(run.now.tags, {name: text})}
        if field == "set_schedule":
            return {"schedule_id": int(text) if text.isdecimal() else None}
        if field == "satisfaction_score":
            return {"satisfaction": text}
        if field in ("group_id", "assignee_id"):
            who = run.author.id if text == "current_user" else int(text) if text.isdecimal() else None
            return {field: who}
        if field == "status":
            return {"status": text, "custom_status_id": self.drafts.status_id(text)} if text != run.now.status else {}
        return {field: text} if field in ("priority", "type") else {}

    def _notify(self, run: _Run, field: str, value: Json, source: Source) -> None:
        parts = [str(part) for part in value] if isinstance(value, list) else [str(value)]
        target, subject, body = (*parts, "", "")[:3]
        for address in self._addresses(run, field, target):
            mail = Mail(run.at, run.now.id, address, self._filled(subject, run), self._filled(body, run), source)
            run.events.append(mail)
            self.store.outbox.append(mail)

    def _addresses(self, run: _Run, field: str, target: str) -> list[str]:
        if field != "notification_user":
            return [f"{field.removeprefix('notification_')}:{target}"]
        if target == "all_agents":
            return [self._people.email(id_) for id_ in self._people.staff]
        ids = {"requester_id": run.now.requester_id, "assignee_id": run.now.assignee_id, "current_user": run.author.id}
        id_ = ids.get(target, int(target) if target.isdecimal() else None)
        return [self._people.email(id_)] if id_ is not None else []

    def _filled(self, text: str, run: _Run) -> str:
        known = {"{{ticket.id}}": str(run.now.id), "{{ticket.title}}": run.now.subject}
        for name, value in known.items():
            text = text.replace(name, value)
        return self._texts(text) if "{{" in text else text

    # --- automations ----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Run the automations for every hour that the clock has passed."""
        hour = int(self._desk.clock() // HOUR)
        if hour > self._hour:
            self._age_all([past * HOUR for past in range(max(self._hour + 1, hour - CATCH_UP), hour + 1)])
            self._hour = hour

    def hour(self, at: float | None = None) -> int:
        """Run every active automation once over the tickets that are not closed; return how often one acted."""
        return self._age_all([self._desk.clock() if at is None else at])

    def _age_all(self, instants: Sequence[float]) -> int:
        rules = [(rule, _status_only(rule)) for rule in self._automations.in_order()]
        wide = any(not kept for _, kept in rules)
        wanted = {status for _, kept in rules for status in kept}
        chosen = (t for t in self.store.every() if t.status != "closed" and (wide or t.status in wanted))
        live = {ticket.id: ticket for ticket in chosen} if rules else {}
        acted = 0
        for at in instants:
            for rule, kept in rules:
                for id_, ticket in live.items():
                    if (
                        ticket.status != "closed"
                        and (not kept or ticket.status in kept)
                        and self._age(ticket, rule, at)
                    ):
                        live[id_] = self.store.need(id_)
                        acted += 1
        return acted

    def _age(self, ticket: Ticket, rule: Mapping[str, Json], at: float) -> bool:
        if not met(Event(ticket, ticket, None, ROBOT_USER, at), rule["conditions"], self._hours):
            return False
        run = _Run(ticket, ticket, None, ROBOT_USER, at, [])
        self._act(run, rule, Source(rule["id"], rule["title"], "automation"))
        if run.events:
            self._finish(run, "rule")
        return bool(run.events)


def _status_only(rule: Mapping[str, Json]) -> set[str]:
    """Return the statuses outside of which a rule cannot act, none when it may act on any."""
    for condition in rule["conditions"]["all"]:
        if condition["field"] == "status" and condition["operator"] == "is":
            return {str(condition["value"])}
        if condition["field"] in TIMES and condition["field"].isupper():
            return {condition["field"].lower()}
    return set()


def _value(ticket: Ticket, name: str) -> object:
    return _READ[name](ticket)


_READ: Final[Mapping[str, Callable[[Ticket], object]]] = {name: attrgetter(name) for name in SHOWN}
_LACKS_COMMENT: Final = {
    "error": "RecordInvalid",
    "description": "Record validation errors",
    "details": {"base": [{"description": "a ticket begins with a comment", "error": "BlankValue"}]},
}
