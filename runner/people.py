"""Steps that people carry out. A human slot has a base and layers like any other; live means last acknowledged.

Opening makes a task; acknowledging it records the value that stood there before (the base, write-once) and who did it
with which evidence. Closing makes the opposite task, unless another layer still wants the same value; a step that
nobody ever acknowledged becomes one question instead: was this done?
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, Literal

from sqlalchemy import Connection

from runner.batches import Batches
from runner.errors import Refused, Usage
from runner.kinds import for_locale
from runner.kinds.words import terms_of
from runner.layers import Held, claimed, kept, released, same, wanted
from runner.model import UNKNOWN, Layer, Merge, Slot, Value
from runner.playbook import Outage, Run
from runner.report import Ended
from runner.spi import Context, Found, KindSpec, Means, Reversal, Want
from runner.store import journal as lines
from runner.store import ledger
from runner.store import tasks as steps
from runner.store.journal import JournalFile
from runner.store.ledger import Entry
from runner.store.store import Store
from runner.work import Tally

SEEN: Final = "seen on the target"  # who acknowledged what nobody acknowledged
_LINK: Final = re.compile(r"https?://[^\s/]+(/\S*)?")
NOTHING_SEEN: Final[Mapping[Slot, Value]] = {}


@dataclass(frozen=True, slots=True)
class Ack:
    """What somebody says about a human step. `before` is UNKNOWN when they cannot tell; `done` answers a question."""

    actor: str
    before: Value | None = None
    evidence: str = ""
    evidence_hash: str = ""
    done: bool = True
    correct_before: bool = False


def carry_out(
    batches: Batches, outage: Outage, run: Run, spec: KindSpec, context: Context, verb: str, digest: str
) -> tuple[Tally, Ended]:  # fmt: skip
    """Open or close a human step: make or drop tasks. Returns the tally and done or waiting.

    `digest` is the run's: with another one the step is opened again (amended). Where the target shows the values, they
    are read first: that is what stood there before, and what was done without a word counts as acknowledged. Raises
    `ProviderError`.
    """
    seen = _look(batches, outage, run, spec, context) if spec.means is Means.VERIFY else {}
    if seen and verb == "close":
        _confirm(batches, outage, run, seen)
    with batches.store.transaction() as conn:
        batches.fenced(conn)
        batches.check_wish(conn, outage.id)
        now = batches.outside.now_ms()
        if verb == "close":
            reverting = batches.wish == "revert"
            ends = outage.end if reverting and not run.after else run.end  # taken back, its times are the outage's
            end = None if ends is None else int(ends.timestamp() * 1000)
            over = end is not None and end <= now and not reverting
            due = now if end is None else min(now, end)
            _close(conn, outage.id, run, due, over=over and spec.reversal is not Reversal.WRITE)
        else:
            _open(conn, outage, run, wants_of(run, spec, context, seen), seen, now)
            ledger.set_run(conn, outage.id, run.id, digest=digest)
        state = _settled_state(conn, outage.id, run, closing=verb == "close")
    return Tally(), state


def wants_of(
    run: Run, spec: KindSpec, context: Context, seen: Mapping[Slot, Value] = NOTHING_SEEN
) -> list[tuple[Slot, Want]]:
    """Return what the step wants, by slot and in order; `title`, `menu` and `who` are filled in where the claim leaves
    them out. `seen` is what the target shows of it."""
    values: dict[str, dict[str, Value]] = {}
    for slot, value in seen.items():
        values.setdefault(slot.key, {})[slot.path] = value
    menu = for_locale(spec.menu, context.language) or spec.menu.get("en", "")
    title = terms_of(context.language).set
    return [
        (
            Slot(run.target, run.kind, key, want.path),
            replace(
                want,
                title=want.title or title.format(name=key),
                menu=want.menu or menu,
                who=want.who or run.who,
            ),
        )
        for key in spec.query(run.with_, context).ids
        for want in spec.claims(run.with_, context, Found(key, key, values.get(key, {})))
    ]


def _look(batches: Batches, outage: Outage, run: Run, spec: KindSpec, context: Context) -> dict[Slot, Value]:
    """Read what the target shows of a human step; what it does not show is left out. Raises `ProviderError`."""
    query = spec.query(run.with_, context)
    with batches.store.reading() as conn:
        keys = {task.key for task in steps.tasks(conn, outage.id, run.id)}
    asked = replace(query, ids=tuple(dict.fromkeys((*query.ids, *sorted(keys)))))
    return {slot: value for slot, value in batches.targets.read(run.target, asked) if value is not UNKNOWN}


def _confirm(batches: Batches, outage: Outage, run: Run, seen: Mapping[Slot, Value]) -> None:
    """Acknowledge what was done without a word, so that it is given back."""
    with batches.store.reading() as conn:
        waiting = [task for task in steps.tasks(conn, outage.id, run.id) if task.state == "waiting"]
    for task in waiting:
        slot = Slot(task.target, task.kind, task.key, task.path)
        if slot in seen and same(Merge.ATOMIC, seen[slot], ledger.unpack(task.value)):
            folder, now = batches.journal.path.parent, batches.outside.now_ms()
            acknowledge(batches.store, folder, outage.id, run, task.item, Ack(SEEN), now_ms=now)


def _open(
    conn: Connection,
    outage: Outage,
    run: Run,
    wants: Sequence[tuple[Slot, Want]],
    seen: Mapping[Slot, Value],
    now: int,
) -> None:
    state, n = ledger.place_of(conn, outage.id)
    if not state:
        return
    place = (outage.playbook.priority, n, run.order)
    steps.refuse_moved(conn, outage.id, run.id, {slot.key: want.title for slot, want in wants})
    _let_go(conn, outage.id, run, {slot for slot, _ in wants}, now)
    for item, (slot, want) in enumerate(wants, 1):
        layer = Layer(outage.id, run.id, *place, want.claim)
        steps.put_layer(conn, slot, layer)
        held = ledger.held(conn, run.target, run.kind, [slot.key]).get(slot)
        if held is None and slot in seen:
            known = Held(
                slot, Merge.ATOMIC, seen[slot], seen[slot], tuple(steps.layers_at(conn, slot)), name=want.title
            )
            ledger.save(conn, {}, [replace(known, rev=0)], adopt=True)
            held = ledger.held(conn, run.target, run.kind, [slot.key]).get(slot)
        value = want.claim.value if held is None else wanted(claimed(held, layer))
        there = held is not None and same(Merge.ATOMIC, value, held.last)
        due = int(run.start.timestamp() * 1000)
        state = "done" if there else "waiting"  # another outage has had it done, or it was so before
        steps.put_task(conn, _task(outage.id, run, str(item), "open", slot, want.title, want.menu, value, state, due))
        _renew(conn, slot)
    for task in steps.tasks(conn, outage.id, run.id):
        if task.direction == "open" and int(task.item) > len(wants):  # its slot has another item now, or none
            steps.set_task(conn, outage.id, run.id, task.item, "open", state="dropped")


def _let_go(conn: Connection, outage: str, run: Run, wanted_now: set[Slot], now: int) -> None:
    """Take back what an amended step no longer wants; its opposite is an item called ``was-KEY``. A slot that the step
    wants again needs no opposite any more."""
    mine = steps.tasks(conn, outage, run.id)
    for task in mine:
        slot = Slot(task.target, task.kind, task.key, task.path)
        if task.direction == "close" and task.state in steps.WAITING and slot in wanted_now:
            steps.set_task(conn, outage, run.id, task.item, "close", state="dropped")
    asked = {(task.key, task.path) for task in mine if task.direction == "close" and task.state in steps.WAITING}
    by_slot = _openings(mine)
    for slot, _ in steps.layers_of_run(conn, outage, run.id):
        if slot not in wanted_now and (slot.key, slot.path) not in asked:
            old = by_slot.get((slot.key, slot.path))
            _close_slot(conn, outage, run, slot, old, now, item=f"was-{slot.key}")
            _renew(conn, slot)


def _openings(mine: Sequence[Any]) -> dict[tuple[str, str], Any]:
    """Return what opened each slot, by key and path; a task that was dropped only where there is no other."""
    opened = [task for task in mine if task.direction == "open"]
    return {(task.key, task.path): task for task in sorted(opened, key=lambda each: each.state != "dropped")}


def _task(
    outage: str, run: Run, item: str, direction: str, slot: Slot, title: str, menu: str, value: Value, state: str,
    due: int,
) -> dict[str, Any]:  # fmt: skip
    return {
        "outage": outage,
        "run": run.id,
        "item": item,
        "direction": direction,
        "target": slot.target,
        "kind": slot.kind,
        "key": slot.key,
        "path": slot.path,
        "title": title,
        "menu": menu,
        "value": ledger.pack(value),
        "state": state,
        "due_ms": due,
    }


def _close(conn: Connection, outage: str, run: Run, due: int, *, over: bool) -> None:
    """Let go of everything that a step wants; what people have to do for it is due since the step's end. What ends by
    itself, as somebody set it up, and is `over` asks nobody for anything."""
    mine = steps.tasks(conn, outage, run.id)
    asked = {(task.key, task.path) for task in mine if task.direction == "close" and task.state in steps.WAITING}
    by_slot = _openings(mine)
    for slot, _ in steps.layers_of_run(conn, outage, run.id):
        if (slot.key, slot.path) not in asked:
            _close_slot(conn, outage, run, slot, by_slot.get((slot.key, slot.path)), due, over=over)
            _renew(conn, slot)


def _close_slot(
    conn: Connection, outage: str, run: Run, slot: Slot, task: Any, due: int, *, item: str = "", over: bool = False
) -> None:  # fmt: skip
    """Let go of one claim, with the opposite task where somebody has to do something for it. `task` opened it; `item`
    names the opposite, as the one that opened it when empty."""
    held = ledger.held(conn, slot.target, slot.kind, [slot.key]).get(slot)
    never = task is not None and task.state == "waiting"
    if never:
        steps.set_task(conn, outage, run.id, task.item, "open", state="dropped")
    if never and held is None:
        question = _task(outage, run, item or task.item, "close", slot, task.title, task.menu, UNKNOWN, "question", due)
        steps.put_task(conn, {**question, "value": task.value})
        return
    if held is None:
        steps.drop_layer(conn, slot, outage, run.id)
        return
    value = wanted(released(held, outage, run.id))
    if run.keep or over or same(Merge.ATOMIC, value, held.last) or task is None:
        gone = kept(held, outage, run.id) if run.keep else released(held, outage, run.id)
        ledger.save(conn, {slot: held}, [gone])
        return
    opposite = _task(outage, run, item or task.item, "close", slot, task.title, task.menu, value, "waiting", due)
    steps.put_task(conn, opposite)


def _renew(conn: Connection, slot: Slot) -> None:
    """Bring the values of tasks that wait on a slot up to date: a layer of another outage came or went."""
    held = ledger.held(conn, slot.target, slot.kind, [slot.key]).get(slot)
    if held is None:
        return
    for task in steps.waiting_at(conn, slot):
        left = released(held, task.outage, task.run) if task.direction == "close" else held
        value = ledger.pack(wanted(left))
        if value != task.value:
            steps.set_task(conn, task.outage, task.run, task.item, task.direction, value=value)


def _settled_state(conn: Connection, outage: str, run: Run, *, closing: bool) -> Ended:
    """Set the run's state from its tasks; returns done or waiting."""
    left = [task for task in steps.tasks(conn, outage, run.id) if task.state in ("waiting", "question")]
    if left:
        ledger.set_run(conn, outage, run.id, state="closing" if closing else "waiting")
        return "waiting"
    if not closing and run.end is None:
        for slot, held in steps.held_of_run(conn, outage, run.id):
            ledger.save(conn, {slot: held}, [kept(held, outage, run.id)])
        closing = True
    ledger.set_run(conn, outage, run.id, state="done" if closing else "active")
    return "done"


