"""Targets behind the guard: whatever a provider does, the engine gets slots and outcomes, or a fault by name."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner import planner, registry
from runner.commands import planning
from runner.errors import InvalidInput, RateLimited, Rejected, Unavailable
from runner.model import ABSENT, UNKNOWN, Accepted, Change, Outcome, Slot, Verdict
from runner.redact import Vault
from runner.registry import Live, ReadOnly
from runner.report import Fate
from runner.spi import KindSpec, Query, Target
from runner.store import ledger, tasks
from runner.store.journal import JournalFile
from runner.store.store import Store
from runner.testing.world import SlotWorld
from tests.support.lab import Lab, all_kinds

TOKEN = "canary-t0ken-of-a-test"
SLOT = Slot("desk", "channel", "c1", "enabled")
CHANGE = Change(SLOT, True, False)
DONE = Outcome(Verdict.DONE)


def quick() -> dict[str, KindSpec]:
    """Return the common kinds with a deadline that a test can wait for."""
    return {kind: replace(spec, deadline=0.15, page=2) for kind, spec in all_kinds().items()}


class Scripted:
    """A provider that answers what it is told to."""

    def __init__(self, reads: Any = (), writes: Any = (), capabilities: Any = None) -> None:
        self.reads, self.writes = reads, writes
        self._capabilities = capabilities

    def capabilities(self) -> Any:
        return self._capabilities() if self._capabilities else quick()

    def read(self, query: Query) -> Any:
        return self.reads() if callable(self.reads) else iter(self.reads)

    def write(self, batch: Sequence[Change]) -> Any:
        return self.writes() if callable(self.writes) else iter(self.writes)


def live(provider: Any = None, open_with: Callable[[str], Any] | None = None) -> Live:
    """Return one target `desk` on a provider, with a secret that was given out."""
    vault = Vault({"TOKEN": TOKEN}, Path())
    vault.secret("env:TOKEN")
    return Live(
        {"desk": Target("desk", "scripted")}, None, vault, open_with or (lambda name: lambda target, io: provider)
    )


def read(provider: Any, *paths: str) -> list[Any]:
    return list(live(provider).read("desk", Query("channel", paths=paths)))


def write(provider: Any, *batch: Change) -> list[Any]:
    return list(live(provider).write("desk", batch or [CHANGE]))


def fault(kind: type[Exception], act: Callable[[], object], *words: str) -> Any:
    """Return the fault that `act` raises: it names the target and tells no secret."""
    with pytest.raises(kind) as caught:
        act()
    sentence = caught.value.message
    for word in ("desk", *words):
        assert word in sentence, sentence
    assert TOKEN not in f"{sentence} {caught.value} {caught.value.args}"
    assert len(sentence) < 300
    return caught.value


def raises(problem: BaseException) -> Callable[[], Any]:
    """Return a function that raises when it is called."""

    def act(*_: object) -> Any:
        raise problem

    return act


def late(problem: BaseException, *first: Any) -> Callable[[], Iterator[Any]]:
    """Return a function whose iterator yields something and then raises."""

    def act() -> Iterator[Any]:
        yield from first
        raise problem

    return act


BUGS = [
    ValueError(f"a bug with {TOKEN}"),
    KeyError(TOKEN),
    RecursionError("too deep"),
    MemoryError(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, TOKEN),
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
]


# --- finding a provider ---------------------------------------------------------------------------------------------


class Point:
    def __init__(self, name: str, problem: BaseException | None = None) -> None:
        self.name, self.problem, self.dist = name, problem, None

    def load(self) -> Any:
        if self.problem:
            raise self.problem
        return lambda target, io: Scripted()


def test_the_built_in_providers_are_found() -> None:
    """The installed providers are listed with their distribution, and load."""
    found = registry.providers()
    assert found["simulator"].startswith("outage-runner ")
    assert callable(registry.load("simulator"))


@pytest.mark.parametrize(("name", "hint"), [("simulater", "did you mean simulator?"), ("zzz", "installed: ")])
def test_an_unknown_provider_is_answered_with_the_nearest_names(name: str, hint: str) -> None:
    """A misspelt provider gets the nearest names, another one the list."""
    with pytest.raises(InvalidInput) as caught:
        registry.load(name)
    assert caught.value.code == "RG001"
    assert repr(name) in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "problem", [ImportError("no module named x"), SyntaxError("bad"), RuntimeError("x"), SystemExit(1)]
)
def test_a_provider_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    """Whatever a plugin raises while it is imported, even an exit, is one sentence with its name."""
    monkeypatch.setattr(registry, "entry_points", lambda group: [Point("broken", problem)])
    with pytest.raises(InvalidInput) as caught:
        registry.load("broken")
    assert caught.value.code == "RG002"
    assert "'broken' cannot be loaded" in caught.value.message
    assert registry.providers() == {"broken": "?"}
    assert importlib.metadata.entry_points is not registry.entry_points


def test_an_unknown_target_is_answered_with_the_nearest_names() -> None:
    """A misspelt target gets the nearest names, another one the list."""
    targets = live(Scripted())
    with pytest.raises(InvalidInput, match="no target 'dexk'") as caught:
        targets.target("dexk")
    assert (caught.value.code, caught.value.hint) == ("RG003", "did you mean desk?")
    with pytest.raises(InvalidInput) as caught:
        targets.capabilities("zzz")
    assert caught.value.hint == "targets: desk"


def test_a_kind_that_the_target_does_not_offer() -> None:
    """The answer to a kind that is not offered lists those that are."""
    with pytest.raises(InvalidInput, match="desk does not offer 'chanel'") as caught:
        live(Scripted()).spec("desk", "chanel")
    assert caught.value.code == "RG005"
    assert "channel" in caught.value.hint


def test_a_step_that_a_provider_cannot_take_holds_up_nothing_else() -> None:
    """A fault in the pure functions of a kind is a mistake of that step, with a sentence, and no traceback."""

    def broken(*given: Any) -> Any:
        raise ValueError("no number: s3cret")

    offered = {"channel": replace(quick()["channel"], query=broken, claims=broken)}
    spec = live(Scripted(capabilities=lambda: offered)).spec("desk", "channel")
    for ask in (lambda: spec.query({}, None), lambda: spec.claims({}, None, None)):
        with pytest.raises(InvalidInput, match="provider failed on a step of the kind channel: ValueError") as caught:
            ask()
        assert caught.value.code == "RG007"


# --- opening --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", BUGS, ids=lambda each: type(each).__name__)
def test_a_provider_that_cannot_be_opened(problem: BaseException) -> None:
    """Whatever a provider raises while it is opened is a fault of its target, without secrets."""
    targets = live(open_with=lambda name: raises(problem))
    for act in (lambda: list(targets.read("desk", Query("channel"))), lambda: list(targets.write("desk", [CHANGE]))):
        fault(InvalidInput, act, "cannot be opened")
    assert targets.requests == {"desk": 0}


def test_what_a_provider_says_about_its_configuration_stays_as_it_is() -> None:
    """A provider that refuses its options is heard in its own words, apart from secrets."""
    targets = live(open_with=lambda name: raises(InvalidInput("desk: options.file is missing", hint="say where")))
    with pytest.raises(InvalidInput, match=r"options\.file is missing") as caught:
        targets.capabilities("desk")
    assert caught.value.hint == "say where"
    refused = live(open_with=lambda name: raises(Unavailable(f"desk: no {TOKEN}")))
    fault(InvalidInput, lambda: refused.capabilities("desk"))


def test_a_provider_is_opened_once() -> None:
    """However often a target is used, its provider is opened once."""
    opened: list[str] = []

    def factory(name: str) -> Any:
        opened.append(name)
        return lambda target, io: Scripted([(SLOT, True)])

    targets = live(open_with=factory)
    for _ in range(3):
        list(targets.read("desk", Query("channel")))
    assert opened == ["scripted"]


@pytest.mark.parametrize("problem", BUGS, ids=lambda each: type(each).__name__)
def test_capabilities_that_raise(problem: BaseException) -> None:
    """Whatever a provider raises when it is asked what it offers is a fault of the configuration, by name."""
    found = fault(InvalidInput, lambda: live(Scripted(capabilities=raises(problem))).capabilities("desk"))
    assert found.code == "RG004"


@pytest.mark.parametrize("answer", [None, 7, ["channel"], {"channel": "yes"}, {3: all_kinds()["channel"]}])
def test_capabilities_that_are_none(answer: Any) -> None:
    """A table of capabilities that is none is refused by name, before anybody looks something up in it."""
    found = fault(InvalidInput, lambda: live(Scripted(capabilities=lambda: answer)).capabilities("desk"))
    assert found.code == "RG004"


@pytest.mark.parametrize("where", ["open", "capabilities"])
def test_a_provider_that_hangs_before_it_is_asked_anything(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Opening and capabilities need no answer from outside: one that hangs there is given up by name and seconds."""
    monkeypatch.setattr(registry, "OPENING_SECONDS", 0.1)
    gate = threading.Event()

    def hang(*_: object) -> Any:
        return gate.wait(20)

    targets = live(open_with=lambda name: hang) if where == "open" else live(Scripted(capabilities=hang))
    try:
        fault(InvalidInput, lambda: targets.capabilities("desk"), "0.1 s")
    finally:
        gate.set()


