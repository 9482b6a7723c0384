"""Texts: the variants of dynamic content, one per locale [DOC].

A placeholder such as ``{{dc.outage_notice}}`` is put once into the mails of triggers and into macros; a playbook then
changes the variants, and nothing else. Only texts that are there are changed: an item always needs its default variant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final

from providers.zendesk.client import Client, expect
from providers.zendesk.shared import Values, existing, one_by_one, wanted_ids
from runner import kinds
from runner.model import Change, Outcome
from runner.spi import Context, InvalidInput, KindSpec, Query, Rejected

ITEMS: Final = "/api/v2/dynamic_content/items"
LOCALE: Final = "language needed/"  # reading such a path makes sure that the account has the language


def _query(with_: Mapping[str, Any], context: Context) -> Query:
    given = with_.get("text", with_.get("append"))
    needed = [f"{LOCALE}{locale}" for locale in given] if isinstance(given, Mapping) else []
    asked = kinds.message().query(with_, context)
    return replace(asked, paths=(*asked.paths, *needed))


class Texts:
    """The dynamic content of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._locales: dict[int, str] = {}

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind message."""
        note = "Texts of dynamic content; forms and widgets have no API: `uses: message_by_hand`."
        spec = kinds.message(rate=self._client.account.per_minute("support"), max_batch=1, notes=(note,))
        return (existing(replace(spec, query=_query), "message"),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield items with the text of every locale they have."""
        self._refuse_unknown([path.removeprefix(LOCALE) for path in query.paths if path.startswith(LOCALE)])
        return wanted_ids(query, self._items)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Change all texts of an item in one request."""
        return one_by_one(batch, self._set)

    def _items(self) -> Iterator[tuple[str, Values]]:
        for row in self._client.pages(ITEMS, "items", "list dynamic content"):
            texts = {f"text/{self._locale(each['locale_id'])}": each["content"] for each in row["variants"]}
            yield str(row["id"]), {"name": row["name"], **texts}

    def _known(self) -> Mapping[int, str]:
        if not self._locales:
            rows = self._client.whole("/api/v2/locales", "locales", "list locales")
            self._locales = {int(row["id"]): str(row["locale"]) for row in rows}
        return self._locales

    def _locale(self, number: int) -> str:
        return self._known().get(number, str(number))

    def _refuse_unknown(self, locales: Sequence[str]) -> None:
        """Raise `InvalidInput` for a language that the account does not have."""
        for locale in locales:
            known = sorted(self._known().values())
            if kinds.for_locale(dict.fromkeys(known, ""), locale) is None:
                near = get_close_matches(locale, known, n=3, cutoff=0.5) or known[:8]
                raise InvalidInput(
                    f"{self._client.account.name} has no language {locale!r}", hint=f"it has: {', '.join(near)}"
                )

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
