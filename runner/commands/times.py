"""What people type on the command line, as values: times, durations, and which playbook they mean."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from runner import windows
from runner.commands.planning import Now
from runner.commands.session import Session
from runner.errors import Usage
from runner.load import find_playbooks, load_playbook

FAR: Final = timedelta(hours=12)
CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def one_playbook(path: Path) -> Path:
    """Return the playbook that `path` means: the file itself, or the only one in a folder. Raises `Usage`."""
    if not path.is_dir():
        return path
    files, _ = find_playbooks([path])
    if len(files) == 1:
        return files[0]
    listed = ", ".join(str(file) for file in files[:5])
    raise Usage(f"{path} is a folder with {len(files)} playbooks", hint=f"name one: {listed}" if files else "")


def instant(text: str, zone: str, now: datetime, *, end: datetime | None = None) -> datetime:
    """Return the instant of a time typed in `zone` (an IANA name), as an end. Raises `Usage`.

    ``2026-12-11 14:30``; ``14:30`` is the next one after `now`; where something has an `end`, ``+1h`` is after it, and
    a time of the day that is `FAR` from it has to say which day it means.
    """
    if end is not None and text.startswith("+"):
        return end + duration(text.removeprefix("+"))
    try:
        where = windows.zone(zone)
        if CLOCK.fullmatch(text):
            today = now.astimezone(where).date()
            next_ones = (windows.parse_time(f"{today + timedelta(days=days)} {text}") for days in (0, 1))
            ends = [windows.to_instant(each, where, end=True)[0] for each in next_ones if each is not None]
            found = next((each for each in ends if each > now), ends[-1])
            if end is not None and found > max(end, now) + FAR:
                day = f"{found.astimezone(where):%Y-%m-%d %H:%M}"
                hint = f"write the day too if you mean it: --until '{day}'; `runner revert` ends it now"
                raise Usage(f"{text} is over for today, and the next one is far from the end as it is", hint=hint)
            return found
        moment = windows.parse_time(text)
        if moment is None:
            more = ", 14:30 for the next one" + (", or +1h" if end is not None else "")
            raise Usage(f"{text!r} is no time", hint=f"write 2026-12-11 14:30 (2026-12-11T14:30-03:00){more}")
        return windows.to_instant(moment, where, end=True)[0]
    except windows.TimeError as wrong:
        raise Usage(str(wrong), hint="mend `spec.timezone` in the playbook") from wrong


def at(path: Path, text: str, now: datetime) -> datetime:
    """Return the instant of a time typed in the zone of the playbook at `path`. Raises `Usage`."""
    loaded, _ = load_playbook(path)
    return instant(text, "UTC" if loaded is None else loaded.playbook.timezone, now)


def duration(text: str) -> timedelta:
    """Return ``45m``, ``3h``, ``1h30m`` or ``1d`` as a time span (a day counts 24 hours). Raises `Usage`."""
    hint = "write 45m, 3h, 1h30m or 1d"
    try:
        found = windows.parse_expression(f"start + {text.strip()}")
    except windows.TimeError:
        raise Usage(f"{text!r} is no duration", hint=hint) from None
    span = found.elapsed + timedelta(days=found.days)
    if span <= timedelta():
        raise Usage(f"{text!r} is no time at all", hint=hint)
    return span


def opens(session: Session, path: Path, *, now: bool, for_: str | None, until: str | None) -> Now | None:
    """Return what ``--now``, ``--for`` and ``--until`` mean together. Raises `Usage`."""
    if not now and not for_ and not until:
        return None
    if not now:
        raise Usage("--for and --until belong to --now", hint="without --now the windows of the playbook count")
    if bool(for_) == bool(until):
        raise Usage("--now needs an end, one", hint="--for 3h, or --until '2026-12-11 14:30'")
    return Now(duration(for_) if for_ else None, at(path, until, session.deps.now()) if until else None)
