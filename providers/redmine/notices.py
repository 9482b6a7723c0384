"""Notices as news and as parts of the banner page. What a write did is found out by reading: a creation tells no id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from providers.http import NoReply
from providers.redmine.client import Client, Row
from providers.redmine.names import Names
from providers.redmine.notice_kind import (
    BANNER,
    BOARD,
    PATHS,
    is_news,
    news_of,
    notice,
    notice_of,
    part_of,
    with_part,
)
from providers.rest import Moved
from runner.model import Accepted, Change, Outcome, Value, Verdict
from runner.spi import Forbidden, KindSpec, NotFound, Query, Rejected

Values: TypeAlias = Mapping[str, Value]
TRIES: Final = 3  # of a page that others change at the same time
FASTER: Final = Outcome(Verdict.REJECTED, "others change the page all the time: try again")


class Notices:
    """The notices of one Redmine, in its one project."""

    def __init__(self, client: Client, names: Names) -> None:
        self._client = client
        self._names = names
        self._seen: dict[str, list[int]] = {}  # marker -> news, from the reading before a write

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind notice."""
        return (notice(),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield the notices with these markers. Raises `ProviderError`; `Rejected` for a target without a project."""
        if not query.ids:
            return
        rows = [*self._news()] if _asks(query, BOARD) else []
        text = str((self._page() or {}).get("text") or "") if _asks(query, BANNER) else ""
        for marker in query.ids:
            mine = sorted((row for row in rows if is_news(marker, row)), key=lambda row: int(row["id"]))
            if _asks(query, BOARD):
                self._seen[marker] = [int(row["id"]) for row in mine]
            news = notice_of(marker, mine[0]) if mine else None
            found = {PATHS[BOARD]: news, PATHS[BANNER]: part_of(marker, text)}
            values: dict[str, Value] = {path: value for path, value in found.items() if value is not None}
            name = next((str(value["subject"]) for value in found.values() if value), marker)
            yield marker, {"name": name, **values} if values else {}

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Set the notices one by one. Raises `ProviderError` when nothing was sent."""
        for change in batch:
            try:
                yield self._set(change)
            except (Rejected, NotFound, Forbidden) as fault:
                yield Outcome(Verdict.REJECTED, fault.message)
            except NoReply as fault:
                yield Outcome(Verdict.UNKNOWN, fault.message)

    def _set(self, change: Change) -> Outcome:
        value = change.after if isinstance(change.after, Mapping) else None
        if change.slot.path == PATHS[BANNER]:
            return self._put_part(change.slot.key, value)
        self._put_news(change.slot.key, value)
        return Outcome(Verdict.DONE)

    # --- news -------------------------------------------------------------------------------------------------------

    def _news(self) -> Iterator[Row]:
        path = f"/projects/{self._names.home()['id']}/news.json"
        return self._client.listed(path, "news", "list news")

    def _put_news(self, marker: str, value: Mapping[str, Any] | None) -> None:
        if (ids := self._seen.pop(marker, None)) is None:
            ids = sorted(int(row["id"]) for row in self._news() if is_news(marker, row))
        if value is not None and not ids:
            path = f"/projects/{self._names.home()['id']}/news.json"
            self._client.write("POST", path, "publish news", {"news": news_of(marker, value)})
        elif value is not None:
            self._client.write("PUT", f"/news/{ids[0]}.json", "change news", {"news": news_of(marker, value)})
        for number in ids[1:] if value is not None else ids:
            self._client.write("DELETE", f"/news/{number}.json", "take news down")

    # --- the page ---------------------------------------------------------------------------------------------------

    def _path(self) -> str:
        title = quote(self._client.account.banner.replace(" ", "_"), safe="")
        return f"/projects/{self._names.home()['id']}/wiki/{title}.json"

    def _page(self) -> Row | None:
        try:
            return self._client.one(self._path(), "wiki_page", "read the banner page")
        except NotFound:
            return None

    def _put_part(self, marker: str, value: Mapping[str, Any] | None) -> Outcome:
        """Put a notice into the page, or take it out, and leave the rest as it is: the page's version is the lock."""
        for _ in range(TRIES):
            page = self._page()
            text = str((page or {}).get("text") or "")
            new = with_part(marker, text, value)
            if new == text:
                return Outcome(Verdict.DONE)
            try:
                if not new:  # it held nothing else: Redmine keeps no empty page
                    self._client.write("DELETE", self._path(), "take the banner down")
                else:
                    body = {"text": new, **({"version": page["version"]} if page else {})}
                    self._client.write("PUT", self._path(), "change the banner page", {"wiki_page": body})
            except Moved:
                continue
            return Outcome(Verdict.DONE)
        return FASTER


def _asks(query: Query, place: str) -> bool:
    return not query.paths or PATHS[place] in query.paths or "*" in query.paths
