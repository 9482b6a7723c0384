"""What the areas of the provider share: objects read, changes grouped by object, and what a failed write means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, TypeAlias

from providers.http import NoReply
from providers.zendesk.errors import Moved
from runner.model import ABSENT, Change, Outcome, Value, Verdict
from runner.spi import Context, Found, InvalidInput, KindSpec, NotFound, Query, Rejected, Want

Values: TypeAlias = Mapping[str, Value]
DONE = Outcome(Verdict.DONE)


def existing(spec: KindSpec, *selectors: str) -> KindSpec:
    """Return `spec` with objects that one of the `selectors` names by an id that does not exist refused in the plan."""

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        chosen = next((name for name in selectors if name in with_), "")
        if chosen and found.values.get("name", ABSENT) is ABSENT:
            raise InvalidInput(
                f"{context.target.name} has no {chosen.replace('_', ' ')} with the id {found.key}",
                hint="write its name as Zendesk shows it, or the id from its address there",
                code="PL001",
            )
        return spec.claims(with_, context, found)

    return replace(spec, claims=claims)


def per_object(batch: Sequence[Change]) -> Iterator[tuple[str, list[Change]]]:
    """Yield the changes of each object, which stand in a row."""
    for key, group in groupby(batch, key=lambda change: change.slot.key):
        yield key, list(group)


def attempt(act: Callable[[], object]) -> Outcome:
    """Return what became of one write. Raises `ProviderError` for what concerns the account as a whole: nothing more
    is sent then."""
    try:
        act()
    except Moved as fault:
        return Outcome(Verdict.MOVED, fault.message)
    except Rejected as fault:
        return Outcome(Verdict.REJECTED, fault.message, fault.field)
    except NotFound as fault:
        return Outcome(Verdict.REJECTED, fault.message)
    except NoReply as fault:
        return Outcome(Verdict.UNKNOWN, fault.message)
    return DONE


def one_by_one(batch: Sequence[Change], act: Callable[[str, list[Change]], object]) -> Iterator[Outcome]:
    """Write object by object with `act` and yield one outcome per change."""
    for key, changes in per_object(batch):
        outcome = attempt(partial(act, key, changes))
        yield from [outcome] * len(changes)


def wanted_ids(query: Query, every: Callable[[], Iterator[tuple[str, Values]]]) -> Iterator[tuple[str, Values]]:
    """Yield the objects of a short list that a query asks for, in its order; all of them without ids."""
    if query.where is not None:
        raise Rejected(f"{query.kind} cannot be selected by a filter", field="where")
    if not query.ids:
        yield from every()
        return
    known = dict(every())
    for key in query.ids:
        yield key, known.get(key, {})
