"""Which lifecycle the queues of one Request Tracker have: read when it is first needed, and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final
from urllib.parse import quote

from providers.request_tracker.client import Client
from runner.spi import InvalidInput, NotFound, Unavailable

HOW: Final = "{initial: [...], active: [...], inactive: [...]}"


class Queues:
    """The queues of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lifecycles: dict[str, str] = {}

    def lifecycle(self, queue: str) -> str:
        """Return the name of a queue's lifecycle. Raises `InvalidInput` for a queue that the token does not see: a list
        of tickets would only be empty, and the creation of one a refusal (seen)."""
        low = queue.casefold()
        if low not in self._lifecycles:
            what = f"look at queue {queue}"
            try:
                row = self._client.get(f"/queue/{quote(queue, safe='')}", what).data
            except NotFound as fault:
                raise InvalidInput(
                    f"{self._client.account.name} has no queue {queue!r}, or the token's owner may not see it",
                    hint="write its name as RT shows it, or give the account the right SeeQueue",
                    code="PL001",
                ) from fault
            if not isinstance(row.get("Lifecycle"), str):
                raise Unavailable(f"{self._client.account.name}: {what}: the answer names no lifecycle")
            self._lifecycles[low] = row["Lifecycle"]
        return self._lifecycles[low]

    def check(self, queue: str, statuses: Sequence[str]) -> None:
        """Raise `InvalidInput` for a status that tickets of a queue cannot have: RT would answer 200, and say so in a
        sentence."""
        if not statuses:
            return
        account, lifecycle = self._client.account, self.lifecycle(queue)
        known = account.statuses(lifecycle)
        if not known:
            raise InvalidInput(
                f"queue {queue!r} of {account.name} has the lifecycle {lifecycle!r}, whose statuses no API lists",
                hint=f"write them under targets.{account.name}.options.lifecycles.{lifecycle}: {HOW}",
            )
        for status in statuses:
            if status not in known:
                near = get_close_matches(status, known, n=1)
                hint = f"did you mean {near[0]}? " if near else ""
                raise InvalidInput(
                    f"tickets in queue {queue!r} of {account.name} cannot have the status {status!r}",
                    hint=f"{hint}its lifecycle {lifecycle!r} has: {', '.join(sorted(known))}",
                )
