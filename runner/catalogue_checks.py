"""Codes of the semantic checks of playbooks.

WN windows and times, SP steps, KD use of the common kinds, TX texts and templates, OV overlapping playbooks,
GR guards of runner.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runner.catalogue_entry import Entry
from runner.errors import Severity

_WARNING: Final = Severity.WARNING

_WINDOWS: Final = {
    "WN001": Entry(
        "unknown time zone",
        "`spec.timezone` is no IANA name, so no local time of the playbook can be turned into an instant.",
        "Write a name such as America/Sao_Paulo, Europe/Kyiv or UTC.",
    ),
    "WN002": Entry(
        "the window ends before it starts",
        "The end (or `latest`) of a window is not after its start, read in the playbook's time zone.",
        "Give a later end. A window over midnight needs the next day's date.",
    ),
    "WN003": Entry(
        "windows overlap",
        "Each window is an outage of its own; two of one playbook at one time would do every step twice.",
        "Join them to one window, or move one.",
    ),
    "WN004": Entry(
        "the window is very long",
        "The window lasts more than 31 days. That is usually a slip in the year or the month.",
        "Check both dates. When they are right, the warning can be left.",
        _WARNING,
    ),
    "WN005": Entry(
        "the clocks skip this time",
        "Daylight saving starts over this local time: the wall clock never shows it. It is taken as the time that the "
        "same number of minutes later would be, an hour on in most zones.",
        "Write a time that exists, or one with an offset (2026-03-29 02:30+01:00).",
        _WARNING,
    ),
    "WN006": Entry(
        "the clocks show this time twice",
        "Daylight saving ends over this local time. A start takes the first of the two, an end the second.",
        "Write the time with an offset (2026-10-25 02:30+01:00) to say which one is meant.",
        _WARNING,
    ),
    "WN007": Entry(
        "not a time",
        "`from` or `until` is no expression and no existing date and time.",
        "Write start, end, start - 2d, end + 1h30m, or a time such as 2026-12-11 11:30.",
    ),
    "WN008": Entry(
        "the step ends before it starts",
        "In at least one window, `until` is not after `from`: the step would never be active.",
        "Change `from` or `until`. Expressions count from the window: `start - 2d` to `end + 1h`.",
    ),
    "WN009": Entry(
        "one moment for all windows",
        "An absolute time in `from` or `until` is the same for every window of the playbook.",
        "Write it relative to the window (start - 2d), or make one playbook for each window.",
        _WARNING,
    ),
    "WN010": Entry(
        "active over another occurrence of the weekday",
        "Weekly hours have no dates: while the step is active, the change holds on every such weekday. This step is "
        "active long enough to meet one of its weekdays again.",
        "Use a holiday for whole days, make one window for each week, or shorten `from` and `until`.",
        _WARNING,
    ),
    "WN011": Entry(
        "a weekday that never comes",
        "The step changes the hours of a weekday, but no window has that weekday in it: nobody would see the change.",
        "Drop the weekday, or check the dates of the windows.",
        _WARNING,
    ),
}

_STEPS: Final = {
    "SP001": Entry(
        "two steps with one id",
        "Ids name steps in `needs`, in `ack` and in the journal; each may be given once.",
        "Rename one of the two.",
    ),
    "SP002": Entry(
        "unknown target",
        "The step names a target that runner.yaml does not configure.",
        "Correct the name, or add the target under `targets` in runner.yaml.",
    ),
    "SP003": Entry(
        "kind not offered",
        "The provider of this target cannot do this kind of step.",
        "`runner providers` shows what each target can do. A `checklist` or a target of the provider `people` lets a "
        "person do it.",
    ),
    "SP004": Entry(
        "per_target names a stranger",
        "`per_target` gives extras to a target that is not among the targets of the step; they would have no effect.",
        "Correct the name, or add it to `target`.",
    ),
    "SP005": Entry(
        "unknown step in needs",
        "`needs` names a step that this playbook does not have.",
        "Correct the name. `needs` takes the ids of other steps of the same playbook.",
    ),
    "SP006": Entry(
        "steps need each other",
        "Following `needs` from this step leads back to it: none of these steps could ever start.",
        "Take one of them out of `needs`. File order decides where nothing is said.",
    ),
    "SP007": Entry(
        "needs and times contradict each other",
        "A step that is needed must be in place before the other one starts, and is given back after it. The `from` "
        "or `until` of these two say the opposite.",
        "Let the needed step start earlier and end later, or drop the need.",
    ),
    "SP008": Entry(
        "nothing says that it is over",
        "The step sends something that cannot be taken back, and nothing follows when the outage ends.",
        "Add a follow-up under `restore` that tells the same people that all is back to normal.",
        _WARNING,
    ),
    "SP009": Entry(
        "the follow-up ends before it starts",
        "A follow-up starts when its step ends; its `until` is not after that.",
        "Write `until: end + 1d`, or leave it out to let the follow-up stay.",
    ),
    "SP010": Entry(
        "nothing to keep",
        "`restore: keep` leaves a change in place, but what this step does is sent once and has no state.",
        "Drop `restore: keep`, or write a follow-up.",
        _WARNING,
    ),
    "SP011": Entry(
        "ready has no effect",
        "`ready: true` starts a step early enough for its requests to be finished on time. This step is sent once, or "
        "done by a person: it does not take requests that can be counted.",
        "Drop `ready`, and write `from: start - 1h` where it should happen earlier.",
        _WARNING,
    ),
}

_KINDS: Final = {
    "KD001": Entry(
        "a holiday for a few hours",
        "A holiday closes whole days and stops the clocks of all tickets for them; this outage lasts a few hours.",
        "Close the hours with business_hours and `closed: window`, and pause the tickets that wait.",
        _WARNING,
    ),
    "KD002": Entry(
        "tickets paused for a whole day without a holiday",
        "The outage lasts a day or more. Paused tickets hide the delay; new ones still run against closed hours.",
        "Add a holiday step for the schedule on the same target. It is deleted when the outage ends.",
        _WARNING,
    ),
    "KD003": Entry(
        "tickets without a limit",
        "The step changes every ticket that matches, however many there are: a selection that is too wide would "
        "change the whole queue.",
        "Add `at_most`, somewhat more than you expect to match. The step is refused when more do.",
    ),
    "KD004": Entry(
        "a status that is never given back",
        "The step takes tickets out of a status that the target does not allow to be set again.",
        "Leave that status out of the selection, or say what to write instead: `give_back: {new: open}`.",
    ),
    "KD005": Entry(
        "no word for pause",
        "`status: pause` stands for the target's own pause status, and runner.yaml does not say which one it is.",
        "Add `pause: pending` (or the id of a custom status) under the target in runner.yaml.",
    ),
    "KD006": Entry(
        "tickets of any status",
        "The selection names no status, and the target cannot give back every status that a ticket may have.",
        "Add `status: [open]` to the selection, or `give_back`.",
        _WARNING,
    ),
    "KD007": Entry(
        "tickets that are already there",
        "The selection names the very status that the step sets; those tickets would be held without any change.",
        "Leave that status out of the selection.",
        _WARNING,
    ),
    "KD008": Entry(
        "not the end of a snooze",
        "`until` of a snooze is no preset, no expression and no time.",
        "Write a time, `end`, or a preset such as tomorrow or next_week.",
    ),
    "KD009": Entry(
        "a snooze that is over at once",
        "The snooze would end before the step that sets it begins.",
        "Give a later `until`.",
    ),
    "KD010": Entry(
        "a status that the target does not have",
        "The step sets, selects or gives back a status that does not exist on the target: it would select nothing, or "
        "every ticket would be refused. A `pause` of runner.yaml that means no status of the target counts too.",
        "Take the suggested status, `pause`, or one of those listed.",
    ),
    "KD011": Entry(
        "hours or days that run backwards or overlap",
        "Open times start before they end, within one day, and the ranges of a day do not overlap. The days of a "
        "holiday exist, and the last is not before the first.",
        'Write the earlier time first. A night is two ranges: `fri: ["22:00-24:00"]` and `sat: ["00:00-06:00"]`.',
    ),
    "KD012": Entry(
        "a snooze that its step ends first",
        "The snooze would be due long after its step ends. A step gives back what it did when it ends, snoozes too: "
        "the tickets would be back before anybody expects them.",
        "Give the step an `until:` of its own, as late as the snooze: `until: end + 3d`.",
        _WARNING,
    ),
}

_TEXTS: Final = {
    "TX001": Entry(
        "template syntax",
        "The text cannot be read as a template, or uses a part of the template language that playbooks do not have: "
        "calls, macros, includes, assignments, powers.",
        "Use {{ value }}, {{ value | filter }}, {% if %} and {% for %}. Values that are worked out go under `vars`.",
    ),
    "TX002": Entry(
        "undefined variable",
        "The template uses a name that does not exist.",
        "Templates see vars (also by their own names), window.start, window.end, outage.title, outage.name and locale. "
        "A variable sees those above it. `{{ name | default('') }}` allows a name to be missing.",
    ),
    "TX003": Entry(
        "a template that fails or does too much",
        "Rendering the text failed, or went beyond the limits of size, nesting, loops or work.",
        "Make it simpler; keep long texts in text files and lists short.",
    ),
    "TX004": Entry(
        "a text and a text file",
        "Both `x` and `x_file` are given for one field; only one of them can be shown.",
        "Keep one.",
    ),
    "TX005": Entry(
        "a locale is missing",
        "The playbook lists its locales, and this text does not come in all of them.",
        "Add the missing text, or take the locale out of `spec.locales`.",
    ),
    "TX006": Entry(
        "a required locale is missing",
        "runner.yaml requires every announced text in certain locales (`required_locales`).",
        "Add the texts, and the locale to `spec.locales`.",
    ),
    "TX007": Entry(
        "a locale that is not listed",
        "A text comes in a locale that `spec.locales` does not list. Often it is a slip: pt for pt-BR.",
        "Correct it, or add it to `spec.locales`.",
        _WARNING,
    ),
    "TX008": Entry(
        "none of the target's languages",
        "runner.yaml says which languages the target speaks, and the text comes in none of them.",
        "Add one of them.",
        _WARNING,
    ),
    "TX009": Entry(
        "unused variable",
        "No template uses this variable. Often its name is misspelt in one of the two places.",
        "Use it or delete it.",
        _WARNING,
    ),
    "TX010": Entry(
        "reserved name",
        "vars, window, outage and locale already mean something in templates.",
        "Rename the variable.",
    ),
    "TX011": Entry(
        "one text where locales differ",
        "The field takes a single text, such as the name of an object, but its template comes out differently in the "
        "locales of the playbook.",
        "Leave out `locale`, and the filters date and datetime, which write the month's name.",
    ),
}

_CONFLICTS: Final = {
    "OV001": Entry(
        "two playbooks want different values",
        "Outages of two playbooks hold the same field at the same time, want different values there, and have equal "
        "priority: which of them shows would depend on which was opened last.",
        "Give one a higher `spec.priority`, change the times, or let both ask for the same.",
    ),
    "OV002": Entry(
        "two steps want different values",
        "Two steps of one playbook hold the same field at the same time and want different values there.",
        "Drop one of them. The one further down in the file wins while both are active.",
        _WARNING,
    ),
    "OV003": Entry(
        "two playbooks with one name",
        "Outages are named after their playbook; two playbooks of one name could not be told apart.",
        "Rename one in `metadata.name`.",
    ),
}

_GUARDS: Final = {
    "GR001": Entry(
        "a limit for an unknown kind",
        "`guards.limits` names a kind that no target offers: the limit guards nothing.",
        'Correct the name; "*" stands for all kinds without a limit of their own.',
        _WARNING,
    ),
    "GR002": Entry(
        "a protection that protects nothing",
        "A pattern under `guards.protected` matches no target or no kind, or has no third part.",
        'Write target/kind/name, with * where anything fits: "zendesk-br/rule/*legal*".',
    ),
    "GR003": Entry(
        "starts in a freeze",
        "runner.yaml freezes changes at the time when this starts: apply would refuse it.",
        "Move the window or the step, or agree on another freeze.",
        _WARNING,
    ),
    "GR004": Entry(
        "a protected object",
        "The step names an object that `guards.protected` keeps from being changed: apply would refuse it.",
        "Choose another object, or have the protection changed by those who asked for it.",
        _WARNING,
    ),
}

SEMANTIC: Final[Mapping[str, Entry]] = MappingProxyType(
    {**_WINDOWS, **_STEPS, **_KINDS, **_TEXTS, **_CONFLICTS, **_GUARDS}
)
