"""Mail, carried out by the whole runner on a mail server that goes wrong: nobody gets a message twice, and whatever is
unknown is said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import pytest

from runner.commands import look, planning, rehearse
from runner.errors import Exit, InvalidInput
from runner.executor import context_of
from runner.report import Fate, Report
from runner.views import plan_json
from tests.support.crash import memory_folder
from tests.support.fuse import Killed, fused
from tests.support.lab import START
from tests.support.mail import MailLab, written
from tests.support.smtp import Sink

SAID = {"subject": {"es": "Corte", "en": "Power cut"}, "body": {"es": "Vamos lento.", "en": "We are slow."}}
OVER = {"subject": {"es": "Listo", "en": "Over"}, "body": {"es": "Ya está.", "en": "We are back."}}
TELL = {"id": "tell", "uses": "notice", "target": "mail", "with": {"audience": {"customers": "all"}, **SAID}}
BOTH = {**TELL, "restore": [{"uses": "notice", "target": "mail", "with": {"audience": {"customers": "all"}, **OVER}}]}


def address(number: int) -> str:
    return f"c{number}@example.com"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture
def lab(tmp_path: Path, sink: Sink) -> Iterator[MailLab]:
    """Six customers."""
    with opened(tmp_path, sink) as found:
        yield found


@contextmanager
def opened(folder: Path, sink: Sink, many: int = 6, **options: Any) -> Iterator[MailLab]:
    written(folder, [address(number) for number in range(many)])
    found = MailLab(folder, sink, **options)
    try:
        yield found
    finally:
        found.close()


def fates(report: Report) -> Counter[Fate]:
    return Counter(note.fate for note in report.notes)


def times(sink: Sink) -> Counter[int]:
    """Return how many people got how many messages."""
    return Counter(Counter(sink.received()).values())


# --- the plan -------------------------------------------------------------------------------------------------------


def test_a_plan_says_to_how_many_for_how_long_and_that_it_stays_sent(tmp_path: Path, sink: Sink) -> None:
    """The plan has the number of recipients and the minutes under the limit, marks each as sent for good, and asks the
    server nothing."""
    with opened(tmp_path, sink, 90, per_minute=30) as lab:
        run = lab.plan(lab.playbook("cut", [TELL])).plans[0].runs[0]
        assert (run.objects, run.changes) == (90, 90)
        assert run.seconds == pytest.approx(180, rel=0.03)
        assert {item.irreversible for item in run.items} == {"it is out once it is sent"}
        assert [item.name for item in run.items[:2]] == ["customers line 2", "customers line 3"]
        assert run.items[0].note == "Vamos lento."
        assert (sink.dialled, run.warnings) == (0, ())


def test_no_address_is_kept_anywhere(lab: MailLab, sink: Sink, tmp_path: Path) -> None:
    """Neither plan, selection, store, journal nor report holds a recipient's address, also when the server says it."""
    sink.fail("RCPT", f"550 5.1.1 <{address(2)}>: no such user {address(2)}", to=address(2))
    sink.fail("TAKEN", skip=2)
    book = lab.playbook("cut", [TELL])
    outage = lab.outage(book)
    spools = tmp_path / "spools"
    plan = planning.plan_outage(lab.session, outage, START, spools=spools)
    report = lab.apply(book)
    assert sorted(fates(report)) == [Fate.REJECTED, Fate.UNKNOWN]
    said = json.dumps(plan_json.to_json(plan)) + repr(report)
    lab.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "customers.csv"]
    kept = said.encode() + b"".join(path.read_bytes() for path in files)
    assert len(files) >= 4
    assert "550 5.1.1 <address>: no such user <address>" in said
    assert [number for number in range(6) if address(number).encode() in kept] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("email\nc0@example.com\nana(at)example.com\n", "line 3 of customers.csv has no mail address"),
        ("c0@example.com\n\n# all of us\nc1@example\n", "line 4 of customers.csv has no mail address"),
        ('email,name\nc0@example.com,"Ana\n', "line 2 of customers.csv is no line of CSV"),
        ("name;address\nAna;c0@example.com\n", "line 1 of customers.csv has no mail address"),
        (None, "the list customers cannot be read: customers.csv: No such file"),
        (b"email\nc0@example.com # \xe9\n", "customers.csv is not UTF-8"),
    ],
)
def test_a_bad_list_is_refused_before_anything_is_sent(
    lab: MailLab, sink: Sink, tmp_path: Path, text: str | bytes | None, said: str
) -> None:
    """A list with a line that is no address, or that cannot be read, is named with file and line, in plan and apply;
    the text of the line is not shown."""
    book = lab.playbook("cut", [TELL])
    planned = lab.plan(book)
    path = tmp_path / "customers.csv"
    path.unlink()
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidInput, match=said) as caught:
        lab.plan(book)
    assert caught.value.hint
    assert "ana" not in caught.value.message
    del planned
    assert sink.dialled == 0


