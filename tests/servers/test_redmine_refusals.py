"""Mistakes, refusals and breakdowns on a real Redmine: one sentence each, and nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.redmine.provider import open_target
from runner.errors import ProviderError, RunnerError
from runner.spi import Query
from runner.testing.io import ScriptedIo
from tests.support.lab import START
from tests.support.redmine import HOLD, REFERENCE, RedmineLab, Server, pausing, target
from tests.support.server_lab import told
from tests.support.server_stories import an_hour_from, behind_tls

pytestmark = [pytest.mark.servers, pytest.mark.allow_hosts(["127.0.0.1"])]


def refusal(lab: RedmineLab, *steps: dict[str, Any]) -> str:
    """Return what is said of a playbook that cannot be carried out, before anything was written."""
    with pytest.raises((RunnerError, ProviderError)) as caught:
        lab.apply(lab.book("bad", *steps))
    assert not [each for each in lab.wire.requests if not each.startswith("GET")]
    return f"{caught.value.message} {getattr(caught.value, 'hint', '')}"


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


def test_a_certificate_that_vouches_for_itself_is_named_until_it_is_trusted(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redmine behind an untrusted certificate: one sentence with what to set, and once it is set, tickets."""
    io = ScriptedIo(START, {REFERENCE: server.keys["key"]})
    query = Query("tickets", where={"project": "support", "status": "Feedback"}, paths=("name",))
    with behind_tls(server.url, tmp_path) as (url, certificate):
        with pytest.raises(ProviderError, match=r"certificate .* not trusted.*SSL_CERT_FILE"):
            list(open_target(target(url), io).read(query))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert [slot.key for slot, _ in open_target(target(url), io).read(query)] == ["8", "9"]


def test_a_clock_that_is_an_hour_off_moves_nothing(server: Server, tmp_path: Path) -> None:
    """An outage is carried out and given back by the runner's clock. A Redmine without a web server before it does not
    say what time it is, so the doctor cannot tell."""
    before = server.dump()
    lab = RedmineLab(tmp_path, server, now=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
    assert not [found for found in lab.session.live.examine("tracker") if "clock" in found.message]
    lab.apply(lab.book("mail", HOLD, **an_hour_from(lab.deps.now())))
    assert server.statuses(8, 9) == ["On Hold"] * 2
    lab.later(hours=2)
    lab.tick()
    assert server.dump() == before
