"""Plans saved in files: exactly what was planned is carried out, or it is said what moved.

A plan file is JSON lines: a header with the plans, the playbook with its texts and the fingerprints; one line for each
object that a selection found; and an end line with the hash of everything before it, so that an edit shows. What was
selected stands outside the fingerprint: tickets that moved meanwhile drop out, one by one, when they are written.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

from runner import planner
from runner.commands import planning
from runner.commands.planning import Now, Planned
from runner.commands.session import Session
from runner.errors import InvalidInput, Refused, Usage
from runner.expand import expand
from runner.load import load_playbook, thaw_playbook
from runner.planfile import Item, Plan, RunPlan
from runner.playbook import Outage, Playbook
from runner.spool import from_json as from_line
from runner.spool import read_spool, write_spool
from runner.spool import to_json as to_line
from runner.store.ledger import dumps
from runner.views.plan_json import from_json, to_json
from runner.views.text import short

VERSION: Final = 1
_AGAIN: Final = "make a new one: runner plan PLAYBOOK -o FILE"


@contextmanager
def workbench(session: Session) -> Iterator[Path]:
    """Give a folder of one's own beside the store, for selections listed while planning; it is gone afterwards."""
    folder = session.config.store.path.parent / "spool" / f"plan-{sha256(session.deps.owner.encode()).hexdigest()[:12]}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def refuse_options(*, now: bool, for_: str | None, until: str | None) -> None:
    """Raise `Usage` for options that a saved plan has decided already."""
    if now or for_ or until:
        raise Usage("a saved plan has its own times", hint="leave out --now, --for and --until, or plan again")


# --- saving ---------------------------------------------------------------------------------------------------------


def plan_to(
    session: Session,
    path: Path,
    out: Path,
    *,
    at: datetime | None = None,
    opens: Now | None = None,
    override: Collection[str] = (),
) -> Planned:
    """Plan a playbook and save the plan to `out`. Raises `Usage` for a plan of another time, and what `plan` raises."""
    if at is not None:
        raise Usage("a plan for another time can be looked at, not carried out", hint="leave out --at, or -o")
    with workbench(session) as spools:
        planned = planning.plan(session, path, opens=opens, override=override, spools=spools)
        save(out, planned, spools, opened_by_hand=opens is not None)
    return planned


def save(out: Path, planned: Planned, spools: Path, *, opened_by_hand: bool) -> None:
    """Write a plan file (0600), whole or not at all. Raises `OSError`."""
    playbook = planned.playbook
    header = {
        "version": VERSION,
        "opens": opened_by_hand,
        "plans": [to_json(plan) for plan in planned.plans],
        "selected": [[outage, run] for outage, run, _ in _lists(planned, spools)],
        "playbook": {"document": playbook.document, "texts": playbook.texts, "file": playbook.file},
    }
    part = out.with_name(f"{out.name}.part")
    chain, count = sha256(), -1
    with part.open("w", encoding="utf-8", newline="\n") as file:
        part.chmod(0o600)
        for line in (f'{{"kind":"plan",{dumps(header)[1:]}\n', *_selected(planned, spools)):
            chain.update(line.encode())
            file.write(line)
            count += 1
        file.write(dumps({"end": True, "lines": count, "sha256": chain.hexdigest()}) + "\n")
    part.rename(out)


