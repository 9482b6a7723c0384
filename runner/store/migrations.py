"""Forward-only steps from one schema version to the next, all in one transaction, after a copy of the file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from runner.errors import StoreError
from runner.store.tables import SCHEMA_VERSION

STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {}


def upgrade(conn: Connection, path: Path) -> None:
    """Bring the store at `path`, open as `conn`, to the newest version; what it was stays beside it as
    ``<name>.v<version>`` (0600).

    Raises `StoreError` for a version that no step leads from, `sqlalchemy.exc.SQLAlchemyError` when a step fails:
    then nothing is changed.
    """
    with conn.begin():  # the lock: another process that migrates waits here, and finds it done
        version = int(conn.execute(text("SELECT version FROM meta")).scalar_one())
        if any(each not in STEPS for each in range(version, SCHEMA_VERSION)):
            raise StoreError(
                f"the store {path} has schema {version}, and this runner cannot bring it to {SCHEMA_VERSION}",
                hint="finish its outages with the runner that wrote it, or import their journals into a new store; "
                "nothing was changed",
                code="ST002",
            )
        if version < SCHEMA_VERSION:
            _copy(path, path.with_name(f"{path.name}.v{version}"))
        while version < SCHEMA_VERSION:
            STEPS[version](conn)
            version += 1
            conn.execute(text("UPDATE meta SET version = :v"), {"v": version})


def _copy(path: Path, copy: Path) -> None:
    """Copy a store whose write lock we hold; the copy has its name only when it is whole."""
    part = copy.with_name(f"{copy.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)
