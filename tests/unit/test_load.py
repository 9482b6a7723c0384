"""Playbooks and configuration from files: whole values, every mistake at once, and the rest can still be checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.catalogue import CODES, SYNTAX
from runner.catalogue_checks import SEMANTIC
from runner.commands.validate import shown_name, validate
from runner.config import Notification
from runner.errors import Diagnostic, Exit, InvalidInput, Mark, Severity
from runner.kinds import common
from runner.load import Loaded, load_config, load_playbook, thaw_playbook
from runner.load_salvage import rest_of
from runner.playbook import FollowUp, Playbook, Window
from runner.schema_faults import Problem
from runner.spi import KindSpec
from runner.views import diagnostics as view
from runner.windows import Presets

HEAD = """\
apiVersion: runner/v1
kind: Playbook
metadata: {name: match, title: Match, owner: ops}
spec:
  outage: partial
  timezone: America/Sao_Paulo
  locales: [pt-BR, en]
  vars: {a: 1}
  windows:
    - {start: 2026-12-11 11:30, end: 2026-12-11 14:30}
    - {start: 2026-12-12T11:30-03:00, end: when-told, latest: 2026-12-12 18:00}
  steps:
"""
HOURS = "    - {id: hours, uses: business_hours, target: desk, with: {schedule: Support, closed: window}}\n"
DESK: Mapping[str, Mapping[str, KindSpec]] = {"desk": common(), "other": common()}


def load(folder: Path, text: str, capabilities: Any = DESK) -> tuple[Loaded | None, list[str]]:
    path = folder / "playbook.yaml"
    path.write_text(text)
    loaded, found = load_playbook(path, capabilities, shown="p")
    return loaded, [f"{each.mark.line}:{each.mark.column} {each.code}" for each in found]


def whole(folder: Path, text: str) -> Playbook:
    loaded, found = load(folder, text)
    assert found == []
    assert loaded is not None
    assert loaded.complete
    return loaded.playbook


def test_a_whole_playbook(tmp_path: Path) -> None:
    """Every field of the file arrives in the value, and what is left out has its default."""
    (tmp_path / "texts").mkdir()
    for locale in ("pt-BR", "en"):
        (tmp_path / "texts" / f"b.{locale}.md").write_bytes(f"body {locale}\r\n".encode())
    playbook = whole(
        tmp_path,
        HEAD
        + HOURS
        + """\
    - id: announce
      uses: notice
      target: [desk, other]
      from: start - 2d
      until: end + 15m
      needs: hours
      with: {place: board, subject: Hi, body_file: "texts/b.{locale}.md"}
      per_target: {other: {place: banner}}
      restore:
        - {uses: notice, target: other, with: {place: board, subject: Back, body: x}, until: end + 1d, when: cancelled,
           who: Rui}
      on_error: continue
      ready: true
      who: shift lead
    - {id: keep, uses: rule, target: desk, with: {rule: r, active: false}, restore: keep}