def _lists(planned: Planned, spools: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield outage, run and file of each selection that is due; a forecast is selected anew when its time comes."""
    for outage, plan in zip(planned.outages, planned.plans, strict=True):
        due = {run.run for run in plan.runs if run.due}
        for run, path in planning.spool_places(outage, spools).items():
            if run in due and path.exists():
                yield outage.id, run, path


def _selected(planned: Planned, spools: Path) -> Iterator[str]:
    for outage, run, path in _lists(planned, spools):
        for found in read_spool(path):
            yield dumps({"outage": outage, "run": run, **to_line(found)}) + "\n"


# --- carrying out ---------------------------------------------------------------------------------------------------


def plan_again(session: Session, path: Path, spools: Path, *, override: Collection[str] = ()) -> Planned:
    """Return what a saved plan comes to now, its selections listed below `spools`.

    Raises `Refused` with the first part of its fingerprint that changed: store, playbook, configuration of a target, or
    every live value that moved. Raises `InvalidInput` for a file of another version.
    """
    header = _checked(path)
    saved = [from_json(plan) for plan in header["plans"]]
    frozen = header["playbook"]
    playbook = thaw_playbook(frozen["document"], frozen["texts"], file=frozen["file"])
    _refuse_foreign(session, saved)
    _refuse_changed(playbook)
    now = session.deps.now()
    found = [_outage(session, playbook, plan, now, by_hand=header["opens"]) for plan in saved]
    plans = []
    for was, outage in zip(saved, found, strict=True):
        plan = planning.plan_outage(session, outage, now, override=override)
        _refuse_moved(was, plan)
        plans.append(_as_selected(was, plan))
    _list_again(path, header["selected"], found, spools)
    return Planned(tuple(plans), playbook, tuple(found))


def _checked(path: Path) -> Mapping[str, Any]:
    """Return the header of a plan file that nobody touched. Raises `Refused`, `InvalidInput`."""
    chain, last, count, first = sha256(), b"", -1, b""
    with path.open("rb") as file:
        for raw in file:
            if last:
                chain.update(last)
                count += 1
            first, last = first or raw, raw
    try:
        end = json.loads(last)
        good = end == {"end": True, "lines": count, "sha256": chain.hexdigest()}
    except ValueError:
        good = False
    if not good:
        raise Refused(
            f"{path} was edited by hand or is cut short: it is not what was planned", hint=_AGAIN, code="PF001"
        )
    header: Mapping[str, Any] = json.loads(first)
    if header["version"] != VERSION:
        found = header["version"]
        raise InvalidInput(f"{path} has version {found!r}, this runner reads version {VERSION}", hint=_AGAIN)
    return header


def _refuse_foreign(session: Session, saved: Collection[Plan]) -> None:
    if any(plan.store != session.store.lineage for plan in saved):
        raise Refused(
            f"this plan was made against another store than {session.config.store.path}",
            hint=f"apply it where it was made, or {_AGAIN}",
            code="PF002",
        )


def _refuse_changed(playbook: Playbook) -> None:
    """Refuse when the playbook's file says something else by now; where the file is not here, the saved one counts."""
    path = Path(playbook.file)
    if not path.is_file():
        return
    loaded, _ = load_playbook(path)
    if loaded is None or loaded.playbook.digest != playbook.digest:
        raise Refused(f"{path} was changed since this plan was made", hint=_AGAIN, code="PF003")


def _outage(session: Session, playbook: Playbook, plan: Plan, now: datetime, *, by_hand: bool) -> Outage:
    if plan.end <= now:
        raise Refused(f"{plan.outage} is over: this plan comes too late", hint=_AGAIN, code="PF004")
    if by_hand:
        made = replace(expand(playbook, session.config, start=plan.start, end=plan.end), id=plan.outage)
        return planning.amended(session, made, plan.end)
    known = {each.id: each for each in planning.chosen_outages(session, playbook, now, None)}
    if plan.outage not in known:
        raise Refused(f"{plan.outage} is over, or no window of the playbook any more", hint=_AGAIN, code="PF004")
    return known[plan.outage]


def _refuse_moved(was: Plan, now: Plan) -> None:
    changed = [part for part, digest in was.fingerprint.items() if now.fingerprint.get(part, digest) != digest]
    targets = [part.removeprefix("target ") for part in changed if part.startswith("target ")]
    if targets:
        names = ", ".join(targets)
        raise Refused(f"the configuration of {names} changed since this plan was made", hint=_AGAIN, code="PF005")
    runs = {part.removeprefix("live ") for part in changed if part.startswith("live ")}
    if not runs and was.end == now.end:
        return
    sentences = [f"{now.outage} ends at another time now"] if was.end != now.end else []
    old, new = ([run for run in plan.runs if run.run in runs] for plan in (was, now))
    sentences += planner.moved(old, new) + _come_and_gone(old, new)
    listed = "\n".join(f"  {sentence}" for sentence in sentences) or f"  what {', '.join(sorted(runs))} reads"
    what = f"live values, or the outages that hold them, moved since {was.outage} was planned"
    raise Refused(f"{what}:\n{listed}", hint=_AGAIN, code="PF006")


def _come_and_gone(old: Collection[RunPlan], new: Collection[RunPlan]) -> list[str]:
    """Return a sentence for every field that needed no change when planned and does now, or the other way round."""
    was, now = (_items(runs) for runs in (old, new))
    found = [f"{_named(item)} was as wanted, is {short(item.before)} now" for at, item in now.items() if at not in was]
    return found + [
        f"{_named(item)} was {short(item.before)}, is as wanted now" for at, item in was.items() if at not in now
    ]


def _items(runs: Collection[RunPlan]) -> dict[tuple[str, str], Item]:
    return {(run.run, str(item.slot)): item for run in runs for item in run.items}


def _named(item: Item) -> str:
    return f"{item.slot} ({item.name})"


def _as_selected(was: Plan, now: Plan) -> Plan:
    """Return the plan of now, showing for what was due then the selection that was saved."""
    saved = {run.run: run for run in was.runs if run.due and f"live {run.run}" not in was.fingerprint}
    return replace(now, runs=tuple(saved.get(run.run, run) for run in now.runs))


def _list_again(path: Path, selected: Iterable[Sequence[str]], outages: Collection[Outage], spools: Path) -> None:
    """List the saved selections where the executor looks for them; one that found nothing stays one."""
    places = {
        (outage.id, run): place for outage in outages for run, place in planning.spool_places(outage, spools).items()
    }
    for outage, run in selected:
        if (outage, run) in places:
            write_spool(places[outage, run], ())
    with path.open(encoding="utf-8") as file:
        lines = (line for line in map(json.loads, islice(file, 1, None)) if "end" not in line)
        for (outage, run), group in groupby(lines, key=lambda line: (line["outage"], line["run"])):
            if (outage, run) in places:
                write_spool(places[outage, run], map(from_line, group))
