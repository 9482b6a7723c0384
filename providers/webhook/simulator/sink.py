"""The simulated channels on the wire: every service at one address, told apart by its paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from providers.webhook.simulator.others import Google, Receiver, Teams
from providers.webhook.simulator.slack import Slack
from providers.webhook.simulator.state import BOT_TOKEN, CHANNELS, Message, State, secret_of
from providers.wire import faults
from providers.wire.app import Wire as Plain
from providers.wire.core import Json, Refusal, Route
from providers.wire.faults import Fault, Faults

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

FAULTS: Final[Mapping[str, str]] = {
    **faults.FAULTS,
    "error_text": "200 with the service's own words for an error, nothing done",
}
SERVICES: Final = ("slack", "teams", "google_chat", "json")


class Wire(Plain[Route]):
    """The WSGI app of all services."""

    def __init__(self, state: State, **more: Any) -> None:
        routes = [*Slack(state).routes(), *Teams(state).routes(), *Google(state).routes(), *Receiver(state).routes()]
        super().__init__(routes, clock=state.clock, **more)
        self._state = state

    def admit(self, request: Request, route: Route) -> None:
        """Check the token of an app; the addresses of webhooks are checked where they lead. Raises `Refusal`."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if route.rule.startswith("/api/"):
            if token != BOT_TOKEN:
                raise Refusal(200, {"ok": False, "error": "invalid_auth" if token else "not_authed"})
            if token in self._state.revoked:
                raise Refusal(200, {"ok": False, "error": "token_revoked"})

    def broken(self) -> Json:
        """Return the body of the 400 for a body that cannot be read."""
        return {"ok": False, "error": "invalid_json"}

    def fault(self, what: str) -> Json:
        """Return the body of a scripted refusal."""
        return {"ok": False, "error": f"scripted {what}"}

    def revoke(self, request: Request) -> None:
        """Take back the credential of a request: the token of an app, or the address of a webhook."""
        given = f"{request.headers.get('Authorization', '')} {request.path} {request.query_string.decode()}"
        known = [BOT_TOKEN, *(secret_of(service, channel) for service in SERVICES for channel in CHANNELS)]
        self._state.revoked |= {secret for secret in known if secret in given}


class Sink:
    """All simulated channels. `clock` returns UTC epoch seconds; `limits` counts messages a second."""

    def __init__(self, *, clock: Callable[[], float], limits: bool = True) -> None:
        self.state = State(clock, limits)
        self.faults = Faults(FAULTS)
        self.wsgi = Wire(self.state, faults=self.faults, strike=self._strike)

    @property
    def requests(self) -> list[Any]:
        """Every request as it was and how it ended."""
        return self.wsgi.requests

    def chatter(self, channel: str, count: int) -> None:
        """Let people write so many messages in a Slack channel."""
        for number in range(count):
            text = f"Hello {number}"
            self.state.post(Message("slack_app", channel, self.state.stamp(), text, by_us=False))

    def dump(self) -> str:
        """Return what can be seen in all channels, as canonical JSON."""
        return self.state.dump()

    def _strike(self, fault: Fault | None) -> None:
        self.state.script = fault.what if fault is not None else ""
