"""The common kinds: what a step asks to read, and what it claims in each object found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import people
from runner import kinds, minutes
from runner.errors import InvalidInput
from runner.model import ABSENT, Claim, Merge, Op, Slot, Value
from runner.spi import Context, Forbidden, Found, Identity, KindSpec, Means, Query, Rejected, Target, Want
from runner.testing import ScriptedIo

TARGET = Target(
    "zendesk-br", "simulator", zone="America/Sao_Paulo", words={"pause": "pending"}, locales=("pt-BR", "en")
)
OPENS, CLOSES = datetime(2026, 12, 11, 14, 30, tzinfo=UTC), datetime(2026, 12, 11, 17, 30, tzinfo=UTC)


def context(
    *,
    start: datetime = OPENS,
    end: datetime | None = CLOSES,
    target: Target = TARGET,
    language: str = "en",
    step: str = "hours",
) -> Context:
    window = (OPENS, CLOSES)
    return Context("match@2026-12-11T11:30", step, target, start, end, window, "America/Sao_Paulo", language)


def found(**values: Value) -> Found:
    return Found("7", "Suporte BR", {path.replace("__", "/"): value for path, value in values.items()})


def claims(
    spec: KindSpec, with_: Mapping[str, Any], one: Found | None = None, ctx: Context | None = None
) -> dict[str, Claim]:
    return {want.path: want.claim for want in wants(spec, with_, one, ctx)}


def wants(
    spec: KindSpec, with_: Mapping[str, Any], one: Found | None = None, ctx: Context | None = None
) -> Sequence[Want]:
    jsonschema.Draft202012Validator(spec.schema).validate(with_)
    return spec.claims(with_, ctx or context(), one or found())


def refused(spec: KindSpec, with_: Mapping[str, Any]) -> bool:
    return not jsonschema.Draft202012Validator(spec.schema).is_valid(with_)


# --- minutes --------------------------------------------------------------------------------------------------------


@given(st.frozensets(st.integers(0, 1439)))
def test_minutes_survive_the_round_trip(members: frozenset[int]) -> None:
    """Every set of minutes is written as ranges that mean exactly this set."""
    assert minutes.parse(minutes.format(members)) == members


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1])))
def test_normalised_hours_are_sorted_and_apart(ranges: list[tuple[int, int]]) -> None:
    """Normalised ranges are sorted, do not touch, and normalising them again changes nothing."""
    normal = minutes.normalise([f"{minutes.clock(first)}-{minutes.clock(last)}" for first, last in ranges])
    edges = [edge for text in normal for edge in text.split("-")]
    assert edges == sorted(set(edges))
    assert minutes.normalise(normal) == normal


def test_a_whole_day_ends_at_24_00() -> None:
    """The end of the day is 24:00, and a closed day is the empty list."""
    assert minutes.format(range(1440)) == ["00:00-24:00"]
    assert minutes.parse(["00:00-24:00"]) == frozenset(range(1440))
    assert minutes.format([]) == []


@pytest.mark.parametrize(
    "text", ["9:00-12:00", "12:00-09:00", "09:00-09:00", "23:00-24:01", "09:60-10:00", "", "22:00-02:00"]
)
def test_a_range_that_means_nothing_is_refused(text: str) -> None:
    """A range out of form, backwards, empty or past midnight is refused with the text in the message."""
    with pytest.raises(ValueError, match=repr(text)):
        minutes.parse([text])


# --- all kinds ------------------------------------------------------------------------------------------------------


def described(schema: Mapping[str, Any], where: str = "") -> list[str]:
    """Return the fields of a schema that lack a title or a description, and the objects that take any field."""
    missing = []
    for name, field in schema.get("properties", {}).items():
        place = f"{where}/{name}"
        missing += [f"{place} has no {word}" for word in ("title", "description") if not field.get(word)]
        missing += described(field, place)
    for inner in (*schema.get("oneOf", ()), *([schema["items"]] if "items" in schema else [])):
        missing += described(inner, f"{where}/*")
    if "properties" in schema and schema.get("additionalProperties") is not False:
        missing.append(f"{where} takes unknown fields")
    return missing


def test_every_field_is_described() -> None:
    """Every field of every kind has a title and a description, and no kind takes an unknown field."""
    for name, spec in kinds.common().items():
        jsonschema.Draft202012Validator.check_schema(spec.schema)
        assert described(spec.schema, name) == []


def test_a_provider_overrides_any_field() -> None:
    """A builder's keyword arguments replace fields of the kind and leave the others."""
    spec = kinds.tickets(max_batch=50, gives_back=frozenset({"open"}), notes=("slow on Mondays",))
    assert (spec.max_batch, spec.gives_back, spec.notes) == (50, {"open"}, ("slow on Mondays",))
    assert spec.schema == kinds.tickets().schema


