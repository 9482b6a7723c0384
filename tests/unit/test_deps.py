"""The door to the outside: stops that are heard, sleeps that end early, who we are, and clocks."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner import deps
from runner.commands.session import key_beside
from runner.deps import Deps, Stop


def outside(clock: list[float], **more: object) -> Deps:
    """Return an outside whose clocks are `clock` and whose waiting moves them."""

    def wait(seconds: float) -> None:
        clock[0] += seconds

    given: dict[str, object] = {"wall": lambda: clock[0], "boot_clock": lambda: clock[0], "wait": wait, **more}
    return Deps({}, "ana@desk/1", **given)


# --- stopping -------------------------------------------------------------------------------------------------------


def test_the_first_signal_asks_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """The first signal only asks, and tells on stderr what happens and what a second one does."""
    stop = Stop()
    assert not stop.asked
    stop(signal.SIGTERM, None)
    assert stop.asked
    said = capsys.readouterr()
    assert said.out == ""
    assert "SIGTERM: finishing the request in flight" in said.err
    assert "Once more stops at once" in said.err


def test_the_second_signal_stops_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The second signal, whichever it is, interrupts."""
    stop = Stop()
    stop(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        stop(signal.SIGTERM, None)
    assert "SIGINT" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_installed_stop_hears_real_signals(number: signal.Signals) -> None:
    """After `install` both Ctrl-C and SIGTERM reach the wish to stop."""
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    stop = Stop()
    try:
        stop.install()
        os.kill(os.getpid(), number)
        assert stop.asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_each_outside_has_a_wish_to_stop_of_its_own() -> None:
    """A stop of one invocation is none of another's."""
    one, two = outside([0.0]), outside([0.0])
    one.stop.asked = True
    assert one.stopping()
    assert not two.stopping()


# --- sleeping -------------------------------------------------------------------------------------------------------


def test_a_sleep_lasts_as_long_as_was_said() -> None:
    """Without a stop a sleep ends when its time is over, in small pieces."""
    clock, pieces = [100.0], list[float]()

    def wait(seconds: float) -> None:
        pieces.append(seconds)
        clock[0] += seconds

    outside(clock, wait=wait).sleep(1.3)
    assert clock[0] == pytest.approx(101.3)
    assert max(pieces) <= 0.5


def test_a_stop_ends_a_sleep() -> None:
    """A wait of an hour ends within half a second of a stop, and a stop of before lets none begin."""
    clock, stop = [100.0], Stop()

    def wait(seconds: float) -> None:
        clock[0] += seconds
        stop.asked = clock[0] >= 102

    given = outside(clock, wait=wait, stop=stop)
    given.sleep(3600)
    assert 102 <= clock[0] <= 102.5
    given.sleep(3600)
    assert clock[0] <= 102.5


def test_a_sleep_counts_the_time_that_the_machine_slept() -> None:
    """A machine that was suspended meanwhile does not sleep its seconds again."""
    clock, waits = [0.0], list[float]()

    def suspended(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += 7200

    outside(clock, wait=suspended).sleep(3600)
    assert len(waits) == 1


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_is_no_sleep(seconds: float) -> None:
    """Nothing and less than nothing are not waited for."""
    clock = [5.0]
    outside(clock).sleep(seconds)
    assert clock == [5.0]


# --- time -----------------------------------------------------------------------------------------------------------


def test_now_is_an_instant_in_utc() -> None:
    """The clock is read as an aware instant, and as whole milliseconds."""
    given = outside([1_765_465_200.5])
    assert given.now() == datetime(2025, 12, 11, 15, 0, 0, 500_000, tzinfo=UTC)
    assert given.now_ms() == 1_765_465_200_500


def test_the_clock_of_a_lease_counts_suspend_where_the_system_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """CLOCK_BOOTTIME where there is one, the monotonic clock elsewhere; neither goes backwards."""
    given = Deps({}, "x")
    assert given.boot() <= given.boot()
    if hasattr(time, "CLOCK_BOOTTIME"):
        assert abs(given.boot() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 5
        monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    assert abs(given.boot() - time.monotonic()) < 5


# --- who we are -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "owner"),
    [
        ({"GITHUB_RUN_ID": "77"}, "github-actions/run 77/attempt 1"),
        ({"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "3"}, "github-actions/run 77/attempt 3"),
    ],
)
def test_a_ci_run_is_named_by_its_number(environment: dict[str, str], owner: str) -> None:
    """Whoever is held up by a CI job is told which run it is."""
    assert deps._owner(environment) == owner


def test_somebody_at_a_machine_is_named_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """User, machine and process; a process without a user is somebody."""
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    monkeypatch.setattr(getpass, "getuser", lambda: "ana")
    assert deps._owner({}) == f"ana@laptop/{os.getpid()}"

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert deps._owner({}) == f"somebody@laptop/{os.getpid()}"


@pytest.mark.parametrize(
    ("owner", "gone"),
    [
        ("ana@laptop/{dead}", True),
        ("ana@laptop/{alive}", False),
        ("ana@laptop/1", False),
        ("ana@elsewhere/{dead}", False),
        ("github-actions/run 77/attempt 1", False),
        ("ana@laptop/99999999999999999999", False),
        ("", False),
    ],
)
def test_a_process_of_this_machine_that_runs_no_more_is_known_to_be_gone(
    monkeypatch: pytest.MonkeyPatch, owner: str, gone: bool
) -> None:
    """Only a process of this very machine whose number nobody has is gone for sure."""
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    assert deps.real().gone(owner.format(dead=dead.pid, alive=os.getpid())) is gone


def test_the_real_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """`real` reads the environment once: what changes later is not seen."""
    monkeypatch.setenv("RUNNER_OF_A_TEST", "1")
    found = deps.real()
    monkeypatch.delenv("RUNNER_OF_A_TEST")
    assert found.environment["RUNNER_OF_A_TEST"] == "1"
    assert str(os.getpid()) in found.owner
    assert abs(found.wall() - time.time()) < 5
    assert found.wait is time.sleep


# --- people in keys and journals ------------------------------------------------------------------------------------


def test_a_pseudonym_is_the_same_for_one_store_and_another_for_another(tmp_path: Path) -> None:
    """The key is made once, beside the store, for its owner only; without a store nothing is kept."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    key = key_beside(here, os.urandom)
    assert key_beside(here, os.urandom) == key
    assert len(key) == 32
    assert key_beside(there, os.urandom) != key
    assert stat.S_IMODE((here / "key").stat().st_mode) == 0o600
    assert [path.name for path in here.iterdir()] == ["key"]
    assert key_beside(tmp_path / "nowhere", os.urandom) != key
    assert not (tmp_path / "nowhere").exists()
