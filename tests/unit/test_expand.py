"""From a playbook to outages: runs, ids, order, times and texts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.config import Config, Guards, StoreConfig
from runner.errors import InvalidInput
from runner.expand import expand, outage_id, outages
from runner.playbook import FollowUp, Playbook, Step, Window
from runner.playbook_runs import follow_up_targets, merged
from runner.playbook_texts import Renderer, text_paths
from runner.windows import parse_time, zone

CONFIG = Config(Path("runner.yaml"), {}, StoreConfig(Path("store"), Path("journal")), Guards(), language="es")
START = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
END = datetime(2026, 12, 11, 17, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    moment = parse_time(text)
    assert moment is not None
    return moment


def window(start: str = "2026-12-11 11:30", end: str = "2026-12-11 14:30", latest: str = "") -> Window:
    return Window(at(start), at(end) if end else None, at(latest) if latest else None)


def step(id: str, with_: Mapping[str, Any] | None = None, *targets: str, **more: Any) -> Step:
    return Step(id, "notice", targets or ("desk",), with_ or {}, **more)


def playbook(*steps: Step, **more: Any) -> Playbook:
    given: dict[str, Any] = {
        "name": "match", "title": "The match", "owner": "ops", "outage": "partial", "timezone": "America/Sao_Paulo",
        "priority": 0, "windows": (window(),), "vars": {}, "steps": steps, "locales": (), "file": "match.yaml",
        "document": {}, "texts": {}, "digest": "d",
    }  # fmt: skip
    return Playbook(**{**given, **more})


def fields(with_: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    return expand(playbook(step("a", with_), **more), CONFIG).runs[0].with_


def test_one_outage_for_each_window() -> None:
    """Every window is an outage named after its local start, with its times as UTC instants."""
    book = playbook(step("a"), windows=(window(), window("2026-12-12 08:00-05:00", "2026-12-12 12:00")))
    first, second = outages(book, CONFIG)
    assert (first.id, first.start, first.end, first.when_told) == ("match@2026-12-11T11:30", START, END, False)
    assert second.id == outage_id(book, 1) == "match@2026-12-12T10:00"
    assert first.start.tzinfo is UTC
    assert first.playbook is book


def test_several_windows_want_an_index() -> None:
    """Without an index, a playbook of several windows does not expand; an index beyond the last is refused too."""
    book = playbook(step("a"), windows=(window(), window("2026-12-12 11:30", "2026-12-12 14:30")))
    with pytest.raises(InvalidInput, match="has 2 windows"):
        expand(book, CONFIG)
    with pytest.raises(InvalidInput, match="has no window 3"):
        outage_id(book, 2)


def test_runs_of_steps_and_targets() -> None:
    """A step on one target is one run of its name; on several it is one run each, all of which a need waits for."""
    book = playbook(
        step("a", None, "one", "two", on_error="continue", ready=True), step("b", None, "two", needs=("a",), keep=True)
    )
    first, second, third = expand(book, CONFIG).runs
    assert [run.id for run in (first, second, third)] == ["a@one", "a@two", "b"]
    assert [run.target for run in (first, second, third)] == ["one", "two", "two"]
    assert [run.order for run in (first, second, third)] == [0, 1, 2]
    assert third.needs == ("a@one", "a@two")
    assert (first.on_error, first.ready, first.keep) == ("continue", True, False)
    assert (third.on_error, third.ready, third.keep) == ("stop", False, True)


def test_times_of_steps() -> None:
    """`from` and `until` count from the window; without them a step lasts as long as the window."""
    book = playbook(step("a", start="start - 2d", until="end + 15m"), step("b", until="2026-12-11 12:00"))
    first, second = expand(book, CONFIG).runs
    assert (first.start, first.end) == (START - timedelta(days=2), END + timedelta(minutes=15))
    assert (second.start, second.end) == (START, START + timedelta(minutes=30))


def test_follow_ups() -> None:
    """A follow-up starts when its step ends, right after its run, and stays when it has no end of its own."""
    told = FollowUp("mail", ("post",), {"body": "back"}, when="cancelled", who="Rui")
    back = FollowUp("notice", (), {"body": "back"}, until="end + 1d")
    book = playbook(step("a", None, "one", "two", until="end + 1h", restore=(back, told), who="Ana"), step("b"))
    runs = {run.id: run for run in expand(book, CONFIG).runs}
    assert list(runs) == ["a@one", "a@one/restore/1", "a@one/restore/2", "a@two", "a@two/restore/1", "b"]
    assert runs["a@one/restore/1"].after == "a@one"
    assert runs["a@two/restore/1"].target == "two"
    assert runs["a@one/restore/1"].start == END + timedelta(hours=1)
    assert runs["a@one/restore/1"].end == END + timedelta(days=1)
    assert (runs["a@one/restore/2"].kind, runs["a@one/restore/2"].target) == ("mail", "post")
    assert (runs["a@one/restore/2"].end, runs["a@one/restore/2"].when) == (None, "cancelled")
    assert [run.order for run in runs.values()] == list(range(6))
    assert [run.who for run in runs.values()] == ["Ana", "Ana", "Rui", "Ana", "Ana", ""]


def test_targets_of_follow_ups() -> None:
    """A follow-up on the step's own targets follows each of them; one on another target happens once."""
    both = step("a", None, "one", "two")
    assert follow_up_targets(both, FollowUp("x", (), {})) == {"one": ("one",), "two": ("two",)}
    assert follow_up_targets(both, FollowUp("x", ("two",), {})) == {"two": ("two",)}
    assert follow_up_targets(both, FollowUp("x", ("two", "post"), {})) == {"two": ("two",), "one": ("post",)}


