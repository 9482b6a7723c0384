"""What people and machines see: plans, reports, states, stacks, human steps, capabilities, progress."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import view_samples as sample

from runner import kinds
from runner.errors import InvalidInput
from runner.kinds import words as kind_words
from runner.model import ABSENT, UNKNOWN, Claim, Op, Slot
from runner.planfile import Action, Left, Plan
from runner.report import Report
from runner.sheet import SENT
from runner.spi import KindSpec, Means, Reversal
from runner.views import plan, providers, report, status, steps, why
from runner.views.escape import escaped, escaped_html, fenced
from runner.views.progress import Bars, Lines, Silent
from runner.views.steps_html import html
from runner.views.text import (
    amount,
    claim_words,
    clean,
    columns,
    difference,
    duration,
    field_name,
    instant_json,
    listed,
    run_name,
    short,
    span,
    when,
)
from runner.views.words import LANGUAGES, words_of

ROOT = Path(__file__).parents[2]
Golden = Callable[[str, str], None]
LATE = sample.END + timedelta(minutes=25)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
PLANS = {
    "partial-outage": sample.partial_outage,
    "ticket-pause": sample.ticket_pause,
    "revert": sample.revert,
    "nothing": sample.plan,
}
REPORTS = {"stopped": sample.report, "reverted": sample.reverted}


def capabilities() -> dict[str, dict[str, KindSpec]]:
    def spec(kind: str, **more: Any) -> KindSpec:
        return KindSpec(kind, kind, {}, lambda *_: None, lambda *_: (), {}, **more)

    return {
        sample.BR: {
            "business_hours": spec("business_hours", max_batch=1, rate=400.0),
            "tickets": spec("tickets", precondition=True, rate=30.0, gives_back=frozenset({"open", "pending"})),
            "notice": spec("notice", reversal=Reversal.FOLLOW_UP, notes=("every recipient gets a mail",)),
            "broadcast": spec("broadcast", reversal=Reversal.NONE),
        },
        sample.MX: {"access": spec("access", means=Means.PERSON), "rule": spec("rule", means=Means.VERIFY)},
    }


def screens(*, width: int, colour: bool) -> dict[str, str]:
    """Return every human view of every sample."""
    look: dict[str, Any] = {"width": width, "colour": colour}
    return {
        **{f"plan-{name}": plan.human(make(), **look) for name, make in PLANS.items()},
        **{f"report-{name}": report.human(make(), timezone=sample.ZONE, **look) for name, make in REPORTS.items()},
        "status": status.human(sample.statuses(), now=LATE, **look),
        "status-one": status.detail(sample.statuses()[0], now=LATE, **look),
        "why": why.human(sample.why(), timezone=sample.ZONE, **look),
        "steps": steps.human(sample.guides(), **look),
        "steps-all": steps.human([sample.handout()], whole=True, **look),
        **{f"steps-{each.language}": steps.human(sample.guides(), words=each, **look) for each in LANGUAGES[1:]},
        "providers": providers.human(capabilities(), **look),
    }


SCREENS = sorted(screens(width=80, colour=False))


@pytest.mark.parametrize("name", SCREENS)
def test_screens_read_as_reviewed(name: str, golden: Golden) -> None:
    """Every human view at 80 columns is the text that was reviewed."""
    golden(f"views/{name}.txt", screens(width=80, colour=False)[name])


@pytest.mark.parametrize("name", PLANS)
def test_comments_read_as_reviewed(name: str, golden: Golden) -> None:
    """Every plan as a pull request comment is the text that was reviewed."""
    golden(f"views/plan-{name}.md", plan.markdown(PLANS[name]()))


def test_the_other_forms_read_as_reviewed(golden: Golden) -> None:
    """The log lines of the status, the checklist and the JSON forms are the texts that were reviewed."""
    forms = {
        "plan-ticket-pause.json": plan.to_json(sample.ticket_pause()),
        "report-stopped.json": report.to_json(sample.report()),
        "status.json": status.to_json(sample.statuses()),
        "why.json": why.to_json(sample.why()),
        "steps.json": steps.to_json(sample.guides()),
        "providers.json": providers.to_json(capabilities()),
    }
    golden("views/status-plain.txt", status.plain(sample.statuses(), now=LATE))
    golden("views/steps.md", steps.markdown(sample.guides()))
    golden("views/steps-all.md", steps.markdown([sample.handout()], words=words_of("pt-BR"), whole=True))
    golden("views/steps-all.html", html([sample.handout()], words=words_of("es"), whole=True))
    for name, data in forms.items():
        golden(f"views/{name}", json.dumps(data, indent=2, ensure_ascii=False))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_but_a_command_or_an_exact_value_passes_the_width(width: int) -> None:
    """Lines fold at the width given; what is typed is never folded."""
    for name, text in screens(width=width, colour=False).items():
        for line in text.splitlines():
            typed = line.strip().startswith("runner ") or "nothing to type" in line
            assert typed or columns(line) <= width, f"{name}: {line}"


def test_colour_never_carries_meaning_alone() -> None:
    """With colour the text is the same text, with escape sequences in it."""
    plain, coloured = screens(width=80, colour=False), screens(width=80, colour=True)

    assert not any("\x1b" in text for text in plain.values())
    assert all("\x1b[" in text for name, text in coloured.items() if name != "plan-nothing")
    assert {name: ANSI.sub("", text) for name, text in coloured.items()} == plain


@pytest.mark.parametrize(
    ("name", "words", "codes"),
    [
        ("plan-partial-outage", "cannot be given back: it is out", "1;31"),
        ("plan-partial-outage", "WARNING: ", "1;33"),
        ("plan-ticket-pause", "REFUSED", "1;31"),
        ("report-stopped", "WARNING: ", "1;33"),
        ("report-stopped", "NOT FINISHED", "1;31"),
        ("status", "OVERDUE", "1;31"),
    ],
)
def test_what_is_dangerous_is_red_and_loud_is_yellow(name: str, words: str, codes: str) -> None:
    """Red is for what cannot be given back, refused or overdue; bold yellow for warnings."""
    assert f"\x1b[{codes}m{words}" in screens(width=80, colour=True)[name]


def test_the_last_line_of_a_plan_is_what_to_type() -> None:
    """A plan ends with the command that carries it out; a refused one with how to go on."""
    look: dict[str, Any] = {"width": 80, "colour": False}

    assert plan.human(sample.partial_outage(), **look, apply="runner apply match.plan").endswith(
        "To carry it out, type:\n  runner apply match.plan"
    )
    assert plan.human(sample.revert(), **look).endswith(f"type:\n  runner revert {sample.MATCH}")
    assert plan.human(sample.ticket_pause(), **look).endswith("Settle the refusal above, then plan again.")


def test_a_plan_before_its_time_says_when_the_first_step_is_due() -> None:
    """When nothing is due yet, the plan shows its forecast and the first due time."""
    early = sample.partial_outage()
    early = replace(
        early, at=sample.START - timedelta(days=3), runs=tuple(replace(one, due=False) for one in early.runs)
    )

    text = plan.human(early, width=80, colour=False)

    assert "Now:   nothing is due\nLater: 3 changes on 3 objects" in text
    assert "Nothing is due before Fri 11 Dec 11:30 -03." in " ".join(text.split())


def test_nothing_to_change_is_one_line_with_the_reasons_above() -> None:
    """A plan without any change says so in one line; what was looked at and left alone is still told."""
    left = sample.run("pause", "tickets", left=(Left("ticket 5120", "already pending"),))

    assert plan.human(sample.plan(), width=80, colour=False).count("\n") == 0
    assert plan.human(sample.plan(left), width=80, colour=False).splitlines() == [
        "Left alone",
        "  - pause on helpdesk-br: ticket 5120 (already pending)",
        "",
        f"Nothing to change, nothing to type: {sample.MATCH}",
    ]


def test_a_conflict_on_a_field_that_needs_no_write_is_shown() -> None:
    """A person's edit that hides what the outage wants is never silent, though nothing is written there."""
    text = plan.human(replace(sample.revert(), runs=sample.revert().runs[1:]), width=80, colour=False)

    assert "  = rule First reply  active  stays no" in text
    assert "Conflicts: a person's edit hides what the outage wants" in text


