"""How one Movidesk account is configured: address, limit, hours, names of statuses. Offline, checked at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.http import checked_url
from runner.spi import Free, Rejected, Target

URL: Final = "https://api.movidesk.com/public/v1"  # one host for all accounts [DOC]
HOSTS: Final = ("movidesk.com",)
OPTIONS: Final = frozenset({"url", "statuses", "agent", "day_limit", "night", "zone"})
DAY_LIMIT: Final = 10  # requests a minute [DOC]; the vendor's support raises it
NIGHT: Final = "19:00-07:00"  # when none is counted [DOC]
ZONE: Final = "America/Sao_Paulo"  # of these hours: a guess, the vendor names none
KEY_IN: Final = "Configurações > Conta > Parâmetros > Ambiente"
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_STATUS: Final = frozenset({"status", "justification"})


@dataclass(frozen=True, slots=True)
class Account:
    """What runner.yaml says about one account.

    `statuses` maps a name that playbooks use to a status with its justification. `agent` is the reference code of the
    agent who signs notes and answers, "" for the account's own choice.
    """

    name: str
    url: str
    statuses: Mapping[str, Mapping[str, Any]]
    agent: str
    day_limit: float
    free: Free
    reserve: float


def account_of(target: Target) -> Account:
    """Return the account of a target. Raises `Rejected`, with the option that is wrong."""
    options = target.options
    if unknown := sorted(set(options) - OPTIONS):
        raise _wrong(target, unknown[0], f"is no option of movidesk; there are {', '.join(sorted(OPTIONS))}")
    limit = options.get("day_limit", DAY_LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 1:
        raise _wrong(target, "day_limit", "must be a number of requests a minute")
    agent = options.get("agent", "")
    if not isinstance(agent, str):
        raise _wrong(target, "agent", "must be the reference code of an agent, in quotes")
    return Account(
        name=target.name,
        url=checked_url(str(options.get("url", URL)), hosts=HOSTS),
        statuses=_statuses(target),
        agent=agent,
        day_limit=float(limit),
        free=_free(target),
        reserve=target.reserve,
    )


def _statuses(target: Target) -> Mapping[str, Mapping[str, Any]]:
    given = target.options.get("statuses", {})
    if not isinstance(given, Mapping):
        raise _wrong(target, "statuses", "must map names to {status: ..., justification: ...}")
    for name, status in given.items():
        if why := refused(status):
            raise _wrong(target, f"statuses.{name}", why)
    pause = target.words.get("pause")
    if isinstance(pause, Mapping) and (why := refused(pause)):
        raise Rejected(f"targets.{target.name}.pause {why}", field="pause")
    return given


def refused(status: Any) -> str:
    """Return why a value is no status with its justification, "" when it is one."""
    if not isinstance(status, Mapping) or not status.keys() <= _STATUS or not _name(status.get("status")):
        return "must be {status: a name, justification: a name or null}"
    if "justification" not in status:
        return "lacks its justification: Movidesk takes both or none; write `justification: null` where it has none"
    if status["justification"] is not None and not _name(status["justification"]):
        return "must have a name, or null, for its justification"
    return ""


def _name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _free(target: Target) -> Free:
    """Return the hours in which no request is counted."""
    hours, where = target.options.get("night", NIGHT), target.options.get("zone", ZONE)
    found = _HOURS.fullmatch(hours) if isinstance(hours, str) else None
    if found is None or found.group(1, 2) == found.group(3, 4):
        raise _wrong(target, "night", f"must be the hours in which no request is counted, such as '{NIGHT}'")
    try:
        ZoneInfo(where)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as fault:
        raise _wrong(target, "zone", f"must be a time zone such as {ZONE}") from fault
    begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    return Free(begins, ends, where)


def _wrong(target: Target, option: str, why: str) -> Rejected:
    return Rejected(f"targets.{target.name}.options.{option} {why}", field=option)
