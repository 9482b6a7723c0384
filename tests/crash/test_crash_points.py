"""A crash at every store transaction, journal line, request and reply of two overlapping outages.

The points are counted while the story is played once; a new process then goes on from what each of them leaves.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial

import pytest

from runner.commands import movement
from tests.support import crash
from tests.support.crash import COMMANDS, END, Moment, Recording, Story, memory_folder, moments, points, writes
from tests.support.lab import BY

Play = Callable[[Moment, Story, Recording], None]


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    """The story, played once."""
    with memory_folder() as folder:
        yield moments(folder)


def at_every_moment(recording: Recording, chosen: Iterable[Moment], play: Play) -> None:
    """Let a new process go on from every moment chosen; fail with all those that went wrong."""
    wrong: list[str] = []
    for moment in chosen:
        with memory_folder() as folder:
            story = moment.again(folder)
            try:
                with points(lambda point: None, sending=partial(crash.check_intents, story.lab)):
                    play(moment, story, recording)
            except Exception as fault:  # each moment is a case of its own
                wrong.append(f"died at {' = '.join(moment.names)}\n    then: {type(fault).__name__}: {fault}")
            finally:
                story.close()
    assert not wrong, f"{len(wrong)} moments went wrong:\n" + "\n".join(wrong)


def recorded(moment: Moment, story: Story) -> bool:
    """Whether the command that was cut off had got as far as the store, so that `resume` can finish it alone."""
    verb, _, name = COMMANDS[moment.command].partition(" ")
    row = next((row for row in story.rows() if row.playbook == name), None)
    return row is not None and (verb == "apply" or row.desired == "revert")


def opening(recording: Recording) -> list[Moment]:
    """Return the moments before anything is given back."""
    return [moment for moment in recording.moments.values() if not COMMANDS[moment.command].startswith("revert")]


def test_the_story_itself_ends_where_it_began(recording: Recording) -> None:
    """Undisturbed, the two outages change every kind and give everything back; the points are counted on the way."""
    assert recording.after[-1] == recording.original
    assert recording.hands_after[-1] == crash.ORIGINAL_HANDS
    changed = {line.partition("/")[0] for line in crash.differences(recording.original, recording.after[2])}
    assert changed == {"business_hours", "holiday", "message", "tickets"}
    assert sum(len(moment.names) for moment in recording.moments.values()) == recording.count
    assert recording.count > 500, "points are missing"


def test_after_a_crash_at_any_point_resume_goes_on(recording: Recording) -> None:
    """Wherever the process dies, `resume` (and, where nothing was recorded yet, the command again) reaches the very
    state of helpdesk and store that the undisturbed command reaches, and a second resume does nothing."""

    def play(moment: Moment, story: Story, recording: Recording) -> None:
        crash.check_restores(story)
        if recorded(moment, story):
            story.resume()
        else:
            story.command(moment.command)
        crash.check_bases(story, recording)
        crash.check_effects(story)
        if moment.command < 4:
            crash.check_unknown(story)
        assert crash.differences(recording.after[moment.command], story.world.dump()) == []
        assert story.hands == recording.hands_after[moment.command]
        assert crash.holdings(story) == recording.held_after[moment.command]
        before = writes(story)
        story.resume()
        assert writes(story) == before, "a second resume wrote something"

    at_every_moment(recording, recording.moments.values(), play)


def test_after_a_crash_at_any_point_revert_gives_everything_back(recording: Recording) -> None:
    """Wherever an apply dies, reverting at once, the younger outage first, leaves the helpdesk as it was. (What becomes
    of a revert that dies is the test above.)"""

    def play(moment: Moment, story: Story, recording: Recording) -> None:
        for name in ("fire", "match"):
            story.revert(name)
        story.people()
        crash.check_over(story, recording)
        crash.check_effects(story)

    at_every_moment(recording, opening(recording), play)


def in_time(moment: Moment, story: Story, recording: Recording) -> None:
    """Play a tick after the windows have ended."""
    story.lab.at(END + timedelta(minutes=1))
    story.tick()
    assert crash.differences(recording.original, story.world.dump()) == []
    story.people()
    crash.check_over(story, recording)
    crash.check_effects(story)


def test_after_a_crash_the_next_tick_restores_in_time(recording: Recording) -> None:
    """Whenever the process dies, a tick after the windows have ended gives everything back without being asked to."""
    at_every_moment(recording, opening(recording)[::5], in_time)


@pytest.mark.soak
def test_after_a_crash_at_any_point_the_next_tick_restores_in_time(recording: Recording) -> None:
    """The same at every single point."""
    at_every_moment(recording, recording.moments.values(), in_time)


def from_the_files(moment: Moment, story: Story, recording: Recording) -> None:
    """Play the loss of the store: import what the journal files say into an empty one, and revert."""
    lab = story.lab
    said = "".join(path.read_text(encoding="utf-8") for path in lab.config.store.journal.glob("*.jsonl"))
    if said.count('"t":"ack"') < len(story.noted):  # done by hand and never acknowledged: in no journal
        story.hands = dict(recording.hands_after[moment.command - 1])
    files = sorted(path for path in lab.config.store.journal.glob("*.jsonl") if b"\n" in path.read_bytes())
    story.lab = lab.restart()
    shutil.rmtree(lab.config.store.path.parent)
    if files:
        movement.bring_in(story.lab.session, files, BY)
    for name in ("fire", "match"):
        story.revert(name)
    story.people()
    crash.check_over(story, recording)
    crash.check_effects(story)


def test_after_a_crash_the_journal_files_alone_give_everything_back(recording: Recording) -> None:
    """Without the store, the journal files that the dead process left are enough for a revert."""
    at_every_moment(recording, opening(recording)[::5], from_the_files)


def test_a_crash_during_an_acknowledgement_leaves_a_journal_that_goes_on(recording: Recording) -> None:
    """Whenever the process dies while somebody acknowledges a step, the step can be acknowledged again, and the journal
    files alone are still enough for a revert."""

    def play(moment: Moment, story: Story, recording: Recording) -> None:
        story.people()
        from_the_files(moment, story, recording)

    people = [moment for moment in recording.moments.values() if COMMANDS[moment.command] == "people"]
    at_every_moment(recording, [*people[:6], *people[6::3]], play)


@pytest.mark.soak
def test_after_a_crash_at_any_point_the_journal_files_alone_give_everything_back(recording: Recording) -> None:
    """The same at every single point."""
    at_every_moment(recording, recording.moments.values(), from_the_files)
