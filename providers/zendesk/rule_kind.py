"""The kind `rule` on Zendesk, pure: switch a trigger or automation, replace one by an edited copy, or make one.

Slots: key ``trigger-<id>``, ``automation-<id>``, ``chat_trigger-<id>``, ``department-<id>``, or the marker of a rule
that we make. Paths: ``active``; ``clones/<marker>`` of the original for its edited copy, so that the original itself is
only switched off; ``rule`` of a marker for the whole rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner import kinds
from runner.kinds.shape import NAME
from runner.model import Claim, Json, Merge, Op
from runner.spi import Context, Found, Identity, InvalidInput, KindSpec, Query, Want

TYPES: Final = ("trigger", "automation", "chat_trigger", "department")
SELECTORS: Final = ("rule", *TYPES)
_FORMS: Final = ("active", "append", "append_file", "text", "text_file")


def rule(rate: float) -> KindSpec:
    """Return the kind. `rate` is the account's limit in requests a minute."""
    spec = kinds.rule()
    return kinds.override(
        spec,
        {
            "title": "Trigger, automation, chat trigger or department",
            "schema": _schema(),
            "query": _query,
            "claims": _claims,
            "merges": {"active": Merge.ATOMIC, "clones/*": Merge.ATOMIC, "rule": Merge.ATOMIC},
            "identity": Identity.MARKER,
            "rate": rate,
            "announces": ("append", "text", "subject", "body"),
            "notes": (
                "Changed texts go into a copy; the original is only switched off.",
                "A mail has one text: those of several languages stand below each other. Dynamic content has one each.",
            ),
        },
    )


def _selector(with_: Mapping[str, Any]) -> str:
    return next((name for name in SELECTORS if name in with_), "")


def _query(with_: Mapping[str, Any], context: Context) -> Query:
    chosen = _selector(with_)
    if not chosen:
        return Query("rule", ids=(context.marker(),), paths=("name", "rule"))
    paths = ("active",) if "active" in with_ else ("active", "definition", "clones/*")
    query = kinds.pick("rule", with_[chosen], paths)
    if query.ids and chosen != "rule":
        prefix = f"{chosen}-"
        query = Query(
            "rule", ids=tuple(each if "-" in each else prefix + each for each in query.ids), paths=query.paths
        )
    return query


def _claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
    chosen, kind = _selector(with_), found.key.rpartition("-")[0]
    if not chosen:
        return [Want("rule", Claim(Op.PUT, _made(with_, context)))]
    if chosen in TYPES and kind != chosen:
        raise InvalidInput(
            f"{found.name} on {context.target.name} is no {chosen.replace('_', ' ')}",
            hint=f"write `{kind}:` in place of `{chosen}:`" if kind in TYPES else "mend its id",
        )
    if "active" in with_:
        return [Want("active", Claim(Op.PUT, with_["active"]))]
    copy = _edited(with_, context, found)
    # A step may name several originals: each copy has a marker of its own, or one would stand for all of them.
    return [Want(f"clones/{context.marker(found.key)}", Claim(Op.PUT, copy)), Want("active", Claim(Op.PUT, False))]


# --- an edited copy -------------------------------------------------------------------------------------------------


def _edited(with_: Mapping[str, Any], context: Context, found: Found) -> Json:
    definition = found.values.get("definition")
    mails = [] if not isinstance(definition, Mapping) else [a for a in definition["actions"] if _mails(a)]
    if not isinstance(definition, Mapping) or not mails:
        raise InvalidInput(
            f"{found.name} on {context.target.name} sends no mail whose text could be changed",
            hint="name a trigger or automation with a notification to a user or a group",
        )
    actions = []
    for action in definition["actions"]:
        if _mails(action):
            *head, body = action["value"]
            added = kinds.every_text(with_.get("text", with_.get("append")), context)
            actions.append({**action, "value": [*head, added if "text" in with_ else f"{body}\n\n{added}"]})
        else:
            actions.append(action)
    return {**definition, "actions": actions}


def _mails(action: Mapping[str, Any]) -> bool:
    value = action.get("value")
    return str(action.get("field", "")).startswith("notification_") and isinstance(value, list) and len(value) >= 3


# --- rules of our own -----------------------------------------------------------------------------------------------