""",
    )
    assert (playbook.name, playbook.title, playbook.owner, playbook.outage) == ("match", "Match", "ops", "partial")
    assert (playbook.timezone, playbook.priority, playbook.locales) == ("America/Sao_Paulo", 0, ("pt-BR", "en"))
    assert (playbook.vars, playbook.file) == ({"a": 1}, "p")
    told = datetime.fromisoformat("2026-12-12T11:30-03:00")
    assert playbook.windows == (
        Window(datetime.fromisoformat("2026-12-11T11:30"), datetime.fromisoformat("2026-12-11T14:30")),
        Window(told, None, datetime.fromisoformat("2026-12-12T18:00")),
    )
    hours, announce, keep = playbook.steps
    assert (hours.start, hours.until, hours.needs, hours.keep, hours.restore) == ("start", "end", (), False, ())
    assert (hours.on_error, hours.ready, hours.per_target) == ("stop", False, {})
    assert (announce.targets, announce.needs, announce.on_error, announce.ready) == (
        *(("desk", "other"), ("hours",), "continue", True),
    )
    back = {"place": "board", "subject": "Back", "body": "x"}
    assert announce.restore == (FollowUp("notice", ("other",), back, "end + 1d", "cancelled", "Rui"),)
    assert (hours.who, announce.who) == ("", "shift lead")
    assert (keep.keep, keep.restore) == (True, ())
    assert playbook.texts == {"texts/b.pt-BR.md": "body pt-BR\n", "texts/b.en.md": "body en\n"}


def test_a_title_is_the_name_when_there_is_none(tmp_path: Path) -> None:
    """Only the name is needed about a playbook."""
    playbook = whole(tmp_path, HEAD.replace(", title: Match, owner: ops", "") + HOURS)
    assert (playbook.title, playbook.owner) == ("match", "")


def test_thawing(tmp_path: Path) -> None:
    """Document and texts, sent through JSON, give the same playbook back without any file."""
    (tmp_path / "t.md").write_text("hello")
    step = "    - {id: m, uses: message, target: desk, with: {message: Offline, text_file: t.md}}\n"
    playbook = whole(tmp_path, HEAD + HOURS + step)
    (tmp_path / "t.md").unlink()
    stored = json.loads(json.dumps({"document": playbook.document, "texts": playbook.texts}))
    assert thaw_playbook(stored["document"], stored["texts"], file="p") == playbook
    assert thaw_playbook(stored["document"], {"t.md": "other"}).digest != playbook.digest


@pytest.mark.parametrize("damage", [{}, {"spec": {}}, {"metadata": None}, {"spec": {"windows": [{"start": "x"}]}}])
def test_thawing_rubbish(damage: Mapping[str, Any], tmp_path: Path) -> None:
    """A stored document that is no playbook is refused in a sentence."""
    document = {**whole(tmp_path, HEAD + HOURS).document, **damage} if damage else {}
    with pytest.raises(InvalidInput, match="cannot be read"):
        thaw_playbook(document, {})


def test_thawing_a_time_that_is_none(tmp_path: Path) -> None:
    """A window of a stored document must still be a time."""
    document = json.loads(json.dumps(whole(tmp_path, HEAD + HOURS).document))
    document["spec"]["windows"][0]["start"] = "tomorrow"
    with pytest.raises(InvalidInput, match="cannot be read"):
        thaw_playbook(document, {})


def test_the_digest_knows_values_not_layout(tmp_path: Path) -> None:
    """Comments, order and quotes do not change the digest; a value or a text does."""
    one = whole(tmp_path, HEAD + HOURS).digest
    assert whole(tmp_path, "# more\n" + HEAD.replace("title: Match", 'title: "Match"') + HOURS).digest == one
    assert whole(tmp_path, HEAD.replace("title: Match", "title: March") + HOURS).digest != one


def test_the_rest_of_a_broken_file(tmp_path: Path) -> None:
    """Broken parts go, the rest stays with its places, and no second mistake follows from what went."""
    loaded, found = load(
        tmp_path,
        HEAD.replace("name: match", "name: No good")
        .replace("end: 2026-12-11 14:30", "end: soon")
        .replace("vars", "var")
        + "    - {id: lost, uses: tickets, target: desk, with: {select: 5}}\n"
        + "    - {uses: rule, target: desk}\n"
        + HOURS.replace("}}", "}, needs: [lost, last], until: end}")
        + "    - {id: last, uses: rule, target: desk, needs: lost, with: {rule: r, actve: no}, ready: 5}\n"
        + "    - {id: typo, uses: rule, target: desk, with: {rule: r, actve: false}}\n",
    )
    assert {"3:18 SC005", "8:3 SC001", "10:38 SC005"} < set(found)
    assert loaded is not None
    assert not loaded.complete
    playbook = loaded.playbook
    assert playbook.name == "unnamed"
    assert playbook.vars == {"a": 1}
    assert len(playbook.windows) == 1
    assert [(step.id, step.needs) for step in playbook.steps] == [("hours", ()), ("typo", ())]
    assert playbook.steps[1].with_ == {"rule": "r", "active": False}
    assert loaded.mark(("spec", "steps", 0, "until")).line == 15
    assert loaded.key_mark(("spec", "steps", 1, "id")) == Mark("p", 17, 8)
    assert loaded.mark(("spec", "windows", 0)).line == 11
    assert loaded.mark(("spec", "steps", 9)) == loaded.mark(("spec", "steps"))


def test_needs_of_lost_steps_are_dropped_one_by_one(tmp_path: Path) -> None:
    """Of several needs only those of lost steps go, and the places of the others stay right."""
    lost = "    - {id: lost, uses: 5, target: desk}\n"
    loaded, _ = load(tmp_path, HEAD + lost + HOURS + HOURS.replace("id: hours", "id: b, needs: [lost, hours]"))
    assert loaded is not None
    assert loaded.playbook.steps[1].needs == ("hours",)
    assert loaded.mark(("spec", "steps", 1, "needs", 0)).column == len("    - {id: b, needs: [lost, ") + 1
    loaded, _ = load(tmp_path, HEAD + lost + HOURS + HOURS.replace("id: hours", "id: b, needs: lost"))
    assert loaded is not None
    assert loaded.playbook.steps[1].needs == ()


def test_a_file_with_little_left(tmp_path: Path) -> None:
    """Missing parts have stand-ins as far as that makes sense; a file without `spec` has nothing left."""
    loaded, _ = load(tmp_path, "spec: {steps: [], windows: 5}\n")
    assert loaded is not None
    assert (loaded.playbook.name, loaded.playbook.steps, loaded.playbook.windows) == ("unnamed", (), ())
    assert load(tmp_path, "kind: Playbook\n")[0] is None
    assert load(tmp_path, "kind: Config\n") == (None, ["1:7 SC004"])


def test_cutting_ends() -> None:
    """A document that stays wrong whatever is cut is given up."""
    assert (
        rest_of({"a": 1}, [Problem("SC001", ("a",), "")], lambda _: [Problem("SC001", ("b",), "")], tuple, {}) is None
    )


def test_what_kinds_object_to(tmp_path: Path) -> None:
    """`with` is checked by the kind's schema on each target, and told once, where the field was written."""
    step = "    - {id: a, uses: rule, target: [desk, other], with: {rule: r, active: 5}}\n"
    assert load(tmp_path, HEAD + step)[1] == ["13:74 SC003"]
    step = "    - {id: a, uses: rule, target: [desk, other], with: {rule: r}, per_target: {other: {active: 5}}}\n"
    assert load(tmp_path, HEAD + step)[1] == ["13:56 SC002", "13:96 SC003"]
    once = step.replace("rule: r", "rule: r, active: 5").replace("{active: 5}", "{rule: q}")
    assert load(tmp_path, HEAD + once)[1] == ["13:74 SC003"]
    assert load(tmp_path, HEAD + HOURS.replace("}}", "}, restore: [x]}"))[1] == ["13:108 SC003"]
    step = step.replace("rule: r", "rule: r, active: true").replace("active: 5", "actve: 5")
    assert load(tmp_path, HEAD + step)[1] == ["13:102 SC001"]
    step = HOURS.replace("}}", "}, restore: [{uses: message, with: {message: m, txt: 5}}]}")
    assert load(tmp_path, HEAD + step)[1] == ["13:143 SC001"]


