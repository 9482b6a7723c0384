"""Snoozed tickets: the jobs and the reading of tickets, with everything about a snooze in a tag of the ticket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from providers.zendesk.client import Client, expect
from providers.zendesk.shared import Values
from providers.zendesk.snooze_kind import AGENT, NOBODY, NOW, WHOSE, asleep, awake, snooze, snooze_of
from providers.zendesk.ticket_kind import status_fields
from providers.zendesk.tickets import Tickets
from runner.model import Accepted, Change, Outcome
from runner.spi import InvalidInput, KindSpec, NotFound, Query


class Snoozes(Tickets):
    """The snoozes of one account."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._there: dict[str, bool] = {}
        self._named: dict[str, str] = {}  # path of an agent -> id

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind snooze."""
        account = self._client.account
        return (snooze(account.per_minute("update"), account.statuses),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield tickets as `Tickets` does, with the path ``snooze`` and the agents that the query names."""
        for path in query.paths:
            if path.startswith(AGENT) and path not in self._named:
                self._named[path] = self._agent(path.removeprefix(AGENT))
        agents = {path: self._named[path] for path in query.paths if path in self._named}
        for key, values in super().read(query):
            yield key, {**values, **agents} if values else values

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write as `Tickets` does, after a look at tickets of which only a search was seen: what a snooze gives back
        is what the ticket holds now."""
        unseen = dict.fromkeys(change.slot.key for change in batch if change.slot.key not in self._read)
        for _ in self._by_id([*unseen]):
            pass
        yield from super().write(batch)

    def _values(self, row: Mapping[str, Any]) -> Values:
        """Return the slots of a ticket. While it sleeps its status is the one that it had: that is what selects it; the
        one that it has stands under `NOW`."""
        values = dict(super()._values(row))
        held = snooze_of(row.get("tags") or ())
        values |= {NOW: values["status"], WHOSE: str(row.get("assignee_id") or NOBODY)}
        return {**values, "snooze": held.value, "status": held.was} if held is not None else values

    def _update(self, changes: Sequence[Change], seen: Values) -> dict[str, Any]:
        """Return the fields of one ticket's update."""
        (change,) = changes
        tags = [path.removeprefix("tags/") for path in seen if path.startswith("tags/")]
        held = snooze_of(tags)
        body: dict[str, Any] = {}
        log, added = "", ""
        if isinstance(change.after, Mapping):
            new = asleep(held, seen, change.after)
            added, body = new.tag, {"status": new.status, **({"assignee_id": int(new.by)} if new.by != NOBODY else {})}
        elif held is not None:
            body, log = awake(held, seen, self._client.io.now(), self._is_there)
        if "status" in body:
            body |= status_fields(body["status"], self._know().by_category)
        gone = [tag for tag in tags if snooze_of([tag]) is not None and tag != added]
        return {
            **body,
            **({"additional_tags": [added]} if added else {}),
            **({"remove_tags": gone} if gone else {}),
            **({"comment": {"body": log, "public": False}} if log else {}),
        }

    # --- agents -----------------------------------------------------------------------------------------------------

    def _agent(self, given: str) -> str:
        """Return the id of an agent named by name, address or id. Raises `InvalidInput`."""
        name = self._client.account.name
        if given.isdecimal():
            if self._is_there(given):
                return given
            raise InvalidInput(f"{name} has no agent with the id {given}", hint="write the name", code="PL001")
        data = self._client.get("/api/v2/users/search", "search agents", query=given)
        rows = [row for row in expect(data, "users", list, "search agents", name) if _works(row)]
        wanted = given.casefold()
        found = [row for row in rows if wanted in (str(row.get(part, "")).casefold() for part in ("name", "email"))]
        if len(found) == 1:
            return str(found[0]["id"])
        if found:
            ids = ", ".join(str(row["id"]) for row in found)
            text = f"{name} has {len(found)} agents named {given!r}"
            raise InvalidInput(text, hint=f"say which by its id: {ids}", code="PL002")
        names = [str(row["name"]) for row in rows]
        near = ", ".join(get_close_matches(given, names, n=3, cutoff=0.3) or names[:3])
        hint = f"did you mean {near}?" if near else "write the name as Zendesk shows it, the address, or the id"
        raise InvalidInput(f"{name} has no agent named {given!r}", hint=hint, code="PL001")

    def _is_there(self, agent: str) -> bool:
        """Whether somebody with this id can be given tickets."""
        if agent not in self._there:
            try:
                data = self._client.get(f"/api/v2/users/{agent}", "look at an agent")
            except NotFound:
                self._there[agent] = False
            else:
                self._there[agent] = _works(expect(data, "user", dict, "look at an agent", self._client.account.name))
        return self._there[agent]


def _works(row: Mapping[str, Any]) -> bool:
    return row.get("role") in ("agent", "admin") and row.get("active") is True and not row.get("suspended")
