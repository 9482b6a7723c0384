"""Triggers and automations of the simulated Zendesk: kept, switched, refused, and what they do to tickets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.zendesk_account import Zendesk

CLOSED = {"all": [{"field": "in_business_hours", "operator": "is", "value": "false"}], "any": []}
CREATED = {"field": "update_type", "operator": "is", "value": "Create"}
MAIL = [{"field": "notification_user", "value": ["requester_id", "Closed", "We are closed. {{ticket.id}}"]}]
TAG = [{"field": "set_tags", "value": "seen"}]
AGED = {
    "all": [
        {"field": "status", "operator": "is", "value": "open"},
        {"field": "OPEN", "operator": "is", "value": "2"},
    ],
    "any": [],
}


@pytest.fixture
def zendesk() -> Zendesk:
    return Zendesk()


def trigger(**words: Any) -> dict[str, Any]:
    return {"trigger": {"title": "Blackout", "conditions": CLOSED, "actions": MAIL, **words}}


def automation(**words: Any) -> dict[str, Any]:
    return {"automation": {"title": "Blackout", "conditions": AGED, "actions": MAIL, **words}}


def when(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"all": [{"field": field, "operator": operator, "value": value}], "any": []}


# --- keeping --------------------------------------------------------------------------------------------------------


def test_new_triggers_go_last_and_can_be_found(zendesk: Zendesk) -> None:
    """A created trigger has the highest position, whatever was asked for."""
    made = zendesk.post("triggers", trigger(position=1))["trigger"]
    rows = zendesk.get("triggers", **{"page[size]": 100})["triggers"]
    assert made["position"] == max(row["position"] for row in rows)
    assert [row["id"] for row in zendesk.get("triggers/search", query="blackout")["triggers"]] == [made["id"]]
    assert zendesk.status("GET", "triggers/search", query="blackout", **{"page[size]": 1}) == 400
    assert zendesk.status("DELETE", f"triggers/{made['id']}") == 204
    assert zendesk.status("GET", f"triggers/{made['id']}") == 404


def test_cursor_paging(zendesk: Zendesk) -> None:
    """Pages of two give every trigger once."""
    seen: list[int] = []
    query: dict[str, Any] = {"page[size]": 2}
    while True:
        page = zendesk.get("triggers", **query)
        seen += [row["id"] for row in page["triggers"]]
        if not page["meta"]["has_more"]:
            break
        query["page[after]"] = page["meta"]["after_cursor"]
    assert seen == sorted(zendesk.account.triggers.records)


def test_a_put_of_one_array_replaces_both(zendesk: Zendesk) -> None:
    """Conditions without actions lose the actions, which is refused; both together are taken; a title touches none."""
    path = "triggers/42005"
    before = zendesk.get(path)["trigger"]
    assert zendesk.status("PUT", path, {"trigger": {"conditions": CLOSED}}) == 422
    assert zendesk.status("PUT", path, {"trigger": {"actions": MAIL}}) == 422
    renamed = zendesk.put(path, {"trigger": {"title": "Other"}})["trigger"]
    assert (renamed["conditions"], renamed["actions"]) == (before["conditions"], before["actions"])
    changed = zendesk.put(path, trigger(title="Other"))["trigger"]
    assert (changed["conditions"], changed["actions"]) == (CLOSED, MAIL)


def test_update_many_sees_three_properties_alone(zendesk: Zendesk) -> None:
    """Everything but active, position and category is ignored without a word."""
    before = zendesk.get("triggers/42005")["trigger"]
    item = {"id": 42_005, "active": False, "title": "X", "actions": [], "conditions": {}, "default": True}
    answer = zendesk.put("triggers/update_many", {"triggers": [item]})["triggers"]
    after = zendesk.get("triggers/42005")["trigger"]
    assert answer == [after]
    assert {**after, "active": True, "updated_at": ""} == {**before, "updated_at": ""}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"triggers": [{"id": "42005", "active": False}]}, 422),
        ({"triggers": [{"id": 42_005, "active": "no"}]}, 422),
        ({"triggers": [{"id": 42_005, "category_id": "1"}]}, 422),
        ({"triggers": [{"id": 1, "active": False}, {"id": 42_005, "active": False}]}, 404),
        ({"triggers": []}, 400),
        ({}, 400),
    ],
)
def test_update_many_refuses_the_whole_call(zendesk: Zendesk, body: Any, code: int) -> None:
    """Ids are integers, and one bad item leaves all as they were."""
    before = zendesk.account.dump()
    assert zendesk.status("PUT", "triggers/update_many", body) == code
    assert zendesk.account.dump() == before


@pytest.mark.parametrize(
    "words",
    [
        {"title": ""},
        {"actions": []},
        {"actions": [{"field": "explode"}]},
        {"conditions": {"all": [], "any": []}},
        {"conditions": when("mood", "is", "good")},
        {"conditions": when("in_business_hours", "is_not", "true")},
        {"conditions": when("PENDING", "is", "24")},
        {"category_id": "1"},
    ],
)
def test_triggers_that_are_refused(zendesk: Zendesk, words: dict[str, Any]) -> None:
    """Unknown fields, operators, actions and categories are 422, also the hours of an automation in a trigger."""
    assert zendesk.status("POST", "triggers", trigger(**words)) == 422


def test_reorder_fails_with_categories(zendesk: Zendesk) -> None:
    """All ids are needed, and one category at most."""
    assert len(zendesk.get("trigger_categories")["trigger_categories"]) == 2
    ids = list(zendesk.account.triggers.records)
    assert zendesk.status("PUT", "triggers/reorder", {"trigger_ids": ids[1:]}) == 404
    reply = zendesk.call("PUT", "triggers/reorder", {"trigger_ids": ids})
    assert reply.json()["error"] == "LimitOneCategory"
    del zendesk.account.triggers.categories[1]
    assert zendesk.status("PUT", "triggers/reorder", {"trigger_ids": ids[::-1]}) == 200
    assert zendesk.get(f"triggers/{ids[-1]}")["trigger"]["position"] == 1


def test_definitions_depend_on_the_schedules(zendesk: Zendesk) -> None:
    """Conditions on a certain schedule exist with several schedules only."""
    one = Zendesk(tickets=1, plan="professional")
    for account, several in ((zendesk, True), (one, False)):
        rows = account.get("triggers/definitions")["definitions"]["conditions_all"]
        names = {row["subject"] for row in rows}
        assert "in_business_hours" in names
        assert ("schedule_id" in names) is several


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({}, 201),
        ({"conditions": when("OPEN", "is", "2")}, 422),
        ({"conditions": when("status", "is", "open")}, 422),
        ({"conditions": {"all": [], "any": AGED["all"]}}, 422),
        ({"conditions": {**AGED, "all": [*AGED["all"], CREATED]}}, 422),
        ({"conditions": {**AGED, "all": [AGED["all"][0], {"field": "OPEN", "operator": "is", "value": "two"}]}}, 422),
    ],
)
def test_automations_need_a_time_and_a_subject(zendesk: Zendesk, words: dict[str, Any], code: int) -> None:
    """In `all` there is a time and one of the named fields."""
    assert zendesk.status("POST", "automations", automation(**words)) == code


def test_no_two_active_automations_alike(zendesk: Zendesk) -> None:
    """A twin is refused while both are active, on creation and when it is switched on."""
    zendesk.post("automations", automation())
    assert zendesk.status("POST", "automations", automation(title="Twin")) == 422
    twin = zendesk.post("automations", automation(active=False))["automation"]["id"]
    on = {"automations": [{"id": twin, "active": True}]}
    assert zendesk.status("PUT", "automations/update_many", on) == 422


def test_standard_automations_are_skipped_without_an_error(zendesk: Zendesk) -> None:
    """In bulk the others change and the standard one stays; alone it is refused."""
    items = [{"id": 43_001, "active": False}, {"id": 43_002, "active": False}]
    answer = zendesk.put("automations/update_many", {"automations": items})["automations"]
    assert [row["id"] for row in answer] == [43_002]
    assert zendesk.get("automations/43001")["automation"]["active"] is True
    assert zendesk.status("PUT", "automations/43001", {"automation": {"active": False}}) == 422


# --- acting ---------------------------------------------------------------------------------------------------------


def test_a_bulk_update_runs_triggers_and_mails(zendesk: Zendesk) -> None:
    """A status set in bulk fires the active trigger on it; the mail is in the outbox and in the audit."""
    (id_,) = zendesk.some("open")
    zendesk.bulk([id_], status="pending")
    (mail,) = zendesk.account.outbox
    assert (mail.ticket_id, mail.by.id, mail.subject.startswith("We wait")) == (id_, 42_005, True)
    events = zendesk.get(f"tickets/{id_}/audits")["audits"][-1]["events"]
    sent = [event for event in events if event["type"] == "Notification"]
    assert sent[0]["via"]["source"]["from"]["id"] == 42_005


@pytest.mark.parametrize("how", ["off", "tag"])
def test_ways_to_stay_silent(zendesk: Zendesk, how: str) -> None:
    """A trigger that is off, or that a tag keeps out, mails nobody."""
    tags = ["quiet"] if how == "tag" else []
    if how == "off":
        zendesk.put("triggers/update_many", {"triggers": [{"id": 42_005, "active": False}]})
    zendesk.bulk(zendesk.some("open", 3), status="pending", additional_tags=tags)
    assert zendesk.account.outbox == []


def test_the_answer_outside_business_hours(zendesk: Zendesk) -> None:
    """A condition on business hours follows the schedule; texts name the ticket."""
    zendesk.post("triggers", trigger(conditions={"all": [CREATED, *CLOSED["all"]], "any": []}))
    zendesk.account.customer_opens("while open")
    zendesk.now += 3600
    made = zendesk.account.customer_opens("while closed")
    texts = [mail.body for mail in zendesk.account.outbox if mail.subject == "Closed"]
    assert texts == [f"We are closed. {made.id}"]


def test_order_matters(zendesk: Zendesk) -> None:
    """A trigger sees what those before it did, and not what those after it do."""
    tagged = when("current_tags", "includes", "seen")
    zendesk.post("triggers", trigger(conditions=tagged, actions=[{"field": "priority", "value": "urgent"}]))
    zendesk.post("triggers", trigger(conditions={"all": [CREATED], "any": []}, actions=TAG))
    zendesk.post("triggers", trigger(conditions=tagged, actions=[{"field": "type", "value": "task"}]))
    made = zendesk.account.customer_opens()
    assert (made.tags, made.priority, made.type) == (("seen",), None, "task")


@pytest.mark.parametrize(
    ("conditions", "fires"),
    [
        (when("status", "changed", ""), True),
        (when("status", "value", "pending"), True),
        (when("status", "value_previous", "open"), True),
        (when("status", "value_previous", "new"), False),
        (when("status", "not_changed", ""), False),
        (when("status", "less_than", "solved"), True),
        (when("status", "greater_than", "solved"), False),
        (when("update_type", "is", "Change"), True),
        (when("update_type", "is", "Create"), False),
        (when("comment_is_public", "is", "true"), False),
        (when("comment_is_public", "is", "false"), True),
        (when("role", "is", "end_user"), False),
        (when("schedule_id", "is", "361001"), False),
        (when("within_schedule", "is", "361001"), True),
        (when("on_holiday", "is", "true"), False),
        (when("current_tags", "not_includes", "none"), True),
        ({"all": [CREATED], "any": []}, False),
        ({"all": [], "any": [CREATED, when("status", "is", "pending")["all"][0]]}, True),
    ],
)
def test_conditions(zendesk: Zendesk, conditions: dict[str, Any], fires: bool) -> None:
    """An open ticket set pending with an internal comment meets these conditions and not those."""
    zendesk.post("triggers", trigger(conditions=conditions, actions=TAG))
    (id_,) = zendesk.some("open")
    change = {"status": "pending", "comment": {"body": "Power is out", "public": False}}
    assert ("seen" in zendesk.put(f"tickets/{id_}", {"ticket": change})["ticket"]["tags"]) is fires


def test_set_schedule(zendesk: Zendesk) -> None:
    """An action binds a ticket to a schedule, whose hours then count."""
    zendesk.post(
        "triggers",
        trigger(conditions={"all": [CREATED], "any": []}, actions=[{"field": "set_schedule", "value": "361002"}]),
    )
    assert zendesk.account.customer_opens().schedule_id == 361_002


def test_automations_run_once_an_hour_and_count_hours(zendesk: Zendesk) -> None:
    """Two hours after a ticket was opened the automation mails, once; the hour before and after it does not."""
    zendesk.post("automations", automation())
    (id_,) = zendesk.some("pending")
    zendesk.account.customer_writes(id_)
    counts = []
    for _ in range(4):
        zendesk.pass_time(3600)
        counts.append(len([mail for mail in zendesk.account.outbox if mail.subject == "Closed"]))
    assert counts == [0, 0, 1, 1]  # opened at 14:40; 16:00 is one whole hour later, 17:00 two


def test_the_trap_of_a_long_pause(zendesk: Zendesk) -> None:
    """Tickets set pending are reminded after a day unless the automation is off; solved ones close after four days."""
    ids = zendesk.some("open", 2)
    (solved, *_) = zendesk.some("solved")
    zendesk.put("triggers/update_many", {"triggers": [{"id": 42_005, "active": False}]})
    zendesk.bulk(ids, status="pending")
    zendesk.pass_time(26 * 3600)
    assert sorted(mail.ticket_id for mail in zendesk.account.outbox) == ids
    zendesk.pass_time(96 * 3600)
    assert zendesk.get(f"tickets/{solved}")["ticket"]["status"] == "closed"


def test_a_job_moves_triggers_between_categories(zendesk: Zendesk) -> None:
    """The only way to reorder with categories; ids are texts, an integer is refused and changes nothing."""
    item = {"id": "42005", "position": 1, "category_id": "41002"}

    def job(**items: Any) -> Any:
        return zendesk.call("POST", "trigger_categories/jobs", {"job": {"action": "patch", "items": items}})

    assert job(triggers=[{**item, "id": 42_005}]).status_code == 400
    assert job(triggers=[{**item, "category_id": "1"}]).status_code == 400
    assert zendesk.get("triggers/42005")["trigger"]["category_id"] == "41001"
    assert job(triggers=[item], trigger_categories=[{"id": "41002", "position": 0}]).json()["status"] == "complete"
    assert zendesk.account.triggers.in_order()[0]["id"] == 42_005


ODD = [
    None,
    True,
    -1,
    "x",
    [],
    [1],
    [[]],
    {},
    {"all": 1},
    {"all": [1], "any": None},
    [{"field": []}],
    [{"field": "status"}],
]


@pytest.mark.parametrize("kind", ["trigger", "automation"])
@pytest.mark.parametrize("name", ["title", "conditions", "actions", "active", "position", "category_id"])
def test_odd_bodies_are_refused_and_break_nothing(zendesk: Zendesk, kind: str, name: str) -> None:
    """Whatever a client sends is answered, and rules that were taken can run."""
    whole = trigger() if kind == "trigger" else automation()
    for odd in ODD:
        code = zendesk.status("POST", f"{kind}s", {kind: {**whole[kind], name: odd}})
        assert code in (201, 400, 422), (odd, code)
        assert zendesk.status("PUT", f"{kind}s/update_many", {f"{kind}s": odd}) in (400, 404, 422)
    assert zendesk.status("PUT", "triggers/reorder", {"trigger_ids": [[]]}) == 404
    zendesk.account.customer_opens()
    zendesk.pass_time(7200)


@pytest.mark.parametrize(
    "actions",
    [
        [{"field": "status", "value": "asleep"}],
        [{"field": "priority", "value": "huge"}],
        [{"field": "set_schedule", "value": "1"}],
    ],
)
def test_actions_that_name_nothing(zendesk: Zendesk, actions: Any) -> None:
    """A status, priority or schedule in an action exists."""
    assert zendesk.status("POST", "triggers", trigger(actions=actions)) == 422
    assert zendesk.status("POST", "triggers", trigger(conditions=when("within_schedule", "is", "1"))) == 422