def test_kinds_that_are_not_known_are_not_checked_here(tmp_path: Path) -> None:
    """Unknown targets and kinds are the semantic checks' business; without capabilities `with` may hold anything."""
    step = "    - {id: a, uses: rule, target: nobody, with: {x: 1}}\n"
    step += "    - {id: b, uses: magic, target: desk, with: {x: 1}}\n"
    assert load(tmp_path, HEAD + step)[1] == []
    assert load(tmp_path, HEAD + HOURS.replace("closed", "clsed"), None)[1] == []


def test_text_files_per_locale(tmp_path: Path) -> None:
    """One file per locale is read where the name says so; each missing one is told at the name."""
    (tmp_path / "t.en.md").write_text("en")
    step = '    - {id: m, uses: message, target: desk, with: {message: M, text_file: "t.{locale}.md"}}\n'
    loaded, found = load(tmp_path, HEAD + step)
    assert found == ["13:74 LD004"]
    assert loaded is not None
    assert loaded.playbook.texts == {"t.pt-BR.md": "", "t.en.md": "en"}
    (tmp_path / "t.pt-BR.md").write_bytes(b"\xff")
    assert load(tmp_path, HEAD + step)[1] == ["13:74 LD006"]
    follow = "    - {id: m, uses: rule, target: desk, per_target: {desk: {x_file: a.md}}, "
    follow += "restore: [{uses: notice, with: {body_file: b.md}}]}\n"
    assert [each.split()[1] for each in load(tmp_path, HEAD + follow, None)[1]] == ["LD004", "LD004"]
    per_locale = "    - {id: m, uses: message, target: desk, with: {text_file: {en: t.en.md, es: ../es.md}}}\n"
    assert load(tmp_path, HEAD + per_locale, None)[1] == ["13:62 LD005"]


