"""Tickets of an account: found in the list of open ones, closed and passed on contact by contact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.digisac.client import Client
from providers.digisac.directory import Directory
from providers.digisac.shared import DONE, MOVED, SOME, Lately, Values, one_by_one
from providers.digisac.ticket_kind import CLOSED, asked_for, body_of, matches, nowhere, snooze, tickets, where_of
from runner.model import Accepted, Change, Json, Outcome, Value, Verdict
from runner.spi import InvalidInput, KindSpec, Query

SELECTIONS: Final = 64  # of which tickets without a department are counted


class Tickets:
    """The tickets of one account."""

    def __init__(self, client: Client, directory: Directory) -> None:
        self._client = client
        self._directory = directory
        self._alone: dict[str, int] = {}  # selection -> tickets that it named and nobody could give back

    def specs(self) -> Sequence[KindSpec]:
        """Return the kinds tickets and snooze."""
        return (tickets(self._client.account), snooze(self._client.account))

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield contacts with their open tickets, by id or by selection."""
        shared = self._shared(query.paths)
        if query.ids:
            for start in range(0, len(query.ids), SOME):
                yield from self._by_id(query.ids[start : start + SOME], shared)
            return
        where, alone = query.where or {}, 0
        self._refuse_unknown(where)
        for row in self.open():
            values = {**self._values(row), **shared}
            alone += nowhere(values) and asked_for(where, values)
            if matches(where, values):
                yield str(row["contactId"]), values
        if len(self._alone) >= SELECTIONS:
            self._alone.clear()
        self._alone[_name_of(where)] = alone

    def left_alone(self, select: Mapping[str, Any]) -> int:
        """Return how many open tickets without a department a selection named when it was listed last: they are left
        alone. 0 when it was not listed here."""
        return self._alone.get(_name_of({"status": "open", **select}), 0)

    def open(self, ids: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """Yield the open tickets, of these contacts or of all, each with its contact."""
        whose: Mapping[str, Json] = {"contactId": {"$in": list(ids)}} if ids else {}
        contact = {"model": "contact", "required": True, "where": {"visible": True}}
        query = {"where": {"isOpen": True, **whose}, "include": [contact], "order": [["startedAt", "asc"]]}
        return self._client.pages("/tickets", "list tickets", query=query)

    def _by_id(self, ids: Sequence[str], shared: Values) -> Iterator[tuple[str, Values]]:
        rows = {str(row["contactId"]): row for row in self.open(ids)}
        names = self._directory.names(key for key in ids if key not in rows)
        for key in ids:
            if key in rows:
                yield key, {**self._values(rows[key]), **shared}
            else:
                yield key, {"name": names[key], "status": CLOSED, **shared} if key in names else {}

    def _values(self, row: Mapping[str, Any]) -> Values:
        contact = row["contact"] if isinstance(row.get("contact"), Mapping) else {}
        key, name = str(row["contactId"]), str(contact.get("name") or row["contactId"])
        group, channel = str(row.get("departmentId") or ""), str(contact.get("serviceId") or "")
        return {
            "name": name,
            "status": where_of(row),
            "group": {"id": group, "name": self._directory.department_names().get(group, group)},
            "channel": {"id": channel, "name": self._directory.connection_names().get(channel, channel)},
            "contacts": {"id": key, "name": name},
        }

    def _refuse_unknown(self, where: Mapping[str, Any]) -> None:
        """Raise `InvalidInput` for a department or a connection that the account does not have."""
        lists = {"group": self._directory.department_names, "channel": self._directory.connection_names}
        for name, known in lists.items():
            wanted = where.get(name, [])
            for each in wanted if isinstance(wanted, list | tuple) else [wanted]:
                titles = known()
                if str(each).casefold() not in {text.casefold() for pair in titles.items() for text in pair}:
                    hint = f"it has: {', '.join(sorted(titles.values()))}"
                    raise InvalidInput(f"{self._client.account.name} has no {name} {each!r}", hint=hint, code="PL001")

    def _shared(self, paths: Sequence[str]) -> dict[str, Value]:
        """Return what the names of a transfer mean. Raises `InvalidInput`."""
        found: dict[str, Value] = {}
        for path in paths:
            what, _, handle = path.partition("/")
            if what == "department" and handle:
                found[path] = self._directory.department(handle)
            elif what == "attendant" and handle:
                found[path] = self._directory.attendant(handle)
        return found

    # --- writing ----------------------------------------------------------------------------------------------------

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write contact by contact. Raises `ProviderError`."""
        there: set[str] = set()  # contacts that exist

        def read(keys: Sequence[str]) -> Mapping[str, Value]:
            lying = {str(row["contactId"]): where_of(row) for row in self.open(keys)}
            there.update(lying, self._directory.names(key for key in keys if key not in lying and key not in there))
            return {key: lying.get(key, CLOSED) for key in keys if key in there}

        now = Lately(self._client, batch, read)
        yield from one_by_one(self._client, batch, lambda change: self._set(change, now.of(change)), look=now.look)

    def _set(self, change: Change, live: Value) -> Outcome | None:
        key, payload = change.slot.key, change.payload if isinstance(change.payload, Mapping) else {}
        if live == change.after:
            return DONE
        if live is None:
            return Outcome(Verdict.REJECTED, "there is no such contact")
        if live != change.before:
            return MOVED
        if isinstance(change.after, Mapping):
            body = body_of(change.after, str(payload.get("comment", "")))
            self._client.write("POST", f"/contacts/{key}/ticket/transfer", "pass a ticket on", body)
        else:
            topic = {"ticketTopicIds": payload["topic"]} if "topic" in payload else {}
            self._client.write("POST", f"/contacts/{key}/ticket/close", "close a ticket", topic)
        return DONE


def _name_of(where: Mapping[str, Any]) -> str:
    """Return a selection as a key."""
    return json.dumps(where, sort_keys=True)
