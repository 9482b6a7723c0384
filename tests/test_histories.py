"""Random histories of outages, people's edits and crashes, held against a model of thirty lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner import minutes
from runner.layers import satisfied
from runner.model import Claim, Merge, Op, Slot, Value
from runner.planfile import Action
from runner.playbook import Playbook
from runner.spi import Context, Found, KindSpec, Query, Want
from runner.store import ledger
from runner.testing.world import SlotWorld
from tests.support.fuse import Fuse, Killed, fused
from tests.support.lab import START, Lab
from tests.support.model import Field, Function, of_set, of_text, of_value

# --- the fields, as the engine and as the model see them ------------------------------------------------------------

HOURS = [f"{hour:02d}" for hour in range(8, 13)]
TAGS = ["a", "b", "c", "z"]
Given = tuple[str, Any]  # what an outage or a person does with a field: a word and its argument


def _ranges(hours: frozenset[str]) -> list[str]:
    return minutes.format([int(hour) * 60 + minute for hour in hours for minute in range(60)])


def _hours(ranges: list[str]) -> frozenset[str]:
    return frozenset(f"{minute // 60:02d}" for minute in minutes.parse(ranges))


def _text(value: tuple[str, tuple[str, ...]]) -> str:
    return "\n".join((value[0], *value[1]))


@dataclass(frozen=True)
class Kind:
    """One kind of field: its merge, its first value, and how values and claims look on either side."""

    path: str
    merge: Merge
    base: Any
    shown: Callable[[Any], Any]
    difference: Callable[[Any, Any], Function]
    members: tuple[str, ...] = ()

    def claim(self, owner: str, given: Given) -> tuple[Claim, Function]:
        """Return what an outage does, for the engine and for the model."""
        word, what = given
        match word:
            case "put":
                return Claim(Op.PUT, self.shown(what)), lambda _: what
            case "change":
                add, remove = what
                added, removed = (tuple(map(str, self.shown(each))) for each in (add, remove))
                return Claim(Op.MEMBERS, add=added, remove=removed), lambda value: (value | add) - remove
        line = f"-- {owner} --"
        return Claim(Op.APPEND, line), lambda value: (value[0], (*value[1], line))

    def edited(self, now: Any, given: Given) -> Any:
        """Return what a person makes of the value that they see."""
        word, what = given
        match word:
            case "put":
                return what
            case "flip":
                return now ^ what
        body, keep = what
        return body, tuple(line for index, line in enumerate(now[1]) if index in keep)


ATOM = Kind("atom/x", Merge.ATOMIC, "base", lambda value: value, of_value)
SET = Kind("set/tags", Merge.SET, frozenset("az"), lambda value: sorted(value), of_set, tuple(TAGS))
DAY = Kind("minutes/fri", Merge.MINUTES, frozenset(HOURS), _ranges, of_set, tuple(HOURS))
TEXT = Kind("text/en", Merge.TEXT, ("base", ()), _text, of_text)
KINDS = {kind.path: kind for kind in (ATOM, SET, DAY, TEXT)}

some = {kind.path: st.frozensets(st.sampled_from(kind.members), min_size=1) for kind in (SET, DAY)}
disjoint = {path: st.tuples(each, each).map(lambda two: (two[0], two[1] - two[0])) for path, each in some.items()}
claims: dict[str, st.SearchStrategy[Given]] = {
    "atom/x": st.tuples(st.just("put"), st.sampled_from(["one", "two", "base"])),
    "set/tags": st.tuples(st.just("change"), disjoint["set/tags"]) | st.tuples(st.just("put"), some["set/tags"]),
    "minutes/fri": st.tuples(st.just("change"), disjoint["minutes/fri"]),
    "text/en": st.just(("append", None)) | st.tuples(st.just("put"), st.sampled_from([("text 1", ()), ("text 2", ())])),
}
edits: dict[str, st.SearchStrategy[Given]] = {
    "atom/x": st.tuples(st.just("put"), st.sampled_from(["one", "base", "mine", "mine too"])),
    "set/tags": st.tuples(st.just("flip"), some["set/tags"]),
    "minutes/fri": st.tuples(st.just("flip"), some["minutes/fri"]),
    "text/en": st.tuples(
        st.just("write"), st.tuples(st.sampled_from(["base", "mine", "mine too"]), st.frozensets(st.integers(0, 3)))
    ),
}
numbers = st.lists(st.integers(1, 45), min_size=1, max_size=2)  # at which call the process dies; then the next one
kills = st.one_of(st.just([]), st.just([]), numbers)
edit = st.sampled_from(list(KINDS)).flatmap(lambda path: st.tuples(st.just("edit"), st.just(path), edits[path]))
often = {path: claims[path] for path in ("atom/x", "text/en", "set/tags")}
seldom = {"minutes/fri": claims["minutes/fri"]}
outages = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 5]), st.fixed_dictionaries(often, optional=seldom)), min_size=2, max_size=4
)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.just(0), kills),
        st.tuples(st.just("close"), st.integers(0, 3), kills),
        edit,
        edit,
        st.just(("tick", 0, [])),
    ),
    min_size=4,
    max_size=10,
).map(lambda rest: [("open", 0, []), *rest])

# --- the engine -----------------------------------------------------------------------------------------------------


def _query(with_: Mapping[str, Any], context: Context) -> Query:
    return Query("thing", ids=(with_["id"],), paths=("name", *with_["claims"]))


def _claims(with_: Mapping[str, Any], context: Context, found: Found) -> list[Want]:
    return [Want(path, Claim.from_json(claim)) for path, claim in with_["claims"].items()]


MERGES = {kind.path: kind.merge for kind in KINDS.values()}
THING = KindSpec("thing", "Thing", {}, _query, _claims, MERGES)


@dataclass
class Engine:
    """A runner that plays one history after the other, each on an object of its own."""

    folder: Path
    names: Iterator[int] = field(default_factory=count)
    lab: Lab = field(init=False)
    fuse: Fuse = field(init=False)

    def __post_init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        world = SlotWorld({"thing": THING}, target="desk")
        self.lab = Lab(self.folder / f"lab-{next(self.names)}", world)
        self.fuse = fused(self.lab)

    def started(self) -> str:
        """Return the key of a new object."""
        if self.unfinished():
            self.fresh()  # the history before this one failed
        self.lab.at(START)
        key = f"k{next(self.names)}"
        paths = {path.replace("/", "__"): kind.shown(kind.base) for path, kind in KINDS.items()}
        self.lab.world.put("thing", key, name=key, **paths)
        return key

    def unfinished(self) -> bool:
        with self.lab.session.store.reading() as conn:
            return bool(ledger.outage_rows(conn, unfinished_only=True))

    def held(self) -> list[str]:
        with self.lab.session.store.reading() as conn:
            return [str(one.slot) for one in ledger.all_held(conn)]

    def do(self, command: Callable[[], object], kills: list[int]) -> None:
        """Run a command; where its process dies, another one goes on, which may die too."""
        for number in kills:
            self.fuse.arm("any", number)
            try:
                command()
            except Killed:
                self.lab = self.lab.later(minutes=2).restart()
                self.fuse = fused(self.lab)
                continue
            self.fuse.arm("", 0)
            return
        command()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(tmp_path_factory.mktemp("histories"))


class History:
    """One history, on the engine and on the model."""

    def __init__(self, engine: Engine, given: list[tuple[int, Mapping[str, Given]]]) -> None:
        self.engine, self.key = engine, engine.started()
        self.fields = {path: Field(kind.base, kind.difference) for path, kind in KINDS.items()}
        self.clock = count(1)
        self.books: list[Playbook] = []
        self.models: list[tuple[int, dict[str, Function]]] = []
        self.open: list[int] = []
        self.used = 0
        for index, (priority, wants) in enumerate(given):
            made = {path: KINDS[path].claim(f"{self.key}-{index}", want) for path, want in wants.items()}
            with_ = {"id": self.key, "claims": {path: claim.to_json() for path, (claim, _) in made.items()}}
            step = {"id": "do", "uses": "thing", "with": with_}
            self.books.append(engine.lab.playbook(f"{self.key}-{index}", [step], priority=priority))
            self.models.append((priority, {path: function for path, (_, function) in made.items()}))

    def play(self, move: tuple[str, Any, Any]) -> None:
        word, what, more = move
        match word:
            case "edit":
                self.edit(what, more)
            case "open" if self.used < len(self.books):
                self.opened(self.used, more)
            case "close" if self.open:
                self.closed(self.open[what % len(self.open)], more)
            case "tick":
                self.engine.lab.tick()
        self.check()

    def edit(self, path: str, given: Given) -> None:
        live = KINDS[path].edited(self.fields[path].value(), given)
        self.fields[path].edit(live, next(self.clock))
        self.engine.lab.world.edit(Slot("desk", "thing", self.key, path), KINDS[path].shown(live))

    def opened(self, index: int, kills: list[int]) -> None:
        self.used += 1
        self.open.append(index)
        priority, functions = self.models[index]
        n = next(self.clock)
        for path, function in functions.items():
            self.fields[path].put(str(index), priority, n, function)
        self.engine.do(self.command(index, closing=False), kills)

    def closed(self, index: int, kills: list[int]) -> None:
        self.open.remove(index)
        for path in self.models[index][1]:
            self.fields[path].end(str(index))
        self.engine.do(self.command(index, closing=True), kills)

    def command(self, index: int, *, closing: bool) -> Callable[[], None]:
        """What somebody types until it is done: go on with what was begun, then the command itself."""
        book = self.books[index]

        def typed() -> None:
            lab = self.engine.lab
            lab.resume()
            if not closing:
                lab.apply(book)
            elif self.row(book) not in ("closed",):
                lab.revert(lab.outage(book).id)

        return typed

    def row(self, book: Playbook) -> str:
        lab = self.engine.lab
        with lab.session.store.reading() as conn:
            row = ledger.outage_row(conn, lab.outage(book).id)
        return "" if row is None else str(row.state)

    def check(self) -> None:
        for path, one in self.fields.items():
            live = self.engine.lab.get("thing", self.key, path)
            wanted = KINDS[path].shown(one.value())
            assert live == wanted, f"{path}: live {live!r}, the model has {wanted!r}"

    def planned_again(self) -> None:
        """Planning and applying an open outage again writes nothing."""
        for index in self.open:
            plan = self.engine.lab.plan(self.books[index]).plans[0]
            assert plan.changes == 0
            assert {item.action for run in plan.runs for item in run.items} <= {Action.NOTHING}

    def ended(self, order: list[int]) -> None:
        """Close what is open in the given order; nothing is held after it, and a further resume does nothing."""
        lab = self.engine.lab
        for index in sorted(self.open, key=lambda each: order[each]):
            self.closed(index, [])
            self.check()
        writes = lab.world.requests["write"]
        self.engine.lab.resume()
        assert self.engine.lab.world.requests["write"] == writes
        assert self.engine.held() == []
        assert not self.engine.unfinished()


orders = st.permutations(range(4))
bounded = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
endless = settings(
    max_examples=3000, derandomize=False, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def play(engine: Engine, given: Any, history: list[Any], order: list[int]) -> History:
    one = History(engine, given)
    for move in history:
        one.play(move)
    one.planned_again()
    one.ended(order)
    return one


@bounded
@given(given=outages, history=moves, order=orders)
def test_every_history_is_as_the_model_says(engine: Engine, given: Any, history: list[Any], order: list[int]) -> None:
    """After every open, close, edit and crash, live is base plus layers; at the end nothing is held."""
    play(engine, given, history, order)


@pytest.mark.soak
@endless
@given(given=outages, history=moves, order=orders)
def test_very_many_histories_are_as_the_model_says(
    engine: Engine, given: Any, history: list[Any], order: list[int]
) -> None:
    """The same over thousands of histories."""
    play(engine, given, history, order)


# --- edits while the process is dead --------------------------------------------------------------------------------

own_words: dict[str, st.SearchStrategy[Any]] = {
    "atom/x": st.sampled_from(["mine", "mine too"]),
    "set/tags": st.frozensets(st.sampled_from(["m", "n"])),
    "minutes/fri": st.frozensets(st.sampled_from(["20", "21", "22"])),
    "text/en": st.sampled_from(["mine", "mine too"]),
}
own_edits = st.fixed_dictionaries({}, optional=own_words).filter(bool)
orders_of_two = st.permutations(range(2))


def lived(path: str, now: Any, word: Any) -> Any:
    """Return what a person makes of `now` without touching anything that an outage claims."""
    match path:
        case "set/tags":
            return sorted(({*now} - {"m", "n"}) | word)
        case "minutes/fri":
            return _ranges((_hours(now) - {"20", "21", "22"}) | word)
        case "text/en":
            return "\n".join([word, *str(now).split("\n")[1:]])
    return word


def last_word(path: str, word: Any) -> Value:
    return lived(path, KINDS[path].shown(KINDS[path].base), word)


deaths = st.one_of(
    st.sampled_from([("write", 1), ("written", 1), ("commit", 7)]), st.tuples(st.just("any"), st.integers(1, 45))
)
unheard = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
appended = {**claims, "text/en": st.just(("append", None))}
two = st.lists(
    st.tuples(st.sampled_from([0, 5]), st.fixed_dictionaries(appended)),
    min_size=2,
    max_size=2,
)


@unheard
@given(given=two, death=deaths, words=own_edits, closing=st.booleans(), order=orders_of_two)
def test_an_edit_while_the_process_is_dead_is_the_last_word(
    engine: Engine, given: Any, death: tuple[str, int], words: Any, closing: bool, order: list[int]
) -> None:
    """Whatever a process was doing when it died, what somebody sets before the next one comes is what remains."""
    one = History(engine, given)
    one.opened(0, [])
    if closing:
        one.opened(1, [])
    killed = one.command(1, closing=closing)
    engine.fuse.arm(*death)
    try:
        killed()
        engine.fuse.arm("", 0)
    except Killed:
        engine.lab = engine.lab.later(minutes=2).restart()
        engine.fuse = fused(engine.lab)

    for path, word in words.items():
        now = engine.lab.get("thing", one.key, path)
        engine.lab.world.edit(Slot("desk", "thing", one.key, path), lived(path, now, word))
    one.command(1, closing=closing)()
    if not closing and given[1][0] >= given[0][0]:
        for path in ("set/tags", "minutes/fri"):
            claim = Claim.from_json(one.books[1].steps[0].with_["claims"][path])
            live = engine.lab.get("thing", one.key, path)
            assert claim.op is Op.PUT or satisfied(KINDS[path].merge, claim, live), f"{path}: {claim} in {live}"
    for index in order:
        one.command(index, closing=True)() if one.row(one.books[index]) else None

    for path, kind in KINDS.items():
        wanted = last_word(path, words[path]) if path in words else kind.shown(kind.base)
        assert engine.lab.get("thing", one.key, path) == wanted, path
    assert engine.held() == []
