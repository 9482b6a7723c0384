"""`runner sandbox`: fill the embedded helpdesk, edit it as a person would, script faults, look at it, dump it.

The runner finds `group` through the entry-point group ``runner.sandboxes``. Everything here works on the file; no
command knows of playbooks or outages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from providers.simulator import dump as dumps
from providers.simulator import editing, faults
from providers.simulator.database import Database, HelpdeskDown, remove
from providers.simulator.faults import ACTIONS, Fault
from providers.simulator.helpdesk import LOCALES, PLACES, WEEKDAYS, Refusal
from providers.simulator.provider import DEFAULT_FILE, file_of
from providers.simulator.seed import fill
from providers.simulator.show import overview, ticket_lines
from runner.spi import Target

PROVIDER = "simulator"

Targets = Callable[[], Iterable[Target]]


def group(targets: Targets = tuple, clock: Callable[[], float] | None = None) -> click.Group:
    """Return the commands of the embedded helpdesk.

    `targets` gives the targets of runner.yaml; it is called only when no ``--file`` says which helpdesk is meant.
    Without a target of this provider the file is ``helpdesk.sqlite`` in the working directory.
    `clock` is not used: stamps are those of the requests.
    """
    del clock

    @click.group(name="sandbox", help="The embedded helpdesk: fill it, edit it as a person would, script faults.")
    @click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="The helpdesk file.")
    @click.option("--target", help="The target of runner.yaml, where several are embedded helpdesks.")
    @click.pass_context
    def sandbox(context: click.Context, file: Path | None, target: str | None) -> None:
        context.obj = file or _file_of(targets(), target)

    for command in (seed, edit, arrive, throw_away, faults_group, show, dump):
        sandbox.add_command(command)
    return sandbox


def _file_of(targets: Iterable[Target], wanted: str | None) -> Path:
    mine = {target.name: target for target in targets if target.provider == PROVIDER}
    if wanted is not None:
        if wanted not in mine:
            names = ", ".join(sorted(mine)) or "none"
            raise click.UsageError(f"no target {wanted!r} is an embedded helpdesk; in runner.yaml: {names}")
        return file_of(mine[wanted])
    if len(mine) > 1:
        raise click.UsageError(f"several targets are embedded helpdesks: say --target {' or '.join(sorted(mine))}")
    return file_of(next(iter(mine.values()))) if mine else Path(DEFAULT_FILE)


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Give the helpdesk at `path`; its complaints become click's, with the next step in them."""
    database = Database(path)
    try:
        yield database
    except HelpdeskDown as error:
        raise click.ClickException(str(error)) from error
    except Refusal as refusal:
        raise click.ClickException(f"refused: {refusal.reason}") from refusal
    finally:
        database.close()


# --- filling and looking --------------------------------------------------------------------------------------------


@click.command()
@click.option("--tickets", default=5000, show_default=True, type=click.IntRange(0, 5_000_000), help="How many.")
@click.option("--seed", "number", default=1, show_default=True, help="Another number gives another helpdesk.")
@click.option("--force", is_flag=True, help="Replace the helpdesk that is there.")
@click.pass_obj
def seed(path: Path, tickets: int, number: int, force: bool) -> None:
    """Create the helpdesk, the same every time."""
    try:
        if force:
            remove(path)
        fill(path, tickets=tickets, seed=number)
    except (OSError, sqlite3.OperationalError) as error:
        if path.exists():
            text = f"{path} is there already; replace it with `runner sandbox seed --force`"
        else:
            text = f"{path} cannot be created ({error}); choose another place with --file"
        raise click.ClickException(text) from error
    click.echo(f"{path}: {tickets} tickets")


@click.command()
@click.argument("ticket", required=False, type=int)
@click.pass_obj
def show(path: Path, ticket: int | None) -> None:
    """Show the settings and how many tickets there are, or one TICKET with its history."""
    with opened(path) as database:
        for line in overview(database) if ticket is None else ticket_lines(database, ticket):
            click.echo(line)


