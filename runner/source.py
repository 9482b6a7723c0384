"""One YAML file, read once: plain values, and the line and column of each of them.

The file is composed by libyaml into nodes, and the nodes become plain values by the scalar rules of YAML 1.2 core:
``11:30``, ``no``, ``010``, ``1_000`` and ``2026-12-11`` are text. The nodes are kept; places are looked up in them on
demand. What YAML offers beyond plain data (tags, merge keys, several documents, keys that are no text) is refused.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isinf
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from runner.errors import Diagnostic, Mark, Severity
from runner.model import Json
from runner.textfile import CONTROL, decode, read_bytes

SIZE_LIMIT: Final = 4 * 1024 * 1024  # bytes; 10,000 steps of nine lines take about half of it
DEPTH_LIMIT: Final = 64  # nested values; also keeps libyaml's own recursion far from the end of the stack
VALUE_LIMIT: Final = 500_000  # keys and values
ALIAS_LIMIT: Final = 10_000  # values that aliases may repeat
MISTAKE_LIMIT: Final = 100  # mistakes listed of one file

_PLAIN: Final = ""  # tags that our resolver gives; any other tag was written in the file
_QUOTED: Final = "\0quoted"

_WORDS: Final[dict[str, Json]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC_START: Final = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})", re.ASCII)
_RADIX = re.compile(r"0o[0-7]{1,99}|0x[0-9a-fA-F]{1,99}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class _Stop(Exception):
    """Reading cannot go on; the diagnostic says why."""

    def __init__(self, code: str, message: str, mark: yaml.Mark | None, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.mark, self.hint = code, message, mark, hint


@dataclass(frozen=True, slots=True)
class Source:
    """A file as plain JSON values (`data`) that knows where each of them stands."""

    file: str
    data: Json
    root: Node | None = field(default=None, repr=False, compare=False)

    def mark(self, path: Sequence[str | int] = ()) -> Mark:
        """Return the place of the value at `path`, or of its nearest parent that exists."""
        return self._place(path)[1]

    def key_mark(self, path: Sequence[str | int]) -> Mark:
        """Return the place of the key whose value is at `path`; the value's place where there is no key."""
        return self._place(path)[0]

    def _place(self, path: Sequence[str | int]) -> tuple[Mark, Mark]:
        node = key = self.root
        for part in path:
            found = _child(node, part)
            if found is None:
                key = node
                break
            key, node = found
        return _mark(self.file, key.start_mark if key else None), _mark(self.file, node.start_mark if node else None)


