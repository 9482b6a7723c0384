"""The provider for mail: recipients looked up, messages sent one by one or in BCC, every recipient at most once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from providers.mail import checkup
from providers.mail.account import AGAIN, account_of
from providers.mail.addresses import Mailbox
from providers.mail.letter import letter, words
from providers.mail.lists import Finder, Recipient, recipients, unique
from providers.mail.notice_kind import notice
from providers.mail.post import Post, Round
from runner import kinds
from runner.model import Change, Outcome, Slot, Value, Verdict
from runner.spi import Finding, InvalidInput, Io, KindSpec, Query, RateLimited, Rejected, Target

IN_A_ROW: Final = 5  # messages put off one after another: then it is the server that wants a pause
GONE: Final = Outcome(Verdict.REJECTED, "the address is no longer in its list")


def open_target(target: Target, io: Io) -> Mail:
    """Return the mail server that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Mail(target, io)


class Mail:
    """One mail server."""

    def __init__(self, target: Target, io: Io) -> None:
        self.account = account_of(target)
        self._io = io
        self._post = Post(self.account, io)
        self._spec = notice(self.account)
        self._finder: tuple[Any, Finder] | None = None

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return the one kind that there is."""
        return kinds.offer(self._spec)

    def examine(self) -> Iterator[Finding]:
        """Yield whether the server takes messages from us and the lists can be read. Raises `ProviderError`."""
        return checkup.examine(self._post)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield nothing: what is sent, to how many, and for how long, is in the plan."""
        del kind, with_
        return iter(())

    def close(self) -> None:
        """End the conversation with the server."""
        self._post.close()

    # --- reading ----------------------------------------------------------------------------------------------------

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield the recipients that a step selects, everybody once. What was sent is nowhere to be read: without a
        selection there is nothing. Raises `InvalidInput` for lists that are wrong."""
        if query.where is not None:
            found = self._selected(query.where)
        else:
            found = self._known(query.ids) if query.ids else iter(())
        for key, values in islice(found, query.limit):
            for path, value in kinds.asked(query.paths, values).items():
                yield Slot(self.account.name, query.kind, key, path), value

    def _selected(self, where: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Value]]]:
        step = where["step"]
        for name, one in unique(self._every(where["to"], where["lists"]), self._io.pseudonym):
            yield f"{step}/{name}", {"name": one.place, "step": step}

    def _known(self, keys: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Value]]]:
        """Yield recipients by their keys; those of a step's `to` stand nowhere else, and have no name here."""
        found = self._finding((), tuple(self.account.lists)).find([_pseudonym(key) for key in keys])
        for key in keys:
            one, step = found.get(_pseudonym(key)), key.rpartition("/")[0]
            yield key, {**({"name": one.place} if one else {}), **({"step": step} if step else {})}

    def _every(self, to: Sequence[str], lists: Sequence[str]) -> Iterator[Recipient]:
        return recipients(to, [self.account.lists[name] for name in lists])

    def _finding(self, to: Sequence[str], lists: Sequence[str]) -> Finder:
        return Finder(lambda: self._every(to, lists), self._io.pseudonym)

    # --- writing ----------------------------------------------------------------------------------------------------

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Send, and yield one outcome per change, in order. Raises `ProviderError`: then nothing was sent to those that
        have no outcome yet."""
        if not batch:
            return
        found = self._addresses(batch)
        in_a_row, why = 0, ""
        with self._post.round() as one:
            for changes in _messages(batch, self.account.bcc or 1):
                outcomes = self._send(one, changes, found)
                yield from outcomes
                late = [each.reason for each in outcomes if each.verdict is Verdict.MOVED and each.reason]
                in_a_row, why = (in_a_row + 1, late[0]) if late else (0, why)
                if in_a_row == IN_A_ROW:
                    break
            if len(batch) < self._spec.batch:  # most likely the last one
                one.quit()
                self._finder = None
        if why:
            raise RateLimited(f"{self.account.name}: the server puts messages off ({why})", retry_after=AGAIN)

    def _addresses(self, batch: Sequence[Change]) -> Mapping[str, Recipient]:
        """Return pseudonym -> recipient. Raises `Rejected` when a list cannot be read any more."""
        to, lists = tuple(batch[0].payload["to"]), tuple(batch[0].payload["lists"])
        sources = to, lists, [self.account.lists[name].stamp() for name in lists]
        (known, finder), self._finder = self._finder or (None, None), None
        if finder is None or known != sources:
            finder = self._finding(to, lists)
        try:
            found = finder.find([_pseudonym(change.slot.key) for change in batch])
        except InvalidInput as fault:
            raise Rejected(f"{fault.message} ({fault.hint})", field="lists") from fault
        self._finder = sources, finder
        return found

    def _send(self, one: Round, changes: Sequence[Change], found: Mapping[str, Recipient]) -> list[Outcome]:
        """Send one message to those of `changes` who are still in their lists."""
        there = [change.slot.key for change in changes if _pseudonym(change.slot.key) in found]
        to = [found[_pseudonym(key)] for key in there]
        content, date, alone = changes[0].payload, self._io.now(), self.account.bcc is None

        def compose(first: int) -> bytes:
            said = words(content, to[first].locale if alone else "")
            whom = Mailbox(to[first].address, to[first].name) if alone else None
            return letter(self.account, said, whom, there[first].replace("/", "."), date)

        if not there:
            return [GONE] * len(changes)
        sent = one.send([each.address for each in to], compose)
        outcomes = dict(zip(there, self._post.noted(there, sent), strict=True))
        return [outcomes.get(change.slot.key, GONE) for change in changes]


def _pseudonym(key: str) -> str:
    return key.rpartition("/")[2]


def _messages(batch: Sequence[Change], size: int) -> Iterator[Sequence[Change]]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]
