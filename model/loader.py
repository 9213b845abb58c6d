"""Read a module file with everything that it imports, and type the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from splitspec import spec
from splitspec.model import syntax
from splitspec.model.diagnostic import Diagnostic
from splitspec.model.ir import Program
from splitspec.model.parser import Parsed, parse
from splitspec.model.resolver import Unit, did_you_mean
from splitspec.model.source import Source, Span
from splitspec.model.typechecker import Checked, typecheck


@dataclass(frozen=True, slots=True)
class Library:
    """The files that were parsed so far, by path: pass one to several loads to parse each once."""

    parsed: dict[Path, Parsed] = field(default_factory=dict)

    def read(self, path: Path) -> Parsed:
        """Return the parsed file. It must exist and be UTF-8."""
        if path not in self.parsed:
            self.parsed[path] = parse(Source(str(path), path.read_text(encoding="utf-8")))
        return self.parsed[path]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A program, unless there are errors; `sources` are the texts that were read."""

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[Source, ...]
    checked: Checked | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """The state of one load: modules in import order, by name, and what was wrong with them."""

    library: Library
    folders: tuple[Path, ...]
    units: dict[str, Unit]
    failed: set[str]
    diagnostics: list[Diagnostic]
    sources: list[Source]


def load(
    path: Path, substitutions: Mapping[str, str] | None = None, library: Library | None = None
) -> Loaded:
    """Load the module of a file; imports are beside it, or among the shipped modules."""
    del substitutions
    folders = (path.parent, spec.folder())
    reading = _Reading(library or Library(), folders, {}, set(), [], [])
    if not path.is_file():
        missing = Diagnostic("SS205", f"there is no file `{path}`", None)
        return Loaded(None, (missing,), ())
    _read(reading, path, path.stem, ())
    units = tuple(reading.units.values())
    checked = typecheck(units, complete=not reading.diagnostics)
    diagnostics = (*reading.diagnostics, *checked.diagnostics)
    program = None if diagnostics else checked.program
    return Loaded(program, diagnostics, tuple(reading.sources), checked)


def _read(reading: _Reading, path: Path, name: str, importing: tuple[str, ...]) -> None:
    """Read a module after those that it imports."""
    try:
        parsed = reading.library.read(path)
    except (OSError, UnicodeDecodeError) as error:
        reading.failed.add(name)
        message = f"`{path}` cannot be read: {error}"
        reading.diagnostics.append(Diagnostic("SS205", message, None))
        return
    reading.diagnostics.extend(parsed.diagnostics)
    if parsed.module is None:
        reading.failed.add(name)
        return
    module = parsed.module
    reading.sources.append(module.source)
    if str(module.name) != name:
        reading.diagnostics.append(_misnamed(module, path))
    for declared in module.declarations:
        if isinstance(declared, syntax.Import):
            _import(reading, declared, (*importing, name))
    reading.units[str(module.name)] = Unit(module, parsed.broken)


def _import(reading: _Reading, declared: syntax.Import, importing: tuple[str, ...]) -> None:
    name = str(declared.module)
    if name in reading.units or name in reading.failed:
        return
    if name in importing:
        chain = " -> ".join(f"`{m}`" for m in (*importing[importing.index(name) :], name))
        reading.diagnostics.append(
            Diagnostic(
                "SS206",
                f"module `{name}` imports itself",
                declared.module.span,
                label=chain,
                help="move what both need into a module that both import",
            )
        )
        return
    for folder in reading.folders:
        path = folder / f"{name}.split"
        if path.is_file():
            _read(reading, path, name, importing)
            return
    reading.failed.add(name)
    reading.diagnostics.append(_no_file(reading, declared.module.span, name))


def _no_file(reading: _Reading, span: Span, name: str) -> Diagnostic:
    known = [path.stem for folder in reading.folders for path in sorted(folder.glob("*.split"))]
    return Diagnostic(
        "SS205",
        f"there is no module `{name}`",
        span,
        label=f"expected a file `{name}.split` beside this one",
        help=did_you_mean(name, known),
    )


def _misnamed(module: syntax.Module, path: Path) -> Diagnostic:
    return Diagnostic(
        "SS207",
        f"module `{module.name}` stands in the file of another name",
        module.name.span,
        label=f"expected `{path.stem}`",
        help=f"write `module {path.stem}`, or rename the file to `{module.name}.split`",
    )
