"""Plans saved in files: exactly what was planned is carried out, or it is said what moved."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.commands.session import Session


@contextmanager
def workbench(session: Session) -> Iterator[Path]:
    """Give a folder of one's own beside the store, for selections listed while planning; it is gone afterwards."""
    folder = session.config.store.path.parent / "spool" / f"plan-{session.store.lineage[:6]}-{session.deps.now_ms()}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_plan(path: Path) -> bool:
    """Whether a file is a saved plan and not a playbook, by its first characters."""
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False
