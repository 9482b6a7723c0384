"""Foreign text inside markdown: escaped, or in a fence where nothing is interpreted. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from runner.views.text import clean

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
_AT_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_ZERO_WIDTH = "\u200b"


def escaped(text: str) -> str:
    """Return `text` so that markdown shows it as it is: no markup, HTML, table cell, mention, reference or link."""
    safe = _SPECIAL.sub(lambda found: _ENTITIES.get(found[1], "\\" + found[1]), clean(text))
    return _unlinked(_AT_START.sub(lambda found: f"{_ZERO_WIDTH}{found[2]}", safe))


def escaped_html(text: str) -> str:
    """Return `text` for the inside of an HTML block, where markdown is not interpreted but mentions still are."""
    return _unlinked(re.sub(r"[<>&]", lambda found: _ENTITIES[found[0]], clean(text)))


def _unlinked(text: str) -> str:
    text = re.sub(r"(?<![A-Za-z0-9])@(?=\w)", "@" + _ZERO_WIDTH, text)
    text = re.sub(r"#(?=\w)", "#" + _ZERO_WIDTH, text)
    text = re.sub(r"(?i)\b(https?|ftp|mailto|xmpp):", rf"\1{_ZERO_WIDTH}:", text)
    return re.sub(r"(?i)\bwww\.", f"www{_ZERO_WIDTH}.", text)


def fenced(lines: Sequence[str], language: str = "diff") -> str:
    """Return the lines as a code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def code(text: str) -> str:
    """Return `text` as a code span."""
    safe = clean(text).replace("`", "'")
    return f"`{safe}`"
