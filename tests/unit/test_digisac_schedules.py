"""Scheduled contacts on Digisac: the rules A1 to A7 of its article, bad input, and what a step that ends takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from providers.digisac.account import account_of
from providers.digisac.people import PLACES
from providers.digisac.schedule_kind import body_of, due_of, failure_of, in_order, scheduled_contact, value_of
from providers.digisac.simulator.account import AGENT_TOKEN
from providers.wire.faults import Fault
from runner import kinds
from runner.commands import operate
from runner.errors import Exit
from runner.model import ABSENT, Change, Slot
from runner.report import Fate, Report
from runner.spi import Context, Found, InvalidInput, Want
from tests.support.digisac import DigisacLab, contacting, target
from tests.support.lab import BY, START

END = START + timedelta(hours=3)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
SPEC = scheduled_contact(account_of(target()))
CONTEXT = Context("power@1", "call", target(), START, END + timedelta(days=3), (START, END), "America/Sao_Paulo")
FREE = ("Ana", "Bruno", "Diego", "Gabriela", "Heitor")  # contacts whose ticket is closed


def fields(*contacts: Any, **more: Any) -> dict[str, Any]:
    return dict(contacting(*(contacts or ("Ana",)), **more)["with"])


def wants(with_: Mapping[str, Any], taken: Sequence[str] = (), context: Context = CONTEXT) -> list[Want]:
    """Return what a step wants when others hold schedules at the instants `taken`."""
    jsonschema.Draft202012Validator(SPEC.schema).validate(with_)
    found = [Found(key, key, {"schedules": list(taken)}) for key in SPEC.query(with_, context).ids]
    return [want for each in found for want in SPEC.claims(with_, context, each)]


def times(with_: Mapping[str, Any], *taken: str) -> list[str]:
    """Return when the schedules of a step are, without the year; `taken` are times of the same day, in UTC."""
    instants = [f"2026-12-11T{clock}Z" for clock in taken]
    return [str(want.claim.value["at"])[5:16] for want in wants(with_, instants)]


def refused(with_: Mapping[str, Any], **more: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        wants(with_, **more)
    return f"{caught.value.message} | {caught.value.hint}"


def called(count: int = 3) -> list[str]:
    return [f"{first} Almeida" for first in FREE][:count]


def held(lab: DigisacLab) -> list[tuple[str, str, str]]:
    """Return first name, clock time and status of every schedule, in order."""
    rows = sorted(lab.account.desk.schedules.values(), key=lambda row: row["scheduledAt"])
    clock = [datetime.fromisoformat(row["scheduledAt"]).astimezone(SAO_PAULO) for row in rows]
    names = [lab.account.desk.contacts[row["contactId"]]["name"].split()[0] for row in rows]
    return [(name, f"{at:%H:%M}", row["status"]) for name, at, row in zip(names, clock, rows, strict=True)]


def notes(report: Report, fate: Fate) -> dict[str, str]:
    return {note.name: note.reason for note in report.notes if note.fate is fate}


# --- A1, A2, A3: one contact at one time, apart from all others ------------------------------------------------------


def test_a1_a2_a_list_and_its_repeats_are_single_schedules() -> None:
    """Every contact in every round is a schedule with a marker of its own; rounds are local days, or hours, apart."""
    daily = fields("Ana", "Bia", repeat={"every": "1d", "times": 3}, every="10m")
    assert times(daily) == [f"12-{day} 15:{minute}" for day in (11, 12, 13) for minute in ("00", "10")]
    assert len(set(SPEC.query(daily, CONTEXT).ids)) == 6
    assert times(fields("Ana", repeat={"every": "2h", "times": 2})) == ["12-11 15:00", "12-11 17:00"]
    summer = replace(CONTEXT, timezone="America/Santiago", window=(START, datetime(2026, 4, 4, 20, tzinfo=UTC)))
    night = fields("Ana", at="end + 1h", repeat={"every": "1d", "times": 2})
    walls = [want.claim.value["at"] for want in wants(night, context=replace(summer, start=summer.window[1]))]
    assert walls == ["2026-04-04 18:00 America/Sao_Paulo", "2026-04-05 19:00 America/Sao_Paulo"]  # clocks went back


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ((), ["15:00", "15:06", "15:12"]),
        (("17:54:00",), ["15:00", "15:06", "15:12"]),  # six minutes before the first
        (("17:54:01",), ["15:18", "15:06", "15:12"]),  # five minutes and 59 seconds
        (("18:06:00",), ["15:00", "15:18", "15:12"]),
        (("18:09:00",), ["15:00", "15:18", "15:24"]),  # too near to two of them
        (("18:06:00", "18:18:00"), ["15:00", "15:24", "15:12"]),
    ],
)
def test_a3_schedules_of_others_are_kept_away_from(taken: tuple[str, ...], expected: list[str]) -> None:
    """Whose place is within six minutes of somebody else's schedule comes last; all others keep their places."""
    assert [at.split()[1] for at in times(fields("Ana", "Bia", "Caio"), *taken)] == expected


