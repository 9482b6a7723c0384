"""The kinds of Zendesk besides tickets: how they map to its API, what they claim, and what a plan refuses by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.wire.faults import Fault
from providers.zendesk.hours import hours_of, intervals_of, is_far, shown_name, split_name
from providers.zendesk.provider import Zendesk, open_target
from providers.zendesk.rules import definition_of
from providers.zendesk.simulator.account import Account
from providers.zendesk.simulator.guide import SECTIONS
from providers.zendesk.simulator.notify import APP
from providers.zendesk.simulator.zones import ZONES
from providers.zendesk.ticket_kind import category, matches, search_of, update_of, values_of
from providers.zendesk.zones import IANA, iana
from runner import minutes
from runner.commands.validate import validate
from runner.errors import InvalidInput, ProviderError
from runner.model import ABSENT, Change, Op, Outcome, Slot, Value, Verdict
from runner.spi import Context, Forbidden, Found, Query, Unavailable, Want
from runner.testing.io import ScriptedIo
from tests.support.zendesk import SECRETS, START, Wire, ZendeskLab, target

DAY = minutes.DAY
SUPPORT, BRAZIL = "361001", "361002"
RECEIVED = "Notify requester of new request"
PLAIN = {"all": [{"field": "status", "operator": "is", "value": "open"}]}


def context(start: datetime = START, **options: Any) -> Context:
    end = start + timedelta(hours=3)
    return Context("power-1", "step", target(**options), start, end, (start, end), "America/Sao_Paulo")


def provider(**options: Any) -> Zendesk:
    return open_target(target(**options), ScriptedIo(START, SECRETS))


def claims(kind: str, with_: Mapping[str, Any], found: Found, **options: Any) -> Sequence[Want]:
    return provider(**options).capabilities()[kind].claims(with_, context(**options), found)


class Desk:
    """A provider on a simulated account."""

    def __init__(self, **account: Any) -> None:
        self.io = ScriptedIo(START, SECRETS)
        self.account = Account(clock=lambda: self.io.now().timestamp(), **{"tickets": 5, **account})
        self.io = ScriptedIo(START, SECRETS, Wire(self.account))
        self.provider = open_target(target(app_id=APP), self.io)

    def read(self, kind: str, key: str, *paths: str) -> dict[str, Value]:
        return {slot.path: value for slot, value in self.provider.read(Query(kind, ids=(key,), paths=paths))}

    def write(self, kind: str, key: str, path: str, before: Value, after: Value) -> Outcome:
        (said,) = self.provider.write([Change(Slot("desk", kind, key, path), before, after)])
        assert isinstance(said, Outcome)
        return said

    def bodies(self, method: str, path: str) -> list[Any]:
        return [each.body for each in self.account.requests if each.method == method and path in each.path]


# --- hours <-> intervals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intervals", "hours"),
    [
        ([(1980, 2460)], {"mon": ["09:00-17:00"]}),
        ([(0, 1440)], {"sun": ["00:00-24:00"]}),
        ([(2700, 2880), (2880, 3060)], {"mon": ["21:00-24:00"], "tue": ["00:00-03:00"]}),
        ([(2220, 2460), (1980, 2160)], {"mon": ["09:00-12:00", "13:00-17:00"]}),
        ([(9960, 10080)], {"sat": ["22:00-24:00"]}),
        ([(9960, 0)], {"sat": ["22:00-24:00"]}),
        ([(10080, 60)], {"sun": ["00:00-01:00"]}),
        ([(2700, 3060)], {"mon": ["21:00-24:00"], "tue": ["00:00-03:00"]}),
        ([(9960, 120)], {"sat": ["22:00-24:00"], "sun": ["00:00-02:00"]}),
        ([(9960, 120), (600, 660)], {"sat": ["22:00-24:00"], "sun": ["00:00-02:00", "10:00-11:00"]}),
        ([(0, 10080)], {dow: ["00:00-24:00"] for dow in minutes.WEEKDAYS}),
        ([], {}),
    ],
)
def test_intervals_are_open_times(intervals: list[tuple[int, int]], hours: dict[str, list[str]]) -> None:
    """Minutes since Sunday become times of each day; midnight is an end, a day's or the week's, in either spelling."""
    rows = [{"start_time": start, "end_time": end} for start, end in intervals]
    every = {f"hours/{dow}": hours.get(dow, []) for dow in minutes.WEEKDAYS}
    assert hours_of(rows) == every


@st.composite
def days(draw: st.DrawFn) -> list[str]:
    """Return the open times of one day: sorted ranges that may touch."""
    marks = sorted(draw(st.sets(st.integers(0, DAY), max_size=8)))
    pairs = list(zip(marks[::2], marks[1::2], strict=False))
    if draw(st.booleans()):
        pairs = list(pairwise(marks))  # each begins where the one before ends
    return [f"{minutes.clock(start)}-{minutes.clock(end)}" for start, end in pairs]


@settings(max_examples=60)
@given(st.fixed_dictionaries({f"hours/{dow}": days() for dow in minutes.WEEKDAYS}))
def test_hours_come_back_from_their_intervals(week: dict[str, list[str]]) -> None:
    """Any week is the same after it went through Zendesk's intervals, ranges that touch included."""
    intervals = intervals_of(week)
    assert hours_of(intervals) == week
    for each in intervals:
        assert 0 <= each["start_time"] < each["end_time"] <= 7 * DAY
        assert each["start_time"] // DAY == (each["end_time"] - 1) // DAY, "an interval never crosses midnight"
    assert intervals == sorted(intervals, key=lambda each: each["start_time"])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 7 * DAY - 1), st.integers(1, 7 * DAY)).filter(lambda p: p[0] < p[1]), max_size=6)
)
def test_intervals_of_any_length_stay_the_same_minutes(pairs: list[tuple[int, int]]) -> None:
    """Even what Zendesk would not take keeps its minutes: nothing is lost where it is cut at midnight."""
    rows = [{"start_time": start, "end_time": end} for start, end in pairs]
    wanted = {minute for start, end in pairs for minute in range(start, end)}
    found = {minute for each in intervals_of(hours_of(rows)) for minute in range(each["start_time"], each["end_time"])}
    assert found == wanted


