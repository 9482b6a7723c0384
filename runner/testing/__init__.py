"""What provider authors and rehearsals use: an in-memory target, a scripted outside world, the conformance suite.

The suite itself is `runner.testing.suite`; it needs pytest, which the rest does not.
"""

from __future__ import annotations

from runner.testing.io import ScriptedIo
from runner.testing.world import Fault, SlotWorld, What

__all__ = ["Fault", "ScriptedIo", "SlotWorld", "What"]
