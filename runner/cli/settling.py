"""steps, ack, rebase, unlock, export, import: what people do and settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runner.cli.world import FILE, FilePath, World, common, pass_world

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.people import Acked
    from runner.commands.session import Session


@click.command()
@click.argument("outage", default="")
@click.option("--all", "whole", is_flag=True, help="All steps of the outage, done and to come, with the way back.")
@click.option("--language", metavar="LOCALE", default="", help="The reader's: es, pt-BR, en, uk; else runner.yaml's.")
@common("markdown", "html")
@pass_world
def steps(world: World, outage: str, whole: bool, language: str) -> None:
    """Show the steps that wait for a person: what to do, by whom, where, and how to say that it is done.

    OUTAGE may be a playbook's file: then all of its steps by hand, as written. `--format html` is a page to print.
    """
    from pathlib import Path

    from runner.commands import guide
    from runner.views import steps as views
    from runner.views.words import words_of

    session, path = world.session(create=False), Path(outage)
    file = path.suffix in (".yaml", ".yml") and path.is_file()
    if file:
        found = guide.written(session, path, language)
    else:
        found = [guide.whole(session, outage, language)] if whole else guide.due(session, outage, language)
    words = words_of(language or session.config.language)
    if world.format == "json":
        world.json(views.to_json(found))
    elif world.format == "markdown":
        world.say(views.markdown(found, words=words, whole=whole or file).rstrip("\n"))
    elif world.format == "html":
        from runner.views.steps_html import html

        world.say(html(found, words=words, whole=whole or file))
    else:
        world.say(views.human(found, words=words, whole=whole or file, **world.look))


@click.command()
@click.argument("outage")
@click.argument("step")
@click.argument("item", default="")
@click.option("--before", metavar="VALUE", help="What stood there before: it is what comes back.")
@click.option("--before-unknown", is_flag=True, help="Nobody can say what stood there before.")
@click.option("--evidence", metavar="TEXT|@FILE|LINK", default="", help="What proves it; of a file its hash is kept.")
@click.option("--not-done", is_flag=True, help="Answer the question: it was never done.")
@click.option("--correct-before", is_flag=True, help="Append a correction of --before; the first value stays.")
@common()
@pass_world
def ack(
    world: World,
    outage: str,
    step: str,
    item: str,
    before: str | None,
    before_unknown: bool,
    evidence: str,
    not_done: bool,
    correct_before: bool,
) -> Any:
    """Say that a STEP which a person carries out is done, with what stood there before.

    Anybody may say so; `--as` names who did it when it was not who types.
    """
    from runner.commands import operate, people
    from runner.errors import Usage
    from runner.model import UNKNOWN
    from runner.people import Ack

    if before is not None and before_unknown:
        raise Usage("--before and --before-unknown contradict each other", hint="say one of them")
    session = world.session(create=True)
    row = operate.the_outage(session, outage)
    if world.interactive and before is None and not (before_unknown or not_done):
        from runner.cli.asking import asked_before

        before = asked_before(people.waiting(session, row.id), step, item)
        before_unknown = before == ""
        before = before or None
    words, hashed = people.evidence(evidence)
    said = Ack(world.actor, UNKNOWN if before_unknown else None, words, hashed, not not_done, correct_before)
    with world.at_the_wheel() as progress:
        done = people.acknowledge(
            session, row, step, item, said, before=before, progress=progress, typist=world.typist
        )  # fmt: skip
    return show_acked(world, session, done, row.timezone)


def show_acked(world: World, session: Session, done: Acked, zone: str) -> Any:
    """Print what an acknowledgement came to; return the exit code."""
    from runner.cli.results import finish
    from runner.views import report as views

    report = done.report
    if world.format == "json":
        world.json({"version": 1, "message": done.sentence, "report": None if not report else views.to_json(report)})
        return report.exit_code if report else None
    world.say(done.sentence)
    if report is None or not (report.runs or report.waiting or report.exit_code):
        return None
    return finish(world, session, [report], {report.outage: zone}, ask=False)


@click.command()
@click.argument("what")
@click.argument("field", default="")
@click.option("--reason", metavar="WHY", help="Why, for the history.")
@common()
@pass_world
def rebase(world: World, what: str, field: str, reason: str | None) -> Any:
    """Put people's edits below the outages: the outage's values stand now, the edits come back when it ends.

    WHAT is an outage, or a field as `runner why` takes it.
    """
    from runner.cli.results import finish, worst
    from runner.commands import settle
    from runner.views import report as views
    from runner.views.text import amount

    session = world.session(create=True)
    with world.at_the_wheel() as progress:
        done = settle.rebase(session, what, field, world.by(reason), progress)
    if world.format == "json":
        reports = [views.to_json(report) for report in done.reports]
        world.json({"version": 1, "slots": [str(slot) for slot in done.slots], "reports": reports})
        return worst(done.reports)
    if not done.slots:
        world.say("No edit lies above an outage: there is nothing to rebase.")
        return None
    world.say(
        f"{amount(len(done.slots), 'edit')} come back when the outages end:"
        if len(done.slots) > 1
        else "1 edit comes back when the outage ends:"
    )
    world.say("\n".join(f"  {slot}" for slot in done.slots[:20]) + "\n")
    return finish(world, session, done.reports)


@click.command()
@click.argument("outage")
@click.option("--reason", metavar="WHY", required=True, help="Why, for the history: who is gone, and how you know.")
@click.option("--gone", is_flag=True, help="They surely run no more: do not wait for a last request of theirs.")
@common()
@pass_world
def unlock(world: World, outage: str, reason: str, gone: bool) -> None:
    """Take an outage away from whoever holds it: they stop before their next request.

    A request of theirs that is on its way already is waited out by the next command.
    """
    from runner.commands import settle
    from runner.views.text import command

    name, held, left = settle.unlock(world.session(create=True), outage, world.by(reason), gone=gone)
    if world.format == "json":
        world.json({"version": 1, "outage": name, "held_by": held, "wait": round(left)})
        return
    world.say(f"{name} was held by {held}: taken away." if held else f"Nobody held {name}.")
    if left:
        world.say(
            f"A request of theirs may still be on its way, so the next command waits up to {left:.0f} s.\n"
            "Type it again with --gone when they surely run no more."
        )
    world.say(f"Go on with:\n  {command('resume', name)}")


@click.command()
@click.argument("outage", default="")
@click.option("-o", "--out", default="-", type=FilePath(allow_dash=True), help="File; - is stdout.")
@common()
@pass_world
def export(world: World, outage: str, out: Path) -> None:
    """Write the journal of an outage: JSON lines that alone are enough to take it back (`runner import`)."""
    from runner.commands import movement

    lines = movement.export(world.session(create=False), outage)
    if str(out) == "-":
        for line in lines:
            click.echo(line)
        return
    count = movement.write(out, lines)
    if world.format == "json":
        world.json({"version": 1, "file": str(out), "lines": count})
    else:
        world.say(f"wrote {out}: {count:,} lines, its chain is whole")


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--alone", is_flag=True, help="Only these, though journals that belong to them lie beside.")
@click.option("--reason", metavar="WHY", help="Why, for the history.")
@common()
@pass_world
def import_(world: World, files: tuple[Path, ...], alone: bool, reason: str | None) -> None:
    """Rebuild outages in an empty store from their journal files alone; they can only be reverted then."""
    from dataclasses import asdict

    from runner.commands import movement
    from runner.views.text import amount, command

    found = movement.bring_in(world.session(create=True), files, world.by(reason), alone=alone)
    if world.format == "json":
        world.json({"version": 1, "outages": [asdict(one) for one in found]})
        return
    for one in found:
        unsure = f", {one.unfinished:,} to be looked up" if one.unfinished else ""
        world.say(f"{one.outage}: {amount(one.objects, 'entry', 'entries')} read, {one.held:,} objects held{unsure}")
        world.say(f"Give it back with:\n  {command('revert', one.outage)}")


COMMANDS: tuple[click.Command, ...] = (steps, ack, rebase, unlock, export, import_)
