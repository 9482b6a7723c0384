"""The shape of the code: imports point down, modules stay small, and every exception is counted."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 400
FUNCTION_LINES = 60

# Lowest first. A module sees what stands on the lines above its own, and its own family: `name`, `name_*`, `name/*`.
ORDER = (
    {"model", "minutes", "textfile"},
    {"errors"},
    {"spi"},
    {"redact"},
    {"source", "windows", "template", "layers", "catalogue", "report"},
    {"schema", "playbook", "kinds", "config"},
    {"checks", "expand", "planfile", "decide", "selecting", "timetable"},
    {"load", "store", "guard", "testing"},
    {"work"},
    {"endings", "readings", "sheet", "pace"},
    {"batches"},
    {"spool", "people"},
    {"steps"},
    {"planner", "executor"},
    {"registry"},
    {"rehearsal"},
    {"views"},
    {"deps"},
    {"commands"},
    {"cli"},
    {"__main__"},
)
PROVIDERS_SEE = {"model", "spi", "kinds", "minutes"}
SHARED_BY_PROVIDERS = {"areas", "http", "paused", "people", "places", "rest", "wire"}

# Modules and functions that may be longer, with the longest that they may be.
LONG_MODULES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}

# Every suppression in the tree: (file, word) -> how many.
ALLOWED: dict[tuple[str, str], int] = {
    ("runner/store/journal.py", "type: ignore"): 1,  # no fcntl on Windows
    ("tests/conftest.py", "type: ignore"): 2,
    ("tests/contract/test_digisac_contract.py", "skip"): 1,  # the vendor's examples are no part of the repository
    ("tests/contract/test_zendesk_contract.py", "skip"): 1,  # the vendor's description is no part of the repository
    ("tests/crash/test_frozen.py", "type: ignore"): 1,
    ("tests/servers/conftest.py", "skip"): 1,  # the servers can be had on a Debian of one's own only
    ("tests/support/process.py", "type: ignore"): 1,
    ("tests/unit/test_batches.py", "type: ignore"): 4,
}

SKIPS = {f"pytest.{way}" for way in ("skip", "xfail", "importorskip", "mark.skip", "mark.skipif", "mark.xfail")}

LAST = {name.rpartition(".")[2] for name in SKIPS}


@cache
def sources(*folders: str) -> dict[str, str]:
    """Return path -> text of every Python file below `folders`, paths relative to the checkout."""
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def product() -> dict[str, str]:
    return sources("runner", "providers")


def family(name: str) -> str:
    """Return the entry of `ORDER` that the first-level module `name` belongs to, or `name` itself."""
    known = {entry for level in ORDER for entry in level}
    return max((entry for entry in known if name == entry or name.startswith(entry + "_")), key=len, default=name)


@cache
def nodes(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text)))


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def imports(path: str, text: str) -> tuple[str, ...]:
    """Return the dotted name of every project module that `path` imports, anywhere in it."""
    return tuple(_imports(path, text))


def _imports(path: str, text: str) -> Iterator[str]:
    modules = {dotted(name) for name in product()}
    for node in nodes(text):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import"
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            yield from inner
            if len(inner) < len(node.names) and node.module in modules:
                yield node.module


def test_every_module_has_a_place() -> None:
    """Each first-level module of the runner stands on exactly one line of the order."""
    placed = [entry for level in ORDER for entry in level]
    names = {path.split("/")[1].removesuffix(".py") for path in sources("runner")} - {"__init__"}
    assert len(placed) == len(set(placed))
    assert sorted(name for name in names if family(name) not in placed) == [], "give these a place in ORDER"


def test_imports_point_down() -> None:
    """No module of the runner imports from its own line or from a line below it, except within its family."""
    level = {entry: number for number, line in enumerate(ORDER) for entry in line}
    wrong = []
    for path, text in sources("runner").items():
        own = family(path.removesuffix(".py").split("/")[1])
        for name in imports(path, text):
            if name == "runner" or not name.startswith("runner."):
                continue
            other = family(name.split(".")[1])
            if other != own and level.get(other, 99) >= level.get(own, 99):
                wrong.append(f"{path} imports {name}")
    assert wrong == []


def test_the_runner_imports_no_provider() -> None:
    """The engine reaches providers through entry points only."""
    found = [
        f"{path} imports {name}"
        for path, text in sources("runner").items()
        for name in imports(path, text)
        if name.startswith("providers")
    ]
    assert found == []


def test_providers_see_only_the_interface() -> None:
    """A provider imports the words, the interface and the common kinds, and no other provider."""
    wrong = []
    for path, text in sources("providers").items():
        own = path.removesuffix(".py").split("/")[1]
        for name in imports(path, text):
            package, _, rest = name.partition(".")
            first = rest.partition(".")[0]
            allowed = {"", *PROVIDERS_SEE} if package == "runner" else {"", own, *SHARED_BY_PROVIDERS}
            if first not in allowed:
                wrong.append(f"{path} imports {name}")
    assert wrong == []


def test_no_import_cycles() -> None:
    """Modules of one family do not import each other in a circle either."""
    graph = {dotted(path): set(imports(path, text)) - {dotted(path)} for path, text in product().items()}
    while leaves := {name for name, needs in graph.items() if not needs & graph.keys()}:
        graph = {name: needs for name, needs in graph.items() if name not in leaves}
    assert graph == {}


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Yield (name, lines) of every function in `text`, decorators not counted."""
    for node in nodes(text):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def test_modules_and_functions_stay_small() -> None:
    """Nothing outgrows its bound, and an exception that is no longer needed is taken off the list."""
    modules = {path: len(text.splitlines()) for path, text in product().items()}
    sizes = {f"{path}:{name}": lines for path, text in product().items() for name, lines in functions(text)}
    assert {path: n for path, n in modules.items() if n > LONG_MODULES.get(path, MODULE_LINES)} == {}
    assert {name: n for name, n in sizes.items() if n > LONG_FUNCTIONS.get(name, FUNCTION_LINES)} == {}
    assert [path for path in LONG_MODULES if modules.get(path, 0) <= MODULE_LINES] == []
    assert [name for name in LONG_FUNCTIONS if sizes.get(name, 0) <= FUNCTION_LINES] == []