def test_many_conflicts_are_cut() -> None:
    """Of very many conflicts the first are listed and the rest is counted."""
    items = tuple(
        sample.ticket(n, "open", "open", action=Action.NOTHING, conflict="a person set open") for n in range(25)
    )
    text = plan.human(sample.plan(sample.run("pause", "tickets", items)), width=80, colour=False)

    assert "5 more fields" in text


def test_long_lists_without_counts_are_counted_here() -> None:
    """More than twenty equal changes become one line with a count and samples."""
    items = tuple(sample.ticket(n, "open", "pending") for n in range(1, 31))
    text = plan.human(sample.plan(sample.run("pause", "tickets", items)), width=80, colour=False)

    assert "~ tickets  status  open -> pending on 30 tickets\n        for example 1, 2, 3\n" in text


def test_many_messages_are_counted_as_messages() -> None:
    """A mail to very many people is one line, and so is one to a few: each has a digest, and all the same text."""
    slots = [Slot(sample.BR, "mail", f"{n}", "sent") for n in range(3)]
    items = tuple(sample.item(slot, "", ABSENT, f"sha256:{slot.key}", Action.SEND) for slot in slots)
    run = sample.run("tell", "mail", items, changes=4300, counts={("sent", "absent", SENT): 4300})
    text = plan.human(sample.plan(run), width=80, colour=False)

    assert "! mail  is sent once to each of 4,300\n        for example 0, 1, 2\n" in text
    few = plan.human(sample.plan(sample.run("tell", "mail", items, changes=3)), width=80, colour=False)
    assert "! mail  is sent once to each of 3\n        0, 1, 2\n" in few
    assert "Now:   4,300 messages that cannot be taken back\n" in text


