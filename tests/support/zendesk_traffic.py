"""Traffic with a simulated Zendesk account: a playbook that uses every kind of the provider, and every operation asked.

Both write each exchange down. The runner's part shows what the product sends; the part asked by hand reaches the
operations of the simulator that the provider has no use for, and the refusals that a description names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from providers.zendesk.simulator.access import CHAT_TOKEN, CLIENT_ID, CLIENT_SECRET
from providers.zendesk.simulator.account import Account
from providers.zendesk.simulator.guide_seed import SECTIONS
from providers.zendesk.simulator.notify import APP
from tests.support.contract import HOST, Exchange, exchange_of
from tests.support.lab import START
from tests.support.zendesk import Wire, ZendeskLab

SECTION = SECTIONS[0][0]
V2, HC = "/api/v2", "/api/v2/help_center"

STEPS: list[dict[str, Any]] = [
    {"id": "hours", "uses": "business_hours", "with": {"schedule": "Suporte Brasil", "closed": "window"}},
    {"id": "day", "uses": "holiday", "with": {"schedule": "Support", "name": "Power cut", "from": "2026-12-11"}},
    {
        "id": "quiet",
        "uses": "rule",
        "with": {
            "trigger": ["Notify requester of comment update", "Tell requester that the request waits"],
            "active": False,
        },
    },
    {"id": "old", "uses": "rule", "with": {"automation": "Remind of a pending request after a day", "active": False}},
    {
        "id": "more",
        "uses": "rule",
        "with": {"trigger": "Notify requester of new request", "append": "We answer slowly today."},
    },
    {
        "id": "remind",
        "uses": "rule",
        "with": {"make": "reminder", "after": 4, "subject": "Still here", "body": "We have not forgotten you."},
    },
    {
        "id": "away",
        "uses": "rule",
        "with": {"make": "out_of_hours", "subject": "Closed", "body": "We are back at two."},
    },
    {"id": "greet", "uses": "rule", "with": {"chat_trigger": "Greet a visitor", "active": False}},
    {"id": "sales", "uses": "rule", "with": {"department": "Ventas", "active": False}},
    {
        "id": "say",
        "uses": "message",
        "with": {"message": "Outage notice", "text": {"en": "Power cut", "es": "Corte de luz"}},
    },
    {"id": "phones", "uses": "voice", "with": {"enabled": False}},
    {
        "id": "greeting",
        "uses": "voice",
        "with": {"number": "Support line", "greeting": {"voicemail": "Outage voicemail"}},
    },
    {
        "id": "article",
        "uses": "notice",
        "with": {
            "section": SECTION,
            "subject": {"en-us": "Power cut", "es": "Corte de luz"},
            "body": {"en-us": "We are slow.", "es": "Vamos lento."},
            "label": "banner",
            "promoted": True,
        },
    },
    {"id": "banner", "uses": "notice", "with": {"article": "Service status", "label": "banner", "promoted": True}},
    {
        "id": "agents",
        "uses": "notice",
        "with": {"place": "agents", "audience": {"agents": "all"}, "body": "Phones are down."},
    },
    {
        "id": "pause",
        "uses": "tickets",
        "with": {"select": {"status": ["open"]}, "status": "pause", "tag": True, "at_most": 50_000},
    },
    {"id": "nap", "uses": "snooze", "with": {"select": {"status": "pending"}, "until": "end", "by": "Ana Souza"}},
    {"id": "reply", "uses": "tickets", "with": {"select": {"status": "hold"}, "answer": "We are without power."}},
]


class RecordedWire(Wire):
    """A wire that writes every exchange down."""

    def __init__(self, account: Account, log: list[Exchange]) -> None:
        super().__init__(account)
        self._log = log

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, and keep request and answer."""
        response = super().handle_request(request)
        self._log.append(exchange_of(request, response))
        return response


class RecordedLab(ZendeskLab):
    """The runner on a simulated account; `log` holds every exchange, oldest first."""

    def __init__(self, folder: Path, *, tickets: int) -> None:
        self.log: list[Exchange] = []
        super().__init__(
            folder,
            tickets=tickets,
            wire=lambda account: RecordedWire(account, self.log),
            app_id=APP,
            search_page=500,
        )

    def play(self) -> RecordedLab:
        """Apply and revert the playbook that uses every kind."""
        applied = self.apply(self.playbook("power", STEPS))
        assert applied.state == "open", applied
        reverted = self.revert()
        assert reverted.state == "closed", reverted
        return self


