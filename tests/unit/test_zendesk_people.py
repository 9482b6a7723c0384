"""What people do by hand on Zendesk: places, menus in four languages, and what the security settings prove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from providers.places import CHECK, LOCALES, Place, under
from providers.zendesk import people, security
from providers.zendesk.simulator.core import Call, Desk
from providers.zendesk.simulator.settings import Security
from runner.model import ABSENT, Op
from runner.spi import Context, Found, InvalidInput, KindSpec, Means, Target, Want

OPENS, CLOSES = datetime(2026, 12, 11, 14, 30, tzinfo=UTC), datetime(2026, 12, 11, 17, 30, tzinfo=UTC)
ROWS = {"Z5", "Z6", *(f"Z{n}" for n in (*range(8, 13), *range(14, 18), *range(23, 26), 27, *range(31, 37)))}


def context(language: str = "en") -> Context:
    target = Target("desk", "zendesk", zone="Europe/Kyiv", locales=("uk",))
    return Context("power@1", "step", target, OPENS, CLOSES, (OPENS, CLOSES), "Europe/Kyiv", language)


def wants(spec: KindSpec, with_: Mapping[str, Any], language: str = "en") -> Sequence[Want]:
    """What the engine does with a human step: query, then claims of an object that nobody has read."""
    jsonschema.Draft202012Validator(spec.schema).validate(with_)
    ids = spec.query(with_, context(language)).ids
    return [want for key in ids for want in spec.claims(with_, context(language), Found(key, key, {}))]


def one(spec: KindSpec, with_: Mapping[str, Any], language: str = "en") -> Want:
    (want,) = wants(spec, with_, language)
    return want


# --- the table ------------------------------------------------------------------------------------------------------


def test_every_action_without_an_api_has_a_place() -> None:
    """All rows of the mission that only people can do are served by some place."""
    assert {row for place in people.PLACES.table for row in place.rows} >= ROWS


@pytest.mark.parametrize("place", people.PLACES.table, ids=lambda place: f"{place.kind}-{place.name}")
def test_a_place_has_title_and_path_in_four_languages(place: Place) -> None:
    """No language is missing or empty, and a path from memory says so."""
    for texts in (place.title(), place.menu()):
        assert list(texts) == list(LOCALES)
        assert all(text.strip() for text in texts.values())
    for at, menu in enumerate(place.menu().values()):
        assert (CHECK[at] in menu) is place.from_memory
    assert all(("{}" in title) is place.name.endswith("*") for title in place.title().values())


def test_names_of_a_kind_are_not_ambiguous() -> None:
    """No name or title, in any language, means two places of one kind."""
    for kind in {place.kind for place in people.PLACES.table}:
        for place in people.PLACES.of(kind):
            for name in (place.name.replace("*", "X"), *(title.replace("{}", "X") for title in place.titles)):
                found = people.PLACES.find(kind, name)
                assert found is None or found.place is place
            assert people.PLACES.find(kind, place.name.replace("*", "X")) is not None


def test_fields_of_places_can_be_proven() -> None:
    """Every place that names a security setting has a proof for it, and every proof a place."""
    assert {place.field for place in people.PLACES.table if place.field} == set(security.PROOFS)


# --- steps ----------------------------------------------------------------------------------------------------------


def test_the_menu_follows_the_place_and_the_language() -> None:
    """The person reads what to set, where, in the language of the runner."""
    spec = people.channel()
    with_ = {"channel": "messaging", "enabled": False}
    english, ukrainian = one(spec, with_), one(spec, with_, "uk")
    assert english.title == "Messaging on the web"
    assert english.menu.startswith("Admin Center > Channels > Messaging and social > Messaging > the channel (check")
    assert ukrainian.title == "Обмін повідомленнями на сайті"
    assert ukrainian.menu.startswith("Центр адміністрування > ")
    assert english.claim == ukrainian.claim
    assert (english.claim.op, english.claim.value) == (Op.PUT, "off")


def test_pt_is_served_by_pt_br_and_other_languages_by_the_targets() -> None:
    """A runner in pt reads pt-BR; in a language without words, that of the target."""
    with_ = {"channel": "messaging", "enabled": False}
    assert one(people.channel(), with_, "pt").title == "Mensagens na web"
    assert one(people.channel(), with_, "de").title == "Обмін повідомленнями на сайті"


def test_one_place_has_one_slot_in_whatever_language_it_is_named() -> None:
    """Two outages that name a place in different languages or cases share its slot."""
    spec = people.channel()
    keys = {
        spec.query({"channel": name, "enabled": False}, context()).ids
        for name in ("messaging", "MESSAGING", "Mensagens na web", "Обмін повідомленнями на сайті")
    }
    assert keys == {("messaging",)}


def test_a_step_may_name_several_places() -> None:
    """Each place of a list is its own task with its own menu."""
    found = wants(people.channel(), {"channel": ["Web Widget chat", "bot"], "enabled": False})
    assert [want.title for want in found] == ["Chat in the Web Widget", "Bot that answers customers"]
    assert "Classic" in found[0].menu
    assert "AI agents" in found[1].menu


@pytest.mark.parametrize("name", ["chat department Ventas 2", "Chat Department: Ventas 2", "chat-department Ventas 2"])
def test_a_department_is_named_in_the_step(name: str) -> None:
    """The words after the fixed part of a name go into the title and the slot."""
    spec = people.channel_hours()
    with_ = {"channel": name, "closed": "window"}
    assert spec.query(with_, context()).ids == ("chat-department-ventas-2",)
    want = one(spec, with_)
    assert want.title == "Operating hours of the chat department Ventas 2"
    assert want.menu.startswith("Chat dashboard > Settings > Account > Operating Hours (a schedule of the account")
    assert want.claim.value == "fri close 16:30-19:30"


def test_a_department_without_a_name_is_nothing() -> None:
    """The fixed part alone names no place."""
    assert people.PLACES.find("channel_hours", "chat department") is None
    assert people.PLACES.find("channel_hours", "chat departments of Ventas") is None


def test_a_text_is_given_in_all_its_languages() -> None:
    """The person gets the exact words to type, per language."""
    text = {"en": "We are offline", "uk": "Ми офлайн"}
    want = one(people.message(), {"message": "chat offline form", "text": text})
    assert want.claim.value == "en: We are offline; uk: Ми офлайн"
    assert want.menu.startswith("Chat dashboard > Settings > Widget > Forms")


@pytest.mark.parametrize(
    ("spec", "with_", "hint"),
    [
        (people.channel(), {"channel": "mesaging", "enabled": False}, "did you mean messaging"),
        (people.access(), {"setting": "sesion timeout", "value": 30}, "did you mean session timeout"),
        (people.message(), {"message": "zzzz", "text": "x"}, "known: chat offline form"),
        (people.channel_hours(), {"channel": "phone", "closed": "window"}, "known: chat"),
        (people.checklist(), {"items": [{"do": "x", "place": "agent chats"}]}, "did you mean agent chat"),
    ],
)
def test_an_unknown_place_is_refused_with_the_nearest_names(spec: KindSpec, with_: dict[str, Any], hint: str) -> None:
    """A name that no place has is an error at review time, with what was perhaps meant."""
    with pytest.raises(InvalidInput) as refused:
        spec.query(with_, context())
    assert refused.value.hint.startswith(hint)


def test_a_checklist_item_gets_the_menu_of_its_place() -> None:
    """`place` gives the menu, `menu` wins over it, and an item with neither has none."""
    items = [
        {"do": "Tell the agents", "place": "agent chat"},
        {"do": "Tell them again", "place": "agent chat", "menu": "Slack"},
        {"do": "Go home"},
    ]
    found = wants(people.checklist(), {"items": items})
    assert [want.title for want in found] == ["Tell the agents", "Tell them again", "Go home"]
    assert found[0].menu.startswith("Chat dashboard > the agent in the sidebar (not there with the agent workspace")
    assert [want.menu for want in found[1:]] == ["Slack", ""]


def test_a_setting_keeps_the_steps_own_menu() -> None:
    """Where a playbook says where to click, that is shown."""
    with_ = {"setting": "session timeout", "value": "30m", "menu": "Our own wiki"}
    want = one(people.access(), with_)
    assert (want.menu, want.title, want.claim.value) == ("Our own wiki", "Session timeout of the team", 30)


def test_a_setting_without_a_proof_keeps_its_value_as_written() -> None:
    """What no API shows is typed as the playbook says."""
    assert one(people.access(), {"setting": "messaging schedule", "value": "Outage"}).claim.value == "Outage"


def test_all_kinds_are_for_people_unless_the_provider_verifies() -> None:
    """The table is offered as kinds by hand; access can be made one that is checked."""
    by_hand = (people.channel(), people.channel_hours(), people.message(), people.access(), people.checklist())
    assert {spec.means for spec in by_hand} == {Means.PERSON}
    verified = people.access(means=Means.VERIFY)
    assert verified.means is Means.VERIFY
    assert one(verified, {"setting": "mobile access", "value": "off"}).claim.value is False


def test_a_kind_by_hand_can_stand_beside_the_one_by_api() -> None:
    """Under another name the same places are found, and the slots belong to that name."""
    spec = under(people.message(), "message_by_hand")
    with_ = {"message": "bot flow", "text": "We are slow"}
    assert spec.query(with_, context()).kind == spec.kind == "message_by_hand"
    assert one(spec, with_).title == "Flow of the bot that suggests a ticket"


# --- what the security settings prove -------------------------------------------------------------------------------

TWO_FACTOR = "authentication.agent.two_factor_enforce"


class Office:
    """Zendesk's security settings, changed by a person and read by the wire."""

    def __init__(self) -> None:
        self.security = Security(Desk(OPENS.timestamp))

    def sets(self, path: str, value: Any) -> None:
        self.security.person_sets(path, value)

    def shows(self) -> Any:
        return self.security.show(Call("GET", "/api/v2/security_settings", {}, {}, None, {}, None)).body


