"""The journal file: appended durably, chained, private, and whole whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from runner.errors import InvalidInput, StoreError
from runner.store import journal
from runner.store.journal import JournalFile

OUTAGE = "match@2026-12-11T11:30"


def opened(folder: Path) -> JournalFile:
    return JournalFile(folder / "journal", OUTAGE)


def written(folder: Path, *numbers: int) -> Path:
    file = opened(folder)
    for number in numbers:
        file.append([{"t": "x", "seq": number}])
    file.close()
    return file.path


def numbers(path: Path) -> list[int]:
    return [line["seq"] for line in journal.read(path)]


def test_lines_come_back_in_order_with_an_unbroken_chain(tmp_path: Path) -> None:
    """What was appended, over several openings, is read back in order and its chain holds."""
    written(tmp_path, 1, 2)
    path = written(tmp_path, 3)
    assert numbers(path) == [1, 2, 3]


def test_the_file_and_its_folder_are_private(tmp_path: Path) -> None:
    """Only the owner can read a journal, whatever the umask says."""
    old = os.umask(0)
    try:
        path = written(tmp_path, 1)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_outage_with_a_slash_or_colon_gets_a_plain_file_name(tmp_path: Path) -> None:
    """The name of the file holds no character that a file system dislikes."""
    file = JournalFile(tmp_path, "a/b@2026-12-11T11:30")
    file.close()
    assert file.path.name == "a_b@2026-12-11T1130.jsonl"


def test_a_new_journal_is_empty_until_something_is_written(tmp_path: Path) -> None:
    """`empty` tells whether the head has to be written."""
    file = opened(tmp_path)
    assert file.empty
    file.append([])
    assert file.empty
    file.append([{"seq": 1}])
    assert not file.empty
    file.close()


@pytest.mark.parametrize("keep", [1, 7, -2, -1])
def test_a_line_cut_short_by_a_crash_is_dropped(tmp_path: Path, keep: int) -> None:
    """Wherever the last line is torn, the next process goes on behind the last whole one, and readers stop there."""
    path = written(tmp_path, 1, 2)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole[: -len(last)] + last[:keep])
    assert numbers(path) == [1]
    assert numbers(written(tmp_path, 3)) == [1, 3]


def test_a_file_with_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    """A process that died in its very first line leaves an empty journal."""
    path = written(tmp_path, 1)
    path.write_bytes(path.read_bytes()[:10])
    file = opened(tmp_path)
    assert file.empty
    file.close()


def test_lines_longer_than_one_reading_are_found_again(tmp_path: Path) -> None:
    """The end of the chain is found behind a line of 300 kB too."""
    file = opened(tmp_path)
    file.append([{"seq": 1}, {"seq": 2, "text": "x" * 300_000}])
    file.close()
    assert numbers(written(tmp_path, 3)) == [1, 2, 3]


@pytest.mark.parametrize("damage", [b"{}\n", b"[1]\n", b"\x00\x00\n", b'{"h":1}\n', b"\xff\n"])
def test_a_damaged_last_line_is_one_clear_error(tmp_path: Path, damage: bytes) -> None:
    """A last line that is whole but no line of ours is refused with the file and the next step, not overwritten."""
    path = written(tmp_path, 1)
    path.write_bytes(path.read_bytes() + damage)
    with pytest.raises(StoreError, match="damaged") as caught:
        opened(tmp_path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert path.read_bytes().endswith(damage)


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_line_is_found_by_its_number(tmp_path: Path, line: int) -> None:
    """An edit of any line breaks the chain at that line."""
    path = written(tmp_path, 1, 2, 3)
    lines = path.read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace(f'"seq":{line + 1}', '"seq":9')
    path.write_text("".join(lines))
    with pytest.raises(InvalidInput, match=f":{line + 1}: the chain of the journal breaks here") as caught:
        list(journal.read(path))
    assert caught.value.code == "JR002"


def test_a_line_taken_out_is_found(tmp_path: Path) -> None:
    """A line that somebody took out breaks the chain at the next one."""
    path = written(tmp_path, 1, 2, 3)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(lines[0] + lines[2])
    with pytest.raises(InvalidInput, match=":2: "):
        list(journal.read(path))


@pytest.mark.parametrize("garbage", ["nonsense\n", "[]\n", '"text"\n', "{}\n", '{"h":{}}\n'])
def test_garbage_is_no_journal(tmp_path: Path, garbage: str) -> None:
    """Whatever is in the file, the answer is a sentence with a place."""
    path = tmp_path / "x.jsonl"
    path.write_text(garbage)
    with pytest.raises(InvalidInput, match=":1: "):
        list(journal.read(path))


def test_a_missing_journal_is_one_clear_error(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(InvalidInput, match=r"none.jsonl cannot be read") as caught:
        list(journal.read(tmp_path / "none.jsonl"))
    assert caught.value.code == "JR001"


def test_two_processes_that_write_one_journal_keep_one_chain(tmp_path: Path) -> None:
    """An acknowledgement that comes in while a drive has the file open neither overwrites its lines nor breaks the
    chain."""
    drive, ack = opened(tmp_path), opened(tmp_path)
    drive.append([{"seq": 1}])
    ack.append([{"seq": 2}])
    drive.append([{"seq": 3}])
    ack.close()
    drive.close()
    assert numbers(drive.path) == [1, 2, 3]


def _full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_one_clear_error_and_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that finds no room is refused with the next step; the file stays whole, and closing is quiet."""
    file = opened(tmp_path)
    file.append([{"seq": 1}])
    real, room = os.write, [5]

    def half(descriptor: int, data: Any) -> int:
        if not room:
            return _full()
        return real(descriptor, bytes(data)[: room.pop()])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(StoreError, match="No space left") as caught:
            file.append([{"seq": 2}])
    assert "runner resume" in caught.value.hint
    assert numbers(file.path) == [1]
    file.append([{"seq": 3}])
    file.close()
    assert numbers(file.path) == [1, 3]


def test_a_file_that_may_not_grow_is_one_clear_error(tmp_path: Path) -> None:
    """With a real limit of the operating system on the size of files, the append fails as a `StoreError`, the process
    goes on, and the file holds whole lines."""
    import resource
    import signal

    file = opened(tmp_path)
    file.append([{"seq": 1}])
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            size = file.path.stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
            try:
                file.append([{"seq": 2}])
            except StoreError:
                file.close()
                code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    file.close()
    assert numbers(file.path) == [1]


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    """A file where the folder should be is a `StoreError` that names the journal."""
    (tmp_path / "journal").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        opened(tmp_path)


def test_lines_are_synced_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent before the line is on the disk: append waits for it."""
    synced: list[int] = []
    file = opened(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_sync", synced.append)
        file.append([{"seq": 1}])
    file.close()
    assert len(synced) == 1


def test_the_head_holds_all_that_a_revert_needs(tmp_path: Path) -> None:
    """The first line is the outage with its row of the store, as JSON."""
    line = journal.head(OUTAGE, lineage="abc", at="2026-12-11T14:30:00.000Z", row={"frozen": "{}"})
    assert json.loads(json.dumps(line)) == {
        "t": "outage",
        "version": journal.JOURNAL_VERSION,
        "outage": OUTAGE,
        "lineage": "abc",
        "at": "2026-12-11T14:30:00.000Z",
        "row": {"frozen": "{}"},
    }


def test_times_are_rfc_3339_in_utc() -> None:
    """Epoch milliseconds become text that any tool reads."""
    assert journal.rfc3339(1_796_999_400_123) == "2026-12-11T14:30:00.123Z"
