"""Codes of the semantic checks of playbooks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runner.catalogue_entry import Entry

SEMANTIC: Final[Mapping[str, Entry]] = MappingProxyType({})
