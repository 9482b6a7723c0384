"""What an answer of Zendesk means, in the interface's words. Every envelope seen in the wild is understood [LIVE][DOC].

404 tells a missing id (``RecordNotFound``) from a feature that the account does not have (``InvalidEndpoint``); 409
tells a ticket that somebody changed from a database conflict that is worth another try [ISSUE, SALTO].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from providers.http import Answer, NoReply, retry_after
from runner.spi import Forbidden, NotFound, ProviderError, RateLimited, Rejected, Unauthorized, Unavailable

WAIT: Final = 60.0  # seconds, when a refusal does not say how long


class Moved(Rejected):
    """Somebody changed the object since it was read (safe_update)."""


class NoFeature(Forbidden):
    """The account does not have the feature that the request belongs to."""


class Busy(Unavailable):
    """Zendesk says when to come back: `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def explain(answer: Answer, name: str, what: str, now: datetime) -> ProviderError:
    """Return the error of an answer that is not a success. `what` names the request in words: ``list triggers``."""
    code, said = code_of(answer.data), said_of(answer)
    at = f"{name}: {what}"
    match answer.status:
        case 401:
            return Unauthorized(f"{at}: Zendesk does not accept the credential{said}; `runner doctor` says more")
        case 403:
            return Forbidden(
                f"{at}: not allowed{said}; the role, a scope of the token, or the plan of the account is missing "
                "(`runner doctor` tells which)"
            )
        case 404 if code == "InvalidEndpoint":
            return NoFeature(f"{at}: this account does not have the feature; see its plan in the Admin Center")
        case 404:
            return NotFound(f"{at}: it does not exist{said}")
        case 409 if code == "DatabaseConflict":
            return NoReply(f"{at}: Zendesk was busy with the same object; try again")
        case 409:
            return Moved(f"{at}: somebody changed it meanwhile{said}")
        case 429:
            return RateLimited(f"{at}: the account's rate limit is reached", retry_after=wait_of(answer, now))
        case status if status >= 500 or status == 408:
            words = f"{at}: Zendesk answers {status}{said}; try again later"
            asked = "retry-after" in answer.headers
            return Busy(words, retry_after=wait_of(answer, now)) if asked else Unavailable(words)
    return Rejected(f"{at}: {_sentence(answer)}", field=field_of(answer.data))


def wait_of(answer: Answer, now: datetime) -> float:
    """Return the seconds that a 429 or 503 asks to wait, at least one."""
    return max(1.0, retry_after(answer.headers, now, default=WAIT))


def code_of(data: Any) -> str:
    """Return the error code of an envelope, "" when it has none."""
    if not isinstance(data, Mapping):
        return ""
    error = data.get("error")
    if isinstance(error, Mapping):
        return str(error.get("title", ""))
    if isinstance(error, str):
        return error
    errors = data.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("code", "")) if isinstance(first, Mapping) else ""


def field_of(data: Any) -> str:
    """Return the first field that a validation error names, "" when it names none."""
    details = data.get("details") if isinstance(data, Mapping) else None
    return str(next(iter(details), "")) if isinstance(details, Mapping) else ""


def said_of(answer: Answer) -> str:
    """Return what the answer says, in brackets, "" when it says nothing."""
    words = _words(answer)
    return f" ({words})" if words else ""


def _sentence(answer: Answer) -> str:
    return _words(answer) or f"Zendesk refuses it ({answer.status})"


def _words(answer: Answer) -> str:
    data = answer.data
    if isinstance(data, Mapping):
        found = list(_details(data.get("details"))) or _envelope(data)
    else:
        text = data if isinstance(data, str) else answer.text
        found = [] if text.lstrip().startswith("<") else [text]  # a page says nothing in a sentence
    return "; ".join(" ".join(part.split()) for part in found)[:300]


def _envelope(data: Mapping[str, Any]) -> list[str]:
    """Return the sentence of an envelope without details; its code, when it has nothing else."""
    error, errors = data.get("error"), data.get("errors")
    each = errors[0] if isinstance(errors, list) and errors else None
    of_error = error if isinstance(error, Mapping) else {}
    of_each = each if isinstance(each, Mapping) else {"title": each}
    parts = [
        of_error.get("message"),
        of_each.get("detail") or of_each.get("title") or of_each.get("code"),
        data.get("description") or data.get("error_description") or data.get("message"),
        of_error.get("title") if of_error else error,
    ]
    return [part for part in parts if isinstance(part, str) and part][:1]


def _details(details: Any) -> Iterator[str]:
    """Yield the sentences of a validation error. The keys are iterated: which one is there varies."""
    if not isinstance(details, Mapping):
        return
    for name, entries in details.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            text = entry.get("description") if isinstance(entry, Mapping) else entry
            if isinstance(text, str):
                yield text if name == "base" else f"{name}: {text}"