def test_a_link_to_itself_is_no_text(tmp_path: Path) -> None:
    """A text file that is a circle of links is a missing one."""
    (tmp_path / "loop.md").symlink_to("loop.md")
    step = "    - {id: m, uses: message, target: desk, with: {message: M, text_file: loop.md}}\n"
    assert load(tmp_path, HEAD + step)[1] == ["13:74 LD004"]


CONFIG = """\
apiVersion: runner/v1
kind: Config
targets:
  desk:
    provider: simulator
    zone: America/Sao_Paulo
    pause: {status: pending}
    words: {urgent: high}
    credentials: {token: env:TOKEN}
    options: {file: desk.sqlite}
    locales: [pt-BR]
    reserve: 0.5
  other: {provider: people, pause: {status: hold, custom: 5}}
  third: {provider: people, pause: solved}
store: {path: s.sqlite, journal: j, lease: 2m, kept: true}
guards:
  limits: {tickets: {objects: 5000, percent: 60}, "*": {objects: 10, floor: 0}}
  protected: ["desk/rule/*legal*"]
  freeze:
    - {start: 2026-12-24 00:00-03:00, end: 2026-12-26 00:00-03:00, reason: Christmas}
    - {start: 2026-12-31 00:00, end: 2027-01-01 00:00, timezone: Europe/Kyiv, reason: New year}
  require: [rehearsal]
required_locales: [pt-BR, en]
language: pt-BR
playbooks: [books, more]
snooze: {morning: "08:15", later_today: 90m, week_start: sunday, weekend: friday}
notifications:
  - {target: other, about: [failures], after: 1h, repeat: 1d, with: {to: ops@example.com}}
  - {target: third}
"""


def config_of(folder: Path, text: str) -> tuple[Any, list[str]]:
    path = folder / "runner.yaml"
    path.write_text(text)
    config, found = load_config(path)
    return config, [f"{each.mark.line}:{each.mark.column} {each.code}" for each in found]


def test_a_whole_configuration(tmp_path: Path) -> None:
    """Every field of runner.yaml arrives; paths start at its folder, times are instants."""
    config, found = config_of(tmp_path, CONFIG)
    assert found == []
    desk = config.targets["desk"]
    assert (desk.name, desk.provider, desk.zone, desk.reserve) == ("desk", "simulator", "America/Sao_Paulo", 0.5)
    assert desk.words == {"urgent": "high", "pause": "pending"}
    assert (desk.credentials, desk.options) == ({"token": "env:TOKEN"}, {"file": "desk.sqlite"})
    assert (desk.locales, desk.folder) == (("pt-BR",), str(tmp_path))
    assert config.targets["other"].words == {"pause": {"status": "hold", "custom": 5}}
    assert config.targets["third"].words == {"pause": "solved"}
    assert (config.store.path, config.store.journal) == (tmp_path / "s.sqlite", tmp_path / "j")
    assert (config.store.lease, config.store.kept) == (120.0, True)
    limits = {kind: (limit.objects, limit.percent, limit.floor) for kind, limit in config.guards.limits.items()}
    assert limits == {"tickets": (5000, 60, 10), "*": (10, None, 0)}
    assert config.guards.protected == ("desk/rule/*legal*",)
    assert [(each.start, each.end) for each in config.guards.freezes] == [
        (datetime(2026, 12, 24, 3, tzinfo=UTC), datetime(2026, 12, 26, 3, tzinfo=UTC)),
        (datetime(2026, 12, 30, 22, tzinfo=UTC), datetime(2026, 12, 31, 22, tzinfo=UTC)),
    ]
    assert config.guards.require_rehearsal
    assert (config.required_locales, config.language) == (("pt-BR", "en"), "pt-BR")
    every = frozenset({"overdue_steps", "overdue_restores", "failures"})
    told = Notification(
        "other", frozenset({"failures"}), timedelta(hours=1), timedelta(days=1), {"to": "ops@example.com"}
    )
    assert config.notifications == (told, Notification("third", every, timedelta(minutes=15)))
    assert config.playbooks == ("books", "more")
    assert config.presets == Presets(time(8, 15), timedelta(minutes=90), week_start=6, weekend=4)


