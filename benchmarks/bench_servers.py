"""Tickets of a real Redmine paused and given back: the whole runner against a bare loop that sends the same requests.

The server is started by scripts/servers, so this runs where `make test-servers` can:
``RUNNER_TEST_SERVERS=1 python -m benchmarks.bench_servers 1000``. The loop decides nothing: it sends again what the
runner has sent, one request after another over one connection. The runner's share is its wall time less what it spent
on the wire.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx

from tests.support.redmine import RedmineLab, Server
from tests.support.servers import Wire, running

TICKETS = 1_000
STEP = {"id": "pause", "uses": "tickets", "with": {"select": {"project": "twin-one"}, "status": "pause"}}


@dataclass(slots=True)
class Timed(httpx.BaseTransport):
    """The network, with a clock and a list of what was sent."""

    inner: httpx.BaseTransport
    spent: float = 0.0
    sent: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        begun = perf_counter()
        response = self.inner.handle_request(request)
        body = response.read()
        self.spent += perf_counter() - begun
        return httpx.Response(response.status_code, content=body)

    def close(self) -> None: ...


@contextmanager
def tracker(tickets: int) -> Iterator[Server]:
    """Run a Redmine with so many open tickets in one project."""
    with running("redmine.sh") as said, httpx.HTTPTransport() as way:
        server = Server(said.pop("url"), said, Wire(way))
        with httpx.Client(base_url=server.url, headers={"X-Redmine-API-Key": server.keys["key"]}) as client:
            for number in range(tickets):
                issue = {"project_id": "twin-one", "tracker_id": 1, "subject": f"Ticket {number}"}
                client.post("/issues.json", json={"issue": issue}, timeout=30).raise_for_status()
        yield server


def measured(server: Server) -> tuple[float, Timed]:
    """Apply and revert an outage; return the seconds, and what went over the wire."""
    with httpx.HTTPTransport() as way, TemporaryDirectory() as folder:
        timed = Timed(way)
        lab = RedmineLab(Path(folder), server, wire=lambda account: timed)
        begun = perf_counter()
        lab.apply(lab.book("bench", STEP))
        lab.later(minutes=5).revert("bench")
        wall = perf_counter() - begun
        lab.session.close()
    return wall, timed


def bare(requests: list[httpx.Request]) -> float:
    """Send requests once more; return the seconds."""
    with httpx.Client(timeout=30) as client:
        begun = perf_counter()
        for each in requests:
            client.request(each.method, each.url, content=each.content, headers=each.headers)
        return perf_counter() - begun


def main() -> None:
    tickets = int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS
    with tracker(tickets) as server:
        wall, timed = measured(server)
        loop = bare(timed.sent)
    writes = sum(each.method != "GET" for each in timed.sent)
    share = (wall - timed.spent) / wall
    print(f"{tickets:,} tickets: {len(timed.sent):,} requests, {writes:,} of them writes")
    print(f"runner {wall:.1f} s, bare loop {loop:.1f} s, ratio {wall / loop:.2f}; the runner's own share {share:.1%}")


if __name__ == "__main__":
    main()
