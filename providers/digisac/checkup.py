"""What is missing or remarkable about an account, for `runner doctor` and for plans. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.digisac.client import ROLE, Client
from providers.digisac.directory import Directory, Person
from providers.digisac.schedule_kind import failure_of, instant_of
from providers.digisac.schedules import Schedules
from providers.digisac.shared import unmarked
from providers.digisac.tickets import Tickets
from runner.kinds.contacts import handles
from runner.spi import Finding, Unavailable

SHOWN: Final = 5  # contacts named one by one
OFFICIAL: Final = re.compile("business|waba|cloud", re.IGNORECASE)  # in the type of a connection, a guess
MAY: Final = re.compile("schedul|agend", re.IGNORECASE)  # in the name of a permission, a guess


def examine(client: Client, schedules: Schedules, directory: Directory) -> Iterator[Finding]:
    """Yield findings about the token's owner, the clock, and schedules that failed. Raises `ProviderError`."""
    me = client.get("/me", "show who we are")
    if not isinstance(me, dict) or "id" not in me:
        raise Unavailable(f"{client.account.name}: show who we are: the answer names nobody; is this really Digisac?")
    yield from _role(client, me)
    zone = client.account.zone.key
    yield Finding(
        "note", f"schedules are meant for the clock of {zone}", "compare Mais opções > Empresa > Fuso Horário"
    )
    failed = [row for row in schedules.rows() if unmarked(str(row.get("notes") or ""))[1] and _failed(client, row)]
    if failed:
        names = directory.names(dict.fromkeys(str(row.get("contactId") or "") for row in failed))
        words = f"{len(failed)} of our schedules did not come about: {_named(list(names.values()))}"
        yield Finding("problem", words, "the contact's ticket was open, most likely: write to them by hand")


def _role(client: Client, me: Mapping[str, Any]) -> Iterator[Finding]:
    shown = client.get(f"/users/{me['id']}", "show our roles", {"include": "roles"})
    roles = shown.get("roles") if isinstance(shown, dict) else None
    listed: Sequence[Mapping[str, Any]] = [each for each in roles or () if isinstance(each, dict)]
    name = me.get("name") or me["id"]
    if any(each.get("isAdmin") for each in listed):
        yield Finding("ok", f"acts as {name}, an administrator")
    elif any(MAY.search(str(each)) for role in listed for each in role.get("permissions") or ()):
        yield Finding("ok", f"acts as {name}, whose role may use schedules")
    else:
        yield Finding("note", f"acts as {name}, whose role may not be allowed to use schedules", ROLE)


def _failed(client: Client, row: Mapping[str, Any]) -> bool:
    at = instant_of(row, client.account.zone)
    return at is not None and at <= client.io.now() and bool(failure_of(row))


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


# --- before a step is carried out -----------------------------------------------------------------------------------


def advise(
    client: Client, directory: Directory, tickets: Tickets, kind: str, with_: Mapping[str, Any]
) -> Iterator[str]:
    """Yield what somebody should know before a step is carried out. Raises `ProviderError`, `InvalidInput`."""
    if kind == "tickets" and "status" in with_:
        yield "a ticket that this closes comes back as a new one, with another protocol number"
    if kind in ("tickets", "snooze") and (many := tickets.left_alone(with_["select"])):
        theirs = "1 ticket that no department has is" if many == 1 else f"{many} tickets that no department has are"
        yield f"{theirs} left alone, since nothing could give it back: pass it on to a department by hand first"
    if kind not in ("scheduled_contact", "notice"):
        return
    people = list(directory.contacts(handles(with_["contacts"])).values())
    if kind == "scheduled_contact":
        yield "what has come about by the end of the step is not taken back"
        yield from _open(tickets, people)
    if kind == "notice" or "message" in with_:
        yield from _late(client, people)


def _open(tickets: Tickets, people: Sequence[Person]) -> Iterator[str]:
    """Say whose ticket is open: a schedule comes about only while it is closed [DOC]."""
    waiting = {str(row["contactId"]) for row in tickets.open([person.id for person in people])}
    names = [person.name for person in people if person.id in waiting]
    if names:
        many = "their tickets are" if len(names) > 1 else "the ticket is"
        yield (
            f"{len(names)} of {len(people)} will fail unless {many} closed when the time comes: {_named(names)}; close "
            "with a step `uses: tickets`, `restore: keep`"
        )


def _late(client: Client, people: Sequence[Person]) -> Iterator[str]:
    """Say who may be out of reach: free text over an official connection is for a day after they wrote [?]."""
    rows = client.pages("/services", "list connections")
    official = {str(row["id"]) for row in rows if OFFICIAL.search(str(row.get("type") or ""))}
    names = [person.name for person in people if person.connection in official]
    if names:
        yield (
            f"{len(names)} of {len(people)} write over an official WhatsApp connection, where free text may be refused "
            f"later than 24 hours after they wrote last: {_named(names)}"
        )
