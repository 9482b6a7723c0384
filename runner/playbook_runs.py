"""How the steps of a playbook divide over targets: names of runs, their fields, the targets of follow-ups. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from runner.playbook import FollowUp, Playbook, Step

FILE_SUFFIX: Final = "_file"


def run_ids(step: Step, known: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of the runs of `step`, one per target, in the order of its targets.

    `known` maps targets to the ids that they have already: layers, markers and the journal call a run by its id.
    """
    alone = len(step.targets) == 1 and step.id not in known.values()
    return tuple(known.get(target, step.id if alone else f"{step.id}@{target}") for target in step.targets)


def amending(playbook: Playbook, earlier: Playbook) -> Playbook:
    """Return `playbook` as the new version of `earlier`, which an outage has open: a step that gains or loses a target
    keeps the ids of the runs that it has, so that nothing is given back and done again, and no effect sent twice."""
    ids = {}
    old = {step.id: step for step in earlier.steps}
    for step in playbook.steps:
        if (was := old.get(step.id)) is not None:
            known = earlier.run_ids.get(step.id, {})
            known = {**known, **dict(zip(was.targets, run_ids(was, known), strict=True))}
            if run_ids(step, known) != run_ids(step, {}):
                ids[step.id] = known
    return replace(playbook, run_ids=ids)


def follow_up_targets(step: Step, follow_up: FollowUp) -> dict[str, tuple[str, ...]]:
    """Return target of the step -> targets on which `follow_up` runs after it.

    A target of the step itself follows its own run; any other one follows the step's first run.
    """
    if not follow_up.targets:
        return {target: (target,) for target in step.targets}
    own: dict[str, tuple[str, ...]] = {target: (target,) for target in step.targets if target in follow_up.targets}
    others = tuple(target for target in follow_up.targets if target not in step.targets)
    if others and step.targets:
        own[step.targets[0]] = own.get(step.targets[0], ()) + others
    return own


def merged(with_: Mapping[str, Any], extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `with_` with the fields of one target over it; a text replaces a file and a file a text."""
    if not extra:
        return with_
    hidden = {key.removesuffix(FILE_SUFFIX) if key.endswith(FILE_SUFFIX) else key + FILE_SUFFIX for key in extra}
    return {**{key: value for key, value in with_.items() if key not in hidden}, **extra}
