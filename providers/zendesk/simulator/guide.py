"""The Help Center: sections, articles and their translations.

Metadata belongs to the article, words to its translations: the article's own PUT leaves title, body and draft alone
[HC]. Paths end in ``.json``; `wsgi.py` answers 415 to the same path without it [LIVE]. Evidence is in brackets; what
has none is a guess.
"""

from __future__ import annotations

from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Handler, Json, Reply, Route, invalid, missing
from providers.zendesk.simulator.guide_seed import ARTICLES, PERMISSION_GROUP, SECTIONS, SEEDED, SEGMENTS
from providers.zendesk.simulator.listing import (
    Record,
    address,
    checked,
    find,
    inside,
    is_any_text,
    is_flag,
    is_number,
    is_text,
    is_texts,
    pages,
)

SOURCE: Final = "en-us"
LOCALES: Final = (SOURCE, "es", "pt-br", "uk")  # the languages that the Help Center is switched on for
FAMILY: Final = "help_center"
USUAL: Final = 30  # rows on a page of the offset style
AUTHOR: Final = 1
_BASE: Final = "/api/v2/help_center"
_METADATA: Final = {
    "promoted": is_flag,
    "position": is_number,
    "label_names": is_texts,
    "user_segment_id": lambda value: value is None or value in SEGMENTS,
    "permission_group_id": lambda value: value == PERMISSION_GROUP,
    "comments_disabled": is_flag,
}
_WORDS: Final = {"title": is_text, "body": is_any_text, "draft": is_flag}


