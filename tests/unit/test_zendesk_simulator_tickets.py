"""Tickets of the simulated Zendesk: one by one, in bulk through jobs, their history, and people meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from providers.wire.faults import Fault
from providers.zendesk.simulator.core import Refusal
from tests.support.zendesk_account import Zendesk

PENDING = 22_003
OWN = 22_006  # a status of the account below pending


@pytest.fixture
def zendesk() -> Zendesk:
    return Zendesk()


def details(reply: Any) -> list[str]:
    assert reply.status_code == 422, reply.text
    return list(reply.json()["details"])


# --- one ticket -----------------------------------------------------------------------------------------------------


def test_a_seed_is_the_same_every_time_and_nothing_is_stored() -> None:
    """A ticket is a function of its id; reading stores nothing; another seed is another account."""
    first, second = Zendesk(), Zendesk()
    ids = "1,2,3,77"
    assert first.get("tickets/show_many", ids=ids) == second.get("tickets/show_many", ids=ids)
    assert first.get("tickets/show_many", ids=ids) != Zendesk(seed=2).get("tickets/show_many", ids=ids)
    assert first.account.store.changed == {}


@pytest.mark.parametrize(
    ("status", "change", "field"),
    [
        ("open", {"status": "new"}, "status"),
        ("open", {"status": "asleep"}, "status"),
        ("closed", {"status": "open"}, "status"),
        ("closed", {"additional_tags": ["late"]}, "status"),
        ("open", {"priority": "none"}, "priority"),
        ("open", {"assignee_id": 1}, "assignee_id"),
        ("open", {"group_id": 1}, "group_id"),
        ("open", {"custom_status_id": 1}, "custom_status_id"),
        ("open", {"tags": [1]}, "tags"),
        ("open", {"comment": {"body": ""}}, "comment"),
        ("open", {"comment": {"body": "x", "public": "no"}}, "comment"),
    ],
)
def test_what_a_ticket_refuses(zendesk: Zendesk, status: str, change: dict[str, Any], field: str) -> None:
    """Each is 422 with the field in the details, and changes nothing."""
    (id_,) = zendesk.some(status)
    before = zendesk.account.dump()
    assert details(zendesk.call("PUT", f"tickets/{id_}", {"ticket": change})) == [field]
    assert zendesk.account.dump() == before


def test_closed_says_so_and_is_final(zendesk: Zendesk) -> None:
    """The API accepts `closed`; afterwards every write is refused in the recorded words."""
    (id_,) = zendesk.some("open")
    zendesk.put(f"tickets/{id_}", {"ticket": {"status": "closed"}})
    reply = zendesk.call("PUT", f"tickets/{id_}", {"ticket": {"priority": "low"}})
    assert reply.json()["details"]["status"][0]["description"] == "closed prevents ticket update"


def test_hold_needs_the_feature() -> None:
    """Without the on-hold status there is no held ticket, and none can be made."""
    zendesk = Zendesk(features={"on_hold_status": False})
    assert zendesk.some("hold") == []
    (id_,) = zendesk.some("open")
    assert details(zendesk.call("PUT", f"tickets/{id_}", {"ticket": {"status": "hold"}})) == ["status"]


def test_custom_statuses(zendesk: Zendesk) -> None:
    """An own status decides the category; the category alone leads to its default; staying in it keeps the own one."""
    (id_,) = zendesk.some("open")
    path = f"tickets/{id_}"
    shown = zendesk.put(path, {"ticket": {"custom_status_id": OWN}})["ticket"]
    assert (shown["status"], shown["custom_status_id"]) == ("pending", OWN)
    assert zendesk.put(path, {"ticket": {"status": "pending"}})["ticket"]["custom_status_id"] == OWN
    zendesk.put(path, {"ticket": {"status": "open"}})
    assert zendesk.put(path, {"ticket": {"status": "pending"}})["ticket"]["custom_status_id"] == PENDING
    off = Zendesk(features={"custom_statuses": False})
    assert details(off.call("PUT", path, {"ticket": {"custom_status_id": OWN}})) == ["custom_status_id"]


def test_a_required_field_keeps_a_ticket_unsolved(zendesk: Zendesk) -> None:
    """Solving may be refused in `base`."""
    (id_,) = zendesk.some("open")
    zendesk.account.drafts.unsolvable.add(id_)
    assert details(zendesk.call("PUT", f"tickets/{id_}", {"ticket": {"status": "solved"}})) == ["base"]


def test_a_priority_is_never_cleared(zendesk: Zendesk) -> None:
    """Once set it can change and not go away."""
    (id_,) = zendesk.some("open")
    zendesk.put(f"tickets/{id_}", {"ticket": {"priority": "high"}})
    assert details(zendesk.call("PUT", f"tickets/{id_}", {"ticket": {"priority": None}})) == ["priority"]


def test_tags(zendesk: Zendesk) -> None:
    """`tags` overwrites, the other two merge; on the tag endpoint PUT adds, POST replaces, DELETE removes."""
    (id_,) = zendesk.some("open")

    def after(**change: Any) -> list[str]:
        return list(zendesk.put(f"tickets/{id_}", {"ticket": change})["ticket"]["tags"])

    assert after(tags=["b", "A"]) == ["a", "b"]
    assert after(additional_tags=["c"]) == ["a", "b", "c"]
    assert after(remove_tags=["a", "none"]) == ["b", "c"]
    path = f"tickets/{id_}/tags"
    assert zendesk.put(path, {"tags": ["d"]})["tags"] == ["b", "c", "d"]
    assert zendesk.post(path, {"tags": ["e"]})["tags"] == ["e"]
    assert zendesk.status("DELETE", path, {"tags": ["e"]}) == 204
    assert zendesk.get(path)["tags"] == []


def test_safe_update(zendesk: Zendesk) -> None:
    """A stamp that is not the ticket's is 409 UpdateConflict, also with safe_update false; a stamp is needed."""
    (id_,) = zendesk.some("open")
    stamp = zendesk.get(f"tickets/{id_}")["ticket"]["updated_at"]
    path = f"tickets/{id_}"
    zendesk.account.person_edits(id_, subject="Changed")
    for flag in (True, False):
        change = {"safe_update": flag, "updated_stamp": stamp, "priority": "high"}
        reply = zendesk.call("PUT", path, {"ticket": change})
        assert (reply.status_code, reply.json()["error"]) == (409, "UpdateConflict")
    assert zendesk.status("PUT", path, {"ticket": {"safe_update": True, "priority": "high"}}) == 400
    fresh = zendesk.get(path)["ticket"]["updated_at"]
    assert (
        zendesk.status("PUT", path, {"ticket": {"safe_update": True, "updated_stamp": fresh, "priority": "high"}})
        == 200
    )


