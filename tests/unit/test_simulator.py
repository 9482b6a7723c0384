"""The embedded helpdesk: its rules, its slots, its faults, its file, and the commands of the sandbox."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from providers.simulator import dump, editing, faults, seed
from providers.simulator.database import Database, HelpdeskDown, remove
from providers.simulator.faults import Fault
from providers.simulator.helpdesk import Refusal
from providers.simulator.provider import Simulator, open_target
from providers.simulator.sandbox import group
from runner.model import ABSENT, UNKNOWN, Change, Outcome, Slot, Value, Verdict
from runner.spi import (
    Forbidden,
    Means,
    ProviderError,
    Query,
    RateLimited,
    Rejected,
    Target,
    Unauthorized,
    Unavailable,
)
from runner.testing.io import ScriptedIo

NOW = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
TICKETS = 450
BR = "101"


class Desk:
    """A seeded helpdesk, a provider on it, and the clock that both follow."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.io = ScriptedIo(NOW)
        self.path = path
        self.target = Target("desk", "simulator", {"file": path.name, **options}, folder=str(path.parent))
        self.db = Database(path)
        self.provider: Simulator = open_target(self.target, self.io)

    def value(self, kind: str, key: str, path: str) -> Value:
        found = dict(self.provider.read(Query(kind, ids=(key,), paths=(path,))))
        return found[Slot("desk", kind, key, path)]

    def keys(self, **where: Any) -> list[str]:
        rows = self.provider.read(Query("tickets", where=where, paths=("status",)))
        return [slot.key for slot, _ in rows]

    def write(self, *changes: Change) -> list[Outcome]:
        return [one for one in self.provider.write(changes) if isinstance(one, Outcome)]

    def put(
        self, kind: str, key: str, path: str, after: Value, before: Value = UNKNOWN, payload: Any = None
    ) -> Outcome:
        return self.write(Change(Slot("desk", kind, key, path), before, after, payload))[0]

    def script(self, action: str, **given: Any) -> None:
        faults.add(self.db, Fault(action, **given))

    def history(self) -> list[tuple[Any, ...]]:
        return self.db.rows("SELECT actor, kind, object, field, before, after FROM history WHERE field <> 'created'")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("desk") / "helpdesk.sqlite"
    seed.fill(path, tickets=TICKETS)
    return path.read_bytes()


@pytest.fixture
def make(tmp_path: Path, seeded: bytes) -> Callable[..., Desk]:
    def build(**options: Any) -> Desk:
        path = tmp_path / "helpdesk.sqlite"
        path.write_bytes(seeded)
        return Desk(path, **options)

    return build


@pytest.fixture
def desk(make: Callable[..., Desk]) -> Desk:
    return make()


def rejected(outcome: Outcome) -> tuple[str, str]:
    assert outcome.verdict is Verdict.REJECTED
    assert outcome.reason
    return outcome.field, outcome.reason


# --- seeding and dumping --------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_helpdesk(tmp_path: Path) -> None:
    """Two helpdesks from one seed are equal to the last stamp; another seed gives other tickets."""
    texts = []
    for name, number in (("a", 1), ("b", 1), ("c", 2)):
        seed.fill(tmp_path / name, tickets=50, seed=number)
        texts.append(dump.text(Database(tmp_path / name), everything=True))
    assert texts[0] == texts[1] != texts[2]


