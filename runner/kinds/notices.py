"""Kinds that tell people something: notices, and messages to the agents that are sent once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Unpack

from runner.kinds.shape import NAME, Overrides, Schema, With, describe, fields, override, texts
from runner.model import Claim, Json, Merge, Op
from runner.spi import Context, Found, Identity, KindSpec, Query, Want

PLACES: Final = ("board", "banner", "agents")
SENT: Final = ("agents",)  # places where a notice is sent once and cannot be taken back


def notice(**overrides: Unpack[Overrides]) -> KindSpec:
    """Return the kind for a notice on a board or a banner, or a message to the agents.

    Slots: key = marker; path ``notice`` with value ``{"place", "audience", "subject", "body"}`` (texts as given: one,
    or one per locale). At place ``agents`` the path is ``sent``, an effect: the claim holds the digest, the payload
    ``{"subject", "body", "audience"}``.
    """

    def query(with_: With, context: Context) -> Query:
        path = "sent" if _place(with_) in SENT else "notice"
        return Query("notice", ids=(context.marker(),), paths=("name", path))

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        del context, found
        content = {
            "subject": with_.get("subject", ""),
            "body": with_.get("body", ""),
            "audience": dict(with_.get("audience", {})),
        }
        if _place(with_) in SENT:
            return [Want("sent", Claim(Op.SEND, digest(content)), payload=content)]
        return [Want("notice", Claim(Op.PUT, {"place": _place(with_), **content}))]

    merges = {"notice": Merge.ATOMIC, "sent": Merge.EFFECT}
    spec = KindSpec(
        "notice",
        "Notice",
        _schema(),
        query,
        claims,
        merges,
        identity=Identity.MARKER,
        announces=("subject", "body"),
    )
    return override(spec, overrides)


def _place(with_: With) -> str:
    return str(with_.get("place", PLACES[0]))


def digest(content: Json) -> str:
    """Return the sha-256 of the canonical JSON of an effect's content, as hexadecimal text."""
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _schema() -> Schema:
    whom: Schema = {"oneOf": [NAME, {"type": "array", "items": NAME, "minItems": 1}]}
    return fields(
        {
            "place": {
                "enum": list(PLACES),
                "default": PLACES[0],
                "title": "Place",
                "description": "`board` and `banner` are taken down again; `agents` is sent once.",
            },
            "audience": fields(
                {
                    "customers": describe(whom, "Customers", "`all`, or the customers' groups."),
                    "agents": describe(whom, "Agents", "`all`, or the agents' groups."),
                },
                title="Audience",
                description="Who sees it; default: everybody who sees the place.",
                minProperties=1,
            ),
            **texts("subject", "Subject", "The heading."),
            **texts("body", "Body", "What it says."),
        },
        allOf=[
            {"anyOf": [{"required": [name]} for name in ("subject", "subject_file", "body", "body_file")]},
            *({"not": {"required": [name, f"{name}_file"]}} for name in ("subject", "body")),
        ],
    )