def test_a3_spacing_below_six_minutes_is_refused_and_says_why() -> None:
    """Four and five minutes are refused, with the vendor's own contradiction; six is the least, unless configured."""
    for every in ("4m", "5m"):
        said = refused(fields(every=every))
        assert f"contacts {every} apart are too near to each other: it takes at least 6m" in said
        assert "says six minutes and shows four in its example" in said
    assert times(fields("Ana", "Bia", every="6m")) == ["12-11 15:00", "12-11 15:06"]
    four = scheduled_contact(account_of(target(spacing=4)))
    assert four.claims(fields(every="4m"), CONTEXT, Found(four.query(fields(), CONTEXT).ids[0], "", {}))


def test_a3b_a_hundred_contacts_take_ten_hours_and_the_deadline_counts() -> None:
    """The plan says when the first and the last of them are; past the deadline, or the step's end, all are refused."""
    many = fields(*(f"Contact {n}" for n in range(100)), deadline="2026-12-12 00:54")
    found = [Found(key, key, {}) for key in SPEC.query(many, CONTEXT).ids]
    assert SPEC.says is not None
    assert SPEC.says(many, CONTEXT, found) == [
        "100 schedules: the first at 2026-12-11 15:00 America/Sao_Paulo, the last at 2026-12-12 00:54 America/Sao_Paulo"
    ]
    late = refused({**many, "deadline": "end + 9h"})
    assert "2026-12-12 00:54 America/Sao_Paulo, after the deadline 2026-12-11 23:30 America/Sao_Paulo" in late
    assert "give it an `until:`" in refused(many, context=replace(CONTEXT, end=END)).replace("the step an", "it an")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"at": "start - 1m"}, "would be at 2026-12-11 11:29 America/Sao_Paulo, before the step begins"),
        ({"at": "2025-12-11 15:00"}, "before the step begins"),
        ({"contacts": ["Ana", "Bia", "Ana"]}, "'Ana' is listed twice | keep one of the two"),
        ({"action": "notify_agent"}, "`notify_agent` writes to nobody | drop it"),
        ({"at": "end + 5x"}, "at: 'end + 5x' is no time"),
        ({"deadline": "end + 5x"}, "deadline: 'end + 5x' is no time"),
    ],
)
def test_fields_that_cannot_mean_anything(more: dict[str, Any], expected: str) -> None:
    """A time that is over, a contact listed twice, a message to nobody: one sentence, with what to do."""
    with_ = {**fields(), **more}
    with pytest.raises(InvalidInput) as caught:
        SPEC.claims(with_, CONTEXT, Found(SPEC.query({**with_, "contacts": ["Ana"]}, CONTEXT).ids[0], "", {}))
    assert expected in f"{caught.value.message} | {caught.value.hint}"


@pytest.mark.parametrize(
    ("drop", "more", "good"),
    [
        ("", {}, True),
        ("comment", {}, False),  # required where a ticket is opened
        ("comment", {"action": "open_ticket_and_notify"}, False),
        ("comment", {"action": "notify_agent"}, True),
        ("message", {}, True),
        ("attendant", {}, False),
        ("department", {}, False),
        ("", {"action": "call"}, False),
        ("", {"every": "6 min"}, False),
        ("", {"at": "soon"}, False),
        ("", {"attendant": ["Rita", "Paulo"]}, False),
    ],
)
def test_the_fields_of_the_three_actions(drop: str, more: dict[str, Any], good: bool) -> None:
    """What the article makes mandatory is; contact, department and attendant always, a comment to open a ticket."""
    with_ = {name: value for name, value in {**fields(), **more}.items() if name != drop}
    assert (not list(jsonschema.Draft202012Validator(SPEC.schema).iter_errors(with_))) is good


