"""Notices: Help Center articles promoted, labelled for a banner, or made for the outage, and messages to agents' apps.

There is no banner object. The theme is prepared once to show any article with a chosen label; the playbook then adds
and takes away the label [SALTO, HC]. An article of ours carries its marker as a label, because creating one is not
idempotent; taking it back archives it. A message through ``apps/notify`` reaches only open browsers and is an effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from providers.zendesk.client import Client, expect
from providers.zendesk.notice_kind import LOCALE, SECTION, notice
from providers.zendesk.shared import Values, attempt, existing, per_object, wanted_ids
from runner.model import ABSENT, Change, Outcome, Value
from runner.spi import InvalidInput, KindSpec, NotFound, Query, Rejected

BASE: Final = "/api/v2/help_center"
FAMILY: Final = "help_center"


class Guide:
    """The Help Center of one account, and the app that shows messages to agents."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind notice."""
        return (existing(notice(self._client.account.per_minute("help_center")), "article"),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield articles, and under a marker the article that carries it."""
        self._refuse_unknown(query.paths)
        found = wanted_ids(query, self._every)
        # by its marker an article of ours is there a second time
        return found if query.ids else ((key, values) for key, values in found if "notice" not in values)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Write article by article; a message to the agents is sent once."""
        for _, changes in per_object(batch):
            if changes[0].slot.path == "sent":
                for change in changes:
                    yield attempt(partial(self._notify, change))
                continue
            outcome = attempt(partial(self._set, changes))
            yield from [outcome] * len(changes)

    # --- reading ----------------------------------------------------------------------------------------------------

    def _every(self) -> Iterator[tuple[str, Values]]:
        for row in self._articles():
            labels = [str(label) for label in row.get("label_names") or ()]
            values: dict[str, Value] = {"name": row["title"], "promoted": bool(row["promoted"])}
            yield str(row["id"]), {**values, **{f"labels/{label}": True for label in labels}}
            for marker in (label for label in labels if label.startswith("or-")):
                if not row["draft"]:  # a draft of ours is not finished, or a person has taken it down
                    yield marker, {"name": row["title"], "notice": self._whole(row, marker)}

    def _articles(self) -> Iterator[Any]:
        return self._client.pages(f"{BASE}/articles.json", "articles", "list articles", family=FAMILY)

    def _whole(self, row: Mapping[str, Any], marker: str) -> Value:
        at = f"{BASE}/articles/{row['id']}/translations.json"
        texts = list(self._client.pages(at, "translations", "list translations", family=FAMILY))
        return {
            "section": str(row["section_id"]),
            "subject": {str(each["locale"]): each["title"] for each in texts},
            "body": {str(each["locale"]): each["body"] or "" for each in texts},
            "promoted": bool(row["promoted"]),
            "labels": sorted(str(label) for label in row.get("label_names") or () if label != marker),
        }

    def _refuse_unknown(self, paths: Sequence[str]) -> None:
        """Raise `InvalidInput` for a section or a language that an article of ours would need and that is not there."""
        name = self._client.account.name
        for path in paths:
            if path.startswith(SECTION):
                section = path.removeprefix(SECTION)
                if not section.isdecimal() or not self._lists(f"sections/{section}"):
                    rows = self._client.pages(f"{BASE}/sections.json", "sections", "list sections", family=FAMILY)
                    names = ", ".join(f"{row['id']} {row['name']}" for row in islice(rows, 5))
                    raise InvalidInput(f"{name} has no section {section}", hint=f"it has: {names or 'none'}")
            elif path.startswith(LOCALE):
                section, _, locale = path.removeprefix(LOCALE).partition("/")
                if not self._lists(f"{quote(locale)}/sections/{section}"):
                    raise InvalidInput(
                        f"the Help Center of {name} has no language {locale!r}",
                        hint="write it as in the address of the Help Center (`en-us`), or add it there first",
                    )

    def _lists(self, place: str) -> bool:
        try:
            rows = self._client.pages(
                f"{BASE}/{place}/articles.json", "articles", "list the section", family=FAMILY, page_size="1"
            )
            next(rows, None)
        except NotFound:
            return False
        return True

    # --- writing ----------------------------------------------------------------------------------------------------

    def _set(self, changes: Sequence[Change]) -> None:
        slot = changes[0].slot
        if slot.path == "notice":
            self._put(slot.key, changes[0].after)
            return
        data = self._client.get(f"{BASE}/articles/{slot.key}.json", "show the article", family=FAMILY)
        row = expect(data, "article", dict, "show the article", self._client.account.name)
        labels = [str(label) for label in row.get("label_names") or ()]
        body: dict[str, Any] = {}
        for change in changes:
            if change.slot.path == "promoted":
                body["promoted"] = bool(change.after)
                continue
            label = change.slot.path.removeprefix("labels/")
            labels = [each for each in labels if each != label] + ([label] if change.after is not ABSENT else [])
            body["label_names"] = labels  # [] clears them; leaving it out would keep them [SALTO]
        self._change(slot.key, body)

    def _change(self, article: str, body: Mapping[str, Any]) -> None:
        self._client.write(
            "PUT", f"{BASE}/articles/{article}.json", "change the article", {"article": body}, family=FAMILY
        )

    def _put(self, marker: str, value: Value) -> None:
        """Create, change or archive the article of a marker.

        It takes several requests, so it is a draft until the last one has published it: what broke off in the middle
        counts as not there, and is found and finished by the next try.
        """
        known = next((row for row in self._articles() if marker in (row.get("label_names") or ())), None)
        if not isinstance(value, Mapping):
            if known is not None:
                at = f"{BASE}/articles/{known['id']}.json"
                self._client.write("DELETE", at, "archive the article", family=FAMILY)
            return
        labels = [*value["labels"], marker]
        article = str(known["id"]) if known is not None else self._create(value, labels)
        if known is not None:
            self._change(article, {"promoted": value["promoted"], "label_names": labels})
        self._translate(article, value)
        if known is None or known["draft"]:
            at = f"{BASE}/articles/{article}/translations/{next(iter(value['subject']))}.json"
            self._client.write("PUT", at, "publish the article", {"translation": {"draft": False}}, family=FAMILY)

    def _create(self, value: Mapping[str, Any], labels: Sequence[str]) -> str:
        """Create an article in its first language, seen by whom the others of its section are seen by."""
        at = f"{BASE}/sections/{value['section']}/articles.json"
        near = next(self._client.pages(at, "articles", "list the section", family=FAMILY, page_size="1"), None)
        if near is None:
            raise Rejected(
                f"section {value['section']} has no article to take the readers and editors from: write one first",
                field="section",
            )
        locale, title = next(iter(value["subject"].items()))
        article = {
            "title": title,
            "body": value["body"].get(locale, ""),
            "locale": locale,
            "promoted": value["promoted"],
            "label_names": list(labels),
            "permission_group_id": near["permission_group_id"],
            "user_segment_id": near["user_segment_id"],
            "draft": True,
        }
        path = f"{BASE}/{locale}/sections/{value['section']}/articles.json"
        body = {"article": article, "notify_subscribers": False}
        data = self._client.write("POST", path, "create the article", body, family=FAMILY)
        made = expect(data, "article", dict, "create the article", self._client.account.name)
        return str(made["id"])

    def _translate(self, article: str, value: Mapping[str, Any]) -> None:
        at = f"{BASE}/articles/{article}/translations"
        rows = self._client.pages(f"{at}.json", "translations", "list translations", family=FAMILY)
        known = {str(row["locale"]): (row["title"], row["body"] or "") for row in rows}
        for locale, title in value["subject"].items():
            words = {"title": title, "body": value["body"].get(locale, "")}
            if locale not in known:
                body = {"translation": {"locale": locale, **words, "draft": False}}
                self._client.write("POST", f"{at}.json", "add a translation", body, family=FAMILY)
            elif known[locale] != (words["title"], words["body"]):
                path = f"{at}/{locale}.json"
                self._client.write("PUT", path, "change a translation", {"translation": words}, family=FAMILY)

    def _notify(self, change: Change) -> None:
        app = self._client.account.app_id
        if app is None:
            raise Rejected(
                "messages to agents need an installed app: set `app_id` under the target's options, or use a webhook",
                field="app_id",
            )
        body = {"app_id": app, "event": "outage", "body": json.dumps(change.payload, ensure_ascii=False)}
        try:
            self._client.write("POST", "/api/v2/apps/notify", "message the agents", body, family="notify")
        except NotFound as fault:
            raise Rejected(f"app {app} is not installed in this account", field="app_id") from fault