def test_a_short_configuration(tmp_path: Path) -> None:
    """Only targets are needed."""
    config, found = config_of(tmp_path, "apiVersion: runner/v1\nkind: Config\ntargets: {desk: {provider: simulator}}\n")
    assert found == []
    assert (config.store.path, config.store.journal) == (tmp_path / ".runner/store.sqlite", tmp_path / "journal")
    assert (config.store.lease, config.store.kept, config.language) == (90.0, False, "en")
    assert (config.guards.limits, config.guards.require_rehearsal, config.playbooks) == ({}, False, ("playbooks",))
    desk = config.targets["desk"]
    assert (desk.zone, desk.words, desk.reserve) == ("UTC", {}, 0.3)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("zone: America/Sao_Paulo\n", "zone: America/Sao_Paolo\n", ["6:11 CF003"]),
        ("zone: America/Sao_Paulo\n", "zone: Nowhere/At_All\n", ["6:11 CF003"]),
        ("zone: America/Sao_Paulo\n", "zone: 5\n", ["6:11 SC003"]),
        ("{token: env:TOKEN}", "{token: hunter2}", ["9:26 CF002"]),
        ("{urgent: high}", "{pause: high}", ["8:13 CF006"]),
        ("target: third", "target: thrid", ["29:14 CF007"]),
        ("after: 1h", "after: soon", ["28:47 SC005"]),
        ("lease: 2m", "lease: 90", ["15:44 SC003"]),
        ("provider: simulator", "provider: []", ["5:15 SC003"]),
        ("2026-12-26 00:00-03:00", "2026-12-23 00:00-03:00", ["20:44 CF005"]),
        ("2026-12-24 00:00-03:00", "2026-12-24 00:00", ["20:15 CF004"]),
        ("2026-12-24 00:00-03:00", "2026-02-30 00:00", ["20:15 CF004"]),
        ("2026-12-24 00:00-03:00", "[]", ["20:15 SC003"]),
        ("timezone: Europe/Kyiv", "timezone: Europe/Kiew", ["21:66 CF003"]),
        ("later_today: 90m", "later_today: 90", ["26:41 SC003"]),
        ('morning: "08:15"', 'morning: "8 am"', ["26:19 SC005"]),
        ("weekend: friday", "weekend: fri", ["26:75 SC004"]),
        ("guards:", "gards:", ["16:1 SC001"]),
        ("kind: Config", "kind: Playbook", ["2:7 SC004"]),
    ],
)
def test_broken_configurations(old: str, new: str, found: list[str], tmp_path: Path) -> None:
    """Each mistake has its code and place, the rest is still there, and a secret is never repeated."""
    assert CONFIG.count(old) == 1
    config, told = config_of(tmp_path, CONFIG.replace(old, new))
    assert told == found
    if "kind" not in old:
        assert {"other", "third"} <= set(config.targets)
        assert ("desk" in config.targets) == ("provider" not in old)
    assert "hunter2" not in str(load_config(tmp_path / "runner.yaml"))


