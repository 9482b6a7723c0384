"""`runner validate`: every mistake of every file in one run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import checks
from runner.config import Config
from runner.errors import Diagnostic, Exit, InvalidInput, Severity
from runner.load import Capabilities, Loaded, find_playbooks, load_playbook
from runner.schema import Validators


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What was found: `files` as shown in diagnostics, `loaded` the playbooks that could be read, sorted diagnostics.

    Playbooks with mistakes are in `loaded` too, without their broken parts.
    """

    files: tuple[str, ...]
    loaded: tuple[Loaded, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> int:
        """How many diagnostics make a file invalid."""
        return sum(each.severity is Severity.ERROR for each in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many diagnostics are advice."""
        return len(self.diagnostics) - self.errors

    @property
    def exit_code(self) -> Exit:
        """INVALID as soon as there is one error."""
        return Exit.INVALID if self.errors else Exit.DONE

    def require_valid(self) -> tuple[Loaded, ...]:
        """Return the playbooks. Raises `InvalidInput` with all diagnostics when any of them is an error."""
        if self.errors:
            what = "one mistake" if self.errors == 1 else f"{self.errors} mistakes"
            raise InvalidInput(
                f"{what} in what was given", diagnostics=self.diagnostics, hint="`runner explain CODE` says more"
            )
        return self.loaded


def validate(
    paths: Sequence[Path],
    config: Config | None,
    capabilities: Capabilities,
    *,
    before: Iterable[Diagnostic] = (),
    shown_from: Path | None = None,
) -> ValidationResult:
    """Check playbooks (files and folders), on their own, against `config` and against each other.

    Without `paths`, the playbooks of the configuration are taken. Without a configuration only what needs none is
    checked. `capabilities` maps a target's name to the kinds it offers. `before` are diagnostics found earlier, such as
    those of runner.yaml: they are reported along. Files are shown relative to `shown_from` where they lie below it.
    """
    if not paths and config is not None:
        paths = [config.file.parent / name for name in config.playbooks]
    files, found = find_playbooks(paths)
    diagnostics = [*before, *found]
    validators = Validators()
    loaded: list[Loaded] = []
    names = []
    for path in files:
        name = shown_name(path, shown_from)
        names.append(name)
        one, mistakes = load_playbook(path, capabilities, shown=name, validators=validators)
        diagnostics += mistakes
        if one is not None:
            loaded.append(one)
    if config is not None:
        diagnostics += checks.check(loaded, config, capabilities)
    told = sorted(dict.fromkeys(diagnostics), key=lambda each: (each.mark, each.severity, each.code))
    return ValidationResult(tuple(names), tuple(loaded), tuple(told))


def shown_name(path: Path, folder: Path | None) -> str:
    """Return `path` relative to `folder`, with ``/``, where it lies below it; else as it is."""
    if folder is not None and path.is_absolute() and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return path.as_posix()