@click.command()
@click.option("--all", "everything", is_flag=True, help="With stamps, history, outbox, counters and faults.")
@click.pass_obj
def dump(path: Path, everything: bool) -> None:
    """Print the state as canonical JSON: the same before an apply and after its revert."""
    with opened(path) as database:
        for piece in dumps.dump(database, everything=everything):
            click.echo(piece, nl=False)


# --- what people do -------------------------------------------------------------------------------------------------


@click.group()
def edit() -> None:
    """Do what a person does on the pages of the helpdesk."""


@edit.command("schedule")
@click.argument("name")
@click.argument("day", type=click.Choice(WEEKDAYS))
@click.argument("hours", nargs=-1, required=True)
@click.pass_obj
def edit_schedule(path: Path, name: str, day: str, hours: tuple[str, ...]) -> None:
    """Set the HOURS of one DAY of a schedule: 08:00-12:00 13:00-18:00, or closed."""
    with opened(path) as database:
        editing.set_hours(database, "schedule", name, {day: _ranges(hours)})


@edit.command("channel")
@click.argument("name")
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def edit_channel(path: Path, name: str, what: tuple[str, ...]) -> None:
    """Switch a channel (enabled=false), or set the hours of a day (fri 08:00-18:00)."""
    with opened(path) as database:
        if what[0] in WEEKDAYS and len(what) > 1:
            editing.set_hours(database, "channel", name, {what[0]: _ranges(what[1:])})
        else:
            editing.set_channel(database, name, _flag(_pairs(what, {"enabled"})["enabled"]))


@edit.command("message")
@click.argument("name")
@click.argument("locale", type=click.Choice(LOCALES))
@click.argument("text")
@click.pass_obj
def edit_message(path: Path, name: str, locale: str, text: str) -> None:
    """Write the TEXT of an automatic message in one LOCALE; an empty text takes the locale out."""
    with opened(path) as database:
        editing.set_text(database, name, locale, text.replace("\\n", "\n") or None)


@edit.command("rule")
@click.argument("name")
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def edit_rule(path: Path, name: str, what: tuple[str, ...]) -> None:
    """Switch a trigger or an automation: active=false."""
    with opened(path) as database:
        editing.set_rule(database, name, _flag(_pairs(what, {"active"})["active"]))


@edit.command("ticket")
@click.argument("ticket", type=int)
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def edit_ticket(path: Path, ticket: int, what: tuple[str, ...]) -> None:
    """Set fields of a ticket: status=solved assignee=ana priority=high group="Level 2" tag=vip untag=refund."""
    values: dict[str, str] = {}
    tags: dict[str, bool] = {}
    for name, value in _split(what):
        if name in ("tag", "untag"):
            tags[value] = name == "tag"
        else:
            values[name] = value
    with opened(path) as database:
        editing.set_ticket(database, ticket, values, tags=tags)


@edit.command("snooze")
@click.argument("ticket", type=int)
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def edit_snooze(path: Path, ticket: int, what: tuple[str, ...]) -> None:
    """Snooze a ticket (due=2026-12-14T12:00:00Z by=ana status=pending), or end its snooze (off)."""
    with opened(path) as database:
        editing.set_snooze(database, ticket, None if what == ("off",) else dict(_split(what)))


@edit.command("holiday")
@click.argument("schedule")
@click.argument("ref")
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def edit_holiday(path: Path, schedule: str, ref: str, what: tuple[str, ...]) -> None:
    """Put a holiday into a schedule (name="Carnaval" from=2027-02-08 to=2027-02-09), or take it out (off)."""
    with opened(path) as database:
        if what == ("off",):
            editing.set_holiday(database, schedule, ref, None)
            return
        pairs = _pairs(what, {"name", "from"}, {"to"})
        content = {"name": pairs["name"], "start_date": pairs["from"], "end_date": pairs.get("to", pairs["from"])}
        editing.set_holiday(database, schedule, ref, content)


