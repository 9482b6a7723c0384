"""Exit codes that follow from what a command found. (What a drive came to says its own: `Report.exit_code`.)"""

from __future__ import annotations

from collections.abc import Sequence

from runner.commands.planning import Planned
from runner.errors import Exit
from runner.rehearsal import Rehearsed
from runner.report import Checkup, Drift, OutageStatus


def planned(found: Planned) -> Exit:
    """REFUSED when a guard stands in the way, DIFFERENCES when anything would change, now or later."""
    if any(plan.refusals for plan in found.plans):
        return Exit.REFUSED
    return Exit.DIFFERENCES if any(run.changes for plan in found.plans for run in plan.runs) else Exit.DONE


def rehearsed(found: Sequence[Rehearsed]) -> Exit:
    """DIFFERENCES when a rehearsal left anything over."""
    return Exit.DONE if all(result.passed for result in found) else Exit.DIFFERENCES


def drifted(found: Sequence[Drift]) -> Exit:
    """DIFFERENCES when somebody edited a held field."""
    return Exit.DIFFERENCES if found else Exit.DONE


def overdue(found: Sequence[OutageStatus]) -> Exit:
    """RESUME when a restore is overdue that the runner can do, PEOPLE when only people can."""
    late = [outage for outage in found if outage.overdue]
    if not late:
        return Exit.DONE
    return Exit.PEOPLE if all(outage.by_hand for outage in late) else Exit.RESUME


def checked(found: Sequence[Checkup]) -> Exit:
    """FAULT when a part of the set-up has a problem."""
    return Exit.FAULT if any(each.state == "problem" for each in found) else Exit.DONE
