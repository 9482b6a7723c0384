"""validate, explain, plan, rehearse, init, new: before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli.world import FILE, FilePath, World, common, pass_world

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.planning import Now, Planned
    from runner.commands.session import Session


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
@common("github")
@pass_world
def validate(world: World, paths: tuple[Path, ...]) -> Any:
    """Check playbooks (files or folders; all of runner.yaml without PATHS) and report every mistake at once."""
    from pathlib import Path

    from runner.commands import setup, validate
    from runner.views import diagnostics as views

    config, capabilities, before = setup.checkable(world.deps, world.config, world.open_with, needed=not paths)
    result = validate.validate(paths, config, capabilities, before=before, shown_from=Path.cwd())
    if world.format == "json":
        world.json(views.as_json(result.diagnostics))
    elif world.format == "github":
        world.say("\n".join(views.github(result.diagnostics)))
    else:
        world.say("\n".join([*views.human(result.diagnostics), views.summary(result.diagnostics, len(result.files))]))
    return result.exit_code


@click.command()
@click.argument("code", required=False)
@common()
@pass_world
def explain(world: World, code: str | None) -> None:
    """Say what a CODE of a diagnostic means and how to mend it; all of them without CODE."""
    from runner.commands.explain import codes
    from runner.commands.explain import explain as explained

    entries = codes() if code is None else (explained(code),)
    if world.format == "json":
        found = [entry.to_json() for entry in entries]
        world.json({"version": 1, "codes": found} if code is None else found[0])
    elif code is None:
        world.say("\n".join(f"{entry.code}  {entry.severity:<7}  {entry.title}" for entry in entries))
    else:
        world.say(entries[0].text)


def opening(command: Any) -> Any:
    """Add ``--now``, ``--for`` and ``--until``."""
    command = click.option("--until", metavar="TIME", help="With --now: until then, in the playbook's zone.")(command)
    command = click.option("--for", "for_", metavar="3h", help="With --now: for so long (45m, 3h, 1h30m, 1d).")(command)
    return click.option("--now", is_flag=True, help="Open at once, whatever the windows say.")(command)


def overriding(command: Any) -> Any:
    """Add ``--override``."""
    choice = click.Choice(["limits", "freeze", "rehearsal"])
    text = "Set a guard aside."
    return click.option("--override", multiple=True, type=choice, help=text)(command)


@click.command()
@click.argument("playbook", type=FILE)
@click.option("--at", metavar="TIME", help="As it would be then: 2026-12-11 11:30, in the playbook's zone.")
@opening
@click.option("-o", "--out", type=FilePath(dir_okay=False), help="Save the plan for `runner apply`.")
@click.option("--exit-code", is_flag=True, help="Exit 4 when anything would change.")
@overriding
@common("markdown")
@pass_world
def plan(
    world: World,
    playbook: Path,
    at: str | None,
    now: bool,
    for_: str | None,
    until: str | None,
    out: Path | None,
    exit_code: bool,
    override: tuple[str, ...],
) -> Any:
    """Show what a PLAYBOOK would change against the live systems. Writes nothing."""
    from runner.commands import codes, files, planning, times

    session = world.session(create=out is not None)
    path = times.one_playbook(playbook)
    opens = times.opens(session, path, now=now, for_=for_, until=until)
    moment = times.at(path, at, session.deps.now()) if at else None
    if out is None:
        planned = planning.plan(session, path, at=moment, opens=opens, override=override)
    else:
        planned = files.plan_to(session, path, out, at=moment, opens=opens, override=override)
    show_plans(world, planned, apply=carry_out_line(path if out is None else out, out, opens, for_, until))
    if out is not None:
        world.aside(f"saved to {out}")
    return codes.planned(planned) if exit_code else None


def carry_out_line(path: Path, out: Path | None, opens: Now | None, for_: str | None, until: str | None) -> str:
    """Return the command that carries a plan out."""
    from runner.views.text import command

    words = ["apply", str(path)]
    if opens is not None and out is None:
        words += ["--now", *(["--for", for_] if for_ else []), *(["--until", until] if until else [])]
    return command(*words)


def show_plans(world: World, planned: Planned, *, apply: str | None) -> None:
    """Print the plans of a playbook, one after the other."""
    from runner.views import diagnostics
    from runner.views import plan as views

    if world.format == "json":
        plans = [views.to_json(each) for each in planned.plans]
        world.json({"version": 1, "plans": plans, "warnings": diagnostics.as_json(planned.warnings)["diagnostics"]})
        return
    world.warn(planned.warnings)
    if world.format == "markdown":
        world.say("\n".join(views.markdown(each) for each in planned.plans))
        return
    world.say("\n\n".join(views.human(each, **world.look, apply=apply) for each in planned.plans))


@click.command()
@click.argument("playbook", type=FILE)
@common()
@pass_world
def rehearse(world: World, playbook: Path) -> Any:
    """Play plan, apply, a crash, a person's edit and revert on a throw-away copy of the live state."""
    from runner.commands import codes, times
    from runner.commands.rehearse import rehearse as rehearsed
    from runner.views import rehearsal as views

    session: Session = world.session(create=True)
    with world.progress() as progress:
        results = rehearsed(session, times.one_playbook(playbook), progress)
    if world.format == "json":
        world.json(views.to_json(results))
    else:
        world.say(views.human(results, **world.look))
    return codes.rehearsed(results)


@click.command()
@click.argument("folder", default=".", type=FilePath(file_okay=False))
@common()
@pass_world
def init(world: World, folder: Path) -> None:
    """Start here: write runner.yaml with an embedded helpdesk, and a first playbook."""
    from runner.commands import setup

    made = setup.init(world.deps, folder)
    steps = ["runner sandbox seed", f"runner plan {made[-1]}", f"runner apply {made[-1]} --now --for 1h"]
    steps += ["runner status", "runner revert"]
    if str(folder) != ".":
        steps.insert(0, f"cd {folder}")
        steps = [step.replace(f"{folder}/", "") for step in steps]
    if world.format == "json":
        world.json({"version": 1, "files": [str(path) for path in made], "next": steps})
    else:
        world.say("\n".join([*(f"wrote {path}" for path in made), "\nNext:", *(f"  {step}" for step in steps)]))


@click.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(["partial", "full"]), default="partial", show_default=True, help="Which.")
@click.option(
    "--target", default="", metavar="NAME", help="For which target of runner.yaml; the first one if not said."
)
@common()
@pass_world
def new(world: World, name: str, kind: str, target: str) -> None:
    """Write a commented playbook called NAME that validates as it stands."""
    from runner.commands import setup
    from runner.views.text import command

    made = setup.new(world.deps, world.config, world.open_with, name, kind, target)
    if world.format == "json":
        world.json({"version": 1, "files": [str(made)]})
    else:
        world.say(f"wrote {made}\n\nNext:\n  {command('validate', str(made))}\n  {command('plan', str(made))}")


COMMANDS = (init, new, validate, explain, plan, rehearse)
