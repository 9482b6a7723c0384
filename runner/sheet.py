"""A run's plan while it is written: items, counts of long lists, what is left alone. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from runner.decide import Decision
from runner.guard import protects
from runner.model import ABSENT, UNKNOWN, Json, Merge, Value
from runner.planfile import Action, Item
from runner.spi import KindSpec, Want
from runner.store import ledger
from runner.work import Work

SAID = 160  # characters of an effect's text
SENT = "sent"  # stands for what an effect leaves behind, in counts
SAMPLE = 5  # tickets named in the plan of a long list
FLAGS: Final[Mapping[str, tuple[str, str]]] = {  # what a target does by itself -> in words: no, yes
    "reopens_at_due": ("does not reopen when it is due", "reopens when it is due"),
    "reassigns_to_snoozer": ("stays with whoever has it", "goes to who snoozed it"),
    "ends_on_customer_reply": ("a customer's reply does not end the snooze", "a customer's reply ends it"),
    "survives_manual_reopen": ("reopening it by hand ends it", "reopening it by hand does not end it"),
}


@dataclass(slots=True)
class Sheet:
    """A run's plan while it is written."""

    items: list[Item] = field(default_factory=list)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    digest: Any = field(default_factory=sha256)
    objects: int = 0
    changed: int = 0
    changes: int = 0
    odd: Counter[str] = field(default_factory=Counter)
    protected: Sequence[str] = ()

    def add(self, item: Item, *, long: bool) -> None:
        """Take in one slot. Of a long list a sample is kept, and everything that is out of the ordinary."""
        if item.action is Action.NOTHING and not item.conflict and not item.irreversible:
            self.left[item.note or "already as wanted"] += 1
            return
        prefix = item.slot.path.partition("/")[0]
        if item.action is not Action.NOTHING:
            after = SENT if item.action is Action.SEND else value_text(item.after)  # each has a digest of its own
            self.counts[(prefix, value_text(item.before), after)] += 1
            self.changes += 1
        if not long or len(self.items) < SAMPLE * 2 or any(protects(pattern, item) for pattern in self.protected):
            self.items.append(item)


def asides(spec: KindSpec, direction: str, timing: str) -> tuple[str, ...]:
    """Return what is good to know about a step: how it would be done sooner, and what its target does by itself."""
    words = [FLAGS[name][does] for name, does in spec.flags.items()] if direction == "open" else []
    return tuple(each for each in (timing, "; ".join(words)) if each)


def value_text(value: Value) -> str:
    """Return a value as short text."""
    return value.value if value is ABSENT or value is UNKNOWN else ledger.dumps(value).strip('"')


def item_of(decision: Decision, work: Work, want: Want | None = None) -> Item:
    """Return one slot of a plan from what was decided about it. `want` is what the step asks for there: of an effect,
    the plan shows what it says."""
    before, after = decision.before, decision.after
    irreversible = ""
    if decision.seen.merge is Merge.EFFECT:
        action = Action.SEND if decision.write else Action.NOTHING
        irreversible = "it is out once it is sent" if decision.write else ""
    elif not decision.write:
        action = Action.NOTHING
    elif before is ABSENT:
        action = Action.CREATE
    else:
        action = Action.DELETE if after is ABSENT else Action.UPDATE
    note = _said(want.payload) if action is Action.SEND and want is not None else ""
    if action is Action.NOTHING:
        note = "kept on purpose" if work.mode == "keep" else "already as wanted"
    if work.mode == "close" and decision.hidden:
        note = "edited by hand during the outage: kept"
    if decision.instead is not ABSENT:
        irreversible = f"{work.target} never gives {value_text(decision.instead)!r} back"
    elif work.mode == "open" and decision.write and (stand_in := _stand_in(decision)):
        irreversible = stand_in
    conflict = ""
    if work.mode == "open" and decision.hidden:
        conflict = (
            f"a person's edit hides it: wanted {value_text(decision.hidden[0])}, a person set {value_text(after)}"
        )
    return Item(decision.slot, decision.seen.name, before, after, action, note, irreversible, conflict)


def _said(content: Json) -> str:
    """Return the beginning of what an effect says: of its body, or of its subject, in the first language."""
    if not isinstance(content, Mapping):
        return ""
    text = content.get("body") or content.get("subject") or ""
    text = next(iter(text.values()), "") if isinstance(text, Mapping) else text
    words = " ".join(str(text).split())
    return words if len(words) <= SAID else f"{words[: SAID - 3]}..."


def _stand_in(decision: Decision) -> str:
    for layer in decision.intent.layers:
        before = decision.before
        if isinstance(before, str) and before in layer.claim.give_back:
            return f"comes back as {layer.claim.give_back[before]!r}, not as {before!r}"
    return ""
