"""The webhook provider keeps every promise of a provider where a message can be taken down again, and those of a sender
where it is only sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from providers.webhook.provider import Webhook, open_target
from providers.webhook.simulator.sink import Sink
from providers.webhook.simulator.state import BOT_TOKEN, CHANNELS, secret_of
from providers.wire.faults import Fault
from runner.model import ABSENT, Change, Slot, Value, Verdict
from runner.spi import Context, KindSpec, Query, Target
from runner.testing.harness import Faults, Harness, Sample, write
from runner.testing.io import ScriptedIo
from runner.testing.sending import SenderSuite
from runner.testing.suite import ProviderSuite
from tests.support.webhook import SECRETS, target
from tests.support.wire import Wire

NOON = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
WITH = {
    "channel": ["support", "ops"],
    "subject": {"en": "Power cut", "es": "Corte de luz"},
    "body": {"en": "We are back at two: https://status.example.com", "es": "Volvemos a las dos."},
}


class Wide(Webhook):
    """The provider with larger batches: the runner hands over one message at a time, the suite wants several."""

    def capabilities(self) -> Mapping[str, KindSpec]:
        return {kind: replace(spec, max_batch=len(CHANNELS)) for kind, spec in super().capabilities().items()}


class Room:
    """Simulated channels, everything that was opened on them, and a person who edits."""

    def __init__(self, configured: Target) -> None:
        self.configured = configured
        self.io = ScriptedIo(NOON, SECRETS)
        self.sink = Sink(clock=lambda: self.io.now().timestamp())
        self.sink.chatter("support", 3)
        self.wire = Wire(self.sink)
        self.io = ScriptedIo(NOON, SECRETS, self)
        self.down = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or refuse the connection."""
        if self.down and request.method != "GET":
            self.down = False
            raise httpx.ConnectError("refused", request=request)
        return self.wire.handle_request(request)

    def close(self) -> None:
        """A transport can be closed."""

    def open(self) -> Webhook:
        return open_target(self.configured, self.io)

    def wide(self) -> Webhook:
        return Wide(self.configured, self.io)

    def arm(self, **how: Any) -> Callable[[], None]:
        """Script a fault of the next requests that write."""
        method = "PUT" if self.configured.options.get("resource") else "POST"
        return lambda: self.sink.faults.add(Fault(method=method, **how))

    def refuse(self, place: int) -> None:
        self.arm(what="error_text", skip=place)()

    def shut(self) -> None:
        self.down = True

    def edit(self, slot: Slot, value: Value) -> None:
        """Set one message as somebody else with the same credential does."""
        found = write(self.open(), [Change(slot, ABSENT, value, {"text": "Soon."})])
        assert [each.verdict for each in found] == [Verdict.DONE]

    def arrived(self, change: Change) -> int:
        """How often a message is in its channel."""
        service, channel = self.configured.options["service"], change.slot.key.rpartition(".")[2]
        return len([each for each in self.sink.state.in_channel(service, channel) if each.by_us])


def harness_of(configured: Target, canary: str, edited: Any = None) -> Harness:
    """Return simulated channels of one service."""
    room = Room(configured)
    writes = configured.options["service"] == "slack_app" or "resource" in configured.options
    start = Context("sample@1", "sample", configured, NOON, None, (NOON, NOON), "UTC")
    account = room.open()._account
    return Harness(
        target=configured,
        open=room.open if writes else room.wide,
        offline=lambda: open_target(configured, ScriptedIo()),
        samples=(Sample("notice", WITH if writes else {**WITH, "channel": list(CHANNELS)}, edited),),
        edit=room.edit,
        dump=room.sink.dump,
        faults=Faults(
            lost_reply=room.arm(what="reset_committed", times=2),
            half_batch=room.arm(what="reset", skip=1),
            refuse=room.refuse,
            unavailable=room.shut,
        ),
        many=Query("notice", ids=tuple(account.key(start, each) for each in CHANNELS), paths=("notice", "sent")),
        requests=lambda: len(room.sink.requests),
        canary=canary,
        start=NOON,
        wait=room.io.sleep,
        arrived=room.arrived,
    )


class TestSlackApp(ProviderSuite):
    """Every test of the suite, on channels of a Slack workspace."""

    @pytest.fixture
    def harness(self) -> Harness:
        """Return the channels of one test."""
        return harness_of(target("slack_app", CHANNELS), BOT_TOKEN, {"subject": "Soon", "digest": "another"})


class TestReceiver(ProviderSuite):
    """Every test of the suite, on receivers that keep messages under our ids."""

    @pytest.fixture
    def harness(self) -> Harness:
        """Return the receivers of one test."""
        text = {"locale": "", "subject": "Soon", "body": "Soon."}
        other = {"outage": "o", "step": "s", "subject": "Soon", "body": "Soon.", "texts": [text]}
        return harness_of(target("json", CHANNELS, resource=True), secret_of("json", "support"), other)


class TestSenders(SenderSuite):
    """Every test of the suite for senders, on each service that only takes messages."""

    @pytest.fixture(params=["slack", "teams", "google_chat", "json"])
    def harness(self, request: pytest.FixtureRequest) -> Harness:
        """Return the channels of one test."""
        return harness_of(target(request.param, CHANNELS), secret_of(request.param, "support"))

    def test_reading_is_lazy(self, harness: Harness) -> None:
        """Reading asks nobody: there is nothing that these services would show."""
        assert len(list(harness.open().read(harness.many))) == 2 * len(CHANNELS)
        assert harness.requests() == 0