# --- reading and writing: faults ------------------------------------------------------------------------------------

FAULTY: dict[str, Callable[[BaseException], Any]] = {
    "at once": raises,
    "before the first answer": late,
    "after an answer": lambda problem: late(problem, (SLOT, True)),
}


@pytest.mark.parametrize("when", FAULTY)
@pytest.mark.parametrize("problem", BUGS, ids=lambda each: type(each).__name__)
def test_a_read_that_raises(problem: BaseException, when: str) -> None:
    """Whatever a provider raises while reading, and whenever, the target is named and secrets are not."""
    fault(Unavailable, lambda: read(Scripted(FAULTY[when](problem))), "the provider failed", type(problem).__name__)


@pytest.mark.parametrize("problem", BUGS, ids=lambda each: type(each).__name__)
def test_a_write_that_raises(problem: BaseException) -> None:
    """Whatever a provider raises while writing is a fault of the target, not of the runner."""
    fault(Unavailable, lambda: write(Scripted(writes=late(problem))), "the provider failed", type(problem).__name__)


def test_what_was_answered_before_a_fault_counts() -> None:
    """Slots and outcomes that came before the fault are handed on before it is raised."""
    second = replace(CHANGE, slot=replace(SLOT, key="c2"))
    answers = live(Scripted(writes=late(Unavailable("desk: gone"), DONE))).write("desk", [CHANGE, second])
    assert next(answers) == DONE
    with pytest.raises(Unavailable):
        next(answers)


