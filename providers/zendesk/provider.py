"""The provider for Zendesk: one account, its areas joined behind the runner's three methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.areas import ByAreas
from providers.places import under
from providers.zendesk import checkup, people
from providers.zendesk.account import account_of
from providers.zendesk.client import Client
from providers.zendesk.guide import Guide
from providers.zendesk.hours import Hours
from providers.zendesk.rules import Rules
from providers.zendesk.settings import Settings
from providers.zendesk.snoozes import Snoozes
from providers.zendesk.texts import Texts
from providers.zendesk.tickets import Tickets
from providers.zendesk.voice import Voice
from providers.zendesk.waiting import waiting
from runner.model import Accepted, Change, Outcome
from runner.spi import Finding, Io, Target, Waiting


def open_target(target: Target, io: Io) -> Zendesk:
    """Return the account that `target` configures. Does no I/O. Raises `Rejected` for an option that is wrong."""
    return Zendesk(target, io)


class Zendesk(ByAreas):
    """One account of Zendesk."""

    def __init__(self, target: Target, io: Io) -> None:
        self.client = Client(account_of(target), target, io)
        chat = "chat_token" in target.credentials
        areas = (
            Hours(self.client),
            Rules(self.client, chat=chat),
            Texts(self.client),
            Voice(self.client),
            Guide(self.client),
            Settings(self.client),
            Tickets(self.client),
            Snoozes(self.client),
        )
        by_hand = (
            people.channel(),
            people.channel_hours(),
            under(people.message(), "message_by_hand"),
            people.checklist(),
        )
        super().__init__(target, self.client.http, areas, by_hand)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Write a batch of one kind; yield one outcome per change, in order. Raises `ProviderError`."""
        self.client.begin()
        for answer in super().write(batch):
            yield answer
            if isinstance(answer, Accepted):
                self.client.begin()  # the runner has renewed its lease

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the account and the credential. Raises `ProviderError`."""
        return checkup.examine(self.client, self._target)

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield what somebody should know before a step is carried out. Raises `ProviderError`."""
        if kind not in ("tickets", "snooze"):
            return iter(())
        return checkup.advise_tickets(self.client, self._target, kind, with_)

    def waiting(self) -> Iterator[Waiting]:
        """Yield the tickets that wait for an answer. Raises `ProviderError`."""
        return waiting(self.client)
