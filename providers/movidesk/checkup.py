"""What is missing or remarkable about an account, for `runner doctor` and for plans. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.movidesk.client import Client
from providers.movidesk.names import Names
from providers.movidesk.ticket_kind import TYPES
from providers.movidesk.tickets import Tickets
from runner.spi import Finding, InvalidInput, Target

CALENDAR = (
    "SLA rules set to calendar hours count holidays as working time: look at the tab Service Hours of every rule first"
)


def examine(client: Client, names: Names, target: Target) -> Iterator[Finding]:
    """Yield findings about token, limit, and the statuses that runner.yaml names. Raises `ProviderError`."""
    client.some("", "id", top=1)
    account, free = client.account, client.account.free
    yield Finding("ok", "takes the token")
    night = f"{free.begins:%H:%M} to {free.ends:%H:%M} in {free.zone}"
    yield Finding(
        "note",
        f"takes {account.day_limit:g} requests a minute, {client.limits.ours:g} of them ours; none are counted {night}",
        "the vendor names no time zone for these hours: `zone` under the target's options is a guess",
    )
    named = {"pause": target.words.get("pause"), **account.statuses}
    for name, status in named.items():
        if status is not None:
            yield from _status(names, name, account.statuses.get(str(status), status))


def _status(names: Names, name: str, status: Any) -> Iterator[Finding]:
    """Yield whether public tickets have had a status; internal ones may have others."""
    pair = (status["status"], status["justification"]) if isinstance(status, Mapping) else (str(status), None)
    try:
        names.check(pair, TYPES["public"])
    except InvalidInput as fault:
        yield Finding("problem", f"{name}: {fault.message}", fault.hint)


def advise(tickets: Tickets | None, target: Target, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
    """Yield what somebody should know before a step is carried out. `tickets` are those of the kind, if it has any."""
    if kind == "holiday":
        yield CALENDAR
    if tickets is None:
        return
    customers = tickets.customers_of(with_["select"], target)
    whom = f"up to {customers:,} customers" if customers is not None else "the customers of each ticket"
    if kind == "snooze" or "status" in with_:
        yield (
            f"triggers (gatilhos) run on every change of status and may mail {whom}: look at them first, or switch off "
            "by hand those that mail (`uses: rule`)"
        )
    if {"answer", "answer_file"} & with_.keys():
        yield f"the answer is public: {whom} may get it as mail"