def test_a_whole_week_is_written_at_once() -> None:
    """Only the days of the step change; the others go along, because the list is replaced."""
    desk = Desk()
    said = desk.write("business_hours", SUPPORT, "hours/mon", ["09:00-17:00"], ["09:00-11:30", "14:30-17:00"])
    assert said.verdict is Verdict.DONE
    (body,) = desk.bodies("PUT", "/workweek")
    assert len(body["workweek"]["intervals"]) == 6
    assert body["workweek"]["intervals"][:2] == [
        {"start_time": 1980, "end_time": 2130},
        {"start_time": 2310, "end_time": 2460},
    ]
    assert desk.read("business_hours", SUPPORT, "hours/tue") == {"hours/tue": ["09:00-17:00"]}


def test_a_week_is_never_all_closed() -> None:
    """The last open hour is not taken away, in the plan nor on the wire; a holiday is offered."""
    week = {"name": "Support", "zone": "Europe/Kyiv", **{f"hours/{dow}": [] for dow in minutes.WEEKDAYS}}
    found = Found(SUPPORT, "Support", {**week, "hours/fri": ["16:30-19:30"]})
    with pytest.raises(InvalidInput, match="would be closed all week") as caught:
        claims("business_hours", {"schedule": "Support", "closed": "window"}, found)
    assert "uses: holiday" in caught.value.hint
    with pytest.raises(InvalidInput, match="would be closed all week"):
        claims("business_hours", {"schedule": "Support", "hours": {"fri": []}}, found)
    other = Found(SUPPORT, "Support", {**week, "hours/fri": ["16:00-19:30"]})
    (want,) = claims("business_hours", {"schedule": "Support", "closed": "window"}, other)
    assert (want.path, want.claim.op) == ("hours/fri", Op.MEMBERS)
    desk = Desk()
    paths = [f"hours/{dow}" for dow in ("mon", "tue", "wed", "thu", "fri")]
    changes = [Change(Slot("desk", "business_hours", SUPPORT, path), ["09:00-17:00"], []) for path in paths]
    outcomes = [each for each in desk.provider.write(changes) if isinstance(each, Outcome)]
    assert {each.verdict for each in outcomes} == {Verdict.REJECTED}
    assert desk.bodies("PUT", "/workweek") == []


# --- zones ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(IANA))
def test_every_zone_is_one_of_iana(name: str) -> None:
    """Each of Zendesk's names leads to a zone that Python knows."""
    assert ZoneInfo(iana(name)).utcoffset(START) is not None


def test_zones_are_those_of_the_account() -> None:
    """The table has every name that the account lists, and keeps the same hours, summer and winter."""
    assert set(IANA) >= set(ZONES)
    for name, zone in ZONES.items():
        for at in (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)):
            assert ZoneInfo(iana(name)).utcoffset(at) == ZoneInfo(zone).utcoffset(at), name


def test_a_zone_that_is_not_known_is_passed_on() -> None:
    """A name of IANA's stands as it is; an odd one is told by the plan, with the schedule that has it."""
    assert iana("Europe/Kyiv") == "Europe/Kyiv"
    found = Found("1", "Support", {"name": "Support", "zone": iana("Atlantis"), "hours/mon": ["09:00-10:00"]})
    with pytest.raises(InvalidInput, match=r"Support on desk: .*Atlantis"):
        claims("business_hours", {"schedule": "Support", "closed": "window"}, found)