def test_a_long_list_of_different_changes_ends_early() -> None:
    """Forty schedules at forty times: twenty of them are shown, the others are counted."""
    slots = [Slot(sample.BR, "scheduled_contact", f"{n}", "scheduled") for n in range(40)]
    items = tuple(sample.item(slot, f"Schedule {slot.key}", ABSENT, {"at": slot.key}, Action.CREATE) for slot in slots)
    run = sample.run("call", "scheduled_contact", items)
    lines = plan.human(sample.plan(run), width=120, colour=False).splitlines()

    assert sum("for example Schedule" in line for line in lines) == 20
    assert sum("and 20 more lines like these" in line for line in lines) == 1


def test_counts_without_a_fitting_sample_still_have_their_sign() -> None:
    """A count of which no sample is at hand shows what it can."""
    run = sample.run(
        "pause", "tickets", objects=40, changes=40, counts={("tags", "vip", "(none)"): 30, ("status", "a", "b"): 10}
    )
    text = plan.human(sample.plan(run), width=80, colour=False)

    assert "  - tickets  tag     vip -> (none) on 30 tickets\n  ~ tickets  status  a -> b on 10 tickets\n" in text


def test_two_objects_of_one_name_are_told_apart() -> None:
    """Where two objects share a name, the key stands beside it."""
    items = tuple(
        sample.item(Slot(sample.BR, "rule", key, "active"), "First reply", True, False) for key in ("88", "89")
    )
    text = plan.human(sample.plan(sample.run("quiet", "rule", items)), width=80, colour=False)

    assert "rule First reply (88)" in text
    assert "rule First reply (89)" in text


def test_requests_are_told_for_each_target_when_there_are_several() -> None:
    """Each target has its own rate limit, so each has its own time."""
    one = sample.run("a@x", "rule", (sample.hours("fri", [], ["09:00-10:00"]),), target="x", seconds=61.0)
    both = sample.plan(one, replace(one, run="a@y", target="y", seconds=3700.0))
    text = plan.human(both, width=80, colour=False)

    assert "x: 2 requests, about 1 min 1 s under the rate limits" in text
    assert "y: 2 requests, about 1 h 1 min under the rate limits" in text
    assert "- x: 2 requests" in plan.markdown(both)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_survives_json(name: str) -> None:
    """A plan written as JSON text and read again is an equal plan."""
    made = PLANS[name]()

    assert plan.from_json(json.loads(json.dumps(plan.to_json(made)))) == made


def test_json_times_are_utc_and_nothing_is_named() -> None:
    """Times are RFC 3339 in UTC, ABSENT is an object that no vendor value can be mistaken for."""
    data = plan.to_json(sample.ticket_pause())

    assert data["version"] == 1
    assert data["start"] == "2026-12-11T14:30:00Z"
    assert data["runs"][0]["items"][6]["before"] == {"$": "absent"}