def test_a_provider_adds_its_own_fields() -> None:
    """An extended schema takes the vendor's field, and still refuses unknown ones."""
    extra = {"brand": {"type": "string", "title": "Brand", "description": "Brand of the account."}}
    base = kinds.rule()
    spec = kinds.rule(schema=kinds.extend(base, extra, ["brand"]))
    assert refused(base, {"rule": "x", "active": True, "brand": "a"})
    assert not refused(spec, {"rule": "x", "active": True, "brand": "a"})
    assert refused(spec, {"rule": "x", "active": True})
    assert refused(spec, {"rule": "x", "active": True, "brand": "a", "brnad": "a"})


def test_a_kind_is_offered_once() -> None:
    """A table with one kind twice is a programming error."""
    with pytest.raises(ValueError, match="twice"):
        kinds.offer(kinds.rule(), kinds.rule())


@pytest.mark.parametrize(
    ("selector", "ids", "names"),
    [
        ("Suporte BR", (), ("Suporte BR",)),
        ({"id": 7}, ("7",), ()),
        (["a", "b"], (), ("a", "b")),
        ([{"id": "7"}, {"id": 8}], ("7", "8"), ()),
    ],
)
def test_objects_are_chosen_by_name_or_id(selector: object, ids: tuple[str, ...], names: tuple[str, ...]) -> None:
    """A name, an id, or a list of either becomes the query, and the display name is read along."""
    spec = kinds.business_hours()
    query = spec.query({"schedule": selector, "closed": "window"}, context())
    assert query == Query("business_hours", ids=ids, names=names, paths=("name", "zone", "hours/*"))
    assert not refused(spec, {"schedule": selector, "closed": "window"})


def test_names_and_ids_do_not_mix() -> None:
    """One selector holds names or ids, never both."""
    assert refused(kinds.channel(), {"channel": ["a", {"id": 1}], "enabled": True})


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("name", "enabled"), {"name": "Chat", "enabled": ABSENT}),
        (("text/*",), {"text/en": "Hi", "text/es": "Hola"}),
        (("text/uk",), {"text/uk": ABSENT}),
        ((), {"name": "Chat", "text/en": "Hi", "text/es": "Hola"}),
    ],
)
def test_a_provider_answers_the_paths_asked_for(paths: tuple[str, ...], expected: Mapping[str, Value]) -> None:
    """Exact paths are answered always, a wildcard as far as it goes, no path with everything."""
    assert kinds.asked(paths, {"name": "Chat", "text/en": "Hi", "text/es": "Hola"}) == expected
    assert set(kinds.asked(paths, {}).values()) <= {ABSENT}


# --- hours and holidays ---------------------------------------------------------------------------------------------


def test_a_window_is_closed_in_the_schedules_own_zone() -> None:
    """`closed: window` takes the window's minutes out of the weekday, on the clock of the schedule."""
    with_ = {"schedule": "Suporte BR", "closed": "window"}
    assert claims(kinds.business_hours(), with_, found(zone="Europe/Kyiv")) == {
        "hours/fri": Claim(Op.MEMBERS, remove=("16:30-19:30",))
    }


