"""One store and one real server, and what reports say about its slots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from runner.report import Report
from runner.spi import Target
from tests.support.lab import START
from tests.support.wire import Vendor, WireLab


class ServerLab(WireLab):
    """A store and the target `tracker`, a server. Its clock is not the server's: they are weeks apart. Requests go by
    the server's `wire`, which counts them, or by the one that `wire` makes."""

    def __init__(
        self,
        folder: Path,
        server: Any,
        target: Target,
        open_target: Callable[..., Any],
        secrets: Mapping[str, str],
        *,
        now: datetime = START,
        wire: Callable[[Any], httpx.BaseTransport] | None = None,
    ) -> None:
        super().__init__(folder, now=now)
        self.server = server
        self.wire = server.wire
        way = wire or (lambda account: server.wire)
        self.connect(Vendor(target, open_target, server, secrets=secrets, wire=way))

    def book(self, name: str, *steps: dict[str, Any], **spec: Any) -> Any:
        """Return a playbook whose steps are for the server."""
        return self.playbook(name, [{"target": "tracker", **step} for step in steps], **spec)


def told(*reports: Report) -> str:
    """Return what reports say about slots, in one text."""
    notes = [note for report in reports for run in report.runs for note in run.notes]
    return "; ".join(f"{note.fate} {note.slot} {note.reason}" for note in notes)
