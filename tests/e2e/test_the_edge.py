"""Whatever happens, the reader gets a sentence, the next step and a code: never a traceback."""

from __future__ import annotations

import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from providers.simulator.provider import open_target
from runner.deps import Deps, Stop
from runner.errors import Exit, Forbidden, ProviderError, RateLimited, Unauthorized
from runner.spi import Io, KindSpec, Target
from tests.support.desk import PHONE, Desk
from tests.support.leases import take

NOW = ("--now", "--for", "2h")
OPENED = "match@2026-12-11T10:00"
SECRET = "s3cr3t-t0ken"


class Raising:
    """The embedded helpdesk, except that its reads raise `fault`."""

    def __init__(self, target: Target, io: Io, fault: Exception) -> None:
        self._inner = open_target(target, io)
        self._fault = fault
        for reference in target.credentials.values():
            io.secret(reference)

    def capabilities(self) -> Mapping[str, KindSpec]:
        return self._inner.capabilities()

    def read(self, query: Any) -> Iterator[Any]:
        raise self._fault

    def write(self, batch: Any) -> Iterator[Any]:
        raise self._fault


def raising(desk: Desk, fault: Exception) -> None:
    desk.open_with = {"simulator": lambda target, io: Raising(target, io, fault)}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Unauthorized("the token is wrong"), "set the credential"),
        (Forbidden("not in this plan"), "runner doctor"),
        (RateLimited("slow down", retry_after=7), "try again in 7 s"),
        (ValueError("a bug in a plugin"), "a bug in a plugin"),
        (KeyError("x"), "runner doctor"),
    ],
)
def test_a_provider_that_raises(desk: Desk, fault: Exception, said: str) -> None:
    """Whatever a provider raises is one sentence with a next step; the exit code is 1."""
    raising(desk, fault)
    ran = desk.run("plan", "match.yaml")
    assert ran.code == Exit.FAULT
    assert said in ran.text
    assert "Traceback" not in ran.text
    data = desk.run("plan", "match.yaml", "--format", "json").json
    assert data["error"]["code"] == "PR001"


def test_secrets_do_not_come_out(desk: Desk) -> None:
    """A credential in a fault's text is scrubbed from every output."""
    desk.environment["TOKEN"] = SECRET
    text = (
        Path("runner.yaml").read_text().replace("pause: pending", "pause: pending\n    credentials: {token: env:TOKEN}")
    )
    Path("runner.yaml").write_text(text)
    raising(desk, ProviderError(f"GET https://h.example/?token={SECRET} failed with {SECRET}"))
    for words in (
        ("plan", "match.yaml"),
        ("plan", "match.yaml", "--format", "json"),
        ("doctor",),
        ("apply", "match.yaml"),
    ):
        ran = desk.run(*words)
        assert SECRET not in ran.out + ran.err