def test_a_fault_of_the_vendor_keeps_its_kind_and_figures() -> None:
    """A provider's own faults arrive as what they are, with their figures, scrubbed."""
    limited = RateLimited(f"desk: slow down, {TOKEN}", retry_after=7)
    assert fault(RateLimited, lambda: read(Scripted(raises(limited)))).retry_after == 7
    rejected = Rejected(f"desk: GET /x?token={TOKEN}", field="status")
    assert fault(Rejected, lambda: write(Scripted(writes=raises(rejected)))).field == "status"


def test_a_read_that_hangs_is_given_up_after_its_deadline() -> None:
    """A target that does not answer is named with the seconds that it was given, and the process goes on."""
    gate = threading.Event()

    def hang() -> Iterator[Any]:
        yield SLOT, True
        gate.wait(20)

    try:
        fault(Unavailable, lambda: read(Scripted(hang)), "no answer within 0.15 s")
    finally:
        gate.set()


def test_a_write_that_hangs_is_given_up_after_its_deadline() -> None:
    """A write without reply is given up after the deadline of its kind."""
    gate = threading.Event()
    try:
        fault(Unavailable, lambda: write(Scripted(writes=lambda: gate.wait(20))), "no answer within 0.15 s")
    finally:
        gate.set()


def test_a_reader_that_stops_early_leaves_no_thread_at_work() -> None:
    """Whoever takes one row of a long list lets the provider's thread end."""
    before = threading.active_count()
    rows = ((replace(SLOT, key=str(number)), True) for number in range(100_000))
    found = live(Scripted(lambda: rows)).read("desk", Query("channel"))
    next(found)
    found.close()
    for thread in threading.enumerate()[before:]:
        thread.join(timeout=5)
    assert threading.active_count() <= before
    assert int(next(rows)[0].key) < 2000


