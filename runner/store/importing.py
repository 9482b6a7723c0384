"""Journal files read back into a store: slots with base, last and layers; journal rows with their states; runs.

The file alone must be enough to revert. Several files are merged by their journal numbers, so that fields which two
outages share end as the later of them left them. An intent without outcome stays one: the revert looks it up by
reading. The numbers of the journal are kept, because the file goes on with them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, update

from runner.errors import InvalidInput, Refused
from runner.layers import Held, released, same
from runner.model import Claim, Layer, Merge, Ref, Slot, value_from_json
from runner.store import journal, ledger, stacks, tasks
from runner.store import tables as t
from runner.store.ledger import Entry

PAGE: Final = 500
STATES: Final = ("done", "unknown", "rejected", "void")
RunsOf = Callable[[Any], Sequence[tuple[str, int, str]]]


@dataclass(frozen=True, slots=True)
class Imported:
    """One outage that was read back: its id, how many objects its journal names, how many of its fields are held now,
    and how many objects were announced without an outcome."""

    outage: str
    objects: int
    held: int
    unfinished: int


@dataclass(slots=True)
class _Outage:
    row: dict[str, Any]
    objects: int = 0
    n: int = 0
    runs: dict[str, str] = field(default_factory=dict)  # run -> direction of its last entry


@dataclass(frozen=True, slots=True)
class _Pending:
    """An announced object without outcome, and its slots as announced."""

    entry: Entry
    slots: tuple[Held, ...]


def bring_in(conn: Connection, paths: Sequence[Path], runs_of: RunsOf) -> list[Imported]:
    """Read journal files into the store of `conn`, in its transaction.

    `runs_of` maps the row of an outage to its runs (id, order, digest). Raises `InvalidInput` for a file that is no
    journal or was changed, `Refused` when an outage, or a field that it holds, is in the store already.
    """
    return _Importer(conn, runs_of).all(paths)


class _Importer:
    def __init__(self, conn: Connection, runs_of: RunsOf) -> None:
        self.conn = conn
        self.runs_of = runs_of
        self.outages: dict[str, _Outage] = {}
        self.pending: dict[int, _Pending] = {}  # by number
        self.waiting: dict[Ref, int] = {}  # object -> number of what is pending there
        self.left: list[Entry] = []  # never concluded
        self.at_ms = 0
        self.queue: list[tuple[str, dict[str, Any]]] = []
        self.highest = 0

    def all(self, paths: Sequence[Path]) -> list[Imported]:
        streams = [self._stream(number, path) for number, path in enumerate(paths)]
        for _, _, outage, line in heapq.merge(*streams, key=lambda each: each[:2]):
            self.at_ms = int(datetime.fromisoformat(line["at"]).timestamp() * 1000)
            if self.queue and not _alike(self.queue[-1], (outage, line)):
                self._announced()
            if line["t"] in ("intent", "same"):
                self.queue.append((outage, line))
                if len(self.queue) >= PAGE:
                    self._announced()
            elif line["t"] == "outcomes":
                self._concluded(line)
            elif line["t"] == "ack":
                self._acknowledged(outage, line)
        self._announced()
        self.left += [one.entry for one in self.pending.values()]
        for entry in self.left:
            self._write([entry])
        self._count_on()
        return [self._finished(outage, found) for outage, found in self.outages.items()]

    def _stream(self, number: int, path: Path) -> Iterator[tuple[int, int, str, dict[str, Any]]]:
        """Yield the lines of a file with their place among those of other files."""
        outage, place = "", 0
        for line in journal.read(path):
            if line.get("t") == "outage":
                outage = self._outage(path, line)
                continue
            if not outage:
                raise InvalidInput(f"{path} is no journal: its first line names no outage", code="JR003")
            place = int(line.get("seq", place))
            yield place, number, outage, line
        if not outage:
            raise InvalidInput(f"{path} is no journal, or an empty one", code="JR003")

    def _outage(self, path: Path, line: Mapping[str, Any]) -> str:
        if line.get("version") != journal.JOURNAL_VERSION:
            raise InvalidInput(
                f"{path} has version {line.get('version')!r}, this runner reads version {journal.JOURNAL_VERSION}",
                hint="import it with the runner that wrote it, or a newer one",
                code="JR004",
            )
        outage = str(line["outage"])
        if outage not in self.outages and ledger.outage_row(self.conn, outage) is not None:
            raise Refused(
                f"the store has {outage} already", hint="import into an empty store, or revert it here", code="JR005"
            )
        known = {column.name for column in t.outages.columns}
        row = {name: value for name, value in line["row"].items() if name in known}
        self.outages.setdefault(outage, _Outage(row)).row = row
        return outage

    # --- lines ------------------------------------------------------------------------------------------------------

    def _announced(self) -> None:
        """Store a row of announcements: the slots as they were then, and the journal rows."""
        if not self.queue:
            return
        rows = [(_entry(outage, line), line, _slots(line)) for outage, line in self.queue]
        self.queue = []
        entries = [entry for entry, _, _ in rows]
        self._refuse_numbers(entries)
        first = entries[0].ref
        now = stacks.held(self.conn, first.target, first.kind, list(dict.fromkeys(each.ref.key for each in entries)))
        self._refuse_shared(now.values())
        after: dict[Slot, Held] = {}
        for entry, _, slots in rows:
            found = self.outages[entry.outage]
            found.objects += 1
            found.runs[entry.run] = entry.direction
            self._supersede(entry)
            if entry.state == "intent":
                self.pending[entry.seq] = _Pending(entry, slots)
                self.waiting[entry.ref] = entry.seq
            for one in slots:
                after[one.slot] = one if entry.state == "intent" else _as_wanted(entry, one)
                self.highest = max([self.highest, *(layer.n for layer in one.layers)])
                found.n = max([found.n, *(layer.n for layer in one.layers if layer.owner == entry.outage)])
        self._write([entry for entry in entries if entry.state != "intent"])
        stacks.save(self.conn, now, after.values())

    def _write(self, entries: Sequence[Entry]) -> None:
        ledger.write_entries(self.conn, entries, self.at_ms)

    def _supersede(self, entry: Entry) -> None:
        """Conclude an announcement whose outcome the file lost: a later one on the same object proves that it had one.
        Fields that the later one does not name still have to be looked up."""
        old = self.pending.pop(self.waiting.pop(entry.ref, -1), None)
        if old is None:
            return
        rest = {path: pair for path, pair in old.entry.changes.items() if path not in entry.changes}
        if rest:
            self.left.append(replace(old.entry, changes=rest))
        else:
            self._write([replace(old.entry, state="retried")])

    def _concluded(self, line: Mapping[str, Any]) -> None:
        """Store the outcomes of a batch."""
        mixed, reasons = line.get("paths", {}), line.get("reasons", {})
        states = [(seq, state) for state in STATES for seq in line.get(state, ()) if seq in self.pending]
        for start in range(0, len(states), PAGE):
            page = [(self.pending.pop(seq), seq, state) for seq, state in states[start : start + PAGE]]
            for one, _, _ in page:
                self.waiting.pop(one.entry.ref, None)
            for place, group in groupby(page, key=lambda each: (each[0].entry.ref.target, each[0].entry.ref.kind)):
                self._ended(*place, list(group), mixed)
            self._write([replace(one.entry, state=state, reason=reasons.get(str(seq), "")) for one, seq, state in page])

    def _ended(
        self, target: str, kind: str, page: Sequence[tuple[_Pending, int, str]], mixed: Mapping[str, Mapping[str, str]]
    ) -> None:
        now = stacks.held(self.conn, target, kind, [one.entry.ref.key for one, _, _ in page])
        after = [
            _end(one.entry, held, mixed.get(str(seq), {}).get(held.slot.path, state))
            for one, seq, state in page
            for held in one.slots
        ]
        stacks.save(self.conn, now, after)

    def _acknowledged(self, outage: str, line: Mapping[str, Any]) -> None:
        """Rebuild the task of a step that a person carried out, so that its opposite is asked for."""
        task = line.get("task")
        if task:
            tasks.put_task(self.conn, {**task, "outage": outage})

    # --- the end ----------------------------------------------------------------------------------------------------

    def _refuse_numbers(self, entries: Sequence[Entry]) -> None:
        seqs = [entry.seq for entry in entries]
        if ledger.any_entry(self.conn, seqs) or len(set(seqs)) < len(seqs):
            raise Refused(
                "the numbers of these journals are taken: they come from different stores, or one is there already",
                hint="import journals of different stores into a store each (`store.path`)",
                code="JR007",
            )

    def _refuse_shared(self, held: Iterable[Held]) -> None:
        for one in held:
            for layer in one.layers:
                if layer.of_outage and layer.owner not in self.outages and _known(self.conn, layer.owner):
                    raise Refused(
                        f"{one.slot} is held by {layer.owner}, which is in this store already",
                        hint="import all files that belong together with one command, into an empty store",
                        code="JR006",
                    )

    def _count_on(self) -> None:
        """Let the store's counter go on behind every number that was read."""
        self.conn.execute(update(t.meta).where(t.meta.c.counter < self.highest).values(counter=self.highest))

    def _finished(self, outage: str, found: _Outage) -> Imported:
        counts = stacks.count_held(self.conn, outage)
        opened = any(direction == "open" or counts.get(run) for run, direction in found.runs.items())
        state = {"state": "open" if opened else "closed", "desired": "apply", "imported": True, "n": found.n}
        self.conn.execute(insert(t.outages), {**found.row, **state})
        known = {run: (order, digest) for run, order, digest in self.runs_of(ledger.outage_row(self.conn, outage))}
        extra = {run: (len(known), "") for run in found.runs if run not in known}
        ledger.add_runs(self.conn, outage, [(run, order) for run, (order, _) in {**known, **extra}.items()])
        for run, direction in found.runs.items():
            mine = "active" if direction == "open" else "closing" if counts.get(run) else "done"
            ledger.set_run(self.conn, outage, run, state=mine, digest={**known, **extra}[run][1])
        left = sum(entry.outage == outage for entry in self.left)
        return Imported(outage, found.objects, sum(counts.values()), left)


