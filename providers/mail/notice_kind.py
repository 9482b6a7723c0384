"""The kind `notice` on a mail server, pure: who gets it, what it says, and what the plan can tell of it.

Slots: key = ``<marker>/<pseudonym>``, path ``sent``, an effect; path ``step`` is the marker, to know a step's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final

from providers.mail.account import AUDIENCES, Account
from providers.mail.addresses import Mailbox
from providers.mail.letter import PARTS, letter, words
from runner import kinds
from runner.kinds.queue import AT_MOST
from runner.kinds.shape import ONE_OR_MORE, TEMPLATE
from runner.model import Claim, Merge, Op, Value
from runner.spi import Context, Found, Identity, InvalidInput, KindSpec, Query, Reversal, Want

DEADLINE: Final = 60.0  # seconds for one batch; the lease lasts 90 by default
SENDING: Final = 20.0  # after so many seconds of a batch no further message is begun
BATCH: Final = 20  # messages
PAGE: Final = 500
BETWEEN: Final = {"subject": " / ", "body": "\n\n---\n\n"}  # languages of one text

ADDRESS: Final = {
    "type": "string",
    "pattern": r"^[^@\s]+@[^@\s]+$" + TEMPLATE,
    "patternErrorMessage": "write an address such as `name@example.com`",
}


def notice(account: Account) -> KindSpec:
    """Return the kind for one mail server."""
    common = kinds.notice()

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        _refuse_long(account, _payload(account, with_, context))
        to, lists = _chosen(account, with_)
        if not to and not lists:
            raise InvalidInput("nobody would get this mail", hint="add `to`, `list` or `audience` to the step")
        where = {"step": context.marker(), "to": to, "lists": lists}
        return Query("notice", where=where, paths=("name", "step", "sent"))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        del found
        payload = _payload(account, with_, context)
        digest = kinds.digest({part: payload[part] for part in PARTS})
        return [Want("sent", Claim(Op.SEND, digest), payload=payload)]

    return replace(
        common,
        title="Mail",
        schema=_schema(common),
        query=query,
        claims=claims,
        merges={"sent": Merge.EFFECT, "step": Merge.EFFECT},
        matches=_of_step,
        identity=Identity.MARKER,
        reversal=Reversal.FOLLOW_UP,
        page=PAGE,
        max_batch=account.bcc or 1,
        max_in_flight=1 if account.bcc else _at_once(account),
        rate=account.per_minute,
        deadline=DEADLINE,
        notes=(
            f"{_many(account.bcc)}, from {account.sender.address} by way of {account.place}",
            "Nobody gets a message twice; what may have been sent is listed, and sent again only with --resend.",
        ),
    )


def _payload(account: Account, with_: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
    """Return what `write` needs: the texts as given and `whole`, in all languages, and where the recipients stand."""
    given = {part: with_.get(part, "") for part in PARTS}
    whole = {part: kinds.every_text(text, context, BETWEEN[part]) for part, text in given.items()}
    to, lists = _chosen(account, with_)
    return {**given, "whole": whole, "to": list(to), "lists": list(lists)}


def _many(bcc: int | None) -> str:
    return f"one message for up to {bcc} recipients in BCC" if bcc else "one message for each recipient"


def _at_once(account: Account) -> int:
    """Return how many messages make a batch: as many as may go out within its time."""
    return max(1, min(BATCH, int(account.per_minute * (1 - account.reserve) * SENDING / 60)))


def _of_step(where: Mapping[str, Any], values: Mapping[str, Value]) -> bool:
    return bool(values.get("step") == where["step"])


def _chosen(account: Account, with_: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses and the names of the lists that a step means. Raises `InvalidInput` for a list that is not
    configured."""
    lists = [_known(account, name, "") for name in _several(with_.get("list", ()))]
    for audience in AUDIENCES:
        named = _several(with_.get("audience", {}).get(audience, ()))
        if named == ("all",):
            mine = [name for name, each in account.lists.items() if each.audience == audience]
            if not mine:
                raise InvalidInput(
                    f"{account.name} has no list of {audience}",
                    hint=f"add one with `audience: {audience}` to lists of {account.name} in runner.yaml",
                )
            lists += mine
        else:
            lists += [_known(account, name, audience) for name in named]
    return _several(with_.get("to", ())), tuple(dict.fromkeys(lists))


def _several(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _known(account: Account, name: str, audience: str) -> str:
    fitting = [each for each, found in account.lists.items() if audience in ("", found.audience)]
    if name in fitting:
        return name
    near = get_close_matches(name, fitting, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"it has: {', '.join(fitting) or 'none'}"
    raise InvalidInput(f"{account.name} has no list of {audience or 'addresses'} named {name!r}", hint=hint)


def _refuse_long(account: Account, payload: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` for texts that make too long a message, whoever gets it."""
    whom, date = Mailbox("x" * 64 + "@example.com"), datetime(2000, 1, 1, tzinfo=UTC)
    size = len(letter(account, words(payload, ""), whom, "x" * 40, date))
    if size > account.max_size:
        raise InvalidInput(
            f"the message has {size:,} bytes, {account.name} sends at most {account.max_size:,}",
            hint="shorten the text, put the rest behind a link, or raise `max_size` of the target",
        )


def _schema(common: KindSpec) -> Mapping[str, Any]:
    old = common.schema["properties"]
    several = {"oneOf": [ADDRESS, {"type": "array", "items": ADDRESS, "minItems": 1, "uniqueItems": True}]}
    return kinds.fields(
        {
            **{name: old[name] for name in ("subject", "subject_file", "body", "body_file")},
            "to": {
                **several,
                "title": "To",
                "description": "Address or addresses. They stand in the playbook: people belong in a list.",
            },
            "list": {**ONE_OR_MORE, "title": "List", "description": "Name or names of lists of the target."},
            "audience": {
                **old["audience"],
                "description": "The lists that runner.yaml marks so: `{customers: all}`, or names of such lists.",
            },
            "at_most": {**AT_MOST, "description": "Refuse the step when there are more recipients than this."},
        },
        allOf=[
            *({"anyOf": [{"required": [part]}, {"required": [f"{part}_file"]}]} for part in PARTS),
            *({"not": {"required": [part, f"{part}_file"]}} for part in PARTS),
            {"anyOf": [{"required": [name]} for name in ("to", "list", "audience")]},
        ],
    )