# --- reading and writing: garbage -----------------------------------------------------------------------------------


class Hostile:
    """Something that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    "row",
    [
        None,
        "text",
        (),
        (SLOT,),
        (SLOT, True, 1),
        [SLOT, True],
        ("desk/channel/c1/enabled", True),
        (TOKEN * 9, True),
        ({"a": TOKEN}, True),
        Hostile(),
        (Hostile(), True),
        (Slot("desk", "rule", "c1", "enabled"), True),
        (Slot("other", "channel", "c1", "enabled"), True),
        (Slot("desk", "channel", 17, "enabled"), True),
        (Slot("desk", "channel", "", "enabled"), True),
        (Slot("desk", "channel", "c1", None), True),
        (Slot("desk", "channel", "c1\ud800", "enabled"), True),
    ],
    ids=lambda row: type(row).__name__,
)
def test_a_row_that_is_no_slot(row: Any) -> None:
    """An answer that is no slot of what was asked for is a fault of the target; keys and paths are texts."""
    fault(Unavailable, lambda: read(Scripted([row])))


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: "a"},
        {"a": {"b": object()}},
        [1, {2, 3}],
        (1, 2),
        b"bytes",
        float("nan"),
        [float("inf")],
        "half a letter: \ud800",
        {"\udfff": 1},
        CIRCLE,
        Hostile(),
        SLOT,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_is_not_json(value: Any) -> None:
    """What cannot be stored as JSON is refused by the name of its slot, and not half-way through a transaction."""
    fault(Unavailable, lambda: read(Scripted([(SLOT, value)])), "c1", "not JSON")


@pytest.mark.parametrize(
    "value", [None, True, 0, -(2**80), 1.5, "", "ãé😀", [], {}, [{"a": [None]}], ABSENT, UNKNOWN], ids=repr
)
def test_values_come_as_they_are(value: Any) -> None:
    """JSON, absent and unknown arrive unchanged."""
    ((slot, found),) = read(Scripted([(SLOT, value)]))
    assert slot == SLOT
    assert found is value


def test_an_answer_that_is_no_list() -> None:
    """A read or write that returns nothing to go through is a fault of the target."""
    fault(Unavailable, lambda: read(Scripted(lambda: None)), "the provider failed")
    fault(Unavailable, lambda: write(Scripted(writes=lambda: 7)), "the provider failed")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "done",
        Verdict.DONE,
        (DONE,),
        Outcome("nonsense"),
        Outcome(None),
        Outcome(Verdict.DONE, reason=None),
        Outcome(Verdict.REJECTED, reason=b"x"),
        Accepted(None),
        Hostile(),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_answer_that_is_no_outcome(answer: Any) -> None:
    """What is neither outcome nor job, or one with impossible members, is a fault of the target."""
    fault(Unavailable, lambda: write(Scripted(writes=[answer])), "in place of an outcome")


def test_more_outcomes_than_changes() -> None:
    """An outcome too many is a fault: nobody knows any more which belongs to what."""
    fault(Unavailable, lambda: write(Scripted(writes=[DONE, DONE])), "more outcomes than there were changes")


def test_jobs_come_before_their_outcomes() -> None:
    """An accepted job is handed on at once, before the provider is asked for the outcomes."""
    polled: list[int] = []

    def job() -> Iterator[Any]:
        yield Accepted(f"https://h/jobs/1?token={TOKEN}")
        polled.append(1)
        yield DONE

    answers = live(Scripted(writes=job)).write("desk", [CHANGE])
    accepted = next(answers)
    assert accepted == Accepted("https://h/jobs/1?token=***")
    assert polled == []
    assert list(answers) == [DONE]


def test_secrets_are_scrubbed_from_reasons_and_names() -> None:
    """What a vendor says about a change, and what an object is called, comes without secrets; other values as they are,
    because they are what is written back."""
    refused = Outcome(Verdict.REJECTED, f"the key {TOKEN} may not", field="status")
    assert write(Scripted(writes=[refused])) == [replace(refused, reason="the key *** may not")]
    rows = [(replace(SLOT, path="name"), f"Chat {TOKEN}"), (replace(SLOT, path="text/en"), f"call {TOKEN}")]
    assert [value for _, value in read(Scripted(rows), "name", "text/en")] == ["Chat ***", f"call {TOKEN}"]
    assert read(Scripted(rows[:1]), "name")[0][1] == f"Chat {TOKEN}", "a list of names is for looking one up"


def test_requests_are_counted_by_page() -> None:
    """A read counts one request a page of objects, whatever their slots; a write counts one."""
    rows = [(replace(SLOT, key=str(n), path=path), True) for n in range(5) for path in ("enabled", "name")]
    targets = live(Scripted(rows, [DONE]))
    list(targets.read("desk", Query("channel")))
    assert targets.requests == {"desk": 3}
    list(targets.write("desk", [CHANGE]))
    assert targets.requests == {"desk": 4}


# --- what the engine makes of it ------------------------------------------------------------------------------------

PAUSE = {"id": "pause", "uses": "tickets", "with": {"select": {"status": "open"}, "status": "pause"}}


class Answers:
    """A helpdesk in memory whose outcomes pass through `change`."""

    def __init__(self, world: SlotWorld, change: Callable[[list[Any]], list[Any]]) -> None:
        self._world, self._change = world, change

    def capabilities(self) -> Mapping[str, KindSpec]:
        return self._world.capabilities()

    def read(self, query: Query) -> Iterator[Any]:
        return self._world.read(query)

    def write(self, batch: Sequence[Change]) -> Iterator[Any]:
        yield from self._change(list(self._world.write(batch)))


def desk(folder: Path) -> Lab:
    lab = Lab(folder)
    for number in range(4):
        lab.world.put("tickets", f"t{number}", name=f"T{number}", status="open")
    return lab


@pytest.mark.parametrize(
    "change",
    [
        lambda answers: [],
        lambda answers: answers[:2],
        lambda answers: [*answers, DONE],
        lambda answers: [answers[0], "garbage"],
        lambda answers: [Outcome(Verdict.UNKNOWN)] * len(answers),
        lambda answers: [Outcome("nonsense")] * len(answers),
    ],
    ids=["none", "too few", "too many", "garbage", "unknown", "nonsense"],
)
def test_answers_that_prove_nothing_are_looked_up(tmp_path: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    """Whatever is wrong with the answers to a write that was done, nothing is written twice and all is given back."""
    lab = desk(tmp_path)
    before = lab.world.dump()
    lab.worlds["desk"] = Answers(lab.world, change)
    lab.apply(lab.playbook("match", [PAUSE]))
    lab.resume()
    assert [lab.get("tickets", f"t{number}", "status") for number in range(4)] == ["pending"] * 4
    assert len(lab.world.log) == 4
    lab.worlds["desk"] = lab.world
    again = lab.later(minutes=2).restart()
    report = again.revert()
    assert report.exit_code == 0, report
    assert again.world.dump() == before


def test_a_refusal_with_a_secret_leaves_no_trace_of_it(tmp_path: Path) -> None:
    """A reason with a credential in it reaches report, store and journal as `***`."""
    lab = desk(tmp_path)
    lab.session.__dict__["vault"] = vault = Vault({"TOKEN": TOKEN}, tmp_path)
    vault.secret("env:TOKEN")
    refused = Outcome(Verdict.REJECTED, f"may not with {TOKEN}")
    lab.worlds["desk"] = Answers(lab.world, lambda answers: [refused] * len(answers))
    report = lab.apply(lab.playbook("match", [PAUSE]))
    lab.session.close()
    reasons = {note.reason for note in report.notes if note.fate is Fate.REJECTED}
    assert any("may not with ***" in reason for reason in reasons)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 2
    assert [path.name for path in files if TOKEN.encode() in path.read_bytes()] == []


# --- planning can never write ---------------------------------------------------------------------------------------


def test_read_only_targets_have_no_way_to_a_write() -> None:
    """The targets that a plan gets have no attribute to write with, and no public way to their providers."""
    targets = ReadOnly({"desk": Target("desk", "scripted")}, None, Vault({}, Path()), lambda name: None)
    assert not hasattr(targets, "write")
    public = {name for name in dir(targets) if not name.startswith("_")}
    assert public == {"target", "capabilities", "spec", "read", "examine", "advise", "queues", "waiting", "requests"}
    assert [name for name, _ in inspect.getmembers(ReadOnly) if "write" in name] == []


class ReadsOnly:
    """A provider whose every write is a broken promise."""

    def __init__(self, world: SlotWorld) -> None:
        self._world = world
        self.written = 0

    def capabilities(self) -> Mapping[str, KindSpec]:
        return self._world.capabilities()

    def read(self, query: Query) -> Iterator[Any]:
        return self._world.read(query)

    def write(self, batch: Sequence[Change]) -> Iterator[Any]:
        self.written += 1
        raise AssertionError("a plan wrote")


def everything(lab: Lab) -> list[dict[str, Any]]:
    """Fill the helpdesk and return a step of every kind."""
    week = {f"hours__{day}": ["09:00-18:00"] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
    lab.world.put("business_hours", "s1", name="Support", zone="America/Sao_Paulo", **week)
    lab.world.put("channel_hours", "c1", name="Chat", zone="America/Sao_Paulo", **week)
    lab.world.put("holiday", "s1", name="Support", zone="America/Sao_Paulo")
    lab.world.put("channel", "c1", name="Chat", enabled=True)
    lab.world.put("message", "m1", name="Offline", text__en="We are away.")
    lab.world.put("rule", "r1", name="Notify", active=True)
    for number in range(4):
        lab.world.put("tickets", f"t{number}", name=f"T{number}", status="open")
        lab.world.put("snooze", f"t{number}", name=f"T{number}", status="open")
    return [
        {"id": "hours", "uses": "business_hours", "with": {"schedule": "Support", "closed": "window"}},
        {"id": "chat-hours", "uses": "channel_hours", "with": {"channel": "Chat", "closed": "window"}},
        {"id": "day", "uses": "holiday", "with": {"schedule": "Support", "name": "Match"}},
        {"id": "chat", "uses": "channel", "with": {"channel": "Chat", "enabled": False}},
        {"id": "offline", "uses": "message", "with": {"message": "Offline", "append": "Back at 14:30."}},
        {"id": "quiet", "uses": "rule", "with": {"rule": "Notify", "active": False}},
        PAUSE,
        {"id": "later", "uses": "snooze", "with": {"select": {"status": "open"}, "until": "end"}},
        {"id": "tell", "uses": "notice", "with": {"place": "agents", "subject": "Match"}},
        {"id": "banner", "uses": "notice", "with": {"place": "banner", "subject": "Match"}},
        {"id": "lobby", "uses": "checklist", "with": {"items": [{"do": "Turn the sign", "value": "closed"}]}},
        {"id": "lock", "uses": "access", "with": {"setting": "Sign-in", "value": "nobody"}},
    ]


def test_a_plan_writes_nothing_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans of every kind, forwards and back, with a provider that would raise on a write: it is never reached, no
    transaction is opened, no journal is touched, and the opened targets are the read-only ones."""
    lab = Lab(tmp_path)
    rows = everything(lab)
    book = lab.playbook("match", rows)
    lab.apply(book)
    before, log = lab.world.dump(), len(lab.world.log)
    trap = ReadsOnly(lab.world)
    again = lab.restart()
    again.worlds["desk"] = trap
    monkeypatch.setattr(Store, "transaction", raises(AssertionError("a plan opened a transaction")))
    monkeypatch.setattr(JournalFile, "__init__", raises(AssertionError("a plan opened a journal")))
    monkeypatch.setattr(Live, "write", raises(AssertionError("a plan wrote")))
    with again.session.store._engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA query_only = ON")
    fire = again.playbook("fire", [dict(step) for step in rows])
    plans = [*again.plan(book).plans, *again.plan(fire).plans]
    with again.session.store.reading() as conn:
        (row,) = ledger.outage_rows(conn)
    plans.append(planning.plan_revert(again.session, row))
    assert [bool(plan.runs) for plan in plans] == [False, True, True], "what is open already has nothing due"
    assert type(again.session.readers) is ReadOnly
    assert "live" not in again.session.__dict__
    assert "desk" not in again.session.__dict__
    assert trap.written == 0
    assert (again.world.dump(), len(again.world.log)) == (before, log)


