"""What every test run shares: a plain environment, Hypothesis profiles, and contract tests that may not hide."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import pkgutil
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

import runner
from tests.support.servers import can_be_had

# `make test` gives the same verdict on the same commit; `make soak` explores.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.register_profile("soak", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# What a terminal or a CI job sets must not change what a test sees; nothing that a test starts may fetch packages.
KEPT = ("RUNNER_CONTRACTS", "RUNNER_LIVE_ZENDESK", "RUNNER_TEST_SERVERS")
for name in [*os.environ]:
    if name.startswith(("GITHUB_", "RUNNER_")) and name not in KEPT:
        del os.environ[name]
for name in ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(name, None)
os.environ["PIP_NO_INDEX"] = "1"

CONTRACTS = "RUNNER_CONTRACTS"

# What a test writes need not reach a disk: syncs are waits. (A process that is killed loses nothing of either.)
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# Each of some ten thousand runs in these tests opens a store of its own, and looks for the same installed plugins.
# One cache of compiled statements serves all stores, and the list of plugins is read once.
STATEMENTS: dict[object, object] = {}
SQLiteDialect_pysqlite.__hash__ = lambda self: hash(SQLiteDialect_pysqlite)  # type: ignore[method-assign]
SQLiteDialect_pysqlite.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
event.listen(Engine, "engine_connect", lambda conn: conn.execution_options(compiled_cache=STATEMENTS))
importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)

# Tests that play whole outages, most of them many times over. Coverage is not traced while they run: it more than
# doubles their time, and what they prove is how each story ends, not which lines it took. What the bound counts is what
# the others reach.
UNTRACED = (
    *("tests/crash/", "tests/faults/", "tests/test_canary.py", "tests/test_cases.py", "tests/test_histories.py"),
    *("tests/test_playbooks.py", "tests/test_fixtures.py", "tests/test_fuzz.py"),
    *("tests/unit/test_review_engine.py", "tests/unit/test_store_faults.py"),
    *(
        "tests/unit/test_batches.py::test_a_fault_at_any_request_ends_exact_or_is_reported",
        "tests/unit/test_rehearsal.py",
    ),
    # So do these of what is large, deep or odd.
    *("tests/test_malformed.py::test_large_", "tests/test_malformed.py::test_depth_"),
    *("tests/unit/test_template.py::test_nothing_hangs", "tests/unit/test_checks.py::test_work_grows"),
    # These read the code, or run processes of their own.
    *(
        "tests/test_architecture.py",
        "tests/test_demo.py",
        "tests/test_docs.py",
        "tests/test_wheel.py",
        "tests/test_workflows.py",
    ),
    # The providers and their simulators are not what the bound counts.
    *("tests/conformance/", "tests/contract/", "tests/test_zendesk_", "tests/test_vendor_", "tests/unit/test_zendesk_"),
    *("tests/unit/test_mail", "tests/unit/test_webhook", "tests/unit/test_whaticket", "tests/unit/test_movidesk"),
    *("tests/unit/test_digisac.py", "tests/unit/test_digisac_simulator.py", "tests/unit/test_simulator.py"),
)


@contextmanager
def untraced() -> Iterator[None]:
    """Switch the tracer off.

    pytest-cov's own marker does not do it in a worker of pytest-xdist, where a second tracer takes over.
    """
    tracers = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracers[0])
        threading.settrace(tracers[1])


@pytest.hookimpl(trylast=True)
def pytest_sessionstart() -> None:
    """Import the runner under the tracer, for the sake of the lines that run on import; collecting goes on without."""
    for module in pkgutil.walk_packages(runner.__path__, "runner."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Collect without the tracer: a third of what it costs would go into reading the tests themselves."""
    with untraced():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Switch the tracer off for a test that is not traced, its fixtures included."""
    with untraced() if item.nodeid.startswith(UNTRACED) else nullcontext():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure: of a contract test where the vendors' API descriptions are at hand, of a test against
    a real server where the machine can run it."""
    report = yield
    if report.skipped and item.get_closest_marker("contract") and os.environ.get(CONTRACTS):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: a contract test may not be skipped while {CONTRACTS} is set"
    if report.skipped and item.get_closest_marker("servers") and can_be_had():
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: this machine can run the server, so the test may not be skipped"
    return report
