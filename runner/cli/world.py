"""What a command is given: the world outside, the options that every command takes, and where its words go.

Imports the standard library and click only; everything else is imported where it is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.operate import By
    from runner.commands.session import Session
    from runner.deps import Deps
    from runner.errors import Diagnostic
    from runner.spi import OpenProvider
    from runner.views.progress import Silent

F = TypeVar("F", bound=Callable[..., Any])

WIDEST = 100  # columns; longer lines are hard to read


class FilePath(click.Path):
    """A path as a `pathlib.Path`, which is imported only when there is one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        from pathlib import Path

        return Path(str(super().convert(value, param, ctx)))


FILE = FilePath()


@dataclass
class World:
    """One invocation. Tests hand in their own `given` outside, providers (`open_with`) and `terminal`."""

    given: Deps | None = None
    open_with: Mapping[str, OpenProvider] | None = None
    terminal: bool | None = None
    config: Path | None = None
    named: str = ""
    format: str = "human"
    words: Sequence[str] = ()
    driving: bool = False
    opened: list[Session] = field(default_factory=list)

    # --- the outside ------------------------------------------------------------------------------------------------

    @property
    def deps(self) -> Deps:
        """The outside world."""
        if self.given is None:
            from runner.deps import real

            self.given = real()
        return self.given

    def session(self, *, create: bool) -> Session:
        """Open the configuration; with `create`, make a missing store. Raises `InvalidInput`, `Usage`."""
        from runner.commands.session import open_session

        made = open_session(self.deps, self.config, create=create, open_with=self.open_with)
        self.opened.append(made)
        click.get_current_context().call_on_close(made.close)
        return made

    @property
    def typist(self) -> str:
        """Who types: the person behind a CI job, or the user at this machine."""
        return self.deps.environment.get("GITHUB_ACTOR", "") or self.deps.owner.rpartition("/")[0]

    @property
    def actor(self) -> str:
        """Who does this: ``--as``, or who types."""
        return self.named or self.typist

    def by(self, reason: str | None) -> By:
        """Return who does it and why."""
        from runner.commands.operate import By

        return By(self.actor, (reason or "").strip())

    def scrub(self, text: str) -> str:
        """Return `text` without the secrets that this invocation has seen."""
        for session in self.opened:
            text = session.vault.scrub(text)
        return text

    @contextmanager
    def at_the_wheel(self) -> Iterator[Silent]:
        """Listen to Ctrl-C and SIGTERM, and show progress, while live systems are written."""
        import signal

        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        self.deps.stop.install()
        self.driving = True
        try:
            with self.progress() as progress:
                yield progress
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def progress(self) -> Silent:
        """Return where a drive tells how far it is: bars on a terminal, lines elsewhere; both on stderr."""
        from runner.views.progress import Bars, Lines

        if sys.stderr.isatty():
            return Bars(sys.stderr, width=self.width, colour=self.colour, clock=self.deps.boot)
        return Lines(lambda line: click.echo(line, err=True), self.deps.boot)

    # --- the screen -------------------------------------------------------------------------------------------------

    @property
    def interactive(self) -> bool:
        """Whether somebody sits there who can be asked."""
        if self.terminal is not None:
            return self.terminal and self.format == "human"
        return self.format == "human" and sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def colour(self) -> bool:
        """Whether to colour: on a terminal, unless NO_COLOR or TERM=dumb say otherwise."""
        environment = self.deps.environment
        return sys.stdout.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        """The columns of the terminal, or as many as read well."""
        if not sys.stdout.isatty():
            return WIDEST
        import shutil

        return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)

    @property
    def look(self) -> dict[str, Any]:
        """The width and colour that every view takes."""
        return {"width": self.width, "colour": self.colour}

    def say(self, text: str) -> None:
        """Print a text without secrets."""
        if text:
            click.echo(self.scrub(text))

    def aside(self, text: str) -> None:
        """Print a text beside the result, on stderr."""
        if text:
            click.echo(self.scrub(text), err=True)

    def json(self, data: Any) -> None:
        """Print one JSON document."""
        import json

        click.echo(self.scrub(json.dumps(data, ensure_ascii=False, indent=2)))

    def warn(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Print the checks' advice beside the result."""
        from runner.views import diagnostics as views

        for line in views.human(diagnostics):
            self.aside(line)

    # --- asking -----------------------------------------------------------------------------------------------------

    def refuse_unasked(self, yes: bool, reason: str | None) -> None:
        """Raise `Refused`, with the line to type, when nobody can be asked and the answer was not given along."""
        if self.interactive or (yes and (reason or "").strip()):
            return
        import shlex

        from runner.errors import Refused

        words = [word for word in self.words if word != "--yes"]
        line = shlex.join(["runner", *words, "--yes", *([] if reason else ["--reason", "WHY"])])
        raise Refused("nobody can be asked here: say --yes and --reason", hint=f"type: {line}", code="CL001")

    def ask(self, question: str, *, yes: bool) -> None:
        """Ask once on a terminal, unless the answer was given along. Raises `Refused` when the answer is no."""
        if yes or click.confirm(question, default=False):
            return
        from runner.errors import Refused

        raise Refused("nothing was changed", hint="the answer was no", code="CL002")


pass_world = click.make_pass_decorator(World, ensure=True)


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None:
        world = context.ensure_object(World)
        name = {"config": "config", "actor": "named", "format": "format"}[str(parameter.name)]
        setattr(world, name, value)


def with_config(command: F) -> F:
    """Add the options that stand before and behind every command."""
    command = click.option(
        "--as", "actor", metavar="NAME", expose_value=False, callback=_keep, help="Who does this, for the history."
    )(command)
    return click.option(
        "--config",
        type=FilePath(dir_okay=False),
        expose_value=False,
        callback=_keep,
        help="runner.yaml, when it is not here or above.",
    )(command)


def common(*formats: str) -> Callable[[F], F]:
    """Add ``--config``, ``--as`` and ``--format`` with human, json and what else is named."""

    def add(command: F) -> F:
        choice = click.Choice(["human", "json", *formats])
        option = click.option("--format", type=choice, expose_value=False, callback=_keep, help="How to print.")
        return with_config(option(command))

    return add


def consent(command: F) -> F:
    """Add ``--yes`` and ``--reason``."""
    command = click.option("--reason", metavar="WHY", help="Why, for the history; needed outside a terminal.")(command)
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)
