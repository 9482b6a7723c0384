"""Whole outages on a real Redmine: overlapping, killed at every request, and in spite of what Redmine gets wrong."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.redmine.provider import Redmine, open_target
from runner.load import load_playbook
from runner.spi import Query
from runner.testing.io import ScriptedIo
from tests.support.examples import ROOT
from tests.support.lab import START
from tests.support.redmine import (
    HOLD,
    MARKED,
    REFERENCE,
    SLEEP,
    TELL,
    WAITING,
    RedmineLab,
    Server,
    pausing,
    target,
)
from tests.support.server_lab import told
from tests.support.server_stories import killed_at_every_request, trusting

pytestmark = [pytest.mark.servers, pytest.mark.allow_hosts(["127.0.0.1"])]


def test_a_whole_outage_takes_few_requests(server: Server, tmp_path: Path) -> None:
    """Plan, apply, a person's edit, a second outage over the first, and both reverts: everything is as it was but for
    the edit, in at most 25 requests. The runner's clock and the server's are weeks apart all the time."""
    before = server.dump()
    lab = RedmineLab(tmp_path, server)
    first, second = (lab.book(name, HOLD) for name in ("first", "second"))
    lab.apply(first)
    assert server.statuses(8, 9) == ["On Hold"] * 2
    assert [each["notes"] for each in server.ticket(8)["journals"]][-1] == "The mail is down."
    server.set(9, status_id=2)
    lab.later(minutes=5).apply(second)
    lab.later(minutes=5).revert("first")
    assert server.statuses(8, 9) == ["On Hold", "In Progress"]
    lab.later(minutes=5).revert("second")
    assert server.statuses(8, 9) == ["Feedback", "In Progress"]
    server.set(9, status_id=4)
    assert server.dump() == before
    assert len(server.wire.requests) <= 25, server.wire.requests


def test_a_pause_and_its_return_take_the_fewest_requests(server: Server, tmp_path: Path) -> None:
    """Plan and apply each ask whose key it is, read the names and list the tickets; each way takes a look, one change a
    ticket, a look."""
    lab = RedmineLab(tmp_path, server)
    lab.apply(lab.book("mail", pausing(**WAITING)))
    lab.later(minutes=5).revert("mail")
    names = ["GET /users/current.json", "GET /projects.json", "GET /issue_statuses.json"]
    changed = ["GET /issues.json", "PUT /issues/8.json", "PUT /issues/9.json", "GET /issues.json"]
    assert server.wire.requests == [*names, "GET /issues.json", *names, "GET /issues.json", *changed, *changed]


def test_a_kill_at_every_request_loses_nothing(server: Server) -> None:
    """A process that dies after its n-th request, for every n, is followed by one that resumes and reverts: tickets,
    snooze dates, news and page are as they were, and no note stands twice."""
    banner = {**TELL, "id": "banner", "with": {**TELL["with"], "place": "banner"}}

    def noted() -> list[int]:
        return [sum(bool(each["notes"]) for each in server.ticket(number)["journals"]) for number in (8, 9)]

    sent = killed_at_every_request(
        partial(RedmineLab, server=server), server.wire, (MARKED, TELL, banner, SLEEP), dump=server.dump, noted=noted
    )
    assert sent > 30


# --- what Redmine gets wrong ----------------------------------------------------------------------------------------


def unreachable(server: Server, folder: Path) -> bool:
    """A status that no workflow allows; whether it was told that nothing changed."""
    step = {**HOLD, "with": {"select": WAITING, "status": "Unreachable"}}
    lab = RedmineLab(folder, server)
    done = lab.apply(lab.book("mail", step))
    assert server.statuses(8, 9) == ["Feedback"] * 2
    lab.later(minutes=5).revert("mail")
    assert server.statuses(8, 9) == ["Feedback"] * 2
    return "tickets/8/status" in told(done)


def no_news(server: Server, folder: Path) -> bool:
    """News that are accepted and never made, which only a look finds out: a creation tells no id."""
    lab = RedmineLab(folder, server)
    server.wire.strike = lambda request: httpx.Response(204) if request.method == "POST" else None
    done = lab.apply(lab.book("mail", TELL))
    server.wire.strike = None
    lab.later(minutes=5).revert("mail")
    return "notice" in told(done)


def no_field(server: Server, folder: Path) -> bool:
    """A custom field of another installation: Redmine answers 204 to an id that it does not have."""
    lab = RedmineLab(folder, server)

    def strike(request: httpx.Request) -> httpx.Response | None:
        if request.method != "PUT":
            return None
        for number in (8, 9):
            server.set(number, custom_fields=[{"id": 999, "value": "2026-12-12"}])
        return httpx.Response(204)

    server.wire.strike = strike
    done = lab.apply(lab.book("mail", SLEEP))
    server.wire.strike = None
    assert all(each["value"] != "2026-12-12" for n in (8, 9) for each in server.ticket(n)["custom_fields"])
    lab.later(minutes=5).revert("mail")
    return "/snooze" in told(done)


def kept_news(server: Server, folder: Path) -> bool:
    """News that Redmine says to have deleted, and shows all the same; whether it was told."""
    lab = RedmineLab(folder, server)
    lab.apply(lab.book("mail", TELL))
    server.wire.strike = lambda request: httpx.Response(204) if request.method == "DELETE" else None
    done = lab.later(minutes=5).revert("mail")
    server.wire.strike = None
    for row in server.api("GET", "/projects/support/news.json")["news"]:
        server.api("DELETE", f"/news/{row['id']}.json")
    return "notice" in told(done)


@pytest.mark.parametrize("trap", [unreachable, no_news, no_field, kept_news])
@pytest.mark.parametrize("reading_back", [True, False])
def test_what_is_answered_well_and_not_done_is_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trap: Any, reading_back: bool
) -> None:
    """Redmine answers 204 and does nothing: the runner says so, because it reads back, and only because of that."""
    before = server.dump()
    if not reading_back:
        trusting(monkeypatch, Redmine)
    assert trap(server, tmp_path) is reading_back
    assert server.dump() == before


def test_news_are_found_by_their_mark_not_by_their_title(server: Server, tmp_path: Path) -> None:
    """Somebody else's news with the very same title stay."""
    path = "/projects/support/news.json"
    server.api("POST", path, {"news": {"title": "Logins are down / Sin acceso", "description": "Mine."}})
    before = server.dump()
    lab = RedmineLab(tmp_path, server)
    lab.apply(lab.book("mail", TELL))
    assert len(server.api("GET", path)["news"]) == 2
    lab.later(minutes=5).revert("mail")
    assert server.dump() == before
    for row in server.api("GET", path)["news"]:
        server.api("DELETE", f"/news/{row['id']}.json")