WRITES = {"live", "desk", "transaction", "drive", "carry_out", "settle", "acquire", "release", "Live", "Desk"}
HARMLESS_OF = {
    "runner.executor": {"digest_of", "outage_of"},
    "runner.work": {"Job", "Work", "decisions", "job_of"},
    "runner.spool": {"read_spool", "write_spool"},  # a list of what is selected, in a folder that the caller names
    "runner.store.journal": {"layer_to_json"},
    "runner.store.store": {"Store"},  # the type; `transaction` is not used, see below
    "runner.store": {"ledger", "tasks", "tables"},
}
NEVER = (
    "runner.batches",
    "runner.steps",
    "runner.people",
    "runner.store.lease",
    "runner.commands.operate",
    "providers",
)
CHANGES = re.compile(r"\b(insert|update|delete|save|many)\(|\b_(NEW|SET|MOVE|DELETE|FORGET)_")
ASKED = {"ledger": ledger, "steps": tasks}


@pytest.mark.parametrize("module", [planning, planner], ids=lambda module: module.__name__)
def test_planning_uses_nothing_that_writes(module: Any) -> None:
    """The planning modules import nothing of the executing ones but pure helpers, call no function that changes the
    store, and never name the writing side of a session."""
    tree = ast.parse(inspect.getsource(module))
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            if node.module.startswith(NEVER) or not names <= HARMLESS_OF.get(node.module, names):
                wrong.append(f"{node.lineno}: from {node.module} import {', '.join(sorted(names))}")
        if isinstance(node, ast.Import):
            wrong += [alias.name for alias in node.names if alias.name.startswith(("runner", "providers"))]
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner in ASKED and CHANGES.search(_source(getattr(ASKED[owner], node.attr))):
                wrong.append(f"{node.lineno}: {owner}.{node.attr}")
            if node.attr in WRITES and (owner, node.attr) != ("readings", "live"):
                wrong.append(f"{node.lineno}: .{node.attr}")
    assert wrong == []


def _source(thing: Any) -> str:
    return inspect.getsource(thing) if inspect.isfunction(thing) else ""


def test_the_check_of_planning_sees_what_writes() -> None:
    """The functions of the store that change it are told from those that do not."""
    changing = [ledger.write_entries, ledger.set_states, ledger.save, ledger.set_outage, ledger.record, tasks.put_task]
    reading = [ledger.held, ledger.outage_row, ledger.keys_of_run, tasks.tasks]
    assert [thing.__name__ for thing in changing if not CHANGES.search(_source(thing))] == []
    assert [thing.__name__ for thing in reading if CHANGES.search(_source(thing))] == []
