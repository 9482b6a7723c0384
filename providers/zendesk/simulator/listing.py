"""What the content areas share: bodies taken apart, records found, lists cut into pages, type checks."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, invalid, missing

Record: TypeAlias = dict[str, Json]
Check: TypeAlias = Callable[[Json], bool]

MOST: Final = 100  # rows on one page
DEPTH: Final = 10_000  # records that offset paging reaches [LIVE]


# --- bodies ---------------------------------------------------------------------------------------------------------


def inside(call: Call, name: str) -> Record:
    """Return the object under `name` in a body; raises the 400 of a body that lacks it (status: a guess)."""
    found = call.body.get(name) if isinstance(call.body, Mapping) else None
    if not isinstance(found, Mapping):
        raise wrong_body(name)
    return dict(found)


def several(call: Call, name: str) -> list[Record]:
    """Return the objects listed under `name` in a body; raises the 400 of a body that lacks them."""
    found = call.body.get(name) if isinstance(call.body, Mapping) else None
    if not isinstance(found, list) or not found or not all(isinstance(item, Mapping) for item in found):
        raise wrong_body(name)
    return [dict(item) for item in found]


def wrong_body(name: str) -> Refusal:
    """Return the 400 of a body without the object that it must hold (envelope [DOC], status a guess)."""
    message = f"the body must hold {name}"
    return Refusal(400, {"error": {"title": "Invalid attribute", "message": message}})


def checked(fields: Mapping[str, Json], checks: Mapping[str, Check]) -> None:
    """Raise the 422 that names every field whose value has the wrong type or range. Fields without a check pass."""
    bad = {name: f"{name} is invalid" for name, value in fields.items() if name in checks and not checks[name](value)}
    if bad:
        raise invalid(**bad)


def is_flag(value: Json) -> bool:
    """Whether a value is true or false."""
    return isinstance(value, bool)


def is_number(value: Json) -> bool:
    """Whether a value is an integer (true and false are none)."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_text(value: Json) -> bool:
    """Whether a value is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def is_any_text(value: Json) -> bool:
    """Whether a value is a text, be it empty."""
    return isinstance(value, str)


def is_numbers(value: Json) -> bool:
    """Whether a value is a list of integers."""
    return isinstance(value, list) and all(is_number(item) for item in value)


def is_texts(value: Json) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(is_text(item) for item in value)


# --- records --------------------------------------------------------------------------------------------------------


def find(records: Mapping[int, Record], id_: Json) -> Record:
    """Return the record with this id; raises the 404 of an id that does not exist."""
    found = records.get(id_)
    if found is None:
        raise missing()
    return found


def address(desk: Desk, path: str) -> str:
    """Return the URL of something in the account."""
    return f"https://{desk.subdomain}.zendesk.com{path}"


# --- pages ----------------------------------------------------------------------------------------------------------


def pages(desk: Desk, call: Call, name: str, rows: Iterable[Record], usual: int = MOST) -> Reply:
    """Return one page of rows. Cursor style when a ``page[...]`` parameter is there (sorted by id), else offset style.

    `usual` is the page size of the offset style. Raises the 400 of a page size or cursor that means nothing [DOC].
    """
    everything = list(rows)
    if any(parameter.startswith("page[") for parameter in call.query):
        return _after(desk, call, name, everything)
    number = _whole(call.query.get("page", "1"))
    size = min(_whole(call.query.get("per_page", str(usual))), MOST)
    if number * size > DEPTH:
        raise bad_page("InvalidPaginationDepth", "offset paging ends at 10,000 records")
    start = (number - 1) * size
    more = start + size < len(everything)
    body = {
        name: everything[start : start + size],
        "count": len(everything),
        "next_page": _offset(desk, call, number + 1, size) if more else None,
        "previous_page": _offset(desk, call, number - 1, size) if number > 1 else None,
    }
    return Reply(body)


def _after(desk: Desk, call: Call, name: str, rows: list[Record]) -> Reply:
    size = _whole(call.query.get("page[size]", str(MOST)))
    unknown = {p for p in call.query if p.startswith("page[")} - {"page[size]", "page[after]"}
    if size > MOST or unknown:
        raise bad_page("InvalidPaginationParameter", "page[size] goes from 1 to 100")
    last = _decoded(call.query["page[after]"]) if "page[after]" in call.query else 0
    left = sorted((row for row in rows if row["id"] > last), key=lambda row: int(row["id"]))
    shown, more = left[:size], len(left) > size
    cursor = b64encode(f"id:{shown[-1]['id']}".encode()).decode() if shown else None
    following = address(desk, f"{call.path}?page[size]={size}&page[after]={cursor}") if more else None
    meta = {"has_more": more, "after_cursor": cursor, "before_cursor": None}
    return Reply({name: shown, "meta": meta, "links": {"next": following, "prev": None}})


def bad_page(code: str, title: str) -> Refusal:
    """Return the 400 of paging parameters that mean nothing."""
    return Refusal(400, {"errors": [{"code": code, "title": title}]})


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise bad_page("InvalidPaginationParameter", "a page and its size are whole numbers from 1")
    return int(text)


def _decoded(cursor: str) -> int:
    try:
        word, _, number = b64decode(cursor, validate=True).decode().partition(":")
    except (NoBase64, UnicodeDecodeError):
        word, number = "", ""
    if word != "id" or not number.isdecimal():
        raise bad_page("InvalidPaginationParameter", "page[after] is no cursor of this list")
    return int(number)


def _offset(desk: Desk, call: Call, number: int, size: int) -> str:
    return address(desk, f"{call.path}?page={number}&per_page={size}")
