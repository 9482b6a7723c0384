"""What the areas of the provider share: objects read, one request for each change, and what a failed write means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Generic, TypeAlias, TypeVar

from providers.digisac.client import Client
from providers.http import NoReply
from runner.model import Accepted, Change, Outcome, Slot, Value, Verdict
from runner.spi import NotFound, ProviderError, Rejected

T = TypeVar("T")
Values: TypeAlias = Mapping[str, Value]
DONE: Final = Outcome(Verdict.DONE)
MOVED: Final = Outcome(Verdict.MOVED, "somebody changed it meanwhile")
MANY: Final = 240  # objects that one `write` takes: as many schedules as a day has room for
FRESH: Final = timedelta(seconds=3)  # how long what was read counts as what is there
SOME: Final = 50  # objects that are looked at in one request
_UNSEEN: Final = Outcome(Verdict.UNKNOWN, "it was not its turn")


def attempt(act: Callable[[], Outcome | None]) -> Outcome:
    """Return what became of one write; `act` may return its own outcome. Raises `ProviderError` for what concerns the
    account as a whole: nothing more is sent then."""
    try:
        return act() or DONE
    except Rejected as fault:
        return Outcome(Verdict.REJECTED, fault.message, fault.field)
    except NotFound as fault:
        return Outcome(Verdict.REJECTED, fault.message)
    except NoReply as fault:
        return Outcome(Verdict.UNKNOWN, fault.message)


class Lately(Generic[T]):
    """What a write knows of its objects, read again as they come to their turn: a batch may take minutes at the pace of
    the account, and Digisac compares nothing itself.

    `read` returns what is there of the keys given; `known` is what was read of all of them `at` an instant.
    """

    def __init__(
        self,
        client: Client,
        turns: Sequence[Change],
        read: Callable[[Sequence[str]], Mapping[str, T]],
        known: Mapping[str, T] | None = None,
        at: datetime | None = None,
    ) -> None:
        self._client = client
        self._keys = list(dict.fromkeys(change.slot.key for change in turns))
        self._read = read
        self._known = dict(known or {})
        self._seen = dict.fromkeys(self._keys, at) if at is not None else {}

    def look(self, change: Change) -> None:
        """Read the object of a change, and those that come next, unless that was done right before. Raises
        `ProviderError`."""
        key, now = change.slot.key, self._client.io.now()
        if key in self._seen and now - self._seen[key] <= FRESH:
            return
        place = self._keys.index(key)
        some = self._keys[place : place + SOME]
        found = self._read(some)
        for each in some:
            self._known.pop(each, None)
            self._seen[each] = now
        self._known |= {each: found[each] for each in some if each in found}

    def of(self, change: Change) -> T | None:
        """Return what is there, None when nothing is."""
        return self._known.get(change.slot.key)


def one_by_one(
    client: Client,
    batch: Sequence[Change],
    act: Callable[[Change], Outcome | None],
    turns: Sequence[Change] = (),
    look: Callable[[Change], None] | None = None,
) -> Iterator[Outcome | Accepted]:
    """Write change by change, in the order of `turns` where one is given, each after a `look` at what is there; yield
    the outcomes in the order of the batch.

    Until they are all there, `Accepted` tells the runner now and then that the batch goes on, which renews its lease.
    Raises `ProviderError` after the outcomes of what was sent, when the rest cannot be sent.
    """
    said: dict[Slot, Outcome] = {}
    stopped: ProviderError | None = None
    for change in turns or batch:
        try:
            if client.busy():
                yield Accepted(f"{len(batch)} {change.slot.kind}")
                client.begin()
            if look is not None:
                look(change)
            if client.busy():  # the look took its time, and the write is to have its own
                yield Accepted(f"{len(batch)} {change.slot.kind}")
                client.begin()
            said[change.slot] = attempt(partial(act, change))
        except ProviderError as fault:
            stopped = fault
            break
    last = max((place for place, change in enumerate(batch) if change.slot in said), default=-1)
    yield from (said.get(change.slot, _UNSEEN) for change in batch[: last + 1])
    if stopped is not None:
        raise stopped


def put(client: Client, path: str, what: str, row: Mapping[str, Any] | None, body: Mapping[str, Any] | None) -> Outcome:
    """Make, change or delete (no `body`) one object. `row` is as the vendor holds it, None when there is none. Raises
    `ProviderError`."""
    at = path if row is None else f"{path}/{row['id']}"
    if body is not None:
        client.write("POST" if row is None else "PUT", at, f"{'create' if row is None else 'change'} {what}", body)
        return DONE
    try:
        client.write("DELETE", at, f"delete {what}")
    except NotFound:
        return DONE  # somebody was faster
    return DONE


def marked(text: str, marker: str) -> str:
    """Return a text with our marker at its end, where only what people see can hold it."""
    return f"{text} [{marker}]" if text else f"[{marker}]"


def unmarked(text: str) -> tuple[str, str]:
    """Return a text without the marker at its end, and the marker, "" for none."""
    head, bracket, tail = text.rstrip().rpartition("[")
    if bracket and tail.endswith("]") and tail.startswith("or-") and len(tail) == 16:
        return head.rstrip(), tail[:-1]
    return text, ""
