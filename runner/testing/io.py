"""An outside world that does as it is told: a clock that only sleep moves, and credentials from a dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from runner.spi import Secret, Unauthorized


class ScriptedIo:
    """An `Io` without a world. `slept` lists the waits in seconds; `secrets` maps a reference to its text; `transport`
    is an httpx transport, such as ``httpx.WSGITransport`` on a simulator; `dial` connects to anything else."""

    def __init__(
        self,
        now: datetime = datetime(2026, 1, 1, tzinfo=UTC),
        secrets: Mapping[str, str] | None = None,
        transport: Any = None,
        dial: Callable[[str, int, float], Any] | None = None,
    ):
        self._now = now
        self._transport = transport
        self._dial = dial
        self._secrets = dict(secrets or {})
        self.slept: list[float] = []
        self.asked: list[str] = []

    def now(self) -> datetime:
        """Return the scripted instant."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move the clock on, at once."""
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)

    def transport(self) -> Any:
        """Return the scripted transport."""
        return self._transport

    def dial(self, host: str, port: int, timeout: float) -> Any:
        """Return what the script connects to. Raises ConnectionRefusedError where it has nothing."""
        if self._dial is None:
            raise ConnectionRefusedError(f"nobody listens at {host}:{port}")
        return self._dial(host, port, timeout)

    def pseudonym(self, text: str) -> str:
        """Return a hash of `text`, always the same."""
        return sha256(text.encode()).hexdigest()[:20]

    def secret(self, reference: str) -> Secret:
        """Return a scripted credential; raises Unauthorized for a reference that has none."""
        self.asked.append(reference)
        if reference not in self._secrets:
            raise Unauthorized(f"credential {reference} is not set; export it, or mend the reference in runner.yaml")
        return Secret(self._secrets[reference])
