"""The lines of a plan as values: one entry per object and field, or per kind of change in a long list.

Pure. What the human view and the markdown view have in common, before either of them decides on looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.model import ABSENT, Value
from runner.planfile import Action, Item, Plan, RunPlan
from runner.sheet import SENT, value_text
from runner.views.text import (
    amount,
    clean,
    difference,
    duration,
    exact,
    field_name,
    listed,
    noun,
    run_name,
    short,
    span,
)

FULL_LIST = 20  # up to so many items are listed one by one
SAMPLES = 3
WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})
ONCE = "it is out once it is sent"
_ABSENT_WORDS = frozenset({"(none)", "ABSENT", "absent", str({"$": "absent"}), '{"$": "absent"}'})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a plan: a sign, what it is about, the field, what happens to it, and the lines below it.

    `danger` says, when not empty, what cannot be given back. `conflict` and `note` are further lines; `whole` is the
    text that `value` has no room for: what customers will read is approved in full.
    """

    sign: str
    subject: str
    field: str
    value: str
    danger: str = ""
    conflict: str = ""
    note: str = ""
    samples: str = ""
    whole: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """What the line is about, in one text."""
        return f"{self.subject}  {self.field}".rstrip()


def entries(run: RunPlan, zone: str) -> list[Entry]:
    """Return the lines of one run; a field that is already as wanted has one only if a conflict is why."""
    acting = [item for item in run.items if item.action is not Action.NOTHING]
    stuck = [item for item in run.items if item.action is Action.NOTHING and item.conflict]
    doubled = _doubled(run.items)
    if len(acting) <= FULL_LIST and len(acting) >= sum(run.counts.values()):
        lines = _sent(run.kind, acting)
        alone = acting if not lines else [item for item in acting if item.action is not Action.SEND]
        lines += [_entry(item, zone, with_key=item.name in doubled) for item in alone]
    elif run.counts:
        spelt = [(item, _spellings(item.before, item), _spellings(item.after, item)) for item in acting]
        lines = _capped(
            _grouped(run.kind, shape, count, _alike(spelt, shape), zone) for shape, count in run.counts.items()
        )
    else:
        shapes: dict[tuple[str, str, str], list[Item]] = {}
        for item in acting:
            shapes.setdefault(_shape(item), []).append(item)
        lines = _capped(_grouped(run.kind, shape, len(some), some, zone) for shape, some in shapes.items())
    lines += [_entry(item, zone, with_key=item.name in doubled) for item in stuck[:FULL_LIST]]
    if (more := len(stuck) - FULL_LIST) > 0:
        lines.append(Entry("=", run.kind, "...", f"{amount(more, 'more field')}", conflict="as above"))
    return lines


def _capped(lines: Iterable[Entry]) -> list[Entry]:
    """Return the lines of a long list: what is dangerous, and of the rest the first ones, with how many more there
    are."""
    every = list(lines)
    plain = [line for line in every if not (line.danger or line.conflict)]
    if (more := len(plain) - FULL_LIST) <= 0:
        return every
    hidden = set(map(id, plain[FULL_LIST:]))
    last = Entry(plain[-1].sign, plain[-1].subject, plain[-1].field, f"and {more:,} more lines like these")
    return [*(line for line in every if id(line) not in hidden), last]


def _sent(kind: str, items: Sequence[Item]) -> list[Entry]:
    """Return one line for each text that goes to several; nothing where each goes to one alone."""
    texts: dict[str, list[Item]] = {}
    for item in items:
        if item.action is Action.SEND:
            texts.setdefault(item.note, []).append(item)
    if all(len(some) == 1 for some in texts.values()):
        return []
    return [_told(kind, some) for some in texts.values()]


def _told(kind: str, items: Sequence[Item]) -> Entry:
    names = ", ".join(object_name(kind, item.name, item.slot.key) for item in items[:SAMPLES])
    more = f", and {len(items) - SAMPLES:,} more" if len(items) > SAMPLES else ""
    conflict = next((clean(item.conflict) for item in items if item.conflict), "")
    value = f"is sent once to each of {len(items):,}" if len(items) > 1 else "is sent once"
    return Entry("!", kind, "", value, danger_of(items[0]), conflict, clean(items[0].note), names + more)


def _doubled(items: Iterable[Item]) -> set[str]:
    keys: dict[str, set[str]] = {}
    for item in items:
        keys.setdefault(item.name, set()).add(item.slot.key)
    return {name for name, several in keys.items() if len(several) > 1}


