"""Words for values, times and amounts, as every view writes them.

Pure: values in, one-line strings out. Everything of our own is ASCII, so that no terminal or log garbles it; what
comes from a target is shown as it is, except control characters, which are made visible.
"""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.model import Claim, Nothing, Op, Value, value_to_json
from runner.views.words import ENGLISH, Words

__all__ = [
    "amount",
    "claim_words",
    "clean",
    "columns",
    "command",
    "difference",
    "duration",
    "exact",
    "field_name",
    "instant",
    "instant_json",
    "listed",
    "noun",
    "padded",
    "run_name",
    "short",
    "span",
    "when",
    "zone_of",
]

NOTHING_WORDS = {Nothing.ABSENT: "(none)", Nothing.UNKNOWN: "(unknown)"}
EMPTY = "(empty)"
LIMIT = 60  # characters of one value on a line

_MINUTES = re.compile(r"\d\d:\d\d-\d\d:\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_MARKER = re.compile(r"or-[a-z2-7]{12}")
_LOOKS_LIKE_OURS = {"yes", "no", "closed"}
# control characters, marks that turn the direction of text, half characters
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_NOUNS = {
    "tickets": "ticket",
    "snooze": "ticket",
    "business_hours": "schedule",
    "holiday": "schedule",
    "channel_hours": "channel",
    "channel": "channel",
    "message": "message",
    "rule": "rule",
    "notice": "notice",
    "access": "setting",
    "checklist": "item",
}


def clean(text: str, limit: int = 0) -> str:
    """Return `text` on one line with control and text-direction characters made visible, cut to `limit` characters
    (0 for no limit) with ``...`` at the end."""
    text = _UNSEEN.sub(lambda found: _visible(found[0]), text)
    return text if not limit or len(text) <= limit else text[: max(limit - 3, 1)].rstrip() + "..."


def _visible(char: str) -> str:
    return " " if char == "\t" else char.encode("unicode_escape").decode("ascii")


def columns(text: str) -> int:
    """Return how many terminal columns a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def padded(text: str, width: int) -> str:
    """Return the text with blanks up to `width` columns."""
    return text + " " * max(width - columns(text), 0)


def short(value: Value, *, path: str = "", zone: str = "", limit: int = LIMIT) -> str:
    """Return one value on one line of at most about `limit` characters.

    Open minutes read ``09:00-12:00 13:00-18:00``, a day without any ``closed`` (when `path` is a weekday of hours),
    ABSENT ``(none)``, UNKNOWN ``(unknown)``, null and empty ``(empty)``, true and false ``yes`` and ``no``. Instants
    are shown in `zone` when one is given.
    """
    if isinstance(value, Nothing):
        return NOTHING_WORDS[value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _short_text(value, zone, limit)
    if isinstance(value, Sequence):
        if not value:
            return "closed" if path.startswith("hours/") else EMPTY
        separator = " " if all(isinstance(one, str) and _MINUTES.fullmatch(one) for one in value) else ", "
        return clean(separator.join(short(one, zone=zone, limit=0) for one in value), limit)
    if isinstance(value, Mapping):
        if _refers(value):
            return clean(str(value["name"]), limit)
        parts = (f"{clean(str(key))}: {short(one, zone=zone, limit=limit)}" for key, one in value.items())
        return clean(", ".join(parts), limit) or EMPTY
    return EMPTY if value is None else clean(json.dumps(value), limit)


def _refers(*values: Mapping[str, Value]) -> bool:
    """Whether these are references to something of the helpdesk, which goes by its name."""
    return all(value.keys() == {"id", "name"} for value in values)


def _short_text(text: str, zone: str, limit: int) -> str:
    if not text.strip():
        return EMPTY if not text else json.dumps(text)
    if zone and _INSTANT.fullmatch(text):
        return when(datetime.fromisoformat(text), zone)
    if text in _LOOKS_LIKE_OURS or text.startswith("("):
        return clean(json.dumps(text, ensure_ascii=False), limit)
    first, *others = text.strip().splitlines()
    return clean(first, limit) + (f" (+{amount(len(others), 'line')})" if others else "")


def exact(value: Value) -> str:
    """Return the value as JSON on one line: the way out when two different values would read alike."""
    return clean(json.dumps(value_to_json(value), ensure_ascii=False, sort_keys=True))


def difference(before: Value, after: Value, *, path: str = "", zone: str = "", limit: int = LIMIT) -> str:
    """Return ``before -> after`` on one line.

    Of two texts only the first line that differs is shown, of two mappings only the members that differ, of two long
    lists only what comes and goes.
    """
    if isinstance(before, str) and isinstance(after, str) and _is_long(before, after, limit):
        words = _text_difference(before, after, limit)
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and not _refers(before, after):
        words = _mapping_difference(before, after, zone, limit)
    elif isinstance(before, list) and isinstance(after, list) and _is_long(before, after, limit):
        words = _list_difference(before, after, limit)
    else:
        left, right = (short(value, path=path, zone=zone, limit=limit) for value in (before, after))
        if left == right and exact(before) != exact(after):
            left, right = exact(before), exact(after)
        words = f"{left} -> {right}"
    return words


def _is_long(before: str | list[Value], after: str | list[Value], limit: int) -> bool:
    if isinstance(before, str) and isinstance(after, str):
        return any("\n" in text.strip() or len(text) > limit for text in (before, after))
    return all(isinstance(one, str) and not _MINUTES.fullmatch(one) for one in [*before, *after]) and (
        max(len(before), len(after)) > 4
    )


def _text_difference(before: str, after: str, limit: int) -> str:
    old, new = before.splitlines(), after.splitlines()
    at = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    if at == len(old) and at == len(new):
        return f"{exact(before)} -> {exact(after)}" if len(exact(before)) < limit else "only the line ends differ"
    if at == len(old):
        return _tail("adds", [line for line in new[at:] if line.strip()], limit)
    if at == len(new):
        return _tail("removes", [line for line in old[at:] if line.strip()], limit)
    cut = _skipped(old[at], new[at], limit)
    left, right = (("... " if cut else "") + clean(line[cut:], limit) for line in (old[at], new[at]))
    return f"line {at + 1}: {left or EMPTY} -> {right or EMPTY}"


def _skipped(old: str, new: str, limit: int) -> int:
    """Return how many leading characters are left out so that the difference falls among those shown."""
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    if same <= limit // 2:
        return 0
    near = same - limit // 3
    word = old.rfind(" ", 0, near) + 1
    return word if same - word < limit - 10 else near


def _tail(verb: str, lines: Sequence[str], limit: int) -> str:
    if not lines:
        return f"{verb} an empty line at the end"
    more = f" (+{amount(len(lines) - 1, 'line')})" if len(lines) > 1 else ""
    return f"{verb} at the end: {clean(lines[0], limit)}{more}"


def _mapping_difference(before: Mapping[str, Value], after: Mapping[str, Value], zone: str, limit: int) -> str:
    keys = [key for key in dict.fromkeys([*before, *after]) if before.get(key, Nothing) != after.get(key, Nothing)]
    absent = Nothing.ABSENT
    parts = (
        f"{clean(str(key))}: {difference(before.get(key, absent), after.get(key, absent), zone=zone, limit=limit)}"
        for key in keys
    )
    return ", ".join(parts) or f"{short(before, zone=zone)} -> {short(after, zone=zone)}"


def _list_difference(before: Sequence[str], after: Sequence[str], limit: int) -> str:
    comes = [one for one in after if one not in before]
    goes = [one for one in before if one not in after]
    parts = [f"{verb} {clean(', '.join(some), limit)}" for verb, some in (("adds", comes), ("removes", goes)) if some]
    return "; ".join(parts) or "only the order differs"


def claim_words(claim: Claim, *, path: str = "", zone: str = "") -> str:
    """Return what a claim does with the value below it, as a short verb phrase."""
    if claim.op is Op.PUT:
        removes = claim.value is Nothing.ABSENT
        return "removes it" if removes else f"sets {short(claim.value, path=path, zone=zone)}"
    if claim.op is Op.MEMBERS:
        add, remove = ("opens", "closes") if path.startswith("hours/") else ("adds", "removes")
        parts = [
            f"{verb} {clean(' '.join(some), LIMIT)}"
            for verb, some in ((remove, claim.remove), (add, claim.add))
            if some
        ]
        return ", ".join(parts) or "changes nothing"
    if claim.op is Op.SEND:
        return "sends once"
    verb = "appends" if claim.op is Op.APPEND else "rewrites the text:"
    return f"{verb} {short(claim.value)}"


def field_name(path: str) -> str:
    """Return a path as a person would say it: ``hours/fri`` -> ``fri``, ``text/es`` -> ``text es``, ``tags/x`` ->
    ``tag x``; a marker of ours is left out unless it is a tag."""
    head, _, rest = path.partition("/")
    if head == "tags":
        return clean(f"tag {rest}" if rest else "tag")
    if head == "hours" and rest:
        return clean(rest)
    return clean(" ".join(part for part in path.split("/") if not _MARKER.fullmatch(part)) or path)


def run_name(run: str, target: str) -> str:
    """Return a run's id as ``step on target``; a follow-up reads ``step, follow-up 1, on target``."""
    step, _, rest = run.partition("/restore/")
    step = step.removesuffix(f"@{target}")
    follow = f", follow-up {rest}," if rest else ""
    return clean(f"{step}{follow} on {target}")


def zone_of(name: str) -> tzinfo:
    """Return the zone called `name`; UTC when this machine does not know it (every time shown names its zone)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def when(instant: datetime, zone: str, *, year: bool = False, words: Words = ENGLISH) -> str:
    """Return an instant in `zone` with its weekday: ``Fri 11 Dec 11:30 -03``."""
    local = instant.astimezone(zone_of(zone))
    return f"{_date(local, year, words)} {local:%H:%M} {local.tzname()}"


def span(
    start: datetime, end: datetime | None, zone: str, *, year: bool = False, words: Words = ENGLISH
) -> str:  # fmt: skip
    """Return the time from `start` to `end` in `zone`; without an end ``from ... on``."""
    if end is None:
        return f"from {when(start, zone, year=year)} on"
    first, last = (one.astimezone(zone_of(zone)) for one in (start, end))
    if first.date() == last.date() and first.utcoffset() == last.utcoffset():
        return f"{_date(first, year, words)} {first:%H:%M}-{last:%H:%M} {first.tzname()}"
    return f"{when(start, zone, year=year, words=words)} {words.to} {when(end, zone, words=words)}"


def _date(local: datetime, year: bool, words: Words) -> str:
    tail = f" {local.year}" if year else ""
    return f"{words.days[local.weekday()]} {local.day} {words.months[local.month - 1]}{tail}"


def instant(data: str) -> datetime:
    """Return the instant of an RFC 3339 text; raises ValueError when it is none or has no offset."""
    value = datetime.fromisoformat(data)
    if value.tzinfo is None:
        raise ValueError(f"{data} has no time zone")
    return value


def instant_json(value: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC (``2026-12-11T14:30:00Z``), None as None."""
    if value is None:
        return None
    return value.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")


def duration(seconds: float) -> str:
    """Return a duration in its two largest units, in full seconds: ``2 min 10 s``, ``1 h 5 min``, ``3 d 2 h``."""
    whole = max(round(seconds), 0)
    if whole == 0:
        return "less than 1 s" if seconds > 0 else "0 s"
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    first = next(n for n, (_, size) in enumerate(units) if whole >= size)
    name, size = units[first]
    parts = [f"{whole // size} {name}"]
    if first + 1 < len(units):
        lower, small = units[first + 1]
        if rest := whole % size // small:
            parts.append(f"{rest} {lower}")
    return " ".join(parts)


def amount(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 ticket``, ``1,284 tickets``. `many` defaults to `one` + s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def noun(kind: str) -> str:
    """Return what one object of a kind is called: ``ticket``, ``schedule``, ``object`` for kinds not known here."""
    return _NOUNS.get(kind, "object")


def listed(words: Iterable[str], most: int = 3) -> str:
    """Return the first `most` words joined by ``; ``, and how many more there are."""
    every = list(words)
    more = f"; and {len(every) - most:,} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more


def command(*words: str) -> str:
    """Return a command line to type, with every word quoted for a shell where it needs to be."""
    return shlex.join(("runner", *words))
