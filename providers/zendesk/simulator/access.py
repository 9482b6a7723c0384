"""Who may do what: OAuth clients and tokens, scopes and their traps, legacy API tokens, roles.

Facts section 3, [DOC] unless marked. Guesses: the wording of refusals; that a client with a list gets no more than its
list for an empty scope; that a broad scope in a client's list does not cover its narrow ones.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Refusal, Reply, Route, User

CLIENT_ID: Final = "runner-on-the-simulator"
_HERE: Final = "of-the-simulator"
CLIENT_SECRET: Final = f"not-a-secret-{_HERE}"
CHAT_TOKEN: Final = f"chat-token-{_HERE}"
API_TOKEN: Final = f"api-token-{_HERE}"
PUBLIC: Final = ""  # the role of a route that needs no credential
ROLES: Final = ("end-user", "agent", "admin")
_TOKENS_END: Final = datetime(2027, 4, 30, tzinfo=UTC)
_RESOURCES: Final = (
    "account_settings",
    "apps",
    "audit",
    "automations",
    "brands",
    "custom_objects",
    "dynamic_content",
    "groups",
    "hc",
    "macros",
    "organizations",
    "requests",
    "satisfaction_ratings",
    "sla_policies",
    "targets",
    "themes",
    "ticket_fields",
    "ticket_forms",
    "ticket_views",
    "tickets",
    "triggers",
    "users",
    "webhooks",
)
SCOPES: Final = frozenset(
    {"read", "write", "impersonate", "security:read", "auditlogs:read", "web_widget:write"}
    | {f"{name}:{verb}" for name in _RESOURCES for verb in ("read", "write")}
)
SHORTEST: Final = 300  # seconds a token may live
LONGEST: Final = 172_800


@dataclass(frozen=True, slots=True)
class Client:
    """A confidential OAuth client: it acts as one user. `scopes` is its registered list, empty for all."""

    id: str
    secret: str
    user: User
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token: who it stands for, until when (epoch seconds), and whether it is one of Chat's own."""

    user: User
    until: float
    chat: bool = False


class Access:
    """Credentials of an account. `people` are its users by id."""

    def __init__(self, desk: Desk, admin: User, email: str) -> None:
        self._desk = desk
        self._clients: dict[str, Client] = {}
        self._made = 0
        self.api_tokens = {f"{email}/token:{API_TOKEN}": admin}
        self.tokens = {CHAT_TOKEN: Token(admin, float("inf"), chat=True)}
        self.life = 1800  # seconds of a token without expires_in
        self.add_client(Client(CLIENT_ID, CLIENT_SECRET, admin))

    def add_client(self, client: Client) -> None:
        """Register a client. Raises `ValueError` for a broad scope next to one of its own narrow ones [DOC]."""
        for broad in {"read", "write"} & set(client.scopes):
            if any(name.endswith(f":{broad}") for name in client.scopes):
                raise ValueError(f"{broad} and a narrow scope of it cannot be registered together")
        self._clients[client.id] = client

    def revoke(self, header: str) -> None:
        """Make a bearer token worthless."""
        self.tokens.pop(header.removeprefix("Bearer ").strip(), None)

    # --- tokens ---------------------------------------------------------------------------------------------------

    def issue(self, call: Call) -> Reply:
        """Answer POST /oauth/tokens with a token of the `client_credentials` grant."""
        wanted = call.body if isinstance(call.body, Mapping) else {}
        if wanted.get("grant_type") != "client_credentials":
            raise _oauth(400, "unsupported_grant_type", "this grant is not simulated")
        client = self._clients.get(str(wanted.get("client_id")))
        if client is None or client.secret != wanted.get("client_secret"):
            raise _oauth(401, "invalid_client", "no such client, or another secret")
        life = wanted.get("expires_in", self.life)
        seconds = int(life) if str(life).isdecimal() else -1
        if not SHORTEST <= seconds <= LONGEST:
            raise _oauth(400, "invalid_request", f"expires_in goes from {SHORTEST} to {LONGEST}")
        scopes = granted(client, str(wanted.get("scope") or ""))
        self._made += 1
        name = f"token-{self._made}-{_HERE}"
        user = User(client.user.id, client.user.name, client.user.role, frozenset(scopes))
        self.tokens[name] = Token(user, self._desk.clock() + seconds)
        body = {"access_token": name, "token_type": "bearer", "scope": " ".join(scopes), "expires_in": seconds}
        return Reply(body, 201)  # [O25]

    def who(self, header: str | None) -> Token | None:
        """Return whose credential a request carries, None without one. Raises the 401 of a bad or expired one."""
        if not header:
            return None
        kind, _, value = header.partition(" ")
        if kind == "Bearer":
            token = self.tokens.get(value.strip())
            if token is None or token.until <= self._desk.clock():
                raise bad_token()
            return token
        if kind == "Basic":
            user = self.api_tokens.get(_decoded(value))
            if user is not None and self._desk.now() < _TOKENS_END:
                return Token(user, float("inf"))
        raise nobody()


def granted(client: Client, asked: str) -> list[str]:
    """Return the scopes that a request gets: all for an empty one, no unknown names. 400 by the list."""
    names = asked.split()
    if not names:
        return list(client.scopes) or ["read", "write"]
    if client.scopes and not set(names) <= set(client.scopes):
        raise _oauth(400, "invalid_scope", "a requested scope is not on the client's list")
    return [name for name in names if name in SCOPES]


def permit(token: Token, route: Route, method: str, path: str) -> None:
    """Raise the 403 (role, scope) or 401 (a token of the other product) of a request that is not allowed."""
    if path.startswith("/api/v2/chat/") != token.chat:
        raise bad_token()
    verb = "read" if method == "GET" else "write"
    narrow = route.scope if ":" in route.scope or not route.scope else f"{route.scope}:{verb}"
    if not token.chat and not {verb, narrow} & token.user.scopes:
        body = {"error": "insufficient_scope", "error_description": f"the token lacks the scope {narrow or verb}"}
        raise Refusal(403, body)
    if ROLES.index(token.user.role) < ROLES.index(route.role):
        raise forbidden("this needs the role " + route.role)


def forbidden(message: str) -> Refusal:
    """Return the 403 of plan or role."""
    return Refusal(403, {"error": {"title": "Forbidden", "message": message}})


def nobody() -> Refusal:
    """Return the 401 of a request without a credential, or with a wrong one."""
    return Refusal(401, {"error": "Couldn't authenticate you"})


def bad_token() -> Refusal:
    """Return the 401 of a bearer token that is unknown, expired or revoked."""
    text = "this token is not valid, or not any more"
    return Refusal(401, {"error": "invalid_token", "error_description": text})


def _oauth(status: int, code: str, text: str) -> Refusal:
    return Refusal(status, {"error": code, "error_description": text})


def _decoded(value: str) -> str:
    try:
        return b64decode(value, validate=True).decode()
    except ValueError:
        return ""