def test_when_told() -> None:
    """An end that somebody will tell is the latest one until then."""
    book = playbook(step("a"), windows=(window(end="", latest="2026-12-11 18:00"),))
    outage = expand(book, CONFIG)
    assert outage.when_told
    assert outage.end == datetime(2026, 12, 11, 21, 0, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="at the latest"):
        expand(playbook(step("a"), windows=(window(end=""),)), CONFIG)


def test_an_extended_outage_keeps_its_name() -> None:
    """A later end moves the ends of the steps and of their follow-ups, and no id."""
    book = playbook(step("a", restore=(FollowUp("notice", (), {}, until="end + 1h"),)))
    before, after = expand(book, CONFIG), expand(book, CONFIG, window=0, end=END + timedelta(hours=2))
    assert before.id == after.id
    assert [run.id for run in before.runs] == [run.id for run in after.runs]
    assert after.runs[0].end == END + timedelta(hours=2)
    assert after.runs[1].end == END + timedelta(hours=3)


def test_an_outage_opened_by_hand() -> None:
    """An outage with a start and an end of its own needs no window and is named after its start."""
    book = playbook(step("a", start="start - 1h"), step("b", start="start + 4h"), windows=())
    now = datetime(2026, 12, 1, 9, 17, 33, tzinfo=UTC)
    outage = expand(book, CONFIG, start=now, end=now + timedelta(hours=3))
    assert outage.id == outage_id(book, start=now) == "match@2026-12-01T06:17"
    assert outage.runs[0].start == now - timedelta(hours=1)
    assert outage.runs[1].start == outage.runs[1].end
    with pytest.raises(InvalidInput, match="ends before it starts"):
        expand(book, CONFIG, start=now, end=now)


def test_times_that_cannot_be_read() -> None:
    """What the checks would have reported is refused with the name of the step and a code."""
    with pytest.raises(InvalidInput, match="step a: 'noon' is no time") as caught:
        expand(playbook(step("a", start="noon")), CONFIG)
    assert caught.value.code == "WN007"
    with pytest.raises(InvalidInput, match="unknown time zone"):
        expand(playbook(step("a"), timezone="Mars/Base"), CONFIG)
    with pytest.raises(InvalidInput, match="step a: nothing is not defined"):
        expand(playbook(step("a", {"body": "{{ nothing }}"})), CONFIG)
    with pytest.raises(InvalidInput, match=r"the text file texts/x\.md is missing"):
        expand(playbook(step("a", {"body_file": "texts/x.md"})), CONFIG)


def test_fields_without_templates_are_passed_on() -> None:
    """What holds no template is the very same object, not a copy."""
    with_ = {"hours": {"fri": ["09:00-12:00"]}, "name": "a { b", "n": 3, "on": True, "none": None}
    assert fields(with_) is with_


