"""Codes of files (YM), of schemas (SC), of loading (LD) and of runner.yaml (CF)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runner.catalogue_entry import Entry
from runner.errors import Severity

SYNTAX: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "YM001": Entry(
            "file cannot be read",
            "The file does not exist, is a folder or a device, or may not be read by you.",
            "Check the path and the permissions. Only regular files are read.",
        ),
        "YM002": Entry(
            "file too large",
            "Files are read up to 4 MiB, about twice what 10,000 steps take. Larger ones are not opened.",
            "Check that it is the right file. Split a playbook that is really this long.",
        ),
        "YM003": Entry(
            "not UTF-8",
            "The file holds bytes that are no UTF-8 text, often because an editor saved it as Latin-1 or UTF-16.",
            "Save the file as UTF-8.",
        ),
        "YM004": Entry(
            "control character",
            "The file, or an escape in double quotes, holds a character that cannot be seen. Such characters come with "
            "pasted text, and they can change what a terminal or a helpdesk shows.",
            "Delete the character, or type the text again.",
        ),
        "YM005": Entry(
            "not YAML",
            "The file cannot be read as YAML from this place on. Later mistakes show up when this one is mended.",
            "Check the line: quotes and brackets closed, fields aligned, text with `: `, `#` or `{` in quotes.",
        ),
        "YM006": Entry(
            "tab in the indentation",
            "YAML is indented with spaces only.",
            "Replace the tab by spaces, and let the editor insert spaces in YAML files.",
        ),
        "YM007": Entry(
            "field given twice",
            "The same field stands twice in one group. Most readers of YAML silently keep the last one.",
            "Delete one of the two, or merge them.",
        ),
        "YM008": Entry(
            "tag",
            "Tags such as `!!python/object` or `!secret` make some readers of YAML run code. They are not read.",
            "Delete the tag. Put text that starts with `!` in quotes.",
        ),
        "YM009": Entry(
            "alias",
            "An alias (`*name`) is unknown, stands for something that contains it, or repeats more values than a "
            "playbook needs.",
            "Write the values out, or use `vars`. Put text that starts with `*` or `&` in quotes.",
        ),
        "YM010": Entry(
            "merge key",
            "`<<` is no part of YAML 1.2: readers disagree on what it means.",
            "Write the fields out; use `per_target` or `vars` to avoid repetition.",
        ),
        "YM011": Entry(
            "several documents",
            "A line `---` starts a second document. A file holds one.",
            "Put the second document in a file of its own.",
        ),
        "YM012": Entry(
            "nested too deep",
            "Values are nested more than 64 levels deep. A playbook needs about ten.",
            "Flatten the values.",
        ),
        "YM013": Entry(
            "too many values",
            "The file holds more than 500,000 keys and values.",
            "Split it into several playbooks.",
        ),
        "YM014": Entry(
            "empty file",
            "The file holds nothing, or comments only.",
            "`runner new` writes a first playbook, `runner init` a first runner.yaml.",
        ),
        "YM015": Entry(
            "no fields",
            "The file is a list or a single text, not fields.",
            "Start with `apiVersion: runner/v1` and `kind: Playbook`.",
        ),
        "YM016": Entry(
            "field name is no text",
            "A field name is a number, true, false, null, a list or fields. Often `{{ ... }}` without quotes.",
            'Put the name in quotes, or the whole value: `text: "{{ vars.name }}"`.',
        ),
        "YM017": Entry(
            "number without a finite value",
            "The number is infinite, not a number, or too large to be stored.",
            "Write a finite number, or put the text in quotes.",
        ),
        "YM018": Entry(
            "libyaml is missing",
            "The fast YAML reader is not installed. Files are read by the slow one; the result is the same.",
            "Install PyYAML from a wheel, or install libyaml before PyYAML is built.",
            Severity.WARNING,
        ),
        "SC001": Entry(
            "unknown field",
            "The field does not exist here. Unknown fields are refused, so that a typing error never passes for a "
            "change that was made.",
            "Take the suggested name, or delete the field.",
        ),
        "SC002": Entry("missing field", "A field that is needed does not stand here.", "Add the field."),
        "SC003": Entry(
            "wrong type",
            "The value is a text where a number is wanted, a number where a text is wanted, and so on. By YAML 1.2, "
            "`yes`, `no`, `on`, `off`, `11:30`, `010` and `1_000` are texts; `true`, `false`, `null` and `5` are not.",
            "Write the wanted type. Quotes make any value a text.",
        ),
        "SC004": Entry("not one of the values", "Only some values may stand here.", "Take one of the values listed."),
        "SC005": Entry(
            "wrong form",
            "The text or the name is not written the way that is wanted here, so it cannot be told what is meant: "
            "`8:00-12:00` for hours, `25.12.2026` for a date, a name with spaces or capitals.",
            "Write it as the hint below the message shows. Hours are `08:00-12:00`, dates `2026-12-25`, times "
            "`2026-12-11 11:30`, languages `pt-BR`, names `first-outage`.",
        ),
        "SC006": Entry(
            "wrong size", "The value is empty, too long, too small or too large.", "Keep within the bounds."
        ),
        "SC007": Entry("listed twice", "A list holds the same entry twice.", "Delete one of the two."),
        "SC008": Entry(
            "fields that do not go together",
            "Of several fields exactly one must stand here, and there are none or more.",
            "Keep one of the fields named.",
        ),
        "SC009": Entry(
            "value does not fit",
            "The schema of this kind objects to the value in a way that has no sentence of its own.",
            "See the reference of the kind: `runner providers` names it.",
        ),
        "SC010": Entry(
            "too many mistakes",
            "The file holds more mistakes than anybody reads: the first are listed, and nothing else is checked.",
            "Mend these first, and check that it is the right file.",
        ),
        "LD001": Entry(
            "no time",
            "A window's time cannot be read, or the day does not exist.",
            "Write `2026-12-11 11:30`, in the playbook's zone, or with an offset: `2026-12-11 11:30-03:00`.",
        ),
        "LD002": Entry(
            "when-told without latest",
            "An outage that ends when somebody says so must still end if nobody does.",
            "Add `latest: 2026-12-11 18:00` to the window.",
        ),
        "LD003": Entry(
            "latest without when-told",
            "`latest` only means something beside `end: when-told`.",
            "Delete `latest`, or write `end: when-told`.",
        ),
        "LD004": Entry(
            "text file missing",
            "A file that a step names cannot be read. With `{locale}` in its name there must be one per locale.",
            "Write the file, or correct the name. Paths start at the playbook's folder.",
        ),
        "LD005": Entry(
            "text file outside the folder",
            "Text files lie below the playbook's folder: no absolute path, no `..`, no link that leads elsewhere.",
            "Move the file below the playbook's folder.",
        ),
        "LD006": Entry(
            "text file unusable",
            "The text file is larger than 256 KiB, not UTF-8, or holds control characters.",
            "Save it as UTF-8 text, and shorten it.",
        ),
        "LD007": Entry(
            "locale without locales",
            "`{locale}` in a file name stands for each of `spec.locales`, and there are none.",
            "Add `locales: [pt-BR, es, en]` under `spec:`.",
        ),
        "LD008": Entry(
            "unknown placeholder",
            "Only `{locale}` is filled in in the name of a text file.",
            "Delete the placeholder, or write `{locale}`.",
        ),
        "LD009": Entry(
            "no playbook",
            "The path does not exist, or no `.yaml` file lies below the folder.",
            "Check the path; `runner new` writes a first playbook.",
        ),
        "LD010": Entry(
            "a saved plan",
            "The file is a plan that `runner plan PLAYBOOK -o FILE` wrote, not a playbook.",
            "`runner apply FILE` carries it out; to look or check again, name the playbook.",
        ),
        "CF001": Entry(
            "no configuration",
            "There is no runner.yaml, so nothing says which accounts there are.",
            "`runner init` writes one; `--config FILE` names another.",
        ),
        "CF002": Entry(
            "no reference to a secret",
            "Credentials are named, never written down: a file in a repository is read by many. The value is not shown "
            "here. If it was a real secret, replace it at the vendor.",
            "Write `env:NAME`, `file:PATH` or `keyring:NAME`.",
        ),
        "CF003": Entry(
            "unknown time zone",
            "The name is not in the IANA list of zones.",
            "Write a name such as `America/Sao_Paulo`.",
        ),
        "CF004": Entry(
            "freeze without a clear time",
            "A freeze counts for all playbooks, so its times need a zone of their own.",
            "Write `2026-12-24 00:00-03:00`, or add `timezone: America/Sao_Paulo` to the freeze.",
        ),
        "CF005": Entry("freeze ends before it starts", "Nothing would be frozen.", "Give a later end."),
        "CF006": Entry(
            "word given twice",
            "`pause` stands beside `words` and inside it.",
            "Keep `pause:` and delete it under `words:`.",
        ),
        "CF007": Entry(
            "notification through an unknown target",
            "A notification is sent by a target of this file, and there is none of that name.",
            "Correct the name, or add the target.",
        ),
    }
)