def _entry(item: Item, zone: str, *, with_key: bool) -> Entry:
    subject = f"{item.slot.kind} {object_name(item.slot.kind, item.name, item.slot.key, with_key=with_key)}"
    field = field_name(item.slot.path)
    note = clean(item.note)
    if item.action is Action.SEND:
        return Entry("!", subject, "", "is sent once", danger_of(item), clean(item.conflict), note)
    if item.action is Action.NOTHING:
        stands = f"stays {short(item.before, path=item.slot.path, zone=zone)}"
        return Entry("=", subject, field, stands, "", clean(item.conflict), note)
    value = difference(item.before, item.after, path=item.slot.path, zone=zone)
    whole = tuple(_whole(item.before, item.after, value))
    return Entry(_sign(item), subject, field, value, danger_of(item), clean(item.conflict), note, whole=whole)


def _whole(before: Value, after: Value, shown: str, name: str = "") -> Iterator[str]:
    """Yield the texts of a new value, line by line, that `shown` cuts; of a text that is changed, its new lines."""
    if isinstance(after, Mapping):
        for key, part in after.items():
            was = before.get(key) if isinstance(before, Mapping) else None
            yield from _whole(was, part, shown, f"{name} {key}".lstrip())
    elif isinstance(after, str):
        old = before.splitlines() if isinstance(before, str) else []
        lines = [clean(line) for line in after.splitlines() if line not in old]
        if any(line not in shown for line in lines):
            head = f"{name}: " if name else ""
            yield from (f"{head if not n else ' ' * len(head)}{line}" for n, line in enumerate(lines))


def object_name(kind: str, name: str, key: str, *, with_key: bool = False) -> str:
    """Return how an object is called: its name, its key where there is none, both where names are not enough.

    Tickets go by their number alone: a subject may hold personal data, and plans end up in logs and pull requests.
    """
    if not name or name == key or noun(kind) == "ticket":
        return clean(key, 40)
    return f"{clean(name, 40)} ({clean(key)})" if with_key else clean(name, 40)


def danger_of(item: Item) -> str:
    """Return what the restore cannot give back for this item; an effect always has such a sentence."""
    return clean(item.irreversible) or (ONCE if item.action is Action.SEND else "")


def _sign(item: Item) -> str:
    if item.irreversible or item.action is Action.SEND:
        return "!"
    return {Action.CREATE: "+", Action.DELETE: "-", Action.PERSON: "?"}.get(item.action, "~")


def _shape(item: Item) -> tuple[str, str, str]:
    if item.action is Action.SEND:
        return (item.slot.path, value_text(item.before), SENT)
    return (item.slot.path, short(item.before, path=item.slot.path), short(item.after, path=item.slot.path))


def _grouped(kind: str, shape: tuple[str, str, str], count: int, alike: Sequence[Item], zone: str) -> Entry:
    """Return the line of `count` changes of one shape; `alike` are those of them that are at hand."""
    path, before, after = shape
    left, right = ("(none)" if word in _ABSENT_WORDS else clean(word, 40) for word in (before, after))
    first = next(iter(alike), None)
    path = first.slot.path if first is not None and len({item.slot.path for item in alike}) == 1 else path
    sign = "+" if left == "(none)" else "-" if right == "(none)" else "~"
    value = f"{left} -> {right}"
    danger = note = ""
    if first is not None:
        sign = _sign(first)
        danger = next((words for item in alike if (words := danger_of(item))), "")
        value = difference(first.before, first.after, path=first.slot.path, zone=zone)
        note = clean(first.note) if len({item.note for item in alike}) == 1 else ""
    if first is not None and first.action is Action.SEND:
        field, value = "", f"is sent once to each of {count:,}"
    else:
        field, value = field_name(path), f"{value} on {amount(count, noun(kind))}"
    samples = ", ".join(object_name(kind, item.name, item.slot.key) for item in alike[:SAMPLES])
    return Entry(
        "!" if danger else sign,
        kind,
        field,
        value,
        danger,
        next((clean(item.conflict) for item in alike if item.conflict), ""),
        note,
        f"for example {samples}" if samples else "",
    )


def _alike(spelt: Iterable[tuple[Item, set[str], set[str]]], shape: tuple[str, str, str]) -> list[Item]:
    """Return the items that a count is about, however it writes their values."""
    path, before, after = shape
    return [item for item, was, will in spelt if _within(item.slot.path, path) and before in was and after in will]


def _within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix.rstrip("/*") + "/")


def _spellings(value: Value, item: Item) -> set[str]:
    """Return every way in which a value of an item may be written in a count."""
    if item.action is Action.SEND and value is item.after:
        return {SENT}
    words = {str(value), exact(value), short(value, path=item.slot.path), value_text(value)}
    return words | _ABSENT_WORDS if value is ABSENT else words


def heading(run: RunPlan) -> str:
    """Return the name of a run with its title: ``hours on helpdesk-br: Business hours``."""
    name = run_name(run.run, run.target)
    return f"{name}: {clean(run.title)}" if run.title and run.title not in name else name


def by_hand(run: RunPlan) -> str:
    """Return who carries a run out by hand and where to click, "" when nobody is named and nothing is known."""
    who = f"by hand, {clean(run.who)}" if run.who else "by hand"
    return f"{who}: {clean(run.menu)}" if run.menu else who if run.who else ""