# --- a schedule as a slot -------------------------------------------------------------------------------------------

VALUE = {
    "action": "open_ticket",
    "contact": "c1",
    "department": "d1",
    "attendant": "u1",
    "at": "2026-12-11 15:00 America/Sao_Paulo",
    "comment": "Power cut",
    "message": "We are back.",
}
MARKER = "or-abcdefgh2345"


@pytest.mark.parametrize(
    ("action", "flags"),
    [("open_ticket", (True, False)), ("open_ticket_and_notify", (True, True)), ("notify_agent", (False, True))],
)
def test_a_schedule_travels_as_the_vendor_takes_it(action: str, flags: tuple[bool, bool]) -> None:
    """Flags are those of the vendor's example, the time is the account's clock without a zone, the marker ends the
    comment; what is read back is what was meant, whether its time comes with a zone or without."""
    body = body_of({**VALUE, "action": action}, MARKER)
    assert (body["openTicket"], body["notificateUser"]) == flags
    assert (body["scheduledAt"], body["notes"]) == ("2026-12-11 15:00:00", f"Power cut [{MARKER}]")
    for at in ("2026-12-11 15:00:00", "2026-12-11T18:00:00.000Z", "2026-12-11T15:00:00-03:00"):
        assert value_of({**body, "scheduledAt": at, "id": 7, "new": "field"}, SAO_PAULO) == {**VALUE, "action": action}
    assert due_of(VALUE) == datetime(2026, 12, 11, 18, tzinfo=UTC)


def test_odd_rows_are_read_as_they_stand() -> None:
    """A schedule without an action, or with a time that nobody can read, is a value like any other."""
    row = {"id": 1, "scheduledAt": "tomorrow", "notes": None, "contactId": None}
    assert value_of(row, SAO_PAULO) == {"action": "none", "at": "tomorrow"}
    assert due_of({"at": "tomorrow"}) is None
    assert due_of(ABSENT) is None


@pytest.mark.parametrize(
    ("status", "said"),
    [("completed", ""), ("", ""), (None, ""), ("error", "was open"), ("falhou", "was open"), ("scheduled", "still")],
)
def test_what_a_status_means_once_the_time_has_come(status: str | None, said: str) -> None:
    """Success is silent, failure is told, and any other word is shown: the vendor documents none of them."""
    found = failure_of({"status": status})
    assert said in found
    assert bool(found) is bool(said)


def test_moves_are_written_so_that_none_is_in_the_way_of_another() -> None:
    """What goes away first, what moves later from the last on, what moves earlier from the first on, then what is
    new."""

    def change(name: str, before: int | None, after: int | None) -> Change:
        values = [ABSENT if n is None else {"at": f"2026-12-11 15:{n:02} America/Sao_Paulo"} for n in (before, after)]
        return Change(Slot("desk", "scheduled_contact", name, "scheduled"), *values)

    batch = [
        change("new", None, 30),
        change("a", 0, 6),
        change("b", 6, 12),
        change("c", 24, 20),
        change("gone", 1, None),
    ]
    assert [each.slot.key for each in in_order(batch)] == ["gone", "b", "a", "c", "new"]


# --- with the engine, on the wire -----------------------------------------------------------------------------------


