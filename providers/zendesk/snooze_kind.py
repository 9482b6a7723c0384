"""The kind `snooze` on Zendesk, pure: Zendesk has none, so a tag on the ticket holds everything about a snooze.

``or-snooze_20261214t120000z_9000002_pending_open_9000003``: due, who snoozed (0: nobody), the status while it sleeps,
and status and assignee before. An agent who takes the tag off cancels the snooze, and any tool can read it. While it
sleeps the ticket belongs to whoever snoozed it, so that a customer's reply, which reopens it [HC], lands with that
agent. Waking it is the runner's work: at its due time, or when the step ends. S1 to S8 are the rules of Whaticket's
snooze, which are those of every target.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from providers.zendesk.ticket_kind import STAMP, WRITABLE, by_jobs, category, in_our_words, needed
from runner import kinds
from runner.model import Claim, Json, Op, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Target, Want

NOBODY: Final = "0"
NOW, WHOSE = "status now", "assignee"  # paths that only a write looks at
AGENT: Final = "agent/"  # below it stands the id of an agent whom a playbook names
FLAGS: Final = {  # S2 to S5; a reply reopens a pending ticket [HC], the tag stays
    "reopens_at_due": True,
    "reassigns_to_snoozer": True,
    "ends_on_customer_reply": False,
    "survives_manual_reopen": True,
}
_TAG: Final = re.compile(
    r"or-snooze_(?P<due>\d{8}t\d{6}z)_(?P<by>\d+)_(?P<status>[a-z]+(?:-\d+)?)_(?P<was>[a-z]+(?:-\d+)?)_(?P<whose>\d+)"
)


@dataclass(frozen=True, slots=True)
class Snooze:
    """What the tag of a snoozed ticket says. `due` is an instant; people are ids, "0" for nobody."""

    due: datetime
    by: str
    status: Value
    was: Value
    whose: str

    @property
    def tag(self) -> str:
        """Return it as a tag."""
        due = f"{self.due:%Y%m%dt%H%M%Sz}"
        return f"or-snooze_{due}_{self.by}_{_short(self.status)}_{_short(self.was)}_{self.whose}"

    @property
    def value(self) -> dict[str, Json]:
        """Return it as the slot holds it."""
        by = {"by": self.by} if self.by != NOBODY else {}
        return {"due": kinds.rfc3339(self.due), **by, "status": self.status}


def _short(status: Value) -> str:
    number = status.get("custom_status_id") if isinstance(status, Mapping) else None
    return category(status) + (f"-{number}" if number is not None else "")


def _long(text: str) -> Json:
    status, _, number = text.partition("-")
    return {"status": status, "custom_status_id": int(number)} if number else status


def snooze_of(tags: Sequence[str]) -> Snooze | None:
    """Return the snooze that a ticket's tags hold, None without one."""
    found = next((match for tag in sorted(tags) if (match := _TAG.fullmatch(tag))), None)
    if found is None:
        return None
    try:
        due = datetime.strptime(found["due"], "%Y%m%dt%H%M%Sz").replace(tzinfo=UTC)
    except ValueError:  # somebody wrote a tag that looks like ours
        return None
    return Snooze(due, found["by"], _long(found["status"]), _long(found["was"]), found["whose"])


def snooze(rate: float, statuses: Mapping[str, Json]) -> KindSpec:
    """Return the kind. `rate` is ticket updates a minute; `statuses` maps names of runner.yaml to status values."""
    common = kinds.snooze()

    def given(with_: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        return in_our_words({"status": default_status(context.target), **with_}, context, statuses)

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        mine = given(with_, context)
        agent = (AGENT + mine["by"],) if "by" in mine else ()
        asked = common.query(mine, context)
        return Query("snooze", where=asked.where, paths=(*asked.paths, "status", STAMP, *needed(mine), *agent))

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        mine = dict(given(with_, context))
        if "by" in mine:
            mine["by"] = found.values[AGENT + mine["by"]]
        for what, status in (("is", found.values.get("status")), ("would be", mine["status"])):
            if category(status) not in WRITABLE:
                raise InvalidInput(
                    f"ticket {found.key} of {context.target.name} {what} {category(status)}, and could not be woken",
                    hint=f"select and use statuses among {', '.join(WRITABLE)}",
                )
        (want,) = common.claims(mine, context, found)
        return [Want("snooze", Claim(Op.PUT, want.claim.value), payload=found.values.get(STAMP))]

    usable = frozenset({*WRITABLE, *statuses})
    return kinds.override(
        common,
        {
            "query": query,
            "claims": claims,
            **by_jobs(rate),
            "values": {"status": usable, "select/status": usable},
            "flags": FLAGS,
            "notes": (
                "Zendesk wakes nothing by itself: `runner tick` does, when the snooze is due or the step ends.",
                "A customer's reply reopens the ticket, which is then with the agent of `by`.",
                "An agent who takes the tag `or-snooze...` off cancels the snooze.",
            ),
        },
    )


def default_status(target: Target) -> str:
    """Return the status of sleeping tickets where a step names none."""
    return "pause" if "pause" in target.words else "pending"


def asleep(held: Snooze | None, seen: Mapping[str, Value], wanted: Mapping[str, Any]) -> Snooze:
    """Return the snooze of a ticket that is put to sleep, or put to sleep anew.

    `seen` is the ticket as it was read last, `held` the snooze that it has, `wanted` the slot's value.
    """
    due = datetime.fromisoformat(str(wanted["due"])).astimezone(UTC)
    was, whose = (held.was, held.whose) if held is not None else (seen.get(NOW, "open"), seen.get(WHOSE, NOBODY))
    return Snooze(due, str(wanted.get("by", NOBODY)), wanted["status"], was, str(whose))


def awake(
    held: Snooze, seen: Mapping[str, Value], now: datetime, there: Callable[[str], bool]
) -> tuple[dict[str, Json], str]:
    """Return what a ticket holds after its snooze (``status``, ``assignee_id``), and a log line for it, "" for none.

    Before it is due, what was there comes back; at its due time the ticket is reopened and goes to the agent
    who snoozed it (`there` tells whether an agent is), unless somebody has reopened it: S2, S3, S6, S8.
    """
    status = category(seen[NOW])
    sleeps = status == category(held.status)
    if now < held.due:
        mine = held.by != NOBODY and seen[WHOSE] == held.by
        whose: dict[str, Json] = {"assignee_id": int(held.whose) or None} if mine else {}
        return {**whose, "status": held.was} if sleeps else whose, ""
    if not sleeps:
        return {}, f"The snooze is over. The ticket was not reopened, because it was {status}."
    if held.by == NOBODY:
        return {"status": "open"}, "The snooze is over: reopened."
    if there(held.by):
        return {"status": "open", "assignee_id": int(held.by)}, "The snooze is over: reopened, for who snoozed it."
    return {"status": "open", "assignee_id": None}, "The snooze is over: reopened. Who snoozed it is not here any more."
