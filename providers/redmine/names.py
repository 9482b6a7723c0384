"""Names of statuses, trackers, projects and the like as ids of one Redmine. Each list is read once, when needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from providers.redmine.client import Client, Row
from runner.spi import InvalidInput, Rejected

LISTS: Final[Mapping[str, tuple[str, str]]] = {  # field -> path and name of its list
    "status": ("/issue_statuses.json", "issue_statuses"),
    "tracker": ("/trackers.json", "trackers"),
    "priority": ("/enumerations/issue_priorities.json", "issue_priorities"),
    "query": ("/queries.json", "queries"),
    "project": ("/projects.json", "projects"),
}


class Names:
    """What one Redmine calls things."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._rows: dict[str, list[Row]] = {}
        self._fields: dict[str, int] = {}

    def ids(self, field: str, names: Iterable[str], projects: Iterable[Row] = ()) -> list[str]:
        """Return the ids of things by name; categories are those of `projects`. Raises `InvalidInput`."""
        return [str(self.row(field, name, projects)["id"]) for name in names]

    def row(self, field: str, name: str, projects: Iterable[Row] = ()) -> Row:
        """Return the one thing with this name; projects go by identifier as well. Raises `InvalidInput` for a name that
        nothing or more than one thing has, `ProviderError`."""
        rows = self.rows(field) if field != "category" else [row for each in projects for row in self._categories(each)]
        exact = [row for row in rows if row.get("identifier") == name]
        found = exact or [row for row in rows if str(row["name"]).casefold() == name.casefold()]
        if len(found) == 1:
            return found[0]
        at = self._client.account.name
        if found:
            which = ", ".join(str(row.get("identifier", row["id"])) for row in found)
            raise InvalidInput(
                f"{at} has {len(found)} of the name {name!r} among its {_many(field)}",
                hint=f"write its identifier: {which}" if field == "project" else f"rename all but one of {which}",
                code="PL002",
            )
        known = {str(row["name"]).casefold(): str(row["name"]) for row in rows}
        near = [known[low] for low in get_close_matches(name.casefold(), known, n=3, cutoff=0.5)]
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {_few(known.values())}"
        raise InvalidInput(f"{at} has no {field} {name!r} that the key's owner may see", hint=hint, code="PL001")

    def rows(self, field: str) -> list[Row]:
        """Return all things of a field. Raises `ProviderError`."""
        if field not in self._rows:
            path, name = LISTS[field]
            what = f"list {_many(field)}"
            paged = field in ("project", "query")
            self._rows[field] = (
                [*self._client.listed(path, name, what)] if paged else self._client.some(path, name, what)
            )
        return self._rows[field]

    def identifier(self, project: str) -> str:
        """Return the identifier of the project with this id, "" where it is not seen. Raises `ProviderError`."""
        return next((str(row["identifier"]) for row in self.rows("project") if str(row["id"]) == project), "")

    def home(self) -> Row:
        """Return the project of the target's options. Raises `Rejected`, `InvalidInput`."""
        account = self._client.account
        if not account.project:
            raise Rejected(
                f"{account.name}: news and the banner need a project: add `project: <identifier>` under "
                f"targets.{account.name}.options in runner.yaml",
                field="project",
            )
        return self.row("project", account.project)

    def field(self, name: str, row: Row, what: str, option: str) -> int:
        """Return the id of the custom field `name`, seen on a ticket. Raises `InvalidInput` for a ticket that lacks it:
        `what` says which one to make, `option` where another name would stand."""
        seen = [each for each in row.get("custom_fields") or () if each.get("name") == name]
        if not any(each.get("id") == self._fields.get(name) for each in seen):
            if len(seen) != 1:
                raise InvalidInput(
                    f"{self._client.account.name}: ticket {row['id']} has no field {name!r}",
                    hint=f"make a custom field of the format {what} for issues, for all projects and trackers "
                    f"(Administration > Custom fields), or name yours under `{option}`",
                    code="PL001",
                )
            self._fields[name] = int(seen[0]["id"])
        return self._fields[name]

    def snooze_field(self, row: Row) -> int:
        """Return the id of the field for the date of a snooze. Raises `InvalidInput` for a ticket that lacks it."""
        return self.field(self._client.account.snooze_field, row, "Date", "snooze_field")

    def mark_field(self, row: Row) -> int:
        """Return the id of the field for marks. Raises `InvalidInput` for a ticket that lacks it."""
        return self.field(self._client.account.mark_field, row, "Text", "mark_field")

    def _categories(self, project: Row) -> list[Row]:
        path = f"/projects/{project['id']}/issue_categories.json"
        key = f"category of {project['id']}"
        if key not in self._rows:
            self._rows[key] = self._client.some(path, "issue_categories", "list categories")
        return self._rows[key]


def _many(field: str) -> str:
    return {"status": "statuses", "priority": "priorities", "query": "queries", "category": "categories"}.get(
        field, f"{field}s"
    )


def _few(names: Iterable[str]) -> str:
    some = [*names]
    return ", ".join(map(repr, some[:8])) + (" and more" if len(some) > 8 else "") if some else "none"
