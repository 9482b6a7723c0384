"""The content areas of the Zendesk simulator: dynamic content, Help Center, Talk, Chat, settings, statuses, events."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from providers.wire.faults import Faults
from providers.zendesk.simulator.access import API_TOKEN, CHAT_TOKEN, Access
from providers.zendesk.simulator.areas import Content
from providers.zendesk.simulator.core import Desk, User
from providers.zendesk.simulator.limits import Limits
from providers.zendesk.simulator.notify import APP, LARGEST
from providers.zendesk.simulator.wsgi import Wire

NOW = 1_797_000_000.0
ITEMS = "/api/v2/dynamic_content/items"
NOTICE = f"{ITEMS}/31001"
HC = "/api/v2/help_center"
VOICE = "/api/v2/channels/voice"
NUMBER = f"{VOICE}/phone_numbers/41001"
STATUSES = "/api/v2/custom_statuses"
MAIL = "admin@example.com"


class Account:
    """A seeded account behind its wire, and clients for Support and for Chat."""

    def __init__(self, **desk: Any) -> None:
        self.desk = Desk(lambda: NOW, **desk)
        self.content = Content(self.desk)
        admin = User(1, "Ada", "admin")
        access = Access(self.desk, admin, MAIL)
        limits = Limits(self.desk, self.desk.clock, on=False)
        wire = Wire(
            self.desk,
            self.content.routes(),
            access,
            limits=limits,
            faults=Faults(),
            admits=self.content.security.admits,
        )
        basic = httpx.BasicAuth(f"{MAIL}/token", API_TOKEN)
        where = {"transport": httpx.WSGITransport(app=wire), "base_url": "https://example.zendesk.com"}
        self.http = httpx.Client(auth=basic, headers={"Accept": "application/json"}, **where)
        bearer = {"Authorization": f"Bearer {CHAT_TOKEN}", "Accept": "application/json"}
        self.chat = httpx.Client(headers=bearer, **where)

    def get(self, path: str, **query: str) -> Any:
        reply = self.http.get(path, params=query)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def put(self, path: str, body: Any) -> Any:
        reply = self.http.put(path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def status(self, method: str, path: str, body: Any = None, **query: str) -> int:
        return self.http.request(method, path, json=body, params=query).status_code


@pytest.fixture
def account() -> Account:
    return Account()


# --- the whole ------------------------------------------------------------------------------------------------------


def test_two_fresh_accounts_are_equal_and_reading_changes_nothing(account: Account) -> None:
    """The seed is the same every time, and no GET leaves a trace in the dump."""
    before = account.content.dump()
    for route in account.content.routes():
        if route.method == "GET" and "<" not in route.rule and "/chat/" not in route.rule:
            assert account.status("GET", route.rule) == 200
    assert account.content.dump() == before == Account().content.dump()


def test_dump_is_a_copy(account: Account) -> None:
    """What was dumped does not change with the account afterwards."""
    before = account.content.dump()
    account.put(f"{HC}/articles/54001.json", {"article": {"label_names": ["banner"], "promoted": True}})
    assert before["guide"]["54001"]["label_names"] == ["status"]
    assert account.content.dump() != before


# --- paging ---------------------------------------------------------------------------------------------------------


def test_cursor_pages_show_every_row_once(account: Account) -> None:
    """Following after_cursor to the end yields every group once, and has_more ends it."""
    seen: list[int] = []
    query = {"page[size]": "3"}
    while True:
        page = account.get("/api/v2/groups", **query)
        seen += [row["id"] for row in page["groups"]]
        if not page["meta"]["has_more"]:
            break
        query["page[after]"] = page["meta"]["after_cursor"]
    assert seen == sorted(account.content.groups.records)
    assert page["links"]["next"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"page[size]": "101"}, "InvalidPaginationParameter"),
        ({"page[size]": "no"}, "InvalidPaginationParameter"),
        ({"page[after]": "rubbish"}, "InvalidPaginationParameter"),
        ({"page": "0"}, "InvalidPaginationParameter"),
        ({"page": "101", "per_page": "100"}, "InvalidPaginationDepth"),
    ],
)
def test_wrong_paging_is_a_400(account: Account, query: dict[str, str], code: str) -> None:
    """A page size, page or cursor that means nothing is refused, and so is a page past 10,000 records."""
    reply = account.http.get("/api/v2/groups", params=query)
    assert (reply.status_code, reply.json()["errors"][0]["code"]) == (400, code)


def test_offset_pages_count_everything(account: Account) -> None:
    """The offset style tells the count and the next page."""
    page = account.get("/api/v2/groups", page="2", per_page="3")
    assert page["count"] == 8
    assert "page=3" in page["next_page"]
    assert "page=1" in page["previous_page"]


# --- dynamic content ------------------------------------------------------------------------------------------------


def variants(account: Account, item: str = NOTICE) -> dict[int, Any]:
    return {row["locale_id"]: row for row in account.get(f"{item}/variants")["variants"]}


def test_item_put_changes_only_the_name(account: Account) -> None:
    """PUT on an item ignores its texts and keeps the placeholder."""
    before = account.get(NOTICE)["item"]
    account.put(NOTICE, {"item": {"name": "Power cut", "placeholder": "{{dc.x}}", "content": "x", "variants": []}})
    after = account.get(NOTICE)["item"]
    assert after["name"] == "Power cut"
    assert after["placeholder"] == before["placeholder"] == "{{dc.outage_notice}}"
    assert [row["content"] for row in after["variants"]] == [row["content"] for row in before["variants"]]


def test_variant_text_round_trip_is_exact(account: Account) -> None:
    """Writing a text and writing the old one back leaves the dump as it was."""
    before = account.content.dump()
    old = variants(account)
    for locale, row in old.items():
        account.put(f"{NOTICE}/variants/{row['id']}", {"variant": {"content": f"Outage {locale}"}})
    assert variants(account)[1173]["content"] == "Outage 1173"
    rows = [{"id": row["id"], "content": row["content"]} for row in old.values()]
    account.put(f"{NOTICE}/variants/update_many", {"variants": rows})
    assert account.content.dump() == before


def test_changing_the_default_text_outdates_the_others(account: Account) -> None:
    """A new text of the default variant marks the others outdated until they get a new text."""
    old = variants(account)
    account.put(f"{NOTICE}/variants/{old[1]['id']}", {"variant": {"content": "Outage"}})
    assert {locale: row["outdated"] for locale, row in variants(account).items()} == {
        1: False,
        2: True,
        19: True,
        1173: True,
    }
    account.put(f"{NOTICE}/variants/{old[2]['id']}", {"variant": {"content": "Corte"}})
    assert variants(account)[2]["outdated"] is False


def test_there_is_always_exactly_one_default(account: Account) -> None:
    """The default cannot be unset, switched off or deleted; a new one takes the role and outdates the others."""
    rows = variants(account)
    english, spanish = rows[1]["id"], rows[2]["id"]
    default = f"{NOTICE}/variants/{english}"
    assert account.status("PUT", default, {"variant": {"default": False}}) == 422
    assert account.status("PUT", default, {"variant": {"active": False}}) == 422
    assert account.status("DELETE", default) == 422
    both = [{"id": english, "default": True}, {"id": spanish, "default": True}]
    assert account.status("PUT", f"{NOTICE}/variants/update_many", {"variants": both}) == 422
    account.put(f"{NOTICE}/variants/{spanish}", {"variant": {"default": True}})
    rows = variants(account)
    assert [locale for locale, row in rows.items() if row["default"]] == [2]
    assert rows[1]["outdated"] is True
    assert account.get(NOTICE)["item"]["default_locale_id"] == 2


def test_one_variant_per_locale(account: Account) -> None:
    """A second variant of a locale is refused, alone and among several; a free or known locale is needed."""
    german = {"locale_id": 8, "content": "Störung"}
    assert account.status("POST", f"{NOTICE}/variants", {"variant": {"locale_id": 2, "content": "x"}}) == 422
    assert account.status("POST", f"{NOTICE}/variants", {"variant": {"locale_id": 77, "content": "x"}}) == 422
    assert account.status("POST", f"{NOTICE}/variants", {"variant": {"locale_id": 8}}) == 422
    both = {"variants": [german, {"locale_id": 2, "content": "x"}]}
    assert account.status("POST", f"{NOTICE}/variants/create_many", both) == 422
    assert 8 not in variants(account)
    made = account.http.post(f"{NOTICE}/variants/create_many", json={"variants": [german]})
    assert made.status_code == 201
    assert account.status("DELETE", f"{NOTICE}/variants/{made.json()['variants'][0]['id']}") == 204
    assert 8 not in variants(account)
    spanish = f"{NOTICE}/variants/{variants(account)[2]['id']}"
    assert account.status("PUT", spanish, {"variant": {"locale_id": 1}}) == 422


def test_names_and_placeholders_are_unique(account: Account) -> None:
    """A name is taken whatever its case, and so is the placeholder made from it."""
    english = [{"locale_id": 1, "content": "x", "default": True}]
    for name in ("OUTAGE notice", "Outage-notice"):
        item = {"name": name, "default_locale_id": 1, "variants": english}
        assert account.status("POST", ITEMS, {"item": item}) == 422
    item = {"name": "Second line", "default_locale_id": 1, "variants": english}
    assert account.status("POST", ITEMS, {"item": item}) == 201
    assert account.status("PUT", NOTICE, {"item": {"name": "SECOND LINE"}}) == 422


@pytest.mark.parametrize(
    "item",
    [
        {"name": "N", "default_locale_id": 1},
        {"name": "N", "default_locale_id": 1, "variants": []},
        {"name": "N", "default_locale_id": 1, "variants": [{"locale_id": 1, "content": "x"}]},
        {"name": "N", "default_locale_id": 1, "variants": [{"locale_id": 2, "content": "x", "default": True}]},
        {"name": "N", "default_locale_id": 1, "variants": [{"locale_id": 1, "content": "", "default": True}]},
        {"name": " ", "default_locale_id": 1, "variants": [{"locale_id": 1, "content": "x", "default": True}]},
    ],
)
def test_incomplete_items_are_refused(account: Account, item: dict[str, Any]) -> None:
    """An item without a proper name or without its default variant is not created."""
    before = account.content.dump()
    assert account.status("POST", ITEMS, {"item": item}) == 422
    assert account.content.dump() == before


def test_placeholders_are_filled_in(account: Account) -> None:
    """A text gets the variant of a locale, or the default; an unknown placeholder and other ones stay."""
    fill = account.content.texts.fill
    path = f"{NOTICE}/variants/{variants(account)[2]['id']}"
    account.put(path, {"variant": {"content": "Corte de luz"}})
    assert fill("Hi. {{dc.outage_notice}} {{ticket.id}}", 2) == "Hi. Corte de luz {{ticket.id}}"
    account.put(path, {"variant": {"active": False}})
    assert fill("{{ DC.Outage_Notice }}", 2) == fill("{{dc.outage_notice}}") != "{{dc.outage_notice}}"
    assert fill("{{dc.nothing}}") == "{{dc.nothing}}"


def test_dynamic_content_needs_professional() -> None:
    """Below the professional plan the feature is not there."""
    reply = Account(plan="team").http.get(ITEMS)
    assert (reply.status_code, reply.json()["error"]) == (404, "InvalidEndpoint")


def test_an_item_that_does_not_exist_is_another_404(account: Account) -> None:
    """An unknown id is told apart from a feature that is not there."""
    assert account.http.get(f"{ITEMS}/1").json()["error"] == "RecordNotFound"
    assert account.http.get(f"{NOTICE}/variants/1").json()["error"] == "RecordNotFound"


def test_locales(account: Account) -> None:
    """Locales are listed, and found by id and by code."""
    codes = {row["id"]: row["locale"] for row in account.get("/api/v2/locales")["locales"]}
    assert codes[1] == "en-US"
    assert account.get("/api/v2/locales/pt-BR")["locale"]["id"] == 19
    assert account.get("/api/v2/locales/19.json")["locale"]["locale"] == "pt-BR"
    assert account.status("GET", "/api/v2/locales/xx") == 404


# --- Help Center ----------------------------------------------------------------------------------------------------


def test_help_center_wants_the_suffix(account: Account) -> None:
    """Without .json the Help Center answers 415, on lists, articles and translations alike."""
    for path in ("/articles", "/articles/54001", "/articles/54001/translations/es", "/sections"):
        assert account.status("GET", HC + path) == 415
        assert account.status("GET", f"{HC}{path}.json") == 200


def test_article_put_leaves_the_words_alone(account: Account) -> None:
    """Title, body and draft in a PUT of an article do nothing; promoted does."""
    path = f"{HC}/articles/54001.json"
    sent = {"article": {"promoted": True, "title": "X", "body": "X", "draft": True}}
    after = account.put(path, sent)["article"]
    assert (after["promoted"], after["title"], after["draft"]) == (True, "Service status", False)


def test_labels_are_cleared_by_an_empty_list_only(account: Account) -> None:
    """label_names [] clears, leaving it out keeps."""
    path = f"{HC}/articles/54002.json"
    assert account.put(path, {"article": {"promoted": False}})["article"]["label_names"] == ["hours", "contact"]
    assert account.put(path, {"article": {"label_names": []}})["article"]["label_names"] == []


def test_a_translation_is_changed_and_given_back(account: Account) -> None:
    """Words change by translation only, show in the article of that language, and can be given back exactly."""
    before = account.content.dump()
    path = f"{HC}/articles/54001/translations/pt-br.json"
    old = account.get(path)["translation"]
    account.put(path, {"translation": {"title": "Queda de energia", "body": "<p>Voltamos já.</p>"}})
    assert account.get(f"{HC}/pt-br/articles/54001.json")["article"]["title"] == "Queda de energia"
    assert account.get(f"{HC}/articles/54001.json")["article"]["title"] == "Service status"
    account.put(path, {"translation": {"title": old["title"], "body": old["body"]}})
    assert account.content.dump() == before


def test_translations_are_created_once(account: Account) -> None:
    """A missing translation can be created and hidden as a draft; a second one and an unknown language are refused."""
    place = f"{HC}/articles/54004/translations"
    assert account.status("GET", f"{place}/uk.json") == 404
    new = {"translation": {"locale": "uk", "title": "Повернення коштів", "body": "<p>5 днів.</p>"}}
    assert account.status("POST", f"{place}.json", new) == 201
    assert account.status("POST", f"{place}.json", new) == 422
    assert account.status("POST", f"{place}.json", {"translation": {"locale": "fr", "title": "R"}}) == 422
    assert account.put(f"{place}/uk.json", {"translation": {"draft": True}})["translation"]["draft"] is True


def test_an_article_is_created_and_archived(account: Account) -> None:
    """A created article is listed; archived, it is gone, and the account is as before. Subscribers are mailed unless
    the request says otherwise."""
    before = account.content.dump()
    place = f"{HC}/en-us/sections/51001/articles.json"
    article = {"title": "Power cut", "body": "<p>x</p>", "permission_group_id": 52001, "user_segment_id": None}
    made = account.http.post(place, json={"article": article, "notify_subscribers": False})
    assert made.status_code == 201
    id_ = made.json()["article"]["id"]
    assert id_ in {row["id"] for row in account.get(place)["articles"]}
    assert account.content.guide.subscriber_mails == []
    assert account.status("DELETE", f"{HC}/articles/{id_}.json") == 204
    assert account.status("GET", f"{HC}/articles/{id_}.json") == 404
    assert account.content.dump() == before
    loud = account.http.post(place, json={"article": article}).json()["article"]["id"]
    assert account.content.guide.subscriber_mails == [loud]


@pytest.mark.parametrize(
    "change",
    [{"promoted": "yes"}, {"label_names": "banner"}, {"position": 1.5}, {"user_segment_id": 1}],
)
def test_wrong_metadata_is_refused(account: Account, change: dict[str, Any]) -> None:
    """A value of the wrong type, or a segment that does not exist, is a 422."""
    assert account.status("PUT", f"{HC}/articles/54001.json", {"article": change}) == 422


# --- Talk -----------------------------------------------------------------------------------------------------------


def test_greetings_are_swapped_and_given_back(account: Account) -> None:
    """greeting_ids replaces the list; writing the old list gives everything back."""
    before = account.content.dump()
    old = account.get(NUMBER)["phone_number"]
    account.put(NUMBER, {"phone_number": {"greeting_ids": [42004, 42005, 42003]}})
    assert account.get(NUMBER)["phone_number"]["categorised_greetings"]["2"] == 42005
    assert account.get(f"{VOICE}/greetings/42005")["greeting"]["active"] is True
    assert account.get(f"{VOICE}/greetings/42002")["greeting"]["phone_number_ids"] == [41002]
    account.put(NUMBER, {"phone_number": {"greeting_ids": old["greeting_ids"]}})
    assert account.content.dump() == before


def test_a_category_left_out_falls_back_to_the_systems_greeting(account: Account) -> None:
    """A category without an own greeting shows in default_greeting_ids, which cannot be written."""
    path = f"{VOICE}/phone_numbers/41003"
    before = account.get(path)["phone_number"]
    assert before["greeting_ids"] == []
    assert "voicemail_en" in before["default_greeting_ids"]
    during = account.put(path, {"phone_number": {"greeting_ids": [42004]}})["phone_number"]
    assert "voicemail_en" not in during["default_greeting_ids"]
    sent = {"phone_number": {"default_greeting_ids": before["default_greeting_ids"]}}
    assert account.status("PUT", path, sent) == 422
    account.put(path, {"phone_number": {"greeting_ids": []}})
    assert account.get(path)["phone_number"] == before


@pytest.mark.parametrize(
    "change",
    [
        {"greeting_ids": [1]},
        {"greeting_ids": [42007]},
        {"greeting_ids": [42001, 42004]},
        {"greeting_ids": 42001},
        {"greeting_ids": [True]},
        {"schedule_id": 1},
        {"voice_enabled": False},
        {"recorded": "yes"},
        {},
    ],
)
def test_what_a_number_refuses(account: Account, change: dict[str, Any]) -> None:
    """Unknown, unprocessed and doubled greetings, fields that are not writable and wrong types are refused."""
    before = account.content.dump()
    assert account.status("PUT", NUMBER, {"phone_number": change}) == 422
    assert account.content.dump() == before


def test_a_new_greeting_is_pending_until_its_audio_is_there(account: Account) -> None:
    """A created greeting cannot be used before its recording has been processed; its category is fixed."""
    made = account.http.post(f"{VOICE}/greetings", json={"greeting": {"name": "Storm", "category_id": 2}})
    assert made.status_code == 201
    id_ = made.json()["greeting"]["id"]
    assert made.json()["greeting"]["pending"] is True
    swap = {"phone_number": {"greeting_ids": [id_]}}
    assert account.status("PUT", NUMBER, swap) == 422
    account.content.talk.audio_arrives(id_)
    account.put(NUMBER, swap)
    assert account.status("DELETE", f"{VOICE}/greetings/{id_}") == 422
    assert account.status("PUT", f"{VOICE}/greetings/{id_}", {"greeting": {"category_id": 1}}) == 422
    for greeting in ({"name": "x"}, {"category_id": 2}, {"name": "x", "category_id": [2]}):
        assert account.status("POST", f"{VOICE}/greetings", {"greeting": greeting}) == 422


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"voice": False}, 200),
        ({"maximum_queue_size": 45, "maximum_queue_wait_time": 30}, 200),
        ({"maximum_queue_size": 3}, 422),
        ({"maximum_queue_wait_time": 3}, 422),
        ({"maximum_queue_wait_time": True}, 422),
        ({"voice": 0}, 422),
        ({"only_during_business_hours": True}, 422),
    ],
)
def test_voice_settings_take_the_allowed_values_only(account: Account, change: dict[str, Any], status: int) -> None:
    """Talk is switched off account-wide here; queue sizes and waits come from fixed lists."""
    assert account.status("PUT", f"{VOICE}/settings", {"settings": change}) == status


def test_talk_can_be_absent() -> None:
    """An account without Talk has no such endpoint."""
    assert Account(features={"voice": False}).status("GET", f"{VOICE}/phone_numbers") == 404


# --- Chat -----------------------------------------------------------------------------------------------------------


def test_chat_has_its_own_token(account: Account) -> None:
    """A Support credential is refused by Chat, and the Chat token by Support."""
    assert account.status("GET", "/api/v2/chat/triggers") == 401
    assert account.chat.get("/api/v2/groups").status_code == 401
    assert account.chat.get("/api/v2/chat/account").json()["status"] == "active"


@pytest.mark.parametrize("place", ["triggers/61001", "departments/62001"])
def test_chat_switches_are_integers(account: Account, place: str) -> None:
    """enabled is 0 or 1; a boolean is refused; other fields stay."""
    path = f"/api/v2/chat/{place}"
    before = account.chat.get(path).json()
    assert account.chat.put(path, json={"enabled": False}).status_code == 400
    assert account.chat.put(path, json={"enabled": 2}).status_code == 400
    assert account.chat.put(path, json={"id": 7}).status_code == 400
    assert account.chat.put(path, json={"enabled": 0}).json() == {**before, "enabled": 0}
    assert account.chat.put(path, json={"enabled": 1}).json() == before


def test_departments_are_groups_in_the_agent_workspace() -> None:
    """With the agent workspace a department cannot be changed through Chat; triggers can."""
    account = Account(features={"agent_workspace": True})
    assert account.chat.put("/api/v2/chat/departments/62001", json={"enabled": 0}).status_code == 403
    assert account.chat.put("/api/v2/chat/triggers/61001", json={"enabled": 0}).status_code == 200


def test_chat_lists_are_bare_arrays(account: Account) -> None:
    """Lists of Chat have no envelope."""
    assert [row["enabled"] for row in account.chat.get("/api/v2/chat/triggers").json()] == [1, 1, 1, 0]
    assert isinstance(account.chat.get("/api/v2/chat/departments").json(), list)


# --- settings -------------------------------------------------------------------------------------------------------


def test_account_settings_apply_what_is_writable_and_ignore_the_rest(account: Account) -> None:
    """A writable key changes; read-only and unknown keys answer 200 and change nothing."""
    before = account.get("/api/v2/account/settings")["settings"]
    change = {
        "active_features": {"on_hold_status": False, "customer_satisfaction": False},
        "chat": {"welcome_message": "Hi"},
        "voice": {"enabled": False},
        "nonsense": {"a": 1},
    }
    account.put("/api/v2/account/settings", {"settings": change})
    after = account.get("/api/v2/account/settings")["settings"]
    assert after["active_features"] == {**before["active_features"], "customer_satisfaction": False}
    assert {k: v for k, v in after.items() if k != "active_features"} == {
        k: v for k, v in before.items() if k != "active_features"
    }
    assert account.desk.features["customer_satisfaction"] is False


@pytest.mark.parametrize(
    "settings",
    [{"routing": {"autorouting_tag": ""}}, {"tickets": {"comments_public_by_default": "no"}}],
)
def test_account_settings_refuse_wrong_values(account: Account, settings: dict[str, Any]) -> None:
    """An empty routing tag and a value of another type are refused, and nothing is half applied."""
    before = account.content.dump()
    sent = {**settings, "messaging_inactivity": {"enabled": True}}
    assert account.status("PUT", "/api/v2/account/settings", {"settings": sent}) == 422
    assert account.content.dump() == before


def test_security_settings_are_only_read(account: Account) -> None:
    """There is a GET and nothing else; what a person sets shows there, an assumption with its expiry."""
    path = "/api/v2/security_settings"
    assert account.status("PUT", path, {"security_settings": {"agent_session_timeout": 5}}) == 501
    account.content.security.person_sets("agent_session_timeout", 30)
    account.content.security.person_sets("authentication.agent.two_factor_enforce", True)
    account.content.security.person_sets("assumption_duration", "week")
    shown = account.get(path)["security_settings"]
    assert shown["agent_session_timeout"] == 30
    assert shown["authentication"]["agent"]["two_factor_enforce"] is True
    assert (shown["assumable"], shown["assumption_expiration"]) == (True, "2026-12-18T14:40:00Z")
    with pytest.raises(KeyError):
        account.content.security.person_sets("ip.nothing", 1)


@pytest.mark.parametrize(
    ("ranges", "address", "admitted"),
    [
        ("192.0.2.0/24 198.51.100.7", "192.0.2.9", True),
        ("192.0.2.0/24 198.51.100.7", "198.51.100.7", True),
        ("192.0.2.0/24", "203.0.113.1", False),
        ("192.0.*.*", "192.0.77.1", True),
        ("192.0.2.*", "192.0.3.1", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "192.0.2.1", False),
        ("rubbish 192.0.2.1", "192.0.2.1", True),
        ("", "192.0.2.1", False),
    ],
)
def test_ip_restrictions_block_agents_elsewhere(account: Account, ranges: str, address: str, admitted: bool) -> None:
    """With the restriction on, only addresses of the list get in; with it off, everybody does."""
    account.content.security.person_sets("ip.ip_ranges", ranges)
    assert account.content.security.admits(address) is True
    account.content.security.person_sets("ip.ip_restriction_enabled", True)
    assert account.content.security.admits(address) is admitted


def test_ip_restrictions_block_the_api(account: Account) -> None:
    """A call from elsewhere gets 403, from an address of the list an answer; this one comes from the loopback."""
    account.content.security.person_sets("ip.ip_restriction_enabled", True)
    account.content.security.person_sets("ip.ip_ranges", "192.0.2.0/24")
    assert account.status("GET", STATUSES) == 403
    account.content.security.person_sets("ip.ip_ranges", "192.0.2.0/24 127.0.0.1")
    assert account.status("GET", STATUSES) == 200


# --- custom statuses ------------------------------------------------------------------------------------------------


def test_statuses_are_listed_and_filtered(account: Account) -> None:
    """Each category has one default; filters by category, active and default work; pages do not exist here."""
    every = account.get(STATUSES)["custom_statuses"]
    assert [row["status_category"] for row in every if row["default"]] == ["new", "open", "pending", "hold", "solved"]
    pending = account.get(STATUSES, status_categories="pending", default="false")["custom_statuses"]
    assert [row["agent_label"] for row in pending] == ["Waiting for power"]
    assert account.get(STATUSES, active="false")["custom_statuses"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"agent_label": "New too", "status_category": "new"},
        {"agent_label": "X", "status_category": "closed"},
        {"agent_label": "X" * 49, "status_category": "open"},
        {"agent_label": "", "status_category": "open"},
        {"status_category": "open"},
        {"agent_label": "X"},
        {"agent_label": "waiting for POWER", "status_category": "pending"},
    ],
)
def test_statuses_that_cannot_be_created(account: Account, body: dict[str, Any]) -> None:
    """No status in new or closed, none without a label, none with a label of 49 characters or one that is taken."""
    assert account.status("POST", STATUSES, {"custom_status": body}) == 422


def test_a_status_keeps_its_category_and_defaults_stay_active(account: Account) -> None:
    """A category never changes; the default of a category cannot be switched off, except the one of hold."""
    assert account.status("PUT", f"{STATUSES}/22006", {"custom_status": {"status_category": "open"}}) == 422
    assert account.status("PUT", f"{STATUSES}/22003", {"custom_status": {"active": False}}) == 422
    account.put(f"{STATUSES}/22006", {"custom_status": {"active": False}})
    account.put(f"{STATUSES}/22004", {"custom_status": {"active": False}})
    assert account.get("/api/v2/account/settings")["settings"]["tickets"]["status_hold"] is False
    assert account.content.statuses.default_of("hold")["active"] is False


def test_defaults_move_within_their_category(account: Account) -> None:
    """One default per category: naming another moves it; an inactive one or two of one category are refused."""
    default = "/api/v2/custom_status/default"
    assert account.status("PUT", default, {"ids": "22003,22006"}) == 422
    assert account.status("PUT", default, {"ids": [22006]}) == 422
    account.put(default, {"ids": "22001,22006"})
    assert account.content.statuses.default_of("pending")["id"] == 22006
    account.put(f"{STATUSES}/22003", {"custom_status": {"active": False}})
    assert account.status("PUT", default, {"ids": "22003"}) == 422


def test_custom_statuses_have_to_be_switched_on() -> None:
    """Without the feature only the defaults are there, and none can be created."""
    account = Account(features={"custom_statuses": False})
    assert len(account.get(STATUSES)["custom_statuses"]) == 5
    body = {"custom_status": {"agent_label": "X", "status_category": "open"}}
    assert account.status("POST", STATUSES, body) == 404
    assert account.content.statuses.find(22006) is None


# --- events and service levels --------------------------------------------------------------------------------------


def test_an_event_reaches_an_installed_app(account: Account) -> None:
    """What was sent can be read by tests, and is no part of the state that has to be given back."""
    before = account.content.dump()
    sent = {"app_id": APP, "event": "outage", "body": '{"text": "Leave the building"}', "agent_id": 7}
    assert account.status("POST", "/api/v2/apps/notify", sent) == 200
    assert [(one.event, one.agent_id) for one in account.content.notified] == [("outage", 7)]
    assert account.content.dump() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"app_id": 1, "event": "x"}, 404),
        ({"event": "x"}, 422),
        ({"app_id": APP}, 422),
        ({"app_id": str(APP), "event": "x"}, 422),
        ({"app_id": APP, "event": "x", "body": "é" * (LARGEST // 2)}, 413),
    ],
)
def test_events_that_are_refused(account: Account, body: dict[str, Any], status: int) -> None:
    """An unknown app, a missing field and more than a megabyte are refused, and nothing is sent."""
    assert account.status("POST", "/api/v2/apps/notify", body) == status
    assert account.content.notified == []


def test_policies_are_read(account: Account) -> None:
    """Policies carry their targets by priority; plans without them have no such endpoint."""
    rows = account.get("/api/v2/slas/policies")["sla_policies"]
    assert [row["title"] for row in rows] == ["VIP customers", "Everybody"]
    assert account.get("/api/v2/slas/policies/81002")["sla_policy"]["filter"] == {"all": [], "any": []}
    assert Account(plan="team").status("GET", "/api/v2/slas/policies") == 404


def test_a_body_without_its_object_is_a_400(account: Account) -> None:
    """Every write wants its wrapper."""
    for path in (NOTICE, f"{HC}/articles/54001.json", NUMBER, "/api/v2/account/settings", f"{STATUSES}/22006"):
        assert account.status("PUT", path, {"other": {}}) == 400
        assert account.status("PUT", path, []) == 400
