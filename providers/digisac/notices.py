"""Messages to contacts, sent once: each is an effect of its own, so that one whose reply is lost is not sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from providers.digisac.account import Account
from providers.digisac.client import Client
from providers.digisac.directory import Directory
from providers.digisac.shared import Values, attempt
from runner import kinds
from runner.kinds.contacts import handles
from runner.model import ABSENT, Accepted, Change, Claim, Merge, Op, Outcome, Value
from runner.spi import Context, Found, Identity, KindSpec, Query, Rejected, Reversal, Want

PATH: Final = "/messages"


def notice(account: Account) -> KindSpec:
    """Return the kind. Slots: key = marker, one for each contact; path ``sent``."""

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        whom = {context.marker(handle): handle for handle in handles(with_["contacts"])}
        paths = (f"contact/{marker}/{handle}" for marker, handle in whom.items())
        return Query("notice", ids=tuple(whom), paths=("name", "sent", *paths))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        mine = (value for path, value in found.values.items() if path.startswith(f"contact/{found.key}/"))
        parts = (kinds.every_text(with_[name], context) for name in ("subject", "body") if name in with_)
        content = {
            "contact": next(mine, ""),
            "body": "\n\n".join(parts),
            "open_ticket": with_.get("open_ticket", False),
        }
        return [Want("sent", Claim(Op.SEND, kinds.digest(content)), payload=content)]

    common = kinds.notice()
    said = {name: common.schema["properties"][name] for name in ("subject", "subject_file", "body", "body_file")}
    opens = {
        "type": "boolean",
        "default": False,
        "title": "Open a ticket",
        "description": "Whether the message opens the contact's ticket.",
    }
    whom = "Names of the contacts, their numbers, or `{id: ...}`: one, or a list of either. Each gets a message."
    contacts = {**kinds.objects("contact"), "title": "Contacts", "description": whom}
    rules = {name: common.schema[name] for name in ("allOf",) if name in common.schema}
    return kinds.override(
        common,
        {
            "schema": kinds.fields({"contacts": contacts, **said, "open_ticket": opens}, ["contacts"], **rules),
            "query": query,
            "claims": claims,
            "merges": {"sent": Merge.EFFECT},
            "reversal": Reversal.NONE,
            "identity": Identity.MARKER,
            "rate": account.per_minute,
            "max_batch": 1,
            "notes": (
                "Free text over an official WhatsApp connection reaches contacts for a day after they wrote last.",
            ),
        },
    )


class Notices:
    """Messages to the contacts of one account."""

    def __init__(self, client: Client, directory: Directory) -> None:
        self._client = client
        self._directory = directory

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind notice."""
        return (notice(self._client.account),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield who is meant: what was sent is never read back. Raises `InvalidInput`."""
        if query.where is not None:
            raise Rejected("messages go to the contacts that a step names", field="where")
        whose = {path.split("/", 2)[1]: path for path in query.paths if path.startswith("contact/")}
        people = self._directory.contacts([path.split("/", 2)[2] for path in whose.values()])
        for key in query.ids:
            path = whose.get(key, "")
            person = people.get(path.split("/", 2)[2]) if path else None
            values: dict[str, Value] = {"name": person.name, path: person.id, "sent": ABSENT} if person else {}
            yield key, values

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Send message by message. Raises `ProviderError`."""
        for change in batch:
            yield attempt(partial(self._send, change.payload))

    def _send(self, content: Mapping[str, Any]) -> None:
        body = {"text": content["body"], "type": "chat", "contactId": content["contact"], "origin": "bot"}
        quiet = {} if content.get("open_ticket") else {"dontOpenTicket": "true"}
        self._client.write("POST", PATH, "send a message", {**body, **quiet})
