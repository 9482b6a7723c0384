"""A page of styled lines, rendered to one string at a given width, with or without colour.

A line is a lead (sign or label, repeated as blanks where the line is folded) and a body. Colour is only ever an
addition: the text without colour is the same text. Nothing here prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Part: TypeAlias = "str | tuple[str, str]"  # a text, or a text and its style

DANGER = "bold red"  # cannot be given back, refused, overdue
LOUD = "bold yellow"  # warnings
HANDS = "bold cyan"  # a person has to do it
STRONG = "bold"
DIM = "dim"
SIGNS = {"+": "green", "~": "yellow", "-": "magenta", "!": DANGER, "?": HANDS, "=": LOUD}
NARROWEST = 24  # columns that a folded body gets at least


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `lead` stands once, `body` folds beside it; a line that is not `folds` is left as long as it is."""

    lead: Part = ""
    body: tuple[Part, ...] = ()
    folds: bool = True


@dataclass(slots=True)
class Page:
    """Lines in the order in which they are added."""

    lines: list[Line] = field(default_factory=list)

    def add(self, *body: Part, lead: Part = "") -> None:
        """Add a line that folds beside its `lead`."""
        self.lines.append(Line(lead, body))

    def type(self, command: str, indent: int = 2) -> None:
        """Add a command to type: a line of its own that never folds, so that it can be copied."""
        self.verbatim(" " * indent, command)

    def verbatim(self, lead: Part, text: str) -> None:
        """Add a text that is never folded: an exact value, or a command."""
        self.lines.append(Line(lead, ((text, STRONG),), folds=False))

    def warn(self, words: str) -> None:
        """Add a loud line; a command at its end (``...: runner ...``) stands below it, unfolded."""
        said, found, typed = words.partition(": runner ")
        self.add((said + (":" if found else ""), LOUD), lead=("WARNING: ", LOUD))
        if found:
            self.type(f"runner {typed}")

    def gap(self) -> None:
        """Add an empty line, but never two in a row and none at the top."""
        if self.lines and self.lines[-1] != Line():
            self.lines.append(Line())

    def render(self, width: int, *, colour: bool) -> str:
        """Return the page without a line end at its end."""
        return rendered(self.lines, width, colour=colour)


def console(width: int, *, colour: bool) -> Console:
    """Return a console that writes to memory and looks at neither the environment nor the terminal."""
    from io import StringIO

    from rich.console import Console

    return Console(
        file=StringIO(),
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def rendered(lines: Iterable[Line], width: int, *, colour: bool) -> str:
    """Return the lines folded to `width` columns; only a verbatim line may be longer."""
    from rich.text import Text

    out = console(width, colour=colour)
    with out.capture() as capture:
        for line in lines:
            lead, body = Text.assemble(line.lead, end=""), Text.assemble(*line.body, end="")
            hang = lead.cell_len
            room = max(width - hang, NARROWEST)
            rows = body.wrap(out, room, overflow="fold") if line.folds and body.plain else [body]
            for n, row in enumerate(rows):
                whole = Text.assemble(lead if n == 0 else " " * hang, row, end="")
                whole.rstrip()
                out.print(whole, soft_wrap=True)
    return "\n".join(row.rstrip() for row in capture.get().rstrip("\n").split("\n"))


def table(renderable: RenderableType, width: int, *, colour: bool) -> str:
    """Return any rich renderable as a string."""
    out = console(width, colour=colour)
    with out.capture() as capture:
        out.print(renderable)
    return "\n".join(row.rstrip() for row in capture.get().rstrip("\n").split("\n"))
