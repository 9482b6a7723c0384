"""The faults that a simulated Zendesk account knows: those of every wire, conflicts of safe updates, and of jobs.

Job faults strike the job that the matched request creates; on a GET they let it pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.wire import faults

FAULTS: Final[Mapping[str, str]] = {
    **faults.FAULTS,
    "409_stale": "the conflict of a safe update, nothing done",
    "job_lost": "the created job is 404 by its id, in the list for some seconds, then nowhere; it is carried out",
    "job_stuck": "the created job stays at working; it is carried out only with executed=True",
    "job_half": "every second item of the created job fails",
}
