"""Planning: what would change, against live state. Reads only; the targets that it gets have no way to write.

The same decisions as in the executor, made on the same stored layers, shown in place of carried out. An undo is
planned by the same code with the other direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from runner import pace, readings, timetable
from runner.decide import Decision
from runner.errors import InvalidInput, ProviderError, Refused
from runner.layers import released, same, wanted
from runner.model import UNKNOWN, Merge, Slot, Value
from runner.planfile import Action, Item, Left, RunPlan
from runner.playbook import Outage, Run
from runner.selecting import Names, batched, by_key, resolve, select
from runner.sheet import Sheet, asides, item_of, value_text
from runner.spi import Context, Found, KindSpec, Means, Query, Reversal, Target
from runner.spool import read_spool, write_spool
from runner.store import ledger
from runner.store import tasks as steps
from runner.store.journal import layer_to_json
from runner.store.store import Store
from runner.timetable import State
from runner.work import Job, Work, decisions, job_of

WHOLE = 40  # up to so many slots are listed one by one
_LATEST = 2**62


class Readers(Protocol):
    """The live systems, for reading."""

    def target(self, name: str) -> Target:
        """Return the configuration of a target."""

    def spec(self, name: str, kind: str) -> KindSpec:
        """Return what a target offers for a kind."""

    def read(self, name: str, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Read. Raises `ProviderError`."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What planning works with. `spools` is a folder where selections are listed, None when nobody will apply them.
    Objects that a pattern of `protected` means are in the plan however long it is; with `force` people's edits give
    way."""

    store: Store
    readers: Readers
    at: datetime
    language: str
    spools: Path | None = None
    protected: Sequence[str] = ()
    names: Names = field(default_factory=dict)
    force: bool = False


def plan_runs(bench: Bench, outage: Outage, states: Mapping[str, State], digests: Mapping[str, str]) -> list[RunPlan]:
    """Return the plans of all runs that will open: due ones and, as a forecast, those whose time comes later. What
    the playbook no longer has is given back first.

    Raises `InvalidInput` for names that do not resolve, `ProviderError` when a target cannot be read.
    """
    found = _lost(bench, outage, states)
    n = _place(bench, outage)
    for run in outage.runs:
        state = states.get(run.id, State("pending"))
        if state.state in timetable.ENDED or (run.end is not None and run.end <= bench.at):
            continue
        same = state.state in ("active", "waiting") and state.digest == digests[run.id]
        if same and not bench.force and run.with_.get("arrivals") != "include":
            continue
        due = not run.after and run.start <= bench.at
        with _naming(run):
            found.append(_opening(bench, outage, run, n, due=due))
    return found


def _lost(bench: Bench, outage: Outage, states: Mapping[str, State]) -> list[RunPlan]:
    known = {(run.id, run.target, run.kind) for run in outage.runs}
    with bench.store.reading() as conn:
        held = [(name, *place) for name in states for place in ledger.kinds_of_run(conn, outage.id, name)]
    gone = [Run(at[0], at[0], 0, at[2], at[1], {}, outage.start, outage.end) for at in held if at not in known]
    why = "the playbook no longer has this step: what it holds is given back"
    back = (_or_not(run, partial(_closing, bench, outage, run)) for run in gone)
    return [replace(each, notes=(*each.notes, why)) for each in back]


def plan_close(bench: Bench, outage: Outage, states: Mapping[str, State], only: str = "") -> list[RunPlan]:
    """Return the plans of giving back everything that is held, in the order in which it will happen, and of the
    follow-ups that come after it. A follow-up that has an end of its own stays until then."""
    found, n = [], _place(bench, outage)
    for run in reversed(outage.runs):
        state = states.get(run.id, State("pending")).state
        stays = run.after and state != "closing" and (run.end is None or run.end > bench.at)
        if state in timetable.HOLDING and not stays and (not only or run.target == only):
            found.append(_or_not(run, partial(_closing, bench, outage, run)))
    when = "cancelled" if bench.at < outage.start else "ended"
    for run in outage.runs:
        coming = run.after and states.get(run.id, State("pending")).state in ("pending", "opening") and run.when == when
        led = coming and states.get(run.after, State("pending")).state in timetable.HOLDING
        if led and (run.end is None or run.end > bench.at) and (not only or run.target == only):
            found.append(_or_not(run, partial(_opening, bench, outage, run, n, due=True)))
    return found


