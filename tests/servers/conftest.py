"""One server of each kind for all tests here; each test leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.redmine import Server
from tests.support.servers import NotHere, Wire, running


@pytest.fixture(scope="session")
def redmine() -> Iterator[Server]:
    """Return a fresh Redmine."""
    try:
        with running("redmine.sh") as said:
            url = said.pop("url")
            with httpx.HTTPTransport() as way:
                yield Server(url, said, Wire(way))
    except NotHere as why:
        pytest.skip(str(why))


@pytest.fixture
def server(redmine: Server) -> Server:
    """Return the Redmine with nothing in the way."""
    redmine.wire.requests.clear()
    redmine.wire.strike = redmine.wire.after = None
    return redmine
