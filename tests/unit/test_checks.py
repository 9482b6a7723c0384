"""Every semantic check, case by case: a small playbook, and the diagnostics that it must give.

A case is a file ``tests/checks/<CODE>[-variant].yaml``; its comments ``# expect [file:]line:column CODE`` list all
diagnostics, no more and no fewer. ``<case>.other.yaml`` is a second playbook beside it, ``<case>.runner.yaml`` a
configuration of its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner import kinds
from runner.catalogue import CODES
from runner.catalogue_checks import SEMANTIC
from runner.checks import check
from runner.commands.explain import codes, explain
from runner.config import Config
from runner.errors import Diagnostic, Severity, Usage
from runner.expand import outages
from runner.load import Loaded, load_config, load_playbook
from runner.spi import KindSpec

CASES = Path(__file__).parents[1] / "checks"
NAMES = sorted(path.stem for path in CASES.glob("*.yaml") if "." not in path.stem and path.stem != "runner")
EXPECT = re.compile(r"^# expect (?:(\S+):)?(\d+):(\d+) (\w+)$", re.MULTILINE)

STATUSES = frozenset({"new", "open", "pending", "solved"})
Capabilities = dict[str, dict[str, KindSpec]]


def capabilities() -> Capabilities:
    common = kinds.common()
    helpdesk = common | kinds.offer(
        kinds.tickets(gives_back=STATUSES - {"new"}, values={"status": STATUSES}),
        kinds.snooze(values={"status": frozenset({"open", "pending"}), "select/status": STATUSES}),
        kinds.person(kinds.access()),
    )
    return {
        "helpdesk": helpdesk,
        "chatline": {kind: common[kind] for kind in ("channel", "channel_hours", "notice", "tickets")},
    }


def config_of(case: str) -> Config:
    own = CASES / f"{case}.runner.yaml"
    config, found = load_config(own if own.exists() else CASES / "runner.yaml")
    assert config is not None
    assert found == ()
    return replace(config, file=Path("runner.yaml"))


def playbooks_of(case: str) -> list[Loaded]:
    other = CASES / f"{case}.other.yaml"
    paths = [CASES / f"{case}.yaml", *([other] if other.exists() else [])]
    loaded = []
    for path in reversed(paths):
        playbook, found = load_playbook(path, capabilities(), shown=path.name)
        assert [str(each) for each in found if each.severity is Severity.ERROR] == []
        assert playbook is not None
        loaded.append(playbook)
    return loaded


def found_in(case: str) -> list[Diagnostic]:
    return list(check(playbooks_of(case), config_of(case), capabilities()))


def expected_of(case: str) -> list[str]:
    text = (CASES / f"{case}.yaml").read_text(encoding="utf-8")
    return sorted(
        f"{file or case + '.yaml'}:{line}:{column} {code}" for file, line, column, code in EXPECT.findall(text)
    )


@pytest.mark.parametrize("case", NAMES)
def test_case(case: str) -> None:
    """The playbook of the case gives exactly the diagnostics listed in it, each at its place."""
    found = found_in(case)
    assert sorted(f"{each.mark} {each.code}" for each in found) == expected_of(case), "\n".join(map(str, found))


@pytest.mark.parametrize("case", NAMES)
def test_sentences(case: str) -> None:
    """Every diagnostic is one line without a full stop, and as severe as the catalogue says."""
    for each in found_in(case):
        assert each.severity is SEMANTIC[each.code].severity
        assert "\n" not in each.message + each.hint
        assert not each.message.endswith(".")
        assert len(each.message) < 200


def test_every_code_has_a_case() -> None:
    """Each code of the semantic checks is triggered by the case of its name."""
    triggered = {line.rpartition(" ")[2] for case in NAMES for line in expected_of(case)} | {"TX004"}
    assert triggered == set(SEMANTIC)
    assert len(SEMANTIC) >= 25


def test_text_and_text_file() -> None:
    """A field that is given twice, as text and as file, is refused also where a kind's own schema allows it."""
    (loaded,) = playbooks_of("clean")
    first, *rest = loaded.playbook.steps
    both = replace(first, with_={**first.with_, "body": {"pt-BR": "Fechado", "es": "Cerrado"}})
    changed = replace(loaded, playbook=replace(loaded.playbook, steps=(both, *rest)))
    (found,) = check([changed], config_of("clean"), capabilities())
    assert (found.code, found.mark.line) == ("TX004", 20)


def test_clean_playbook_expands() -> None:
    """What the checks let through can be expanded."""
    (loaded,) = playbooks_of("clean")
    (outage,) = outages(loaded.playbook, config_of("clean"))
    assert len(outage.runs) == 8


def test_both_files_are_named_in_a_conflict() -> None:
    """A conflict between two playbooks names both, both values and the moment."""
    (found,) = found_in("OV001")
    assert "another and this playbook want" in found.message
    assert "Volvemos" in found.message
    assert "Cerrado" in found.message
    assert "2026-12-11 11:30" in found.message
    assert "OV001.other.yaml:10:7" in found.hint


