"""Tickets of a Zendesk account paused and given back: the whole runner against a plain script with zenpy.

The account is the simulator of the wire on loopback, in a process of its own, without limits of requests, all of its
tickets open. Each side runs in a process of its own on a fresh account, in turns, and each round the other one begins.

The script is what one writes with the public client library: zenpy's search export with cursor, 1,000 a page as the
runner has it, and zenpy's `tickets.update` (`update_many`) for every hundred tickets as they are found; back again by a
search for the tag. It keeps no record, looks at no job and waits for nothing but what zenpy itself waits for. The
runner plans, applies and reverts: it lists, journals, sends stamps so that nobody's edit is overwritten, and looks at
the result of every ticket.

The second table is about the limits: an account of the Enterprise plan in this process, on a clock that moves by
sleeping only.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from os import environ
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final
from unittest.mock import patch

from benchmarks.bench_tickets import PARTS, store_timed
from benchmarks.support import NOW, ROOT, Clock, Row, Runner, Table, apart, folder, peak_mb

FEW: Final = 10_000
MANY: Final = 100_000
LIMITED: Final = 20_000
ROUNDS: Final = 3  # with few tickets; many are measured once
PAGE: Final = 1000  # of the search export
BATCH: Final = 100  # of update_many
PACE: Final = 0.005  # seconds that a job takes for each of its two steps
A_MINUTE: Final = 100  # requests that the vendor takes of update_many, and as many of the search export
RESERVE: Final = 0.3  # the share of a limit that is left to the agents' own tools
TAG: Final = "outage"
ME: Final = "benchmarks.bench_zendesk"
SELECT: Final = {"status": ["open"]}
STEP: Final = {"id": "pause", "uses": "tickets", "with": {"select": SELECT, "status": "pause", "tag": TAG}}
SECRETS: Final = {"client_id": "ZENDESK_CLIENT_ID", "client_secret": "ZENDESK_CLIENT_SECRET"}
KINDS: Final[Mapping[str, str]] = {
    "GET /api/v2/search/export": "export",
    "PUT /api/v2/tickets/update_many": "update",
    "GET /api/v2/tickets/show_many": "read",
    "GET /api/v2/job_statuses/show_many": "poll",
}


# --- the account ----------------------------------------------------------------------------------------------------


@contextmanager
def all_open() -> Iterator[None]:
    """Let every seeded ticket be open."""
    from providers.zendesk.simulator import seed

    with patch.object(seed, "_SPREAD", ("open",) * 100):
        yield


def serve(tickets: int) -> None:
    """Serve an account on loopback: write its address and credentials, and at the end of the input what became of it,
    as JSON."""
    from threading import Thread

    from providers.wire.serving import served
    from providers.zendesk.simulator.access import API_TOKEN, CLIENT_ID, CLIENT_SECRET
    from providers.zendesk.simulator.account import Account

    with all_open():
        account = Account(clock=time.time, tickets=tickets, limits=False, pace=PACE)
        server = served(account.wsgi)
        Thread(target=server.serve_forever, daemon=True).start()
        found = {
            "host": f"127.0.0.1:{server.server_port}",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "email": account.people.email(account.admin.id),
            "api_token": API_TOKEN,
        }
        print(json.dumps(found), flush=True)
        sys.stdin.read()
        account.jobs.run_all()
        untouched = account.matching(lambda ticket: (ticket.status, TAG in ticket.tags) == ("open", False))
        changes = sum(len(account.audits(id_)) for id_ in range(1, tickets + 1))
        requests = {f"{method} {rule}": count for (method, rule), count in account.wsgi.counts.items()}
        print(json.dumps({"back": len(untouched), "changes": changes, "requests": requests, "cpu": process_time()}))


@contextmanager
def serving(tickets: int, end: dict[str, Any]) -> Iterator[Mapping[str, str]]:
    """Run `serve` in a process of its own; `end` is filled with its last words."""
    words = [sys.executable, "-m", ME, "serve", str(tickets)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        end.update(json.loads(process.stdout.readline()))


# --- the script -----------------------------------------------------------------------------------------------------


def script(found: Mapping[str, str]) -> dict[str, Any]:
    """Pause all open tickets and give them back with zenpy; return the seconds that each direction took."""
    environ.update(ZENPY_FORCE_NETLOC=found["host"], ZENPY_FORCE_SCHEME="http")
    from zenpy import Zenpy

    client = Zenpy(subdomain="example", email=found["email"], token=found["api_token"])
    url = f"http://{found['host']}/api/v2/search/export.json"
    client.groups()  # the connection stands, everything is imported
    gc.collect()

    def drive(query: str, change: Callable[[Any], None]) -> int:
        some: list[Any] = []
        count = 0
        # zenpy puts `type:ticket` into the query, too, which the vendor refuses: so the first address is written out
        first = f"{url}?filter[type]=ticket&page[size]={PAGE}&query={query}"
        for ticket in client.search_export._get(first):
            change(ticket)
            some.append(ticket)
            count += 1
            if len(some) == BATCH:
                client.tickets.update(some)
                some = []
        if some:
            client.tickets.update(some)
        return count

    def pause(ticket: Any) -> None:
        ticket.status = "hold"
        ticket.additional_tags = [TAG]

    def give_back(ticket: Any) -> None:
        ticket.status = "open"
        ticket.remove_tags = [TAG]

    begun, cpu = perf_counter(), process_time()
    paused = drive("status:open", pause)
    between = perf_counter()
    time.sleep(4 * PACE)  # the last job has to be over; this is not counted
    again = perf_counter()
    returned = drive(f"tags:{TAG}", give_back)
    there, back = between - begun, perf_counter() - again
    return {"tickets": [paused, returned], "there": there, "back": back, "cpu": process_time() - cpu, "peak": peak_mb()}


# --- the runner -----------------------------------------------------------------------------------------------------


class OnZendesk(Runner):
    """The whole runner on a Zendesk account: the production provider over httpx."""

    def __init__(self, place: Path, options: Mapping[str, Any], secrets: Mapping[str, str], **outside: Any) -> None:
        """`outside` is what else the runner has of the world outside: clocks, waiting, the transport."""
        from runner.commands.session import Session
        from runner.deps import Deps
        from runner.spi import Target

        super().__init__(place)
        desk = Target(
            "desk",
            "zendesk",
            options={"plan": "enterprise", "search_page": PAGE, **options},
            credentials={name: f"env:{SECRETS[name]}" for name in secrets},
            zone="America/Sao_Paulo",
            words={"pause": "hold"},
            reserve=RESERVE,
            folder=str(place),
        )
        self.config = replace(self.config, targets={"desk": desk})
        self.deps = Deps({SECRETS[name]: text for name, text in secrets.items()}, "bench@here/1", **outside)
        self.session = Session(self.deps, self.config)


@contextmanager
def exchanges_timed(clock: Clock, asked: Counter[str]) -> Iterator[None]:
    """Count the time and the kinds of the requests."""
    from providers.http import Http

    send = Http.send

    def timed(http: Http, method: str, path: str, **more: Any) -> Any:
        name = f"{method} {path.partition('?')[0]}"
        asked[KINDS.get(name, "other")] += 1
        with clock.timed("wire"):
            return send(http, method, path, **more)

    with patch.object(Http, "send", timed):
        yield


def driven(runner: OnZendesk, clock: Clock, now: Callable[[], float]) -> dict[str, Any]:
    """Plan, apply and revert; return part -> seconds by `now`, processor time, what it was spent on, requests."""
    runner.warm()
    playbook = runner.playbook([STEP])
    found: dict[str, Any] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        asked = Counter[str]()
        spent, cpu, wall = clock.spent.copy(), process_time(), now()
        with store_timed(clock), exchanges_timed(clock, asked):
            result = work()
        found[name] = {"wall": now() - wall, "cpu": process_time() - cpu, "requests": dict(asked)}
        found[name] |= {each: clock.spent[each] - spent[each] for each in ("store", "journal", "wire", "waits")}
        return result

    planned = timed("plan", lambda: runner.plan(playbook))
    applied = timed("apply", lambda: runner.apply(planned))
    reverted = timed("revert", runner.revert)
    written = applied.runs[0].written, reverted.runs[0].written
    notes = [str(note) for report in (applied, reverted) for note in report.runs[0].notes][:3]
    runner.close()
    return {**found, "written": written, "notes": notes, "peak": peak_mb()}


@contextmanager
def without_limits() -> Iterator[None]:
    """Let the runner, too, know of no limit of requests: it keeps to the plan's by itself."""
    from providers.zendesk.account import Account

    with patch.object(Account, "per_minute", lambda *_: 1e9):
        yield


