"""The webhook provider keeps every promise of a provider where a message can be taken down again: Slack apps, and
receivers that keep messages under our ids. What is only sent is tested in tests/unit/test_webhook.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from providers.webhook.provider import Webhook, open_target
from providers.webhook.simulator.sink import Sink
from providers.webhook.simulator.state import BOT_TOKEN, CHANNELS, secret_of
from providers.wire.faults import Fault
from runner.model import ABSENT, Change, Slot, Value, Verdict
from runner.spi import Context, Query, Target
from runner.testing.harness import Faults, Harness, Sample, write
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite
from tests.support.webhook import SECRETS, target
from tests.support.wire import Wire

NOON = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
WITH = {
    "channel": ["support", "ops"],
    "subject": {"en": "Power cut", "es": "Corte de luz"},
    "body": {"en": "We are back at two: https://status.example.com", "es": "Volvemos a las dos."},
}


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

    def arm(self, **how: Any) -> Callable[[], None]:
        """Script a fault of the next requests that write."""
        method = "PUT" if self.configured.options["service"] == "json" else "POST"
        return lambda: self.sink.faults.add(Fault(method=method, **how))

    def refuse(self, place: int) -> None:
        self.arm(what="error_text", skip=place)()

    def shut(self) -> None:
        self.down = True

    def edit(self, slot: Slot, value: Value) -> None:
        """Set one message as somebody else with the same credential does."""
        found = write(self.open(), [Change(slot, ABSENT, value, {"text": "Soon."})])
        assert [each.verdict for each in found] == [Verdict.DONE]


def harness_of(configured: Target, canary: str, edited: Any) -> Harness:
    """Return simulated channels of one service."""
    room = Room(configured)
    start = Context("sample@1", "sample", configured, NOON, None, (NOON, NOON), "UTC")
    account = room.open()._account
    return Harness(
        target=configured,
        open=room.open,
        offline=lambda: open_target(configured, ScriptedIo()),
        samples=(Sample("notice", WITH, edited),),
        edit=room.edit,
        dump=room.sink.dump,
        faults=Faults(
            lost_reply=room.arm(what="reset_committed", times=2),
            half_batch=room.arm(what="reset", skip=1),
            refuse=room.refuse,
            unavailable=room.shut,
        ),
        many=Query("notice", ids=tuple(account.key(start, each) for each in CHANNELS), paths=("notice",)),
        requests=lambda: len(room.sink.requests),
        canary=canary,
        start=NOON,
        wait=room.io.sleep,
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