def _without(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda data: {name: value for name, value in data.items() if name != key}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda _: [], "this is not a plan"),
        (_without("version"), "this is not a plan"),
        (lambda data: {**data, "version": 2}, "has version 2, this runner reads version 1"),
        (_without("runs"), "not complete: 'runs' is missing"),
        (lambda data: {**data, "at": "2026-12-11T11:30:00"}, "has no time zone"),
        (lambda data: {**data, "at": "soon"}, "damaged or edited"),
        (lambda data: {**data, "runs": 3}, "damaged or edited"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(edit: Callable[[dict[str, Any]], Any], message: str) -> None:
    """A file that is no plan of this version is invalid input, with what is wrong and how to make a new one."""
    with pytest.raises(InvalidInput, match=message) as caught:
        plan.from_json(edit(plan.to_json(sample.ticket_pause())))

    assert "runner plan" in caught.value.hint


NASTY = "</code></details><script>x</script> | @someone #12 `x` https://example.com [a](b) \x1b[31m\nsecond\u202e"


def nasty_plan() -> Plan:
    slot = Slot(sample.BR, "rule", "88", "active")
    one = sample.item(slot, NASTY, NASTY, "```\n" + NASTY, note=NASTY, irreversible=NASTY, conflict=NASTY)
    run = sample.run("quiet", "rule", (one,), title=NASTY, left=(Left(NASTY, NASTY),), stays=NASTY, warnings=(NASTY,))
    return sample.plan(run, title=NASTY, refusals=(NASTY,), warnings=(NASTY,))


def test_no_value_gets_out_of_a_comment() -> None:
    """Outside of fenced blocks no value makes a tag, a mention, a reference, a link or a line of its own."""
    text = plan.markdown(nasty_plan())
    outside = re.sub(r"(?ms)^(`{3,})diff\n.*?^\1$", "", text)

    assert "script" in outside
    assert set(re.findall(r"</?\w+", outside)) == {"<details", "<summary", "</summary", "</details"}
    assert not re.search(r"@someone|#12|https:|(?<!\\)\[a|(?<!\\)\||\x1b|^second", outside, re.M)


def test_no_value_gets_out_of_a_list_of_steps() -> None:
    """On the page to print every text from outside is text, and in a checklist too; the page fetches nothing."""
    texts: dict[str, Any] = {"who": NASTY, "menu": NASTY, "evidence": NASTY, "before": NASTY, "command": NASTY}
    one = sample.step("sso", NASTY, value=NASTY, target=NASTY, **texts)
    every = [one, replace(one, state="done", done_by=NASTY, done_at=sample.END), replace(one, question=True)]
    guides = [replace(sample.guide(*every), outage=NASTY, title=NASTY, owner=NASTY)]
    page = html(guides, whole=True)
    tags = set(re.findall(r"<[/!]?(\w+)", page))
    ours = "doctype html head meta title style body article header h1 h2 h3 p b i code ol li div dl dt dd pre span"
    assert tags == set(ours.split())
    assert not re.search(r"""src=|href=|url\(|@import|\x1b|\u202e|\bon\w+\s*=\s*["']""", page)
    outside = re.sub(r"(?ms)^( *)(`{3,})\w+\n.*?^\1\2$", "", steps.markdown(guides, whole=True))
    assert not re.search(r"@someone|#12|https:|<script|(?<!\\)\[a|\x1b|^second", outside, re.M)
    assert "\x1b" not in steps.human(guides, whole=True, width=80, colour=False)


def test_every_language_has_every_word() -> None:
    """A word of the guide takes the same fillings in each language; weekdays, months and kinds are complete."""
    for words in LANGUAGES:
        for name in (each.name for each in fields(words)):
            mine, english = (re.findall(r"\{\w*\}", str(getattr(each, name))) for each in (words, LANGUAGES[0]))
            assert sorted(mine) == sorted(english), (words.language, name)
        assert (len(words.days), len(words.months)) == (7, 12)
    english, *others = kind_words.LANGUAGES
    for terms in others:
        assert terms.titles.keys() >= kinds.common().keys()
        assert terms.fields.keys() == others[0].fields.keys()
        assert (terms.yes[0], terms.no[0], terms.close) != (english.yes[0], english.no[0], english.close)
    assert [words_of(name).language for name in ("pt", "pt_PT", "ES", "uk-UA", "fr", "")] == [
        *("pt-BR", "pt-BR", "es", "uk", "en", "en"),
    ]


def test_a_fence_is_longer_than_what_it_holds() -> None:
    """Backticks in a value cannot close the block."""
    assert fenced(["a ```` b"], "text") == "`````text\na ```` b\n`````"


def test_no_value_moves_the_cursor_or_turns_the_text() -> None:
    """Control characters of values are made visible on a terminal too, and rich markup in them is only text."""
    marked = replace(nasty_plan(), title="[red]x[/red] :smile:")
    text = plan.human(marked, width=80, colour=False)

    assert "\\x1b[31m" in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert text.startswith("[red]x[/red] :smile:\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b *c* |d|", r"a\_b \*c\* \|d\|"),
        ("- list", "\u200b- list"),
        ("1. list", "\u200b1. list"),
        ("mail x@example.com, ask @ops", "mail x@example.com, ask @\u200bops"),
        ("www.example.com", "www\u200b.example.com"),
    ],
)
def test_text_in_markdown_stays_text(text: str, expected: str) -> None:
    """What markdown would interpret is escaped, once."""
    assert escaped(text) == expected