# --- holidays ---------------------------------------------------------------------------------------------------------


TODAY = date(2026, 12, 11)


@pytest.mark.parametrize(
    ("first", "last", "far"),
    [
        ("2026-12-11", "2026-12-11", False),
        ("2024-12-13", "2024-12-13", False),
        ("2024-12-11", "2024-12-13", True),
        ("2028-12-08", "2028-12-09", False),
        ("2028-12-09", "2028-12-11", True),
        ("2020-01-01", "2026-12-11", True),
        ("2026-12-30", "2027-01-02", False),
    ],
)
def test_a_holiday_lies_within_two_years(first: str, last: str, far: bool) -> None:
    """The first and last day that Zendesk refuses are refused by us, with a day to spare for zones; others pass."""
    value = {"name": "X", "start_date": first, "end_date": last}
    assert is_far(value, TODAY) is far


@given(
    st.integers(-731, 731),
    st.integers(0, 3),
    st.sampled_from([date(2026, 12, 11), date(2028, 2, 29), date(2024, 3, 1)]),
)
def test_what_we_let_through_the_account_takes(offset: int, length: int, today: date) -> None:
    """No holiday passes our check and is then refused by the bounds of the account, a day of zones included."""
    first = today + timedelta(days=offset)
    value = {"name": "X", "start_date": first.isoformat(), "end_date": (first + timedelta(days=length)).isoformat()}
    if not is_far(value, today):
        for there in (today - timedelta(days=1), today, today + timedelta(days=1)):
            assert first > _years(there, -2)
            assert first + timedelta(days=length) < _years(there, 2)


def _years(day: date, years: int) -> date:
    leap = (day.month, day.day) == (2, 29)
    return date(day.year + years, day.month, 28 if leap else day.day)


@pytest.mark.parametrize("name", ["Power cut", "Corte [luz]", "x [or-nothing", "[or-abc]", "", "a [or-b] [c]"])
def test_a_marker_travels_in_the_name(name: str) -> None:
    """The marker at the end of a shown name is found again, whatever the name holds."""
    assert split_name(shown_name(name, "or-abcdefghijkl")) == (name, "or-abcdefghijkl")


@pytest.mark.parametrize("name", ["Power cut", "Corte [luz]", "Old [or-abc] news", "x [or-", ""])
def test_a_name_without_a_marker_is_not_ours(name: str) -> None:
    """Other people's holidays and rules are left alone, brackets or not."""
    assert split_name(name) == (name, "")


def test_a_holiday_is_made_once_and_found_by_its_marker() -> None:
    """Sent again after a lost reply, it is found, changed or left; a person's holiday of the same name stays."""
    desk = Desk()
    schedule = desk.account.hours.holidays[361_001]
    schedule[1] = {"id": 1, "name": "Power cut", "start_date": "2026-12-11", "end_date": "2026-12-11"}
    value = {"name": "Power cut", "start_date": "2026-12-11", "end_date": "2026-12-12"}
    path = "holidays/or-abcdefghijkl"
    for _ in range(2):
        assert desk.write("holiday", SUPPORT, path, ABSENT, value).verdict is Verdict.DONE
    assert len(desk.bodies("POST", "/holidays")) == 1
    assert desk.bodies("PUT", "/holidays") == []
    assert [each["name"] for each in schedule.values()] == ["Power cut", "Power cut [or-abcdefghijkl]"]
    assert desk.read("holiday", SUPPORT, path) == {path: value}
    later = {**value, "end_date": "2026-12-13"}
    assert desk.write("holiday", SUPPORT, path, value, later).verdict is Verdict.DONE
    assert desk.bodies("PUT", "/holidays")[0]["holiday"] == {**later, "name": "Power cut [or-abcdefghijkl]"}
    for _ in range(2):
        assert desk.write("holiday", SUPPORT, path, later, ABSENT).verdict is Verdict.DONE
    assert [each["name"] for each in schedule.values()] == ["Power cut"]


# --- rules ------------------------------------------------------------------------------------------------------------


def _rule(action: Mapping[str, Any] | None = None, key: str = "trigger-1") -> Found:
    mail = {"field": "notification_user", "value": ["requester_id", "Hello", "We are here."]}
    actions = [{"field": "status", "value": "open"}, action or mail]
    definition = {"type": "trigger", "title": "Say hello", "conditions": {"all": [], "any": []}, "actions": actions}
    return Found(key, "Say hello", {"name": "Say hello", "active": True, "definition": definition})


