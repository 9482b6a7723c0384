"""The Redmine provider keeps every promise of a provider, on a real Redmine."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from providers.redmine.provider import Redmine, open_target
from runner.model import Slot, Value
from runner.spi import Query, Target
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.suite import ProviderSuite
from tests.support.lab import START
from tests.support.redmine import REFERENCE, TELL, Server, target

pytestmark = [pytest.mark.servers, pytest.mark.allow_hosts(["127.0.0.1"])]

LOGIN = {"project": "support", "category": "Login", "status": "New"}  # tickets 1, 2 and 3
PAUSE = {"id": "pause", "uses": "tickets", "with": {"select": LOGIN, "status": "pause"}}


class Room:
    """The server for one test of the suite: what strikes its next writes, and somebody at the browser."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.wire = server.wire
        self.io = ScriptedIo(START, {REFERENCE: server.keys["key"]}, self.wire)

    def opened(self) -> Redmine:
        return open_target(target(self.server.url), self.io)

    def lose(self) -> None:
        left = [3]

        def after(request: httpx.Request) -> None:
            if request.method == "PUT" and left[0]:
                left[0] -= 1
                raise httpx.ReadTimeout("lost", request=request)

        self.wire.after = after

    def half(self) -> None:
        self._at(1, httpx.Response(503))

    def refuse(self, place: int) -> None:
        self._at(place, httpx.Response(422, json={"errors": ["Status is locked"]}))

    def edit(self, slot: Slot, value: Value) -> None:
        if slot.kind == "tickets":
            ids = {"New": 1, "In Progress": 2, "On Hold": 7}
            self.server.set(slot.key, status_id=ids[str(value)])
        else:
            field = {"id": 1, "value": value if isinstance(value, str) else ""}
            self.server.set(slot.key, custom_fields=[field])

    def _at(self, place: int, answer: httpx.Response) -> None:
        seen = [0]

        def strike(request: httpx.Request) -> httpx.Response | None:
            if request.method != "PUT":
                return None
            seen[0] += 1
            if seen[0] - 1 != place:
                return None
            self.wire.strike = None
            return answer

        self.wire.strike = strike


class TestRedmine(ProviderSuite):
    """Every test of the suite."""

    @pytest.fixture
    def harness(self, server: Server) -> Iterator[Harness]:
        """Return the server for one test."""
        room = Room(server)
        yield Harness(
            target=target(server.url),
            open=room.opened,
            offline=lambda: open_target(Target("tracker", "redmine", {"url": "http://127.0.0.1:9"}), ScriptedIo()),
            samples=(
                Sample("tickets", {"select": LOGIN, "status": "pause"}, "In Progress"),
                Sample("tickets", {"select": LOGIN, "tag": "outage-mail"}),
                Sample("snooze", {"select": LOGIN, "until": "end + 1d"}, "2027-01-02"),
                Sample("notice", TELL["with"]),
                Sample("notice", {**TELL["with"], "place": "banner"}),
            ),
            edit=room.edit,
            dump=server.dump,
            faults=Faults(lost_reply=room.lose, half_batch=room.half, refuse=room.refuse, unavailable=server.wire.shut),
            many=Query("tickets", where={"project": "queue"}, paths=("name", "project")),
            requests=lambda: sum("/issues" in each for each in server.wire.requests),
            canary=server.keys["key"],
        )
        server.wire.strike = server.wire.after = None