def test_a_schedule_without_zone_uses_the_targets() -> None:
    """A channel without a zone of its own is closed on the clock of the target."""
    with_ = {"channel": "WhatsApp", "closed": "window"}
    assert claims(kinds.channel_hours(), with_) == {"hours/fri": Claim(Op.MEMBERS, remove=("11:30-14:30",))}


def test_a_window_over_midnight_closes_two_days() -> None:
    """A window that runs past midnight closes the end of one weekday and the start of the next."""
    ctx = context(end=datetime(2026, 12, 12, 5, 0, tzinfo=UTC))
    assert claims(kinds.business_hours(), {"schedule": "x", "closed": "window"}, ctx=ctx) == {
        "hours/fri": Claim(Op.MEMBERS, remove=("11:30-24:00",)),
        "hours/sat": Claim(Op.MEMBERS, remove=("00:00-02:00",)),
    }


def test_hours_that_stay_are_closed_for_the_window() -> None:
    """A step without an end closes the hours of the outage's window."""
    with_ = {"schedule": "x", "closed": "window"}
    assert claims(kinds.business_hours(), with_, ctx=context(end=None)) == claims(kinds.business_hours(), with_)


def test_given_hours_are_put_on_the_days_listed() -> None:
    """`hours` replaces the listed days with sorted, merged ranges; an empty list closes the day."""
    with_ = {"schedule": "x", "hours": {"mon": ["13:00-15:00", "09:00-13:00"], "sun": []}}
    assert claims(kinds.business_hours(), with_) == {
        "hours/mon": Claim(Op.PUT, ["09:00-15:00"]),
        "hours/sun": Claim(Op.PUT, []),
    }
    assert kinds.business_hours().merge("hours/mon") is Merge.MINUTES


def test_hours_that_a_template_got_wrong_are_named() -> None:
    """A range that is wrong after rendering is an error that names the day and the range."""
    spec = kinds.business_hours()
    with pytest.raises(InvalidInput, match="hours of mon: '25:00-26:00'"):
        spec.claims({"schedule": "x", "hours": {"mon": ["25:00-26:00"]}}, context(), found())


def test_a_zone_that_nobody_knows_is_named() -> None:
    """A schedule whose zone is unknown is an error that names the schedule and says what to set."""
    with pytest.raises(InvalidInput, match="Suporte BR on zendesk-br: unknown time zone 'Mars/Base'") as caught:
        claims(kinds.business_hours(), {"schedule": "x", "closed": "window"}, found(zone="Mars/Base"))
    assert "runner.yaml" in caught.value.hint


@pytest.mark.parametrize(
    "with_",
    [
        {"schedule": "x"},
        {"schedule": "x", "closed": "window", "hours": {"mon": []}},
        {"schedule": "x", "closed": "always"},
        {"schedule": "x", "hours": {}},
        {"schedule": "x", "hours": {"monday": []}},
        {"schedule": "x", "hours": {"mon": ["9-12"]}},
        {"channel": "x", "closed": "window"},
    ],
)
def test_hours_that_cannot_be_meant_are_refused(with_: Mapping[str, Any]) -> None:
    """The schema asks for exactly one of `hours` and `closed`, and for weekdays and ranges in form."""
    assert refused(kinds.business_hours(), with_)


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        ({}, "2026-12-11", "2026-12-12"),
        ({"from": "2026-12-25"}, "2026-12-25", "2026-12-25"),
        ({"to": "2026-12-13"}, "2026-12-11", "2026-12-13"),
        ({"from": "2026-12-24", "to": "2026-12-26"}, "2026-12-24", "2026-12-26"),
    ],
)
def test_a_holiday_spans_the_local_days(dates: Mapping[str, str], first: str, last: str) -> None:
    """A holiday covers the local dates that the step touches; `from` and `to` say otherwise."""
    ctx = context(end=datetime(2026, 12, 13, 3, 0, tzinfo=UTC))  # midnight in Sao Paulo: the 12th is the last day
    with_ = {"schedule": "x", "name": {"en": "Match", "pt-BR": "Jogo"}, **dates}
    path = f"holidays/{ctx.marker()}"
    wanted = {"name": "Match", "start_date": first, "end_date": last}
    assert claims(kinds.holiday(), with_, found(zone="America/Sao_Paulo"), ctx) == {path: Claim(Op.PUT, wanted)}
    assert path in kinds.holiday().query(with_, ctx).paths


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({"from": "2026-12-26", "to": "2026-12-24"}, "before the first day 2026-12-26"),
        ({"from": "2026-02-30"}, "'2026-02-30' is not a date"),
    ],
)
def test_a_holiday_with_impossible_dates_is_refused(dates: Mapping[str, str], message: str) -> None:
    """Dates that do not exist or run backwards are errors in a sentence."""
    with pytest.raises(InvalidInput, match=message):
        claims(kinds.holiday(), {"schedule": "x", "name": "Match", **dates})


