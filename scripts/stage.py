"""A place where command lines are carried out as typed, on the embedded helpdesk, at a time that somebody sets.

The demo, the generated blocks of the documentation and their tests share it. Nothing here is mocked but the clock: the
command line runs in this process, against a real store and a real helpdesk file in `folder`.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from runner.cli import cli
from runner.cli.world import World
from runner.deps import Deps

ROOT = Path(__file__).resolve().parent.parent
OWNER = "ana@laptop/1"


@dataclass
class Stage:
    """A folder with a copy of runner.yaml and the playbooks, and a clock that shows `now`.

    The clock stands still unless somebody waits; with `ticking` it goes on by itself.
    """

    folder: Path
    now: datetime
    ticking: bool = False
    terminal: bool = True
    code: int = 0
    _began: float = field(default_factory=time.monotonic)
    _waited: float = 0.0

    def build(self) -> Stage:
        """Make the folder anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copy(ROOT / "runner.yaml", self.folder)
        shutil.copytree(ROOT / "playbooks", self.folder / "playbooks")
        return self

    def at(self, moment: datetime) -> None:
        """Set the clock."""
        self.now, self._began, self._waited = moment, time.monotonic(), 0.0

    def wall(self) -> float:
        """Return the time on the clock, in seconds since 1970."""
        passed = time.monotonic() - self._began if self.ticking else 0.0
        return self.now.timestamp() + self._waited + passed

    def _wait(self, seconds: float) -> None:
        self._waited += seconds

    def run(self, line: str) -> str:
        """Return what a command line prints, to both streams; `code` is its exit code.

        `runner ...` runs in this process, with `terminal` as if somebody sat at one 100 columns wide. ``> FILE`` at the
        end keeps the output in a file. Anything else is handed to the system.
        """
        command, _, file = line.partition(" > ")
        words = shlex.split(command, comments=True)
        text = self._runner(words[1:]) if words[0] == "runner" else self._other(words)
        text = text.replace(f"{self.folder}/", "")
        if file:
            (self.folder / file.strip()).write_text(text, encoding="utf-8")
            return ""
        return text

    def _runner(self, words: list[str]) -> str:
        deps = Deps({}, OWNER, wall=self.wall, boot_clock=self.wall, wait=self._wait)
        out, stdin = io.StringIO(), sys.stdin
        sys.stdin = io.StringIO()  # nobody answers
        with self._inside(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                cli.main(words, prog_name="runner", obj=World(given=deps, terminal=self.terminal))
            except SystemExit as left:
                self.code = int(left.code or 0)
            finally:
                sys.stdin = stdin
        return out.getvalue()

    def _other(self, words: list[str]) -> str:
        done = subprocess.run(
            words, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        self.code = done.returncode
        return done.stdout

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(before)
