"""The provider for mail keeps the promises of a sender, on a mail server that wants TLS and a login."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from providers.mail import provider
from providers.mail.account import ListFile
from providers.mail.lists import Recipient
from providers.mail.notice_kind import PAGE
from providers.mail.provider import Mail, open_target
from runner.model import Change
from runner.spi import Query
from runner.testing.harness import Faults, Harness, Sample
from runner.testing.io import ScriptedIo
from runner.testing.sending import SenderSuite
from tests.support.mail import HOST, LOGIN, SECRETS, target, written
from tests.support.smtp import Sink, certified

SAID = {"subject": {"en": "Power cut", "es": "Corte"}, "body": {"en": "We are slow.", "es": "Vamos lento."}}
STEP = "or-gc2pdqb4jo6v"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory.mktemp("tls"))


class Office:
    """A mail server, what was opened on it, and how many pages of lists were read."""

    def __init__(self, folder: Path, sink: Sink, certificate: Path, bcc: int | None) -> None:
        self.sink = sink
        self.pages = 0
        self.opened: list[Mail] = []
        more = {"bcc": bcc} if bcc else {}
        lists = {"customers": {"file": "customers.csv"}, "all": {"file": "all.txt"}}
        ca = str(certificate.with_name("cert.pem"))
        self.target = target(folder, login=True, host=HOST, security="starttls", ca=ca, lists=lists, **more)
        written(folder, [f"c{number}@example.com" for number in range(6)])
        (folder / "all.txt").write_text("\n".join(f"a{n}@example.com" for n in range(3 * PAGE)), encoding="utf-8")

    def open(self) -> Mail:
        self.opened.append(open_target(self.target, ScriptedIo(secrets=SECRETS, dial=self.sink.dial)))
        return self.opened[-1]

    def arrived(self, change: Change) -> int:
        """How often the recipient of a change got a message."""
        io, name = ScriptedIo(), change.slot.key.rpartition("/")[2]
        return Counter(io.pseudonym(address) for address in self.sink.received())[name]

    def down(self) -> None:
        self.sink.refuses = True


@pytest.fixture(params=[None, 4], ids=["one by one", "in bcc"])
def office(
    request: pytest.FixtureRequest, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    with Sink(login=LOGIN, certificate=certificate) as sink:
        found = Office(tmp_path, sink, certificate, request.param)
        read = provider.recipients

        def counted(to: Sequence[str], lists: Iterable[ListFile]) -> Iterator[Recipient]:
            for number, one in enumerate(read(to, lists)):
                found.pages += number % PAGE == 0
                yield one

        monkeypatch.setattr(provider, "recipients", counted)
        yield found
        for each in found.opened:
            each.close()


class TestMail(SenderSuite):
    """Every test of the suite, with a message for each recipient and with four in BCC."""

    @pytest.fixture
    def harness(self, office: Office) -> Harness:
        """Return the mail server of one test."""
        sink = office.sink
        return Harness(
            target=office.target,
            open=office.open,
            offline=lambda: open_target(office.target, ScriptedIo()),
            samples=[Sample("notice", {"list": "customers", **SAID})],
            edit=lambda slot, value: None,
            dump=lambda: json.dumps([each.text for each in sink.taken]),
            faults=Faults(
                lost_reply=lambda: sink.fail("TAKEN"),
                half_batch=lambda: sink.fail("BODY", skip=1 if office.target.options.get("bcc") is None else 0),
                refuse=lambda place: sink.fail("RCPT", "550 5.1.1 nobody here", skip=place),
                unavailable=office.down,
            ),
            many=Query("notice", where={"step": STEP, "to": (), "lists": ("all",)}, paths=("name", "step", "sent")),
            requests=lambda: office.pages,
            canary=LOGIN[1],
            arrived=office.arrived,
        )
