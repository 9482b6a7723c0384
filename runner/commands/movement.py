"""export, import: the journal of an outage as a file that alone can take it back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from runner.commands import operate
from runner.commands.operate import By
from runner.commands.session import Session
from runner.errors import InvalidInput, Refused
from runner.executor import digest_of, outage_of
from runner.store import importing, journal, ledger
from runner.store.importing import Imported
from runner.store.packing import dumps
from runner.views.text import command


def export(session: Session, name: str) -> Iterator[str]:
    """Yield the lines of an outage's journal, the chain checked. Raises `Usage`, `InvalidInput`."""
    row = operate.the_outage(session, name)
    path = journal.path_of(session.config.store.journal, row.id)
    if not path.exists():
        raise InvalidInput(
            f"{row.id} has no journal yet: nothing was done",
            hint=f"it is written to {path} with the first step",
            code="JR008",
        )
    for line in journal.read(path):
        chain = line.pop("h")
        yield f'{dumps(line)[:-1]},"h":"{chain}"}}'


def write(out: Path, lines: Iterator[str]) -> int:
    """Write lines to a file (0600), whole or not at all; return how many. Raises `OSError`."""
    part, count = out.with_name(f"{out.name}.part"), 0
    with part.open("w", encoding="utf-8", newline="\n") as file:
        part.chmod(0o600)
        for line in lines:
            file.write(f"{line}\n")
            count += 1
    part.rename(out)
    return count


def bring_in(session: Session, paths: Sequence[Path], by: By, *, alone: bool = False) -> list[Imported]:
    """Read journals into the store, all of them or none; the files go on where the runner keeps its journals.

    Outages that overlapped tell only together what a field held before, so a journal of the same store that lies
    beside the files and owes a restore, too, belongs to them; `alone` takes the files without it. Raises
    `InvalidInput`, `Refused`, `StoreError`.
    """
    if others := [] if alone else _beside(paths):
        named = ", ".join(map(str, others))
        raise Refused(
            f"beside these files lie journals of the same store that owe a restore, too: {named}",
            hint=f"import all of them at once: {command('import', *map(str, [*paths, *others]))} (or say --alone)",
            code="JR010",
        )
    with session.store.transaction() as conn:
        found = importing.bring_in(conn, paths, lambda row: _runs(session, row))
        now = session.deps.now_ms()
        for one in found:
            ledger.record(conn, at_ms=now, outage=one.outage, verb="import", actor=by.actor, reason=by.reason)
        for path, one in zip(paths, found, strict=True):
            _keep(path, journal.path_of(session.config.store.journal, one.outage))
    return found


def _beside(paths: Sequence[Path]) -> list[Path]:
    """Return the unfinished journals in the folders of `paths` that come from the same stores and are not named."""
    mine = {path.resolve() for path in paths}
    stores = {journal.lineage_of(path) for path in paths} - {""}
    near = sorted(each for folder in {path.parent for path in paths} for each in folder.glob("*.jsonl"))
    return [
        path
        for path in near
        if path.resolve() not in mine and journal.lineage_of(path) in stores and journal.unfinished(path)
    ]


def _runs(session: Session, row: Any) -> list[tuple[str, int, str]]:
    return [(run.id, run.order, digest_of(run)) for run in outage_of(row, session.config).runs]


def _keep(path: Path, place: Path) -> None:
    """Let the journal go on in its place. A longer one that is there already must not be cut."""
    if place.exists():
        if place.samefile(path) or place.read_bytes() == path.read_bytes():
            return
        raise Refused(
            f"{place} is another journal of the same outage",
            hint="import that one, or move it away first",
            code="JR009",
        )
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(path, place)
    place.chmod(0o600)