def test_one_text_where_locales_agree() -> None:
    """A template that comes out the same in every locale is one text; another one is a text for each."""
    more = {"locales": ("es", "en"), "vars": {"place": "Chat"}}
    assert fields({"a": "{{ place }} {{ window.end | time }}"}, **more) == {"a": "Chat 14:30"}
    assert fields({"a": "{{ window.end | date }}"}, **more) == {
        "a": {"es": "11 de diciembre de 2026", "en": "11 December 2026"}
    }
    assert fields({"a": "{{ window.end | date }}"}) == {"a": "11 de diciembre de 2026"}


def test_texts_per_locale() -> None:
    """A text per locale is rendered in its own language, also deep inside a field."""
    with_ = {"items": [{"do": {"es": "{{ locale }}", "en": "{{ window.end | date }}"}, "value": "{{ locale }}"}]}
    assert fields(with_, locales=("es", "en")) == {
        "items": [{"do": {"es": "es", "en": "11 December 2026"}, "value": {"es": "es", "en": "en"}}]
    }


def test_text_files() -> None:
    """A file stands in for its field: one for each locale, or one for all, without the line end at its end."""
    texts = {"t/a.es.md": "Hola {{ outage.title }}\n", "t/a.en.md": "Hello\n\n", "t/b.md": "Same {{ locale }}"}
    found = fields({"body_file": "t/a.{locale}.md", "note_file": "t/b.md"}, texts=texts, locales=("es", "en"))
    assert found == {"body": {"es": "Hola The match", "en": "Hello\n"}, "note": {"es": "Same es", "en": "Same en"}}
    assert fields({"body_file": {"es": "t/a.{locale}.md"}}, texts=texts) == {"body": {"es": "Hola The match"}}
    assert text_paths("t/b.md", ("es",)) == {"": "t/b.md"}


def test_variables() -> None:
    """A variable sees those above it, holds lists and mappings, and never replaces what templates have anyway."""
    variables = {
        "place": "{{ outage.name }}",
        "deep": {"list": ["{{ place }}!", 3]},
        "window": "mine",
        "link": "/{{ locale }}",
    }
    text = (
        "{{ vars.place }} {{ place }} {{ deep.list[0] }}{{ deep.list[1] }} {{ window.start | time }} {{ vars.window }}"
    )
    assert fields({"a": text}, vars=variables) == {"a": "match match match!3 11:30 mine"}
    with pytest.raises(InvalidInput, match="b is not defined"):
        fields({"a": "{{ a }}"}, vars={"a": "{{ b }}", "b": "x"})


def test_fields_of_one_target() -> None:
    """`per_target` lies over `with`; a text there hides a file and a file a text."""
    book = playbook(
        step("a", {"x": 1, "body": "text"}, "one", "two", per_target={"two": {"x": 2, "body_file": "f.md"}}),
        texts={"f.md": "file"},
    )
    first, second = expand(book, CONFIG).runs
    assert first.with_ == {"x": 1, "body": "text"}
    assert second.with_ == {"x": 2, "body": "file"}
    assert merged({"body_file": "f.md", "x": 1}, {"body": "text"}) == {"body": "text", "x": 1}


def test_each_text_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that a thousand steps share is rendered once for each locale."""
    rendered: list[str] = []
    book = playbook(*(step(f"s{n}", {"body": "{{ locale }}"}) for n in range(1000)), locales=("es", "en"))
    from runner import template

    original = template.render

    def counting(text: str, variables: Mapping[str, Any]) -> str:
        rendered.append(text)
        return original(text, variables)

    monkeypatch.setattr(template, "render", counting)
    assert len(expand(book, CONFIG).runs) == 1000
    assert len(rendered) == 2


def test_ten_thousand_steps() -> None:
    """Expanding grows with the number of steps, not with its square."""
    spent = []
    for count in (1000, 10_000):
        steps = (step(f"s{n}", {"body": f"Text {n}"}, needs=(f"s{n - 1}",) if n else ()) for n in range(count))
        book = playbook(*steps)
        begin = time.perf_counter()
        assert len(expand(book, CONFIG).runs) == count
        spent.append(time.perf_counter() - begin)
    assert spent[1] < 60 * spent[0]


def test_renderer_alone() -> None:
    """The renderer answers for one text in one locale too, and leaves a plain one alone."""
    book = replace(playbook(step("a")), locales=("es",))
    renderer = Renderer(book, START, END, zone("UTC"))
    assert renderer.text("{{ window.start | time }}", "es") == "14:30"
    assert renderer.text("plain", "xx") == "plain"
    assert renderer.texts("plain") == "plain"
