"""One YAML file, read once: plain values, and the line and column of each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.errors import Mark
from runner.model import Json


@dataclass(frozen=True, slots=True)
class Source:
    """A file as plain JSON values (`data`) that knows where each of them stands."""

    file: str
    data: Json

    def mark(self, path: Sequence[str | int] = ()) -> Mark:
        """Return the place of the value at `path`, or of its nearest parent that exists."""
        raise NotImplementedError

    def key_mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the key whose value is at `path`; the value's place where there is no key."""
        raise NotImplementedError
