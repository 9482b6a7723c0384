"""Secrets: resolved from references, and scrubbed from every text that leaves the runner.

A credential is written as ``env:NAME``, ``file:PATH`` or ``keyring:NAME``; the text itself stands in no file of ours.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

from runner.errors import Unauthorized
from runner.spi import Secret

_SHORT: Final = 4  # shorter secrets are not scrubbed by value: they would take ordinary words with them
_QUERY = re.compile(r"(?i)([?&](?:token|key|api_key|apikey|access_token|password|secret|sig)=)[^&\s\"']+")
_HEADER = re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s\"',}]+")
_LOGIN = re.compile(r"(://[^/\s:@]+:)[^@\s/]+(?=@)")


class Vault:
    """Resolves credential references and remembers what it gave out, so that it can be scrubbed."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        """`environment` answers ``env:``; relative ``file:`` paths start at `folder`."""
        self._environment = environment
        self._folder = folder
        self._given: tuple[str, ...] = ()  # every form of every secret, the longest first

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
                text, missing = _from_keyring(name), f"the keyring has no entry outage-runner/{name}"
            case _:
                raise Unauthorized("a credential must be env:NAME, file:PATH or keyring:NAME")
        if not text:
            raise Unauthorized(f"the credential {reference} is missing: {missing}")
        self._given = tuple(sorted({*self._given, *_forms(text)}, key=len, reverse=True))
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
        """Return `text` without any secret given out so far, however it is written there."""
        for form in self._given:
            if form in text:
                text = text.replace(form, "***")
        return text


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as faults and reports may show it: bare, quoted for a URL, escaped, encoded, line by line."""
    bare = secret.strip()
    lines = bare.splitlines() if "\n" in bare else []
    quoted = (quote(bare, safe=""), quote(bare), quote_plus(bare))
    escaped = (json.dumps(bare)[1:-1], json.dumps(bare, ensure_ascii=False)[1:-1], repr(bare)[1:-1])
    encoded = (b64encode(each.encode()).decode() for each in (bare, secret))
    for form in (secret, bare, *lines, *quoted, *escaped, *encoded):
        if len(form.strip()) >= _SHORT:
            yield form


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


def _from_keyring(name: str) -> str:
    from importlib import import_module

    try:
        keyring = import_module("keyring")
    except ImportError:
        raise Unauthorized("credentials from the keyring need the package `keyring` to be installed") from None
    try:
        return str(keyring.get_password("outage-runner", name) or "")
    except Exception as fault:  # a keyring may fail in any way: locked, no session, no backend
        raise Unauthorized(f"the keyring cannot be asked for outage-runner/{name}: {type(fault).__name__}") from fault
