"""Articles: found by the marker in their name, created, changed, and disabled where they should be gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.http import NoReply
from providers.request_tracker.client import Client, Row
from providers.request_tracker.notice_kind import article_of, is_up, marker_of, notice, notice_of
from runner.model import Accepted, Change, Outcome, Value, Verdict
from runner.spi import Forbidden, KindSpec, NotFound, Query, Rejected

FIELDS: Final = {"fields": "Name,Disabled,CustomFields", "per_page": "100"}
DONE: Final = Outcome(Verdict.DONE)


class Notices:
    """The articles of one account that are notices of ours."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind notice."""
        return (notice(),)

    def read(self, query: Query) -> Iterator[tuple[str, Mapping[str, Value]]]:
        """Yield notices by marker, or all that are up. Raises `ProviderError`."""
        if query.ids:
            for key in query.ids:
                row = self._row(key)
                yield key, {"name": str(row["Name"]), "notice": notice_of(row)} if row and is_up(row) else {}
            return
        for row in self._rows("[or-", {}):
            if marker_of(row):
                yield marker_of(row), {"name": str(row["Name"]), "notice": notice_of(row)}

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write notice by notice. Raises `ProviderError` for what concerns the server as a whole."""
        for change in batch:
            try:
                self._set(change)
            except (Rejected, NotFound, Forbidden) as fault:
                yield Outcome(Verdict.REJECTED, fault.message)
            except NoReply as fault:
                yield Outcome(Verdict.UNKNOWN, fault.message)
            else:
                yield DONE

    def _set(self, change: Change) -> None:
        """Set one notice. A create whose name is taken is refused without a reason (seen): a disabled article of ours
        is enabled again."""
        key, after = change.slot.key, change.after
        row = self._row(key)
        if not isinstance(after, Mapping):
            if row is not None and is_up(row):
                self._client.send("DELETE", f"/article/{row['id']}", f"disable article {row['id']}")
            return
        body: dict[str, Any] = dict(article_of(key, after))
        if row is None:
            group = self._client.account.article_class
            what = f"create an article of the class {group}"
            self._client.send("POST", "/article", what, {**body, "Class": group})
        else:
            number = row["id"]
            self._client.send("PUT", f"/article/{number}", f"change article {number}", {**body, "Disabled": 0})

    def _row(self, marker: str) -> Row | None:
        rows = [row for row in self._rows(f"[{marker}]", {"find_disabled_rows": "1"}) if marker_of(row) == marker]
        return min(rows, key=lambda row: (not is_up(row), int(row["id"])), default=None)

    def _rows(self, part: str, more: Mapping[str, str]) -> list[Row]:
        query = json.dumps([{"field": "Name", "operator": "LIKE", "value": part}])
        return self._client.listed("/articles", "look for articles", {"query": query, **FIELDS, **more})
