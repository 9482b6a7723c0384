"""How one Zendesk account is configured: address, plan, credentials, custom statuses. Offline, checked at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers.http import checked_url
from providers.zendesk.ticket_kind import WRITABLE
from runner.spi import Rejected, Target

HOSTS: Final = ("zendesk.com",)
SUBDOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]*", re.IGNORECASE)

# Requests a minute by plan [DOC]; Support and Help Center each have their own.
PLANS: Final[Mapping[str, int]] = {
    "support-team": 200,
    "support-professional": 400,
    "support-enterprise": 700,
    "team": 200,
    "growth": 400,
    "professional": 400,
    "enterprise": 700,
    "plus": 2500,
}
# Lower limits of single endpoints, requests a minute [DOC].
ENDPOINTS: Final[Mapping[str, int]] = {
    "update": 100,
    "export": 100,
    "search": 2500,
    "incremental": 10,
    "notify": 100,
    "chat": 200,
}
SANDBOX_UPDATES: Final = 20  # ticket updates a minute in a sandbox or trial [DOC]
OPTIONS: Final = frozenset({"subdomain", "url", "plan", "sandbox", "statuses", "search_page", "app_id", "own_address"})


@dataclass(frozen=True, slots=True)
class Account:
    """What runner.yaml says about one account.

    `statuses` maps a name that playbooks use to a status value of ours: ``pending`` or ``{"status": "pending",
    "custom_status_id": 123}``. `search_page` is the page of the search export, up to 1,000 tickets [DOC].
    """

    name: str
    url: str
    plan: str
    sandbox: bool
    statuses: Mapping[str, Any]
    search_page: int
    app_id: int | None
    reserve: float

    def per_minute(self, family: str) -> float:
        """Return the requests a minute that the account has for one family of endpoints."""
        if family == "update" and self.sandbox:
            return SANDBOX_UPDATES
        most = PLANS[self.plan]
        known = ENDPOINTS.get(family, most)
        return known if family == "chat" else min(known, most)


def account_of(target: Target) -> Account:
    """Return the account of a target. Raises `Rejected`, with the option that is wrong."""
    options = target.options
    unknown = sorted(set(options) - OPTIONS)
    if unknown:
        raise _wrong(target, unknown[0], f"is no option of zendesk; there are {', '.join(sorted(OPTIONS))}")
    plan = options.get("plan", "professional")
    if not isinstance(plan, str) or plan not in PLANS:
        raise _wrong(target, "plan", f"must be one of {', '.join(PLANS)}")
    page = options.get("search_page", 1000)
    if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= 1000:
        raise _wrong(target, "search_page", "must be a number from 1 to 1000")
    app = options.get("app_id")
    if app is not None and (isinstance(app, bool) or not isinstance(app, int)):
        raise _wrong(target, "app_id", "must be the number of an installed app")
    statuses = options.get("statuses", {})
    if not isinstance(statuses, Mapping):
        raise _wrong(target, "statuses", "must map names to {status: ..., custom_status_id: ...}")
    for name, status in statuses.items():
        if not _is_status(status):
            allowed = ", ".join(WRITABLE)
            raise _wrong(
                target, f"statuses.{name}", f"must be {{status: one of {allowed}, custom_status_id: a number}}"
            )
    return Account(
        name=target.name,
        url=_address(target),
        plan=plan,
        sandbox=bool(options.get("sandbox", False)),
        statuses=statuses,
        search_page=page,
        app_id=app,
        reserve=target.reserve,
    )


def _is_status(status: Any) -> bool:
    if not isinstance(status, Mapping):
        return status in WRITABLE
    number = status.get("custom_status_id", 0)
    whole = isinstance(number, int) and not isinstance(number, bool)
    return status.get("status") in WRITABLE and whole and status.keys() <= {"status", "custom_status_id"}


def _address(target: Target) -> str:
    url = target.options.get("url")
    if url is not None:
        return checked_url(str(url), hosts=HOSTS)
    name = target.options.get("subdomain")
    if not isinstance(name, str) or not SUBDOMAIN.fullmatch(name):
        raise _wrong(target, "subdomain", "is missing: the `example` of https://example.zendesk.com")
    return f"https://{name.lower()}.zendesk.com"


def _wrong(target: Target, option: str, why: str) -> Rejected:
    return Rejected(f"targets.{target.name}.options.{option} {why}", field=option)