def test_the_same_step_can_be_rehearsed(lab: MailLab, sink: Sink, tmp_path: Path) -> None:
    """A rehearsal sends to a copy in memory, with a crash in between, and nothing is left over."""
    rows = [{"id": "tell", "uses": "notice", "target": "mail", "with": dict(TELL["with"])}]
    book = lab.playbook("cut", rows)
    found = rehearse._one(lab.session, lab.outage(book), lab.progress)
    assert (found.passed, found.objects, found.problems) == (True, 6, ())
    assert sink.taken == []


# --- sending --------------------------------------------------------------------------------------------------------


def test_everybody_gets_one_message_in_their_language(tmp_path: Path, sink: Sink) -> None:
    """Each recipient once, by step, list and audience together; whoever has a locale reads that language, others all
    of them, the target's own first."""
    with opened(tmp_path, sink, lists={
        "customers": {"file": "customers.csv", "audience": "customers"},
        "vips": {"file": "vips.csv"},
    }) as lab:  # fmt: skip
        written(tmp_path, ["c1@example.com", "c2@example.com", "C1@Example.COM"])
        (tmp_path / "vips.csv").write_text(
            "\ufeffname;email;locale\n'Ána; Ltd';C2@example.com;\nBob;bob@example.com;en-GB\n\n#x;y;z\n"
            "Eva;eva@bücher.example;pt_BR\n".replace("'", '"'),
            encoding="utf-8",
        )
        step = {**TELL, "with": {**TELL["with"], "list": ["vips"], "to": ["ops@example.com"]}}
        report = lab.apply(lab.playbook("cut", [step]))
        assert (report.exit_code, report.runs[0].written) == (Exit.DONE, 5)
        got = {one.to[0]: one for one in sink.taken}
        assert list(got) == [
            "ops@example.com", "C2@example.com", "bob@example.com", "eva@xn--bcher-kva.example", "c1@example.com",
        ]  # fmt: skip
        assert got["bob@example.com"].text == "We are slow."
        assert str(got["bob@example.com"].message["Subject"]) == "Power cut"
        assert got["bob@example.com"].message["Content-Language"] == "en-GB"
        assert got["c1@example.com"].text == "Vamos lento.\n\n---\n\nWe are slow."
        assert str(got["eva@xn--bcher-kva.example"].message["Subject"]) == "Corte / Power cut"
        assert got["C2@example.com"].message["To"] == '"Ána; Ltd" <C2@example.com>'


def test_a_message_says_what_a_polite_machine_says(lab: MailLab, sink: Sink) -> None:
    """From, date, an identity that follows from outage, step and recipient, and headers that keep machines from
    answering; no text can add a header."""
    said = {"subject": "Açúcar\nBcc: eve@example.com", "body": ".dot\nBcc: no\n" + "é" * 1200}
    step = {"id": "tell", "uses": "notice", "target": "mail", "with": {"to": "ops@example.com", **said}}
    book = lab.playbook("cut", [step])
    lab.apply(book)
    run = lab.outage(book).runs[0]
    marker = context_of(lab.outage(book), run, lab.session.desk, "en").marker()
    (one,) = sink.taken
    message = one.message
    assert (one.sender, one.to) == ("support@example.com", ("ops@example.com",))
    assert str(message["Subject"]) == "Açúcar Bcc: eve@example.com"
    assert message["From"] == "Acme Support <support@example.com>"
    assert message["Date"].datetime == START
    name = lab.session.io.pseudonym("ops@example.com")
    assert message["Message-ID"] == f"<{marker}.{name}@example.com>"
    assert (message["Auto-Submitted"], message["Precedence"], message["Bcc"]) == ("auto-generated", "bulk", None)
    assert one.text == said["body"]
    assert max(map(len, one.raw.split(b"\r\n"))) <= 998


