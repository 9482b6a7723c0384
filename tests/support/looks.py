"""What a case can claim: each word of `then` and `expect` is a function that returns what there is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runner.layers import stack
from runner.model import Layer, Value, value_to_json
from runner.store import ledger
from runner.store import tasks as steps

if TYPE_CHECKING:
    from tests.support.cases import Play


def check(play: Play, then: Mapping[str, Any]) -> None:
    """Check every claim. Raises AssertionError with what was wanted and what there is."""
    for word, given in then.items():
        assert word in LOOKS, f"unknown word {word!r}; known: {', '.join(LOOKS)}"
        wanted = renamed(play, given)
        found = LOOKS[word](play, wanted)
        assert found == wanted, f"{word}:\n  wanted {wanted!r}\n  found  {found!r}"


def renamed(play: Play, given: Any) -> Any:
    """Return a claim with markers in place of the steps that make them."""
    if isinstance(given, Mapping):
        return {play.named(key): value for key, value in given.items()}
    return [play.named(each) for each in given] if isinstance(given, list) else given


def shown(value: Value) -> Any:
    """Return a value as a case writes it."""
    data = value_to_json(value)
    return data["$"] if isinstance(data, dict) and data.keys() == {"$"} else data


def spoken(value: Value) -> str:
    """Return a value within a sentence."""
    data = shown(value)
    return data if isinstance(data, str) else json.dumps(data)


def short(slot: Any) -> str:
    return f"{slot.kind}/{slot.key}/{slot.path}"


def live(play: Play, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What the helpdesk holds."""
    return {name: shown(play.lab.world.get(play.slot(name))) for name in wanted}


def held(play: Play, wanted: Any) -> Any:
    """The slots that the store holds, or `nothing`."""
    with play.lab.session.store.reading() as conn:
        found = sorted(short(one.slot) for one in ledger.all_held(conn))
    return found or ("nothing" if wanted == "nothing" else [])


def outages(play: Play, wanted: Mapping[str, str]) -> dict[str, str]:
    """The states of outages."""
    with play.lab.session.store.reading() as conn:
        states = {row.id: row.state for row in ledger.outage_rows(conn)}
    return {name: states.get(play.ids.get(name, name), "not stored") for name in wanted}


def runs(play: Play, wanted: Mapping[str, str]) -> dict[str, str]:
    """The states of steps, as ``outage/step``."""
    found = {}
    with play.lab.session.store.reading() as conn:
        for name in wanted:
            book, _, run = name.partition("/")
            row = ledger.run_states(conn, play.ids.get(book, book)).get(run)
            found[name] = row.state if row is not None else "not stored"
    return found


def notes(play: Play, _: Any) -> dict[str, str]:
    """What the last command told about single slots."""
    return {short(note.slot): note.fate.value for report in play.reports for note in report.notes}


def exit_code(play: Play, _: Any) -> int:
    """The exit code of the last command."""
    return max((int(report.exit_code) for report in play.reports), default=0)


def refused(play: Play, wanted: str) -> str:
    """Part of the sentence that refused the last command."""
    return wanted if wanted in play.refused else play.refused


def says(play: Play, wanted: str) -> str:
    """Part of anything that the last command said."""
    said = [text for report in play.reports for text in (*report.warnings, *(run.message for run in report.runs))]
    said += [note.reason for report in play.reports for note in report.notes]
    if play.plan is not None:
        said += [*play.plan.refusals, *(warning for run in play.plan.runs for warning in run.warnings)]
    return wanted if any(wanted in text for text in said) else "; ".join(said)


def writes(play: Play, _: Any) -> int:
    """How many fields the last command wrote."""
    return len(play.lab.world.log) - play.seen[0]


def sent(play: Play, _: Any) -> int:
    """How many messages the last command sent."""
    return len(play.lab.world.outbox) - play.seen[1]


def order(play: Play, _: Any) -> list[str]:
    """The fields that the last command wrote, in order."""
    return [short(change.slot) for change in play.lab.world.log[play.seen[0] :]]


def waits(play: Play, _: Any) -> list[str]:
    """What people are asked to do: ``step: value``."""
    with play.lab.session.store.reading() as conn:
        rows = [task for row in ledger.outage_rows(conn) for task in steps.tasks(conn, row.id)]
    left = [row for row in rows if row.state in steps.WAITING]
    return [f"{row.run}: {'done? ' * (row.state == 'question')}{spoken(ledger.unpack(row.value))}" for row in left]


def layers(play: Play, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The stack of a slot, base first, each with the value up to there."""
    names = {outage: name for name, outage in play.ids.items()}

    def owner(layer: Layer | None) -> str:
        return "base" if layer is None else names.get(layer.owner, layer.owner)

    found: dict[str, Any] = {}
    for name in wanted:
        slot = play.slot(name)
        with play.lab.session.store.reading() as conn:
            one = ledger.held(conn, slot.target, slot.kind, [slot.key]).get(slot)
        found[name] = [{owner(layer): shown(value)} for layer, value in stack(one)] if one else "not held"
    return found


def items(play: Play) -> dict[str, Any]:
    assert play.plan is not None, "nothing was planned"
    return {short(item.slot): item for run in play.plan.runs for item in run.items}


def planned(play: Play, wanted: Any) -> Any:
    """What the plan does: slot -> action, or `nothing` for a plan that changes nothing."""
    found = {name: item.action.value for name, item in items(play).items() if item.action.value != "nothing"}
    return found or ("nothing" if wanted == "nothing" else {})


def noted(play: Play, _: Any) -> list[str]:
    """What the plan's steps have good to know."""
    assert play.plan is not None, "nothing was planned"
    return sorted(note for run in play.plan.runs for note in run.notes)


def red(play: Play, _: Any) -> list[str]:
    """Slots of the plan that cannot be given back."""
    return sorted(name for name, item in items(play).items() if item.irreversible)


def conflicts(play: Play, _: Any) -> list[str]:
    """Slots of the plan that a person's edit hides."""
    return sorted(name for name, item in items(play).items() if item.conflict)


def unchanged(play: Play, _: Any) -> bool:
    """Whether the helpdesk is as it was at the start, byte for byte."""
    return play.lab.world.dump() == play.before


LOOKS: dict[str, Callable[[Any, Any], Any]] = {
    "live": live,
    "held": held,
    "outages": outages,
    "steps": runs,
    "notes": notes,
    "exit": exit_code,
    "refused": refused,
    "says": says,
    "writes": writes,
    "sent": sent,
    "order": order,
    "waits": waits,
    "stack": layers,
    "plan": planned,
    "good to know": noted,
    "red": red,
    "conflicts": conflicts,
    "same as at the start": unchanged,
}