def test_comments_follow_the_first_one(zendesk: Zendesk) -> None:
    """Without a word about it a comment is public where the first one was, and then it mails the customer."""
    (id_,) = zendesk.some("open")
    zendesk.put(f"tickets/{id_}", {"ticket": {"comment": {"body": "Hello"}}})
    assert [mail.by.id for mail in zendesk.account.outbox] == [42_002]
    assert [row["public"] for row in zendesk.get(f"tickets/{id_}/comments")["comments"]] == [True, True]
    zendesk.put(f"tickets/{id_}", {"ticket": {"comment": {"body": "Psst", "public": False}}})
    assert len(zendesk.account.outbox) == 1
    made = zendesk.post(
        "tickets", {"ticket": {"comment": {"body": "Inside", "public": False}, "requester_id": 20_000_000}}
    )
    quiet = zendesk.put(f"tickets/{made['ticket']['id']}", {"ticket": {"comment": {"body": "Also"}}})
    assert quiet["audit"]["events"][0]["public"] is False


def test_an_update_that_changes_nothing_leaves_no_trace(zendesk: Zendesk) -> None:
    """Neither audit nor stamp."""
    (id_,) = zendesk.some("open")
    before = zendesk.get(f"tickets/{id_}")
    assert zendesk.put(f"tickets/{id_}", {"ticket": {"status": "open", "unknown": 1}})["audit"]["events"] == []
    assert zendesk.get(f"tickets/{id_}") == before


def test_customers_open_what_waits(zendesk: Zendesk) -> None:
    """A customer's answer opens pending, held and solved tickets, leaves new ones, and fails on closed ones."""
    for status in ("pending", "hold", "solved"):
        assert zendesk.account.customer_writes(zendesk.some(status)[0]).status == "open"
    assert zendesk.account.customer_writes(zendesk.some("new")[0]).status == "new"
    with pytest.raises(Refusal, match="422"):
        zendesk.account.customer_writes(zendesk.some("closed")[0])