def test_bcc_sends_one_message_to_several(tmp_path: Path, sink: Sink) -> None:
    """With `bcc` one message has that many recipients, shows none of them, and each has an outcome of their own."""
    with opened(tmp_path, sink, 10, bcc=4) as lab:
        plan = lab.plan(lab.playbook("cut", [TELL])).plans[0]
        assert plan.runs[0].changes == 10
        sink.fail("RCPT", "550 5.1.1 nobody here", to=address(1))
        report = lab.apply(lab.playbook("cut", [TELL]))
        assert fates(report) == {Fate.REJECTED: 1}
        assert [len(one.to) for one in sink.taken] == [3, 4, 2]
        assert times(sink) == {1: 9}
        assert {str(one.message["To"]) for one in sink.taken} == {"undisclosed-recipients:;"}
        assert len({one.message["Message-ID"] for one in sink.taken}) == 3


def test_a_server_that_takes_few_recipients_gets_more_messages(tmp_path: Path, sink: Sink) -> None:
    """Recipients beyond what the server takes in one message are not refused: they go out with the next ones."""
    sink.most = 3
    with opened(tmp_path, sink, 10, bcc=10) as lab:
        assert lab.apply(lab.playbook("cut", [TELL])).exit_code == Exit.DONE
        assert [len(one.to) for one in sink.taken] == [3, 3, 3, 1]
        assert times(sink) == {1: 10}


def test_a_follow_up_tells_that_it_is_over(lab: MailLab, sink: Sink) -> None:
    """What was sent stays sent; on the way back the follow-up goes out, once, and nothing is held any more."""
    lab.apply(lab.playbook("cut", [BOTH]))
    report = lab.revert("cut")
    assert (report.state, report.exit_code) == ("closed", Exit.DONE)
    assert Counter(str(one.message["Subject"]) for one in sink.taken) == {"Corte / Power cut": 6, "Listo / Over": 6}
    assert len({one.message["Message-ID"] for one in sink.taken}) == 12
    lab.resume()
    assert len(sink.taken) == 12


def test_two_outages_mail_the_same_people(lab: MailLab, sink: Sink) -> None:
    """Recipients are not shared between outages: each sends its own message, and ends by itself."""
    lab.apply(lab.playbook("cut", [TELL]))
    lab.apply(lab.playbook("flood", [TELL]))
    assert times(sink) == {2: 6}
    assert [lab.revert(name).state for name in ("cut", "flood")] == ["closed", "closed"]
    assert len(sink.taken) == 12


def test_messages_keep_to_the_pace(tmp_path: Path, sink: Sink) -> None:
    """No more messages a minute go out than the target allows, also when one of them has to wait for its minute."""
    for pace, many, minutes in ((12, 24, 2), (2, 3, 1)):
        (tmp_path / str(pace)).mkdir()
        with opened(tmp_path / str(pace), sink, many, per_minute=pace) as lab:
            begun = lab.clock
            report = lab.apply(lab.playbook("cut", [TELL]))
            assert (report.exit_code, report.runs[0].written) == (Exit.DONE, many)
            assert (lab.clock - begun) / 60 == pytest.approx(minutes - 1 / pace if pace > 2 else 1, rel=0.1)


# --- one recipient of many ------------------------------------------------------------------------------------------


def test_a_refused_recipient_leaves_the_others(lab: MailLab, sink: Sink) -> None:
    """One recipient of many is refused: one message says which and why, all others get theirs; `resume` asks again for
    that one only."""
    sink.fail("RCPT", "550 5.1.1 nobody here", to=address(2), times=2)
    report = lab.apply(lab.playbook("cut", [TELL]))
    assert report.exit_code == Exit.PEOPLE
    assert [(note.fate, note.name, note.reason) for note in report.notes] == [
        (Fate.REJECTED, "customers line 4", "550 5.1.1 nobody here")
    ]
    assert times(sink) == {1: 5}
    offered = len(sink.commands)
    assert fates(lab.resume()[0]) == {Fate.REJECTED: 1}
    assert sink.commands[offered:].count("MAIL") == 1
    assert lab.resume()[0].exit_code == Exit.DONE
    assert times(sink) == {1: 6}
    assert lab.resume()[0].runs == ()


