"""Background jobs: queued, working, completed; carried out at the moment they complete.

A job moves one step when it is asked for and when `pace` seconds went by, whichever comes first. Records live a day, 30
may wait or work at a time [DOC] (429 TooManyJobs [MEM]). Items fail one by one, among them tickets that changed after
the job was queued: bulk updates are always safe [DOC]. Error names of items are guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from providers.wire.faults import Fault
from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, Route, User, missing
from providers.zendesk.simulator.engine import Engine
from providers.zendesk.simulator.listing import Record, address
from providers.zendesk.simulator.shapes import stamp

MOST: Final = 30
DAY: Final = 86_400.0
Items = Sequence[tuple[int, Mapping[str, Json]]]
Allowed = Callable[[int, int], bool]


@dataclass(slots=True)
class Job:
    """One job. `seq` is the state of all tickets when it was queued, `steps` how far it is: 0, 1 or 2."""

    id: str
    kind: str
    queued: float
    items: Items
    author: User
    seq: int
    steps: int = 0
    fault: Fault | None = None
    message: str | None = None
    results: list[Record] | None = field(default=None)

    @property
    def status(self) -> str:
        """The word of the API for how far the job is."""
        return ("queued", "working", "completed")[self.steps]


class Jobs:
    """The jobs of an account. `pace` is the seconds a job takes for each of its two steps."""

    def __init__(self, desk: Desk, engine: Engine, allowed: Allowed, pace: float = 1.0) -> None:
        self._desk = desk
        self._engine = engine
        self._allowed = allowed
        self.pace = pace
        self.known: dict[str, Job] = {}
        self._made = 0
        self.next_fault: Fault | None = None

    def routes(self) -> list[Route]:
        """Return the operations on jobs."""
        base = "/api/v2/job_statuses"
        return [
            Route("GET", base, self._list),
            Route("GET", f"{base}/show_many", self._several),
            Route("GET", f"{base}/<string:id>", self._one),
        ]

    def strike(self, fault: Fault | None) -> None:
        """Let a fault meet the job that is queued next, None for no fault any more."""
        self.next_fault = fault if fault is not None and fault.what.startswith("job_") else None

    def queue(self, kind: str, items: Items, author: User) -> Job:
        """Queue a job. Raises the 429 of an account whose slots are full."""
        if sum(job.steps < 2 for job in self.known.values()) >= MOST:
            raise Refusal(429, {"error": "TooManyJobs", "description": f"{MOST} jobs wait or work already"})
        self._made += 1
        id_ = sha256(f"job {self._made} of {self._desk.subdomain}".encode()).hexdigest()[:32]
        job = Job(id_, kind, self._desk.clock(), items, author, self._engine.store.seq, fault=self.next_fault)
        self.known[id_] = job
        return job

    def tick(self) -> None:
        """Let time work: jobs go on, and those of yesterday are forgotten."""
        now = self._desk.clock()
        gone = [id_ for id_, job in self.known.items() if job.queued + DAY <= now]
        for id_ in gone:
            del self.known[id_]
        for job in self.known.values():
            while job.steps < 2 and now >= job.queued + (job.steps + 1) * self.pace and self._step(job):
                pass

    def run_all(self) -> None:
        """Carry out everything that waits, as if time had passed."""
        for job in self.known.values():
            while job.steps < 2 and self._step(job):
                pass

    # --- the work -------------------------------------------------------------------------------------------------

    def _step(self, job: Job) -> bool:
        """Move a job one step; False when it is stuck."""
        stuck = job.fault is not None and job.fault.what == "job_stuck"
        if job.steps == 0:
            job.steps = 1
            if stuck and job.fault is not None and job.fault.executed:
                self._carry_out(job)
            return True
        if stuck:
            return False
        job.results = self._carry_out(job)
        job.steps = 2
        job.message = f"Completed at {stamp(self._desk.clock())}"
        return True

    def _carry_out(self, job: Job) -> list[Record]:
        half = job.fault is not None and job.fault.what == "job_half"
        return [
            _failed(id_, "InternalError", "the update broke off")
            if half and place % 2
            else self._item(job, id_, change)
            for place, (id_, change) in enumerate(job.items)
        ]

    def _item(self, job: Job, id_: int, change: Mapping[str, Json]) -> Record:
        ticket = self._engine.store.get(id_)
        if ticket is None:
            return _failed(id_, "TicketNotFound", "there is no such ticket")
        sent = change.get("updated_stamp")
        if ticket.seq > job.seq or (sent is not None and sent != stamp(ticket.updated)):
            return _failed(id_, "UpdateConflict", "the ticket changed meanwhile")
        if not self._allowed(job.author.id, id_):
            return _failed(id_, "TooManyUpdates", "30 updates of one ticket in ten minutes")
        try:
            self._engine.change(ticket, change, job.author)
        except Refusal as refusal:
            return _failed(id_, "RecordInvalid", said_of(refusal))
        return {"id": id_, "action": "update", "status": "Updated", "success": True}

    # --- operations -----------------------------------------------------------------------------------------------

    def shown(self, job: Job) -> Record:
        """Return a job as the API writes it."""
        done = job.steps == 2
        return {
            "id": job.id,
            "job_type": job.kind,
            "url": address(self._desk, f"/api/v2/job_statuses/{job.id}.json"),
            "total": len(job.items) if job.steps else None,
            "progress": len(job.items) if done else None,
            "status": job.status,
            "message": job.message,
            "results": job.results,
        }

    def _one(self, call: Call) -> Reply:
        job = self.known.get(call.args["id"])
        if job is None or (job.fault is not None and job.fault.what == "job_lost"):
            raise missing()
        self._asked(job)
        return Reply({"job_status": self.shown(job)})

    def _several(self, call: Call) -> Reply:
        ids = [word for word in call.query.get("ids", "").split(",") if word]
        if not ids or len(ids) > 100:
            raise Refusal(400, {"error": {"title": "Invalid attribute", "message": "ids takes 1 to 100 ids"}})
        jobs = [self.known[id_] for id_ in unique_words(ids) if id_ in self.known]
        found = [job for job in jobs if job.fault is None or job.fault.what != "job_lost"]
        for job in found:
            self._asked(job)
        return Reply({"job_statuses": [self.shown(job) for job in found]})

    def _list(self, _: Call) -> Reply:
        now = self._desk.clock()
        jobs = [job for job in self.known.values() if not (_lost(job) and now >= job.queued + _seconds(job))]
        for job in jobs:
            self._asked(job)
        rows = [self.shown(job) for job in reversed(jobs)][:100]
        return Reply({"job_statuses": rows, "count": len(rows), "next_page": None, "previous_page": None})

    def _asked(self, job: Job) -> None:
        if job.steps < 2:
            self._step(job)


def said_of(refusal: Refusal) -> str:
    """Return the sentences of a refusal as one."""
    details = refusal.body.get("details", {}) if isinstance(refusal.body, Mapping) else {}
    words = [f"{name}: {item['description']}" for name, items in details.items() for item in items]
    return "; ".join(words) or str(refusal)


def unique_words(words: Sequence[str]) -> list[str]:
    """Return words without repetitions, in their order."""
    return list(dict.fromkeys(words))


def _lost(job: Job) -> bool:
    return job.fault is not None and job.fault.what == "job_lost"


def _seconds(job: Job) -> float:
    return job.fault.seconds if job.fault is not None else 0.0


def _failed(id_: int, error: str, details: str) -> Record:
    return {"id": id_, "action": "update", "success": False, "error": error, "details": details}
