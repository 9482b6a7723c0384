"""How tickets, audits and comments look on the wire.

Group, assignee, priority and type are null where a ticket has none, as real accounts write them, although the official
file does not mark them nullable [O25]. In audits tags are one text, as that file wants the values.
"""

from __future__ import annotations

from datetime import UTC, datetime

from providers.zendesk.simulator.core import Desk, Json
from providers.zendesk.simulator.listing import Record
from providers.zendesk.simulator.seed import Ticket
from providers.zendesk.simulator.store import Audit, Change, Mail, Said, Source, Store


def stamp(at: float) -> str:
    """Return an instant as the vendor writes it."""
    return f"{datetime.fromtimestamp(int(at), UTC).isoformat()[:19]}Z"


def ticket_shown(desk: Desk, ticket: Ticket) -> Record:
    """Return a ticket as the API writes it."""
    return {
        "id": ticket.id,
        "url": f"https://{desk.subdomain}.zendesk.com/api/v2/tickets/{ticket.id}.json",
        "via": {"channel": ticket.channel, "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": stamp(ticket.created),
        "updated_at": stamp(ticket.updated),
        "generated_timestamp": ticket.updated,
        "type": ticket.type,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.description or f"{ticket.subject}. Please help.",
        "priority": ticket.priority,
        "status": ticket.status,
        "custom_status_id": ticket.custom_status_id,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.requester_id,
        "assignee_id": ticket.assignee_id,
        "group_id": ticket.group_id,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "due_at": None,
        "has_incidents": False,
        "is_public": ticket.public,
        "tags": list(ticket.tags),
        "custom_fields": [{"id": id_, "value": value} for id_, value in ticket.fields.items()],
        "satisfaction_rating": {"score": ticket.satisfaction},
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
        **({"external_id": ticket.external_id} if ticket.external_id is not None else {}),
    }


def history(store: Store, ticket: Ticket) -> list[Audit]:
    """Return all audits of a ticket, the first one made up for a seeded ticket."""
    told = store.audits.get(ticket.id, [])
    if ticket.id > store.seed.count:
        return told
    born = store.seed.ticket(ticket.id)
    first = Said(ticket_text(born), True, born.requester_id)
    events = (first, Change("status", "new", None), Change("subject", born.subject, None))
    return [
        Audit(
            400_000_000_000 + ticket.id * 100, ticket.id, born.created, born.requester_id, born.channel, events, True
        ),
        *told,
    ]


def ticket_text(ticket: Ticket) -> str:
    """Return the first comment of a ticket."""
    return ticket.description or f"{ticket.subject}. Please help."


def audit_shown(audit: Audit) -> Record:
    """Return an audit as the API writes it."""
    return {
        "id": audit.id,
        "ticket_id": audit.ticket_id,
        "created_at": stamp(audit.at),
        "author_id": audit.author,
        "metadata": {"system": {}, "custom": {}},
        "via": {"channel": audit.channel, "source": {"from": {}, "to": {}, "rel": None}},
        "events": [_event(audit, place, event) for place, event in enumerate(audit.events, 1)],
    }


def comments_shown(audits: list[Audit]) -> list[Record]:
    """Return the comments that lie in audits."""
    return [
        {
            "id": audit.id + place,
            "type": "Comment",
            "author_id": event.author,
            "body": event.body,
            "html_body": f"<p>{event.body}</p>",
            "plain_body": event.body,
            "public": event.public,
            "attachments": [],
            "audit_id": audit.id,
            "via": {"channel": audit.channel, "source": {"from": {}, "to": {}, "rel": None}},
            "created_at": stamp(audit.at),
            "metadata": {"system": {}, "custom": {}},
        }
        for audit in audits
        for place, event in enumerate(audit.events, 1)
        if isinstance(event, Said)
    ]


def _event(audit: Audit, place: int, event: Change | Said | Mail) -> Record:
    id_ = audit.id + place
    if isinstance(event, Said):
        return {"id": id_, "type": "Comment", "body": event.body, "public": event.public, "author_id": event.author}
    if isinstance(event, Change):
        row = {"id": id_, "type": "Create" if audit.creates else "Change", "field_name": event.field}
        row |= {name: _value(value) for name, value in (("value", event.value),) if value is not None}
        if not audit.creates:
            row["previous_value"] = _value(event.before)
        return row | _by(event.by)
    mail: Record = {
        "id": id_,
        "type": "Notification",
        "subject": event.subject,
        "body": event.body,
        "recipients": [event.to],
    }
    return mail | _by(event.by)


def _by(source: Source | None) -> Record:
    if source is None:
        return {}
    return {
        "via": {"channel": "rule", "source": {"from": {"id": source.id, "title": source.title}, "rel": source.kind}}
    }


def _value(value: object) -> Json:
    return " ".join(str(one) for one in value) if isinstance(value, tuple) else value
