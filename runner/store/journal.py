"""The journal file: every before-image and outcome of one outage as JSON lines, enough to revert without the store.

One line per object and intent, one line per batch of outcomes. Each line ends with `h`, the sha-256 of the line
before it and itself, so that an edit shows. The file is appended and synced after the intent is durable in the store
and before anything is sent; a line that a crash lost belongs to a write that was never sent (intent) or is looked up
again by reading back (outcome). Files are 0600.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from runner.errors import InvalidInput, StoreError
from runner.layers import Held
from runner.model import Json, Layer, Value
from runner.store.ledger import Entry
from runner.store.packing import dumps, pack, pack_claim, quoted

try:
    import fcntl
except ImportError:  # Windows has no advisory locks on whole files
    fcntl = None  # type: ignore[assignment]

_sync: Final = os.fdatasync if hasattr(os, "fdatasync") else os.fsync  # macOS has only fsync
JOURNAL_VERSION: Final = 1
_START: Final = "0" * 64


def path_of(folder: Path, outage: str) -> Path:
    """Return the journal file of an outage."""
    return folder / f"{outage.replace(':', '').replace('/', '_')}.jsonl"


class JournalFile:
    """The journal of one outage, open for appending. Other processes may append to it too: an acknowledgement comes in
    while a drive goes on."""

    def __init__(self, folder: Path, outage: str) -> None:
        """Open ``folder/<outage>.jsonl``, dropping a last line that a crash cut short. Raises `StoreError`."""
        self.path = path_of(folder, outage)
        self._size, self._chain = 0, _START
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise _cannot(self.path, fault) from fault
        try:
            with alone(self._file):
                self._catch_up()
        except OSError as fault:
            self.close()
            raise _cannot(self.path, fault) from fault
        except StoreError:
            self.close()
            raise

    def _catch_up(self) -> None:
        """Learn the hash of the last whole line, which another process may have written, and drop a torn one."""
        size = os.fstat(self._file).st_size
        if size == self._size:
            return
        tail, start = b"", size
        while start > 0 and tail.count(b"\n") < 2:
            step = min(start, 65536)
            start -= step
            os.lseek(self._file, start, os.SEEK_SET)
            tail = os.read(self._file, step) + tail
        whole, _, torn = tail.rpartition(b"\n")
        if torn:
            os.ftruncate(self._file, size - len(torn))
        last = whole.rpartition(b"\n")[2]
        self._chain = self._hash_of(last) if last else _START
        self._size = size - len(torn)

    def _hash_of(self, line: bytes) -> str:
        try:
            found = json.loads(line)["h"]
        except (ValueError, KeyError, TypeError):
            found = None
        if not isinstance(found, str):
            raise StoreError(
                f"the last line of the journal file {self.path} is damaged",
                hint=f"move it away (`mv {self.path} {self.path}.damaged`), then go on: the store does not need it",
                code="ST021",
            )
        return found

    @property
    def empty(self) -> bool:
        """Whether nothing was written yet."""
        return self._chain == _START

    def append(self, lines: Iterable[dict[str, Json] | str]) -> None:
        """Append lines, JSON objects or their canonical text, and wait until they are on disk; all of them or none.
        Raises `StoreError`."""
        bodies = [line if isinstance(line, str) else dumps(line) for line in lines]
        if not bodies:
            return
        try:
            with alone(self._file):
                self._catch_up()
                self._append(bodies)
        except OSError as fault:
            raise _cannot(self.path, fault) from fault

    def _append(self, bodies: Iterable[str]) -> None:
        texts, chain = [], self._chain
        for body in bodies:
            chain = sha256((chain + body).encode()).hexdigest()
            texts.append(f'{body[:-1]},"h":"{chain}"}}\n')
        data = memoryview("".join(texts).encode())
        os.lseek(self._file, self._size, os.SEEK_SET)
        try:
            left = data
            while left:
                left = left[os.write(self._file, left) :]
            _sync(self._file)
            if self._size == 0:
                _sync_folder(self.path.parent)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size, self._chain = self._size + len(data), chain

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file durable, where a folder can be synced."""
    if fcntl is None:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def alone(descriptor: int) -> Iterator[None]:
    """Keep other processes of this machine that use `alone` out of an open file for a moment."""
    if fcntl is None:
        yield
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _cannot(path: Path, fault: OSError) -> StoreError:
    return StoreError(
        f"the journal file {path} cannot be written: {fault.strerror}",
        hint="nothing was sent without it; free some space or correct `store.journal`, then `runner resume`",
        code="ST020",
    )


def head(outage: str, *, lineage: str, at: str, row: dict[str, Json]) -> dict[str, Json]:
    """Return the first line of a journal: the outage with its frozen playbook."""
    return {"t": "outage", "version": JOURNAL_VERSION, "outage": outage, "lineage": lineage, "at": at, "row": row}


