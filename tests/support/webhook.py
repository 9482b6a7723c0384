"""Simulated channels for tests: the target of each service, its credentials, and a lab on all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from providers.webhook.simulator.state import BEARER, BOT_TOKEN, CHANNELS, path_of, slack_id
from runner.spi import Target

HOSTS = {
    "slack": "https://hooks.slack.com",
    "teams": "https://example.environment.api.powerplatform.com",
    "google_chat": "https://chat.googleapis.com",
    "json": "https://notices.example.com",
}
SECRETS = {
    **{f"env:{name}_{each}": f"{host}{path_of(name, each)}" for name, host in HOSTS.items() for each in CHANNELS},
    "env:BOT_TOKEN": BOT_TOKEN,
    "env:BEARER": BEARER,
}
BOARD = {"service": "json", "resource": True}


def target(service: str, channels: Sequence[str] = ("support",), *, name: str = "desk", **options: Any) -> Target:
    """Return the configuration of some channels of one service."""
    chosen: dict[str, Any] = {"service": service, **options}
    credentials: Mapping[str, str] = {each: f"env:{service}_{each}" for each in channels}
    if service == "slack_app":
        chosen["channels"] = {each: slack_id(each) for each in channels}
        credentials = {"token": "env:BOT_TOKEN"}
    elif chosen.get("resource"):
        credentials = {**credentials, "token": "env:BEARER"}
    return Target(name, "webhook", chosen, credentials, zone="America/Sao_Paulo")
