"""The words of the runner as plain values: slots, claims, changes, outcomes.

Pure: no I/O, no clock, no logging, nothing imported from the rest of the runner.

A resource of a helpdesk is a flat map ``path -> value``. A *slot* is one field that an outage can own. A *claim* is
what somebody wants in a slot, often as a function of what lies below it ("close 11:30-14:30"). A *change* is
``before -> after`` in one slot; the undo of a change is another change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import Any, Final, TypeAlias

Json: TypeAlias = Any  # what `json.loads` returns; a recursive alias would want a cast at every use


class Nothing(Enum):
    """The two values that JSON cannot say."""

    ABSENT = "absent"  # the thing does not exist (or must not)
    UNKNOWN = "unknown"  # a person could not say what was there before

    def __repr__(self) -> str:
        return self.name


ABSENT: Final = Nothing.ABSENT
UNKNOWN: Final = Nothing.UNKNOWN

Value: TypeAlias = Json | Nothing


def value_to_json(value: Value) -> Json:
    """Return `value` as JSON; ABSENT and UNKNOWN become ``{"$": "absent"}`` and ``{"$": "unknown"}``."""
    return {"$": value.value} if isinstance(value, Nothing) else value


def value_from_json(data: Json) -> Value:
    """Return the value that `value_to_json` wrote."""
    if isinstance(data, dict) and data.keys() == {"$"}:
        return Nothing(data["$"])
    return data


class Merge(StrEnum):
    """How the layers of a slot combine."""

    ATOMIC = "atomic"  # the top layer's value stands
    SET = "set"  # a list of strings; layers add and remove members
    MINUTES = "minutes"  # open times of one day, ["09:00-12:00", "13:00-24:00"]; members are minutes
    TEXT = "text"  # a body plus lines that outages append
    EFFECT = "effect"  # happens once, cannot be taken back, is never read


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """One object of a target. `key` is the vendor's id (or our marker), never a name."""

    target: str
    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.target}/{self.kind}/{self.key}"


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One field of one object: the unit of ownership."""

    target: str
    kind: str
    key: str
    path: str

    @property
    def ref(self) -> Ref:
        """The object that the field belongs to."""
        return Ref(self.target, self.kind, self.key)

    def __str__(self) -> str:
        return f"{self.target}/{self.kind}/{self.key}/{self.path}"


class Op(StrEnum):
    """What a claim does with the value below it."""

    PUT = "put"  # this value, whatever is below
    MEMBERS = "members"  # add and remove members (SET, MINUTES)
    APPEND = "append"  # append `value` as further lines (TEXT)
    EDIT = "edit"  # a person's text; `add` holds our lines that still stand in it, `remove` those taken out (TEXT)
    SEND = "send"  # an effect; `value` is the digest of what is sent


@dataclass(frozen=True, slots=True)
class Claim:
    """What one owner wants in one slot, as a function of what lies below.

    `give_back` maps a value that the vendor never gives back to the one that is written in its place on restore
    (Zendesk never sets a ticket to `new` again).
    """

    op: Op
    value: Value = ABSENT
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    give_back: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Return the claim as a JSON object without empty members."""
        data: dict[str, Json] = {"op": self.op.value}
        if self.op in (Op.PUT, Op.APPEND, Op.EDIT, Op.SEND):
            data["value"] = value_to_json(self.value)
        if self.add:
            data["add"] = list(self.add)
        if self.remove:
            data["remove"] = list(self.remove)
        if self.give_back:
            data["give_back"] = dict(self.give_back)
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Claim:
        """Return the claim that `to_json` wrote."""
        return Claim(
            Op(data["op"]),
            value_from_json(data["value"]) if "value" in data else ABSENT,
            tuple(data.get("add", ())),
            tuple(data.get("remove", ())),
            data.get("give_back", {}),
        )


@dataclass(frozen=True, slots=True)
class Layer:
    """A claim in its place in the stack of a slot; layers fold in the order (priority, n, step).

    `owner` is an outage id, or `PERSON` for an edit by hand, or `KEPT` for a change that `restore: keep` left in place.
    `run` is the step instance of the outage, empty for a person.
    """

    owner: str
    run: str
    priority: int
    n: int
    step: int
    claim: Claim
    seen_at: str = ""  # RFC 3339, only for a person's edit

    @property
    def order(self) -> tuple[int, int, int]:
        """The place in the stack."""
        return (self.priority, self.n, self.step)

    @property
    def of_outage(self) -> bool:
        """Whether an outage (and not a person or a kept change) holds this layer."""
        return self.owner not in (PERSON, KEPT)


PERSON: Final = "a person"
KEPT: Final = "kept on purpose"


@dataclass(frozen=True, slots=True)
class Change:
    """`before -> after` in one slot, as handed to a provider.

    `payload` is what a digest in `after` stands for: the content of an effect (subject, body, recipients) above all. It
    is never journalled.
    """

    slot: Slot
    before: Value
    after: Value
    payload: Json = None

    def inverse(self) -> Change:
        """The change that takes this one back."""
        return replace(self, before=self.after, after=self.before, payload=None)


class Verdict(StrEnum):
    """What became of one change."""

    DONE = "done"  # the vendor says that it is written
    REJECTED = "rejected"  # the vendor refuses this change; nothing was written
    MOVED = "moved"  # the precondition failed: live is not `before` any more; nothing was written
    UNKNOWN = "unknown"  # the reply was lost: it may or may not be written


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one change. `proven` says that the vendor named this very item as done: no read-back is needed.

    The `reason` of a restore that is done and proven says what had failed by then: a message that never went out.
    """

    verdict: Verdict
    reason: str = ""
    field: str = ""
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """An asynchronous vendor job was accepted; `ref` is recorded before the job is polled."""

    ref: str
