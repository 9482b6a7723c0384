"""Mail addresses: what can be one, and how it is written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# A local part without quotes (RFC 5322, dot-atom); servers differ about dots in odd places, so they decide.
LOCAL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
NAMED: Final = re.compile(r'(?:"?(?P<name>[^<>"]*?)"?\s*<(?P<inside>[^<>\s]+)>|(?P<bare>[^<>\s]+))')
ANY: Final = re.compile(r"<?[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;]+>?")
LONGEST: Final = 254  # characters of an address in all (RFC 5321)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address, and the name that stands before it, "" for none."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What follows the @."""
        return self.address.rpartition("@")[2]


def address_of(text: str) -> str:
    """Return an address as it goes over the wire: the domain in lower case and in ASCII. "" for what cannot be one.

    Letters outside ASCII before the @ would need SMTPUTF8 on every server on the way, and are refused.
    """
    local, _, domain = text.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    labels = domain.split(".")
    if len(labels) < 2 and domain != "localhost":
        return ""
    good = LOCAL.fullmatch(local) and all(map(LABEL.fullmatch, labels)) and len(local) + len(domain) < LONGEST
    return f"{local}@{domain}" if good else ""


def mailbox_of(text: str) -> Mailbox | None:
    """Return the mailbox of ``Acme Support <support@example.com>`` or of a bare address, None for anything else."""
    found = NAMED.fullmatch(text.strip())
    address = address_of(found["inside"] or found["bare"]) if found else ""
    return Mailbox(address, one_line(found["name"] or "")) if found and address else None


def one_line(text: str) -> str:
    """Return a text as one line, without what could end a header."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def without_addresses(text: str) -> str:
    """Return what a server says, in one line, without anybody's address."""
    return ANY.sub("<address>", one_line(text))[:200]
