"""A mail server for tests: aiosmtpd behind socket pairs, which takes messages and goes wrong as it is told."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any, Literal, cast

from aiosmtpd.smtp import SMTP, AuthResult

HOST = "smtp.example.com"
At = Literal["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "TAKEN"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong once, at a command. With a `reply` the server says that, without one it breaks the connection.

    CONNECT: in the place of the greeting. DATA: before the text is asked for. BODY: once it is asked for. TAKEN: the
    message is taken, and this is what is heard of it. `to` narrows RCPT to one recipient; `skip` lets so many pass;
    `times` 0 means always.
    """

    at: At
    reply: str = ""
    to: str = ""
    skip: int = 0
    times: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that the server took."""

    sender: str
    to: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return cast("EmailMessage", message_from_bytes(self.raw, policy=POLICY))

    @property
    def text(self) -> str:
        """What it says."""
        return str(self.message.get_content()).replace("\r\n", "\n").rstrip("\n")


@dataclass
class Sink:
    """A mail server. `dial` is for `Io`; `taken` is what it took, `dialled` how often somebody came, `commands` what
    was said. `login` is the user and password that it wants; `certificate` (certificate and key) makes it offer
    STARTTLS, or, with `tls`, speak TLS at once. `logins`: whether it offers any; `most`: recipients of a message."""

    login: tuple[str, str] | None = None
    certificate: Path | None = None
    tls: bool = False
    size: int = 2**25
    logins: bool = True
    most: int = 100
    refuses: bool = False
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    dialled: int = 0
    troubles: list[Trouble] = field(default_factory=list)

    def __enter__(self) -> Sink:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._transports: list[Any] = []
        return self

    def __exit__(self, *args: object) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _shut(self) -> None:
        for transport in self._transports:
            transport.abort()
        mine = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        await asyncio.sleep(0)

    def fail(self, at: At, reply: str = "", **more: Any) -> None:
        """Let something go wrong."""
        self.troubles.append(Trouble(at, reply, **more))

    def dial(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to the server, as `Io.dial` does."""
        self.dialled += 1
        if self.refuses:
            raise ConnectionRefusedError(host, port)
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout)
        asyncio.run_coroutine_threadsafe(self._serve(theirs), self._loop).result(5)
        return ours

    async def _serve(self, sock: socket.socket) -> None:
        context = self._context()
        server = _Server(self, None if self.tls else context)
        secure: Any = context if self.tls else None
        if secure is None:
            await self._loop.connect_accepted_socket(lambda: server, sock)
        else:  # the handshake waits for the client
            coming = self._loop.connect_accepted_socket(lambda: server, sock, ssl=secure)
            self._loop.create_task(_quietly(coming))

    def _context(self) -> ssl.SSLContext | None:
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context

    def trouble(self, at: At, to: str = "") -> Trouble | None:
        """Return what goes wrong now, and count it."""
        for place, one in enumerate(self.troubles):
            if one.at != at or one.to not in ("", to):
                continue
            if one.skip:
                self.troubles[place] = replace(one, skip=one.skip - 1)
                return None
            if one.times == 1:
                del self.troubles[place]
            elif one.times:
                self.troubles[place] = replace(one, times=one.times - 1)
            return one
        return None

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Say whether a login is the right one."""
        good = (data.login.decode(), data.password.decode()) == self.login
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take a recipient."""
        if (found := self.trouble("RCPT", address)) is not None:
            return await server.suffer(found)
        if len(envelope.rcpt_tos) == self.most:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a message."""
        found = self.trouble("BODY")
        if found is not None:
            return await server.suffer(found)
        self.taken.append(Taken(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        found = self.trouble("TAKEN")
        return "250 2.0.0 taken" if found is None else await server.suffer(found)

    def received(self) -> list[str]:
        """Return the recipients of everything that was taken, one by one."""
        return [address for one in self.taken for address in one.to]


class _Server(SMTP):
    """One conversation."""

    def __init__(self, sink: Sink, context: ssl.SSLContext | None) -> None:
        self._sink = sink
        super().__init__(
            sink,
            hostname=HOST,
            ident="test",
            data_size_limit=sink.size,
            tls_context=context,
            auth_require_tls=context is not None or not sink.logins,
            authenticator=sink.authenticate,
            loop=sink._loop,
        )

    def connection_made(self, transport: Any) -> None:
        self._sink._transports.append(transport)
        super().connection_made(transport)

    async def suffer(self, trouble: Trouble) -> str:
        """Return the reply of a trouble, or break the connection."""
        if trouble.reply:
            return trouble.reply
        self._writer.transport.abort()
        raise asyncio.CancelledError

    async def push(self, status: Any) -> None:
        text = status if isinstance(status, str) else status.decode()
        at: At | None = "CONNECT" if text.startswith("220 " + HOST) else None
        if at is not None and (found := self._sink.trouble(at)) is not None:
            status = await self.suffer(found)
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:
        self._sink.commands.append("EHLO")
        if (found := self._sink.trouble("EHLO")) is not None:
            await self.push(await self.suffer(found))
            return
        await super().smtp_EHLO(hostname)

    async def smtp_AUTH(self, arg: str) -> None:
        self._sink.commands.append("AUTH")
        if (found := self._sink.trouble("AUTH")) is not None:
            await self.push(await self.suffer(found))
            return
        await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        self._sink.commands.append("MAIL")
        if self._sink.login is not None and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
            return
        if (found := self._sink.trouble("MAIL")) is not None:
            await self.push(await self.suffer(found))
            return
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg: str) -> None:
        self._sink.commands.append("DATA")
        if (found := self._sink.trouble("DATA")) is not None:
            await self.push(await self.suffer(found))
            return
        await super().smtp_DATA(arg)


async def _quietly(coming: Any) -> None:
    try:
        await coming
    except (OSError, ssl.SSLError):
        return


def certified(folder: Path, names: Sequence[str] = (HOST,)) -> Path:
    """Make a key and a certificate that vouches for itself, in one file, with the command line of OpenSSL."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "these tests need the command line of OpenSSL"
    key, certificate, both = (folder / name for name in ("key.pem", "cert.pem", "server.pem"))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    names_of = ",".join(f"DNS:{name}" for name in names)
    words = ("-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={names_of}", "-days", "2")
    command = [openssl, "req", "-x509", *curve, *words, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    return both
