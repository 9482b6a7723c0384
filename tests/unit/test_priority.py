"""`runner report priority`: whom to answer first, on a simulated Zendesk account."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from runner.commands import report
from runner.errors import InvalidInput, Usage
from runner.views import priority as views
from tests.support.lab import Lab
from tests.support.zendesk import ZendeskLab


def test_the_nearest_breach_comes_first_then_the_longest_wait(tmp_path: Path) -> None:
    """Tickets with a promise that is nearest to be broken lead; those without one follow, the longest wait first; a
    solved ticket is not there."""
    lab = ZendeskLab(tmp_path)
    rows = report.priority(lab.session, (), 1000)
    due = [row.ticket.due for row in rows]
    promised = [each for each in due if each]
    assert promised
    assert due[: len(promised)] == sorted(promised)
    rest = [row.ticket.since for row in rows[len(promised) :]]
    assert rest == sorted(rest)
    waits = lab.account.matching(lambda ticket: ticket.status not in ("solved", "closed"))
    assert sorted(int(row.ticket.key) for row in rows) == sorted(waits)


def test_the_limit_keeps_the_most_urgent(tmp_path: Path) -> None:
    """A list of five is the first five of the whole."""
    lab = ZendeskLab(tmp_path)
    assert report.priority(lab.session, ("desk",), 5) == report.priority(lab.session, ("desk",), 1000)[:5]


def test_it_costs_a_page_of_the_export_and_a_hundred_tickets_a_request(tmp_path: Path) -> None:
    """Nothing is read ticket by ticket."""
    lab = ZendeskLab(tmp_path)
    waits = len(report.priority(lab.session, (), 1000))
    assert lab.account.requested("GET", "/api/v2/tickets/show_many") == -(-waits // 100)
    assert lab.account.requested("GET", "/api/v2/search/export") == 1


def test_every_form_tells_the_same(tmp_path: Path) -> None:
    """Table, CSV and JSON hold the same tickets in the same order; what is late says so."""
    lab = ZendeskLab(tmp_path)
    rows = report.priority(lab.session, (), 8)
    later = lab.deps.now() + timedelta(days=30)
    table = views.human(rows, later, width=120, colour=False).splitlines()
    assert [row.ticket.key in line for row, line in zip(rows, table[1:], strict=True)] == [True] * len(rows)
    assert all("late" in line for row, line in zip(rows, table[1:], strict=True) if row.ticket.due)
    parsed = list(csv.DictReader(io.StringIO(views.to_csv(rows))))
    assert parsed == views.to_json(rows)["tickets"]
    assert [each["ticket"] for each in parsed] == [row.ticket.key for row in rows]


def test_nobody_waits(tmp_path: Path) -> None:
    """An empty list is a sentence, not an empty table."""
    assert (
        views.human([], ZendeskLab(tmp_path).deps.now(), width=80, colour=False).strip()
        == "Nobody waits for an answer."
    )


def test_targets_that_cannot_tell(tmp_path: Path) -> None:
    """Without a target that can list its queue there is nothing to report; one that is named says so itself."""
    lab = Lab(tmp_path)
    with pytest.raises(Usage):
        report.priority(lab.session, (), 5)
    with pytest.raises(InvalidInput):
        report.priority(lab.session, ("desk",), 5)


def test_a_subject_is_no_formula(tmp_path: Path) -> None:
    """A subject that a spreadsheet would carry out is a text in the CSV, and in JSON what the customer wrote."""
    lab = ZendeskLab(tmp_path)
    lab.account.customer_opens("=HYPERLINK(1)")
    rows = [row for row in report.priority(lab.session, (), 1000) if row.ticket.name.startswith("=")]
    assert [each["name"] for each in csv.DictReader(io.StringIO(views.to_csv(rows)))] == ["'=HYPERLINK(1)"]
    assert [each["name"] for each in views.to_json(rows)["tickets"]] == ["=HYPERLINK(1)"]
