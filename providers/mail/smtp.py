"""One conversation with a mail server over smtplib: dialled through `Io`, encrypted as configured, timed, judged.

What matters most is the moment at which a message is handed over. Whatever breaks before its text is sent means that
nobody got it; whatever breaks from then on until the server's answer leaves it unknown.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from providers.mail.account import AGAIN, Account
from providers.mail.addresses import without_addresses
from runner.model import Outcome, Verdict
from runner.spi import Io, NotSent, RateLimited, Rejected, Unauthorized

CONNECT: Final = 10.0  # seconds
TOO_MANY: Final = 452  # recipients in one message: the others go out with the next (RFC 5321, 4.5.3.1.10)
CLOSING: Final = 421
DONE: Final = Outcome(Verdict.DONE, proven=True)


class Lost(Exception):
    """The conversation broke off, or the server ended it, before the message was handed over."""


class Line:
    """One conversation, logged in. `good` until it is over. `left` returns the seconds that may still be waited."""

    def __init__(self, account: Account, io: Io, left: Callable[[], float]) -> None:
        """Connect, encrypt and log in. Raises `NotSent`, `RateLimited` where another try may help soon, `Rejected` for
        what the configuration has to change, `Unauthorized`."""
        self.account = account
        self.good = True
        self._smtp = self._connected(io, left)
        try:
            if account.security == "starttls":
                self._encrypt()
            self._smtp.ehlo_or_helo_if_needed()
            self._login(io)
        except OSError as fault:
            self.close()
            raise _unreachable(account, fault) from fault
        except Exception:
            self.close()
            raise

    # --- opening ----------------------------------------------------------------------------------------------------

    def _connected(self, io: Io, left: Callable[[], float]) -> _Dialled:
        account = self.account
        context = self._context() if account.security == "tls" else None
        try:
            return _Dialled(account, io, left, context)
        except ssl.SSLError as fault:
            raise _no_trust(account, fault) from fault
        except smtplib.SMTPConnectError as fault:
            raise RateLimited(
                f"{account.name}: {account.place} takes no connection ({said(fault.smtp_error, fault.smtp_code)}); "
                "nothing was sent, try again later",
                retry_after=AGAIN,
            ) from fault
        except OSError as fault:
            raise _unreachable(account, fault) from fault

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.account.ca)
        except OSError as fault:
            raise Rejected(
                f"{self.account.name}: the certificates in {self.account.ca} cannot be read; correct `ca`", field="ca"
            ) from fault

    def _encrypt(self) -> None:
        """Go over to TLS. Raises `Rejected`: nothing is ever sent in plain text instead."""
        account, context = self.account, self._context()
        self._smtp.ehlo_or_helo_if_needed()
        if not self._smtp.has_extn("starttls"):
            raise Rejected(
                f"{account.name}: {account.place} offers no STARTTLS, and nothing is sent in plain text; write "
                "`security: tls` if it wants TLS from the start (port 465)",
                field="security",
            )
        try:
            self._smtp.starttls(context=context)
        except ssl.SSLError as fault:
            raise _no_trust(account, fault) from fault

    def _login(self, io: Io) -> None:
        account = self.account
        if not account.credentials:
            return
        user, password = (io.secret(account.credentials[name]).reveal() for name in ("user", "password"))
        try:
            self._smtp.login(user, password)
        except UnicodeEncodeError:  # its text shows the password
            raise Unauthorized(
                f"{account.name}: user and password must be in ASCII letters for SMTP; choose another password"
            ) from None
        except smtplib.SMTPAuthenticationError as fault:
            words = said(fault.smtp_error, fault.smtp_code)
            if 400 <= fault.smtp_code < 500:
                raise RateLimited(
                    f"{account.name}: the server cannot check the login now ({words})", retry_after=AGAIN
                ) from fault
            raise Unauthorized(
                f"{account.name}: {account.place} does not accept the login ({words}); check `user` and `password`; "
                "many providers want a password made for applications"
            ) from fault
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException as fault:
            raise Unauthorized(
                f"{account.name}: {account.place} offers no login with user and password; leave the credentials out, "
                "or allow SMTP AUTH there"
            ) from fault

    @property
    def encryption(self) -> str:
        """The version of TLS, "" without."""
        sock = self._smtp.sock
        return str(sock.version()) if isinstance(sock, ssl.SSLSocket) else ""

    @property
    def largest(self) -> int | None:
        """The most bytes that the server takes in one message, None when it does not say."""
        size = str(self._smtp.esmtp_features.get("size", "")).strip()
        return int(size) if size.isdecimal() and int(size) > 0 else None

    def wait_within(self, left: Callable[[], float]) -> None:
        """Go on in another batch, with so many seconds left."""
        self._smtp.left = left

    # --- sending ----------------------------------------------------------------------------------------------------

    def send(self, to: Sequence[str], compose: Callable[[int], bytes]) -> list[Outcome]:
        """Send one message and return what became of it for each recipient; `compose` gets the place of the first one
        that the server takes.

        DONE: taken. REJECTED: refused. MOVED: not taken now, another try may help; without a reason, it was not even
        offered. UNKNOWN: handed over, no answer. Raises `Lost`, and for what concerns every message `RateLimited`,
        `Rejected`, `Unauthorized`; nothing was sent then.
        """
        text = compose(0)
        self._refuse_long(text)
        try:
            self._begin()
            found = self._offer(to)
            first = found.index(DONE) if DONE in found else None
            if first is None:
                self._forget()
                return found
            code, words = self._smtp.docmd("DATA")
        except OSError as fault:
            self.close()
            raise Lost(_why(fault)) from fault
        if code == 354:
            end = self._hand_over(text if first == 0 else compose(first))
        elif code != CLOSING and 400 <= code < 600:
            end = judged(code, words)
        else:
            self.close()
            raise Lost(said(words, code))
        return [end if each is DONE else each for each in found]

    def _refuse_long(self, text: bytes) -> None:
        most = self.largest
        if most is not None and len(text) > most:
            raise Rejected(
                f"{self.account.name}: the message has {len(text):,} bytes, {self.account.place} takes {most:,}; "
                "shorten the text",
                field="max_size",
            )

    def _begin(self) -> None:
        """Name the sender. Raises `Lost`, `RateLimited`, `Unauthorized` and `Rejected`."""
        name, sender = self.account.name, self.account.sender.address
        code, words = self._smtp.mail(sender)
        if code == 250:
            return
        if code == CLOSING or not 400 <= code < 600:
            self.close()
            raise Lost(said(words, code))
        self._forget()
        if code < 500:
            raise RateLimited(f"{name}: the server puts messages off ({said(words, code)})", retry_after=AGAIN)
        if code == 530:
            raise Unauthorized(f"{name}: the server wants a login ({said(words, code)}); add `user` and `password`")
        raise Rejected(
            f"{name}: the server refuses the sender {sender} ({said(words, code)}); correct `from`, or allow it there",
            field="from",
        )

    def _offer(self, to: Sequence[str]) -> list[Outcome]:
        """Name the recipients. Raises `Lost`."""
        found: list[Outcome] = []
        full = False
        for address in to:
            if full:
                found.append(Outcome(Verdict.MOVED))
                continue
            code, words = self._smtp.rcpt(address)
            if code == CLOSING or not 200 <= code < 600:
                self.close()
                raise Lost(said(words, code))
            full = code == TOO_MANY and DONE in found
            found.append(Outcome(Verdict.MOVED) if full else judged(code, words))
        return found

    def _hand_over(self, text: bytes) -> Outcome:
        """Send the text and wait for the answer: from here on, no answer means that nobody knows."""
        try:
            self._smtp.send(re.sub(rb"(?m)^\.", b"..", text) + b".\r\n")
            code, words = self._smtp.getreply()
        except OSError as fault:
            self.close()
            return Outcome(Verdict.UNKNOWN, f"handed over, then the connection broke ({_why(fault)})")
        if code == CLOSING or not 200 <= code < 600:
            self.close()
        return judged(code, words) if 200 <= code < 600 else Outcome(Verdict.UNKNOWN, "handed over, no proper answer")

    def _forget(self) -> None:
        """Take back what was begun; where that fails, the next message has a conversation of its own."""
        try:
            code, _ = self._smtp.rset()
        except OSError:
            code = -1
        if code != 250:
            self.close()

    # --- the end ----------------------------------------------------------------------------------------------------

    def quit(self) -> None:
        """End the conversation politely."""
        with suppress(OSError):
            if self.good:
                self._smtp.quit()
        self.close()

    def close(self) -> None:
        """Break the conversation off."""
        self.good = False
        self._smtp.close()


class _Dialled(smtplib.SMTP):
    """smtplib over a socket that `Io` dials. No answer is waited for longer than the batch may take."""

    def __init__(self, account: Account, io: Io, left: Callable[[], float], context: ssl.SSLContext | None) -> None:
        self._io = io
        self.left = left
        self._context = context
        # the name with which smtplib itself greets from a machine without a full name
        super().__init__(account.host, account.port, local_hostname="[127.0.0.1]", timeout=CONNECT)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        sock = self._io.dial(host, port, timeout)
        sock.settimeout(timeout)
        return sock if self._context is None else self._context.wrap_socket(sock, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        """Wait for the answer of the server."""
        if self.sock is not None:
            self.sock.settimeout(max(self.left(), 0.1))
        return super().getreply()


def judged(code: int, words: bytes | str) -> Outcome:
    """Return what an answer means for a recipient: 2xx taken, 4xx not now, 5xx refused (RFC 5321, 4.2.1)."""
    if code < 300:
        return DONE
    return Outcome(Verdict.MOVED if code < 500 else Verdict.REJECTED, said(words, code))


def said(words: bytes | str, code: int) -> str:
    """Return an answer in words, in one line and without anybody's address."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {without_addresses(text)}".strip()


def _why(fault: OSError) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return said(fault.smtp_error, fault.smtp_code)
    return type(fault).__name__


def _unreachable(account: Account, fault: OSError) -> NotSent:
    return NotSent(
        f"{account.name}: {account.place} cannot be reached ({_why(fault)}); nothing was sent; check `host`, `port` "
        "and the network"
    )


def _no_trust(account: Account, fault: ssl.SSLError) -> Rejected:
    why = fault.verify_message if isinstance(fault, ssl.SSLCertVerificationError) else fault.reason or "no TLS there"
    return Rejected(
        f"{account.name}: TLS with {account.place} failed ({why}); nothing was sent; check `host`, `port` and "
        "`security`, or name the certificates of your own authority with `ca`",
        field="security",
    )
