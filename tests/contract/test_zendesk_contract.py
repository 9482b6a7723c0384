"""What the Zendesk provider sends and the simulator answers is what the vendor's API description says.

The description is found through RUNNER_CONTRACTS (docs/contracts.md). Official operations, and those that we described
ourselves after the vendor's reference pages, are counted apart: only the former are evidence from outside.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from providers.zendesk.provider import open_target
from runner.spi import Means
from tests.support.contract import VENDOR, Contract, Exchange, Finding, Review, review
from tests.support.wire import LabIo
from tests.support.zendesk import target
from tests.support.zendesk_traffic import STEPS, Hand, RecordedLab

pytestmark = pytest.mark.contract

# At least so many operations are checked, so that nothing passes by checking nothing.
OFFICIAL, SUPPLEMENT = 68, 21
BODIES = {"requests": 44, "answers": 120}
OF_THE_PROVIDER = {"official": 17, "supplement": 12}

_V2, _HC, _VOICE = "/api/v2", "/api/v2/help_center", "/api/v2/channels/voice"
_GUIDE = "the Help Center has a description of its own, which fails to validate"
_CHAT = "the vendor publishes no description of Chat"
_TALK = "Talk has a description of its own; the supplement has numbers one by one and settings only"

# Operations that no description at hand mentions: method and path -> why. ``{...id}`` is a number.
UNDESCRIBED = {
    f"GET {_V2}/time_zones": "on the reference page only",
    f"POST {_V2}/apps/notify": "on the reference page only",
    f"GET {_V2}/tickets/{{id}}/metrics": "on the reference page only",
    f"GET {_V2}/tickets/{{id}}/slas/policy_metrics": "newer than the file",
    **dict.fromkeys(
        (
            f"GET {_VOICE}/phone_numbers",
            f"GET {_VOICE}/greeting_categories",
            f"GET {_VOICE}/greetings",
            f"POST {_VOICE}/greetings",
            f"GET {_VOICE}/greetings/{{id}}",
            f"PUT {_VOICE}/greetings/{{id}}",
            f"DELETE {_VOICE}/greetings/{{id}}",
        ),
        _TALK,
    ),
    **dict.fromkeys(
        (
            f"GET {_V2}/chat/account",
            f"GET {_V2}/chat/triggers",
            f"GET {_V2}/chat/triggers/{{id}}",
            f"PUT {_V2}/chat/triggers/{{id}}",
            f"GET {_V2}/chat/departments",
            f"GET {_V2}/chat/departments/{{id}}",
            f"PUT {_V2}/chat/departments/{{id}}",
        ),
        _CHAT,
    ),
    **dict.fromkeys(
        (
            f"GET {_HC}/sections",
            f"GET {_HC}/{{locale}}/sections",
            f"GET {_HC}/articles",
            f"GET {_HC}/{{locale}}/articles",
            f"GET {_HC}/sections/{{id}}/articles",
            f"GET {_HC}/{{locale}}/sections/{{id}}/articles",
            f"POST {_HC}/sections/{{id}}/articles",
            f"POST {_HC}/{{locale}}/sections/{{id}}/articles",
            f"GET {_HC}/articles/{{id}}",
            f"GET {_HC}/{{locale}}/articles/{{id}}",
            f"PUT {_HC}/articles/{{id}}",
            f"PUT {_HC}/{{locale}}/articles/{{id}}",
            f"DELETE {_HC}/articles/{{id}}",
            f"DELETE {_HC}/{{locale}}/articles/{{id}}",
            f"GET {_HC}/articles/{{id}}/translations",
            f"POST {_HC}/articles/{{id}}/translations",
            f"GET {_HC}/articles/{{id}}/translations/{{locale}}",
            f"PUT {_HC}/articles/{{id}}/translations/{{locale}}",
        ),
        _GUIDE,
    ),
}
UNDESCRIBED_COUNT = 36

# Operations that the vendor's file lacks altogether: with that file alone they are listed, too.
_SCHEDULES = f"{_V2}/business_hours/schedules"
LACKING = (
    *(f"{method} {_SCHEDULES}" for method in ("GET", "POST")),
    *(f"{method} {_SCHEDULES}/{{id}}" for method in ("GET", "PUT", "DELETE")),
    f"PUT {_SCHEDULES}/{{id}}/workweek",
    *(f"{method} {_SCHEDULES}/{{id}}/holidays" for method in ("GET", "POST")),
    *(f"{method} {_SCHEDULES}/{{id}}/holidays/{{id}}" for method in ("GET", "PUT", "DELETE")),
    f"GET {_V2}/security_settings",
    *(f"{method} {_VOICE}/phone_numbers/{{id}}" for method in ("GET", "PUT")),
    *(f"{method} {_VOICE}/settings" for method in ("GET", "PUT")),
)

# Findings that say something about the description, not about us: pattern -> how many, and why.
TOLERATED = {
    r".*: request body: not described": (11, "the file has a body for 57 of its 180 write operations"),
    r".*: status 4\d\d: not described": (7, "the file has hardly any refusal"),
    r".*: query (page|per_page|page\[\w+\]): not described": (10, "paging is described in prose only"),
    r".*: answer (count|links|meta|next_page|previous_page): not described": (34, "the same"),
    r".*: answer tickets?(\.\*)?\.(assignee_id|group_id|priority|type): is null": (
        14,
        "real tickets lack a group, an assignee, a priority or a type; the file forgets to say so",
    ),
    r"GET /api/v2/tickets/show_many: (query include|answer tickets\.\*\.slas): not described": (
        2,
        "what comes along with `include` is described in prose, and the members from memory",
    ),
    r"GET /api/v2/search(/export)?: answer results\.\*\.\w+: not described": (
        48,
        "what is found are whole tickets; the file has the members that all kinds of results share",
    ),
    r".*: answer automations?(\.\*)?\.actions\.\*\.value: is a list": (
        3,
        "mails of automations have an addressee, a subject and a text, as those of triggers; the file knows texts only",
    ),
    r".*: answer automations?(\.\*)?\.url: not described": (5, "triggers have it, automations do as well"),
    r"(POST|PUT) /api/v2/tickets.*: answer audit(\.events\.\*\.\w+)?: not described": (
        7,
        "the file has the members of one kind of event, and no audit of a new ticket",
    ),
    r"GET /api/v2/security_settings: answer security_settings\.two_factor_last_update: not described": (1, "newer"),
    r".*/account/settings: answer settings\.messaging_inactivity: not described": (1, "on the reference page only"),
    r"POST /oauth/tokens: header authorization: missing": (1, "the way to a credential does not need one"),
    r"GET /api/v2/(users/me|tickets/\{ticket_id\}): header authorization: missing": (2, "asked without one on purpose"),
    r"GET /api/v2/users/me: answer user: breaks anyOf": (1, "the anonymous user, who has no id, is real"),
}


@pytest.fixture(scope="session")
def folder() -> Path:
    """Return the folder with the descriptions."""
    named = os.environ.get("RUNNER_CONTRACTS")
    if not named:
        pytest.skip("RUNNER_CONTRACTS names no folder with the vendor's API description: see docs/contracts.md")
    return Path(named)


@pytest.fixture(scope="session")
def contract(folder: Path) -> Contract:
    """Return the description, loaded once."""
    return Contract.of(folder)


@pytest.fixture(scope="session")
def hand() -> Hand:
    """Return the traffic of every operation of the simulator."""
    return Hand().all()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> RecordedLab:
    """Return the traffic of the runner."""
    return RecordedLab(tmp_path_factory.mktemp("lab"), tickets=300).play()


@pytest.fixture(scope="session")
def found(contract: Contract, hand: Hand, lab: RecordedLab) -> Review:
    """Return what all exchanges came to, those of one shape checked once."""
    return review(contract, [*hand.log, *lab.log], listed(contract))


def listed(contract: Contract) -> tuple[str, ...]:
    """Return the operations that may go without a description."""
    return (*UNDESCRIBED, *(() if contract.ours else LACKING))


def untolerated(findings: Iterable[Finding]) -> list[str]:
    """Return the findings that no entry of the list explains."""
    return sorted(str(each) for each in findings if not any(re.fullmatch(p, str(each)) for p in TOLERATED))


def counted(contract: Contract, found: Review) -> dict[str, int]:
    """Return how many operations were checked, by who described them."""
    ours = len(found.checked.keys() & contract.ours)
    return {"official": len(found.checked) - ours, "supplement": ours}


def test_every_exchange_agrees_with_the_description(found: Review) -> None:
    """No request and no answer of a described operation differs from its description but in what the list explains."""
    assert untolerated(found.findings) == []


def test_tolerated_findings_are_counted(contract: Contract, found: Review) -> None:
    """Every entry of the list is needed, and explains exactly as many findings as it says."""
    if contract.ours:  # a newer file of the vendor's may need fewer of them
        counts = {p: sum(bool(re.fullmatch(p, str(each))) for each in found.findings) for p in TOLERATED}
        assert counts == {pattern: count for pattern, (count, _) in TOLERATED.items()}


def test_nothing_is_outside_description_and_list(contract: Contract, found: Review, hand: Hand) -> None:
    """All of the simulator was asked; what has no description is on the list, and all of the list occurs."""
    assert found.strangers == set()
    assert len(UNDESCRIBED) == UNDESCRIBED_COUNT
    assert found.listed.keys() == set(listed(contract))
    asked = {(route.method, route.rule) for route in hand.account._routes()} - hand.account.wsgi.counts.keys()
    assert asked == set(), "ask these, too"
    stray = review(contract, [Exchange("GET", "/api/v2/nowhere")], listed(contract))
    assert stray.strangers == {"GET /api/v2/nowhere"}


def test_enough_was_checked(contract: Contract, found: Review, lab: RecordedLab) -> None:
    """Official operations and ours are counted apart, and so are the bodies that have a description; the runner's own
    traffic has its share."""
    counts, own = counted(contract, found), counted(contract, review(contract, lab.log, listed(contract)))
    print(f"\noperations checked: {counts}; by the runner: {own}; bodies with a description: {dict(found.bodies)}")
    if not contract.ours:
        assert counts["official"] > OFFICIAL
        return
    assert counts["official"] >= OFFICIAL
    assert counts["supplement"] == len(contract.ours) == SUPPLEMENT
    assert all(own[part] >= least for part, least in OF_THE_PROVIDER.items())
    assert all(found.bodies[part] >= least for part, least in BODIES.items())
    answers = {(operation, status) for operation in contract.ours for status in contract.statuses(operation)}
    assert answers - found.statuses == set(), "described answers that never came"


def test_the_playbook_uses_every_kind(folder: Path, lab: RecordedLab) -> None:
    """The runner's traffic is that of every kind which the provider carries out by API."""
    assert folder
    kinds = open_target(target(), LabIo(lab, lab.vendors["desk"])).capabilities()
    assert {step["uses"] for step in STEPS} == {name for name, spec in kinds.items() if spec.means is Means.API}


