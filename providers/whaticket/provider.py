"""The provider for Whaticket: one account behind the runner's three methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from providers.http import NoReply
from providers.whaticket import people
from providers.whaticket.client import Client
from providers.whaticket.mapping import (
    AGENT,
    CONNECTION,
    matches,
    notice,
    number_of,
    several,
    tickets,
    values_of,
)
from runner import kinds
from runner.model import Accepted, Change, Outcome, Slot, Value, Verdict
from runner.spi import (
    Finding,
    InvalidInput,
    Io,
    KindSpec,
    NotFound,
    NotSent,
    ProviderError,
    Query,
    RateLimited,
    Rejected,
    Target,
    Unavailable,
)

Values = Mapping[str, Value]
DONE: Final = Outcome(Verdict.DONE)
SENDING: Final = 30.0  # seconds of a batch after which no further request is begun


def open_target(target: Target, io: Io) -> Whaticket:
    """Return the account that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Whaticket(target, io)


class Whaticket:
    """One account of Whaticket."""

    def __init__(self, target: Target, io: Io) -> None:
        self._target = target
        self._client = Client(target, io)
        self._io = io
        rate = self._client.per_minute
        self._kinds = kinds.offer(notice(rate), tickets(rate), *people.by_people())
        self._users: list[Mapping[str, Any]] | None = None
        self._up: dict[str, str] = {}  # connection as named -> id of one that is connected

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return what the account offers; what has no API is carried out by people."""
        return self._kinds

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row. Raises `ProviderError`."""
        found: Mapping[str, Callable[[Query], Iterator[tuple[str, Values]]]] = {
            "notice": self._recipients,
            "tickets": self._tickets,
        }
        if query.kind not in found:
            raise Rejected(f"{self._target.name}: Whaticket has no API for {query.kind}", field="kind")
        for key, values in islice(found[query.kind](query), query.limit):
            for path, value in kinds.asked(query.paths, values).items():
                yield Slot(self._target.name, query.kind, key, path), value

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Send or transfer one by one; yield one outcome per change, in order. Raises `ProviderError`: the rest was
        not sent."""
        begun, act = self._io.now(), self._send if batch and batch[0].slot.kind == "notice" else self._transfer
        for change in batch:
            if (self._io.now() - begun).total_seconds() > SENDING:
                raise RateLimited(f"{self._target.name}: a slow batch ends here; it goes on", retry_after=0.0)
            try:
                yield self._attempt(act, change)
            except NotSent:
                raise
            except Unavailable as fault:  # it may have been carried out; what comes after it need not be tried
                yield Outcome(Verdict.UNKNOWN, fault.message)
                raise NotSent(f"{fault.message}; nothing more was sent") from fault

    def examine(self) -> Iterator[Finding]:
        """Yield whose token it is and which connections can send. Raises `ProviderError`."""
        who = self._client.get("/me", "look at the token")
        name = who.get("name") if isinstance(who, dict) else ""
        yield Finding("ok", f"the token works{f', for {name}' if name else ''}")
        connections = self._connections()
        up = [str(row.get("name") or row["id"]) for row in connections if _is_up(row)]
        if not up:
            yield Finding(
                "problem", "no WhatsApp connection is connected", "connect one in Whaticket, or nothing is sent"
            )
        else:
            yield Finding("ok", f"connected: {', '.join(up)}")

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield nothing: what there is to know stands in the notes of the kinds."""
        del kind, with_
        return iter(())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # --- messages ---------------------------------------------------------------------------------------------------

    def _recipients(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield the recipients of a step, each once; what was sent is nowhere to be read. Raises `InvalidInput`."""
        yield from ((key, {}) for key in query.ids)
        if query.where is None:
            return
        self._connection(str(query.where.get(CONNECTION, "")))
        seen: set[str] = set()
        to = [str(each) for each in query.where["to"]]
        if wrong := [str(place + 1) for place, text in enumerate(to) if not number_of(text)]:
            raise InvalidInput(
                f"{self._target.name}: no telephone number at place {', '.join(wrong)} of `to`",
                hint="write it with the country's code: +5215512345678",
            )
        for place, text in enumerate(to):
            key = f"{query.where['marker']}/{self._io.pseudonym(number_of(text))}"
            if key not in seen:
                seen.add(key)
                yield key, {"name": f"recipient {place + 1}"}

    def _send(self, change: Change) -> None:
        content, whose = change.payload, change.slot.key.rpartition("/")[2]
        numbers = (number_of(str(each)) for each in content["to"])
        number = next((each for each in numbers if self._io.pseudonym(each) == whose), "")
        if not number:
            raise Rejected("this number is not in the step any more")
        try:
            connection = self._connection(content["connection"])
        except (InvalidInput, ProviderError) as fault:
            raise NotSent(fault.message) from fault
        body = {"whatsappId": connection, "messages": [{"number": number, "body": content["body"]}]}
        self._client.post("/messages", "send a message", body)

    def _connections(self) -> list[Mapping[str, Any]]:
        what = "list connections"
        return self._client.rows(self._client.get("/whatsapps", what), "whatsapps", what)

    def _connection(self, name: str) -> str:
        """Return the id of the connection that is meant: by name or id, the target's own, or the only one. Raises
        `InvalidInput`."""
        wanted = name or self._client.connection
        if wanted not in self._up:
            self._up[wanted] = self._looked_up(wanted)
        return self._up[wanted]

    def _looked_up(self, wanted: str) -> str:
        rows = self._connections()
        found = [row for row in rows if wanted in ("", str(row["id"]), str(row.get("name")))]
        names = ", ".join(str(row.get("name") or row["id"]) for row in rows) or "none"
        place = f"`connection` in the step, or under targets.{self._target.name}.options"
        if len(found) != 1:
            what = f"has {len(found)} connections {wanted!r}" if wanted else f"has {len(rows)} connections"
            raise InvalidInput(f"{self._target.name} {what}", hint=f"write {place}: {names}", code="PL001")
        if not _is_up(found[0]):
            state = f"{found[0].get('name')} is {found[0].get('status')}"
            raise InvalidInput(
                f"{self._target.name}: the connection {state}, and sends nothing",
                hint=f"connect it in Whaticket, or write another {place}",
            )
        return str(found[0]["id"])

    # --- tickets ----------------------------------------------------------------------------------------------------

    def _tickets(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield tickets by id, or those of a selection, with the agents that the query names."""
        named = {path: self._agent(path.removeprefix(AGENT)) for path in query.paths if path.startswith(AGENT)}
        queues = self._queues() if "queue" in query.paths else {}
        if query.ids:
            for key in query.ids:
                row = self._ticket(key)
                yield key, {**values_of(row, queues), **named} if row else {}
            return
        what = "list tickets"
        where = query.where or {}
        chosen = (
            {"userIds": ",".join(named[AGENT + each] for each in several(where["agent"]))} if "agent" in where else {}
        )
        states = ("open",) if query.where is not None else ("open", "pending")
        for state in states:
            data = self._client.get("/tickets", what, status=state, **chosen)
            for row in self._client.rows(data, "tickets", what):
                values = {**values_of(row, queues), **named}
                if matches(where, values):
                    yield str(row["id"]), values

    def _ticket(self, key: str) -> Mapping[str, Any]:
        try:
            found = self._client.get(f"/tickets/{key}", "read a ticket")
        except NotFound:
            return {}
        row = found.get("ticket", found) if isinstance(found, dict) else {}
        return row if row.get("id") else {}

    def _transfer(self, change: Change) -> None:
        if not isinstance(change.after, str):
            raise Rejected("a ticket cannot be put back among the pending ones", field="agent")
        body = {"userId": change.after}
        self._client.post(f"/tickets/{change.slot.key}/transfer", "transfer a ticket", body)

    def _queues(self) -> Mapping[str, str]:
        what = "list queues"
        rows = self._client.rows(self._client.get("/queues", what), "queues", what)
        return {str(row["id"]): str(row.get("name") or row["id"]) for row in rows}

    def _people(self) -> list[Mapping[str, Any]]:
        if self._users is None:
            what = "list agents"
            self._users = self._client.rows(self._client.get("/users", what), "users", what)
        return self._users

    def _agent(self, wanted: str) -> str:
        """Return the id of the agent with this name, address or id. Raises `InvalidInput` with the nearest names."""
        account, rows = self._target.name, self._people()
        texts = [{str(row.get(name, "")).casefold() for name in ("id", "name", "email")} for row in rows]
        found = [row for row, known in zip(rows, texts, strict=True) if wanted.casefold() in known]
        if len(found) == 1:
            return str(found[0]["id"])
        if found:
            ids = ", ".join(str(row["id"]) for row in found)
            raise InvalidInput(f"{account} has {len(found)} agents {wanted!r}", hint=f"ids: {ids}", code="PL002")
        names = [str(row.get("name")) for row in rows]
        near = get_close_matches(wanted, names, n=3, cutoff=0.4) or names[:5]
        raise InvalidInput(
            f"{account} has no agent {wanted!r}", hint=f"it has: {', '.join(near) or 'none'}", code="PL001"
        )

    # --- outcomes ---------------------------------------------------------------------------------------------------

    def _attempt(self, act: Callable[[Change], None], change: Change) -> Outcome:
        """Return what became of one change. Raises `ProviderError` for what concerns the account as a whole."""
        try:
            act(change)
        except (Rejected, NotFound) as fault:
            return Outcome(Verdict.REJECTED, fault.message)
        except NoReply as fault:
            return Outcome(Verdict.UNKNOWN, fault.message)
        return DONE


def _is_up(row: Mapping[str, Any]) -> bool:
    return str(row.get("status", "")).upper() == "CONNECTED"  # [3]
