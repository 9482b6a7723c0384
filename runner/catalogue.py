"""Every diagnostic code: what it means and how to mend it. `runner explain CODE` prints an entry.

Three tables, one namespace: files, schemas and configuration; semantic checks; faults and refusals at work.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runner.catalogue_checks import SEMANTIC
from runner.catalogue_entry import Entry
from runner.catalogue_faults import FAULTS
from runner.catalogue_syntax import SYNTAX

__all__ = ["CODES", "SYNTAX", "Entry"]

CODES: Final[Mapping[str, Entry]] = MappingProxyType({**SYNTAX, **SEMANTIC, **FAULTS})
