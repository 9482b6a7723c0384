"""What is missing or remarkable about an account, for `runner doctor` and for plans. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final

from providers.zendesk import security
from providers.zendesk.auth import LEGACY
from providers.zendesk.client import Client, expect
from providers.zendesk.hours import SCHEDULES
from providers.zendesk.snooze_kind import default_status
from providers.zendesk.ticket_kind import category, needed
from providers.zendesk.ticket_words import known
from runner.spi import Finding, Forbidden, InvalidInput, ProviderError, Target

SHOWN: Final = 5  # rules named one by one


def examine(client: Client, target: Target) -> Iterator[Finding]:
    """Yield findings about credential, role, scopes, plan, statuses and the IP restriction. Raises `ProviderError`."""
    who = expect(client.get("/api/v2/users/me", "show who we are"), "user", dict, "show who we are", target.name)
    if who.get("id") is None:  # an anonymous request is answered with 200, too [LIVE]
        yield Finding("problem", "Zendesk takes the requests for anonymous", "mend the credential in runner.yaml")
        return
    role = str(who.get("role", ""))
    if role != "admin":
        hint = "let an administrator own the OAuth client: schedules, rules and settings need that role"
        yield Finding("problem", f"the credential belongs to {who.get('name')}, role {role}, not admin", hint)
    else:
        yield Finding("ok", f"acts as {who.get('name')}, admin")
    if client.tokens.legacy:
        yield Finding("note", "uses an API token, the legacy way", LEGACY)
    elif missing := client.tokens.missing():
        hint = "add them to the OAuth client (Admin Center > Apps and integrations > APIs > OAuth clients)"
        yield Finding("problem", f"the token lacks the scopes {', '.join(missing)}", hint)
    yield from _plan(client)
    yield from _statuses(client, target)
    yield from _address(client, target)


def _plan(client: Client) -> Iterator[Finding]:
    try:
        client.whole(SCHEDULES, "schedules", "list schedules")
    except Forbidden as fault:
        yield Finding("problem", fault.message, "business hours need Support Professional or Suite Growth and higher")


def _statuses(client: Client, target: Target) -> Iterator[Finding]:
    named = client.account.statuses
    wanted = {name: status for name, status in {"pause": target.words.get("pause"), **named}.items() if status}
    if not wanted:
        return
    words = known(client)
    for name, status in wanted.items():
        value = named.get(status, status) if isinstance(status, str) else status
        try:
            words.refuse_unknown(needed({"status": value}), client)
        except InvalidInput as fault:
            yield Finding("problem", f"{name}: {fault.message}", fault.hint)


def _address(client: Client, target: Target) -> Iterator[Finding]:
    try:
        shown = client.get("/api/v2/security_settings", "show the security settings")
    except ProviderError as fault:
        yield Finding("note", fault.message, "steps on security settings cannot be checked without it")
        return
    restricted = security.shown("ip", shown)
    address = target.options.get("own_address")
    if isinstance(restricted, list) and address is None:
        hint = "set `own_address` under the target's options, so that no step can lock the runner out"
        yield Finding("note", "access is restricted to IP addresses", hint)
    elif isinstance(restricted, list) and security.locks_out(str(address), restricted, shown):
        yield Finding("problem", f"{address} is not among the addresses that may come in", "mend `own_address`")


# --- before tickets are changed -------------------------------------------------------------------------------------


def advise_tickets(client: Client, target: Target, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
    """Yield which rules may mail somebody when the tickets of a step change. Raises `ProviderError`."""
    status = with_.get("status", default_status(target) if kind == "snooze" else None)
    status = target.words.get(status, status) if isinstance(status, str) else status
    status = client.account.statuses.get(status, status) if isinstance(status, str) else status
    after = category(status) if status is not None else ""
    written = {"status", "current_tags", *(["assignee_id"] if kind == "snooze" and "by" in with_ else [])}
    written |= {"answer"} & with_.keys()
    triggers = [
        row["title"]
        for row in client.pages("/api/v2/triggers", "triggers", "list triggers", active="true")
        if row["active"] and _mails(row) and _may_fire(row, after, written)
    ]
    if triggers:
        yield (
            f"{_named(triggers, 'trigger')} may mail somebody about every ticket, unless a step before this one "
            "switches them off (`uses: rule`)"
        )
    automations = [
        row["title"]
        for row in client.pages("/api/v2/automations", "automations", "list automations")
        if row["active"] and after and _names_status(row, after)
    ]
    if automations:
        yield f"{_named(automations, 'automation')} will count the hours that tickets are {after}"


def _named(titles: Sequence[str], what: str) -> str:
    more = f" and {len(titles) - SHOWN} more" if len(titles) > SHOWN else ""
    return f"{len(titles)} {what}{'s' * (len(titles) != 1)} ({', '.join(titles[:SHOWN])}{more})"


def _mails(row: Mapping[str, Any]) -> bool:
    return any(str(each.get("field", "")).startswith("notification_") for each in row.get("actions") or ())


def _may_fire(row: Mapping[str, Any], after: str, written: Set[str]) -> bool:
    """Whether an update of the fields `written` (``answer``: a public comment), into status `after`, could meet the
    conditions that must all hold."""
    return all(_could_hold(each, after, written) for each in (row.get("conditions") or {}).get("all") or ())


def _could_hold(condition: Mapping[str, Any], after: str, written: Set[str]) -> bool:
    name, operator, value = (condition.get(part) for part in ("field", "operator", "value"))
    if name == "update_type":
        return (value == "Create") == (operator == "is_not")
    if operator in ("changed", "changed_to", "changed_from") and name not in written:
        return False
    if name == "comment_is_public":
        return str(value) in ("not_relevant", "true" if "answer" in written else "false")
    if name == "status" and after and operator in ("is", "value"):
        return value == after
    if name == "status" and after and operator in ("is_not", "not_value"):
        return bool(value != after)
    return True


def _names_status(row: Mapping[str, Any], status: str) -> bool:
    conditions = row.get("conditions") or {}
    every = [*(conditions.get("all") or ()), *(conditions.get("any") or ())]
    return any(str(each.get("field")).lower() == status or each.get("value") == status for each in every)