# --- things switched or rewritten in place --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "with_", "path", "value"),
    [
        (kinds.channel(), {"channel": "Chat", "enabled": False}, "enabled", False),
        (kinds.rule(), {"rule": ["a", "b"], "active": True}, "active", True),
    ],
)
def test_a_switch_puts_its_flag(spec: KindSpec, with_: Mapping[str, Any], path: str, value: bool) -> None:
    """A channel or a rule is read and put at its one flag, which is a boolean."""
    assert claims(spec, with_) == {path: Claim(Op.PUT, value)}
    assert spec.query(with_, context()).paths == ("name", path)
    assert refused(spec, {**with_, path: "no"})


def test_a_plain_text_goes_to_every_locale_of_the_message() -> None:
    """A text without locales is put in all locales that the message has, and in no other."""
    message = found(name="Offline", text__en="Bye", **{"text__pt-BR": "Tchau", "text__es": ABSENT})
    assert claims(kinds.message(), {"message": "Offline", "text": "Closed"}, message) == {
        "text/en": Claim(Op.PUT, "Closed"),
        "text/pt-BR": Claim(Op.PUT, "Closed"),
    }


def test_lines_are_appended_per_locale() -> None:
    """`append` goes to the locales that the message and the step share; a language serves its regions."""
    message = found(text__en="Bye", **{"text__pt-BR": "Tchau"}, text__uk="Бувай")
    given_ = {"message": "Offline", "append": {"en": "Back at 14:30", "pt": "Voltamos 14:30", "es": "Volvemos"}}
    assert claims(kinds.message(), given_, message) == {
        "text/en": Claim(Op.APPEND, "Back at 14:30"),
        "text/pt-BR": Claim(Op.APPEND, "Voltamos 14:30"),
    }


def test_a_message_in_one_other_language_gets_the_runners() -> None:
    """A message whose only locale the step does not give gets the text in the runner's language."""
    with_ = {"message": "x", "text": {"es": "Cerrado", "en": "Closed"}}
    assert claims(kinds.message(), with_, found(text__und="Hi")) == {"text/und": Claim(Op.PUT, "Closed")}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "has no text in any language"),
        ({"text__uk": "a", "text__fr": "b"}, "has texts in uk, fr, and the step gives es"),
    ],
)
def test_a_message_that_cannot_take_the_text_is_named(values: Mapping[str, Value], message: str) -> None:
    """A message without texts, or with none of the step's languages, is an error that names it."""
    with pytest.raises(InvalidInput, match=f"message Suporte BR on zendesk-br {message}"):
        claims(kinds.message(), {"message": "x", "text": {"es": "Cerrado"}}, found(**values))


def test_a_message_takes_one_kind_of_text() -> None:
    """The schema takes exactly one of text, append and their files, and announces both to the locale check."""
    spec = kinds.message()
    assert refused(spec, {"message": "x"})
    assert refused(spec, {"message": "x", "text": "a", "append": "b"})
    assert refused(spec, {"message": "x", "text": "a", "text_file": "texts/a.md"})
    assert not refused(spec, {"message": "x", "append_file": "texts/a.{locale}.md.j2"})
    assert spec.announces == ("text", "append")