def _child(node: Node | None, part: str | int) -> tuple[Node, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and 0 <= part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _mark(file: str, mark: yaml.Mark | None) -> Mark:
    return Mark(file, mark.line + 1, mark.column + 1) if mark is not None else Mark(file)


# --- bytes ----------------------------------------------------------------------------------------------------------


def read_source(path: Path, shown: str = "") -> tuple[Source | None, list[Diagnostic]]:
    """Read the YAML file at `path`; `shown` is its name in diagnostics (default: the path).

    Returns None and the reasons when the file is no mapping of plain values. Never raises for bad content.
    """
    file = shown or str(path)
    raw, problem = read_bytes(path, SIZE_LIMIT)
    if problem is not None:
        return None, [Diagnostic(problem.code, problem.message, Mark(file), problem.hint)]
    return parse_source(raw, file)


def parse_source(
    raw: bytes, file: str, *, libyaml: bool = yaml.__with_libyaml__
) -> tuple[Source | None, list[Diagnostic]]:
    """Return what the bytes of a YAML file say; the rest is as in `read_source`."""
    text, wrong = decode(raw)
    if wrong is not None:
        return None, [Diagnostic(wrong.code, wrong.message, Mark(file, wrong.line, wrong.column), wrong.hint)]
    mistakes: list[Diagnostic] = []
    if not libyaml:
        hint = "reading takes many times longer: install a PyYAML wheel, or libyaml before building PyYAML"
        mistakes.append(Diagnostic("YM018", "libyaml is missing", Mark(file), hint, Severity.WARNING))
    builder = _Builder(file, mistakes)
    try:
        with _collector_paused():
            root = _compose(text, libyaml)
            data = builder.value(root) if root is not None else None
    except _Stop as stop:
        mistakes.append(Diagnostic(stop.code, stop.message, _mark(file, stop.mark), stop.hint))
        return None, mistakes
    except yaml.YAMLError as error:
        mistakes.append(_not_yaml(error, text, file))
        return None, mistakes
    if root is None or (isinstance(root, ScalarNode) and data is None):
        mistakes.append(Diagnostic("YM014", "the file is empty", Mark(file), "`runner new` writes a first playbook"))
    elif not isinstance(root, MappingNode):
        hint = "it must start with `apiVersion: runner/v1` and `kind:`"
        mistakes.append(Diagnostic("YM015", "the file holds no fields", _mark(file, root.start_mark), hint))
    if any(mistake.severity is Severity.ERROR for mistake in mistakes):
        return None, mistakes
    return Source(file, data, root), mistakes


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Composing makes many small objects and no garbage: cyclic collections would take most of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# --- nodes ----------------------------------------------------------------------------------------------------------


class _Resolving:
    """Tells plain from quoted scalars, and counts: nothing else is resolved while composing."""

    depth = 0
    values = 0

    def resolve(self, kind: type[Node], _value: str | None, implicit: Any) -> str:
        """Return the tag of a node without one."""
        return _QUOTED if kind is ScalarNode and not implicit[0] else _PLAIN

    def descend_resolver(self, parent: Node, _index: object) -> None:
        """Enter a node."""
        self.depth += 1
        self.values += 1
        if self.depth > DEPTH_LIMIT:
            raise _Stop("YM012", f"values are nested more than {DEPTH_LIMIT} deep", parent.start_mark, "flatten it")
        if self.values > VALUE_LIMIT:
            message = f"the file holds more than {VALUE_LIMIT:,} keys and values"
            raise _Stop("YM013", message, parent.start_mark, "split it into several playbooks")

    def ascend_resolver(self) -> None:
        """Leave a node."""
        self.depth -= 1


class _PureLoader(_Resolving, Reader, Scanner, Parser, Composer):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


def _c_loader() -> Callable[[str], Any]:
    from yaml._yaml import CParser

    class CLoader(_Resolving, CParser):
        pass

    return CLoader


_C_LOADER: Final[Callable[[str], Any]] = _c_loader() if yaml.__with_libyaml__ else _PureLoader


def _compose(text: str, libyaml: bool) -> Node | None:
    node: Node | None = (_C_LOADER if libyaml else _PureLoader)(text).get_single_node()
    return node


class _Builder:
    """Turns nodes into plain values and notes what is not plain data."""

    def __init__(self, file: str, mistakes: list[Diagnostic]) -> None:
        self._file = file
        self._mistakes = mistakes
        self._seen: set[int] = set()  # collections met; a second meeting is an alias
        self._open: set[int] = set()  # collections that we are in
        self._repeating = 0
        self._repeated = 0

    def _note(self, code: str, message: str, node: Node, hint: str) -> None:
        if self._repeating:  # already noted where the anchor stands
            return
        if len(self._mistakes) >= MISTAKE_LIMIT:
            raise _Stop(code, f"{message}; only the first {MISTAKE_LIMIT} mistakes are listed", node.start_mark, hint)
        self._mistakes.append(Diagnostic(code, message, _mark(self._file, node.start_mark), hint))

    def value(self, node: Node) -> Json:
        """Return the plain value of `node`."""
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if node.tag != _PLAIN:
            self._tag(node)
        identity = id(node)
        if identity in self._open:
            raise _Stop("YM009", "an alias stands for a value that contains it", node.start_mark, "write it out")
        again = identity in self._seen
        self._seen.add(identity)
        self._open.add(identity)
        self._repeating += again
        if self._repeating:
            self._repeated += 1 + len(node.value)
            if self._repeated > ALIAS_LIMIT:
                message = f"aliases repeat more than {ALIAS_LIMIT:,} values"
                raise _Stop("YM009", message, node.start_mark, "write the values out")
        build = self._mapping if isinstance(node, MappingNode) else self._sequence
        result = build(node)
        self._repeating -= again
        self._open.discard(identity)
        return result

    def _sequence(self, node: Node) -> list[Json]:
        return [self.value(item) for item in node.value]

    def _mapping(self, node: Node) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for key, value in node.value:
            name = self._scalar(key) if isinstance(key, ScalarNode) else key
            if key.tag == _PLAIN and name == "<<":
                self._note("YM010", "merge keys (`<<`) are not read", key, "write the fields out, or use `vars`")
            elif not isinstance(name, str):
                self._no_text(key)
            elif name in result:
                first = next(other for other, _ in node.value if other.value == name)
                hint = f"it also stands on line {first.start_mark.line + 1}: keep one of the two"
                self._note("YM007", f"`{_short(name)}` is given twice", key, hint)
            else:
                result[name] = self.value(value)
        return result

    def _no_text(self, key: Node) -> None:
        if isinstance(key, ScalarNode):
            quoted = f'"{_short(key.value)}"'
            self._note("YM016", "a field name must be text", key, f"write {quoted} in quotes")
        else:
            hint = 'a value that starts with `{{` needs quotes: "{{ vars.name }}"'
            self._note("YM016", "a field name must be text, not a list or fields", key, hint)

    def _scalar(self, node: ScalarNode) -> Json:
        text = node.value
        if node.tag == _PLAIN:
            if text in _WORDS:
                return _WORDS[text]
            return self._number(node, text) if text[0] in _NUMERIC_START else text
        if node.tag != _QUOTED:
            self._tag(node)
        elif node.style == '"' and (match := CONTROL.search(text)):
            self._note("YM004", f"control character U+{ord(match[0]):04X}", node, "delete the escape")
        return text

    def _number(self, node: ScalarNode, text: str) -> Json:
        if _INT.fullmatch(text):
            return int(text)
        if _RADIX.fullmatch(text):
            return int(text, 0)
        if _FLOAT.fullmatch(text):
            number = float(text)
            if not isinf(number):
                return number
        elif not _SPECIAL.fullmatch(text):
            return text
        self._note("YM017", f"{_short(text)} is no number that can be stored", node, "write a finite number, or quotes")
        return text

    def _tag(self, node: Node) -> None:
        shown = node.tag.replace("tag:yaml.org,2002:", "!!")
        self._note("YM008", f"the tag `{_short(shown)}` is not read", node, "delete it: values are plain data")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:37] + "..."


