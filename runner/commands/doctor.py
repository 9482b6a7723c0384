"""doctor: is everything there that an outage needs? Looks at each part by itself, whatever the others say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from runner.commands import escalation
from runner.commands.operate import TICKS_WITHIN, unknown_journals
from runner.commands.session import Session
from runner.commands.setup import checkable
from runner.deps import Deps
from runner.errors import Forbidden, InvalidInput, NotFound, ProviderError, RunnerError, Severity
from runner.model import Merge
from runner.report import Checkup
from runner.spi import KindSpec, Means, OpenProvider, Query
from runner.store import ledger
from runner.store import tables as t
from runner.views.text import amount


def doctor(deps: Deps, path: Path | None, open_with: Mapping[str, OpenProvider] | None) -> list[Checkup]:
    """Return what was found, one line a part. Raises `Usage` only when there is no runner.yaml at all."""
    config, _, diagnostics = checkable(deps, path, open_with, needed=True)
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    found = [_libyaml()]
    if config is None or errors:
        where = str(errors[0].mark) if errors else str(path)
        words = f"{where}: {amount(len(errors), 'mistake')}"
        return [*found, Checkup("runner.yaml", "problem", words, "`runner validate` lists them all")]
    found.append(Checkup("runner.yaml", "ok", str(config.file)))
    session = Session(deps, config, open_with, create=False)
    try:
        for check in (_store, _journal, _kept, _targets, _notifications, _ticker):
            found += _tried(check, session)
    finally:
        session.close()
    return found


def _tried(check: Callable[[Session], Iterator[Checkup]], session: Session) -> Iterator[Checkup]:
    try:
        yield from check(session)
    except RunnerError as fault:
        yield Checkup(check.__name__.strip("_"), "problem", session.vault.scrub(fault.message), fault.hint)


def _libyaml() -> Checkup:
    import yaml

    if yaml.__with_libyaml__:
        return Checkup("libyaml", "ok", "there")
    return Checkup("libyaml", "note", "missing: reading playbooks is slower", "install PyYAML from a binary package")


def _store(session: Session) -> Iterator[Checkup]:
    path = session.config.store.path
    if not path.exists():
        yield _writable("store", _existing(path.parent), f"{path} is made by the first apply")
        return
    with session.store.reading() as conn:
        left = ledger.outage_rows(conn, unfinished_only=True)
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        yield Checkup("store", "problem", f"{path} cannot be written by this user", f"check `ls -l {path}`")
        return
    yield Checkup("store", "ok", f"{path}, {amount(len(left), 'unfinished outage')}")


def _journal(session: Session) -> Iterator[Checkup]:
    folder = session.config.store.journal
    yield _writable("journal", _existing(folder), f"{folder}")
    if lost := unknown_journals(session):
        yield Checkup("journal", "problem", lost, "see docs/on-call.md: when the store is lost")


def _existing(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))


def _writable(part: str, folder: Path, words: str) -> Checkup:
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Checkup(part, "ok", words)
    return Checkup(part, "problem", f"{folder} cannot be written by this user", "correct its rights, or runner.yaml")


def _kept(session: Session) -> Iterator[Checkup]:
    session.refuse_throwaway_store()
    return
    yield


def _targets(session: Session) -> Iterator[Checkup]:
    for name, target in session.config.targets.items():
        part = f"target {name}"
        missing = [found for reference in target.credentials.values() if (found := _missing(session, reference))]
        if missing:
            yield Checkup(part, "problem", "; ".join(missing), "set it where this runs; the secret stays out of files")
            continue
        try:
            specs = session.readers.capabilities(name)
            yield _read(session, name, specs)
            for each in session.readers.examine(name):
                yield Checkup(part, each.state, each.message, each.hint)
        except InvalidInput as fault:
            yield Checkup(part, "problem", fault.message, fault.hint)
        except ProviderError as fault:
            said = session.vault.scrub(fault.message)
            hint = "" if "`" in said else "check the address, the account and the credential in runner.yaml"
            yield Checkup(part, "problem", said, hint)


def _missing(session: Session, reference: str) -> str:
    try:
        session.vault.secret(reference)
    except ProviderError as fault:
        return fault.message
    return ""


def _read(session: Session, name: str, specs: Mapping[str, KindSpec]) -> Checkup:
    """Read the name of one object, of the kind that is likely to have few; an account need not have every kind."""
    readable = [kind for kind, spec in specs.items() if spec.means is not Means.PERSON]
    if not readable:
        return Checkup(f"target {name}", "ok", "people carry everything out: there is nothing to read")
    if all(set(specs[kind].merges.values()) == {Merge.EFFECT} for kind in readable):
        return Checkup(f"target {name}", "ok", "only sends: there is nothing to read")
    by_api = [kind for kind in readable if specs[kind].means is Means.API] or readable
    refused: list[ProviderError] = []
    for kind in sorted(by_api, key=lambda each: (specs[each].matches is not None, each)):
        try:
            next(iter(session.readers.read(name, Query(kind, paths=("name",), limit=1))), None)
        except (Forbidden, NotFound) as fault:
            refused.append(fault)
            continue
        by_hand = len(specs) - len(readable)
        people = f", {by_hand} by hand" if by_hand else ""
        return Checkup(f"target {name}", "ok", f"answers; {amount(len(readable), 'kind')} of steps{people}")
    raise refused[0]


def _notifications(session: Session) -> Iterator[Checkup]:
    yield from escalation.examined(session)


def _ticker(session: Session) -> Iterator[Checkup]:
    if not session.config.store.path.exists():
        return
    with session.store.reading() as conn:
        ticked = int(conn.execute(t.meta.select()).one().ticked_ms)
        owed = ledger.outage_rows(conn, unfinished_only=True)
    ago = session.deps.now_ms() - ticked
    if ago < TICKS_WITHIN:
        yield Checkup("ticker", "ok", f"last tick {ago // 60000} min ago")
        return
    words = "no tick was ever seen" if not ticked else f"the last tick is {ago // 3_600_000} h ago"
    hint = "let cron or CI run `runner tick` every few minutes: it opens and restores what is due"
    yield Checkup("ticker", "problem" if owed else "note", words, hint)
