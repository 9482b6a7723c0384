"""How the steps of a playbook divide over targets: names of runs, their fields, the targets of follow-ups. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.playbook import FollowUp, Step

FILE_SUFFIX: Final = "_file"


def run_ids(step: Step) -> tuple[str, ...]:
    """Return the ids of the runs of `step`, one per target, in the order of its targets."""
    if len(step.targets) == 1:
        return (step.id,)
    return tuple(f"{step.id}@{target}" for target in step.targets)


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