def test_priority_settles_a_conflict() -> None:
    """Outages of different priority may want different values."""
    first, second = playbooks_of("OV001")
    higher = replace(first, playbook=replace(first.playbook, priority=1))
    assert list(check([higher, second], config_of("OV001"), capabilities())) == []


def test_a_kind_that_raises_is_no_fault_of_the_playbook() -> None:
    """A plugin whose functions fail offline does not stop the checks."""

    def broken(*_: Any) -> Any:
        raise RuntimeError("not without a helpdesk")

    (loaded,) = playbooks_of("clean")
    table = {
        name: {kind: replace(spec, query=broken, claims=broken) for kind, spec in offered.items()}
        for name, offered in capabilities().items()
    }
    assert list(check([loaded], config_of("clean"), table)) == []


@pytest.mark.parametrize("text", ["{{ 'a' * 10 ** 10 }}", "{% for a in vars.x %}{% endfor %}", "{{ vars }}", "{{"])
def test_bad_templates_are_diagnostics(text: str) -> None:
    """A template that cannot be used is reported with a code, whatever is wrong with it."""
    (loaded,) = playbooks_of("clean")
    bad = replace(loaded, playbook=replace(loaded.playbook, vars={"back_at": text}))
    assert {each.code for each in check([bad], config_of("clean"), capabilities())} <= {"TX001", "TX002", "TX003"}


def written(tmp_path: Path, *lines: str, vars: str = "{}") -> tuple[list[Diagnostic], list[Diagnostic]]:
    """Return what loading and what checking says about a playbook with these lines as its steps, from line 9 on."""
    head = ["apiVersion: runner/v1", "kind: Playbook", "metadata: {name: written}", "spec:", "  outage: partial"]
    head += ["  timezone: UTC", "  windows: [{start: 2026-12-11 11:30, end: 2026-12-11 14:30}]", f"  vars: {vars}"]
    file = tmp_path / "written.yaml"
    file.write_text("\n".join([*head, "  steps:", *lines, ""]), encoding="utf-8")
    loaded, found = load_playbook(file, capabilities(), shown="written.yaml")
    assert loaded is not None
    return list(found), list(check([loaded], config_of("clean"), capabilities()))


NOTICE = "    - {id: %s, uses: notice, target: helpdesk, with: {place: board, body: %s}}"


def test_place_of_a_template_beside_broken_steps(tmp_path: Path) -> None:
    """Where an earlier step was left out, a broken template is still reported on its own line."""
    broken, found = written(tmp_path, NOTICE % ("[]", "x"), NOTICE % ("b", '"{{ nothing }}"'))
    assert broken != []
    assert [(each.code, each.mark.line) for each in found] == [("TX002", 11)]


def test_place_of_a_template_over_several_lines(tmp_path: Path) -> None:
    """In a folded or wrapped text the text itself is the place; in a literal one the line."""
    step = "    - {id: %s, uses: notice, target: helpdesk, with: {place: board, body: 'a"
    folded = ["    - id: b", "      uses: notice", "      target: helpdesk", "      with:", "        place: board"]
    folded += ["        body: >", "          a", "          {{ no }}"]
    _, found = written(tmp_path, step % "a", "        {{ nothing }}'}}", *folded)
    assert [(each.code, str(each.mark)) for each in found] == [
        ("TX002", "written.yaml:10:74"),
        ("TX002", "written.yaml:17:15"),
    ]


def test_variables_that_are_too_large(tmp_path: Path) -> None:
    """Too much text in variables, as written or as rendered, is one mistake, told at the variables."""
    for given in (f"{{a: {'x' * 70_000}}}", f"{{a: {'x' * 20_000}, b: '{'{{ a }}' * 4}'}}"):
        _, found = written(tmp_path, NOTICE % ("a", '"{{ a }} {{ b }} {{ nothing }}"'), vars=given)
        assert [(each.code, each.mark.line) for each in found] == [("TX003", 8)]


def test_broken_variables(tmp_path: Path) -> None:
    """A variable that is broken is told where it stands, once, and not again where it is used."""
    _, found = written(tmp_path, NOTICE % ("a", '"{{ a.b[0] }} {{ vars.a.n }}"'), vars='{a: {b: ["{{ x }}"], n: 3}}')
    assert [(each.code, str(each.mark)) for each in found] == [("TX002", "written.yaml:8:22")]
    assert found[0].hint == "a variable sees those above it"


def test_guards_without_a_file() -> None:
    """A protection without its third part is reported however it got into the configuration."""
    config = config_of("clean")
    odd = replace(config, guards=replace(config.guards, protected=("helpdesk/rule",)))
    (found,) = check([], odd, capabilities())
    assert (found.code, found.message) == ("GR002", "guards.protected: helpdesk/rule names no object")