def acknowledge(
    store: Store, folder: Any, outage: str, run: Run, item: str, ack: Ack, *, now_ms: int
) -> tuple[str, bool]:
    """Record that a person did (or did not do) a human step. Returns what comes next, and whether the run is settled.

    Raises `Usage` when there is no such task or the value before is missing, `Refused` when it was acknowledged
    already (then only ``correct_before`` appends a correction; the first value stays).
    """
    if not ack.done:
        ack = replace(ack, before=None)  # who never did it saw nothing before it
    with store.transaction() as conn:
        task = _asked(conn, outage, run, item, ack)
        if ack.correct_before:
            steps.add_ack(conn, task, ack, now_ms)
            return "the correction is recorded; the first value before stays the one that is restored", False
        slot = Slot(task.target, task.kind, task.key, task.path)
        seq = ledger.reserve(conn, Entry(0, outage, run.id, task.direction, slot.ref, {}, "retried"), now_ms)
    with store.transaction() as conn:
        task = _asked(conn, outage, run, item, ack)
        entry = _acknowledged(conn, outage, run, task, ack, seq)
        steps.add_ack(conn, task, ack, now_ms)
        _renew(conn, slot)
        row = ledger.run_states(conn, outage).get(run.id)
        closing = row is not None and row.state == "closing"
        state = _settled_state(conn, outage, run, closing=closing)
        _note(conn, folder, task, entry, ack, now_ms)
    return ("nothing is left to do for this step" if state == "done" else "more items of this step wait"), True


