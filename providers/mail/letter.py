"""One message as bytes. Pure: the same words, recipient and instant give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from providers.mail.account import Account
from providers.mail.addresses import Mailbox, one_line
from runner import kinds

if TYPE_CHECKING:
    from email.headerregistry import Address

PARTS: Final = ("subject", "body")


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and body of one message. `locale` is "" where they are in several languages or in none that is named."""

    subject: str
    body: str
    locale: str = ""


def words(payload: Mapping[str, Any], locale: str) -> Words:
    """Return what somebody reads whose language is `locale`: the texts in it, else those in all languages, which are
    the payload's `whole`."""
    given = {part: payload[part] for part in PARTS}
    known = next((each for each in given.values() if isinstance(each, Mapping)), {})
    if not locale or kinds.for_locale(known, locale) is None:
        return Words(**payload["whole"])
    own = {part: kinds.for_locale(each, locale) if isinstance(each, Mapping) else each for part, each in given.items()}
    return Words(**{part: own[part] or payload["whole"][part] for part in PARTS}, locale=locale)


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
