"""Messages on their way: at the pace of the target, over one conversation after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from providers.http import Budget
from providers.mail.account import AGAIN, Account
from providers.mail.notice_kind import DEADLINE, SENDING
from runner.model import Outcome, Verdict
from runner.spi import Io, RateLimited

if TYPE_CHECKING:
    from providers.mail.smtp import Line

SPARE: Final = 5.0  # seconds of a batch's deadline that nothing waits for


class Post:
    """The way out of one mail server."""

    def __init__(self, account: Account, io: Io) -> None:
        self.account = account
        self.io = io
        self.budget = Budget(io, account.per_minute, account.reserve, burst=0)
        self._kept: Line | None = None
        self._taken = 0  # messages that the server took
        self._put_off: dict[str, int] = {}  # key -> messages that it had taken when it first put this recipient off

    @contextmanager
    def round(self) -> Iterator[Round]:
        """Give the sending of one batch. It has the conversation alone: a batch that was given up because it took too
        long may still be at work."""
        kept, self._kept = self._kept, None
        one = Round(self, kept)
        try:
            yield one
        finally:
            if one.line is not None and one.line.good:
                self._kept = one.line

    def close(self) -> None:
        """End the conversation."""
        with self.round() as one:
            one.quit()

    def noted(self, keys: Sequence[str], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return what became of one message for each recipient, with those refused that the server puts off again
        although it has taken messages to others meanwhile: they must not hold up everybody else."""
        before = self._taken
        self._taken += any(each.verdict is Verdict.DONE for each in outcomes)
        return [self._judged(key, outcome, before) for key, outcome in zip(keys, outcomes, strict=True)]

    def _judged(self, key: str, outcome: Outcome, before: int) -> Outcome:
        if outcome.verdict is Verdict.MOVED and outcome.reason:
            if before <= self._put_off.setdefault(key, before):
                return outcome
            outcome = Outcome(Verdict.REJECTED, f"put off again and again: {outcome.reason}")
        if outcome.verdict is not Verdict.MOVED:
            self._put_off.pop(key, None)
        return outcome


class Round:
    """The sending of one batch. `line` is its conversation, None until there is one."""

    def __init__(self, post: Post, line: Line | None) -> None:
        self._post = post
        self._begun = post.io.now()
        self.line = line
        if line is not None:
            line.wait_within(self.left)

    def left(self) -> float:
        """Return the seconds that may still be waited for an answer."""
        return DEADLINE - SPARE - self._spent()

    def _spent(self) -> float:
        return (self._post.io.now() - self._begun).total_seconds()

    def open(self) -> Line:
        """Begin a new conversation. Raises `ProviderError`."""
        from providers.mail.smtp import Line

        self.quit()
        self.line = Line(self._post.account, self._post.io, self.left)
        return self.line

    def quit(self) -> None:
        """End the conversation."""
        if self.line is not None:
            self.line.quit()

    def send(self, to: Sequence[str], compose: Callable[[int], bytes]) -> list[Outcome]:
        """Send one message when its turn comes; as `Line.send`, with a conversation that is over begun anew. Raises
        `ProviderError`: then nothing was sent."""
        from providers.mail.smtp import Lost

        account, longest = self._post.account, SENDING - self._spent()
        if longest <= 0:
            raise RateLimited(f"{account.name}: {account.place} is slow; `runner resume` goes on", retry_after=0)
        self._post.budget.take(longest=longest)
        if self.line is not None and self.line.good:
            try:
                return self.line.send(to, compose)
            except Lost:  # servers end a conversation that was idle, or that has had its share of messages
                self.line = None
        try:
            return self.open().send(to, compose)
        except Lost as fault:
            raise RateLimited(
                f"{account.name}: {account.place} broke the conversation off ({fault}); this message was not sent",
                retry_after=AGAIN,
            ) from fault