def test_an_unknown_kind_is_only_told_once() -> None:
    """A step of a kind that nobody offers is one mistake, whatever the guards protect."""
    config = config_of("clean")
    guarded = replace(config, guards=replace(config.guards, protected=("*/*/x",)))
    (loaded,) = playbooks_of("SP003")
    assert {each.code for each in check([loaded], guarded, capabilities())} == {"SP003"}


def test_a_target_in_an_unknown_zone() -> None:
    """Days are counted in the playbook's zone when the target's is unknown."""
    (loaded,) = playbooks_of("WN010")
    config = config_of("WN010")
    lost = {name: replace(target, zone="Mars/Base") for name, target in config.targets.items()}
    assert [each.code for each in check([loaded], replace(config, targets=lost), capabilities())] == ["WN010"]


def test_an_unknown_status_is_told_alone() -> None:
    """A status that does not exist gets the nearest one, and no advice about giving it back."""
    first, nearest, *_ = found_in("KD010")
    assert (first.message, first.hint) == ("helpdesk has no status paused", "did you mean pause?")
    assert nearest.hint == "did you mean open?"
    settable = [each.message for each in found_in("KD010") if "cannot" in each.message]
    assert settable == ["helpdesk cannot set the status new here"]


def test_a_pause_that_means_no_status() -> None:
    """When runner.yaml gives `pause` a status that the target does not have, runner.yaml is what has to be mended."""
    (loaded,) = playbooks_of("KD002")
    config = config_of("KD002")
    for word in ("pendign", {"status": "pendign", "custom_status": 7}):
        wrong = {name: replace(target, words={"pause": word}) for name, target in config.targets.items()}
        found = check([loaded], replace(config, targets=wrong), capabilities())
        (told,) = [each for each in found if each.code == "KD010"]
        assert told.message == "`pause` means pendign in runner.yaml, and helpdesk has no such status"
        assert told.hint == "mend `pause` under targets.helpdesk in runner.yaml; did you mean pending?"


def test_statuses_that_nobody_knows_offline() -> None:
    """A target that does not say which statuses it has is asked for any."""
    (loaded,) = playbooks_of("KD010")
    table = capabilities()
    for kind in ("tickets", "snooze"):
        table["helpdesk"][kind] = replace(table["helpdesk"][kind], values={}, gives_back=None)
    assert "KD010" not in {each.code for each in check([loaded], config_of("KD010"), table)}


def test_hours_that_run_backwards_are_put_right() -> None:
    """The hint for a range that ends before it starts is one that can be pasted."""
    hints = [each.hint for each in found_in("KD011")]
    assert hints[:3] == [
        "write 08:00-12:00; for a night, 12:00-24:00 here and 00:00-08:00 under sat",
        "the end of the day is 24:00: write 12:00-24:00",
        "join them: 09:00-13:00",
    ]
    assert "write 00:00-24:00 for the whole day, `[]` for closed" in hints


def many(count: int, step: Callable[[int], str]) -> str:
    head = (CASES / "GR001.yaml").read_text(encoding="utf-8").partition("    - ")[0]
    return head + "".join(step(index) for index in range(count))


def test_work_grows_with_the_number_of_steps(tmp_path: Path) -> None:
    """Ten times the steps take about ten times the calls, also when all of them need one another or share one slot."""

    def step(index: int) -> str:
        need = f"needs: [s{index - 1}], " if index else ""
        return (
            f"    - {{id: s{index}, uses: channel, target: helpdesk, {need}with: {{channel: Chat, enabled: false}}}}\n"
        )

    calls = []

    def counted(frame: object, event: str, what: object) -> None:
        del frame, what
        calls[-1] += event in ("call", "c_call")

    for count in (150, 1500):
        file = tmp_path / f"{count}.yaml"
        file.write_text(many(count, step), encoding="utf-8")
        loaded, found = load_playbook(file, capabilities())
        assert loaded is not None
        assert found == ()
        config, offered = config_of("clean"), capabilities()
        calls.append(0)
        sys.setprofile(counted)
        try:
            found = tuple(check([loaded], config, offered))
        finally:
            sys.setprofile(None)
        assert found == ()
    assert calls[0] > 150
    assert calls[1] < 12 * calls[0]


def test_explain_every_code() -> None:
    """Every code of the catalogue can be explained, in small letters too, with a fix."""
    assert {each.code for each in codes()} == set(CODES)
    for each in codes():
        assert explain(each.code.lower()) == each
        assert each.fix.endswith((".", ")"))
        assert each.title == each.title[:1] + each.title[1:].rstrip(".")
        assert each.code in each.text
        assert each.to_json()["severity"] in ("error", "warning")


def test_explain_a_misspelt_code() -> None:
    """A code that does not exist is answered with the nearest ones."""
    with pytest.raises(Usage) as caught:
        explain("WN0O2")
    assert "WN002" in caught.value.hint
    with pytest.raises(Usage) as caught:
        explain("?")
    assert "codes look like" in caught.value.hint
