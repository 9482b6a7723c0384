"""The embedded helpdesk as a target: ``provider: simulator``.

Options in runner.yaml:

    file                  the helpdesk file, relative to the folder of runner.yaml (default ``helpdesk.sqlite``)
    requests_per_minute   how many requests the helpdesk takes in a minute (default: any number)
    settle                seconds for which its reads may still show an old value (default 0)
    deadline              seconds that one request may take (default 30)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from providers.simulator import faults, mapping, reading, tickets, writing
from providers.simulator.database import Database, HelpdeskDown
from providers.simulator.faults import Fault
from providers.simulator.helpdesk import By, Refusal
from providers.simulator.limits import Limit
from providers.simulator.reading import PAGE, Load, Values
from runner import kinds
from runner.model import Accepted, Change, Outcome, Ref, Slot, Value, Verdict, value_from_json, value_to_json
from runner.spi import (
    Forbidden,
    Io,
    KindSpec,
    ProviderError,
    Query,
    RateLimited,
    Rejected,
    Target,
    Unauthorized,
    Unavailable,
)

DEFAULT_FILE: Final = "helpdesk.sqlite"
PATIENCE: Final = 0.9  # share of the deadline after which a request is given up, so that it is never overrun
_LOST: Final = Outcome(Verdict.UNKNOWN, "the reply was lost")
STATUSES: Final = frozenset(tickets.STATUSES)
GIVES_BACK: Final = STATUSES - {"new"}
WHILE_SNOOZED: Final = frozenset(tickets.SNOOZED)


SNOOZING: Final = {
    "reopens_at_due": True,
    "reassigns_to_snoozer": True,
    "ends_on_customer_reply": False,
    "survives_manual_reopen": True,
}


def open_target(target: Target, io: Io) -> Simulator:
    """Return the helpdesk that `target` configures. Opens no file; raises Rejected for an option of the wrong type."""
    return Simulator(target, io)


def file_of(target: Target) -> Path:
    """Return the helpdesk file of a target: its option `file`, relative to the folder of runner.yaml."""
    name = target.options.get("file", DEFAULT_FILE)
    if not isinstance(name, str) or not name:
        raise Rejected(f"targets.{target.name}.options.file must be the path of a file, not {name!r}", field="file")
    return Path(target.folder) / name


class Simulator:
    """The helpdesk behind the runner's three methods. `requests` counts what was asked of it, under read and write."""

    def __init__(self, target: Target, io: Io) -> None:
        self._target = target
        self._io = io
        self._limit = Limit(_number(target, "requests_per_minute"))
        self._settle = _number(target, "settle") or 0.0
        self._deadline = _number(target, "deadline") or 30.0
        self._db = Database(file_of(target))
        self.requests: Counter[str] = Counter()

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return what the helpdesk offers; access settings and checklists are carried out by people."""
        offered = (
            kinds.business_hours(),
            kinds.channel_hours(),
            kinds.holiday(),
            kinds.channel(),
            kinds.message(),
            kinds.rule(),
            kinds.tickets(precondition=True, gives_back=GIVES_BACK, values={"status": STATUSES}),
            kinds.snooze(values={"status": WHILE_SNOOZED, "select/status": STATUSES}, flags=SNOOZING),
            kinds.notice(),
        )
        mine = (
            replace(
                spec,
                page=PAGE,
                max_batch=PAGE,
                rate=self._limit.per_minute,
                settle=self._settle,
                deadline=self._deadline,
            )
            for spec in offered
        )
        return kinds.offer(*mine, kinds.access(), kinds.checklist())

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value), all slots of one object in a row, one page in memory and no transaction open between
        pages. Raises `ProviderError`."""
        if query.kind not in mapping.KINDS:
            raise Rejected(f"the helpdesk {self._target.name} has no {query.kind} to read", field="kind")
        if query.where is not None and query.kind not in ("tickets", "snooze"):
            raise Rejected(f"{query.kind} cannot be selected by a filter", field="where")

        def ask(load: Load, keys: Sequence[str] = ()) -> dict[str, Values]:
            return self._page(query.kind, load, keys)

        for key, values in islice(reading.objects(query, ask), query.limit):
            yield from mapping.asked(Ref(self._target.name, query.kind, key), query.paths, values)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch in one transaction; yield one outcome per change, in order. Raises `ProviderError`."""
        if not batch:
            return
        struck = self._request("write", batch[0].slot.kind)
        if "lost_request" in struck:
            yield from [_LOST] * len(batch)
        elif "ignored" in struck:
            yield from [Outcome(Verdict.DONE)] * len(batch)
        elif "garbage" in struck:
            yield from [Outcome(Verdict.DONE)] * (len(batch) - 1)
        else:
            yield from self._write(batch, struck)

    def close(self) -> None:
        """Close the file; the next request opens it again."""
        self._db.close()

    def _request(self, op: str, kind: str) -> Mapping[str, Fault]:
        """Count one request, keep to the rate limit, and return the faults that strike it, by action."""
        wait = self._limit.wait(self._io.now())
        if wait:
            text = f"{self._target.name} takes {self._limit.per_minute:g} requests a minute; wait {wait:.0f} s"
            raise RateLimited(text, retry_after=wait)
        self.requests[op] += 1
        try:
            struck = {fault.action: fault for fault in faults.take(self._db, op, kind)}
            tickets.wake(self._db, self._io.now(), _stamp(self._io.now()))
        except HelpdeskDown as error:
            raise Unavailable(str(error)) from error
        for fault in struck.values():
            refusal = _refused_request(self._target.name, fault)
            if refusal is not None:
                raise refusal
        return self._hang(op, struck) if "hang" in struck else struck

    def _hang(self, op: str, struck: Mapping[str, Fault]) -> Mapping[str, Fault]:
        fault = struck["hang"]
        seconds = fault.seconds("seconds", 60.0)
        patience = self._deadline * PATIENCE
        self._io.sleep(min(seconds, patience))
        if seconds <= patience:
            return struck
        if op == "read":
            raise Unavailable(f"{self._target.name} did not answer within {patience:g} s; try again later")
        return {**struck, "lost_reply": fault}

    def _page(self, kind: str, load: Load, keys: Sequence[str]) -> dict[str, Values]:
        struck = self._request("read", kind)
        try:
            page = load(self._db)
            old = faults.stale(self._db, kind, self._io.now().timestamp())
        except HelpdeskDown as error:
            raise Unavailable(str(error)) from error
        except Refusal as refusal:
            raise Rejected(refusal.reason, field=refusal.field) from refusal
        for (key, path), value in old.items():
            if key in page or key in keys:
                page[key] = {**page.get(key, {}), path: value_from_json(value)}
        if "garbage" in struck:
            return {key: {path: mapping.garbled(path, value) for path, value in page[key].items()} for key in page}
        return page

    def _write(self, batch: Sequence[Change], struck: Mapping[str, Fault]) -> Iterator[Outcome]:
        sent = mapping.first_half(batch) if "half_batch" in struck else batch
        refused = _scripted_refusal(sent, struck["reject"]) if "reject" in struck else {}
        taken = [change for change in sent if change.slot.ref not in refused] if refused else sent
        now = self._io.now()
        try:
            with self._db.transaction():
                outcomes = iter(writing.write(self._db, taken, By("api", _stamp(now))))
                if "stale_reads" in struck:
                    until = now.timestamp() + struck["stale_reads"].seconds("seconds", 5.0)
                    self._keep_old(taken, until)
        except HelpdeskDown as error:
            raise Unavailable(str(error)) from error
        for change in sent:
            outcome = (refused.get(change.slot.ref) if refused else None) or next(outcomes)
            yield _LOST if "lost_reply" in struck else outcome
        if len(sent) < len(batch):
            raise Unavailable(f"{self._target.name} broke the connection in the middle of a batch; try again later")

    def _keep_old(self, batch: Sequence[Change], until: float) -> None:
        for change in batch:
            slot = change.slot
            faults.remember(self._db, slot.kind, [(slot.key, slot.path, value_to_json(change.before))], until)


def _refused_request(name: str, fault: Fault) -> ProviderError | None:
    """Return the error that a fault makes of a whole request, None when it lets the request through."""
    match fault.action:
        case "rate_limited":
            wait = fault.seconds("retry_after", 5.0)
            return RateLimited(f"{name} asks to wait {wait:g} s", retry_after=wait)
        case "unavailable":
            return Unavailable(f"{name} does not answer; try again later")
        case "unauthorized":
            return Unauthorized(f"{name} refuses the credential; check it in runner.yaml")
        case "forbidden":
            return Forbidden(f"the credential of {name} may not do this; ask an administrator of the account")
    return None


def _scripted_refusal(sent: Sequence[Change], fault: Fault) -> dict[Ref, Outcome]:
    place = int(fault.args.get("item", 1)) - 1
    if not 0 <= place < len(sent):
        return {}
    reason = str(fault.args.get("reason", "refused by a scripted fault"))
    return {
        sent[place].slot.ref: Outcome(Verdict.REJECTED, reason, str(fault.args.get("field", sent[place].slot.path)))
    }


def _number(target: Target, option: str) -> float | None:
    value = target.options.get(option)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise Rejected(f"targets.{target.name}.options.{option} must be a number from 0, not {value!r}", field=option)
    return float(value)


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