def test_a_summary_is_escaped_as_html() -> None:
    """Inside an HTML block entities are the only escapes."""
    assert escaped_html("a_b <i> @ops") == "a_b &lt;i&gt; @\u200bops"


def test_a_very_long_comment_is_cut_where_a_forge_would_refuse_it() -> None:
    """A comment stays below 65,536 characters and says what was left out."""
    items = tuple(
        sample.item(Slot(sample.BR, "rule", str(n), "active"), f"Rule {n} " + "x" * 30, True, False) for n in range(20)
    )
    runs = tuple(sample.run(f"s{n}@t{n % 7}", "rule", items, target=f"t{n % 7}") for n in range(60))
    text = plan.markdown(sample.plan(*runs))

    assert len(text) < 65_536
    assert "left out here; `runner plan` shows everything" in text


def test_long_lists_of_warnings_are_cut_in_a_comment() -> None:
    """Of very many warnings a comment shows the first and counts the rest."""
    assert "> - and 5 more" in plan.markdown(replace(sample.plan(), warnings=("look",) * 25))


def test_a_forecast_alone_is_a_comment_too() -> None:
    """A plan made for review days before shows its steps under the forecast."""
    early = sample.partial_outage()
    text = plan.markdown(replace(early, runs=tuple(replace(one, due=False) for one in early.runs)))

    assert "**Now: nothing to change**" in text
    assert "#### Later" in text


def test_a_command_in_a_warning_can_be_copied_from_a_comment() -> None:
    """A command at the end of a warning stands in a code span, without invisible characters."""
    assert f"`runner revert {sample.MATCH}`" in plan.markdown(sample.partial_outage())


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        (["09:00-12:00", "13:00-18:00"], "hours/fri", "09:00-12:00 13:00-18:00"),
        ([], "hours/fri", "closed"),
        ([], "labels", "(empty)"),
        (["vip", "night"], "labels", "vip, night"),
        (ABSENT, "", "(none)"),
        (UNKNOWN, "", "(unknown)"),
        (None, "", "(empty)"),
        ("", "", "(empty)"),
        ("  ", "", '"  "'),
        ("(none)", "", '"(none)"'),
        ("closed", "", '"closed"'),
        (True, "", "yes"),
        (12, "", "12"),
        ({}, "", "(empty)"),
        ({"due": "2026-12-14T12:00:00Z", "by": "ana"}, "snooze", "due: Mon 14 Dec 09:00 -03, by: ana"),
        ("Hello!\nWe are closed.\nBye", "", "Hello! (+2 lines)"),
        ("x" * 70, "", "x" * 57 + "..."),
    ],
)
def test_values_are_short(value: Any, path: str, expected: str) -> None:
    """Every value reads on one line, in the words of a support team."""
    assert short(value, path=path, zone=sample.ZONE) == expected


