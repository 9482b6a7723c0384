"""What the stories on real servers share: dying at every request, a read-back that is off, TLS before the server."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from runner.errors import Usage
from runner.model import Outcome
from runner.store import ledger
from tests.support.crash import memory_folder
from tests.support.fuse import Killed, fused
from tests.support.servers import Wire
from tests.support.smtp import certified


def an_hour_from(now: datetime) -> dict[str, Any]:
    """Return the window of a playbook that begins now and lasts an hour."""
    ends = now + timedelta(hours=1)
    return {"timezone": "UTC", "windows": [{"start": f"{now:%Y-%m-%d %H:%M}", "end": f"{ends:%Y-%m-%d %H:%M}"}]}


def killed_at_every_request(
    lab_on: Callable[..., Any],
    wire: Wire,
    steps: Sequence[Mapping[str, Any]],
    *,
    dump: Callable[[], str],
    noted: Callable[[], Sequence[int]],
) -> int:
    """Kill an outage after its first request, then after its second, and so on, each time to be ended by another
    process; returns how many requests it has. Every time `dump` must be as before, and no ticket have two more notes.

    `lab_on` makes a lab in a folder, `noted` tells how many notes each ticket has.
    """
    before = dump()
    for number in range(1, 100):
        notes = noted()
        with memory_folder() as folder:
            if not _killed(lab_on, folder, wire, steps, number):
                return number - 1
        assert dump() == before, f"killed after request {number}"
        assert all(now - then in (0, 1) for now, then in zip(noted(), notes, strict=True)), number
    raise AssertionError("the story has no end")


def _killed(
    lab_on: Callable[..., Any], folder: Path, wire: Wire, steps: Sequence[Mapping[str, Any]], number: int
) -> bool:
    """Play an outage whose process dies after its request `number`, and another process that ends it; returns whether
    the first one died at all."""
    lab = lab_on(folder)
    fuse = fused(lab)
    sent = [0]

    def after(request: httpx.Request) -> None:
        sent[0] += 1
        if sent[0] == number:
            fuse.dead = True
            raise httpx.ReadError("the process is gone", request=request)

    wire.after = after
    with suppress(Killed):
        lab.apply(lab.book("mail", *steps))
        lab.later(minutes=5).revert("mail")
    wire.after = None
    lab.session.close()
    if not fuse.dead:
        return False
    heir = lab_on(folder, now=lab.deps.now()).later(minutes=10)
    with heir.session.store.reading() as conn:
        begun = any(row.state in ("registered", "open", "closing") for row in ledger.outage_rows(conn))
    if begun:
        heir.resume()
        with suppress(Usage):  # it was closed by then
            heir.later(minutes=5).revert("mail")
    heir.session.close()
    return True


def trusting(patch: pytest.MonkeyPatch, provider: Any) -> None:
    """Switch the read-back of a provider class off: every answer is taken at its word."""
    write = provider.write

    def trusted(self: Any, batch: Any) -> Iterator[Any]:
        for each in write(self, batch):
            yield replace(each, proven=True) if isinstance(each, Outcome) else each

    patch.setattr(provider, "write", trusted)


class _Front(BaseHTTPRequestHandler):
    """Passes each request on to the server behind it."""

    behind = ""

    def do_GET(self) -> None:
        """Pass a request on."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: text for name, text in self.headers.items() if name.lower() != "host"}
        answer = httpx.request(self.command, self.behind + self.path, headers=headers, content=body, timeout=60)
        self.send_response(answer.status_code)
        for name in ("Content-Type", "ETag"):
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.end_headers()
        self.wfile.write(answer.content)

    do_PUT = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Quiet(HTTPServer):
    """Says nothing of clients that hang up."""

    def handle_error(self, request: Any, client_address: Any) -> None: ...


@contextmanager
def behind_tls(url: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Put HTTPS before a server, with a certificate that vouches for itself; yields the address and the certificate."""
    certificate = certified(folder, ("localhost",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _Quiet(("127.0.0.1", 0), type("Front", (_Front,), {"behind": url})) as httpd:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        thread = Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"https://localhost:{httpd.server_port}", certificate
        httpd.shutdown()
        thread.join()
