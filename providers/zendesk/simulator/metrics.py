"""How long tickets wait, and when they break what is promised: for a list of whom to answer first.

[DOC]: ``tickets/{id}/metrics``; [O26]: ``tickets/{id}/slas/policy_metrics`` on the enterprise plans; [MEM]: the
sideload ``include=slas`` of ``tickets/show_many``. Which stage a metric is in and that only the first
reply and the resolution are promised are guesses; `breach_at` is null once a promise was kept.
"""

from __future__ import annotations

from providers.zendesk.simulator.access import forbidden
from providers.zendesk.simulator.conditions import ROBOT_USER, Event, met
from providers.zendesk.simulator.core import Call, Desk, Json, Reply, Route
from providers.zendesk.simulator.hours import Hours
from providers.zendesk.simulator.listing import Record
from providers.zendesk.simulator.seed import Ticket
from providers.zendesk.simulator.shapes import stamp
from providers.zendesk.simulator.sla import Policies
from providers.zendesk.simulator.store import Store


class Metrics:
    """What is promised to the customers of single tickets."""

    def __init__(self, desk: Desk, store: Store, hours: Hours, policies: Policies) -> None:
        self._desk = desk
        self._store = store
        self._hours = hours
        self._policies = policies

    def routes(self) -> list[Route]:
        """Return the operations on the metrics of a ticket."""
        one = "/api/v2/tickets/<int:id>"
        return [
            Route("GET", f"{one}/metrics", self._one, scope="tickets"),
            Route("GET", f"{one}/slas/policy_metrics", self._promised, scope="tickets"),
        ]

    def promised(self, ticket: Ticket) -> list[Record]:
        """Return the promises that a ticket's policy makes for its priority, none without policy or priority."""
        event = Event(ticket, ticket, None, ROBOT_USER, self._desk.clock())
        for policy in self._policies.records.values():
            if met(event, policy["filter"], self._hours):
                rows = [row for row in policy["policy_metrics"] if row["priority"] == ticket.priority]
                return [self._promise(ticket, row) for row in rows]
        return []

    def _promise(self, ticket: Ticket, promise: Json) -> Record:
        ended = ticket.status in ("solved", "closed")
        if promise["metric"] == "first_reply_time":
            stage = "active" if ticket.status == "new" else "achieved"
        else:
            stage = "achieved" if ended else "paused" if ticket.status in ("pending", "hold") else "active"
        minutes = promise["target"]
        late = (
            self._hours.after(ticket.schedule_id, ticket.created, minutes)
            if promise["business_hours"]
            else ticket.created + minutes * 60
        )
        breach = None if stage == "achieved" else stamp(late)
        return {"metric": promise["metric"], "stage": stage, "target": minutes, "breach_at": breach}

    def _promised(self, call: Call) -> Reply:
        if not self._desk.at_least("enterprise"):
            raise forbidden("the plan has no policy metrics")
        return Reply({"policy_metrics": self.promised(self._store.need(call.args["id"]))})

    def _one(self, call: Call) -> Reply:
        ticket = self._store.need(call.args["id"])
        now = int(self._desk.clock())
        row = {
            "id": ticket.id,
            "ticket_id": ticket.id,
            "created_at": stamp(ticket.created),
            "updated_at": stamp(ticket.updated),
            "status_updated_at": stamp(ticket.since),
            "requester_updated_at": stamp(ticket.requester_updated),
            "assignee_updated_at": stamp(ticket.assignee_updated),
            "requester_wait_time_in_minutes": {"calendar": (now - ticket.requester_updated) // 60},
        }
        if ticket.assignee_id is not None:
            row["assigned_at"] = stamp(ticket.assigned)
        if ticket.status in ("solved", "closed"):
            row["solved_at"] = stamp(ticket.since)
        return Reply({"ticket_metric": row})
