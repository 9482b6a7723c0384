"""rebase, unlock: what people decide about edits and about leases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from runner import executor
from runner.commands import operate
from runner.commands.operate import By
from runner.commands.session import Session
from runner.commands.why import addressed, named
from runner.errors import Refused, Usage
from runner.layers import Held, rebased, see
from runner.model import ABSENT, PERSON, Merge, Slot, Value
from runner.report import Report
from runner.selecting import batched
from runner.spi import Means, Query
from runner.store import journal as lines
from runner.store import lease, ledger, stacks
from runner.work import Order, Progress


@dataclass(frozen=True, slots=True)
class Rebased:
    """The fields whose edits lie below the outages now, and what driving those outages again came to."""

    slots: tuple[Slot, ...]
    reports: tuple[Report, ...] = ()


# --- rebase ---------------------------------------------------------------------------------------------------------


def rebase(session: Session, words: str, field: str, by: By, progress: Progress) -> Rebased:
    """Put people's edits below the outages: what the outages want is written, the edits come back when they end.

    `words` and `field` mean an outage (all that it holds), or fields as `why` takes them. Raises `Usage`, `Refused`
    while a write there is not confirmed, `ProviderError`.
    """
    changed: list[Slot] = []
    owners: dict[str, set[str]] = {}
    for page in _pages(session, _held(session, words, field)):
        live = _live(session, page)
        for one in _moved(session, page, live):
            changed.append(one.slot)
            for layer in one.layers:
                if layer.of_outage:
                    owners.setdefault(layer.owner, set()).add(layer.run)
    reports = []
    for outage, runs in owners.items():
        with session.store.transaction() as conn:
            ledger.open_anew(conn, outage, runs)
            now, detail = session.deps.now_ms(), f"{len(changed)} fields"
            ledger.record(
                conn, at_ms=now, outage=outage, verb="rebase", actor=by.actor, reason=by.reason, detail=detail
            )
        order = Order(session.deps.owner, patience=session.config.store.lease)
        reports.append(executor.drive(session.desk, session.config, outage, order, progress))
    return Rebased(tuple(changed), tuple(reports))


def _held(session: Session, words: str, field: str) -> list[Held]:
    if not field and "/" not in words:
        with session.store.reading() as conn:
            known = [row for row in ledger.outage_rows(conn) if words in (row.id, row.playbook)]
        if known:
            row = operate.the_outage(session, words)
            with session.store.reading() as conn:
                return list(stacks.all_held(conn, row.id))
    found = addressed(session, words, field) or named(session, words, field)
    if not found:
        hint = "name an outage of `runner status`, or a field as `runner why` shows it"
        raise Usage(f"nothing that is held is called {words!r}", hint=hint, code="RB001")
    return found


def _pages(session: Session, held: Iterable[Held]) -> Iterable[list[Held]]:
    """Yield what can be read, an object kind and a page at a time."""
    readable = [one for one in held if one.merge is not Merge.EFFECT]
    for (target, kind), group in groupby(readable, key=lambda one: (one.slot.target, one.slot.kind)):
        spec = session.readers.spec(target, kind)
        if spec.means is not Means.PERSON:
            yield from batched(group, spec.page)


def _live(session: Session, page: Sequence[Held]) -> dict[Slot, Value]:
    first = page[0].slot
    ids = tuple(dict.fromkeys(one.slot.key for one in page))
    paths = tuple(dict.fromkeys(one.slot.path for one in page))
    return dict(session.readers.read(first.target, Query(first.kind, ids=ids, paths=paths)))


def _moved(session: Session, page: Sequence[Held], live: Mapping[Slot, Value]) -> list[Held]:
    """Take in what is live and move people's layers below the outages; return the slots where that moved anything."""
    first = page[0].slot
    with session.store.transaction() as conn:
        keys = list(dict.fromkeys(one.slot.key for one in page))
        if open_ := ledger.unfinished_on(conn, first.target, first.kind, keys):
            raise Refused(
                f"a write on {open_[0].ref} is not confirmed yet",
                hint="`runner resume` first, then again",
                code="RB002",
            )
        now = stacks.held(conn, first.target, first.kind, keys)
        n, at = ledger.next_n(conn), lines.rfc3339(session.deps.now_ms())
        mine = [now[one.slot] for one in page if one.slot in now]
        seen = [see(one, live.get(one.slot, ABSENT), n=n, at=at) for one in mine]
        moved = [rebased(one) for one in seen if _above(one)]
        stacks.save(conn, now, moved)
    return moved


def _above(held: Held) -> bool:
    """Whether an edit lies above an outage's claim."""
    lowest = min((layer.order for layer in held.layers if layer.of_outage), default=None)
    return lowest is not None and any(layer.owner == PERSON and layer.order > lowest for layer in held.layers)


# --- unlock ---------------------------------------------------------------------------------------------------------


def unlock(session: Session, name: str, by: By, *, gone: bool = False) -> tuple[str, str, float]:
    """Take an outage away from whoever holds it.

    Returns the outage's id, who held it ("" when nobody did), and for how many seconds a request of theirs may still
    be on its way: 0 when they are `gone`, as somebody says or as this machine knows of its own processes.
    """
    row = operate.the_outage(session, name)
    with session.store.transaction() as conn:
        now = session.deps.now_ms()
        held, left = lease.holder(conn, row.id, now)
        gone = gone or session.deps.gone(held)
        lease.unlock(conn, row.id, reason=by.reason, gone=gone)
        ledger.record(conn, at_ms=now, outage=row.id, verb="unlock", actor=by.actor, reason=by.reason, detail=held)
    return row.id, held, 0.0 if gone else left