def test_a_lost_reply_is_unknown_until_somebody_asks_for_it(lab: MailLab, sink: Sink) -> None:
    """A message without an answer is listed and not sent again; with --resend exactly that one goes out, recognisable
    by its Message-ID."""
    sink.fail("TAKEN", skip=3)
    report = lab.apply(lab.playbook("cut", [TELL]))
    assert report.exit_code == Exit.PEOPLE
    assert [(note.fate, note.name) for note in report.notes] == [(Fate.UNKNOWN, "customers line 5")]
    assert "not sent again without --resend" in report.notes[0].reason
    lab = lab.anew()
    lab.resume()
    lab.tick()
    lab.apply(lab.playbook("cut", [TELL]))
    assert times(sink) == {1: 6}
    assert lab.resume(resend=True)[0].exit_code == Exit.DONE
    first, again = (one for one in sink.taken if one.to == (address(3),))
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert times(sink) == {1: 5, 2: 1}
    lab.resume(resend=True)
    assert len(sink.taken) == 7
    assert [event.verb for event in look.show(lab.session, "cut").events] == ["apply", "apply", "resend"]
    lab.close()


def test_whoever_is_put_off_is_asked_again_and_holds_nobody_up(lab: MailLab, sink: Sink) -> None:
    """4xx for one recipient: the others go on, it is asked again after a pause; put off a second time although others
    got theirs, it counts as refused."""
    sink.fail("RCPT", "450 4.2.1 come back later", to=address(1))
    sink.fail("RCPT", "450 4.2.1 never now", to=address(4), times=0)
    begun = lab.clock
    report = lab.apply(lab.playbook("cut", [TELL]))
    assert [(note.fate, note.name, note.reason) for note in report.notes] == [
        (Fate.REJECTED, "customers line 6", "put off again and again: 450 4.2.1 never now")
    ]
    assert lab.clock > begun
    assert times(sink) == {1: 5}


def test_a_list_that_changed_meanwhile(tmp_path: Path, sink: Sink) -> None:
    """An address that left the list between plan and sending gets nothing and is told of; one that is new gets nothing
    by a list that was made before."""
    with opened(tmp_path, sink, 50) as lab:
        sink.fail("MAIL", "451 4.7.1 slow down", skip=25, times=0)
        report = lab.apply(lab.playbook("cut", [TELL]))
        assert (report.exit_code, len(sink.taken)) == (Exit.RESUME, 25)
        assert "451 4.7.1 slow down" in report.runs[0].message
        sink.troubles.clear()
        written(tmp_path, [address(number) for number in (99, *range(40))])
        report = lab.resume()[0]
        assert fates(report) == {Fate.REJECTED: 10}
        assert report.notes[0].reason == "the address is no longer in its list"
        assert times(sink) == {1: 40}
        assert address(99) not in sink.received()


