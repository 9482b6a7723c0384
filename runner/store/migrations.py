"""Forward-only steps from one schema version to the next, each in one transaction, after a copy of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {}


def upgrade(conn: Connection, version: int, path: Path) -> None:
    """Bring the store from `version` to the newest; the old file stays beside it as ``<name>.v<version>``.

    Raises `sqlalchemy.exc.SQLAlchemyError` when a step fails: then nothing of that step is kept.
    """
    copy = path.with_name(f"{path.name}.v{version}")
    if not copy.exists():
        conn.exec_driver_sql("VACUUM INTO ?", (str(copy),))
    while step := STEPS.get(version):
        with conn.begin():
            step(conn)
            version += 1
            conn.execute(text("UPDATE meta SET version = :v"), {"v": version})