def test_schedules_are_made_and_those_still_to_come_are_taken_back(tmp_path: Path) -> None:
    """The whole way: plan, apply, the first comes about, revert deletes the others; nothing is sent twice."""
    lab = DigisacLab(tmp_path)
    book = lab.book(contacting(*called()))
    plan = lab.plan(book).plans[0]
    words = (
        "3 schedules: the first at 2026-12-11 15:00 America/Sao_Paulo, the last at 2026-12-11 15:12 America/Sao_Paulo"
    )
    assert (plan.runs[0].notes, plan.runs[0].requests) == ((words,), 4)
    assert [item.name for item in plan.runs[0].items] == called()
    assert "call: what has come about by the end of the step is not taken back" in plan.warnings
    assert lab.apply(book).exit_code is Exit.DONE
    assert held(lab) == [
        ("Ana", "15:00", "scheduled"),
        ("Bruno", "15:06", "scheduled"),
        ("Diego", "15:12", "scheduled"),
    ]
    assert [report.runs for report in lab.resume()] == [()]
    lab.later(hours=3, minutes=31)
    report = lab.revert("outage")
    assert (report.exit_code, report.notes) == (Exit.DONE, ())
    assert held(lab) == [("Ana", "15:00", "completed")]
    assert lab.account.said_to("Ana Almeida") == ["Voltamos.\n\nVolvimos."]
    row = lab.account.desk.open_ticket("contact-0001")
    assert row is not None
    assert (row["departmentId"], row["userId"]) == ("department-support", "user-rita")


def test_a4_an_open_ticket_is_foretold_and_reported_and_not_tried_again(tmp_path: Path) -> None:
    """The plan names whose ticket is open; when the step ends, what failed is told once, with exit code 5."""
    lab = DigisacLab(tmp_path)
    book = lab.book(contacting("Ana Almeida", "Carla Almeida", "Fábio Almeida"))
    (warning,) = [each for each in lab.plan(book).plans[0].warnings if "will fail" in each]
    assert "2 of 3 will fail unless their tickets are closed" in warning
    assert "Carla Almeida, Fábio Almeida" in warning
    lab.apply(book)
    lab.account.close_ticket("Fábio Almeida")
    lab.later(hours=15, minutes=1)
    (report,) = lab.tick()
    assert (report.state, report.exit_code) == ("closed", Exit.PEOPLE)
    assert list(notes(report, Fate.FAILED)) == ["Carla Almeida"]
    assert "Digisac says 'error'" in notes(report, Fate.FAILED)["Carla Almeida"]
    assert [row["userId"] for row in lab.account.desk.notifications.values()] == ["user-rita"]
    assert lab.account.said_to("Carla Almeida") == []
    assert lab.tick() == []


def test_a5_a_role_that_may_not_is_told_where_it_is_allowed(tmp_path: Path) -> None:
    """A 403 names the menu of roles; nothing else is tried."""
    lab = DigisacLab(tmp_path, token=AGENT_TOKEN)
    report = lab.apply(lab.book(contacting(*called())))
    assert report.exit_code is Exit.RESUME
    assert "cargos > the role of the token's owner > editar > habilitar agendamento > salvar" in report.runs[0].message
    assert sum(each.method == "POST" for each in lab.account.requests) == 1


def test_a6_a_step_of_its_own_closes_the_tickets_before(tmp_path: Path) -> None:
    """With `tickets` closed and kept closed, the schedule of a contact with an open ticket comes about."""
    lab = DigisacLab(tmp_path)
    close = {
        "id": "close",
        "uses": "tickets",
        "with": {"select": {"contacts": "Carla Almeida"}, "status": "closed", "at_most": 5},
        "restore": "keep",
    }
    lab.apply(lab.book(close, contacting("Carla Almeida")))
    lab.later(hours=15)
    assert [report.exit_code for report in lab.tick()] == [Exit.DONE]
    assert held(lab) == [("Carla", "15:00", "completed")]