LONG = "Dear customer, thank you for your message. Our team answers every day, on weekends too, from {} on."


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("open", "pending", "open -> pending"),
        (ABSENT, True, "(none) -> yes"),
        (None, "", 'null -> ""'),
        ("a\nb\nc", "a\nB\nc", "line 2: b -> B"),
        ("a\n\nc", "a\nB\nc", "line 2: (empty) -> B"),
        ("a\nb", "a\nb\nc\nd", "adds at the end: c (+1 line)"),
        ("a\nb\nc", "a\nb", "removes at the end: c"),
        ("a\nb", "a\nb\n\n", "adds an empty line at the end"),
        ("a\nb", "a\nb\n", '"a\\nb" -> "a\\nb\\n"'),
        ("a\n" + "b" * 70, "a\n" + "b" * 70 + "\n", "only the line ends differ"),
        (LONG.format(8), LONG.format(9), "line 1: ... on weekends too, from 8 on. -> ... on weekends too, from 9 on."),
        ("/" * 90 + "a", "/" * 90 + "b", f"line 1: ... {'/' * 20}a -> ... {'/' * 20}b"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, "b: 2 -> 3"),
        ({"a": 1}, {"a": 1}, "a: 1 -> a: 1"),
        (list("abcde"), list("abcdf"), "adds f; removes e"),
        (list("abcde"), list("edcba"), "only the order differs"),
        ({"a": 1}, ABSENT, "a: 1 -> (none)"),
    ],
)
def test_differences_show_what_differs(before: Any, after: Any, expected: str) -> None:
    """Long values show the first place where they differ; two values that differ never read alike."""
    assert difference(before, after) == expected


@pytest.mark.parametrize(
    ("claim", "path", "expected"),
    [
        (Claim(Op.PUT, "pending"), "status", "sets pending"),
        (Claim(Op.PUT, ABSENT), "notice", "removes it"),
        (
            Claim(Op.MEMBERS, add=("08:00-09:00",), remove=("11:30-14:30",)),
            "hours/fri",
            "closes 11:30-14:30, opens 08:00-09:00",
        ),
        (Claim(Op.MEMBERS, add=("vip",)), "tags", "adds vip"),
        (Claim(Op.MEMBERS), "tags", "changes nothing"),
        (Claim(Op.APPEND, "Back at 14:30"), "text/en", "appends Back at 14:30"),
        (Claim(Op.EDIT, "Hi"), "text/en", "rewrites the text: Hi"),
        (Claim(Op.SEND, "sha256:1"), "sent", "sends once"),
    ],
)
def test_claims_are_verbs(claim: Claim, path: str, expected: str) -> None:
    """Every kind of claim reads as what it does."""
    assert claim_words(claim, path=path) == expected


def test_times_name_weekday_and_zone() -> None:
    """Times are local to the outage, with weekday, date and the zone's own short name."""
    night = sample.START + timedelta(hours=14)

    assert when(sample.START, "Europe/Kyiv") == "Fri 11 Dec 16:30 EET"
    assert when(sample.START, "No/Where") == "Fri 11 Dec 14:30 UTC"
    assert span(sample.START, sample.END, sample.ZONE, year=True) == "Fri 11 Dec 2026 11:30-14:30 -03"
    assert span(sample.START, night, sample.ZONE) == "Fri 11 Dec 11:30 -03 to Sat 12 Dec 01:30 -03"
    assert span(sample.START, None, sample.ZONE) == "from Fri 11 Dec 11:30 -03 on"


def test_a_span_over_a_clock_change_names_both_zones() -> None:
    """Where the clock changes between start and end, both ends carry their own zone."""
    start = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)

    assert span(start, start + timedelta(hours=3), "Europe/Madrid") == "Sun 25 Oct 02:00 CEST to Sun 25 Oct 04:00 CET"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.2, "less than 1 s"),
        (59.6, "1 min"),
        (130, "2 min 10 s"),
        (3900, "1 h 5 min"),
        (180000, "2 d 2 h"),
    ],
)
def test_durations_have_two_units(seconds: float, expected: str) -> None:
    """A duration names its two largest units."""
    assert duration(seconds) == expected