class Hand:
    """Asks every operation of a simulated account, one after the other."""

    def __init__(self) -> None:
        self.log: list[Exchange] = []
        self.account = Account(clock=START.timestamp, tickets=300, limits=False, pace=60.0)
        self._http = httpx.Client(
            transport=RecordedWire(self.account, self.log), base_url=HOST, headers={"Accept": "application/json"}
        )
        self._chat = {"Authorization": f"Bearer {CHAT_TOKEN}"}

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200, **query: Any) -> Any:
        """Return the JSON of an answer that has this status; ``page_size`` stands for ``page[size]``."""
        headers = self._chat if path.startswith(f"{V2}/chat/") else {}
        names = {"page_size": "page[size]", "page_after": "page[after]", "filter_type": "filter[type]"}
        params = {names.get(name, name): value for name, value in query.items()}
        reply = self._http.request(method, path, json=body, params=params or None, headers=headers)
        assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def all(self) -> Hand:
        """Ask everything."""
        self.ask("GET", f"{V2}/users/me")
        self.ask("GET", f"{V2}/tickets/1", status=401)
        grant = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        token = self.ask("POST", "/oauth/tokens", grant, status=201)["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"
        self.schedules()
        self.holidays()
        self.triggers()
        self.automations()
        self.tickets()
        self.jobs()
        self.searches()
        self.people()
        self.texts()
        self.articles()
        self.phones()
        self.chat()
        self.settings()
        self.refusals()
        return self

    def schedules(self) -> None:
        """Ask the operations on schedules and time zones."""
        base = f"{V2}/business_hours/schedules"
        self.ask("GET", f"{V2}/time_zones")
        self.ask("GET", f"{base}.json")
        made = self.ask("POST", base, {"schedule": {"name": "Night", "time_zone": "Tokyo"}}, status=201)["schedule"]
        self.ask("POST", base, {"schedule": {"name": "Night", "time_zone": "Mars"}}, status=422)
        one = f"{base}/{made['id']}"
        self.ask("GET", one)
        self.ask("GET", f"{base}/1", status=404)
        self.ask("PUT", one, {"schedule": {"name": "Late", "time_zone": "Tokyo"}})
        self.ask("PUT", one, {"schedule": {"name": "Late", "time_zone": "Mars"}}, status=422)
        self.ask("PUT", f"{one}/workweek", {"workweek": {"intervals": [{"start_time": 1980, "end_time": 2460}]}})
        midnight = {"workweek": {"intervals": [{"start_time": 1380, "end_time": 1500}]}}
        self.ask("PUT", f"{one}/workweek", midnight, status=422)
        self.ask("DELETE", one, status=204)

    def holidays(self) -> None:
        """Ask the operations on holidays."""
        base = f"{V2}/business_hours/schedules/361001/holidays"
        day = {"holiday": {"name": "Power cut", "start_date": "2026-12-30", "end_date": "2027-01-02"}}
        far = {"holiday": {"name": "Power cut", "start_date": "2036-12-30", "end_date": "2037-01-02"}}
        one = f"{base}/{self.ask('POST', base, day, status=201)['holiday']['id']}"
        self.ask("POST", base, far, status=422)
        self.ask("GET", base, start_date="2026-12-31", end_date="2027-12-31")
        self.ask("GET", one)
        self.ask("GET", f"{base}/1", status=404)
        self.ask("PUT", one, day)
        self.ask("PUT", one, far, status=422)
        self.ask("DELETE", one, status=204)

    def triggers(self) -> None:
        """Ask the operations on triggers."""
        base = f"{V2}/triggers"
        self.rules("trigger", [{"field": "update_type", "operator": "is", "value": "Create"}])
        self.ask("GET", f"{base}/definitions")
        self.ask("GET", f"{V2}/trigger_categories")
        moved = [{"id": "42003", "position": 1, "category_id": "41002", "active": True}]
        job = {"action": "patch", "items": {"trigger_categories": [{"id": "41002", "position": 1}], "triggers": moved}}
        self.ask("POST", f"{V2}/trigger_categories/jobs", {"job": job})
        job = {"action": "patch", "items": {"trigger_categories": [{"id": "1", "position": 1}]}}
        self.ask("POST", f"{V2}/trigger_categories/jobs", {"job": job}, status=400)
        ids = [row["id"] for row in self.ask("GET", base)["triggers"]]
        self.ask("PUT", f"{base}/reorder", {"trigger_ids": ids}, status=400)
        del self.account.triggers.categories[1:]
        self.ask("PUT", f"{base}/reorder", {"trigger_ids": ids})

    def automations(self) -> None:
        """Ask the operations on automations."""
        old = [
            {"field": "status", "operator": "is", "value": "open"},
            {"field": "OPEN", "operator": "greater_than", "value": "48"},
        ]
        one = self.rules("automation", old)
        lacking = {"automation": {"conditions": {"all": old[:1], "any": []}, "actions": _tag("late")}}
        self.ask("PUT", one, lacking, status=422)

    def rules(self, kind: str, conditions: list[dict[str, Any]]) -> str:
        """Ask what triggers and automations have in common; return the path of one of them."""
        base = f"{V2}/{kind}s"
        every = {"all": conditions, "any": []}
        made = [
            self.ask(
                "POST",
                base,
                {kind: {"title": f"Late {n}", "conditions": every, "actions": _tag(f"late-{n}")}},
                status=201,
            )[kind]["id"]
            for n in range(3)
        ]
        self.ask("GET", base)
        self.ask("GET", f"{base}.json", page_size=2)
        self.ask("GET", f"{base}/active")
        self.ask("GET", f"{base}/search", query="late")
        self.ask("GET", f"{base}/{made[0]}")
        whole = {"title": "Later", "active": False, "conditions": every, "actions": _tag("later")}
        self.ask("PUT", f"{base}/{made[0]}", {kind: whole})
        self.ask("PUT", f"{base}/update_many", {f"{kind}s": [{"id": id_, "active": False} for id_ in made]})
        self.ask("PUT", f"{base}/update_many", {f"{kind}s": [{"id": made[0], "position": 9}]})
        self.ask("DELETE", f"{base}/{made[1]}", status=204)
        self.ask("DELETE", f"{base}/destroy_many", ids=str(made[2]), status=204)
        return f"{base}/{made[0]}"

    def tickets(self) -> None:
        """Ask the operations on tickets, one at a time."""
        base = f"{V2}/tickets"
        self.ask("GET", base, page_size=50)
        self.ask("GET", base, per_page=20, page=2)
        self.ask("GET", f"{base}/count")
        self.ask("GET", f"{base}/show_many", ids=_list(range(1, 101)))
        self.ask("GET", f"{base}/show_many", ids="1,2,3", include="slas")
        self.ask("GET", f"{base}/1/metrics")
        self.ask("GET", f"{base}/1/slas/policy_metrics")
        fresh = {"subject": "No light", "comment": {"body": "Since noon"}, "priority": "high", "type": "incident"}
        made = self.ask("POST", base, {"ticket": fresh}, status=201)["ticket"]["id"]
        one = f"{base}/{made}"
        self.ask("GET", f"{one}.json")
        change = {"status": "pending", "comment": {"body": "We know", "public": True}, "assignee_id": 9_000_002}
        self.ask("PUT", one, {"ticket": change})
        self.ask("GET", f"{one}/comments")
        self.ask("GET", f"{one}/audits")
        self.ask("GET", f"{one}/tags")
        self.ask("PUT", f"{one}/tags", {"tags": ["power"]})
        self.ask("POST", f"{one}/tags", {"tags": ["power", "north"]}, status=201)
        self.ask("DELETE", f"{one}/tags", {"tags": ["north"]}, status=204)
        self.ask("DELETE", one, status=204)

    def jobs(self) -> None:
        """Ask for jobs until there is no slot left for one more."""
        path = f"{V2}/tickets/update_many"
        mine = {"ticket": {"status": "open", "additional_tags": ["power"], "comment": {"body": "x", "public": False}}}
        job = self.ask("PUT", path, mine, ids=_list([*range(1, 60), 999_999]))["job_status"]["id"]
        for _ in range(3):
            self.ask("GET", f"{V2}/job_statuses/{job}")
        self.ask("GET", f"{V2}/job_statuses/show_many", ids=job)
        each = {"tickets": [{"id": 60, "priority": "low"}, {"id": 61, "remove_tags": ["vip"]}]}
        for _ in range(30):
            self.ask("PUT", path, each)
        self.ask("PUT", path, each, status=429)
        self.ask("GET", f"{V2}/job_statuses")
        self.account.jobs.run_all()

    def searches(self) -> None:
        """Ask the operations that find tickets."""
        found: dict[str, Any] = {"query": "status:open", "filter_type": "ticket", "page_size": 20}
        after = self.ask("GET", f"{V2}/search/export", **found)["meta"]["after_cursor"]
        self.ask("GET", f"{V2}/search/export", page_after=after, **found)
        self.ask("GET", f"{V2}/search.json", query="status:open type:ticket", sort_by="created_at", sort_order="asc")
        self.ask("GET", f"{V2}/search/count", query="status:open type:ticket")
        self.ask("GET", f"{V2}/incremental/tickets/cursor", start_time=1, per_page=100)

    def people(self) -> None:
        """Ask for users, groups, locales, and what customers are promised."""
        self.ask("GET", f"{V2}/users/me.json")
        self.ask("GET", f"{V2}/users/show_many", ids="9000001,20000001")
        self.ask("GET", f"{V2}/users/search", query="ana")
        self.ask("GET", f"{V2}/users/9000002")
        self.ask("GET", f"{V2}/groups")
        self.ask("GET", f"{V2}/groups/21001")
        self.ask("GET", f"{V2}/locales")
        self.ask("GET", f"{V2}/locales/es")
        self.ask("GET", f"{V2}/slas/policies")
        self.ask("GET", f"{V2}/slas/policies/81001")

    def texts(self) -> None:
        """Ask the operations on dynamic content."""
        base = f"{V2}/dynamic_content/items"
        first = {"content": "Power cut", "locale_id": 1, "default": True}
        new = {"item": {"name": "Power", "default_locale_id": 1, "variants": [first]}}
        one = f"{base}/{self.ask('POST', base, new, status=201)['item']['id']}"
        self.ask("GET", base, page_size=2)
        self.ask("GET", one)
        self.ask("PUT", one, {"item": {"name": "Power again"}})
        variants = f"{one}/variants"
        spanish = {"variant": {"content": "Corte de luz", "locale_id": 2, "active": True, "default": False}}
        made = f"{variants}/{self.ask('POST', variants, spanish, status=201)['variant']['id']}"
        german = {"variants": [{"content": "Kein Strom", "locale_id": 8, "active": True, "default": False}]}
        other = self.ask("POST", f"{variants}/create_many", german, status=201)["variants"][0]["id"]
        self.ask("GET", variants)
        self.ask("GET", made)
        self.ask("PUT", made, {"variant": {"content": "Sin luz"}})
        self.ask("PUT", made, {"variant": {"locale_id": 77}}, status=422)
        self.ask("PUT", f"{variants}/update_many", {"variants": [{"id": other, "content": "Ohne Strom"}]})
        self.ask("DELETE", made, status=204)
        self.ask("DELETE", one, status=204)

    def articles(self) -> None:
        """Ask the operations of the Help Center and of apps."""
        words = {"title": "Power cut", "body": "We are slow.", "permission_group_id": 52_001, "user_segment_id": None}
        for locale in ("", "/en-us"):
            self.ask("GET", f"{HC}{locale}/sections.json")
            self.ask("GET", f"{HC}{locale}/articles.json")
            self.ask("GET", f"{HC}{locale}/sections/{SECTION}/articles.json")
            path = f"{HC}{locale}/sections/{SECTION}/articles.json"
            made = self.ask("POST", path, {"article": words, "notify_subscribers": False}, status=201)["article"]["id"]
            one = f"{HC}{locale}/articles/{made}"
            self.ask("GET", f"{one}.json")
            self.ask("PUT", f"{one}.json", {"article": {"promoted": True}})
            if not locale:
                spanish = {"translation": {"locale": "es", "title": "Corte de luz", "body": "Vamos lento."}}
                self.ask("POST", f"{one}/translations.json", spanish, status=201)
                self.ask("GET", f"{one}/translations.json")
                self.ask("GET", f"{one}/translations/es.json")
                self.ask("PUT", f"{one}/translations/es.json", {"translation": {"title": "Sin luz"}})
            self.ask("DELETE", f"{one}.json", status=204)
        self.ask("POST", f"{V2}/apps/notify", {"app_id": APP, "event": "outage", "body": "{}"})

    def phones(self) -> None:
        """Ask the operations of Talk."""
        voice = f"{V2}/channels/voice"
        number, greetings = f"{voice}/phone_numbers/41001", f"{voice}/greetings"
        self.ask("GET", f"{voice}/phone_numbers")
        self.ask("GET", number)
        self.ask("GET", f"{voice}/phone_numbers/1", status=404)
        self.ask("PUT", number, {"phone_number": {"greeting_ids": [42_004, 42_002], "nickname": "Line"}})
        self.ask("PUT", number, {"phone_number": {"greeting_ids": [1]}}, status=422)
        self.ask("GET", f"{voice}/greeting_categories")
        self.ask("GET", greetings)
        made = self.ask("POST", greetings, {"greeting": {"name": "Closed", "category_id": 1}}, status=201)["greeting"]
        self.ask("GET", f"{greetings}/{made['id']}")
        self.ask("PUT", f"{greetings}/{made['id']}", {"greeting": {"name": "Closed today"}})
        self.ask("DELETE", f"{greetings}/{made['id']}", status=204)
        self.ask("GET", f"{voice}/settings")
        self.ask("PUT", f"{voice}/settings", {"settings": {"voice": False, "maximum_queue_size": 10}})

    def chat(self) -> None:
        """Ask the operations of Chat."""
        self.ask("GET", f"{V2}/chat/account")
        for path in ("triggers/61001", "departments/62001"):
            self.ask("GET", f"{V2}/chat/{path.partition('/')[0]}")
            self.ask("GET", f"{V2}/chat/{path}")
            self.ask("PUT", f"{V2}/chat/{path}", {"enabled": 0})

    def settings(self) -> None:
        """Ask for settings and custom statuses."""
        path = f"{V2}/account/settings"
        self.ask("GET", path)
        self.ask("PUT", path, {"settings": {"tickets": {"comments_public_by_default": False}}})
        self.ask("PUT", path, {"settings": {"routing": {"autorouting_tag": ""}}}, status=422)
        self.ask("GET", f"{V2}/security_settings")
        self.account.content.security.person_sets("assumption_duration", "week")
        self.ask("GET", f"{V2}/security_settings")
        statuses = f"{V2}/custom_statuses"
        self.ask("GET", statuses, active="true", status_categories="pending,hold")
        words = {"status_category": "pending", "agent_label": "Power cut", "end_user_label": "Power cut"}
        one = f"{statuses}/{self.ask('POST', statuses, {'custom_status': words}, status=201)['custom_status']['id']}"
        self.ask("GET", one)
        self.ask("PUT", one, {"custom_status": {"agent_label": "No power"}})
        self.ask("PUT", f"{V2}/custom_status/default", {"ids": "22002,22006"})

    def refusals(self) -> None:
        """Be refused: an unknown id, a stale update, a closed ticket, a search too deep."""
        closed = self.account.matching(lambda ticket: ticket.status == "closed")[0]
        stale = {"status": "open", "safe_update": True, "updated_stamp": "2020-01-01T00:00:00Z"}
        self.ask("GET", f"{V2}/tickets/999999", status=404)
        self.ask("PUT", f"{V2}/tickets/1", {"ticket": stale}, status=409)
        self.ask("PUT", f"{V2}/tickets/{closed}", {"ticket": {"status": "open"}}, status=422)
        self.ask("GET", f"{V2}/search", query="status:open", page=11, status=422)
        self.ask("GET", f"{V2}/triggers", page_size=101, status=400)


def _tag(tag: str) -> list[dict[str, str]]:
    return [{"field": "current_tags", "value": tag}]


def _list(ids: Any) -> str:
    return ",".join(map(str, ids))
