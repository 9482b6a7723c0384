"""The kind `notice` in channels, pure: a message that is taken down again where the service can, else one that is sent.

A channel shows a message to everybody in it, so `audience` only decides whether a target takes part: a notice for
customers alone is refused where agents read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from providers.webhook.account import Account
from providers.webhook.words import AFTER, after_of, beginning, content_of, refuse_long, said_by
from runner import kinds
from runner.model import Claim, Json, Op
from runner.spi import Context, Found, Identity, InvalidInput, KindSpec, Query, Reversal, Want

# Messages a minute. Slack: one a second and channel, more for a moment; reading a channel 50 pages [DOC: rate-limits].
# Teams: four requests a second [DOC: add-incoming-webhook]. Google: 60 writes in a space [DOC: chat/limits].
RATE: Final[Mapping[str, float]] = {"slack": 60, "slack_app": 50, "teams": 240, "google_chat": 60}
SETTLE: Final = 10.0  # seconds until a message that was posted is surely seen (a guess)
DEADLINE: Final = {"slack_app": 60.0}  # it looks for the message before it posts one
NOTES: Final[Mapping[str, str]] = {
    "slack": "An incoming webhook cannot change what it posted: `service: slack_app` can.",
    "slack_app": "The message is found again by its metadata: the app must read the channel.",
    "teams": "A workflow cannot change what it posted, and answers before it has posted.",
    "google_chat": "A webhook cannot change what it posted; follow-ups land in the same thread.",
    "json": "`resource: true` needs a receiver that takes PUT, GET and DELETE.",
}


def notice(account: Account) -> KindSpec:
    """Return the kind. Slots: key = marker and channel; path ``notice`` where a message can be taken down again, else
    ``sent``, an effect."""
    common = kinds.notice()
    path = "notice" if account.edits else "sent"

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        chosen = with_.get("channel", list(account.channels))
        names = [chosen] if isinstance(chosen, str) else chosen
        return Query("notice", ids=tuple(account.key(context, name) for name in names), paths=("name", path))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        _refuse_others(with_, account)
        content = content_of(with_, context, account)
        refuse_long(said_by(content, account), account)
        called = _called(content, found.key, account)
        if not account.edits:
            return [Want("sent", Claim(Op.SEND, kinds.digest(content)), payload={**content, "subject": called})]
        after = after_of(with_, context, account)
        if account.resource:
            value = {**said_by(content, account), **({"after": said_by(after, account)["body"]} if after else {})}
            return [Want("notice", Claim(Op.PUT, value), payload={"subject": called})]
        value = _kept_small(content, after, account)
        return [Want("notice", Claim(Op.PUT, value), payload={"subject": called, "text": said_by(content, account)})]

    return kinds.override(
        common,
        {
            "title": "Message in a channel",
            "schema": _schema(common, account),
            "query": query,
            "claims": claims,
            "merges": {path: common.merges[path]},
            "reversal": Reversal.WRITE if account.edits else Reversal.FOLLOW_UP,
            "identity": Identity.MARKER,
            "settle": SETTLE if account.edits else 0.0,
            "deadline": DEADLINE.get(account.service, 30.0),
            "page": 1,
            "max_batch": 1,
            "rate": RATE.get(account.service),
            "announces": (*common.announces, "after") if account.edits else common.announces,
            "notes": (NOTES[account.service],),
        },
    )


def _called(content: Mapping[str, Any], key: str, account: Account) -> str:
    """Return what plans call a message: its subject, and where there are several channels the one that it goes to."""
    place = account.place(key)
    return f"{place.channel}: {beginning(content)}" if place and len(account.channels) > 1 else beginning(content)


def _kept_small(content: Mapping[str, Any], after: Mapping[str, Any] | None, account: Account) -> Json:
    """Return what a Slack message is known by: its subject and the digest of its text, because Slack gives texts back
    with links and symbols of its own."""
    value: dict[str, Json] = {"subject": beginning(content), "digest": kinds.digest(said_by(content, account))}
    if after is not None:
        value["after"] = said_by(after, account)
        refuse_long(value["after"], account, longest=AFTER)
    return value


def _refuse_others(with_: Mapping[str, Any], account: Account) -> None:
    wanted = with_.get("audience")
    if wanted and account.audience not in wanted:
        raise InvalidInput(
            f"the notice is for {' and '.join(sorted(wanted))}, and the channels of {account.name} are for "
            f"{account.audience}",
            hint=f"leave {account.name} out of the step's targets, add `{account.audience}: all` to its audience, or "
            "set `audience` under the target's options",
        )


def _schema(common: KindSpec, account: Account) -> Mapping[str, Any]:
    old = {name: field for name, field in common.schema["properties"].items() if name != "place"}
    names = {"enum": sorted(account.channels)}
    channel = {
        "oneOf": [names, {"type": "array", "items": names, "minItems": 1, "uniqueItems": True}],
        "title": "Channel",
        "description": "Channel or channels of the target, by their names in runner.yaml; default: all.",
    }
    words = {"description": "Whom it is for: a target whose channels others read refuses it. A channel has no groups."}
    fields = {**old, "audience": {**old["audience"], **words}, "channel": channel}
    rules = list(common.schema["allOf"])
    if account.edits:
        fields |= kinds.texts("after", "Afterwards", "What the message says once the step is over; else it is deleted.")
        rules.append({"not": {"required": ["after", "after_file"]}})
    return {**common.schema, "properties": fields, "allOf": rules}
