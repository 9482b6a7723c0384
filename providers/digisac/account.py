"""How one Digisac account is configured: its address, its clock, its pace. Offline, checked at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.http import checked_url
from runner.spi import Rejected, Target

HOSTS: Final = ("digisac.co", "digisac.app")
OPTIONS: Final = frozenset({"url", "schedule_zone", "per_minute", "spacing"})
PER_MINUTE: Final = 60  # requests; the vendor publishes no limit: a guess that leaves room
SPACING: Final = 6  # minutes between two schedules [DOC]; the vendor's own example shows 4


@dataclass(frozen=True, slots=True)
class Account:
    """What runner.yaml says about one account. `zone` is that of the clock which schedules are read by."""

    name: str
    url: str
    zone: ZoneInfo
    per_minute: float
    spacing: timedelta
    reserve: float


def account_of(target: Target) -> Account:
    """Return the account of a target. Raises `Rejected`, with the option that is wrong."""
    options = target.options
    if unknown := sorted(set(options) - OPTIONS):
        raise _wrong(target, unknown[0], f"is no option of digisac; there are {', '.join(sorted(OPTIONS))}")
    if not isinstance(options.get("url"), str):
        raise _wrong(target, "url", "is missing: the account's address, as in https://example.digisac.co")
    return Account(
        name=target.name,
        url=checked_url(options["url"], hosts=HOSTS).removesuffix("/api/v1"),
        zone=_zone(target),
        per_minute=_number(target, "per_minute", PER_MINUTE, 10, 6000),
        spacing=timedelta(minutes=_number(target, "spacing", SPACING, 1, 60)),
        reserve=target.reserve,
    )


def _zone(target: Target) -> ZoneInfo:
    """Return the zone of the account's clock. A schedule's time travels without a zone, and no document says which one
    is meant: nobody but the account can know."""
    name = target.options.get("schedule_zone")
    if not isinstance(name, str) or not name:
        raise _wrong(
            target,
            "schedule_zone",
            "is missing: the time zone of the account (Mais opções > Empresa > Configurações Gerais > Fuso Horário), "
            "as in America/Sao_Paulo; Digisac does not document by which one it reads the time of a schedule",
        )
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _wrong(target, "schedule_zone", f"{name!r} is no time zone: write it as in America/Sao_Paulo") from error


def _number(target: Target, name: str, default: int, least: int, most: int) -> int:
    value = target.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _wrong(target, name, f"must be a number from {least} to {most}")
    return value


def _wrong(target: Target, option: str, words: str) -> Rejected:
    return Rejected(f"target {target.name}: options.{option} {words}", field=f"options.{option}")