@pytest.mark.parametrize(
    ("with_", "body"),
    [({"append": "We are slow."}, "We are here.\n\nWe are slow."), ({"text": "We are slow."}, "We are slow.")],
)
def test_a_changed_text_is_a_copy(with_: Mapping[str, Any], body: str) -> None:
    """The copy has the new text in every mail and is otherwise the original, which is switched off."""
    found = _rule()
    copy, switch = claims("rule", {"trigger": "Say hello", **with_}, found)
    assert copy.path == f"clones/{context().marker(found.key)}"
    made = copy.claim.value
    assert made["actions"] == [
        {"field": "status", "value": "open"},
        {"field": "notification_user", "value": ["requester_id", "Hello", body]},
    ]
    assert {**made, "actions": 0} == {**_rule().values["definition"], "actions": 0}
    assert (switch.path, switch.claim.value) == ("active", False)


@pytest.mark.parametrize(
    "action", [{"field": "priority", "value": "high"}, {"field": "notification_target", "value": ["1", "x"]}]
)
def test_a_rule_without_a_mail_has_no_text(action: Mapping[str, Any]) -> None:
    """Where nothing is mailed there is no text to change, and the message says what to name."""
    with pytest.raises(InvalidInput, match="Say hello on desk sends no mail"):
        claims("rule", {"trigger": "Say hello", "append": "x"}, _rule(action))


def test_a_rule_is_of_the_kind_it_is_called() -> None:
    """`trigger:` does not switch an automation that has the name; `rule:` takes any of them."""
    found = _rule(key="automation-7")
    with pytest.raises(InvalidInput, match="Say hello on desk is no trigger") as caught:
        claims("rule", {"trigger": "Say hello", "active": False}, found)
    assert caught.value.hint == "write `automation:` in place of `trigger:`"
    assert claims("rule", {"rule": "Say hello", "active": False}, found)
    assert claims("rule", {"automation": {"id": 7}, "active": False}, found)


def test_ids_of_rules_say_their_kind() -> None:
    """An id under `trigger:` is a trigger's; under `rule:` it says itself what it is."""
    query = provider().capabilities()["rule"].query
    assert query({"trigger": {"id": 7}, "active": False}, context()).ids == ("trigger-7",)
    assert query({"department": [{"id": 7}, {"id": 8}], "active": False}, context()).ids == (
        "department-7",
        "department-8",
    )
    assert query({"rule": {"id": "automation-7"}, "active": False}, context()).ids == ("automation-7",)
    assert query({"make": "reminder", "body": "x"}, context()).ids == (context().marker(),)


def test_a_rule_as_written_is_the_rule_as_read() -> None:
    """Conditions and actions with numbers, flags, lists and nothing come back as they were claimed."""
    create = {
        "type": "trigger",
        "title": "Ours",
        "all": [
            {"field": "group_id", "operator": "is", "value": 21_002},
            {"field": "in_business_hours", "value": False},
            {"field": "assignee_id", "operator": "changed"},
        ],
        "any": [{"field": "current_tags", "operator": "includes", "value": "vip"}],
        "actions": [
            {"field": "notification_user", "value": ["requester_id", "Hi", "There"]},
            {"field": "group_id", "value": 21_002},
        ],
    }
    (want,) = claims("rule", {"create": create}, Found("m", "m", {}))
    value = want.claim.value
    row = {"conditions": value["conditions"], "actions": value["actions"]}
    assert definition_of("trigger", row, "Ours") == value
    assert value["conditions"]["all"][0]["value"] == "21002"
    assert value["conditions"]["all"][1] == {"field": "in_business_hours", "operator": "is", "value": "false"}


@pytest.mark.parametrize(
    ("with_", "kind", "fields"),
    [
        ({"make": "out_of_hours", "subject": "S", "body": "B"}, "trigger", ["update_type", "in_business_hours"]),
        ({"make": "reminder", "after": 4, "body": "B"}, "automation", ["status", "updated_at", "current_tags"]),
        (
            {"make": "reminder", "after": 4, "since": "requester", "body": "B"},
            "automation",
            ["status", "requester_updated_at", "current_tags"],
        ),
    ],
)
def test_ready_made_rules_are_whole(with_: Mapping[str, Any], kind: str, fields: list[str]) -> None:
    """An answer out of hours is a trigger; a reminder is an automation with a status, a time, and a stop after once."""
    (want,) = claims("rule", with_, Found("m", "m", {}))
    rule = want.claim.value
    assert (rule["type"], [each["field"] for each in rule["conditions"]["all"]]) == (kind, fields)
    assert rule["actions"][0]["field"] == "notification_user"
    assert rule["actions"][0]["value"][0] == "requester_id"
    if kind == "automation":
        marker = context().marker()
        assert rule["actions"][1] == {"field": "current_tags", "value": marker}
        assert rule["conditions"]["all"][2] == {"field": "current_tags", "operator": "not_includes", "value": marker}


