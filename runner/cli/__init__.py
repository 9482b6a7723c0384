"""The command line. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import click

from runner import __version__
from runner.cli import driving, looking, sandbox, settling, writing
from runner.cli.edge import Edge
from runner.cli.world import with_config

EPILOG = """\
\b
Exit codes
   0  done
   1  a fault; the message says what to do
   2  the words of the command do not fit together
   3  invalid playbook or configuration
   4  differences found (plan --exit-code, drift, leftovers of rehearse)
   5  only people can move it on (conflict, unknown or rejected item, waiting step)
   6  `runner resume` can move it on (also after Ctrl-C)
   7  refused before any write
  75  somebody else holds the outage

\b
Shell completion
  bash  eval "$(_RUNNER_COMPLETE=bash_source runner)"
  zsh   eval "$(_RUNNER_COMPLETE=zsh_source runner)"
  fish  _RUNNER_COMPLETE=fish_source runner | source

NO_COLOR turns colours off. RUNNER_DEBUG=1 shows where an unexpected fault happened.
"""


class Root(Edge):
    """The commands; those of the sandboxes come from the installed providers when they are called."""

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names."""
        name, command, rest = super().resolve_command(context, words)
        return name, sandbox.whole(context) if name == "sandbox" else command, rest


@click.group(cls=Root, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runner")
@with_config
def cli() -> None:
    """try/finally for a helpdesk: outages as playbooks, planned, applied, and given back exactly."""


for module in (writing, driving, looking, settling, sandbox):
    for command in module.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run the command line of this process."""
    cli.main(prog_name="runner")
