"""report: lists for people who lead a team through an outage. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest

from runner.commands.session import Session
from runner.errors import Usage
from runner.report import Ranked

_NEVER = "9999"  # sorts behind every date


def priority(session: Session, targets: Sequence[str], limit: int) -> list[Ranked]:
    """Return whom to answer first: the nearest breach of a service level, then the longest wait; `limit` of them.

    Without `targets`, those of runner.yaml that can tell. Raises `ProviderError`, `Usage`, and `InvalidInput` for a
    target that was named and cannot tell.
    """
    able = [name for name in session.config.targets if session.readers.queues(name)]
    if not (targets or able):
        raise Usage("no target of runner.yaml can list the tickets that wait", hint="zendesk can")
    rows = (Ranked(name, each) for name in targets or able for each in session.readers.waiting(name))
    return nsmallest(limit, rows, key=_place)


def _place(row: Ranked) -> tuple[str, str, str]:
    return (row.ticket.due or _NEVER, row.ticket.since or _NEVER, row.ticket.key)
