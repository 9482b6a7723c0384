"""Leases of somebody else, written straight into a store."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def take(folder: Path, outage: str, *, until: float, owner: str = "bruno@laptop/7") -> None:
    """Let `owner` hold the outage in the store below `folder` until then (epoch seconds)."""
    with sqlite3.connect(folder / ".runner" / "store.sqlite") as store:
        store.execute(
            "INSERT INTO leases (name, owner, token, expires_ms, reason) VALUES (?, ?, 1, ?, 'drive') "
            "ON CONFLICT (name) DO UPDATE "
            "SET owner = excluded.owner, token = token + 1, expires_ms = excluded.expires_ms",
            (outage, owner, int(until * 1000)),
        )
    store.close()