@pytest.mark.parametrize(
    ("field", "value", "path", "right", "wrong"),
    [
        (TWO_FACTOR, True, TWO_FACTOR, True, False),
        (TWO_FACTOR, "off", TWO_FACTOR, False, True),
        ("agent_session_timeout", 30, "agent_session_timeout", 30, 480),
        ("agent_session_timeout", "8h", "agent_session_timeout", 480, 30),
        ("agent_session_timeout", "1d", "agent_session_timeout", 1440, 30),
        ("assumption_duration", "week", "assumption_duration", "week", "always"),
        ("assumption_duration", False, "assumption_duration", "off", "day"),
        ("mobile_app_access", "on", "mobile_app_access", True, False),
    ],
)
def test_a_setting_is_proven_by_reading(field: str, value: Any, path: str, right: Any, wrong: Any) -> None:
    """What a person did shows as done, anything else as not done."""
    office = Office()
    office.sets(path, wrong)
    assert not security.matches(field, value, office.shows())
    office.sets(path, right)
    assert security.matches(field, value, office.shows())
    assert security.shown(field, office.shows()) == security.wanted(field, value)


@pytest.mark.parametrize("field", sorted(security.PROOFS))
@pytest.mark.parametrize("answer", [{}, {"security_settings": {}}, {"security_settings": None}, [], None])
def test_an_answer_without_the_setting_proves_nothing(field: str, answer: Any) -> None:
    """A plan or a garbled answer that lacks a setting never counts as done."""
    value = {"agent_session_timeout": 30, "assumption_duration": "off"}.get(field, False)
    assert security.shown(field, answer) is ABSENT
    assert not security.matches(field, value, answer)