def test_a_seed_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helpdesk is there whole or not at all, and one that is there is never overwritten."""
    path = tmp_path / "helpdesk.sqlite"
    with monkeypatch.context() as patched:
        patched.setattr(seed, "GROUPS", ((1, "Level 1"), (1, "Level 1 again")))
        with pytest.raises(sqlite3.IntegrityError):
            seed.fill(path, tickets=1)
    assert list(tmp_path.iterdir()) == []
    seed.fill(path, tickets=1)
    with pytest.raises(FileExistsError):
        seed.fill(path, tickets=1)


def test_names_that_playbooks_use_are_there(desk: Desk) -> None:
    """Every kind answers with names, and the documented ones are among them."""
    expected = {
        "business_hours": {"Support BR", "Support MX", "Support UA"},
        "channel": {"Chat", "WhatsApp", "Phone", "Mail"},
        "message": {"Chat / greeting", "Chat / offline", "WhatsApp / out of hours", "Mail / first reply"},
        "rule": {"Notify requester of status change", "Reminder after 24 h without answer"},
        "notice": {"House rules"},
    }
    for kind, names in expected.items():
        assert names <= {name for _, name in desk.provider.read(Query(kind, paths=("name",)))}
    assert desk.value("business_hours", "103", "zone") == "Europe/Kyiv"
    assert len(list(desk.provider.read(Query("tickets", paths=("name",))))) == TICKETS


def test_a_dump_is_canonical_json(desk: Desk) -> None:
    """A dump is one JSON object with an object on each line, keys sorted, without stamps and logs."""
    text = dump.text(desk.db)
    whole = json.loads(text)
    assert (
        sorted(whole) == list(whole) == ["channels", "groups", "messages", "notices", "rules", "schedules", "tickets"]
    )
    assert len(whole["tickets"]) == TICKETS
    line = json.loads(next(line for line in text.splitlines() if '"id":17,' in line).rstrip(","))
    assert line == whole["tickets"][16]
    assert list(line) == sorted(line)
    assert "updated_at" not in text
    assert "snooze" in text


def test_a_dump_of_everything_adds_what_only_grows(desk: Desk) -> None:
    """With everything the dump also holds stamps, history, outbox, counters and faults."""
    desk.put("notice", "or-x", "sent", "digest", ABSENT, {"body": "Phones are down"})
    desk.script("ignored", skip=3)
    whole = json.loads(dump.text(desk.db, everything=True))
    assert {"history", "outbox", "counters", "faults"} <= whole.keys()
    assert whole["outbox"][0]["payload"] == {"body": "Phones are down"}
    assert whole["faults"][0]["skip"] == 3
    assert all("updated_at" in one for kind in ("channels", "messages", "rules", "tickets") for one in whole[kind])


# --- reading --------------------------------------------------------------------------------------------------------


def test_tickets_are_selected_as_asked(desk: Desk) -> None:
    """A value selects by equality, a list by any of its values, tags by all of them; each against a plain loop."""
    paths = ("status", "group", "channel", "priority", "tags/*")
    tickets: dict[str, dict[str, Value]] = {}
    for slot, value in desk.provider.read(Query("tickets", paths=paths)):
        tickets.setdefault(slot.key, {})[slot.path] = value
    wheres: list[Mapping[str, Any]] = [
        {"status": "open"},
        {"status": ["open", "pending"], "group": "Level 1"},
        {"status": "open", "group": ["Level 2", "Billing"], "channel": "WhatsApp"},
        {"priority": ["high", "urgent"], "tags": "refund"},
        {"tags": ["invoice", "vip"]},
    ]
    for where in wheres:
        wanted = [
            key
            for key, values in tickets.items()
            if all(
                all(f"tags/{tag}" in values for tag in ([asked] if isinstance(asked, str) else asked))
                if name == "tags"
                else values[name] in ([asked] if isinstance(asked, str) else asked)
                for name, asked in where.items()
            )
        ]
        assert wanted
        assert desk.keys(**where) == wanted


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"group": "Level1"}, "did you mean 'Level 1'"),
        ({"status": "opne"}, "did you mean 'open'"),
        ({"channel": "Fax"}, "there is no channel 'Fax'"),
        ({"mood": "bad"}, "cannot be selected by 'mood'"),
    ],
)
def test_a_selection_that_means_nothing_is_refused(desk: Desk, where: Mapping[str, Any], said: str) -> None:
    """An unknown field or value of a selection is an error that names the nearest, not an empty list."""
    with pytest.raises(Rejected, match=said):
        desk.keys(**where)


def test_kinds_without_a_filter_refuse_one(desk: Desk) -> None:
    """Only tickets can be selected by a filter, and kinds of people cannot be read at all."""
    for query in (Query("rule", where={"active": True}), Query("checklist"), Query("nonsense")):
        with pytest.raises(Rejected):
            list(desk.provider.read(query))


def test_pages_cost_the_fewest_requests(desk: Desk) -> None:
    """N tickets cost ceil(N/100) requests, and the first ticket one; ids that are listed cost the same."""
    rows = desk.provider.read(Query("tickets", paths=("status",)))
    next(rows)
    assert desk.provider.requests == Counter(read=1)
    keys = ["1", *(slot.key for slot, _ in rows)]
    assert desk.provider.requests == Counter(read=5)
    list(desk.provider.read(Query("tickets", ids=tuple(keys[:200]), paths=("status",))))
    assert desk.provider.requests == Counter(read=7)
    list(desk.provider.read(Query("tickets", limit=100, paths=("status",))))
    assert desk.provider.requests == Counter(read=8)


def test_no_transaction_stays_open_between_pages(desk: Desk) -> None:
    """While somebody holds a page, others write, and what moved out of the selection does not shift the next page."""
    before = desk.keys(status=["open", "solved"])
    rows = desk.provider.read(Query("tickets", where={"status": ["open", "solved"]}, paths=("status",)))
    first = next(rows)[0].key
    editing.set_ticket(Database(desk.path, patience=0.1), int(first), {"status": "hold"})
    with sqlite3.connect(desk.path) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    other.close()
    assert [first, *(slot.key for slot, _ in rows)] == before


def test_paths_are_answered_as_asked(desk: Desk) -> None:
    """Exact paths are answered in any case, a prefix with all below it, no path at all with everything."""
    query = Query("message", ids=("304", "999"), paths=("name", "text/*", "text/fr"))
    rows = [(slot.key, slot.path, value is ABSENT) for slot, value in desk.provider.read(query)]
    known = [("304", f"text/{locale}", False) for locale in ("en", "es", "pt-BR", "uk")]
    missing = [("999", "name", True), ("999", "text/fr", True)]
    assert rows == [("304", "name", False), *known, ("304", "text/fr", True), *missing]
    everything = {slot.path for slot, _ in desk.provider.read(Query("business_hours", ids=(BR,)))}
    assert everything == {
        "name",
        "zone",
        *(f"hours/{day}" for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
    }
    assert [value for _, value in desk.provider.read(Query("rule", ids=("x",)))] == [ABSENT]


def test_names_select_too(desk: Desk) -> None:
    """A query by names finds small objects by name and tickets by the number in theirs."""
    found = desk.provider.read(Query("channel", names=("Chat", "Mail"), paths=("enabled",)))
    assert [slot.key for slot, _ in found] == ["201", "204"]
    name = desk.value("tickets", "17", "name")
    found = desk.provider.read(Query("tickets", names=(str(name),), paths=("status",)))
    assert [slot.key for slot, _ in found] == ["17"]


def test_all_the_slots_of_a_ticket(desk: Desk) -> None:
    """Asked for everything, a ticket shows its fields, its tags and its snooze."""
    key = str(desk.db.rows("SELECT min(ticket_id) FROM snoozes")[0][0])
    slots = {slot.path: value for slot, value in desk.provider.read(Query("snooze", ids=(key,)))}
    assert {"name", "status", "group", "channel", "priority", "assignee", "updated", "snooze"} <= slots.keys()
    assert slots["snooze"] == {"due": "2030-01-07T12:00:00Z", "by": "ana", "status": "pending"}


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_workweek_is_replaced_as_a_whole(desk: Desk) -> None:
    """One refused day refuses every day of its schedule in the batch, and no other schedule."""
    outcomes = desk.write(
        Change(Slot("desk", "business_hours", BR, "hours/mon"), ["08:00-18:00"], ["08:00-12:00"]),
        Change(Slot("desk", "business_hours", BR, "hours/fri"), ["08:00-18:00"], ["12:00-11:00"]),
        Change(Slot("desk", "business_hours", "102", "hours/fri"), ["09:00-18:00"], []),
    )
    assert [one.verdict for one in outcomes] == [Verdict.REJECTED, Verdict.REJECTED, Verdict.DONE]
    assert desk.value("business_hours", BR, "hours/mon") == ["08:00-18:00"]
    assert desk.value("business_hours", "102", "hours/fri") == []


@pytest.mark.parametrize(
    ("kind", "key", "path", "after", "field"),
    [
        ("business_hours", BR, "hours/mon", ["9-18"], "hours/mon"),
        ("business_hours", BR, "hours/mon", ["09:00-12:00", "11:00-13:00"], "hours/mon"),
        ("business_hours", BR, "hours/mon", "09:00-12:00", "hours/mon"),
        ("business_hours", BR, "hours/someday", [], "hours/someday"),
        ("business_hours", BR, "zone", "UTC", "zone"),
        ("business_hours", "999", "hours/mon", [], "id"),
        ("channel_hours", "Chat", "hours/mon", [], "id"),
        ("holiday", BR, "holidays/or-x", {"name": "Jogo"}, "holiday"),
        ("holiday", BR, "holidays/or-x", {"name": " ", "start_date": "2026-12-11", "end_date": "x"}, "holiday.name"),
        ("holiday", BR, "holidays/x", {"name": "a", "start_date": "11/12", "end_date": "x"}, "holiday.start_date"),
        (
            "holiday",
            BR,
            "holidays/x",
            {"name": "a", "start_date": "2026-12-12", "end_date": "2026-12-11"},
            "holiday.end_date",
        ),
        ("holiday", "999", "holidays/x", {"name": "a", "start_date": "2026-12-12", "end_date": "2026-12-12"}, "id"),
        ("channel", "999", "enabled", False, "id"),
        ("channel", "201", "enabled", "off", "enabled"),
        ("message", "304", "text/fr", "Bonjour", "text/fr"),
        ("message", "304", "text/en", "", "text/en"),
        ("message", "304", "text/en", "x" * 4001, "text/en"),
        ("message", "999", "text/en", "Hi", "id"),
        ("rule", "401", "active", 1, "active"),
        ("rule", "999", "active", True, "id"),
        ("rule", "401", "name", "Other", "name"),
        ("notice", "or-x", "notice", "Closed", "notice"),
        ("notice", "or-x", "notice", {"place": "wall", "body": "Closed"}, "notice.place"),
        ("notice", "or-x", "notice", {"place": "board"}, "notice.body"),
        ("notice", "or-x", "sent", "digest", "body"),
        ("notice", "or-x", "sent", ABSENT, "sent"),
        ("tickets", "999999", "status", "open", "id"),
        ("tickets", "17", "status", "parked", "status"),
        ("tickets", "17", "status", "new", "status"),
        ("tickets", "17", "status", {"status": "open"}, "status"),
        ("tickets", "17", "tags/two words", True, "tags/two words"),
        ("tickets", "17", "tags/vip", "yes", "tags/vip"),
        ("tickets", "17", "priority", "high", "priority"),
        ("tickets", "seventeen", "status", "open", "id"),
        ("snooze", "17", "snooze", {"due": "tomorrow"}, "snooze.due"),
        ("snooze", "17", "snooze", {"due": "2026-12-14T12:00:00"}, "snooze.due"),
        ("snooze", "17", "snooze", {"due": "2026-12-01T12:00:00Z"}, "snooze.due"),
        ("snooze", "17", "snooze", {"due": "2026-12-14T12:00:00Z", "status": "closed"}, "snooze.status"),
        ("snooze", "17", "snooze", {"due": "2026-12-14T12:00:00Z", "by": 7}, "snooze.by"),
        ("snooze", "17", "snooze", {"when": "later"}, "snooze"),
        ("snooze", "999999", "snooze", {"due": "2026-12-14T12:00:00Z"}, "id"),
        ("access", "two-factor", "value", True, ""),
        ("rule", "401", "active", UNKNOWN, ""),
    ],
)
def test_the_helpdesk_refuses_what_it_cannot_hold(
    desk: Desk, kind: str, key: str, path: str, after: Value, field: str
) -> None:
    """A refused write names its field and its reason and leaves every byte, also of the logs, as it was."""
    before = dump.text(desk.db, everything=True)
    assert rejected(desk.put(kind, key, path, after))[0] == field
    assert dump.text(desk.db, everything=True) == before


def test_a_write_that_changes_nothing_leaves_no_trace(desk: Desk) -> None:
    """Setting what is there already is done, and neither stamps nor history say otherwise."""
    before = dump.text(desk.db, everything=True)
    for kind, key, path in (
        ("business_hours", BR, "hours/mon"),
        ("channel_hours", "203", "hours/mon"),
        ("channel", "201", "enabled"),
        ("message", "304", "text/uk"),
        ("rule", "404", "active"),
        ("holiday", BR, "holidays/natal-2026"),
        ("holiday", BR, "holidays/or-nothing"),
        ("notice", "house-rules", "notice"),
        ("notice", "or-nothing", "notice"),
        ("tickets", "17", "status"),
        ("snooze", "17", "snooze"),
    ):
        live = desk.value(kind, key, path)
        assert desk.put(kind, key, path, live, live).verdict is Verdict.DONE
    assert dump.text(desk.db, everything=True) == before


def test_a_ticket_that_moved_is_left_alone(desk: Desk) -> None:
    """Compare and set: when one field is not as expected, no field of that ticket is written, and others are."""
    first, second = desk.keys(status="open")[:2]
    editing.set_ticket(desk.db, int(first), {"status": "solved"})
    changes = [
        Change(Slot("desk", "tickets", key, path), before, after)
        for key in (first, second)
        for path, before, after in (("status", "open", "hold"), ("tags/or-x", ABSENT, True))
    ]
    outcomes = desk.write(*changes)
    assert [one.verdict for one in outcomes] == [Verdict.MOVED, Verdict.MOVED, Verdict.DONE, Verdict.DONE]
    assert all(one.proven for one in outcomes)
    assert desk.value("tickets", first, "tags/or-x") is ABSENT
    assert desk.value("tickets", second, "status") == "hold"


def test_a_closed_ticket_takes_no_update(desk: Desk) -> None:
    """Closed is the end: neither status nor tags nor snooze can be written, by nobody."""
    key = desk.keys(status="closed")[0]
    assert rejected(desk.put("tickets", key, "status", "open"))[0] == "status"
    assert rejected(desk.put("tickets", key, "tags/vip2", True))[0] == "status"
    assert rejected(desk.put("snooze", key, "snooze", {"due": "2026-12-14T12:00:00Z"}))[0] == "status"
    for values in ({"status": "open"}, {"assignee": "ana"}):
        with pytest.raises(Refusal, match="closed"):
            editing.set_ticket(desk.db, int(key), values)


def test_new_never_comes_back(desk: Desk) -> None:
    """A ticket that left `new` cannot return to it, and the kind says so offline."""
    key = desk.keys(status="new")[0]
    assert desk.put("tickets", key, "status", "hold", "new").verdict is Verdict.DONE
    assert rejected(desk.put("tickets", key, "status", "new", "hold"))[0] == "status"
    gives_back = desk.provider.capabilities()["tickets"].gives_back
    assert gives_back == {"open", "pending", "hold", "solved", "closed"}


def test_writes_are_stamped_and_logged(desk: Desk) -> None:
    """Every change leaves its line in the history, with who did it, and moves the stamp of the object."""
    desk.put("tickets", "17", "status", "solved")
    desk.put("tickets", "17", "tags/or-x", True)
    editing.set_ticket(desk.db, 17, {"assignee": "olena"}, tags={"or-x": False})
    assert [line[0::3] for line in desk.history()] == [
        ("api", "status"),
        ("api", "tags/or-x"),
        ("a person", "assignee"),
        ("a person", "tags/or-x"),
    ]
    desk.put("tickets", "17", "status", "pending")
    assert desk.value("tickets", "17", "updated") == "2026-12-11T14:30:00Z"


def test_a_broadcast_is_sent_each_time(desk: Desk) -> None:
    """A message to the agents lands in the outbox once per write, and nothing of it is ever read back."""
    for _ in range(2):
        assert desk.put("notice", "or-x", "sent", "digest", ABSENT, {"subject": "Down"}).verdict is Verdict.DONE
    assert [row[0] for row in desk.db.rows("SELECT digest FROM outbox")] == ["digest", "digest"]
    assert desk.value("notice", "or-x", "sent") is ABSENT


def test_notices_have_names(desk: Desk) -> None:
    """A notice is named by its subject, in English where it has several, else by its reference."""
    for content, name in (
        ({"place": "board", "subject": "Lift", "body": "x"}, "Lift"),
        ({"place": "board", "subject": {"es": "Ascensor", "pt-BR": "Elevador"}, "body": "x"}, "Ascensor"),
        ({"place": "banner", "subject": "", "body": "x"}, "or-x"),
    ):
        desk.put("notice", "or-x", "notice", content)
        assert desk.value("notice", "or-x", "name") == name
    desk.put("notice", "or-x", "notice", ABSENT)
    assert desk.value("notice", "or-x", "name") is ABSENT


def test_a_message_loses_and_gains_a_locale(desk: Desk) -> None:
    """A text in a locale can be taken out and put back."""
    before = dump.text(desk.db)
    text = desk.value("message", "304", "text/es")
    desk.put("message", "304", "text/es", ABSENT)
    assert desk.value("message", "304", "text/es") is ABSENT
    desk.put("message", "304", "text/es", text)
    assert dump.text(desk.db) == before


def test_two_kinds_in_one_batch(desk: Desk) -> None:
    """Outcomes come in the order of the batch, whatever the kinds in it."""
    outcomes = desk.write(
        Change(Slot("desk", "rule", "401", "active"), True, False),
        Change(Slot("desk", "tickets", "999999", "status"), "open", "hold"),
        Change(Slot("desk", "channel", "201", "enabled"), True, False),
    )
    assert [one.verdict for one in outcomes] == [Verdict.DONE, Verdict.REJECTED, Verdict.DONE]


# --- snoozes --------------------------------------------------------------------------------------------------------


def snooze(**more: str) -> dict[str, str]:
    return {"due": "2026-12-11T17:30:00Z", **more}


def test_a_snooze_that_is_due_reopens_the_ticket(desk: Desk) -> None:
    """When the time comes the ticket is open again and belongs to the agent who snoozed it."""
    key = desk.keys(status="open")[0]
    desk.put("snooze", key, "snooze", snooze(by="olena", status="pending"))
    assert desk.value("tickets", key, "status") == "pending"
    desk.io.sleep(3 * 3600 - 1)
    assert desk.value("snooze", key, "snooze") == snooze(by="olena", status="pending")
    desk.io.sleep(1)
    assert desk.value("snooze", key, "snooze") is ABSENT
    assert desk.value("tickets", key, "status") == "open"
    assert desk.value("tickets", key, "assignee") == "olena"
    assert desk.history()[-1][-1] == '"reopened"'


def test_a_ticket_that_left_its_snooze_is_not_reopened(desk: Desk) -> None:
    """A ticket that somebody moved meanwhile stays as it is when its snooze is due, and the history says why."""
    key = desk.keys(status="open")[0]
    desk.put("snooze", key, "snooze", snooze(by="olena", status="pending"))
    editing.set_ticket(desk.db, int(key), {"status": "solved", "assignee": "bruno"})
    desk.io.sleep(4 * 3600)
    assert desk.value("tickets", key, "status") == "solved"
    assert desk.value("tickets", key, "assignee") == "bruno"
    assert "not reopened" in desk.history()[-1][-1]


def test_ending_a_snooze_gives_the_status_back(desk: Desk) -> None:
    """Cancelling leaves every byte as before, also over a snooze that was there already."""
    before = dump.text(desk.db)
    taken = str(desk.db.rows("SELECT ticket_id FROM snoozes")[0][0])
    for key in (desk.keys(status="new")[0], desk.keys(status="solved")[0], taken):
        live = desk.value("snooze", key, "snooze")
        for value in (snooze(status="hold"), snooze(by="ana"), snooze(status="solved"), live):
            assert desk.put("snooze", key, "snooze", value).verdict is Verdict.DONE
            assert desk.value("snooze", key, "snooze") == value
    assert dump.text(desk.db) == before


# --- faults ---------------------------------------------------------------------------------------------------------


def pair(desk: Desk) -> list[Change]:
    return [Change(Slot("desk", "tickets", key, "status"), "open", "hold") for key in desk.keys(status="open")[:4]]


def statuses(desk: Desk, changes: list[Change]) -> list[Value]:
    return [desk.value("tickets", change.slot.key, "status") for change in changes]


@pytest.mark.parametrize(
    ("action", "verdicts", "written"),
    [
        ("lost_reply", {Verdict.UNKNOWN}, True),
        ("lost_request", {Verdict.UNKNOWN}, False),
        ("ignored", {Verdict.DONE}, False),
    ],
)
def test_answers_that_lie(desk: Desk, action: str, verdicts: set[Verdict], written: bool) -> None:
    """A lost reply, a lost request and an empty promise look alike or true; only a read tells. None is proven."""
    changes = pair(desk)
    desk.script(action)
    outcomes = desk.write(*changes)
    assert {one.verdict for one in outcomes} == verdicts
    assert not any(one.proven for one in outcomes)
    assert statuses(desk, changes) == (["hold"] if written else ["open"]) * 4


def test_one_item_is_refused(desk: Desk) -> None:
    """The scripted item is refused with the scripted words, all its neighbours are written; past the end, nothing."""
    changes = pair(desk)
    desk.script("reject", args={"item": 3, "reason": "field is mandatory", "field": "category"})
    outcomes = desk.write(*changes)
    assert rejected(outcomes[2]) == ("category", "field is mandatory")
    assert statuses(desk, changes) == ["hold", "hold", "open", "hold"]
    desk.script("reject", args={"item": 9})
    assert desk.write(changes[2])[0].verdict is Verdict.DONE


def test_half_a_batch(desk: Desk) -> None:
    """The first half is written and answered, then the connection breaks."""
    changes = pair(desk)
    desk.script("half_batch")
    answers = desk.provider.write(changes)
    assert [next(answers), next(answers)] == [Outcome(Verdict.DONE, proven=True)] * 2
    with pytest.raises(Unavailable, match="middle of a batch"):
        next(answers)
    assert statuses(desk, changes) == ["hold", "hold", "open", "open"]


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("rate_limited", RateLimited),
        ("unavailable", Unavailable),
        ("unauthorized", Unauthorized),
        ("forbidden", Forbidden),
    ],
)
def test_requests_that_fail(desk: Desk, action: str, error: type[ProviderError]) -> None:
    """A request that fails raises the error of its kind, once, for reads and writes, and writes nothing."""
    changes = pair(desk)
    desk.script(action, times=2)
    with pytest.raises(error, match="desk"):
        desk.write(*changes)
    with pytest.raises(error, match="desk"):
        desk.keys(status="open")
    assert statuses(desk, changes) == ["open"] * 4


def test_stale_reads_wear_off(desk: Desk) -> None:
    """After a scripted write, reads show the old values of its slots for the given seconds, also of what was absent."""
    key = desk.keys(status="open")[0]
    slots = [
        Change(Slot("desk", "tickets", key, "status"), "open", "hold"),
        Change(Slot("desk", "tickets", key, "tags/or-x"), ABSENT, True),
    ]
    desk.script("stale_reads", args={"seconds": 3})
    assert {one.verdict for one in desk.write(*slots)} == {Verdict.DONE}
    old = [desk.value("tickets", key, change.slot.path) for change in slots]
    desk.io.sleep(3)
    assert (old, [desk.value("tickets", key, change.slot.path) for change in slots]) == (
        ["open", ABSENT],
        ["hold", True],
    )
    content = {"place": "board", "body": "Down"}
    desk.put("notice", "or-x", "notice", content)
    desk.script("stale_reads")
    desk.put("notice", "or-x", "notice", ABSENT, content)
    assert desk.value("notice", "or-x", "notice") == content
    desk.io.sleep(5)
    assert desk.value("notice", "or-x", "notice") is ABSENT


def test_a_slow_answer_is_waited_for_until_the_deadline(make: Callable[..., Desk]) -> None:
    """Within the deadline a slow request is answered; past it a write is unknown although it landed, a read fails."""
    desk = make(deadline=10)
    changes = pair(desk)
    desk.script("hang", args={"seconds": 5})
    assert desk.write(changes[0])[0].verdict is Verdict.DONE
    desk.script("hang", args={"seconds": 50}, times=2)
    assert desk.write(changes[1])[0].verdict is Verdict.UNKNOWN
    with pytest.raises(Unavailable, match="did not answer within 9 s"):
        desk.keys(status="open")
    assert desk.io.slept == [5, 9, 9]
    assert statuses(desk, changes) == ["hold", "hold", "open", "open"]


def test_garbage(desk: Desk) -> None:
    """A broken helpdesk answers values of wrong types, and one outcome too few; names stay readable."""
    desk.script("garbage", op="read", times=4)
    assert desk.value("tickets", "17", "status") == 42
    assert desk.value("business_hours", BR, "hours/mon") == "???"
    assert desk.value("channel", "201", "enabled") == "maybe"
    assert desk.value("channel", "201", "name") == "Chat"
    desk.script("garbage", op="write")
    assert len(desk.write(*pair(desk))) == 3


def test_faults_wait_for_their_turn_in_the_file(desk: Desk) -> None:
    """A fault skips, strikes and is spent across processes, and only on requests of its kind."""
    desk.script("unavailable", op="read", kind="rule", skip=1, times=1)
    other = Desk(desk.path)
    desk.keys(status="open")
    desk.value("rule", "401", "active")
    with pytest.raises(Unavailable):
        other.value("rule", "401", "active")
    assert desk.value("rule", "401", "active") is True
    desk.script("unavailable", times=0)
    for _ in range(3):
        with pytest.raises(Unavailable):
            other.value("rule", "401", "active")
    faults.clear(desk.db)
    assert faults.waiting(desk.db) == []
    assert other.value("rule", "401", "active") is True


@pytest.mark.parametrize(
    "fault",
    [
        Fault("explode"),
        Fault("lost_reply", op="read"),
        Fault("hang", op="sideways"),
        Fault("hang", skip=-1),
        Fault("hang", args={"seconds": "soon"}),
        Fault("reject", args={"item": 1.5}),
    ],
)
def test_a_fault_that_cannot_strike_is_no_fault(desk: Desk, fault: Fault) -> None:
    """A scripted fault is checked when it is scripted."""
    with pytest.raises(ValueError, match=r"\w+ "):
        faults.add(desk.db, fault)


def test_the_rate_limit(make: Callable[..., Desk]) -> None:
    """More requests than the configured number within a minute are refused, with the seconds to wait."""
    desk = make(requests_per_minute=2)
    assert desk.provider.capabilities()["tickets"].rate == 2
    desk.value("rule", "401", "active")
    desk.io.sleep(20)
    desk.value("rule", "401", "active")
    with pytest.raises(RateLimited, match="2 requests a minute") as caught:
        desk.value("rule", "401", "active")
    assert caught.value.retry_after == 40
    desk.io.sleep(caught.value.retry_after)
    desk.value("rule", "401", "active")
    assert desk.provider.requests == Counter(read=3)


# --- the file -------------------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, desk: Desk) -> None:
    """A missing, foreign, empty or locked file is Unavailable with the next step, for reads and writes."""
    (tmp_path / "notes").write_text("not a database, but long enough to look like one\n" * 40, encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with sqlite3.connect(tmp_path / "empty") as empty:
        empty.execute("CREATE TABLE something(x)")
    empty.close()
    for name, said in (
        ("missing", "runner sandbox seed"),
        ("folder", "runner sandbox seed"),
        ("notes", "not a helpdesk file"),
        ("empty", "not a helpdesk of version"),
    ):
        other = Desk(tmp_path / name)
        with pytest.raises(Unavailable, match=said):
            other.value("rule", "401", "active")
        with pytest.raises(Unavailable, match=said):
            other.put("rule", "401", "active", False)


def test_a_helpdesk_that_is_seeded_anew_is_seen(desk: Desk) -> None:
    """An open provider follows the file at its path: gone is gone, and a new one is read and written."""
    assert desk.put("rule", "401", "active", False).verdict is Verdict.DONE
    remove(desk.path)
    with pytest.raises(Unavailable, match="there is no helpdesk"):
        desk.value("rule", "401", "active")
    seed.fill(desk.path, tickets=1)
    assert desk.value("rule", "401", "active") is True
    assert len(list(desk.provider.read(Query("tickets", paths=("name",))))) == 1


def test_a_locked_file_is_unavailable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that finds the file locked raises and promises that nothing was sent."""
    with sqlite3.connect(desk.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        impatient = Database(desk.path, patience=0.01)
        monkeypatch.setattr(desk.provider, "_db", impatient)
        with pytest.raises(Unavailable, match="locked by another process"):
            desk.put("rule", "401", "active", False)
        other.execute("ROLLBACK")
    other.close()
    impatient.close()
    assert desk.value("rule", "401", "active") is True


def test_a_failed_write_leaves_nothing(desk: Desk) -> None:
    """A transaction that breaks is rolled back, and the next one finds the file free."""

    def breaks() -> None:
        with desk.db.transaction():
            desk.db.run("DELETE FROM rules")
            desk.db.rows("SELECT * FROM nowhere")

    with pytest.raises(HelpdeskDown):
        breaks()
    assert desk.value("rule", "401", "active") is True
    assert desk.put("rule", "401", "active", False).verdict is Verdict.DONE


def test_a_forked_child_opens_the_file_itself(desk: Desk) -> None:
    """A connection is never carried over a fork: the child writes through its own, the parent sees it."""
    desk.value("rule", "401", "active")
    child = os.fork()
    if child == 0:
        done = desk.put("rule", "401", "active", False).verdict is Verdict.DONE
        os._exit(0 if done else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert desk.value("rule", "401", "active") is False
    desk.provider.close()
    assert desk.value("rule", "401", "active") is False


def test_capabilities_need_no_file() -> None:
    """What the helpdesk offers is known without a file, and settings and checklists belong to people."""
    offered = open_target(Target("desk", "simulator", {"settle": 2}), ScriptedIo()).capabilities()
    assert {kind for kind, spec in offered.items() if spec.means is Means.PERSON} == {"access", "checklist"}
    assert offered["tickets"].precondition
    assert offered["business_hours"].whole_object
    assert {spec.settle for kind, spec in offered.items() if spec.means is Means.API} == {2}


@pytest.mark.parametrize("options", [{"file": 7}, {"requests_per_minute": "many"}, {"deadline": -1}, {"settle": True}])
def test_options_of_a_wrong_type_are_refused(options: Mapping[str, Any]) -> None:
    """An option that means nothing is named when the target is opened."""
    with pytest.raises(Rejected, match=f"targets.desk.options.{next(iter(options))}"):
        open_target(Target("desk", "simulator", options), ScriptedIo())


# --- people and the sandbox -----------------------------------------------------------------------------------------


@pytest.fixture
def sandbox(desk: Desk) -> Callable[..., str]:
    """Run a command of the sandbox on the desk; a failing one gives its message after its exit code."""

    def run(*words: str) -> str:
        result = CliRunner().invoke(group(lambda: [desk.target]), list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.output if result.exit_code == 0 else f"{result.exit_code}: {result.output}"

    return run


@pytest.mark.parametrize(
    ("words", "slot", "value"),
    [
        (("schedule", "Support BR", "fri", "08:00-12:00", "13:00-15:00"), ("business_hours", BR, "hours/fri"), 2),
        (("schedule", "#101", "fri", "closed"), ("business_hours", BR, "hours/fri"), []),
        (("channel", "WhatsApp", "enabled=false"), ("channel", "202", "enabled"), False),
        (("channel", "WhatsApp", "fri", "09:00-10:00"), ("channel_hours", "202", "hours/fri"), ["09:00-10:00"]),
        (("message", "Chat / offline", "en", r"One\nTwo"), ("message", "302", "text/en"), "One\nTwo"),
        (("message", "Chat / offline", "en", ""), ("message", "302", "text/en"), ABSENT),
        (("rule", "Answer outside business hours", "active=false"), ("rule", "403", "active"), False),
        (("ticket", "17", "status=solved", "assignee=ana"), ("tickets", "17", "status"), "solved"),
        (("ticket", "17", "tag=seen"), ("tickets", "17", "tags/seen"), True),
        (("ticket", "17", "group=Level 2", "priority=low", "channel=Mail"), ("tickets", "17", "group"), "Level 2"),
        (("snooze", "17", "due=2027-01-04T12:00:00Z"), ("snooze", "17", "snooze"), {"due": "2027-01-04T12:00:00Z"}),
        (("snooze", "17", "off"), ("snooze", "17", "snooze"), ABSENT),
        (("holiday", "Support BR", "natal-2026", "off"), ("holiday", BR, "holidays/natal-2026"), ABSENT),
        (("notice", "house-rules", "off"), ("notice", "house-rules", "notice"), ABSENT),
        (("notice", "lift", "subject=Lift"), ("notice", "lift", "name"), "Lift"),
    ],
)
def test_people_edit_by_name(
    desk: Desk, sandbox: Callable[..., str], words: tuple[str, ...], slot: tuple[str, str, str], value: Value
) -> None:
    """What a person types in the sandbox is what the runner reads, and it is logged as a person's doing."""
    assert sandbox("edit", *words) == ""
    found = desk.value(*slot)
    assert (len(found) if value == 2 else found) == value
    assert {line[0] for line in desk.history()} <= {"a person"}


def test_a_person_puts_a_holiday_in(desk: Desk, sandbox: Callable[..., str]) -> None:
    """A holiday of one day needs one date."""
    assert sandbox("edit", "holiday", "Support MX", "feria", "name=Feria", "from=2027-02-05") == ""
    day = {"name": "Feria", "start_date": "2027-02-05", "end_date": "2027-02-05"}
    assert desk.value("holiday", "102", "holidays/feria") == day


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("edit", "schedule", "Suport BR", "fri", "closed"), "did you mean 'Support BR'?"),
        (("edit", "rule", "xyz", "active=true"), "there are: Notify requester of received request"),
        (("edit", "schedule", "Support BR", "fri", "8-18"), "is not a range of hours"),
        (("edit", "schedule", "Support BR", "someday", "closed"), "someday"),
        (("edit", "channel", "Chat", "enabled=maybe"), "write true or false"),
        (("edit", "channel", "Chat", "colour=red"), "write enabled=..."),
        (("edit", "ticket", "17", "solved"), "write it as field=value"),
        (("edit", "ticket", "17", "mood=bad"), "a ticket has no field 'mood'"),
        (("edit", "ticket", "17", "priority=most"), "there is no priority 'most'"),
        (("edit", "ticket", "99999", "assignee=ana"), "there is no ticket 99999"),
        (("edit", "ticket", "99999", "status=open"), "there is no ticket 99999"),
        (("arrive", "status=lost"), "there is no status 'lost'"),
        (("throw-away", "99999"), "there is no ticket 99999"),
        (("show", "99999"), "there is no ticket 99999"),
        (("seed",), "is there already; replace it with `runner sandbox seed --force`"),
        (("faults", "add", "hang", "seconds=soon"), "seconds is a number from 0, not 'soon'"),
        (("--target", "other", "show"), "no target 'other' is an embedded helpdesk; in runner.yaml: desk"),
        (("--file", "/nonexistent/helpdesk.sqlite", "show"), "runner sandbox seed"),
    ],
)
def test_the_sandbox_says_what_is_wrong(
    desk: Desk, sandbox: Callable[..., str], words: tuple[str, ...], said: str
) -> None:
    """A mistake is a message with the next step and a failing exit code, and nothing is written."""
    before = dump.text(desk.db, everything=True)
    output = sandbox(*words)
    assert output.startswith(("1: ", "2: "))
    assert said in " ".join(output.split())
    assert dump.text(desk.db, everything=True) == before