@pytest.mark.parametrize(
    ("language", "locales", "expected"),
    [("en", (), "Hi"), ("fr", ("pt-BR",), "Oi"), ("fr", (), "Oi"), ("en-GB", (), "Hi")],
)
def test_one_text_is_picked_by_language(language: str, locales: tuple[str, ...], expected: str) -> None:
    """Where one text is needed it is the runner's language, then the target's, then the first."""
    ctx = context(language=language, target=Target("t", "p", locales=locales))
    assert kinds.one_text({"pt-BR": "Oi", "en": "Hi"}, ctx) == expected
    assert kinds.one_text("Plain", ctx) == "Plain"


# --- tickets --------------------------------------------------------------------------------------------------------

PAUSE = {
    "select": {"status": ["open", "new"], "group": "Nível 1", "tags": ["vip"]},
    "status": "pause",
    "tag": True,
    "give_back": {"new": "open"},
}


def test_tickets_are_paused_with_the_targets_word() -> None:
    """`status: pause` is the target's own status, with what to give back, and `tag: true` is our marker."""
    ctx = context()
    assert claims(kinds.tickets(), PAUSE) == {
        "status": Claim(Op.PUT, "pending", give_back={"new": "open"}),
        f"tags/{ctx.marker()}": Claim(Op.PUT, True),
    }


def test_a_ticket_query_reads_what_it_writes_and_what_it_selects() -> None:
    """The query carries the selection and every path needed to decide, without a limit."""
    ctx = context()
    query = kinds.tickets().query({**PAUSE, "at_most": 10}, ctx)
    assert query.where == PAUSE["select"]
    assert query.paths == ("name", "status", f"tags/{ctx.marker()}", "group", "tags/vip")
    assert query.limit is None


def test_a_selection_may_use_the_common_words() -> None:
    """`pause` in a selection is the target's own status, in a list too."""
    for given_, expected in (("pause", "pending"), (["open", "pause"], ["open", "pending"])):
        query = kinds.tickets().query({"select": {"status": given_}, "tag": "seen"}, context())
        assert query.where == {"status": expected}


def test_another_status_and_tag_stand_as_written() -> None:
    """A status of the target and a tag by name are used as they are; without a status only the tag is claimed."""
    given_ = {"select": {"group": "a"}, "status": {"status": "hold", "reason": 3}}
    assert claims(kinds.tickets(), given_) == {"status": Claim(Op.PUT, {"status": "hold", "reason": 3})}
    tagged = {"select": {"group": "a"}, "tag": "outage"}
    assert claims(kinds.tickets(), tagged) == {"tags/outage": Claim(Op.PUT, True)}


def test_a_target_without_a_pause_word_is_named() -> None:
    """Pausing on a target that has no pause status is an error that says what to add to runner.yaml."""
    ctx = context(target=Target("plain", "people"))
    with pytest.raises(InvalidInput, match="no meaning on target plain") as caught:
        claims(kinds.tickets(), PAUSE, ctx=ctx)
    assert "targets.plain" in caught.value.hint


@pytest.mark.parametrize(
    "with_",
    [
        {"select": {}, "status": "pause"},
        {"select": {"status": "open"}},
        {"select": {"sttaus": "open"}, "status": "pause"},
        {"select": {"status": "open"}, "tag": False},
        {"select": {"status": "open"}, "tag": "two words"},
        {"select": {"status": "open"}, "status": "pause", "at_most": 0},
        {"select": {"status": "open"}, "status": "pause", "arrivals": "later"},
        {"status": "pause"},
    ],
)
def test_a_ticket_step_that_cannot_be_meant_is_refused(with_: Mapping[str, Any]) -> None:
    """A step without a condition, without an effect, or with an unknown word is refused by the schema."""
    assert refused(kinds.tickets(), with_)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"status": "open"}, True),
        ({"status": ["new", "open"]}, True),
        ({"status": ["new"]}, False),
        ({"status": "open", "group": "b"}, False),
        ({"tags": "vip"}, True),
        ({"tags": ["vip", "gold"]}, False),
        ({"priority": "high"}, False),
        ({"channel": ["chat", "mail"]}, True),
        ({}, True),
    ],
)
def test_a_ticket_matches_all_conditions(where: Mapping[str, Any], expected: bool) -> None:
    """A scalar is equality, a list any of, tags all of, and a field that the ticket lacks never matches."""
    ticket = {"status": "open", "group": "a", "channel": "chat", "tags/vip": True, "tags/gold": ABSENT}
    assert kinds.matches(where, ticket) is expected
    assert set(kinds.selecting_paths(where)) <= {"status", "group", "channel", "priority", "tags/vip", "tags/gold"}


