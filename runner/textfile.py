"""Bounded reading of small text files: regular files only, UTF-8 only, no control characters."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file cannot be used: a code, a sentence, the place in the file, and what to do."""

    code: str
    message: str
    hint: str
    line: int = 1
    column: int = 1


def read_bytes(path: Path, limit: int) -> tuple[bytes, Fault | None]:
    """Return the content of a regular file of at most `limit` bytes, or why there is none.

    A larger file is not read; a pipe or device is not opened.
    """
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            return b"", Fault("YM001", "this is a folder, not a file", "name a file in it")
        if not stat.S_ISREG(info.st_mode):
            return b"", Fault("YM001", "this is no regular file", "copy its content into a file")
        size = info.st_size
        if size <= limit:
            with path.open("rb") as stream:
                raw = stream.read(limit + 1)
            size = len(raw)
            if size <= limit:
                return raw, None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return b"", Fault("YM001", f"the file cannot be read: {reason}", "check the path and the file's permissions")
    message = f"the file is larger than {limit // 1024:,} KiB"
    return b"", Fault("YM002", message, "split it, or check that it is the right file")


def decode(raw: bytes) -> tuple[str, Fault | None]:
    """Return the text of UTF-8 bytes without a byte order mark, and the first thing wrong with it."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(raw[: error.start].decode("utf-8", "replace"))
        hint = "save the file as UTF-8"
        if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = "it looks like UTF-16: save the file as UTF-8"
        return "", Fault("YM003", f"the file is not UTF-8: byte 0x{raw[error.start]:02x}", hint, line, column)
    if (match := CONTROL.search(text)) is not None:
        line, column = _line_and_column(text[: match.start()])
        hint = "delete it, or type the text again instead of pasting it"
        return text, Fault("YM004", f"control character U+{ord(match[0]):04X}", hint, line, column)
    return text, None


def _line_and_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")
