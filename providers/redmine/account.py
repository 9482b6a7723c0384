"""How one Redmine is configured: address, project, names of the snooze field and of the banner page. Offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from providers.http import checked_url
from runner.spi import Rejected, Target

OPTIONS: Final = {"url": "", "project": "", "snooze_field": "Snooze until", "mark_field": "Outage", "banner": "Banner"}


@dataclass(frozen=True, slots=True)
class Account:
    """What runner.yaml says about one Redmine.

    `project` is the name or identifier of the project whose news and wiki are used, and whose tickets are meant where a
    step names no project; "" for none. `snooze_field` is a custom field of the format date, `mark_field` one of the
    format text, `banner` a wiki page.
    """

    name: str
    url: str
    project: str
    snooze_field: str
    mark_field: str
    banner: str


def account_of(target: Target) -> Account:
    """Return the account of a target. Raises `Rejected`, with the option that is wrong."""
    for option, value in target.options.items():
        if option not in OPTIONS:
            raise _wrong(target, option, f"is no option of redmine; there are {', '.join(OPTIONS)}")
        if not isinstance(value, str) or not value.strip():
            raise _wrong(target, option, "must be a text")
    if "url" not in target.options:
        raise _wrong(
            target, "url", "is missing: write the address of your Redmine, such as https://redmine.example.com"
        )
    pause = target.words.get("pause", "")
    if not isinstance(pause, str):
        raise Rejected(f"targets.{target.name}.pause must be the name of a status", field="pause")
    said = {**OPTIONS, **target.options}
    names = {name: said[name] for name in ("project", "snooze_field", "mark_field", "banner")}
    return Account(target.name, checked_url(said["url"]), **names)


def _wrong(target: Target, option: str, why: str) -> Rejected:
    return Rejected(f"targets.{target.name}.options.{option} {why}", field=option)