def test_a_status_with_more_parts_matches_by_its_status() -> None:
    """A status that is an object matches by its `status`, or as a whole."""
    ticket = {"status": {"status": "hold", "reason": 3}}
    assert kinds.matches({"status": "hold"}, ticket)
    assert kinds.matches({"status": [{"status": "hold", "reason": 3}]}, ticket)
    assert not kinds.matches({"status": {"status": "hold"}}, ticket)


@pytest.mark.parametrize(
    ("until", "due"),
    [
        ("2026-12-14 09:00", "2026-12-14T12:00:00Z"),
        ("2026-12-14T09:00Z", "2026-12-14T09:00:00Z"),
        ("end", "2026-12-11T17:30:00Z"),
        ("end + 1h", "2026-12-11T18:30:00Z"),
        ("next_week", "2026-12-14T12:00:00Z"),
        ("tomorrow", "2026-12-12T12:00:00Z"),
    ],
)
def test_a_snooze_is_due_at_an_instant(until: str, due: str) -> None:
    """A time, an expression or a preset becomes an instant in UTC, read in the playbook's zone."""
    with_ = {"select": {"status": "open"}, "until": until}
    assert claims(kinds.snooze(), with_) == {"snooze": Claim(Op.PUT, {"due": due})}


def test_a_snooze_names_agent_and_status() -> None:
    """`by` and `status` become part of the snooze, with the target's word for pause."""
    with_ = {"select": {"status": "open"}, "until": "end", "by": "Ana", "status": "pause"}
    assert claims(kinds.snooze(), with_)["snooze"].value == {
        "due": "2026-12-11T17:30:00Z",
        "by": "Ana",
        "status": "pending",
    }
    assert kinds.snooze().query(with_, context()).paths == ("name", "snooze", "status")


def test_a_snooze_until_nothing_is_refused() -> None:
    """A time that is none is an error that lists the presets."""
    with pytest.raises(InvalidInput, match="'after lunch' is no time") as caught:
        claims(kinds.snooze(), {"select": {"status": "open"}, "until": "after lunch"})
    assert "next_week" in caught.value.hint


# --- notices --------------------------------------------------------------------------------------------------------


def test_a_notice_is_created_under_its_marker() -> None:
    """A notice is looked up by our marker and put as a whole; the board is the default place."""
    spec, ctx = kinds.notice(), context()
    with_ = {"audience": {"customers": "all"}, "subject": {"en": "Closed"}, "body": "Back soon"}
    assert spec.query(with_, ctx) == Query("notice", ids=(ctx.marker(),), paths=("name", "notice"))
    assert claims(spec, with_, ctx=ctx)["notice"] == Claim(
        Op.PUT,
        {"place": "board", "subject": {"en": "Closed"}, "body": "Back soon", "audience": {"customers": "all"}},
    )
    assert spec.identity is Identity.MARKER


def test_a_message_to_agents_is_an_effect() -> None:
    """What goes to agents is sent once: the claim holds the digest, the payload the content."""
    spec = kinds.notice()
    with_ = {"place": "agents", "subject": "Ready?", "body": "Channels close at 11:30"}
    (want,) = wants(spec, with_)
    content = {"subject": "Ready?", "body": "Channels close at 11:30", "audience": {}}
    assert (want.path, want.claim, want.payload) == ("sent", Claim(Op.SEND, kinds.digest(content)), content)
    assert spec.merge("sent") is Merge.EFFECT
    assert spec.query(with_, context()).paths == ("name", "sent")


