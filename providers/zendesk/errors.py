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
            return Forbidden(f"{at}: this account does not have the feature; see its plan in the Admin Center")
        case 404:
            return NotFound(f"{at}: it does not exist{said}")
        case 409 if code == "DatabaseConflict":
            return NoReply(f"{at}: Zendesk was busy with the same object; try again")
        case 409:
            return Moved(f"{at}: somebody changed it meanwhile{said}")
        case 429:
            return RateLimited(f"{at}: the account's rate limit is reached", retry_after=wait_of(answer, now))
        case status if status >= 500:
            return Unavailable(f"{at}: Zendesk answers {status}{said}; try again later")
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
    if not isinstance(data, Mapping):
        return ""
    found = list(_details(data.get("details")))
    if not found:
        error = data.get("error")
        errors = data.get("errors")
        parts = [
            error.get("message") if isinstance(error, Mapping) else None,
            *(each.get("title") or each.get("detail") for each in errors or () if isinstance(each, Mapping)),
            data.get("description") or data.get("message"),
            error if isinstance(error, str) else None,
        ]
        found = [part for part in parts if isinstance(part, str) and part][:1]
    return "; ".join(" ".join(part.split()) for part in found)[:300]


def _details(details: Any) -> Iterator[str]:
    """Yield the sentences of a validation error. The keys are iterated: which one is there varies."""
    if not isinstance(details, Mapping):
        return
    for name, entries in details.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            text = entry.get("description") if isinstance(entry, Mapping) else entry
            if isinstance(text, str):
                yield text if name == "base" else f"{name}: {text}"
