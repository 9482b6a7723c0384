"""Security settings: shown by the API, changed by a person only [O26]. The runner reads them before and after.

``own_address`` under the target's options is the address that the runner calls from: an IP restriction that would lock
it out is refused, because the restriction blocks API calls, too [HC].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from providers.zendesk import people, security
from providers.zendesk.client import Client
from providers.zendesk.shared import Values
from runner import kinds
from runner.model import ABSENT, UNKNOWN, Change, Outcome
from runner.spi import Context, Forbidden, Found, InvalidInput, KindSpec, Means, Query, Want


def access() -> KindSpec:
    """Return the kind for settings that a person changes and the runner checks. Slots: key = slug of the setting, path
    ``value``; UNKNOWN where the API shows nothing."""
    base = people.access(means=Means.VERIFY)

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        wants = base.claims(with_, context, found)
        field = people.PLACES.named("access", with_["setting"], context).place.field
        if field != "ip":
            return wants
        address = context.target.options.get("own_address")
        if address is not None and security.locks_out(str(address), with_["value"], _listed(found)):
            raise InvalidInput(
                f"this IP restriction would lock the runner out ({address} is not in it)",
                hint="add the runner's own address to the list, or it could not take the restriction back",
            )
        return [replace(want, claim=replace(want.claim, value=_whole(want.claim.value, found))) for want in wants]

    return replace(base, claims=claims)


def _listed(found: Found) -> Any:
    """Return the addresses that are let in now, as the settings show them."""
    value = found.values.get("value")
    return {"ip": {"ip_ranges": " ".join(value) if isinstance(value, list) else ""}}


def _whole(value: Any, found: Found) -> Any:
    """Return the list to set: ``{"add": [...]}`` is added to the one that is there."""
    if not isinstance(value, Mapping):
        return value
    there = found.values.get("value")
    return sorted({*(there if isinstance(there, list) else ()), *value["add"]})


class Settings:
    """The security settings of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind access."""
        return (access(),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield what the API shows of the settings asked for."""
        fields = {kinds.slug(place.name): place.field for place in people.PLACES.of("access")}
        shown: Any = None
        for key in query.ids:
            field = fields.get(key, "")
            if not field:
                yield key, {"value": UNKNOWN}
                continue
            if shown is None:
                shown = self._client.get("/api/v2/security_settings", "show the security settings")
            value = security.shown(field, shown)
            yield key, {"value": UNKNOWN if value is ABSENT else value}

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Raise `Forbidden`: only a person can change these."""
        raise Forbidden(f"Zendesk has no API to change {batch[0].slot.key}: a person has to, see `runner steps`")
        yield
