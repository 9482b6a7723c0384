"""The reference sections of the documentation, made from schemas, kinds, the catalogue and the command line."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from providers.simulator import seed
from runner import kinds, registry
from runner.catalogue import CODES
from runner.cli import EPILOG, cli
from runner.cli.sandbox import whole
from runner.cli.world import World
from runner.minutes import WEEKDAYS
from runner.spi import KindSpec, Means, Reversal, Target
from runner.testing.io import ScriptedIo

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 100
SETTINGS: Mapping[str, Mapping[str, Any]] = {  # what a provider cannot do without
    "mail": {"host": "smtp.example.com", "from": "support@example.com"},
    "zendesk": {"subdomain": "example"},
    "redmine": {"url": "https://redmine.example.com"},
    "request_tracker": {"url": "https://rt.example.com"},
    "webhook": {"service": "slack_app", "channels": {"support": "C0123456789"}},
    "digisac": {"url": "https://example.digisac.co", "schedule_zone": "America/Sao_Paulo"},
}
FAMILIES = {
    "YM": "Files and YAML",
    "SC": "Shape: what the schemas say",
    "LD": "Loading playbooks and their texts",
    "CF": "runner.yaml",
    "WN": "Windows and times",
    "SP": "Steps",
    "KD": "Use of the common kinds",
    "TX": "Texts and templates",
    "OV": "Playbooks that overlap",
    "GR": "Guards of runner.yaml",
    "PB": "The playbook as a whole",
    "PL": "Planning",
    "PF": "Saved plans",
    "GD": "Guards that refuse",
    "AP": "Applying and extending",
    "EX": "Driving an outage",
    "OP": "Which outage is meant",
    "WY": "Which field is meant",
    "AK": "Steps that people carry out",
    "RG": "Targets and providers",
    "PR": "Faults of a target",
    "ST": "The store",
    "JR": "The journal file",
    "IN": "First steps",
    "RB": "Rebasing",
    "CL": "The command line",
    "OS": "The operating system",
    "XX": "Defects of the runner",
}

Schema = Mapping[str, Any]


# --- schemas --------------------------------------------------------------------------------------------------------


def schema(name: str) -> Schema:
    """Return a published schema."""
    loaded: Schema = json.loads((ROOT / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def cell(text: str) -> str:
    """Return a text that may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def code(value: Any) -> str:
    """Return a value as JSON in code quotes; a text as it is written in YAML."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`".replace("|", "\\|")


def type_of(field: Schema) -> str:
    """Return what kind of value a field takes, in words."""
    if "const" in field:
        return code(field["const"])
    if "enum" in field:
        return ", ".join(code(each) for each in field["enum"])
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2].replace("followUp", "follow-up")
    if "oneOf" in field and (shape := _known_shape(field["oneOf"])):
        return shape
    if "oneOf" in field or "anyOf" in field:
        choices = field.get("oneOf") or field.get("anyOf") or ()
        return " or ".join(dict.fromkeys(type_of(each) for each in choices if type_of(each)))
    types = field.get("type", "")
    words = [types] if isinstance(types, str) else list(types)
    named = {"string": "text", "boolean": "`true` or `false`", "object": "fields", "null": "nothing"}
    return " or ".join(_list_of(field) if word == "array" else named.get(word, word) for word in words)


def _known_shape(choices: Sequence[Schema]) -> str:
    """Return how the selectors and the announced texts of the common kinds are called."""
    if any("id" in each.get("properties", {}) for each in choices):
        return "name, `{id: ...}`, or a list"
    if any(each.get("type") == "object" and "additionalProperties" in each for each in choices):
        return "text, or locale to text"
    return ""


def _list_of(field: Schema) -> str:
    inner = type_of(field.get("items", {}))
    return f"list of {inner}" if inner and " or " not in inner else "list"


def table(group: Schema) -> Iterator[str]:
    """Yield the table of the fields of one object."""
    required = set(group.get("required", ()))
    yield "| field | value | what it is |"
    yield "| --- | --- | --- |"
    named = group.get("properties", {})
    if set(named) == set(WEEKDAYS):
        yield f"| {', '.join(f'`{day}`' for day in WEEKDAYS)} | list of text | {cell(named['mon']['description'])} |"
        return
    for name, field in named.items():
        words = [cell(str(field.get("description", field.get("title", ""))))]
        if "default" in field and field["default"] not in ({}, []):
            words.append(f"Default: {code(field['default'])}.")
        examples = [each for each in field.get("examples", ()) if isinstance(each, str | int) and each is not True]
        if examples and "default" not in field and "enum" not in field:
            words.append("Such as " + ", ".join(code(each) for each in examples[:3]) + ".")
        must = " (required)" if name in required else ""
        yield f"| `{name}`{must} | {type_of(field)} | {' '.join(words)} |"


def section(title: str, group: Schema, level: int = 3) -> Iterator[str]:
    """Yield the heading, the description and the table of one object."""
    yield f"{'#' * level} {title}"
    yield ""
    if group.get("description"):
        yield f"{group['description']}"
        yield ""
    yield from table(group)
    yield ""


def playbook() -> str:
    """Return the reference of the playbook language, without the fields of `with`."""
    whole_schema = schema("playbook.v1")
    root, defs = whole_schema["properties"], dict(whole_schema["$defs"])
    lines = [*section("The file", whole_schema)]
    lines += section("`metadata`", root["metadata"])
    lines += section("`spec`", root["spec"])
    lines += section("`spec.windows`: a window", defs.pop("window"))
    lines += section("`spec.steps`: a step", defs.pop("step"))
    for name, group in defs.items():
        lines += section(f"`restore`: a {name.replace('followUp', 'follow-up').replace('_', '-')}", group)
    return "\n".join(lines)


def configuration() -> str:
    """Return the reference of runner.yaml."""
    whole_schema = schema("runner.v1")
    root, defs = whole_schema["properties"], whole_schema["$defs"]
    lines = [*section("The file", whole_schema)]
    lines += section("`targets`: a target", defs["target"])
    lines += section("`store`", root["store"])
    lines += section("`snooze`", root["snooze"])
    lines += section("`notifications`: a notification", defs["notification"])
    lines += section("`guards`", root["guards"])
    lines += section("`guards.limits`: a limit", defs["limit"])
    lines += section("`guards.freeze`: a freeze", defs["freeze"])
    return "\n".join(lines)


# --- kinds ----------------------------------------------------------------------------------------------------------


def kinds_reference() -> str:
    """Return a section for each common kind, made from the schema of its `with`."""
    lines: list[str] = []
    for spec in kinds.common().values():
        lines += [f"### `{spec.kind}`: {spec.title}", "", _how(spec), "", *table(spec.schema), ""]
        lines += _parts(spec.schema)
    return "\n".join(lines)


def _how(spec: KindSpec) -> str:
    paths = ", ".join(f"`{path}` ({merge.value})" for path, merge in spec.merges.items())
    who = "A person carries it out; the runner asks, reminds and records. " if spec.means is not Means.API else ""
    back = "" if spec.reversal is Reversal.WRITE else f"Taken back by: {spec.reversal.value}. "
    return f"{who}{back}Fields that it owns, and how layers combine there: {paths}."


def _parts(group: Schema, prefix: str = "") -> Iterator[str]:
    for name, field in group.get("properties", {}).items():
        inner = field.get("items", field) if field.get("type") == "array" else field
        if inner.get("properties"):
            yield from (f"Fields of `{prefix}{name}`:", "", *table(inner), "")


def vendor_kinds(provider: str) -> str:
    """Return the fields of the kinds that a vendor has besides the common ones, or with other fields."""
    account = Target(provider, provider, SETTINGS.get(provider, {}))
    common = kinds.common()
    lines: list[str] = []
    for name, spec in registry.load(provider)(account, ScriptedIo()).capabilities().items():
        if name not in common or spec.schema != common[name].schema:
            lines += [f"#### `{name}`: {spec.title}", "", *table(spec.schema), "", *_parts(spec.schema)]
    return "\n".join(lines)


def embedded_names() -> str:
    """Return the names that the seeded embedded helpdesk has."""
    rows = {
        "schedules": [f"{row[1]} ({row[2]})" for row in seed.SCHEDULES],
        "channels": [row[1] for row in seed.CHANNELS],
        "messages": [row[0][1] for row in seed.MESSAGES],
        "rules": [row[1] for row in seed.RULES],
        "groups": [row[1] for row in seed.GROUPS],
    }
    return "\n".join(f"- {what}: {', '.join(names)}" for what, names in rows.items())


# --- codes and commands ---------------------------------------------------------------------------------------------


def codes() -> str:
    """Return every diagnostic code, by family."""
    lines: list[str] = []
    others = sorted({name[:2] for name in CODES} - FAMILIES.keys())
    for family, title in [*FAMILIES.items(), *((name, "Others") for name in others)]:
        lines += [f"## {family}: {title}", ""]
        for name, entry in sorted(CODES.items()):
            if name.startswith(family):
                lines += [f"### {name}: {entry.title}", "", f"*{entry.severity.value}.* {entry.meaning}", ""]
                lines += [f"What to do: {entry.fix}", ""]
    return "\n".join(lines)


def command_line() -> str:
    """Return the help of every command."""
    return "\n".join(_help(cli, "runner", None, 2))


def _help(command: click.Command, name: str, parent: click.Context | None, level: int) -> Iterator[str]:
    settings = {} if parent else command.context_settings
    width = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent=parent, info_name=name, **width, **settings)
    command._help_option = None  # click keeps the one of the first context that asked, whoever that was
    if parent is None:
        context.obj = World()
    yield from (f"{'#' * level} `{context.command_path}`", "", "```text", command.get_help(context), "```", "")
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = whole(context) if parent is None and child == "sandbox" else command.get_command(context, child)
            if found is not None and not found.hidden:
                yield from _help(found, child, context, min(level + 1, 4))


def exit_codes() -> str:
    """Return the exit codes as a table, from the help of the command line."""
    rows = re.findall(r"^\s+(\d+)  (.+)$", EPILOG.partition("Shell completion")[0], re.MULTILINE)
    return "\n".join(
        ["| code | meaning |", "| --- | --- |", *(f"| {number} | {cell(text)} |" for number, text in rows)]
    )


# --- the code -------------------------------------------------------------------------------------------------------


def modules() -> str:
    """Return the module map: the first sentence of every module, in the order of imports."""
    lines = ["| module | what it is |", "| --- | --- |"]
    for level in _order():
        for path in _files(level):
            lines.append(f"| `{path.relative_to(ROOT).as_posix()}` | {cell(_summary(path))} |")
    return "\n".join(lines)


def _order() -> list[set[str]]:
    tree = ast.parse((ROOT / "tests" / "test_architecture.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "ORDER":
            found: tuple[set[str], ...] = ast.literal_eval(node.value)
            return list(found)
    raise SystemExit("tests/test_architecture.py has no ORDER")


def _files(level: set[str]) -> list[Path]:
    names = [ROOT / "runner" / f"{name}.py" for name in level] + [
        ROOT / "runner" / name / "__init__.py" for name in level
    ]
    return sorted(path for path in names if path.exists())


def _summary(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0]


def decisions() -> str:
    """Return the list of decisions, from their headings."""
    lines = []
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        number, _, words = title.partition(" ")
        lines.append(f"- [{number}]({path.relative_to(ROOT / 'docs').as_posix()}) {words}")
    return "\n".join(lines)