def test_a_defect_is_one_line_and_a_traceback_only_on_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception is one line with the next step; RUNNER_DEBUG=1 adds where it happened."""
    from runner.commands import look

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("this cannot be")

    monkeypatch.setattr(look, "status", broken)
    ran = desk.run("status")
    assert ran.code == Exit.FAULT
    assert ran.err.startswith("error XX001: unexpected RuntimeError: this cannot be\n")
    assert "Traceback" not in ran.err
    desk.environment["RUNNER_DEBUG"] = "1"
    assert "Traceback" in desk.run("status").err


def test_usage_errors_in_json_too(desk: Desk) -> None:
    """A word that does not exist is exit 2, in JSON when JSON was asked for."""
    assert desk.run("aply").code == Exit.USAGE
    assert desk.run("status", "--nonsense").code == Exit.USAGE
    data = desk.run("status", "--nonsense", "--format", "json").json
    assert "--nonsense" in data["error"]["message"]
    assert desk.run("status", "--format=json", "nothing").json["error"]["code"] == "OP001"
    desk.playbook(PHONE.replace("channel: Phone", "chanel: Phone"))
    assert desk.run("plan", "match.yaml", "--format", "json").json["error"]["diagnostics"][0]["line"] == 9


def test_an_unknown_zone(desk: Desk) -> None:
    """A time typed for a playbook whose zone does not exist is a usage error."""
    Path("match.yaml").write_text(Path("match.yaml").read_text().replace("America/Sao_Paulo", "America/Sao_Paul"))
    ran = desk.run("plan", "match.yaml", "--at", "2026-12-11 12:00")
    assert ran.code in (Exit.USAGE, Exit.INVALID)
    assert "Sao_Paulo" in ran.text


def test_no_configuration(desk: Desk, tmp_path: Path) -> None:
    """Without runner.yaml each command says how to make one; `--config` finds it elsewhere."""
    Path("runner.yaml").rename("other.yaml")
    ran = desk.run("status")
    assert ran.code == Exit.USAGE
    assert "runner init" in ran.err
    assert desk.run("--config", "other.yaml", "status").code == 0
    assert desk.run("status", "--config", "other.yaml").code == 0
    assert desk.run("status", "--config", "nothing.yaml").code == Exit.INVALID
    Path("runner.yaml").write_text("targets: {")
    assert desk.run("status").code == Exit.INVALID


def test_a_file_that_cannot_be_written(desk: Desk) -> None:
    """A path that cannot be written is said with the path; nothing else happens."""
    ran = desk.run("plan", "match.yaml", "-o", "no/such/folder/match.plan")
    assert ran.code == Exit.FAULT
    assert "no/such/folder" in ran.err


@pytest.mark.parametrize("broken", ["newer", "no store", "locked"])
def test_a_store_that_cannot_be_used(desk: Desk, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of a newer runner, a file that is no store, one that is locked: one message each, with the next step."""
    desk.apply(*NOW)
    path = desk.folder / ".runner" / "store.sqlite"
    said = {"newer": "pip install --upgrade outage-runner", "no store": "store.path", "locked": "fuser"}[broken]
    if broken == "newer":
        with sqlite3.connect(path) as store:
            store.execute("UPDATE meta SET version = 99, min_reader = 99")
        store.close()
    elif broken == "no store":
        for each in path.parent.glob("store.sqlite*"):
            each.unlink()
        path.write_text("hello, this is no database at all, and it is longer than a header")
    else:
        monkeypatch.setattr("runner.store.store.BUSY_SECONDS", 0.0)
        monkeypatch.setattr("runner.store.store.Store.__init__.__kwdefaults__", {"busy": 0.05, "create": True})
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    ran = desk.run("tick")
    if broken == "locked":
        holder.close()
    assert ran.code == Exit.FAULT
    assert said in ran.text


def test_an_outage_of_a_target_that_is_gone(desk: Desk) -> None:
    """An open outage whose target was taken out of runner.yaml is still shown, and why says what it can."""
    desk.apply(*NOW)
    text = Path("runner.yaml").read_text().replace("  helpdesk:", "  renamed:")
    Path("runner.yaml").write_text(text)
    assert OPENED in desk.ok("status").out
    assert desk.ok("why", "Phone", "--format", "json").json["fields"][0]["last"] is False
    assert desk.run("drift").code == Exit.INVALID
    assert "helpdesk" in desk.revert().text


# --- somebody else, and stopping ------------------------------------------------------------------------------------


def test_somebody_else_holds_the_outage(desk: Desk) -> None:
    """A revert waits for the lease of a holder and says for whom; `--no-wait` ends with 75; `unlock` takes it away."""
    before = desk.dump()
    desk.apply(*NOW)
    take(desk.folder, OPENED, until=desk.clock.now.timestamp() + 3600)
    now = desk.revert("--no-wait")
    assert now.code == Exit.HELD
    assert "bruno@laptop/7" in now.err
    assert "runner unlock" in now.text
    waited = desk.revert()
    assert waited.code == Exit.HELD
    assert "bruno@laptop/7 is working on" in waited.err
    assert "bruno@laptop/7" in desk.ok("status").out
    assert desk.run("unlock", "match").code == Exit.USAGE
    taken = desk.ok("unlock", "match", "--reason", "Bruno is in a meeting").out
    assert "taken away" in taken
    assert "may still be on its way" in taken
    assert desk.revert("--no-wait").code == Exit.HELD
    assert "--gone" in taken
    assert "on its way" not in desk.ok("unlock", "match", "--gone", "--reason", "Bruno's laptop is lost").out
    assert desk.ok("unlock", "match", "--reason", "again", "--format", "json").json["held_by"] == ""
    assert desk.revert().code == 0
    assert desk.dump() == before


def test_a_lease_that_runs_out_is_waited_for(desk: Desk) -> None:
    """A dead holder is waited out, and the revert goes on by itself."""
    before = desk.dump()
    desk.apply(*NOW)
    take(desk.folder, OPENED, until=desk.clock.now.timestamp() + 30)
    assert desk.revert().code == 0
    assert desk.dump() == before