@pytest.mark.parametrize(
    ("value", "enabled", "ranges", "done"),
    [
        (False, False, "192.0.2.0/24", True),
        (False, True, "192.0.2.0/24", False),
        (True, True, "192.0.2.0/24", True),
        (True, False, "192.0.2.0/24", False),
        (["198.51.100.7", "192.0.2.*"], True, "192.0.2.0/24 198.51.100.7", True),
        ("192.0.2.0/24", True, "192.0.2.*", True),
        (["192.0.2.0/24"], True, "192.0.2.0/24 198.51.100.7", False),
        (["192.0.2.0/24"], False, "192.0.2.0/24", False),
        ({"add": ["198.51.100.7"]}, True, "192.0.2.0/24 198.51.100.7", True),
        ({"add": ["198.51.100.8"]}, True, "192.0.2.0/24 198.51.100.7", False),
        ({"add": ["198.51.100.7"]}, False, "198.51.100.7", False),
        (["192.0.2.0/24"], True, "rubbish 192.0.2.0/24", False),
    ],
)
def test_ip_restrictions_are_proven(value: Any, enabled: bool, ranges: str, done: bool) -> None:
    """Off, on, an exact list in any spelling, and a list that must at least hold some addresses."""
    office = Office()
    office.sets("ip.ip_ranges", ranges)
    office.sets("ip.ip_restriction_enabled", enabled)
    assert security.matches("ip", value, office.shows()) is done