def test_two_names_alike(desk: Desk, sandbox: Callable[..., str]) -> None:
    """Where two objects share a name the sandbox lists their ids, and an id names one."""
    desk.db.run("UPDATE rules SET name = 'Twin' WHERE id IN (401, 402)")
    assert "say which, #401 or #402" in sandbox("edit", "rule", "Twin", "active=false")
    assert sandbox("edit", "rule", "#402", "active=false") == ""
    assert (desk.value("rule", "401", "active"), desk.value("rule", "402", "active")) == (True, False)


def test_tickets_arrive_and_go(desk: Desk, sandbox: Callable[..., str]) -> None:
    """Customers write new tickets where the sandbox says, and a ticket that is thrown away is gone."""
    assert sandbox("arrive", "--count", "2", "status=open", "group=Level 1") == "tickets 451 to 452\n"
    assert sandbox("arrive") == "ticket 453\n"
    assert desk.keys(status="open", group="Level 1")[-2:] == ["451", "452"]
    assert desk.value("tickets", "453", "status") == "new"
    assert sandbox("throw-away", "451") == ""
    assert desk.value("tickets", "451", "status") is ABSENT


def test_the_sandbox_scripts_faults(desk: Desk, sandbox: Callable[..., str]) -> None:
    """Faults are added, listed and cleared from the command line, and strike as said."""
    assert sandbox("faults", "add", "rate_limited", "--op", "read", "--times", "0", "retry_after=7") == ""
    assert sandbox("faults", "list") == "rate_limited on read *, after 0, until cleared retry_after=7\n"
    with pytest.raises(RateLimited) as caught:
        desk.value("rule", "401", "active")
    assert caught.value.retry_after == 7
    assert sandbox("faults", "clear") == ""
    assert sandbox("faults", "list") == ""


