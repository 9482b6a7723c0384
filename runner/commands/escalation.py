"""Telling people on call what is late: at each tick, after the outages were driven, as runner.yaml says.

What was told is in the history (``told``), written after a message has gone out: a crash in between sends it twice
rather than never. A message that could not be sent is a warning, and the next tick tries again; nothing that happens
here holds up a restore.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from runner.commands import guide, look, operate
from runner.commands.session import Session
from runner.config import Notification
from runner.errors import Fenced, Held, InvalidInput, ProviderError, RunnerError, StoreError
from runner.model import ABSENT, Change, Op, Outcome, Slot, Verdict
from runner.report import Checkup, OutageStatus, Report, Trouble
from runner.schema import Validators, problems
from runner.selecting import batched, objects, resolve
from runner.spi import Context, Found, KindSpec
from runner.store import lease, ledger
from runner.views import alert
from runner.views.words import words_of
from runner.work import Progress

KIND: Final = "notice"
TOLD: Final = "told"
LEASE: Final = "notifications"  # two ticks at a time tell nobody twice
UNSURE: Final = "nobody knows whether it arrived"
AGAIN: Final = timedelta(minutes=15)  # after which what may not have arrived is told once more


def tick(session: Session, progress: Progress) -> list[Report]:
    """Open and close what is due, once, then tell of what is late. Raises what `operate.tick` raises."""
    try:
        reports = operate.tick(session, progress)
    except RunnerError:
        with suppress(RunnerError):
            tell(session)
        raise
    warnings = tell(session)
    known = {report.outage for report in reports}
    others = [Report(each.outage, each.state) for each in _live(session) if each.outage in warnings.keys() - known]
    return [
        replace(report, warnings=(*report.warnings, *warnings.get(report.outage, ()))) for report in [*reports, *others]
    ]


def tell(session: Session) -> Mapping[str, Sequence[str]]:
    """Tell whom runner.yaml names of what is late and was not told yet. Returns outage -> why nobody could be told.

    Raises `StoreError`; whatever a provider does wrong is in the answer.
    """
    failed: dict[str, list[str]] = {}
    if not session.config.notifications or session.deps.stopping():
        return failed
    ttl, deps = session.config.store.lease, session.deps
    try:
        held = lease.acquire(session.store, LEASE, owner=deps.owner, ttl=ttl, clock=deps, reason=TOLD)
    except Held:
        return failed  # another tick is at it
    try:
        for status in _live(session):
            troubles = list(troubles_of(session, status))
            for each in session.config.notifications:
                if why := _tell(session, held, each, status, troubles):
                    failed.setdefault(status.outage, []).append(why)
    except Fenced:
        return failed  # it took so long that another tick goes on
    finally:
        lease.release(session.store, held, deps)
    return failed


def examined(session: Session) -> Iterator[Checkup]:
    """Yield for each notification whether it could be sent, as far as that is known without sending it."""
    for each in session.config.notifications:
        now = session.deps.now()
        try:
            spec, with_ = _means(session, each, "subject", "body")
            context = _context(session, each, OutageStatus("check", "", "", "UTC", now, now, ()), 1)
            for key in spec.query(with_, context).ids:
                _changes(spec, with_, context, Found(key, key, {}))
        except (InvalidInput, ProviderError) as fault:
            hint = fault.hint if isinstance(fault, InvalidInput) else ""
            yield Checkup("notifications", "problem", session.vault.scrub(fault.message), hint)
            continue
        yield Checkup("notifications", "ok", f"{each.target} tells of {', '.join(sorted(each.about))}")


# --- what is late ---------------------------------------------------------------------------------------------------


def _live(session: Session) -> list[OutageStatus]:
    return [status for status in look.status(session) if status.state in look.LIVE]


def troubles_of(session: Session, status: OutageStatus) -> Iterator[Trouble]:
    """Yield what waits or stands still in one outage, with since when it is due."""
    for task in guide.waiting(session, status.outage):
        about = {"overdue_steps"} | ({"overdue_restores"} if task.direction == "close" else set())
        key = f"{task.run} {task.item} {task.direction}{'?' if task.question else ''}"
        yield Trouble(key, frozenset(about), task.due, task=task)
    with session.store.reading() as conn:
        row, states = ledger.outage_row(conn, status.outage), ledger.run_states(conn, status.outage)
    now = session.deps.now()
    for run in status.runs:
        step = f"{run.run} ({run.target})"
        late = row is not None and look.late(run, row.desired, now)
        ended = next((each for each in (run.end, status.end) if each is not None and each <= now), now)
        if run.state == "failed":
            about = {"failures"} | ({"overdue_restores"} if late else set())
            since = ended if late else run.start
            yield Trouble(f"{run.run} failed", frozenset(about), since, step=step, why=states[run.run].message)
        elif late and run.state != "waiting":  # what waits for people is told as their step
            yield Trouble(f"{run.run} restore", frozenset({"overdue_restores"}), ended, step=step)
    if not status.runs and status.warnings:
        yield Trouble("outage", frozenset({"failures"}), status.start, step=status.outage, why=status.warnings[0])


# --- telling --------------------------------------------------------------------------------------------------------


def _tell(
    session: Session, held: lease.Lease, notification: Notification, status: OutageStatus, troubles: Sequence[Trouble]
) -> str:
    """Tell of what is late in one outage; return why that was not possible, "" when it was or there is nothing to tell.

    Raises `Fenced`, `StoreError`.
    """
    now = session.deps.now()
    mine = [each for each in troubles if each.about & notification.about and now - each.since >= notification.after]
    if not mine:
        return ""
    whom = _whom(session, notification)
    with session.store.transaction() as conn:
        lease.fence(conn, held, session.deps)
        told = [each for each in ledger.events(conn, status.outage) if each.verb == TOLD]
    sent = [each for each in told if str(ledger.unpack(each.detail)).startswith(f"{whom} ")]
    new = [each for each in mine if _due(each, f"{whom} {each.key}", sent, notification, now)]
    if not new:
        return ""
    number = len({each.at_ms for each in sent}) + 1
    try:
        arrived, unsure, why = _send(session, held, notification, status, new, number)
    except (Fenced, StoreError):
        raise
    except Exception as fault:  # a provider may fail in any way; the restores are done, and their report must come out
        hint = fault.hint if isinstance(fault, RunnerError) and fault.hint else ""
        arrived, unsure, why = False, "", "; ".join(filter(None, (str(fault) or type(fault).__name__, hint)))
    if arrived:
        with session.store.transaction() as conn:  # also without the lease: what went out shall not go out again
            at_ms = session.deps.now_ms()
            for each in new:
                detail = f"{whom} {each.key}"
                ledger.record(
                    conn, at_ms=at_ms, outage=status.outage, verb=TOLD, actor="runner", reason=unsure, detail=detail
                )
    what = "1 overdue step" if len(new) == 1 else f"{len(new):,} overdue steps"
    why = session.vault.scrub(unsure or why)
    if arrived:
        return f"{notification.target} told of {what}, but perhaps not everybody: {why}" if why else ""
    return f"{notification.target} could not tell of {what}: {why}; the next tick tries again"


def _due(
    trouble: Trouble, detail: str, sent: Sequence[Any], notification: Notification, now: datetime
) -> bool:  # fmt: skip
    """Whether it is time to tell of it: the first time since it is late, or again."""
    mine = [each for each in sent if ledger.unpack(each.detail) == detail]
    last = max(mine, key=lambda each: int(each.at_ms), default=None)
    if last is None or last.at_ms < trouble.since.timestamp() * 1000:
        return True
    repeat = AGAIN if last.reason else notification.repeat
    return repeat is not None and now.timestamp() * 1000 - last.at_ms >= repeat.total_seconds() * 1000


def _whom(session: Session, notification: Notification) -> str:
    """Return what stands in the history for those who are told: no address, and the same for the same people."""
    tag = session.io.pseudonym(ledger.dumps([notification.target, notification.with_]))[:8]
    return f"{notification.target}/{tag}"


def _means(session: Session, notification: Notification, subject: str, body: str) -> tuple[KindSpec, Mapping[str, Any]]:
    """Return the kind that tells, and its fields. Raises `InvalidInput` when they cannot do."""
    target = notification.target
    spec = session.live.spec(target, KIND)
    hint = "choose a target that sends messages, such as one of the provider mail or webhook"
    if spec.by_hand:
        raise InvalidInput(f"people carry out the notices of {target}: nobody would be told", hint=hint)
    with_ = {**notification.with_, "subject": subject, "body": body}
    wrong = problems(Validators().of(spec.schema), with_, ("with",))
    if wrong:
        raise InvalidInput(
            f"the notification by {target} lacks something: {wrong[0].message}", hint=wrong[0].hint or "see `with`"
        )
    return spec, with_


def _context(session: Session, notification: Notification, status: OutageStatus, number: int) -> Context:
    target, now = session.live.target(notification.target), session.deps.now()
    step, window = f"{TOLD}/{_whom(session, notification)}/{number}", (status.start, status.end)
    return Context(status.outage, step, target, now, None, window, status.timezone, session.config.language)


def _changes(spec: KindSpec, with_: Mapping[str, Any], context: Context, found: Found) -> list[Change]:
    """Return the changes that send a message to one recipient or channel. Raises `InvalidInput` for a notice at a place
    where it would stay: nobody takes it down."""
    target, wants = context.target.name, spec.claims(with_, context, found)
    if "place" in spec.schema.get("properties", {}) and any(want.claim.op is not Op.SEND for want in wants):
        raise InvalidInput(
            f"a notice on {target} would stay there: nobody takes it down", hint="`with: {place: agents}`"
        )
    return [Change(Slot(target, KIND, found.key, want.path), ABSENT, want.claim.value, want.payload) for want in wants]


def _stay(session: Session, held: lease.Lease) -> lease.Lease:
    """Return the lease renewed. Raises `Fenced`, `StoreError`."""
    with session.store.transaction() as conn:
        return lease.fence(conn, held, session.deps)


def _send(
    session: Session,
    held: lease.Lease,
    notification: Notification,
    status: OutageStatus,
    troubles: Sequence[Trouble],
    number: int,
) -> tuple[bool, str, str]:
    """Send one message. Returns whether it may have arrived anywhere, why that is not sure, and what went wrong
    elsewhere. Raises `InvalidInput`, `ProviderError`: then nothing was sent; `Fenced` before a batch when the lease is
    lost, so that two ticks do not tell the same people; `StoreError`."""
    words, target = words_of(session.config.language), notification.target
    subject, body = (make(status, troubles, words=words) for make in (alert.subject, alert.body))
    spec, with_ = _means(session, notification, subject, body)
    context = _context(session, notification, status, number)
    read = partial(session.live.read, target)
    query = resolve(spec.query(with_, context), read, target)
    found = objects(read(query)) if query.where is not None else (Found(key, key, {}) for key in query.ids)
    if held.ttl < (needed := spec.deadline + 2 * lease.SLACK):
        raise InvalidInput(
            f"the lease of {held.ttl:g} s is too short for a message that may take {spec.deadline:g} s",
            hint=f"set `store.lease` in runner.yaml to {needed:g}s or more",
        )
    changes: list[Change] = []
    for one in found:
        if session.deps.boot() >= held.fenced_at + held.ttl / 3:  # a long list is read
            held = _stay(session, held)
        changes += _changes(spec, with_, context, one)
    outcomes: list[Outcome] = []
    why = "" if changes else "nobody would get the message"
    try:
        for batch in batched(changes, spec.batch):
            held = _stay(session, held)
            outcomes += [each for each in session.live.write(target, batch) if isinstance(each, Outcome)]
    except ProviderError as fault:
        why = fault.message
    verdicts = {each.verdict for each in outcomes}
    if len(outcomes) < len(changes) or verdicts - {Verdict.DONE}:
        why = why or next((each.reason for each in outcomes if each.reason), "it was refused")
    unsure = UNSURE if Verdict.DONE not in verdicts and Verdict.UNKNOWN in verdicts else ""
    return bool(verdicts & {Verdict.DONE, Verdict.UNKNOWN}), unsure, why
