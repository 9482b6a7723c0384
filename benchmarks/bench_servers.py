"""1,000 tickets of a real Redmine and of a real Request Tracker paused and given back: requests and the runner's share.

The servers are started by scripts/servers, so this runs where `make test-servers` can. The bare loop decides nothing:
it sends again what the runner has sent, one request after another over one connection. The runner's own share is its
wall time less what it spent on the wire.

The fewest requests that keep the runner's promises: the list of the plan that somebody approves and the list at the
start, each a page for every 100; a look before and after every 100, each way; and the writes, which Redmine takes one
by one and Request Tracker by 100. Beside them each of plan and apply asks for names once: five requests, and two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx

from benchmarks.support import Row, Table
from tests.support import request_tracker as tracker
from tests.support.redmine import RedmineLab, Server
from tests.support.request_tracker import TrackerLab
from tests.support.servers import Wire, can_be_had, running

TICKETS = 1_000
SEEDED = 6  # tickets that are in the tracker's queue already
LOOKS = 2 + 4  # pages of a hundred: two lists, and a look before and after, each way
Lab = Callable[[Path, httpx.BaseTransport], RedmineLab | TrackerLab]
Started = AbstractContextManager[tuple[Lab, dict[str, Any]]]


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


def compared(server: str, started: Started, tickets: int, fewest: int, *, rounds: int) -> list[Row]:
    """Return the rows of one server, with the medians of the rounds."""
    times = []
    with started as (lab_on, step):
        for _ in range(rounds):
            wall, timed = measured(lab_on, step)
            times.append((wall, bare(timed.sent), wall - timed.spent))
    wall, loop, own = map(median, zip(*times, strict=True))
    sent, writes = len(timed.sent), sum(each.method != "GET" for each in timed.sent)
    requests = f"{sent:,} ({writes:,} writes)"
    return [
        Row(f"{server}: requests for {tickets:,} tickets", requests, f"{fewest:,} at the least", sent / fewest, 1),
        Row(f"{server}: plan, apply and revert", f"{wall:.1f} s", f"{loop:.1f} s bare loop", wall / loop),
        Row(f"{server}: the runner's own share", f"{own:.2f} s", f"{wall:.1f} s in all", own / wall, 0.1),
    ]


def main() -> list[Table]:
    """Return the figures of both servers; none on a machine that cannot have them."""
    if not can_be_had():
        return []
    both = TICKETS + SEEDED
    rows = [
        *compared("Redmine", redmine(TICKETS), TICKETS, 5 + LOOKS * ceil(TICKETS / 100) + 2 * TICKETS, rounds=1),
        *compared("Request Tracker", request_tracker(TICKETS), both, 2 + (LOOKS + 2) * ceil(both / 100), rounds=3),
    ]
    about = (
        "Tickets paused and given back on real servers on this machine; the loop sends the same requests once more. "
        "Redmine: one round of many requests; Request Tracker: medians of three rounds."
    )
    return [Table("Real servers", about, rows)]
