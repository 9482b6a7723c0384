"""Account settings, and security settings, which only people change.

Writable keys of the account settings are applied; read-only and unknown ones are left alone without an error [DOC]. The
security settings have a GET and nothing else [O26]. Marks: see the facts; a guess is called a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Reply, Route, invalid
from providers.zendesk.simulator.listing import Record, inside

# what the account settings hold in the beginning; features live in the desk, and are only shown here
_SEED: Final[Mapping[str, Mapping[str, Json]]] = {
    "active_features": {
        "business_hours": True,
        "chat": True,
        "customer_satisfaction": True,
        "dynamic_contents": True,
        "light_agents": False,
        "on_hold_status": True,
        "sandbox": False,
        "ticket_forms": True,
        "ticket_tagging": True,
        "user_tagging": True,
        "voice": True,
    },
    "agents": {"agent_workspace": False, "focus_mode": False, "idle_timeout_enabled": False},
    "api": {"accepted_api_agreement": True, "api_password_access": "false", "api_token_access": "true"},
    "brands": {"default_brand_id": 11_001, "require_brand_on_new_tickets": False},
    "chat": {"available": True, "enabled": True, "integrated": True, "maximum_request_count": 3, "welcome_message": ""},
    "groups": {"check_group_name_uniqueness": True},
    "localization": {"locale_ids": [1, 2, 19, 1173]},
    "messaging_inactivity": {"enabled": False, "timeout": 24, "reminders": False},
    "routing": {"autorouting_tag": "auto", "enabled": False, "max_email_capacity": 0, "max_messaging_capacity": 0},
    "tickets": {
        "agent_collision": True,
        "comments_public_by_default": True,
        "is_first_comment_private_enabled": False,
        "status_hold": True,
        "tagging": True,
    },
    "voice": {"enabled": True, "maximum_queue_size": 5, "maximum_queue_wait_time": 1, "outbound_enabled": True},
}
WRITABLE: Final = frozenset(
    {
        ("active_features", "business_hours"),
        ("active_features", "customer_satisfaction"),
        ("active_features", "ticket_tagging"),
        ("brands", "default_brand_id"),
        ("brands", "require_brand_on_new_tickets"),
        ("messaging_inactivity", "enabled"),
        ("messaging_inactivity", "timeout"),
        ("messaging_inactivity", "reminders"),
        ("routing", "autorouting_tag"),
        ("tickets", "comments_public_by_default"),
        ("tickets", "is_first_comment_private_enabled"),
    }
)
_PERIODS: Final = {"off": None, "day": 1, "week": 7, "month": 30, "year": 365, "always": None}  # days


class Settings:
    """The account settings. The desk's features show in ``active_features``; those that it lacks get a value here."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._groups: dict[str, Record] = {name: deepcopy(dict(group)) for name, group in _SEED.items()}
        switches = {**_SEED["active_features"], "agent_workspace": False, "custom_statuses": True}
        desk.features.update({key: on for key, on in switches.items() if key not in desk.features})

    def routes(self) -> list[Route]:
        """Return the operations on account settings."""
        path = "/api/v2/account/settings"
        return [
            Route("GET", path, self.show, scope="account_settings:read"),
            Route("PUT", path, self.update, role="admin", scope="account_settings:write"),
        ]

    def dump(self) -> Json:
        """Return the writable settings."""
        now = self._now()
        return {f"{group}.{key}": now[group][key] for group, key in sorted(WRITABLE)}

    def show(self, call: Call) -> Reply:
        """Answer with every setting."""
        del call
        return Reply({"settings": self._now()})

    def update(self, call: Call) -> Reply:
        """Apply writable keys; raises 422 for a value of another type (a guess) and an empty routing tag [SALTO]."""
        given = inside(call, "settings")
        wanted = {
            (group, key): value
            for group, keys in given.items()
            if isinstance(keys, Mapping)
            for key, value in keys.items()
            if (group, key) in WRITABLE
        }
        bad = {key: "this value is not valid" for (group, key), value in wanted.items() if not _fits(group, key, value)}
        if bad:
            raise invalid(**bad)
        for (group, key), value in wanted.items():
            self._groups[group][key] = value
            if group == "active_features":
                self._desk.features[key] = value
        return Reply({"settings": self._now()})

    def _now(self) -> Record:
        shown = deepcopy(self._groups)
        features = self._desk.features
        shown["active_features"] |= {key: features[key] for key in shown["active_features"]}
        shown["active_features"]["sandbox"] = self._desk.sandbox
        shown["tickets"]["status_hold"] = shown["active_features"]["on_hold_status"]
        shown["agents"]["agent_workspace"] = features["agent_workspace"]
        return shown