def _or_not(run: Run, planned: Callable[[], RunPlan]) -> RunPlan:
    """Return a part of the way back: a target that cannot be read, or is there no more, does not hold up the others."""
    try:
        return planned()
    except (ProviderError, InvalidInput) as fault:
        when = "when it answers again" if isinstance(fault, ProviderError) else "once that is mended"
        why = f"{run.target} cannot be read now: {fault.message}; what it holds is given back {when}"
    return RunPlan(
        run=run.id,
        kind=run.kind,
        target=run.target,
        title=run.kind,
        direction="close",
        due=True,
        start=run.start,
        end=run.end,
        warnings=(why,),
    )


# --- opening --------------------------------------------------------------------------------------------------------


@contextmanager
def _naming(run: Run) -> Iterator[None]:
    """Say which step it is whose values cannot be used."""
    try:
        yield
    except InvalidInput as wrong:
        if wrong.message.startswith("step "):
            raise
        message = f"step {run.id}: {wrong.message}"
        raise InvalidInput(message, diagnostics=wrong.diagnostics, hint=wrong.hint, code=wrong.code) from wrong


def _context(bench: Bench, outage: Outage, run: Run) -> Context:
    target = bench.readers.target(run.target)
    window, zone = (outage.start, outage.end), outage.playbook.timezone
    return Context(outage.id, run.id, target, run.start, run.end, window, zone, bench.language)


def _opening(bench: Bench, outage: Outage, run: Run, n: int, *, due: bool) -> RunPlan:
    spec = bench.readers.spec(run.target, run.kind)
    context = _context(bench, outage, run)
    if spec.by_hand:
        return _human(bench, run, spec, context, due=due)
    read = partial(bench.readers.read, run.target)
    query = resolve(spec.query(run.with_, context), read, run.target, bench.names)
    place = (outage.playbook.priority, n, run.order)
    work = Work(outage.id, run.id, run.target, spec, "open", place, force=bench.force)
    sheet = Sheet(protected=bench.protected)
    chosen = _spooled(bench, run, _selected(bench, run, spec, query), selection=query.where is not None)
    seen: list[Found] = []
    for page in batched(chosen, spec.batch):
        jobs = [job_of(found, spec.claims(run.with_, context, found), fresh=True) for found in page]
        _decide(bench, work, jobs, sheet, long=query.where is not None, run=run)
        seen += page if spec.says else ()
    made = _finished(bench, run, spec, sheet, due=due, direction="open", selection=query.where is not None)
    return replace(made, notes=(*made.notes, *(spec.says(run.with_, context, seen) if spec.says else ())))


def _place(bench: Bench, outage: Outage) -> int:
    """The outage's place in the stack: its own when it is open, above everything else when it will open."""
    with bench.store.reading() as conn:
        state, n = ledger.place_of(conn, outage.id)
    return _LATEST - 1 if state in ("", "registered") else n


def _selected(bench: Bench, run: Run, spec: KindSpec, query: Query) -> Iterator[Found]:
    def held_of(keys: Any) -> Any:
        with bench.store.reading() as conn:
            return ledger.held(conn, run.target, spec.kind, keys)

    def held_keys() -> Iterator[str]:
        after = ""
        while True:
            with bench.store.reading() as conn:
                keys = ledger.keys_of_kind(conn, run.target, spec.kind, after=after, limit=spec.page)
            if not keys:
                return
            yield from keys
            after = keys[-1]

    return select(query, spec, partial(bench.readers.read, run.target), held_of, held_keys())


def _spooled(bench: Bench, run: Run, found: Iterable[Found], *, selection: bool) -> Iterator[Found]:
    """List the objects into a file first when somebody will apply them, so that apply works on the same list."""
    if bench.spools is None or not selection:
        yield from found
        return
    path = bench.spools / f"{run.order}.jsonl"
    write_spool(path, found)
    yield from read_spool(path)


