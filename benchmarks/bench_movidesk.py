"""300 tickets of a Movidesk account paused and given back under its limit, by day and at night.

The account is the simulator of the wire in this process, on a clock that moves by sleeping only, all limits on: ten
requests a minute by day, none counted at night, a lock after three failures in a row. What counts is how close the
runner comes to the fewest requests that such a change needs, and to the time that the limit imposes on those it sends:
it reads each batch before and after, because the vendor offers no way to change a ticket only if nobody else has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.support import Row, Runner, Table, folder

TICKETS: Final = 300
A_MINUTE: Final = 10
BY_DAY: Final = datetime(2026, 12, 11, 14, 31, tzinfo=UTC)  # 11:31 in Sao Paulo
AT_NIGHT: Final = datetime(2026, 12, 12, 1, 0, tzinfo=UTC)
SELECT: Final = {"status": "Em atendimento", "type": "public"}
STEP: Final = {"id": "pause", "uses": "tickets", "target": "desk", "with": {"select": SELECT, "status": "pause"}}
WINDOW: Final = {"start": "2026-12-11 11:30", "end": "2026-12-12 11:30"}


@dataclass(frozen=True, slots=True)
class Part:
    """What one part took: seconds on the clock, and requests."""

    seconds: float
    requests: int


class OnMovidesk(Runner):
    """The whole runner on a simulated account, from an instant on."""

    def __init__(self, place: Path, now: datetime, tickets: int) -> None:
        import httpx

        from providers.movidesk.simulator.account import Account
        from runner.commands.session import Session
        from runner.deps import Deps
        from runner.spi import Target

        super().__init__(place)
        self.now = now.timestamp()
        self.account = Account(clock=self.clock, tickets=tickets * 5 // 2)  # of ten, four are to be paused
        desk = Target(
            "desk",
            "movidesk",
            credentials={"token": "env:MOVIDESK_TOKEN"},
            zone="America/Sao_Paulo",
            words={"pause": {"status": "Parado", "justification": "Evento"}},
            reserve=0.0,
        )
        self.config = replace(self.config, targets={"desk": desk})
        self.deps = Deps(
            {"MOVIDESK_TOKEN": self.account.token},
            "bench@here/1",
            wall=self.clock,
            boot_clock=self.clock,
            wait=self.wait,
            transport=httpx.WSGITransport(app=self.account.wsgi),
        )
        self.session = Session(self.deps, self.config)

    def clock(self) -> float:
        """Return UTC epoch seconds."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Sleep."""
        self.now += seconds

    def book(self) -> Any:
        """Return the playbook that pauses them."""
        from runner.load import thaw_playbook

        document = {
            "apiVersion": "runner/v1",
            "kind": "Playbook",
            "metadata": {"name": "bench", "title": "Benchmark", "owner": "ops@example.com"},
            "spec": {"outage": "partial", "timezone": "America/Sao_Paulo", "windows": [WINDOW], "steps": [STEP]},
        }
        return thaw_playbook(document, {}, file="bench.yaml")


def driven(now: datetime, tickets: int) -> dict[str, Part]:
    """Plan, apply and revert from an instant on; return what each took. Raises AssertionError where it ends wrong."""
    found: dict[str, Part] = {}
    with folder() as place:
        runner = OnMovidesk(place, now, tickets)
        account = runner.account
        before = account.dump()

        def timed(name: str, work: Callable[[], Any]) -> Any:
            began, asked = runner.now, len(account.requests)
            result = work()
            found[name] = Part(runner.now - began, len(account.requests) - asked)
            return result

        planned = timed("plan", lambda: runner.plan(runner.book()))
        applied = timed("apply", lambda: runner.apply(planned))
        assert len(account.matching(lambda ticket: ticket.justification == "Evento")) == tickets
        reverted = timed("revert", runner.revert)
        assert (applied.runs[0].confirmed, reverted.runs[0].confirmed) == (tickets, tickets)
        assert (account.dump(), account.limits.throttled, account.limits.locks) == (before, 0, 0)
        runner.close()
    return found


def main(tickets: int = TICKETS) -> list[Table]:
    """Measure and return the table."""
    day, night = driven(BY_DAY, tickets), driven(AT_NIGHT, tickets)
    rows = []
    for name, parts in (("plan and apply", ("plan", "apply")), ("give back", ("revert",))):
        wall = sum(day[part].seconds for part in parts)
        asked = sum(day[part].requests for part in parts)
        bound = 60 * asked / A_MINUTE
        rows.append(Row(f"{name} {tickets}, by day", f"{wall:,.0f} s", f"{bound:,.0f} s", wall / bound, 1.05))
        rows.append(Row(f"requests to {name}", f"{asked}", f"{tickets} tickets", asked / tickets, 1.2))
        slept = sum(night[part].seconds for part in parts)
        rows.append(Row(f"{name} {tickets}, at night", f"{slept:.0f} s", "no waiting", slept, 0.0))
    about = (
        f"{tickets} tickets on the simulated clock of an account, {A_MINUTE} requests a minute by day, against the "
        "time that this limit imposes on the requests sent, and against one request a ticket. Refused with 429: none."
    )
    return [Table("Movidesk under its limit", about, rows)]


if __name__ == "__main__":
    from benchmarks.__main__ import markdown

    print(markdown(main(*map(int, sys.argv[1:]))))
