"""How one mail server is configured: where it is, who sends, which lists there are. Offline, checked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from providers.http import LOOPBACK
from providers.mail.addresses import Mailbox, mailbox_of
from runner.spi import Rejected, Target

PORTS: Final[Mapping[str, int]] = {"starttls": 587, "tls": 465, "none": 25}
AUDIENCES: Final = ("customers", "agents")
A_MINUTE: Final = 30.0  # messages; what Microsoft 365 takes from one mailbox [MEM]
LARGEST: Final = 1_000_000  # bytes of a message
AGAIN: Final = 15.0  # seconds until another try, where the server does not say
SECRETS: Final = frozenset({"user", "password"})
OPTIONS: Final = frozenset(
    {"host", "port", "security", "ca", "from", "reply_to", "lists", "per_minute", "bcc", "max_size"}
)


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file of recipients, `shown` as runner.yaml names it. `audience` is customers, agents, or "" for a list that
    only its name chooses."""

    name: str
    path: Path
    shown: str
    audience: str

    def stamp(self) -> tuple[int, ...]:
        """Return what tells one version of the file from another; nothing where there is no file."""
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(frozen=True, slots=True)
class Account:
    """What runner.yaml says about one mail server.

    `per_minute` counts messages, `bcc` is how many recipients one message has (None: a message each), `ca` the file of
    certificates that vouch for the server (None: those of the system).
    """

    name: str
    host: str
    port: int
    security: str
    ca: Path | None
    sender: Mailbox
    reply_to: Mailbox | None
    lists: Mapping[str, ListFile]
    per_minute: float
    bcc: int | None
    max_size: int
    reserve: float
    credentials: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where the server is, for people."""
        return f"{self.host}:{self.port}"


def account_of(target: Target) -> Account:
    """Return the mail server of a target. Raises `Rejected`, with the option that is wrong."""
    options = target.options
    unknown = sorted(set(options) - OPTIONS)
    if unknown:
        raise _wrong(target, unknown[0], f"is no option of mail; there are {', '.join(sorted(OPTIONS))}")
    if target.credentials and target.credentials.keys() != SECRETS:
        raise Rejected(
            f"targets.{target.name}.credentials must be `user` and `password`, or left out", field="credentials"
        )
    host, security = _host(target), _security(target)
    return Account(
        name=target.name,
        host=host,
        port=int(_number(target, "port", PORTS[security], most=65535)),
        security=security,
        ca=_file(target, "ca", options["ca"]) if "ca" in options else None,
        sender=_mailbox(target, "from"),
        reply_to=_mailbox(target, "reply_to") if "reply_to" in options else None,
        lists=_lists(target),
        per_minute=_number(target, "per_minute", A_MINUTE, most=1e6),
        bcc=int(_number(target, "bcc", 1, most=1000)) if "bcc" in options else None,
        max_size=int(_number(target, "max_size", LARGEST, most=100_000_000)),
        reserve=target.reserve,
        credentials=target.credentials,
    )


def _host(target: Target) -> str:
    host = target.options.get("host")
    if not isinstance(host, str) or not host or any(char.isspace() or char in "/@" for char in host):
        raise _wrong(target, "host", "must be the name of the mail server: smtp.example.com")
    return host


def _security(target: Target) -> str:
    security = target.options.get("security", "starttls")
    if not isinstance(security, str) or security not in PORTS:
        raise _wrong(target, "security", f"must be one of {', '.join(PORTS)}")
    if security == "none" and target.options["host"] not in LOOPBACK:
        raise _wrong(target, "security", "`none` is for a server on this machine: write `starttls` or `tls`")
    return security


def _number(target: Target, option: str, default: float, *, most: float) -> float:
    value = target.options.get(option, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise _wrong(target, option, f"must be a number up to {most:g}")
    if option != "per_minute" and value != int(value):
        raise _wrong(target, option, "must be a whole number")
    return float(value)


def _mailbox(target: Target, option: str) -> Mailbox:
    found = mailbox_of(str(target.options.get(option, "")))
    if found is None:
        raise _wrong(target, option, "must be an address: Acme Support <support@example.com>")
    return found


def _lists(target: Target) -> Mapping[str, ListFile]:
    lists = target.options.get("lists", {})
    if not isinstance(lists, Mapping):
        raise _wrong(target, "lists", "must map names to {file: lists/customers.csv, audience: customers}")
    return {str(name): _list(target, str(name), fields) for name, fields in lists.items()}


def _list(target: Target, name: str, fields: Any) -> ListFile:
    here = f"lists.{name}"
    if not isinstance(fields, Mapping) or not fields.keys() <= {"file", "audience"}:
        raise _wrong(target, here, "must be {file: lists/customers.csv, audience: customers}")
    audience = fields.get("audience", "")
    if audience not in ("", *AUDIENCES):
        raise _wrong(target, f"{here}.audience", f"must be {' or '.join(AUDIENCES)}, or left out")
    path = _file(target, f"{here}.file", fields.get("file"))
    return ListFile(name, path, fields["file"], audience)


def _file(target: Target, option: str, value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise _wrong(target, option, "must name a file; its path starts at the folder of runner.yaml")
    return Path(target.folder) / value


def _wrong(target: Target, option: str, why: str) -> Rejected:
    return Rejected(f"targets.{target.name}.options.{option} {why}", field=option)
