"""Simulated Slack: incoming webhooks, and the methods of the Web API that an app needs for its messages.

Stricter than Slack where it is lenient: a field that it would ignore is refused, so that a typing error is seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from providers.webhook.simulator.state import CHANNELS, Message, State, secret_of, slack_id
from providers.wire.core import Call, Json, Refusal, Reply, Route

HTML: Final = {
    "Content-Type": "text/html; charset=utf-8"
}  # of incoming webhooks [ISSUE: slack-notification-resource#96]
PART: Final = 4000  # characters after which Slack goes on in another message [ISSUE: chainloop-dev/chainloop#272]
WHOLE: Final = 40_000  # characters after which it cuts [DOC: 2018-04-truncating-really-long-messages]; refused here
EDITED: Final = 4000  # bytes of a text that is edited [3: a merge request of GitLab, 258898]
METADATA: Final = 4096  # bytes of metadata (a guess: Slack names no number)
POSTED: Final = frozenset({"channel", "text", "metadata", "parse", "link_names", "mrkdwn", "unfurl_links"})
_LINK: Final = re.compile(r"https?://[^\s<>|]+")


class Slack:
    """The channels of one workspace."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """Return what can be called."""
        return [
            Route("POST", "/services/<team>/<hook>/<secret>", self.incoming),
            Route("POST", "/api/auth.test", self.auth_test),
            Route("POST", "/api/chat.postMessage", self.post),
            Route("POST", "/api/chat.update", self.update),
            Route("POST", "/api/chat.delete", self.delete),
            Route("GET", "/api/conversations.history", self.history),
        ]

    # --- incoming webhooks [DOC: 2016-05-17-changes-to-errors-for-incoming-webhooks] ----------------------------------

    def incoming(self, call: Call) -> Reply:
        """Post one text."""
        channel = next((each for each in CHANNELS if call.args["secret"] == secret_of("slack", each)), "")
        if not channel:
            raise Refusal(404, "no_service", HTML)
        if call.args["secret"] in self._state.revoked:
            raise Refusal(403, "invalid_token", HTML)
        if self._state.script == "error_text":
            return Reply("channel_not_found", 200, HTML)
        if channel in self._state.archived:
            raise Refusal(410, "channel_is_archived", HTML)
        body = call.body
        if not isinstance(body, Mapping) or set(body) - {"text"} or not isinstance(body.get("text", ""), str):
            raise Refusal(400, "invalid_payload", HTML)
        if not body.get("text"):
            raise Refusal(400, "no_text", HTML)
        if len(body["text"]) > WHOLE:
            raise Refusal(400, "msg_too_long", HTML)
        self._state.spend(
            "slack", channel, lambda seconds: Refusal(429, "rate_limited", {**HTML, "Retry-After": str(seconds)})
        )
        self._parts(channel, "slack", body["text"], {})
        return Reply("ok", 200, HTML)

    def _parts(self, channel: str, service: str, text: str, metadata: Mapping[str, Any]) -> Message:
        parts = [text[start : start + PART] for start in range(0, len(text), PART)]
        made = [Message(service, channel, self._state.stamp(), part, metadata=dict(metadata)) for part in parts]
        for each in made:
            self._state.post(each)
        return made[0]

    # --- the Web API: errors come with 200 [DOC] ----------------------------------------------------------------------

    def auth_test(self, call: Call) -> Reply:
        """Say who calls."""
        del call
        return Reply({"ok": True, "user": "outage-runner", "team": "Example", "bot_id": "B0000SIM"})

    def post(self, call: Call) -> Reply:
        """Post one message."""
        body, channel = self._body(call, POSTED)
        text, metadata = self._content(body, WHOLE)
        limited = {"ok": False, "error": "ratelimited"}
        self._state.spend("slack_app", channel, lambda wait: Refusal(429, limited, {"Retry-After": str(wait)}))
        made = self._parts(channel, "slack_app", text, metadata)
        return Reply({"ok": True, "channel": body["channel"], "ts": made.id, "message": self._shown(made, whole=False)})

    def update(self, call: Call) -> Reply:
        """Edit a message of ours."""
        body, channel = self._body(call, POSTED | {"ts"})
        found = self._ours(body, channel, "cant_update_message")
        text, metadata = self._content(body, EDITED, in_bytes=True)
        found.text = text
        found.metadata = metadata or found.metadata  # without the field the old metadata stay [DOC: chat.update]
        self._state.called("slack_app", text)
        return Reply({"ok": True, "channel": body["channel"], "ts": found.id, "text": text})

    def delete(self, call: Call) -> Reply:
        """Delete a message of ours."""
        body, channel = self._body(call, frozenset({"channel", "ts"}))
        found = self._ours(body, channel, "cant_delete_message")
        self._state.messages.remove(found)
        return Reply({"ok": True, "channel": body["channel"], "ts": found.id})

    def history(self, call: Call) -> Reply:
        """Return the messages of a channel, the newest first, page by page."""
        known = {"channel", "oldest", "limit", "include_all_metadata", "cursor"}
        if set(call.query) - known:
            raise _no("invalid_arguments")
        channel = self._channel(call.query.get("channel"))
        oldest = float(call.query.get("oldest", "0"))
        rows = [each for each in self._state.in_channel("slack_app", channel) if float(each.id) > oldest]
        start, limit = int(call.query.get("cursor", "0")), min(int(call.query.get("limit", "100")), 999)
        page = rows[::-1][start : start + limit]
        more = start + limit < len(rows)
        whole = call.query.get("include_all_metadata") == "true"
        shown = [self._shown(each, whole=whole) for each in page]
        cursor = {"next_cursor": str(start + limit) if more else ""}
        return Reply({"ok": True, "messages": shown, "has_more": more, "response_metadata": cursor})

    def _shown(self, message: Message, *, whole: bool) -> dict[str, Json]:
        """Return a message as Slack gives it back: its links are marked; metadata come on request."""
        text = _LINK.sub(lambda found: f"<{found[0]}>", message.text)
        row: dict[str, Json] = {"type": "message", "ts": message.id, "text": text}
        if message.by_us:
            row["bot_id"] = "B0000SIM"
        return {**row, "metadata": message.metadata} if whole and message.metadata else row

    def _body(self, call: Call, known: frozenset[str]) -> tuple[Mapping[str, Any], str]:
        if self._state.script == "error_text":
            raise _no("restricted_action")
        if not isinstance(call.body, Mapping) or set(call.body) - known:
            raise _no("invalid_arguments")
        channel = self._channel(call.body.get("channel"))
        if channel in self._state.archived:
            raise _no("is_archived")
        return call.body, channel

    def _channel(self, given: Any) -> str:
        found = next((each for each in CHANNELS if slack_id(each) == given), "")
        if not found:
            raise _no("channel_not_found")
        if found in self._state.absent:
            raise _no("not_in_channel")
        return found

    def _ours(self, body: Mapping[str, Any], channel: str, refusal: str) -> Message:
        rows = self._state.in_channel("slack_app", channel)
        found = next((each for each in rows if each.id == body.get("ts")), None)
        if found is None:
            raise _no("message_not_found")
        if not found.by_us:
            raise _no(refusal)
        return found

    def _content(self, body: Mapping[str, Any], most: int, *, in_bytes: bool = False) -> tuple[str, dict[str, Any]]:
        text, metadata = body.get("text"), body.get("metadata", {})
        if not isinstance(text, str) or not text:
            raise _no("no_text")
        if (len(text.encode()) if in_bytes else len(text)) > most:
            raise _no("msg_too_long")
        if body.get("parse") != "none" and re.search(r"(^|\s)[@#]\w", text):
            self._state.pings.append(text)  # `chat.update` links names by default [DOC]
        if metadata and not _flat(metadata):
            raise _no("invalid_metadata_format")
        if len(str(metadata)) > METADATA:
            raise _no("metadata_too_large")
        return text, dict(metadata)


def _flat(metadata: Any) -> bool:
    """Whether metadata have the form that Slack takes: an event, and a payload without deep nesting [DOC]."""
    if not isinstance(metadata, Mapping) or set(metadata) != {"event_type", "event_payload"}:
        return False
    payload = metadata["event_payload"]
    return isinstance(payload, Mapping) and all(isinstance(each, str | int | bool) for each in payload.values())


def _no(error: str) -> Refusal:
    return Refusal(200, {"ok": False, "error": error})