def test_small_words() -> None:
    """Counts, lists, field names, run names and instants read as a person would write them."""
    assert [amount(1, "ticket"), amount(1284, "ticket"), amount(0, "entry", "entries")] == [
        "1 ticket",
        "1,284 tickets",
        "0 entries",
    ]
    assert listed("abcde") == "a; b; c; and 2 more"
    assert [field_name(path) for path in ("hours/fri", "text/pt-BR", "tags/vip", f"holidays/{sample.MARKER}")] == [
        "fri",
        "text pt-BR",
        "tag vip",
        "holidays",
    ]
    assert run_name("hours@br/restore/1", "br") == "hours, follow-up 1, on br"
    assert instant_json(None) is None
    assert clean("a\tb\ud800") == "a b\\ud800"
    assert columns("営業e\u0301") == 5


def test_a_report_says_what_is_next() -> None:
    """Whatever an apply or revert came to, the report ends with the next command or says that none is left."""
    text = {
        name: report.human(made, timezone=sample.ZONE, width=80, colour=False)
        for name, made in {
            "open": Report(sample.MATCH, "open", restore_at=sample.END),
            "stuck": replace(
                sample.report(), pending=False, waiting=0, restore_at=None, runs=sample.report().runs[2:3]
            ),
            "waiting": Report(sample.MATCH, "closing", waiting=2),
            "closed": sample.reverted(),
        }.items()
    }

    assert text["open"].endswith(
        f"Fri 11 Dec 14:30 -03. To give everything back earlier:\n  runner revert {sample.MATCH}"
    )
    assert text["stuck"].endswith("Nothing else is left but what is listed above.")
    assert text["waiting"].endswith(f"2 steps wait for a person. What to do, and where:\n  runner steps {sample.MATCH}")
    assert text["closed"].endswith("Nothing is left to do.")


def test_long_lists_of_notes_are_cut() -> None:
    """Of very many notes the first ten are shown, and how to see all."""
    run = sample.report().runs[0]
    many = replace(sample.report(), runs=(replace(run, notes=run.notes * 25),))

    assert "and 15 more (`--format json` lists all)" in report.human(many, timezone=sample.ZONE, width=80, colour=False)


def test_values_that_differ_never_read_alike_in_a_report() -> None:
    """Where the short form of both values is the same, both are shown exactly."""
    run = sample.report().runs[0]
    note = replace(run.notes[0], live=None, wanted="")
    made = replace(sample.report(), runs=(replace(run, notes=(note,)),))

    assert 'stands: null   not written: ""' in report.human(made, timezone=sample.ZONE, width=80, colour=False)


def test_a_conflict_while_giving_back_is_forced_by_revert() -> None:
    """The command that lets the outage win is the one that was running."""
    run = replace(sample.report().runs[2], direction="close")
    text = report.human(replace(sample.report(), runs=(run,)), timezone=sample.ZONE, width=80, colour=False)

    assert f"runner revert {sample.MATCH} --force" in text


def test_nothing_open_nothing_waiting() -> None:
    """Empty lists are sentences."""
    assert status.human([], now=LATE, width=80, colour=False) == status.NONE_OPEN == status.plain([], now=LATE)
    nobody = "No step waits for a person."
    assert steps.human([], width=80, colour=False) == nobody
    assert steps.markdown([]) == nobody + "\n"
    assert nobody in html([])
    none = replace(sample.handout(), tasks=())
    said = "People do nothing by hand in this outage."
    assert steps.human([none], whole=True, width=80, colour=False) == said
    assert said in steps.markdown([none], whole=True)
    assert said in html([none], whole=True)
    assert providers.human({}, width=80, colour=False) == "No provider is installed."


def test_states_say_when_they_end() -> None:
    """An open outage says when its restore is due, at the latest when somebody tells; a closing one how to go on."""
    overdue = replace(sample.statuses()[0], overdue=False)
    lines = [
        status.plain([replace(overdue, when_told=True)], now=sample.START),
        status.plain([overdue], now=sample.START),
        status.plain([replace(overdue, overdue=True, state="closing")], now=LATE),
    ]

    assert "ends when told, at the latest Fri 11 Dec 14:30 -03" in lines[0]
    assert "restore due Fri 11 Dec 14:30 -03" in lines[1]
    assert f"A step FAILED. Go on with: runner resume {sample.MATCH}" in lines[1]
    assert f"Give back now: runner resume {sample.MATCH}" in lines[2]


