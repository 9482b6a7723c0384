"""What batches came to, added up without growing with the number of tickets."""

from __future__ import annotations

from runner import report
from runner.model import Slot
from runner.report import Fate, Note
from runner.work import Tally


def notes(fate: Fate, count: int) -> list[Note]:
    return [Note(fate, Slot("desk", "tickets", str(number), "status")) for number in range(count)]


def test_the_notes_of_a_step_are_kept_up_to_a_limit_and_counted_beyond() -> None:
    """Of each fate the first notes are kept and the rest counted, so that a flood of one hides no other."""
    total = Tally()
    for _ in range(60):
        total.add(Tally(notes=notes(Fate.DIFFERENT, 100)))
    total.add(Tally(notes=notes(Fate.REJECTED, 3)))

    assert len([note for note in total.notes if note.fate is Fate.DIFFERENT]) == report.NOTES
    assert total.unlisted == {Fate.DIFFERENT: 6_000 - report.NOTES}
    assert len([note for note in total.notes if note.fate is Fate.REJECTED]) == 3


def test_tallies_that_have_counted_already_add_up() -> None:
    """Counts of notes beyond the limit are added, too."""
    total = Tally(unlisted={Fate.KEPT: 2})
    total.add(Tally(unlisted={Fate.KEPT: 3, Fate.DROPPED: 1}))

    assert total.unlisted == {Fate.KEPT: 5, Fate.DROPPED: 1}
