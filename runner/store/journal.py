"""The journal file: every before-image and outcome of one outage as JSON lines, enough to revert without the store.

One line per object and intent, one line per batch of outcomes. Each line ends with `h`, the sha-256 of the line
before it and itself, so that an edit shows. The file is appended and synced after the intent is durable in the store
and before anything is sent; a line that a crash lost belongs to a write that was never sent (intent) or is looked up
again by reading back (outcome). Files are 0600.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from runner.errors import InvalidInput, StoreError
from runner.layers import Held
from runner.model import Json, value_to_json
from runner.store.ledger import Entry, dumps

JOURNAL_VERSION: Final = 1
_START: Final = "0" * 64


class JournalFile:
    """The journal of one outage, open for appending."""

    def __init__(self, folder: Path, outage: str) -> None:
        """Open ``folder/<outage>.jsonl``, dropping a last line that a crash cut short. Raises `StoreError`."""
        self.path = folder / f"{outage.replace(':', '').replace('/', '_')}.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            self._file = os.fdopen(descriptor, "r+b")
            self._chain = self._recover()
        except OSError as fault:
            raise _cannot(self.path, fault) from fault

    def _recover(self) -> str:
        """Go to the end of the last whole line and return its hash."""
        size = self._file.seek(0, os.SEEK_END)
        tail, start = b"", size
        while start > 0 and tail.count(b"\n") < 2:
            step = min(start, 65536)
            start -= step
            self._file.seek(start)
            tail = self._file.read(step) + tail
        whole, _, torn = tail.rpartition(b"\n")
        if torn:
            self._file.truncate(size - len(torn))
        self._file.seek(0, os.SEEK_END)
        last = whole.rpartition(b"\n")[2]
        return str(json.loads(last)["h"]) if last else _START

    @property
    def empty(self) -> bool:
        """Whether nothing was written yet."""
        return self._chain == _START

    def append(self, lines: Iterable[dict[str, Json]]) -> None:
        """Append lines and wait until they are on disk. Raises `StoreError`."""
        texts, chain = [], self._chain
        for line in lines:
            body = dumps(line)
            chain = sha256((chain + body).encode()).hexdigest()
            texts.append(f'{body[:-1]},"h":"{chain}"}}\n')
        if not texts:
            return
        try:
            self._file.write("".join(texts).encode())
            self._file.flush()
            os.fdatasync(self._file.fileno())
        except OSError as fault:
            raise _cannot(self.path, fault) from fault
        self._chain = chain

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cannot(path: Path, fault: OSError) -> StoreError:
    return StoreError(
        f"the journal file {path} cannot be written: {fault.strerror}",
        hint="nothing was sent without it; free some space or correct `store.journal`, then `runner resume`",
        code="ST020",
    )


def head(outage: str, *, lineage: str, at: str, row: dict[str, Json]) -> dict[str, Json]:
    """Return the first line of a journal: the outage with its frozen playbook."""
    return {"t": "outage", "version": JOURNAL_VERSION, "outage": outage, "lineage": lineage, "at": at, "row": row}


def intents(entries: Sequence[Entry], slots: dict[str, dict[str, Held]], at: str) -> Iterator[dict[str, Json]]:
    """Yield one line per object: what it was, what it becomes, and the layers that decide it.

    `slots` maps a key to its held slots by path.
    """
    for entry in entries:
        fields: dict[str, Json] = {}
        for path, (before, after) in entry.changes.items():
            one = slots[entry.ref.key][path]
            fields[path] = {
                "merge": one.merge.value,
                "base": value_to_json(one.base),
                "before": value_to_json(before),
                "after": value_to_json(after),
                "layers": [layer_to_json(layer) for layer in one.layers],
            }
        name = next(iter(slots[entry.ref.key].values())).name
        yield {
            "t": entry.state,
            "seq": entry.seq,
            "at": at,
            "run": entry.run,
            "dir": entry.direction,
            "target": entry.ref.target,
            "kind": entry.ref.kind,
            "key": entry.ref.key,
            "name": name,
            "slots": fields,
        }


def outcomes(states: Sequence[tuple[int, str, str]], at: str) -> dict[str, Json]:
    """Return the line of one batch's outcomes: state -> journal numbers, and reasons where there are any."""
    by_state: dict[str, list[int]] = {}
    for seq, state, _ in states:
        by_state.setdefault(state, []).append(seq)
    reasons = {str(seq): reason for seq, _, reason in states if reason}
    return {"t": "outcomes", "at": at, **by_state, **({"reasons": reasons} if reasons else {})}


def layer_to_json(layer: Any) -> dict[str, Json]:
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
    return line  # type: ignore[no-any-return]


def rfc3339(ms: int) -> str:
    """Return epoch milliseconds as RFC 3339 text in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
