"""Tickets: listed by filter, read a dozen at a time, changed one by one.

There is no bulk call, and no way to say "only if nobody changed it": the runner reads a batch before and after. Between
two tickets of a batch it is given the word (`Accepted`), so that its lease lasts however long they have to wait.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import Any, Final, TypeAlias

from providers.http import NoReply
from providers.movidesk.client import PAST, Client, Row
from providers.movidesk.names import HISTORY, Names
from providers.movidesk.ticket_kind import (
    SELECTED,
    body_of,
    filter_of,
    matches,
    select_in_our_words,
    status_of,
    tickets,
    values_of,
)
from runner.model import Accepted, Change, Outcome, Value, Verdict
from runner.spi import KindSpec, NotFound, ProviderError, Query, Rejected, Target

Values: TypeAlias = Mapping[str, Value]
ONE_BY_ONE: Final = Accepted("one by one")
AT_FIRST: Final = 2  # refusals of one change after which the rest of a batch is not tried
LATER: Final = 5  # the same, once a ticket has taken the change
OLD: Final = Outcome(Verdict.REJECTED, "nobody touched it for 90 days: such a ticket is read only")
NOT_TRIED: Final = Outcome(Verdict.REJECTED, "not tried: Movidesk refused the same change to the tickets before")
DONE: Final = Outcome(Verdict.DONE)
SELECTIONS: Final = 64  # of which the customers are counted


class Tickets:
    """The tickets of one account. `columns` and `expanded` are what is read of each."""

    columns = SELECTED
    expanded = ""

    def __init__(self, client: Client, names: Names) -> None:
        self._client = client
        self._names = names
        self._past: set[str] = set()
        self._patience: dict[str, int] = {}  # change -> refusals that are still put up with
        self.customers: OrderedDict[str, Set[str]] = OrderedDict()  # filter -> customers of the tickets that it found

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind tickets."""
        return (tickets(self._client.account),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield tickets by id or by selection. Raises `ProviderError`, `InvalidInput` for names that the account does
        not have."""
        if query.ids:
            yield from self._by_id(query.ids)
        elif query.where is not None or query.paths == ("name",):
            yield from self._found(query.where or {}, query.paths)
        else:
            raise Rejected("tickets are selected by `select` or by id", field="select")

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Change ticket by ticket. What was sent is answered first, in order; then the fault is raised that kept the
        rest from being sent."""
        said: list[Outcome] = []
        tried: set[str] = set()
        stopped: ProviderError | None = None
        for number, (key, group) in enumerate(groupby(batch, key=lambda change: change.slot.key)):
            changes = list(group)
            body = self._body(key, changes)
            shape = _shape(body)
            if number:
                yield ONE_BY_ONE
            try:
                if key in self._past:
                    outcome = OLD
                elif not body:
                    outcome = DONE
                elif shape in tried and not self._patience.get(shape, AT_FIRST):
                    outcome = NOT_TRIED
                else:
                    outcome = self._change(key, body)
                    tried.add(shape)
                    if outcome.verdict is Verdict.DONE:
                        self._patience[shape] = LATER
                    if outcome.verdict is Verdict.REJECTED:
                        yield ONE_BY_ONE
                        outcome, own = self._refusal(key, body, outcome)
                        self._patience[shape] = max(0, self._patience.get(shape, AT_FIRST) - (not own))
            except ProviderError as fault:
                stopped = fault
                break
            said += [outcome] * len(changes)
        yield from said
        if stopped is not None:
            raise stopped

    def customers_of(self, select: Mapping[str, Any], target: Target) -> int | None:
        """Return how many customers the tickets have that a selection found when it was listed last; None when it was
        not listed here."""
        found = self.customers.get(filter_of(select_in_our_words(select, target.words, self._client.account)))
        return len(found) if found is not None else None

    # --- reading ----------------------------------------------------------------------------------------------------

    def _found(self, where: Mapping[str, Any], paths: Sequence[str]) -> Iterator[tuple[str, Values]]:
        condition = filter_of(where)
        customers: set[str] = set()
        types: set[int] = set()
        for rows in self._client.pages(condition, self.columns, expand="clients($select=id)"):
            self._names.note(rows)
            for row in self._rows(rows):
                values = self._values(row)
                if not matches(where, values):
                    continue
                if (type_ := int(row.get("type") or 0)) not in types:
                    types.add(type_)
                    self._names.refuse_unknown(paths, type_)
                customers |= {str(each["id"]) for each in row.get("clients") or () if each.get("id")}
                yield str(row["id"]), values
        if not types:
            self._names.refuse_selecting(where)
        self.customers[condition] = customers
        if len(self.customers) > SELECTIONS:
            self.customers.popitem(last=False)

    def _by_id(self, keys: Sequence[str]) -> Iterator[tuple[str, Values]]:
        numbers = [key for key in keys if key.isdecimal()]
        rows = self._client.by_id(numbers, self.columns, expand=self.expanded) if numbers else {}
        if missing := [key for key in numbers if key not in rows]:
            old = self._client.by_id(missing, self.columns, expand=self.expanded, path=PAST)
            self._past |= old.keys()
            rows |= old
        self._past -= {key for key in numbers if key not in missing}
        for key in keys:
            yield key, self._values(rows[key]) if key in rows else {}

    def _rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of a page with everything that `_values` needs."""
        return rows

    def _values(self, row: Row) -> Values:
        return values_of(row)

    # --- writing ----------------------------------------------------------------------------------------------------

    def _change(self, key: str, body: Mapping[str, Any]) -> Outcome:
        """Change one ticket. Raises `ProviderError` for what concerns the account as a whole: nothing more is sent."""
        self._client.begin()
        try:
            self._client.patch(key, body)
        except (Rejected, NotFound) as fault:
            return Outcome(Verdict.REJECTED, fault.message)
        except NoReply as fault:
            return Outcome(Verdict.UNKNOWN, fault.message)
        return DONE

    def _body(self, key: str, changes: Sequence[Change]) -> dict[str, Any]:
        del key
        return body_of(changes, self._client.account.agent)

    def _refusal(self, key: str, body: Mapping[str, Any], outcome: Outcome) -> tuple[Outcome, bool]:
        """Return the refusal of a change with what a look at the ticket says, and whether it is the ticket's own.

        A ticket that had the status before refuses it for a reason of its own; otherwise the name may be wrong. The
        look is a request that succeeds, too: failures in a row would lock the account's API.
        """
        self._client.begin()
        try:
            rows = self._client.by_id((key,), SELECTED, expand=HISTORY)
            old = {} if rows else self._client.by_id((key,), SELECTED, path=PAST)
        except ProviderError:
            return outcome, False
        if not rows:
            self._past |= old.keys()
            return OLD if old else Outcome(Verdict.REJECTED, "the ticket is not there any more"), True
        wanted = status_of(body) if "status" in body else None
        return outcome, any(status_of(line) == wanted for line in rows[key].get("statusHistories") or ())


def _shape(body: Mapping[str, Any]) -> str:
    """Return what two changes have in common that an account would refuse for the same reason."""
    types = [action["type"] for action in body.get("actions", ())]
    return json.dumps([body.get("status"), body.get("justification"), types])
