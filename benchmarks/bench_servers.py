"""Tickets of a real Redmine or Request Tracker paused and given back: the runner against a bare loop of its requests.

The server is started by scripts/servers, so this runs where `make test-servers` can:
``RUNNER_TEST_SERVERS=1 python -m benchmarks.bench_servers redmine 1000``. The loop decides nothing: it sends again what
the runner has sent, one request after another over one connection. The runner's share is its wall time less what it
spent on the wire.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx

from tests.support import request_tracker as tracker
from tests.support.redmine import RedmineLab, Server
from tests.support.request_tracker import TrackerLab
from tests.support.servers import Wire, running

Lab = Callable[[Path, httpx.BaseTransport], RedmineLab | TrackerLab]


def pause(**select: str) -> dict[str, Any]:
    """Return a step that pauses the selected tickets."""
    return {"id": "pause", "uses": "tickets", "with": {"select": select, "status": "pause"}}


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
def redmine(tickets: int) -> Iterator[tuple[Lab, dict[str, Any]]]:
    """Run a Redmine with so many open tickets in one project."""
    with running("redmine.sh") as said, httpx.HTTPTransport() as way:
        server = Server(said.pop("url"), said, Wire(way))
        with httpx.Client(base_url=server.url, headers={"X-Redmine-API-Key": server.keys["key"]}) as client:
            for number in range(tickets):
                issue = {"project_id": "twin-one", "tracker_id": 1, "subject": f"Ticket {number}"}
                client.post("/issues.json", json={"issue": issue}, timeout=30).raise_for_status()
        yield lambda folder, wire: RedmineLab(folder, server, wire=lambda account: wire), pause(project="twin-one")


@contextmanager
def request_tracker(tickets: int) -> Iterator[tuple[Lab, dict[str, Any]]]:
    """Run a Request Tracker with so many tickets in one queue, and the few of the seed."""
    with running("request-tracker.sh") as said, httpx.HTTPTransport() as way:
        server = tracker.Server(said.pop("url"), said, Wire(way))
        for first in range(0, tickets, 50):
            rows = [{"Queue": "Support", "Subject": f"Ticket {first + n}"} for n in range(min(50, tickets - first))]
            server.api("POST", "/tickets/bulk", rows)
        step = pause(queue="Support")
        yield lambda folder, wire: TrackerLab(folder, server, wire=lambda account: wire), step


def measured(lab_on: Lab, step: dict[str, Any]) -> tuple[float, Timed]:
    """Apply and revert an outage; return the seconds, and what went over the wire."""
    with httpx.HTTPTransport() as way, TemporaryDirectory() as folder:
        timed = Timed(way)
        lab = lab_on(Path(folder), timed)
        begun = perf_counter()
        lab.apply(lab.book("bench", step))
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
    start = {"redmine": redmine, "request_tracker": request_tracker}[sys.argv[1]]
    tickets = int(sys.argv[2])
    with start(tickets) as (lab_on, step):
        wall, timed = measured(lab_on, step)
        loop = bare(timed.sent)
    writes = sum(each.method != "GET" for each in timed.sent)
    share = (wall - timed.spent) / wall
    print(f"{tickets:,} tickets: {len(timed.sent):,} requests, {writes:,} of them writes")
    print(f"runner {wall:.1f} s, bare loop {loop:.1f} s, ratio {wall / loop:.2f}; the runner's own share {share:.1%}")


if __name__ == "__main__":
    main()
