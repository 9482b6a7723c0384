"""The simulated account on the wire: bearer tokens, one envelope of refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from providers.digisac.simulator.core import Caller, refused
from providers.wire.app import Wire as Plain
from providers.wire.core import Json, Route
from providers.wire.faults import Faults

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

_SAID: Final = {
    "401": "invalid token",
    "409": "conflict, try again",
    "429": "too many requests",
    "500": "internal error",
    "503": "service unavailable",
}


class Wire(Plain[Route]):
    """The WSGI app of an account. `tokens` maps a token to its owner."""

    def __init__(
        self,
        routes: Sequence[Route],
        tokens: dict[str, Caller],
        *,
        clock: Callable[[], float],
        faults: Faults,
        before: Callable[[], None],
    ) -> None:
        super().__init__(routes, clock=clock, faults=faults, before=before)
        self._tokens = tokens

    def admit(self, request: Request, route: Route) -> Caller:
        """Return the owner of the token. Raises the 401 of an unknown one."""
        del route
        who = self._tokens.get(_token(request))
        if who is None:
            raise refused(_SAID["401"], status=401)
        return who

    def broken(self) -> Json:
        """Return the body of the 400 for a body that cannot be read."""
        return {"message": "the body is no JSON, or not sent as application/json"}

    def fault(self, what: str) -> Json:
        """Return the envelope of a scripted refusal."""
        return {"message": _SAID[what[:3]]}

    def revoke(self, request: Request) -> None:
        """Take a token back."""
        self._tokens.pop(_token(request), None)


def _token(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")
