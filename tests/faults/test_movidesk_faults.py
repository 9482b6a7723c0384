"""Whatever goes wrong on Movidesk's wire, at whatever request: an outage ends exact, or the difference is reported.

Tickets of one team are paused with a note to the agents, and given back; `make soak` does it for more tickets, with
every fault there is. Nothing is sent twice, and the account's API is never locked by us.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from providers.wire.faults import FAULTS
from tests.support.movidesk import AT_NIGHT, MovideskLab
from tests.support.stories import CLASSES, Story, wrong

PAUSED = {
    "select": {"group": "Caixa d'Água"},
    "status": "pause",
    "note": {"pt-BR": "Falta de luz", "es": "Corte de luz"},
}
MANY = {"select": {"status": "Em atendimento", "type": "public"}, "status": "pause", "note": "Corte de luz"}
NAP = {"select": {"group": "Caixa d'Água"}, "until": "end"}


def story(with_: dict[str, Any], tickets: int, uses: str = "tickets") -> Any:
    """Return what makes a story on an account with so many tickets, at night: nothing has to wait."""

    def made(folder: Path) -> Story:
        lab = MovideskLab(folder, tickets=tickets, now=AT_NIGHT)
        windows = [{"start": "2026-12-11 22:00", "end": "2026-12-12 06:00"}]
        book = lab.playbook("power", [{"id": "pause", "uses": uses, "with": with_}], windows=windows)
        made = Story(lab, lab.account, book)

        def again() -> None:
            lab.account.wsgi.revoked = False  # somebody takes the token anew

        made.again = again
        return made

    return made


def notes(one: Story) -> list[Any]:
    """Return the notes that tickets got; none of an account that was locked, so that this shows."""
    assert one.account.limits.locks == 0, "three failures in a row"
    return [(each.id, action["description"]) for each in one.account.desk.tickets.values() for action in each.actions]


@pytest.mark.parametrize("name", CLASSES)
def test_a_fault_at_any_request_ends_exact_or_is_reported(name: str) -> None:
    """Each request of apply and revert in turn meets the fault; resume, or the next command, ends exact or says what
    differs, and no note goes out twice."""
    assert list(wrong(story(PAUSED, 12), CLASSES[name], notes)) == []


@pytest.mark.soak
@pytest.mark.parametrize("what", FAULTS)
def test_every_fault_at_every_request_of_many_tickets(what: str) -> None:
    """The same for every fault that the simulator knows, over several batches; and for snoozes."""
    assert list(wrong(story(MANY, 70), what, notes)) == []
    assert list(wrong(story(NAP, 12, "snooze"), what, notes)) == []