def test_a_page_that_somebody_changes_at_the_same_time_loses_nothing(server: Server, tmp_path: Path) -> None:
    """Between our reading of the page and our writing somebody adds a line: 409, and then both stand there."""
    page = "/projects/support/wiki/Banner.json"
    before = server.dump()
    original = server.api("GET", page)["wiki_page"]["text"]
    lab = RedmineLab(tmp_path, server)

    def strike(request: httpx.Request) -> None:
        if request.method == "PUT":
            server.wire.strike = None
            server.api("PUT", page, {"wiki_page": {"text": original + "\nLunch at one."}})

    server.wire.strike = strike
    lab.apply(lab.book("mail", {**TELL, "with": {**TELL["with"], "place": "banner"}}))
    text = server.api("GET", page)["wiki_page"]["text"]
    assert "Lunch at one." in text
    assert "Logins are down" in text
    lab.later(minutes=5).revert("mail")
    assert server.api("GET", page)["wiki_page"]["text"] == original + "\nLunch at one."
    server.api("PUT", page, {"wiki_page": {"text": original}})
    assert server.dump() == before


def test_a_mark_is_a_word_in_a_field_and_goes_again(server: Server, tmp_path: Path) -> None:
    """Tickets that an outage has paused can be found by its mark; what people wrote beside it, before or meanwhile,
    comes back to the byte."""
    before = server.dump()
    field = next(each["id"] for each in server.ticket(8)["custom_fields"] if each["name"] == "Outage")

    def marks() -> list[str]:
        values = [{each["id"]: each["value"] for each in server.ticket(n)["custom_fields"]}[field] for n in (8, 9)]
        return [value or "" for value in values]

    server.set(8, custom_fields=[{"id": field, "value": "vip,  gold"}])
    lab = RedmineLab(tmp_path, server)
    lab.apply(lab.book("mail", MARKED, {**MARKED, "id": "own", "with": {"select": WAITING, "tag": True}}))
    first, own = marks()[1].split()
    assert first == "outage-mail"
    assert own.startswith("or-")
    assert marks()[0] == f"vip,  gold outage-mail {own}"
    server.set(9, custom_fields=[{"id": field, "value": f"{marks()[1]} called"}])
    lab.later(minutes=5).revert("mail")
    assert marks() == ["vip,  gold", "called"]
    for number in (8, 9):
        server.set(number, custom_fields=[{"id": field, "value": ""}])
    assert server.dump() == before


def test_a_snooze_is_a_date_that_goes_when_it_is_over(server: Server, tmp_path: Path) -> None:
    """The field holds the date in the target's zone; at its time a tick takes it out again."""
    before = server.dump()
    lab = RedmineLab(tmp_path, server)
    lab.apply(lab.book("mail", SLEEP))
    assert [server.ticket(n)["custom_fields"][0]["value"] for n in (8, 9)] == ["2026-12-12"] * 2
    lab.later(days=1)
    lab.tick()
    assert server.dump() == before


def test_a_saved_query_selects_what_redmine_finds(server: Server) -> None:
    """A query of a project, over three pages, is read whole and each ticket once."""
    io = ScriptedIo(START, {REFERENCE: server.keys["key"]}, server.wire)
    query = Query("tickets", where={"query": "Whole queue"}, paths=("name",))
    keys = [slot.key for slot, _ in open_target(target(server.url), io).read(query)]
    assert len(keys) == len(set(keys)) == 210


def test_the_example_is_carried_out_and_given_back(server: Server, tmp_path: Path) -> None:
    """The playbook beside the guide: news, banner, tickets with a note and snooze dates; all of it goes again."""
    before = server.dump()
    loaded, problems = load_playbook(ROOT / "playbooks" / "redmine" / "login-down" / "logins.yaml")
    assert loaded is not None, problems
    lab = RedmineLab(tmp_path, server)
    server.set(8, category_id=1)
    changed = server.dump()
    lab.apply(loaded.playbook)
    assert server.statuses(1, 2, 3, 7) == ["On Hold"] * 4
    assert server.ticket(8)["custom_fields"][0]["value"] == "2026-12-14"
    assert len(server.api("GET", "/projects/support/news.json")["news"]) == 1
    lab.later(minutes=30).revert("logins")
    assert server.dump() == changed
    server.set(8, category_id="")
    assert server.dump() == before
