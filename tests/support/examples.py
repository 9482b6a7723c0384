"""The example playbooks of the checkout, by the runner.yaml that governs them: the nearest one above."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def governed_by(folder: str) -> list[Path]:
    """Return the playbooks under playbooks/ whose nearest runner.yaml lies in `folder`, relative to the checkout."""
    return sorted(path for path in _all() if _nearest(path) == ROOT / folder)


def _all() -> Iterator[Path]:
    return (path for path in (ROOT / "playbooks").rglob("*.yaml") if path.name != "runner.yaml")


def _nearest(path: Path) -> Path:
    return next(folder for folder in path.parents if (folder / "runner.yaml").exists())
