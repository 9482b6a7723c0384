"""The documentation is true: generated blocks are what the runner says today, and nothing is left out."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest

from runner import kinds
from runner.catalogue import CODES
from runner.cli import cli
from runner.cli.sandbox import whole
from runner.cli.world import World
from tests.support.examples import governed_by

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

make_docs: Any = import_module("make_docs")
Stage = import_module("stage").Stage
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def made() -> dict[str, tuple[str, str]]:
    """Return page -> (as it is, as it should be)."""
    return {path.relative_to(ROOT).as_posix(): (now, then) for path, now, then in make_docs.made()}


@pytest.mark.parametrize("name", [name for name in NAMES if name not in make_docs.LEFT_ALONE])
def test_generated_parts_are_up_to_date(name: str) -> None:
    """Carrying out every command line of the page gives the page (else run `python scripts/make_docs.py`)."""
    is_now, should_be = made()[name]
    assert is_now == should_be


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its whole name."""
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            top = context.parent is None and name == "sandbox"
            found = whole(context) if top else command.get_command(context, name)
            assert found is not None
            yield from commands(found, click.Context(found, parent=context, info_name=name))


def test_every_command_and_option_is_documented() -> None:
    """Each command has its section in docs/cli.md, with all of its options."""
    root = click.Context(cli, info_name="runner", obj=World())
    sections = dict(
        re.findall(r"^#+ `(runner[^`]*)`\n(.*?)(?=^#|\Z)", text_of("docs/cli.md"), re.DOTALL | re.MULTILINE)
    )
    missing = []
    for name, command in commands(cli, root):
        options = [max(each.opts, key=len) for each in command.params if isinstance(each, click.Option)]
        missing += [f"{name} {option}" for option in ("", *options) if option not in sections.get(name, "\0")]
    assert missing == []


def test_every_code_is_documented() -> None:
    """Each diagnostic code has a section in docs/codes.md, and a family with a name."""
    headings = re.findall(r"^### ([A-Z]{2}\d{3}):", text_of("docs/codes.md"), re.MULTILINE)
    assert sorted(headings) == sorted(CODES)
    assert {code[:2] for code in CODES} == set(import_module("references").FAMILIES)


def test_every_kind_is_documented() -> None:
    """Each common kind has a section in docs/playbook.md, with every field of its `with`."""
    page = text_of("docs/playbook.md")
    for name, spec in kinds.common().items():
        section = page.partition(f"### `{name}`")[2].partition("### ")[0]
        assert {field for field in spec.schema["properties"] if f"| `{field}`" not in section} == set(), name


def test_every_example_has_a_mention() -> None:
    """The examples of the embedded helpdesk use kinds that are documented, and all examples together every one."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").rglob("*.yaml")}
    used = {path: set(re.findall(r"uses: (\w+)", text)) for path, text in texts.items()}
    assert set().union(*(used[path] for path in governed_by(""))) <= set(kinds.common())
    assert set().union(*used.values()) >= set(kinds.common())


def test_links_lead_somewhere() -> None:
    """Every relative link of every page points to a file or folder that exists."""
    wrong = []
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                wrong.append(f"{path.relative_to(ROOT)}: {target}")
    assert wrong == []


def mentioned() -> Iterator[tuple[str, str, str]]:
    """Yield (page, first word, whole text) of every `runner ...` in code quotes."""
    for name in NAMES:
        for found in re.findall(r"`runner ([a-z][^`]*)`", text_of(name)):
            yield name, found.split()[0], found


def test_commands_that_are_mentioned_exist() -> None:
    """No page names a command, or an option of one, that the runner does not have."""
    root = click.Context(cli, info_name="runner", obj=World())
    known = {name.removeprefix("runner ").split()[0]: command for name, command in commands(cli, root)}
    wrong = []
    for page, word, found in mentioned():
        options = {option for each in getattr(known.get(word), "params", ()) for option in each.opts}
        lost = [each for each in re.findall(r"--[a-z-]+", found) if word != "sandbox" and each not in options]
        if word not in known or lost:
            wrong.append(f"{page}: runner {found}")
    assert wrong == []


def test_numbers_of_decisions() -> None:
    """Decisions are numbered without gaps, and each says context, decision and consequence in two dozen lines."""
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]} "), path.name
        assert all(f"**{part}.**" in text for part in ("Context", "Decision", "Consequence")), path.name
        assert len(text.splitlines()) <= 24, path.name


def test_pictures_are_square() -> None:
    """Pictures stay within 100 columns, in characters that every fixed-width font has."""
    for name in ("README.md", "docs/design.md"):
        for picture in re.findall(r"^```text\n(.*?)^```", text_of(name), re.DOTALL | re.MULTILINE):
            assert picture.isascii(), name
            assert max(map(len, picture.splitlines())) <= 100, name


def test_the_journal_can_be_read_without_the_runner(tmp_path: Path) -> None:
    """The few lines of Python on the on-call page print every value as it was before the outage."""
    program = re.search(r"<<'EOF'\n(.*?)^EOF", text_of("docs/on-call.md"), re.DOTALL | re.MULTILINE)
    assert program is not None
    stage = Stage(tmp_path / "desk", datetime.fromisoformat("2026-12-11T11:30:00-03:00")).build()
    stage.run("runner sandbox seed --tickets 40")
    stage.run("runner apply playbooks/quick-start/quarter-final.yaml --yes")
    journals = list((stage.folder / "journal").glob("*.jsonl"))
    done = subprocess.run(
        [sys.executable, "-", str(journals[0])], input=program[1], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "helpdesk  business_hours  Support BR  hours/fri  ['08:00-18:00']" in done.stdout.splitlines()


def test_the_readme_is_short() -> None:
    """The README fits in three screens, and its playbook in fifteen lines or so."""
    text = text_of("README.md")
    assert len(text.splitlines()) <= 150
    playbook = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert playbook is not None
    assert len(playbook[1].splitlines()) <= 18


def test_the_codes_page_and_explain_agree() -> None:
    """`runner explain` has the same words as the page, for every code."""
    page = " ".join(text_of("docs/codes.md").split())
    lost = [code for code, entry in CODES.items() if " ".join(entry.fix.split()) not in page]
    assert lost == []