_JSON = {"content-type": "application/json", "authorization": "Bearer x"}
_MANY, _DAYS = "/api/v2/triggers/update_many", "/api/v2/business_hours/schedules/1/holidays"
_DAY_IN_WORDS = {"holiday": {"name": "Power cut", "start_date": "11.12.2026", "end_date": "2026-12-12"}}
WRONG = {
    "a number as a text": (
        Exchange("PUT", _MANY, sent=_JSON, body=b'{"triggers": [{"id": "12"}]}', answer=b'{"triggers": []}'),
        [f"PUT {_MANY}: request triggers.*.id: is a text"],
    ),
    "a misspelt member": (
        Exchange(
            "PUT", _MANY, sent=_JSON, body=b'{"triggers": [{"id": 1, "activ": true}]}', answer=b'{"triggers": []}'
        ),
        [f"PUT {_MANY}: request triggers.*.activ: not described"],
    ),
    "a date in another order": (
        Exchange("POST", _DAYS, sent=_JSON, body=json.dumps(_DAY_IN_WORDS).encode(), status=422, answer=b"{}"),
        ["POST /api/v2/business_hours/schedules/{schedule_id}/holidays: request holiday.start_date: breaks format"],
    ),
    "no envelope": (
        Exchange("POST", _DAYS, sent=_JSON, body=b"{}", status=422, answer=b"{}"),
        [
            "POST /api/v2/business_hours/schedules/{schedule_id}/holidays: request body: "
            "'holiday' is a required property"
        ],
    ),
    "a misspelt parameter": (
        Exchange("GET", "/api/v2/triggers", "activ=true", sent=_JSON, answer=b'{"triggers": []}'),
        ["GET /api/v2/triggers: query activ: not described"],
    ),
    "a text in an answer": (
        Exchange("GET", "/api/v2/custom_statuses", sent=_JSON, answer=b'{"custom_statuses": [{"id": "1"}]}'),
        [
            "GET /api/v2/custom_statuses: answer custom_statuses.*.id: is a text",
            "GET /api/v2/custom_statuses: answer custom_statuses.*: 'agent_label' is a required property",
            "GET /api/v2/custom_statuses: answer custom_statuses.*: 'status_category' is a required property",
        ],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_exchanges_are_noticed(contract: Contract, name: str) -> None:
    """The check fails for exchanges that are wrong on purpose, with the place and the fault."""
    exchange, findings = WRONG[name]
    if contract.ours or contract.operation_of(exchange) is not None:
        assert untolerated(contract.check(exchange)) == findings


@pytest.mark.soak
def test_every_exchange_of_a_large_run(contract: Contract, tmp_path: Path) -> None:
    """All exchanges of a run over 10,000 tickets agree, not only the first of each shape."""
    lab = RecordedLab(tmp_path, tickets=10_000).play()
    found = review(contract, lab.log, listed(contract), every=True)
    print(f"\n{sum(found.checked.values())} exchanges checked: {counted(contract, found)}")
    assert untolerated(found.findings) == []
    assert found.strangers == set()
    assert sum(found.checked.values()) + sum(found.listed.values()) == len(lab.log)
    assert sum(found.checked.values()) > 300


@pytest.mark.soak
def test_the_vendors_file_alone(folder: Path, contract: Contract, hand: Hand, lab: RecordedLab) -> None:
    """The same exchanges agree with the vendor's file without anything of ours, as anybody can download it."""
    files = [folder / VENDOR, *sorted(folder.glob("zendesk-support-oas-*.yaml"))]
    vendor = Contract.of_vendor(next(path for path in files if path.exists()))
    found = review(vendor, [*hand.log, *lab.log], listed(vendor))
    print(f"\noperations checked: {counted(vendor, found)}")
    assert untolerated(found.findings) == []
    assert found.strangers == set()
    assert len(found.checked) > OFFICIAL
    lacking = Counter(vendor.operation_of(each) is None for each in (*hand.log, *lab.log))
    assert lacking[False] > lacking[True]
