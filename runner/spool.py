"""Selections, listed to the end before the first write: as JSON lines in a file, never as a list in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.model import Json, value_from_json, value_to_json
from runner.selecting import select
from runner.spi import Found, KindSpec, Query
from runner.store import ledger
from runner.store.ledger import dumps
from runner.work import Desk


def reader(desk: Desk, target: str) -> Callable[[Query], Iterator[Any]]:
    """Return the read method of one target."""
    return lambda query: desk.targets.read(target, query)


def objects_of(spec: KindSpec, query: Query, desk: Desk, target: str) -> Iterator[Found]:
    """Yield the objects of a resolved query, seeing through our own layers."""

    def held_of(keys: Any) -> Any:
        with desk.store.reading() as conn:
            return ledger.held(conn, target, spec.kind, keys)

    def held_keys() -> Iterator[str]:
        after = ""
        while True:
            with desk.store.reading() as conn:
                keys = ledger.keys_of_kind(conn, target, spec.kind, after=after, limit=spec.page)
            if not keys:
                return
            yield from keys
            after = keys[-1]

    return select(query, spec, reader(desk, target), held_of, held_keys())


def to_json(found: Found) -> dict[str, Json]:
    """Return one object as a JSON object."""
    values = {name: value_to_json(value) for name, value in found.values.items()}
    return {"key": found.key, "name": found.name, "values": values}


def from_json(line: Mapping[str, Json]) -> Found:
    """Return the object that `to_json` wrote."""
    return Found(line["key"], line["name"], {path: value_from_json(value) for path, value in line["values"].items()})


def write_spool(path: Path, found: Iterable[Found]) -> int:
    """List objects into a file of JSON lines, durable and whole or not there at all; return how many."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part, count = path.with_suffix(".part"), 0
    with part.open("w", encoding="utf-8") as file:
        for one in found:
            file.write(dumps(to_json(one)) + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.rename(path)
    return count


def read_spool(path: Path) -> Iterator[Found]:
    """Yield the objects of a spool file."""
    with path.open(encoding="utf-8") as file:
        for raw in file:
            yield from_json(json.loads(raw))
