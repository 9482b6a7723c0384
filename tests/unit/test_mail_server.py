"""What mail makes of its configuration and of the server that it meets, before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from providers.mail.account import OPTIONS, account_of
from providers.mail.addresses import address_of, mailbox_of
from providers.mail.provider import Mail, open_target
from runner.errors import InvalidInput, NotSent, ProviderError, RateLimited, Rejected, Unauthorized
from runner.model import ABSENT, Change, Outcome, Slot
from runner.selecting import objects
from runner.spi import Context, Target
from runner.testing.io import ScriptedIo
from tests.support.lab import START
from tests.support.mail import HOST, LOGIN, SECRETS, target, written
from tests.support.smtp import Sink, certified

SAID = {"subject": "Power cut", "body": "We are slow."}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def provider_of(tmp_path: Path) -> Iterator[Any]:
    """Open a provider on a sink; what it opened is closed."""
    made: list[Mail] = []

    def build(sink: Sink, **options: Any) -> Mail:
        io = ScriptedIo(START, SECRETS, dial=sink.dial)
        made.append(open_target(target(tmp_path, **options), io))
        return made[-1]

    yield build
    for each in made:
        each.close()


def changes(mail: Mail, with_: dict[str, Any]) -> list[Change]:
    """Return what a step would send."""
    spec = mail.capabilities()["notice"]
    context = Context("o", "tell", Target("mail", "mail"), START, None, (START, START + timedelta(hours=1)), "UTC")
    found = objects(mail.read(spec.query(with_, context)))
    return [
        Change(Slot("mail", "notice", one.key, want.path), ABSENT, want.claim.value, want.payload)
        for one in found
        for want in spec.claims(with_, context, one)
    ]


def sent(mail: Mail, **with_: Any) -> list[Outcome]:
    return list(mail.write(changes(mail, {"to": "ops@example.com", **SAID, **with_})))


# --- runner.yaml ----------------------------------------------------------------------------------------------------

GOOD = {"host": HOST, "from": "Acme <support@example.com>"}
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"smtp": "x"}, "smtp", "is no option of mail"),
    ({"host": "smtp.example.com/x"}, "host", "name of the mail server"),
    ({"host": None}, "host", "name of the mail server"),
    ({"security": "ssl"}, "security", "one of starttls, tls, none"),
    ({"security": "none"}, "security", "on this machine"),
    ({"port": 0}, "port", "number up to 65535"),
    ({"port": 25.5}, "port", "whole number"),
    ({"per_minute": True}, "per_minute", "number"),
    ({"bcc": 0}, "bcc", "number"),
    ({"max_size": "1 MB"}, "max_size", "number"),
    ({"from": "Acme"}, "from", "must be an address"),
    ({"from": "a@example.com\nBcc: b@example.com"}, "from", "must be an address"),
    ({"reply_to": "a@example.com, b@example.com"}, "reply_to", "must be an address"),
    ({"ca": 7}, "ca", "must name a file"),
    ({"lists": ["a.csv"]}, "lists", "must map names"),
    ({"lists": {"vips": "vips.csv"}}, "lists.vips", "must be {file"),
    ({"lists": {"vips": {"file": ""}}}, "lists.vips.file", "must name a file"),
    ({"lists": {"vips": {"file": "v.csv", "audience": "all"}}}, "lists.vips.audience", "customers or agents"),
]


@pytest.mark.parametrize(("options", "field", "why"), WRONG)
def test_a_wrong_option_is_named_when_the_target_is_opened(options: dict[str, Any], field: str, why: str) -> None:
    """Each mistake in the options is refused offline, with the option that is wrong."""
    with pytest.raises(Rejected, match=why) as caught:
        account_of(Target("mail", "mail", {**GOOD, **options}))
    assert caught.value.field == field
    assert f"targets.mail.options.{field}" in caught.value.message


def test_half_a_login_is_refused() -> None:
    """Credentials are user and password, or none."""
    with pytest.raises(Rejected, match="`user` and `password`"):
        account_of(Target("mail", "mail", GOOD, {"user": "env:U"}))


def test_the_usual_port_belongs_to_the_security() -> None:
    """STARTTLS unless something else is said; without a port, the one that goes with it."""
    ports = {kind: account_of(Target("mail", "mail", {**GOOD, "security": kind})).port for kind in ("starttls", "tls")}
    assert ports == {"starttls": 587, "tls": 465}
    assert account_of(Target("mail", "mail", GOOD)).security == "starttls"


def test_what_can_be_an_address() -> None:
    """An address has a local part in ASCII and a domain with a dot; a domain may have letters of any script."""
    good = {"Ana.S+x@Example.COM": "Ana.S+x@example.com", "a#b@bücher.example": "a#b@xn--bcher-kva.example"}
    assert {text: address_of(text) for text in good} == good
    bad = "", "ana", "ana@", "@x.example", "ana@example", "a na@x.example", "aná@x.example", "a@-x.example", "a@x..y"
    assert [
        text for text in (*bad, "a@b.example\r\nRCPT TO:<x@y.example>", "x" * 65 + "@b.example") if address_of(text)
    ] == []
    named = mailbox_of('"Acme; Ltd" <a@b.example>')
    assert named is not None
    assert (named.name, named.address) == ("Acme; Ltd", "a@b.example")


def test_the_guide_tells_every_option_and_its_example_is_right() -> None:
    """docs/providers/mail.md has a row for each option, its targets open, and its step is one that the kind takes."""
    text = (Path(__file__).parents[2] / "docs" / "providers" / "mail.md").read_text(encoding="utf-8")
    named = re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \|", text.partition("| option |")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert {name for row in named for name in re.findall(r"\w+", row)} == OPTIONS
    config, (step,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    found = config["targets"]["mail"]
    mail = Target("mail", "mail", found["options"], found["credentials"], locales=tuple(found["locales"]))
    schema = open_target(mail, ScriptedIo()).capabilities()["notice"].schema
    for part in (step, *step["restore"]):
        jsonschema.Draft202012Validator(schema).validate(part["with"])


# --- the step -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("with_", "said"),
    [
        ({"list": "customer"}, "no list of addresses named 'customer'"),
        ({"audience": {"agents": "all"}}, "mail has no list of agents"),
        ({"audience": {"agents": ["customers"]}}, "no list of agents named 'customers'"),
        ({"to": ["a@example.com", "b@example"]}, "address 2 of `to` is no mail address"),
        ({"to": "a@example.com", "body": "x" * 2_000}, "bytes, mail sends at most 1,000"),
    ],
)
def test_a_step_that_cannot_be_is_refused_in_the_plan(
    provider_of: Any, tmp_path: Path, with_: dict[str, Any], said: str
) -> None:
    """Unknown lists, addresses that are none and texts that are too long are refused with a next step."""
    written(tmp_path, ["c@example.com"])
    sink = Sink()
    with pytest.raises(InvalidInput, match=said) as caught:
        changes(provider_of(sink, max_size=1_000), {**SAID, **with_})
    assert caught.value.hint
    assert sink.dialled == 0


# --- the server -----------------------------------------------------------------------------------------------------


def test_messages_go_over_tls_after_a_login(provider_of: Any, certificate: Path) -> None:
    """With STARTTLS and with TLS from the start, with the certificates that the target names, after a login."""
    for tls in (False, True):
        with Sink(login=LOGIN, certificate=certificate, tls=tls) as sink:
            security = "tls" if tls else "starttls"
            mail = provider_of(
                sink, login=True, host=HOST, security=security, ca=str(certificate.with_name("cert.pem"))
            )
            assert len(sent(mail)) == 1
            assert [one.to for one in sink.taken] == [("ops@example.com",)]
            said = [finding.message for finding in mail.examine()]
            assert "TLSv1" in said[0]
            assert "with a login" in said[0]


def refused(sink: Sink, mail: Mail) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        sent(mail)
    assert sink.taken == []
    assert LOGIN[1] not in caught.value.message
    return caught.value


def test_nothing_is_sent_to_a_server_that_cannot_be_trusted(provider_of: Any, certificate: Path) -> None:
    """No STARTTLS, a certificate of nobody, one of another server, no TLS at all: refused with what to change, no login
    and no recipient named."""
    ca = str(certificate.with_name("cert.pem"))
    cases: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({}, {"security": "starttls", "host": HOST}, "offers no STARTTLS, and nothing is sent in plain text"),
        ({}, {"security": "tls", "host": HOST}, "TLS with smtp.example.com:465 failed"),
        ({"certificate": certificate}, {"security": "starttls", "host": HOST}, "TLS with .* failed .*self.signed"),
        ({"certificate": certificate}, {"security": "starttls", "host": "x.example.com", "ca": ca}, "x.example.com"),
        ({"certificate": certificate, "tls": True}, {"security": "tls", "host": HOST}, "self.signed"),
        ({}, {"security": "tls", "host": HOST, "ca": "nothing.pem"}, "nothing.pem cannot be read"),
    ]
    for given, options, why in cases:
        with Sink(login=LOGIN, **given) as sink:
            fault = refused(sink, provider_of(sink, login=True, **options))
            assert isinstance(fault, Rejected)
            assert fault.field in ("security", "ca")
            assert re.search(why, fault.message), fault.message
            assert not {"AUTH", "MAIL"} & set(sink.commands)


def test_a_login_that_does_not_work_is_refused(provider_of: Any) -> None:
    """A wrong password, a server without logins, one that wants a login, a password that cannot be sent."""
    with Sink(login=("other", "password")) as sink:
        fault = refused(sink, provider_of(sink, login=True))
        assert isinstance(fault, Unauthorized)
        assert "does not accept the login" in fault.message
    with Sink(login=LOGIN) as sink:
        assert "add `user` and `password`" in refused(sink, provider_of(sink)).message
    with Sink() as sink:
        sink.fail("AUTH", "454 4.7.0 later", times=0)
        assert isinstance(refused(sink, provider_of(sink, login=True)), RateLimited)
    with Sink(logins=False) as sink:
        fault = refused(sink, provider_of(sink, login=True))
        assert isinstance(fault, Unauthorized)
        assert "offers no login" in fault.message


def test_a_password_outside_ascii_is_not_shown(tmp_path: Path) -> None:
    """smtplib cannot send it, and its complaint would show it."""
    with Sink(login=LOGIN) as sink:
        io = ScriptedIo(START, {"env:SMTP_USER": "u", "env:SMTP_PASSWORD": "contraseña"}, dial=sink.dial)
        fault = refused(sink, open_target(target(tmp_path, login=True), io))
        assert isinstance(fault, Unauthorized)
        assert fault.__cause__ is None
        assert "ASCII" in fault.message


def test_a_server_that_is_not_there_took_nothing(provider_of: Any) -> None:
    """No connection is an error that says that nothing was sent, and where to look."""
    sink = Sink(refuses=True)
    fault = refused(sink, provider_of(sink))
    assert isinstance(fault, NotSent)
    assert "localhost:25 cannot be reached (ConnectionRefusedError); nothing was sent" in fault.message


def test_a_server_that_takes_less_is_believed(provider_of: Any) -> None:
    """A message longer than the server says that it takes is refused before it is offered."""
    with Sink(size=1_000) as sink:
        with pytest.raises(Rejected, match=r"the message has [\d,]+ bytes, localhost:25 takes 1,000"):
            sent(provider_of(sink), body="x" * 2_000)
        assert "MAIL" not in sink.commands


def test_a_conversation_that_ended_in_between_is_begun_anew(provider_of: Any) -> None:
    """A server that ends conversations after some messages, or while nothing was said, gets the next in a new one."""
    with Sink() as sink:
        mail = provider_of(sink, per_minute=60_000)
        to = [f"a{number}@example.com" for number in range(20)]
        sink.fail("MAIL", "421 4.7.0 enough", skip=7)
        assert len(sent(mail, to=to)) == 20
        assert (len(sink.taken), sink.dialled) == (20, 2)
        sink.fail("MAIL")
        assert len(sent(mail, to=to[:1])) == 1
        assert (len(sink.taken), sink.dialled) == (21, 3)


def test_a_batch_that_was_given_up_has_its_own_conversation(provider_of: Any) -> None:
    """A batch that took too long may still be at work in its thread: the next one neither uses its conversation nor its
    place in the lists, and everybody gets one message."""
    with Sink() as sink:
        mail = provider_of(sink)
        every = changes(mail, {**SAID, "to": [f"a{number}@example.com" for number in range(40)]})
        assert len(list(mail.write(every[:20]))) == 20
        given_up = mail.write(every[20:30])
        next(given_up)
        assert len(list(mail.write(every[30:]))) == 10
        assert sink.dialled == 2
        assert len(list(given_up)) == 9
        assert sink.dialled == 2
        assert sorted(sink.received()) == sorted(f"a{number}@example.com" for number in range(40))


# --- doctor ---------------------------------------------------------------------------------------------------------


def test_the_doctor_looks_at_server_and_lists(provider_of: Any, tmp_path: Path) -> None:
    """It says how the server is reached, what it takes, how many entries each list has, and what is wrong with one."""
    written(tmp_path, ["a@example.com", "b@example.com"])
    (tmp_path / "empty.txt").write_text("# nobody yet\n", encoding="utf-8")
    (tmp_path / "bad.txt").write_text("a@example.com\nnobody\n", encoding="utf-8")
    lists = {
        name: {"file": f"{name}.{'csv' if name == 'customers' else 'txt'}"} for name in ("customers", "empty", "bad")
    }
    with Sink(size=5_000) as sink:
        found = list(provider_of(sink, lists=lists).examine())
        assert [(each.state, each.message) for each in found] == [
            ("ok", "localhost:25 answers, without encryption, which never leaves this machine, without a login, as "
             "support@example.com"),
            ("note", "the server takes messages of up to 5,000 bytes"),
            ("ok", "list customers: 2 entries"),
            ("note", "list empty is empty"),
            ("problem", "line 2 of bad.txt has no mail address; nothing is sent"),
        ]  # fmt: skip
        assert "MAIL" not in sink.commands