def _asked(conn: Connection, outage: str, run: Run, item: str, ack: Ack) -> Any:
    """Return the task that an acknowledgement is about. Raises `Usage`, `Refused`."""
    found = [task for task in steps.tasks(conn, outage, run.id) if not item or task.item == item]
    waiting = [task for task in found if task.state in ("waiting", "question")]
    if not found:
        raise Usage(f"{outage} has no human step {run.id} {item}".rstrip(), hint=f"`runner steps {outage}`")
    if ack.correct_before:
        return found[0]
    if not waiting:
        raise Refused(f"{run.id} is acknowledged already", hint="`--correct-before` appends a correction")
    if len(waiting) > 1:
        items = ", ".join(task.item for task in waiting)
        raise Usage(f"{run.id} has several items that wait: {items}", hint="name one of them")
    return waiting[0]


def _acknowledged(
    conn: Connection, outage: str, run: Run, task: Any, ack: Ack, seq: int
) -> tuple[Entry, Held] | None:  # fmt: skip
    slot = Slot(task.target, task.kind, task.key, task.path)
    held = ledger.held(conn, slot.target, slot.kind, [slot.key]).get(slot)
    value = ledger.unpack(task.value)
    if task.direction == "open" or (task.state == "question" and ack.done):
        if ack.before is None and held is None:
            raise Usage(
                f"what stood there before is missing for {run.id} item {task.item}",
                hint="--before VALUE, or --before-unknown",
            )
        before = held.last if held is not None else ack.before
        new = held or Held(slot, Merge.ATOMIC, before, before, tuple(steps.layers_at(conn, slot)), name=task.title)
        new = replace(new, last=value)
        ledger.save(conn, {} if held is None else {slot: held}, [replace(new, rev=0)], adopt=held is None)
        steps.set_task(conn, outage, run.id, task.item, task.direction, state="done")
        if task.direction == "close":
            back = wanted(released(new, outage, run.id))
            steps.set_task(conn, outage, run.id, task.item, "close", state="waiting", value=ledger.pack(back))
        changes = {slot.path: (before, value)}
        return Entry(seq, outage, run.id, "open", slot.ref, changes, "same"), new
    steps.set_task(conn, outage, run.id, task.item, "close", state="done" if ack.done else "dropped")
    if held is None:
        steps.drop_layer(conn, slot, outage, run.id)
        return None
    now = held.last if task.state == "question" else value  # what was never done changed nothing
    gone = replace(released(held, outage, run.id), last=now)
    ledger.save(conn, {slot: held}, [gone])
    changes = {slot.path: (held.last, now)}
    return Entry(seq, outage, run.id, "close", slot.ref, changes, "same"), gone