def test_a_list_that_breaks_while_mails_go_out_leaves_nothing_unknown(
    tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that cannot be read any more in the middle stops the step, with the line; mended, it goes on."""
    with opened(tmp_path, sink, 30) as lab:
        real = sink.handle_DATA

        async def breaking(*given: Any) -> str:
            if not sink.taken:
                written(tmp_path, ["nobody"])
            return await real(*given)

        monkeypatch.setattr(sink, "handle_DATA", breaking)
        report = lab.apply(lab.playbook("cut", [TELL]))
        assert (report.exit_code, len(sink.taken)) == (Exit.RESUME, 20)
        assert report.runs[0].message.startswith("line 2 of customers.csv has no mail address")
        written(tmp_path, [address(number) for number in range(30)])
        assert (lab.resume()[0].exit_code, times(sink)) == (Exit.DONE, {1: 30})


# --- whatever breaks ------------------------------------------------------------------------------------------------

BREAKS: list[tuple[str, str]] = [
    ("CONNECT", ""),
    ("CONNECT", "554 5.3.2 not today"),
    ("CONNECT", "421 4.3.2 too busy"),
    ("EHLO", ""),
    ("MAIL", ""),
    ("MAIL", "421 4.7.0 enough for this conversation"),
    ("MAIL", "451 4.7.1 slow down"),
    ("MAIL", "550 5.7.1 no such sender"),
    ("RCPT", ""),
    ("RCPT", "421 4.7.0 enough"),
    ("RCPT", "999 what"),
    ("DATA", ""),
    ("DATA", "451 4.3.0 no room"),
    ("DATA", "250 what"),
    ("BODY", ""),
    ("TAKEN", ""),
    ("BODY", "451 4.3.0 no room"),
    ("BODY", "552 5.3.4 too big"),
    ("BODY", "what"),
    ("BODY", "421 4.3.0 going down"),
]


@pytest.mark.parametrize(
    ("at", "reply", "bcc"), [*((*each, None) for each in BREAKS), *((at, "", 2) for at in ("RCPT", "BODY", "TAKEN"))]
)
def test_nothing_is_sent_twice_whatever_breaks(
    tmp_path: Path, sink: Sink, at: Any, reply: str, bcc: int | None
) -> None:
    """Wherever the conversation breaks or the server refuses: after as many resumes as it takes everybody has one
    message, or was told of as refused or unknown."""
    with opened(tmp_path, sink, 5, **({"bcc": bcc} if bcc else {})) as lab:
        sink.fail(at, reply, skip=0 if at in ("CONNECT", "EHLO") else 1)
        report = lab.apply(lab.playbook("cut", [TELL]))
        told = fates(report)
        if report.pending:
            assert report.runs[0].message
            report = lab.later(seconds=1).resume()[0]
            told += fates(report)
        assert not report.pending
        lost = told[Fate.UNKNOWN] + told[Fate.REJECTED]
        assert max(times(sink)) == 1
        assert 5 - lost <= len(sink.received()) <= 5
        handed_over = at == "TAKEN" or (at == "BODY" and reply in ("", "what"))
        assert bool(told[Fate.UNKNOWN]) is handed_over, "unknown is what was handed over without an answer, no more"
        assert bool(told[Fate.REJECTED]) is (at == "BODY" and reply.startswith("5"))


def test_a_process_that_dies_at_any_point_sends_nothing_twice() -> None:
    """Killed before anything is durable, before a batch or after it: a new process goes on, nobody gets two, and who
    may have got none is listed as unknown."""

    def story(name: str, point: int) -> bool:
        with memory_folder() as folder, Sink() as sink, opened(folder, sink, 3, per_minute=6) as lab:  # two in a batch
            fuse = fused(lab)
            fuse.arm(name, point)
            with suppress(Killed):
                lab.apply(lab.playbook("cut", [TELL]))
            new = lab.anew().later(seconds=200)
            reports = [*new.resume(), new.apply(new.playbook("cut", [TELL])), *new.resume()]
            told = {note.name for report in reports for note in report.notes if note.fate is Fate.UNKNOWN}
            assert max(times(sink)) == 1, (name, point)
            assert len(sink.received()) + len(told) >= 3, (name, point)
            assert len(told) <= 2, (name, point)
            before = len(sink.taken)
            new.resume(resend=True)
            assert set(sink.received()) == {address(number) for number in range(3)}
            assert len(sink.taken) == before + len(told)
            new.close()
        return fuse.dead

    died = {name: sum(1 for _ in takewhile(partial(story, name), count(1))) for name in ("commit", "write", "written")}
    assert died["commit"] > 8
    assert (died["write"], died["written"]) == (2, 2)


def test_a_slow_server_gets_no_more_than_fits_into_the_lease(
    tmp_path: Path, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When messages take long, a batch ends early, and the rest goes out under a lease that was renewed."""
    with opened(tmp_path, sink, 12) as lab:
        real = sink.handle_DATA

        async def slow(*given: Any) -> str:
            lab.clock += 8
            return await real(*given)

        monkeypatch.setattr(sink, "handle_DATA", slow)
        report = lab.apply(lab.playbook("cut", [TELL]))
        assert (report.exit_code, times(sink)) == (Exit.DONE, {1: 12})
        assert lab.clock - START.timestamp() >= timedelta(seconds=96).total_seconds()
