"""Texts: the variants of dynamic content, one per locale [DOC].

A placeholder such as ``{{dc.outage_notice}}`` is put once into the mails of triggers and into macros; a playbook then
changes the variants, and nothing else. Only texts that are there are changed: an item always needs its default variant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from providers.zendesk.client import Client, expect
from providers.zendesk.shared import Values, one_by_one, wanted_ids
from runner import kinds
from runner.model import Change, Outcome
from runner.spi import KindSpec, Query, Rejected

ITEMS: Final = "/api/v2/dynamic_content/items"


class Texts:
    """The dynamic content of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._locales: dict[int, str] = {}

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind message."""
        note = "Texts of dynamic content; forms and widgets have no API: `uses: message_by_hand`."
        return (kinds.message(rate=self._client.account.rate("support"), max_batch=1, notes=(note,)),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield items with the text of every locale they have."""
        return wanted_ids(query, self._items)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Change all texts of an item in one request."""
        return one_by_one(batch, self._set)

    def _items(self) -> Iterator[tuple[str, Values]]:
        for row in self._client.pages(ITEMS, "items", "list dynamic content"):
            texts = {f"text/{self._locale(each['locale_id'])}": each["content"] for each in row["variants"]}
            yield str(row["id"]), {"name": row["name"], **texts}

    def _locale(self, number: int) -> str:
        if not self._locales:
            rows = self._client.whole("/api/v2/locales", "locales", "list locales")
            self._locales = {int(row["id"]): str(row["locale"]) for row in rows}
        return self._locales.get(number, str(number))

    def _set(self, item: str, changes: Sequence[Change]) -> None:
        data = self._client.get(f"{ITEMS}/{item}", "show dynamic content")
        row: Any = expect(data, "item", dict, "show dynamic content", self._client.account.name)
        known = {f"text/{self._locale(each['locale_id'])}": each["id"] for each in row["variants"]}
        rows = []
        for change in changes:
            if change.slot.path not in known or not isinstance(change.after, str):
                raise Rejected(f"{row['name']} has no text in {change.slot.path[5:]}", field=change.slot.path)
            rows.append({"id": known[change.slot.path], "content": change.after})
        self._client.write("PUT", f"{ITEMS}/{item}/variants/update_many", "change texts", {"variants": rows})