def _fits(group: str, key: str, value: Json) -> bool:
    return type(value) is type(_SEED[group][key]) and value != ""


# --- security -------------------------------------------------------------------------------------------------------


class Security:
    """The security settings: the wire reads them, `person_sets` is the person in Admin Center."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._values: Record = {
            "agent_session_timeout": 480,
            "end_user_session_timeout": 20_160,
            "maximum_session_duration": 20_160,
            "maximum_session_duration_enabled": False,
            "mobile_app_access": True,
            "mobile_app_session_timeout": 20_160,
            "assumable": False,
            "assumption_duration": "off",
            "assumption_expiration": None,
            "two_factor_last_update": "2026-01-12T09:00:00Z",
            "ip": {"ip_restriction_enabled": False, "ip_ranges": "", "enable_agent_ip_restrictions": False},
            "authentication": {"agent": {"two_factor_enforce": False}, "end_user": {}},
        }

    def routes(self) -> list[Route]:
        """Return the one operation there is [O26]."""
        path = "/api/v2/security_settings"
        return [Route("GET", path, self.show, role="admin", scope="security:read")]

    def dump(self) -> Json:
        """Return every setting but the stamps."""
        stamps = ("assumption_expiration", "two_factor_last_update")
        return {key: value for key, value in deepcopy(self._values).items() if key not in stamps}

    def show(self, call: Call) -> Reply:
        """Answer with every security setting."""
        del call
        return Reply({"security_settings": deepcopy(self._values)})

    def person_sets(self, path: str, value: Json) -> None:
        """Set one setting as an administrator does in Admin Center: ``ip.ip_ranges``, ``agent_session_timeout``.

        Raises KeyError for a path that does not exist. The duration of an assumption sets its flag and expiry, too.
        """
        *groups, key = path.split(".")
        place = self._values
        for group in groups:
            place = place[group]
        if key not in place:
            raise KeyError(path)
        place[key] = value
        if path == "assumption_duration":
            days = _PERIODS[value]
            until = None if days is None else self._desk.now() + timedelta(days=days)
            self._values["assumable"] = value != "off"
            self._values["assumption_expiration"] = until and until.strftime("%Y-%m-%dT%H:%M:%SZ")
        if key == "two_factor_enforce":
            self._values["two_factor_last_update"] = self._desk.stamp()

    def admits(self, address: str) -> bool:
        """Whether an agent may call from this address: the restriction blocks API calls, too [HC]."""
        restriction = self._values["ip"]
        if not restriction["ip_restriction_enabled"]:
            return True
        return any(_covers(part, ip_address(address)) for part in restriction["ip_ranges"].split())


def _covers(text: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether one entry of the list holds an address: ``192.0.2.7``, ``192.0.2.0/24`` or ``192.0.2.*`` [MEM]."""
    parts = text.split(".")
    if "*" in parts and len(parts) <= 4:
        fixed = parts[: parts.index("*")]
        text = ".".join([*fixed, *["0"] * (4 - len(fixed))]) + f"/{8 * len(fixed)}"
    try:
        return address in ip_network(text, strict=False)
    except (AddressValueError, ValueError):
        return False