def runner_on(found: Mapping[str, str], place: Path) -> dict[str, Any]:
    """Drive the runner over a real socket, on real time of another day."""
    clock, shift = Clock(), NOW.timestamp() - time.time()

    def wait(seconds: float) -> None:
        with clock.timed("waits"):
            time.sleep(seconds)

    secrets = {name: found[name] for name in SECRETS}
    runner = OnZendesk(place, {"url": f"http://{found['host']}"}, secrets, wall=lambda: time.time() + shift, wait=wait)
    gc.collect()
    with without_limits():
        return driven(runner, clock, perf_counter)


# --- side by side ---------------------------------------------------------------------------------------------------


def one(side: str, tickets: int) -> dict[str, Any]:
    """Measure one side on a fresh account, and check that it did its work."""
    end: dict[str, Any] = {}
    with serving(tickets, end) as found:
        measured: dict[str, Any] = apart(ME, side, json.dumps(found))
    assert (end["back"], end["changes"]) == (tickets, 2 * tickets), (side, end, measured)
    return {**measured, "end": end}


def took(side: Mapping[str, Any]) -> float:
    """Return the seconds of both directions."""
    return float(sum(side[part]["wall"] for part in PARTS)) if "plan" in side else float(side["there"] + side["back"])


def busy(side: Mapping[str, Any]) -> float:
    """Return the seconds of processor time, those of the account not counted."""
    return float(sum(side[part]["cpu"] for part in PARTS)) if "plan" in side else float(side["cpu"])


