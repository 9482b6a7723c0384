"""Plans, reports and states as a support team would meet them; the golden files show how they read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runner.model import ABSENT, KEPT, PERSON, UNKNOWN, Claim, Op, Slot, Value
from runner.planfile import Action, Item, Left, Plan, RunPlan
from runner.report import (
    Fate,
    Guide,
    Note,
    OutageStatus,
    Report,
    RunReport,
    RunStatus,
    StackLayer,
    Task,
    Why,
)

BR = "helpdesk-br"
MX = "helpdesk-mx"
ZONE = "America/Sao_Paulo"
START = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)  # 11:30 in São Paulo
END = datetime(2026, 12, 11, 17, 30, tzinfo=UTC)
NOW = START - timedelta(minutes=2)
MATCH = "world-cup-quarter-final@2026-12-11T11:30"
MARKER = "or-abcdefghij23"
ANNOUNCEMENT = "Hello!\nWe answer from 9 to 18.\nYours, Support"


def item(slot: Slot, name: str, before: Value, after: Value, action: Action = Action.UPDATE, **more: str) -> Item:
    return Item(slot, name, before, after, action, **more)


def run(name: str, kind: str, items: tuple[Item, ...] = (), **more: Any) -> RunPlan:
    written = sum(one.action not in (Action.NOTHING, Action.SEND, Action.PERSON) for one in items)
    values: dict[str, Any] = {
        "run": name,
        "kind": kind,
        "target": BR,
        "title": "",
        "direction": "open",
        "due": True,
        "start": START,
        "end": END,
        "items": items,
        "objects": len({one.slot.ref for one in items if one.action is not Action.NOTHING}),
        "changes": written,
        "requests": 2 * written,
        "seconds": 1.5 * written,
    }
    return RunPlan(**values | more)


def plan(*runs: RunPlan, **more: Any) -> Plan:
    values: dict[str, Any] = {
        "outage": MATCH,
        "title": "Quarter-final: Brazil plays",
        "direction": "open",
        "at": NOW,
        "timezone": ZONE,
        "start": START,
        "end": END,
        "runs": runs,
        "fingerprint": {"playbook": "sha256:1", "values": "sha256:2"},
        "store": "5b0c",
    }
    return Plan(**values | more)


def hours(day: str, before: list[str], after: list[str], **more: Any) -> Item:
    return item(Slot(BR, "business_hours", "12", f"hours/{day}"), "Support BR", before, after, **more)


def ticket(number: int, before: str, after: str, **more: Any) -> Item:
    return item(Slot(BR, "tickets", str(number), "status"), f"Cannot log in, case {number}", before, after, **more)


def partial_outage() -> Plan:
    """A plan at the start of a match: hours, a message, a banner that is there already, agents told, a step by hand."""
    whatsapp = Slot(BR, "channel_hours", "31", "hours/fri")
    message = Slot(BR, "message", "whatsapp-offline", "text/pt-BR")
    sent = Slot(BR, "notice", MARKER, "sent")
    banner = Slot(BR, "notice", "or-zzzzzzzzzz22", "notice")
    login = Slot(MX, "access", "two-factor-login", "value")
    return plan(
        run("hours", "business_hours", (hours("fri", ["09:00-18:00"], ["09:00-11:30", "14:30-18:00"]),)),
        run(
            "whatsapp",
            "channel_hours",
            (item(whatsapp, "WhatsApp", ["08:00-20:00"], ["08:00-11:30", "14:30-20:00"]),),
            left=(Left("channel Phone", "it is switched off already"),),
        ),
        run(
            "answer",
            "message",
            (item(message, "WhatsApp / offline", "Olá!\nAté logo.", "Olá!\nAté logo.\nVoltamos às 14:30."),),
        ),
        run("banner", "notice", (item(banner, "", ABSENT, {"subject": "x"}, Action.NOTHING, note="shown already"),)),
        run(
            "agents",
            "notice",
            (item(sent, "Match starts, chats close", ABSENT, "sha256:77", Action.SEND, note="mail to 43 agents"),),
            requests=1,
            objects=1,
        ),
        run(
            "login@helpdesk-mx",
            "access",
            (item(login, "Two-factor login", UNKNOWN, "required for agents", Action.PERSON),),
            target=MX,
            end=None,
            menu="Admin > Account > Security > Sign-in",
            stays="two-factor login stays on (restore: keep)",
        ),
        run(
            "agents/restore/1",
            "notice",
            (item(sent, "We are back", ABSENT, "sha256:78", Action.SEND, note="mail to 43 agents"),),
            due=False,
            start=END,
            end=None,
            requests=1,
            objects=1,
            stays="the mail to 43 agents",
        ),
        warnings=(f"nobody will restore this at 14:30 -03; then type: runner revert {MATCH}",),
    )


def ticket_pause() -> Plan:
    """A plan that pauses 1,284 tickets, some of which cannot come back as they were, and a guard in its way."""
    new = "the status `new` is never given back; it comes back as `open`"
    status = [ticket(4711 + n, "open", "pending") for n in range(3)]
    fresh = [ticket(9001 + n, "new", "pending", irreversible=new) for n in range(3)]
    tags = [
        item(
            Slot(BR, "tickets", str(4711 + n), f"tags/{MARKER}"),
            f"Cannot log in, case {4711 + n}",
            ABSENT,
            True,
            Action.CREATE,
        )
        for n in range(3)
    ]
    return plan(
        run(
            "pause",
            "tickets",
            (*status, *fresh, *tags),
            title="Tickets",
            objects=1284,
            changes=2568,
            requests=39,
            seconds=130.0,
            counts={
                ("status", "open", "pending"): 1247,
                ("status", "new", "pending"): 37,
                ("tags", "(none)", "yes"): 1284,
            },
            left=(
                Left("ticket 5120", "already pending"),
                Left("ticket 5121", "already pending"),
                Left("ticket 5122", "already pending"),
                Left("ticket 5123", "already pending"),
                Left("ticket 6001", "held by another outage, semi-final@2026-12-09T16:00"),
            ),
        ),
        refusals=(
            "limit tickets: 1,284 objects, the limit is 1,000: raise guards.limits.tickets.objects in runner.yaml, "
            "or narrow `select`",
        ),
    )


def revert() -> Plan:
    """A plan that gives back hours which a person edited meanwhile, and reports a conflict with another outage."""
    return plan(
        run(
            "hours",
            "business_hours",
            (
                hours("fri", ["08:00-09:00", "09:00-11:30", "14:30-18:00"], ["08:00-18:00"]),
                hours(
                    "sat",
                    ["10:00-12:00"],
                    ["10:00-12:00"],
                    action=Action.NOTHING,
                    note="a person set it, it stays as it is",
                ),
            ),
            direction="close",
        ),
        run(
            "quiet",
            "rule",
            (
                item(
                    Slot(BR, "rule", "88", "active"),
                    "First reply",
                    False,
                    False,
                    Action.NOTHING,
                    conflict="a person set no (seen Fri 11 Dec 12:10 -03); fair@2026-12-11T09:00 wants yes",
                ),
            ),
            direction="close",
        ),
        direction="close",
        at=END,
    )


def report() -> Report:
    """An apply that came to a stop in the middle, with one note of every fate."""
    rule = Slot(BR, "rule", "88", "active")
    notes = (
        Note(Fate.DROPPED, Slot(BR, "tickets", "4714", "status"), "Refund", "pending", "solved", "solved by an agent"),
        Note(Fate.GONE, Slot(BR, "tickets", "4716", "status"), "Spam", "pending", ABSENT),
        Note(Fate.DIFFERENT, Slot(BR, "tickets", "9001", "status"), "Invoice", "new", "open"),
        Note(Fate.KEPT, Slot(BR, "business_hours", "12", "hours/fri"), "Support BR", ["09:00-18:00"], []),
        Note(Fate.CONFLICT, rule, "First reply", False, True, "edited by a person, seen Fri 11 Dec 11:20 -03"),
        Note(Fate.UNKNOWN, Slot(BR, "notice", MARKER, "sent"), "Match starts", "sha256:77", None, "the reply was lost"),
        Note(Fate.REJECTED, Slot(BR, "tickets", "4720", "status"), "Locked", "pending", "open", "the ticket is locked"),
    )
    return Report(
        MATCH,
        "open",
        (
            RunReport("hours", "business_hours", BR, "open", "done", 1, 1, 2, notes[3:4]),
            RunReport(
                "pause",
                "tickets",
                BR,
                "open",
                "failed",
                800,
                799,
                16,
                (*notes[:3], notes[6]),
                "the target did not answer for 30 s (HTTP 503)",
            ),
            RunReport("quiet", "rule", BR, "open", "done", 0, 0, 1, (*notes[4:6],)),
            RunReport("login@helpdesk-mx", "access", MX, "open", "waiting"),
            RunReport("answer", "message", BR, "open", "skipped", message="it needs `pause`, which failed"),
        ),
        waiting=1,
        pending=True,
        restore_at=END,
        seconds=131.4,
        warnings=(f"nobody will restore this at 14:30 -03. Then type: runner revert {MATCH}",),
    )


def reverted() -> Report:
    """A revert that gave everything back, with one edit by a person that was kept."""
    kept = Note(
        Fate.KEPT, Slot(BR, "business_hours", "12", "hours/sat"), "Support BR", [], ["10:00-12:00"], "seen 12:10 -03"
    )
    return Report(
        MATCH,
        "closed",
        (
            RunReport("pause", "tickets", BR, "close", "done", 2568, 2568, 39),
            RunReport("hours", "business_hours", BR, "close", "done", 1, 1, 2, (kept,)),
        ),
        seconds=128.0,
    )


def statuses() -> list[OutageStatus]:
    """An overdue outage that waits for a person, one that will start, and one that nobody opened."""
    runs = (
        RunStatus("hours", "business_hours", BR, "active", START, END, 1),
        RunStatus("pause", "tickets", BR, "active", START, END, 1284),
        RunStatus("login@helpdesk-mx", "access", MX, "waiting", START, None),
        RunStatus("answer", "message", BR, "failed", START, END),
    )
    soon = START + timedelta(days=1)
    return [
        OutageStatus(
            MATCH,
            "Quarter-final: Brazil plays",
            "open",
            ZONE,
            START,
            END,
            runs,
            overdue=True,
            waiting=1,
            holder="ci 8812",
        ),
        OutageStatus(
            "fair@2026-12-12T11:30",
            "Trade fair",
            "registered",
            ZONE,
            soon,
            soon + timedelta(hours=8),
            (RunStatus("hours", "business_hours", BR, "pending", soon, soon + timedelta(hours=8)),),
            when_told=True,
            warnings=("the window is no longer in the playbook; it stays registered",),
        ),
        OutageStatus("rehearsal@2026-12-01T09:00", "", "missed", "UTC", START - timedelta(days=10), START, ()),
    ]


def why() -> Why:
    """Two outages and a person's edit on one weekday of a schedule."""
    return Why(
        Slot(BR, "business_hours", "12", "hours/fri"),
        "Support BR",
        (
            StackLayer("base", "", None, ["09:00-18:00"]),
            StackLayer(MATCH, "hours", Claim(Op.MEMBERS, remove=("11:30-14:30",)), ["09:00-11:30", "14:30-18:00"], END),
            StackLayer(
                PERSON,
                "",
                Claim(Op.MEMBERS, add=("08:00-09:00",)),
                ["08:00-11:30", "14:30-18:00"],
                seen_at="2026-12-11T15:10:00Z",
            ),
            StackLayer(KEPT, "", Claim(Op.PUT, []), []),
        ),
        [],
        ["10:00-11:00"],
        True,
    )


