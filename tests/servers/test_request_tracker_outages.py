"""Whole outages on a real Request Tracker: overlapping, killed at every request, and in spite of what RT gets wrong."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.request_tracker.provider import RequestTracker, open_target
from runner.load import load_playbook
from runner.model import ABSENT, Change, Outcome, Slot, Verdict
from runner.spi import Query
from runner.testing.io import ScriptedIo
from tests.support.examples import ROOT
from tests.support.lab import START
from tests.support.request_tracker import REFERENCE, SLEEP, SOME, TELL, Server, TrackerLab, pausing, target
from tests.support.server_lab import told
from tests.support.server_stories import killed_at_every_request, trusting

pytestmark = [pytest.mark.servers, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_a_whole_outage_takes_few_requests(desk: Server, tmp_path: Path) -> None:
    """Plan, apply with a comment, a person's edit, a second outage over the first, and both reverts: everything is as
    it was but for the edit, in at most 25 requests. The two clocks are weeks apart all the time."""
    before, noted = desk.dump(), desk.comments(1)
    lab = TrackerLab(tmp_path, desk)
    first = lab.book("first", pausing(SOME, note="The mail is down."))
    second = lab.book("second", pausing({"query": "id < 4", "status": ["new", "open", "stalled"]}))
    lab.apply(first)
    assert desk.statuses()[:3] == ["stalled", "stalled", "new"]
    assert desk.comments(1) == noted + 1
    desk.set(2, Status="open")
    lab.later(minutes=5).apply(second)
    lab.later(minutes=5).revert("first")
    lab.later(minutes=5).revert("second")
    assert desk.statuses()[:3] == ["new", "open", "new"]
    desk.set(2, Status="new")
    assert desk.dump() == before
    assert len(desk.wire.requests) <= 25, desk.wire.requests


def test_a_kill_at_every_request_loses_nothing(desk: Server) -> None:
    """A process that dies after its n-th request, for every n, is followed by one that resumes and reverts: tickets,
    snoozes and articles are as they were, and no comment stands twice."""
    steps = (pausing(SOME, note="The mail is down."), TELL, SLEEP)
    sent = killed_at_every_request(
        partial(TrackerLab, server=desk),
        desk.wire,
        steps,
        dump=desk.dump,
        noted=lambda: [desk.comments(number) for number in (1, 2)],
    )
    assert sent > 15


# --- what RT gets wrong ---------------------------------------------------------------------------------------------


def misunderstood(sent: str, desk: Server, folder: Path) -> bool:
    """A date that RT says to have set, and stores as another one; whether it was told."""
    lab = TrackerLab(folder, desk)

    def strike(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT":
            return None
        said = desk.api("PUT", "/tickets/bulk", [{"id": number, "Starts": sent} for number in (1, 2)])
        assert all("Starts changed from Not set to Sat Dec 12" in row[1] for row in said)
        return httpx.Response(200, json=said)

    desk.wire.strike = strike
    done = lab.apply(lab.book("mail", SLEEP))
    desk.wire.strike = None
    lab.later(minutes=5).revert("mail")
    desk.set(1, 2, Starts="")
    return "snooze" in told(done)


lost_dates = partial(misunderstood, "2026-12-12T12:00:00Z")  # SQLite: stored as 1970
late_dates = partial(misunderstood, "2026-12-12 14:00:00")  # what PostgreSQL makes of 12:00:00+02:00, written out


def kind_words(desk: Server, folder: Path) -> bool:
    """A refusal in words that nobody here knows, under a 200; whether it was told."""
    lab = TrackerLab(folder, desk)

    def strike(request: httpx.Request) -> httpx.Response | None:
        said = [["1", "Ticket 1: nicht erlaubt"], ["2", "Ticket 2: nicht erlaubt"]]
        return httpx.Response(200, json=said) if request.method == "PUT" else None

    desk.wire.strike = strike
    done = lab.apply(lab.book("mail", pausing(SOME)))
    desk.wire.strike = None
    lab.later(minutes=5).revert("mail")
    return "tickets/1/status" in told(done)


def no_words(desk: Server, folder: Path) -> bool:
    """An empty 200, as for a change that changes nothing; whether it was told."""
    lab = TrackerLab(folder, desk)
    desk.wire.strike = lambda request: httpx.Response(200, json=[]) if request.method == "PUT" else None
    done = lab.apply(lab.book("mail", pausing({"query": "id = 1"})))
    desk.wire.strike = None
    lab.later(minutes=5).revert("mail")
    return "tickets/1/status" in told(done)


def kept_article(desk: Server, folder: Path) -> bool:
    """An article that RT says to have disabled, and shows all the same; whether it was told."""
    lab = TrackerLab(folder, desk)
    lab.apply(lab.book("mail", TELL))
    desk.wire.strike = lambda request: httpx.Response(204) if request.method == "DELETE" else None
    done = lab.later(minutes=5).revert("mail")
    desk.wire.strike = None
    for row in desk.articles():
        desk.api("DELETE", f"/article/{row['id']}")
    return "notice" in told(done)


TRAPS = [lost_dates, late_dates, kind_words, no_words, kept_article]


@pytest.mark.parametrize("trap", TRAPS, ids=["lost dates", "late dates", "kind words", "no words", "kept article"])
@pytest.mark.parametrize("reading_back", [True, False])
def test_what_is_answered_well_and_not_done_is_told(
    desk: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: Any, reading_back: bool
) -> None:
    """RT answers 200 and does nothing, or something else: the runner says so, because it reads back, and only because
    of that."""
    before = desk.dump()
    if not reading_back:
        trusting(monkeypatch, RequestTracker)
    assert trap(desk, tmp_path) is reading_back
    assert desk.dump() == before


def test_a_pause_and_its_return_take_the_fewest_requests(desk: Server, tmp_path: Path) -> None:
    """Plan and apply each look at the queue and list the tickets; each way takes a look, one bulk update, a look."""
    lab = TrackerLab(tmp_path, desk)
    lab.apply(lab.book("mail", pausing(SOME)))
    lab.later(minutes=5).revert("mail")
    listed = ["GET /REST/2.0/queue/Support", "GET /REST/2.0/tickets"]
    changed = ["GET /REST/2.0/tickets", "PUT /REST/2.0/tickets/bulk", "GET /REST/2.0/tickets"]
    assert desk.wire.requests == [*listed, *listed, *changed, *changed]


def test_a_snooze_survives_and_goes_when_it_is_over(desk: Server, tmp_path: Path) -> None:
    """`Starts` holds the instant; at its time a tick takes it out again."""
    before = desk.dump()
    lab = TrackerLab(tmp_path, desk)
    lab.apply(lab.book("mail", SLEEP))
    assert desk.dump().count("2026-12-12T12:00:00Z") == 2
    lab.later(days=1)
    lab.tick()
    assert desk.dump() == before


def test_an_article_that_was_disabled_is_enabled_again(desk: Server) -> None:
    """RT only disables articles, and the name stays taken: absent, and back again as the same article."""
    io = ScriptedIo(START, {REFERENCE: desk.keys["token"]}, desk.wire)
    provider = open_target(target(desk.url), io)
    slot = Slot("tracker", "notice", "or-abcdefghijkl", "notice")
    value = {"place": "board", "subject": "Logins", "body": "We know."}
    for _ in range(2):
        assert [*provider.write([Change(slot, ABSENT, value)])] == [Outcome(Verdict.DONE)]
        assert dict(provider.read(Query("notice", ids=(slot.key,), paths=("notice",)))) == {slot: value}
        found = [row["id"] for row in desk.articles()]
        assert [*provider.write([Change(slot, value, ABSENT)])] == [Outcome(Verdict.DONE)]
        assert dict(provider.read(Query("notice", ids=(slot.key,), paths=("notice",)))) == {slot: ABSENT}
    assert desk.api("GET", f"/article/{found[0]}")["Disabled"] == "1"
    assert desk.articles() == []


def test_one_ticket_is_changed_under_its_etag(desk: Server) -> None:
    """Somebody comments on the ticket between our look and our change: RT answers 412, and it is decided again."""
    io = ScriptedIo(START, {REFERENCE: desk.keys["token"]}, desk.wire)
    change = Change(Slot("tracker", "tickets", "5", "status"), "new", "stalled")

    def strike(request: httpx.Request) -> None:
        if request.method == "PUT":
            desk.wire.strike = None
            desk.set(5, Priority=7)

    desk.wire.strike = strike
    provider = open_target(target(desk.url), io)
    assert [each.verdict for each in provider.write([change]) if isinstance(each, Outcome)] == [Verdict.MOVED]
    assert desk.statuses()[4] == "new"
    desk.set(5, Priority=0)


def test_the_example_is_carried_out_and_given_back(desk: Server, tmp_path: Path) -> None:
    """The playbook beside the guide: an article, tickets with a comment, and snoozes; all of it goes again."""
    loaded, problems = load_playbook(ROOT / "playbooks" / "request-tracker" / "mail-down" / "mail.yaml")
    assert loaded is not None, problems
    before = desk.dump()
    desk.set(1, 2, Subject="No mail")
    desk.set(5, Status="open")
    changed = desk.dump()
    lab = TrackerLab(tmp_path, desk)
    lab.apply(loaded.playbook)
    assert desk.statuses() == ["stalled", "stalled", "new", "new", "open", "new"]
    assert desk.dump().count("2026-12-14T12:00:00Z") == 1
    assert [row["Name"].partition(" [")[0] for row in desk.articles()] == ["Mail is down / Sin correo"]
    lab.later(minutes=30).revert("mail")
    assert desk.dump() == changed
    for number in (1, 2):
        desk.set(number, Subject=f"Support {number}")
    desk.set(5, Status="new")
    assert desk.dump() == before
