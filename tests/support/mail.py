"""The whole runner on a mail server: the production provider over a sink behind socket pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from providers.mail.provider import Mail, open_target
from runner.spi import Io, Target
from tests.support.lab import START
from tests.support.smtp import HOST, Sink
from tests.support.wire import Vendor, WireLab

LOGIN = ("runner@example.com", "m4il-s3cret")
SECRETS = {"env:SMTP_USER": LOGIN[0], "env:SMTP_PASSWORD": LOGIN[1]}
LIST = "customers.csv"


def written(folder: Path, addresses: Sequence[str], name: str = LIST) -> None:
    """Write a list with one address a line."""
    (folder / name).write_text("email\n" + "\n".join(addresses) + "\n", encoding="utf-8")


def target(folder: Path, *, login: bool = False, **options: Any) -> Target:
    """Return the configuration of a mail server on this machine, with the list `customers`."""
    given = {
        "host": "localhost",
        "security": "none",
        "from": "Acme Support <support@example.com>",
        "lists": {"customers": {"file": LIST, "audience": "customers"}},
        "per_minute": 60_000,
        **options,
    }
    credentials = {"user": "env:SMTP_USER", "password": "env:SMTP_PASSWORD"} if login else {}
    locales = ("es", "en")
    return Target("mail", "mail", given, credentials, locales=locales, folder=str(folder), reserve=0.0)


class MailLab(WireLab):
    """One store, one mail server `mail`, one clock. A new `MailLab` on the same folder and sink is a new process."""

    def __init__(self, folder: Path, sink: Sink, *, now: Any = START, **options: Any) -> None:
        super().__init__(folder, now=now)
        self.sink = sink
        self.options = options
        self.opened: list[Mail] = []
        login = sink.login is not None
        self.connect(Vendor(target(folder, login=login, **options), self._keep, None, sink.dial, SECRETS))

    def _keep(self, target: Target, io: Io) -> Mail:
        self.opened.append(open_target(target, io))
        return self.opened[-1]

    def anew(self) -> MailLab:
        """Return a new process."""
        self.close()
        return MailLab(self.folder, self.sink, now=self.deps.now(), **self.options)

    def close(self) -> None:
        """End what is open."""
        for each in self.opened:
            each.close()
        self.session.close()


__all__ = ["HOST", "LOGIN", "MailLab", "Sink", "target", "written"]
