"""Values, claims and changes as canonical JSON text: keys sorted, no spaces, one text for one value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from runner.model import ABSENT, Claim, Json, Op, Value, value_from_json, value_to_json

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_ABSENT: Final = '{"$":"absent"}'
_PUT: Final = '{"op":"put","value":%s}'


def dumps(data: Json) -> str:
    """Return canonical JSON text."""
    return _ENCODER.encode(data)


def pack(value: Value) -> str:
    """Return a slot's value as canonical JSON text."""
    if type(value) is str:
        return quoted(value)
    return _ABSENT if value is ABSENT else _ENCODER.encode(value_to_json(value))


@lru_cache(maxsize=1024)
def quoted(text: str) -> str:
    """Return a text that comes back often as JSON."""
    return _ENCODER.encode(text)


def unpack(text: str) -> Value:
    """Return the value that `pack` wrote."""
    if text == _ABSENT:
        return ABSENT
    if text.startswith('"'):
        return _text(text)
    return value_from_json(json.loads(text))


@lru_cache(maxsize=1024)
def _text(text: str) -> Value:
    return json.loads(text)


def pack_claim(claim: Claim) -> str:
    """Return a claim as canonical JSON text."""
    if claim.op is Op.PUT and not (claim.add or claim.remove or claim.give_back):
        return _PUT % pack(claim.value)
    return dumps(claim.to_json())


@lru_cache(maxsize=1024)
def unpack_claim(text: str) -> Claim:
    """Return the claim that `pack_claim` wrote. The same few claims stand in the layers of many slots."""
    return Claim.from_json(json.loads(text))


def pack_changes(changes: Mapping[str, tuple[Value, Value]]) -> str:
    """Return changes by path, ``{path: [before, after]}``, as canonical JSON text."""
    parts = (f"{quoted(path)}:[{pack(changes[path][0])},{pack(changes[path][1])}]" for path in sorted(changes))
    return f"{{{','.join(parts)}}}"
