"""What the security settings prove: a person changes them, ``GET /api/v2/security_settings`` shows them [O26].

All functions are pure. A value is what a playbook writes under `value`; `settings` is the body of that GET, with its
envelope or without. Values by setting:

    IP restrictions             off, on, a list of addresses, or ``{add: [...]}``: those and whatever is there
    two-factor authentication   on or off
    session timeout             minutes (a guess: no document names the unit), or ``30m``, ``8h``, ``1d``
    account assumption          off, day, week, month, year, always
    mobile access               on or off
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from runner.model import ABSENT, Json, Value
from runner.spi import InvalidInput

Network: TypeAlias = IPv4Network | IPv6Network
PERIODS: Final = ("off", "day", "week", "month", "year", "always")
_UNITS: Final = {"": 1, "m": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class Proof:
    """How one setting is checked. `wanted` brings a playbook's value, `shown` the account's into one form; `fits`
    compares them."""

    wanted: Callable[[Json], Value]
    shown: Callable[[Json], Value]
    fits: Callable[[Value, Value], bool] = lambda wanted, shown: wanted == shown


def wanted(field: str, value: Json) -> Value:
    """Return a playbook's value for the setting `field` in the form of `shown`; raises InvalidInput for a wrong one."""
    return PROOFS[field].wanted(value)


def shown(field: str, settings: Json) -> Value:
    """Return what the account holds in `field`, ABSENT when the answer lacks it."""
    return PROOFS[field].shown(_part(settings, field))


def matches(field: str, value: Json, settings: Json) -> bool:
    """Whether the account holds what a playbook wants. False when the answer lacks the setting."""
    there = shown(field, settings)
    return there is not ABSENT and PROOFS[field].fits(wanted(field, value), there)


def _part(settings: Json, field: str) -> Json:
    """Return one setting of the body; None when it is not there."""
    found = settings.get("security_settings", settings) if isinstance(settings, Mapping) else None
    for name in field.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


# --- single values --------------------------------------------------------------------------------------------------


def _switch(value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("on", "off"):
        return bool(value == "on")
    raise InvalidInput(f"{value!r} is neither on nor off", hint="write `value: true` or `value: false`")


def _minutes(value: Json) -> int:
    parts = re.fullmatch(r"(\d{1,6})\s*([mhd]?)", str(value)) if isinstance(value, int | str) else None
    if parts is None or isinstance(value, bool) or int(parts[1]) == 0:
        raise InvalidInput(f"{value!r} is no session timeout", hint="write minutes, or `30m`, `8h`, `1d`")
    return int(parts[1]) * _UNITS[parts[2]]


def _period(value: Json) -> str:
    if value is False:
        return "off"
    if isinstance(value, str) and value in PERIODS:
        return value
    raise InvalidInput(f"{value!r} is no duration of an account assumption", hint=f"write one of {', '.join(PERIODS)}")


def _known(value: Json) -> Value:
    return ABSENT if value is None else value


# --- IP restrictions ------------------------------------------------------------------------------------------------


def _restriction(value: Json) -> Value:
    """Return false, true, the sorted list of networks, or ``{"add": [...]}``."""
    if isinstance(value, Mapping):
        if set(value) != {"add"}:
            raise InvalidInput("IP restrictions take a list, on, off, or `{add: [...]}`", hint="write `add` alone")
        return {"add": _listed(value["add"])}
    if isinstance(value, list | tuple) or (isinstance(value, str) and value not in ("on", "off")):
        return _listed(value)
    return _switch(value)


def _restricted(value: Json) -> Value:
    """Return false while the restriction is off, else the sorted list of networks that may come in."""
    if not isinstance(value, Mapping) or "ip_restriction_enabled" not in value:
        return ABSENT
    ranges = str(value.get("ip_ranges") or "").split()
    return sorted(_readable(entry) for entry in ranges) if value["ip_restriction_enabled"] else False


def _fits(want: Value, there: Value) -> bool:
    if want is True:
        return isinstance(there, list)
    if isinstance(want, Mapping):
        return isinstance(there, list) and set(want["add"]) <= set(there)
    return want == there


def _listed(value: Json) -> list[str]:
    entries = value.split() if isinstance(value, str) else value
    if not isinstance(entries, list | tuple) or not entries:
        raise InvalidInput("a list of addresses is empty", hint="write `[192.0.2.0/24]`, or `value: false` for none")
    return sorted({str(network(entry)) for entry in entries})


def _readable(entry: str) -> str:
    """Return one of the account's own entries in our form, or as it is when it says nothing to us."""
    try:
        return str(network(entry))
    except InvalidInput:
        return entry


def network(entry: Json) -> Network:
    """Return what one entry admits: ``192.0.2.7``, ``192.0.2.0/24``, ``192.0.2.*`` (wildcards: [MEM]), IPv6 as well.

    Raises InvalidInput for anything else.
    """
    text = str(entry).strip()
    parts = text.split(".")
    if "*" in parts and len(parts) <= 4 and set(parts[parts.index("*") :]) == {"*"}:
        fixed = parts[: parts.index("*")]
        text = ".".join([*fixed, *["0"] * (4 - len(fixed))]) + f"/{8 * len(fixed)}"
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidInput(f"{entry!r} is no IP address or range", hint="write 192.0.2.7 or 192.0.2.0/24") from error


def locks_out(address: str, value: Json, settings: Json = None) -> bool:
    """Whether the runner, calling from `address`, would be locked out once the restriction holds `value`.

    The restriction blocks API calls, too [HC]. `settings` is what the account holds now: `on` and ``{add: ...}`` keep
    its list. Raises InvalidInput for an address or a value that means nothing.
    """
    try:
        own = ip_address(address.strip())
    except ValueError as error:
        raise InvalidInput(
            f"{address!r} is no IP address", hint="write the address that the runner calls from"
        ) from error
    want = _restriction(value)
    if want is False:
        return False
    entries = want if isinstance(want, list) else [*_entries_now(settings), *_added(want)]
    return not any(_holds(entry, own) for entry in entries)


def _added(want: Value) -> Sequence[str]:
    return want["add"] if isinstance(want, Mapping) else ()


def _entries_now(settings: Json) -> Sequence[str]:
    """Return the list that the account keeps, be the restriction on or off."""
    found = _part(settings, "ip.ip_ranges")
    return found.split() if isinstance(found, str) else ()


def _holds(entry: str, own: IPv4Address | IPv6Address) -> bool:
    try:
        return own in network(entry)
    except InvalidInput:
        return False


PROOFS: Final[Mapping[str, Proof]] = {
    "ip": Proof(_restriction, _restricted, _fits),
    "authentication.agent.two_factor_enforce": Proof(_switch, _known),
    "agent_session_timeout": Proof(_minutes, _known),
    "assumption_duration": Proof(_period, _known),
    "mobile_app_access": Proof(_switch, _known),
}
