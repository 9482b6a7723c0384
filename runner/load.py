"""Playbooks and runner.yaml: from files to frozen values, with every mistake found on the way.

Nothing here raises for bad input: mistakes are diagnostics, collected and returned. What is broken is left out of the
value that is returned, so that the semantic checks can still look at the rest and everything is reported in one run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.config import Config
from runner.errors import Diagnostic, Mark
from runner.model import Json
from runner.playbook import Playbook
from runner.source import Source
from runner.spi import KindSpec


@dataclass(frozen=True, slots=True)
class Loaded:
    """A playbook and the places of its values.

    `complete` is False when parts of the file were broken and left out: such a playbook can be checked further, but it
    must not be planned. Indices in a path count the steps of `playbook`, not those of the file.
    """

    playbook: Playbook
    source: Source
    complete: bool = True

    def mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the value at `path`, such as ``("spec", "steps", 3, "needs", 0)``.

        A path that does not exist gives the place of its nearest parent that does.
        """
        return self.source.mark(path)

    def key_mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the key whose value is at `path`; the value's place where there is no key."""
        return self.source.key_mark(path)


def find_playbooks(paths: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Diagnostic, ...]]:
    """Return the playbook files that `paths` (files or folders) name, sorted, and a diagnostic per path without any."""
    raise NotImplementedError


def load_playbook(
    path: Path, capabilities: Mapping[str, Mapping[str, KindSpec]] | None = None, *, shown: str = ""
) -> tuple[Loaded | None, tuple[Diagnostic, ...]]:
    """Read one playbook with its text files.

    `capabilities` (target name -> kind -> what it can do) lets the `with` of each step be checked against the schema
    of its kind. `shown` is the file name in diagnostics, the path itself by default. The first result is None when the
    file is too broken to be looked at any further.
    """
    raise NotImplementedError


def thaw_playbook(document: Mapping[str, Json], texts: Mapping[str, str], *, file: str = "") -> Playbook:
    """Return the playbook whose `document` and `texts` were stored, without touching a file.

    Raises `InvalidInput` when the document is not a playbook.
    """
    raise NotImplementedError


def load_config(path: Path, *, shown: str = "") -> tuple[Config | None, tuple[Diagnostic, ...]]:
    """Read runner.yaml. Relative paths in it start at its folder.

    The configuration is returned as far as it could be read; only with no diagnostic of severity error is it whole.
    """
    raise NotImplementedError