def _note(conn: Connection, folder: Any, task: Any, entry: tuple[Entry, Held] | None, ack: Ack, now_ms: int) -> None:
    """Record an acknowledgement in the journal, last of all before the commit: the file alone must be enough for a
    revert, so it may know more than the store, and never less. The number is reserved: after a crash right here it is
    not given out again."""
    at = lines.rfc3339(now_ms)
    who = {"t": "ack", "at": at, "actor": ack.actor, "evidence": ack.evidence, "evidence_hash": ack.evidence_hash}
    found: list[dict[str, Any] | str] = [{**who, "done": ack.done}]
    if entry is not None:
        row, held = entry
        ledger.write_entries(conn, [row], now_ms)
        done = {**task._mapping, "direction": row.direction, "state": "done"}
        found = [
            *lines.intents([row], {row.ref.key: {held.slot.path: held}}, at),
            {**who, "seq": row.seq, "task": done},
        ]
    file = JournalFile(folder, task.outage)
    try:
        file.append(found)
    finally:
        file.close()


def evidence_hash(data: bytes) -> str:
    """Return the sha-256 of a piece of evidence."""
    return sha256(data).hexdigest()


def evidence_kind(text: str, digest: str) -> Literal["", "text", "link", "file"]:
    """Return what a recorded piece of evidence is. Words and links are kept with the hash of themselves, a file as its
    name with the hash of its content."""
    if not text:
        return ""
    if digest != evidence_hash(text.encode()):
        return "file"
    return "link" if _LINK.fullmatch(text) else "text"