def side_by_side(tickets: int, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Measure both sides in turns; each round the other one begins."""
    found: dict[str, list[dict[str, Any]]] = {"runner": [], "script": []}
    for round_ in range(rounds):
        for side in ("runner", "script") if round_ % 2 else ("script", "runner"):
            found[side].append(one(side, tickets))
    return found


def compared(found: Mapping[str, list[dict[str, Any]]], tickets: int, *, budget: float | None) -> list[Row]:
    """Return rows about the time of both sides."""
    ours, theirs = (median(map(took, found[side])) for side in ("runner", "script"))
    there, back = (median(each[way] for each in found["script"]) for way in ("there", "back"))
    rows = [Row(f"pause and give back {tickets:,} tickets", f"{ours:.1f} s", f"{theirs:.1f} s", ours / theirs, budget)]
    for name, parts, yardstick in (("plan and apply", PARTS[:2], there), ("revert", PARTS[2:], back)):
        wall = median(sum(each[part]["wall"] for part in parts) for each in found["runner"])
        rows.append(Row(f"{name} {tickets:,}", f"{wall:.1f} s", f"{yardstick:.1f} s", wall / yardstick))
    ours, theirs = (median(map(busy, found[side])) for side in ("runner", "script"))
    rows.append(Row(f"processor time of {tickets:,}", f"{ours:.1f} s", f"{theirs:.1f} s", ours / theirs))
    return rows


def shares(side: Mapping[str, Any]) -> str:
    """Return what the runner's time went into, in words."""
    spent = {
        name: sum(side[part][each] for part in PARTS for each in parts)
        for name, parts in (
            ("exchanges", ("wire",)),
            ("the store and the journal at most", ("store", "journal")),
            ("waiting for jobs", ("waits",)),
        )
    }
    whole = took(side)
    words = [f"{name} {100 * seconds / whole:.0f} %" for name, seconds in spent.items()]
    return f"{', '.join(words)} (the simulator took {side['end']['cpu']:.0f} s of processor time)"


def requests(side: Mapping[str, Any], tickets: int) -> list[Row]:
    """Return rows about the requests of the runner."""
    asked = {part: Counter[str](side[part]["requests"]) for part in PARTS}
    there, back = asked["plan"] + asked["apply"], asked["revert"]
    fewest = ceil(tickets / PAGE) + ceil(tickets / BATCH)
    rows = []
    for name, found, least in (("select and pause", there, fewest), ("give back", back, ceil(tickets / BATCH))):
        sent = found["export"] + found["update"]
        extra = f"{found['read']:,} reads, {found['poll']:,} looks at jobs and {found['other']} others beside"
        rows.append(Row(f"requests to {name}", f"{sent:,} ({extra})", f"{least:,} at the least", sent / least, 1.0))
    return rows


# --- under the limits -----------------------------------------------------------------------------------------------


class Moving:
    """A clock that moves by sleeping only."""

    def __init__(self) -> None:
        self.now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        """Sleep."""
        self.now += seconds


def limited(tickets: int, place: Path) -> dict[str, Any]:
    """Drive the runner in this process against an account with its limits on."""
    import httpx

    from providers.zendesk.simulator.access import CLIENT_ID, CLIENT_SECRET
    from providers.zendesk.simulator.account import Account

    clock = Moving()
    with all_open():
        account = Account(clock=clock, plan="enterprise", tickets=tickets)
        secrets = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        transport = httpx.WSGITransport(app=account.wsgi)
        outside = {"wall": clock, "boot_clock": clock, "wait": clock.wait, "transport": transport}
        runner = OnZendesk(place, {"subdomain": "example"}, secrets, **outside)
        found = driven(runner, Clock(), clock)
        assert len(account.matching(lambda ticket: (ticket.status, TAG in ticket.tags) == ("open", False))) == tickets
    refused = sum(each.status == 429 for each in account.requests)
    sent = [each.at for each in account.requests if each.rule == "/api/v2/tickets/update_many"]
    busiest = max(bisect_left(sent, at + 60) - place for place, at in enumerate(sent))
    return {**found, "refused": refused, "busiest": busiest}


def under_limits(tickets: int) -> Table:
    """Return the table about the limits."""
    found = apart(ME, "limited", str(tickets))
    ours = A_MINUTE * (1 - RESERVE) / 60  # requests a second
    bounds = {"plan": ceil(tickets / PAGE), "apply": ceil(tickets / BATCH), "revert": ceil(tickets / BATCH)}
    rows = []
    for part in PARTS:
        wall, bound = found[part]["wall"], bounds[part] / ours
        rows.append(Row(f"{part} {tickets:,} tickets", f"{wall:.0f} s", f"{bound:.0f} s", wall / bound))
    wall, bound = sum(found[part]["wall"] for part in PARTS), sum(bounds.values()) / ours
    rows.append(Row("the whole", f"{wall:.0f} s", f"{bound:.0f} s", wall / bound, 1.1))
    about = (
        f"{tickets:,} tickets on the simulated clock of an Enterprise account: {A_MINUTE} updates and as many exports "
        f"a minute, {100 * RESERVE:.0f} % of them left to others. Against the time that those limits alone impose. "
        f"Refused with 429: {found['refused']} requests; at most {found['busiest']} updates within any 60 s."
    )
    return Table("Zendesk under its limits", about, rows)


def main(few: int = FEW, many: int = MANY, capped: int = LIMITED) -> list[Table]:
    """Measure and return the tables."""
    small, large = side_by_side(few, ROUNDS), side_by_side(many, 1)
    ours = large["runner"][0]
    peaks = ours["peak"], median(each["peak"] for each in small["runner"])
    theirs = large["script"][0]["peak"]
    rows = [
        *compared(large, many, budget=1.0),
        *compared(small, few, budget=None),
        *requests(ours, many),
        Row(
            f"peak memory, {many:,} tickets",
            f"{peaks[0]:.0f} MB (the script {theirs:.0f} MB)",
            f"{peaks[1]:.0f} MB with {few:,}",
            peaks[0] / peaks[1],
            1.3,
        ),
    ]
    about = (
        "Tickets paused, tagged and given back by the runner, with its journal, against a plain script with zenpy that "
        "keeps none: both search by export and send 100 tickets a request to Zendesk's simulator, a process of its own "
        f"on loopback. {few:,} tickets: medians of {ROUNDS} rounds; {many:,}: once. The runner's time with "
        f"{many:,}: {shares(ours)}."
    )
    return [Table("Zendesk", about, rows), under_limits(capped)]


def _command(words: list[str]) -> None:
    match words:
        case ["serve", tickets]:
            serve(int(tickets))
        case ["script", found]:
            print(json.dumps(script(json.loads(found))))
        case ["runner", found]:
            with folder() as here:
                print(json.dumps(runner_on(json.loads(found), here)))
        case ["limited", tickets]:
            with folder() as here:
                print(json.dumps(limited(int(tickets), here)))
        case ["one", side, tickets]:
            print(json.dumps(one(side, int(tickets))))
        case _:
            from benchmarks.__main__ import markdown

            print(markdown(main(*map(int, words))))


if __name__ == "__main__":
    _command(sys.argv[1:])