def test_a_reminder_needs_its_hours() -> None:
    """Without `after` nobody knows when to remind."""
    with pytest.raises(InvalidInput, match="a reminder needs the hours") as caught:
        claims("rule", {"make": "reminder", "body": "B"}, Found("m", "m", {}))
    assert "`after: 4`" in caught.value.hint


def test_many_rules_are_switched_in_one_request() -> None:
    """Triggers and automations of a batch are switched by one `update_many` each, which touches nothing else."""
    desk = Desk()
    keys = ["trigger-42001", "automation-43001", "trigger-42002"]
    changes = [Change(Slot("desk", "rule", key, "active"), True, False) for key in keys]
    assert [each.verdict for each in desk.provider.write(changes) if isinstance(each, Outcome)] == [Verdict.DONE] * 3
    (triggers,) = desk.bodies("PUT", "/triggers/update_many")
    assert triggers == {"triggers": [{"id": 42_001, "active": False}, {"id": 42_002, "active": False}]}
    assert desk.bodies("PUT", "/automations/update_many") == [{"automations": [{"id": 43_001, "active": False}]}]


def test_chat_is_switched_by_its_own_api() -> None:
    """Chat triggers and departments are switched one by one, with 0 and 1."""
    desk = Desk()
    for key, path in (("chat_trigger-61001", "/chat/triggers/61001"), ("department-62001", "/chat/departments/62001")):
        assert desk.write("rule", key, "active", True, False).verdict is Verdict.DONE
        assert desk.bodies("PUT", path) == [{"enabled": 0}]


def test_a_copy_is_made_once_and_the_original_named_still(tmp_path: Path) -> None:
    """While an outage holds a copy, the original is found by its name, and two outages can edit it; all comes back."""
    lab = ZendeskLab(tmp_path, tickets=5)
    before = lab.account.dump()
    step = {"id": "mail", "uses": "rule", "with": {"trigger": RECEIVED, "append": "We are slow."}}
    lab.apply(lab.playbook("one", [step]))
    titles = [row["title"] for row in lab.account.triggers.records.values()]
    assert len([title for title in titles if title.startswith(RECEIVED)]) == 2
    lab.apply(lab.playbook("two", [{**step, "with": {"trigger": RECEIVED, "active": False}}]))
    lab.revert("one")
    assert lab.account.triggers.records[42_001]["active"] is False
    lab.revert("two")
    assert lab.account.dump() == before


def test_two_rules_of_one_step_have_a_copy_each(tmp_path: Path) -> None:
    """A step that edits two triggers makes two copies, told apart by their markers; the revert deletes both."""
    lab = ZendeskLab(tmp_path, tickets=5)
    before = lab.account.dump()
    other = "Notify requester of comment update"
    step = {"id": "mail", "uses": "rule", "with": {"trigger": [RECEIVED, other], "append": "We are slow."}}
    lab.apply(lab.playbook("one", [step]))
    titles = [str(row["title"]) for row in lab.account.triggers.records.values()]
    copies = [title.partition(" [")[2] for title in titles if "[or-" in title]
    assert len(copies) == len(set(copies)) == 2
    lab.revert("one")
    assert lab.account.dump() == before


# --- tickets, pure ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, ""),
        ({"status": "open"}, "status:open"),
        ({"status": ["open", "pending"]}, "status:open status:pending"),
        ({"status": {"status": "pending", "custom_status_id": 7}}, "status:pending"),
        ({"status": ["pending", {"status": "pending", "custom_status_id": 7}]}, "status:pending"),
        ({"group": ["21002"], "priority": "high"}, "group:21002 priority:high"),
        ({"channel": "native messaging"}, 'via:"native messaging"'),
        ({"tags": ["vip", "app"]}, "tags:vip"),
        ({"tags": "a:b"}, 'tags:"a:b"'),
        ({"channel": 'x" status:solved "'}, 'via:"x status:solved "'),
    ],
)
def test_a_selection_is_a_search(where: Mapping[str, Any], text: str) -> None:
    """A selection in the words of Zendesk's search: quoted where needed, never broken out of, one tag of several."""
    assert search_of(where) == text


ROW = {
    "id": 7,
    "subject": "Hello",
    "status": "pending",
    "custom_status_id": 22_003,
    "priority": None,
    "group_id": 21_002,
    "via": {"channel": "email"},
    "tags": ["a", "b"],
    "updated_at": "2026-12-11T14:30:00Z",
}
DEFAULTS, GROUPS = frozenset({22_001, 22_003}), {21_002: "Level 1"}


