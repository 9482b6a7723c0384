"""The words of one account's tickets: its groups and statuses, and what a step must not ask for because there is none.

Everything here is refused while a plan is made, before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from providers.zendesk.client import Client
from providers.zendesk.errors import NoFeature
from providers.zendesk.ticket_kind import NEEDED, several
from runner.spi import Forbidden, InvalidInput, NotFound

STATUSES: Final = "Admin Center > Objects and rules > Tickets > Settings, or > Statuses"


@dataclass(frozen=True, slots=True)
class Known:
    """The groups by id, and the statuses as the account lists them; none where it cannot have its own."""

    name: str
    statuses: Sequence[Mapping[str, Any]]
    groups: Mapping[int, str]

    @property
    def defaults(self) -> frozenset[int]:
        """Return the ids of the categories' default statuses."""
        return frozenset(int(row["id"]) for row in self.statuses if row.get("default"))

    @property
    def by_category(self) -> Mapping[str, int]:
        """Return category -> its default status, where the account has others besides the defaults."""
        if all(row.get("default") for row in self.statuses):
            return {}
        return {str(row["status_category"]): int(row["id"]) for row in self.statuses if row.get("default")}

    # --- groups -----------------------------------------------------------------------------------------------------

    def with_groups(self, where: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a selection with its groups as ids. Raises `InvalidInput` for one that is not there, or is twice."""
        if "group" not in where:
            return where
        return {**where, "group": [self._group(str(each)) for each in several(where["group"])]}

    def _group(self, given: str) -> str:
        if given.casefold() == "none" or (given.isdecimal() and int(given) in self.groups):
            return given
        found = [number for number, name in self.groups.items() if name == given]
        found = found or [number for number, name in self.groups.items() if name.casefold() == given.casefold()]
        if not found:
            near = get_close_matches(given, self.groups.values(), n=3, cutoff=0.5) or sorted(self.groups.values())[:5]
            raise InvalidInput(
                f"{self.name} has no group named {given!r}", hint=f"it has: {', '.join(map(repr, near))}", code="PL001"
            )
        if len(found) > 1:
            ids = ", ".join(map(str, found))
            raise InvalidInput(
                f"{self.name} has {len(found)} groups named {given!r}", hint=f"say which by its id: {ids}", code="PL002"
            )
        return str(found[0])

    # --- statuses ---------------------------------------------------------------------------------------------------

    def refuse_unknown(self, paths: Sequence[str], client: Client) -> None:
        """Raise `InvalidInput` for a status that a step would write and that the account does not have."""
        for path in paths:
            if path.startswith(NEEDED):
                status, _, number = path.removeprefix(NEEDED).partition("/")
                if number:
                    self._refuse_custom(status, number)
                if status == "hold" and self._without_hold(client):
                    raise InvalidInput(
                        f"{self.name}: the status on-hold is not activated, so no ticket can be set to `hold`",
                        hint=f"activate it ({STATUSES}), or use `pending`",
                    )

    def _refuse_custom(self, status: str, number: str) -> None:
        own = [row for row in self.statuses if row.get("active")]
        row = next((each for each in own if str(each["id"]) == number), None)
        names = ", ".join(f"{each['id']} {each['agent_label']} ({each['status_category']})" for each in own)
        if row is None:
            raise InvalidInput(
                f"{self.name} has no active ticket status with the id {number}", hint=f"it has: {names or 'none'}"
            )
        belongs = row["status_category"]
        if belongs != status:
            raise InvalidInput(
                f"{self.name}: the status {number} ({row['agent_label']}) is one of {belongs}, not {status}",
                hint=f"write `status: {belongs}` beside it",
            )

    def _without_hold(self, client: Client) -> bool:
        """Whether on-hold is switched off: by the list of statuses, or else by the account's settings [LIVE]."""
        rows = [row for row in self.statuses if row.get("default") and row["status_category"] == "hold"]
        if rows:
            return not rows[0].get("active")
        try:
            data = client.get("/api/v2/account/settings", "show the account's settings")
        except Forbidden:
            return False  # only an administrator may look; Zendesk itself will refuse
        settings = data.get("settings") if isinstance(data, Mapping) else None
        features = settings.get("active_features") if isinstance(settings, Mapping) else None
        return isinstance(features, Mapping) and features.get("on_hold_status") is False


def known(client: Client) -> Known:
    """Read which statuses the account has, and what its groups are called. Raises `ProviderError`."""
    try:
        rows = client.whole("/api/v2/custom_statuses", "custom_statuses", "list custom statuses")
    except (NoFeature, NotFound):
        rows = []  # custom statuses are not activated
    groups = client.pages("/api/v2/groups", "groups", "list groups")
    return Known(client.account.name, rows, {int(row["id"]): str(row["name"]) for row in groups})
