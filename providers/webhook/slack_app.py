"""Messages of a Slack app: posted, found again by their metadata, edited, deleted.

A message's own text is no proof: Slack gives texts back with links and symbols of its own. What it says is known by the
digest in its metadata, which comes with ``include_all_metadata`` [DOC: conversations.history; ISSUE:
slackapi/python-slack-sdk#1501]. There is no search by metadata, so a channel is read from its newest message back to
the day that stands in the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, Final

from providers.http import Answer, Http, NoReply, NotSent
from providers.webhook.account import Account, Place
from providers.webhook.answers import DONE, HINTS, PROVEN, WORDS, attempt, refused, words_of
from providers.webhook.client import DEADLINE, bearer, patiently
from providers.webhook.kind import DEADLINE as STEP
from runner.model import ABSENT, Change, Json, Outcome, Value
from runner.spi import (
    Finding,
    Forbidden,
    Io,
    ProviderError,
    RateLimited,
    Rejected,
    Target,
    Unauthorized,
    Unavailable,
)

EVENT: Final = "outage_notice"
PAGE: Final = 200  # of up to 999; Slack advises that many [DOC: conversations.history]
MOST: Final = 100  # pages of one channel
EARLY: Final = timedelta(days=1)  # a step with `ready` begins before its time, and clocks differ
FIELDS: Final = ("subject", "digest", "after")
# Errors of the token, of its rights, and those after which something may have been done [DOC: chat.postMessage].
TOKEN: Final = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "no_permission", "token_expired", "token_revoked"}
)
SCOPE: Final = frozenset({"ekm_access_denied", "missing_scope", "not_allowed_token_type", "org_login_required"})
UNSURE: Final = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
BUSY: Final = frozenset({"rate_limited", "ratelimited"})


class SlackApp:
    """The channels of one Slack workspace that an app posts to."""

    def __init__(self, account: Account, target: Target, io: Io) -> None:
        self._account = account
        self._target = target
        self._io = io
        self._http = Http(account.name, account.url, io, DEADLINE)

    def look(self, place: Place) -> Value:
        """Return what the message is known by, ABSENT when it does not stand there or is withdrawn. Raises
        `ProviderError`."""
        found = self._found(place)
        data = _payload(found[0]) if found else {}
        return ABSENT if data.get("state") != "posted" else {name: data[name] for name in FIELDS if name in data}

    def write(self, place: Place, change: Change) -> Outcome:
        """Post, edit or delete one message. Raises `ProviderError` for what was not sent."""
        return attempt(lambda: self._set(place, change))

    def ping(self) -> None:
        """Ask who we are. Raises `ProviderError`."""
        self._call("auth.test", {})

    def examine(self) -> Iterator[Finding]:
        """Yield who the app is and which channels it can read. Raises `ProviderError`."""
        who = self._call("auth.test", {})
        yield Finding("ok", f"acts as {who.get('user')} in {who.get('team')}")
        for name, channel in self._account.channels.items():
            try:
                self._history(channel, {"limit": "1"})
            except (Rejected, Forbidden) as fault:
                hint = "invite the app into the channel and give it the scopes chat:write and channels:history"
                yield Finding("problem", f"channel {name}: {fault.message}", hint)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- finding ------------------------------------------------------------------------------------------------------

    def _found(self, place: Place) -> list[Mapping[str, Any]]:
        """Return the messages of a key, the newest first: one, or two where a lost request arrived late. Those of an
        older version carry the marker without a day; they count where no other is there."""
        if place.since is None:
            return []
        oldest = datetime.combine(place.since, time(), UTC) - EARLY
        asked = {"oldest": f"{oldest.timestamp():.0f}", "limit": str(PAGE), "include_all_metadata": "true"}
        for _ in range(MOST):
            data = self._history(self._account.channels[place.channel], asked)
            found = _marked(data, place.stamp) or _marked(data, place.marker)
            cursor = (data.get("response_metadata") or {}).get("next_cursor") or ""
            if found or not cursor:
                return found
            asked["cursor"] = cursor
        raise Unavailable(
            f"{self._at(place)}: the message is not among the newest {MOST * PAGE:,} there; look for it by hand"
        )

    def _history(self, channel: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
        params = {"channel": channel, **asked}
        return patiently(self._io, partial(self._call, "conversations.history", params, method="GET"))

    # --- writing ------------------------------------------------------------------------------------------------------

    def _set(self, place: Place, change: Change) -> Outcome:
        begun = self._io.now()
        try:
            found = self._found(place)
        except Unavailable as fault:
            raise NotSent(fault.message) from fault
        if (self._io.now() - begun).total_seconds() > STEP[self._account.service] - DEADLINE:
            raise NotSent(f"{self._at(place)}: looking through the channel took too long; nothing was sent, try again")
        if isinstance(change.after, Mapping):
            return self._post(place, found, change.after, change.payload)
        outcomes = [self._withdraw(place, row) for row in found]
        return outcomes[-1] if outcomes else DONE

    def _post(self, place: Place, found: Sequence[Mapping[str, Any]], value: Mapping[str, Any], says: Json) -> Outcome:
        """Post a message, or make the one that is there say what it shall."""
        data = {"marker": place.stamp, "state": "posted", **{name: value[name] for name in FIELDS if name in value}}
        if found and _payload(found[0]) == data:
            return DONE
        if not isinstance(says, Mapping):
            raise Rejected(f"{self._at(place)}: the text of the message is not known any more; post it by hand")
        body = self._body(place, says["text"], data)
        if found:
            return self._sent("chat.update", {**body, "ts": found[0]["ts"]})
        return self._sent("chat.postMessage", {**body, "unfurl_links": False})

    def _withdraw(self, place: Place, row: Mapping[str, Any]) -> Outcome:
        """Delete a message, or edit it to what it says afterwards."""
        data = _payload(row)
        if data.get("state") == "withdrawn":
            return DONE
        if "after" in data:
            body = self._body(place, data["after"], {**data, "state": "withdrawn"})
            return self._sent("chat.update", {**body, "ts": row["ts"]})
        return self._sent("chat.delete", {"channel": self._account.channels[place.channel], "ts": row["ts"]})

    def _body(self, place: Place, text: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return a message. `parse: none` keeps ``@channel`` and ``#name`` in texts from calling anybody: `chat.update`
        would link them by default [DOC: chat.update]."""
        channel = self._account.channels[place.channel]
        return {
            "channel": channel,
            "text": text,
            "parse": "none",
            "link_names": False,
            "metadata": {"event_type": EVENT, "event_payload": dict(data)},
        }

    def _sent(self, method: str, body: Mapping[str, Any]) -> Outcome:
        try:
            self._call(method, body)
        except Rejected as fault:
            if method == "chat.delete" and fault.field == "message_not_found":
                return DONE  # somebody deleted it meanwhile
            raise
        return PROVEN

    # --- one exchange -------------------------------------------------------------------------------------------------

    def _call(self, name: str, sent: Mapping[str, Any], *, method: str = "POST") -> Mapping[str, Any]:
        """Return the answer of a method of Slack's Web API. Raises `ProviderError`: `NoReply` when it may have been
        carried out."""
        header = bearer(self._target, self._io)
        path = f"/api/{name}"
        if method == "GET":
            answer = self._http.send(method, path, params=sent, headers=header)
        else:
            answer = self._http.send(method, path, body=dict(sent), headers=header)
        if not answer.ok:
            raise refused(answer, f"{self._account.name}: {name}", words_of(answer)[:WORDS], self._io.now())
        if isinstance(answer.data, Mapping) and answer.data.get("ok") is True:
            return answer.data
        raise self._said(answer, name)

    def _said(self, answer: Answer, name: str) -> ProviderError:
        """Return the error of a 200 that is no success."""
        data = answer.data if isinstance(answer.data, Mapping) else {}
        error, at = str(data.get("error") or ""), f"{self._account.name}: {name}"
        if not error or error in UNSURE:
            return NoReply(f"{at}: Slack answers {error or 'something else than JSON'}; try again later")
        if error in BUSY:
            return RateLimited(f"{at}: Slack asks to wait", retry_after=60.0)
        if error in TOKEN:
            return Unauthorized(f"{at}: Slack refuses the token ({error}); install the app again and set its bot token")
        if error in SCOPE:
            needed = f", needed: {data['needed']}" if data.get("needed") else ""
            return Forbidden(f"{at}: the app lacks a right ({error}{needed}); add it and install the app again")
        return Rejected(f"{at}: Slack refuses it ({error}); {HINTS.get(error, 'nothing was changed')}", field=error)

    def _at(self, place: Place) -> str:
        return f"{self._account.name}: {place.channel}"


def _rows(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = data.get("messages")
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _marked(data: Mapping[str, Any], marker: str) -> list[Mapping[str, Any]]:
    return [row for row in _rows(data) if _payload(row).get("marker") == marker]


def _payload(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a message of ours carries; nothing for those of others."""
    metadata = row.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != EVENT:
        return {}
    found = metadata.get("event_payload")
    return found if isinstance(found, Mapping) else {}
