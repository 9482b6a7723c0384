"""What an answer means. A message was posted only where the service's own sign of success stands: several answer 200 to
what they refuse.

Slack's incoming webhooks say ``ok`` [DOC: messaging/webhooks], its Web API ``"ok": true`` [DOC]. A Teams workflow
answers 202 and nothing, some flows 200 [ISSUE: blacklanternsecurity/bbot#1739]; the old connectors answered 200 with an
error text [ISSUE: MicrosoftDocs/msteams-docs#400, #1810]. Google Chat answers with the message, which has a `name`
[DOC: spaces.messages.create].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from providers.http import Answer, NoReply, retry_after
from runner.model import Outcome, Verdict
from runner.spi import NotFound, ProviderError, RateLimited, Rejected

DONE: Final = Outcome(Verdict.DONE)
PROVEN: Final = Outcome(Verdict.DONE, proven=True)
WAIT: Final = 30.0  # seconds, when a refusal does not say how long
WORDS: Final = 200  # of an answer are quoted
# What the words of Slack and Google mean for whoever reads them [DOC: 2016-05-17-changes-to-errors; pages of methods].
HINTS: Final[Mapping[str, str]] = {
    "action_prohibited": "an administrator of Slack restricts who may post there",
    "cant_delete_message": "the app may not delete it: set `on_restore: edit`",
    "cant_update_message": "another app or a person posted it",
    "channel_is_archived": "the channel is archived: bring it back, or choose another",
    "channel_not_found": "there is no such channel, or the app is not in it",
    "compliance_exports_prevent_deletion": "the workspace forbids to delete messages: set `on_restore: edit`",
    "edit_window_closed": "the workspace forbids to edit messages of that age",
    "invalid_payload": "the service cannot read the message",
    "invalid_token": "the address is no longer valid: make a new webhook and set it again",
    "is_archived": "the channel is archived: bring it back, or choose another",
    "msg_too_long": "the text is too long",
    "no_service": "the webhook was removed or switched off: make a new one and set it again",
    "no_team": "the workspace is gone, or the address is cut off",
    "no_text": "the message is empty",
    "not_in_channel": "invite the app into the channel: `/invite @name-of-the-app`",
    "restricted_action": "an administrator of Slack restricts who may post there",
}
STATUS: Final[Mapping[int, str]] = {
    401: "the address or the credential is not valid: set it again",
    403: "the address or the credential is not valid, or not allowed to post: set it again",
    404: "nothing is there: the webhook was removed, or its address is cut off",
    410: "the channel is archived, or the webhook is gone for good",
    413: "the message is too long",
}
_FAILED: Final = re.compile(r"\b(error|fail(ed|ure)?|invalid|denied|refused|forbidden|not found)\b", re.IGNORECASE)


def attempt(act: Callable[[], Outcome]) -> Outcome:
    """Return what became of one message. Raises `ProviderError` for what concerns the whole target, and for what was
    not sent."""
    try:
        return act()
    except Rejected as fault:
        return Outcome(Verdict.REJECTED, fault.message, fault.field)
    except NotFound as fault:
        return Outcome(Verdict.REJECTED, fault.message)
    except NoReply as fault:
        return Outcome(Verdict.UNKNOWN, fault.message)


def refused(answer: Answer, at: str, said: str, now: datetime) -> ProviderError:
    """Return the error of an answer whose status is no success. `at` names target and channel, `said` is what the
    answer says in words."""
    status = answer.status
    words = f" ({said})" if said else ""
    if status == 429:
        wait = max(1.0, retry_after(answer.headers, now, default=WAIT))
        return RateLimited(f"{at}: too many messages; it asks to wait {wait:.0f} s", retry_after=wait)
    if status >= 500 or status == 408:
        return NoReply(f"{at} answers {status}{words}: whether it was carried out, nobody knows")
    hint = HINTS.get(said) or STATUS.get(status, "nothing was posted")
    return Rejected(f"{at} refuses the message: {status}{words}; {hint}")


def posted(service: str, answer: Answer, at: str, said: str) -> Outcome:
    """Return what became of a message that was answered with a success. Raises `Rejected` for an error in the words of
    the service, `NoReply` for an answer that could be anybody's."""
    data = answer.data
    if service == "slack" and said == "ok":
        return DONE
    if service == "teams" and data is None and not answer.text:
        return DONE
    if service == "google_chat" and isinstance(data, Mapping) and "/messages/" in str(data.get("name", "")):
        return DONE
    if service == "json" and not _failed(answer, said):
        return DONE
    if said and (service != "google_chat" or _denied(data)):
        hint = HINTS.get(said, "nothing was posted")
        raise Rejected(f"{at} answers {answer.status} and refuses the message all the same: {said}; {hint}")
    raise NoReply(f"{at} answers {answer.status} without its sign of success: look whether the message is there")


def _failed(answer: Answer, said: str) -> bool:
    """Whether a receiver of one's own, which has no sign of success but its status, speaks of an error all the same."""
    if isinstance(answer.data, Mapping):
        return _denied(answer.data)
    return answer.text.lstrip().startswith("<") or bool(_FAILED.search(said))


def _denied(data: Any) -> bool:
    """Whether a JSON answer says that it is an error."""
    if not isinstance(data, Mapping):
        return False
    return (
        data.get("ok") is False or data.get("success") is False or any(data.get(name) for name in ("error", "errors"))
    )


def words_of(answer: Answer) -> str:
    """Return what an answer says: its text, or the error of its JSON; "" for a page."""
    data = answer.data
    if isinstance(data, Mapping):
        error = data.get("error") or data.get("errors") or data.get("message") or data.get("detail") or ""
        if isinstance(error, Mapping):
            error = error.get("message") or error.get("code") or error.get("status") or ""
        text = error if isinstance(error, str) else str(error)
    elif isinstance(data, str | int | float):
        text = str(data)
    else:
        text = "" if answer.text.lstrip().startswith("<") else answer.text
    return " ".join(text.split())