def test_the_sandbox_shows_and_dumps(desk: Desk, sandbox: Callable[..., str]) -> None:
    """`show` is for people, one ticket with its history; `dump` is the canonical state, `--all` with the logs."""
    desk.put("channel", "201", "enabled", False)
    overview = sandbox("show")
    assert (
        "schedule  Support UA (Europe/Kyiv)  sun closed, mon-fri 09:00-13:00 14:00-18:00, sat 10:00-15:00" in overview
    )
    assert "channel   Chat (America/Sao_Paulo)  sun closed, mon-fri 08:00-20:00, sat 09:00-15:00  OFF" in overview
    assert "holiday 2026-12-25  Natal (natal-2026)" in overview
    assert "notice    house-rules (board): House rules" in overview
    taken = desk.db.rows("SELECT min(ticket_id) FROM snoozes")[0][0]
    assert "snoozed: due 2030-01-07T12:00:00Z, by ana, status pending" in sandbox("show", str(taken))
    assert 'created: null -> "new"' in sandbox("show", str(taken))
    assert sandbox("dump") == dump.text(desk.db)
    assert sandbox("dump", "--all") == dump.text(desk.db, everything=True)


def test_the_sandbox_finds_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file comes from --file, else from the one target of this provider, else from the working directory."""
    monkeypatch.chdir(tmp_path)
    one = Target("one", "simulator", {"file": "one.sqlite"}, folder=str(tmp_path))
    two = Target("two", "simulator", {"file": "two.sqlite"}, folder=str(tmp_path))
    other = Target("other", "zendesk")
    runs: list[tuple[list[Target], list[str], str]] = [
        ([], ["seed", "--tickets", "3"], "helpdesk.sqlite"),
        ([other, one], ["seed", "--tickets", "3"], "one.sqlite"),
        ([one, two], ["--target", "two", "seed", "--tickets", "3"], "two.sqlite"),
        ([one], ["--file", "mine.sqlite", "seed", "--tickets", "3", "--force"], "mine.sqlite"),
    ]
    for targets, words, name in runs:
        result = CliRunner().invoke(group(tuple(targets).__iter__), words)
        assert result.exit_code == 0
        assert result.output.endswith(f"{name}: 3 tickets\n")
        assert (tmp_path / name).is_file()
    result = CliRunner().invoke(group(lambda: [one, two]), ["show"])
    assert (result.exit_code, "say --target one or two" in result.output) == (2, True)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """`seed` into a place where no file can be made says so."""
    (tmp_path / "blocked").write_text("a file, not a folder", encoding="utf-8")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "x.sqlite")
    for name in ("blocked/x.sqlite", "dangling"):
        result = CliRunner().invoke(group(), ["--file", str(tmp_path / name), "seed", "--tickets", "1"])
        assert result.exit_code == 1
        assert "cannot be created" in result.output


def test_the_clock_of_the_pages_is_real(desk: Desk) -> None:
    """Edits by people carry the time of the machine, to the second."""
    at = datetime.fromisoformat(editing.clock(desk.db))
    assert timedelta() <= datetime.now(UTC) - at < timedelta(minutes=1)
