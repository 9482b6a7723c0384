"""A simulator on a loopback port: threads, connections that stay open, quiet; scripted breaks close the connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any

import click
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from providers.wire.app import Wire
from providers.wire.faults import WireFault

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class _Quiet(WSGIRequestHandler):
    """Keeps connections open and writes no lines about requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


def served(wire: Wire[Any], port: int = 0) -> BaseWSGIServer:
    """Return a server on 127.0.0.1 (`port` 0: a free one, then in ``server_port``); ``serve_forever`` starts it."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return wire(environ, start_response)
        except WireFault as fault:
            environ["werkzeug.socket"].shutdown(SHUT_RDWR)
            raise ConnectionAbortedError(fault.kind) from fault

    return make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)


def until_stopped(wire: Wire[Any], port: int, lines: Mapping[str, str], *, path: str = "") -> None:
    """Serve on 127.0.0.1 until Ctrl-C. The first line says where (with `path`), then come the `lines`."""
    server = served(wire, port)
    for name, value in {"url": f"http://127.0.0.1:{server.server_port}{path}", **lines}.items():
        click.echo(f"{name}: {value}")
    click.echo("Ctrl-C ends it")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