def times(run: RunPlan, zone: str) -> str:
    """Return when a run is active, in the outage's zone."""
    return span(run.start, run.end, zone)


def unchanged(run: RunPlan) -> list[tuple[str, str]]:
    """Return what a run looked at and leaves alone, as (what, why), with equal reasons put together."""
    groups: dict[str, list[str]] = {}
    doubled = _doubled(run.items)
    for item in run.items:
        if item.action is Action.NOTHING and not item.conflict:
            name = object_name(item.slot.kind, item.name, item.slot.key, with_key=item.name in doubled)
            why = clean(item.note) or f"is already {short(item.after, path=item.slot.path)}"
            groups.setdefault(why, []).append(f"{name} {field_name(item.slot.path)}")
    for left in run.left:
        groups.setdefault(clean(left.why), []).append(clean(left.what))
    return [(listed(what), why) for why, what in groups.items()]


def left_alone(plan: Plan) -> list[str]:
    """Return what all steps leave alone, one sentence for each reason."""
    return [f"{run_name(run.run, run.target)}: {what} ({why})" for run in plan.runs for what, why in unchanged(run)]


def dangers(plan: Plan) -> list[str]:
    """Return one sentence for everything that cannot be given back, in the order of the plan."""
    return [f"{_place(run, entry)}: {entry.value}: {entry.danger}" for run, entry in _all(plan) if entry.danger]


def conflicts(plan: Plan) -> list[str]:
    """Return one sentence for every conflict, with both values as far as the plan knows them."""
    return [f"{_place(run, entry)}: {entry.conflict}" for run, entry in _all(plan) if entry.conflict]


def stays(plan: Plan) -> list[str]:
    """Return what remains when the outage is over, one sentence for each step."""
    return [f"{run_name(run.run, run.target)}: {clean(run.stays)}" for run in plan.runs if run.stays]


def warnings(plan: Plan) -> list[str]:
    """Return the warnings of the plan and of its steps."""
    own = [clean(words) for words in plan.warnings]
    return own + [f"{run_name(run.run, run.target)}: {clean(words)}" for run in plan.runs for words in run.warnings]


def _all(plan: Plan) -> Iterator[tuple[RunPlan, Entry]]:
    return ((run, entry) for run in plan.runs for entry in entries(run, plan.timezone))


def _place(run: RunPlan, entry: Entry) -> str:
    return f"{run_name(run.run, run.target)}: {entry.head}"


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures of some runs; `seconds` is the time if all runs work one after the other."""

    changes: int
    objects: int
    requests: int
    seconds: float
    effects: int
    by_hand: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing at all to do."""
        return not (self.changes or self.effects or self.by_hand)


def totals(runs: Iterable[RunPlan]) -> Totals:
    """Return the figures of the runs given; messages and steps by hand are not counted as changes."""
    every = list(runs)
    writing = [run for run in every if run.changes and not (_all_are(run, Action.SEND) or _all_are(run, Action.PERSON))]
    return Totals(
        sum(run.changes for run in writing),
        sum(run.objects for run in writing),
        sum(run.requests for run in every),
        sum(run.seconds for run in every),
        sum(_tally(run, Action.SEND) for run in every),
        sum(_tally(run, Action.PERSON) for run in every),
    )


def _all_are(run: RunPlan, action: Action) -> bool:
    acting = {item.action for item in run.items} - {Action.NOTHING}
    return acting == {action}


def _tally(run: RunPlan, action: Action) -> int:
    seen = sum(item.action is action for item in run.items)
    return max(seen, sum(run.counts.values())) if _all_are(run, action) else seen


def totals_words(total: Totals) -> str:
    """Return what is done, as one sentence without a full stop."""
    parts = [f"{amount(total.changes, 'change')} on {amount(total.objects, 'object')}"] if total.changes else []
    if total.by_hand:
        parts.append(f"{amount(total.by_hand, 'step')} by hand")
    if total.effects:
        parts.append(f"{amount(total.effects, 'message')} that cannot be taken back")
    return ", ".join(parts) or "nothing to change"


def cost_words(total: Totals) -> str:
    """Return what it costs: requests, and the time that they take."""
    time = f", about {duration(total.seconds)} under the rate limits" if total.seconds else ""
    return f"{amount(total.requests, 'request')}{time}"


def per_target(plan: Plan) -> list[str]:
    """Return requests and time of each target with something due, when there are several."""
    targets = dict.fromkeys(run.target for run in plan.runs if run.due and run.requests)
    if len(targets) < 2:
        return []
    lines = []
    for target in targets:
        total = totals(run for run in plan.runs if run.due and run.target == target)
        lines.append(f"{clean(target)}: {cost_words(total)}")
    return lines
