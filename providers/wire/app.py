"""A simulator as a WSGI app: routes, faults and the log of requests around the handlers.

Unknown routes answer 501 and so cannot be mistaken for a 404 of the vendor. What is a vendor's own, credentials and
limits above all, stands in the methods that a simulator overrides.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from providers.wire.core import Call, Handler, Json, Refusal, Reply, Route
from providers.wire.faults import Fault, Faults, WireFault

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

R = TypeVar("R", bound=Route)

JSON: Final = "application/json"
_SENT: Final = {"timeout": "timeout", "reset": "reset"}
_COMMITTED: Final = {"timeout_committed": "timeout", "reset_committed": "reset"}


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as it was and how it ended; `status` 0 means that no answer arrived."""

    index: int
    method: str
    path: str
    query: dict[str, str]
    rule: str
    body: Json
    status: int
    at: float


@dataclass(frozen=True, slots=True)
class Found:
    """Where a request goes: the place of its route, None for an unknown one, and the variables in the path."""

    place: int | None
    args: dict[str, Json]


class Wire(Generic[R]):
    """The WSGI app. `clock` returns UTC epoch seconds; `before` runs ahead of every request (queues and clocks advance
    there); `strike` is told which fault, if any, meets a write."""

    def __init__(
        self,
        routes: Sequence[R],
        *,
        clock: Callable[[], float],
        faults: Faults,
        before: Callable[[], None] | None = None,
        strike: Callable[[Fault | None], None] | None = None,
    ) -> None:
        self.requests: list[Logged] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.lock = RLock()
        self.clock = clock
        self.routes = list(routes)
        self._faults = faults
        self._before = before
        self._strike = strike
        self._old: tuple[float, list[Handler]] = (float("-inf"), [])
        self.map = _map(tuple((route.method, route.rule) for route in self.routes))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; raises `WireFault` where a fault breaks the connection."""
        request = Request(environ)
        with self.lock:
            response = self._one(request)
        return response(environ, start_response)

    def advance(self) -> None:
        """Let the account catch up with its clock, as every request does first."""
        if self._before is not None:
            self._before()

    # --- what is a vendor's own -------------------------------------------------------------------------------------

    def paths(self, path: str) -> Sequence[str]:
        """Return the forms of a path under which its route may stand, the first one that fits counts."""
        return (path,)

    def unknown(self, request: Request) -> Refusal:
        """Return what answers a route that nobody registered."""
        return Refusal(501, {"error": f"not simulated: {request.method} {request.path}"})

    def admit(self, request: Request, route: R) -> Any:
        """Return who calls. Raises `Refusal`."""
        del request, route

    def spend(self, route: R) -> Mapping[str, str]:
        """Count a request against the limits; return the headers that tell of them. Raises `Refusal`."""
        del route
        return {}

    def broken(self) -> Json:
        """Return the body of the 400 that answers a body which is no JSON."""
        return {"error": "the body is no JSON, or not sent as application/json"}

    def fault(self, what: str) -> Json:
        """Return the body of a scripted refusal: 401, 409, 429, 500, 503."""
        return {"error": what}

    def revoke(self, request: Request) -> None:
        """Take the credential of a request back, for good."""

    def ages(self, route: R) -> bool:
        """Whether a GET of this route may answer what held before a write, where a fault says so."""
        del route
        return True

    def decoded(self, request: Request) -> tuple[Json, bool]:
        """Return the body of a request, and whether it cannot be read."""
        data = request.get_data()
        if not data:
            return None, False
        if request.mimetype != JSON:
            return None, True
        try:
            return json.loads(data), False
        except ValueError:
            return None, True

    def linked(self, data: bytes, request: Request) -> bytes:
        """Return the bytes of an answer with its links as the caller can follow them."""
        del request
        return data

    # --- one request ------------------------------------------------------------------------------------------------

    def _one(self, request: Request) -> Response:
        self.advance()
        found = self.match(request)
        rule = self.routes[found.place].rule if found.place is not None else ""
        fault = self._faults.take(len(self.requests), request.method, rule, request.path)
        what = fault.what if fault is not None else ""
        body, broken = self.decoded(request)
        try:
            reply = self._hurt(fault, request) or self._answer(request, found, body, broken, fault)
        except WireFault:
            self._log(request, rule, body, 0)
            raise
        self._log(request, rule, body, 0 if what in _COMMITTED else reply.status)
        if what in _COMMITTED:
            raise WireFault("timeout" if _COMMITTED[what] == "timeout" else "reset")
        return self._response(reply, request, half=what == "half")

    def _log(self, request: Request, rule: str, body: Json, status: int) -> None:
        self.counts[request.method, rule or request.path] += 1
        query = {name: request.args[name] for name in request.args}
        place = len(self.requests)
        self.requests.append(Logged(place, request.method, request.path, query, rule, body, status, self.clock()))

    def match(self, request: Request) -> Found:
        """Return where a request goes."""
        adapter = self.map.bind("simulator")
        for path in self.paths(request.path):
            try:
                endpoint, args = adapter.match(path, method=request.method)
                return Found(int(endpoint), dict(args))
            except HTTPException:
                continue
        return Found(None, {})

    def _answer(self, request: Request, found: Found, body: Json, broken: bool, fault: Fault | None) -> Reply:
        try:
            if found.place is None:
                raise self.unknown(request)
            route = self.routes[found.place]
            who = self.admit(request, route)
            headers = self.spend(route)
            if broken:
                raise Refusal(400, self.broken(), headers)
            query = {name: request.args[name] for name in request.args}
            call = Call(request.method, request.path, found.args, query, body, dict(request.headers), who)
            reply = self._handle(found.place, call, fault)
        except Refusal as refusal:
            return Reply(refusal.body, refusal.status, refusal.headers)
        return Reply(reply.body, reply.status, {**headers, **reply.headers})

    def _handle(self, place: int, call: Call, fault: Fault | None) -> Reply:
        route = self.routes[place]
        if call.method == "GET":
            until, handlers = self._old
            stale = self.clock() < until and self.ages(route)
            return handlers[place](call) if stale else route.handler(call)
        if fault is not None and fault.what == "stale":
            old = deepcopy([known.handler for known in self.routes])
            self._old = (self.clock() + fault.seconds, old)
        if self._strike is not None:
            self._strike(fault)
        return route.handler(call)

    def _response(self, reply: Reply, request: Request, *, half: bool) -> Response:
        """Return the bytes of an answer; of half an answer, its length stands in the header all the same."""
        kind = reply.headers.get("Content-Type", f"{JSON}; charset=utf-8")
        data = b"<html>unexpected</html>" if kind == "text/html" else b""
        if isinstance(reply.body, str) and not kind.startswith(JSON):
            data = reply.body.encode()
        elif reply.body is not None:
            data = self.linked(json.dumps(reply.body, ensure_ascii=False, separators=(",", ":")).encode(), request)
        response = Response(data[: len(data) // 2] if half else data, status=reply.status, content_type=kind)
        for name, value in reply.headers.items():
            response.headers[name] = value
        if half:
            response.automatically_set_content_length = False
            response.headers["Content-Length"] = str(len(data))
        return response

    def _hurt(self, fault: Fault | None, request: Request) -> Reply | None:
        """Return what answers instead of the handler, or raise what breaks the connection before it."""
        if fault is None:
            return None
        if fault.what in _SENT:
            raise WireFault("timeout" if fault.what == "timeout" else "reset")
        if fault.what == "401":
            self.revoke(request)
        if fault.what == "redirect":
            return Reply(None, 302, {"Location": "https://elsewhere.example/api"})
        if fault.what == "garbage":
            return Reply(None, 200, {"Content-Type": "text/html"})
        waits = {"429": f"{fault.seconds:.0f}", "503_retry": f"{fault.seconds:.0f}"}
        if fault.what == "429_date":
            waits["429_date"] = http_date(datetime.fromtimestamp(self.clock(), UTC) + timedelta(seconds=fault.seconds))
        headers = {"Retry-After": waits[fault.what]} if fault.what in waits else {}
        if fault.what[:3] in ("401", "409", "429", "500", "503"):
            return Reply(self.fault(fault.what), int(fault.what[:3]), headers)
        return None


@lru_cache(maxsize=8)
def _map(routes: tuple[tuple[str, str], ...]) -> Map:
    """Return the map of routes, by their place. It takes a tenth of a second to make and serves all accounts."""
    rules = [Rule(rule, endpoint=str(place), methods=[method]) for place, (method, rule) in enumerate(routes)]
    return Map(rules, redirect_defaults=False, merge_slashes=False, strict_slashes=False)
