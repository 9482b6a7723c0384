"""Whatever goes wrong on the wire of Whaticket, at whatever request: exact or reported, and nothing said twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from providers.wire.faults import FAULTS
from tests.support.stories import CLASSES, Story, played, wrong
from tests.support.whaticket import WhaticketLab

STEPS = (
    {
        "id": "tell",
        "uses": "notice",
        "from": "start - 1h",
        "with": {"to": ["+5215500000001", "+5215500000002"], "body": "!"},
    },
    {"id": "give", "uses": "tickets", "with": {"select": {"agent": "Ana Souza"}, "transfer_to": "Bruno Lima"}},
)


def story(folder: Path) -> Story:
    lab = WhaticketLab(folder, tickets=4).later(minutes=-30)
    return Story(lab, lab.account, lab.chat(STEPS[0]), lab.account.wsgi.readmit)


def transfers(folder: Path) -> Story:
    lab = WhaticketLab(folder, tickets=4)
    return Story(lab, lab.account, lab.chat(STEPS[1]), lab.account.wsgi.readmit)


def sent(one: Story) -> list[Any]:
    return list(one.account.sent)


@pytest.mark.parametrize("what", CLASSES.values(), ids=CLASSES)
def test_a_fault_at_any_request_ends_exact_or_is_reported(what: str) -> None:
    """Each request of apply and revert in turn meets the fault; what was said to customers was said once."""
    assert len(played(transfers).account.requests) > 8
    assert [*wrong(story, what, sent), *wrong(transfers, what, sent)] == []


@pytest.mark.soak
@pytest.mark.parametrize("what", sorted(FAULTS))
def test_every_fault_at_every_request(what: str) -> None:
    """The same for every fault that the simulator knows."""
    assert [*wrong(story, what, sent), *wrong(transfers, what, sent)] == []
