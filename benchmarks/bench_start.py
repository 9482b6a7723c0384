"""Cold start: ``runner --help`` and ``runner --version`` against a bare click program, whole processes in turns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.support import Row, Table, folder, paired, seconds

BARE = '''\
import sys
import click

@click.group()
@click.version_option("1.0")
def main(): ...

@main.command()
def one():
    """Do one thing."""

if __name__ == "__main__":
    sys.exit(main())
'''
SEEN = """\
import sys
from runner.cli import main
try:
    main()
except SystemExit:
    pass
from importlib.metadata import packages_distributions
names = {name.partition('.')[0] for name in sys.modules if not name.startswith('_')}
print(*sorted((names & set(packages_distributions())) - {'runner', 'providers'}), file=sys.stderr)
"""
WORDS = ("--version", "--help")


def run(*command: str) -> None:
    """Run one process to its end."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def imported(word: str) -> list[str]:
    """Return the distributions' packages, beside the runner's own, that ``runner WORD`` imports."""
    done = subprocess.run([sys.executable, "-c", SEEN, word], check=True, capture_output=True, text=True)
    return done.stderr.split()


def main(rounds: int = 21) -> list[Table]:
    """Measure and return the table."""
    script = Path(sys.executable).parent / "runner"
    rows = []
    with folder() as place:
        bare = place / "bare"
        bare.write_text(BARE, encoding="utf-8")
        for word in WORDS:
            beside = [name for name in imported(word) if name != "click"]
            assert not beside, f"runner {word} imports {', '.join(beside)}"
            low, ours = paired(
                rounds,
                lambda word=word: seconds(lambda: run(sys.executable, str(bare), word)),
                lambda word=word: seconds(lambda: run(sys.executable, str(script), word)),
            )
            rows.append(Row(f"`runner {word}`", f"{1000 * ours:.0f} ms", f"{1000 * low:.0f} ms", ours / low, 1.5))
    about = f"Whole processes against a click program of one command; medians of {rounds} pairs. Beside the standard "
    return [Table("Cold start", about + "library both import click alone, which the benchmark checks.", rows)]


if __name__ == "__main__":
    print(*main(), sep="\n")
