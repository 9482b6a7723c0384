"""Triggers, automations, chat triggers and departments: listed, switched many at a time, copied, made and deleted.

`update_many` switches up to 100 triggers or automations in one request and touches nothing else [DOC][O25]; default
automations may be skipped there without an error, which the runner's read-back finds out. A PUT with conditions or
actions replaces both lists, so both are always sent [DOC].
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from providers.http import NotSent
from providers.zendesk.client import Client
from providers.zendesk.hours import shown_name, split_name
from providers.zendesk.rule_kind import SELECTORS, action, condition, rule, whole
from providers.zendesk.shared import Values, attempt, existing, wanted_ids
from runner.model import ABSENT, Change, Json, Outcome, Slot, Value, Verdict
from runner.spi import KindSpec, ProviderError, Query, Rejected, Unavailable

MANY: Final = 100  # rules in one update_many
PLURAL: Final[Mapping[str, str]] = {
    "trigger": "triggers",
    "automation": "automations",
    "chat_trigger": "chat/triggers",
    "department": "chat/departments",
}
LISTED: Final = ("trigger", "automation")
CHAT: Final = ("chat_trigger", "department")


def definition_of(kind: str, row: Mapping[str, Any], title: str) -> Json:
    """Return title, conditions and actions of a trigger or automation as a slot holds them."""
    conditions = row.get("conditions") or {}
    parts = {part: [condition(each) for each in conditions.get(part) or ()] for part in ("all", "any")}
    return whole(kind, title, parts, [action(each) for each in row.get("actions") or ()])


class Rules:
    """The rules of one account."""

    def __init__(self, client: Client, *, chat: bool) -> None:
        self._client = client
        self._chat = chat
        self._ids: dict[str, str] = {}  # marker -> key of the rule that carries it

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind rule."""
        return (existing(rule(self._client.account.per_minute("support")), *SELECTORS),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield rules with what is asked; a marker's rule under the path ``rule``."""
        listed = PLURAL if self._chat else LISTED
        found = wanted_ids(query, lambda: self._every(_kinds(query.ids) if query.ids else listed))
        # by its marker a rule of ours is there a second time, with the name of what it is a copy of
        return found if query.ids else ((key, values) for key, values in found if "rule" not in values)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Make copies and rules first, then switch, then delete: no moment without an answer to customers."""
        done: dict[Slot, Outcome] = {}
        try:
            for slot, outcome in self._written(batch):
                done[slot] = outcome
        except ProviderError as fault:
            if not done:
                raise  # nothing was sent
            sure = not isinstance(fault, Unavailable) or isinstance(fault, NotSent)
            rest = Outcome(Verdict.MOVED if sure else Verdict.UNKNOWN, fault.message)
            done = {change.slot: done.get(change.slot, rest) for change in batch}
        yield from (done[change.slot] for change in batch)

    def _written(self, batch: Sequence[Change]) -> Iterator[tuple[Slot, Outcome]]:
        self._find([change.slot for change in batch if change.slot.path != "active"])
        for change in batch:
            if change.slot.path != "active" and change.after is not ABSENT:
                yield change.slot, attempt(partial(self._put, change))
        yield from self._switch([change for change in batch if change.slot.path == "active"])
        for change in batch:
            if change.slot.path != "active" and change.after is ABSENT:
                yield change.slot, attempt(partial(self._delete, change))

    # --- reading ----------------------------------------------------------------------------------------------------

    def _every(self, kinds: Collection[str]) -> Iterator[tuple[str, Values]]:
        ours: dict[str, Json] = {}
        rows: list[tuple[str, dict[str, Value]]] = []
        self._ids = {}
        for kind in (each for each in LISTED if each in kinds):
            for row in self._client.pages(f"/api/v2/{PLURAL[kind]}", PLURAL[kind], f"list {PLURAL[kind]}"):
                title, marker = split_name(str(row.get("raw_title") or row["title"]))
                definition, key = definition_of(kind, row, title), f"{kind}-{row['id']}"
                if marker:
                    self._ids[marker] = key
                    ours[marker] = definition if row["active"] else {**definition, "active": False}
                rows.append((key, {"name": row["title"], "active": bool(row["active"]), "definition": definition}))
        copies = {f"clones/{marker}": value for marker, value in ours.items()}
        for key, values in rows:
            yield key, {**values, **copies}
        for marker, value in ours.items():
            yield marker, {"name": value["title"], "rule": value}
        for kind in (each for each in CHAT if each in kinds):
            found = self._client.get(f"/api/v2/{PLURAL[kind]}", f"list {kind}s", family="chat")
            listed = found if isinstance(found, list) else found.get(PLURAL[kind].rpartition("/")[2], [])
            for row in listed:
                yield f"{kind}-{row['id']}", {"name": row["name"], "active": bool(row["enabled"])}

    # --- writing ----------------------------------------------------------------------------------------------------

    def _switch(self, changes: Sequence[Change]) -> Iterator[tuple[Slot, Outcome]]:
        for kind in PLURAL:
            mine = [change for change in changes if change.slot.key.rpartition("-")[0] == kind]
            if kind in CHAT:
                for change in mine:
                    yield change.slot, attempt(partial(self._switch_chat, kind, change))
                continue
            for start in range(0, len(mine), MANY):
                some = mine[start : start + MANY]
                outcome = attempt(partial(self._switch_many, kind, some))
                yield from ((change.slot, outcome) for change in some)

    def _switch_many(self, kind: str, changes: Sequence[Change]) -> None:
        rows = [{"id": _number(change.slot.key), "active": bool(change.after)} for change in changes]
        self._client.write("PUT", f"/api/v2/{PLURAL[kind]}/update_many", f"switch {PLURAL[kind]}", {PLURAL[kind]: rows})

    def _switch_chat(self, kind: str, change: Change) -> None:
        # `enabled` is an integer there; the path of the PUT is from memory [MEM].
        path, body = f"/api/v2/{PLURAL[kind]}/{_number(change.slot.key)}", {"enabled": int(bool(change.after))}
        self._client.write("PUT", path, f"switch a {kind}", body, family="chat")

    def _put(self, change: Change) -> None:
        value, marker = change.after, _marker(change.slot)
        if not isinstance(value, dict):
            raise Rejected(f"{change.slot}: a rule is needed", field=change.slot.path)
        kind = value["type"]
        body = {
            kind: {
                "title": shown_name(value["title"], marker),
                "active": value.get("active", True),
                "conditions": value["conditions"],
                "actions": value["actions"],
            }
        }
        known = self._ids.get(marker)
        if known is None:
            self._client.write("POST", f"/api/v2/{PLURAL[kind]}", f"create the {kind}", body)
        else:
            self._client.write("PUT", f"/api/v2/{PLURAL[kind]}/{_number(known)}", f"change the {kind}", body)

    def _delete(self, change: Change) -> None:
        known = self._ids.get(_marker(change.slot))
        if known is not None:
            kind = known.rpartition("-")[0]
            self._client.write("DELETE", f"/api/v2/{PLURAL[kind]}/{_number(known)}", f"delete the {kind}")

    def _find(self, slots: Sequence[Slot]) -> None:
        """Look for the rules of ours: creating one is not idempotent, and a reply may have been lost."""
        for _ in self._every(_kinds(slot.key for slot in slots)):
            pass


def _kinds(keys: Iterable[str]) -> set[str]:
    """Return the kinds among which objects are; the rule of a marker may be a trigger or an automation."""
    found = {key.rpartition("-")[0] for key in keys}
    return found if found <= PLURAL.keys() else found | set(LISTED)


def _marker(slot: Slot) -> str:
    return slot.key if slot.path == "rule" else slot.path.removeprefix("clones/")


def _number(key: str) -> int:
    number = key.rpartition("-")[2]
    if not number.isdigit():
        raise Rejected(f"{key!r} is no rule of Zendesk", field="id")
    return int(number)
