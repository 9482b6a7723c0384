"""All of the account but hours, rules and tickets: texts, Help Center, Talk, Chat, settings, statuses, groups."""

from __future__ import annotations

import json

from providers.zendesk.simulator.chat import Chat
from providers.zendesk.simulator.core import Desk, Json, Route
from providers.zendesk.simulator.groups import Groups
from providers.zendesk.simulator.guide import Guide
from providers.zendesk.simulator.notify import Notified, Notify
from providers.zendesk.simulator.settings import Security, Settings
from providers.zendesk.simulator.sla import Policies
from providers.zendesk.simulator.statuses import Statuses
from providers.zendesk.simulator.talk import Talk
from providers.zendesk.simulator.texts import Texts


class Content:
    """The content areas of one account, seeded; each is an attribute, for tests to look into and to act as a person."""

    def __init__(self, desk: Desk) -> None:
        self.texts = Texts(desk)
        self.guide = Guide(desk)
        self.talk = Talk(desk)
        self.chat = Chat(desk)
        self.settings = Settings(desk)
        self.security = Security(desk)
        self.statuses = Statuses(desk)
        self.groups = Groups(desk)
        self.policies = Policies(desk)
        self.notify = Notify(desk)

    @property
    def notified(self) -> list[Notified]:
        """The events sent to apps, oldest first."""
        return self.notify.notified

    def routes(self) -> list[Route]:
        """Return the operations of all areas."""
        return [
            *self.texts.routes(),
            *self.guide.routes(),
            *self.talk.routes(),
            *self.chat.routes(),
            *self.settings.routes(),
            *self.security.routes(),
            *self.statuses.routes(),
            *self.groups.routes(),
            *self.policies.routes(),
            *self.notify.routes(),
        ]

    def dump(self) -> Json:
        """Return a copy of what an outage could change, without stamps: equal before and after means given back."""
        areas = {
            "texts": self.texts.dump(),
            "guide": self.guide.dump(),
            "talk": self.talk.dump(),
            "chat": self.chat.dump(),
            "settings": self.settings.dump(),
            "security": self.security.dump(),
            "statuses": self.statuses.dump(),
        }
        return json.loads(json.dumps(areas, sort_keys=True))
