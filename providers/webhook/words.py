"""What a notice says in a channel, pure: its languages, each service's marks and escapes, and how long it may be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from providers.webhook.account import Account
from runner import kinds
from runner.model import Json
from runner.spi import Context, InvalidInput

# Longest message of each service, in the unit that it counts. Slack goes on in a second message after 4,000 characters
# [ISSUE: chainloop-dev/chainloop#272], and edits texts of 4,000 bytes at most, escapes included [3: a merge request of
# GitLab, 258898]. Teams says 28 KB [DOC: learn.microsoft.com, add-incoming-webhook], others measured 21,000 bytes [3:
# msteams_hermes]. Google: 32,000 bytes [DOC: spaces.messages.create].
LONGEST: Final[Mapping[str, tuple[int, str]]] = {
    "slack": (4000, "characters"),
    "slack_app": (4000, "bytes"),
    "teams": (21_000, "bytes"),
    "google_chat": (32_000, "bytes"),
}
AFTER: Final = 1000  # bytes of the text that a message is edited to: it is kept in the message's metadata (a guess)
SHOWN: Final = 120  # characters of a text that stand for the whole
OVER: Final[Mapping[str, str]] = {
    "en": "This is over.",
    "es": "Esto ya terminó.",
    "pt": "Isto já terminou.",
    "uk": "Це вже завершено.",
}
_MENTION: Final = re.compile(r"&lt;(!here|!channel|!everyone|!subteam\^[A-Z0-9]+|@[UW][A-Z0-9]+)&gt;")
_GOOGLE: Final = re.compile(r"<(?=users/)", re.IGNORECASE)
_JOINER: Final = "\u2060"  # is not seen, and makes a mention plain text


def content_of(with_: Mapping[str, Any], context: Context, account: Account, *fields: str) -> dict[str, Json]:
    """Return what a step says: `outage`, `step`, the `texts` by language, and the `body` of all of them, one below the
    other. `fields` are those of the step that hold subject and body. Raises `InvalidInput`."""
    subject, body = (with_.get(name, "") for name in fields or ("subject", "body"))
    texts = [
        {"locale": locale, "subject": _one(subject, locale), "body": _one(body, locale)}
        for locale in _locales(subject, body, context, account)
    ]
    kept: dict[tuple[str, str], dict[str, str]] = {}
    for text in texts:
        if text["subject"] or text["body"]:
            kept.setdefault((text["subject"], text["body"]), text)
    return {
        "outage": context.outage,
        "step": context.step,
        "body": _together([text["body"] for text in kept.values()], "\n\n"),
        "texts": list(kept.values()),
    }


def _together(texts: Iterable[str], between: str) -> str:
    return between.join(dict.fromkeys(filter(None, texts)))


def _subject(content: Mapping[str, Any]) -> str:
    return _together([text["subject"] for text in content["texts"]], " / ")


def _locales(subject: Json, body: Json, context: Context, account: Account) -> Sequence[str]:
    """Return the languages that the channel gets: the one of the option, those that the target requires, or all."""
    given = list(dict.fromkeys(locale for text in (body, subject) if isinstance(text, Mapping) for locale in text))
    if not given:
        return ("",)
    known = dict.fromkeys(given, "")
    if account.locale:
        if kinds.for_locale(known, account.locale) is None:
            raise InvalidInput(
                f"{account.name} is for {account.locale}, and the notice is in {', '.join(given)}",
                hint=f"add the text in {account.locale}, or take `locale` out of the target's options",
            )
        return (account.locale,)
    ours = [locale for locale in context.target.locales if kinds.for_locale(known, locale) is not None]
    return ours or given


def _one(given: Json, locale: str) -> str:
    if isinstance(given, Mapping):
        return (kinds.for_locale(given, locale) or "").strip()
    return str(given).strip()


def after_of(with_: Mapping[str, Any], context: Context, account: Account) -> dict[str, Json] | None:
    """Return what the message says once its step is over, None where it is deleted then. Raises `InvalidInput`."""
    if "after" in with_:
        return content_of(with_, context, account, "subject", "after")
    if account.on_restore == "delete":
        return None
    said = content_of(with_, context, account)
    default = OVER.get(context.language.partition("-")[0], OVER["en"])
    texts = [{**text, "body": OVER.get(text["locale"].partition("-")[0].lower(), default)} for text in said["texts"]]
    return {**said, "body": _together([text["body"] for text in texts], "\n\n"), "texts": texts}


# --- as each service wants it ---------------------------------------------------------------------------------------


def slack(content: Mapping[str, Any], *, mentions: bool) -> str:
    """Return a text in Slack's mrkdwn: bold subjects; & < > escaped, which takes their meaning from mentions, too
    [DOC: api.slack.com/reference/surfaces/formatting]."""

    def escaped(text: str) -> str:
        plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return _MENTION.sub(r"<\1>", plain) if mentions else plain

    return _below(content, escaped)


def google(content: Mapping[str, Any], *, mentions: bool) -> str:
    """Return a text in the marks of Google Chat, where ``<users/all>`` would call everybody [DOC: format-messages]."""
    return _below(content, str if mentions else lambda text: _GOOGLE.sub(f"<{_JOINER}", text))


def _below(content: Mapping[str, Any], plain: Callable[[str], str]) -> str:
    """Return the languages one below the other, subjects in bold."""
    parts = []
    for text in content["texts"]:
        subject = " ".join(plain(text["subject"]).split())
        parts.append("\n".join(filter(None, (f"*{subject}*" if subject else "", plain(text["body"])))))
    return "\n\n".join(parts)


def card(content: Mapping[str, Any]) -> dict[str, Json]:
    """Return the message that a Teams workflow takes: a list of Adaptive Cards [DOC: connectors-using]. A card calls
    nobody: a mention would need an entity of its own beside the text [MEM]."""
    blocks: list[dict[str, Json]] = []
    for text in content["texts"]:
        if text["subject"]:
            bold = {"size": "Medium", "weight": "Bolder"}
            blocks.append({"type": "TextBlock", "text": text["subject"], "wrap": True, **bold})
        paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text["body"]) if part.strip()]
        blocks += ({"type": "TextBlock", "text": part, "wrap": True} for part in paragraphs)
    content_ = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content_}
    return {"type": "message", "attachments": [attachment]}


def said_by(content: Mapping[str, Any], account: Account) -> Json:
    """Return the message as the service takes it: a text, or the JSON of a card or of a receiver of one's own."""
    match account.service:
        case "slack" | "slack_app":
            return slack(content, mentions=account.allow_mentions)
        case "google_chat":
            return google(content, mentions=account.allow_mentions)
        case "teams":
            return card(content)
    rest = {name: content[name] for name in ("body", "texts", "outage", "step")}
    return {"subject": _subject(content), **rest}


def refuse_long(message: Json, account: Account, *, longest: int = 0) -> None:
    """Raise `InvalidInput` for a message that the service would cut, split or refuse."""
    if account.service not in LONGEST:
        return
    limit, unit = LONGEST[account.service]
    limit = longest or limit
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    size = len(text) if unit == "characters" else len(text.encode())
    if size > limit:
        what = "the text for afterwards" if longest else "the notice"
        raise InvalidInput(
            f"{what} has {size:,} {unit} on {account.name}, where {limit:,} fit",
            hint="shorten it; or give each language a target of its own with the option `locale`",
        )


def beginning(content: Mapping[str, Any]) -> str:
    """Return what a message is called in lists: its subject, or how its text begins."""
    text = " ".join((_subject(content) or content["body"]).split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