def test_a7_people_are_told_where_a_schedule_shows() -> None:
    """The badge, and the way to the conversation, are a place that a checklist can name; so are roles and files."""
    menus = {place.name: place.menu()["pt-BR"] for place in PLACES.of("checklist")}
    assert menus["schedule badge"] == '"Agendamento" no painel de navegação superior > Ir para conversa'
    assert menus["allow schedules"].endswith("o cargo > Editar > Habilitar agendamento > Salvar")
    assert "Arquivos" in menus["schedule with files"]


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        (["Ana Almeida", "Bruna Almeida"], "has no contact named 'Bruna Almeida' | did you mean Bruno Almeida"),
        (["Ana Almeida", {"id": "contact-0001"}], "are the same contact, Ana Almeida: it is listed twice"),
        (["Ana Almeida", "+55 11 90000-0001"], "are the same contact, Ana Almeida: it is listed twice"),
        (["+55 11 98888-7777"], "has no contact named '+55 11 98888-7777'"),
    ],
)
def test_a_contact_that_is_not_there_or_there_twice_stops_the_plan(
    tmp_path: Path, contacts: list[Any], expected: str
) -> None:
    """Names and numbers are looked up before anything is sent; one sentence says which, and what to do."""
    lab = DigisacLab(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        lab.apply(lab.book(contacting(*contacts)))
    assert expected in f"{caught.value.message} | {caught.value.hint}"
    assert all(each.method == "GET" for each in lab.account.requests)


def test_departments_and_attendants_are_looked_up_too(tmp_path: Path) -> None:
    """A department or an attendant that the account does not have stops the plan, with those that it has."""
    lab = DigisacLab(tmp_path)
    for wrong in ({"department": "Suport"}, {"attendant": {"id": "user-nobody"}}):
        with pytest.raises(InvalidInput, match=r"has no (department|attendant)") as caught:
            lab.plan(lab.book(contacting("Ana Almeida", **wrong)))
        assert "it has: " in str(caught.value.hint)


def test_a_schedule_that_somebody_puts_between_plan_and_apply_hurts_one_only(tmp_path: Path) -> None:
    """Made in the very moment, it has one contact refused, who comes last when the step is amended."""
    lab = DigisacLab(tmp_path)
    fired = []

    def meddle() -> None:
        lab.account.schedules.advance()
        if len(lab.account.desk.schedules) == 1 and not fired:
            fired.append(1)
            lab.account.desk.add(
                lab.account.desk.schedules, "schedule", contactId="contact-0007", notes="", status="scheduled",
                scheduledAt="2026-12-11T18:06:00.000Z", departmentId="", userId="", openTicket=True,
                notificateUser=False, message="",
            )  # fmt: skip

    lab.account.wsgi._before = meddle
    book = lab.book(contacting(*called()))
    report = lab.apply(book)
    assert "another schedule lies within 6 minutes" in notes(report, Fate.REJECTED)["Bruno Almeida"]
    assert [(name, at) for name, at, _ in held(lab)] == [("Ana", "15:00"), ("Gabriela", "15:06"), ("Diego", "15:12")]
    lab.apply(lab.book(contacting(*called(), comment="Power cut, again")))
    assert [(name, at) for name, at, _ in held(lab)][-2:] == [("Diego", "15:12"), ("Bruno", "15:18")]
    lab.revert("outage")
    assert [name for name, _, _ in held(lab)] == ["Gabriela"]


def test_a_step_that_opens_late_leaves_out_only_what_is_over(tmp_path: Path) -> None:
    """Whose time has come before they could be made are refused one by one, the others keep their times."""
    lab = DigisacLab(tmp_path)
    book = lab.book(contacting(*called(), at="start + 5m"))
    lab.later(minutes=12)
    report = lab.apply(book)
    assert set(notes(report, Fate.REJECTED)) == {"Ana Almeida", "Bruno Almeida"}
    assert "2026-12-11 11:35 America/Sao_Paulo, is over" in notes(report, Fate.REJECTED)["Ana Almeida"]
    assert held(lab) == [("Diego", "11:47", "scheduled")]


def test_an_outage_that_lasts_longer_moves_its_contacts(tmp_path: Path) -> None:
    """When the outage is extended, schedules that hang on its end move with it, although they stand close together."""
    lab = DigisacLab(tmp_path)
    lab.apply(lab.book(contacting(*called(5))))
    row = operate.the_outage(lab.session, "outage")
    report = operate.extend(lab.session, row, END + timedelta(minutes=12), BY, lab.progress)
    assert report.notes == ()
    assert [at for _, at, _ in held(lab)] == ["15:12", "15:18", "15:24", "15:30", "15:36"]


def test_files_that_people_attached_stay_when_a_schedule_is_moved(tmp_path: Path) -> None:
    """A change sends back the files that the schedule has, and none where they cannot be read; a new one has none."""
    lab = DigisacLab(tmp_path)
    lab.apply(lab.book(contacting("Ana Almeida")))
    (row,) = lab.account.desk.schedules.values()
    row["files"] = ["invoice.pdf"]
    operate.extend(
        lab.session, operate.the_outage(lab.session, "outage"), END + timedelta(minutes=30), BY, lab.progress
    )
    assert (held(lab), row["files"]) == ([("Ana", "15:30", "scheduled")], ["invoice.pdf"])
    assert body_of(VALUE, MARKER)["files"] == []
    for unread in ({}, {"files": None}):
        assert "files" not in body_of(VALUE, MARKER, unread)


def test_a_schedule_that_somebody_rewrites_while_others_are_moved_stays(tmp_path: Path) -> None:
    """At the pace of an account a batch takes minutes: each schedule is looked at when its turn comes."""
    lab = DigisacLab(tmp_path)
    lab.apply(lab.book(contacting(*called())))
    first, _, last = lab.account.desk.schedules.values()

    def slowly() -> None:
        lab.clock += 2
        if "18:42" in last["scheduledAt"]:
            first["message"] = "By hand."

    lab.account.wsgi._before = slowly
    row = operate.the_outage(lab.session, "outage")
    report = operate.extend(lab.session, row, END + timedelta(minutes=30), BY, lab.progress)
    assert [note.name for note in report.notes] == ["Ana Almeida"]
    assert (first["message"], held(lab)[0]) == ("By hand.", ("Ana", "15:00", "scheduled"))
    assert [at for _, at, _ in held(lab)[1:]] == ["15:36", "15:42"]


def test_a_change_that_is_refused_leaves_a_schedule_that_is_taken_back(tmp_path: Path) -> None:
    """An amended step whose change Digisac refuses for one contact still takes that contact's schedule back."""
    lab = DigisacLab(tmp_path)
    lab.apply(lab.book(contacting(*called())))
    lab.account.faults.add(Fault("409", method="PUT"))
    report = lab.apply(lab.book(contacting(*called(), comment="Changed")))
    assert list(notes(report, Fate.REJECTED)) == ["Ana Almeida"]
    lab.revert("outage")
    assert held(lab) == []


def test_what_a_person_changed_stays_and_is_told(tmp_path: Path) -> None:
    """A schedule whose message somebody rewrote is theirs: the revert leaves it, and says so."""
    lab = DigisacLab(tmp_path)
    lab.apply(lab.book(contacting(*called())))
    next(iter(lab.account.desk.schedules.values()))["message"] = "By hand."
    report = lab.revert("outage")
    assert list(notes(report, Fate.KEPT)) == ["Ana Almeida"]
    assert [name for name, _, _ in held(lab)] == ["Ana"]


def test_doctor_names_what_failed_and_whose_role_it_is(tmp_path: Path) -> None:
    """The owner of the token, the clock that schedules are meant for, and contacts who were never written to."""
    lab = DigisacLab(tmp_path)
    lab.apply(lab.book(contacting("Carla Almeida")))
    lab.later(hours=10)
    found = {each.state: each for each in lab.session.readers.examine("desk")}
    assert found["ok"].message == "acts as Outage Runner, an administrator"
    assert "the clock of America/Sao_Paulo" in found["note"].message
    assert found["problem"].message == "1 of our schedules did not come about: Carla Almeida"
    limited = DigisacLab(tmp_path / "agent", token=AGENT_TOKEN)
    (role, _) = limited.session.readers.examine("desk")
    assert (role.state, "habilitar agendamento" in role.hint) == ("note", True)


def test_people_get_the_same_words_where_there_is_no_api() -> None:
    """By hand each contact is a step that says action, contact and the exact time."""
    by_hand = kinds.person(kinds.scheduled_contact(), menu={"en": "Schedules"})
    keys = by_hand.query(fields("Ana", "Bia"), CONTEXT).ids
    said = [by_hand.claims(fields("Ana", "Bia"), CONTEXT, Found(key, key, {}))[0].claim.value for key in keys]
    assert len(set(keys)) == 2
    assert all(f"15:0{n} America/Sao_Paulo" in words for n, words in zip((0, 6), said, strict=True))
