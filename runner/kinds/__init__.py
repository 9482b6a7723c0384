"""The common kinds of steps, ready for any provider.

A builder returns a `KindSpec`; keyword arguments replace any of its fields::

    offer(business_hours(), tickets(gives_back=frozenset({"open", "pending"}), max_batch=50), person(holiday()))

`query` and `claims` are pure functions of the step's `with` and a `Context`. They raise `InvalidInput` with a sentence
and a next step when the values cannot mean anything, such as a holiday that ends before it starts.
"""

from __future__ import annotations

from runner.kinds.contacts import scheduled_contact
from runner.kinds.hours import business_hours, channel_hours, holiday
from runner.kinds.notices import digest, notice
from runner.kinds.people import checklist, person, say
from runner.kinds.places import access, channel, message, rule
from runner.kinds.queue import matches, rfc3339, selecting_paths, snooze, tickets
from runner.kinds.shape import (
    Overrides,
    any_of,
    asked,
    every_text,
    extend,
    fields,
    for_locale,
    objects,
    offer,
    one_text,
    override,
    pick,
    slug,
    texts,
    word,
)
from runner.spi import KindSpec

__all__ = [
    "Overrides",
    "access",
    "any_of",
    "asked",
    "business_hours",
    "channel",
    "channel_hours",
    "checklist",
    "common",
    "digest",
    "every_text",
    "extend",
    "fields",
    "for_locale",
    "holiday",
    "matches",
    "message",
    "notice",
    "objects",
    "offer",
    "one_text",
    "override",
    "person",
    "pick",
    "rfc3339",
    "rule",
    "say",
    "scheduled_contact",
    "selecting_paths",
    "slug",
    "snooze",
    "texts",
    "tickets",
    "word",
]


def common() -> dict[str, KindSpec]:
    """Return every common kind as it stands, by name."""
    return offer(
        business_hours(),
        channel_hours(),
        holiday(),
        channel(),
        message(),
        rule(),
        tickets(),
        snooze(),
        scheduled_contact(),
        notice(),
        access(),
        checklist(),
    )
