"""Triggers and automations that an account begins with: the usual mails to customers and agents, and what ages."""

from __future__ import annotations

from typing import Final

from providers.zendesk.simulator.core import Json

SEEDED: Final = "2026-01-12T09:00:00Z"
CATEGORIES: Final[tuple[dict[str, Json], ...]] = (
    {"id": "41001", "name": "Notifications", "position": 1, "created_at": SEEDED, "updated_at": SEEDED},
    {"id": "41002", "name": "Routing", "position": 2, "created_at": SEEDED, "updated_at": SEEDED},
)


def _if(*every: tuple[str, str, str], either: tuple[tuple[str, str, str], ...] = ()) -> Json:
    names = ("field", "operator", "value")
    return {
        "all": [dict(zip(names, one, strict=True)) for one in every],
        "any": [dict(zip(names, one, strict=True)) for one in either],
    }


def _mail(to: str, subject: str, body: str) -> Json:
    return [{"field": "notification_user", "value": [to, subject, body]}]


_CREATED: Final = ("update_type", "is", "Create")
_CHANGED: Final = ("update_type", "is", "Change")
_Rule = tuple[int, str, bool, bool, Json, Json]

TRIGGERS: Final[tuple[_Rule, ...]] = (
    (
        42_001,
        "Notify requester of new request",
        True,
        True,
        _if(_CREATED, ("status", "is_not", "solved")),
        _mail(
            "requester_id",
            "[Received] {{ticket.title}}",
            "Your request {{ticket.id}} is with us. {{dc.request_received}}",
        ),
    ),
    (
        42_002,
        "Notify requester of comment update",
        True,
        True,
        _if(_CHANGED, ("comment_is_public", "is", "true"), ("role", "is", "agent")),
        _mail("requester_id", "Re: {{ticket.title}}", "Your request {{ticket.id}} has an answer."),
    ),
    (
        42_003,
        "Notify assignee of comment update",
        True,
        True,
        _if(_CHANGED, ("role", "is", "end_user"), ("comment_is_public", "is", "true")),
        _mail("assignee_id", "Re: {{ticket.title}}", "The customer wrote in {{ticket.id}}."),
    ),
    (
        42_004,
        "Notify assignee of assignment",
        True,
        True,
        _if(("assignee_id", "changed", ""), ("assignee_id", "is_not", "current_user")),
        _mail("assignee_id", "Assigned: {{ticket.title}}", "Ticket {{ticket.id}} is yours."),
    ),
    (
        42_005,
        "Tell requester that the request waits",
        False,
        True,
        _if(("status", "value", "pending"), ("current_tags", "not_includes", "quiet")),
        _mail("requester_id", "We wait: {{ticket.title}}", "Request {{ticket.id}} is pending."),
    ),
    (
        42_006,
        "Answer outside business hours",
        False,
        False,
        _if(_CREATED, ("in_business_hours", "is", "false")),
        _mail("requester_id", "We are closed: {{ticket.title}}", "We answer when we open."),
    ),
)
AUTOMATIONS: Final[tuple[_Rule, ...]] = (
    (
        43_001,
        "Close tickets four days after they were solved",
        True,
        True,
        _if(("status", "is", "solved"), ("SOLVED", "greater_than", "96")),
        [{"field": "status", "value": "closed"}],
    ),
    (
        43_002,
        "Remind of a pending request after a day",
        False,
        True,
        _if(("status", "is", "pending"), ("PENDING", "is", "24")),
        _mail("requester_id", "Still there? {{ticket.title}}", "We wait for your answer in {{ticket.id}}."),
    ),
    (
        43_003,
        "Solve requests pending for three weeks",
        False,
        False,
        _if(("status", "is", "pending"), ("PENDING", "greater_than", "504")),
        [{"field": "status", "value": "solved"}, {"field": "set_tags", "value": "timed_out"}],
    ),
)
