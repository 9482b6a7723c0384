"""The workflows: valid, audited, pinned, and their commands carried out in a scratch clone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
BIN = Path(sys.executable).parent
NAMES = [path.stem for path in FILES]


def workflow(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load((ROOT / f".github/workflows/{name}.yml").read_text(), yaml.BaseLoader)
    return data


def tool(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "github-workflows-require-timeout"])
def test_workflows_fit_the_schema(schema: str) -> None:
    """Every workflow is valid by the published schema, and every job has a time limit."""
    done = tool(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *FILES)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing() -> None:
    """The security audit of the workflows has no finding, pedantic ones included."""
    done = tool(BIN / "zizmor", "--offline", "--no-progress", "--persona=pedantic", *FILES)
    assert done.returncode == 0, done.stdout
    assert "No findings" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_pinned_and_least_privileged(name: str) -> None:
    """Actions are pinned by commit with their version, permissions start at none, and runs do not pile up."""
    text = (ROOT / f".github/workflows/{name}.yml").read_text()
    data = workflow(name)
    uses = re.findall(r"uses: .*", text)
    assert [line for line in uses if not re.fullmatch(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert data["permissions"] == {}
    assert data["concurrency"]["group"]
    assert not {"pull_request_target", "workflow_run"} & data["on"].keys()
    for job in data["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false"
            assert "${{" not in step.get("run", "")


def test_only_the_commenting_job_may_write() -> None:
    """One job of all may write, it writes comments only, it checks nothing out, and it does not run for a fork."""
    jobs = {(name, job): body for name in NAMES for job, body in workflow(name)["jobs"].items()}
    writers = {key for key, body in jobs.items() if "write" in body["permissions"].values()}
    comment = jobs["check", "comment"]
    assert writers == {("check", "comment")}
    assert comment["permissions"] == {"pull-requests": "write"}
    assert [step for step in comment["steps"] if "uses" in step] == []
    assert "head.repo.full_name == github.repository" in comment["if"]


GH = """#!/bin/sh
# A helpdesk of comments in one folder: list prints the ids there, POST adds one, PATCH replaces one.
cd "$COMMENTS" || exit 1
case "$*" in
*--paginate*) ls ;;
*"--method POST"*) cp "$OLDPWD/comment.md" 7001 ;;
*"--method PATCH"*comments/7001*) cp "$OLDPWD/comment.md" 7001 ;;
*) exit 1 ;;
esac
"""
MAKE = f"""#!/bin/sh
test "$*" = setup && mkdir -p .venv/bin && ln -sfn {BIN / "runner"} .venv/bin/runner
"""
CONFIG = """\
apiVersion: runner/v1
kind: Config
targets:
  helpdesk: {provider: simulator, zone: UTC, options: {file: .runner/helpdesk.sqlite}}
store: {path: .runner/store.sqlite, journal: journal}
"""
PLAYBOOK = """\
apiVersion: runner/v1
kind: Playbook
metadata: {{name: phones-off, title: Phones off}}
spec:
  outage: partial
  timezone: UTC
  windows: [{{start: "{start:%Y-%m-%d %H:%M}", end: "{end:%Y-%m-%d %H:%M}"}}]
  steps:
    - {{id: phone, uses: channel, target: helpdesk, with: {{channel: Phone, enabled: {enabled}}}}}