def _decide(bench: Bench, work: Work, jobs: list[Job], sheet: Sheet, *, long: bool, run: Run) -> None:
    with bench.store.reading() as conn:
        was = ledger.held(conn, work.target, work.spec.kind, [job.found.key for job in jobs])
    live = readings.live(partial(bench.readers.read, work.target), work, jobs, was)
    held = by_key(was)
    for job in jobs:
        rows = decisions(work, job, held.get(job.found.key, {}), live, n=_LATEST, at="")
        sheet.objects += 1
        sheet.changed += any(decision.write for decision, _ in rows)
        for decision, want in rows:
            item = item_of(decision, work, want)
            if work.mode == "open" and (odd := _never_back(work.spec, decision, run)):
                sheet.odd[odd] += 1
                item = replace(item, irreversible=f"{work.target} never gives {odd!r} back")
            sheet.add(item, long=long)
            if not long:
                layers = [layer_to_json(layer) for layer in decision.seen.was.layers] if decision.seen.was else []
                sheet.digest.update(ledger.dumps([str(decision.slot), ledger.pack(decision.before), layers]).encode())


def _never_back(spec: KindSpec, decision: Decision, run: Run) -> str:
    """The value before, when the target does not give it back and the step does not say what comes in its place."""
    before = decision.seen.was.base if decision.seen.was is not None else decision.before
    touched = decision.write or decision.seen.was is not None  # another outage may hold it in that state already
    if spec.gives_back is None or decision.slot.path != "status" or not touched:
        return ""
    if not isinstance(before, str) or before in spec.gives_back or before in run.with_.get("give_back", {}):
        return ""
    return before


# --- closing --------------------------------------------------------------------------------------------------------


def _closing(bench: Bench, outage: Outage, run: Run) -> RunPlan:
    spec = bench.readers.spec(run.target, run.kind)
    if spec.by_hand:
        return _human_back(bench, outage.id, run, spec)
    work = Work(outage.id, run.id, run.target, spec, "keep" if run.keep else "close", force=bench.force)
    sheet = Sheet()
    with bench.store.reading() as conn:
        count = ledger.count_of_run(conn, outage.id, run.id)
    after = ""
    while True:
        with bench.store.reading() as conn:
            keys = ledger.keys_of_run(
                conn, outage.id, run.id, target=run.target, kind=run.kind, after=after, limit=spec.batch
            )
        if not keys:
            break
        after = keys[-1]
        _decide(bench, work, [Job(Found(key, key, {})) for key in keys], sheet, long=count > WHOLE, run=run)
    return _finished(bench, run, spec, sheet, due=True, direction="close", selection=count > WHOLE)


# --- people ---------------------------------------------------------------------------------------------------------


def _human(bench: Bench, run: Run, spec: KindSpec, context: Context, *, due: bool) -> RunPlan:
    sheet, hints, titles = Sheet(), list[tuple[str, str]](), dict[str, str]()
    query = spec.query(run.with_, context)
    live = dict(bench.readers.read(run.target, query)) if spec.means is Means.VERIFY else {}
    for key in query.ids:
        with bench.store.reading() as conn:
            held = ledger.held(conn, run.target, run.kind, [key])
        values = {slot.path: value for slot, value in live.items() if slot.key == key}
        for want in spec.claims(run.with_, context, Found(key, key, values)):
            slot = Slot(run.target, run.kind, key, want.path)
            before = held[slot].last if slot in held else live.get(slot, UNKNOWN)
            there = before is not UNKNOWN and same(Merge.ATOMIC, before, want.claim.value)
            menu = want.menu or spec.menu.get(bench.language, spec.menu.get("en", ""))
            hints.append((want.who or run.who, menu))
            sheet.objects += 1
            action, note = (Action.NOTHING, "") if there else (Action.PERSON, ": ".join(filter(None, hints[-1])))
            sheet.add(Item(slot, want.title or key, before, want.claim.value, action, note), long=False)
            titles[key] = want.title
    with bench.store.reading() as conn:
        steps.refuse_moved(conn, context.outage, run.id, titles)
        gone = steps.taken_out(conn, context.outage, run.id, titles.values())
    made = _finished(bench, run, spec, sheet, due=due, direction="open", selection=False)
    made = replace(made, notes=(*made.notes, *(f"no longer asked for: {one}" for one in gone)))
    if len(set(hints)) > 1:
        return replace(made, requests=0)  # each item says who does it, and where to click
    items, (who, menu) = tuple(replace(item, note="") for item in made.items), (hints or [("", "")])[0]
    return replace(made, items=items, menu=menu, who=who, requests=0)