def test_a_field_that_nobody_holds() -> None:
    """A stack without layers says so, and a value that was not read is not shown as empty."""
    free = replace(sample.why(), layers=(), live=None, differs=False, name="")
    text = why.human(free, timezone=sample.ZONE, width=80, colour=False)

    assert text.startswith("12  fri\n")
    assert "No outage holds this field." in text
    assert "live now    not read" in text


def test_lines_of_progress_are_few() -> None:
    """Without a terminal there is a line per tenth, at most one every three seconds, and one at the end."""
    written: list[str] = []
    clock = iter([0.0, *(float(n) for n in range(1, 21)), 20.0])
    with Lines(written.append, lambda: next(clock)) as progress:
        progress.started("pause on helpdesk-br", 2000)
        for _ in range(20):
            progress.advanced("pause on helpdesk-br", 100)
        progress.finished("pause on helpdesk-br")

    assert written[0] == "pause on helpdesk-br: 300 of 2,000 objects (15 %), about 17 s left"
    assert written[-1] == "pause on helpdesk-br: 2,000 objects, ended after 20 s"
    assert len(written) == 7


def test_progress_of_unknown_length_and_silence() -> None:
    """A run of unknown length is counted, a slow one says that it lives, and a fast one says nothing."""
    written: list[str] = []
    clock = iter([0.0, 4.0, 5.0, 6.0, 70.0, 71.0, 71.5, 71.6])
    progress = Lines(written.append, lambda: next(clock))
    progress.started("sweep", None)
    progress.advanced("sweep", 50)
    progress.started("pause", 1000)
    progress.advanced("pause", 1)
    progress.advanced("pause", 1)
    progress.advanced("new", 1)
    progress.finished("new")
    progress.finished("unheard of")
    progress.waiting("ci 8812 is working on it")

    assert written == [
        "sweep: 50 objects",
        "pause: 2 of 1,000 objects (0 %), about 9 h left",
        "ci 8812 is working on it",
    ]


def test_bars_show_counts_and_time() -> None:
    """On a terminal there is a bar for each run, gone when the run is finished."""
    stream = io.StringIO()
    clock = iter(float(n) for n in range(100_000))
    with Bars(stream, width=80, colour=False, clock=lambda: next(clock)) as progress:
        progress.started("pause on helpdesk-br", 2000)
        progress.advanced("pause on helpdesk-br", 500)
        progress.advanced("unheard of", 1)
        progress.waiting("ci 8812 is working on it [bold]")
        progress._bars.refresh()
        progress.finished("pause on helpdesk-br")
        progress.finished("unheard of")

    assert "pause on helpdesk-br" in stream.getvalue()
    assert "500/2000" in stream.getvalue()
    assert "ci 8812 is working on it [bold]" in stream.getvalue()


def test_silence_is_silent() -> None:
    """The silent progress takes every event and does nothing."""
    with Silent() as progress:
        progress.started("a", 1)
        progress.advanced("a", 1)
        progress.waiting("b")
        progress.finished("a")


def test_views_load_rich_only_when_they_draw() -> None:
    """Importing every view imports nothing of rich; comments and JSON never do."""
    script = (
        "import sys; from runner.views import plan, report, status, steps, why, providers, progress; "
        "status.plain([], now=None); steps.markdown([]); "
        "sys.exit(any(name.partition('.')[0] == 'rich' for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_notes_that_are_only_counted_are_part_of_the_figure() -> None:
    """Notes beyond those that a report keeps are counted in the title, in what is cut, and in the JSON."""
    run = sample.report().runs[0]
    fate = run.notes[0].fate
    notes = tuple(note for note in run.notes if note.fate is fate) * 12
    many = replace(sample.report(), runs=(replace(run, notes=notes, unlisted={fate: 95_000}),))
    text = report.human(many, timezone=sample.ZONE, width=80, colour=False)

    assert f"({95_000 + len(notes):,})" in text
    assert f"and {95_000 + len(notes) - 10:,} more (`--format json` lists the first {len(notes):,})" in text
    assert report.to_json(many)["runs"][0]["notes_unlisted"] == {fate.value: 95_000}
