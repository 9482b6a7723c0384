"""OData filters for Movidesk, built from values that anybody may have typed: quoted, and never longer than it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

MANY: Final = 12  # values that one filter names: more run into a limit of about a hundred nodes [3]


def quoted(text: str) -> str:
    """Return a text as a literal; a quote within it is doubled."""
    return "'" + text.replace("'", "''") + "'"


def equal(field: str, text: str) -> str:
    """Return the condition that a field holds a text."""
    return f"{field} eq {quoted(text)}"


def either(conditions: Iterable[str]) -> str:
    """Return the condition that one of several holds."""
    found = list(dict.fromkeys(conditions))
    return found[0] if len(found) == 1 else f"({' or '.join(found)})"


def ids(keys: Sequence[str]) -> str:
    """Return the condition that a ticket is one of these, by number."""
    return either(f"id eq {int(key)}" for key in keys)


def was(status: str, justification: str | None = None) -> str:
    """Return the condition that a ticket had a status at some time, with that justification where one is given."""
    inner = equal("h/status", status)
    if justification is not None:
        inner += f" and {equal('h/justification', justification)}"
    return f"statusHistories/any(h: {inner})"
