"""Snoozed tickets: the reading and writing of tickets, with everything about a snooze in an action of the ticket."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.movidesk.client import Client, Row
from providers.movidesk.names import Names
from providers.movidesk.snooze_kind import NOW, Snooze, asleep, awake, fields_of, snooze, snooze_of
from providers.movidesk.tickets import Tickets, Values
from runner.model import Accepted, Change, Outcome
from runner.spi import KindSpec, Target

ACTIONS: Final = "actions($select=id,type,description)"
REMEMBERED: Final = 200  # tickets read last


class Snoozes(Tickets):
    """The snoozes of one account."""

    def __init__(self, client: Client, names: Names, target: Target) -> None:
        super().__init__(client, names)
        self._target = target
        self._read: OrderedDict[str, tuple[Snooze | None, Values]] = OrderedDict()

    expanded = ACTIONS

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind snooze."""
        return (snooze(self._client.account),)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write as `Tickets` does, after a look at tickets that were not read by number: what a snooze gives back is
        what the ticket holds now."""
        unseen = dict.fromkeys(change.slot.key for change in batch if change.slot.key not in self._read)
        for _ in self._by_id([*unseen]):
            pass
        yield from super().write(batch)

    def _rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a page, those of tickets that may be asleep with their actions."""
        paused = [str(row["id"]) for row in rows if row.get("baseStatus") == "Stopped"]
        full = self._client.by_id(paused, self.columns, expand=ACTIONS) if paused else {}
        return [{**row, **full.get(str(row["id"]), {})} for row in rows]

    def _values(self, row: Row) -> Values:
        """Return the slots of a ticket. While it sleeps its status is the one that it had: that is what selects it; the
        one that it has stands under `NOW`."""
        values = dict(super()._values(row))
        held = snooze_of(row.get("actions") or ())
        values[NOW] = values["status"]
        if held is not None:
            values |= {"snooze": held.value, "status": dict(held.was)}
        if "actions" in row:
            self._remember(str(row["id"]), held, values)
        return values

    def _remember(self, key: str, held: Snooze | None, values: Values) -> None:
        self._read[key] = held, values
        self._read.move_to_end(key)
        if len(self._read) > REMEMBERED:
            self._read.popitem(last=False)

    def _body(self, key: str, changes: Sequence[Change]) -> dict[str, Any]:
        """Return the fields of one ticket's update."""
        (change,) = changes
        held, values = self._read.pop(key, (None, {}))
        now, after = values.get(NOW), change.after
        if isinstance(after, Mapping) and isinstance(now, Mapping):
            return self._signed(asleep(held, now, after, self._target))
        if isinstance(after, Mapping):
            return fields_of(after["status"])  # there is no such ticket: Movidesk says so
        return self._signed(awake(held, now, self._client.io.now(), self._target)) if held is not None and now else {}

    def _signed(self, body: dict[str, Any]) -> dict[str, Any]:
        agent = self._client.account.agent
        for action in body.get("actions", ()) if agent else ():
            action["createdBy"] = {"id": agent}
        return body
