"""10,000 recipients mailed one by one: messages, memory, and what the guarantee costs that nobody gets two.

Each size runs in a process of its own, with the sink of the tests (aiosmtpd) in a thread; it counts and keeps nothing.
The runner announces every recipient durably before and records the outcome after; a plain loop over smtplib sends the
same messages to the same sink and keeps no record.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.bench_tickets import store_timed
from benchmarks.support import NOW, Clock, Quiet, Row, Runner, Table, apart, folder, peak_mb
from tests.support.smtp import Sink

ME = "benchmarks.bench_mail"
SIZES = (1_000, 10_000)
SENDER = "support@example.com"
SAID = {"subject": "Power cut", "body": "We are without power and answer slowly until two.\n" * 5}
STEP = {"id": "tell", "uses": "notice", "target": "mail", "with": {"list": "customers", **SAID}}
OPTIONS = {
    "host": "localhost",
    "security": "none",
    "from": SENDER,
    "lists": {"customers": {"file": "customers.csv"}},
    "per_minute": 1_000_000,
}


def address(number: int) -> str:
    """Return the address of a recipient."""
    return f"customer{number:06}@example.com"


class Counted(Counter[str]):
    """What the sink took: how many messages each recipient got."""

    def append(self, one: Any) -> None:
        """Count a message."""
        self.update(one.to)


class Forgetful(list[str]):
    """A list that keeps nothing."""

    def append(self, one: str) -> None:
        """Forget it."""


@contextmanager
def sink() -> Iterator[tuple[Sink, Counted]]:
    """Give a mail server that counts."""
    found, taken = Sink(), Counted()
    found.taken, found.commands = taken, Forgetful()
    with found:
        yield found, taken


class OnMail(Runner):
    """The whole runner on a mail server: the production provider over smtplib."""

    def __init__(self, place: Path, server: Sink) -> None:
        from runner.commands.session import Session
        from runner.deps import Deps
        from runner.spi import Target

        super().__init__(place)
        mail = Target("mail", "mail", OPTIONS, reserve=0.0, folder=str(place))
        self.config = replace(self.config, targets={"mail": mail})
        shift = NOW.timestamp() - time.time()  # the real time, of another day
        self.deps = Deps({}, "bench@here/1", wall=lambda: time.time() + shift, dial=server.dial)
        self.session = Session(self.deps, self.config)


def by_runner(count: int, place: Path) -> dict[str, Any]:
    """Mail so many recipients with the runner; return part -> figures, the messages, and the peak in MB."""
    from runner.commands import operate

    with (place / "customers.csv").open("w", encoding="utf-8") as file:
        file.write("email,locale,name\n")
        file.writelines(f"{address(number)},es,Customer {number}\n" for number in range(count))
    with sink() as (server, taken):
        runner = OnMail(place, server)
        runner.warm()
        playbook = runner.playbook([STEP])
        found: dict[str, Any] = {}
        clock = Clock()

        def timed(name: str, work: Any) -> Any:
            cpu, wall = process_time(), perf_counter()
            result = work()
            found[name] = {"cpu": process_time() - cpu, "wall": perf_counter() - wall}
            return result

        planned = timed("plan", lambda: runner.plan(playbook))
        with store_timed(clock):
            applied = timed("apply", lambda: runner.apply(planned))
        assert applied.runs[0].written == count, applied
        sent = taken.total()
        operate.resume(runner.session, Quiet())
        assert taken.total() == sent, "a resume sent something"
        runner.close()
        twice = sum(each > 1 for each in taken.values())
        requests = applied.runs[0].requests
    store = sum(clock.spent.values())
    return {**found, "sent": sent, "twice": twice, "requests": requests, "store": store, "peak": peak_mb()}


def by_script(count: int) -> dict[str, Any]:
    """Mail so many recipients with smtplib alone; return the seconds."""
    import smtplib
    from email.message import EmailMessage

    class Dialled(smtplib.SMTP):
        def _get_socket(self, host: str, port: int, timeout: float) -> Any:
            return server.dial(host, port, timeout)

    with sink() as (server, taken):
        cpu, wall = process_time(), perf_counter()
        client = Dialled("localhost", 25, local_hostname="[127.0.0.1]", timeout=30)
        for number in range(count):
            message = EmailMessage()
            message["From"], message["To"], message["Subject"] = SENDER, address(number), SAID["subject"]
            message.set_content(SAID["body"])
            client.send_message(message)
        client.quit()
        assert taken.total() == count
        return {"cpu": process_time() - cpu, "wall": perf_counter() - wall, "peak": peak_mb()}


def main() -> list[Table]:
    """Measure and return the table."""
    few, many = (apart(ME, "runner", str(count)) for count in SIZES)
    script: Mapping[str, Any] = apart(ME, "script", str(SIZES[1]))
    wall = many["plan"]["wall"] + many["apply"]["wall"]
    each, less = (1e6 * one["apply"]["cpu"] / size for one, size in ((many, SIZES[1]), (few, SIZES[0])))
    share = 100 * many["store"] / many["apply"]["wall"]
    rows = [
        Row("messages", f"{many['sent']:,}", f"{SIZES[1]:,} recipients", many["sent"] / SIZES[1], 1.0),
        Row(
            f"peak memory, {SIZES[1]:,} recipients",
            f"{many['peak']:.0f} MB (the loop {script['peak']:.0f} MB)",
            f"{few['peak']:.0f} MB with {SIZES[0]:,}",
            many["peak"] / few["peak"],
            1.1,
        ),
        Row(
            f"apply {SIZES[1]:,}",
            f"{each:.0f} us a message ({many['apply']['wall']:.1f} s in all, the store at most {share:.0f} %)",
            f"{less:.0f} us with {SIZES[0]:,}",
            each / less,
            1.5,
        ),
        Row(f"plan and apply {SIZES[1]:,}", f"{wall:.1f} s", f"{script['wall']:.1f} s", wall / script["wall"]),
    ]
    about = (
        f"{SIZES[1]:,} recipients of a list, a message each, every one announced before and recorded after; recipients "
        f"who got two: {many['twice']}. Against the same with {SIZES[0]:,}, and against a loop over smtplib that keeps "
        "no record. The sink runs in the same process on both sides."
    )
    return [Table("Mail", about, rows)]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["runner", count]:
            with folder() as here:
                print(json.dumps(by_runner(int(count), here)))
        case ["script", count]:
            print(json.dumps(by_script(int(count))))
        case _:
            print(*main(), sep="\n")