def _human_back(bench: Bench, outage: str, run: Run, spec: KindSpec) -> RunPlan:
    sheet = Sheet()
    with bench.store.reading() as conn:
        mine = steps.layers_of_run(conn, outage, run.id)
        held = dict(steps.held_of_run(conn, outage, run.id))
        titles = {(task.key, task.path): task.title for task in steps.tasks(conn, outage, run.id)}
    for slot, layer in mine:
        sheet.objects += 1
        if slot not in held:
            note = "nobody acknowledged it: you will be asked whether it was done"
            sheet.add(
                Item(
                    slot, titles.get((slot.key, slot.path), slot.key), UNKNOWN, layer.claim.value, Action.PERSON, note
                ),
                long=False,
            )
            continue
        back = wanted(released(held[slot], outage, run.id))
        sheet.add(Item(slot, held[slot].name, held[slot].last, back, Action.PERSON), long=False)
    menu = spec.menu.get(bench.language, spec.menu.get("en", ""))
    made = _finished(bench, run, spec, sheet, due=True, direction="close", selection=False)
    return replace(made, menu=menu, who=run.who, requests=0)


# --- the sheet, finished --------------------------------------------------------------------------------------------


def _finished(
    bench: Bench, run: Run, spec: KindSpec, sheet: Sheet, *, due: bool, direction: str, selection: bool
) -> RunPlan:
    requests = pace.requests(
        spec, sheet.changed, sheet.objects, listed=direction == "open", named=direction == "open" and not selection
    )
    reserve = bench.readers.target(run.target).reserve
    start = bench.at if due else run.start
    timed = pace.done_by if run.ready and not due else pace.begun_at
    left = tuple(Left(f"{count} field{'s' * (count != 1)}", why) for why, count in sheet.left.items())
    warnings = tuple(
        f"{count} in {value!r}, which {run.target} never gives back: add `give_back: {{{value}: open}}`"
        for value, count in sheet.odd.items()
    )
    at_most = run.with_.get("at_most")
    if direction == "open" and isinstance(at_most, int) and sheet.objects > at_most:
        warnings += (
            f"{sheet.objects:,} match, the step allows at_most {at_most:,}: raise that in the step, no --override does",
        )
    stays = ""
    if direction == "open" and (run.keep or (run.after and run.end is None)):
        stays = "left in place on purpose" if run.keep else "stays: the follow-up has no `until`"
    if direction == "open" and spec.reversal is Reversal.NONE:
        stays = "cannot be taken back"
    return RunPlan(
        run=run.id,
        kind=run.kind,
        target=run.target,
        title=spec.title,
        direction="open" if direction == "open" else "close",
        due=due,
        start=run.start,
        end=run.end,
        items=tuple(sheet.items),
        objects=sheet.objects,
        changes=sheet.changes,
        requests=requests,
        seconds=timed(spec, reserve, requests, start),
        counts=dict(sheet.counts) if selection and sheet.changes > len(sheet.items) else {},
        left=left,
        stays=stays,
        menu="",
        digest="" if spec.matches is not None else sheet.digest.hexdigest(),
        warnings=warnings,
        notes=asides(spec, direction, pace.sooner(spec, reserve, requests, start, ready=run.ready)),
    )


def refuse_dangerous(runs: Iterable[RunPlan]) -> list[str]:
    """Return what makes a plan impossible to apply whatever the guards say: limits of a step, values that never come
    back."""
    return [
        f"step {run.run}: {warning}" for run in runs if run.direction == "open" and run.due for warning in run.warnings
    ]


def moved(old: Iterable[RunPlan], new: Iterable[RunPlan]) -> list[str]:
    """Return a sentence for every live value that moved between two plans of the same thing (tickets aside)."""
    before = {(run.run, item.slot): item for run in old for item in run.items}
    found = []
    for run in new:
        for item in run.items:
            was = before.get((run.run, item.slot))
            if was is not None and was.before != item.before:
                found.append(
                    f"{item.slot} ({item.name}) was {value_text(was.before)}, is {value_text(item.before)} now"
                )
    return found


def refuse(sentences: list[str]) -> None:
    """Raise `Refused` when there is anything to refuse for."""
    if sentences:
        raise Refused("\n".join(sentences), hint="nothing was changed", code="GD001")
