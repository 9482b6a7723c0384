"""One server of each kind for all tests here; each test leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.support import request_tracker
from tests.support.redmine import Server
from tests.support.servers import NotHere, Wire, running


@pytest.fixture(scope="session")
def redmine() -> Iterator[Server]:
    """Return a fresh Redmine."""
    for url, keys in fresh("redmine.sh"):
        with httpx.HTTPTransport() as way:
            yield Server(url, keys, Wire(way))


@pytest.fixture(scope="session")
def tracker() -> Iterator[request_tracker.Server]:
    """Return a fresh Request Tracker."""
    for url, keys in fresh("request-tracker.sh"):
        with httpx.HTTPTransport() as way:
            yield request_tracker.Server(url, keys, Wire(way))


def fresh(script: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield address and keys of a server while it runs; skip its tests where it cannot be had."""
    try:
        with running(script) as said:
            yield said.pop("url"), said
    except NotHere as why:
        pytest.skip(str(why))


@pytest.fixture
def server(redmine: Server) -> Server:
    """Return the Redmine with nothing in the way."""
    redmine.wire.requests.clear()
    redmine.wire.strike = redmine.wire.after = None
    return redmine


@pytest.fixture
def desk(tracker: request_tracker.Server) -> Iterator[request_tracker.Server]:
    """Return the Request Tracker with nothing in the way, before a test and after it."""
    tracker.wire.requests.clear()
    tracker.wire.strike = tracker.wire.after = None
    yield tracker
    tracker.wire.strike = tracker.wire.after = None
