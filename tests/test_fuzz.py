"""Random damage to valid files: never a traceback, every rejection with a code and a place in the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.catalogue import CODES
from runner.commands.validate import validate
from runner.config import Config
from runner.errors import Diagnostic
from runner.kinds import common
from runner.load import load_config, load_playbook

PLAYBOOK = """\
apiVersion: runner/v1
kind: Playbook
metadata: {name: match, title: "Match: Brazil plays", owner: ops@example.com}
spec:
  outage: partial
  timezone: America/Sao_Paulo
  priority: 1
  windows:
    - {start: 2026-12-11 11:30, end: 2026-12-11 14:30}
    - {start: 2026-12-15 11:30, end: when-told, latest: 2026-12-15 18:00}
  locales: [pt-BR, en]
  vars: {back_at: "{{ window.end | time }}"}
  steps:
    - id: announce
      uses: notice
      target: [desk, people]
      from: start - 2d
      with:
        place: board
        audience: {customers: all}
        subject: {pt-BR: "Parado até {{ back_at }}", en: "Stopped until {{ back_at }}"}
        body: |
          {{ outage.title }}
      per_target: {people: {place: banner}}
      restore: [{uses: notice, with: {place: board, subject: {pt-BR: Voltamos, en: Back}, body: x}, until: end + 1d}]
    - {id: hours, uses: business_hours, target: desk, with: {schedule: Support, closed: window}}
    - {id: rules, uses: rule, target: desk, with: {rule: "Notify", active: false}, on_error: continue}
    - id: pause
      uses: tickets
      target: desk
      needs: [hours, rules]
      with: {select: {status: [open], group: N1}, status: pause, tag: true, at_most: 2000, arrivals: include}
      until: end
      ready: true
"""

CONFIG = """\
apiVersion: runner/v1
kind: Config
targets:
  desk: {provider: simulator, zone: America/Sao_Paulo, pause: pending, credentials: {token: env:TOKEN}, reserve: 0.3}
  people: {provider: people, locales: [pt-BR, en]}
store: {path: .runner/store.sqlite, journal: journal, lease: 90s, kept: false}
guards:
  limits: {tickets: {objects: 5000, percent: 60, floor: 10}, "*": {objects: 100}}
  protected: ["desk/rule/*legal*"]
  freeze: [{start: 2026-12-24 00:00Z, end: 2026-12-26 00:00Z, reason: "Christmas"}]
  require: [rehearsal]
required_locales: [en]
language: en
playbooks: [playbooks]
"""

SIGNS = """- : { } [ ] , # | > ' " % @ ` ? *a <<: ~ null true no 1e999 .nan -1 0x start keep window pause when-told"""
NASTY = (
    *(
        " ",
        "  ",
        "\t",
        "\n",
        "\r",
        "\n\n\n",
        "\0",
        "\x1b",
        "\u2028",
        "\ufeff",
        "- ",
        ": ",
        "? ",
        "&a ",
        "!x ",
        "!!binary ",
    ),
    *SIGNS.split(),
    *("---\n", "...\n", "%YAML 1.1\n", "{{ x }}", "{% for i in range(10**9) %}", "{{", "{{ vars.__class__ }}"),
    *("../../etc/passwd", "{locale}", "9" * 400, "x" * 3000, "[[[[[[[[", "a: b: c", "end +", "start - 99999d"),
    *("2026-13-45 99:99", "2026-03-08 02:30", "\ud7ff"),
)

FAST = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("fuzz") / "runner.yaml"
    path.write_text(CONFIG)
    config, found = load_config(path)
    assert config is not None
    assert found == ()
    return config


def damaged(text: str) -> st.SearchStrategy[bytes]:
    """Return `text` after a few edits of lines, characters or bytes."""
    lines = text.splitlines(keepends=True)
    line = st.integers(0, len(lines) - 1)
    place = st.integers(0, len(text.encode()))
    edit_lines = st.lists(
        st.tuples(st.sampled_from(["drop", "twice", "indent", "dedent", "swap"]), line, line), max_size=4
    )
    piece = st.one_of(st.sampled_from(NASTY).map(str.encode), st.binary(min_size=1, max_size=3))
    edit_bytes = st.lists(st.tuples(place, st.integers(0, 12), piece), max_size=3)
    return st.tuples(edit_lines, edit_bytes).map(lambda edits: _apply(lines, *edits))


def _apply(
    lines: Sequence[str], edit_lines: Sequence[tuple[str, int, int]], edit_bytes: Sequence[tuple[int, int, bytes]]
) -> bytes:
    result = list(lines)
    for what, one, two in edit_lines:
        at, other = one % len(result), two % len(result)
        if what == "drop" and len(result) > 1:
            del result[at]
        elif what == "twice":
            result.insert(other, result[at])
        elif what == "swap":
            result[at], result[other] = result[other], result[at]
        else:
            result[at] = "  " + result[at] if what == "indent" else result[at].removeprefix("  ")
    raw = "".join(result).encode()
    for at, length, piece in edit_bytes:
        raw = raw[:at] + piece + raw[at + length :]
    return raw


def assert_told(found: Sequence[Diagnostic], raw: bytes, path: Path) -> None:
    lines = len(raw.decode("utf-8", "replace").splitlines()) + 1
    for each in found:
        assert each.code in CODES, each
        assert each.message
        if each.mark.file == str(path):
            assert 1 <= each.mark.line <= lines, each
            assert each.mark.column >= 1, each


@FAST
@given(raw=damaged(PLAYBOOK))
def test_damaged_playbooks(raw: bytes, config: Config, tmp_path: Path) -> None:
    """A damaged playbook is accepted, or refused with codes and places that lie in it."""
    path = tmp_path / "playbook.yaml"
    path.write_bytes(raw)
    result = validate([path], config, {"desk": common(), "people": common()})
    assert_told(result.diagnostics, raw, path)
    assert len(result.loaded) == 1 or result.errors


@FAST
@given(raw=damaged(CONFIG))
def test_damaged_configurations(raw: bytes, tmp_path: Path) -> None:
    """A damaged configuration is accepted, or refused with codes and places that lie in it."""
    path = tmp_path / "runner.yaml"
    path.write_bytes(raw)
    config, found = load_config(path)
    assert_told(found, raw, path)
    assert config is not None or found


@FAST
@given(
    raw=st.one_of(
        st.binary(max_size=200), st.lists(st.sampled_from(NASTY), max_size=30).map(lambda n: "".join(n).encode())
    )
)
def test_rubbish(raw: bytes, tmp_path: Path) -> None:
    """What never was a playbook is refused with a code and a place."""
    path = tmp_path / "playbook.yaml"
    path.write_bytes(raw)
    loaded, found = load_playbook(path)
    assert_told(found, raw, path)
    assert loaded is None or not loaded.complete
    assert found


def test_the_undamaged_files_are_valid(config: Config, tmp_path: Path) -> None:
    """The files that the fuzz starts from have no mistake themselves: the damage is what is refused."""
    path = tmp_path / "playbook.yaml"
    path.write_text(PLAYBOOK)
    result = validate([path], config, {"desk": common(), "people": common()})
    assert [str(each) for each in result.diagnostics if each.severity == "error"] == []
