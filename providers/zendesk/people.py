"""Kinds of Zendesk that people carry out, because it has no public API for them: the places of its screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias, Unpack

from providers.places import Places
from providers.zendesk import security
from providers.zendesk.people_channels import OPENING_TIMES, SWITCHES, TEXTS
from providers.zendesk.people_settings import ERRANDS, OTHER_SETTINGS, SECURITY_SETTINGS
from runner import kinds
from runner.model import Claim, Op
from runner.spi import Context, Found, KindSpec, Want

With: TypeAlias = Mapping[str, Any]

PLACES: Final = Places(
    (*SWITCHES, *OPENING_TIMES, *TEXTS, *SECURITY_SETTINGS, *OTHER_SETTINGS, *ERRANDS),
    "menu paths may have changed: those from memory say so, and words in es, pt-BR and uk are translations",
)


def channel(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind that has a person turn a channel on or off (Z6, Z8-Z10, Z12, Z14, Z15, Z25)."""
    return kinds.override(PLACES.guided(kinds.person(kinds.channel())), overrides)


def channel_hours(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind that has a person set the hours of a channel (Z23, Z24)."""
    return kinds.override(PLACES.guided(kinds.person(kinds.channel_hours())), overrides)


def message(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind that has a person write an automatic message (Z5, Z11, Z16, Z17, Z21, Z23, Z25)."""
    return kinds.override(PLACES.guided(kinds.person(kinds.message())), overrides)


def access(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind for settings that a person changes (Z13, Z23, Z31-Z36).

    With ``means=Means.VERIFY`` the runner checks those that the security settings show; `security.shown` is what a
    read yields then, in the form of the claim. Values of such settings are brought into that form here: the `field` of
    a place is the setting of ``GET /api/v2/security_settings`` that proves it.
    """
    base = PLACES.guided(kinds.access())

    def claims(with_: With, context: Context, found: Found) -> Sequence[Want]:
        place = PLACES.named("access", with_["setting"], context).place
        wants = base.claims(with_, context, found)
        if not place.field:
            return wants
        value = security.wanted(place.field, with_["value"])
        return [replace(want, claim=Claim(Op.PUT, value)) for want in wants]

    return kinds.override(replace(base, claims=claims), overrides)


def checklist(**overrides: Unpack[kinds.Overrides]) -> KindSpec:
    """Return the kind for a list of things to do; an item may name a `place` of the table instead of a menu (Z13, Z27,
    Z28, Z30, Z31, Z36)."""
    return kinds.override(PLACES.checklist(), overrides)
