"""Secrets: resolved from references, and scrubbed from every text that leaves the runner.

A credential is written as ``env:NAME``, ``file:PATH`` or ``keyring:NAME``; the text itself stands in no file of ours.
"""

from __future__ import annotations

import html
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from runner.errors import Unauthorized
from runner.spi import Secret

_SHORT: Final = 4  # shorter secrets are not scrubbed by value: they would take ordinary words with them
_SHORT_BASE64: Final = 8
_NAMED: Final = {"\n": (r"\\+n",), "\r": (r"\\+r",), "\t": (r"\\+t",), " ": (r"\+",)}
_QUERY = re.compile(r"(?i)([?&](?:token|key|api_key|apikey|access_token|password|secret|sig)=)[^&\s\"']+")
_HEADER = re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s\"',}]+")
_LOGIN = re.compile(r"(://[^/\s:@]+:)[^@\s/]+(?=@)")


class Vault:
    """Resolves credential references and remembers what it gave out, so that it can be scrubbed."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        """`environment` answers ``env:``; relative ``file:`` paths start at `folder`."""
        self._environment = environment
        self._folder = folder
        self._known: set[str] = set()  # patterns of every secret given out
        self._given: re.Pattern[str] | None = None  # all of them

    def secret(self, reference: str) -> Secret:
        """Return the secret that a reference names. Raises `Unauthorized` with a sentence when it is missing."""
        scheme, _, name = reference.partition(":")
        match scheme:
            case "env":
                text = self._environment.get(name, "")
                missing = f"the environment variable {name} is not set"
            case "file":
                text, missing = _from_file(self._folder / name)
            case "keyring":
                text, missing = _from_keyring(name)
            case _:
                raise Unauthorized("a credential must be env:NAME, file:PATH or keyring:NAME")
        if not text:
            raise Unauthorized(f"the credential {reference} is missing: {missing}")
        self._known.update(_patterns(text))
        if self._known:
            self._given = re.compile("|".join(sorted(self._known, key=len, reverse=True)))
        return Secret(text)

    def scrub(self, text: str) -> str:
        """Return `text` without any secret given out so far, and without what a URL or a header calls one."""
        text = self.hide(text)
        if "=" in text:
            text = _QUERY.sub(r"\1***", text)
        if "://" in text:
            text = _LOGIN.sub(r"\1***", text)
        return _HEADER.sub(r"\1***", text) if "uthorization" in text.lower() else text

    def hide(self, text: str) -> str:
        """Return `text` without any secret given out so far, however it is escaped, quoted or encoded there."""
        return self._given.sub("***", text) if self._given is not None else text


def _patterns(secret: str) -> Iterator[str]:
    """Yield regular expressions that find a secret: the whole, its lines, and its base64 also within a longer one."""
    bare = secret.strip()
    lines = bare.splitlines() if "\n" in bare else []
    for form in (bare, *lines, *_in_base64(bare.encode(errors="surrogatepass"))):
        if len(form.strip()) >= _SHORT:
            yield "".join(map(_written, form))


def _written(letter: str) -> str:
    """Return a regular expression for one letter as JSON, Python, URLs and HTML write it, one within the other too."""
    if letter.isascii() and letter.isalnum():
        return letter
    code, escape = ord(letter), r"\\{1,16}"
    forms = [f"u{code:04x}", f"u{code:08x}", f"x{code:02x}"]
    if code > 0xFFFF:
        high, low = divmod(code - 0x10000, 0x400)
        forms.append(f"u{0xD800 + high:04x}{escape}u{0xDC00 + low:04x}")
    in_url = "".join(f"%(?:25)*{byte:02x}" for byte in letter.encode(errors="surrogatepass"))
    plain = [rf"\\{{0,16}}{re.escape(letter)}", re.escape(html.escape(letter)), *_NAMED.get(letter, ())]
    return f"(?:{'|'.join(plain)}|(?i:{in_url}|{escape}(?:{'|'.join(forms)})))"


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield what stays the same of the base64 of anything that holds `data`, at each of its three places in a group."""
    for offset, mixed in enumerate((0, 2, 3)):
        encoded = b64encode(bytes(offset) + data).decode().rstrip("=")
        whole = encoded[mixed : len(encoded) - ((offset + len(data)) % 3 != 0)]
        if len(whole) >= _SHORT_BASE64:
            yield whole


def _from_file(path: Path) -> tuple[str, str]:
    """Return the text of a file and why there is none."""
    if not path.is_file():
        return "", f"there is no file {path}"
    try:
        return path.read_text(encoding="utf-8").strip(), f"the file {path} is empty"
    except OSError as fault:
        return "", f"the file {path} cannot be read: {fault.strerror}"
    except UnicodeDecodeError:
        return "", f"the file {path} is no text in UTF-8"


def _from_keyring(name: str) -> tuple[str, str]:
    """Return an entry of the system's keyring and why there is none."""
    from importlib import import_module

    try:
        found = import_module("keyring").get_password("outage-runner", name)
    except ImportError:
        return "", "the keyring needs the package `keyring` to be installed"
    except Exception as fault:  # a keyring may fail in any way: locked, no session, no backend
        return "", f"the keyring cannot be asked for outage-runner/{name}: {type(fault).__name__}"
    return str(found or ""), f"the keyring has no entry outage-runner/{name}"
