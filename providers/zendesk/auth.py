"""Credentials: OAuth client credentials first, an API token as the legacy way, a token of its own for Chat.

Zendesk stops API tokens on 2027-04-30, and no account can create one since 2026-10-27 [DOC]. An empty scope request
would mean everything, and an unknown name still yields a token, so what was granted is compared with what was asked.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from providers.http import Http, NotSent, secret_of
from providers.zendesk.errors import explain, said_of
from runner.spi import Io, Target, Unauthorized, Unavailable

SCOPES: Final = "read write"  # schedules, jobs, Talk and search have no narrower name [inferred, unprobed]
LIFETIME: Final = 3600  # seconds asked for; Zendesk allows 300 to 172,800 [DOC]
EARLY: Final = 60  # seconds before its end that a token is renewed
LEGACY: Final = "API tokens stop on 2027-04-30: create an OAuth client (Admin Center > Apps and integrations > APIs)"


@dataclass(slots=True)
class Tokens:
    """The credential of one account, resolved at the first request. Nothing here is ever printed."""

    target: Target
    io: Io
    http: Http
    _token: str = field(default="", repr=False)
    _until: float = 0.0
    granted: str = ""

    @property
    def legacy(self) -> bool:
        """Whether the account is used with an API token."""
        return "client_id" not in self.target.credentials and "api_token" in self.target.credentials

    def header(self) -> Mapping[str, str]:
        """Return the header that authorises a request. Raises `Unauthorized`, `Unavailable`."""
        if self.legacy:
            return {"Authorization": f"Basic {self._basic()}"}
        if not self._token or self.io.now().timestamp() >= self._until:
            self._renew()
        return {"Authorization": f"Bearer {self._token}"}

    def chat_header(self) -> Mapping[str, str]:
        """Return the header for the Chat API, whose clients are separate [DOC]. Raises `Unauthorized`."""
        return {"Authorization": f"Bearer {self._secret('chat_token')}"}

    def forget(self) -> bool:
        """Drop a token that was refused; return whether a new one can be had."""
        had, self._token = bool(self._token), ""
        return had

    def missing(self) -> list[str]:
        """Return the scopes that were asked for and not granted."""
        return [scope for scope in SCOPES.split() if scope not in self.granted.split()] if self._token else []

    def _secret(self, name: str) -> str:
        return secret_of(self.target, self.io, name)

    def _basic(self) -> str:
        return b64encode(f"{self._secret('email')}/token:{self._secret('api_token')}".encode()).decode()

    def _renew(self) -> None:
        asked = {
            "grant_type": "client_credentials",
            "client_id": self._secret("client_id"),
            "client_secret": self._secret("client_secret"),
            "scope": SCOPES,
            "expires_in": LIFETIME,
        }
        try:
            answer = self.http.send("POST", "/oauth/tokens", body=asked)
        except Unavailable as lost:  # a token may be lost: the request that it was for was not sent
            raise NotSent(lost.message) from lost
        if answer.status in (400, 401, 403):
            raise Unauthorized(
                f"{self.target.name}: Zendesk gives no token for this OAuth client{said_of(answer)}; check "
                "`client_id`, `client_secret` and the scopes of the client (read and write)"
            )
        if not answer.ok:
            fault = explain(answer, self.target.name, "ask for a token", self.io.now())
            raise NotSent(fault.message) if isinstance(fault, Unavailable) else fault
        data = answer.data if isinstance(answer.data, dict) else {}
        token, lasts = data.get("access_token"), data.get("expires_in") or LIFETIME
        if not isinstance(token, str) or not token or not isinstance(lasts, int | float):
            raise Unauthorized(f"{self.target.name}: the answer to the request for a token holds none")
        scope = data.get("scope", SCOPES)
        self._token, self.granted = token, " ".join(map(str, scope)) if isinstance(scope, list) else str(scope)
        self._until = self.io.now().timestamp() + max(float(lasts) - EARLY, 1.0)
