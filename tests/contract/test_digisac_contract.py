"""What the Digisac provider sends is what the vendor's published examples of calls show.

The examples are found through RUNNER_CONTRACTS (docs/contracts.md). They have paths, parameters and bodies, and no
answers: what an account answers, no test can hold against them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from providers.wire.app import Logged
from runner.spi import Means
from tests.support.digisac import DigisacLab, contacting

pytestmark = pytest.mark.contract

FILE = "digisac-endpoints-subset.json"
CHECKED = 15  # operations of the provider that have an example, at least
_CONTACTS = "calls about contacts are not among the examples at hand; their words are those of the vendor's collection"
_BY_TIME = "filters by time are seen in other clients; the examples have none"

# Operations without an example, and words of a query that no example shows: each with its reason.
UNDESCRIBED = {"GET /api/v1/contacts": _CONTACTS, "GET /api/v1/contacts/{}": _CONTACTS}
WORDS = {
    "$gte": _BY_TIME,
    "$iLike": _CONTACTS,
    "data.number": _CONTACTS,
    "scheduledAt": _BY_TIME,
}
STEPS = (
    {"id": "day", "uses": "holiday", "with": {"name": "Power cut", "closed": "window", "message": "We are slow."}},
    {"id": "tell", "uses": "notice", "with": {"contacts": "+55 11 90000-0001", "body": "Back at two."}},
    {
        "id": "close",
        "uses": "tickets",
        "with": {"select": {"contacts": "Carla Almeida"}, "status": "closed", "topic": "topic-1", "at_most": 5},
    },
    {
        "id": "move",
        "uses": "tickets",
        "with": {
            "select": {"contacts": "Fábio Almeida"},
            "transfer": {"department": "Vendas"},
            "comment": "!",
            "at_most": 5,
        },
    },
    {"id": "nap", "uses": "snooze", "with": {"select": {"contacts": "Inês Almeida"}, "until": "end", "at_most": 5}},
)


@pytest.fixture(scope="module")
def examples() -> list[Mapping[str, str]]:
    """Return the examples."""
    named = os.environ.get("RUNNER_CONTRACTS")
    if not named or not (Path(named) / FILE).exists():
        pytest.skip(f"RUNNER_CONTRACTS names no folder with {FILE}: see docs/contracts.md")
    found: list[Mapping[str, str]] = json.loads((Path(named) / FILE).read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> DigisacLab:
    """Return an account on which every kind was applied, amended and reverted, and the doctor looked."""
    lab = DigisacLab(tmp_path_factory.mktemp("lab"))
    lab.apply(lab.book(*STEPS, contacting("Ana Almeida", "Bruno Almeida")))
    lab.apply(lab.book(*STEPS, contacting("Ana Almeida", "Bruno Almeida", comment="Changed")))
    list(lab.session.readers.examine("desk"))
    lab.revert("outage")
    return lab


def shape(path: str) -> str:
    """Return a path with its ids left out."""
    return re.sub(r"\{\{\w+\}\}|<\w+>|[a-z]+-[a-z0-9]+(?=/|$)", "{}", path)


def by_operation(examples: list[Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    """Return the examples of each operation."""
    table: dict[str, list[Mapping[str, str]]] = {}
    for each in examples:
        table.setdefault(f"{each['method']} {shape(each['pathTemplate'])}", []).append(each)
    return table


def operation(logged: Logged) -> str:
    return f"{logged.method} {shape(logged.rule)}"


def digits(text: str) -> str:
    """Return a text with every digit as 9: two times in one form are the same."""
    return re.sub(r"\d", "9", text)


def words(value: Any) -> Iterator[str]:
    """Yield the words of a query: names of members, and of columns in an order."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, list):
                yield str(inner[0])
            else:
                yield from words(inner)


def asked(logged: Logged) -> Iterator[str]:
    """Yield the words of a request's parameters."""
    for name, text in logged.query.items():
        yield from (part for part in re.findall(r"[\w.$]+", name) if not part.isdecimal())
        if name == "query":
            yield from words(json.loads(text))


def test_every_operation_has_an_example(examples: list[Mapping[str, str]], lab: DigisacLab) -> None:
    """The provider calls nothing, and the simulator knows nothing, that the vendor does not show; what is missing is
    listed."""
    known = by_operation(examples)
    called = {operation(each) for each in lab.account.requests}
    routed = {f"{route.method} {shape(route.rule)}" for route in lab.account.routes()}
    assert (called | routed) - known.keys() == set(UNDESCRIBED)
    assert len(called & known.keys()) >= CHECKED


def test_bodies_have_the_members_of_an_example(examples: list[Mapping[str, str]], lab: DigisacLab) -> None:
    """Every member that is sent stands in one example of the operation; times have its form, switches are switches."""
    known, wrong, seen = by_operation(examples), [], 0
    for each in lab.account.requests:
        if not each.body:
            continue
        seen += 1
        bodies = [example["bodyExample"] for example in known[operation(each)]]
        shown = [body for body in bodies if each.body.keys() <= set(re.findall(r'"(\w+)"\s*:', body))]
        if not shown:
            wrong.append(f"{operation(each)}: {sorted(each.body)}")
        for name, value in each.body.items():
            form = re.search(rf'"{name}"\s*:\s*"?\{{?\{{?([^"}},]*)', shown[0]) if shown else None
            if form is not None and re.match(r"\d{4}-\d\d", form[1]):
                assert digits(str(value)) == digits(form[1]), name
            if form is not None and form[1].strip() == "true" and name != "dontOpenTicket":
                assert isinstance(value, bool), name
    assert wrong == []
    assert seen >= 9


def test_queries_use_the_words_of_the_examples(examples: list[Mapping[str, str]], lab: DigisacLab) -> None:
    """Parameters, operators and columns are those of the examples; others are listed, and all of the list occurs."""
    text = " ".join(each["queryTemplate"] for each in examples)
    shown = set(re.findall(r"[\w.$]+", text))
    used = {word for each in lab.account.requests for word in asked(each)}
    assert used - shown == WORDS.keys()
    assert {"perPage", "page", "query", "where", "isOpen", "contactId"} <= used & shown


def test_every_kind_by_api_was_played(examples: list[Mapping[str, str]], lab: DigisacLab) -> None:
    """What was checked is the traffic of all kinds that the provider carries out itself."""
    assert examples
    offered = lab.session.readers.capabilities("desk")
    by_api = {name for name, spec in offered.items() if spec.means is Means.API}
    assert by_api == {"scheduled_contact", *(str(step["uses"]) for step in STEPS)}