def test_a_ticket_is_its_slots() -> None:
    """Status, tags, group, channel and stamp of a ticket as Zendesk shows it; nothing is ABSENT."""
    assert values_of(ROW, DEFAULTS, GROUPS) == {
        "name": "Hello",
        "status": "pending",
        "group": {"name": "Level 1", "id": "21002"},
        "channel": "email",
        "priority": ABSENT,
        "updated_at": "2026-12-11T14:30:00Z",
        "tags/a": True,
        "tags/b": True,
    }
    bare = values_of({"id": 7, "status": "open"}, DEFAULTS, GROUPS)
    assert bare["name"] == "#7"
    assert {bare[name] for name in ("group", "channel", "priority", "updated_at")} == {ABSENT}


@pytest.mark.parametrize(
    ("custom", "defaults", "status"),
    [
        (22_003, DEFAULTS, "pending"),
        (22_006, DEFAULTS, {"status": "pending", "custom_status_id": 22_006}),
        (22_006, frozenset(), "pending"),
        (None, DEFAULTS, "pending"),
    ],
)
def test_a_status_of_the_accounts_own_is_kept(custom: int | None, defaults: frozenset[int], status: Value) -> None:
    """A ticket in a custom status says which; in its category's default the category is enough."""
    value = values_of({**ROW, "custom_status_id": custom}, defaults, GROUPS)["status"]
    assert value == status
    assert category(value) == "pending"


def _change(path: str, after: Value) -> Change:
    return Change(Slot("desk", "tickets", "7", path), ABSENT, after)


@pytest.mark.parametrize(
    ("changes", "defaults", "body"),
    [
        ([_change("status", "hold")], {}, {"status": "hold"}),
        ([_change("status", "hold")], {"hold": 22_004}, {"status": "hold", "custom_status_id": 22_004}),
        (
            [_change("status", {"status": "pending", "custom_status_id": 7})],
            {"pending": 22_003},
            {"status": "pending", "custom_status_id": 7},
        ),
        ([_change("tags/a", True), _change("tags/b", True)], {}, {"additional_tags": ["a", "b"]}),
        (
            [_change("tags/a", ABSENT), _change("tags/b", True), _change("status", "open")],
            {},
            {"remove_tags": ["a"], "additional_tags": ["b"], "status": "open"},
        ),
        ([_change("tags/a/b", True)], {}, {"additional_tags": ["a/b"]}),
    ],
)
def test_an_update_says_only_what_changes(
    changes: list[Change], defaults: dict[str, int], body: dict[str, Any]
) -> None:
    """Tags are added and removed, never replaced; a status is exact; there is never a comment."""
    assert update_of(changes, defaults) == body


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ({"group": "Level 1"}, True),
        ({"group": "level 1"}, True),
        ({"group": "21002"}, True),
        ({"group": ["Sales", "21002"]}, True),
        ({"group": "Sales"}, False),
        ({"group": "none"}, False),
        ({"channel": "mail"}, True),
        ({"channel": "chat"}, False),
        ({"priority": "none"}, True),
        ({"priority": ["none", "low"]}, True),
        ({"priority": "low"}, False),
        ({"tags": ["a", "b"], "status": ["open", "pending"]}, True),
        ({"tags": ["a", "c"]}, False),
    ],
)
def test_a_ticket_is_matched_as_it_is_searched(where: Mapping[str, Any], fits: bool) -> None:
    """What is held already is matched without a search, by the same words."""
    assert matches(where, values_of(ROW, DEFAULTS, GROUPS)) is fits


# --- bad input, named: nothing is written ---------------------------------------------------------------------------


def refused(lab: ZendeskLab, uses: str, with_: Mapping[str, Any]) -> InvalidInput | ProviderError:
    """Plan and apply a step; both are refused in the same words, and nothing is written."""
    before, book = lab.account.dump(), lab.playbook("power", [{"id": "step", "uses": uses, "with": dict(with_)}])
    with pytest.raises((InvalidInput, ProviderError)) as planned:
        lab.plan(book)
    with pytest.raises((InvalidInput, ProviderError)) as applied:
        lab.apply(book)
    assert applied.value.message == planned.value.message
    assert lab.account.dump() == before
    assert {each.method for each in lab.account.requests if not each.rule.startswith("/oauth")} <= {"GET"}
    return planned.value


@pytest.fixture
def lab(tmp_path: Path) -> ZendeskLab:
    return ZendeskLab(tmp_path, tickets=5, app_id=APP)


HOURS = {"closed": "window"}
NOTICE = {"section": SECTIONS[0][0], "subject": {"en-us": "Power cut"}, "body": {"en-us": "Slow."}}


