"""How a command that did not end well is told: one sentence, the next step, the exit code."""

from __future__ import annotations

from typing import Any

import click

from runner.cli.world import World
from runner.errors import Exit, InvalidInput, ProviderError, RateLimited, RunnerError, Unauthorized


def told(fault: Exception, world: World) -> Exit | int:
    """Tell what went wrong and return the exit code."""
    if isinstance(fault, click.exceptions.Abort):
        return _stopped(fault, world)
    if isinstance(fault, click.ClickException):
        return _misused(fault, world)
    if isinstance(fault, RunnerError):
        _tell(world, fault.message, fault.hint, fault.code, fault)
        return fault.exit_code
    if isinstance(fault, ProviderError):
        _tell(world, fault.message, _next_step(fault), "PR001", fault)
        return Exit.FAULT
    if isinstance(fault, OSError):
        where = f"{fault.filename}: " if fault.filename else ""
        _tell(world, f"{where}{fault.strerror or fault}", "check the path, the rights and the space there", "OS001")
        return Exit.FAULT
    _debug(fault, world)
    hint = "this is a defect of the runner; `runner doctor` looks at the set-up, RUNNER_DEBUG=1 shows where it happened"
    _tell(world, f"unexpected {type(fault).__name__}: {fault}", hint, "XX001")
    return Exit.FAULT


def _stopped(fault: BaseException, world: World) -> Exit:
    if world.driving:
        hint = "nothing that was sent is lost; `runner resume` goes on, `runner revert` gives back"
        _tell(world, "stopped at once", hint, "CL003")
        return Exit.RESUME
    asked = not isinstance(fault.__cause__, KeyboardInterrupt)
    _tell(world, "nobody answered" if asked else "stopped", "nothing was changed", "CL002")
    return Exit.REFUSED if asked else Exit.FAULT


def _misused(fault: click.ClickException, world: World) -> int:
    if _json(world):
        _tell(world, fault.format_message(), "", "CL000")
    else:
        fault.show()
    return fault.exit_code


def _json(world: World) -> bool:
    """Whether JSON was asked for, even when the words could not be understood."""
    words = " ".join(world.words)
    return world.format == "json" or "--format json" in words or "--format=json" in words


def _tell(world: World, message: str, hint: str, code: str, fault: Exception | None = None) -> None:
    diagnostics = fault.diagnostics if isinstance(fault, InvalidInput) else ()
    if _json(world):
        error: dict[str, Any] = {"code": code, "message": message, "hint": hint}
        if diagnostics:
            from runner.views.diagnostics import as_json

            error["diagnostics"] = as_json(diagnostics)["diagnostics"]
        world.json({"error": error})
        return
    world.warn(diagnostics)
    named = f"error {code}: " if code else "error: "
    world.aside(named + message + (f"\n  {hint}" if hint else ""))


def _next_step(fault: ProviderError) -> str:
    if isinstance(fault, Unauthorized):
        return "set the credential that runner.yaml names for this target; `runner doctor` checks all of them"
    if isinstance(fault, RateLimited):
        return f"nothing was changed; try again in {fault.retry_after:.0f} s"
    return "nothing was changed by this command; `runner doctor` checks every target"


def _debug(fault: Exception, world: World) -> None:
    if world.deps.environment.get("RUNNER_DEBUG"):
        import traceback

        world.aside("".join(traceback.format_exception(fault)))
