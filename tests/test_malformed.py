"""Nasty input: each gets a code and a place, none a traceback, a hang or a crash."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runner.catalogue import CODES
from runner.errors import Severity
from runner.kinds import common
from runner.load import find_playbooks, load_config, load_playbook
from runner.source import SIZE_LIMIT, parse_source, read_source

CORPUS = Path(__file__).parent / "corpus"
EXPECTED: dict[str, list[str]] = json.loads((CORPUS / "expected.json").read_text())


def test_every_file_of_the_corpus_is_expected() -> None:
    """No nasty file lies about without the code and place that it must get, and the other way round."""
    assert {path.stem for path in CORPUS.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_corpus(name: str) -> None:
    """Each nasty playbook gets exactly its codes at exactly its places, and a hint or a sentence for each."""
    loaded, found = load_playbook(CORPUS / f"{name}.yaml", {"desk": common()})
    told = sorted((each.mark, each.code) for each in found)
    assert [f"{mark.line}:{mark.column} {code}" for mark, code in told] == EXPECTED[name]
    assert loaded is None or not loaded.complete
    for each in found:
        assert each.code in CODES
        assert each.message
        assert "\n" not in str(each)
        assert "valid under any" not in each.message


@pytest.mark.parametrize("name", EXPECTED)
def test_the_pure_loader_agrees(name: str) -> None:
    """Without libyaml the same files are refused, with a warning about the slow loader on top."""
    raw = (CORPUS / f"{name}.yaml").read_bytes()
    fast, told_fast = parse_source(raw, name)
    slow, told_slow = parse_source(raw, name, libyaml=False)
    assert (fast is None) == (slow is None)
    assert fast is None or slow is None or fast.data == slow.data
    errors = [each.code for each in told_slow if each.severity is Severity.ERROR]
    assert errors == [each.code for each in told_fast]
    assert len(told_slow) - len(errors) == ("YM018" in {each.code for each in told_slow})


def test_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file of 50 MB not a byte is read."""
    path = tmp_path / "huge.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))
    source, found = read_source(path)
    assert source is None
    assert [each.code for each in found] == ["YM002"]


def test_a_file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is larger than it said is refused as well."""
    path = tmp_path / "grows.yaml"
    path.write_bytes(b"#" * (SIZE_LIMIT + 10))
    small = tmp_path / "small.yaml"
    small.touch()
    said = small.stat()
    monkeypatch.setattr(Path, "stat", lambda *_, **__: said)
    assert [each.code for each in read_source(path)[1]] == ["YM002"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "a: ["])
def test_depth_never_reaches_the_stack(opening: str) -> None:
    """A hundred thousand open brackets are one diagnostic, and thousands are with the pure loader."""
    for libyaml, times in ((True, 100_000), (False, 2_000)):
        source, found = parse_source((opening * times).encode(), "deep.yaml", libyaml=libyaml)
        assert source is None
        assert {each.code for each in found} <= {"YM005", "YM012", "YM018"}


def test_a_file_of_too_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are counted while the file is read, not afterwards."""
    monkeypatch.setattr("runner.source.VALUE_LIMIT", 1_000)
    source, found = parse_source(b"a: [" + b"1," * 1_500 + b"[", "many.yaml")
    assert source is None
    assert [each.code for each in found] == ["YM013"]


def test_mistakes_of_one_file_are_bounded() -> None:
    """A file with thousands of mistakes lists a hundred and says so."""
    source, found = parse_source(b"".join(b"%d: x\n" % number for number in range(5000)), "wrong.yaml")
    assert source is None
    assert len(found) == 101
    assert "only the first 100" in found[-1].message


def test_what_is_no_file(tmp_path: Path) -> None:
    """A folder, a pipe, a missing file and one that may not be read are refused, and none of them hangs."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for name in (".", "pipe.yaml", "missing.yaml", "loop.yaml", "nul\0.yaml"):
        source, found = read_source(tmp_path / name)
        assert source is None
        assert [(each.code, each.mark.line, each.mark.column) for each in found] == [("YM001", 1, 1)], name


def test_a_link_out_of_the_folder_is_no_text(tmp_path: Path) -> None:
    """A text file may be a link inside the playbook's folder, not one that leads out of it."""
    (tmp_path / "secret").write_text("do not read")
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "inside.md").write_text("fine")
    (folder / "link.md").symlink_to("inside.md")
    (folder / "out.md").symlink_to("../secret")
    text = (CORPUS / "text-file-missing.yaml").read_text()
    codes = {}
    for name in ("inside.md", "link.md", "out.md"):
        path = folder / "playbook.yaml"
        path.write_text(text.replace("texts/nowhere.md", name))
        loaded, found = load_playbook(path)
        assert loaded is not None
        codes[name] = ([each.code for each in found], loaded.playbook.texts[name])
    assert codes == {"inside.md": ([], "fine"), "link.md": ([], "fine"), "out.md": (["LD005"], "")}


def test_a_text_that_is_too_long(tmp_path: Path) -> None:
    """A text file is read up to its own limit."""
    (tmp_path / "long.md").write_text("x" * 300_000)
    path = tmp_path / "playbook.yaml"
    path.write_text((CORPUS / "text-file-missing.yaml").read_text().replace("texts/nowhere.md", "long.md"))
    assert [each.code for each in load_playbook(path)[1]] == ["LD006"]


def test_paths_without_playbooks(tmp_path: Path) -> None:
    """A missing path and a folder without playbooks are told; hidden folders, runner.yaml and what lies in a folder
    that has a runner.yaml of its own are not taken."""
    (tmp_path / "empty").mkdir()
    hidden, other = tmp_path / "books" / ".git", tmp_path / "books" / "other"
    hidden.mkdir(parents=True)
    other.mkdir()
    for path in (
        hidden / "x.yaml",
        other / "y.yaml",
        other / "runner.yaml",
        tmp_path / "books" / "runner.yaml",
        tmp_path / "books" / "b.yml",
    ):
        path.touch()
    files, found = find_playbooks(
        [tmp_path / "books", tmp_path / "empty", tmp_path / "missing.yaml", tmp_path / "books"]
    )
    assert files == (tmp_path / "books" / "b.yml",)
    assert [each.code for each in found] == ["LD009", "LD009"]


def test_no_configuration(tmp_path: Path) -> None:
    """A missing runner.yaml names the command that writes one."""
    config, found = load_config(tmp_path / "runner.yaml")
    assert config is None
    assert [each.code for each in found] == ["CF001"]
    assert "runner init" in found[0].hint


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("{id: a, uses: rule, target: desk, needs: [" + ", ".join(f"a{n}" for n in range(20_000)) + ", a1]}", "SC007"),
        (
            "{id: a, uses: rule, target: desk, needs: [" + ", ".join(f"{{b: {n}}}, x{n}" for n in range(10_000)) + "]}",
            "SC003",
        ),
        ("{id: a, uses: rule, target: desk, " + ", ".join(f"nedes{n}: 1" for n in range(20_000)) + "}", "SC001"),
        (", ".join(["5"] * 20_000), "SC010"),
    ],
    ids=["one twice", "mixed", "unknown fields", "no steps"],
)
def test_large_and_wrong(step: str, code: str, tmp_path: Path) -> None:
    """A large file that is wrong throughout is refused as quickly as a small one, with a bounded list."""
    text = (CORPUS / "no-steps.yaml").read_text().replace("steps: []", f"steps: [{step}]")
    path = tmp_path / "playbook.yaml"
    path.write_text(text)
    found = load_playbook(path, {"desk": common()})[1]
    assert 1 <= len(found) <= 1_100
    assert code in {each.code for each in found}
