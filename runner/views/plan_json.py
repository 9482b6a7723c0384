"""A plan as JSON and back. The form is versioned: a member is added, never changed or taken away.

Times are RFC 3339 in UTC; ABSENT is ``{"$": "absent"}``, UNKNOWN ``{"$": "unknown"}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.errors import InvalidInput
from runner.model import Json, Slot, value_from_json, value_to_json
from runner.planfile import PLAN_VERSION, Action, Item, Left, Plan, RunPlan
from runner.views.text import instant, instant_json

HINT = "make a new one: runner plan PLAYBOOK -o FILE"


def to_json(plan: Plan) -> dict[str, Json]:
    """Return the plan as a JSON object; `from_json` gives an equal plan back."""
    return {
        "version": plan.version,
        "outage": plan.outage,
        "title": plan.title,
        "direction": plan.direction,
        "at": instant_json(plan.at),
        "timezone": plan.timezone,
        "start": instant_json(plan.start),
        "end": instant_json(plan.end),
        "changes": plan.changes,
        "requests": plan.requests,
        "runs": [_run_to_json(run) for run in plan.runs],
        "warnings": list(plan.warnings),
        "refusals": list(plan.refusals),
        "fingerprint": dict(plan.fingerprint),
        "store": plan.store,
    }


def _run_to_json(run: RunPlan) -> dict[str, Json]:
    return {
        "run": run.run,
        "kind": run.kind,
        "target": run.target,
        "title": run.title,
        "direction": run.direction,
        "due": run.due,
        "start": instant_json(run.start),
        "end": instant_json(run.end),
        "objects": run.objects,
        "changes": run.changes,
        "requests": run.requests,
        "seconds": run.seconds,
        "items": [_item_to_json(item) for item in run.items],
        "counts": [
            {"path": path, "before": before, "after": after, "objects": objects}
            for (path, before, after), objects in run.counts.items()
        ],
        "left": [{"what": left.what, "why": left.why} for left in run.left],
        "stays": run.stays,
        "menu": run.menu,
        "who": run.who,
        "warnings": list(run.warnings),
        "notes": list(run.notes),
    }


def _item_to_json(item: Item) -> dict[str, Json]:
    return {
        "target": item.slot.target,
        "kind": item.slot.kind,
        "key": item.slot.key,
        "path": item.slot.path,
        "name": item.name,
        "action": item.action.value,
        "before": value_to_json(item.before),
        "after": value_to_json(item.after),
        "note": item.note,
        "irreversible": item.irreversible,
        "conflict": item.conflict,
    }


def from_json(data: Json) -> Plan:
    """Return the plan that `to_json` wrote. Raises `InvalidInput` for anything else, with what is wrong."""
    if not isinstance(data, Mapping) or "version" not in data:
        raise InvalidInput("this is not a plan: it has no `version`", hint=HINT)
    if data["version"] != PLAN_VERSION:
        raise InvalidInput(
            f"this plan has version {data['version']!r}, this runner reads version {PLAN_VERSION}", hint=HINT
        )
    try:
        return _plan(data)
    except KeyError as error:
        raise InvalidInput(f"this plan is not complete: {error.args[0]!r} is missing", hint=HINT) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"this plan was damaged or edited: {error}", hint=HINT) from error


def _plan(data: Mapping[str, Any]) -> Plan:
    return Plan(
        outage=data["outage"],
        title=data["title"],
        direction=data["direction"],
        at=instant(data["at"]),
        timezone=data["timezone"],
        start=instant(data["start"]),
        end=instant(data["end"]),
        runs=tuple(_run(run) for run in data["runs"]),
        warnings=tuple(data["warnings"]),
        refusals=tuple(data["refusals"]),
        fingerprint=dict(data["fingerprint"]),
        store=data["store"],
        version=data["version"],
    )


def _run(data: Mapping[str, Any]) -> RunPlan:
    return RunPlan(
        run=data["run"],
        kind=data["kind"],
        target=data["target"],
        title=data["title"],
        direction=data["direction"],
        due=data["due"],
        start=instant(data["start"]),
        end=None if data["end"] is None else instant(data["end"]),
        items=tuple(_item(item) for item in data["items"]),
        objects=data["objects"],
        changes=data["changes"],
        requests=data["requests"],
        seconds=data["seconds"],
        counts={(one["path"], one["before"], one["after"]): one["objects"] for one in data["counts"]},
        left=tuple(Left(left["what"], left["why"]) for left in data["left"]),
        stays=data["stays"],
        menu=data["menu"],
        who=data.get("who", ""),
        warnings=tuple(data["warnings"]),
        notes=tuple(data.get("notes", ())),
    )


def _item(data: Mapping[str, Any]) -> Item:
    return Item(
        slot=Slot(data["target"], data["kind"], data["key"], data["path"]),
        name=data["name"],
        before=value_from_json(data["before"]),
        after=value_from_json(data["after"]),
        action=Action(data["action"]),
        note=data["note"],
        irreversible=data["irreversible"],
        conflict=data["conflict"],
    )