@pytest.mark.parametrize(
    ("uses", "with_", "said", "hint"),
    [
        ("business_hours", {"schedule": "Suport", **HOURS}, "has no business_hours named 'Suport'", "'Support'"),
        ("holiday", {"schedule": "Suport", "name": "X"}, "has no holiday named 'Suport'", "'Support'"),
        ("business_hours", {"schedule": {"id": 9}, **HOURS}, "has no schedule with the id 9", "address"),
        ("holiday", {"schedule": {"id": 9}, "name": "X"}, "has no schedule with the id 9", "address"),
        ("rule", {"trigger": "Notify requestr", "active": False}, "has no rule named", "'Notify requester of"),
        ("rule", {"trigger": {"id": 9}, "active": False}, "has no trigger with the id trigger-9", "address"),
        ("rule", {"automation": RECEIVED, "active": False}, "is no automation", "`trigger:`"),
        ("message", {"message": "Outage", "text": "x"}, "has no message named 'Outage'", "'Outage notice'"),
        ("message", {"message": {"id": 9}, "text": "x"}, "has no message with the id 9", "address"),
        ("message", {"message": "Outage notice", "text": {"xx": "x"}}, "has no language 'xx'", "it has: "),
        ("message", {"message": "Outage notice", "text": {"es": "x", "fr": "x"}}, "has no language 'fr'", "it has: "),
        ("voice", {"number": "Support", "greeting": {"wait": "x"}}, "has no voice named 'Support'", "'Support line'"),
        ("voice", {"number": {"id": 9}, "greeting": {"wait": "x"}}, "has no number with the id 9", "address"),
        (
            "voice",
            {"number": "Support line", "greeting": {"wait": "Musik"}},
            "has no wait greeting named",
            "Waiting music",
        ),
        ("notice", {"article": "Our hour", "promoted": True}, "has no notice named 'Our hour'", "'Our hours'"),
        ("notice", {"article": {"id": 9}, "promoted": True}, "has no article with the id 9", "address"),
        ("notice", {**NOTICE, "section": 9}, "has no section 9", "51001 Contact and hours"),
        ("notice", {**NOTICE, "section": "x"}, "has no section x", "51001 Contact and hours"),
        ("notice", {**NOTICE, "subject": {"xx": "Corte"}}, "has no language 'xx'", "`en-us`"),
        ("notice", {"subject": "x", "body": "y"}, "an article needs a section", "`section: <id>`"),
        ("holiday", {"schedule": "Support", "name": "X", "from": "2029-01-01"}, "is too far away", "two years"),
        (
            "holiday",
            {"schedule": "Support", "name": "X", "from": "2024-12-01", "to": "2026-12-12"},
            "from 2024-12-01 to 2026-12-12 is too far away",
            "two years",
        ),
        ("business_hours", {"schedule": "Support", "hours": {"fri": ["22:00-06:00"]}}, "hours of fri", ""),
    ],
)
def test_what_does_not_exist_is_named(
    lab: ZendeskLab, uses: str, with_: Mapping[str, Any], said: str, hint: str
) -> None:
    """Names and ids of schedules, rules, texts, numbers, articles, sections and languages are looked up before anything
    is written; the nearest names are offered."""
    fault = refused(lab, uses, with_)
    assert isinstance(fault, InvalidInput)
    assert fault.message.startswith("step step: ")
    assert said in fault.message
    assert hint in fault.hint


def test_two_schedules_of_one_name_are_told_apart_by_id(lab: ZendeskLab) -> None:
    """An ambiguous name is refused with the ids to choose from, and an id is accepted."""
    lab.account.hours.schedules[361_002]["name"] = "Support"
    fault = refused(lab, "business_hours", {"schedule": "Support", **HOURS})
    assert "has 2 business_hours objects named 'Support'" in fault.message
    assert isinstance(fault, InvalidInput)
    assert "361001, 361002" in fault.hint
    step = {"id": "step", "uses": "business_hours", "with": {"schedule": {"id": 361_002}, **HOURS}}
    lab.apply(lab.playbook("power", [step]))
    assert lab.account.requested("PUT", "/api/v2/business_hours/schedules/<int:id>/workweek") == 1


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"plan": "team"}, "not allowed (the plan has no schedules)"),
        ({"features": {"business_hours": False}}, "this account does not have the feature"),
    ],
)
@pytest.mark.parametrize(
    ("uses", "with_"),
    [("business_hours", {"schedule": "Support", **HOURS}), ("holiday", {"schedule": "Support", "name": "X"})],
)
def test_a_plan_without_schedules_is_named(
    lab: ZendeskLab, account: Mapping[str, Any], said: str, uses: str, with_: Mapping[str, Any]
) -> None:
    """On a plan that has no schedules, and where the feature is off, the plan of the account is what is told."""
    lab.account = Account(clock=lambda: lab.clock, tickets=5, **account)
    fault = refused(lab, uses, with_)
    assert isinstance(fault, Forbidden)
    assert said in fault.message


