"""init, new, providers, and what can be known without a sound configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runner.commands import skeletons
from runner.commands.session import CONFIG, Session, find_config, open_session
from runner.config import Config
from runner.deps import Deps
from runner.errors import Diagnostic, InvalidInput, Refused, Usage
from runner.load import Capabilities
from runner.load_config import load_config
from runner.spi import KindSpec, OpenProvider

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


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


# --- init, new ------------------------------------------------------------------------------------------------------


def init(deps: Deps, folder: Path) -> list[Path]:
    """Write runner.yaml with an embedded helpdesk, an example playbook and lines of .gitignore; return what was made.

    Raises `Refused` when there is a runner.yaml already.
    """
    config = folder / CONFIG
    if config.exists():
        raise Refused(f"{config} is there already", hint="`runner new NAME` adds a playbook to it", code="IN001")
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(skeletons.CONFIG, encoding="utf-8")
    made = [config, *_ignored(folder / ".gitignore")]
    return [*made, new(deps, config, None, "first-outage", "partial")]


def _ignored(path: Path) -> list[Path]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    missing = [line for line in skeletons.IGNORED if line not in text.splitlines()]
    if not missing:
        return []
    start = text if not text or text.endswith("\n") else f"{text}\n"
    path.write_text(start + "\n".join(missing) + "\n", encoding="utf-8")
    return [path]


def new(
    deps: Deps, path: Path | None, open_with: Mapping[str, OpenProvider] | None, name: str, kind: str, target: str = ""
) -> Path:
    """Write a commented playbook into the configured folder; return its path. Raises `Usage`, `Refused`."""
    if not NAME.fullmatch(name):
        raise Usage(f"{name!r} cannot be a playbook's name", hint="lower case letters, digits, `-`, `_` and `.`")
    session = open_session(deps, path, create=False, open_with=open_with)
    config = session.config
    chosen = session.readers.target(target or next(iter(config.targets)))
    folder = next((each for each in map(config.file.parent.joinpath, config.playbooks) if not each.is_file()), None)
    out = (folder or config.file.parent / "playbooks") / name / f"{name}.yaml"
    if out.exists():
        raise Refused(f"{out} is there already", hint="choose another name", code="IN002")
    out = out.relative_to(Path.cwd()) if out.is_relative_to(Path.cwd()) else out
    text = skeletons.playbook(
        name,
        kind,
        file=str(out),
        target=chosen.name,
        zone=chosen.zone,
        offered=session.readers.capabilities(chosen.name),
        pauses="pause" in chosen.words,
        locales=config.required_locales or (config.language,),
        today=deps.now().date(),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    return out


# --- providers ------------------------------------------------------------------------------------------------------


def offers(
    deps: Deps, path: Path | None, open_with: Mapping[str, OpenProvider] | None, target: str = ""
) -> dict[str, Mapping[str, KindSpec]]:
    """Return what every target (or the one named) offers, offline; nothing where there is no runner.yaml."""
    config, capabilities, diagnostics = checkable(deps, path, open_with, needed=bool(path or target))
    if config is None:
        if diagnostics:
            raise InvalidInput("the configuration cannot be used", diagnostics=diagnostics, code="CF000")
        return {}
    if not target:
        return dict(capabilities)
    return {target: Session(deps, config, open_with, create=False).readers.capabilities(target)}


def installed() -> dict[str, str]:
    """Return the installed providers: name -> distribution and version."""
    from runner import registry

    return dict(sorted(registry.providers().items()))
