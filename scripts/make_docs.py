"""Write the generated parts of README.md and docs/ in place; with ``--check`` only say which files are behind.

Four things in the markdown files are generated:

    ```console                      each line that starts with `$ ` is carried out, and its output put below it
    <!-- file: PATH -->             the fenced block below holds the content of a file of the checkout
    <!-- begin: NAME --> .. <!-- end -->   a reference, made from schemas, kinds, codes or the command line
    <!-- stage: 2026-12-11 11:30 --> a fresh embedded helpdesk at that time (São Paulo) for the blocks below it;
    <!-- zendesk: ... -->            the same with playbooks/zendesk on a simulated Zendesk account;
    <!-- clock: ... -->, <!-- run: COMMAND --> and <!-- short --> (leave the plan out) go on in it

Times are fixed, so that the same checkout always gives the same text.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import references
from demo import without_plan
from stage import ROOT, Stage

HERE = ZoneInfo("America/Sao_Paulo")
TICKETS = 600
LEFT_ALONE = {"docs/providers.md"}  # its blocks are carried out by a test of its own

_BEGIN = re.compile(r"<!-- begin: ([a-z-]+) -->")
_FILE = re.compile(r"<!-- file: (\S+) -->")
_SCENE = re.compile(r"<!-- (stage|zendesk|clock|run|short)(?:: (.+?))? -->")

REFERENCES: Mapping[str, Callable[[], str]] = {
    "playbook": references.playbook,
    "kinds": references.kinds_reference,
    "embedded-names": references.embedded_names,
    **{
        f"{vendor.replace('_', '-')}-kinds": partial(references.vendor_kinds, vendor)
        for vendor in ("zendesk", "movidesk", "whaticket", "webhook", "digisac", "mail", "redmine", "request_tracker")
    },
    "configuration": references.configuration,
    "codes": references.codes,
    "cli": references.command_line,
    "exit-codes": references.exit_codes,
    "modules": references.modules,
    "decisions": references.decisions,
}


def pages() -> list[Path]:
    """Return the markdown files whose blocks are generated."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if path.relative_to(ROOT).as_posix() not in LEFT_ALONE]


class Page:
    """One markdown file while its generated parts are written anew."""

    def __init__(self, text: str, folder: Path) -> None:
        self.lines = iter(text.splitlines())
        self.folder = folder
        self.stage: Stage | None = None
        self.short = False

    def rendered(self) -> str:
        """Return the whole text."""
        return "\n".join(self._all()) + "\n"

    def _all(self) -> Iterator[str]:
        for line in self.lines:
            yield line
            if found := _BEGIN.fullmatch(line):
                self._until("<!-- end -->")
                yield REFERENCES[found[1]]().rstrip("\n")
                yield "<!-- end -->"
            elif found := _FILE.fullmatch(line):
                yield next(self.lines)
                self._until("```")
                yield (ROOT / found[1]).read_text(encoding="utf-8").rstrip("\n")
                yield "```"
            elif found := _SCENE.fullmatch(line):
                self._scene(found[1], found[2] or "")
            elif line == "```console":
                yield from self._carried_out()
            elif line.startswith("```"):
                yield from self._verbatim()

    def _until(self, end: str) -> list[str]:
        found: list[str] = []
        for line in self.lines:
            if line == end:
                return found
            found.append(line)
        raise SystemExit(f"no {end!r} after {found[:1]}")

    def _verbatim(self) -> Iterator[str]:
        body = self._until("```")
        if any(line.startswith("$ ") for line in body):
            raise SystemExit(f"a command line outside of a console block: {body[0]}")
        yield from (*body, "```")

    def _scene(self, what: str, words: str) -> None:
        if what == "short":
            self.short = True
        elif what == "run":
            self._play(words)
        elif what == "clock":
            self._here().at(moment(words))
        elif what == "zendesk":
            self.stage = Stage(self.folder, moment(words)).build_zendesk(TICKETS)
        else:
            self.stage = Stage(self.folder, moment(words)).build()
            self._play(f"runner sandbox seed --tickets {TICKETS}")

    def _here(self) -> Stage:
        if self.stage is None:
            raise SystemExit("a command line before any `<!-- stage: TIME -->`")
        return self.stage

    def _play(self, line: str) -> str:
        return self._here().run(line)

    def _carried_out(self) -> Iterator[str]:
        first = True
        for line in self._until("```"):
            if not line.startswith("$ "):
                continue
            if not first:
                yield ""
            first = False
            yield line
            text = self._play(line.removeprefix("$ "))
            yield from (without_plan(text) if self.short else text).rstrip("\n").splitlines()
        yield "```"
        self.short = False


def moment(text: str) -> datetime:
    """Return a time of São Paulo."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=HERE)


def made() -> Iterator[tuple[Path, str, str]]:
    """Yield (path, text as it is, text as it should be) of every page."""
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        for path in pages():
            text = path.read_text(encoding="utf-8")
            yield path, text, Page(text, Path(folder) / "desk").rendered()


def main() -> int:
    """Write, or check; returns the exit code."""
    check = "--check" in sys.argv[1:]
    behind = []
    for path, is_now, should_be in made():
        if is_now != should_be:
            behind.append(path.relative_to(ROOT).as_posix())
            if not check:
                path.write_text(should_be, encoding="utf-8")
    for name in behind:
        print(f"{name} is behind" if check else f"{name} is written anew")
    return int(check and bool(behind))


if __name__ == "__main__":
    sys.exit(main())
