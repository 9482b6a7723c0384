"""How one Request Tracker is configured: address, queues, lifecycles, class of articles. Offline, checked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from providers.http import checked_url
from runner.spi import Rejected, Target

API: Final = "/REST/2.0"
OPTIONS: Final = frozenset({"url", "queues", "lifecycles", "article_class", "page"})
STAGES: Final = ("initial", "active", "inactive")  # as in RT's own configuration [DOC]
DEFAULT: Final = {"initial": ("new",), "active": ("open", "stalled"), "inactive": ("resolved", "rejected")}  # [DOC]
PAGE: Final = 100  # objects in a list; RT gives no more than that [MEM]


@dataclass(frozen=True, slots=True)
class Account:
    """What runner.yaml says about one Request Tracker.

    `queues` are meant where a step names none, empty for all. `lifecycles` maps the name of a lifecycle to its stages,
    each with its statuses: no API lists them. `article_class` is where notices go.
    """

    name: str
    url: str
    queues: tuple[str, ...]
    lifecycles: Mapping[str, Mapping[str, tuple[str, ...]]]
    article_class: str
    page: int

    def statuses(self, lifecycle: str) -> frozenset[str]:
        """Return the statuses of one lifecycle; none for one that runner.yaml does not know."""
        stages = self.lifecycles.get(lifecycle, {})
        return frozenset(status for stage in stages.values() for status in stage)

    @property
    def every_status(self) -> frozenset[str]:
        """The statuses of all lifecycles."""
        return frozenset(status for name in self.lifecycles for status in self.statuses(name))

    @property
    def done(self) -> frozenset[str]:
        """The statuses of tickets that nobody works on any more."""
        return frozenset(status for stages in self.lifecycles.values() for status in stages["inactive"])


def account_of(target: Target) -> Account:
    """Return the account of a target. Raises `Rejected`, with the option that is wrong."""
    options = target.options
    if unknown := sorted(set(options) - OPTIONS):
        raise _wrong(target, unknown[0], f"is no option of request_tracker; there are {', '.join(sorted(OPTIONS))}")
    if "url" not in options:
        raise _wrong(target, "url", "is missing: write the address of your RT, such as https://rt.example.com")
    pause = target.words.get("pause", "")
    if not isinstance(pause, str):
        raise Rejected(f"targets.{target.name}.pause must be the name of a status", field="pause")
    page = options.get("page", PAGE)
    if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= PAGE:
        raise _wrong(target, "page", f"must be a number from 1 to {PAGE}: how many tickets RT lists at once")
    group = options.get("article_class", "General")
    if not isinstance(group, str) or not group:
        raise _wrong(target, "article_class", "must be the name of a class of articles")
    return Account(
        name=target.name,
        url=checked_url(str(options["url"])).removesuffix(API),
        queues=_names(target, "queues", options.get("queues", ())),
        lifecycles=_lifecycles(target),
        article_class=group,
        page=page,
    )


def _lifecycles(target: Target) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    given = target.options.get("lifecycles", {})
    if not isinstance(given, Mapping):
        raise _wrong(target, "lifecycles", "must map names to {initial: [...], active: [...], inactive: [...]}")
    found: dict[str, Mapping[str, tuple[str, ...]]] = {"default": DEFAULT}
    for name, stages in given.items():
        if not isinstance(stages, Mapping) or set(stages) != set(STAGES):
            raise _wrong(target, f"lifecycles.{name}", "must be {initial: [...], active: [...], inactive: [...]}")
        found[name] = {stage: _names(target, f"lifecycles.{name}.{stage}", stages[stage]) for stage in STAGES}
    return found


def _names(target: Target, option: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) and each for each in given):
        raise _wrong(target, option, "must be a list of names")
    return tuple(given)


def _wrong(target: Target, option: str, why: str) -> Rejected:
    return Rejected(f"targets.{target.name}.options.{option} {why}", field=option)
