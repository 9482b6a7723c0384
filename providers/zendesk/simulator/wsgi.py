"""The simulated account on the wire: Zendesk's own ways with paths, credentials, limits and refusals.

`Accept` must allow JSON (415 without it, [LIVE][ISSUE]); Help Center paths without ``.json`` answer 415 [LIVE], all
others work with and without the suffix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from werkzeug.exceptions import HTTPException

from providers.wire.app import JSON, Logged
from providers.wire.app import Wire as Plain
from providers.wire.core import Refusal
from providers.wire.faults import Fault, Faults
from providers.zendesk.simulator.access import PUBLIC, Access, Token, bad_token, nobody, permit
from providers.zendesk.simulator.core import Desk, Json, Route, User
from providers.zendesk.simulator.limits import Limits, too_many

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

__all__ = ["Logged", "Wire"]

_NEVER_STALE: Final = ("/api/v2/job_statuses", "/oauth/")
_BODIES: Final[dict[str, Json]] = {
    "401": bad_token().body,
    "409": {"error": "DatabaseConflict", "description": "two requests wanted the same rows, try again"},
    "409_stale": {"error": "UpdateConflict", "description": "the ticket changed since it was read"},
    "429": too_many("0").body,
    "500": {"error": {"title": "Internal error", "message": "something went wrong"}},
    "503": {"error": "Service unavailable", "description": "the database does not answer"},
}


class Wire(Plain[Route]):
    """The WSGI app of an account. `admits` says which addresses may call."""

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
        super().__init__(routes, clock=desk.clock, faults=faults, before=before, strike=strike)
        self._desk = desk
        self._access = access
        self._limits = limits
        self._admits = admits

    def paths(self, path: str) -> Sequence[str]:
        """Return the path with and without its suffix."""
        return (path, path.removesuffix(".json"))

    def unknown(self, request: Request) -> Refusal:
        """Return the 415 of a Help Center path without its suffix, else the 501 of what is not simulated."""
        if request.path.startswith("/api/v2/help_center/") and not request.path.endswith(".json"):
            try:
                self.map.bind("simulator").match(request.path + ".json", method=request.method)
            except HTTPException:
                pass
            else:
                return Refusal(415, {"error": "Unsupported media type, the path lacks .json"})
        return super().unknown(request)

    def admit(self, request: Request, route: Route) -> User | None:
        """Return who calls, by the token. Raises `Refusal`."""
        token = self._token(request, route)
        return token.user if token else None

    def _token(self, request: Request, route: Route) -> Token | None:
        accept = request.accept_mimetypes
        if route.rule.startswith("/oauth/"):
            return None
        if not (accept and accept[JSON]):
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

    def spend(self, route: Route) -> Mapping[str, str]:
        """Count a request against the account's limit and that of its endpoint. Raises `Refusal`."""
        return self._limits.take(route.family)

    def broken(self) -> Json:
        """Return the body of the 400 for a body that cannot be read."""
        text = "the body is no JSON, or not sent as application/json"
        return {"error": {"title": "Invalid attribute", "message": text}}

    def fault(self, what: str) -> Json:
        """Return Zendesk's envelope of a refusal."""
        return _BODIES[what if what in _BODIES else what[:3]]

    def revoke(self, request: Request) -> None:
        """Revoke the token of a request."""
        self._access.revoke(request.headers.get("Authorization", ""))

    def ages(self, route: Route) -> bool:
        """Whether reads of this route may be stale."""
        return not route.rule.startswith(_NEVER_STALE)

    def decoded(self, request: Request) -> tuple[Json, bool]:
        """Return the body; the request for a token may be a form [DOC]."""
        if request.mimetype == "application/x-www-form-urlencoded" and request.path.startswith("/oauth"):
            return dict(parse_qsl(request.get_data().decode("utf-8", "replace"))), False
        return super().decoded(request)

    def linked(self, data: bytes, request: Request) -> bytes:
        """Return the answer with links that lead to the host that was asked, so that clients can follow them."""
        home = f"{self._desk.subdomain}.zendesk.com"
        return data if request.host == home else data.replace(f"https://{home}/".encode(), request.host_url.encode())
