"""Where in a file a template goes wrong: the place of a line of a value, not only of the value."""

from __future__ import annotations

import posixpath

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from runner.checks.book import Book, Path
from runner.errors import Mark
from runner.template import TemplateError


def in_value(book: Book, path: Path, text: str, error: TemplateError) -> Mark:
    """Return the place of `error` inside the template `text` that stands as the value at `path`."""
    mark = book.loaded.mark(path)
    node = _node(book.loaded.source.root, path)
    here = (mark.line - 1, mark.column - 1)
    if not isinstance(node, ScalarNode) or (node.start_mark.line, node.start_mark.column) != here:
        return mark  # parts of the file were left out: paths count what remains
    if node.style == "|":
        return Mark(mark.file, mark.line + error.line, 1)
    if node.style == ">" or node.start_mark.line != node.end_mark.line or not error.name:
        return mark
    quote = 1 if node.style in ("'", '"') else 0
    return Mark(mark.file, mark.line, mark.column + quote + _offset(text, 1, error.name))


def in_text_file(book: Book, path: str, text: str, error: TemplateError) -> Mark:
    """Return the place of `error` in the text file at `path` (as the playbook names it) with content `text`."""
    file = posixpath.join(posixpath.dirname(book.loaded.source.file), path)
    return Mark(file, error.line, 1 + _offset(text, error.line, error.name))


def _offset(text: str, line: int, name: str) -> int:
    lines = text.split("\n")
    if not name or line > len(lines):
        return 0
    return max(0, lines[line - 1].find(name))


def _node(node: Node | None, path: Path) -> Node | None:
    for part in path:
        if isinstance(node, MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            return None
    return node