class Guide:
    """The Help Center of one account. `subscriber_mails` lists the articles whose creation mailed subscribers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.articles: dict[int, Record] = {}
        self.subscriber_mails: list[int] = []
        self._translations: dict[int, dict[str, Record]] = {}
        for number, (id_, promoted, labels, words) in enumerate(ARTICLES):
            self._keep(id_, SECTIONS[0][0], {"promoted": promoted, "label_names": list(labels), "position": number})
            for place, (locale, (title, body)) in enumerate(words.items()):
                self._put_words(id_, id_ * 10 + place, locale, {"title": title, "body": body}, SEEDED)

    def routes(self) -> list[Route]:
        """Return the operations of the Help Center."""
        locale, article = "/<string:locale>", "/articles/<int:article>"
        return [
            _route("GET", "/sections", self.list_sections),
            _route("GET", f"{locale}/sections", self.list_sections),
            _route("GET", "/articles", self.list_articles),
            _route("GET", f"{locale}/articles", self.list_articles),
            _route("GET", "/sections/<int:section>/articles", self.list_articles),
            _route("GET", f"{locale}/sections/<int:section>/articles", self.list_articles),
            _route("POST", "/sections/<int:section>/articles", self.create_article),
            _route("POST", f"{locale}/sections/<int:section>/articles", self.create_article),
            _route("GET", article, self.show_article),
            _route("GET", locale + article, self.show_article),
            _route("PUT", article, self.update_article),
            _route("PUT", locale + article, self.update_article),
            _route("DELETE", article, self.archive_article),
            _route("DELETE", locale + article, self.archive_article),
            _route("GET", f"{article}/translations", self.list_translations),
            _route("POST", f"{article}/translations", self.create_translation),
            _route("GET", f"{article}/translations/<string:locale>", self.show_translation),
            _route("PUT", f"{article}/translations/<string:locale>", self.update_translation),
        ]

    def dump(self) -> Json:
        """Return every article that is not archived: metadata, and words by locale."""
        return {
            str(id_): {
                **{field: article[field] for field in (*_METADATA, "section_id")},
                "translations": {
                    locale: {field: row[field] for field in _WORDS}
                    for locale, row in sorted(self._translations[id_].items())
                },
            }
            for id_, article in self.articles.items()
        }

    # --- sections and articles --------------------------------------------------------------------------------------

    def list_sections(self, call: Call) -> Reply:
        """Answer with a page of sections."""
        locale = _locale(call)
        rows = [self._section(id_, names[locale], locale) for id_, names in SECTIONS if locale in names]
        return pages(self._desk, call, "sections", rows, USUAL)

    def _section(self, id_: int, name: str, locale: str) -> Record:
        stamps = {"created_at": SEEDED, "updated_at": SEEDED}
        url = self._url(f"/{locale}/sections/{id_}.json")
        return {"id": id_, "name": name, "locale": locale, "source_locale": SOURCE, "url": url, **stamps}

    def list_articles(self, call: Call) -> Reply:
        """Answer with a page of the articles that have words in the locale asked for, drafts included."""
        section = call.args.get("section")
        if section is not None:
            find({id_: {} for id_, _ in SECTIONS}, section)
        wanted = [row for row in self.articles.values() if section in (None, row["section_id"])]
        rows = [self._article(row, _locale(call, row)) for row in wanted if _locale(call, row) in self._words(row)]
        return pages(self._desk, call, "articles", rows, USUAL)

    def show_article(self, call: Call) -> Reply:
        """Answer with one article, in the locale of the path or in its source locale."""
        article = find(self.articles, call.args["article"])
        locale = _locale(call, article)
        if locale not in self._words(article):
            raise missing()
        return Reply({"article": self._article(article, locale)})

    def create_article(self, call: Call) -> Reply:
        """Create an article with its first translation (body: [MEM]); subscribers are mailed unless told not to."""
        find({id_: {} for id_, _ in SECTIONS}, call.args["section"])
        given = inside(call, "article")
        locale = str(given.get("locale", call.args.get("locale", SOURCE))).lower()
        if locale not in LOCALES:
            raise invalid(locale=f"{locale} is not a language of this Help Center")
        lacks = [field for field in ("title", "permission_group_id", "user_segment_id") if field not in given]
        if lacks:
            raise invalid(**{field: f"{field} cannot be blank" for field in lacks})
        checked(given, {**_METADATA, **_WORDS})
        id_ = self._desk.new_id()
        self._keep(id_, call.args["section"], {field: given[field] for field in _METADATA if field in given}, locale)
        self._put_words(id_, self._desk.new_id(), locale, given, self._desk.stamp())
        if call.body.get("notify_subscribers", True) and not given.get("draft", False):
            self.subscriber_mails.append(id_)
        return Reply({"article": self._article(self.articles[id_], locale)}, 201)

    def update_article(self, call: Call) -> Reply:
        """Change metadata; title, body and draft are ignored [HC]. ``label_names`` [] clears, none keeps [SALTO]."""
        article = find(self.articles, call.args["article"])
        given = inside(call, "article")
        change = {field: given[field] for field in _METADATA if field in given}
        checked(change, _METADATA)
        article |= {**change, "updated_at": self._desk.stamp()}
        return Reply({"article": self._article(article, _locale(call, article))})

    def archive_article(self, call: Call) -> Reply:
        """Archive an article: from then on it is not found."""
        find(self.articles, call.args["article"])
        del self.articles[call.args["article"]]
        return Reply(status=204)

    def _keep(self, id_: int, section: int, metadata: Record, source: str = SOURCE) -> None:
        now = self._desk.stamp() if id_ > 360_000_000_000 else SEEDED
        self.articles[id_] = {
            "id": id_,
            "section_id": section,
            "promoted": False,
            "position": 0,
            "label_names": [],
            "user_segment_id": None,
            "permission_group_id": PERMISSION_GROUP,
            "comments_disabled": False,
            "author_id": AUTHOR,
            "source_locale": source,
            "created_at": now,
            "updated_at": now,
            "edited_at": now,
            **metadata,
        }
        self._translations[id_] = {}

    def _article(self, article: Record, locale: str) -> Record:
        words = self._words(article).get(locale) or self._words(article)[article["source_locale"]]
        shown = words["locale"]
        return {
            **article,
            "label_names": list(article["label_names"]),
            "title": words["title"],
            "name": words["title"],
            "body": words["body"],
            "draft": words["draft"],
            "locale": shown,
            "outdated": words["outdated"],
            "outdated_locales": [],
            "vote_sum": 0,
            "vote_count": 0,
            "url": self._url(f"/{shown}/articles/{article['id']}.json"),
            "html_url": address(self._desk, f"/hc/{shown}/articles/{article['id']}"),
        }

    # --- translations -----------------------------------------------------------------------------------------------

    def list_translations(self, call: Call) -> Reply:
        """Answer with a page of an article's translations."""
        article = find(self.articles, call.args["article"])
        rows = [self._translation(article["id"], row) for row in self._words(article).values()]
        return pages(self._desk, call, "translations", rows, USUAL)

    def show_translation(self, call: Call) -> Reply:
        """Answer with one translation."""
        article, row = self._words_of(call)
        return Reply({"translation": self._translation(article["id"], row)})

    def create_translation(self, call: Call) -> Reply:
        """Add a translation in a language that the article does not have yet."""
        article = find(self.articles, call.args["article"])
        given = inside(call, "translation")
        locale = str(given.get("locale", "")).lower()
        if locale not in LOCALES:
            raise invalid(locale=f"{locale or 'nothing'} is not a language of this Help Center")
        if locale in self._words(article):
            raise invalid(locale="the article has a translation in this language already")
        if "title" not in given:
            raise invalid(title="title cannot be blank")
        checked(given, _WORDS)
        self._put_words(article["id"], self._desk.new_id(), locale, given, self._desk.stamp())
        return Reply({"translation": self._translation(article["id"], self._words(article)[locale])}, 201)

    def update_translation(self, call: Call) -> Reply:
        """Change title, body or draft of one translation; what is published changes at once [HC]."""
        article, row = self._words_of(call)
        given = inside(call, "translation")
        change = {field: given[field] for field in _WORDS if field in given}
        checked(change, _WORDS)
        row |= {**change, "updated_at": self._desk.stamp()}
        article["edited_at"] = row["updated_at"]
        return Reply({"translation": self._translation(article["id"], row)})

    def _words(self, article: Record) -> dict[str, Record]:
        return self._translations[article["id"]]

    def _words_of(self, call: Call) -> tuple[Record, Record]:
        article = find(self.articles, call.args["article"])
        row = self._words(article).get(str(call.args["locale"]).lower())
        if row is None:
            raise missing()
        return article, row

    def _put_words(self, article: int, id_: int, locale: str, given: Record, now: str) -> None:
        words = {"title": "", "body": "", "draft": False} | {field: given[field] for field in _WORDS if field in given}
        stamps = {"created_at": now, "updated_at": now}
        people = {"created_by_id": AUTHOR, "updated_by_id": AUTHOR}
        fixed = {"id": id_, "locale": locale, "outdated": False, "hidden": False}
        self._translations[article][locale] = {**fixed, **words, **stamps, **people}

    def _translation(self, article: int, row: Record) -> Record:
        place = f"/articles/{article}/translations/{row['locale']}.json"
        source = {"source_id": article, "source_type": "Article"}
        html = address(self._desk, f"/hc/{row['locale']}/articles/{article}")
        return {**row, **source, "url": self._url(place), "html_url": html}

    def _url(self, path: str) -> str:
        return address(self._desk, _BASE + path)


def _locale(call: Call, article: Record | None = None) -> str:
    """Return the locale of the path, else the article's own, else the Help Center's; 404 for a language it lacks."""
    named = call.args.get("locale")
    if named is None:
        return str(article["source_locale"]) if article else SOURCE
    if str(named).lower() not in LOCALES:
        raise missing()
    return str(named).lower()


def _route(method: str, rule: str, handler: Handler) -> Route:
    scope = "hc:read" if method == "GET" else "hc:write"
    return Route(method, f"{_BASE}{rule}.json", handler, FAMILY, scope=scope)
