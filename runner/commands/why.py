"""why: the stack of one field, found by its address or by the names that people use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from runner.commands.session import Session
from runner.errors import InvalidInput, Usage
from runner.executor import outage_of
from runner.layers import Held, same, stack
from runner.model import ABSENT, PERSON, UNKNOWN, Merge, Slot, Value
from runner.report import StackLayer, Why
from runner.spi import KindSpec, Means, Query
from runner.store import ledger
from runner.views.text import field_name

MOST: Final = 12  # fields of one object that are shown


def why(session: Session, words: str, field: str = "") -> list[Why]:
    """Return the stacks of the fields that `words` (an address or an object's name) and `field` mean.

    ``target/kind/key/path`` or ``target/kind/key`` with the field beside it; or the name or id of an object that is
    held. Reads live values. Raises `Usage` with the nearest names, `ProviderError` when live cannot be read.
    """
    held = addressed(session, words, field) or named(session, words, field)
    if held:
        return [_stack(session, one) for one in held[:MOST]]
    free = _free(session, words, field)
    if free:
        return free
    with session.store.reading() as conn:
        names = ledger.names(conn)
    near = get_close_matches(words, names, n=3, cutoff=0.4) or names[:3]
    hint = f"held are: {', '.join(near)}" if near else "nothing is held now"
    raise Usage(
        f"no outage holds anything called {words!r}",
        hint=f"{hint}; any field can be named as target/kind/id/path",
        code="WY001",
    )


def addressed(session: Session, words: str, field: str) -> list[Held]:
    """Return the held slots at an address. Both keys and paths may hold slashes, so every split is tried."""
    target, _, rest = words.partition("/")
    kind, _, tail = rest.partition("/")
    if target not in session.config.targets or not tail:
        return []
    parts = tail.split("/")
    keys = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    with session.store.reading() as conn:
        held = ledger.held(conn, target, kind, keys)
    exact = [one for slot, one in held.items() if str(slot) == words and not field]
    return exact or _of_field([one for slot, one in held.items() if str(slot.ref) == words], field)


def named(session: Session, name: str, field: str) -> list[Held]:
    """Return the held slots of the objects with this name or id."""
    with session.store.reading() as conn:
        refs = ledger.refs_named(conn, name)
        found = [one for ref in refs for one in ledger.held(conn, ref.target, ref.kind, [ref.key]).values()]
    return _of_field(found, field)


def _of_field(held: Sequence[Held], field: str) -> list[Held]:
    """Return the slots of a field as typed: its path, its last part, or as people say it. Raises `Usage`."""
    found = sorted(held, key=lambda one: one.slot)
    if not field or not found:
        return found
    mine = [one for one in found if field in _spellings(one.slot.path)]
    if not mine:
        fields = sorted({field_name(one.slot.path) for one in found})
        raise Usage(f"no outage holds a field {field!r} there", hint=f"held are: {', '.join(fields)}", code="WY002")
    return mine


def _spellings(path: str) -> set[str]:
    return {path, field_name(path), path.rpartition("/")[2]}


# --- stacks ---------------------------------------------------------------------------------------------------------


def _stack(session: Session, held: Held) -> Why:
    live = held.last
    if _readable(session, held.slot, held.merge):
        query = Query(held.slot.kind, ids=(held.slot.key,), paths=(held.slot.path,))
        live = dict(session.readers.read(held.slot.target, query)).get(held.slot, ABSENT)
    layers = tuple(
        StackLayer("base", "", None, value)
        if layer is None
        else StackLayer(
            layer.owner, layer.run, layer.claim, value, _until(session, layer.owner, layer.run), layer.seen_at
        )
        for layer, value in stack(held)
    )
    return Why(held.slot, held.name, layers, held.last, live, differs=not same(held.merge, live, held.last))


def _until(session: Session, owner: str, run: str) -> datetime | None:
    if owner == PERSON:
        return None
    with session.store.reading() as conn:
        row = ledger.outage_row(conn, owner)
    if row is None:
        return None
    try:
        return next((each.end for each in outage_of(row, session.config).runs if each.id == run), None)
    except InvalidInput:
        return None


def _readable(session: Session, slot: Slot, merge: Merge) -> bool:
    try:
        spec: KindSpec = session.readers.spec(slot.target, slot.kind)
    except InvalidInput:
        return False
    return merge is not Merge.EFFECT and spec.means is not Means.PERSON


def _free(session: Session, words: str, field: str) -> list[Why]:
    """Return fields that no outage holds, at an address, with what is live."""
    target, _, rest = words.partition("/")
    kind, _, tail = rest.partition("/")
    if target not in session.config.targets or not tail:
        return []
    key, _, path = tail.partition("/")
    wanted = path or field
    slot = Slot(target, kind, key, wanted)
    if not _readable(session, slot, Merge.ATOMIC):
        return []
    live = dict(session.readers.read(target, Query(kind, ids=(key,), paths=("name", wanted) if wanted else ())))
    name = live.pop(Slot(target, kind, key, "name"), key)
    found = [(each, value) for each, value in live.items() if value is not ABSENT or wanted]
    return [_plain(each, str(name), value) for each, value in sorted(found, key=lambda pair: pair[0])[:MOST]]


def _plain(slot: Slot, name: str, value: Value) -> Why:
    return Why(slot, name, (), UNKNOWN, value, differs=False)