def test_messages_to_agents_need_an_app(tmp_path: Path) -> None:
    """Without `app_id` the plan says so; with one that is not installed the step is refused."""
    lab = ZendeskLab(tmp_path, tickets=5)
    fault = refused(lab, "notice", {"place": "agents", "body": "Phones are down."})
    assert "no app that could show messages" in fault.message
    desk = Desk()
    object.__setattr__(desk.provider.client.account, "app_id", 1)
    slot = Slot("desk", "notice", "or-abcdefghijkl", "sent")
    (said,) = desk.provider.write([Change(slot, ABSENT, "digest", {"body": "x"})])
    assert isinstance(said, Outcome)
    assert (said.verdict, said.reason) == (Verdict.REJECTED, "app 1 is not installed in this account")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("garbage", "is this address really Zendesk's?"),
        ("redirect", "redirects to "),
        ("503", "Zendesk answers 503"),
        ("reset", "gave no answer"),
    ],
)
def test_an_answer_that_is_none_is_told(lab: ZendeskLab, what: Any, said: str) -> None:
    """A 200 with garbage, a redirect to another host, overload and broken connections end the plan in a sentence."""
    lab.account.faults.add(Fault(what, rule="/api/v2/business_hours/schedules", times=0))
    fault = refused(lab, "business_hours", {"schedule": "Support", **HOURS})
    assert isinstance(fault, Unavailable)
    assert said in fault.message


def test_a_host_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """An address that is not Zendesk's is refused before a credential is sent anywhere."""
    lab = ZendeskLab(tmp_path, tickets=5, url="https://zendesk.com.example.org")
    fault = refused(lab, "business_hours", {"schedule": "Support", **HOURS})
    assert "zendesk.com.example.org is no address of this vendor (zendesk.com)" in fault.message
    assert lab.account.requests == []


PLAYBOOK = """
apiVersion: runner/v1
kind: Playbook
metadata: {{name: power, title: Power cut, owner: ops@example.com}}
spec:
  outage: partial
  timezone: America/Sao_Paulo
  windows: [{{start: 2026-12-11 11:30, end: 2026-12-11 14:30}}]
  steps:
    - id: step
      uses: {uses}
      target: desk
      with: {with_}
"""


@pytest.mark.parametrize(
    ("uses", "with_", "said"),
    [
        (
            "business_hours",
            "{schedule: Support, hours: {fri: ['22:00-06:00']}}",
            "22:00-06:00 does not end after it starts",
        ),
        ("tickets", "{select: {status: opened}, status: pause, at_most: 5}", "desk has no status opened"),
        ("tickets", "{select: {status: open}, status: closed, at_most: 5}", "desk cannot set the status closed here"),
        ("tickets", "{select: {status: open}, status: new, at_most: 5}", "desk cannot set the status new here"),
        ("holiday", "{schedule: Support, name: X, from: '2026-02-30'}", "2026-02-30 is no day of the calendar"),
        ("rule", "{trigger: X}", "append"),
        ("voice", "{enabled: false, number: X}", "number"),
        ("schedule", "{schedule: Support}", "does not offer schedule"),
    ],
)
def test_validate_names_what_can_be_known_offline(
    lab: ZendeskLab, tmp_path: Path, uses: str, with_: str, said: str
) -> None:
    """An interval across midnight, a status that is not there or never set, a day that does not exist: told by
    `runner validate`, without a request."""
    file = tmp_path / "power.yaml"
    file.write_text(PLAYBOOK.format(uses=uses, with_=with_), encoding="utf-8")
    result = validate([file], lab.config, lab.session.capabilities())
    assert [each.message for each in result.diagnostics if said in each.message], result.diagnostics
    assert result.errors
    assert lab.account.requests == []


def test_a_rules_mail_has_the_texts_of_all_languages() -> None:
    """A mail is the same for everybody: the target's languages first, each text once; none is dropped in silence."""
    texts = {"uk": "Затримка.", "es": "Vamos lento.", "en": "We are slow."}
    step = {"make": "out_of_hours", "subject": {"es": "Cerrado", "en": "Closed"}, "body": texts}
    (want,) = claims("rule", step, Found("or-x", "or-x", {}))
    rule: Any = want.claim.value
    assert rule["actions"][0]["value"][1:] == ["Closed / Cerrado", "We are slow.\n\nVamos lento.\n\nЗатримка."]


def test_who_sees_an_article_is_not_for_a_step_to_say(lab: ZendeskLab) -> None:
    """`audience` belongs to messages to agents; on an article it is refused, not ignored."""
    step = {"section": SECTIONS[0][0], "subject": "Power cut", "audience": {"customers": "all"}}
    with pytest.raises(InvalidInput, match="decided by its section"):
        lab.apply(lab.playbook("power", [{"id": "tell", "uses": "notice", "with": step}]))