@edit.command("notice")
@click.argument("ref")
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def edit_notice(path: Path, ref: str, what: tuple[str, ...]) -> None:
    """Put up a notice (place=board subject="Lift broken" body="Take the stairs"), or take it down (off)."""
    with opened(path) as database:
        if what == ("off",):
            editing.set_notice(database, ref, None)
            return
        pairs: dict[str, Any] = _pairs(what, set(), {"place", "subject", "body"})
        editing.set_notice(database, ref, {"place": PLACES[0], "subject": "", "body": "", "audience": {}, **pairs})


@click.command()
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 100_000), help="How many.")
@click.argument("what", nargs=-1)
@click.pass_obj
def arrive(path: Path, count: int, what: tuple[str, ...]) -> None:
    """Let customers write new tickets, with these fields where given: status=open group="Level 1"."""
    with opened(path) as database:
        ids = editing.arrive(database, count, dict(_split(what)))
    click.echo(f"tickets {ids[0]} to {ids[-1]}" if count > 1 else f"ticket {ids[0]}")


@click.command("throw-away")
@click.argument("ticket", type=int)
@click.pass_obj
def throw_away(path: Path, ticket: int) -> None:
    """Delete a ticket for good."""
    with opened(path) as database:
        editing.throw_away(database, ticket)


# --- faults ---------------------------------------------------------------------------------------------------------


@click.group("faults")
def faults_group() -> None:
    """Script faults that every process meets which talks to this helpdesk."""


@faults_group.command("add", epilog="\b\n" + "\n".join(f"{name}: {does}" for name, (_, does) in ACTIONS.items()))
@click.argument("action", type=click.Choice(sorted(ACTIONS)))
@click.option("--op", type=click.Choice(["any", "read", "write"]), default="any", help="Which requests it strikes.")
@click.option("--kind", default="*", help="Only requests for this kind of step.")
@click.option("--skip", default=0, type=click.IntRange(0), help="Requests to let pass before.")
@click.option("--times", default=1, type=click.IntRange(0), help="How often it strikes; 0: until cleared.")
@click.argument("args", nargs=-1)
@click.pass_obj
def faults_add(path: Path, action: str, op: str, kind: str, skip: int, times: int, args: tuple[str, ...]) -> None:
    """Script one fault; ARGS are what it needs: seconds=5, retry_after=2, item=3, reason=..., field=..."""
    with opened(path) as database:
        try:
            faults.add(database, Fault(action, op, kind, skip, times, dict(_split(args))))
        except ValueError as error:
            raise click.UsageError(str(error)) from error


@faults_group.command("list")
@click.pass_obj
def faults_list(path: Path) -> None:
    """List the faults that wait."""
    with opened(path) as database:
        for fault in faults.waiting(database):
            times = "until cleared" if fault.times == 0 else f"{fault.times} time(s)"
            args = " ".join(f"{name}={value}" for name, value in fault.args.items())
            click.echo(f"{fault.action} on {fault.op} {fault.kind}, after {fault.skip}, {times} {args}".rstrip())


@faults_group.command("clear")
@click.pass_obj
def faults_clear(path: Path) -> None:
    """Forget all faults."""
    with opened(path) as database:
        faults.clear(database)


# --- words ----------------------------------------------------------------------------------------------------------


def _ranges(words: Iterable[str]) -> list[str]:
    ranges = [part for word in words for part in word.split(",") if part]
    return [] if ranges == ["closed"] else ranges


def _split(words: Iterable[str]) -> list[tuple[str, str]]:
    pairs = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{word!r}: write it as field=value")
        pairs.append((name, value))
    return pairs


def _pairs(words: Iterable[str], needed: set[str], more: set[str] | None = None) -> dict[str, str]:
    pairs = dict(_split(words))
    known = needed | (more or set())
    if pairs.keys() - known or needed - pairs.keys():
        raise click.UsageError(f"write {', '.join(f'{name}=...' for name in sorted(known))}")
    return pairs


def _flag(word: str) -> bool:
    flags: Mapping[str, bool] = {"true": True, "false": False}
    if word not in flags:
        raise click.UsageError(f"{word!r}: write true or false")
    return flags[word]
