"""What `init` and `new` write: a configuration and commented playbooks that validate as they stand. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

CONFIG: Final = """\
# What there is: the accounts that playbooks change, and where the way back is kept. `runner doctor` checks all of it.
apiVersion: runner/v1
kind: Config
targets:
  helpdesk:                 # the name that playbooks use
    provider: simulator     # an embedded helpdesk in one file; `runner providers` shows the others
    zone: America/Sao_Paulo
    pause: pending          # what `status: pause` means here
    options: {file: .runner/helpdesk.sqlite}
store: {path: .runner/store.sqlite, journal: journal}   # before-images: keep both
guards:
  limits:
    tickets: {objects: 5000, percent: 60}
"""

IGNORED: Final = (".runner", "journal", "*.plan")

_HEAD: Final = """\
# Check it:      runner validate {file}
# See it:        runner plan {file}
# Carry it out:  runner apply {file}        (at once: --now --for 3h)
# Give it back:  runner revert
apiVersion: runner/v1
kind: Playbook
metadata:
  name: {name}    # part of every outage's id: never changed later
  title: {title}
  owner: support-ops@example.com
spec:
  outage: {outage}    # {meaning}
  timezone: {zone}    # of every time in this file
  windows:    # each one is an outage of its own; all of it is given back at the end
    - {{start: {start}, end: {end}}}
  steps:
"""

_STEPS: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "partial": (
        (
            "business_hours",
            """\
    # Closes the window out of the weekly hours while it runs; the rest of the day stays as it is.
    - id: hours
      uses: business_hours
      target: {target}
      with: {{schedule: Support BR, closed: window}}    # the schedule's name on your helpdesk
""",
        ),
        (
            "message",
            """\
    # Adds a line to an automatic message; what people write there meanwhile stays theirs.
    - id: offline
      uses: message
      target: {target}
      with:
        message: WhatsApp / offline
        append: {back_at}
""",
        ),
        (
            "tickets",
            """\
    # Pauses tickets, so that no clock runs against anybody. Restored, unless somebody moved them on.
    - id: pause
      uses: tickets
      target: {target}
      with: {{select: {{status: open, group: Level 1}}, status: pause, at_most: 2000}}
""",
        ),
    ),
    "full": (
        (
            "notice",
            """\
    # Announced two days before, and followed by a word when it is over.
    - id: announce
      uses: notice
      target: {target}
      from: start - 2d
      with:
        place: board
        audience: {{customers: all, agents: all}}
        subject: {closed}
        body: {back_on}
      restore:
        - uses: notice
          until: end + 1d
          with:
            place: board
            audience: {{customers: all}}
            subject: {back}
            body: {here}
""",
        ),
        (
            "holiday",
            """\
    # Stops the clocks of the days that the window touches.
    - id: holiday
      uses: holiday
      target: {target}
      with: {{schedule: Support BR, name: {holiday}}}    # the schedule's name on your helpdesk
""",
        ),
        (
            "channel",
            """\
    # Switches channels off.
    - id: channels
      uses: channel
      target: {target}
      with: {{channel: [Chat, Phone], enabled: false}}
""",
        ),
    ),
}
_BY_HAND: Final = """\
    # What a person does: `runner steps` shows it, `runner ack` records it.
    - id: by-hand
      uses: checklist
      target: {target}
      with: {{items: [{{do: Tell the team lead that the outage begins}}]}}
"""
_MEANING: Final = {"partial": "some of the support is off; `full` when all is closed", "full": "all of it is closed"}


def playbook(
    name: str,
    kind: str,
    *,
    file: str,
    target: str,
    zone: str,
    offered: Collection[str],
    pauses: bool,
    locales: Sequence[str],
    today: date,
) -> str:
    """Return a playbook of `kind` (partial or full) for next week's Friday, with the steps that the target offers.

    `pauses` says that the target has a word for a paused ticket; texts come in each of `locales`.
    """
    friday = today + timedelta(days=(4 - today.weekday()) % 7 + 7)
    span = ("11:30", friday, "14:30") if kind == "partial" else ("00:00", friday + timedelta(days=1), "00:00")
    head = _HEAD.format(
        file=file,
        name=name,
        title=json.dumps(name.replace("-", " ").capitalize(), ensure_ascii=False),
        outage=kind,
        meaning=_MEANING[kind],
        zone=zone,
        start=f"{friday} {span[0]}",
        end=f"{span[1]} {span[2]}",
    )
    texts = {
        "back_at": "We are back at {{ window.end | time }}.",
        "closed": "Support is closed",
        "back_on": "We are back on {{ window.end | date }} at {{ window.end | time }}.",
        "back": "We are back",
        "here": "Support answers again.",
        "holiday": "Closed",
    }
    said = {key: _in_all(locales, text) for key, text in texts.items()}
    steps = [text for uses, text in _STEPS[kind] if uses in offered and (uses != "tickets" or pauses)] or [_BY_HAND]
    return head + "".join(step.format(target=target, **said) for step in steps)


def _in_all(locales: Sequence[str], text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return "{" + ", ".join(f"{locale}: {quoted}" for locale in locales) + "}"