def test_idempotency(zendesk: Zendesk) -> None:
    """One key makes one ticket for two hours, and belongs to its parameters."""
    body = {"ticket": {"subject": "Power", "comment": {"body": "out"}, "requester_id": 20_000_001}}

    def send(wanted: Any) -> Any:
        return zendesk.http.post("/api/v2/tickets", json=wanted, headers={"Idempotency-Key": "run-1"})

    first, second = send(body), send(body)
    assert [reply.headers["x-idempotency-lookup"] for reply in (first, second)] == ["miss", "hit"]
    assert first.json() == second.json()
    other = send({"ticket": {**body["ticket"], "subject": "Water"}})
    assert (other.status_code, other.json()["error"]) == (400, "IdempotentRequestError")
    zendesk.pass_time(7200)
    assert send(body).json()["ticket"]["id"] == first.json()["ticket"]["id"] + 1


def test_dump_knows_only_what_differs(zendesk: Zendesk) -> None:
    """A change and its opposite leave the dump as it was; stamps, comments and mails are no part of it."""
    (id_,) = zendesk.some("open")
    before = zendesk.account.dump()
    zendesk.bulk([id_], status="pending", additional_tags=["run-1"])
    assert zendesk.account.dump() != before
    zendesk.bulk([id_], status="open", remove_tags=["run-1"])
    assert zendesk.account.dump() == before


def test_show_many(zendesk: Zendesk) -> None:
    """At most 100 by id, unknown ones are left out."""
    assert [row["id"] for row in zendesk.get("tickets/show_many", ids="3,1,9999,3")["tickets"]] == [3, 1]
    assert zendesk.status("GET", "tickets/show_many", ids=",".join(map(str, range(1, 102)))) == 400
    assert zendesk.status("GET", "tickets/show_many", ids="a") == 400
    assert zendesk.status("GET", "tickets/show_many") == 400


def test_lists(zendesk: Zendesk) -> None:
    """All tickets by cursor; by offset down to 10,000."""
    seen: list[int] = []
    query: dict[str, Any] = {"page[size]": 90}
    while True:
        page = zendesk.get("tickets", **query)
        seen += [row["id"] for row in page["tickets"]]
        if not page["meta"]["has_more"]:
            break
        query["page[after]"] = page["meta"]["after_cursor"]
    assert seen == list(range(1, 201))
    assert zendesk.get("tickets", page=2)["tickets"][0]["id"] == 101
    reply = zendesk.call("GET", "tickets", page=101)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, "InvalidPaginationDepth")


# --- many tickets ---------------------------------------------------------------------------------------------------


def test_a_job_is_queued_works_and_completes(zendesk: Zendesk) -> None:
    """One step for each time it is asked; results come with the last one; nothing changes before."""
    ids = zendesk.some("open", 3)
    body = {"ticket": {"status": "pending"}}
    job = zendesk.put("tickets/update_many", body, ids=",".join(map(str, ids)))["job_status"]
    assert (job["status"], job["results"]) == ("queued", None)
    path = f"job_statuses/{job['id']}"
    assert zendesk.get(path)["job_status"]["status"] == "working"
    assert zendesk.account.ticket(ids[0]).status == "open"
    done = zendesk.get(path)["job_status"]
    assert (done["status"], [item["id"] for item in done["results"]]) == ("completed", ids)
    assert all(item["success"] and item["status"] == "Updated" for item in done["results"])
    assert zendesk.account.ticket(ids[0]).status == "pending"


def test_time_alone_carries_a_job_out(zendesk: Zendesk) -> None:
    """Two steps of a second each, without being asked."""
    (id_,) = zendesk.some("open")
    zendesk.put("tickets/update_many", {"ticket": {"status": "pending"}}, ids=str(id_))
    zendesk.now += 2
    assert zendesk.get(f"tickets/{id_}")["ticket"]["status"] == "pending"


def test_a_batch_gives_each_ticket_its_own_change_and_fails_one_by_one(zendesk: Zendesk) -> None:
    """Completed does not mean that all succeeded."""
    (good,), (shut,), (edited,) = zendesk.some("new"), zendesk.some("closed"), zendesk.some("pending")
    items = [
        {"id": good, "status": "open"},
        {"id": shut, "status": "open"},
        {"id": 99_999, "status": "open"},
        {"id": edited, "status": "open", "safe_update": True, "updated_stamp": "2020-01-01T00:00:00Z"},
    ]
    job = zendesk.finished(zendesk.put("tickets/update_many", {"tickets": items})["job_status"])
    assert [item["success"] for item in job["results"]] == [True, False, False, False]
    errors = [item.get("error") for item in job["results"]]
    assert errors == [None, "RecordInvalid", "TicketNotFound", "UpdateConflict"]
    assert "closed prevents" in job["results"][1]["details"]