def guides() -> list[Guide]:
    """A step to do, a step to put back that is late, and a question about another outage."""
    access = step("login@helpdesk-mx", "Require two-factor login", value="required for agents", who="Ana, shift lead")
    access = replace(access, menu="Admin > Account > Security > Sign-in", blank=True, item="value")
    access = replace(access, command=f"{access.command} --before VALUE")
    greeting = step("greeting@helpdesk-mx", "Greeting of the chat", "close", value="Hola.\nAtendemos de 9 a 18.")
    greeting = replace(greeting, menu="Settings > Chat > Greeting", overdue=True)
    fair = "fair@2026-12-12T11:30"
    forms = replace(step("forms", "Hide the contact form", "close", outage=fair), target=BR, question=True, blank=True)
    forms = replace(forms, command=f"{forms.command} --not-done", otherwise=f"{forms.command} --before VALUE")
    return [guide(access, greeting), replace(guide(forms), outage=fair, title="Trade fair")]


def handout() -> Guide:
    """All steps of an outage: one done, one to do, one that is late, and their opposites in reverse order."""
    sso = step("sso", "Set single sign-on", value="required", number=1, state="done", before="optional")
    proof = "photo.png (sha-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08)"
    sso = replace(sso, done_by="Ana", done_at=START + timedelta(minutes=4), evidence=proof)
    call = step("list", "Call the <shift> lead & wait", number=2, item="1", who="on call")
    sign = step("list", "Turn the sign", value="closed\nuntil 14:30", number=3, item="2", state="planned", blank=True)
    sign = replace(sign, menu="Lobby > screen")
    back = replace(sign, direction="close", value="", number=4, undoes=3, due=END, command=f"{call.command} 2")
    call = replace(call, command=f"{call.command} 1", overdue=True)
    sign = replace(sign, command=f"{sign.command} 2 --before VALUE")
    again = replace(call, direction="close", number=5, undoes=2, due=END, overdue=False, state="planned")
    last = step("sso", "Set single sign-on", "close", value="optional", number=6, undoes=1, state="planned")
    return replace(guide(sso, call, sign, back, again, last), owner="ops@example.com")


def guide(*some: Task) -> Guide:
    return Guide(MATCH, "Quarter-final: Brazil plays", ZONE, START, END, START + timedelta(minutes=20), some)


def step(run: str, title: str, direction: Any = "open", *, outage: str = MATCH, **more: Any) -> Task:
    given: dict[str, Any] = {"item": "1", "target": MX, "menu": "", "value": "", "question": False, "overdue": False}
    due = START if direction == "open" else END
    known = {**given, "command": f"runner ack {outage} {run}", **more}
    return Task(outage=outage, run=run, direction=direction, title=title, due=due, **known)