def intents(entries: Sequence[Entry], slots: dict[str, dict[str, Held]], at: str) -> Iterator[str]:
    """Yield one line per object, as canonical JSON: what it was, what it becomes, and the layers that decide it.

    `slots` maps a key to its held slots by path.
    """
    for entry in entries:
        held, ref = slots[entry.ref.key], entry.ref
        fields = ",".join(_field(path, *entry.changes[path], held[path]) for path in sorted(entry.changes))
        name = next(iter(held.values())).name
        yield (
            f'{{"at":{quoted(at)},"dir":{quoted(entry.direction)},"key":{dumps(ref.key)},"kind":{quoted(ref.kind)},'
            f'"name":{dumps(name)},"run":{quoted(entry.run)},"seq":{entry.seq},"slots":{{{fields}}},'
            f'"t":{quoted(entry.state)},"target":{quoted(ref.target)}}}'
        )


def _field(path: str, before: Value, after: Value, held: Held) -> str:
    layers = ",".join(map(_layer, held.layers))
    return (
        f'{quoted(path)}:{{"after":{pack(after)},"base":{pack(held.base)},"before":{pack(before)},'
        f'"layers":[{layers}],"merge":{quoted(held.merge)}}}'
    )


def _layer(layer: Layer) -> str:
    return (
        f'{{"claim":{pack_claim(layer.claim)},"n":{layer.n},"owner":{quoted(layer.owner)},'
        f'"priority":{layer.priority},"run":{quoted(layer.run)},"seen_at":{quoted(layer.seen_at)},"step":{layer.step}}}'
    )


def outcomes(
    states: Sequence[tuple[int, str, str]], at: str, paths: Mapping[int, Mapping[str, str]] | None = None
) -> dict[str, Json]:
    """Return the line of one batch's outcomes: state -> journal numbers, and reasons where there are any. `paths` holds
    the states of single fields (number -> path -> state) of objects whose fields came to different ends."""
    by_state: dict[str, list[int]] = {}
    for seq, state, _ in states:
        by_state.setdefault(state, []).append(seq)
    reasons = {str(seq): reason for seq, _, reason in states if reason}
    mixed = {"paths": {str(seq): dict(ends) for seq, ends in paths.items()}} if paths else {}
    return {"t": "outcomes", "at": at, **by_state, **({"reasons": reasons} if reasons else {}), **mixed}


def layer_to_json(layer: Layer) -> dict[str, Json]:
    """Return one layer as JSON."""
    return {
        "owner": layer.owner,
        "run": layer.run,
        "priority": layer.priority,
        "n": layer.n,
        "step": layer.step,
        "claim": layer.claim.to_json(),
        "seen_at": layer.seen_at,
    }


def ended(state: str, at: str) -> dict[str, Json]:
    """Return the last line of a journal: nothing is owed any more."""
    return {"t": "ended", "at": at, "state": state}


def unfinished(path: Path) -> str:
    """Return the outage whose journal this is when it still owes a restore, "" when it has ended or is no journal.

    Looks at the first and the last line only.
    """
    first, last = _ends(path)
    outage = str(first.get("outage", "")) if first.get("t") == "outage" else ""
    return "" if last.startswith(b'{"at":') and b'"t":"ended"' in last else outage


def lineage_of(path: Path) -> str:
    """Return the store that a journal comes from, "" when it is no journal."""
    return str(_ends(path)[0].get("lineage", ""))


def _ends(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return the first line of a file, decoded, and the last one as it is; nothing of a file that is no journal."""
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline())
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 65536))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except (OSError, ValueError):
        return {}, b""
    return (first, last) if isinstance(first, dict) else ({}, b"")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a journal file, checking the chain. A torn last line ends it. Raises `InvalidInput`."""
    chain = _START
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.endswith(b"\n"):
                    return
                line = _checked(path, number, raw, chain)
                chain = str(line["h"])
                yield line
    except OSError as fault:
        raise InvalidInput(f"the journal {path} cannot be read: {fault.strerror}", code="JR001") from fault


def _checked(path: Path, number: int, raw: bytes, chain: str) -> dict[str, Any]:
    try:
        line = json.loads(raw)
        body = dumps({key: value for key, value in line.items() if key != "h"})
        good = line["h"] == sha256((chain + body).encode()).hexdigest()
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise InvalidInput(
            f"{path}:{number}: the chain of the journal breaks here: this line or one before it was changed",
            hint="take an untouched copy of the file; the store, if it is there, does not need it",
            code="JR002",
        )
    checked: dict[str, Any] = line
    return checked


def rfc3339(ms: int) -> str:
    """Return epoch milliseconds as RFC 3339 text in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
