"""Talk: phone numbers, their greetings, and the settings of the whole phone system.

What the official file lists as writable is writable [O26]; any other field of a body is refused with 422, the stricter
of two readings (a guess: the service may ignore it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Reply, Route, invalid, not_here
from providers.zendesk.simulator.listing import (
    Check,
    Record,
    checked,
    find,
    inside,
    is_any_text,
    is_flag,
    is_number,
    is_numbers,
    is_text,
    pages,
)

CATEGORIES: Final[Mapping[int, str]] = {  # [O26]; the names of 8 and 9 are ours
    1: "voicemail",
    2: "available",
    3: "wait",
    4: "hold",
    5: "ivr",
    6: "callback",
    7: "callback_confirmation",
    8: "recording_opt_out",
    9: "recording_opt_in",
}
DEFAULTS: Final[Mapping[int, str]] = {  # the system's own greeting per category; `voicemail_en` [O26], the others ours
    1: "voicemail_en",
    2: "available_en",
    3: "wait",
    4: "hold",
    6: "callback_en",
    7: "callback_confirmation_en",
}
QUEUE_SIZES: Final = (0, 2, *range(5, 51, 5))
QUEUE_MINUTES: Final = (1, 2, 5, 10, 15, 20, 25, 30)
_SEEDED: Final = "2026-01-12T09:00:00Z"
_VOICE: Final = "/api/v2/channels/voice"
_NUMBER: Final[Mapping[str, Check]] = {
    "greeting_ids": is_numbers,
    "default_group_id": is_number,
    "group_ids": is_numbers,
    "name": is_text,
    "nickname": is_any_text,
    "recorded": is_flag,
    "sms_group_id": is_number,
    "transcription": is_flag,
}
_SETTINGS: Final[Mapping[str, Check]] = {
    "voice": is_flag,
    "agent_confirmation_when_forwarding": is_flag,
    "recordings_public": is_flag,
    "maximum_queue_size": lambda value: is_number(value) and value in QUEUE_SIZES,
    "maximum_queue_wait_time": lambda value: is_number(value) and value in QUEUE_MINUTES,
}
_GREETINGS: Final = (
    (42_001, "Voicemail, office", 1, False),
    (42_002, "Welcome", 2, False),
    (42_003, "Waiting music", 3, False),
    (42_004, "Outage voicemail", 1, False),
    (42_005, "Outage welcome", 2, False),
    (42_006, "Outage wait", 3, False),
    (42_007, "Outage, new recording", 2, True),
)
_NUMBERS: Final = (
    (41_001, "Support line", "+551140000001", "BR", (42_001, 42_002, 42_003), (21_001,)),
    (41_002, "Línea de ventas", "+525550000002", "MX", (42_002,), (21_004,)),
    (41_003, "Гаряча лінія", "+380440000003", "UA", (), (21_001, 21_002)),
)


class Talk:
    """The phone system of one account. `settings` is what ``GET .../voice/settings`` shows."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.settings: Record = {
            "voice": True,
            "agent_confirmation_when_forwarding": True,
            "maximum_queue_size": 5,
            "maximum_queue_wait_time": 1,
            "recordings_public": False,
            "only_during_business_hours": False,
        }
        self.greetings: dict[int, Record] = {
            id_: {"id": id_, "name": name, "category_id": category, "pending": pending, "audio": not pending}
            for id_, name, category, pending in _GREETINGS
        }
        self.numbers: dict[int, Record] = {row[0]: _number(*row) for row in _NUMBERS}

    def routes(self) -> list[Route]:
        """Return the operations of Talk. None has a narrow scope [DOC]."""
        numbers, greetings = f"{_VOICE}/phone_numbers", f"{_VOICE}/greetings"
        return [
            Route("GET", numbers, self.list_numbers),
            Route("GET", f"{numbers}/<int:id>", self.show_number),
            Route("PUT", f"{numbers}/<int:id>", self.update_number, role="admin"),
            Route("GET", f"{_VOICE}/greeting_categories", self.list_categories),
            Route("GET", greetings, self.list_greetings),
            Route("POST", greetings, self.create_greeting, role="admin"),
            Route("GET", f"{greetings}/<int:id>", self.show_greeting),
            Route("PUT", f"{greetings}/<int:id>", self.update_greeting, role="admin"),
            Route("DELETE", f"{greetings}/<int:id>", self.delete_greeting, role="admin"),
            Route("GET", f"{_VOICE}/settings", self.show_settings),
            Route("PUT", f"{_VOICE}/settings", self.update_settings, role="admin"),
        ]

    def dump(self) -> Json:
        """Return the writable fields of every number, the greetings by name and category, and the settings."""
        fields = (*_NUMBER, "schedule_id", "voice_enabled", "outbound_enabled")
        return {
            "numbers": {str(id_): {field: row[field] for field in fields} for id_, row in self.numbers.items()},
            "greetings": {str(id_): [row["name"], row["category_id"]] for id_, row in self.greetings.items()},
            "settings": dict(self.settings),
        }

    def audio_arrives(self, greeting: int) -> None:
        """Process a greeting's recording, as happens some time after an upload; raises the 404 of an unknown id."""
        self._greeting_of(greeting).update(pending=False, audio=True)

    # --- numbers ----------------------------------------------------------------------------------------------------

    def list_numbers(self, call: Call) -> Reply:
        """Answer with a page of phone numbers."""
        self._offered()
        return pages(self._desk, call, "phone_numbers", [self._number(row) for row in self.numbers.values()])

    def show_number(self, call: Call) -> Reply:
        """Answer with one phone number."""
        self._offered()
        return Reply({"phone_number": self._number(find(self.numbers, call.args["id"]))})

    def update_number(self, call: Call) -> Reply:
        """Change the writable fields [O26]. ``greeting_ids`` replaces the list; a category that it leaves out falls
        back to the system's own greeting, which shows in ``default_greeting_ids`` and cannot be written."""
        self._offered()
        row = find(self.numbers, call.args["id"])
        given = _only(inside(call, "phone_number"), _NUMBER)
        self._usable(given.get("greeting_ids", ()))
        row |= given
        return Reply({"phone_number": self._number(row)})

    def _usable(self, ids: Sequence[int]) -> None:
        """Raise 422 for greetings that do not exist, have no audio yet, or share a category (the last two: guesses)."""
        if any(id_ not in self.greetings for id_ in ids):
            raise invalid(greeting_ids="there is no such greeting")
        chosen = [self.greetings[id_] for id_ in ids]
        if any(row["pending"] or not row["audio"] for row in chosen):
            raise invalid(greeting_ids="the recording of a greeting is not ready")
        if len({row["category_id"] for row in chosen}) < len(chosen):
            raise invalid(greeting_ids="a number plays one greeting of each category")

    def _number(self, row: Record) -> Record:
        own = {self.greetings[id_]["category_id"]: id_ for id_ in row["greeting_ids"]}
        chosen: dict[int, Json] = {**DEFAULTS, **own}
        return {
            **row,
            "name": row["nickname"] or row["name"],
            "greeting_ids": list(row["greeting_ids"]),
            "default_greeting_ids": [name for category, name in DEFAULTS.items() if category not in own],
            "categorised_greetings": {str(category): chosen[category] for category in sorted(chosen)},
        }

    # --- greetings --------------------------------------------------------------------------------------------------

    def list_categories(self, call: Call) -> Reply:
        """Answer with every category of greetings."""
        del call
        self._offered()
        return Reply({"greeting_categories": [{"id": id_, "name": name} for id_, name in CATEGORIES.items()]})

    def list_greetings(self, call: Call) -> Reply:
        """Answer with a page of the account's own greetings."""
        self._offered()
        return pages(self._desk, call, "greetings", [self._greeting(row) for row in self.greetings.values()])

    def show_greeting(self, call: Call) -> Reply:
        """Answer with one greeting."""
        return Reply({"greeting": self._greeting(self._greeting_of(call.args["id"]))})

    def create_greeting(self, call: Call) -> Reply:
        """Create a greeting without a recording: ``pending`` until the audio has been uploaded and processed [O26]."""
        self._offered()
        given = inside(call, "greeting")
        checked({"name": "", "category_id": 0, **given}, {"name": is_text, "category_id": _is_category})
        id_ = self._desk.new_id()
        row = {"id": id_, "name": given["name"], "category_id": given["category_id"], "pending": True, "audio": False}
        self.greetings[id_] = row
        return Reply({"greeting": self._greeting(row)}, 201)

    def update_greeting(self, call: Call) -> Reply:
        """Rename a greeting; its category was fixed when it was created [DOC]."""
        row = self._greeting_of(call.args["id"])
        given = inside(call, "greeting")
        if given.get("category_id", row["category_id"]) != row["category_id"]:
            raise invalid(category_id="the category is fixed when a greeting is created")
        checked(given, {"name": is_text})
        row["name"] = given.get("name", row["name"])
        return Reply({"greeting": self._greeting(row)})

    def delete_greeting(self, call: Call) -> Reply:
        """Delete a greeting that no number plays (refusing one in use is a guess)."""
        row = self._greeting_of(call.args["id"])
        if self._players(row["id"]):
            raise invalid(base="a number still plays this greeting")
        del self.greetings[row["id"]]
        return Reply(status=204)

    def _greeting_of(self, id_: int) -> Record:
        self._offered()
        return find(self.greetings, id_)

    def _players(self, greeting: int) -> list[int]:
        return [id_ for id_, row in self.numbers.items() if greeting in row["greeting_ids"]]

    def _greeting(self, row: Record) -> Record:
        id_, name = row["id"], row["name"]
        sound = f"/system/voice/uploads/{id_}.mp3" if row["audio"] else None
        players = self._players(id_)
        return {
            "id": id_,
            "name": name,
            "category_id": row["category_id"],
            "active": bool(players),
            "pending": row["pending"],
            "default": False,
            "default_lang": False,
            "has_sub_settings": False,
            "audio_url": sound,
            "audio_name": f"{id_}.mp3" if sound else None,
            "upload_id": id_ if sound else None,
            "phone_number_ids": players,
            "ivr_ids": [],
        }

    # --- settings ---------------------------------------------------------------------------------------------------

    def show_settings(self, call: Call) -> Reply:
        """Answer with the settings of the phone system."""
        del call
        self._offered()
        return Reply({"settings": dict(self.settings)})

    def update_settings(self, call: Call) -> Reply:
        """Change settings; a value outside the allowed ones is refused [O26]. ``voice`` false: agents cannot go
        available, numbers still take voicemail."""
        self._offered()
        self.settings |= _only(inside(call, "settings"), _SETTINGS)
        return Reply({"settings": dict(self.settings)})

    def _offered(self) -> None:
        if not self._desk.features.get("voice", True):
            raise not_here()


