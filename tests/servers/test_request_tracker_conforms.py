"""The Request Tracker provider on a real one: the conformance suite, and what the server gets wrong."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from providers.request_tracker.provider import RequestTracker, open_target
from runner.model import Slot, Value
from runner.spi import Query, Target
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite
from tests.support.lab import START
from tests.support.request_tracker import REFERENCE, TELL, Server, target

pytestmark = [pytest.mark.servers, pytest.mark.allow_hosts(["127.0.0.1"])]

Rows = list[dict[str, object]]
SOME = {"query": "id < 4"}  # tickets 1, 2 and 3 of the queue Support


class Room:
    """The server for one test of the suite: what strikes its next write, and somebody at the browser."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.wire = server.wire

    def opened(self) -> RequestTracker:
        io = ScriptedIo(START, {REFERENCE: self.server.keys["token"]}, self.wire)
        return open_target(target(self.server.url, page=10), io)

    def lose(self) -> None:
        def after(request: httpx.Request) -> None:
            if request.method == "PUT":
                self.wire.after = None
                raise httpx.ReadTimeout("lost", request=request)

        self.wire.after = after

    def half(self) -> None:
        """Let the first ticket of the next bulk update pass, and break the connection."""

        def change(rows: Rows) -> httpx.Response:
            self.server.api("PUT", "/tickets/bulk", rows[:1])
            return httpx.Response(502)

        self._at_bulk(change)

    def refuse(self, place: int) -> None:
        """Send a status that no lifecycle has for one ticket of the next bulk update: RT answers 200."""

        def change(rows: Rows) -> httpx.Response:
            rows[place]["Status"] = "bogus"
            return httpx.Response(200, json=self.server.api("PUT", "/tickets/bulk", rows))

        self._at_bulk(change)

    def edit(self, slot: Slot, value: Value) -> None:
        if slot.path == "status":
            self.server.set(slot.key, Status=value)
        else:
            due = str(value["due"]).replace("T", " ").removesuffix("Z") if isinstance(value, dict) else ""
            self.server.set(slot.key, Starts=due)

    def _at_bulk(self, change: Callable[[Rows], httpx.Response]) -> None:
        def strike(request: httpx.Request) -> httpx.Response | None:
            if request.method != "PUT" or not request.url.path.endswith("/bulk"):
                return None
            self.wire.strike = None
            return change(json.loads(request.content))

        self.wire.strike = strike


class TestRequestTracker(ProviderSuite):
    """Every test of the suite."""

    @pytest.fixture
    def harness(self, desk: Server) -> Harness:
        """Return the server for one test."""
        room = Room(desk)
        return Harness(
            target=target(desk.url, page=10),
            open=room.opened,
            offline=lambda: open_target(
                Target("tracker", "request_tracker", {"url": "http://127.0.0.1:9"}), ScriptedIo()
            ),
            samples=(
                Sample("tickets", {"select": SOME, "status": "pause"}, "open"),
                Sample("snooze", {"select": SOME, "until": "end + 1d"}, {"due": "2027-01-02T12:00:00Z"}),
                Sample("notice", TELL["with"]),
            ),
            edit=room.edit,
            dump=desk.dump,
            faults=Faults(room.lose, room.half, room.refuse, desk.wire.shut),
            many=Query("tickets", where={"queue": "Many"}, paths=("name",)),
            requests=lambda: len(desk.wire.requests),
            canary=desk.keys["token"],
        )
