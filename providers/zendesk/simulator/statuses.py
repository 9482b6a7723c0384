"""Custom ticket statuses: the account's own names below the five categories.

Rules [DOC][SALTO]: switched on in the product first; labels of at most 48 characters; 100 a category, 300 in all; the
category never changes; defaults stay active (except hold's). Which status a refusal has is a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, Route, invalid, not_here
from providers.zendesk.simulator.listing import Check, Record, checked, find, inside, is_any_text, is_flag, is_text

CATEGORIES: Final = ("new", "open", "pending", "hold", "solved")
CREATABLE: Final = ("open", "pending", "hold", "solved")
LONGEST: Final = 48
MOST: Final = 300
MOST_PER_CATEGORY: Final = 100
_BASE: Final = "/api/v2/custom_statuses"
_SEEDED: Final = "2026-01-12T09:00:00Z"
_FIELDS: Final[Mapping[str, Check]] = {
    "agent_label": lambda value: is_text(value) and len(value) <= LONGEST,
    "end_user_label": lambda value: is_any_text(value) and len(value) <= LONGEST,
    "description": is_any_text,
    "end_user_description": is_any_text,
    "active": is_flag,
}
_RAW: Final = ("agent_label", "end_user_label", "description", "end_user_description")
_SEED: Final = (
    (22_001, "new", "New", "Open", True),
    (22_002, "open", "Open", "Open", True),
    (22_003, "pending", "Pending", "Awaiting your reply", True),
    (22_004, "hold", "On-hold", "Open", True),
    (22_005, "solved", "Solved", "Solved", True),
    (22_006, "pending", "Waiting for power", "We answer when power is back", False),
)


class Statuses:
    """The statuses of one account. The feature switches are ``custom_statuses`` and ``on_hold_status``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._records: dict[int, Record] = {}
        for id_, category, label, shown, default in _SEED:
            words = {"agent_label": label, "end_user_label": shown}
            self._keep(id_, {"status_category": category, "default": default, **words}, _SEEDED)

    def routes(self) -> list[Route]:
        """Return the operations on custom statuses. None has a narrow scope [DOC]."""
        return [
            Route("GET", _BASE, self.list_statuses, role="end-user"),
            Route("GET", f"{_BASE}/<int:id>", self.show_status, role="end-user"),
            Route("POST", _BASE, self.create_status, role="admin"),
            Route("PUT", f"{_BASE}/<int:id>", self.update_status, role="admin"),
            Route("PUT", "/api/v2/custom_status/default", self.set_defaults, role="admin"),
        ]

    def dump(self) -> Json:
        """Return every status without its stamps."""
        return {
            str(id_): {
                "status_category": row["status_category"],
                "default": row["default"],
                **{field: self._shown(row)[field] for field in _FIELDS},
            }
            for id_, row in self._records.items()
        }

    @property
    def switched_on(self) -> bool:
        """Whether custom statuses are activated on this account."""
        return self._desk.features.get("custom_statuses", True)

    def find(self, id_: int) -> Record | None:
        """Return one status as the wire shows it, for the tickets; None when there is none with this id."""
        row = self._records.get(id_)
        return None if row is None or not (self.switched_on or row["default"]) else self._shown(row)

    def default_of(self, category: str) -> Record:
        """Return the default status of a category."""
        return self._shown(next(r for r in self._records.values() if r["default"] and r["status_category"] == category))

    # --- operations -------------------------------------------------------------------------------------------------

    def list_statuses(self, call: Call) -> Reply:
        """Answer with all statuses, filtered by ``active``, ``default`` and ``status_categories``; no paging [DOC]."""
        categories = call.query["status_categories"].split(",") if "status_categories" in call.query else CATEGORIES
        shown = (self.find(id_) for id_ in self._records)
        rows = [row for row in shown if row is not None and row["status_category"] in categories]
        for flag in ("active", "default"):
            if flag in call.query:
                rows = [row for row in rows if row[flag] == (call.query[flag].lower() == "true")]
        return Reply({"custom_statuses": rows})

    def show_status(self, call: Call) -> Reply:
        """Answer with one status."""
        return Reply({"custom_status": self._shown(find(self._records, call.args["id"]))})

    def create_status(self, call: Call) -> Reply:
        """Create a status in open, pending, hold or solved [SALTO]."""
        self._ready()
        given = inside(call, "custom_status")
        checked({"agent_label": None, "status_category": None, **given}, {**_FIELDS, "status_category": _creatable})
        siblings = sum(row["status_category"] == given["status_category"] for row in self._records.values())
        if len(self._records) >= MOST or siblings >= MOST_PER_CATEGORY:
            raise Refusal(422, {"error": "RecordInvalid", "description": "there are too many statuses", "details": {}})
        self._unique(given["agent_label"], given["status_category"])
        words = {field: given[field] for field in _FIELDS if field in given}
        id_ = self._desk.new_id()
        category = given["status_category"]
        self._keep(id_, {"status_category": category, "default": False, **words}, self._desk.stamp())
        return Reply({"custom_status": self._shown(self._records[id_])}, 201)

    def update_status(self, call: Call) -> Reply:
        """Change labels, descriptions or `active`; another category is refused, a default cannot be switched off."""
        self._ready()
        row = find(self._records, call.args["id"])
        given = inside(call, "custom_status")
        checked(given, _FIELDS)
        if given.get("status_category", row["status_category"]) != row["status_category"]:
            raise invalid(status_category="the category of a status cannot change")
        hold = row["status_category"] == "hold"
        if row["default"] and given.get("active") is False and not hold:
            raise invalid(active="the default status of a category stays active")
        if "agent_label" in given:
            self._unique(given["agent_label"], row["status_category"], besides=row["id"])
        row |= {field: given[field] for field in _FIELDS if field in given} | {"updated_at": self._desk.stamp()}
        if row["default"] and hold and "active" in given:
            self._desk.features["on_hold_status"] = given["active"]
        return Reply({"custom_status": self._shown(row)})

    def set_defaults(self, call: Call) -> Reply:
        """Make each of the statuses in ``ids`` the default of its category [O25]."""
        self._ready()
        text = call.body.get("ids") if isinstance(call.body, Mapping) else None
        if not isinstance(text, str) or not all(part.strip().isdecimal() for part in text.split(",")):
            raise invalid(ids="ids is a text of ids with commas between them")
        chosen = [find(self._records, int(part)) for part in text.split(",")]
        if len({row["status_category"] for row in chosen}) < len(chosen):
            raise invalid(ids="a category has one default status")
        if not all(self._shown(row)["active"] for row in chosen):
            raise invalid(ids="a default status is active")
        for row in chosen:
            for other in self._records.values():
                if other["status_category"] == row["status_category"]:
                    other["default"] = other is row
        return Reply({})

    def _ready(self) -> None:
        if not self.switched_on:
            raise not_here()

    def _unique(self, label: str, category: str, besides: int = 0) -> None:
        """Raise 422 for a label that another status of the category has (a guess)."""
        for row in self._records.values():
            same = (row["agent_label"].lower(), row["status_category"]) == (label.lower(), category)
            if same and row["id"] != besides:
                raise invalid(agent_label="there is a status with this label")

    def _keep(self, id_: int, words: Record, now: str) -> None:
        empty = {"end_user_label": "", "description": "", "end_user_description": "", "active": True}
        self._records[id_] = {"id": id_, **empty, **words, "created_at": now, "updated_at": now}

    def _shown(self, row: Record) -> Record:
        active = row["active"]
        if row["default"] and row["status_category"] == "hold":  # the same switch (a guess)
            active = self._desk.features.get("on_hold_status", True)
        return {**row, "active": active, **{f"raw_{field}": row[field] for field in _RAW}}


def _creatable(value: Json) -> bool:
    return value in CREATABLE
