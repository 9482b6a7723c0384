"""The one door to the outside: clock, sleep, environment, signals, and who we are. Nothing else may ask for them."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType
from typing import Any


class Stop:
    """The wish to stop. The first signal asks, the second one interrupts at once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        del frame
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        name = signal.Signals(number).name
        sys.stderr.write(f"\n{name}: finishing the request in flight, then stopping. Once more stops at once.\n")

    def install(self) -> None:
        """Listen to Ctrl-C and SIGTERM."""
        signal.signal(signal.SIGINT, self)
        signal.signal(signal.SIGTERM, self)


@dataclass(frozen=True, slots=True)
class Deps:
    """What the runner uses of the outside world. Tests hand in their own. `transport` is the httpx transport of every
    provider, None for the network; `dial` connects to a host and a port within so many seconds."""

    environment: Mapping[str, str]
    owner: str
    stop: Stop = field(default_factory=Stop)
    wall: Callable[[], float] = time.time
    boot_clock: Callable[[], float] = field(default_factory=lambda: _boot)
    wait: Callable[[float], None] = time.sleep
    transport: Any = None
    dial: Callable[[str, int, float], Any] = field(default_factory=lambda: _dial)
    entropy: Callable[[int], bytes] = os.urandom

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        return datetime.fromtimestamp(self.wall(), UTC)

    def now_ms(self) -> int:
        """Return UTC epoch milliseconds."""
        return int(self.wall() * 1000)

    def boot(self) -> float:
        """Return seconds on a clock that goes on while the machine sleeps."""
        return self.boot_clock()

    def sleep(self, seconds: float) -> None:
        """Wait; a request to stop ends the wait early."""
        until = self.boot_clock() + seconds
        while (left := until - self.boot_clock()) > 0 and not self.stop.asked:
            self.wait(min(left, 0.5))

    def gone(self, owner: str) -> bool:
        """Whether `owner` (as `_owner` names a process) was a process of this machine that runs no more."""
        who, _, pid = owner.rpartition("/")
        if not pid.isdigit() or who.rpartition("@")[2] != socket.gethostname():
            return False
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False

    def stopping(self) -> bool:
        """Whether somebody asked us to stop."""
        return self.stop.asked


def _dial(host: str, port: int, timeout: float) -> socket.socket:
    return socket.create_connection((host, port), timeout)


def _boot() -> float:
    """CLOCK_BOOTTIME counts suspend on Linux; CLOCK_MONOTONIC does so on macOS."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def real() -> Deps:
    """Return the real outside world."""
    environment = dict(os.environ)
    return Deps(environment, _owner(environment))


def _owner(environment: Mapping[str, str]) -> str:
    """Return who we are, for leases and history: a CI run or somebody at a machine."""
    if run := environment.get("GITHUB_RUN_ID"):
        return f"github-actions/run {run}/attempt {environment.get('GITHUB_RUN_ATTEMPT', '1')}"
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}/{os.getpid()}"
