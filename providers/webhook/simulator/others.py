"""Simulated Teams workflows, Google Chat webhooks, and a receiver of JSON such as a company writes for itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from providers.webhook.simulator.state import BEARER, CHANNELS, Message, State, secret_of
from providers.wire.core import Call, Json, Refusal, Reply, Route

CARD: Final = "application/vnd.microsoft.card.adaptive"
TEAMS_BYTES: Final = 28 * 1024  # [DOC: add-incoming-webhook]
GOOGLE_BYTES: Final = 32_000  # [DOC: spaces.messages.create]
RECEIVED: Final = frozenset({"marker", "state", "outage", "step", "subject", "body", "texts"})
TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}
_MARKER: Final = re.compile(r"or-[a-z2-7]{12}")


class Teams:
    """Workflows that post a card when their address is called. They answer before they post, so a card that cannot be
    posted is a failed run that nobody is told about [ISSUE: MicrosoftDocs/msteams-docs#11302]."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return what can be called."""
        return [Route("POST", "/workflows/<channel>/triggers/manual/paths/invoke", self.invoke)]

    def invoke(self, call: Call) -> Reply:
        """Start a run."""
        channel = call.args["channel"]
        given = call.query.get("sig", "")
        if channel not in CHANNELS or given != secret_of("teams", channel) or given in self._state.revoked:
            raise Refusal(401, {"error": {"code": "DirectApiAuthorizationRequired", "message": "not authorised"}})
        if self._state.script == "error_text":  # as the old connectors did [ISSUE: MicrosoftDocs/msteams-docs#1810]
            words = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413"
            return Reply(words, 200, TEXT)
        if len(json.dumps(call.body, ensure_ascii=False).encode()) > TEAMS_BYTES:
            raise Refusal(413, {"error": {"code": "RequestEntityTooLarge", "message": "the message is too large"}})
        self._state.spend(
            "teams", channel, lambda wait: Refusal(429, {"error": {"code": "429"}}, {"Retry-After": str(wait)})
        )
        cards = call.body.get("attachments") if isinstance(call.body, Mapping) else None
        if not isinstance(cards, list):
            words = "the body does not fit the schema of the trigger"  # [ISSUE: msteams-docs#11270]
            raise Refusal(400, {"error": {"code": "TriggerInputSchemaMismatch", "message": words}})
        wrong = [why for each in cards if (why := _wrong_card(each))] or ([] if cards else ["no card"])
        if wrong or channel in self._state.archived:
            self._state.failures.append("; ".join(wrong) or "the channel is archived")
            return Reply(None, 202)
        for each in cards:
            text = "\n\n".join(block["text"] for block in each["content"]["body"])
            self._state.post(Message("teams", channel, self._state.stamp(), text, each["content"]))
        return Reply(None, 202)


def _wrong_card(attachment: Any) -> str:
    """Return why Teams cannot post an attachment, "" when it can."""
    if not isinstance(attachment, Mapping) or attachment.get("contentType") != CARD:
        return "only Adaptive Cards are posted"  # [DOC: connectors-using]
    card = attachment.get("content")
    if not isinstance(card, Mapping) or card.get("type") != "AdaptiveCard" or not card.get("version"):
        return "Property 'type' must be 'AdaptiveCard'"  # [ISSUE: ffind-dev/pve-ups#4]
    blocks = card.get("body")
    if not isinstance(blocks, Sequence) or not blocks:
        return "the card is empty"
    if any(block.get("type") != "TextBlock" or not block.get("text") for block in blocks):
        return "a block has no text"
    return ""


class Google:
    """Spaces with incoming webhooks."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return what can be called."""
        return [Route("POST", "/v1/spaces/<space>/messages", self.create)]

    def create(self, call: Call) -> Reply:
        """Post one message, once for each request id [DOC: spaces.messages.create]."""
        channel = call.args["space"].removeprefix("AAAA")
        given = call.query.get("token", "")
        if channel not in CHANNELS or given != secret_of("google_chat", channel) or given in self._state.revoked:
            raise _google(
                403, "PERMISSION_DENIED", "The API is called without a valid token."
            )  # [ISSUE: glpi-webhook#30]
        if self._state.script == "error_text":
            return Reply({"error": {"code": 400, "message": "Message cannot be empty.", "status": "INVALID_ARGUMENT"}})
        unknown = set(call.query) - {"key", "token", "messageReplyOption", "requestId"}
        body = call.body if isinstance(call.body, Mapping) else {}
        unknown |= set(body) - {"text", "thread"}
        if unknown:  # [ISSUE: ansible/awx#4665]
            raise _google(400, "INVALID_ARGUMENT", f'Invalid JSON payload received. Unknown name "{min(unknown)}"')
        text, thread = body.get("text"), body.get("thread", {})
        if not isinstance(text, str) or not text:
            raise _google(400, "INVALID_ARGUMENT", "Message cannot be empty.")
        if len(json.dumps(body, ensure_ascii=False).encode()) > GOOGLE_BYTES:
            raise _google(400, "INVALID_ARGUMENT", "The message is larger than 32,000 bytes.")
        request = call.query.get("requestId", "")
        rows = self._state.in_channel("google_chat", channel)
        again = next((each for each in rows if request and each.metadata.get("request") == request), None)
        if again is not None:
            return Reply(_message(again))
        self._state.spend(
            "google_chat", channel, lambda wait: _google(429, "RESOURCE_EXHAUSTED", f"try again in {wait} s")
        )
        follows = call.query.get("messageReplyOption") == "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
        key = thread.get("threadKey", "") if follows else ""
        meta = {"request": request}
        made = Message("google_chat", channel, self._state.stamp(), text, body, meta, thread=key)
        return Reply(_message(self._state.post(made)))


def _message(message: Message) -> dict[str, Json]:
    space = f"spaces/AAAA{message.channel}"
    name = f"{space}/messages/{message.id}"
    return {"name": name, "text": message.text, "thread": {"name": f"{space}/threads/{message.thread or 'new'}"}}


def _google(status: int, code: str, words: str) -> Refusal:
    return Refusal(status, {"error": {"code": status, "message": words, "status": code}})


class Receiver:
    """A receiver of JSON: a POST or PUT to its address is a message; below it messages are kept under given ids."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return what can be called."""
        own = "/hooks/<channel>/<secret>"
        kept = f"{own}/<marker>"
        return [
            Route("POST", own, self.take),
            Route("PUT", own, self.take),
            Route("GET", kept, self.show),
            Route("PUT", kept, self.put),
            Route("DELETE", kept, self.delete),
        ]

    def take(self, call: Call) -> Reply:
        """Take one message."""
        channel = self._channel(call)
        if self._state.script == "error_text":
            return Reply({"ok": False, "error": "the board is read-only"})
        body = _received(call.body, frozenset())
        self._state.post(Message("json", channel, self._state.stamp(), body["body"], body))
        return Reply(None, 204)

    def show(self, call: Call) -> Reply:
        """Return a message that is kept."""
        found = self._kept(self._channel(call, keeps=True), call.args["marker"])
        if found is None:
            raise Refusal(404, {"error": "no such message"})
        return Reply(found.content)

    def put(self, call: Call) -> Reply:
        """Keep a message under its id, whatever was there."""
        channel = self._channel(call, keeps=True)
        if self._state.script == "error_text":
            return Reply("error: the board is read-only", 200, TEXT)
        body = _received(call.body, frozenset({"after"}))
        if body["marker"] != call.args["marker"] or not _MARKER.fullmatch(body["marker"]):
            raise Refusal(422, {"error": "the marker is not the one of the address"})
        found = self._kept(channel, body["marker"])
        if found is not None:
            found.content, found.text = body, body["body"]
            return Reply(body)
        self._state.post(Message("json", channel, body["marker"], body["body"], body))
        return Reply(body, 201)

    def delete(self, call: Call) -> Reply:
        """Take a message away."""
        found = self._kept(self._channel(call, keeps=True), call.args["marker"])
        if self._state.script == "error_text":
            return Reply("error: the board is read-only", 200, TEXT)
        if found is None:
            raise Refusal(404, {"error": "no such message"})
        self._state.messages.remove(found)
        return Reply(None, 204)

    def _channel(self, call: Call, *, keeps: bool = False) -> str:
        channel, given = str(call.args["channel"]), call.args["secret"]
        if channel not in CHANNELS or given != secret_of("json", channel) or given in self._state.revoked:
            raise Refusal(404, {"error": "there is nothing here"})
        if keeps and call.headers.get("Authorization") != f"Bearer {BEARER}":
            raise Refusal(401, {"error": "the bearer token is missing"})
        if channel in self._state.archived and call.method != "GET":
            raise Refusal(403, {"error": "the board is closed"})
        return channel

    def _kept(self, channel: str, marker: str) -> Message | None:
        return next((each for each in self._state.in_channel("json", channel) if each.id == marker), None)


def _received(body: Any, more: frozenset[str]) -> dict[str, Any]:
    """Return a message of the documented form. Raises `Refusal`."""
    if not isinstance(body, Mapping) or set(body) - more != RECEIVED or body["state"] not in ("posted", "withdrawn"):
        raise Refusal(422, {"error": f"a message has the fields {', '.join(sorted(RECEIVED))}"})
    return dict(body)