def test_bulk_is_always_safe(zendesk: Zendesk) -> None:
    """A ticket that somebody changed between queueing and running fails, the others do not."""
    ids = zendesk.some("open", 2)
    body = {"ticket": {"status": "pending"}}
    job = zendesk.put("tickets/update_many", body, ids=",".join(map(str, ids)))["job_status"]
    zendesk.account.person_edits(ids[0], priority="urgent")
    results = zendesk.finished(job)["results"]
    assert [item["success"] for item in results] == [False, True]
    assert zendesk.account.ticket(ids[0]).status == "open"


@pytest.mark.parametrize(
    ("ids", "body"),
    [
        (range(1, 102), {"ticket": {"status": "open"}}),
        ((), {"ticket": {"status": "open"}}),
        ((1,), {"tickets": [{"id": 1}]}),
        ((1,), {}),
        ((), {"tickets": []}),
        ((), {"tickets": [{"id": n} for n in range(1, 102)]}),
        ((), {"tickets": [{"status": "open"}]}),
        ((), {"tickets": [{"id": 1, "safe_update": True}]}),
    ],
)
def test_calls_that_queue_nothing(zendesk: Zendesk, ids: Any, body: Any) -> None:
    """More than 100, both shapes, none, no id, or a safe update without a stamp: 400 and no job."""
    query = {"ids": ",".join(map(str, ids))} if ids else {}
    assert zendesk.status("PUT", "tickets/update_many", body, **query) == 400
    assert zendesk.get("job_statuses")["job_statuses"] == []


def test_thirty_jobs_at_a_time(zendesk: Zendesk) -> None:
    """The next one is refused until one of them completes."""
    for _ in range(30):
        zendesk.put("tickets/update_many", {"ticket": {}}, ids="1")
    reply = zendesk.call("PUT", "tickets/update_many", {"ticket": {}}, ids="1")
    assert (reply.status_code, reply.json()["error"]) == (429, "TooManyJobs")
    zendesk.now += 2
    assert zendesk.status("PUT", "tickets/update_many", {"ticket": {}}, ids="1") == 200


def test_jobs_are_forgotten_after_a_day(zendesk: Zendesk) -> None:
    """A job of yesterday is 404; several are asked for at once, unknown ones left out."""
    jobs = [zendesk.put("tickets/update_many", {"ticket": {}}, ids="1")["job_status"]["id"] for _ in range(2)]
    rows = zendesk.get("job_statuses/show_many", ids=",".join([*jobs, "nobody"]))["job_statuses"]
    assert [row["id"] for row in rows] == jobs
    zendesk.pass_time(86_400)
    assert zendesk.status("GET", f"job_statuses/{jobs[0]}") == 404
    assert zendesk.get("job_statuses")["job_statuses"] == []


def queued(zendesk: Zendesk, fault: Fault) -> tuple[list[int], str]:
    ids = zendesk.some("open", 4)
    zendesk.account.faults.add(fault)
    body = {"ticket": {"status": "pending"}}
    return ids, zendesk.put("tickets/update_many", body, ids=",".join(map(str, ids)))["job_status"]["id"]


def test_a_lost_job(zendesk: Zendesk) -> None:
    """404 by its id, for a while still in the list, then nowhere; its work is done."""
    ids, job = queued(zendesk, Fault("job_lost", method="PUT", seconds=60))
    assert zendesk.status("GET", f"job_statuses/{job}") == 404
    assert [row["id"] for row in zendesk.get("job_statuses")["job_statuses"]] == [job]
    zendesk.now += 60
    assert zendesk.get("job_statuses")["job_statuses"] == []
    assert zendesk.account.ticket(ids[0]).status == "pending"


@pytest.mark.parametrize("executed", [False, True])
def test_a_job_that_never_ends(zendesk: Zendesk, executed: bool) -> None:
    """It works for hours, with its work done or not."""
    ids, job = queued(zendesk, Fault("job_stuck", method="PUT", executed=executed))
    for _ in range(3):
        zendesk.pass_time(3600)
        assert zendesk.get(f"job_statuses/{job}")["job_status"]["status"] == "working"
    assert (zendesk.account.ticket(ids[0]).status == "pending") is executed


def test_a_half_failed_job(zendesk: Zendesk) -> None:
    """Every second item fails and is not changed."""
    ids, job = queued(zendesk, Fault("job_half", method="PUT"))
    results = zendesk.finished({"id": job, "status": "queued"})["results"]
    assert [item["success"] for item in results] == [True, False, True, False]
    assert [zendesk.account.ticket(id_).status for id_ in ids] == ["pending", "open", "pending", "open"]