# --- words for libyaml's complaints ---------------------------------------------------------------------------------

_IN_BRACES: Final = "between brackets or braces, text that holds one of `[]{},` needs quotes"
_COMPLAINTS: Final = (  # part of the complaint -> code, sentence, hint
    ("undefined alias", "YM009", "an alias (`*name`) without its anchor", "text that starts with `*` needs quotes"),
    ("duplicate anchor", "YM009", "an anchor (`&name`) is given twice", "text that starts with `&` needs quotes"),
    ("another document", "YM011", "a second document starts here", "one file holds one document: delete `---`"),
    ("undefined tag handle", "YM008", "tags are not read", "text that starts with `!` needs quotes"),
    (
        "mapping values are not allowed",
        "YM005",
        "a `:` where none may stand",
        "put text that holds `: ` in quotes, or line the field up with its neighbours",
    ),
    ("escape", "YM005", "an unknown escape in double quotes", "write a backslash twice, or use single quotes"),
    ("quoted scalar", "YM005", "the quotes are not closed", "close them; inside single quotes, write ' twice"),
    ("flow sequence", "YM005", "a `,` or `]` is missing", _IN_BRACES),
    ("flow mapping", "YM005", "a `,` or `}` is missing", _IN_BRACES),
    ("block mapping", "YM005", "this line does not line up with the fields above it", "check the indentation"),
    ("block collection", "YM005", "this line does not line up with the list above it", "check the indentation"),
    ("simple key", "YM005", "a field name without its `:`", "write `name: value`"),
    (
        "cannot start any token",
        "YM005",
        "this character cannot start a value",
        "put text that starts with `%`, `@` or a backtick in quotes",
    ),
)


def _not_yaml(error: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Diagnostic("YM005", "the file is not YAML", Mark(file), "check the file in an editor")
    problem, context = error.problem or "", error.context or ""
    mark = error.problem_mark or error.context_mark
    lines = text.split("\n")
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation or "tab character" in problem:
        column = indentation.find("\t") + 1 or 1
        place = Mark(file, mark.line + 1 if mark else 1, column)
        return Diagnostic("YM006", "a tab in the indentation", place, "indent with spaces")
    to_the_end = mark is not None and not "".join([line[mark.column :], *lines[mark.line + 1 :]]).strip()
    opened = "quoted scalar" in context or "simple key" in context or ("flow" in context and to_the_end)
    if opened and "escape" not in problem:  # where it was opened helps more than where it was missed
        mark = error.context_mark or mark
    said = f"{problem} {context}"
    for part, code, sentence, hint in _COMPLAINTS:
        if part in said:
            start = error.context_mark if hint is _IN_BRACES else None
            more = f" for the one opened on line {start.line + 1}" if start is not None else ""
            return Diagnostic(code, sentence + more, _mark(file, mark), hint)
    return Diagnostic("YM005", f"the file is not YAML: {_short(problem)}", _mark(file, mark), "check this line")