def test_only_the_edge_prints() -> None:
    """`print` stands in the views and the command line only."""
    found = [
        f"{path}:{node.lineno}"
        for path, text in product().items()
        if not path.startswith(("runner/views/", "runner/cli"))
        for node in nodes(text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def suppressions(text: str) -> Iterator[str]:
    """Yield every word in `text` that silences a tool or a test."""
    words = re.compile(r"noqa|type: ignore|pragma: no cover")
    if words.search(text):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield from words.findall(token.string)
    for node in nodes(text):
        if isinstance(node, ast.Attribute) and node.attr in LAST and ast.unparse(node) in SKIPS:
            yield node.attr


def test_every_suppression_is_counted() -> None:
    """Skipped tests and silenced tools are exactly those on the list."""
    files = sources("runner", "providers", "tests", "scripts", "benchmarks")
    found = Counter((path, word) for path, text in files.items() for word in suppressions(text))
    assert dict(found) == ALLOWED


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_no_path_of_a_machine_and_no_package_index() -> None:
    """No file of the repository names the place where it was written or where packages come from."""
    index = ["py" + "pi.", "python" + "hosted", "npm" + "js.", "index" + "-url"]
    folders = [f"/{name}/" + r"\w" for name in ("home", "Users", "opt", "tmp", "root")]
    wanted = re.compile("|".join([*map(re.escape, [*index, str(ROOT)]), *folders]))
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""
        found += [
            f"{path.relative_to(ROOT)}:{number}: {hit.group()}"
            for number, line in enumerate(text.splitlines(), 1)
            if (hit := wanted.search(line))
        ]
    assert found == []


IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted(name for name in sys.modules if name.split(".")[0] not in ("runner", "providers", "__main__")))
"""
# Other people's modules are loaded once, before the fork: what is left to load in each child is ours.
IMPORT_EACH_ALONE = """
import contextlib, importlib, os, sys
for name in sys.stdin.read().split():
    with contextlib.suppress(ImportError):  # names that compiled modules invent
        importlib.import_module(name)
failed = []
for name in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        importlib.import_module(name)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(name)
sys.exit("not importable alone: " + " ".join(failed) if failed else 0)
"""


def outside_coverage(**extra: str) -> dict[str, str]:
    """Return the environment without what makes coverage start in a child process."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COV")} | extra


def test_every_module_is_importable_alone() -> None:
    """Each module imports in an interpreter that has loaded no other module of the project.

    Without circles (see above) the order of imports cannot matter, except where a package imports its own modules: only
    the modules of such packages need an interpreter each.
    """
    names = [dotted(path) for path in product() if not path.endswith("__main__.py")]
    busy = [dotted(path) + "." for path, text in product().items() if "/__init__" in path and list(imports(path, text))]
    alone = [name for name in names if f"{name}.".startswith(tuple(busy))]
    env = outside_coverage()

    def python(program: str, names: list[str], given: str = "") -> str:
        command = [sys.executable, "-c", program, *names]
        done = subprocess.run(command, cwd=ROOT, env=env, input=given, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    python(IMPORT_EACH_ALONE, alone, python(IMPORT_ALL, names))


def imported_by(*command: str) -> set[str]:
    """Return the first-level names of all modules that `command` imports."""
    env = outside_coverage(PYTHONPROFILEIMPORTTIME="1")
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    rows = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {row.partition(".")[0] for row in rows}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_way_in_is_light(option: str) -> None:
    """`runner --help` and `--version` import nothing but the standard library, click and the runner."""
    script = str(Path(sys.executable).parent / "runner")
    idle = imported_by(sys.executable, "-c", "pass")
    tried = {"org"}  # `copy` of the standard library asks for a module of Jython, which is not there
    extra = imported_by(script, option) - idle - set(sys.stdlib_module_names) - {"click", "runner"} - tried
    assert extra == set()
