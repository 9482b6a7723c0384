"""One message as bytes. Pure: the same words, recipient and instant give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from providers.mail.account import Account
from providers.mail.addresses import Mailbox, one_line
from runner import kinds

if TYPE_CHECKING:
    from email.headerregistry import Address

BETWEEN = "\n\n---\n\n"  # between the languages of one message


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and body of one message. `locale` is "" where they are in several languages or in none that is named."""

    subject: str
    body: str
    locale: str = ""


def words(content: Mapping[str, Any], locale: str, required: Sequence[str]) -> Words:
    """Return what somebody reads whose language is `locale`: the text in it, else all languages one after another,
    those of `required` first."""
    given = [content.get(part) or "" for part in ("subject", "body")]
    known = next((each for each in given if isinstance(each, Mapping)), {})
    if locale and kinds.for_locale(known, locale) is not None:
        subject, body = (_one(each, locale) or _every(each, required, BETWEEN) for each in given)
        return Words(subject, body, locale)
    return Words(_every(given[0], required, " / "), _every(given[1], required, BETWEEN))


def _one(given: Any, locale: str) -> str:
    return (kinds.for_locale(given, locale) or "") if isinstance(given, Mapping) else str(given)


def _every(given: Any, required: Sequence[str], between: str) -> str:
    if not isinstance(given, Mapping):
        return str(given)
    first = [kinds.for_locale(given, locale) for locale in required]
    return between.join(dict.fromkeys(text for text in (*first, *given.values()) if text))


def letter(account: Account, said: Words, to: Mailbox | None, message_id: str, date: datetime) -> bytes:
    """Return a message as it goes over the wire. `to` is None for one that goes to many in BCC.

    The headers are those of a polite automatic mail: answered by no machine (RFC 3834), and recognisable by its
    Message-ID when it is sent again.
    """
    from email.headerregistry import Group
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import format_datetime

    message = EmailMessage(SMTP)
    message["From"] = _address(account.sender)
    message["To"] = _address(to) if to is not None else Group("undisclosed-recipients")
    if account.reply_to is not None:
        message["Reply-To"] = _address(account.reply_to)
    message["Subject"] = one_line(said.subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{message_id}@{account.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "bulk"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # what Exchange reads [MEM]
    message.set_content(said.body, cte="quoted-printable")
    if said.locale:
        message["Content-Language"] = said.locale
    return message.as_bytes()


def _address(mailbox: Mailbox) -> Address:
    from email.headerregistry import Address

    local, _, domain = mailbox.address.rpartition("@")
    return Address(mailbox.name, local, domain)