"""


@dataclass
class Clone:
    """A scratch clone of a user's repository, and what a job of GitHub sets around it."""

    folder: Path
    tools: Path
    comments: Path
    env: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *words], cwd=self.folder, check=True, capture_output=True)

    def commit(self, *, enabled: str) -> None:
        """Commit everything, with a playbook whose window is open now."""
        now = datetime.now(UTC)
        text = PLAYBOOK.format(start=now - timedelta(hours=1), end=now + timedelta(hours=2), enabled=enabled)
        place = self.folder / "playbooks" / "phones-off" / "playbook.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        (self.folder / "runner.yaml").write_text(CONFIG)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")

    def fresh_checkout(self) -> None:
        """Leave nothing in the checkout that is not versioned, as the next job finds it."""
        self.git("clean", "-qffdx")

    def job(self, name: str, job: str) -> tuple[int, str]:
        """Run the `run` blocks of one job up to the first that fails, `${{ }}` of their `env` from `self.values`."""
        body = workflow(name)["jobs"][job]
        printed = ""
        for step in body["steps"]:
            if "run" not in step:
                continue
            env = {**body.get("env", {}), **step.get("env", {})}
            env = {key: expression(text, self.values) for key, text in env.items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.folder,
                env={**self.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
            )
            printed += done.stdout
            if done.returncode:
                return done.returncode, printed
        return 0, printed

    def runner(self, *words: str) -> str:
        """Return what the command prints; it must succeed. The store is the one that outlives the jobs."""
        link = self.folder / ".runner"
        if not link.exists():
            link.symlink_to(Path(self.values["vars.OUTAGE_STATE"]) / "runner")
        done = subprocess.run(
            [BIN / "runner", *words], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def seed(self) -> None:
        self.runner("sandbox", "seed", "--tickets", "20")

    def dump(self) -> str:
        return self.runner("sandbox", "dump")


def expression(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda hit: values[hit.group(1)], text)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Return a clone with one playbook on main, tools in front of PATH, and a folder that outlives the job."""
    clone = Clone(*(tmp_path / name for name in ("clone", "tools", "comments")))
    for place in (clone.folder, clone.tools, clone.comments, tmp_path / "state"):
        place.mkdir()
    for name, text in (("gh", GH), ("make", MAKE)):
        (clone.tools / name).write_text(text)
        (clone.tools / name).chmod(0o755)
    clone.env = {
        "PATH": f"{clone.tools}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "COMMENTS": str(clone.comments),
    }
    (tmp_path / "state" / "runner").mkdir()
    clone.values = {
        "github.token": "t",
        "github.repository": "acme/outages",
        "github.event.pull_request.number": "7",
        "github.sha": "0" * 40,
        "github.event.before": "HEAD^1",
        "github.actor": "ana",
        "vars.OUTAGE_STATE": str(tmp_path / "state"),
        "inputs.outage": "none",
        "inputs.reason": "over; $(touch pwned) `touch pwned`",
    }
    clone.git("init", "-q", "-b", "main")
    (clone.folder / ".gitignore").write_text(".venv/\n.wheels\n.runner\njournal\nplan.md\ncomment.md\n")
    (clone.folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "changed-playbooks", clone.folder / "scripts")
    clone.commit(enabled="true")
    return clone


def output(clone: Clone, name: str) -> str:
    """Return the value that a step wrote to GITHUB_OUTPUT."""
    text = Path(clone.env["GITHUB_OUTPUT"]).read_text()
    hit = re.search(rf"^{name}<<(\w+)\n(.*?)\n\1\n", text, re.DOTALL | re.MULTILINE)
    assert hit, text
    return hit.group(2)


def test_a_pull_request_is_planned_and_commented_once(clone: Clone) -> None:
    """The changed playbook's plan is the comment; a second push edits it in place; the summary holds both plans."""
    for enabled in ("false", "true", "false"):
        clone.commit(enabled=enabled)
        clone.fresh_checkout()
        Path(clone.env["GITHUB_OUTPUT"]).write_text("")
        code, printed = clone.job("check", "plan")
        assert code == 0, printed
        clone.values["needs.plan.outputs.plan"] = output(clone, "plan")
        code, printed = clone.job("check", "comment")
        assert code == 0, printed
    assert [path.name for path in clone.comments.iterdir()] == ["7001"]
    comment = (clone.comments / "7001").read_text()
    assert comment.startswith("<!-- outage-runner: plan -->\n")
    assert "Phone" in comment
    assert Path(clone.env["GITHUB_STEP_SUMMARY"]).read_text().count("Phones off") >= 3


def test_a_pull_request_without_a_playbook_is_not_commented(clone: Clone) -> None:
    """When no playbook changes there is no plan to hand over, so the job that comments is skipped."""
    (clone.folder / "notes.txt").write_text("x")
    clone.commit(enabled="true")
    code, printed = clone.job("check", "plan")
    assert code == 0, printed
    assert not Path(clone.env["GITHUB_OUTPUT"]).exists()


def test_a_mistake_is_annotated_in_its_line(clone: Clone) -> None:
    """An invalid playbook fails the check with GitHub's annotation of file, line and column, and plans nothing."""
    clone.commit(enabled="perhaps")
    code, printed = clone.job("check", "plan")
    assert code == 3, printed
    assert re.search(r"^::error file=playbooks/phones-off/playbook.yaml,line=9,col=\d+", printed, re.MULTILINE), printed
    assert not (clone.folder / "plan.md").exists()


def test_push_tick_and_button(clone: Clone) -> None:
    """A push opens what is due, a tick changes nothing more, the button gives it back; a reason is only ever text."""
    clone.seed()
    before = clone.dump()
    clone.commit(enabled="false")
    code, printed = clone.job("apply", "apply")
    assert code == 0, printed
    during = clone.dump()
    assert during != before
    clone.fresh_checkout()
    code, printed = clone.job("tick", "tick")
    assert code == 0, printed
    assert clone.dump() == during
    clone.fresh_checkout()
    status = clone.runner("status")
    clone.values["inputs.outage"] = re.findall(r"phones-off@[\w:.+-]+", status)[0]
    code, printed = clone.job("revert", "revert")
    assert code == 0, printed
    assert clone.dump() == before
    assert not (clone.folder / "pwned").exists()


def test_changed_playbooks(clone: Clone) -> None:
    """A changed text counts for its playbook, an untouched or deleted one does not, an unknown commit means all; what
    has a runner.yaml of its own never counts."""

    def changed(since: str) -> list[str]:
        command = ["scripts/changed-playbooks", since]
        return subprocess.run(command, cwd=clone.folder, check=True, capture_output=True, text=True).stdout.splitlines()

    spaced = clone.folder / "playbooks" / "a día* of"
    (spaced / "texts").mkdir(parents=True)
    for name in ("playbook.yaml", "texts/a.md.j2", "../old.yml"):
        (spaced / name).write_text("x")
    other = clone.folder / "playbooks" / "other-account"
    (other / "closing").mkdir(parents=True)
    for name in ("runner.yaml", "closing/playbook.yaml"):
        (other / name).write_text("x")
    clone.commit(enabled="true")
    (spaced / "texts" / "a.md.j2").write_text("y")
    (other / "closing" / "playbook.yaml").write_text("y")
    (spaced / "../old.yml").unlink()
    clone.git("add", "-A")
    clone.git("commit", "-q", "-m", "a text")
    assert changed("HEAD^1") == ["playbooks/a día* of/playbook.yaml"]
    assert changed("HEAD") == []
    assert changed("0" * 40) == ["playbooks/a día* of/playbook.yaml", "playbooks/phones-off/playbook.yaml"]


@pytest.mark.parametrize("name", ["apply", "tick", "revert"])
def test_no_write_without_a_lasting_store(clone: Clone, name: str) -> None:
    """A job whose store would vanish with the machine stops before its first command and says what to set."""
    clone.values["vars.OUTAGE_STATE"] = ""
    code, printed = clone.job(name, name)
    assert code == 1
    assert "OUTAGE_STATE must name a folder" in printed
