"""Talk: phones off and on for the whole account, and greetings of numbers swapped by id [O26].

Greetings are recorded and uploaded in peace time; the playbook only swaps them. A category without a greeting of its
own plays the system's default, whose id cannot be written: taking ours away is the way back to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from providers.zendesk.client import Client, expect
from providers.zendesk.shared import Values, existing, one_by_one, wanted_ids
from runner import kinds
from runner.kinds.shape import NAME
from runner.model import Change, Claim, Merge, Op, Outcome, Value
from runner.spi import Context, Found, InvalidInput, KindSpec, Query, Want

VOICE: Final = "/api/v2/channels/voice"
ACCOUNT: Final = "account"  # the key of the account-wide switch
CATEGORIES: Final[Mapping[int, str]] = {
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


def voice(rate: float) -> KindSpec:
    """Return the kind for phones. Slots: key ``account``, path ``enabled``; key = number id, paths
    ``greeting/<category>`` holding the id of a greeting, or nothing where the default plays."""
    chosen = dict.fromkeys(CATEGORIES.values(), NAME)
    schema = kinds.fields(
        {
            "enabled": {"type": "boolean", "title": "Enabled", "description": "Phones of the whole account on or off."},
            "number": kinds.objects("number"),
            "greeting": kinds.fields(
                {
                    name: {**each, "title": name, "description": "Name of an uploaded greeting."}
                    for name, each in chosen.items()
                },
                minProperties=1,
                title="Greeting",
                description="Category -> name of the greeting that plays while the step is active.",
            ),
        },
        oneOf=[{"required": ["enabled"], "not": {"required": ["number"]}}, {"required": ["number", "greeting"]}],
    )
    merges = {"enabled": Merge.ATOMIC, "greeting/*": Merge.ATOMIC}
    note = "With phones off, numbers still take voicemail: swap their greeting too."
    return KindSpec(
        "voice", "Talk", schema, _query, _claims, merges, whole_object=True, rate=rate, max_batch=1, notes=(note,)
    )


def _query(with_: Mapping[str, Any], context: Context) -> Query:
    del context
    if "enabled" in with_:
        return Query("voice", ids=(ACCOUNT,), paths=("name", "enabled"))
    wanted = tuple(f"greeting/{name}" for name in with_["greeting"])
    return kinds.pick("voice", with_["number"], (*wanted, "greetings"))


def _claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
    if "enabled" in with_:
        return [Want("enabled", Claim(Op.PUT, with_["enabled"]))]
    known = found.values.get("greetings")
    greetings: Mapping[str, Any] = known if isinstance(known, Mapping) else {}
    wants = []
    for category, name in with_["greeting"].items():
        ids = greetings.get(f"{category}/{name}", [])
        if len(ids) != 1:
            offered = sorted(each.partition("/")[2] for each in greetings if each.startswith(f"{category}/"))
            count = f"{len(ids) or 'no'} {category} greeting{'s' * (len(ids) > 1)}"
            raise InvalidInput(
                f"{context.target.name} has {count} named {name!r}",
                hint=f"it has: {', '.join(offered) or 'none; record and upload one first (Talk > Greetings)'}",
            )
        wants.append(Want(f"greeting/{category}", Claim(Op.PUT, ids[0])))
    return wants


class Voice:
    """Talk of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def specs(self) -> Sequence[KindSpec]:
        """Return the kind voice."""
        return (existing(voice(self._client.account.per_minute("support")), "number"),)

    def read(self, query: Query) -> Iterator[tuple[str, Values]]:
        """Yield the account's switch and the numbers with their greetings."""
        return wanted_ids(query, self._switch if query.ids == (ACCOUNT,) else self._every)

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Set the switch, or the greetings of a number in one request."""
        return one_by_one(batch, self._set)

    def _switch(self) -> Iterator[tuple[str, Values]]:
        data = self._client.get(f"{VOICE}/settings", "show the settings of Talk")
        settings = expect(data, "settings", dict, "show the settings of Talk", self._client.account.name)
        yield ACCOUNT, {"name": "Talk", "enabled": bool(settings.get("voice"))}

    def _every(self) -> Iterator[tuple[str, Values]]:
        greetings = self._greetings()
        names: dict[str, Value] = {}
        by_name: dict[str, list[int]] = {}
        for number, (category, name) in greetings.items():
            by_name.setdefault(f"{category}/{name}", []).append(number)
        names["greetings"] = by_name
        yield from self._switch()
        for row in self._numbers():
            own = {f"greeting/{greetings[i][0]}": i for i in row.get("greeting_ids") or () if i in greetings}
            yield str(row["id"]), {"name": row.get("nickname") or row["number"], **own, **names}

    def _numbers(self) -> Iterator[Any]:
        return self._client.pages(f"{VOICE}/phone_numbers", "phone_numbers", "list numbers")

    def _greetings(self) -> dict[int, tuple[str, str]]:
        rows = self._client.pages(f"{VOICE}/greetings", "greetings", "list greetings")
        return {
            int(row["id"]): (CATEGORIES.get(row["category_id"], str(row["category_id"])), str(row["name"]))
            for row in rows
        }

    def _set(self, key: str, changes: Sequence[Change]) -> None:
        if key == ACCOUNT:
            switch = {"settings": {"voice": bool(changes[-1].after)}}
            self._client.write("PUT", f"{VOICE}/settings", "switch Talk", switch)
            return
        data = self._client.get(f"{VOICE}/phone_numbers/{key}", "show the number")
        row = expect(data, "phone_number", dict, "show the number", self._client.account.name)
        greetings = self._greetings()
        chosen = {change.slot.path.removeprefix("greeting/"): change.after for change in changes}
        ids = []
        for i in row.get("greeting_ids") or ():  # each category keeps its place in the list
            after = chosen.pop(greetings.get(i, ("", ""))[0], i)
            ids += [int(after)] if isinstance(after, int | str) else []
        ids += [int(after) for after in chosen.values() if isinstance(after, int | str)]
        body = {"phone_number": {"greeting_ids": ids}}
        self._client.write("PUT", f"{VOICE}/phone_numbers/{key}", "set greetings", body)