def _only(given: Record, checks: Mapping[str, Check]) -> Record:
    """Return the fields; raises 422 for one that is not writable, has a wrong value, or when there is none."""
    foreign = sorted(set(given) - set(checks))
    if foreign or not given:
        raise invalid(**({name: f"{name} cannot be set" for name in foreign} or {"base": "nothing to change"}))
    checked(given, checks)
    return given


def _number(
    id_: int, nickname: str, digits: str, country: str, greetings: Sequence[int], groups: Sequence[int]
) -> Record:
    return {
        "id": id_,
        "number": digits,
        "display_number": digits,
        "name": digits,
        "nickname": nickname,
        "country_code": country,
        "created_at": _SEEDED,
        "external": False,
        "toll_free": False,
        "line_type": "phone",
        "location": country,
        "greeting_ids": list(greetings),
        "group_ids": list(groups),
        "default_group_id": groups[0],
        "sms_group_id": None,
        "recorded": False,
        "transcription": False,
        "schedule_id": None,
        "ivr_id": None,
        "voice_enabled": True,
        "outbound_enabled": True,
        "sms_enabled": False,
        "priority": 0,
        "capabilities": {"sms": False, "mms": False, "voice": True, "emergency_address": False},
    }


def _is_category(value: Json) -> bool:
    return is_number(value) and value in CATEGORIES
