"""The simulator as a WSGI app: routes, credentials, limits, faults and the log of requests around the areas' handlers.

Unknown routes answer 501 and so cannot be mistaken for a 404 of the vendor. `Accept` must allow JSON (415 without it,
[LIVE][ISSUE]); Help Center paths without ``.json`` answer 415 [LIVE], all others work with and without the suffix.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from providers.zendesk.simulator.access import PUBLIC, Access, Token, bad_token, nobody, permit
from providers.zendesk.simulator.core import Call, Desk, Handler, Json, Refusal, Reply, Route
from providers.zendesk.simulator.faults import Fault, Faults, WireFault
from providers.zendesk.simulator.limits import Limits, too_many

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_NEVER_STALE: Final = ("/api/v2/job_statuses", "/oauth/")
_JSON: Final = "application/json"


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


class Wire:
    """The WSGI app.

    `before` runs ahead of every request (queues and clocks advance there); `strike` tells the jobs of a fault that is
    meant for them; `admits` says which addresses may call.
    """

    def __init__(
        self,
        desk: Desk,
        routes: Sequence[Route],
        access: Access,
        *,
        limits: Limits,
        faults: Faults,
        admits: Callable[[str], bool] | None = None,
        before: Callable[[], None] | None = None,
        strike: Callable[[Fault | None], None] | None = None,
    ) -> None:
        self.requests: list[Logged] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.lock = RLock()
        self._desk = desk
        self._routes = list(routes)
        self._access = access
        self._limits = limits
        self._faults = faults
        self._admits = admits
        self._before = before
        self._strike = strike
        self._old: tuple[float, list[Handler]] = (float("-inf"), [])
        self._map = _map(tuple((route.method, route.rule) for route in self._routes))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; raises `WireFault` where a fault breaks the connection."""
        request = Request(environ)
        with self.lock:
            response = self._one(request)
        return response(environ, start_response)

    # --- one request ------------------------------------------------------------------------------------------------

    def _one(self, request: Request) -> Response:
        if self._before is not None:
            self._before()
        found = self._match(request)
        route = self._routes[found.place] if found.place is not None else None
        rule = route.rule if route else ""
        fault = self._faults.take(len(self.requests), request.method, rule, request.path)
        body, broken = _decoded(request)
        try:
            reply = self._hurt(fault, request) or self._answer(request, found, body, broken, fault)
        except WireFault:
            self._log(request, rule, body, 0)
            raise
        lost = fault is not None and fault.what in ("timeout_committed", "reset_committed")
        self._log(request, rule, body, 0 if lost else reply.status)
        if fault is not None and lost:
            raise WireFault("timeout" if fault.what == "timeout_committed" else "reset")
        return self._response(reply, request, half=fault is not None and fault.what == "half")

    def _log(self, request: Request, rule: str, body: Json, status: int) -> None:
        self.counts[request.method, rule or request.path] += 1
        query = {name: request.args[name] for name in request.args}
        place = len(self.requests)
        self.requests.append(Logged(place, request.method, request.path, query, rule, body, status, self._desk.clock()))

    def _match(self, request: Request) -> Found:
        adapter = self._map.bind("simulator")
        plain = request.path.removesuffix(".json")
        for path in (request.path, plain):
            try:
                endpoint, args = adapter.match(path, method=request.method)
                return Found(int(endpoint), dict(args))
            except HTTPException:
                continue
        return Found(None, {})

    def _answer(self, request: Request, found: Found, body: Json, broken: bool, fault: Fault | None) -> Reply:
        try:
            if found.place is None:
                raise self._unknown(request)
            route = self._routes[found.place]
            token = self._admit(request, route)
            headers = self._limits.take(route.family)
            if broken:
                text = "the body is no JSON, or not sent as application/json"
                raise Refusal(400, {"error": {"title": "Invalid attribute", "message": text}}, headers)
            query = {name: request.args[name] for name in request.args}
            sent = dict(request.headers)
            call = Call(request.method, request.path, found.args, query, body, sent, token.user if token else None)
            reply = self._handle(found.place, call, fault)
        except Refusal as refusal:
            return Reply(refusal.body, refusal.status, refusal.headers)
        return Reply(reply.body, reply.status, {**headers, **reply.headers})

    def _unknown(self, request: Request) -> Refusal:
        if request.path.startswith("/api/v2/help_center/") and not request.path.endswith(".json"):
            try:
                self._map.bind("simulator").match(request.path + ".json", method=request.method)
            except HTTPException:
                pass
            else:
                return Refusal(415, {"error": "Unsupported media type, the path lacks .json"})
        return Refusal(501, {"error": f"not simulated: {request.method} {request.path}"})

    def _admit(self, request: Request, route: Route) -> Token | None:
        accept = request.accept_mimetypes
        if route.rule.startswith("/oauth/"):
            return None
        if not (accept and accept[_JSON]):
            raise Refusal(415, {"error": "Unsupported media type, send Accept: application/json"})
        token = self._access.who(request.headers.get("Authorization"))
        if route.role == PUBLIC:
            return token
        if token is None:
            raise nobody()
        if self._admits and request.remote_addr and not self._admits(request.remote_addr):
            body = {"title": "Forbidden", "message": "access is restricted to other IP addresses"}  # [HC], words: guess
            raise Refusal(403, {"error": body})
        permit(token, route, request.method, request.path)
        return token

    def _handle(self, place: int, call: Call, fault: Fault | None) -> Reply:
        route = self._routes[place]
        if call.method == "GET":
            until, handlers = self._old
            stale = self._desk.clock() < until and not route.rule.startswith(_NEVER_STALE)
            return handlers[place](call) if stale else route.handler(call)
        if fault is not None and fault.what == "stale":
            old = deepcopy([known.handler for known in self._routes])
            self._old = (self._desk.clock() + fault.seconds, old)
        if self._strike is not None:
            self._strike(fault)
        return route.handler(call)

    def _response(self, reply: Reply, request: Request, *, half: bool) -> Response:
        """Return the bytes of an answer. Links lead to the host that was asked, so that clients can follow them."""
        kind = reply.headers.get("Content-Type", f"{_JSON}; charset=utf-8")
        data = b"<html>unexpected</html>" if kind == "text/html" else b""
        if reply.body is not None:
            data = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":")).encode()
            home = f"{self._desk.subdomain}.zendesk.com"
            if request.host != home:
                data = data.replace(f"https://{home}/".encode(), request.host_url.encode())
        response = Response(data[: len(data) // 2] if half else data, status=reply.status, content_type=kind)
        for name, value in reply.headers.items():
            response.headers[name] = value
        if half:
            response.automatically_set_content_length = False
            response.headers["Content-Length"] = str(len(data))
        return response

    # --- faults -----------------------------------------------------------------------------------------------------

    def _hurt(self, fault: Fault | None, request: Request) -> Reply | None:
        """Return what answers instead of the handler, or raise what breaks the connection before it."""
        if fault is None:
            return None
        if fault.what == "timeout":
            raise WireFault("timeout")
        if fault.what == "reset":
            raise WireFault("reset")
        if fault.what == "401":
            self._access.revoke(request.headers.get("Authorization", ""))
        if fault.what in ("429", "429_date"):
            late = http_date(self._desk.now() + timedelta(seconds=fault.seconds))
            refusal = too_many(f"{fault.seconds:.0f}" if fault.what == "429" else late)
            return Reply(refusal.body, 429, refusal.headers)
        if fault.what == "503_retry":
            return Reply(_BODIES["503"], 503, {"Retry-After": f"{fault.seconds:.0f}"})
        if fault.what == "redirect":
            return Reply(None, 302, {"Location": "https://elsewhere.example/api/v2"})
        if fault.what == "garbage":
            return Reply(None, 200, {"Content-Type": "text/html"})
        return Reply(_BODIES[fault.what], int(fault.what[:3])) if fault.what in _BODIES else None


_BODIES: Final[dict[str, Json]] = {
    "401": bad_token().body,
    "409": {"error": "DatabaseConflict", "description": "two requests wanted the same rows, try again"},
    "409_stale": {"error": "UpdateConflict", "description": "the ticket changed since it was read"},
    "500": {"error": {"title": "Internal error", "message": "something went wrong"}},
    "503": {"error": "Service unavailable", "description": "the database does not answer"},
}


@lru_cache(maxsize=4)
def _map(routes: tuple[tuple[str, str], ...]) -> Map:
    """Return the map of routes, by their place. It takes a tenth of a second to make and serves all accounts."""
    rules = [Rule(rule, endpoint=str(place), methods=[method]) for place, (method, rule) in enumerate(routes)]
    return Map(rules, redirect_defaults=False, merge_slashes=False, strict_slashes=False)


# --- bytes ----------------------------------------------------------------------------------------------------------


def _decoded(request: Request) -> tuple[Json, bool]:
    """Return the body of a request, and whether it cannot be read."""
    data = request.get_data()
    if request.mimetype == "application/x-www-form-urlencoded" and request.path.startswith("/oauth"):
        return dict(parse_qsl(data.decode("utf-8", "replace"))), False
    if not data:
        return None, False
    if request.mimetype != _JSON:
        return None, True
    try:
        return json.loads(data), False
    except ValueError:
        return None, True
