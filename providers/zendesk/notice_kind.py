"""The kind `notice` on Zendesk, pure: an article promoted or labelled, one made for the outage, a message to agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner import kinds
from runner.kinds.shape import NAME
from runner.model import Claim, Json, Merge, Op
from runner.spi import Context, Found, Identity, InvalidInput, KindSpec, Query, Want

SECTION: Final = "section needed/"  # reading such a path makes sure that it is there, before anything is written
LOCALE: Final = "language needed/"
PLACES: Final = ("help_center", "agents")
ID: Final = {"type": ["integer", "string"], "minLength": 1}


def notice(rate: float) -> KindSpec:
    """Return the kind. Slots: key = article id, paths ``promoted`` and ``labels/<label>``; key = marker, path
    ``notice`` for an article of ours, or ``sent``, an effect, for a message to the agents' browsers."""
    common = kinds.notice()
    return kinds.override(
        common,
        {
            "title": "Help Center article, banner, or message to agents",
            "schema": _schema(common),
            "query": _query,
            "claims": _claims,
            "merges": {**common.merges, "promoted": Merge.ATOMIC, "labels/*": Merge.ATOMIC},
            "identity": Identity.MARKER,
            "rate": rate,
            "max_batch": 1,
            "notes": (
                "A banner is an article with a label that the theme shows: prepare the theme once.",
                "A message to agents reaches open browsers with the app installed, nobody else.",
            ),
        },
    )


def _query(with_: Mapping[str, Any], context: Context) -> Query:
    if "article" in with_:
        labels = [f"labels/{label}" for label in _labels(with_)]
        return kinds.pick("notice", with_["article"], (*labels, *(("promoted",) if "promoted" in with_ else ())))
    if with_.get("place") == "agents":
        return Query("notice", ids=(context.marker(),), paths=("name", "sent"))
    section = str(with_.get("section", ""))
    needed = [f"{LOCALE}{section}/{locale}" for locale in _texts(with_.get("subject", ""), context)]
    paths = (f"{SECTION}{section}", *needed) if section else ()
    return Query("notice", ids=(context.marker(),), paths=("name", "notice", *paths))


def _claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
    del found
    if "audience" in with_ and with_.get("place") != "agents":
        raise InvalidInput(
            "who sees an article is decided by its section, not by the step",
            hint="drop `audience`, or choose a section with the right view permissions",
        )
    if "article" in with_:
        wants = [Want(f"labels/{label}", Claim(Op.PUT, True)) for label in _labels(with_)]
        if "promoted" in with_:
            wants.append(Want("promoted", Claim(Op.PUT, with_["promoted"])))
        return wants
    if with_.get("place") == "agents":
        if context.target.options.get("app_id") is None:
            raise InvalidInput(
                f"{context.target.name} has no app that could show messages to agents",
                hint=f"set `app_id` under targets.{context.target.name}.options in runner.yaml, or use a webhook",
            )
        content = {
            "subject": with_.get("subject", ""),
            "body": with_.get("body", ""),
            "audience": dict(with_.get("audience", {})),
        }
        return [Want("sent", Claim(Op.SEND, kinds.digest(content)), payload=content)]
    if "section" not in with_:
        raise InvalidInput("an article needs a section to stand in", hint="add `section: <id>`, or name an `article`")
    subject, body = (_texts(with_.get(part, ""), context) for part in ("subject", "body"))
    value = {
        "section": str(with_["section"]),
        "subject": subject,
        "body": {locale: body.get(locale) or next(iter(body.values())) for locale in subject},
        "promoted": bool(with_.get("promoted", False)),
        "labels": sorted(_labels(with_)),
    }
    return [Want("notice", Claim(Op.PUT, value))]


def _labels(with_: Mapping[str, Any]) -> list[str]:
    given = with_.get("label", [])
    return [given] if isinstance(given, str) else list(given)


def _texts(given: Json, context: Context) -> dict[str, str]:
    """Return locale -> text, with the locales as the Help Center writes them: ``pt-br``."""
    if isinstance(given, Mapping):
        return {str(locale).lower(): str(text) for locale, text in given.items()}
    return {(context.target.locales or ("en-us",))[0].lower(): str(given)}


def _schema(common: KindSpec) -> Mapping[str, Any]:
    old = common.schema["properties"]
    label = {
        "oneOf": [NAME, {"type": "array", "items": NAME, "minItems": 1}],
        "title": "Label",
        "description": "Label on the article; the theme shows articles that carry it.",
    }
    place = {
        "enum": list(PLACES),
        "default": PLACES[0],
        "title": "Place",
        "description": "`help_center`: an article; `agents`: sent once to agents who have the app open.",
    }
    return kinds.fields(
        {
            "audience": {**old["audience"], "description": "Of a message to agents: which groups, or `all`."},
            **{name: old[name] for name in ("subject", "subject_file", "body", "body_file")},
            "place": place,
            "article": kinds.objects("article"),
            "section": {**ID, "title": "Section", "description": "Id of the section in which an article is made."},
            "label": label,
            "promoted": {"type": "boolean", "title": "Promoted", "description": "Whether the article is promoted."},
        },
        oneOf=[
            {"required": ["article"], "anyOf": [{"required": ["label"]}, {"required": ["promoted"]}]},
            {
                "not": {"required": ["article"]},
                "anyOf": [{"required": [name]} for name in ("subject", "subject_file", "body", "body_file")],
            },
        ],
    )
