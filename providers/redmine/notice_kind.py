"""The kind `notice` on Redmine, pure: news of a project (place `board`), or a part of a wiki page (place `banner`).

Redmine answers the creation of news without its id, and two news may have the same title. So the marker of a notice
stands in its text, at the end of the news or around the part of the page, and that is how it is found again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner import kinds
from runner.model import Claim, Json, Merge, Op
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

TITLE: Final = 60  # characters, seen: a longer one is refused
BOARD, BANNER = "board", "banner"
PATHS: Final = {BOARD: "notice", BANNER: "banner"}  # a path each: only what is asked for is read


def notice() -> KindSpec:
    """Return the kind. Slots: key = marker, path ``notice`` for news and ``banner`` for the page, with the value
    ``{"place", "subject", "body"}``: plain texts."""
    common = kinds.notice()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        subject, body = texts(with_, context)
        if not subject or not body:
            raise InvalidInput(f"step {context.step}: Redmine wants a `subject` and a `body`", hint="add the other one")
        if len(subject) > TITLE:
            raise InvalidInput(
                f"step {context.step}: a title of Redmine has {TITLE} characters at most, this one has {len(subject)} "
                "(all languages in one)",
                hint="shorten `subject`; the rest belongs into `body`",
            )
        return Query("notice", ids=(context.marker(),), paths=("name", PATHS[with_.get("place", BOARD)]))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        del found
        subject, body = texts(with_, context)
        place = with_.get("place", BOARD)
        return [Want(PATHS[place], Claim(Op.PUT, {"place": place, "subject": subject, "body": body}))]

    properties = {name: each for name, each in common.schema["properties"].items() if name != "audience"}
    words = "`board`: news of the project; `banner`: a part of the wiki page that `options.banner` names."
    place = {**properties["place"], "enum": [BOARD, BANNER], "description": words}
    return kinds.override(
        common,
        {
            "schema": {**common.schema, "properties": {**properties, "place": place}},
            "query": query,
            "claims": claims,
            "merges": dict.fromkeys(PATHS.values(), Merge.ATOMIC),
            "max_batch": 1,
            "notes": (
                "All languages stand in one text. Whoever may see the project sees it; there are no other audiences.",
                "A line with the notice's own mark stands in the text: it is how the notice is found again.",
                "Redmine may mail news to those who watch the project.",
            ),
        },
    )


def texts(with_: Mapping[str, Any], context: Context) -> tuple[str, str]:
    """Return subject and body, all languages in one, with plain line ends and nothing around them."""
    subject = kinds.every_text(with_.get("subject", ""), context, " / ")
    body = kinds.every_text(with_.get("body", ""), context, "\n\n")
    return " ".join(subject.split()), "\n".join(body.strip().splitlines())


# --- news -----------------------------------------------------------------------------------------------------------


def news_of(marker: str, value: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of the news that hold a notice."""
    return {"title": value["subject"], "summary": "", "description": f"{value['body']}\n\n{marker}"}


def is_news(marker: str, row: Mapping[str, Any]) -> bool:
    """Whether news hold the notice of this marker."""
    lines = str(row.get("description") or "").split()
    return bool(lines) and lines[-1] == marker


def notice_of(marker: str, row: Mapping[str, Any]) -> dict[str, Json]:
    """Return the notice that news hold, as the slot has it."""
    body = str(row["description"]).replace("\r\n", "\n").rstrip().removesuffix(marker).removesuffix("\n\n")
    return {"place": BOARD, "subject": row["title"], "body": body}


# --- a part of a page -----------------------------------------------------------------------------------------------


def part_of(marker: str, text: str) -> dict[str, Json] | None:
    """Return the notice that a page holds, None where it does not."""
    span = _span(marker, text)
    if span is None:
        return None
    inner = text[slice(*span)].strip("\n").removeprefix(_begin(marker)).removesuffix(_end(marker))
    subject, _, body = inner.replace("\r\n", "\n").strip("\n").partition("\n\n")
    return {"place": BANNER, "subject": subject, "body": body}


def with_part(marker: str, text: str, value: Mapping[str, Json] | None) -> str:
    """Return the text of a page with the notice in it, or without: then it is as it was before."""
    span = _span(marker, text)
    head, tail = (text[: span[0]], text[span[1] :]) if span else (text, "")
    if value is None:
        return head + tail
    between = "\n\n" if head else ""
    return f"{head}{between}{_begin(marker)}\n{value['subject']}\n\n{value['body']}\n{_end(marker)}{tail}"


def _begin(marker: str) -> str:
    return f"[{marker}]"


def _end(marker: str) -> str:
    return f"[/{marker}]"


def _span(marker: str, text: str) -> tuple[int, int] | None:
    """Return where a notice begins and ends in a page, the empty line before it included."""
    begin = text.find(_begin(marker))
    end = text.find(_end(marker), begin)
    if begin < 0 or end < 0:
        return None
    for gap in ("\r\n\r\n", "\n\n"):
        if text[:begin].endswith(gap):
            return begin - len(gap), end + len(_end(marker))
    return begin, end + len(_end(marker))
