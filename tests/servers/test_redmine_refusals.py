"""Mistakes, refusals and breakdowns on a real Redmine: one sentence each, and nothing is lost."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.redmine.provider import open_target
from runner.errors import ProviderError, RunnerError
from runner.spi import Query
from runner.testing.io import ScriptedIo
from tests.support.lab import START
from tests.support.redmine import REFERENCE, RedmineLab, Server, target, told

pytestmark = [pytest.mark.servers, pytest.mark.allow_hosts(["127.0.0.1"])]


def refusal(lab: RedmineLab, *steps: dict[str, Any]) -> str:
    """Return what is said of a playbook that cannot be carried out, before anything was written."""
    with pytest.raises((RunnerError, ProviderError)) as caught:
        lab.apply(lab.book("bad", *steps))
    assert not [each for each in lab.wire.requests if not each.startswith("GET")]
    return f"{caught.value.message} {getattr(caught.value, 'hint', '')}"


def pausing(**select: Any) -> dict[str, Any]:
    return {"id": "pause", "uses": "tickets", "with": {"select": select, "status": "pause"}}


def test_a_mistake_is_told_before_anything_is_written(server: Server, tmp_path: Path) -> None:
    """Names that are missing or ambiguous, a key that is refused, and a login page each have one sentence, and a next
    step; with a wrong key Redmine would answer as to a visitor, with all that is public."""
    before = server.dump()
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "did you mean 'Support'": (pausing(project="Suport", status="New"), "key"),
        "twin-one": (pausing(project="Twin", status="New"), "key"),
        "no status 'Nw'": (pausing(status="Nw"), "key"),
        "no category 'Mail'": (pausing(category="Mail"), "key"),
        "My account > API access key": (pausing(status="New"), "wrong"),
    }
    strange = replace(server, keys={**server.keys, "wrong": "0" * 40})
    for place, (words, (step, key)) in enumerate(cases.items()):
        folder = tmp_path / str(place)
        folder.mkdir()
        assert words in refusal(RedmineLab(folder, strange, key=key), step)
    server.wire.strike = lambda request: httpx.Response(200, html="<html><form>Sign in</form></html>")
    (tmp_path / "page").mkdir()
    assert "login page" in refusal(RedmineLab(tmp_path / "page", server), pausing(status="New"))
    assert server.dump() == before


def test_a_key_without_permission_changes_nothing_and_says_so(server: Server, tmp_path: Path) -> None:
    """Whoever may only look gets a refusal for each ticket, in one sentence."""
    before = server.dump()
    lab = RedmineLab(tmp_path, server, key="viewer")
    assert "a role that may" in told(lab.apply(lab.book("mail", pausing(status="Feedback"))))
    lab.later(minutes=5).revert("mail")
    assert server.dump() == before


def test_a_server_that_stops_in_mid_run_is_resumed(server: Server, tmp_path: Path) -> None:
    """After the first ticket nothing answers any more; once it does, a resume ends the step, and all is given back."""
    before = server.dump()
    lab = RedmineLab(tmp_path, server)

    def strike(request: httpx.Request) -> None:
        if any(each.startswith("PUT") for each in server.wire.requests):
            raise httpx.ConnectError("refused", request=request)

    server.wire.strike = strike
    with suppress(RunnerError, ProviderError):
        assert lab.apply(lab.book("mail", pausing(status="Feedback"))).pending
    assert sorted(server.statuses(8, 9)) == ["Feedback", "On Hold"]
    server.wire.strike = None
    lab.later(minutes=10).resume()
    assert server.statuses(8, 9) == ["On Hold"] * 2
    lab.later(minutes=5).revert("mail")
    assert server.dump() == before


class QuietServer(HTTPServer):
    """Says nothing of clients that hang up."""

    def handle_error(self, request: Any, client_address: Any) -> None: ...


@contextmanager
def self_signed(folder: Path) -> Iterator[str]:
    """Serve HTTPS on loopback with a certificate that nobody has signed; yields the address."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with QuietServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as httpd:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_a_self_signed_certificate_is_named(tmp_path: Path) -> None:
    """An untrusted certificate is a sentence with what to set."""
    with self_signed(tmp_path) as url, httpx.HTTPTransport() as way:
        provider = open_target(target(url), ScriptedIo(START, {REFERENCE: "x"}, way))
        with pytest.raises(ProviderError, match=r"certificate .* not trusted.*SSL_CERT_FILE"):
            list(provider.read(Query("tickets", paths=("name",))))
