"""init, new, doctor, and what can be known without a sound configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner.commands.session import CONFIG, Session, find_config
from runner.config import Config
from runner.deps import Deps
from runner.errors import Diagnostic
from runner.load import Capabilities
from runner.load_config import load_config
from runner.spi import OpenProvider


def checkable(
    deps: Deps, path: Path | None, open_with: Mapping[str, OpenProvider] | None, *, needed: bool
) -> tuple[Config | None, Capabilities, tuple[Diagnostic, ...]]:
    """Return the configuration as far as it can be read, what its targets offer, and its diagnostics.

    Without a runner.yaml there is none of these, unless it is `needed`: then raises `Usage`.
    """
    found = path
    if found is None:
        above = [folder / CONFIG for folder in (Path.cwd(), *Path.cwd().parents) if (folder / CONFIG).is_file()]
        found = find_config(Path.cwd()) if needed else next(iter(above), None)
    if found is None:
        return None, {}, ()
    shown = str(found.relative_to(Path.cwd())) if found.is_relative_to(Path.cwd()) else str(found)
    config, diagnostics = load_config(found, shown=shown)
    if config is None:
        return None, {}, diagnostics
    return config, Session(deps, config, open_with, create=False).capabilities(), diagnostics