def _made(with_: Mapping[str, Any], context: Context) -> Json:
    if "create" in with_:
        given = with_["create"]
        conditions = {part: [condition(each) for each in given.get(part, [])] for part in ("all", "any")}
        return whole(given["type"], given["title"], conditions, [action(each) for each in given["actions"]])
    mail = [
        kinds.every_text(with_.get("subject", ""), context, " / "),
        kinds.every_text(with_.get("body", ""), context),
    ]
    notify = {"field": "notification_user", "value": ["requester_id", *mail]}
    if with_["make"] == "out_of_hours":
        every = [("update_type", "is", "Create"), ("in_business_hours", "is", "false")]
        return whole("trigger", with_.get("title", "Answer out of hours"), _all(every), [notify])
    if "after" not in with_:
        raise InvalidInput("a reminder needs the hours after which it is sent", hint="add `after: 4`")
    age = "requester_updated_at" if with_.get("since") == "requester" else "updated_at"
    every = [
        ("status", "less_than", "solved"),
        (age, "greater_than", str(with_["after"])),
        ("current_tags", "not_includes", context.marker()),
    ]
    # An automation repeats while its conditions hold: the tag makes it act once for a ticket [DOC].
    once = {"field": "current_tags", "value": context.marker()}
    return whole("automation", with_.get("title", "Still waiting"), _all(every), [notify, once])


def _all(entries: Sequence[tuple[str, str, str]]) -> Mapping[str, Any]:
    return {"all": [{"field": field, "operator": operator, "value": value} for field, operator, value in entries]}


def whole(kind: str, title: str, conditions: Mapping[str, Any], actions: Sequence[Any]) -> Json:
    """Return a rule as a slot holds it."""
    return {
        "type": kind,
        "title": title,
        "conditions": {part: list(conditions.get(part) or ()) for part in ("all", "any")},
        "actions": list(actions),
    }


def condition(raw: Mapping[str, Any]) -> dict[str, Json]:
    """Return one condition with its value as text, as Zendesk shows it."""
    value = raw.get("value")
    text = value if isinstance(value, list) or value is None else _text(value)
    return {"field": str(raw["field"]), "operator": str(raw.get("operator", "is")), "value": text}


def action(raw: Mapping[str, Any]) -> dict[str, Json]:
    """Return one action with its value as text or a list of texts."""
    value = raw.get("value")
    text = [_text(each) for each in value] if isinstance(value, list) else _text(value)
    return {"field": str(raw["field"]), "value": text}


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


# --- schema ---------------------------------------------------------------------------------------------------------


def _schema() -> Mapping[str, Any]:
    entry = {"type": "object", "required": ["field"], "title": "Entry", "description": "As Zendesk's API names it."}
    entries = {"type": "array", "items": entry}
    title = {**NAME, "title": "Title", "description": "Title of the rule in the Admin Center."}
    create = kinds.fields(
        {
            "type": {"enum": ["trigger", "automation"], "title": "Type", "description": "Which of the two."},
            "title": title,
            "all": {**entries, "title": "All", "description": "Conditions that must all hold."},
            "any": {**entries, "title": "Any", "description": "Conditions of which one must hold."},
            "actions": {**entries, "minItems": 1, "title": "Actions", "description": "What the rule does."},
        },
        ["type", "title", "actions"],
        title="Create",
        description="A rule of our own, deleted on restore; fields and operators are those of Zendesk's API.",
    )
    make = {
        "enum": ["out_of_hours", "reminder"],
        "title": "Make",
        "description": "`out_of_hours`: a trigger that answers new tickets outside business hours; `reminder`: an "
        "automation that writes once to customers whose ticket nobody touched for some hours.",
    }
    after = {
        "type": "integer",
        "minimum": 1,
        "title": "After",
        "description": "Of a reminder: hours without an update.",
    }
    since = {
        "enum": ["update", "requester"],
        "title": "Since",
        "description": "Of a reminder: anybody's update, or theirs.",
    }
    mail = {
        **kinds.texts("subject", "Subject", "Subject of the mail to the requester."),
        **kinds.texts("body", "Body", "Text of the mail to the requester."),
    }
    return kinds.fields(
        {
            **{name: kinds.objects(name.replace("_", " ")) for name in SELECTORS},
            "active": {"type": "boolean", "title": "Active", "description": "Whether the rule runs."},
            **kinds.texts("text", "Text", "Replaces the text of the rule's mail, in a copy."),
            **kinds.texts("append", "Append", "Lines added below the text of the rule's mail, in a copy."),
            "create": create,
            "make": make,
            "title": title,
            "after": after,
            "since": since,
            **mail,
        },
        oneOf=[
            *({"required": [name], "oneOf": [{"required": [form]} for form in _FORMS]} for name in SELECTORS),
            {"required": ["create"]},
            {"required": ["make", "body"]},
            {"required": ["make", "body_file"]},
        ],
    )
