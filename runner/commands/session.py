"""What every command starts from: the configuration, the store, the targets, and the world outside."""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.config import Config
from runner.deps import Deps
from runner.errors import InvalidInput, Refused, Severity, Usage
from runner.spi import KindSpec, OpenProvider, Secret

if TYPE_CHECKING:
    from runner.registry import Live, ReadOnly
    from runner.store.store import Store
    from runner.work import Desk

CONFIG = "runner.yaml"
KEY = "key"


@dataclass(slots=True)
class _Io:
    """The outside as a provider sees it."""

    deps: Deps
    vault: Any
    folder: Path  # of the store
    _key: bytes = field(default=b"", repr=False)

    def now(self) -> datetime:
        return self.deps.now()

    def sleep(self, seconds: float) -> None:
        self.deps.sleep(seconds)

    def transport(self) -> Any:
        return self.deps.transport

    def dial(self, host: str, port: int, timeout: float) -> Any:
        return self.deps.dial(host, port, timeout)

    def secret(self, reference: str) -> Secret:
        found: Secret = self.vault.secret(reference)
        return found

    def pseudonym(self, text: str) -> str:
        self._key = self._key or key_beside(self.folder, self.deps.entropy)
        return b32encode(hmac.digest(self._key, text.encode(), "sha256")).decode().lower()[:20]


@dataclass
class Session:
    """One command's view of the world. Everything is opened when it is first needed.

    `open_with` returns a provider's factory by name; None means the installed ones.
    """

    deps: Deps
    config: Config
    open_with: Mapping[str, OpenProvider] | None = None
    create: bool = True
    _store: Store | None = field(default=None, repr=False)

    @cached_property
    def vault(self) -> Any:
        """The secrets."""
        from runner.redact import Vault

        return Vault(self.deps.environment, self.config.file.parent)

    @cached_property
    def io(self) -> _Io:
        """The outside as providers see it."""
        return _Io(self.deps, self.vault, self.config.store.path.parent)

    @property
    def store(self) -> Store:
        """The store; a missing file is made only by commands that write."""
        from runner.store.store import Store

        if self._store is None:
            self._store = Store(self.config.store.path, create=self.create)
        return self._store

    def _factory(self, name: str) -> OpenProvider:
        from runner import registry

        if self.open_with is not None and name in self.open_with:
            return self.open_with[name]
        return registry.load(name)

    @cached_property
    def readers(self) -> ReadOnly:
        """The targets, for reading."""
        from runner.registry import ReadOnly

        return ReadOnly(self.config.targets, self.io, self.vault, self._factory)

    @cached_property
    def live(self) -> Live:
        """The targets, for reading and writing."""
        from runner.registry import Live

        return Live(self.config.targets, self.io, self.vault, self._factory)

    @cached_property
    def desk(self) -> Desk:
        """What a drive works with."""
        from runner.work import Desk

        return Desk(self.store, self.live, self.deps)

    def capabilities(self) -> Mapping[str, Mapping[str, KindSpec]]:
        """Return what every target offers, offline. A target whose provider is missing offers nothing here."""
        found: dict[str, Mapping[str, KindSpec]] = {}
        for name in self.config.targets:
            try:
                found[name] = self.readers.capabilities(name)
            except InvalidInput:
                continue
        return found

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def refuse_throwaway_store(self) -> None:
        """Refuse to write from a CI job whose store would be thrown away with the checkout. Raises `Refused`."""
        store, folder = self.config.store, self.config.file.parent.resolve()
        if self.deps.environment.get("CI") != "true" or store.kept or not store.path.resolve().is_relative_to(folder):
            return
        raise Refused(
            f"this is a CI job, and the store {store.path} lies inside the checkout: it would be thrown away with "
            "every before-image in it",
            hint="put `store.path` on a kept volume, or say `store: {kept: true}` when the job saves and restores it",
            code="ST003",
        )


def key_beside(folder: Path, entropy: Callable[[int], bytes]) -> bytes:
    """Return the key that hashes personal data in `folder`, the store's: made when it is first needed, readable by its
    owner only. Where there is no store yet, nothing is kept and the key is good for this command only."""
    path, new = folder / KEY, entropy(32)
    if not folder.is_dir():
        return new
    try:
        return path.read_bytes()
    except FileNotFoundError:
        draft = folder / f"{KEY}.{new[:6].hex()}"
        draft.touch(0o600)
        draft.write_bytes(new)
    try:
        path.hardlink_to(draft)  # of two that make one at the same time the first stands
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_bytes()


def open_session(deps: Deps, path: Path | None, *, create: bool = True, **more: Any) -> Session:
    """Return a session on `path` (``runner.yaml`` here or in a folder above, when None).

    Raises `InvalidInput` with every mistake of the configuration.
    """
    from runner.load_config import load_config

    found = path or find_config(Path.cwd())
    config, diagnostics = load_config(found, shown=_shown(found))
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    if config is None or errors:
        raise InvalidInput(f"{_shown(found)} cannot be used", diagnostics=diagnostics, code="CF000")
    return Session(deps, config, create=create, **more)


def find_config(folder: Path) -> Path:
    """Return the nearest runner.yaml at or above `folder`. Raises `Usage`."""
    for each in (folder, *folder.parents):
        if (each / CONFIG).is_file():
            return each / CONFIG
    raise Usage(
        f"there is no {CONFIG} here or in a folder above", hint="`runner init` writes one with an embedded helpdesk"
    )


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
