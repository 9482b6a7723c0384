"""A crash at every store transaction, journal line, request and reply of two overlapping outages.

The points are counted while the story is played once; a new process then goes on from what each of them leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import crash
from tests.support.crash import END, Moment, Recording, Story, check_intents, memory_folder, moments, points, writes

Play = Callable[[Moment, Story, Recording], None]


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    """The story, played once."""
    with memory_folder() as folder:
        yield moments(folder)


def at_every_moment(recording: Recording, play: Play) -> None:
    """Let a new process go on from every moment; fail with every moment that went wrong."""
    wrong: list[str] = []
    for moment in recording.moments.values():
        with memory_folder() as folder:
            story = moment.again(folder)
            try:
                with points(lambda point: None, sending=lambda batch, lab=story.lab: check_intents(lab, batch)):
                    play(moment, story, recording)
            except Exception as fault:  # each moment is a case of its own
                wrong.append(f"died at {' = '.join(moment.names)}\n    then: {type(fault).__name__}: {fault}")
            finally:
                story.close()
    assert not wrong, f"{len(wrong)} of {len(recording.moments)} moments went wrong:\n" + "\n".join(wrong)


def recorded(moment: Moment, story: Story) -> bool:
    """Whether the command that was cut off had got as far as the store, so that `resume` can finish it alone."""
    verb, _, name = story.script()[moment.command][0].partition(" ")
    row = next((row for row in story.rows() if row.playbook == name), None)
    return row is not None and (verb == "apply" or row.desired == "revert")


def give_all_back(story: Story, recording: Recording) -> None:
    """Revert both outages, with what people have to do, and check that nothing is left."""
    for name in ("match", "fire"):
        story.revert(name)
    story.people()
    crash.check_over(story, recording)
    crash.check_effects(story)


def test_the_story_itself_ends_where_it_began(recording: Recording) -> None:
    """Undisturbed, the two outages change every kind and give everything back; the points are counted on the way."""
    assert recording.after[-1] == recording.original
    assert recording.hands_after[-1] == crash.ORIGINAL_HANDS
    changed = {line.partition("/")[0] for line in crash.differences(recording.original, recording.after[2])}
    assert changed == {"business_hours", "holiday", "message", "tickets"}
    assert recording.count > 600
    assert len(recording.moments) > 200


def test_after_a_crash_at_any_point_resume_goes_on(recording: Recording) -> None:
    """Wherever the process dies, `resume` reaches what the undisturbed command reaches, and a second one does nothing."""

    def play(moment: Moment, story: Story, recording: Recording) -> None:
        crash.check_restores(story)
        expected = recording.after[moment.command]
        story.resume()
        crash.check_bases(story, recording)
        if recorded(moment, story):
            assert crash.differences(expected, story.world.dump()) == []
            before = writes(story)
            story.resume()
            assert writes(story) == before, "a second resume wrote something"
        story.script()[moment.command][1]()
        assert crash.differences(expected, story.world.dump()) == []
        assert story.hands == recording.hands_after[moment.command]
        before = writes(story)
        story.resume()
        assert writes(story) == before, "a resume after everything was done wrote something"
        if moment.command < 4:
            crash.check_unknown(story)
        give_all_back(story, recording)

    at_every_moment(recording, play)


def test_after_a_crash_at_any_point_revert_gives_everything_back(recording: Recording) -> None:
    """Wherever the process dies, reverting at once, in either order, leaves the helpdesk as it was."""

    def play(moment: Moment, story: Story, recording: Recording) -> None:
        names = [row.playbook for row in story.rows()]
        for name in reversed(names):
            story.revert(name)
        story.people()
        crash.check_over(story, recording)
        crash.check_effects(story)
        before = writes(story)
        story.resume()
        assert writes(story) == before, "a resume after the revert wrote something"

    at_every_moment(recording, play)


def test_after_a_crash_at_any_point_the_next_tick_restores_in_time(recording: Recording) -> None:
    """Wherever the process dies, a tick after the windows have ended gives everything back without being asked to."""

    def play(moment: Moment, story: Story, recording: Recording) -> None:
        story.lab.at(END + timedelta(minutes=1))
        story.tick()
        assert crash.differences(recording.original, story.world.dump()) == []
        story.people()
        crash.check_over(story, recording)
        crash.check_effects(story)

    at_every_moment(recording, play)