def test_a_stop_ends_at_a_batch_border(desk: Desk) -> None:
    """Asked to stop, apply ends with 6 and says how to go on; resume finishes."""

    class Asked(Stop):
        def install(self) -> None:
            self.asked = True

    deps = desk.deps()
    stopped = Deps(
        deps.environment, deps.owner, Asked(), wall=deps.wall, boot_clock=deps.boot_clock, wait=desk.clock.wait
    )
    before = desk.dump()
    ran = desk.run("apply", "match.yaml", *NOW, "--yes", "--reason", "x", deps=stopped)
    assert ran.code == Exit.RESUME
    assert "runner resume" in ran.text
    assert desk.dump() == before
    assert desk.ok("resume").code == 0
    assert desk.dump() != before


def test_signals_are_heard_only_while_driving(desk: Desk) -> None:
    """The first SIGTERM asks to stop, the second stops at once with 6; afterwards signals are what they were."""
    before = signal.getsignal(signal.SIGTERM)
    sent: list[int] = []

    def send(seconds: float) -> None:
        sent.append(signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)

    deps = desk.deps()
    desk.apply(*NOW)
    take(desk.folder, OPENED, until=desk.clock.now.timestamp() + 60)
    impatient = Deps(deps.environment, deps.owner, wall=deps.wall, boot_clock=deps.boot_clock, wait=send)
    ran = desk.run("revert", "--yes", "--reason", "x", deps=impatient)
    assert ran.code in (Exit.RESUME, Exit.HELD)
    assert sent
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("driving", "code"), [(True, Exit.RESUME), (False, Exit.FAULT)])
def test_ctrl_c(desk: Desk, monkeypatch: pytest.MonkeyPatch, driving: bool, code: Exit) -> None:
    """Ctrl-C while live systems are written is 6 with `runner resume`; while only looking it is 1: nothing changed."""
    from runner.commands import look, operate

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(operate, "tick", interrupted)
    monkeypatch.setattr(look, "status", interrupted)
    ran = desk.run("tick" if driving else "status")
    assert ran.code == code
    assert ("runner resume" in ran.err) is driving


def test_colour_only_on_a_terminal_that_wants_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Output to a file has no colour; NO_COLOR and TERM=dumb turn it off on a terminal."""
    from runner.cli.world import World

    class Terminal:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return True

    world = World(given=desk.deps())
    assert not world.colour
    monkeypatch.setattr("sys.stdout", Terminal())
    assert world.colour
    assert world.width <= 100
    desk.environment["NO_COLOR"] = "1"
    assert not world.colour
    del desk.environment["NO_COLOR"]
    desk.environment["TERM"] = "dumb"
    assert not world.colour


def test_a_sandbox_that_cannot_be_loaded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken plugin of a sandbox is said by name; a further one stands below its name."""
    import importlib.metadata

    import click

    class Point:
        def __init__(self, name: str, made: Any) -> None:
            self.name, self._made = name, made

        def load(self) -> Any:
            if isinstance(self._made, Exception):
                raise self._made
            return lambda targets, clock: self._made

    points = [Point("simulator", click.Group("sandbox")), Point("other", click.Group("other", help="Another one."))]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    assert "Another one." in desk.ok("sandbox", "--help").out
    points.append(Point("broken", ImportError("no such thing")))
    ran = desk.run("sandbox", "--help")
    assert ran.code == Exit.INVALID
    assert "'broken'" in ran.err


def process(folder: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], **environment}
    runner = f"{shlex.quote(sys.executable)} -m runner"
    done = ["bash", "-o", "pipefail", "-c", command.replace("runner ", f"{runner} ")]
    return subprocess.run(done, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def test_a_reader_that_goes_away(desk: Desk) -> None:
    """A pipe that closes early ends the command without a traceback."""
    ran = process(desk.folder, "runner sandbox dump | head -c 1")
    assert ran.stdout == "{"
    assert ran.stderr == ""


def test_letters_that_the_terminal_cannot_show(desk: Desk) -> None:
    """On a terminal without a letter of the text, the letter is written in another way; the command goes on."""
    desk.playbook(PHONE)
    text = Path("match.yaml").read_text().replace("Brazil plays", "Операція")
    Path("match.yaml").write_text(text, encoding="utf-8")
    ran = process(desk.folder, "runner plan match.yaml", PYTHONIOENCODING="latin-1", PYTHONWARNINGS="error")
    assert ran.returncode == 0, ran.stderr
    assert "\\u041e" in ran.stdout