# --- values ---------------------------------------------------------------------------------------------------------


def _alike(a: tuple[str, Mapping[str, Any]], b: tuple[str, Mapping[str, Any]]) -> bool:
    """Whether two announcements can be stored together: of one outage, run, target and kind."""
    (outage, one), (other, two) = a, b
    names = ("run", "target", "kind")
    return outage == other and two["t"] in ("intent", "same") and all(one[name] == two[name] for name in names)


def _entry(outage: str, line: Mapping[str, Any]) -> Entry:
    changes = {
        path: (value_from_json(one["before"]), value_from_json(one["after"])) for path, one in line["slots"].items()
    }
    ref = Ref(line["target"], line["kind"], line["key"])
    return Entry(int(line["seq"]), outage, line["run"], line["dir"], ref, changes, line["t"])


def _slots(line: Mapping[str, Any]) -> tuple[Held, ...]:
    """Return the slots of a line as they were announced; `last` is what was live before."""
    return tuple(
        Held(
            Slot(line["target"], line["kind"], line["key"], path),
            Merge(one["merge"]),
            value_from_json(one["base"]),
            value_from_json(one["before"]),
            tuple(_layer(each) for each in one["layers"]),
            name=line["name"],
        )
        for path, one in line["slots"].items()
    )


def _layer(data: Mapping[str, Any]) -> Layer:
    place = (data["priority"], data["n"], data["step"])
    return Layer(data["owner"], data["run"], *place, Claim.from_json(data["claim"]), data["seen_at"])


def _as_wanted(entry: Entry, one: Held) -> Held:
    return replace(one, last=entry.changes[one.slot.path][1])


def _end(entry: Entry, one: Held, state: str) -> Held:
    """Return a slot after its outcome, as the executor left it."""
    if state == "done":
        ended = _as_wanted(entry, one)
        return released(ended, entry.outage, entry.run) if entry.direction == "close" else ended
    gone = state == "void" and (one.merge is Merge.EFFECT or _never_sent(entry, one))
    if gone or (state == "rejected" and (entry.direction == "open" or one.merge is Merge.EFFECT)):
        return released(one, entry.outage, entry.run)
    return one


def _never_sent(entry: Entry, one: Held) -> bool:
    """Whether an announcement without effect is all that is known of a slot: the next one takes its base anew."""
    alone = [(layer.owner, layer.run) for layer in one.layers] == [(entry.outage, entry.run)]
    return entry.direction == "open" and alone and same(one.merge, one.base, entry.changes[one.slot.path][0])


def _known(conn: Connection, outage: str) -> bool:
    return ledger.outage_row(conn, outage) is not None
