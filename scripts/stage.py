"""A place where command lines are carried out as typed, on the embedded helpdesk, at a time that somebody sets.

The demo, the generated blocks of the documentation and their tests share it. Nothing here is mocked but the clock: the
command line runs in this process, against a real store and a real helpdesk file in `folder`. `build_zendesk` puts a
simulated Zendesk account in the helpdesk's place; it is reached over its wire, as the real one is.
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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

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
    account: Any = None  # of a simulated Zendesk
    transport: Any = None
    dial: Any = None  # what connects to anything but HTTP; None for the network
    environment: Mapping[str, str] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)
    _waited: float = 0.0

    def build(self) -> Stage:
        """Make the folder anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copy(ROOT / "runner.yaml", self.folder)
        shutil.copytree(ROOT / "playbooks", self.folder / "playbooks")
        return self

    def build_zendesk(self, tickets: int) -> Stage:
        """Make the folder anew as a copy of playbooks/zendesk, with an account of so many tickets and its secrets."""
        from providers.zendesk.simulator.access import CHAT_TOKEN, CLIENT_ID, CLIENT_SECRET
        from providers.zendesk.simulator.account import Account

        self.account = Account(clock=self.wall, tickets=tickets)
        secrets = {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "CHAT_TOKEN": CHAT_TOKEN}
        environment = {f"ZENDESK_{name}": secret for name, secret in secrets.items()}
        return self.build_vendors("zendesk", {"example.zendesk.com": self.account}, environment)

    def build_vendors(self, home: str, accounts: Mapping[str, Any], environment: Mapping[str, str]) -> Stage:
        """Make the folder anew as a copy of playbooks/HOME, where host names lead to simulated accounts."""
        shutil.rmtree(self.folder, ignore_errors=True)
        ignored = shutil.ignore_patterns(".runner", "journal")
        shutil.copytree(ROOT / "playbooks" / home, self.folder, ignore=ignored)
        from httpx import BaseTransport, ConnectError, Request, Response, WSGITransport

        apps = {host: WSGITransport(app=account.wsgi) for host, account in accounts.items()}

        class Hosts(BaseTransport):
            """Each host is one account; others do not answer."""

            def handle_request(self, request: Request) -> Response:
                """Hand a request to the account of its host."""
                if request.url.host not in apps:
                    raise ConnectError(f"nobody is {request.url.host}", request=request)
                return apps[request.url.host].handle_request(request)

        self.transport, self.environment = Hosts(), dict(environment)
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
        outside = {"wall": self.wall, "boot_clock": self.wall, "wait": self._wait, "transport": self.transport}
        if self.dial is not None:
            outside["dial"] = self.dial
        deps = Deps(self.environment, OWNER, **outside)
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
