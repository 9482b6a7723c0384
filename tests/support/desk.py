"""A desk with an embedded helpdesk, a clock that only moves when told, and the command line in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from runner.cli import cli
from runner.cli.world import World
from runner.deps import Deps

NOON = datetime(2026, 12, 11, 13, 0, tzinfo=UTC)  # 10:00 in São Paulo, 90 minutes before the window

CONFIG = """\
apiVersion: runner/v1
kind: Config
targets:
  helpdesk:
    provider: simulator
    zone: America/Sao_Paulo
    pause: pending
    options: {{file: .runner/helpdesk.sqlite}}
{extra}"""

PLAYBOOK = """\
apiVersion: runner/v1
kind: Playbook
metadata: {{name: {name}, title: Brazil plays}}
spec:
  outage: partial
  timezone: America/Sao_Paulo
  windows: [{{start: 2026-12-11 11:30, end: 2026-12-11 14:30}}]
  steps:
{steps}"""

PHONE = "    - {id: phone, uses: channel, target: helpdesk, with: {channel: Phone, enabled: false}}\n"
HOURS = "    - {id: hours, uses: business_hours, target: helpdesk, with: {schedule: Support BR, closed: window}}\n"
PAUSE = """\
    - id: pause
      uses: tickets
      target: helpdesk
      with: {select: {status: open, group: Level 1}, status: pause, tag: true, at_most: 500}
"""
LOBBY = """\
    - id: lobby
      uses: checklist
      target: helpdesk
      with: {items: [{do: Turn the sign, value: closed, menu: Lobby > screen}]}
"""


@dataclass
class Clock:
    """Time that only waiting, or a test, moves."""

    now: datetime = NOON

    def wall(self) -> float:
        return self.now.timestamp()

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def to(self, local: str) -> None:
        """Set the clock to a time of the day in São Paulo, where it is three hours before UTC."""
        hours, minutes = map(int, local.split(":"))
        self.now = NOON.replace(hour=hours + 3, minute=minutes)


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """Everything that was printed, lines joined, for searching."""
        return " ".join((self.out + " " + self.err).split())


@dataclass
class Desk:
    """A folder with runner.yaml and a seeded helpdesk, and the command line on it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    environment: dict[str, str] = field(default_factory=dict)
    open_with: Any = None
    owner: str = "ana@desk/1"

    def deps(self) -> Deps:
        return Deps(
            self.environment, self.owner, wall=self.clock.wall, boot_clock=self.clock.wall, wait=self.clock.wait
        )

    def run(self, *words: str, typed: str | None = None, deps: Deps | None = None) -> Ran:
        """Run one command; with `typed` somebody sits at a terminal and types that."""
        world = World(given=deps or self.deps(), open_with=self.open_with, terminal=typed is not None)
        done = CliRunner().invoke(cli, list(words), input=typed, obj=world, prog_name="runner")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Ran(done.exit_code, done.stdout, done.stderr)

    def ok(self, *words: str, typed: str | None = None) -> Ran:
        """Run one command that must end well."""
        ran = self.run(*words, typed=typed)
        assert ran.code == 0, (words, ran)
        return ran

    def apply(self, *words: str) -> Ran:
        return self.run("apply", "match.yaml", *words, "--yes", "--reason", "a match")

    def revert(self, *words: str) -> Ran:
        return self.run("revert", *words, "--yes", "--reason", "it is over")

    def dump(self) -> str:
        return self.ok("sandbox", "dump").out

    def configure(self, extra: str = "") -> None:
        (self.folder / "runner.yaml").write_text(CONFIG.format(extra=extra), encoding="utf-8")

    def playbook(self, *steps: str, name: str = "match") -> Path:
        path = self.folder / f"{name}.yaml"
        path.write_text(PLAYBOOK.format(name=name, steps="".join(steps)), encoding="utf-8")
        return path
