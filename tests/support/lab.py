"""A whole runner on an in-memory helpdesk: real store, real engine, a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runner import kinds
from runner.commands import operate, planning
from runner.commands.operate import By
from runner.commands.planning import Planned
from runner.commands.session import Session
from runner.config import Config, Guards, StoreConfig
from runner.deps import Deps
from runner.expand import expand
from runner.load import thaw_playbook
from runner.model import Slot, Value
from runner.playbook import Outage, Playbook
from runner.report import Report
from runner.spi import KindSpec, Provider, Target
from runner.testing.world import SlotWorld

START = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)  # Friday, 11:30 in Sao Paulo
BY = By("tester", "a test")


class Quiet:
    """Progress that nobody watches; `waits` keeps what it was told about waiting."""

    def __init__(self) -> None:
        self.waits: list[str] = []

    def started(self, run: str, total: int | None) -> None: ...

    def advanced(self, run: str, objects: int) -> None: ...

    def finished(self, run: str) -> None: ...

    def waiting(self, sentence: str) -> None:
        self.waits.append(sentence)


def all_kinds() -> dict[str, KindSpec]:
    """Return the common kinds as an API offers them."""
    makers = (
        kinds.business_hours,
        kinds.channel_hours,
        kinds.holiday,
        kinds.channel,
        kinds.message,
        kinds.rule,
        kinds.tickets,
        kinds.snooze,
        kinds.notice,
        kinds.checklist,
        kinds.access,
    )
    return {spec.kind: spec for spec in (make() for make in makers)}


class Lab:
    """One store, one target `desk`, one clock. A new `Lab` on the same folder and world is a new process."""

    def __init__(
        self,
        folder: Path,
        world: SlotWorld | None = None,
        *,
        now: datetime = START,
        guards: Guards | None = None,
        specs: Mapping[str, KindSpec] | None = None,
        lease: float = 90.0,
        owner: str = "tester@here/1",
        targets: Iterable[str] = ("desk",),
    ) -> None:
        self.folder = folder
        self.clock = now.timestamp()
        self.world = world or SlotWorld(dict(specs or all_kinds()), target="desk")
        self.worlds = {name: self.world if name == "desk" else None for name in targets}
        store = StoreConfig(folder / "store" / "store.sqlite", folder / "journal", lease)
        found = {name: Target(name, "world", zone="America/Sao_Paulo", words={"pause": "pending"}) for name in targets}
        self.config = Config(folder / "runner.yaml", found, store, guards or Guards())
        self.deps = Deps({}, owner, wall=lambda: self.clock, boot_clock=lambda: self.clock, wait=self._wait)
        self.progress = Quiet()
        self.session = Session(self.deps, self.config, open_with={"world": self._open})

    def _wait(self, seconds: float) -> None:
        self.clock += seconds

    def _open(self, target: Target, io: object) -> Provider:
        del io
        found = self.worlds[target.name]
        assert found is not None
        return found

    def at(self, moment: datetime | float) -> Lab:
        """Move the clock."""
        self.clock = moment.timestamp() if isinstance(moment, datetime) else moment
        return self

    def later(self, **span: float) -> Lab:
        """Move the clock on."""
        self.clock += timedelta(**span).total_seconds()
        return self

    def playbook(self, name: str, steps: list[dict[str, Any]], **spec: Any) -> Playbook:
        """Return a playbook of plain values; `target: desk` is filled in."""
        given = {"outage": "partial", "timezone": "America/Sao_Paulo", **spec}
        given.setdefault("windows", [{"start": "2026-12-11 11:30", "end": "2026-12-11 14:30"}])
        rows = [{"target": "desk", **step} for step in steps]
        document = {
            "apiVersion": "runner/v1",
            "kind": "Playbook",
            "metadata": {"name": name, "title": name, "owner": "ops@example.com"},
            "spec": {**given, "steps": rows},
        }
        return thaw_playbook(document, {}, file=f"{name}.yaml")

    def outage(self, playbook: Playbook, window: int = 0) -> Outage:
        """Return one outage of a playbook."""
        return expand(playbook, self.config, window=window)

    def plan(self, playbook: Playbook, **more: Any) -> Planned:
        """Plan all windows of a playbook."""
        now = self.deps.now()
        found = planning.chosen_outages(self.session, playbook, now, None)
        plans = tuple(planning.plan_outage(self.session, each, now, **more) for each in found)
        return Planned(plans, playbook, tuple(found))

    def apply(self, playbook: Playbook, **more: Any) -> Report:
        """Plan and apply a playbook; returns the report of its first window."""
        return operate.apply(self.session, self.plan(playbook), BY, self.progress, **more)[0]

    def revert(self, name: str = "", **more: Any) -> Report:
        """Revert the outage of that id or playbook name."""
        row = operate.the_outage(self.session, name)
        return operate.revert(self.session, row, BY, self.progress, **more)

    def tick(self) -> list[Report]:
        """Do what is due."""
        return operate.tick(self.session, self.progress)

    def resume(self, *, resend: bool = False, **more: Any) -> list[Report]:
        """Go on after a fault."""
        return operate.resume(self.session, self.progress, resend=BY if resend else None, **more)

    def slot(self, kind: str, key: str, path: str) -> Slot:
        """Return a slot of the target `desk`."""
        return Slot("desk", kind, key, path)

    def get(self, kind: str, key: str, path: str) -> Value:
        """Return what live holds."""
        return self.world.get(self.slot(kind, key, path))

    def restart(self, **more: Any) -> Lab:
        """Return a new process on the same store and the same helpdesk."""
        self.session.close()
        lab = Lab(self.folder, self.world, now=self.deps.now(), guards=self.config.guards, **more)
        lab.config = replace(self.config)
        return lab