@pytest.mark.parametrize(
    ("address", "value", "locked"),
    [
        ("192.0.2.9", ["192.0.2.0/24"], False),
        ("203.0.113.1", ["192.0.2.0/24"], True),
        ("203.0.113.1", False, False),
        ("203.0.113.1", True, True),
        ("198.51.100.7", True, False),
        ("198.51.100.7", {"add": ["192.0.2.0/24"]}, False),
        ("192.0.2.9", {"add": ["192.0.2.0/24"]}, False),
        ("203.0.113.1", {"add": ["192.0.2.0/24"]}, True),
        ("2001:db8::1", ["2001:db8::/32"], False),
        ("2001:db8::1", ["192.0.2.0/24"], True),
    ],
)
def test_whether_the_runner_would_be_locked_out(address: str, value: Any, locked: bool) -> None:
    """The runner's own address must be on the list that will hold: the step's, or the account's and what is added.
    The simulated account agrees once a person has set it."""
    office = Office()
    office.sets("ip.ip_ranges", "198.51.100.7 rubbish")
    assert security.locks_out(address, value, office.shows()) is locked
    office.sets("ip.ip_restriction_enabled", value is not False)
    lists = {list: lambda: value, dict: lambda: ["198.51.100.7", *value["add"]], bool: lambda: ["198.51.100.7"]}
    office.sets("ip.ip_ranges", " ".join(lists[type(value)]()))
    assert office.security.admits(address) is not locked


def test_without_the_accounts_list_switching_on_locks_out() -> None:
    """When nobody knows the list, the answer is the careful one."""
    assert security.locks_out("192.0.2.9", True) is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (TWO_FACTOR, "maybe"),
        (TWO_FACTOR, 1),
        ("agent_session_timeout", 0),
        ("agent_session_timeout", True),
        ("agent_session_timeout", "soon"),
        ("agent_session_timeout", [30]),
        ("assumption_duration", True),
        ("assumption_duration", "decade"),
        ("assumption_duration", ["day"]),
        ("mobile_app_access", "yes"),
        ("ip", []),
        ("ip", ["192.0.2.300"]),
        ("ip", "office"),
        ("ip", ["192.*.2.1"]),
        ("ip", {"remove": ["192.0.2.1"]}),
        ("ip", {"add": []}),
        ("ip", {"add": 7}),
        ("ip", 7),
    ],
)
def test_values_that_mean_nothing_are_refused(field: str, value: Any) -> None:
    """A wrong value is told at review time, with what to write instead."""
    with pytest.raises(InvalidInput) as refused:
        security.wanted(field, value)
    assert refused.value.hint


def test_an_address_that_is_none_is_refused() -> None:
    """The runner's own address has to be one."""
    with pytest.raises(InvalidInput):
        security.locks_out("home", ["192.0.2.0/24"])