def test_the_digest_follows_the_content_alone() -> None:
    """The order of keys does not change the digest, another word does."""
    assert kinds.digest({"a": 1, "b": "é"}) == kinds.digest(json.loads('{"b": "é", "a": 1}'))
    assert kinds.digest({"a": 1}) != kinds.digest({"a": 2})


@pytest.mark.parametrize(
    "with_",
    [{"place": "wall", "body": "x"}, {"place": "board"}, {"body": "x", "body_file": "y"}, {"subject": ""}],
)
def test_a_notice_without_words_or_place_is_refused(with_: Mapping[str, Any]) -> None:
    """A notice needs a known place and something to say, once."""
    assert refused(kinds.notice(), with_)


# --- people ---------------------------------------------------------------------------------------------------------


def test_a_checklist_counts_its_items() -> None:
    """Every item is an object of its own, with its words, its menu and the exact value."""
    spec, ctx = kinds.checklist(), context(step="by-hand", language="pt-BR")
    items = [{"do": {"en": "Call Ana", "pt-BR": "Ligue para Ana"}}, {"do": "Set", "value": "3", "menu": "A > B"}]
    query = spec.query({"items": items}, ctx)
    assert query.ids == ("match@2026-12-11T11:30/by-hand/1", "match@2026-12-11T11:30/by-hand/2")
    found_ = [wants(spec, {"items": items}, Found(key, key, {}), ctx)[0] for key in query.ids]
    assert found_[0] == Want("done", Claim(Op.PUT, True), title="Ligue para Ana")
    assert found_[1] == Want("done", Claim(Op.PUT, "3"), title="Set", menu="A > B")
    assert spec.means is Means.PERSON


def test_an_access_setting_is_shared_by_its_name() -> None:
    """Two outages that name one setting differently written share its slot, and put the exact value."""
    spec = kinds.access()
    with_ = {"setting": "Two-factor  sign-in", "value": "required", "menu": "Security"}
    assert spec.query(with_, context()).ids == spec.query({**with_, "setting": "two-factor SIGN-IN"}, context()).ids
    assert wants(spec, with_) == [
        Want("value", Claim(Op.PUT, "required"), title="Set Two-factor  sign-in", menu="Security")
    ]


BY_HAND: list[tuple[KindSpec, Mapping[str, Any], str, str]] = [
    (kinds.business_hours(), {"schedule": "Suporte BR", "closed": "window"}, "suporte-br", "fri close 11:30-14:30"),
    (
        kinds.channel_hours(),
        {"channel": "WhatsApp", "hours": {"mon": ["10:00-12:00"], "tue": []}},
        "whatsapp",
        "mon: 10:00-12:00; tue: closed",
    ),
    (
        kinds.holiday(),
        {"schedule": {"id": 9}, "name": "Match"},
        "9",
        "name Match, start_date 2026-12-11, end_date 2026-12-11",
    ),
    (kinds.channel(), {"channel": "Chat", "enabled": False}, "chat", "off"),
    (kinds.rule(), {"rule": "Notify", "active": True}, "notify", "on"),
    (kinds.message(), {"message": "Chat / Hi", "text": {"en": "Closed"}}, "chat-hi", "Closed"),
    (
        kinds.message(),
        {"message": "Hi", "append": "Back at 14:30"},
        "hi",
        "pt-BR, add below: Back at 14:30; en, add below: Back at 14:30",
    ),
    (kinds.message(), {"message": "Hi", "append": {"en": "Soon"}}, "hi", "add below: Soon"),
    (
        kinds.tickets(),
        {"select": {"status": ["open", "new"], "group": "N1"}, "status": "pause", "tag": "held"},
        "status-open-or-new-group-n1",
        "status: pending; tag held",
    ),
    (
        kinds.snooze(),
        {"select": {"group": "N1"}, "until": "end"},
        "group-n1",
        "due 2026-12-11 14:30 (America/Sao_Paulo)",
    ),
]


