"""Real helpdesk servers on this machine, run by the scripts of scripts/servers, and the way from us to them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import httpx

SCRIPTS = Path(__file__).parents[2] / "scripts" / "servers"
ALLOWED = "RUNNER_TEST_SERVERS"
NOT_HERE = 3  # exit code of a script on a machine that cannot have the server
_DEBIAN = Path("/etc/os-release")


class NotHere(Exception):
    """The server cannot be had on this machine; the message says why."""


def can_be_had() -> bool:
    """Whether this machine may install and run the servers."""
    debian = _DEBIAN.is_file() and "ID=debian" in _DEBIAN.read_text().splitlines()
    return os.environ.get(ALLOWED) == "1" and os.geteuid() == 0 and debian


@contextmanager
def running(script: str) -> Iterator[dict[str, str]]:
    """Run a server; yields what its script prints: its address and credentials. Raises `NotHere`."""
    begin, end = ([str(SCRIPTS / script), what] for what in ("start", "stop"))
    done = subprocess.run(begin, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode == NOT_HERE:
        raise NotHere(done.stderr.strip())
    try:
        assert done.returncode == 0, f"{script} did not start: {done.stderr[-2000:]}"
        yield dict(line.split("=", 1) for line in done.stdout.splitlines())
    finally:
        subprocess.run(end, capture_output=True, check=False, timeout=60)


@dataclass(slots=True)
class Wire(httpx.BaseTransport):
    """The way to a server. It counts requests, and can cut one off before it is sent or after it was carried out; a
    `strike` sees each request first, and may raise, answer in the server's place, or return None."""

    inner: httpx.BaseTransport
    requests: list[str] = field(default_factory=list)
    strike: Callable[[httpx.Request], httpx.Response | None] | None = None
    after: Callable[[httpx.Request], None] | None = None
    _one: Lock = field(default_factory=Lock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        with self._one:
            said = self.strike(request) if self.strike is not None else None
            self.requests.append(f"{request.method} {request.url.path}")
            if said is not None:
                return said
            response = self.inner.handle_request(request)
            content = response.read()
            response.close()
            if self.after is not None:
                self.after(request)
            gone = ("content-encoding", "content-length", "transfer-encoding")
            headers: Mapping[str, str] = {name: text for name, text in response.headers.items() if name not in gone}
            return httpx.Response(response.status_code, headers=headers, content=content)

    def shut(self) -> None:
        """Refuse the connection of the next write."""

        def strike(request: httpx.Request) -> None:
            if request.method != "GET":
                self.strike = None
                raise httpx.ConnectError("refused", request=request)

        self.strike = strike

    def close(self) -> None:
        """Stay open: the labs of one test share the way."""
