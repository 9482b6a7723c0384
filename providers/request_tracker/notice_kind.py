"""The kind `notice` on Request Tracker, pure: an article, found again by the marker at the end of its name.

RT deletes no article, it disables it, and its name stays taken: a disabled article is no notice, and is enabled again
when the same notice comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner import kinds
from runner.model import ABSENT, Claim, Json, Op, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

SUBJECT: Final = 200  # characters: the name of an article has 255 [MEM], the marker included
BOARD: Final = "board"
CONTENT: Final = "Content"  # the field of the text, in the class that RT comes with (seen)


def notice() -> KindSpec:
    """Return the kind. Slots: key = marker, path ``notice`` with value ``{"place", "subject", "body"}``."""
    common = kinds.notice()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        subject, _ = texts(with_, context)
        if not subject or len(subject) > SUBJECT:
            raise InvalidInput(
                f"step {context.step}: the name of an article has 1 to {SUBJECT} characters, this one {len(subject)} "
                "(all languages in one)",
                hint="give a short `subject`; the rest belongs into `body`",
            )
        return common.query(with_, context)

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        del found
        subject, body = texts(with_, context)
        return [Want("notice", Claim(Op.PUT, {"place": BOARD, "subject": subject, "body": body}))]

    properties = {name: each for name, each in common.schema["properties"].items() if name != "audience"}
    place = {**properties["place"], "enum": [BOARD], "description": "`board`: an article of the target's class."}
    return kinds.override(
        common,
        {
            "schema": {**common.schema, "properties": {**properties, "place": place}},
            "query": query,
            "claims": claims,
            "merges": {"notice": common.merges["notice"]},
            "max_batch": 1,
            "notes": (
                "An article, all languages in one; whoever may see its class sees it.",
                "RT deletes no article: taken down means disabled, and a disabled one with the mark stays behind.",
            ),
        },
    )


def texts(with_: Mapping[str, Any], context: Context) -> tuple[str, str]:
    """Return subject and body, all languages in one, with plain line ends and nothing around them."""
    subject = kinds.every_text(with_.get("subject", ""), context, " / ")
    body = kinds.every_text(with_.get("body", ""), context, "\n\n")
    return " ".join(subject.split()), "\n".join(body.strip().splitlines())


def article_of(marker: str, value: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of the article that holds a notice."""
    fields: dict[str, Json] = {CONTENT: value["body"]}
    subject = str(value["subject"])
    return {"Name": f"{subject} [{marker}]", "Summary": subject, "CustomFields": fields}


def marker_of(row: Mapping[str, Any]) -> str:
    """Return the marker in an article's name, "" for an article that is not ours."""
    head, bracket, tail = str(row.get("Name") or "").rpartition("[")
    return tail[:-1] if head and bracket and tail.endswith("]") and tail.startswith("or-") else ""


def is_up(row: Mapping[str, Any]) -> bool:
    """Whether an article can be seen: a disabled one is absent."""
    return str(row.get("Disabled", "0")) == "0"


def notice_of(row: Mapping[str, Any] | None) -> Value:
    """Return the notice that an article holds, ABSENT where there is none."""
    if row is None or not is_up(row):
        return ABSENT
    texts_ = [each.get("values") or [""] for each in row.get("CustomFields") or () if each.get("name") == CONTENT]
    body = str(texts_[0][0]) if texts_ else ""
    subject = str(row["Name"]).rpartition("[")[0].rstrip()
    return {"place": BOARD, "subject": subject, "body": "\n".join(body.strip().splitlines())}
