"""What a client may write into a ticket: every value checked before anything changes.

Facts 2.6: closed tickets take nothing [LIVE]; never back to `new` [HC]; `hold` and custom statuses only where they are
switched on [DOC]; a priority is never cleared [HC]; `tags` overwrite, `additional_tags` and `remove_tags` merge [DOC].
Properties that a ticket does not have are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from providers.zendesk.simulator.core import Desk, Json, Refusal, invalid
from providers.zendesk.simulator.groups import Groups
from providers.zendesk.simulator.listing import Record, is_number, is_texts
from providers.zendesk.simulator.people import CUSTOMERS, People
from providers.zendesk.simulator.seed import PRIORITIES, STATUSES, TYPES, Ticket
from providers.zendesk.simulator.statuses import Statuses
from providers.zendesk.simulator.store import Said

COMMENTS: Final = 5000  # at most, per ticket [DOC]
_CLOSED: Final = "closed prevents ticket update"  # as recorded [LIVE]


class Drafts:
    """Turns what a client sends into the fields of a ticket, or refuses it."""

    def __init__(self, desk: Desk, people: People, groups: Groups, statuses: Statuses) -> None:
        self._desk = desk
        self._people = people
        self._groups = groups
        self._statuses = statuses
        self.unsolvable: set[int] = set()  # tickets that lack a field which solving them requires
        self._checks: Mapping[str, Callable[[Json], bool]] = {
            "priority": lambda value: value is None or value in PRIORITIES,
            "type": lambda value: value is None or value in TYPES,
            "assignee_id": lambda value: value is None or people.agent(value),
            "group_id": lambda value: value is None or (is_number(value) and value in groups.records),
            "requester_id": lambda value: is_number(value) and (value in CUSTOMERS or value in people.staff),
            "subject": lambda value: isinstance(value, str),
            "external_id": lambda value: value is None or isinstance(value, str),
            "tags": _is_tags,
            "additional_tags": _is_tags,
            "remove_tags": _is_tags,
        }

    def fields(self, ticket: Ticket, change: Mapping[str, Json], *, fresh: bool = False) -> Record:
        """Return the fields that a change sets. Raises the 422 of what is not allowed; `fresh` for a new ticket."""
        if ticket.status == "closed" and not fresh:
            raise invalid(status=_CLOSED)
        bad = {
            name: f"{name} is invalid"
            for name, check in self._checks.items()
            if name in change and not check(change[name])
        }
        if ticket.priority is not None and "priority" in change and change["priority"] is None:
            bad["priority"] = "a priority cannot be cleared"
        if bad:
            raise invalid(**bad)
        plain = ("priority", "type", "assignee_id", "group_id", "requester_id", "subject", "external_id")
        found: Record = {name: change[name] for name in plain if name in change}
        found |= self._status(ticket, change, fresh=fresh)
        if {"tags", "additional_tags", "remove_tags"} & change.keys():
            found["tags"] = retagged(ticket.tags, change)
        if "custom_fields" in change:
            found["fields"] = {**ticket.fields, **_custom(change["custom_fields"])}
        return found

    def _status(self, ticket: Ticket, change: Mapping[str, Json], *, fresh: bool) -> Record:
        custom = change.get("custom_status_id")
        status = change.get("status", ticket.status)
        if custom is not None:
            row = self._statuses.find(custom) if is_number(custom) and self._statuses.switched_on else None
            if row is None or not row["active"]:
                raise invalid(custom_status_id="there is no such active status on this account")
            status = row["status_category"]
        if status not in STATUSES:
            raise invalid(status="is no status")
        if status == "new" and ticket.status != "new" and not fresh:
            raise invalid(status="cannot be new again")
        if status == "hold" and ticket.status != "hold" and not self._desk.features.get("on_hold_status", True):
            raise invalid(status="on-hold is not activated")
        if status == "solved" and ticket.id in self.unsolvable:
            raise _base("a field that solving requires is empty")
        if custom is None and status == ticket.status and not fresh:
            return {}
        return {"status": status, "custom_status_id": custom or self.status_id(status)}

    def status_id(self, status: str) -> int:
        """Return the id of a category's default status; closed tickets keep that of solved (a guess)."""
        return int(self._statuses.default_of("solved" if status == "closed" else status)["id"])

    def said(self, ticket: Ticket, change: Mapping[str, Json], author: int, comments: int) -> Said | None:
        """Return the comment of a change; `public` left out follows the ticket's first one [LIVE]."""
        comment = change.get("comment")
        if comment is None:
            return None
        if not isinstance(comment, Mapping):
            raise invalid(comment="is an object")
        body = comment.get("body") or comment.get("html_body")
        if not isinstance(body, str) or not body.strip():
            raise invalid(comment="is empty")
        public = comment.get("public", ticket.public)
        if not isinstance(public, bool):
            raise invalid(comment="public is true or false")
        if comments >= COMMENTS:
            raise _base(f"a ticket has at most {COMMENTS} comments")
        speaker = comment.get("author_id", author)
        if not is_number(speaker) or (speaker not in self._people.staff and speaker not in CUSTOMERS):
            raise invalid(comment="there is no such author")
        return Said(body, public, speaker)


def retagged(tags: tuple[str, ...], change: Mapping[str, Json]) -> tuple[str, ...]:
    """Return tags after a change; in lower case and in order, as the vendor keeps them (order: a guess)."""
    found = set(_words(change["tags"])) if "tags" in change else set(tags)
    found |= set(_words(change.get("additional_tags", ())))
    return tuple(sorted(found - set(_words(change.get("remove_tags", ())))))


def _words(value: Json) -> list[str]:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    return [word.lower() for word in words]


def _is_tags(value: Json) -> bool:
    return isinstance(value, str) or is_texts(value)


def _custom(value: Json) -> dict[int, object]:
    if not isinstance(value, list) or not all(
        isinstance(item, Mapping) and is_number(item.get("id")) for item in value
    ):
        raise invalid(custom_fields="is a list of id and value")
    return {item["id"]: item.get("value") for item in value}


def _base(text: str) -> Refusal:
    details = {"base": [{"description": text, "error": "InvalidValue"}]}
    return Refusal(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})
