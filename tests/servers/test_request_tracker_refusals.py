"""Mistakes, refusals and breakdowns on a real Request Tracker: one sentence each, and nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.request_tracker.provider import open_target
from runner.errors import ProviderError, RunnerError
from runner.spi import Query
from runner.testing.io import ScriptedIo
from tests.support.lab import START
from tests.support.request_tracker import REFERENCE, SOME, Server, TrackerLab, pausing, target
from tests.support.server_lab import told
from tests.support.server_stories import an_hour_from, behind_tls

pytestmark = [pytest.mark.servers, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_a_mistake_is_told_before_anything_is_written(desk: Server, tmp_path: Path) -> None:
    """A queue that is not there, a status of no lifecycle, a wrong condition, a refused token and a login page each
    have one sentence, and a next step."""
    before = desk.dump()
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "has no queue 'Suport'": (pausing({"queue": "Suport"}), "token"),
        "stalled": ({**pausing(SOME), "with": {"select": SOME, "status": "staled"}}, "token"),
        "Unknown field: Quue": (pausing({"query": "Quue = 3"}), "token"),
        "Settings > Auth Tokens": (pausing(SOME), "wrong"),
    }
    strange = replace(desk, keys={**desk.keys, "wrong": "1-2-3"})
    for place, (words, (step, key)) in enumerate(cases.items()):
        (tmp_path / str(place)).mkdir()
        assert words in refused(TrackerLab(tmp_path / str(place), strange, key=key), step)
    desk.wire.strike = lambda request: httpx.Response(200, html="<html><form>Login</form></html>")
    (tmp_path / "page").mkdir()
    assert "login page" in refused(TrackerLab(tmp_path / "page", desk), pausing(SOME))
    assert desk.dump() == before


def refused(lab: TrackerLab, step: dict[str, Any]) -> str:
    """Return what is said of a playbook that cannot be carried out, before anything was written."""
    with pytest.raises((RunnerError, ProviderError)) as caught:
        lab.apply(lab.book("bad", step))
    assert not [each for each in lab.wire.requests if not each.startswith("GET")]
    return f"{caught.value.message} {caught.value.hint if isinstance(caught.value, RunnerError) else ''}"


def test_a_token_without_permission_changes_nothing_and_says_so(desk: Server, tmp_path: Path) -> None:
    """Whoever may only look gets RT's own words for each ticket."""
    before = desk.dump()
    lab = TrackerLab(tmp_path, desk, key="viewer")
    assert "Permission Denied" in told(lab.apply(lab.book("mail", pausing(SOME))))
    lab.later(minutes=5).revert("mail")
    assert desk.dump() == before


def test_a_server_that_stops_in_mid_run_is_resumed(desk: Server, tmp_path: Path) -> None:
    """Once the tickets are written nothing answers any more; when it does, a resume ends it, and all is given back."""
    before = desk.dump()
    lab = TrackerLab(tmp_path, desk)

    def strike(request: httpx.Request) -> None:
        if any(each.startswith("PUT") for each in desk.wire.requests):
            raise httpx.ConnectError("refused", request=request)

    desk.wire.strike = strike
    with suppress(RunnerError, ProviderError):
        assert lab.apply(lab.book("mail", pausing(SOME))).pending
    desk.wire.strike = None
    lab.later(minutes=10).resume()
    assert desk.statuses()[:2] == ["stalled"] * 2
    lab.later(minutes=5).revert("mail")
    assert desk.dump() == before


def test_a_certificate_that_vouches_for_itself_is_named_until_it_is_trusted(
    desk: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RT behind an untrusted certificate: one sentence with what to set, and once it is set, tickets."""
    io = ScriptedIo(START, {REFERENCE: desk.keys["token"]})
    query = Query("tickets", where=SOME, paths=("name",))
    with behind_tls(desk.url, tmp_path) as (url, certificate):
        with pytest.raises(ProviderError, match=r"certificate .* not trusted.*SSL_CERT_FILE"):
            list(open_target(target(url), io).read(query))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert [slot.key for slot, _ in open_target(target(url), io).read(query)] == ["1", "2"]


def test_a_clock_that_is_an_hour_off_is_told_and_moves_nothing(desk: Server, tmp_path: Path) -> None:
    """The doctor says by how much; an outage is carried out and given back by the runner's clock all the same."""
    before = desk.dump()
    lab = TrackerLab(tmp_path, desk, now=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1))
    assert "its clock is 60 minutes behind" in [found.message for found in lab.session.live.examine("tracker")]
    lab.apply(lab.book("mail", pausing(SOME), **an_hour_from(lab.deps.now())))
    assert desk.statuses()[:2] == ["stalled"] * 2
    lab.later(hours=2)
    lab.tick()
    assert desk.dump() == before
