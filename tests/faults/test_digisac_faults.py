"""Whatever goes wrong on the wire of Digisac, at any request: exact at the end, or reported; nothing is said twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from providers.wire.faults import FAULTS
from tests.support.digisac import DigisacLab, contacting
from tests.support.stories import CLASSES, Story, played, wrong

WHOM = ("Ana Almeida", "Bruno Almeida", "Diego Almeida")
CALLS = (contacting(*WHOM, at="start + 8m", every="1h"),)
OTHERS = (
    {"id": "day", "uses": "holiday", "with": {"name": "Power cut", "closed": "window", "message": "We are slow."}},
    {"id": "tell", "uses": "notice", "with": {"contacts": ["Ana Almeida", "Bruno Almeida"], "body": "Back at two."}},
    {
        "id": "close",
        "uses": "tickets",
        "with": {"select": {"contacts": ["Carla Almeida", "Fábio Almeida"]}, "status": "pause", "at_most": 9},
    },
)


def calls(folder: Path) -> Story:
    """Three schedules: the first has come about when the others are given back."""
    lab = DigisacLab(folder, contacts=8)
    return Story(lab, lab.account, lab.book(*CALLS), lab.readmit)


def others(folder: Path) -> Story:
    """A holiday, two messages, and two tickets that are closed and given back."""
    lab = DigisacLab(folder, contacts=8)
    return Story(lab, lab.account, lab.book(*OTHERS), lab.readmit)


def sent(one: Story) -> list[Any]:
    return [(row["contactId"], row["text"]) for row in one.account.desk.messages.values()]


@pytest.mark.parametrize("what", CLASSES.values(), ids=CLASSES)
def test_a_fault_at_any_request_ends_exact_or_is_reported(what: str) -> None:
    """Each request of apply and revert in turn meets the fault: what waits is taken back, what came about came once."""
    assert list(wrong(calls, what, sent)) == []


def test_the_stories_themselves_end_where_they_should() -> None:
    """Without a fault nobody has to be told of anything, what waited is gone, and what was said was said once."""
    account = DigisacLab(Path(), contacts=8).account
    first, second = played(calls), played(others)
    assert (len(sent(first)), first.told(), len(first.account.requests)) == (1, set(), 20)
    assert [row["status"] for row in first.account.desk.schedules.values()] == ["completed"]
    assert (len(sent(second)), second.told(), len(second.account.requests)) == (2, set(), 32)
    assert second.account.dump() == account.dump()


@pytest.mark.soak
@pytest.mark.parametrize("what", sorted(FAULTS))
def test_every_fault_at_every_request(what: str) -> None:
    """The same for every fault that the simulator knows, and for holidays, messages and tickets as well."""
    assert [*wrong(calls, what, sent), *wrong(others, what, sent)] == []
