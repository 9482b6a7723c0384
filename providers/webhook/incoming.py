"""Messages that are sent once: incoming webhooks of Slack, Teams and Google Chat, and receivers that only take them.

None of these can say whether a message arrived. What is known to be posted is done; what may be is unknown, and is not
sent again by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.webhook.account import Account, Place
from providers.webhook.answers import attempt, posted, refused
from providers.webhook.client import Hooks
from providers.webhook.words import said_by
from runner.model import ABSENT, Change, Outcome, Value, Verdict
from runner.spi import Finding, Io, ProviderError, Target


class Incoming:
    """The channels of one target that only take messages."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self._account = account
        self._io = io
        self._hooks = Hooks(account, target, io)

    def look(self, place: Place) -> Value:
        """Return ABSENT: nothing can be read."""
        del place
        return ABSENT

    def write(self, place: Place, change: Change) -> Outcome:
        """Post one message. Raises `ProviderError` for what was not sent."""
        if change.after is ABSENT:
            return Outcome(Verdict.REJECTED, f"{self._hooks.at(place.channel)} cannot take back what it has posted")
        return attempt(lambda: self._post(place, change.payload))

    def ping(self) -> None:
        """Ask nothing: there is nothing that could be asked without posting."""

    def examine(self) -> Iterator[Finding]:
        """Yield whether the addresses can be ones."""
        for channel in self._account.channels:
            try:
                self._hooks.hook(channel)
            except ProviderError as fault:
                yield Finding("problem", fault.message, "copy the address of the webhook again")
        hint = "whether they post shows with the first message: send one to a channel for trying"
        yield Finding("note", "addresses cannot be checked without posting", hint)

    def close(self) -> None:
        """Close the connections."""
        self._hooks.close()

    def _post(self, place: Place, content: Mapping[str, Any]) -> Outcome:
        at = self._hooks.at(place.channel)
        answer, said = self._hooks.ask(place.channel, self._account.method, **self._request(place, content))
        if not answer.ok:
            raise refused(answer, at, said, self._io.now())
        return posted(self._account.service, answer, at, said)

    def _request(self, place: Place, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is sent, as the service wants it."""
        message = said_by(content, self._account)
        match self._account.service:
            case "slack":
                return {"body": {"text": message}}
            case "teams":
                return {"body": message}
            case "google_chat":
                # One thread for the whole outage; a request that is sent again finds its message [DOC:
                # spaces.messages.create, for apps; that webhooks heed the id is a guess].
                query = {"messageReplyOption": "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "requestId": place.marker}
                return {"body": {"text": message, "thread": {"threadKey": content["outage"]}}, "more": query}
        body = {"marker": place.marker, "state": "posted", **message}
        return {"body": body, "headers": {"Idempotency-Key": place.marker}}
