"""What the simulated channels hold: who may post where, which messages stand there, and all that were ever posted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from providers.wire.core import Json, Refusal

CHANNELS: Final = ("support", "ops", "billing", "night", "leads", "travel")
_HERE: Final = "of-the-simulator"
BOT_TOKEN: Final = f"xoxb-not-a-secret-{_HERE}"
BEARER: Final = f"bearer-{_HERE}"
# Messages that a channel takes at once, then one a second [DOC: Slack's rate limits]; how many is a guess.
BURST: Final = 5
# What calls people in a text [DOC]; a card of Teams and a receiver's JSON call nobody.
_SLACK: Final = re.compile(r"<(!here|!channel|!everyone|!subteam\^\w+|@[UW]\w+)[>|]")
_PINGS: Final = {"slack": _SLACK, "slack_app": _SLACK, "google_chat": re.compile(r"<users/\w+>", re.IGNORECASE)}


def secret_of(service: str, channel: str) -> str:
    """Return the part of a simulated address that nobody may know."""
    return f"not-a-secret-{service.replace('_', '-')}-{channel}-{_HERE}"


def path_of(service: str, channel: str) -> str:
    """Return the address of a simulated channel, without its host, in the shape of its service."""
    secret = secret_of(service, channel)
    match service:
        case "slack":
            return f"/services/T00000SIM/B{CHANNELS.index(channel):05}SIM/{secret}"
        case "teams":
            query = "api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0"
            return f"/workflows/{channel}/triggers/manual/paths/invoke?{query}&sig={secret}"
        case "google_chat":
            return f"/v1/spaces/AAAA{channel}/messages?key=key-of-the-simulator&token={secret}"
    return f"/hooks/{channel}/{secret}"


def slack_id(channel: str) -> str:
    """Return the id of a simulated Slack channel."""
    return f"C{CHANNELS.index(channel):06}SIM"


@dataclass(slots=True)
class Message:
    """One message. `id` is what its service knows it by; `content` is what was sent."""

    service: str
    channel: str
    id: str
    text: str
    content: Json = None
    metadata: dict[str, Any] = field(default_factory=dict)
    thread: str = ""
    by_us: bool = True

    def shown(self) -> dict[str, Json]:
        """Return what can be seen of it, without ids and times."""
        return {"service": self.service, "channel": self.channel, "text": self.text, "thread": self.thread}


@dataclass(slots=True)
class State:
    """Everything that is simulated. `sent` holds every message that was ever posted by us, also those deleted since;
    `pings` the texts that called people; `failures` what Teams took and could not post."""

    clock: Callable[[], float]
    limits: bool = True
    messages: list[Message] = field(default_factory=list)
    sent: list[Message] = field(default_factory=list)
    pings: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    archived: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)  # channels that the Slack app is not in
    revoked: set[str] = field(default_factory=set)  # credentials that were taken back
    script: str = ""  # the fault that meets the write of this moment
    last: int = 0
    _spent: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def post(self, message: Message) -> Message:
        """Put a message into its channel."""
        self.messages.append(message)
        if message.by_us:
            self.sent.append(message)
            self.called(message.service, message.text)
        return message

    def called(self, service: str, text: str) -> None:
        """Note a text that calls people."""
        if service in _PINGS and _PINGS[service].search(text):
            self.pings.append(text)

    def in_channel(self, service: str, channel: str) -> list[Message]:
        """Return what stands in a channel, the oldest first."""
        return [each for each in self.messages if (each.service, each.channel) == (service, channel)]

    def stamp(self) -> str:
        """Return a time that no other message has, as Slack writes it."""
        self.last += 1
        return f"{int(self.clock())}.{self.last:06}"

    def spend(self, service: str, channel: str, refusal: Callable[[int], Refusal]) -> None:
        """Count one message against the limit of its channel. Raises what `refusal` makes of the seconds to wait."""
        if not self.limits:
            return
        now = self.clock()
        left, then = self._spent.get((service, channel), (float(BURST), now))
        left = min(float(BURST), left + now - then)
        if left < 1:
            raise refusal(1)
        self._spent[service, channel] = (left - 1, now)

    def dump(self) -> str:
        """Return what can be seen in all channels, as canonical JSON."""
        return json.dumps([each.shown() for each in self.messages], sort_keys=True, ensure_ascii=False)