@pytest.mark.parametrize(("spec", "with_", "key", "value"), BY_HAND)
def test_people_get_the_exact_words(spec: KindSpec, with_: Mapping[str, Any], key: str, value: str) -> None:
    """A kind carried out by people keeps its schema, is keyed by the name as typed, and says what to type."""
    by_hand = kinds.person(spec, menu={"en": "Settings", "pt-BR": "Configurações"})
    query = by_hand.query(with_, context())
    assert query == Query(spec.kind, ids=(key,), paths=("value",))
    (want,) = wants(by_hand, with_, Found(key, key, {}))
    assert (want.path, want.claim, want.menu) == ("value", Claim(Op.PUT, value), "Settings")
    assert want.title.startswith(f"{spec.title}: ")
    assert (by_hand.means, by_hand.schema, by_hand.merges) == (Means.PERSON, spec.schema, {"value": Merge.ATOMIC})


@pytest.mark.parametrize(
    ("place", "words"), [("board", "place board, subject Closed"), ("agents", "send subject Closed")]
)
def test_people_post_a_notice_under_its_marker(place: str, words: str) -> None:
    """A notice by hand is one object per outage and step, and says what to post or send."""
    by_hand, ctx = kinds.person(kinds.notice()), context()
    with_ = {"place": place, "subject": "Closed"}
    assert by_hand.query(with_, ctx).ids == (ctx.marker(),)
    (want,) = wants(by_hand, with_, Found(ctx.marker(), "", {}), ctx)
    assert (want.claim, want.title, want.menu) == (Claim(Op.PUT, words), "Notice: Notice", "")


def test_a_kind_by_hand_stays_by_hand() -> None:
    """A kind that people carry out already only gets the menu."""
    by_hand = kinds.person(kinds.checklist(), menu={"en": "Board"})
    assert by_hand.menu == {"en": "Board"}
    assert by_hand.claims is not None
    assert by_hand.query({"items": [{"do": "x"}]}, context()).paths == ("done",)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "on"),
        (ABSENT, "nothing"),
        ([], "nothing"),
        (3, "3"),
        (["a", {"b": 1, "c": ""}], "a, b 1"),
    ],
)
def test_values_are_said_in_words(value: Value, words: str) -> None:
    """A value is shown to people in words, empty parts left out."""
    assert kinds.say(value) == words


def test_the_people_provider_offers_every_kind_by_hand() -> None:
    """A target without an API offers all common kinds, each with a menu hint in four languages."""
    provider = people.open_target(TARGET, ScriptedIo())
    offered = provider.capabilities()
    assert offered.keys() == kinds.common().keys()
    for spec in offered.values():
        assert spec.means is Means.PERSON
        assert spec.menu.keys() == {"en", "es", "pt-BR", "uk"}


def test_a_target_may_say_its_own_menus() -> None:
    """`options.menus` replaces a hint in the languages that it gives; anything else there is refused in a sentence."""
    own = Target("desk", "people", options={"menus": {"tickets": {"en": "Inbox > Bulk edit"}}})
    menu = people.open_target(own, ScriptedIo()).capabilities()["tickets"].menu
    assert (menu["en"], menu["es"]) == ("Inbox > Bulk edit", people.MENUS["tickets"]["es"])
    with pytest.raises(Rejected, match=r"target desk: options\.menus must map"):
        people.open_target(Target("desk", "people", options={"menus": {"tickets": "Inbox"}}), ScriptedIo())


def test_nothing_is_written_where_only_people_can() -> None:
    """The people provider knows nothing and refuses a write with what to do instead."""
    provider = people.open_target(TARGET, ScriptedIo())
    slot = Slot("zendesk-br", "channel", "chat", "value")
    assert list(provider.read(Query("channel", ids=("chat",), paths=("value",)))) == [(slot, ABSENT)]
    with pytest.raises(Forbidden, match="runner ack"):
        provider.write([])
