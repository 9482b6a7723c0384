"""Names resolved to ids, and selections that see through the layers of outages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from runner import kinds
from runner.errors import InvalidInput
from runner.layers import Held
from runner.model import PERSON, Claim, Layer, Merge, Op, Slot, Value
from runner.selecting import batched, by_key, objects, resolve, select, through, without_outages
from runner.spi import Query
from runner.testing.world import SlotWorld

TICKETS = kinds.tickets(page=2)
CHANNEL = kinds.channel()
OPEN = Query("tickets", where={"status": "open"}, paths=("name", "status"))


def world(**tickets: str) -> SlotWorld:
    made = SlotWorld({"tickets": TICKETS, "channel": CHANNEL}, target="desk")
    for key, status in tickets.items():
        made.put("tickets", key, name=f"Ticket {key}", status=status)
    return made


def paused(key: str, base: Value, *, last: Value = "pending", owner: str = "match") -> Held:
    slot = Slot("desk", "tickets", key, "status")
    return Held(slot, Merge.ATOMIC, base, last, (Layer(owner, "pause", 0, 1, 0, Claim(Op.PUT, "pending")),), 1)


def selected(desk: SlotWorld, *held: Held, query: Query = OPEN) -> list[str]:
    stored = {one.slot: one for one in held}

    def held_of(keys: Sequence[str]) -> Mapping[Slot, Held]:
        return {slot: one for slot, one in stored.items() if slot.key in keys}

    found = select(query, TICKETS, desk.read, held_of, sorted({slot.key for slot in stored}))
    return [one.key for one in found]


# --- pages and objects ----------------------------------------------------------------------------------------------


def test_batches_read_no_further_ahead_than_one() -> None:
    """A long list is taken a batch at a time."""
    taken = []

    def items() -> Iterator[int]:
        for number in range(5):
            taken.append(number)
            yield number

    pages = batched(items(), 2)

    assert next(pages) == [0, 1]
    assert taken == [0, 1]
    assert list(pages) == [[2, 3], [4]]


def test_rows_of_one_object_are_one_object() -> None:
    """All slots of one object become one object with its name, or its key where it has none."""
    rows = [
        (Slot("desk", "tickets", "1", "name"), "One"),
        (Slot("desk", "tickets", "1", "status"), "open"),
        (Slot("desk", "tickets", "2", "status"), "open"),
    ]

    found = [(one.key, one.name, one.values["status"]) for one in objects(rows)]

    assert found == [
        ("1", "One", "open"),
        ("2", "2", "open"),
    ]


# --- names ----------------------------------------------------------------------------------------------------------


def channels(*names: str) -> SlotWorld:
    made = world()
    for number, name in enumerate(names):
        made.put("channel", f"c{number}", name=name, enabled=True)
    return made


def test_names_become_ids_in_their_order() -> None:
    """Names are looked up once, and the query asks for ids."""
    desk = channels("Chat", "WhatsApp")

    found = resolve(Query("channel", names=("WhatsApp", "Chat"), paths=("enabled",)), desk.read, "desk")

    assert found == Query("channel", ids=("c1", "c0"), paths=("enabled",))
    assert desk.requests["read"] == 1


def test_ids_need_no_look_up() -> None:
    """A query by id is not looked up."""
    desk = channels("Chat")
    query = Query("channel", ids=("c0",))

    assert resolve(query, desk.read, "desk") is query
    assert desk.requests["read"] == 0


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (("WhatsApp", "Mail"), "it has: 'WhatsApp'"),
        (("Mail", "Phone"), "it has: 'Mail', 'Phone'"),
        ((), "desk has none at all"),
    ],
    ids=["near", "nothing near", "nothing"],
)
def test_a_name_that_fits_nothing_offers_the_nearest(names: tuple[str, ...], hint: str) -> None:
    """A miss says what there is."""
    with pytest.raises(InvalidInput, match="desk has no channel named 'Whatsap'") as refused:
        resolve(Query("channel", names=("Whatsap",)), channels(*names).read, "desk")

    assert refused.value.hint == hint
    assert refused.value.code == "PL001"


def test_a_list_of_names_is_read_once_for_many_queries() -> None:
    """Names that one plan has listed already are not read again."""
    desk, known = channels("Chat", "Mail"), {}

    resolve(Query("channel", names=("Chat",)), desk.read, "desk", known)
    resolve(Query("channel", names=("Mail",)), desk.read, "desk", known)

    assert desk.requests["read"] == 1


def test_a_name_that_two_bear_lists_their_ids() -> None:
    """Two hits are an error that says how to mean one."""
    with pytest.raises(InvalidInput, match="desk has 2 channel objects named 'Chat'") as refused:
        resolve(Query("channel", names=("Chat",)), channels("Chat", "Chat").read, "desk")

    assert refused.value.hint == "say which: {id: c0} (ids: c0, c1)"


# --- selections -----------------------------------------------------------------------------------------------------


def test_a_selection_that_nobody_holds_is_what_the_vendor_finds() -> None:
    """Without layers a selection is the vendor's, over all pages."""
    assert selected(world(a="open", b="solved", c="open", d="open")) == ["a", "c", "d"]


def test_tickets_that_an_outage_holds_are_added() -> None:
    """A ticket that would match without our layers is selected although the vendor shows another status."""
    desk = world(a="open", b="pending", c="pending")

    assert selected(desk, paused("b", "open"), paused("c", "solved")) == ["a", "b"]


def test_tickets_that_match_only_because_of_us_are_left_out() -> None:
    """A ticket that the vendor finds only because an outage changed it is not selected."""
    desk = world(a="pending", b="pending")
    query = replace(OPEN, where={"status": "pending"})

    assert selected(desk, paused("a", "open"), query=query) == ["b"]


def test_a_ticket_that_both_find_comes_once() -> None:
    """A held ticket that the vendor finds too is not selected twice."""
    assert selected(world(a="open"), paused("a", "open")) == ["a"]


def test_what_people_wrote_meanwhile_counts() -> None:
    """A held ticket that somebody solved no longer matches; one that somebody reopened does."""
    desk = world(a="solved", b="open")

    assert selected(desk, paused("a", "open"), paused("b", "solved")) == ["b"]


def test_ids_are_read_as_they_are() -> None:
    """A query without a condition does not look at layers."""
    assert selected(world(a="pending"), paused("a", "open"), query=Query("tickets", ids=("a",))) == ["a"]


def test_a_kind_that_cannot_match_is_read_as_it_is() -> None:
    """Where nobody can tell whether a held object matches, the vendor's answer counts."""
    found = select(OPEN, replace(TICKETS, matches=None), world(a="open", b="solved").read, lambda keys: {}, [])

    assert [one.key for one in found] == ["a"]


# --- through the layers ---------------------------------------------------------------------------------------------


def test_without_outages_people_s_edits_and_kept_changes_remain() -> None:
    """What a slot would be without outages is the base with what people did."""
    edit = Layer(PERSON, "", 0, 2, 0, Claim(Op.PUT, "hold"))
    one = paused("a", "open")

    assert without_outages(one) == "open"
    assert without_outages(replace(one, layers=(*one.layers, edit))) == "hold"


def test_only_held_fields_are_seen_through() -> None:
    """Other fields of an object are as they are live."""
    held = by_key({paused("a", "open").slot: paused("a", "open")})["a"]

    assert through({"status": "pending", "group": "Level 1"}, held) == {"status": "open", "group": "Level 1"}
    assert through({"group": "Level 1"}, held) == {"status": "open", "group": "Level 1"}