def test_validation_of_everything(tmp_path: Path) -> None:
    """Files and folders, schema and sense, configuration and playbooks: all in one sorted list, each mistake once."""
    (tmp_path / "books").mkdir()
    config, found = config_of(tmp_path, CONFIG.replace("lease: 2m", "lease: soon").replace("[books, more]", "[books]"))
    assert config is not None
    first = tmp_path / "books" / "a.yaml"
    first.write_text(HEAD.replace("end: 2026-12-11 14:30", "end: 2026-12-10 14:30") + HOURS.replace("closed", "clsed"))
    (tmp_path / "books" / "b.yaml").write_text("a: [")
    before = [Diagnostic("SC005", "x", Mark("runner.yaml", 15, 43))]
    result = validate([], config, DESK, before=before, shown_from=tmp_path)
    assert found
    assert result.files == ("books/a.yaml", "books/b.yaml")
    assert len(result.loaded) == 1
    places = [(each.mark.file, each.code) for each in result.diagnostics if each.severity is Severity.ERROR]
    assert places[-1] == ("runner.yaml", "SC005")
    assert ("books/b.yaml", "YM005") in places
    assert ("books/a.yaml", "SC001") in places
    assert any(file == "books/a.yaml" and code in SEMANTIC for file, code in places)
    assert [each.mark for each in result.diagnostics] == sorted(each.mark for each in result.diagnostics)
    assert result.errors + result.warnings == len(result.diagnostics)
    assert result.exit_code is Exit.INVALID
    with pytest.raises(InvalidInput) as refused:
        result.require_valid()
    assert refused.value.diagnostics == result.diagnostics


def test_validation_without_a_configuration(tmp_path: Path) -> None:
    """A playbook can be read without runner.yaml; what needs one is not checked."""
    path = tmp_path / "playbook.yaml"
    path.write_text(HEAD + HOURS)
    result = validate([path], None, {})
    assert (result.diagnostics, result.exit_code) == ((), Exit.DONE)
    assert [each.playbook.name for each in result.require_valid()] == ["match"]
    path.write_text("")
    with pytest.raises(InvalidInput, match="one mistake"):
        validate([path], None, {}).require_valid()


def test_names_of_files(tmp_path: Path) -> None:
    """Files below the folder one works in are shown relative to it."""
    assert shown_name(tmp_path / "a" / "b.yaml", tmp_path) == "a/b.yaml"
    assert shown_name(tmp_path / "a.yaml", tmp_path / "other") == (tmp_path / "a.yaml").as_posix()
    assert shown_name(Path("a.yaml"), tmp_path) == "a.yaml"


FOUND = (
    Diagnostic("SC001", "unknown field `a`", Mark("a,b:c.yaml", 3, 7), "did you mean `b`?"),
    Diagnostic("YM018", "100% of\nit\x1b[31m", Mark("x.yaml"), severity=Severity.WARNING),
)


def test_diagnostics_for_people() -> None:
    """One line each, nothing in it that moves a terminal, and a last line that counts."""
    assert view.human(FOUND) == [
        "a,b:c.yaml:3:7: error SC001 unknown field `a` (did you mean `b`?)",
        "x.yaml:1:1: warning YM018 100% of\\nit\\x1b[31m",
    ]
    assert view.summary(FOUND, 2) == "2 files, 1 error, 1 warning; `runner explain SC001` says more about a code"
    assert view.summary(FOUND[:1], 1) == "1 file, 1 error; `runner explain SC001` says more about a code"
    assert view.summary((), 1) == "1 file, no mistakes"


def test_diagnostics_for_github() -> None:
    """Annotations are escaped, so that a message cannot start a command of its own."""
    assert view.github(FOUND) == [
        "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=SC001::unknown field `a` (did you mean `b`?)",
        "::warning file=x.yaml,line=1,col=1,title=YM018::100%25 of%0Ait\x1b[31m",
    ]


def test_diagnostics_as_json() -> None:
    """JSON holds every part on its own."""
    data = json.loads(json.dumps(view.as_json(FOUND)))
    assert (data["version"], data["errors"], data["warnings"]) == (1, 1, 1)
    assert data["diagnostics"][0] == {
        "code": "SC001",
        "title": "unknown field",
        "severity": "error",
        "file": "a,b:c.yaml",
        "line": 3,
        "column": 7,
        "message": "unknown field `a`",
        "hint": "did you mean `b`?",
    }


def test_the_catalogue_is_one() -> None:
    """No code stands in two tables, and every entry says what it means and how to mend it."""
    assert not SYNTAX.keys() & SEMANTIC.keys()
    assert SYNTAX.items() | SEMANTIC.items() <= CODES.items()
    for code, entry in SYNTAX.items():
        assert code[:2] in ("YM", "SC", "LD", "CF")
        assert entry.title == entry.title.strip()
        assert entry.meaning.endswith(".")
        assert entry.fix.endswith(".")
