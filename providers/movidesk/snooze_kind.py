"""The kind `snooze` on Movidesk, pure: Movidesk has none for the API, so an internal action on the ticket holds it.

Everybody reads it in the ticket's history (``Snoozed until 2026-12-14 09:00 ...``), and a token at its end holds what
the runner needs: due, the status while it sleeps, and the status before. The last such action counts; one that says
that the snooze is over ends it. Tags would be tidier, but a change of tags replaces them all [3]. S1 to S8 are the
rules of Whaticket's snooze, which are those of every target.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from providers.movidesk.account import Account
from providers.movidesk.ticket_kind import (
    NEEDED,
    SAID,
    in_our_words,
    paced,
    selecting,
    status_of,
    status_schema,
)
from providers.places import LOCALES
from runner import kinds
from runner.model import Json, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Target, Want

NOW: Final = "status now"  # the path of the status that a ticket has, asleep or not
FLAGS: Final = {  # S2 to S5; whether a reply reopens a ticket is for the account's own automations
    "reopens_at_due": True,
    "reassigns_to_snoozer": False,
    "ends_on_customer_reply": False,
    "survives_manual_reopen": True,
}
OVER: Final = "[or-snooze over]"
_TOKEN: Final = re.compile(r"\[or-snooze ([A-Za-z0-9_=-]+)\]")
_SLEEPS: Final = (
    "Snoozed until {}.",
    "Pospuesto hasta {}.",
    "Adiado até {}.",
    "Відкладено до {}.",
)
_WAKES: Final = (
    "The snooze is over.",
    "El aplazamiento terminó.",
    "O adiamento terminou.",
    "Відкладення завершено.",
)
_NOT_REOPENED: Final = (
    "The snooze is over. The ticket was not reopened, because it was not paused any more.",
    "El aplazamiento terminó. El ticket no se reabrió, porque ya no estaba en pausa.",
    "O adiamento terminou. O ticket não foi reaberto, porque não estava mais em pausa.",
    "Відкладення завершено. Запит не відкрито знову: він уже не був на паузі.",
)


@dataclass(frozen=True, slots=True)
class Snooze:
    """What the action of a snoozed ticket says: `due` is an instant, statuses have their justification."""

    due: datetime
    status: Mapping[str, Json]
    was: Mapping[str, Json]

    @property
    def token(self) -> str:
        """Return it as the end of a text."""
        parts = [kinds.rfc3339(self.due), *status_pair(self.status), *status_pair(self.was)]
        plain = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
        return f"[or-snooze {urlsafe_b64encode(plain).decode()}]"

    @property
    def value(self) -> dict[str, Json]:
        """Return it as the slot holds it."""
        return {"due": kinds.rfc3339(self.due), "status": dict(self.status)}


def status_pair(status: Mapping[str, Json]) -> tuple[str, str | None]:
    """Return status and justification."""
    return str(status["status"]), status["justification"]


def snooze_of(actions: Sequence[Mapping[str, Any]]) -> Snooze | None:
    """Return the snooze that a ticket's internal actions hold, None without one, and after one that is over."""
    ours = [each for each in actions if each.get("type") == SAID["note"] and "[or-snooze " in str(each["description"])]
    if not ours:
        return None
    last = str(max(ours, key=lambda each: int(each["id"]))["description"])
    found = _TOKEN.search(last)
    if found is None or OVER in last:
        return None
    try:
        due, status, why, was, before = json.loads(urlsafe_b64decode(found[1]))
        at = datetime.fromisoformat(due).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):  # somebody wrote an action that looks like ours
        return None
    return Snooze(
        at, status_of({"status": status, "justification": why}), status_of({"status": was, "justification": before})
    )


def snooze(account: Account) -> KindSpec:
    """Return the kind for one account."""
    common = kinds.snooze()

    def given(with_: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        if "status" not in with_ and "pause" not in context.target.words:
            raise InvalidInput(
                f"step {context.step}: nobody knows in which status tickets of {context.target.name} sleep",
                hint="write `status`, or `pause: {status: ..., justification: ...}` under the target in runner.yaml",
            )
        return in_our_words({"status": "pause", **with_}, context, account)

    def query(with_: Mapping[str, Any], context: Context) -> Query:
        mine = given(with_, context)
        asked = common.query(mine, context)
        return Query(
            "snooze", where=asked.where, paths=(*asked.paths, NEEDED + json.dumps(mine["status"], sort_keys=True))
        )

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        return common.claims(given(with_, context), context, found)

    fields = {name: each for name, each in common.schema["properties"].items() if name != "by"}
    fields |= {"select": selecting(common.schema), "status": status_schema("Status while snoozed; default: `pause`.")}
    return kinds.override(
        common,
        {
            "schema": {**common.schema, "properties": fields},
            "query": query,
            "claims": claims,
            **paced(account),
            "flags": FLAGS,
            "notes": (
                "Movidesk wakes nothing by itself: `runner tick` does, when the snooze is due or the step ends.",
                "Each snooze leaves two internal actions in a ticket's history: when it begins, and when it ends.",
            ),
        },
    )


def asleep(held: Snooze | None, now: Mapping[str, Json], wanted: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """Return the update that puts a ticket to sleep, or to sleep anew; empty when it sleeps like that already.

    `held` is the snooze that it has, `now` its status, `wanted` the slot's value. A ticket that somebody took up while
    it slept keeps its status when the snooze gets another due time alone (S4, S5), and that status is then the one
    that comes back.
    """
    due = datetime.fromisoformat(str(wanted["due"])).astimezone(UTC)
    was, taken_up = now, False
    if held is not None:
        if (held.due, held.status) == (due, wanted["status"]):
            return {}
        was = held.was if now == held.status else now
        taken_up = now != held.status == wanted["status"]
    new = Snooze(due, wanted["status"], was)
    until = f"{due.astimezone(ZoneInfo(target.zone)):%Y-%m-%d %H:%M} ({target.zone})"
    note = _note(f"{_words(_SLEEPS, target).format(until)} {new.token}")
    return {**({} if taken_up else fields_of(new.status)), "actions": [note]}


def awake(held: Snooze, now: Value, at: datetime, target: Target) -> dict[str, Any]:
    """Return the update that ends a snooze: the status of before comes back while the ticket sleeps (S2, S6); one that
    somebody has reopened is left as it is (S3), with a line in its history."""
    if now == held.status:
        return {**fields_of(held.was), "actions": [_note(f"{_words(_WAKES, target)} {OVER}")]}
    words = _NOT_REOPENED if at >= held.due else _WAKES
    return {"actions": [_note(f"{_words(words, target)} {OVER}")]}


def fields_of(status: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of an update that set a status."""
    return {"status": status["status"], "justification": status["justification"] or ""}


def _note(text: str) -> dict[str, Json]:
    return {"type": SAID["note"], "description": text}


def _words(words: tuple[str, str, str, str], target: Target) -> str:
    """Return one of our words in the first language of the target: agents read it."""
    table = dict(zip(LOCALES, words, strict=True))
    return next((text for locale in target.locales if (text := kinds.for_locale(table, locale))), words[0])
