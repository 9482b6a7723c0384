"""Secrets: resolved from references, and scrubbed from every text that leaves the runner.

A credential is written as ``env:NAME``, ``file:PATH`` or ``keyring:NAME``; the text itself stands in no file of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runner.errors import Unauthorized
from runner.spi import Secret

_SHORT: Final = 4  # shorter secrets are not scrubbed by value: they would take ordinary words with them
_QUERY = re.compile(r"(?i)([?&](?:token|key|api_key|apikey|access_token|password|secret|sig)=)[^&\s\"']+")


class Vault:
    """Resolves credential references and remembers what it gave out, so that it can be scrubbed."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        """`environment` answers ``env:``; relative ``file:`` paths start at `folder`."""
        self._environment = environment
        self._folder = folder
        self._given: set[str] = set()

    def secret(self, reference: str) -> Secret:
        """Return the secret that a reference names. Raises `Unauthorized` with a sentence when it is missing."""
        scheme, _, name = reference.partition(":")
        match scheme:
            case "env":
                text = self._environment.get(name, "")
                missing = f"the environment variable {name} is not set"
            case "file":
                path = self._folder / name
                text = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
                missing = f"the file {path} is missing or empty"
            case "keyring":
                text, missing = _from_keyring(name), f"the keyring has no entry outage-runner/{name}"
            case _:
                raise Unauthorized("a credential must be env:NAME, file:PATH or keyring:NAME")
        if not text:
            raise Unauthorized(f"the credential {reference} is missing: {missing}")
        self._given.add(text)
        return Secret(text)

    def scrub(self, text: str) -> str:
        """Return `text` without any secret given out so far, and without secrets in query strings."""
        for secret in sorted(self._given, key=len, reverse=True):
            if len(secret) >= _SHORT:
                text = text.replace(secret, "***")
        return _QUERY.sub(r"\1***", text)


def _from_keyring(name: str) -> str:
    from importlib import import_module

    try:
        keyring = import_module("keyring")
    except ImportError:
        raise Unauthorized("credentials from the keyring need the package `keyring` to be installed") from None
    return str(keyring.get_password("outage-runner", name) or "")
