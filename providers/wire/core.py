"""What every simulator of a vendor's wire shares: a request, a reply, a refusal, a route.

Rules know nothing of HTTP servers: a handler takes a `Call` and returns a `Reply` or raises `Refusal`; `app.py` turns
both into bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Call:
    """One request, decoded. `args` are the variables of the route, `query` the parameters as sent, `body` the JSON,
    `who` what the vendor knows of the caller."""

    method: str
    path: str
    args: Mapping[str, Any]
    query: Mapping[str, str]
    body: Json
    headers: Mapping[str, str]
    who: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `body` None is an empty body."""

    body: Json = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The account refuses a request: a status and one of the vendor's error envelopes."""

    def __init__(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


Handler: TypeAlias = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `rule` is a Werkzeug rule (``/api/v2/triggers/<int:id>``)."""

    method: str
    rule: str
    handler: Handler
