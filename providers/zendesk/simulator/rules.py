"""Triggers and automations: kept, listed, switched in bulk, refused where the vendor refuses.

Facts 2.3 and 2.4. [DOC]: a PUT with conditions or actions replaces both arrays (an array left out becomes empty, and a
rule without actions is refused: a guess); ``update_many`` looks at active, position and category_id alone; new triggers
go last; reorder needs every id and one category. [O25]: default automations are skipped in bulk without an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.zendesk.simulator.conditions import ACTIONS, ENUMS, SEVERAL, TIMES, fields_of
from providers.zendesk.simulator.core import Call, Desk, Json, Refusal, Reply, Route, invalid, missing
from providers.zendesk.simulator.hours import Hours
from providers.zendesk.simulator.listing import (
    Record,
    address,
    checked,
    find,
    inside,
    is_flag,
    is_number,
    is_text,
    pages,
    several,
)
from providers.zendesk.simulator.people import numbers
from providers.zendesk.simulator.rules_seed import AUTOMATIONS, CATEGORIES, SEEDED, TRIGGERS

SUBJECTS: Final = ("status", "type", "group_id", "assignee_id", "requester_id", "custom_status_id")  # last: [SALTO]
_CHECKS: Final = {"title": is_text, "active": is_flag, "position": is_number}
_WORDS: Final = ("title", "active", "position", "description", "category_id")


class Rules:
    """The rules of one kind, ``trigger`` or ``automation``, by id."""

    def __init__(self, desk: Desk, hours: Hours, kind: str) -> None:
        self._desk = desk
        self._hours = hours
        self.kind = kind
        self.many = f"{kind}s"
        self.records: dict[int, Record] = {}
        self.categories = [dict(row) for row in CATEGORIES]
        for position, (id_, title, default, active, conditions, actions) in enumerate(
            TRIGGERS if kind == "trigger" else AUTOMATIONS, 1
        ):
            body = {
                "title": title,
                "active": active,
                "position": position,
                "conditions": conditions,
                "actions": actions,
            }
            self._keep(id_, {"category_id": CATEGORIES[0]["id"], **body}, SEEDED, default=default)

    def routes(self) -> list[Route]:
        """Return the operations on these rules."""
        base, one, scope = f"/api/v2/{self.many}", f"/api/v2/{self.many}/<int:id>", self.many
        routes = [
            Route("GET", base, self._list, scope=scope),
            Route("GET", f"{base}/active", self._active, scope=scope),
            Route("GET", f"{base}/search", self._search, scope=scope),
            Route("GET", one, self._show, scope=scope),
            Route("POST", base, self._create, role="admin", scope=scope),
            Route("PUT", one, self._update, role="admin", scope=scope),
            Route("DELETE", one, self._delete, role="admin", scope=scope),
            Route("DELETE", f"{base}/destroy_many", self._delete_many, role="admin", scope=scope),
            Route("PUT", f"{base}/update_many", self._update_many, role="admin", scope=scope),
        ]
        if self.kind == "trigger":
            routes += [
                Route("GET", f"{base}/definitions", self._definitions, scope=scope),
                Route("PUT", f"{base}/reorder", self._reorder, role="admin", scope=scope),
                Route("GET", "/api/v2/trigger_categories", self._categories, scope=scope),
                Route("POST", "/api/v2/trigger_categories/jobs", self._rearrange, role="admin", scope=scope),
            ]
        return routes

    def in_order(self) -> list[Record]:
        """Return the active rules in the order in which they run: by category, then by position."""
        ranks = {row["id"]: row["position"] for row in self.categories}
        rows = [row for row in self.records.values() if row["active"]]
        return sorted(rows, key=lambda row: (ranks.get(row.get("category_id"), 0), row["position"], row["id"]))

    def dump(self) -> Json:
        """Return every rule without its stamps."""
        return {
            str(id_): {name: value for name, value in row.items() if name not in ("created_at", "updated_at", "url")}
            for id_, row in self.records.items()
        }

    # --- reading --------------------------------------------------------------------------------------------------

    def _chosen(self, call: Call) -> list[Record]:
        rows = sorted(self.records.values(), key=lambda row: (not row["active"], row["position"], row["id"]))
        if "active" in call.query:
            rows = [row for row in rows if row["active"] == (call.query["active"].lower() == "true")]
        if "category_id" in call.query:
            rows = [row for row in rows if row.get("category_id") == call.query["category_id"]]
        return rows

    def _list(self, call: Call) -> Reply:
        return pages(self._desk, call, self.many, self._chosen(call))

    def _active(self, call: Call) -> Reply:
        return pages(self._desk, call, self.many, [row for row in self._chosen(call) if row["active"]])

    def _search(self, call: Call) -> Reply:
        """Answer the rules with a word in the title; offset paging only."""
        if any(name.startswith("page[") for name in call.query):
            raise Refusal(400, {"errors": [{"code": "InvalidPaginationParameter", "title": "offset paging only"}]})
        word = call.query.get("query", "").strip().strip('"').lower()
        return pages(self._desk, call, self.many, [row for row in self._chosen(call) if word in row["title"].lower()])

    def _show(self, call: Call) -> Reply:
        return Reply({self.kind: find(self.records, call.args["id"])})

    def _definitions(self, _: Call) -> Reply:
        rows = [
            {
                "group": "ticket",
                "nullable": False,
                "operators": [{"terminal": o.endswith("changed"), "title": _title(o), "value": o} for o in operators],
                "repeatable": name == "current_tags",
                "subject": name,
                "title": _title(name),
                "type": "text" if name == "current_tags" else "list",
            }
            for name, operators in fields_of("trigger", len(self._hours.schedules)).items()
        ]
        acts = [
            {
                "group": "ticket",
                "nullable": False,
                "repeatable": False,
                "subject": a,
                "title": _title(a),
                "type": "list",
            }
            for a in ACTIONS
            if a != "set_schedule" or self._hours.schedules
        ]
        return Reply({"definitions": {"actions": acts, "conditions_all": rows, "conditions_any": rows}})

    def _categories(self, _: Call) -> Reply:
        meta = {"has_more": False, "after_cursor": "", "before_cursor": ""}
        return Reply({"trigger_categories": self.categories, "links": {}, "meta": meta})

    # --- writing --------------------------------------------------------------------------------------------------

    def _create(self, call: Call) -> Reply:
        wanted = inside(call, self.kind)
        checked({"title": None} | wanted, _CHECKS)
        words: Record = {name: wanted[name] for name in _WORDS if name in wanted}
        body: Record = self._arrays(wanted) | {"category_id": CATEGORIES[0]["id"]} | words
        self._belongs(body)
        last = max((row["position"] for row in self.records.values()), default=0) + 1
        made = {**body, "active": wanted.get("active", True), "position": last}
        self._lawful(made, None)
        return Reply({self.kind: self._keep(self._desk.new_id(), made, self._desk.stamp(), default=False)}, 201)

    def _update(self, call: Call) -> Reply:
        found = find(self.records, call.args["id"])
        wanted = inside(call, self.kind)
        checked(wanted, _CHECKS)
        if found["default"] and self.kind == "automation":
            raise invalid(base="a standard automation cannot be changed")
        arrays: Record = self._arrays(wanted) if {"conditions", "actions"} & wanted.keys() else {}
        words: Record = {name: wanted[name] for name in _WORDS if name in wanted}
        new = found | words | arrays
        self._belongs(new)
        self._lawful(new, found["id"])
        new |= {"raw_title": new["title"], "updated_at": self._desk.stamp()}
        self.records[found["id"]] = new
        return Reply({self.kind: new})

    def _update_many(self, call: Call) -> Reply:
        wanted = several(call, self.many)
        for item in wanted:
            if not is_number(item.get("id")):
                raise invalid(id="is a whole number")
            checked(item, {"active": is_flag, "position": is_number})
            find(self.records, item["id"])
        changed = []
        for item in wanted:
            found = self.records[item["id"]]
            if found["default"] and self.kind == "automation":
                continue
            words = ("active", "position", "category_id") if self.kind == "trigger" else ("active", "position")
            new = {**found, **{name: item[name] for name in words if name in item}}
            self._belongs(new)
            self._lawful(new, found["id"])
            self.records[found["id"]] = {**new, "updated_at": self._desk.stamp()}
            changed.append(self.records[found["id"]])
        return Reply({self.many: changed, "count": len(changed), "next_page": None, "previous_page": None})

    def _delete(self, call: Call) -> Reply:
        del self.records[find(self.records, call.args["id"])["id"]]
        return Reply(None, 204)

    def _delete_many(self, call: Call) -> Reply:
        ids = numbers(call.query.get("ids", ""))
        for id_ in ids:
            find(self.records, id_)
        for id_ in ids:
            del self.records[id_]
        return Reply(None, 204)

    def _reorder(self, call: Call) -> Reply:
        ids = call.body.get("trigger_ids") if isinstance(call.body, Mapping) else None
        if not isinstance(ids, list) or not all(map(is_number, ids)) or set(ids) != set(self.records):
            raise missing()
        if len(self.categories) > 1:
            body = {"error": "LimitOneCategory", "description": "there is more than one category"}
            raise Refusal(400, body)
        for position, id_ in enumerate(ids, 1):
            self.records[id_] = {**self.records[id_], "position": position, "updated_at": self._desk.stamp()}
        return Reply({"trigger": self.records[ids[0]]})

    def _rearrange(self, call: Call) -> Reply:
        """Move triggers and categories at once; ids are texts here [O26]. One bad item leaves all as they were."""
        items = inside(call, "job").get("items")
        wanted: Record = items if isinstance(items, dict) else {}
        places = {row["id"]: row for row in self.categories}
        triggers, categories = _rows(wanted.get("triggers")), _rows(wanted.get("trigger_categories"))
        known = [str(id_) for id_ in self.records]
        bad = [item for item in triggers if item.get("id") not in known]
        bad += [item for item in categories if item.get("id") not in list(places)]
        bad += [item for item in triggers if item.get("category_id", CATEGORIES[0]["id"]) not in list(places)]
        bad += [item for item in [*triggers, *categories] if not is_number(item.get("position", 1))]
        bad += [item for item in triggers if not is_flag(item.get("active", True))]
        bad += [item for item in categories if "position" not in item]
        if inside(call, "job").get("action") != "patch" or bad:
            raise Refusal(
                400, {"errors": [{"code": "InvalidJob", "title": "action is patch, ids exist and are texts"}]}
            )
        for item in categories:
            places[item["id"]] |= {"position": item["position"], "updated_at": self._desk.stamp()}
        for item in triggers:
            words = {name: item[name] for name in ("active", "position", "category_id") if name in item}
            self.records[int(item["id"])] = self.records[int(item["id"])] | words | {"updated_at": self._desk.stamp()}
        moved = [self.records[int(item["id"])] for item in triggers]
        results = {"triggers": moved, "trigger_categories": [places[item["id"]] for item in categories]}
        return Reply({"status": "complete", "results": results, "errors": []})

    # --- what is refused ------------------------------------------------------------------------------------------

    def _arrays(self, wanted: Mapping[str, Json]) -> Record:
        """Return the new conditions and actions; raises the 422 of unknown fields, operators or actions."""
        conditions, actions = wanted.get("conditions") or {}, wanted.get("actions") or []
        if not isinstance(conditions, Mapping) or not isinstance(actions, list):
            raise invalid(conditions="conditions hold all and any, actions are a list")
        known = fields_of(self.kind, len(self._hours.schedules))
        arrays: dict[str, list[Json]] = {"all": conditions.get("all") or [], "any": conditions.get("any") or []}
        if not all(isinstance(each, list) for each in arrays.values()):
            raise invalid(conditions="all and any are lists")
        for condition in [*arrays["all"], *arrays["any"]]:
            if not isinstance(condition, Mapping) or condition.get("operator") not in known.get(_field(condition), ()):
                raise invalid(conditions=f"{condition} is no condition of this account")
            if condition["field"] in TIMES and not str(condition.get("value")).isdecimal():
                raise invalid(conditions=f"{condition['field']} counts whole hours")
            if condition["field"] in SEVERAL and not self._scheduled(condition.get("value")):
                raise invalid(conditions=f"{condition['field']} names a schedule")
        for action in actions:
            if not isinstance(action, Mapping) or action.get("field") not in ACTIONS:
                raise invalid(actions=f"{action} is no action of this account")
            if action["field"] in ENUMS and action.get("value") not in ENUMS[action["field"]]:
                raise invalid(actions=f"{action['field']} takes one of {', '.join(ENUMS[action['field']])}")
            if action["field"] == "set_schedule" and not self._scheduled(action.get("value")):
                raise invalid(actions="set_schedule names a schedule")
        if not actions:
            raise invalid(actions="a rule has an action")
        if not arrays["all"] and not arrays["any"]:
            raise invalid(conditions="a rule has a condition")
        return {"conditions": arrays, "actions": actions}

    def _scheduled(self, value: Json) -> bool:
        return str(value).isdecimal() and int(str(value)) in self._hours.schedules

    def _belongs(self, row: Mapping[str, Json]) -> None:
        if self.kind == "trigger" and row["category_id"] not in [known["id"] for known in self.categories]:
            raise invalid(category_id="there is no such category")

    def _lawful(self, row: Mapping[str, Json], id_: int | None) -> None:
        """Raise the 422 of an automation without a time or a subject, or that is active twice."""
        if self.kind == "trigger":
            return
        fields = {condition["field"] for condition in row["conditions"]["all"]}
        if not fields & set(TIMES) or not fields & set(SUBJECTS):
            raise invalid(conditions="all needs a time and one of " + ", ".join(SUBJECTS))
        for other in self.records.values():
            same = (other["conditions"], other["actions"]) == (row["conditions"], row["actions"])
            if row["active"] and other["active"] and other["id"] != id_ and same:
                raise invalid(base="an active automation does the same")

    def _keep(self, id_: int, body: Record, at: str, *, default: bool) -> Record:
        words = {name: value for name, value in body.items() if self.kind == "trigger" or name != "category_id"}
        row = {"id": id_, **words, "raw_title": body["title"], "default": default, "created_at": at, "updated_at": at}
        if self.kind == "trigger":
            row |= {"description": body.get("description") or ""}
        row["url"] = address(self._desk, f"/api/v2/{self.many}/{id_}.json")
        self.records[id_] = row
        return row


def _rows(value: Json) -> list[Record]:
    """Return the objects of a list, with one that fits nothing in the place of everything else."""
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def _field(condition: Mapping[str, Json]) -> str:
    return str(condition.get("field"))


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
