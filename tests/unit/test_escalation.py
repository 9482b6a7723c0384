"""Telling people on call what is late: what is told, when, how often, and what a failing message must not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from providers import people
from runner import kinds
from runner.commands import escalation
from runner.commands.look import show
from runner.config import Notification
from runner.errors import StoreError
from runner.load_config import ABOUT
from runner.model import Change
from runner.report import Report
from runner.spi import Query, Rejected, Target
from runner.store import lease
from runner.testing.world import Fault, SlotWorld, What
from tests.support.fuse import fused
from tests.support.lab import Lab
from tests.support.mail import MailLab, written
from tests.support.smtp import Sink
from tests.support.wire import Vendor

ITEMS = [{"do": "Call the lead", "who": "Ana"}, {"do": "Turn the sign", "value": "closed", "menu": "Lobby > screen"}]
LIST = {"id": "list", "uses": "checklist", "with": {"items": ITEMS}}
PHONE = {"id": "phone", "uses": "channel", "with": {"channel": "Phone", "enabled": False}}
CHAT = Notification("chat", frozenset(ABOUT), timedelta(minutes=15), timedelta(hours=2), {"place": "agents"})


class OnCall:
    """A lab with a chat beside the desk."""

    def __init__(self, folder: Path, *told: Notification) -> None:
        self.lab = Lab(folder, targets=("desk", "chat"))
        self.lab.world.put("channel", "5", name="Phone", enabled=True)
        self.chat = SlotWorld({"notice": kinds.notice(), "checklist": kinds.checklist()}, target="chat")
        self.lab.worlds["chat"] = self.chat
        self.configure(*(told or (CHAT,)))
        fused(self.lab)

    def configure(self, *told: Notification, **more: Any) -> None:
        self.lab.config = self.lab.session.config = replace(self.lab.config, notifications=told, **more)

    def tick(self, **later: float) -> list[Report]:
        return escalation.tick(self.lab.later(**later).session, self.lab.progress)

    def warnings(self, **later: float) -> list[str]:
        return [warning for report in self.tick(**later) for warning in report.warnings]

    @property
    def sent(self) -> list[Change]:
        return self.chat.outbox

    @property
    def texts(self) -> list[tuple[str, str]]:
        return [(change.payload["subject"], change.payload["body"]) for change in self.sent]


@pytest.fixture
def on_call(tmp_path: Path) -> OnCall:
    return OnCall(tmp_path)


def test_overdue_steps_are_told_once_and_again_after_the_repeat(on_call: OnCall) -> None:
    """One message for each outage, when the time is up; the next one after `repeat`, and none when it is done."""
    on_call.lab.apply(on_call.lab.playbook("match", [LIST]))
    assert on_call.warnings(minutes=14) == []
    assert on_call.sent == []
    on_call.tick(minutes=1)
    ((subject, body),) = on_call.texts
    assert subject == "OVERDUE: match: 2 steps are overdue"
    for words in (
        *("match@2026-12-11T11:30", "1. Call the lead (desk)", "who: Ana", "due since Fri 11 Dec 11:30 -03"),
        *("2. Turn the sign (desk)", "where: Lobby > screen", "set it: closed"),
        *("runner ack match@2026-12-11T11:30 list 1\n", "runner ack match@2026-12-11T11:30 list 2 --before VALUE"),
        "runner steps match@2026-12-11T11:30",
    ):
        assert words in body
    on_call.tick(minutes=119)
    assert len(on_call.sent) == 1
    on_call.tick(minutes=1)
    assert len({change.slot.key for change in on_call.sent}) == 2, "another message, not the first one again"
    on_call.lab.revert("match")
    on_call.tick(minutes=15)
    assert "Was this done? Call the lead" in on_call.texts[2][1]


def test_who_is_told_of_what(on_call: OnCall) -> None:
    """`about` chooses, `after` waits, and the same thing is told to each; in the language of runner.yaml."""
    steps = replace(
        CHAT, about=frozenset({"overdue_steps"}), repeat=None, with_={"place": "agents", "audience": {"agents": "a"}}
    )
    restores = replace(CHAT, about=frozenset({"overdue_restores"}), after=timedelta(hours=1), repeat=None)
    on_call.configure(steps, restores, language="pt-BR")
    on_call.lab.apply(on_call.lab.playbook("match", [LIST, PHONE]))
    on_call.tick(hours=1)
    assert [subject for subject, _ in on_call.texts] == ["ATRASADO: match: 2 passos estão atrasados"]
    assert "pendente desde sex 11 dez 11:30 -03" in on_call.texts[0][1]
    on_call.lab.world.fail(*[Fault(What.RAISE, kind="channel") for _ in range(4)])
    on_call.tick(hours=2, minutes=20)
    assert len(on_call.texts) == 2, "the questions are steps, not yet late enough as a restore"
    assert "Isto foi feito? Turn the sign" in on_call.texts[1][1]
    on_call.tick(hours=1)
    (_, body) = on_call.texts[2]
    assert "phone (desk) não foi restaurado" not in body
    assert "phone (desk) falhou: desk does not answer; try again" in body
    assert "runner resume match@2026-12-11T11:30" in body
    assert "Isto foi feito? Turn the sign" in body


def test_a_failed_step_is_told_with_its_reason(on_call: OnCall) -> None:
    """A step that did not open is a failure; what the target said stands in the message."""
    on_call.configure(replace(CHAT, about=frozenset({"failures"})))
    on_call.lab.world.fail(
        Fault(What.RAISE, kind="channel", error=Rejected("the plan has no phones")), Fault(What.RAISE)
    )
    on_call.lab.apply(on_call.lab.playbook("match", [LIST, {**PHONE, "on_error": "continue"}]))
    on_call.tick(minutes=15)
    assert [subject for subject, _ in on_call.texts] == ["OVERDUE: match: 1 step is overdue"]
    assert "1. phone (desk) failed: desk does not answer" in on_call.texts[0][1]


@pytest.mark.parametrize(
    ("fault", "why", "again"),
    [
        (Fault(What.RAISE), "chat does not answer; try again; the next tick tries again", 5),
        (Fault(What.REJECT), "refused by the script; the next tick tries again", 5),
        (Fault(What.GARBAGE), "in place of an outcome; the next tick tries again", 5),
        (Fault(What.LOST_AFTER), "but perhaps not everybody: nobody knows whether it arrived", 15),
    ],
)
def test_a_message_that_fails_is_a_warning_and_tried_again(
    fault: Fault, why: str, again: int, on_call: OnCall
) -> None:  # fmt: skip
    """The restore is done all the same; what surely never left is tried at the next tick, what may have arrived after a
    while, and then as the same message."""
    on_call.lab.apply(on_call.lab.playbook("match", [LIST, PHONE]))
    on_call.chat.fail(fault)
    (warning,) = on_call.warnings(hours=3, minutes=15)
    assert on_call.lab.get("channel", "5", "enabled") is True
    assert warning.endswith(why)
    before = len(on_call.sent)
    assert on_call.warnings(minutes=again - 1) == [] or again == 5
    on_call.tick(minutes=1)
    assert len(on_call.sent) == before + 1
    on_call.tick(minutes=30)
    assert len(on_call.sent) == before + 1


def test_a_crash_before_it_is_recorded_tells_twice_rather_than_never(
    on_call: OnCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told is recorded after it went out."""
    on_call.lab.apply(on_call.lab.playbook("match", [LIST]))

    def broken(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(escalation.ledger, "record", broken)
        with pytest.raises(StoreError):
            on_call.tick(minutes=15)
    on_call.tick(minutes=1)
    assert len(on_call.sent) == 2
    assert len({change.slot.key for change in on_call.sent}) == 1, "the same message: a mail server may know it"


def test_somebody_is_told_although_the_tick_itself_fails(on_call: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of the whole tick goes on to the caller, after the messages."""
    on_call.lab.apply(on_call.lab.playbook("match", [LIST]))

    def broken(*_: object) -> None:
        raise StoreError("no space for the journal")

    monkeypatch.setattr(escalation.operate, "tick", broken)
    with pytest.raises(StoreError, match="no space"):
        on_call.tick(minutes=15)
    assert len(on_call.sent) == 1


def test_two_ticks_at_a_time_tell_once(on_call: OnCall) -> None:
    """While another process tells, this one does not; neither does one that was asked to stop."""
    lab = on_call.lab
    lab.apply(lab.playbook("match", [LIST]))
    lab.later(minutes=20)
    held = lease.acquire(lab.session.store, escalation.LEASE, owner="other", ttl=60, clock=lab.deps)
    assert on_call.warnings() == []
    assert on_call.sent == []
    lease.release(lab.session.store, held, lab.deps)
    lab.deps.stop.asked = True
    assert escalation.tell(lab.session) == {}
    assert on_call.sent == []
    lab.deps.stop.asked = False
    on_call.tick()
    assert len(on_call.sent) == 1


def crowd(on_call: OnCall, watch: Callable[[str, str], None], **more: Any) -> SlotWorld:
    """Make the chat one that looks up four people and sends to one after the other; return it."""

    def everybody(*_: object) -> Query:
        return Query("notice", where={}, paths=("name",))

    kind = replace(kinds.notice(), query=everybody, matches=lambda *_: True, **{"max_batch": 1, **more})
    on_call.chat = on_call.lab.worlds["chat"] = SlotWorld({"notice": kind}, target="chat", watch=watch)
    for name in ("ana", "eva", "max", "rui"):
        on_call.chat.put("notice", name, list="on call")
    on_call.lab.apply(on_call.lab.playbook("match", [LIST]))
    return on_call.chat


def test_a_tick_during_a_long_telling_tells_nobody_again(on_call: OnCall) -> None:
    """Telling takes longer than the lease: it is renewed before each batch and given back at the end, so that ticks
    meanwhile tell nobody, and the next one may."""
    lab = on_call.lab

    def slow(on: str, _: str) -> None:
        lab.later(seconds=60)
        if on == "write":
            other = Lab(lab.folder, now=lab.deps.now(), owner="other@here/2", targets=("desk", "chat"))
            other.worlds |= {"desk": lab.world, "chat": on_call.chat}
            other.config = other.session.config = lab.config
            assert escalation.tell(other.session) == {}
            other.session.close()

    chat = crowd(on_call, slow)
    assert on_call.warnings(minutes=15) == []
    assert [change.slot.key for change in chat.outbox] == ["ana", "eva", "max", "rui"]
    assert on_call.warnings(minutes=1) == []
    assert len(chat.outbox) == 4
    with lab.session.store.reading() as conn:
        assert lease.holder(conn, escalation.LEASE, lab.deps.now_ms()) == ("", 0.0)


@pytest.mark.parametrize(("batch", "sent"), [(2, 2), (4, 4)])
def test_who_lost_the_lease_tells_nobody_else(batch: int, sent: int, on_call: OnCall) -> None:
    """A tick that was frozen during a batch stops before the next one, and tells all again later, because nobody else
    did; when it was the last batch, everybody was told, and nobody is told twice."""
    frozen = {batch: 300.0}

    def freeze(on: str, _: str) -> None:
        if on == "write":
            on_call.lab.later(seconds=frozen.pop(on_call.chat.requests["write"] + 1, 0))

    chat = crowd(on_call, freeze)
    on_call.tick(minutes=15)
    assert len(chat.outbox) == sent
    on_call.tick(minutes=1)
    assert len(chat.outbox) == (4 if sent == 4 else sent + 4)


def test_a_long_list_is_read_under_a_renewed_lease(on_call: OnCall) -> None:
    """Where reading who is to be told takes longer than the lease, they are told all the same."""

    def slow(on: str, _: str) -> None:
        on_call.lab.later(seconds=60 if on == "read" else 0)

    chat = crowd(on_call, slow, page=500, max_batch=1000)
    for n in range(500):
        chat.put("notice", f"z{n}", list="on call")
    assert on_call.warnings(minutes=15) == []
    assert (len(chat.outbox), chat.requests["read"]) == (504, 2)


def test_a_lease_too_short_for_a_message_is_told(on_call: OnCall) -> None:
    """Before anything is sent that could outlast the lease, the warning says what to set."""
    chat = crowd(on_call, lambda *_: None, deadline=85.0)
    (warning,) = on_call.warnings(minutes=15)
    assert "the lease of 90 s is too short for a message that may take 85 s; set `store.lease`" in warning
    assert "to 95s or more" in warning
    assert chat.outbox == []


def test_of_several_recipients_one_that_is_refused_is_a_warning(on_call: OnCall) -> None:
    """Recipients that the target looks up get the message each; who got it does not get it again for the others."""
    plain = kinds.notice()

    def everybody(*_: object) -> Query:
        return Query("notice", where={"list": "on call"}, paths=("name",))

    kind = replace(
        plain, query=everybody, matches=lambda where, values: values.get("list") == where["list"], max_batch=2
    )
    on_call.chat = on_call.lab.worlds["chat"] = SlotWorld({"notice": kind}, target="chat")
    for name, wanted in (("ana", "on call"), ("rui", "on call"), ("eva", "others"), ("max", "on call")):
        on_call.chat.put("notice", name, list=wanted)
    on_call.lab.apply(on_call.lab.playbook("match", [LIST]))
    on_call.chat.fail(Fault(What.REJECT, item=1))
    assert on_call.warnings(minutes=15) == [
        "chat told of 2 overdue steps, but perhaps not everybody: refused by the script",
    ]
    assert [change.slot.key for change in on_call.sent] == ["ana", "max"]
    assert on_call.warnings(minutes=15) == []
    assert len(on_call.sent) == 2


def test_a_mail_reaches_who_is_on_call(tmp_path: Path) -> None:
    """The production provider for mail sends the text to the address of runner.yaml; the next tick does not."""
    with Sink() as sink:
        written(tmp_path, ["customer@example.com"])
        lab = MailLab(tmp_path, sink)
        lab.connect(Vendor(Target("desk", "people", zone="America/Sao_Paulo"), people.open_target))
        mail = replace(CHAT, target="mail", with_={"to": "oncall@example.com"})
        lab.config = lab.session.config = replace(lab.config, notifications=(mail,), language="es")
        lab.apply(lab.playbook("match", [LIST]))
        assert [found.state for found in escalation.examined(lab.session)] == ["ok"]
        for _ in range(2):
            assert not escalation.tick(lab.later(minutes=15).session, lab.progress)[0].warnings
        lab.close()
    (taken,) = sink.taken
    assert (taken.to, taken.message["Subject"]) == (("oncall@example.com",), "ATRASADO: match: 2 pasos están atrasados")
    assert "pendiente desde el vie 11 dic 11:30 -03\nquién: Ana\n" in taken.text


def by_people(on_call: OnCall) -> None:
    on_call.lab.worlds["chat"] = SlotWorld({"notice": kinds.person(kinds.notice())}, target="chat")


def broken_kind(on_call: OnCall) -> None:
    def fails(*_: object) -> Any:
        raise KeyError("a defect of a plugin")

    on_call.lab.worlds["chat"] = SlotWorld({"notice": kinds.notice(query=fails)}, target="chat")


@pytest.mark.parametrize(
    ("with_", "change", "why"),
    [
        ({"place": "agents", "to": "ana@example.com"}, None, "unknown field `to`"),
        ({"place": "board"}, None, "a notice on chat would stay there: nobody takes it down; `with: {place: agents}`"),
        ({}, by_people, "people carry out the notices of chat: nobody would be told; choose a target"),
        ({"place": "agents"}, broken_kind, "a defect of a plugin"),
    ],
)
def test_what_cannot_tell_says_so(
    with_: dict[str, Any], change: Callable[[OnCall], None] | None, why: str, tmp_path: Path
) -> None:
    """A notification that cannot work is a warning of each tick, on the outage that nobody hears of."""
    on_call = OnCall(tmp_path, replace(CHAT, with_=with_))
    if change is not None:
        change(on_call)
    on_call.lab.apply(on_call.lab.playbook("match", [LIST]))
    (warning,) = on_call.warnings(minutes=15)
    assert why in warning
    assert "ana@example.com" not in str(on_call.lab.config.store.journal)
    if change is not broken_kind:
        (found,) = escalation.examined(on_call.lab.session)
        assert (found.state, found.part) == ("problem", "notifications")
    on_call.configure(CHAT)
    on_call.lab.session.__dict__.pop("live")
    on_call.lab.worlds["chat"] = on_call.chat
    (found,) = escalation.examined(on_call.lab.session)
    assert (found.state, found.words) == ("ok", "chat tells of failures, overdue_restores, overdue_steps")


def test_the_history_says_what_was_told_without_an_address(on_call: OnCall) -> None:
    """Who was told is a keyed hash: addresses of people on call stand in runner.yaml only."""
    on_call.configure(replace(CHAT, with_={"place": "agents", "audience": {"agents": "Ana Example"}}))
    on_call.lab.apply(on_call.lab.playbook("match", [LIST]))
    on_call.tick(minutes=15)
    told = [event for event in show(on_call.lab.session, "match").events if event.verb == "told"]
    assert [event.detail.partition(" ")[2] for event in told] == ["list 1 open", "list 2 open"]
    assert "Example" not in str(told)
    stored = b"".join(path.read_bytes() for path in on_call.lab.folder.rglob("*") if path.is_file())
    assert b"Ana Example" not in stored


def test_a_long_list_fits_into_a_chat(on_call: OnCall) -> None:
    """Very many steps, and long values, are cut; the command that lists all of them stands at the end."""
    items = [{"do": f"Thing {n}", "value": "x" * 900} for n in range(1, 60)]
    on_call.lab.apply(on_call.lab.playbook("match", [{**LIST, "with": {"items": items}}]))
    on_call.tick(minutes=15)
    ((subject, body),) = on_call.texts
    assert "59 steps are overdue" in subject
    assert len(body) < 4_000
    assert body.endswith("...\n\nAll that waits:\nrunner steps match@2026-12-11T11:30")
