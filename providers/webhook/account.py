"""How one target is configured: which service, which channels, who reads them. Offline, checked at once.

The address of an incoming webhook is a credential: whoever has it can post. So each channel of such a service is one
entry under `credentials`, and its name there is the channel's name; only `slack_app` has channels under `options`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from providers.http import checked_url
from runner.spi import Context, Rejected, Target

SLACK_HOSTS: Final = ("slack.com", "slack-gov.com")
CHANNEL: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")  # what a step calls a channel
SLACK_ID: Final = re.compile(r"[CDG][A-Z0-9]{5,20}")  # chat.update and conversations.history take no names [DOC]
KEY: Final = re.compile(rf"(or-[a-z2-7]{{12}})\.(?:(\d{{8}})\.)?({CHANNEL.pattern})")
BEARER: Final = "token"  # the one credential that is no channel
SHARED: Final = frozenset({"service", "audience", "locale"})
OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "slack": SHARED | {"allow_mentions"},
    "slack_app": SHARED | {"allow_mentions", "channels", "on_restore", "url"},
    "teams": SHARED,
    "google_chat": SHARED | {"allow_mentions"},
    "json": SHARED | {"method", "on_restore", "resource"},
}
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "service": tuple(OPTIONS),
    "audience": ("agents", "customers"),
    "on_restore": ("delete", "edit"),
    "method": ("POST", "PUT"),
}


@dataclass(frozen=True, slots=True)
class Account:
    """What runner.yaml says about one target. `channels` maps a channel's name to its id (`slack_app`) or to its name
    among the credentials; `audience` is who reads them; `locale` the only language that they get."""

    name: str
    service: str
    channels: Mapping[str, str]
    audience: str
    locale: str
    allow_mentions: bool
    on_restore: str
    resource: bool
    method: str
    url: str

    @property
    def edits(self) -> bool:
        """Whether what was posted can be changed and taken down again."""
        return self.service == "slack_app" or self.resource

    def key(self, context: Context, channel: str) -> str:
        """Return the key of a step's message in one channel: marker and channel, and on Slack between them the day from
        which on it may stand there, so that it is looked for among the messages since then only."""
        marker = context.marker(channel)
        if self.service != "slack_app":
            return f"{marker}.{channel}"
        return f"{marker}.{min(context.start, context.window[0]):%Y%m%d}.{channel}"

    def place(self, key: str) -> Place | None:
        """Return where the message of a key stands, None for a key that is not of this target. Raises `Rejected` where
        it may still stand in a channel that runner.yaml does not name any more: nobody could take it down."""
        found = KEY.fullmatch(key)
        if found is None or (found[3] not in self.channels and not self.edits):
            return None
        marker, written, channel = found[1], found[2], found[3]
        if channel not in self.channels:
            why = f"has no channel {channel} any more: put it back into runner.yaml until the outage is over"
            raise Rejected(f"{self.name} {why}", field="channels")
        day = datetime.strptime(written + "+0000", "%Y%m%d%z").date() if written else None
        return Place(marker, day, channel)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one message stands: its marker, the day since when it may be there, the name of its channel."""

    marker: str
    since: date | None
    channel: str

    @property
    def stamp(self) -> str:
        """Return the marker with the day: what tells the messages of one step apart when its `from` was amended."""
        return f"{self.marker}.{self.since:%Y%m%d}" if self.since else self.marker


def account_of(target: Target) -> Account:
    """Return the account of a target. Raises `Rejected`, with the option that is wrong."""
    options = target.options
    service = options.get("service")
    for name, allowed in CHOICES.items():
        if (name in options or name == "service") and options.get(name) not in allowed:
            raise _wrong(target, name, f"must be one of {', '.join(allowed)}")
    known = OPTIONS[str(service)]
    if unknown := sorted(set(options) - known):
        raise _wrong(target, unknown[0], f"is no option of {service}; there are {', '.join(sorted(known))}")
    for name in ("allow_mentions", "resource"):
        if not isinstance(options.get(name, False), bool):
            raise _wrong(target, name, "must be true or false")
    locale = options.get("locale", "")
    if not isinstance(locale, str):
        raise _wrong(target, "locale", "must be a locale such as pt-BR")
    resource = options.get("resource", False)
    if resource and "method" in options:
        raise _wrong(target, "method", "does nothing with `resource: true`: messages are put, read and deleted")
    if "on_restore" in options and service == "json" and not resource:
        raise _wrong(target, "on_restore", "needs `resource: true`: what was only sent cannot be changed")
    return Account(
        name=target.name,
        service=str(service),
        channels=_slack_channels(target) if service == "slack_app" else _hooks(target, str(service)),
        audience=str(options.get("audience", "agents")),
        locale=locale,
        allow_mentions=options.get("allow_mentions", False),
        on_restore=str(options.get("on_restore", "delete")),
        resource=resource,
        method=str(options.get("method", "POST")),
        url=checked_url(str(options.get("url", "https://slack.com")), hosts=SLACK_HOSTS),
    )


def _slack_channels(target: Target) -> Mapping[str, str]:
    given = target.options.get("channels")
    if not isinstance(given, Mapping) or not given:
        raise _wrong(target, "channels", "is missing: names for the ids of channels, `{support: C0123456789}`")
    for name, id_ in given.items():
        _named(target, f"options.channels.{name}", name)
        if not isinstance(id_, str) or not SLACK_ID.fullmatch(id_):
            raise _wrong(target, f"channels.{name}", "must be a channel's id such as C0123456789, not its name")
    return dict(given)


def _hooks(target: Target, service: str) -> Mapping[str, str]:
    names = [name for name in target.credentials if service != "json" or name != BEARER]
    for name in names:
        _named(target, f"credentials.{name}", name)
    if not names:
        raise Rejected(
            f"targets.{target.name}.credentials has no address of a webhook: add `url: env:NAME`, or one entry for "
            "each channel",
            field="credentials",
        )
    return {name: name for name in names}


def _named(target: Target, where: str, name: Any) -> None:
    if not isinstance(name, str) or not CHANNEL.fullmatch(name):
        words = "a channel's name has up to 30 lower-case letters, digits, - and _"
        raise Rejected(f"targets.{target.name}.{where}: {words}", field=where)


def _wrong(target: Target, option: str, why: str) -> Rejected:
    return Rejected(f"targets.{target.name}.options.{option} {why}", field=option)
